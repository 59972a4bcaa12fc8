//! A03 to A07, A24 and A25: questions, answers, counter-proposals, notices taken back, consent to the end.

use serde_json::json;

use crate::town::*;
use crate::world::commitment;

#[test]
fn a_question_is_put_to_another_party_and_answered_by_it() {
    let mut case = Case::filed(Shape::pair());
    let told = case.told("ClarificationRequested", question("HCK"), &[officer("HCK", "DPO")]);
    assert_eq!(told, "HCK is not another party of this agreement. Ask one of the other parties.");
    assert_eq!(case.refused("ClarificationRequested", question("ISL"), &[officer("HCK", "DPO")]), "G04");
    assert_eq!(case.refused("ClarificationRequested", question("CMD"), &[officer("HCK", "SIG")]), "R01");
    let first = case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "DPO")]);
    let second = case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "LGL")]);
    assert_eq!(case.letter(), 'C');
    assert_eq!(case.refused("ClarificationProvided", answer(&first), &[officer("CMD", "IAO")]), "R01");
    let told = case.told("ClarificationProvided", answer(&first), &[officer("HCK", "IGL")]);
    assert_eq!(told, "That question was put to CMD, not to you.");
    let unknown = "01890000-0000-7000-8000-ffffffffffff";
    assert_eq!(case.refused("ClarificationProvided", answer(unknown), &[officer("CMD", "IGL")]), "T11");
    case.does("ClarificationProvided", answer(&first), &[officer("CMD", "REQ")]);
    assert_eq!(case.letter(), 'C');
    assert_eq!(case.refused("ClarificationProvided", answer(&first), &[officer("CMD", "REQ")]), "T11");
    case.does("ClarificationProvided", answer(&second), &[officer("CMD", "IGL")]);
    assert_eq!(case.letter(), 'F');
}

#[test]
fn a_returned_request_is_answered_with_new_terms() {
    let mut case = Case::filed(Shape::pair());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let back = json!({ "missing": ["/term/end_date"], "outcome": "RETURNED" });
    let asked = case.does("RequestTriaged", back, &[officer("HCK", "IGL")]);
    let (draft, hash) = case.counter(2);
    let mut given = answer(&asked);
    given["header"] = draft["header"].clone();
    assert_eq!(case.refused("ClarificationProvided", given.clone(), &[officer("CMD", "IGL")]), "E03");
    given["terms"] = draft["terms"].clone();
    let mut silent = given.clone();
    silent["header"].as_object_mut().unwrap().remove("changes");
    assert_eq!(case.refused("ClarificationProvided", silent, &[officer("CMD", "IGL")]), "E08");
    let barrier = case.agreement().barrier();
    case.does("ClarificationProvided", given, &[officer("CMD", "IGL")]);
    assert_eq!((case.letter(), case.agreement().current().number), ('F', 2));
    assert!(case.agreement().barrier() > barrier);
    // Advice on the first draft says nothing of the second.
    case.hash = hash;
    let mut case = case.triaged();
    let mut data = case.submission();
    assert_eq!(case.refused("TermsSubmitted", data.clone(), &[officer("CMD", "IGL")]), "G08");
    data["version"] = json!(2);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G19");
    for code in ["HCK", "CMD"] {
        case.sign_for(code);
    }
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_counter_proposal_is_accepted_or_rejected_by_those_who_asked() {
    let mut case = Case::filed(Shape::pair()).triaged();
    let (mut same, _) = case.draft_of(&case.shape, 2, &[]);
    same["words"] = commitment();
    let told = case.told("CounterProposalMade", same, &[officer("HCK", "IGL")]);
    assert_eq!(told, "The counter-proposal is identical to the current terms. Change something, or accept them.");
    let (mut own, _) = case.counter(2);
    own["words"] = commitment();
    assert_eq!(case.refused("CounterProposalMade", own, &[officer("CMD", "IGL")]), "R01");
    let hash = case.counters(2, "HCK");
    assert_eq!((case.letter(), case.agreement().current().number), ('G', 1));
    let reply = json!({ "version_hash": hash });
    assert_eq!(case.refused("CounterProposalAccepted", reply.clone(), &[officer("HCK", "IGL")]), "R01");
    // A question comes between: who answers the counter-proposal is still told first.
    let mut between = case.clone();
    between.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]);
    assert_eq!(between.letter(), 'C');
    assert_eq!(between.refused("CounterProposalAccepted", reply.clone(), &[officer("CMD", "IGL")]), "T10");
    assert_eq!(between.refused("CounterProposalAccepted", reply.clone(), &[officer("HCK", "IGL")]), "R01");
    let mut rejected = case.clone();
    rejected.does("CounterProposalRejected", reply.clone(), &[officer("CMD", "IGL")]);
    assert_eq!((rejected.letter(), rejected.agreement().current().number), ('F', 1));
    // Another counter-proposal replaces the one that waits, and its number is never used again.
    let newer = case.counters(3, "CMD");
    assert_eq!(case.refused("CounterProposalAccepted", reply, &[officer("HCK", "IGL")]), "G06");
    case.does("CounterProposalAccepted", json!({ "version_hash": newer }), &[officer("HCK", "IGL")]);
    assert_eq!((case.letter(), case.agreement().current().number), ('F', 3));
    assert!(case.agreement().parties().iter().any(|party| party.accepted.is_some()), "triage is kept");
    let told = case.told("CounterProposalRejected", json!({ "version_hash": newer }), &[officer("HCK", "IGL")]);
    assert_eq!(told, "There is no counter-proposal to answer.");
}

