//! What rests on an appointment, a delegation or a key in doubt, and who may answer for it (docs/formats.md, "keys in
//! other hands", 2, 3, 9, 14).

use serde_json::json;

use super::{chief, contested, delegated, far, put};
use crate::contest::{index, reports, verdict};
use crate::town::*;
use crate::world::Person;

/// Another key for an officer of Hackney.
fn with_new_key(case: &mut Case, whose: &Person, seed: u8) -> Person {
    let fresh = whose.with_key(seed);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    fresh
}

/// The requesting officer writes a note for the asset owner.
fn acts(case: &mut Case, delegation: &str) -> String {
    let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
    let mut written = case.event("NoteRecorded", note(), &[delegate]);
    written.payload["signers"][0]["delegation"] = json!(delegation);
    case.world.record(&written).unwrap()
}

fn ends(case: &mut Case, delegation: &str, by: &Person) {
    let data = json!({ "delegation": delegation });
    put(&mut case.world, "org:HCK", "DelegationRevoked", data, std::slice::from_ref(by)).unwrap();
}

#[test]
fn what_was_done_under_a_delegation_since_the_point_of_suspicion_is_in_doubt_though_it_was_ended_since() {
    // Made before the point or behind it, and ended before the report.
    for before in [true, false] {
        let owner = officer("HCK", "IAO");
        let mut case = Case::in_force(Shape::pair());
        let mut given = String::new();
        let mut early = None;
        if before {
            given = delegated(&mut case, &owner);
            early = Some(acts(&mut case, &given));
        }
        let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
        if !before {
            given = delegated(&mut case, &owner);
        }
        let late = acts(&mut case, &given);
        ends(&mut case, &given, &owner);
        let from = index(&case, &mark);
        reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
        assert_eq!([contested(&case, &given), contested(&case, &late)], [true, true], "made before: {before}");
        assert!(early.is_none_or(|early| !contested(&case, &early)));
    }
}

#[test]
fn what_began_and_ended_in_the_instant_of_suspicion_is_in_doubt() {
    let owner = officer("HCK", "IAO");
    let mut case = Case::in_force(Shape::pair());
    let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
    case.world.now -= 1_000;
    let given = delegated(&mut case, &owner);
    case.world.now -= 1_000;
    let written = acts(&mut case, &given);
    case.world.now -= 1_000;
    ends(&mut case, &given, &owner);
    let from = index(&case, &mark);
    reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
    assert_eq!([contested(&case, &given), contested(&case, &written)], [true, true]);
}

