//! Policies: which logs are trusted, and which witnesses must have seen a checkpoint
//! (C2SP tlog-policy).
//!
//! ```text
//! log <vkey> [<url>]
//! witness <name> <vkey> [<url>]
//! group <name> <k|any|all> <member> …
//! quorum <name|none>
//! ```
//!
//! One definition a line; `#` starts a comment line; a name is defined before it is used.

mod written;

use std::collections::{HashMap, HashSet};
use std::fmt;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{NoteError, SignatureType, VerifierKey, VerifierKeyError};
use crate::{cosignature, text};

/// The longest policy file: hundreds of logs, witnesses and groups.
pub const POLICY_LEN_MAX: usize = 1 << 20;

/// The quorum that asks for no witness; no witness or group may be called so.
const NONE: &[u8] = b"none";

/// A policy, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    // INVARIANT: members of a group are witnesses or groups before it, so one pass decides.
    groups: Vec<Group>,
    quorum: Quorum,
}

/// A log that the policy trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Its key; the name of the key is the log's origin.
    pub key: VerifierKey,
    /// Where it is reached, if the policy says so.
    pub url: Option<String>,
}

/// A witness that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy, for people; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is reached, if the policy says so.
    pub url: Option<String>,
}

/// A number of members that must have witnessed a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

/// Who must have witnessed a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    Nobody,
    Of(Member),
}

/// Something a group or the quorum refers to, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// A checkpoint that a policy accepts, and who stands behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Satisfied {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The key of the log that signed it.
    pub log_key: VerifierKey,
    /// Every known witness that cosigned, whether the quorum needed it or not.
    pub witnesses: Vec<Witnessed>,
}

/// A cosignature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witnessed {
    /// The witness's name within the policy.
    pub name: String,
    /// When it saw the checkpoint, in seconds since 1970.
    pub timestamp: u64,
}

/// A checkpoint does not satisfy a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnmetPolicy {
    /// The checkpoint is malformed, or a signature of a known key is wrong.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// No log of the policy has signed it as its own.
    #[error("no log of the policy has signed this checkpoint of `{0}`")]
    UnknownLog(String),
    /// Too few witnesses have cosigned.
    #[error("the witnesses that cosigned do not make the quorum of the policy: {}", Names(.0))]
    NoQuorum(Vec<Witnessed>),
}

/// Bytes are not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The file is too long to read.
    #[error("the policy has {0} bytes; at most {POLICY_LEN_MAX} are read")]
    TooLong(usize),
    /// A line is wrong.
    #[error("line {line} of the policy: {fault}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// There is no quorum line.
    #[error("the policy has no `quorum` line; `quorum none` asks for no witness")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A control character other than tab.
    #[error("control characters other than tab are not allowed")]
    ControlCharacter,
    /// Not one of the four kinds of line.
    #[error("a line starts with `log`, `witness`, `group`, `quorum` or `#`")]
    Keyword,
    /// Too few or too many words.
    #[error("the line has too few or too many words")]
    Words,
    /// The key is no verifier key.
    #[error(transparent)]
    Key(#[from] VerifierKeyError),
    /// The key is of a type that a witness does not sign with.
    #[error("a witness has a cosignature key, not one of type 1")]
    WitnessKeyType,
    /// Another line has this public key.
    #[error("this public key stands on another line already")]
    DuplicateKey,
    /// The name is taken.
    #[error("`{0}` is already defined, or reserved")]
    DuplicateName(String),
    /// The name is not defined before this line.
    #[error("`{0}` is not defined above")]
    UnknownName(String),
    /// The name is a member of a group already.
    #[error("`{0}` is a member of a group already")]
    MemberTwice(String),
    /// The threshold is no number from 1 to the number of members.
    #[error("a threshold is `any`, `all` or a number from 1 to the number of members")]
    Threshold,
    /// There is a quorum line already.
    #[error("a policy has one `quorum` line")]
    SecondQuorum,
}

