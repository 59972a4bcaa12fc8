//! `GET /api/v1/events` and `/events/{index or id}`: entries with where they stand and what proves them.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::EventType;
use counterpart_core::ids::{EventId, OrganisationCode, Stream};
use counterpart_core::replay::read;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Digest;
use counterpart_projections::Filter;
use counterpart_tlog::Hash;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::App;
use crate::erasing::Erased;
use crate::log::decimal;
use crate::named::Named;
use crate::problem::Problem;
use crate::receipt::{RECORDED, WITNESSED, proof};
use crate::seen::Seen;

/// Entries in one answer, unless asked otherwise.
const LIMIT: usize = 100;

/// Entries in one answer at most.
const LIMIT_MAX: usize = 1000;

/// One entry as readers see it.
#[derive(Serialize)]
pub(crate) struct EventRow {
    digest: Digest,
    /// The bytes of the leaf, which are canonical JSON.
    entry: Box<RawValue>,
    id: EventId,
    pub(crate) index: u64,
    leaf_hash: String,
    proof: String,
    recorded_at: Timestamp,
    revision: u64,
    standing: &'static str,
    stream: Stream,
    #[serde(rename = "type")]
    pub(crate) event_type: EventType,
}

#[derive(Serialize)]
struct List {
    checkpoint: Arc<str>,
    events: Vec<EventRow>,
    /// What to ask for as `after` to go on, when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

#[derive(Serialize)]
struct One {
    checkpoint: Arc<str>,
    #[serde(flatten)]
    event: EventRow,
    /// The words that the reader may read; refused and absent look the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disclosures: Vec<Disclosure>,
    /// What of its words is erased by order of the log; the commitments stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    erased: Vec<Erased>,
}

/// A list: `after`, `limit`, `stream`, `type`, `organisation`.
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let query = app.asked(&headers, &uri, &["after", "limit", "stream", "type", "organisation"]).await?;
    let after: Option<u64> = query.value("after", "the index of an entry")?;
    let limit = query.limit(LIMIT, LIMIT_MAX)?;
    let filter = Filter {
        stream: query.value::<Stream>("stream", "a stream; one looks like `org:CMD`")?,
        event_type: query.value::<EventType>("type", "a type of event; one looks like `RequestFiled`")?,
        organisation: query.value::<OrganisationCode>("organisation", "the code of an organisation")?,
    };
    let first = after.map_or(0, |after| after.saturating_add(1));
    let (seen, mut indexes, checkpoint) = {
        let view = app.reader.view();
        (Seen::of(&view), view.find(&filter, first, limit + 1), view.checkpoint().cloned())
    };
    let more = indexes.len() > limit;
    indexes.truncate(limit);
    let next = if more { indexes.last().copied() } else { None };
    let checkpoint = checkpoint.unwrap_or_default();
    let events = app.rows(indexes, Arc::clone(&checkpoint), seen.size).await?;
    Ok(seen.json(&List { checkpoint, events, next }))
}

/// One, by its index or its id.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Named(name): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    app.asked(&headers, &uri, &[]).await?;
    let none = || Problem::not_found("There is no event with this index or id.");
    let (seen, index, checkpoint) = {
        let view = app.reader.view();
        let by_id = || name.parse::<EventId>().ok().and_then(|id| view.index_of(id));
        let index = decimal(&name).or_else(by_id).filter(|index| *index < view.size());
        (Seen::of(&view), index.ok_or_else(none)?, view.checkpoint().cloned().unwrap_or_default())
    };
    let checkpoint = app.witnessed(index).map_or(checkpoint, |witnessed| witnessed.note);
    let rows = app.rows(vec![index], Arc::clone(&checkpoint), seen.size).await?;
    let event = rows.into_iter().next().ok_or_else(none)?;
    let visitor = app.visitor_of(&headers)?;
    let own = Arc::clone(&app);
    let disclosures = app
        .reading(move || match own.recorded(index)? {
            Some(event) => own.readable(index, &event, visitor.reader()),
            None => Ok(Vec::new()),
        })
        .await?;
    let erased = app.erased(index);
    Ok(seen.json(&One { checkpoint, event, disclosures, erased }))
}

impl App {
    /// Rows for entries, with proofs under the checkpoint of `size`.
    ///
    /// # Errors
    ///
    /// H503 when the store cannot read.
    pub(crate) async fn rows(
        self: &Arc<Self>,
        indexes: Vec<u64>,
        checkpoint: Arc<str>,
        size: u64,
    ) -> Result<Vec<EventRow>, Problem> {
        let app = Arc::clone(self);
        self.reading(move || {
            let mut rows = Vec::with_capacity(indexes.len());
            for run in indexes.chunk_by(|a, b| a + 1 == *b) {
                let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
                app.store.read_back(*first..last + 1, &mut |index, bytes| {
                    rows.extend(app.row(index, bytes, &checkpoint, size));
                })?;
            }
            Ok(rows)
        })
        .await
    }

    fn row(&self, index: u64, bytes: &[u8], checkpoint: &str, size: u64) -> Option<EventRow> {
        // INVARIANT: what is in the log was read and admitted before; the store has checked that it is the same.
        let read = read(bytes).ok()?;
        let entry = String::from_utf8(bytes.to_vec()).ok().and_then(|text| RawValue::from_string(text).ok())?;
        let witnessed = self.witnessed(index);
        let (standing, checkpoint, size) =
            witnessed.as_ref().map_or((RECORDED, checkpoint, size), |seen| (WITNESSED, &*seen.note, seen.size));
        let (hashes, revision): (Vec<Hash>, u64) = {
            let view = self.reader.view();
            let hashes = view.tree().inclusion(index, size).ok()?;
            (hashes, view.stream(read.event.stream).partition_point(|other| *other <= index) as u64)
        };
        Some(EventRow {
            digest: read.event.digest,
            entry,
            id: read.event.id,
            index,
            leaf_hash: read.leaf.to_string(),
            proof: proof(index, &hashes, checkpoint),
            recorded_at: read.entry.recorded_at,
            revision,
            standing,
            stream: read.event.stream,
            event_type: read.event.event_type(),
        })
    }
}
