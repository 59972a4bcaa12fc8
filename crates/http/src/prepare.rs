//! `POST /api/v1/prepare`: the canonical bytes of an event that somebody is about to sign. Records nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::admit;
use counterpart_core::event;
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::wire::{Digest, EVENT_TYPE, Envelope, EnvelopeSignature, MAX_ENVELOPE};
use serde::Serialize;

use crate::App;
use crate::body;
use crate::door::sentence;
use crate::problem::Problem;
use crate::submit::answer;

/// The version of the data of every event so far.
const VERSION: i64 = 1;

#[derive(Serialize)]
struct Prepared {
    /// The bytes to sign, standard base64.
    payload: String,
    digest: Digest,
    revision: u64,
    barrier: u64,
}

/// All members of a payload but `ledger` and `v` in; the payload out.
pub(crate) async fn prepare(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, MAX_ENVELOPE, &app.bodies).await?;
    app.reader.caught_up().await?;
    let limits = Limits { max_depth: event::MAX_DEPTH, max_bytes: MAX_ENVELOPE };
    let asked = json::parse(&held.bytes, limits);
    let asked = asked.map_err(|error| Problem::new("E01", sentence(&error.to_string())))?;
    let Value::Object(mut members) = asked else {
        return Err(Problem::new("E01", "The request must be an object with the members of a payload."));
    };
    if let Some((name, _)) = members.iter().find(|(name, _)| name == "ledger" || name == "v") {
        return Err(Problem::new("E01", format!("Leave `{name}` out: the server fills it in.")));
    }
    let ledger = app.ledger_name();
    let ledger = ledger.ok_or_else(|| Problem::new("E06", "The ledger is not founded yet, so it has no name."))?;
    members.push(("ledger".to_owned(), Value::Str(ledger.to_string())));
    members.push(("v".to_owned(), Value::Int(VERSION)));
    let twice = |name| Problem::new("E01", format!("The member `{name}` stands twice."));
    let payload = json::jcs(&Value::object(members).map_err(twice)?);
    let envelope = unsigned(payload)?;
    let event = event::parse(&envelope).map_err(|error| Problem::new(error.code(), sentence(&error.to_string())))?;
    let (revision, barrier) = admit::revision(app.reader.view().state(), &event);
    let prepared = Prepared { payload: STANDARD.encode(&envelope.payload), digest: event.digest, revision, barrier };
    Ok(answer(StatusCode::OK, "application/json", serde_json::to_vec(&prepared).unwrap_or_default()))
}

/// An envelope with room for the signatures that the payload asks for, so that its form can be checked.
fn unsigned(payload: Vec<u8>) -> Result<Envelope, Problem> {
    let limits = Limits { max_depth: event::MAX_DEPTH, max_bytes: payload.len() };
    let parsed = json::parse(&payload, limits).ok();
    let signers = parsed.as_ref().and_then(|value| value.member("signers")).and_then(Value::as_array);
    let keys = signers.unwrap_or_default().iter().filter_map(|signer| signer.member("key")?.as_str()?.parse().ok());
    let signatures: Vec<_> = keys.map(|keyid| EnvelopeSignature { keyid, sig: [0; 64] }).collect();
    if signatures.is_empty() {
        return Err(Problem::new("E03", "`signers` must name at least one signer with a key."));
    }
    Envelope::new(EVENT_TYPE, payload, signatures)
        .map_err(|error| Problem::new(if error.code() == "E05" { "E05" } else { "E09" }, sentence(&error.to_string())))
}
