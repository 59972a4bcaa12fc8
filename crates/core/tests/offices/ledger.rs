//! The ledger's own stream: registrars, log keys, reference data, rules, its end.

use serde_json::{Value, json};

use crate::world::{Person, World, person, registrars};

fn of_ledger(world: &mut World, event_type: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let revision = world.replay.state.sys_revision;
    world.revisions.insert("sys".to_owned(), revision);
    let draft = world.draft("sys", event_type, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn two() -> [Person; 2] {
    let [one, two, _] = registrars();
    [one, two]
}

fn row(whose: &Person) -> Value {
    json!({ "key": whose.key_id().to_string(), "person": whose.id, "public": whose.public_text() })
}

#[test]
fn registrars_change_by_the_threshold_in_force_and_every_new_key() {
    let mut world = World::with_camden();
    let [one, two, three] = registrars();
    let fourth = person("REG", "REG", 4);
    let change = |add: &[&Person], remove: &[&Person], threshold: u32| {
        let add: Vec<Value> = add.iter().map(|whose| row(whose)).collect();
        let remove: Vec<String> = remove.iter().map(|whose| whose.key_id().to_string()).collect();
        json!({ "add": add, "remove": remove, "threshold": threshold })
    };
    let data = change(&[&fourth], &[&three], 2);
    let mut refused = |data: Value, by: &[Person]| of_ledger(&mut world, "RegistrarChanged", data, by).unwrap_err();
    assert_eq!(refused(data.clone(), &[one.clone(), two.clone()]), "K06");
    assert_eq!(refused(data.clone(), &[one.clone(), fourth.clone()]), "R01");
    assert_eq!(refused(change(&[], &[&three], 2), &[one.clone(), two.clone()]), "R11");
    assert_eq!(refused(change(&[], &[], 4), &[one.clone(), two.clone()]), "R11");
    assert_eq!(refused(change(&[], &[], 1), &[one.clone(), two.clone()]), "E03");
    assert_eq!(refused(change(&[], &[&fourth], 2), &[one.clone(), two.clone()]), "K01");
    let again = Person { id: one.id.clone(), ..fourth.clone() };
    assert_eq!(refused(change(&[&again], &[], 2), &[two.clone(), three.clone(), again.clone()]), "R05");
    let officer = Person { id: person("CMD", "ADM", 11).id, ..fourth.clone() };
    assert_eq!(refused(change(&[&officer], &[], 2), &[one.clone(), two.clone(), officer.clone()]), "R04");
    let stranger = person("CMD", "ADM", 11);
    let hands = [one.clone(), two.clone(), fourth.clone(), stranger];
    assert_eq!(of_ledger(&mut world, "RegistrarChanged", data.clone(), &hands), Err("R01".to_owned()));
    // The new key speaks for the person and the office of its row.
    let other = Person { id: "PER-000000000099".to_owned(), ..fourth.clone() };
    let hands = [one.clone(), two.clone(), other];
    assert_eq!(of_ledger(&mut world, "RegistrarChanged", data.clone(), &hands), Err("K10".to_owned()));
    of_ledger(&mut world, "RegistrarChanged", data, &[one.clone(), two.clone(), fourth.clone()]).unwrap();
    let suspended = |world: &mut World, by: &[Person]| {
        let data = json!({ "reason": "REQUESTED", "until": "2026-12-05" });
        let draft = world.draft("org:CMD", "OrganisationSuspended", data, by);
        world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
    };
    assert_eq!(suspended(&mut world, &[one.clone(), three]), Err("K04".to_owned()));
    suspended(&mut world, &[one, fourth]).unwrap();
}

#[test]
fn another_key_signs_the_log_from_a_size_to_come() {
    use counterpart_tlog::cosignature::Cosigner;
    use counterpart_tlog::ed25519::SigningKey;
    use counterpart_tlog::note::NoteSigner;
    let mut world = World::founded();
    let old = world.replay.state.founded.as_ref().unwrap().log_keys[0].to_string();
    let vkey = |name: &str, seed: u8| {
        let key = SigningKey::from_bytes(&[seed; 32]);
        NoteSigner::new(name, key).unwrap().vkey().to_string()
    };
    let new = vkey(crate::world::ORIGIN, 77);
    let change = |old: &str, new: &str, first: u64| json!({ "first_size": first, "new": new, "old": old });
    let mut refused = |data: Value| of_ledger(&mut world, "LogKeyChanged", data, &two()).unwrap_err();
    assert_eq!(refused(change(&new, &new, 9)), "K06");
    assert_eq!(refused(change(&old, &old, 9)), "K06");
    assert_eq!(refused(change(&old, &vkey("other.example/log", 77), 9)), "K06");
    assert_eq!(refused(change(&old, &new, 1)), "K06");
    // A key that no reader could check, and a witness's key: neither may sign the log.
    let of_no_kind = format!("{}+00000000+AAAA", crate::world::ORIGIN);
    let witness = Cosigner::new(crate::world::ORIGIN, SigningKey::from_bytes(&[79; 32])).unwrap();
    assert_eq!(refused(change(&old, &of_no_kind, 9)), "K06");
    assert_eq!(refused(change(&old, &witness.vkey().to_string(), 9)), "K06");
    let data = change(&old, &new, 2);
    assert_eq!(of_ledger(&mut world, "LogKeyChanged", data.clone(), &two()[..1]), Err("R01".to_owned()));
    of_ledger(&mut world, "LogKeyChanged", data, &two()).unwrap();
    assert_eq!(
        of_ledger(&mut world, "LogKeyChanged", change(&old, &vkey(crate::world::ORIGIN, 78), 9), &two()),
        Err("K06".to_owned())
    );
    let founded = world.replay.state.founded.as_ref().unwrap();
    assert_eq!((founded.log_keys.len(), founded.log_key_changes.len()), (2, 1));
}

#[test]
fn lists_are_published_one_version_after_another_and_rules_that_are_carried() {
    let mut world = World::founded();
    let held = counterpart_core::codes::FILES.iter().find(|file| file.id == "CL-GATE").unwrap();
    let list = |version: u32, sha256: &str| json!({ "id": "CL-GATE", "in_force_from": "2026-12-01", "sha256": sha256, "version": version });
    let hash = held.sha256().to_string();
    let mut refused = |kind: &str, data: Value| of_ledger(&mut world, kind, data, &two()).unwrap_err();
    assert_eq!(refused("CodeListPublished", list(1, &hash)), "E10");
    assert_eq!(refused("CodeListPublished", list(2, &"07".repeat(32))), "E10");
    assert_eq!(refused("PolicyPublished", list(2, &hash)), "E10");
    assert_eq!(refused("RulesAdopted", json!({ "rules": 1 })), "E10");
    assert_eq!(refused("RulesAdopted", json!({ "rules": 2 })), "E04");
    let policy = json!({ "sha256": "07".repeat(32) });
    assert_eq!(of_ledger(&mut world, "WitnessPolicyPublished", policy.clone(), &two()[..1]), Err("R01".to_owned()));
    of_ledger(&mut world, "WitnessPolicyPublished", policy, &two()).unwrap();
}

#[test]
fn a_closed_ledger_records_nothing_more_and_names_the_one_that_goes_on() {
    let mut world = World::with_camden();
    let successor = format!("next.example/london/log#{}", "ab".repeat(32));
    let closed = |successor: &str| json!({ "reason": "SUCCEEDED", "successor": successor });
    assert_eq!(of_ledger(&mut world, "LedgerClosed", closed("next.example"), &two()), Err("E03".to_owned()));
    of_ledger(&mut world, "LedgerClosed", closed(&successor), &two()).unwrap();
    let draft = world.appointment(&[person("CMD", "ADM", 11)], &person("CMD", "IGL", 30));
    let told = world.record(&draft).unwrap_err().stop;
    assert_eq!(told.code(), "E06");
    assert!(told.to_string().contains(&successor), "{told}");
}