#[test]
fn what_an_administrator_delegates_for_somebody_in_doubt_is_in_doubt() {
    // One administrator appointed the owner and is in doubt; another one delegates in the owner's absence.
    let mut case = Case::in_force(Shape::pair());
    let other = newcomer("HCK", "ADM", 248);
    case.world.appoint(&officer("HCK", "CEX"), &other).unwrap();
    case.world.give_key(&other, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    let (_, appointed) = super::another_owner(&mut case);
    let given = {
        let data = json!({
            "appointment": appointed, "functions": [], "person": officer("HCK", "REQ").id, "until": "2027-02-01",
        });
        put(&mut case.world, "org:HCK", "RoleDelegated", data, &[other]).unwrap()
    };
    let written = acts(&mut case, &given);
    let from = index(&case, &appointed);
    reports(&mut case, &officer("HCK", "ADM"), Some(from), &chief("HCK")).unwrap();
    let doubted = [contested(&case, &appointed), contested(&case, &given), contested(&case, &written)];
    assert_eq!(doubted, [true, true, true]);
}

#[test]
fn a_delegation_that_was_over_at_the_point_of_suspicion_is_in_no_doubt() {
    // By its end, or by its last day.
    for ended in [true, false] {
        let owner = officer("HCK", "IAO");
        let mut case = Case::in_force(Shape::pair());
        let given = delegated(&mut case, &owner);
        let written = acts(&mut case, &given);
        if ended {
            ends(&mut case, &given, &owner);
        }
        case.world.now = instant("2027-02-02T10:00:00.000Z");
        let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
        let from = index(&case, &mark);
        reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
        assert_eq!([contested(&case, &given), contested(&case, &written)], [false, false], "ended: {ended}");
    }
}

#[test]
fn a_delegation_is_over_at_the_instant_of_its_end_and_not_before() {
    // The first instant behind its last day, and that of the event which ended it; and the one before each.
    let midnight = instant("2027-02-02T00:00:00.000Z");
    for (ended, early, doubted) in [(false, 1, true), (false, 0, false), (true, 1, true), (true, 0, false)] {
        let owner = officer("HCK", "IAO");
        let mut case = Case::in_force(Shape::pair());
        let given = delegated(&mut case, &owner);
        let written = acts(&mut case, &given);
        let mut over = midnight;
        let mark = if ended && early == 1 {
            // What is suspect from before the end has an index from before it, too.
            let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
            case.world.now -= 999;
            ends(&mut case, &given, &owner);
            mark
        } else {
            if ended {
                over = case.world.now;
                ends(&mut case, &given, &owner);
            }
            case.world.now = over - early;
            case.does("NoteRecorded", note(), &[owner.clone()])
        };
        let from = index(&case, &mark);
        reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
        assert_eq!(contested(&case, &given), doubted, "ended: {ended}, {early} ms early");
        assert!(!contested(&case, &written), "it was written before");
    }
}

#[test]
fn what_somebody_did_in_another_office_rests_on_that() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = newcomer("HCK", "LGL", 233);
    let adm = officer("HCK", "ADM");
    case.world.appoint(&adm, &lawyer).unwrap();
    case.world.give_key(&lawyer, &[adm.clone()]).unwrap();
    let mut owner = lawyer.clone();
    owner.role = "IAO";
    let appointed = case.world.appoint(&adm, &owner).unwrap();
    let as_lawyer = case.does("NoteRecorded", note(), &[lawyer]);
    let as_owner = case.does("NoteRecorded", note(), &[owner]);
    let from = index(&case, &appointed);
    reports(&mut case, &adm, Some(from), &chief("HCK")).unwrap();
    let doubted = [contested(&case, &appointed), contested(&case, &as_owner), contested(&case, &as_lawyer)];
    assert_eq!(doubted, [true, true, false]);
}

#[test]
fn whoever_signed_an_event_besides_does_not_stand_by_it() {
    // The data protection officer's key is in doubt; the risk owner signed with them, and has two keys.
    let mut case = Case::in_force(Shape::pair());
    let (dpo, siro) = (officer("HCK", "DPO"), officer("HCK", "SIRO"));
    let fresh = with_new_key(&mut case, &siro, 240);
    let both = [dpo.clone(), siro.clone()];
    let stopped = case.does("AgreementSuspended", suspension("RIGHTS", "WHOLE"), &both);
    let from = index(&case, &stopped);
    reports(&mut case, &dpo, Some(from), &chief("HCK")).unwrap();
    let affirmed = verdict("AFFIRMED", &[&stopped]);
    for by in [siro, fresh] {
        assert_eq!(case.tries("ContestResolved", &affirmed, &[by]), "D06");
    }
    assert_eq!(case.tries("ContestResolved", &affirmed, &chief("HCK")), "-");
}

#[test]
fn one_human_at_two_bodies_does_not_stand_by_what_they_did_at_the_other() {
    // Newham takes Hackney's place; one of its risk owners was Hackney's lawyer.
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let held = case.world.replay.state.organisations[&"HCK".parse().unwrap()].clone();
    let there = held.appointments.iter().find(|a| a.role.as_str() == "LGL").unwrap().event.to_string();
    crate::succession::found(&mut case.world);
    let [newham_chief, newham_adm, newham_siro, ..] = crate::succession::newham();
    let same = crate::world::person("NWM", "SIRO", 247);
    let mut draft = case.world.appointment(&[newham_chief.clone(), officer("HCK", "ADM")], &same);
    draft.payload["data"]["same_person"] = json!(there);
    case.world.record(&draft).unwrap();
    case.world.give_key(&same, &[newham_adm, newham_chief]).unwrap();
    let from = index(&case, &written);
    reports(&mut case, &lawyer, Some(from), &chief("HCK")).unwrap();
    let today = case.today();
    let data = crate::succession::succession("REPLACE", &["HCK"], &["NWM"], &today);
    crate::succession::succeeds(&mut case, data, &crate::succession::hands(&["HCK"], &["NWM"])).unwrap();
    let affirmed = verdict("AFFIRMED", &[&written]);
    assert_eq!(case.tries("ContestResolved", &affirmed, &[same]), "D06");
    assert_eq!(case.tries("ContestResolved", &affirmed, &[newham_siro]), "-");
}

