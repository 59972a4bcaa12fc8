//! The data of events of agreements, in the order of their numbers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AdviceKind, AmendmentClass, Data, DeclineKind, DestructionOutcome, DocumentKind, HoldReason, ImportStatus,
    IncidentStatus, NoteVisibility, RecordBand, ReviewOutcome, RevocationGround, SuspensionGround, SuspensionScope,
    TriageOutcome,
};
use crate::commitment::Commitment;
use crate::header::{
    EmergencyGround, ExecutionForm, Header, HeaderMember, Method, PartialHeader, PartyRow, Pointer, PublicRegister,
};
use crate::ids::{Code, DatasetId, EventId, OrganisationCode};
use crate::sealed::{File, Sealed, Text};
use crate::terms::{Contacts, Terms};
use crate::time::{Date, Timestamp};
use crate::wire::Digest;
use crate::words::{
    AdviceWords, CounterWords, DeclineWords, DestructionWords, IncidentUpdateWords, IncidentWords, ReasonWords,
    RefusalWords, ResumptionWords, ReviewWords, SuspensionWords,
};

impl Data {
    /// The header that an event brings, when it brings a draft of the terms.
    pub fn header(&self) -> Option<&Header> {
        if let Self::RequestFiled(data) = self {
            Some(&data.header)
        } else if let Self::ClarificationProvided(data) = self {
            data.header.as_deref()
        } else if let Self::CounterProposalMade(data) = self {
            Some(&data.header)
        } else if let Self::AmendmentProposed(data) = self {
            Some(&data.header)
        } else if let Self::EmergencySharingRecorded(data) = self {
            Some(&data.header)
        } else {
            None
        }
    }

    /// The commitment to the terms that an event brings with its header, when it brings a draft of the terms.
    pub fn terms(&self) -> Option<Commitment> {
        if let Self::RequestFiled(data) = self {
            Some(data.terms.commitment)
        } else if let Self::ClarificationProvided(data) = self {
            data.terms.map(|terms| terms.commitment)
        } else if let Self::CounterProposalMade(data) = self {
            Some(data.terms.commitment)
        } else if let Self::AmendmentProposed(data) = self {
            Some(data.terms.commitment)
        } else if let Self::EmergencySharingRecorded(data) = self {
            data.terms.map(|terms| terms.commitment)
        } else {
            None
        }
    }

    /// The rows of the parties that an event names: those of its header, or of an import.
    pub fn party_rows(&self) -> &[PartyRow] {
        if let Self::AgreementImported(data) = self {
            &data.header.parties
        } else if let Self::PartyInvited(data) = self {
            std::slice::from_ref(&*data.row)
        } else if let Self::AccessionRequested(data) = self {
            std::slice::from_ref(&*data.row)
        } else {
            self.header().map(|header| header.parties.as_slice()).unwrap_or_default()
        }
    }
}

/// `RequestFiled`: A01: terms are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestFiled {
    /// How to reach the parties.
    pub contacts: Sealed<Contacts>,
    /// What stands in clear of the terms.
    pub header: Box<Header>,
    /// When the data are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<Date>,
    /// Who asks.
    pub requesting_organisation: OrganisationCode,
    /// The terms.
    pub terms: Sealed<Terms>,
    /// Warnings that the filer has seen.
    pub warnings_acknowledged: Vec<Code>,
}

/// `RequestTriaged`: A02: a named party takes the request up, or sends it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTriaged {
    /// What is missing, as pointers within the terms.
    pub missing: Vec<Pointer>,
    /// Words on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Sealed<Text>>,
    /// Which.
    pub outcome: TriageOutcome,
}

/// `ClarificationRequested`: A03: a party asks another one something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationRequested {
    /// Who is asked.
    pub asked: OrganisationCode,
    /// By when an answer is hoped for.
    pub due: Date,
    /// What it is about, as a pointer within the terms.
    pub path: Pointer,
    /// The question.
    pub text: Sealed<Text>,
}

/// `ClarificationProvided`: A04: a question is answered, perhaps with new terms, header and terms whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClarificationProvided {
    /// What stands in clear of the new terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<Box<Header>>,
    /// The event that opened the question.
    pub question: EventId,
    /// The new terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Sealed<Terms>>,
    /// The answer.
    pub text: Sealed<Text>,
}

/// `CounterProposalMade`: A05: other terms are proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterProposalMade {
    /// What stands in clear of them.
    pub header: Box<Header>,
    /// The terms.
    pub terms: Sealed<Terms>,
    /// What changes, and why.
    pub words: Sealed<CounterWords>,
}

