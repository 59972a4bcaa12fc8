//! Small bodies (governance LIGHT, amendments.md): which role stands in for which, and that two persons sign.

use serde_json::{Value, json};

use crate::table::{attempt, prepare};
use crate::town::*;
use crate::world::{Person, commitment};

/// A body becomes a small one.
fn light(case: &mut Case, code: &str) {
    let by = [officer(code, "ADM"), officer(code, "CEX")];
    let draft = case.world.draft(&format!("org:{code}"), "OrganisationUpdated", json!({ "governance": "LIGHT" }), &by);
    case.world.record(&draft).unwrap();
}

fn tried(case: &Case, event: &str, data: Value, by: &[Person]) -> Option<String> {
    let mut case = case.clone();
    let draft = case.event(event, data, by);
    case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn in_a_small_body_the_chief_is_the_risk_owner_and_the_leads_are_the_owners() {
    // The event, its stage, who does it, the role that stands in; its own role may do it always.
    for (event, letter, code, own, other) in [
        ("RequestRefused", 'F', "HCK", "SIRO", "CEX"),
        ("AgreementSuspended", 'V', "HCK", "SIRO", "CEX"),
        ("RevocationNoticed", 'V', "HCK", "SIRO", "CEX"),
        ("IncidentNoted", 'V', "HCK", "SIRO", "CEX"),
        ("DisclosureLogged", 'V', "HCK", "IAO", "IGL"),
        ("IncidentNoted", 'V', "HCK", "SEC", "SIG"),
        ("ClarificationRequested", 'F', "HCK", "SIRO", "CEX"),
        ("ClarificationRequested", 'F', "HCK", "SEC", "SIG"),
    ] {
        let mut case = Case::in_stage(letter, Shape::pair());
        prepare(&mut case, event, letter);
        let (data, _) = attempt(&mut case, event).unwrap();
        assert_eq!(tried(&case, event, data.clone(), &[officer(code, own)]), None, "{event}");
        let stands = |case: &Case| tried(case, event, data.clone(), &[officer(code, other)]);
        assert_eq!(stands(&case).as_deref(), Some("R01"), "{event} by {other} of a whole body");
        light(&mut case, "CMD");
        assert_eq!(stands(&case).as_deref(), Some("R01"), "{event}: another is small");
        light(&mut case, code);
        assert_eq!(stands(&case), None, "{event} by {other} of a small body");
    }
    // What is certified is countersigned by whoever stands in for the security lead.
    let mut case = Case::in_stage('E', Shape::pair());
    let data = crate::sharing::certificate(&["DS-1"], "DESTROYED");
    let hands = [officer("CMD", "IGL"), officer("CMD", "SIG")];
    assert_eq!(tried(&case, "DestructionCertified", data.clone(), &hands).as_deref(), Some("R01"));
    light(&mut case, "CMD");
    assert_eq!(tried(&case, "DestructionCertified", data, &hands), None);
    // Whoever lifts what a small body left: its chief's post counts, not a risk owner's.
    let mut case = Case::in_force(Shape::three());
    light(&mut case, "ISL");
    let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &[officer("ISL", "CEX")]);
    case.does("AgreementSuspended", suspension("REGULATOR", "PARTY"), &[officer("HCK", "SIRO")]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    let siro = {
        let body = &case.world.replay.state.organisations[&"ISL".parse().unwrap()];
        body.appointments.iter().find(|a| a.role.as_str() == "SIRO").unwrap().event.to_string()
    };
    let end =
        case.world.draft("org:ISL", "RoleHolderRevoked", json!({ "appointment": siro }), &[officer("ISL", "CEX")]);
    case.world.record(&end).unwrap();
    case.world.now += 14 * DAY;
    let two = [officer("CMD", "SIRO"), officer("HCK", "SIRO")];
    assert_eq!(tried(&case, "AgreementResumed", resumption(&ground), &two).as_deref(), Some("R01"));
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    assert_eq!(tried(&case, "AgreementResumed", resumption(&ground), &[officer("ISL", "CEX")]), None);
}

/// Hackney processes for Camden, as a small body: its signatory approves for the security lead, and executes.
fn processing() -> Case {
    let mut shape = Shape::pair().with("/agreement_type", json!("C2P"));
    shape.terms["datasets"] = json!([dataset("CMD", &["HCK"])]);
    shape.terms["lawful_basis"] = json!({ "CMD": ["E"] });
    shape.terms["art28"] = json!({
        "assist_compliance": true, "assist_rights": true, "audit": true, "confidentiality": true,
        "delete_or_return": true, "instructions": true, "security": true, "sub_processors": true,
    });
    shape.parties = json!([row("CMD", "PROVIDER"), row("HCK", "RECIPIENT")]);
    shape.parties[1]["legal_role"] = json!("PROCESSOR");
    let mut case = Case::none(shape.clone());
    light(&mut case, "HCK");
    let mut case = Case::none_in(case.world, shape).file().submitted();
    case.sign_for("CMD");
    case
}

#[test]
fn in_a_small_body_whoever_executes_is_not_the_only_one_who_approved() {
    let mut case = processing();
    let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
    let owed: Vec<String> = missing.iter().map(|required| format!("{} {}", required.kind, required.role)).collect();
    assert_eq!(owed, ["APPROVAL SIG", "EXECUTION SIG"]);
    let sig = officer("HCK", "SIG");
    // Advice is no approval, and what Camden's people approved is none of Hackney's.
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[sig.clone()]);
    assert_eq!(tried(&case, "ExecutionSigned", case.execution(), &[sig.clone()]).as_deref(), Some("D02"));
    let second = newcomer("HCK", "SIG", 236);
    case.world.appoint(&officer("HCK", "CEX"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    let mut other = case.clone();
    other.does("ExecutionSigned", other.execution(), &[second.clone()]);
    assert_eq!(other.letter(), 'V');
    // Once another has approved as well, the first may execute.
    case.does("ApprovalGiven", case.approval(), &[second]);
    case.does("ExecutionSigned", case.execution(), &[sig]);
    assert_eq!(case.letter(), 'V');
    // An approval that was taken back is none.
    let mut case = processing();
    let sig = officer("HCK", "SIG");
    let second = newcomer("HCK", "SIG", 236);
    case.world.appoint(&officer("HCK", "CEX"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    let given = case.does("ApprovalGiven", case.approval(), &[second.clone()]);
    case.does("ApprovalWithdrawn", json!({ "target": given, "words": commitment() }), &[second]);
    case.does("ApprovalGiven", case.approval(), &[sig.clone()]);
    assert_eq!(tried(&case, "ExecutionSigned", case.execution(), &[sig]).as_deref(), Some("D02"));
}

#[test]
fn an_approval_of_an_earlier_version_is_no_second_pair_of_eyes() {
    let mut case = processing();
    let sig = officer("HCK", "SIG");
    let second = newcomer("HCK", "SIG", 236);
    case.world.appoint(&officer("HCK", "CEX"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    case.does("ApprovalGiven", case.approval(), &[second.clone()]);
    case.signs_anew();
    case.does("ApprovalGiven", case.approval(), &[sig.clone()]);
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[sig]), "D02");
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[second]), "-");
}

#[test]
fn an_approval_of_the_version_in_force_is_none_of_its_amendment() {
    let mut case = processing();
    let sig = officer("HCK", "SIG");
    let second = newcomer("HCK", "SIG", 236);
    case.world.appoint(&officer("HCK", "CEX"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    case.does("ApprovalGiven", case.approval(), &[second.clone()]);
    case.does("ExecutionSigned", case.execution(), &[sig.clone()]);
    assert_eq!(case.letter(), 'V');
    let (mut data, hash) = case.counter(2);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    (data["version"], data["version_hash"]) = (json!(2), json!(hash));
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.does("ApprovalGiven", case.approval(), &[sig.clone()]);
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[sig]), "D02");
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[second]), "-");
}
