//! From types straight into canonical bytes, where nothing has to be put in order first.
//!
//! What is written here is the canonical form (RFC 8785). Values whose members do not come in order, that hold what
//! strict JSON does not have, or names beyond plain ASCII are left to the way over a tree, which also says what is
//! wrong. Types of this ledger declare their members in order, so theirs are written here.

use std::fmt::{self, Write as _};

use serde::ser::{self, Impossible, Serialize, Serializer};

use super::MAX_INTEGER;
use super::direct::NotDirect;
use super::scan::plain_run;
use super::write::{integer_into, string_into};

impl ser::Error for NotDirect {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Writes a value in canonical form.
///
/// # Errors
///
/// It is left to the way over a tree.
pub fn written<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, NotDirect> {
    let mut out = Vec::with_capacity(1_024);
    value.serialize(Writer(&mut out))?;
    Ok(out)
}

/// Writes one value at the end.
struct Writer<'a>(&'a mut Vec<u8>);

/// Lets a value be printed at the end, without a text in between.
struct Print<'a>(&'a mut Vec<u8>);

impl fmt::Write for Print<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Bytes that stand for themselves between quotation marks, and sort as RFC 8785 sorts names.
fn is_plain(text: &[u8]) -> bool {
    text.is_ascii() && plain_run(text) == text.len()
}

impl Writer<'_> {
    fn integer(self, number: i64) -> Result<(), NotDirect> {
        if !(-MAX_INTEGER..=MAX_INTEGER).contains(&number) {
            return Err(NotDirect);
        }
        integer_into(number, self.0);
        Ok(())
    }
}

impl<'a> Serializer for Writer<'a> {
    type Ok = ();
    type Error = NotDirect;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = Impossible<(), NotDirect>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Impossible<(), NotDirect>;

