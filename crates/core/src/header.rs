//! The header: what stands in clear of an agreement, and all that a log rule may read of it.
//!
//! It is derived from the terms, the parties, the organisations and the policies in force
//! (wire.md 4). Members at their default are left out, so that one header has one spelling.

mod lists;
mod packing;
mod partial;
mod size;

pub use lists::*;
pub use partial::*;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use crate::ids::{AgreementId, Code, DatasetId, OrganisationCode, Role, codes};
use crate::organisation::OrganisationType;
use crate::time::Date;

impl Capacity {
    /// Whether a party of this capacity may give data.
    pub const fn provides(self) -> bool {
        matches!(self, Self::Provider | Self::Both)
    }

    /// Whether a party of this capacity is one of those that a continuation asks for: who does both does each.
    pub const fn counts_as(self, asked: Self) -> bool {
        match asked {
            Self::Provider => matches!(self, Self::Provider | Self::Both),
            Self::Recipient => matches!(self, Self::Recipient | Self::Both),
            Self::Both => matches!(self, Self::Both),
            Self::Platform => matches!(self, Self::Platform),
        }
    }

    /// Whether a party of this capacity may receive data (V-114).
    pub const fn receives(self) -> bool {
        matches!(self, Self::Recipient | Self::Both | Self::Platform)
    }
}

/// One signature that a version needs of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredRole {
    /// What the signature means.
    pub kind: SignatureKind,
    /// Who gives it.
    pub role: Role,
}

/// A legal gateway that a party relies on.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GatewayRow {
    /// One code a section, for example `CA89-47` (CL-GATE).
    pub code: Code,
    /// The power is implied, not express.
    #[serde(default, skip_serializing_if = "is_false")]
    pub implied: bool,
    /// A legal opinion is wanted though the list does not ask for one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub legal_opinion: bool,
    /// What for; sorted, no duplicates.
    #[serde(rename = "use")]
    pub uses: Vec<GatewayUse>,
}

/// Part 3 of a party: its codes alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part3Row {
    /// Why it is a competent authority.
    pub authority: CompetentAuthorityBasis,
    /// Consent or necessity.
    pub basis: LawEnforcementBasis,
    /// The function with enforcement powers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Code>,
    /// The law that authorises use outside law enforcement (section 36(4)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward_gateway: Option<Code>,
    /// Why.
    pub purposes: Vec<LawEnforcementPurpose>,
    /// The Schedule 8 condition of sensitive processing; its paragraph, 1 to 9.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule8: Option<u8>,
}

/// One party, numbered from 1 by its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartyRow(Arc<PartyFacts>);

/// Datasets of equal row, by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DatasetRow(Arc<DatasetFacts>);

macro_rules! rows {
    ($($row:ident($facts:ident))*) => {
        $(
            impl From<$facts> for $row {
                fn from(facts: $facts) -> Self {
                    Self(Arc::new(facts))
                }
            }

            impl Deref for $row {
                type Target = $facts;

                fn deref(&self) -> &$facts {
                    &self.0
                }
            }

            impl DerefMut for $row {
                /// A row of its own, when others hold the same.
                fn deref_mut(&mut self) -> &mut $facts {
                    Arc::make_mut(&mut self.0)
                }
            }

            impl JsonSchema for $row {
                fn schema_name() -> Cow<'static, str> {
                    $facts::schema_name()
                }

                fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                    $facts::json_schema(generator)
                }
            }
        )*
    };
}
rows!(PartyRow(PartyFacts) DatasetRow(DatasetFacts));

/// One party, numbered from 1 by its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PartyRow")]
pub struct PartyFacts {
    /// Article 6 bases; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article6: Vec<Article6>,
    /// Article 9 conditions; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article9: Vec<Article9>,
    /// What it does.
    pub capacity: Capacity,
    /// The functions that the data serve (CL-FUNC); sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Code>,
    /// The powers it relies on; sorted by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<GatewayRow>,
    /// Its legal role; left out when `N_A`.
    #[serde(default = "not_applicable", skip_serializing_if = "is_not_applicable")]
    pub legal_role: LegalRole,
    /// Who it is.
    pub organisation: OrganisationCode,
    /// Part 3, where its regime is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part3: Option<Part3Row>,
    /// Its regime; left out when `NONE`.
    #[serde(default = "no_regime", skip_serializing_if = "is_no_regime")]
    pub regime: Regime,
    /// Who must sign for it; sorted by kind, then role.
    pub required_roles: Vec<RequiredRole>,
    /// Schedule 1 conditions, by paragraph; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedule1: Vec<u8>,
}

