//! The embedded store keeps the contract, and says so clearly when its files do not let it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use counterpart_store::embedded::{Embedded, Entropy, Fault, Hook, Indexed, Op, Options, Verify};
use counterpart_store::faulty::{Blow, FaultyDisk};
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Word, contract};

/// Distinct bytes on every call, the same in every run.
fn entropy() -> Entropy {
    let counter = AtomicU64::new(1);
    Arc::new(move |bytes| {
        for chunk in bytes.chunks_mut(8) {
            let mut next = counter.fetch_add(1, Ordering::SeqCst).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            next = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            chunk.copy_from_slice(&next.to_le_bytes()[..chunk.len()]);
        }
    })
}

/// Small files, no ballast, the index in memory, and everything read at every start.
fn options() -> Options {
    Options {
        file_bytes: 4096,
        ballast_bytes: 0,
        indexed: Indexed::InMemory,
        verify: Verify::Full,
        ..Options::new(entropy(), Arc::new(|bytes| vec![bytes[..1].to_vec()]))
    }
}

fn entry(number: u64) -> NewEntry {
    let bytes = format!("{number} is an entry of the log").into_bytes();
    let word =
        |part: u64| Word { name: format!("/words/{part}"), bytes: format!("secret {number}.{part}").into_bytes() };
    NewEntry { keys: vec![bytes[..1].to_vec()], bytes: bytes.into(), words: (0..number % 3).map(word).collect() }
}

fn note(size: u64) -> Vec<u8> {
    format!("checkpoint over {size}").into_bytes()
}

/// Appends a group and signs for it, as the write path does.
fn record(store: &Embedded, from: u64, to: u64) -> Result<(), StoreError> {
    let group: Vec<NewEntry> = (from..to).map(entry).collect();
    store.append(from, &group)?;
    let locks = store.locks();
    let seen = locks.load()?;
    assert_eq!(locks.swap(seen.as_deref(), to, &note(to))?, Swap::Done);
    Ok(())
}

fn filled(directory: &Path) {
    let store = Embedded::open(directory, &options()).unwrap();
    for (from, to) in [(0, 1), (1, 4), (4, 30), (30, 60)] {
        record(&store, from, to).unwrap();
    }
}

/// Every entry and word is what was recorded, up to `size`.
fn assert_whole(store: &Embedded, size: u64) {
    let mut seen = 0;
    store
        .read_back(0..size, &mut |index, bytes| {
            assert_eq!((index, bytes), (seen, &*entry(seen).bytes));
            seen += 1;
        })
        .unwrap();
    assert_eq!(seen, size);
    for index in 0..size {
        assert_eq!(store.words(index).unwrap(), entry(index).words);
    }
}

#[test]
fn embedded_keeps_the_contract() {
    let parent = tempfile::tempdir().unwrap();
    let count = AtomicUsize::new(0);
    let next = || parent.path().join(count.fetch_add(1, Ordering::SeqCst).to_string());
    // Nothing is opened twice here, so the keys of the index come with the entries.
    contract::store(&mut || Embedded::open(&next(), &options()).unwrap()).unwrap();
    let mut kept = Vec::new();
    contract::locks(&mut || {
        let store = Embedded::open(&next(), &options()).unwrap();
        let locks = store.locks();
        kept.push(store);
        Shared(locks)
    })
    .unwrap();
}

struct Shared(Arc<counterpart_store::embedded::Locks>);

impl LockStore for Shared {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load()
    }
    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        self.0.swap(seen, size, new)
    }
    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.at_size(size)
    }
}

#[test]
fn everything_is_there_after_opening_again() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((store.size(), store.report().signed, store.report().set_aside.len()), (60, 60, 0));
    assert_whole(&store, 60);
    assert_eq!(store.find(b"5", 6, 2).unwrap(), vec![50, 51]);
    assert_eq!(store.locks().at_size(30).unwrap(), Some(note(30)));
    record(&store, 60, 70).unwrap();
    drop(store);
    assert_whole(&Embedded::open(parent.path(), &options()).unwrap(), 70);
}

