//! Care of a store: `doctor`, `backup`, `restore`, `repair`.
//!
//! A store is judged by what it signed: its entries must come to the root of its newest checkpoint, under the key of
//! its ledger. The private keys of the log are never copied; keep them apart (`docs/operators.md`).

mod epoch;
mod founding;
mod mending;
mod mirrored;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use counterpart_core::erasure::carry_out;
use counterpart_core::replay::{self, Replay};
use counterpart_core::state::State;
use counterpart_store::embedded::care::{self, Look};
use counterpart_store::embedded::{Embedded, Options, SnapshotFile};
use counterpart_store::{Snapshots, Store};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::json;

use crate::ending::{Ending, Fault};
use crate::folder::{self, Folder, Identity};
use crate::{Common, program, shell};

pub use epoch::{EndEpoch, ended, predecessor};
pub use founding::founding;
pub use mending::Repair;

/// Look at the store of a ledger: what is here, is it well, how big is it, what would a start do
///
/// Reads every record, checkpoint and word, and changes nothing. It may run beside a server. Exit code 4 if anything
/// is damaged.
///
/// Example:
///   counterpart doctor --data ledger
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Doctor {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Copy the store of a ledger to a folder, also while it serves
///
/// Only what has changed since the last copy is written, and the copy is read again. The keys that open sealed words
/// go to a folder of their own, on other media: whoever has only the copy cannot read what was erased or sealed. The
/// private keys of the log are not copied.
///
/// Example:
///   counterpart backup --data ledger --to /backup/ledger --keys-to /other/ledger-keys
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Backup {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Where the copy goes
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Where the keys of words go; without them the words of the copy can never be read
    #[arg(long, value_name = "DIR")]
    keys_to: Option<PathBuf>,
}

/// Put a copy back into an empty folder
///
/// A copy may be older than what others have seen, and a ledger that goes on from it would sign a second history. So
/// say what was seen: the newest checkpoint of a witness, of another copy or of a receipt.
///
/// A mirror gives back what the origin lost: every entry and the newest checkpoint that it has, but no words, which it
/// never had. Put `ledger.json` into the folder first.
///
/// Examples:
///   counterpart restore --from /backup/ledger --keys-from /other/ledger-keys --data ledger --seen checkpoint.txt
///   counterpart restore --from /backup/ledger --data ledger --nobody-has-seen "never served to anybody"
///   counterpart restore --from https://mirror.example --data ledger --seen checkpoint.txt
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Restore {
    /// The copy, or a mirror
    #[arg(long, value_name = "DIR|URL")]
    from: PathBuf,
    /// The keys of words
    #[arg(long, value_name = "DIR")]
    keys_from: Option<PathBuf>,
    /// The folder of the ledger; it may hold `ledger.json`, `log.key` and `answer.key`, but no store
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The newest checkpoint that anybody else holds
    #[arg(long, value_name = "FILE", required_unless_present = "nobody_has_seen")]
    seen: Option<PathBuf>,
    /// Why nobody can hold a newer one
    #[arg(long, value_name = "REASON", conflicts_with = "seen")]
    nobody_has_seen: Option<String>,
}

impl Doctor {
    /// Looks.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let look = care::look(&folder.store(), &folder::options())?;
        let damage: Vec<String> = look.damage.iter().map(ToString::to_string).collect();
        let snapshot = SnapshotFile::at(&folder.store(), Arc::new(program::hash)).newest().map(|kept| kept.size());
        let plan = plan(&look, snapshot);
        if common.json {
            shell::line(&json!({
                "in_use": look.in_use, "entries": look.entries, "signed": look.signed, "checkpoints": look.checkpoints,
                "words": look.words, "erased": look.erased, "clean": look.clean, "index_bytes": look.index_bytes,
                "records_bytes": look.bytes[0], "words_bytes": look.bytes[1], "keys_bytes": look.bytes[2],
                "checkpoints_bytes": look.bytes[3], "epoch": look.epoch, "damage": damage, "ended": look.ended, "next_start": plan, "snapshot": snapshot,
            }).to_string());
        } else {
            shell::line(&told(&look, &damage, &plan));
        }
        Ok(if damage.is_empty() { Ending::Done } else { Ending::Unverified })
    }
}

fn plan(look: &Look, snapshot: Option<u64>) -> String {
    if !look.damage.is_empty() {
        let plan = if look.clean {
            "refuse to start and name the damage, or, because it reads the ends of the files only, name it where it is met"
        } else {
            "refuse to start, and name the damage"
        };
        return format!("{plan}; mend it with `counterpart repair`");
    }
    if look.ended.is_some() {
        return "serve what is whole and record nothing: the ledger has ended (`ended.note`)".to_owned();
    }
    let mut plan = if look.clean { "read the ends of the files only" } else { "read every record" }.to_owned();
    match snapshot.filter(|covered| *covered <= look.signed) {
        Some(covered) if covered == look.entries => plan.push_str(", and go on from a snapshot of all entries"),
        Some(covered) => {
            let rest = look.entries - covered;
            let _ = write!(plan, ", go on from a snapshot of {covered} entries, and decide {rest} again");
        }
        None => plan.push_str(", and decide every entry again"),
    }
    let unsigned = look.entries.saturating_sub(look.signed);
    if unsigned > 0 {
        let _ = write!(plan, "; it would sign for {unsigned} entries that are durable and not signed yet");
    }
    plan
}

