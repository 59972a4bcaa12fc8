//! `mirror` and `publish`: a ledger as plain files, verified before they are kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use counterpart_core::codes;
use counterpart_core::event::Data;
use counterpart_core::replay;
use counterpart_core::storage::{LockStore, Store};
use counterpart_core::wire::{Digest, Entry};
use counterpart_mirror::{
    FollowError, KeyChange, Mirror, MirrorError, Pass, Readers, Shelf, ShelfError, Source, router,
};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};

use crate::ending::{Ending, Fault};
use crate::folder::Folder;
use crate::listening::Listening;
use crate::session::Reading;
use crate::trust::Trust;
use crate::{Common, shell};

/// How long a session is read with before the next one is begun: 10 minutes.
const SESSION_MS: i64 = 10 * 60 * 1000;

/// Follow a ledger and keep a verified copy of its log as plain files
///
/// Everything is verified before it is kept: the signature (and the quorum of witnesses, with --policy), that the log
/// has only grown, and every entry. Any web server can serve the folder; so can this command. It may be stopped or
/// killed at any time and goes on where it was. If the ledger ever shows another history, nothing more is taken from
/// it, and both signed checkpoints are kept as evidence.
///
/// Examples:
///   counterpart mirror https://ledger.example copy --vkey 'ledger.example/log+1a2b3c4d+AQ…'
///   counterpart mirror https://ledger.example copy --policy london.policy --follow --serve 0.0.0.0:8081
///   counterpart mirror https://ledger.example copy --as CMD.AUD           a ledger that is closed to strangers
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct MirrorCommand {
    /// The ledger's URL, or the folder of another mirror
    #[arg(value_name = "URL|DIR")]
    from: String,
    /// The folder to keep it in
    #[arg(value_name = "DIR")]
    into: PathBuf,
    #[command(flatten)]
    trust: Trust,
    /// Go on until it is stopped
    #[arg(long)]
    follow: bool,
    /// How often to look, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "follow")]
    every: u64,
    /// Serve the folder too
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:8081", requires = "follow")]
    serve: Option<String>,
    #[command(flatten)]
    reading: Reading,
}

impl MirrorCommand {
    /// Follows.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let keeping = Shelf::open(&self.into)?;
        let token = self.reading.token(&self.from, common)?;
        let source = Source::open(&self.from)?.with_token(token.as_deref());
        let pinned = Source::Folder(self.into.clone()).vkey().ok();
        let policy = self.trust.policy(pinned.as_deref(), &source, common)?;
        let readers = Readers { references, key_changes };
        let mut mirror = Mirror::open(source, keeping, policy, readers).map_err(verdict)?;
        if !self.follow {
            let pass = look(&mut mirror, common).map_err(verdict)?;
            return Ok(self.tell(&mirror, &pass, common));
        }
        let mut listening = Listening::start()?;
        if let Some(address) = &self.serve {
            if token.is_some() {
                common.say(
                    "This ledger is closed to strangers: see to it that only those reach this address who may read it.",
                );
            }
            listening.serve(address, router(&self.into))?;
        }
        let mut ending;
        let mut signed_in = shell::now();
        loop {
            // A session is good for half an hour; a new one is begun well before.
            if token.is_some() && shell::now().millis() - signed_in.millis() > SESSION_MS {
                match self.reading.token(&self.from, common) {
                    Ok(token) => token.iter().for_each(|token| mirror.read_with(token)),
                    Err(error) => shell::say(&format!("counterpart: {error:#}")),
                }
                signed_in = shell::now();
            }
            match look(&mut mirror, common) {
                Ok(pass) => {
                    self.tell(&mirror, &pass, common);
                    ending = Ending::Done;
                }
                Err(error) => {
                    let forked = matches!(error, MirrorError::Fork(_));
                    let error = verdict(error);
                    shell::say(&format!("counterpart: {error:#}"));
                    ending = crate::ending::of(&error);
                    // What was verified before is still worth serving; without readers there is no reason to stay.
                    if forked && self.serve.is_none() {
                        break;
                    }
                }
            }
            if listening.wait(Some(Duration::from_secs(self.every.max(1)))) {
                break;
            }
        }
        listening.finish()?;
        Ok(ending)
    }

    fn tell(&self, mirror: &Mirror, pass: &Pass, common: &Common) -> Ending {
        let missing = mirror.missing().len();
        if common.json {
            let (from, changed) = match pass {
                Pass::Unchanged => (mirror.size(), false),
                Pass::Witnessed => (mirror.size(), true),
                Pass::Grown { from, .. } => (*from, true),
            };
            if changed || !self.follow {
                shell::line(&json!({ "from": from, "missing_data": missing, "size": mirror.size() }).to_string());
            }
        } else {
            match pass {
                Pass::Unchanged if self.follow => {}
                Pass::Unchanged => common.say(&format!("Nothing new: {}.", entries(mirror.size()))),
                Pass::Witnessed => common.say(&format!("{}, cosigned anew.", entries(mirror.size()))),
                Pass::Grown { from, to } => common.say(&format!("{}, {} of them new.", entries(*to), to - from)),
            }
        }
        if missing > 0 {
            common.say(&format!("{missing} files of reference data are named by entries but not given by the ledger."));
        }
        Ending::Done
    }
}

