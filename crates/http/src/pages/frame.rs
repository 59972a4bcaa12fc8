//! What every page has: title, navigation, the banner of the demonstration, the head of the log it was made from.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use counterpart_core::agreement::StageName;
use counterpart_core::ids::OrganisationCode;
use counterpart_projections::register::name_of;
use counterpart_projections::{View, english};

use crate::visit::{Visit, Visitor};
use crate::{App, links};

/// Nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The origin of the demonstration's log.
pub(crate) const DEMONSTRATION: &str = "demo.counterpart.example/london/log";

/// What every answer of the demonstration says.
pub(crate) const NOTICE: &str = "Demonstration: no body named here has signed anything";

/// Which part of the service a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Home,
    Register,
    Organisations,
    Sharing,
    Waiting,
    Log,
    Elsewhere,
}

/// What every page has.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) demonstration: bool,
    /// Size and root of the log that the page was made from.
    pub(crate) head: Option<(String, String)>,
    /// As whom one reads.
    pub(crate) reads: Reads,
    section: Section,
}

/// As whom a page is read.
pub(crate) enum Reads {
    /// As everybody.
    Everybody,
    /// As everybody, for the session is over.
    Ended,
    /// For an organisation: its name, until when, and what waits for it.
    For { name: String, until: String, inbox: Option<String> },
}

impl Reads {
    fn of(view: &View, visitor: &Visitor) -> Self {
        match visitor {
            Visitor::Everybody => Self::Everybody,
            Visitor::Ended => Self::Ended,
            Visitor::Officer(reader, until) => {
                let code = reader.organisation;
                let (name, inbox) = if code == OrganisationCode::REGISTRAR {
                    ("the registrar".to_owned(), None)
                } else {
                    (name_of(view.state(), code), Some(links::inbox(code)))
                };
                Self::For { name, until: english::instant(*until), inbox }
            }
        }
    }
}

impl Frame {
    pub(crate) fn new(app: &App, view: &View, visit: &Visit, section: Section, title: impl Into<String>) -> Self {
        let founded = view.size() > 0;
        Self {
            title: title.into(),
            demonstration: app.is_demonstration(),
            reads: Reads::of(view, &visit.visitor),
            head: founded.then(|| (english::number(view.size()), view.root().to_string())),
            section,
        }
    }

    /// Name, address, and whether the page is there.
    pub(crate) fn navigation(&self) -> [(&'static str, &'static str, bool); 6] {
        [
            ("Home", links::HOME, Section::Home),
            ("Register", links::REGISTER, Section::Register),
            ("Organisations", links::ORGANISATIONS, Section::Organisations),
            ("Who shares", links::SHARING, Section::Sharing),
            ("What waits", links::WAITING, Section::Waiting),
            ("The log", links::LOG, Section::Log),
        ]
        .map(|(name, href, section)| (name, href, section == self.section))
    }
}

/// A stage as a coloured tag. The name says it; the colour repeats it.
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) colour: &'static str,
}

impl Tag {
    pub(crate) fn of(stage: StageName) -> Self {
        let colour = match stage {
            StageName::Active => "green",
            StageName::Approved => "teal",
            StageName::Approving => "blue",
            StageName::Filed | StageName::Negotiating => "light-blue",
            StageName::Clarifying => "yellow",
            StageName::Suspended => "orange",
            StageName::Ending => "purple",
            StageName::Refused => "red",
            StageName::None | StageName::Closed | StageName::Withdrawn | StageName::Lapsed => "grey",
        };
        Self { name: capital(stage.words()), colour }
    }
}

impl Tag {
    /// An import that is not confirmed is never called in force.
    pub(crate) fn of_line(stage: StageName, unconfirmed: bool) -> Self {
        if unconfirmed && stage == StageName::Active {
            return Self { name: "Imported, not confirmed".to_owned(), colour: "magenta" };
        }
        Self::of(stage)
    }
}

/// The same with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Links between the pages of a list.
pub(crate) struct Pages {
    pub(crate) current: usize,
    pub(crate) count: usize,
    pub(crate) numbers: Vec<(usize, String)>,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
}

impl Pages {
    /// `link` gives the address of a page, counted from 1.
    pub(crate) fn new(current: usize, count: usize, link: impl Fn(usize) -> String) -> Self {
        let near = |number: &usize| *number == 1 || *number == count || number.abs_diff(current) <= 2;
        Self {
            current,
            count,
            numbers: (1..=count).filter(near).map(|number| (number, link(number))).collect(),
            previous: (current > 1).then(|| link(current - 1)),
            next: (current < count).then(|| link(current + 1)),
        }
    }
}

/// Renders a page.
pub(crate) fn page(status: StatusCode, template: &impl Template) -> Response {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            return crate::problem::Problem::unavailable("The page could not be made. It is logged; try again.")
                .into_response();
        }
    };
    let headers: [(HeaderName, HeaderValue); 6] = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        // Who has signed in may read more.
        (VARY, HeaderValue::from_static("Cookie")),
        // The next event changes the page.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (status, headers, html).into_response()
}
