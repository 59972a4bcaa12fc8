//! What waits for an organisation and what it has to see to (domain.md 5, Q01, Q02, Q07), for programs and for pages.
//!
//! It is what the log says, so everybody may ask; the titles of agreements are shown to whoever may read them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::agreement::{Agreement, StageName};
use counterpart_core::ids::{AgreementId, OrganisationCode, PersonId, Role, Stream};
use counterpart_core::london;
use counterpart_core::offices::Organisation;
use counterpart_core::time::{Date, Timestamp};
use counterpart_projections::duties::{self, Duty};
use counterpart_projections::reading::Reader;
use counterpart_projections::register::{is_unconfirmed, name_of, unnamed};
use counterpart_projections::waiting::{self, Waiting};
use counterpart_projections::{View, english};
use serde::Serialize;

use crate::App;
use crate::agreements::Moment;
use crate::named::Named;
use crate::organisations::registered;
use crate::problem::Problem;
use crate::query::Query;
use crate::seen::Seen;

/// Items in one answer, unless asked otherwise.
pub(crate) const LIMIT: usize = 50;

/// Items in one answer at most.
const LIMIT_MAX: usize = 200;

/// How far ahead duties are told, unless asked otherwise: a quarter of a year.
pub(crate) const DAYS: u16 = 90;

/// The agreement that something is about.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct About {
    pub(crate) id: AgreementId,
    pub(crate) reference: String,
    pub(crate) state: StageName,
    /// Its title, where the reader may read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// An import that not every party has confirmed.
    #[serde(skip)]
    pub(crate) unconfirmed: bool,
    /// What to call it where the title is not open.
    #[serde(skip)]
    pub(crate) unnamed: String,
}

impl About {
    fn of(view: &View, then: &Agreement) -> Self {
        Self {
            id: then.id(),
            reference: then.reference().to_string(),
            state: then.name(),
            title: None,
            unconfirmed: is_unconfirmed(then),
            unnamed: unnamed(view.state(), then),
        }
    }
}

/// Something that waits.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) agreement: About,
    #[serde(flatten)]
    pub(crate) waiting: Waiting,
}

/// Something to see to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Task {
    /// The agreement, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agreement: Option<About>,
    /// The stream, where it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<Stream>,
    #[serde(flatten)]
    pub(crate) duty: Duty,
}

/// A part of a list about one organisation.
#[derive(Debug, Serialize)]
pub(crate) struct List<T> {
    pub(crate) organisation: OrganisationCode,
    pub(crate) name: String,
    /// At which instant.
    pub(crate) at: Timestamp,
    /// After how many entries of the log.
    pub(crate) as_of: u64,
    /// How far ahead, where that matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<u16>,
    /// How many there are altogether.
    pub(crate) total: usize,
    pub(crate) items: Vec<T>,
    /// What to ask for as `cursor` to go on, when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<usize>,
}

/// What a reader wants of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// How many items come before it.
    pub(crate) skip: usize,
    pub(crate) limit: usize,
}

/// Whose inbox: of a role, or of the roles of a person.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Whose {
    pub(crate) role: Option<Role>,
    pub(crate) person: Option<PersonId>,
}

impl Whose {
    fn fits(self, body: Option<&Organisation>, role: Role, at: Timestamp) -> bool {
        let may = |person: PersonId| {
            body.is_some_and(|body| {
                let acts = |delegation: &counterpart_core::offices::Delegation| {
                    let lent = body.appointment_by(delegation.appointment);
                    delegation.person == person
                        && delegation.is_live(at)
                        && lent.is_some_and(|lent| lent.role == role && lent.is_live(at))
                };
                body.roles_of(person, at).any(|held| held == role) || body.delegations.iter().any(acts)
            })
        };
        self.role.is_none_or(|wanted| wanted == role) && self.person.is_none_or(may)
    }
}

