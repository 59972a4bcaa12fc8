//! Words that are erased, and words that auditors read: who orders it, when it is too early, from when it holds.

use counterpart_core::ids::EventId;
use serde_json::{Value, json};

use crate::town::*;
use crate::world::{Person, at, commitment, person, registrars};

fn erasure(target: &str, pointers: &[&str], reason: &str, on: &str) -> Value {
    json!({ "advice": commitment(), "erases_on": on, "pointers": pointers, "reason": reason, "target": target })
}

/// IGL and SIRO of a body.
fn governors(code: &str) -> [Person; 2] {
    [officer(code, "IGL"), officer(code, "SIRO")]
}

fn court() -> [Person; 2] {
    let [one, two, _] = registrars();
    [one, two]
}

fn in_days(case: &Case, days: i64) -> String {
    counterpart_core::london::date_of(at(case.world.now)).add_days(days).to_string()
}

/// Whether words of an event are gone, now or so many days on.
fn gone(case: &Case, target: &str, pointer: &str, days: i64) -> bool {
    let target: EventId = target.parse().unwrap();
    let erased = case.world.replay.state.erased(case.stream.parse().unwrap(), target, at(case.world.now + days * DAY));
    erased.iter().any(|erasure| erasure.covers(pointer))
}

/// A note of Camden's in an agreement in a stage, and who erases it.
fn noted(letter: char) -> (Case, String) {
    let mut case = Case::in_stage(letter, Shape::pair());
    let note = case.does("NoteRecorded", note(), &[officer("CMD", "REQ")]);
    (case, note)
}

#[test]
fn single_words_of_a_person_go_at_once_in_any_stage() {
    for letter in "FCGAPVSEXRWL".chars() {
        let (mut case, note) = noted(letter);
        let today = case.today();
        assert!(!gone(&case, &note, "/text", 0));
        let data = erasure(&note, &["/text"], "PERSONAL_DATA", &today);
        case.does("DisclosureErased", data, &governors("CMD"));
        assert!(gone(&case, &note, "/text", 0), "{letter}");
        assert!(!gone(&case, &note, "/words", 0));
        assert_eq!(case.letter(), letter, "erasing words moves nothing");
    }
    let mut none = Case::none(Shape::pair());
    let data = erasure("01890000-0000-7000-8000-0000000000aa", &["/text"], "PERSONAL_DATA", "2026-12-01");
    assert_eq!(none.refused("DisclosureErased", data, &governors("CMD")), "T01");
}

#[test]
fn the_body_whose_event_it_was_lets_words_go() {
    let (mut case, note) = noted('V');
    let data = erasure(&note, &["/text"], "PERSONAL_DATA", &case.today());
    let [igl, siro] = governors("CMD");
    let mut refused = |by: &[Person]| case.refused("DisclosureErased", data.clone(), by);
    assert_eq!(refused(&[igl.clone()]), "R01");
    assert_eq!(refused(&[siro.clone()]), "R01");
    assert_eq!(refused(&governors("HCK")), "R01");
    assert_eq!(refused(&[igl.clone(), officer("HCK", "SIRO")]), "R01");
    assert_eq!(refused(&[igl.clone(), siro.clone(), officer("CMD", "DPO")]), "R01");
    assert_eq!(refused(&[igl.clone(), officer("CMD", "CEX")]), "R01");
    assert_eq!(refused(&court()), "D05", "registrars decide nothing without an order");
    case.does("DisclosureErased", data, &[siro, igl]);
}

#[test]
fn terms_stay_until_the_agreement_has_ended_and_its_retention_with_it() {
    for letter in "FCGAPVSE".chars() {
        let mut case = Case::in_stage(letter, Shape::pair());
        let filed = case.filed.clone();
        let later = in_days(&case, 14);
        for (pointers, reason) in
            [(["/terms/purpose"], "RETENTION_ENDED"), (["/terms"], "RETENTION_ENDED"), (["/terms"], "PERSONAL_DATA")]
        {
            let data = erasure(&filed, &pointers, reason, &later);
            assert_eq!(case.refused("DisclosureErased", data, &governors("CMD")), "G46", "{letter} {reason}");
        }
        let ordered = erasure(&filed, &["/terms/purpose"], "COURT_ORDER", &later);
        assert_eq!(case.refused("DisclosureErased", ordered, &court()), "G46", "{letter}");
        let data = erasure(&filed, &["/terms/purpose"], "PERSONAL_DATA", &case.today());
        case.does("DisclosureErased", data, &governors("CMD"));
    }
    // What was never in force keeps nothing.
    for letter in "RWL".chars() {
        let mut case = Case::in_stage(letter, Shape::pair());
        let data = erasure(&case.filed.clone(), &["/terms"], "RETENTION_ENDED", &in_days(&case, 14));
        case.does("DisclosureErased", data, &governors("CMD"));
    }
    // Two years from the end, by the longest period of its datasets.
    let mut case = Case::in_stage('X', Shape::pair());
    let data = |case: &Case| erasure(&case.filed, &["/terms"], "RETENTION_ENDED", &in_days(case, 14));
    let early = data(&case);
    assert_eq!(case.refused("DisclosureErased", early.clone(), &governors("CMD")), "G46");
    let told = case.told("DisclosureErased", early, &governors("CMD"));
    assert!(told.contains("retention of DSA-2026-000001 runs until 2028-11-30"), "{told}");
    case.world.now += 729 * DAY;
    let early = data(&case);
    assert_eq!(case.refused("DisclosureErased", early, &governors("CMD")), "G46");
    case.world.now += DAY;
    let now = data(&case);
    case.does("DisclosureErased", now, &governors("CMD"));
    let filed = case.filed.clone();
    assert!(!gone(&case, &filed, "/terms/purpose", 13) && gone(&case, &filed, "/terms/purpose", 14));
}

