//! `POST /api/v1/sessions`: somebody proves to hold a key of a registered body, and reads for it for a while.
//!
//! Challenges and tokens carry what they mean under a seal that only this process can make: a stranger who asks for
//! a million challenges fills no memory. What a session may read is asked of the log at every use.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use counterpart_core::ids::{OrganisationCode, PersonId};
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::refusal::Refusal;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Envelope, KeyId, MAX_ENVELOPE, SESSION_TYPE};
use counterpart_projections::reading::{self, NoReader, Reader};
use counterpart_tlog::ed25519::PublicKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use sha2::Sha256;

use crate::App;
use crate::body;
use crate::door::sentence;
use crate::log::{NOT_AT_ALL, cached};
use crate::problem::Problem;
use crate::submit::answer;

/// How long a challenge may be answered: 5 minutes.
const CHALLENGE_MS: i64 = 5 * 60 * 1000;

/// How long a session lasts: 30 minutes.
const SESSION_MS: i64 = 30 * 60 * 1000;

/// The members of what is signed, in their order.
const MEMBERS: [&str; 6] = ["challenge", "expires_at", "host", "key", "ledger", "organisation"];

/// The local end of the connection: the address that a client dialled, where nothing stands between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Local(pub(crate) SocketAddr);

/// What makes and knows challenges and tokens.
pub(crate) struct Sessions {
    secret: [u8; 32],
    counter: AtomicU64,
    /// Challenges that were answered, until they expire: each is good once.
    answered: Mutex<HashMap<[u8; 32], Timestamp>>,
    /// Sessions that somebody ended before their time, by their numbers, until they would have ended.
    ended: Mutex<HashMap<[u8; 8], Timestamp>>,
}

/// What a token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    /// Whose it is.
    pub(crate) key: KeyId,
    /// Until when it is good.
    pub(crate) until: Timestamp,
    number: [u8; 8],
}

#[derive(Serialize)]
struct Challenge {
    challenge: String,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Session {
    expires_at: Timestamp,
    organisation: OrganisationCode,
    person: PersonId,
    token: String,
}

impl Sessions {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret, counter: AtomicU64::new(0), answered: Mutex::default(), ended: Mutex::default() }
    }

    fn seal(&self, what: &[u8], said: &[u8]) -> Hmac<Sha256> {
        // INVARIANT: HMAC takes a key of any length, so the fallback is never seen.
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
        mac.update(what);
        mac.update(&[0]);
        mac.update(said);
        mac
    }

    fn next(&self) -> [u8; 8] {
        self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes()
    }

    /// 32 bytes: until when, a number, and 16 bytes of the seal.
    fn challenge(&self, until: Timestamp) -> [u8; 32] {
        let said = [until.millis().to_be_bytes(), self.next()].concat();
        let seal = self.seal(b"challenge", &said).finalize().into_bytes();
        let mut bytes = [0; 32];
        for (byte, made) in bytes.iter_mut().zip(said.iter().chain(&seal)) {
            *byte = *made;
        }
        bytes
    }

    /// Until when a challenge is good, if this process made it.
    fn challenge_until(&self, challenge: &[u8; 32]) -> Option<Timestamp> {
        let (said, seal) = challenge.split_at(16);
        self.seal(b"challenge", said).verify_truncated_left(seal).ok()?;
        instant(said)
    }

    /// Takes a challenge as answered; whether it was not before.
    fn take(&self, challenge: [u8; 32], until: Timestamp, now: Timestamp) -> bool {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.retain(|_, until| *until >= now);
        answered.insert(challenge, until).is_none()
    }

    /// Until when, which key, a number, the seal.
    fn token(&self, until: Timestamp, key: KeyId) -> String {
        let mut bytes = until.millis().to_be_bytes().to_vec();
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(&self.next());
        let seal = self.seal(b"token", &bytes).finalize().into_bytes();
        bytes.extend_from_slice(&seal);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says, while it lasts.
    pub(crate) fn read(&self, token: &str, now: Timestamp) -> Option<Said> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (said, seal) = bytes.split_at_checked(48)?;
        self.seal(b"token", said).verify_slice(seal).ok()?;
        let until = instant(said).filter(|until| *until >= now)?;
        let number: [u8; 8] = said.get(40..)?.try_into().ok()?;
        if self.ended.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&number) {
            return None;
        }
        Some(Said { key: hex::encode(said.get(8..40)?).parse().ok()?, until, number })
    }

    /// Ends a session before its time.
    pub(crate) fn end(&self, said: Said, now: Timestamp) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.retain(|_, until| *until >= now);
        ended.insert(said.number, said.until);
    }
}