#[test]
fn an_answer_names_each_event_once_wherever_it_stands() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let first = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let second = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let from = index(&case, &first);
    reports(&mut case, &lawyer, Some(from), &chief("HCK")).unwrap();
    let siro = [officer("HCK", "SIRO")];
    for (targets, code) in
        [(vec![&first, &second], "-"), (vec![&second, &first], "-"), (vec![&first, &second, &first], "G34")]
    {
        let targets: Vec<&str> = targets.into_iter().map(String::as_str).collect();
        assert_eq!(case.tries("ContestResolved", &verdict("AFFIRMED", &targets), &siro), code, "{targets:?}");
    }
}

#[test]
fn a_consent_that_is_disowned_ends_nothing() {
    let mut case = Case::in_force(Shape::pair());
    let end = json!({ "takes_effect_on": case.today() });
    let consent = case.does("TerminationConsented", end.clone(), &[officer("HCK", "SIG")]);
    let from = index(&case, &consent);
    reports(&mut case, &officer("HCK", "SIG"), Some(from), &chief("HCK")).unwrap();
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[&consent]), &both);
    case.does("TerminationConsented", end, &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn who_is_asked_for_no_signature_waits_for_the_others_whatever_is_in_doubt() {
    // Open data of Camden and Islington, which Hackney takes without a signature.
    let mut shape = Shape::open().with("/formation", json!("ALL")).with("/datasets/0/provider", json!("*"));
    let mut other = shape.parties[0].clone();
    other["organisation"] = json!("ISL");
    let parties = shape.parties.as_array_mut().unwrap();
    parties.push(other);
    parties.push(json!({
        "organisation": "HCK", "capacity": "RECIPIENT", "legal_role": "N_A", "regime": "NONE", "functions": ["TRANSPORT"],
    }));
    let mut case = Case::filed(shape).submitted();
    case.sign_for("CMD");
    assert_eq!([case.party("CMD"), case.party("ISL"), case.party("HCK")], ['x', 's', 's']);
    crate::contest::doubts(&mut case, "CMD", "SIG");
    assert_eq!([case.party("CMD"), case.party("ISL"), case.party("HCK")], ['s', 's', 's']);
    let executed = crate::contest::signature(&case, "CMD", "SIG");
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("CMD", "SIRO")]);
    assert_eq!([case.party("CMD"), case.party("ISL"), case.party("HCK")], ['x', 's', 's']);
    case.sign_for("ISL");
    assert_eq!(([case.party("CMD"), case.party("ISL"), case.party("HCK")], case.letter()), (['x', 'x', 'x'], 'V'));
}

#[test]
fn of_an_emergency_the_approval_that_was_given_again_is_not_given_a_third_time() {
    // The risk owner approves and executes; both are in doubt, and the approval was given again.
    let mut case = Case::in_force(crate::emergency::shape());
    let siro = officer("HCK", "SIRO");
    let approved = {
        let agreement = case.agreement();
        let mut own = agreement.signatures().iter().filter(|s| s.organisation.as_str() == "HCK");
        own.next().unwrap().event.to_string()
    };
    let from = index(&case, &approved);
    reports(&mut case, &siro, Some(from), &far("HCK")).unwrap();
    let fresh = with_new_key(&mut case, &siro, 243);
    case.does("ApprovalGiven", case.approval(), &[fresh.clone()]);
    assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[fresh.clone()]), "T08");
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[fresh]), "-");
}
