//! Keys that may have been in other hands, and what agreements make of it (2.12, D1, A34, I28, I29).

use counterpart_core::agreement::{Standing, Task};
use serde_json::{Value, json};

use crate::town::{Case, DAY, Shape, leaving, newcomer, officer, resumption, suspension};
use crate::world::{Person, commitment, registrars};

/// The index of an event.
pub fn index(case: &Case, event: &str) -> u64 {
    case.world.replay.state.events.get(&event.parse().unwrap()).unwrap().index
}

/// A report of a key.
fn report(whose: &Person, suspect_from: Option<u64>) -> Value {
    let mut data = json!({ "evidence": commitment(), "key": whose.key_id().to_string() });
    if let Some(from) = suspect_from {
        data["suspect_from"] = json!(from);
    }
    data
}

/// Reports a key; gives the code when it is refused.
pub fn reports(case: &mut Case, whose: &Person, from: Option<u64>, by: &[Person]) -> Result<String, String> {
    let stream = format!("key:{}", whose.key_id());
    let revision = case.world.replay.state.keys[&whose.key_id()].revision;
    case.world.revisions.insert(stream.clone(), revision);
    let draft = case.world.draft(&stream, "KeyCompromised", report(whose, from), by);
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

pub fn verdict(outcome: &str, targets: &[&str]) -> Value {
    json!({ "evidence": commitment(), "outcome": outcome, "targets": targets })
}

/// The event of a party's signature in a role.
pub fn signature(case: &Case, code: &str, role: &str) -> String {
    let agreement = case.agreement();
    let mut found = agreement.signatures().iter().rev();
    found.find(|s| s.organisation.as_str() == code && s.role.as_str() == role).unwrap().event.to_string()
}

fn standing(case: &Case, event: &str) -> Standing {
    let agreement = case.agreement();
    agreement.signatures().iter().find(|signature| signature.event.to_string() == event).unwrap().standing
}

/// In force, and Hackney's signatory reports the key that executed it.
fn executed_in_doubt(shape: Shape) -> (Case, String) {
    let mut case = Case::in_force(shape);
    let executed = signature(&case, "HCK", "SIG");
    let from = index(&case, &executed);
    reports(&mut case, &officer("HCK", "SIG"), Some(from), &[officer("HCK", "CEX")]).unwrap();
    (case, executed)
}

#[test]
fn a_contested_execution_suspends_what_rests_on_it_until_it_is_affirmed() {
    let (mut case, executed) = executed_in_doubt(Shape::pair());
    assert_eq!((case.letter(), standing(&case, &executed)), ('S', Standing::Contested));
    let next = case.agreement().who_must_act_next();
    assert!(next.iter().any(|n| n.task == Task::ResolveContest && n.organisation.as_str() == "HCK"), "{next:?}");
    let ground = case.agreement().grounds()[0].event.to_string();
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]), "G34");
    let why = case.agreement().why(crate::world::at(case.world.now));
    assert!(why.iter().any(|cause| cause.text.contains("contested")), "{why:?}");
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert_eq!((case.letter(), standing(&case, &executed)), ('V', Standing::Counts));
    assert!(case.agreement().grounds().is_empty());
}

#[test]
fn a_contested_execution_takes_an_approved_agreement_back_to_signing() {
    let mut case = Case::in_stage('P', Shape::pair());
    let executed = signature(&case, "HCK", "SIG");
    let from = index(&case, &executed);
    reports(&mut case, &officer("HCK", "SIG"), Some(from), &[officer("HCK", "CEX")]).unwrap();
    assert_eq!((case.letter(), case.party("HCK")), ('A', 's'));
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert_eq!((case.letter(), case.party("HCK")), ('P', 'x'));
}

