//! Terms as an officer writes them, with the words in place, and the skeleton and words that are submitted.

use crate::commitment::{Commitment, Disclosure, Kind, commit};
use crate::door::WordsByPointer;
use crate::json::{Value, pointer};

/// Terms taken apart for filing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The terms, with a commitment in place of each text.
    pub skeleton: Value,
    /// The texts by pointer within the terms.
    pub words: WordsByPointer,
    /// What opens the commitments: pointers behind `/terms`.
    pub disclosures: Vec<Disclosure>,
}

/// Puts words back in the place of their commitments. A commitment without words stays.
pub fn join(skeleton: &Value, words: &WordsByPointer) -> Value {
    let mut path = String::new();
    joined(skeleton, words, &mut path)
}

fn joined(value: &Value, words: &WordsByPointer, path: &mut String) -> Value {
    let here = path.len();
    match value {
        Value::Bool(_) | Value::Int(_) | Value::Str(_) => value.clone(),
        Value::Array(elements) => {
            let within = elements.iter().enumerate().map(|(at, element)| {
                pointer::push(path, &at.to_string());
                let element = joined(element, words, path);
                path.truncate(here);
                element
            });
            Value::Array(within.collect())
        }
        Value::Object(members) => match (value.member("$commit"), words.get(path.as_str())) {
            (Some(_), Some(text)) => Value::Str(text.clone()),
            (Some(_), None) => value.clone(),
            (None, _) => {
                let within = members.iter().map(|(name, member)| {
                    pointer::push(path, name);
                    let member = joined(member, words, path);
                    path.truncate(here);
                    (name.clone(), member)
                });
                Value::Object(within.collect())
            }
        },
    }
}

/// Takes terms apart: each text in the place of a commitment becomes one, with the next of `salts`.
///
/// Text is brought into the form that commitments ask for: NFC, line ends as newline, no other control
/// characters. What does not fit the schema of terms stays as it is; [`crate::door::validate`] tells it.
///
/// # Errors
///
/// The pointer of the first text for which no salt was left.
pub fn split(terms: &Value, event_id: &str, salts: &mut dyn Iterator<Item = [u8; 32]>) -> Result<Split, String> {
    let mut splitter = Splitter { event_id, salts, words: WordsByPointer::new(), disclosures: Vec::new() };
    let skeleton = splitter.value(Some(crate::door::terms_shape()), terms, &mut String::new())?;
    Ok(Split { skeleton, words: splitter.words, disclosures: splitter.disclosures })
}

struct Splitter<'a> {
    event_id: &'a str,
    salts: &'a mut dyn Iterator<Item = [u8; 32]>,
    words: WordsByPointer,
    disclosures: Vec<Disclosure>,
}

impl Splitter<'_> {
    fn value(&mut self, shape: Option<&crate::door::Shape>, value: &Value, path: &mut String) -> Result<Value, String> {
        let here = path.len();
        let mut within = |splitter: &mut Self, name: &str, value: &Value| {
            pointer::push(path, name);
            let result = splitter.value(shape.and_then(|shape| shape.member(name)), value, path);
            path.truncate(here);
            result
        };
        Ok(match value {
            Value::Str(text) if shape.is_some_and(crate::door::Shape::is_words) => self.sealed(text, path)?,
            Value::Bool(_) | Value::Int(_) | Value::Str(_) => value.clone(),
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                Value::Array(
                    elements.map(|(at, value)| within(self, &at.to_string(), value)).collect::<Result<_, _>>()?,
                )
            }
            Value::Object(members) => {
                let members = members.iter();
                Value::Object(
                    members
                        .map(|(name, value)| within(self, name, value).map(|value| (name.clone(), value)))
                        .collect::<Result<_, _>>()?,
                )
            }
        })
    }

    fn sealed(&mut self, text: &str, path: &str) -> Result<Value, String> {
        let text = tidy(text);
        let salt = self.salts.next().ok_or_else(|| path.to_owned())?;
        let pointer = format!("/terms{path}");
        let commitment: Commitment = commit(&salt, self.event_id, &pointer, Kind::Text, text.as_bytes());
        self.disclosures.push(Disclosure { pointer, kind: Kind::Text, salt, content: text.clone().into_bytes() });
        self.words.insert(path.to_owned(), text);
        Ok(Value::Object(vec![("$commit".to_owned(), Value::Str(commitment.to_string()))]))
    }
}

/// Text as commitments ask for it: NFC, newlines, no other control characters.
pub fn tidy(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    text.chars().filter(|c| !c.is_control() || *c == '\n').nfc().collect()
}
