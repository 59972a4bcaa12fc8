//! The life of keys, and what becomes of signatures by a key that may be in other hands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContestOutcome, Custody, KeyEnd};
use crate::event::public_key::PublicKeyBytes;
use crate::ids::{EventId, OrganisationCode, PersonId};
use crate::sealed::{Sealed, Text};
use crate::wire::KeyId;

/// `KeyRegistered`: a person gets a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistered {
    /// Where the private key lives.
    pub custody: Custody,
    /// Its key id.
    pub key: KeyId,
    /// For which organisation.
    pub organisation: OrganisationCode,
    /// Whose.
    pub person: PersonId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// `KeyRotated`: a key takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// Where the private key lives.
    pub custody: Custody,
    /// The new key id.
    pub key: KeyId,
    /// The new key.
    pub public: PublicKeyBytes,
    /// The old key id.
    pub replaces: KeyId,
}

/// `KeyRevoked`: a key ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// Which.
    pub key: KeyId,
    /// Why.
    pub reason: KeyEnd,
}

/// `KeyCompromised`: a key may be in other hands, and what it signed from an index on is contested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyCompromised {
    /// What shows it.
    pub evidence: Sealed<Text>,
    /// Which.
    pub key: KeyId,
    /// The index from which its signatures are in doubt; left out: that of this event, so that none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspect_from: Option<u64>,
}

/// `ContestResolved`: A34: a body says what of a contested signature is its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContestResolved {
    /// What shows it.
    pub evidence: Sealed<Text>,
    /// Whether the body stands by them.
    pub outcome: ContestOutcome,
    /// The contested events, all of this stream.
    pub targets: Vec<EventId>,
}
