//! Each rule stops its own mistake, in its own words; what no rule produces here is named with the reason.

use std::collections::BTreeSet;

use counterpart_core::door;
use serde_json::{Value, json};

use crate::examples::{Example, charge_points, children, cuckooing, duty_to_refer, field, knives, tower_block};

/// The codes of domain.md 1 and amendments.md that a document cannot bring up, and why.
const ELSEWHERE: [(&str, &str); 3] = [
    ("V-01", "terms carry no reference of their own; a reference in a request is read by the server"),
    ("V-116", "it asks for a signature: the derived header requires the Caldicott Guardian"),
    ("V-120", "no template can be published before the events of templates stand (V-09 answers)"),
];

/// Told of the words of events, not of terms: see `filing.rs`.
const OF_EVENTS: [&str; 1] = ["V-123"];

/// One line of `cases.json`: a code, its message (or how it begins), an agreement, and what is changed in it.
#[derive(serde::Deserialize)]
struct Case(String, String, String, serde_json::Map<String, Value>);

impl Case {
    fn example(&self) -> Example {
        let changes: Vec<(&str, Value)> = self.3.iter().map(|(place, value)| (place.as_str(), value.clone())).collect();
        named(&self.2).with(&changes)
    }
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("cases.json")).unwrap()
}

/// The agreement of a name.
pub fn named(name: &str) -> Example {
    match name {
        "children" => children(),
        "charge points" => charge_points(),
        "knives" => knives(),
        "tower block" => tower_block(),
        "cuckooing" => cuckooing(),
        "duty to refer" => duty_to_refer(),
        "special" => special(),
        "three" => three(),
        "joint" => joint(),
        "processing" => processing(),
        "many" => many(),
        "early" => Example { on: "2026-02-04", ..cuckooing() },
        "old" => Example { on: "2028-09-02", ..children() },
        "similar" => Example { similar: vec!["DSA-2026-000007".to_owned()], ..children() },
        "stranger" => Example { requesting: "ISL", ..children() },
        "pooled" => pooled(),
        "circle" => circle(),
        "hosted" => hosted(),
        "patients" => patients(),
        "from the police" => from_the_police(),
        "watched" => children().with(&[
            ("/terms/sharing_mode", json!("CONTINUOUS")),
            ("/contacts/CMD/breach_monitored", json!(true)),
            ("/contacts/HCK/breach_monitored", json!(true)),
        ]),
        "screened" => children().with(&[
            ("/terms/datasets/0/flags", json!(["LARGE_SCALE"])),
            ("/terms/dpia", json!({ "status": "NOT_REQUIRED", "reference": "Screening 3", "owner": "HCK" })),
        ]),
        _ => match name.strip_prefix("class ") {
            Some(class) => of_class(class),
            None => on_a_day(name).unwrap_or_else(|| panic!("{name}")),
        },
    }
}

/// An agreement of a name as it is judged on a day: `children on 2026-06-19`.
fn on_a_day(name: &str) -> Option<Example> {
    const DAYS: [&str; 6] = ["2026-02-05", "2026-02-06", "2026-06-18", "2026-06-19", "2028-09-01", "2031-05-06"];
    let (name, day) = name.split_once(" on ")?;
    let on = DAYS.into_iter().find(|known| *known == day)?;
    Some(Example { on, ..named(name) })
}

/// Data of a class that asks for no more than its own rules.
fn of_class(class: &str) -> Example {
    children().with(&[
        ("/terms/datasets/0/data_class", json!(class)),
        ("/terms/datasets/0/fields", json!([field("school year", "NONE", "EDUCATION")])),
    ])
}

fn special() -> Example {
    children().with(&[
        ("/terms/datasets/0/data_class", json!("SC")),
        ("/terms/art9_condition", json!({ "CMD": ["H"], "HCK": ["H"] })),
        ("/terms/sch1_condition", json!({ "CMD": [2], "HCK": [2] })),
    ])
}

fn three() -> Example {
    let example = children();
    let mut parties = example.parties.clone();
    let rows = parties.as_array_mut().unwrap();
    rows.push(crate::examples::party("ISL", "RECIPIENT", "CHILD_SC"));
    let notice = example.terms["privacy_notice"]["HCK"].clone();
    let mut gateways = example.terms["gateways"].clone();
    gateways.as_array_mut().unwrap().push(json!({ "code": "CA89-47", "holder": "ISL", "use": ["RECEIVE"] }));
    Example { contacts: crate::examples::contacts(&["CMD", "HCK", "ISL"]), ..example }.with(&[
        ("/parties", parties),
        ("/terms/lawful_basis/ISL", json!(["E"])),
        ("/terms/privacy_notice/ISL", notice),
        ("/terms/gateways", gateways),
        ("/terms/continuation", json!({ "min_parties": 2 })),
        ("/terms/datasets/0/recipients", json!(["CMD", "ISL"])),
    ])
}

