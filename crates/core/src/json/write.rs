//! Writing the canonical form (RFC 8785).

use super::Value;
use super::scan::plain_run;

/// The canonical bytes of a value.
pub fn jcs(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    jcs_into(value, &mut out);
    out
}

/// Writes the canonical bytes of a value at the end of `out`.
pub fn jcs_into(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(number) => integer_into(*number, out),
        Value::Str(text) => string_into(text, out),
        Value::Array(elements) => {
            out.push(b'[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                jcs_into(element, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            out.push(b'{');
            for (place, (name, member)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(b',');
                }
                string_into(name, out);
                out.push(b':');
                jcs_into(member, out);
            }
            out.push(b'}');
        }
    }
}

/// Writes an integer. Many stand in every event, so they do not pass through the machinery of printing.
pub(super) fn integer_into(number: i64, out: &mut Vec<u8>) {
    if number < 0 {
        out.push(b'-');
    }
    digits_into(number.unsigned_abs(), out);
}

/// Writes the decimal digits of a number.
pub(crate) fn digits_into(number: u64, out: &mut Vec<u8>) {
    if number >= 10 {
        digits_into(number / 10, out);
    }
    // INVARIANT: a remainder by 10 is one digit.
    out.push(b'0' + u8::try_from(number % 10).unwrap_or_default());
}

/// Writes a string with its quotation marks.
pub(super) fn string_into(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some((plain, special)) = rest.split_at_checked(plain_run(rest)) {
        out.extend_from_slice(plain);
        let Some((&byte, after)) = special.split_first() else {
            break;
        };
        escape_into(char::from(byte), out);
        rest = after;
    }
    out.push(b'"');
}

/// Writes one character as it stands inside a canonical string.
pub(super) fn escape_into(character: char, out: &mut Vec<u8>) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\u{8}' => out.extend_from_slice(b"\\b"),
        '\t' => out.extend_from_slice(b"\\t"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\u{c}' => out.extend_from_slice(b"\\f"),
        '\r' => out.extend_from_slice(b"\\r"),
        control if control < ' ' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes());
        }
        other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}
