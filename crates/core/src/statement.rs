//! What is said of a log beside its checkpoints: how a store was mended, that a ledger has ended, and which one it goes on
//! from.
//!
//! ```text
//! counterpart/statement/v1/<kind>
//! <origin>
//! <what is said: one JSON object on one line>
//! <whose word it is: a Founding, one JSON object on one line>
//!
//! — <origin>/statement <base64 of: 4 bytes key id ‖ Ed25519 signature>
//! ```
//!
//! A signed note (C2SP signed-note) under an answer key of the ledger, because the log's key signs checkpoints only
//! (wire.md 3). What binds that key to the log comes along: entry 0, which names it, and its place under a checkpoint of
//! the log. So whoever has the log's vkey can verify a statement, and needs nothing else.

mod founding;

use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteError, NoteSigner, SignatureType, VerifierKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use founding::{Founding, FoundingError};

/// How every statement begins.
const TITLE: &str = "counterpart/statement/v1/";

/// What a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How a store was mended: [`Mended`].
    Repair,
    /// Entries are lost for good, and nothing more is signed over what was: [`Ended`].
    Ended,
    /// A ledger goes on from one that has ended: [`Continues`].
    Continues,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Repair, Self::Ended, Self::Continues];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::Ended => "end-of-epoch",
            Self::Continues => "continues",
        }
    }
}

/// How a store was mended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mended {
    /// When, RFC 3339.
    pub at: String,
    /// Where what is whole came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Each stretch that was replaced: the file, and where in it.
    pub replaced: Vec<String>,
    /// What is damaged still, each by its name.
    pub still_damaged: Vec<String>,
    /// How many entries are there, once they fit what was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<u64>,
    /// The root over them, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Why they do not fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// That a ledger has ended because entries of it are lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When, RFC 3339.
    pub at: String,
    /// Its identity, `<origin>#<64 hex>`.
    pub ledger: String,
    /// The newest checkpoint that was signed, a signed note: nothing else is signed over so many entries, or over more.
    pub signed: String,
    /// The newest checkpoint whose every entry is there and comes to its root.
    pub kept: String,
    /// Which entries are lost, as pairs of the first and the last index, in order.
    pub lost: Vec<[u64; 2]>,
    /// Why, in the operator's words.
    pub reason: String,
    /// The ledger that goes on, `<origin>#<64 hex>`, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// That a ledger goes on from one that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continues {
    /// When, RFC 3339.
    pub at: String,
    /// The ledger that goes on, `<origin>#<64 hex>`.
    pub ledger: String,
    /// The origin of the one that has ended.
    pub predecessor: String,
    /// SHA-256 of the bytes of its statement, hex.
    pub ended: String,
}

/// What is to be said of a log, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub kind: Kind,
    /// Of which log.
    pub origin: String,
    /// What binds its key to the log.
    pub founding: Founding,
    /// The JSON object.
    body: String,
}

/// A statement that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What was said.
    pub statement: Statement,
    /// The ledger that says it, `<origin>#<64 hex>`.
    pub ledger: String,
    /// The answer key that has signed it, as a vkey.
    pub key: VerifierKey,
    /// Which of the keys that were given has signed the checkpoint over entry 0.
    pub log_key: usize,
}

/// Bytes are no statement, or not one to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not a signed note, or no answer key has signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text has another shape.
    #[error("a statement has a title, an origin and two JSON objects, each on one line")]
    Shape,
    /// It is of a kind or a version that this program does not know.
    #[error("`{0}` is a statement that this program does not know; use a newer one")]
    Unknown(String),
    /// What it says is not of its kind's form.
    #[error("the statement does not say what one of its kind says: {0}")]
    Body(String),
    /// Nothing shows that its key speaks for the log.
    #[error(transparent)]
    Founding(#[from] FoundingError),
    /// The name of the log cannot be that of a key.
    #[error("`{0}` cannot be an origin")]
    Origin(String),
}

