//! A16 and A17: who stops what, and who lets it go on.

use serde_json::json;

use crate::town::*;
use crate::world::registrars;

#[test]
fn one_of_two_stops_everything_and_its_risk_owner_lets_it_go_on() {
    let mut case = Case::in_force(Shape::pair());
    for role in ["IGL", "IAO", "DPO", "LEO"] {
        let data = suspension("SECURITY", "WHOLE");
        assert_eq!(case.refused("AgreementSuspended", data, &[officer("HCK", role)]), "R01", "{role}");
    }
    let ground = case.does("AgreementSuspended", suspension("INCIDENT", "WHOLE"), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('S', 'x', 'x'));
    let told = case.told("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert!(told.contains("has been suspended since 2026-12-01 (INCIDENT)"), "{told}");
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("CMD", "SIRO")]), "R01");
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("HCK", "SIG")]), "R01");
    case.does("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'V');
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]), "T19");
}

#[test]
fn it_goes_on_when_the_last_ground_is_closed() {
    let mut case = Case::in_force(Shape::pair());
    let first = case.suspend("HCK", "WHOLE");
    let second = case.suspend("CMD", "WHOLE");
    case.does("AgreementResumed", resumption(&first), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'S');
    assert_eq!(case.refused("AgreementResumed", resumption(&first), &[officer("HCK", "SIRO")]), "T19");
    case.does("AgreementResumed", resumption(&second), &[officer("CMD", "SIRO")]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_data_protection_officer_suspends_together_with_the_risk_owner() {
    let mut case = Case::in_force(Shape::pair());
    let both = [officer("HCK", "DPO"), officer("HCK", "SIRO")];
    let others = [officer("HCK", "DPO"), officer("CMD", "SIRO")];
    assert_eq!(case.refused("AgreementSuspended", suspension("RIGHTS", "WHOLE"), &others), "R01");
    case.does("AgreementSuspended", suspension("RIGHTS", "WHOLE"), &both);
    assert_eq!(case.letter(), 'S');
}

#[test]
fn a_party_stops_its_own_sharing_and_no_other() {
    let mut case = Case::in_force(Shape::three());
    let mut other = suspension("SECURITY", "PARTY");
    other["organisation"] = json!("HCK");
    let told = case.told("AgreementSuspended", other, &[officer("CMD", "SIRO")]);
    assert_eq!(told, "You can suspend your own organisation or the whole agreement, not HCK.");
    let first = case.suspend("ISL", "PARTY");
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'p'));
    let second = case.suspend("ISL", "PARTY");
    case.does("AgreementResumed", resumption(&first), &[officer("ISL", "SIRO")]);
    assert_eq!(case.party("ISL"), 'p');
    case.does("AgreementResumed", resumption(&second), &[officer("ISL", "SIRO")]);
    assert_eq!(case.party("ISL"), 'x');
}

#[test]
fn among_many_the_whole_is_stopped_by_the_lead_or_by_two_on_one_ground() {
    let mut case = Case::in_force(Shape::three());
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "WHOLE"), &[officer("HCK", "SIRO")]), "G26");
    let mut by_lead = case.clone();
    by_lead.suspend("CMD", "WHOLE");
    assert_eq!(by_lead.letter(), 'S');
    let mut by_two = case.clone();
    let two = [officer("HCK", "SIRO"), officer("ISL", "SIRO")];
    let ground = by_two.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &two);
    assert_eq!(by_two.letter(), 'S');
    assert_eq!(by_two.refused("AgreementResumed", resumption(&ground), &[officer("ISL", "SIRO")]), "R01");
    by_two.does("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    // A second party joins the narrower ground of the first.
    case.suspend("ISL", "PARTY");
    assert_eq!(case.refused("AgreementSuspended", suspension("RIGHTS", "WHOLE"), &[officer("HCK", "SIRO")]), "G26");
    case.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'S');
}

