//! What is known of an agreement that was made elsewhere: a header that may have gaps (wire.md 5.1).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AgreementType, AmendmentQuorum, AutomatedDecisions, Continuation, Country, DatasetRow, DpiaRow, EmergencyGround,
    ExecutionForm, Formation, Header, NonAdopterRule, PartyRow, PublicRegister, PublicationRow, SecurityClass,
    SharingMode, Transfers, all_quorum, block, is_all_quorum, is_block, is_no_automation, is_no_transfers, is_thirty,
    no_automation, no_transfers, thirty,
};
use crate::ids::{OrganisationCode, codes};
use crate::organisation::OrganisationType;
use crate::time::Date;

codes! {
    /// Members of a header that an import may lack.
    HeaderMember {
        /// How the organisations relate.
        AgreementType = "agreement_type",
        /// The datasets.
        Datasets = "datasets",
        /// The impact assessment.
        Dpia = "dpia",
        /// The first day in force.
        EffectiveDate = "effective_date",
        /// The last day in force.
        EndDate = "end_date",
        /// What the parties executed.
        ExecutionForm = "execution_form",
        /// When it is formed.
        Formation = "formation",
        /// The publication that the parties agreed on.
        Publication = "publication",
        /// When it is reviewed.
        ReviewDate = "review_date",
        /// Its security class.
        SecurityClass = "security_class",
        /// How data move.
        SharingMode = "sharing_mode",
    }
}

impl HeaderMember {
    /// Whether a header always has it: then it is known, or named as a gap.
    pub const fn is_required(self) -> bool {
        match self {
            Self::AgreementType
            | Self::Datasets
            | Self::EffectiveDate
            | Self::ExecutionForm
            | Self::Formation
            | Self::Publication
            | Self::SecurityClass
            | Self::SharingMode => true,
            Self::Dpia | Self::EndDate | Self::ReviewDate => false,
        }
    }
}

/// The known members of the header of an agreement that was made elsewhere; each means what it means in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartialHeader {
    /// How the organisations relate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement_type: Option<AgreementType>,
    /// What an amendment needs; left out when `ALL`.
    #[serde(default = "all_quorum", skip_serializing_if = "is_all_quorum")]
    pub amendment_quorum: AmendmentQuorum,
    /// Parties without which nothing starts; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anchor_parties: Vec<OrganisationCode>,
    /// Whether decisions are automated; left out when `NONE`.
    #[serde(default = "no_automation", skip_serializing_if = "is_no_automation")]
    pub automated_decisions: AutomatedDecisions,
    /// What keeps the agreement alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continuation: Option<Continuation>,
    /// Where data may go, ISO 3166-1 alpha-2; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<Country>,
    /// The datasets, equal rows once; in order of their first id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasets: Option<Vec<DatasetRow>>,
    /// The impact assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpia: Option<DpiaRow>,
    /// The first day in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<Date>,
    /// Who may join, by type of organisation; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub eligible_joiners: Vec<OrganisationType>,
    /// The ground of an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency_ground: Option<EmergencyGround>,
    /// The last day in force; absent when it rolls on, or is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// What the parties executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_form: Option<ExecutionForm>,
    /// When it is formed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formation: Option<Formation>,
    /// Who keeps it up to date, and imports it.
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
    /// The publication that the parties agreed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<PublicationRow>,
    /// When it is reviewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_date: Option<Date>,
    /// Its security class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_class: Option<SecurityClass>,
    /// How data move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing_mode: Option<SharingMode>,
    /// Whether data leave the UK; left out when `NONE`.
    #[serde(default = "no_transfers", skip_serializing_if = "is_no_transfers")]
    pub transfers: Transfers,
}

impl PartialHeader {
    /// Whether a member is there.
    pub const fn has(&self, member: HeaderMember) -> bool {
        match member {
            HeaderMember::AgreementType => self.agreement_type.is_some(),
            HeaderMember::Datasets => self.datasets.is_some(),
            HeaderMember::Dpia => self.dpia.is_some(),
            HeaderMember::EffectiveDate => self.effective_date.is_some(),
            HeaderMember::EndDate => self.end_date.is_some(),
            HeaderMember::ExecutionForm => self.execution_form.is_some(),
            HeaderMember::Formation => self.formation.is_some(),
            HeaderMember::Publication => self.publication.is_some(),
            HeaderMember::ReviewDate => self.review_date.is_some(),
            HeaderMember::SecurityClass => self.security_class.is_some(),
            HeaderMember::SharingMode => self.sharing_mode.is_some(),
        }
    }

    /// A whole header. What is not known stands at the value under which least may be done; whoever shows or
    /// decides on such a member asks for the gaps first.
    pub fn filled(&self, on: Date) -> Header {
        let withheld = PublicationRow { exemption: None, look_again: None, register: PublicRegister::Withhold };
        Header {
            agreement_type: self.agreement_type.unwrap_or(AgreementType::C2c),
            amendment_quorum: self.amendment_quorum,
            anchor_parties: self.anchor_parties.clone(),
            automated_decisions: self.automated_decisions,
            changes: None,
            code_lists: std::sync::Arc::default(),
            continuation: self.continuation.clone(),
            countries: self.countries.clone(),
            datasets: self.datasets.clone().unwrap_or_default(),
            derived_from: None,
            dpia: self.dpia.clone(),
            effective_date: self.effective_date.unwrap_or(on),
            eligible_joiners: self.eligible_joiners.clone(),
            emergency_ground: self.emergency_ground,
            end_date: self.end_date,
            execution_form: self.execution_form.unwrap_or(ExecutionForm::SimpleContract),
            formation: self.formation.unwrap_or(Formation::All),
            lead_party: self.lead_party,
            min_parties: self.min_parties,
            non_adopter_rule: self.non_adopter_rule,
            notice_days: self.notice_days,
            parties: self.parties.clone(),
            policies: std::sync::Arc::default(),
            programme: None,
            publication: self.publication.clone().unwrap_or(withheld),
            review_date: self.review_date,
            security_class: self.security_class.unwrap_or(SecurityClass::OfficialSensitive),
            sharing_mode: self.sharing_mode.unwrap_or(SharingMode::Regular),
            template: None,
            transfers: self.transfers,
        }
    }
}
