//! The index stands behind the records: losing it, or finding it wrong, costs a rebuild and never an event.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use counterpart_store::embedded::{Embedded, Options, Verify};
use counterpart_store::{LockStore, NewEntry, Store, Swap, Word};

fn options() -> Options {
    let entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(7));
    let keys_of = Arc::new(|bytes: &[u8]| vec![bytes[..2].to_vec(), bytes.to_vec()]);
    Options { file_bytes: 16 << 10, ballast_bytes: 0, label: "then".into(), ..Options::new(entropy, keys_of) }
}

fn full() -> Options {
    Options { verify: Verify::Full, ..options() }
}

fn entry(number: u64) -> NewEntry {
    let bytes = format!("{:02} is the end of entry {number}", number % 100).into_bytes();
    let words =
        if number.is_multiple_of(5) { vec![Word { name: "/note".into(), bytes: vec![1, 2, 3] }] } else { vec![] };
    NewEntry { keys: vec![bytes[..2].to_vec(), bytes.clone()], bytes: bytes.into(), words }
}

fn record(store: &Embedded, to: u64) {
    let from = store.size();
    let group: Vec<NewEntry> = (from..to).map(entry).collect();
    store.append(from, &group).unwrap();
    let locks = store.locks();
    let seen = locks.load().unwrap();
    let note = format!("checkpoint over {to}").into_bytes();
    assert_eq!(locks.swap(seen.as_deref(), to, &note).unwrap(), Swap::Done);
}

/// A store with 700 entries under 70 checkpoints, stopped cleanly.
fn filled(directory: &Path) {
    let store = Embedded::open(directory, &options()).unwrap();
    for to in (10..=700).step_by(10) {
        record(&store, to);
    }
}

fn assert_whole(store: &Embedded, size: u64) {
    assert_eq!(store.size(), size);
    let mut next = 0;
    store
        .read_back(0..size, &mut |index, bytes| {
            assert_eq!((index, bytes), (next, &*entry(next).bytes));
            next += 1;
        })
        .unwrap();
    assert_eq!(next, size);
    for index in [0, 1, 63, 64, 65, 511, 512, size - 1] {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
        assert_eq!(store.find(&entry(index).bytes, 0, 9).unwrap(), [index]);
        assert_eq!(store.words(index).unwrap(), entry(index).words);
    }
    let with_seven: Vec<u64> = (0..size).filter(|index| index % 100 == 7).collect();
    assert_eq!(store.find(b"07", 0, 100).unwrap(), with_seven);
    assert_eq!(store.find(b"07", 108, 2).unwrap(), [207, 307]);
    for to in [10, 350, size] {
        assert_eq!(store.locks().at_size(to).unwrap(), Some(format!("checkpoint over {to}").into_bytes()));
    }
    assert_eq!(store.locks().at_size(11).unwrap(), None);
}

#[test]
fn after_a_clean_stop_nothing_is_read_again_and_everything_is_found() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((store.report().checked, store.report().signed, store.rebuilt()), (0, 700, None));
    assert_whole(&store, 700);
    record(&store, 720);
    assert_whole(&store, 720);
    drop(store);
    let store = Embedded::open(parent.path(), &full()).unwrap();
    assert_eq!((store.report().checked, store.rebuilt()), (720, None));
    assert_whole(&store, 720);
}

#[test]
fn without_a_mark_every_record_is_read_again() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    fs::remove_file(parent.path().join("MARK")).unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert_eq!((store.report().checked, store.rebuilt()), (700, None));
    assert!(!parent.path().join("MARK").exists(), "a mark is there only between a clean stop and the next start");
    assert_whole(&store, 700);
}

#[test]
fn entries_are_found_before_the_index_is_open_and_it_catches_up_later() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let later = Options { index_later: 0, ..options() };
    for round in 0..2 {
        if round == 1 {
            fs::remove_file(parent.path().join("MARK")).unwrap();
        }
        let store = Embedded::open(parent.path(), &later).unwrap();
        let size = store.size();
        for index in (0..size).rev().chain(0..size) {
            assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
            assert_eq!(store.words(index).unwrap(), entry(index).words);
        }
        let mut next = 0;
        store
            .read_back(0..size, &mut |index, bytes| {
                assert_eq!((index, bytes), (next, &*entry(index).bytes));
                next += 1;
            })
            .unwrap();
        record(&store, size + 20);
        assert_eq!(store.entry(size + 3).unwrap().as_deref(), Some(&*entry(size + 3).bytes));
        // It is stopped before anybody needed the index, which is older now than the records.
    }
    let store = Embedded::open(parent.path(), &later).unwrap();
    assert_eq!((store.size(), store.rebuilt()), (740, None));
    assert_whole(&store, 740);
    drop(store);
    let store = Embedded::open(parent.path(), &full()).unwrap();
    assert_eq!(store.rebuilt(), None);
    assert_whole(&store, 740);
}