#[test]
fn datasets_are_stopped_by_those_who_give_or_get_them() {
    let mut shape = Shape::three();
    shape.terms["datasets"][0]["recipients"] = json!(["CMD"]);
    let mut case = Case::in_force(shape);
    assert_eq!(case.refused("AgreementSuspended", of_datasets(&["DS-1"]), &[officer("ISL", "SIRO")]), "G26");
    assert_eq!(case.refused("AgreementSuspended", of_datasets(&[]), &[officer("ISL", "SIRO")]), "G26");
    let ground = case.does("AgreementSuspended", of_datasets(&["DS-2"]), &[officer("ISL", "SIRO")]);
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'x'));
    assert_eq!(case.agreement().grounds().len(), 1);
    case.does("AgreementResumed", resumption(&ground), &[officer("ISL", "SIRO")]);
    assert!(case.agreement().grounds().is_empty());
}

#[test]
fn a_law_enforcement_officer_stops_only_their_own_datasets() {
    let mut shape = Shape::pair();
    shape.terms["agreement_type"] = json!("GP-LE");
    shape.parties[0]["regime"] = json!("PART3");
    let mut case = Case::in_force(shape);
    let leo = [officer("CMD", "LEO")];
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "WHOLE"), &leo), "G26");
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "PARTY"), &leo), "G26");
    case.does("AgreementSuspended", of_datasets(&["DS-1"]), &leo);
    assert_eq!(case.refused("AgreementSuspended", of_datasets(&["DS-1"]), &[officer("HCK", "LEO")]), "R01");
}

#[test]
fn a_regulators_ground_stops_all_and_lapses_unless_another_party_confirms_it() {
    let mut case = Case::in_force(Shape::three());
    let regulator = || suspension("REGULATOR", "WHOLE");
    case.does("AgreementSuspended", regulator(), &[officer("ISL", "SIRO")]);
    assert_eq!(case.letter(), 'S');
    let mut confirmed = case.clone();
    confirmed.does("AgreementSuspended", suspension("REGULATOR", "PARTY"), &[officer("HCK", "SIRO")]);
    case.world.now += 10 * DAY;
    confirmed.world.now += 10 * DAY;
    assert_eq!((case.letter(), confirmed.letter()), ('V', 'S'));
}

#[test]
fn a_regulators_ground_is_closed_on_fresh_advice() {
    let mut case = Case::in_force(Shape::pair());
    let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &[officer("HCK", "SIRO")]);
    let told = case.told("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    assert_eq!(told, "The DPO's advice must be recorded before this approval.");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]), "G19");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let mut stale = case.clone();
    stale.world.now += 14 * DAY;
    assert_eq!(stale.refused("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]), "G19");
    case.does("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn two_others_lift_a_ground_whose_party_has_had_no_risk_owner_for_a_fortnight() {
    let mut case = Case::in_force(Shape::three());
    let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &[officer("ISL", "SIRO")]);
    case.does("AgreementSuspended", suspension("REGULATOR", "PARTY"), &[officer("HCK", "SIRO")]);
    let two = [officer("CMD", "SIRO"), officer("HCK", "SIRO")];
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &two), "R01");
    let held = case.world.replay.state.organisations[&"ISL".parse().unwrap()].clone();
    let siro = held.appointments.iter().find(|a| a.role.as_str() == "SIRO").unwrap().event.to_string();
    let end =
        case.world.draft("org:ISL", "RoleHolderRevoked", json!({ "appointment": siro }), &[officer("ISL", "CEX")]);
    case.world.record(&end).unwrap();
    case.world.now += 13 * DAY;
    assert_eq!(case.refused("AgreementResumed", resumption(&ground), &two), "R01");
    case.world.now += DAY;
    case.does("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]);
    case.does("AgreementResumed", resumption(&ground), &two);
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_suspended_organisation_still_protects() {
    let mut case = Case::in_force(Shape::pair());
    let [one, two, _] = registrars();
    let until = json!({ "reason": "SECURITY", "until": "2026-12-05" });
    let draft = case.world.draft("org:HCK", "OrganisationSuspended", until, &[one, two]);
    case.world.record(&draft).unwrap();
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("HCK", "LGL")]), "O05");
    case.suspend("HCK", "WHOLE");
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    assert_eq!(case.letter(), 'X');
}

