//! Who may report a key and resolve what is contested, and how far back a report reaches (amendments.md).

use std::collections::{HashMap, HashSet};

use crate::event::data::{ContestOutcome, ContestResolved, KeyCompromised};
use crate::event::{Event, EventType, Signer};
use crate::ids::{AgreementId, OrganisationCode, PersonId, Role};
use crate::keys::{Key, KeyStage};
use crate::organisation::Governance;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::{DAY_MS, Timestamp};

/// The longest reach-back of a report that no registrar stands behind, in days.
const REACH_DAYS: i64 = 90;

/// Whether an event of an organisation's own builds on what was signed before in that agreement.
const fn builds(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::ExecutionSigned
            | EventType::ReviewCompleted
            | EventType::DisclosureLogged
            | EventType::DestructionCertified
            | EventType::PublicationDecided
            | EventType::SuccessionConfirmed
    )
}

/// Whether as many registrars as the threshold asks sign: they vouch for hands that are contested themselves.
pub(crate) fn vouched(state: &State, event: &Event) -> bool {
    let registrars = event.signers.iter().filter(|signer| signer.organisation == OrganisationCode::REGISTRAR);
    let persons: HashSet<PersonId> = registrars.map(|signer| signer.person).collect();
    let needed =
        state.founded.as_ref().map_or(usize::MAX, |founded| usize::try_from(founded.threshold).unwrap_or(usize::MAX));
    persons.len() >= needed
}

/// K01, K05 and K08 of a report: the key is known, and its reach is one that these signers have.
pub(crate) fn check_suspect(state: &State, event: &Event, data: &KeyCompromised, at: Timestamp) -> Result<(), Refusal> {
    let Some(key) = state.keys.get(&data.key) else {
        return Err(Refusal::KeyUnknown { key: data.key });
    };
    let from = data.suspect_from.unwrap_or(state.size);
    if let KeyStage::Compromised { from: already, .. } = key.stage
        && from >= already
    {
        return Err(Refusal::KeyCompromised);
    }
    if from > state.size || from < key.index {
        return Err(Refusal::SuspectOutside);
    }
    let chief = event.signers.iter().any(|signer| signer.organisation == key.organisation && signer.role == Role::Cex);
    if chief && vouched(state, event) {
        return Ok(());
    }
    let earliest = at.sub_millis(REACH_DAYS * DAY_MS);
    let place = usize::try_from(from).unwrap_or(usize::MAX);
    if state.instants.get(place).is_some_and(|recorded| *recorded < earliest) {
        return Err(Refusal::SuspectTooFar { days: REACH_DAYS });
    }
    match built_on(state, key, data, from) {
        Some(index) => Err(Refusal::SuspectBuiltOn { index }),
        None => Ok(()),
    }
}

/// The first event of the key since `from` on which its organisation has built with another key.
fn built_on(state: &State, key: &Key, data: &KeyCompromised, from: u64) -> Option<u64> {
    let mut latest: HashMap<AgreementId, u64> = HashMap::new();
    let others = state.keys.iter().filter(|(id, other)| **id != data.key && other.organisation == key.organisation);
    for (id, _) in others {
        for act in state.acts_of(*id).filter(|act| builds(act.event_type)) {
            if let Some(agreement) = act.agreement {
                let last = latest.entry(agreement).or_default();
                *last = act.index.max(*last);
            }
        }
    }
    let suspect = state.acts_of(data.key).filter(|act| act.index >= from);
    let built = |agreement: AgreementId, index: u64| latest.get(&agreement).is_some_and(|last| *last > index);
    suspect.filter(|act| act.agreement.is_some_and(|agreement| built(agreement, act.index))).map(|act| act.index).next()
}

