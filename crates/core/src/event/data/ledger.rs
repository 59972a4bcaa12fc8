//! The ledger itself: its registrars, keys, rules and reference data, and its end.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ClosingReason, RegistrarKey, VerifierKeyText};
use crate::ids::Code;
use crate::time::Date;
use crate::wire::{Digest, KeyId};

/// `CodeListPublished`: a list has another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeListPublished {
    /// The list, for example `CL-GATE`.
    pub id: Code,
    /// The first day on which it is in force.
    pub in_force_from: Date,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: Digest,
    /// Its version: one more than the last.
    pub version: u32,
}

/// `PolicyPublished`: a policy has another version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyPublished {
    /// The policy, for example `POLICY-ROLES`.
    pub id: Code,
    /// The first day on which it is in force.
    pub in_force_from: Date,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: Digest,
    /// Its version: one more than the last.
    pub version: u32,
}

/// `RulesAdopted`: from the next entry on other rules decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesAdopted {
    /// Their version.
    pub rules: u32,
}

/// `RegistrarChanged`: other people register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrarChanged {
    /// New keys; each signs this event.
    pub add: Vec<RegistrarKey>,
    /// Keys that register no more.
    pub remove: Vec<KeyId>,
    /// How many registrars must sign from now on, at least 2.
    pub threshold: u32,
}

/// `LogKeyChanged`: another key signs checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogKeyChanged {
    /// The size of the first checkpoint that the new key signs; the old key signs that one too.
    pub first_size: u64,
    /// The new key, as a vkey under the same origin.
    pub new: VerifierKeyText,
    /// The old key.
    pub old: VerifierKeyText,
}

/// `WitnessPolicyPublished`: which witnesses are asked, and how many must answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WitnessPolicyPublished {
    /// Lower-case hex SHA-256 of the policy file.
    pub sha256: Digest,
}

/// `LedgerClosed`: nothing more is recorded here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerClosed {
    /// Why.
    pub reason: ClosingReason,
    /// The ledger that goes on: its origin and the leaf hash of its entry 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<LedgerName>,
}

crate::header::grammar! {
    /// The identity of a ledger: `<origin>#<64 hex>`.
    LedgerName, "^[a-z0-9.:-]{1,100}(/[A-Za-z0-9._~-]{1,60}){0,8}#[0-9a-f]{64}$",
    "the identity of a ledger, its origin, `#` and 64 hexadecimal digits",
    |text| text.split_once('#').is_some_and(|(origin, leaf)| {
        origin.parse::<super::Origin>().is_ok()
            && leaf.len() == 64
            && leaf.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}
