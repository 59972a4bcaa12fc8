//! What the rows of the code lists say.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::header::{Article6, Article9, DataClass, GatewayUse};
use crate::ids::Code;
use crate::roles::OrganisationFacts;
use crate::time::Date;

/// A list, as far as rules read it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ListOf<T> {
    /// Its rows.
    pub rows: Vec<T>,
}

/// Lists of codes that say nothing but what there is.
pub(super) const PLAIN_LISTS: [&str; 9] =
    ["CL-A1", "CL-ANON", "CL-CAT", "CL-CERT", "CL-DEST", "CL-FOI", "CL-LIC", "CL-PUB", "CL-SUBJ"];

/// One code of a plain list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct PlainRow {
    code: Code,
    /// The code takes a number behind it: `SUPPRESSION_LT_10`.
    #[serde(default)]
    numbered: bool,
}

impl PlainRow {
    /// Whether this row is for that code.
    pub fn is(&self, code: &str) -> bool {
        let number = |rest: &str| (1..=4).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit());
        match code.strip_prefix(self.code.as_str()) {
            Some("") => !self.numbered,
            Some(rest) => self.numbered && rest.strip_prefix('_').is_some_and(number),
            None => false,
        }
    }
}

/// One Article 6 basis.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct BasisRow {
    /// Which.
    pub code: Article6,
    /// Since when, where it was not always there.
    #[serde(default)]
    pub in_force_from: Option<Date>,
}

/// What a gateway says when what it asks is not met.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// Its own code, such as `G-LOC`; without one it is told under V-47.
    #[serde(default)]
    pub code: Option<Code>,
    /// What is wrong; `{recipient}` is filled.
    pub message: String,
}

/// One legal gateway (domain.md 1.5).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "what a row of the list asks, each by its own name")]
pub struct GatewayRule {
    /// One code a section.
    pub code: Code,
    /// The Act.
    pub act: String,
    /// The section.
    pub section: String,
    /// `DUTY`, `POWER` or `RESTRICTION`.
    pub kind: Code,
    /// Types of organisation that may disclose under it, or `ANY`.
    pub disclosers: Vec<Code>,
    /// Types of organisation that may receive under it, or `ANY`.
    pub recipients: Vec<Code>,
    /// Purposes that it serves, or `ANY`.
    pub purposes: Vec<Code>,
    /// The first day in force; without one it is not in force yet.
    #[serde(default)]
    pub in_force_from: Option<Date>,
    /// The last day in force.
    #[serde(default)]
    pub in_force_to: Option<Date>,
    /// Whether reliance on it needs a legal opinion.
    pub needs_legal: bool,
    /// Whether it permits sharing without another power.
    pub sufficient_alone: bool,
    /// The classes that it covers; empty: all.
    #[serde(default)]
    pub classes: Vec<DataClass>,
    /// It is for individual cases: sharing mode `ON_REQUEST`.
    #[serde(default)]
    pub individual: bool,
    /// It permits disclosure to its recipients alone.
    #[serde(default)]
    pub to_listed: bool,
    /// Holders are responders of category 1 or 2.
    #[serde(default)]
    pub needs_responders: bool,
    /// It covers no patient information, and nothing personal that health or social care discloses.
    #[serde(default)]
    pub no_care: bool,
    /// It needs the reference of a request, register entry, approval or order.
    #[serde(default)]
    pub needs_reference: bool,
    /// Its prescribed objectives; empty: none.
    #[serde(default)]
    pub objectives: Vec<Code>,
    /// Somebody must have checked its limits.
    #[serde(default)]
    pub confirm: bool,
    /// The person must have agreed.
    #[serde(default)]
    pub needs_consent: bool,
    /// The categories of field that it covers; empty: all.
    #[serde(default)]
    pub categories: Vec<Code>,
    /// What it says when a check fails.
    #[serde(default)]
    pub guard: Option<Guard>,
    /// What else is to be known of it.
    #[serde(default)]
    pub note: Option<String>,
    /// A lawyer should confirm the row.
    #[serde(default)]
    pub verify: bool,
}

impl GatewayRule {
    /// Whether an organisation may use it so. One that is not registered is told by V-20.
    pub fn admits(&self, way: GatewayUse, body: Option<&OrganisationFacts>) -> bool {
        let listed = match way {
            GatewayUse::Disclose => &self.disclosers,
            GatewayUse::Receive => &self.recipients,
        };
        let Some(body) = body else {
            return true;
        };
        listed.iter().any(|code| code.as_str() == "ANY" || code.as_str() == body.kind.as_str())
    }

    /// Whether it is in force on a day.
    pub fn is_in_force(&self, on: Date) -> bool {
        self.in_force_from.is_some_and(|from| from <= on) && self.in_force_to.is_none_or(|to| on <= to)
    }
}

/// Names of fields that identify persons (CL-IDENT).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct IdentifierList {
    /// Direct identifiers.
    pub rows: Vec<IdentifierRow>,
    /// What identifies together.
    pub together: Vec<TogetherRow>,
    /// References of a property: personal beside what is known of a person.
    pub property: Vec<String>,
    /// Categories of field that say something of a person.
    pub person_level: Vec<Code>,
}

/// One kind of direct identifier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentifierRow {
    /// In plain words.
    pub kind: String,
    /// Names that are it when they stand alone.
    pub names: Vec<String>,
    /// Phrases that are it wherever they stand in a name.
    #[serde(default)]
    pub within: Vec<String>,
}

/// Fields that identify together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TogetherRow {
    /// In plain words.
    pub kind: String,
    /// One field of each group.
    pub all: Vec<Vec<String>>,
}

/// Conditions of Schedule 1 (CL-SCH1).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Schedule1 {
    /// Its paragraphs.
    pub rows: Vec<Schedule1Row>,
    /// Which paragraphs go with which Article 9 condition.
    pub pairs: BTreeMap<Article9, Vec<u8>>,
    /// Which paragraphs permit criminal offence data.
    pub criminal_offences: Vec<u8>,
}

/// One paragraph of Schedule 1.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a row of reference data")]
pub struct Schedule1Row {
    /// Its number.
    pub paragraph: u8,
    /// What it is for.
    pub label: String,
    /// It needs an appropriate policy document.
    pub apd: bool,
    /// It needs none where data go to a competent authority.
    #[serde(default)]
    pub apd_not_to_authority: bool,
    /// It is for criminal offence data alone.
    pub criminal_only: bool,
    /// A lawyer should confirm the row.
    #[serde(default)]
    pub verify: bool,
}
