//! The log itself: checkpoint, tiles, proofs, reference data, key (C2SP tlog-tiles, tlog-proof).

use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::Response;
use counterpart_core::codes;
use counterpart_core::event::EventType;
use counterpart_core::wire::Digest;
use counterpart_projections::Filter;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::{TilePath, encode_bundle};

use crate::App;
use crate::named::Named;
use crate::problem::Problem;
use crate::query::Query;
use crate::receipt;
use crate::submit::answer;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// What never changes may be kept for ever.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// What changes with the next event.
pub(crate) const NOT_AT_ALL: HeaderValue = HeaderValue::from_static("no-store");

pub(crate) fn cached(mut response: Response, how: HeaderValue) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, how);
    response
}

fn no_such_tile() -> Problem {
    Problem::not_found("There is no such tile: its path is not canonical, or the log is not that long yet.")
}

/// The newest published checkpoint.
pub(crate) async fn checkpoint(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.reader.caught_up().await?;
    let witnessed = app.reader.witnesses().and_then(counterpart_witness::Gathering::published);
    let note = witnessed.or_else(|| app.reader.view().checkpoint().cloned());
    let note = note.ok_or_else(|| Problem::not_found("The ledger is not founded yet, so there is no checkpoint."))?;
    Ok(cached(answer(StatusCode::OK, TEXT, Bytes::copy_from_slice(note.as_bytes())), NOT_AT_ALL))
}

/// A tile of hashes or a bundle of entries.
pub(crate) async fn tile(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    // The path as it was sent: a percent-encoded spelling is not the canonical one.
    let path = request.uri().path().strip_prefix("/log/").unwrap_or_default();
    let tile = TilePath::parse(path).map_err(|_| no_such_tile())?;
    app.reader.caught_up().await?;
    let needed = tile.size_needed().ok_or_else(no_such_tile)?;
    if app.reader.view().size() < needed {
        return Err(no_such_tile());
    }
    let bytes = match tile {
        TilePath::Hash { level, n, width } => {
            let view = app.reader.view();
            view.tree().tile(level, n, width, view.size()).ok_or_else(no_such_tile)?
        }
        TilePath::Entries { n, width } => {
            let first = n * u64::from(counterpart_tlog::tile::TILE_WIDTH);
            let entries = app.entries(first..first + u64::from(width)).await?;
            encode_bundle(&entries).map_err(|_| no_such_tile())?
        }
    };
    Ok(cached(answer(StatusCode::OK, BYTES, bytes), FOR_EVER))
}

/// A file of reference data, by its hash.
pub(crate) async fn data(Named(sha256): Named) -> Result<Response, Problem> {
    let none = || Problem::not_found("This ledger holds no reference data with that SHA-256.");
    let sha256: Digest = sha256.parse().map_err(|_| none())?;
    let file = codes::by_sha256(&sha256).ok_or_else(none)?;
    Ok(cached(answer(StatusCode::OK, "application/json", file.text), FOR_EVER))
}

/// The key that the log signs with, one line.
pub(crate) async fn vkey(State(app): State<Arc<App>>) -> Response {
    cached(answer(StatusCode::OK, TEXT, format!("{}\n", app.vkey())), NOT_AT_ALL)
}

/// What is said of the log under its answer key: `end-of-epoch`, `continues` or `predecessor`, a signed note.
pub(crate) async fn statement(State(app): State<Arc<App>>, Named(name): Named) -> Result<Response, Problem> {
    let unsaid = || Problem::not_found("Nothing of that kind is said of this ledger.");
    let note = app.statements.named(&name).ok_or_else(unsaid)?;
    Ok(cached(answer(StatusCode::OK, TEXT, Bytes::copy_from_slice(note.as_bytes())), NOT_AT_ALL))
}

/// How the log's key changed: `list`, a line for each change with the first size of the new key, its vkey and the index
/// of the entry that says so, and under each of these sizes the checkpoint that both keys signed.
pub(crate) async fn keys(State(app): State<Arc<App>>, Named(name): Named) -> Result<Response, Problem> {
    let none = || Problem::not_found("The log's key never changed at this size. `/log/keys/list` says when it did.");
    app.reader.caught_up().await?;
    let (changes, size): (Vec<(u64, String, u64)>, u64) = {
        let view = app.reader.view();
        let changes = view.state().founded.iter().flat_map(|founded| &founded.log_key_changes);
        let filter = Filter { event_type: Some(EventType::LogKeyChanged), ..Filter::default() };
        let indexes = view.find(&filter, 0, usize::MAX);
        let told =
            changes.zip(indexes).map(|(change, index)| (change.first_size, change.new.as_str().to_owned(), index));
        (told.collect(), view.size())
    };
    let mut past = changes.into_iter().filter(|(first, ..)| *first <= size).peekable();
    if name == "list" {
        past.peek().ok_or_else(none)?;
        let mut text = String::new();
        for (first, vkey, index) in past {
            let _ = writeln!(text, "{first} {vkey} {index}");
        }
        return Ok(cached(answer(StatusCode::OK, TEXT, text), NOT_AT_ALL));
    }
    let asked = decimal(&name).ok_or_else(none)?;
    past.find(|(first, ..)| *first == asked).ok_or_else(none)?;
    let signed = app.checkpoint_of(asked).await?.ok_or_else(none)?;
    Ok(cached(answer(StatusCode::OK, TEXT, Bytes::copy_from_slice(signed.as_bytes())), FOR_EVER))
}

/// The proof of one entry, under the newest checkpoint or under one of a size that was published.
pub(crate) async fn proof(State(app): State<Arc<App>>, Named(index): Named, uri: Uri) -> Result<Response, Problem> {
    let query = Query::read(&uri, &["size"])?;
    let asked: Option<u64> = query.value("size", "a number of entries")?;
    app.reader.caught_up().await?;
    let none = || Problem::not_found("There is no such entry. Look at `/log/checkpoint` for how many there are.");
    let index: u64 = decimal(&index).ok_or_else(none)?;
    let newest = app.reader.view().checkpoint().cloned().ok_or_else(none)?;
    let unsigned = || Problem::not_found("No checkpoint of that size was published. Leave `size` out for the newest.");
    let under: Arc<str> = match asked {
        // A proof that witnesses stand behind is worth more than one under a checkpoint that is a moment newer.
        None => app.witnessed(index).map_or(newest, |witnessed| witnessed.note),
        Some(size) => app.checkpoint_of(size).await?.ok_or_else(unsigned)?,
    };
    let (checkpoint, _) = Checkpoint::parse(&*under).map_err(|_| unsigned())?;
    let hashes = {
        let view = app.reader.view();
        if checkpoint.size > view.size() {
            return Err(unsigned());
        }
        view.tree().inclusion(index, checkpoint.size).map_err(|_| none())?
    };
    let text = receipt::proof(index, &hashes, &under);
    // A proof whose witnesses are still to come is not one for ever.
    let settled = |size: u64| {
        let asking = app.reader.witnesses().filter(|witnesses| witnesses.policy().asks_for_witnesses());
        asking.is_none_or(|witnesses| witnesses.cosigned(size).is_some())
    };
    let how = if asked.is_some_and(settled) { FOR_EVER } else { NOT_AT_ALL };
    Ok(cached(answer(StatusCode::OK, TEXT, text), how))
}

/// A number as a path has it: decimal, without sign or leading zeros.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { text.parse().ok() } else { None }
}