fn told(look: &Look, damage: &[String], plan: &str) -> String {
    let [records, words, keys, checkpoints] = look.bytes;
    let mut text = format!(
        "{} entries, {} of them signed for; {} checkpoints; epoch {}\n\
         {} words kept, {} erased\n\
         bytes: records {records}, words {words}, keys {keys}, checkpoints {checkpoints}, index {}\n",
        look.entries, look.signed, look.checkpoints, look.epoch, look.words, look.erased, look.index_bytes,
    );
    if look.in_use {
        text.push_str("a server is using it: its newest entries may be on their way\n");
    }
    for problem in damage {
        let _ = writeln!(text, "DAMAGED: {problem}");
    }
    let _ = write!(text, "a start would {plan}");
    text
}

impl Backup {
    /// Copies.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let identity = folder.identity()?;
        let made = care::backup(&folder.store(), &self.to, self.keys_to.as_deref(), &folder::options())?;
        let text = serde_json::to_vec_pretty(&identity).context("the identity of the ledger cannot be written")?;
        shell::replace(&self.to.join("ledger.json"), &text, false)?;
        let damage: Vec<String> = made.look.damage.iter().map(ToString::to_string).collect();
        if common.json {
            shell::line(
                &json!({
                    "entries": made.look.entries, "signed": made.look.signed, "written_bytes": made.written_bytes,
                    "compared_bytes": made.compared_bytes, "damage": damage,
                })
                .to_string(),
            );
        } else {
            shell::line(&format!(
                "copied {} entries, {} of them signed for: {} bytes written, {} compared",
                made.look.entries, made.look.signed, made.written_bytes, made.compared_bytes
            ));
        }
        if self.keys_to.is_none() {
            common.say("the keys of words were not copied (--keys-to): words can never be read from this copy");
        }
        common.say("keep `log.key` and `answer.key` apart from it: they are not in the copy");
        for problem in &damage {
            common.say(&format!("DAMAGED: {problem}"));
        }
        Ok(if damage.is_empty() { Ending::Done } else { Ending::Unverified })
    }
}

impl Restore {
    /// Puts a copy back.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        if mirrored::is_mirror(&self.from) {
            return self.give_back(&folder, common);
        }
        let identity = Folder::at(&self.from).identity()?;
        let seen = self.seen.as_deref().map(shell::read).transpose()?;
        // Who signed it is looked at when the entries say which keys the log has had.
        let claimed = seen.as_deref().map(|note| Checkpoint::parse(note).map(|(checkpoint, _)| checkpoint)).transpose();
        let claimed = claimed.map_err(|error| no_checkpoint(&error.to_string()))?;
        let at_least = claimed.map_or(0, |seen| seen.size);
        let options = Options { at_least, ..folder::options() };
        let restored = care::restore(&self.from, self.keys_from.as_deref(), &folder.store(), &options)?;
        let store = Embedded::open(&folder.store(), &options)?;
        let state = state_of(&store)?;
        agrees(&store, &identity, &state, seen.as_deref())?;
        let erased = erase_again(&store, &state)?;
        drop(store);
        let there = self.data.join("ledger.json");
        if !there.exists() {
            let text = serde_json::to_vec_pretty(&identity).context("the identity of the ledger cannot be written")?;
            shell::replace(&there, &text, false)?;
        }
        if common.json {
            shell::line(
                &json!({
                    "entries": restored.entries, "erasures": erased, "signed": restored.signed,
                    "words_without_keys": restored.words_without_keys,
                })
                .to_string(),
            );
        } else {
            let (entries, signed) = (restored.entries, restored.signed);
            shell::line(&format!("restored {entries} entries, {signed} of them signed for; they fit the signed root"));
        }
        say_erased(erased, common);
        if let Some(reason) = &self.nobody_has_seen {
            common.say(&format!("nobody was asked what they have seen, because: {reason}"));
        }
        common.say("before you serve it: put `log.key` and `answer.key` into the folder, and ask every witness");
        Ok(Ending::Done)
    }
}