#[test]
fn after_a_refusal_nobody_proposes_other_terms_whoever_made_the_last() {
    let mut case = Case::in_stage('R', Shape::pair());
    let (mut draft, _) = case.counter(2);
    draft["words"] = commitment();
    for party in ["CMD", "HCK"] {
        assert_eq!(case.refused("CounterProposalMade", draft.clone(), &[officer(party, "IGL")]), "T07");
    }
}

#[test]
fn a_question_on_a_counter_proposal_leads_back_to_it() {
    let mut case = Case::in_stage('G', Shape::pair());
    let asked = case.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]);
    assert_eq!(case.letter(), 'C');
    case.does("ClarificationProvided", answer(&asked), &[officer("HCK", "IGL")]);
    assert_eq!(case.letter(), 'G');
}

#[test]
fn a_question_while_people_sign_blocks_executions_and_changes_no_terms() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let asked = case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "SEC")]);
    assert_eq!(case.letter(), 'A');
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "T10");
    let (draft, _) = case.counter(2);
    let mut given = answer(&asked);
    given["header"] = draft["header"].clone();
    given["terms"] = draft["terms"].clone();
    assert_eq!(case.refused("ClarificationProvided", given, &[officer("CMD", "IGL")]), "T09");
    case.does("ClarificationProvided", answer(&asked), &[officer("CMD", "IGL")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
}

#[test]
fn a_question_that_is_open_stops_submission_and_execution_before_anything_else_is_asked() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "SEC")]);
    let mut stale = case.execution();
    stale["version_hash"] = json!("0".repeat(64));
    assert_eq!(case.refused("ExecutionSigned", stale, &[officer("HCK", "SIG")]), "T10");
    let mut late = case.event("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    late.payload["expected_revision"] = json!(0);
    assert_eq!(case.world.refusal(&late), "T10");
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("HCK", "DPO")]);
    assert_eq!(case.letter(), 'F');
    let data = case.submission();
    assert_eq!(case.refused("TermsSubmitted", data, &[officer("CMD", "IGL")]), "T10");
}

