//! The data of each type of event, schema version 1 (wire.md 2.5).
//!
//! The published schemas are generated from these types and committed; a test holds them equal.

mod genesis;
mod lists;

pub use genesis::*;
pub use lists::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::header::{ExecutionForm, Header, Pointer, PublicRegister};
use crate::ids::{Code, DatasetId, EventId, OrganisationCode, PersonId, Role, codes};
use crate::organisation::{Governance, OrganisationFlags, OrganisationType};
use crate::sealed::{File, Sealed, Text};
use crate::terms::{Contacts, Terms};
use crate::time::Date;
use crate::wire::{Digest, KeyId};
use crate::words::{AdviceWords, DeclineWords, Holder, ReasonWords, RefusalWords, ResumptionWords, SuspensionWords};

pub use crate::event::public_key::PublicKeyBytes;

impl RevocationGround {
    /// Whether the ground allows immediate effect (G37).
    pub const fn is_immediate(self) -> bool {
        matches!(self, Self::BreachByOther | Self::Unlawful | Self::RegulatorOrder | Self::CourtOrder)
    }
}

/// The head of paid service of a new organisation, with the key that the event registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Chief {
    /// Name and post.
    pub holder: Sealed<Holder>,
    /// Its key id.
    pub key: KeyId,
    /// Whose it is.
    pub person: PersonId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// `OrganisationRegistered`: an organisation enters the ledger with its head of paid service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationRegistered {
    /// The head of paid service, whose key this event registers.
    pub chief: Chief,
    /// Its code.
    pub code: OrganisationCode,
    /// Roles that must sign besides those of the policy.
    pub extra_roles: Vec<Role>,
    /// What the rules ask of it.
    pub flags: OrganisationFlags,
    /// How much separation it can afford.
    pub governance: Governance,
    /// Its code in the register of geographic codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gss: Option<Code>,
    /// Its official name.
    pub name: String,
    /// Its code in the NHS organisation data service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ods: Option<Code>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: OrganisationType,
}

/// `OrganisationUpdated`: particulars of an organisation change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationUpdated {
    /// The new list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_roles: Option<Vec<Role>>,
    /// The new flags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flags: Option<OrganisationFlags>,
    /// The new governance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<Governance>,
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `OrganisationSuspended`: two registrars suspend an organisation for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationSuspended {
    /// Why.
    pub reason: OrganisationSuspensionReason,
    /// The last day, at most 30 days on.
    pub until: Date,
}

/// `OrganisationReinstated`: two registrars end a suspension early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationReinstated {}

/// `OrganisationLeft`: an organisation leaves the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganisationLeft {
    /// The day it leaves.
    pub on: Date,
}

/// `RoleHolderAppointed`: a person comes to hold a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleHolderAppointed {
    /// Functions that the role is for; empty: all.
    pub functions: Vec<Code>,
    /// Name and post.
    pub holder: Sealed<Holder>,
    /// When the person was told how the ledger uses their data.
    pub notice_given_on: Date,
    /// Who.
    pub person: PersonId,
    /// Which.
    pub role: Role,
    /// The appointment elsewhere of the same human.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_person: Option<EventId>,
    /// The first day.
    pub valid_from: Date,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Date>,
}

/// `RoleHolderRevoked`: a person no longer holds a role; no event says why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleHolderRevoked {
    /// The appointment that ends.
    pub appointment: EventId,
}

/// `RoleDelegated`: another person may act in a role for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleDelegated {
    /// Whose.
    pub appointment: EventId,
    /// For which functions; empty: all of the appointment.
    pub functions: Vec<Code>,
    /// Who acts.
    pub person: PersonId,
    /// The last day.
    pub until: Date,
}

/// `DelegationRevoked`: a delegation ends early.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DelegationRevoked {
    /// Which.
    pub delegation: EventId,
}

