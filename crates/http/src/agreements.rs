//! `GET /api/v1/agreements`, `/{id}` and `/{id}/history`: now, at an instant, or as of a size of the log.

use std::borrow::Cow;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::agreement::{Agreement, Reference, StageName};
use counterpart_core::header::DataClass;
use counterpart_core::ids::{AgreementId, OrganisationCode, Stream};
use counterpart_core::london;
use counterpart_core::replay::read;
use counterpart_core::time::{Date, Timestamp};
use counterpart_projections::View;
use counterpart_projections::agreements::{self, AgreementRow, StepRow, Wanted};
use serde::Serialize;

use crate::App;
use crate::body::shortened;
use crate::events::EventRow;
use crate::named::Named;
use crate::problem::Problem;
use crate::query::Query;
use crate::repeat::unread;
use crate::seen::Seen;

/// Agreements in one answer, unless asked otherwise.
const LIMIT: usize = 50;

/// Agreements in one answer at most.
const LIMIT_MAX: usize = 200;

/// The moment that a reader asks about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// Entries that count.
    pub(crate) size: u64,
    /// The instant up to which time has run.
    pub(crate) at: Timestamp,
    /// Nothing of the past or the future was asked for.
    pub(crate) newest: bool,
}

#[derive(Serialize)]
struct List {
    agreements: Vec<AgreementRow>,
    /// What to ask for as `cursor` to go on, when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize)]
struct History {
    id: AgreementId,
    reference: String,
    steps: Vec<StepRow>,
    events: Vec<EventRow>,
}

/// A list: `state`, `party`, `class`, `purpose`, `q`, `at`, `as_of`, `cursor`, `limit`.
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let known = ["state", "party", "class", "purpose", "q", "at", "as_of", "cursor", "limit"];
    let query = app.asked(&headers, &uri, &known).await?;
    let wanted = Wanted {
        state: query.value::<StageName>("state", "a state; one looks like `ACTIVE`")?,
        party: query.value::<OrganisationCode>("party", "the code of an organisation")?,
        class: query.value::<DataClass>("class", "a class of data; one looks like `PERSONAL`")?,
        purpose: query.text("purpose").map(str::to_owned),
        q: query.text("q").map(str::to_owned),
    };
    let limit = query.limit(LIMIT, LIMIT_MAX)?;
    let cursor: usize = query.value("cursor", "what an earlier answer gave as `next`")?.unwrap_or(0);
    let moment = app.moment(&query)?;
    let own = Arc::clone(&app);
    let (seen, list) = app.blocking(move || own.page_of(&wanted, moment, cursor, limit)).await??;
    Ok(seen.json(&list))
}

/// One, by the key of its stream or its human reference.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Named(name): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let moment = app.asked_at(&headers, &uri).await?;
    let own = Arc::clone(&app);
    app.blocking(move || {
        let (seen, agreement) = own.found(&name, moment)?;
        let then = agreement.at(moment.at);
        let view = own.reader.view();
        Ok(seen.json(&agreements::page(&view, &then, moment.at, moment.size)))
    })
    .await?
}

/// Its events and its changes of stage.
pub(crate) async fn history(
    State(app): State<Arc<App>>,
    Named(name): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let moment = app.asked_at(&headers, &uri).await?;
    let own = Arc::clone(&app);
    let (seen, agreement, indexes, checkpoint) = app
        .blocking(move || {
            let (_, agreement) = own.found(&name, moment)?;
            let view = own.reader.view();
            let events = view.stream(Stream::Agreement(agreement.id())).iter().copied();
            let indexes: Vec<u64> = events.take_while(|index| *index < moment.size).collect();
            Ok::<_, Problem>((Seen::of(&view), agreement, indexes, view.checkpoint().cloned().unwrap_or_default()))
        })
        .await??;
    let events = app.rows(indexes, checkpoint, seen.size).await?;
    let then = agreement.at(moment.at);
    let (id, reference) = (then.id(), then.reference().to_string());
    Ok(seen.json(&History { id, reference, steps: agreements::steps(&then), events }))
}

