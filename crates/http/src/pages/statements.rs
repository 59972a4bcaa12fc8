//! Pages that say how the service behaves: accessibility, privacy, cookies, codes, and what others published.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use counterpart_core::refusal::Refusal;
use serde::Deserialize;

use super::fault::{Fault, reads_pages};
use super::frame::{Frame, Section, page};
use crate::App;
use crate::named::Named;
use crate::problem::{OWN, Problem, status_of};

#[derive(Template)]
#[template(path = "accessibility.html")]
struct Accessibility {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "privacy.html")]
struct Privacy {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "cookies.html")]
struct Cookies {
    frame: Frame,
    name: &'static str,
}

/// The frame of a page that says the same whatever the log holds, so that nobody waits for it.
fn frame(app: &App, request: &Request, title: &str) -> Frame {
    let visit = app.visit(request.headers(), request.extensions());
    Frame::new(app, &app.reader.view(), &visit, Section::Elsewhere, title)
}

/// How far the pages are accessible.
pub(crate) async fn accessibility(State(app): State<Arc<App>>, request: Request) -> Response {
    page(StatusCode::OK, &Accessibility { frame: frame(&app, &request, "Accessibility statement") })
}

/// Whose data are here.
pub(crate) async fn privacy(State(app): State<Arc<App>>, request: Request) -> Response {
    page(StatusCode::OK, &Privacy { frame: frame(&app, &request, "Privacy notice") })
}

/// Which cookie there is.
pub(crate) async fn cookies(State(app): State<Arc<App>>, request: Request) -> Response {
    page(StatusCode::OK, &Cookies { frame: frame(&app, &request, "Cookies"), name: app.cookie_name() })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Explained {
    frame: Frame,
    code: String,
    family: &'static str,
    meanings: Vec<&'static str>,
    status: u16,
}

/// The page that explains a code.
pub(crate) async fn problem(State(app): State<Arc<App>>, Named(code): Named, request: Request) -> Response {
    let meanings: Vec<&'static str> =
        OWN.iter().chain(Refusal::CATALOGUE).filter(|(own, _)| *own == code).map(|(_, text)| *text).collect();
    let rules = counterpart_core::door::rules().filter(|rule| rule.code == code).map(|rule| rule.message);
    let gateways = counterpart_projections::english::gateway_guard(&code);
    let meanings: Vec<&'static str> = meanings.into_iter().chain(rules).chain(gateways).collect();
    if meanings.is_empty() {
        let problem = Problem::not_found("There is no such code.");
        if !reads_pages(request.headers()) {
            return problem.into_response();
        }
        let visit = app.visit(request.headers(), request.extensions());
        return Fault::of(&app, &visit, problem).into_response();
    }
    let template = Explained {
        frame: frame(&app, &request, &format!("Code {code}")),
        family: family(&code),
        status: status_of(&code).as_u16(),
        meanings,
        code,
    };
    page(StatusCode::OK, &template)
}

fn family(code: &str) -> &'static str {
    match code.bytes().next() {
        Some(b'E') => "The request or the event is not well-formed, or not for this ledger.",
        Some(b'K') => "A key may not speak now.",
        Some(b'O') => "An organisation may not act now.",
        Some(b'R') => "A person does not hold the role that this asks for.",
        Some(b'D') => "One person would act in two capacities that must stay apart.",
        Some(b'T') => "The agreement is not in a state in which this can be done.",
        Some(b'C') => "Something else was recorded first.",
        Some(b'G') => "A condition of this step is not met.",
        Some(b'V') => "The document breaks a rule of the validator.",
        _ => "The server does not answer this request as it stands.",
    }
}

const FILE: &str = include_str!("../../../../config/demo/published-elsewhere.json");

#[derive(Deserialize)]
struct Published {
    about: String,
    agreements: Vec<Elsewhere>,
}

#[derive(Deserialize)]
struct Elsewhere {
    title: String,
    #[serde(default)]
    power: String,
    #[serde(default)]
    purpose: String,
    parties: Vec<String>,
    register: String,
    source: String,
    licence: String,
    #[serde(default)]
    licence_url: String,
}

static PUBLISHED: LazyLock<Option<Published>> = LazyLock::new(|| serde_json::from_str(FILE).ok());

#[derive(Template)]
#[template(path = "elsewhere.html")]
struct ElsewherePage {
    frame: Frame,
    about: &'static str,
    rows: Vec<(&'static Elsewhere, String)>,
}

/// Agreements that others published. They are no events of this ledger.
pub(crate) async fn elsewhere(State(app): State<Arc<App>>, request: Request) -> Response {
    let published = PUBLISHED.as_ref();
    let names: BTreeSet<String> =
        app.reader.view().state().organisations.values().map(|body| body.name.clone()).collect();
    let rows = published.map_or(&[][..], |published| &published.agreements);
    let template = ElsewherePage {
        frame: frame(&app, &request, "Published elsewhere"),
        about: published.map_or("", |published| &published.about),
        rows: rows.iter().map(|row| (row, not_imported(row, &names))).collect(),
    };
    page(StatusCode::OK, &template)
}

/// Why an agreement is not brought into this ledger: an import names its parties, and all of them are bodies of it.
fn not_imported(row: &Elsewhere, names: &BTreeSet<String>) -> String {
    let others: Vec<&str> = row.parties.iter().map(String::as_str).filter(|name| !names.contains(*name)).collect();
    match others.as_slice() {
        [] if row.parties.is_empty() => "Its parties are not known here".to_owned(),
        [] => "All its parties are in this ledger, and none has brought it in yet".to_owned(),
        some => format!("Not in this ledger under that name: {}", some.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::PUBLISHED;

    #[test]
    fn every_row_published_elsewhere_names_its_page_and_its_licence() {
        let rows = PUBLISHED.as_ref().map_or(&[][..], |published| &published.agreements);
        assert_eq!(rows.len(), 9);
        for row in rows {
            assert!(row.source.starts_with("https://") && !row.licence.is_empty(), "{}", row.title);
        }
    }
}
