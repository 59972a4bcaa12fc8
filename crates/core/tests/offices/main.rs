//! Keys, roles and organisations, decided from entries with real signatures.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

mod evolving;
mod hands;
mod ledger;
mod standing;
mod statements;
mod world;

use serde_json::json;
use world::{Person, World, person, registrars};

const DAY: i64 = 86_400_000;

#[test]
fn a_ledger_is_founded_by_all_its_registrars() {
    let mut world = World::new();
    let mut genesis = world.genesis();
    genesis.signers.pop();
    let signers = genesis.payload["signers"].as_array().unwrap()[..2].to_vec();
    let short = genesis.with("signers", json!(signers));
    assert_eq!(world.refusal(&short), "K06");
    let genesis = world.genesis();
    world.record(&genesis).unwrap();
    assert!(world.ledger.starts_with("test.example/london/log#"));
}

#[test]
fn a_genesis_names_keys_that_can_sign_its_log() {
    use counterpart_tlog::cosignature::Cosigner;
    use counterpart_tlog::ed25519::SigningKey;
    let key = || SigningKey::from_bytes(&[79; 32]);
    let witness = Cosigner::new(world::ORIGIN, key()).unwrap().vkey().to_string();
    let elsewhere = counterpart_tlog::note::NoteSigner::new("other.example/log", key()).unwrap().vkey().to_string();
    let of_no_kind = format!("{}+00000000+AAAA", world::ORIGIN);
    let mut world = World::new();
    let own = world.genesis().payload["data"]["log_keys"][0].clone();
    for bad in [witness, elsewhere, of_no_kind] {
        let mut genesis = world.genesis();
        genesis.payload["data"]["log_keys"] = json!([own, bad]);
        assert_eq!(world.refusal(&genesis), "K06", "{bad}");
    }
    // Another key id than that of the key: no reader would find the signature.
    let mut parts = own.as_str().unwrap().rsplitn(3, '+');
    let (public, _, name) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let mut genesis = world.genesis();
    genesis.payload["data"]["log_keys"] = json!([format!("{name}+00000000+{public}")]);
    assert_eq!(world.refusal(&genesis), "K06");
    let genesis = world.genesis();
    world.record(&genesis).unwrap();
}

#[test]
fn a_second_genesis_is_for_another_ledger() {
    let mut world = World::founded();
    let again = world.genesis().with("ledger", json!(world::ORIGIN));
    assert_eq!(world.refusal(&again), "E06");
}

#[test]
fn a_genesis_of_two_registrars_is_malformed() {
    let mut world = World::new();
    let mut genesis = world.genesis();
    genesis.payload["data"]["registrar_keys"].as_array_mut().unwrap().pop();
    genesis.payload["signers"].as_array_mut().unwrap().pop();
    genesis.signers.pop();
    assert_eq!(world.refusal(&genesis), "E03");
}

#[test]
fn an_organisation_enters_with_two_registrars_and_its_chief() {
    let mut world = World::founded();
    let chief = person("CMD", "CEX", 10);
    let mut alone = world.registration("CMD", &chief);
    alone.payload["signers"].as_array_mut().unwrap().remove(0);
    alone.signers.remove(0);
    assert_eq!(world.refusal(&alone), "R01");
    let registered = world.registration("CMD", &chief);
    world.record(&registered).unwrap();
    let other = person("CMD", "CEX", 20);
    let again = world.registration("CMD", &other);
    assert_eq!(world.refusal(&again), "O02");
}

#[test]
fn the_registrars_code_is_never_a_body() {
    let mut world = World::founded();
    let chief = person("REG", "CEX", 10);
    let draft = world.registration("REG", &chief);
    assert_eq!(world.refusal(&draft), "O02");
}

#[test]
fn nobody_signs_for_a_ledger_that_does_not_know_their_key() {
    let mut world = World::with_camden();
    let stranger = person("CMD", "ADM", 99);
    let draft = world.appointment(&[stranger], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "K01");
}

#[test]
fn a_key_acts_for_its_own_person_and_organisation_alone() {
    let mut world = World::with_camden();
    let mut other = person("CMD", "ADM", 11);
    other.id = person("CMD", "ADM", 12).id;
    let draft = world.appointment(&[other], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "K10");
}

