//! Reading everything again: bytes and signatures on all cores, decisions in order.

use rayon::prelude::*;

use super::LedgerError;
use crate::keyring::Keyring;
use crate::refusal::Refusal;
use crate::replay::{Read, Replay, Stop, Stopped, read};
use crate::storage::Store;

/// Entries that are read at once: enough to keep all cores busy, a few megabytes of memory.
const CHUNK: u64 = 4096;

/// Replays every entry of a store behind those that the replay has taken in. Signatures are checked from entry `covered`
/// on.
///
/// # Errors
///
/// The store cannot read, or an entry is refused; the replay then stands before that entry.
pub(super) fn entries<S: Store + ?Sized>(
    store: &S,
    replay: &mut Replay,
    covered: u64,
    each: &mut dyn FnMut(&Read),
) -> Result<(), LedgerError> {
    let size = store.size();
    let mut first = replay.state.size;
    while first < size {
        let end = size.min(first + CHUNK);
        let mut bytes = Vec::new();
        store.read_back(first..end, &mut |_, entry| bytes.push(entry.to_vec()))?;
        let reads: Vec<_> = bytes.par_iter().map(|entry| read(entry)).collect();
        // A key that comes in later in this chunk may check an earlier signature: that changes no verdict,
        // because the rules ask in order whether the key was registered by then.
        for read in reads.iter().flatten() {
            replay.keyring.add_carried(&read.event);
        }
        let keyring = &replay.keyring;
        let checked: Vec<Result<(), Stop>> = reads
            .par_iter()
            .enumerate()
            .map(|(place, read)| match read {
                Ok(read) if first + place as u64 >= covered => signatures(keyring, read),
                Ok(_) => Ok(()),
                Err(stop) => Err(stop.clone()),
            })
            .collect();
        for (index, (read, checked)) in (first..).zip(reads.iter().zip(checked)) {
            checked.map_err(|stop| Stopped { index, stop })?;
            if let Ok(read) = read {
                replay.next(read, true)?;
                each(read);
            }
        }
        first = end;
    }
    Ok(())
}

fn signatures(keyring: &Keyring, read: &Read) -> Result<(), Stop> {
    let checked = keyring.check(&read.event, &read.entry.envelope).map_err(Stop::Refused)?;
    checked.unknown.first().map_or(Ok(()), |key| Err(Stop::Refused(Refusal::KeyUnknown { key: *key })))
}
