//! The promises of [`Store`] and [`LockStore`] as one suite, which every implementation passes.
//!
//! A broken promise comes back as a sentence, so that the suite can itself be tested with wrong stores.

use std::fmt::Debug;

use crate::{LockStore, NewEntry, Store, StoreError, Swap, Word};

type Verdict = Result<(), String>;

/// Checks every promise of [`Store`], each on a new store from `make`.
///
/// # Errors
///
/// The first broken promise, in a sentence.
pub fn store<S: Store>(make: &mut dyn FnMut() -> S) -> Verdict {
    let checks: &[fn(&S) -> Verdict] = &[
        starts_empty,
        appends_in_order,
        refuses_a_wrong_size,
        reads_what_was_written,
        finds_by_key,
        keeps_words,
        erases_words,
    ];
    checks.iter().try_for_each(|check| check(&make()))
}

/// Checks every promise of [`LockStore`], each on a new one from `make`.
///
/// # Errors
///
/// The first broken promise, in a sentence.
pub fn locks<L: LockStore>(make: &mut dyn FnMut() -> L) -> Verdict {
    let checks: &[fn(&L) -> Verdict] = &[swaps_what_was_seen, keeps_every_checkpoint, never_goes_back];
    checks.iter().try_for_each(|check| check(&make()))
}

fn entry(number: u64) -> NewEntry {
    let bytes: Vec<u8> =
        format!("entry {number} ").bytes().cycle().take(40 + usize::try_from(number % 7).unwrap_or(0) * 400).collect();
    NewEntry {
        bytes: bytes.into(),
        words: words(number),
        keys: vec![b"all".to_vec(), format!("n{}", number % 3).into_bytes()],
    }
}

fn words(number: u64) -> Vec<Word> {
    let each =
        |part: u64| Word { name: format!("/words/{part}"), bytes: format!("secret {number}.{part}").into_bytes() };
    (0..number % 4).map(each).collect()
}

fn good<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| format!("a sound call failed: {error}"))
}

fn same<T: PartialEq + Debug>(have: &T, want: &T, promise: &str) -> Verdict {
    if have == want { Ok(()) } else { Err(format!("{promise}: {have:?} is not {want:?}")) }
}

fn must(holds: bool, promise: &str) -> Verdict {
    if holds { Ok(()) } else { Err(promise.to_owned()) }
}

fn starts_empty<S: Store>(store: &S) -> Verdict {
    same(&store.size(), &0, "a new store is empty")?;
    same(&good(store.entry(0))?, &None, "an empty store has no entry")?;
    good(store.append(0, &[]))?;
    same(&store.size(), &0, "an empty group adds nothing")
}

fn filled<S: Store>(store: &S) -> Verdict {
    let mut next = 0;
    for count in [1_u64, 2, 7, 30] {
        let group: Vec<NewEntry> = (next..next + count).map(entry).collect();
        good(store.append(next, &group))?;
        next += count;
    }
    same(&store.size(), &next, "the size is what was appended")
}

fn appends_in_order<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    for index in 0..40 {
        same(
            &good(store.entry(index))?.as_deref(),
            &Some(&*entry(index).bytes),
            "an entry is the bytes that were appended there",
        )?;
    }
    same(&good(store.entry(40))?, &None, "there is no entry behind the last")
}

fn refuses_a_wrong_size<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    for expected in [0, 39, 41, u64::MAX] {
        let refused = matches!(
            store.append(expected, &[entry(99)]),
            Err(StoreError::HeadMoved { have: 40, expected: named }) if named == expected
        );
        must(refused, "an append that expects another size is refused with HeadMoved")?;
    }
    same(&store.size(), &40, "a refused append adds nothing")?;
    good(store.append(40, &[entry(40)]))?;
    same(&good(store.entry(40))?.as_deref(), &Some(&*entry(40).bytes), "a refused append does no harm")
}

fn reads_what_was_written<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    for range in [0..0, 0..1, 3..17, 39..40, 0..40] {
        let mut seen = Vec::new();
        good(store.read_back(range.clone(), &mut |index, bytes| seen.push((index, bytes.to_vec()))))?;
        let want: Vec<(u64, Vec<u8>)> = range.map(|index| (index, entry(index).bytes.to_vec())).collect();
        same(&seen, &want, "reading back gives each entry once, in order")?;
    }
    let beyond = store.read_back(39..41, &mut |_, _| {});
    must(matches!(beyond, Err(StoreError::NoEntry { index: 40, size: 40 })), "reading behind the end is NoEntry")
}

fn finds_by_key<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    let promise = "find gives the indexes under a key, in order, from and up to";
    same(&good(store.find(b"all", 0, 100))?, &(0..40).collect(), promise)?;
    same(&good(store.find(b"all", 10, 3))?, &vec![10, 11, 12], promise)?;
    same(&good(store.find(b"n1", 5, 3))?, &vec![7, 10, 13], promise)?;
    same(&good(store.find(b"n", 0, 100))?, &vec![], "a key is found whole, not by its beginning")?;
    same(&good(store.find(b"all", 40, 100))?, &vec![], promise)
}

fn keeps_words<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    for index in 0..40 {
        same(&good(store.words(index))?, &words(index), "words are kept as they came")?;
    }
    must(matches!(store.words(40), Err(StoreError::NoEntry { index: 40, .. })), "words of no entry are NoEntry")
}