/// `KeyRegistered`: a person gets a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRegistered {
    /// Where the private key lives.
    pub custody: Custody,
    /// Its key id.
    pub key: KeyId,
    /// For which organisation.
    pub organisation: OrganisationCode,
    /// Whose.
    pub person: PersonId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// `KeyRotated`: a key takes the place of an older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRotated {
    /// Where the private key lives.
    pub custody: Custody,
    /// The new key id.
    pub key: KeyId,
    /// The new key.
    pub public: PublicKeyBytes,
    /// The old key id.
    pub replaces: KeyId,
}

/// `KeyRevoked`: a key ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRevoked {
    /// Which.
    pub key: KeyId,
    /// Why.
    pub reason: KeyEnd,
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

/// `NoteRecorded`: A36: a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteRecorded {
    /// What it says.
    pub text: Sealed<Text>,
    /// Who may read it.
    pub visibility: NoteVisibility,
}

codes! {
    /// The types of event that this version of the program decides.
    EventType {
        /// Entry 0.
        LedgerGenesis = "LedgerGenesis",
        /// An organisation enters the ledger with its head of paid service.
        OrganisationRegistered = "OrganisationRegistered",
        /// Particulars of an organisation change.
        OrganisationUpdated = "OrganisationUpdated",
        /// Two registrars suspend an organisation for a while.
        OrganisationSuspended = "OrganisationSuspended",
        /// Two registrars end a suspension early.
        OrganisationReinstated = "OrganisationReinstated",
        /// An organisation leaves the ledger.
        OrganisationLeft = "OrganisationLeft",
        /// A person comes to hold a role.
        RoleHolderAppointed = "RoleHolderAppointed",
        /// A person no longer holds a role; no event says why.
        RoleHolderRevoked = "RoleHolderRevoked",
        /// Another person may act in a role for a while.
        RoleDelegated = "RoleDelegated",
        /// A delegation ends early.
        DelegationRevoked = "DelegationRevoked",
        /// A person gets a key.
        KeyRegistered = "KeyRegistered",
        /// A key takes the place of an older one.
        KeyRotated = "KeyRotated",
        /// A key ends.
        KeyRevoked = "KeyRevoked",
        /// A01: terms are proposed.
        RequestFiled = "RequestFiled",
        /// A02: a named party takes the request up, or sends it back.
        RequestTriaged = "RequestTriaged",
        /// A08: a version is frozen for signing.
        TermsSubmitted = "TermsSubmitted",
        /// A09: that advice was given, not what it says.
        AdviceGiven = "AdviceGiven",
        /// A10: a required role approves.
        ApprovalGiven = "ApprovalGiven",
        /// A11: a party binds itself.
        ExecutionSigned = "ExecutionSigned",
        /// A12: a party says no to a version.
        ApprovalDeclined = "ApprovalDeclined",
        /// A13: a signature is taken back before the agreement is in force.
        ApprovalWithdrawn = "ApprovalWithdrawn",
        /// A14: a provider refuses the request.
        RequestRefused = "RequestRefused",
        /// A15: the requesting organisation withdraws.
        RequestWithdrawn = "RequestWithdrawn",
        /// A16: sharing stops.
        AgreementSuspended = "AgreementSuspended",
        /// A17: a ground of suspension is closed.
        AgreementResumed = "AgreementResumed",
        /// A23: a party leaves.
        RevocationNoticed = "RevocationNoticed",
        /// A32: what of the words everybody may read.
        PublicationDecided = "PublicationDecided",
        /// A36: a note.
        NoteRecorded = "NoteRecorded",
    }
}

