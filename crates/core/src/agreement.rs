//! The life cycle of an agreement (domain.md 2, amendments.md).
//!
//! In scope: what an agreement is after its events, which events it lets pass, what time alone brings
//! about, who must act next, and why it stands where it stands.
//! Out of scope: keys, roles and organisations themselves; those are [`crate::admit`] and [`crate::state`].
//!
//! An agreement evolves from its own events, and from those by which an organisation leaves. So
//! [`Agreement::replayed`] rebuilds one from these alone, as of any size of the log.

/// The data of events that belong to other streams, and of those named besides: nothing is asked of them.
macro_rules! other_streams {
    ($($also:ident)*) => {
        $($crate::event::data::Data::$also(_) |)*
            $crate::event::data::Data::LedgerGenesis(_)
            | $crate::event::data::Data::CodeListPublished(_)
            | $crate::event::data::Data::PolicyPublished(_)
            | $crate::event::data::Data::RulesAdopted(_)
            | $crate::event::data::Data::RegistrarChanged(_)
            | $crate::event::data::Data::LogKeyChanged(_)
            | $crate::event::data::Data::WitnessPolicyPublished(_)
            | $crate::event::data::Data::LedgerClosed(_)
            | $crate::event::data::Data::OrganisationRegistered(_)
            | $crate::event::data::Data::OrganisationUpdated(_)
            | $crate::event::data::Data::OrganisationSuspended(_)
            | $crate::event::data::Data::OrganisationReinstated(_)
            | $crate::event::data::Data::OrganisationLeft(_)
            | $crate::event::data::Data::OrganisationSucceeded(_)
            | $crate::event::data::Data::SuccessionObjected(_)
            | $crate::event::data::Data::PartnershipMembershipChanged(_)
            | $crate::event::data::Data::RoleHolderAppointed(_)
            | $crate::event::data::Data::RoleHolderRevoked(_)
            | $crate::event::data::Data::RoleDelegated(_)
            | $crate::event::data::Data::DelegationRevoked(_)
            | $crate::event::data::Data::KeyRegistered(_)
            | $crate::event::data::Data::KeyRotated(_)
            | $crate::event::data::Data::KeyRevoked(_)
            | $crate::event::data::Data::KeyCompromised(_)
    };
}
/// The data of events of agreements, and of those named besides.
macro_rules! agreement_events {
    ($($also:ident)*) => {
        $($crate::event::data::Data::$also(_) |)*
            $crate::event::data::Data::RequestFiled(_)
            | $crate::event::data::Data::RequestTriaged(_)
            | $crate::event::data::Data::ClarificationRequested(_)
            | $crate::event::data::Data::ClarificationProvided(_)
            | $crate::event::data::Data::CounterProposalMade(_)
            | $crate::event::data::Data::CounterProposalAccepted(_)
            | $crate::event::data::Data::CounterProposalRejected(_)
            | $crate::event::data::Data::TermsSubmitted(_)
            | $crate::event::data::Data::AdviceGiven(_)
            | $crate::event::data::Data::ApprovalGiven(_)
            | $crate::event::data::Data::ExecutionSigned(_)
            | $crate::event::data::Data::ApprovalDeclined(_)
            | $crate::event::data::Data::ApprovalWithdrawn(_)
            | $crate::event::data::Data::RequestRefused(_)
            | $crate::event::data::Data::RequestWithdrawn(_)
            | $crate::event::data::Data::AgreementSuspended(_)
            | $crate::event::data::Data::AgreementResumed(_)
            | $crate::event::data::Data::AmendmentProposed(_)
            | $crate::event::data::Data::AmendmentAbandoned(_)
            | $crate::event::data::Data::ReviewCompleted(_)
            | $crate::event::data::Data::PartyInvited(_)
            | $crate::event::data::Data::AccessionRequested(_)
            | $crate::event::data::Data::RevocationNoticed(_)
            | $crate::event::data::Data::RevocationRescinded(_)
            | $crate::event::data::Data::TerminationConsented(_)
            | $crate::event::data::Data::DisclosureLogged(_)
            | $crate::event::data::Data::IncidentNoted(_)
            | $crate::event::data::Data::IncidentUpdated(_)
            | $crate::event::data::Data::DestructionCertified(_)
            | $crate::event::data::Data::RetentionHoldPlaced(_)
            | $crate::event::data::Data::RetentionHoldReleased(_)
            | $crate::event::data::Data::PublicationDecided(_)
            | $crate::event::data::Data::SuccessionConfirmed(_)
            | $crate::event::data::Data::DocumentAttached(_)
            | $crate::event::data::Data::NoteRecorded(_)
            | $crate::event::data::Data::AgreementImported(_)
            | $crate::event::data::Data::ImportConfirmed(_)
            | $crate::event::data::Data::ImportDisputed(_)
            | $crate::event::data::Data::EmergencySharingRecorded(_)
            | $crate::event::data::Data::LeadChanged(_)
            | $crate::event::data::Data::Corrected(_)
            | $crate::event::data::Data::AccessGranted(_)
            | $crate::event::data::Data::AccessEnded(_)
    };
}
pub(crate) use agreement_events;
pub(crate) use other_streams;

