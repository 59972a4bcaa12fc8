//! Two histories: fork, roll back and go on, truncate, swap, the same size with another root, an old checkpoint.

use std::fs;
use std::path::Path;

use counterpart_tlog::leaf_hash;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::proof::TlogProof;
use tempfile::TempDir;

use crate::operator::{Done, HONEST, SIZE, parted, run};

/// Somebody who has looked at the honest history: a mirror, a monitor and an auditor's old checkpoint.
struct Onlooker(TempDir);

impl Onlooker {
    fn new() -> Self {
        let onlooker = Self(tempfile::tempdir().unwrap());
        let honest = HONEST.published();
        onlooker.mirror(&honest).ends(0, "300 entries, 300 of them new");
        onlooker.monitor(&honest).ends(5, "to tell");
        fs::copy(honest.join("checkpoint"), onlooker.0.path().join("seen.checkpoint")).unwrap();
        onlooker
    }

    fn mirror(&self, from: &Path) -> Done {
        run(self.0.path(), &["mirror", from.to_str().unwrap(), "copy", "--vkey", &HONEST.vkey])
    }

    fn monitor(&self, from: &Path) -> Done {
        let from = from.to_str().unwrap();
        run(self.0.path(), &["monitor", from, "--organisation", "BEX", "--state", "state.json", "--vkey", &HONEST.vkey])
    }

    fn audit(&self, from: &Path) -> Done {
        let from = from.to_str().unwrap();
        run(self.0.path(), &["audit", from, "--vkey", &HONEST.vkey, "--from", "seen.checkpoint"])
    }

    fn evidence(&self, beginning: &str) -> Vec<std::path::PathBuf> {
        let names = fs::read_dir(self.0.path().join(beginning)).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.to_str().unwrap().contains("fork-")).collect()
    }
}

#[test]
fn a_fork_is_caught_by_mirror_monitor_and_audit_and_the_evidence_is_portable() {
    let onlooker = Onlooker::new();
    let forked = HONEST.publish(&parted(200, SIZE));
    let one_more = {
        let mut entries = parted(200, SIZE);
        entries.push(entries[SIZE - 1].clone());
        HONEST.publish(&entries)
    };
    onlooker.mirror(one_more.path()).ends(4, "FORK: demo.counterpart.example/london/log has shown two histories");
    onlooker.monitor(one_more.path()).ends(4, "FORK: demo.counterpart.example/london/log has shown two histories");
    onlooker
        .audit(one_more.path())
        .ends(4, "the log does not contain the older checkpoint over 300 entries: its history was changed");
    onlooker.mirror(forked.path()).ends(4, "they part at entry 200");
    let evidence = onlooker.evidence("copy");
    assert_eq!(evidence.len(), 2, "one folder for each checkpoint that was shown");
    for folder in evidence {
        let vkey = VerifierKey::parse(&HONEST.vkey).unwrap();
        let leaves = ["known", "shown"].map(|name| {
            let leaf = leaf_hash(&fs::read(folder.join(format!("{name}.entry"))).unwrap());
            let proof = TlogProof::parse(fs::read(folder.join(format!("{name}.tlog-proof"))).unwrap()).unwrap();
            proof.verify_signed(&leaf, &HONEST.origin, &vkey).unwrap();
            (proof.index, leaf)
        });
        assert_eq!((leaves[0].0, leaves[1].0), (200, 200));
        assert_ne!(leaves[0].1, leaves[1].1);
    }
    let kept = onlooker.evidence(".");
    for file in ["state.json.fork-", "seen.checkpoint.fork-"] {
        let folders = kept.iter().filter(|path| path.to_str().unwrap().contains(file)).count();
        assert_eq!(folders, 1, "the monitor and the auditor keep both checkpoints too: {kept:?}");
    }
    // And the honest log is still what they go on from.
    onlooker.mirror(&HONEST.published()).ends(0, "Nothing new");
}

