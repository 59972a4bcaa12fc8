//! Whether an event may follow the log: the order of checks, which decides which refusal answers.
//!
//! `E06 · same id · K · O · R with D05 · T01 · T · C01 · (door) · E08 of what stands in clear · V of the header · D · G`
//! (wire.md 2.3).
//! Nothing here reads a disclosure: [`admit`] has no argument through which one could be reached.

mod agreements;
mod keys;
mod ledger;
mod offices;
mod roles;
mod succession;

use crate::agreement::Agreement;
use crate::codes::ReferenceSet;
use crate::event::data::Data;
use crate::event::{Event, EventType};
use crate::ids::{PersonId, Stream};
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Timestamp;

pub(crate) use roles::registrars_alone;

pub use keys::{Carried, carried, check_stage, suitable};

/// What became of an event that the log already knows by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is new.
    New,
    /// It is the same event, at this index: the first receipt answers.
    Same(u64),
}

/// Says whether `event` may follow the log that made `state`, at `recorded_at`.
///
/// # Errors
///
/// A [`Refusal`] names the rule that said no. Nothing is recorded then.
pub fn admit(state: &State, event: &Event, recorded_at: Timestamp) -> Result<(), Refusal> {
    let agreement = agreements::settled(state, event, recorded_at);
    before(state, event, recorded_at, agreement.as_deref())?;
    after(state, event, recorded_at, agreement.as_deref())
}

/// Whether the id is known: the first check after the form of the event.
///
/// A genesis names the origin alone, as every other ledger of that origin would; the very event that founded this
/// one is known all the same, so that whoever posts it again is told where it stands.
///
/// # Errors
///
/// E06 for another ledger, C02 for another event of the same id.
pub fn known(state: &State, event: &Event) -> Result<Known, Refusal> {
    let recorded = state.events.get(&event.id);
    if let Some(same) = recorded.filter(|recorded| recorded.is(&event.digest)) {
        return Ok(Known::Same(same.index));
    }
    check_ledger(state, event)?;
    recorded.map_or(Ok(Known::New), |other| Err(Refusal::IdUsed { index: other.index }))
}

/// The checks that come before the door: E06, id, K, O, R with D05, T01, T, C01.
///
/// # Errors
///
/// The first check that fails. An event that is already recorded is C02 here: an audit may not meet one twice.
pub fn before_door(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    before(state, event, at, agreements::settled(state, event, at).as_deref())
}

fn before(state: &State, event: &Event, at: Timestamp, agreement: Option<&Agreement>) -> Result<(), Refusal> {
    check_ledger(state, event)?;
    if let Some(recorded) = state.events.get(&event.id) {
        return Err(Refusal::IdUsed { index: recorded.index });
    }
    check_reference(event)?;
    ledger::check_reference(state, event)?;
    keys::check(state, event, at)?;
    ledger::check_keys(state, event)?;
    offices::check(state, event, at)?;
    roles::check(state, event, at)?;
    if let Stream::Agreement(id) = event.stream {
        agreements::before_door(state, event, id, at, agreement)?;
        return check_revision(
            event,
            agreement.map_or((0, 0), |agreement| (agreement.revision(), agreement.barrier())),
        );
    }
    check_revision(event, revision(state, event))
}

/// Which refusal answers where the door has found one: E07 and E08 as found there; before all else that it can find
/// comes E08 of what stands in clear.
pub fn at_door(state: &State, event: &Event, at: Timestamp, found: &Refusal) -> Refusal {
    let first = found.code().starts_with('E');
    let clear = || {
        let agreement = agreements::settled(state, event, at);
        agreements::coherence(state, event, at, agreement.as_deref()).err()
    };
    let clear = if first { None } else { clear() };
    clear.unwrap_or_else(|| found.clone())
}

/// The log rules that come after the door: E08 of what stands in clear, V of the header, D, G.
///
/// # Errors
///
/// The first check that fails.
pub fn after_door(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    after(state, event, at, agreements::settled(state, event, at).as_deref())
}

fn after(state: &State, event: &Event, at: Timestamp, agreement: Option<&Agreement>) -> Result<(), Refusal> {
    if let Stream::Agreement(_) = event.stream {
        return agreements::after_door(state, event, at, agreement);
    }
    roles::check_administration(state, event, at)
}

/// E10: a genesis pins reference data that this program holds, and all that its rules read.
fn check_reference(event: &Event) -> Result<(), Refusal> {
    let Data::LedgerGenesis(genesis) = &event.data else {
        return Ok(());
    };
    ReferenceSet::resolve(&genesis.code_lists, &genesis.policies)
        .map(drop)
        .map_err(|error| Refusal::ReferenceNotHeld { problem: error.to_string() })
}

fn check_ledger(state: &State, event: &Event) -> Result<(), Refusal> {
    if let Some(closed) = state.founded.as_ref().and_then(|founded| founded.later.closed.as_ref()) {
        return Err(Refusal::LedgerClosed {
            on: crate::london::date_of(closed.at),
            successor: closed.successor.as_deref().unwrap_or("no other ledger").to_owned(),
        });
    }
    let genesis = event.event_type() == EventType::LedgerGenesis;
    match (&state.founded, &event.data) {
        (None, Data::LedgerGenesis(data)) if *event.ledger == *data.origin.as_str() => Ok(()),
        (None, Data::LedgerGenesis(data)) => {
            Err(Refusal::OtherLedger { named: event.ledger.to_string(), ours: data.origin.as_str().to_owned() })
        }
        (Some(founded), _) if !genesis && *event.ledger == *founded.ledger => Ok(()),
        (Some(founded), _) => {
            Err(Refusal::OtherLedger { named: event.ledger.to_string(), ours: founded.ledger.to_string() })
        }
        (None, _) => Err(Refusal::OtherLedger { named: event.ledger.to_string(), ours: "not founded yet".to_owned() }),
    }
}

/// Whom an event in an organisation's stream is about, so that it bars only events about the same person.
fn about(state: &State, event: &Event) -> Option<PersonId> {
    let data = &event.data;
    if let Data::RoleHolderAppointed(data) = data {
        Some(data.person)
    } else if let Data::RoleHolderRevoked(data) = data {
        state.person_of_appointment(event.stream, data.appointment)
    } else if let Data::RoleDelegated(data) = data {
        Some(data.person)
    } else if let Data::DelegationRevoked(data) = data {
        state.person_of_delegation(event.stream, data.delegation)
    } else {
        None
    }
}

/// The revision and the barrier of the stream of an event, as this event sees them (wire.md 2.4).
pub fn revision(state: &State, event: &Event) -> (u64, u64) {
    state.revision(event.stream, about(state, event))
}

fn check_revision(event: &Event, (revision, barrier): (u64, u64)) -> Result<(), Refusal> {
    if (barrier..=revision).contains(&event.expected_revision) {
        Ok(())
    } else {
        Err(Refusal::StaleRevision { revision, sent: event.expected_revision })
    }
}
