//! Instants and calendar dates, as the wire spells them.
//!
//! All arithmetic is on integers and on the Gregorian calendar; no library's idea of time enters a decision.

mod date;
mod timestamp;

pub use date::Date;
pub use timestamp::Timestamp;

/// The text is not in the one spelling that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an instant.
    #[error("write the time like 2026-03-01T09:00:00.000Z: UTC, three decimals, a date that exists, 1970 to 9999")]
    Timestamp,
    /// Not a date.
    #[error("write the date like 2026-03-01: a date that exists, years 0001 to 9999")]
    Date,
}

/// Milliseconds in a day.
pub const DAY_MS: i64 = 86_400_000;
/// Milliseconds in an hour.
pub const HOUR_MS: i64 = 3_600_000;

/// Reads exactly as many digits as `text` has bytes.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// Writes `number` with leading zeros.
fn push_padded(out: &mut String, number: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = number / 10_i64.pow(place) % 10;
        // INVARIANT: a remainder by 10 of a number that is not negative is one digit.
        out.push(u32::try_from(digit).ok().and_then(|digit| char::from_digit(digit, 10)).unwrap_or('0'));
    }
}

/// Gives a type its text form in serde and in schemas.
macro_rules! text_form {
    ($name:ident, $format:literal, $pattern:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut text = String::with_capacity(24);
                self.write_into(&mut text);
                f.pad(&text)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if !serializer.is_human_readable() {
                    return serializer.serialize_i64(self.number());
                }
                let mut text = String::with_capacity(24);
                self.write_into(&mut text);
                serializer.serialize_str(&text)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($format)
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                if deserializer.is_human_readable() {
                    deserializer.deserialize_str(Visitor)
                } else {
                    // Where nobody reads text it is a number.
                    let number = <i64 as serde::Deserialize>::deserialize(deserializer)?;
                    let wrong = || serde::de::Error::custom(concat!("no number is ", $format));
                    $name::from_number(number).ok_or_else(wrong)
                }
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}
use text_form;
