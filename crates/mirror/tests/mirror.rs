//! Mirrors of honest logs, and of logs that lie: fork, roll back, truncate, swap, replay.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::http::Request;
use counterpart_mirror::{Fork, Mirror, MirrorError, Pass, Readers, Shelf, ShelfError, Source, router};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use counterpart_tlog::policy::Policy;
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::tile::TilePath;
use counterpart_tlog::{Hash, Tree, leaf_hash};
use http_body_util::BodyExt as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

const ORIGIN: &str = "log.example/one";
const NOW: u64 = 1_767_225_600;

/// A log in memory, published into a folder whenever it likes.
struct Log {
    signer: NoteSigner,
    entries: Vec<Vec<u8>>,
    folder: TempDir,
}

impl Log {
    fn new(size: usize) -> Self {
        let signer = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[1; 32])).unwrap();
        let mut log = Self { signer, entries: Vec::new(), folder: tempfile::tempdir().unwrap() };
        log.grow("a", size);
        log.publish_anew();
        log
    }

    fn grow(&mut self, history: &str, size: usize) {
        for index in self.entries.len()..size {
            self.entries.push(format!("{history} {index}").into_bytes());
        }
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        self.entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        tree
    }

    fn note(&self) -> String {
        let tree = self.tree();
        Checkpoint::new(ORIGIN, tree.size(), tree.root()).sign(&[&self.signer]).unwrap().to_string()
    }

    /// Publishes everything into an empty folder.
    fn publish_anew(&mut self) {
        self.folder = tempfile::tempdir().unwrap();
        let mut folder = Shelf::open(self.folder.path()).unwrap();
        let note = self.note();
        let bundle = |n: u64, width: u16| {
            let first = usize::try_from(n * 256).unwrap();
            Ok::<_, ShelfError>(self.entries[first..first + usize::from(width)].to_vec())
        };
        folder.publish_log(&self.tree(), 0, &note, bundle).unwrap();
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }
}

/// `data:` in an entry names a file.
fn references(entry: &[u8]) -> Vec<Hash> {
    entry.strip_prefix(b"data:").map(Hash::of).into_iter().collect()
}

/// None of these logs changes its key.
const READERS: Readers = Readers { references, key_changes: |_| None };

fn mirror(log: &Log, folder: &Path) -> Result<Mirror, MirrorError> {
    let source = Source::open(log.folder.path().to_str().unwrap())?;
    Mirror::open(source, Shelf::open(folder)?, Policy::of_log(log.signer.vkey()), READERS)
}

fn pass(log: &Log, folder: &Path) -> Result<Pass, MirrorError> {
    mirror(log, folder)?.pass(NOW, &mut |_, _| {})
}

fn fork(error: MirrorError) -> Fork {
    match error {
        MirrorError::Fork(fork) => *fork,
        other @ (MirrorError::Source(_)
        | MirrorError::Shelf(_)
        | MirrorError::Untrusted(_)
        | MirrorError::KeyChange(_)
        | MirrorError::OtherLog { .. }
        | MirrorError::Older { .. }
        | MirrorError::Damaged { .. }) => panic!("no fork but {other}"),
    }
}

/// Every file below a folder but the lock, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.file_name().unwrap() != "mirror.lock" {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, folder, &mut found);
    found.sort();
    found
}

#[test]
fn a_mirror_is_the_published_folder_at_every_size() {
    for size in [0, 1, 2, 255, 256, 257, 600] {
        let log = Log::new(size);
        let copy = tempfile::tempdir().unwrap();
        assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Grown { from: 0, to: size as u64 });
        let mut kept = files(copy.path());
        kept.retain(|(name, _)| name != "vkey");
        assert_eq!(kept, files(log.folder.path()), "{size}");
    }
}

#[test]
fn partial_tiles_that_an_interruption_left_behind_are_removed_by_whoever_comes_next() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let kept = files(copy.path());
    // As if it had been killed between publishing 300 entries and removing what 200 and 290 needed.
    let tiles = ["tile/0/000.p/200", "tile/entries/000.p/200", "tile/0/001.p/34"];
    for folder in [copy.path(), log.folder.path()] {
        for tile in tiles {
            fs::create_dir_all(folder.join(tile).parent().unwrap()).unwrap();
            fs::write(folder.join(tile), b"as it was").unwrap();
        }
    }
    let has = |folder: &Path| tiles.map(|tile| folder.join(tile).exists());
    assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Unchanged);
    assert_eq!(has(copy.path()), [false, false, true], "a tile that is not full keeps every width");
    fs::remove_file(copy.path().join(tiles[2])).unwrap();
    assert_eq!(files(copy.path()), kept);
    let mut folder = Shelf::open(log.folder.path()).unwrap();
    let nothing_new = |_, width: u16| Ok::<_, ShelfError>(log.entries[256..256 + usize::from(width)].to_vec());
    folder.publish_log(&log.tree(), 300, &log.note(), nothing_new).unwrap();
    assert_eq!(has(log.folder.path()), [false, false, true]);
}