/// The data of an event, by its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Entry 0.
    LedgerGenesis(LedgerGenesis),
    /// An organisation enters the ledger with its head of paid service.
    OrganisationRegistered(OrganisationRegistered),
    /// Particulars of an organisation change.
    OrganisationUpdated(OrganisationUpdated),
    /// Two registrars suspend an organisation for a while.
    OrganisationSuspended(OrganisationSuspended),
    /// Two registrars end a suspension early.
    OrganisationReinstated(OrganisationReinstated),
    /// An organisation leaves the ledger.
    OrganisationLeft(OrganisationLeft),
    /// A person comes to hold a role.
    RoleHolderAppointed(RoleHolderAppointed),
    /// A person no longer holds a role; no event says why.
    RoleHolderRevoked(RoleHolderRevoked),
    /// Another person may act in a role for a while.
    RoleDelegated(RoleDelegated),
    /// A delegation ends early.
    DelegationRevoked(DelegationRevoked),
    /// A person gets a key.
    KeyRegistered(KeyRegistered),
    /// A key takes the place of an older one.
    KeyRotated(KeyRotated),
    /// A key ends.
    KeyRevoked(KeyRevoked),
    /// A01: terms are proposed.
    RequestFiled(RequestFiled),
    /// A02: a named party takes the request up, or sends it back.
    RequestTriaged(RequestTriaged),
    /// A08: a version is frozen for signing.
    TermsSubmitted(TermsSubmitted),
    /// A09: that advice was given, not what it says.
    AdviceGiven(AdviceGiven),
    /// A10: a required role approves.
    ApprovalGiven(ApprovalGiven),
    /// A11: a party binds itself.
    ExecutionSigned(ExecutionSigned),
    /// A12: a party says no to a version.
    ApprovalDeclined(ApprovalDeclined),
    /// A13: a signature is taken back before the agreement is in force.
    ApprovalWithdrawn(ApprovalWithdrawn),
    /// A14: a provider refuses the request.
    RequestRefused(RequestRefused),
    /// A15: the requesting organisation withdraws.
    RequestWithdrawn(RequestWithdrawn),
    /// A16: sharing stops.
    AgreementSuspended(AgreementSuspended),
    /// A17: a ground of suspension is closed.
    AgreementResumed(AgreementResumed),
    /// A23: a party leaves.
    RevocationNoticed(RevocationNoticed),
    /// A32: what of the words everybody may read.
    PublicationDecided(PublicationDecided),
    /// A36: a note.
    NoteRecorded(NoteRecorded),
}

impl Data {
    /// Reads the data of an event of a type. The bytes are canonical already.
    ///
    /// # Errors
    ///
    /// The data are not of the schema of the type.
    pub fn parse(event_type: EventType, json: &str) -> Result<Self, serde_json::Error> {
        Ok(match event_type {
            EventType::LedgerGenesis => Self::LedgerGenesis(serde_json::from_str(json)?),
            EventType::OrganisationRegistered => Self::OrganisationRegistered(serde_json::from_str(json)?),
            EventType::OrganisationUpdated => Self::OrganisationUpdated(serde_json::from_str(json)?),
            EventType::OrganisationSuspended => Self::OrganisationSuspended(serde_json::from_str(json)?),
            EventType::OrganisationReinstated => Self::OrganisationReinstated(serde_json::from_str(json)?),
            EventType::OrganisationLeft => Self::OrganisationLeft(serde_json::from_str(json)?),
            EventType::RoleHolderAppointed => Self::RoleHolderAppointed(serde_json::from_str(json)?),
            EventType::RoleHolderRevoked => Self::RoleHolderRevoked(serde_json::from_str(json)?),
            EventType::RoleDelegated => Self::RoleDelegated(serde_json::from_str(json)?),
            EventType::DelegationRevoked => Self::DelegationRevoked(serde_json::from_str(json)?),
            EventType::KeyRegistered => Self::KeyRegistered(serde_json::from_str(json)?),
            EventType::KeyRotated => Self::KeyRotated(serde_json::from_str(json)?),
            EventType::KeyRevoked => Self::KeyRevoked(serde_json::from_str(json)?),
            EventType::RequestFiled => Self::RequestFiled(serde_json::from_str(json)?),
            EventType::RequestTriaged => Self::RequestTriaged(serde_json::from_str(json)?),
            EventType::TermsSubmitted => Self::TermsSubmitted(serde_json::from_str(json)?),
            EventType::AdviceGiven => Self::AdviceGiven(serde_json::from_str(json)?),
            EventType::ApprovalGiven => Self::ApprovalGiven(serde_json::from_str(json)?),
            EventType::ExecutionSigned => Self::ExecutionSigned(serde_json::from_str(json)?),
            EventType::ApprovalDeclined => Self::ApprovalDeclined(serde_json::from_str(json)?),
            EventType::ApprovalWithdrawn => Self::ApprovalWithdrawn(serde_json::from_str(json)?),
            EventType::RequestRefused => Self::RequestRefused(serde_json::from_str(json)?),
            EventType::RequestWithdrawn => Self::RequestWithdrawn(serde_json::from_str(json)?),
            EventType::AgreementSuspended => Self::AgreementSuspended(serde_json::from_str(json)?),
            EventType::AgreementResumed => Self::AgreementResumed(serde_json::from_str(json)?),
            EventType::RevocationNoticed => Self::RevocationNoticed(serde_json::from_str(json)?),
            EventType::PublicationDecided => Self::PublicationDecided(serde_json::from_str(json)?),
            EventType::NoteRecorded => Self::NoteRecorded(serde_json::from_str(json)?),
        })
    }

