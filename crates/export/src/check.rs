//! The check of a bundle without the ledger: by a key or policy that somebody trusts, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use counterpart_core::commitment::Disclosure;
use counterpart_core::ids::EventId;
use counterpart_core::json::{self, Value};
use counterpart_core::replay;
use counterpart_core::wire::Digest;
use counterpart_tlog::policy::{Policy, Satisfied};
use counterpart_tlog::{Hash, verify_inclusion};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::archive;
use crate::chain::Chain;

/// What every zip begins with.
const ZIP: &[u8] = b"PK\x03\x04";

/// Bytes of one line of disclosures at most: the content in base64, and a little.
const LINE_MAX: usize = 2 << 20;

/// What stands in a bundle beside reference data.
const NAMES: [&str; 7] =
    ["README.md", "account.md", "checkpoint", "disclosures.jsonl", "entries.jsonl", "policy", "proofs.jsonl"];

/// Something is not as the bundle says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// What was checked, and what was not, in plain words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What holds.
    pub checked: Vec<String>,
    /// What a bundle cannot show, or does not.
    pub open: Vec<String>,
}

/// A bundle whose zip was read.
#[derive(Debug)]
pub struct Opened {
    members: BTreeMap<String, Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Proof {
    index: u64,
    path: Vec<String>,
}

/// Whether these bytes look like a bundle: a zip.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

/// Reads the zip.
///
/// # Errors
///
/// It is none, is damaged, or a name stands twice.
pub fn open(bytes: &[u8]) -> Result<Opened, Wrong> {
    archive::read(bytes).map(|members| Opened { members }).map_err(|error| Wrong(error.to_string()))
}

impl Opened {
    /// The checkpoint, not verified yet.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn checkpoint(&self) -> Result<&str, Wrong> {
        self.text("checkpoint")
    }

    /// Checks everything that a bundle can show, and tells of each thing in turn.
    ///
    /// # Errors
    ///
    /// The first thing that is not as the bundle says.
    pub fn check(&self, policy: &Policy, told: &mut Checked) -> Result<Satisfied, Wrong> {
        let satisfied = policy
            .verify(self.checkpoint()?)
            .map_err(|error| Wrong(format!("the checkpoint does not hold: {error}")))?;
        told.checked.push(format!(
            "the log {} signed {} entries, by {}",
            satisfied.checkpoint.origin, satisfied.checkpoint.size, satisfied.log_key
        ));
        if policy.asks_for_witnesses() {
            let names: Vec<&str> = satisfied.witnesses.iter().map(|witness| witness.name.as_str()).collect();
            told.checked.push(format!("witnesses cosigned, enough for the policy: {}", names.join(", ")));
        } else {
            told.open.push("not witnessed: only the log itself vouches that everybody sees this history".to_owned());
        }
        let mut chain = Chain::default();
        self.check_entries(&satisfied, &mut chain, told)?;
        self.check_words(&mut chain, told)?;
        self.check_data(&chain, told)?;
        told.open.push("README.md, account.md and policy: they are for reading, and prove nothing".to_owned());
        told.open.push(
            "whether an entry that the bundle leaves out ended a post or a key: that takes the whole log (`counterpart audit`)"
                .to_owned(),
        );
        let strange = self.members.keys().filter(|name| !NAMES.contains(&name.as_str()) && !name.starts_with("data/"));
        told.open.extend(strange.map(|name| format!("`{}`: it does not belong in a bundle", name.escape_debug())));
        Ok(satisfied)
    }

