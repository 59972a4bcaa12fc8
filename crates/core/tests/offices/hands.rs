//! Who signs what a body, its officers and their keys do (domain.md 2.5, 3.1 to 3.3; amendments.md), hand by hand.

use serde_json::{Value, json};

use crate::world::{Person, World, person, registrars};

/// Camden with officers of every weight, all with keys.
pub const OFFICERS: [(&str, u8); 6] = [("SIRO", 30), ("SIG", 31), ("DPO", 32), ("IGL", 33), ("IAO", 34), ("LGL", 35)];

/// A signer by a short name: an office of Camden, `ADM2`, `R1` to `R3`, or an office of Hackney as `HCK CEX`.
pub fn hand(name: &str) -> Person {
    let [one, two, three] = registrars();
    match name {
        "CEX" => person("CMD", "CEX", 10),
        "ADM" => person("CMD", "ADM", 11),
        "ADM2" => person("CMD", "ADM", 12),
        "R1" => one,
        "R2" => two,
        "R3" => three,
        "HCK CEX" => person("HCK", "CEX", 50),
        "HCK ADM" => person("HCK", "ADM", 51),
        role => {
            let (role, number) = OFFICERS.into_iter().find(|(known, _)| *known == role).unwrap();
            person("CMD", role, number)
        }
    }
}

pub fn hands(names: &str) -> Vec<Person> {
    names.split(", ").map(hand).collect()
}

pub fn camden() -> World {
    let mut world = World::with_camden();
    for (role, _) in OFFICERS {
        let whom = hand(role);
        let by = if matches!(role, "SIRO" | "SIG" | "DPO") { hand("CEX") } else { hand("ADM") };
        world.appoint(&by, &whom).unwrap();
        world.give_key(&whom, &hands("ADM, CEX")).unwrap();
    }
    let (chief, adm) = (hand("HCK CEX"), hand("HCK ADM"));
    let registered = world.registration("HCK", &chief);
    world.record(&registered).unwrap();
    world.appoint(&chief, &adm).unwrap();
    world.give_key(&adm, &[chief]).unwrap();
    world
}

pub fn put(world: &World, stream: &str, event: &str, data: Value, by: &[Person]) -> Result<World, String> {
    let mut world = world.clone();
    let parsed: counterpart_core::ids::Stream = stream.parse().unwrap();
    let revision = world.replay.state.revision(parsed, None).0;
    world.revisions.insert(stream.to_owned(), revision);
    let draft = world.draft(stream, event, data, by);
    world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())?;
    Ok(world)
}

fn instant(text: &str) -> i64 {
    text.parse::<counterpart_core::time::Timestamp>().unwrap().millis()
}

pub fn code(happened: Result<World, String>) -> Option<String> {
    happened.err()
}

pub fn appointment(world: &World, who: &Person) -> String {
    let body = &world.replay.state.organisations[&who.organisation.parse().unwrap()];
    let mut held = body.appointments.of(who.id.parse().unwrap());
    held.find(|appointment| appointment.role.as_str() == who.role).unwrap().event.to_string()
}

/// Every way to sign for a role, and whether it is the way of roles that an ADM appoints, that the CEX appoints, and
/// of the CEX.
const WAYS: [(&str, [bool; 3]); 16] = [
    ("ADM", [true, false, false]),
    ("ADM2", [true, false, false]),
    ("CEX", [false, true, false]),
    ("SIRO", [false, false, false]),
    ("ADM, CEX", [false, false, false]),
    ("CEX, ADM", [false, false, false]),
    ("ADM, ADM2", [false, false, false]),
    ("HCK ADM", [false, false, false]),
    ("HCK CEX", [false, false, false]),
    ("R1, R2", [false, false, false]),
    ("R1, R2, SIRO", [false, false, true]),
    ("R1, R3, SIG", [false, false, true]),
    ("R2, R3, ADM", [false, false, true]),
    ("R1, R2, IGL", [false, false, false]),
    ("R1, R2, SIRO, SIG", [false, false, false]),
    ("R1, R2, HCK ADM", [false, false, false]),
];

