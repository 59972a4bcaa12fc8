//! The key of a log changes: whoever trusts the old one follows where the log proves it, and nowhere else.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use counterpart_mirror::{
    FollowError, KeyChange, Mirror, MirrorError, Pass, Readers, Shelf, ShelfError, Source, router,
};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use counterpart_tlog::policy::Policy;
use counterpart_tlog::{Tree, leaf_hash};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

const ORIGIN: &str = "log.example/one";

/// The first size of the new key, and the entry that says so.
const FIRST_SIZE: u64 = 300;
const INDEX: usize = 280;

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
}

fn vkey(seed: u8) -> String {
    signer(seed).vkey().to_string()
}

/// `key <old> <new> <size>` in an entry changes the key.
fn key_changes(entry: &[u8]) -> Option<KeyChange> {
    let mut words = std::str::from_utf8(entry).ok()?.strip_prefix("key ")?.split(' ');
    let mut word = || words.next().map(str::to_owned);
    Some(KeyChange { old: word()?, new: word()?, first_size: word()?.parse().ok()? })
}

const READERS: Readers = Readers { references: |_| Vec::new(), key_changes };

/// What a log tells of its keys.
struct Told {
    /// The entry at [`INDEX`].
    entry: String,
    list: String,
    /// Who signs the checkpoint of the first size.
    both: Vec<u8>,
}

impl Told {
    /// From key 1 to key 2, as it should be.
    fn truly() -> Self {
        let entry = format!("key {} {} {FIRST_SIZE}", vkey(1), vkey(2));
        Self { entry, list: format!("{FIRST_SIZE} {} {INDEX}\n", vkey(2)), both: vec![1, 2] }
    }
}

