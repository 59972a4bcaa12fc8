//! The ledger's own stream: registrars, log keys, rules, reference data, its end (wire.md 3).

use std::collections::{BTreeMap, HashSet};

use counterpart_tlog::note::{SignatureType, VerifierKey};

use crate::admit::roles;
use crate::codes::{self, ReferenceSet};
use crate::event::Event;
use crate::event::data::{Data, LogKeyChanged, ReferenceRow, RegistrarChanged, VerifierKeyText};
use crate::ids::{OrganisationCode, PersonId, Role};
use crate::keys::KeyStage;
use crate::policy::decides;
use crate::refusal::Refusal;
use crate::state::{Founded, State};
use crate::time::Timestamp;

/// At least so many registrars are left.
const REGISTRARS_MIN: usize = 3;

/// The rules that this program carries.
const RULES_HELD: u32 = 1;

/// E10 and E04: reference data that this program holds, each version one more than the last, its rows added and
/// end-dated and never taken away (I35); rules that this program carries.
pub(super) fn check_reference(state: &State, event: &Event) -> Result<(), Refusal> {
    let not_held = |problem: String| Err(Refusal::ReferenceNotHeld { problem });
    let row = if let Data::CodeListPublished(data) = &event.data {
        ReferenceRow { id: data.id.clone(), sha256: data.sha256, version: data.version }
    } else if let Data::PolicyPublished(data) = &event.data {
        ReferenceRow { id: data.id.clone(), sha256: data.sha256, version: data.version }
    } else if let Data::RulesAdopted(data) = &event.data {
        let present = state.founded.as_ref().map_or(0, |founded| founded.rules);
        return if data.rules != present + 1 {
            not_held(format!("rules version {present} are in force, and the next are version {}", present + 1))
        } else if data.rules > RULES_HELD {
            Err(Refusal::LaterProgram { what: format!("entries under rules version {}", data.rules) })
        } else {
            Ok(())
        };
    } else {
        return Ok(());
    };
    let Some(founded) = &state.founded else {
        return Ok(());
    };
    let policy = matches!(event.data, Data::PolicyPublished(_));
    let last = founded.newest(&row.id).map_or(0, |row| row.version);
    if row.version != last + 1 {
        return not_held(format!("the last version of `{}` is {last}, so the next is {}", row.id, last + 1));
    }
    let Some(file) = codes::by_sha256(&row.sha256).filter(|file| file.is_policy() == policy) else {
        return not_held(format!("`{}` with SHA-256 {} is not held here", row.id, row.sha256));
    };
    let before = founded.newest(&row.id).and_then(|row| codes::by_sha256(&row.sha256));
    if let Some(broken) = before.and_then(|before| broken_row(before.text, file.text)) {
        return not_held(broken);
    }
    let (lists, policies) = founded.with_row(&row, policy);
    match ReferenceSet::resolve(&lists, &policies) {
        Ok(_) => Ok(()),
        Err(error) => not_held(error.to_string()),
    }
}

/// What is wrong with a newer file of a list (I35): a row of the older one is missing, or says something else.
/// Rows are added, and a row may say more, such as its last day.
fn broken_row(before: &str, after: &str) -> Option<String> {
    type Rows = BTreeMap<String, serde_json::Map<String, serde_json::Value>>;
    let rows = |text: &str| -> Rows {
        let file: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
        let rows = file.get("rows").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
        let coded = rows.into_iter().filter_map(|row| {
            let code = row.get("code")?.as_str()?.to_owned();
            Some((code, row.as_object()?.clone()))
        });
        coded.collect()
    };
    let after = rows(after);
    for (code, row) in rows(before) {
        let Some(newer) = after.get(&code) else {
            return Some(format!("row `{code}` is missing; rows are end-dated, never taken away"));
        };
        if let Some((member, _)) = row.iter().find(|(member, value)| newer.get(*member) != Some(*value)) {
            return Some(format!("row `{code}` has another `{member}`; rows are added and end-dated, never edited"));
        }
    }
    None
}

/// K01, K06: keys that register no more did so; a new log key is one, and comes after this entry.
pub(super) fn check_keys(state: &State, event: &Event) -> Result<(), Refusal> {
    if let Data::LedgerGenesis(genesis) = &event.data {
        return genesis.log_keys.iter().try_for_each(|key| signs_log(key, genesis.origin.as_str()));
    }
    let Some(founded) = &state.founded else {
        return Ok(());
    };
    if let Data::RegistrarChanged(data) = &event.data
        && let Some(key) = data.remove.iter().find(|key| !founded.registrars.contains_key(*key))
    {
        return Err(Refusal::KeyUnknown { key: *key });
    }
    if let Data::LogKeyChanged(data) = &event.data {
        return check_log_key(state, founded, data);
    }
    Ok(())
}

