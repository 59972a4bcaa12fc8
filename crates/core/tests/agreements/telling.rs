//! What is told of an agreement at an instant: where it stood, why, and what everybody may read (I42).

use std::sync::Arc;

use serde_json::json;

use crate::town::*;
use crate::world::at;

/// Why it stands where it stands: each cause in words.
fn why(case: &Case, millis: i64) -> Vec<String> {
    case.agreement().why(at(millis)).into_iter().map(|cause| cause.text).collect()
}

#[test]
fn a_stage_is_told_from_the_instant_of_its_step_on() {
    let case = Case::in_stage('S', Shape::pair());
    let agreement = case.agreement();
    let steps = agreement.history();
    for (place, step) in steps.iter().enumerate() {
        // Of several steps of one instant the last one tells.
        let last = steps.iter().rfind(|other| other.at == step.at).unwrap();
        assert_eq!(agreement.name_at(step.at), Some(last.to), "{step:?}");
        let before = steps[..place].iter().rfind(|other| other.at < step.at).map(|other| other.to);
        assert_eq!(agreement.name_at(step.at.sub_millis(1)), before, "{step:?}");
    }
}

#[test]
fn what_time_brings_is_brought_whether_the_agreement_is_kept_or_given_away() {
    let case = Case::filed(Shape::pair());
    let stored = case.stored();
    let due = stored.due_at().unwrap();
    for instant in [due.sub_millis(1), due, due.add_days(1)] {
        assert_eq!(stored.clone().into_owned().into_at(instant), stored.at(instant).into_owned(), "{instant}");
    }
    assert_eq!(stored.clone().into_owned().into_at(due).name().letter(), 'L');
    assert_eq!(stored.clone().into_owned().into_at(due.sub_millis(1)).name().letter(), 'F');
}

#[test]
fn the_reasons_are_told_in_their_order_each_from_its_instant_on() {
    let mut case = Case::filed(Shape::pair());
    let filed = case.world.now - 1_000;
    assert_eq!(why(&case, filed), ["2026-12-01: the request was filed, by the requesting officer of CMD."]);
    assert!(why(&case, filed - 1).is_empty());
    case = case.submitted();
    for code in ["HCK", "CMD"] {
        case.sign_for(code);
    }
    let bound = |code: &str| format!("2026-12-01: {code} was bound to version 1 by its authorised signatory.");
    let told = why(&case, case.world.now);
    let first = told.first().unwrap().clone();
    assert_eq!(
        told.iter().filter(|text| text.contains("was bound to")).cloned().collect::<Vec<_>>(),
        [bound("HCK"), bound("CMD")]
    );
    assert!(first.contains("the request was filed"), "{told:?}");
    let begun = "2026-12-01: all who must had signed, and the first day, 2026-12-01, had come.";
    assert!(told.iter().any(|text| text == begun), "{told:?}");
    // A question, a ground and a notice, each at its own instant and not a millisecond before.
    for (text, event, data, who) in [
        ("HCK asked CMD a question, which is open.", "ClarificationRequested", question("CMD"), officer("HCK", "IGL")),
        (
            "HCK suspended the whole agreement (SECURITY), and that ground is open.",
            "AgreementSuspended",
            suspension("SECURITY", "WHOLE"),
            officer("HCK", "SIRO"),
        ),
        (
            "HCK gave notice and leaves on 2027-06-01.",
            "RevocationNoticed",
            leaving("POLICY", "2027-06-01"),
            officer("HCK", "SIG"),
        ),
    ] {
        let mut case =
            if event == "ClarificationRequested" { Case::filed(Shape::pair()).submitted() } else { case.clone() };
        case.does(event, data, &[who]);
        let then = case.world.now - 1_000;
        let has = |millis: i64| why(&case, millis).iter().any(|told| told.ends_with(text));
        // Notices are told as far ahead as they are known.
        let before = event == "RevocationNoticed";
        assert_eq!([has(then - 1), has(then), has(then + 1)], [before, true, true], "{text}");
    }
    // Nobody moved it.
    let lapsed = Case::in_stage('L', Shape::pair());
    let told = why(&lapsed, lapsed.world.now);
    assert!(told.last().unwrap().ends_with(": nobody had moved it in time, so it lapsed."), "{told:?}");
}

#[test]
fn the_newest_decision_on_the_register_is_kept() {
    let mut case = Case::in_force(Shape::pair());
    assert!(case.agreement().publication().is_none());
    let decision = json!({ "decision": "PUBLISH_REDACTED", "withheld": ["/purpose"] });
    let event = case.does("PublicationDecided", decision, &[officer("CMD", "IGL")]);
    let agreement = case.agreement();
    let kept = agreement.publication().unwrap();
    assert_eq!((kept.event.to_string(), kept.decision.as_str()), (event, "PUBLISH_REDACTED"));
    assert_eq!(kept.withheld.iter().map(counterpart_core::header::Pointer::as_str).collect::<Vec<_>>(), ["/purpose"]);
}

