//! What the ledger's own events make of it: reference data on their day, registrars, rules, its keys.

use std::sync::Arc;

use counterpart_core::event::Event;
use counterpart_core::london;
use counterpart_core::replay;
use counterpart_core::state::State;
use counterpart_core::wire::Entry;
use serde_json::{Value, json};

use crate::world::{Draft, Person, World, at, person, registrars};

/// The event of a draft, which no rule has looked at.
fn event(world: &World, draft: &Draft) -> Event {
    let entry = Entry { envelope: draft.envelope(), recorded_at: at(world.now) };
    replay::read(&entry.encode()).unwrap().event
}

fn by_two(world: &mut World, kind: &str, data: Value) -> Event {
    let [one, two, _] = registrars();
    let draft = world.draft("sys", kind, data, &[one, two]);
    event(world, &draft)
}

fn held(id: &str) -> Value {
    let file = counterpart_core::codes::FILES.iter().find(|file| file.id == id).unwrap();
    json!(file.sha256().to_string())
}

fn version(state: &State, id: &str) -> Vec<u32> {
    let founded = state.founded.as_ref().unwrap();
    let rows = founded.code_lists.iter().chain(&founded.policies);
    rows.filter(|row| row.id.as_str() == id).map(|row| row.version).collect()
}

fn sizes(state: &State) -> (usize, usize, usize) {
    let founded = state.founded.as_ref().unwrap();
    (founded.code_lists.len(), founded.policies.len(), founded.later.coming.len())
}

#[test]
fn reference_data_are_in_force_from_their_day_in_london() {
    let mut world = World::founded();
    let mut state = world.replay.state.clone();
    let (lists, policies, _) = sizes(&state);
    let told = |id: &str, from: &str, version: u32| json!({ "id": id, "in_force_from": from, "sha256": held(id), "version": version });
    let gates = by_two(&mut world, "CodeListPublished", told("CL-GATE", "2026-12-10", 2));
    let limits = by_two(&mut world, "PolicyPublished", told("POLICY-LIMITS", "2026-12-12", 2));
    let nothing = by_two(&mut world, "WitnessPolicyPublished", json!({ "sha256": "07".repeat(32) }));
    state.evolve(&gates, at(world.now), "");
    state.evolve(&limits, at(world.now), "");
    assert_eq!(sizes(&state), (lists, policies, 2));
    assert_eq!((version(&state, "CL-GATE"), version(&state, "POLICY-LIMITS")), (vec![1], vec![1]));
    let newest =
        |state: &State, id: &str| state.founded.as_ref().unwrap().newest(&id.parse().unwrap()).unwrap().version;
    assert_eq!((newest(&state, "CL-GATE"), newest(&state, "POLICY-LIMITS"), newest(&state, "CL-ART6")), (2, 2, 1));
    let day = |text: &str| london::start_of(text.parse().unwrap());
    let before = counterpart_core::time::Timestamp::from_millis(day("2026-12-10").millis() - 1).unwrap();
    state.evolve(&nothing, before, "");
    assert_eq!(sizes(&state), (lists, policies, 2));
    assert_eq!(version(&state, "CL-GATE"), [1]);
    state.evolve(&nothing, day("2026-12-10"), "");
    assert_eq!(sizes(&state), (lists, policies, 1), "the other is still to come");
    assert_eq!((version(&state, "CL-GATE"), version(&state, "POLICY-LIMITS")), (vec![2], vec![1]));
    state.evolve(&nothing, day("2026-12-12"), "");
    assert_eq!(sizes(&state), (lists, policies, 0));
    assert_eq!((version(&state, "CL-GATE"), version(&state, "POLICY-LIMITS")), (vec![2], vec![2]));
    // Nobody holds those versions, so that the program goes on with what it has; what it holds it takes.
    let kept = state.reference.clone().unwrap();
    assert!(Arc::ptr_eq(&kept, world.replay.state.reference.as_ref().unwrap()));
    let mut state = world.replay.state.clone();
    let again = by_two(&mut world, "CodeListPublished", told("CL-GATE", "2026-12-01", 1));
    state.evolve(&again, at(world.now), "");
    assert_eq!(version(&state, "CL-GATE"), [1]);
    assert!(!Arc::ptr_eq(&kept, state.reference.as_ref().unwrap()));
}

