//! Lies about single events, and what proves them: refusals with an untrue code, events that are kept from readers,
//! entries signed with a key that is in other hands.

use std::fs;

use serde_json::{Value, json};

use crate::hands::{entry, event, officer, officers, payload, recorded, refusal};
use crate::operator::{HONEST, SIZE, recorded_at, run};

#[test]
fn a_refusal_with_an_untrue_code_is_proved_by_the_refusal_that_the_ledger_signed() {
    let home = tempfile::tempdir().unwrap();
    let public = HONEST.published();
    let from = public.to_str().unwrap();
    let write = |name: &str, text: &str| fs::write(home.path().join(name), text).unwrap();
    let judge = || {
        let words = ["audit", from, "--vkey", &HONEST.vkey, "--would-admit", "mine.json", "--refusal", "answer.json"];
        run(home.path(), &words)
    };
    // What the rules admit is refused as if its request did not exist.
    write("mine.json", &HONEST.submissions[SIZE]);
    write("answer.json", &refusal(&HONEST.submissions[SIZE], "T01", None).to_string());
    judge()
        .ends(4, "UNTRUE REFUSAL: after 300 entries, at ")
        .ends(4, "the ledger signed T01, and the rules say admitted");
    // What was recorded already is no other event.
    write("mine.json", &HONEST.submissions[SIZE - 1]);
    write("answer.json", &refusal(&HONEST.submissions[SIZE - 1], "C02", None).to_string());
    judge().ends(4, "UNTRUE REFUSAL");
    // A true refusal is called one: this one names another ledger.
    let elsewhere = renamed(&HONEST.submissions[SIZE]);
    write("mine.json", &elsewhere);
    write("answer.json", &refusal(&elsewhere, "E06", None).to_string());
    judge().ends(3, "true refusal: after 300 entries the rules say E06 too");
    write("answer.json", &refusal(&elsewhere, "K05", None).to_string());
    judge().ends(4, "the ledger signed K05, and the rules say E06");
    // What proves nothing is not taken for proof.
    let stranger = &officers()[0].key;
    write("answer.json", &refusal(&elsewhere, "K05", Some(stranger)).to_string());
    judge().ends(4, "no answer key of this ledger has signed the refusal");
    write("answer.json", &refusal(&HONEST.submissions[SIZE], "T01", None).to_string());
    judge().ends(2, "the refusal is of another event than the submission");
    write("answer.json", "{}");
    judge().ends(2, "holds no signed refusal");
    // A refusal over another history is a fork.
    write("mine.json", &HONEST.submissions[SIZE]);
    write("answer.json", &refusal(&HONEST.submissions[SIZE], "T01", None).to_string());
    let mut other = crate::operator::parted(200, SIZE);
    other.push(other[SIZE - 1].clone());
    let other = HONEST.publish(&other[..SIZE]);
    let words = ["audit", other.path().to_str().unwrap(), "--would-admit", "mine.json", "--refusal", "answer.json"];
    run(home.path(), &words).ends(4, "it has shown two histories");
}

/// The same submission for a ledger of another name, as nobody signed it.
fn renamed(submission: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut value: Value = serde_json::from_str(submission).unwrap();
    let payload = STANDARD.decode(value["envelope"]["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap().replace(&HONEST.origin, "elsewhere.example/log");
    value["envelope"]["payload"] = json!(STANDARD.encode(payload));
    value.to_string()
}

#[test]
fn events_of_one_organisation_that_are_kept_from_readers_are_proved_by_its_receipt() {
    let home = tempfile::tempdir().unwrap();
    // The organisation has a receipt for its event, whose checkpoint covers it; everybody else is shown a log without.
    let withheld = &HONEST.entries[SIZE - 1];
    let at = recorded_at(withheld);
    let mut others = HONEST.entries[..SIZE - 1].to_vec();
    others.extend(HONEST.submissions[SIZE..SIZE + 3].iter().map(|submission| recorded(submission, &at)));
    let shown = HONEST.publish(&others);
    let from = shown.path().to_str().unwrap();
    let receipt = HONEST.sign(&HONEST.entries).to_string();
    fs::write(home.path().join("receipt.checkpoint"), &receipt).unwrap();
    let words = ["audit", from, "--vkey", &HONEST.vkey, "--from", "receipt.checkpoint", "--json"];
    let done = run(home.path(), &words).ends(4, "FORK: the log does not contain the older checkpoint over 300 entries");
    // The proof is portable: both signed notes stand in the report, and beside the file.
    let report: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["fork"]["known"], json!(receipt));
    assert_eq!(report["fork"]["shown"], json!(HONEST.sign(&others).to_string()));
    let kept = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path());
    let kept = { kept }.find(|path| path.to_str().unwrap().contains("receipt.checkpoint.fork-")).unwrap();
    assert_eq!(fs::read_to_string(kept.join("known.checkpoint")).unwrap(), receipt);
    // A checkpoint of somebody else accuses nobody.
    let forged = receipt.replace("\n300\n", "\n301\n");
    fs::write(home.path().join("forged.checkpoint"), forged).unwrap();
    let words = ["audit", from, "--vkey", &HONEST.vkey, "--from", "forged.checkpoint"];
    run(home.path(), &words).ends(4, "the older checkpoint is not one of this log, and says nothing about it");
    // Its own monitor does not hear of the event in what is shown to others, and says that the log differs.
    let code = payload(withheld)["signers"][0]["organisation"].as_str().unwrap().to_owned();
    let public = HONEST.published();
    let look = |folder: &str| {
        let words = ["monitor", folder, "--organisation", &code, "--state", "own.state", "--vkey", &HONEST.vkey];
        run(home.path(), &words)
    };
    look(public.to_str().unwrap()).ends(5, "299 ");
    look(from).ends(4, "FORK");
}