pub mod access;
mod account;
mod amending;
mod asked;
mod coherence;
mod contest;
mod declining;
pub mod derived;
pub mod destruction;
mod emergency;
mod filing;
pub mod importing;
pub mod incidents;
mod joining;
mod lists;
mod negotiating;
mod next;
mod notes;
mod outside;
mod packing;
pub mod party;
pub mod publication;
pub mod reference;
mod replaying;
mod revocation;
mod separation;
pub mod sharing;
mod signing;
pub mod stage;
mod succession;
mod suspension;
mod table;
pub mod track;
mod why;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::codes::ReferenceSet;
use crate::event::EventType;
use crate::event::data::{ReviewOutcome, SuspensionGround};
use crate::header::{Formation, Header, PartyRow, RequiredRole, SignatureKind};
use crate::ids::{AgreementId, DatasetId, EventId, OrganisationCode, PersonId, Role, codes};
use crate::policy::Windows;
use crate::time::{Date, Timestamp};
use crate::wire::Digest;

pub use access::Grant;
pub use amending::class_of;
pub use derived::Derived;
pub use destruction::Hold;
pub use importing::Import;
pub use incidents::Incident;
pub use lists::Rare;
pub use next::{Next, Task};
pub use outside::{Change, Elsewhere, Outside};
pub use party::{Notice, Party, PartyState};
pub use publication::Publication;
pub use reference::Reference;
pub use sharing::Sent;
pub use stage::{End, EndReason, Force, Signing, Stage, StageName};
pub use succession::{Coming, Pending};
pub use track::{Amendment, Track};
pub use why::{Cause, Names};

pub(crate) use asked::{Question as Asking, acts_as};
pub(crate) use lists::Tight;
pub(crate) use packing::Front;

/// One draft of the terms, as far as it stands in clear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number, counting every draft of the stream; never used twice.
    pub number: u32,
    /// What signers name.
    pub hash: Digest,
    /// What stands in clear, with successors in the places of their predecessors.
    pub header: Arc<Header>,
    /// What was signed, where that names others.
    pub as_signed: Option<Arc<Header>>,
    /// The event that carried it.
    pub event: EventId,
    /// Who made it.
    pub by: OrganisationCode,
}

impl Version {
    fn share(&mut self, reference: &ReferenceSet) {
        let Some(header) = Arc::get_mut(&mut self.header) else {
            return;
        };
        if header.code_lists == reference.code_lists {
            header.code_lists = Arc::clone(&reference.code_lists);
        }
        if header.policies == reference.policies {
            header.policies = Arc::clone(&reference.policies);
        }
    }
}

codes! {
    /// Whether a signature counts.
    Standing {
        /// It counts.
        Counts = "COUNTS",
        /// Its party took it back.
        Withdrawn = "WITHDRAWN",
        /// The version was returned, or what it rested on was taken back.
        Void = "VOID",
        /// Its key may have been in other hands: it counts once its party affirms it.
        Contested = "CONTESTED",
        /// Its party says that it is not its own.
        Disowned = "DISOWNED",
    }
}

impl Standing {
    /// Whether it counts, or would once it is affirmed.
    pub const fn may_count(self) -> bool {
        matches!(self, Self::Counts | Self::Contested)
    }
}

