//! D01 to D05, over persons and not over keys.

use serde_json::json;

use crate::town::*;
use crate::world::{Person, commitment, registrars};

fn submitted() -> Case {
    Case::filed(Shape::pair().with("/datasets/0/data_class", json!("SC"))).submitted()
}

#[test]
fn the_filer_advises_approves_and_executes_nothing() {
    let mut case = submitted();
    let filer = officer("CMD", "REQ");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    let iao = also_holds(&mut case.world, &filer, "IAO");
    let told = case.told("ApprovalGiven", case.approval(), &[iao]);
    assert_eq!(told, "You filed this request, so you cannot also approve it. Ask another IAO of CMD.");
    let sig = also_holds(&mut case.world, &filer, "SIG");
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[sig]), "D01");
    let lgl = also_holds(&mut case.world, &filer, "LGL");
    assert_eq!(case.refused("AdviceGiven", case.advice("LGL"), &[lgl]), "D01");
}

#[test]
fn one_person_gives_one_decision_for_a_party_except_risk_owner_and_signatory() {
    let mut case = submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let siro = officer("HCK", "SIRO");
    case.does("ApprovalGiven", case.approval(), &[siro.clone()]);
    let as_owner = also_holds(&mut case.world, &siro, "IAO");
    let told = case.told("ApprovalGiven", case.approval(), &[as_owner]);
    assert_eq!(told, "You already signed this version as SIRO. A different person must sign as IAO.");
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let as_signatory = also_holds(&mut case.world, &siro, "SIG");
    case.does("ExecutionSigned", case.execution(), &[as_signatory]);
    assert_eq!(case.party("HCK"), 'x');
}

#[test]
fn who_advised_does_not_decide_and_who_decided_does_not_advise() {
    let mut case = submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("AdviceGiven", case.advice("LGL"), &[officer("HCK", "LGL")]);
    let adviser = also_holds(&mut case.world, &officer("HCK", "LGL"), "IAO");
    let told = case.told("ApprovalGiven", case.approval(), &[adviser]);
    assert_eq!(told, "You advised on this version as LGL, so you cannot approve it.");
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let owner = also_holds(&mut case.world, &officer("HCK", "IAO"), "LGL");
    assert_eq!(case.refused("AdviceGiven", case.advice("LGL"), &[owner]), "D03");
}

/// A person who is declared to be the one who holds an office at Hackney.
fn shared(case: &mut Case, role: &'static str, number: u8) -> Person {
    let held = case.world.replay.state.organisations[&"HCK".parse().unwrap()].clone();
    let at_hackney = held.appointments.iter().find(|a| a.role.as_str() == role).unwrap().event.to_string();
    let here = newcomer("CMD", role, number);
    let by = if role == "LGL" { "ADM" } else { "CEX" };
    let mut draft = case.world.appointment(&[officer("CMD", by), officer("HCK", "ADM")], &here);
    draft.payload["data"]["same_person"] = json!(at_hackney);
    case.world.record(&draft).unwrap();
    case.world.give_key(&here, &[officer("CMD", "ADM"), officer("CMD", "CEX")]).unwrap();
    here
}

#[test]
fn one_human_at_two_bodies_decides_for_one_alone() {
    let mut case = submitted();
    let both = shared(&mut case, "SIRO", 140);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    let told = case.told("ApprovalGiven", case.approval(), &[both]);
    assert_eq!(told, "You already acted for HCK in this agreement.");
}

#[test]
fn a_shared_adviser_advises_both() {
    let mut case = submitted();
    let both = shared(&mut case, "DPO", 141);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("AdviceGiven", case.advice("DPO"), &[both]);
}

#[test]
fn registrars_and_auditors_decide_nothing() {
    let mut case = submitted();
    let [one, ..] = registrars();
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[one.clone()]), "D05");
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "WHOLE"), &[one]), "D05");
    let mut auditor = newcomer("ISL", "LGL", 142);
    auditor.role = "AUD";
    case.world.appoint(&officer("ISL", "ADM"), &auditor).unwrap();
    case.world.give_key(&auditor, &[officer("ISL", "ADM")]).unwrap();
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[auditor.clone()]), "D05");
    case.does("NoteRecorded", json!({ "text": commitment(), "visibility": "PARTIES" }), &[auditor]);
}

#[test]
fn in_a_small_body_two_persons_sign_and_the_executor_is_not_the_only_one_who_approved() {
    let mut case = Case::none(Shape::pair());
    let light = json!({ "governance": "LIGHT" });
    let by = [officer("HCK", "ADM"), officer("HCK", "CEX")];
    let draft = case.world.draft("org:HCK", "OrganisationUpdated", light, &by);
    case.world.record(&draft).unwrap();
    let mut case = Case::none_in(case.world.clone(), case.shape.clone().with("/datasets/0/data_class", json!("SC")));
    case = case.file().submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    // The chief stands in for the risk owner, the information lead for the asset owner.
    let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
    let roles: Vec<String> = missing.iter().map(|r| r.role.to_string()).collect();
    assert_eq!(roles, ["CEX", "IGL", "SIG"]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "CEX")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IGL")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(case.party("HCK"), 'x');
    case.sign_for("CMD");
    let ground = case.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &[officer("HCK", "CEX")]);
    case.does("AgreementResumed", resumption(&ground), &[officer("HCK", "CEX")]);
}

#[test]
fn what_somebody_decided_on_an_earlier_version_binds_nobody_on_the_next() {
    // Who advised on the first approves the second.
    let mut case = submitted();
    let adviser = officer("HCK", "LGL");
    case.does("AdviceGiven", case.advice("LGL"), &[adviser.clone()]);
    let as_owner = also_holds(&mut case.world, &adviser, "IAO");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[as_owner.clone()]), "D03");
    case.signs_anew();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[as_owner]), "-");
    // Who approved the first executes the second.
    let mut case = submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let owner = officer("HCK", "IAO");
    case.does("ApprovalGiven", case.approval(), &[owner.clone()]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    let as_signatory = also_holds(&mut case.world, &owner, "SIG");
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[as_signatory.clone()]), "D02");
    case.signs_anew();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let second = newcomer("HCK", "IAO", 143);
    case.world.appoint(&officer("HCK", "ADM"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM")]).unwrap();
    case.does("ApprovalGiven", case.approval(), &[second]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[as_signatory]), "-");
}

#[test]
fn an_adviser_whom_two_bodies_share_decides_for_neither() {
    // Advice for Hackney, then an approval for Camden; and the other way round.
    let mut case = submitted();
    let both = shared(&mut case, "LGL", 144);
    let as_owner = also_holds(&mut case.world, &both, "IAO");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    let mut other = case.clone();
    case.does("AdviceGiven", case.advice("LGL"), &[officer("HCK", "LGL")]);
    assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[as_owner.clone()]), "D04");
    other.does("ApprovalGiven", other.approval(), &[as_owner]);
    assert_eq!(other.tries("AdviceGiven", &other.advice("LGL"), &[officer("HCK", "LGL")]), "D04");
}
