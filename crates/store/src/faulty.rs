//! Fails on purpose, once, around any other store.
//!
//! One [`Plan`] counts the calls of a store and of its checkpoints together, so that a loop over n reaches every step
//! of the write path. Once it has failed, everything answers `Poisoned`, as a store does whose disk is unknown.

mod disk;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::{LockStore, NewEntry, Store, StoreError, Swap, Word};

pub use disk::{Blow, Chance, FaultyDisk};

/// How the chosen call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was done.
    Before,
    /// The first half of a group was done; of any other call, nothing.
    Half,
    /// It was done, and reported lost.
    After,
    /// It was done with one bit of the first entry wrong, and reported done. Other calls are not touched.
    Flip,
}

/// Which call fails, and how.
#[derive(Debug)]
pub struct Plan {
    call: u64,
    failure: Failure,
    made: AtomicU64,
    failed: AtomicBool,
}

impl Plan {
    /// The `call`-th call that writes fails, counted from 1.
    pub fn new(call: u64, failure: Failure) -> Arc<Self> {
        Arc::new(Self { call, failure, made: AtomicU64::new(0), failed: AtomicBool::new(false) })
    }

    /// One of the first `calls` calls fails, chosen by the seed.
    pub fn from_seed(seed: u64, calls: u64) -> Arc<Self> {
        let mut mixed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let failure = match mixed % 4 {
            0 => Failure::Before,
            1 => Failure::Half,
            2 => Failure::After,
            _ => Failure::Flip,
        };
        Self::new(1 + (mixed >> 2) % calls.max(1), failure)
    }

    /// Whether the chosen call has come.
    pub fn failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    /// What befalls the call that is being made.
    fn next(&self) -> Result<Option<Failure>, StoreError> {
        self.check()?;
        let made = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Ok((made == self.call).then_some(self.failure))
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.failed() { Err(self.fail()) } else { Ok(()) }
    }

    fn fail(&self) -> StoreError {
        self.failed.store(true, Ordering::SeqCst);
        StoreError::Poisoned(format!("call {} was made to fail", self.call))
    }

    fn around<T>(&self, call: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.next()? {
            None | Some(Failure::Flip) => call(),
            Some(Failure::Before | Failure::Half) => Err(self.fail()),
            Some(Failure::After) => call().and_then(|_| Err(self.fail())),
        }
    }
}

/// A store or lock store that fails by plan.
#[derive(Debug)]
pub struct Faulty<S> {
    inner: S,
    plan: Arc<Plan>,
}

impl<S> Faulty<S> {
    /// Puts a plan around a store.
    pub fn new(inner: S, plan: Arc<Plan>) -> Self {
        Self { inner, plan }
    }

    /// The store within, as the next start finds it.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: Store> Store for Faulty<S> {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        match self.plan.next()? {
            None => self.inner.append(expected, group),
            Some(Failure::Before) => Err(self.plan.fail()),
            Some(Failure::Half) => {
                let half = group.get(..group.len() / 2).unwrap_or_default();
                self.inner.append(expected, half).and_then(|()| Err(self.plan.fail()))
            }
            Some(Failure::After) => self.inner.append(expected, group).and_then(|()| Err(self.plan.fail())),
            Some(Failure::Flip) => {
                let mut group = group.to_vec();
                if let Some(entry) = group.first_mut() {
                    let mut bytes = entry.bytes.to_vec();
                    if let Some(byte) = bytes.last_mut() {
                        *byte ^= 1;
                    }
                    entry.bytes = bytes.into();
                }
                self.inner.append(expected, &group)
            }
        }
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.plan.check()?;
        self.inner.read_back(range, each)
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.plan.check()?;
        self.inner.entry(index)
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.plan.check()?;
        self.inner.find(key, from, limit)
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        self.plan.check()?;
        self.inner.words(index)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        self.plan.around(|| self.inner.erase(index, names))
    }
}

impl<L: LockStore> LockStore for Faulty<L> {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.plan.check()?;
        self.inner.load()
    }

    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        self.plan.around(|| self.inner.swap(seen, size, new))
    }

    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.plan.check()?;
        self.inner.at_size(size)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::contract;
    use crate::memory::{Memory, MemoryLocks};

    fn group() -> Vec<NewEntry> {
        let entry = |bytes: &[u8]| NewEntry { bytes: bytes.into(), words: Vec::new(), keys: Vec::new() };
        vec![entry(b"one"), entry(b"two")]
    }

    #[test]
    fn a_plan_that_never_comes_keeps_the_contract() {
        contract::store(&mut || Faulty::new(Memory::new(), Plan::new(u64::MAX, Failure::Before))).unwrap();
        contract::locks(&mut || Faulty::new(MemoryLocks::new(), Plan::new(u64::MAX, Failure::Before))).unwrap();
    }

    #[test]
    fn each_failure_leaves_what_its_name_says() {
        for (failure, left) in [(Failure::Before, 0), (Failure::Half, 1), (Failure::After, 2)] {
            let store = Faulty::new(Memory::new(), Plan::new(1, failure));
            assert!(matches!(store.append(0, &group()), Err(StoreError::Poisoned(_))));
            assert!(matches!(store.entry(0), Err(StoreError::Poisoned(_))), "it stays failed");
            assert_eq!(store.into_inner().size(), left, "{failure:?}");
        }
        let store = Faulty::new(Memory::new(), Plan::new(1, Failure::Flip));
        store.append(0, &group()).unwrap();
        assert_eq!(store.entry(0).unwrap().unwrap(), b"ond");
    }

    #[test]
    fn a_swap_may_be_done_and_reported_lost() {
        let plan = Plan::new(2, Failure::After);
        let store = Faulty::new(Memory::new(), plan.clone());
        let locks = Faulty::new(MemoryLocks::new(), plan.clone());
        store.append(0, &group()).unwrap();
        assert!(locks.swap(None, 2, b"note").is_err());
        assert!(plan.failed() && store.append(2, &group()).is_err(), "the two fail together");
        assert_eq!(locks.into_inner().load().unwrap().unwrap(), b"note");
    }

    #[test]
    fn a_seed_reaches_every_call_and_every_failure() {
        let plans: Vec<_> = (0..200).map(|seed| Plan::from_seed(seed, 5)).collect();
        for call in 1..=5 {
            for failure in [Failure::Before, Failure::Half, Failure::After, Failure::Flip] {
                assert!(plans.iter().any(|plan| plan.call == call && plan.failure == failure), "{call} {failure:?}");
            }
        }
    }
}
