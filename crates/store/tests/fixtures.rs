//! A store of every format that was ever released opens, for ever. Fixtures are added, never edited.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use counterpart_store::embedded::{Embedded, Indexed, Options, SnapshotFile, Verify, care};
use counterpart_store::{Folder, LockStore, NewEntry, Snapshots, Store, StoreError, Swap, Waiting, Word};

fn options() -> Options {
    Options {
        file_bytes: 2048,
        ballast_bytes: 0,
        indexed: Indexed::InMemory,
        verify: Verify::Full,
        ..Options::new(Arc::new(|bytes: &mut [u8]| bytes.fill(42)), Arc::new(|bytes: &[u8]| vec![bytes[..1].to_vec()]))
    }
}

fn entry(number: u64) -> NewEntry {
    let bytes = format!("{number} is an entry of format 1").into_bytes();
    let word = |part| Word { name: format!("/words/{part}"), bytes: format!("secret {number}.{part}").into_bytes() };
    NewEntry { keys: vec![bytes[..1].to_vec()], bytes: bytes.into(), words: (0..number % 3).map(word).collect() }
}

fn note(size: u64) -> Vec<u8> {
    format!("checkpoint over {size}").into_bytes()
}

/// What the fixture of format 1 was made by: kept, so that the next one is made alike.
fn make(directory: &Path) {
    let store = Embedded::open(directory, &options()).unwrap();
    for (from, to) in [(0, 1), (1, 9), (9, 30)] {
        store.append(from, &(from..to).map(entry).collect::<Vec<_>>()).unwrap();
        let seen = store.locks().load().unwrap();
        assert_eq!(store.locks().swap(seen.as_deref(), to, &note(to)).unwrap(), Swap::Done);
    }
    store.erase(5, &["/words/0".into()]).unwrap();
}

#[test]
fn format_1_is_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("store");
    copy(&fixture, &directory);
    let store = Embedded::open(&directory, &options()).unwrap();
    assert_eq!((store.size(), store.report().signed), (30, 30));
    for index in 0..30 {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
        let words: Vec<Word> = entry(index).words.into_iter().skip(usize::from(index == 5)).collect();
        assert_eq!(store.words(index).unwrap(), words);
    }
    for size in [1, 9, 30] {
        assert_eq!(store.locks().at_size(size).unwrap(), Some(note(size)));
    }
}

#[test]
fn the_bytes_of_format_1_are_still_written() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/format-1");
    let parent = tempfile::tempdir().unwrap();
    make(&parent.path().join("store"));
    for kind in ["records", "words", "keys", "lock"] {
        for found in fs::read_dir(fixture.join(kind)).unwrap() {
            let name = found.unwrap().file_name();
            let (old, new) = (fixture.join(kind).join(&name), parent.path().join("store").join(kind).join(&name));
            assert_eq!(used(&old), used(&new), "{}", old.display());
        }
    }
}

/// The bytes of a file without the room behind them.
fn used(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(end);
    bytes
}

#[test]
fn another_format_is_refused_by_name() {
    let parent = tempfile::tempdir().unwrap();
    make(parent.path());
    let lines = format!("counterpart store\nformat 2\nid {}\n", "2a".repeat(16));
    let crc = crc32c::crc32c(lines.as_bytes());
    fs::write(parent.path().join("STORE"), format!("{lines}crc {crc:08x}\n")).unwrap();
    let error = Embedded::open(parent.path(), &options()).unwrap_err();
    assert!(matches!(&error, StoreError::Unsuitable { file, .. } if file == "STORE"));
    assert!(error.to_string().contains("it has format 2 and this program reads 1"), "{error}");
}

#[test]
fn a_newer_format_of_any_file_is_refused_by_name() {
    let parent = tempfile::tempdir().unwrap();
    make(parent.path());
    for file in ["records/000000.rec", "words/000000.wrd", "keys/000000.key", "lock/000000.chk"] {
        let path = parent.path().join(file);
        let whole = fs::read(&path).unwrap();
        let mut newer = whole.clone();
        newer[12] = 2;
        let crc = crc32c::crc32c(&newer[..124]);
        newer[124..128].copy_from_slice(&crc.to_le_bytes());
        fs::write(&path, newer).unwrap();
        let error = Embedded::open(parent.path(), &options()).unwrap_err();
        assert!(matches!(&error, StoreError::Unsuitable { file: named, .. } if named == file), "{error}");
        assert!(error.to_string().contains("it has format 2 and this program reads 1"), "{error}");
        fs::write(&path, whole).unwrap();
    }
    // A mark is no record: one that is not understood is none, and everything is read.
    drop(Embedded::open(parent.path(), &options()).unwrap());
    let mark = parent.path().join("MARK");
    let text = fs::read_to_string(&mark).unwrap().replace("format 1", "format 2");
    let lines = text.rsplit_once("crc ").unwrap().0;
    fs::write(&mark, format!("{lines}crc {:08x}\n", crc32c::crc32c(lines.as_bytes()))).unwrap();
    let quick = Options { verify: Verify::Quick, ..options() };
    assert_eq!(Embedded::open(parent.path(), &quick).unwrap().report().checked, 30);
}

