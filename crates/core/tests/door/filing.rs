//! Submissions: every commitment opened once, the header that follows from the terms, words that are long enough.

use std::sync::Arc;

use counterpart_core::commitment::{Disclosure, Kind, commit};
use counterpart_core::derive;
use counterpart_core::door::{self, Earlier, View};
use counterpart_core::event::data::{AdviceKind, Data, EventType, Visibility};
use counterpart_core::event::{Event, ParsedKeys};
use counterpart_core::json;
use counterpart_core::refusal::Refusal;
use counterpart_core::terms::{Party, Terms};
use counterpart_core::wire::Digest;
use serde_json::{Value, json};

use crate::examples::{EVENT, Example, body, children, reference, salts, strict};

fn view() -> View {
    let codes = ["CMD", "HCK", "ISL"].map(|code| code.parse().unwrap());
    let bodies = codes.into_iter().map(|code| (code, body(code).unwrap())).collect();
    View::new(bodies, Arc::new(reference().clone()), Visibility::Open)
}

/// An event whose signatures nobody looks at: the door reads its data.
fn event(event_type: EventType, data: &Value) -> Event {
    let stream = if event_type == EventType::RoleHolderAppointed {
        "org:CMD"
    } else {
        "agr:01890000-0000-7000-8000-000000000001"
    };
    Event {
        id: EVENT.parse().unwrap(),
        ledger: "example/log".into(),
        stream: stream.parse().unwrap(),
        data: Data::parse(event_type, &data.to_string()).unwrap(),
        expected_revision: 0,
        signed_at: "2026-11-24T09:00:00.000Z".parse().unwrap(),
        valid_until: "2026-11-24T10:00:00.000Z".parse().unwrap(),
        signers: Vec::new(),
        digest: Digest([0; 32]),
        parsed_keys: ParsedKeys::default(),
    }
}

pub fn sealed(pointer: &str, kind: Kind, content: Vec<u8>, number: u8) -> (Value, Disclosure) {
    let salt = [number; 32];
    let commitment = commit(&salt, EVENT, pointer, kind, &content);
    (json!({ "$commit": commitment.to_string() }), Disclosure { pointer: pointer.to_owned(), kind, salt, content })
}

/// A request with all its words.
struct Filing {
    data: Value,
    disclosures: Vec<Disclosure>,
}

fn filing(example: &Example) -> Filing {
    let split = example.split();
    let terms: Terms = json::from_value(&split.skeleton).unwrap();
    let parties: Vec<Party> = json::from_value(&strict(&example.parties)).unwrap();
    let header = derive::header(&terms, &parties, &body, reference(), None).unwrap();
    let (contacts, of_contacts) = sealed("/contacts", Kind::Json, json::jcs(&strict(&example.contacts)), 1);
    let (committed, of_terms) = sealed("/terms", Kind::Json, json::jcs(&split.skeleton), 2);
    let mut disclosures = vec![of_contacts, of_terms];
    disclosures.extend(split.disclosures);
    let data = json!({
        "contacts": contacts, "header": header, "requesting_organisation": "CMD", "terms": committed,
        "warnings_acknowledged": [],
    });
    Filing { data, disclosures }
}

pub fn check(event_type: EventType, data: &Value, disclosures: &[Disclosure]) -> Result<Vec<String>, Refusal> {
    check_after(event_type, data, disclosures, &Earlier::default())
}

pub fn check_after(
    event_type: EventType,
    data: &Value,
    disclosures: &[Disclosure],
    earlier: &Earlier<'_>,
) -> Result<Vec<String>, Refusal> {
    let today = "2026-11-24".parse().unwrap();
    let warnings = door::check_submission(&view(), today, &event(event_type, data), disclosures, earlier)?;
    Ok(warnings.into_iter().map(|message| message.code).collect())
}

pub fn code(result: Result<Vec<String>, Refusal>) -> String {
    result.unwrap_err().code().to_owned()
}