const BY_ADM: [&str; 10] = ["REQ", "IGL", "IAO", "LGL", "SEC", "OPN", "DAT", "TPS", "PRG", "BRD"];
const BY_CEX: [&str; 6] = ["SIRO", "DPO", "CG", "SIG", "LEO", "ADM"];

#[test]
fn each_role_is_given_and_ended_by_whoever_appoints_it() {
    let world = camden();
    let roles = BY_ADM.iter().map(|role| (*role, 0)).chain(BY_CEX.iter().map(|role| (*role, 1))).chain([("CEX", 2)]);
    let mut wrong = Vec::new();
    for (role, kind) in roles {
        let whom = person("CMD", role, 61);
        let proper = ["ADM", "CEX", "R1, R2, SIRO"][kind];
        let held = put(
            &world,
            "org:CMD",
            "RoleHolderAppointed",
            world.clone().appointment(&hands(proper), &whom).payload["data"].clone(),
            &hands(proper),
        );
        let held = held.unwrap_or_else(|code| panic!("{role}: {code}"));
        for (names, ways) in WAYS {
            let data = world.clone().appointment(&hands(names), &whom).payload["data"].clone();
            let given = code(put(&world, "org:CMD", "RoleHolderAppointed", data, &hands(names)));
            let end = json!({ "appointment": appointment(&held, &whom) });
            let ended = code(put(&held, "org:CMD", "RoleHolderRevoked", end, &hands(names)));
            let expected = if ways[kind] { None } else { Some("R01".to_owned()) };
            if given != expected || ended != expected {
                wrong.push(format!("{role} by {names}: given {given:?}, ended {ended:?}"));
            }
        }
    }
    // Nobody makes a registrar or a witness of a body.
    for role in ["REG", "WIT"] {
        let whom = person("CMD", role, 61);
        for (names, _) in WAYS {
            let data = world.clone().appointment(&hands(names), &whom).payload["data"].clone();
            let given = code(put(&world, "org:CMD", "RoleHolderAppointed", data, &hands(names)));
            if given.as_deref() != Some("R01") {
                wrong.push(format!("{role} by {names}: {given:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn registrars_alone_give_a_body_its_chief_where_nobody_of_weight_serves() {
    let mut world = World::founded();
    let chief = person("CMD", "CEX", 10);
    let registered = world.registration("CMD", &chief);
    world.record(&registered).unwrap();
    let other = person("CMD", "CEX", 61);
    let tries = |world: &World, names: &str| {
        let data = world.clone().appointment(&hands(names), &other).payload["data"].clone();
        code(put(world, "org:CMD", "RoleHolderAppointed", data, &hands(names)))
    };
    assert_eq!(tries(&world, "R1, R2"), None);
    assert_eq!(tries(&world, "R1").as_deref(), Some("R01"));
    world.appoint(&chief, &person("CMD", "ADM", 11)).unwrap();
    assert_eq!(tries(&world, "R1, R2").as_deref(), Some("R01"), "an administrator serves");
}

#[test]
fn a_role_is_delegated_by_its_holder_or_in_absence_by_who_appoints_it_and_ended_so() {
    let world = camden();
    // Whose role; who signs; whether it may be given so, and ended so.
    let rows = [
        ("IGL", "IGL", true),
        ("IGL", "ADM", true),
        ("IGL", "CEX", false),
        ("IGL", "IGL, ADM", false),
        ("IGL", "LGL", false),
        ("IGL", "HCK ADM", false),
        ("SIRO", "SIRO", true),
        ("SIRO", "CEX", true),
        ("SIRO", "ADM", false),
        ("SIRO", "SIRO, CEX", false),
        ("CEX", "CEX", true),
        ("CEX", "R1, R2, SIG", true),
        ("CEX", "R1, R2", false),
        ("CEX", "ADM", false),
    ];
    let whom = person("CMD", "OPN", 62);
    // Somebody without any role: whatever is delegated to them is compatible.
    for (role, names, may) in rows {
        let data = json!({
            "appointment": appointment(&world, &hand(role)), "functions": [], "person": whom.id, "until": "2027-01-10",
        });
        let expected = if may { None } else { Some("R01".to_owned()) };
        let given = put(&world, "org:CMD", "RoleDelegated", data.clone(), &hands(names));
        assert_eq!(given.as_ref().err().cloned(), expected, "{role} by {names}");
        let mut lent = world.clone();
        let by = hands(role);
        let draft = lent.draft("org:CMD", "RoleDelegated", data, &by);
        let delegation = lent.record(&draft).unwrap();
        let end = json!({ "delegation": delegation });
        assert_eq!(code(put(&lent, "org:CMD", "DelegationRevoked", end, &hands(names))), expected, "{role} by {names}");
    }
    // Nobody gives it to themself, and nobody to a person whose own role does not go with it.
    let to = |role: &str, whom: &Person| json!({ "appointment": appointment(&world, &hand(role)), "functions": [], "person": whom.id, "until": "2027-01-10" });
    let tries = |role: &str, whom: &str, by: &str| {
        code(put(&world, "org:CMD", "RoleDelegated", to(role, &hand(whom)), &hands(by)))
    };
    assert_eq!(tries("IGL", "ADM", "ADM").as_deref(), Some("D06"));
    assert_eq!(tries("IGL", "ADM2", "ADM"), None);
    assert_eq!(tries("SIRO", "DPO", "SIRO").as_deref(), Some("R09"));
    assert_eq!(tries("SIRO", "SIG", "SIRO"), None);
    assert_eq!(
        tries("IGL", "SIG", "IGL").as_deref(),
        Some("R09"),
        "a chief alone lends to the monitoring officer what does not go with it"
    );
    assert_eq!(tries("CEX", "SIG", "CEX"), None, "the monitoring officer");
    assert_eq!(tries("CEX", "LGL", "CEX").as_deref(), Some("R09"));
    // What ended is neither lent nor ended again.
    let end = json!({ "appointment": appointment(&world, &hand("LGL")) });
    let ended = put(&world, "org:CMD", "RoleHolderRevoked", end, &hands("ADM")).unwrap();
    let data = to("LGL", &whom);
    assert_eq!(code(put(&ended, "org:CMD", "RoleDelegated", data, &hands("ADM"))).as_deref(), Some("R06"));
}

#[test]
fn a_delegation_runs_90_days_and_a_chief_lets_the_monitoring_officer_appoint_for_a_year() {
    let world = camden();
    let last = |role: &str, whom: &Person| {
        let today = counterpart_core::london::date_of(crate::world::at(world.now));
        let runs = |days: i64| {
            let data = json!({
                "appointment": appointment(&world, &hand(role)), "functions": [], "person": whom.id,
                "until": today.add_days(days).to_string(),
            });
            code(put(&world, "org:CMD", "RoleDelegated", data, &hands(role))).is_none()
        };
        [89, 90, 91, 366, 367].map(runs)
    };
    let nobody = person("CMD", "OPN", 62);
    assert_eq!(last("SIRO", &nobody), [true, true, false, false, false]);
    assert_eq!(last("SIRO", &hand("SIG")), [true, true, false, false, false]);
    assert_eq!(last("CEX", &nobody), [true, true, false, false, false]);
    assert_eq!(last("CEX", &hand("SIG")), [true, true, true, true, false]);
}

#[test]
fn a_delegate_acts_in_the_role_while_the_delegation_and_the_appointment_run() {
    let mut world = camden();
    let sig = hand("SIG");
    let data = json!({
        "appointment": appointment(&world, &hand("CEX")), "functions": [], "person": sig.id, "until": "2026-12-10",
    });
    let draft = world.draft("org:CMD", "RoleDelegated", data, &hands("CEX"));
    let delegation = world.record(&draft).unwrap();
    let appoints = |world: &World, who: &Person, delegation: &str| {
        let mut world = world.clone();
        let acting = Person { role: "CEX", ..who.clone() };
        let mut draft = world.appointment(&[acting], &person("CMD", "LEO", 63));
        draft.payload["signers"][0]["delegation"] = json!(delegation);
        world.record(&draft).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())
    };
    assert_eq!(appoints(&world, &sig, &delegation), Ok(()));
    let no = Err("R03".to_owned());
    assert_eq!(appoints(&world, &hand("LGL"), &delegation), no, "it is another's");
    assert_eq!(appoints(&world, &sig, "01890000-0000-7000-8000-ffffffffffff"), no);
    let end = instant("2026-12-11T00:00:00.000Z");
    let mut late = world.clone();
    late.now = end - 1_000;
    assert_eq!(appoints(&late, &sig, &delegation), Ok(()));
    late.now = end;
    assert_eq!(appoints(&late, &sig, &delegation), no);
    let ended =
        put(&world, "org:CMD", "DelegationRevoked", json!({ "delegation": delegation }), &hands("CEX")).unwrap();
    assert_eq!(appoints(&ended, &sig, &delegation), no);
    let chief = json!({ "appointment": appointment(&world, &hand("CEX")) });
    let gone = put(&world, "org:CMD", "RoleHolderRevoked", chief, &hands("R1, R2, SIRO")).unwrap();
    assert_eq!(appoints(&gone, &sig, &delegation), no, "with the chief's appointment");
    // The chief's appointment runs out before the delegation does.
    let mut brief = camden();
    let mut draft = brief.appointment(&hands("R1, R2, SIRO"), &person("CMD", "CEX", 61));
    draft.payload["data"]["valid_to"] = json!("2026-12-05");
    let other = brief.record(&draft).unwrap();
    let data = json!({ "appointment": other, "functions": [], "person": sig.id, "until": "2026-12-10" });
    let draft = brief.draft("org:CMD", "RoleDelegated", data, &hands("R1, R2, SIRO"));
    let lent = brief.record(&draft).unwrap();
    brief.now = instant("2026-12-05T23:59:59.999Z");
    assert_eq!(appoints(&brief, &sig, &lent), Ok(()));
    brief.now = instant("2026-12-06T00:00:00.000Z");
    assert_eq!(appoints(&brief, &sig, &lent), no);
    // In another role than the one that is lent.
    let mut other = world.clone();
    let acting = Person { role: "SIRO", ..sig };
    let mut draft = other.appointment(&[acting], &person("CMD", "LEO", 63));
    draft.payload["signers"][0]["delegation"] = json!(delegation);
    assert_eq!(other.refusal(&draft), "R03");
}

/// Hands beside the new key, for whose key it is.
fn registers(world: &World, whose: &Person, with: &[Person]) -> Option<String> {
    let mut world = world.clone();
    let draft = world.key_registration(whose, with);
    world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn who_vouches_for_a_new_key() {
    let mut world = camden();
    let fresh = |role: &'static str, number: u8| person("CMD", role, number);
    for (role, number) in [("OPN", 64), ("REQ", 65)] {
        world.appoint(&hand("ADM"), &fresh(role, number)).unwrap();
    }
    for (role, number) in [("CG", 66), ("LEO", 67), ("ADM", 68)] {
        world.appoint(&hand("CEX"), &fresh(role, number)).unwrap();
    }
    let no = Some("R01".to_owned());
    // The first key of an office without weight, and of one with.
    for (names, light, heavy) in [
        ("ADM", true, false),
        ("ADM2", true, false),
        ("CEX", false, false),
        ("ADM, CEX", true, true),
        ("CEX, ADM2", true, true),
        ("ADM, SIRO", false, false),
        ("ADM, HCK CEX", false, false),
        ("HCK ADM", false, false),
        ("R1, R2", false, false),
        ("ADM, R1", false, false),
    ] {
        for who in [fresh("OPN", 64), fresh("REQ", 65)] {
            assert_eq!(registers(&world, &who, &hands(names)), if light { None } else { no.clone() }, "{names}");
        }
        for who in [fresh("CG", 66), fresh("LEO", 67), fresh("ADM", 68)] {
            assert_eq!(registers(&world, &who, &hands(names)), if heavy { None } else { no.clone() }, "{names}");
        }
    }
    // A second key: the one that is held, or the chief, besides.
    let igl = hand("IGL");
    let second = igl.with_key(133);
    for (with, may) in [
        (vec![hand("ADM")], false),
        (vec![hand("ADM"), igl.clone()], true),
        (vec![hand("ADM"), hand("CEX")], true),
        (vec![igl.clone()], false),
        (vec![igl.clone(), hand("CEX")], false),
    ] {
        assert_eq!(registers(&world, &second, &with), if may { None } else { no.clone() });
    }
    // An administrator is no administrator for their own key.
    let adm = hand("ADM");
    let own = adm.with_key(111);
    for (with, may) in [
        (vec![adm.clone()], false),
        (vec![adm.clone(), hand("CEX")], false),
        (vec![adm.clone(), hand("ADM2")], true),
        (vec![hand("ADM2"), hand("CEX")], true),
        (vec![hand("ADM2")], false),
    ] {
        assert_eq!(registers(&world, &own, &with), if may { None } else { no.clone() });
    }
    // A chief whose key is lost: two registrars, and SIG or SIRO.
    let chief = hand("CEX").with_key(110);
    for (names, may) in [
        ("R1, R2, SIG", true),
        ("R1, R3, SIRO", true),
        ("R1, R2", false),
        ("R1, SIG", false),
        ("R1, R2, ADM", false),
        ("R1, R2, IGL", false),
        ("R1, R2, HCK CEX", false),
        ("ADM", false),
        ("ADM, CEX", true),
        ("CEX", false),
    ] {
        assert_eq!(registers(&world, &chief, &hands(names)), if may { None } else { no.clone() }, "{names}");
    }
}

#[test]
fn the_first_administrator_comes_by_the_chief() {
    let mut world = World::founded();
    let chief = person("CMD", "CEX", 10);
    let registered = world.registration("CMD", &chief);
    world.record(&registered).unwrap();
    world.appoint(&chief, &hand("ADM")).unwrap();
    world.appoint(&chief, &hand("SIRO")).unwrap();
    assert_eq!(registers(&world, &hand("SIRO"), &hands("CEX")).as_deref(), Some("R01"), "no administrator has a key");
    assert_eq!(registers(&world, &hand("ADM"), &hands("R1, R2")).as_deref(), Some("R01"));
    world.give_key(&hand("ADM"), &hands("CEX")).unwrap();
    world.appoint(&chief, &hand("ADM2")).unwrap();
    assert_eq!(registers(&world, &hand("ADM2"), &hands("CEX")).as_deref(), Some("R01"), "the second one");
    assert_eq!(registers(&world, &hand("ADM2"), &hands("CEX, ADM")), None);
}

#[test]
fn who_ends_a_key_and_who_replaces_it() {
    let world = camden();
    let igl = hand("IGL");
    let stream = format!("key:{}", igl.key_id());
    let data = json!({ "key": igl.key_id().to_string(), "reason": "LOST" });
    for (names, may) in [
        ("IGL", true),
        ("ADM", true),
        ("CEX", true),
        ("SIRO", false),
        ("ADM, CEX", false),
        ("IGL, ADM", false),
        ("HCK ADM", false),
        ("HCK CEX", false),
        ("R1, R2", false),
    ] {
        let ended = code(put(&world, &stream, "KeyRevoked", data.clone(), &hands(names)));
        assert_eq!(ended.as_deref(), if may { None } else { Some("R01") }, "{names}");
    }
    // Another key of the same person is not the one that is replaced.
    let mut world = world;
    world.give_key(&igl.with_key(134), &hands("ADM, CEX")).unwrap();
    let new = igl.with_key(133);
    let stream = format!("key:{}", new.key_id());
    let data = json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(),
        "replaces": igl.key_id().to_string(),
    });
    let rows = [
        (vec![new.clone(), igl.clone()], None),
        (vec![igl.clone(), new.clone()], None),
        (vec![new.clone()], Some("R01")),
        (vec![igl.clone()], Some("K06")),
        (vec![new.clone(), igl.with_key(134)], Some("R01")),
        (vec![new.clone(), hand("ADM")], Some("K10")),
        (vec![new.clone(), igl.clone(), hand("ADM")], Some("K10")),
    ];
    for (by, expected) in rows {
        let names: Vec<&str> = by.iter().map(|who| who.role).collect();
        let replaced = code(put(&world, &stream, "KeyRotated", data.clone(), &by));
        assert_eq!(replaced.as_deref(), expected, "{names:?}");
    }
}

#[test]
fn who_changes_a_body_suspends_it_and_lets_it_go() {
    let world = camden();
    let suspended = put(
        &world,
        "org:CMD",
        "OrganisationSuspended",
        json!({ "reason": "SECURITY", "until": "2026-12-20" }),
        &hands("R1, R2"),
    )
    .unwrap();
    // Who signs; whether that changes its record, suspends it, reinstates it, and takes it away.
    for (names, may) in [
        ("ADM, CEX", [true, false, false, false]),
        ("CEX, ADM2", [true, false, false, false]),
        ("ADM", [false; 4]),
        ("CEX", [false, false, false, true]),
        ("ADM, CEX, SIRO", [false; 4]),
        ("ADM, ADM2", [false; 4]),
        ("CEX, SIRO", [false; 4]),
        ("HCK ADM, HCK CEX", [false; 4]),
        ("HCK CEX", [false; 4]),
        ("ADM, HCK CEX", [false; 4]),
        ("R1, R2", [false, true, true, false]),
        ("R3, R1", [false, true, true, false]),
        ("R1, R2, R3", [false, true, true, false]),
        ("R1", [false; 4]),
        ("R1, R2, CEX", [false; 4]),
        ("SIRO", [false; 4]),
    ] {
        let events = [
            (&world, "OrganisationUpdated", json!({ "name": "Another name" })),
            (&world, "OrganisationSuspended", json!({ "reason": "SECURITY", "until": "2026-12-20" })),
            (&suspended, "OrganisationReinstated", json!({})),
            (&world, "OrganisationLeft", json!({ "on": "2026-12-01" })),
        ];
        for ((world, event, data), may) in events.into_iter().zip(may) {
            let happened = code(put(world, "org:CMD", event, data, &hands(names)));
            // In a suspended body an officer is told so before who may sign is looked at.
            let refused = happened.as_deref().is_some_and(|code| code == "R01" || code == "O05");
            assert!(if may { happened.is_none() } else { refused }, "{event} by {names}: {happened:?}");
        }
    }
    // Thirty days at most.
    for (until, expected) in [("2026-12-31", None), ("2027-01-01", Some("G38"))] {
        let data = json!({ "reason": "SECURITY", "until": until });
        let happened = code(put(&world, "org:CMD", "OrganisationSuspended", data, &hands("R1, R2")));
        assert_eq!(happened.as_deref(), expected, "{until}");
    }
}

/// Roles that one person may not hold together at one body (domain.md 3.2), each pair once.
const APART: [(&str, &[&str]); 6] = [
    ("IGL", &["SIRO", "SIG"]),
    ("DPO", &["REQ", "SIRO", "IAO", "SIG", "SEC", "LEO", "OPN", "ADM"]),
    ("SIRO", &["CG", "SEC", "ADM"]),
    ("SIG", &["ADM"]),
    ("CEX", &["REQ", "IGL", "DPO", "CG", "IAO", "LGL", "SEC", "LEO", "OPN", "ADM"]),
    ("AUD", &["IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "LEO", "OPN", "ADM", "CEX"]),
];

#[test]
fn each_pair_of_roles_is_held_together_or_not_as_the_table_says() {
    const ROLES: [&str; 14] =
        ["REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "LEO", "OPN", "ADM", "CEX", "AUD"];
    let apart = |one: &str, other: &str| {
        let says = |a: &str, b: &str| APART.iter().any(|(role, others)| *role == a && others.contains(&b));
        says(one, other) || says(other, one)
    };
    let by = |role: &str| match role {
        "CEX" => "R1, R2, SIRO",
        role if BY_CEX.contains(&role) => "CEX",
        _ => "ADM",
    };
    let world = camden();
    let gives = |world: &World, role: &'static str| {
        let whom = person("CMD", role, 61);
        let data = world.clone().appointment(&hands(by(role)), &whom).payload["data"].clone();
        put(world, "org:CMD", "RoleHolderAppointed", data, &hands(by(role)))
    };
    let mut wrong = Vec::new();
    for one in ROLES {
        let held = gives(&world, one).unwrap();
        for other in ROLES {
            let expected =
                if one == other { Some("R05".to_owned()) } else { apart(one, other).then(|| "R04".to_owned()) };
            let happened = code(gives(&held, other));
            if happened != expected {
                wrong.push(format!("{one} and {other}: {happened:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_role_has_its_first_and_last_day_and_is_given_again_behind_it() {
    let world = camden();
    let whom = person("CMD", "OPN", 64);
    let given = |world: &World, from: &str, to: Option<&str>| {
        let mut data = world.clone().appointment(&hands("ADM"), &whom).payload["data"].clone();
        data["valid_from"] = json!(from);
        if let Some(day) = to {
            data["valid_to"] = json!(day);
        }
        put(world, "org:CMD", "RoleHolderAppointed", data, &hands("ADM"))
    };
    // Not begun, it is held already; ended, it may be held again.
    let held = given(&world, "2026-12-10", Some("2026-12-20")).unwrap();
    assert_eq!(code(given(&held, "2026-12-10", None)).as_deref(), Some("R05"));
    let mut later = held.clone();
    later.now = instant("2026-12-20T23:59:59.999Z");
    assert_eq!(code(given(&later, "2026-12-20", None)).as_deref(), Some("R05"), "its last day");
    let mut over = held;
    over.now = instant("2026-12-21T00:00:00.000Z");
    assert_eq!(code(given(&over, "2026-12-21", None)), None);
}

#[test]
fn a_registrar_signs_as_one_and_with_their_own_key() {
    let world = camden();
    let [one, two, three] = registrars();
    let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
    let tries = |by: &[Person]| code(put(&world, "org:CMD", "OrganisationSuspended", data.clone(), by));
    assert_eq!(tries(&[one.clone(), two.clone()]), None);
    for role in ["CEX", "SIRO", "AUD"] {
        assert_eq!(tries(&[one.clone(), Person { role, ..two.clone() }]).as_deref(), Some("R01"), "{role}");
    }
    let swapped = Person { id: three.id.clone(), ..two.clone() };
    assert!(tries(&[one.clone(), swapped]).is_some());
    // In a genesis each key is the person's who is named with it.
    let mut world = World::new();
    let genesis = world.genesis();
    let mut other = genesis.clone();
    let names: Vec<Value> = [&two, &one, &three].iter().map(|who| json!(who.id)).collect();
    for (place, name) in names.into_iter().enumerate() {
        other.payload["signers"][place]["person"] = name;
    }
    assert_eq!(world.clone().refusal(&other), "K10");
    world.record(&genesis).unwrap();
}
