//! R and D05: do these persons hold the roles in which they sign, and may those roles sign this.

use std::collections::HashSet;

use crate::admit::{ledger, succession};
use crate::agreement::agreement_events;
use crate::contest;
use crate::erasure;
use crate::event::data::{self, Data, ErasureReason};
use crate::event::{Event, Signer};
use crate::ids::{EventId, OrganisationCode, PersonId, Role, Stream};
use crate::london;
use crate::offices::{Appointment, Organisation};
use crate::policy::SeparationPolicy;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Timestamp;

/// The longest delegation, in days.
const DELEGATION_DAYS_MAX: i64 = 90;

/// The longest time for which a chief may let the monitoring officer appoint, in days.
const APPOINTING_DAYS_MAX: i64 = 366;

/// The longest suspension of an organisation, in days.
const SUSPENSION_DAYS_MAX: i64 = 30;

/// All R checks of an event, but for those of agreements, which know their parties.
pub(super) fn check(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    check_registrars_keep_out(state, event)?;
    for signer in &event.signers {
        check_held(state, event, signer, at)?;
    }
    match &event.data {
        Data::OrganisationRegistered(data) => {
            registrars(state, event)?;
            others_are(event, &[(data.code, Role::Cex)])
        }
        Data::CodeListPublished(_)
        | Data::PolicyPublished(_)
        | Data::RulesAdopted(_)
        | Data::RegistrarChanged(_)
        | Data::LogKeyChanged(_)
        | Data::WitnessPolicyPublished(_)
        | Data::LedgerClosed(_) => ledger::check_hands(state, event, at),
        Data::OrganisationSuspended(_) | Data::OrganisationReinstated(_) => registrars_alone(state, event),
        Data::OrganisationUpdated(_) => both(event, Role::Adm, Role::Cex),
        Data::OrganisationSucceeded(data) => succession::check_hands(state, event, data, at),
        Data::SuccessionObjected(_) => alone(event, &signers(event), &[Role::Siro, Role::Sig]),
        Data::PartnershipMembershipChanged(data) => succession::check_partnership_hands(state, event, data),
        Data::OrganisationLeft(_) => alone(event, &signers(event), &[Role::Cex]),
        Data::RoleHolderAppointed(data) => {
            let own = check_same_person(state, event, data)?;
            appointing(state, event, &own, data.role, at)?;
            check_appointment(state, event, data, at)
        }
        Data::RoleHolderRevoked(data) => {
            let appointment = live_appointment(state, event, data.appointment, at)?;
            appointing(state, event, &signers(event), appointment.role, at)
        }
        Data::RoleDelegated(data) => check_delegation(state, event, data, at),
        Data::DelegationRevoked(data) => check_delegation_end(state, event, data.delegation, at),
        Data::KeyRegistered(data) => check_key(state, event, data, at),
        Data::KeyRotated(data) => check_rotation(state, event, data),
        Data::KeyRevoked(data) => check_key_end(state, event, data),
        Data::KeyCompromised(data) => contest::hands_of_compromise(state, event, data),
        // Agreements ask the same of it, once it is known that there is one.
        Data::ContestResolved(data) => match event.stream {
            Stream::Agreement(_) => Ok(()),
            Stream::Sys | Stream::Organisation(_) | Stream::Key(_) | Stream::Template(_) | Stream::Programme(_) => {
                contest::check_hands(state, event, data, at)
            }
        },
        Data::DisclosureErased(data) => match event.stream {
            Stream::Agreement(_) => Ok(()),
            Stream::Sys | Stream::Organisation(_) | Stream::Key(_) | Stream::Template(_) | Stream::Programme(_) => {
                erasure::check_hands(state, event, data, at)
            }
        },
        // The keys of a genesis were checked with the K codes; agreements check their own signers.
        agreement_events!(LedgerGenesis) => Ok(()),
    }
}