/// The instant in the first eight bytes.
fn instant(bytes: &[u8]) -> Option<Timestamp> {
    Timestamp::from_millis(i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?))
}

/// A challenge for `{}`, a session for `{"envelope":…}`.
pub(crate) async fn sessions(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, 2 * MAX_ENVELOPE, &app.bodies).await?;
    let malformed = |detail: &str| Problem::new("E01", sentence(detail));
    let limits = Limits { max_depth: 8, max_bytes: 2 * MAX_ENVELOPE };
    let asked = json::parse(&held.bytes, limits).map_err(|error| malformed(&error.to_string()))?;
    let members = asked.as_object().ok_or_else(|| malformed("the request must be an object"))?;
    if let Some((name, _)) = members.iter().find(|(name, _)| name != "envelope") {
        return Err(malformed(&format!("the request has a member `{}` that is not known", body::shortened(name))));
    }
    app.reader.caught_up().await?;
    let now = (app.clock)();
    let Some(envelope) = asked.member("envelope") else {
        let expires_at = now.add_millis(CHALLENGE_MS);
        let challenge = STANDARD.encode(app.sessions.challenge(expires_at));
        return Ok(told(StatusCode::OK, &Challenge { challenge, expires_at }));
    };
    let envelope = Envelope::from_value(envelope, SESSION_TYPE)
        .map_err(|error| Problem::new(error.code(), sentence(&error.to_string())))?;
    let local = parts.extensions.get::<Local>().map(|Local(address)| *address);
    let reader = app.signed_in(&envelope, local, now)?;
    let expires_at = now.add_millis(SESSION_MS);
    let token = app.sessions.token(expires_at, reader.key);
    let Reader { organisation, person, .. } = reader;
    Ok(told(StatusCode::CREATED, &Session { expires_at, organisation, person, token }))
}

fn told(status: StatusCode, value: &impl Serialize) -> Response {
    // INVARIANT: structs of strings always serialise.
    cached(answer(status, "application/json", serde_json::to_vec(value).unwrap_or_default()), NOT_AT_ALL)
}

fn not_signed_in(detail: impl Into<String>) -> Problem {
    Problem::new("H401", detail)
}

impl App {
    /// Checks what a client signed to begin a session.
    fn signed_in(&self, envelope: &Envelope, local: Option<SocketAddr>, now: Timestamp) -> Result<Reader, Problem> {
        let unfit = |detail: String| Problem::new("E03", sentence(&detail));
        let limits = Limits { max_depth: 2, max_bytes: MAX_ENVELOPE };
        let said = json::parse(&envelope.payload, limits).map_err(|error| unfit(error.to_string()))?;
        let texts = texts(&said).filter(|_| json::jcs(&said) == envelope.payload).ok_or_else(|| {
            unfit(format!("the payload must be the canonical form of an object of texts: {}", MEMBERS.join(", ")))
        })?;
        let [challenge, expires_at, host, key, ledger, organisation] = texts;
        let key: KeyId = key.parse().map_err(|_| unfit("`key` is not the id of a key".to_owned()))?;
        let organisation: OrganisationCode =
            organisation.parse().map_err(|_| unfit("`organisation` is not the code of an organisation".to_owned()))?;
        let ours = self.ledger_name().ok_or_else(|| Problem::unavailable("The ledger is not founded yet."))?;
        if *ledger != *ours {
            let refusal = Refusal::OtherLedger { named: body::shortened(ledger), ours: ours.to_string() };
            return Err(Problem::refused(&refusal));
        }
        let [signature] = envelope.signatures.as_slice() else {
            return Err(Problem::new("E09", "A session is signed by one key."));
        };
        if signature.keyid != key {
            return Err(Problem::new("E09", "The signature is not by the key that the payload names."));
        }
        let challenge: Option<[u8; 32]> = STANDARD.decode(challenge).ok().and_then(|bytes| bytes.try_into().ok());
        let until = challenge.and_then(|challenge| self.sessions.challenge_until(&challenge));
        let (Some(challenge), Some(until)) = (challenge, until) else {
            return Err(not_signed_in("This server gave no such challenge. Ask for a new one with `{}`."));
        };
        if until < now || until.to_string() != expires_at {
            return Err(not_signed_in("The challenge has expired, or `expires_at` is not the one it was given with."));
        }
        if !self.is_own_host(host, local) {
            let host = body::shortened(host);
            return Err(not_signed_in(format!(
                "You signed for the host `{host}`, which is not this server. Sign for the one that you dial."
            )));
        }
        // A key that something that waits would bring in reads that, and nothing else.
        let brought = self.pending.brings(key);
        let reader = match (self.reader_with(key, now), &brought) {
            (Ok(reader), _) => reader,
            (Err(NoReader::Refused(Refusal::KeyUnknown { .. })), Some((signer, _))) => {
                Reader { key, person: signer.person, organisation: signer.organisation }
            }
            (Err(NoReader::Refused(refusal)), _) => return Err(Problem::refused(&refusal)),
            (Err(why @ NoReader::NoRole(_)), _) => return Err(Problem::new("R01", why.to_string())),
        };
        let mut public = self.keyring.read().unwrap_or_else(PoisonError::into_inner).verifying(key);
        if let Some((_, new)) = brought.filter(|_| public.is_none()) {
            public = PublicKey::register(&new.0).ok();
        }
        if !public.is_some_and(|public| public.verify(&envelope.pae(), &signature.sig)) {
            return Err(Problem::refused(&Refusal::SignatureWrong { key }));
        }
        if reader.organisation != organisation {
            return Err(Problem::refused(&Refusal::KeyOfAnother { key, organisation }));
        }
        if !self.sessions.take(challenge, until, now) {
            return Err(not_signed_in("This challenge was answered before. Ask for a new one with `{}`."));
        }
        Ok(reader)
    }