fn erases_words<S: Store>(store: &S) -> Verdict {
    filled(store)?;
    let names = |parts: &[u64]| parts.iter().map(|part| format!("/words/{part}")).collect::<Vec<_>>();
    let unknown = store.erase(3, &names(&[0, 9]));
    must(matches!(unknown, Err(StoreError::NoWord { index: 3, .. })), "an unknown name is NoWord")?;
    same(&good(store.words(3))?, &words(3), "nothing is erased when one name is unknown")?;
    good(store.erase(3, &names(&[0, 2])))?;
    let left: Vec<Word> = words(3).into_iter().filter(|word| word.name == "/words/1").collect();
    same(&good(store.words(3))?, &left, "only the named words are erased")?;
    good(store.erase(3, &names(&[0, 2])))?;
    same(&good(store.words(3))?, &left, "erasing again is harmless")?;
    let half = store.erase(3, &["/wor".to_owned()]);
    must(matches!(half, Err(StoreError::NoWord { .. })), "a name goes on from another with a slash alone")?;
    same(&good(store.words(3))?, &left, "half a name means no words")?;
    good(store.erase(3, &["/words".to_owned()]))?;
    same(&good(store.words(3))?, &vec![], "a name stands for all that go on from it")?;
    same(&good(store.entry(3))?.as_deref(), &Some(&*entry(3).bytes), "erasing words changes no entry")?;
    same(&good(store.words(7))?, &words(7), "erasing touches no other entry")?;
    good(store.append(40, &[entry(43)]))?;
    same(&good(store.words(40))?, &words(43), "words may follow an erasure")
}

fn swaps_what_was_seen<L: LockStore>(locks: &L) -> Verdict {
    same(&good(locks.load())?, &None, "a new lock store has no checkpoint")?;
    let lost = good(locks.swap(Some(b"never"), 1, b"one"))?;
    same(&lost, &Swap::Lost(None), "a swap against what is not current is lost")?;
    same(&good(locks.swap(None, 1, b"one"))?, &Swap::Done, "a swap against what is current is done")?;
    same(&good(locks.load())?.as_deref(), &Some(&b"one"[..]), "the newest checkpoint is current")?;
    for stale in [None, Some(&b"two"[..])] {
        let lost = good(locks.swap(stale, 2, b"two"))?;
        same(&lost, &Swap::Lost(Some(b"one".to_vec())), "a lost swap tells what is current")?;
    }
    same(&good(locks.at_size(2))?, &None, "a lost swap leaves no trace")
}

fn keeps_every_checkpoint<L: LockStore>(locks: &L) -> Verdict {
    let note = |size: u64| format!("checkpoint over {size}").repeat(9).into_bytes();
    let mut seen: Option<Vec<u8>> = None;
    for size in (1..200).step_by(3) {
        same(
            &good(locks.swap(seen.as_deref(), size, &note(size)))?,
            &Swap::Done,
            "a swap against what is current is done",
        )?;
        seen = Some(note(size));
    }
    for size in 0..200 {
        let want = (size % 3 == 1).then(|| note(size));
        same(&good(locks.at_size(size))?, &want, "a checkpoint that was current is found by its size, and no other")?;
    }
    Ok(())
}

fn never_goes_back<L: LockStore>(locks: &L) -> Verdict {
    good(locks.swap(None, 5, b"five"))?;
    let back = locks.swap(Some(b"five"), 4, b"four");
    must(matches!(back, Err(StoreError::Rollback { have: 4, signed: 5 })), "sizes never fall")?;
    same(&good(locks.load())?.as_deref(), &Some(&b"five"[..]), "a refused swap changes nothing")?;
    same(&good(locks.swap(Some(b"five"), 5, b"five, two keys"))?, &Swap::Done, "one size may be signed again")?;
    same(&good(locks.at_size(5))?.as_deref(), &Some(&b"five, two keys"[..]), "of one size the newest is found")
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::memory::{Memory, MemoryLocks};

    /// What a wrong store does wrong.
    #[derive(Clone, Copy, Debug)]
    enum Wrong {
        ForgetsWords,
        IgnoresExpected,
        ErasesNothing,
        FindsFromZero,
        ReadsOneShort,
    }

    struct Broken(Memory, Wrong);

    impl Store for Broken {
        fn size(&self) -> u64 {
            self.0.size()
        }
        fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
            let mut group = group.to_vec();
            if matches!(self.1, Wrong::ForgetsWords) {
                for entry in &mut group {
                    entry.words.clear();
                }
            }
            let ignores = matches!(self.1, Wrong::IgnoresExpected);
            self.0.append(if ignores { self.0.size() } else { expected }, &group)
        }
        fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
            let short = u64::from(matches!(self.1, Wrong::ReadsOneShort));
            self.0.read_back(range.start..range.end.saturating_sub(short), each)
        }
        fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.entry(index)
        }
        fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
            self.0.find(key, if matches!(self.1, Wrong::FindsFromZero) { 0 } else { from }, limit)
        }
        fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
            self.0.words(index)
        }
        fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
            if matches!(self.1, Wrong::ErasesNothing) { Ok(()) } else { self.0.erase(index, names) }
        }
    }

    #[test]
    fn wrong_stores_fail_the_contract() {
        use Wrong::{ErasesNothing, FindsFromZero, ForgetsWords, IgnoresExpected, ReadsOneShort};
        for wrong in [ForgetsWords, IgnoresExpected, ErasesNothing, FindsFromZero, ReadsOneShort] {
            assert!(store(&mut || Broken(Memory::new(), wrong)).is_err(), "{wrong:?}");
        }
    }

    struct NeverLoses(MemoryLocks);

    impl LockStore for NeverLoses {
        fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.load()
        }
        fn swap(&self, _: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
            self.0.swap(self.0.load()?.as_deref(), size, new)
        }
        fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
            self.0.at_size(size)
        }
    }

    #[test]
    fn a_swap_that_never_loses_fails_the_contract() {
        assert!(locks(&mut || NeverLoses(MemoryLocks::new())).is_err());
    }
}