#[test]
fn nobody_but_the_body_concerned_resolves_and_nobody_affirms_their_own() {
    let (mut case, executed) = executed_in_doubt(Shape::pair());
    let affirmed = verdict("AFFIRMED", &[&executed]);
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[officer("CMD", "SIRO")]), "R01");
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[officer("HCK", "IAO")]), "R01");
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[officer("HCK", "SIG")]), "K05");
    let disowned = verdict("DISOWNED", &[&executed]);
    assert_eq!(case.refused("ContestResolved", disowned, &[officer("HCK", "SIRO")]), "R01");
    let other = verdict("AFFIRMED", &[&case.filed.clone()]);
    assert_eq!(case.refused("ContestResolved", other, &[officer("HCK", "SIRO")]), "G34");
    let empty = verdict("AFFIRMED", &[]);
    assert_eq!(case.refused("ContestResolved", empty, &[officer("HCK", "SIRO")]), "E03");

    // The risk owner's own approval: D06 compares persons, not keys.
    let mut case = Case::in_force(Shape::pair().with("/datasets/0/data_class", json!("SC")));
    let approved = signature(&case, "HCK", "SIRO");
    let siro = officer("HCK", "SIRO");
    let other = siro.with_key(231);
    case.world.give_key(&other, &[officer("HCK", "CEX"), officer("HCK", "ADM")]).unwrap();
    let from = index(&case, &approved);
    assert_eq!(reports(&mut case, &siro, Some(from), &[other.clone()]), Err("K08".to_owned()));
    let [one, two, _] = registrars();
    reports(&mut case, &siro, Some(from), &[officer("HCK", "CEX"), one, two]).unwrap();
    assert_eq!(case.letter(), 'S');
    let affirmed = verdict("AFFIRMED", &[&approved]);
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[other]), "D06");
    case.does("ContestResolved", affirmed, &[officer("HCK", "CEX")]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn people_come_first_when_a_signature_is_disowned() {
    let (mut case, executed) = executed_in_doubt(Shape::pair());
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let disowned = verdict("DISOWNED", &[&executed]);
    assert_eq!(case.refused("ContestResolved", disowned.clone(), &both), "G44");
    let noted = |key: bool| json!({ "key": key, "words": commitment() });
    case.does("IncidentNoted", noted(false), &[officer("HCK", "DPO")]);
    assert_eq!(case.refused("ContestResolved", disowned.clone(), &both), "G44");
    case.does("IncidentNoted", noted(true), &[officer("HCK", "DPO")]);
    case.does("ContestResolved", disowned, &both);
    assert_eq!((case.letter(), standing(&case, &executed)), ('S', Standing::Disowned));
    let fresh = officer("HCK", "SIG").with_key(232);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    case.does("ExecutionSigned", case.execution(), &[fresh]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_signature_in_doubt_may_be_given_again_beside_an_amendment() {
    let shorter = |case: &Case| {
        let shape = case.shape.clone().with("/notice_days", json!(10));
        let (mut data, hash) = case.draft_of(&shape, 2, &["/notice_days"]);
        data["class"] = json!("M3");
        data["renewal"] = json!(false);
        data["words"] = commitment();
        (data, hash)
    };
    // While it is open, and while it is being signed.
    for signing in [false, true] {
        let mut case = Case::in_force(Shape::pair());
        let (data, hash) = shorter(&case);
        case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
        if signing {
            let mut data = case.submission();
            data["version"] = json!(2);
            data["version_hash"] = json!(hash);
            case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        }
        let sig = officer("HCK", "SIG");
        let executed = signature(&case, "HCK", "SIG");
        let from = index(&case, &executed);
        reports(&mut case, &sig, Some(from), &[officer("HCK", "CEX")]).unwrap();
        let fresh = sig.with_key(232);
        case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
        assert_eq!(case.letter(), 'S');
        // Nobody else's, and no other signature, names the version in force now.
        let locked = if signing { "G08" } else { "T03" };
        assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("CMD", "SIG")]), locked);
        assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), locked);
        case.does("ExecutionSigned", case.execution(), &[fresh.clone()]);
        assert_eq!((case.letter(), standing(&case, &executed)), ('V', Standing::Contested));
        assert!(case.agreement().amendment().is_some(), "the amendment goes on");
        assert_eq!(case.refused("ExecutionSigned", case.execution(), &[fresh]), locked);
    }
}

#[test]
fn a_signature_in_doubt_may_be_given_again() {
    let (mut case, executed) = executed_in_doubt(Shape::pair());
    let sig = officer("HCK", "SIG");
    let fresh = sig.with_key(232);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "T08");
    case.does("ExecutionSigned", case.execution(), &[fresh]);
    assert_eq!((case.letter(), standing(&case, &executed)), ('V', Standing::Contested));
}

