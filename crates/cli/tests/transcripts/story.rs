use serde_json::{Value, json};

use crate::served::Served;
use crate::shop::{openssl, set_mode};

#[test]
fn an_agreement_lives_from_filing_to_its_signatures_by_the_command_line_alone() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    let id = ledger.file("HCK", "CMD");
    ledger.act(&["execute", &id, "-k", "HCK.SIG"]).ends(3).says("T03");
    ledger.act(&["triage", &id, "--outcome", "ACCEPTED", "-k", "HCK.IGL"]).ends(0);
    let day =
        ledger.shop.run(&["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q", "--json"]).ends(0).json();
    let day = day["terms"]["term"]["effective_date"].as_str().unwrap().to_owned();
    ledger.act(&["submit", &id, "--approve-by", &day, "-k", "CMD.IGL"]).ends(3).says("R01");
    ledger.act(&["submit", &id, "--approve-by", &day, "-k", "HCK.IGL"]).ends(0);
    for body in ["CMD", "HCK"] {
        let advise =
            ["advise", &id, "--outcome", "SUPPORT", "--reasons", "The powers are enough for what is asked.", "-k"];
        ledger.act(&[&advise[..], &[&format!("{body}.DPO")]].concat()).ends(0);
        ledger
            .act(&["approve", &id, "-k", &format!("{body}.IAO")])
            .ends(0)
            .says("The terms of this version, which open its commitments and give its header");
        ledger.act(&["execute", &id, "-k", &format!("{body}.SIG")]).ends(0);
    }
    ledger
        .act(&[
            "suspend",
            &id,
            "--ground",
            "INCIDENT",
            "--text",
            "Too early to stop what has not begun",
            "-k",
            "CMD.SIRO",
        ])
        .ends(3);
    ledger.act(&["note", &id, "--text", "Call jo.bloggs@example.org first", "-k", "CMD.IGL"]).ends(3).says("V-90");
    ledger.act(&["note", &id, "--text", "Signed by both sides", "-k", "CMD.IGL"]).ends(0);
    reading(&ledger, &id);
    // Words that are not here are not signed for.
    let receipts = ledger.shop.path("home/receipts");
    std::fs::rename(&receipts, ledger.shop.path("elsewhere")).unwrap();
    // Without a receipt the words are read at the ledger, for the organisation that signs; then the rules speak.
    let signed = ledger.act(&["approve", &id, "-k", "CMD.SIRO"]).ends(3);
    signed.says("The terms of this version, which open its commitments and give its header").says("T05");
    let audited = ledger.shop.run(&["audit", &ledger.url]).ends(0).out;
    assert!(audited.contains("Everything agrees."), "{audited}");
    let kept = std::fs::read_dir(ledger.shop.path("elsewhere")).unwrap().next().unwrap().unwrap().path();
    let verified = ledger.shop.run(&["verify", kept.to_str().unwrap()]).ends(0).out;
    assert!(verified.contains("checked      the log transcript.example/london/log signed"), "{verified}");
    let mut receipt: Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    receipt["index"] = json!(receipt["index"].as_u64().unwrap() + 1);
    ledger.shop.write("false.json", receipt.to_string());
    ledger.shop.run(&["verify", "false.json"]).ends(4);
    ledger.shop.run(&["verify", "agreement.yaml"]).ends(4).says("");
}

