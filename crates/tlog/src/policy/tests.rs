#![expect(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;

use super::*;
use crate::cosignature::Cosigner;
use crate::ed25519::SigningKey;
use crate::empty_root;
use crate::note::{Note, NoteSigner};

const ORIGIN: &str = "log.example";

fn log(seed: u8) -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
}

fn witness(number: u8) -> Cosigner {
    let key = SigningKey::from_bytes(&[100 + number; 32]);
    Cosigner::new(&format!("witness.example/{number}"), key).unwrap()
}

/// A policy of log 1 and witnesses `w0` to `w5`, then `rest`.
fn policy(rest: &str) -> Result<Policy, PolicyError> {
    let mut lines = format!("log {}\n", log(1).vkey());
    for number in 0..6 {
        let vkey = witness(number).vkey().clone();
        writeln!(lines, "witness w{number} {vkey}").unwrap();
    }
    Policy::parse(lines + rest)
}

/// The fault of the line after those of [`policy`].
fn fault(rest: &str) -> Fault {
    match policy(rest).unwrap_err() {
        PolicyError::Line { fault, .. } => fault,
        other @ (PolicyError::TooLong(_) | PolicyError::NoQuorum) => panic!("{other}"),
    }
}

fn signed(witnesses: &[u8]) -> Note {
    let checkpoint = Checkpoint::new(ORIGIN, 0, empty_root());
    let mut note = checkpoint.sign(&[&log(1)]).unwrap();
    for number in witnesses {
        let cosignature = witness(*number).cosign(note.text(), 5 + u64::from(*number));
        note.add(cosignature.unwrap()).unwrap();
    }
    note
}

fn accepts(policy: &Policy, witnesses: &[u8]) -> bool {
    policy.verify(signed(witnesses).to_string()).is_ok()
}

#[test]
fn nested_groups_decide_as_written() {
    let policy = policy(
        "group X 2 w0 w1 w2\n\
         group Y any w3 w4\n\
         group both all X Y\n\
         quorum both\n",
    )
    .unwrap();
    for (witnesses, accepted) in [
        (&[][..], false),
        (&[0, 1], false),
        (&[3], false),
        (&[0, 3], false),
        (&[3, 4, 5, 0], false),
        (&[0, 1, 3], true),
        (&[4, 2, 0], true),
        (&[0, 1, 2, 3, 4, 5], true),
    ] {
        assert_eq!(accepts(&policy, witnesses), accepted, "{witnesses:?}");
    }
}

#[test]
fn quorum_may_be_one_witness_or_none() {
    let one = policy("quorum w5\n").unwrap();
    assert!(accepts(&one, &[5]) && !accepts(&one, &[0, 1, 2, 3, 4]));
    assert!(one.asks_for_witnesses());
    let none = policy("quorum none").unwrap();
    assert!(accepts(&none, &[]) && !none.asks_for_witnesses());
    assert!(accepts(&Policy::of_log(log(1).vkey()), &[2]));
}

#[test]
fn who_stands_behind_a_checkpoint_is_told() {
    let satisfied = policy("quorum w1\n").unwrap();
    let satisfied = satisfied.verify(signed(&[4, 1]).to_string()).unwrap();
    assert_eq!(satisfied.log_key, log(1).vkey());
    assert_eq!(satisfied.checkpoint.size, 0);
    let told: Vec<_> = satisfied.witnesses.iter().map(|witness| (witness.name.as_str(), witness.timestamp)).collect();
    assert_eq!(told, [("w1", 6), ("w4", 9)]);
}

#[test]
fn same_cosignature_twice_counts_once() {
    let policy = policy("group two 2 w0 w1\nquorum two\n").unwrap();
    let refused = policy.verify(signed(&[0, 0, 0]).to_string()).unwrap_err();
    let name = "w0".to_owned();
    assert_eq!(refused, UnmetPolicy::NoQuorum(vec![Witnessed { name, timestamp: 5 }]));
    assert!(refused.to_string().ends_with(": `w0`"));
}

