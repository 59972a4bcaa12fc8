//! Reading the one canonical spelling of envelope and entry, without a JSON reader.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Envelope, EnvelopeSignature, KeyId, MAX_SIGNATURES, WireError};

/// A place in canonical bytes. Every step takes exactly what must stand there.
pub(super) struct Cursor<'a> {
    whole: usize,
    rest: &'a [u8],
}

/// Where the first quotation mark stands. A payload is long: whole pieces without one are passed over at once.
fn quote(bytes: &[u8]) -> Option<usize> {
    let (pieces, _) = bytes.as_chunks::<32>();
    let quotes = |piece: &&[u8; 32]| piece.iter().fold(0, |found, byte| found | u8::from(*byte == b'"'));
    let plain = pieces.iter().take_while(|piece| quotes(piece) == 0).count() * 32;
    let rest = bytes.get(plain..)?;
    rest.iter().position(|&byte| byte == b'"').map(|at| plain + at)
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { whole: bytes.len(), rest: bytes }
    }

    fn wrong<T>(&self, expected: &str) -> Result<T, WireError> {
        let at = self.whole - self.rest.len();
        Err(WireError::Envelope(format!("at byte {at}, {expected}; only the canonical spelling is accepted")))
    }

    fn take(&mut self, fixed: &str) -> bool {
        let rest = self.rest.strip_prefix(fixed.as_bytes());
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    pub fn expect(&mut self, fixed: &str) -> Result<(), WireError> {
        if self.take(fixed) { Ok(()) } else { self.wrong(&format!("expected `{fixed}`")) }
    }

    pub fn end(&self) -> Result<(), WireError> {
        if self.rest.is_empty() { Ok(()) } else { self.wrong("expected the end") }
    }

    /// What stands before the next quotation mark.
    pub fn until_quote(&mut self) -> Result<&'a [u8], WireError> {
        let Some(length) = quote(self.rest) else {
            return self.wrong("expected a closing quotation mark");
        };
        let (inside, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(inside)
    }

    pub fn envelope(&mut self, payload_type: &'static str) -> Result<Envelope, WireError> {
        self.expect("{\"payload\":\"")?;
        let Ok(payload) = STANDARD.decode(self.until_quote()?) else {
            return self.wrong("expected padded standard base64 before this");
        };
        self.expect("\",\"payloadType\":\"")?;
        self.expect(payload_type)?;
        self.expect("\",\"signatures\":[")?;
        let mut signatures: Vec<EnvelopeSignature> = Vec::with_capacity(2);
        loop {
            let signature = self.signature()?;
            if signatures.last().is_some_and(|before| before.keyid >= signature.keyid) {
                return self.wrong("expected signatures in the order of their keyid, each once, before this");
            }
            signatures.push(signature);
            if !self.take(",") {
                break;
            }
        }
        if signatures.len() > MAX_SIGNATURES {
            return self.wrong("expected at most 16 signatures before this");
        }
        self.expect("]}")?;
        Ok(Envelope { payload_type, payload, signatures })
    }

    fn signature(&mut self) -> Result<EnvelopeSignature, WireError> {
        self.expect("{\"keyid\":\"")?;
        let keyid = std::str::from_utf8(self.until_quote()?).ok().and_then(|text| text.parse::<KeyId>().ok());
        let Some(keyid) = keyid else {
            return self.wrong("expected 64 lower-case hexadecimal digits before this");
        };
        self.expect("\",\"sig\":\"")?;
        let sig = STANDARD.decode(self.until_quote()?).ok().and_then(|bytes| <[u8; 64]>::try_from(bytes).ok());
        let Some(sig) = sig else {
            return self.wrong("expected the 64 bytes of a signature in base64 before this");
        };
        self.expect("\"}")?;
        Ok(EnvelopeSignature { keyid, sig })
    }
}
