//! Who must sign a version for one party (domain.md 2.2, amendments.md): policy data, read by one pure function.

use serde::Deserialize;

use crate::codes::ReferenceSet;
use crate::header::{
    AgreementType, AutomatedDecisions, Capacity, DataClass, DatasetFlag, Header, LegalRole, Onward, PartyRow, Regime,
    RequiredRole, Residual, SecurityClass, SignatureKind, Transfers,
};
use crate::ids::{Code, OrganisationCode, Role};
use crate::organisation::{Governance, OrganisationFlags, OrganisationType};

/// What the policy asks of an organisation: all of it stands in clear in the organisation's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationFacts {
    /// Its code.
    pub code: OrganisationCode,
    /// Its type.
    pub kind: OrganisationType,
    /// What the rules ask of it.
    pub flags: OrganisationFlags,
    /// How much separation it can afford.
    pub governance: Governance,
    /// Roles that it adds for itself; it can take none away.
    pub extra_roles: Vec<Role>,
}

impl From<&crate::offices::Organisation> for OrganisationFacts {
    fn from(body: &crate::offices::Organisation) -> Self {
        Self {
            code: body.code,
            kind: body.kind,
            flags: body.flags.clone(),
            governance: body.governance,
            extra_roles: body.extra_roles.clone(),
        }
    }
}

/// `POLICY-ROLES`: every row whose conditions all hold adds its roles.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolePolicy {
    /// Its name.
    pub id: Code,
    /// Its version.
    pub version: u32,
    /// The rows.
    pub rows: Vec<RoleRule>,
    /// Who stands in for whom in a body of governance `LIGHT`.
    pub light: Vec<StandIn>,
    /// Extra roles that advise; the others approve.
    pub advice_roles: Vec<Role>,
}

/// One row of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRule {
    /// What the row is about, in plain words.
    pub source: String,
    /// When it applies.
    pub when: Conditions,
    /// Whom it asks for.
    pub roles: Vec<RequiredRole>,
}

/// A role of a small body and who fills it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandIn {
    /// The role of the table.
    pub role: Role,
    /// Who signs instead.
    pub becomes: Role,
}

/// Which side of the sharing a row is about. A party of capacity `BOTH` is on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Gives data.
    Provider,
    /// Receives or hosts data.
    Recipient,
}

/// The conditions of a row. An empty list asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conditions {
    /// The type is one of these.
    pub types: Vec<AgreementType>,
    /// The type is none of these.
    pub not_types: Vec<AgreementType>,
    /// The highest class is one of these.
    pub classes: Vec<DataClass>,
    /// The party is on one of these sides.
    pub sides: Vec<Side>,
    /// Its legal role is one of these.
    pub legal_roles: Vec<LegalRole>,
    /// Its regime is one of these.
    pub regimes: Vec<Regime>,
    /// A dataset has one of these flags, or a party relies on one of `gateways`.
    pub flags: Vec<DatasetFlag>,
    /// See `flags`.
    pub gateways: Vec<Code>,
    /// The organisation must have a Caldicott Guardian, or need not.
    pub caldicott_required: Option<bool>,
    /// The agreement is OFFICIAL-SENSITIVE.
    pub official_sensitive: bool,
    /// Residual risk is high, data leave the UK, a machine decides alone, the scale is large, or data may be
    /// passed on outside the public sector.
    pub high_risk: bool,
    /// The party relies on a gateway that needs a legal opinion, or on an implied power.
    pub gateway_needs_legal: bool,
}

/// Who must sign for a party, sorted by kind, then role. Reads the header without any `required_roles`.
pub fn required_roles(
    row: &PartyRow,
    header: &Header,
    organisation: &OrganisationFacts,
    reference: &ReferenceSet,
) -> Vec<RequiredRole> {
    let policy = &reference.roles;
    let mut roles: Vec<RequiredRole> = policy
        .rows
        .iter()
        .filter(|rule| holds(&rule.when, row, header, organisation, reference))
        .flat_map(|rule| rule.roles.iter().copied())
        .collect();
    if organisation.governance == Governance::Light {
        for required in &mut roles {
            if let Some(other) = policy.light.iter().find(|other| other.role == required.role) {
                required.role = other.becomes;
            }
        }
    }
    roles.extend(organisation.extra_roles.iter().map(|&role| RequiredRole {
        kind: if policy.advice_roles.contains(&role) { SignatureKind::Advice } else { SignatureKind::Approval },
        role,
    }));
    roles.sort_unstable();
    roles.dedup();
    roles
}

fn holds(
    when: &Conditions,
    row: &PartyRow,
    header: &Header,
    organisation: &OrganisationFacts,
    reference: &ReferenceSet,
) -> bool {
    let any = |listed: bool, found: bool| !listed || found;
    let flagged = header.datasets.iter().any(|dataset| dataset.flags.iter().any(|flag| when.flags.contains(flag)));
    let relied =
        header.parties.iter().any(|party| party.gateways.iter().any(|used| when.gateways.contains(&used.code)));
    any(!when.types.is_empty(), when.types.contains(&header.agreement_type))
        && !when.not_types.contains(&header.agreement_type)
        && any(!when.classes.is_empty(), when.classes.contains(&header.class()))
        && any(!when.sides.is_empty(), when.sides.iter().any(|&side| on(side, row.capacity)))
        && any(!when.legal_roles.is_empty(), when.legal_roles.contains(&row.legal_role))
        && any(!when.regimes.is_empty(), when.regimes.contains(&row.regime))
        && any(!when.flags.is_empty() || !when.gateways.is_empty(), flagged || relied)
        && when.caldicott_required.is_none_or(|required| required == organisation.flags.caldicott_required)
        && any(when.official_sensitive, header.security_class == SecurityClass::OfficialSensitive)
        && any(when.high_risk, is_high_risk(header))
        && any(when.gateway_needs_legal, needs_legal(row, reference))
}

fn on(side: Side, capacity: Capacity) -> bool {
    match side {
        Side::Provider => capacity.provides(),
        Side::Recipient => capacity.receives(),
    }
}

fn is_high_risk(header: &Header) -> bool {
    header.transfers != Transfers::None
        || header.automated_decisions == AutomatedDecisions::Solely
        || header.dpia.as_ref().is_some_and(|dpia| dpia.residual == Some(Residual::High))
        || header
            .datasets
            .iter()
            .any(|dataset| dataset.flags.contains(&DatasetFlag::LargeScale) || dataset.onward == Onward::NamedOther)
}

fn needs_legal(row: &PartyRow, reference: &ReferenceSet) -> bool {
    let listed = reference.needing_legal();
    row.gateways.iter().any(|used| used.legal_opinion || used.implied || listed.contains(&used.code))
}
