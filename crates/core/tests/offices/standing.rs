//! Who speaks in which role: held, ended, lent, doubted; and what two roles, two keys or two names of one person do.

use serde_json::{Value, json};

use crate::hands::{OFFICERS, appointment, camden, code, hand, hands, put};
use crate::world::{Person, World, commitment, person, registrars};

const AGREEMENT: &str = "agr:01890000-0000-7000-8000-0000000000aa";

/// What is answered to a note of one signer in an agreement that nobody has filed: T01 where they may speak.
fn speaks(world: &World, who: &Person) -> String {
    let note = json!({ "text": commitment(), "visibility": "PARTIES" });
    code(put(world, AGREEMENT, "NoteRecorded", note, std::slice::from_ref(who))).unwrap()
}

#[test]
fn registrars_auditors_and_witnesses_decide_nothing() {
    let world = camden();
    let [one, ..] = registrars();
    let as_role = |who: &Person, role: &'static str| Person { role, ..who.clone() };
    for (who, role, note, other) in [
        (&one, "REG", "D05", "D05"),
        (&one, "IGL", "D05", "D05"),
        (&hand("IGL"), "REG", "D05", "D05"),
        (&hand("IGL"), "WIT", "D05", "D05"),
        (&hand("IGL"), "AUD", "R01", "D05"),
        (&hand("IGL"), "IGL", "T01", "T01"),
    ] {
        let who = as_role(who, role);
        assert_eq!(speaks(&world, &who), note, "{role}");
        let withdrawn = code(put(&world, AGREEMENT, "RequestWithdrawn", json!({}), &[who]));
        assert_eq!(withdrawn.as_deref(), Some(other), "{role}");
    }
}

#[test]
fn an_officer_speaks_in_the_role_that_they_hold_and_in_no_other() {
    let world = camden();
    for (held, _) in OFFICERS {
        for (role, _) in OFFICERS {
            let who = Person { role, ..hand(held) };
            assert_eq!(speaks(&world, &who), if held == role { "T01" } else { "R01" }, "{held} as {role}");
        }
    }
    // A role that ended is told as such to whoever held it, and to nobody else.
    let end = json!({ "appointment": appointment(&world, &hand("LGL")) });
    let ended = put(&world, "org:CMD", "RoleHolderRevoked", end, &hands("ADM")).unwrap();
    assert_eq!(speaks(&ended, &hand("LGL")), "R02");
    assert_eq!(speaks(&ended, &Person { role: "OPN", ..hand("LGL") }), "R01");
    assert_eq!(speaks(&ended, &Person { role: "LGL", ..hand("IGL") }), "R01");
}

#[test]
fn a_registrar_speaks_under_no_delegation() {
    let mut world = camden();
    let [one, two, _] = registrars();
    let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
    let mut draft = world.draft("org:CMD", "OrganisationSuspended", data, &[one, two]);
    let revision = world.replay.state.organisations[&"CMD".parse().unwrap()].revision;
    draft.payload["expected_revision"] = json!(revision);
    world.clone().record(&draft).unwrap();
    draft.payload["signers"][0]["delegation"] = json!("01890000-0000-7000-8000-000000000001");
    assert_eq!(world.refusal(&draft), "R01");
}

/// Camden's IGL lends the role to its lawyer.
fn lent(world: &World) -> (World, String) {
    let mut world = world.clone();
    let data = json!({
        "appointment": appointment(&world, &hand("IGL")), "functions": [], "person": hand("LGL").id, "until": "2027-01-10",
    });
    let draft = world.draft("org:CMD", "RoleDelegated", data, &hands("IGL"));
    let id = world.record(&draft).unwrap();
    (world, id)
}

fn speaks_under(world: &World, who: &Person, delegation: &str) -> String {
    let mut world = world.clone();
    let note = json!({ "text": commitment(), "visibility": "PARTIES" });
    let mut draft = world.draft(AGREEMENT, "NoteRecorded", note, std::slice::from_ref(who));
    draft.payload["signers"][0]["delegation"] = json!(delegation);
    world.refusal(&draft)
}

