//! A public key as it stands in the data of an event.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterpart_tlog::ed25519::{KeyError, PublicKey};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::KeyId;

/// The 32 raw bytes of an Ed25519 public key; standard padded base64 in JSON.
///
/// That the bytes are a suitable key is not a matter of form: that is K06, at registration.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKeyBytes(pub [u8; 32]);

impl PublicKeyBytes {
    /// The key id: the SHA-256 of the bytes.
    pub fn key_id(&self) -> KeyId {
        KeyId::of(&self.0)
    }
}

/// Keys that were parsed, so that none is parsed twice: that takes as long as checking a signature or two.
///
/// It follows from the keys alone, so it never tells two events apart.
#[derive(Clone, Default)]
pub struct ParsedKeys(OnceLock<Box<[ParsedKey]>>);

/// A key, and what parsing it came to.
type ParsedKey = (PublicKeyBytes, Result<PublicKey, KeyError>);

impl ParsedKeys {
    /// A key as it may be registered, or why it may not. `all` are parsed when somebody first asks; any other is
    /// parsed each time.
    pub(crate) fn get(
        &self,
        key: &PublicKeyBytes,
        all: impl FnOnce() -> Vec<PublicKeyBytes>,
    ) -> Result<PublicKey, KeyError> {
        let parse = |key: &PublicKeyBytes| PublicKey::register(&key.0);
        let parsed = self.0.get_or_init(|| all().into_iter().map(|key| (key, parse(&key))).collect());
        parsed.iter().find(|(other, _)| other == key).map_or_else(|| parse(key), |(_, parsed)| *parsed)
    }
}

impl PartialEq for ParsedKeys {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for ParsedKeys {}

impl fmt::Debug for ParsedKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ParsedKeys")
    }
}

impl fmt::Debug for PublicKeyBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl Serialize for PublicKeyBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for PublicKeyBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let bytes =
            STANDARD.decode(text.as_bytes()).map_err(|_| serde::de::Error::custom("a key must be standard base64"))?;
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| serde::de::Error::custom("a key must have 32 bytes"))?;
        Ok(Self(bytes))
    }
}

impl JsonSchema for PublicKeyBytes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PublicKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$" })
    }
}