/// `CounterProposalAccepted`: A06: the counter-proposal replaces the terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterProposalAccepted {
    /// Which.
    pub version_hash: Digest,
    /// Words on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Sealed<ReasonWords>>,
}

/// `CounterProposalRejected`: A07: the terms stay as they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CounterProposalRejected {
    /// Which.
    pub version_hash: Digest,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Sealed<ReasonWords>>,
}

/// `TermsSubmitted`: A08: a version is frozen for signing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsSubmitted {
    /// The last day for signing, at most 90 days on.
    pub approve_by: Date,
    /// Which version.
    pub version: u32,
    /// Its hash.
    pub version_hash: Digest,
}

/// `AdviceGiven`: A09: that advice was given, not what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdviceGiven {
    /// Whose; equal to the role of the signer.
    pub kind: AdviceKind,
    /// On which version.
    pub version_hash: Digest,
    /// The advice.
    pub words: Sealed<AdviceWords>,
}

/// `ApprovalGiven`: A10: a required role approves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalGiven {
    /// Which datasets an asset owner releases or receives; empty: all.
    pub datasets: Vec<DatasetId>,
    /// Why, against the organisation's own advice.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub override_: Option<Sealed<Text>>,
    /// Which version.
    pub version_hash: Digest,
}

/// `ExecutionSigned`: A11: a party binds itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionSigned {
    /// What is executed.
    pub form: ExecutionForm,
    /// Why, against the organisation's own advice, where no approval of its says so.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub override_: Option<Sealed<Text>>,
    /// The sealed document, for a deed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Sealed<File>>,
    /// Which version.
    pub version_hash: Digest,
}

/// `ApprovalDeclined`: A12: a party says no to a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalDeclined {
    /// For changes, or for good.
    pub kind: DeclineKind,
    /// Which version.
    pub version_hash: Digest,
    /// Why.
    pub words: Sealed<DeclineWords>,
}

/// `ApprovalWithdrawn`: A13: a signature is taken back before the agreement is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalWithdrawn {
    /// Which signature.
    pub target: EventId,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `RequestRefused`: A14: a provider refuses the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestRefused {
    /// Why.
    pub words: Sealed<RefusalWords>,
}

/// `RequestWithdrawn`: A15: the requesting organisation withdraws.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestWithdrawn {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Sealed<ReasonWords>>,
}

/// `AgreementSuspended`: A16: sharing stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementSuspended {
    /// On which ground.
    pub code: SuspensionGround,
    /// Which datasets, for scope DATASETS.
    pub datasets: Vec<DatasetId>,
    /// Which party, for scope PARTY.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationCode>,
    /// How far.
    pub scope: SuspensionScope,
    /// Why.
    pub words: Sealed<SuspensionWords>,
}

/// `AgreementResumed`: A17: a ground of suspension is closed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementResumed {
    /// The event that opened it.
    pub ground: EventId,
    /// What shows that sharing may resume.
    pub words: Sealed<ResumptionWords>,
}

/// `AmendmentProposed`: A18: other terms are proposed for an agreement in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentProposed {
    /// Which signatures it needs: as computed from what changes, or higher.
    pub class: AmendmentClass,
    /// What stands in clear of them.
    pub header: Box<Header>,
    /// Whether it renews the agreement.
    pub renewal: bool,
    /// The terms.
    pub terms: Sealed<Terms>,
    /// What changes, and why.
    pub words: Sealed<CounterWords>,
}

/// `AmendmentAbandoned`: A19: the amendment is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmendmentAbandoned {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Sealed<ReasonWords>>,
}

/// `ReviewCompleted`: A20: the agreement was looked at again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewCompleted {
    /// When it is looked at next.
    pub next_review: Date,
    /// What came of it.
    pub outcome: ReviewOutcome,
    /// What was found.
    pub words: Sealed<ReviewWords>,
}

/// `PartyInvited`: A21: a body is invited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyInvited {
    /// How to reach it.
    pub contacts: Sealed<Contacts>,
    /// Its row, as a header would have it.
    pub row: Box<PartyRow>,
}

/// `AccessionRequested`: A22: a body asks to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessionRequested {
    /// Its row, as a header would have it.
    pub row: Box<PartyRow>,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `RevocationNoticed`: A23: a party leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationNoticed {
    /// On which ground.
    pub ground: RevocationGround,
    /// The last day is the one before.
    pub takes_effect_on: Date,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `RevocationRescinded`: A24: a notice is taken back before it takes effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationRescinded {
    /// The event that gave notice.
    pub target: EventId,
}

/// `TerminationConsented`: A25: a party agrees to end the agreement on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminationConsented {
    /// The day: the same in every consent.
    pub takes_effect_on: Date,
}

