//! Table 2.11: roles and delegations.

use serde_json::{Value, json};

use super::{Happened, cells};
use crate::succession::{found, hands, succession};
use crate::town::{Case, DAY, Shape, newcomer, note, officer, town};
use crate::world::{Person, World};

const TABLE: &str = include_str!("../../data/role-transitions.csv");

/// Somebody new, who may hold the role that is looked at.
fn holder() -> Person {
    newcomer("HCK", "LGL", 243)
}

/// Who acts for the holder.
fn delegate() -> Person {
    Person { role: "LGL", ..officer("HCK", "DAT") }
}

fn put(world: &mut World, kind: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let draft = world.draft("org:HCK", kind, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn delegation(appointment: &str, until: &str) -> Value {
    json!({ "appointment": appointment, "functions": [], "person": delegate().id, "until": until })
}

/// A world in which the role is in a state; the appointment and the delegation, as far as there are any.
struct Held {
    world: World,
    appointment: String,
    delegation: String,
}

const NOTHING: &str = "01890000-0000-7000-8000-ffffffffffff";

fn held(state: &str, until: Option<&str>) -> Held {
    let mut world = town();
    let adm = officer("HCK", "ADM");
    let mut held = Held { world: world.clone(), appointment: NOTHING.to_owned(), delegation: NOTHING.to_owned() };
    if state != "0" {
        let mut draft = world.appointment(&[adm.clone()], &holder());
        if let Some(until) = until {
            draft.payload["data"]["valid_to"] = json!(until);
        }
        held.appointment = world.record(&draft).unwrap();
        world.give_key(&holder(), &[adm.clone()]).unwrap();
    }
    if state == "g" {
        let data = delegation(&held.appointment, "2027-01-20");
        held.delegation = put(&mut world, "RoleDelegated", data, &[holder()]).unwrap();
    }
    if state == "e" {
        put(&mut world, "RoleHolderRevoked", json!({ "appointment": held.appointment }), &[adm]).unwrap();
    }
    held.world = world;
    held
}

/// The letter of the role now.
fn letter(held: &Held) -> String {
    let now = crate::world::at(held.world.now);
    let hackney = &held.world.replay.state.organisations[&"HCK".parse().unwrap()];
    let person = holder().id.parse().unwrap();
    let mut posts = hackney.appointments.of(person).filter(|post| post.role.as_str() == "LGL").peekable();
    let letter = if posts.peek().is_none() {
        "0"
    } else {
        match posts.find(|post| post.is_live(now) && !hackney.is_gone(now)) {
            Some(post) if hackney.delegation_of(post.event, now).is_some() => "g",
            Some(_) => "h",
            None => "e",
        }
    };
    letter.to_owned()
}

#[test]
fn i05_every_cell_of_a_role_does_what_is_printed() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for cell in cells(TABLE) {
        seen += 1;
        let term = (cell.event == "TermEnded").then_some("2027-01-10");
        let mut held = held(&cell.state, term);
        let before = letter(&held);
        assert_eq!(before, cell.state);
        let (adm, chief) = ([officer("HCK", "ADM")], [officer("HCK", "CEX")]);
        let appointment = held.appointment.clone();
        let outcome = match cell.event.as_str() {
            "RoleHolderAppointed" => held.world.appoint(&adm[0], &holder()).map_err(|s| s.stop.code().to_owned()),
            "RoleDelegated" => put(&mut held.world, "RoleDelegated", delegation(&appointment, "2027-02-01"), &adm),
            "DelegationRevoked" => {
                let data = json!({ "delegation": held.delegation });
                put(&mut held.world, "DelegationRevoked", data, &adm)
            }
            "RoleHolderRevoked" => {
                put(&mut held.world, "RoleHolderRevoked", json!({ "appointment": appointment }), &adm)
            }
            "DelegationExpired" | "TermEnded" => {
                held.world.now += if cell.event == "TermEnded" { 45 } else { 55 } * DAY;
                Ok(String::new())
            }
            "OrganisationSucceeded" => {
                found(&mut held.world);
                let data = succession("REPLACE", &["HCK"], &["NWM"], "2026-12-01");
                put(&mut held.world, "OrganisationSucceeded", data, &hands(&["HCK"], &["NWM"]))
            }
            "OrganisationLeft" => put(&mut held.world, "OrganisationLeft", json!({ "on": "2026-12-01" }), &chief),
            "the holder acts" => acts(&mut held, &holder(), None),
            _ => {
                let delegation = held.delegation.clone();
                acts(&mut held, &delegate(), (cell.state != "0").then_some(delegation))
            }
        };
        let happened = match outcome {
            Ok(_) => Happened::between(&before, &letter(&held)),
            Err(code) => Happened::Refused(code),
        };
        // A person of no role has no key either, and the key is asked first.
        wrong.extend(cell.wrong(&happened, &[("the holder acts", "0", "K01")]));
    }
    super::all_right(&wrong);
    assert_eq!(seen, 40);
}

/// Somebody signs a note in the role, under a delegation or not.
fn acts(held: &mut Held, who: &Person, delegation: Option<String>) -> Result<String, String> {
    let mut case = Case::none_in(held.world.clone(), Shape::pair()).file();
    let mut draft = case.event("NoteRecorded", note(), std::slice::from_ref(who));
    if let Some(delegation) = delegation {
        draft.payload["signers"][0]["delegation"] = json!(delegation);
    }
    case.world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

#[test]
fn a_delegate_acts_within_the_scope_and_not_beyond() {
    let mut held = held("h", None);
    let mut data = delegation(&held.appointment.clone(), "2027-01-20");
    data["functions"] = json!(["PLANNING"]);
    let given = put(&mut held.world, "RoleDelegated", data, &[holder()]).unwrap();
    assert_eq!(acts(&mut held, &delegate(), Some(given)), Err("R03".to_owned()));
}