/// One party by number, or all that have the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum OnePartyRef {
    /// The party of this number, from 1.
    Number(u8),
    /// Each that may.
    All(Star),
}

/// Several parties by number, or all that have the capacity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PartyRefs {
    /// The parties of these numbers, from 1; sorted.
    Numbers(Vec<u8>),
    /// Each that may.
    All(Star),
}

codes! {
    /// `*`: all parties with that capacity.
    Star {
        /// All.
        All = "*",
    }
}

/// How long a recipient keeps data.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionRow {
    /// Kept for archiving, so that the limit of 25 years does not apply.
    #[serde(default, skip_serializing_if = "is_false")]
    pub archiving: bool,
    /// What becomes of them.
    pub end_action: EndAction,
    /// ISO 8601, for example `P2Y`, or `PERPETUAL`.
    pub period: Period,
    /// From when.
    pub start: RetentionStart,
}

/// Datasets of equal row, by their ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DatasetRow")]
pub struct DatasetFacts {
    /// The class of the data.
    pub class: DataClass,
    /// Within how many days after the end data are destroyed; left out when 30.
    #[serde(default = "thirty", skip_serializing_if = "is_thirty")]
    pub destroy_within_days: u16,
    /// Flags; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<DatasetFlag>,
    /// How often.
    pub frequency: Frequency,
    /// Which datasets share this row; ascending.
    pub ids: Vec<DatasetId>,
    /// How.
    pub method: Method,
    /// Whether they may be passed on; left out when `NONE`.
    #[serde(default = "no_onward", skip_serializing_if = "is_no_onward")]
    pub onward: Onward,
    /// Who gives.
    pub provider: OnePartyRef,
    /// Who receives; empty in an open-data licence, where everybody may.
    pub recipients: PartyRefs,
    /// How long they are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<RetentionRow>,
}

/// A published template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateRef {
    /// Its stream.
    pub id: AgreementId,
    /// Its version.
    pub version: u32,
}

/// The agreement that this one was copied from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DerivedFrom {
    /// Its stream.
    pub agreement: AgreementId,
    /// Its version.
    pub version: u32,
}

/// What keeps the agreement alive when members leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Continuation {
    /// At least so many parties.
    pub min_parties: u16,
    /// At least one party of each; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required_capacities: Vec<Capacity>,
}

/// The impact assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DpiaRow {
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// The risk that remains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<Residual>,
    /// Whether it was made.
    pub status: DpiaStatus,
}

/// The publication that the parties agreed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationRow {
    /// The exemption relied on (CL-FOI), for example `FOIA-S31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Code>,
    /// When the decision is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Date>,
    /// Whether the agreement stands in the register.
    pub register: PublicRegister,
}

/// What stands in clear of one version of an agreement. At most 24,000 bytes of JCS (V-125).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// How the organisations relate.
    pub agreement_type: AgreementType,
    /// What an amendment needs; left out when `ALL`.
    #[serde(default = "all_quorum", skip_serializing_if = "is_all_quorum")]
    pub amendment_quorum: AmendmentQuorum,
    /// Parties without which nothing starts; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchor_parties: Vec<OrganisationCode>,
    /// Whether decisions are automated; left out when `NONE`.
    #[serde(default = "no_automation", skip_serializing_if = "is_no_automation")]
    pub automated_decisions: AutomatedDecisions,
    /// From version 2 on: the paths that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<Pointer>>,
    /// The code lists that the terms were written with, by version.
    // Agreements of one time name the same: the state holds them once.
    pub code_lists: Arc<BTreeMap<Code, u32>>,
    /// What keeps the agreement alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
    /// Where data may go, ISO 3166-1 alpha-2; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<Country>,
    /// The datasets, equal rows once; in order of their first id.
    pub datasets: Vec<DatasetRow>,
    /// What it was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<DerivedFrom>,
    /// The impact assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpia: Option<DpiaRow>,
    /// The first day in force.
    pub effective_date: Date,
    /// Who may join, by type of organisation; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligible_joiners: Vec<OrganisationType>,
    /// The ground of an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_ground: Option<EmergencyGround>,
    /// The last day in force; absent when it rolls on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// What the parties execute.
    pub execution_form: ExecutionForm,
    /// When it is formed.
    pub formation: Formation,
    /// Who keeps it up to date.
    pub lead_party: OrganisationCode,
    /// How many must sign before it starts (ACCESSION).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_parties: Option<u16>,
    /// What becomes of those who do not adopt; left out when `BLOCK`.
    #[serde(default = "block", skip_serializing_if = "is_block")]
    pub non_adopter_rule: NonAdopterRule,
    /// Notice for leaving, in days, 0 to 180; left out when 30.
    #[serde(default = "thirty", skip_serializing_if = "is_thirty")]
    pub notice_days: u16,
    /// The parties, numbered from 1 by their place.
    pub parties: Vec<PartyRow>,
    /// The policies in force, by version.
    pub policies: Arc<BTreeMap<Code, u32>>,
    /// The programme it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<AgreementId>,
    /// Whether the public may see it.
    pub publication: PublicationRow,
    /// When it is first reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<Date>,
    /// Its security class.
    pub security_class: SecurityClass,
    /// How data move.
    pub sharing_mode: SharingMode,
    /// The template it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<TemplateRef>,
    /// Whether data leave the UK; left out when `NONE`.
    #[serde(default = "no_transfers", skip_serializing_if = "is_no_transfers")]
    pub transfers: Transfers,
}