/// `DisclosureLogged`: A26: data were sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosureLogged {
    /// About how many records.
    pub band: RecordBand,
    /// Which datasets.
    pub datasets: Vec<DatasetId>,
    /// The first day of the period that the data cover.
    pub from: Date,
    /// How they moved.
    pub method: Method,
    /// To whom; left out: to every recipient of the datasets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipients: Option<Vec<OrganisationCode>>,
    /// The last day of the period.
    pub to: Date,
    /// The record of the transfer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer: Option<Sealed<File>>,
}

/// `IncidentNoted`: A27: something went wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentNoted {
    /// Whether it is about a key.
    pub key: bool,
    /// What happened.
    pub words: Sealed<IncidentWords>,
}

/// `IncidentUpdated`: A28: how an incident goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentUpdated {
    /// The event that noted it.
    pub incident: EventId,
    /// How it stands.
    pub status: IncidentStatus,
    /// What was done.
    pub words: Sealed<IncidentUpdateWords>,
}

/// `DestructionCertified`: A29: a recipient no longer holds data, or says why it must.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DestructionCertified {
    /// A supplier's certificate, in the place of the security lead's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Sealed<File>>,
    /// Which datasets; empty: all for which the party has a duty.
    pub datasets: Vec<DatasetId>,
    /// The day.
    pub on: Date,
    /// What became of them.
    pub outcome: DestructionOutcome,
    /// When data kept under a law are looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recheck: Option<Date>,
    /// The standard, the law, copies and backups.
    pub words: Sealed<DestructionWords>,
}

/// `RetentionHoldPlaced`: A30: data must not be destroyed for now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionHoldPlaced {
    /// Which datasets; empty: all.
    pub datasets: Vec<DatasetId>,
    /// Why.
    pub reason: HoldReason,
}

/// `RetentionHoldReleased`: A31: a hold ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionHoldReleased {
    /// The event that placed it.
    pub hold: EventId,
}

/// `PublicationDecided`: A32: what of the words everybody may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublicationDecided {
    /// Whether.
    pub decision: PublicRegister,
    /// The exemption relied on to withhold (CL-FOI).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exemption: Option<Code>,
    /// When the decision is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_again: Option<Date>,
    /// What is withheld though the rest is published, as pointers within the terms.
    pub withheld: Vec<Pointer>,
}

/// `DocumentAttached`: A33: a document is part of the evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentAttached {
    /// The document.
    pub file: Sealed<File>,
    /// What it is.
    pub kind: DocumentKind,
}

/// `NoteRecorded`: A36: a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRecorded {
    /// What it says.
    pub text: Sealed<Text>,
    /// Who may read it.
    pub visibility: NoteVisibility,
}

/// `AgreementImported`: A37: an agreement made before the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementImported {
    /// Members of a header that are not known; sorted, no duplicates.
    pub gaps: Vec<HeaderMember>,
    /// What is known of it in clear.
    pub header: Box<PartialHeader>,
    /// When it was signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_elsewhere_on: Option<Date>,
    /// Where it was found.
    pub source: Sealed<Text>,
    /// Whether it goes on.
    pub status: ImportStatus,
}

/// `ImportConfirmed`: A38: a party confirms an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportConfirmed {
    /// The document that the party signed.
    pub document: Sealed<File>,
    /// The event that imported the agreement, or that recorded sharing in an emergency.
    pub import: EventId,
}

/// `ImportDisputed`: A39: a party says that an import is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportDisputed {
    /// The event that imported the agreement, or that recorded sharing in an emergency.
    pub import: EventId,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `EmergencySharingRecorded`: A40: sharing that an emergency forced, recorded afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmergencySharingRecorded {
    /// When sharing began, at most 72 hours ago.
    pub began_at: Timestamp,
    /// On which ground.
    pub ground: EmergencyGround,
    /// What stands in clear of it; over when its end date has gone by.
    pub header: Box<Header>,
    /// The terms, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Sealed<Terms>>,
    /// Why.
    pub words: Sealed<ReasonWords>,
}

/// `LeadChanged`: A41: another party leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadChanged {
    /// Who leads from now on.
    pub lead: OrganisationCode,
}

/// `Corrected`: A42: words beside an event say what it should have said; no decision changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Corrected {
    /// Which of its words, as a pointer within its data.
    pub pointer: Pointer,
    /// Which event.
    pub target: EventId,
    /// What it should have said.
    pub words: Sealed<ReasonWords>,
}
