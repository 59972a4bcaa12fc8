//! Bodies that take the place of others, and what agreements make of it (2.8, 2.9, 2.11, S7).

use counterpart_core::agreement::Task;
use serde_json::{Value, json};

use crate::importing::{confirms, imported};
use crate::town::{Case, DAY, Shape, leaving, officer, suspension};
use crate::world::{Person, World, commitment, person, registrars};

/// A body that is new: its chief, and its officers who sign.
pub fn newham() -> [Person; 5] {
    [
        person("NWM", "CEX", 210),
        person("NWM", "ADM", 211),
        person("NWM", "SIRO", 212),
        person("NWM", "DPO", 213),
        person("NWM", "SIG", 214),
    ]
}

pub fn found(world: &mut World) {
    let [chief, adm, officers @ ..] = newham();
    let registered = world.registration("NWM", &chief);
    world.record(&registered).unwrap();
    world.appoint(&chief, &adm).unwrap();
    world.give_key(&adm, &[chief.clone()]).unwrap();
    for officer in officers {
        world.appoint(&chief, &officer).unwrap();
        world.give_key(&officer, &[adm.clone(), chief.clone()]).unwrap();
    }
}

pub fn succession(kind: &str, from: &[&str], to: &[&str], effective: &str) -> Value {
    json!({
        "default": to[0], "effective": effective, "instrument": commitment(), "kind": kind, "mapping": [],
        "predecessors": from, "successors": to,
    })
}

/// The registrars, the chiefs of the successors, and those of the predecessors.
pub fn hands(from: &[&str], to: &[&str]) -> Vec<Person> {
    let [one, two, _] = registrars();
    let chief = |code: &&str| if *code == "NWM" { newham()[0].clone() } else { officer(code, "CEX") };
    [one, two].into_iter().chain(to.iter().map(chief)).chain(from.iter().map(chief)).collect()
}

pub fn succeeds(case: &mut Case, data: Value, by: &[Person]) -> Result<String, String> {
    let stream = format!("org:{}", data["predecessors"][0].as_str().unwrap());
    let draft = case.world.draft(&stream, "OrganisationSucceeded", data, by);
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn confirmation(predecessor: &str) -> Value {
    json!({ "outcome": "NO_CHANGES", "predecessor": predecessor })
}

/// Newham takes Hackney's place today.
fn replaced(shape: Shape) -> Case {
    let mut case = Case::in_force(shape);
    found(&mut case.world);
    let today = case.today();
    succeeds(&mut case, succession("REPLACE", &["HCK"], &["NWM"], &today), &hands(&["HCK"], &["NWM"])).unwrap();
    case
}

#[test]
fn a_successor_is_bound_by_statute_and_confirms_within_90_days() {
    let mut case = replaced(Shape::pair());
    assert_eq!((case.letter(), case.party("HCK"), case.party("NWM")), ('V', 'u', 'x'));
    let next = case.agreement().who_must_act_next();
    assert!(next.iter().any(|n| n.task == Task::ConfirmSuccession && n.organisation.as_str() == "NWM"), "{next:?}");
    // The predecessor acts no more.
    let stop = suspension("SECURITY", "WHOLE");
    assert_eq!(case.refused("AgreementSuspended", stop, &[officer("HCK", "SIRO")]), "O04");
    let [_, _, siro, dpo, _] = newham();
    assert_eq!(case.refused("SuccessionConfirmed", confirmation("CMD"), &[siro.clone()]), "G35");
    assert_eq!(case.refused("SuccessionConfirmed", confirmation("HCK"), &[officer("CMD", "SIRO")]), "G35");
    assert_eq!(case.refused("SuccessionConfirmed", confirmation("HCK"), &[siro.clone()]), "G19");
    case.world.now += 91 * DAY;
    assert_eq!(case.letter(), 'S');
    let ground = case.agreement().grounds()[0].event.to_string();
    assert_eq!(case.refused("AgreementResumed", crate::town::resumption(&ground), &[siro.clone()]), "G35");
    let advice = case.advice("DPO");
    case.does("AdviceGiven", advice, &[dpo]);
    case.does("SuccessionConfirmed", confirmation("HCK"), &[siro.clone()]);
    assert_eq!(case.letter(), 'V');
    assert_eq!(case.refused("SuccessionConfirmed", confirmation("HCK"), &[siro]), "G35");
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
    let why = case.agreement().why(crate::world::at(case.world.now));
    assert!(why.iter().any(|cause| cause.text.contains("did not confirm in 90 days")), "{why:?}");
}

#[test]
fn a_succession_waits_for_its_day() {
    let mut case = Case::in_force(Shape::pair());
    found(&mut case.world);
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2027-02-01");
    succeeds(&mut case, data.clone(), &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!((case.party("HCK"), case.letter()), ('x', 'V'));
    // It goes once; until the day it acts.
    assert_eq!(succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])), Err("O04".to_owned()));
    case.does("NoteRecorded", crate::town::note(), &[officer("HCK", "LGL")]);
    case.world.now = crate::town::instant("2027-01-31T23:59:59.999Z");
    assert_eq!(case.party("HCK"), 'x');
    case.world.now = crate::town::instant("2027-02-01T00:00:00.000Z");
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'x'));
}

