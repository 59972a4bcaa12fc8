//! A store can be copied while it serves, put back, and mended from a copy; and what was erased stays erased.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use counterpart_store::embedded::care::{backup, checkpoint_within, look, repair, repair_records, restore};
use counterpart_store::embedded::{Embedded, Options, Verify};
use counterpart_store::faulty::Chance;
use counterpart_store::{LockStore, NewEntry, Scrub, Scrubbed, Store, StoreError, Stretch, Swap, Word};

fn options() -> Options {
    let chance = Mutex::new(Chance(9));
    let entropy = Arc::new(move |bytes: &mut [u8]| {
        let mut chance = chance.lock().unwrap();
        bytes.fill_with(|| u8::try_from(chance.below(256)).unwrap());
    });
    Options {
        file_bytes: 96 << 10,
        ballast_bytes: 4096,
        label: "then".into(),
        ..Options::new(entropy, Arc::new(|bytes| vec![bytes[..1].to_vec()]))
    }
}

fn full() -> Options {
    Options { verify: Verify::Full, ..options() }
}

fn secret(number: u64, part: u64) -> Vec<u8> {
    format!("nobody may know {number}.{part}").into_bytes()
}

fn entry(number: u64) -> NewEntry {
    let bytes = format!("{number} is an entry {}", "of some length ".repeat(20)).into_bytes();
    let word = |part| Word { name: format!("/words/{part}"), bytes: secret(number, part) };
    NewEntry { keys: vec![bytes[..1].to_vec()], bytes: bytes.into(), words: (0..number % 3).map(word).collect() }
}

fn record(store: &Embedded, to: u64) {
    let from = store.size();
    store.append(from, &(from..to).map(entry).collect::<Vec<_>>()).unwrap();
    let seen = store.locks().load().unwrap();
    let note = format!("checkpoint over {to}").into_bytes();
    assert_eq!(store.locks().swap(seen.as_deref(), to, &note).unwrap(), Swap::Done);
}

fn filled(directory: &Path, to: u64) -> Embedded {
    let store = Embedded::open(directory, &options()).unwrap();
    while store.size() < to {
        record(&store, (store.size() + 13).min(to));
    }
    store
}

fn assert_whole(directory: &Path, size: u64) {
    let store = Embedded::open(directory, &full()).unwrap();
    assert_eq!((store.size(), store.report().signed), (size, size));
    for index in 0..size {
        assert_eq!(store.entry(index).unwrap().as_deref(), Some(&*entry(index).bytes));
        assert_eq!(store.words(index).unwrap(), entry(index).words);
    }
    assert_eq!(store.locks().at_size(13).unwrap(), Some(b"checkpoint over 13".to_vec()));
}

struct Folders {
    parent: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        Self { parent: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.parent.path().join(name)
    }
}

#[test]
fn a_copy_is_made_while_the_store_serves_and_brought_up_to_date_cheaply() {
    let folders = Folders::new();
    let store = Arc::new(filled(&folders.at("store"), 300));
    let busy = {
        let store = store.clone();
        std::thread::spawn(move || {
            for to in (310..=500).step_by(10) {
                record(&store, to);
            }
        })
    };
    let (copy, keys) = (folders.at("copy"), folders.at("keys"));
    let first = backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    busy.join().unwrap();
    assert!(first.look.signed >= 300 && first.look.entries >= first.look.signed, "{:?}", first.look);
    assert_eq!(first.look.damage.len(), 0, "{:?}", first.look.damage);
    let second = backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    assert_eq!((second.look.signed, second.look.entries), (500, 500));
    let third = backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    assert_eq!(third.written_bytes, 0, "what is there already is not written again");
    let restored = restore(&copy, Some(&keys), &folders.at("restored"), &options()).unwrap();
    assert_eq!((restored.entries, restored.signed, restored.words_without_keys), (500, 500, false));
    assert_whole(&folders.at("restored"), 500);
}