#[test]
fn a_weak_key_does_not_enter() {
    let mut world = World::with_camden();
    let whom = person("CMD", "IGL", 30);
    world.appoint(&person("CMD", "ADM", 11), &whom).unwrap();
    let mut draft = world.key_registration(&whom, &[person("CMD", "ADM", 11)]);
    // The identity element: canonical, and of order one.
    let mut weak = [0u8; 32];
    weak[0] = 1;
    let public = counterpart_core::event::PublicKeyBytes(weak);
    let id = public.key_id().to_string();
    draft.payload["data"]["public"] = serde_json::to_value(public).unwrap();
    draft.payload["data"]["key"] = json!(id);
    draft.payload["stream"] = json!(format!("key:{id}"));
    assert_eq!(world.refusal(&draft), "K06");
}

#[test]
fn a_person_without_a_role_gets_no_key() {
    let mut world = World::with_camden();
    let draft = world.key_registration(&person("CMD", "IGL", 30), &[person("CMD", "ADM", 11)]);
    assert_eq!(world.refusal(&draft), "R01");
}

#[test]
fn a_second_administrator_needs_the_chief_too() {
    let mut world = World::with_camden();
    let third = person("CMD", "ADM", 13);
    world.appoint(&person("CMD", "CEX", 10), &third).unwrap();
    let draft = world.key_registration(&third, &[person("CMD", "ADM", 11)]);
    assert_eq!(world.refusal(&draft), "R01");
    world.give_key(&third, &[person("CMD", "ADM", 11), person("CMD", "CEX", 10)]).unwrap();
}

#[test]
fn nobody_signs_for_a_new_key_who_is_not_asked() {
    let mut world = World::with_camden();
    let (adm, chief, lead) = (person("CMD", "ADM", 11), person("CMD", "CEX", 10), person("CMD", "IGL", 30));
    world.appoint(&adm, &lead).unwrap();
    world.give_key(&lead, &[adm.clone()]).unwrap();
    let third = person("CMD", "IGL", 31);
    world.appoint(&adm, &third).unwrap();
    let spare = world.key_registration(&third, &[adm.clone(), lead]);
    assert_eq!(world.refusal(&spare), "R01");
    world.give_key(&third, &[adm.clone()]).unwrap();
    // A chief who still has a key asks nobody but an administrator for another.
    world.give_key(&chief.with_key(99), &[chief.clone(), adm]).unwrap();
    let alone = world.key_registration(&chief.with_key(98), &[chief]);
    assert_eq!(world.refusal(&alone), "R01");
}

#[test]
fn an_administrator_appoints_only_what_is_theirs_to_appoint() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    world.appoint(&adm, &person("CMD", "IGL", 30)).unwrap();
    let draft = world.appointment(&[adm], &person("CMD", "SIRO", 31));
    assert_eq!(world.refusal(&draft), "R01");
}

#[test]
fn incompatible_roles_are_refused_at_appointment() {
    let mut world = World::with_camden();
    let chief = person("CMD", "CEX", 10);
    world.appoint(&chief, &person("CMD", "DPO", 30)).unwrap();
    let draft = world.appointment(&[chief], &person("CMD", "SIRO", 30));
    assert_eq!(world.refusal(&draft), "R04");
}

#[test]
fn a_role_is_held_once_by_one_person() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    world.appoint(&adm, &person("CMD", "IGL", 30)).unwrap();
    let draft = world.appointment(&[adm], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "R05");
}

#[test]
fn nobody_appoints_themself() {
    let mut world = World::with_camden();
    let draft = world.appointment(&[person("CMD", "ADM", 11)], &person("CMD", "IAO", 11));
    assert_eq!(world.refusal(&draft), "D06");
}

