//! Organisations as readers see them: who they are, who acts for them, which posts are vacant.

use counterpart_core::event::PublicKeyBytes;
use counterpart_core::event::data::Custody;
use counterpart_core::ids::{Code, EventId, OrganisationCode, PersonId, Role};
use counterpart_core::keys::KeyStage;
use counterpart_core::offices::{Organisation, OrganisationStage};
use counterpart_core::organisation::{Governance, OrganisationFlags, OrganisationType};
use counterpart_core::state::State;
use counterpart_core::time::{Date, Timestamp};
use counterpart_core::wire::KeyId;
use serde::Serialize;

/// The posts that every body fills; without one of them some event cannot be signed (R11).
const POSTS: [Role; 7] = [Role::Cex, Role::Siro, Role::Dpo, Role::Sig, Role::Igl, Role::Iao, Role::Adm];

/// What a joint committee or programme fills.
const OFFICE: [Role; 2] = [Role::Cex, Role::Adm];

/// An organisation in a list.
#[derive(Clone, Debug, Serialize)]
pub struct OrganisationRow<'a> {
    /// Its code.
    pub code: OrganisationCode,
    /// Its official name.
    pub name: &'a str,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: OrganisationType,
    /// How much separation of roles it can afford.
    pub governance: Governance,
    /// What the rules ask of it.
    pub flags: &'a OrganisationFlags,
    /// Roles that sign besides those of the policy.
    pub extra_roles: &'a [Role],
    /// `ACTIVE`, `SUSPENDED`, `LEFT` or `SUCCEEDED`.
    pub state: &'static str,
    /// Until when it is suspended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// When it left or was succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on: Option<Date>,
    /// Who took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<OrganisationCode>,
    /// How many events its stream has.
    pub revision: u64,
    /// The revision just after its last general barrier.
    pub barrier: u64,
    /// Posts that nobody holds now.
    pub vacancies: Vec<Role>,
}

/// Somebody who holds a role.
#[derive(Clone, Debug, Serialize)]
pub struct RoleRow<'a> {
    /// The role.
    pub role: Role,
    /// Who holds it.
    pub person: PersonId,
    /// The event that appointed them.
    pub appointment: EventId,
    /// For which functions; left out: all.
    #[serde(skip_serializing_if = "<[Code]>::is_empty")]
    pub functions: &'a [Code],
    /// The first day.
    pub valid_from: Date,
    /// The last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
    /// When it was ended by an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whether it is held now.
    pub live: bool,
    /// Who acts in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub delegations: Vec<DelegationRow<'a>>,
}

/// Somebody who acts in the role of another.
#[derive(Clone, Debug, Serialize)]
pub struct DelegationRow<'a> {
    /// The event that delegated.
    pub delegation: EventId,
    /// Who acts.
    pub person: PersonId,
    /// For which functions; left out: all.
    #[serde(skip_serializing_if = "<[Code]>::is_empty")]
    pub functions: &'a [Code],
    /// The last day.
    pub until: Date,
    /// When it was ended by an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whether it runs now.
    pub live: bool,
}

/// A key of an organisation.
#[derive(Clone, Debug, Serialize)]
pub struct KeyRow {
    /// Its id.
    pub key: KeyId,
    /// Whose it is.
    pub person: PersonId,
    /// The public key, standard base64.
    pub public: PublicKeyBytes,
    /// Where the private half lives, when that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody: Option<Custody>,
    /// `ACTIVE`, `RETIRED`, `REVOKED` or `COMPROMISED`.
    pub state: &'static str,
    /// Since when it signs no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Which key took its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<KeyId>,
    /// How many events its stream has.
    pub revision: u64,
}

/// Every organisation at an instant, by code.
pub fn all(state: &State, at: Timestamp) -> Vec<OrganisationRow<'_>> {
    let mut rows: Vec<_> = state.organisations.values().map(|organisation| row(organisation, at)).collect();
    rows.sort_by_key(|row| row.code);
    rows
}

/// One organisation at an instant.
pub fn row(organisation: &Organisation, at: Timestamp) -> OrganisationRow<'_> {
    let (state, until, on, successor) = match organisation.stage_at(at) {
        OrganisationStage::Active => ("ACTIVE", None, None, None),
        OrganisationStage::Suspended { until } => ("SUSPENDED", Some(until), None, None),
        OrganisationStage::Left { on } => ("LEFT", None, Some(on), None),
        OrganisationStage::Succeeded { by, on } => ("SUCCEEDED", None, Some(on), Some(by)),
    };
    OrganisationRow {
        code: organisation.code,
        name: &organisation.name,
        kind: organisation.kind,
        governance: organisation.governance,
        flags: &organisation.flags,
        extra_roles: &organisation.extra_roles,
        state,
        until,
        on,
        successor,
        revision: organisation.revision,
        barrier: organisation.barrier,
        vacancies: vacancies(organisation, at),
    }
}

/// Posts that nobody holds at an instant: those that every body fills, and the Caldicott Guardian where one is required.
/// A joint committee or programme is never a party, so nothing waits for more than its own office; nothing waits for
/// a body that acts no more.
pub fn vacancies(organisation: &Organisation, at: Timestamp) -> Vec<Role> {
    if matches!(organisation.stage_at(at), OrganisationStage::Left { .. } | OrganisationStage::Succeeded { .. }) {
        return Vec::new();
    }
    let guardian = organisation.flags.caldicott_required.then_some(Role::Cg);
    let posts = if organisation.kind == OrganisationType::Partnership { &OFFICE[..] } else { &POSTS };
    posts.iter().copied().chain(guardian).filter(|role| !organisation.has_serving(*role, at)).collect()
}

/// Everybody who ever held a role, the live ones first, each in the order of appointment.
pub fn roles(organisation: &Organisation, at: Timestamp) -> Vec<RoleRow<'_>> {
    let mut rows: Vec<_> = organisation
        .appointments
        .iter()
        .map(|appointment| RoleRow {
            role: appointment.role,
            person: appointment.person,
            appointment: appointment.event,
            functions: &appointment.functions,
            valid_from: appointment.valid_from,
            valid_to: appointment.valid_to,
            ended_at: appointment.ended_at,
            live: appointment.is_live(at),
            delegations: organisation
                .delegations
                .iter()
                .filter(|delegation| delegation.appointment == appointment.event)
                .map(|delegation| DelegationRow {
                    delegation: delegation.event,
                    person: delegation.person,
                    functions: &delegation.functions,
                    until: delegation.until,
                    ended_at: delegation.ended_at,
                    live: delegation.is_live(at) && appointment.is_live(at),
                })
                .collect(),
        })
        .collect();
    rows.sort_by_key(|row| !row.live);
    rows
}

/// The keys of an organisation, by id.
pub fn keys(state: &State, code: OrganisationCode) -> Vec<KeyRow> {
    let own = state.keys.iter().filter(|(_, key)| key.organisation == code);
    let mut rows: Vec<_> = own
        .map(|(id, key)| {
            let (standing, at, replaced_by) = match key.stage {
                KeyStage::Active => ("ACTIVE", None, None),
                KeyStage::Retired { at, by } => ("RETIRED", Some(at), Some(by)),
                KeyStage::Revoked { at } => ("REVOKED", Some(at), None),
                KeyStage::Compromised { at, .. } => ("COMPROMISED", Some(at), None),
            };
            KeyRow {
                key: *id,
                person: key.person,
                public: key.public,
                custody: key.custody,
                state: standing,
                at,
                replaced_by,
                revision: key.revision,
            }
        })
        .collect();
    rows.sort_by_key(|row| row.key);
    rows
}
