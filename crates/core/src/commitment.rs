//! Words beside the log: the entry holds a commitment, a disclosure opens it.
//!
//! ```text
//! commitment  HMAC-SHA256(key = salt, message), written {"$commit":"hmac-sha256:<64 hex>"}
//! message     counterpart/commit/v1 NUL event id NUL JSON Pointer within data NUL kind NUL content
//! salt        32 random bytes, fresh for each value
//! disclosure  {"pointer":"/terms","kind":"json","salt":"<base64>","content":"<base64>"}
//! ```
//!
//! In scope: making, reading and opening. Out of scope: keeping the words (the store), and which of them a
//! rule may ask for (door rules only).

mod disclosure;
mod found;
mod promised;

use std::fmt;
use std::marker::PhantomData;

use hmac::{Hmac, KeyInit, Mac};
use serde::de::{Error as _, MapAccess};
use serde::ser::SerializeMap;
use sha2::Sha256;

pub use disclosure::{Disclosure, DisclosureError, check_content, open, open_all};
pub use found::commitments;
pub use promised::Promised;

use crate::wire::hex32;

/// Bytes of content in one disclosure: 1 MiB.
pub const MAX_CONTENT: usize = 1024 * 1024;
/// Bytes of content in all disclosures of one submission: 8 MiB.
pub const MAX_CONTENTS: usize = 8 * 1024 * 1024;
/// Disclosures of one submission.
pub const MAX_DISCLOSURES: usize = 20_000;
/// Levels of objects and lists in content of kind `json`.
pub const MAX_CONTENT_DEPTH: usize = 32;

const DOMAIN: &[u8] = b"counterpart/commit/v1";
const MEMBER: &str = "$commit";
const SCHEME: &str = "hmac-sha256:";

/// A salted promise of words that lie beside the log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment(pub [u8; 32]);

/// What the content of a disclosure is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// UTF-8 in NFC, without control characters but newline.
    Text,
    /// A JSON document in canonical form.
    Json,
    /// The 32 bytes of the SHA-256 of a file.
    Sha256,
}

impl Kind {
    /// How the wire writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Text => "text",
            Kind::Json => "json",
            Kind::Sha256 => "sha256",
        }
    }

    /// The kind that the wire writes so.
    pub fn of(text: &str) -> Option<Kind> {
        [Kind::Text, Kind::Json, Kind::Sha256].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Commits to content at one place of one event. The same words elsewhere give another commitment.
pub fn commit(salt: &[u8; 32], event_id: &str, pointer: &str, kind: Kind, content: &[u8]) -> Commitment {
    Commitment(keyed(salt, event_id, pointer, kind, content).finalize().into_bytes().into())
}

fn keyed(salt: &[u8; 32], event_id: &str, pointer: &str, kind: Kind, content: &[u8]) -> Hmac<Sha256> {
    // HMAC pads a shorter key with zeros (RFC 2104, 2), so the block made here stands for the same key.
    let mut block = [0; 64];
    for (to, from) in block.iter_mut().zip(salt) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    for part in [DOMAIN, event_id.as_bytes(), pointer.as_bytes(), kind.as_str().as_bytes()] {
        mac.update(part);
        mac.update(&[0]);
    }
    mac.update(content);
    mac
}

impl Commitment {
    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads `hmac-sha256:` and 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Commitment> {
        hex32::parse(text.strip_prefix(SCHEME)?).ok().map(Commitment)
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        // INVARIANT: 32 bytes are 64 digits, which are ASCII; neither step can fail.
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(SCHEME)?;
        f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Commitment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(MEMBER, &self.to_string())?;
        map.end()
    }
}

impl<'de> serde::Deserialize<'de> for Commitment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Commitment, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Commitment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a commitment like {\"$commit\":\"hmac-sha256:<64 lower-case hexadecimal digits>\"}")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Commitment, A::Error> {
                let wrong = || A::Error::custom("a commitment has the one member `$commit`");
                let (Told(is_member), Told(found)) =
                    map.next_entry::<Told<bool>, Told<Option<Commitment>>>()?.ok_or_else(wrong)?;
                if !is_member || map.next_key::<String>()?.is_some() {
                    return Err(wrong());
                }
                found.ok_or_else(|| A::Error::custom("write `hmac-sha256:` and 64 lower-case hexadecimal digits"))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

/// What a text told: whether it is the member's name, or which commitment it is. The text itself is not kept.
struct Told<T>(T);

impl From<&str> for Told<bool> {
    fn from(text: &str) -> Self {
        Told(text == MEMBER)
    }
}

impl From<&str> for Told<Option<Commitment>> {
    fn from(text: &str) -> Self {
        Told(Commitment::parse(text))
    }
}

impl<'de, T> serde::Deserialize<'de> for Told<T>
where
    Told<T>: for<'t> From<&'t str>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<T> serde::de::Visitor<'_> for Visitor<T>
        where
            Told<T>: for<'t> From<&'t str>,
        {
            type Value = Told<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Told<T>, E> {
                Ok(text.into())
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

impl schemars::JsonSchema for Commitment {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Commitment".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "object",
            "properties": { "$commit": { "type": "string", "pattern": "^hmac-sha256:[0-9a-f]{64}$" } },
            "required": ["$commit"],
            "additionalProperties": false
        })
    }
}
