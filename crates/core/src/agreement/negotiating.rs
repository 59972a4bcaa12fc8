//! A03 to A07: questions and answers, counter-proposals and what becomes of them.

use std::sync::Arc;

use crate::agreement::asked::Put;
use crate::agreement::filing::hash_of;
use crate::agreement::{Agreement, Origin, Party, Question, Stage, Track, Version};
use crate::commitment::Commitment;
use crate::event::Event;
use crate::event::data::{AmendmentClass, ClarificationProvided, ClarificationRequested, CounterProposalMade};
use crate::header::{Formation, Header};
use crate::ids::{EventId, OrganisationCode, Role};
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::wire::Digest;

/// Questions that may be open in one agreement (A03).
const OPEN_MAX: usize = 50;

/// Questions that one party may keep open where every question blocks all (amendments.md).
const OPEN_OF_PARTY_MAX: usize = 5;

/// Who asks: the offices that read terms.
const ASKERS: [Role; 7] = [Role::Igl, Role::Dpo, Role::Cg, Role::Siro, Role::Iao, Role::Lgl, Role::Sec];

/// Any of the offices that read terms, of any party.
pub(super) fn hands_of_question(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&ASKERS)
}

/// G03, and that somebody else who is a party is asked (G04).
pub(super) fn guards_of_question(put: &Put<'_>, data: &ClarificationRequested) -> Result<(), Refusal> {
    let own = put.organisation();
    if data.asked == own || put.agreement.party(data.asked).is_none() {
        return Err(Refusal::NobodyToAsk { organisation: data.asked });
    }
    let open = put.agreement.open_questions().count();
    let mine = put.agreement.open_questions().filter(|question| question.by == own).count();
    let blocks_all = put.agreement.header().formation != Formation::Accession;
    if open >= OPEN_MAX || (blocks_all && mine >= OPEN_OF_PARTY_MAX) {
        return Err(Refusal::TooManyQuestions { open });
    }
    Ok(())
}

/// IGL or REQ of a party.
pub(super) fn hands_of_answer(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl, Role::Req])
}

/// G04: the question was put to this organisation.
pub(super) fn guards_of_answer(put: &Put<'_>, data: &ClarificationProvided) -> Result<(), Refusal> {
    if let Some(question) = put.agreement.open_question(data.question)
        && question.to != put.organisation()
    {
        return Err(Refusal::AskedOfAnother { organisation: question.to });
    }
    Ok(())
}

/// IGL of a party.
pub(super) fn hands_of_counter(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])
}

/// R01 where the table lets it pass: the newest draft is another party's.
pub(super) fn others_draft(put: &Put<'_>) -> Result<(), Refusal> {
    let newest = put.agreement.versions.last().map(|version| version.by);
    if newest == Some(put.organisation()) { Err(put.not_held(Role::Igl)) } else { Ok(()) }
}

/// G05: it differs.
pub(super) fn guards_of_counter(data: &CounterProposalMade) -> Result<(), Refusal> {
    if data.header.changes.as_ref().is_some_and(Vec::is_empty) { Err(Refusal::IdenticalCounter) } else { Ok(()) }
}

/// IGL of the party that the counter-proposal waits for.
pub(super) fn hands_of_reply(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])?;
    let organisation = put.agreement.answers_counter();
    if put.agreement.outstanding().is_none() || put.organisation() == organisation {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role: Role::Igl, organisation })
    }
}

/// G06: the counter-proposal that waits now.
pub(super) fn guards_of_reply(put: &Put<'_>, hash: &Digest) -> Result<(), Refusal> {
    let waiting = put.agreement.counter().and_then(|number| put.agreement.version(number));
    if waiting.is_some_and(|version| version.hash == *hash) { Ok(()) } else { Err(Refusal::CounterReplaced) }
}

impl Agreement {
    /// An open question by the event that opened it.
    pub(super) fn open_question(&self, event: EventId) -> Option<&Question> {
        self.open_questions().find(|question| question.event == event)
    }

    /// The counter-proposal that waits, by its version.
    pub fn counter(&self) -> Option<u32> {
        if let Stage::Negotiating { counter } = self.stage {
            Some(counter)
        } else if let Track::Proposed { counter, .. } = self.track() {
            counter
        } else {
            None
        }
    }

