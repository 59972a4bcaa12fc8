//! `repair`: a damaged store mended from a copy or a mirror, and judged by what it signed.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use counterpart_core::ledger::Ledger;
use counterpart_core::state::State;
use counterpart_core::statement::{Kind, Mended, Statement};
use counterpart_store::Store;
use counterpart_store::embedded::care;
use counterpart_store::embedded::{Embedded, Options, Verify};
use serde_json::json;

use super::{agrees, erase_again, mirrored, say_erased, state_of};
use crate::ending::Ending;
use crate::folder::{self, Folder, Identity};
use crate::passphrase::Passphrase;
use crate::{Common, shell};

/// Mend a damaged store from a copy of it, or its records from a mirror
///
/// Replaces only what is damaged, by what is whole in the copy and belongs there, keeps the old bytes, and then
/// compares everything with the signed checkpoint. A mirror has every entry, and no words. What was done is written to
/// `repair-<time>.json` in the folder of the ledger and, signed by the answer key, to `repair-<time>.note`, which
/// `counterpart verify` checks.
///
/// Examples:
///   counterpart repair --data ledger --from /backup/ledger --keys-from /other/ledger-keys
///   counterpart repair --data ledger --from https://mirror.example
///   counterpart repair --data ledger --sign-again
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Repair {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The copy: a backup, or the folder of another ledger with the same store; or a mirror
    #[arg(long, value_name = "DIR|URL", required_unless_present = "sign_again")]
    from: Option<PathBuf>,
    /// The keys of words
    #[arg(long, value_name = "DIR")]
    keys_from: Option<PathBuf>,
    /// The newest checkpoint is lost and all records are whole: sign for the same entries again
    #[arg(long)]
    sign_again: bool,
}

impl Repair {
    /// Mends.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let folder = Folder::at(&self.data);
        let identity = folder.identity()?;
        let mut done = Mended { at: shell::now().to_string(), ..Mended::default() };
        if let Some(from) = &self.from {
            let mended = if mirrored::is_mirror(from) {
                mirrored::mend(from, &folder, &identity)?
            } else {
                // A copy is a store; the folder of another ledger holds one.
                let from = if from.join("STORE").exists() { from.clone() } else { Folder::at(from).store() };
                care::repair(&folder.store(), &from, self.keys_from.as_deref(), &folder::options())?
            };
            done.from = Some(from.display().to_string());
            done.still_damaged = mended.look.damage.iter().map(ToString::to_string).collect();
            done.replaced = mended.replaced;
            for problem in &done.still_damaged {
                common.say(&format!("STILL DAMAGED: {problem}"));
            }
        }
        let judged = self.judge(&folder, &identity, common);
        match &judged {
            Ok(judged) => (done.entries, done.root) = (Some(judged.entries), Some(judged.root.clone())),
            Err(error) => done.problem = Some(format!("{error:#}")),
        }
        let report = self.data.join(format!("repair-{}.json", done.at.replace([':', '.'], "-")));
        let mut text = serde_json::to_vec_pretty(&done).context("the report cannot be written")?;
        text.push(b'\n');
        shell::replace(&report, &text, false)?;
        common.say(&format!("What was done stands in `{}`.", report.display()));
        let signed = report.with_extension("note");
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        match note(&folder, &identity, &done, judged.as_ref().ok(), passphrase) {
            Ok(note) => {
                shell::replace(&signed, note.as_bytes(), false)?;
                common.say(&format!("Signed by the answer key, for others: `{}`.", signed.display()));
            }
            Err(error) => common.say(&format!("The report is not signed: {error:#}")),
        }
        let Judged { entries, .. } = judged?;
        if common.json {
            let note = signed.exists().then(|| signed.display().to_string());
            shell::line(&json!({ "entries": entries, "note": note, "replaced": done.replaced }).to_string());
        } else {
            for stretch in &done.replaced {
                shell::line(&format!("replaced {stretch}"));
            }
            shell::line(&format!("{entries} entries are whole and fit the signed root"));
        }
        Ok(Ending::Done)
    }

    /// Compares everything with what was signed.
    fn judge(&self, folder: &Folder, identity: &Identity, common: &Common) -> Result<Judged> {
        let options = Options { verify: Verify::Full, sign_again: self.sign_again, ..folder::options() };
        let store = Arc::new(Embedded::open(&folder.store(), &options)?);
        let state = state_of(&store)?;
        let root = agrees(&store, identity, &state, None)?;
        say_erased(erase_again(&store, &state)?, common);
        if self.sign_again {
            let keys = folder.log_keys(Passphrase::new(common.passphrase_file.as_deref()))?;
            Ledger::open(store.clone(), store.locks(), keys, &identity.origin)?;
        }
        Ok(Judged { entries: store.size(), root: root.to_string(), state })
    }
}

/// A store that fits what was signed.
struct Judged {
    entries: u64,
    /// The root over them.
    root: String,
    state: State,
}

/// The report, signed by the answer key.
fn note(
    folder: &Folder,
    identity: &Identity,
    done: &Mended,
    judged: Option<&Judged>,
    passphrase: Passphrase<'_>,
) -> Result<String> {
    // Where the entries do not say who else has signed, the first key has signed the first checkpoint.
    let keys = super::log_keys(identity, judged.map_or(&State::default(), |judged| &judged.state))?;
    let founding = super::founding(folder, identity, &keys)?;
    let statement = Statement::new(Kind::Repair, &identity.origin, done, founding)?;
    Ok(statement.sign(&folder.answer_key(passphrase)?)?.to_string())
}