/// `GET /api/v1/organisations/{code}/inbox`.
pub(crate) async fn inbox(
    State(app): State<Arc<App>>,
    Named(code): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = app.asked(&headers, &uri, &["role", "person", "at", "as_of", "cursor", "limit"]).await?;
    let whose = Whose {
        role: query.value("role", "the code of a role; one looks like `DPO`")?,
        person: query.value("person", "the id of a person; one looks like `PER-` and 12 characters")?,
    };
    let (part, when) = (part(&query)?, app.moment(&query)?);
    let visitor = app.visitor_of(&headers)?;
    let (seen, list) = app.inbox_of(&code, whose, when, part, visitor.reader()).await?;
    Ok(seen.json(&list))
}

/// `GET /api/v1/organisations/{code}/duties`.
pub(crate) async fn duties(
    State(app): State<Arc<App>>,
    Named(code): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = app.asked(&headers, &uri, &["days", "at", "as_of", "cursor", "limit"]).await?;
    let days = query.value::<u16>("days", "a number of days")?.unwrap_or(DAYS);
    let (part, when) = (part(&query)?, app.moment(&query)?);
    let visitor = app.visitor_of(&headers)?;
    let (seen, list) = app.duties_of(&code, days, when, part, visitor.reader()).await?;
    Ok(seen.json(&list))
}

fn part(query: &Query) -> Result<Part, Problem> {
    let skip = query.value("cursor", "what an earlier answer gave as `next`")?.unwrap_or(0);
    Ok(Part { skip, limit: query.limit(LIMIT, LIMIT_MAX)? })
}

/// How many steps wait for a role.
#[derive(Debug, Serialize)]
pub(crate) struct Total {
    pub(crate) organisation: OrganisationCode,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) count: u64,
}

/// How many steps wait altogether.
#[derive(Debug, Serialize)]
pub(crate) struct Totals {
    pub(crate) total: u64,
    pub(crate) waiting: Vec<Total>,
}

impl Totals {
    /// Of the present.
    pub(crate) fn of(view: &View) -> Self {
        let total = |(organisation, role, count)| {
            let name = name_of(view.state(), organisation);
            Total { organisation, name, role, count }
        };
        let waiting: Vec<Total> = view.board().asked().map(total).collect();
        Self { total: waiting.iter().map(|total| total.count).sum(), waiting }
    }
}

/// `GET /api/v1/waiting`.
pub(crate) async fn totals(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    app.asked(&headers, &uri, &[]).await?;
    let view = app.reader.view_at((app.clock)());
    Ok(Seen::of(&view).json(&Totals::of(&view)))
}

impl App {
    /// What waits for an organisation, what is due first, first.
    pub(crate) async fn inbox_of(
        self: &Arc<Self>,
        code: &str,
        whose: Whose,
        when: Moment,
        part: Part,
        reader: Option<&Reader>,
    ) -> Result<(Seen, List<Item>), Problem> {
        let (organisation, name) = self.body(code)?;
        let Moment { at, size, .. } = when;
        let own = Arc::clone(self);
        let (seen, mut items) = self
            .blocking(move || {
                let (seen, ids) = own.candidates(organisation, when, Present::Waiting);
                let mut items: Vec<Item> = Vec::new();
                for id in ids {
                    let found = own.of_agreement(id, when, |view, then| {
                        let body = view.state().organisations.get(&organisation);
                        let all = waiting::of(view, then, at, size).into_iter();
                        let mine = all.filter(|waiting| waiting.organisation == organisation);
                        let mine = mine.filter(|waiting| whose.fits(body, waiting.role, at));
                        mine.map(|waiting| Item { agreement: About::of(view, then), waiting }).collect::<Vec<_>>()
                    })?;
                    items.extend(found.into_iter().flatten());
                }
                waiting::by_due(&mut items, |item| &item.waiting);
                Ok::<_, Problem>((seen, items))
            })
            .await??;
        let (total, next) = cut(&mut items, part);
        self.entitle(items.iter_mut().map(|item| &mut item.agreement), reader).await?;
        Ok((seen, List { organisation, name, at, as_of: size, days: None, total, items, next }))
    }

