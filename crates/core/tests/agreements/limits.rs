//! G48 and the barriers of the stream.

use serde_json::json;

use crate::town::*;

#[test]
fn an_organisation_notes_so_often_a_day_and_again_on_the_next() {
    let mut case = Case::in_force(Shape::pair());
    for _ in 0..50 {
        case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    }
    let told = case.told("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    assert_eq!(told, "Your organisation has reached today's limit of 50 notes. Go on tomorrow.");
    case.does("NoteRecorded", note(), &[officer("HCK", "LGL")]);
    case.world.now = instant("2026-12-02T00:00:00.000Z");
    case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
}

#[test]
fn requests_of_a_day_are_limited() {
    let mut world = town();
    for _ in 0..20 {
        world = Case::none_in(world, Shape::pair()).file().world;
    }
    let mut case = Case::none_in(world, Shape::pair());
    let data = case.request().payload["data"].clone();
    assert_eq!(case.refused("RequestFiled", data, &[officer("CMD", "REQ")]), "G48");
}

/// The ledger with other limits.
fn limited(case: &mut Case, day: u32, ever: u64) {
    let mut reference = (**case.world.replay.state.reference.as_ref().unwrap()).clone();
    reference.limits.organisation_day.events = day;
    reference.limits.agreement.events = ever;
    case.world.replay.state.reference = Some(std::sync::Arc::new(reference));
}

#[test]
fn events_of_a_day_and_of_an_agreement_are_limited_to_the_last_one() {
    let mut case = Case::none(Shape::pair());
    limited(&mut case, 3, 2_000);
    let mut case = case.file();
    for _ in 0..2 {
        case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    }
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("CMD", "LGL")]), "G48");
    case.does("NoteRecorded", note(), &[officer("HCK", "LGL")]);
    let mut other = Case::none_in(case.world.clone(), Shape::pair());
    let data = other.request().payload["data"].clone();
    assert_eq!(other.refused("RequestFiled", data, &[officer("CMD", "REQ")]), "G48", "all agreements together");
    case.world.now = instant("2026-12-02T00:00:00.000Z");
    for _ in 0..3 {
        case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    }
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("CMD", "LGL")]), "G48");
    // An agreement has so many events, whoever's.
    let revision = case.agreement().revision();
    limited(&mut case, 200, revision + 1);
    case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("HCK", "LGL")]), "G48");
}

#[test]
fn what_protects_people_waits_for_no_limit() {
    let mut case = Case::in_force(Shape::pair());
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    limited(&mut case, 0, 0);
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("CMD", "LGL")]), "G48");
    let noted = serde_json::json!({ "key": false, "words": crate::world::commitment() });
    let incident = case.does("IncidentNoted", noted, &[officer("CMD", "DPO")]);
    case.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &[officer("HCK", "SIRO")]);
    let kept = serde_json::json!({ "datasets": [], "reason": "POLICE" });
    let hold = case.does("RetentionHoldPlaced", kept, &[officer("CMD", "LGL")]);
    let release = serde_json::json!({ "hold": hold });
    assert_eq!(case.refused("RetentionHoldReleased", release, &[officer("CMD", "LGL")]), "G48", "it protects nobody");
    let today = case.today();
    case.does("RevocationNoticed", leaving("UNLAWFUL", &today), &[officer("HCK", "SIG")]);
    assert!(!incident.is_empty());
}

#[test]
fn what_was_seen_since_the_last_barrier_is_fresh_enough() {
    let mut case = Case::filed(Shape::pair());
    let filed = 1;
    case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
    case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    let mut draft = case.event("NoteRecorded", note(), &[officer("CMD", "LGL")]);
    draft.payload["expected_revision"] = json!(filed);
    case.world.record(&draft).unwrap();
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    for stale in [0, filed, 4, 6] {
        let mut draft = case.event("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
        draft.payload["expected_revision"] = json!(stale);
        assert_eq!(case.world.refusal(&draft), "C01", "{stale}");
    }
    // Everybody signs on the revision of the submission, in any order.
    for (who, data, event_type) in [
        (officer("HCK", "DPO"), case.advice("DPO"), "AdviceGiven"),
        (officer("CMD", "DPO"), case.advice("DPO"), "AdviceGiven"),
        (officer("CMD", "IAO"), case.approval(), "ApprovalGiven"),
        (officer("HCK", "IAO"), case.approval(), "ApprovalGiven"),
        (officer("HCK", "SIG"), case.execution(), "ExecutionSigned"),
        (officer("CMD", "SIG"), case.execution(), "ExecutionSigned"),
    ] {
        let mut draft = case.event(event_type, data, &[who]);
        draft.payload["expected_revision"] = json!(5);
        case.world.record(&draft).unwrap();
    }
    assert_eq!(case.letter(), 'V');
}