/// Three boroughs, each of which gives and receives, screened only.
fn pooled() -> Example {
    let mut example = three();
    for at in 0..3 {
        example.parties[at]["capacity"] = json!("BOTH");
    }
    let powers =
        ["CMD", "HCK", "ISL"].map(|code| json!({ "code": "CA89-47", "holder": code, "use": ["DISCLOSE", "RECEIVE"] }));
    example.with(&[
        ("/terms/sharing_mode", json!("POOLED")),
        ("/terms/equality_note", json!("Looked at for each group.")),
        ("/terms/gateways", json!(powers)),
        ("/terms/datasets/0/provider", json!("*")),
        ("/terms/datasets/0/recipients", json!("*")),
        ("/terms/dpia", json!({ "status": "NOT_REQUIRED", "reference": "Screening 3", "owner": "HCK" })),
    ])
}

/// Two datasets, each between other boroughs: personal data from Hackney, what was personal from Islington.
fn circle() -> Example {
    let mut example = three();
    for (at, capacity) in [(1, "BOTH"), (2, "BOTH")] {
        example.parties[at]["capacity"] = json!(capacity);
    }
    let mut second = example.terms["datasets"][0].clone();
    second["data_class"] = json!("AN");
    second["provider"] = json!("ISL");
    second["recipients"] = json!(["HCK"]);
    second["fields"] = json!([field("school year", "NONE", "EDUCATION")]);
    second["anonymisation"] = json!({ "method": "AGGREGATION", "residual_risk": "LOW", "tested_by": "An analyst", "tested_on": "2026-11-01" });
    second["no_reidentification"] = json!(true);
    second["disclosure_risk_statement"] = json!("Counts below five are suppressed, and no child is in them.");
    let powers =
        ["CMD", "HCK", "ISL"].map(|code| json!({ "code": "CA89-47", "holder": code, "use": ["DISCLOSE", "RECEIVE"] }));
    let first = example.terms["datasets"][0].clone();
    example.with(&[
        ("/terms/gateways", json!(powers)),
        ("/terms/datasets", json!([first, second])),
        ("/terms/datasets/0/recipients", json!(["CMD"])),
    ])
}

/// A supplier hosts what Hackney gives to Camden.
fn hosted() -> Example {
    let mut example = three();
    example.parties[2] = crate::examples::party("SUP", "PLATFORM", "CHILD_SC");
    example.parties[2]["legal_role"] = json!("PROCESSOR");
    let gateways = example.terms["gateways"].as_array().unwrap()[..2].to_vec();
    Example { contacts: crate::examples::contacts(&["CMD", "HCK", "SUP"]), ..example }.with(&[
        ("/terms/lawful_basis/ISL", Value::Null),
        ("/terms/privacy_notice/ISL", Value::Null),
        ("/terms/gateways", json!(gateways)),
        ("/terms/datasets/0/recipients", json!(["CMD", "SUP"])),
    ])
}

/// A care board tells a borough and a housing association of patients.
fn patients() -> Example {
    let example = three();
    let notice = example.terms["privacy_notice"]["HCK"].clone();
    let parties = json!([
        crate::examples::party("CMD", "RECIPIENT", "ADULT_SC"),
        crate::examples::party("NEL", "PROVIDER", "NHS"),
        crate::examples::party("HAS", "RECIPIENT", "HOUSING"),
    ]);
    let mut contacts = crate::examples::contacts(&["CMD", "NEL", "HAS"]);
    for code in ["CMD", "NEL", "HAS"] {
        contacts[code]["dspt"] = json!({ "date": "2026-06-30", "status": "MET" });
    }
    Example { parties, contacts, ..example }.with(&[
        ("/terms/lead_party", json!("CMD")),
        ("/terms/lawful_basis", json!({ "CMD": ["E"], "NEL": ["E"], "HAS": ["F"] })),
        ("/terms/lia_ref", json!({ "HAS": "The assessment of the autumn" })),
        ("/terms/privacy_notice", json!({ "CMD": notice, "NEL": notice, "HAS": notice })),
        ("/terms/breach/lead", json!("NEL")),
        ("/terms/datasets/0/provider", json!("NEL")),
        ("/terms/datasets/0/recipients", json!(["CMD", "HAS"])),
        ("/terms/datasets/0/flags", json!(["PATIENT_INFO", "ADULT_SC"])),
        (
            "/terms/gateways",
            json!([
                { "code": "LOC-1", "holder": "CMD", "limits_checked": true, "use": ["RECEIVE"] },
                { "code": "HSCA-251B", "holder": "NEL", "use": ["DISCLOSE"] },
            ]),
        ),
    ])
}