#[test]
fn an_ended_role_signs_no_more_and_may_be_held_again() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    let chief = person("CMD", "CEX", 10);
    let igl = person("CMD", "IGL", 30);
    let appointed = world.appoint(&adm, &igl).unwrap();
    let end = world.draft("org:CMD", "RoleHolderRevoked", json!({ "appointment": appointed }), &[adm.clone()]);
    world.record(&end).unwrap();
    let again = world.draft("org:CMD", "RoleHolderRevoked", json!({ "appointment": appointed }), &[adm.clone()]);
    assert_eq!(world.refusal(&again), "R06");
    world.appoint(&adm, &igl).unwrap();

    let second = person("CMD", "ADM", 12);
    let of_second = world.appoint(&chief, &person("CMD", "SIG", 40)).unwrap();
    let revoke = world.draft("org:CMD", "RoleHolderRevoked", json!({ "appointment": of_second }), &[second]);
    assert_eq!(world.refusal(&revoke), "R01");
}

#[test]
fn a_delegate_acts_until_the_day_and_no_longer() {
    let mut world = World::with_camden();
    let chief = person("CMD", "CEX", 10);
    let siro = person("CMD", "SIRO", 30);
    let appointment = world.appoint(&chief, &siro).unwrap();
    world.give_key(&siro, &[person("CMD", "ADM", 11), chief.clone()]).unwrap();
    let data = json!({ "appointment": appointment, "functions": [], "person": person("CMD", "SIRO", 31).id, "until": "2026-12-10" });
    let delegation = world.draft("org:CMD", "RoleDelegated", data.clone(), &[siro.clone()]);
    world.record(&delegation).unwrap();
    let twice = world.draft("org:CMD", "RoleDelegated", data, &[siro.clone()]);
    assert_eq!(world.refusal(&twice), "R07");
    world.now += 30 * DAY;
    let late = json!({ "appointment": appointment, "functions": [], "person": person("CMD", "SIRO", 32).id, "until": "2027-12-10" });
    let too_long = world.draft("org:CMD", "RoleDelegated", late, &[siro]);
    assert_eq!(world.refusal(&too_long), "G38");
}

#[test]
fn one_human_at_two_bodies_is_declared_by_both() {
    let mut world = World::with_camden();
    let here = world.appoint(&person("CMD", "ADM", 11), &person("CMD", "IAO", 30)).unwrap();
    let (chief, adm) = (person("HCK", "CEX", 20), person("HCK", "ADM", 21));
    let registered = world.registration("HCK", &chief);
    world.record(&registered).unwrap();
    world.appoint(&chief, &adm).unwrap();
    world.give_key(&adm, &[chief]).unwrap();
    let declared = |world: &mut World, appointment: &str, by: &[Person]| {
        let mut draft = world.appointment(by, &person("HCK", "IAO", 31));
        draft.payload["data"]["same_person"] = json!(appointment);
        draft
    };
    let alone = declared(&mut world, &here, &[adm.clone()]);
    assert_eq!(world.refusal(&alone), "R01");
    let unknown = declared(&mut world, "01890000-0000-7000-8000-ffffffffffff", &[adm.clone()]);
    assert_eq!(world.refusal(&unknown), "R06");
    let by_both = declared(&mut world, &here, &[adm, person("CMD", "ADM", 11)]);
    world.record(&by_both).unwrap();
}

#[test]
fn a_registrar_decides_for_no_body() {
    let mut world = World::with_camden();
    let [registrar, ..] = world::registrars();
    let owner = Person { organisation: "CMD", role: "IAO", ..registrar };
    let appointment = world.appointment(&[person("CMD", "ADM", 11)], &owner);
    assert_eq!(world.refusal(&appointment), "R04");
}

#[test]
fn a_key_is_not_replaced_without_itself() {
    let mut world = World::with_camden();
    let old = person("CMD", "ADM", 11);
    let new = old.with_key(111);
    let data = json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(), "replaces": old.key_id().to_string(),
    });
    let stream = format!("key:{}", new.key_id());
    let alone = world.draft(&stream, "KeyRotated", data, &[new]);
    assert_eq!(world.refusal(&alone), "R01");
}