/// The holder with another key, or the CEX; an ADM or two registrars where nothing is contested by it; the CEX
/// with two registrars, however far back.
pub(crate) fn hands_of_compromise(state: &State, event: &Event, data: &KeyCompromised) -> Result<(), Refusal> {
    let Some(key) = state.keys.get(&data.key) else {
        return Err(Refusal::KeyUnknown { key: data.key });
    };
    let organisation = key.organisation;
    let missing = |role: Role| Err(Refusal::RoleNotHeld { role, organisation });
    let contests_nothing = data.suspect_from.is_none_or(|from| from == state.size);
    let holder =
        |signer: &Signer| signer.organisation == organisation && signer.person == key.person && signer.key != data.key;
    if let [one] = event.signers.as_slice()
        && (holder(one) || (one.organisation == organisation && one.role == Role::Cex && one.key != data.key))
    {
        return Ok(());
    }
    let registrar = |signer: &&Signer| signer.organisation == OrganisationCode::REGISTRAR;
    let others: Vec<&Signer> = event.signers.iter().filter(|signer| !registrar(signer)).collect();
    match others.as_slice() {
        [] if vouched(state, event) && contests_nothing => Ok(()),
        [one] if one.organisation != organisation || one.key == data.key => missing(Role::Cex),
        [one] if one.role == Role::Cex && vouched(state, event) => Ok(()),
        [one] if one.role == Role::Adm && event.signers.len() == 1 && contests_nothing => Ok(()),
        _ => missing(Role::Cex),
    }
}

/// To stand by a signature: SIRO or CEX of the body that is affected. To disown it: both, as two persons; in a
/// body of governance LIGHT, whose SIRO is its CEX, the CEX and SIG. For the registrar: the threshold.
/// A body that took the place of another one answers for it.
pub(crate) fn check_hands(state: &State, event: &Event, data: &ContestResolved, at: Timestamp) -> Result<(), Refusal> {
    let principal = event.principal();
    let own = data.targets.iter().find_map(|target| state.contests.contest(*target));
    let organisation = own.map_or(principal.organisation, |contest| state.successor_of(contest.organisation, at));
    let missing = |role: Role| Err(Refusal::RoleNotHeld { role, organisation });
    if organisation == OrganisationCode::REGISTRAR {
        let only = event.signers.iter().all(|signer| signer.organisation == organisation);
        return if only && vouched(state, event) { Ok(()) } else { missing(Role::Reg) };
    }
    let light = state.organisations.get(&organisation).is_some_and(|body| body.governance == Governance::Light);
    let other = if light { Role::Sig } else { Role::Siro };
    if event.signers.iter().any(|signer| signer.organisation != organisation) {
        return missing(other);
    }
    let signs = |role: Role| event.signers.iter().any(|signer| signer.role == role);
    match data.outcome {
        ContestOutcome::Affirmed => {
            let role = principal.role;
            let may = role == Role::Cex || (role == Role::Siro && !light);
            if may && event.signers.len() == 1 { Ok(()) } else { missing(if light { Role::Cex } else { Role::Siro }) }
        }
        ContestOutcome::Disowned => {
            if !signs(other) {
                return missing(other);
            }
            if signs(Role::Cex) && event.signers.len() == 2 { Ok(()) } else { missing(Role::Cex) }
        }
    }
}

/// D06: nobody stands by a contested signature of their own, with whatever key; everybody may disown it.
pub(crate) fn check_duties(state: &State, event: &Event, data: &ContestResolved) -> Result<(), Refusal> {
    if data.outcome == ContestOutcome::Disowned {
        return Ok(());
    }
    let own = |signer: &Signer| {
        let keys = state.keys_of.get(&signer.person).map(Vec::as_slice).unwrap_or_default();
        data.targets.iter().any(|target| {
            let signed = keys.iter().any(|key| state.acts_of(*key).any(|act| act.event == *target));
            let same = state
                .contests
                .contest(*target)
                .is_some_and(|contest| state.human(contest.person) == state.human(signer.person));
            signed || same
        })
    };
    if event.signers.iter().any(own) {
        return Err(Refusal::SelfDealing { action: "affirm a signature".to_owned() });
    }
    Ok(())
}

/// G34 and G44: contested here and not resolved, of one body; people's data come first.
pub(crate) fn check_guards(state: &State, event: &Event, data: &ContestResolved) -> Result<(), Refusal> {
    let mut organisation = None;
    for target in &data.targets {
        let contest = state.contests.contest(*target).ok_or(Refusal::NotContested)?;
        let here = state.stream_of(*target, contest) == Some(event.stream);
        if !here || organisation.is_some_and(|code| code != contest.organisation) {
            return Err(Refusal::NotContested);
        }
        organisation = Some(contest.organisation);
    }
    let mut sorted = data.targets.clone();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() != data.targets.len() {
        return Err(Refusal::NotContested);
    }
    if data.outcome == ContestOutcome::Disowned
        && let crate::ids::Stream::Agreement(id) = event.stream
        && let Some(agreement) = state.agreement(id)
        && agreement.needs_incident(&data.targets)
    {
        return Err(Refusal::IncidentFirst);
    }
    Ok(())
}
