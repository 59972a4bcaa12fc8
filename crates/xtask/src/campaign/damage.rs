//! Any file is damaged: it is said, named, never answered wrongly, and mended from a copy.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use counterpart_store::embedded::care::{backup, look, repair};
use counterpart_store::embedded::{Embedded, Indexed, Options, Verify};
use counterpart_store::faulty::{Blow, Chance, FaultyDisk};
use counterpart_store::{Store, StoreError};

use super::Verdict;
use super::story::{Answered, Story, holds, record};

/// One piece of damage to one file; then a start, and a repair from a copy that was made before.
pub fn damage(case: u64, folder: &Path) -> Verdict {
    let on_disk = case.is_multiple_of(4);
    // Cases share few stories, so that the time goes into damage.
    let tale = Story::of(case % 97, if on_disk { Indexed::OnDisk } else { Indexed::InMemory });
    let mut chance = Chance(case ^ 0xDA3A);
    let (place, copy, keys) = (folder.join("store"), folder.join("copy"), folder.join("keys"));
    let calm: std::sync::Arc<dyn counterpart_store::embedded::Hook> =
        std::sync::Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let options = tale.options(Some(calm.clone()));
    let mut answered = tale.play(&place, &calm);
    let earlier = snapshot(&place)?;
    {
        let store = Embedded::open(&place, &options)?;
        record(&store, 1 + chance.below(5), &mut answered)?;
        backup(&place, &copy, Some(&keys), &options)?;
    }
    if chance.below(3) == 0 {
        let _ = fs::remove_file(place.join("MARK"));
    }
    let files = snapshot(&place)?;
    let Some((hurt, kind)) = strike(&files, &earlier, &mut chance)? else { return Ok("nothing to hurt") };
    let about = || format!("{kind} of {}", hurt.strip_prefix(&place).unwrap_or(&hurt).display());
    let told = attempt(&tale, &place, &options, answered).with_context(about)?;
    let mended = repair(&place, &copy, Some(&keys), &options).with_context(about)?;
    ensure!(mended.look.damage.is_empty(), "{}: repair leaves {:?}", about(), mended.look.damage);
    let full = Options { verify: Verify::Full, ..options };
    let store = Embedded::open(&place, &full).with_context(about)?;
    ensure!(store.size() >= answered.entries, "{}: LOST after the repair", about());
    ensure!(store.report().signed >= answered.entries, "{}: a checkpoint is LOST after the repair", about());
    holds(&store, answered).with_context(about)?;
    Ok(told)
}

/// Opens and reads everything: whatever is not right must be said.
fn attempt(tale: &Story, place: &Path, options: &Options, answered: Answered) -> Verdict {
    let store = match Embedded::open(place, options) {
        Ok(store) => store,
        Err(StoreError::Damaged { file, offset, index, problem }) => {
            ensure!(!file.is_empty(), "the damage has no name");
            // Looking must see it too, and change nothing.
            let seen = look(place, options);
            let empty = seen.as_ref().is_ok_and(|seen| seen.damage.is_empty());
            ensure!(
                !empty,
                "a start finds damage to {file} at {offset}, entry {index} ({problem}) that looking does not: {seen:?}"
            );
            return Ok("named at the start");
        }
        Err(StoreError::Rollback { .. } | StoreError::Unsuitable { .. }) => return Ok("named at the start"),
        Err(other) => bail!("the error is no name: {other}"),
    };
    let report = store.report();
    let said = report.rebuilt.is_some() || !report.set_aside.is_empty();
    if report.signed < answered.entries {
        bail!("SILENT: the checkpoint over {} reads as {}", answered.entries, report.signed);
    }
    match holds(&store, answered) {
        Ok(()) if said => return Ok("healed at the start"),
        Ok(()) => {}
        Err(error) => match error.downcast_ref::<StoreError>() {
            Some(StoreError::Damaged { .. }) => return Ok("named when read"),
            _ => return Err(error.context(format!("SILENT: a wrong answer (tale {})", tale.case))),
        },
    }
    drop(store);
    // Everything was answered rightly. What a full look finds now was in bytes that nobody needs.
    let full = Options { verify: Verify::Full, ..options.clone() };
    let store = match Embedded::open(place, &full) {
        Ok(store) => store,
        // An old checkpoint that nobody asked for is found here.
        Err(StoreError::Damaged { .. }) => return Ok("named when verified"),
        Err(other) => bail!("the error is no name: {other}"),
    };
    holds(&store, answered)?;
    Ok(if store.report().rebuilt.is_some() { "healed when verified" } else { "harmless" })
}

pub(super) type Files = Vec<(PathBuf, Vec<u8>)>;

/// Every file of a store that holds something; locks and ballast hold nothing.
pub(super) fn snapshot(folder: &Path) -> Result<Files> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(snapshot(&path)?);
        } else if !matches!(path.file_name().and_then(|name| name.to_str()), Some("LOCK" | "BALLAST")) {
            found.push((path.clone(), fs::read(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

/// Damages one file; gives which and how.
pub(super) fn strike(files: &Files, earlier: &Files, chance: &mut Chance) -> Result<Option<(PathBuf, &'static str)>> {
    let pick = usize::try_from(chance.below(files.len() as u64))?;
    let Some((path, bytes)) = files.get(pick) else { return Ok(None) };
    let Some(used) = bytes.iter().rposition(|byte| *byte != 0).map(|last| last + 1) else { return Ok(None) };
    let place = position(used, chance)?;
    let mut hurt = bytes.clone();
    let sector = |place: usize| (place / 512 * 512).min(used)..(place / 512 * 512 + 512).min(used);
    let kind = match chance.below(6) {
        0 => {
            if let Some(byte) = hurt.get_mut(place) {
                *byte ^= 1 << chance.below(8);
            }
            "a flipped bit"
        }
        1 => {
            hurt.get_mut(sector(place)).unwrap_or_default().fill(0);
            "a zeroed sector"
        }
        2 => {
            let other = sector(position(used, chance)?);
            let (one, other) = (sector(place), other);
            if one.len() == other.len()
                && let (Some(first), Some(second)) = (bytes.get(one.clone()), bytes.get(other.clone()))
            {
                hurt.get_mut(one).unwrap_or_default().copy_from_slice(second);
                hurt.get_mut(other).unwrap_or_default().copy_from_slice(first);
            }
            "two swapped sectors"
        }
        3 => {
            let old = earlier.iter().find(|(other, _)| other == path).map(|(_, old)| old);
            let stale = old.and_then(|old| old.get(sector(place)));
            if let Some(stale) = stale {
                hurt.get_mut(sector(place)).unwrap_or_default().copy_from_slice(stale);
            }
            "a stale sector"
        }
        4 => {
            hurt.truncate(place);
            "a truncated file"
        }
        _ => {
            fs::remove_file(path)?;
            return Ok(Some((path.clone(), "a deleted file")));
        }
    };
    fs::write(path, hurt)?;
    Ok(Some((path.clone(), kind)))
}

/// A place in the used bytes: in the header, near the end, or anywhere.
fn position(used: usize, chance: &mut Chance) -> Result<usize> {
    let used = used as u64;
    let place = match chance.below(4) {
        0 => chance.below(used.min(128)),
        1 => used - 1 - chance.below(used.min(200)),
        _ => chance.below(used),
    };
    Ok(usize::try_from(place)?)
}
