//! Signed notes: a text and lines of signatures under it (C2SP signed-note).
//!
//! ```text
//! <text, one or more lines>
//!
//! — <key name> <base64 of: 4 bytes key id ‖ signature>
//! ```
//!
//! The text must be ignored until [`Note::verify`] has found a signature of a known key.

use std::fmt;

use crate::text;

mod key;

pub use key::{Check, KeyId, NoteSigner, SignatureType, Verifier, VerifierKey, VerifierKeyError, is_key_name};

/// The longest note: room for 100 signatures of the largest type.
pub const NOTE_LEN_MAX: usize = 1_000_000;

/// The most signatures in a note; the specification asks for at least 16.
pub const SIGNATURES_MAX: usize = 100;

/// What stands before a key name on a signature line: an em dash and a space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// A text with signatures that are well formed but not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    bytes: Vec<u8>,
}

/// A signature of a note that a known key made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified<'n> {
    /// The signature.
    pub signature: &'n NoteSignature,
    /// The place of its key among the known ones.
    pub verifier: usize,
}

/// Bytes are not a note, or a note is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is too long to read.
    #[error("the note has {0} bytes; at most {NOTE_LEN_MAX} are read")]
    TooLong(usize),
    /// The bytes are no text.
    #[error("the note is not UTF-8, or has control characters other than newline")]
    NotText,
    /// There is no blank line before the signatures, or no text before it.
    #[error("a note is a text, a blank line and one or more signature lines")]
    Shape,
    /// The text does not end in a newline.
    #[error("the text of a note ends in a newline")]
    TextEnd,
    /// A signature line is not of the form `— name base64`.
    #[error("signature line {0} of the note is malformed")]
    SignatureLine(usize),
    /// There are too many signature lines.
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A name cannot stand on a signature line.
    #[error("`{0}` cannot be a key name: it is empty or has a space, a plus sign or a control character")]
    KeyName(String),
    /// A known key did not make the signature that names it.
    #[error("the signature of `{name}` (key id {key_id}) does not verify")]
    BadSignature {
        /// Key name on the line.
        name: String,
        /// Key id on the line.
        key_id: KeyId,
    },
    /// Two known keys have one name and one key id.
    #[error("two known keys are both called `{name}` with key id {key_id}")]
    AmbiguousKey {
        /// Their name.
        name: String,
        /// Their key id.
        key_id: KeyId,
    },
    /// No known key signed.
    #[error("no known key has signed the note")]
    Unsigned,
}

impl Note {
    /// A note of `text`, which ends in a newline, with `signatures`, at least one.
    ///
    /// # Errors
    ///
    /// The text or the number of signatures is not what a note may have.
    pub fn new(text: impl Into<String>, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        let text = text.into();
        if !text::is_note_text(&text) {
            return Err(NoteError::NotText);
        }
        if !text.ends_with('\n') {
            return Err(NoteError::TextEnd);
        }
        if signatures.is_empty() {
            return Err(NoteError::Shape);
        }
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        Ok(Self { text, signatures })
    }

    /// Reads a note.
    ///
    /// # Errors
    ///
    /// The bytes are not a note; see [`NoteError`].
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, NoteError> {
        let bytes = bytes.as_ref();
        if bytes.len() > NOTE_LEN_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        if !text::is_note_text(note) {
            return Err(NoteError::NotText);
        }
        // The text may have blank lines of its own: the last one divides.
        let (head, lines) = note.rsplit_once("\n\n").ok_or(NoteError::Shape)?;
        let signatures = NoteSignature::parse_text(lines)?;
        Self::new(format!("{head}\n"), signatures)
    }

    /// What is signed: the text with its last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in their order, verified or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature below the others, as a log does with the cosignatures it gathers.
    ///
    /// # Errors
    ///
    /// The note has as many as it may have.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The signatures that known keys made. There is at least one.
    ///
    /// Lines of unknown keys, and of keys whose type nobody here can check, are passed over.
    ///
    /// # Errors
    ///
    /// A line names a known key and does not verify, no known key signed, or two known keys
    /// cannot be told apart.
    pub fn verify<V: Verifier>(&self, known: &[V]) -> Result<Vec<Verified<'_>>, NoteError> {
        let mut found = Vec::new();
        for line in &self.signatures {
            let mut named =
                known.iter().enumerate().filter(|(_, key)| key.name() == line.name && key.key_id() == line.key_id);
            let Some((verifier, key)) = named.next() else {
                continue;
            };
            let (name, key_id) = (line.name.clone(), line.key_id);
            if named.next().is_some() {
                return Err(NoteError::AmbiguousKey { name, key_id });
            }
            match key.check(&self.text, &line.bytes) {
                Check::Holds => found.push(Verified { signature: line, verifier }),
                Check::Fails => return Err(NoteError::BadSignature { name, key_id }),
                Check::UnknownType => {}
            }
        }
        if found.is_empty() {
            return Err(NoteError::Unsigned);
        }
        Ok(found)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| line.fmt(f))
    }
}