#[test]
fn a_list_follows_the_one_before_row_by_row() {
    let mut world = World::founded();
    let published = |world: &World, kind: &str, id: &str, sha256: Value, version: u32| {
        let mut world = world.clone();
        let [one, two, _] = registrars();
        let data = json!({ "id": id, "in_force_from": "2026-12-01", "sha256": sha256, "version": version });
        let draft = world.draft("sys", kind, data, &[one, two]);
        world.record(&draft).map(|_| world).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let code = |happened: Result<World, String>| happened.err();
    // As if the ledger had an earlier version of the list of powers.
    let lists = &mut world.replay.state.founded.as_mut().unwrap().code_lists;
    let gates = lists.iter().position(|row| row.id.as_str() == "CL-GATE").unwrap();
    lists[gates].version = 0;
    let next = published(&world, "CodeListPublished", "CL-GATE", held("CL-GATE"), 1).unwrap();
    assert_eq!(version(&next.replay.state, "CL-GATE"), [1]);
    for wrong in [0, 2] {
        assert_eq!(
            code(published(&world, "CodeListPublished", "CL-GATE", held("CL-GATE"), wrong)).as_deref(),
            Some("E10")
        );
    }
    assert_eq!(code(published(&world, "PolicyPublished", "CL-GATE", held("CL-GATE"), 1)).as_deref(), Some("E10"));
    assert_eq!(code(published(&world, "CodeListPublished", "CL-GATE", held("CL-ART6"), 1)).as_deref(), Some("E10"));
    // As if that version had rows which the next one lacks.
    let other = counterpart_core::codes::FILES.iter().find(|file| file.id == "CL-ART6").unwrap().sha256();
    world.replay.state.founded.as_mut().unwrap().code_lists[gates].sha256 = other;
    assert_eq!(code(published(&world, "CodeListPublished", "CL-GATE", held("CL-GATE"), 1)).as_deref(), Some("E10"));
}

#[test]
fn rules_witnesses_and_the_end_are_remembered() {
    let mut world = World::founded();
    let mut state = world.replay.state.clone();
    let rules = by_two(&mut world, "RulesAdopted", json!({ "rules": 2 }));
    state.evolve(&rules, at(world.now), "");
    let policy = by_two(&mut world, "WitnessPolicyPublished", json!({ "sha256": "07".repeat(32) }));
    state.evolve(&policy, at(world.now), "");
    let successor = format!("next.example/london/log#{}", "ab".repeat(32));
    let closed = by_two(&mut world, "LedgerClosed", json!({ "reason": "SUCCEEDED", "successor": successor }));
    state.evolve(&closed, at(world.now + 5), "");
    let founded = state.founded.unwrap();
    assert_eq!(founded.rules, 2);
    assert_eq!(founded.later.witness_policy.unwrap().to_string(), "07".repeat(32));
    let closed = founded.later.closed.unwrap();
    assert_eq!((closed.at, closed.successor.as_deref()), (at(world.now + 5), Some(&*successor)));
    assert_eq!(state.sys_revision, 4);
}

fn of_ledger(world: &World, kind: &str, data: Value, by: &[Person]) -> Result<World, String> {
    let mut world = world.clone();
    let revision = world.replay.state.sys_revision;
    world.revisions.insert("sys".to_owned(), revision);
    let draft = world.draft("sys", kind, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())?;
    Ok(world)
}

fn row(whose: &Person) -> Value {
    json!({ "key": whose.key_id().to_string(), "person": whose.id, "public": whose.public_text() })
}

#[test]
fn registrars_and_their_threshold_are_those_of_the_newest_change() {
    let world = World::with_camden();
    let [one, two, three] = registrars();
    let (four, five) = (person("REG", "REG", 4), person("REG", "REG", 5));
    let suspends = |world: &World, by: &[Person]| {
        let mut world = world.clone();
        let draft =
            world.draft("org:CMD", "OrganisationSuspended", json!({ "reason": "SECURITY", "until": "2026-12-05" }), by);
        world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
    };
    // As many as there are may be asked for, and then all of them sign.
    let change = json!({ "add": [], "remove": [], "threshold": 3 });
    let all = of_ledger(&world, "RegistrarChanged", change.clone(), &[one.clone(), two.clone()]).unwrap();
    assert_eq!(suspends(&all, &[one.clone(), two.clone()]).as_deref(), Some("R01"));
    assert_eq!(suspends(&all, &[one.clone(), two.clone(), three.clone()]), None);
    assert_eq!(of_ledger(&all, "RegistrarChanged", change, &[one.clone(), two.clone()]).err().as_deref(), Some("R01"));
    // Two come and one goes.
    let change = json!({ "add": [row(&four), row(&five)], "remove": [three.key_id().to_string()], "threshold": 4 });
    let by = |four: &Person, five: &Person| [one.clone(), two.clone(), four.clone(), five.clone()];
    let swapped = by(&Person { id: five.id.clone(), ..four.clone() }, &Person { id: four.id.clone(), ..five.clone() });
    assert_eq!(of_ledger(&world, "RegistrarChanged", change.clone(), &swapped).err().as_deref(), Some("K10"));
    let elsewhere = by(&Person { organisation: "CMD", ..four.clone() }, &five);
    assert_eq!(of_ledger(&world, "RegistrarChanged", change.clone(), &elsewhere).err().as_deref(), Some("K10"));
    let changed = of_ledger(&world, "RegistrarChanged", change, &by(&four, &five)).unwrap();
    let state = &changed.replay.state;
    let mut known: Vec<String> = state.founded.as_ref().unwrap().registrars.values().map(ToString::to_string).collect();
    known.sort();
    assert_eq!(known, [&one.id, &two.id, &four.id, &five.id].map(Clone::clone));
    assert_eq!(state.founded.as_ref().unwrap().threshold, 4);
    assert_eq!(suspends(&changed, &[one.clone(), two.clone(), four.clone()]).as_deref(), Some("R01"));
    assert_eq!(suspends(&changed, &[one.clone(), two.clone(), four.clone(), five.clone()]), None);
    assert_eq!(suspends(&changed, &[one, two, four, three]).as_deref(), Some("K04"));
}

#[test]
fn a_registrar_whose_key_ended_counts_no_more_and_its_end_stays_when_it_was() {
    use counterpart_core::keys::KeyStage;
    let mut world = World::with_camden();
    let [one, two, three] = registrars();
    let four = person("REG", "REG", 4);
    let ended = KeyStage::Revoked { at: at(world.now - 1_000) };
    world.replay.state.keys.get_mut(&three.key_id()).unwrap().stage = ended;
    let by = [one, two];
    let same = json!({ "add": [], "remove": [], "threshold": 2 });
    assert_eq!(of_ledger(&world, "RegistrarChanged", same, &by).err().as_deref(), Some("R11"), "two are left");
    let change = json!({ "add": [row(&four)], "remove": [three.key_id().to_string()], "threshold": 2 });
    let by = [by.as_slice(), &[four]].concat();
    let changed = of_ledger(&world, "RegistrarChanged", change, &by).unwrap();
    assert_eq!(changed.replay.state.keys[&three.key_id()].stage, ended);
    // A key that is no registrar's signs as none, though it is one of this body.
    let mut fewer = World::with_camden();
    let data = json!({ "reason": "SECURITY", "until": "2026-12-05" });
    let [one, two, three] = registrars();
    let draft = fewer.draft("org:CMD", "OrganisationSuspended", data, &[one, two, three.clone()]);
    fewer.clone().record(&draft).unwrap();
    fewer.replay.state.founded.as_mut().unwrap().registrars.remove(&three.key_id());
    assert_eq!(fewer.refusal(&draft), "R01");
}

#[test]
fn each_key_of_a_genesis_may_hand_over() {
    use counterpart_tlog::ed25519::SigningKey;
    use counterpart_tlog::note::NoteSigner;
    let vkey = |seed: u8| {
        NoteSigner::new(crate::world::ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap().vkey().to_string()
    };
    let mut world = World::new();
    let mut genesis = world.genesis();
    let first = genesis.payload["data"]["log_keys"][0].as_str().unwrap().to_owned();
    genesis.payload["data"]["log_keys"] = json!([first, vkey(76)]);
    world.record(&genesis).unwrap();
    let [one, two, _] = registrars();
    let hands_over = |world: &World, old: &str, new: &str| {
        of_ledger(
            world,
            "LogKeyChanged",
            json!({ "first_size": 9, "new": new, "old": old }),
            &[one.clone(), two.clone()],
        )
    };
    hands_over(&world, &first, &vkey(77)).unwrap();
    let second = hands_over(&world, &vkey(76), &vkey(77)).unwrap();
    assert_eq!(hands_over(&world, &vkey(75), &vkey(77)).err().as_deref(), Some("K06"));
    // From then on the newest one does.
    assert_eq!(hands_over(&second, &first, &vkey(78)).err().as_deref(), Some("K06"));
    assert_eq!(hands_over(&second, &vkey(77), &vkey(76)).err().as_deref(), Some("K06"), "it signed before");
    hands_over(&second, &vkey(77), &vkey(78)).unwrap();
}

#[test]
fn a_genesis_is_for_its_own_origin_and_signed_by_the_registrar() {
    let mut world = World::new();
    let elsewhere = world.genesis().with("ledger", json!("other.example/log"));
    assert_eq!(world.refusal(&elsewhere), "E06");
    let mut foreign = world.genesis();
    foreign.payload["signers"][1]["organisation"] = json!("CMD");
    assert_eq!(world.refusal(&foreign), "K10");
    let mut later = World::founded();
    let again = later.genesis();
    assert_eq!(later.refusal(&again), "E06");
}

#[test]
fn midnight_in_london_is_where_the_clocks_say() {
    let instant = |text: &str| text.parse::<counterpart_core::time::Timestamp>().unwrap();
    // In 2027 the clocks go forward on 28 March and back on 31 October, at 01:00 UTC.
    for (at, day) in [
        ("2027-03-27T22:59:59.999Z", "2027-03-27"),
        ("2027-03-27T23:00:00.000Z", "2027-03-27"),
        ("2027-03-27T23:59:59.999Z", "2027-03-27"),
        ("2027-03-28T00:00:00.000Z", "2027-03-28"),
        ("2027-03-28T22:59:59.999Z", "2027-03-28"),
        ("2027-03-28T23:00:00.000Z", "2027-03-29"),
        ("2027-10-30T22:59:59.999Z", "2027-10-30"),
        ("2027-10-30T23:00:00.000Z", "2027-10-31"),
        ("2027-10-31T00:59:59.999Z", "2027-10-31"),
        ("2027-10-31T23:00:00.000Z", "2027-10-31"),
        ("2027-10-31T23:59:59.999Z", "2027-10-31"),
        ("2027-11-01T00:00:00.000Z", "2027-11-01"),
        ("2026-12-31T23:59:59.999Z", "2026-12-31"),
        ("2027-01-01T00:00:00.000Z", "2027-01-01"),
    ] {
        assert_eq!(london::date_of(instant(at)).to_string(), day, "{at}");
    }
    assert_eq!(london::year_of(instant("2026-12-31T23:59:59.999Z")), 2026);
    for (day, start) in [
        ("2027-03-28", "2027-03-28T00:00:00.000Z"),
        ("2027-03-29", "2027-03-28T23:00:00.000Z"),
        ("2027-10-31", "2027-10-30T23:00:00.000Z"),
        ("2027-11-01", "2027-11-01T00:00:00.000Z"),
    ] {
        let day: counterpart_core::time::Date = day.parse().unwrap();
        assert_eq!(london::start_of(day), instant(start));
        assert_eq!(london::end_of(day.add_days(-1)), instant(start));
    }
    assert_eq!(london::end_of(counterpart_core::time::Date::MAX), counterpart_core::time::Timestamp::MAX);
}