#[test]
fn in_an_agreement_of_three_the_party_stops_alone_where_the_others_go_on() {
    let (mut case, executed) = executed_in_doubt(Shape::three());
    assert_eq!((case.letter(), case.party("HCK")), ('V', 'p'));
    // Notice, duties and incidents run on.
    let notice = leaving("POLICY", "2027-06-01");
    case.does("RevocationNoticed", notice, &[officer("HCK", "SIRO")]);
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.party("HCK"), 'l');
}

#[test]
fn a_key_that_was_reported_signs_nothing_more() {
    let (mut case, _) = executed_in_doubt(Shape::pair());
    let stop = suspension("SECURITY", "WHOLE");
    assert_eq!(case.refused("AgreementSuspended", stop, &[officer("HCK", "SIG")]), "K05");
    let sig = officer("HCK", "SIG");
    // Reported again: the point of suspicion only moves back.
    assert_eq!(reports(&mut case, &sig, None, &[officer("HCK", "CEX")]), Err("K05".to_owned()));
}

#[test]
fn an_administrator_or_two_registrars_stop_a_key_and_contest_nothing() {
    let mut case = Case::in_force(Shape::pair());
    let sig = officer("HCK", "SIG");
    let executed = signature(&case, "HCK", "SIG");
    let from = index(&case, &executed);
    let adm = officer("HCK", "ADM");
    assert_eq!(reports(&mut case, &sig, Some(from), &[adm.clone()]), Err("R01".to_owned()));
    let [one, two, three] = registrars();
    assert_eq!(reports(&mut case, &sig, Some(from), &[one.clone(), two.clone()]), Err("R01".to_owned()));
    assert_eq!(reports(&mut case, &sig, None, &[one.clone()]), Err("R01".to_owned()));
    assert_eq!(reports(&mut case, &sig, None, &[officer("CMD", "CEX")]), Err("R01".to_owned()));
    assert_eq!(reports(&mut case, &sig, None, &[sig.clone()]), Err("R01".to_owned()));
    reports(&mut case, &sig, None, &[adm]).unwrap();
    assert_eq!((case.letter(), standing(&case, &executed)), ('V', Standing::Counts));
    let iao = officer("HCK", "IAO");
    reports(&mut case, &iao, None, &[two, three]).unwrap();
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_report_reaches_neither_the_future_nor_before_the_key_nor_90_days_back() {
    let mut case = Case::in_force(Shape::pair());
    let sig = officer("HCK", "SIG");
    let size = case.world.replay.state.size;
    let registered = case.world.replay.state.keys[&sig.key_id()].index;
    let chief = [officer("HCK", "CEX")];
    assert_eq!(reports(&mut case, &sig, Some(size + 1), &chief), Err("K08".to_owned()));
    assert_eq!(reports(&mut case, &sig, Some(registered - 1), &chief), Err("K08".to_owned()));
    let executed = signature(&case, "HCK", "SIG");
    let from = index(&case, &executed);
    case.world.now += 91 * DAY;
    assert_eq!(reports(&mut case, &sig, Some(from), &chief), Err("K08".to_owned()));
    let [one, two, _] = registrars();
    reports(&mut case, &sig, Some(from), &[officer("HCK", "CEX"), one, two]).unwrap();
    assert_eq!(case.letter(), 'S');
}

#[test]
fn a_report_does_not_reach_past_what_the_body_has_built_on() {
    let mut case = Case::in_force(Shape::pair());
    let iao = officer("HCK", "IAO");
    let approved = signature(&case, "HCK", "IAO");
    let from = index(&case, &approved);
    // Its own signatory executed later, with another key.
    assert_eq!(reports(&mut case, &iao, Some(from), &[officer("HCK", "CEX")]), Err("K08".to_owned()));
    reports(&mut case, &iao, Some(from + 2), &[officer("HCK", "CEX")]).unwrap();
    // It may move back with the registrars, never forward.
    let [one, two, _] = registrars();
    reports(&mut case, &iao, Some(from), &[officer("HCK", "CEX"), one, two]).unwrap();
    assert_eq!(case.letter(), 'S');
}

#[test]
fn what_rests_on_a_contested_appointment_is_contested_too() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let adm = officer("HCK", "ADM");
    let owner = newcomer("HCK", "IAO", 233);
    let appointed = case.world.appoint(&adm, &owner).unwrap();
    case.world.give_key(&owner, &[adm.clone()]).unwrap();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let approved = case.does("ApprovalGiven", case.approval(), &[owner.clone()]);
    let from = index(&case, &appointed);
    reports(&mut case, &adm, Some(from), &[officer("HCK", "CEX")]).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Contested);
    // The appointee acts no more: neither the key nor the role counts.
    assert_eq!(case.refused("NoteRecorded", crate::town::note(), &[owner.clone()]), "K05");
    // The administrator's acts are affirmed in their own streams; what rests on them counts again.
    let stream = format!("key:{}", owner.key_id());
    let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
    let siro = [officer("HCK", "SIRO")];
    let key = case.world.draft(&stream, "ContestResolved", verdict("AFFIRMED", &[&registered]), &siro);
    case.world.record(&key).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Contested);
    assert_eq!(case.refused("NoteRecorded", crate::town::note(), &[owner.clone()]), "R01");
    let role = case.world.draft("org:HCK", "ContestResolved", verdict("AFFIRMED", &[&appointed]), &siro);
    case.world.record(&role).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Counts);
    case.does("NoteRecorded", crate::town::note(), &[owner]);
}

