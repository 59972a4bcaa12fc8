//! Each status of the specification, in the safe order (log-formats.md 4.6).

use std::sync::Arc;

use counterpart_tlog::note::{Note, NoteSignature, Verifier as _};
use counterpart_tlog::witness::{AddCheckpoint, monitoring_path};
use counterpart_tlog::{Hash, empty_root};
use counterpart_witness::Folder;

use super::world::{Answer, Log, START, cosigner, get, post, watching};

const ORIGIN: &str = "log.example/one";

fn ask(witness: &Arc<counterpart_witness::Witness>, request: &AddCheckpoint) -> Answer {
    post(witness, START, request.to_string().as_bytes())
}

#[test]
fn a_witness_cosigns_what_grows_and_shows_it_on_the_monitoring_path() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 300);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    let path = monitoring_path(ORIGIN);
    assert_eq!(get(&witness, &path).status, 404);
    for (old, new) in [(0, 1), (1, 1), (1, 7), (7, 256), (256, 300)] {
        let answer = ask(&witness, &log.request(old, new));
        assert_eq!(
            (answer.status, answer.content_type.as_str()),
            (200, "text/plain; charset=utf-8"),
            "{}",
            answer.body
        );
        let lines = NoteSignature::parse_lines(&answer.body).unwrap();
        assert_eq!(lines.len(), 1);
        let text = log.signed(new).text().to_owned();
        let vkey = cosigner().vkey().clone();
        assert_eq!(vkey.check(&text, lines[0].bytes()), counterpart_tlog::note::Check::Holds);
        let shown = get(&witness, &path);
        assert_eq!(shown.status, 200);
        let note = Note::parse(&shown.body).unwrap();
        assert_eq!(note.verify(&[&log.signer.vkey(), &vkey]).unwrap().len(), 2);
        assert_eq!(note.text(), text);
    }
}

#[test]
fn what_is_malformed_is_400_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    let good = log.request(0, 4).to_string();
    for wrong in [
        String::new(),
        "old\n".to_owned(),
        good.replace("old 0", "old 00"),
        good.replace("old 0", "old -1"),
        good.replace('\n', "\r\n"),
        format!("{good}trailing"),
        "x".repeat(1 << 20),
    ] {
        assert_eq!(post(&witness, START, wrong.as_bytes()).status, 400, "{wrong:.40}");
    }
    assert_eq!(post(&witness, START, b"old 0\n\n\xff").status, 400);
    // Sixty-four hashes are one too many even for a log that is not watched.
    let many = AddCheckpoint { proof: vec![empty_root(); 64], ..Log::new("other.example", 2, "a", 4).request(0, 4) };
    assert_eq!(ask(&witness, &many).status, 400);
}

#[test]
fn an_unknown_log_is_404_even_when_nobody_known_signed() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let other = Log::new("log.example/two", 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    assert_eq!(ask(&witness, &other.request(0, 4)).status, 404);
}

#[test]
fn a_missing_or_failing_signature_is_403_before_sizes_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let impostor = Log::new(ORIGIN, 2, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    assert_eq!(ask(&witness, &log.request(0, 4)).status, 200);
    let unsigned = AddCheckpoint { old: 7, ..impostor.request(4, 6) };
    let told = ask(&witness, &unsigned);
    assert_eq!(told.status, 403);
    let says = told.body.clone();
    assert!(says.contains("signed by another key") && says.contains("--log NEW"), "{says}");
    // The right name and key id over a text that the key did not sign.
    let honest = log.signed(6);
    let text = honest.text().replace("\n6\n", "\n7\n");
    let forged = Note::new(text, honest.signatures().to_vec()).unwrap();
    let failing = AddCheckpoint { old: 9, proof: Vec::new(), checkpoint: forged.to_string() };
    assert_eq!(ask(&witness, &failing).status, 403);
    // A good line does not make up for a failing one.
    let mut both = log.signed(6);
    let line = &both.signatures()[0];
    let mut bytes = line.bytes().to_vec();
    bytes[63] ^= 1;
    both.add(NoteSignature::new(line.name(), line.key_id(), bytes).unwrap()).unwrap();
    let request = AddCheckpoint { checkpoint: both.to_string(), ..log.request(4, 6) };
    assert_eq!(ask(&witness, &request).status, 403);
}

#[test]
fn an_old_size_beyond_the_checkpoint_is_400() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    assert_eq!(ask(&witness, &log.request(0, 8)).status, 200);
    // Even though 8 is what the witness has.
    let request = AddCheckpoint { old: 8, proof: Vec::new(), checkpoint: log.signed(4).to_string() };
    assert_eq!(ask(&witness, &request).status, 400);
}

#[test]
fn another_old_size_is_409_with_the_size_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    let conflict =
        |size: u64| Answer { status: 409, content_type: "text/x.tlog.size".to_owned(), body: format!("{size}\n") };
    assert_eq!(ask(&witness, &log.request(4, 8)), conflict(0));
    assert_eq!(ask(&witness, &log.request(0, 5)).status, 200);
    assert_eq!(ask(&witness, &log.request(0, 8)), conflict(5));
    assert_eq!(ask(&witness, &log.request(7, 8)), conflict(5));
    // Sizes are looked at before the proof.
    let nonsense = AddCheckpoint { proof: vec![empty_root()], ..log.request(6, 8) };
    assert_eq!(ask(&witness, &nonsense), conflict(5));
}

#[test]
fn a_proof_that_does_not_hold_is_422() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    let first = AddCheckpoint { proof: vec![empty_root()], ..log.request(0, 5) };
    assert_eq!(ask(&witness, &first).status, 422, "a proof from nothing");
    let root = Hash::of(b"no tree");
    let empty = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: log.signed_as(0, root).to_string() };
    assert_eq!(ask(&witness, &empty).status, 422, "an empty tree has one root");
    assert_eq!(ask(&witness, &log.request(0, 0)).status, 200, "which may be cosigned");
    assert_eq!(ask(&witness, &log.request(0, 5)).status, 200);
    let honest = log.request(5, 8);
    let mut short = honest.clone();
    short.proof.pop();
    let mut more = honest.clone();
    more.proof.push(root);
    let mut other = honest.clone();
    other.proof[0] = root;
    for wrong in [short, more, other] {
        assert_eq!(ask(&witness, &wrong).status, 422);
    }
    let same = AddCheckpoint { old: 5, proof: Vec::new(), checkpoint: log.signed_as(5, root).to_string() };
    assert_eq!(ask(&witness, &same).status, 422, "the same size with another root");
    let proved = AddCheckpoint { proof: vec![root], ..log.request(5, 5) };
    assert_eq!(ask(&witness, &proved).status, 422, "a proof where there is nothing to prove");
    assert_eq!(ask(&witness, &honest).status, 200);
}

#[test]
fn the_page_names_the_key_and_the_logs() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::new(ORIGIN, 1, "a", 8);
    let witness = watching(&[&log], Arc::new(Folder::open(folder.path()).unwrap()));
    assert_eq!(ask(&witness, &log.request(0, 5)).status, 200);
    let page = get(&witness, "/").body;
    assert!(page.contains(&format!("key {}\n", cosigner().vkey())), "{page}");
    assert!(page.contains(&format!("log {ORIGIN} size 5 cosigned at {START}\n")), "{page}");
}