fn look(mirror: &mut Mirror, common: &Common) -> Result<Pass, MirrorError> {
    let now = u64::try_from(shell::now().millis() / 1000).unwrap_or_default();
    let show = !common.quiet && shell::talks_to_terminal();
    let mut shown = false;
    let pass = mirror.pass(now, &mut |done, of| {
        if show && of > 10_000 {
            shell::say_part(&format!("\r{done} of {of} entries"));
            shown = true;
        }
    });
    if shown {
        shell::say("");
    }
    pass
}

/// How a command ends after an error of a mirror.
fn verdict(error: MirrorError) -> anyhow::Error {
    match error {
        MirrorError::Source(_) | MirrorError::Shelf(_) | MirrorError::OtherLog { .. } => error.into(),
        MirrorError::KeyChange(FollowError::Source(error)) => error.into(),
        MirrorError::KeyChange(FollowError::Unproved { .. } | FollowError::HandedOver { .. })
        | MirrorError::Untrusted(_)
        | MirrorError::Older { .. }
        | MirrorError::Damaged { .. }
        | MirrorError::Fork(_) => Fault::unverified(error.to_string()),
    }
}

/// The files of reference data that an entry names. An entry that cannot be read names none: the audit says so.
pub fn references(entry: &[u8]) -> Vec<Hash> {
    let Ok(entry) = Entry::parse(entry) else { return Vec::new() };
    let Ok(payload) = serde_json::from_slice::<Value>(&entry.envelope.payload) else { return Vec::new() };
    let Some(data) = payload.get("data") else { return Vec::new() };
    let rows: Vec<&Value> = match payload.get("type").and_then(Value::as_str) {
        Some("LedgerGenesis") => {
            ["code_lists", "policies"].iter().filter_map(|name| data.get(name)?.as_array()).flatten().collect()
        }
        Some("CodeListPublished" | "PolicyPublished" | "WitnessPolicyPublished") => vec![data],
        Some(_) | None => Vec::new(),
    };
    rows.into_iter().filter_map(|row| Hash::from_hex(row.get("sha256")?.as_str()?).ok()).collect()
}

/// The change of the log's key that an entry tells, if it tells one.
pub fn key_changes(entry: &[u8]) -> Option<KeyChange> {
    let Data::LogKeyChanged(change) = replay::read(entry).ok()?.event.data else { return None };
    let (old, new) = (change.old.as_str().to_owned(), change.new.as_str().to_owned());
    Some(KeyChange { old, new, first_size: change.first_size })
}

