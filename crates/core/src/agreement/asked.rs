//! An event put before an agreement: what the log rules may read of it, in the order of their codes.
//!
//! R (who may sign this), then the table, E08 of what a header holds together, then D and G. The families answer; this
//! file only asks them.

use crate::agreement::party::Asked;
use crate::agreement::table::{Cell, Code, cell};
use crate::agreement::track;
use crate::agreement::{Agreement, Stage, StageName};
use crate::event::data::Data;
use crate::event::{Event, Signer};
use crate::header::SignatureKind;
use crate::ids::{AgreementId, Code as FunctionCode, OrganisationCode, Role};
use crate::london;
use crate::offices::Organisation;
use crate::organisation::Governance;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::{Date, Timestamp};

/// An event, the agreement that it would change, and the state around both.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    /// The state after the entries before.
    pub(crate) state: &'a State,
    /// The agreement at the instant of the event, if there is one.
    pub(crate) agreement: Option<&'a Agreement>,
    /// The event.
    pub(crate) event: &'a Event,
    /// When it would be recorded.
    pub(crate) at: Timestamp,
}

/// The same, once there is an agreement.
#[derive(Clone, Copy)]
pub(crate) struct Put<'a> {
    pub(crate) state: &'a State,
    pub(crate) agreement: &'a Agreement,
    pub(crate) event: &'a Event,
    pub(crate) at: Timestamp,
}

impl<'a> Question<'a> {
    /// R: whether these hands may sign this event for this agreement. R11 is among them.
    pub(crate) fn hands(&self) -> Result<(), Refusal> {
        if let Data::RequestFiled(data) = &self.event.data {
            return super::filing::hands_of_request(self, data);
        }
        if let Data::AgreementImported(data) = &self.event.data {
            return super::importing::hands_of_import(self, data);
        }
        if let Data::EmergencySharingRecorded(data) = &self.event.data {
            return super::emergency::hands_of_record(self, data);
        }
        let Some(put) = self.put() else {
            // Which hands are needed cannot be told without an agreement; T01 answers.
            return Ok(());
        };
        match &self.event.data {
            Data::RequestTriaged(_) => super::filing::hands_of_triage(&put),
            Data::ClarificationRequested(_) => super::negotiating::hands_of_question(&put),
            Data::ClarificationProvided(_) => super::negotiating::hands_of_answer(&put),
            Data::CounterProposalMade(_) => super::negotiating::hands_of_counter(&put),
            Data::CounterProposalAccepted(_) | Data::CounterProposalRejected(_) => {
                super::negotiating::hands_of_reply(&put)
            }
            Data::TermsSubmitted(_) => super::signing::hands_of_submission(&put),
            Data::AdviceGiven(data) => super::signing::hands_of_advice(&put, data),
            Data::ApprovalGiven(_) => super::signing::hands_of_approval(&put),
            Data::ExecutionSigned(_) => super::signing::hands_of_execution(&put),
            Data::ApprovalDeclined(_) => super::declining::hands_of_decline(&put),
            Data::ApprovalWithdrawn(data) => super::declining::hands_of_withdrawal(&put, data),
            Data::RequestRefused(_) => super::declining::hands_of_refusal(&put),
            Data::RequestWithdrawn(_) => super::declining::hands_of_request_withdrawal(&put),
            Data::AgreementSuspended(data) => super::suspension::hands_of_suspension(&put, data),
            Data::AgreementResumed(data) => super::suspension::hands_of_resumption(&put, data),
            Data::AmendmentProposed(_) => super::amending::hands_of_proposal(&put),
            Data::AmendmentAbandoned(_) => super::amending::hands_of_abandoning(&put),
            Data::ReviewCompleted(_) => super::amending::hands_of_review(&put),
            Data::RevocationNoticed(_) => super::revocation::hands_of_notice(&put),
            Data::RevocationRescinded(_) => super::revocation::hands_of_rescinding(&put),
            Data::TerminationConsented(_) => super::revocation::hands_of_consent(&put),
            Data::DisclosureLogged(_) => super::sharing::hands_of_disclosure(&put),
            Data::IncidentNoted(_) | Data::IncidentUpdated(_) => super::incidents::hands_of_incident(&put),
            Data::DestructionCertified(data) => super::destruction::hands_of_certificate(&put, data),
            Data::RetentionHoldPlaced(_) => super::destruction::hands_of_hold(&put),
            Data::RetentionHoldReleased(data) => super::destruction::hands_of_release(&put, data),
            Data::PublicationDecided(data) => super::publication::hands_of_decision(&put, data),
            Data::DocumentAttached(_) => super::notes::hands_of_document(&put),
            Data::ContestResolved(data) => crate::contest::check_hands(self.state, self.event, data, self.at),
            Data::SuccessionConfirmed(_) => super::succession::hands_of_confirmation(&put),
            Data::NoteRecorded(_) => super::notes::hands_of_note(&put),
            Data::ImportConfirmed(_) => super::importing::hands_of_confirmation(&put),
            Data::ImportDisputed(_) => super::importing::hands_of_dispute(&put),
            Data::PartyInvited(_) => super::joining::hands_of_invitation(&put),
            Data::AccessionRequested(data) => super::joining::hands_of_accession(&put, &data.row),
            Data::LeadChanged(data) => super::joining::hands_of_lead(&put, data),
            Data::Corrected(data) => super::notes::hands_of_correction(&put, data),
            Data::AccessGranted(data) => super::access::hands_of_grant(&put, data),
            Data::AccessEnded(data) => super::access::hands_of_end(&put, data),
            Data::DisclosureErased(data) => crate::erasure::check_hands(self.state, self.event, data, self.at),
            // A first event is answered above.
            other_streams!(RequestFiled AgreementImported EmergencySharingRecorded) => Ok(()),
        }
    }