#[test]
fn the_others_know_of_it_fourteen_days_before() {
    let (mut case, note) = noted('R');
    for (reason, by) in [("RETENTION_ENDED", governors("CMD")), ("COURT_ORDER", court())] {
        let early = erasure(&note, &["/text"], reason, &in_days(&case, 13));
        assert_eq!(case.refused("DisclosureErased", early, &by), "G38", "{reason}");
        let data = erasure(&note, &["/text"], reason, &in_days(&case, 14));
        case.does("DisclosureErased", data, &by);
    }
    let yesterday = erasure(&note, &["/text"], "PERSONAL_DATA", &in_days(&case, -1));
    assert_eq!(case.refused("DisclosureErased", yesterday, &governors("CMD")), "G38");
    let day = counterpart_core::london::start_of(in_days(&case, 14).parse().unwrap());
    let target = note.parse().unwrap();
    let stream = case.stream.parse().unwrap();
    let state = &case.world.replay.state;
    assert!(state.erased(stream, target, day.sub_millis(1)).is_empty(), "until 00:00 of the day the words are there");
    assert_eq!(state.erased(stream, target, day).len(), 2);
    assert_eq!(state.due_erasures(day).len(), 2);
}

#[test]
fn a_hold_keeps_words_too() {
    let (mut case, note) = noted('V');
    let lawyer = officer("HCK", "LGL");
    let later = erasure(&note, &["/text"], "PERSONAL_DATA", &in_days(&case, 3));
    case.does("DisclosureErased", later, &governors("CMD"));
    let hold = case.does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "POLICE" }), &[lawyer.clone()]);
    let data = erasure(&note, &["/text"], "PERSONAL_DATA", &case.today());
    assert_eq!(case.refused("DisclosureErased", data, &governors("CMD")), "G42");
    assert!(!gone(&case, &note, "/text", 5), "it stops what was ordered before and has not gone yet");
    case.world.now += 5 * DAY;
    case.does("RetentionHoldReleased", json!({ "hold": hold }), &[lawyer.clone()]);
    assert!(gone(&case, &note, "/text", 0));
    // What is gone does not come back with a later hold.
    case.does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "POLICE" }), &[lawyer]);
    assert!(gone(&case, &note, "/text", 0));
}

#[test]
fn an_erasure_names_an_event_of_its_stream_and_at_least_one_place() {
    let (mut case, note) = noted('V');
    let today = case.today();
    let nothing = "01890000-0000-7000-8000-0000000000aa";
    let mut refused = |data: Value| case.refused("DisclosureErased", data, &governors("CMD"));
    assert_eq!(refused(erasure(nothing, &["/text"], "PERSONAL_DATA", &today)), "G28");
    assert_eq!(refused(erasure(&note, &[], "PERSONAL_DATA", &today)), "E03");
    assert_eq!(refused(erasure(&note, &["/text", "/text"], "PERSONAL_DATA", &today)), "E03");
    assert_eq!(refused(erasure(&note, &["text"], "PERSONAL_DATA", &today)), "E03");
    assert_eq!(refused(erasure(&note, &["/text"], "BECAUSE", &today)), "E03");
}

/// The event that appointed an officer.
fn appointment(case: &Case, who: &Person) -> String {
    let body = &case.world.replay.state.organisations[&who.organisation.parse().unwrap()];
    let held = body.appointments.of(who.id.parse().unwrap()).next().unwrap();
    held.event.to_string()
}

