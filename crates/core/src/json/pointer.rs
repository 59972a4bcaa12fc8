//! JSON Pointers (RFC 6901): how a commitment, a change or a message names a place in a document.

use std::fmt;
use std::str::FromStr;

use super::Value;

/// A place in a JSON document, as the names and positions on the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<String>);

/// Why a text is not a JSON Pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// Neither empty nor beginning with `/`.
    #[error("a JSON Pointer is empty or begins with `/`")]
    NoSlash,
    /// `~` is followed by neither `0` nor `1`.
    #[error("in a JSON Pointer, write `~0` for `~` and `~1` for `/`")]
    BadTilde,
}

impl Pointer {
    /// The pointer to the whole document.
    pub fn root() -> Pointer {
        Pointer::default()
    }

    /// The names and positions on the way, unescaped.
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// The place of this name or position within the place.
    #[must_use]
    pub fn child(&self, token: impl Into<String>) -> Pointer {
        let mut tokens = self.0.clone();
        tokens.push(token.into());
        Pointer(tokens)
    }

    /// The value at this place of `document`, if there is one.
    pub fn lookup<'v>(&self, document: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(document, |value, token| match value {
            Value::Object(_) => value.member(token),
            Value::Array(elements) => elements.get(position(token)?),
            Value::Bool(_) | Value::Int(_) | Value::Str(_) => None,
        })
    }
}

/// A position in a list: digits without a leading zero (RFC 6901, 4).
fn position(token: &str) -> Option<usize> {
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (token.len() > 1 && token.starts_with('0')) {
        return None;
    }
    token.parse().ok()
}

/// Writes `token` behind `pointer`, escaped, with its slash.
pub fn push(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for token in &self.0 {
            push(&mut text, token);
        }
        f.write_str(&text)
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Pointer, PointerError> {
        let mut parts = text.split('/');
        if parts.next() != Some("") {
            return Err(PointerError::NoSlash);
        }
        parts.map(unescape).collect::<Result<_, _>>().map(Pointer)
    }
}

fn unescape(part: &str) -> Result<String, PointerError> {
    let mut token = String::with_capacity(part.len());
    let mut characters = part.chars();
    while let Some(character) = characters.next() {
        token.push(match character {
            '~' => match characters.next() {
                Some('0') => '~',
                Some('1') => '/',
                Some(_) | None => return Err(PointerError::BadTilde),
            },
            other => other,
        });
    }
    Ok(token)
}

impl serde::Serialize for Pointer {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Pointer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Pointer, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Pointer, PointerError};
    use crate::json::{Limits, Value, parse};

    #[test]
    fn the_examples_of_the_standard_are_found() {
        let text = br#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#;
        let document = parse(text, Limits { max_depth: 4, max_bytes: 1_000 }).unwrap();
        let at = |pointer: &str| pointer.parse::<Pointer>().unwrap().lookup(&document).cloned();
        assert_eq!(at(""), Some(document.clone()));
        assert_eq!(at("/foo/0"), Some(Value::Str("bar".into())));
        let numbered = ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"];
        for (number, pointer) in (0..).zip(numbered) {
            assert_eq!(at(pointer), Some(Value::Int(number)), "{pointer}");
            assert_eq!(pointer.parse::<Pointer>().unwrap().to_string(), pointer);
        }
        for nowhere in ["/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/0/x", "/bar", "/foo/99999999999999999999"] {
            assert_eq!(at(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn what_is_not_a_pointer_is_refused() {
        assert_eq!("foo".parse::<Pointer>(), Err(PointerError::NoSlash));
        assert_eq!("/a~2".parse::<Pointer>(), Err(PointerError::BadTilde));
        assert_eq!("/a~".parse::<Pointer>(), Err(PointerError::BadTilde));
    }
}
