//! Logs are built here with real keys, and then one thing is made wrong.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

mod differential;
mod going_on;

#[expect(dead_code, reason = "a world for many tests")]
#[path = "../../../core/tests/offices/world.rs"]
mod world;

use std::path::{Path, PathBuf};

use counterpart_core::codes;
use counterpart_core::replay::Replay;
use counterpart_core::wire::Entry;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use counterpart_tlog::tile::{TilePath, encode_bundle, entry_tiles, hash_tiles};
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};
use tempfile::TempDir;
use world::{Draft, ORIGIN, Person, World, at, person, registrars};

use super::engine::{Findings, Listener};
use super::report::{Problem, Report, Share};
use super::*;
use crate::ending;

/// Nobody listens.
struct Silent;

impl Listener for Silent {
    fn decided(&mut self, _size: u64) {}

    fn agrees(&mut self, _so_far: SoFar<'_>) {}
}

fn found(source: &Source, scope: &Scope) -> Findings {
    engine::run(source, scope, Verified::default(), &mut Silent).unwrap()
}

fn signer() -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[77; 32])).unwrap()
}

/// A ledger in memory, and the entries that made it.
struct Log {
    world: World,
    entries: Vec<Vec<u8>>,
}

impl Log {
    fn founded() -> Self {
        let mut log = Self { world: World::new(), entries: Vec::new() };
        let mut genesis = log.world.genesis();
        let (code_lists, policies) = codes::manifest();
        genesis.payload["data"]["log_keys"] = json!([signer().vkey().to_string()]);
        genesis.payload["data"]["code_lists"] = json!(code_lists);
        genesis.payload["data"]["policies"] = json!(policies);
        log.record(&genesis);
        log
    }

    fn record(&mut self, draft: &Draft) {
        self.entries.push(self.entry(draft));
        self.world.record(draft).unwrap();
    }

    fn entry(&self, draft: &Draft) -> Vec<u8> {
        Entry { envelope: draft.envelope(), recorded_at: at(self.world.now) }.encode()
    }

    fn chief() -> Person {
        person("CMD", "CEX", 10)
    }

    fn update(&mut self, name: &str) -> Draft {
        let data = json!({ "name": name });
        self.world.draft("org:CMD", "OrganisationUpdated", data, &[person("CMD", "ADM", 11), Self::chief()])
    }

    /// Camden with an administrator, and then so many changes of its name.
    fn with_camden(changes: usize) -> Self {
        let mut log = Self::founded();
        let registered = log.world.registration("CMD", &Self::chief());
        log.record(&registered);
        let administrator = person("CMD", "ADM", 11);
        let appointed = log.world.appointment(&[Self::chief()], &administrator);
        log.record(&appointed);
        let key = log.world.key_registration(&administrator, &[Self::chief()]);
        log.record(&key);
        for number in 0..changes {
            // No more in a day than an organisation may record.
            log.world.now += 15 * 60 * 1000;
            let event = log.update(&format!("Camden {number}"));
            log.record(&event);
        }
        log
    }

    fn publish(&self) -> Published {
        Published::new(&self.entries)
    }
}

/// A static tree in a folder.
struct Published {
    folder: TempDir,
    tree: Tree,
}

impl Published {
    fn new(entries: &[Vec<u8>]) -> Self {
        let tree: Tree = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let published = Self { folder: tempfile::tempdir().unwrap(), tree };
        let size = published.tree.size();
        for path in entry_tiles(size) {
            let TilePath::Entries { n, width } = path else { panic!("an entry tile") };
            let first = usize::try_from(n).unwrap() * 256;
            let bundle = encode_bundle(&entries[first..first + usize::from(width)]).unwrap();
            published.write(&path.to_string(), bundle);
        }
        for path in hash_tiles(size) {
            let TilePath::Hash { level, n, width } = path else { panic!("a hash tile") };
            published.write(&path.to_string(), published.tree.tile(level, n, width, size).unwrap());
        }
        for file in codes::FILES {
            published.write(&format!("data/{}", file.sha256()), file.text);
        }
        published.write("vkey", format!("{}\n", signer().vkey()));
        published.sign(published.tree.root());
        published
    }

    fn sign(&self, root: Hash) {
        let checkpoint = Checkpoint::new(ORIGIN, self.tree.size(), root);
        self.write("checkpoint", checkpoint.sign(&[&signer()]).unwrap().to_string());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = std::fs::read(self.path(name)).unwrap();
        change(&mut bytes);
        self.write(name, bytes);
    }

