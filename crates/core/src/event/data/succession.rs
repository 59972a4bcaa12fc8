//! Bodies that take the place of others, and what they belong to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{MembershipChange, SuccessionKind, SuccessionOutcome};
use crate::ids::{AgreementId, Code, EventId, OrganisationCode};
use crate::sealed::{Sealed, Text};
use crate::time::Date;
use crate::words::ReasonWords;

/// Which successor takes one agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mapped {
    /// The agreement, by its stream key.
    pub agreement: AgreementId,
    /// Who takes it.
    pub successor: OrganisationCode,
}

/// `OrganisationSucceeded`: bodies take the place of others by statute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationSucceeded {
    /// Who takes what the mapping does not name.
    pub default: OrganisationCode,
    /// The first day.
    pub effective: Date,
    /// Which functions pass, where not all do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<Code>>,
    /// The instrument that says so.
    pub instrument: Sealed<Text>,
    /// What happens.
    pub kind: SuccessionKind,
    /// Who takes which agreement.
    pub mapping: Vec<Mapped>,
    /// Whose place is taken; the first one's stream holds the event.
    pub predecessors: Vec<OrganisationCode>,
    /// Who takes it.
    pub successors: Vec<OrganisationCode>,
}

/// `SuccessionObjected`: a body without a chief says that it is not succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessionObjected {
    /// The succession.
    pub target: EventId,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `SuccessionConfirmed`: A35: a successor stands by an agreement that came to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuccessionConfirmed {
    /// Whether purposes, bases and notices hold as they are.
    pub outcome: SuccessionOutcome,
    /// Whose place it took.
    pub predecessor: OrganisationCode,
}

/// `PartnershipMembershipChanged`: a body joins or leaves a partnership.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnershipMembershipChanged {
    /// Which of the two.
    pub change: MembershipChange,
    /// Since when.
    pub on: Date,
    /// The partnership.
    pub partnership: OrganisationCode,
    /// Where that is said.
    pub source: Sealed<Text>,
}