#[test]
fn a_whole_request_passes_with_its_warnings() {
    let filing = filing(&children());
    assert_eq!(check(EventType::RequestFiled, &filing.data, &filing.disclosures).unwrap(), ["V-122"]);
}

#[test]
fn a_commitment_is_opened_exactly_once_by_what_was_committed_to() {
    let filing = filing(&children());
    let refused = |change: &dyn Fn(&mut Vec<Disclosure>)| {
        let mut disclosures = filing.disclosures.clone();
        change(&mut disclosures);
        let refusal = check(EventType::RequestFiled, &filing.data, &disclosures).unwrap_err();
        assert_eq!(refusal.code(), "E07", "{refusal}");
        refusal.to_string()
    };
    assert!(refused(&|all| drop(all.remove(0))).contains("`/contacts` came without"));
    assert!(refused(&|all| drop(all.remove(1))).contains("/terms"));
    assert!(refused(&|all| drop(all.pop())).contains("came without its disclosure"));
    assert!(refused(&|all| all.push(all[5].clone())).contains("twice"));
    assert!(refused(&|all| all[4].salt = all[5].salt).contains("does not open"));
    assert!(refused(&|all| all[4].content.push(b'!')).contains("does not open"));
    assert!(refused(&|all| all[4].kind = Kind::Sha256).contains("not sha256"));
    assert!(refused(&|all| all[0].kind = Kind::Text).contains("must be of kind json"));
    let (_, surplus) = sealed("/note", Kind::Text, b"more".to_vec(), 9);
    assert!(refused(&|all| all.push(surplus.clone())).contains("no commitment stands there"));
}

#[test]
fn text_that_is_not_normalised_and_json_of_another_schema_are_refused() {
    for (kind, content, problem) in [
        (Kind::Text, "e\u{301}".as_bytes().to_vec(), "normal"),
        (Kind::Text, b"a\tb".to_vec(), "control character"),
        (Kind::Text, vec![0xFF], "UTF-8"),
    ] {
        let (text, disclosure) = sealed("/text", kind, content, 3);
        let data = json!({ "text": text, "visibility": "PARTIES" });
        let refusal = check(EventType::NoteRecorded, &data, &[disclosure]).unwrap_err();
        assert_eq!(refusal.code(), "E07");
        assert!(refusal.to_string().contains(problem), "{refusal}");
    }
    for content in [
        &b"{ \"reason\":\"x\"}"[..],
        b"{\"reason\":1}",
        b"[\"We need the data no longer.\"]",
        b"{\"reason\":\"x\",\"y\":1}",
        b"[",
        b"",
    ] {
        let (words, disclosure) = sealed("/words", Kind::Json, content.to_vec(), 3);
        let data = json!({ "ground": "POLICY", "takes_effect_on": "2027-01-01", "words": words });
        assert_eq!(code(check(EventType::RevocationNoticed, &data, &[disclosure])), "E07");
    }
}

#[test]
fn words_beyond_the_limits_are_too_large() {
    let (text, disclosure) = sealed("/text", Kind::Text, vec![b'a'; 1024 * 1024 + 1], 3);
    let data = json!({ "text": text, "visibility": "PARTIES" });
    assert_eq!(code(check(EventType::NoteRecorded, &data, std::slice::from_ref(&disclosure))), "E05");
    let many: Vec<Disclosure> =
        (0..9).map(|_| Disclosure { content: vec![b'a'; 1024 * 1024], ..disclosure.clone() }).collect();
    assert_eq!(code(check(EventType::NoteRecorded, &data, &many)), "E05");
    let short = Disclosure { content: Vec::new(), ..disclosure };
    assert_eq!(code(check(EventType::NoteRecorded, &data, &vec![short; 20_001])), "E05");
    let (text, disclosure) = sealed("/text", Kind::Text, b"A short note.".to_vec(), 3);
    let data = json!({ "text": text, "visibility": "PARTIES" });
    let full = Earlier { words_bytes: 64 * 1024 * 1024, ..Earlier::default() };
    assert_eq!(code(check_after(EventType::NoteRecorded, &data, &[disclosure], &full)), "G48");
}