    fn serialize_bool(self, truth: bool) -> Result<(), NotDirect> {
        self.0.extend_from_slice(if truth { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, number: i8) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_i64(self, number: i64) -> Result<(), NotDirect> {
        self.integer(number)
    }

    fn serialize_u8(self, number: u8) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<(), NotDirect> {
        self.integer(number.into())
    }

    fn serialize_u64(self, number: u64) -> Result<(), NotDirect> {
        self.integer(i64::try_from(number).map_err(|_| NotDirect)?)
    }

    fn serialize_f32(self, _: f32) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_f64(self, _: f64) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_char(self, character: char) -> Result<(), NotDirect> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), NotDirect> {
        string_into(text, self.0);
        Ok(())
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<(), NotDirect> {
        self.0.push(b'"');
        let start = self.0.len();
        write!(Print(self.0), "{value}").map_err(|_| NotDirect)?;
        if !self.0.get(start..).is_some_and(is_plain) {
            return Err(NotDirect);
        }
        self.0.push(b'"');
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    /// There is no `null`.
    fn serialize_none(self) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotDirect> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, code: &'static str) -> Result<(), NotDirect> {
        self.serialize_str(code)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), NotDirect> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotDirect> {
        Err(NotDirect)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, NotDirect> {
        self.0.push(b'[');
        Ok(List { out: self.0, first: true })
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'a>, NotDirect> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List<'a>, NotDirect> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, NotDirect> {
        Err(NotDirect)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Object<'a>, NotDirect> {
        self.0.push(b'{');
        Ok(Object { out: self.0, before: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Members<'a>, NotDirect> {
        // JSON that stands as it is comes under a name of its reader's own.
        if name.starts_with("$serde_json::private::") {
            return Err(NotDirect);
        }
        self.0.push(b'{');
        Ok(Members { out: self.0, before: None })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, NotDirect> {
        Err(NotDirect)
    }
}

/// A list that is being written.
pub struct List<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl List<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotDirect> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        value.serialize(Writer(self.out))
    }
}

macro_rules! list {
    ($($trait:ident $element:ident)+) => {
        $(impl ser::$trait for List<'_> {
            type Ok = ();
            type Error = NotDirect;

            fn $element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotDirect> {
                self.element(value)
            }

            fn end(self) -> Result<(), NotDirect> {
                self.out.push(b']');
                Ok(())
            }
        })+
    };
}
list!(SerializeSeq serialize_element SerializeTuple serialize_element SerializeTupleStruct serialize_field);

/// An object that is being written.
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    /// Where the name before this one stands, without its quotation marks.
    before: Option<(usize, usize)>,
}

impl Object<'_> {
    /// Takes the name that was written from here on, quotation marks and all, if it is the next in order.
    fn named(&mut self, from: usize) -> Result<(), NotDirect> {
        let place = (from + 1, self.out.len().saturating_sub(1));
        let written = self.out.get(from..).unwrap_or_default();
        let [b'"', name @ .., b'"'] = written else { return Err(NotDirect) };
        let after = self.before.is_none_or(|(from, to)| self.out.get(from..to).is_some_and(|before| before < name));
        if !after || !is_plain(name) {
            return Err(NotDirect);
        }
        self.before = Some(place);
        self.out.push(b':');
        Ok(())
    }

    fn name<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), NotDirect> {
        if self.before.is_some() {
            self.out.push(b',');
        }
        let from = self.out.len();
        name.serialize(Writer(self.out))?;
        self.named(from)
    }
}

impl ser::SerializeMap for Object<'_> {
    type Ok = ();
    type Error = NotDirect;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, name: &T) -> Result<(), NotDirect> {
        self.name(name)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotDirect> {
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<(), NotDirect> {
        self.out.push(b'}');
        Ok(())
    }
}

/// A structure that is being written: its names are known before they are written.
pub struct Members<'a> {
    out: &'a mut Vec<u8>,
    before: Option<&'static str>,
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = NotDirect;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), NotDirect> {
        if self.before.is_some_and(|before| before >= name) || !is_plain(name.as_bytes()) {
            return Err(NotDirect);
        }
        self.out.extend_from_slice(if self.before.is_some() { b",\"" } else { b"\"" });
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.before = Some(name);
        value.serialize(Writer(self.out))
    }

    fn end(self) -> Result<(), NotDirect> {
        self.out.push(b'}');
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::written;
    use crate::json::{jcs, to_value};

    /// The way over a tree, which is the older one.
    fn over_a_tree(value: &impl Serialize) -> Option<Vec<u8>> {
        to_value(value).ok().map(|value| jcs(&value))
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let names = || prop_oneof!["[a-c]{0,2}", "[ -~]{0,4}", "\\PC{0,3}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-300_i64..300).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
            "[\\x00-\\x7f]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(names(), inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_the_tree_gives(value in any_value()) {
            if let Ok(bytes) = written(&value) {
                prop_assert_eq!(Some(bytes), over_a_tree(&value));
            }
        }
    }

    #[derive(Serialize)]
    struct Ordered {
        code: char,
        list: (u8, &'static str),
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<bool>,
        number: i64,
    }

    #[derive(Serialize)]
    struct Unordered {
        second: u8,
        first: u8,
    }

    #[test]
    fn ordinary_types_are_written_and_all_others_are_left() {
        let ordered = |maybe| Ordered { code: 'é', list: (1, "a\"b"), maybe, number: -7 };
        for maybe in [None, Some(true)] {
            assert_eq!(written(&ordered(maybe)).ok(), over_a_tree(&ordered(maybe)));
        }
        assert!(written(&ordered(None)).is_ok());
        assert!(written(&Unordered { second: 2, first: 1 }).is_err());
        assert!(written(&json!({ "a": null })).is_err());
        assert!(written(&json!([0.5])).is_err());
        assert!(written(&json!({ "é": 1 })).is_err());
        assert!(written(&BTreeMap::from([(1, 2)])).is_err(), "a number is no name");
        assert!(written(&serde_json::value::to_raw_value(&1).unwrap()).is_err());
        assert!(written(&9_007_199_254_740_992_u64).is_err());
        assert_eq!(written(&json!({ "a": [1, {}], "b": "x\n" })).unwrap(), br#"{"a":[1,{}],"b":"x\n"}"#);
    }
}
