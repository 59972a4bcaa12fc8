//! `/api/v1/pending`: the signatures of one payload are gathered, until the last one sends it (wire.md 6).
//!
//! Nothing of it is in the log. Whoever opens one has signed it with a key that acts at this ledger; whoever adds a
//! signature proves with it that it is one of the signers; only signers read, and any of them may withdraw it.

mod shelf;
mod shown;

use std::sync::{Arc, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::admit::{self, Known};
use counterpart_core::commitment::Disclosure;
use counterpart_core::door::Earlier;
use counterpart_core::event::{self, Event};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::ledger::Opened;
use counterpart_core::refusal::Refusal;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, Envelope, EnvelopeSignature, KeyId, MAX_SUBMISSION, Submission};
use counterpart_projections::reading::{self, NoReader};
use serde::Serialize;

use crate::App;
use crate::body;
use crate::door::{TurnedAway, refusal_of_words, sentence, turned_away};
use crate::log::{NOT_AT_ALL, cached};
use crate::named::Named;
use crate::problem::Problem;
use crate::query::Query;
use crate::submit::answer;
use crate::submitted::{Submitted, judged};

pub(crate) use shelf::Shelf;
use shelf::{Item, Kept};
use shown::{List, Whole};

/// A signature and its two names, with room.
const SIGNATURE_MAX: usize = 1024;

/// How far ahead a signer's clock may be (K09): what waits is so bounded by the validity of its payload.
const CLOCK_AHEAD_MAX: i64 = 5 * 60 * 1000;

/// Opens one: a submission whose envelope some of its signers have signed; 201, or 200 when it waits already. What
/// is complete is sent, and answered as a submission is.
pub(crate) async fn open(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, MAX_SUBMISSION, &app.bodies).await?;
    app.reader.caught_up().await?;
    let own = Arc::clone(&app);
    let opening = app.blocking(move || own.opening(&held.bytes)).await?;
    let opening = match opening {
        Ok(opening) => opening,
        Err(away) => return Err(app.unsigned(away)),
    };
    let digest = opening.item.event.digest;
    if let Some(index) = app.recorded_as(&opening.item.event) {
        return Ok(receipt(StatusCode::OK, app.first_receipt(index).await?));
    }
    // What the door refuses now is not gathered for two weeks.
    let weighed = app.weighed(opening.submitted.clone()).await?;
    if let Err(refusal) = &weighed.door {
        return Err(Problem::refused(refusal));
    }
    let new = app.pending.open(&app, opening).await?;
    app.go_on(digest, if new { StatusCode::CREATED } else { StatusCode::OK }).await
}

/// What waits for the signature of whoever reads.
pub(crate) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    Query::read(&uri, &[])?;
    let key = app.signer(&headers).await?;
    app.pending.sweep(&app).await;
    let mut items = app.pending.of(key, (app.clock)());
    items.sort_by_key(|item| (item.opened_at, item.event.digest));
    let pending = items.iter().map(|item| app.shown(item)).collect();
    Ok(told(StatusCode::OK, &List { pending }))
}

/// The whole of one, for its signers.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    Named(digest): Named,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    Query::read(&uri, &[])?;
    let key = app.signer(&headers).await?;
    app.pending.sweep(&app).await;
    let item = app.pending.read(&digest, Some(key), (app.clock)())?;
    let shown = app.shown(&item);
    if item.done {
        return Ok(told(StatusCode::OK, &Whole { shown, envelope: None, disclosures: None }));
    }
    let kept = app.pending.kept(&app, item.event.digest).await?.ok_or_else(nothing)?;
    let envelope = kept.envelope()?;
    let envelope = serde_json::value::RawValue::from_string(String::from_utf8_lossy(&envelope.canonical()).into());
    let envelope = envelope.map_err(|_| nothing())?;
    Ok(told(StatusCode::OK, &Whole { shown, envelope: Some(envelope), disclosures: Some(kept.disclosures) }))
}

/// One more signature, as an envelope holds it; the last one sends the event, and is answered as a submission is.
pub(crate) async fn sign(
    State(app): State<Arc<App>>,
    Named(digest): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, SIGNATURE_MAX, &app.bodies).await?;
    let signature = signature(&held.bytes)?;
    app.reader.caught_up().await?;
    app.pending.sweep(&app).await;
    let item = app.pending.read(&digest, None, (app.clock)())?;
    app.may_sign(&item, &signature)?;
    if let Some(index) = app.recorded_as(&item.event) {
        return Ok(receipt(StatusCode::OK, app.first_receipt(index).await?));
    }
    app.pending.add(&app, item.event.digest, vec![signature]).await?;
    app.go_on(item.event.digest, StatusCode::OK).await
}