#[test]
fn another_header_than_the_terms_say_is_refused_and_the_difference_named() {
    let mut filing = filing(&children());
    filing.data["header"]["parties"][0]["required_roles"] = json!([{ "kind": "EXECUTION", "role": "SIG" }]);
    filing.data["header"]["notice_days"] = json!(10);
    let refusal = check(EventType::RequestFiled, &filing.data, &filing.disclosures).unwrap_err();
    assert_eq!(refusal.code(), "E08");
    assert!(refusal.to_string().contains("`/notice_days`, `/parties/0/required_roles` differ"), "{refusal}");
}

#[test]
fn all_messages_travel_in_one_refusal_under_the_code_of_the_first_error() {
    let example = children().with(&[("/terms/title", json!("Short")), ("/terms/necessity", json!("None."))]);
    let filing = filing(&example);
    let refusal = check(EventType::RequestFiled, &filing.data, &filing.disclosures).unwrap_err();
    assert_eq!(refusal.code(), "V-02");
    let Refusal::Messages(messages) = refusal else { panic!("{refusal}") };
    let codes: Vec<&str> = messages.iter().map(|message| message.code.as_str()).collect();
    assert_eq!(codes, ["V-02", "V-33", "V-122"]);
}

#[test]
fn terms_that_are_not_of_their_schema_are_told_by_their_rules() {
    let good = filing(&children());
    let mut skeleton = children().split().skeleton;
    let json::Value::Object(members) = &mut skeleton else { panic!("terms are an object") };
    members.retain(|(name, _)| name != "sharing_mode");
    let (committed, of_terms) = sealed("/terms", Kind::Json, json::jcs(&skeleton), 2);
    let mut data = good.data.clone();
    data["terms"] = committed;
    let mut disclosures = good.disclosures.clone();
    disclosures[1] = of_terms;
    let refusal = check(EventType::RequestFiled, &data, &disclosures).unwrap_err();
    assert_eq!(refusal.code(), "V-04");
    assert!(refusal.to_string().starts_with("Say whether this is a single transfer"), "{refusal}");
}

fn words_of(event_type: EventType, mut data: Value, words: &Value) -> Result<Vec<String>, Refusal> {
    let (sealed, disclosure) = sealed("/words", Kind::Json, json::jcs(&strict(words)), 4);
    data["words"] = sealed;
    check(event_type, &data, &[disclosure])
}

fn approval(text: Option<&str>, advised_against: &[AdviceKind]) -> Result<Vec<String>, Refusal> {
    let mut data = json!({ "datasets": [], "version_hash": "00".repeat(32) });
    let mut disclosures = Vec::new();
    if let Some(text) = text {
        let (words, disclosure) = sealed("/override", Kind::Text, text.as_bytes().to_vec(), 5);
        data["override"] = words;
        disclosures.push(disclosure);
    }
    check_after(EventType::ApprovalGiven, &data, &disclosures, &Earlier { advised_against, ..Earlier::default() })
}

/// A certificate that data are kept under a law.
fn kept(law: &Value) -> Result<Vec<String>, Refusal> {
    let data = json!({ "datasets": [], "on": "2027-01-04", "outcome": "RETAINED_UNDER_LAW", "recheck": "2028-01-04" });
    let mut words = json!({ "copies": "Two copies and one backup." });
    if let Some(law) = law.as_str() {
        words["law"] = law.into();
    }
    words_of(EventType::DestructionCertified, data, &words)
}

#[test]
fn data_are_kept_under_a_law_that_is_named() {
    assert!(kept(&json!("Limitation Act 1980, section 2")).is_ok());
    assert_eq!(code(kept(&json!({}))), "G43");
    let destroyed = json!({ "datasets": [], "on": "2027-01-04", "outcome": "DESTROYED" });
    assert!(words_of(EventType::DestructionCertified, destroyed, &json!({ "copies": "None is left." })).is_ok());
}

const LONG: &str = "The purpose is another than the data were collected for.";