#[test]
fn an_answer_with_other_terms_does_not_make_its_sender_the_one_who_countered() {
    let mut case = Case::in_stage('G', Shape::pair());
    let hash = case.agreement().versions().last().unwrap().hash.to_string();
    let by = case.agreement().versions().last().unwrap().by.to_string();
    let other = if by == "HCK" { "CMD" } else { "HCK" };
    let asked = case.does("ClarificationRequested", question(other), &[officer(&by, "IGL")]);
    let (draft, _) = case.counter(3);
    let mut given = answer(&asked);
    given["header"] = draft["header"].clone();
    given["terms"] = draft["terms"].clone();
    case.does("ClarificationProvided", given, &[officer(other, "IGL")]);
    assert_eq!(case.letter(), 'G');
    let reply = json!({ "version_hash": hash });
    assert_eq!(case.refused("CounterProposalAccepted", reply.clone(), &[officer(&by, "IGL")]), "R01");
    case.does("CounterProposalRejected", reply, &[officer(other, "IGL")]);
}

#[test]
fn a_party_keeps_five_questions_open() {
    let mut case = Case::filed(Shape::pair());
    for _ in 0..5 {
        case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]);
    }
    let told = case.told("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]);
    assert_eq!(told, "Too many questions are open (5); close some before you ask more.");
    case.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]);
}

#[test]
fn a_notice_is_taken_back_before_its_day_and_between_two_with_the_other() {
    let mut case = Case::in_force(Shape::pair());
    let notice = case.does("RevocationNoticed", leaving("POLICY", "2026-12-31"), &[officer("HCK", "SIG")]);
    let back = json!({ "target": notice });
    let told = case.told("RevocationRescinded", back.clone(), &[officer("HCK", "SIG")]);
    assert!(told.starts_with("That notice cannot be taken back now."), "{told}");
    assert_eq!(case.refused("RevocationRescinded", back.clone(), &[officer("CMD", "SIG")]), "G11");
    let both = [officer("HCK", "SIRO"), officer("CMD", "SIG")];
    let mut late = case.clone();
    late.world.now = instant("2026-12-31T00:00:00.000Z");
    assert_eq!(late.refused("RevocationRescinded", back.clone(), &both), "T18");
    case.does("RevocationRescinded", back, &both);
    assert_eq!(case.party("HCK"), 'x');
    case.world.now += 40 * DAY;
    assert_eq!(case.letter(), 'V');
    let mut three = Case::in_force(Shape::three());
    let notice = three.does("RevocationNoticed", leaving("POLICY", "2026-12-31"), &[officer("HCK", "SIG")]);
    three.does("RevocationRescinded", json!({ "target": notice }), &[officer("HCK", "SIG")]);
    assert_eq!(three.party("HCK"), 'x');
}

#[test]
fn all_agree_on_one_day_to_end_it() {
    let mut case = Case::in_force(Shape::pair());
    let on = |day: &str| json!({ "takes_effect_on": day });
    assert_eq!(case.refused("TerminationConsented", on("2027-03-29"), &[officer("HCK", "SIRO")]), "R01");
    case.does("TerminationConsented", on("2027-03-29"), &[officer("HCK", "SIG")]);
    let told = case.told("TerminationConsented", on("2027-04-01"), &[officer("CMD", "SIG")]);
    assert_eq!(told, "All consents must name the same end date, which is 2027-03-29.");
    let mut at_once = Case::in_force(Shape::pair());
    for code in ["HCK", "CMD"] {
        at_once.does("TerminationConsented", on("2026-11-30"), &[officer(code, "SIG")]);
    }
    assert_eq!(at_once.letter(), 'X');
    case.does("TerminationConsented", on("2027-03-29"), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'V');
    let day = instant("2027-03-28T23:00:00.000Z");
    assert_eq!(case.at(crate::world::at(day - 1)).name().letter(), 'V');
    assert_eq!(case.at(crate::world::at(day)).name().letter(), 'X');
}

#[test]
fn whoever_leaves_needs_not_consent() {
    let mut case = Case::in_force(Shape::three());
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("ISL", "SIG")]);
    for code in ["HCK", "CMD"] {
        assert_eq!(case.letter(), 'V');
        case.does("TerminationConsented", json!({ "takes_effect_on": "2026-12-01" }), &[officer(code, "SIG")]);
    }
    assert_eq!(case.letter(), 'X');
}