    fn audit(&self) -> Report {
        audit(self.folder.path(), Trust::Ledger, |_| {})
    }
}

fn audit(log: &Path, trust: Trust, change: impl FnOnce(&mut Scope)) -> Report {
    let source = Source::open(log.to_str().unwrap(), None).unwrap();
    let note = source.checkpoint().unwrap();
    let claimed = trust::claimed(&note).unwrap();
    let mut scope = Scope { size: claimed.size, decide: claimed.size, older: None };
    change(&mut scope);
    let findings = found(&source, &scope);
    let mut judged = Judged::default();
    let handovers = judged.handovers(&source, &claimed, &findings).unwrap();
    let signed = judged.checkpoint(&trust, &handovers, &note, &claimed, &findings);
    judged.tree(&claimed, &findings);
    judged.source_key(&source, &note, signed.as_ref()).unwrap();
    let reference = judged.reference(&source, &findings.replay.state).unwrap();
    judged.report(&scope, &findings, signed, reference, 0)
}

fn problems(report: &Report) -> String {
    let told = |problem: &Problem| format!("{:?} {}", problem.index, problem.problem);
    report.problems.iter().map(told).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_sound_log_of_several_groups_agrees_to_the_last_entry() {
    let log = Log::with_camden(1_100);
    let report = log.publish().audit();
    assert!(report.ok, "{}", problems(&report));
    assert_eq!(report.decisions, Share { done: 1_104, of: 1_104 });
    assert_eq!(report.door_checks, Share { done: 0, of: 2 });
    assert_eq!(report.reference_data.done, codes::FILES.len() as u64);
    assert_eq!(report.checkpoint.key_from, "ledger");
    let said = report.lines().join("\n");
    assert!(said.contains("taken from the ledger itself"), "{said}");
    assert!(said.contains("door checks repeated 0 of 2, words not held 2"), "{said}");
}

#[test]
fn a_log_in_one_file_is_audited_like_its_tree() {
    let log = Log::with_camden(300);
    let published = log.publish();
    let mut file = std::fs::read(published.path("checkpoint")).unwrap();
    for entry in &log.entries {
        file.extend_from_slice(entry);
        file.push(b'\n');
    }
    published.write("log.ndjson", &file);
    let report = audit(&published.path("log.ndjson"), Trust::Ledger, |_| {});
    assert!(report.ok, "{}", problems(&report));
    assert_eq!(report.decisions.done, 304);
    published.write("short.ndjson", &file[..file.len() - 100]);
    let report = audit(&published.path("short.ndjson"), Trust::Ledger, |_| {});
    assert!(!report.ok);
}

#[test]
fn one_flipped_byte_is_found_at_its_entry() {
    let published = Log::with_camden(300).publish();
    // A byte of the last entry of the first bundle, which is entry 255.
    published.change("tile/entries/000", |bytes| {
        let last = bytes.len() - 40;
        bytes[last] ^= 1;
    });
    let report = published.audit();
    assert!(!report.ok);
    assert_eq!(report.first_bad_index, Some(255), "{}", problems(&report));
    assert_eq!(report.stopped.as_ref().unwrap().index, 255);
    assert!(problems(&report).contains("the leaf hash that its tile gives"), "{}", problems(&report));
}

#[test]
fn swapped_leaves_are_found_at_the_first_of_them() {
    let log = Log::with_camden(20);
    let published = log.publish();
    let mut swapped = log.entries.clone();
    swapped.swap(10, 11);
    published.write("tile/entries/000.p/24", encode_bundle(&swapped).unwrap());
    let report = published.audit();
    assert_eq!(report.first_bad_index, Some(10), "{}", problems(&report));
}

#[test]
fn a_log_that_was_cut_short_is_found_at_the_first_entry_that_is_missing() {
    let published = Log::with_camden(300).publish();
    std::fs::remove_file(published.path("tile/entries/001.p/48")).unwrap();
    let report = published.audit();
    assert!(!report.ok);
    assert_eq!(report.first_bad_index, Some(256), "{}", problems(&report));
    assert_eq!(report.decisions, Share { done: 256, of: 304 });
    let published = Log::with_camden(20).publish();
    published.change("tile/entries/000.p/24", |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(published.audit().first_bad_index, Some(0));
}

#[test]
fn a_root_that_the_entries_do_not_give_is_wrong() {
    let published = Log::with_camden(20).publish();
    published.sign(leaf_hash(b"another tree"));
    let report = published.audit();
    assert!(!report.ok);
    assert_eq!(report.decisions.done, 24, "every decision still agrees");
    assert!(problems(&report).contains("and the checkpoint says"), "{}", problems(&report));
}

#[test]
fn a_tile_above_the_leaves_that_does_not_follow_is_wrong() {
    let published = Log::with_camden(300).publish();
    published.change("tile/1/000.p/1", |bytes| bytes[0] ^= 1);
    let report = published.audit();
    assert!(problems(&report).contains("tile 0 of level 1 does not follow"), "{}", problems(&report));
    std::fs::remove_file(published.path("tile/1/000.p/1")).unwrap();
    assert!(problems(&published.audit()).contains("tile 0 of level 1 is not there"));
}

#[test]
fn a_forged_signature_stops_the_decisions_though_the_tree_is_right() {
    let mut log = Log::with_camden(20);
    let forged = {
        let mut draft = log.update("Camden by another hand");
        draft.signers[1].key = SigningKey::from_bytes(&[99; 32]);
        let mut envelope = draft.envelope();
        // The signature is of another key, and the envelope says it is the chief's.
        let stranger = draft.signers[1].key_id();
        for signature in &mut envelope.signatures {
            if signature.keyid == stranger {
                signature.keyid = Log::chief().key_id();
            }
        }
        envelope.signatures.sort_by_key(|signature| signature.keyid);
        Entry { envelope, recorded_at: at(log.world.now) }.encode()
    };
    log.entries.push(forged);
    let report = log.publish().audit();
    let stopped = report.stopped.as_ref().unwrap();
    assert_eq!((stopped.index, stopped.code.as_str()), (24, "E09"));
    assert_eq!(report.decisions, Share { done: 24, of: 25 });
    assert!(report.problems.is_empty(), "the tree is right: {}", problems(&report));
    assert!(!report.ok);
    assert!(report.lines().iter().any(|line| line.starts_with("stopped at index 24: E09")));
}

#[test]
fn an_event_against_the_rules_stops_the_decisions_though_the_tree_is_right() {
    let mut log = Log::with_camden(20);
    let [one, ..] = registrars();
    let alone = log.world.registration("HCK", &person("HCK", "CEX", 20));
    let alone = Draft { signers: vec![one, alone.signers[2].clone()], payload: alone.payload };
    let mut alone = alone;
    alone.payload["signers"].as_array_mut().unwrap().remove(1);
    log.entries.push(log.entry(&alone));
    // What comes behind is not decided any more, whatever it is.
    let behind = log.update("Camden behind it");
    log.entries.push(log.entry(&behind));
    let report = log.publish().audit();
    let stopped = report.stopped.as_ref().unwrap();
    assert_eq!((stopped.index, stopped.code.as_str()), (24, "R01"));
    assert_eq!(report.decisions, Share { done: 24, of: 26 });
    assert!(report.problems.is_empty(), "{}", problems(&report));
}

#[test]
fn a_key_signs_nothing_before_the_entry_that_registers_it() {
    let mut log = Log::with_camden(0);
    let administrator = person("CMD", "ADM", 12);
    let appointed = log.world.appointment(&[Log::chief()], &administrator);
    log.record(&appointed);
    let data = json!({ "name": "Camden too early" });
    let early = log.world.draft("org:CMD", "OrganisationUpdated", data, &[administrator.clone(), Log::chief()]);
    let early = log.entry(&early);
    let key = log.world.key_registration(&administrator, &[person("CMD", "ADM", 11), Log::chief()]);
    let key = log.entry(&key);
    log.entries.extend([early, key]);
    let report = log.publish().audit();
    let stopped = report.stopped.as_ref().unwrap();
    assert_eq!((stopped.index, stopped.code.as_str()), (5, "K01"), "a later entry of the same group brings the key");
}

#[test]
fn time_that_goes_back_stops_the_decisions() {
    let mut log = Log::with_camden(3);
    log.world.now -= 60_000_000;
    let back = log.update("Camden before");
    log.entries.push(log.entry(&back));
    let report = log.publish().audit();
    let stopped = report.stopped.unwrap();
    assert_eq!((stopped.index, stopped.code.as_str()), (7, "E02"));
}

#[test]
fn another_key_is_not_trusted_and_the_right_one_is_called_pinned() {
    let published = Log::with_camden(3).publish();
    let right = Trust::new(Some(&signer().vkey().to_string()), None).unwrap();
    let report = audit(published.folder.path(), right, |_| {});
    assert!(report.ok, "{}", problems(&report));
    assert_eq!(report.checkpoint.key_from, "pinned");
    let other = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[78; 32])).unwrap();
    let other = Trust::new(Some(&other.vkey().to_string()), None).unwrap();
    let note = std::fs::read(published.path("checkpoint")).unwrap();
    assert_eq!(ending::of(&other.check_early(&note, false).unwrap_err()), Ending::Unverified);
    assert!(!audit(published.folder.path(), other, |_| {}).ok);
    assert_eq!(ending::of(&Trust::new(Some("no key"), None).unwrap_err()), Ending::Usage);
}