fn of_body(case: &mut Case, code: &str, event_type: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let stream = format!("org:{code}");
    let revision = case.world.replay.state.organisations[&code.parse().unwrap()].revision;
    case.world.revisions.insert(stream.clone(), revision);
    let draft = case.world.draft(&stream, event_type, data, by);
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn the_name_of_an_officer_goes_once_the_post_has_ended_or_at_once_where_it_should_not_be_there() {
    let mut case = Case::none(Shape::pair());
    let legal = officer("CMD", "LGL");
    let target = appointment(&case, &legal);
    let ended = |case: &Case| erasure(&target, &["/holder"], "RETENTION_ENDED", &in_days(case, 14));
    let data = ended(&case);
    assert_eq!(of_body(&mut case, "CMD", "DisclosureErased", data, &governors("CMD")), Err("G46".to_owned()));
    let at_once = erasure(&target, &["/holder"], "PERSONAL_DATA", &case.today());
    assert_eq!(of_body(&mut case, "CMD", "DisclosureErased", at_once, &governors("HCK")), Err("R01".to_owned()));
    let elsewhere = erasure(&appointment(&case, &officer("HCK", "LGL")), &["/holder"], "PERSONAL_DATA", &case.today());
    assert_eq!(of_body(&mut case, "CMD", "DisclosureErased", elsewhere, &governors("CMD")), Err("G28".to_owned()));
    let revoked = json!({ "appointment": target });
    of_body(&mut case, "CMD", "RoleHolderRevoked", revoked, &[officer("CMD", "ADM")]).unwrap();
    let data = ended(&case);
    of_body(&mut case, "CMD", "DisclosureErased", data, &governors("CMD")).unwrap();
    // A body that left still lets go of what it wrote.
    let today = case.today();
    of_body(&mut case, "CMD", "OrganisationLeft", json!({ "on": today }), &[officer("CMD", "CEX")]).unwrap();
    let other = appointment(&case, &officer("CMD", "SEC"));
    let data = erasure(&other, &["/holder"], "PERSONAL_DATA", &today);
    of_body(&mut case, "CMD", "DisclosureErased", data, &governors("CMD")).unwrap();
}

#[test]
fn a_body_without_these_two_posts_lets_words_go_by_its_chief_and_its_administrator() {
    let mut world = crate::world::World::with_camden();
    let (chief, first) = (person("CMD", "CEX", 10), person("CMD", "ADM", 11));
    let body = &world.replay.state.organisations[&"CMD".parse().unwrap()];
    let registered = body.appointments.first().unwrap().event.to_string();
    let data = erasure(&registered, &["/chief/holder"], "PERSONAL_DATA", "2026-12-01");
    let alone = world.draft("org:CMD", "DisclosureErased", data.clone(), &[chief.clone()]);
    assert_eq!(world.refusal(&alone), "R01");
    let both = world.draft("org:CMD", "DisclosureErased", data, &[chief, first]);
    world.record(&both).unwrap();
}

fn grant(reader: &str, pointers: &[&str], until: &str) -> Value {
    json!({ "pointers": pointers, "reader": reader, "until": until })
}

fn opens(case: &Case, by: &str, pointer: &str, days: i64) -> bool {
    let instant = at(case.world.now + days * DAY);
    let live = |grant: &&counterpart_core::agreement::Grant| grant.is_live(instant);
    case.agreement().grants().iter().filter(live).any(|grant| grant.opens(by.parse().unwrap(), pointer))
}

#[test]
fn a_party_opens_its_own_words_to_an_auditor_until_a_day() {
    let mut case = Case::in_stage('V', Shape::pair());
    let data = grant("ISL", &["/words", "/text"], &in_days(&case, 2));
    for by in [officer("CMD", "SIRO"), officer("ISL", "SIG")] {
        assert_eq!(case.refused("AccessGranted", data.clone(), &[by]), "R01");
    }
    assert_eq!(case.refused("AccessGranted", data.clone(), &[officer("CMD", "SIG"), officer("CMD", "IGL")]), "R01");
    assert_eq!(case.refused("AccessGranted", data.clone(), &court()), "D05");
    let yesterday = grant("ISL", &["/words"], &in_days(&case, -1));
    assert_eq!(case.refused("AccessGranted", yesterday, &[officer("CMD", "IGL")]), "G38");
    assert_eq!(case.refused("AccessGranted", grant("ISL", &[], "2027-01-01"), &[officer("CMD", "IGL")]), "E03");
    let nobody = grant("NOBODY", &["/words"], "2027-01-01");
    assert_eq!(case.refused("AccessGranted", nobody, &[officer("CMD", "IGL")]), "O01");
    let given = case.does("AccessGranted", data, &[officer("CMD", "IGL")]);
    assert!(opens(&case, "CMD", "/words", 0) && opens(&case, "CMD", "/text", 0));
    assert!(!opens(&case, "HCK", "/words", 0) && !opens(&case, "CMD", "/terms", 0));
    assert!(opens(&case, "CMD", "/words", 2) && !opens(&case, "CMD", "/words", 3));
    let end = json!({ "grant": given });
    assert_eq!(case.refused("AccessEnded", end.clone(), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("AccessEnded", end.clone(), &court()), "R01");
    case.does("AccessEnded", end.clone(), &[officer("CMD", "SIG")]);
    assert!(!opens(&case, "CMD", "/words", 0));
    assert_eq!(case.refused("AccessEnded", end, &[officer("CMD", "SIG")]), "G28");
}

#[test]
fn the_terms_are_opened_by_every_party_and_anything_by_registrars_with_an_order() {
    let mut case = Case::in_stage('X', Shape::pair());
    let data = grant("ISL", &["/terms/purpose", "/contacts"], &in_days(&case, 30));
    // Hackney left, so Camden is all that is left of the parties.
    let left = case.agreement().parties().iter().filter(|party| party.state.is_seated()).count();
    assert_eq!(left, 1);
    case.does("AccessGranted", data.clone(), &[officer("CMD", "SIG")]);
    let mut case = Case::in_stage('V', Shape::pair());
    assert_eq!(case.refused("AccessGranted", data.clone(), &[officer("CMD", "SIG")]), "R01");
    let both = [officer("CMD", "SIG"), officer("HCK", "IGL")];
    assert_eq!(case.refused("AccessGranted", data.clone(), &[officer("CMD", "SIG"), officer("HCK", "SIRO")]), "R01");
    let spare = [both[0].clone(), both[1].clone(), officer("ISL", "SIG")];
    assert_eq!(case.refused("AccessGranted", data.clone(), &spare), "R01");
    let given = case.does("AccessGranted", data.clone(), &both);
    assert!(opens(&case, "HCK", "/terms/purpose", 0) && !opens(&case, "HCK", "/terms/title", 0));
    let end = json!({ "grant": given });
    assert_eq!(case.refused("AccessEnded", end.clone(), &[officer("CMD", "SIG")]), "R01");
    case.does("AccessEnded", end, &both);
    let mut ordered = grant("ISL", &["/terms", "/words"], &in_days(&case, 30));
    ordered["order"] = commitment();
    assert_eq!(case.refused("AccessGranted", ordered.clone(), &both), "R01");
    assert_eq!(case.refused("AccessGranted", ordered.clone(), &court()[..1]), "R01");
    let given = case.does("AccessGranted", ordered, &court());
    assert!(opens(&case, "HCK", "/words", 0) && opens(&case, "CMD", "/terms/title", 0));
    case.does("AccessEnded", json!({ "grant": given }), &court());
    assert!(!opens(&case, "HCK", "/words", 0));
}

#[test]
fn an_agreement_with_grants_is_rebuilt_as_it_was() {
    let mut case = Case::in_stage('V', Shape::pair());
    let data = grant("ISL", &["/words"], &in_days(&case, 30));
    case.does("AccessGranted", data, &[officer("CMD", "IGL")]);
    let size = case.world.replay.state.size;
    assert_eq!(case.rebuilt(size), *case.stored());
}

#[test]
fn a_grant_lasts_until_a_day_that_has_not_gone_by() {
    let case = Case::in_stage('V', Shape::pair());
    for (days, code) in [(-1, "G38"), (0, "-"), (1, "-")] {
        let data = grant("ISL", &["/words"], &in_days(&case, days));
        assert_eq!(case.tries("AccessGranted", &data, &[officer("CMD", "SIG")]), code, "{days} days on");
    }
}

#[test]
fn a_grant_opens_what_it_names_of_those_who_gave_it_while_it_lasts() {
    let mut case = Case::in_stage('V', Shape::pair());
    let terms = grant("ISL", &["/terms"], &in_days(&case, 2));
    case.does("AccessGranted", terms, &[officer("CMD", "SIG"), officer("HCK", "SIG")]);
    let own = grant("ISL", &["/words"], &in_days(&case, 2));
    case.does("AccessGranted", own, &[officer("CMD", "SIG")]);
    let agreement = case.agreement();
    let [terms, own] = [&agreement.grants()[0], &agreement.grants()[1]];
    for held in [terms, own] {
        let live =
            [held.from.sub_millis(1), held.from, held.until.sub_millis(1), held.until].map(|at| held.is_live(at));
        assert_eq!(live, [false, true, true, false]);
    }
    // The terms are everybody's, whoever carried them; words are whose they are.
    for (held, by, pointer, opens) in [
        (terms, "CMD", "/terms", true),
        (terms, "HCK", "/terms/purpose", true),
        (terms, "ISL", "/terms/purpose", true),
        (terms, "CMD", "/words", false),
        (own, "CMD", "/words", true),
        (own, "HCK", "/words", false),
        (own, "CMD", "/terms", false),
    ] {
        assert_eq!(held.opens(by.parse().unwrap(), pointer), opens, "{pointer} of {by}");
    }
}
