//! Which agreements a succession reaches, until when it may be stopped, and whom it concerns.

use counterpart_core::event::data::SuccessionKind;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::replay;
use counterpart_core::state::Succession;
use counterpart_core::wire::Entry;
use serde_json::{Value, json};

use super::{founded, heir, loses_its_chief, of_org, takes};
use crate::succession::{hands, succeeds, succession};
use crate::town::*;
use crate::world::{Person, at, commitment, registrars};

fn body(code: &str) -> OrganisationCode {
    code.parse().unwrap()
}

fn count(case: &Case, code: &str) -> usize {
    case.world.replay.state.count_of(body(code))
}

#[test]
fn a_mapping_names_what_any_of_the_predecessors_is_in() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let today = case.today();
    let id = case.stream.strip_prefix("agr:").unwrap().to_owned();
    let merged = |from: &[&str], mapping: Value| {
        let mut case = case.clone();
        let mut data = succession("MERGE", from, &["NWM"], &today);
        data["mapping"] = mapping;
        succeeds(&mut case, data, &hands(from, &["NWM"])).map(|_| case)
    };
    let to = |successor: &str| json!([{ "agreement": id, "successor": successor }]);
    let after = merged(&["HCK", "ISL"], to("NWM")).unwrap();
    assert_eq!((after.party("HCK"), after.party("NWM")), ('u', 'x'));
    let code = |happened: Result<Case, String>| happened.err();
    assert_eq!(code(merged(&["HCK", "ISL"], to("CMD"))).as_deref(), Some("O08"));
    assert_eq!(code(merged(&["ISL"], to("NWM"))).as_deref(), Some("O08"), "it is not in it");
    let twice = json!([{ "agreement": id, "successor": "NWM" }, { "agreement": id, "successor": "NWM" }]);
    assert_eq!(code(merged(&["HCK"], twice)).as_deref(), Some("O08"));
}

#[test]
fn what_is_not_transferred_stays_where_it_was() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let today = case.today();
    let transferred = |rest: &str| {
        let mut case = case.clone();
        let mut data = succession("TRANSFER", &["HCK"], &["NWM"], &today);
        data["default"] = json!(rest);
        data["functions"] = json!(["HOUSING"]);
        succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).map(|_| case)
    };
    let stays = transferred("HCK").unwrap();
    assert_eq!((stays.party("HCK"), count(&stays, "HCK"), count(&stays, "NWM")), ('x', 1, 0));
    assert!(stays.stored().outside().is_empty(), "nothing happens to it");
    let goes = transferred("NWM").unwrap();
    assert_eq!((goes.party("HCK"), count(&goes, "HCK"), count(&goes, "NWM")), ('u', 1, 1));
    assert_eq!(transferred("CMD").err().as_deref(), Some("O08"), "it takes no part");
}

#[test]
fn a_successor_that_is_in_an_agreement_is_named_in_it_once() {
    let mut case = Case::in_force(Shape::three());
    takes(&mut case, "MERGE", &["HCK"], "CMD");
    assert_eq!((count(&case, "CMD"), count(&case, "HCK"), count(&case, "ISL")), (1, 1, 1));
}

#[test]
fn a_body_acts_for_another_from_the_first_instant_of_the_day() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-20");
    succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
    let begins = instant("2026-12-20T00:00:00.000Z");
    let state = &case.world.replay.state;
    assert_eq!(state.successor_of(body("HCK"), at(begins - 1)), body("HCK"));
    assert_eq!(state.successor_of(body("HCK"), at(begins)), body("NWM"));
    assert_eq!(state.successor_of(body("CMD"), at(begins)), body("CMD"));
}

#[test]
fn a_body_without_a_chief_objects_until_the_day() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    loses_its_chief(&mut case, "HCK");
    // In a transfer it goes on to exist, and may be late.
    let mut data = succession("TRANSFER", &["HCK"], &["NWM"], "2026-12-20");
    data["functions"] = json!(["PLANNING"]);
    let target = succeeds(&mut case, data, &hands(&[], &["NWM"])).unwrap();
    let begins = instant("2026-12-20T00:00:00.000Z");
    for (now, told) in [(begins - 1, None), (begins, Some("G35")), (begins + 1, Some("G35"))] {
        let mut case = case.clone();
        case.world.now = now;
        let objection = json!({ "target": target, "words": commitment() });
        let happened = of_org(&mut case, "HCK", "SuccessionObjected", objection, &[officer("HCK", "SIG")]);
        assert_eq!(happened.err().as_deref(), told, "{now}");
    }
    // Once it objected, nothing of the kind is recorded again but with its chief.
    let objection = json!({ "target": target, "words": commitment() });
    of_org(&mut case, "HCK", "SuccessionObjected", objection.clone(), &[officer("HCK", "SIRO")]).unwrap();
    assert_eq!(
        of_org(&mut case, "HCK", "SuccessionObjected", objection, &[officer("HCK", "SIRO")]).err().as_deref(),
        Some("O10")
    );
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-28");
    for more in [None, Some("SIRO"), Some("SIG")] {
        let mut by = hands(&[], &["NWM"]);
        by.extend(more.map(|role| officer("HCK", role)));
        assert_eq!(succeeds(&mut case.clone(), data.clone(), &by).err().as_deref(), Some("O10"), "{more:?}");
    }
}

