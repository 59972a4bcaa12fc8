//! A27 and A28: something went wrong, and how it goes on. Duties outlive the agreement, and so do incidents.

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::event::Event;
use crate::event::data::{IncidentNoted, IncidentStatus, IncidentUpdated};
use crate::ids::{EventId, OrganisationCode, Role};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Who notes an incident.
const NOTERS: [Role; 4] = [Role::Igl, Role::Dpo, Role::Siro, Role::Sec];

/// An incident, named by the event that noted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The event.
    pub event: EventId,
    /// Whose officer noted it.
    pub by: OrganisationCode,
    /// Whether it is about a key (G44).
    pub key: bool,
    /// How it stands.
    pub status: IncidentStatus,
    /// When it was noted.
    pub at: Timestamp,
}

/// IGL, DPO, SIRO or SEC of any current or former party.
pub(super) fn hands_of_incident(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&NOTERS)
}

/// The party is or was in it.
pub(super) fn guards_of_incident(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?.may(Asked::Warn)
}

/// The party is or was in it; G28.
pub(super) fn guards_of_update(put: &Put<'_>, data: &IncidentUpdated) -> Result<(), Refusal> {
    put.party()?.may(Asked::Warn)?;
    let open = |incident: &&Incident| incident.event == data.incident && incident.status != IncidentStatus::Closed;
    if put.agreement.incidents.iter().any(|incident| open(&incident)) { Ok(()) } else { Err(Refusal::NoSuchIncident) }
}

/// G27: nothing resumes while an incident is critical.
pub(super) fn none_is_critical(agreement: &Agreement) -> Result<(), Refusal> {
    match agreement.incidents.iter().find(|incident| incident.status == IncidentStatus::CriticalOpen) {
        Some(incident) => Err(Refusal::IncidentCritical { incident: incident.event }),
        None => Ok(()),
    }
}

impl Agreement {
    /// Every incident that was noted.
    pub fn incidents(&self) -> &[Incident] {
        &self.incidents
    }

    /// An incident is noted.
    pub(super) fn incident_noted(&mut self, event: &Event, data: &IncidentNoted, at: Timestamp) {
        let by = event.principal().organisation;
        self.incidents.push(Incident { event: event.id, by, key: data.key, status: IncidentStatus::Open, at });
    }

    /// An incident goes on.
    pub(super) fn incident_updated(&mut self, data: &IncidentUpdated) {
        for incident in self.incidents.iter_mut().filter(|incident| incident.event == data.incident) {
            incident.status = data.status;
        }
    }
}
