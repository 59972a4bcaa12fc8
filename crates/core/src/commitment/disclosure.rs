//! The words themselves, as they are submitted and kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac;
use unicode_normalization::is_nfc;

use super::{Commitment, Kind, MAX_CONTENT, MAX_CONTENT_DEPTH, keyed};
use crate::json::{self, JsonError, Pointer, Value};

/// What opens one commitment of one event.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// Where in `data` of the event, or in the terms that it commits to, the commitment stands.
    pub pointer: String,
    /// What the content is.
    pub kind: Kind,
    /// The key of the commitment.
    pub salt: [u8; 32],
    /// The words.
    pub content: Vec<u8>,
}

/// Words stay out of logs and panics.
impl fmt::Debug for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosure({}, {}, {} bytes)", self.pointer, self.kind, self.content.len())
    }
}

/// Why disclosures do not open the commitments of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisclosureError {
    /// It is not an object of the four members.
    #[error("a disclosure is not well-formed: {0}")]
    Form(String),
    /// The content is longer than a disclosure may be.
    #[error("the disclosure of `{pointer}` is {bytes} bytes, and may be at most {MAX_CONTENT}")]
    TooLarge {
        /// Which disclosure.
        pointer: String,
        /// Its size.
        bytes: usize,
    },
    /// The content is not what its kind asks for.
    #[error("the disclosure of `{pointer}` is not {kind}: {problem}")]
    Content {
        /// Which disclosure.
        pointer: String,
        /// What it says it is.
        kind: Kind,
        /// What is wrong.
        problem: ContentProblem,
    },
    /// Salt, place, kind or content is another than was committed to.
    #[error("the disclosure of `{0}` does not open its commitment; send the salt and content that you committed to")]
    Mismatch(String),
    /// A commitment came without its words.
    #[error("the commitment at `{0}` came without its disclosure")]
    Missing(String),
    /// Words came without a commitment.
    #[error("there is a disclosure of `{0}`, but no commitment stands there")]
    Surplus(String),
    /// One place is disclosed more than once.
    #[error("`{0}` is disclosed twice")]
    Twice(String),
    /// Two disclosures of a submission share a salt, which must be fresh for each value.
    #[error("the disclosures of `{0}` and `{1}` have the same salt; make a fresh one for each value")]
    SaltReused(String, String),
}

impl DisclosureError {
    /// The code of the contract (wire.md 6): `E07`, or `E05` for size.
    pub fn code(&self) -> &'static str {
        match self {
            DisclosureError::TooLarge { .. } => "E05",
            DisclosureError::Form(_)
            | DisclosureError::Content { .. }
            | DisclosureError::Mismatch(_)
            | DisclosureError::Missing(_)
            | DisclosureError::Surplus(_)
            | DisclosureError::Twice(_)
            | DisclosureError::SaltReused(..) => "E07",
        }
    }

    fn form(problem: impl Into<String>) -> DisclosureError {
        DisclosureError::Form(problem.into())
    }
}

/// Why content is not of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentProblem {
    /// Text that is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Text that is not in Unicode normalisation form C.
    #[error("it is not in Unicode normalisation form C; normalise it before you commit")]
    NotNfc,
    /// Text with a control character.
    #[error("it has the control character U+{0:04X}; only newline is allowed")]
    Control(u32),
    /// JSON that is not strict, canonical and shallow enough.
    #[error("{0}")]
    Json(JsonError),
    /// Anything but 32 bytes.
    #[error("it is {0} bytes instead of 32")]
    Length(usize),
}

/// Says whether content is what its kind asks for.
///
/// # Errors
///
/// What it is instead.
pub fn check_content(kind: Kind, content: &[u8]) -> Result<(), ContentProblem> {
    match kind {
        Kind::Text => {
            let text = std::str::from_utf8(content).map_err(|_| ContentProblem::NotUtf8)?;
            if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n') {
                return Err(ContentProblem::Control(control.into()));
            }
            if text.is_ascii() || is_nfc(text) { Ok(()) } else { Err(ContentProblem::NotNfc) }
        }
        Kind::Json => json::check_canonical(content, MAX_CONTENT_DEPTH).map(drop).map_err(ContentProblem::Json),
        Kind::Sha256 if content.len() == 32 => Ok(()),
        Kind::Sha256 => Err(ContentProblem::Length(content.len())),
    }
}

