//! Signing in for pages (wire.md 6.1): a token that a key was asked for at the command line becomes a cookie, for as long
//! as the token lasts. No JavaScript, no password.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header::{LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use counterpart_core::ids::OrganisationCode;

use super::fault::Fault;
use super::frame::{Frame, Section, page};
use crate::problem::Problem;
use crate::query::Query;
use crate::sessions::Local;
use crate::visit::Visit;
use crate::{App, body, links};

/// What a form is sent as.
const FORM: &str = "application/x-www-form-urlencoded";

/// Bytes of a form at most: a token is some hundred.
const FORM_MAX: usize = 8 * 1024;

/// By which a browser says where a request comes from.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[derive(Template)]
#[template(path = "sign-in.html")]
struct Form {
    frame: Frame,
    /// The address of this server.
    base: String,
    /// What was wrong with the token that was sent.
    wrong: Option<&'static str>,
}

/// The page with the form.
pub(crate) async fn form(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let view = app.reader.view();
    let frame = Frame::new(&app, &view, &visit, Section::Elsewhere, "Sign in");
    drop(view);
    page(StatusCode::OK, &Form { frame, base: visit.base, wrong: None })
}

/// A token becomes a cookie, and the reader is led to what waits for them.
pub(crate) async fn sign_in(State(app): State<Arc<App>>, visit: Visit, request: Request) -> Result<Response, Fault> {
    let (parts, sent) = request.into_parts();
    app.own_form(&parts).map_err(visit.fault(&app))?;
    body::of_type(&parts.headers, FORM).map_err(visit.fault(&app))?;
    let held = body::whole(&parts.headers, sent, FORM_MAX, &app.bodies).await.map_err(visit.fault(&app))?;
    let asked = Query::of_form(&held.bytes, &["token"]).map_err(visit.fault(&app))?;
    // What is pasted from a terminal may be broken by spaces and ends of lines.
    let token: String = asked.text("token").unwrap_or_default().split_whitespace().collect();
    let now = (app.clock)();
    let wrong = if token.is_empty() {
        "Enter the token"
    } else {
        let Some(said) = app.sessions.read(&token, now) else { return Ok(app.again(&visit, UNKNOWN)) };
        match app.reader_with(said.key, now) {
            Err(_) => "The holder of this key may not read here now: the key, the role or the organisation has ended",
            Ok(reader) => {
                let own = reader.organisation != OrganisationCode::REGISTRAR;
                let to = if own { links::inbox(reader.organisation) } else { links::HOME.to_owned() };
                let seconds = (now.millis_until(said.until) / 1000).max(1);
                return Ok(led(&to, &app.cookie(&token, seconds)));
            }
        }
    };
    Ok(app.again(&visit, wrong))
}

const UNKNOWN: &str = "This token has ended, or is none of this server. Ask for a new one and paste all of it";

/// The session ends, here and for whoever else holds its token.
pub(crate) async fn sign_out(State(app): State<Arc<App>>, visit: Visit, request: Request) -> Result<Response, Fault> {
    let (parts, _) = request.into_parts();
    app.own_form(&parts).map_err(visit.fault(&app))?;
    let now = (app.clock)();
    if let Some(said) = app.cookie_of(&parts.headers).and_then(|token| app.sessions.read(token, now)) {
        app.sessions.end(said, now);
    }
    Ok(led(links::SIGN_IN, &app.cookie("", 0)))
}

fn led(to: &str, cookie: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    for (name, text) in [(LOCATION, to), (SET_COOKIE, cookie)] {
        // INVARIANT: addresses and tokens are ASCII without ends of lines.
        if let Ok(value) = HeaderValue::from_str(text) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

impl App {
    /// The form once more, with what is wrong.
    fn again(&self, visit: &Visit, wrong: &'static str) -> Response {
        let view = self.reader.view();
        let frame = Frame::new(self, &view, visit, Section::Elsewhere, "Error: Sign in");
        drop(view);
        page(StatusCode::UNAUTHORIZED, &Form { frame, base: visit.base.clone(), wrong: Some(wrong) })
    }

    /// Whether a form was sent from a page of this server: another site must not sign its visitors in or out here.
    ///
    /// # Errors
    ///
    /// H403 when the browser says that it was not, or says nothing.
    fn own_form(&self, parts: &Parts) -> Result<(), Problem> {
        let text = |name: &HeaderName| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        let own = match (text(&FETCH_SITE), text(&ORIGIN)) {
            (Some(site), _) => site == "same-origin",
            (None, Some(origin)) => self.is_own_origin(origin, parts),
            (None, None) => false,
        };
        if own {
            return Ok(());
        }
        Err(Problem::new(
            "H403",
            "Your browser does not say that this form was sent from a page of this server, so nothing was done. Open the page here and send it again.",
        ))
    }

    /// The public address where there is one, else the end of the connection: a page of another site has neither.
    fn is_own_origin(&self, origin: &str, parts: &Parts) -> bool {
        if let Some(public) = &self.settings.public_url {
            let scheme = public.as_str().split("://").next().unwrap_or_default();
            return origin.eq_ignore_ascii_case(&format!("{scheme}://{}", public.authority()));
        }
        let local = parts.extensions.get::<Local>().map(|Local(address)| *address);
        origin.strip_prefix("http://").is_some_and(|host| self.is_own_host(host, local))
    }
}