    /// The same, and also while a question about it or about anything else is open.
    pub(super) fn outstanding(&self) -> Option<u32> {
        if let Stage::Clarifying { counter } = self.stage { counter } else { self.counter() }
    }

    /// The version that the terms of a new draft are compared with: the one in force or, before that, the one that
    /// the draft answers, which is a counter-proposal that waits, else the terms under discussion (wire.md 4).
    pub fn answered(&self) -> &Version {
        let waiting = self.counter().filter(|_| self.stage.force().is_none());
        waiting.and_then(|number| self.version(number)).unwrap_or_else(|| self.current())
    }

    /// A question opens. While signatures are collected it blocks executions and moves nothing else.
    pub(super) fn question_asked(&mut self, event: &Event, data: &ClarificationRequested, at: Timestamp) {
        self.ask(event.id, event.principal().organisation, data.asked, Some(data.due), at);
        let origin = Origin::of(event);
        if let Stage::Negotiating { counter } = self.stage {
            self.go(Stage::Clarifying { counter: Some(counter) }, at, origin);
        } else if self.stage == Stage::Filed {
            self.go(Stage::Clarifying { counter: None }, at, origin);
        }
    }

    /// A question is answered, perhaps with new terms; the last answer leads back.
    pub(super) fn question_answered(&mut self, event: &Event, data: &ClarificationProvided, at: Timestamp) {
        for question in self.questions.iter_mut().filter(|question| question.event == data.question) {
            question.answered = true;
        }
        self.moved_at = at;
        if let (Some(header), Some(terms)) = (&data.header, &data.terms) {
            self.draft = self.add_version(event, header, terms.commitment);
            self.follow_parties();
        }
        if let Stage::Clarifying { counter } = self.stage
            && self.open_questions().next().is_none()
        {
            let back = counter.map_or(Stage::Filed, |counter| Stage::Negotiating { counter });
            self.go(back, at, Origin::of(event));
        }
    }

    /// A counter-proposal waits, in the place of an earlier one.
    pub(super) fn countered(&mut self, event: &Event, data: &CounterProposalMade, at: Timestamp) {
        let counter = self.add_version(event, &data.header, data.terms.commitment);
        self.moved_at = at;
        if let Track::Proposed { amendment, .. } = self.track() {
            self.set_track(Track::Proposed { amendment, counter: Some(counter) });
            return;
        }
        self.go(Stage::Negotiating { counter }, at, Origin::of(event));
    }

    /// The counter-proposal replaces the terms, or is dropped.
    pub(super) fn counter_answered(&mut self, event: &Event, accepted: bool, at: Timestamp) {
        if let Track::Proposed { mut amendment, counter } = self.track() {
            if let Some(version) = counter.filter(|_| accepted) {
                amendment.version = version;
                // Whoever counters says no class, so what is agreed is signed as material.
                amendment.class = AmendmentClass::Material;
            }
            self.set_track(Track::Proposed { amendment, counter: None });
            self.follow_amendment();
            return;
        }
        if let Some(counter) = self.counter().filter(|_| accepted) {
            self.draft = counter;
            self.follow_parties();
        }
        self.go(Stage::Filed, at, Origin::of(event));
    }

    /// Adds a draft; gives its number.
    pub(super) fn add_version(&mut self, event: &Event, header: &Header, terms: Commitment) -> u32 {
        let number = self.versions.last().map_or(1, |version| version.number + 1);
        self.versions.push(Version {
            number,
            hash: hash_of(event, header, Some(terms), number),
            header: Arc::new(header.clone()),
            as_signed: None,
            event: event.id,
            by: event.principal().organisation,
        });
        number
    }

    /// The parties are those of the draft; who accepted the request before has accepted it still.
    fn follow_parties(&mut self) {
        let header = self.current().header.clone();
        let known = |organisation: OrganisationCode| self.party(organisation).cloned();
        let rows = header.parties.iter().map(|row| row.organisation);
        self.parties = rows.map(|code| known(code).unwrap_or_else(|| Party::invited(code))).collect();
    }
}
