//! The terms of an agreement, as the skeleton that is disclosed: every free-text member is itself a commitment.
//!
//! Members are those of domain.md 1.2 and 1.4 to 1.8; values by organisation are maps keyed by its code;
//! a dataset is named by its place (wire.md 4). The words are disclosures of their own, under the
//! pointer `/terms` and their path.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::header::{
    AgreementType, AmendmentQuorum, Article6, Article9, AutomatedDecisions, Capacity, CompetentAuthorityBasis, Continuation,
    Country, DataClass, DatasetFlag, DerivedFrom, DpiaStatus, EmergencyGround, EndAction, ExecutionForm, Formation, Frequency,
    GatewayUse, LawEnforcementBasis, LawEnforcementPurpose, LegalRole, Method, NonAdopterRule, Period, Pointer, PublicRegister,
    Regime, Residual, RetentionStart, SecurityClass, SharingMode, Star, Transfers, is_false,
};
use crate::ids::{AgreementId, Code, OrganisationCode, codes};
use crate::organisation::OrganisationType;
use crate::sealed::{Content, Sealed, Text};
use crate::time::Date;

/// A free-text member.
pub type Words = Sealed<Text>;

/// Values by organisation.
pub type PerOrganisation<T> = BTreeMap<OrganisationCode, T>;

codes! {
    /// Purposes (CL-PURP).
    PurposeCode {
        /// Safeguarding children.
        SafeguardChild = "SAFEGUARD_CHILD",
        /// Safeguarding adults.
        SafeguardAdult = "SAFEGUARD_ADULT",
        /// Preventing crime.
        CrimePrevention = "CRIME_PREVENTION",
        /// Enforcing criminal law.
        CrimeEnforcement = "CRIME_ENFORCEMENT",
        /// Serious violence.
        SeriousViolence = "SERIOUS_VIOLENCE",
        /// Counter-terrorism.
        CounterTerrorism = "COUNTER_TERRORISM",
        /// Homelessness.
        Homelessness = "HOMELESSNESS",
        /// Housing standards.
        HousingStandards = "HOUSING_STANDARDS",
        /// Recovering debt.
        DebtRecovery = "DEBT_RECOVERY",
        /// Fraud.
        Fraud = "FRAUD",
        /// Uptake of benefits.
        BenefitUptake = "BENEFIT_UPTAKE",
        /// Public health.
        PublicHealth = "PUBLIC_HEALTH",
        /// Integrating care.
        CareIntegration = "CARE_INTEGRATION",
        /// Planning.
        Planning = "PLANNING",
        /// Transport.
        Transport = "TRANSPORT",
        /// Environment.
        Environment = "ENVIRONMENT",
        /// Emergencies.
        Emergency = "EMERGENCY",
        /// Statistics.
        Statistics = "STATISTICS",
        /// Research.
        Research = "RESEARCH",
        /// Designing services.
        ServiceDesign = "SERVICE_DESIGN",
        /// Transparency.
        Transparency = "TRANSPARENCY",
        /// Another, named in words.
        Other = "OTHER",
    }
}

codes! {
    /// Uses that are not allowed (CL-EXCL).
    ExcludedUse {
        /// Immigration enforcement.
        ImmigrationEnforcement = "IMMIGRATION_ENFORCEMENT",
        /// Marketing.
        Marketing = "MARKETING",
        /// Watching employees.
        EmployeeMonitoring = "EMPLOYEE_MONITORING",
        /// Decisions by machine alone.
        SoleAutomatedDecision = "SOLE_AUTOMATED_DECISION",
        /// Training models beyond the purpose.
        ModelTraining = "MODEL_TRAINING_BEYOND_PURPOSE",
        /// Commercial re-use.
        CommercialReuse = "COMMERCIAL_REUSE",
    }
}

codes! {
    /// How the common-law duty of confidence is met.
    ConfidenceBasis {
        /// It does not arise.
        NotApplicable = "NOT_APPLICABLE",
        /// Implied consent for direct care.
        ImpliedDirectCare = "CONSENT_IMPLIED_DIRECT_CARE",
        /// Explicit consent.
        Explicit = "CONSENT_EXPLICIT",
        /// Public interest.
        PublicInterest = "PUBLIC_INTEREST",
        /// A statutory gateway.
        StatutoryGateway = "STATUTORY_GATEWAY",
        /// Support under section 251 of the NHS Act 2006.
        S251 = "S251_SUPPORT",
    }
}

codes! {
    /// Whether this is the purpose that the data were collected for (V-106).
    FurtherUse {
        /// Collected anew.
        NewCollection = "NEW_COLLECTION",
        /// The same purpose.
        Original = "ORIGINAL",
        /// Compatible under Article 8A.
        Compatible = "COMPATIBLE_8A",
    }
}