/// One of the signers does not want it: it is emptied.
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    Named(digest): Named,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let held = body::whole(&parts.headers, body, SIGNATURE_MAX, &app.bodies).await?;
    if !held.bytes.is_empty() {
        body::of_type(&parts.headers, "application/json")?;
        let limits = Limits { max_depth: 1, max_bytes: SIGNATURE_MAX };
        let empty = json::parse(&held.bytes, limits).is_ok_and(|value| value == Value::Object(Vec::new()));
        if !empty {
            return Err(Problem::new("E01", "To withdraw asks for nothing: send `{}`."));
        }
    }
    let key = app.signer(&parts.headers).await?;
    app.pending.sweep(&app).await;
    let item = app.pending.read(&digest, Some(key), (app.clock)())?;
    if let Some(index) = app.recorded_as(&item.event) {
        let detail = format!("It was recorded as entry {index}, so there is nothing left to withdraw.");
        return Err(Problem::not_found(detail));
    }
    app.pending.remove(&app, item.event.digest).await?;
    Ok(told(StatusCode::OK, &Withdrawn { digest: item.event.digest, state: "WITHDRAWN" }))
}

#[derive(Serialize)]
struct Withdrawn {
    digest: Digest,
    state: &'static str,
}

/// A payload that was read and checked, with the signatures that came along.
struct Opening {
    item: Item,
    signatures: Vec<EnvelopeSignature>,
    kept: Kept,
    /// As the door sees it.
    submitted: Submitted,
}

impl App {
    fn opening(&self, bytes: &[u8]) -> Result<Opening, TurnedAway> {
        let Submission { envelope, disclosures } =
            Submission::parse(bytes).map_err(|error| TurnedAway::unreadable(&error))?;
        let ledger = self.ledger_name();
        let event =
            event::parse_partly_signed(&envelope).map_err(|error| turned_away(&envelope, &error, ledger.as_deref()))?;
        let refused = |refusal: &Refusal| TurnedAway::Refused(Problem::refused(refusal), event.digest);
        let now = (self.clock)();
        let opened_by = self.opens(&event, &envelope, now).map_err(|refusal| refused(&refusal))?;
        let disclosures = disclosures.map_err(|error| refused(&refusal_of_words(&error)))?;
        let (number, view) = self.directory.read();
        let door = judged(view.as_ref(), &event, &disclosures, &Earlier::default(), now);
        let kept = Kept::new(now, opened_by, &envelope.payload, disclosures.clone());
        let item = Item::new(event.clone(), &envelope.payload, now, opened_by, bytes.len() as u64);
        let signatures = envelope.signatures.clone();
        let submitted = Submitted::new(Opened { envelope, event, disclosures, unchecked: false, door }, number);
        Ok(Opening { item, signatures, kept, submitted })
    }

    /// E06, id, K: every signature is by a signer, verifies, and one of them is by somebody who acts here. Gives
    /// that one's organisation.
    fn opens(&self, event: &Event, envelope: &Envelope, now: Timestamp) -> Result<OrganisationCode, Refusal> {
        let ahead = now.millis_until(event.signed_at);
        if ahead > CLOCK_AHEAD_MAX {
            return Err(Refusal::ClockAhead { minutes: ahead / 60_000 });
        }
        if now > event.valid_until {
            return Err(Refusal::NoLongerValid { until: event.valid_until });
        }
        let view = self.reader.view();
        if let Known::Same(_) = admit::known(view.state(), event)? {
            return Ok(event.principal().organisation);
        }
        let checked = self.keyring.read().unwrap_or_else(PoisonError::into_inner).check(event, envelope)?;
        if let Some(key) = checked.unknown.first() {
            return Err(Refusal::KeyUnknown { key: *key });
        }
        let mut why = None;
        for signature in &envelope.signatures {
            let signer = event.signers.iter().find(|signer| signer.key == signature.keyid);
            let carried = !view.state().keys.contains_key(&signature.keyid);
            match reading::reader(view.state(), signature.keyid, now) {
                Ok(reader) if signer.is_some_and(|signer| signer.organisation == reader.organisation) => {
                    return Ok(reader.organisation);
                }
                Ok(reader) => {
                    why = Some(Refusal::KeyOfAnother { key: reader.key, organisation: event.principal().organisation });
                }
                // A key that the event brings in cannot open it: anybody could make one.
                Err(_) if carried => {}
                Err(NoReader::Refused(refusal)) => why = Some(refusal),
                Err(NoReader::NoRole(organisation)) => {
                    let role = signer.map_or(event.principal().role, |signer| signer.role);
                    why = Some(Refusal::RoleNotHeld { role, organisation });
                }
            }
        }
        let key = envelope.signatures.first().map_or(event.principal().key, |signature| signature.keyid);
        Err(why.unwrap_or(Refusal::KeyUnknown { key }))
    }