fn check_log_key(state: &State, founded: &Founded, data: &LogKeyChanged) -> Result<(), Refusal> {
    let unsuitable = |problem: &str| Err(Refusal::KeyUnsuitable { problem: problem.to_owned() });
    let signing = founded.log_key_changes.last().map(|change| change.new.as_str());
    let old = data.old.as_str();
    if signing.map_or_else(|| !founded.log_keys.iter().any(|key| **key == *old), |newest| newest != old) {
        return unsuitable("`old` is not the key that signs this log now");
    }
    if founded.log_keys.iter().any(|key| **key == *data.new.as_str()) {
        return unsuitable("`new` has signed this log before");
    }
    signs_log(&data.new, &founded.origin)?;
    if data.first_size <= state.size {
        return unsuitable("`first_size` is a size that this entry is not part of");
    }
    Ok(())
}

/// Whether a key may sign checkpoints of a log: Ed25519, in a form that readers can check, and under its origin.
fn signs_log(key: &VerifierKeyText, origin: &str) -> Result<(), Refusal> {
    let unsuitable = |problem: String| Err(Refusal::KeyUnsuitable { problem });
    match VerifierKey::parse(key.as_str()) {
        Ok(parsed) if parsed.kind() != SignatureType::Ed25519 => {
            unsuitable(format!("`{}` is not an Ed25519 key of a log", key.as_str()))
        }
        Ok(parsed) if parsed.name() == origin => Ok(()),
        Ok(_) => unsuitable(format!("`{}` is not under the origin {origin}", key.as_str())),
        Err(error) => unsuitable(error.to_string()),
    }
}

/// The threshold of registrars in force signs, and nobody else but keys that come in.
pub(super) fn check_hands(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    let Data::RegistrarChanged(data) = &event.data else {
        return roles::registrars_alone(state, event);
    };
    let missing = || Refusal::RoleNotHeld { role: Role::Reg, organisation: OrganisationCode::REGISTRAR };
    let Some(founded) = &state.founded else {
        return Err(missing());
    };
    let present: HashSet<PersonId> =
        event.signers.iter().filter(|s| founded.registrars.contains_key(&s.key)).map(|s| s.person).collect();
    if present.len() < usize::try_from(founded.threshold).unwrap_or(usize::MAX) {
        return Err(missing());
    }
    roles::others_are(event, &[])?;
    check_registrars(state, founded, data, at)
}

/// R04, R05 and R11: different persons who decide for no body, three at least, and a threshold that they reach.
fn check_registrars(state: &State, founded: &Founded, data: &RegistrarChanged, at: Timestamp) -> Result<(), Refusal> {
    let mut persons: HashSet<PersonId> = HashSet::new();
    let stay = founded.registrars.iter().filter(|(key, _)| !data.remove.contains(key)).map(|(_, person)| *person);
    let active = |key: &crate::wire::KeyId| state.keys.get(key).is_some_and(|k| matches!(k.stage, KeyStage::Active));
    let serving =
        founded.registrars.iter().filter(|(key, _)| !data.remove.contains(key) && active(key)).count() + data.add.len();
    for person in stay.chain(data.add.iter().map(|added| added.person)) {
        if !persons.insert(person) {
            return Err(Refusal::RoleHeld { person, role: Role::Reg });
        }
    }
    for added in &data.add {
        let mut held = state.organisations.values().flat_map(|body| body.roles_of(added.person, at));
        if let Some(held) = held.find(|role| decides(*role)) {
            return Err(Refusal::RolesIncompatible { person: added.person, held, asked: Role::Reg });
        }
    }
    let reachable = usize::try_from(data.threshold).is_ok_and(|threshold| threshold <= serving);
    if serving >= REGISTRARS_MIN && reachable {
        Ok(())
    } else {
        Err(Refusal::PostVacant { organisation: OrganisationCode::REGISTRAR, role: Role::Reg })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::broken_row;

    fn rows() -> impl Strategy<Value = Vec<Map<String, Value>>> {
        let row = ("[A-C][0-9]", "[a-z ]{1,6}", any::<bool>()).prop_map(|(code, label, legal)| {
            json!({ "code": code, "label": label, "needs_legal": legal }).as_object().unwrap().clone()
        });
        prop::collection::vec(row, 1..6).prop_map(|mut rows| {
            rows.sort_by_key(|row| row["code"].as_str().unwrap().to_owned());
            rows.dedup_by_key(|row| row["code"].clone());
            rows
        })
    }

    fn file(rows: &[Map<String, Value>]) -> String {
        json!({ "id": "CL-TEST", "rows": rows }).to_string()
    }

    proptest! {
        #[test]
        fn i35_rows_of_lists_are_added_and_end_dated_and_never_edited(
            older in rows(), more in rows(), place in any::<prop::sample::Index>(), change in 0_usize..4,
        ) {
            let mut newer = older.clone();
            newer.extend(more.into_iter().filter(|row| older.iter().all(|other| other["code"] != row["code"])));
            let at = place.index(older.len());
            match change {
                0 => drop(newer.remove(at)),
                1 => drop(newer[at].insert("label".to_owned(), json!("something else entirely"))),
                2 => drop(newer[at].remove("needs_legal")),
                _ => drop(newer[at].insert("in_force_to".to_owned(), json!("2030-01-01"))),
            }
            let broken = broken_row(&file(&older), &file(&newer));
            prop_assert_eq!(broken.is_none(), change == 3, "{:?}", broken);
            prop_assert!(broken.is_none_or(|broken| broken.contains(older[at]["code"].as_str().unwrap())));
        }
    }
}