codes! {
    /// How far a field identifies a person.
    Identifier {
        /// By itself.
        Direct = "DIRECT",
        /// With others.
        Indirect = "INDIRECT",
        /// Not at all.
        None = "NONE",
    }
}

codes! {
    /// How many people (bands).
    Volume {
        /// Below 100.
        Below100 = "LT_100",
        /// Below 1,000.
        Below1k = "LT_1K",
        /// Below 10,000.
        Below10k = "LT_10K",
        /// Below 100,000.
        Below100k = "LT_100K",
        /// Below a million.
        Below1m = "LT_1M",
        /// A million or more.
        Million = "GE_1M",
    }
}

codes! {
    /// Passing on, as the terms say it.
    OnwardKind {
        /// Not at all.
        None = "NONE",
        /// To those named.
        Named = "NAMED",
        /// With the provider's consent.
        WithConsent = "WITH_CONSENT_OF_PROVIDER",
    }
}

codes! {
    /// Who answers a resident's request.
    RightsModel {
        /// Each its own.
        EachOwn = "EACH_OWN",
        /// The lead party.
        LeadParty = "LEAD_PARTY",
        /// Whoever holds the data.
        HolderOfData = "HOLDER_OF_DATA",
    }
}

codes! {
    /// How residents are told.
    NoticeRoute {
        /// Article 13, by whoever collected.
        Art13 = "ART13_OWN",
        /// Article 14, by the recipient.
        Art14 = "ART14_RECIPIENT",
        /// They are not, under an exemption.
        Exempt = "EXEMPT",
    }
}

/// Where a free-text member is, for the organisation or the whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentRef {
    /// Its date.
    pub date: Date,
    /// Its reference.
    pub reference: Words,
}

/// A legal gateway, one code a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// The code (CL-GATE).
    pub code: Code,
    /// Who relies on it.
    pub holder: OrganisationCode,
    /// The power is implied, not express.
    #[serde(default, skip_serializing_if = "is_false")]
    pub implied: bool,
    /// A legal opinion is wanted though the list does not ask for one.
    #[serde(default, skip_serializing_if = "is_false")]
    pub legal_opinion: bool,
    /// No older law forbids or limits the sharing (LOC-1).
    #[serde(default, skip_serializing_if = "is_false")]
    pub limits_checked: bool,
    /// The prescribed objective (DEA-35).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<Code>,
    /// A request, register entry, order or approval that the gateway needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Words>,
    /// What for.
    #[serde(rename = "use")]
    pub uses: Vec<GatewayUse>,
}

/// Whether the purpose is the one collected for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherUseTerms {
    /// Which.
    pub basis: FurtherUse,
    /// The condition of Article 8A.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Words>,
}

/// Part 3 of one party (domain.md 1.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Part3 {
    /// The appropriate policy document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apd: Option<DocumentRef>,
    /// How often it is asked whether the data are still needed.
    pub archive_review_period: Period,
    /// Why it is a competent authority.
    pub competent_authority_basis: CompetentAuthorityBasis,
    /// Facts are told from opinions.
    pub fact_opinion_marking: bool,
    /// The function with enforcement powers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<Code>,
    /// Handling conditions.
    pub handling: Words,
    /// Consent or necessity.
    pub le_basis: LawEnforcementBasis,
    /// Why.
    pub le_purposes: Vec<LawEnforcementPurpose>,
    /// Automated systems keep logs (section 62).
    pub logging: bool,
    /// The law that authorises use outside law enforcement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onward_gateway: Option<Code>,
    /// The Schedule 8 condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9))]
    pub sch8_condition: Option<u8>,
    /// Sensitive processing takes place.
    #[serde(default, skip_serializing_if = "is_false")]
    pub sensitive_processing: bool,
    /// Why it is strictly necessary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strictly_necessary: Option<Words>,
    /// Suspects, convicted, victims, witnesses, others.
    pub subject_categories: Vec<Code>,
}

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

/// Security after sharing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Who may see the data.
    pub access_control: Words,
    /// Certificates held: `CE_PLUS`, `ISO27001`, `DSPT`, ….
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certification: Vec<Code>,
    /// Encrypted where kept.
    pub encryption_at_rest: bool,
    /// Encrypted on the way.
    pub encryption_in_transit: bool,
    /// Where they are kept.
    pub location: Words,
    /// How people are trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub training: Option<Words>,
    /// How people are vetted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vetting: Option<Words>,
}