#[test]
fn an_audit_that_goes_on_sees_a_history_that_does_not_continue_its_own() {
    let home = tempfile::tempdir().unwrap();
    let audit =
        |folder: &str| run(home.path(), &["audit", folder, "--vkey", &HONEST.vkey, "--state", "audit.state", "--json"]);
    let part = HONEST.publish(&HONEST.entries[..200]);
    let first: Value = serde_json::from_str(&audit(part.path().to_str().unwrap()).ends(0, "").out).unwrap();
    assert_eq!((&first["went_on_from"], &first["examined"]), (&json!(0), &json!(200)));
    let public = HONEST.published();
    let whole: Value = serde_json::from_str(&audit(public.to_str().unwrap()).ends(0, "").out).unwrap();
    assert_eq!((&whole["went_on_from"], &whole["examined"]), (&json!(200), &json!(100)));
    let again: Value = serde_json::from_str(&audit(public.to_str().unwrap()).ends(0, "").out).unwrap();
    assert_eq!((&again["went_on_from"], &again["examined"]), (&json!(300), &json!(0)));
    let wrong = ["audit", public.to_str().unwrap(), "--state", "audit.state", "--from", "7"];
    run(home.path(), &wrong).ends(2, "keeps 300 verified entries of this program, not 7");
    run(home.path(), &["audit", public.to_str().unwrap(), "--from", "7"]).ends(2, "say where that is");
    let right = ["audit", public.to_str().unwrap(), "--state", "audit.state", "--from", "300"];
    run(home.path(), &right).ends(0, "300 of them in an earlier audit");
    let back = HONEST.publish(&HONEST.entries[..250]);
    audit(back.path().to_str().unwrap()).ends(4, "ROLLBACK: the log shows 250 entries and has shown 300 before");
    let other = HONEST.publish(&crate::operator::parted(299, SIZE));
    audit(other.path().to_str().unwrap()).ends(4, "FORK: the log has shown two histories");
    let mut longer = crate::operator::parted(250, SIZE);
    longer.push(recorded(&HONEST.submissions[SIZE], &recorded_at(&longer[SIZE - 1])));
    let longer = HONEST.publish(&longer);
    audit(longer.path().to_str().unwrap())
        .ends(4, "FORK: the log has shown two histories. It signed 300 entries before");
    // What it keeps is still the honest history.
    audit(public.to_str().unwrap()).ends(0, "\"went_on_from\":300");
}

#[test]
fn what_a_stolen_key_signs_after_its_report_is_refused_and_what_it_signs_anew_is_another_history() {
    let home = tempfile::tempdir().unwrap();
    // An event that one officer signed alone, with a key that the operator then gets hold of.
    let alone = |entry: &Vec<u8>| {
        let payload = payload(entry);
        let signers = payload["signers"].as_array().unwrap();
        signers.len() == 1 && signers[0]["role"] != "CEX" && payload["stream"].as_str().unwrap().starts_with("org:")
    };
    let place = HONEST.entries.iter().rposition(alone).unwrap();
    let stolen = payload(&HONEST.entries[place]);
    let signer = &stolen["signers"][0];
    let thief = officers().into_iter().find(|hand| hand.signer["key"] == signer["key"]).unwrap();
    // Its chief executive reports it.
    let chief = officer(&signer["organisation"], "CEX");
    let commitment = json!({ "$commit": format!("hmac-sha256:{}", "0".repeat(64)) });
    let stream = format!("key:{}", signer["key"].as_str().unwrap());
    let data = json!({ "evidence": commitment, "key": signer["key"], "suspect_from": place });
    let mut entries = HONEST.entries.clone();
    entries.push(event(&entries, "KeyCompromised", &stream, &data, &chief));
    let audit = |entries: &[Vec<u8>], more: &[&str]| {
        let folder = HONEST.publish(entries);
        let words = [&["audit", folder.path().to_str().unwrap(), "--vkey", &HONEST.vkey], more].concat();
        run(home.path(), &words)
    };
    audit(&entries, &[]).ends(0, "re-decided 301 of 301");
    // The operator signs on with it: another event of the same kind, by the stolen key.
    let own = stolen["stream"].as_str().unwrap();
    let mut on = entries.clone();
    on.push(event(&entries, stolen["type"].as_str().unwrap(), own, &stolen["data"], &thief));
    audit(&on, &[]).ends(4, "stopped at index 301: K05 (This key was reported compromised.");
    audit(&on, &["--explain", "301"]).ends(4, "refused: K05");
    // Or it replaces what the key signed before, in its place, with a tree that is computed correctly.
    let mut again = stolen.clone();
    again["valid_until"] = stolen["signed_at"].clone();
    let mut replaced = entries;
    replaced[place] = entry(&again, &[&thief.key], &recorded_at(&HONEST.entries[place]));
    fs::write(home.path().join("seen.checkpoint"), HONEST.sign(&HONEST.entries).to_string()).unwrap();
    audit(&replaced, &["--from", "seen.checkpoint"]).ends(4, "FORK: the log does not contain the older checkpoint");
    let public = HONEST.published();
    run(home.path(), &["mirror", public.to_str().unwrap(), "copy", "--vkey", &HONEST.vkey]).ends(0, "300 entries");
    let folder = HONEST.publish(&replaced);
    let words = ["mirror", folder.path().to_str().unwrap(), "copy", "--vkey", &HONEST.vkey];
    run(home.path(), &words).ends(4, &format!("they part at entry {place}"));
}
