//! `GET /api/v1/organisations`, `/{code}` and `/{code}/roles`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::offices::Organisation;
use counterpart_projections::{View, organisations};
use serde::Serialize;

use crate::App;
use crate::named::Named;
use crate::problem::Problem;
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
    app.asked(&headers, &uri, &[]).await?;
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
    app.asked(&headers, &uri, &[]).await?;
    let view = app.reader.view();
    let organisation = registered(&view, &code)?;
    let row = organisations::row(organisation, (app.clock)());
    Ok(Seen::of(&view).json(&One { keys: organisations::keys(view.state(), row.code), organisation: row }))
}

/// Who acts for one, and which posts are vacant.
pub(crate) async fn roles(
    State(app): State<Arc<App>>,
    Named(code): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    app.asked(&headers, &uri, &[]).await?;
    let view = app.reader.view();
    let organisation = registered(&view, &code)?;
    let now = (app.clock)();
    let officers = Officers {
        organisation: organisation.code,
        roles: organisations::roles(organisation, now),
        vacancies: organisations::vacancies(organisation, now),
    };
    Ok(Seen::of(&view).json(&officers))
}

/// A registered organisation, by the code in a path.
pub(crate) fn registered<'v>(view: &'v View, code: &str) -> Result<&'v Organisation, Problem> {
    let organisation = code.parse().ok().and_then(|code: OrganisationCode| view.state().organisations.get(&code));
    organisation.ok_or_else(|| {
        Problem::not_found("No organisation is registered under this code. `/api/v1/organisations` lists them.")
    })
}
