//! A closed ledger: whatever is built from entries needs a session; what is listed here does not (wire.md 1, rule 4).
//!
//! It stands before every route, so that a new route is closed until somebody lists it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use counterpart_core::agreement::{Agreement, Reference};
use counterpart_core::event::data::Visibility;
use counterpart_core::header::PublicRegister;

use crate::App;
use crate::pages;
use crate::problem::Problem;

/// Checkpoint, key and what says nothing of entries.
const OPEN_PATHS: [&str; 11] = [
    "/log/checkpoint",
    "/log/vkey",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    "/accessibility",
    "/privacy",
    "/cookies",
    "/sign-in",
    "/sign-out",
];

/// Hash tiles, proofs, reference data, schemas and what explains them.
const OPEN_FOLDERS: [&str; 8] = [
    "/log/tile/",
    "/log/proof/",
    "/log/keys/",
    "/log/data/",
    "/log/statements/",
    "/schemas/",
    "/problems/",
    "/assets/",
];

/// Entry bundles, which lie below the tiles.
const BUNDLES: &str = "/log/tile/entries/";

/// Ways in: what is sent there is signed.
const SIGNED: [&str; 4] = ["/api/v1/events", "/api/v1/events/batch", "/api/v1/pending", "/api/v1/sessions"];

/// What waits for signatures; below it, what is sent to `…/signatures` is signed too.
const PENDING: &str = "/api/v1/pending";

/// Lets a request through when the ledger is open, the path is, or a session comes along.
pub(crate) async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    if !app.is_closed() || app.is_open_to_all(request.method(), request.uri().path()) {
        return next.run(request).await;
    }
    let caught_up = app.reader.caught_up().await;
    let waits = request.uri().path().starts_with(PENDING);
    let signed_in = caught_up.and_then(|()| match app.session_key(request.headers())? {
        // A key that comes in with what waits reads that; the handler asks whether it is a signer.
        Some(key) if waits && app.is_coming(key) => Ok(true),
        Some(_) | None => app.is_signed_in(&request),
    });
    let problem = match signed_in {
        Ok(true) => return next.run(request).await,
        Ok(false) => Problem::new(
            "H401",
            "The entries of this ledger are for registered organisations and auditors. Sign in first.",
        ),
        Err(problem) => problem,
    };
    if pages::reads_pages(request.headers()) {
        let visit = app.visit(request.headers(), request.extensions());
        return pages::Fault::of(&app, &visit, problem).into_response();
    }
    problem.into_response()
}

impl App {
    /// Whether entries are not for everybody.
    pub(crate) fn is_closed(&self) -> bool {
        let view = self.reader.view();
        view.state().founded.as_ref().is_some_and(|founded| match founded.visibility {
            Visibility::Closed => true,
            Visibility::Open => false,
        })
    }

    /// Whether somebody reads who may: with GET the cookie of the pages counts too.
    fn is_signed_in(&self, request: &Request) -> Result<bool, Problem> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return self.visitor_of(request.headers()).map(|visitor| visitor.reader().is_some());
        }
        self.reader_of(request.headers()).map(|reader| reader.is_some())
    }

    fn is_open_to_all(&self, method: &Method, path: &str) -> bool {
        let listed = OPEN_PATHS.contains(&path) || OPEN_FOLDERS.iter().any(|folder| path.starts_with(folder));
        let signature = path.starts_with(PENDING) && path.ends_with("/signatures");
        let signed = *method == Method::POST && (SIGNED.contains(&path) || signature);
        (listed && !path.starts_with(BUNDLES)) || signed || self.is_published_page(path)
    }

    /// The page of a published agreement, by its human reference.
    fn is_published_page(&self, path: &str) -> bool {
        let reference = path.strip_prefix("/agreements/").and_then(|name| name.parse::<Reference>().ok());
        let Some(reference) = reference else { return false };
        let view = self.reader.view();
        let agreement = view.state().agreement_by_reference(reference);
        agreement.as_deref().and_then(Agreement::publication).is_some_and(|publication| match publication.decision {
            PublicRegister::Publish | PublicRegister::PublishRedacted => true,
            PublicRegister::Withhold => false,
        })
    }
}
