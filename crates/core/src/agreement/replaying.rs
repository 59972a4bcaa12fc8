//! An agreement takes in what happened. Evolving never refuses.

use crate::agreement::filing::Beginning;
use crate::agreement::{Agreement, Origin, Outside, PartyState, Reference};
use crate::event::Event;
use crate::event::data::Data;
use crate::header::{Formation, SignatureKind};
use crate::ids::Stream;
use crate::policy::Windows;
use crate::time::Timestamp;

impl Origin {
    /// That an event brought a change about.
    pub(crate) fn of(event: &Event) -> Self {
        let signer = event.principal();
        Self::Event {
            id: event.id,
            event_type: event.event_type(),
            organisation: signer.organisation,
            role: signer.role,
        }
    }
}

impl Agreement {
    /// Begins an agreement from the first event of its stream; none from any other event.
    ///
    /// `windows` are those of the policy in force when it was recorded, `reference` the number that it got.
    pub fn begun(event: &Event, at: Timestamp, reference: Reference, windows: Windows) -> Option<Self> {
        let Stream::Agreement(id) = event.stream else {
            return None;
        };
        let begins = Beginning { id, at, reference, windows };
        let mut agreement = if let Data::RequestFiled(data) = &event.data {
            Self::filed(begins, event, data)
        } else if let Data::AgreementImported(data) = &event.data {
            Self::imported(begins, event, data)
        } else if let Data::EmergencySharingRecorded(data) = &event.data {
            Self::emergency_recorded(begins, event, data)
        } else {
            return None;
        };
        agreement.settle(at);
        Some(agreement)
    }

    /// Takes in a later event of its stream: first what time brought about up to it, then the event.
    pub fn evolve(&mut self, event: &Event, at: Timestamp) {
        if self.is_due(at) {
            self.settle(at);
        }
        let stage = self.name();
        let bars = self.bars(event);
        self.apply(event, at);
        self.weigh_amendment(at);
        self.weigh_advice(at);
        self.revision += 1;
        if bars {
            self.barrier = self.revision;
        }
        if self.name() != stage {
            self.moved_at = at;
        }
        self.changed_at = at;
        self.settle(at);
    }

    /// Rebuilds an agreement from its own entries, each with its index, and from what the first `size` entries
    /// of other streams did to it: what it was as of that size of the log. None if the entries do not begin
    /// with its first event.
    pub fn replayed<'a>(
        events: impl IntoIterator<Item = (u64, &'a Event, Timestamp)>,
        outside: &[Outside],
        size: u64,
        reference: Reference,
        windows: Windows,
    ) -> Option<Self> {
        let mut agreement: Option<Self> = None;
        let mut outside = outside.iter().take_while(|outside| outside.index < size).peekable();
        for (index, event, at) in events.into_iter().filter(|(index, ..)| *index < size) {
            match &mut agreement {
                None => agreement = Self::begun(event, at, reference, windows),
                Some(agreement) => {
                    while let Some(earlier) = outside.next_if(|outside| outside.index < index) {
                        agreement.touch(earlier.clone());
                    }
                    agreement.evolve(event, at);
                }
            }
        }
        for later in outside {
            if let Some(agreement) = &mut agreement {
                agreement.touch(later.clone());
            }
        }
        agreement
    }

    /// Whether an event changes what others sign or answer (wire.md 2.4).
    fn bars(&self, event: &Event) -> bool {
        match &event.data {
            Data::RequestFiled(_)
            | Data::CounterProposalMade(_)
            | Data::CounterProposalAccepted(_)
            | Data::CounterProposalRejected(_)
            | Data::TermsSubmitted(_)
            | Data::AmendmentProposed(_)
            | Data::AmendmentAbandoned(_)
            | Data::RequestRefused(_)
            | Data::RequestWithdrawn(_)
            | Data::AgreementImported(_)
            | Data::EmergencySharingRecorded(_) => true,
            Data::PartyInvited(_) => self.header().formation == Formation::All,
            Data::ClarificationProvided(data) => data.header.is_some(),
            Data::ApprovalDeclined(data) => self.decline_bars(data, event.principal().organisation),
            super::other_streams!(ReviewCompleted RequestTriaged ClarificationRequested RevocationRescinded TerminationConsented AdviceGiven ApprovalGiven ExecutionSigned ApprovalWithdrawn
                AgreementSuspended AgreementResumed RevocationNoticed PublicationDecided NoteRecorded DisclosureLogged IncidentNoted IncidentUpdated DestructionCertified RetentionHoldPlaced RetentionHoldReleased
                DocumentAttached ImportConfirmed ImportDisputed AccessionRequested LeadChanged Corrected ContestResolved SuccessionConfirmed AccessGranted AccessEnded DisclosureErased) => {
                false
            }
        }
    }

