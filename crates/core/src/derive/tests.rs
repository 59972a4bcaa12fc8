//! Camden asks Hackney for personal data: the header, who signs it, its hash, and what changes.

use serde_json::json;

use super::{changes, header, version_hash};
use crate::codes::{ReferenceSet, manifest};
use crate::commitment::Commitment;
use crate::header::{Header, SignatureKind};
use crate::ids::{OrganisationCode, Role};
use crate::json::{Value, from_value, to_jcs, to_value};
use crate::organisation::{Governance, OrganisationFlags, OrganisationType};
use crate::roles::OrganisationFacts;
use crate::terms::{Party, Terms};

fn reference() -> ReferenceSet {
    let (lists, policies) = manifest();
    ReferenceSet::resolve(&lists, &policies).unwrap()
}

fn words() -> serde_json::Value {
    json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })
}

fn dataset() -> serde_json::Value {
    json!({
        "asset_ref": words(), "data_class": "PD", "frequency": "MONTHLY", "method": "SFTP", "name": words(),
        "fields": [{ "identifier": "DIRECT", "justification": words(), "name": words() }],
        "onward": { "kind": "NONE" }, "provider": "HCK", "recipients": ["CMD"], "standard": words(),
        "quality": { "correction": words(), "gaps": words(), "source": words() },
        "retention": { "basis": words(), "end_action": "DESTROY", "period": "P2Y", "start": "FROM_RECEIPT" },
    })
}

fn terms() -> serde_json::Value {
    json!({
        "agreement_type": "C2C", "datasets": [dataset(), dataset()], "execution_form": "SIMPLE_CONTRACT",
        "formation": "ALL", "lead_party": "CMD", "purpose": words(), "purpose_codes": ["HOMELESSNESS"],
        "gateways": [{ "code": "CARE-6", "holder": "HCK", "use": ["RECEIVE", "DISCLOSE"] }],
        "lawful_basis": { "CMD": ["E"], "HCK": ["E", "C", "E"] }, "publication": { "register": "PUBLISH" },
        "security_class": "OFFICIAL", "sharing_mode": "REGULAR", "title": words(), "notice_days": 30,
        "term": { "effective_date": "2026-05-01", "end_date": "2028-04-30" },
    })
}

fn parties() -> Vec<Party> {
    let row = |code: &str, capacity: &str| json!({ "organisation": code, "capacity": capacity, "legal_role": "CONTROLLER", "regime": "UKGDPR" });
    serde_json::from_value(json!([row("CMD", "RECIPIENT"), row("HCK", "PROVIDER")])).unwrap()
}

fn borough(code: OrganisationCode) -> OrganisationFacts {
    OrganisationFacts {
        code,
        kind: OrganisationType::LondonBorough,
        flags: OrganisationFlags::default(),
        governance: Governance::Full,
        extra_roles: Vec::new(),
    }
}

fn derived(terms: &serde_json::Value, facts: &dyn Fn(OrganisationCode) -> OrganisationFacts) -> Header {
    let terms: Terms = serde_json::from_value(terms.clone()).unwrap();
    header(&terms, &parties(), &|code| Some(facts(code)), &reference(), None).unwrap()
}

fn owed(header: &Header, number: usize) -> Vec<String> {
    let row = header.parties.get(number - 1).unwrap();
    row.required_roles.iter().map(|required| format!("{} {}", required.kind, required.role)).collect()
}

#[test]
fn equal_datasets_share_a_row_and_lists_are_sorted() {
    let header = derived(&terms(), &borough);
    let row = header.datasets.first().unwrap();
    assert_eq!(header.datasets.len(), 1);
    assert_eq!(
        serde_json::to_value(row).unwrap(),
        json!({
            "class": "PD", "frequency": "MONTHLY", "ids": ["DS-1", "DS-2"], "method": "SFTP", "provider": 2,
            "recipients": [1], "retention": { "end_action": "DESTROY", "period": "P2Y", "start": "FROM_RECEIPT" },
        })
    );
    let hackney = serde_json::to_value(header.parties.last().unwrap()).unwrap();
    assert_eq!(hackney.get("article6").unwrap(), &json!(["C", "E"]));
    assert_eq!(hackney.pointer("/gateways/0/use").unwrap(), &json!(["DISCLOSE", "RECEIVE"]));
    let text = String::from_utf8(to_jcs(&header).unwrap()).unwrap();
    assert!(!text.contains("notice_days"), "a member at its default is left out");
    assert_eq!(from_value::<Header>(&to_value(&header).unwrap()).unwrap(), header);
}

#[test]
fn personal_data_need_advice_approval_and_execution_on_both_sides() {
    let header = derived(&terms(), &borough);
    for number in [1, 2] {
        assert_eq!(owed(&header, number), ["ADVICE DPO", "APPROVAL IAO", "EXECUTION SIG"]);
    }
}

