//! An event: a statement signed by one or more role holders (wire.md 2.2).
//!
//! In scope: reading a payload into types, its own form (E03, E04, E09's form of `signers`).
//! Out of scope: whether the ledger may record it; that is [`crate::admit`].

pub mod data;
mod form;
mod payload;
mod public_key;

use counterpart_tlog::ed25519::{KeyError, PublicKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use data::{Data, EventType};
pub use public_key::{ParsedKeys, PublicKeyBytes};

use crate::admit::carried;
use crate::ids::{EventId, OrganisationCode, PersonId, Role, Stream};
use crate::time::Timestamp;
use crate::wire::{self, Digest, Envelope, KeyId};

/// The deepest nesting of a payload.
pub const MAX_DEPTH: usize = 16;

/// The most signers of one event.
pub const MAX_SIGNERS: usize = 16;

/// The longest that one signer's event may wait: 24 hours.
const VALIDITY_ALONE: i64 = 24 * 60 * 60 * 1000;

/// The longest that an event of several signers may wait: 14 days.
const VALIDITY_JOINT: i64 = 14 * VALIDITY_ALONE;

/// One who signs, and in what capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signer {
    /// Under which delegation, for a delegate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<EventId>,
    /// With which key.
    pub key: KeyId,
    /// For which organisation.
    pub organisation: OrganisationCode,
    /// Who.
    pub person: PersonId,
    /// In which role.
    pub role: Role,
}

/// A parsed event. Its bytes were canonical and fit their schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The idempotency key.
    pub id: EventId,
    /// Which ledger it is for.
    pub ledger: Box<str>,
    /// Which stream it belongs to.
    pub stream: Stream,
    /// What it says.
    pub data: Data,
    /// The revision of the stream that the signers saw.
    pub expected_revision: u64,
    /// When the signer says that it was signed.
    pub signed_at: Timestamp,
    /// Not admitted after this instant.
    pub valid_until: Timestamp,
    /// Who signs; the first is the principal.
    pub signers: Vec<Signer>,
    /// What names its content: SHA-256 of the signed bytes.
    pub digest: Digest,
    /// The keys that it carries, once somebody has asked for one.
    pub parsed_keys: ParsedKeys,
}

impl Event {
    /// The type of the event.
    pub const fn event_type(&self) -> EventType {
        self.data.event_type()
    }

    /// A key that the event carries, as it may be registered.
    ///
    /// # Errors
    ///
    /// It may not (K06).
    pub fn parsed(&self, key: &PublicKeyBytes) -> Result<PublicKey, KeyError> {
        self.parsed_keys.get(key, || carried(self).into_iter().map(|carried| carried.public).collect())
    }

    /// The first signer.
    ///
    /// # Panics
    ///
    /// Never: an event without signers is not of its schema.
    pub fn principal(&self) -> &Signer {
        let first = self.signers.first();
        assert!(first.is_some(), "an event has at least one signer, by its schema");
        first.unwrap_or_else(|| unreachable!("asserted above"))
    }
}

/// Why bytes are not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// E03: the payload is not canonical, or not of its schema.
    #[error("the payload is not a canonical event: {0}")]
    Payload(String),
    /// E04: the type or its version is not known here.
    #[error("this ledger does not know events of type `{event_type}`, version {version}")]
    UnknownType {
        /// As given.
        event_type: String,
        /// As given.
        version: i64,
    },
    /// E09: `signers` and `signatures` differ, or `signers` repeats itself.
    #[error("the signers do not fit the signatures: {0}")]
    Signers(String),
}

impl EventError {
    /// The code that an answer carries.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Payload(_) => "E03",
            Self::UnknownType { .. } => "E04",
            Self::Signers(_) => "E09",
        }
    }
}

/// Reads the event in an envelope: canonical bytes, schema, form of the signers. Checks no signature.
///
/// # Errors
///
/// [`EventError`], in the order E03, E04, E03 of the data, E09.
pub fn parse(envelope: &Envelope) -> Result<Event, EventError> {
    parse_signed(envelope, true)
}

/// Reads the event in an envelope that some of its signers have still to sign. Checks no signature.
///
/// # Errors
///
/// As for [`parse`], but that a signature is missing.
pub fn parse_partly_signed(envelope: &Envelope) -> Result<Event, EventError> {
    parse_signed(envelope, false)
}

fn parse_signed(envelope: &Envelope, whole: bool) -> Result<Event, EventError> {
    let raw = payload::read(&envelope.payload)?;
    if let Some(problem) = form::problem(raw.stream, &raw.data) {
        return Err(EventError::Payload(problem));
    }
    let validity = if raw.signers.len() > 1 { VALIDITY_JOINT } else { VALIDITY_ALONE };
    if raw.valid_until < raw.signed_at {
        return Err(EventError::Payload("`valid_until` is before `signed_at`".to_owned()));
    }
    if raw.valid_until > raw.signed_at.add_millis(validity) {
        return Err(EventError::Payload(
            "`valid_until` is too long after `signed_at`: 24 hours, or 14 days with several signers".to_owned(),
        ));
    }
    check_signers(&raw.signers, new_key(&raw.data), envelope, whole)?;
    Ok(Event {
        id: raw.id,
        ledger: raw.ledger,
        stream: raw.stream,
        data: raw.data,
        expected_revision: raw.expected_revision,
        signed_at: raw.signed_at,
        valid_until: raw.valid_until,
        signers: raw.signers,
        digest: wire::digest(wire::EVENT_TYPE, &envelope.payload),
        parsed_keys: ParsedKeys::default(),
    })
}

/// The key that comes in with an event and proves its possession beside an older key of the same person.
fn new_key(data: &Data) -> Option<KeyId> {
    if let Data::KeyRegistered(data) = data {
        Some(data.key)
    } else if let Data::KeyRotated(data) = data {
        Some(data.key)
    } else {
        None
    }
}

fn check_signers(
    signers: &[Signer],
    new_key: Option<KeyId>,
    envelope: &Envelope,
    whole: bool,
) -> Result<(), EventError> {
    if signers.is_empty() || signers.len() > MAX_SIGNERS {
        return Err(EventError::Payload("an event has 1 to 16 signers".to_owned()));
    }
    for (at, signer) in signers.iter().enumerate() {
        let earlier = signers.iter().take(at);
        if earlier.clone().any(|other| other.key == signer.key) {
            return Err(EventError::Signers("two signers use the same key".to_owned()));
        }
        let proves = |key: KeyId| new_key == Some(key);
        if earlier.clone().any(|other| other.person == signer.person && !proves(other.key) && !proves(signer.key)) {
            return Err(EventError::Signers(format!("{} signs twice; joint signatures count persons", signer.person)));
        }
    }
    let missing =
        signers.iter().find(|signer| !envelope.signatures.iter().any(|signature| signature.keyid == signer.key));
    if let Some(signer) = missing.filter(|_| whole) {
        return Err(EventError::Signers(format!("there is no signature of key {}", signer.key)));
    }
    let stranger = |keyid: KeyId| signers.iter().all(|signer| signer.key != keyid);
    if envelope.signatures.iter().any(|signature| stranger(signature.keyid)) {
        return Err(EventError::Signers("there is a signature of a key that is not among the signers".to_owned()));
    }
    Ok(())
}
