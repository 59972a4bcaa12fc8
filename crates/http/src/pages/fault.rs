//! What a page answers when it cannot be shown: a page that says so, with what to do next.

use askama::Template;
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::frame::{Frame, Section, page};
use crate::problem::Problem;
use crate::visit::Visit;
use crate::{App, links};

/// A problem as a page.
pub(crate) struct Fault(Box<Shown>);

#[derive(Template)]
#[template(path = "fault.html")]
struct Shown {
    frame: Frame,
    heading: &'static str,
    detail: String,
    code: String,
    more: String,
    status: StatusCode,
    /// Signing in may help.
    sign_in: bool,
}

impl Fault {
    /// The page of a problem.
    pub(crate) fn of(app: &App, visit: &Visit, problem: Problem) -> Self {
        let status = problem.status();
        let heading = match status.as_u16() {
            404 => "Page not found",
            400 => "There is something wrong with the address",
            401 => "You must be signed in",
            403 => "This form came from somewhere else",
            405 => "This address cannot do that",
            _ => "Sorry, there is a problem with the service",
        };
        let view = app.reader.view();
        let title = if status.is_client_error() { heading.to_owned() } else { format!("Error: {heading}") };
        let frame = Frame::new(app, &view, visit, Section::Elsewhere, title);
        let more = links::problem(&problem.code);
        let sign_in = status == StatusCode::UNAUTHORIZED;
        let (detail, code) = (problem.detail, problem.code.into_owned());
        Self(Box::new(Shown { frame, heading, detail, code, more, status, sign_in }))
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        page(self.0.status, &*self.0)
    }
}

/// Whether whoever asks reads pages: a browser names HTML before anything else would do.
pub(crate) fn reads_pages(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}
