//! What a rule is: a small named thing that finds the places which break it.

use super::{Document, Public};
use crate::message::{Message, Severity};

/// What a rule reads, and so whether an audit can repeat it from the log.
#[derive(Clone, Copy)]
pub enum Check {
    /// A log rule: the header, organisations, reference data and the day.
    Log(fn(&Public) -> Vec<Finding>),
    /// A door rule: the terms and words of this submission.
    Door(fn(&Document) -> Vec<Finding>),
    /// A door rule on the words of any event, terms aside.
    Words,
}

/// A rule that says no, or warns.
pub struct Rule {
    /// Its code, for example `V-08`. Several rules may share one.
    pub code: &'static str,
    /// What the program calls it.
    pub name: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong; each `{}` is filled by the finding.
    pub message: &'static str,
    /// What to do next.
    pub help: &'static str,
    /// Finds the places.
    pub check: Check,
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON Pointer within the submission.
    pub path: String,
    /// What fills the `{}` of the message, in order.
    pub fill: Vec<String>,
    /// What fills the `{}` of the help, in order.
    pub help: Vec<String>,
    /// The code and message of reference data, where they say more than the rule does.
    pub guard: Option<(String, String)>,
}

impl Finding {
    /// At this place.
    pub fn at(path: impl Into<String>) -> Self {
        Self { path: path.into(), fill: Vec::new(), help: Vec::new(), guard: None }
    }

    /// With one more word for the message.
    #[must_use]
    pub fn with(mut self, word: impl std::fmt::Display) -> Self {
        self.fill.push(format!("{word}"));
        self
    }

    /// With one more word for the help.
    #[must_use]
    pub fn helped(mut self, word: impl std::fmt::Display) -> Self {
        self.help.push(format!("{word}"));
        self
    }

    /// With the code and message of a row of reference data.
    #[must_use]
    pub fn guarded(mut self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.guard = Some((code.into(), message.into()));
        self
    }
}

/// One finding at a place, when something is broken there.
pub fn when(broken: bool, path: &str) -> Vec<Finding> {
    if broken { vec![Finding::at(path)] } else { Vec::new() }
}

impl Rule {
    /// What the rule says of one finding.
    pub fn tell(&self, finding: Finding) -> Message {
        let (code, message) = match finding.guard {
            Some((code, message)) => (code, filled(&message, &finding.fill)),
            None => (self.code.to_owned(), filled(self.message, &finding.fill)),
        };
        Message { code, severity: self.severity, message, path: finding.path, help: filled(self.help, &finding.help) }
    }
}

fn filled(message: &str, fill: &[String]) -> String {
    let mut fill = fill.iter();
    let mut parts = message.split("{}");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(fill.next().map_or("", String::as_str));
        out.push_str(part);
    }
    out
}

/// Makes the rules of one family: `log error "V-06" min_parties "message" "help";`.
macro_rules! rules {
    ($($kind:ident $severity:ident $code:literal $find:ident $message:literal $help:literal;)+) => {
        /// The rules of this family.
        pub(super) const RULES: &[$crate::door::Rule] = &[$($crate::door::Rule {
            code: $code,
            name: stringify!($find),
            severity: rules!(@severity $severity),
            message: $message,
            help: $help,
            check: rules!(@check $kind $find),
        },)+];
    };
    (@severity error) => { $crate::message::Severity::Error };
    (@severity warning) => { $crate::message::Severity::Warning };
    (@check log $find:ident) => { $crate::door::Check::Log($find) };
    (@check door $find:ident) => { $crate::door::Check::Door($find) };
}
pub(super) use rules;
