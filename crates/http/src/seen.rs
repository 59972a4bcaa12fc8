//! What an answer was built from: the size and root that it carries, and how long a reader waits for them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use counterpart_projections::View;
use counterpart_tlog::Hash;
use serde::Serialize;

use crate::App;
use crate::log::{NOT_AT_ALL, cached, decimal};
use crate::pages::{DEMONSTRATION, NOTICE};
use crate::problem::Problem;
use crate::query::Query;
use crate::submit::answer;

const SIZE: HeaderName = HeaderName::from_static("counterpart-size");
const ROOT: HeaderName = HeaderName::from_static("counterpart-root");
const MIN_SIZE: HeaderName = HeaderName::from_static("counterpart-min-size");

/// The log as one answer saw it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    /// It is the log of the demonstration.
    demonstration: bool,
}

impl Seen {
    pub(crate) fn of(view: &View) -> Self {
        let ledger = view.state().founded.as_ref().map(|founded| founded.ledger.as_ref());
        let demonstration = ledger.is_some_and(|ledger| ledger.split('#').next() == Some(DEMONSTRATION));
        Self { size: view.size(), root: view.root(), demonstration }
    }

    /// An answer with its headers.
    pub(crate) fn answer(self, media_type: &'static str, bytes: Vec<u8>) -> Response {
        let mut response = cached(answer(StatusCode::OK, media_type, bytes), NOT_AT_ALL);
        let headers = response.headers_mut();
        headers.insert(SIZE, HeaderValue::from(self.size));
        if let Ok(root) = HeaderValue::from_str(&self.root.to_string()) {
            headers.insert(ROOT, root);
        }
        response
    }

    /// An answer in JSON. An object of the demonstration begins with its notice.
    pub(crate) fn json(self, value: &impl Serialize) -> Response {
        // INVARIANT: rows are structs of strings, numbers and lists, which always serialise.
        let mut bytes = serde_json::to_vec(value).unwrap_or_default();
        if self.demonstration && bytes.starts_with(b"{\"") {
            let notice = format!("\"notice\":\"{NOTICE}\",");
            bytes.splice(1..1, notice.bytes());
        }
        self.answer("application/json", bytes)
    }
}

impl App {
    /// What every request that reads begins with: its query, and the log as far as it must have come.
    ///
    /// # Errors
    ///
    /// As for [`Query::read`] and [`App::ready_for`].
    pub(crate) async fn asked(&self, headers: &HeaderMap, uri: &Uri, known: &[&str]) -> Result<Query, Problem> {
        let query = Query::read(uri, known)?;
        self.ready_for(headers).await?;
        Ok(query)
    }

    /// Waits until the view knows what was acknowledged when the request came, and what it asks for besides.
    ///
    /// # Errors
    ///
    /// E01 for a size that is none, H503 when the log does not come so far in time.
    pub(crate) async fn ready_for(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if let Some(asked) = headers.get(MIN_SIZE) {
            let size = asked.to_str().ok().and_then(decimal);
            let size = size.ok_or_else(|| Problem::new("E01", "`Counterpart-Min-Size` is not a number of entries."))?;
            self.reader.at_least(size).await?;
        }
        self.reader.caught_up().await
    }
}
