//! Every event that a person signs has a verb, and every verb was used against a server.

use std::collections::BTreeSet;

use counterpart_core::event::data::EventType;

use crate::{life, offices};

/// What no transcript records, and why.
const NOT_RECORDED: &[(&str, &str)] = &[
    ("CodeListPublished", "this program holds one version of each list; the verb is shown with its refusal (E10)"),
    ("PolicyPublished", "this program holds one version of each policy; the verb is shown with its refusal (E10)"),
    ("RulesAdopted", "this program carries one version of the rules; the verb is shown with its refusal (E04)"),
    ("LogKeyChanged", "`log_key.rs` changes it with a server that signs with the new key; here the refusal (K06)"),
];

#[test]
fn every_event_that_a_person_signs_was_recorded_by_its_verb_or_there_is_a_reason() {
    let recorded = life::RECORDED.iter().chain(&offices::RECORDED);
    let mut known: BTreeSet<&str> = recorded.flat_map(|names| names.iter().copied()).collect();
    for (name, why) in NOT_RECORDED {
        assert!(!why.is_empty() && known.insert(name), "{name} stands twice");
    }
    let all: BTreeSet<&str> = EventType::ALL.iter().map(|event_type| event_type.as_str()).collect();
    let without: Vec<&&str> = all.difference(&known).collect();
    assert!(without.is_empty(), "neither a verb nor a reason: {without:?}");
    let gone: Vec<&&str> = known.difference(&all).collect();
    assert!(gone.is_empty(), "there are no such events: {gone:?}");
}
