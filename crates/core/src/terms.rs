//! The terms of an agreement, as the skeleton that is disclosed: every free-text member is itself a commitment.
//!
//! Members are those of domain.md 1.2 and 1.4 to 1.8; values by organisation are maps keyed by its code;
//! a dataset is named by its place (wire.md 4). The words are disclosures of their own, under the
//! pointer `/terms` and their path.

mod dataset;
mod lists;

pub use dataset::*;
pub use lists::*;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::header::{
    AgreementType, AmendmentQuorum, Article6, Article9, AutomatedDecisions, Capacity, CompetentAuthorityBasis,
    Continuation, Country, DerivedFrom, DpiaStatus, EmergencyGround, ExecutionForm, Formation, GatewayUse,
    LawEnforcementBasis, LawEnforcementPurpose, LegalRole, NonAdopterRule, Period, Pointer, PublicRegister, Regime,
    Residual, SecurityClass, SharingMode, Transfers, is_false,
};
use crate::ids::{AgreementId, Code, OrganisationCode};
use crate::organisation::OrganisationType;
use crate::sealed::{Content, Sealed, Text};
use crate::time::Date;

/// A free-text member.
pub type Words = Sealed<Text>;

/// Values by organisation.
pub type PerOrganisation<T> = BTreeMap<OrganisationCode, T>;

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
    /// Somebody checked that nothing which limits the power applies: no older law (LOC-1), section 31 (GLA-30).
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
    #[serde(default, deserialize_with = "crate::json::within::<_, 1, 9>", skip_serializing_if = "Option::is_none")]
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
    /// The safeguards of Articles 22A to 22D, where decisions are solely automated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated_safeguards: Option<Words>,
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

impl From<&crate::header::PartyRow> for Party {
    /// What a filer said of the party: the rest of a row follows from the terms.
    fn from(row: &crate::header::PartyRow) -> Self {
        Self {
            capacity: row.capacity,
            functions: row.functions.clone(),
            legal_role: (row.legal_role != LegalRole::NotApplicable).then_some(row.legal_role),
            organisation: row.organisation,
            regime: (row.regime != Regime::None).then_some(row.regime),
        }
    }
}

/// How to reach one party: shared mailboxes and posts, never persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyContacts {
    /// For breaches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breach: Option<String>,
    /// Somebody reads the breach mailbox day and night.
    #[serde(default, skip_serializing_if = "is_false")]
    pub breach_monitored: bool,
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