    /// R01 and R03: a role or a delegation for some functions covers an agreement about one of them.
    pub(crate) fn scope(&self) -> Result<(), Refusal> {
        self.put().map_or(Ok(()), |put| put.event.signers.iter().try_for_each(|signer| put.covers(signer)))
    }

    /// T: what the stage says.
    pub(crate) fn table(&self, id: AgreementId) -> Result<(), Refusal> {
        let stage = self.agreement.map_or(StageName::None, Agreement::name);
        let Some(found) = cell(self.event.event_type(), stage) else {
            return Ok(());
        };
        if let (Some(agreement), Data::ClarificationProvided(data)) = (self.agreement, &self.event.data)
            && data.header.is_some()
            && !matches!(stage, StageName::Clarifying)
            && agreement.open_question(data.question).is_some()
        {
            // Terms that are frozen change only when a party returns them.
            return Err(agreement.refused(Code::T09, self.event));
        }
        if let Some(code) = self.agreement.and_then(|a| super::joining::fixed(a, &self.event.data)) {
            return Err(self.refused(code, id));
        }
        // Whoever joins signs the version in force, and so does who replaces a signature in doubt, whatever an
        // amendment waits for.
        let beside = self.put().is_some_and(|put| put.accedes() || put.replaces());
        let track = self.agreement.filter(|_| !beside).and_then(|a| track::cell(self.event.event_type(), a.track()));
        let found = track.unwrap_or(found);
        match found {
            Cell::Go => self.passed(),
            Cell::No(code) => Err(self.refused(code, id)),
            Cell::If(code) => match self.put() {
                Some(put) if put.condition() => Ok(()),
                Some(_) | None => Err(self.refused(code, id)),
            },
        }
    }

