//! I41: no free text that is recorded holds an NHS number, a National Insurance number, an e-mail address or a
//! telephone number.

use counterpart_core::commitment::Kind;
use counterpart_core::event::data::EventType;
use proptest::prelude::*;
use serde_json::json;

use crate::filing::{check, code, sealed};

/// Ten digits whose last one is the check digit of an NHS number.
fn nhs_number() -> impl Strategy<Value = String> {
    prop::collection::vec(0_u32..10, 9).prop_filter_map("a check digit of ten is none", |digits| {
        let sum: u32 = digits.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        let check = (11 - sum % 11) % 11;
        let all: String = digits.iter().chain(&[check]).map(ToString::to_string).collect();
        (check < 10).then_some(all)
    })
}

/// Something that tells of one person.
fn detail() -> impl Strategy<Value = String> {
    prop_oneof![
        nhs_number(),
        nhs_number().prop_map(|number| format!("{} {} {}", &number[..3], &number[3..6], &number[6..])),
        ("[ABCEGHJKLMNPRSTWXYZ]{1}", "[ABCEGHJKLMNPRSTWXYZ]{1}", "[0-9]{6}", "[ABCD]")
            .prop_filter("these beginnings are not given out", |(one, two, _, _)| {
                !["BG", "GB", "NK", "KN", "TN", "NT", "ZZ"].contains(&format!("{one}{two}").as_str())
            })
            .prop_map(|(one, two, digits, last)| format!("{one}{two}{digits}{last}")),
        "[a-z]{1,8}\\.?[a-z]{1,8}@[a-z]{2,8}\\.(org|gov\\.uk|com)",
        "020 7[0-9]{3} [0-9]{4}",
        "07[0-9]{3} [0-9]{6}",
        "\\+44 7[0-9]{3} [0-9]{6}",
    ]
}

fn note(text: &str) -> String {
    let (text, disclosure) = sealed("/text", Kind::Text, text.as_bytes().to_vec(), 3);
    code(check(EventType::NoteRecorded, &json!({ "text": text, "visibility": "PARTIES" }), &[disclosure]))
}

proptest! {
    #[test]
    fn i41_personal_details_in_free_text_are_refused(
        before in "[a-z]{2,9}( [a-z]{2,9}){0,4}", detail in detail(), after in "[a-z]{2,9}( [a-z]{2,9}){0,4}",
    ) {
        prop_assert_eq!(note(&format!("{before} {detail} {after}")), "V-90");
    }

    #[test]
    fn words_without_details_pass(words in "[a-z]{2,9}( [a-z]{2,9}){3,9}") {
        let (text, disclosure) = sealed("/text", Kind::Text, words.into_bytes(), 3);
        let data = json!({ "text": text, "visibility": "PARTIES" });
        prop_assert!(check(EventType::NoteRecorded, &data, &[disclosure]).is_ok());
    }
}