#[test]
fn what_is_in_doubt_is_not_lent() {
    let (world, delegation) = lent(&camden());
    let acting = Person { role: "IGL", ..hand("LGL") };
    assert_eq!(speaks_under(&world, &acting, &delegation), "T01");
    let mut doubted = world.clone();
    let camden = doubted.replay.state.organisations.get_mut(&"CMD".parse().unwrap()).unwrap();
    for held in camden.appointments.iter_mut().filter(|held| held.role.as_str() == "IGL") {
        held.contested = true;
    }
    assert_eq!(speaks_under(&doubted, &acting, &delegation), "R03");
    assert_ne!(speaks(&doubted, &hand("IGL")), "T01");
    let mut doubted = world.clone();
    let camden = doubted.replay.state.organisations.get_mut(&"CMD".parse().unwrap()).unwrap();
    for held in &mut camden.delegations {
        held.contested = true;
    }
    assert_eq!(speaks_under(&doubted, &acting, &delegation), "R03");
    assert_eq!(speaks(&doubted, &hand("IGL")), "T01");
    // Whether a person serves says nothing of roles that are in doubt, not begun or over.
    let camden = &world.replay.state.organisations[&"CMD".parse().unwrap()];
    let held = camden.appointments.iter().find(|held| held.role.as_str() == "IGL").unwrap();
    let now = crate::world::at(world.now);
    assert!(held.serves(now));
    assert!(!counterpart_core::offices::Appointment { contested: true, ..held.clone() }.serves(now));
    assert!(!counterpart_core::offices::Appointment { ended_at: Some(now), ..held.clone() }.serves(now));
    assert!(!held.serves(crate::world::at(0)));
}

#[test]
fn a_role_is_lent_by_its_own_holder_in_that_role() {
    let mut world = camden();
    // The IGL holds OPN as well, and there is a second IGL.
    let opener = Person { role: "OPN", ..hand("IGL") };
    world.appoint(&hand("ADM"), &opener).unwrap();
    let other = person("CMD", "IGL", 36);
    world.appoint(&hand("ADM"), &other).unwrap();
    world.give_key(&other, &hands("ADM")).unwrap();
    let whom = person("CMD", "REQ", 62);
    let lends = |world: &World, whose: &Person, by: &Person, under: Option<&str>| {
        let mut world = world.clone();
        let data = json!({ "appointment": appointment(&world, whose), "functions": [], "person": whom.id, "until": "2027-01-10" });
        let mut draft = world.draft("org:CMD", "RoleDelegated", data, std::slice::from_ref(by));
        if let Some(delegation) = under {
            draft.payload["signers"][0]["delegation"] = json!(delegation);
        }
        let happened = world.record(&draft);
        happened.map(|id| (world, id)).map_err(|stopped| stopped.stop.code().to_owned())
    };
    let no = |happened: Result<(World, String), String>| happened.err();
    let (after, first) = lends(&world, &hand("IGL"), &hand("IGL"), None).unwrap();
    assert_eq!(no(lends(&world, &hand("IGL"), &opener, None)).as_deref(), Some("R01"), "in another role");
    assert_eq!(no(lends(&world, &hand("IGL"), &other, None)).as_deref(), Some("R01"), "another holder");
    // Two holders may lend at once: each lends their own.
    assert_eq!(no(lends(&after, &other, &other, None)), None);
    assert_eq!(no(lends(&after, &hand("IGL"), &hand("IGL"), None)).as_deref(), Some("R07"));
    // Whoever acts in the place of another holder does not lend what they hold themself.
    let mut acting = world.clone();
    let data = json!({ "appointment": appointment(&world, &other), "functions": [], "person": hand("IGL").id, "until": "2027-01-10" });
    let draft = acting.draft("org:CMD", "RoleDelegated", data, std::slice::from_ref(&other));
    let under = acting.record(&draft).unwrap();
    assert_eq!(no(lends(&acting, &hand("IGL"), &hand("IGL"), Some(&under))).as_deref(), Some("R01"));
    // What is lent is taken back in the same way.
    let ends = |by: &Person| {
        code(put(&after, "org:CMD", "DelegationRevoked", json!({ "delegation": first }), std::slice::from_ref(by)))
    };
    assert_eq!(ends(&hand("IGL")), None);
    assert_eq!(ends(&opener).as_deref(), Some("R01"));
    assert_eq!(ends(&other).as_deref(), Some("R01"));
}

