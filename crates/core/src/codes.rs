//! Reference data: code lists and policies, as dated files named by their own hash.
//!
//! In scope: the files that this program holds, and the set that a ledger has in force.
//! Out of scope: who may publish a list; that is [`crate::admit`].
//!
//! A file is immutable: its rows are added and end-dated in a new version (wire.md 3).

mod lists;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::event::data::ReferenceRow;
use crate::header::Article6;
use crate::ids::Code;
use crate::policy::{Limits, SeparationPolicy, Spans, Windows};
use crate::roles::RolePolicy;
use crate::time::Date;
use crate::wire::Digest;

pub use lists::*;

/// One file of reference data that this program holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferenceFile {
    /// The list, for example `CL-GATE`.
    pub id: &'static str,
    /// Its version, from 1.
    pub version: u32,
    /// The file, UTF-8 JSON.
    pub text: &'static str,
}

macro_rules! files {
    ($($id:literal $version:literal,)+) => {
        /// Every file held, sorted by id and version.
        pub const FILES: &[ReferenceFile] = &[$(ReferenceFile {
            id: $id,
            version: $version,
            text: include_str!(concat!("../../../config/reference/", $id, ".", $version, ".json")),
        },)+];
    };
}

files! {
    "CL-A1" 1,
    "CL-ANON" 1,
    "CL-ART6" 1,
    "CL-ART9" 1,
    "CL-CAT" 1,
    "CL-CERT" 1,
    "CL-DEST" 1,
    "CL-FOI" 1,
    "CL-GATE" 1,
    "CL-IDENT" 1,
    "CL-LIC" 1,
    "CL-PUB" 1,
    "CL-PURP" 1,
    "CL-SCH1" 1,
    "CL-SUBJ" 1,
    "POLICY-LIMITS" 1,
    "POLICY-ROLES" 1,
    "POLICY-SEPARATION" 1,
    "POLICY-WINDOWS" 1,
}

impl ReferenceFile {
    /// What names the file: the SHA-256 of its bytes.
    pub fn sha256(&self) -> Digest {
        Digest(Sha256::digest(self.text.as_bytes()).into())
    }

    /// Whether it is a policy; otherwise it is a code list.
    pub fn is_policy(&self) -> bool {
        self.id.starts_with("POLICY-")
    }

    fn row(&self) -> Option<ReferenceRow> {
        Some(ReferenceRow { id: self.id.parse().ok()?, sha256: self.sha256(), version: self.version })
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, ReferenceError> {
        serde_json::from_str(self.text)
            .map_err(|error| ReferenceError::Unreadable { id: self.id.to_owned(), problem: error.to_string() })
    }
}

/// The file of this hash, if this program holds it.
pub fn by_sha256(sha256: &Digest) -> Option<&'static ReferenceFile> {
    FILES.iter().find(|file| file.sha256() == *sha256)
}

/// What a genesis pins when it takes the newest of everything: code lists, then policies.
pub fn manifest() -> (Vec<ReferenceRow>, Vec<ReferenceRow>) {
    let rows = |policies: bool| {
        FILES.iter().filter(|file| file.is_policy() == policies).filter_map(ReferenceFile::row).collect()
    };
    (rows(false), rows(true))
}

/// Why reference data cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// E10: this program does not hold the file.
    #[error("reference data `{id}` with SHA-256 {sha256} are not held here; install them first")]
    NotHeld {
        /// Which list.
        id: Code,
        /// Its hash.
        sha256: Digest,
    },
    /// E10: the hash is held, but under another name or version.
    #[error("the file with SHA-256 {sha256} is `{held}`, and not `{id}` version {version}")]
    Mislabelled {
        /// As claimed.
        id: Code,
        /// As claimed.
        version: u32,
        /// Its hash.
        sha256: Digest,
        /// What it is.
        held: String,
    },
    /// A list that the rules read is not in force.
    #[error("the ledger has no `{0}` in force")]
    Missing(&'static str),
    /// A file is not what its rules ask for; a test holds that this never happens.
    #[error("reference data `{id}` cannot be read: {problem}")]
    Unreadable {
        /// Which list.
        id: String,
        /// What is wrong.
        problem: String,
    },
}

/// The lists and policies in force in one ledger.
#[derive(Clone, Debug)]
pub struct ReferenceSet {
    /// Code lists by version, as a header names them.
    pub code_lists: Arc<BTreeMap<Code, u32>>,
    /// Policies by version, as a header names them.
    pub policies: Arc<BTreeMap<Code, u32>>,
    /// Legal gateways.
    pub gateways: Vec<GatewayRule>,
    /// INVARIANT: where the first of each code stands.
    gateway_places: HashMap<Code, usize>,
    /// Who must sign.
    pub roles: RolePolicy,
    /// Which roles one person may not hold together.
    pub separation: SeparationPolicy,
    /// How long things may take.
    pub windows: Windows,
    /// How long agreements may run.
    pub spans: Spans,
    /// Names that identify persons.
    pub identifiers: IdentifierList,
    /// Schedule 1 of the Data Protection Act 2018.
    pub schedule1: Schedule1,
    /// When each Article 6 basis came into force.
    bases: Vec<BasisRow>,
    /// Lists of plain codes, by list.
    plain: BTreeMap<&'static str, Vec<PlainRow>>,
    /// How much may be recorded.
    pub limits: Limits,
}