impl Policy {
    /// Reads a policy. A last line without newline is taken as a line.
    ///
    /// # Errors
    ///
    /// A [`PolicyError`] names the first line that is wrong.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Self, PolicyError> {
        let bytes = bytes.as_ref();
        if bytes.len() > POLICY_LEN_MAX {
            return Err(PolicyError::TooLong(bytes.len()));
        }
        let mut reader = Reader::default();
        for (line, text) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            reader.line(text).map_err(|fault| PolicyError::Line { line, fault })?;
        }
        reader.finish().ok_or(PolicyError::NoQuorum)
    }

    /// A policy that trusts one log and asks for no witness.
    pub fn of_log(key: VerifierKey) -> Self {
        Self { logs: vec![Log { key, url: None }], witnesses: Vec::new(), groups: Vec::new(), quorum: Quorum::Nobody }
    }

    /// The same policy, trusting one more key of a log that it names: the one to which that log has handed over. A key
    /// of a log that it does not name changes nothing.
    #[must_use]
    pub fn with_log_key(mut self, key: VerifierKey) -> Self {
        let named = self.logs.iter().find(|log| log.key.name() == key.name()).map(|log| log.url.clone());
        if let Some(url) = named.filter(|_| self.logs.iter().all(|log| log.key != key)) {
            self.logs.push(Log { key, url });
        }
        self
    }

    /// The logs, in the order of the file. There may be none.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether any witness is asked for.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum != Quorum::Nobody
    }

    /// Checks a signed checkpoint: a log of the policy signed it under its own origin, and
    /// the witnesses that cosigned make the quorum.
    ///
    /// # Errors
    ///
    /// It is malformed, a known key's signature is wrong, no log of the policy signed it or
    /// the quorum is not reached.
    pub fn verify(&self, note: impl AsRef<[u8]>) -> Result<Satisfied, UnmetPolicy> {
        let (checkpoint, note) = Checkpoint::parse(note)?;
        // A key that is both a log's and a witness's is asked once.
        let mut keys: Vec<&VerifierKey> = Vec::new();
        let logs = self.logs.iter().map(|log| &log.key);
        for key in logs.chain(self.witnesses.iter().map(|witness| &witness.key)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let verified = match note.verify(&keys) {
            Ok(verified) => verified,
            Err(NoteError::Unsigned) => return Err(UnmetPolicy::UnknownLog(checkpoint.origin)),
            Err(error) => return Err(CheckpointError::Note(error).into()),
        };
        let signature_of = |key: &VerifierKey| {
            verified.iter().find(|found| keys.get(found.verifier) == Some(&key)).map(|found| found.signature)
        };
        let log = self.logs.iter().find(|log| log.key.name() == checkpoint.origin && signature_of(&log.key).is_some());
        let Some(log) = log else {
            return Err(UnmetPolicy::UnknownLog(checkpoint.origin));
        };
        let seen: Vec<Option<Witnessed>> = self
            .witnesses
            .iter()
            .map(|witness| {
                let signature = signature_of(&witness.key)?;
                Some(Witnessed { name: witness.name.clone(), timestamp: cosignature::timestamp(signature.bytes())? })
            })
            .collect();
        let reached = self.quorum_reached(|place| matches!(seen.get(place), Some(Some(_))));
        let witnesses = seen.into_iter().flatten().collect();
        if !reached {
            return Err(UnmetPolicy::NoQuorum(witnesses));
        }
        Ok(Satisfied { checkpoint, log_key: log.key.clone(), witnesses })
    }

    /// Whether the witnesses of which `cosigned` is true, by their place in [`Policy::witnesses`], make the quorum.
    pub fn quorum_reached(&self, cosigned: impl Fn(usize) -> bool) -> bool {
        let mut groups: Vec<bool> = Vec::with_capacity(self.groups.len());
        let holds = |member: &Member, groups: &[bool]| match *member {
            Member::Witness(place) => cosigned(place),
            Member::Group(place) => groups.get(place).copied().unwrap_or(false),
        };
        for group in &self.groups {
            let members = group.members.iter();
            let count = members.filter(|member| holds(member, &groups)).count();
            let fewer = usize::from(crate::planted!("quorum_of_fewer"));
            groups.push(count + fewer >= group.threshold);
        }
        match &self.quorum {
            Quorum::Nobody => true,
            Quorum::Of(member) => holds(member, &groups),
        }
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader<'p> {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Option<Quorum>,
    // Names are opaque bytes: no two spellings are one name.
    names: HashMap<&'p [u8], Member>,
    members: HashSet<&'p [u8]>,
    log_keys: HashSet<Vec<u8>>,
    witness_keys: HashSet<Vec<u8>>,
}

impl<'p> Reader<'p> {
    fn line(&mut self, line: &'p [u8]) -> Result<(), Fault> {
        if line.iter().any(|byte| matches!(byte, 0x00..=0x08 | 0x0a..=0x1f | 0x7f)) {
            return Err(Fault::ControlCharacter);
        }
        let words: Vec<&[u8]> =
            line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", vkey] => self.log(vkey, None),
            [b"log", vkey, url] => self.log(vkey, Some(url)),
            [b"witness", name, vkey] => self.witness(name, vkey, None),
            [b"witness", name, vkey, url] => self.witness(name, vkey, Some(url)),
            [b"group", name, threshold, members @ ..] => self.group(name, threshold, members),
            [b"quorum", name] => self.quorum(name),
            [b"log" | b"witness" | b"group" | b"quorum", ..] => Err(Fault::Words),
            [_, ..] => Err(Fault::Keyword),
        }
    }

    fn log(&mut self, vkey: &[u8], url: Option<&[u8]>) -> Result<(), Fault> {
        let key = read_key(vkey)?;
        if !self.log_keys.insert(key.public_bytes().to_vec()) {
            return Err(Fault::DuplicateKey);
        }
        let url = url.map(printable);
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, name: &'p [u8], vkey: &[u8], url: Option<&[u8]>) -> Result<(), Fault> {
        let key = read_key(vkey)?;
        if key.kind() == SignatureType::Ed25519 {
            return Err(Fault::WitnessKeyType);
        }
        if !self.witness_keys.insert(key.public_bytes().to_vec()) {
            return Err(Fault::DuplicateKey);
        }
        self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(Witness { name: printable(name), key, url: url.map(printable) });
        Ok(())
    }

    fn group(&mut self, name: &'p [u8], threshold: &[u8], names: &[&'p [u8]]) -> Result<(), Fault> {
        if names.is_empty() {
            return Err(Fault::Words);
        }
        let threshold = match threshold {
            b"any" => 1,
            b"all" => names.len(),
            number => std::str::from_utf8(number)
                .ok()
                .and_then(text::decimal)
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=names.len()).contains(number))
                .ok_or(Fault::Threshold)?,
        };
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            members.push(self.find(member)?);
            // Each witness counts towards the quorum in one way only.
            if !self.members.insert(member) {
                return Err(Fault::MemberTwice(printable(member)));
            }
        }
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members });
        Ok(())
    }

    fn quorum(&mut self, name: &[u8]) -> Result<(), Fault> {
        if self.quorum.is_some() {
            return Err(Fault::SecondQuorum);
        }
        self.quorum = Some(if name == NONE { Quorum::Nobody } else { Quorum::Of(self.find(name)?) });
        Ok(())
    }

    fn find(&self, name: &[u8]) -> Result<Member, Fault> {
        let member = self.names.get(name).copied();
        member.ok_or_else(|| Fault::UnknownName(printable(name)))
    }

    fn define(&mut self, name: &'p [u8], member: Member) -> Result<(), Fault> {
        if name == NONE || self.names.insert(name, member).is_some() {
            return Err(Fault::DuplicateName(printable(name)));
        }
        Ok(())
    }

    fn finish(self) -> Option<Policy> {
        Some(Policy { logs: self.logs, witnesses: self.witnesses, groups: self.groups, quorum: self.quorum? })
    }
}

fn read_key(vkey: &[u8]) -> Result<VerifierKey, Fault> {
    let vkey = std::str::from_utf8(vkey).map_err(|_| VerifierKeyError::Shape)?;
    Ok(VerifierKey::parse(vkey)?)
}

fn printable(word: &[u8]) -> String {
    String::from_utf8_lossy(word).into_owned()
}

/// Names of witnesses for a message.
struct Names<'w>(&'w [Witnessed]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.0.split_first() else {
            return f.write_str("none has");
        };
        write!(f, "`{}`", first.name)?;
        rest.iter().try_for_each(|witness| write!(f, ", `{}`", witness.name))
    }
}

#[cfg(test)]
mod tests;
