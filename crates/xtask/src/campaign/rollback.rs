//! Older copies are put back: it is found before anything is signed, as far as anybody remembers.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use counterpart_store::StoreError;
use counterpart_store::embedded::{Embedded, Hook, Indexed, Options, Verify};
use counterpart_store::faulty::{Blow, Chance, FaultyDisk};

use super::Verdict;
use super::story::{Answered, Story, record};

/// A copy is taken, more is recorded, and a part of the copy, or all of it, is put back.
pub fn rollback(case: u64, folder: &Path) -> Verdict {
    let tale = Story::of(case, Indexed::InMemory);
    let mut chance = Chance(case ^ 0x0B);
    let (place, copy) = (folder.join("store"), folder.join("copy"));
    let calm: Arc<dyn Hook> = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let options = tale.options(Some(calm.clone()));
    let mut answered = tale.play(&place, &calm);
    copied(&place, &copy)?;
    {
        let store = Embedded::open(&place, &options)?;
        for _ in 0..=chance.below(3) {
            record(&store, 1 + chance.below(20), &mut answered)?;
        }
    }
    let put_back: (&[&str], &'static str) = match chance.below(4) {
        0 => (&["records", "words", "keys", "MARK"], "records, not the checkpoints"),
        1 => (&["lock", "MARK"], "the checkpoints alone"),
        2 => (&["lock"], "the checkpoints alone"),
        _ => (&["records", "words", "keys", "lock", "MARK"], "everything, and a witness remembers"),
    };
    for name in put_back.0 {
        let (from, to) = (copy.join(name), place.join(name));
        if to.is_dir() {
            fs::remove_dir_all(&to)?;
        } else if to.exists() {
            fs::remove_file(&to)?;
        }
        copied(&from, &to)?;
    }
    let verify = if chance.below(2) == 0 { Verify::Quick } else { Verify::Full };
    // A witness remembers the size that it last saw. Without one, the store by itself cannot know.
    let options = Options { verify, at_least: answered.entries, ..options };
    detected(&place, &options, answered)?;
    Ok(put_back.1)
}

fn detected(place: &Path, options: &Options, answered: Answered) -> Result<()> {
    match Embedded::open(place, options) {
        Err(StoreError::Rollback { .. } | StoreError::Damaged { .. }) => Ok(()),
        Err(other) => Err(other.into()),
        Ok(store) => {
            let signed = store.report().signed;
            ensure!(signed >= answered.entries, "SILENT: {signed} of {} signed, and it opens", answered.entries);
            Ok(())
        }
    }
}

fn copied(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copied(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.exists() {
        fs::copy(from, to)?;
    }
    Ok(())
}
