//! A40: sharing in an emergency, recorded afterwards; D2: the advice that must follow.

use serde_json::{Value, json};

use crate::importing::{confirmation, dispute};
use crate::sharing::{both, certificate, disclosure};
use crate::town::*;
use crate::world::{at, commitment};

pub fn shape() -> Shape {
    Shape::pair()
        .with("/agreement_type", json!("EMG"))
        .with("/emergency", json!({ "declared_by": commitment(), "ground": "LIFE", "incident_ref": commitment() }))
        .with("/term", json!({ "effective_date": "2026-12-01", "end_date": "2026-12-15", "review_date": "2026-12-10" }))
}

pub fn record(case: &Case, ago: i64) -> Value {
    let header = case.shape.header(&case.world.replay.state);
    let began = at(case.world.now - ago).to_string();
    json!({ "began_at": began, "ground": "LIFE", "header": header, "words": commitment() })
}

fn recorded() -> (Case, String) {
    let mut case = Case::none(shape());
    let data = record(&case, 3_600_000);
    let event = case.does("EmergencySharingRecorded", data, &[officer("HCK", "SIRO")]);
    case.hash = case.agreement().current().hash.to_string();
    (case, event)
}

#[test]
fn an_emergency_is_recorded_by_either_side_within_three_days_and_confirmed_by_the_other() {
    let mut case = Case::none(shape());
    let data = record(&case, 3_600_000);
    assert_eq!(case.refused("EmergencySharingRecorded", data.clone(), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("EmergencySharingRecorded", data.clone(), &[officer("ISL", "SIRO")]), "R01");
    assert_eq!(case.refused("EmergencySharingRecorded", record(&case, 3 * DAY + 1), &[officer("HCK", "SIRO")]), "G38");
    assert_eq!(case.refused("EmergencySharingRecorded", record(&case, -1_000), &[officer("HCK", "SIRO")]), "G38");
    let mut other = data.clone();
    other["ground"] = json!("SAFEGUARDING");
    assert_eq!(case.refused("EmergencySharingRecorded", other, &[officer("HCK", "SIRO")]), "E08");
    let mut plain = Case::none(Shape::pair());
    assert_eq!(plain.refused("EmergencySharingRecorded", record(&plain, 0), &[officer("HCK", "SIRO")]), "E08");
    let (mut case, event) = recorded();
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('V', 'x', 'm'));
    assert_eq!(case.refused("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]), "G45");
    let mut disputed = case.clone();
    disputed.does("ImportDisputed", dispute(&event), &[officer("CMD", "IGL")]);
    assert_eq!(disputed.letter(), 'W');
    case.does("ImportConfirmed", confirmation(&event), &[officer("CMD", "SIRO")]);
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let longer = case.shape.clone().with("/term/end_date", json!("2026-12-20"));
    let (mut extension, _) = case.draft_of(&longer, 2, &["/term/end_date"]);
    extension["class"] = json!("M3");
    extension["renewal"] = json!(false);
    extension["words"] = commitment();
    assert_eq!(case.refused("AmendmentProposed", extension, &[officer("HCK", "IGL")]), "G32");
}

#[test]
fn an_emergency_that_is_over_is_recorded_as_ended() {
    // Over it is from the midnight after its last day.
    for (now, letter) in [("2026-12-15T23:59:59.999Z", 'V'), ("2026-12-16T00:00:00.000Z", 'E')] {
        let mut case = Case::none(shape());
        case.world.now = instant(now);
        let data = record(&case, DAY);
        case.does("EmergencySharingRecorded", data, &[officer("HCK", "SIRO")]);
        case.world.now = instant(now);
        assert_eq!(case.letter(), letter, "{now}");
        let reason = case.agreement().stage().end().map(|end| end.reason);
        assert_eq!(reason, (letter == 'E').then_some(counterpart_core::agreement::EndReason::EmergencyOver));
    }
    let mut case = Case::none(shape().with(
        "/term",
        json!({ "effective_date": "2026-11-30", "end_date": "2026-12-01", "review_date": "2026-12-01" }),
    ));
    case.world.now += DAY;
    let data = record(&case, DAY);
    case.does("EmergencySharingRecorded", data, &[officer("CMD", "DPO")]);
    assert_eq!((case.letter(), case.party("CMD")), ('E', 'x'));
    case.does("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert_eq!(case.letter(), 'X');
}

#[test]
fn an_emergency_is_suspended_after_five_days_until_everybodys_dpo_has_advised() {
    let mut case = Case::in_force(shape());
    let begun = case.agreement().first_in_force_at().unwrap().millis();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.at(at(begun + 5 * DAY - 1)).name().letter(), 'V');
    assert_eq!(case.at(at(begun + 5 * DAY)).name().letter(), 'S');
    case.world.now = begun + 6 * DAY;
    let ground = case.agreement().grounds()[0].event.to_string();
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("CMD", "SIRO")]), "T19");
    let next = case.agreement().who_must_act_next();
    assert!(next.iter().any(|n| format!("{} {} {}", n.organisation, n.role, n.task) == "CMD DPO ADVISE"), "{next:?}");
    let why = case.agreement().why(at(case.world.now));
    assert!(why.iter().any(|cause| cause.text.contains("advice")), "{why:?}");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(case.letter(), 'V');
    assert_eq!(case.at(at(begun + 20 * DAY)).name().letter(), 'X', "its term is over, and nothing was sent");
    // Advice in time, and nothing happens.
    let mut advised = Case::in_force(shape());
    for code in ["CMD", "HCK"] {
        advised.does("AdviceGiven", advised.advice("DPO"), &[officer(code, "DPO")]);
    }
    assert_eq!(advised.at(at(advised.world.now + 6 * DAY)).name().letter(), 'V');
}