#[test]
fn a_disowned_appointment_ends_and_what_rested_on_it_stays_in_doubt() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let adm = officer("HCK", "ADM");
    let owner = newcomer("HCK", "IAO", 233);
    let appointed = case.world.appoint(&adm, &owner).unwrap();
    case.world.give_key(&owner, &[adm.clone()]).unwrap();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let approved = case.does("ApprovalGiven", case.approval(), &[owner.clone()]);
    let from = index(&case, &appointed);
    reports(&mut case, &adm, Some(from), &[officer("HCK", "CEX")]).unwrap();
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let role = case.world.draft("org:HCK", "ContestResolved", verdict("DISOWNED", &[&appointed]), &both);
    case.world.record(&role).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Contested);
    case.does("ContestResolved", verdict("DISOWNED", &[&approved]), &both);
    assert_eq!(standing(&case, &approved), Standing::Disowned);
    let again = verdict("AFFIRMED", &[&approved]);
    assert_eq!(case.refused("ContestResolved", again, &[officer("HCK", "SIRO")]), "G34");
}

#[test]
fn what_was_done_under_a_delegation_is_in_doubt_with_its_delegator() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let owner = officer("HCK", "IAO");
    let appointment = {
        let hackney = &case.world.replay.state.organisations[&"HCK".parse().unwrap()];
        let found = hackney.appointments.iter().find(|a| a.role.as_str() == "IAO").unwrap();
        found.event.to_string()
    };
    let data = json!({ "appointment": appointment, "functions": [], "person": officer("HCK", "REQ").id, "until": "2027-02-01" });
    let draft = case.world.draft("org:HCK", "RoleDelegated", data, &[owner.clone()]);
    let delegation = case.world.record(&draft).unwrap();
    let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let mut approval = case.event("ApprovalGiven", case.approval(), &[delegate.clone()]);
    approval.payload["signers"][0]["delegation"] = json!(delegation);
    let approved = case.world.record(&approval).unwrap();
    let from = index(&case, &approved);
    reports(&mut case, &owner, Some(from), &[officer("HCK", "CEX")]).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Contested);
    let mut note = case.event("NoteRecorded", crate::town::note(), &[delegate]);
    note.payload["signers"][0]["delegation"] = json!(delegation);
    assert_eq!(case.world.refusal(&note), "R03");
    let data = verdict("AFFIRMED", &[&delegation]);
    let affirmed = case.world.draft("org:HCK", "ContestResolved", data, &[officer("HCK", "SIRO")]);
    case.world.record(&affirmed).unwrap();
    assert_eq!(standing(&case, &approved), Standing::Counts);
}

#[test]
fn an_agreement_is_rebuilt_as_it_was_before_and_after_a_contest() {
    let (mut case, executed) = executed_in_doubt(Shape::pair());
    let doubtful = case.world.replay.state.size;
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.rebuilt(doubtful - 1).name().letter(), 'V');
    assert_eq!(case.rebuilt(doubtful).name().letter(), 'S');
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

/// The newest signature of a party in a role comes into doubt.
pub fn doubts(case: &mut Case, code: &str, role: &str) {
    let signed = signature(case, code, role);
    let from = index(case, &signed);
    reports(case, &officer(code, role), Some(from), &[officer(code, "CEX")]).unwrap();
}
