//! The signed envelope: DSSE v1.0.2 in a strict profile.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cursor::Cursor;
use super::{Digest, KeyId, MAX_ENVELOPE, MAX_SIGNATURES, WireError};
use crate::json::{self, Limits, Value};

/// One signature of an envelope. That the key exists and the signature verifies is decided elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeSignature {
    /// The key that made it.
    pub keyid: KeyId,
    /// Ed25519 over the [`super::pae`] of the envelope.
    pub sig: [u8; 64],
}

/// A payload with the signatures that stand over it.
///
/// INVARIANT: made by [`Envelope::new`] or a parser, the signatures are 1 to 16, sorted by key id,
/// each key once, and the canonical bytes are at most [`MAX_ENVELOPE`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the payload is: [`super::EVENT_TYPE`], [`super::REFUSAL_TYPE`] or [`super::SESSION_TYPE`].
    pub payload_type: &'static str,
    /// The bytes that were signed, decoded.
    pub payload: Vec<u8>,
    /// The signatures, sorted by key id.
    pub signatures: Vec<EnvelopeSignature>,
}

impl Envelope {
    /// Puts an envelope together and sorts its signatures.
    ///
    /// # Errors
    ///
    /// `E02` without a signature, with more than 16, or with two by one key; `E05` when it is too large.
    pub fn new(
        payload_type: &'static str,
        payload: Vec<u8>,
        mut signatures: Vec<EnvelopeSignature>,
    ) -> Result<Envelope, WireError> {
        signatures.sort_by_key(|signature| signature.keyid);
        let twice = signatures.windows(2).find_map(|pair| match pair {
            [a, b] if a.keyid == b.keyid => Some(a.keyid),
            _ => None,
        });
        if let Some(keyid) = twice {
            return Err(WireError::Envelope(format!("two signatures name the key `{keyid}`")));
        }
        if signatures.is_empty() || signatures.len() > MAX_SIGNATURES {
            let count = signatures.len();
            return Err(WireError::Envelope(format!("it has {count} signatures; 1 to {MAX_SIGNATURES} are allowed")));
        }
        let envelope = Envelope { payload_type, payload, signatures };
        within_limit(envelope.canonical_len())?;
        Ok(envelope)
    }

    /// Reads an envelope from a request: any white space and order of members, but nothing else loose.
    ///
    /// # Errors
    ///
    /// `E01` when the bytes are not JSON; `E02` when they are no envelope, or one of another type; `E05` when it
    /// is too large.
    pub fn parse_request(bytes: &[u8], payload_type: &'static str) -> Result<Envelope, WireError> {
        let limits = Limits { max_depth: 8, max_bytes: super::MAX_SUBMISSION };
        let value = json::parse(bytes, limits).map_err(|error| {
            if error.is_about_a_value() { WireError::Envelope(error.to_string()) } else { WireError::Json(error) }
        })?;
        Envelope::from_value(&value, payload_type)
    }

    /// Reads an envelope that stands in a larger request.
    ///
    /// # Errors
    ///
    /// `E02` when it is no envelope, or one of another type; `E05` when it is too large.
    pub fn from_value(value: &Value, payload_type: &'static str) -> Result<Envelope, WireError> {
        let [payload, given_type, signatures] = members(value, "it", ["payload", "payloadType", "signatures"])?;
        if given_type.as_str() != Some(payload_type) {
            return Err(WireError::Envelope(format!("`payloadType` must be `{payload_type}`")));
        }
        let Some(signatures) = signatures.as_array() else {
            return Err(WireError::envelope("`signatures` must be a list"));
        };
        // Decoding comes after the check of size, so that a huge payload is not copied to be refused.
        within_limit(payload.as_str().map_or(0, str::len))?;
        let payload = bytes_of(payload, "payload")?;
        if signatures.len() > MAX_SIGNATURES {
            let count = signatures.len();
            return Err(WireError::Envelope(format!("it has {count} signatures; 1 to {MAX_SIGNATURES} are allowed")));
        }
        let signatures = signatures.iter().map(signature).collect::<Result<_, _>>()?;
        Envelope::new(payload_type, payload, signatures)
    }

