//! Reading request bodies within limits of size, time and memory.

use std::future::Future as _;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::problem::Problem;

/// A unit in which memory for bodies is counted: 1 KiB.
const UNIT: usize = 1024;

/// What bodies may take: memory together, over all requests, and time each.
#[derive(Clone, Debug)]
pub(crate) struct Allowance {
    memory: Arc<Semaphore>,
    slowest: Duration,
}

/// A body and its share of the memory, given back when it is dropped.
pub(crate) struct Held {
    pub(crate) bytes: Vec<u8>,
    _shares: Vec<OwnedSemaphorePermit>,
}

impl Allowance {
    pub(crate) fn new(bytes: usize, slowest: Duration) -> Self {
        let memory = Arc::new(Semaphore::new((bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS)));
        Self { memory, slowest }
    }

    /// A share for this many bytes.
    ///
    /// # Errors
    ///
    /// H503 when other bodies have it all.
    pub(crate) fn share(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        Arc::clone(&self.memory).try_acquire_many_owned(units).map_err(|_| {
            Problem::unavailable("The server is reading as many large requests as it can. Try again in a moment.")
        })
    }
}

/// Whether the request says that its body is of this media type.
///
/// # Errors
///
/// H415 for another or none.
pub(crate) fn of_type(headers: &HeaderMap, wanted: &'static str) -> Result<(), Problem> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    let given = if essence.is_empty() { "no content type".to_owned() } else { format!("`{}`", shortened(essence)) };
    Err(Problem::new("H415", format!("The request has {given}; send it as `{wanted}`.")))
}

/// At most 60 letters of something that a stranger sent.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// Reads a whole body.
///
/// # Errors
///
/// E05 when it is too large, E01 when it breaks off, H503 when it comes too slowly or memory is short.
pub(crate) async fn whole(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    allowance: &Allowance,
) -> Result<Held, Problem> {
    let said = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if said.is_some_and(|bytes| bytes > limit) {
        return Err(too_large(said.unwrap_or_default(), limit));
    }
    match timeout(allowance.slowest, collect(said.unwrap_or_default(), body, limit, allowance)).await {
        Ok(held) => held,
        Err(_) => Err(too_slow(allowance.slowest)),
    }
}

async fn collect(said: usize, mut body: Body, limit: usize, allowance: &Allowance) -> Result<Held, Problem> {
    let mut shares = vec![allowance.share(said)?];
    let mut room = said.div_ceil(UNIT) * UNIT;
    let mut bytes = Vec::with_capacity(said);
    while let Some(piece) = next(&mut body).await? {
        if bytes.len() + piece.len() > limit {
            return Err(too_large(bytes.len() + piece.len(), limit));
        }
        if bytes.len() + piece.len() > room {
            shares.push(allowance.share(piece.len())?);
            room += piece.len().div_ceil(UNIT) * UNIT;
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(Held { bytes, _shares: shares })
}

/// The next piece of a stream, which may not be longer in coming than a whole small body.
///
/// # Errors
///
/// As for [`whole`], but for its size.
pub(crate) async fn piece(body: &mut Body, allowance: &Allowance) -> Result<Option<Bytes>, Problem> {
    timeout(allowance.slowest, next(body)).await.unwrap_or_else(|_| Err(too_slow(allowance.slowest)))
}

/// The next piece if it is there already.
pub(crate) async fn at_hand(body: &mut Body) -> Option<Result<Option<Bytes>, Problem>> {
    let mut coming = std::pin::pin!(next(body));
    std::future::poll_fn(|context| match coming.as_mut().poll(context) {
        Poll::Ready(piece) => Poll::Ready(Some(piece)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, Problem> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new("E01", "The body of the request broke off before its end. Send it again; repeating is safe.")
        })?;
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn too_large(bytes: usize, limit: usize) -> Problem {
    Problem::new("E05", format!("The request is {bytes} bytes or more, and may be at most {limit}."))
}

fn too_slow(slowest: Duration) -> Problem {
    let seconds = slowest.as_secs_f32();
    Problem::unavailable(format!(
        "The body of the request came too slowly and was cut off after {seconds} seconds. Send it again."
    ))
}