    /// What is asked where the table lets an event pass. T10: no question is open that concerns whoever submits or
    /// executes.
    fn passed(&self) -> Result<(), Refusal> {
        let Some(put) = self.put() else {
            return Ok(());
        };
        let agreement = put.agreement;
        let stopped = if let Data::CounterProposalMade(_) = &self.event.data {
            return super::negotiating::others_draft(&put);
        } else if let Data::TermsSubmitted(_) = &self.event.data {
            agreement.open_questions().next().is_some()
        } else if let Data::ExecutionSigned(_) = &self.event.data {
            agreement.questions_block(put.organisation())
        } else {
            false
        };
        if stopped { Err(agreement.questions_open()) } else { Ok(()) }
    }

    /// D: separation of duties.
    pub(crate) fn duties(&self) -> Result<(), Refusal> {
        if let Data::ContestResolved(data) = &self.event.data {
            return crate::contest::check_duties(self.state, self.event, data);
        }
        self.put().map_or(Ok(()), |put| super::separation::check(&put))
    }

    /// G: the guards.
    pub(crate) fn guards(&self) -> Result<(), Refusal> {
        if let Data::AgreementImported(data) = &self.event.data {
            return super::importing::guards_of_import(self, data);
        }
        if let Data::EmergencySharingRecorded(data) = &self.event.data {
            return super::emergency::guards_of_record(self, data);
        }
        let Some(put) = self.put() else {
            return Ok(());
        };
        match &self.event.data {
            Data::RequestTriaged(_) => super::filing::guards_of_triage(&put),
            Data::ClarificationRequested(data) => super::negotiating::guards_of_question(&put, data),
            Data::ClarificationProvided(data) => super::negotiating::guards_of_answer(&put, data),
            Data::CounterProposalMade(data) => super::negotiating::guards_of_counter(data),
            Data::CounterProposalAccepted(data) => super::negotiating::guards_of_reply(&put, &data.version_hash),
            Data::CounterProposalRejected(data) => super::negotiating::guards_of_reply(&put, &data.version_hash),
            Data::TermsSubmitted(data) => super::signing::guards_of_submission(&put, data),
            Data::AdviceGiven(data) => super::signing::guards_of_advice(&put, data),
            Data::ApprovalGiven(data) => super::signing::guards_of_approval(&put, data),
            Data::ExecutionSigned(data) => super::signing::guards_of_execution(&put, data),
            Data::ApprovalDeclined(data) => super::declining::guards_of_decline(&put, data),
            Data::ApprovalWithdrawn(data) => super::declining::guards_of_withdrawal(&put, data),
            Data::AgreementSuspended(data) => super::suspension::guards_of_suspension(&put, data),
            Data::AgreementResumed(data) => super::suspension::guards_of_resumption(&put, data),
            Data::AmendmentProposed(data) => super::amending::guards_of_proposal(&put, data),
            Data::ReviewCompleted(data) => super::amending::guards_of_review(&put, data),
            Data::RevocationNoticed(data) => super::revocation::guards_of_notice(&put, data),
            Data::RevocationRescinded(data) => super::revocation::guards_of_rescinding(&put, data),
            Data::TerminationConsented(data) => super::revocation::guards_of_consent(&put, data),
            Data::DisclosureLogged(data) => super::sharing::guards_of_disclosure(&put, data),
            Data::IncidentNoted(_) => super::incidents::guards_of_incident(&put),
            Data::IncidentUpdated(data) => super::incidents::guards_of_update(&put, data),
            Data::DestructionCertified(data) => super::destruction::guards_of_certificate(&put, data),
            Data::RetentionHoldPlaced(_) => super::destruction::guards_of_hold(&put),
            Data::RetentionHoldReleased(data) => super::destruction::guards_of_release(&put, data),
            Data::DocumentAttached(_) => super::notes::guards_of_document(&put),
            Data::ContestResolved(data) => crate::contest::check_guards(self.state, self.event, data),
            Data::SuccessionConfirmed(data) => super::succession::guards_of_confirmation(&put, data),
            Data::ImportConfirmed(data) => super::importing::guards_of_confirmation(&put, data),
            Data::ImportDisputed(data) => super::importing::guards_of_dispute(&put, data),
            Data::PartyInvited(data) => super::joining::guards_of_row(&put, &data.row, Asked::Invited),
            Data::AccessionRequested(data) => super::joining::guards_of_row(&put, &data.row, Asked::Join),
            Data::LeadChanged(data) => super::joining::guards_of_lead(&put, data),
            Data::Corrected(data) => super::notes::guards_of_correction(&put, data),
            Data::AccessGranted(data) => super::access::guards_of_grant(&put, data),
            Data::AccessEnded(data) => super::access::guards_of_end(&put, data),
            Data::DisclosureErased(data) => crate::erasure::check_guards(self.state, self.event, data, self.at),
            // A first event is answered above.
            other_streams!(RequestFiled AgreementImported EmergencySharingRecorded RequestRefused RequestWithdrawn AmendmentAbandoned PublicationDecided NoteRecorded) => {
                Ok(())
            }
        }
    }

