//! Reading strict JSON in any spelling into a tree.

use super::scan::Scanner;
use super::{JsonError, MAX_DEPTH, Problem, Value, key_order};

/// How much a reader is ready to take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Levels of objects and lists within each other; a bare number has none. Never above [`MAX_DEPTH`].
    pub max_depth: usize,
    /// Bytes of the whole text, white space included.
    pub max_bytes: usize,
}

/// Reads one strict JSON value that fills all of `bytes`, in any order of members and with any white space.
///
/// # Errors
///
/// Says what is wrong and at which byte: not JSON, not UTF-8, a duplicate member, `null`, a number that is
/// not an integer within ±(2^53−1) or is `-0`, half of a surrogate pair, too deep, too long.
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.max_bytes {
        return Err(JsonError::new(limits.max_bytes, Problem::TooLong(limits.max_bytes)));
    }
    let mut parser = Parser { scan: Scanner::new(bytes)?, max_depth: limits.max_depth.min(MAX_DEPTH) };
    parser.scan.space();
    let value = parser.value(0)?;
    parser.scan.space();
    if parser.scan.peek().is_some() {
        return parser.scan.fail(Problem::Trailing);
    }
    Ok(value)
}

struct Parser<'a> {
    scan: Scanner<'a>,
    max_depth: usize,
}

impl Parser<'_> {
    /// Reads a value that has `depth` levels around it. Recursion ends at `max_depth`.
    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        match self.scan.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::Str(self.string()?)),
            Some(b'-' | b'0'..=b'9') => Ok(Value::Int(self.scan.integer()?)),
            Some(b't') => self.scan.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.scan.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => {
                let start = self.scan.at;
                self.scan.word("null")?;
                Err(JsonError::new(start, Problem::Null))
            }
            Some(_) | None => self.scan.unexpected(),
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= self.max_depth {
            return self.scan.fail(Problem::TooDeep(self.max_depth));
        }
        self.scan.at += 1;
        self.scan.space();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.enter(depth)?;
        let mut elements = Vec::new();
        if self.scan.take(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.scan.space();
            if self.scan.take(b']') {
                return Ok(Value::Array(elements));
            }
            self.scan.expect(b',')?;
            self.scan.space();
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        let start = self.scan.at;
        self.enter(depth)?;
        let mut members: Vec<(String, Value)> = Vec::new();
        let mut sorted = true;
        if self.scan.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            if self.scan.peek() != Some(b'"') {
                return self.scan.unexpected();
            }
            let name = self.string()?;
            self.scan.space();
            self.scan.expect(b':')?;
            self.scan.space();
            let value = match self.value(depth + 1) {
                Ok(value) => value,
                Err(mut error) => {
                    if depth == 0 {
                        error.member = Some(name);
                    }
                    return Err(error);
                }
            };
            sorted = sorted && members.last().is_none_or(|(before, _)| key_order(before, &name).is_lt());
            members.push((name, value));
            self.scan.space();
            if self.scan.take(b'}') {
                break;
            }
            self.scan.expect(b',')?;
            self.scan.space();
        }
        if sorted {
            return Ok(Value::Object(members));
        }
        Value::object(members).map_err(|name| {
            let member = (depth == 0).then(|| name.clone());
            JsonError { offset: start, problem: Problem::Duplicate(name), member }
        })
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.scan.expect(b'"')?;
        let mut text = self.scan.plain().to_owned();
        loop {
            match self.scan.peek() {
                Some(b'"') => {
                    self.scan.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.scan.at += 1;
                    text.push(self.scan.escape()?);
                    text.push_str(self.scan.plain());
                }
                Some(_) => return self.scan.fail(Problem::ControlCharacter),
                None => return self.scan.fail(Problem::Ends),
            }
        }
    }
}
