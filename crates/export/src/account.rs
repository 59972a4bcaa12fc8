//! What happened to an agreement, in plain words, for somebody who has never seen the ledger.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use counterpart_core::agreement::{Agreement, Origin};
use counterpart_core::event::Event;
use counterpart_core::event::data::ContestOutcome;
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::london;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_projections::coverage;
use counterpart_projections::english;
use counterpart_projections::register::{Openness, Row, name_of};
use counterpart_projections::words::Opened;

use crate::closure::Needed;

/// Who stands behind the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The log.
    pub origin: &'a str,
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// Whether a quorum of witnesses signed it.
    pub witnessed: bool,
}

/// Tells of an agreement as it stands at an instant: what it is, who is bound, what happened, what that rests on.
pub fn write(
    state: &State,
    agreement: &Agreement,
    at: Timestamp,
    entries: &BTreeMap<u64, Needed>,
    opened: &Opened,
    standing: Standing<'_>,
) -> String {
    let row = Row::of(state, agreement, at, opened);
    let mut text = format!("# {}\n\n", plain(&row.title()));
    head(&mut text, &row, at, standing);
    words(&mut text, &row, opened);
    parties(&mut text, state, agreement, at);
    let own = Stream::Agreement(agreement.id());
    text.push_str("\n## What happened\n\nEach line is an entry of the log, signed by those whom it names.\n\n");
    table(&mut text, state, entries.iter().filter(|(_, needed)| needed.event.stream == own));
    by_time_alone(&mut text, &agreement.at(at));
    erased(&mut text, state, own, at);
    text.push_str(
        "\n## What this rests on\n\nThese entries say which bodies are on the ledger, who held which post, and whose \
         keys signed.\n\n",
    );
    table(&mut text, state, entries.iter().filter(|(_, needed)| needed.event.stream != own));
    text
}

fn head(text: &mut String, row: &Row, at: Timestamp, standing: Standing<'_>) {
    let _ = writeln!(text, "Reference {}. Its id is `{}`.\n", row.reference, row.id);
    let _ = writeln!(text, "On {} (London time) it is {}.\n", english::instant(at), row.state.words());
    let witnesses = if standing.witnessed {
        "a quorum of independent witnesses has signed the same"
    } else {
        "no quorum of independent witnesses has signed the same"
    };
    let _ = writeln!(
        text,
        "The log `{}` has signed {} entries, and {witnesses}.\n",
        standing.origin,
        english::number(standing.size)
    );
    text.push_str(
        "The ledger wrote this page for reading; it proves nothing by itself.\nWhat proves it are the entries beside \
         it, which `README.md` says how to check.\n",
    );
}

fn words(text: &mut String, row: &Row, opened: &Opened) {
    text.push_str("\n## What it is about\n\n");
    let said = match row.publication {
        Openness::NotDecided => "Nobody has decided yet whether everybody may read its words.",
        Openness::Published => "The lead party has opened its words to everybody.",
        Openness::PublishedInPart => "The lead party has opened most of its words to everybody; some are withheld.",
        Openness::Withheld => "The lead party does not open its words to everybody.",
    };
    let none =
        if opened.is_empty() { " Whoever asked for this bundle may not read them, so they are not here." } else { "" };
    let _ = writeln!(text, "{said}{none}\n");
    for (name, pointer) in [
        ("Purpose", "/purpose"),
        ("Benefits", "/benefits"),
        ("What happens without it", "/harm_if_not_shared"),
        ("Why less will not do", "/necessity"),
        ("Private life", "/human_rights"),
    ] {
        if let Some(words) = opened.text(pointer) {
            let _ = writeln!(text, "- {name}: {}", plain(words));
        }
    }
    for (name, day) in [("First day", row.start), ("Last day", row.end)] {
        let day = day.map_or_else(|| "none named".to_owned(), english::date);
        let _ = writeln!(text, "- {name}: {day}");
    }
    for data in &row.data {
        let name = data.name.as_deref().map_or_else(|| format!("dataset {}", data.id), plain);
        let _ = writeln!(text, "- Data: {name} ({}), {}", english::class(data.class), data.handling);
    }
}