#[test]
fn a_mirror_grows_step_by_step_into_the_same_folder_without_old_partial_tiles() {
    let mut log = Log::new(1);
    let copy = tempfile::tempdir().unwrap();
    let mut before = 0;
    for size in [1, 7, 200, 256, 300, 511, 512, 513, 700] {
        log.grow("a", size);
        log.publish_anew();
        let to = size as u64;
        assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Grown { from: before, to });
        assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Unchanged);
        before = to;
        let kept = files(copy.path());
        for (name, bytes) in files(log.folder.path()) {
            assert!(kept.contains(&(name.clone(), bytes)), "{name} at {size}");
        }
    }
    let partial: Vec<_> = files(copy.path()).into_iter().filter(|(name, _)| name.contains(".p/")).collect();
    let tiles = |name: &str| partial.iter().filter(|(path, _)| path.starts_with(name)).count();
    assert_eq!((tiles("tile/0/000.p"), tiles("tile/0/001.p"), tiles("tile/0/002.p")), (0, 0, 2), "{partial:?}");
}

#[test]
fn entries_before_the_known_size_that_change_are_a_fork_with_proof() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let before = files(copy.path());
    let mut other = Log::new(250);
    other.grow("b", 400);
    other.publish_anew();
    let found = fork(pass(&other, copy.path()).unwrap_err());
    assert_eq!((found.known_size, found.shown_size, found.index), (300, 400, Some(250)));
    assert!(found.to_string().starts_with("FORK: log.example/one has shown two histories"), "{found}");
    let mut leaves = Vec::new();
    for name in ["known", "shown"] {
        let proof = fs::read(found.evidence.join(format!("{name}.tlog-proof"))).unwrap();
        let leaf = leaf_hash(&fs::read(found.evidence.join(format!("{name}.entry"))).unwrap());
        let proof = TlogProof::parse(proof).unwrap();
        proof.verify_signed(&leaf, ORIGIN, &log.signer.vkey()).unwrap();
        assert_eq!(proof.index, 250);
        leaves.push(leaf);
    }
    assert_ne!(leaves[0], leaves[1], "one place, two entries, one key");
    // What was kept stays, and the same fork seen again is kept once.
    fork(pass(&other, copy.path()).unwrap_err());
    let after: Vec<_> = files(copy.path()).into_iter().filter(|(name, _)| !name.starts_with("fork-")).collect();
    assert_eq!(after, before);
    assert_eq!(
        fs::read_dir(copy.path())
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_str().unwrap().starts_with("fork-") })
            .count(),
        1
    );
}

#[test]
fn the_same_size_with_another_root_is_a_fork() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let mut swapped = Log::new(300);
    swapped.entries.swap(17, 18);
    swapped.publish_anew();
    let found = fork(pass(&swapped, copy.path()).unwrap_err());
    assert_eq!((found.known_size, found.shown_size, found.index), (300, 300, Some(17)));
}

#[test]
fn two_forks_seen_within_one_second_keep_their_own_evidence() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let places = [17, 40].map(|at| {
        let mut swapped = Log::new(300);
        swapped.entries.swap(at, at + 1);
        swapped.publish_anew();
        fork(pass(&swapped, copy.path()).unwrap_err()).evidence
    });
    assert_ne!(places[0], places[1]);
    assert!(places.iter().all(|place| place.join("shown.checkpoint").is_file()));
}

#[test]
fn a_smaller_log_is_a_rollback_or_a_fork() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let truncated = Log::new(256);
    let older = pass(&truncated, copy.path()).unwrap_err();
    assert!(matches!(older, MirrorError::Older { known: 300, shown: 256 }), "{older}");
    assert!(older.to_string().starts_with("ROLLBACK: the log shows 256 entries and has shown 300 before"));
    let mut other = Log::new(200);
    other.grow("b", 280);
    other.publish_anew();
    let found = fork(pass(&other, copy.path()).unwrap_err());
    assert_eq!((found.known_size, found.shown_size, found.index), (300, 280, Some(200)));
}

#[test]
fn an_old_checkpoint_over_new_tiles_is_a_rollback() {
    let mut log = Log::new(100);
    let old = log.note();
    log.grow("a", 300);
    log.publish_anew();
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    fs::write(log.path("checkpoint"), old).unwrap();
    assert!(matches!(pass(&log, copy.path()), Err(MirrorError::Older { known: 300, shown: 100 })));
}