#[test]
fn nobody_is_made_chief_by_themself_among_others() {
    let world = camden();
    let same = Person { role: "CEX", ..hand("SIRO") };
    let data = world.clone().appointment(&hands("R1, R2, SIRO"), &same).payload["data"].clone();
    let made = |names: &str| code(put(&world, "org:CMD", "RoleHolderAppointed", data.clone(), &hands(names)));
    assert_eq!(made("R1, R2, SIRO").as_deref(), Some("D06"));
    assert_eq!(made("R1, R2, SIG"), None);
}

#[test]
fn one_human_is_declared_by_an_administrator_or_chief_and_has_one_name_from_then_on() {
    let mut world = camden();
    let here = appointment(&world, &hand("IAO"));
    let declared = |world: &World, whom: &Person, same: &str, by: &[Person]| {
        let mut data = world.clone().appointment(by, whom).payload["data"].clone();
        data["same_person"] = json!(same);
        put(world, &format!("org:{}", whom.organisation), "RoleHolderAppointed", data, by)
    };
    let there = person("HCK", "IAO", 71);
    for (with, may) in [("IAO", false), ("SIRO", false), ("IGL", false), ("ADM", true), ("ADM2", true), ("CEX", true)] {
        let happened = code(declared(&world, &there, &here, &[hand("HCK ADM"), hand(with)]));
        assert_eq!(happened, if may { None } else { Some("R01".to_owned()) }, "{with}");
    }
    let chiefs = code(declared(&world, &there, &here, &[hand("HCK ADM"), hand("HCK CEX")]));
    assert_eq!(chiefs.as_deref(), Some("R01"), "both of the body that appoints");
    let name = |world: &World, who: &Person| world.replay.state.human(who.id.parse().unwrap()).to_string();
    let (one, two) = (hand("IAO"), there);
    assert_ne!(name(&world, &one), name(&world, &two));
    world = declared(&world, &two, &here, &[hand("HCK ADM"), hand("ADM")]).unwrap();
    assert_eq!(name(&world, &one), name(&world, &two));
    // Two more who are one, and then all four.
    let (three, four) = (hand("LGL"), person("HCK", "LGL", 72));
    let lawyer = appointment(&world, &three);
    world = declared(&world, &four, &lawyer, &[hand("HCK ADM"), hand("ADM")]).unwrap();
    assert_eq!(name(&world, &three), name(&world, &four));
    assert_ne!(name(&world, &one), name(&world, &three));
    // By the one whose name the other bears, who is told to be a third: both bear that name then.
    let mut led = world.clone();
    let first = Person { role: "OPN", ..three.clone() };
    let there = appointment(&led, &two);
    led = declared(&led, &first, &there, &[hand("ADM"), hand("HCK ADM")]).unwrap();
    let names = [&one, &two, &three, &four].map(|who| name(&led, who));
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "{names:?}");
    let again = Person { role: "OPN", ..four.clone() };
    world = declared(&world, &again, &here, &[hand("HCK ADM"), hand("ADM")]).unwrap();
    let names = [&one, &two, &three, &four].map(|who| name(&world, who));
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 1, "{names:?}");
    assert_eq!(name(&world, &hand("DPO")), hand("DPO").id);
}

