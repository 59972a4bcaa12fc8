//! The published schemas, in the few shapes that they are made of.

use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::header::{Country, Period, Pointer};
use crate::ids::{AgreementId, Code, OrganisationCode};
use crate::json::Value;
use crate::schemas;
use crate::time::Date;

/// The shape of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Known members, in the order of the canonical form; no others.
    Object(Vec<(String, Member)>),
    /// Values by name.
    Map(Grammar, Box<Shape>),
    /// Values in order.
    List(Box<Shape>),
    /// A commitment to words.
    Words,
    /// Any text.
    Free,
    /// Text of a closed grammar.
    Text(Grammar),
    /// One of these codes.
    One(Vec<String>),
    /// A whole number within bounds.
    Integer(i64, i64),
    /// True or false.
    Truth,
    /// One of several.
    Either(Vec<Shape>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub shape: Shape,
}

/// The closed grammars of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// The code of an organisation.
    Organisation,
    /// A calendar date.
    Date,
    /// A code.
    Code,
    /// A pointer of names and positions.
    Pointer,
    /// A period.
    Period,
    /// A country.
    Country,
    /// The id of an agreement.
    Uuid,
}

impl Grammar {
    fn of(pattern: &str) -> Option<Self> {
        Some(match pattern {
            "^[A-Z][A-Z0-9]{1,7}$" => Self::Organisation,
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" => Self::Date,
            "^[A-Z][A-Z0-9_-]{0,39}$" => Self::Code,
            "^(/[A-Za-z0-9_-]{1,40}){1,16}$" => Self::Pointer,
            "^(PERPETUAL|P[1-9][0-9]{0,3}[YMWD])$" => Self::Period,
            "^[A-Z]{2}$" => Self::Country,
            "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$" => Self::Uuid,
            _ => return None,
        })
    }

    /// Whether a text is of the grammar.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Self::Organisation => text.parse::<OrganisationCode>().is_ok(),
            Self::Date => text.parse::<Date>().is_ok(),
            Self::Code => text.parse::<Code>().is_ok(),
            Self::Pointer => text.parse::<Pointer>().is_ok(),
            Self::Period => text.parse::<Period>().is_ok(),
            Self::Country => text.parse::<Country>().is_ok(),
            Self::Uuid => text.parse::<AgreementId>().is_ok(),
        }
    }

    /// In plain words.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Organisation => "the code of an organisation, such as CMD",
            Self::Date => "a date that exists, such as 2026-03-01",
            Self::Code => "a code of capital letters, digits, `_` and `-`",
            Self::Pointer => "a JSON Pointer, such as /datasets/0/retention",
            Self::Period => "a period, such as P2Y, P18M, P90D, or PERPETUAL",
            Self::Country => "a country of two capital letters, such as FR",
            Self::Uuid => "the id of an agreement, a UUID of version 7 in lower case",
        }
    }
}

impl Shape {
    /// Whether a simple value is of the shape.
    pub fn fits(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Words, value) => is_commitment(value),
            (Self::Free, Value::Str(_)) | (Self::Truth, Value::Bool(_)) => true,
            (Self::Text(grammar), Value::Str(text)) => grammar.fits(text),
            (Self::One(codes), Value::Str(text)) => codes.contains(text),
            (Self::Integer(least, most), Value::Int(number)) => (least..=most).contains(&number),
            _ => false,
        }
    }

    /// Whether words stand here.
    pub fn is_words(&self) -> bool {
        *self == Self::Words
    }

    /// Whether a value is of the kind of the shape, though perhaps not of the shape itself.
    pub fn fits_kind(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::List(_), Value::Array(_)) | (Self::Object(_) | Self::Map(..), Value::Object(_)) => true,
            _ => self.fits(value),
        }
    }

    /// In plain words.
    pub fn expected(&self) -> String {
        match self {
            Self::Object(_) | Self::Map(..) => "an object".to_owned(),
            Self::List(_) => "a list".to_owned(),
            Self::Words | Self::Free => "text".to_owned(),
            Self::Text(grammar) => grammar.expected().to_owned(),
            Self::One(codes) => format!("one of {}", codes.join(", ")),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Truth => "true or false".to_owned(),
            Self::Either(shapes) => shapes.iter().map(Self::expected).collect::<Vec<_>>().join(", or "),
        }
    }

    /// The shape of a member.
    pub fn member(&self, name: &str) -> Option<&Shape> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, member)| &member.shape),
            Self::Map(grammar, inner) => grammar.fits(name).then_some(inner),
            Self::List(inner) => name.bytes().all(|byte| byte.is_ascii_digit()).then_some(inner),
            Self::Words
            | Self::Free
            | Self::Text(_)
            | Self::One(_)
            | Self::Integer(..)
            | Self::Truth
            | Self::Either(_) => None,
        }
    }
}

