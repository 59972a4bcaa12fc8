//! What `words`, `holder` and the other JSON disclosures of events hold, each with a published schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commitment::Kind;
use crate::event::data::RecordBand;
use crate::ids::{Code, DatasetId, codes};
use crate::sealed::Content;
use crate::time::Timestamp;

codes! {
    /// Reasons for saying no (CL-REFUSE).
    RefusalReason {
        /// No legal power.
        NoLegalPower = "NO_LEGAL_POWER",
        /// No lawful basis.
        NoLawfulBasis = "NO_LAWFUL_BASIS",
        /// Not necessary.
        NotNecessary = "NOT_NECESSARY",
        /// More than needed.
        Excessive = "EXCESSIVE",
        /// Another purpose than the data were collected for.
        IncompatiblePurpose = "INCOMPATIBLE_PURPOSE",
        /// Not safe.
        UnsafeSecurity = "UNSAFE_SECURITY",
        /// The impact assessment shows a high risk.
        DpiaHighRisk = "DPIA_HIGH_RISK",
        /// The data are not good enough.
        QualityUnfit = "QUALITY_UNFIT",
        /// Given in confidence.
        Confidentiality = "CONFIDENTIALITY",
        /// People object.
        RightsObjection = "RIGHTS_OBJECTION",
        /// No means.
        Resource = "RESOURCE",
        /// Not held.
        DataNotHeld = "DATA_NOT_HELD",
        /// Already public.
        AlreadyPublished = "ALREADY_PUBLISHED",
        /// Another way exists.
        AlternativeExists = "ALTERNATIVE_EXISTS",
        /// Policy.
        Policy = "POLICY",
        /// Another, in words.
        Other = "OTHER",
    }
}

codes! {
    /// What an adviser says.
    AdviceOutcome {
        /// In favour.
        Support = "SUPPORT",
        /// In favour, with conditions.
        SupportWithConditions = "SUPPORT_WITH_CONDITIONS",
        /// Against.
        AdviseAgainst = "ADVISE_AGAINST",
    }
}

codes! {
    /// What kind of thing went wrong (CL-INC).
    IncidentKind {
        /// Somebody saw what they must not.
        Confidentiality = "CONFIDENTIALITY",
        /// Data were changed.
        Integrity = "INTEGRITY",
        /// Data were lost or out of reach.
        Availability = "AVAILABILITY",
        /// Data were used for something else.
        Misuse = "MISUSE",
        /// Data were destroyed too late.
        LateDestruction = "LATE_DESTRUCTION",
        /// A key may be in other hands.
        Key = "KEY",
    }
}

codes! {
    /// How grave an incident is.
    IncidentSeverity {
        /// Hardly.
        Low = "LOW",
        /// Somewhat.
        Medium = "MEDIUM",
        /// Grave.
        High = "HIGH",
        /// As grave as can be.
        Critical = "CRITICAL",
    }
}

codes! {
    /// Whether the regulator was told.
    RegulatorTold {
        /// Told.
        Yes = "YES",
        /// Not told.
        No = "NO",
        /// Not decided yet.
        Pending = "PENDING",
    }
}

/// One measure of what came of the sharing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// What is measured.
    pub metric: String,
    /// How much.
    pub value: String,
}

macro_rules! json_words {
    ($($(#[$outer:meta])* $name:ident $schema:literal { $($(#[$inner:meta])* $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$outer])*
            #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                $($(#[$inner])* pub $field: $type,)*
            }

            impl Content for $name {
                const KIND: Kind = Kind::Json;
                const SCHEMA: Option<&'static str> = Some($schema);
            }
        )+
    };
}

json_words! {
    /// Who holds a role: the name behind a person id.
    Holder "words/holder-v1" {
        /// The source of their authority: constitution, scheme of delegation.
        authority: String,
        /// Work address.
        email: String,
        /// Name.
        name: String,
        /// Work telephone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phone: Option<String>,
        /// Local job title.
        post: String,
    }

    /// What an adviser wrote (A09).
    AdviceWords "words/advice-v1" {
        /// Conditions of the support.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        conditions: Vec<String>,
        /// For, with conditions, or against.
        outcome: AdviceOutcome,
        /// Why.
        reasons: String,
    }

    /// Why a version is declined (A12): at least one reason, explained in 50 characters or more.
    DeclineWords "words/decline-v1" {
        /// Codes.
        reasons: Vec<RefusalReason>,
        /// Explanation.
        text: String,
    }

    /// What a counter-proposal changes, and why (A05).
    CounterWords "words/counter-v1" {
        /// Why.
        reasons: String,
        /// What changes, in short.
        summary: String,
    }

    /// What a review found (A20).
    ReviewWords "words/review-v1" {
        /// What came of the sharing, measure by measure.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        benefits: Vec<Benefit>,
        /// What was found.
        findings: String,
    }

    /// Why a request is refused (A14).
    RefusalWords "words/refusal-v1" {
        /// What might be done instead.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        alternatives: Option<String>,
        /// Codes.
        reasons: Vec<RefusalReason>,
        /// How to ask for a review.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        review_route: Option<String>,
        /// Explanation.
        text: String,
    }

    /// A reason in words (A13, A15, A23).
    ReasonWords "words/reason-v1" {
        /// Why.
        reason: String,
    }

    /// Why sharing is suspended (A16).
    SuspensionWords "words/suspension-v1" {
        /// What must be so before it resumes.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        lift_conditions: Vec<String>,
        /// Why.
        text: String,
    }

    /// Why sharing may resume (A17).
    ResumptionWords "words/resumption-v1" {
        /// What shows it.
        evidence: Vec<String>,
        /// Explanation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    }

    /// What went wrong (A27).
    IncidentWords "words/incident-v1" {
        /// When the 72 hours of Article 33 began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock_started_at: Option<Timestamp>,
        /// Which datasets it is about.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        datasets: Vec<DatasetId>,
        /// When it was found.
        discovered_at: Timestamp,
        /// Of what kind.
        kind: IncidentKind,
        /// About how many people.
        people: RecordBand,
        /// The regulator's reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Whether the regulator was told.
        regulator: RegulatorTold,
        /// How grave.
        severity: IncidentSeverity,
        /// What happened.
        text: String,
    }

    /// What was done about an incident (A28).
    IncidentUpdateWords "words/incident-update-v1" {
        /// Whether the people concerned were told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        people_told: Option<bool>,
        /// The regulator's reference.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// What was done.
        text: String,
    }

    /// How data were destroyed, or why they are kept (A29).
    DestructionWords "words/destruction-v1" {
        /// Copies and backups: what became of them.
        copies: String,
        /// The law under which they are kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        law: Option<String>,
        /// The standard of destruction (CL-DEST).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        standard: Option<Code>,
    }
}
