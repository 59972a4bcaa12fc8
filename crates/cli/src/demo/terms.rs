//! Terms of the demonstration on their way into the log: what stands in clear of them, and what a later version changes.

use anyhow::{Context, Result};
use counterpart_core::codes::ReferenceSet;
use counterpart_core::derive;
use counterpart_core::header::Header;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::json;
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::state::State;
use counterpart_core::terms::{Party, Terms};
use serde_json::{Map, Value};

use super::seal::{document, seal};
use super::stage::Stage;

/// The header that the server will derive from the same terms; `earlier` are those that they change.
pub fn header(stage: &Stage, terms: &Value, parties: &[Party], earlier: Option<&Value>) -> Result<Header> {
    let compared = |earlier| -> Result<_> {
        Ok(derive::changes(&json::to_value(&plain(earlier))?, &json::to_value(&plain(terms))?)?)
    };
    let changes = earlier.map(compared).transpose()?;
    let mut unused = Vec::new();
    // Commitments of the skeleton do not reach the header, so any event id will do here.
    let skeleton = seal(terms.clone(), stage.next_id(), "/terms", &stage.chance, &mut unused)?;
    let terms: Terms = serde_json::from_value(skeleton).context("the terms are not of their schema")?;
    let known = &stage.replay.state;
    let founded = known.founded.as_ref().context("the ledger is founded first")?;
    let reference = ReferenceSet::resolve(&founded.code_lists, &founded.policies)?;
    derive::header(&terms, parties, &|code| facts(known, code), &reference, changes)
        .map_err(|messages| anyhow::anyhow!("the header cannot be derived: {messages:?}"))
}

/// Terms with their words in place, as versions are compared.
pub fn plain(terms: &Value) -> Value {
    match terms {
        Value::Object(members) => match members.get("$text") {
            Some(words) => words.clone(),
            None => Value::Object(members.iter().map(|(name, member)| (name.clone(), plain(member))).collect()),
        },
        Value::Array(elements) => elements.iter().map(plain).collect(),
        same @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => same.clone(),
    }
}

/// Sets a member of an object among the terms, which `pointer` names; an empty one names the terms.
pub fn set(terms: &mut Value, pointer: &str, name: &str, value: Value) -> Result<()> {
    let object: &mut Map<String, Value> =
        terms.pointer_mut(pointer).and_then(Value::as_object_mut).context("the terms have no such member")?;
    object.insert(name.to_owned(), value);
    Ok(())
}

/// Shared mailboxes of the parties.
pub fn contacts(parties: &[Party]) -> Value {
    let one = |party: &Party| {
        let domain = party.organisation.as_str().to_lowercase();
        let mailbox = |name: &str| format!("{name}@{domain}.example");
        let row = serde_json::json!({
            "breach": mailbox("breach"), "complaints": mailbox("complaints"), "dpo": mailbox("dpo"),
            "ig": mailbox("information-governance"), "rights": mailbox("information-rights"),
        });
        (party.organisation.to_string(), row)
    };
    document(&Value::Object(parties.iter().map(one).collect()))
}

fn facts(state: &State, code: OrganisationCode) -> Option<OrganisationFacts> {
    let organisation = state.organisations.get(&code)?;
    Some(OrganisationFacts {
        code,
        kind: organisation.kind,
        flags: organisation.flags.clone(),
        governance: organisation.governance,
        extra_roles: organisation.extra_roles.clone(),
    })
}
