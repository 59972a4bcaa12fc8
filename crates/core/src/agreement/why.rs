//! Why an agreement stands where it stands: the events and dates behind it, in an officer's words (I42).

use serde::Serialize;

use crate::agreement::{Agreement, Derived, Ground, Origin, Reach, Signature, StageName, Standing, Step};
use crate::event::EventType;
use crate::event::data::SuspensionGround;
use crate::header::SignatureKind;
use crate::ids::{EventId, OrganisationCode};
use crate::london;
use crate::time::{Date, Timestamp};

/// One event or date behind the present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// When it happened.
    pub at: Timestamp,
    /// The event, if one brought it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The derived change, if time did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Derived>,
    /// In words, the day first.
    pub text: String,
}

/// How bodies, days and grounds are called in what is told: the rules know codes, readers know names.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    /// The name of a body.
    pub body: &'a dyn Fn(OrganisationCode) -> String,
    /// A day.
    pub day: &'a dyn Fn(Date) -> String,
    /// A ground of suspension.
    pub ground: &'a dyn Fn(SuspensionGround) -> String,
}

impl Names<'_> {
    /// A body, where a change is about one.
    fn party(&self, organisation: Option<OrganisationCode>) -> String {
        organisation.map_or_else(|| "a party".to_owned(), |code| (self.body)(code))
    }
}

impl Agreement {
    /// The events and dates that brought about the state at an instant, oldest first; the last one brought
    /// it about itself. Bodies are called by their codes.
    ///
    /// An instant after the newest event answers with what time alone brings about until then.
    pub fn why(&self, instant: Timestamp) -> Vec<Cause> {
        let (body, day) = (|code: OrganisationCode| code.to_string(), |day: Date| day.to_string());
        self.why_in(instant, Names { body: &body, day: &day, ground: &|ground| ground.to_string() })
    }

    /// The same, with names that readers know.
    pub fn why_in(&self, instant: Timestamp, names: Names<'_>) -> Vec<Cause> {
        let then = self.at(instant);
        let steps = then.history.iter().filter(|step| step.at <= instant);
        let mut causes: Vec<Cause> = steps.map(|step| then.cause_of(step, names)).collect();
        let stage = then.name_at(instant);
        if matches!(stage, Some(StageName::Approved | StageName::Active | StageName::Suspended)) {
            let given = then.executions().filter(|signature| signature.at <= instant);
            causes.extend(given.map(|signature| cause_of_execution(signature, names)));
        }
        if then.name_at(instant) == Some(then.name()) {
            causes.extend(then.open_reasons(instant, names));
        }
        causes.sort_by_key(|cause| cause.at);
        for cause in &mut causes {
            cause.text = format!("{}: {}", (names.day)(london::date_of(cause.at)), cause.text);
        }
        causes
    }

    fn executions(&self) -> impl Iterator<Item = &Signature> {
        let version = self.current().number;
        self.signatures.iter().filter(move |signature| {
            signature.kind == SignatureKind::Execution
                && signature.version == version
                && signature.standing == Standing::Counts
        })
    }

    /// What holds the agreement where it is: questions, successions, grounds, notices.
    fn open_reasons(&self, instant: Timestamp, names: Names<'_>) -> Vec<Cause> {
        let body = names.body;
        let event = |at, id, text| Cause { at, event: Some(id), change: None, text };
        let questions = self.open_questions().map(|question| {
            let text = format!("{} asked {} a question, which is open.", body(question.by), body(question.to));
            event(question.at, question.event, text)
        });
        let pending = self.elsewhere.pending.iter().map(|pending| {
            let text = format!(
                "{} took the place of {}, and has not confirmed the agreement.",
                body(pending.successor),
                body(pending.predecessor)
            );
            event(pending.since.min(instant), pending.event, text)
        });
        let grounds = self.grounds.iter().map(|ground| event(ground.at, ground.event, ground_in_words(ground, names)));
        let notices = self.parties.iter().filter_map(|party| {
            let notice = party.notice.as_deref()?;
            let text = format!("{} gave notice and leaves on {}.", body(party.organisation), (names.day)(notice.day));
            Some(event(notice.at.min(instant), notice.event, text))
        });
        questions.chain(pending).chain(grounds).chain(notices).filter(|cause| cause.at <= instant).collect()
    }

    fn cause_of(&self, step: &Step, names: Names<'_>) -> Cause {
        match step.origin {
            Origin::Event { id, event_type, organisation, role } => Cause {
                at: step.at,
                event: Some(id),
                change: None,
                text: format!(
                    "{}, by the {} of {}.",
                    happened(step, event_type),
                    role.title(),
                    (names.body)(organisation)
                ),
            },
            Origin::Derived { change, organisation } => Cause {
                at: step.at,
                event: None,
                change: Some(change),
                text: self.derived_in_words(change, organisation, names),
            },
        }
    }

