//! The whole life of an agreement by its verbs, against a server that runs.

use serde_json::{Value, json};

use crate::served::Served;

/// What each transcript of this file records; `coverage.rs` holds the lists against the event types.
pub const RECORDED: [&[&str]; 3] = [LIVED, NEGOTIATED, ELSEWHERE];

const LIVED: &[&str] = &[
    "RequestFiled",
    "RequestTriaged",
    "TermsSubmitted",
    "AdviceGiven",
    "ApprovalGiven",
    "ExecutionSigned",
    "DisclosureLogged",
    "IncidentNoted",
    "IncidentUpdated",
    "RetentionHoldPlaced",
    "RetentionHoldReleased",
    "DocumentAttached",
    "Corrected",
    "NoteRecorded",
    "PublicationDecided",
    "AgreementSuspended",
    "AgreementResumed",
    "ReviewCompleted",
    "AmendmentProposed",
    "AmendmentAbandoned",
    "LeadChanged",
    "RevocationNoticed",
    "RevocationRescinded",
    "TerminationConsented",
    "DestructionCertified",
    "AccessGranted",
    "AccessEnded",
    "DisclosureErased",
];

const NEGOTIATED: &[&str] = &[
    "ClarificationRequested",
    "ClarificationProvided",
    "CounterProposalMade",
    "CounterProposalAccepted",
    "CounterProposalRejected",
    "ApprovalWithdrawn",
    "ApprovalDeclined",
    "RequestWithdrawn",
    "RequestRefused",
    "PartyInvited",
    "AccessionRequested",
];

const ELSEWHERE: &[&str] = &["AgreementImported", "ImportConfirmed", "ImportDisputed", "EmergencySharingRecorded"];

const LONG: &str = "The purpose is not one for which these data were collected, and nobody was told of it.";