#[test]
fn a_rotated_key_is_replaced_by_the_new_one() {
    let mut world = World::with_camden();
    let old = person("CMD", "ADM", 11);
    let new = old.with_key(111);
    let data = json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(), "replaces": old.key_id().to_string(),
    });
    let rotation = world.draft(&format!("key:{}", new.key_id()), "KeyRotated", data, &[new.clone(), old.clone()]);
    world.record(&rotation).unwrap();
    let with_old = world.appointment(&[old], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&with_old), "K03");
    world.appoint(&new, &person("CMD", "IGL", 30)).unwrap();
}

#[test]
fn a_revoked_key_signs_no_more() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    let stream = format!("key:{}", adm.key_id());
    world.revisions.insert(stream.clone(), 1);
    let data = json!({ "key": adm.key_id().to_string(), "reason": "LOST" });
    let end = world.draft(&stream, "KeyRevoked", data, &[person("CMD", "CEX", 10)]);
    world.record(&end).unwrap();
    let draft = world.appointment(&[adm], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "K04");
}

#[test]
fn a_suspended_organisation_waits_until_the_day_after_its_last() {
    let mut world = World::with_camden();
    let [one, two, _] = registrars();
    let suspend = |until: &str| json!({ "reason": "SECURITY", "until": until });
    let too_long = world.draft("org:CMD", "OrganisationSuspended", suspend("2027-02-01"), &[one.clone(), two.clone()]);
    assert_eq!(world.refusal(&too_long), "G38");
    let alone = world.draft("org:CMD", "OrganisationSuspended", suspend("2026-12-05"), &[one.clone()]);
    assert_eq!(world.refusal(&alone), "R01");
    let draft = world.draft("org:CMD", "OrganisationSuspended", suspend("2026-12-05"), &[one.clone(), two.clone()]);
    world.record(&draft).unwrap();
    let adm = person("CMD", "ADM", 11);
    let draft = world.appointment(&[adm.clone()], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "O05");
    world.now += 5 * DAY;
    world.appoint(&adm, &person("CMD", "IGL", 30)).unwrap();
    let not_suspended = world.draft("org:CMD", "OrganisationReinstated", json!({}), &[one, two]);
    assert_eq!(world.refusal(&not_suspended), "O06");
}

#[test]
fn who_left_acts_no_more() {
    let mut world = World::with_camden();
    let left = world.draft("org:CMD", "OrganisationLeft", json!({ "on": "2026-12-01" }), &[person("CMD", "CEX", 10)]);
    world.record(&left).unwrap();
    let draft = world.appointment(&[person("CMD", "ADM", 11)], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "O03");
}

#[test]
fn appointments_bar_only_events_about_the_same_person() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    let first = world.appointment(&[adm.clone()], &person("CMD", "IGL", 30));
    let second = world.appointment(&[adm.clone()], &person("CMD", "IAO", 31));
    let same = world.appointment(&[adm], &person("CMD", "IAO", 30));
    world.record(&first).unwrap();
    world.record(&second).unwrap();
    assert_eq!(world.refusal(&same), "C01");
}

#[test]
fn an_event_from_the_future_or_past_its_time_is_refused() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    world.now += 400_000;
    let early = world.appointment(&[adm.clone()], &person("CMD", "IGL", 30));
    world.now -= 400_000;
    assert_eq!(world.refusal(&early), "K09");
    let late = world.appointment(&[adm], &person("CMD", "IGL", 30));
    world.now += 3_600_001;
    assert_eq!(world.refusal(&late), "K11");
}

#[test]
fn five_minutes_ahead_and_the_last_instant_are_still_in_time() {
    let adm = [person("CMD", "ADM", 11)];
    for (ahead, code) in [(300_000, None), (300_001, Some("K09"))] {
        let mut world = World::with_camden();
        world.now += ahead;
        let early = world.appointment(&adm, &person("CMD", "IGL", 30));
        world.now -= ahead;
        let told = world.record(&early).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(told.as_deref(), code, "{ahead}");
    }
    let mut world = World::with_camden();
    let last = world.appointment(&adm, &person("CMD", "IGL", 30));
    world.now += 3_600_000;
    world.record(&last).unwrap();
}