#[test]
fn a_copy_that_is_interrupted_can_still_be_put_back_as_it_was() {
    let parent = tempfile::tempdir().unwrap();
    let at = |name: &str| parent.path().join(name);
    let store = filled(&at("store"), 20);
    backup(&at("store"), &at("copy"), Some(&at("keys")), &options()).unwrap();
    record(&store, 31);
    // The words cannot be read for a while: checkpoints and records of the copy are the newer ones by then.
    let (words, aside) = (at("store/words/000000.wrd"), at("aside"));
    fs::rename(&words, &aside).unwrap();
    backup(&at("store"), &at("copy"), Some(&at("keys")), &options()).unwrap_err();
    fs::rename(&aside, &words).unwrap();
    assert!(at("copy/UNFINISHED").exists());
    let restored = restore(&at("copy"), Some(&at("keys")), &at("back"), &options()).unwrap();
    assert_eq!((restored.entries, restored.signed), (20, 20));
    assert_whole(&at("back"), 20);
    backup(&at("store"), &at("copy"), Some(&at("keys")), &options()).unwrap();
    assert!(!at("copy/UNFINISHED").exists());
    restore(&at("copy"), Some(&at("keys")), &at("again"), &options()).unwrap();
    assert_whole(&at("again"), 31);
}

#[test]
fn a_copy_that_is_older_than_what_others_saw_is_not_put_back() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 100));
    backup(&folders.at("store"), &folders.at("copy"), Some(&folders.at("keys")), &options()).unwrap();
    let seen = Options { at_least: 101, ..options() };
    let error = restore(&folders.at("copy"), Some(&folders.at("keys")), &folders.at("restored"), &seen).unwrap_err();
    assert!(matches!(error, StoreError::Rollback { have: 100, signed: 101 }), "{error}");
    let again = restore(&folders.at("copy"), None, &folders.at("store"), &options()).unwrap_err();
    assert!(again.to_string().contains("there is a store here already"), "{again}");
}

#[test]
fn a_copy_of_another_store_is_not_written_over() {
    let folders = Folders::new();
    let _one = filled(&folders.at("one"), 20);
    backup(&folders.at("one"), &folders.at("copy"), None, &options()).unwrap();
    let entropy: counterpart_store::embedded::Entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(3));
    let _other = Embedded::open(&folders.at("other"), &Options { entropy, ..options() }).unwrap();
    let error = backup(&folders.at("other"), &folders.at("copy"), None, &options()).unwrap_err();
    assert!(error.to_string().contains("a copy of another store"), "{error}");
}

#[test]
fn without_its_keys_a_copy_keeps_the_log_and_no_words() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 50));
    backup(&folders.at("store"), &folders.at("copy"), None, &options()).unwrap();
    let restored = restore(&folders.at("copy"), None, &folders.at("restored"), &options()).unwrap();
    assert_eq!((restored.entries, restored.words_without_keys), (50, true));
    let store = Embedded::open(&folders.at("restored"), &options()).unwrap();
    assert_eq!(store.entry(49).unwrap().as_deref(), Some(&*entry(49).bytes));
    assert!(matches!(store.words(1), Err(StoreError::Damaged { index: 1, .. })));
}

#[test]
fn erased_words_are_in_no_file_and_in_no_later_copy() {
    let folders = Folders::new();
    let store = filled(&folders.at("store"), 60);
    let (copy, keys) = (folders.at("copy"), folders.at("keys"));
    backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    let before = everything(&[&folders.at("store"), &copy, &keys]);
    store.erase(5, &["/words/0".into(), "/words/1".into()]).unwrap();
    let after = everything(&[&folders.at("store")]);
    // The key and the sealed bytes are whatever differs: none of those stretches is left anywhere.
    let gone = differing(&folders.at("store"), &before, &after);
    assert!(gone.len() >= 4, "two keys and two words were overwritten: {}", gone.len());
    backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    drop(store);
    let left = everything(&[&folders.at("store"), &copy, &keys]);
    for secret in &gone {
        for (path, bytes) in &left {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_slice());
            assert!(!found, "erased bytes are still in {}", path.display());
        }
    }
    for (path, bytes) in &left {
        for part in 0..2 {
            let text = secret(5, part);
            assert!(!bytes.windows(text.len()).any(|window| window == text), "the text is in {}", path.display());
        }
    }
}