/// Performs a verb; gives the id of the event.
fn act(ledger: &Served, words: &[&str]) -> String {
    let receipt = ledger.act(&[words, &["--json"]].concat()).ends(0).json();
    receipt["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_agreement_in_force_lives_to_its_end() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    let id = ledger.in_force("HCK", "CMD");
    let (today, method) = (ledger.day(0), ledger.show(&id)["header"]["datasets"][0]["method"].clone());
    let sent = ["log-disclosure", &id, "--dataset", "DS-1", "--from", &today, "--to", &today, "--band", "UNDER_100"];
    let method = method.as_str().unwrap();
    act(&ledger, &[&sent[..], &["--method", method, "--transfer", "changed.json", "-k", "HCK.IAO"]].concat());
    act(&ledger, &[&sent[..], &["--method", method, "--recipient", "CMD", "-k", "HCK.IAO"]].concat());
    let note = ["note-incident", &id, "--kind", "CONFIDENTIALITY", "--severity", "LOW", "--people", "UNDER_100"];
    let text = ["--regulator", "NO", "--text", "A list lay open on a desk.", "--dataset", "DS-1", "-k", "CMD.DPO"];
    let incident = act(&ledger, &[&note[..], &text[..]].concat());
    let correct = ["correct", &id, "--target", &incident, "--pointer", "/words", "--reason", "It was two lists."];
    act(&ledger, &[&correct[..], &["-k", "CMD.DPO"]].concat());
    let update = ["update-incident", &id, "--incident", &incident, "--status", "CLOSED", "--people-told", "true"];
    act(&ledger, &[&update[..], &["--text", "Desks are cleared now.", "-k", "CMD.DPO"]].concat());
    let hold = act(&ledger, &["place-hold", &id, "--reason", "INQUIRY", "--dataset", "DS-1", "-k", "HCK.LGL"]);
    ledger.act(&["release-hold", &id, "--hold", &hold, "-k", "CMD.LGL"]).ends(3).says("R01");
    act(&ledger, &["release-hold", &id, "--hold", &hold, "-k", "HCK.LGL"]);
    act(&ledger, &["attach", &id, "holder.yaml", "--kind", "DPIA", "-k", "HCK.DPO"]);
    let note = act(&ledger, &["note", &id, "--text", "Seen by both sides", "-k", "CMD.IGL"]);
    let erase = ["erase", &id, "--target", &note, "--pointer", "/text", "--reason", "PERSONAL_DATA"];
    act(&ledger, &[&erase[..], &["--advice", "It hints at a person.", "-k", "CMD.IGL", "-k", "CMD.SIRO"]].concat());
    let grant = ["grant-access", &id, "--reader", "HCK", "--pointer", "/words", "--until", &ledger.day(9)];
    let grant = act(&ledger, &[&grant[..], &["-k", "CMD.SIG"]].concat());
    act(&ledger, &["end-access", &id, "--grant", &grant, "-k", "CMD.SIG"]);
    act(&ledger, &["decide-publication", &id, "--decision", "PUBLISH", "-k", "HCK.IGL"]);
    let suspend = ["suspend", &id, "--ground", "OTHER", "--text", "Until the desks are cleared.", "-k", "CMD.SIRO"];
    let ground = act(&ledger, &suspend);
    ledger.act(&[&sent[..], &["--method", method, "-k", "HCK.IAO"]].concat()).ends(3).says("T08");
    act(&ledger, &["resume", &id, "--ground", &ground, "--evidence", "A walk round the office.", "-k", "CMD.SIRO"]);
    let review = ["review", &id, "--outcome", "CONTINUE", "--next", &ledger.day(200), "--findings", "It works."];
    act(&ledger, &[&review[..], &["--benefit", "Cases joined up=12", "-k", "HCK.IGL"]].concat());
    let mut next = ledger.ask(&["draft", "of", &id, "--as", "HCK.IGL", "--json"]).ends(0).json();
    next["terms"]["notice_days"] = json!(45);
    ledger.shop.write("next.json", next.to_string());
    let why = ["--summary", "Longer notice.", "--reasons", "A month is short.", "-k", "HCK.IGL"];
    ledger.act(&[&["amend", &id, "next.json", "--class", "M1"], &why[..]].concat()).ends(3).says("G29");
    act(&ledger, &[&["amend", &id, "next.json"], &why[..]].concat());
    act(&ledger, &["abandon-amendment", &id, "--reason", "A month will do.", "-k", "HCK.IGL"]);
    act(&ledger, &["change-lead", &id, "--lead", "CMD", "-k", "CMD.IGL", "-k", "HCK.IGL"]);
    let revoke = [
        "revoke",
        &id,
        "--ground",
        "NO_LONGER_NEEDED",
        "--on",
        &ledger.day(100),
        "--reason",
        "Nobody needs these data any more.",
    ];
    let notice = act(&ledger, &[&revoke[..], &["-k", "CMD.SIG"]].concat());
    act(&ledger, &["rescind", &id, "--target", &notice, "-k", "CMD.SIG", "-k", "HCK.SIG"]);
    for key in ["CMD.SIG", "HCK.SIG"] {
        act(&ledger, &["consent-to-end", &id, "--on", &today, "-k", key]);
    }
    assert_eq!(ledger.show(&id)["state"], "ENDING");
    let certify = ["certify-destruction", &id, "--outcome", "DESTROYED", "--copies", "Backups run out in a month."];
    let both = ["--standard", "OVERWRITE", "-k", "CMD.IAO", "-k", "CMD.SEC"];
    act(&ledger, &[&certify[..], &both[..]].concat());
    assert_eq!(ledger.show(&id)["state"], "CLOSED");
    ledger.recorded(LIVED);
}

#[test]
fn requests_are_negotiated_refused_withdrawn_and_joined() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    ledger.register("ISL");
    ledger.appoint("ISL", "IGL", "ISL.ADM", &["ISL.ADM"]);
    let id = ledger.file("HCK", "CMD");
    ledger.shop.write(
        "row.yaml",
        "organisation: ISL\ncapacity: RECIPIENT\nlegal_role: CONTROLLER\nregime: UKGDPR\nfunctions: [CHILD_SC]\narticle6: [E]\n",
    );
    let mailbox = "office@isl.example";
    let contacts = json!({ "ISL": { "breach": mailbox, "complaints": mailbox, "dpo": mailbox, "ig": mailbox, "rights": mailbox } });
    ledger.shop.write("contacts.json", contacts.to_string());
    let returned = ["triage", &id, "--outcome", "RETURNED", "--missing", "/purpose", "--note", "Which teams?"];
    let question = act(&ledger, &[&returned[..], &["-k", "HCK.IGL"]].concat());
    // An answer with new terms is another version.
    let mut other = ledger.ask(&["draft", "of", &id, "--as", "CMD.IGL", "--json"]).ends(0).json();
    other["terms"]["notice_days"] = json!(31);
    ledger.shop.write("other.json", other.to_string());
    let clarify = ["clarify", &id, "--question", &question, "--text", "The duty teams.", "--draft", "other.json"];
    act(&ledger, &[&clarify[..], &["-k", "CMD.IGL"]].concat());
    assert_eq!(ledger.show(&id)["version"], 2);
    let ask = ["ask", &id, "--to", "CMD", "--about", "/purpose", "--due", &ledger.day(9), "--text", "And at night?"];
    let question = act(&ledger, &[&ask[..], &["-k", "HCK.IGL"]].concat());
    act(&ledger, &["clarify", &id, "--question", &question, "--text", "Those too.", "-k", "CMD.IGL"]);
    act(&ledger, &["triage", &id, "--outcome", "ACCEPTED", "-k", "HCK.IGL"]);
    // Whoever made the newest draft waits for the other side.
    for (days, by, answer, other_side) in
        [(40, "HCK.IGL", "reject-counter", "CMD.IGL"), (41, "CMD.IGL", "accept-counter", "HCK.IGL")]
    {
        other["terms"]["notice_days"] = json!(days);
        ledger.shop.write("other.json", other.to_string());
        let why = ["--summary", "Other notice.", "--reasons", "A month is short.", "-k", by];
        act(&ledger, &[&["counter", &id, "other.json"], &why[..]].concat());
        act(&ledger, &[answer, &id, "--reason", "As we discussed on the telephone.", "-k", other_side]);
    }
    act(&ledger, &["invite", &id, "row.yaml", "--contacts", "contacts.json", "-k", "HCK.IGL"]);
    act(&ledger, &["submit", &id, "--approve-by", &ledger.day(20), "-k", "HCK.IGL"]);
    let advise = ["advise", &id, "--outcome", "SUPPORT", "--reasons", "Enough for it.", "-k", "CMD.DPO"];
    act(&ledger, &advise);
    let approval = act(&ledger, &["approve", &id, "-k", "CMD.IAO"]);
    act(
        &ledger,
        &["withdraw", &id, "--target", &approval, "--reason", "The asset owner was asked too early.", "-k", "CMD.IAO"],
    );
    let decline = ["decline", &id, "--return", "--reason", "EXCESSIVE", "--text", LONG, "-k", "HCK.SIG"];
    act(&ledger, &decline);
    act(&ledger, &["withdraw", &id, "--reason", "No longer needed.", "-k", "CMD.IGL"]);
    assert_eq!(ledger.show(&id)["state"], "WITHDRAWN");
    let refused = ledger.file_changed("HCK", "CMD", |draft| draft["terms"]["notice_days"] = json!(35));
    act(&ledger, &["refuse", &refused, "--reason", "INCOMPATIBLE_PURPOSE", "--text", LONG, "-k", "HCK.SIRO"]);
    assert_eq!(ledger.show(&refused)["state"], "REFUSED");
    acceded(&ledger);
    ledger.recorded(NEGOTIATED);
}

