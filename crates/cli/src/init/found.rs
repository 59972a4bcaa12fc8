//! Founding: entry 0 goes through the same write path as every later one.

use std::sync::Arc;

use anyhow::{Context, Result};
use counterpart_core::admit::{Known, known};
use counterpart_core::codes::ReferenceSet;
use counterpart_core::event;
use counterpart_core::event::data::{Data, LedgerGenesis};
use counterpart_core::ledger::{Ledger, Opened, Outcome};
use counterpart_core::wire::Submission;
use counterpart_store::Store as _;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::leaf_hash;
use serde_json::json;

use crate::ending::{Ending, Fault};
use crate::folder::{Folder, Identity};
use crate::passphrase::Passphrase;
use crate::{Common, care, shell};

/// Founds the ledger of a folder with a signed genesis, and says what its identity is.
///
/// # Errors
///
/// The genesis is malformed or refused (exit 3), or the folder holds another ledger.
pub fn found(
    folder: &Folder,
    submission: &[u8],
    passphrase: Passphrase<'_>,
    after: Option<(Vec<u8>, String)>,
    common: &Common,
) -> Result<Ending> {
    let identity = folder.identity()?;
    let submission = Submission::parse(submission).map_err(|e| Fault::refused(format!("{}: {e}", e.code())))?;
    let event = event::parse(&submission.envelope).map_err(|e| Fault::refused(format!("{}: {e}", e.code())))?;
    let Data::LedgerGenesis(genesis) = &event.data else {
        return Err(Fault::refused(format!(
            "the file holds an event of type {}; a LedgerGenesis is needed",
            event.event_type()
        )));
    };
    let disclosures = submission.disclosures.map_err(|e| Fault::refused(format!("{}: {e}", e.code())))?;
    if let Some(disclosure) = disclosures.first() {
        return Err(Fault::refused(format!(
            "E07: a genesis holds no words, but `{}` is disclosed",
            disclosure.pointer
        )));
    }
    fits(genesis, &identity)?;
    let signer = folder.log_signer(passphrase)?;
    let vkey = signer.vkey().clone();
    let store = Arc::new(folder.open_store()?);
    let locks = store.locks();
    let mut ledger = Ledger::open(store, locks, signer.clone(), &identity.origin)?;
    if let Some(founded) = &ledger.state().founded {
        if matches!(known(ledger.state(), &event), Ok(Known::Same(_))) {
            common.say("This ledger was founded before, with the same genesis.");
        }
        let same = ledger.state().events.get(&event.id).is_some_and(|recorded| recorded.is(&event.digest));
        if !same {
            return Err(holds(folder, &founded.ledger));
        }
    } else {
        let checked = ledger.keyring().check(&event, &submission.envelope);
        let checked = checked.map_err(|refusal| Fault::refused(format!("{}: {refusal}", refusal.code())))?;
        let opened = Opened {
            envelope: submission.envelope,
            event,
            disclosures,
            unchecked: !checked.unknown.is_empty(),
            door: Ok(()),
        };
        let committed = ledger.commit(&[opened], shell::now())?;
        if let Some(Outcome::Refused(refusal)) = committed.outcomes.first() {
            return Err(Fault::refused(format!("{}: {refusal}", refusal.code())));
        }
    }
    let founded = ledger.state().founded.as_ref().context("the ledger is founded")?;
    if let Some((ended, origin)) = after {
        let founding = care::founding(folder, &identity, std::slice::from_ref(&vkey))?;
        folder.go_on(&folder.answer_key(passphrase)?, &founded.ledger, founding, &origin, &ended)?;
        common.say(&format!(
            "It goes on from {origin}. Name it there: `counterpart end-epoch --successor {}`.",
            founded.ledger
        ));
    }
    let note = ledger.checkpoint().context("the checkpoint is signed")?;
    let (checkpoint, _) = Checkpoint::verify(&note, &identity.origin, &vkey)?;
    if common.json {
        shell::line(
            &json!({
                "ledger": founded.ledger,
                "log_key": identity.log_key,
                "origin": identity.origin,
                "root": checkpoint.root.to_string(),
                "size": checkpoint.size,
            })
            .to_string(),
        );
    } else {
        shell::line(&format!("ledger   {}", founded.ledger));
        shell::line(&format!("log key  {}", identity.log_key));
        common.say("Write both down where people can compare them: every client pins them on first use.");
        common.say(&format!("Serve it with `counterpart serve --data {}`.", folder.path().display()));
    }
    Ok(Ending::Done)
}

/// Refuses a folder whose ledger is founded, before registrars' keys are made for a second one.
///
/// # Errors
///
/// It is founded, or its store cannot be opened.
pub fn refuse_founded(folder: &Folder) -> Result<()> {
    if !folder.store().exists() {
        return Ok(());
    }
    match folder.open_store()?.entry(0)? {
        Some(entry) => Err(holds(folder, &format!("{}#{}", folder.identity()?.origin, leaf_hash(&entry).to_hex()))),
        None => Ok(()),
    }
}

fn holds(folder: &Folder, ledger: &str) -> anyhow::Error {
    anyhow::anyhow!("`{}` holds the ledger `{ledger}` already; choose another folder", folder.path().display())
}

/// Whether a genesis is for the keys and the reference data of this program.
fn fits(genesis: &LedgerGenesis, identity: &Identity) -> Result<()> {
    if genesis.origin.as_str() != identity.origin {
        let named = genesis.origin.as_str();
        return Err(Fault::refused(format!(
            "E06: the genesis is for `{named}`, and the folder for `{}`",
            identity.origin
        )));
    }
    if !genesis.log_keys.iter().any(|key| key.as_str() == identity.log_key) {
        return Err(Fault::refused(format!(
            "the genesis does not name the log key of this folder, {}",
            identity.log_key
        )));
    }
    if !genesis.answer_keys.iter().any(|key| key.key == identity.answer_key) {
        let key = identity.answer_key;
        return Err(Fault::refused(format!("the genesis does not name the answer key of this folder, {key}")));
    }
    ReferenceSet::resolve(&genesis.code_lists, &genesis.policies)
        .map(drop)
        .map_err(|error| Fault::refused(format!("E10: {error}")))
}
