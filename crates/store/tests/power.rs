//! The power goes at every call that changes the disk, and a random choice of what was not synced is left.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use counterpart_store::embedded::{Embedded, Fault, Hook, Indexed, Op, Options, Verify};
use counterpart_store::faulty::{Blow, Chance, FaultyDisk};
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Word};

fn options(hook: Option<Arc<dyn Hook>>) -> Options {
    let chance = std::sync::Mutex::new(Chance(5));
    let entropy = Arc::new(move |bytes: &mut [u8]| {
        bytes.fill_with(|| u8::try_from(chance.lock().unwrap().below(256)).unwrap());
    });
    Options {
        file_bytes: 8192,
        ballast_bytes: 4096,
        indexed: Indexed::InMemory,
        hook,
        ..Options::new(entropy, Arc::new(|bytes| vec![bytes[..1].to_vec()]))
    }
}

fn entry(number: u64) -> NewEntry {
    let bytes = format!("{number} {}", "is an entry of the log ".repeat(1 + usize::try_from(number % 9).unwrap() * 5));
    let word = |part| Word { name: format!("/words/{part}"), bytes: format!("secret {number} {part}").into_bytes() };
    NewEntry {
        keys: vec![bytes.as_bytes()[..1].to_vec()],
        bytes: bytes.into_bytes().into(),
        words: (0..number % 3).map(word).collect(),
    }
}

fn record(store: &Embedded, to: u64) -> Result<(), StoreError> {
    let from = store.size();
    let group: Vec<NewEntry> = (from..to).map(entry).collect();
    store.append(from, &group)?;
    let locks = store.locks();
    let seen = locks.load()?;
    let note = format!("checkpoint over {to}").into_bytes();
    assert_eq!(locks.swap(seen.as_deref(), to, &note)?, Swap::Done);
    Ok(())
}

/// Two starts, appends between, an erasure and a clean stop. Gives what was answered for: entries, and the erasure.
fn story(directory: &Path, disk: &Arc<FaultyDisk>) -> (u64, bool) {
    let hook: Arc<dyn Hook> = disk.clone();
    let (mut answered, mut erased) = (0, false);
    for part in [[1, 3, 20], [21, 44, 60]] {
        let Ok(store) = Embedded::open(directory, &options(Some(hook.clone()))) else { return (answered, erased) };
        for to in part {
            // What an earlier part left unsigned is signed for with the next group.
            match record(&store, to.max(store.size() + 1)) {
                Ok(()) => answered = store.size(),
                Err(_) => return (answered, erased),
            }
        }
        if store.erase(5, &["/words/1".into()]).is_err() {
            return (answered, erased);
        }
        erased = true;
    }
    (answered, erased)
}

fn judge(directory: &Path, (answered, erased): (u64, bool), about: &str) {
    let calm: Arc<dyn Hook> = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    let store =
        Embedded::open(directory, &options(Some(calm.clone()))).unwrap_or_else(|error| panic!("{about}: {error}"));
    assert!(store.size() >= answered, "{about}: {} of {answered}", store.size());
    assert!(store.report().signed >= answered, "{about}");
    for index in 0..store.size() {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes), "{about}");
        let words = store.words(index).unwrap_or_else(|error| panic!("{about}: {error}"));
        if index == 5 && (erased || words.len() < 2) {
            assert!(words.iter().all(|word| word.name != "/words/1"), "{about}: an erased word is back");
        } else {
            assert_eq!(words, entry(index).words, "{about}");
        }
    }
    let size = store.size();
    record(&store, size + 3).unwrap();
    drop(store);
    let full = Options { verify: Verify::Full, ..options(Some(calm)) };
    assert_eq!(Embedded::open(directory, &full).unwrap().size(), size + 3, "{about}");
}

#[test]
fn wherever_the_power_goes_what_was_answered_for_is_there() {
    let parent = tempfile::tempdir().unwrap();
    let count = Arc::new(FaultyDisk::new(u64::MAX, Blow::None));
    assert_eq!(story(&parent.path().join("whole"), &count), (60, true));
    assert!(count.made() > 100);
    for call in 1..=count.made() {
        let directory = parent.path().join("cut");
        let disk = Arc::new(FaultyDisk::new(call, Blow::Cut));
        let answered = story(&directory, &disk);
        disk.lose_power(call).unwrap();
        judge(&directory, answered, &format!("call {call} ({})", disk.struck().unwrap()));
        fs::remove_dir_all(&directory).unwrap();
    }
}

