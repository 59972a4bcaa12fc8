//! Organisations, their roles and vacancies, and what they are party to.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::ids::{AgreementId, OrganisationCode, Role};
use counterpart_core::offices::{Organisation, OrganisationStage};
use counterpart_core::organisation::OrganisationType;
use counterpart_core::time::Timestamp;
use counterpart_projections::register::unnamed;
use counterpart_projections::{View, english, organisations};

use super::fault::Fault;
use super::frame::{Frame, Section, Tag, page};
use crate::named::Named;
use crate::problem::Problem;
use crate::visit::Visit;
use crate::{App, links};

/// Agreements that the page of a body shows; the register shows all.
const AGREEMENTS_MAX: usize = 50;

struct Body {
    name: String,
    href: String,
    code: String,
    agreements: usize,
    vacancies: String,
    /// Why it acts no more.
    gone: Option<String>,
}

struct Group {
    name: &'static str,
    bodies: Vec<Body>,
}

#[derive(Template)]
#[template(path = "organisations.html")]
struct Organisations {
    frame: Frame,
    count: String,
    groups: Vec<Group>,
}

/// The list.
pub(crate) async fn list(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let at = (app.clock)();
    let view = app.reader.view();
    let state = view.state();
    let mut groups: BTreeMap<(u8, &'static str), Vec<Body>> = BTreeMap::new();
    for body in state.organisations.values() {
        groups.entry(group(body.kind)).or_default().push(Body {
            name: body.name.clone(),
            href: links::organisation(body.code),
            code: body.code.to_string(),
            agreements: view.board().of(body.code).len(),
            vacancies: joined(&organisations::vacancies(body, at)),
            gone: acts_no_more(body, at).then(|| standing(body, at)),
        });
    }
    let acting = state.organisations.values().filter(|body| !acts_no_more(body, at)).count();
    let template = Organisations {
        frame: Frame::new(&app, &view, &visit, Section::Organisations, "Organisations"),
        count: english::count(acting as u64, "organisation", "organisations"),
        groups: groups
            .into_iter()
            .map(|((_, name), mut bodies)| {
                bodies.sort_by(|one, other| (&one.name, &one.code).cmp(&(&other.name, &other.code)));
                Group { name, bodies }
            })
            .collect(),
    };
    drop(view);
    page(StatusCode::OK, &template)
}

fn group(kind: OrganisationType) -> (u8, &'static str) {
    match kind {
        OrganisationType::LondonBorough | OrganisationType::CityCorp => (0, "Local authorities"),
        OrganisationType::Gla | OrganisationType::FunctionalBody | OrganisationType::Mdc => {
            (1, "The Greater London Authority and its bodies")
        }
        OrganisationType::PoliceForce | OrganisationType::PoliceBody | OrganisationType::FireBody => {
            (2, "Police and fire")
        }
        OrganisationType::NhsIcb | OrganisationType::NhsTrust | OrganisationType::NhsOther => (3, "Health"),
        OrganisationType::University => (4, "Universities"),
        OrganisationType::CentralGov | OrganisationType::Regulator | OrganisationType::OtherPublic => {
            (5, "Other public bodies")
        }
        OrganisationType::Partnership
        | OrganisationType::Charity
        | OrganisationType::HousingProvider
        | OrganisationType::Supplier => (6, "Others"),
    }
}

fn joined(roles: &[Role]) -> String {
    roles.iter().map(|role| role.title()).collect::<Vec<_>>().join(", ")
}

struct Post {
    role: String,
    code: Role,
    holders: Vec<Holder>,
}

struct Holder {
    person: String,
    since: String,
    until: Option<String>,
    delegates: Vec<String>,
    event: Option<String>,
}

struct Deal {
    title: String,
    href: String,
    reference: String,
    state: Tag,
}

#[derive(Template)]
#[template(path = "organisation.html")]
struct One {
    frame: Frame,
    name: String,
    code: String,
    kind: &'static str,
    standing: String,
    governance: &'static str,
    posts: Vec<Post>,
    vacancies: Vec<String>,
    keys: usize,
    deals: Vec<Deal>,
    more: Option<String>,
    waits: u64,
    inbox: String,
    duties: String,
    events: String,
}

/// One body.
pub(crate) async fn one(State(app): State<Arc<App>>, visit: Visit, Named(code): Named) -> Result<Response, Fault> {
    let none =
        || Problem::not_found(format!("There is no organisation `{}` in this ledger.", crate::body::shortened(&code)));
    let at = (app.clock)();
    let parsed: OrganisationCode = code.parse().map_err(|_| Fault::of(&app, &visit, none()))?;
    let (all, shown): (usize, Vec<usize>) = {
        let view = app.reader.view_at(at);
        if !view.state().organisations.contains_key(&parsed) {
            drop(view);
            return Err(Fault::of(&app, &visit, none()));
        }
        let places = view.board().of(parsed);
        (places.len(), places.iter().rev().take(AGREEMENTS_MAX).copied().collect())
    };
    let ids: Vec<AgreementId> = {
        let view = app.reader.view();
        shown.iter().filter_map(|place| view.board().lines().get(*place)).map(|line| line.id).collect()
    };
    let titles = app.titles_to(&ids, visit.reader()).await.map_err(visit.fault(&app))?;
    let view = app.reader.view();
    let state = view.state();
    let Some(body) = state.organisations.get(&parsed) else {
        drop(view);
        return Err(Fault::of(&app, &visit, none()));
    };
    let template = One {
        frame: Frame::new(&app, &view, &visit, Section::Organisations, body.name.clone()),
        name: body.name.clone(),
        code: parsed.to_string(),
        kind: english::organisation_type(body.kind),
        standing: standing(body, at),
        governance: match body.governance {
            counterpart_core::organisation::Governance::Full => "Full: every role is another person",
            counterpart_core::organisation::Governance::Light => {
                "Light: a small body, in which one person holds several roles"
            }
        },
        posts: posts(body, at, &|event| view.index_of(event).map(links::event)),
        vacancies: organisations::vacancies(body, at).iter().map(|role| english::role(*role)).collect(),
        keys: organisations::keys(state, parsed).iter().filter(|key| key.state == "ACTIVE").count(),
        deals: shown.iter().zip(titles).filter_map(|(place, title)| deal(&view, *place, title)).collect(),
        more: (all > shown.len()).then(|| links::with_query(links::REGISTER, &[("party", parsed.to_string())])),
        waits: view.board().asked().filter(|(code, ..)| *code == parsed).map(|(.., count)| count).sum(),
        inbox: links::inbox(parsed),
        duties: links::duties(parsed),
        events: links::with_query("/api/v1/events", &[("organisation", parsed.to_string())]),
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

fn deal(view: &View, place: usize, title: Option<String>) -> Option<Deal> {
    let line = view.board().lines().get(place)?;
    let agreement = view.state().agreement(line.id)?;
    Some(Deal {
        title: title.unwrap_or_else(|| unnamed(view.state(), &agreement)),
        href: links::agreement(line.reference),
        reference: line.reference.to_string(),
        state: Tag::of_line(line.stage, line.unconfirmed),
    })
}

fn acts_no_more(body: &Organisation, at: Timestamp) -> bool {
    matches!(body.stage_at(at), OrganisationStage::Left { .. } | OrganisationStage::Succeeded { .. })
}

fn standing(body: &Organisation, at: Timestamp) -> String {
    match body.stage_at(at) {
        OrganisationStage::Active => "It acts in this ledger".to_owned(),
        OrganisationStage::Suspended { until } => format!("Suspended until the end of {}", english::date(until)),
        OrganisationStage::Left { on } => format!("It left on {}", english::date(on)),
        OrganisationStage::Succeeded { by, on } => format!("Succeeded by {by} on {}", english::date(on)),
    }
}

/// Roles that somebody holds now, in the order of the directory.
fn posts(
    body: &Organisation,
    at: Timestamp,
    link: &dyn Fn(counterpart_core::ids::EventId) -> Option<String>,
) -> Vec<Post> {
    let rows = organisations::roles(body, at);
    let mut posts: BTreeMap<Role, Vec<Holder>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.live) {
        posts.entry(row.role).or_default().push(Holder {
            person: row.person.to_string(),
            since: english::date(row.valid_from),
            until: row.valid_to.map(english::date),
            delegates: row
                .delegations
                .iter()
                .filter(|delegation| delegation.live)
                .map(|delegation| {
                    format!("{} acts for them until {}", delegation.person, english::date(delegation.until))
                })
                .collect(),
            event: link(row.appointment),
        });
    }
    posts.into_iter().map(|(code, holders)| Post { role: english::role(code), code, holders }).collect()
}