/// What the ledger tells of an agreement that both sides have signed.
fn reading(ledger: &Served, id: &str) {
    let page = ledger.ask(&["show", id, "--json"]).ends(0).json();
    assert_eq!((&page["state"], &page["id"]), (&json!("APPROVED"), &json!(id)));
    let reference = page["reference"].as_str().unwrap();
    assert_eq!(ledger.ask(&["show", reference, "--json"]).ends(0).json()["id"], *id);
    let listed = ledger.ask(&["list", "--party", "HCK"]).ends(0).out;
    assert!(listed.contains(reference) && listed.contains("APPROVED"), "{listed}");
    assert!(ledger.ask(&["list", "--state", "ACTIVE", "--json"]).ends(0).json().as_array().unwrap().is_empty());
    let told = ledger.ask(&["history", id]).ends(0).out;
    let types: Vec<&str> = told.lines().filter_map(|line| line.split("  ").nth(2)).collect();
    assert_eq!((types.first(), types.last()), (Some(&"RequestFiled"), Some(&"NoteRecorded")), "{told}");
    let day = page["effective_date"].as_str().or_else(|| page["header"]["effective_date"].as_str()).unwrap();
    assert_eq!(ledger.ask(&["show", id, "--at", day, "--json"]).ends(0).json()["state"], "ACTIVE");
    let why = ledger.ask(&["why", id]).ends(0).out;
    let causes = page["why"].as_array().unwrap();
    assert_eq!(
        why.lines().collect::<Vec<_>>(),
        causes.iter().map(|cause| cause["text"].as_str().unwrap()).collect::<Vec<_>>()
    );
    let shown = ledger.html(&format!("/agreements/{id}"), None);
    assert!(
        causes.iter().all(|cause| shown.contains(cause["text"].as_str().unwrap())),
        "the page says the same: {shown}"
    );
    // Before the advice of its second side the agreement waited for somebody there.
    let index = told.lines().rev().nth(3).unwrap().split("  ").next().unwrap().to_owned();
    let waiting = ledger.ask(&["inbox", "HCK", "--as-of", &index]).ends(0).out;
    assert!(waiting.contains("DPO: give advice") && waiting.contains(reference), "{waiting}");
    let of_role = ledger.ask(&["inbox", "HCK", "--role", "IAO", "--as-of", &index]).ends(0).out;
    assert!(!of_role.contains("DPO"), "{of_role}");
    ledger.ask(&["inbox", "HCK"]).ends(0).says("Nothing waits for HCK");
    ledger.ask(&["show", "DSA-1999-000001"]).ends(1).says("404");
    // A key asks for a token, and with it the pages show what is for its body and for nobody else.
    let session = ledger.ask(&["session", "--as", "HCK.IGL"]).ends(0).says("It reads for HCK until");
    let cookie = ledger.cookie(session.out.trim());
    let note = told.lines().last().unwrap().split("  ").next().unwrap();
    let (own, public) =
        (ledger.html(&format!("/events/{note}"), Some(&cookie)), ledger.html(&format!("/events/{note}"), None));
    assert!(own.contains("Signed by both sides") && own.contains("You read as"), "{own}");
    assert!(!public.contains("Signed by both sides"), "{public}");
    let told = ledger.ask(&["session", "--as", "HCK.IGL", "--json"]).ends(0).json();
    assert_eq!(told["organisation"], "HCK");
    assert!(told["token"].as_str().unwrap().len() > 60, "{told}");
    ledger.ask(&["session", "--as", "NOBODY.IGL"]).ends(1);
}

#[test]
fn joint_signers_pass_a_file_and_each_sees_what_it_says() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    ledger.register("CMD");
    let other = shop.run(&["key", "show", "REG.REG.2", "--json"]).ends(0).json();
    let text = |name: &str| other[name].as_str().unwrap().to_owned();
    let with = format!("REG:REG:{}:{}", text("person"), text("key"));
    let suspend = ["suspend-organisation", "CMD", "--reason", "SECURITY", "--until", "2026-12-01", "-k", "REG.REG.1"];
    ledger.act(&[&suspend[..], &["--with", &with]].concat()).ends(2).says("--out");
    let until = shop.run(&["draft", "new", "--provider", "CMD", "--recipient", "HCK", "-q", "--json"]).ends(0).json();
    let until = until["terms"]["term"]["effective_date"].as_str().unwrap().to_owned();
    let suspend = ["suspend-organisation", "CMD", "--reason", "SECURITY", "--until", &until, "-k", "REG.REG.1"];
    ledger
        .act(&[&suspend[..], &["--with", &with, "--out", "half.json"]].concat())
        .ends(0)
        .says("1 signature(s) are missing");
    let size = ledger.size();
    ledger.act(&["sign", "half.json", "-k", "REG.REG.3"]).ends(2).says("is not among the signers");
    ledger.act(&["sign", "half.json", "-k", "REG.REG.2"]).ends(0).says("an organisation is suspended for a while");
    assert_eq!(ledger.size(), size + 1);
    // The same event again is the same receipt, and a changed payload is nobody's signature.
    let mut half: Value = serde_json::from_slice(&std::fs::read(shop.path("half.json")).unwrap()).unwrap();
    half["envelope"]["payloadType"] = json!("application/vnd.counterpart.session.v1+json");
    shop.write("session.json", half.to_string());
    ledger.act(&["sign", "session.json", "-k", "REG.REG.2"]).ends(3).says("another `payloadType` is never signed");
}

