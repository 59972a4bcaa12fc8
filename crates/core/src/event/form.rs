//! What the form of an event asks beyond its JSON: that its stream fits its type, and what a genesis must hold.

use std::collections::HashSet;

use crate::event::data::{Data, Home, LedgerGenesis, OrganisationSucceeded, SuccessionKind};
use crate::ids::{OrganisationCode, Stream};

/// At least so many registrars.
const REGISTRARS_MIN: usize = 3;

/// At most so many contested events are resolved at once.
const TARGETS_MAX: usize = 200;

/// Says what is wrong with the stream or the shape of an event, if anything (E03).
pub fn problem(stream: Stream, data: &Data) -> Option<String> {
    let named = if let Data::LedgerGenesis(genesis) = data {
        if let Some(problem) = genesis_problem(genesis) {
            return Some(problem);
        }
        Some(Stream::Sys)
    } else if let Data::OrganisationRegistered(data) = data {
        Some(Stream::Organisation(data.code))
    } else if let Data::KeyRegistered(data) = data {
        Some(Stream::Key(data.key))
    } else if let Data::KeyRotated(data) = data {
        Some(Stream::Key(data.key))
    } else if let Data::KeyRevoked(data) = data {
        Some(Stream::Key(data.key))
    } else if let Data::KeyCompromised(data) = data {
        Some(Stream::Key(data.key))
    } else {
        None
    };
    if let Data::ClarificationProvided(data) = data
        && data.header.is_some() != data.terms.is_some()
    {
        return Some("new terms come with their header, and a header with its terms".to_owned());
    }
    if let Data::DisclosureLogged(data) = data {
        if data.from > data.to {
            return Some("the period of a disclosure ends before it begins".to_owned());
        }
        if data.datasets.is_empty() || data.recipients.as_ref().is_some_and(Vec::is_empty) {
            return Some("a disclosure names at least one dataset and, where it names any, one recipient".to_owned());
        }
    }
    if let Data::ContestResolved(data) = data
        && (data.targets.is_empty() || data.targets.len() > TARGETS_MAX)
    {
        return Some(format!("name 1 to {TARGETS_MAX} contested events"));
    }
    let pointed = if let Data::DisclosureErased(data) = data {
        Some(&data.pointers)
    } else if let Data::AccessGranted(data) = data {
        Some(&data.pointers)
    } else {
        None
    };
    if pointed.is_some_and(|pointers| pointers.is_empty() || !are_distinct(pointers)) {
        return Some("`pointers` names at least one place, and each once".to_owned());
    }
    if let Data::RegistrarChanged(data) = data
        && data.threshold < 2
    {
        return Some("at least two registrars must sign".to_owned());
    }
    if let Data::OrganisationSucceeded(data) = data
        && let Some(problem) = succession_problem(stream, data)
    {
        return Some(problem);
    }
    let home = match data.event_type().home() {
        Home::Sys => stream == Stream::Sys,
        Home::Organisation => matches!(stream, Stream::Organisation(_)),
        Home::Key => matches!(stream, Stream::Key(_)),
        Home::Agreement => matches!(stream, Stream::Agreement(_)),
        Home::Subject => matches!(stream, Stream::Organisation(_) | Stream::Key(_) | Stream::Agreement(_)),
    };
    let fits = home && named.is_none_or(|named| named == stream);
    (!fits).then(|| format!("an event of type {} does not belong to stream `{stream}`", data.event_type()))
}

/// Whether nothing stands twice in a list.
fn are_distinct<T: Eq + std::hash::Hash>(list: &[T]) -> bool {
    let mut seen = HashSet::new();
    list.iter().all(|one| seen.insert(one))
}

fn succession_problem(stream: Stream, data: &OrganisationSucceeded) -> Option<String> {
    let (before, after) = (data.predecessors.len(), data.successors.len());
    let fits = match data.kind {
        SuccessionKind::Merge => before >= 1 && after == 1,
        SuccessionKind::Replace | SuccessionKind::Rename => before == 1 && after == 1,
        SuccessionKind::Split => before == 1 && after >= 2,
        SuccessionKind::Transfer => before == 1 && after >= 1,
    };
    let named = data.functions.as_ref().is_some_and(|functions| !functions.is_empty());
    if !fits {
        Some(format!("a succession of kind {} does not go from {before} to {after} bodies", data.kind))
    } else if !are_distinct(&data.predecessors) || !are_distinct(&data.successors) {
        Some("each body is named once".to_owned())
    } else if data.predecessors.iter().any(|code| data.successors.contains(code)) {
        Some("nobody succeeds themself".to_owned())
    } else if named != (data.kind == SuccessionKind::Transfer) || data.functions.is_some() != named {
        Some("functions are named where some pass, and only there".to_owned())
    } else if data.predecessors.first().map(|code| Stream::Organisation(*code)) != Some(stream) {
        Some("a succession belongs to the stream of its first predecessor".to_owned())
    } else {
        None
    }
}

fn genesis_problem(genesis: &LedgerGenesis) -> Option<String> {
    let registrars = &genesis.registrar_keys;
    let threshold = usize::try_from(genesis.threshold).unwrap_or(usize::MAX);
    let distinct = |at: usize| {
        let Some(this) = registrars.get(at) else {
            return true;
        };
        registrars.iter().take(at).all(|other| other.person != this.person && other.key != this.key)
    };
    if genesis.registrar.organisation != OrganisationCode::REGISTRAR {
        Some("the registrar's organisation is always `REG`".to_owned())
    } else if registrars.len() < REGISTRARS_MIN {
        Some("a ledger has at least three registrars".to_owned())
    } else if !(0..registrars.len()).all(distinct) {
        Some("the registrars are different persons with different keys".to_owned())
    } else if threshold < 2 || threshold > registrars.len() {
        Some("the threshold is at least 2 and at most the number of registrars".to_owned())
    } else if genesis.log_keys.is_empty() || genesis.answer_keys.is_empty() {
        Some("a ledger has at least one log key and one answer key".to_owned())
    } else if genesis.rules != 1 {
        Some("this program begins a ledger with rules version 1".to_owned())
    } else {
        None
    }
}