#[test]
fn whoever_signs_beside_the_risk_owner_is_a_party_and_the_scope_is_the_whole() {
    let mut case = Case::in_force(Shape::three());
    let mut refused = |data: serde_json::Value, hands: &[(&str, &str)]| {
        let hands: Vec<_> = hands.iter().map(|(code, role)| officer(code, role)).collect();
        case.refused("AgreementSuspended", data, &hands)
    };
    let whole = || suspension("RIGHTS", "WHOLE");
    let own = || suspension("RIGHTS", "PARTY");
    // Neither another office with the risk owner, nor the risk owner with somebody who is none.
    assert_eq!(refused(own(), &[("HCK", "IAO"), ("HCK", "SIRO")]), "R01");
    assert_eq!(refused(own(), &[("HCK", "LEO"), ("HCK", "SIRO")]), "R01");
    assert_eq!(refused(own(), &[("HCK", "DPO"), ("HCK", "IGL")]), "R01");
    assert_eq!(refused(own(), &[("HCK", "DPO"), ("HCK", "SIRO"), ("ISL", "SIRO")]), "R01");
    assert_eq!(refused(whole(), &[("HCK", "DPO"), ("HCK", "SIRO"), ("ISL", "DPO")]), "R01");
    assert_eq!(refused(own(), &[("HCK", "SIG"), ("HCK", "SIRO")]), "R01");
    assert_eq!(refused(whole(), &[("HCK", "SIG"), ("HCK", "SIRO")]), "R01");
    assert_eq!(refused(whole(), &[("HCK", "SIRO"), ("ISL", "SIG")]), "R01");
    assert_eq!(refused(own(), &[("HCK", "SIRO"), ("ISL", "SIRO")]), "R01");
    let mut pair = Case::in_force(Shape::pair());
    let hands = [officer("HCK", "SIRO"), officer("ISL", "SIRO")];
    assert_eq!(pair.refused("AgreementSuspended", whole(), &hands), "R01", "no party");
}

#[test]
fn a_regulators_ground_lapses_only_where_one_of_many_that_is_not_the_lead_opened_it_alone() {
    let regulator = || suspension("REGULATOR", "WHOLE");
    let after = |mut case: Case| {
        case.world.now += 11 * DAY;
        case.letter()
    };
    let mut by_lead = Case::in_force(Shape::three());
    by_lead.does("AgreementSuspended", regulator(), &[officer("CMD", "SIRO")]);
    let mut by_two = Case::in_force(Shape::three());
    by_two.does("AgreementSuspended", regulator(), &[officer("HCK", "SIRO"), officer("ISL", "SIRO")]);
    let mut of_two = Case::in_force(Shape::pair());
    of_two.does("AgreementSuspended", regulator(), &[officer("HCK", "SIRO")]);
    let mut alone = Case::in_force(Shape::three());
    alone.does("AgreementSuspended", regulator(), &[officer("HCK", "SIRO")]);
    // Another ground of somebody else confirms nothing, nor does a second one of the same party.
    alone.does("AgreementSuspended", suspension("RIGHTS", "PARTY"), &[officer("ISL", "SIRO")]);
    alone.does("AgreementSuspended", suspension("REGULATOR", "PARTY"), &[officer("HCK", "SIRO")]);
    assert_eq!([after(by_lead), after(by_two), after(of_two), after(alone)], ['S', 'S', 'S', 'V']);
}

#[test]
fn a_regulators_ground_waits_for_advice_of_its_dpo_that_is_fresh_and_no_older_than_it() {
    let mut case = Case::in_force(Shape::pair());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let early = case.world.now;
    let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &[officer("HCK", "SIRO")]);
    let by = [officer("HCK", "SIRO")];
    let lifts = |case: &Case| case.tries("AgreementResumed", &resumption(&ground), &by);
    assert_eq!(lifts(&case), "G19", "advice from before it");
    case.does("AdviceGiven", case.advice("LGL"), &[officer("HCK", "LGL")]);
    assert_eq!(lifts(&case), "G19", "a lawyer's advice");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(lifts(&case), "G19", "another body's");
    // The same instant as the ground is not before it.
    let mut same = case.clone();
    same.world.now = early;
    let mut at_once = Case::in_force(Shape::pair());
    at_once.world.now = same.world.now;
    let ground = at_once.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &by);
    at_once.world.now -= 1_000;
    at_once.does("AdviceGiven", at_once.advice("DPO"), &[officer("HCK", "DPO")]);
    let given = at_once.world.now - 1_000;
    let lifts = |case: &Case| case.tries("AgreementResumed", &resumption(&ground), &by);
    assert_eq!(lifts(&at_once), "-");
    // Fourteen days of 24 hours, and not a millisecond more.
    at_once.world.now = given + 14 * DAY;
    assert_eq!(lifts(&at_once), "-");
    at_once.world.now += 1;
    assert_eq!(lifts(&at_once), "G19");
}