#[test]
fn a_stranger_signs_with_openssl_and_submits() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    ledger.register("CMD");
    let administrator = shop.path("home/keys/CMD.ADM.1.pem");
    let chief = shop.path("home/keys/CMD.CEX.1.pem");
    // Nobody signs here: the draft is written out, and OpenSSL makes both signatures.
    let update =
        ["update-organisation", "CMD", "--name", "The London Borough of Camden", "-k", "CMD.ADM", "-k", "CMD.CEX"];
    ledger.act(&[&update[..], &["--out", "ours.json"]].concat()).ends(0);
    let mut submission: Value = serde_json::from_slice(&std::fs::read(shop.path("ours.json")).unwrap()).unwrap();
    let payload = shop.path("payload.b64");
    std::fs::write(&payload, submission["envelope"]["payload"].as_str().unwrap()).unwrap();
    let Some(bytes) = openssl(&["base64", "-d", "-A", "-in", payload.to_str().unwrap()]) else { return };
    let kind = submission["envelope"]["payloadType"].as_str().unwrap().to_owned();
    let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), bytes.len()).into_bytes();
    message.extend_from_slice(&bytes);
    std::fs::write(shop.path("message"), message).unwrap();
    let size = ledger.size();
    for (key, file) in [("CMD.ADM", &administrator), ("CMD.CEX", &chief)] {
        let id = shop.run(&["key", "show", key, "--json"]).ends(0).json()["key"].clone();
        let signed = shop.path("signature");
        let words = ["pkeyutl", "-sign", "-rawin", "-inkey", file.to_str().unwrap(), "-in"];
        let last = [shop.path("message"), signed.clone()];
        openssl(&[&words[..], &[last[0].to_str().unwrap(), "-out", last[1].to_str().unwrap()]].concat()).unwrap();
        let sig = openssl(&["base64", "-A", "-in", signed.to_str().unwrap()]).unwrap();
        let rows = submission["envelope"]["signatures"].as_array_mut().unwrap();
        let row = rows.iter_mut().find(|row| row["keyid"] == id).unwrap();
        let ours = row["sig"].clone();
        row["sig"] = json!(String::from_utf8(sig).unwrap());
        assert_eq!(row["sig"], ours, "Ed25519 is deterministic: OpenSSL makes the signature that we made");
    }
    shop.write("theirs.json", submission.to_string());
    ledger.ask(&["send", "theirs.json"]).ends(0);
    assert_eq!(ledger.size(), size + 1);
    ledger.ask(&["send", "theirs.json"]).ends(0);
    assert_eq!(ledger.size(), size + 1, "said twice, recorded once");
}

#[test]
fn many_events_in_one_file_are_decided_one_by_one() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    ledger.register("CMD");
    let update = |name: &str, out: &str| {
        let words = ["update-organisation", "CMD", "--name", name, "-k", "CMD.ADM", "-k", "CMD.CEX", "--out", out];
        ledger.act(&words).ends(0);
        std::fs::read_to_string(shop.path(out)).unwrap()
    };
    let (one, two) = (update("Camden one", "one.json"), update("Camden two", "two.json"));
    shop.write("both.ndjson", format!("{one}{two}"));
    // Both saw the same revision, so the second is stale.
    let told = ledger.ask(&["send", "both.ndjson"]).ends(3).says("line 2: C01");
    assert!(told.out.contains("recorded 1, refused 1"), "{}", told.out);
    let refused = shop.run(&["audit", &ledger.url, "--would-admit", "two.json", "--json"]).ends(3).json();
    assert_eq!(refused["code"], "C01");
    let recorded = shop.run(&["audit", &ledger.url, "--would-admit", "one.json", "--json"]).ends(0).json();
    assert_eq!(recorded["admitted"], true);
}

