//! Between strict JSON and the types of a program.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::direct::NotDirect;
use super::written::written;
use super::{JsonError, MAX_INTEGER, Problem, Value, jcs};

/// The canonical bytes of a value of a program.
///
/// # Errors
///
/// The value holds something that strict JSON does not have: a fraction, `null`, an integer beyond
/// ±(2^53−1). Members that may be absent are left out by `skip_serializing_if`.
pub fn to_jcs<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonError> {
    written(value).or_else(|NotDirect| to_value(value).map(|value| jcs(&value)))
}

/// The strict JSON value of a value of a program.
///
/// # Errors
///
/// As for [`to_jcs`].
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, JsonError> {
    let loose = serde_json::to_value(value)
        .map_err(|error| JsonError::new(0, Problem::Serialize(format!("this value has no JSON form: {error}"))))?;
    strict(loose)
}

/// Reads a value of a program from strict JSON.
///
/// # Errors
///
/// What does not fit the type, in serde's words.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonError> {
    let wrong = |error: serde_json::Error| JsonError::new(0, Problem::Serialize(error.to_string()));
    super::objects::from_loose(serde_json::to_value(value).map_err(wrong)?).map_err(wrong)
}

/// Reads a small number that must lie between two others: what the schema of the member says.
///
/// # Errors
///
/// It is no number, or lies outside.
pub fn within<'de, D: Deserializer<'de>, const MIN: u8, const MAX: u8>(from: D) -> Result<Option<u8>, D::Error> {
    let number = u8::deserialize(from)?;
    if (MIN..=MAX).contains(&number) {
        return Ok(Some(number));
    }
    Err(D::Error::custom(format_args!("{number} is not between {MIN} and {MAX}")))
}

fn strict(loose: serde_json::Value) -> Result<Value, JsonError> {
    let refuse = |problem| Err(JsonError::new(0, problem));
    Ok(match loose {
        serde_json::Value::Null => return refuse(Problem::Null),
        serde_json::Value::Bool(truth) => Value::Bool(truth),
        serde_json::Value::Number(number) => match (number.as_i64(), number.is_f64()) {
            (Some(integer), _) if integer.abs() <= MAX_INTEGER => Value::Int(integer),
            (_, true) => return refuse(Problem::Fraction),
            (_, false) => return refuse(Problem::TooBig),
        },
        serde_json::Value::String(text) => Value::Str(text),
        serde_json::Value::Array(elements) => Value::Array(elements.into_iter().map(strict).collect::<Result<_, _>>()?),
        serde_json::Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, member)| strict(member).map(|member| (name, member)))
                .collect::<Result<_, _>>()?;
            match Value::object(members) {
                Ok(object) => object,
                Err(name) => return refuse(Problem::Duplicate(name)),
            }
        }
    })
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Array(elements) => {
                let mut list = serializer.serialize_seq(Some(elements.len()))?;
                for element in elements {
                    list.serialize_element(element)?;
                }
                list.end()
            }
            Value::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, member) in members {
                    map.serialize_entry(name, member)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value without fractions and without null")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Value, E> {
        if (-MAX_INTEGER..=MAX_INTEGER).contains(&number) {
            Ok(Value::Int(number))
        } else {
            Err(E::custom(Problem::TooBig))
        }
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
        i64::try_from(number).map_err(|_| E::custom(Problem::TooBig)).and_then(|number| self.visit_i64(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Str(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Str(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Value::object(members).map_err(|name| A::Error::custom(Problem::Duplicate(name)))
    }
}
