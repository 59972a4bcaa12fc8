//! What is said of a log under the log's own key, beside its checkpoints: how a store was mended, that a ledger has ended,
//! and which one it goes on from.
//!
//! ```text
//! counterpart/statement/v1/<kind>
//! <origin>
//! <one JSON object on one line>
//!
//! — <origin>/statement <base64 of: 4 bytes key id ‖ Ed25519 signature>
//! ```
//!
//! A signed note (C2SP signed-note) that is never a checkpoint, twice over: its third line begins with `{`, where a
//! checkpoint has a root in base64, and its key has another name and id than the log's, though the public key is the same.
//! Whoever has the log's vkey can verify it, and needs nothing else.

use counterpart_tlog::note::{Note, NoteError, NoteSigner, VerifierKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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
    /// Its identity, if entry 0 is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// The newest checkpoint that was signed, a signed note: nothing else is signed over so many entries, or over more.
    pub signed: String,
    /// The newest checkpoint whose every entry is there and comes to its root; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
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

/// A statement, signed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What it is about.
    pub kind: Kind,
    /// Of which log.
    pub origin: String,
    /// The JSON object.
    body: String,
}

/// Bytes are no statement, or not one to be trusted.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Not a signed note, or no known key has signed it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text has another shape.
    #[error("a statement has a title, an origin and a JSON object, each on one line")]
    Shape,
    /// It is of a kind or a version that this program does not know.
    #[error("`{0}` is a statement that this program does not know; use a newer one")]
    Unknown(String),
    /// What it says is not of its kind's form.
    #[error("the statement does not say what one of its kind says: {0}")]
    Body(String),
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
    pub fn new(kind: Kind, origin: &str, body: &impl Serialize) -> Result<Self, StatementError> {
        let body = serde_json::to_string(body).map_err(|error| StatementError::Body(error.to_string()))?;
        let whole = Self { kind, origin: origin.to_owned(), body };
        if whole.body.starts_with('{') { Ok(whole) } else { Err(StatementError::Shape) }
    }

    /// Signs it with keys of the log, which then sign under another name.
    ///
    /// # Errors
    ///
    /// There is no key, or the origin cannot be that of one.
    pub fn sign(&self, signers: &[&NoteSigner]) -> Result<Note, StatementError> {
        let text = self.text();
        let signatures = signers.iter().map(|signer| {
            let signer = signer.named(&key_name(&self.origin));
            signer.map(|signer| signer.sign(&text)).map_err(|_| StatementError::Origin(self.origin.clone()))
        });
        Ok(Note::new(text.clone(), signatures.collect::<Result<_, _>>()?)?)
    }

    fn text(&self) -> String {
        format!("{TITLE}{}\n{}\n{}\n", self.kind.word(), self.origin, self.body)
    }

    /// Reads a statement. Nothing of it is verified yet.
    ///
    /// # Errors
    ///
    /// The bytes are no note, or its text is no statement.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Note), StatementError> {
        let note = Note::parse(bytes)?;
        let mut lines = note.text().lines();
        let (Some(title), Some(origin), Some(body), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(StatementError::Shape);
        };
        if !is_statement(title.as_bytes()) {
            return Err(StatementError::Shape);
        }
        let kind = Kind::ALL.into_iter().find(|kind| title.strip_prefix(TITLE) == Some(kind.word()));
        let kind = kind.ok_or_else(|| StatementError::Unknown(title.to_owned()))?;
        let statement = Self { kind, origin: origin.to_owned(), body: body.to_owned() };
        if statement.text() == note.text() && body.starts_with('{') {
            Ok((statement, note))
        } else {
            Err(StatementError::Shape)
        }
    }

    /// Reads a statement that one of these keys of the log has signed; gives the key's place among them.
    ///
    /// # Errors
    ///
    /// As for [`Statement::parse`], and when none of them has.
    pub fn verify(bytes: &[u8], vkeys: &[VerifierKey]) -> Result<(Self, usize), StatementError> {
        let (statement, note) = Self::parse(bytes)?;
        let name = key_name(&statement.origin);
        let own = vkeys.iter().filter(|vkey| vkey.name() == statement.origin).map(|vkey| vkey.named(&name));
        let own: Vec<VerifierKey> =
            own.collect::<Result<_, _>>().map_err(|_| StatementError::Origin(statement.origin.clone()))?;
        let verified = note.verify(&own)?;
        let signed = verified.first().and_then(|verified| own.get(verified.verifier));
        let place = vkeys.iter().position(|vkey| signed.is_some_and(|own| own.public_bytes() == vkey.public_bytes()));
        Ok((statement, place.unwrap_or_default()))
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

/// The name under which a log's key signs statements.
fn key_name(origin: &str) -> String {
    format!("{origin}/statement")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use counterpart_tlog::Hash;
    use counterpart_tlog::checkpoint::Checkpoint;
    use counterpart_tlog::ed25519::SigningKey;
    use serde_json::json;

    use super::*;

    const ORIGIN: &str = "counterpart.example/london/log";

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    fn signed(kind: Kind) -> String {
        let body = json!({ "at": "2026-01-01T00:00:00.000Z", "reason": "two lines\nof text" });
        Statement::new(kind, ORIGIN, &body).unwrap().sign(&[&signer(1)]).unwrap().to_string()
    }

    #[test]
    fn a_statement_is_verified_with_the_vkey_of_the_log_alone() {
        for kind in Kind::ALL {
            let note = signed(kind);
            assert!(is_statement(note.as_bytes()));
            let vkeys = [signer(2).vkey(), signer(1).vkey()];
            let (statement, place) = Statement::verify(note.as_bytes(), &vkeys).unwrap();
            assert_eq!((statement.kind, statement.origin.as_str(), place), (kind, ORIGIN, 1));
            let said: serde_json::Value = statement.says().unwrap();
            assert_eq!(said.get("reason").and_then(|reason| reason.as_str()), Some("two lines\nof text"));
            assert!(Statement::verify(note.as_bytes(), &vkeys[..1]).is_err(), "another key");
            let changed = note.replace("two lines", "ten lines");
            assert!(Statement::verify(changed.as_bytes(), &vkeys).is_err(), "other words");
            let other = note.replace(ORIGIN, "another.example/log");
            assert!(Statement::verify(other.as_bytes(), &vkeys).is_err(), "another log");
        }
    }

    #[test]
    fn a_statement_is_no_checkpoint_and_a_checkpoint_no_statement() {
        let vkey = signer(1).vkey();
        for kind in Kind::ALL {
            let note = signed(kind);
            assert!(Checkpoint::parse(note.as_bytes()).is_err());
            assert!(
                Note::parse(&note).unwrap().verify(std::slice::from_ref(&vkey)).is_err(),
                "the log's key has another id"
            );
        }
        let checkpoint = Checkpoint::new(ORIGIN, 7, Hash::from([7; 32])).sign(&[&signer(1)]).unwrap().to_string();
        assert!(Checkpoint::verify(checkpoint.as_bytes(), ORIGIN, &vkey).is_ok());
        assert!(Statement::verify(checkpoint.as_bytes(), std::slice::from_ref(&vkey)).is_err());
        // The signature of one under the text of the other is none.
        let (text, _) = signed(Kind::Ended).split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let (_, signature) = checkpoint.split_once("\n\n").unwrap();
        assert!(Statement::verify(format!("{text}\n\n{signature}").as_bytes(), &[vkey]).is_err());
    }

    #[test]
    fn what_is_no_statement_is_said_to_be_none() {
        let whole = signed(Kind::Repair);
        for (from, to) in [
            ("/v1/", "/v2/"),
            ("/repair", "/another"),
            ("\n{", "\n["),
            ("counterpart/statement", "counterpart/statements"),
            ("\n\n", "\nmore\n\n"),
            ("\r", "\r"),
        ] {
            let changed = whole.replacen(from, to, 1);
            assert!(changed == whole || Statement::parse(changed.as_bytes()).is_err(), "{changed}");
        }
        assert!(Statement::parse(b"").is_err());
        assert!(Statement::new(Kind::Repair, ORIGIN, &[1, 2]).is_err());
    }
}