/// One advice, approval or execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The event.
    pub event: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who signed.
    pub person: PersonId,
    /// For whom.
    pub organisation: OrganisationCode,
    /// On which version.
    pub version: u32,
    /// In which role.
    pub role: Role,
    /// What it means.
    pub kind: SignatureKind,
    /// For which datasets; empty: all.
    pub datasets: Rare<DatasetId>,
    /// Whether it counts.
    pub standing: Standing,
}

/// A question, named by the event that opened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The event that opened it.
    pub event: EventId,
    /// Who asks.
    pub by: OrganisationCode,
    /// Who is asked.
    pub to: OrganisationCode,
    /// When it was opened.
    pub at: Timestamp,
    /// The day by which an answer is asked for.
    pub due: Option<Date>,
    /// Whether it was answered.
    pub answered: bool,
}

/// How far a ground of suspension reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// All parties: the agreement is suspended.
    Whole,
    /// One party.
    Party(OrganisationCode),
    /// Some datasets.
    Datasets(Box<[DatasetId]>),
}

/// An open ground of suspension, named by the event that opened it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The event that opened it.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// Which.
    pub code: SuspensionGround,
    /// Whose officer opened it; that party's SIRO closes it.
    pub by: OrganisationCode,
    /// How far it reaches.
    pub reach: Reach,
    /// When it closes by itself, unless another party confirms it.
    pub lapses_at: Option<Timestamp>,
    /// The derived change that opened it; it closes by itself when the cause of that ends.
    pub derived: Option<Derived>,
}

/// Since when a version is in force (I16): until the next one is, or the agreement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Which.
    pub version: u32,
    /// Since when.
    pub since: Timestamp,
    /// Whose signatures carry it: its own, or, where particulars changed, those of the version before.
    pub rests_on: u32,
}

/// The newest review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The event.
    pub event: EventId,
    /// What came of it.
    pub outcome: ReviewOutcome,
    /// When the agreement is looked at next.
    pub next: Date,
    /// When it was recorded.
    pub at: Timestamp,
}

/// That a party agrees to end the agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The event.
    pub event: EventId,
    /// Who.
    pub organisation: OrganisationCode,
    /// The day that it names.
    pub day: Date,
    /// When the consent was recorded.
    pub at: Timestamp,
}

/// That a recipient must destroy, give back or certify data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duty {
    /// Who.
    pub organisation: OrganisationCode,
    /// Which data; none where an import does not say.
    pub dataset: Option<DatasetId>,
    /// The day before which a hold that was released leaves time.
    pub not_before: Option<Date>,
}

/// What brought a change about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// An event of the agreement.
    Event {
        /// Which.
        id: EventId,
        /// Its type.
        event_type: EventType,
        /// Whose officer signed first.
        organisation: OrganisationCode,
        /// In which role.
        role: Role,
    },
    /// Time, or the change before it.
    Derived {
        /// Which change.
        change: Derived,
        /// Whom it is about, if one party.
        organisation: Option<OrganisationCode>,
    },
}

/// One change of stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub at: Timestamp,
    /// From which stage.
    pub from: StageName,
    /// To which.
    pub to: StageName,
    /// What brought it about.
    pub origin: Origin,
}

/// An agreement, after some of its events and up to some instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    id: AgreementId,
    reference: Reference,
    filed_at: Timestamp,
    filer: PersonId,
    filed_by: OrganisationCode,
    requesting: OrganisationCode,
    revision: u64,
    barrier: u64,
    stage: Stage,
    /// The version under discussion before the agreement is in force.
    draft: u32,
    versions: Tight<Version>,
    parties: Tight<Party>,
    signatures: Tight<Signature>,
    questions: Rare<Question>,
    grounds: Rare<Ground>,
    duties: Tight<Duty>,
    holds: Rare<Hold>,
    incidents: Rare<Incident>,
    /// The newest disclosure of each dataset.
    sent: Tight<Sent>,
    /// Who leads since a change of lead, for versions up to this one.
    led_by: Option<(u32, OrganisationCode)>,
    /// How many documents are attached.
    documents: u16,
    /// Who besides the parties reads which words.
    grants: Rare<Grant>,
    consents: Rare<Consent>,
    in_force: Tight<InForce>,
    review: Option<Box<Review>>,
    history: Tight<Step>,
    /// What events of other streams did to it.
    elsewhere: Elsewhere,
    publication: Option<Box<Publication>>,
    import: Option<Box<Import>>,
    windows: Windows,
    /// The last event that changed state, version or an open question (D9).
    moved_at: Timestamp,
    /// The last change of any kind: what follows from it alone happens at this instant.
    changed_at: Timestamp,
    // INVARIANT: the earliest instant at which time alone brings something about, or none.
    due_at: Option<Timestamp>,
}