type Files = Vec<(PathBuf, Vec<u8>)>;

/// Every file below some folders.
fn everything(folders: &[&Path]) -> Files {
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(everything(&[&path]));
            } else {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    found
}

/// The first sixteen bytes of each stretch of words and keys that was overwritten.
fn differing(store: &Path, before: &Files, after: &Files) -> Vec<Vec<u8>> {
    let mut gone = Vec::new();
    for (path, new) in after.iter().filter(|(path, _)| path.starts_with(store)) {
        let inner = path.strip_prefix(store).unwrap();
        if !(inner.starts_with("words") || inner.starts_with("keys")) {
            continue;
        }
        let (_, old) = before.iter().find(|(other, _)| other == path).unwrap();
        let mut at = 0;
        while at < new.len() {
            // A stretch that became zeros and is long enough to be a secret and not a checksum.
            let length = (at..new.len()).take_while(|place| new[*place] == 0 && old[*place] != 0).count();
            if length >= 16 {
                gone.push(old[at..at + 16].to_vec());
            }
            at += length.max(1);
        }
    }
    gone
}

#[test]
fn whatever_file_is_hurt_a_copy_mends_it() {
    let folders = Folders::new();
    let store = filled(&folders.at("store"), 400);
    let (copy, keys) = (folders.at("copy"), folders.at("keys"));
    backup(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
    record(&store, 420);
    drop(store);
    let files = everything(&[&folders.at("store")]);
    let mut hurts = 0;
    for (path, bytes) in files.iter().filter(|(path, _)| is_kept(path)) {
        let Some(last) = bytes.iter().rposition(|byte| *byte != 0) else { continue };
        for kind in 0..5 {
            // What came after the copy was made cannot be mended from it, so the hurt goes before that.
            let place = last / 3;
            match kind {
                0 => {
                    let mut flipped = bytes.clone();
                    flipped[place] ^= 8;
                    fs::write(path, flipped).unwrap();
                }
                1 => {
                    let mut zeroed = bytes.clone();
                    zeroed[place..(place + 700).min(last)].fill(0);
                    fs::write(path, zeroed).unwrap();
                }
                2 => {
                    let mut header = bytes.clone();
                    header[..64.min(last)].fill(0xFF);
                    fs::write(path, header).unwrap();
                }
                3 if !is_last(path, &files) => fs::write(path, &bytes[..place]).unwrap(),
                _ if !is_last(path, &files) => fs::remove_file(path).unwrap(),
                _ => continue,
            }
            hurts += 1;
            let mended = repair(&folders.at("store"), &copy, Some(&keys), &options()).unwrap();
            assert!(mended.look.damage.is_empty(), "{} hurt {kind}: {:?}", path.display(), mended.look.damage);
            assert_whole(&folders.at("store"), 420);
        }
    }
    assert!(hurts >= 20, "{hurts}");
}

fn is_kept(path: &Path) -> bool {
    let parent = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let numbered = path.extension().is_some();
    numbered && matches!(parent, Some("records" | "words" | "keys" | "lock")) || path.ends_with("STORE")
}

/// Whether it is the newest file of its kind, which holds what came after the copy.
fn is_last(path: &Path, files: &Files) -> bool {
    !files.iter().any(|(other, _)| other.parent() == path.parent() && other > path && is_kept(other))
}

#[test]
fn looking_changes_nothing_and_names_what_is_wrong() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 60));
    let sound = look(&folders.at("store"), &options()).unwrap();
    assert_eq!((sound.entries, sound.signed, sound.damage.len(), sound.clean, sound.in_use), (60, 60, 0, true, false));
    assert_eq!(sound.words, (0..60).map(|number| number % 3).sum::<u64>());
    assert_eq!(sound.checkpoint.as_deref(), Some(&b"checkpoint over 60"[..]));
    let path = folders.at("store").join("records/000000.rec");
    let mut bytes = fs::read(&path).unwrap();
    bytes[1000] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let before = everything(&[&folders.at("store")]);
    let hurt = look(&folders.at("store"), &options()).unwrap();
    assert!(matches!(&hurt.damage[0], StoreError::Damaged { file, .. } if file == "records/000000.rec"), "{hurt:?}");
    assert_eq!(everything(&[&folders.at("store")]), before);
    let none = look(&folders.at("elsewhere"), &options()).unwrap_err();
    assert!(none.to_string().contains("there is no store here"), "{none}");
}