#[test]
fn a_post_is_vacant_for_a_fortnight_from_the_instant_it_fell_vacant() {
    let mut case = Case::in_force(Shape::three());
    let two = [officer("ISL", "SIRO"), officer("HCK", "SIRO")];
    let ground = case.does("AgreementSuspended", suspension("SECURITY", "WHOLE"), &two);
    let body = case.world.replay.state.organisations[&"ISL".parse().unwrap()].clone();
    let siro = body.appointments.iter().find(|a| a.role.as_str() == "SIRO").unwrap().event.to_string();
    let data = json!({ "appointment": siro });
    let draft = case.world.draft("org:ISL", "RoleHolderRevoked", data, &[officer("ISL", "CEX")]);
    case.world.record(&draft).unwrap();
    let ended = case.world.now - 1_000;
    let by = [officer("CMD", "SIRO"), officer("HCK", "SIRO")];
    for (after, code) in [(0, "R01"), (1, "R01"), (14 * DAY - 1, "R01"), (14 * DAY, "-")] {
        case.world.now = ended + after;
        assert_eq!(case.tries("AgreementResumed", &resumption(&ground), &by), code, "{after} ms");
    }
}

#[test]
fn advice_that_lets_go_of_a_regulators_ground_is_on_the_version_in_force() {
    let mut case = Case::in_force(Shape::pair());
    let by = [officer("HCK", "SIRO")];
    let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &by);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.tries("AgreementResumed", &resumption(&ground), &by), "-");
    let shape = case.shape.clone();
    let (mut data, _) = case.draft_of(&shape, 2, &["/privacy_notice"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M0"), json!(false), crate::world::commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    assert_eq!((case.letter(), case.agreement().current().number), ('S', 2));
    assert_eq!(case.tries("AgreementResumed", &resumption(&ground), &by), "G19");
}

#[test]
fn advice_for_a_party_that_stays_is_its_own_dpos_and_of_one_that_is_gone_the_leads() {
    for (gone, body, code) in [(false, "ISL", "-"), (false, "CMD", "G19"), (true, "CMD", "-"), (true, "HCK", "G19")] {
        let mut case = Case::in_force(Shape::three());
        let two = [officer("ISL", "SIRO"), officer("HCK", "SIRO")];
        let ground = case.does("AgreementSuspended", suspension("REGULATOR", "WHOLE"), &two);
        if gone {
            case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
        }
        case.does("AdviceGiven", case.advice("DPO"), &[officer(body, "DPO")]);
        let by = if gone { vec![officer("CMD", "SIRO"), officer("HCK", "SIRO")] } else { vec![officer("ISL", "SIRO")] };
        assert_eq!(case.tries("AgreementResumed", &resumption(&ground), &by), code, "{body}, gone: {gone}");
    }
}

#[test]
fn nobody_seconds_themselves_and_a_party_stops_no_datasets_of_others() {
    let mut case = Case::in_force(Shape::three());
    case.suspend("HCK", "PARTY");
    let whole = suspension("SECURITY", "WHOLE");
    assert_eq!(case.tries("AgreementSuspended", &whole, &[officer("HCK", "SIRO")]), "G26");
    assert_eq!(case.tries("AgreementSuspended", &whole, &[officer("ISL", "SIRO")]), "-");
    let mut shape = Shape::three();
    shape.terms["datasets"][0]["recipients"] = json!(["CMD"]);
    let case = Case::in_force(shape);
    let by = [officer("ISL", "SIRO")];
    for (datasets, code) in [(&["DS-2"][..], "-"), (&["DS-1"], "G26"), (&["DS-1", "DS-2"], "G26")] {
        assert_eq!(case.tries("AgreementSuspended", &of_datasets(datasets), &by), code, "{datasets:?}");
    }
}