    pub(super) fn put(&self) -> Option<Put<'a>> {
        let agreement = self.agreement?;
        Some(Put { state: self.state, agreement, event: self.event, at: self.at })
    }

    /// The refusal of a code of the table, filled in.
    fn refused(&self, code: Code, id: AgreementId) -> Refusal {
        let Some(agreement) = self.agreement else {
            return Refusal::AgreementUnknown { id };
        };
        agreement.refused(code, self.event)
    }
}

impl Question<'_> {
    /// Which role stands in for another, in a body of governance LIGHT.
    pub(crate) fn stand_in(&self, organisation: OrganisationCode, role: Role) -> Option<Role> {
        stand_in(self.state, organisation, role)
    }

    /// The day on which an organisation was first registered.
    pub(crate) fn registered_on(&self, organisation: OrganisationCode) -> Option<Date> {
        // Every registration makes its chief's appointment, and appointments are kept in order.
        self.state.organisations.get(&organisation)?.appointments.first().map(|chief| chief.valid_from)
    }
}

/// Whether a signer acts in a role: their own, or in a small body the one that stands in for it.
pub(crate) fn acts_as(state: &State, signer: &Signer, role: Role) -> bool {
    signer.role == role || stand_in(state, signer.organisation, role) == Some(signer.role)
}

fn stand_in(state: &State, organisation: OrganisationCode, role: Role) -> Option<Role> {
    let light = state.organisations.get(&organisation).is_some_and(|o| o.governance == Governance::Light);
    let policy = state.reference.as_ref().filter(|_| light)?;
    policy.roles.light.iter().find(|other| other.role == role).map(|other| other.becomes)
}