#[test]
fn a_second_server_is_refused() {
    let parent = tempfile::tempdir().unwrap();
    let first = Embedded::open(parent.path(), &options()).unwrap();
    assert!(matches!(Embedded::open(parent.path(), &options()), Err(StoreError::InUse(_))));
    drop(first);
    Embedded::open(parent.path(), &options()).unwrap();
}

#[test]
fn erased_words_leave_no_secret_byte_in_any_file() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let store = Embedded::open(parent.path(), &options()).unwrap();
    let read = |kind: &str| {
        let mut names: Vec<PathBuf> =
            fs::read_dir(parent.path().join(kind)).unwrap().map(|e| e.unwrap().path()).collect();
        names.sort();
        names.iter().flat_map(|name| fs::read(name).unwrap()).collect::<Vec<u8>>()
    };
    let (words, keys) = (read("words"), read("keys"));
    store.erase(5, &["/words/0".into()]).unwrap();
    let changed = |before: &[u8], after: &[u8]| {
        let zeroed = before.iter().zip(after).filter(|(old, new)| old != new && **new == 0).count();
        assert_eq!(before.len(), after.len());
        zeroed
    };
    // All 32 bytes of the key, and the sealed bytes with their tag, a few of which may have been zero already.
    assert!(changed(&keys, &read("keys")) >= 30);
    assert!(changed(&words, &read("words")) >= 22);
    drop(store);
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!(store.words(5).unwrap(), entry(5).words[1..]);
}

#[test]
fn entries_behind_the_checkpoint_are_kept_and_offered() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let store = Embedded::open(parent.path(), &options()).unwrap();
    store.append(60, &[entry(60), entry(61)]).unwrap();
    drop(store);
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((store.size(), store.report().signed), (62, 60));
    assert_whole(&store, 62);
}

#[test]
fn damage_among_the_checkpoints_is_no_torn_tail() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let path = parent.path().join("lock/000000.chk");
    let mut bytes = fs::read(&path).unwrap();
    bytes[128 + 32] ^= 1;
    fs::write(&path, bytes).unwrap();
    let opened = Embedded::open(parent.path(), &options());
    assert!(matches!(opened, Err(StoreError::Damaged { file, offset: 128, .. }) if file == "lock/000000.chk"));
}

#[test]
fn a_torn_tail_is_set_aside_with_its_bytes() {
    let parent = tempfile::tempdir().unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    record(&store, 0, 3).unwrap();
    store.append(3, &[entry(3)]).unwrap();
    drop(store);
    let path = parent.path().join("records/000000.rec");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[last] ^= 1;
    let torn = bytes[last - 5..=last].to_vec();
    fs::write(&path, bytes).unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!(store.size(), 3);
    let aside = &store.report().set_aside[0];
    assert!(fs::read(parent.path().join(&aside.kept_as)).unwrap().ends_with(&torn));
    record(&store, 3, 9).unwrap();
    drop(store);
    assert_whole(&Embedded::open(parent.path(), &options()).unwrap(), 9);
}

/// Opens and reads everything. Either all is as recorded, or something says what is not.
fn is_told(directory: &Path) -> bool {
    // Nothing is cut off here, so nothing need really be synced.
    let calm = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let store = match Embedded::open(directory, &Options { hook: Some(calm), ..options() }) {
        Ok(store) => store,
        Err(StoreError::Damaged { .. } | StoreError::Rollback { .. } | StoreError::Unsuitable { .. }) => return true,
        Err(other) => unreachable!("{other}"),
    };
    let said = !store.report().set_aside.is_empty() || store.report().signed < 60;
    for index in 0..store.size() {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes), "never a wrong entry");
        match store.words(index) {
            Ok(words) => assert_eq!(words, entry(index).words, "never wrong words"),
            Err(StoreError::Damaged { .. }) => return true,
            Err(other) => unreachable!("{other}"),
        }
    }
    said || store.size() == 60
}