#[test]
fn a_lost_last_checkpoint_can_be_signed_for_again() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 60));
    let path = folders.at("store").join("lock/000000.chk");
    let mut bytes = fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let last = 32 + "checkpoint over 60".len();
    bytes[used - last..used].fill(0);
    fs::write(&path, bytes).unwrap();
    assert!(matches!(Embedded::open(&folders.at("store"), &options()), Err(StoreError::Damaged { .. })));
    let again = Options { sign_again: true, ..options() };
    let store = Embedded::open(&folders.at("store"), &again).unwrap();
    assert_eq!((store.size(), store.report().signed), (60, 52));
    let seen = store.locks().load().unwrap();
    store.locks().swap(seen.as_deref(), 60, b"checkpoint over 60").unwrap();
    drop(store);
    assert_whole(&folders.at("store"), 60);
}

#[test]
fn records_are_made_again_from_the_entries_that_others_have() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 420));
    let files = everything(&[&folders.at("store")]);
    let records: Vec<_> = files.iter().filter(|(path, _)| path.parent().unwrap().ends_with("records")).collect();
    assert!(records.len() >= 2, "{}", records.len());
    let mut give = |index: u64| Ok(Some(entry(index).bytes.to_vec()));
    for (path, bytes) in records {
        let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        for kind in 0..7 {
            let mut hurt = bytes.clone();
            match kind {
                0 => hurt[used / 3] ^= 8,
                1 => hurt[used / 3..used / 3 + 3000].fill(0),
                2 => hurt[..64].fill(0xFF),
                3 => hurt[100..600].fill(0xFF),
                4 => hurt[used - 20..used].fill(7),
                _ => hurt.truncate(used / 2),
            }
            fs::write(path, hurt).unwrap();
            if kind == 6 {
                fs::remove_file(path).unwrap();
            }
            let mended = repair_records(&folders.at("store"), 420, &mut give, &options()).unwrap();
            assert!(mended.look.damage.is_empty(), "{} hurt {kind}: {:?}", path.display(), mended.look.damage);
            // At the very end a note stood, which is for the next start to put away.
            assert!(kind == 4 || !mended.replaced.is_empty(), "{} hurt {kind}", path.display());
            assert_whole(&folders.at("store"), 420);
        }
    }
}

#[test]
fn what_nobody_has_stays_named_and_nothing_is_written() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 60));
    let path = folders.at("store").join("records/000000.rec");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3000] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let mended = repair_records(&folders.at("store"), 60, &mut |_| Ok(None), &options()).unwrap();
    assert!(matches!(&mended.look.damage[0], StoreError::Damaged { file, .. } if file == "records/000000.rec"));
    assert!(mended.replaced.is_empty());
    assert_eq!(fs::read(&path).unwrap(), bytes);
    // Entries of another length do not fit; nothing is squeezed in.
    let mut other = |index: u64| Ok(Some([&entry(index).bytes[..], b"and more"].concat()));
    assert!(repair_records(&folders.at("store"), 60, &mut other, &options()).is_err());
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn the_newest_checkpoint_that_another_copy_reaches_is_found() {
    let folders = Folders::new();
    drop(filled(&folders.at("store"), 60));
    let within = |entries| checkpoint_within(&folders.at("store"), entries).unwrap();
    assert_eq!(within(12), None);
    assert_eq!(within(13), Some(b"checkpoint over 13".to_vec()));
    assert_eq!(within(59), Some(b"checkpoint over 52".to_vec()));
    assert_eq!(within(u64::MAX), Some(b"checkpoint over 60".to_vec()));
}