/// What lies beside the records: who owns the store, and what a clean stop leaves.
#[test]
fn the_small_files_of_format_1_are_read_and_still_written() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small-1");
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("store");
    make(&directory);
    for (name, file) in [("MARK", "MARK"), ("EPOCH", "lock/EPOCH"), ("STORE", "STORE")] {
        let (old, new) = (fs::read_to_string(fixture.join(name)), fs::read_to_string(directory.join(file)).unwrap());
        assert_eq!(old.unwrap_or_default(), new, "{name}");
    }
    // The mark is believed, the epoch is raised, and the ledger that has ended is only read.
    fs::copy(fixture.join("MARK"), directory.join("MARK")).unwrap();
    fs::copy(fixture.join("EPOCH"), directory.join("lock/EPOCH")).unwrap();
    let quick = Options { verify: Verify::Quick, ..options() };
    let store = Embedded::open(&directory, &quick).unwrap();
    assert_eq!((store.report().checked, store.report().epoch, store.size()), (0, 2, 30));
    drop(store);
    fs::write(directory.join("lock/ENDED"), "any words\n").unwrap();
    let store = Embedded::open(&directory, &quick).unwrap();
    assert_eq!(store.report().ended.as_deref(), Some("any words\n"));
    assert!(matches!(store.append(30, &[entry(30)]), Err(StoreError::Ended)));
    assert!(matches!(store.locks().swap(Some(&note(30)), 30, &note(30)), Err(StoreError::Ended)));
    assert_eq!(store.entry(29).unwrap().as_deref(), Some(&*entry(29).bytes));
}

/// A copy that was interrupted says where it ended before.
#[test]
fn a_copy_of_format_1_that_was_interrupted_is_put_back_as_it_was() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, copy, keys) = (parent.path().join("store"), parent.path().join("copy"), parent.path().join("keys"));
    make(&directory);
    care::backup(&directory, &copy, Some(&keys), &options()).unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/small-1/UNFINISHED");
    let text = fs::read_to_string(fixture).unwrap();
    fs::write(copy.join("UNFINISHED"), text).unwrap();
    let back = care::restore(&copy, Some(&keys), &parent.path().join("back"), &options()).unwrap();
    assert_eq!((back.entries, back.signed), (9, 9));
}

#[test]
fn what_waits_in_format_1_is_read() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pending-1");
    let parent = tempfile::tempdir().unwrap();
    let (name, entropy) = ("ab".repeat(32), Arc::new(|bytes: &mut [u8]| bytes.fill(42)));
    let made = Folder::open(&parent.path().join("made"), entropy.clone()).unwrap();
    made.put(&name, b"waits").unwrap();
    for file in ["FORMAT".to_owned(), format!("sealed/{name}.0"), format!("keys/{name}.0")] {
        let old = fs::read(fixture.join(&file)).unwrap_or_default();
        assert_eq!(old, fs::read(parent.path().join("made").join(&file)).unwrap(), "{file}");
    }
    copy(&fixture, &parent.path().join("copy"));
    let read = Folder::open(&parent.path().join("copy"), entropy.clone()).unwrap();
    assert_eq!((read.names().unwrap(), read.read(&name).unwrap()), (vec![name.clone()], Some(b"waits".to_vec())));
    // A folder from before it said so is of format 1; one of another is refused.
    fs::remove_file(parent.path().join("copy/FORMAT")).unwrap();
    let read = Folder::open(&parent.path().join("copy"), entropy.clone()).unwrap();
    assert_eq!(read.read(&name).unwrap(), Some(b"waits".to_vec()));
    let lines = "counterpart pending\nformat 2\n";
    let newer = format!("{lines}crc {:08x}\n", crc32c::crc32c(lines.as_bytes()));
    fs::write(parent.path().join("copy/FORMAT"), newer).unwrap();
    let error = Folder::open(&parent.path().join("copy"), entropy).err().unwrap();
    assert!(
        error.to_string().contains("pending/FORMAT cannot be used: it has format 2 and this program reads 1"),
        "{error}"
    );
}

#[test]
fn a_snapshot_of_format_2_is_read_by_the_program_that_wrote_it_and_by_no_other() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/snapshot-2");
    let parts = [b"one part".to_vec(), Vec::new(), vec![7; 1000]];
    let by = |program: u8| SnapshotFile::at(&fixture, Arc::new(move || Some([program; 32])));
    let kept = by(7).newest().unwrap();
    assert_eq!((kept.size(), kept.root(), kept.parts()), (9, [1; 32], 3));
    for (number, part) in parts.iter().enumerate() {
        assert_eq!(kept.part(number).as_ref(), Some(part));
    }
    assert!(by(8).newest().is_none());
    let parent = tempfile::tempdir().unwrap();
    let again = SnapshotFile::at(parent.path(), Arc::new(|| Some([7; 32])));
    again.keep(9, [1; 32], &mut parts.into_iter()).unwrap();
    assert_eq!(fs::read(parent.path().join("SNAPSHOT")).unwrap(), fs::read(fixture.join("SNAPSHOT")).unwrap());
}

#[test]
fn a_snapshot_of_format_1_is_none() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/snapshot-1");
    let before = fs::read(fixture.join("SNAPSHOT")).unwrap();
    // Even to the program that wrote it: its parts were laid out otherwise.
    assert!(SnapshotFile::at(&fixture, Arc::new(|| Some([7; 32]))).newest().is_none());
    assert_eq!(fs::read(fixture.join("SNAPSHOT")).unwrap(), before);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for found in fs::read_dir(from).unwrap() {
        let found = found.unwrap();
        let target = to.join(found.file_name());
        if found.file_type().unwrap().is_dir() {
            copy(&found.path(), &target);
        } else {
            fs::copy(found.path(), target).unwrap();
        }
    }
}
