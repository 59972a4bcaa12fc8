//! What is recorded of an organisation (domain.md 4.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::header::{CompetentAuthorityBasis, is_false};
use crate::ids::{Code, codes};

codes! {
    /// Types of organisation.
    OrganisationType {
        /// One of the 32 London boroughs.
        LondonBorough = "LONDON_BOROUGH",
        /// The City of London Corporation.
        CityCorp = "CITY_CORP",
        /// The Greater London Authority.
        Gla = "GLA",
        /// A functional body of the GLA.
        FunctionalBody = "FUNCTIONAL_BODY",
        /// A police force.
        PoliceForce = "POLICE_FORCE",
        /// A local policing body.
        PoliceBody = "POLICE_BODY",
        /// A fire authority.
        FireBody = "FIRE_BODY",
        /// A mayoral development corporation.
        Mdc = "MDC",
        /// An integrated care board.
        NhsIcb = "NHS_ICB",
        /// An NHS trust.
        NhsTrust = "NHS_TRUST",
        /// Another NHS body.
        NhsOther = "NHS_OTHER",
        /// A university.
        University = "UNIVERSITY",
        /// A joint committee or programme; never a party (O09).
        Partnership = "PARTNERSHIP",
        /// A department or agency.
        CentralGov = "CENTRAL_GOV",
        /// A regulator.
        Regulator = "REGULATOR",
        /// A charity.
        Charity = "CHARITY",
        /// A housing provider.
        HousingProvider = "HOUSING_PROVIDER",
        /// A supplier.
        Supplier = "SUPPLIER",
        /// Another public body.
        OtherPublic = "OTHER_PUBLIC",
    }
}

impl OrganisationType {
    /// Whether it is a body of the health service.
    pub const fn is_health(self) -> bool {
        matches!(self, Self::NhsIcb | Self::NhsTrust | Self::NhsOther)
    }
}

codes! {
    /// How much separation of roles a body can afford (amendments.md).
    Governance {
        /// Public authorities, NHS, police, anyone bound by Article 37.
        Full = "FULL",
        /// Small bodies.
        Light = "LIGHT",
    }
}

/// That a body is a competent authority, and for what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompetentAuthority {
    /// Why.
    pub basis: CompetentAuthorityBasis,
    /// Functions with enforcement powers; empty for a force.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Code>,
}

/// What the rules ask of a body. Members at their default may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationFlags {
    /// It must have a Caldicott Guardian.
    #[serde(default, skip_serializing_if = "is_false")]
    pub caldicott_required: bool,
    /// Category 1 or 2 responder of the Civil Contingencies Act 2004.
    #[serde(default, deserialize_with = "crate::json::within::<_, 1, 2>", skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2))]
    pub cca_category: Option<u8>,
    /// It may process under Part 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub competent_authority: Option<CompetentAuthority>,
    /// Schedules of the Digital Economy Act 2017 that name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dea_schedules: Vec<Code>,
    /// It answers freedom-of-information requests.
    #[serde(default, skip_serializing_if = "is_false")]
    pub foi_subject: bool,
    /// It is a public authority.
    #[serde(default, skip_serializing_if = "is_false")]
    pub public_authority: bool,
}