#[test]
fn damage_to_any_file_is_named_and_never_a_wrong_answer() {
    let parent = tempfile::tempdir().unwrap();
    let good = parent.path().join("good");
    filled(&good);
    let mut files = Vec::new();
    for kind in ["records", "words", "keys", "lock"] {
        files.extend(fs::read_dir(good.join(kind)).unwrap().map(|found| found.unwrap().path()));
    }
    files.push(good.join("STORE"));
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for place in (0..used).step_by(97) {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            fs::write(&file, flipped).unwrap();
            assert!(is_told(&copy(&good, parent.path())), "bit flip at {place} of {}", file.display());
        }
        for sector in (0..used).step_by(512) {
            let mut zeroed = bytes.clone();
            let end = (sector + 512).min(bytes.len());
            zeroed[sector..end].fill(0);
            fs::write(&file, zeroed).unwrap();
            assert!(is_told(&copy(&good, parent.path())), "zeroed sector at {sector} of {}", file.display());
            fs::write(&file, &bytes[..sector]).unwrap();
            assert!(is_told(&copy(&good, parent.path())), "truncated at {sector}: {}", file.display());
        }
        fs::remove_file(&file).unwrap();
        assert!(is_told(&copy(&good, parent.path())), "missing: {}", file.display());
        fs::write(&file, &bytes).unwrap();
    }
    assert!(is_told(&copy(&good, parent.path())));
}

/// Opening may repair, so every judgement is passed on a copy.
fn copy(from: &Path, parent: &Path) -> PathBuf {
    let to = parent.join("copy");
    if to.exists() {
        fs::remove_dir_all(&to).unwrap();
    }
    for directory in ["", "records", "words", "keys", "lock"] {
        fs::create_dir_all(to.join(directory)).unwrap();
        for found in fs::read_dir(from.join(directory)).unwrap() {
            let found = found.unwrap();
            if found.file_type().unwrap().is_file() {
                fs::copy(found.path(), to.join(directory).join(found.file_name())).unwrap();
            }
        }
    }
    to
}

/// Makes the n-th call fail, and every later one: the process is as good as dead.
struct FailFrom {
    left: AtomicUsize,
    fault: Fault,
    for_ever: bool,
}

impl Hook for FailFrom {
    fn fault(&self, _: Op, _: &str) -> Fault {
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)) {
            Ok(1) => self.fault,
            Err(_) if self.for_ever => Fault::Before(ErrorKind::Other),
            Ok(_) | Err(_) => Fault::None,
        }
    }
}

/// Founds a store and records until something fails; gives how many entries were answered for.
fn acknowledged(directory: &Path, hook: Arc<dyn Hook>) -> u64 {
    let Ok(store) = Embedded::open(directory, &Options { hook: Some(hook), ..options() }) else { return 0 };
    let mut answered = 0;
    for to in [1, 3, 20, 45] {
        match record(&store, answered, to) {
            Ok(()) => answered = to,
            Err(StoreError::Full) => return answered,
            Err(_) => {
                let after = store.append(store.size(), &[entry(store.size())]);
                assert!(matches!(after, Err(StoreError::Poisoned(_))), "nothing is written after an unknown result");
                return answered;
            }
        }
    }
    answered
}

#[test]
fn whichever_call_fails_what_was_answered_is_there_after_opening_again() {
    for fault in [Fault::Before(ErrorKind::Other), Fault::Half(ErrorKind::Other), Fault::After(ErrorKind::Other)] {
        let mut call = 1;
        loop {
            let parent = tempfile::tempdir().unwrap();
            let hook = Arc::new(FailFrom { left: AtomicUsize::new(call), fault, for_ever: true });
            let answered = acknowledged(parent.path(), hook);
            let store = Embedded::open(parent.path(), &options()).unwrap();
            assert!(store.size() >= answered, "call {call}, {fault:?}");
            assert!(store.report().signed >= answered);
            assert_whole(&store, store.size());
            let size = store.size();
            record(&store, size, size + 2).unwrap();
            if answered == 45 {
                break;
            }
            call += 1;
        }
        assert!(call > 20, "the loop reached every call");
    }
}