    /// The type of the event.
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::LedgerGenesis(_) => EventType::LedgerGenesis,
            Self::OrganisationRegistered(_) => EventType::OrganisationRegistered,
            Self::OrganisationUpdated(_) => EventType::OrganisationUpdated,
            Self::OrganisationSuspended(_) => EventType::OrganisationSuspended,
            Self::OrganisationReinstated(_) => EventType::OrganisationReinstated,
            Self::OrganisationLeft(_) => EventType::OrganisationLeft,
            Self::RoleHolderAppointed(_) => EventType::RoleHolderAppointed,
            Self::RoleHolderRevoked(_) => EventType::RoleHolderRevoked,
            Self::RoleDelegated(_) => EventType::RoleDelegated,
            Self::DelegationRevoked(_) => EventType::DelegationRevoked,
            Self::KeyRegistered(_) => EventType::KeyRegistered,
            Self::KeyRotated(_) => EventType::KeyRotated,
            Self::KeyRevoked(_) => EventType::KeyRevoked,
            Self::RequestFiled(_) => EventType::RequestFiled,
            Self::RequestTriaged(_) => EventType::RequestTriaged,
            Self::TermsSubmitted(_) => EventType::TermsSubmitted,
            Self::AdviceGiven(_) => EventType::AdviceGiven,
            Self::ApprovalGiven(_) => EventType::ApprovalGiven,
            Self::ExecutionSigned(_) => EventType::ExecutionSigned,
            Self::ApprovalDeclined(_) => EventType::ApprovalDeclined,
            Self::ApprovalWithdrawn(_) => EventType::ApprovalWithdrawn,
            Self::RequestRefused(_) => EventType::RequestRefused,
            Self::RequestWithdrawn(_) => EventType::RequestWithdrawn,
            Self::AgreementSuspended(_) => EventType::AgreementSuspended,
            Self::AgreementResumed(_) => EventType::AgreementResumed,
            Self::RevocationNoticed(_) => EventType::RevocationNoticed,
            Self::PublicationDecided(_) => EventType::PublicationDecided,
            Self::NoteRecorded(_) => EventType::NoteRecorded,
        }
    }

    /// The data as a JSON value.
    ///
    /// # Errors
    ///
    /// Never for data that were parsed; serde asks for the possibility.
    pub fn to_value(&self) -> Result<serde_json::Value, serde_json::Error> {
        match self {
            Self::LedgerGenesis(data) => serde_json::to_value(data),
            Self::OrganisationRegistered(data) => serde_json::to_value(data),
            Self::OrganisationUpdated(data) => serde_json::to_value(data),
            Self::OrganisationSuspended(data) => serde_json::to_value(data),
            Self::OrganisationReinstated(data) => serde_json::to_value(data),
            Self::OrganisationLeft(data) => serde_json::to_value(data),
            Self::RoleHolderAppointed(data) => serde_json::to_value(data),
            Self::RoleHolderRevoked(data) => serde_json::to_value(data),
            Self::RoleDelegated(data) => serde_json::to_value(data),
            Self::DelegationRevoked(data) => serde_json::to_value(data),
            Self::KeyRegistered(data) => serde_json::to_value(data),
            Self::KeyRotated(data) => serde_json::to_value(data),
            Self::KeyRevoked(data) => serde_json::to_value(data),
            Self::RequestFiled(data) => serde_json::to_value(data),
            Self::RequestTriaged(data) => serde_json::to_value(data),
            Self::TermsSubmitted(data) => serde_json::to_value(data),
            Self::AdviceGiven(data) => serde_json::to_value(data),
            Self::ApprovalGiven(data) => serde_json::to_value(data),
            Self::ExecutionSigned(data) => serde_json::to_value(data),
            Self::ApprovalDeclined(data) => serde_json::to_value(data),
            Self::ApprovalWithdrawn(data) => serde_json::to_value(data),
            Self::RequestRefused(data) => serde_json::to_value(data),
            Self::RequestWithdrawn(data) => serde_json::to_value(data),
            Self::AgreementSuspended(data) => serde_json::to_value(data),
            Self::AgreementResumed(data) => serde_json::to_value(data),
            Self::RevocationNoticed(data) => serde_json::to_value(data),
            Self::PublicationDecided(data) => serde_json::to_value(data),
            Self::NoteRecorded(data) => serde_json::to_value(data),
        }
    }
}

