//! A store in memory for tests: a double that judges.
//!
//! It keeps the promises, and it panics with the invariant when its caller or its own memory breaks one.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};

use crate::{LockStore, NewEntry, Store, StoreError, Swap, Waiting, Word};

/// Entries and words in memory.
#[derive(Debug, Default)]
pub struct Memory {
    kept: Mutex<Kept>,
    appending: AtomicBool,
}

#[derive(Debug, Default)]
struct Kept {
    entries: Vec<Entry>,
    keys: BTreeMap<Vec<u8>, Vec<u64>>,
}

#[derive(Debug)]
struct Entry {
    bytes: Arc<[u8]>,
    /// Taken when the entry came, compared whenever it is read.
    hash: [u8; 32],
    /// The words by order of arrival; `None` when erased.
    words: Vec<(String, Option<Vec<u8>>)>,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces recorded bytes behind the store's back, so that a test sees whether anybody notices.
    pub fn tamper(&self, index: u64, bytes: &[u8]) {
        let mut kept = self.kept();
        if let Some(entry) = at(&mut kept.entries, index) {
            entry.bytes = bytes.into();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic is this double's verdict on one caller; what is kept is whole between statements.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn at(entries: &mut [Entry], index: u64) -> Option<&mut Entry> {
    entries.get_mut(usize::try_from(index).ok()?)
}

impl Entry {
    fn judged(&self, index: u64) -> &[u8] {
        let now: [u8; 32] = Sha256::digest(&self.bytes).into();
        assert_eq!(now, self.hash, "recorded bytes never change, but entry {index} did");
        &self.bytes
    }
}

impl Store for Memory {
    fn size(&self) -> u64 {
        self.kept().entries.len() as u64
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        let alone = !self.appending.swap(true, Ordering::SeqCst);
        assert!(alone, "one sequencer appends; two appends were under way at once");
        let answer = append(&mut self.kept(), expected, group);
        self.appending.store(false, Ordering::SeqCst);
        answer
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        let kept = self.kept();
        let size = kept.entries.len() as u64;
        for index in range {
            let entry = usize::try_from(index).ok().and_then(|place| kept.entries.get(place));
            each(index, entry.ok_or(StoreError::NoEntry { index, size })?.judged(index));
        }
        Ok(())
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(at(&mut self.kept().entries, index).map(|entry| entry.judged(index).to_vec()))
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let kept = self.kept();
        let found = kept.keys.get(key).map_or(&[][..], Vec::as_slice);
        Ok(found.iter().copied().filter(|index| *index >= from).take(limit).collect())
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        let mut kept = self.kept();
        let size = kept.entries.len() as u64;
        let entry = at(&mut kept.entries, index).ok_or(StoreError::NoEntry { index, size })?;
        let still = entry.words.iter().filter_map(|(name, bytes)| {
            let bytes = bytes.clone()?;
            Some(Word { name: name.clone(), bytes })
        });
        Ok(still.collect())
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let size = kept.entries.len() as u64;
        let entry = at(&mut kept.entries, index).ok_or(StoreError::NoEntry { index, size })?;
        let meant = |asked: &String, name: &String| {
            name.strip_prefix(asked.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(name) = names.iter().find(|asked| !entry.words.iter().any(|(known, _)| meant(asked, known))) {
            return Err(StoreError::NoWord { index, name: name.clone() });
        }
        for (name, bytes) in &mut entry.words {
            if names.iter().any(|asked| meant(asked, name)) {
                *bytes = None;
            }
        }
        Ok(())
    }
}

fn append(kept: &mut Kept, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
    let have = kept.entries.len() as u64;
    if have != expected {
        return Err(StoreError::HeadMoved { have, expected });
    }
    for (index, entry) in (expected..).zip(group) {
        for key in &entry.keys {
            let places = kept.keys.entry(key.clone()).or_default();
            if places.last() != Some(&index) {
                places.push(index);
            }
        }
        let mut words: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        for word in &entry.words {
            let fresh = !words.iter().any(|(name, _)| *name == word.name);
            assert!(fresh, "a word's name is unique within its entry, but `{}` came twice", word.name);
            words.push((word.name.clone(), Some(word.bytes.clone())));
        }
        let hash = Sha256::digest(&entry.bytes).into();
        kept.entries.push(Entry { bytes: entry.bytes.clone(), hash, words });
    }
    Ok(())
}

/// Signed checkpoints in memory.
#[derive(Debug, Default)]
pub struct MemoryLocks {
    history: Mutex<Vec<(u64, Vec<u8>)>>,
}

impl MemoryLocks {
    /// No checkpoint yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn history(&self) -> MutexGuard<'_, Vec<(u64, Vec<u8>)>> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LockStore for MemoryLocks {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.history().last().map(|(_, note)| note.clone()))
    }

    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        let mut history = self.history();
        let current = history.last();
        if current.map(|(_, note)| note.as_slice()) != seen {
            return Ok(Swap::Lost(current.map(|(_, note)| note.clone())));
        }
        if let Some((signed, _)) = current
            && size < *signed
        {
            return Err(StoreError::Rollback { have: size, signed: *signed });
        }
        history.push((size, new.to_vec()));
        Ok(Swap::Done)
    }

    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.history().iter().rev().find(|(have, _)| *have == size).map(|(_, note)| note.clone()))
    }
}

/// What waits for signatures, in memory.
#[derive(Debug, Default)]
pub struct MemoryWaiting(Mutex<HashMap<String, Vec<u8>>>);

impl MemoryWaiting {
    /// Nothing waits.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting for MemoryWaiting {
    fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.kept().keys().cloned().collect())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept().get(name).cloned())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.kept().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.kept().remove(name);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract;

    fn entry(bytes: &[u8]) -> NewEntry {
        NewEntry { bytes: bytes.into(), words: Vec::new(), keys: Vec::new() }
    }

    #[test]
    fn memory_keeps_the_contract() {
        contract::store(&mut || Memory::new()).unwrap();
        contract::locks(&mut || MemoryLocks::new()).unwrap();
    }

    #[test]
    #[should_panic(expected = "recorded bytes never change")]
    fn changed_bytes_are_judged() {
        let store = Memory::new();
        store.append(0, &[entry(b"true")]).unwrap();
        store.tamper(0, b"false");
        store.entry(0).unwrap();
    }

    #[test]
    #[should_panic(expected = "two appends were under way at once")]
    fn two_appends_at_once_are_judged() {
        let store = Memory::new();
        store.appending.store(true, Ordering::SeqCst);
        let _ = store.append(0, &[entry(b"second")]);
    }

    #[test]
    #[should_panic(expected = "a word's name is unique")]
    fn two_words_of_one_name_are_judged() {
        let word = Word { name: "/note".into(), bytes: b"x".to_vec() };
        let twice = NewEntry { words: vec![word.clone(), word], ..entry(b"e") };
        let _ = Memory::new().append(0, &[twice]);
    }
}