/// D06: nobody appoints themself or delegates to themself. G38: a suspension and a delegation have a latest day.
pub(super) fn check_administration(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    if let Data::OrganisationSucceeded(data) = &event.data {
        succession::check_guards(state, data, at)?;
    }
    if let Data::SuccessionObjected(data) = &event.data {
        succession::check_objection_guards(state, event, data, at)?;
    }
    if let Data::ContestResolved(data) = &event.data {
        contest::check_duties(state, event, data)?;
        contest::check_guards(state, event, data)?;
    }
    if let Data::DisclosureErased(data) = &event.data {
        erasure::check_guards(state, event, data, at)?;
    }
    let signs = |person: PersonId| event.signers.iter().any(|signer| signer.person == person);
    if let Data::RoleHolderAppointed(data) = &event.data
        && signs(data.person)
    {
        return Err(Refusal::SelfDealing { action: "appoint".to_owned() });
    }
    if let Data::RoleDelegated(data) = &event.data
        && signs(data.person)
    {
        return Err(Refusal::SelfDealing { action: "delegate".to_owned() });
    }
    if let Data::OrganisationSuspended(data) = &event.data {
        let latest = london::date_of(at).add_days(SUSPENSION_DAYS_MAX);
        if data.until > latest {
            return Err(Refusal::SuspensionTooLong { latest });
        }
    }
    if let Data::RoleDelegated(data) = &event.data {
        let latest = london::date_of(at).add_days(delegation_days(state, event, data, at));
        if data.until > latest {
            return Err(Refusal::DelegationTooLong { latest });
        }
    }
    Ok(())
}

/// How long a delegation may run: 90 days, and 366 where a chief lets the monitoring officer appoint.
fn delegation_days(state: &State, event: &Event, data: &data::RoleDelegated, at: Timestamp) -> i64 {
    let organisation = own_organisation(event).and_then(|code| state.organisations.get(&code));
    let appointing = organisation.is_some_and(|body| {
        body.appointment_by(data.appointment).is_some_and(|a| a.role == Role::Cex)
            && body.appointment(data.person, Role::Sig, at).is_some()
    });
    if appointing { APPOINTING_DAYS_MAX } else { DELEGATION_DAYS_MAX }
}

/// D05: the registrar's people, auditors and witnesses decide no agreement.
fn check_registrars_keep_out(state: &State, event: &Event) -> Result<(), Refusal> {
    let Stream::Agreement(_) = event.stream else {
        return Ok(());
    };
    let note = matches!(event.data, Data::NoteRecorded(_));
    if is_ordered(&event.data) {
        return Ok(());
    }
    for signer in &event.signers {
        let outside = matches!(signer.role, Role::Reg | Role::Wit) || (signer.role == Role::Aud && !note);
        let registrar =
            state.founded.as_ref().is_some_and(|f| f.registrars.values().any(|person| *person == signer.person));
        if outside || registrar {
            return Err(Refusal::RegistrarDecides { organisation: signer.organisation });
        }
    }
    Ok(())
}

/// Registrars carry out what a court orders, and end what they opened by its order.
fn is_ordered(data: &Data) -> bool {
    if let Data::DisclosureErased(data) = data {
        data.reason == ErasureReason::CourtOrder
    } else if let Data::AccessGranted(data) = data {
        data.order.is_some()
    } else {
        matches!(data, Data::AccessEnded(_))
    }
}

/// The threshold of registrars, and nobody else.
pub(crate) fn registrars_alone(state: &State, event: &Event) -> Result<(), Refusal> {
    registrars(state, event)?;
    others_are(event, &[])
}