impl Disclosure {
    /// Reads a disclosure of a request. Whether its content suits its kind is asked when it is opened.
    ///
    /// # Errors
    ///
    /// `E07` unless it has exactly the four members, in strict base64, with a salt of 32 bytes; `E05` when the
    /// content is too large.
    pub fn from_value(value: &Value) -> Result<Disclosure, DisclosureError> {
        const NAMES: [&str; 4] = ["pointer", "kind", "salt", "content"];
        let Some(members) = value.as_object() else {
            return Err(DisclosureError::Form(format!("it must be an object, and is {}", value.kind())));
        };
        if let Some((name, _)) = members.iter().find(|(name, _)| !NAMES.contains(&name.as_str())) {
            let name: String = name.chars().take(60).collect();
            return Err(DisclosureError::Form(format!("the member `{name}` is not known")));
        }
        let text = |name: &str| {
            let text = value.member(name).and_then(Value::as_str);
            text.ok_or_else(|| DisclosureError::Form(format!("`{name}` must be there and be a string")))
        };
        let bytes = |name: &str| {
            let decoded = STANDARD.decode(text(name)?);
            decoded.map_err(|_| DisclosureError::Form(format!("`{name}` must be standard base64 with its padding")))
        };
        let pointer = text("pointer")?.to_owned();
        pointer.parse::<Pointer>().map_err(|error| DisclosureError::form(error.to_string()))?;
        let Some(kind) = Kind::of(text("kind")?) else {
            return Err(DisclosureError::form("`kind` must be `text`, `json` or `sha256`"));
        };
        let Ok(salt) = <[u8; 32]>::try_from(bytes("salt")?) else {
            return Err(DisclosureError::form("`salt` must be exactly 32 bytes"));
        };
        let content = bytes("content")?;
        if content.len() > MAX_CONTENT {
            return Err(DisclosureError::TooLarge { pointer, bytes: content.len() });
        }
        Ok(Disclosure { pointer, kind, salt, content })
    }

    /// The disclosure as a request carries it.
    pub fn to_value(&self) -> Value {
        let text = |text: &str| Value::Str(text.to_owned());
        // In the order of the canonical form.
        Value::Object(vec![
            ("content".into(), Value::Str(STANDARD.encode(&self.content))),
            ("kind".into(), text(self.kind.as_str())),
            ("pointer".into(), text(&self.pointer)),
            ("salt".into(), Value::Str(STANDARD.encode(self.salt))),
        ])
    }

    /// The disclosure as it is kept, in canonical JSON.
    pub fn to_bytes(&self) -> Vec<u8> {
        json::jcs(&self.to_value())
    }

    /// Reads what [`Disclosure::to_bytes`] wrote, and the same in any other spelling.
    ///
    /// # Errors
    ///
    /// As for [`Disclosure::from_value`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Disclosure, DisclosureError> {
        // Base64 grows the content by a third; the rest is small.
        let limits = json::Limits { max_depth: 2, max_bytes: 2 * MAX_CONTENT };
        let value = json::parse(bytes, limits).map_err(|error| DisclosureError::form(error.to_string()))?;
        Disclosure::from_value(&value)
    }

    /// The commitment that this opens in the event of this id.
    pub fn commitment(&self, event_id: &str) -> Commitment {
        super::commit(&self.salt, event_id, &self.pointer, self.kind, &self.content)
    }
}

impl serde::Serialize for Disclosure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Disclosure {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Disclosure, D::Error> {
        Disclosure::from_value(&Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Says whether a disclosure is what the event committed to.
///
/// # Errors
///
/// `E05` when it is too large; `E07` when its content is not of its kind, or the commitment is of other words.
pub fn open(disclosure: &Disclosure, event_id: &str, commitment: &Commitment) -> Result<(), DisclosureError> {
    let Disclosure { pointer, kind, salt, content } = disclosure;
    let pointer = || pointer.clone();
    if content.len() > MAX_CONTENT {
        return Err(DisclosureError::TooLarge { pointer: pointer(), bytes: content.len() });
    }
    check_content(*kind, content).map_err(|problem| DisclosureError::Content {
        pointer: pointer(),
        kind: *kind,
        problem,
    })?;
    keyed(salt, event_id, &disclosure.pointer, *kind, content)
        .verify_slice(commitment.as_bytes())
        .map_err(|_| DisclosureError::Mismatch(pointer()))
}

/// Opens every commitment of an event, each by exactly one disclosure of the submission.
///
/// # Errors
///
/// The first of: a place disclosed twice or without commitment, a salt used twice, words that do not open
/// their commitment, a commitment without words.
pub fn open_all(
    disclosures: &[Disclosure],
    event_id: &str,
    commitments: &[(String, Commitment)],
) -> Result<(), DisclosureError> {
    let mut waiting: BTreeMap<&str, &Commitment> =
        commitments.iter().map(|(pointer, commitment)| (pointer.as_str(), commitment)).collect();
    let mut opened = BTreeSet::new();
    let mut salts = BTreeMap::new();
    for disclosure in disclosures {
        let pointer = disclosure.pointer.as_str();
        let Some(commitment) = waiting.remove(pointer) else {
            let place = pointer.to_owned();
            return Err(if opened.contains(pointer) {
                DisclosureError::Twice(place)
            } else {
                DisclosureError::Surplus(place)
            });
        };
        if let Some(other) = salts.insert(disclosure.salt, pointer) {
            return Err(DisclosureError::SaltReused(other.to_owned(), pointer.to_owned()));
        }
        open(disclosure, event_id, commitment)?;
        opened.insert(pointer);
    }
    waiting.keys().next().map_or(Ok(()), |pointer| Err(DisclosureError::Missing((*pointer).to_owned())))
}