#[test]
fn witnesses_without_the_log_are_not_enough() {
    let note = signed(&[0]).to_string();
    let line = log(1).sign(signed(&[]).text()).to_string();
    let unsigned = note.replace(&line, "");
    assert_ne!(note, unsigned);
    let policy = policy("quorum w0\n").unwrap();
    let unknown = UnmetPolicy::UnknownLog(ORIGIN.to_owned());
    assert_eq!(policy.verify(unsigned), Err(unknown.clone()));
    let other = Policy::of_log(log(2).vkey());
    assert_eq!(other.verify(note), Err(unknown));
}

#[test]
fn log_signs_for_its_own_origin_only() {
    let checkpoint = Checkpoint::new("other.example", 0, empty_root());
    let note = checkpoint.sign(&[&log(1)]).unwrap().to_string();
    assert_eq!(policy("quorum none\n").unwrap().verify(note), Err(UnmetPolicy::UnknownLog("other.example".to_owned())));
}

#[test]
fn wrong_cosignature_of_a_known_witness_spoils_the_checkpoint() {
    let mut note = signed(&[0]);
    let other = Checkpoint::new(ORIGIN, 1, empty_root()).to_string();
    note.add(witness(1).cosign(&other, 9).unwrap()).unwrap();
    assert!(matches!(
        policy("quorum w0\n").unwrap().verify(note.to_string()),
        Err(UnmetPolicy::Checkpoint(CheckpointError::Note(NoteError::BadSignature { .. })))
    ));
}

#[test]
fn either_key_of_a_log_that_changes_its_key_is_accepted() {
    let two = format!("log {}\nlog {} https://log.example/\nquorum none\n", log(1).vkey(), log(2).vkey());
    let policy = Policy::parse(two).unwrap();
    let url = policy.logs().get(1).unwrap().url.as_deref();
    assert_eq!(url, Some("https://log.example/"));
    let checkpoint = Checkpoint::new(ORIGIN, 0, empty_root());
    for signers in [&[&log(1)][..], &[&log(2)], &[&log(1), &log(2)]] {
        let note = checkpoint.sign(signers).unwrap().to_string();
        assert!(policy.verify(note).is_ok());
    }
}

#[test]
fn white_space_comments_and_foreign_names_are_read() {
    let vkey = witness(0).vkey().to_string();
    let mut text = format!("\t # comment \n\n  log\t{}  \n", log(1).vkey()).into_bytes();
    // A name is any bytes but white space: here one that is not UTF-8.
    text.extend_from_slice(b"witness \xff ");
    text.extend_from_slice(format!("{vkey} https://w.example/\n").as_bytes());
    text.extend_from_slice(b" quorum \xff");
    let policy = Policy::parse(text).unwrap();
    let known = policy.witnesses().first().unwrap();
    assert_eq!(known.url.as_deref(), Some("https://w.example/"));
    assert_eq!(known.name, "\u{fffd}");
    assert!(accepts(&policy, &[0]) && !accepts(&policy, &[]));
}

#[test]
fn wrong_lines_are_named() {
    let vkey = witness(7).vkey().to_string();
    assert_eq!(fault("nonsense\n"), Fault::Keyword);
    assert_eq!(fault("Quorum none\n"), Fault::Keyword);
    for words in ["log", "quorum", "quorum w1 w2", "witness w7", "group g", "group g any"] {
        assert_eq!(fault(words), Fault::Words, "{words}");
    }
    assert_eq!(fault(&format!("witness w7 {vkey} a b")), Fault::Words);
    assert_eq!(fault("quorum none\r\n"), Fault::ControlCharacter);
    assert_eq!(fault("# \u{7f}\n"), Fault::ControlCharacter);
    assert_eq!(fault("quorum w9\n"), Fault::UnknownName("w9".to_owned()));
    let none = Fault::UnknownName("none".to_owned());
    assert_eq!(fault("group g any none\n"), none);
    let itself = Fault::UnknownName("g".to_owned());
    assert_eq!(fault("group g any g\n"), itself);
    for threshold in ["0", "3", "01", "+1", "-1", "most", "18446744073709551616"] {
        let line = format!("group g {threshold} w0 w1\n");
        assert_eq!(fault(&line), Fault::Threshold, "{threshold}");
    }
    let twice = Fault::MemberTwice("w0".to_owned());
    assert_eq!(fault("group g any w0 w0\n"), twice);
    assert_eq!(fault("group g any w0\ngroup h any w0\n"), twice);
    let taken = |name: &str| Fault::DuplicateName(name.to_owned());
    assert_eq!(fault("group w0 any w1\n"), taken("w0"));
    assert_eq!(fault("group none any w1\n"), taken("none"));
    assert_eq!(fault(&format!("witness w0 {vkey}\n")), taken("w0"));
    assert_eq!(fault("quorum none\nquorum none\n"), Fault::SecondQuorum);
    assert!(matches!(fault("log x\n"), Fault::Key(_)));
    let log_key = log(3).vkey().to_string();
    let wrong_type = format!("witness w7 {log_key}\n");
    assert_eq!(fault(&wrong_type), Fault::WitnessKeyType);
}