    pub(crate) fn reader_with(&self, key: KeyId, now: Timestamp) -> Result<Reader, NoReader> {
        reading::reader(self.reader.view().state(), key, now)
    }

    /// Whether a client that dialled this host has dialled this server: its public address or, where none is set,
    /// the end of the connection itself. What a request says of its host is not asked: whoever stands between could
    /// say it too.
    pub(crate) fn is_own_host(&self, host: &str, local: Option<SocketAddr>) -> bool {
        if let Some(public) = &self.settings.public_url {
            return public.authority().eq_ignore_ascii_case(host);
        }
        local.is_some_and(|local| {
            let named = local.ip().is_loopback() && host == format!("localhost:{}", local.port());
            named || host == local.to_string() || (local.port() == 80 && host == local.ip().to_string())
        })
    }

    /// Who reads: the holder of the session in `Authorization`, or nobody in particular.
    ///
    /// # Errors
    ///
    /// H401 when the session has ended, or its holder may read no more.
    pub(crate) fn reader_of(&self, headers: &HeaderMap) -> Result<Option<Reader>, Problem> {
        Ok(self.bearer_of(headers)?.map(|(reader, _)| reader))
    }

    /// The same, and until when.
    pub(crate) fn bearer_of(&self, headers: &HeaderMap) -> Result<Option<(Reader, Timestamp)>, Problem> {
        let Some(said) = self.session_of(headers)? else { return Ok(None) };
        let reader = self.reader_with(said.key, (self.clock)()).map_err(|why| not_signed_in(why.to_string()))?;
        Ok(Some((reader, said.until)))
    }

    /// The key that began the session in `Authorization`, whatever it may read.
    ///
    /// # Errors
    ///
    /// H401 when the session has ended, or is none.
    pub(crate) fn session_key(&self, headers: &HeaderMap) -> Result<Option<KeyId>, Problem> {
        Ok(self.session_of(headers)?.map(|said| said.key))
    }

    fn session_of(&self, headers: &HeaderMap) -> Result<Option<Said>, Problem> {
        let Some(given) = headers.get(AUTHORIZATION) else { return Ok(None) };
        let token = given.to_str().ok().and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let said = token.and_then(|token| self.sessions.read(token, (self.clock)()));
        said.map(Some).ok_or_else(|| not_signed_in("Your session has ended, or is none. Sign in again."))
    }
}

/// The texts of the members, when it has exactly these.
fn texts(said: &Value) -> Option<[&str; 6]> {
    if said.as_object()?.len() != MEMBERS.len() {
        return None;
    }
    let mut texts = [""; MEMBERS.len()];
    for (text, name) in texts.iter_mut().zip(MEMBERS) {
        *text = said.member(name)?.as_str()?;
    }
    Some(texts)
}
