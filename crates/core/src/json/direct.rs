//! From canonical bytes straight into types: one pass that checks the spelling and builds nothing in between.
//!
//! What is read here was canonical (RFC 8785) and of its types, so that
//! [`check_canonical`](super::check_canonical) and [`from_objects`](super::from_objects) would have said yes with
//! the same value. The opposite is not promised: strings with escapes and names beyond ASCII are left to those two,
//! who also say what is wrong. So a value that is not read here is not refused yet.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::scan::Scanner;

/// The text is left to the slower readers. It says nothing more, because they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDirect;

impl fmt::Display for NotDirect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("this is not plain canonical JSON of its type")
    }
}

impl std::error::Error for NotDirect {}

impl de::Error for NotDirect {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A place in a text that is read straight into types.
pub struct Direct<'de> {
    scan: Scanner<'de>,
    /// How many levels may still be entered.
    levels: usize,
}

impl<'de> Direct<'de> {
    /// Begins at the first byte.
    ///
    /// # Errors
    ///
    /// The bytes are not UTF-8.
    pub fn new(bytes: &'de [u8], max_depth: usize) -> Result<Self, NotDirect> {
        let scan = Scanner::new(bytes).map_err(|_| NotDirect)?;
        Ok(Self { scan, levels: max_depth })
    }

    /// The whole text.
    pub fn text(&self) -> &'de str {
        self.scan.text
    }

    /// Takes exactly this text. Whoever takes the names of members so answers for their order.
    ///
    /// # Errors
    ///
    /// Something else stands there.
    pub fn exactly(&mut self, fixed: &str) -> Result<(), NotDirect> {
        let rest = self.scan.text.as_bytes().get(self.scan.at..).unwrap_or_default();
        if rest.starts_with(fixed.as_bytes()) {
            self.scan.at += fixed.len();
            return Ok(());
        }
        Err(NotDirect)
    }

    /// Reads a value within an object that was entered by [`Direct::exactly`].
    ///
    /// # Errors
    ///
    /// It is not plain, canonical and of its type.
    pub fn member<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, NotDirect> {
        self.enter()?;
        let value = seed.deserialize(&mut *self)?;
        self.levels += 1;
        Ok(value)
    }

    /// Says that the text ends here.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn end(&self) -> Result<(), NotDirect> {
        if self.scan.at == self.scan.text.len() { Ok(()) } else { Err(NotDirect) }
    }

    fn enter(&mut self) -> Result<(), NotDirect> {
        self.levels = self.levels.checked_sub(1).ok_or(NotDirect)?;
        Ok(())
    }

    fn take(&mut self, byte: u8) -> Result<(), NotDirect> {
        if self.scan.take(byte) { Ok(()) } else { Err(NotDirect) }
    }

    fn word(&mut self, word: &str) -> Result<(), NotDirect> {
        self.exactly(word)
    }

    fn string(&mut self) -> Result<&'de str, NotDirect> {
        self.take(b'"')?;
        let text = self.scan.plain();
        self.take(b'"')?;
        Ok(text)
    }
}

impl<'de> Deserializer<'de> for &mut Direct<'de> {
    type Error = NotDirect;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        match self.scan.peek() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'{') => self.deserialize_map(visitor),
            Some(b'[') => self.deserialize_seq(visitor),
            Some(b't') => {
                self.word("true")?;
                visitor.visit_bool(true)
            }
            Some(b'f') => {
                self.word("false")?;
                visitor.visit_bool(false)
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.scan.integer().map_err(|_| NotDirect)?;
                match u64::try_from(number) {
                    Ok(number) => visitor.visit_u64(number),
                    Err(_) => visitor.visit_i64(number),
                }
            }
            Some(_) | None => Err(NotDirect),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        visitor.visit_borrowed_str(self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        self.deserialize_str(visitor)
    }

    /// There is no `null`, so what stands here is something.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, NotDirect> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        self.take(b'[')?;
        self.enter()?;
        let value = visitor.visit_seq(Elements { direct: self, first: true })?;
        // A visitor may stop before the end; then the list is not of its type.
        self.take(b']')?;
        self.levels += 1;
        Ok(value)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, NotDirect> {
        self.take(b'{')?;
        self.enter()?;
        let value = visitor.visit_map(Members { direct: self, before: None })?;
        self.take(b'}')?;
        self.levels += 1;
        Ok(value)
    }

    /// A structure is read from an object alone.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotDirect> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, NotDirect> {
        visitor.visit_enum(Name(self.string()?))
    }

    /// What is not looked at is left to readers that look at everything.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotDirect> {
        Err(NotDirect)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotDirect> {
        Err(NotDirect)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, _: V) -> Result<V::Value, NotDirect> {
        Err(NotDirect)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char unit unit_struct tuple tuple_struct
    }
}

/// What follows in a list.
struct Elements<'a, 'de> {
    direct: &'a mut Direct<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = NotDirect;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, NotDirect> {
        if self.direct.scan.peek() == Some(b']') {
            // After a comma no list ends.
            return Ok(None);
        }
        if !std::mem::take(&mut self.first) {
            self.direct.take(b',')?;
        }
        seed.deserialize(&mut *self.direct).map(Some)
    }
}

/// What follows in an object.
struct Members<'a, 'de> {
    direct: &'a mut Direct<'de>,
    before: Option<&'de str>,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = NotDirect;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, NotDirect> {
        if self.direct.scan.peek() == Some(b'}') {
            return Ok(None);
        }
        if self.before.is_some() {
            self.direct.take(b',')?;
        }
        let name = self.direct.string()?;
        // Among ASCII names the order of RFC 8785 is that of the bytes; equal ones are a duplicate.
        if !name.is_ascii() || self.before.is_some_and(|before| before >= name) {
            return Err(NotDirect);
        }
        self.before = Some(name);
        self.direct.take(b':')?;
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, NotDirect> {
        seed.deserialize(&mut *self.direct)
    }
}

/// A code of a list: an enum without content.
struct Name<'de>(&'de str);

impl<'de> EnumAccess<'de> for Name<'de> {
    type Error = NotDirect;
    type Variant = Bare;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Bare), NotDirect> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(self.0))?, Bare))
    }
}

/// Nothing follows a code.
struct Bare;

impl<'de> VariantAccess<'de> for Bare {
    type Error = NotDirect;

    fn unit_variant(self) -> Result<(), NotDirect> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, NotDirect> {
        Err(NotDirect)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, NotDirect> {
        Err(NotDirect)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, NotDirect> {
        Err(NotDirect)
    }
}
