//! Of which version a signature in doubt is missed, where several were in force (domain.md 2.3, 2.12; docs/formats.md,
//! "keys in other hands", 18 to 20).

use counterpart_core::ids::OrganisationCode;
use serde_json::json;

use super::{chief, far};
use crate::classes::{amendment, frozen, reviewed};
use crate::contest::{index, reports, signature, verdict};
use crate::town::*;
use crate::world::{Person, commitment};

/// A new key for an officer of Hackney whose old one was reported.
fn with_new_key(case: &mut Case, role: &str, seed: u8) -> Person {
    let fresh = officer("HCK", role).with_key(seed);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    fresh
}

/// A signature of Hackney comes into doubt, whatever the body has built on it since.
fn doubts(case: &mut Case, role: &str, signed: &str) {
    let from = index(case, signed);
    reports(case, &officer("HCK", role), Some(from), &far("HCK")).unwrap();
}

/// Hackney changes its privacy notice: nobody else signs that.
fn particulars(case: &mut Case) {
    let number = u32::try_from(case.agreement().versions().len() + 1).unwrap();
    let (data, hash) = amendment(case, &case.shape.clone(), number, "M0", &["/privacy_notice"]);
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    assert_eq!(case.agreement().current().number, number);
    case.hash = hash;
}

/// Both renew an agreement of special category data: of Hackney its DPO, SIRO and SIG sign, and no asset owner.
fn renewed() -> (Case, [String; 2]) {
    let mut case = reviewed(Shape::pair().with("/datasets/0/data_class", json!("SC")));
    let first = ["IAO", "SIG"].map(|role| signature(&case, "HCK", role));
    let longer = case.shape.clone().with("/term/end_date", json!("2029-04-30"));
    frozen(&mut case, &longer, "M2", &["/term/end_date"]);
    case.shape = longer;
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!((case.agreement().current().number, case.letter()), (2, 'V'));
    (case, first)
}

#[test]
fn particulars_rest_on_what_was_signed_before_them() {
    let mut case = Case::in_force(Shape::pair());
    let executed = signature(&case, "HCK", "SIG");
    let earlier = case.hash.clone();
    for changes in 0..2 {
        particulars(&mut case);
        let mut case = case.clone();
        // Nobody at Hackney has signed anything since, so its chief alone reports.
        let from = index(&case, &executed);
        reports(&mut case, &officer("HCK", "SIG"), Some(from), &chief("HCK")).unwrap();
        assert_eq!((case.letter(), case.agreement().grounds().len()), ('S', 1), "{changes}");
        let mut affirmed = case.clone();
        affirmed.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
        assert_eq!(affirmed.letter(), 'V');
        // It is given again on the version in force, and what else was signed before need not be.
        let fresh = with_new_key(&mut case, "SIG", 232);
        let mut stale = case.execution();
        stale["version_hash"] = json!(earlier);
        assert_eq!(case.tries("ExecutionSigned", &stale, &[fresh.clone()]), "G08");
        assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[officer("HCK", "IAO")]), "T08");
        case.does("ExecutionSigned", case.execution(), &[fresh.clone()]);
        assert_eq!(case.letter(), 'V');
        // So it stays whatever particulars change then, and it is not given a third time.
        particulars(&mut case);
        assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[fresh]), "T05");
        case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
        assert_eq!(case.letter(), 'V');
    }
}

#[test]
fn what_two_lost_beneath_particulars_each_gives_again_and_the_execution_last() {
    let mut case = Case::in_force(Shape::pair());
    let lost = ["IAO", "SIG"].map(|role| signature(&case, "HCK", role));
    particulars(&mut case);
    doubts(&mut case, "IAO", &lost[0]);
    doubts(&mut case, "SIG", &lost[1]);
    let (owner, signatory) = (with_new_key(&mut case, "IAO", 231), with_new_key(&mut case, "SIG", 232));
    let told = case.told("ExecutionSigned", case.execution(), &[signatory.clone()]);
    assert_eq!(told, "HCK still needs: approval by IAO.");
    case.does("ApprovalGiven", case.approval(), &[owner]);
    assert_eq!(case.letter(), 'S');
    case.does("ExecutionSigned", case.execution(), &[signatory]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn particulars_are_no_way_out_of_a_doubt() {
    let mut case = Case::in_force(Shape::pair());
    let executed = signature(&case, "HCK", "SIG");
    doubts(&mut case, "SIG", &executed);
    case.does("IncidentNoted", json!({ "key": true, "words": commitment() }), &[officer("HCK", "DPO")]);
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[&executed]), &both);
    particulars(&mut case);
    for code in ["HCK", "CMD"] {
        case.does("AdviceGiven", case.advice("DPO"), &[officer(code, "DPO")]);
        assert_eq!((case.letter(), case.agreement().grounds().len()), ('S', 1));
    }
}

