//! Access for auditors: words that a party, all parties, or registrars with an order open for a while (wire.md 5).

use serde::{Deserialize, Serialize};

use crate::agreement::Agreement;
use crate::agreement::asked::Put;
use crate::event::Event;
use crate::event::data::{AccessEnded, AccessGranted};
use crate::header::Pointer;
use crate::ids::{EventId, OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Where the terms stand in the data of a draft.
const TERMS: &str = "/terms";

/// Who opens words.
const OPENERS: [Role; 2] = [Role::Sig, Role::Igl];

/// That the auditors of a body may read words, named by the event that says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The event.
    pub event: EventId,
    /// The body whose auditors read.
    pub reader: OrganisationCode,
    /// Which words, as pointers within the data of events.
    pub pointers: Box<[Pointer]>,
    /// Whose words, but for the terms, which are everybody's; empty: registrars opened those of all by an order.
    pub by: Box<[OrganisationCode]>,
    /// Since when.
    pub from: Timestamp,
    /// Until when: it is over at this instant.
    pub until: Timestamp,
}

impl Grant {
    /// Whether it holds at an instant.
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it opens a word of a body's event, by its pointer within the data.
    pub fn opens(&self, by: OrganisationCode, pointer: &str) -> bool {
        let whose = self.by.is_empty() || self.by.contains(&by) || below(TERMS, pointer);
        whose && self.pointers.iter().any(|own| below(own.as_str(), pointer))
    }
}

/// Whether a pointer is another one or lies below it.
pub(crate) fn below(upper: &str, pointer: &str) -> bool {
    pointer.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The signatory or the information governance lead of a party for its own words, of every party for the terms, the
/// threshold of registrars with an order.
pub(super) fn hands_of_grant(put: &Put<'_>, data: &AccessGranted) -> Result<(), Refusal> {
    if data.order.is_some() { registrars(put) } else { parties(put, &data.pointers) }
}

/// The same hands as those of the grant.
pub(super) fn hands_of_end(put: &Put<'_>, data: &AccessEnded) -> Result<(), Refusal> {
    match put.agreement.grants.iter().find(|grant| grant.event == data.grant) {
        Some(grant) if grant.by.is_empty() => registrars(put),
        Some(grant) if of_terms(&grant.pointers) => parties(put, &grant.pointers),
        Some(grant) => {
            put.alone_in(&OPENERS)?;
            let now = |code: &OrganisationCode| put.state.successor_of(*code, put.at) == put.organisation();
            if grant.by.iter().any(now) {
                Ok(())
            } else {
                let organisation = grant.by.first().copied().unwrap_or(put.organisation());
                Err(Refusal::RoleNotHeld { role: Role::Sig, organisation })
            }
        }
        // Whose grant it is cannot be told; G28 answers in its turn.
        None => Ok(()),
    }
}

fn registrars(put: &Put<'_>) -> Result<(), Refusal> {
    crate::admit::registrars_alone(put.state, put.event)
}

fn parties(put: &Put<'_>, pointers: &[Pointer]) -> Result<(), Refusal> {
    if !of_terms(pointers) {
        return put.alone_in(&OPENERS);
    }
    let opens = |code: OrganisationCode| {
        let mut own = put.event.signers.iter().filter(|signer| signer.organisation == code);
        let first = own.next().is_some_and(|signer| OPENERS.iter().any(|role| put.acts_as(signer, *role)));
        first && own.next().is_none()
    };
    let seated = || put.agreement.parties.iter().filter(|party| party.state.is_seated()).map(|p| p.organisation);
    if let Some(organisation) = seated().find(|code| !opens(*code)) {
        return Err(Refusal::RoleNotHeld { role: Role::Sig, organisation });
    }
    match put.event.signers.iter().find(|signer| !seated().any(|code| code == signer.organisation)) {
        Some(spare) => Err(Refusal::RoleNotHeld { role: spare.role, organisation: spare.organisation }),
        None => Ok(()),
    }
}

/// Whether any of these names the terms or something in them.
fn of_terms(pointers: &[Pointer]) -> bool {
    pointers.iter().any(|pointer| below(TERMS, pointer.as_str()))
}

/// G38: not until a day that has gone by.
pub(super) fn guards_of_grant(put: &Put<'_>, data: &AccessGranted) -> Result<(), Refusal> {
    let earliest = london::date_of(put.at);
    if data.until < earliest { Err(Refusal::AccessTooShort { earliest }) } else { Ok(()) }
}

/// G28: a grant that is not over.
pub(super) fn guards_of_end(put: &Put<'_>, data: &AccessEnded) -> Result<(), Refusal> {
    let open = |grant: &&Grant| grant.event == data.grant && grant.is_live(put.at);
    put.agreement.grants.iter().find(open).map(drop).ok_or(Refusal::NoSuchGrant)
}

impl Agreement {
    /// Who besides the parties reads which words, grants that are over included unless an event ended them.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    pub(super) fn access_granted(&mut self, event: &Event, data: &AccessGranted, at: Timestamp) {
        let by = if data.order.is_some() { Vec::new() } else { event.signers.iter().map(|s| s.organisation).collect() };
        self.grants.push(Grant {
            event: event.id,
            reader: data.reader,
            pointers: data.pointers.as_slice().into(),
            by: by.into(),
            from: at,
            until: london::end_of(data.until),
        });
    }

    pub(super) fn access_ended(&mut self, data: &AccessEnded) {
        self.grants.retain(|grant| grant.event != data.grant);
    }
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn a_pointer_covers_itself_and_what_lies_below_it() {
        assert!(below("/terms", "/terms") && below("/terms", "/terms/title"));
        assert!(!below("/terms", "/termsheet") && !below("/terms/title", "/terms"));
    }
}
