//! Reading: what a ledger says of agreements, their history, their reasons, and who must act.

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::Value;

use crate::act::{self, printable};
use crate::ending::{Ending, Fault};
use crate::key::Where;
use crate::ledger::Ledger;
use crate::{Common, shell};

/// From where, and as of when.
#[derive(Args, Clone, Debug)]
pub struct Asking {
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    url: String,
    /// Read for the organisation of this key: a file, ORG.ROLE, ORG.ROLE.n or digits of its id
    #[arg(long = "as", value_name = "KEY")]
    reader: Option<String>,
    #[command(flatten)]
    place: Where,
    /// As it stands at this instant or day; may lie in the future
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// As the first N entries make it
    #[arg(long, value_name = "N")]
    as_of: Option<u64>,
}

#[derive(Subcommand)]
pub enum Reading {
    /// Show an agreement, an organisation or an event
    ///
    ///   counterpart show DSA-2026-000042 --url http://127.0.0.1:8080
    ///   counterpart show CMD --at 2027-04-01
    #[command(verbatim_doc_comment)]
    Show {
        /// The id or reference of an agreement, the code of an organisation, or the index of an event
        what: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// List agreements
    List {
        /// Only those in this state, for example ACTIVE
        #[arg(long)]
        state: Option<String>,
        /// Only those of this party
        #[arg(long, value_name = "CODE")]
        party: Option<String>,
        /// Only those of this class of data, for example PD
        #[arg(long)]
        class: Option<String>,
        /// Only those with these words
        #[arg(long, value_name = "WORDS")]
        q: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// List organisations
    Organisations {
        #[command(flatten)]
        asking: Asking,
    },
    /// Tell what happened to an agreement
    History {
        /// Its id or reference
        agreement: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say why an agreement is in the state that it is in
    Why {
        /// Its id or reference
        agreement: String,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say what waits for an organisation: which role must do what, since when, by when
    ///
    ///   counterpart inbox HCK --role DPO
    #[command(verbatim_doc_comment)]
    Inbox {
        /// Its code
        organisation: String,
        /// Only what waits for this role, for example DPO
        #[arg(long)]
        role: Option<String>,
        /// Only what waits for the roles in which this person may act
        #[arg(long, value_name = "PER-ID")]
        person: Option<String>,
        #[command(flatten)]
        asking: Asking,
    },
    /// Say what an organisation has to see to: reviews, destruction, notices, holds
    ///
    ///   counterpart duties HCK --days 30
    #[command(verbatim_doc_comment)]
    Duties {
        /// Its code
        organisation: String,
        /// How far ahead reviews, ends and decisions are told [default: 90]
        #[arg(long, value_name = "N")]
        days: Option<u16>,
        #[command(flatten)]
        asking: Asking,
    },
}

impl Reading {
    /// Asks and shows.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Show { what, asking } => {
                let path = if what.bytes().all(|byte| byte.is_ascii_digit()) {
                    format!("/api/v1/events/{what}")
                } else if what.parse::<counterpart_core::ids::OrganisationCode>().is_ok() {
                    format!("/api/v1/organisations/{what}")
                } else {
                    format!("/api/v1/agreements/{}", named(what)?)
                };
                asking.tell(&path, &[], common)
            }
            Self::List { state, party, class, q, asking } => {
                let filters = [("state", state), ("party", party), ("class", class), ("q", q)];
                let filters: Vec<(&str, String)> =
                    filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect();
                let agreements = asking.agreements(&asking.ledger(common)?, &filters)?;
                if common.json {
                    tell(&Value::Array(agreements), common);
                } else {
                    for row in &agreements {
                        tell_row(row, &["reference", "state", "class", "lead", "id"]);
                    }
                    if agreements.is_empty() {
                        common.say("There is none.");
                    }
                }
                Ok(Ending::Done)
            }
            Self::Organisations { asking } => asking.tell("/api/v1/organisations", &[], common),
            Self::History { agreement, asking } => {
                let value = asking.ask(&format!("/api/v1/agreements/{}/history", named(agreement)?), &[], common)?;
                match value.get("events").and_then(Value::as_array).filter(|_| !common.json) {
                    Some(events) => events.iter().for_each(|event| {
                        tell_row(event, &["index", "recorded_at", "type", "id"]);
                    }),
                    None => tell(&value, common),
                }
                Ok(Ending::Done)
            }
            Self::Why { agreement, asking } => {
                let value = asking.ask(&format!("/api/v1/agreements/{}", named(agreement)?), &[], common)?;
                match value.get("why").and_then(Value::as_array) {
                    Some(causes) if !common.json => causes.iter().for_each(|cause| tell_row(cause, &["text"])),
                    _ => tell(value.get("why").unwrap_or(&value), common),
                }
                Ok(Ending::Done)
            }
            Self::Inbox { organisation, role, person, asking } => {
                let filters: Vec<(&str, String)> = [("role", role), ("person", person)]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value.clone()?)))
                    .collect();
                let path = format!("/api/v1/organisations/{}/inbox", named(organisation)?);
                let items = asking.items(&path, &filters, common)?;
                tell_items(items, common, &format!("Nothing waits for {organisation}."), |item| {
                    let vacant = item.get("vacant").and_then(Value::as_bool) == Some(true);
                    let vacant = if vacant { " (nobody holds this post)" } else { "" };
                    format!(
                        "{}  {}{vacant}: {}  since {}{}",
                        cell(item, "/agreement/reference"),
                        cell(item, "/role"),
                        cell(item, "/what"),
                        day(item, "/since"),
                        item.get("due_at").map_or_else(String::new, |_| format!("  until {}", cell(item, "/due_at"))),
                    )
                });
                Ok(Ending::Done)
            }
            Self::Duties { organisation, days, asking } => {
                let filters: Vec<(&str, String)> = days.iter().map(|days| ("days", days.to_string())).collect();
                let path = format!("/api/v1/organisations/{}/duties", named(organisation)?);
                let items = asking.items(&path, &filters, common)?;
                tell_items(items, common, &format!("{organisation} has nothing to see to."), |item| {
                    let due = item.get("due").map_or_else(|| "no day set".to_owned(), |_| cell(item, "/due"));
                    let late = item.get("overdue").and_then(Value::as_bool) == Some(true);
                    let late = if late { " (gone by)" } else { "" };
                    let what = cell(item, "/what");
                    format!("{due}{late}  {}  {}: {what}", cell(item, "/agreement/reference"), cell(item, "/kind"))
                });
                Ok(Ending::Done)
            }
        }
    }
}

