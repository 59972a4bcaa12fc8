//! Where agreements are found: by stage, class, party and words, as of an instant that only moves on.
//!
//! A page that counted over every agreement would be slow once there are many. The board keeps one short line for
//! each, and takes it up again only when an event or the passing of time changes it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use counterpart_core::agreement::{Agreement, Reference, StageName};
use counterpart_core::header::{DataClass, PublicRegister};
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode};
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

use crate::flows::{self, Flows};
use crate::register::{Search, is_unconfirmed, name_of};

/// Changes of stage that are remembered for feeds: more than any feed shows.
const CHANGES_MAX: usize = 256;

/// Words of an agreement that a decision opened to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Open {
    /// The decision.
    pub decided: EventId,
    /// The entry whose words they are.
    pub entry: u64,
}

/// One agreement, as far as lists need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key of its stream.
    pub id: AgreementId,
    /// Its human reference.
    pub reference: Reference,
    /// Where it stands.
    pub stage: StageName,
    /// The highest class of its data.
    pub class: DataClass,
    /// Its parties.
    pub parties: Vec<OrganisationCode>,
    /// The words that everybody may read, if any.
    pub open: Option<Open>,
    /// It was imported, and not every party has confirmed that.
    pub unconfirmed: bool,
    pairs: Vec<(OrganisationCode, OrganisationCode)>,
    due: Option<Timestamp>,
}

/// One change of stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// Of which agreement.
    pub id: AgreementId,
    /// To which stage.
    pub to: StageName,
    /// Which change of the agreement it is, from 0.
    pub step: usize,
}

/// Every agreement by one line, in the order of filing. A place is a position in that order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Board {
    lines: Vec<Line>,
    places: HashMap<AgreementId, usize>,
    of: HashMap<OrganisationCode, Vec<usize>>,
    /// By stage; imports that are in force and not confirmed stand under none.
    counts: HashMap<Option<StageName>, u64>,
    flows: Flows,
    changes: BTreeMap<(Timestamp, usize, usize), StageName>,
    // INVARIANT: holds each line that time alone will change, under the instant of its next change.
    due: BTreeSet<(Timestamp, usize)>,
    passed: Option<Timestamp>,
}

