//! Parsed public keys, kept: parsing one costs a tenth of checking a signature with it.

use std::collections::HashMap;

use counterpart_tlog::ed25519::PublicKey;
use rayon::prelude::*;

use crate::admit::{Carried, carried, suitable};
use crate::event::{Event, PublicKeyBytes};
use crate::refusal::Refusal;
use crate::state::State;
use crate::wire::{Envelope, KeyId};

/// The keys by their id. A key id is the hash of its key, so an entry never changes.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    keys: HashMap<KeyId, PublicKey>,
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
        let keys = known
            .par_iter()
            .filter_map(|public| Some((public.key_id(), PublicKey::register(&public.0).ok()?)))
            .collect();
        Self { keys }
    }

    /// Adds a key that entered the ledger. Keys that are no keys were refused before (K06).
    pub fn add(&mut self, public: &PublicKeyBytes) {
        if let Ok(key) = PublicKey::register(&public.0) {
            self.keys.insert(public.key_id(), key);
        }
    }

    /// Adds every key that an event brought in.
    pub fn add_carried(&mut self, event: &Event) {
        for new in carried(event) {
            if let Ok(key) = event.parsed(&new.public) {
                self.keys.insert(new.public.key_id(), key);
            }
        }
    }

    /// Every key, to be kept and added again.
    pub fn publics(&self) -> Vec<PublicKeyBytes> {
        self.keys.values().map(|key| PublicKeyBytes(*key.as_bytes())).collect()
    }

    /// Whether a key is here.
    pub fn holds(&self, key: KeyId) -> bool {
        self.keys.contains_key(&key)
    }

    /// Whether a signature by a key that is here verifies over these bytes, with `verify_strict`.
    pub fn verifies(&self, key: KeyId, message: &[u8], sig: &[u8; 64]) -> bool {
        self.keys.get(&key).is_some_and(|key| key.verify(message, sig))
    }

    /// A key that is here.
    pub fn verifying(&self, key: KeyId) -> Option<PublicKey> {
        self.keys.get(&key).copied()
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
            suitable(event, key)?;
        }
        let message = envelope.pae();
        let mut checked = Checked::default();
        for signature in &envelope.signatures {
            let fresh = new.iter().find(|k| k.key == signature.keyid).and_then(|k| event.parsed(&k.public).ok());
            let Some(key) = fresh.as_ref().or_else(|| self.keys.get(&signature.keyid)) else {
                checked.unknown.push(signature.keyid);
                continue;
            };
            if !key.verify(&message, &signature.sig) {
                return Err(Refusal::SignatureWrong { key: signature.keyid });
            }
        }
        Ok(checked)
    }
}