#[test]
fn who_records_an_emergency_and_how_long_after_it_began() {
    let case = Case::none(shape());
    let tries = |case: &Case, ago: i64, who: crate::world::Person| {
        let mut case = case.clone();
        let data = record(&case, ago);
        let draft = case.event("EmergencySharingRecorded", data, &[who]);
        case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
    };
    for (ago, code) in [(0, None), (3 * DAY, None), (3 * DAY + 1, Some("G38")), (-1, Some("G38"))] {
        assert_eq!(tries(&case, ago, officer("HCK", "SIRO")).as_deref(), code, "{ago}");
    }
    for (role, may) in [("SIRO", true), ("CG", true), ("DPO", true), ("CEX", false), ("SIG", false), ("IGL", false)] {
        let code = tries(&case, 0, officer("HCK", role));
        assert_eq!(code.as_deref(), if may { None } else { Some("R01") }, "{role}");
    }
    // In a small body the chief is its risk owner.
    let mut small = case.clone();
    let by = [officer("HCK", "ADM"), officer("HCK", "CEX")];
    let draft = small.world.draft("org:HCK", "OrganisationUpdated", json!({ "governance": "LIGHT" }), &by);
    small.world.record(&draft).unwrap();
    let small = Case::none_in(small.world, shape());
    assert_eq!(tries(&small, 0, officer("HCK", "CEX")), None);
    assert_eq!(tries(&small, 0, officer("CMD", "CEX")).as_deref(), Some("R01"));
}

#[test]
fn a_side_that_has_not_confirmed_owes_its_advice_too() {
    let (mut case, event) = recorded();
    let begun = case.agreement().first_in_force_at().unwrap();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let due = begun.add_days(5);
    assert_eq!([case.at(due.sub_millis(1)).name().letter(), case.at(due).name().letter()], ['V', 'S']);
    assert_eq!(case.party("CMD"), 'm');
    case.does("ImportConfirmed", confirmation(&event), &[officer("CMD", "SIG")]);
    assert_eq!(case.at(due).name().letter(), 'S');
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(case.at(due).name().letter(), 'V');
    // One that says it never was so owes none.
    let (mut case, event) = recorded();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ImportDisputed", dispute(&event), &[officer("CMD", "SIG")]);
    assert_eq!((case.at(due).name().letter(), case.party("CMD")), ('W', 'k'));
}

#[test]
fn a_signatory_declines_also_where_another_role_executes() {
    let case = Case::in_stage('A', shape());
    for (role, may) in [("SIG", true), ("SIRO", true), ("DPO", false), ("IGL", false), ("LGL", false)] {
        let mut case = case.clone();
        let draft = case.event("ApprovalDeclined", case.decline("RETURN"), &[officer("HCK", role)]);
        let code = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(code.as_deref(), if may { None } else { Some("R01") }, "{role}");
    }
}

#[test]
fn a_lawyers_advice_on_an_emergency_is_not_the_advice_that_is_waited_for() {
    let mut case = Case::in_force(shape());
    let due = case.agreement().first_in_force_at().unwrap().add_days(5);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    case.does("AdviceGiven", case.advice("LGL"), &[officer("HCK", "LGL")]);
    assert_eq!(case.at(due).name().letter(), 'S');
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.at(due).name().letter(), 'V');
}