/// Words that are not in the bundle because nobody has them any longer.
fn erased(text: &mut String, state: &State, own: Stream, at: Timestamp) {
    let mut gone = state.erasures.of(own).iter().filter(|erasure| state.is_gone(own, erasure, at)).peekable();
    if gone.peek().is_none() {
        return;
    }
    text.push_str(
        "\n## What was erased\n\nThese words were destroyed by order of the log, so they are not in this bundle.\nThe \
         seals over them stand in the entries as before.\n\n",
    );
    for erasure in gone {
        let places: Vec<String> = erasure.pointers.iter().map(|pointer| format!("`{}`", pointer.as_str())).collect();
        let _ = writeln!(
            text,
            "- Entry {}, {}: since {}, because {} (ordered by entry {})",
            erasure.target_index,
            places.join(", "),
            english::date(counterpart_core::london::date_of(erasure.at)),
            english::erasure(erasure.reason),
            erasure.index,
        );
    }
}

fn parties(text: &mut String, state: &State, agreement: &Agreement, at: Timestamp) {
    text.push_str("\n## The parties\n\n| Party | Where it stands |\n|---|---|\n");
    for party in coverage::parties(state, agreement, at) {
        let _ = writeln!(text, "| {} ({}) | {} |", plain(&party.name), party.organisation, party.state.words());
    }
}

fn table<'a>(text: &mut String, state: &State, entries: impl Iterator<Item = (&'a u64, &'a Needed)>) {
    text.push_str("| Entry | Recorded | What | Of | Signed by |\n|---|---|---|---|---|\n");
    for (index, Needed { event, recorded_at, .. }) in entries {
        let _ = writeln!(
            text,
            "| {index} | {} | {} | {} | {}{} |",
            english::instant(*recorded_at),
            english::event(event.event_type()),
            of(state, event),
            signers(state, event),
            doubt(state, event.id)
        );
    }
}

fn of(state: &State, event: &Event) -> String {
    match event.stream {
        Stream::Sys => "the ledger".to_owned(),
        Stream::Organisation(code) => plain(&name_of(state, code)),
        Stream::Key(key) => format!("key {}", key.to_string().chars().take(8).collect::<String>()),
        Stream::Agreement(_) => "this agreement".to_owned(),
        Stream::Template(_) | Stream::Programme(_) => event.stream.to_string(),
    }
}

fn signers(state: &State, event: &Event) -> String {
    let signer = |signer: &counterpart_core::event::Signer| {
        let lent = if signer.delegation.is_some() { ", by delegation" } else { "" };
        format!("{} of {}{lent}", signer.role.title(), plain(&name_of(state, signer.organisation)))
    };
    event.signers.iter().map(signer).collect::<Vec<_>>().join(", and ")
}

/// What a body says of an event that its key signed while it may have been in other hands. The event is never called
/// invalid: it was signed, and it is in the log.
fn doubt(state: &State, event: EventId) -> String {
    if let Some(verdict) = state.contests.verdict(event) {
        let word = match verdict.outcome {
            ContestOutcome::Affirmed => "affirmed",
            ContestOutcome::Disowned => "disowned",
        };
        let on = english::date(london::date_of(verdict.at));
        return format!("; **{word} by {} on {on}**", plain(&name_of(state, verdict.organisation)));
    }
    state.contests.contest(event).map_or_else(String::new, |contest| {
        let organisation = plain(&name_of(state, contest.organisation));
        format!("; **in doubt: {organisation} reported that the key may have been in other hands**")
    })
}

/// What nobody signed: days that came.
fn by_time_alone(text: &mut String, now: &Agreement) {
    let derived: Vec<_> = now.history().iter().filter(|step| matches!(step.origin, Origin::Derived { .. })).collect();
    if derived.is_empty() {
        return;
    }
    text.push_str("\nTime alone brought these about, by the rules; nobody signed them.\n\n");
    for step in derived {
        let _ = writeln!(text, "- {}: {} from then on", english::instant(step.at), step.to.words());
    }
}

/// Words of strangers on one line, in which nothing is markup.
fn plain(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '\n' => text.push(' '),
            c if c.is_control() => text.push('\u{FFFD}'),
            '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '#' | '|' | '&' | '!' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_strangers_are_no_markup() {
        assert_eq!(plain("a|b\n# c [x](y) <b>"), "a\\|b \\# c \\[x\\](y) \\<b\\>");
    }
}
