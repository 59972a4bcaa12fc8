//! Checkpoints: the size and root of a log, signed (C2SP tlog-checkpoint).
//!
//! ```text
//! <origin>
//! <size, decimal>
//! <root, base64>
//! [<extension line> …]
//! ```

use std::fmt;

use crate::note::{Note, NoteError, NoteSigner, VerifierKey};
use crate::{Hash, text};

/// What a log says of itself at one moment: "I have `size` entries under `root`".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Identity of the log, by custom its prefix without scheme.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
    /// Further lines, opaque; this project writes none.
    pub extensions: Vec<String>,
}

/// Bytes are not a checkpoint, or not one to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or its signatures are wrong.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text has fewer than three lines, an empty line or no final newline.
    #[error("a checkpoint has an origin, a size and a root, each on a line that is not empty")]
    Shape,
    /// The second line is not a size.
    #[error("the size of a checkpoint is a decimal number without leading zeros")]
    Size,
    /// The third line is not a root.
    #[error("the root of a checkpoint is the base64 of 32 bytes")]
    Root,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of `{found}`, not of `{expected}`")]
    OtherOrigin {
        /// The log asked for.
        expected: String,
        /// The log that it names.
        found: String,
    },
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    pub fn new(origin: impl Into<String>, size: u64, root: Hash) -> Self {
        Self { origin: origin.into(), size, root, extensions: Vec::new() }
    }

    /// Reads the text of a checkpoint, as a note holds it.
    ///
    /// # Errors
    ///
    /// The text is not a checkpoint.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Shape)?;
        let mut lines =
            lines.split('\n').map(|line| text::is_note_line(line).then_some(line).ok_or(CheckpointError::Shape));
        let mut line = || lines.next().ok_or(CheckpointError::Shape)?;
        let origin = line()?.to_owned();
        let size = text::decimal(line()?).ok_or(CheckpointError::Size)?;
        let root = Hash::from_base64(line()?).map_err(|_| CheckpointError::Root)?;
        let extensions = lines.map(|line| line.map(str::to_owned)).collect::<Result<_, _>>()?;
        Ok(Self { origin, size, root, extensions })
    }

    /// Reads a signed checkpoint. Nothing of it is verified yet.
    ///
    /// # Errors
    ///
    /// The bytes are not a note, or its text is not a checkpoint.
    pub fn parse(note: impl AsRef<[u8]>) -> Result<(Self, Note), CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse_text(note.text())?;
        Ok((checkpoint, note))
    }

    /// Reads a signed checkpoint and checks that `log_key` signed it for `origin`.
    ///
    /// # Errors
    ///
    /// It is malformed, of another origin, or not signed by that key.
    pub fn verify(
        note: impl AsRef<[u8]>,
        origin: &str,
        log_key: &VerifierKey,
    ) -> Result<(Self, Note), CheckpointError> {
        let (checkpoint, note) = Self::parse(note)?;
        note.verify(&[log_key])?;
        if checkpoint.origin != origin {
            return Err(CheckpointError::OtherOrigin { expected: origin.to_owned(), found: checkpoint.origin });
        }
        Ok((checkpoint, note))
    }

    /// Signs with each of `signers`, in order: one, or two when a log changes its key.
    ///
    /// # Errors
    ///
    /// A line of the checkpoint is empty or has control characters, or there is no signer.
    pub fn sign(&self, signers: &[&NoteSigner]) -> Result<Note, CheckpointError> {
        let text = self.to_string();
        // A checkpoint that cannot be read back must never be signed.
        if Self::parse_text(&text)? != *self {
            return Err(CheckpointError::Shape);
        }
        let signatures = signers.iter().map(|signer| signer.sign(&text)).collect();
        Ok(Note::new(text, signatures)?)
    }
}

/// The text of the note, with its last newline.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::ed25519::SigningKey;
    use crate::empty_root;

    const ORIGIN: &str = "log.example/one";

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    fn with_extensions(extensions: &[&str]) -> Checkpoint {
        Checkpoint {
            extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
            ..Checkpoint::new(ORIGIN, 0, empty_root())
        }
    }

    #[test]
    fn checkpoint_reads_back_what_was_signed() {
        let checkpoint = with_extensions(&["one", "two words"]);
        let signed = checkpoint.sign(&[&signer(1), &signer(2)]).unwrap();
        for seed in [1, 2] {
            let vkey = signer(seed).vkey();
            let (read, note) = Checkpoint::verify(signed.to_string(), ORIGIN, &vkey).unwrap();
            assert_eq!((read, note), (checkpoint.clone(), signed.clone()));
        }
    }

    #[test]
    fn checkpoint_of_another_log_or_key_is_refused() {
        let signed = with_extensions(&[]).sign(&[&signer(1)]).unwrap().to_string();
        assert_eq!(
            Checkpoint::verify(&signed, ORIGIN, &signer(2).vkey()),
            Err(CheckpointError::Note(NoteError::Unsigned))
        );
        let (expected, found) = ("log.example/two".to_owned(), ORIGIN.to_owned());
        assert_eq!(
            Checkpoint::verify(&signed, "log.example/two", &signer(1).vkey()),
            Err(CheckpointError::OtherOrigin { expected, found })
        );
    }

    #[test]
    fn malformed_checkpoints_are_refused() {
        let root = empty_root();
        let refused = |text: String| Checkpoint::parse_text(&text).unwrap_err();
        for wrong in [
            String::new(),
            "\n".to_owned(),
            "o\n1\n".to_owned(),
            format!("o\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("o\n1\n{root}\n\n"),
            format!("o\n1\n{root}\n\nx\n"),
            format!("o\n1\n{root}\nx\r\n"),
        ] {
            assert_eq!(refused(wrong.clone()), CheckpointError::Shape, "{wrong:?}");
        }
        for size in ["01", "-1", "+1", "1 ", "0x1", "18446744073709551616"] {
            let wrong = format!("o\n{size}\n{root}\n");
            assert_eq!(refused(wrong), CheckpointError::Size, "{size}");
        }
        for root in ["", "AAAA", &root.to_hex(), &format!("{root}=")] {
            let wrong = format!("o\n1\n{root} \n");
            assert_eq!(refused(wrong), CheckpointError::Root, "{root}");
        }
    }

    #[test]
    fn what_cannot_be_read_back_is_not_signed() {
        for extension in ["", "two\nlines", "tab\tbed"] {
            let signed = with_extensions(&[extension]).sign(&[&signer(1)]);
            assert_eq!(signed, Err(CheckpointError::Shape), "{extension:?}");
        }
        let two_lines = Checkpoint::new("o\n5", 0, empty_root());
        assert!(two_lines.sign(&[&signer(1)]).is_err());
        let unsigned = with_extensions(&[]).sign(&[]);
        assert_eq!(unsigned, Err(CheckpointError::Note(NoteError::Shape)));
    }
}