impl Statement {
    /// What is to be said.
    ///
    /// # Errors
    ///
    /// It is no JSON object.
    pub fn new(kind: Kind, origin: &str, body: &impl Serialize, founding: Founding) -> Result<Self, StatementError> {
        let body = serde_json::to_string(body).map_err(|error| StatementError::Body(error.to_string()))?;
        let whole = Self { kind, origin: origin.to_owned(), founding, body };
        if whole.body.starts_with('{') { Ok(whole) } else { Err(StatementError::Shape) }
    }

    /// Signs it with an answer key of the ledger.
    ///
    /// # Errors
    ///
    /// Entry 0 does not name that key, or the origin cannot be the name of one.
    pub fn sign(&self, answer: &SigningKey) -> Result<Note, StatementError> {
        let named = self.founding.answer_keys(&self.origin)?;
        if !named.contains(&answer.verifying_key().to_bytes()) {
            return Err(FoundingError::NotNamed.into());
        }
        let signer = NoteSigner::new(&key_name(&self.origin), answer.clone());
        let signer = signer.map_err(|_| StatementError::Origin(self.origin.clone()))?;
        let text = self.text()?;
        let signature = signer.sign(&text);
        Ok(Note::new(text, vec![signature])?)
    }

    fn text(&self) -> Result<String, StatementError> {
        let founding =
            serde_json::to_string(&self.founding).map_err(|error| StatementError::Body(error.to_string()))?;
        Ok(format!("{TITLE}{}\n{}\n{}\n{founding}\n", self.kind.word(), self.origin, self.body))
    }

    /// Reads a statement. Nothing of it is verified yet.
    ///
    /// # Errors
    ///
    /// The bytes are no note, or its text is no statement.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Note), StatementError> {
        let note = Note::parse(bytes)?;
        let mut lines = note.text().lines();
        let title = lines.next().filter(|title| is_statement(title.as_bytes())).ok_or(StatementError::Shape)?;
        let kind = Kind::ALL.into_iter().find(|kind| title.strip_prefix(TITLE) == Some(kind.word()));
        let kind = kind.ok_or_else(|| StatementError::Unknown(title.to_owned()))?;
        let (Some(origin), Some(body), Some(founding), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(StatementError::Shape);
        };
        let founding = serde_json::from_str(founding).map_err(|error| StatementError::Body(error.to_string()))?;
        let statement = Self { kind, origin: origin.to_owned(), founding, body: body.to_owned() };
        if statement.text()? == note.text() && body.starts_with('{') {
            Ok((statement, note))
        } else {
            Err(StatementError::Shape)
        }
    }

    /// Reads a statement that holds: one of these keys of the log has signed a checkpoint over entry 0, and one of the
    /// answer keys that entry 0 names has signed the statement.
    ///
    /// # Errors
    ///
    /// As for [`Statement::parse`], and when either is not so.
    pub fn verify(bytes: &[u8], vkeys: &[VerifierKey]) -> Result<Held, StatementError> {
        let (statement, note) = Self::parse(bytes)?;
        let (leaf, log_key) = statement.founding.verify(&statement.origin, vkeys)?;
        let name = key_name(&statement.origin);
        let keys = statement.founding.answer_keys(&statement.origin)?;
        let keys = keys.iter().map(|public| VerifierKey::new(&name, SignatureType::Ed25519, public));
        let keys: Vec<VerifierKey> =
            keys.collect::<Result<_, _>>().map_err(|_| StatementError::Origin(statement.origin.clone()))?;
        let signed = note.verify(&keys)?.first().and_then(|verified| keys.get(verified.verifier)).cloned();
        let key = signed.ok_or(FoundingError::NotNamed)?;
        let ledger = format!("{}#{}", statement.origin, leaf.to_hex());
        Ok(Held { statement, ledger, key, log_key })
    }

    /// What it says.
    ///
    /// # Errors
    ///
    /// It is not of the form that its kind has.
    pub fn says<T: DeserializeOwned>(&self) -> Result<T, StatementError> {
        serde_json::from_str(&self.body).map_err(|error| StatementError::Body(error.to_string()))
    }
}

/// Whether bytes begin as a statement does, of whatever version.
pub fn is_statement(bytes: &[u8]) -> bool {
    bytes.starts_with(b"counterpart/statement/")
}

/// The name under which an answer key signs statements.
fn key_name(origin: &str) -> String {
    format!("{origin}/statement")
}