#[test]
fn a_ledger_whose_checkpoints_another_key_signs_than_entry_0_pins_is_wrong() {
    let published = Log::with_camden(3).publish();
    let other = NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[78; 32])).unwrap();
    let checkpoint = Checkpoint::new(ORIGIN, published.tree.size(), published.tree.root());
    published.write("checkpoint", checkpoint.sign(&[&other]).unwrap().to_string());
    let report = published.audit();
    assert!(problems(&report).contains("not signed by a key that entry 0 pins"), "{}", problems(&report));
    let pinned = Trust::new(Some(&other.vkey().to_string()), None).unwrap();
    let report = audit(published.folder.path(), pinned, |_| {});
    assert!(problems(&report).contains("entry 0 does not pin"), "{}", problems(&report));
}

#[test]
fn reference_data_must_have_the_hash_that_entry_0_pins() {
    let published = Log::with_camden(3).publish();
    let name = format!("data/{}", codes::FILES[0].sha256());
    published.change(&name, |bytes| bytes.push(b'\n'));
    let report = published.audit();
    assert!(problems(&report).contains("have another hash than entry 0 pins"), "{}", problems(&report));
    std::fs::remove_file(published.path(&name)).unwrap();
    assert!(problems(&published.audit()).contains("are not there"));
}

