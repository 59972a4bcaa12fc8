//! `POST /api/v1/events` and `/events/batch`: the only ways in.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use counterpart_core::ledger::Opened;
use counterpart_core::wire::MAX_SUBMISSION;

use crate::App;
use crate::body;
use crate::door::{self, TurnedAway};
use crate::problem::Problem;
use crate::receipt::Receipt;
use crate::sequencer::{Basis, Decision, Unavailable, decided};
use crate::submitted::Submitted;

/// Above this many bytes a submission is checked on a thread of its own, so that it keeps no small ones waiting.
const LARGE: usize = 64 * 1024;

/// One submission: 201 with its receipt, 200 with the first one for a repeat, or a problem.
pub(crate) async fn event(State(app): State<Arc<App>>, request: Request) -> Response {
    match submitted(&app, request).await {
        Ok((status, receipt)) => answer(status, "application/json", receipt),
        Err(problem) => problem.into_response(),
    }
}

async fn submitted(app: &Arc<App>, request: Request) -> Result<(StatusCode, Vec<u8>), Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, MAX_SUBMISSION, &app.bodies).await?;
    app.decide(held.bytes).await
}

/// What a request is told when nothing was decided.
pub(crate) fn unavailable(why: &Unavailable) -> Problem {
    match why {
        Unavailable::Full => Problem::new("H507", why.to_string()),
        Unavailable::Ended(_) => Problem::new("E06", why.to_string()),
        Unavailable::Busy
        | Unavailable::Clock { .. }
        | Unavailable::Witnesses(_)
        | Unavailable::Stopped
        | Unavailable::Fenced
        | Unavailable::Closing => Problem::unavailable(why.to_string()),
    }
}

/// A whole answer.
pub(crate) fn answer(status: StatusCode, media_type: &'static str, bytes: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(bytes.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

impl App {
    /// Checks, weighs and hands over one submission; gives what its client is told.
    pub(crate) async fn decide(self: &Arc<Self>, bytes: Vec<u8>) -> Result<(StatusCode, Vec<u8>), Problem> {
        let opened = if bytes.len() <= LARGE {
            self.open(&bytes)
        } else {
            let own = Arc::clone(self);
            let opening = tokio::task::spawn_blocking(move || own.open(&bytes)).await;
            opening.map_err(|_| Problem::unavailable("The submission could not be checked. Send it again."))?
        };
        let opened = match opened {
            Ok(opened) => self.weighed(opened).await?,
            Err(away) => return Err(self.turned_away(away, self.basis().await)),
        };
        self.metrics.submissions.add(1);
        let waiting = self.sequencer.offer(vec![opened.clone()]).map_err(|why| unavailable(&why))?;
        let decision = decided(waiting).await.map_err(|why| unavailable(&why))?.into_iter().next();
        let Some(decision) = decision else {
            return Err(Problem::unavailable("Nothing was decided. Send it again; repeating is safe."));
        };
        self.told(&opened, decision).await
    }

    /// Reads and checks one submission.
    pub(crate) fn open(&self, bytes: &[u8]) -> Result<Submitted, TurnedAway> {
        door::open(bytes, &self.keyring, &self.directory, self.ledger_name().as_deref(), (self.clock)())
    }

    /// What a refusal at the door is decided by: what was acknowledged last.
    pub(crate) async fn basis(&self) -> Basis {
        // A view that stands still is old, and what it says of itself is still true.
        let _ = self.reader.caught_up().await;
        let view = self.reader.view();
        Basis { at: (self.clock)(), size: view.size(), root: view.root() }
    }

    /// The problem for what went no further than the door.
    pub(crate) fn turned_away(&self, away: TurnedAway, basis: Basis) -> Problem {
        self.metrics.refused.add(1);
        match away {
            TurnedAway::Unreadable(problem) => problem,
            TurnedAway::Refused(problem, digest) => {
                self.answer_key.refuse(problem, digest, &self.refusing_ledger(), basis)
            }
        }
    }

    fn refusing_ledger(&self) -> String {
        self.ledger_name().map_or_else(|| self.origin.clone(), |name| name.to_string())
    }

    /// What the client of a decided submission is told.
    pub(crate) async fn told(&self, opened: &Opened, decision: Decision) -> Result<(StatusCode, Vec<u8>), Problem> {
        match decision {
            Decision::Recorded(placed) => {
                self.metrics.recorded.add(1);
                Ok((StatusCode::CREATED, Receipt::new(&opened.event, &placed).to_json()))
            }
            Decision::Repeated(index) => {
                self.metrics.repeated.add(1);
                Ok((StatusCode::OK, self.first_receipt(index).await?))
            }
            Decision::Refused(refusal, basis) => {
                self.metrics.refused.add(1);
                let problem = Problem::refused(&refusal);
                // What the catalogue calls unreadable has no signature: E04 of a type that is not decided yet.
                if matches!(&*problem.code, "E01" | "E02" | "E03" | "E04" | "E05") {
                    return Err(problem);
                }
                // Its name is in the first entry, which readers may not see yet.
                let _ = self.reader.at_least(basis.size.min(1)).await;
                Err(self.answer_key.refuse(problem, opened.event.digest, &self.refusing_ledger(), basis))
            }
        }
    }
}
