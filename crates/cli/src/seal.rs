//! Turns data with words in it into data with commitments, and the words into disclosures.
//!
//! In a draft `{"$text": "…"}` is free text, `{"$json": …}` a document, which may hold words of its own, and
//! `{"$sha256": "<64 hex>"}` a file by its hash.

use anyhow::{Context, Result, bail};
use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::draft::tidy;
use counterpart_core::ids::EventId;
use counterpart_core::json;
use counterpart_core::wire::Digest;
use serde_json::{Map, Value, json};

/// Free text.
pub fn text(words: &str) -> Value {
    json!({ "$text": words })
}

/// A document of its own.
pub fn document(value: &Value) -> Value {
    json!({ "$json": value })
}

/// Replaces words by commitments to them. `pointer` is where `value` stands within the data, and `salt` gives the
/// salt for a pointer, a fresh one each time.
///
/// # Errors
///
/// A member has a name that cannot stand in a pointer, or words are not of their kind.
pub fn seal(
    value: Value,
    event: EventId,
    pointer: &str,
    salt: &dyn Fn(&str) -> [u8; 32],
    opened: &mut Vec<Disclosure>,
) -> Result<Value> {
    let mut commit = |content: Vec<u8>, kind| {
        let disclosure = Disclosure { pointer: pointer.to_owned(), kind, salt: salt(pointer), content };
        let commitment = disclosure.commitment(&event.to_string());
        opened.push(disclosure);
        Ok(serde_json::to_value(commitment)?)
    };
    match value {
        Value::Object(mut members) => {
            if let Some(words) = members.remove("$text") {
                let words = words.as_str().context("`$text` holds a string")?;
                return commit(tidy(words).into_bytes(), Kind::Text);
            }
            if let Some(hash) = members.remove("$sha256") {
                let hash = hash.as_str().and_then(|hash| hash.parse::<Digest>().ok());
                return commit(hash.context("`$sha256` holds 64 hexadecimal digits")?.0.to_vec(), Kind::Sha256);
            }
            if let Some(inner) = members.remove("$json") {
                let inner = seal(inner, event, pointer, salt, opened)?;
                let content = json::to_jcs(&inner)?;
                let disclosure =
                    Disclosure { pointer: pointer.to_owned(), kind: Kind::Json, salt: salt(pointer), content };
                let commitment = disclosure.commitment(&event.to_string());
                opened.push(disclosure);
                return Ok(serde_json::to_value(commitment)?);
            }
            let mut sealed = Map::new();
            for (name, member) in members {
                if name.contains(['~', '/']) {
                    bail!("a member has a plain name, and `{name}` is none");
                }
                let inner = seal(member, event, &format!("{pointer}/{name}"), salt, opened)?;
                sealed.insert(name, inner);
            }
            Ok(Value::Object(sealed))
        }
        Value::Array(elements) => {
            let inner = |(place, element)| seal(element, event, &format!("{pointer}/{place}"), salt, opened);
            elements.into_iter().enumerate().map(inner).collect()
        }
        plain @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => Ok(plain),
    }
}
