//! One look of a monitor at a log: verify, then tell.
//!
//! Only the form of a payload is read, so that events of types that this program does not know are told all the same.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Entry, KeyId};
use counterpart_mirror::{FollowError, Source, follow};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::ed25519::PublicKey;
use counterpart_tlog::policy::{Policy, Satisfied};
use counterpart_tlog::tile::{self, TILE_WIDTH, TilePath};
use counterpart_tlog::{Frontier, leaf_hash};
use serde_json::{Value, json};

use super::memory::Memory;
use crate::ending::Fault;
use crate::histories::keep_both;
use crate::mirror::key_changes;

/// How far an entry may lie from a cosignature: 5 minutes (wire.md 3).
const WITNESS_SLACK_MS: i64 = 5 * 60 * 1000;

/// How old the newest cosignatures may be: 10 minutes.
const QUORUM_AGE_MAX: u64 = 600;

/// Whom to watch.
pub struct Watched {
    pub organisations: Vec<OrganisationCode>,
    pub keys: Vec<KeyId>,
}

/// What one look came to.
pub struct Looked {
    pub found: Vec<Found>,
    pub breaches: Vec<Breach>,
    /// Why the witnesses are not to be relied on.
    pub stale: Option<String>,
    /// What to remember.
    pub memory: Memory,
}

/// An event of somebody who is watched.
pub struct Found {
    index: u64,
    recorded_at: Timestamp,
    payload: Value,
    /// Whether it was made in their name, or is about them.
    own: bool,
    signatures: &'static str,
}

/// The log breaks its word.
pub enum Breach {
    /// An entry cannot be read.
    Unreadable { index: u64, why: String },
    /// A signature does not verify.
    Signature { index: u64, key: KeyId },
    /// An entry says another time than the witnesses.
    Time { index: u64, recorded_at: Timestamp, witnessed: u64, late: bool },
}

/// Looks at what is new.
///
/// # Errors
///
/// The log cannot be read, or does not verify.
pub fn look(
    source: &Source,
    policy: &Policy,
    watched: &Watched,
    memory: Option<Memory>,
    file: &Path,
    now: Timestamp,
) -> Result<Looked> {
    let note = source.checkpoint()?;
    let policy = follow(policy.clone(), source, &note, key_changes).map_err(|error| match error {
        FollowError::Source(error) => error.into(),
        FollowError::Unproved { .. } | FollowError::HandedOver { .. } => Fault::unverified(error.to_string()),
    })?;
    let Satisfied { checkpoint, log_key, witnesses } =
        policy.verify(&note).map_err(|error| Fault::unverified(format!("the checkpoint is not accepted: {error}")))?;
    let memory = memory.unwrap_or_else(|| Memory::new(&checkpoint.origin));
    if memory.origin != checkpoint.origin {
        return Err(Fault::unverified(format!(
            "the log is `{}` and was `{}` before; give another --state for another log",
            checkpoint.origin, memory.origin
        )));
    }
    let before = memory.frontier()?;
    if checkpoint.size < before.size() {
        let kept = keep_both(file, &memory.checkpoint, &note, now)?;
        return Err(Fault::unverified(format!(
            "ROLLBACK: the log shows {} entries and has shown {} before; it was rolled back, or an old checkpoint is \
             replayed. Both signed checkpoints are kept in {}",
            checkpoint.size,
            before.size(),
            kept.display()
        )));
    }
    let mut reading = Reading { watched, memory, found: Vec::new(), breaches: Vec::new(), times: None, newest: None };
    reading.times = reading.memory.cosigned_at;
    let earliest = witnesses.iter().map(|witness| witness.timestamp).min();
    reading.newest = earliest;
    let frontier = reading.entries(source, before, checkpoint.size)?;
    if frontier.root() != checkpoint.root {
        return Err(contradiction(source, &reading.memory, &checkpoint, &note, file, now)?);
    }
    let Reading { mut memory, found, breaches, .. } = reading;
    memory.remember(&frontier);
    memory.vkey = log_key.to_string();
    memory.checkpoint = note;
    memory.cosigned_at = earliest;
    let age = earliest.map(|at| u64::try_from(now.millis() / 1000).unwrap_or_default().saturating_sub(at));
    let stale = age.filter(|age| policy.asks_for_witnesses() && *age > QUORUM_AGE_MAX).map(|age| {
        format!(
            "the newest cosignatures are {age} seconds old, and a log is cosigned at least every {QUORUM_AGE_MAX}; \
             nobody watches what it shows now"
        )
    });
    Ok(Looked { found, breaches, stale, memory })
}