#[test]
fn a_log_that_was_rolled_back_and_goes_on_is_caught_before_and_after() {
    let onlooker = Onlooker::new();
    let back = HONEST.publish(&HONEST.entries[..250]);
    onlooker.mirror(back.path()).ends(4, "ROLLBACK: the log shows 250 entries and has shown 300 before");
    onlooker.monitor(back.path()).ends(4, "ROLLBACK: the log shows 250 entries and has shown 300 before");
    let mut gone_on = parted(250, SIZE);
    gone_on.extend_from_slice(&parted(250, SIZE)[..40]);
    let gone_on = HONEST.publish(&gone_on);
    onlooker.mirror(gone_on.path()).ends(4, "they part at entry 250");
    onlooker.monitor(gone_on.path()).ends(4, "FORK");
}

#[test]
fn a_truncated_log_is_caught_by_whoever_saw_more() {
    let onlooker = Onlooker::new();
    let truncated = HONEST.publish(&HONEST.entries[..256]);
    onlooker.mirror(truncated.path()).ends(4, "ROLLBACK");
    onlooker.monitor(truncated.path()).ends(4, "ROLLBACK");
    onlooker
        .audit(truncated.path())
        .ends(4, "the log has 256 entries, and the older checkpoint covers 300: it was shortened");
}

#[test]
fn an_old_checkpoint_replayed_over_the_whole_log_is_caught() {
    let onlooker = Onlooker::new();
    let old = HONEST.sign(&HONEST.entries[..100]).to_string();
    let replayed = HONEST.publish(&HONEST.entries);
    fs::write(replayed.path().join("checkpoint"), old).unwrap();
    onlooker.mirror(replayed.path()).ends(4, "an old checkpoint is replayed");
    onlooker.monitor(replayed.path()).ends(4, "an old checkpoint is replayed");
    onlooker
        .audit(replayed.path())
        .ends(4, "the log has 100 entries, and the older checkpoint covers 300: it was shortened");
}

#[test]
fn the_same_size_with_another_root_is_a_fork() {
    let onlooker = Onlooker::new();
    let other = HONEST.publish(&parted(299, SIZE));
    onlooker.mirror(other.path()).ends(4, "they part at entry 299");
    onlooker.monitor(other.path()).ends(4, "FORK");
}

#[test]
fn two_leaves_that_change_places_are_caught_with_and_without_a_new_tree() {
    let mut swapped = HONEST.entries.clone();
    swapped.swap(20, 21);
    let home = tempfile::tempdir().unwrap();
    // Nobody has seen the log before: the rules and the times catch it.
    let new_tree = HONEST.publish(&swapped);
    let from = new_tree.path().to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey]).ends(4, "stopped at index 20");
    // The tree and the checkpoint stay the honest ones.
    let same_tree = HONEST.publish_as(&swapped, &HONEST.sign(&HONEST.entries).to_string());
    let from = same_tree.path().to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey]).ends(4, "and the checkpoint says");
    run(home.path(), &["mirror", from, "copy"]).ends(4, "does not fit its own checkpoint of 300 entries");
    run(home.path(), &["monitor", from, "--organisation", "BEX"]).ends(4, "does not fit its own checkpoint");
    // Whoever has seen it calls it what it is.
    Onlooker::new().mirror(new_tree.path()).ends(4, "they part at entry 20");
}

#[test]
fn a_second_ledger_of_the_same_name_is_not_taken_for_the_first() {
    let onlooker = Onlooker::new();
    let second = tempfile::tempdir().unwrap();
    run(second.path(), &["init", "--data", "ledger", "--origin", &HONEST.origin]).ends(0, "");
    run(second.path(), &["publish", "public", "--data", "ledger"]).ends(0, "");
    let from = second.path().join("public");
    let says = "no log of the policy has signed this checkpoint";
    onlooker.mirror(&from).ends(4, says);
    onlooker.monitor(&from).ends(4, says);
    onlooker.audit(&from).ends(4, "no log of the policy has signed this checkpoint");
}