impl Asking {
    fn ledger(&self, common: &Common) -> Result<Ledger> {
        let hand = |name: &String| act::hand(&self.place.folder(common)?, name, common);
        let reader = self.reader.as_ref().map(hand).transpose()?;
        Ledger::meet_as(&self.url, reader, &|| Ok(Vec::new()), common)
    }

    fn ask(&self, path: &str, filters: &[(&str, String)], common: &Common) -> Result<Value> {
        self.ask_of(&self.ledger(common)?, path, filters)
    }

    /// Every page of a list of agreements.
    fn agreements(&self, ledger: &Ledger, filters: &[(&str, String)]) -> Result<Vec<Value>> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut filters = filters.to_vec();
            filters.extend(cursor.take().map(|cursor| ("cursor", cursor)));
            let page = self.ask_of(ledger, "/api/v1/agreements", &filters)?;
            let found = page.get("agreements").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            rows.extend(found.iter().cloned());
            cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() || found.is_empty() {
                return Ok(rows);
            }
        }
    }

    /// Every item of a list about an organisation.
    fn items(&self, path: &str, filters: &[(&str, String)], common: &Common) -> Result<Vec<Value>> {
        let ledger = self.ledger(common)?;
        let mut items = Vec::new();
        let mut cursor: Option<u64> = None;
        loop {
            let mut filters = filters.to_vec();
            filters.extend(cursor.take().map(|cursor| ("cursor", cursor.to_string())));
            let page = self.ask_of(&ledger, path, &filters)?;
            let found = page.get("items").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            items.extend(found.iter().cloned());
            cursor = page.get("next").and_then(Value::as_u64);
            if cursor.is_none() || found.is_empty() {
                return Ok(items);
            }
        }
    }

    fn ask_of(&self, ledger: &Ledger, path: &str, filters: &[(&str, String)]) -> Result<Value> {
        ledger.web().json(&self.path(path, filters))
    }

    /// A path with what is asked for.
    fn path(&self, path: &str, filters: &[(&str, String)]) -> String {
        let mut filters = filters.to_vec();
        filters.extend(self.at.clone().map(|at| ("at", at)));
        filters.extend(self.as_of.map(|size| ("as_of", size.to_string())));
        let query: Vec<String> = filters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{mark}{}", query.join("&"))
    }

    fn tell(&self, path: &str, filters: &[(&str, String)], common: &Common) -> Result<Ending> {
        tell(&self.ask(path, filters, common)?, common);
        Ok(Ending::Done)
    }
}

/// An id, a reference or a code as a path has it.
pub fn named(text: &str) -> Result<&str> {
    let text = text.trim_start_matches("agr:");
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain { Ok(text) } else { Err(Fault::usage(format!("`{text}` is no id, reference or code"))) }
}

/// One line of a list: these members, those that are there.
fn tell_row(row: &Value, members: &[&str]) {
    let cells = members.iter().map(|name| match row.get(name) {
        Some(Value::String(text)) => printable(text),
        Some(other) => other.to_string(),
        None => "-".to_owned(),
    });
    shell::line(cells.collect::<Vec<_>>().join("  ").trim_end());
}

/// The items of a list, a line each; what is said when there is none.
fn tell_items(items: Vec<Value>, common: &Common, none: &str, line: impl Fn(&Value) -> String) {
    if common.json {
        tell(&Value::Array(items), common);
        return;
    }
    if items.is_empty() {
        common.say(none);
    }
    for item in &items {
        shell::line(&line(item));
    }
}

/// The text at a pointer within an item; a dash where there is none.
fn cell(item: &Value, pointer: &str) -> String {
    item.pointer(pointer).and_then(Value::as_str).map_or_else(|| "-".to_owned(), printable)
}

/// The day of the instant at a pointer.
fn day(item: &Value, pointer: &str) -> String {
    cell(item, pointer).chars().take(10).collect()
}

/// A value as it may stand in a query.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

fn tell(value: &Value, common: &Common) {
    if common.json {
        shell::line(&value.to_string());
        return;
    }
    // YAML shows any answer readably, and a member that a later ledger adds is shown too.
    let text = serde_yaml_ng::to_string(value).unwrap_or_else(|_| format!("{value:#}\n"));
    for line in text.lines() {
        shell::line(&printable(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_what_was_meant_and_a_name_cannot_leave_its_place() {
        assert_eq!(encoded("A & b=c/é"), "A%20%26%20b%3Dc%2F%C3%A9");
        assert!(named("DSA-2026-000042").is_ok());
        for wrong in ["", "../x", "a?b", "a/b", "a#b"] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }
}