#[test]
fn two_leaves_swapped_under_an_honest_checkpoint_are_not_kept() {
    for tiles_too in [false, true] {
        let mut log = Log::new(300);
        let note = log.note();
        log.entries.swap(17, 18);
        let swapped = log.entries.clone();
        log.publish_anew();
        fs::write(log.path("checkpoint"), note).unwrap();
        if !tiles_too {
            // The hash tiles stay honest, only the bundle lies.
            let lying = fs::read(log.path("tile/entries/000")).unwrap();
            log.entries.swap(17, 18);
            log.publish_anew();
            fs::write(log.path("tile/entries/000"), lying).unwrap();
        }
        let copy = tempfile::tempdir().unwrap();
        let error = pass(&log, copy.path()).unwrap_err();
        assert!(matches!(error, MirrorError::Damaged { size: 300, .. }), "{error}");
        if !tiles_too {
            assert!(error.to_string().contains("entry 17 is not the one"), "{error}");
        }
        assert_eq!(files(copy.path()), [], "nothing was kept of {} entries", swapped.len());
    }
}

#[test]
fn another_key_under_the_same_name_is_another_ledger() {
    let log = Log::new(10);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let mut second = Log::new(12);
    second.signer = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[2; 32])).unwrap();
    second.publish_anew();
    let source = Source::open(second.folder.path().to_str().unwrap()).unwrap();
    let mut mirror =
        Mirror::open(source, Shelf::open(copy.path()).unwrap(), Policy::of_log(log.signer.vkey()), READERS).unwrap();
    let error = mirror.pass(NOW, &mut |_, _| {}).unwrap_err();
    assert!(matches!(error, MirrorError::Untrusted(_)), "{error}");
    // Nor does the folder open for the other key.
    assert!(matches!(mirror_of(&second, copy.path(), mirror), Err(MirrorError::Untrusted(_))));
}

fn mirror_of(log: &Log, folder: &Path, held: Mirror) -> Result<Mirror, MirrorError> {
    drop(held);
    mirror(log, folder)
}

#[test]
fn an_interrupted_mirror_goes_on_where_it_was_and_never_publishes_half() {
    let mut log = Log::new(200);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let published = fs::read(copy.path().join("checkpoint")).unwrap();
    log.grow("a", 1000);
    log.publish_anew();
    let third = fs::read(log.path("tile/entries/002")).unwrap();
    fs::remove_file(log.path("tile/entries/002")).unwrap();
    assert!(matches!(pass(&log, copy.path()), Err(MirrorError::Source(_))));
    assert_eq!(fs::read(copy.path().join("checkpoint")).unwrap(), published);
    // The second time the first two bundles are not asked for: they are gone from the source.
    fs::write(log.path("tile/entries/002"), third).unwrap();
    fs::remove_file(log.path("tile/entries/000")).unwrap();
    fs::remove_file(log.path("tile/entries/001")).unwrap();
    assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Grown { from: 200, to: 1000 });
    assert_ne!(fs::read(copy.path().join("checkpoint")).unwrap(), published);
}

#[test]
fn a_mirror_that_was_damaged_is_mended_from_the_source() {
    let mut log = Log::new(600);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    let whole = files(copy.path());
    fs::write(copy.path().join("tile/0/001"), vec![7; 8192]).unwrap();
    fs::remove_file(copy.path().join("tile/entries/001")).unwrap();
    assert_eq!(pass(&log, copy.path()).unwrap(), Pass::Witnessed);
    assert_eq!(files(copy.path()), whole);
    // But not with another history.
    fs::write(copy.path().join("tile/0/001"), vec![7; 8192]).unwrap();
    log.entries[3] = b"other".to_vec();
    log.grow("a", 700);
    log.publish_anew();
    let found = fork(pass(&log, copy.path()).unwrap_err());
    assert_eq!((found.known_size, found.shown_size), (600, 700));
}

#[test]
fn reference_data_come_along_and_are_checked() {
    let mut log = Log::new(5);
    log.entries.push(b"data:list of gateways".to_vec());
    log.publish_anew();
    let name = Hash::of(b"list of gateways").to_hex();
    let copy = tempfile::tempdir().unwrap();
    let mut mirror = mirror(&log, copy.path()).unwrap();
    mirror.pass(NOW, &mut |_, _| {}).unwrap();
    assert_eq!(mirror.missing().len(), 1, "the log is kept all the same");
    fs::create_dir(log.path("data")).unwrap();
    fs::write(log.path(&format!("data/{name}")), "another list").unwrap();
    mirror.pass(NOW, &mut |_, _| {}).unwrap();
    assert_eq!(mirror.missing().len(), 1);
    fs::write(log.path(&format!("data/{name}")), "list of gateways").unwrap();
    mirror.pass(NOW, &mut |_, _| {}).unwrap();
    assert_eq!(mirror.missing().len(), 0);
    assert_eq!(fs::read(copy.path().join("data").join(name)).unwrap(), b"list of gateways");
}