impl ReferenceSet {
    /// The set that these rows of a ledger name.
    ///
    /// # Errors
    ///
    /// [`ReferenceError`] for a hash that is not held or not what the row says (E10), and for a list that
    /// the rules cannot do without.
    pub fn resolve(code_lists: &[ReferenceRow], policies: &[ReferenceRow]) -> Result<Self, ReferenceError> {
        let mut held = BTreeMap::new();
        for row in code_lists.iter().chain(policies) {
            let file = by_sha256(&row.sha256)
                .ok_or_else(|| ReferenceError::NotHeld { id: row.id.clone(), sha256: row.sha256 })?;
            if file.id != row.id.as_str() || file.version != row.version {
                return Err(ReferenceError::Mislabelled {
                    id: row.id.clone(),
                    version: row.version,
                    sha256: row.sha256,
                    held: format!("{}.{}", file.id, file.version),
                });
            }
            held.insert(file.id, file);
        }
        let needed = |id: &'static str| held.get(id).ok_or(ReferenceError::Missing(id));
        let gateways: ListOf<GatewayRule> = needed("CL-GATE")?.read()?;
        let bases: ListOf<BasisRow> = needed("CL-ART6")?.read()?;
        let mut plain = BTreeMap::new();
        for id in PLAIN_LISTS {
            let list: ListOf<PlainRow> = needed(id)?.read()?;
            plain.insert(id, list.rows);
        }
        let roles = needed("POLICY-ROLES")?.read()?;
        let places = gateways.rows.iter().enumerate().map(|(place, rule)| (rule.code.clone(), place));
        let versions = |rows: &[ReferenceRow]| rows.iter().map(|row| (row.id.clone(), row.version)).collect();
        Ok(Self {
            code_lists: Arc::new(versions(code_lists)),
            policies: Arc::new(versions(policies)),
            gateway_places: places.rev().collect(),
            gateways: gateways.rows,
            roles,
            separation: needed("POLICY-SEPARATION")?.read()?,
            windows: needed("POLICY-WINDOWS")?.read()?,
            spans: needed("POLICY-WINDOWS")?.read()?,
            identifiers: needed("CL-IDENT")?.read()?,
            schedule1: needed("CL-SCH1")?.read()?,
            bases: bases.rows,
            plain,
            limits: needed("POLICY-LIMITS")?.read()?,
        })
    }

    /// The row of a gateway.
    pub fn gateway(&self, code: &Code) -> Option<&GatewayRule> {
        self.gateways.get(*self.gateway_places.get(code)?)
    }

    /// Whether a list of plain codes has this one.
    pub fn lists(&self, list: &str, code: &str) -> bool {
        self.plain.get(list).is_some_and(|rows| rows.iter().any(|row| row.is(code)))
    }

    /// The first day on which a basis could be relied on, where that day is known.
    pub fn basis_from(&self, basis: Article6) -> Option<Date> {
        self.bases.iter().find(|row| row.code == basis)?.in_force_from
    }

    /// Gateways whose use needs a legal opinion, whatever the filer says.
    pub fn needing_legal(&self) -> BTreeSet<&Code> {
        self.gateways.iter().filter(|rule| rule.needs_legal).map(|rule| &rule.code).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::{FILES, ReferenceError, ReferenceSet, by_sha256, manifest};
    use crate::wire::Digest;

    #[test]
    fn every_file_is_json_that_names_itself() {
        for file in FILES {
            let value: serde_json::Value = serde_json::from_str(file.text).unwrap();
            assert_eq!(value["id"], file.id);
            assert_eq!(value["version"], file.version);
            assert_eq!(by_sha256(&file.sha256()), Some(file));
        }
    }

    #[test]
    fn the_manifest_resolves_and_names_every_gateway_once() {
        let (lists, policies) = manifest();
        assert_eq!(lists.len() + policies.len(), FILES.len());
        let set = ReferenceSet::resolve(&lists, &policies).unwrap();
        let mut codes: Vec<_> = set.gateways.iter().map(|rule| rule.code.as_str()).collect();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
        for code in ["CA89-47", "LOC-1", "UNI-CHARTER", "HSCA-251B"] {
            assert!(codes.contains(&code), "{code}");
        }
        assert!(!set.gateways.iter().any(|rule| rule.code.as_str() == "CA04-16LA" && rule.in_force_from.is_some()));
    }

    #[test]
    fn a_hash_that_is_not_held_or_is_another_list_is_refused() {
        let (lists, policies) = manifest();
        let mut unknown = lists.clone();
        unknown[0].sha256 = Digest([7; 32]);
        assert!(matches!(ReferenceSet::resolve(&unknown, &policies), Err(ReferenceError::NotHeld { .. })));
        let mut swapped = lists.clone();
        swapped[0].sha256 = lists[1].sha256;
        assert!(matches!(ReferenceSet::resolve(&swapped, &policies), Err(ReferenceError::Mislabelled { .. })));
        assert!(matches!(ReferenceSet::resolve(&lists, &[]), Err(ReferenceError::Missing("POLICY-ROLES"))));
    }
}
