//! Audits that go on from what was verified before, and explanations of single entries.

use super::*;

/// Keeps whatever agrees, as an audit that is stopped after it would have.
struct Stopped<'k>(&'k Keeping, &'k str, Vec<u64>);

impl Listener for Stopped<'_> {
    fn decided(&mut self, _size: u64) {}

    fn agrees(&mut self, so_far: SoFar<'_>) {
        self.0.save(&so_far, self.1, false).unwrap();
        self.2.push(so_far.edge.frontier.size());
    }
}

fn whole(published: &Published, before: Verified) -> Findings {
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let size = published.tree.size();
    engine::run(&source, &Scope { size, decide: size, older: None }, before, &mut Silent).unwrap()
}

fn kept(findings: &Findings, folder: &TempDir) -> Keeping {
    let keeping = Keeping::at(&folder.path().join("audit.state")).unwrap();
    let Findings { replay, edge, with_words, handovers, .. } = findings;
    keeping.save(&SoFar { replay, edge, with_words: *with_words, handovers }, "note\n", true).unwrap();
    keeping
}

/// Everything that a replay knows, in one order.
fn told(replay: &Replay) -> Value {
    let agreements: Vec<_> = replay.state.agreements().map(std::borrow::Cow::into_owned).collect();
    let mut keys: Vec<String> = replay.keyring.publics().iter().map(|key| key.key_id().to_string()).collect();
    keys.sort();
    let peaks: Vec<String> = replay.frontier.peaks().iter().map(ToString::to_string).collect();
    json!({
        "state": replay.state, "agreements": agreements, "account": replay.state.digest().to_string(), "keys": keys,
        "size": replay.frontier.size(), "peaks": peaks,
    })
}

#[test]
fn an_audit_that_goes_on_examines_what_is_new_alone_and_comes_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::with_camden(251);
    // At the edge of a bundle, before it, behind it, and where nothing is new.
    for more in [0, 1, 1, 1, 300, 0] {
        let first = whole(&log.publish(), Verified::default());
        let keeping = kept(&first, &folder);
        for number in 0..more {
            log.world.now += 15 * 60 * 1000;
            let event = log.update(&format!("again {number}"));
            log.record(&event);
        }
        let published = log.publish();
        let before = keeping.load().unwrap().unwrap();
        assert!(before.whole && before.checkpoint == "note\n");
        let size = before.verified.replay.state.size;
        let on = whole(&published, before.verified);
        assert_eq!((on.went_on_from, on.examined), (size, more), "by counting");
        let anew = whole(&published, Verified::default());
        assert_eq!((anew.went_on_from, anew.examined), (0, size + more));
        assert_eq!((on.root, on.root), (anew.root, published.tree.root()));
        assert_eq!((on.difference, on.with_words, on.stopped), (None, anew.with_words, None));
        assert_eq!(told(&on.replay), told(&anew.replay));
        assert_eq!(on.edge, anew.edge);
    }
}

#[test]
fn an_audit_that_is_stopped_anywhere_goes_on_to_the_same_end() {
    let folder = tempfile::tempdir().unwrap();
    let published = Log::with_camden(1_100).publish();
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let keeping = Keeping::at(&folder.path().join("audit.state")).unwrap();
    let scope = Scope { size: 1_104, decide: 1_104, older: None };
    let mut stopped = Stopped(&keeping, "note\n", Vec::new());
    let anew = engine::run(&source, &scope, Verified::default(), &mut stopped).unwrap();
    assert_eq!(stopped.2, [256, 512, 768, 1_024, 1_104], "after each bundle");
    for size in [256, 512, 1_024] {
        let part = Scope { size, decide: size, older: None };
        engine::run(&source, &part, Verified::default(), &mut Stopped(&keeping, "note\n", Vec::new())).unwrap();
        let before = keeping.load().unwrap().unwrap();
        assert!(!before.whole);
        let on = whole(&published, before.verified);
        assert_eq!((on.went_on_from, on.examined, on.root), (size, 1_104 - size, anew.root));
        assert_eq!(told(&on.replay), told(&anew.replay));
    }
}

#[test]
fn what_goes_on_still_refuses_what_the_rules_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Log::with_camden(20);
    let keeping = kept(&whole(&log.publish(), Verified::default()), &folder);
    let twice = log.entries[23].clone();
    log.entries.push(twice);
    let on = whole(&log.publish(), keeping.load().unwrap().unwrap().verified);
    let stopped = on.stopped.unwrap();
    assert_eq!((stopped.index, stopped.stop.code()), (24, "C02"));
    // Another history below what was verified shows in the root.
    let mut other = Log::with_camden(0);
    for number in 0..30 {
        other.world.now += 16 * 60 * 1000;
        let event = other.update(&format!("otherwise {number}"));
        other.record(&event);
    }
    let published = other.publish();
    let on = whole(&published, keeping.load().unwrap().unwrap().verified);
    assert_ne!(on.root, published.tree.root());
}

#[test]
fn a_state_that_was_changed_or_is_of_another_program_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let keeping = kept(&whole(&Log::with_camden(5).publish(), Verified::default()), &folder);
    let path = folder.path().join("audit.state");
    let bytes = std::fs::read(&path).unwrap();
    for place in [0, 20, bytes.len() / 2, bytes.len() - 40, bytes.len() - 2] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        std::fs::write(&path, changed).unwrap();
        let why = keeping.load().err().unwrap().to_string();
        assert!(why.contains("is not what an audit has written"), "{why}");
    }
    std::fs::write(&path, &bytes[..80]).unwrap();
    assert!(keeping.load().is_err());
    // Another program, or another format: everything is verified again.
    for place in [20, 24, 55] {
        let mut other = bytes[..bytes.len() - 32].to_vec();
        other[place] ^= 1;
        let sum = <sha2::Sha256 as sha2::Digest>::digest(&other);
        other.extend_from_slice(&sum);
        std::fs::write(&path, other).unwrap();
        assert!(keeping.load().unwrap().is_none(), "byte {place}");
    }
    // The text that was kept before there were formats.
    std::fs::write(&path, format!("{{\"checkpoint\":\"note\"}}\n{}\n", "0".repeat(64))).unwrap();
    let why = keeping.load().err().unwrap().to_string();
    assert!(why.contains("begin again without --state"), "{why}");
    std::fs::remove_file(&path).unwrap();
    assert!(keeping.load().unwrap().is_none());
}

#[test]
fn an_entry_is_explained_by_the_entries_before_it() {
    let mut log = Log::with_camden(6);
    let published = log.publish();
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let explained = |index: u64| {
        let findings = found(&source, &Scope { size: 10, decide: index, older: None });
        assert_eq!(findings.replay.state.size, index);
        explain::explain(findings.replay, findings.next)
    };
    let told = explained(7);
    let text = told.lines.iter().map(|(what, why)| format!("{what} {why}")).collect::<Vec<_>>().join("\n");
    assert!(told.is_admitted(), "{text}");
    for says in
        ["OrganisationUpdated", "as ADM of CMD", "the key came in at entry 3", "appointed at entry 2 from", "revision"]
    {
        assert!(text.contains(says), "{says} is not in {text}");
    }
    assert!(explained(0).is_admitted(), "the genesis too");
    // One that the rules refuse says so.
    let twice = log.entries[9].clone();
    log.entries.push(twice);
    let published = log.publish();
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let findings = found(&source, &Scope { size: 11, decide: 10, older: None });
    let told = explain::explain(findings.replay, findings.next);
    assert_eq!(told.code.as_deref(), Some("C02"));
}
