//! The door: the rule book of domain.md 1, rule by rule, on agreements that everyone knows.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod cases;
mod edges;
mod examples;
mod filing;
mod messages;
mod neighbours;
mod screening;
mod signers;
mod totality;

use serde_json::json;

use examples::{charge_points, children, cuckooing, duty_to_refer, knives, tower_block};

#[test]
fn the_agreements_that_everyone_knows_keep_every_rule() {
    for (name, example) in [
        ("children", children()),
        ("charge points", charge_points()),
        ("knives", knives()),
        ("tower block", tower_block()),
        ("cuckooing", cuckooing()),
        ("duty to refer", duty_to_refer()),
    ] {
        let validation = example.judge();
        let errors: Vec<_> = validation.messages.iter().filter(|message| message.is_error()).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert!(validation.header.is_some() && validation.is_valid(), "{name}");
    }
    let short = children().with(&[("/terms/title", json!("Short"))]).judge();
    assert!(short.header.is_some() && !short.is_valid());
}

#[test]
fn s1_a_vehicle_registration_makes_open_data_personal() {
    let example = charge_points()
        .with(&[("/terms/datasets/0/fields/1", examples::field("vehicle_registration", "NONE", "ASSET"))]);
    let said = example.said();
    let says = |code: &str, message: &str| said.contains(&(code.to_owned(), message.to_owned()));
    assert!(
        says(
            "V-66",
            "`vehicle_registration` identifies people (a vehicle registration), so this dataset is at least personal data."
        ),
        "{said:#?}"
    );
    assert!(says("V-111", "Only non-personal, open data can be published under an open licence."), "{said:#?}");
}

#[test]
fn s3_a_council_cannot_give_the_police_what_patients_told() {
    let mut attendance = knives().terms["datasets"][0].clone();
    attendance["name"] = json!("Attendance by named patient");
    attendance["flags"] = json!(["PATIENT_INFO"]);
    attendance["data_class"] = json!("SC");
    let example = knives().with(&[
        ("/terms/datasets/0", attendance),
        ("/terms/purpose_codes", json!(["SERIOUS_VIOLENCE", "CRIME_ENFORCEMENT"])),
        ("/terms/gateways/0", json!({ "code": "PCSC-16", "holder": "CRY", "use": ["DISCLOSE", "RECEIVE"] })),
    ]);
    let said = example.said();
    let message = "Section 16 does not allow patient information, nor personal information disclosed by a health or social care authority.";
    assert!(said.contains(&("G-SVD".to_owned(), message.to_owned())), "{said:#?}");
}

#[test]
fn s6_recognised_legitimate_interest_is_refused_to_the_council_and_open_to_the_association() {
    let example =
        cuckooing().with(&[("/terms/lawful_basis/BNE", json!(["EA"])), ("/terms/annex1_condition/BNE", json!("A1-6"))]);
    let messages: Vec<_> =
        example.judge().messages.into_iter().filter(counterpart_core::message::Message::is_error).collect();
    assert_eq!(messages.len(), 1, "{messages:#?}");
    assert_eq!(messages[0].code, "V-38");
    assert_eq!(messages[0].path, "/terms/lawful_basis/BNE");
    assert_eq!(
        messages[0].message,
        "Recognised legitimate interest is not open to a public authority performing its tasks. Use public task, or choose it only for a party that is not a public authority."
    );
    assert_eq!(messages[0].help, "Change the basis of BNE.");
}

#[test]
fn s8_a_duty_to_refer_is_no_way_to_the_police() {
    let example = duty_to_refer().with(&[
        ("/terms/gateways/0", json!({ "code": "HRA-213B", "holder": "LBH", "use": ["DISCLOSE"] })),
        ("/terms/purpose_codes", json!(["HOMELESSNESS", "CRIME_PREVENTION"])),
    ]);
    let said = example.said();
    let message = "A duty-to-refer notification needs the person's consent and their choice of authority.";
    assert!(said.contains(&("G-HRA".to_owned(), message.to_owned())), "{said:#?}");
    assert_eq!(example.errors(), ["G-HRA"]);
    // The force holds no power to receive under it either: both are said.
    let example = duty_to_refer().with(&[
        (
            "/terms/gateways",
            json!([
                { "code": "HRA-213B", "holder": "LBH", "use": ["DISCLOSE"] },
                { "code": "HRA-213B", "holder": "MPS", "use": ["RECEIVE"] },
            ]),
        ),
        ("/terms/purpose_codes", json!(["HOMELESSNESS"])),
    ]);
    let said = example.said();
    assert!(said.iter().any(|(code, _)| code == "G-HRA"), "{said:#?}");
}

#[test]
fn everything_is_told_at_once_in_the_order_of_the_catalogue() {
    let example = children().with(&[
        ("/terms/title", json!("Short")),
        ("/terms/agreement_type", json!("FRIENDLY")),
        ("/terms/purpose", json!("Because.")),
        ("/terms/datasets/0/frequency", json!("SOMETIMES")),
        ("/terms/term/end_date", json!("2026-11-30")),
        ("/parties/1/regime", serde_json::Value::Null),
    ]);
    let validation = example.judge();
    assert_eq!(validation.header, None, "what was mended has no header");
    let codes = example.errors();
    for code in ["V-02", "V-03", "V-24", "V-30", "V-71", "V-95"] {
        assert!(codes.iter().any(|other| other == code), "{code} of {codes:?}");
    }
    assert_eq!(codes[0], "V-02");
    let told = validation.messages.iter().find(|message| message.path == "/terms/datasets/0/frequency").unwrap();
    assert!(told.message.contains("one of ONCE, AD_HOC"), "{}", told.message);
}