/// The entries do not lead to the signed root from what was seen before: two histories, or a source that is broken.
fn contradiction(
    source: &Source,
    memory: &Memory,
    shown: &Checkpoint,
    note: &str,
    file: &Path,
    now: Timestamp,
) -> Result<anyhow::Error> {
    let theirs = source.tree(shown.size).ok().filter(|tree| tree.root() == shown.root);
    let known = memory.frontier()?;
    let another = match &theirs {
        Some(tree) => tree.root_at(known.size()) != Some(known.root()),
        None => known.size() == shown.size,
    };
    if !another {
        return Ok(Fault::unverified(format!(
            "the log does not fit its own checkpoint of {} entries; nothing of it was told",
            shown.size
        )));
    }
    let kept = keep_both(file, &memory.checkpoint, note, now)?;
    Ok(Fault::unverified(format!(
        "FORK: {} has shown two histories. It signed {} entries before and now {} that do not continue them. Both \
         signed checkpoints are kept in {}. Give them to the other parties and to the registrar",
        shown.origin,
        known.size(),
        shown.size,
        kept.display()
    )))
}

struct Reading<'w> {
    watched: &'w Watched,
    memory: Memory,
    found: Vec<Found>,
    breaches: Vec<Breach>,
    /// When the checkpoint before was cosigned, and when this one was.
    times: Option<u64>,
    newest: Option<u64>,
}

impl Reading<'_> {
    /// Reads the entries from the size of `frontier` on. What they say is told only after their root is compared.
    fn entries(&mut self, source: &Source, mut frontier: Frontier, size: u64) -> Result<Frontier> {
        for path in tile::new_entry_tiles(frontier.size(), size) {
            let TilePath::Entries { n, width } = path else { continue };
            let first = n * u64::from(TILE_WIDTH);
            for (index, entry) in (first..).zip(source.bundle(n, width)?) {
                if index >= frontier.size() {
                    frontier.push(leaf_hash(&entry));
                    self.entry(index, &entry);
                }
            }
        }
        Ok(frontier)
    }

    fn entry(&mut self, index: u64, bytes: &[u8]) {
        let (entry, payload) = match read(bytes) {
            Ok(read) => read,
            Err(why) => return self.breaches.push(Breach::Unreadable { index, why }),
        };
        let recorded_at = entry.recorded_at;
        self.compare_times(index, recorded_at);
        learn_keys(&payload, &mut self.memory.keys);
        let about = self.watched.own_stream(&payload);
        let own = self.watched.signs(&payload);
        if !own && !about {
            return;
        }
        let message = entry.envelope.pae();
        let mut signatures = "verified";
        for signature in &entry.envelope.signatures {
            let public = self.memory.keys.get(&signature.keyid.to_string()).and_then(|public| public_key(public));
            match public {
                Some(public) if public.verify(&message, &signature.sig) => {}
                Some(_) => self.breaches.push(Breach::Signature { index, key: signature.keyid }),
                None => signatures = "by a key that no entry has brought in",
            }
        }
        self.found.push(Found { index, recorded_at, payload, own, signatures });
    }

    /// An entry below a cosigned size is not later than the cosignature; one above it is not earlier.
    fn compare_times(&mut self, index: u64, recorded_at: Timestamp) {
        let millis = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000);
        if let Some(witnessed) = self.newest.filter(|at| recorded_at.millis() > millis(*at) + WITNESS_SLACK_MS) {
            self.breaches.push(Breach::Time { index, recorded_at, witnessed, late: true });
        }
        if let Some(witnessed) = self.times.filter(|at| recorded_at.millis() < millis(*at) - WITNESS_SLACK_MS) {
            self.breaches.push(Breach::Time { index, recorded_at, witnessed, late: false });
        }
    }
}

fn read(bytes: &[u8]) -> Result<(Entry, Value), String> {
    let entry = Entry::parse(bytes).map_err(|error| error.to_string())?;
    let payload = serde_json::from_slice(&entry.envelope.payload).map_err(|error| error.to_string())?;
    Ok((entry, payload))
}

