//! What becomes of places, rows and agreements when bodies go one after another.

use counterpart_core::agreement::EndReason;
use serde_json::{Value, json};

use super::{founded, heir, loses_its_chief, of_org, proposed, takes};
use crate::succession::{hands, succeeds, succession};
use crate::town::*;
use crate::world::{Person, commitment, person, registrars};

#[test]
fn a_successor_is_succeeded_in_its_turn() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    takes(&mut case, "REPLACE", &["NWM"], "ISL");
    assert_eq!((case.party("HCK"), case.party("NWM"), case.party("ISL"), case.letter()), ('u', 'u', 'x', 'V'));
    // Who takes the place of one at the table is told once of what comes to it later.
    takes(&mut case, "MERGE", &["ISL"], "CMD");
    assert_eq!((case.letter(), case.party("CMD")), ('X', 'x'));
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

#[test]
fn what_is_filed_between_the_recording_and_the_day_goes_with_it() {
    let filed = |case: &Case| {
        let case = Case::none_in(case.world.clone(), Shape::pair()).file();
        assert_eq!((case.party("HCK"), case.letter()), ('i', 'F'));
        case
    };
    let mut world = Case::none(Shape::pair());
    founded(&mut world);
    // It leaves the ledger.
    let mut case = world.clone();
    of_org(&mut case, "HCK", "OrganisationLeft", json!({ "on": "2026-12-20" }), &[officer("HCK", "CEX")]).unwrap();
    let mut case = filed(&case);
    case.world.now = instant("2026-12-19T23:59:59.999Z");
    assert_eq!(case.party("HCK"), 'i');
    case.world.now += 1;
    assert_eq!(case.party("HCK"), 'd');
    // Another takes its place; of several the one that takes the rest.
    for (kind, to) in [("REPLACE", vec!["NWM"]), ("SPLIT", vec!["NWM", "ISL"])] {
        let mut case = world.clone();
        let data = succession(kind, &["HCK"], &to, "2026-12-20");
        succeeds(&mut case, data, &hands(&["HCK"], &to)).unwrap();
        let mut case = filed(&case);
        assert!(case.agreement().party("NWM".parse().unwrap()).is_none());
        case.world.now = instant("2026-12-20T00:00:00.000Z");
        assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'i'), "{kind}");
        case.does("RequestTriaged", accepted(), &[heir("IGL")]);
    }
    // In a transfer the functions say so.
    for (function, state) in [("HOUSING", 'u'), ("PLANNING", 'i')] {
        let mut case = world.clone();
        let mut data = succession("TRANSFER", &["HCK"], &["NWM"], "2026-12-20");
        data["functions"] = json!([function]);
        succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
        let mut case = filed(&case);
        case.world.now = instant("2026-12-20T00:00:00.000Z");
        assert_eq!(case.party("HCK"), state, "{function}");
    }
    // What was objected to does not come to it.
    let mut case = world.clone();
    loses_its_chief(&mut case, "HCK");
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-20");
    let event = succeeds(&mut case, data, &hands(&[], &["NWM"])).unwrap();
    let objection = json!({ "target": event, "words": commitment() });
    let before = filed(&case);
    case.world = before.world.clone();
    of_org(&mut case, "HCK", "SuccessionObjected", objection, &[officer("HCK", "SIG")]).unwrap();
    let mut after = filed(&case);
    let mut before = Case { world: after.world.clone(), ..before };
    for case in [&mut before, &mut after] {
        case.world.now = instant("2026-12-20T00:00:00.000Z");
        assert_eq!(case.party("HCK"), 'i');
    }
}

#[test]
fn a_joiner_s_place_goes_to_its_successor_too() {
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    let invites = crate::joining::invitation(&case, "ISL");
    case.does("PartyInvited", invites, &[officer("CMD", "IGL")]);
    founded(&mut case);
    let mut signing = case.clone();
    case.sign_for("ISL");
    takes(&mut case, "REPLACE", &["ISL"], "NWM");
    assert_eq!((case.party("ISL"), case.party("NWM")), ('u', 'x'));
    let newham = "NWM".parse().unwrap();
    assert_eq!(case.agreement().row(newham).unwrap().organisation, newham);
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let owing: Vec<String> = case.agreement().duties().iter().map(|duty| duty.organisation.to_string()).collect();
    assert_eq!(owing, ["CMD", "NWM"]);
    // Before it was bound it signs for itself, whatever its predecessor had signed.
    let advice = signing.advice("DPO");
    signing.does("AdviceGiven", advice.clone(), &[officer("ISL", "DPO")]);
    takes(&mut signing, "REPLACE", &["ISL"], "NWM");
    assert_eq!(signing.party("NWM"), 's');
    assert_eq!(signing.refused("ApprovalGiven", signing.approval(), &[heir("IAO")]), "G19");
    signing.does("AdviceGiven", advice, &[heir("DPO")]);
    signing.does("ApprovalGiven", signing.approval(), &[heir("IAO")]);
    signing.does("ExecutionSigned", signing.execution(), &[heir("SIG")]);
    assert_eq!(signing.party("NWM"), 'x');
}

