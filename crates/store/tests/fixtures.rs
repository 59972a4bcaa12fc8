//! A store of every format that was ever released opens, for ever. Fixtures are added, never edited.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use counterpart_store::embedded::{Embedded, Indexed, Options, Verify};
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Word};

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
