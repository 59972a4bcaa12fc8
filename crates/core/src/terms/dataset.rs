//! The schedule of datasets (domain.md 1.7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Identifier, OnwardKind, Volume, Words};
use crate::header::{
    DataClass, DatasetFlag, EndAction, Frequency, Method, Period, Residual, RetentionStart, Star, is_false,
};
use crate::ids::{Code, OrganisationCode};
use crate::time::Date;

/// One field of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its category (CL-CAT).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Code>,
    /// What it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Words>,
    /// How far it identifies.
    pub identifier: Identifier,
    /// Why it is needed.
    pub justification: Words,
    /// What it is called.
    pub name: Words,
}

/// Limits of the data and the way corrections take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quality {
    /// How corrections reach the other party.
    pub correction: Words,
    /// Known gaps.
    pub gaps: Words,
    /// When they were last refreshed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refreshed_on: Option<Date>,
    /// Where they come from.
    pub source: Words,
}

/// The stretch of time that the data describe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub to: Date,
}

/// How people were made unidentifiable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Anonymisation {
    /// The method (CL-ANON).
    pub method: Code,
    /// The risk that remains.
    pub residual_risk: Residual,
    /// Who tested it.
    pub tested_by: Words,
    /// When.
    pub tested_on: Date,
}

/// How identity was set apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pseudonymisation {
    /// Who holds the key.
    pub key_holder: OrganisationCode,
    /// The method.
    pub method: Code,
    /// How key and data are kept apart.
    pub separation: Words,
}

/// One body, or kind of body, that data may be passed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnwardTo {
    /// Under which power.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Code>,
    /// It is part of the public sector.
    pub public_sector: bool,
    /// What for.
    pub purpose: Words,
    /// Who.
    pub recipients: Words,
}

/// Passing on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnwardTerms {
    /// Whether.
    pub kind: OnwardKind,
    /// To whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<OnwardTo>,
}

/// How long a recipient keeps a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// For archiving.
    #[serde(default, skip_serializing_if = "is_false")]
    pub archiving: bool,
    /// Why so long.
    pub basis: Words,
    /// What becomes of the data.
    pub end_action: EndAction,
    /// The law under which they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub law: Option<Words>,
    /// How long.
    pub period: Period,
    /// From when.
    pub start: RetentionStart,
}

/// One party by code, or all that have the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OneParty {
    /// Each that may.
    All(Star),
    /// This one.
    Code(OrganisationCode),
}

/// Several parties by code, or all that have the capacity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SeveralParties {
    /// Each that may.
    All(Star),
    /// These.
    Codes(Vec<OrganisationCode>),
}

/// One dataset of the schedule (domain.md 1.7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// How people were made unidentifiable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymisation: Option<Anonymisation>,
    /// The provider's information asset.
    pub asset_ref: Words,
    /// The class of the data.
    pub data_class: DataClass,
    /// Why nobody can be identified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disclosure_risk_statement: Option<Words>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<DatasetFlag>,
    /// How often.
    pub frequency: Frequency,
    /// Its licence: `OGL-UK-3-0`, `CC-BY-4-0`, `CC0`, `CUSTOM-INTERNAL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<Code>,
    /// How.
    pub method: Method,
    /// Its name.
    pub name: Words,
    /// Recipients undertake not to identify anyone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub no_reidentification: bool,
    /// Whether it may be passed on.
    pub onward: OnwardTerms,
    /// Who gives it.
    pub provider: OneParty,
    /// How identity was set apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pseudonymisation: Option<Pseudonymisation>,
    /// Where it is published (CL-PUB).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication_target: Option<Code>,
    /// Its quality.
    pub quality: Quality,
    /// Who receives it.
    pub recipients: SeveralParties,
    /// How long it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// The data standard, or why none fits.
    pub standard: Words,
    /// Whose data these are (CL-SUBJ).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<Code>,
    /// How many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume: Option<Volume>,
    /// The time it describes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
}