fn is_commitment(value: &Value) -> bool {
    let promise = value.member("$commit").and_then(Value::as_str);
    promise.is_some_and(|text| crate::commitment::Commitment::parse(text).is_some())
        && value.as_object().is_some_and(|members| members.len() == 1)
}

/// A commitment to nothing, in place of words that are not there.
pub fn no_words() -> Value {
    let nothing = crate::commitment::Commitment([0; 32]).to_string();
    Value::Object(vec![("$commit".to_owned(), Value::Str(nothing))])
}

/// The shape of terms.
pub fn terms() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(|| published("terms-v1.json"))
}

/// The shape of a list of parties.
pub fn parties() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(|| published("parties-v1.json"))
}

/// The shape of contacts.
pub fn contacts() -> &'static Shape {
    static SHAPE: OnceLock<Shape> = OnceLock::new();
    SHAPE.get_or_init(|| published("contacts-v1.json"))
}

fn published(path: &str) -> Shape {
    let schema = schemas::document(path);
    let shape = schema.as_ref().and_then(read);
    assert!(shape.is_some(), "the schema {path} is made of known shapes");
    shape.unwrap_or(Shape::Truth)
}

fn read(schema: &Json) -> Option<Shape> {
    if schema.get("x-kind").is_some() {
        return Some(Shape::Words);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Json::as_array) {
        return choices.iter().map(read).collect::<Option<_>>().map(Shape::Either);
    }
    if let Some(choices) = schema.get("oneOf").and_then(Json::as_array) {
        let codes = choices.iter().map(|choice| choice.get("const")?.as_str().map(str::to_owned));
        return codes.collect::<Option<_>>().map(Shape::One);
    }
    match schema.get("type")?.as_str()? {
        "boolean" => Some(Shape::Truth),
        "integer" => Some(Shape::Integer(schema.get("minimum")?.as_i64()?, schema.get("maximum")?.as_i64()?)),
        "array" => Some(Shape::List(Box::new(read(schema.get("items")?)?))),
        "string" => match schema.get("pattern") {
            Some(pattern) => Grammar::of(pattern.as_str()?).map(Shape::Text),
            None => Some(Shape::Free),
        },
        "object" => {
            if let Some(by_name) = schema.get("patternProperties").and_then(Json::as_object) {
                let (pattern, inner) = by_name.iter().next()?;
                return Some(Shape::Map(Grammar::of(pattern)?, Box::new(read(inner)?)));
            }
            let required = schema.get("required").and_then(Json::as_array).cloned().unwrap_or_default();
            let mut members: Vec<(String, Member)> = schema
                .get("properties")?
                .as_object()?
                .iter()
                .map(|(name, inner)| {
                    let required = required.iter().any(|needed| needed == name);
                    read(inner).map(|shape| (name.clone(), Member { required, shape }))
                })
                .collect::<Option<_>>()?;
            members.sort_by(|a, b| crate::json::key_order(&a.0, &b.0));
            Some(Shape::Object(members))
        }
        _ => None,
    }
}
