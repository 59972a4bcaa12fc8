//! What waits for whom: one organisation's inbox, its duties, and the whole at a glance.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use counterpart_core::ids::{OrganisationCode, Role};
use counterpart_core::london;
use counterpart_core::time::Timestamp;
use counterpart_projections::english;

use super::fault::Fault;
use super::frame::{Frame, Pages, Section, Tag, capital, page};
use crate::named::Named;
use crate::query::Query;
use crate::visit::Visit;
use crate::waiting::{About, DAYS, Item, LIMIT, List, Part, Task, Totals, Whose, last_day, lasting};
use crate::{App, links};

/// The agreement that a row is about.
struct Deal {
    title: String,
    href: String,
    reference: String,
    state: Tag,
}

impl Deal {
    fn of(about: &About) -> Self {
        Self {
            title: about.title.clone().unwrap_or_else(|| about.unnamed.clone()),
            href: links::agreement(&about.reference),
            reference: about.reference.clone(),
            state: Tag::of_line(about.state, about.unconfirmed),
        }
    }
}

/// By when, and whether that has gone by.
struct By {
    day: String,
    late: bool,
}

struct Waits {
    what: String,
    because: String,
    role: &'static str,
    vacant: bool,
    deal: Deal,
    since: String,
    lasting: String,
    by: Option<By>,
}

impl Waits {
    fn of(item: &Item, at: Timestamp) -> Self {
        let waiting = &item.waiting;
        Self {
            what: capital(waiting.what),
            because: waiting.because.clone(),
            role: waiting.role.title(),
            vacant: waiting.vacant,
            deal: Deal::of(&item.agreement),
            since: english::date(london::date_of(waiting.since)),
            lasting: lasting(waiting.waiting_days),
            by: waiting.due_at.map(|due| By { day: english::date(last_day(due)), late: due <= at }),
        }
    }
}

