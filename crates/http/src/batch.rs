//! `POST /api/v1/events/batch`: one submission a line, decided in order; a refused line does not stop the next.
//!
//! Lines are checked on all cores while the lines before them are being decided.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use counterpart_core::wire::MAX_SUBMISSION;
use counterpart_tlog::Hash;
use rayon::prelude::*;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::App;
use crate::body;
use crate::door::TurnedAway;
use crate::earlier::Needs;
use crate::problem::Problem;
use crate::sequencer::{Basis, Decision, Unavailable, decided};
use crate::submit::{answer, unavailable};
use crate::submitted::Submitted;

/// The media type of a batch and of its answer.
const NDJSON: &str = "application/x-ndjson";

/// Lines that are checked and decided together.
const CHUNK_LINES: usize = 256;

/// Bytes of lines after which a chunk is not made longer.
const CHUNK_BYTES: usize = 4 << 20;

/// Chunks that may be checked before the first of them is decided.
const AHEAD: usize = 4;

/// Bytes of answers that are kept for a client that sends everything before it reads anything: 64 MiB.
const UNREAD_MAX: usize = 64 << 20;

type Lines = Vec<Result<Vec<u8>, Problem>>;
type Checked = Vec<Result<Submitted, TurnedAway>>;
type Waiting = oneshot::Receiver<Result<Vec<Decision>, Unavailable>>;

/// The batch: 200, and a line for each line.
pub(crate) async fn batch(State(app): State<Arc<App>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(problem) = body::of_type(&parts.headers, NDJSON) {
        return problem.into_response();
    }
    let (chunks, waiting) = mpsc::channel(AHEAD);
    let (lines, answers) = mpsc::unbounded_channel::<Bytes>();
    let room = Arc::new(tokio::sync::Semaphore::new(UNREAD_MAX));
    tokio::spawn(read(Arc::clone(&app), body, chunks));
    tokio::spawn(tell(app, waiting, lines, Arc::clone(&room)));
    let stream = UnboundedReceiverStream::new(answers).map(move |bytes| {
        room.add_permits(bytes.len());
        Ok::<_, std::convert::Infallible>(bytes)
    });
    answer_stream(Body::from_stream(stream))
}

fn answer_stream(body: Body) -> Response {
    let mut response = answer(StatusCode::OK, NDJSON, Bytes::new());
    *response.body_mut() = body;
    response
}

/// A chunk whose lines were checked, and where its decisions will come from.
struct Chunk {
    checked: Checked,
    /// What its refusals at the door are decided by, where there are any.
    basis: Option<Basis>,
    waiting: Result<Waiting, Unavailable>,
}

/// Reads lines, checks them and hands them over, in order. Ends with the body, or when it breaks off.
async fn read(app: Arc<App>, mut body: Body, chunks: mpsc::Sender<Chunk>) {
    let mut splitter = Splitter::default();
    loop {
        // Whatever is at hand goes along; lines that are complete wait for nothing that has not come.
        let piece = if let Some(piece) = body::at_hand(&mut body).await {
            piece
        } else {
            if let Some(lines) = splitter.chunk(true)
                && hand_over(&app, lines, &chunks).await.is_none()
            {
                return;
            }
            body::piece(&mut body, &app.bodies).await
        };
        let (end, broken) = match piece {
            Ok(Some(bytes)) => {
                splitter.push(&bytes);
                (false, None)
            }
            Ok(None) => (true, None),
            // Half a line is nobody's submission.
            Err(problem) => (true, Some(problem)),
        };
        if end && broken.is_none() {
            splitter.finish();
        }
        if let Some(problem) = broken {
            splitter.give_up(problem);
        }
        while let Some(lines) = splitter.chunk(end) {
            if hand_over(&app, lines, &chunks).await.is_none() {
                return;
            }
        }
        if end {
            return;
        }
    }
}

/// Checks lines and hands them over to be decided; nothing when nobody is there to tell.
async fn hand_over(app: &Arc<App>, lines: Lines, chunks: &mpsc::Sender<Chunk>) -> Option<()> {
    let own = Arc::clone(app);
    let checking = tokio::task::spawn_blocking(move || -> Checked {
        let check = |line: Result<Vec<u8>, Problem>| own.open(&line.map_err(TurnedAway::Unreadable)?);
        lines.into_par_iter().map(check).collect()
    });
    let mut together = Checked::new();
    for line in checking.await.ok()? {
        let line = match line {
            Ok(submitted) => {
                let needs = Needs::of(&submitted);
                let stream = submitted.event.stream;
                let waits = |before: &Submitted| before.event.stream == stream && needs.waits_for(before);
                if together.iter().flatten().any(waits) {
                    // What it is compared with stands before it in this batch, and must be decided first.
                    chunks.send(offered(app, std::mem::take(&mut together)).await).await.ok()?;
                    if let Ok(settled) = app.sequencer.hand_over(Vec::new()).await {
                        let _ = decided(settled).await;
                    }
                }
                app.weighed(submitted).await.map_err(TurnedAway::Unreadable)
            }
            away @ Err(_) => away,
        };
        together.push(line);
    }
    chunks.send(offered(app, together).await).await.ok()
}

