//! `GET /api/v1/agreements/{id}/export?format=bundle`: an agreement to take away, as evidence that needs no ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderMap, HeaderValue, Uri};
use axum::response::Response;
use counterpart_core::agreement::Agreement;
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::EventType;
use counterpart_core::ids::{EventId, OrganisationCode, Stream};
use counterpart_core::storage::StoreError;
use counterpart_export::account::{self, Standing};
use counterpart_export::bundle::NOT_WITNESSED;
use counterpart_export::closure::{self, Needed, Source};
use counterpart_export::{ArchiveError, Bundle};
use counterpart_projections::reading::Reader;
use counterpart_projections::words::Opened;
use counterpart_projections::{Filter, View};
use counterpart_tlog::Hash;

use crate::App;
use crate::body::shortened;
use crate::named::Named;
use crate::pages::NOTICE;
use crate::problem::Problem;

/// The one format that this server makes.
const BUNDLE: &str = "bundle";

/// Why no bundle could be made.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the store cannot read")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("entry {0} is not there")]
    Lost(u64),
    #[error("the log has no checkpoint over {0} entries")]
    Unsigned(u64),
}

/// The checkpoint under which a bundle is proved.
struct Under {
    note: Arc<str>,
    size: u64,
    witnessed: bool,
}

/// The export of one agreement, by id or reference.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Named(name): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let query = app.asked(&headers, &uri, &["format"]).await?;
    match query.text("format") {
        Some(BUNDLE) => {}
        Some(other) => {
            let detail =
                format!("There is no export as {}. This server makes `format=bundle`; ask for that.", shortened(other));
            return Err(Problem::new("E01", detail));
        }
        None => return Err(Problem::new("E01", "Say which format you want: `format=bundle`.")),
    }
    let visitor = app.visitor_of(&headers)?;
    let own = Arc::clone(&app);
    app.blocking(move || own.exported(&name, visitor.reader())).await?
}

impl App {
    fn exported(&self, name: &str, reader: Option<&Reader>) -> Result<Response, Problem> {
        let (seen, agreement) = self.found(name, self.now())?;
        let zip = self.bundle_of(&agreement, reader).map_err(|failure| {
            tracing::error!(error = &failure as &dyn std::error::Error, "a bundle cannot be made");
            Problem::unavailable("The bundle cannot be made now. Whoever runs the server is told.")
        })?;
        let mut response = seen.answer("application/zip", zip);
        let named = format!("attachment; filename=\"{}-bundle.zip\"", agreement.reference());
        if let Ok(named) = HeaderValue::from_str(&named) {
            response.headers_mut().insert(CONTENT_DISPOSITION, named);
        }
        Ok(response)
    }

    fn bundle_of(&self, agreement: &Agreement, reader: Option<&Reader>) -> Result<Vec<u8>, Failure> {
        let own = self.reader.view().stream(Stream::Agreement(agreement.id())).to_vec();
        let under = self.under(own.last().copied().unwrap_or_default())?;
        let parties: Vec<OrganisationCode> = agreement.parties().iter().map(|party| party.organisation).collect();
        let entries = closure::needed(&Recorded(self), &own, &parties, under.size)?;
        let paths = self.paths(&entries, under.size)?;
        let mut words: Vec<(EventId, Disclosure)> = Vec::new();
        for index in own.iter().filter(|index| **index < under.size) {
            let Some(Needed { event, .. }) = entries.get(index) else { return Err(Failure::Lost(*index)) };
            let readable = self.readable(*index, event, reader)?;
            words.extend(readable.into_iter().map(|disclosure| (event.id, disclosure)));
        }
        let current = agreement.current().event;
        let current: Vec<Disclosure> =
            words.iter().filter(|(event, _)| *event == current).map(|(_, words)| words.clone()).collect();
        let opened = Opened::of(&current, &[]);
        let standing = Standing { origin: &self.origin, size: under.size, witnessed: under.witnessed };
        let account = {
            let view = self.reader.view();
            account::write(view.state(), agreement, self.now_of(&view), &entries, &opened, standing)
        };
        let mut notices = Vec::new();
        notices.extend(self.is_demonstration().then_some(NOTICE));
        notices.extend((!under.witnessed).then_some(NOT_WITNESSED));
        let bundle = Bundle {
            reference: &agreement.reference().to_string(),
            checkpoint: &under.note,
            entries: &entries,
            paths: &paths,
            disclosures: &words,
            policy: &self.policy(),
            account: &account,
            notices: &notices,
        };
        Ok(bundle.to_zip()?)
    }

    /// The newest witnessed checkpoint when it covers the agreement, else the newest that the log has signed.
    fn under(&self, last: u64) -> Result<Under, Failure> {
        if let Some(witnessed) = self.witnessed(last) {
            return Ok(Under { note: witnessed.note, size: witnessed.size, witnessed: true });
        }
        let view = self.reader.view();
        let note = view.checkpoint().cloned().ok_or(Failure::Unsigned(view.size()))?;
        Ok(Under { note, size: view.size(), witnessed: false })
    }

    fn paths(&self, entries: &BTreeMap<u64, Needed>, size: u64) -> Result<Vec<Vec<Hash>>, Failure> {
        let view = self.reader.view();
        let path = |index: &u64| view.tree().inclusion(*index, size).map_err(|_| Failure::Unsigned(size));
        entries.keys().map(path).collect()
    }

    /// The policy of this log's witnesses; without any, one that asks for none.
    fn policy(&self) -> String {
        let witnesses = self.reader.witnesses().map(|witnesses| witnesses.policy().to_string());
        witnesses.unwrap_or_else(|| format!("log {}\nquorum none\n", self.vkey()))
    }

    /// This moment; a clock a little behind the newest entry does not hide it.
    fn now_of(&self, view: &View) -> counterpart_core::time::Timestamp {
        let newest = view.size().checked_sub(1).and_then(|index| view.recorded_at(index));
        newest.map_or_else(|| (self.clock)(), |newest| newest.max((self.clock)()))
    }
}

/// The entries that this server has recorded.
struct Recorded<'a>(&'a App);

impl Source for Recorded<'_> {
    type Error = Failure;

    fn stream(&self, stream: Stream) -> Vec<u64> {
        self.0.reader.view().stream(stream).to_vec()
    }

    fn of_type(&self, event_type: EventType, organisation: OrganisationCode) -> Vec<u64> {
        let filter = Filter { event_type: Some(event_type), organisation: Some(organisation), ..Filter::default() };
        self.0.reader.view().find(&filter, 0, usize::MAX)
    }

    fn index_of(&self, id: EventId) -> Option<u64> {
        self.0.reader.view().index_of(id)
    }

    fn entry(&self, index: u64) -> Result<Vec<u8>, Failure> {
        self.0.store.entry(index)?.ok_or(Failure::Lost(index))
    }
}
