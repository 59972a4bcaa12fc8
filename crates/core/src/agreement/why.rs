//! Why an agreement stands where it stands: the events and dates behind it, in an officer's words (I42).

use serde::Serialize;

use crate::agreement::{Agreement, Derived, Origin, Reach, Signature, StageName, Standing, Step};
use crate::header::SignatureKind;
use crate::ids::EventId;
use crate::london;
use crate::time::Timestamp;

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
    /// In words.
    pub text: String,
}

impl Agreement {
    /// The events and dates that brought about the state at an instant, oldest first; the last one brought
    /// it about itself.
    ///
    /// An instant after the newest event answers with what time alone brings about until then.
    pub fn why(&self, instant: Timestamp) -> Vec<Cause> {
        let then = self.at(instant);
        let mut causes: Vec<Cause> =
            then.history.iter().filter(|step| step.at <= instant).map(|step| then.cause_of(step)).collect();
        let stage = then.name_at(instant);
        if matches!(stage, Some(StageName::Approved | StageName::Active | StageName::Suspended)) {
            causes.extend(then.executions().filter(|signature| signature.at <= instant).map(cause_of_execution));
        }
        if then.name_at(instant) == Some(then.name()) {
            causes.extend(then.open_reasons(instant));
        }
        causes.sort_by_key(|cause| cause.at);
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

    /// What holds the agreement where it is: questions, grounds, notices.
    fn open_reasons(&self, instant: Timestamp) -> Vec<Cause> {
        let event = |at, id, text| Cause { at, event: Some(id), change: None, text };
        let questions = self.open_questions().map(|question| {
            event(
                question.at,
                question.event,
                format!("{} asked {} a question, which is open.", question.by, question.to),
            )
        });
        let grounds = self.grounds.iter().map(|ground| {
            let reach = match &ground.reach {
                Reach::Whole => "the whole agreement".to_owned(),
                Reach::Party(organisation) => format!("the sharing of {organisation}"),
                Reach::Datasets(datasets) => datasets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            };
            event(
                ground.at,
                ground.event,
                match ground.derived {
                    Some(Derived::ContestedQuorumLost) => format!(
                        "Signatures of {} are contested or disowned, so {reach} is suspended until they are affirmed or given again.",
                        ground.by
                    ),
                    Some(Derived::SuccessionUnconfirmed) => format!(
                        "{} has not confirmed that it stands by the agreement in the place of another body, so {reach} is suspended until its SIRO does.",
                        ground.by
                    ),
                    Some(Derived::EmergencyAdviceOverdue) => format!(
                        "The data protection officer of {} has not advised on this emergency, so {reach} is suspended.",
                        ground.by
                    ),
                    Some(_) | None => {
                        format!("{} suspended {reach} ({}), and the ground is open.", ground.by, ground.code)
                    }
                },
            )
        });
        let notices = self.parties.iter().filter_map(|party| {
            let notice = party.notice?;
            Some((notice, format!("{} gave notice and leaves on {}.", party.organisation, notice.day)))
        });
        let notices = notices.map(|(notice, text)| event(notice.at.min(instant), notice.event, text));
        let pending = self.elsewhere.pending.iter().map(|pending| {
            event(
                pending.since.min(instant),
                pending.event,
                format!(
                    "{} took the place of {}, and has not confirmed the agreement.",
                    pending.successor, pending.predecessor
                ),
            )
        });
        questions.chain(pending).chain(grounds).chain(notices).filter(|cause| cause.at <= instant).collect()
    }

    fn cause_of(&self, step: &Step) -> Cause {
        let on = london::date_of(step.at);
        match step.origin {
            Origin::Event { id, event_type, organisation, role } => Cause {
                at: step.at,
                event: Some(id),
                change: None,
                text: format!(
                    "{on}: the agreement was {} from then on, by {event_type} of {organisation} ({}).",
                    step.to.words(),
                    role.title()
                ),
            },
            Origin::Derived { change, organisation } => Cause {
                at: step.at,
                event: None,
                change: Some(change),
                text: format!("{on}: {}", self.derived_in_words(change, organisation)),
            },
        }
    }

    fn derived_in_words(&self, change: Derived, organisation: Option<crate::ids::OrganisationCode>) -> String {
        match change {
            Derived::ContestedQuorumLost => format!(
                "signatures of {} were contested or disowned, affirmed, or given again.",
                organisation.map_or_else(|| "a party".to_owned(), |code| code.to_string())
            ),
            Derived::BodyGone => format!(
                "{} left the ledger, or another body took its place.",
                organisation.map_or_else(|| "a party".to_owned(), |code| code.to_string())
            ),
            Derived::SuccessionUnconfirmed => format!(
                "{} took another body's place and did not confirm in 90 days that it stands by the agreement.",
                organisation.map_or_else(|| "a party".to_owned(), |code| code.to_string())
            ),
            Derived::PartiesCollapsed => {
                "a succession made both sides one body, so nothing was left to share.".to_owned()
            }
            Derived::GroundLapsed => "nobody confirmed the suspension, so it ended by itself.".to_owned(),
            Derived::NoticeElapsed => format!(
                "the notice of {} took effect.",
                organisation.map_or_else(|| "a party".to_owned(), |code| code.to_string())
            ),
            Derived::ContinuationFailed => "too few parties were left that share, so the agreement ended.".to_owned(),
            Derived::TermEnded => match self.header().end_date {
                Some(day) => format!("the last day, {day}, had gone by."),
                None => "the last day had gone by.".to_owned(),
            },
            Derived::ConsentDue => "the day had come on which all parties had agreed to end it.".to_owned(),
            Derived::AmendmentEffective => "the amendment came into force.".to_owned(),
            Derived::ActivationDue => {
                format!("all who must had signed, and the first day, {}, had come.", self.header().effective_date)
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

fn cause_of_execution(signature: &Signature) -> Cause {
    Cause {
        at: signature.at,
        event: Some(signature.event),
        change: None,
        text: format!(
            "{}: {} executed version {} ({}).",
            london::date_of(signature.at),
            signature.organisation,
            signature.version,
            signature.role.title()
        ),
    }
}
