//! Who must act next, by organisation and role.

use crate::agreement::signing::provides;
use crate::agreement::{Agreement, Party, PartyState, Stage, Track};
use crate::header::{Formation, RequiredRole, SignatureKind};
use crate::ids::{OrganisationCode, Role, codes};

codes! {
    /// What somebody is waited for.
    Task {
        /// Accept the request for assessment, or send it back.
        Triage = "TRIAGE",
        /// Answer a question.
        Answer = "ANSWER",
        /// Accept or reject a counter-proposal.
        AnswerCounter = "ANSWER_COUNTER",
        /// Submit the terms for signing.
        Submit = "SUBMIT",
        /// Advise on the version.
        Advise = "ADVISE",
        /// Approve the version.
        Approve = "APPROVE",
        /// Execute the version.
        Execute = "EXECUTE",
        /// Close a ground of suspension.
        Resume = "RESUME",
        /// Certify that data were destroyed or returned.
        Certify = "CERTIFY",
        /// Invite a body that asks to join.
        Invite = "INVITE",
        /// Confirm or dispute an import.
        Confirm = "CONFIRM",
        /// Stand by contested signatures, or disown them.
        ResolveContest = "RESOLVE_CONTEST",
        /// Confirm an agreement that came from another body.
        ConfirmSuccession = "CONFIRM_SUCCESSION",
    }
}

/// One who must act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Next {
    /// Whose officer.
    pub organisation: OrganisationCode,
    /// In which role.
    pub role: Role,
    /// What is waited for.
    pub task: Task,
}

impl Agreement {
    /// Who must act next, so that the agreement moves: nobody when only time is waited for, or it is over.
    pub fn who_must_act_next(&self) -> Vec<Next> {
        let mut next = match &self.stage {
            Stage::Filed => self.next_of_request(),
            Stage::Clarifying { .. } => self.next_of_questions().collect(),
            Stage::Negotiating { .. } => {
                vec![Next { organisation: self.answers_counter(), role: Role::Igl, task: Task::AnswerCounter }]
            }
            // An open question blocks executions, so whoever is asked is waited for as well.
            Stage::Approving(_) => self.next_of_signing().into_iter().chain(self.next_of_questions()).collect(),
            Stage::Suspended(_) => {
                let by_hand = self.grounds.iter().filter(|ground| ground.derived.is_none());
                let whole = by_hand.map(|ground| ground.by);
                whole.map(|organisation| Next { organisation, role: Role::Siro, task: Task::Resume }).collect()
            }
            Stage::Ending(_) => {
                let owed = self.duties.iter().map(|duty| duty.organisation);
                owed.map(|organisation| Next { organisation, role: Role::Iao, task: Task::Certify }).collect()
            }
            Stage::Approved { .. }
            | Stage::Active(_)
            | Stage::Closed { .. }
            | Stage::Refused { .. }
            | Stage::Withdrawn { .. }
            | Stage::Lapsed { .. } => Vec::new(),
        };
        next.extend(self.next_of_amendment());
        next.extend(self.next_of_joining());
        let advice = self.without_advice();
        next.extend(advice.map(|organisation| Next { organisation, role: Role::Dpo, task: Task::Advise }));
        let unconfirmed = self.parties.iter().filter(|party| party.state == PartyState::Imported);
        next.extend(unconfirmed.map(|party| Next {
            organisation: party.organisation,
            role: Role::Sig,
            task: Task::Confirm,
        }));
        if !self.name().is_final() {
            next.extend(self.next_of_contest());
            next.extend(self.next_of_succession());
        }
        next.sort_unstable();
        next.dedup();
        next
    }

    fn next_of_questions(&self) -> impl Iterator<Item = Next> {
        let asked = self.open_questions().map(|question| question.to);
        asked.map(|organisation| Next { organisation, role: Role::Igl, task: Task::Answer })
    }

    /// While an amendment is open: who answers, submits or signs it.
    fn next_of_amendment(&self) -> Vec<Next> {
        match self.track() {
            Track::None | Track::Pending { .. } => Vec::new(),
            Track::Proposed { counter: Some(_), .. } => {
                vec![Next { organisation: self.answers_counter(), role: Role::Igl, task: Task::AnswerCounter }]
            }
            Track::Proposed { counter: None, .. } => {
                let answers: Vec<Next> = self.next_of_questions().collect();
                if answers.is_empty() {
                    vec![Next { organisation: self.lead(), role: Role::Igl, task: Task::Submit }]
                } else {
                    answers
                }
            }
            Track::Approving { .. } => self.next_of_signing().into_iter().chain(self.next_of_questions()).collect(),
        }
    }

    /// Bodies that join one by one after others have formed the agreement.
    fn next_of_joining(&self) -> Vec<Next> {
        let asks = |party: &&Party| party.state == PartyState::Requested;
        let waiting = self.parties.iter().filter(asks).map(|_| Next {
            organisation: self.lead(),
            role: Role::Igl,
            task: Task::Invite,
        });
        let signing = matches!(self.stage, Stage::Approved { .. } | Stage::Active(_))
            && !matches!(self.track(), Track::Approving { .. });
        let joining = if signing { self.next_of_signing() } else { Vec::new() };
        waiting.chain(joining).collect()
    }

    fn next_of_request(&self) -> Vec<Next> {
        if self.check_triage().is_ok() {
            let organisation = self.lead();
            return vec![Next { organisation, role: Role::Igl, task: Task::Submit }];
        }
        let header = self.header();
        let waited = self.parties.iter().filter(|party| {
            let provider = header.datasets.iter().any(|row| provides(header, row, party));
            party.accepted.is_none() && (provider || header.formation == Formation::Accession)
        });
        waited.map(|party| Next { organisation: party.organisation, role: Role::Igl, task: Task::Triage }).collect()
    }

    /// Of each party the signatures that may be given now: advice, then approvals, then the execution.
    fn next_of_signing(&self) -> Vec<Next> {
        let mut next = Vec::new();
        for party in &self.parties {
            let missing = self.missing_signatures(party.organisation);
            let Some(kind) = missing.iter().map(|required| required.kind).min() else {
                continue;
            };
            let now = missing.iter().filter(|required| required.kind == kind);
            next.extend(now.map(|required| task_of(party.organisation, *required)));
        }
        next
    }

    /// Who answers the counter-proposal that waits (A06).
    pub(crate) fn answers_counter(&self) -> OrganisationCode {
        // While it waits an answer may have brought other terms: they are nobody's counter-proposal.
        let waiting = self.outstanding().and_then(|number| self.version(number));
        let by = waiting.or(self.versions.last()).map(|version| version.by);
        if let Some(amendment) = self.amendment()
            && by != Some(amendment.by)
        {
            return amendment.by;
        }
        if by != Some(self.requesting) {
            return self.requesting;
        }
        let header = self.header();
        let first = header.datasets.first();
        self.parties
            .iter()
            .find(|party| {
                party.organisation != self.requesting && first.is_some_and(|row| provides(header, row, party))
            })
            .map(|party| party.organisation)
            .or_else(|| self.parties.iter().map(|party| party.organisation).find(|code| *code != self.requesting))
            .unwrap_or(self.requesting)
    }
}

const fn task_of(organisation: OrganisationCode, required: RequiredRole) -> Next {
    let task = match required.kind {
        SignatureKind::Advice => Task::Advise,
        SignatureKind::Approval => Task::Approve,
        SignatureKind::Execution => Task::Execute,
    };
    Next { organisation, role: required.role, task }
}
