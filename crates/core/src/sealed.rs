//! Commitments in the data of events, typed by what they seal.
//!
//! `{"$commit":"hmac-sha256:<64 hex>"}` in the log; the type parameter says which kind of content
//! opens it, and the published schema says so as `x-kind` (wire.md 2.5).

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use crate::commitment::{Commitment, Kind};

/// What a commitment seals.
pub trait Content {
    /// The kind that stands in the message of the commitment.
    const KIND: Kind;

    /// The published schema of a `json` content, by name, for example `words/advice-v1`.
    const SCHEMA: Option<&'static str> = None;
}

/// Free text: UTF-8, NFC, no control characters but newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {}

impl Content for Text {
    const KIND: Kind = Kind::Text;
}

/// The SHA-256 of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {}

impl Content for File {
    const KIND: Kind = Kind::Sha256;
}

/// A commitment to a `T`.
pub struct Sealed<T> {
    /// The commitment itself.
    pub commitment: Commitment,
    content: PhantomData<fn() -> T>,
}

impl<T> Sealed<T> {
    /// Wraps a commitment that is meant to open as a `T`.
    pub fn new(commitment: Commitment) -> Self {
        Self { commitment, content: PhantomData }
    }
}

impl<T> Clone for Sealed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Sealed<T> {}

impl<T> PartialEq for Sealed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.commitment == other.commitment
    }
}

impl<T> Eq for Sealed<T> {}

impl<T> fmt::Debug for Sealed<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.commitment.fmt(formatter)
    }
}

impl<T> Serialize for Sealed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.commitment.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Sealed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Commitment::deserialize(deserializer).map(Self::new)
    }
}

impl<T: Content> JsonSchema for Sealed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Commitment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({
            "type": "object",
            "properties": { "$commit": { "type": "string", "pattern": "^hmac-sha256:[0-9a-f]{64}$" } },
            "required": ["$commit"],
            "additionalProperties": false,
            "x-kind": T::KIND.as_str(),
        });
        if let Some(name) = T::SCHEMA {
            schema.insert("x-schema".to_owned(), format!("/schemas/{name}.json").into());
        }
        schema
    }
}
