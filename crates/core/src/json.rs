//! Strict JSON: the only spelling of values that this ledger reads, signs and compares.
//!
//! A value is an object, an array, a string, a boolean or an integer within ±(2^53−1).
//! There is no `null` (an absent member is left out) and no fraction, so two programs cannot read
//! the same bytes differently. The canonical form is RFC 8785 (JCS).

mod canonical;
mod direct;
mod objects;
mod parse;
pub mod pointer;
mod scan;
mod serial;
mod write;
mod written;

use std::cmp::Ordering;

pub use canonical::check_canonical;
pub(crate) use direct::{Direct, NotDirect};
pub use objects::from_objects;
pub use parse::{Limits, parse};
pub use pointer::Pointer;
pub use serial::{from_value, to_jcs, to_value, within};
pub(crate) use write::digits_into;
pub use write::{jcs, jcs_into};

/// The largest magnitude of an integer: 2^53 − 1, which every JSON reader holds exactly (RFC 8785, 3.2.2.3).
pub const MAX_INTEGER: i64 = 9_007_199_254_740_991;

/// The deepest nesting that any caller may allow. Parsing recurses once a level, so this bounds the stack.
pub const MAX_DEPTH: usize = 64;

/// A JSON value of the strict kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer within ±[`MAX_INTEGER`].
    Int(i64),
    /// Any string of Unicode scalar values.
    Str(String),
    /// Values in the order given.
    Array(Vec<Value>),
    /// Members without duplicates, in JCS order ([`key_order`]).
    Object(Vec<(String, Value)>),
}

impl Value {
    /// Makes an object of members in any order.
    ///
    /// # Errors
    ///
    /// The name that stands twice, if one does.
    pub fn object(mut members: Vec<(String, Value)>) -> Result<Value, String> {
        members.sort_by(|a, b| key_order(&a.0, &b.0));
        let twice = members.windows(2).find_map(|pair| match pair {
            [a, b] if a.0 == b.0 => Some(a.0.clone()),
            _ => None,
        });
        twice.map_or(Ok(Value::Object(members)), Err)
    }

    /// The member of this name, if this is an object that has it.
    pub fn member(&self, name: &str) -> Option<&Value> {
        let members = self.as_object()?;
        let at = members.binary_search_by(|(key, _)| key_order(key, name)).ok()?;
        members.get(at).map(|(_, value)| value)
    }

    /// The string, if this is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            Value::Bool(_) | Value::Int(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The integer, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(number) => Some(*number),
            Value::Bool(_) | Value::Str(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The boolean, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            Value::Int(_) | Value::Str(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(elements) => Some(elements),
            Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Object(_) => None,
        }
    }

    /// The members in JCS order, if this is an object.
    pub fn as_object(&self) -> Option<&[(String, Value)]> {
        match self {
            Value::Object(members) => Some(members),
            Value::Bool(_) | Value::Int(_) | Value::Str(_) | Value::Array(_) => None,
        }
    }

    /// What kind of value this is, in plain words for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a number",
            Value::Str(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }
}

/// The order of member names in the canonical form: by UTF-16 code units (RFC 8785, 3.2.3).
pub fn key_order(a: &str, b: &str) -> Ordering {
    // UTF-8 bytes sort as UTF-16 units do, except that characters outside the basic plane
    // (first byte 0xF0 and up) come before U+E000 to U+FFFF in UTF-16.
    let outside = |text: &str| text.bytes().any(|byte| byte >= 0xF0);
    if outside(a) || outside(b) { a.encode_utf16().cmp(b.encode_utf16()) } else { a.cmp(b) }
}

/// Why some bytes are not strict JSON, or not its canonical form, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (at byte {offset}{})", .member.as_deref().map(|name| format!(", in `{name}`")).unwrap_or_default())]
pub struct JsonError {
    /// The byte, counted from 0, at which the problem was seen.
    pub offset: usize,
    /// What is wrong.
    pub problem: Problem,
    /// The member of the outermost object in which it was seen, when a tree was being built.
    pub member: Option<String>,
}

impl JsonError {
    pub(crate) fn new(offset: usize, problem: Problem) -> JsonError {
        JsonError { offset, problem, member: None }
    }

    /// True when the text was well-formed JSON so far, but holds a value that strict JSON does not have.
    pub fn is_about_a_value(&self) -> bool {
        match self.problem {
            Problem::Duplicate(_) | Problem::Fraction | Problem::TooBig | Problem::NegativeZero | Problem::Null => true,
            Problem::Ends
            | Problem::Unexpected
            | Problem::Trailing
            | Problem::NotUtf8
            | Problem::TooDeep(_)
            | Problem::TooLong(_)
            | Problem::BadNumber
            | Problem::BadEscape
            | Problem::LoneSurrogate
            | Problem::ControlCharacter
            | Problem::NotCanonical(_)
            | Problem::Serialize(_) => false,
        }
    }
}

/// The ways in which bytes fail to be strict JSON.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text stops inside a value.
    #[error("the JSON ends too early")]
    Ends,
    /// A character that cannot stand there.
    #[error("this is not JSON")]
    Unexpected,
    /// Something follows the value.
    #[error("something follows the end of the JSON value")]
    Trailing,
    /// The bytes are not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// More levels than the reader allows.
    #[error("the JSON is nested more than {0} levels deep")]
    TooDeep(usize),
    /// More bytes than the reader allows.
    #[error("the JSON is longer than {0} bytes")]
    TooLong(usize),
    /// Not a JSON number, such as `01` or `-`.
    #[error("this is not a JSON number")]
    BadNumber,
    /// A number with a fraction or an exponent.
    #[error("numbers must be whole and written without a fraction or exponent")]
    Fraction,
    /// An integer beyond ±(2^53−1).
    #[error("the number is beyond 9007199254740991 either way")]
    TooBig,
    /// `-0`, which is `0` to some readers and not to others.
    #[error("write 0 instead of -0")]
    NegativeZero,
    /// `null`.
    #[error("`null` is not used here; leave the member out")]
    Null,
    /// A member that stands twice.
    #[error("the member `{0}` stands twice")]
    Duplicate(String),
    /// A backslash sequence that JSON does not know.
    #[error("this backslash sequence is not JSON")]
    BadEscape,
    /// Half of a surrogate pair.
    #[error("half of a surrogate pair stands alone")]
    LoneSurrogate,
    /// A raw control character in a string.
    #[error("a control character in a string must be escaped")]
    ControlCharacter,
    /// Valid, but not in the one spelling of RFC 8785.
    #[error("the JSON is not in canonical form (RFC 8785): {0}")]
    NotCanonical(&'static str),
    /// A value of a program that has no strict JSON form.
    #[error("{0}")]
    Serialize(String),
}
