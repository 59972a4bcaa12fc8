//! The demonstration on disk: a founded ledger, its submissions, and the keys of everybody in it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::json::{self, Value};
use counterpart_core::ledger::{Ledger, Opened, Outcome};
use counterpart_core::time::Timestamp;

use super::{Chance, Demonstration, LedgerKeys, ORIGIN, Officer, Pace, Refused, Said, play};
use crate::folder::Folder;
use crate::passphrase::Passphrase;
use crate::people::KeyHolder;
use crate::{key_file, shell};

/// Where the keys lie, beside a ledger.
pub const KEYS: &str = "keys";

/// What was tried and refused while the story was told.
pub const REFUSED: &str = "refused.json";

/// Where the submissions lie.
pub const EVENTS: &str = "events.ndjson";

/// Makes the ledger of `serve --demo` in an empty folder: a story of 150 days that ends at `now`.
///
/// # Errors
///
/// The folder holds something else, or cannot be written.
pub fn history(root: &Path, chance: Chance, now: Timestamp, more: u32) -> Result<Demonstration> {
    new_folder(root)?;
    let folder = Folder::at(root);
    let keys = ledger_keys(&folder)?;
    let demonstration = play(chance, now, Pace::History, more, &keys)?;
    record(&folder, &demonstration.said)?;
    write_keys(&root.join(KEYS), &demonstration.officers)?;
    let mut refused = serde_json::to_vec_pretty(&demonstration.refused)?;
    refused.push(b'\n');
    shell::write_new(&root.join(REFUSED), &refused, false)?;
    Ok(demonstration)
}

/// What was tried and refused in the demonstration of a folder; nothing where it was made by an older program.
///
/// # Errors
///
/// The file is damaged.
pub fn refused(root: &Path) -> Result<Vec<Refused>> {
    let Ok(text) = shell::read_text(&root.join(REFUSED)) else { return Ok(Vec::new()) };
    serde_json::from_str(&text).with_context(|| format!("`{}` is damaged", root.join(REFUSED).display()))
}

/// Writes what `demo --out` promises: a ledger with entry 0 alone, every submission in order, and the keys.
///
/// # Errors
///
/// The folder is not empty, or cannot be written.
pub fn submissions(root: &Path, chance: Chance, now: Timestamp) -> Result<Demonstration> {
    new_folder(root)?;
    let folder = Folder::at(&root.join("ledger"));
    let keys = ledger_keys(&folder)?;
    let demonstration = play(chance, now, Pace::Now, 0, &keys)?;
    record(&folder, demonstration.said.get(..1).unwrap_or_default())?;
    let mut lines = Vec::new();
    for said in &demonstration.said {
        lines.extend(line(said)?);
        lines.push(b'\n');
    }
    shell::write_new(&root.join(EVENTS), &lines, false)?;
    write_keys(&root.join(KEYS), &demonstration.officers)?;
    Ok(demonstration)
}

fn new_folder(root: &Path) -> Result<()> {
    if shell::is_empty(root)? {
        return Ok(());
    }
    bail!("`{}` is not empty; name a new folder", root.display())
}

fn ledger_keys(folder: &Folder) -> Result<LedgerKeys> {
    let identity = folder.make_keys(ORIGIN, None)?;
    let answer = folder.answer_key(Passphrase::new(None))?;
    Ok(LedgerKeys { log: identity.log_key, answer: PublicKeyBytes(answer.verifying_key().to_bytes()) })
}

/// Records events, each at its own instant, through the one write path.
fn record(folder: &Folder, said: &[Said]) -> Result<()> {
    let store = Arc::new(folder.open_store()?);
    let signer = folder.log_signer(Passphrase::new(None))?;
    let locks = store.locks();
    let mut ledger = Ledger::open(store, locks, signer, ORIGIN)?;
    for group in said.chunk_by(|one, next| one.at == next.at) {
        let at = group.first().context("a group has an event")?.at;
        let opened: Vec<Opened> = group.iter().map(opened).collect();
        let committed = ledger.commit(&opened, at)?;
        for (said, outcome) in group.iter().zip(committed.outcomes) {
            match outcome {
                Outcome::Recorded { .. } => {}
                Outcome::Repeated { index } => bail!("{} stands at {index} already", said.event.id),
                Outcome::Refused(refusal) => bail!("a {} is refused: {refusal}", said.event.event_type()),
            }
        }
    }
    Ok(())
}

fn opened(said: &Said) -> Opened {
    Opened {
        envelope: said.envelope.clone(),
        event: said.event.clone(),
        disclosures: said.disclosures.clone(),
        // The demonstration signed it itself a moment ago; the server verifies every signature when it opens.
        unchecked: false,
        door: Ok(()),
    }
}

/// One submission as a line of JSON.
fn line(said: &Said) -> Result<Vec<u8>> {
    let envelope = json::parse(&said.envelope.canonical(), json::Limits { max_depth: 8, max_bytes: 1 << 20 })?;
    let disclosures = said.disclosures.iter().map(counterpart_core::commitment::Disclosure::to_value).collect();
    let members = vec![("envelope".to_owned(), envelope), ("disclosures".to_owned(), Value::Array(disclosures))];
    let whole = Value::object(members).map_err(|name| anyhow::anyhow!("`{name}` stands twice"))?;
    Ok(json::jcs(&whole))
}

/// The keys as files, with whose they are. Several hundred: they are not made durable one by one.
fn write_keys(folder: &Path, officers: &[Officer]) -> Result<()> {
    shell::make_directory(folder)?;
    let mut people = Vec::with_capacity(officers.len());
    for officer in officers {
        let file = format!("{}.pem", officer.name());
        let pem = key_file::to_pem(&officer.key, None)?;
        shell::write_quickly(&folder.join(&file), pem.as_bytes())?;
        people.push(KeyHolder {
            file,
            key: officer.key_id(),
            organisation: officer.organisation,
            person: officer.person,
            role: officer.role,
        });
    }
    let mut list = serde_json::to_vec_pretty(&people)?;
    list.push(b'\n');
    shell::write_new(&folder.join("people.json"), &list, true)
}