#[test]
fn two_sides_that_become_one_end_the_agreement() {
    let mut case = Case::in_force(Shape::pair());
    let today = case.today();
    let data = succession("MERGE", &["HCK"], &["CMD"], &today);
    succeeds(&mut case, data, &hands(&["HCK"], &["CMD"])).unwrap();
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('X', 'u', 'x'));
    for letter in ['F', 'C', 'G', 'A', 'P'] {
        let mut case = Case::in_stage(letter, Shape::pair());
        let today = case.today();
        let data = succession("MERGE", &["HCK"], &["CMD"], &today);
        succeeds(&mut case, data, &hands(&["HCK"], &["CMD"])).unwrap();
        assert_eq!(case.letter(), 'W', "from {letter}");
    }
}

#[test]
fn two_sides_of_an_import_that_become_one_end_it_with_the_last_word() {
    let (mut case, import) = imported(Shape::pair(), &[]);
    let today = case.today();
    let data = succession("MERGE", &["HCK"], &["CMD"], &today);
    succeeds(&mut case, data, &hands(&["HCK"], &["CMD"])).unwrap();
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('V', 'u', 'm'), "an import waits (A37 to A39)");
    case.world.now += 5 * DAY;
    assert_eq!(case.letter(), 'V');
    confirms(&mut case, &import, "CMD");
    assert_eq!((case.letter(), case.party("CMD")), ('X', 'x'));
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

#[test]
fn two_rows_of_three_become_one_and_the_agreement_goes_on() {
    let mut case = Case::in_force(Shape::three());
    let today = case.today();
    let data = succession("MERGE", &["HCK"], &["CMD"], &today);
    succeeds(&mut case, data, &hands(&["HCK"], &["CMD"])).unwrap();
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('V', 'u', 'x'));
    assert!(case.agreement().is_bilateral());
}

