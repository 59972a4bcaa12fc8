//! The log's side, against our own witness and against answers of others that differ from the specification.

use std::sync::{Arc, Mutex};

use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::Note;
use counterpart_tlog::witness::AddCheckpoint;
use counterpart_witness::{Asked, Reply, Shortfall, Transport, Witness, submit};

use super::world::{Faulty, Log, START, cosigner, post, watching};

const ORIGIN: &str = "log.example/one";

/// A real witness without a network between.
struct Direct(Arc<Witness>);

impl Transport for Direct {
    fn post(&self, url: &str, body: &str) -> Result<Reply, String> {
        assert_eq!(url, "http://w.example/base/add-checkpoint");
        let answer = post(&self.0, START, body.as_bytes());
        Ok(Reply { status: answer.status, body: answer.body.into_bytes(), retry_after: None })
    }

    fn get(&self, _url: &str) -> Result<Reply, String> {
        unreachable!("only claims are looked up")
    }
}

/// Answers in turn what it was told.
struct Script(Mutex<Vec<Reply>>, Mutex<Vec<String>>);

impl Script {
    fn new(replies: &[(u16, &str)]) -> Self {
        let reply = |(status, body): &(u16, &str)| Reply {
            status: *status,
            body: body.as_bytes().to_vec(),
            retry_after: Some(7),
        };
        Self(Mutex::new(replies.iter().rev().map(reply).collect()), Mutex::default())
    }
}

impl Transport for Script {
    fn post(&self, _url: &str, body: &str) -> Result<Reply, String> {
        self.1.lock().unwrap().push(body.to_owned());
        self.0.lock().unwrap().pop().ok_or_else(|| "no answer".to_owned())
    }

    fn get(&self, _url: &str) -> Result<Reply, String> {
        unreachable!("only claims are looked up")
    }
}

fn asked(transport: &dyn Transport, log: &Log, old: u64) -> Result<Asked, Shortfall> {
    let size = log.tree.size();
    let proof = |old: u64| log.tree.consistency(old, size).ok();
    submit(transport, "http://w.example/base/", cosigner().vkey(), &log.signed(size), old, &proof)
}

#[test]
fn a_log_that_lost_count_is_cosigned_at_the_second_try() {
    let mut log = Log::new(ORIGIN, 1, "a", 5);
    let witness = Direct(watching(&[&log], Arc::new(Faulty::default())));
    for (guess, size) in [(5, 5), (0, 9), (2, 12), (12, 12), (99, 13)] {
        log.grow("a", size);
        let asked = asked(&witness, &log, guess).unwrap();
        assert_eq!((asked.timestamp, witness.0.seen(ORIGIN).unwrap().size), (START, size));
    }
}

#[test]
fn a_witness_that_has_seen_more_is_told_apart_from_one_that_has_seen_otherwise() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let witness = Direct(watching(&[&log], Arc::new(Faulty::default())));
    asked(&witness, &log, 0).unwrap();
    let rolled_back = Log::new(ORIGIN, 1, "a", 5);
    assert_eq!(asked(&witness, &rolled_back, 0), Err(Shortfall::Ahead { size: 9 }));
    let mut forked = Log::new(ORIGIN, 1, "a", 5);
    forked.grow("b", 12);
    assert_eq!(asked(&witness, &forked, 9), Err(Shortfall::OtherHistory { status: 422 }));
}

#[test]
fn answers_of_other_witnesses_are_understood() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let text = log.signed(9).text().to_owned();
    let line = cosigner().cosign(&text, START).unwrap().to_string();
    // A size without its newline, then two lines of which one is somebody else's.
    let stranger = Cosigner::new("else.example", SigningKey::from_bytes(&[9; 32])).unwrap().cosign(&text, 5).unwrap();
    let lines = format!("{stranger}{line}");
    assert_eq!(asked(&Script::new(&[(409, "4"), (200, &lines)]), &log, 0).unwrap().timestamp, START);
    assert_eq!(asked(&Script::new(&[(409, "")]), &log, 0), Err(Shortfall::OtherHistory { status: 409 }));
    assert_eq!(asked(&Script::new(&[(403, "")]), &log, 0), Err(Shortfall::Unknown { status: 403 }));
    assert_eq!(asked(&Script::new(&[(404, "")]), &log, 0), Err(Shortfall::Unknown { status: 404 }));
    for status in [429, 500, 503] {
        let later = Shortfall::Later { reason: format!("status {status}"), after: Some(7) };
        assert_eq!(asked(&Script::new(&[(status, "")]), &log, 0), Err(later));
    }
    assert!(matches!(asked(&Script::new(&[]), &log, 0), Err(Shortfall::Later { after: None, .. })));
}

#[test]
fn a_witness_that_leads_in_circles_is_given_up() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let circles = Script::new(&[(409, "4\n"), (409, "5\n"), (409, "4\n"), (409, "5\n"), (409, "4\n")]);
    assert!(matches!(asked(&circles, &log, 0), Err(Shortfall::Confused(_))));
    assert!(matches!(asked(&Script::new(&[(409, "3\n")]), &log, 3), Err(Shortfall::Confused(_))));
    assert!(matches!(asked(&Script::new(&[(302, "")]), &log, 3), Err(Shortfall::Confused(_))));
    assert!(matches!(asked(&Script::new(&[(200, "<html>")]), &log, 3), Err(Shortfall::Confused(_))));
}

#[test]
fn a_cosignature_that_does_not_verify_is_worth_nothing() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let text = log.signed(9).text().to_owned();
    let over_other = cosigner().cosign(&text.replace("\n9\n", "\n8\n"), START).unwrap().to_string();
    let by_other = Cosigner::new(cosigner().vkey().name(), SigningKey::from_bytes(&[9; 32])).unwrap();
    let by_other = by_other.cosign(&text, START).unwrap().to_string();
    for line in [over_other, by_other] {
        assert_eq!(asked(&Script::new(&[(200, &line)]), &log, 0), Err(Shortfall::WrongCosignature));
    }
}

#[test]
fn only_the_lines_of_the_log_are_sent() {
    let log = Log::new(ORIGIN, 1, "a", 9);
    let mut note = log.signed(9);
    let text = note.text().to_owned();
    for seed in 1..40 {
        let other = Cosigner::new("else.example", SigningKey::from_bytes(&[seed; 32])).unwrap();
        note.add(other.cosign(&text, 5).unwrap()).unwrap();
    }
    let script = Script::new(&[]);
    let proof = |old: u64| log.tree.consistency(old, 9).ok();
    let _ = submit(&script, "http://w.example", cosigner().vkey(), &note, 0, &proof);
    let sent = script.1.lock().unwrap().remove(0);
    let sent = AddCheckpoint::parse(&sent).unwrap();
    let sent = Note::parse(&sent.checkpoint).unwrap();
    assert_eq!(sent.signatures().len(), 1);
    assert_eq!(sent.signatures()[0].key_id(), log.signer.vkey().key_id());
}
