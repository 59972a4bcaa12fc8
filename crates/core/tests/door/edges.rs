//! Where each rule begins and ends: the nearest document that it stops, and the nearest that it lets pass.

use serde_json::{Map, Value};

use crate::cases::named;

/// One line of `edges.json`: a code, an agreement, changes under which it is told, and changes under which it is not.
#[derive(serde::Deserialize)]
struct Edge(String, String, Map<String, Value>, Map<String, Value>);

impl Edge {
    fn is_told(&self, changes: &Map<String, Value>) -> bool {
        let changes: Vec<(&str, Value)> =
            changes.iter().map(|(place, value)| (place.as_str(), value.clone())).collect();
        named(&self.1).with(&changes).said().iter().any(|(code, _)| *code == self.0)
    }
}

#[test]
fn each_rule_begins_where_it_should_and_no_earlier() {
    let edges: Vec<Edge> = serde_json::from_str(include_str!("edges.json")).unwrap();
    let mut wrong = Vec::new();
    for edge in &edges {
        let Edge(code, example, beyond, within) = edge;
        if !edge.is_told(beyond) {
            wrong.push(format!("{code} is not told of {example} with {beyond:?}"));
        }
        if edge.is_told(within) {
            wrong.push(format!("{code} is told of {example} with {within:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
