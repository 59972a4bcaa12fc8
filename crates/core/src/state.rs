//! What the entries so far have made of the ledger: a pure function of the log (wire.md 3).

mod account;
mod agreements;
mod events;
mod filed;
mod ledger;
mod succession;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agreement::agreement_events;
use crate::codes::ReferenceSet;
use crate::contest::Contests;
use crate::erasure::Erasures;
use crate::event::data::{self, Data, ReferenceRow, Visibility};
use crate::event::{Event, PublicKeyBytes};
use crate::ids::{EventId, OrganisationCode, PersonId, Stream};
use crate::keys::{Key, KeyStage};
use crate::london;
use crate::offices::{Appointment, Delegation, Organisation, OrganisationStage};
use crate::time::Timestamp;
use crate::wire::KeyId;

pub use events::{Events, Recorded};
pub use ledger::{Closed, Later, Published};
pub use succession::Succession;

pub(crate) use events::Row;
pub(crate) use filed::Filed;

/// What the genesis pins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// `<origin>#<hex leaf hash of entry 0>`: what every later event names.
    pub ledger: Box<str>,
    /// Host and prefix of the log.
    pub origin: Box<str>,
    /// Who may read entries.
    pub visibility: Visibility,
    /// How many registrars must sign.
    pub threshold: u32,
    /// Their keys.
    pub registrars: HashMap<KeyId, PersonId>,
    /// Keys that sign refusals.
    pub answer_keys: Vec<PublicKeyBytes>,
    /// Keys that sign checkpoints, as vkeys.
    pub log_keys: Vec<Box<str>>,
    /// The version of the rules in force.
    pub rules: u32,
    /// Code lists in force.
    pub code_lists: Vec<ReferenceRow>,
    /// Policies in force.
    pub policies: Vec<ReferenceRow>,
    /// Every change of the key that signs checkpoints, in order.
    pub log_key_changes: Vec<data::LogKeyChanged>,
    /// What the ledger's own stream said since.
    pub later: Later,
}

/// The state after some number of entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// How many entries made it.
    pub size: u64,
    /// The `recorded_at` of the newest entry.
    pub recorded_at: Option<Timestamp>,
    /// What the genesis pins, once there is one.
    pub founded: Option<Founded>,
    /// Events of stream `sys`.
    pub sys_revision: u64,
    /// By code.
    pub organisations: HashMap<OrganisationCode, Organisation>,
    /// By key id.
    pub keys: HashMap<KeyId, Key>,
    /// The keys of each person, so that nobody looks through all of them.
    pub keys_of: HashMap<PersonId, Vec<KeyId>>,
    /// Every event, by its id.
    pub events: Events,
    /// When each entry was recorded, by index.
    pub instants: Vec<Timestamp>,
    /// Every succession, in order.
    pub successions: Vec<Succession>,
    /// Who signed what with which key, and what of it is contested.
    pub contests: Contests,
    /// Which words are destroyed by order of the log.
    pub erasures: Erasures,
    /// The reference data in force, resolved when the ledger was founded.
    #[serde(skip)]
    pub reference: Option<Arc<ReferenceSet>>,
    /// By the key of their stream, by reference, and in the order of filing.
    #[serde(skip)]
    pub(crate) agreements: Filed,
    /// How many agreements began in a London year.
    pub(crate) filed_in: HashMap<u16, u32>,
    /// The agreements that name an organisation, by their places, in the order of filing.
    pub(crate) agreements_of: HashMap<OrganisationCode, Vec<u32>>,
    /// One name for each human who has several person ids.
    pub(crate) humans: HashMap<PersonId, PersonId>,
    /// What organisations recorded on the present London day (G48).
    pub(crate) today: agreements::Today,
}