/// R01 to R03: the signer holds the role, or acts in it under a live delegation.
fn check_held(state: &State, event: &Event, signer: &Signer, at: Timestamp) -> Result<(), Refusal> {
    let not_held = || Refusal::RoleNotHeld { role: signer.role, organisation: signer.organisation };
    if matches!(event.data, Data::LedgerGenesis(_)) {
        return if signer.role == Role::Reg { Ok(()) } else { Err(not_held()) };
    }
    if let Data::OrganisationRegistered(data) = &event.data
        && signer.key == data.chief.key
    {
        return if signer.role == Role::Cex { Ok(()) } else { Err(not_held()) };
    }
    if signer.organisation == OrganisationCode::REGISTRAR {
        let registers = state.founded.as_ref().is_some_and(|f| f.registrars.get(&signer.key) == Some(&signer.person));
        let added = matches!(&event.data, Data::RegistrarChanged(data) if data.add.iter().any(|k| k.key == signer.key));
        let registrar = registers || added;
        return if registrar && signer.role == Role::Reg && signer.delegation.is_none() {
            Ok(())
        } else {
            Err(not_held())
        };
    }
    let organisation = state.organisations.get(&signer.organisation).ok_or_else(not_held)?;
    if let Some(delegation) = signer.delegation {
        return check_delegate(organisation, signer, delegation, at);
    }
    if let Some(appointment) = organisation.appointment(signer.person, signer.role, at) {
        let doubted = appointment.contested && !contest::vouched(state, event);
        return if doubted { Err(Refusal::RoleContested { role: signer.role }) } else { Ok(()) };
    }
    let ended = organisation
        .appointments
        .iter()
        .filter(|a| a.person == signer.person && a.role == signer.role)
        .filter_map(|a| a.ended_on(at))
        .max();
    match ended {
        Some(on) => Err(Refusal::RoleEnded { role: signer.role, on }),
        None => Err(not_held()),
    }
}

fn check_delegate(organisation: &Organisation, signer: &Signer, id: EventId, at: Timestamp) -> Result<(), Refusal> {
    let no = |problem: &str| Refusal::NoDelegation { role: signer.role, problem: problem.to_owned() };
    let delegation =
        organisation.delegation(id).filter(|d| d.person == signer.person).ok_or_else(|| no("never existed"))?;
    let appointment = organisation
        .appointment_by(delegation.appointment)
        .filter(|a| a.role == signer.role)
        .ok_or_else(|| no("never existed"))?;
    if !delegation.is_live(at) || !appointment.is_live(at) {
        return Err(no("ended"));
    }
    if delegation.contested || appointment.contested { Err(no("is contested")) } else { Ok(()) }
}

/// As many registrars as the threshold asks, as different persons.
pub(super) fn registrars(state: &State, event: &Event) -> Result<(), Refusal> {
    let persons: HashSet<PersonId> =
        event.signers.iter().filter(|s| s.organisation == OrganisationCode::REGISTRAR).map(|s| s.person).collect();
    let needed = state.founded.as_ref().map_or(2, |f| usize::try_from(f.threshold).unwrap_or(usize::MAX));
    if persons.len() >= needed {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role: Role::Reg, organisation: OrganisationCode::REGISTRAR })
    }
}

/// Besides the registrars exactly these sign.
pub(super) fn others_are(event: &Event, expected: &[(OrganisationCode, Role)]) -> Result<(), Refusal> {
    let others: Vec<&Signer> = event.signers.iter().filter(|s| s.organisation != OrganisationCode::REGISTRAR).collect();
    for (organisation, role) in expected {
        if !others.iter().any(|s| s.organisation == *organisation && s.role == *role) {
            return Err(Refusal::RoleNotHeld { role: *role, organisation: *organisation });
        }
    }
    others
        .iter()
        .find(|s| !expected.contains(&(s.organisation, s.role)))
        .map_or(Ok(()), |s| Err(Refusal::RoleNotHeld { role: s.role, organisation: s.organisation }))
}

fn own_organisation(event: &Event) -> Option<OrganisationCode> {
    match event.stream {
        Stream::Organisation(code) => Some(code),
        Stream::Sys | Stream::Key(_) | Stream::Agreement(_) | Stream::Template(_) | Stream::Programme(_) => None,
    }
}

fn signers(event: &Event) -> Vec<&Signer> {
    event.signers.iter().collect()
}