#[test]
fn a_full_disk_refuses_before_anything_is_recorded() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let hook = Arc::new(FullOnce(AtomicBool::new(false)));
    let store = Embedded::open(parent.path(), &Options { hook: Some(hook.clone()), ..options() }).unwrap();
    hook.0.store(true, Ordering::SeqCst);
    assert!(matches!(record(&store, 60, 300), Err(StoreError::Full)));
    assert_eq!(store.size(), 60);
    record(&store, 60, 300).unwrap();
    assert_whole(&store, 300);
}

struct FullOnce(AtomicBool);

impl Hook for FullOnce {
    fn fault(&self, _: Op, _: &str) -> Fault {
        if self.0.swap(false, Ordering::SeqCst) { Fault::Before(ErrorKind::StorageFull) } else { Fault::None }
    }
}

#[test]
fn a_bit_that_flips_on_its_way_to_the_disk_is_seen_by_reading_back() {
    let parent = tempfile::tempdir().unwrap();
    Embedded::open(parent.path(), &options()).unwrap();
    let plain = NewEntry { words: Vec::new(), ..entry(1) };
    let hook = Arc::new(FlipRecords);
    let store = Embedded::open(parent.path(), &Options { hook: Some(hook), ..options() }).unwrap();
    store.append(0, &[plain]).unwrap();
    assert!(matches!(store.read_back(0..1, &mut |_, _| {}), Err(StoreError::Damaged { index: 0, .. })));
}

struct FlipRecords;

impl Hook for FlipRecords {
    fn fault(&self, op: Op, file: &str) -> Fault {
        if op == Op::Write && file.starts_with("records/") { Fault::Flip } else { Fault::None }
    }
}

/// Fails one sync of the records, once, and everything is well afterwards.
struct OneSync(AtomicBool);

impl Hook for OneSync {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let struck = op == Op::Sync && file.starts_with("records/") && self.0.swap(false, Ordering::SeqCst);
        if struck { Fault::After(ErrorKind::Other) } else { Fault::None }
    }
}

#[test]
fn after_the_first_failed_sync_nothing_is_written_until_a_restart_has_read_everything() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let hook = Arc::new(OneSync(AtomicBool::new(false)));
    let store = Embedded::open(parent.path(), &Options { hook: Some(hook.clone()), ..options() }).unwrap();
    hook.0.store(true, Ordering::SeqCst);
    assert!(matches!(record(&store, 60, 61), Err(StoreError::Poisoned(_))));
    // The disk is well again, and nobody knows what the kernel has dropped.
    assert!(matches!(record(&store, 60, 61), Err(StoreError::Poisoned(_))));
    assert!(matches!(store.entry(0), Err(StoreError::Poisoned(_))));
    let seen = store.locks().load();
    assert!(matches!(seen, Err(StoreError::Poisoned(_))));
    assert!(matches!(store.locks().swap(None, 61, &note(61)), Err(StoreError::Poisoned(_))));
    drop(store);
    assert!(!parent.path().join("MARK").exists(), "that was no clean stop");
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert!(store.report().checked >= 60, "{:?}", store.report());
    let size = store.size();
    record(&store, size, 70).unwrap();
    assert_whole(&store, 70);
}

#[test]
fn an_identity_that_is_lost_or_changed_is_named() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let identity = parent.path().join("STORE");
    let whole = std::fs::read(&identity).unwrap();
    for place in 0..whole.len() {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        std::fs::write(&identity, changed).unwrap();
        let error = Embedded::open(parent.path(), &options()).unwrap_err();
        assert!(matches!(&error, StoreError::Damaged { file, .. } if file == "STORE"), "byte {place}: {error}");
    }
    std::fs::remove_file(&identity).unwrap();
    let error = Embedded::open(parent.path(), &options()).unwrap_err();
    assert!(error.to_string().starts_with("E-DAMAGE STORE is damaged"), "{error}");
    std::fs::write(&identity, whole).unwrap();
    assert_whole(&Embedded::open(parent.path(), &options()).unwrap(), 60);
}
