//! Who must sign for whom (domain.md 2.2): a row of that table each.

use counterpart_core::header::SignatureKind;
use serde_json::{Value, json};

use crate::cases::named;

/// What is asked of a party, as `DPO? IAO SIG!`: advice has a question mark, an execution an exclamation mark.
fn asked(example: &str, changes: &[(&str, Value)], party: usize) -> String {
    let header = named(example).with(changes).judge().header.unwrap_or_else(|| panic!("{example}"));
    let roles = header.parties[party].required_roles.iter().map(|required| {
        let mark = match required.kind {
            SignatureKind::Advice => "?",
            SignatureKind::Approval => "",
            SignatureKind::Execution => "!",
        };
        format!("{}{mark}", required.role)
    });
    roles.collect::<Vec<_>>().join(" ")
}

/// An agreement, what is changed in it, and what is asked of the provider and of the recipient.
type Row<'a> = (&'a str, Vec<(&'a str, Value)>, &'a str, &'a str);

#[test]
#[expect(clippy::too_many_lines, reason = "a row for each line of the table")]
fn each_row_of_the_table_of_signatures_asks_for_what_is_printed() {
    let class = |class: &str| ("/terms/datasets/0/data_class", json!(class));
    let flags = |flags: &[&str]| ("/terms/datasets/0/flags", json!(flags));
    let kind = |kind: &str| ("/terms/agreement_type", json!(kind));
    let more = |code: &str, holder: &str| {
        let all = json!([
            { "code": "CA89-47", "holder": "CMD", "use": ["RECEIVE"] },
            { "code": "CA89-27", "holder": "HCK", "use": ["DISCLOSE"] },
            { "code": code, "holder": holder, "limits_checked": true, "use": ["DISCLOSE", "RECEIVE"] },
        ]);
        ("/terms/gateways", all)
    };
    let said_of = |member: &str, holder: &str| {
        let mut all = json!([
            { "code": "CA89-47", "holder": "CMD", "use": ["RECEIVE"] },
            { "code": "CA89-27", "holder": "HCK", "use": ["DISCLOSE"] },
        ]);
        all[usize::from(holder == "HCK")][member] = json!(true);
        ("/terms/gateways", all)
    };
    let dpia = |residual: &str| {
        let made = json!({ "date": "2026-09-01", "owner": "HCK", "reference": "Register 12", "residual": residual, "status": "DONE_AND_CONSULTED" });
        ("/terms/dpia", made)
    };
    let abroad = ("/terms/transfers", json!({ "countries": ["FR"], "mechanism": "ADEQUATE" }));
    let onward = |public: bool| {
        let named = json!([{ "public_sector": public, "purpose": "Attendance", "recipients": "The school" }]);
        ("/terms/datasets/0/onward", json!({ "kind": "NAMED", "named": named }))
    };
    let personal = "DPO? IAO SIG!";
    let rows: Vec<Row<'_>> = vec![
        ("children", vec![], personal, personal),
        ("children", vec![class("PS")], personal, personal),
        ("class AN", vec![], personal, "SIG!"),
        ("class NP-R", vec![kind("NPR")], "IAO SIG!", "SIG!"),
        (
            "class NP-R",
            vec![kind("NPR"), ("/terms/security_class", json!("OFFICIAL_SENSITIVE"))],
            "IAO SEC SIG!",
            "SEC SIG!",
        ),
        ("class AN", vec![("/terms/security_class", json!("OFFICIAL_SENSITIVE"))], personal, "SIG!"),
        ("class SC", vec![], "DPO? IAO SIRO SIG!", "DPO? IAO SIRO SIG!"),
        ("class CO", vec![], "DPO? IAO SIRO SIG!", "DPO? IAO SIRO SIG!"),
        ("children", vec![flags(&["ADULT_SC"])], "DPO? CG IAO SIG!", "DPO? IAO SIRO SIG!"),
        ("children", vec![flags(&["PATIENT_INFO"])], "DPO? CG IAO SIG!", "DPO? IAO SIRO SIG!"),
        ("children", vec![flags(&["CHILD_SC"])], personal, personal),
        ("children", vec![more("HSCA-251B", "CMD")], "DPO? CG IAO SIG!", "DPO? IAO SIRO SIG!"),
        ("children", vec![dpia("HIGH")], "DPO? LGL? IAO SIRO SIG!", "DPO? LGL? IAO SIRO SIG!"),
        ("children", vec![dpia("MEDIUM")], personal, personal),
        ("children", vec![abroad], "DPO? LGL? IAO SIRO SIG!", "DPO? LGL? IAO SIRO SIG!"),
        ("children", vec![flags(&["LARGE_SCALE"])], "DPO? LGL? IAO SIRO SIG!", "DPO? LGL? IAO SIRO SIG!"),
        ("children", vec![onward(false)], "DPO? LGL? IAO SIRO SIG!", "DPO? LGL? IAO SIRO SIG!"),
        ("children", vec![onward(true)], personal, personal),
        (
            "children",
            vec![("/terms/automated_decisions", json!("SOLELY_AUTOMATED"))],
            "DPO? LGL? IAO SIRO SIG!",
            "DPO? LGL? IAO SIRO SIG!",
        ),
        ("children", vec![("/terms/automated_decisions", json!("SUPPORT"))], personal, personal),
        // Only the party that relies on such a power asks its lawyer.
        ("children", vec![more("LOC-1", "HCK")], "DPO? LGL? IAO SIG!", personal),
        ("children", vec![more("LOC-1", "CMD")], personal, "DPO? LGL? IAO SIG!"),
        // Whoever relies on an implied power, or says that a lawyer was asked.
        ("children", vec![said_of("implied", "HCK")], "DPO? LGL? IAO SIG!", personal),
        ("children", vec![said_of("implied", "CMD")], personal, "DPO? LGL? IAO SIG!"),
        ("children", vec![said_of("legal_opinion", "HCK")], "DPO? LGL? IAO SIG!", personal),
        ("children", vec![said_of("legal_opinion", "CMD")], personal, "DPO? LGL? IAO SIG!"),
        // One dataset of several is enough.
        (
            "circle",
            vec![("/terms/datasets/1/flags", json!(["LARGE_SCALE"]))],
            "DPO? LGL? IAO SIRO SIG!",
            "DPO? LGL? IAO SIRO SIG!",
        ),
        (
            "circle",
            vec![("/terms/datasets/0/flags", json!(["LARGE_SCALE"]))],
            "DPO? LGL? IAO SIRO SIG!",
            "DPO? LGL? IAO SIRO SIG!",
        ),
        (
            "circle",
            vec![("/terms/datasets/1/flags", json!(["ADULT_SC"]))],
            "DPO? CG IAO SIRO SIG!",
            "DPO? IAO SIRO SIG!",
        ),
        (
            "circle",
            vec![("/terms/datasets/0/flags", json!(["ADULT_SC"]))],
            "DPO? CG IAO SIRO SIG!",
            "DPO? IAO SIRO SIG!",
        ),
        ("circle", vec![], personal, personal),
        ("processing", vec![], "DPO? IAO SEC SIG!", "SEC SIG!"),
        ("duty to refer", vec![], "DPO? IAO SIRO SIG!", "DPO? LEO SIRO SIG!"),
        ("knives", vec![], "DPO? LEO SIRO SIG!", "DPO? LGL? LEO SIRO SIG!"),
    ];
    let mut wrong = Vec::new();
    for (example, changes, provider, recipient) in &rows {
        // Who provides comes second in the agreements between boroughs, first in the others.
        let (gives, gets) = if matches!(*example, "duty to refer" | "knives") { (0, 1) } else { (1, 0) };
        for (party, expected) in [(gives, provider), (gets, recipient)] {
            let found = asked(example, changes, party);
            if found != **expected {
                wrong.push(format!("{example} with {changes:?}, party {party}: {found}, not {expected}"));
            }
        }
    }
    assert_eq!(asked("charge points", &[], 0), "IAO OPN SIG!");
    // Neither scale nor a doubtful power asks more of open data; in an emergency no lawyer is waited for.
    assert_eq!(asked("charge points", &[("/terms/datasets/0/flags", json!(["LARGE_SCALE"]))], 0), "IAO OPN SIG!");
    let doubtful = json!([{ "code": "LOC-1", "holder": "CMD", "limits_checked": true, "use": ["DISCLOSE"] }]);
    assert_eq!(asked("charge points", &[("/terms/gateways", doubtful)], 0), "IAO OPN SIG!");
    let large = json!(["CONFIDENTIAL", "LARGE_SCALE"]);
    assert_eq!(asked("tower block", &[("/terms/datasets/0/flags", large)], 0), "SIRO SIRO!");
    assert_eq!(asked("charge points", &[("/terms/datasets/0/flags", json!(["WAS_PERSONAL"]))], 0), "DPO? IAO OPN SIG!");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
