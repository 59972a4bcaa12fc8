//! Whose word a checkpoint is: a key or policy that the auditor brought, or the ledger's own.

use anyhow::{Context, Result};
use counterpart_core::event::data::LogKeyChanged;
use counterpart_core::state::State;
use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::policy::{Policy, Satisfied, UnmetPolicy, Witnessed};

use crate::ending::Fault;
use crate::shell;

/// What the auditor trusts.
#[derive(Clone, Debug)]
pub enum Trust {
    /// A key that came from elsewhere.
    Key(Box<Policy>),
    /// A policy with witnesses.
    Policy(Box<Policy>),
    /// Nothing: the key is the one that entry 0 pins.
    Ledger,
}

/// A checkpoint whose signature holds.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The key of the log.
    pub log_key: String,
    /// `pinned`, `policy` or `ledger`.
    pub source: &'static str,
    /// The witnesses that the policy knows and that cosigned.
    pub witnesses: Vec<Witnessed>,
}

impl Trust {
    /// From `--vkey` or `--policy`.
    ///
    /// # Errors
    ///
    /// The key or policy is malformed (exit 2).
    pub fn new(vkey: Option<&str>, policy: Option<&std::path::Path>) -> Result<Self> {
        if let Some(path) = policy {
            let policy = Policy::parse(shell::read(path)?);
            let policy =
                policy.map_err(|error| Fault::usage(format!("`{}` is not a policy: {error}", path.display())))?;
            return Ok(Self::Policy(Box::new(policy)));
        }
        let Some(vkey) = vkey else {
            return Ok(Self::Ledger);
        };
        Ok(Self::Key(Box::new(Policy::of_log(key(vkey)?))))
    }

    /// Checks a signed checkpoint; with [`Trust::Ledger`] against the keys that the genesis pins.
    ///
    /// # Errors
    ///
    /// What does not hold, in plain words.
    pub fn check(&self, note: &[u8], state: &State, handovers: &[Handover<'_>]) -> Result<Signed, String> {
        let signed = |satisfied: Satisfied, source| Signed {
            log_key: satisfied.log_key.to_string(),
            source,
            witnesses: satisfied.witnesses,
        };
        match self {
            Self::Key(policy) => {
                let satisfied = followed(policy, handovers).verify(note).map_err(|error| {
                    format!("the checkpoint is not signed by the key that you gave, nor by one to which it handed over: {error}")
                })?;
                pinned(state, &satisfied)?;
                Ok(signed(satisfied, "pinned"))
            }
            Self::Policy(policy) => {
                let satisfied = followed(policy, handovers)
                    .verify(note)
                    .map_err(|error| format!("the checkpoint does not satisfy the policy that you gave: {error}"))?;
                pinned(state, &satisfied)?;
                Ok(signed(satisfied, "policy"))
            }
            Self::Ledger => {
                let founded = state.founded.as_ref().ok_or("entry 0 could not be read, so no key is known")?;
                let keys = founded.log_keys.iter().filter_map(|key| VerifierKey::parse(key).ok());
                let mut why = "entry 0 pins no usable log key".to_owned();
                for key in keys {
                    match Policy::of_log(key).verify(note) {
                        Ok(satisfied) => return Ok(signed(satisfied, "ledger")),
                        Err(error) => why = error.to_string(),
                    }
                }
                Err(format!("the checkpoint is not signed by a key that entry 0 pins: {why}"))
            }
        }
    }

    /// Checks a checkpoint that an auditor brought, for which no quorum is asked; gives the witnesses that cosigned it.
    ///
    /// # Errors
    ///
    /// This log has not signed it, in plain words.
    pub fn check_older(
        &self,
        note: &[u8],
        state: &State,
        handovers: &[Handover<'_>],
    ) -> Result<Vec<Witnessed>, String> {
        match self {
            Self::Policy(policy) => match followed(policy, handovers).verify(note) {
                Ok(satisfied) => Ok(satisfied.witnesses),
                Err(UnmetPolicy::NoQuorum(witnesses)) => Ok(witnesses),
                Err(error) => Err(error.to_string()),
            },
            Self::Key(_) | Self::Ledger => self.check(note, state, handovers).map(|signed| signed.witnesses),
        }
    }

    /// Checks what can be checked before anything is read: a key from elsewhere.
    ///
    /// # Errors
    ///
    /// Another key signed (exit 4).
    pub fn check_early(&self, note: &[u8], has_handovers: bool) -> Result<()> {
        match self {
            // Whether the key handed over is known when the entries are read.
            Self::Key(_) | Self::Policy(_) if has_handovers => Ok(()),
            Self::Key(policy) | Self::Policy(policy) => {
                let verified = policy.verify(note).map(drop);
                verified.map_err(|error| {
                    Fault::unverified(format!("the checkpoint is not the one of a log that you trust: {error}"))
                })
            }
            Self::Ledger => Ok(()),
        }
    }
}

/// That one key of a log follows another from a size on.
pub struct Handover<'a> {
    /// What the log says of it.
    pub change: &'a LogKeyChanged,
    /// The root over so many entries, as the entries give it.
    pub root: Hash,
    /// The checkpoint of that size.
    pub note: Vec<u8>,
}

impl Handover<'_> {
    /// Whether both keys signed a checkpoint of just this size and root.
    ///
    /// # Errors
    ///
    /// What does not hold, in plain words.
    pub fn check(&self) -> Result<(), String> {
        for vkey in [self.change.old.as_str(), self.change.new.as_str()] {
            let key = VerifierKey::parse(vkey).map_err(|error| error.to_string())?;
            let verified = Checkpoint::verify(&self.note, key.name(), &key);
            let (checkpoint, _) = verified.map_err(|error| format!("{vkey} has not signed it: {error}"))?;
            if checkpoint.size != self.change.first_size || checkpoint.root != self.root {
                return Err("it is of another size or root than these entries".to_owned());
            }
        }
        Ok(())
    }
}