fn registers(world: &World, whose: &Person, with: &[Person]) -> Option<String> {
    let mut world = world.clone();
    let draft = world.key_registration(whose, with);
    world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn a_key_is_asked_for_by_the_weightiest_role_and_by_what_is_held_here() {
    let mut world = camden();
    // One light role and one that carries the body.
    let both = person("CMD", "OPN", 64);
    world.appoint(&hand("ADM"), &both).unwrap();
    assert_eq!(registers(&world, &both, &hands("ADM")), None);
    world.appoint(&hand("CEX"), &Person { role: "CG", ..both.clone() }).unwrap();
    assert_eq!(registers(&world, &both, &hands("ADM")).as_deref(), Some("R01"));
    assert_eq!(registers(&world, &both, &hands("ADM, CEX")), None);
    // A chief whose key is lost: nobody besides whom the rule asks for.
    let siro = person("HCK", "SIRO", 52);
    world.appoint(&hand("HCK CEX"), &siro).unwrap();
    world.give_key(&siro, &hands("HCK ADM, HCK CEX")).unwrap();
    let chief = hand("CEX").with_key(110);
    let with = |names: &str, more: &[Person]| [hands(names).as_slice(), more].concat();
    assert_eq!(registers(&world, &chief, &with("R1, R2, SIG", &[])), None);
    assert_eq!(registers(&world, &chief, &with("R1, R2, SIG", &[siro])).as_deref(), Some("R01"));
    assert_eq!(registers(&world, &chief, &with("R1, R2, SIG, IGL", &[])).as_deref(), Some("R01"));
    // A key at another body is none here, and one that is in doubt vouches for nothing.
    let elsewhere = Person { organisation: "HCK", ..hand("IGL").with_key(120) };
    world.appoint(&hand("HCK ADM"), &elsewhere).unwrap();
    assert_eq!(registers(&world, &elsewhere, &hands("HCK ADM")), None);
    let second = hand("IGL").with_key(121);
    assert_eq!(registers(&world, &second, &hands("ADM")).as_deref(), Some("R01"));
    let mut doubted = world.clone();
    doubted.replay.state.keys.get_mut(&hand("IGL").key_id()).unwrap().contested = true;
    assert_eq!(registers(&doubted, &second, &hands("ADM")), None);
}

#[test]
fn a_key_is_replaced_by_the_two_keys_alone_while_it_signs() {
    let mut world = camden();
    let igl = hand("IGL");
    let (third, new) = (igl.with_key(134), igl.with_key(133));
    world.give_key(&third, &hands("ADM, CEX")).unwrap();
    let stream = format!("key:{}", new.key_id());
    let data = json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(),
        "replaces": igl.key_id().to_string(),
    });
    let replaces = |world: &World, by: &[Person]| code(put(world, &stream, "KeyRotated", data.clone(), by));
    assert_eq!(replaces(&world, &[new.clone(), igl.clone(), third]).as_deref(), Some("E09"), "one person twice");
    let end = json!({ "key": igl.key_id().to_string(), "reason": "LOST" });
    let ended = put(&world, &format!("key:{}", igl.key_id()), "KeyRevoked", end, &hands("ADM")).unwrap();
    assert_eq!(replaces(&ended, &[new.clone(), igl]).as_deref(), Some("K04"));
    assert_eq!(replaces(&ended, &[new]).as_deref(), Some("K04"));
}

#[test]
fn a_key_has_its_own_name_whoever_looks() {
    let mut world = camden();
    let whom = person("CMD", "OPN", 64);
    world.appoint(&hand("ADM"), &whom).unwrap();
    let named = whom.with_key(65).key_id();
    let other = named.to_string();
    let mut draft = world.key_registration(&whom, &hands("ADM"));
    draft.payload["data"]["key"] = json!(other);
    draft.payload["signers"][0]["key"] = json!(other);
    draft.payload["stream"] = json!(format!("key:{other}"));
    let payload = counterpart_core::json::to_jcs(&draft.payload).unwrap();
    let mut envelope = world.key_registration(&whom, &hands("ADM")).envelope();
    envelope.payload = payload;
    for signature in envelope.signatures.iter_mut().filter(|signature| signature.keyid == whom.key_id()) {
        signature.keyid = named;
    }
    let event = counterpart_core::event::parse(&envelope).unwrap();
    let told = counterpart_core::admit::admit(&world.replay.state, &event, crate::world::at(world.now)).unwrap_err();
    assert_eq!(told.code(), "K06");
}

