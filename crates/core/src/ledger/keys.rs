//! The keys of a log: one signs at a size, and hands over to the next from a size on (wire.md 3).

use counterpart_tlog::note::{NoteSigner, VerifierKey};

use crate::event::data::LogKeyChanged;
use crate::state::Founded;

/// So many keys that signed before sign beside the one in force: a note has room for 100 signatures, those of witnesses
/// among them.
const OLDER_MAX: usize = 16;

/// The keys with which checkpoints of one log may be signed: the one that signs, one that is to come, and those that
/// did before. At least one, all under one origin.
#[derive(Clone)]
pub struct LogKeys {
    // INVARIANT: not empty.
    held: Vec<NoteSigner>,
}

impl From<NoteSigner> for LogKeys {
    fn from(signer: NoteSigner) -> Self {
        Self { held: vec![signer] }
    }
}

impl Founded {
    /// The key that signs checkpoints over so many entries, as a vkey; none while it is the one that the ledger was
    /// founded with, of which there may be several.
    pub fn log_key_at(&self, size: u64) -> Option<&str> {
        let changes = &self.log_key_changes;
        let newest = changes.iter().rev().find(|change| change.first_size <= size).map(|change| change.new.as_str());
        newest.or_else(|| changes.first().map(|change| change.old.as_str()))
    }

    /// The change whose new key signs for the first time at exactly this size; its old key signs there too.
    pub fn handover_at(&self, size: u64) -> Option<&LogKeyChanged> {
        self.log_key_changes.iter().find(|change| change.first_size == size)
    }
}

impl LogKeys {
    /// These keys and another one of the same log; one of another log is left out.
    #[must_use]
    pub fn with(mut self, signer: NoteSigner) -> Self {
        if signer.name() == self.origin() && !self.holds(&signer.vkey().to_string()) {
            self.held.push(signer);
        }
        self
    }

    /// Host and prefix of the log.
    pub fn origin(&self) -> &str {
        self.held.first().map_or("", NoteSigner::name)
    }

    /// Whether a key is held, by its vkey.
    pub fn holds(&self, vkey: &str) -> bool {
        self.held.iter().any(|signer| signer.vkey().to_string() == vkey)
    }

    /// The signer of a key that is held, by its vkey.
    pub fn signer(&self, vkey: &str) -> Option<&NoteSigner> {
        self.held.iter().find(|signer| signer.vkey().to_string() == vkey)
    }

    /// Every key that is held.
    pub fn vkeys(&self) -> impl Iterator<Item = VerifierKey> {
        self.held.iter().map(NoteSigner::vkey)
    }

    /// Those that sign a checkpoint over so many entries: the one in force and, while they are held, the newest 16 before
    /// it, so that whoever has pinned an older one can follow.
    ///
    /// # Errors
    ///
    /// The key in force is not held, or at the first size of a key the one before it, in plain words.
    pub fn signers(&self, founded: Option<&Founded>, size: u64) -> Result<Vec<&NoteSigner>, String> {
        let Some(founded) = founded.filter(|founded| !founded.log_key_changes.is_empty()) else {
            return Ok(self.held.iter().take(1).collect());
        };
        let missing = |vkey: &str, why: &str| format!("the log's key {vkey} is not here, and {why}");
        let signer = |vkey: &str| self.held.iter().find(|signer| signer.vkey().to_string() == vkey);
        let current = founded.log_key_at(size).unwrap_or_default();
        let current = signer(current).ok_or_else(|| missing(current, "signs checkpoints of this size"))?;
        let mut older: Vec<&NoteSigner> = Vec::new();
        for change in founded.log_key_changes.iter().rev().filter(|change| change.first_size <= size) {
            if older.len() == OLDER_MAX {
                break;
            }
            let old = change.old.as_str();
            match signer(old) {
                Some(signer) if signer.vkey() != current.vkey() => older.push(signer),
                None if change.first_size == size => {
                    return Err(missing(old, "hands over at this size to the next one"));
                }
                Some(_) | None => {}
            }
        }
        let signers = std::iter::once(current).chain(older.into_iter().rev()).collect();
        Ok(signers)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::HashMap;

    use counterpart_tlog::ed25519::SigningKey;

    use super::*;
    use crate::event::data::Visibility;

    const ORIGIN: &str = "counterpart.example/london/log";

    fn signer(seed: u8) -> NoteSigner {
        NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[seed; 32])).unwrap()
    }

    #[test]
    fn many_keys_that_signed_before_leave_room_in_a_note() {
        let vkey = |seed: u8| signer(seed).vkey().to_string();
        let change = |seed: u8| LogKeyChanged {
            first_size: u64::from(seed) * 10,
            new: vkey(seed + 1).parse().unwrap(),
            old: vkey(seed).parse().unwrap(),
        };
        let founded = Founded {
            ledger: ORIGIN.into(),
            origin: ORIGIN.into(),
            visibility: Visibility::Open,
            threshold: 2,
            registrars: HashMap::new(),
            answer_keys: Vec::new(),
            log_keys: vec![vkey(1).into()],
            rules: 1,
            code_lists: Vec::new(),
            policies: Vec::new(),
            log_key_changes: (1..120).map(change).collect(),
            later: crate::state::Later::default(),
        };
        let keys = (2..=120).fold(LogKeys::from(signer(1)), |keys, seed| keys.with(signer(seed)));
        let signed_by = |size: u64| -> Vec<String> {
            let signers = keys.signers(Some(&founded), size).unwrap();
            signers.iter().map(|signer| signer.vkey().to_string()).collect()
        };
        // The first size of a key, and one long after all of them.
        for (size, newest) in [(10, 2), (500, 51), (1190, 120), (5000, 120)] {
            let before = (newest - 1).min(16);
            let wanted: Vec<String> = std::iter::once(newest).chain(newest - before..newest).map(vkey).collect();
            assert_eq!(signed_by(size), wanted, "{size}");
        }
        // Whoever hands over at this size has to be there.
        let without = (51..=120).fold(LogKeys::from(signer(1)), |keys, seed| keys.with(signer(seed)));
        assert!(without.signers(Some(&founded), 500).is_err());
        assert!(without.signers(Some(&founded), 501).is_ok());
    }
}
