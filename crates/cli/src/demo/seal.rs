//! Turns a draft with words in it into data with commitments, and the words into disclosures.
//!
//! In a draft `{"$text": "…"}` is free text and `{"$json": …}` a document, which may hold words of its own.

use anyhow::{Context, Result, bail};
use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::ids::EventId;
use counterpart_core::json;
use serde_json::{Map, Value, json};

use super::chance::Chance;

/// Free text.
pub fn text(words: &str) -> Value {
    json!({ "$text": words })
}

/// A document of its own.
pub fn document(value: &Value) -> Value {
    json!({ "$json": value })
}

/// Replaces words by commitments to them. `pointer` is where `value` stands within the data.
pub fn seal(
    value: Value,
    event: EventId,
    pointer: &str,
    chance: &Chance,
    opened: &mut Vec<Disclosure>,
) -> Result<Value> {
    match value {
        Value::Object(mut members) => {
            if let Some(words) = members.remove("$text") {
                let words = words.as_str().context("`$text` holds a string")?.to_owned();
                return commit(words.into_bytes(), Kind::Text, event, pointer, chance, opened);
            }
            if let Some(inner) = members.remove("$json") {
                let inner = seal(inner, event, pointer, chance, opened)?;
                return commit(json::to_jcs(&inner)?, Kind::Json, event, pointer, chance, opened);
            }
            let mut sealed = Map::new();
            for (name, member) in members {
                if name.contains(['~', '/']) {
                    bail!("a member of a draft has a plain name, and `{name}` is none");
                }
                let inner = seal(member, event, &format!("{pointer}/{name}"), chance, opened)?;
                sealed.insert(name, inner);
            }
            Ok(Value::Object(sealed))
        }
        Value::Array(elements) => {
            let inner = |(place, element)| seal(element, event, &format!("{pointer}/{place}"), chance, opened);
            elements.into_iter().enumerate().map(inner).collect()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Ok(plain),
    }
}

fn commit(
    content: Vec<u8>,
    kind: Kind,
    event: EventId,
    pointer: &str,
    chance: &Chance,
    opened: &mut Vec<Disclosure>,
) -> Result<Value> {
    let salt = chance.bytes(&format!("salt {event}{pointer}"));
    let disclosure = Disclosure { pointer: pointer.to_owned(), kind, salt, content };
    let commitment = disclosure.commitment(&event.to_string());
    opened.push(disclosure);
    Ok(serde_json::to_value(commitment)?)
}
