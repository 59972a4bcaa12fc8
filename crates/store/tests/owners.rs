//! One owner of a store at a time; of two that both think so, the newer one.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use counterpart_store::embedded::{Embedded, Indexed, Options, Verify, care};
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Word};

fn options() -> Options {
    Options {
        ballast_bytes: 0,
        indexed: Indexed::InMemory,
        ..Options::new(Arc::new(|bytes: &mut [u8]| bytes.fill(42)), Arc::new(|bytes: &[u8]| vec![bytes[..1].to_vec()]))
    }
}

fn entry(number: u64, by: &str) -> NewEntry {
    let bytes = format!("{number} is an entry, recorded by {by}").into_bytes();
    let words = vec![Word { name: "/words".into(), bytes: b"secret".to_vec() }];
    NewEntry { keys: vec![bytes[..1].to_vec()], bytes: bytes.into(), words }
}

fn note(size: u64, by: &str) -> Vec<u8> {
    format!("checkpoint over {size}, signed by {by}").into_bytes()
}

fn record(store: &Embedded, by: &str) -> Result<(), StoreError> {
    let size = store.size();
    store.append(size, &[entry(size, by)])?;
    sign(store, by)
}

fn sign(store: &Embedded, by: &str) -> Result<(), StoreError> {
    let seen = store.locks().load()?;
    assert_eq!(store.locks().swap(seen.as_deref(), store.size(), &note(store.size(), by))?, Swap::Done);
    Ok(())
}

/// Puts `STORE` and `LOCK` in such a way that no lock of the system reaches from one owner to the next.
fn unlocked(directory: &Path) {
    fs::remove_file(directory.join("LOCK")).unwrap();
    fs::copy(directory.join("STORE"), directory.join("STORE.copy")).unwrap();
    fs::rename(directory.join("STORE.copy"), directory.join("STORE")).unwrap();
}

fn is_fenced<T: std::fmt::Debug>(done: Result<T, StoreError>, own: u64, newest: u64) {
    let error = done.unwrap_err();
    let right =
        matches!(&error, StoreError::Fenced { own: one, newest: Some(other) } if (*one, *other) == (own, newest));
    assert!(right, "{error}");
    assert!(error.to_string().starts_with("E-FENCED another server has taken the store over"), "{error}");
}

#[test]
fn a_second_owner_is_refused_also_when_the_lock_file_was_deleted() {
    let parent = tempfile::tempdir().unwrap();
    let first = Embedded::open(parent.path(), &options()).unwrap();
    record(&first, "the first").unwrap();
    for _ in 0..2 {
        assert!(matches!(Embedded::open(parent.path(), &options()), Err(StoreError::InUse(_))));
        assert!(care::look(parent.path(), &options()).unwrap().in_use);
        let mended = care::repair(parent.path(), parent.path(), None, &options());
        assert!(matches!(mended, Err(StoreError::InUse(_))));
        fs::remove_file(parent.path().join("LOCK")).unwrap();
    }
    record(&first, "the first").unwrap();
    drop(first);
    assert_eq!(Embedded::open(parent.path(), &options()).unwrap().size(), 2);
}

#[test]
fn where_no_lock_reaches_only_the_newer_owner_records_and_signs() {
    let parent = tempfile::tempdir().unwrap();
    let first = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!(first.report().epoch, 1);
    record(&first, "the first").unwrap();
    unlocked(parent.path());
    let second = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((second.report().epoch, second.size()), (2, 1));
    is_fenced(record(&first, "the first"), 1, 2);
    is_fenced(first.locks().load(), 1, 2);
    is_fenced(first.locks().swap(Some(&note(1, "the first")), 2, &note(2, "the first")), 1, 2);
    is_fenced(first.erase(0, &["/words".into()]), 1, 2);
    record(&second, "the second").unwrap();
    // Its stop vouches for nothing.
    drop(first);
    assert!(!parent.path().join("MARK").exists());
    drop(second);
    let store = Embedded::open(parent.path(), &Options { verify: Verify::Full, ..options() }).unwrap();
    assert_eq!((store.report().epoch, store.size(), store.report().signed), (3, 2, 2));
    assert_eq!(store.entry(1).unwrap().as_deref(), Some(&*entry(1, "the second").bytes));
    assert_eq!(store.locks().at_size(2).unwrap(), Some(note(2, "the second")));
    assert_eq!(store.words(0).unwrap().len(), 1, "what the first would have erased is there");
}

/// The first one has recorded and is stopped before it signs: what comes between is not signed over.
#[test]
fn an_owner_that_was_stopped_between_recording_and_signing_does_not_sign() {
    let parent = tempfile::tempdir().unwrap();
    let first = Embedded::open(parent.path(), &options()).unwrap();
    first.append(0, &[entry(0, "the first")]).unwrap();
    let seen = first.locks().load().unwrap();
    unlocked(parent.path());
    let second = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((second.size(), second.report().signed), (1, 0), "it takes over what is durable");
    is_fenced(first.locks().swap(seen.as_deref(), 1, &note(1, "the first")), 1, 2);
    sign(&second, "the second").unwrap();
    drop((first, second));
    let look = care::look(parent.path(), &options()).unwrap();
    assert_eq!((look.entries, look.checkpoints, look.epoch), (1, 1, 2));
    assert_eq!(look.checkpoint, Some(note(1, "the second")));
}

#[test]
fn an_epoch_that_is_damaged_or_gone_fences_and_is_begun_anew() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("lock/EPOCH");
    for damage in [None, Some("nonsense")] {
        let owner = Embedded::open(parent.path(), &options()).unwrap();
        record(&owner, "an owner").unwrap();
        match damage {
            None => fs::remove_file(&path).unwrap(),
            Some(text) => fs::write(&path, text).unwrap(),
        }
        let error = record(&owner, "an owner").unwrap_err();
        assert!(matches!(error, StoreError::Fenced { own: 1, newest: None }), "{error}");
        assert!(error.to_string().contains("`lock/EPOCH` no longer says"), "{error}");
        drop(owner);
        let next = Embedded::open(parent.path(), &options()).unwrap();
        assert_eq!(next.report().epoch, 1);
        record(&next, "the next").unwrap();
        drop(next);
        fs::remove_file(&path).unwrap();
    }
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((store.size(), store.report().signed), (4, 4));
}