impl Header {
    /// The most bytes that the JCS of a header may have (V-125).
    pub const MAX_BYTES: usize = 24_000;

    /// The highest class of its datasets, flags `CO` and `SC` included (domain.md 1.1).
    pub fn class(&self) -> DataClass {
        let flagged =
            |row: &DatasetRow| row.flags.iter().filter_map(|flag| flag.class()).fold(row.class, DataClass::max);
        self.datasets.iter().map(flagged).max().unwrap_or(DataClass::NonPersonalOpen)
    }

    /// The number (from 1) and row of an organisation.
    pub fn party(&self, organisation: OrganisationCode) -> Option<(usize, &PartyRow)> {
        self.parties
            .iter()
            .position(|row| row.organisation == organisation)
            .and_then(|at| self.parties.get(at).map(|row| (at + 1, row)))
    }
}

macro_rules! grammar {
    ($(#[$outer:meta])* $name:ident, $pattern:literal, $expected:literal, $check:expr) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::ids::NotAnId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(crate::ids::NotAnId { text: text.chars().take(60).collect(), expected: $expected })
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}
pub(crate) use grammar;

grammar! {
    /// An ISO 8601 duration in years, months, weeks or days, or `PERPETUAL`: `P2Y`, `P18M`, `P6W`, `P90D`.
    Period, "^(PERPETUAL|P[1-9][0-9]{0,3}[YMWD])$", "a period such as P2Y, P18M, P6W, P90D, or PERPETUAL",
    |text| text == "PERPETUAL" || {
        let digits = text.strip_prefix('P').and_then(|t| t.strip_suffix(['Y', 'M', 'W', 'D'])).unwrap_or_default();
        (1..=4).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    }
}

impl Period {
    /// Its length in days, years as 365 and months as 30; nothing for `PERPETUAL`.
    pub fn days(&self) -> Option<u32> {
        let body = self.0.strip_prefix('P')?;
        let unit = match body.as_bytes().last()? {
            b'Y' => 365,
            b'M' => 30,
            b'W' => 7,
            b'D' => 1,
            _ => return None,
        };
        body.get(..body.len() - 1)?.parse::<u32>().ok().map(|n| n * unit)
    }
}

grammar! {
    /// A country, ISO 3166-1 alpha-2.
    Country, "^[A-Z]{2}$", "a country code of two capital letters",
    |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

grammar! {
    /// A JSON Pointer made of the names of members, codes and positions: no free text fits.
    Pointer, "^(/[A-Za-z0-9_-]{1,40}){1,16}$", "a JSON Pointer such as /datasets/0/retention",
    |text| text.starts_with('/') && text.len() <= 656 && {
        let mut parts = text.split('/').skip(1);
        let mut count = 0;
        parts.all(|part| {
            count += 1;
            count <= 16 && (1..=40).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
}

macro_rules! defaults {
    ($($default:ident $is:ident $type:ty = $value:expr;)+) => {
        $(
            fn $default() -> $type {
                $value
            }

            fn $is(value: &$type) -> bool {
                *value == $value
            }
        )+
    };
}

defaults! {
    thirty is_thirty u16 = 30;
    not_applicable is_not_applicable LegalRole = LegalRole::NotApplicable;
    no_regime is_no_regime Regime = Regime::None;
    no_onward is_no_onward Onward = Onward::None;
    all_quorum is_all_quorum AmendmentQuorum = AmendmentQuorum::All;
    no_automation is_no_automation AutomatedDecisions = AutomatedDecisions::None;
    block is_block NonAdopterRule = NonAdopterRule::Block;
    no_transfers is_no_transfers Transfers = Transfers::None;
}