    /// What an organisation has to see to, what is due first, first.
    pub(crate) async fn duties_of(
        self: &Arc<Self>,
        code: &str,
        days: u16,
        when: Moment,
        part: Part,
        reader: Option<&Reader>,
    ) -> Result<(Seen, List<Task>), Problem> {
        let (organisation, name) = self.body(code)?;
        let Moment { at, size, .. } = when;
        let today = london::date_of(at);
        let horizon = today.add_days(i64::from(days));
        let own = Arc::clone(self);
        let (seen, mut items) = self
            .blocking(move || {
                let (seen, ids) = own.candidates(organisation, when, Present::Live);
                let mut items = own.contested_elsewhere(organisation);
                for id in ids {
                    let found = own.of_agreement(id, when, |view, then| {
                        let mine = duties::of(view.state(), then, organisation, today, horizon).into_iter();
                        mine.map(|duty| Task { agreement: Some(About::of(view, then)), stream: None, duty })
                            .collect::<Vec<_>>()
                    })?;
                    items.extend(found.into_iter().flatten());
                }
                items.sort_by_key(|item: &Task| (item.duty.due.is_none(), item.duty.due, item.duty.kind));
                Ok::<_, Problem>((seen, items))
            })
            .await??;
        let (total, next) = cut(&mut items, part);
        self.entitle(items.iter_mut().filter_map(|item| item.agreement.as_mut()), reader).await?;
        Ok((seen, List { organisation, name, at, as_of: size, days: Some(days), total, items, next }))
    }

    fn body(&self, code: &str) -> Result<(OrganisationCode, String), Problem> {
        let view = self.reader.view();
        let body = registered(&view, code)?;
        Ok((body.code, body.name.clone()))
    }

    /// The agreements in which a list may find something.
    fn candidates(&self, organisation: OrganisationCode, when: Moment, present: Present) -> (Seen, Vec<AgreementId>) {
        // The board shows the present alone, so it may not be taken to another instant.
        let view = if when.newest { self.reader.view_at(when.at) } else { self.reader.view() };
        let (board, state) = (view.board(), view.state());
        let at_places = |places: &mut dyn Iterator<Item = usize>| -> Vec<AgreementId> {
            places.filter_map(|place| board.lines().get(place)).map(|line| line.id).collect()
        };
        let ids = match present {
            Present::Waiting if when.newest => at_places(&mut board.waiting_for(organisation)),
            Present::Live if when.newest => at_places(&mut board.live(organisation)),
            Present::Waiting | Present::Live => state.ids_of(organisation).collect(),
        };
        (Seen::of(&view), ids)
    }

    /// Contested events of a body that belong to no agreement.
    fn contested_elsewhere(&self, organisation: OrganisationCode) -> Vec<Task> {
        let view = self.reader.view();
        let state = view.state();
        let mine = state.contests.open().filter(|(_, own)| own.organisation == organisation && own.agreement.is_none());
        mine.map(|(event, contest)| Task {
            agreement: None,
            stream: state.stream_of(event, contest),
            duty: duties::contested(event),
        })
        .collect()
    }

    /// Puts the titles in place that a reader may read.
    async fn entitle<'a>(
        self: &Arc<Self>,
        about: impl Iterator<Item = &'a mut About>,
        reader: Option<&Reader>,
    ) -> Result<(), Problem> {
        let about: Vec<&mut About> = about.collect();
        let ids: Vec<AgreementId> = about.iter().map(|about| about.id).collect();
        let titles = self.titles_to(&ids, reader).await?;
        for (about, title) in about.into_iter().zip(titles) {
            about.title = title;
        }
        Ok(())
    }
}

/// Which agreements matter to a list of the present.
#[derive(Clone, Copy, Debug)]
enum Present {
    /// Those in which something waits for the body.
    Waiting,
    /// Those that are not over.
    Live,
}

/// Cuts a list down to a part of it; gives how long it was, and where the next part begins.
fn cut<T>(items: &mut Vec<T>, part: Part) -> (usize, Option<usize>) {
    let total = items.len();
    let begin = part.skip.min(total);
    let end = begin.saturating_add(part.limit).min(total);
    items.truncate(end);
    items.drain(..begin);
    (total, (end < total).then_some(end))
}

/// The last day before an instant at which it is too late, as people say it.
pub(crate) fn last_day(too_late: Timestamp) -> Date {
    london::date_of(too_late.add_millis(-1))
}

/// How long something has waited, for a page.
pub(crate) fn lasting(days: u64) -> String {
    if days == 0 { "today".to_owned() } else { english::count(days, "day", "days") }
}