    fn apply(&mut self, event: &Event, at: Timestamp) {
        match &event.data {
            Data::RequestTriaged(data) => self.triaged(event, data, at),
            Data::ClarificationRequested(data) => self.question_asked(event, data, at),
            Data::ClarificationProvided(data) => self.question_answered(event, data, at),
            Data::CounterProposalMade(data) => self.countered(event, data, at),
            Data::CounterProposalAccepted(_) => self.counter_answered(event, true, at),
            Data::CounterProposalRejected(_) => self.counter_answered(event, false, at),
            Data::TermsSubmitted(data) => self.submitted(event, data, at),
            Data::AdviceGiven(data) => self.signed(event, SignatureKind::Advice, &data.version_hash, &[], at),
            Data::ApprovalGiven(data) => {
                self.signed(event, SignatureKind::Approval, &data.version_hash, &data.datasets, at);
            }
            Data::ExecutionSigned(data) => self.signed(event, SignatureKind::Execution, &data.version_hash, &[], at),
            Data::ApprovalDeclined(data) => self.declined(event, data, at),
            Data::ApprovalWithdrawn(data) => self.withdrawn(event, data, at),
            Data::RequestRefused(_) => self.refuse(event, at),
            Data::RequestWithdrawn(_) => self.withdraw(event, at),
            Data::AgreementSuspended(data) => self.suspended(event, data, at),
            Data::AgreementResumed(data) => self.resumed(event, data, at),
            Data::AmendmentProposed(data) => self.amended(event, data, at),
            Data::AmendmentAbandoned(_) => self.set_track(super::Track::None),
            Data::ReviewCompleted(data) => self.reviewed(event, data, at),
            Data::RevocationNoticed(data) => self.noticed(event, data, at),
            Data::RevocationRescinded(_) => self.rescinded(event),
            Data::TerminationConsented(data) => self.consented(event, data, at),
            Data::DisclosureLogged(data) => self.disclosed(event, data, at),
            Data::IncidentNoted(data) => self.incident_noted(event, data, at),
            Data::IncidentUpdated(data) => self.incident_updated(data),
            Data::DestructionCertified(data) => self.certified(event, data),
            Data::RetentionHoldPlaced(data) => self.hold_placed(event, data, at),
            Data::RetentionHoldReleased(data) => self.hold_released(data, at),
            Data::SuccessionConfirmed(data) => self.succession_confirmed(event, data, at),
            Data::PublicationDecided(data) => self.publication_decided(event, data),
            Data::DocumentAttached(_) => self.documents = self.documents.saturating_add(1),
            Data::ImportConfirmed(_) => self.import_confirmed(event, at),
            Data::ImportDisputed(_) => self.import_disputed(event, at),
            Data::PartyInvited(data) => self.joins(&data.row, PartyState::Invited),
            Data::AccessionRequested(data) => self.joins(&data.row, PartyState::Requested),
            Data::LeadChanged(data) => self.lead_changed(data),
            Data::AccessGranted(data) => self.access_granted(event, data, at),
            Data::AccessEnded(data) => self.access_ended(data),
            // The first event made the agreement; a note changes nothing; contests are told by their own set, and
            // what becomes of words by the state.
            super::other_streams!(RequestFiled AgreementImported EmergencySharingRecorded NoteRecorded Corrected ContestResolved DisclosureErased) =>
                {}
        }
    }
}
