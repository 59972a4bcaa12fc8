//! Who must act next, situation by situation (issue: "for every open agreement, by organisation and role").

use serde_json::json;

use crate::town::*;
use crate::world::commitment;

fn next(case: &Case) -> Vec<String> {
    let next = case.agreement().who_must_act_next();
    next.iter().map(|next| format!("{} {} {}", next.organisation, next.role, next.task)).collect()
}

/// Proposed by Hackney, and frozen if it is to be signed; gives its hash.
fn amended(case: &mut Case, signing: bool) {
    let shape = case.shape.clone().with("/notice_days", json!(10));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/notice_days"]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    if signing {
        let mut data = case.submission();
        data["version"] = json!(2);
        data["version_hash"] = json!(hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        case.hash = hash;
    }
}

#[test]
fn before_it_is_in_force() {
    let filed = |shape: Shape| Case::filed(shape);
    assert_eq!(next(&filed(Shape::pair())), ["HCK IGL TRIAGE"]);
    assert_eq!(next(&filed(Shape::pair()).triaged()), ["CMD IGL SUBMIT"]);
    assert_eq!(next(&filed(Shape::three())), ["HCK IGL TRIAGE", "ISL IGL TRIAGE"]);
    let mut three = filed(Shape::three());
    three.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
    assert_eq!(next(&three), ["ISL IGL TRIAGE"]);
    assert_eq!(next(&filed(crate::joining::open_to_others())), ["CMD IGL TRIAGE", "HCK IGL TRIAGE"]);
    assert_eq!(next(&Case::in_stage('C', Shape::pair())), ["CMD IGL ANSWER"]);
    let mut two = Case::filed(Shape::three());
    for asked in ["CMD", "ISL", "CMD"] {
        two.does("ClarificationRequested", question(asked), &[officer("HCK", "IGL")]);
    }
    assert_eq!(next(&two), ["CMD IGL ANSWER", "ISL IGL ANSWER"], "each once, in order");
    assert_eq!(next(&Case::in_stage('G', Shape::pair())), ["CMD IGL ANSWER_COUNTER"]);
    let mut own = Case::in_stage('G', Shape::pair());
    own.counters(3, "CMD");
    assert_eq!(next(&own), ["HCK IGL ANSWER_COUNTER"]);
    for letter in ['P', 'X', 'R', 'W', 'L'] {
        assert!(next(&Case::in_stage(letter, Shape::pair())).is_empty(), "{letter}");
    }
}

