//! A12 and A13: a version is returned or declined, a signature taken back.

use serde_json::json;

use crate::town::*;
use crate::world::commitment;

#[test]
fn a_returned_version_is_open_again_and_its_signatures_are_void() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    assert_eq!(case.refused("ApprovalDeclined", case.decline("RETURN"), &[officer("CMD", "LGL")]), "R01");
    let barrier = case.agreement().barrier();
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("CMD", "DPO")]);
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('F', 'i', 'i'));
    assert!(case.agreement().barrier() > barrier, "others must look again");
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G19");
    for code in ["HCK", "CMD"] {
        case.sign_for(code);
    }
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_final_decline_ends_an_agreement_of_all() {
    for (kind, role) in [("HCK", "IAO"), ("CMD", "SIG")] {
        let mut case = Case::filed(Shape::pair()).submitted();
        case.does("ApprovalDeclined", case.decline("FINAL"), &[officer(kind, role)]);
        assert_eq!((case.letter(), case.party(kind)), ('R', 'd'));
    }
}

#[test]
fn who_executed_may_still_return_the_version() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("HCK", "SIG")]);
    assert_eq!(case.letter(), 'F');
}

#[test]
fn a_signature_is_taken_back_by_its_role_or_the_signatory() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let given = case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let back = |target: &str| json!({ "target": target, "words": commitment() });
    assert_eq!(case.refused("ApprovalWithdrawn", back(&given), &[officer("HCK", "SIRO")]), "R01");
    assert_eq!(case.refused("ApprovalWithdrawn", back(&given), &[officer("CMD", "IAO")]), "R01");
    let unknown = "01890000-0000-7000-8000-ffffffffffff";
    assert_eq!(case.refused("ApprovalWithdrawn", back(unknown), &[officer("HCK", "SIG")]), "G25");
    case.does("ApprovalWithdrawn", back(&given), &[officer("HCK", "IAO")]);
    assert_eq!(case.refused("ApprovalWithdrawn", back(&given), &[officer("HCK", "SIG")]), "G25");
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "G18");
    let again = case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    case.does("ApprovalWithdrawn", back(&again), &[officer("HCK", "SIG")]);
    assert_eq!(case.party("HCK"), 's');
    // The execution rested on the approval, so both must be given anew, in their order.
    let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
    assert_eq!(missing.len(), 2);
}

#[test]
fn a_signature_taken_back_before_the_first_day_reopens_signing() {
    let mut case = Case::in_stage('P', Shape::pair());
    let agreement = case.agreement();
    let execution = agreement.signatures().iter().rfind(|s| s.kind.as_str() == "EXECUTION").unwrap();
    let (target, whose) = (execution.event.to_string(), execution.organisation.to_string());
    let back = json!({ "target": target, "words": commitment() });
    case.does("ApprovalWithdrawn", back, &[officer(&whose, "SIG")]);
    assert_eq!((case.letter(), case.party(&whose)), ('A', 's'));
    case.sign_for(&whose);
    assert_eq!(case.letter(), 'P');
}
