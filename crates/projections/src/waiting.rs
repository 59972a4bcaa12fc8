//! What waits for whom (domain.md 5, Q01 and Q02): who must act next, since when, by when, and why they.
//!
//! In scope: agreements, at an instant and as of a size of the log. Out of scope: words; titles are looked up by whoever
//! shows a list.

use counterpart_core::agreement::{Agreement, Change, Next, PartyState, Stage, StageName, Task, Track};
use counterpart_core::event::EventType;
use counterpart_core::header::SignatureKind;
use counterpart_core::ids::{OrganisationCode, Role, Stream};
use counterpart_core::london;
use counterpart_core::time::Timestamp;
use serde::Serialize;

use crate::View;
use crate::register::name_of;

/// Milliseconds of a day of 24 hours.
const DAY_MS: i64 = 24 * 3_600_000;

/// One thing that waits for one role of one body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Whose officer must act.
    pub organisation: OrganisationCode,
    /// In which role.
    pub role: Role,
    /// What is waited for.
    pub task: Task,
    /// The same in words.
    pub what: &'static str,
    /// Why it is theirs to do.
    pub because: String,
    /// Since when it waits.
    pub since: Timestamp,
    /// How many days of 24 hours that is.
    pub waiting_days: u64,
    /// The instant at which it is too late: a lapse, a suspension, or a day that was named has gone by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Whether nobody holds the role there now.
    pub vacant: bool,
}

/// Everything that an agreement, taken to `at`, waits for after `size` entries of the log; as rules have it, by
/// organisation and role.
pub fn of(view: &View, now: &Agreement, at: Timestamp, size: u64) -> Vec<Waiting> {
    let waiting = |next: Next| {
        let (since, due_at) = Span { view, now, size }.of(next);
        let body = view.state().organisations.get(&next.organisation);
        Waiting {
            organisation: next.organisation,
            role: next.role,
            task: next.task,
            what: what(next.task),
            because: because(view, now, next),
            since,
            waiting_days: u64::try_from(since.millis_until(at) / DAY_MS).unwrap_or_default(),
            due_at,
            vacant: body.is_none_or(|body| !body.has_serving(next.role, at)),
        }
    };
    now.who_must_act_next().into_iter().map(waiting).collect()
}

/// In the order of an inbox: what is due first, then what has waited longest.
pub fn by_due<T>(items: &mut [T], waiting: impl Fn(&T) -> &Waiting) {
    items.sort_by_key(|item| {
        let waiting = waiting(item);
        (waiting.due_at.is_none(), waiting.due_at, waiting.since)
    });
}

/// What is asked of somebody, as the rest of a sentence.
pub const fn what(task: Task) -> &'static str {
    match task {
        Task::Triage => "take the request up, or send it back",
        Task::Answer => "answer the open question",
        Task::AnswerCounter => "accept or reject the terms proposed",
        Task::Submit => "put the terms forward for signing",
        Task::Advise => "give advice",
        Task::Approve => "approve",
        Task::Execute => "sign for the organisation",
        Task::Resume => "close the ground of suspension",
        Task::Certify => "certify that data were destroyed or returned",
        Task::Invite => "invite the body that asks to join",
        Task::Confirm => "confirm or dispute the import",
        Task::ResolveContest => "stand by the contested signatures, or disown them",
        Task::ConfirmSuccession => "confirm the agreement in the place of another body",
    }
}

/// From when to when something waits.
struct Span<'a> {
    view: &'a View,
    now: &'a Agreement,
    size: u64,
}

