//! `GET /api/v1/organisations`, `/{code}` and `/{code}/roles`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::ids::OrganisationCode;
use counterpart_projections::organisations;
use serde::Serialize;

use crate::App;
use crate::named::Named;
use crate::problem::Problem;
use crate::query::Query;
use crate::seen::Seen;

#[derive(Serialize)]
struct List<'a> {
    organisations: Vec<organisations::OrganisationRow<'a>>,
}

#[derive(Serialize)]
struct One<'a> {
    #[serde(flatten)]
    organisation: organisations::OrganisationRow<'a>,
    keys: Vec<organisations::KeyRow>,
}

#[derive(Serialize)]
struct Officers<'a> {
    organisation: OrganisationCode,
    roles: Vec<organisations::RoleRow<'a>>,
    vacancies: Vec<counterpart_core::ids::Role>,
}

/// Every organisation, as it stands now.
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    Query::read(&uri, &[])?;
    app.ready_for(&headers).await?;
    let view = app.reader.view();
    Ok(Seen::of(&view).json(&List { organisations: organisations::all(view.state(), (app.clock)()) }))
}

/// One, with its keys.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Named(code): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::read(&uri, &[])?;
    app.ready_for(&headers).await?;
    let view = app.reader.view();
    let code: OrganisationCode = code.parse().map_err(|_| unknown())?;
    let organisation = view.state().organisations.get(&code).ok_or_else(unknown)?;
    let row = organisations::row(organisation, (app.clock)());
    Ok(Seen::of(&view).json(&One { organisation: row, keys: organisations::keys(view.state(), code) }))
}

/// Who acts for one, and which posts are vacant.
pub(crate) async fn roles(
    State(app): State<Arc<App>>,
    Named(code): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::read(&uri, &[])?;
    app.ready_for(&headers).await?;
    let view = app.reader.view();
    let code: OrganisationCode = code.parse().map_err(|_| unknown())?;
    let organisation = view.state().organisations.get(&code).ok_or_else(unknown)?;
    let now = (app.clock)();
    let officers = Officers {
        organisation: code,
        roles: organisations::roles(organisation, now),
        vacancies: organisations::vacancies(organisation, now),
    };
    Ok(Seen::of(&view).json(&officers))
}

fn unknown() -> Problem {
    Problem::not_found("No organisation is registered under this code. `/api/v1/organisations` lists them.")
}