/// The schema of the data of each type of event, by name.
pub fn schema_of(event_type: EventType, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
    match event_type {
        EventType::LedgerGenesis => generator.root_schema_for::<LedgerGenesis>(),
        EventType::OrganisationRegistered => generator.root_schema_for::<OrganisationRegistered>(),
        EventType::OrganisationUpdated => generator.root_schema_for::<OrganisationUpdated>(),
        EventType::OrganisationSuspended => generator.root_schema_for::<OrganisationSuspended>(),
        EventType::OrganisationReinstated => generator.root_schema_for::<OrganisationReinstated>(),
        EventType::OrganisationLeft => generator.root_schema_for::<OrganisationLeft>(),
        EventType::RoleHolderAppointed => generator.root_schema_for::<RoleHolderAppointed>(),
        EventType::RoleHolderRevoked => generator.root_schema_for::<RoleHolderRevoked>(),
        EventType::RoleDelegated => generator.root_schema_for::<RoleDelegated>(),
        EventType::DelegationRevoked => generator.root_schema_for::<DelegationRevoked>(),
        EventType::KeyRegistered => generator.root_schema_for::<KeyRegistered>(),
        EventType::KeyRotated => generator.root_schema_for::<KeyRotated>(),
        EventType::KeyRevoked => generator.root_schema_for::<KeyRevoked>(),
        EventType::RequestFiled => generator.root_schema_for::<RequestFiled>(),
        EventType::RequestTriaged => generator.root_schema_for::<RequestTriaged>(),
        EventType::TermsSubmitted => generator.root_schema_for::<TermsSubmitted>(),
        EventType::AdviceGiven => generator.root_schema_for::<AdviceGiven>(),
        EventType::ApprovalGiven => generator.root_schema_for::<ApprovalGiven>(),
        EventType::ExecutionSigned => generator.root_schema_for::<ExecutionSigned>(),
        EventType::ApprovalDeclined => generator.root_schema_for::<ApprovalDeclined>(),
        EventType::ApprovalWithdrawn => generator.root_schema_for::<ApprovalWithdrawn>(),
        EventType::RequestRefused => generator.root_schema_for::<RequestRefused>(),
        EventType::RequestWithdrawn => generator.root_schema_for::<RequestWithdrawn>(),
        EventType::AgreementSuspended => generator.root_schema_for::<AgreementSuspended>(),
        EventType::AgreementResumed => generator.root_schema_for::<AgreementResumed>(),
        EventType::RevocationNoticed => generator.root_schema_for::<RevocationNoticed>(),
        EventType::PublicationDecided => generator.root_schema_for::<PublicationDecided>(),
        EventType::NoteRecorded => generator.root_schema_for::<NoteRecorded>(),
    }
}
