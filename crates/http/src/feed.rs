//! `GET /api/v1/events/stream`: the live feed, as server-sent events, without gap or repeat.
//!
//! A feed is a reader that waits: it reads entries from its place to the size of the view, then waits for more.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, Uri};
use axum::response::Response;
use tokio::sync::mpsc;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use crate::App;
use crate::log::{NOT_AT_ALL, cached, decimal};
use crate::problem::Problem;
use crate::submit::answer;

/// Entries that are read at once.
const CHUNK: u64 = 64;

/// Pieces that wait for a slow reader before the feed waits for it.
const AHEAD: usize = 4;

/// Silence after which a comment is sent, so that whatever stands between keeps the connection: 15 seconds.
const SILENCE: Duration = Duration::from_secs(15);

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The feed from the entry behind `Last-Event-ID` (or `after`) on; without either, of what comes from now on.
pub(crate) async fn feed(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let query = app.asked(&headers, &uri, &["after"]).await?;
    let given = match headers.get(LAST_EVENT_ID) {
        Some(value) => {
            let index = value.to_str().ok().and_then(decimal);
            Some(index.ok_or_else(|| Problem::new("E01", "`Last-Event-ID` is not the index of an entry."))?)
        }
        None => query.value::<u64>("after", "the index of an entry")?,
    };
    let size = app.reader.view().size();
    let next = match given {
        None => size,
        Some(last) if last < size => last + 1,
        Some(last) => {
            let detail = format!("The log has {size} entries, so entry {last} cannot be the last that you know.");
            return Err(Problem::new("E01", detail));
        }
    };
    let (pieces, arriving) = mpsc::channel(AHEAD);
    tokio::spawn(tell(app, next, pieces));
    let stream = ReceiverStream::new(arriving).map(Ok::<_, std::convert::Infallible>);
    let mut response = cached(answer(StatusCode::OK, "text/event-stream", Bytes::new()), NOT_AT_ALL);
    *response.body_mut() = Body::from_stream(stream);
    Ok(response)
}

async fn tell(app: Arc<App>, mut next: u64, pieces: mpsc::Sender<Bytes>) {
    let mut sizes = app.reader.sizes();
    let mut closing = app.closing.subscribe();
    // Tells the reader that the feed is there.
    if pieces.send(Bytes::from_static(b": counterpart\n\n")).await.is_err() {
        return;
    }
    loop {
        let size = *sizes.borrow_and_update();
        while next < size {
            let end = size.min(next + CHUNK);
            let Some(piece) = read(&app, next, end).await else { return };
            if pieces.send(piece).await.is_err() {
                return;
            }
            next = end;
        }
        let silent = tokio::select! {
            changed = sizes.changed() => if changed.is_err() { return } else { false },
            _ = closing.wait_for(|closing| *closing) => return,
            () = pieces.closed() => return,
            () = tokio::time::sleep(SILENCE) => true,
        };
        if silent && pieces.send(Bytes::from_static(b": still here\n\n")).await.is_err() {
            return;
        }
    }
}

/// Entries as server-sent events; none when they cannot be read: the feed ends, and its reader comes back.
async fn read(app: &Arc<App>, first: u64, end: u64) -> Option<Bytes> {
    let (size, checkpoint) = {
        let view = app.reader.view();
        (view.size(), view.checkpoint().cloned()?)
    };
    let rows = app.rows((first..end).collect(), checkpoint, size).await.ok()?;
    if rows.len() as u64 != end - first {
        return None;
    }
    let mut piece = Vec::new();
    for row in rows {
        piece.extend_from_slice(format!("id: {}\nevent: {}\ndata: ", row.index, row.event_type).as_bytes());
        // INVARIANT: a row serialises to one line; canonical JSON has no raw line breaks.
        piece.extend_from_slice(&serde_json::to_vec(&row).unwrap_or_default());
        piece.extend_from_slice(b"\n\n");
    }
    Some(piece.into())
}
