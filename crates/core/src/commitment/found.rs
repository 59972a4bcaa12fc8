//! Finding every commitment of a document.

use super::{Commitment, MEMBER};
use crate::json::{Value, pointer};

/// Every commitment in `value`, with its JSON Pointer behind `prefix`, in the order of the canonical form.
///
/// # Errors
///
/// The pointer of an object that has a member `$commit` but is not a commitment.
pub fn commitments(value: &Value, prefix: &str) -> Result<Vec<(String, Commitment)>, String> {
    let mut found = Vec::new();
    let mut place = prefix.to_owned();
    walk(value, &mut place, &mut found)?;
    Ok(found)
}

fn walk(value: &Value, place: &mut String, found: &mut Vec<(String, Commitment)>) -> Result<(), String> {
    let length = place.len();
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Str(_) => {}
        Value::Array(elements) => {
            for (position, element) in elements.iter().enumerate() {
                pointer::push(place, &position.to_string());
                walk(element, place, found)?;
                place.truncate(length);
            }
        }
        Value::Object(members) => {
            if let Some(promise) = value.member(MEMBER) {
                let commitment = promise.as_str().and_then(Commitment::parse).filter(|_| members.len() == 1);
                found.push((place.clone(), commitment.ok_or_else(|| place.clone())?));
                return Ok(());
            }
            for (name, member) in members {
                pointer::push(place, name);
                walk(member, place, found)?;
                place.truncate(length);
            }
        }
    }
    Ok(())
}