/// A choice of whose steps are shown.
struct Choice {
    name: String,
    href: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct Inbox {
    frame: Frame,
    name: String,
    organisation: String,
    duties: String,
    count: String,
    choices: Vec<Choice>,
    role: Option<&'static str>,
    items: Vec<Waits>,
    pages: Pages,
    json: String,
}

/// What waits for one organisation.
pub(crate) async fn inbox(
    State(app): State<Arc<App>>,
    visit: Visit,
    Named(code): Named,
    uri: Uri,
) -> Result<Response, Fault> {
    let (role, number) = asked(&uri).map_err(visit.fault(&app))?;
    let whose = Whose { role, person: None };
    let found = app.inbox_of(&code, whose, app.now(), part(number), visit.reader()).await;
    let (_, list) = found.map_err(visit.fault(&app))?;
    let role_text = role.map(|role| role.to_string()).unwrap_or_default();
    let link = |number: usize| linked(&links::inbox(list.organisation), &role_text, number);
    let view = app.reader.view();
    let title = format!("What waits for {}", list.name);
    let template = Inbox {
        frame: Frame::new(&app, &view, &visit, Section::Waiting, title),
        name: list.name.clone(),
        organisation: links::organisation(list.organisation),
        duties: links::duties(list.organisation),
        count: english::count(list.total as u64, "step waits", "steps wait"),
        choices: choices(&view, list.organisation, role),
        role: role.map(Role::title),
        items: list.items.iter().map(|item| Waits::of(item, list.at)).collect(),
        pages: pages(&list, number, link),
        json: links::with_query(&links::inbox_json(list.organisation), &[("role", role_text.clone())]),
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

/// The roles for which something waits, each with how much.
fn choices(view: &counterpart_projections::View, own: OrganisationCode, chosen: Option<Role>) -> Vec<Choice> {
    let roles: Vec<(Role, u64)> =
        view.board().asked().filter(|(code, ..)| *code == own).map(|(_, role, count)| (role, count)).collect();
    if roles.len() < 2 && chosen.is_none() {
        return Vec::new();
    }
    let all = roles.iter().map(|(_, count)| count).sum::<u64>();
    let every = Choice {
        name: format!("All roles ({})", english::number(all)),
        href: links::inbox(own),
        chosen: chosen.is_none(),
    };
    let one = |(role, count): &(Role, u64)| Choice {
        name: format!("{} ({})", capital(role.title()), english::number(*count)),
        href: linked(&links::inbox(own), &role.to_string(), 1),
        chosen: chosen == Some(*role),
    };
    std::iter::once(every).chain(roles.iter().map(one)).collect()
}

struct Sees {
    kind: &'static str,
    what: String,
    role: Option<&'static str>,
    deal: Option<Deal>,
    event: Option<String>,
    by: Option<By>,
}

impl Sees {
    fn of(view: &counterpart_projections::View, task: &Task) -> Self {
        let duty = &task.duty;
        Self {
            kind: duty.kind.words(),
            what: duty.what.clone(),
            role: duty.role.map(Role::title),
            deal: task.agreement.as_ref().map(Deal::of),
            event: duty.event.and_then(|event| view.index_of(event)).map(links::event),
            by: duty.due.map(|day| By { day: english::date(day), late: duty.overdue }),
        }
    }
}

#[derive(Template)]
#[template(path = "duties.html")]
struct Duties {
    frame: Frame,
    name: String,
    organisation: String,
    inbox: String,
    count: String,
    days: u16,
    items: Vec<Sees>,
    pages: Pages,
    json: String,
}

/// What one organisation has to see to.
pub(crate) async fn duties(
    State(app): State<Arc<App>>,
    visit: Visit,
    Named(code): Named,
    uri: Uri,
) -> Result<Response, Fault> {
    let query = Query::read(&uri, &["page"]).map_err(visit.fault(&app))?;
    let number = query.value("page", "the number of a page").map_err(visit.fault(&app))?;
    let number: usize = number.unwrap_or(1).max(1);
    let found = app.duties_of(&code, DAYS, app.now(), part(number), visit.reader()).await;
    let (_, list) = found.map_err(visit.fault(&app))?;
    let view = app.reader.view();
    let title = format!("What {} has to see to", list.name);
    let template = Duties {
        frame: Frame::new(&app, &view, &visit, Section::Waiting, title),
        name: list.name.clone(),
        organisation: links::organisation(list.organisation),
        inbox: links::inbox(list.organisation),
        count: english::count(list.total as u64, "duty", "duties"),
        days: DAYS,
        items: list.items.iter().map(|task| Sees::of(&view, task)).collect(),
        pages: pages(&list, number, |number| linked(&links::duties(list.organisation), "", number)),
        json: links::duties_json(list.organisation),
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

struct Asked {
    role: &'static str,
    count: String,
    href: String,
}

struct Row {
    name: String,
    href: String,
    asked: Vec<Asked>,
    total: String,
}

#[derive(Template)]
#[template(path = "waiting.html")]
struct Overview {
    frame: Frame,
    count: String,
    bodies: String,
    rows: Vec<Row>,
    nobody: bool,
}

/// Everything that waits, by organisation and role.
pub(crate) async fn overview(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let view = app.reader.view_at((app.clock)());
    let totals = Totals::of(&view);
    let mut bodies: BTreeMap<(String, OrganisationCode), Vec<(Role, u64)>> = BTreeMap::new();
    for total in &totals.waiting {
        bodies.entry((total.name.clone(), total.organisation)).or_default().push((total.role, total.count));
    }
    let row = |((name, code), roles): (&(String, OrganisationCode), &Vec<(Role, u64)>)| Row {
        name: name.clone(),
        href: links::inbox(*code),
        asked: roles
            .iter()
            .map(|(role, count)| Asked {
                role: role.title(),
                count: english::number(*count),
                href: linked(&links::inbox(*code), &role.to_string(), 1),
            })
            .collect(),
        total: english::number(roles.iter().map(|(_, count)| count).sum()),
    };
    let template = Overview {
        frame: Frame::new(&app, &view, &visit, Section::Waiting, "What waits for whom"),
        count: english::count(totals.total, "step waits", "steps wait"),
        bodies: english::count(bodies.len() as u64, "organisation", "organisations"),
        rows: bodies.iter().map(row).collect(),
        nobody: bodies.is_empty(),
    };
    drop(view);
    page(StatusCode::OK, &template)
}

fn asked(uri: &Uri) -> Result<(Option<Role>, usize), crate::problem::Problem> {
    let query = Query::read(uri, &["role", "page"])?;
    let role = query.value("role", "the code of a role; one looks like `DPO`")?;
    Ok((role, query.value("page", "the number of a page")?.unwrap_or(1).max(1)))
}

fn part(number: usize) -> Part {
    Part { skip: (number - 1).saturating_mul(LIMIT), limit: LIMIT }
}

fn pages<T>(list: &List<T>, number: usize, link: impl Fn(usize) -> String) -> Pages {
    Pages::new(number, list.total.div_ceil(LIMIT).max(1), link)
}

fn linked(path: &str, role: &str, number: usize) -> String {
    let number = if number > 1 { number.to_string() } else { String::new() };
    links::with_query(path, &[("role", role.to_owned()), ("page", number)])
}