impl State {
    /// The state of an empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// The revision and barrier of a stream, as an event about `person` sees them (wire.md 2.4).
    pub fn revision(&self, stream: Stream, person: Option<PersonId>) -> (u64, u64) {
        match stream {
            Stream::Sys => (self.sys_revision, self.sys_revision),
            Stream::Organisation(code) => self.organisations.get(&code).map_or((0, 0), |organisation| {
                let own = person.and_then(|p| organisation.person_barriers.get(&p)).copied().unwrap_or(0);
                (organisation.revision, organisation.barrier.max(own))
            }),
            Stream::Key(key) => self.keys.get(&key).map_or((0, 0), |key| (key.revision, key.revision)),
            Stream::Agreement(id) => self.agreements.front(&id).map_or((0, 0), |front| (front.revision, front.barrier)),
            Stream::Template(_) | Stream::Programme(_) => (0, 0),
        }
    }

    /// Takes in an event that was recorded. Evolving never refuses: the event has happened.
    ///
    /// `leaf_hash` is that of the entry, lower-case hex; the genesis makes it the ledger's name.
    #[expect(clippy::too_many_lines, reason = "one arm for each type of event, so that none is forgotten")]
    pub fn evolve(&mut self, event: &Event, recorded_at: Timestamp, leaf_hash: &str) {
        let index = self.size;
        self.remember_acts(event, index, recorded_at);
        self.instants.push(recorded_at);
        self.size += 1;
        self.recorded_at = Some(recorded_at);
        let agreement = match event.stream {
            // A first event makes the agreement that is the next one.
            Stream::Agreement(id) => Some(self.agreements.place_of(id).unwrap_or(self.agreements.next_place())),
            Stream::Sys | Stream::Organisation(_) | Stream::Key(_) | Stream::Template(_) | Stream::Programme(_) => None,
        };
        self.events.push(event, agreement);
        match &event.data {
            Data::LedgerGenesis(genesis) => self.found(event.id, genesis, leaf_hash),
            Data::CodeListPublished(_)
            | Data::PolicyPublished(_)
            | Data::RulesAdopted(_)
            | Data::RegistrarChanged(_)
            | Data::LogKeyChanged(_)
            | Data::WitnessPolicyPublished(_)
            | Data::LedgerClosed(_) => self.evolve_ledger(event, index, recorded_at),
            Data::OrganisationRegistered(data) => self.register(event.id, data, index, recorded_at),
            Data::OrganisationUpdated(data) => self.in_office(event, None, |organisation| {
                if let Some(name) = &data.name {
                    organisation.name.clone_from(name);
                }
                if let Some(flags) = &data.flags {
                    organisation.flags.clone_from(flags);
                }
                if let Some(governance) = data.governance {
                    organisation.governance = governance;
                }
                if let Some(roles) = &data.extra_roles {
                    organisation.extra_roles.clone_from(roles);
                }
            }),
            Data::OrganisationSuspended(data) => {
                self.in_office(event, None, |organisation| {
                    organisation.stage = OrganisationStage::Suspended { until: data.until }
                });
            }
            Data::OrganisationReinstated(_) => {
                self.in_office(event, None, |organisation| {
                    organisation.stage = OrganisationStage::Active;
                });
            }
            Data::OrganisationLeft(data) => self.leave(event, data, index, recorded_at),
            Data::OrganisationSucceeded(data) => self.succeed(event, data, index, recorded_at),
            Data::SuccessionObjected(data) => self.object(event, data, index, recorded_at),
            Data::PartnershipMembershipChanged(data) => self.belong(event, data),
            Data::RoleHolderAppointed(data) => {
                self.declare_same(data);
                self.in_office(event, Some(data.person), |organisation| {
                    organisation.appointments.push(Appointment {
                        event: event.id,
                        person: data.person,
                        role: data.role,
                        functions: data.functions.clone(),
                        valid_from: data.valid_from,
                        valid_to: data.valid_to,
                        ended_at: None,
                        contested: false,
                    });
                });
            }
            Data::RoleHolderRevoked(data) => {
                let person = self.person_of_appointment(event.stream, data.appointment);
                self.in_office(event, person, |organisation| {
                    for appointment in organisation.appointments.iter_mut().filter(|a| a.event == data.appointment) {
                        appointment.ended_at.get_or_insert(recorded_at);
                    }
                    for delegation in organisation.delegations.iter_mut().filter(|d| d.appointment == data.appointment)
                    {
                        delegation.ended_at.get_or_insert(recorded_at);
                    }
                });
            }
            Data::RoleDelegated(data) => self.in_office(event, Some(data.person), |organisation| {
                organisation.delegations.push(Delegation {
                    event: event.id,
                    appointment: data.appointment,
                    person: data.person,
                    functions: data.functions.clone(),
                    until: data.until,
                    ended_at: None,
                    by: event.principal().person,
                    index,
                    contested: false,
                });
            }),
            Data::DelegationRevoked(data) => {
                let person = self.person_of_delegation(event.stream, data.delegation);
                self.in_office(event, person, |organisation| {
                    for delegation in organisation.delegations.iter_mut().filter(|d| d.event == data.delegation) {
                        delegation.ended_at.get_or_insert(recorded_at);
                    }
                });
            }
            Data::KeyRegistered(data) => {
                let key = Key {
                    public: data.public,
                    organisation: data.organisation,
                    person: data.person,
                    custody: Some(data.custody),
                    stage: KeyStage::Active,
                    event: event.id,
                    index,
                    contested: false,
                    revision: 1,
                };
                self.add_key(data.key, key);
            }
            Data::KeyRotated(data) => {
                if let Some(old) = self.keys.get_mut(&data.replaces) {
                    old.stage = KeyStage::Retired { at: recorded_at, by: data.key };
                    let key = Key {
                        public: data.public,
                        organisation: old.organisation,
                        person: old.person,
                        custody: Some(data.custody),
                        stage: KeyStage::Active,
                        event: event.id,
                        index,
                        contested: false,
                        revision: 1,
                    };
                    self.add_key(data.key, key);
                }
            }
            Data::KeyRevoked(data) => {
                if let Some(key) = self.keys.get_mut(&data.key) {
                    key.stage = KeyStage::Revoked { at: recorded_at };
                    key.revision += 1;
                }
            }
            Data::KeyCompromised(data) => self.compromise(event, data, index, recorded_at),
            Data::ContestResolved(data) => {
                self.count_in_stream(event, index, recorded_at);
                self.resolve(event, data, index, recorded_at);
            }
            Data::DisclosureErased(data) => {
                self.count_in_stream(event, index, recorded_at);
                self.erase(event, data, index, recorded_at);
            }
            agreement_events!() => self.evolve_agreement(event, index, recorded_at),
        }
        self.bring_reference_into_force(recorded_at);
    }