#[test]
fn what_was_signed_on_terms_that_were_dropped_carries_nothing() {
    let mut case = Case::in_force(Shape::pair());
    let executed = signature(&case, "HCK", "SIG");
    let second = newcomer("HCK", "SIG", 246);
    case.world.appoint(&officer("HCK", "CEX"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    let shorter = case.shape.clone().with("/notice_days", json!(10));
    frozen(&mut case, &shorter, "M3", &["/notice_days"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    case.does("ExecutionSigned", case.execution(), &[second]);
    case.does("AmendmentAbandoned", json!({}), &[officer("HCK", "IGL")]);
    particulars(&mut case);
    doubts(&mut case, "SIG", &executed);
    assert_eq!((case.letter(), case.agreement().current().number), ('S', 3));
}

#[test]
fn an_approval_that_the_version_in_force_did_not_ask_for_is_not_missed() {
    let (mut case, [approved, executed]) = renewed();
    // Of the version before, whoever gave it; and still so once particulars have changed.
    doubts(&mut case, "IAO", &approved);
    doubts(&mut case, "SIG", &executed);
    let newest = signature(&case, "HCK", "SIG");
    assert_ne!(newest, executed);
    let mut earlier = case.clone();
    // The report reached the signatory's later execution too, which is given again, and it alone.
    assert_eq!(earlier.letter(), 'S');
    let fresh = with_new_key(&mut earlier, "SIG", 232);
    earlier.does("ExecutionSigned", earlier.execution(), &[fresh]);
    assert_eq!(earlier.letter(), 'V');
    let owner = with_new_key(&mut earlier, "IAO", 231);
    assert_eq!(earlier.tries("ApprovalGiven", &earlier.approval(), &[owner]), "T05");
    case.does("ContestResolved", verdict("AFFIRMED", &[&newest]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'V', "both signatures on the first version are in doubt still");
    particulars(&mut case);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!((case.letter(), case.agreement().grounds().len()), ('V', 0));
}

#[test]
fn what_a_renewal_asked_for_is_missed_and_given_again_without_what_it_did_not_ask_for() {
    for (role, seed) in [("SIRO", 231), ("SIG", 232)] {
        let (mut case, _) = renewed();
        let signed = signature(&case, "HCK", role);
        doubts(&mut case, role, &signed);
        assert_eq!(case.letter(), 'S', "{role}");
        let fresh = with_new_key(&mut case, role, seed);
        let event = if role == "SIG" { "ExecutionSigned" } else { "ApprovalGiven" };
        let data = if role == "SIG" { case.execution() } else { case.approval() };
        case.does(event, data, &[fresh]);
        assert_eq!(case.letter(), 'V', "{role}");
    }
}

#[test]
fn whoever_adopts_other_terms_has_given_anew_what_was_in_doubt() {
    let mut case = Case::in_force(Shape::pair());
    let executed = signature(&case, "HCK", "SIG");
    doubts(&mut case, "SIG", &executed);
    let shorter = case.shape.clone().with("/notice_days", json!(10));
    frozen(&mut case, &shorter, "M3", &["/notice_days"]);
    let hackney: OrganisationCode = "HCK".parse().unwrap();
    let fresh = with_new_key(&mut case, "SIG", 232);
    case.sign_for("CMD");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    assert_eq!(case.letter(), 'S');
    assert!(case.agreement().grounds().iter().all(|ground| ground.by == hackney));
    case.does("ExecutionSigned", case.execution(), &[fresh]);
    let agreement = case.agreement();
    assert_eq!((agreement.current().number, case.letter(), agreement.grounds().len()), (2, 'V', 0));
}