/// One signer, of the stream's organisation, in one of these roles.
fn alone(event: &Event, signers: &[&Signer], roles: &[Role]) -> Result<(), Refusal> {
    let organisation = own_organisation(event).unwrap_or(event.principal().organisation);
    let role = roles.first().copied().unwrap_or(Role::Cex);
    match signers {
        [one] if one.organisation == organisation && roles.contains(&one.role) => Ok(()),
        _ => Err(Refusal::RoleNotHeld { role, organisation }),
    }
}

/// One human at two bodies is declared by both (wire.md 1, rule 3): an ADM or the CEX of the body of the
/// appointment that is named signs besides. Gives the signers of the appointing body.
fn check_same_person<'e>(
    state: &State,
    event: &'e Event,
    data: &data::RoleHolderAppointed,
) -> Result<Vec<&'e Signer>, Refusal> {
    let mut own = signers(event);
    let Some(elsewhere) = data.same_person else {
        return Ok(own);
    };
    let other = state.events.appointed_at(&elsewhere).ok_or(Refusal::NoAppointment)?;
    let place = own
        .iter()
        .rposition(|s| s.organisation == other && matches!(s.role, Role::Adm | Role::Cex))
        .ok_or(Refusal::RoleNotHeld { role: Role::Adm, organisation: other })?;
    own.remove(place);
    Ok(own)
}

/// Two signers of the stream's organisation, one in each role.
fn both(event: &Event, one: Role, other: Role) -> Result<(), Refusal> {
    let organisation = own_organisation(event).unwrap_or(event.principal().organisation);
    for role in [one, other] {
        if !event.signers.iter().any(|s| s.role == role && s.organisation == organisation) {
            return Err(Refusal::RoleNotHeld { role, organisation });
        }
    }
    if event.signers.len() == 2 { Ok(()) } else { Err(Refusal::RoleNotHeld { role: one, organisation }) }
}

/// Whoever appoints a role: the CEX for the roles that carry the body, else an ADM; for the CEX two
/// registrars and one serving SIRO, SIG or ADM where there is one (amendments.md).
fn appointing(state: &State, event: &Event, signers: &[&Signer], role: Role, at: Timestamp) -> Result<(), Refusal> {
    let Some(code) = own_organisation(event) else {
        return Ok(());
    };
    let Some(organisation) = state.organisations.get(&code) else {
        return Err(Refusal::OrganisationUnknown { organisation: code });
    };
    match role {
        Role::Cex => {
            registrars(state, event)?;
            let inside = [Role::Siro, Role::Sig, Role::Adm];
            let serving = inside.iter().any(|r| organisation.has_serving(*r, at));
            let others: Vec<&Signer> =
                signers.iter().copied().filter(|s| s.organisation != OrganisationCode::REGISTRAR).collect();
            let fits = match others.as_slice() {
                [] => !serving,
                [one] => one.organisation == code && inside.contains(&one.role),
                _ => false,
            };
            if fits { Ok(()) } else { Err(Refusal::RoleNotHeld { role: Role::Siro, organisation: code }) }
        }
        Role::Siro | Role::Dpo | Role::Cg | Role::Sig | Role::Leo | Role::Adm => alone(event, signers, &[Role::Cex]),
        Role::Reg | Role::Wit => {
            Err(Refusal::RoleNotHeld { role: Role::Reg, organisation: OrganisationCode::REGISTRAR })
        }
        Role::Req
        | Role::Igl
        | Role::Iao
        | Role::Lgl
        | Role::Sec
        | Role::Opn
        | Role::Dat
        | Role::Tps
        | Role::Prg
        | Role::Brd
        | Role::Aud => alone(event, signers, &[Role::Adm]),
    }
}