    fn check_entries(&self, satisfied: &Satisfied, chain: &mut Chain, told: &mut Checked) -> Result<(), Wrong> {
        let checkpoint = &satisfied.checkpoint;
        let (entries, proofs) = (self.lines("entries.jsonl")?, self.lines("proofs.jsonl")?);
        if entries.is_empty() || entries.len() != proofs.len() {
            return Err(Wrong(format!("there are {} entries and {} proofs", entries.len(), proofs.len())));
        }
        let mut last = None;
        for (line, proof) in entries.iter().zip(proofs) {
            let proof: Proof =
                serde_json::from_str(proof).map_err(|error| Wrong(format!("a line is no proof: {error}")))?;
            let index = proof.index;
            if last.is_some_and(|last| index <= last) {
                return Err(Wrong(format!("entry {index} is out of order")));
            }
            last = Some(index);
            let read =
                replay::read(line.as_bytes()).map_err(|stop| Wrong(format!("entry {index} is no entry: {stop}")))?;
            let path: Result<Vec<Hash>, _> = proof.path.iter().map(|step| Hash::from_base64(step)).collect();
            let path = path.map_err(|error| Wrong(format!("the path of entry {index} is no path: {error}")))?;
            verify_inclusion(&read.leaf, index, checkpoint.size, &path, &checkpoint.root)
                .map_err(|error| Wrong(format!("entry {index} is not in the log: {error}")))?;
            chain.add(index, &checkpoint.origin, &read).map_err(Wrong)?;
        }
        if !chain.log_keys.contains(&satisfied.log_key.to_string()) {
            return Err(Wrong(
                "neither the genesis nor a change after it names the key that signed the checkpoint".to_owned(),
            ));
        }
        told.checked.push(format!("{} entries are in the log, the first of all among them", entries.len()));
        told.checked.push(format!(
            "{} signatures verify, each by a key and for a post that earlier entries brought in, back to the genesis",
            chain.signatures
        ));
        Ok(())
    }

    fn check_words(&self, chain: &mut Chain, told: &mut Checked) -> Result<(), Wrong> {
        let mut opened = BTreeSet::new();
        for line in self.lines("disclosures.jsonl")? {
            let (event, disclosure) = disclosure(line)?;
            if !opened.insert(chain.open(event, &disclosure).map_err(Wrong)?) {
                return Err(Wrong(format!("the words at {} of {event} stand twice", disclosure.pointer)));
            }
        }
        told.checked.push(format!("{} words open their commitments", opened.len()));
        let closed = chain.commitments() - opened.len();
        if closed > 0 {
            told.open.push(format!("{closed} commitments whose words are not in the bundle"));
        }
        Ok(())
    }

    fn check_data(&self, chain: &Chain, told: &mut Checked) -> Result<(), Wrong> {
        let mut held = BTreeSet::new();
        for (name, content) in &self.members {
            let Some(hash) = name.strip_prefix("data/") else { continue };
            let named: Digest =
                hash.parse().map_err(|_| Wrong(format!("`{}` is not named by a hash", name.escape_debug())))?;
            if Digest(Sha256::digest(content).into()) != named {
                return Err(Wrong(format!("{name} has another hash than its name")));
            }
            if !chain.pinned.contains(&named) {
                return Err(Wrong(format!("no entry pins {name}")));
            }
            held.insert(named);
        }
        told.checked.push(format!("{} files of reference data have the hash that the genesis pins", held.len()));
        let missing = chain.pinned.difference(&held).count();
        if missing > 0 {
            told.open.push(format!("{missing} files of reference data that are not in the bundle"));
        }
        Ok(())
    }

    fn text(&self, name: &str) -> Result<&str, Wrong> {
        let bytes = self.members.get(name).ok_or_else(|| Wrong(format!("the bundle has no `{name}`")))?;
        std::str::from_utf8(bytes).map_err(|_| Wrong(format!("`{name}` is not UTF-8")))
    }

    fn lines(&self, name: &str) -> Result<Vec<&str>, Wrong> {
        let text = self.text(name)?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Wrong(format!("the last line of `{name}` is cut short")));
        }
        Ok(text.split_terminator('\n').collect())
    }
}

/// One line of disclosures: the event that committed, and the words.
fn disclosure(line: &str) -> Result<(EventId, Disclosure), Wrong> {
    let wrong = |problem: String| Wrong(format!("a line is no disclosure: {problem}"));
    let value = json::parse(line.as_bytes(), json::Limits { max_depth: 2, max_bytes: LINE_MAX });
    let mut value = value.map_err(|error| wrong(error.to_string()))?;
    let event = value.member("event").and_then(Value::as_str).and_then(|id| id.parse().ok());
    let event = event.ok_or_else(|| wrong("it names no event".to_owned()))?;
    if let Value::Object(members) = &mut value {
        members.retain(|(name, _)| name != "event");
    }
    let disclosure = Disclosure::from_value(&value).map_err(|error| wrong(error.to_string()))?;
    Ok((event, disclosure))
}