#[test]
fn terms_in_force_are_what_a_new_draft_is_compared_with() {
    // Before it is in force the counter-proposal that waits; then the version in force, whatever waits.
    let case = Case::in_stage('G', Shape::pair());
    assert_eq!((case.agreement().counter(), case.agreement().answered().number), (Some(2), 2));
    assert_eq!(Case::in_stage('F', Shape::pair()).agreement().answered().number, 1);
    let mut case = Case::in_force(Shape::pair());
    let (mut data, _) = case.counter(2);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), crate::world::commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let shape = case.shape.clone().with("/notice_days", json!(20));
    let (mut data, _) = case.draft_of(&shape, 3, &["/notice_days"]);
    data["words"] = crate::world::commitment();
    case.does("CounterProposalMade", data, &[officer("CMD", "IGL")]);
    assert_eq!((case.agreement().counter(), case.agreement().answered().number), (Some(3), 1));
}

#[test]
fn a_state_holds_once_what_the_headers_of_its_agreements_say_alike() {
    let case = Case::filed(Shape::pair());
    let reference = case.world.replay.state.reference.as_ref().unwrap();
    let stored = case.stored();
    let header = &stored.versions()[0].header;
    assert!(Arc::ptr_eq(&header.code_lists, &reference.code_lists));
    assert!(Arc::ptr_eq(&header.policies, &reference.policies));
}

#[test]
fn executions_are_told_of_the_version_in_force_from_their_own_instant_on() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    case.sign_for("CMD");
    let last = case.world.now - 1_000;
    let bound =
        |case: &Case, millis: i64| why(case, millis).iter().filter(|text| text.contains("was bound to")).count();
    assert_eq!([bound(&case, last), bound(&case, last + 1)], [2, 2]);
    assert_eq!(bound(&case, last - 1), 0, "it was being signed");
    let (data, hash) = case.counter(2);
    let mut data = data;
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), crate::world::commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    (data["version"], data["version_hash"]) = (json!(2), json!(hash));
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!(case.agreement().current().number, 2);
    let told = why(&case, case.world.now);
    let bound: Vec<&String> = told.iter().filter(|text| text.contains("was bound to")).collect();
    assert!(
        bound.len() == 2 && bound.iter().all(|text| text.contains("to version 2 by its authorised signatory")),
        "{told:?}"
    );
}

#[test]
fn what_a_body_signed_is_counted_for_it_alone() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    let of = |code: &str| case.agreement().signatures_of(code.parse().unwrap()).count();
    assert_eq!([of("HCK"), of("CMD")], [3, 0]);
    let executed = crate::contest::signature(&case, "HCK", "SIG");
    let data = json!({ "target": executed, "words": crate::world::commitment() });
    case.does("ApprovalWithdrawn", data, &[officer("HCK", "SIG")]);
    assert_eq!(case.agreement().signatures_of("HCK".parse().unwrap()).count(), 2);
}

#[test]
fn of_two_notices_for_one_day_the_first_party_s_comes_first() {
    let mut case = Case::in_force(Shape::pair());
    for code in ["HCK", "CMD"] {
        case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer(code, "SIG")]);
    }
    case.world.now = instant("2027-06-01T09:00:00.000Z");
    let told = why(&case, case.world.now);
    assert!(told.iter().any(|text| text == "2027-06-01: the notice of CMD took effect."), "{told:?}");
}

#[test]
fn what_is_open_is_told_with_the_day_on_which_it_began() {
    let mut case = Case::in_force(Shape::pair());
    crate::succession::found(&mut case.world);
    let today = case.today();
    let data = crate::succession::succession("REPLACE", &["HCK"], &["NWM"], &today);
    crate::succession::succeeds(&mut case, data, &crate::succession::hands(&["HCK"], &["NWM"])).unwrap();
    case.world.now += 10 * DAY;
    let told = why(&case, case.world.now);
    let waits = "2026-12-01: NWM took the place of HCK, and has not confirmed the agreement.";
    assert!(told.iter().any(|text| text == waits), "{told:?}");
    // A stop that is over is told as what it was.
    let mut case = Case::in_force(Shape::pair());
    let ground = case.suspend("HCK", "WHOLE");
    case.does("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    let told = why(&case, case.world.now);
    for text in ["sharing was stopped, by the ", "sharing was resumed, by the "] {
        assert!(told.iter().any(|said| said.starts_with(&format!("2026-12-01: {text}"))), "{told:?}");
    }
    // An execution that was given again is told once.
    let mut case = Case::in_force(Shape::pair());
    crate::contest::doubts(&mut case, "HCK", "SIG");
    let fresh = officer("HCK", "SIG").with_key(232);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    case.does("ExecutionSigned", case.execution(), &[fresh]);
    let told = why(&case, case.world.now);
    let bound = |code: &str| told.iter().filter(|text| text.contains(&format!("{code} was bound to"))).count();
    assert_eq!([bound("HCK"), bound("CMD")], [1, 1], "{told:?}");
}