#[test]
fn an_objection_takes_back_what_it_was_made_to_and_nothing_else() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    loses_its_chief(&mut case, "HCK");
    let mut data = succession("TRANSFER", &["HCK"], &["NWM"], "2026-12-20");
    data["functions"] = json!(["PLANNING"]);
    let first = succeeds(&mut case, data, &hands(&[], &["NWM"])).unwrap();
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-25");
    let second = succeeds(&mut case, data, &hands(&[], &["NWM"])).unwrap();
    let objects = |target: &str| {
        let mut case = case.clone();
        let objection = json!({ "target": target, "words": commitment() });
        of_org(&mut case, "HCK", "SuccessionObjected", objection, &[officer("HCK", "SIG")]).unwrap();
        let gone = case.world.replay.state.organisations[&body("HCK")].gone;
        case.world.now = instant("2026-12-25T00:00:00.000Z");
        (gone.map(|gone| gone.event.to_string()), case.party("HCK"))
    };
    assert_eq!(objects(&first), (Some(second.clone()), 'u'));
    assert_eq!(objects(&second), (None, 'x'));
}

#[test]
fn what_is_filed_on_the_very_day_of_a_transfer_is_not_transferred() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let mut data = succession("TRANSFER", &["HCK"], &["NWM"], "2026-12-20");
    data["functions"] = json!(["HOUSING"]);
    succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
    let begins = instant("2026-12-20T00:00:00.000Z");
    for (now, state) in [(begins - 1, 'u'), (begins, 'i'), (begins + 1, 'i')] {
        let mut world = case.world.clone();
        world.now = now;
        let mut later = Case::none_in(world, Shape::pair().with("/term/effective_date", json!("2026-12-28"))).file();
        later.world.now = begins + 5_000;
        assert_eq!(later.party("HCK"), state, "{now}");
    }
}

#[test]
fn whoever_enters_after_it_was_recorded_that_they_go_goes_from_there_too() {
    let mut case = Case::filed(Shape::pair());
    of_org(&mut case, "ISL", "OrganisationLeft", json!({ "on": "2026-12-20" }), &[officer("ISL", "CEX")]).unwrap();
    let (mut data, hash) = case.draft_of(&Shape::three(), 2, &["/datasets"]);
    data["words"] = commitment();
    case.does("CounterProposalMade", data, &[officer("HCK", "IGL")]);
    case.does("CounterProposalAccepted", json!({ "version_hash": hash }), &[officer("CMD", "IGL")]);
    assert_eq!(count(&case, "ISL"), 1);
    let begins = instant("2026-12-20T00:00:00.000Z");
    for (now, state) in [(begins - 1, 'i'), (begins, 'd')] {
        case.world.now = now;
        assert_eq!(case.party("ISL"), state);
    }
}

#[test]
fn only_a_succession_between_these_two_that_was_stopped_stops_the_confirmation() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    let confirmed = |known: &[(&str, &str, bool)]| {
        let mut case = case.clone();
        for (predecessor, successor, stopped) in known {
            let succession = Succession {
                event: case.filed.parse().unwrap(),
                kind: SuccessionKind::Replace,
                predecessors: vec![body(predecessor)],
                successors: vec![body(successor)],
                chiefless: Vec::new(),
                default: body(successor),
                mapping: std::collections::BTreeMap::new(),
                functions: Vec::new(),
                effective_at: at(case.world.now),
                objected: stopped.then(|| at(case.world.now)),
            };
            case.world.replay.state.successions.push(succession);
        }
        case.refused("SuccessionConfirmed", json!({ "outcome": "NO_CHANGES", "predecessor": "HCK" }), &[heir("SIRO")])
    };
    let otherwise = confirmed(&[]);
    assert_ne!(otherwise, "O10");
    assert_eq!(confirmed(&[("HCK", "NWM", true)]), "O10");
    for known in [
        &[("HCK", "NWM", false)][..],
        &[("ISL", "NWM", true)],
        &[("HCK", "CMD", true)],
        &[("HCK", "NWM", true), ("HCK", "NWM", false)],
        &[("HCK", "NWM", false), ("HCK", "NWM", true)],
    ] {
        assert_eq!(confirmed(known), otherwise, "{known:?}");
    }
    assert_eq!(confirmed(&[("HCK", "NWM", true), ("HCK", "NWM", true)]), "O10");
}

#[test]
fn a_predecessor_has_no_chief_where_no_chief_of_it_signed() {
    let mut case = Case::none(Shape::pair());
    founded(&mut case);
    let today = case.today();
    let [one, two, _] = registrars();
    let chiefless = |by: &[Person]| {
        let mut world = case.world.clone();
        let data = succession("MERGE", &["HCK", "ISL"], &["NWM"], &today);
        let draft = world.draft("org:HCK", "OrganisationSucceeded", data, by);
        let entry = Entry { envelope: draft.envelope(), recorded_at: at(world.now) };
        let event = replay::read(&entry.encode()).unwrap().event;
        let mut state = world.replay.state.clone();
        state.evolve(&event, at(world.now), "");
        state.successions.last().unwrap().chiefless.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let chief = |code: &str| officer(code, "CEX");
    assert_eq!(chiefless(&[one.clone(), two.clone(), chief("HCK"), chief("ISL")]), [""; 0]);
    assert_eq!(chiefless(&[one.clone(), two.clone(), chief("HCK"), officer("ISL", "SIRO")]), ["ISL"]);
    assert_eq!(chiefless(&[one, two, officer("HCK", "SIG"), heir("CEX")]), ["HCK", "ISL"]);
}
