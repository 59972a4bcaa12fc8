//! A01, A02, A14, A15, A36: requests, triage, notes.

use serde_json::json;

use crate::town::*;
use crate::world::{commitment, person, registrars};

#[test]
fn a_request_is_filed_by_a_party_for_itself() {
    let mut case = Case::none(Shape::pair());
    let data = case.request().payload["data"].clone();
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("CMD", "IAO")]), "R01");
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("HCK", "REQ")]), "R01");
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("ISL", "REQ")]), "R01");
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("CMD", "REQ"), officer("CMD", "IGL")]), "R01");
    case.does("RequestFiled", data, &[officer("CMD", "IGL")]);
    assert_eq!(case.letter(), 'F');
    assert_eq!((case.party("CMD"), case.party("HCK")), ('i', 'i'));
}

#[test]
fn an_agreement_gets_the_next_reference_of_its_year_and_is_found_by_it() {
    let first = Case::filed(Shape::pair());
    let second = Case::none_in(first.world.clone(), Shape::pair()).file();
    assert_eq!(first.agreement().reference().to_string(), "DSA-2026-000001");
    assert_eq!(second.agreement().reference().to_string(), "DSA-2026-000002");
    let mut world = second.world.clone();
    world.now = instant("2027-01-01T00:00:00.000Z");
    let third = Case::none_in(world, Shape::pair()).file();
    assert_eq!(third.agreement().reference().to_string(), "DSA-2027-000001");
    let state = &third.world.replay.state;
    let found = state.agreement_by_reference("DSA-2026-000002".parse().unwrap()).unwrap();
    assert_eq!(found.id(), second.stored().id());
    assert_eq!(state.agreements().count(), 3);
    assert_eq!(state.agreements_of("HCK".parse().unwrap()).count(), 3);
}

#[test]
fn the_same_agreement_is_not_filed_twice() {
    let mut case = Case::filed(Shape::pair());
    let again = case.request().payload["data"].clone();
    let told = case.told("RequestFiled", again, &[officer("CMD", "REQ")]);
    assert!(told.contains("DSA-2026-000001 already exists (filed 2026-12-01 by CMD)"), "{told}");
}

#[test]
fn parties_are_registered_active_and_no_partnerships() {
    let mut case = Case::none(Shape::pair());
    let mut data = case.request().payload["data"].clone();
    data["header"]["parties"][1]["organisation"] = json!("WSM");
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("CMD", "REQ")]), "O01");
    data["header"]["parties"][1]["organisation"] = json!("REG");
    assert_eq!(case.refused("RequestFiled", data.clone(), &[officer("CMD", "REQ")]), "O09");
    let mut programme = case.world.registration("LOTI", &person("LOTI", "CEX", 244));
    programme.payload["data"]["type"] = json!("PARTNERSHIP");
    case.world.record(&programme).unwrap();
    data["header"]["parties"][1]["organisation"] = json!("LOTI");
    assert_eq!(case.refused("RequestFiled", data, &[officer("CMD", "REQ")]), "O09");
    let [one, two, _] = registrars();
    let until = json!({ "reason": "SECURITY", "until": "2026-12-05" });
    let suspended = case.world.draft("org:HCK", "OrganisationSuspended", until, &[one, two]);
    case.world.record(&suspended).unwrap();
    let data = case.request().payload["data"].clone();
    assert_eq!(case.refused("RequestFiled", data, &[officer("CMD", "REQ")]), "O05");
}

#[test]
fn a_header_that_breaks_a_rule_of_its_own_is_refused_again_by_the_log() {
    let mut case = Case::none(Shape::pair());
    let good = case.request().payload["data"].clone();
    let filer = [officer("CMD", "REQ")];
    let mut data = good.clone();
    data["header"]["end_date"] = json!("2026-11-01");
    assert_eq!(case.refused("RequestFiled", data, &filer), "V-95");
    let mut data = good.clone();
    data["header"]["datasets"][0]["provider"] = json!(3);
    assert_eq!(case.refused("RequestFiled", data, &filer), "E08");
    let mut data = good.clone();
    data["header"]["parties"][1]["organisation"] = json!("CMD");
    assert_eq!(case.refused("RequestFiled", data, &filer), "E08");
    let mut data = good;
    data["header"]["formation"] = json!("ACCESSION");
    assert_eq!(case.refused("RequestFiled", data, &filer), "V-06");
}