async fn offered(app: &Arc<App>, checked: Checked) -> Chunk {
    // Good lines need none, and do not wait for readers to catch up.
    let basis = if checked.iter().any(Result::is_err) { Some(app.basis().await) } else { None };
    let opened: Vec<Submitted> = checked.iter().flatten().cloned().collect();
    app.metrics.submissions.add(opened.len() as u64);
    let waiting = app.sequencer.hand_over(opened).await;
    Chunk { checked, basis, waiting }
}

/// Waits for decisions, in order, and writes a line for each.
async fn tell(
    app: Arc<App>,
    mut chunks: mpsc::Receiver<Chunk>,
    lines: mpsc::UnboundedSender<Bytes>,
    room: Arc<tokio::sync::Semaphore>,
) {
    let mut last = None;
    while let Some(Chunk { checked, basis, waiting }) = chunks.recv().await {
        let decisions = match waiting {
            Ok(waiting) => decided(waiting).await,
            Err(why) => Err(why),
        };
        let mut decisions = decisions.map(Vec::into_iter);
        let mut out = Vec::new();
        for line in checked {
            let told = match (line, &mut decisions) {
                (Err(away), _) => {
                    let basis = match basis {
                        Some(basis) => basis,
                        None => app.basis().await,
                    };
                    Err(app.turned_away(away, after(&app, last, basis).await))
                }
                (Ok(_), Err(why)) => Err(unavailable(why)),
                (Ok(opened), Ok(decisions)) => match decisions.next() {
                    Some(decision) => {
                        if let Decision::Recorded(placed) = &decision {
                            last = Some(placed.index);
                        }
                        app.told(&opened, decision).await
                    }
                    None => Err(unavailable(&Unavailable::Stopped)),
                },
            };
            out.extend_from_slice(&told.map_or_else(|problem| problem.to_json(), |(_, receipt)| receipt));
            out.push(b'\n');
        }
        let bytes = u32::try_from(out.len().min(UNREAD_MAX)).unwrap_or(u32::MAX);
        // A client that has gone away reads no answers; its lines are decided all the same.
        tokio::select! {
            permits = room.acquire_many(bytes) => {
                if let Ok(permits) = permits {
                    permits.forget();
                }
                let _ = lines.send(out.into());
            }
            () = lines.closed() => {}
        }
    }
}

/// What a refusal at the door is decided by when it stands behind a line that was recorded at `last`.
async fn after(app: &App, last: Option<u64>, basis: Basis) -> Basis {
    let size = last.map_or(0, |index| index + 1);
    if size <= basis.size || app.reader.at_least(size).await.is_err() {
        return basis;
    }
    let root: Option<Hash> = app.reader.view().tree().root_at(size);
    root.map_or(basis, |root| Basis { size, root, ..basis })
}

/// Cuts a stream of bytes into lines and lines into chunks.
#[derive(Default)]
struct Splitter {
    rest: Vec<u8>,
    /// Inside a line that was too large and is being skipped.
    skipping: bool,
    lines: Lines,
    bytes: usize,
}

impl Splitter {
    fn push(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (head, tail) = bytes.split_at(end);
            self.extend(head);
            self.end_line();
            bytes = tail.get(1..).unwrap_or_default();
        }
        self.extend(bytes);
    }

    fn extend(&mut self, bytes: &[u8]) {
        if self.skipping {
            return;
        }
        if self.rest.len() + bytes.len() > MAX_SUBMISSION {
            self.rest = Vec::new();
            self.skipping = true;
            let detail = format!("The line is longer than a submission may be, {MAX_SUBMISSION} bytes.");
            self.lines.push(Err(Problem::new("E05", detail)));
            return;
        }
        self.rest.extend_from_slice(bytes);
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.rest);
        if std::mem::take(&mut self.skipping) || line.trim_ascii().is_empty() {
            return;
        }
        self.bytes += line.len();
        self.lines.push(Ok(line));
    }

    fn finish(&mut self) {
        self.end_line();
    }

    fn give_up(&mut self, problem: Problem) {
        self.rest = Vec::new();
        self.skipping = false;
        self.lines.push(Err(problem));
    }

    /// The next chunk: a full one, or at the end whatever is left.
    fn chunk(&mut self, end: bool) -> Option<Lines> {
        let full = self.lines.len() >= CHUNK_LINES || self.bytes >= CHUNK_BYTES;
        if self.lines.is_empty() || !(full || end) {
            return None;
        }
        let mut chunk = std::mem::take(&mut self.lines);
        if chunk.len() > CHUNK_LINES {
            self.lines = chunk.split_off(CHUNK_LINES);
        }
        self.bytes = self.lines.iter().flatten().map(Vec::len).sum();
        Some(chunk)
    }
}
