//! Lies about events: kept out, let in against the rules, signed by somebody else, recorded at another time.

use std::fs;

use counterpart_tlog::note::Note;

use crate::operator::{HONEST, SIZE, cosigner, recorded_again, recorded_at, run};

#[test]
fn an_event_that_is_kept_out_is_shown_to_be_admissible() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("kept-out.json"), &HONEST.submissions[SIZE]).unwrap();
    let public = HONEST.published();
    let from = public.to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey, "--would-admit", "kept-out.json"]).ends(0, "");
}

#[test]
fn words_that_do_not_open_their_commitment_are_refused_by_everybody() {
    let home = tempfile::tempdir().unwrap();
    let parsed = |text: &String| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let with_words = |index: &usize| {
        let submission = parsed(&HONEST.submissions[*index]);
        submission["disclosures"].as_array().is_some_and(|words| !words.is_empty())
    };
    let index = (1..SIZE).find(with_words).unwrap();
    let mut submission = parsed(&HONEST.submissions[index]);
    let disclosures = submission["disclosures"].as_array_mut().unwrap();
    disclosures[0]["salt"] = serde_json::json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    fs::write(home.path().join("other-words.json"), submission.to_string()).unwrap();
    let before = HONEST.publish(&HONEST.entries[..index]);
    let from = before.path().to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey, "--would-admit", "other-words.json"]).ends(3, "E07");
}

#[test]
fn an_event_let_in_against_the_rules_stops_the_audit_at_its_index() {
    let home = tempfile::tempdir().unwrap();
    // The tree is computed correctly, and the last event stands in it twice.
    let mut entries = HONEST.entries.clone();
    entries.push(entries[SIZE - 1].clone());
    let folder = HONEST.publish(&entries);
    let from = folder.path().to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey]).ends(4, "stopped at index 300: C02");
}

#[test]
fn an_event_signed_by_somebody_else_is_told_to_the_one_it_names() {
    let home = tempfile::tempdir().unwrap();
    let mut entries = HONEST.entries.clone();
    let text = String::from_utf8(entries[SIZE - 1].clone()).unwrap();
    let (before, signature) = text.split_once("\"sig\":\"").unwrap();
    // Another signature of the same length, still canonical base64.
    let forged = format!("{before}\"sig\":\"{}{}", if signature.starts_with('A') { 'B' } else { 'A' }, &signature[1..]);
    entries[SIZE - 1] = forged.into_bytes();
    let payload = payload(&entries[SIZE - 1]);
    let organisation = payload["signers"][0]["organisation"].as_str().unwrap();
    let folder = HONEST.publish(&entries);
    let from = folder.path().to_str().unwrap();
    run(home.path(), &["audit", from, "--vkey", &HONEST.vkey]).ends(4, "stopped at index 299: E09");
    run(home.path(), &["monitor", from, "--organisation", organisation, "--vkey", &HONEST.vkey])
        .ends(4, "entry 299 stands in the name of somebody whose key");
}

#[test]
fn a_monitor_tells_each_event_once_and_only_those_of_whom_it_watches() {
    let home = tempfile::tempdir().unwrap();
    let public = HONEST.published();
    let from = public.to_str().unwrap();
    let of = |code: &str| {
        let concerns = |entry: &&Vec<u8>| {
            let payload = payload(entry);
            let signs = payload["signers"].as_array().unwrap().iter().any(|signer| signer["organisation"] == code);
            signs || payload["stream"] == format!("org:{code}")
        };
        HONEST.entries.iter().filter(concerns).count()
    };
    let payload = payload(&HONEST.entries[SIZE - 1]);
    let code = payload["signers"][0]["organisation"].as_str().unwrap();
    let words = ["monitor", from, "--organisation", code, "--vkey", &HONEST.vkey];
    let told = run(home.path(), &words).ends(5, "verified");
    assert_eq!(told.out.lines().count(), of(code));
    assert!(told.out.lines().all(|line| line.ends_with("; verified")), "{}", told.out);
    assert_eq!(run(home.path(), &words).ends(0, "0 to tell").out, "");
    run(home.path(), &["monitor", from, "--organisation", "ZZZ", "--vkey", &HONEST.vkey]).ends(0, "0 to tell");
    let key = payload["signers"][0]["key"].as_str().unwrap();
    run(home.path(), &["--json", "monitor", from, "--key", key, "--vkey", &HONEST.vkey]).ends(5, "\"index\":299");
    run(home.path(), &["monitor", from, "--key", "nonsense"]).ends(2, "is not the id of a key");
}

#[test]
fn entries_that_say_another_time_than_the_witnesses_are_reported() {
    let home = tempfile::tempdir().unwrap();
    let witness = cosigner(7);
    let policy = format!("log {}\nwitness w7 {}\nquorum w7\n", HONEST.vkey, witness.vkey());
    fs::write(home.path().join("policy"), policy).unwrap();
    let last = recorded_at(&HONEST.entries[SIZE - 1]);
    let cosigned = |entries: &[Vec<u8>], at: u64| {
        let mut note: Note = HONEST.sign(entries);
        note.add(witness.cosign(note.text(), at).unwrap()).unwrap();
        HONEST.publish_as(entries, &note.to_string())
    };
    let now = seconds(&last) + 1;
    let honest = cosigned(&HONEST.entries, now);
    let look = |folder: &std::path::Path| {
        let from = folder.to_str().unwrap();
        run(home.path(), &["monitor", from, "--organisation", "ZZZ", "--policy", "policy", "--state", "times"])
    };
    look(honest.path()).ends(0, "0 to tell");
    let audit = |folder: &std::path::Path| run(home.path(), &["audit", folder.to_str().unwrap(), "--policy", "policy"]);
    audit(honest.path()).ends(0, "Everything agrees");
    // A witness saw the log an hour before its entries were recorded.
    let early = cosigned(&HONEST.entries, now - 3600);
    let other = tempfile::tempdir().unwrap();
    fs::copy(home.path().join("policy"), other.path().join("policy")).unwrap();
    let from = early.path().to_str().unwrap();
    run(other.path(), &["monitor", from, "--organisation", "ZZZ", "--policy", "policy"])
        .ends(4, "later than a witness saw it");
    audit(early.path()).ends(4, "recorded more than 5 minutes after `w7` cosigned it");
    // An entry that comes after a cosigned size claims to be older than that: `look` has seen 300 at `now`.
    let mut backdated = HONEST.entries.clone();
    backdated.push(recorded_again(&backdated[SIZE - 1], "2020-01-01T00:00:00.000Z"));
    let backdated = cosigned(&backdated, now + 1);
    look(backdated.path()).ends(4, "earlier than a witness saw the log without it");
}

/// Seconds since 1970 of an instant as entries have it.
fn seconds(at: &str) -> u64 {
    let at: counterpart_core::time::Timestamp = at.parse().unwrap();
    u64::try_from(at.millis() / 1000).unwrap()
}

fn payload(entry: &[u8]) -> serde_json::Value {
    let entry = counterpart_core::wire::Entry::parse(entry).unwrap();
    serde_json::from_slice(&entry.envelope.payload).unwrap()
}