#[test]
fn the_filer_does_not_triage_and_a_provider_accepts_once() {
    let mut case = Case::filed(Shape::pair());
    let igl = also_holds(&mut case.world, &officer("CMD", "REQ"), "IGL");
    assert_eq!(case.refused("RequestTriaged", accepted(), &[igl]), "D01");
    assert_eq!(case.refused("RequestTriaged", accepted(), &[officer("HCK", "IAO")]), "R01");
    assert_eq!(case.refused("RequestTriaged", accepted(), &[officer("ISL", "IGL")]), "R01");
    let [one, ..] = registrars();
    assert_eq!(case.refused("RequestTriaged", accepted(), &[one]), "D05");
    case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
    assert_eq!(case.letter(), 'F');
    assert_eq!(case.refused("RequestTriaged", accepted(), &[officer("HCK", "IGL")]), "G02");
}

#[test]
fn a_returned_request_opens_a_question_for_those_who_asked() {
    let mut case = Case::filed(Shape::pair());
    let data = json!({ "missing": ["/datasets/0/fields"], "outcome": "RETURNED", "note": commitment() });
    let question = case.does("RequestTriaged", data, &[officer("HCK", "IGL")]);
    assert_eq!(case.letter(), 'C');
    let agreement = case.agreement();
    let open: Vec<_> = agreement.open_questions().collect();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].event.to_string(), open[0].to.to_string()), (question.clone(), "CMD".to_owned()));
    let told = case.told("TermsSubmitted", case.submission(), &[officer("CMD", "IGL")]);
    assert!(told.starts_with("1 question(s) are still open") && told.contains(&question), "{told}");
}

#[test]
fn a_provider_refuses_by_its_risk_owner_or_signatory() {
    for role in ["SIRO", "SIG"] {
        let mut case = Case::filed(Shape::pair());
        assert_eq!(case.refused("RequestRefused", reasons(), &[officer("HCK", "IAO")]), "R01");
        assert_eq!(case.refused("RequestRefused", reasons(), &[officer("CMD", role)]), "R01");
        case.does("RequestRefused", reasons(), &[officer("HCK", role)]);
        assert_eq!(case.letter(), 'R');
        let told = case.told("RequestWithdrawn", json!({}), &[officer("CMD", "REQ")]);
        assert!(told.starts_with("Request DSA-2026-000001 was refused on 2026-12-01"), "{told}");
    }
}

#[test]
fn the_requesting_side_withdraws_and_nobody_else() {
    let mut case = Case::filed(Shape::pair());
    assert_eq!(case.refused("RequestWithdrawn", json!({}), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("RequestWithdrawn", json!({}), &[officer("CMD", "IAO")]), "R01");
    for role in ["REQ", "IGL", "SIG"] {
        let mut case = case.clone();
        case.does("RequestWithdrawn", json!({}), &[officer("CMD", role)]);
        assert_eq!(case.letter(), 'W');
    }
}

#[test]
fn an_approved_request_is_withdrawn_only_between_two_and_by_the_signatory() {
    let mut case = Case::in_stage('P', Shape::pair());
    assert_eq!(case.refused("RequestWithdrawn", json!({}), &[officer("CMD", "IGL")]), "T17");
    assert_eq!(case.refused("RequestWithdrawn", json!({}), &[officer("CMD", "REQ")]), "T17");
    case.does("RequestWithdrawn", json!({}), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'W');
    let mut three = Case::in_stage('P', Shape::three());
    assert_eq!(three.refused("RequestWithdrawn", json!({}), &[officer("CMD", "SIG")]), "T17");
}

#[test]
fn any_role_holder_of_a_party_notes_and_nobody_else() {
    let mut case = Case::filed(Shape::pair());
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("ISL", "LGL")]), "R01");
    let [one, ..] = registrars();
    assert_eq!(case.refused("NoteRecorded", note(), &[one]), "D05");
    let before = case.agreement();
    case.does("NoteRecorded", note(), &[officer("HCK", "SEC")]);
    assert_eq!(case.agreement().name(), before.name());
    assert_eq!(case.agreement().revision(), before.revision() + 1);
    assert_eq!(case.agreement().barrier(), before.barrier());
    let mut nowhere = Case::none(Shape::pair());
    assert_eq!(nowhere.refused("NoteRecorded", note(), &[officer("CMD", "LGL")]), "T01");
}