/// R04, R05: the person may hold the role and does not yet.
fn check_appointment(
    state: &State,
    event: &Event,
    data: &data::RoleHolderAppointed,
    at: Timestamp,
) -> Result<(), Refusal> {
    let Some(organisation) = own_organisation(event).and_then(|code| state.organisations.get(&code)) else {
        return Ok(());
    };
    // A registrar of the genesis holds REG wherever else they are appointed.
    let registrar = state.founded.as_ref().is_some_and(|f| f.registrars.values().any(|p| *p == data.person));
    let held = organisation.roles_of(data.person, at).chain(registrar.then_some(Role::Reg));
    if let Some(held) = held.into_iter().find(|held| !separation(state).may_hold_both(*held, data.role)) {
        return Err(Refusal::RolesIncompatible { person: data.person, held, asked: data.role });
    }
    let holds = |a: &Appointment| a.role == data.role && a.ended_on(at).is_none();
    if organisation.appointments.of(data.person).any(holds) {
        return Err(Refusal::RoleHeld { person: data.person, role: data.role });
    }
    Ok(())
}

fn live_appointment<'s>(
    state: &'s State,
    event: &Event,
    id: EventId,
    at: Timestamp,
) -> Result<&'s Appointment, Refusal> {
    let organisation = own_organisation(event).and_then(|code| state.organisations.get(&code));
    organisation.and_then(|o| o.appointment_by(id)).filter(|a| a.ended_on(at).is_none()).ok_or(Refusal::NoAppointment)
}

fn check_delegation(state: &State, event: &Event, data: &data::RoleDelegated, at: Timestamp) -> Result<(), Refusal> {
    let Some(organisation) = own_organisation(event).and_then(|code| state.organisations.get(&code)) else {
        return Ok(());
    };
    let appointment = live_appointment(state, event, data.appointment, at)?;
    let role = appointment.role;
    let signer = event.principal();
    let by_holder = event.signers.len() == 1
        && signer.person == appointment.person
        && signer.role == role
        && signer.delegation.is_none();
    if !by_holder {
        appointing(state, event, &signers(event), role, at)?;
    }
    if let Some(live) = organisation.delegation_of(data.appointment, at) {
        return Err(Refusal::AlreadyDelegated { role, until: live.until });
    }
    if let Some(other) =
        organisation.roles_of(data.person, at).find(|held| *held != role && !delegable(separation(state), role, *held))
    {
        return Err(Refusal::DelegateIncompatible { role: other });
    }
    Ok(())
}

/// A chief may let the monitoring officer appoint; else the roles must be ones that one person may hold.
fn delegable(policy: &SeparationPolicy, role: Role, held: Role) -> bool {
    (role == Role::Cex && held == Role::Sig) || policy.may_hold_both(role, held)
}

/// The separation policy that the ledger pins.
///
/// # Panics
///
/// Never: a genesis is refused (E10) without it.
fn separation(state: &State) -> &SeparationPolicy {
    let reference = state.reference.as_deref();
    assert!(reference.is_some(), "a genesis without its policies is refused");
    reference.map_or_else(|| unreachable!("asserted above"), |reference| &reference.separation)
}

fn check_delegation_end(state: &State, event: &Event, id: EventId, at: Timestamp) -> Result<(), Refusal> {
    let Some(organisation) = own_organisation(event).and_then(|code| state.organisations.get(&code)) else {
        return Ok(());
    };
    let delegation = organisation.delegation(id).filter(|d| d.is_live(at)).ok_or(Refusal::NoSuchDelegation)?;
    let appointment =
        live_appointment(state, event, delegation.appointment, at).map_err(|_| Refusal::NoSuchDelegation)?;
    let signer = event.principal();
    let by_holder = event.signers.len() == 1 && signer.person == appointment.person && signer.role == appointment.role;
    if by_holder { Ok(()) } else { appointing(state, event, &signers(event), appointment.role, at) }
}

