//! Small spellings shared by the text formats: decimals, hexadecimal, base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Reads an ASCII decimal without sign and without leading zeros.
pub(crate) fn decimal(digits: &str) -> Option<u64> {
    let canonical = digits == "0" || !digits.starts_with('0');
    let ascii = digits.bytes().all(|byte| byte.is_ascii_digit());
    (canonical && ascii).then(|| digits.parse().ok()).flatten()
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

/// Reads exactly as many lower-case hexadecimal digits as fill `out`.
pub(crate) fn unhex(digits: &str, out: &mut [u8]) -> Option<()> {
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if pairs.len() != out.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in out.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(())
}

/// The value of one lower-case hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads canonical standard base64 with padding.
pub(crate) fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether a note may hold `text`: no control characters below U+0020 but newline.
pub(crate) fn is_note_text(text: &str) -> bool {
    text.bytes().all(|byte| byte >= 0x20 || byte == b'\n')
}

/// Whether `line` may stand alone on one line of a note.
pub(crate) fn is_note_line(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|byte| byte >= 0x20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_has_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "18446744073709551616", "1_0", "١"] {
            assert_eq!(decimal(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn hexadecimal_is_lower_case_and_of_exact_length() {
        let mut out = [0; 2];
        assert_eq!(unhex("00ff", &mut out), Some(()));
        assert_eq!((out, hex(&out).as_str()), ([0x00, 0xff], "00ff"));
        for wrong in ["", "00f", "00fff", "00FF", "0x00", "0g00"] {
            assert_eq!(unhex(wrong, &mut out), None, "{wrong:?}");
        }
    }
}
