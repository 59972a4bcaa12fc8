//! What happens to a store in a case: groups of entries with words, checkpoints, erasures, stops and starts.
//!
//! Everything follows from the case's number, entries from their index alone, so that any store can be judged.

use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail, ensure};
use counterpart_store::embedded::{Embedded, Hook, Indexed, Options, Verify};
use counterpart_store::faulty::Chance;
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Word};

/// The entry whose words are erased in the course of a story.
pub const ERASED: u64 = 5;

/// One story, as far as it is decided beforehand.
#[derive(Clone, Debug)]
pub struct Story {
    /// The number that everything follows from.
    pub case: u64,
    /// Bytes of a file before the next begins.
    pub file_bytes: u64,
    /// Where the index lies.
    pub indexed: Indexed,
    /// For each start, the sizes of the groups that are recorded.
    pub starts: Vec<Vec<u64>>,
}

/// What a store answered for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered {
    /// Entries under a durable checkpoint.
    pub entries: u64,
    /// Whether the words of [`ERASED`] were erased; tried is not yet done.
    pub erased: bool,
    /// Whether that was tried.
    pub erasing: bool,
}

impl Story {
    /// The story of a case.
    pub fn of(case: u64, indexed: Indexed) -> Self {
        let mut chance = Chance(case ^ 0x0005_70F1);
        let starts = 1 + chance.below(3);
        let starts = (0..starts).map(|_| (0..=chance.below(5)).map(|_| 1 + chance.below(25)).collect()).collect();
        Self { case, file_bytes: 4096 << chance.below(5), indexed, starts }
    }

    /// The options of a start.
    pub fn options(&self, hook: Option<Arc<dyn Hook>>) -> Options {
        let chance = Mutex::new(Chance(self.case));
        let entropy = Arc::new(move |bytes: &mut [u8]| {
            let mut chance = chance.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            bytes.fill_with(|| u8::try_from(chance.below(256)).unwrap_or(0));
        });
        Options {
            file_bytes: self.file_bytes,
            ballast_bytes: 4096,
            indexed: self.indexed,
            label: format!("case-{}", self.case),
            hook,
            ..Options::new(entropy, Arc::new(|bytes: &[u8]| keys(bytes)))
        }
    }

    /// Plays it on the real disk, telling each answer as it is given.
    ///
    /// # Errors
    ///
    /// A call failed.
    pub fn tell(&self, folder: &Path, told: &mut dyn FnMut(Answered)) -> Result<(), StoreError> {
        self.play_on(folder, None, &mut Answered::default(), told)
    }

    /// Plays it until something fails.
    pub fn play(&self, folder: &Path, hook: &Arc<dyn Hook>) -> Answered {
        let mut answered = Answered::default();
        // Whatever fails ends the story: what was answered until then must be kept.
        let _ = self.play_on(folder, Some(hook), &mut answered, &mut |_| {});
        answered
    }

    /// Plays it and says what failed.
    fn play_on(
        &self,
        folder: &Path,
        hook: Option<&Arc<dyn Hook>>,
        answered: &mut Answered,
        told: &mut dyn FnMut(Answered),
    ) -> Result<(), StoreError> {
        for groups in &self.starts {
            let store = Embedded::open(folder, &self.options(hook.cloned()))?;
            for count in groups {
                record(&store, *count, answered)?;
                told(*answered);
            }
            if store.size() > ERASED && !answered.erased {
                answered.erasing = true;
                told(*answered);
                // A story that is told a second time finds them destroyed.
                match store.erase(ERASED, &["/words/1".into()]) {
                    Ok(()) | Err(StoreError::NoWord { .. }) => {}
                    Err(other) => return Err(other),
                }
                answered.erased = true;
                told(*answered);
            }
        }
        Ok(())
    }
}

/// Appends a group and signs for everything.
pub fn record(store: &Embedded, count: u64, answered: &mut Answered) -> Result<(), StoreError> {
    let from = store.size();
    let group: Vec<NewEntry> = (from..from + count).map(entry).collect();
    store.append(from, &group)?;
    store.read_back(from..from + count, &mut |_, _| {})?;
    let locks = store.locks();
    let seen = locks.load()?;
    let size = store.size();
    if locks.swap(seen.as_deref(), size, &note(size))? == Swap::Done {
        answered.entries = size;
    }
    Ok(())
}

/// The entry at an index.
pub fn entry(index: u64) -> NewEntry {
    let bytes = bytes(index);
    NewEntry { keys: keys(&bytes), bytes: bytes.into(), words: words(index) }
}

fn bytes(index: u64) -> Vec<u8> {
    let length = 30 + usize::try_from(Chance(index).below(600)).unwrap_or(0);
    format!("{index:08} is the number of this entry; ").bytes().cycle().take(length).collect()
}

fn keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let digits = bytes.get(..8).unwrap_or_default().to_vec();
    vec![digits.get(5..).unwrap_or_default().to_vec(), digits]
}

fn words(index: u64) -> Vec<Word> {
    let count = if index == ERASED { 3 } else { Chance(index ^ 0x4D).below(4) };
    let each = |part: u64| {
        let length = usize::try_from(Chance(index ^ (part << 32)).below(700)).unwrap_or(0);
        let bytes = format!("nobody may know {index}.{part}; ").bytes().cycle().take(length).collect();
        Word { name: format!("/words/{part}"), bytes }
    };
    (0..count).map(each).collect()
}

/// The checkpoint over so many entries.
pub fn note(size: u64) -> Vec<u8> {
    format!("a signed checkpoint over {size} entries").into_bytes()
}

/// Opens a store after whatever befell it, and holds it to what it answered for.
pub fn judge(tale: &Story, folder: &Path, answered: Answered, hook: Option<Arc<dyn Hook>>) -> Result<()> {
    let store = Embedded::open(folder, &tale.options(hook.clone())).context("it does not open")?;
    ensure!(store.size() >= answered.entries, "LOST: {} entries of {} answered for", store.size(), answered.entries);
    let signed = store.report().signed;
    ensure!(signed >= answered.entries, "LOST: the checkpoint over {} reads as {signed}", answered.entries);
    holds(&store, answered)?;
    let size = store.size();
    record(&store, 3, &mut Answered::default()).context("it does not go on")?;
    drop(store);
    let full = Options { verify: Verify::Full, ..tale.options(hook) };
    let store = Embedded::open(folder, &full).context("it does not open again")?;
    ensure!(store.size() == size + 3, "it does not keep what came afterwards");
    holds(&store, answered)
}

/// Whether everything in a store is what was recorded, and found.
pub fn holds(store: &Embedded, answered: Answered) -> Result<()> {
    for index in 0..store.size() {
        let wanted = entry(index);
        let have = store.entry(index).with_context(|| format!("entry {index}"))?;
        ensure!(have.as_deref() == Some(&*wanted.bytes), "WRONG: entry {index} is another");
        for key in &wanted.keys {
            let found = store.find(key, index, 1)?;
            ensure!(found == [index], "WRONG: entry {index} is found as {found:?}");
        }
        let have = store.words(index).with_context(|| format!("words of entry {index}"))?;
        if index == ERASED && answered.erasing {
            let gone = have.iter().all(|word| word.name != "/words/1");
            ensure!(gone || !answered.erased, "WRONG: erased words are back");
            if gone {
                continue;
            }
        }
        if have != wanted.words {
            bail!("WRONG: the words of entry {index} are others");
        }
    }
    Ok(())
}