#[test]
fn an_older_size_and_a_part_of_the_log_have_their_roots() {
    let published = Log::with_camden(300).publish();
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let scope = Scope { size: 304, decide: 100, older: Some(257) };
    let findings = found(&source, &scope);
    assert_eq!(findings.replay.state.size, 100);
    assert_eq!(Some(findings.decided_root), published.tree.root_at(100));
    assert_eq!(findings.older_root, published.tree.root_at(257));
    assert_eq!(findings.root, published.tree.root());
}

#[test]
fn who_was_kept_out_can_prove_it() {
    let mut log = Log::with_camden(3);
    let good = log.update("Camden");
    let now = at(log.world.now);
    let submission = |draft: &Draft, disclosures: &Value| {
        let envelope: Value = serde_json::from_slice(&draft.envelope().canonical()).unwrap();
        json!({ "envelope": envelope, "disclosures": disclosures }).to_string()
    };
    let mut verdict = |text: &str| would_admit::verdict(&mut log.world.replay, text.as_bytes(), now).code;
    assert_eq!(verdict(&submission(&good, &json!([]))), None);
    assert_eq!(verdict("hello").as_deref(), Some("E01"));
    let surplus = json!([{ "pointer": "/name", "kind": "text", "salt": "A".repeat(43) + "=", "content": "" }]);
    assert_eq!(verdict(&submission(&good, &surplus)).as_deref(), Some("E07"));
    let stale = good.with("expected_revision", json!(1));
    assert_eq!(verdict(&submission(&stale, &json!([]))).as_deref(), Some("C01"));
    let other = stale.with("ledger", json!("elsewhere.example#00"));
    assert_eq!(verdict(&submission(&other, &json!([]))).as_deref(), Some("E06"));
}

#[test]
fn what_the_log_erased_is_told_with_its_commitment_intact() {
    let mut log = Log::with_camden(1);
    let registered = log.world.replay.state.organisations[&"CMD".parse().unwrap()].appointments[0].event.to_string();
    let data = json!({
        "advice": world::commitment(), "erases_on": "2026-12-01", "pointers": ["/chief/holder"],
        "reason": "PERSONAL_DATA", "target": registered,
    });
    let event = log.world.draft("org:CMD", "DisclosureErased", data, &[Log::chief(), person("CMD", "ADM", 11)]);
    log.record(&event);
    let report = log.publish().audit();
    assert!(report.ok, "{}", problems(&report));
    assert_eq!((report.erased.len(), report.erased[0].index), (1, 1));
    let lines = report.lines().join("\n");
    assert!(lines.contains("erased      entry 1 /chief/holder (PERSONAL_DATA): commitment intact"), "{lines}");
}
