//! The bytes of one leaf of the log.

use super::cursor::Cursor;
use super::{EVENT_TYPE, Envelope, MAX_ENTRY, WireError};
use crate::time::Timestamp;

/// One recorded event: the envelope, and when the server recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event, of type [`EVENT_TYPE`].
    pub envelope: Envelope,
    /// When the server recorded it.
    pub recorded_at: Timestamp,
}

const BEFORE: &str = "{\"envelope\":";
const BETWEEN: &str = ",\"recorded_at\":\"";
const AFTER: &str = "\"}";

impl Entry {
    /// The bytes of the leaf: JCS, and the only spelling that [`Entry::parse`] accepts.
    ///
    /// # Panics
    ///
    /// When the envelope is not that of an event: only events are recorded.
    pub fn encode(&self) -> Vec<u8> {
        assert_eq!(self.envelope.payload_type, EVENT_TYPE, "only events are recorded");
        let fixed = BEFORE.len() + BETWEEN.len() + 24 + AFTER.len();
        let mut out = String::with_capacity(fixed + self.envelope.canonical_len());
        out.push_str(BEFORE);
        self.envelope.canonical_into(&mut out);
        out.push_str(BETWEEN);
        self.recorded_at.write_into(&mut out);
        out.push_str(AFTER);
        out.into_bytes()
    }

    /// Reads an entry, and refuses any spelling that [`Entry::encode`] would not write.
    ///
    /// # Errors
    ///
    /// `E02` for another spelling; `E05` when the entry or its envelope is too large.
    pub fn parse(bytes: &[u8]) -> Result<Entry, WireError> {
        if bytes.len() > MAX_ENTRY {
            return Err(WireError::TooLarge { what: "the entry".into(), bytes: bytes.len(), limit: MAX_ENTRY });
        }
        let mut cursor = Cursor::new(bytes);
        cursor.expect(BEFORE)?;
        let envelope = cursor.envelope(EVENT_TYPE)?;
        let bytes = envelope.canonical_len();
        if bytes > super::MAX_ENVELOPE {
            return Err(WireError::TooLarge { what: "the envelope".into(), bytes, limit: super::MAX_ENVELOPE });
        }
        cursor.expect(BETWEEN)?;
        let recorded_at = std::str::from_utf8(cursor.until_quote()?).ok().and_then(|text| text.parse().ok());
        let Some(recorded_at) = recorded_at else {
            return Err(WireError::envelope("`recorded_at` must read like 2026-03-01T09:00:00.000Z"));
        };
        cursor.expect(AFTER)?;
        cursor.end()?;
        Ok(Entry { envelope, recorded_at })
    }
}
