//! The cursor that both readers share: numbers, strings and white space, over bytes known to be UTF-8.

use super::{JsonError, MAX_INTEGER, Problem};

/// How many bytes stand for themselves in a string, up to a quotation mark, a backslash, a control character or the
/// end. Half of an event is long runs of digits, and the other half names: whole pieces without anything special are
/// passed over at once.
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    let specials = |piece: &&[u8; 16]| piece.iter().fold(0, |found, &byte| found | u8::from(special(byte)));
    let (pieces, rest) = bytes.as_chunks::<16>();
    let passed = pieces.iter().take_while(|piece| specials(piece) == 0).count();
    let mut before = passed * 16;
    if passed == pieces.len()
        && let Some(eight) = rest.first_chunk::<8>()
        && !has_special(u64::from_le_bytes(*eight))
    {
        before += 8;
    }
    let behind = bytes.get(before..).unwrap_or_default();
    before + behind.iter().position(|&byte| special(byte)).unwrap_or(behind.len())
}

/// Whether any of eight bytes is special: one that is below a bound takes its highest bit from the byte above.
fn has_special(eight: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x80 * ONES;
    let below = |eight: u64, bound: u64| eight.wrapping_sub(bound * ONES) & !eight & HIGH;
    (below(eight, 0x20) | below(eight ^ (0x22 * ONES), 1) | below(eight ^ (0x5C * ONES), 1)) != 0
}

/// A place in a JSON text.
pub(super) struct Scanner<'a> {
    /// The whole text.
    pub text: &'a str,
    /// The next byte to read.
    pub at: usize,
}

impl<'a> Scanner<'a> {
    /// Begins at the first byte, once the bytes are known to be UTF-8.
    pub fn new(bytes: &'a [u8]) -> Result<Scanner<'a>, JsonError> {
        let text = std::str::from_utf8(bytes).map_err(|error| JsonError::new(error.valid_up_to(), Problem::NotUtf8))?;
        Ok(Scanner { text, at: 0 })
    }

    pub fn fail<T>(&self, problem: Problem) -> Result<T, JsonError> {
        Err(JsonError::new(self.at, problem))
    }

    /// The next byte, if there is one.
    pub fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Takes the next byte if it is this one.
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Takes the next byte, which must be this one.
    pub fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) { Ok(()) } else { self.unexpected() }
    }

    /// Says that the text stops here, or that what stands here cannot.
    pub fn unexpected<T>(&self) -> Result<T, JsonError> {
        self.fail(if self.peek().is_none() { Problem::Ends } else { Problem::Unexpected })
    }

    /// Steps over white space and says whether there was some.
    pub fn space(&mut self) -> bool {
        let from = self.at;
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.at > from
    }

    /// Takes this word whole.
    pub fn word(&mut self, word: &str) -> Result<(), JsonError> {
        for byte in word.bytes() {
            self.expect(byte)?;
        }
        Ok(())
    }

    /// Reads an integer. What it accepts has one spelling, so it is canonical as well.
    pub fn integer(&mut self) -> Result<i64, JsonError> {
        let start = self.at;
        let negative = self.take(b'-');
        let first = self.at;
        let mut magnitude: i64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // Saturating keeps a number of a thousand digits too big.
            magnitude = magnitude.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 {
            return self.fail(if self.peek().is_none() { Problem::Ends } else { Problem::BadNumber });
        }
        let problem = if digits > 1 && self.text.as_bytes().get(first) == Some(&b'0') {
            Problem::BadNumber
        } else if let Some(b'.' | b'e' | b'E') = self.peek() {
            Problem::Fraction
        } else if magnitude > MAX_INTEGER {
            Problem::TooBig
        } else if negative && magnitude == 0 {
            Problem::NegativeZero
        } else {
            return Ok(if negative { -magnitude } else { magnitude });
        };
        Err(JsonError::new(start, problem))
    }

    /// Reads the run of plain characters of a string from here, and stops before a quotation mark,
    /// a backslash, a control character or the end.
    pub fn plain(&mut self) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let run = plain_run(rest);
        self.at = start + run;
        // INVARIANT: both ends stand at an ASCII byte or an end of the text, so at a character.
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Reads what follows a backslash and gives the character.
    pub fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        let Some(byte) = self.peek() else {
            return self.fail(Problem::Ends);
        };
        self.at += 1;
        let plain = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b't' => '\t',
            b'n' => '\n',
            b'f' => '\u{c}',
            b'r' => '\r',
            b'u' => return self.unicode(start),
            _ => return Err(JsonError::new(start, Problem::BadEscape)),
        };
        Ok(plain)
    }

    /// Reads four hexadecimal digits, and a second escape where the first is half of a pair.
    fn unicode(&mut self, start: usize) -> Result<char, JsonError> {
        let lone = || JsonError::new(start, Problem::LoneSurrogate);
        let unit = self.four()?;
        let code = match unit {
            0xD800..=0xDBFF => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return Err(lone());
                }
                let low = self.four()?;
                if !(0xDC00..=0xDFFF).contains(&low) {
                    return Err(lone());
                }
                0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
            }
            _ => unit,
        };
        // A low half on its own is not a character, and falls out here.
        char::from_u32(code).ok_or_else(lone)
    }

    fn four(&mut self) -> Result<u32, JsonError> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(byte) = self.peek() else {
                return self.fail(Problem::Ends);
            };
            let Some(digit) = char::from(byte).to_digit(16) else {
                return self.fail(Problem::BadEscape);
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::plain_run;

    fn counted(bytes: &[u8]) -> usize {
        bytes.iter().take_while(|&&byte| byte >= 0x20 && byte != b'"' && byte != b'\\').count()
    }

    #[test]
    fn a_run_ends_at_the_first_special_byte_wherever_it_stands() {
        for length in 0..40 {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes.iter_mut().skip(place).take(1).for_each(|here| *here = byte);
                    assert_eq!(plain_run(&bytes), counted(&bytes), "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_run_is_as_long_as_counted(bytes in prop::collection::vec(prop_oneof![Just(0x20), Just(0x7F), Just(0x80), any::<u8>()], 0..50)) {
            prop_assert_eq!(plain_run(&bytes), counted(&bytes));
        }
    }
}