    fn derived_in_words(&self, change: Derived, organisation: Option<OrganisationCode>, names: Names<'_>) -> String {
        match change {
            Derived::ContestedQuorumLost => format!(
                "signatures of {} were contested or disowned, affirmed, or given again.",
                names.party(organisation)
            ),
            Derived::BodyGone => {
                format!("{} left the ledger, or another body took its place.", names.party(organisation))
            }
            Derived::SuccessionUnconfirmed => format!(
                "{} took another body's place and did not confirm in 90 days that it stands by the agreement.",
                names.party(organisation)
            ),
            Derived::PartiesCollapsed => {
                "a succession made both sides one body, so nothing was left to share.".to_owned()
            }
            Derived::GroundLapsed => "nobody confirmed the suspension, so it ended by itself.".to_owned(),
            Derived::NoticeElapsed => format!("the notice of {} took effect.", names.party(organisation)),
            Derived::ContinuationFailed => "too few parties were left that share, so the agreement ended.".to_owned(),
            Derived::TermEnded => match self.header().end_date {
                Some(day) => format!("the last day, {}, had gone by.", (names.day)(day)),
                None => "the last day had gone by.".to_owned(),
            },
            Derived::ConsentDue => "the day had come on which all parties had agreed to end it.".to_owned(),
            Derived::AmendmentEffective => "the amendment came into force.".to_owned(),
            Derived::ActivationDue => {
                let first = (names.day)(self.header().effective_date);
                format!("all who must had signed, and the first day, {first}, had come.")
            }
            Derived::ApprovalWindowClosed if self.name() == StageName::Lapsed => {
                "nobody had moved it in time, so it lapsed.".to_owned()
            }
            Derived::ApprovalWindowClosed => "the time for signing was over.".to_owned(),
            Derived::EmergencyAdviceOverdue => {
                "the advice that an emergency needs within five days decided whether sharing may go on.".to_owned()
            }
            Derived::NoDutiesOutstanding => "no data were left to destroy or return, so it was closed.".to_owned(),
        }
    }
}

fn cause_of_execution(signature: &Signature, names: Names<'_>) -> Cause {
    Cause {
        at: signature.at,
        event: Some(signature.event),
        change: None,
        text: format!(
            "{} was bound to version {} by its {}.",
            (names.body)(signature.organisation),
            signature.version,
            signature.role.title()
        ),
    }
}

/// What an event came to, as an officer would say it.
fn happened(step: &Step, event_type: EventType) -> &'static str {
    match (event_type, step.to) {
        (EventType::AgreementImported, _) => "it was brought in, as an agreement made before this ledger",
        (EventType::EmergencySharingRecorded, _) => "sharing in an emergency was recorded afterwards",
        (_, StageName::None) => "it was not filed",
        (_, StageName::Filed) => match step.from {
            StageName::None => "the request was filed",
            StageName::Clarifying => "the last open question was answered",
            StageName::Negotiating => "the counter-proposal was answered",
            StageName::Approving
            | StageName::Approved
            | StageName::Filed
            | StageName::Active
            | StageName::Suspended
            | StageName::Ending
            | StageName::Closed
            | StageName::Refused
            | StageName::Withdrawn
            | StageName::Lapsed => "the version was returned for changes",
        },
        (_, StageName::Clarifying) => "a question was asked",
        (_, StageName::Negotiating) => "other terms were proposed",
        (EventType::TermsSubmitted, StageName::Approving) => "the words were fixed for signing",
        (_, StageName::Approving) => "a signature was taken back, so signing went on",
        (_, StageName::Approved) => "the last signature was given",
        (_, StageName::Active) if step.from == StageName::Suspended => "sharing was resumed",
        (_, StageName::Active) => "the last signature was given, and it came into force",
        (_, StageName::Suspended) => "sharing was stopped",
        (_, StageName::Ending) => "it was ended",
        (_, StageName::Closed) => "the last duty was done, and it was closed",
        (_, StageName::Refused) => "the request was refused",
        (_, StageName::Withdrawn) => "the request was withdrawn",
        (_, StageName::Lapsed) => "it lapsed",
    }
}

fn ground_in_words(ground: &Ground, names: Names<'_>) -> String {
    let by = (names.body)(ground.by);
    let reach = match &ground.reach {
        Reach::Whole => "the whole agreement".to_owned(),
        Reach::Party(organisation) => format!("the sharing of {}", (names.body)(*organisation)),
        Reach::Datasets(datasets) => {
            let ids: Vec<String> = datasets.iter().map(ToString::to_string).collect();
            format!("the sharing of {}", ids.join(", "))
        }
    };
    match ground.derived {
        Some(Derived::ContestedQuorumLost) => format!(
            "signatures of {by} are contested or disowned, so {reach} is suspended until they are affirmed or given again."
        ),
        Some(Derived::SuccessionUnconfirmed) => format!(
            "{by} has not confirmed that it stands by the agreement in the place of another body, so {reach} is suspended until its senior information risk owner does."
        ),
        Some(Derived::EmergencyAdviceOverdue) => {
            format!("the data protection officer of {by} has not advised on this emergency, so {reach} is suspended.")
        }
        Some(_) | None => {
            format!("{by} suspended {reach} ({}), and that ground is open.", (names.ground)(ground.code))
        }
    }
}
