//! `--explain`: why an event was admissible when it was recorded, from the entries before it alone.

use counterpart_core::event::{Event, Signer};
use counterpart_core::ids::{EventId, OrganisationCode, Stream};
use counterpart_core::replay::{Read, Replay, Stop};
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_projections::english;
use serde_json::json;

use crate::{Common, shell};

/// Why, line by line.
pub struct Told {
    index: u64,
    pub lines: Vec<(&'static str, String)>,
    /// The code of the refusal, if the rules say no.
    pub code: Option<String>,
}

impl Told {
    /// Whether the rules admit the event there.
    pub const fn is_admitted(&self) -> bool {
        self.code.is_none()
    }

    /// Tells.
    pub fn tell(&self, common: &Common) {
        if common.json {
            let lines: Vec<_> = self.lines.iter().map(|(what, why)| json!({ "what": what, "why": why })).collect();
            let told = json!({ "admitted": self.is_admitted(), "code": self.code, "index": self.index, "told": lines });
            shell::line(&told.to_string());
        } else {
            for (what, why) in &self.lines {
                shell::line(&format!("{what:<12}{why}"));
            }
        }
    }
}

/// Explains the entry that follows `replay`.
pub fn explain(mut replay: Replay, next: Option<Result<Read, Stop>>) -> Told {
    let index = replay.state.size;
    let mut told = Told { index, lines: Vec::new(), code: None };
    let read = match next {
        Some(Ok(read)) => read,
        Some(Err(stop)) => {
            told.lines.push(("entry", format!("{index} cannot be read: {stop}")));
            told.code = Some(stop.code().to_owned());
            return told;
        }
        None => {
            told.lines.push(("entry", format!("{index} is not there")));
            told.code = Some("missing".to_owned());
            return told;
        }
    };
    let (event, at) = (&read.event, read.entry.recorded_at);
    let state = &replay.state;
    told.lines.push(("entry", format!("{index}, recorded at {at}, leaf hash {}", read.leaf)));
    let (event_type, id, stream) = (event.event_type(), event.id, event.stream);
    told.lines.push(("event", format!("{event_type} {id} in the stream {stream}: {}", english::event(event_type))));
    told.lines.push(("signed at", format!("{}, valid until {}", event.signed_at, event.valid_until)));
    for signer in &event.signers {
        told.lines.push(("signer", signed(state, event, signer, at)));
    }
    let person = event.signers.first().map(|signer| signer.person);
    let (revision, barrier) = state.revision(stream, person);
    told.lines.push((
        "saw",
        format!(
            "revision {} of the stream, which had {revision} and whose last barrier was at {barrier}",
            event.expected_revision
        ),
    ));
    let before = standing(state, stream, at);
    let rules = state.founded.as_ref().map_or(1, |founded| founded.rules);
    match replay.next(&read, false) {
        Ok(()) => {
            told.lines.push((
                "decided",
                format!("admitted: its bytes are canonical, every signature verifies, and no log rule of version {rules} says no"),
            ));
            let after = standing(&replay.state, stream, at);
            if let Some(before) = before {
                told.lines.push(("before", before));
            }
            if let Some(after) = after {
                told.lines.push(("after", after));
            }
        }
        Err(stopped) => {
            told.code = Some(stopped.stop.code().to_owned());
            told.lines.extend(before.map(|before| ("before", before)));
            told.lines.push(("decided", format!("refused: {} {}", stopped.stop.code(), stopped.stop)));
        }
    }
    told
}

/// On what a signature rests: the entries that brought in its key and its post.
fn signed(state: &State, event: &Event, signer: &Signer, at: Timestamp) -> String {
    let Signer { delegation, key, organisation, person, role } = signer;
    let by = format!("{person} as {role} of {organisation} with key {key}");
    let brought = state.keys.get(key).map_or_else(
        || "the event itself brings the key in".to_owned(),
        |held| {
            let active = if held.is_active() { "and it was active" } else { "and it signed no more" };
            format!("the key came in at entry {} {active}", held.index)
        },
    );
    let post = if *organisation == OrganisationCode::REGISTRAR {
        "a registrar by the genesis or a later change of registrars".to_owned()
    } else {
        post(state, event, signer, at, *delegation)
    };
    format!("{by}: {brought}; {post}")
}

fn post(state: &State, event: &Event, signer: &Signer, at: Timestamp, delegation: Option<EventId>) -> String {
    let Some(body) = state.organisations.get(&signer.organisation) else {
        return "the event itself registers the organisation".to_owned();
    };
    let made = |event: EventId| {
        state.events.get(&event).map_or_else(|| "an entry".to_owned(), |recorded| format!("entry {}", recorded.index))
    };
    if let Some(lent) = delegation.and_then(|id| body.delegation(id)) {
        return format!("the post was lent at {} until {}", made(lent.event), lent.until);
    }
    match body.appointment(signer.person, signer.role, at) {
        Some(held) => {
            let until = held.valid_to.map_or_else(String::new, |day| format!(" to {day}"));
            let doubt = if held.contested { ", and it was contested" } else { "" };
            format!("appointed at {} from {}{until}{doubt}", made(held.event), held.valid_from)
        }
        // A new key proves its possession for somebody whose post may be that of an administrator beside it.
        None if matches!(event.stream, Stream::Key(_)) => "the key of the event itself".to_owned(),
        None => "no live appointment to this role".to_owned(),
    }
}

/// Where the agreement of a stream stood at an instant.
fn standing(state: &State, stream: Stream, at: Timestamp) -> Option<String> {
    let Stream::Agreement(id) = stream else { return None };
    let agreement = state.agreement_at(id, at)?;
    let missing: Vec<String> = agreement
        .parties()
        .iter()
        .map(|party| (party.organisation, agreement.missing_signatures(party.organisation)))
        .filter(|(_, roles)| !roles.is_empty())
        .map(|(organisation, roles)| format!("{organisation} owes {}", roles.len()))
        .collect();
    let waits = if missing.is_empty() { String::new() } else { format!("; signatures: {}", missing.join(", ")) };
    let (reference, name, version) = (agreement.reference(), agreement.name(), agreement.current().number);
    Some(format!("{reference} is {} with version {version} and revision {}{waits}", name.words(), agreement.revision()))
}