/// A store with three checkpoints; gives the last file of them.
fn whole(directory: &Path) -> PathBuf {
    let store = Embedded::open(directory, &options(None)).unwrap();
    for to in [2, 4, 9] {
        record(&store, to).unwrap();
    }
    drop(store);
    let files = fs::read_dir(directory.join("lock")).unwrap().map(|found| found.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "chk"));
    files.filter(|path| fs::read(path).unwrap()[128..].iter().any(|byte| *byte != 0)).max().unwrap()
}

#[test]
fn a_last_checkpoint_that_is_zeroed_is_missed() {
    let parent = tempfile::tempdir().unwrap();
    let path = whole(parent.path());
    let checkpoints = fs::read(&path).unwrap();
    let used = checkpoints.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let last = 32 + "checkpoint over 9".len();
    let mut zeroed = checkpoints;
    zeroed[used - last..used].fill(0);
    fs::write(path, zeroed).unwrap();
    let error = Embedded::open(parent.path(), &options(None)).unwrap_err().to_string();
    assert!(error.contains("a checkpoint over 9 entries was signed, but the newest here covers 4"), "{error}");
}

#[test]
fn two_records_that_changed_places_are_seen() {
    let parent = tempfile::tempdir().unwrap();
    let store = Embedded::open(parent.path(), &options(None)).unwrap();
    let same = |letter: &str| NewEntry { bytes: letter.repeat(40).into_bytes().into(), words: vec![], keys: vec![] };
    store.append(0, &[same("a"), same("b"), same("c")]).unwrap();
    assert_eq!(store.locks().swap(None, 3, b"three").unwrap(), Swap::Done);
    drop(store);
    let path = parent.path().join("records/000000.rec");
    let mut bytes = fs::read(&path).unwrap();
    let (first, second) = bytes[128..].split_at_mut(72);
    first[..72].swap_with_slice(&mut second[..72]);
    fs::write(&path, bytes).unwrap();
    let full = Options { verify: Verify::Full, ..options(None) };
    let error = Embedded::open(parent.path(), &full).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { index: 0, .. }), "{error}");
    assert!(error.to_string().contains("number 1 stands where 0 should"), "{error}");
}

/// A disk that is full while it is told so: nothing is made or written, and names may still go.
struct Full(AtomicBool);

impl Hook for Full {
    fn fault(&self, op: Op, _: &str) -> Fault {
        let takes_space = matches!(op, Op::Create | Op::Write);
        if takes_space && self.0.load(Ordering::SeqCst) { Fault::Before(ErrorKind::StorageFull) } else { Fault::None }
    }
}

#[test]
fn a_full_disk_is_read_from_and_written_to_again_when_there_is_space() {
    let parent = tempfile::tempdir().unwrap();
    let store = Embedded::open(parent.path(), &options(None)).unwrap();
    record(&store, 9).unwrap();
    drop(store);
    fs::remove_file(parent.path().join("BALLAST")).unwrap();
    let disk = Arc::new(Full(AtomicBool::new(true)));
    let store = Embedded::open(parent.path(), &options(Some(disk.clone()))).unwrap();
    assert!(store.report().low_on_space && store.is_low_on_space());
    assert!(matches!(store.append(9, &[entry(9)]), Err(StoreError::Full)));
    assert_eq!(store.entry(8).unwrap().as_deref(), Some(&*entry(8).bytes));
    assert_eq!(store.words(8).unwrap(), entry(8).words);
    disk.0.store(false, Ordering::SeqCst);
    record(&store, 20).unwrap();
    assert!(!store.is_low_on_space() && parent.path().join("BALLAST").exists());
}

/// A disk on which there is room only once the ballast is gone, and never for another.
struct Narrow(PathBuf);

impl Hook for Narrow {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let takes_space = matches!(op, Op::Create | Op::Write);
        let full = self.0.exists() || file.starts_with("BALLAST");
        if takes_space && full { Fault::Before(ErrorKind::StorageFull) } else { Fault::None }
    }
}

