//! Entry 0: what a ledger pins when it is founded.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Visibility;
use crate::event::public_key::PublicKeyBytes;
use crate::ids::{Code, OrganisationCode, PersonId};
use crate::wire::{Digest, KeyId};

/// A file of reference data, by its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferenceRow {
    /// The list, for example `CL-GATE` or `POLICY-ROLES`.
    pub id: Code,
    /// Lower-case hex SHA-256 of the file.
    pub sha256: Digest,
    /// Its version, from 1.
    pub version: u32,
}

/// The registrar of a ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registrar {
    /// The official name of the host body.
    pub name: String,
    /// Always `REG`.
    pub organisation: OrganisationCode,
}

/// The key of one registrar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegistrarKey {
    /// Its key id.
    pub key: KeyId,
    /// Whose it is.
    pub person: PersonId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// A key with which refusals are signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerKey {
    /// Its key id.
    pub key: KeyId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// `LedgerGenesis`: entry 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LedgerGenesis {
    /// Keys that sign refusals.
    pub answer_keys: Vec<AnswerKey>,
    /// Code lists in force from the start.
    pub code_lists: Vec<ReferenceRow>,
    /// Keys that sign checkpoints, as vkeys.
    pub log_keys: Vec<VerifierKeyText>,
    /// Host and prefix of the log.
    pub origin: Origin,
    /// Policies in force from the start.
    pub policies: Vec<ReferenceRow>,
    /// Who registers.
    pub registrar: Registrar,
    /// Their keys; each signs this event.
    pub registrar_keys: Vec<RegistrarKey>,
    /// The version of the rules, from 1.
    pub rules: u32,
    /// How many registrars must sign, at least 2.
    pub threshold: u32,
    /// Who may read the entries.
    pub visibility: Visibility,
}

crate::header::grammar! {
    /// Host and prefix of a log, for example `counterpart.example/london/log`.
    Origin, "^[a-z0-9.:-]{1,100}(/[A-Za-z0-9._~-]{1,60}){0,8}$", "an origin such as counterpart.example/london/log",
    |text| {
        let mut parts = text.split('/');
        let host = parts.next().unwrap_or_default();
        let mut count = 0;
        (1..=100).contains(&host.len())
            && host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".:-".contains(&b))
            && parts.all(|part| {
                count += 1;
                count <= 8 && (1..=60).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._~-".contains(&b))
            })
    }
}

crate::header::grammar! {
    /// A verifier key of a signed note: `name+8 hex+base64`.
    VerifierKeyText, "^[!-*,-~]{1,400}\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{1,200}={0,2}$", "a verifier key (vkey)",
    |text| {
        let mut parts = text.splitn(3, '+');
        let name = parts.next().unwrap_or_default();
        let id = parts.next().unwrap_or_default();
        let key = parts.next().unwrap_or_default();
        let body = key.trim_end_matches('=');
        (1..=400).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_graphic() && b != b'+')
            && id.len() == 8
            && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            && key.len() - body.len() <= 2
            && (1..=200).contains(&body.len())
            && body.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    }
}
