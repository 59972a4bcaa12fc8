//! Saying whether bytes are canonical without building anything.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::scan::Scanner;
use super::{JsonError, MAX_DEPTH, Problem, key_order};

/// Says whether `bytes` are exactly the JCS form (RFC 8785) of a strict value of at most `max_depth` levels.
///
/// One pass, no tree: this stands before every payload that is decided or audited. It accepts `bytes`
/// just when parsing them and writing the value again would give the same bytes, and gives them as text.
///
/// # Errors
///
/// What is wrong, and at which byte.
pub fn check_canonical(bytes: &[u8], max_depth: usize) -> Result<&str, JsonError> {
    let mut checker = Checker { scan: Scanner::new(bytes)?, max_depth: max_depth.min(MAX_DEPTH) };
    checker.value(0)?;
    match checker.scan.peek() {
        None => Ok(checker.scan.text),
        Some(b' ' | b'\t' | b'\n' | b'\r') => checker.space(),
        Some(_) => checker.scan.fail(Problem::Trailing),
    }
}

/// A member's name as it stands between the quotation marks.
#[derive(Clone, Copy)]
struct Name<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Name<'a> {
    fn text(self) -> Cow<'a, str> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        // INVARIANT: the checker has read every escape of `raw` once, so none fails here.
        let mut text = String::with_capacity(self.raw.len());
        let mut scan = Scanner { text: self.raw, at: 0 };
        loop {
            text.push_str(scan.plain());
            if !scan.take(b'\\') {
                return Cow::Owned(text);
            }
            text.extend(scan.escape());
        }
    }
}

struct Checker<'a> {
    scan: Scanner<'a>,
    max_depth: usize,
}

impl<'a> Checker<'a> {
    fn space<T>(&self) -> Result<T, JsonError> {
        self.scan.fail(Problem::NotCanonical("it has white space between values"))
    }

    /// Checks a value that has `depth` levels around it. Recursion ends at `max_depth`.
    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.scan.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.scan.integer().map(|_| ()),
            Some(b't') => self.scan.word("true"),
            Some(b'f') => self.scan.word("false"),
            Some(b'n') => {
                let start = self.scan.at;
                self.scan.word("null")?;
                Err(JsonError::new(start, Problem::Null))
            }
            Some(_) | None => self.wrong(),
        }
    }

    /// Says that what stands here cannot, and whether white space is the reason.
    fn wrong<T>(&self) -> Result<T, JsonError> {
        match self.scan.peek() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => self.space(),
            Some(_) | None => self.scan.unexpected(),
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.scan.take(byte) { Ok(()) } else { self.wrong() }
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= self.max_depth {
            return self.scan.fail(Problem::TooDeep(self.max_depth));
        }
        self.scan.at += 1;
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.enter(depth)?;
        if self.scan.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            if self.scan.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.enter(depth)?;
        if self.scan.take(b'}') {
            return Ok(());
        }
        let mut before: Option<Name<'a>> = None;
        loop {
            let start = self.scan.at;
            let name = self.string()?;
            if let Some(before) = before {
                match order(before, name) {
                    Ordering::Less => {}
                    Ordering::Equal => {
                        return Err(JsonError::new(start, Problem::Duplicate(name.text().into_owned())));
                    }
                    Ordering::Greater => {
                        return Err(JsonError::new(start, Problem::NotCanonical("its members are not in order")));
                    }
                }
            }
            before = Some(name);
            self.expect(b':')?;
            self.value(depth + 1)?;
            if self.scan.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    fn string(&mut self) -> Result<Name<'a>, JsonError> {
        self.expect(b'"')?;
        let start = self.scan.at;
        let mut escaped = false;
        loop {
            self.scan.plain();
            match self.scan.peek() {
                Some(b'"') => {
                    let raw = self.scan.text.get(start..self.scan.at).unwrap_or_default();
                    self.scan.at += 1;
                    return Ok(Name { raw, escaped });
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return self.scan.fail(Problem::ControlCharacter),
                None => return self.scan.fail(Problem::Ends),
            }
        }
    }

    /// Checks that an escape is one that JCS writes, in the way JCS writes it (RFC 8785, 3.2.2.2).
    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.scan.at;
        self.scan.at += 1;
        let character = self.scan.escape()?;
        let written = self.scan.text.get(start..self.scan.at).unwrap_or_default();
        let mut canonical = Vec::with_capacity(6);
        super::write::escape_into(character, &mut canonical);
        if written.as_bytes() == canonical {
            return Ok(());
        }
        Err(JsonError::new(start, Problem::NotCanonical("it escapes a character that is written otherwise")))
    }
}

fn order(a: Name<'_>, b: Name<'_>) -> Ordering {
    if a.escaped || b.escaped { key_order(&a.text(), &b.text()) } else { key_order(a.raw, b.raw) }
}
