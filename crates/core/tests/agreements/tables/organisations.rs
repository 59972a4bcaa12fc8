//! Table 2.11: organisations.

use counterpart_core::offices::OrganisationStage;
use serde_json::{Value, json};

use super::{Happened, cells};
use crate::succession::{found, hands, succession};
use crate::town::{Case, Shape, leaving, note, officer, suspension, town};
use crate::world::{Person, World, commitment, person, registrars};

const TABLE: &str = include_str!("../../data/organisation-transitions.csv");

fn put(world: &mut World, stream: &str, kind: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let parsed: counterpart_core::ids::Stream = stream.parse().unwrap();
    let revision = world.replay.state.revision(parsed, None).0;
    world.revisions.insert(stream.to_owned(), revision);
    let draft = world.draft(stream, kind, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn both() -> Vec<Person> {
    let [one, two, _] = registrars();
    vec![one, two]
}

/// A world in which Islington is in a state; unknown is Brent, whom nobody has registered.
fn body_in(state: &str) -> (World, &'static str) {
    let mut world = town();
    found(&mut world);
    match state {
        "0" => return (world, "BRK"),
        "a" => {}
        "s" => {
            let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
            put(&mut world, "org:ISL", "OrganisationSuspended", data, &both()).unwrap();
        }
        "l" => {
            let data = json!({ "on": "2026-12-01" });
            put(&mut world, "org:ISL", "OrganisationLeft", data, &[officer("ISL", "CEX")]).unwrap();
        }
        _ => {
            let data = succession("REPLACE", &["ISL"], &["NWM"], "2026-12-01");
            put(&mut world, "org:ISL", "OrganisationSucceeded", data, &hands(&["ISL"], &["NWM"])).unwrap();
        }
    }
    (world, "ISL")
}

fn letter(world: &World, code: &str) -> String {
    let now = crate::world::at(world.now);
    let stage = world.replay.state.organisations.get(&code.parse().unwrap()).map(|body| body.stage_at(now));
    let letter = match stage {
        None => "0",
        Some(OrganisationStage::Active) => "a",
        Some(OrganisationStage::Suspended { .. }) => "s",
        Some(OrganisationStage::Left { .. }) => "l",
        Some(OrganisationStage::Succeeded { .. }) => "u",
    };
    letter.to_owned()
}

/// The chief of the body that is looked at; nobody's chief where there is none.
fn chief(code: &str) -> Person {
    if code == "ISL" { officer("ISL", "CEX") } else { officer("CMD", "CEX") }
}

fn partnership(world: &mut World) {
    let chief = person("LOTI", "CEX", 244);
    let mut draft = world.registration("LOTI", &chief);
    draft.payload["data"]["type"] = json!("PARTNERSHIP");
    world.record(&draft).unwrap();
}

#[test]
fn i05_every_cell_of_an_organisation_does_what_is_printed() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for cell in cells(TABLE) {
        seen += 1;
        let (mut world, code) = body_in(&cell.state);
        let before = letter(&world, code);
        assert_eq!(before, cell.state);
        let stream = format!("org:{code}");
        let outcome = match cell.event.as_str() {
            "OrganisationRegistered" => {
                let draft = world.registration(code, &person(code_of(code), "CEX", 245));
                put(&mut world, &stream, "OrganisationRegistered", draft.payload["data"].clone(), &draft.signers)
            }
            "OrganisationUpdated" => {
                let by = if code == "ISL" {
                    [officer("ISL", "ADM"), chief(code)]
                } else {
                    [officer("CMD", "ADM"), chief(code)]
                };
                put(&mut world, &stream, "OrganisationUpdated", json!({ "name": "Another name" }), &by)
            }
            "OrganisationSuspended" => {
                let data = json!({ "reason": "CONDUCT", "until": "2026-12-10" });
                put(&mut world, &stream, "OrganisationSuspended", data, &both())
            }
            "OrganisationReinstated" => put(&mut world, &stream, "OrganisationReinstated", json!({}), &both()),
            "OrganisationLeft" => {
                put(&mut world, &stream, "OrganisationLeft", json!({ "on": "2026-12-01" }), &[chief(code)])
            }
            "OrganisationSucceeded FROM" => {
                let mut by = hands(&[], &["HCK"]);
                by.extend((code == "ISL").then(|| chief(code)));
                put(
                    &mut world,
                    &stream,
                    "OrganisationSucceeded",
                    succession("MERGE", &[code], &["HCK"], "2026-12-01"),
                    &by,
                )
            }
            "OrganisationSucceeded TO" => {
                let mut by = hands(&["HCK"], &[]);
                by.extend((code == "ISL").then(|| chief(code)));
                put(
                    &mut world,
                    "org:HCK",
                    "OrganisationSucceeded",
                    succession("REPLACE", &["HCK"], &[code], "2026-12-01"),
                    &by,
                )
            }
            "PartnershipMembershipChanged" => {
                partnership(&mut world);
                let data =
                    json!({ "change": "JOINED", "on": "2026-12-01", "partnership": "LOTI", "source": commitment() });
                put(&mut world, &stream, "PartnershipMembershipChanged", data, &both())
            }
            _ => signs(&world, code, "NoteRecorded"),
        };
        let happened = match outcome {
            Ok(_) => Happened::between(&before, &letter(&world, code)),
            Err(code) => Happened::Refused(code),
        };
        // Nobody of a body that is not there has a key that acts for it.
        wrong.extend(cell.wrong(&happened, &[("signs", "0", "K10")]));
    }
    super::all_right(&wrong);
    assert_eq!(seen, 45);
}

fn code_of(code: &str) -> &'static str {
    if code == "ISL" { "ISL" } else { "BRK" }
}