#[test]
fn one_public_key_under_two_names_is_refused() {
    let again = |name: &str| {
        let key = SigningKey::from_bytes(&[100; 32]);
        Cosigner::new(name, key).unwrap().vkey().to_string()
    };
    let line = format!("witness w7 {}\n", again("another.example"));
    assert_eq!(fault(&line), Fault::DuplicateKey);
    let line = format!("log {}\n", log(1).vkey());
    assert_eq!(fault(&line), Fault::DuplicateKey);
}

#[test]
fn line_number_of_a_fault_is_told() {
    let line = policy("\nquorum none\nnonsense").unwrap_err();
    assert_eq!(
        line.to_string(),
        "line 10 of the policy: a line starts with `log`, `witness`, `group`, `quorum` or `#`"
    );
}

#[test]
fn policy_without_a_quorum_or_too_long_is_refused() {
    assert_eq!(policy(""), Err(PolicyError::NoQuorum));
    assert_eq!(Policy::parse(""), Err(PolicyError::NoQuorum));
    let long = "\n".repeat(POLICY_LEN_MAX + 1);
    assert_eq!(Policy::parse(long), Err(PolicyError::TooLong(POLICY_LEN_MAX + 1)));
}

#[test]
fn witness_with_a_key_type_unknown_here_is_kept_and_counts_for_nothing() {
    let policy = policy(
        "witness later witness.example/pq+0f2d83f0+BgAA\n\
         group g any later w0\n\
         quorum g\n",
    )
    .unwrap();
    let mut note = signed(&[]);
    let id = crate::note::KeyId::from_bytes([0x0f, 0x2d, 0x83, 0xf0]);
    let line = crate::note::NoteSignature::new("witness.example/pq", id, vec![1; 2428]);
    note.add(line.unwrap()).unwrap();
    assert!(policy.verify(note.to_string()).is_err());
    assert!(accepts(&policy, &[0]));
}

#[test]
fn hundreds_of_witnesses_and_groups_are_read() {
    let mut lines = String::new();
    for number in 0..200_u8 {
        let key = SigningKey::from_bytes(&[number; 32]);
        let vkey = Cosigner::new("w.example", key).unwrap().vkey().to_string();
        writeln!(lines, "witness w{number} {vkey}").unwrap();
        let inner = number.checked_sub(1).map(|inner| format!("g{inner}"));
        let inner = inner.unwrap_or_default();
        writeln!(lines, "group g{number} all w{number} {inner}").unwrap();
    }
    let policy = Policy::parse(lines + "quorum g199\n").unwrap();
    assert_eq!(policy.witnesses().len(), 200);
}

#[test]
fn a_policy_that_is_written_asks_for_the_same() {
    for rest in [
        "quorum none\n",
        "quorum w3\n",
        "group few 2 w0 w1 w2\ngroup both all few w5\nquorum both\n",
        "group group/1 any w0 w1\nquorum group/1\n",
    ] {
        let read = policy(rest).unwrap();
        assert_eq!(Policy::parse(read.to_string()).unwrap(), read, "{rest}");
    }
}