impl App {
    /// This moment, with everything that is recorded.
    pub(crate) fn now(&self) -> Moment {
        Moment { size: self.reader.view().size(), at: (self.clock)(), newest: true }
    }

    /// The moment of a request that asks for nothing else.
    async fn asked_at(&self, headers: &HeaderMap, uri: &Uri) -> Result<Moment, Problem> {
        let query = self.asked(headers, uri, &["at", "as_of"]).await?;
        self.moment(&query)
    }

    /// What `at` and `as_of` ask for; now, without either.
    pub(crate) fn moment(&self, query: &Query) -> Result<Moment, Problem> {
        let as_of: Option<u64> = query.value("as_of", "a number of entries")?;
        let asked = query.text("at").map(instant).transpose()?;
        let view = self.reader.view();
        let have = view.size();
        if let Some(size) = as_of.filter(|size| *size > have) {
            return Err(Problem::not_found(format!("The log has {have} entries, so there is no state after {size}.")));
        }
        let newest = |size: u64| size.checked_sub(1).and_then(|index| view.recorded_at(index));
        let at = asked.unwrap_or_else(|| match as_of {
            Some(size) => newest(size).unwrap_or_else(|| (self.clock)()),
            // A clock a little behind the newest entry does not hide it.
            None => newest(have).map_or_else(|| (self.clock)(), |newest| newest.max((self.clock)())),
        });
        let size = view.size_at(at).min(as_of.unwrap_or(have));
        Ok(Moment { size, at, newest: as_of.is_none() && asked.is_none() })
    }