impl Board {
    /// Whether time alone has changed something by an instant that the board does not show yet.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due.first().is_some_and(|(due, _)| *due <= now)
    }

    /// Lets time pass up to an instant.
    pub(crate) fn pass(&mut self, state: &State, now: Timestamp, index: &dyn Fn(EventId) -> Option<u64>) {
        self.passed = self.passed.max(Some(now));
        while let Some((due, place)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, place));
            let agreement = self.lines.get(place).and_then(|line| state.agreement(line.id));
            if let Some(agreement) = agreement {
                self.take_up(agreement, now, index);
            }
        }
    }

    /// Takes up what events changed.
    pub(crate) fn changed(
        &mut self,
        state: &State,
        ids: &[AgreementId],
        now: Timestamp,
        index: &dyn Fn(EventId) -> Option<u64>,
    ) {
        let now = self.passed.map_or(now, |passed| passed.max(now));
        let mut seen = HashSet::with_capacity(ids.len());
        for agreement in ids.iter().filter(|id| seen.insert(**id)).filter_map(|id| state.agreement(*id)) {
            self.take_up(agreement, now, index);
        }
    }

    fn take_up(&mut self, agreement: &Agreement, now: Timestamp, index: &dyn Fn(EventId) -> Option<u64>) {
        let then = agreement.at(now);
        let line = Line {
            id: then.id(),
            reference: then.reference(),
            stage: then.name(),
            class: then.header().class(),
            parties: then.parties().iter().map(|party| party.organisation).collect(),
            open: open(&then, index),
            unconfirmed: is_unconfirmed(&then),
            pairs: flows::pairs(&then).into_iter().collect(),
            due: then.due_at(),
        };
        let place = self.place_of(&line);
        for (step, change) in then.history().iter().enumerate() {
            self.changes.insert((change.at, place, step), change.to);
        }
        while self.changes.len() > CHANGES_MAX {
            self.changes.pop_first();
        }
        if let Some(due) = line.due {
            self.due.insert((due, place));
        }
        *self.counts.entry(counted(&line)).or_default() += 1;
        line.pairs.iter().for_each(|pair| self.flows.add(*pair));
        for code in &line.parties {
            let list = self.of.entry(*code).or_default();
            if let Err(at) = list.binary_search(&place) {
                list.insert(at, place);
            }
        }
        match self.lines.get_mut(place) {
            Some(before) => *before = line,
            None => self.lines.push(line),
        }
    }

    /// The place of an agreement, freed of what its line said before.
    fn place_of(&mut self, line: &Line) -> usize {
        let Some(place) = self.places.get(&line.id).copied() else {
            let place = self.lines.len();
            self.places.insert(line.id, place);
            return place;
        };
        if let Some(before) = self.lines.get(place) {
            if let Some(due) = before.due {
                self.due.remove(&(due, place));
            }
            if let Some(count) = self.counts.get_mut(&counted(before)) {
                *count -= 1;
            }
            before.pairs.iter().for_each(|pair| self.flows.take(*pair));
            // No rule takes a party out of an agreement, so its list keeps the place.
        }
        place
    }

    /// The lines, in the order of filing.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The place of an agreement.
    pub fn place(&self, id: AgreementId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// How many agreements stand where.
    pub fn count(&self, stage: StageName) -> u64 {
        self.counts.get(&Some(stage)).copied().unwrap_or_default()
    }

    /// How many imports would be in force, had all their parties confirmed them.
    pub fn unconfirmed(&self) -> u64 {
        self.counts.get(&None).copied().unwrap_or_default()
    }

    /// Who shares with whom, now.
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The places of the agreements that name an organisation, rising.
    pub fn of(&self, organisation: OrganisationCode) -> &[usize] {
        self.of.get(&organisation).map_or(&[], Vec::as_slice)
    }

    /// The newest changes of stage, the newest first.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.iter().rev().filter_map(|((at, place, step), to)| {
            let id = self.lines.get(*place)?.id;
            Some(Change { at: *at, id, to: *to, step: *step })
        })
    }

    /// The places of what fits a search, the newest first. `title` gives the open title at a place, in lower case.
    pub fn search<'t>(&self, state: &State, search: &Search, title: &dyn Fn(usize) -> Option<&'t str>) -> Vec<usize> {
        let fits = |place: &usize| {
            self.lines.get(*place).is_some_and(|line| {
                (!search.unconfirmed || line.unconfirmed)
                    && search.state.is_none_or(|stage| Some(stage) == counted(line))
                    && search.class.is_none_or(|class| class == line.class)
            })
        };
        let words = Words::new(self, state, search);
        let said = |place: &usize| words.as_ref().is_none_or(|words| words.are_in(self, *place, title));
        match search.party {
            Some(party) => self.of(party).iter().rev().copied().filter(fits).filter(said).collect(),
            None => (0..self.lines.len()).rev().filter(fits).filter(said).collect(),
        }
    }
}

/// What the words of a search mean, before a line is looked at.
struct Words<'a> {
    text: &'a str,
    /// By place: whether a party is called so.
    parties: Vec<bool>,
    /// The words are a whole reference, so that at most one agreement has it.
    whole: Option<Reference>,
    /// The words may be part of a reference.
    partly: bool,
}

impl<'a> Words<'a> {
    fn new(board: &Board, state: &State, search: &'a Search) -> Option<Self> {
        let text = search.words.as_str();
        if text.is_empty() {
            return None;
        }
        let mut parties = vec![false; board.lines.len()];
        let named = |code: &OrganisationCode| {
            code.as_str().to_lowercase().contains(text) || name_of(state, *code).to_lowercase().contains(text)
        };
        for place in board.of.iter().filter(|(code, _)| named(code)).flat_map(|(_, places)| places) {
            if let Some(party) = parties.get_mut(*place) {
                *party = true;
            }
        }
        let whole = text.to_uppercase().parse::<Reference>().ok();
        let partly = whole.is_none() && text.chars().all(|letter| "dsa-0123456789".contains(letter));
        Some(Self { text, parties, whole, partly })
    }

    fn are_in<'t>(&self, board: &Board, place: usize, title: &dyn Fn(usize) -> Option<&'t str>) -> bool {
        let reference = || {
            board.lines.get(place).is_some_and(|line| {
                self.whole.map_or_else(
                    || self.partly && line.reference.to_string().to_lowercase().contains(self.text),
                    |whole| whole == line.reference,
                )
            })
        };
        self.parties.get(place).copied().unwrap_or_default()
            || reference()
            || title(place).is_some_and(|title| title.contains(self.text))
    }
}

/// Under what a line is counted.
fn counted(line: &Line) -> Option<StageName> {
    (!line.unconfirmed || line.stage != StageName::Active).then_some(line.stage)
}

fn open(agreement: &Agreement, index: &dyn Fn(EventId) -> Option<u64>) -> Option<Open> {
    let decided = agreement.publication()?;
    match decided.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => {}
        PublicRegister::Withhold => return None,
    }
    Some(Open { decided: decided.event, entry: index(agreement.current().event)? })
}