#[test]
fn what_is_about_one_person_bars_what_is_about_that_person_alone() {
    let (world, delegation) = lent(&camden());
    let stale = |world: &World, after: &World, kind: &str, data: Value, by: &str| {
        let mut late = world.clone();
        let revision = world.replay.state.organisations[&"CMD".parse().unwrap()].revision;
        let mut draft = late.draft("org:CMD", kind, data, &hands(by));
        draft.payload["expected_revision"] = json!(revision);
        // An id of its own.
        draft.payload["id"] = json!("01890000-0000-7000-8000-00000000ffff");
        after.clone().record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
    };
    let appoints = |whom: &Person| world.clone().appointment(&hands("ADM"), whom).payload["data"].clone();
    let (lawyer, stranger) = (hand("LGL"), person("CMD", "OPN", 61));
    let lends = |whom: &Person| json!({ "appointment": appointment(&world, &hand("IAO")), "functions": [], "person": whom.id, "until": "2027-01-10" });
    for (kind, data, by) in [
        ("RoleHolderAppointed", appoints(&Person { role: "OPN", ..lawyer.clone() }), "ADM"),
        ("RoleHolderRevoked", json!({ "appointment": appointment(&world, &lawyer) }), "ADM"),
        ("RoleDelegated", lends(&lawyer), "IAO"),
        ("DelegationRevoked", json!({ "delegation": delegation }), "IGL"),
    ] {
        let after = put(&world, "org:CMD", kind, data, &hands(by)).unwrap();
        let other = stale(&world, &after, "RoleHolderAppointed", appoints(&stranger), "ADM");
        assert_eq!(other, None, "{kind}, and another person");
        let same =
            stale(&world, &after, "RoleHolderAppointed", appoints(&Person { role: "DAT", ..lawyer.clone() }), "ADM");
        assert_eq!(same.as_deref(), Some("C01"), "{kind}, and the same person");
        let general = stale(&world, &after, "OrganisationUpdated", json!({ "name": "Another name" }), "ADM, CEX");
        assert_eq!(general, None, "{kind}, and the body");
    }
    let after =
        put(&world, "org:CMD", "OrganisationUpdated", json!({ "name": "Another name" }), &hands("ADM, CEX")).unwrap();
    let other = stale(&world, &after, "RoleHolderAppointed", appoints(&stranger), "ADM");
    assert_eq!(other.as_deref(), Some("C01"), "what is about the body bars everything");
}

#[test]
fn a_body_is_what_its_newest_record_says() {
    let world = camden();
    let data = json!({
        "name": "Another name", "governance": "LIGHT", "extra_roles": ["SEC"],
        "flags": { "public_authority": true, "caldicott_required": true },
    });
    let after = put(&world, "org:CMD", "OrganisationUpdated", data, &hands("ADM, CEX")).unwrap();
    let of = |world: &World| world.replay.state.organisations[&"CMD".parse().unwrap()].clone();
    let (before, body) = (of(&world), of(&after));
    assert_eq!((&*body.name, body.governance.as_str()), ("Another name", "LIGHT"));
    assert_eq!(body.extra_roles.iter().map(|role| role.as_str()).collect::<Vec<_>>(), ["SEC"]);
    assert!(body.flags.caldicott_required && body.flags.competent_authority.is_none());
    // What is not named stays.
    let after =
        put(&after, "org:CMD", "OrganisationUpdated", json!({ "name": "A third" }), &hands("ADM, CEX")).unwrap();
    let third = of(&after);
    assert_eq!((third.governance, &third.flags, &third.extra_roles), (body.governance, &body.flags, &body.extra_roles));
    assert_eq!(third.revision, before.revision + 2);
}

