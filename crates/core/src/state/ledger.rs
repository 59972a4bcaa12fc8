//! What the ledger's own stream changes: registrars, log keys, reference data, rules, its end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codes::ReferenceSet;
use crate::event::Event;
use crate::event::data::{Data, LogKeyChanged, ReferenceRow, RegistrarChanged};
use crate::ids::{Code, EventId, OrganisationCode};
use crate::keys::{Key, KeyStage};
use crate::london;
use crate::state::{Founded, State};
use crate::time::{Date, Timestamp};
use crate::wire::Digest;

/// Reference data that come into force on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The file.
    pub row: ReferenceRow,
    /// Whether it is a policy.
    pub policy: bool,
    /// The first day.
    pub from: Date,
}

/// That the ledger is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// When.
    pub at: Timestamp,
    /// Which ledger goes on.
    pub successor: Option<Box<str>>,
}

/// What the ledger's own stream says besides its genesis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Later {
    /// Reference data that are to come.
    pub coming: Vec<Published>,
    /// The file of the witness policy, by its hash.
    pub witness_policy: Option<Digest>,
    /// That it is closed.
    pub closed: Option<Closed>,
}

impl Founded {
    /// The newest version of a list or policy, in force or to come.
    pub fn newest(&self, id: &Code) -> Option<&ReferenceRow> {
        let held = self.code_lists.iter().chain(&self.policies);
        let coming = self.later.coming.iter().map(|published| &published.row);
        held.chain(coming).filter(|row| row.id == *id).max_by_key(|row| row.version)
    }

    /// Code lists and policies with one of them in another version.
    pub fn with_row(&self, row: &ReferenceRow, policy: bool) -> (Vec<ReferenceRow>, Vec<ReferenceRow>) {
        let (mut lists, mut policies) = (self.code_lists.clone(), self.policies.clone());
        let place = if policy { &mut policies } else { &mut lists };
        place.retain(|other| other.id != row.id);
        place.push(row.clone());
        (lists, policies)
    }
}

impl State {
    /// An event of the ledger's own stream, other than its genesis.
    pub(super) fn evolve_ledger(&mut self, event: &Event, index: u64, at: Timestamp) {
        self.sys_revision += 1;
        if let Data::RegistrarChanged(data) = &event.data {
            return self.change_registrars(event.id, data, index, at);
        }
        let Some(founded) = &mut self.founded else {
            return;
        };
        if let Data::CodeListPublished(data) = &event.data {
            let row = ReferenceRow { id: data.id.clone(), sha256: data.sha256, version: data.version };
            founded.later.coming.push(Published { row, policy: false, from: data.in_force_from });
        } else if let Data::PolicyPublished(data) = &event.data {
            let row = ReferenceRow { id: data.id.clone(), sha256: data.sha256, version: data.version };
            founded.later.coming.push(Published { row, policy: true, from: data.in_force_from });
        } else if let Data::RulesAdopted(data) = &event.data {
            founded.rules = data.rules;
        } else if let Data::LogKeyChanged(data) = &event.data {
            founded.change_log_key(data);
        } else if let Data::WitnessPolicyPublished(data) = &event.data {
            founded.later.witness_policy = Some(data.sha256);
        } else if let Data::LedgerClosed(data) = &event.data {
            let successor = data.successor.as_ref().map(|name| name.as_str().into());
            founded.later.closed = Some(Closed { at, successor });
        }
    }

    /// Reference data whose day has come are in force for the entries after this one.
    pub(super) fn bring_reference_into_force(&mut self, at: Timestamp) {
        let Some(founded) = self.founded.as_mut().filter(|founded| !founded.later.coming.is_empty()) else {
            return;
        };
        let due = |published: &Published| london::start_of(published.from) <= at;
        if !founded.later.coming.iter().any(due) {
            return;
        }
        let (now, later): (Vec<Published>, Vec<Published>) = founded.later.coming.drain(..).partition(due);
        founded.later.coming = later;
        for published in now {
            let (lists, policies) = founded.with_row(&published.row, published.policy);
            founded.code_lists = lists;
            founded.policies = policies;
        }
        if let Ok(reference) = ReferenceSet::resolve(&founded.code_lists, &founded.policies) {
            self.reference = Some(Arc::new(reference));
        }
    }

    fn change_registrars(&mut self, event: EventId, data: &RegistrarChanged, index: u64, at: Timestamp) {
        for id in &data.remove {
            if let Some(key) = self.keys.get_mut(id)
                && key.is_active()
            {
                key.stage = KeyStage::Revoked { at };
            }
        }
        for added in &data.add {
            let key = Key {
                public: added.public,
                organisation: OrganisationCode::REGISTRAR,
                person: added.person,
                custody: None,
                stage: KeyStage::Active,
                event,
                index,
                contested: false,
                // It came in with the change: its own stream has no event yet.
                revision: 0,
            };
            self.add_key(added.key, key);
        }
        if let Some(founded) = &mut self.founded {
            founded.registrars.retain(|key, _| !data.remove.contains(key));
            founded.registrars.extend(data.add.iter().map(|added| (added.key, added.person)));
            founded.threshold = data.threshold;
        }
    }
}

impl Founded {
    fn change_log_key(&mut self, data: &LogKeyChanged) {
        // The old key stays known: it signed the checkpoints before `first_size`.
        self.log_keys.push(data.new.as_str().into());
        self.log_key_changes.push(data.clone());
    }
}