    fn found(&mut self, event: EventId, genesis: &data::LedgerGenesis, leaf_hash: &str) {
        self.sys_revision = 1;
        for registrar in &genesis.registrar_keys {
            let key = Key {
                public: registrar.public,
                organisation: OrganisationCode::REGISTRAR,
                person: registrar.person,
                custody: None,
                stage: KeyStage::Active,
                event,
                index: 0,
                contested: false,
                // It came in with the genesis: its own stream has no event yet.
                revision: 0,
            };
            self.add_key(registrar.key, key);
        }
        self.reference = ReferenceSet::resolve(&genesis.code_lists, &genesis.policies).ok().map(Arc::new);
        self.founded = Some(Founded {
            ledger: format!("{}#{leaf_hash}", genesis.origin.as_str()).into(),
            origin: genesis.origin.as_str().into(),
            visibility: genesis.visibility,
            threshold: genesis.threshold,
            registrars: genesis.registrar_keys.iter().map(|k| (k.key, k.person)).collect(),
            answer_keys: genesis.answer_keys.iter().map(|k| k.public).collect(),
            log_keys: genesis.log_keys.iter().map(|k| k.as_str().into()).collect(),
            rules: genesis.rules,
            code_lists: genesis.code_lists.clone(),
            policies: genesis.policies.clone(),
            log_key_changes: Vec::new(),
            later: Later::default(),
        });
    }