/// Data leaving the UK.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferTerms {
    /// The assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Words>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<Country>,
    /// The instrument: `IDTA`, `ADDENDUM`, `BCR`, `PUBLIC_BODY_INSTRUMENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Code>,
    /// How.
    pub mechanism: Transfers,
}

/// Residents' rights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsHandling {
    /// Where a resident turns.
    pub contact: Words,
    /// Who answers.
    pub model: RightsModel,
    /// Within how many days a correction is passed on, at most 30.
    pub notify_days: u16,
    /// How an objection travels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objection: Option<Words>,
}

/// What residents are told, by one party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivacyNotice {
    /// The exemption relied on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Code>,
    /// How.
    pub route: NoticeRoute,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_on: Option<Date>,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Words>,
}

/// Breaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breach {
    /// Whom to tell.
    pub contact: Words,
    /// Who leads.
    pub lead: OrganisationCode,
    /// Within how many hours.
    pub notify_within_hours: u16,
}

/// The impact assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dpia {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Date>,
    /// Who owns it.
    pub owner: OrganisationCode,
    /// Its reference, or that of the screening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Words>,
    /// The risk that remains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<Residual>,
    /// Whether it was made.
    pub status: DpiaStatus,
}

/// The eight terms of Article 28(3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "a checklist of eight statutory terms")]
pub struct Article28 {
    /// Help with Articles 32 to 36.
    pub assist_compliance: bool,
    /// Help with rights.
    pub assist_rights: bool,
    /// Audit.
    pub audit: bool,
    /// Confidentiality.
    pub confidentiality: bool,
    /// Delete or return.
    pub delete_or_return: bool,
    /// Documented instructions.
    pub instructions: bool,
    /// Security.
    pub security: bool,
    /// Sub-processors, with permission only.
    pub sub_processors: bool,
    /// Which they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_processor_list: Vec<Words>,
}

/// The arrangement of joint controllers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Article26 {
    /// Who does what.
    pub allocation: Words,
    /// The contact point.
    pub contact_point: OrganisationCode,
    /// Where its essence is published.
    pub essence_url: Words,
}

/// Freedom-of-information requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FoiHandling {
    /// Days for consulting, 3 to 10.
    pub consult_days: u16,
    /// Who leads: `RECEIVING_BODY`.
    pub lead: Code,
}

/// How long the agreement runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The first day.
    pub effective_date: Date,
    /// The last day; absent when it rolls on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// The first review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<Date>,
    /// Months between reviews.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_interval_months: Option<u16>,
    /// It runs on without end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rolling: bool,
}

/// An emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Emergency {
    /// Who declared it, by post.
    pub declared_by: Words,
    /// The gold command's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gold_command_ref: Option<Words>,
    /// Its ground.
    pub ground: EmergencyGround,
    /// Its reference.
    pub incident_ref: Words,
}

/// What the public may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationTerms {
    /// The exemption (CL-FOI).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Code>,
    /// What is withheld.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Pointer>,
    /// When the decision is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Date>,
    /// Whether.
    pub register: PublicRegister,
}

