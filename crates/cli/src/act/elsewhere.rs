//! Signers on other machines: who is meant, and with which key, as the ledger says it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use counterpart_core::event::Signer;
use counterpart_core::event::data::Data;
use counterpart_core::ids::{OrganisationCode, PersonId, Role, Stream};
use counterpart_core::wire::KeyId;
use serde_json::Value;

use crate::ending::Fault;
use crate::ledger::Ledger;

/// The signer that `ORG:ROLE[:PERSON[:KEYID]]` means.
///
/// # Errors
///
/// Nobody there holds the role with a key, or several do and nobody said who (exit 2).
pub fn signer(ledger: &Ledger, text: &str) -> Result<Signer> {
    let wrong = || Fault::usage(format!("`{text}` is not ORG:ROLE, ORG:ROLE:PERSON or ORG:ROLE:PERSON:KEYID"));
    let parts: Vec<&str> = text.split(':').collect();
    let organisation: OrganisationCode = parts.first().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let role: Role = parts.get(1).and_then(|role| role.parse().ok()).ok_or_else(wrong)?;
    let person: Option<PersonId> = parts.get(2).map(|person| person.parse()).transpose().map_err(|_| wrong())?;
    let key: Option<KeyId> = parts.get(3).map(|key| key.parse()).transpose().map_err(|_| wrong())?;
    if parts.len() > 4 {
        return Err(wrong());
    }
    let signer = |person: PersonId, key: KeyId| Signer { delegation: None, key, organisation, person, role };
    if let (Some(person), Some(key)) = (person, key) {
        return Ok(signer(person, key));
    }
    let mut hands = if organisation == OrganisationCode::REGISTRAR {
        registrars(ledger)?
    } else {
        officers(ledger, organisation, role)?
    };
    hands.retain(|(holder, _)| person.is_none_or(|person| person == *holder));
    match hands.as_slice() {
        [(person, key)] => Ok(signer(*person, *key)),
        [] => Err(Fault::usage(format!(
            "nobody holds {role} at {organisation} with a key that signs now; look at `counterpart show {organisation}`"
        ))),
        several => {
            let named: Vec<String> =
                several.iter().map(|(person, key)| format!("{organisation}:{role}:{person}:{key}")).collect();
            Err(Fault::usage(format!("`{text}` may mean {}; name one of them", named.join(" or "))))
        }
    }
}

/// Who holds a role at a body, with each of their active keys.
fn officers(ledger: &Ledger, organisation: OrganisationCode, role: Role) -> Result<Vec<(PersonId, KeyId)>> {
    let keys = ledger.web().json(&format!("/api/v1/organisations/{organisation}"))?;
    let roles = ledger.web().json(&format!("/api/v1/organisations/{organisation}/roles"))?;
    let rows = |value: &Value, name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let role = role.to_string();
    let holds = |person: &str| {
        rows(&roles, "roles").iter().any(|row| {
            let live = row.get("live").and_then(Value::as_bool).unwrap_or_default();
            live && text(row, "role").as_deref() == Some(&*role) && text(row, "person").as_deref() == Some(person)
        })
    };
    let mut hands = Vec::new();
    for row in rows(&keys, "keys") {
        let (Some(person), Some(key)) = (text(&row, "person"), text(&row, "key")) else { continue };
        if text(&row, "state").as_deref() == Some("ACTIVE") && holds(&person) {
            let what = "the ledger names a person or key that is none";
            hands.push((person.parse().ok().context(what)?, key.parse().ok().context(what)?));
        }
    }
    Ok(hands)
}

/// The registrars, as the ledger's own stream makes them.
fn registrars(ledger: &Ledger) -> Result<Vec<(PersonId, KeyId)>> {
    let mut hands: BTreeMap<KeyId, PersonId> = BTreeMap::new();
    for recorded in ledger.events(Stream::Sys)? {
        if let Data::LedgerGenesis(data) = &recorded.event.data {
            hands.extend(data.registrar_keys.iter().map(|row| (row.key, row.person)));
        } else if let Data::RegistrarChanged(data) = &recorded.event.data {
            hands.retain(|key, _| !data.remove.contains(key));
            hands.extend(data.add.iter().map(|row| (row.key, row.person)));
        }
    }
    Ok(hands.into_iter().map(|(key, person)| (person, key)).collect())
}