#[test]
fn words_of_events_are_long_enough() {
    let hash = "00".repeat(32);
    let decline = || json!({ "kind": "FINAL", "version_hash": hash });
    let target = || json!({ "target": EVENT });
    let notice = || json!({ "ground": "POLICY", "takes_effect_on": "2027-01-01" });
    let good = json!({ "reasons": ["EXCESSIVE"], "text": LONG });
    for (words, whole) in [
        (good.clone(), true),
        (json!({ "reasons": [], "text": LONG }), false),
        (json!({ "reasons": ["EXCESSIVE"], "text": "Too much." }), false),
    ] {
        for (event_type, data) in [(EventType::ApprovalDeclined, decline()), (EventType::RequestRefused, json!({}))] {
            let result = words_of(event_type, data, &words);
            assert_eq!(result.is_ok(), whole, "{event_type} {words}");
            if let Err(refusal) = result {
                assert_eq!(refusal.code(), "V-123");
            }
        }
    }
    for (event_type, data) in [(EventType::ApprovalWithdrawn, target()), (EventType::RevocationNoticed, notice())] {
        assert!(words_of(event_type, data.clone(), &json!({ "reason": "We need the data no longer." })).is_ok());
        assert_eq!(code(words_of(event_type, data, &json!({ "reason": "No longer." }))), "V-123");
    }
    assert!(words_of(EventType::RequestWithdrawn, json!({}), &json!({ "reason": "No." })).is_ok());
    // To the character, blanks at the ends aside.
    for (length, whole) in [(19, false), (20, true)] {
        let reason = json!({ "reason": format!(" {} ", "x".repeat(length)) });
        assert_eq!(words_of(EventType::RevocationNoticed, notice(), &reason).is_ok(), whole, "{length}");
        assert_eq!(words_of(EventType::ApprovalWithdrawn, target(), &reason).is_ok(), whole, "{length}");
    }
    for (length, whole) in [(49, false), (50, true)] {
        let text = format!(" {} ", "x".repeat(length));
        let refusal = json!({ "reasons": ["EXCESSIVE"], "text": text });
        assert_eq!(words_of(EventType::RequestRefused, json!({}), &refusal).is_ok(), whole, "{length}");
        assert_eq!(approval(Some(&text), &[AdviceKind::Cg]).is_ok(), whole, "{length}");
        assert_eq!(approval(Some(&text), &[]).is_ok(), whole, "{length}");
    }
}

#[test]
fn going_on_against_advice_needs_a_reason() {
    assert!(approval(None, &[]).is_ok());
    assert_eq!(code(approval(None, &[AdviceKind::Dpo])), "G07");
    assert_eq!(code(approval(Some("Because."), &[AdviceKind::Dpo])), "V-123");
    assert!(approval(Some(LONG), &[AdviceKind::Dpo]).is_ok());
}

#[test]
fn personal_details_stop_notes_and_words_but_not_who_holds_a_role() {
    let (text, disclosure) = sealed("/text", Kind::Text, b"Ask jo@example.org about it".to_vec(), 3);
    let data = json!({ "text": text, "visibility": "PARTIES" });
    assert_eq!(code(check(EventType::NoteRecorded, &data, &[disclosure])), "V-90");
    let advice = json!({ "outcome": "SUPPORT", "reasons": "Call 020 7946 0958 first" });
    let data = json!({ "kind": "DPO", "version_hash": "00".repeat(32) });
    assert_eq!(code(words_of(EventType::AdviceGiven, data, &advice)), "V-90");
    let holder = json!({ "authority": "Scheme of delegation", "email": "dpo@example.org", "name": "A Holder", "post": "Officer" });
    let (words, disclosure) = sealed("/holder", Kind::Json, json::jcs(&strict(&holder)), 3);
    let data = json!({
        "functions": [], "holder": words, "notice_given_on": "2026-11-01", "person": "PER-000000000001", "role": "DPO",
        "valid_from": "2026-11-24",
    });
    assert!(check(EventType::RoleHolderAppointed, &data, &[disclosure]).is_ok());
}