impl Put<'_> {
    /// The condition of a cell that says *if*.
    fn condition(&self) -> bool {
        // Signatures pass in force only with an amendment, an accession or a signature to replace.
        if self.accedes() {
            return !matches!(self.agreement.stage, Stage::Suspended(_));
        }
        if let Data::ApprovalGiven(_) = &self.event.data {
            self.signs_again(SignatureKind::Approval)
        } else if let Data::ExecutionSigned(_) = &self.event.data {
            self.signs_again(SignatureKind::Execution)
        } else if let Data::RequestWithdrawn(_) = &self.event.data {
            super::declining::may_withdraw_approved(self)
        } else if matches!(self.event.data, Data::CounterProposalAccepted(_) | Data::CounterProposalRejected(_)) {
            self.agreement.counter().is_some()
        } else if let Data::ClarificationProvided(data) = &self.event.data {
            self.agreement.open_question(data.question).is_some()
        } else if let Data::DestructionCertified(data) = &self.event.data {
            super::destruction::may_certify(self, data)
        } else if let Data::AgreementResumed(data) = &self.event.data {
            self.agreement.ground(data.ground).is_some()
        } else {
            false
        }
    }

    /// Whether the first signer signs or declines for a party that joins an agreement which others have formed.
    fn accedes(&self) -> bool {
        let signs =
            matches!(self.event.data, Data::ApprovalGiven(_) | Data::ExecutionSigned(_) | Data::ApprovalDeclined(_));
        signs && self.party().is_ok_and(|party| self.agreement.is_acceding(party))
    }

    /// The first signer.
    pub(crate) fn signer(&self) -> &Signer {
        self.event.principal()
    }

    /// The first signer's organisation.
    pub(crate) fn organisation(&self) -> OrganisationCode {
        self.signer().organisation
    }

    /// The party of the first signer.
    pub(crate) fn party(&self) -> Result<&super::Party, Refusal> {
        self.agreement.party(self.organisation()).ok_or_else(|| self.not_held(self.signer().role))
    }

    /// R01 for a role at the first signer's organisation.
    pub(crate) fn not_held(&self, role: Role) -> Refusal {
        Refusal::RoleNotHeld { role, organisation: self.organisation() }
    }

    /// Exactly one signer, of a party, in one of these roles.
    pub(crate) fn alone_in(&self, roles: &[Role]) -> Result<(), Refusal> {
        self.party()?;
        self.alone()?;
        if self.acts_in(self.signer(), roles) {
            Ok(())
        } else {
            Err(self.not_held(roles.first().copied().unwrap_or(self.signer().role)))
        }
    }

    /// Whether a signer's office covers the functions that the data of their party serve.
    fn covers(&self, signer: &Signer) -> Result<(), Refusal> {
        let Some(row) = self.agreement.row(signer.organisation).filter(|row| !row.functions.is_empty()) else {
            return Ok(());
        };
        let Some(body) = self.body(signer.organisation) else {
            return Ok(());
        };
        let covered =
            |functions: &[FunctionCode]| functions.is_empty() || functions.iter().any(|f| row.functions.contains(f));
        let listed = || row.functions.iter().map(FunctionCode::as_str).collect::<Vec<_>>().join(", ");
        if let Some(delegation) = signer.delegation {
            let fits = body.delegation(delegation).is_some_and(|delegation| covered(&delegation.functions));
            let problem = || format!("does not cover {}", listed());
            return if fits { Ok(()) } else { Err(Refusal::NoDelegation { role: signer.role, problem: problem() }) };
        }
        let mut held = body.appointments.of(signer.person).filter(|a| a.role == signer.role);
        if held.any(|appointment| appointment.is_live(self.at) && covered(&appointment.functions)) {
            Ok(())
        } else {
            Err(Refusal::RoleNotHeld { role: signer.role, organisation: signer.organisation })
        }
    }

    /// No more than one signer.
    pub(crate) fn alone(&self) -> Result<(), Refusal> {
        match self.event.signers.get(1) {
            None => Ok(()),
            Some(spare) => Err(Refusal::RoleNotHeld { role: spare.role, organisation: spare.organisation }),
        }
    }

    /// Whether a signer acts in a role: their own, or in a small body the one that stands in for it.
    pub(crate) fn acts_as(&self, signer: &Signer, role: Role) -> bool {
        acts_as(self.state, signer, role)
    }

    /// Whether a signer acts in one of these roles. Mostly it is their own.
    pub(crate) fn acts_in(&self, signer: &Signer, roles: &[Role]) -> bool {
        roles.contains(&signer.role) || roles.iter().any(|role| self.acts_as(signer, *role))
    }

    /// Which role stands in for another, in a body of governance LIGHT.
    pub(crate) fn stand_in(&self, organisation: OrganisationCode, role: Role) -> Option<Role> {
        stand_in(self.state, organisation, role)
    }

    /// The record of an organisation.
    pub(crate) fn body(&self, organisation: OrganisationCode) -> Option<&Organisation> {
        self.state.organisations.get(&organisation)
    }
}