    /// Reads the canonical spelling and refuses any other, so that writing gives the same bytes again.
    ///
    /// # Errors
    ///
    /// `E02` for any other spelling; `E05` when it is too large.
    pub fn parse_canonical(bytes: &[u8], payload_type: &'static str) -> Result<Envelope, WireError> {
        within_limit(bytes.len())?;
        let mut cursor = Cursor::new(bytes);
        let envelope = cursor.envelope(payload_type)?;
        cursor.end()?;
        Ok(envelope)
    }

    /// The one spelling that is recorded.
    pub fn canonical(&self) -> Vec<u8> {
        let mut out = String::with_capacity(self.canonical_len());
        self.canonical_into(&mut out);
        out.into_bytes()
    }

    pub(super) fn canonical_into(&self, out: &mut String) {
        out.push_str("{\"payload\":\"");
        STANDARD.encode_string(&self.payload, out);
        out.push_str("\",\"payloadType\":\"");
        out.push_str(self.payload_type);
        out.push_str("\",\"signatures\":[");
        for (place, signature) in self.signatures.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            out.push_str("{\"keyid\":\"");
            out.push_str(&hex::encode(signature.keyid.as_bytes()));
            out.push_str("\",\"sig\":\"");
            STANDARD.encode_string(signature.sig, out);
            out.push_str("\"}");
        }
        out.push_str("]}");
    }

    /// How many bytes the canonical spelling has.
    pub fn canonical_len(&self) -> usize {
        // The fixed text, and for each signature its own with 64 hexadecimal and 88 base64 digits and a comma.
        let fixed = "{\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}".len() + self.payload_type.len();
        let each = "{\"keyid\":\"\",\"sig\":\"\"},".len() + 64 + 88;
        let signatures = (self.signatures.len() * each).saturating_sub(1);
        fixed + self.payload.len().div_ceil(3) * 4 + signatures
    }

    /// The bytes that every signature of this envelope stands over.
    pub fn pae(&self) -> Vec<u8> {
        super::pae(self.payload_type, &self.payload)
    }

    /// What this event is compared by, whoever signed it.
    pub fn digest(&self) -> Digest {
        super::digest(self.payload_type, &self.payload)
    }
}

fn within_limit(bytes: usize) -> Result<(), WireError> {
    if bytes <= MAX_ENVELOPE {
        return Ok(());
    }
    Err(WireError::TooLarge { what: "the envelope".into(), bytes, limit: MAX_ENVELOPE })
}

fn signature(value: &Value) -> Result<EnvelopeSignature, WireError> {
    let [keyid, sig] = members(value, "a signature", ["keyid", "sig"])?;
    let Some(keyid) = keyid.as_str().and_then(|text| text.parse().ok()) else {
        return Err(WireError::envelope("`keyid` must be 64 lower-case hexadecimal digits"));
    };
    let Ok(sig) = <[u8; 64]>::try_from(bytes_of(sig, "sig")?) else {
        return Err(WireError::envelope("`sig` must be the 64 bytes of an Ed25519 signature"));
    };
    Ok(EnvelopeSignature { keyid, sig })
}

/// The members asked for, in that order, when the object has exactly these.
fn members<'v, const N: usize>(value: &'v Value, what: &str, names: [&str; N]) -> Result<[&'v Value; N], WireError> {
    let Some(object) = value.as_object() else {
        return Err(WireError::Envelope(format!("{what} must be an object, and is {}", value.kind())));
    };
    if let Some((name, _)) = object.iter().find(|(name, _)| !names.contains(&name.as_str())) {
        let name: String = name.chars().take(60).collect();
        return Err(WireError::Envelope(format!("{what} has a member `{name}` that is not known")));
    }
    if let Some(name) = names.iter().find(|name| value.member(name).is_none()) {
        return Err(WireError::Envelope(format!("{what} has no member `{name}`")));
    }
    // INVARIANT: every name was found above, so the fallback is never seen.
    Ok(names.map(|name| value.member(name).unwrap_or(value)))
}

fn bytes_of(value: &Value, name: &str) -> Result<Vec<u8>, WireError> {
    let decoded = value.as_str().and_then(|text| STANDARD.decode(text).ok());
    decoded.ok_or_else(|| WireError::Envelope(format!("`{name}` must be standard base64 with its padding")))
}