impl Watched {
    fn signs(&self, payload: &Value) -> bool {
        let signers = payload.get("signers").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let text = |signer: &Value, name: &str| signer.get(name).and_then(Value::as_str).map(str::to_owned);
        signers.iter().any(|signer| {
            let organisation = text(signer, "organisation");
            let key = text(signer, "key");
            self.organisations.iter().any(|code| organisation.as_deref() == Some(code.as_str()))
                || self.keys.iter().any(|watched| key == Some(watched.to_string()))
        })
    }

    /// Whether the event is about an organisation or a key itself, whoever signs it.
    fn own_stream(&self, payload: &Value) -> bool {
        let stream = payload.get("stream").and_then(Value::as_str).unwrap_or_default();
        self.organisations.iter().any(|code| stream.strip_prefix("org:") == Some(code.as_str()))
            || self.keys.iter().any(|key| stream.strip_prefix("key:") == Some(key.to_string().as_str()))
    }
}

/// Takes up every key that stands beside its id in an event. An id that is not that of its key is left out.
fn learn_keys(value: &Value, keys: &mut std::collections::BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(id)), Some(Value::String(public))) = (members.get("key"), members.get("public"))
            {
                let fits = public_key(public).is_some_and(|key| key.keyid() == *id);
                if fits {
                    keys.insert(id.clone(), public.clone());
                }
            }
            members.values().for_each(|member| learn_keys(member, keys));
        }
        Value::Array(values) => values.iter().for_each(|value| learn_keys(value, keys)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn public_key(base64: &str) -> Option<PublicKey> {
    let bytes = STANDARD.decode(base64).ok()?;
    PublicKey::register(bytes.as_slice().try_into().ok()?).ok()
}

impl Found {
    /// As data.
    pub fn to_json(&self) -> Value {
        json!({
            "event": self.payload,
            "index": self.index,
            "made_in_their_name": self.own,
            "recorded_at": self.recorded_at.to_string(),
            "signatures": self.signatures,
        })
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |name: &str| self.payload.get(name).and_then(Value::as_str).unwrap_or("?");
        write!(f, "{} {} {} {}", self.index, self.recorded_at, text("type"), text("stream"))?;
        f.write_str(if self.own { " signed by" } else { " about them, signed by" })?;
        for signer in self.payload.get("signers").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| signer.get(name).and_then(Value::as_str).unwrap_or("?");
            write!(f, " {}/{}/{} with {:.16}", text("organisation"), text("role"), text("person"), text("key"))?;
        }
        write!(f, "; {}", self.signatures)
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { index, why } => write!(f, "entry {index} cannot be read: {why}"),
            Self::Signature { index, key } => {
                write!(f, "entry {index} stands in the name of somebody whose key {key} did not sign it")
            }
            Self::Time { index, recorded_at, witnessed, late } => {
                let how =
                    if *late { "later than a witness saw it" } else { "earlier than a witness saw the log without it" };
                write!(
                    f,
                    "entry {index} says that it was recorded at {recorded_at}, {how} (at {witnessed} seconds since 1970)"
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(code: &str) -> Watched {
        Watched { organisations: code.parse().into_iter().collect(), keys: Vec::new() }
    }

    #[test]
    fn an_event_is_told_by_its_signers_and_by_its_stream() {
        let event = json!({"signers": [{"key": "k", "organisation": "HCK"}], "stream": "org:CMD"});
        assert!(watched("HCK").signs(&event) && !watched("HCK").own_stream(&event));
        assert!(!watched("CMD").signs(&event) && watched("CMD").own_stream(&event));
        assert!(!watched("CMD").signs(&json!(null)) && !watched("CMD").own_stream(&json!([])));
    }

    #[test]
    fn a_key_is_taken_up_only_under_its_own_id() {
        let public = counterpart_tlog::ed25519::SigningKey::from_bytes(&[5; 32]).verifying_key();
        let id = PublicKey::register(&public.to_bytes()).map(|key| key.keyid()).unwrap_or_default();
        let base64 = STANDARD.encode(public.to_bytes());
        let mut keys = std::collections::BTreeMap::new();
        let other = "0".repeat(64);
        learn_keys(&json!({"data": [{"key": id, "public": base64}, {"key": other, "public": base64}]}), &mut keys);
        assert_eq!(keys.len(), 1);
        assert_eq!(keys.get(&id), Some(&base64));
    }
}