#[test]
fn before_it_is_formed_a_successor_signs_for_itself() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    assert_eq!(case.party("HCK"), 'x');
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    assert_eq!(case.party("NWM"), 's');
    case.sign_for("CMD");
    assert_eq!(case.letter(), 'A', "Newham has signed nothing");
    let advice = case.advice("DPO");
    case.does("AdviceGiven", advice, &[heir("DPO")]);
    case.does("ApprovalGiven", case.approval(), &[heir("IAO")]);
    case.does("ExecutionSigned", case.execution(), &[heir("SIG")]);
    assert_eq!(case.letter(), 'V');
    // Once it is formed, or ends, a successor is bound as its predecessor was.
    for letter in ['P', 'E'] {
        let mut case = Case::in_stage(letter, Shape::pair());
        founded(&mut case);
        takes(&mut case, "REPLACE", &["CMD"], "NWM");
        assert_eq!((case.party("NWM"), case.letter()), ('x', letter));
    }
}

#[test]
fn consents_are_given_by_who_is_there_when_it_ends() {
    let mut case = Case::in_force(Shape::three());
    let end = json!({ "takes_effect_on": case.today() });
    for code in ["HCK", "ISL"] {
        case.does("TerminationConsented", end.clone(), &[officer(code, "SIG")]);
    }
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.does("TerminationConsented", end.clone(), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'V', "what Hackney wanted binds nobody else to its end");
    case.does("TerminationConsented", end, &[heir("SIG")]);
    assert_eq!(case.letter(), 'X');
}

#[test]
fn two_rows_that_come_to_one_body_are_the_stronger_of_both() {
    let does = |case: &mut Case, code: &str, state: char| match state {
        'p' => drop(case.suspend(code, "PARTY")),
        'l' => drop(case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer(code, "SIG")])),
        'o' => drop(case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer(code, "SIG")])),
        _ => {}
    };
    // Hackney's state, Islington's, and what Islington is with both.
    for (from, to, both) in [
        ('x', 'x', 'x'),
        ('x', 'l', 'x'),
        ('l', 'x', 'x'),
        ('l', 'l', 'l'),
        ('x', 'o', 'x'),
        ('l', 'o', 'l'),
        // A ground that stops the one stops it still.
        ('x', 'p', 'p'),
        ('p', 'x', 'p'),
        ('p', 'l', 'p'),
        ('l', 'p', 'p'),
    ] {
        let mut case = Case::in_force(Shape::three());
        does(&mut case, "HCK", from);
        does(&mut case, "ISL", to);
        assert_eq!((case.party("HCK"), case.party("ISL")), (from, to));
        takes(&mut case, "MERGE", &["HCK"], "ISL");
        assert_eq!((case.party("HCK"), case.party("ISL")), ('u', both), "{from} comes to {to}");
        case.world.now = instant("2027-06-02T12:00:00.000Z");
        let gone = case.party("ISL") == 'o';
        assert_eq!(gone, both == 'l', "{from} comes to {to}: the notice of the stronger runs");
        assert_eq!(case.rebuilt(u64::MAX), *case.stored());
    }
}

#[test]
fn who_goes_is_not_waited_for() {
    // Islington only receives, and has not signed the amendment.
    let mut shape = Shape::three();
    shape.parties[2] = crate::town::row("ISL", "RECIPIENT");
    shape.terms["datasets"] = json!([dataset("HCK", &["CMD", "ISL"])]);
    let amended = || {
        let mut case = Case::in_force(shape.clone());
        let hash = proposed(&mut case, "HCK", 10);
        let mut data = case.submission();
        data["version"] = json!(2);
        data["version_hash"] = json!(hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        case.hash = hash;
        case.sign_for("HCK");
        case.sign_for("CMD");
        assert_eq!(case.agreement().current().number, 1);
        case
    };
    let mut case = amended();
    of_org(&mut case, "ISL", "OrganisationLeft", json!({ "on": "2026-12-20" }), &[officer("ISL", "CEX")]).unwrap();
    let day = instant("2026-12-20T00:00:00.000Z");
    assert_eq!(case.at(crate::world::at(day - 1)).current().number, 1);
    case.world.now = day;
    assert_eq!((case.party("ISL"), case.agreement().current().number), ('o', 2));
    assert_eq!(case.letter(), 'V');
    let mut case = amended();
    takes(&mut case, "MERGE", &["ISL"], "CMD");
    assert_eq!((case.party("ISL"), case.agreement().current().number), ('u', 2));
}

#[test]
fn an_agreement_ends_when_every_dataset_stays_in_one_house() {
    let end = |case: &Case| case.agreement().stage().end().map(|end| end.reason);
    // Hackney and Islington become Camden: nobody is left to give to, and Camden owes nothing to itself.
    let mut case = Case::in_force(Shape::three());
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-2"]), &[officer("ISL", "IAO")]);
    takes(&mut case, "MERGE", &["HCK", "ISL"], "CMD");
    assert_eq!((case.letter(), end(&case)), ('X', Some(EndReason::Merged)));
    assert!(case.agreement().duties().is_empty());
    assert!(case.agreement().pending_successions().is_empty());
    // Hackney and Islington become one: each still gives to Camden.
    let mut case = Case::in_force(Shape::three());
    founded(&mut case);
    takes(&mut case, "MERGE", &["HCK", "ISL"], "NWM");
    assert_eq!(case.letter(), 'V');
    // One dataset of two still leaves the house.
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("HCK", &["ISL"]), dataset("ISL", &["CMD"])]);
    let mut case = Case::in_force(shape.clone());
    takes(&mut case, "MERGE", &["HCK"], "ISL");
    assert_eq!(case.letter(), 'V');
    shape.terms["datasets"] = json!([dataset("HCK", &["ISL"]), dataset("ISL", &["HCK"])]);
    shape.parties[0] = crate::town::row("CMD", "PLATFORM");
    let mut case = Case::filed(shape);
    takes(&mut case, "MERGE", &["HCK"], "ISL");
    assert_eq!(case.letter(), 'W');
    // Of those who may give and take by their capacity alone.
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    takes(&mut case, "MERGE", &["HCK"], "CMD");
    assert_eq!(case.letter(), 'X');
    // Open data go to nobody, and stay what they are.
    let mut case = Case::in_force(Shape::open());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["CMD"], "NWM");
    assert_eq!((case.letter(), case.party("NWM")), ('V', 'x'));
}