impl Agreement {
    /// The key of its stream.
    pub const fn id(&self) -> AgreementId {
        self.id
    }

    /// Its human reference.
    pub const fn reference(&self) -> Reference {
        self.reference
    }

    /// When it was filed.
    pub const fn filed_at(&self) -> Timestamp {
        self.filed_at
    }

    /// The organisation whose officer filed it.
    pub const fn filed_by(&self) -> OrganisationCode {
        self.filed_by
    }

    /// The person who filed it, and who therefore triages, advises, approves and executes nothing in it.
    pub const fn filer(&self) -> PersonId {
        self.filer
    }

    /// The organisation that asks.
    pub const fn requesting_organisation(&self) -> OrganisationCode {
        self.requesting
    }

    /// How many events its stream has.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The revision just after its last barrier event (wire.md 2.4).
    pub const fn barrier(&self) -> u64 {
        self.barrier
    }

    /// The agreement as it stands at an instant: what time alone brings about is applied.
    ///
    /// The instant may lie in the future; one before the newest event answers as of that event.
    pub fn at(&self, instant: Timestamp) -> Cow<'_, Self> {
        if !self.is_due(instant) {
            return Cow::Borrowed(self);
        }
        let mut later = self.clone();
        later.settle(instant);
        Cow::Owned(later)
    }

    /// The same of one that need not stay as it is.
    #[must_use]
    pub fn into_at(mut self, instant: Timestamp) -> Self {
        if self.is_due(instant) {
            self.settle(instant);
        }
        self
    }

    /// Whether time alone has brought something about by an instant that is not applied yet.
    fn is_due(&self, instant: Timestamp) -> bool {
        self.due_at.is_some_and(|due| due <= instant)
    }

    /// Where it stands, with what the stage carries.
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// The name of its stage.
    pub const fn name(&self) -> StageName {
        self.stage.name()
    }

    /// The stage in which it stood at an instant that has passed; none before it was filed.
    pub fn name_at(&self, instant: Timestamp) -> Option<StageName> {
        self.history.iter().rev().find(|step| step.at <= instant).map(|step| step.to)
    }

    /// Every change of stage, in order, with what brought it about.
    pub fn history(&self) -> &[Step] {
        &self.history
    }

    /// When it first came into force (I45).
    pub fn first_in_force_at(&self) -> Option<Timestamp> {
        self.history.iter().find(|step| step.to == StageName::Active).map(|step| step.at)
    }

    /// The last event that changed state, version or an open question: before an agreement is in force, quiet time
    /// is counted from it (D9).
    pub const fn moved_at(&self) -> Timestamp {
        self.moved_at
    }

    /// The windows of the policy under which it was filed.
    pub const fn windows(&self) -> Windows {
        self.windows
    }

    /// When time alone next changes something, as things stand.
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// Every draft so far, in order.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// Holds only once what the newest draft says as others do: the lists and policies in force.
    pub(crate) fn share(&mut self, reference: Option<&ReferenceSet>) {
        if let (Some(newest), Some(reference)) = (self.versions.last_mut(), reference) {
            newest.share(reference);
        }
    }

    /// A draft by its number.
    pub fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// The version that matters now: in force, or last in force; before that frozen for signing, or under discussion.
    ///
    /// # Panics
    ///
    /// Never: an agreement begins with a version and keeps each.
    pub fn current(&self) -> &Version {
        let number = self
            .stage
            .force()
            .map(|force| force.version)
            .or_else(|| self.stage.signing().map(|signing| signing.version))
            .or_else(|| self.in_force.last().map(|last| last.version))
            .unwrap_or(self.draft);
        let found = self.version(number).or_else(|| self.versions.first());
        assert!(found.is_some(), "an agreement begins with a version");
        found.unwrap_or_else(|| unreachable!("asserted above"))
    }

    /// The header of the current version.
    pub fn header(&self) -> &Header {
        &self.current().header
    }

    /// The header of the draft that is submitted next: of an open amendment, or of the current version.
    pub(crate) fn draft_header(&self) -> &Header {
        let amendment = self.amendment().and_then(|amendment| self.version(amendment.version));
        &amendment.unwrap_or_else(|| self.current()).header
    }

    /// The parties, in the order of the header; those who joined later follow.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// One party.
    pub fn party(&self, organisation: OrganisationCode) -> Option<&Party> {
        self.parties.iter().find(|party| party.organisation == organisation)
    }

    /// The row of a party in the current version, or its own.
    pub fn row(&self, organisation: OrganisationCode) -> Option<&PartyRow> {
        self.party(organisation)?.row(self.header())
    }

    /// Every signature, whether or not it counts.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Every question, open or answered.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Open questions.
    pub fn open_questions(&self) -> impl Iterator<Item = &Question> {
        self.questions.iter().filter(|question| !question.answered)
    }

    /// Open grounds of suspension.
    pub fn grounds(&self) -> &[Ground] {
        &self.grounds
    }

    /// The versions that came into force, in order.
    pub fn in_force(&self) -> &[InForce] {
        &self.in_force
    }

    /// The newest review, if there was one.
    pub fn review(&self) -> Option<&Review> {
        self.review.as_deref()
    }

    /// Consents to end it.
    pub fn consents(&self) -> &[Consent] {
        &self.consents
    }

    /// Duties to destroy or return that are not discharged.
    pub fn duties(&self) -> &[Duty] {
        &self.duties
    }

    /// The newest decision on what of the words everybody may read; none before the first.
    pub fn publication(&self) -> Option<&Publication> {
        self.publication.as_deref()
    }

    /// Whether it has two parties, for ever.
    pub fn is_bilateral(&self) -> bool {
        self.standing_parties() == 2 && self.header().formation != Formation::Accession
    }

    /// How many parties there are, those left out in whose place others stand.
    pub(crate) fn standing_parties(&self) -> usize {
        self.parties.iter().filter(|party| party.state != PartyState::Succeeded && !party.joins).count()
    }

    /// The version that a party must sign now, if it must.
    pub fn to_sign(&self, party: &Party) -> Option<u32> {
        if self.is_acceding(party) {
            let signing = matches!(party.state, PartyState::Invited | PartyState::Signing)
                && !matches!(self.stage, Stage::Suspended(_));
            return signing.then(|| self.current().number);
        }
        if let Track::Approving { amendment, .. } = self.track() {
            return (party.joins || amending::adopts(party)).then_some(amendment.version);
        }
        let signing = matches!(party.state, PartyState::Invited | PartyState::Signing);
        match &self.stage {
            Stage::Approving(frozen) if signing => Some(frozen.version),
            Stage::Approving(_)
            | Stage::Filed
            | Stage::Clarifying { .. }
            | Stage::Negotiating { .. }
            | Stage::Approved { .. }
            | Stage::Active(_)
            | Stage::Suspended(_)
            | Stage::Ending(_)
            | Stage::Closed { .. }
            | Stage::Refused { .. }
            | Stage::Withdrawn { .. }
            | Stage::Lapsed { .. } => None,
        }
    }

    /// The signatures that a party still owes, in the order in which they may be given.
    pub fn missing_signatures(&self, organisation: OrganisationCode) -> Vec<RequiredRole> {
        let Some(party) = self.party(organisation) else {
            return Vec::new();
        };
        self.to_sign(party).map(|version| self.missing(party, version)).unwrap_or_default()
    }

    fn party_mut(&mut self, organisation: OrganisationCode) -> Option<&mut Party> {
        self.parties.iter_mut().find(|party| party.organisation == organisation)
    }

    /// Goes to another stage, and remembers why.
    fn go(&mut self, stage: Stage, at: Timestamp, origin: Origin) {
        let from = self.stage.name();
        let to = stage.name();
        self.stage = stage;
        if from != to {
            self.history.push(Step { at, from, to, origin });
        }
    }
}