/// Islington asks to join an agreement that boroughs may accede to.
fn acceded(ledger: &Served) {
    ledger.appoint("CMD", "REQ", "CMD.ADM", &["CMD.ADM"]);
    let draft = ["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q", "--json"];
    let mut draft: Value = ledger.shop.run(&draft).ends(0).json();
    for (member, value) in [
        ("formation", json!("ACCESSION")),
        ("min_parties", json!(2)),
        ("anchor_parties", json!(["HCK"])),
        ("eligible_joiners", json!(["LONDON_BOROUGH"])),
        ("non_adopter_rule", json!("LEAVE")),
        ("amendment_quorum", json!("TWO_THIRDS")),
        ("continuation", json!({ "min_parties": 2 })),
        ("notice_days", json!(36)),
    ] {
        draft["terms"][member] = value;
    }
    ledger.shop.write("accession.json", draft.to_string());
    let filed = ledger.act(&["file", "accession.json", "-k", "CMD.REQ", "--json"]).ends(0).json();
    let id = filed["stream"].as_str().unwrap().trim_start_matches("agr:").to_owned();
    for key in ["CMD.IGL", "HCK.IGL"] {
        act(ledger, &["triage", &id, "--outcome", "ACCEPTED", "-k", key]);
    }
    act(ledger, &["submit", &id, "--approve-by", &ledger.day(20), "-k", "HCK.IGL"]);
    act(ledger, &["join", &id, "row.yaml", "--reason", "The same children live here.", "-k", "ISL.IGL"]);
    let parties = ledger.show(&id)["parties"].clone();
    assert!(parties.as_array().unwrap().iter().any(|row| row["organisation"] == "ISL"), "{parties}");
}