#[test]
fn what_a_body_accepted_counts_once_when_another_takes_its_place() {
    let joined = Shape::three().with("/formation", json!("ACCESSION")).with("/min_parties", json!(3));
    let mut case = Case::filed(joined.with("/non_adopter_rule", json!("LEAVE")));
    for code in ["CMD", "HCK"] {
        case.does("RequestTriaged", crate::town::accepted(), &[officer(code, "IGL")]);
    }
    found(&mut case.world);
    let today = case.today();
    succeeds(&mut case, succession("REPLACE", &["HCK"], &["NWM"], &today), &hands(&["HCK"], &["NWM"])).unwrap();
    let data = case.submission();
    let told = case.told("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(told, "ISL has not yet accepted the request for assessment.");
}

#[test]
fn a_split_names_the_successor_of_every_agreement() {
    let mut case = Case::in_force(Shape::pair());
    found(&mut case.world);
    let today = case.today();
    let (from, to) = (["HCK"], ["ISL", "NWM"]);
    let mut data = succession("SPLIT", &from, &to, &today);
    assert_eq!(succeeds(&mut case, data.clone(), &hands(&from, &to)), Err("O08".to_owned()));
    let id = case.stream.strip_prefix("agr:").unwrap().to_owned();
    data["mapping"] = json!([{ "agreement": id, "successor": "CMD" }]);
    assert_eq!(succeeds(&mut case, data.clone(), &hands(&from, &to)), Err("O08".to_owned()));
    data["mapping"] = json!([{ "agreement": id, "successor": "NWM" }]);
    let mut other = data.clone();
    other["default"] = json!("CMD");
    assert_eq!(succeeds(&mut case, other, &hands(&from, &to)), Err("O08".to_owned()));
    succeeds(&mut case, data, &hands(&from, &to)).unwrap();
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'x'));
}

#[test]
fn a_transfer_takes_the_functions_named_and_leaves_the_body() {
    let mut case = Case::in_force(Shape::pair());
    found(&mut case.world);
    let today = case.today();
    let mut data = succession("TRANSFER", &["HCK"], &["NWM"], &today);
    assert_eq!(succeeds(&mut case, data.clone(), &hands(&["HCK"], &["NWM"])), Err("E03".to_owned()));
    data["functions"] = json!(["PLANNING"]);
    succeeds(&mut case, data.clone(), &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!(case.party("HCK"), 'x');
    data["functions"] = json!(["HOUSING"]);
    succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'x'));
    case.world.appoint(&officer("HCK", "ADM"), &person("HCK", "IAO", 220)).unwrap();
}

#[test]
fn a_succession_has_all_its_hands_and_no_others() {
    let mut case = Case::in_force(Shape::pair());
    found(&mut case.world);
    let today = case.today();
    let data = succession("REPLACE", &["HCK"], &["NWM"], &today);
    let all = hands(&["HCK"], &["NWM"]);
    for missing in 0..all.len() {
        let mut some = all.clone();
        some.remove(missing);
        assert_eq!(succeeds(&mut case, data.clone(), &some), Err("R01".to_owned()), "without {missing}");
    }
    let mut spare = all.clone();
    spare.push(officer("CMD", "CEX"));
    assert_eq!(succeeds(&mut case, data.clone(), &spare), Err("R01".to_owned()));
    let past = succession("REPLACE", &["HCK"], &["NWM"], "2026-11-01");
    assert_eq!(succeeds(&mut case, past, &all), Err("G38".to_owned()));
    let unknown = succession("REPLACE", &["HCK"], &["QQQ"], &today);
    assert_eq!(succeeds(&mut case, unknown, &all), Err("O01".to_owned()));
    let itself = succession("MERGE", &["HCK"], &["HCK"], &today);
    assert_eq!(succeeds(&mut case, itself, &all), Err("E03".to_owned()));
}

