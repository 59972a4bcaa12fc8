//! `end-epoch`: entries are lost for good, and the ledger says so under its answer key and ends.
//!
//! The store is put aside with all its bytes, and one takes its place that holds what verifies, is served and is never
//! signed from: not even without the statement beside it, because its records say how much was signed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use counterpart_core::event::data::LedgerName;
use counterpart_core::replay::{self, Replay};
use counterpart_core::statement::{Ended, Founding, Held, Kind, Statement};
use counterpart_store::embedded::care;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::{Tree, leaf_hash};
use serde_json::json;

use super::founding;
use crate::ending::{Ending, Fault};
use crate::folder::{self, Folder, Identity};
use crate::passphrase::Passphrase;
use crate::{Common, shell};

/// End a ledger of which entries are lost, and nobody has them
///
/// Try everything else first: a copy, every mirror, the parties, who hold their own events and receipts. What is lost
/// cannot be signed for again: a log never signs another tree over a size that it has signed.
///
/// Writes a statement, signed by the answer key: what was signed last, up to where everything is whole, which entries are
/// lost, why, and when (`ended.note`; `counterpart verify` checks it). The store is put aside with all its bytes, and what
/// is whole takes its place: `serve` shows it, and records nothing more. Without --yes it only says what it would do.
///
/// A new ledger goes on under another origin and with another key: `counterpart init --after ended.note`. Run this command
/// again with its name, so that the old ledger says who goes on.
///
/// Examples:
///   counterpart end-epoch --data ledger --reason "the disk failed; no copy or mirror has entries 812 to 840" --yes
///   counterpart end-epoch --data ledger --successor ledger.example/london/2027#9f86d0… --yes
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct EndEpoch {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Why what is lost cannot be had
    #[arg(long, value_name = "TEXT", required_unless_present = "successor")]
    reason: Option<String>,
    /// The ledger that goes on
    #[arg(long, value_name = "LEDGER")]
    successor: Option<LedgerName>,
    /// Do it
    #[arg(long)]
    yes: bool,
}

/// Bytes of a reason.
const REASON_MAX: usize = 10_000;

/// Where a new store is made before it takes the place of the old one.
const READY: &str = "store.kept";

/// So many stretches are named; the last one then reaches to the end, with what lies between lost ones. A note has a
/// megabyte at most.
const LOST_MAX: usize = 10_000;

/// The statement, for people; the one in the store counts.
const NOTE: &str = "ended.note";