/// The policy, trusting as well the keys to which one that it names has handed over, step by step.
fn followed(policy: &Policy, handovers: &[Handover<'_>]) -> Policy {
    let mut followed = policy.clone();
    for handover in handovers {
        let trusted = followed.logs().iter().any(|log| log.key.to_string() == handover.change.old.as_str());
        let new = VerifierKey::parse(handover.change.new.as_str()).ok().filter(|_| trusted && handover.check().is_ok());
        if let Some(new) = new {
            followed = followed.with_log_key(new);
        }
    }
    followed
}

/// A verifier key that a person gave.
///
/// # Errors
///
/// It is none (exit 2).
pub fn key(vkey: &str) -> Result<VerifierKey> {
    VerifierKey::parse(vkey.trim()).map_err(|error| Fault::usage(format!("`{vkey}` is not a verifier key: {error}")))
}

/// The size and root of a checkpoint that is not verified yet.
///
/// # Errors
///
/// It is malformed (exit 4).
pub fn claimed(note: &[u8]) -> Result<Checkpoint> {
    let parsed = Checkpoint::parse(note).map(|(checkpoint, _)| checkpoint);
    parsed.map_err(|error| Fault::unverified(format!("the checkpoint is malformed: {error}"))).context("of this log")
}

/// A key from elsewhere must also be the one that entry 0 pins, for the origin that entry 0 names.
fn pinned(state: &State, satisfied: &Satisfied) -> Result<(), String> {
    let Some(founded) = &state.founded else {
        return Err("entry 0 could not be read, so it is not known which ledger this is".to_owned());
    };
    if *founded.origin != *satisfied.checkpoint.origin {
        return Err(format!(
            "the checkpoint is of `{}`, and entry 0 founds `{}`",
            satisfied.checkpoint.origin, founded.origin
        ));
    }
    let key = satisfied.log_key.to_string();
    if founded.log_keys.iter().any(|pinned| **pinned == *key) {
        Ok(())
    } else {
        Err(format!("entry 0 does not pin the log key {key}"))
    }
}