/// Everything, in stretches of so many bytes.
fn scrubbed(store: &Embedded, bytes: u64) -> (Scrubbed, usize) {
    let (mut all, mut stretches) = (Scrubbed::default(), 0);
    let mut next = Some(Stretch::FIRST);
    while let Some(from) = next {
        let found = store.scrub(from, bytes).unwrap();
        all.bytes += found.bytes;
        all.entries += found.entries;
        all.words += found.words;
        all.checkpoints += found.checkpoints;
        all.damage.extend(found.damage);
        next = found.next;
        stretches += 1;
    }
    (all, stretches)
}

#[test]
fn a_scrub_reads_everything_stretch_by_stretch_and_names_what_is_hurt() {
    let folders = Folders::new();
    let store = filled(&folders.at("store"), 130);
    let words = (0..130).map(|number| number % 3).sum::<u64>();
    for bytes in [1, 5_000, u64::MAX] {
        let (all, stretches) = scrubbed(&store, bytes);
        assert_eq!((all.entries, all.words, all.checkpoints, all.damage.len()), (130, words, 10, 0));
        assert!(all.bytes > 130 * 300 && (stretches > 100) == (bytes == 1), "{stretches} of {bytes}");
    }
    for (file, place) in [
        ("records/000000.rec", 20_000),
        ("words/000000.wrd", 2_000),
        ("keys/000000.key", 3_000),
        ("lock/000000.chk", 200),
    ] {
        let path = folders.at("store").join(file);
        let whole = fs::read(&path).unwrap();
        let mut hurt = whole.clone();
        hurt[place] ^= 1;
        fs::write(&path, hurt).unwrap();
        for bytes in [3_000, u64::MAX] {
            let (all, _) = scrubbed(&store, bytes);
            assert!(all.damage.iter().any(|damage| damage.to_string().contains(file)), "{file}: {:?}", all.damage);
            assert!(all.entries >= 128, "the rest is read all the same");
        }
        fs::write(&path, whole).unwrap();
        assert!(scrubbed(&store, u64::MAX).0.damage.is_empty(), "{file}");
    }
}

/// Between records stands how much was signed: what befalls that is seen by whoever looks, where a start would stop at it.
#[test]
fn a_start_finds_nothing_that_looking_does_not() {
    let folders = Folders::new();
    let (place, name) = (folders.at("store"), "records/000000.rec");
    drop(filled(&place, 40));
    backup(&place, &folders.at("copy"), Some(&folders.at("keys")), &options()).unwrap();
    let whole = fs::read(place.join(name)).unwrap();
    let said: Vec<usize> =
        whole.windows(4).enumerate().filter(|(_, four)| *four == b"CPs1").map(|(at, _)| at).collect();
    assert!(said.len() > 2, "{said:?}");
    let mut stopped = 0;
    for at in said {
        let mut hurt = whole.clone();
        hurt[at + 9] ^= 4;
        fs::write(place.join(name), hurt).unwrap();
        // Where nothing that is signed for stands behind it, it is a torn tail, and the start sets it aside.
        let opened = Embedded::open(&place, &full()).map(drop);
        if let Err(error) = opened {
            assert!(matches!(&error, StoreError::Damaged { file, .. } if file == name), "{error}");
            let damage = look(&place, &options()).unwrap().damage;
            assert!(matches!(&damage[..], [StoreError::Damaged { file, .. }] if file == name), "at {at}: {damage:?}");
            stopped += 1;
        }
        let mended = repair(&place, &folders.at("copy"), Some(&folders.at("keys")), &options()).unwrap();
        assert!(mended.look.damage.is_empty(), "at {at}: {:?}", mended.look.damage);
        assert_whole(&place, 40);
    }
    assert!(stopped > 2, "{stopped}");
}
