//! Parsed public keys, kept: parsing one costs a tenth of checking a signature with it.
//!
//! A key that signs again and again gets multiples of its own ([`ReadyKey`]): the same verdicts in
//! some four fifths of the time. They are a cache and no part of what a log means.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use counterpart_tlog::ed25519::{PublicKey, ReadyKey};
use rayon::prelude::*;

use crate::admit::{Carried, carried, suitable};
use crate::event::{Event, PublicKeyBytes};
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::{Envelope, KeyId};

/// Signatures of a key before it gets multiples, which cost as much as three.
const FAMILIAR: u32 = 8;

/// Keys that have multiples at most: 10 KiB each, so 40 MiB.
const READY_MAX: u32 = 4_096;

/// The keys by their id. A key id is the hash of its key, so an entry never changes.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: HashMap<KeyId, Arc<Kept>>,
    /// How many have multiples, here and in every clone.
    ready: Arc<AtomicU32>,
}

/// A key, and what was made of it once it was seen often.
struct Kept {
    key: PublicKey,
    signatures: AtomicU32,
    ready: OnceLock<ReadyKey>,
}

impl Kept {
    fn new(key: PublicKey) -> Self {
        Self { key, signatures: AtomicU32::new(0), ready: OnceLock::new() }
    }

    /// Whether a signature verifies. `made` counts the keys that have multiples.
    fn verify(&self, message: &[u8], sig: &[u8; 64], made: &AtomicU32) -> bool {
        if let Some(ready) = self.ready.get() {
            return ready.verify(message, sig);
        }
        // Counting is approximate: two threads at once make a table too many or one signature later.
        let familiar = self.signatures.fetch_add(1, Ordering::Relaxed) >= FAMILIAR;
        if familiar && made.load(Ordering::Relaxed) < READY_MAX {
            let ready = self.ready.get_or_init(|| {
                made.fetch_add(1, Ordering::Relaxed);
                ReadyKey::new(self.key)
            });
            return ready.verify(message, sig);
        }
        self.key.verify(message, sig)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

/// What the signatures of one envelope came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Keys that were not known: their signatures were not looked at.
    pub unknown: Vec<KeyId>,
}

impl Keyring {
    /// The keys that a state knows: those that its events brought in.
    pub fn of(state: &State) -> Self {
        let known: Vec<&PublicKeyBytes> = state.keys.values().map(|key| &key.public).collect();
        // To parse one is to look whether it is a point of the group, which takes a while.
        let parsed: Vec<(KeyId, PublicKey)> = known
            .par_iter()
            .filter_map(|public| Some((public.key_id(), PublicKey::register(&public.0).ok()?)))
            .collect();
        let mut keyring = Self::default();
        keyring.keys.extend(parsed.into_iter().map(|(id, key)| (id, Arc::new(Kept::new(key)))));
        keyring
    }

    /// Adds a key that entered the ledger. Keys that are no keys were refused before (K06).
    pub fn add(&mut self, public: &PublicKeyBytes) {
        let id = public.key_id();
        if self.keys.contains_key(&id) {
            return;
        }
        if let Ok(key) = PublicKey::register(&public.0) {
            self.keys.insert(id, Arc::new(Kept::new(key)));
        }
    }

    /// Adds every key that an event brought in.
    pub fn add_carried(&mut self, event: &Event) {
        for new in carried(event) {
            self.add(&new.public);
        }
    }

    /// Every key, to be kept and added again.
    pub fn publics(&self) -> Vec<PublicKeyBytes> {
        self.keys.values().map(|kept| PublicKeyBytes(*kept.key.as_bytes())).collect()
    }

    /// Whether a key is here.
    pub fn holds(&self, key: KeyId) -> bool {
        self.keys.contains_key(&key)
    }

    /// Whether a signature by a key that is here verifies over these bytes, with `verify_strict`.
    pub fn verifies(&self, key: KeyId, message: &[u8], sig: &[u8; 64]) -> bool {
        self.keys.get(&key).is_some_and(|kept| kept.verify(message, sig, &self.ready))
    }

    /// A key that is here.
    pub fn verifying(&self, key: KeyId) -> Option<PublicKey> {
        self.keys.get(&key).map(|kept| kept.key)
    }

    /// Checks every signature by a key that is known or that the event carries, each by itself with
    /// `verify_strict`; batch verification decides nothing.
    ///
    /// # Errors
    ///
    /// K06 for an unsuitable carried key, before its signature is looked at; E09 for a signature that does
    /// not verify.
    pub fn check(&self, event: &Event, envelope: &Envelope) -> Result<Checked, Refusal> {
        let new: Vec<Carried> = carried(event);
        for key in &new {
            suitable(key)?;
        }
        let message = envelope.pae();
        let mut checked = Checked::default();
        for signature in &envelope.signatures {
            let fresh =
                new.iter().find(|k| k.key == signature.keyid).and_then(|k| PublicKey::register(&k.public.0).ok());
            let verifies = match (&fresh, self.keys.get(&signature.keyid)) {
                (_, Some(kept)) => kept.verify(&message, &signature.sig, &self.ready),
                (Some(key), None) => key.verify(&message, &signature.sig),
                (None, None) => {
                    checked.unknown.push(signature.keyid);
                    continue;
                }
            };
            if !verifies {
                return Err(Refusal::SignatureWrong { key: signature.keyid });
            }
        }
        Ok(checked)
    }
}
