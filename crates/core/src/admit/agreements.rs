//! Agreements: R and T before the door, then V of the header, D and G.

use std::borrow::Cow;

use crate::agreement::{Agreement, Asking};
use crate::door;
use crate::event::Event;
use crate::event::data::Data;
use crate::header::Header;
use crate::ids::{AgreementId, OrganisationCode, Stream};
use crate::london;
use crate::refusal::Refusal;
use crate::roles::OrganisationFacts;
use crate::state::State;
use crate::time::Timestamp;

/// The agreement of an event's stream as it stands at an instant, if there is one.
pub(super) fn settled<'s>(state: &'s State, event: &Event, at: Timestamp) -> Option<Cow<'s, Agreement>> {
    match event.stream {
        Stream::Agreement(id) => state.agreement_at(id, at),
        Stream::Sys | Stream::Organisation(_) | Stream::Key(_) | Stream::Template(_) | Stream::Programme(_) => None,
    }
}

/// R01, R03 and R11 of agreements, then T01 and T.
pub(super) fn before_door(
    state: &State,
    event: &Event,
    id: AgreementId,
    at: Timestamp,
    agreement: Option<&Agreement>,
) -> Result<(), Refusal> {
    let asking = Asking { state, agreement, event, at };
    asking.hands()?;
    asking.scope()?;
    asking.table(id)
}

/// E08 of what stands in clear.
pub(super) fn coherence(
    state: &State,
    event: &Event,
    at: Timestamp,
    agreement: Option<&Agreement>,
) -> Result<(), Refusal> {
    Asking { state, agreement, event, at }.coherence()
}

/// E08 of what stands in clear, V of the header, D, G.
pub(super) fn after_door(
    state: &State,
    event: &Event,
    at: Timestamp,
    agreement: Option<&Agreement>,
) -> Result<(), Refusal> {
    let asking = Asking { state, agreement, event, at };
    asking.coherence()?;
    if let Some(header) = header_of(agreement, event) {
        let requesting =
            if let Data::RequestFiled(data) = &event.data { Some(data.requesting_organisation) } else { None };
        check_header(state, header, requesting, at)?;
    }
    if let Data::PublicationDecided(data) = &event.data {
        crate::agreement::publication::check_decision(data, state, at)?;
    }
    asking.duties()?;
    asking.guards()?;
    limits(&asking)
}

/// The header that an event brings, or that it freezes.
fn header_of<'a>(agreement: Option<&'a Agreement>, event: &'a Event) -> Option<&'a Header> {
    let frozen = || agreement.filter(|_| matches!(event.data, Data::TermsSubmitted(_))).map(Agreement::draft_header);
    event.data.header().or_else(frozen)
}

/// The V rules whose inputs are header members, and what this program does not decide yet.
fn check_header(
    state: &State,
    header: &Header,
    requesting: Option<OrganisationCode>,
    at: Timestamp,
) -> Result<(), Refusal> {
    let (Some(founded), Some(reference)) = (&state.founded, &state.reference) else {
        return Ok(());
    };
    let around = door::Surroundings {
        organisations: &|code| state.organisations.get(&code).map(OrganisationFacts::from),
        reference,
        visibility: founded.visibility,
        on: london::date_of(at),
        agreement_exists: Some(&|id| state.agreements.contains_key(&id)),
        similar: &[],
    };
    door::refuse_errors(door::log_rules(header, requesting, &around)).map(drop)
}

/// G48. Nothing that protects people waits for a limit.
fn limits(asking: &Asking<'_>) -> Result<(), Refusal> {
    let Some(reference) = &asking.state.reference else {
        return Ok(());
    };
    if protects(&asking.event.data) {
        return Ok(());
    }
    let most = reference.limits.agreement.events;
    if asking.agreement.is_some_and(|agreement| agreement.revision() >= most) {
        return Err(Refusal::AgreementFull { count: most });
    }
    let organisation = asking.event.principal().organisation;
    let count = asking.state.today.of(organisation, london::date_of(asking.at));
    let day = reference.limits.organisation_day;
    let reached = |count: u32, most: u32, kind: &str| {
        if count >= most {
            Err(Refusal::LimitReached { count: u64::from(most), kind: kind.to_owned() })
        } else {
            Ok(())
        }
    };
    if let Data::RequestFiled(_) = &asking.event.data {
        reached(count.requests, day.requests, "requests")?;
    }
    if let Data::NoteRecorded(_) = &asking.event.data {
        reached(count.notes, day.notes, "notes")?;
    }
    if let Data::PartyInvited(_) = &asking.event.data {
        reached(count.invitations, day.invitations, "invitations")?;
    }
    reached(count.events, day.events, "events")
}

/// Suspending, leaving, warning, destroying, holding and erasing are never refused for a limit.
fn protects(data: &Data) -> bool {
    matches!(
        data,
        Data::AgreementSuspended(_)
            | Data::RevocationNoticed(_)
            | Data::IncidentNoted(_)
            | Data::IncidentUpdated(_)
            | Data::DestructionCertified(_)
            | Data::RetentionHoldPlaced(_)
            | Data::AccessEnded(_)
            | Data::DisclosureErased(_)
    )
}