/// The terms of an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// How the organisations relate.
    pub agreement_type: AgreementType,
    /// What an amendment needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amendment_quorum: Option<AmendmentQuorum>,
    /// Parties without which nothing starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchor_parties: Vec<OrganisationCode>,
    /// The condition of Annex 1 (CL-A1), with basis `EA`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annex1_condition: PerOrganisation<Code>,
    /// The written request of condition A1-1.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annex1_request: PerOrganisation<Words>,
    /// Appropriate policy documents.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub apd: PerOrganisation<DocumentRef>,
    /// Joint controllers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub art26: Option<Article26>,
    /// Processors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub art28: Option<Article28>,
    /// Article 9 conditions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub art9_condition: PerOrganisation<Vec<Article9>>,
    /// The algorithmic transparency record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atrs_ref: Option<Words>,
    /// Whether decisions are automated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated_decisions: Option<AutomatedDecisions>,
    /// What is gained, and how it is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub benefits: Option<Words>,
    /// Breaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<Breach>,
    /// How children's higher protection was considered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub children_protection: Option<Words>,
    /// How the duty of confidence is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common_law_duty: Option<ConfidenceBasis>,
    /// How consent is asked and withdrawn, with basis `A`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub consent_mechanism: PerOrganisation<Words>,
    /// What keeps the agreement alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
    /// Who pays what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Words>,
    /// The datasets, `DS-1` first.
    pub datasets: Vec<Dataset>,
    /// What it was copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<DerivedFrom>,
    /// Within how many days after the end data are destroyed, 1 to 365; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destruction_due_days: Option<u16>,
    /// The standard of destruction (CL-DEST).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destruction_standard: Option<Code>,
    /// Who settles disputes: `DPO_TO_DPO`, then `SIRO_TO_SIRO`, then `CEX`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispute_route: Option<Code>,
    /// The impact assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpia: Option<Dpia>,
    /// Who may join (ACCESSION).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligible_joiners: Vec<OrganisationType>,
    /// The emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Emergency>,
    /// Equality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equality_note: Option<Words>,
    /// Uses that are not allowed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded_uses: Vec<ExcludedUse>,
    /// What the parties execute.
    pub execution_form: ExecutionForm,
    /// Freedom of information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foi_handling: Option<FoiHandling>,
    /// When it is formed.
    pub formation: Formation,
    /// Whether this is the purpose collected for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub further_use: Option<FurtherUseTerms>,
    /// The powers relied on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gateways: Vec<Gateway>,
    /// What a body that is not a competent authority notes of a request by the police (GP-LE).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gp_request: PerOrganisation<Words>,
    /// What happens otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm_if_not_shared: Option<Words>,
    /// Why the interference with private life is proportionate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub human_rights: Option<Words>,
    /// Intellectual property.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<Words>,
    /// Article 6 bases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lawful_basis: PerOrganisation<Vec<Article6>>,
    /// Who keeps it up to date.
    pub lead_party: OrganisationCode,
    /// Legitimate-interests assessments, with basis `F`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lia_ref: PerOrganisation<Words>,
    /// Liability and insurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liability_insurance: Option<Words>,
    /// How many must sign before it starts (ACCESSION).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_parties: Option<u16>,
    /// Why less will not do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub necessity: Option<Words>,
    /// What becomes of those who do not adopt an amendment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub non_adopter_rule: Option<NonAdopterRule>,
    /// Notice for leaving, in days, 0 to 180; 30 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice_days: Option<u16>,
    /// The official authority that covers criminal offence data.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub official_authority: PerOrganisation<Words>,
    /// Part 3 of each party under it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub part3: PerOrganisation<Part3>,
    /// What residents are told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub privacy_notice: PerOrganisation<PrivacyNotice>,
    /// The programme it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme_id: Option<AgreementId>,
    /// What the public may see.
    pub publication: PublicationTerms,
    /// What will be decided or done with the data.
    pub purpose: Words,
    /// The same, as codes.
    pub purpose_codes: Vec<PurposeCode>,
    /// The purpose of code `OTHER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose_other: Option<Words>,
    /// Residents' rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights_handling: Option<RightsHandling>,
    /// Schedule 1 conditions, by paragraph.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sch1_condition: PerOrganisation<Vec<u8>>,
    /// Security after sharing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Its security class.
    pub security_class: SecurityClass,
    /// How data move.
    pub sharing_mode: SharingMode,
    /// The template it follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<crate::header::TemplateRef>,
    /// How long it runs.
    pub term: Term,
    /// A title that a resident would understand.
    pub title: Words,
    /// Data leaving the UK.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfers: Option<TransferTerms>,
}

impl Content for Terms {
    const KIND: crate::commitment::Kind = crate::commitment::Kind::Json;
    const SCHEMA: Option<&'static str> = Some("terms-v1");
}

/// One party as the filer names it: what the terms do not say of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// What it does.
    pub capacity: Capacity,
    /// The functions that the data serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Code>,
    /// Its legal role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_role: Option<LegalRole>,
    /// Who it is.
    pub organisation: OrganisationCode,
    /// Its regime.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regime: Option<Regime>,
}

/// How to reach one party: shared mailboxes and posts, never persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyContacts {
    /// For breaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<String>,
    /// For data protection complaints.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complaints: Option<String>,
    /// Of the data protection officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpo: Option<String>,
    /// The Data Security and Protection Toolkit: `MET`, `NOT_MET`, `N_A`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dspt: Option<Dspt>,
    /// The data protection fee reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ico_registration: Option<String>,
    /// Of the information governance team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ig: Option<String>,
    /// For residents' rights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
}

/// Status under the Data Security and Protection Toolkit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dspt {
    /// As of when.
    pub date: Date,
    /// `MET`, `NOT_MET`, `N_A`.
    pub status: Code,
}

/// The contacts of all parties.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Contacts(pub PerOrganisation<PartyContacts>);

impl Content for Contacts {
    const KIND: crate::commitment::Kind = crate::commitment::Kind::Json;
    const SCHEMA: Option<&'static str> = Some("contacts-v1");
}
