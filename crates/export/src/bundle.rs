//! The evidence bundle of an agreement: a zip that is checked without the ledger (`docs/verify/README.md`).
//!
//! ```text
//! README.md            how to check it, with Python or OpenSSL alone
//! account.md           what happened, in plain words
//! checkpoint           a signed note
//! entries.jsonl        the bytes of a leaf on each line, in the order of the log
//! proofs.jsonl         {"index":n,"path":["<base64>",…]} for each
//! disclosures.jsonl    {"event","pointer","kind","salt","content"}, as they were submitted
//! data/<sha256>        reference data that the entries pin
//! policy               the tlog-policy by which the quorum was judged
//! ```

use std::collections::{BTreeMap, BTreeSet};

use counterpart_core::codes;
use counterpart_core::commitment::{Disclosure, Kind, MAX_CONTENT, MAX_CONTENT_DEPTH, commitments};
use counterpart_core::event::data::Data;
use counterpart_core::ids::EventId;
use counterpart_core::json::{self, Value, jcs};
use counterpart_core::wire::{Digest, Entry};
use counterpart_tlog::Hash;

use crate::archive::{self, ArchiveError};
use crate::chain::data_of;
use crate::closure::Needed;

/// What stands on top of every page of a bundle that no quorum of witnesses stands behind.
pub const NOT_WITNESSED: &str = "Not witnessed: no quorum of independent witnesses has signed the checkpoint of this \
                                 bundle, so only the ledger itself vouches that everybody sees this history.";

const HOW_TO: &str = include_str!("how_to.md");

/// What goes into a bundle.
#[derive(Debug)]
pub struct Bundle<'a> {
    /// What to call the agreement: its reference.
    pub reference: &'a str,
    /// The signed note under which everything is proved.
    pub checkpoint: &'a str,
    /// The entries, by their index, each below the size of the checkpoint.
    pub entries: &'a BTreeMap<u64, Needed>,
    /// The inclusion path of each entry, in the same order.
    pub paths: &'a [Vec<Hash>],
    /// The words that whoever asked may see, with the event that committed to them.
    pub disclosures: &'a [(EventId, Disclosure)],
    /// The tlog-policy by which the quorum was judged.
    pub policy: &'a str,
    /// What happened ([`crate::account`]), without notices.
    pub account: &'a str,
    /// What stands on top of both pages: not witnessed, a demonstration.
    pub notices: &'a [&'a str],
}

impl Bundle<'_> {
    /// The bytes of the zip; the same parts make the same bytes.
    ///
    /// # Errors
    ///
    /// The zip cannot be written.
    ///
    /// # Panics
    ///
    /// When there is not one path for each entry.
    pub fn to_zip(&self) -> Result<Vec<u8>, ArchiveError> {
        assert_eq!(self.entries.len(), self.paths.len(), "there is one path for each entry");
        let mut entries = Vec::new();
        for needed in self.entries.values() {
            entries.extend_from_slice(&needed.bytes);
            entries.push(b'\n');
        }
        let mut proofs = Vec::new();
        for (index, path) in self.entries.keys().zip(self.paths) {
            proofs.extend(jcs(&proof(*index, path)));
            proofs.push(b'\n');
        }
        let mut disclosures = Vec::new();
        let words = provable(self.entries, self.disclosures);
        for (event, disclosure) in &words {
            disclosures.extend(jcs(&said(*event, disclosure)));
            disclosures.push(b'\n');
        }
        let notices: String = self.notices.iter().flat_map(|notice| ["**", notice, "**\n\n"]).collect();
        let (readme, account) = (notices.clone() + &self.how_to(words.len()), notices + self.account);
        let data: Vec<(String, &str)> =
            self.data().into_iter().map(|(hash, text)| (format!("data/{hash}"), text)).collect();
        let members = [
            ("README.md", readme.as_bytes()),
            ("account.md", account.as_bytes()),
            ("checkpoint", self.checkpoint.as_bytes()),
            ("entries.jsonl", &entries),
            ("proofs.jsonl", &proofs),
            ("disclosures.jsonl", &disclosures),
            ("policy", self.policy.as_bytes()),
        ];
        archive::write(members.into_iter().chain(data.iter().map(|(name, text)| (name.as_str(), text.as_bytes()))))
    }

    fn how_to(&self, words: usize) -> String {
        HOW_TO
            .replace("{reference}", self.reference)
            .replace("{origin}", self.checkpoint.lines().next().unwrap_or_default())
            .replace("{size}", self.checkpoint.lines().nth(1).unwrap_or_default())
            .replace("{entries}", &self.entries.len().to_string())
            .replace("{words}", &words.to_string())
    }

    /// The reference data that its entries pin and that this program holds.
    fn data(&self) -> BTreeMap<Digest, &'static str> {
        let mut data = BTreeMap::new();
        for needed in self.entries.values() {
            if let Data::LedgerGenesis(genesis) = &needed.event.data {
                let rows = genesis.code_lists.iter().chain(&genesis.policies);
                data.extend(rows.filter_map(|row| Some((row.sha256, codes::by_sha256(&row.sha256)?.text))));
            }
        }
        data
    }
}

/// The words whose commitments the bundle shows: in an entry, or in a `json` content beside it.
///
/// Where a publication decision withholds a word, nobody outside reads the skeleton of the terms, and the words within
/// it cannot be proved to be theirs.
fn provable<'a>(
    entries: &BTreeMap<u64, Needed>,
    disclosures: &'a [(EventId, Disclosure)],
) -> Vec<&'a (EventId, Disclosure)> {
    let mut shown: BTreeSet<(EventId, String)> = BTreeSet::new();
    for needed in entries.values() {
        let envelope = Entry::parse(&needed.bytes).map(|entry| entry.envelope);
        let data = envelope.ok().and_then(|envelope| data_of(&envelope).ok());
        let held = data.and_then(|data| commitments(&data, "").ok()).unwrap_or_default();
        shown.extend(held.into_iter().map(|(place, _)| (needed.event.id, place)));
    }
    let mut provable = in_order(disclosures);
    provable.retain(|(event, disclosure)| {
        if !shown.contains(&(*event, disclosure.pointer.clone())) {
            return false;
        }
        if disclosure.kind == Kind::Json {
            let limits = json::Limits { max_depth: MAX_CONTENT_DEPTH, max_bytes: MAX_CONTENT };
            let inner = json::parse(&disclosure.content, limits).ok();
            let held = inner.and_then(|inner| commitments(&inner, &disclosure.pointer).ok()).unwrap_or_default();
            shown.extend(held.into_iter().map(|(place, _)| (*event, place)));
        }
        true
    });
    provable
}

/// Words within a `json` content come after it, since it holds their commitments.
fn in_order(disclosures: &[(EventId, Disclosure)]) -> Vec<&(EventId, Disclosure)> {
    let mut ordered: Vec<&(EventId, Disclosure)> = disclosures.iter().collect();
    ordered.sort_by_key(|(_, disclosure)| (disclosure.kind != Kind::Json, disclosure.pointer.len()));
    ordered
}

fn proof(index: u64, path: &[Hash]) -> Value {
    let path = path.iter().map(|hash| Value::Str(hash.to_string())).collect();
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    Value::Object(vec![("index".to_owned(), Value::Int(index)), ("path".to_owned(), Value::Array(path))])
}

fn said(event: EventId, disclosure: &Disclosure) -> Value {
    let mut members = vec![("event".to_owned(), Value::Str(event.to_string()))];
    if let Value::Object(own) = disclosure.to_value() {
        members.extend(own);
    }
    // In the order of the canonical form.
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    Value::Object(members)
}