#[test]
fn the_risk_owner_approves_special_category_data_and_a_legal_adviser_the_power_of_competence() {
    let mut terms = terms();
    *terms.pointer_mut("/datasets/1/data_class").unwrap() = json!("SC");
    *terms.pointer_mut("/gateways/0/code").unwrap() = json!("LOC-1");
    let header = derived(&terms, &borough);
    assert_eq!(header.datasets.len(), 2);
    assert_eq!(owed(&header, 1), ["ADVICE DPO", "APPROVAL IAO", "APPROVAL SIRO", "EXECUTION SIG"]);
    let hackney = owed(&header, 2);
    assert!(hackney.contains(&"ADVICE LGL".to_owned()), "{hackney:?}");
}

#[test]
fn health_data_need_the_caldicott_guardian_where_there_must_be_one() {
    let mut terms = terms();
    *terms.pointer_mut("/datasets/0").unwrap() = {
        let mut dataset = dataset();
        dataset.as_object_mut().unwrap().insert("flags".to_owned(), json!(["PATIENT_INFO"]));
        dataset
    };
    let header = derived(&terms, &borough);
    assert!(owed(&header, 2).contains(&"APPROVAL CG".to_owned()), "the provider");
    assert!(owed(&header, 1).contains(&"APPROVAL SIRO".to_owned()), "a recipient without one");
    let guarded = derived(&terms, &|code| OrganisationFacts {
        flags: OrganisationFlags { caldicott_required: true, ..OrganisationFlags::default() },
        ..borough(code)
    });
    assert!(owed(&guarded, 1).contains(&"APPROVAL CG".to_owned()), "a recipient with one");
}

#[test]
fn an_emergency_is_executed_by_the_risk_owner() {
    let mut terms = terms();
    *terms.pointer_mut("/agreement_type").unwrap() = json!("EMG");
    let header = derived(&terms, &borough);
    assert_eq!(owed(&header, 1), ["APPROVAL SIRO", "EXECUTION SIRO"]);
}

#[test]
fn a_small_body_signs_with_those_it_has_and_may_ask_for_more() {
    let header = derived(&terms(), &|code| OrganisationFacts {
        governance: Governance::Light,
        extra_roles: vec![Role::Sec, Role::Lgl],
        ..borough(code)
    });
    let row = header.parties.first().unwrap();
    let has = |kind, role| row.required_roles.iter().any(|required| required.kind == kind && required.role == role);
    assert!(has(SignatureKind::Approval, Role::Igl));
    assert!(!has(SignatureKind::Approval, Role::Iao));
    assert!(has(SignatureKind::Approval, Role::Sec), "what a body asks for itself is not replaced");
    assert!(has(SignatureKind::Advice, Role::Lgl));
}

#[test]
fn what_cannot_be_numbered_or_is_not_registered_is_told_all_at_once() {
    let mut terms = terms();
    *terms.pointer_mut("/datasets/0/provider").unwrap() = json!("ISL");
    *terms.pointer_mut("/datasets/1/recipients").unwrap() = json!(["CMD", "WAL"]);
    let terms: Terms = serde_json::from_value(terms).unwrap();
    let messages = header(&terms, &parties(), &|_| None, &reference(), None).unwrap_err();
    let codes: Vec<_> = messages.iter().map(|message| message.code.as_str()).collect();
    assert_eq!(codes, ["V-20", "V-20", "V-114", "V-114"]);
}

#[test]
fn the_version_hash_is_over_the_canonical_object() {
    let header = derived(&terms(), &borough);
    let stream = "agr:01890000-0000-7000-8000-000000000000";
    let whole = json!({
        "header": header, "stream": stream, "version": 3,
        "terms": format!("hmac-sha256:{}", "05".repeat(32)),
    });
    let mut bytes = b"counterpart/version/v1\n".to_vec();
    bytes.extend(to_jcs(&whole).unwrap());
    let jcs = to_jcs(&header).unwrap();
    let hash = version_hash(&jcs, stream.parse().unwrap(), Commitment([5; 32]), 3);
    assert_eq!(hash.0, <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(&bytes)));
    assert_ne!(hash, version_hash(&jcs, stream.parse().unwrap(), Commitment([5; 32]), 4));
}

fn differ(old: serde_json::Value, new: serde_json::Value) -> Vec<String> {
    let value = |document: serde_json::Value| -> Value { to_value(&document).unwrap() };
    changes(&value(old), &value(new)).unwrap().iter().map(|path| path.as_str().to_owned()).collect()
}

#[test]
fn changes_descend_into_objects_and_lists_of_equal_length() {
    let old = json!({ "a": { "b": 1, "c": 2 }, "l": [1, { "x": 1 }], "m": [1], "z": 1 });
    let new = json!({ "a": { "b": 2, "d": 3 }, "l": [1, { "x": 2 }], "m": [1, 2], "z": 1 });
    assert_eq!(differ(old.clone(), new), ["/a/b", "/a/c", "/a/d", "/l/1/x", "/m"]);
    assert!(differ(old.clone(), old).is_empty());
    assert_eq!(differ(json!({ "k": { "x": 1 } }), json!({ "k": [1] })), ["/k"]);
}
