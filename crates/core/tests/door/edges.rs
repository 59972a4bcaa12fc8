//! Where each rule begins and ends: the nearest document that it stops, and the nearest that it lets pass.
//!
//! `edges.json` has the edge of each rule, `corners.json` those of several conditions at once, `powers.json` those of
//! legal gateways.

use counterpart_core::door::Validation;
use counterpart_core::event::data::Visibility;
use serde_json::{Map, Value, json};

use crate::cases::named;
use crate::examples::Example;

/// One line of a file: a code, an agreement, changes under which it is told, and changes under which it is not. Behind
/// the code, and a colon, may stand some of what is told.
#[derive(serde::Deserialize)]
struct Edge(String, String, Map<String, Value>, Map<String, Value>);

impl Edge {
    fn judged(&self, changes: &Map<String, Value>) -> Validation {
        let changes: Vec<(&str, Value)> =
            changes.iter().map(|(place, value)| (place.as_str(), value.clone())).collect();
        named(&self.1).with(&changes).judge()
    }

    fn is_told(&self, changes: &Map<String, Value>) -> bool {
        let (code, words) = self.0.split_once(": ").unwrap_or((&self.0, ""));
        let mut said = self.judged(changes).messages.into_iter();
        said.any(|message| message.code == code && message.message.contains(words))
    }
}

#[test]
fn each_rule_begins_where_it_should_and_no_earlier() {
    let mut wrong = Vec::new();
    for file in [include_str!("edges.json"), include_str!("corners.json"), include_str!("powers.json")] {
        let edges: Vec<Edge> = serde_json::from_str(file).unwrap();
        for edge in &edges {
            let Edge(code, example, beyond, within) = edge;
            if !edge.is_told(beyond) {
                wrong.push(format!("{code} is not told of {example} with {beyond:?}"));
            }
            if edge.is_told(within) {
                wrong.push(format!("{code} is told of {example} with {within:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn corners_are_documents_that_every_rule_has_judged() {
    let files = [include_str!("corners.json"), include_str!("powers.json")];
    let edges = files.iter().flat_map(|file| serde_json::from_str::<Vec<Edge>>(file).unwrap());
    let sides =
        edges.flat_map(|edge| [edge.judged(&edge.2), edge.judged(&edge.3)].map(|judged| (edge.0.clone(), judged)));
    let unread: Vec<String> = sides.filter(|(_, judged)| judged.header.is_none()).map(|(code, _)| code).collect();
    assert!(unread.is_empty(), "{unread:?}");
}

#[test]
fn what_a_day_brings_begins_on_that_day() {
    let silent: [(&str, Value); 1] = [("/contacts/CMD/complaints", Value::Null)];
    for (code, name, changes, told) in [
        // Recognised legitimate interest, and complaints that must be acknowledged.
        ("V-38", "early", &[][..], true),
        ("V-38", "cuckooing on 2026-02-05", &[], false),
        ("V-27", "children on 2026-06-18", &silent, false),
        ("V-27", "children on 2026-06-19", &silent, true),
        // An assessment of 1 September 2026 is good for two years.
        ("V-89", "children on 2028-09-01", &[], false),
        ("V-89", "old", &[], true),
    ] {
        let said = named(name).with(changes).said();
        assert_eq!(said.iter().any(|(other, _)| other == code), told, "{code} of {name}");
    }
}

#[test]
fn only_an_open_ledger_tells_what_becomes_public_and_refuses_what_must_stay_secret() {
    let secret = json!({ "register": "WITHHOLD", "exemption": "FOIA-S24", "look_again": "2027-09-01" });
    for (visibility, told) in [(Visibility::Open, true), (Visibility::Closed, false)] {
        let said = Example { visibility, ..named("children") }.with(&[("/terms/publication", secret.clone())]).said();
        for code in ["V-121", "V-122"] {
            assert_eq!(said.iter().any(|(other, _)| other == code), told, "{code} in a ledger that is {visibility}");
        }
    }
}
