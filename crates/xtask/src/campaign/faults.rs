//! The power goes, calls fail, the disk is full: what was answered for is there after the next start.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use counterpart_store::embedded::{Embedded, Fault, Hook, Indexed};
use counterpart_store::faulty::{Blow, Chance, FaultyDisk};
use counterpart_store::{Store, StoreError};

use super::Verdict;
use super::story::{Answered, Story, entry, holds, judge, record};

/// A disk on which nothing happens and nothing need really be synced.
fn calm() -> Arc<dyn Hook> {
    Arc::new(FaultyDisk::new(u64::MAX, Blow::None))
}

/// How many calls a story makes when nothing befalls it.
fn calls(tale: &Story, folder: &Path) -> u64 {
    let disk = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let hook: Arc<dyn Hook> = disk.clone();
    tale.play(&folder.join("counted"), &hook);
    disk.made()
}

/// The index lies on disk in one case of eight: it has files of its own, which no hook reaches.
fn story(case: u64) -> Story {
    Story::of(case, if case.is_multiple_of(8) { Indexed::OnDisk } else { Indexed::InMemory })
}

/// One power cut at a random call; in one case of four another one during the next start.
pub fn power_cut(case: u64, folder: &Path) -> Verdict {
    let tale = story(case);
    let mut chance = Chance(case ^ 0xC07);
    let place = folder.join("store");
    let disk = Arc::new(FaultyDisk::new(1 + chance.below(calls(&tale, folder)), Blow::Cut));
    let hook: Arc<dyn Hook> = disk.clone();
    let answered = tale.play(&place, &hook);
    disk.lose_power(chance.draw())?;
    let again = chance.below(4) == 0;
    if again {
        let disk = Arc::new(FaultyDisk::new(1 + chance.below(12), Blow::Cut));
        let hook: Arc<dyn Hook> = disk.clone();
        drop(Embedded::open(&place, &tale.options(Some(hook))));
        disk.lose_power(chance.draw())?;
    }
    judge(&tale, &place, answered, Some(calm()))?;
    Ok(if again { "cut twice" } else { "cut once" })
}

/// One error at a random call; in one case of four reading fails.
pub fn io_error(case: u64, folder: &Path) -> Verdict {
    if case % 4 == 3 {
        return read_error(case, folder);
    }
    let tale = story(case);
    let mut chance = Chance(case ^ 0xE10);
    let kind = ErrorKind::Other;
    let fault = match chance.below(3) {
        0 => Fault::Before(kind),
        1 => Fault::Half(kind),
        _ => Fault::After(kind),
    };
    let forever = chance.below(2) == 0;
    let call = 1 + chance.below(calls(&tale, folder));
    let disk = Arc::new(FaultyDisk::new(call, if forever { Blow::Forever(fault) } else { Blow::Once(fault) }));
    let place = folder.join("store");
    let answered = hurt(&tale, &place, &disk)?;
    judge(&tale, &place, answered, Some(calm()))?;
    Ok(if forever { "failed from then on" } else { "failed once" })
}

/// Reading fails for a while, in a story, at a start or while everything is read. It is said, no answer is wrong, and
/// nothing is put aside or thrown away for it: what cannot be read now may be whole.
fn read_error(case: u64, folder: &Path) -> Verdict {
    let tale = Story::of(case, Indexed::InMemory);
    let mut chance = Chance(case ^ 0x4EAD);
    let place = folder.join("store");
    let counted = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let hook: Arc<dyn Hook> = counted.clone();
    let whole = folder.join("counted");
    let answered = tale.play(&whole, &hook);
    let in_story = counted.read();
    drop(Embedded::open(&whole, &tale.options(Some(hook.clone()))).map(|store| holds(&store, answered)));
    let first = 1 + chance.below(counted.read());
    let count = if chance.below(2) == 0 { 1 } else { u64::MAX };
    let disk = Arc::new(FaultyDisk::unreadable(first, count));
    let hook: Arc<dyn Hook> = disk.clone();
    let mut answered = tale.play(&place, &hook);
    let mut said = disk.unread().is_some();
    if !said {
        ensure!(first > in_story, "the story reads otherwise than when it was counted");
        match Embedded::open(&place, &tale.options(Some(hook))) {
            Ok(store) => match holds(&store, answered) {
                Ok(()) => {}
                Err(error) => {
                    let named = matches!(error.downcast_ref::<StoreError>(), Some(StoreError::Io { .. }));
                    ensure!(named, "SILENT: a read that fails is told as {error:#}");
                    said = true;
                }
            },
            Err(StoreError::Io { .. }) => said = true,
            Err(other) => return Err(anyhow::Error::new(other).context("a read that fails is told as something else")),
        }
    }
    // Whoever wanted to destroy words may have been kept from it.
    answered.erasing |= tale.starts.iter().flatten().sum::<u64>() > super::story::ERASED;
    judge(&tale, &place, answered, Some(calm()))?;
    Ok(if said { "a read failed" } else { "a read failed and another way was taken" })
}

/// Plays a story whose disk fails: after an unknown result nothing more is acknowledged.
fn hurt(tale: &Story, place: &Path, disk: &Arc<FaultyDisk>) -> Result<Answered> {
    let hook: Arc<dyn Hook> = disk.clone();
    let mut answered = Answered::default();
    for groups in &tale.starts {
        let Ok(store) = Embedded::open(place, &tale.options(Some(hook.clone()))) else { return Ok(answered) };
        for count in groups {
            match record(&store, *count, &mut answered) {
                Ok(()) => {}
                Err(StoreError::Full) => return Ok(answered),
                Err(_) => {
                    let after = store.append(store.size(), &[entry(store.size())]);
                    let refused = matches!(after, Err(StoreError::Poisoned(_)));
                    ensure!(refused, "something is acknowledged after an unknown result: {after:?}");
                    return Ok(answered);
                }
            }
        }
    }
    Ok(answered)
}

/// A disk that is full at a random call, and has space again afterwards.
pub fn full_disk(case: u64, folder: &Path) -> Verdict {
    let tale = story(case);
    let mut chance = Chance(case ^ 0xF011);
    let fault =
        if chance.below(2) == 0 { Fault::Before(ErrorKind::StorageFull) } else { Fault::Half(ErrorKind::StorageFull) };
    let call = 1 + chance.below(calls(&tale, folder));
    let blow = if chance.below(2) == 0 { Blow::Once(fault) } else { Blow::Forever(fault) };
    let disk = Arc::new(FaultyDisk::new(call, blow));
    let place = folder.join("store");
    let hook: Arc<dyn Hook> = disk;
    let mut answered = Answered::default();
    let mut came_to = "not noticed";
    'starts: for groups in &tale.starts {
        let Ok(store) = Embedded::open(&place, &tale.options(Some(hook.clone()))) else {
            came_to = "did not start";
            break;
        };
        for count in groups {
            let before = store.size();
            match record(&store, *count, &mut answered) {
                Ok(()) => {}
                Err(StoreError::Full) if store.size() == before => {
                    came_to = "refused and read on";
                    holds(&store, answered)?;
                }
                Err(_) => {
                    came_to = "stopped";
                    break 'starts;
                }
            }
        }
    }
    judge(&tale, &place, answered, Some(calm()))?;
    Ok(came_to)
}