/// The force tells Camden and Hackney what it knows, for a purpose that is no enforcement.
fn from_the_police() -> Example {
    let mut example = named("knives");
    let second = example.terms["datasets"][1].clone();
    let notice = children().terms["privacy_notice"]["HCK"].clone();
    example.parties = json!([
        crate::examples::party("CRY", "RECIPIENT", "CHILD_SC"),
        crate::examples::party("MPS", "PROVIDER", "POLICING"),
        crate::examples::party("HCK", "RECIPIENT", "CHILD_SC"),
    ]);
    example.parties[1]["regime"] = json!("PART3");
    Example { contacts: crate::examples::contacts(&["CRY", "MPS", "HCK"]), ..example }.with(&[
        ("/terms/agreement_type", json!("LE-GP")),
        ("/terms/datasets", json!([second.clone(), second])),
        ("/terms/datasets/1/recipients", json!(["CRY", "HCK"])),
        ("/terms/part3/MPS/onward_gateway", json!("CDA-115")),
        ("/terms/part3/CRY", Value::Null),
        ("/terms/lawful_basis", json!({ "CRY": ["E"], "HCK": ["E"] })),
        ("/terms/privacy_notice/CRY", notice.clone()),
        ("/terms/privacy_notice/HCK", notice),
        ("/terms/continuation", json!({ "min_parties": 2 })),
        (
            "/terms/gateways",
            json!([
                { "code": "CDA-115", "holder": "CRY", "use": ["RECEIVE"] },
                { "code": "CDA-115", "holder": "HCK", "use": ["RECEIVE"] },
                { "code": "POL-COMMON", "holder": "MPS", "use": ["DISCLOSE"] },
            ]),
        ),
    ])
}

fn joint() -> Example {
    let mut example = children().with(&[("/terms/agreement_type", json!("JC"))]);
    for at in 0..2 {
        example.parties[at]["legal_role"] = json!("JOINT_CONTROLLER");
    }
    example
}

fn processing() -> Example {
    let mut example = children().with(&[("/terms/agreement_type", json!("C2P"))]);
    example.parties[0]["legal_role"] = json!("PROCESSOR");
    example.terms["lawful_basis"] = json!({ "HCK": ["E"] });
    example
}

/// Two hundred datasets, each kept for another time, so that no two share a row.
fn many() -> Example {
    let mut example = children();
    let dataset = example.terms["datasets"][0].clone();
    let kept = |at: usize| {
        let mut dataset = dataset.clone();
        dataset["retention"]["period"] = json!(format!("P{}D", at + 1));
        dataset
    };
    example.terms["datasets"] = (0..200).map(kept).collect();
    example
}

/// The code of every row of domain.md 1 and of amendments.md.
fn codes_of_the_specification() -> BTreeSet<String> {
    let ranges = [1..=13, 20..=107, 110..=125];
    ranges.into_iter().flatten().map(|number| format!("V-{number:02}")).collect()
}

#[test]
fn each_rule_stops_its_own_mistake_in_its_own_words() {
    let mut missing = Vec::new();
    for case in cases() {
        let Case(code, message, ..) = &case;
        let said = case.example().said();
        if !said.iter().any(|(other, told)| other == code && told.starts_with(message.as_str())) {
            missing.push(format!("{code} {message:?}\n   of {said:#?}"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_rule_of_the_specification_is_produced_or_has_a_reason() {
    let produced: BTreeSet<String> = cases().into_iter().map(|case| case.0).collect();
    let elsewhere: BTreeSet<String> = ELSEWHERE.iter().map(|(code, _)| (*code).to_owned()).collect();
    for code in codes_of_the_specification() {
        let known = produced.contains(&code) || elsewhere.contains(&code) || OF_EVENTS.contains(&code.as_str());
        assert!(known, "{code} is neither produced nor explained");
        assert!(!(produced.contains(&code) && elsewhere.contains(&code)), "{code} is produced after all");
    }
}

#[test]
fn every_rule_of_the_program_is_produced_by_a_case() {
    let said: Vec<(String, String)> =
        cases().iter().flat_map(|case| case.example().said()).chain(crate::filing::said_of_events()).collect();
    for rule in door::rules() {
        let opening = rule.message.split("{}").next().unwrap_or_default();
        let told = |(code, message): &(String, String)| {
            code == rule.code && (message.starts_with(opening) || code.starts_with("G-"))
        };
        // Rules that CL-GATE words itself are told under the code and message of their row.
        let guarded =
            ["mode", "classes", "recipients", "care", "objective", "confirmed", "agreed", "categories", "alone"];
        assert!(
            said.iter().any(told) || (rule.code == "V-47" && guarded.contains(&rule.name)),
            "{} {} is produced by no case",
            rule.code,
            rule.name
        );
    }
}

#[test]
fn warnings_are_those_of_the_specification() {
    let warnings: BTreeSet<&str> =
        door::rules().filter(|rule| rule.severity.as_str() == "warning").map(|rule| rule.code).collect();
    let expected: BTreeSet<&str> =
        ["V-12", "V-28", "V-36", "V-46", "V-49", "V-66", "V-84", "V-119", "V-122", "V-124"].into();
    assert_eq!(warnings, expected);
}