#[test]
fn while_it_is_signed() {
    let mut case = Case::filed(Shape::pair().with("/datasets/0/data_class", json!("SC"))).submitted();
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK IAO APPROVE", "HCK SIRO APPROVE"]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK SIG EXECUTE"]);
    // A question blocks the execution, so who is asked is waited for as well.
    let asked = case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "CMD IGL ANSWER", "HCK SIG EXECUTE"]);
    case.does("ClarificationProvided", answer(&asked), &[officer("CMD", "IGL")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE"]);
    // Where bodies join one by one, whoever asks to is invited, and whoever is invited signs.
    let mut joining = crate::joining::formed(crate::joining::open_to_others());
    let asks = crate::joining::accession(&joining, "ISL");
    joining.does("AccessionRequested", asks, &[officer("ISL", "IGL")]);
    assert_eq!(next(&joining), ["CMD IGL INVITE"]);
    let invites = crate::joining::invitation(&joining, "ISL");
    joining.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    assert_eq!(next(&joining), ["ISL DPO ADVISE"]);
    joining.suspend("CMD", "WHOLE");
    assert_eq!(next(&joining), ["CMD SIRO RESUME"], "nobody joins what is suspended");
}

#[test]
fn while_it_is_in_force_and_when_it_ends() {
    let mut case = Case::in_force(Shape::pair());
    assert!(next(&case).is_empty());
    case.suspend("HCK", "WHOLE");
    case.suspend("HCK", "WHOLE");
    case.suspend("CMD", "WHOLE");
    assert_eq!(next(&case), ["CMD SIRO RESUME", "HCK SIRO RESUME"], "each once");
    assert_eq!(next(&Case::in_stage('E', Shape::pair())), ["CMD IAO CERTIFY"]);
    let mut case = Case::in_force(Shape::pair());
    amended(&mut case, false);
    assert_eq!(next(&case), ["CMD IGL SUBMIT"]);
    let asked = case.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]);
    assert_eq!(next(&case), ["HCK IGL ANSWER"]);
    case.does("ClarificationProvided", answer(&asked), &[officer("HCK", "IGL")]);
    let shape = case.shape.clone().with("/notice_days", json!(20));
    let (mut data, _) = case.draft_of(&shape, 3, &["/notice_days"]);
    data["words"] = commitment();
    case.does("CounterProposalMade", data, &[officer("CMD", "IGL")]);
    assert_eq!(next(&case), ["HCK IGL ANSWER_COUNTER"]);
    let mut case = Case::in_force(Shape::pair());
    amended(&mut case, true);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE"]);
    case.does("ClarificationRequested", question("HCK"), &[officer("CMD", "IGL")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE", "HCK IGL ANSWER"]);
    case.suspend("HCK", "WHOLE");
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE", "HCK IGL ANSWER", "HCK SIRO RESUME"]);
    // A joiner signs what is in force, once: an amendment that is being signed does not ask it twice.
    let mut joining = crate::joining::formed(crate::joining::open_to_others());
    let invites = crate::joining::invitation(&joining, "ISL");
    joining.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    amended(&mut joining, true);
    assert_eq!(next(&joining), ["CMD DPO ADVISE", "HCK DPO ADVISE", "ISL DPO ADVISE"]);
}

#[test]
fn what_others_did_waits_too() {
    let mut case = Case::in_force(crate::emergency::shape());
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(next(&case), ["HCK DPO ADVISE"]);
    let (mut case, event) = crate::importing::imported(Shape::pair(), &[]);
    assert_eq!(next(&case), ["CMD SIG CONFIRM", "HCK SIG CONFIRM"]);
    case.does("ImportConfirmed", crate::importing::confirmation(&event), &[officer("CMD", "SIG")]);
    assert_eq!(next(&case), ["HCK SIG CONFIRM"]);
    let mut case = Case::in_force(Shape::pair());
    crate::contest::doubts(&mut case, "HCK", "SIG");
    assert_eq!(next(&case), ["HCK SIRO RESOLVE_CONTEST"], "a derived ground is nobody's to lift");
}

#[test]
fn a_counter_proposal_waits_for_who_gives_the_first_dataset() {
    // Camden asks; Hackney stands first, Islington gives the first dataset.
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("ISL", &["CMD"]), dataset("HCK", &["CMD"])]);
    let mut case = Case::filed(shape);
    case.counters(2, "HCK");
    assert_eq!(next(&case), ["CMD IGL ANSWER_COUNTER"]);
    case.counters(3, "CMD");
    assert_eq!(next(&case), ["ISL IGL ANSWER_COUNTER"]);
    // Where whoever asks gives it, the first of the others answers.
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("CMD", &["ISL"])]);
    shape.parties[0] = row("CMD", "PROVIDER");
    let mut case = Case::filed(shape);
    case.counters(2, "ISL");
    case.counters(3, "CMD");
    assert_eq!(next(&case), ["HCK IGL ANSWER_COUNTER"]);
}

#[test]
fn nobody_waits_for_who_said_no_or_may_not_sign_now() {
    // Where bodies join one by one the others go on without who declined.
    let mut case = crate::joining::submitted(crate::joining::open_to_others());
    let islington = "ISL".parse().unwrap();
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    assert_eq!(case.agreement().missing_signatures(islington).len(), 3);
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    assert!(case.agreement().missing_signatures(islington).is_empty());
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE"]);
    // A joiner signs nothing while all are stopped.
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    assert_eq!(case.agreement().missing_signatures(islington).len(), 3);
    case.suspend("CMD", "WHOLE");
    assert!(case.agreement().missing_signatures(islington).is_empty());
}

#[test]
fn a_counter_proposal_to_an_amendment_waits_for_who_proposed_it() {
    // Islington proposed it, Camden counters; then Hackney does in its place, and then Islington itself.
    let mut case = Case::in_force(Shape::three());
    let (mut data, _) = case.counter(2);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("ISL", "IGL")]);
    for (number, by, expected) in [(3, "CMD", "ISL"), (4, "HCK", "ISL"), (5, "ISL", "CMD")] {
        let shape = case.shape.clone().with("/notice_days", json!(10 + number));
        let (mut data, _) = case.draft_of(&shape, number, &["/notice_days"]);
        data["words"] = commitment();
        case.does("CounterProposalMade", data, &[officer(by, "IGL")]);
        assert_eq!(next(&case), [format!("{expected} IGL ANSWER_COUNTER")], "{by} countered");
    }
}
