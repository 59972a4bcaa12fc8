//! The members of a payload (wire.md 2.2), read in one pass where they are plain, and with care everywhere else.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{Data, EventError, EventType, MAX_DEPTH, Signer};
use crate::ids::{EventId, Stream};
use crate::json::{self, Direct, NotDirect};
use crate::time::Timestamp;

/// The version of the schemas of data.
const VERSION: i64 = 1;

/// What a payload says, of its schema; its members do not answer for each other yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Payload {
    pub data: Data,
    pub expected_revision: u64,
    pub id: EventId,
    pub ledger: Box<str>,
    pub signed_at: Timestamp,
    pub signers: Vec<Signer>,
    pub stream: Stream,
    pub valid_until: Timestamp,
}

/// Reads a payload.
///
/// # Errors
///
/// E03 for a payload that is not canonical or not of its schema; E04 for a type or version that is not known.
pub(super) fn read(payload: &[u8]) -> Result<Payload, EventError> {
    direct(payload).or_else(|NotDirect| careful(payload))
}

/// Reads what is plain: everything that an ordinary client sends. It never says why not.
fn direct(payload: &[u8]) -> Result<Payload, NotDirect> {
    let mut text = Direct::new(payload, MAX_DEPTH)?;
    // The data come first, and their type near the end. Whether it is the type is seen when the reader is there.
    let (event_type, name) = type_at_end(text.text()).ok_or(NotDirect)?;
    text.exactly("{\"data\":")?;
    let data = text.member(event_type)?;
    text.exactly(",\"expected_revision\":")?;
    let expected_revision = text.member(PhantomData)?;
    text.exactly(",\"id\":")?;
    let id = text.member(PhantomData)?;
    text.exactly(",\"ledger\":")?;
    let ledger: &str = text.member(PhantomData)?;
    text.exactly(",\"signed_at\":")?;
    let signed_at = text.member(PhantomData)?;
    text.exactly(",\"signers\":")?;
    let signers = text.member(Signers)?;
    text.exactly(",\"stream\":")?;
    let stream = text.member(PhantomData)?;
    text.exactly(",\"type\":\"")?;
    text.exactly(name)?;
    text.exactly("\",\"v\":1,\"valid_until\":")?;
    let valid_until = text.member(PhantomData)?;
    text.exactly("}")?;
    text.end()?;
    Ok(Payload { data, expected_revision, id, ledger: ledger.into(), signed_at, signers, stream, valid_until })
}

/// The type that stands before version and latest time, which are as long in every event.
fn type_at_end(text: &str) -> Option<(EventType, &str)> {
    let before = text.len().checked_sub("\",\"v\":1,\"valid_until\":\"2026-03-01T09:00:00.000Z\"}".len())?;
    let (_, name) = text.get(..before)?.rsplit_once('"')?;
    Some((name.parse().ok()?, name))
}

impl<'de> DeserializeSeed<'de> for EventType {
    type Value = Data;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Data, D::Error> {
        Data::deserialize(self, deserializer)
    }
}

/// One signer mostly, so that a list of four would be three too long.
struct Signers;

impl<'de> DeserializeSeed<'de> for Signers {
    type Value = Vec<Signer>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Signer>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Signers {
    type Value = Vec<Signer>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of signers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Signer>, A::Error> {
        let mut signers = Vec::with_capacity(1);
        while let Some(signer) = list.next_element()? {
            signers.push(signer);
        }
        Ok(signers)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPayload<'a> {
    #[serde(borrow)]
    data: &'a RawValue,
    expected_revision: u64,
    id: EventId,
    #[serde(borrow)]
    ledger: Cow<'a, str>,
    signed_at: Timestamp,
    signers: Vec<Signer>,
    stream: Stream,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    v: i64,
    valid_until: Timestamp,
}

/// Reads any payload, and says what is wrong with it: its spelling, its members, its type, its data, in that order.
fn careful(payload: &[u8]) -> Result<Payload, EventError> {
    let wrong = |problem: String| EventError::Payload(problem);
    let text = json::check_canonical(payload, MAX_DEPTH).map_err(|error| wrong(error.to_string()))?;
    let raw: RawPayload<'_> = json::from_objects(text).map_err(|error| wrong(error.to_string()))?;
    let unknown = || EventError::UnknownType { event_type: raw.event_type.chars().take(60).collect(), version: raw.v };
    let event_type: EventType = raw.event_type.parse().map_err(|_| unknown())?;
    if raw.v != VERSION {
        return Err(unknown());
    }
    let data = Data::parse(event_type, raw.data.get()).map_err(|error| wrong(format!("data: {error}")))?;
    Ok(Payload {
        data,
        expected_revision: raw.expected_revision,
        id: raw.id,
        ledger: raw.ledger.into(),
        signed_at: raw.signed_at,
        signers: raw.signers,
        stream: raw.stream,
        valid_until: raw.valid_until,
    })
}

#[cfg(test)]
mod tests;