#[test]
fn between_two_an_import_is_gone_when_the_other_says_that_it_is_wrong() {
    // Camden brought it. Newham comes to Hackney's place, or to Camden's.
    for (from, who, letter) in [("HCK", "NWM", 'W'), ("CMD", "HCK", 'W'), ("CMD", "NWM", 'V'), ("HCK", "CMD", 'V')] {
        let (mut case, event) = crate::importing::imported(Shape::pair(), &[]);
        founded(&mut case);
        takes(&mut case, "REPLACE", &[from], "NWM");
        let sig = if who == "NWM" { heir("SIG") } else { officer(who, "SIG") };
        case.does("ImportDisputed", crate::importing::dispute(&event), &[sig]);
        assert_eq!((case.letter(), case.party(who)), (letter, 'k'), "{who} of {from}");
    }
}

#[test]
fn what_is_to_come_to_a_body_is_looked_at_in_both_directions() {
    let (from, to) = (["HCK"], ["NWM"]);
    let tries = |prepare: &dyn Fn(&mut Case), data: Value, by: &[Person]| {
        let mut case = Case::in_force(Shape::three());
        founded(&mut case);
        prepare(&mut case);
        succeeds(&mut case, data, by)
    };
    let replace = |on: &str| succession("REPLACE", &from, &to, on);
    let all = hands(&from, &to);
    let nothing = |_: &mut Case| {};
    assert!(tries(&nothing, replace("2026-12-01"), &all).is_ok());
    assert_eq!(tries(&nothing, replace("2026-11-30"), &all), Err("G38".to_owned()));
    // A successor that is suspended, has left, is a partnership, or will be succeeded itself.
    let suspended = |code: &'static str| {
        move |case: &mut Case| {
            let [one, two, _] = registrars();
            let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
            of_org(case, code, "OrganisationSuspended", data, &[one, two]).unwrap();
        }
    };
    assert_eq!(tries(&suspended("NWM"), replace("2026-12-01"), &all), Err("O05".to_owned()));
    assert!(tries(&suspended("HCK"), replace("2026-12-01"), &all).is_ok(), "a suspended body may be succeeded");
    let left = |case: &mut Case| {
        of_org(case, "NWM", "OrganisationLeft", json!({ "on": "2026-12-01" }), &[heir("CEX")]).unwrap();
    };
    assert_eq!(tries(&left, replace("2026-12-01"), &all), Err("O03".to_owned()));
    let leaves = |case: &mut Case| {
        let notice = leaving("UNLAWFUL", &case.today());
        case.does("RevocationNoticed", notice, &[officer("HCK", "SIG")]);
        of_org(case, "HCK", "OrganisationLeft", json!({ "on": "2027-01-20" }), &[officer("HCK", "CEX")]).unwrap();
    };
    assert_eq!(tries(&leaves, replace("2026-12-01"), &all), Err("O03".to_owned()));
    let partnership = |case: &mut Case| {
        let mut draft = case.world.registration("LOTI", &person("LOTI", "CEX", 244));
        draft.payload["data"]["type"] = json!("PARTNERSHIP");
        case.world.record(&draft).unwrap();
    };
    let [one, two, _] = registrars();
    let by = [one, two, person("LOTI", "CEX", 244), officer("HCK", "CEX")];
    assert_eq!(tries(&partnership, succession("REPLACE", &from, &["LOTI"], "2026-12-01"), &by), Err("O09".to_owned()));
}
