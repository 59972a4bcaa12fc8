//! What waits for signatures: sealed, replaced in one step, and gone when it is removed.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use counterpart_store::memory::MemoryWaiting;
use counterpart_store::{Folder, StoreError, Waiting};

const NAME: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn folder(root: &Path) -> Folder {
    let drawn = AtomicU8::new(1);
    Folder::open(root, Arc::new(move |bytes: &mut [u8]| bytes.fill(drawn.fetch_add(1, Ordering::SeqCst)))).unwrap()
}

/// Every byte below a folder.
fn bytes_below(root: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        all.extend(if path.is_dir() { bytes_below(&path) } else { std::fs::read(path).unwrap() });
    }
    all
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[test]
fn both_keep_replace_and_forget_alike() {
    let root = tempfile::tempdir().unwrap();
    let kept: [Box<dyn Waiting>; 2] = [Box::new(folder(root.path())), Box::new(MemoryWaiting::new())];
    for kept in kept {
        assert!(kept.names().unwrap().is_empty());
        assert_eq!(kept.read(NAME).unwrap(), None);
        kept.remove(NAME).unwrap();
        kept.put(NAME, b"one").unwrap();
        kept.put(OTHER, b"").unwrap();
        kept.put(NAME, b"two").unwrap();
        assert_eq!(kept.read(NAME).unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(kept.read(OTHER).unwrap().as_deref(), Some(&b""[..]));
        let mut names = kept.names().unwrap();
        names.sort();
        assert_eq!(names, [NAME, OTHER]);
        kept.remove(NAME).unwrap();
        kept.remove(NAME).unwrap();
        assert_eq!((kept.read(NAME).unwrap(), kept.names().unwrap()), (None, vec![OTHER.to_owned()]));
    }
}

#[test]
fn words_are_sealed_and_neither_they_nor_their_key_outlive_their_removal() {
    let root = tempfile::tempdir().unwrap();
    let kept = folder(root.path());
    let nothing = bytes_below(root.path());
    let words = b"who holds the post, by name";
    kept.put(NAME, words).unwrap();
    let secret = [1; 32];
    let all = bytes_below(root.path());
    assert!(!holds(&all, words) && holds(&all, &secret));
    kept.put(NAME, b"fewer words").unwrap();
    assert!(!holds(&bytes_below(root.path()), &secret), "what was replaced cannot be opened any more");
    drop(kept);
    let kept = folder(root.path());
    assert_eq!(kept.read(NAME).unwrap().as_deref(), Some(&b"fewer words"[..]));
    kept.remove(NAME).unwrap();
    assert_eq!(bytes_below(root.path()), nothing);
}

#[test]
fn a_crash_between_two_files_leaves_the_older_pair_and_damage_is_named() {
    let root = tempfile::tempdir().unwrap();
    let kept = folder(root.path());
    kept.put(NAME, b"whole").unwrap();
    // Sealed, and the key not yet written.
    std::fs::write(root.path().join(format!("sealed/{NAME}.1")), b"half").unwrap();
    assert_eq!(kept.read(NAME).unwrap().as_deref(), Some(&b"whole"[..]));
    // Both written, and one of them not whole.
    std::fs::write(root.path().join(format!("keys/{NAME}.1")), [9; 32]).unwrap();
    assert_eq!(kept.read(NAME).unwrap().as_deref(), Some(&b"whole"[..]));
    kept.put(NAME, b"newer").unwrap();
    assert_eq!(kept.read(NAME).unwrap().as_deref(), Some(&b"newer"[..]));
    std::fs::write(root.path().join(format!("sealed/{NAME}.2")), b"damaged").unwrap();
    assert!(matches!(kept.read(NAME), Err(StoreError::Damaged { .. })));
    // Another's bytes do not open under this name.
    kept.put(OTHER, b"other").unwrap();
    for half in ["sealed", "keys"] {
        let from = root.path().join(format!("{half}/{OTHER}.0"));
        std::fs::copy(from, root.path().join(format!("{half}/{NAME}.2"))).unwrap();
    }
    assert!(matches!(kept.read(NAME), Err(StoreError::Damaged { .. })));
    kept.remove(NAME).unwrap();
    assert_eq!(kept.names().unwrap(), [OTHER]);
    // What is not ours is left alone.
    std::fs::write(root.path().join("sealed/notes.txt"), b"x").unwrap();
    assert_eq!(kept.names().unwrap(), [OTHER]);
}
