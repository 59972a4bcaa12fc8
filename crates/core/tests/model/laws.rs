//! What must hold after every move (domain.md 2.14), judged from outside the rules.

use std::collections::BTreeSet;

use counterpart_core::agreement::{Agreement, End, EndReason, PartyState, Stage, StageName, Standing};
use counterpart_core::header::{Capacity, Formation, SignatureKind};
use counterpart_core::ids::EventId;
use counterpart_core::london;

use crate::moves::{Move, code, place};

/// What the model itself remembers of data that were sent and held: it does not ask the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// Recipients that owe the destruction of a dataset.
    pub owed: BTreeSet<(usize, u16)>,
    pub holds: BTreeSet<EventId>,
    /// Parties that gave notice with effect at once.
    pub out: BTreeSet<usize>,
}

impl Memory {
    /// A move was let pass.
    pub fn note(&mut self, mv: &Move, event: EventId, bound: &[usize], joint: bool) {
        match mv {
            Move::Disclose(by) => {
                // DS-2 is Islington's where three share; where bodies join one by one there is one dataset for all.
                let dataset = if *by == 2 && joint { 2 } else { 1 };
                self.owed.extend(bound.iter().filter(|to| *to != by).map(|to| (*to, dataset)));
            }
            Move::Certify(by) => self.owed.retain(|(to, _)| to != by),
            Move::Hold(_) => drop(self.holds.insert(event)),
            Move::Release(_, hold) => drop(self.holds.remove(hold)),
            Move::Notice(by, true) => drop(self.out.insert(*by)),
            Move::Rescind(by, _) => drop(self.out.remove(by)),
            _ => {}
        }
    }
}

/// Which law a step breaks, if one; `now` is when it was over.
pub fn broken(before: &Agreement, mv: &Move, after: &Agreement, memory: &Memory, now: i64) -> Option<String> {
    let (from, to) = (before.name(), after.name());
    if from.is_final() && from != to {
        return Some(format!("I6: {} after {}", to.words(), from.words()));
    }
    let formed = matches!(to, StageName::Approved | StageName::Active) && matches!(from, StageName::Approving);
    if formed && let Some(why) = unformed(after) {
        return Some(format!("I14: formed, though {why}"));
    }
    if let Some(begun) = after.first_in_force_at()
        && before.first_in_force_at().is_none()
    {
        let version = after.in_force().first().map_or(1, |version| version.version);
        let header = &after.version(version).unwrap().header;
        let executions = after.signatures().iter().filter(|s| s.kind == SignatureKind::Execution);
        let last = executions.filter(|s| s.version == version && s.standing == Standing::Counts).map(|s| s.at).max();
        let too_early = begun < london::start_of(header.effective_date) || begun.millis() > now;
        if too_early || last.is_none_or(|last| begun < last) {
            return Some(format!("I15: in force at {begun}, the first day is {}", header.effective_date));
        }
    }
    versions(after)
        .or_else(|| amendments(before, mv, after))
        .or_else(|| endings(before, after, memory))
        .map(|told| format!("{told} (from {} to {})", from.words(), to.words()))
}

/// Why the formation of an agreement does not stand: who is not bound, or bound without its signatures.
fn unformed(view: &Agreement) -> Option<String> {
    let header = view.header();
    let version = view.current();
    let bound = |party: &&counterpart_core::agreement::Party| party.state.is_bound();
    match header.formation {
        Formation::All | Formation::Unilateral => {
            if let Some(party) = view.parties().iter().find(|party| !bound(party)) {
                return Some(format!("{} is {}", party.organisation, party.state.words()));
            }
        }
        Formation::Accession => {
            let least = usize::from(header.min_parties.unwrap_or(2));
            if view.parties().iter().filter(bound).count() < least {
                return Some("too few are bound".to_owned());
            }
            let anchors = header.anchor_parties.iter();
            for anchor in anchors {
                if !view.party(*anchor).is_some_and(|party| party.state.is_bound()) {
                    return Some(format!("{anchor} is not bound"));
                }
            }
        }
    }
    for party in view.parties().iter().filter(bound) {
        for required in &view.row(party.organisation).unwrap().required_roles {
            let given = view.signatures().iter().any(|s| {
                s.organisation == party.organisation
                    && s.version == version.number
                    && s.standing == Standing::Counts
                    && s.kind == required.kind
                    && s.role == required.role
            });
            if !given {
                return Some(format!("{} lacks {} {}", party.organisation, required.kind, required.role));
            }
        }
    }
    None
}