impl Restore {
    /// From a mirror, which has no words and no identity of its own to be believed.
    fn give_back(&self, folder: &Folder, common: &Common) -> Result<Ending> {
        let identity = folder.identity().context("put the `ledger.json` of the ledger into the folder first")?;
        let seen = self.seen.as_deref().map(shell::read).transpose()?;
        let claimed = seen.as_deref().map(|note| Checkpoint::parse(note).map(|(checkpoint, _)| checkpoint)).transpose();
        let claimed = claimed.map_err(|error| no_checkpoint(&error.to_string()))?;
        let given = mirrored::give_back(&self.from, &identity, &folder.store())?;
        if let Some(seen) = claimed.filter(|seen| seen.size > given.entries) {
            return Err(Fault::unverified(format!(
                "the mirror has {} entries and others have seen {}; nothing may be signed from it, look for another one",
                given.entries, seen.size
            )));
        }
        let store = folder.open_store_whole()?;
        agrees(&store, &identity, &state_of(&store)?, seen.as_deref())?;
        if common.json {
            shell::line(&json!({ "entries": given.entries, "without_words": given.with_words }).to_string());
        } else {
            let entries = given.entries;
            shell::line(&format!("restored {entries} entries from the mirror; they fit the signed root"));
        }
        if given.with_words > 0 {
            common.say(&format!(
                "{} of them promise words, which no mirror has: take them from a copy of the store, or from the parties",
                given.with_words
            ));
        }
        common.say("before you serve it: put `log.key` and `answer.key` into the folder, and ask every witness");
        Ok(Ending::Done)
    }
}

/// A checkpoint of this ledger, by one of its keys.
fn signed(note: &[u8], origin: &str, keys: &[VerifierKey]) -> Result<Checkpoint> {
    let mut why = "the ledger has no key".to_owned();
    for vkey in keys {
        match Checkpoint::verify(note, origin, vkey) {
            Ok((checkpoint, _)) => return Ok(checkpoint),
            Err(error) => why = error.to_string(),
        }
    }
    Err(no_checkpoint(&why).into())
}

/// Every key that the log has had: the one in `ledger.json`, and those to which the entries say that it handed over.
fn log_keys(identity: &Identity, state: &State) -> Result<Vec<VerifierKey>> {
    let first: VerifierKey = identity.log_key.parse().context("the log key of the ledger")?;
    let later = state.founded.iter().flat_map(|founded| &founded.log_key_changes);
    let later = later.filter_map(|change| VerifierKey::parse(change.new.as_str()).ok());
    Ok(std::iter::once(first).chain(later).collect())
}

fn no_checkpoint(why: &str) -> Fault {
    Fault::new(Ending::Unverified, format!("that is no checkpoint of this ledger: {why}"))
}

/// What the entries of a store come to, as far as the rules let them.
fn state_of(store: &Embedded) -> Result<State> {
    let mut replay = Replay::new();
    let mut going_on = true;
    store.read_back(0..store.size(), &mut |_, entry| {
        // A ledger that its rules stop is served no further than that, so nothing behind it orders anything.
        going_on = going_on && replay::read(entry).is_ok_and(|read| replay.next(&read, true).is_ok());
    })?;
    Ok(replay.state)
}

/// Whether entries come to the root that was signed, and to the one that others have seen; gives the root over all.
fn agrees(store: &Embedded, identity: &Identity, state: &State, seen: Option<&[u8]>) -> Result<Hash> {
    use counterpart_store::LockStore as _;
    let keys = log_keys(identity, state)?;
    let mut tree = Tree::new();
    store.read_back(0..store.size(), &mut |_, entry| tree.push(leaf_hash(entry)))?;
    let own = store.locks().load()?;
    for note in own.as_deref().into_iter().chain(seen) {
        let checkpoint = signed(note, &identity.origin, &keys)?;
        if tree.root_at(checkpoint.size) != Some(checkpoint.root) {
            let said = format!(
                "the entries do not come to the root that was signed over {}; nothing may be signed from them, look for another copy",
                checkpoint.size
            );
            return Err(Fault::new(Ending::Unverified, said).into());
        }
    }
    Ok(tree.root())
}

/// Carries out every erasure of the log anew, so that no older copy of words brings them back; gives how many there
/// were. A start does the same before it serves.
fn erase_again(store: &Embedded, state: &State) -> Result<usize> {
    let due = state.due_erasures(shell::now());
    for erasure in &due {
        carry_out(store, erasure)?;
    }
    Ok(due.len())
}

fn say_erased(erasures: usize, common: &Common) {
    if erasures > 0 {
        common.say(&format!("{erasures} erasures of the log were carried out again: what they destroyed is not here"));
    }
}

/// Says what a start found, if it is worth saying.
pub fn report(store: &Embedded, path: &Path, say: &dyn Fn(&str)) {
    let report = store.report();
    if let Some(rebuilt) = &report.rebuilt {
        say(&rebuilt.to_string());
    }
    for aside in &report.set_aside {
        say(&format!(
            "W-STORE-TORN bytes of {} from {} on were never signed for and are kept as {} in {}",
            aside.file,
            aside.offset,
            aside.kept_as,
            path.display()
        ));
    }
    if report.low_on_space {
        say("W-STORE-SPACE the disk is full: the ledger only reads until there is space");
    }
}
