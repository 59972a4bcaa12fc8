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
        _ => of_class(name.strip_prefix("class ").unwrap_or_else(|| panic!("{name}"))),
    }
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
