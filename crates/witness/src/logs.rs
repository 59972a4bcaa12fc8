//! The logs that a witness watches: an origin, and the keys that may sign for it.

use std::collections::BTreeMap;

use counterpart_tlog::note::{SignatureType, VerifierKey, VerifierKeyError};

/// The longest list of logs that is read: thousands of logs.
const LIST_LEN_MAX: usize = 1 << 20;

/// One log. Several keys stand for it while it changes from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedLog {
    origin: String,
    // INVARIANT: never empty; no two keys have one key id; every key signs checkpoints (type 0x01).
    keys: Vec<VerifierKey>,
}

impl WatchedLog {
    /// The first line of its checkpoints; the name of its keys.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The keys that may sign for it, in the order in which they were named.
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }
}

/// Every log that a witness watches, by origin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Logs(BTreeMap<String, WatchedLog>);

/// A list of logs cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogListError {
    /// The file is too long to read.
    #[error("the list of logs has {0} bytes; at most {LIST_LEN_MAX} are read")]
    TooLong(usize),
    /// A line is wrong.
    #[error("line {line} of the list of logs: {fault}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: Box<LogListError>,
    },
    /// A word should be a verifier key.
    #[error("`{word}` is not the verifier key of a log: {source}")]
    Key {
        /// The word.
        word: String,
        /// Why.
        source: VerifierKeyError,
    },
    /// The key signs something else than checkpoints.
    #[error("`{0}` does not sign checkpoints: the key of a log is an Ed25519 key of type 1")]
    NotALogKey(String),
    /// Two different keys of one log cannot be told apart.
    #[error("two keys of `{0}` have the same key id; name only one of them")]
    Ambiguous(String),
}

impl Logs {
    /// No log at all.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a log by its verifier key (`name+id+base64`), or one more key for a log that is there. Its name is the
    /// origin. Adding a key again changes nothing.
    ///
    /// # Errors
    ///
    /// The word is no verifier key of a log, or its key id is already that of another key of the same log.
    pub fn add(&mut self, vkey: &str) -> Result<(), LogListError> {
        let key = VerifierKey::parse(vkey).map_err(|source| LogListError::Key { word: vkey.to_owned(), source })?;
        if key.kind() != SignatureType::Ed25519 {
            return Err(LogListError::NotALogKey(vkey.to_owned()));
        }
        let origin = key.name().to_owned();
        let log =
            self.0.entry(origin.clone()).or_insert_with(|| WatchedLog { origin: origin.clone(), keys: Vec::new() });
        if log.keys.contains(&key) {
            return Ok(());
        }
        if log.keys.iter().any(|known| known.key_id() == key.key_id()) {
            return Err(LogListError::Ambiguous(origin));
        }
        log.keys.push(key);
        Ok(())
    }

    /// Adds the logs of a list: one verifier key a line, or the `log` lines of a tlog-policy file, or the `vkey` lines
    /// of a witness network's list. Empty lines, comments with `#` and lines that say something else are passed over.
    ///
    /// # Errors
    ///
    /// The first line that is wrong.
    pub fn add_list(&mut self, text: &str) -> Result<(), LogListError> {
        if text.len() > LIST_LEN_MAX {
            return Err(LogListError::TooLong(text.len()));
        }
        for (line, words) in (1..).zip(text.lines()) {
            let mut words = words.split([' ', '\t', '\r']).filter(|word| !word.is_empty());
            let vkey = match (words.next(), words.next()) {
                (Some("log" | "vkey"), Some(vkey)) => vkey,
                (Some(vkey), None) if vkey.contains('+') && !vkey.starts_with('#') => vkey,
                _ => continue,
            };
            self.add(vkey).map_err(|fault| LogListError::Line { line, fault: Box::new(fault) })?;
        }
        Ok(())
    }

    /// The log of this origin, if it is watched.
    pub fn of(&self, origin: &str) -> Option<&WatchedLog> {
        self.0.get(origin)
    }

    /// The logs, by origin.
    pub fn iter(&self) -> impl Iterator<Item = &WatchedLog> {
        self.0.values()
    }

    /// Whether no log is watched.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use counterpart_tlog::ed25519::SigningKey;
    use counterpart_tlog::note::NoteSigner;

    use super::*;

    fn vkey(origin: &str, seed: u8) -> String {
        NoteSigner::new(origin, SigningKey::from_bytes(&[seed; 32])).unwrap().vkey().to_string()
    }

    #[test]
    fn three_kinds_of_list_name_the_same_logs() {
        let (one, two) = (vkey("one.example", 1), vkey("two.example", 2));
        let mut wanted = Logs::new();
        wanted.add(&one).unwrap();
        wanted.add(&two).unwrap();
        for list in [
            format!("# plain\n{one}\n\n{two}\n"),
            format!("log {one} https://one.example\nlog\t{two}\nquorum none\n"),
            format!("logs/v0\n\nvkey {one}\nqpd 10\n\nvkey {two}\ncontact nobody\n"),
        ] {
            let mut logs = Logs::new();
            logs.add_list(&list).unwrap();
            assert_eq!(logs, wanted, "{list}");
        }
    }

    #[test]
    fn a_second_key_of_one_origin_joins_the_first() {
        let mut logs = Logs::new();
        for seed in [1, 2, 1] {
            logs.add(&vkey("one.example", seed)).unwrap();
        }
        assert_eq!(logs.iter().count(), 1);
        assert_eq!(logs.of("one.example").unwrap().keys().len(), 2);
    }

    #[test]
    fn the_key_of_a_witness_is_no_log() {
        let public = SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        let cosigner = VerifierKey::new("w.example", SignatureType::CosignatureV1, &public).unwrap().to_string();
        assert_eq!(Logs::new().add(&cosigner), Err(LogListError::NotALogKey(cosigner)));
    }

    #[test]
    fn a_wrong_line_is_named() {
        let wrong = Logs::new().add_list("# a list\nlog nonsense\n").unwrap_err();
        assert!(wrong.to_string().starts_with("line 2 of the list of logs: `nonsense`"), "{wrong}");
    }
}
