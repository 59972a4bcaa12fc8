//! What is said of a log under its answer key: how its store was mended, that it has ended, what it goes on from.

use anyhow::Result;
use counterpart_core::statement::{Continues, Ended, Held, Kind, Mended, Statement};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;

use super::Told;
use crate::ending::Fault;

/// Checks a statement under the keys of its log, and the checkpoints that it shows; gives the ledger whose word it is.
///
/// # Errors
///
/// It is not bound to any of the keys, or what it shows does not fit together (exit 4).
pub(super) fn check(bytes: &[u8], keys: &[VerifierKey], told: &mut Told) -> Result<String> {
    let wrong = |error: &dyn std::fmt::Display| Fault::unverified(format!("the statement does not hold: {error}"));
    let Held { statement, ledger, key, log_key } = Statement::verify(bytes, keys).map_err(|error| wrong(&error))?;
    let log_key = keys.get(log_key).map(ToString::to_string).unwrap_or_default();
    let (kind, origin) = (statement.kind.word(), &statement.origin);
    told.checked.push(format!("entry 0 stands in the log {origin}, whose key is {log_key}: the ledger is {ledger}"));
    told.checked.push(format!("an answer key that entry 0 names made this statement ({kind}): {key}"));
    match statement.kind {
        Kind::Repair => mended(&statement.says::<Mended>().map_err(|error| wrong(&error))?, told),
        Kind::Ended => {
            let ended: Ended = statement.says().map_err(|error| wrong(&error))?;
            of(&ended.ledger, &ledger)?;
            fits(&ended, origin, keys, told)?;
        }
        Kind::Continues => {
            let goes_on: Continues = statement.says().map_err(|error| wrong(&error))?;
            of(&goes_on.ledger, &ledger)?;
            told.checked.push(format!("it says that {} goes on from {}", goes_on.ledger, goes_on.predecessor));
            told.open.push(format!(
                "the statement by which {} ended: compare its SHA-256 with {}",
                goes_on.predecessor, goes_on.ended
            ));
        }
    }
    Ok(ledger)
}

/// Whether a statement is about the ledger whose word it is.
fn of(named: &str, ledger: &str) -> Result<()> {
    if named == ledger {
        Ok(())
    } else {
        Err(Fault::unverified(format!("the statement does not hold: it is the word of {ledger}, and about {named}")))
    }
}

fn mended(mended: &Mended, told: &mut Told) {
    let from = mended.from.as_deref().map_or_else(String::new, |from| format!(" from {from}"));
    told.checked.push(format!("it says that at {} {} stretches were mended{from}", mended.at, mended.replaced.len()));
    for stretch in &mended.replaced {
        told.checked.push(format!("it says: replaced {stretch}"));
    }
    match (mended.entries, &mended.root) {
        (Some(entries), Some(root)) => {
            told.checked.push(format!("it says that {entries} entries came to the root {root}"));
            told.open.push(
                "that they do: compare with a checkpoint of that size, or audit the ledger or its mirror".to_owned(),
            );
        }
        _ => told.checked.push("it says that the entries did not fit what was signed".to_owned()),
    }
    let problems = mended.still_damaged.iter().chain(&mended.problem);
    told.checked.extend(problems.map(|problem| format!("it says: still damaged: {problem}")));
}

/// Whether a statement of an end fits the checkpoints that it shows, which the log has signed.
fn fits(ended: &Ended, origin: &str, keys: &[VerifierKey], told: &mut Told) -> Result<()> {
    let signed = checkpoint(&ended.signed, origin, keys)?;
    told.checked.push(format!("the log signed {} entries last, under the root {}", signed.size, signed.root));
    let kept = checkpoint(&ended.kept, origin, keys)?;
    let whole = kept.size;
    let first = ended.lost.first().map_or(signed.size, |[first, _]| *first);
    let mut next = whole;
    for [first, last] in &ended.lost {
        if *first < next || last < first || *last >= signed.size {
            return Err(Fault::unverified(format!(
                "the statement does not hold: entries {first} to {last} cannot be lost of {} of which {whole} are whole",
                signed.size
            )));
        }
        next = last + 1;
    }
    if whole > first || (ended.lost.is_empty() && whole < signed.size) {
        return Err(Fault::unverified("the statement does not hold: it does not say what is lost"));
    }
    told.checked.push(format!(
        "entries 0 to {} are said to be whole, under the root {} that the log signed",
        kept.size.saturating_sub(1),
        kept.root
    ));
    for [first, last] in &ended.lost {
        told.checked.push(format!("entries {first} to {last} are said to be lost"));
    }
    told.checked.push(format!("it says why, at {}: {}", ended.at, ended.reason));
    match &ended.successor {
        Some(successor) => told.checked.push(format!("it says that {successor} goes on")),
        None => told.checked.push("it names no ledger that goes on".to_owned()),
    }
    told.open.push(
        "that nobody has what is lost: whoever has these entries, a mirror or a party, can show them against the \
         checkpoint that was signed last"
            .to_owned(),
    );
    Ok(())
}

fn checkpoint(note: &str, origin: &str, keys: &[VerifierKey]) -> Result<Checkpoint> {
    let verified = keys.iter().find_map(|key| Checkpoint::verify(note.as_bytes(), origin, key).ok());
    let (checkpoint, _) = verified
        .ok_or_else(|| Fault::unverified("the statement does not hold: a checkpoint in it is not signed by the log"))?;
    Ok(checkpoint)
}