/// What the rules of words say, for the list of rules that are produced.
pub fn said_of_events() -> Vec<(String, String)> {
    let short = words_of(EventType::RequestRefused, json!({}), &json!({ "reasons": [], "text": "" }));
    let reason = words_of(EventType::ApprovalWithdrawn, json!({ "target": EVENT }), &json!({ "reason": "No." }));
    let detail = words_of(EventType::RequestWithdrawn, json!({}), &json!({ "reason": "Ask jo@example.org about it" }));
    [short, reason, detail, kept(&json!({})), approval(None, &[AdviceKind::Dpo])]
        .into_iter()
        .filter_map(Result::err)
        .map(|refusal| (refusal.code().to_owned(), refusal.to_string()))
        .collect()
}

#[test]
fn every_commitment_of_every_schema_is_known_with_its_kind() {
    for &event_type in EventType::ALL {
        let text = counterpart_core::schemas::get(&format!("events/{event_type}-v1.json")).unwrap();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let mut found = Vec::new();
        kinds(&schema, "", &mut found);
        let data = made(&schema);
        let seals = door::seals(&Data::parse(event_type, &data.to_string()).unwrap());
        let known: Vec<(String, String)> =
            seals.iter().map(|seal| (seal.pointer.to_owned(), seal.kind.to_string())).collect();
        assert_eq!(known, found, "{event_type}");
    }
}

fn kinds(schema: &Value, at: &str, found: &mut Vec<(String, String)>) {
    if let Some(kind) = schema.get("x-kind") {
        found.push((at.to_owned(), kind.as_str().unwrap().to_owned()));
    } else if let Some(members) = schema.get("properties").and_then(Value::as_object) {
        for (name, inner) in members {
            kinds(inner, &format!("{at}/{name}"), found);
        }
    }
}

/// Any value of a schema, with every optional member that is a commitment.
fn made(schema: &Value) -> Value {
    if schema.get("x-kind").is_some() {
        return json!({ "$commit": format!("hmac-sha256:{}", "00".repeat(32)) });
    }
    if let Some(choices) = schema.get("oneOf").or(schema.get("anyOf")).and_then(Value::as_array) {
        return choices[0].get("const").cloned().unwrap_or_else(|| made(&choices[0]));
    }
    match schema["type"].as_str().unwrap_or_default() {
        "boolean" => json!(false),
        "integer" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "array" => json!([]),
        "object" => {
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            let kept = members.filter(|(name, inner)| required.contains(&json!(name)) || inner.get("x-kind").is_some());
            Value::Object(kept.map(|(name, inner)| (name.clone(), made(inner))).collect())
        }
        _ => json!(example_of(schema.get("pattern").and_then(Value::as_str).unwrap_or_default())),
    }
}

fn example_of(pattern: &str) -> String {
    let hex = "0".repeat(64);
    let choices = [
        "CMD",
        "2026-11-24",
        "PER-000000000001",
        "01890000-0000-7000-8000-000000000000",
        "P1Y",
        "DS-1",
        "/title",
        "GB",
        "example.org/log",
        &hex,
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        "example.org/log+00000000+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4",
        "2026-11-24T12:00:00.000Z",
    ];
    let schema = jsonschema::validator_for(&json!({ "pattern": pattern })).unwrap();
    choices.into_iter().find(|text| schema.is_valid(&json!(text))).unwrap_or_else(|| panic!("{pattern}")).to_owned()
}

#[test]
fn salts_of_a_draft_are_used_in_order_and_its_words_come_back() {
    let example = children();
    let split = example.split();
    assert_eq!(split.words.len(), split.disclosures.len());
    let again: Vec<[u8; 32]> = split.disclosures.iter().map(|disclosure| disclosure.salt).collect();
    assert_eq!(again, salts().take(again.len()).collect::<Vec<_>>());
    assert_eq!(counterpart_core::draft::join(&split.skeleton, &split.words), strict(&example.terms));
    let none = counterpart_core::draft::split(&strict(&example.terms), EVENT, &mut std::iter::empty());
    assert_eq!(none.unwrap_err(), "/benefits");
}