impl Span<'_> {
    fn of(&self, next: Next) -> (Timestamp, Option<Timestamp>) {
        let code = next.organisation;
        match next.task {
            Task::Triage => (self.asked_since(code), self.lapses_at()),
            Task::Answer => self.question(code),
            Task::AnswerCounter => {
                let proposed = self.now.versions().last().and_then(|version| self.recorded(version.event));
                (proposed.unwrap_or_else(|| self.now.moved_at()), self.lapses_at())
            }
            Task::Submit => {
                let amendment = self.now.amendment().and_then(|amendment| self.now.version(amendment.version));
                let proposed = amendment.and_then(|version| self.recorded(version.event));
                let accepted = self.now.parties().iter().filter_map(|party| self.recorded(party.accepted?)).max();
                let since = if proposed.is_some() { proposed } else { accepted.max(Some(self.now.moved_at())) };
                (since.unwrap_or_else(|| self.now.moved_at()), self.lapses_at())
            }
            Task::Advise | Task::Approve | Task::Execute => self.signature(next),
            Task::Resume => {
                let opened = self.now.grounds().iter().filter(|ground| ground.by == code && ground.derived.is_none());
                (opened.map(|ground| ground.at).min().unwrap_or_else(|| self.now.moved_at()), None)
            }
            Task::Certify => {
                let owed = self.now.duties().iter().filter(|duty| duty.organisation == code);
                let due = owed.filter_map(|duty| self.now.due_on(duty)).min().map(london::end_of);
                let left = self.now.party(code).and_then(|party| party.left_at);
                (left.unwrap_or_else(|| self.came_here_at()), due)
            }
            Task::Invite => {
                let asking = self.now.parties().iter().filter(|party| party.state == PartyState::Requested);
                let asked = asking.filter_map(|party| self.view.named_at(self.now.id(), party.organisation, self.size));
                (asked.min().unwrap_or_else(|| self.now.moved_at()), None)
            }
            Task::Confirm => {
                let brought = self.now.import().and_then(|import| self.recorded(import.event));
                (brought.unwrap_or_else(|| self.now.filed_at()), None)
            }
            Task::ResolveContest => {
                let contests = self.now.outside().iter().rev().filter(|outside| outside.index < self.size);
                let mut contests = contests.filter(|outside| matches!(outside.change, Change::Contest { .. }));
                (contests.next().map_or_else(|| self.now.moved_at(), |outside| outside.at), None)
            }
            Task::ConfirmSuccession => {
                let pending = self.now.pending_successions().iter().filter(|pending| pending.successor == code);
                let since = pending.clone().map(|pending| pending.since).min();
                let due = self.now.unconfirmed_due().filter(|(_, event, predecessor)| {
                    pending.clone().any(|own| own.event == *event && own.predecessor == *predecessor)
                });
                (since.unwrap_or_else(|| self.now.moved_at()), due.map(|(at, ..)| at).min())
            }
        }
    }

    fn recorded(&self, event: counterpart_core::ids::EventId) -> Option<Timestamp> {
        self.view.index_of(event).and_then(|index| self.view.recorded_at(index))
    }

    /// When the agreement came to its present stage.
    fn came_here_at(&self) -> Timestamp {
        self.now.history().last().map_or_else(|| self.now.filed_at(), |step| step.at)
    }

    /// When a quiet request lapses (D9).
    fn lapses_at(&self) -> Option<Timestamp> {
        let quiet = matches!(self.now.name(), StageName::Filed | StageName::Clarifying | StageName::Negotiating);
        quiet.then(|| self.now.moved_at().add_days(i64::from(self.now.windows().idle_days)))
    }

    /// Since when a party is asked to take the request up: since it was named, or its question was answered.
    fn asked_since(&self, code: OrganisationCode) -> Timestamp {
        if self.now.questions().iter().any(|question| question.by == code && question.answered) {
            return self.now.moved_at();
        }
        let named = self.view.named_at(self.now.id(), code, self.size);
        named.map_or_else(|| self.now.filed_at(), |named| named.max(self.now.filed_at()))
    }

    fn question(&self, code: OrganisationCode) -> (Timestamp, Option<Timestamp>) {
        let open = self.now.open_questions().filter(|question| question.to == code);
        let (mut since, mut due) = (None::<Timestamp>, self.lapses_at());
        for question in open {
            since = Some(since.map_or(question.at, |since| since.min(question.at)));
            let asked = question.due.map(london::end_of);
            due = due.into_iter().chain(asked).min();
        }
        (since.unwrap_or_else(|| self.now.moved_at()), due)
    }

    fn signature(&self, next: Next) -> (Timestamp, Option<Timestamp>) {
        let code = next.organisation;
        let owed = self.now.missing_signatures(code);
        if !owed.iter().any(|owed| owed.role == next.role)
            && let Some(force) = self.now.stage().force()
        {
            // The advice that an emergency is owed afterwards (D2).
            return (force.since, self.now.advice_due());
        }
        let version = self.now.party(code).and_then(|party| self.now.to_sign(party));
        let own = self.now.signatures().iter().filter(|signature| {
            let before = (next.task == Task::Execute && signature.kind != SignatureKind::Execution)
                || (next.task == Task::Approve && signature.kind == SignatureKind::Advice);
            before && signature.organisation == code && Some(signature.version) == version
        });
        let mine = own.map(|signature| signature.at).max();
        let stream = Stream::Agreement(self.now.id());
        let frozen = self.view.last_of(stream, EventType::TermsSubmitted, self.size);
        let named = self.view.named_at(self.now.id(), code, self.size);
        let since = mine.max(frozen).max(named).unwrap_or_else(|| self.came_here_at());
        let by = match (self.now.stage(), self.now.track()) {
            (Stage::Approving(signing), _) => Some(signing.approve_by),
            (_, Track::Approving { approve_by, .. }) => Some(approve_by),
            (_, _) => None,
        };
        (since, by.map(london::end_of))
    }
}

/// Why something is for this body to do.
fn because(view: &View, now: &Agreement, next: Next) -> String {
    let name = |code| name_of(view.state(), code);
    match next.task {
        Task::Triage => {
            format!(
                "{} asks for this sharing, and a party has to say that it looks at the request.",
                name(now.requesting_organisation())
            )
        }
        Task::Answer => {
            let asked = now.open_questions().find(|question| question.to == next.organisation);
            asked.map_or_else(String::new, |question| format!("{} asked it a question.", name(question.by)))
        }
        Task::AnswerCounter => {
            let by = now.versions().last().map(|version| name(version.by)).unwrap_or_default();
            format!("{by} proposed other terms.")
        }
        Task::Submit if now.amendment().is_some() => "It leads the agreement, and an amendment is proposed.".to_owned(),
        Task::Submit => "It leads the agreement, and whoever must has taken the request up.".to_owned(),
        Task::Advise if now.without_advice().any(|code| code == next.organisation) => {
            "Sharing in an emergency needs this advice within days.".to_owned()
        }
        Task::Advise => "The terms ask for this advice before anybody approves.".to_owned(),
        Task::Approve => "The terms ask for this approval, and the advice before it is there.".to_owned(),
        Task::Execute => "Every other signature of the organisation is there.".to_owned(),
        Task::Resume => "It stopped the sharing, and it says when that is over.".to_owned(),
        Task::Certify => "It received data, and the sharing is over.".to_owned(),
        Task::Invite => "It leads the agreement, and a body asks to join.".to_owned(),
        Task::Confirm => {
            let by = now.import().map(|import| name(import.by)).unwrap_or_default();
            format!("{by} brought the agreement in, and nothing flows here before every party confirms it.")
        }
        Task::ResolveContest => "A key with which it signed may have been in other hands.".to_owned(),
        Task::ConfirmSuccession => {
            let from = now.pending_successions().iter().find(|pending| pending.successor == next.organisation);
            let from = from.map(|pending| name(pending.predecessor)).unwrap_or_default();
            format!("It took the place of {from}.")
        }
    }
}
