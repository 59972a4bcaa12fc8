//! The words of events that are not terms: long enough, and without personal details.

use super::{Earlier, Finding, Opened, Rule};
use crate::event::Data;
use crate::event::data::DestructionOutcome;
use crate::json::{Value, pointer};
use crate::message::{Message, Severity};

use super::text::personal_detail;

/// Words against what an event asks of them.
const SHORT: Rule = Rule {
    code: "V-123",
    name: "short",
    severity: Severity::Error,
    message: "Explain it in {} characters or more.",
    help: "Write more; the words are kept beside the log, and can be erased.",
    check: super::Check::Words,
};

const REASONS: Rule = Rule {
    code: "V-123",
    name: "reasons",
    severity: Severity::Error,
    message: "Choose at least one reason and explain it in 50 characters or more.",
    help: "Choose from CL-REFUSE, and write what those who asked can act on.",
    check: super::Check::Words,
};

const DETAILS: Rule = Rule {
    code: "V-90",
    name: "details",
    severity: Severity::Error,
    message: super::text::DETAILS,
    help: "Take the detail out, or describe it without the value.",
    check: super::Check::Words,
};

const LAW: Rule = Rule {
    code: "G43",
    name: "law",
    severity: Severity::Error,
    message: "Give the law and a date to look again.",
    help: "Name the law under which the data are kept, in `law`.",
    check: super::Check::Words,
};

const OVERRIDE: Rule = Rule {
    code: "G07",
    name: "override",
    severity: Severity::Error,
    message: "Your {} advised against. You may still go on, but must record why (50 characters or more).",
    help: "Add `override` with your reasons.",
    check: super::Check::Words,
};

/// The rules of this family.
pub(super) const RULES: &[Rule] = &[DETAILS, SHORT, REASONS, LAW, OVERRIDE];

/// Everything that the rules say of the words of an event, terms aside.
pub fn rules(data: &Data, opened: &Opened, earlier: &Earlier<'_>) -> Vec<Message> {
    let mut messages = lengths(data, opened, earlier);
    let mut look = |path: &str, text: &str| {
        if let Some(kind) = personal_detail(text) {
            messages.push(DETAILS.tell(Finding::at(path).with(kind)));
        }
    };
    for (path, text) in opened.texts.iter().filter(|(path, _)| !path.starts_with("/terms/")) {
        look(path, text);
    }
    for (path, (schema, document)) in &opened.documents {
        // Contacts are mailboxes, and a holder is a person: both are erasable, and read by few.
        if schema.starts_with("words/") && *schema != "words/holder-v1" {
            each_text(document, &mut (*path).to_owned(), &mut look);
        }
    }
    messages
}

fn lengths(data: &Data, opened: &Opened, earlier: &Earlier<'_>) -> Vec<Message> {
    let words = opened.document("/words");
    let length = |member: &str| {
        let text = words.and_then(|words| words.member(member)).and_then(Value::as_str).unwrap_or_default();
        text.trim().chars().count()
    };
    let reason = |least: usize| {
        let short = length("reason") < least;
        if short { vec![SHORT.tell(Finding::at("/words/reason").with(least))] } else { Vec::new() }
    };
    let refusal = || {
        let chosen = words.and_then(|words| words.member("reasons")).and_then(Value::as_array);
        let whole = chosen.is_some_and(|reasons| !reasons.is_empty()) && length("text") >= 50;
        if whole { Vec::new() } else { vec![REASONS.tell(Finding::at("/words"))] }
    };
    if matches!(data, Data::ApprovalDeclined(_) | Data::RequestRefused(_)) {
        refusal()
    } else if matches!(data, Data::ApprovalWithdrawn(_) | Data::RevocationNoticed(_) | Data::CounterProposalRejected(_))
    {
        reason(20)
    } else if matches!(data, Data::ApprovalGiven(_) | Data::ExecutionSigned(_)) {
        overridden(opened, earlier)
    } else if let Data::DestructionCertified(data) = data {
        let kept = data.outcome == DestructionOutcome::RetainedUnderLaw;
        if kept && length("law") == 0 { vec![LAW.tell(Finding::at("/words/law"))] } else { Vec::new() }
    } else {
        Vec::new()
    }
}

fn overridden(opened: &Opened, earlier: &Earlier<'_>) -> Vec<Message> {
    match opened.texts.get("/override") {
        Some(text) if text.trim().chars().count() < 50 => vec![SHORT.tell(Finding::at("/override").with(50))],
        Some(_) => Vec::new(),
        None => advised_against(earlier),
    }
}

fn advised_against(earlier: &Earlier<'_>) -> Vec<Message> {
    let first = earlier.advised_against.first();
    first.map(|kind| OVERRIDE.tell(Finding::at("/override").with(kind))).into_iter().collect()
}

fn each_text(value: &Value, path: &mut String, look: &mut dyn FnMut(&str, &str)) {
    let here = path.len();
    match value {
        Value::Bool(_) | Value::Int(_) => {}
        Value::Str(text) => look(path, text),
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                pointer::push(path, &at.to_string());
                each_text(element, path, look);
                path.truncate(here);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                pointer::push(path, name);
                each_text(member, path, look);
                path.truncate(here);
            }
        }
    }
}