impl EndEpoch {
    /// Ends it, or names who goes on.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let identity = folder.identity()?;
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        end_interrupted(&folder)?;
        let successor = self.successor.as_ref().map(|name| name.as_str().to_owned());
        if let Some(note) = care::ended(&folder.store())? {
            return self.name_successor(&folder, passphrase, &note, successor, common);
        }
        let held = care::holds(&folder.store())?;
        let found = Found::of(&folder, &identity)?;
        let reason = self.reason.clone().context("say why what is lost cannot be had, with --reason")?;
        if reason.len() > REASON_MAX {
            return Err(Fault::usage(format!("say it in {REASON_MAX} bytes")));
        }
        let ended = found.ended(reason, successor);
        if !self.yes {
            tell(&ended, &found, common);
            return Err(Fault::usage("nothing was done; say --yes when nobody has what is lost"));
        }
        let statement = Statement::new(Kind::Ended, &identity.origin, &ended, found.founding.clone())?;
        let note = statement.sign(&folder.answer_key(passphrase)?)?.to_string();
        let rest = care::Rest { size: found.kept.0.size, signed: found.signed.0.size, statement: &note };
        let ready = self.data.join(READY);
        shell::remove_directory(&ready)?;
        let taken = care::keep(&folder.store(), &ready, rest, &folder::options())?;
        drop(held);
        let aside = self.data.join(format!("store.ended-{}", ended.at.replace([':', '.'], "-")));
        shell::rename(&folder.store(), &aside)?;
        end_interrupted(&folder)?;
        shell::replace(&self.data.join(NOTE), note.as_bytes(), false)?;
        tell(&ended, &found, common);
        if taken.without_words > 0 {
            common.say(&format!("The words of {} entries are lost, too.", taken.without_words));
        }
        common.say(&format!(
            "The ledger has ended. Give `{}` to everybody; the old store is kept as `{}`.",
            self.data.join(NOTE).display(),
            aside.display()
        ));
        Ok(Ending::Done)
    }

    fn name_successor(
        &self,
        folder: &Folder,
        passphrase: Passphrase<'_>,
        note: &str,
        successor: Option<String>,
        common: &Common,
    ) -> Result<Ending> {
        let Some(successor) = successor else {
            bail!(
                "the ledger in `{}` has ended already; see `{}`",
                folder.path().display(),
                self.data.join(NOTE).display()
            );
        };
        let vkeys: Vec<VerifierKey> = folder.log_keys(passphrase)?.vkeys().collect();
        let Held { statement, .. } = Statement::verify(note.as_bytes(), &vkeys).map_err(Fault::statement)?;
        let mut ended: Ended = statement.says().map_err(Fault::statement)?;
        if let Some(named) = ended.successor.as_ref().filter(|named| **named != successor) {
            bail!("the statement names another ledger that goes on already: {named}");
        }
        if !self.yes {
            return Err(Fault::usage(format!("nothing was done; say --yes to name {successor}")));
        }
        ended.successor = Some(successor);
        let statement = Statement::new(Kind::Ended, &statement.origin, &ended, statement.founding)?;
        let note = statement.sign(&folder.answer_key(passphrase)?)?.to_string();
        care::say_again(&folder.store(), &note)?;
        shell::replace(&self.data.join(NOTE), note.as_bytes(), false)?;
        common.say(&format!("`{}` names who goes on; start the server again.", self.data.join(NOTE).display()));
        Ok(Ending::Done)
    }
}

/// Gives the store that was made its place, when the old one is aside already: it was whole before.
fn end_interrupted(folder: &Folder) -> Result<()> {
    let ready = folder.path().join(READY);
    if !folder.store().exists() && care::ended(&ready)?.is_some() {
        shell::rename(&ready, &folder.store())?;
    }
    Ok(())
}

fn tell(ended: &Ended, found: &Found, common: &Common) {
    let whole = found.kept.0.size;
    if common.json {
        shell::line(
            &json!({
                "lost": ended.lost, "reason": ended.reason, "signed": found.signed.0.size,
                "successor": ended.successor, "whole": whole,
            })
            .to_string(),
        );
        return;
    }
    shell::line(&format!("signed last  {} entries, root {}", found.signed.0.size, found.signed.0.root));
    shell::line(&format!("whole        {whole} entries, from the first on, under a checkpoint"));
    for [first, last] in &ended.lost {
        shell::line(&format!("lost         entries {first} to {last}"));
    }
}

/// What is found in a store that is to end.
struct Found {
    /// The newest checkpoint, and its note.
    signed: (Checkpoint, String),
    /// The newest one that the entries from the first on come to.
    kept: (Checkpoint, String),
    lost: Vec<[u64; 2]>,
    /// What binds the answer key to the log.
    founding: Founding,
    /// `<origin>#<64 hex>`.
    ledger: String,
}