    /// Whether a signature is one that is asked for, by a key that signs now.
    fn may_sign(&self, item: &Item, signature: &EnvelopeSignature) -> Result<(), Problem> {
        let event = &item.event;
        if event.signers.iter().all(|signer| signer.key != signature.keyid) {
            return Err(Problem::new("E09", format!("Key {} is not among the signers.", signature.keyid)));
        }
        let alone = item.envelope_of(vec![*signature])?;
        let keyring = self.keyring.read().unwrap_or_else(PoisonError::into_inner);
        let checked = keyring.check(event, &alone).map_err(|refusal| Problem::refused(&refusal))?;
        if let Some(key) = checked.unknown.first() {
            return Err(Problem::refused(&Refusal::KeyUnknown { key: *key }));
        }
        let view = self.reader.view();
        if view.state().keys.contains_key(&signature.keyid) {
            admit::check_stage(view.state(), signature.keyid).map_err(|refusal| Problem::refused(&refusal))?;
        }
        Ok(())
    }

    /// Sends what is complete; else says how it stands.
    async fn go_on(self: &Arc<Self>, digest: Digest, status: StatusCode) -> Result<Response, Problem> {
        let item = self.pending.item(digest).ok_or_else(nothing)?;
        if item.missing() > 0 {
            return Ok(told(status, &self.shown(&item)));
        }
        let kept = self.pending.kept(self, digest).await?.ok_or_else(nothing)?;
        let (status, bytes) = self.decide(kept.submission()?).await?;
        // It is recorded, and its words lie in the store.
        self.pending.settle(self, digest).await;
        Ok(receipt(status, bytes))
    }

    /// Where an event stands in the log, if it does.
    fn recorded_as(&self, event: &Event) -> Option<u64> {
        let view = self.reader.view();
        let found = view.state().events.get(&event.id)?;
        found.is(&event.digest).then_some(found.index)
    }

    /// Whose session this is: a key that acts here, or one that something that waits would bring in.
    pub(crate) async fn signer(&self, headers: &HeaderMap) -> Result<KeyId, Problem> {
        self.reader.caught_up().await?;
        let key = self
            .session_key(headers)?
            .ok_or_else(|| Problem::new("H401", "What waits for signatures is for its signers. Sign in first."))?;
        if !self.is_coming(key) {
            self.reader_of(headers)?;
        }
        Ok(key)
    }

    /// Whether the log does not know a key, and something that waits would bring it in.
    pub(crate) fn is_coming(&self, key: KeyId) -> bool {
        !self.reader.view().state().keys.contains_key(&key) && self.pending.brings(key).is_some()
    }

    fn unsigned(&self, away: TurnedAway) -> Problem {
        self.metrics.refused.add(1);
        match away {
            TurnedAway::Unreadable(problem) | TurnedAway::Refused(problem, _) => problem,
        }
    }
}

/// The parts of what is kept, as one submission.
impl Kept {
    fn submission(&self) -> Result<Vec<u8>, Problem> {
        let mut out = b"{\"envelope\":".to_vec();
        out.extend(self.envelope()?.canonical());
        out.extend_from_slice(b",\"disclosures\":[");
        for (place, disclosure) in self.disclosures.iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            out.extend(Disclosure::to_bytes(disclosure));
        }
        out.extend_from_slice(b"]}");
        Ok(out)
    }
}

/// `{"keyid","sig"}`.
fn signature(bytes: &[u8]) -> Result<EnvelopeSignature, Problem> {
    let malformed = |detail: &str| Problem::new("E01", sentence(detail));
    let limits = Limits { max_depth: 2, max_bytes: SIGNATURE_MAX };
    let value = json::parse(bytes, limits).map_err(|error| malformed(&error.to_string()))?;
    let members = value.as_object().ok_or_else(|| malformed("the request must be an object with `keyid` and `sig`"))?;
    if members.len() != 2 {
        return Err(malformed("the request must have the members `keyid` and `sig` and no others"));
    }
    let text = |name: &str| value.member(name).and_then(Value::as_str);
    let keyid = text("keyid").and_then(|text| text.parse().ok());
    let keyid = keyid.ok_or_else(|| malformed("`keyid` must be 64 lower-case hexadecimal digits"))?;
    let sig = text("sig").and_then(|text| STANDARD.decode(text).ok()).and_then(|bytes| bytes.try_into().ok());
    let sig = sig.ok_or_else(|| malformed("`sig` must be the 64 bytes of an Ed25519 signature in standard base64"))?;
    Ok(EnvelopeSignature { keyid, sig })
}

/// Refused and absent look the same.
fn nothing() -> Problem {
    Problem::not_found("Nothing waits under this digest for your signature.")
}

fn told(status: StatusCode, value: &impl Serialize) -> Response {
    // INVARIANT: structs of strings, numbers and lists always serialise.
    cached(answer(status, "application/json", serde_json::to_vec(value).unwrap_or_default()), NOT_AT_ALL)
}

fn receipt(status: StatusCode, bytes: Vec<u8>) -> Response {
    cached(answer(status, "application/json", bytes), NOT_AT_ALL)
}