impl Agreement {
    /// The refusal of a code of the table, filled in.
    pub(crate) fn refused(&self, code: Code, event: &Event) -> Refusal {
        let id = self.reference.to_string();
        let state = self.name().words().to_owned();
        match code {
            Code::T01 => Refusal::AgreementUnknown { id: self.id },
            Code::T02 => Refusal::AlreadyFiled { id, on: london::date_of(self.filed_at), organisation: self.filed_by },
            Code::T03 => Refusal::NotOpenForApproval { version: self.draft },
            Code::T04 => Refusal::NotInForce { id, state, action: action_of(event).to_owned() },
            Code::T05 => Refusal::AlreadyAgreed { id, state },
            Code::T06 => {
                let (on, reason) = self.ended();
                Refusal::Ended { id, on, reason }
            }
            Code::T07 => Refusal::FinalOutcome { id, outcome: state, on: london::date_of(self.since()) },
            Code::T08 => Refusal::IsSuspended {
                id,
                on: london::date_of(self.since()),
                ground: self.grounds.first().map_or_else(String::new, |ground| ground.code.to_string()),
            },
            Code::T09 => Refusal::LockedForApproval { version: self.frozen() },
            Code::T10 => self.questions_open(),
            Code::T11 => {
                if let Data::ClarificationProvided(data) = &event.data {
                    Refusal::NoSuchQuestion { question: data.question }
                } else {
                    Refusal::NoSuchQuestion { question: event.id }
                }
            }
            Code::T13 => Refusal::NoCounter,
            Code::T12 => Refusal::CounterWaiting { organisation: self.counter_by() },
            Code::T14 => Refusal::NoAmendmentOpen,
            Code::T15 => Refusal::AmendmentOpen { version: self.frozen() },
            Code::T16 => Refusal::UseRevocation,
            Code::T17 => Refusal::UseApprovalWithdrawal,
            Code::T18 => Refusal::Closed { id, on: london::date_of(self.since()) },
            Code::T19 => Refusal::NotSuspended,
            Code::T20 => Refusal::NothingToDestroy {
                organisation: event.principal().organisation,
                reason: format!("the agreement is {state}, and nothing that it names is owed"),
            },
            Code::T21 => Refusal::UseDecline,
        }
    }

    /// T10, with the questions that are open.
    pub(crate) fn questions_open(&self) -> Refusal {
        let open: Vec<String> = self.open_questions().map(|question| question.event.to_string()).collect();
        Refusal::QuestionsOpen { count: open.len(), list: open.join(", ") }
    }

    /// Since when it stands in its stage.
    pub fn since(&self) -> Timestamp {
        self.history.last().map_or(self.filed_at, |step| step.at)
    }

    fn ended(&self) -> (Date, String) {
        match self.stage.end() {
            Some(end) => (london::date_of(end.at), end.reason.words().to_owned()),
            None => (london::date_of(self.since()), self.name().words().to_owned()),
        }
    }

    /// The version that people sign now.
    fn frozen(&self) -> u32 {
        let amendment = self.stage.force().and_then(|force| force.amendment.version());
        amendment.or_else(|| self.stage.signing().map(|signing| signing.version)).unwrap_or(self.draft)
    }

    fn counter_by(&self) -> OrganisationCode {
        self.versions.last().map_or(self.requesting, |version| version.by)
    }
}

/// What the officer wanted to do, for messages.
fn action_of(event: &Event) -> &'static str {
    if let Data::AgreementSuspended(_) = &event.data {
        "suspend it"
    } else if let Data::AgreementResumed(_) = &event.data {
        "resume it"
    } else if let Data::RevocationNoticed(_) = &event.data {
        "give notice"
    } else if let Data::RevocationRescinded(_) = &event.data {
        "take back a notice"
    } else if let Data::TerminationConsented(_) = &event.data {
        "agree to end it"
    } else if let Data::DisclosureLogged(_) = &event.data {
        "send data under it"
    } else if let Data::DestructionCertified(_) = &event.data {
        "certify destruction"
    } else if let Data::RetentionHoldPlaced(_) | Data::RetentionHoldReleased(_) = &event.data {
        "hold data, or let go of a hold,"
    } else if let Data::IncidentNoted(_) | Data::IncidentUpdated(_) = &event.data {
        "note an incident"
    } else {
        "do that"
    }
}