/// A published log of this size whose newest checkpoint these keys sign.
fn published(size: usize, told: &Told, signed_by: &[u8]) -> TempDir {
    let entries: Vec<Vec<u8>> = (0..size)
        .map(|index| if index == INDEX { told.entry.clone() } else { format!("entry {index}") }.into_bytes())
        .collect();
    let mut tree = Tree::new();
    for entry in &entries {
        tree.push(leaf_hash(entry));
    }
    let note = |size: u64, by: &[u8]| {
        let signers: Vec<NoteSigner> = by.iter().copied().map(signer).collect();
        let signers: Vec<&NoteSigner> = signers.iter().collect();
        Checkpoint::new(ORIGIN, size, tree.root_at(size).unwrap()).sign(&signers).unwrap().to_string()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::open(folder.path()).unwrap();
    if tree.size() >= FIRST_SIZE {
        shelf.write("keys/list", told.list.as_bytes()).unwrap();
        shelf.write(&format!("keys/{FIRST_SIZE}"), note(FIRST_SIZE, &told.both).as_bytes()).unwrap();
    }
    let bundle = |n: u64, width: u16| {
        let first = usize::try_from(n * 256).unwrap();
        Ok::<_, ShelfError>(entries[first..first + usize::from(width)].to_vec())
    };
    shelf.publish_log(&tree, 0, &note(tree.size(), signed_by), bundle).unwrap();
    folder
}

fn pass(from: &TempDir, into: &Path) -> Result<Pass, MirrorError> {
    let source = Source::open(from.path().to_str().unwrap())?;
    let policy = Policy::of_log(signer(1).vkey());
    Mirror::open(source, Shelf::open(into)?, policy, READERS)?.pass(0, &mut |_, _| {})
}

#[test]
fn a_mirror_that_trusts_the_old_key_follows_to_the_new_one_and_goes_on_from_there() {
    let told = Told::truly();
    let copy = tempfile::tempdir().unwrap();
    pass(&published(250, &told, &[1]), copy.path()).unwrap();
    // The old key is gone before the mirror looks again, and again after it was started anew.
    for (from, size) in [(250, 310), (310, 700)] {
        let grown = pass(&published(size, &told, &[2]), copy.path()).unwrap();
        assert_eq!(grown, Pass::Grown { from, to: size as u64 });
        assert_eq!(pass(&published(size, &told, &[2]), copy.path()).unwrap(), Pass::Unchanged);
        assert_eq!(fs::read_to_string(copy.path().join("vkey")).unwrap(), format!("{}\n", vkey(2)));
    }
    // Whoever mirrors the mirror follows as well, from nothing.
    let again = tempfile::tempdir().unwrap();
    let source = Source::open(copy.path().to_str().unwrap()).unwrap();
    let policy = Policy::of_log(signer(1).vkey());
    let mut mirror = Mirror::open(source, Shelf::open(again.path()).unwrap(), policy, READERS).unwrap();
    assert_eq!(mirror.pass(0, &mut |_, _| {}).unwrap(), Pass::Grown { from: 0, to: 700 });
}

/// A change of key that is told otherwise than it should be, and what is said of it.
fn astray(told: &Told, says: &str) {
    let copy = tempfile::tempdir().unwrap();
    pass(&published(250, told, &[1]), copy.path()).unwrap();
    let error = pass(&published(310, told, &[2]), copy.path()).unwrap_err();
    assert!(matches!(error, MirrorError::KeyChange(FollowError::Unproved { .. })), "{error}");
    assert!(error.to_string().contains(says), "`{says}` is not in: {error}");
    assert!(fs::read_to_string(copy.path().join("checkpoint")).unwrap().contains("\n250\n"), "nothing was taken");
}

#[test]
fn a_strangers_key_beside_a_checkpoint_of_the_log_hands_nothing_over() {
    let plain = Told { entry: "nothing of keys".to_owned(), ..Told::truly() };
    astray(&plain, "entry 280 changes no key");
    astray(&Told { entry: format!("key {} {} {FIRST_SIZE}", vkey(1), vkey(3)), ..Told::truly() }, "names another key");
    astray(&Told { entry: format!("key {} {} 299", vkey(1), vkey(2)), ..Told::truly() }, "names another key or size");
    astray(&Told { entry: format!("key {} {} {FIRST_SIZE}", vkey(3), vkey(2)), ..Told::truly() }, "not trusted here");
    astray(&Told { list: format!("{FIRST_SIZE} {} 300\n", vkey(2)), ..Told::truly() }, "not among the first 300");
}

#[test]
fn a_key_that_handed_over_signs_nothing_alone_any_more() {
    let told = Told::truly();
    let copy = tempfile::tempdir().unwrap();
    pass(&published(310, &told, &[1, 2]), copy.path()).unwrap();
    assert_eq!(fs::read_to_string(copy.path().join("vkey")).unwrap(), format!("{}\n", vkey(2)));
    let error = pass(&published(400, &told, &[1]), copy.path()).unwrap_err();
    assert!(matches!(error, MirrorError::KeyChange(FollowError::HandedOver { .. })), "{error}");
    assert_eq!(pass(&published(400, &told, &[1, 2]), copy.path()).unwrap(), Pass::Grown { from: 310, to: 400 });
    // Whoever trusts the new key alone needs nothing of the old one.
    let log = published(700, &told, &[2]);
    let late = tempfile::tempdir().unwrap();
    let source = Source::open(log.path().to_str().unwrap()).unwrap();
    let policy = Policy::of_log(signer(2).vkey());
    let mut mirror = Mirror::open(source, Shelf::open(late.path()).unwrap(), policy, READERS).unwrap();
    assert_eq!(mirror.pass(0, &mut |_, _| {}).unwrap(), Pass::Grown { from: 0, to: 700 });
}

#[test]
fn a_list_that_is_not_proved_is_not_kept_either() {
    let stranger = format!("{FIRST_SIZE} {} {INDEX}\n", vkey(3));
    let told = Told { list: stranger, both: vec![1, 3], ..Told::truly() };
    let copy = tempfile::tempdir().unwrap();
    let error = pass(&published(310, &told, &[1]), copy.path()).unwrap_err();
    assert!(matches!(error, MirrorError::KeyChange(FollowError::Unproved { .. })), "{error}");
    assert!(!copy.path().join("keys/list").exists() && !copy.path().join("checkpoint").exists());
}

#[test]
fn both_keys_must_have_signed_the_checkpoint_of_the_first_size() {
    for (both, who) in [(vec![1], vkey(2)), (vec![2], vkey(1)), (vec![3], vkey(1))] {
        astray(&Told { both, ..Told::truly() }, &format!("{who} has not signed the checkpoint over 300"));
    }
}

#[test]
fn a_checkpoint_of_another_history_hands_nothing_over() {
    let told = Told::truly();
    let copy = tempfile::tempdir().unwrap();
    pass(&published(250, &told, &[1]), copy.path()).unwrap();
    let log = published(310, &told, &[2]);
    let other = published(300, &Told { entry: "another".to_owned(), ..Told::truly() }, &[1, 2]);
    fs::copy(other.path().join("keys/300"), log.path().join("keys/300")).unwrap();
    let error = pass(&log, copy.path()).unwrap_err().to_string();
    assert!(error.contains("does not cover entry 280"), "{error}");
    fs::remove_file(log.path().join("keys/300")).unwrap();
    let error = pass(&log, copy.path()).unwrap_err().to_string();
    assert!(error.contains("over 300 entries, which both keys sign, is not there"), "{error}");
    fs::remove_file(log.path().join("keys/list")).unwrap();
    let error = pass(&log, copy.path()).unwrap_err();
    assert!(matches!(error, MirrorError::Untrusted(_)), "a key of which the log tells nothing: {error}");
}

#[tokio::test]
async fn a_served_folder_gives_what_leads_from_key_to_key() {
    let log = published(310, &Told::truly(), &[2]);
    let server = router(log.path());
    let get = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = server.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
    };
    for prefix in ["", "/log"] {
        for file in ["keys/list", "keys/300"] {
            assert_eq!(get(&format!("{prefix}/{file}")).await, (200, fs::read(log.path().join(file)).unwrap()));
        }
        for none in ["keys/0300", "keys/+300", "keys/301", "keys/", "keys/../mirror.lock", "keys/%2e%2e/vkey"] {
            assert_eq!(get(&format!("{prefix}/{none}")).await.0, 404, "{none}");
        }
    }
}
