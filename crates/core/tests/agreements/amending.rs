//! A18 to A20 and D6: amendments, renewals, reviews, on their own track.

use serde_json::{Value, json};

use crate::town::*;
use crate::world::{at, commitment};

/// An amendment of an agreement in force, as data, and its hash.
fn amendment(case: &Case, number: u32, class: &str, pointer: &str, value: Value) -> (Value, String) {
    let shape = case.shape.clone().with(pointer, value);
    let (mut data, hash) = case.draft_of(&shape, number, &[pointer]);
    data["class"] = json!(class);
    data["renewal"] = json!(class == "M2");
    data["words"] = commitment();
    (data, hash)
}

fn shorter_notice(case: &Case, number: u32) -> (Value, String) {
    amendment(case, number, "M3", "/notice_days", json!(10))
}

fn submission(case: &Case, version: u32, hash: &str) -> Value {
    let mut data = case.submission();
    data["version"] = json!(version);
    data["version_hash"] = json!(hash);
    data
}

/// An agreement in force with an amendment that is being signed.
fn approving(shape: Shape) -> Case {
    let mut case = Case::in_force(shape);
    let (data, hash) = shorter_notice(&case, 2);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let data = submission(&case, 2, &hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case
}

fn in_force(case: &Case) -> Vec<u32> {
    case.agreement().in_force().iter().map(|version| version.version).collect()
}

#[test]
fn an_amendment_takes_effect_when_everybody_has_signed_it() {
    let mut case = Case::in_force(Shape::pair());
    let (data, hash) = shorter_notice(&case, 2);
    assert_eq!(case.refused("AmendmentProposed", data.clone(), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("AmendmentAbandoned", json!({}), &[officer("HCK", "IGL")]), "T14");
    case.does("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]);
    let told = case.told("AmendmentProposed", data, &[officer("CMD", "IGL")]);
    assert_eq!(told, "Amendment version 2 is already open. Finish or abandon it first.");
    let approval = json!({ "datasets": [], "version_hash": hash });
    assert_eq!(case.refused("ApprovalGiven", approval.clone(), &[officer("HCK", "IAO")]), "T03");
    assert_eq!(case.refused("TermsSubmitted", submission(&case, 2, &hash), &[officer("HCK", "IGL")]), "R01");
    let data = submission(&case, 2, &hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G08");
    assert_eq!(case.refused("ApprovalGiven", approval, &[officer("HCK", "IAO")]), "G19");
    case.hash = hash;
    case.sign_for("HCK");
    assert_eq!((case.letter(), case.agreement().header().notice_days), ('V', 30));
    case.sign_for("CMD");
    assert_eq!((case.letter(), case.agreement().header().notice_days), ('V', 10));
    assert_eq!(in_force(&case), [1, 2]);
    assert!(case.agreement().amendment().is_none());
    assert_eq!((case.party("HCK"), case.party("CMD")), ('x', 'x'));
}

#[test]
fn an_amendment_waits_for_its_first_day_and_may_lose_a_signature_till_then() {
    let mut case = Case::in_force(Shape::pair());
    let (data, hash) = amendment(&case, 2, "M3", "/term/effective_date", json!("2027-03-29"));
    case.does("AmendmentProposed", data, &[officer("CMD", "IGL")]);
    let data = submission(&case, 2, &hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.sign_for("HCK");
    case.sign_for("CMD");
    let day = instant("2027-03-28T23:00:00.000Z");
    assert_eq!(case.at(at(day - 1)).current().number, 1);
    assert_eq!(case.at(at(day)).current().number, 2);
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G08");
    let given = case.agreement().signatures().iter().rfind(|s| s.kind.as_str() == "EXECUTION").unwrap().event;
    let back = json!({ "target": given.to_string(), "words": commitment() });
    case.does("ApprovalWithdrawn", back, &[officer("CMD", "SIG")]);
    assert_eq!(case.at(at(day)).current().number, 1);
    assert_eq!(case.party("CMD"), 'x');
    case.sign_for("CMD");
    assert_eq!(case.at(at(day)).current().number, 2);
}

#[test]
fn a_returned_amendment_is_open_again_and_a_declined_one_is_dropped() {
    let mut case = approving(Shape::pair());
    case.sign_for("HCK");
    let decline = |kind: &str, hash: &str| json!({ "kind": kind, "version_hash": hash, "words": commitment() });
    let hash = case.hash.clone();
    let mut dropped = case.clone();
    dropped.does("ApprovalDeclined", decline("FINAL", &hash), &[officer("CMD", "SIG")]);
    assert!(dropped.agreement().amendment().is_none());
    assert_eq!((dropped.letter(), dropped.party("CMD")), ('V', 'x'));
    case.does("ApprovalDeclined", decline("RETURN", &hash), &[officer("CMD", "SIG")]);
    let data = submission(&case, 2, &hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(case.agreement().missing_signatures("HCK".parse().unwrap()).len(), 3, "its signatures are void");
    assert_eq!(case.refused("AmendmentAbandoned", json!({}), &[officer("CMD", "IGL")]), "R01");
    case.does("AmendmentAbandoned", json!({}), &[officer("CMD", "SIG")]);
    assert!(case.agreement().amendment().is_none());
}

#[test]
fn a_counter_proposal_to_an_amendment_is_answered_by_who_proposed_it() {
    let mut case = Case::in_force(Shape::pair());
    let (data, first) = shorter_notice(&case, 2);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let (mut other, hash) = amendment(&case, 3, "M3", "/notice_days", json!(20));
    for member in ["class", "renewal"] {
        other.as_object_mut().unwrap().remove(member);
    }
    case.does("CounterProposalMade", other, &[officer("CMD", "IGL")]);
    let data = submission(&case, 2, &first);
    assert_eq!(case.refused("TermsSubmitted", data, &[officer("CMD", "IGL")]), "T12");
    let reply = json!({ "version_hash": hash });
    assert_eq!(case.refused("CounterProposalAccepted", reply.clone(), &[officer("CMD", "IGL")]), "R01");
    case.does("CounterProposalAccepted", reply, &[officer("HCK", "IGL")]);
    assert_eq!(case.agreement().amendment().unwrap().version, 3);
    assert_eq!(
        case.refused("CounterProposalRejected", json!({ "version_hash": hash }), &[officer("HCK", "IGL")]),
        "T13"
    );
}

#[test]
fn the_class_follows_from_what_changes_and_is_never_lowered() {
    let case = Case::in_force(Shape::pair());
    let igl = [officer("HCK", "IGL")];
    let refused = |class: &str, pointer: &str, value: Value| {
        let mut case = case.clone();
        let (data, _) = amendment(&case, 2, class, pointer, value);
        case.told("AmendmentProposed", data, &igl)
    };
    let told = refused("M1", "/notice_days", json!(10));
    assert_eq!(told, "This change is M3: it touches /notice_days. It needs the signatures for M3.");
    let told = refused("M1", "/datasets/0/frequency", json!("DAILY"));
    assert!(told.starts_with("This change is M3"), "{told}");
    let told = refused("M1", "/term/end_date", json!("2029-04-30"));
    assert!(told.starts_with("This change is M2"), "{told}");
    let told = refused("M2", "/term/end_date", json!("2029-04-30"));
    assert_eq!(told, "Renewal needs a review in the last 90 days. The last was never.");
    for (class, pointer, value, owed) in [
        ("M1", "/datasets/0/frequency", json!("QUARTERLY"), 3),
        ("M3", "/datasets/0/method", json!("PORTAL"), 3),
        ("M3", "/term/end_date", json!("2029-04-30"), 3),
    ] {
        let mut case = case.clone();
        let (data, hash) = amendment(&case, 2, class, pointer, value);
        case.does("AmendmentProposed", data, &igl);
        let data = submission(&case, 2, &hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        assert_eq!(case.agreement().missing_signatures("HCK".parse().unwrap()).len(), owed, "{pointer}");
    }
}

#[test]
fn a_renewal_rests_on_a_review_and_needs_no_asset_owner() {
    let mut case = Case::in_force(Shape::pair());
    let review = |next: &str| json!({ "next_review": next, "outcome": "CONTINUE", "words": commitment() });
    let igl = [officer("CMD", "IGL")];
    let told = case.told("ReviewCompleted", review("2029-01-01"), &igl);
    assert_eq!(told, "The next review must be on or before 2028-12-01.");
    case.does("ReviewCompleted", review("2028-12-01"), &igl);
    let (data, hash) = amendment(&case, 2, "M2", "/term/end_date", json!("2029-04-30"));
    let mut late = case.clone();
    late.world.now += 91 * DAY;
    assert_eq!(late.refused("AmendmentProposed", data.clone(), &igl), "G30");
    case.does("AmendmentProposed", data, &igl);
    let data = submission(&case, 2, &hash);
    case.does("TermsSubmitted", data, &igl);
    case.hash = hash;
    let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
    let roles: Vec<String> = missing.iter().map(|required| required.role.to_string()).collect();
    assert_eq!(roles, ["DPO", "SIG"]);
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!(in_force(&case), [1, 2]);
    assert_eq!(case.at(at(instant("2028-05-01T00:00:00.000Z"))).name().letter(), 'V');
}

#[test]
fn who_gives_notice_signs_no_amendment_any_more() {
    let mut case = approving(Shape::three());
    case.sign_for("HCK");
    case.sign_for("CMD");
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
    assert_eq!(in_force(&case), [1, 2], "the others had all signed");
    let mut case = approving(Shape::three());
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "G14");
}

#[test]
fn an_amendment_is_signed_while_the_agreement_is_suspended_and_dropped_when_it_ends() {
    let mut case = approving(Shape::pair());
    case.suspend("HCK", "WHOLE");
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!((case.letter(), in_force(&case)), ('S', vec![1, 2]));
    let mut ended = approving(Shape::pair());
    ended.does("RevocationNoticed", leaving("UNLAWFUL", &ended.today()), &[officer("HCK", "SIG")]);
    assert_eq!(ended.letter(), 'X');
    assert!(ended.agreement().amendment().is_none());
}

#[test]
fn an_emergency_is_not_extended() {
    let mut shape = Shape::pair().with("/agreement_type", json!("EMG")).with("/term/end_date", json!("2026-12-20"));
    shape.terms["emergency"] = json!({
        "declared_by": commitment(), "ground": "LIFE", "incident_ref": commitment(),
    });
    let mut case = Case::in_force(shape);
    let (data, _) = shorter_notice(&case, 2);
    assert_eq!(case.refused("AmendmentProposed", data, &[officer("HCK", "IGL")]), "G32");
}

/// Two where others may join, with these rules for amendments.
fn one_by_one(rule: &str, quorum: &str) -> Case {
    let shape = crate::joining::open_to_others()
        .with("/non_adopter_rule", json!(rule))
        .with("/amendment_quorum", json!(quorum));
    let case = crate::joining::formed(shape);
    assert_eq!(case.letter(), 'V');
    case
}

/// An amendment that would bring Islington in, frozen.
fn brings_in(case: &mut Case) {
    let mut shape = case.shape.clone();
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/purpose"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let data = submission(case, 2, &hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
}

#[test]
fn who_comes_in_signs_the_amendment_and_is_bound_when_it_takes_effect() {
    let there = |case: &Case| case.agreement().party("ISL".parse().unwrap()).map(|party| party.state.letter());
    // Everybody signs: the newcomer first, and is bound with the version.
    let mut case = one_by_one("LEAVE", "ALL");
    brings_in(&mut case);
    assert_eq!(there(&case), Some('s'));
    case.sign_for("ISL");
    assert_eq!((there(&case), in_force(&case)), (Some('s'), vec![1]));
    let mut without = case.clone();
    for code in ["HCK", "CMD"] {
        assert_eq!(in_force(&case), [1]);
        case.sign_for(code);
    }
    assert_eq!((there(&case), in_force(&case)), (Some('x'), vec![1, 2]));
    // The newcomer goes: the others go on without it.
    let mut declined = one_by_one("LEAVE", "ALL");
    brings_in(&mut declined);
    let on = json!({ "on": declined.today() });
    let left = declined.world.draft("org:ISL", "OrganisationLeft", on, &[officer("ISL", "CEX")]);
    declined.world.record(&left).unwrap();
    assert_eq!(there(&declined), Some('d'));
    // Returned and frozen again, it is still gone.
    declined.does("ApprovalDeclined", declined.decline("RETURN"), &[officer("HCK", "SIG")]);
    let data = submission(&declined, 2, &declined.hash.clone());
    declined.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(there(&declined), Some('d'));
    for code in ["HCK", "CMD"] {
        declined.sign_for(code);
    }
    assert_eq!((there(&declined), in_force(&declined)), (None, vec![1, 2]));
    // What the others take back is theirs: it waits for them.
    without.sign_for("HCK");
    assert_eq!(in_force(&without), [1]);
}

#[test]
fn a_newcomer_whom_the_next_draft_names_too_stands_where_it_stood() {
    let there = |case: &Case| case.agreement().party("ISL".parse().unwrap()).map(|party| party.state.letter());
    let mut case = one_by_one("LEAVE", "ALL");
    let mut shape = case.shape.clone();
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/purpose"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    case.hash = hash;
    assert_eq!(there(&case), Some('i'));
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    assert_eq!(there(&case), Some('s'));
    for (named, expected) in [(true, Some('s')), (false, None)] {
        let mut case = case.clone();
        let next = if named { shape.clone() } else { case.shape.clone() };
        let (mut data, hash) = case.draft_of(&next.with("/notice_days", json!(20)), 3, &["/notice_days"]);
        data["words"] = commitment();
        case.does("CounterProposalMade", data, &[officer("CMD", "IGL")]);
        case.does("CounterProposalAccepted", json!({ "version_hash": hash }), &[officer("HCK", "IGL")]);
        assert_eq!(there(&case), expected, "named: {named}");
    }
}

#[test]
fn a_newcomer_that_has_not_signed_stays_out_where_two_thirds_are_enough() {
    let there = |case: &Case| case.agreement().party("ISL".parse().unwrap()).map(|party| party.state.letter());
    for (signs, expected) in [(true, Some('x')), (false, None)] {
        let mut case = one_by_one("LEAVE", "TWO_THIRDS");
        brings_in(&mut case);
        if signs {
            case.sign_for("ISL");
        }
        for code in ["HCK", "CMD"] {
            case.sign_for(code);
        }
        assert_eq!((there(&case), in_force(&case)), (expected, vec![1, 2]), "signs: {signs}");
    }
}

#[test]
fn what_was_taken_back_is_not_void_besides_when_the_amendment_is_returned() {
    let mut case = approving(Shape::pair());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let approved = case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let data = json!({ "target": approved, "words": commitment() });
    case.does("ApprovalWithdrawn", data, &[officer("HCK", "IAO")]);
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("CMD", "SIG")]);
    let agreement = case.agreement();
    let own = agreement.signatures().iter().filter(|signature| signature.version == 2);
    let standings: Vec<String> = own.map(|signature| signature.standing.to_string()).collect();
    assert_eq!(standings, ["VOID", "WITHDRAWN"]);
}

#[test]
fn a_slower_rhythm_of_each_dataset_of_a_row_is_operational() {
    // Two datasets that say the same are one row.
    let mut shape = Shape::pair();
    shape.terms["datasets"] = json!([dataset("HCK", &["CMD"]), dataset("HCK", &["CMD"])]);
    let mut case = Case::in_force(shape);
    let mut slower = case.shape.clone();
    for place in 0..2 {
        slower.terms["datasets"][place]["frequency"] = json!("ANNUAL");
    }
    let (mut data, _) = case.draft_of(&slower, 2, &["/datasets/0/frequency", "/datasets/1/frequency"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M1"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
}