#[test]
fn a_start_that_finds_no_room_gives_up_the_ballast_and_reads() {
    let parent = tempfile::tempdir().unwrap();
    let store = Embedded::open(parent.path(), &options(None)).unwrap();
    record(&store, 9).unwrap();
    drop(store);
    let ballast = parent.path().join("BALLAST");
    // A torn tail, which is to be set aside.
    fs::remove_file(parent.path().join("MARK")).unwrap();
    let records = fs::read_dir(parent.path().join("records")).unwrap();
    let last = records.map(|found| found.unwrap().path()).max().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[used..used + 40].fill(0xEE);
    fs::write(&last, bytes).unwrap();
    let narrow: Arc<dyn Hook> = Arc::new(Narrow(ballast.clone()));
    let store = Embedded::open(parent.path(), &options(Some(narrow))).unwrap();
    assert!(!ballast.exists() && store.is_low_on_space());
    assert_eq!(store.report().set_aside.len(), 1);
    assert_eq!(store.entry(8).unwrap().as_deref(), Some(&*entry(8).bytes));
    assert!(matches!(store.append(9, &[entry(9)]), Err(StoreError::Full)));
    drop(store);
    // With room again there is a ballast again, and the ledger goes on.
    let store = Embedded::open(parent.path(), &options(None)).unwrap();
    assert!(ballast.exists() && !store.is_low_on_space());
    record(&store, 12).unwrap();
}

/// Writes one bit of the next record wrong, once.
#[derive(Default)]
struct Flips(AtomicBool);

impl Hook for Flips {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let meant = op == Op::Write && file.starts_with("records/") && !file.contains(".new");
        if meant && self.0.swap(false, Ordering::SeqCst) { Fault::Flip } else { Fault::None }
    }
}

#[test]
fn a_clean_stop_does_not_vouch_for_what_was_read_back_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let flips = Arc::new(Flips::default());
    let hook: Arc<dyn Hook> = flips.clone();
    let store = Embedded::open(folder.path(), &options(Some(hook.clone()))).unwrap();
    record(&store, 8).unwrap();
    flips.0.store(true, Ordering::SeqCst);
    // Two entries, of which the first, a long one, is wrong on the disk: whoever reads it back signs nothing.
    store.append(8, &[entry(8), entry(9)]).unwrap();
    assert!(matches!(store.read_back(8..10, &mut |_, _| {}), Err(StoreError::Damaged { index: 8, .. })));
    drop(store);
    let store = Embedded::open(folder.path(), &options(Some(hook))).unwrap();
    assert_eq!((store.size(), store.report().set_aside.len()), (8, 1));
    record(&store, 10).unwrap();
    for index in 0..10 {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
    }
}

/// Kills the process at the next sync of the records: what was written is left to the system.
struct Kills {
    under: FaultyDisk,
    armed: AtomicBool,
    dead: AtomicBool,
}

impl Hook for Kills {
    fn fault(&self, op: Op, file: &str) -> Fault {
        let struck = op == Op::Sync && file.starts_with("records/") && self.armed.swap(false, Ordering::SeqCst);
        if struck {
            self.dead.store(true, Ordering::SeqCst);
        }
        if self.dead.load(Ordering::SeqCst) { Fault::Before(ErrorKind::Other) } else { Fault::None }
    }

    fn replaces(&self, path: &Path, offset: u64, old: &[u8]) {
        self.under.replaces(path, offset, old);
    }

    fn synced(&self, path: &Path) {
        self.under.synced(path);
    }

    fn plays_syncs(&self) -> bool {
        true
    }

    fn names(&self, op: Op, from: &Path, to: &Path) {
        self.under.names(op, from, to);
    }

    fn synced_directory(&self, path: &Path) {
        self.under.synced_directory(path);
    }
}

#[test]
fn what_a_killed_process_left_is_durable_before_it_is_signed_for() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let under = FaultyDisk::new(u64::MAX, Blow::None);
        let kills = Arc::new(Kills { under, armed: AtomicBool::default(), dead: AtomicBool::default() });
        let hook: Arc<dyn Hook> = kills.clone();
        let store = Embedded::open(folder.path(), &options(Some(hook.clone()))).unwrap();
        record(&store, 3).unwrap();
        kills.armed.store(true, Ordering::SeqCst);
        assert!(store.append(3, &[entry(3), entry(4)]).is_err());
        drop(store);
        kills.dead.store(false, Ordering::SeqCst);
        // The next process finds both in the system's memory and signs for them. Then the power goes.
        let store = Embedded::open(folder.path(), &options(Some(hook.clone()))).unwrap();
        assert_eq!(store.size(), 5);
        let locks = store.locks();
        let seen = locks.load().unwrap();
        assert_eq!(locks.swap(seen.as_deref(), 5, b"checkpoint over 5").unwrap(), Swap::Done);
        kills.dead.store(true, Ordering::SeqCst);
        drop(store);
        kills.under.lose_power(seed).unwrap();
        kills.dead.store(false, Ordering::SeqCst);
        judge(folder.path(), (5, false), &format!("seed {seed}"));
    }
}
