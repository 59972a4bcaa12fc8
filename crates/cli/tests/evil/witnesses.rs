//! Lies about witnesses, and witnesses against lies.

use std::fs;
use std::path::Path;
use std::time::Duration;

use counterpart_tlog::note::{Note, VerifierKey};
use counterpart_witness::{Asked, Http, Shortfall, submit};

use crate::operator::{HONEST, SIZE, Serving, cosigner, parted, post_batch, run, tree};

#[test]
fn a_cosignature_by_a_retired_witness_makes_no_quorum() {
    let home = tempfile::tempdir().unwrap();
    let (retired, serving) = (cosigner(5), cosigner(6));
    let mut note = HONEST.sign(&HONEST.entries);
    note.add(retired.cosign(note.text(), 1_900_000_000).unwrap()).unwrap();
    let folder = HONEST.publish_as(&HONEST.entries, &note.to_string());
    let from = folder.path().to_str().unwrap();
    let policy = format!("log {}\nwitness six {}\nquorum six\n", HONEST.vkey, serving.vkey());
    fs::write(home.path().join("policy"), policy).unwrap();
    let says = "the witnesses that cosigned do not make the quorum of the policy: none has";
    run(home.path(), &["mirror", from, "copy", "--policy", "policy"]).ends(4, says);
    run(home.path(), &["monitor", from, "--organisation", "LBH", "--policy", "policy"]).ends(4, says);
    run(home.path(), &["audit", from, "--policy", "policy"])
        .ends(4, "the witnesses that cosigned do not make the quorum");
}

#[test]
fn one_key_under_two_names_is_no_policy() {
    let home = tempfile::tempdir().unwrap();
    let same = cosigner(5).vkey().to_string();
    let policy =
        format!("log {}\nwitness one {same}\nwitness two {same}\ngroup both all one two\nquorum both\n", HONEST.vkey);
    fs::write(home.path().join("policy"), policy).unwrap();
    let public = HONEST.published();
    let from = public.to_str().unwrap();
    let says = "this public key stands on another line already";
    run(home.path(), &["mirror", from, "copy", "--policy", "policy"]).ends(2, says);
    run(home.path(), &["monitor", from, "--organisation", "LBH", "--policy", "policy"]).ends(2, says);
    run(home.path(), &["audit", from, "--policy", "policy"]).ends(2, "");
}

/// A witness in a process of its own, shown histories by whoever holds the log's key.
struct Asking {
    _serving: Serving,
    url: String,
    vkey: VerifierKey,
}

impl Asking {
    fn start(home: &Path) -> Self {
        let words = [
            "witness",
            "serve",
            "--data",
            "w",
            "--name",
            "w.example",
            "--log",
            &HONEST.vkey,
            "--listen",
            "127.0.0.1:0",
        ];
        let serving = Serving::start(home, &words, 2);
        let vkey = VerifierKey::parse(serving.lines[0].strip_prefix("witness ").unwrap()).unwrap();
        Self { url: serving.url(), vkey, _serving: serving }
    }

    fn ask(&self, entries: &[Vec<u8>], old: u64) -> Result<Asked, Shortfall> {
        let tree = tree(entries);
        let signed: Note = HONEST.sign(entries);
        let proof = |old: u64| tree.consistency(old, tree.size()).ok();
        submit(&Http::new(Duration::from_secs(10)), &self.url, &self.vkey, &signed, old, &proof)
    }
}

#[test]
fn a_witness_cosigns_one_history_and_no_other_also_after_it_was_killed() {
    let home = tempfile::tempdir().unwrap();
    let witness = Asking::start(home.path());
    witness.ask(&HONEST.entries[..100], 0).unwrap();
    witness.ask(&HONEST.entries, 100).unwrap();
    assert_eq!(witness.ask(&HONEST.entries[..250], 300), Err(Shortfall::Ahead { size: 300 }), "rolled back");
    assert_eq!(witness.ask(&parted(200, SIZE), 300), Err(Shortfall::OtherHistory { status: 422 }), "forked");
    let mut gone_on = parted(200, SIZE);
    gone_on.push(gone_on[SIZE - 1].clone());
    assert_eq!(witness.ask(&gone_on, 300), Err(Shortfall::OtherHistory { status: 422 }), "forked and gone on");
    drop(witness);
    let again = Asking::start(home.path());
    assert_eq!(again.ask(&gone_on, 0), Err(Shortfall::OtherHistory { status: 422 }));
    again.ask(&HONEST.entries, 0).unwrap();
}

#[test]
fn a_server_restored_from_an_old_copy_does_not_sign_while_a_witness_remembers() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path();
    run(folder, &["demo", "--out", "demo"]).ends(0, "");
    let identity: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("demo/ledger/ledger.json")).unwrap()).unwrap();
    let vkey = identity["log_key"].as_str().unwrap();
    let words = ["witness", "serve", "--data", "w", "--name", "w.example", "--log", vkey, "--listen", "127.0.0.1:0"];
    let witness = Serving::start(folder, &words, 2);
    let key = witness.lines[0].strip_prefix("witness ").unwrap();
    fs::write(folder.join("policy"), format!("log {vkey}\nwitness w {key} {}\nquorum w\n", witness.url())).unwrap();
    copy(&folder.join("demo/ledger"), &folder.join("old"));
    let serve = ["serve", "--data", "demo/ledger", "--listen", "127.0.0.1:0", "--policy", "policy"];
    let server = Serving::start(folder, &serve, 1);
    let events = fs::read_to_string(folder.join("demo/events.ndjson")).unwrap();
    let batch = events.lines().take(20).skip(1).map(|line| [line, "\n"].concat()).collect();
    let url = server.url();
    post_batch(&url, batch);
    // The published checkpoint is the witnessed one; it comes in a moment.
    let get = |path: &str| ureq::get(format!("{url}{path}")).call().unwrap().body_mut().read_to_string().unwrap();
    while !get("/log/checkpoint").contains("\n20\n") {
        std::thread::yield_now();
    }
    assert!(get("/log/checkpoint").contains("\u{2014} w.example "));
    assert!(get("/api/v1/events/19").contains("\"standing\":\"WITNESSED\""));
    let ready = get("/readyz");
    assert!(ready.starts_with("ready\nthe quorum is ") && ready.contains("covers 20 of 20 entries"), "{ready}");
    assert!(get("/metrics").contains("\ncounterpart_witnessed_size 20\n"));
    drop(server);
    // The operator restores yesterday's copy and starts it.
    let old = ["serve", "--data", "old", "--listen", "127.0.0.1:0", "--policy", "policy"];
    run(folder, &old).ends(4, "E-ROLLBACK: witness `w` has cosigned 20 entries and this log has signed 1");
    // The right copy goes on.
    let server = Serving::start(folder, &serve, 1);
    assert!(server.lines[0].starts_with("listening on"), "{:?}", server.lines);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
