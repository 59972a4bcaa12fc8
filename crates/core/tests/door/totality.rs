//! I36 and I37: any JSON at all gives a valid command or messages, the same ones each time, and never a panic.

use counterpart_core::door::{self, Proposal, WordsByPointer};
use counterpart_core::json::Value;
use proptest::prelude::*;

use crate::examples::{Example, charge_points, children, cuckooing, duty_to_refer, knives, strict, tower_block};

fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("title".to_owned()),
        Just("datasets".to_owned()),
        Just("$commit".to_owned()),
        Just("organisation".to_owned()),
        Just("gateways".to_owned()),
        Just("HCK".to_owned()),
        "[a-z_A-Z~/]{0,8}",
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(Value::Int),
        "\\PC{0,12}".prop_map(Value::Str),
        Just(Value::Str("HCK".to_owned())),
        Just(Value::Str("*".to_owned())),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map(names.clone(), inner, 0..6)
                .prop_map(|members| Value::object(members.into_iter().collect()).unwrap()),
        ]
    })
}

/// Puts a value at the n-th place of a document, counted through all of it.
fn replaced(value: &Value, at: &mut usize, with: &Value) -> Value {
    if *at == 0 {
        *at = usize::MAX;
        return with.clone();
    }
    *at = at.saturating_sub(usize::from(*at != usize::MAX));
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Str(_) => value.clone(),
        Value::Array(elements) => Value::Array(elements.iter().map(|inner| replaced(inner, at, with)).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, inner)| (name.clone(), replaced(inner, at, with))).collect())
        }
    }
}

fn examples() -> impl Strategy<Value = Example> {
    prop::sample::select(vec![children(), charge_points(), knives(), tower_block(), cuckooing(), duty_to_refer()])
}

fn holds(validation: &door::Validation) {
    let errors = validation.messages.iter().filter(|message| message.is_error()).count();
    assert!(validation.header.is_some() || errors > 0, "no header and no message: {validation:?}");
    for message in &validation.messages {
        assert!(!message.message.is_empty() && !message.help.is_empty() && !message.message.contains("{}"));
    }
}

proptest! {
    #[test]
    fn i36_any_json_is_judged_and_nothing_panics(terms in any_json(), parties in any_json(), contacts in any_json()) {
        let words = WordsByPointer::from([("/title".to_owned(), "\u{0}".to_owned())]);
        let proposal = Proposal {
            terms: &terms, words: &words, parties: &parties, contacts: Some(&contacts), requesting_organisation: None,
        };
        holds(&children().surround(|around| door::validate(&proposal, around, Some(&parties))));
    }

    #[test]
    fn i36_a_good_document_with_anything_in_any_place_is_judged(
        example in examples(), at in 0_usize..260, with in any_json(), in_parties in any::<bool>(),
    ) {
        let mut at = at;
        let split = example.split();
        let good = (split.skeleton, strict(&example.parties));
        let (terms, parties) = if in_parties {
            let parties = replaced(&good.1, &mut (at % 14), &with);
            (good.0, parties)
        } else {
            (replaced(&good.0, &mut at, &with), good.1)
        };
        let proposal = Proposal {
            terms: &terms, words: &split.words, parties: &parties, contacts: None, requesting_organisation: None,
        };
        holds(&example.surround(|around| door::validate(&proposal, around, None)));
    }

    #[test]
    fn i37_the_same_terms_lists_and_day_give_the_same_messages(example in examples(), at in 0_usize..260, with in any_json()) {
        let mut at = at;
        let split = example.split();
        let (terms, parties) = (replaced(&split.skeleton, &mut at, &with), strict(&example.parties));
        let proposal = Proposal {
            terms: &terms, words: &split.words, parties: &parties, contacts: None, requesting_organisation: None,
        };
        let judged = || example.surround(|around| door::validate(&proposal, around, None));
        let (first, again) = (judged(), judged());
        prop_assert_eq!(&first.messages, &again.messages);
        prop_assert_eq!(first.header, again.header);
    }

    #[test]
    fn what_is_split_is_joined_again(value in any_json()) {
        let split = counterpart_core::draft::split(&value, crate::examples::EVENT, &mut crate::examples::salts());
        if let Ok(split) = split {
            let _ = counterpart_core::draft::join(&split.skeleton, &split.words);
        }
    }
}