#[test]
fn agreements_made_elsewhere_and_emergencies_are_recorded_and_confirmed() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    ledger.shop.write("signed.pdf", "%PDF-1.7 a scan");
    let known = "lead_party: HCK\nagreement_type: C2C\nparties:\n  - {organisation: CMD, capacity: RECIPIENT}\n  - {organisation: HCK, capacity: PROVIDER}\n";
    ledger.shop.write("known.yaml", known);
    let import = ["import", "known.yaml", "--status", "ACTIVE", "--source", "The contracts register", "-k", "HCK.IGL"];
    let mut imported = Vec::new();
    for _ in 0..2 {
        let receipt = ledger.act(&[&import[..], &["--json"]].concat()).ends(0);
        let receipt = receipt.says("is missing: datasets, effective_date").json();
        let id = receipt["stream"].as_str().unwrap().trim_start_matches("agr:").to_owned();
        imported.push((id, receipt["id"].as_str().unwrap().to_owned()));
    }
    let [(one, first), (two, second)] = imported.as_slice() else { panic!("two imports") };
    let confirm = |id: &str, event: &str, key: &str| {
        act(&ledger, &["confirm-import", id, "--import", event, "--document", "signed.pdf", "-k", key]);
    };
    confirm(one, first, "CMD.SIG");
    confirm(one, first, "HCK.SIG");
    assert_eq!(ledger.show(one)["import"]["confirmed"], 2);
    act(&ledger, &["dispute-import", two, "--import", second, "--reason", "It ended in 2019.", "-k", "CMD.SIRO"]);
    // What an import lacks comes with an amendment that brings the terms whole.
    let draft = ["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q", "--json"];
    let mut whole: Value = ledger.shop.run(&draft).ends(0).json();
    whole["terms"]["term"]["effective_date"] = json!(ledger.day(0));
    ledger.shop.write("whole.json", whole.to_string());
    let why = ["--summary", "The terms whole.", "--reasons", "The import had gaps.", "-k", "HCK.IGL"];
    let told = ledger.act(&[&["amend", one, "whole.json"], &why[..]].concat()).ends(0);
    told.says("It is an amendment of class M3.").says("Against version 1 it changes: /agreement_type, ");
    emergency(&ledger, &mut whole);
    ledger.recorded(ELSEWHERE);
}

fn emergency(ledger: &Served, draft: &mut Value) {
    draft["terms"]["agreement_type"] = json!("EMG");
    draft["terms"]["emergency"] =
        json!({ "declared_by": "The duty director", "ground": "LIFE", "incident_ref": "Incident 17 of the brigade" });
    draft["terms"]["term"]["end_date"] = json!(ledger.day(20));
    draft["terms"]["term"]["review_date"] = json!(ledger.day(10));
    draft["terms"]["title"] = json!("Children at risk in the fire at the tower block");
    ledger.shop.write("emergency.json", draft.to_string());
    let began = format!("{}T00:00:00.000Z", ledger.day(0));
    let record =
        ["record-emergency", "emergency.json", "--began-at", &began, "--ground", "LIFE", "--reason", "A fire."];
    let receipt = ledger.act(&[&record[..], &["-k", "HCK.SIRO", "--json"]].concat()).ends(0).json();
    let id = receipt["stream"].as_str().unwrap().trim_start_matches("agr:");
    let event = receipt["id"].as_str().unwrap();
    act(ledger, &["confirm-import", id, "--import", event, "--document", "signed.pdf", "-k", "CMD.SIRO"]);
    let advise = ["advise", id, "--outcome", "SUPPORT", "--reasons", "Lives were at risk.", "-k", "HCK.DPO"];
    ledger.act(&advise).ends(0).says("The terms of this version");
}
