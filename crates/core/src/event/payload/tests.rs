//! The direct reader against the careful one, which is older and looks at everything three times.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{careful, direct};
use crate::json::to_jcs;
use crate::wire::Entry;

/// The payloads of a log in which every type of event stands, and of what was offered to it and refused.
static PAYLOADS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let entries = include_str!("../../../tests/golden/rules-1/entries.ndjson");
    let entries = entries.lines().map(|line| Entry::parse(line.as_bytes()).unwrap().envelope.payload);
    let offers = include_str!("../../../tests/golden/rules-1/offers.txt");
    let offers = offers.lines().filter_map(|line| {
        let entry = line.get(line.find('{')?..)?;
        Entry::parse(entry.as_bytes()).ok().map(|entry| entry.envelope.payload)
    });
    entries.chain(offers).collect()
});

/// What both say of a payload. The direct reader may leave one to the other, and may say nothing else than it.
fn agree(payload: &[u8]) -> bool {
    let (fast, slow) = (direct(payload), careful(payload));
    fast.is_err() || fast.ok() == slow.ok()
}

#[test]
fn what_a_ledger_holds_is_read_directly_and_alike() {
    let mut left = 0;
    for payload in PAYLOADS.iter() {
        assert!(agree(payload), "{}", String::from_utf8_lossy(payload));
        left += usize::from(direct(payload).is_err());
    }
    assert!(PAYLOADS.len() > 1_500, "{}", PAYLOADS.len());
    assert!(left * 50 < PAYLOADS.len(), "{left} of {} were left to the careful reader", PAYLOADS.len());
}

#[test]
fn a_payload_and_its_signers_are_objects_and_no_lists() {
    let payload: Value = serde_json::from_slice(&PAYLOADS[1]).unwrap();
    let list = |object: &Value| Value::from(object.as_object().unwrap().values().cloned().collect::<Vec<_>>());
    let mut signer = payload.clone();
    for one in signer["signers"].as_array_mut().unwrap() {
        // In the order of declaration, which serde would take.
        *one = json!([Value::Null, one["key"], one["organisation"], one["person"], one["role"]]);
        one.as_array_mut().unwrap().remove(0);
    }
    for wrong in [list(&payload), signer] {
        let wrong = serde_json::to_vec(&wrong).unwrap();
        assert!(direct(&wrong).is_err());
        assert_eq!(careful(&wrong).unwrap_err().code(), "E03");
    }
}

/// Puts a value in the place of another, so many places further in.
fn put(value: &mut Value, place: &mut usize, odd: &Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| put(member, place, odd)),
        Value::Array(elements) if !elements.is_empty() => elements.iter_mut().for_each(|one| put(one, place, odd)),
        leaf @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            if *place == 0 {
                leaf.clone_from(odd);
            }
            *place = place.wrapping_sub(1);
        }
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({})),
        Just(json!([])),
        Just(json!({ "$commit": 1 })),
        Just(json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })),
        Just(json!({ "$commit": format!("hmac-sha256:{}", "AB".repeat(32)) })),
        any::<bool>().prop_map(Value::from),
        prop_oneof![Just(0_i64), Just(1), Just(-1), Just(255), Just(256), any::<i64>()].prop_map(Value::from),
        prop_oneof![
            Just("*".to_owned()),
            Just("DS-1".to_owned()),
            Just("CMD".to_owned()),
            Just("sys".to_owned()),
            Just("2026-03-01".to_owned()),
            Just("Kraków \u{1F600}".to_owned()),
            Just("a \"word\"\n".to_owned()),
            "[ -~]{0,8}",
        ]
        .prop_map(Value::from),
    ]
}

proptest! {
    #[test]
    fn other_bytes_are_read_alike(
        at in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..4, prop::sample::select(
            b"\"\\{}[],:0123456789-+.eE ntfulrsa\x00\x1f\x7f\xc3\xa9".to_vec()
        )), 1..4),
    ) {
        let mut payload = PAYLOADS[at.index(PAYLOADS.len())].clone();
        for (place, kind, byte) in changes {
            let place = place.index(payload.len());
            match kind {
                0 => payload[place] = byte,
                1 => payload.insert(place, byte),
                2 => drop(payload.remove(place)),
                // What stands there stands twice.
                _ => {
                    let end = (place + usize::from(byte)).min(payload.len());
                    let again = payload[place..end].to_vec();
                    payload.splice(place..place, again);
                }
            }
        }
        prop_assert!(agree(&payload), "{}", String::from_utf8_lossy(&payload));
    }

    #[test]
    fn other_values_are_read_alike(
        at in any::<prop::sample::Index>(),
        mut place in 0_usize..80,
        odd in odd_value(),
    ) {
        let payload = &PAYLOADS[at.index(PAYLOADS.len())];
        let mut value: Value = serde_json::from_slice(payload).unwrap();
        // What is a list or an object itself counts as the places in it.
        put(&mut value, &mut place, &odd);
        // What has no canonical form is tried by the other test.
        if let Ok(payload) = to_jcs(&value) {
            prop_assert!(agree(&payload), "{}", String::from_utf8_lossy(&payload));
        }
    }

    #[test]
    fn missing_and_unknown_members_are_read_alike(
        at in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        name in prop_oneof![Just("v".to_owned()), Just("zz".to_owned()), Just("functions".to_owned()), "[a-z_é]{1,6}"],
    ) {
        let payload = &PAYLOADS[at.index(PAYLOADS.len())];
        let mut value: Value = serde_json::from_slice(payload).unwrap();
        let object = if place.index(3) == 0 { &mut value } else { &mut value["data"] };
        let members = object.as_object_mut().unwrap();
        let names: Vec<String> = members.keys().cloned().collect();
        match names.get(place.index(names.len() + 1)) {
            Some(known) => drop(members.remove(known)),
            None => drop(members.insert(name, json!(1))),
        }
        let payload = to_jcs(&value).unwrap();
        prop_assert!(agree(&payload), "{}", String::from_utf8_lossy(&payload));
    }
}
