//! Successions, objections and partnerships: O, R and G (domain.md 2.11, amendments.md).

use crate::admit::{offices, roles};
use crate::event::Event;
use crate::event::data::{
    OrganisationSucceeded, PartnershipMembershipChanged, SuccessionConfirmed, SuccessionKind, SuccessionObjected,
};
use crate::ids::{OrganisationCode, Role, Stream};
use crate::london;
use crate::offices::OrganisationStage;
use crate::organisation::OrganisationType;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Timestamp;

/// A body without a serving chief is succeeded no earlier than so many days after the recording.
const CHIEFLESS_DAYS: i64 = 14;

/// O01 to O10 of a succession: everybody is in a position for it, and every agreement has one successor.
pub(super) fn check(state: &State, event: &Event, data: &OrganisationSucceeded, at: Timestamp) -> Result<(), Refusal> {
    for code in &data.predecessors {
        match offices::stage(state, *code, at)? {
            OrganisationStage::Active | OrganisationStage::Suspended { .. } => {}
            OrganisationStage::Left { on } => return Err(Refusal::OrganisationGone { organisation: *code, on }),
            OrganisationStage::Succeeded { by, on } => {
                return Err(Refusal::OrganisationSucceeded { organisation: *code, successor: by, on });
            }
        }
        // What is to come stands already: a body goes once.
        if let Some(gone) = state.organisations.get(code).and_then(|body| body.gone) {
            return Err(gone.refusal(*code));
        }
        let chief = event.signers.iter().any(|signer| signer.organisation == *code && signer.role == Role::Cex);
        if let Some(objected) = state.objection(*code).filter(|_| !chief) {
            return Err(Refusal::SuccessionObjected { organisation: *code, on: london::date_of(objected) });
        }
    }
    for code in &data.successors {
        offices::check_standing(state, *code, at)?;
        if state.organisations.get(code).is_some_and(|body| body.kind == OrganisationType::Partnership) {
            return Err(Refusal::NotAParty { organisation: *code, lead: "a member authority".to_owned() });
        }
    }
    check_mapping(state, data, at)
}

/// O08: every agreement goes to exactly one successor, named one by one where there are several.
fn check_mapping(state: &State, data: &OrganisationSucceeded, at: Timestamp) -> Result<(), Refusal> {
    let stays = data.kind == SuccessionKind::Transfer;
    let takes =
        |code: OrganisationCode| data.successors.contains(&code) || (stays && data.predecessors.contains(&code));
    if !takes(data.default) {
        return Err(Refusal::DefaultMissing { organisation: data.default });
    }
    for (place, mapped) in data.mapping.iter().enumerate() {
        let earlier = data.mapping.iter().take(place).any(|other| other.agreement == mapped.agreement);
        let concerned = state
            .agreement(mapped.agreement)
            .is_some_and(|agreement| data.predecessors.iter().any(|code| agreement.party(*code).is_some()));
        if earlier || !concerned || !takes(mapped.successor) {
            return Err(Refusal::MappingMissing { agreement: mapped.agreement.to_string() });
        }
    }
    if data.successors.len() == 1 {
        return Ok(());
    }
    for code in &data.predecessors {
        let open = state.agreements_of(*code).find(|agreement| {
            let then = agreement.at(at);
            let named = data.mapping.iter().any(|mapped| mapped.agreement == agreement.id());
            !named && then.passes_on(*code, data.functions.as_deref().unwrap_or_default())
        });
        if let Some(agreement) = open {
            return Err(Refusal::MappingMissing { agreement: agreement.reference().to_string() });
        }
    }
    Ok(())
}

/// The registrars, the CEX of every successor, and the CEX of every predecessor that has one.
pub(super) fn check_hands(
    state: &State,
    event: &Event,
    data: &OrganisationSucceeded,
    at: Timestamp,
) -> Result<(), Refusal> {
    roles::registrars(state, event)?;
    let serving =
        |code: &&OrganisationCode| state.organisations.get(*code).is_some_and(|body| body.has_serving(Role::Cex, at));
    let predecessors = data.predecessors.iter().filter(serving);
    let expected: Vec<(OrganisationCode, Role)> =
        data.successors.iter().chain(predecessors).map(|code| (*code, Role::Cex)).collect();
    roles::others_are(event, &expected)
}

/// G38: not back-dated, and a body without a chief has time to object.
pub(super) fn check_guards(state: &State, data: &OrganisationSucceeded, at: Timestamp) -> Result<(), Refusal> {
    let today = london::date_of(at);
    let chiefless = data
        .predecessors
        .iter()
        .any(|code| state.organisations.get(code).is_none_or(|body| !body.has_serving(Role::Cex, at)));
    let earliest = if chiefless { today.add_days(CHIEFLESS_DAYS) } else { today };
    if data.effective < earliest { Err(Refusal::SuccessionTooSoon { earliest }) } else { Ok(()) }
}

/// O10: it was objected to already.
pub(super) fn check_objection(state: &State, data: &SuccessionObjected) -> Result<(), Refusal> {
    let found = state.successions.iter().find(|succession| succession.event == data.target);
    match found.and_then(|succession| succession.objected.map(|at| (succession.default, at))) {
        Some((organisation, at)) => Err(Refusal::SuccessionObjected { organisation, on: london::date_of(at) }),
        None => Ok(()),
    }
}

/// G35: it is still to come, and this body had no chief to sign it.
pub(super) fn check_objection_guards(
    state: &State,
    event: &Event,
    data: &SuccessionObjected,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Stream::Organisation(code) = event.stream else {
        return Err(Refusal::NoSuccession);
    };
    let mut found = state.successions.iter().filter(|succession| succession.event == data.target);
    let may = found.any(|succession| succession.chiefless.contains(&code) && at < succession.effective_at);
    if may { Ok(()) } else { Err(Refusal::NoSuccession) }
}

/// O10 of A35: nobody confirms a succession that was stopped.
pub(super) fn check_confirmation(state: &State, event: &Event, data: &SuccessionConfirmed) -> Result<(), Refusal> {
    let successor = event.principal().organisation;
    let mut between = state.successions.iter().filter(|succession| {
        succession.predecessors.contains(&data.predecessor) && succession.successors.contains(&successor)
    });
    let stopped = between.clone().find_map(|succession| succession.objected);
    match stopped {
        Some(at) if between.all(|succession| succession.objected.is_some()) => {
            Err(Refusal::SuccessionObjected { organisation: data.predecessor, on: london::date_of(at) })
        }
        Some(_) | None => Ok(()),
    }
}

/// O01: the partnership is registered as one.
pub(super) fn check_partnership(state: &State, data: &PartnershipMembershipChanged) -> Result<(), Refusal> {
    let found = state.organisations.get(&data.partnership);
    if found.is_some_and(|body| body.kind == OrganisationType::Partnership) {
        Ok(())
    } else {
        Err(Refusal::OrganisationUnknown { organisation: data.partnership })
    }
}

/// The registrars, or the secretariat of the partnership: its CEX, ADM or PRG.
pub(super) fn check_partnership_hands(
    state: &State,
    event: &Event,
    data: &PartnershipMembershipChanged,
) -> Result<(), Refusal> {
    if let [one] = event.signers.as_slice()
        && one.organisation == data.partnership
        && matches!(one.role, Role::Cex | Role::Adm | Role::Prg)
    {
        return Ok(());
    }
    roles::registrars(state, event)?;
    roles::others_are(event, &[])
}
