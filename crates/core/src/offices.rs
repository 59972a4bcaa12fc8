//! An organisation on the ledger: its record, who holds which role there, and who acts for whom.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::ids::{Code, EventId, OrganisationCode, PersonId, Role};
use crate::london;
use crate::organisation::{Governance, OrganisationFlags, OrganisationType};
use crate::refusal::Refusal;
use crate::time::{Date, Timestamp};

/// Where an organisation stands (domain.md 2.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrganisationStage {
    /// It acts.
    Active,
    /// It is suspended until the end of a day.
    Suspended {
        /// The last day.
        until: Date,
    },
    /// It left.
    Left {
        /// The day.
        on: Date,
    },
    /// Others took its place.
    Succeeded {
        /// Who.
        by: OrganisationCode,
        /// The day.
        on: Date,
    },
}

/// That a person holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// The event that made it.
    pub event: EventId,
    /// Who.
    pub person: PersonId,
    /// Which role.
    pub role: Role,
    /// For which functions; empty: all.
    pub functions: Vec<Code>,
    /// The first day.
    pub valid_from: Date,
    /// The last day.
    pub valid_to: Option<Date>,
    /// When it was ended by an event.
    pub ended_at: Option<Timestamp>,
    /// Whether the event that made it is contested.
    pub contested: bool,
}

impl Appointment {
    /// Whether the person holds the role at an instant.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.ended_at.is_none()
            && london::start_of(self.valid_from) <= at
            && self.valid_to.is_none_or(|day| at < london::end_of(day))
    }

    /// Whether the person serves in the role: they hold it, and that is not contested.
    pub fn serves(&self, at: Timestamp) -> bool {
        self.is_live(at) && !self.contested
    }

    /// The day on which the role ended, if it has.
    pub fn ended_on(&self, at: Timestamp) -> Option<Date> {
        let ended = self.ended_at.map(london::date_of);
        let expired = self.valid_to.filter(|day| london::end_of(*day) <= at);
        ended.or(expired)
    }
}

/// That a person may act in the role of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    /// The event that made it.
    pub event: EventId,
    /// Whose appointment.
    pub appointment: EventId,
    /// Who acts.
    pub person: PersonId,
    /// For which functions; empty: all.
    pub functions: Vec<Code>,
    /// The last day.
    pub until: Date,
    /// When it was ended by an event.
    pub ended_at: Option<Timestamp>,
    /// Who delegated.
    pub by: PersonId,
    /// The index of the event.
    pub index: u64,
    /// Whether it is contested: nobody acts under it until it is affirmed.
    pub contested: bool,
}

impl Delegation {
    /// Whether it was over at an instant, by its last day or because it had been ended by then.
    pub fn was_over(&self, at: Timestamp) -> bool {
        london::end_of(self.until) <= at || self.ended_at.is_some_and(|ended| ended <= at)
    }

    /// Whether it runs at an instant, as far as it goes itself; it also ends with its appointment.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.ended_at.is_none() && at < london::end_of(self.until)
    }
}

/// Appointments in the order in which they were made, and those of each person without a look at the others: bodies
/// appoint for decades.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointments {
    all: Vec<Appointment>,
    /// INVARIANT: for each person of `all`, where their appointments stand.
    of: HashMap<PersonId, Vec<usize>>,
}

impl Appointments {
    /// Takes in the newest.
    pub fn push(&mut self, appointment: Appointment) {
        self.of.entry(appointment.person).or_default().push(self.all.len());
        self.all.push(appointment);
    }

    /// Every one that a person ever had here.
    pub fn of(&self, person: PersonId) -> impl Iterator<Item = &Appointment> {
        self.of.get(&person).into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// All of them, to be ended or contested. A person is never changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Appointment> {
        self.all.iter_mut()
    }
}

impl std::ops::Deref for Appointments {
    type Target = [Appointment];

    fn deref(&self) -> &[Appointment] {
        &self.all
    }
}

/// That an organisation goes, on a day that may be to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// By which event.
    pub event: EventId,
    /// From when on.
    pub at: Timestamp,
    /// The day.
    pub on: Date,
    /// Who takes its place; none when it leaves.
    pub by: Option<OrganisationCode>,
}