#[test]
fn a_policy_with_a_quorum_keeps_out_what_is_not_witnessed() {
    let log = Log::new(20);
    let cosigner = Cosigner::new("w.example", SigningKey::from_bytes(&[9; 32])).unwrap();
    let policy = format!("log {}\nwitness w {}\nquorum w\n", log.signer.vkey(), cosigner.vkey());
    let policy = Policy::parse(policy).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let source = Source::open(log.folder.path().to_str().unwrap()).unwrap();
    let mut mirror = Mirror::open(source, Shelf::open(copy.path()).unwrap(), policy, READERS).unwrap();
    assert!(matches!(mirror.pass(NOW, &mut |_, _| {}), Err(MirrorError::Untrusted(_))));
    let witness_at = |time: u64| {
        let (_, mut note) = Checkpoint::parse(log.note()).unwrap();
        let line = cosigner.cosign(note.text(), time).unwrap();
        note.add(line).unwrap();
        fs::write(log.path("checkpoint"), note.to_string()).unwrap();
    };
    witness_at(NOW);
    assert_eq!(mirror.pass(NOW, &mut |_, _| {}).unwrap(), Pass::Grown { from: 0, to: 20 });
    assert_eq!(mirror.pass(NOW, &mut |_, _| {}).unwrap(), Pass::Unchanged);
    witness_at(NOW + 600);
    assert_eq!(mirror.pass(NOW, &mut |_, _| {}).unwrap(), Pass::Witnessed);
    witness_at(NOW);
    assert_eq!(mirror.pass(NOW, &mut |_, _| {}).unwrap(), Pass::Unchanged, "an older cosignature is not taken");
}

#[test]
fn a_folder_is_served_and_nothing_else_of_the_disk() {
    let log = Log::new(300);
    let copy = tempfile::tempdir().unwrap();
    pass(&log, copy.path()).unwrap();
    fs::write(copy.path().join("secret"), "secret").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let get = |path: &str| {
        runtime.block_on(async {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let answer = router(copy.path()).oneshot(request).await.unwrap();
            let status = answer.status().as_u16();
            let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
            (status, kind.unwrap_or_default(), answer.into_body().collect().await.unwrap().to_bytes().to_vec())
        })
    };
    let text = "text/plain; charset=utf-8";
    for prefix in ["", "/log"] {
        assert_eq!(get(&format!("{prefix}/checkpoint")), (200, text.to_owned(), log.note().into_bytes()));
        assert_eq!(get(&format!("{prefix}/tile/0/000")).2.len(), 8192);
        assert_eq!(get(&format!("{prefix}/tile/0/001.p/44")).2.len(), 44 * 32);
        // Narrower partial tiles are cut from wider ones.
        assert_eq!(get(&format!("{prefix}/tile/0/001.p/3")).2, get("/tile/0/001.p/44").2[..96]);
        assert_eq!(get(&format!("{prefix}/tile/0/000.p/3")).2, get("/tile/0/000").2[..96]);
        let bundle = get(&format!("{prefix}/tile/entries/001.p/2")).2;
        assert_eq!(bundle, b"\0\x05a 256\0\x05a 257");
    }
    for wrong in [
        "/secret",
        "/mirror.lock",
        "/tile/0/001",
        "/tile/0/001.p/45",
        "/tile/0/0",
        "/data/00",
        "/log/../secret",
        "/tile/../secret",
        "/log/tile/0/%2e%2e/secret",
    ] {
        assert_eq!(get(wrong).0, 404, "{wrong}");
    }
}

#[test]
fn tiles_of_a_shelf_are_those_of_the_tree() {
    let log = Log::new(700);
    let source = Source::Folder(log.folder.path().to_owned());
    assert_eq!(source.tree(700).unwrap().root(), log.tree().root());
    assert_eq!(source.tree(300).unwrap().root(), log.tree().root_at(300).unwrap());
    assert_eq!(source.hash_tile(1, 0, 2).unwrap().len(), 2);
    assert!(source.hash_tile(1, 0, 3).is_err());
    let path = TilePath::Hash { level: 1, n: 0, width: 2 }.to_string();
    assert_eq!(fs::read(log.path(&path)).unwrap(), log.tree().tile(1, 0, 2, 700).unwrap());
}