    /// Work that may wait for the disk, on a thread of its own.
    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        let failed = |_| Problem::unavailable("The server failed on this request. It is logged; try again.");
        tokio::task::spawn_blocking(work).await.map_err(failed)
    }

    /// A page of a list, from the agreement on that was the cursor-th to be filed.
    fn page_of(&self, wanted: &Wanted, moment: Moment, cursor: usize, limit: usize) -> Result<(Seen, List), Problem> {
        if moment.newest {
            return Ok(self.newest_page(wanted, moment, cursor, limit));
        }
        let (seen, candidates) = {
            let view = self.reader.view();
            let filed: Vec<usize> = match wanted.party {
                Some(party) => {
                    let own = view.state().ids_of(party);
                    let mut places: Vec<usize> = own.filter_map(|id| view.board().place(id)).collect();
                    places.sort_unstable();
                    places
                }
                None => (0..view.filed().len()).collect(),
            };
            let named = |place: usize| Some((place, *view.filed().get(place)?));
            let candidates: Vec<(usize, AgreementId)> =
                filed.into_iter().skip_while(|place| *place < cursor).filter_map(named).collect();
            (Seen::of(&view), candidates)
        };
        let mut list = List { agreements: Vec::new(), next: None };
        for (place, id) in candidates {
            let Some(row) = self.wanted_row(wanted, id, moment)? else { continue };
            if list.agreements.len() == limit {
                list.next = Some(place.to_string());
                break;
            }
            list.agreements.push(row);
        }
        Ok((seen, list))
    }

    /// The same of how things stand now, where the board says who may fit.
    fn newest_page(&self, wanted: &Wanted, moment: Moment, cursor: usize, limit: usize) -> (Seen, List) {
        let view = self.reader.view_at(moment.at);
        let found = view.board().standing(wanted.party, wanted.state, wanted.class);
        let called = wanted.q.as_ref().map(|q| view.board().called(&q.to_lowercase()));
        let places = found.from(cursor).filter(|place| called.as_ref().is_none_or(|called| called.contains(*place)));
        let fitting = places.filter_map(|place| {
            let then = view.state().agreement_at(view.board().lines().get(place)?.id, moment.at)?;
            wanted.fits(&then).then(|| (place, agreements::row(&then)))
        });
        let mut list = List { agreements: Vec::new(), next: None };
        for (place, row) in fitting {
            if list.agreements.len() == limit {
                list.next = Some(place.to_string());
                break;
            }
            list.agreements.push(row);
        }
        (Seen::of(&view), list)
    }

    fn wanted_row(&self, wanted: &Wanted, id: AgreementId, moment: Moment) -> Result<Option<AgreementRow>, Problem> {
        let row = |_: &View, then: &Agreement| wanted.fits(then).then(|| agreements::row(then));
        Ok(self.of_agreement(id, moment, row)?.flatten())
    }

    /// What an agreement at a moment says; it is not copied where nothing later changed it.
    pub(crate) fn of_agreement<T>(
        &self,
        id: AgreementId,
        moment: Moment,
        say: impl Fn(&View, &Agreement) -> T,
    ) -> Result<Option<T>, Problem> {
        {
            let view = self.reader.view();
            if let Some(agreement) = view.state().agreement(id)
                && is_untouched_since(&view, &agreement, moment.size)
            {
                return Ok(Some(say(&view, &agreement.at(moment.at))));
            }
        }
        let replayed = self.agreement_at(id, moment)?;
        let view = self.reader.view();
        Ok(replayed.map(|agreement| say(&view, &agreement.at(moment.at))))
    }

    pub(crate) fn found(&self, name: &str, moment: Moment) -> Result<(Seen, Agreement), Problem> {
        let unknown = || {
            let detail =
                format!("There is no agreement {}. Check the reference, or file a request first.", shortened(name));
            Problem::new("T01", detail)
        };
        let (seen, id) = {
            let view = self.reader.view();
            (Seen::of(&view), named(&view, name).ok_or_else(unknown)?.id())
        };
        let agreement = self.agreement_at(id, moment)?.ok_or_else(unknown)?;
        Ok((seen, agreement))
    }

    /// An agreement as its events among the first entries made it; made again from them where later ones changed it.
    fn agreement_at(&self, id: AgreementId, moment: Moment) -> Result<Option<Agreement>, Problem> {
        let (own, outside, reference, windows) = {
            let view = self.reader.view();
            let Some(agreement) = view.state().agreement(id) else { return Ok(None) };
            if is_untouched_since(&view, &agreement, moment.size) {
                return Ok(Some(agreement.into_owned()));
            }
            let own = view.stream(Stream::Agreement(id)).iter().copied().take_while(|index| *index < moment.size);
            (own.collect::<Vec<u64>>(), agreement.outside().to_vec(), agreement.reference(), view.state().windows())
        };
        let mut events = Vec::with_capacity(own.len());
        for index in own {
            let entry = self.store.entry(index).map_err(|error| unread(&error))?;
            let entry = entry.and_then(|bytes| read(&bytes).ok());
            events.extend(entry.map(|read| (index, read.event, read.entry.recorded_at)));
        }
        let events = events.iter().map(|(index, event, at)| (*index, event, *at));
        Ok(Agreement::replayed(events, &outside, moment.size, reference, windows))
    }
}

/// An agreement by its human reference or by the key of its stream.
pub(crate) fn named<'v>(view: &'v View, name: &str) -> Option<Cow<'v, Agreement>> {
    let state = view.state();
    if let Ok(reference) = name.parse::<Reference>() {
        return state.agreement_by_reference(reference);
    }
    name.parse::<AgreementId>().ok().and_then(|id| state.agreement(id))
}

/// Whether nothing that makes an agreement what it is was recorded behind `size`.
fn is_untouched_since(view: &View, agreement: &Agreement, size: u64) -> bool {
    let own = view.stream(Stream::Agreement(agreement.id())).last().copied();
    let outside = agreement.outside().last().map(|outside| outside.index);
    size >= view.size() || own.max(outside).is_none_or(|last| last < size)
}

/// An instant, or a date, which is its 00:00 in London.
fn instant(text: &str) -> Result<Timestamp, Problem> {
    let date = || text.parse::<Date>().ok().map(london::start_of);
    text.parse().ok().or_else(date).ok_or_else(|| {
        let detail = format!(
            "`at={}` is neither a date like `2026-03-01` nor an instant like `2026-03-01T09:00:00.000Z`.",
            shortened(text)
        );
        Problem::new("E01", detail)
    })
}