/// Write the log of a ledger as plain files, for an object store or a web server
///
/// Reads the folder of a ledger whose server is stopped. From a running server, `counterpart mirror URL DIR` gives the
/// same folder.
///
/// Example:
///   counterpart publish public --data ledger
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Publish {
    /// The folder to write
    #[arg(value_name = "DIR")]
    into: PathBuf,
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Publish {
    /// Writes.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let identity = folder.identity()?;
        let store = folder.open_store().context("the ledger cannot be opened; from a running server, use `mirror`")?;
        let note = store.locks().load()?.context("the ledger has no entries yet, so there is nothing to publish")?;
        let note = String::from_utf8(note).context("the signed checkpoint is not text")?;
        let (signed, _) = Checkpoint::parse(&note)?;
        let mut tree = Tree::new();
        let mut data = Vec::new();
        let mut changes = Vec::new();
        store.read_back(0..signed.size, &mut |index, entry| {
            tree.push(leaf_hash(entry));
            data.extend(references(entry));
            changes.extend(key_changes(entry).map(|change| (index, change)));
        })?;
        changes.retain(|(_, change)| change.first_size <= signed.size);
        if tree.root() != signed.root {
            return Err(Fault::unverified(format!(
                "the entries do not lead to the root that was signed over {} of them; run `counterpart doctor`",
                signed.size
            )));
        }
        let mut keeping = Shelf::open(&self.into)?;
        let old = published(&self.into, &tree)?;
        for name in data {
            let known = codes::by_sha256(&Digest(name.to_bytes()));
            if let Some(file) = known {
                keeping.write(&format!("data/{}", name.to_hex()), file.text.as_bytes())?;
            }
        }
        let vkey = changes.last().map_or(identity.log_key.as_str(), |(_, change)| change.new.as_str());
        keeping.write("vkey", format!("{vkey}\n").as_bytes())?;
        publish_keys(&mut keeping, &*store.locks(), &changes)?;
        keeping
            .publish_log(&tree, old, &note, |n, width| -> Result<Vec<Vec<u8>>, Trouble> {
                let first = n * u64::from(TILE_WIDTH);
                let mut bundle = Vec::with_capacity(usize::from(width));
                store
                    .read_back(first..first + u64::from(width), &mut |_, entry| bundle.push(entry.to_vec()))
                    .map_err(|error| Trouble(error.into()))?;
                Ok(bundle)
            })
            .map_err(|trouble| trouble.0)?;
        common.say(&format!("{} published in `{}`.", entries(tree.size()), self.into.display()));
        Ok(Ending::Done)
    }
}

/// How the key of the log changed, as the server tells it: a list, and the checkpoint of each first size.
fn publish_keys(keeping: &mut Shelf, locks: &dyn LockStore, changes: &[(u64, KeyChange)]) -> Result<()> {
    let mut list = String::new();
    for (index, change) in changes {
        let size = change.first_size;
        let note = locks.at_size(size)?.with_context(|| format!("the checkpoint over {size} entries is not there"))?;
        keeping.write(&format!("keys/{size}"), &note)?;
        let _ = writeln!(list, "{size} {} {index}", change.new);
    }
    if !changes.is_empty() {
        keeping.write("keys/list", list.as_bytes())?;
    }
    Ok(())
}

fn entries(count: u64) -> String {
    format!("{count} {}", if count == 1 { "entry" } else { "entries" })
}

/// Whatever stops a publication.
struct Trouble(anyhow::Error);

impl From<ShelfError> for Trouble {
    fn from(error: ShelfError) -> Self {
        Self(error.into())
    }
}

/// How many entries the folder already has of this very log.
fn published(folder: &Path, tree: &Tree) -> Result<u64> {
    let Ok(note) = Source::Folder(folder.to_owned()).checkpoint() else { return Ok(0) };
    let (kept, _) = Checkpoint::parse(&note).context("the folder has a checkpoint that cannot be read")?;
    if kept.size > tree.size() {
        bail!(
            "`{}` has {} entries and the ledger {}; restore the newest copy first",
            folder.display(),
            kept.size,
            tree.size()
        );
    }
    if tree.root_at(kept.size) != Some(kept.root) {
        return Err(Fault::unverified(format!(
            "`{}` keeps another history of {} entries; publish into another folder, and ask why there are two",
            folder.display(),
            kept.size
        )));
    }
    Ok(kept.size)
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn what_is_no_entry_names_no_reference_data() {
        assert_eq!(references(b"{}"), []);
    }
}
