//! The witness over HTTP (C2SP tlog-witness).
//!
//! ```text
//! POST /add-checkpoint
//! GET  /<hexadecimal SHA-256 of the origin>/checkpoint
//! GET  /                                               who this is and what it watches, for people
//! ```

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use counterpart_tlog::witness::SIZE_MEDIA_TYPE;
use http_body_util::{BodyExt as _, Limited};

use crate::decide::Refused;
use crate::witness::Witness;

/// The longest request: a checkpoint with 100 signatures of the largest type, and a proof.
const BODY_LEN_MAX: usize = 512 << 10;

/// Tells the time, in seconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The routes of a witness.
pub fn router(witness: Arc<Witness>, clock: Clock) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/add-checkpoint", post(add_checkpoint))
        .route("/{log}/checkpoint", get(monitor))
        .with_state(Served { witness, clock })
}

#[derive(Clone)]
struct Served {
    witness: Arc<Witness>,
    clock: Clock,
}

async fn add_checkpoint(State(served): State<Served>, body: Body) -> Response {
    let Ok(body) = Limited::new(body, BODY_LEN_MAX).collect().await else {
        let long = format!("the request has more than {BODY_LEN_MAX} bytes, or was cut off\n");
        return text(StatusCode::BAD_REQUEST, long);
    };
    let body = body.to_bytes();
    let now = (served.clock)();
    // Keeping a checkpoint waits for the disk.
    let answer = tokio::task::spawn_blocking(move || served.witness.add_checkpoint(&body, now)).await;
    match answer {
        Ok(Ok(cosignature)) => text(StatusCode::OK, cosignature.to_string()),
        Ok(Err(Refused::OtherSize { size, .. })) => {
            (StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE_MEDIA_TYPE)], format!("{size}\n")).into_response()
        }
        Ok(Err(refused)) => text(status(&refused), format!("{refused}\n")),
        Err(_stopped) => text(StatusCode::SERVICE_UNAVAILABLE, "this witness is stopping\n".to_owned()),
    }
}

const fn status(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Malformed(_) | Refused::OldBeyond { .. } => StatusCode::BAD_REQUEST,
        Refused::UnknownLog(_) => StatusCode::NOT_FOUND,
        Refused::NotSigned(_) | Refused::OtherKey { .. } => StatusCode::FORBIDDEN,
        Refused::OtherSize { .. } => StatusCode::CONFLICT,
        Refused::NotConsistent { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refused::Unable(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn monitor(State(served): State<Served>, Path(log): Path<String>) -> Response {
    match served.witness.monitored(&format!("/{log}/checkpoint")) {
        Some(seen) => {
            ([(header::CACHE_CONTROL, "no-store")], text(StatusCode::OK, seen.note.to_string())).into_response()
        }
        None => text(StatusCode::NOT_FOUND, "this witness has cosigned no checkpoint of such a log\n".to_owned()),
    }
}

async fn about(State(served): State<Served>) -> Response {
    let witness = &served.witness;
    let mut page = format!(
        "This is a witness of transparency logs (c2sp.org/tlog-witness).\n\
         It cosigns a checkpoint after it has checked that the log has only grown.\n\
         It says nothing about what the entries of a log mean.\n\nkey {}\n",
        witness.vkey()
    );
    for log in witness.logs().iter() {
        let origin = log.origin();
        // Writing to a string does not fail.
        let _ = match witness.seen(origin) {
            Some(seen) => writeln!(page, "log {origin} size {} cosigned at {}", seen.size, seen.cosigned_at),
            None => writeln!(page, "log {origin} not cosigned yet"),
        };
    }
    text(StatusCode::OK, page)
}

fn text(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
}