/// Who must sign for a new key (amendments.md): the new key, an ADM who is not that person (for the
/// first ADM the CEX), and besides that person's other key or the CEX for roles that carry the body
/// and for a second key.
fn check_key(state: &State, event: &Event, data: &data::KeyRegistered, at: Timestamp) -> Result<(), Refusal> {
    let code = data.organisation;
    let Some(organisation) = state.organisations.get(&code) else {
        return Err(Refusal::OrganisationUnknown { organisation: code });
    };
    let roles: Vec<Role> = organisation.roles_of(data.person, at).collect();
    if roles.is_empty() {
        return Err(Refusal::RoleNotHeld { role: Role::Req, organisation: code });
    }
    let others: Vec<&Signer> = event.signers.iter().filter(|s| s.key != data.key).collect();
    let signs = |role: Role| others.iter().any(|s| s.organisation == code && s.role == role && s.person != data.person);
    let missing = |role: Role| Refusal::RoleNotHeld { role, organisation: code };
    let own_other_key = others.iter().any(|s| s.organisation == code && s.person == data.person);
    let lost = roles.contains(&Role::Cex) && !own_other_key;
    let stands = |s: &Signer| {
        if lost {
            let vouches = s.organisation == code && matches!(s.role, Role::Sig | Role::Siro);
            return vouches || s.organisation == OrganisationCode::REGISTRAR;
        }
        s.organisation == code && (s.person == data.person || matches!(s.role, Role::Adm | Role::Cex))
    };
    // Nobody signs besides whom the rule asks for.
    if let Some(spare) = others.iter().find(|s| !stands(s)) {
        return Err(Refusal::RoleNotHeld { role: spare.role, organisation: spare.organisation });
    }
    if lost {
        // A chief who lost their key: two registrars and SIG or SIRO.
        registrars(state, event)?;
        return if signs(Role::Sig) || signs(Role::Siro) { Ok(()) } else { Err(missing(Role::Sig)) };
    }
    let active = |person: PersonId| state.has_active_key(code, person);
    let first_adm = roles.contains(&Role::Adm) && !organisation.holders(Role::Adm, at).any(|a| active(a.person));
    if first_adm {
        return if signs(Role::Cex) { Ok(()) } else { Err(missing(Role::Cex)) };
    }
    if !signs(Role::Adm) {
        return Err(missing(Role::Adm));
    }
    let heavy = roles
        .iter()
        .any(|r| matches!(r, Role::Cex | Role::Siro | Role::Dpo | Role::Cg | Role::Sig | Role::Leo | Role::Adm));
    if (heavy || active(data.person)) && !own_other_key && !signs(Role::Cex) {
        return Err(missing(Role::Cex));
    }
    Ok(())
}

/// The old key and the new one sign, both for the same person.
fn check_rotation(state: &State, event: &Event, data: &data::KeyRotated) -> Result<(), Refusal> {
    let Some(old) = state.keys.get(&data.replaces) else {
        return Err(Refusal::KeyUnknown { key: data.replaces });
    };
    // Whom the old key speaks for was checked with the K codes; the new one has to speak for the same.
    if let Some(other) = event.signers.iter().find(|s| s.person != old.person || s.organisation != old.organisation) {
        return Err(Refusal::KeyOfAnother { key: other.key, organisation: old.organisation });
    }
    if event.signers.len() == 2 && event.signers.iter().any(|s| s.key == data.replaces) {
        return Ok(());
    }
    let role = event.principal().role;
    Err(Refusal::RoleNotHeld { role, organisation: old.organisation })
}

/// The holder, an ADM or the CEX of the key's organisation.
fn check_key_end(state: &State, event: &Event, data: &data::KeyRevoked) -> Result<(), Refusal> {
    let Some(key) = state.keys.get(&data.key) else {
        return Err(Refusal::KeyUnknown { key: data.key });
    };
    let signer = event.principal();
    let inside = signer.organisation == key.organisation;
    let may = inside && (signer.person == key.person || matches!(signer.role, Role::Adm | Role::Cex));
    if may && event.signers.len() == 1 {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role: Role::Adm, organisation: key.organisation })
    }
}