#[test]
fn who_comes_again_brings_new_officers_and_new_keys() {
    let (world, _) = lent(&camden());
    let left = put(&world, "org:CMD", "OrganisationLeft", json!({ "on": "2026-12-05" }), &hands("CEX")).unwrap();
    let left_at = left.clone();
    let mut world = left;
    let gone = world.replay.state.organisations[&"CMD".parse().unwrap()].gone.unwrap().at;
    world.now = gone.millis() + 86_400_000;
    let chief = person("CMD", "CEX", 90);
    let mut draft = world.registration("CMD", &chief);
    draft.payload["expected_revision"] = json!(world.replay.state.organisations[&"CMD".parse().unwrap()].revision);
    world.record(&draft).unwrap();
    let body = world.replay.state.organisations[&"CMD".parse().unwrap()].clone();
    let (old, new): (Vec<_>, Vec<_>) =
        body.appointments.iter().partition(|held| held.person != chief.id.parse().unwrap());
    assert!(old.iter().all(|held| held.ended_at == Some(gone)), "they ended when it left");
    assert!(body.delegations.iter().all(|held| held.ended_at == Some(gone)));
    assert_eq!((new.len(), new[0].ended_at, new[0].role.as_str()), (1, None, "CEX"));
    assert!(body.gone.is_none());
    let before = &left_at.replay.state.organisations[&"CMD".parse().unwrap()];
    let role = counterpart_core::ids::Role::Sig;
    for (millis, is_gone) in [(gone.millis() - 1, false), (gone.millis(), true), (gone.millis() + 1, true)] {
        let instant = crate::world::at(millis);
        assert_eq!((before.is_gone(instant), before.has_serving(role, instant)), (is_gone, !is_gone), "{millis}");
    }
    assert_eq!(speaks(&world, &hand("IGL")), "K04");
    assert_eq!(speaks(&world, &chief), "T01");
}

#[test]
fn what_is_lent_ends_with_the_appointment() {
    let (world, _) = lent(&camden());
    let end = json!({ "appointment": appointment(&world, &hand("IGL")) });
    let now = crate::world::at(world.now);
    let ended = put(&world, "org:CMD", "RoleHolderRevoked", end, &hands("ADM")).unwrap();
    let body = &ended.replay.state.organisations[&"CMD".parse().unwrap()];
    let (lent, held) = (&body.delegations[0], body.appointments.of(hand("IGL").id.parse().unwrap()).next().unwrap());
    assert_eq!((lent.ended_at, held.ended_at), (Some(now), Some(now)));
    assert!(body.appointments.iter().filter(|held| held.ended_at.is_some()).count() == 1);
}

#[test]
fn a_role_begins_with_its_first_day() {
    let mut world = camden();
    let opener = person("CMD", "OPN", 64);
    let mut draft = world.appointment(&hands("ADM"), &opener);
    draft.payload["data"]["valid_from"] = json!("2026-12-10");
    draft.payload["expected_revision"] = json!(world.replay.state.organisations[&"CMD".parse().unwrap()].revision);
    world.record(&draft).unwrap();
    let begins = "2026-12-10T00:00:00.000Z".parse::<counterpart_core::time::Timestamp>().unwrap().millis();
    // Their key they get with a role that they hold already.
    world.appoint(&hand("ADM"), &Person { role: "DAT", ..opener.clone() }).unwrap();
    world.give_key(&Person { role: "DAT", ..opener.clone() }, &hands("ADM")).unwrap();
    world.now = begins - 1;
    assert_eq!(speaks(&world, &opener), "R01");
    world.now = begins;
    assert_eq!(speaks(&world, &opener), "T01");
}