impl Found {
    fn of(folder: &Folder, identity: &Identity) -> Result<Self> {
        let store = folder.store();
        let look = care::look(&store, &folder::options())?;
        if look.noted > look.signed {
            bail!(
                "the newest checkpoint is lost, so nobody knows what was signed last; mend the checkpoints from a copy or a \
                 mirror first (`counterpart repair`)"
            );
        }
        let (mut tree, mut replay, mut going_on) = (Tree::new(), Replay::new(), true);
        let (mut next, mut lost, mut first) = (0, Vec::new(), None);
        care::records(&store, &mut |index, entry| {
            if index > next {
                lost.push([next, index - 1]);
            }
            if index >= next && lost.is_empty() {
                tree.push(leaf_hash(entry));
                going_on = going_on && replay::read(entry).is_ok_and(|read| replay.next(&read, true).is_ok());
                if index == 0 {
                    first = Some(entry.to_vec());
                }
            }
            next = next.max(index + 1);
            Ok(())
        })?;
        let keys = super::log_keys(identity, &replay.state)?;
        let (mut signed, mut kept) = (None, None);
        care::checkpoints(&store, &mut |_, note| {
            let read = super::signed(note, &identity.origin, &keys).ok();
            let text = String::from_utf8_lossy(note).into_owned();
            if let Some(checkpoint) = read {
                if tree.root_at(checkpoint.size) == Some(checkpoint.root) {
                    kept = Some((checkpoint.clone(), text.clone()));
                }
                signed = Some((checkpoint, text));
            }
            Ok(())
        })?;
        let signed = signed.context("no checkpoint that this log has signed is here; mend the checkpoints first")?;
        let (size, whole) = (signed.0.size, kept.as_ref().map_or(0, |(kept, _): &(Checkpoint, String)| kept.size));
        if whole == size {
            bail!("every entry that was signed for is here and fits: nothing has ended; use `counterpart repair`");
        }
        if next < size {
            lost.push([next, size - 1]);
        }
        lost.retain(|[first, _]| *first < size);
        if let Some(last) = lost.last_mut() {
            *last = [last[0], last[1].min(size - 1)];
        }
        if lost.len() > LOST_MAX {
            lost.truncate(LOST_MAX);
            if let Some(last) = lost.last_mut() {
                *last = [last[0], size - 1];
            }
        }
        // All are there and do not come to the root: which of them are others nobody can tell.
        if lost.is_empty() {
            lost.push([whole, size - 1]);
        }
        let founding = founding::bound(first.as_deref(), &tree, kept.as_ref())?;
        let (kept, first) = kept.zip(first).context("entry 0 and a checkpoint are here")?;
        let ledger = format!("{}#{}", identity.origin, leaf_hash(&first).to_hex());
        Ok(Self { signed, kept, lost, founding, ledger })
    }

    /// What is to be said of it.
    fn ended(&self, reason: String, successor: Option<String>) -> Ended {
        Ended {
            at: shell::now().to_string(),
            ledger: self.ledger.clone(),
            signed: self.signed.1.clone(),
            kept: self.kept.1.clone(),
            lost: self.lost.clone(),
            reason,
            successor,
        }
    }
}

/// The statement by which the ledger in a folder ended, verified under its keys.
///
/// # Errors
///
/// It does not hold (exit 4).
pub fn ended(note: &str, vkeys: &[VerifierKey]) -> Result<Ended> {
    let Held { statement, .. } = Statement::verify(note.as_bytes(), vkeys).map_err(Fault::statement)?;
    if statement.kind != Kind::Ended {
        return Err(Fault::unverified("the statement beside the checkpoints is of another kind"));
    }
    Ok(statement.says().map_err(Fault::statement)?)
}

/// What a new ledger goes on from: a statement by which another one has ended, verified under that one's key.
///
/// # Errors
///
/// It does not hold, or is of the log that is to go on (exit 4).
pub fn predecessor(file: &Path, vkey: &VerifierKey, identity: &Identity) -> Result<(Vec<u8>, String)> {
    let bytes = shell::read(file)?;
    let Held { statement, .. } = Statement::verify(&bytes, std::slice::from_ref(vkey)).map_err(Fault::statement)?;
    if statement.kind != Kind::Ended {
        return Err(Fault::unverified("the statement does not say that a ledger has ended"));
    }
    if statement.origin == identity.origin {
        return Err(Fault::usage(format!(
            "the ledger that has ended is `{}` too: choose another origin, because witnesses know a log by its origin and \
             would call a second beginning of it a fork",
            statement.origin
        )));
    }
    let own: VerifierKey = identity.log_key.parse().context("the log key of the ledger")?;
    if own.public_bytes() == vkey.public_bytes() {
        return Err(Fault::usage("a ledger that goes on signs with a key of its own"));
    }
    Ok((bytes, statement.origin))
}