/// I16: versions follow each other, and the last one is in force until the end.
fn versions(view: &Agreement) -> Option<String> {
    let held = view.in_force();
    if held.windows(2).any(|two| two[0].since > two[1].since || two[0].version == two[1].version) {
        return Some(format!("I16: versions overlap: {held:?}"));
    }
    let first = view.first_in_force_at();
    if held.first().map(|version| version.since) != first {
        return Some(format!("I16: in force since {first:?}, its versions {held:?}"));
    }
    match view.stage().force() {
        Some(force) if held.last().map(|version| version.version) != Some(force.version) => {
            Some(format!("I16: version {} is in force, the last to come was {held:?}", force.version))
        }
        None | Some(_) => None,
    }
}

/// I17: one amendment at most, and none after the end.
fn amendments(before: &Agreement, mv: &Move, after: &Agreement) -> Option<String> {
    if matches!(mv, Move::Propose(..)) && before.amendment().is_some() {
        return Some("I17: a second amendment is open".to_owned());
    }
    let over = after.stage().force().is_none();
    let left = after.amendment().is_some() || (over && after.parties().iter().any(|party| party.joins));
    (over && left).then(|| "I17: an amendment outlived the agreement".to_owned())
}

/// I20 and I22: what ends, and what may be closed.
fn endings(before: &Agreement, after: &Agreement, memory: &Memory) -> Option<String> {
    let running = after.stage().force().is_some();
    let gone = |party: &&counterpart_core::agreement::Party| party.state == PartyState::Left;
    if after.is_bilateral() && running {
        let mut out = after.parties().iter().filter(gone).map(|party| place(party.organisation));
        if let Some(place) = out.next().or(memory.out.first().copied()) {
            return Some(format!("I20: {} left, and the agreement of two goes on", code(place)));
        }
    }
    let goes_on = continues(after);
    let ended = before.stage().force().is_some() && !running;
    if running && !after.is_bilateral() && !goes_on {
        return Some("I20: too few are left, and the agreement goes on".to_owned());
    }
    if ended
        && let Some(End { reason: EndReason::Continuation, .. }) = end_of(after.stage())
        && goes_on
    {
        return Some("I20: enough are left, and the agreement ended".to_owned());
    }
    if after.name() == StageName::Closed && (!memory.owed.is_empty() || !memory.holds.is_empty()) {
        return Some(format!("I22: closed, while {memory:?}"));
    }
    None
}

fn end_of(stage: &Stage) -> Option<End> {
    match stage {
        Stage::Ending(end) | Stage::Closed { end, .. } => Some(*end),
        _ => None,
    }
}

/// Whether enough parties are bound, one that gives and another that gets: all that these scenes ask.
fn continues(view: &Agreement) -> bool {
    let header = view.header();
    let bound: Vec<_> = view.parties().iter().filter(|party| party.state.is_bound()).collect();
    let least = header.continuation.as_ref().map_or(2, |continuation| usize::from(continuation.min_parties));
    let capacity = |party: &counterpart_core::agreement::Party| party.row(header).map(|row| row.capacity);
    let gives = |party: &counterpart_core::agreement::Party| {
        matches!(capacity(party), Some(Capacity::Provider | Capacity::Both))
    };
    // In these scenes everybody may receive from everybody else who gives.
    bound.len() >= least && bound.iter().any(|party| gives(party) && bound.len() > 1)
}