/// An officer of the body signs an event of an agreement that was in force before the body came into its state.
fn signs(world: &World, code: &str, event: &str) -> Result<String, String> {
    let state = letter(world, code);
    let mut case = Case::in_force(Shape::three());
    found(&mut case.world);
    match state.as_str() {
        "s" => {
            let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
            put(&mut case.world, "org:ISL", "OrganisationSuspended", data, &both()).unwrap();
        }
        "l" => {
            case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
            case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
            let data = json!({ "on": case.today() });
            put(&mut case.world, "org:ISL", "OrganisationLeft", data, &[officer("ISL", "CEX")]).unwrap();
        }
        "u" => {
            let data = succession("REPLACE", &["ISL"], &["NWM"], &case.today());
            put(&mut case.world, "org:ISL", "OrganisationSucceeded", data, &hands(&["ISL"], &["NWM"])).unwrap();
        }
        _ => {}
    }
    let who = |role: &str| {
        let mut who = officer("ISL", role);
        if state == "0" {
            who.organisation = "BRK";
        }
        vec![who]
    };
    let (data, by) = match event {
        "NoteRecorded" => (note(), who("LGL")),
        "AgreementSuspended" => (suspension("SECURITY", "PARTY"), who("SIRO")),
        "RevocationNoticed" => (leaving("UNLAWFUL", &case.today()), who("SIG")),
        "IncidentNoted" => (json!({ "key": false, "words": commitment() }), who("DPO")),
        "RetentionHoldPlaced" => (json!({ "datasets": [], "reason": "POLICE" }), who("LGL")),
        _ => (crate::sharing::certificate(&[], "DESTROYED"), crate::sharing::both("ISL").to_vec()),
    };
    let draft = case.event(event, data, &by);
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn what_protects_people_passes_for_a_body_that_is_suspended_or_gone() {
    let (suspended, _) = body_in("s");
    for event in ["AgreementSuspended", "RevocationNoticed", "IncidentNoted", "RetentionHoldPlaced"] {
        signs(&suspended, "ISL", event).unwrap();
    }
    let (left, _) = body_in("l");
    for event in ["IncidentNoted", "DestructionCertified"] {
        signs(&left, "ISL", event).unwrap();
    }
    assert_eq!(signs(&left, "ISL", "AgreementSuspended"), Err("O03".to_owned()));
}

#[test]
fn the_other_outcomes_of_an_organisation_are_reached_too() {
    // A body that still provides alone does not leave.
    let mut case = Case::in_force(Shape::pair());
    let data = json!({ "on": case.today() });
    let code = put(&mut case.world, "org:HCK", "OrganisationLeft", data, &[officer("HCK", "CEX")]);
    assert_eq!(code, Err("O07".to_owned()));
    // Who passes on some functions stays.
    let (mut world, code) = body_in("a");
    let mut data = succession("TRANSFER", &[code], &["NWM"], "2026-12-01");
    data["functions"] = json!(["PLANNING"]);
    put(&mut world, "org:ISL", "OrganisationSucceeded", data, &hands(&["ISL"], &["NWM"])).unwrap();
    assert_eq!(letter(&world, code), "a");
}

#[test]
fn the_registrars_or_the_secretariat_say_who_belongs_to_a_partnership() {
    let mut world = town();
    partnership(&mut world);
    let data = |partnership: &str| json!({ "change": "JOINED", "on": "2026-12-01", "partnership": partnership, "source": commitment() });
    let said = |partnership: &str, by: &[Person]| {
        put(&mut world.clone(), "org:ISL", "PartnershipMembershipChanged", data(partnership), by)
    };
    for role in ["CEX", "ADM", "IGL"] {
        assert_eq!(said("LOTI", &[officer("ISL", role)]), Err("R01".to_owned()), "{role}");
    }
    assert_eq!(said("LOTI", &both()[..1]), Err("R01".to_owned()));
    let mut more = both();
    more.push(officer("ISL", "CEX"));
    assert_eq!(said("LOTI", &more), Err("R01".to_owned()));
    assert_eq!(said("HCK", &both()), Err("O01".to_owned()));
    said("LOTI", &[person("LOTI", "CEX", 244)]).unwrap();
    said("LOTI", &both()).unwrap();
}
