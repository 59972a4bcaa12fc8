//! Pages for people, server-rendered; schemas; and what is answered where there is nothing.
//!
//! In scope: HTML that reads without JavaScript, and the register's feeds with the same facts.
//! Out of scope: what is true; that is [`counterpart_projections`]. Words are shown only where a publication
//! decision opened them.

mod agreement;
mod event;
mod fault;
pub(crate) mod feeds;
mod frame;
mod home;
mod log;
mod organisations;
mod picture;
mod register;
mod sharing;
mod sign_in;
mod statements;
mod waiting;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use counterpart_core::schemas;

use crate::assets;
use crate::named::Named;
use crate::problem::Problem;
use crate::submit::answer;
use crate::{App, links};

pub(crate) use fault::{Fault, reads_pages};
pub(crate) use frame::{DEMONSTRATION, NOTICE};
pub use home::Tried;
pub(crate) use statements::problem;
pub(crate) use words::Titles;

/// The routes of the pages for people.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::home))
        .route("/register", get(register::register))
        .route("/agreements/{name}", get(agreement::one))
        .route("/organisations", get(organisations::list))
        .route("/organisations/{code}", get(organisations::one))
        .route("/organisations/{code}/inbox", get(waiting::inbox))
        .route("/organisations/{code}/duties", get(waiting::duties))
        .route("/sharing", get(sharing::sharing))
        .route("/waiting", get(waiting::overview))
        .route(links::SIGN_IN, get(sign_in::form).post(sign_in::sign_in))
        .route(links::SIGN_OUT, post(sign_in::sign_out))
        .route("/events/{index}", get(event::one))
        .route("/log", get(log::log))
        .route("/published-elsewhere", get(statements::elsewhere))
        .route("/accessibility", get(statements::accessibility))
        .route("/privacy", get(statements::privacy))
        .route("/cookies", get(statements::cookies))
        .route("/assets/{*path}", get(assets::asset))
}

/// The schemas by path, written once.
static SCHEMAS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let paths = schemas::all().into_iter().map(|(path, _)| path);
    paths.filter_map(|path| schemas::get(&path).map(|text| (path, text))).collect()
});

/// A published schema.
pub(crate) async fn schema(Named(path): Named) -> Result<Response, Problem> {
    let text = SCHEMAS.get(&path).ok_or_else(|| Problem::not_found("There is no such schema."))?;
    Ok(answer(StatusCode::OK, "application/schema+json", text.as_str()))
}

/// Nothing stands at that address: a page for a browser, a problem for a program.
pub(crate) async fn nothing_here(State(app): State<Arc<App>>, request: Request) -> Response {
    if fault::reads_pages(request.headers()) {
        let detail =
            "If you typed the address, check that it is right. If you pasted it, check that you copied all of it.";
        let visit = app.visit(request.headers(), request.extensions());
        return fault::Fault::of(&app, &visit, Problem::not_found(detail)).into_response();
    }
    Problem::not_found("There is nothing at this address. `/openapi.json` lists what there is.").into_response()
}

/// The address does not answer that method.
pub(crate) async fn other_method(request: Request) -> Problem {
    let method = crate::body::shortened(request.method().as_str());
    Problem::new("H405", format!("This address does not answer {method}. The `Allow` header names what it does."))
}