#[test]
fn another_ledger_at_the_same_address_is_exit_four_and_nothing_is_signed() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    ledger.register("CMD");
    let pins = shop.path("home/pins.json");
    let text = std::fs::read_to_string(&pins).unwrap();
    let id = text.find('#').unwrap();
    let mut other = text.clone();
    other.replace_range(id + 1..id + 5, "0000");
    std::fs::write(&pins, other).unwrap();
    let update = ["update-organisation", "CMD", "--name", "Camden", "-k", "CMD.ADM", "-k", "CMD.CEX"];
    ledger.act(&update).ends(4).says("Do not sign anything");
    ledger.ask(&["show", "CMD"]).ends(4);
    std::fs::write(&pins, text).unwrap();
    ledger.act(&update).ends(0);
    let none =
        ["update-organisation", "CMD", "--name", "Camden", "-k", "CMD.ADM", "-k", "CMD.CEX", "--url", &ledger.url];
    shop.run(&none).ends(2).says("give --yes");
    set_mode(&shop.path("home/keys/CMD.ADM.1.pem"), 0o644);
    ledger.act(&update).ends(1).says("chmod 600");
}

#[test]
fn a_key_is_rotated_and_the_old_one_signs_no_more() {
    let ledger = Served::new();
    ledger.register("CMD");
    ledger
        .act(&["key", "rotate", "CMD.ADM.1", "--no-passphrase"])
        .ends(0)
        .says("From now on sign with `CMD.ADM.2.pem`");
    let update = ["update-organisation", "CMD", "--name", "Camden", "-k"];
    ledger.act(&[&update[..], &["CMD.ADM.1", "-k", "CMD.CEX"]].concat()).ends(3).says("K03");
    ledger.act(&[&update[..], &["CMD.ADM.2", "-k", "CMD.CEX"]].concat()).ends(0);
    ledger.act(&["key", "revoke", "CMD.ADM.2", "--reason", "ENDED", "-k", "CMD.CEX"]).ends(0);
    ledger.act(&[&update[..], &["CMD.ADM.2", "-k", "CMD.CEX"]].concat()).ends(3).says("K04");
}

#[test]
fn a_draft_is_checked_without_a_ledger_and_two_are_compared() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    let draft = shop.run(&["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q", "--json"]).ends(0).json();
    shop.write("one.json", draft.to_string());
    // Nothing is wrong with it; the one message lists what becomes public (V-122).
    let told = shop.run(&["draft", "check", "one.json", "--json"]).ends(0).json();
    let codes: Vec<_> = told["messages"].as_array().unwrap().iter().map(|message| &message["code"]).collect();
    assert_eq!(codes, ["V-122"], "{told}");
    let mut changed = draft;
    changed["terms"]["title"] = json!("Short");
    changed["terms"]["datasets"][0]["frequency"] = json!("DAILY");
    shop.write("two.json", changed.to_string());
    let told = shop.run(&["draft", "check", "two.json", "--json"]).ends(3).json();
    assert!(told["messages"].as_array().unwrap().iter().any(|message| message["code"] == "V-02"), "{told}");
    let paths = shop.run(&["draft", "diff", "one.json", "two.json", "--json"]).ends(0).json();
    assert_eq!(paths["changes"], json!(["/datasets/0/frequency", "/title"]));
    // At this ledger nobody is registered.
    ledger.ask(&["draft", "check", "one.json"]).ends(3);
    shop.write("three.yaml", "hello: world\n");
    shop.run(&["draft", "check", "three.yaml"]).ends(1).says("is not a draft");
    shop.write("four.yaml", "a: 1.5\n");
    shop.run(&["draft", "check", "four.yaml"]).ends(1).says("four.yaml");
}