impl Gone {
    /// The refusal that says so.
    pub fn refusal(&self, organisation: OrganisationCode) -> Refusal {
        match self.by {
            Some(successor) => Refusal::OrganisationSucceeded { organisation, successor, on: self.on },
            None => Refusal::OrganisationGone { organisation, on: self.on },
        }
    }
}

/// One organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Its code.
    pub code: OrganisationCode,
    /// Its official name.
    pub name: String,
    /// Its type.
    pub kind: OrganisationType,
    /// What the rules ask of it.
    pub flags: OrganisationFlags,
    /// How much separation it can afford.
    pub governance: Governance,
    /// Roles that must sign besides those of the policy.
    pub extra_roles: Vec<Role>,
    /// Where it stands.
    pub stage: OrganisationStage,
    /// That it goes, or went.
    pub gone: Option<Gone>,
    /// The partnerships it belongs to, and since when.
    pub partnerships: BTreeMap<OrganisationCode, Date>,
    /// Every appointment it ever made.
    pub appointments: Appointments,
    /// Every delegation it ever made.
    pub delegations: Vec<Delegation>,
    /// Events of its stream.
    pub revision: u64,
    /// The revision just after its last general barrier (wire.md 2.4).
    pub barrier: u64,
    /// The same for events about one person.
    pub person_barriers: HashMap<PersonId, u64>,
}

impl Organisation {
    /// Where it stands at an instant: a suspension ends by itself.
    pub fn stage_at(&self, at: Timestamp) -> OrganisationStage {
        if let Some(gone) = self.gone.filter(|gone| gone.at <= at) {
            return match gone.by {
                Some(by) => OrganisationStage::Succeeded { by, on: gone.on },
                None => OrganisationStage::Left { on: gone.on },
            };
        }
        match self.stage {
            OrganisationStage::Suspended { until } if london::end_of(until) <= at => OrganisationStage::Active,
            stage @ (OrganisationStage::Active
            | OrganisationStage::Suspended { .. }
            | OrganisationStage::Left { .. }
            | OrganisationStage::Succeeded { .. }) => stage,
        }
    }

    /// Whether it left or was succeeded: its roles ended with it.
    pub fn is_gone(&self, at: Timestamp) -> bool {
        self.gone.is_some_and(|gone| gone.at <= at)
    }

    /// The live appointment of a person to a role.
    pub fn appointment(&self, person: PersonId, role: Role, at: Timestamp) -> Option<&Appointment> {
        self.appointments.of(person).find(|a| a.role == role && a.is_live(at))
    }

    /// The appointment of an event.
    pub fn appointment_by(&self, event: EventId) -> Option<&Appointment> {
        self.appointments.iter().find(|a| a.event == event)
    }

    /// The persons who hold a role.
    pub fn holders(&self, role: Role, at: Timestamp) -> impl Iterator<Item = &Appointment> {
        self.appointments.iter().filter(move |a| a.role == role && a.is_live(at))
    }

    /// Every role that a person holds.
    pub fn roles_of(&self, person: PersonId, at: Timestamp) -> impl Iterator<Item = Role> {
        self.appointments.of(person).filter(move |a| a.is_live(at)).map(|a| a.role)
    }

    /// The delegation of an event.
    pub fn delegation(&self, event: EventId) -> Option<&Delegation> {
        self.delegations.iter().find(|d| d.event == event)
    }

    /// The live delegation of an appointment.
    pub fn delegation_of(&self, appointment: EventId, at: Timestamp) -> Option<&Delegation> {
        self.delegations.iter().find(|d| d.appointment == appointment && d.is_live(at))
    }

    /// Who holds a role, or acts in it under a live delegation. Governance LIGHT lets one office stand
    /// for another (amendments.md): SIRO is CEX, SEC is SIG.
    pub fn has_serving(&self, role: Role, at: Timestamp) -> bool {
        !self.is_gone(at) && self.holders(role, at).any(|appointment| !appointment.contested)
    }
}
