//! Who signs in the demonstration: posts with random person ids, and nobody's name.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::ids::{EventId, OrganisationCode, PersonId, Role};
use counterpart_core::wire::KeyId;
use ed25519_dalek::SigningKey;

use super::chance::Chance;

/// A post of one body, and the key of whoever holds it.
#[derive(Clone)]
pub struct Officer {
    /// The body.
    pub organisation: OrganisationCode,
    /// The role.
    pub role: Role,
    /// From 1, where a body has several of the role.
    pub number: u8,
    /// Who, by id.
    pub person: PersonId,
    /// The key.
    pub key: SigningKey,
}

impl Officer {
    /// An officer whose id and key follow from the seed.
    pub fn new(chance: &Chance, organisation: OrganisationCode, role: Role, number: u8) -> Self {
        let label = format!("{organisation}.{role}.{number}");
        Self { organisation, role, number, person: chance.person(&label), key: chance.key(&label) }
    }

    /// The public key.
    pub fn public(&self) -> PublicKeyBytes {
        PublicKeyBytes(self.key.verifying_key().to_bytes())
    }

    /// The id of the key.
    pub fn key_id(&self) -> KeyId {
        self.public().key_id()
    }

    /// `CMD.IGL.1`: the name of its key file without the ending.
    pub fn name(&self) -> String {
        format!("{}.{}.{}", self.organisation, self.role, self.number)
    }
}

/// An officer who signs, in which role and by whose leave.
#[derive(Clone)]
pub struct Hand {
    /// Whose key.
    pub officer: Officer,
    /// The role signed in; not always the officer's first.
    pub role: Role,
    /// The delegation relied on.
    pub delegation: Option<EventId>,
}

impl From<Officer> for Hand {
    fn from(officer: Officer) -> Self {
        Self { role: officer.role, officer, delegation: None }
    }
}

/// Everybody, by body, role and number.
#[derive(Clone, Default)]
pub struct Cast(BTreeMap<(OrganisationCode, Role, u8), Officer>);

impl Cast {
    /// Adds an officer.
    pub fn add(&mut self, officer: Officer) {
        self.0.insert((officer.organisation, officer.role, officer.number), officer);
    }

    /// The first holder of a role.
    pub fn of(&self, organisation: OrganisationCode, role: Role) -> Result<Hand> {
        self.numbered(organisation, role, 1)
    }

    /// The holder of this number.
    pub fn numbered(&self, organisation: OrganisationCode, role: Role, number: u8) -> Result<Hand> {
        let officer = self.0.get(&(organisation, role, number));
        officer.cloned().map(Hand::from).with_context(|| format!("nobody is {organisation}.{role}.{number}"))
    }

    /// Everybody, in order of body, role and number.
    pub fn all(&self) -> impl Iterator<Item = &Officer> {
        self.0.values()
    }
}