impl NoteSignature {
    /// A signature line of the key `name` with `key_id`; `bytes` is what the key's type puts
    /// after the key id.
    ///
    /// # Errors
    ///
    /// The name cannot stand on a signature line.
    pub fn new(name: &str, key_id: KeyId, bytes: Vec<u8>) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::KeyName(name.to_owned()));
        }
        Ok(Self { name: name.to_owned(), key_id, bytes })
    }

    /// The key name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What follows the key id: for Ed25519 64 bytes, for a cosignature 8 more before them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads signature lines that stand alone, as a witness answers them.
    ///
    /// # Errors
    ///
    /// A line is malformed, the last one has no newline, or there are too many.
    pub fn parse_lines(bytes: impl AsRef<[u8]>) -> Result<Vec<Self>, NoteError> {
        let bytes = bytes.as_ref();
        if bytes.len() > NOTE_LEN_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let lines = std::str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        Self::parse_text(lines)
    }

    /// Reads one or more lines, each with its newline.
    fn parse_text(lines: &str) -> Result<Vec<Self>, NoteError> {
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let mut signatures = Vec::new();
        for (place, line) in (1..).zip(lines.split('\n')) {
            if place > SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            let signature = Self::parse_line(line);
            signatures.push(signature.ok_or(NoteError::SignatureLine(place))?);
        }
        Ok(signatures)
    }

    /// Reads one line without its newline.
    fn parse_line(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
        let signature = text::unbase64(signature)?;
        let (key_id, bytes) = signature.split_first_chunk()?;
        // A signature has at least one byte after the key id.
        if bytes.is_empty() {
            return None;
        }
        Self::new(name, KeyId::from_bytes(*key_id), bytes.to_vec()).ok()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.to_bytes(), self.bytes.as_slice()].concat();
        let signature = text::base64(&bytes);
        writeln!(f, "{SIGNATURE_MARK}{} {signature}", self.name)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ed25519::SigningKey;

    fn signer(name: &str, seed: u8) -> NoteSigner {
        NoteSigner::new(name, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    fn note(text: &str, signers: &[&NoteSigner]) -> Note {
        let signatures = signers.iter().map(|signer| signer.sign(text)).collect();
        Note::new(text, signatures).unwrap()
    }

    #[test]
    fn note_may_have_blank_lines_in_its_text() {
        let ada = signer("ada.example", 1);
        let note = note("one\n\ntwo\n\n\n", &[&ada]);
        let read = Note::parse(note.to_string()).unwrap();
        assert_eq!(read, note);
        assert_eq!(read.text(), "one\n\ntwo\n\n\n");
        assert_eq!(read.verify(&[ada.vkey()]).unwrap().len(), 1);
    }

    #[test]
    fn malformed_notes_are_refused() {
        let good = note("text\n", &[&signer("ada.example", 1)]).to_string();
        let line = good.lines().last().unwrap().to_owned();
        let refused = |bytes: String| Note::parse(bytes).unwrap_err();
        assert_eq!(refused(String::new()), NoteError::Shape);
        assert_eq!(refused("text\n".into()), NoteError::Shape);
        assert_eq!(refused("text\n\n".into()), NoteError::Shape);
        assert_eq!(refused(good.trim_end().into()), NoteError::Shape);
        assert_eq!(refused(good.replace('\n', "\r\n")), NoteError::NotText);
        assert_eq!(refused(good.replace("text", "te\txt")), NoteError::NotText);
        assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::NotText));
        assert_eq!(refused(format!("{good}\n")), NoteError::Shape);
        assert_eq!(refused(format!("{good}— x \n")), NoteError::SignatureLine(2));
        for (from, to) in [
            ("— ", "- "),
            ("— ", "—  "),
            ("ada.example", ""),
            ("ada.example", "a+b"),
            ("ada.example", "a\u{2003}b"),
            (" ada.example ", " ada.example  "),
            ("=", ""),
            ("=\n", "==\n"),
        ] {
            let wrong = good.replacen(from, to, 1);
            assert_ne!(wrong, good);
            assert_eq!(refused(wrong), NoteError::SignatureLine(1), "{from} {to}");
        }
        let no_signature = "text\n\n— ada.example AAAAAA==\n".to_owned();
        assert_eq!(refused(no_signature), NoteError::SignatureLine(1));
        let many = format!("text\n\n{}", format!("{line}\n").repeat(101));
        assert_eq!(refused(many), NoteError::TooManySignatures);
        let long = "x".repeat(NOTE_LEN_MAX + 1);
        assert_eq!(refused(long), NoteError::TooLong(NOTE_LEN_MAX + 1));
    }

    #[test]
    fn sixteen_signatures_of_the_largest_kind_are_read() {
        let largest = NoteSignature::new("pq", KeyId::from_bytes([0; 4]), vec![0; 2428]);
        let mut note = note("text\n", &[&signer("ada.example", 1)]);
        for _ in 1..SIGNATURES_MAX {
            note.add(largest.clone().unwrap()).unwrap();
        }
        assert_eq!(note.add(largest.unwrap()), Err(NoteError::TooManySignatures));
        assert_eq!(Note::parse(note.to_string()).unwrap(), note);
    }

    #[test]
    fn signature_of_an_unknown_key_is_passed_over() {
        let (ada, bob) = (signer("ada.example", 1), signer("bob.example", 2));
        // The same name with another key, and the same key with another name.
        let others = [signer("ada.example", 2), signer("eve.example", 1)];
        let note = note("text\n", &[&bob, &others[0], &others[1], &ada]);
        let verified = note.verify(&[ada.vkey()]).unwrap();
        assert_eq!(verified.len(), 1);
        assert_eq!(verified.first().unwrap().signature, note.signatures().last().unwrap());
        let unknown = signer("zoe.example", 9).vkey();
        assert_eq!(note.verify(&[unknown]), Err(NoteError::Unsigned));
    }

    #[test]
    fn one_bad_signature_of_a_known_key_spoils_the_note() {
        let (ada, bob) = (signer("ada.example", 1), signer("bob.example", 2));
        let mut note = note("text\n", &[&ada]);
        note.add(bob.sign("another text\n")).unwrap();
        assert!(note.verify(&[ada.vkey()]).is_ok());
        let (name, key_id) = ("bob.example".to_owned(), bob.vkey().key_id());
        assert_eq!(note.verify(&[ada.vkey(), bob.vkey()]), Err(NoteError::BadSignature { name, key_id }));
    }

    #[test]
    fn keys_that_cannot_be_told_apart_are_refused() {
        let ada = signer("ada.example", 1);
        let note = note("text\n", &[&ada]);
        let (name, key_id) = ("ada.example".to_owned(), ada.vkey().key_id());
        assert_eq!(note.verify(&[ada.vkey(), ada.vkey()]), Err(NoteError::AmbiguousKey { name, key_id }));
    }

    #[test]
    fn signature_lines_of_a_witness_are_read_alone() {
        let (ada, bob) = (signer("ada.example", 1), signer("bob.example", 2));
        let note = note("text\n", &[&ada, &bob]);
        let lines = note.to_string();
        let lines = lines.strip_prefix("text\n\n").unwrap();
        assert_eq!(NoteSignature::parse_lines(lines).unwrap(), note.signatures());
        for wrong in ["", "\n", "text\n", lines.trim_end(), &format!("\n{lines}x\n")] {
            assert!(NoteSignature::parse_lines(wrong).is_err(), "{wrong:?}");
        }
        assert!(NoteSignature::parse_lines(note.to_string()).is_err());
    }

    #[test]
    fn note_without_signatures_or_final_newline_is_not_made() {
        let signature = signer("ada.example", 1).sign("text");
        let made = |text: &str, signatures| Note::new(text, signatures).unwrap_err();
        assert_eq!(made("text\n", vec![]), NoteError::Shape);
        assert_eq!(made("text", vec![signature.clone()]), NoteError::TextEnd);
        assert_eq!(made("t\0\n", vec![signature]), NoteError::NotText);
    }
}
