//! The data of each type of event, schema version 1 (wire.md 2.5).
//!
//! The published schemas are generated from these types and committed; a test holds them equal.

mod agreements;
mod disclosures;
mod genesis;
mod keys;
mod ledger;
mod lists;
mod succession;

pub use agreements::*;
pub use disclosures::*;
pub use genesis::*;
pub use keys::*;
pub use ledger::*;
pub use lists::*;
pub use succession::*;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{Code, EventId, OrganisationCode, PersonId, Role, codes};
use crate::organisation::{Governance, OrganisationFlags, OrganisationType};
use crate::sealed::Sealed;
use crate::time::Date;
use crate::wire::KeyId;
use crate::words::Holder;

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

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $text:literal in $home:ident,)+) => {
        codes! {
            /// The types of event that this version of the program decides.
            EventType { $($(#[$doc])* $name = $text,)+ }
        }

        /// The data of an event, by its type.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Data { $($(#[$doc])* $name($name),)+ }

        impl EventType {
            /// The kind of stream that an event of this type belongs to.
            pub const fn home(self) -> Home {
                match self { $(Self::$name => Home::$home,)+ }
            }
        }

        impl Data {
            /// Reads the data of an event of a type. The bytes are canonical already.
            ///
            /// # Errors
            ///
            /// The data are not of the schema of the type.
            pub fn parse(event_type: EventType, json: &str) -> Result<Self, serde_json::Error> {
                Ok(match event_type { $(EventType::$name => Self::$name(crate::json::from_objects(json)?),)+ })
            }

            /// Reads the data of an event of a type from any reader.
            ///
            /// # Errors
            ///
            /// As the reader says.
            pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
                event_type: EventType,
                deserializer: D,
            ) -> Result<Self, D::Error> {
                Ok(match event_type { $(EventType::$name => Self::$name($name::deserialize(deserializer)?),)+ })
            }

            /// The type of the event.
            pub const fn event_type(&self) -> EventType {
                match self { $(Self::$name(_) => EventType::$name,)+ }
            }

            /// The data as a JSON value.
            ///
            /// # Errors
            ///
            /// Never for data that were parsed; serde asks for the possibility.
            pub fn to_value(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self { $(Self::$name(data) => serde_json::to_value(data),)+ }
            }
        }

        /// The schema of the data of each type of event, by name.
        pub fn schema_of(event_type: EventType, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
            match event_type { $(EventType::$name => generator.root_schema_for::<$name>(),)+ }
        }
    };
}

/// The kinds of stream that have events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// The ledger itself.
    Sys,
    /// An organisation.
    Organisation,
    /// A key.
    Key,
    /// An agreement.
    Agreement,
    /// The stream of the event that it is about: of an organisation, a key or an agreement.
    Subject,
}