    fn register(&mut self, event: EventId, data: &data::OrganisationRegistered, index: u64, recorded_at: Timestamp) {
        let key = Key {
            public: data.chief.public,
            organisation: data.code,
            person: data.chief.person,
            custody: None,
            stage: KeyStage::Active,
            event,
            index,
            contested: false,
            // It came in with the organisation: its own stream has no event yet.
            revision: 0,
        };
        self.add_key(data.chief.key, key);
        let earlier = self.organisations.remove(&data.code);
        let revision = earlier.as_ref().map_or(0, |o| o.revision) + 1;
        // Who joins again brings new roles and new keys.
        let ended = earlier.as_ref().and_then(|o| o.gone).map_or(recorded_at, |gone| gone.at);
        for key in self.keys.values_mut().filter(|key| key.organisation == data.code && key.event != event) {
            if key.is_active() {
                key.stage = KeyStage::Revoked { at: ended };
            }
        }
        let (mut appointments, mut delegations) = earlier.map(|o| (o.appointments, o.delegations)).unwrap_or_default();
        for appointment in appointments.iter_mut() {
            appointment.ended_at.get_or_insert(ended);
        }
        for delegation in &mut delegations {
            delegation.ended_at.get_or_insert(ended);
        }
        appointments.push(Appointment {
            event,
            person: data.chief.person,
            role: crate::ids::Role::Cex,
            functions: Vec::new(),
            valid_from: london::date_of(recorded_at),
            valid_to: None,
            ended_at: None,
            contested: false,
        });
        let organisation = Organisation {
            code: data.code,
            name: data.name.clone(),
            kind: data.kind,
            flags: data.flags.clone(),
            governance: data.governance,
            extra_roles: data.extra_roles.clone(),
            stage: OrganisationStage::Active,
            gone: None,
            partnerships: std::collections::BTreeMap::new(),
            appointments,
            delegations,
            revision,
            barrier: revision,
            person_barriers: HashMap::new(),
        };
        self.organisations.insert(data.code, organisation);
    }

    fn add_key(&mut self, id: KeyId, key: Key) {
        self.keys_of.entry(key.person).or_default().push(id);
        self.keys.insert(id, key);
    }

    /// Whether a person has a key here that may sign.
    pub fn has_active_key(&self, organisation: OrganisationCode, person: PersonId) -> bool {
        let keys = self.keys_of.get(&person).map(Vec::as_slice).unwrap_or_default();
        keys.iter()
            .filter_map(|id| self.keys.get(id))
            .any(|key| key.organisation == organisation && key.is_active() && !key.contested)
    }

    /// Counts an event whose type belongs to the stream of its subject.
    fn count_in_stream(&mut self, event: &Event, index: u64, at: Timestamp) {
        match event.stream {
            Stream::Organisation(_) => self.in_office(event, None, |_| {}),
            Stream::Key(id) => {
                if let Some(key) = self.keys.get_mut(&id) {
                    key.revision += 1;
                }
            }
            Stream::Agreement(_) => self.evolve_agreement(event, index, at),
            Stream::Sys | Stream::Template(_) | Stream::Programme(_) => {}
        }
    }

    fn in_office(&mut self, event: &Event, person: Option<PersonId>, change: impl FnOnce(&mut Organisation)) {
        let Stream::Organisation(code) = event.stream else {
            return;
        };
        if let Some(organisation) = self.organisations.get_mut(&code) {
            change(organisation);
            organisation.revision += 1;
            match person {
                Some(person) => {
                    organisation.person_barriers.insert(person, organisation.revision);
                }
                None => organisation.barrier = organisation.revision,
            }
        }
    }

    /// Whose appointment an event in an organisation's stream names.
    pub fn person_of_appointment(&self, stream: Stream, appointment: EventId) -> Option<PersonId> {
        let Stream::Organisation(code) = stream else {
            return None;
        };
        self.organisations.get(&code)?.appointment_by(appointment).map(|a| a.person)
    }

    /// Whom a delegation in an organisation's stream lets act.
    pub fn person_of_delegation(&self, stream: Stream, delegation: EventId) -> Option<PersonId> {
        let Stream::Organisation(code) = stream else {
            return None;
        };
        self.organisations.get(&code)?.delegation(delegation).map(|d| d.person)
    }
}
