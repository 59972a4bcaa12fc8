//! A32: what of the words everybody may read. The header stands in the log whatever is decided (wire.md 1, rule 4).

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::agreement::asked::Put;
use crate::event::Event;
use crate::event::data::PublicationDecided;
use crate::header::{Pointer, PublicRegister};
use crate::ids::{Code, EventId, Role};
use crate::london;
use crate::message::{Message, Severity};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::{Date, Timestamp};

/// A decision on publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The event that made it.
    pub event: EventId,
    /// Whether the words are open.
    pub decision: PublicRegister,
    /// The exemption relied on to withhold.
    pub exemption: Option<Code>,
    /// When the decision is looked at again.
    pub look_again: Option<Date>,
    /// What is withheld though the rest is published, as pointers within the terms.
    pub withheld: Vec<Pointer>,
}

/// The lead party alone: its information governance lead publishes, its SIRO withholds.
pub(super) fn hands_of_decision(put: &Put<'_>, data: &PublicationDecided) -> Result<(), Refusal> {
    let role = match data.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => Role::Igl,
        PublicRegister::Withhold => Role::Siro,
    };
    let lead = put.agreement.lead();
    if put.organisation() != lead {
        return Err(Refusal::RoleNotHeld { role, organisation: lead });
    }
    put.alone_in(&[role])
}

/// V-105: to withhold names an exemption of CL-FOI and a day, not too far off, on which it is looked at again.
/// Publishing needs no exemption; one that is named is a real one.
pub(crate) fn check_decision(data: &PublicationDecided, state: &State, at: Timestamp) -> Result<(), Refusal> {
    let months = i64::from(state.windows().withhold_months_max);
    let latest = london::date_of(at).add_months(months);
    let exempt = data.exemption.as_ref().map(|code| is_exemption(state, code));
    let dated = data.look_again.is_some_and(|day| day <= latest);
    let broken = match data.decision {
        PublicRegister::Withhold => exempt != Some(true) || !dated,
        PublicRegister::Publish | PublicRegister::PublishRedacted => exempt == Some(false),
    };
    if !broken {
        return Ok(());
    }
    Err(Refusal::Messages(vec![Message {
        code: "V-105".to_owned(),
        severity: Severity::Error,
        path: if exempt == Some(true) { "/look_again" } else { "/exemption" }.to_owned(),
        message: "To withhold from the public register, give the exemption and the date it will be looked at again."
            .to_owned(),
        help: format!("Name an exemption of CL-FOI and a day up to {latest}."),
    }]))
}

fn is_exemption(state: &State, code: &Code) -> bool {
    state.reference.as_ref().is_some_and(|reference| reference.lists("CL-FOI", code.as_str()))
}

impl Agreement {
    pub(super) fn publication_decided(&mut self, event: &Event, data: &PublicationDecided) {
        self.publication = Some(Box::new(Publication {
            event: event.id,
            decision: data.decision,
            exemption: data.exemption.clone(),
            look_again: data.look_again,
            withheld: data.withheld.clone(),
        }));
    }
}