#[test]
fn a_key_speaks_for_its_own_body_when_it_enters() {
    let mut world = camden();
    let (chief, igl) = (person("ISL", "CEX", 92), hand("IGL"));
    let mut draft = world.registration("ISL", &chief);
    draft.payload["signers"][2]["organisation"] = json!("HCK");
    assert_eq!(world.refusal(&draft), "K10");
    // A person of this id holds the role at the other body too.
    let new = Person { organisation: "HCK", ..igl.with_key(133) };
    world.appoint(&hand("HCK ADM"), &new).unwrap();
    let data = json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(),
        "replaces": igl.key_id().to_string(),
    });
    let stream = format!("key:{}", new.key_id());
    assert_eq!(code(put(&world, &stream, "KeyRotated", data, &[new, igl])).as_deref(), Some("K10"));
}

#[test]
fn a_suspension_ends_with_its_last_day() {
    let world = camden();
    let data = json!({ "reason": "SECURITY", "until": "2026-12-05" });
    let mut suspended = put(&world, "org:CMD", "OrganisationSuspended", data, &hands("R1, R2")).unwrap();
    let end = "2026-12-06T00:00:00.000Z".parse::<counterpart_core::time::Timestamp>().unwrap().millis();
    suspended.now = end - 1;
    assert_eq!(speaks(&suspended, &hand("IGL")), "O05");
    suspended.now = end;
    assert_eq!(speaks(&suspended, &hand("IGL")), "T01");
}

#[test]
fn membership_of_a_partnership_comes_and_goes() {
    let mut world = camden();
    let chief = person("LOTI", "CEX", 91);
    let mut draft = world.registration("LOTI", &chief);
    draft.payload["data"]["type"] = json!("PARTNERSHIP");
    world.record(&draft).unwrap();
    let changes = |world: &World, change: &str, on: &str, by: &[Person]| {
        let data = json!({ "change": change, "on": on, "partnership": "LOTI", "source": commitment() });
        put(world, "org:CMD", "PartnershipMembershipChanged", data, by)
    };
    let of = |world: &World| -> Vec<(String, String)> {
        let body = &world.replay.state.organisations[&"CMD".parse().unwrap()];
        body.partnerships.iter().map(|(code, on)| (code.to_string(), on.to_string())).collect()
    };
    assert_eq!(of(&world), []);
    let joined = changes(&world, "JOINED", "2026-11-01", std::slice::from_ref(&chief)).unwrap();
    assert_eq!(of(&joined), [("LOTI".to_owned(), "2026-11-01".to_owned())]);
    let left = changes(&joined, "LEFT", "2026-12-01", &hands("R1, R2")).unwrap();
    assert_eq!(of(&left), []);
    let other = Person { role: "SIRO", ..chief.clone() };
    assert_eq!(code(changes(&world, "JOINED", "2026-11-01", &[other])).as_deref(), Some("R01"));
    // Of the secretariat the CEX, the ADM and the PRG, and of those who serve there nobody else.
    let adm = person("LOTI", "ADM", 93);
    world.appoint(&chief, &adm).unwrap();
    world.give_key(&adm, std::slice::from_ref(&chief)).unwrap();
    assert_eq!(code(changes(&world, "JOINED", "2026-11-01", std::slice::from_ref(&adm))), None);
    let served =
        [("PRG", 94), ("SIRO", 95), ("SIG", 96), ("DPO", 97), ("IGL", 98), ("IAO", 99), ("REQ", 100), ("TPS", 101)];
    for (role, number) in served {
        let officer = person("LOTI", role, number);
        world.appoint(if matches!(role, "SIRO" | "SIG" | "DPO") { &chief } else { &adm }, &officer).unwrap();
        world.give_key(&officer, &[adm.clone(), chief.clone()]).unwrap();
        let happened = code(changes(&world, "JOINED", "2026-11-01", &[officer]));
        assert_eq!(happened.as_deref(), if role == "PRG" { None } else { Some("R01") }, "{role}");
    }
}