#[test]
fn a_body_without_a_chief_may_object_for_14_days() {
    let mut case = Case::in_force(Shape::pair());
    found(&mut case.world);
    let chief = {
        let hackney = &case.world.replay.state.organisations[&"HCK".parse().unwrap()];
        hackney.appointments.iter().find(|a| a.role.as_str() == "CEX").unwrap().event.to_string()
    };
    let [one, two, _] = registrars();
    let end = json!({ "appointment": chief });
    let ended =
        case.world.draft("org:HCK", "RoleHolderRevoked", end, &[one.clone(), two.clone(), officer("HCK", "SIRO")]);
    case.world.record(&ended).unwrap();
    let by = [one, two, newham()[0].clone()];
    let soon = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-10");
    assert_eq!(succeeds(&mut case, soon, &by), Err("G38".to_owned()));
    let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-20");
    let event = succeeds(&mut case, data.clone(), &by).unwrap();
    let objection = |target: &str| json!({ "target": target, "words": commitment() });
    let objects = |case: &mut Case, target: &str, who: Person| {
        let draft = case.world.draft("org:HCK", "SuccessionObjected", objection(target), &[who]);
        case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let filed = case.filed.clone();
    assert_eq!(objects(&mut case, &filed, officer("HCK", "SIRO")), Err("G35".to_owned()));
    assert_eq!(objects(&mut case, &event, officer("HCK", "IAO")), Err("R01".to_owned()));
    objects(&mut case, &event, officer("HCK", "SIG")).unwrap();
    assert_eq!(objects(&mut case, &event, officer("HCK", "SIRO")), Err("O10".to_owned()));
    assert_eq!(succeeds(&mut case, data, &by), Err("O10".to_owned()));
    case.world.now += 30 * DAY;
    assert_eq!((case.party("HCK"), case.letter()), ('x', 'V'));
    let confirmed = confirmation("HCK");
    assert_eq!(case.refused("SuccessionConfirmed", confirmed, &[newham()[2].clone()]), "O10");
}

#[test]
fn who_leaves_acts_until_the_day_and_then_owes_only_destruction_and_word_of_incidents() {
    let mut case = Case::in_force(Shape::three());
    let notice = leaving("UNLAWFUL", &case.today());
    case.does("RevocationNoticed", notice, &[officer("HCK", "SIG")]);
    let left = |case: &mut Case, on: &str| {
        let draft = case.world.draft("org:HCK", "OrganisationLeft", json!({ "on": on }), &[officer("HCK", "CEX")]);
        case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
    };
    left(&mut case, "2026-12-20").unwrap();
    assert_eq!(left(&mut case, "2026-12-21"), Err("O03".to_owned()));
    case.does("NoteRecorded", crate::town::note(), &[officer("HCK", "LGL")]);
    case.world.now = crate::town::instant("2026-12-20T00:00:00.000Z");
    assert_eq!(case.refused("NoteRecorded", crate::town::note(), &[officer("HCK", "LGL")]), "O03");
    let noted = json!({ "key": false, "words": commitment() });
    case.does("IncidentNoted", noted, &[officer("HCK", "DPO")]);
    // Who joins again brings new keys.
    let again = case.world.registration("HCK", &person("HCK", "CEX", 221));
    case.world.record(&again).unwrap();
    assert_eq!(case.refused("NoteRecorded", crate::town::note(), &[officer("HCK", "LGL")]), "K04");
}

#[test]
fn a_successor_leads_where_its_predecessor_came_to_lead() {
    let mut case = Case::in_force(Shape::pair());
    let both = [officer("HCK", "IGL"), officer("CMD", "IGL")];
    case.does("LeadChanged", json!({ "lead": "HCK" }), &both);
    found(&mut case.world);
    let today = case.today();
    succeeds(&mut case, succession("REPLACE", &["HCK"], &["NWM"], &today), &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!(case.agreement().lead().as_str(), "NWM");
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

#[test]
fn a_successor_answers_for_what_is_contested_of_its_predecessor() {
    let mut case = Case::in_force(Shape::pair());
    let executed = crate::contest::signature(&case, "HCK", "SIG");
    let from = crate::contest::index(&case, &executed);
    crate::contest::reports(&mut case, &officer("HCK", "SIG"), Some(from), &[officer("HCK", "CEX")]).unwrap();
    assert_eq!(case.letter(), 'S');
    found(&mut case.world);
    let today = case.today();
    succeeds(&mut case, succession("REPLACE", &["HCK"], &["NWM"], &today), &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!(case.letter(), 'S', "a succession answers no question");
    let affirmed = crate::contest::verdict("AFFIRMED", &[&executed]);
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[officer("HCK", "SIRO")]), "O04");
    assert_eq!(case.refused("ContestResolved", affirmed.clone(), &[officer("CMD", "SIRO")]), "R01");
    let [_, _, siro, ..] = newham();
    case.does("ContestResolved", affirmed, &[siro]);
    assert_eq!(case.letter(), 'V');
}
