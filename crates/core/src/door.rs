//! Rules that a document must keep before it is filed: small named things, all told at once.
//!
//! A *log rule* reads header members alone, so anybody can decide it again; a *door rule* reads words
//! (wire.md 1, rule 2). In scope today: the rules of `RULES`. The rest of the rule book is more rows.

mod header;
mod text;

use std::collections::BTreeMap;

use crate::event::data::Visibility;
use crate::header::Header;
use crate::message::{Message, Severity};

pub use text::personal_detail;

/// Words by JSON Pointer within the terms.
pub type WordsByPointer = BTreeMap<String, String>;

/// What a rule reads, and so whether an audit can repeat it from the log.
#[derive(Clone, Copy)]
pub enum Check {
    /// A log rule: header members and the ledger's visibility.
    Log(fn(&Header, Visibility) -> Vec<Finding>),
    /// A door rule: the words of this submission.
    Door(fn(&WordsByPointer) -> Vec<Finding>),
}

/// One place that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A JSON Pointer within the submission.
    pub path: String,
    /// What fills the `{}` of the message, in order.
    pub fill: Vec<String>,
}

/// A rule that says no, or warns.
pub struct Rule {
    /// Its code, for example `V-08`.
    pub code: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What is wrong; each `{}` is filled by the finding.
    pub message: &'static str,
    /// What to do next.
    pub help: &'static str,
    /// Finds the places.
    pub check: Check,
}

/// Every rule, by family.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    header::RULES.iter().chain(text::RULES)
}

/// What the log rules say of a header: what `admit` may ask, and any audit repeat.
pub fn log_rules(header: &Header, visibility: Visibility) -> Vec<Message> {
    told(rules(), |check| match check {
        Check::Log(find) => find(header, visibility),
        Check::Door(_) => Vec::new(),
    })
}

/// What all rules say of a header and its words.
pub fn validate(header: &Header, words: &WordsByPointer, visibility: Visibility) -> Vec<Message> {
    told(rules(), |check| match check {
        Check::Log(find) => find(header, visibility),
        Check::Door(find) => find(words),
    })
}

fn told(rules: impl Iterator<Item = &'static Rule>, find: impl Fn(Check) -> Vec<Finding>) -> Vec<Message> {
    let mut messages: Vec<Message> = rules
        .flat_map(|rule| {
            find(rule.check).into_iter().map(|finding| Message {
                code: rule.code.to_owned(),
                severity: rule.severity,
                message: filled(rule.message, &finding.fill),
                path: finding.path,
                help: rule.help.to_owned(),
            })
        })
        .collect();
    messages.sort_by(|a, b| (&a.path, &a.code).cmp(&(&b.path, &b.code)));
    messages
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