#[test]
fn a_new_key_speaks_for_whom_the_event_names() {
    let mut world = World::with_camden();
    let whom = person("CMD", "IGL", 30);
    world.appoint(&person("CMD", "ADM", 11), &whom).unwrap();
    let good = world.key_registration(&whom, &[person("CMD", "ADM", 11)]);
    let told = |member: &str, value: &str| {
        let mut draft = good.clone();
        draft.payload["data"][member] = json!(value);
        world.clone().refusal(&draft)
    };
    assert_eq!(told("person", &person("CMD", "IGL", 31).id), "K10");
    assert_eq!(told("organisation", "HCK"), "K10");
    world.clone().record(&good).unwrap();
    // So does the key of a chief.
    let chief = person("HCK", "CEX", 50);
    let founding = world.registration("HCK", &chief);
    let mut other = founding.clone();
    other.payload["data"]["chief"]["person"] = json!(person("HCK", "CEX", 51).id);
    assert_eq!(world.clone().refusal(&other), "K10");
    world.record(&founding).unwrap();
}

#[test]
fn a_role_held_until_a_day_ends_with_it() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    let igl = person("CMD", "IGL", 30);
    let mut appointed = world.appointment(&[adm.clone()], &igl);
    appointed.payload["data"]["valid_to"] = json!("2026-12-10");
    world.record(&appointed).unwrap();
    world.give_key(&igl, &[adm, person("CMD", "CEX", 10)]).unwrap();
    let delegate = |world: &mut World| {
        let data = json!({ "appointment": appointed.payload["id"], "functions": [], "person": person("CMD", "IGL", 33).id, "until": "2026-12-20" });
        let draft = world.draft("org:CMD", "RoleDelegated", data, &[igl.clone()]);
        world.clone().record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
    };
    let end = "2026-12-11T00:00:00.000Z".parse::<counterpart_core::time::Timestamp>().unwrap().millis();
    world.now = end - 1;
    assert_eq!(delegate(&mut world), None);
    world.now = end;
    assert_eq!(delegate(&mut world).as_deref(), Some("R02"));
}

#[test]
fn an_id_is_used_once() {
    let mut world = World::with_camden();
    let adm = person("CMD", "ADM", 11);
    let first = world.appointment(&[adm.clone()], &person("CMD", "IGL", 30));
    let id = first.payload["id"].clone();
    world.record(&first).unwrap();
    let other = world.appointment(&[adm], &person("CMD", "IAO", 31)).with("id", id);
    assert_eq!(world.refusal(&other), "C02");
}

#[test]
fn a_changed_byte_breaks_the_signature() {
    let mut world = World::with_camden();
    let draft = world.appointment(&[person("CMD", "ADM", 11)], &person("CMD", "IGL", 30));
    let entry = counterpart_core::wire::Entry {
        envelope: {
            let mut envelope = draft.envelope();
            envelope.signatures[0].sig[3] ^= 1;
            envelope
        },
        recorded_at: world::at(world.now),
    };
    let stopped = world.replay.next_bytes(&entry.encode()).unwrap_err();
    assert_eq!(stopped.stop.code(), "E09");
}

#[test]
fn a_ledger_pins_only_reference_data_that_is_held_and_all_that_its_rules_read() {
    let mut world = World::new();
    let mut unknown = world.genesis();
    unknown.payload["data"]["policies"][0]["sha256"] = json!("07".repeat(32));
    assert_eq!(world.refusal(&unknown), "E10");
    let mut without = world.genesis();
    without.payload["data"]["policies"] = json!([]);
    assert_eq!(world.refusal(&without), "E10");
}

#[test]
fn time_does_not_go_back() {
    let mut world = World::with_camden();
    world.now -= DAY;
    let draft = world.appointment(&[person("CMD", "ADM", 11)], &person("CMD", "IGL", 30));
    assert_eq!(world.refusal(&draft), "E02");
}

#[test]
fn replaying_the_same_entries_comes_to_the_same_state() {
    let one = World::with_camden();
    let two = World::with_camden();
    assert_eq!(one.replay.frontier.root(), two.replay.frontier.root());
    assert_eq!(one.replay.state.organisations, two.replay.state.organisations);
    assert_eq!(one.replay.state.keys, two.replay.state.keys);
}
