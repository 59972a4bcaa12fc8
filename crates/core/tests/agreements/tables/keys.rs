//! Table 2.11: keys.

use serde_json::{Value, json};

use super::{Happened, cells};
use crate::town::{newcomer, officer, town};
use crate::world::{Person, World, commitment};

const TABLE: &str = include_str!("../../data/key-transitions.csv");

/// The holder of the key that is looked at, and the key itself.
fn whose() -> Person {
    officer("HCK", "SIG")
}

fn put(world: &mut World, stream: &str, kind: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let parsed: counterpart_core::ids::Stream = stream.parse().unwrap();
    let revision = world.replay.state.revision(parsed, None).0;
    world.revisions.insert(stream.to_owned(), revision);
    let draft = world.draft(stream, kind, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn rotation(old: &Person, new: &Person) -> Value {
    json!({
        "custody": "SOFTWARE", "key": new.key_id().to_string(), "public": new.public_text(),
        "replaces": old.key_id().to_string(),
    })
}

fn ended(whose: &Person) -> Value {
    json!({ "key": whose.key_id().to_string(), "reason": "LOST" })
}

fn report(whose: &Person, from: Option<u64>) -> Value {
    let mut data = json!({ "evidence": commitment(), "key": whose.key_id().to_string() });
    if let Some(from) = from {
        data["suspect_from"] = json!(from);
    }
    data
}

/// A world in which the key is in a state, and its holder.
fn key_in(state: &str) -> (World, Person) {
    let mut world = town();
    let old = whose();
    let stream = format!("key:{}", old.key_id());
    match state {
        "0" => return (world, newcomer("HCK", "SIG", 240)),
        "a" => {}
        "r" => {
            let new = old.with_key(241);
            let by = [new.clone(), old.clone()];
            put(&mut world, &format!("key:{}", new.key_id()), "KeyRotated", rotation(&old, &new), &by).unwrap();
        }
        "v" => drop(put(&mut world, &stream, "KeyRevoked", ended(&old), &[officer("HCK", "CEX")]).unwrap()),
        _ => drop(put(&mut world, &stream, "KeyCompromised", report(&old, None), &[officer("HCK", "CEX")]).unwrap()),
    }
    (world, old)
}

fn letter(world: &World, whose: &Person) -> String {
    use counterpart_core::keys::KeyStage;
    let stage = world.replay.state.keys.get(&whose.key_id()).map(|key| key.stage);
    let letter = match stage {
        None => "0",
        Some(KeyStage::Active) => "a",
        Some(KeyStage::Retired { .. }) => "r",
        Some(KeyStage::Revoked { .. }) => "v",
        Some(KeyStage::Compromised { .. }) => "c",
    };
    letter.to_owned()
}

#[test]
fn i05_every_cell_of_a_key_does_what_is_printed() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for cell in cells(TABLE) {
        seen += 1;
        let (mut world, key) = key_in(&cell.state);
        let before = letter(&world, &key);
        assert_eq!(before, cell.state);
        let chief = [officer("HCK", "CEX")];
        let stream = format!("key:{}", key.key_id());
        let outcome = match cell.event.as_str() {
            "KeyRegistered" => {
                if cell.state == "0" {
                    world.appoint(&officer("HCK", "CEX"), &key).unwrap();
                }
                let data = world.key_registration(&key, &[]).payload["data"].clone();
                let by = [key.clone(), officer("HCK", "ADM"), officer("HCK", "CEX")];
                put(&mut world, &stream, "KeyRegistered", data, &by)
            }
            "KeyRotated" => {
                let new = key.with_key(242);
                let by = [new.clone(), key.clone()];
                put(&mut world, &format!("key:{}", new.key_id()), "KeyRotated", rotation(&key, &new), &by)
            }
            "KeyRevoked" => put(&mut world, &stream, "KeyRevoked", ended(&key), &chief),
            "KeyCompromised" => put(&mut world, &stream, "KeyCompromised", report(&key, None), &chief),
            "signs" | "an earlier signature" if cell.event == "signs" => {
                let data = json!({ "evidence": commitment(), "key": officer("HCK", "IAO").key_id().to_string() });
                let stream = format!("key:{}", officer("HCK", "IAO").key_id());
                // Whoever it is, the key comes first.
                put(&mut world, &stream, "KeyCompromised", data, &[key.clone()])
                    .or_else(|code| if code == "R01" { Ok(code) } else { Err(code) })
            }
            _ => {
                // What was signed before stays as it was: the entries replay to the same end.
                if cell.state == "0" {
                    Err("K01".to_owned())
                } else {
                    let mut again = counterpart_core::replay::Replay::new();
                    world.entries.iter().for_each(|entry| again.next_bytes(entry).unwrap());
                    assert_eq!(again.state.digest(), world.replay.state.digest());
                    Ok(String::new())
                }
            }
        };
        let happened = match outcome {
            Ok(_) if cell.event == "an earlier signature" => {
                assert!(cell.outcomes.starts_with("valid"), "{}", cell.outcomes);
                continue;
            }
            Ok(_) => Happened::between(&before, &letter(&world, &key)),
            Err(code) => Happened::Refused(code),
        };
        wrong.extend(cell.wrong(&happened, &[]));
    }
    super::all_right(&wrong);
    assert_eq!(seen, 30);
}

#[test]
fn the_other_outcomes_of_a_key_are_reached_too() {
    // The point of suspicion moves earlier, and then the report is taken.
    let (mut world, key) = key_in("c");
    let registered = world.replay.state.keys[&key.key_id()].index;
    let stream = format!("key:{}", key.key_id());
    put(&mut world, &stream, "KeyCompromised", report(&key, Some(registered)), &[officer("HCK", "CEX")]).unwrap();
    assert_eq!(letter(&world, &key), "c");
    // The new key of a rotation is active.
    let (mut world, key) = key_in("a");
    let new = key.with_key(242);
    let stream = format!("key:{}", new.key_id());
    put(&mut world, &stream, "KeyRotated", rotation(&key, &new), &[new.clone(), key.clone()]).unwrap();
    assert_eq!((letter(&world, &key), letter(&world, &new)), ("r".to_owned(), "a".to_owned()));
}