events! {
    /// Entry 0.
    LedgerGenesis = "LedgerGenesis" in Sys,
    /// A code list has another version.
    CodeListPublished = "CodeListPublished" in Sys,
    /// A policy has another version.
    PolicyPublished = "PolicyPublished" in Sys,
    /// From the next entry on other rules decide.
    RulesAdopted = "RulesAdopted" in Sys,
    /// Other people register.
    RegistrarChanged = "RegistrarChanged" in Sys,
    /// Another key signs checkpoints.
    LogKeyChanged = "LogKeyChanged" in Sys,
    /// Which witnesses are asked.
    WitnessPolicyPublished = "WitnessPolicyPublished" in Sys,
    /// Nothing more is recorded here.
    LedgerClosed = "LedgerClosed" in Sys,
    /// An organisation enters the ledger with its head of paid service.
    OrganisationRegistered = "OrganisationRegistered" in Organisation,
    /// Particulars of an organisation change.
    OrganisationUpdated = "OrganisationUpdated" in Organisation,
    /// Two registrars suspend an organisation for a while.
    OrganisationSuspended = "OrganisationSuspended" in Organisation,
    /// Two registrars end a suspension early.
    OrganisationReinstated = "OrganisationReinstated" in Organisation,
    /// An organisation leaves the ledger.
    OrganisationLeft = "OrganisationLeft" in Organisation,
    /// Bodies take the place of others by statute.
    OrganisationSucceeded = "OrganisationSucceeded" in Organisation,
    /// A body without a chief says that it is not succeeded.
    SuccessionObjected = "SuccessionObjected" in Organisation,
    /// A body joins or leaves a partnership.
    PartnershipMembershipChanged = "PartnershipMembershipChanged" in Organisation,
    /// A person comes to hold a role.
    RoleHolderAppointed = "RoleHolderAppointed" in Organisation,
    /// A person no longer holds a role; no event says why.
    RoleHolderRevoked = "RoleHolderRevoked" in Organisation,
    /// Another person may act in a role for a while.
    RoleDelegated = "RoleDelegated" in Organisation,
    /// A delegation ends early.
    DelegationRevoked = "DelegationRevoked" in Organisation,
    /// A person gets a key.
    KeyRegistered = "KeyRegistered" in Key,
    /// A key takes the place of an older one.
    KeyRotated = "KeyRotated" in Key,
    /// A key ends.
    KeyRevoked = "KeyRevoked" in Key,
    /// A key may be in other hands.
    KeyCompromised = "KeyCompromised" in Key,
    /// A34: a body says what of a contested signature is its own.
    ContestResolved = "ContestResolved" in Subject,
    /// A01: terms are proposed.
    RequestFiled = "RequestFiled" in Agreement,
    /// A02: a named party takes the request up, or sends it back.
    RequestTriaged = "RequestTriaged" in Agreement,
    /// A03: a party asks another one something.
    ClarificationRequested = "ClarificationRequested" in Agreement,
    /// A04: it is answered, perhaps with new terms.
    ClarificationProvided = "ClarificationProvided" in Agreement,
    /// A05: other terms are proposed.
    CounterProposalMade = "CounterProposalMade" in Agreement,
    /// A06: they replace the terms.
    CounterProposalAccepted = "CounterProposalAccepted" in Agreement,
    /// A07: the terms stay.
    CounterProposalRejected = "CounterProposalRejected" in Agreement,
    /// A08: a version is frozen for signing.
    TermsSubmitted = "TermsSubmitted" in Agreement,
    /// A09: that advice was given, not what it says.
    AdviceGiven = "AdviceGiven" in Agreement,
    /// A10: a required role approves.
    ApprovalGiven = "ApprovalGiven" in Agreement,
    /// A11: a party binds itself.
    ExecutionSigned = "ExecutionSigned" in Agreement,
    /// A12: a party says no to a version.
    ApprovalDeclined = "ApprovalDeclined" in Agreement,
    /// A13: a signature is taken back before the agreement is in force.
    ApprovalWithdrawn = "ApprovalWithdrawn" in Agreement,
    /// A14: a provider refuses the request.
    RequestRefused = "RequestRefused" in Agreement,
    /// A15: the requesting organisation withdraws.
    RequestWithdrawn = "RequestWithdrawn" in Agreement,
    /// A16: sharing stops.
    AgreementSuspended = "AgreementSuspended" in Agreement,
    /// A17: a ground of suspension is closed.
    AgreementResumed = "AgreementResumed" in Agreement,
    /// A18: other terms are proposed for an agreement in force.
    AmendmentProposed = "AmendmentProposed" in Agreement,
    /// A19: the amendment is dropped.
    AmendmentAbandoned = "AmendmentAbandoned" in Agreement,
    /// A20: the agreement was looked at again.
    ReviewCompleted = "ReviewCompleted" in Agreement,
    /// A21: a body is invited.
    PartyInvited = "PartyInvited" in Agreement,
    /// A22: a body asks to join.
    AccessionRequested = "AccessionRequested" in Agreement,
    /// A23: a party leaves.
    RevocationNoticed = "RevocationNoticed" in Agreement,
    /// A24: a notice is taken back.
    RevocationRescinded = "RevocationRescinded" in Agreement,
    /// A25: a party agrees to end it.
    TerminationConsented = "TerminationConsented" in Agreement,
    /// A26: data were sent.
    DisclosureLogged = "DisclosureLogged" in Agreement,
    /// A27: something went wrong.
    IncidentNoted = "IncidentNoted" in Agreement,
    /// A28: how an incident goes on.
    IncidentUpdated = "IncidentUpdated" in Agreement,
    /// A29: a recipient no longer holds data, or says why it must.
    DestructionCertified = "DestructionCertified" in Agreement,
    /// A30: data must not be destroyed for now.
    RetentionHoldPlaced = "RetentionHoldPlaced" in Agreement,
    /// A31: a hold ends.
    RetentionHoldReleased = "RetentionHoldReleased" in Agreement,
    /// A32: what of the words everybody may read.
    PublicationDecided = "PublicationDecided" in Agreement,
    /// A33: a document is part of the evidence.
    DocumentAttached = "DocumentAttached" in Agreement,
    /// A35: a successor stands by an agreement that came to it.
    SuccessionConfirmed = "SuccessionConfirmed" in Agreement,
    /// A36: a note.
    NoteRecorded = "NoteRecorded" in Agreement,
    /// A37: an agreement made before the ledger.
    AgreementImported = "AgreementImported" in Agreement,
    /// A38: a party confirms an import.
    ImportConfirmed = "ImportConfirmed" in Agreement,
    /// A39: a party says that an import is wrong.
    ImportDisputed = "ImportDisputed" in Agreement,
    /// A40: sharing that an emergency forced, recorded afterwards.
    EmergencySharingRecorded = "EmergencySharingRecorded" in Agreement,
    /// A41: another party leads.
    LeadChanged = "LeadChanged" in Agreement,
    /// A42: words beside an event say what it should have said.
    Corrected = "Corrected" in Agreement,
    /// The auditors of a body may read words for a while.
    AccessGranted = "AccessGranted" in Agreement,
    /// A grant of access ends.
    AccessEnded = "AccessEnded" in Agreement,
    /// Words of an event are destroyed.
    DisclosureErased = "DisclosureErased" in Subject,
}