#[test]
fn deleting_the_index_costs_a_rebuild_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    fs::remove_dir_all(parent.path().join("sled")).unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    let said = store.rebuilt().unwrap().to_string();
    assert!(said.starts_with("W-STORE-REBUILT the index was made again from 700 entries"), "{said}");
    assert_whole(&store, 700);
    drop(store);
    let store = Embedded::open(parent.path(), &full()).unwrap();
    assert_eq!(store.rebuilt(), None);
    assert_whole(&store, 700);
}

#[test]
fn an_index_of_an_earlier_time_catches_up() {
    let parent = tempfile::tempdir().unwrap();
    let (store, earlier) = (parent.path().join("store"), parent.path().join("earlier"));
    filled(&store);
    copy(&store.join("sled"), &earlier);
    let open = Embedded::open(&store, &options()).unwrap();
    record(&open, 900);
    drop(open);
    fs::remove_dir_all(store.join("sled")).unwrap();
    copy(&earlier, &store.join("sled"));
    let open = Embedded::open(&store, &full()).unwrap();
    assert_eq!((open.report().checked, open.rebuilt()), (900, None));
    assert_whole(&open, 900);
}

#[test]
fn an_index_of_another_history_is_put_away() {
    let parent = tempfile::tempdir().unwrap();
    let (one, other) = (parent.path().join("one"), parent.path().join("other"));
    filled(&one);
    let store = Embedded::open(&other, &options()).unwrap();
    record(&store, 710);
    drop(store);
    fs::remove_dir_all(one.join("sled")).unwrap();
    copy(&other.join("sled"), &one.join("sled"));
    let store = Embedded::open(&one, &options()).unwrap();
    let rebuilt = store.rebuilt().unwrap();
    assert_eq!(rebuilt.put_away.as_deref(), Some("sled.damaged-then"));
    assert!(one.join("sled.damaged-then/db").exists(), "the old one is kept");
    assert_whole(&store, 700);
}

#[test]
fn an_index_with_blobs_is_refused_and_made_again() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    fs::write(parent.path().join("sled/blobs/17"), b"spilled").unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    assert!(store.rebuilt().unwrap().problem.contains("blobs"));
    assert_whole(&store, 700);
}

#[test]
fn whatever_befalls_the_index_the_answers_are_right() {
    let parent = tempfile::tempdir().unwrap();
    let good = parent.path().join("good");
    filled(&good);
    let bytes = fs::read(good.join("sled/db")).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut rebuilt = 0;
    for number in 0..24_usize {
        let mut hurt = bytes.clone();
        let place = number * used / 24;
        match number % 3 {
            0 => hurt[place] ^= 1 << (number % 8),
            1 => hurt[place..(place + 512).min(used)].fill(0),
            _ => hurt.truncate(place),
        }
        let tried = parent.path().join("tried");
        let _ = fs::remove_dir_all(&tried);
        copy(&good, &tried);
        fs::write(tried.join("sled/db"), hurt).unwrap();
        let store = Embedded::open(&tried, &full()).unwrap();
        rebuilt += u32::from(store.rebuilt().is_some());
        assert_whole(&store, 700);
        drop(store);
        assert_whole(&Embedded::open(&tried, &options()).unwrap(), 700);
    }
    assert!(rebuilt > 8, "most damage was noticed at once: {rebuilt}");
}

#[test]
fn damage_that_shows_only_while_reading_is_survived_too() {
    let parent = tempfile::tempdir().unwrap();
    filled(parent.path());
    let path = parent.path().join("sled/db");
    let mut bytes = fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    // In the middle, where a quick start does not look.
    for place in (used / 4..used / 2).step_by(16) {
        bytes[place] ^= 0x10;
    }
    fs::write(&path, bytes).unwrap();
    let store = Embedded::open(parent.path(), &options()).unwrap();
    for index in 0..700 {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
    }
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
