//! Where agreements are found: by stage, class, party and words, as of an instant that only moves on.
//!
//! A page that counted over every agreement would be slow once there are many. The board keeps one short line for
//! each, and takes it up again only when an event or the passing of time changes it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use counterpart_core::agreement::{Agreement, Next, Reference, StageName};
use counterpart_core::header::{DataClass, PublicRegister};
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode, Role};
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use rayon::prelude::*;

use crate::bits::Bits;
use crate::flows::{self, Flows};
use crate::references;
use crate::register::{Search, is_unconfirmed, name_of};

/// Changes of stage that are remembered for feeds: more than any feed shows.
const CHANGES_MAX: usize = 256;

/// How many agreements are read at once.
const AT_ONCE: usize = 8_192;

/// Fewer than so many are not worth several cores.
const FEW: usize = 64;

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
    /// Who must act next.
    pub next: Box<[Next]>,
    pairs: Vec<(OrganisationCode, OrganisationCode)>,
    due: Option<Timestamp>,
}

/// What the board takes from an agreement.
struct Read {
    line: Line,
    /// When it came to which stage, in order.
    steps: Vec<(Timestamp, StageName)>,
}

impl Read {
    fn of(state: &State, id: AgreementId, now: Timestamp) -> Option<Self> {
        let then = state.agreement_at(id, now)?;
        let line = Line {
            id,
            reference: then.reference(),
            stage: then.name(),
            class: then.header().class(),
            parties: then.parties().iter().map(|party| party.organisation).collect(),
            open: open(&then, state),
            unconfirmed: is_unconfirmed(&then),
            next: then.who_must_act_next().into(),
            pairs: flows::pairs(&then).into_iter().collect(),
            due: then.due_at(),
        };
        Some(Self { line, steps: then.history().iter().map(|step| (step.at, step.to)).collect() })
    }
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
    /// What waits for each body, and how much of it for which role.
    waiting: HashMap<OrganisationCode, Bits>,
    asked: BTreeMap<(OrganisationCode, Role), u64>,
    /// Of each body, the agreements that are not over.
    live: HashMap<OrganisationCode, Bits>,
    /// By stage; imports that are in force and not confirmed stand under none.
    stages: HashMap<Option<StageName>, Bits>,
    classes: HashMap<DataClass, Bits>,
    imports: Bits,
    /// The place of the first agreement of each year: numbers of references follow each other from there.
    years: BTreeMap<u16, usize>,
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

    /// Lets time pass up to an instant. `opened` gets the places whose open words are others now.
    pub(crate) fn pass(&mut self, state: &State, now: Timestamp, opened: &mut Vec<usize>) {
        self.passed = self.passed.max(Some(now));
        while let Some((due, place)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            self.due.remove(&(due, place));
            if let Some(read) = self.lines.get(place).and_then(|line| Read::of(state, line.id, now)) {
                self.take_up(read, opened);
            }
        }
    }

    /// Takes up what events changed. `opened` gets the places whose open words are others now.
    pub(crate) fn changed(&mut self, state: &State, ids: &[AgreementId], now: Timestamp, opened: &mut Vec<usize>) {
        let now = self.passed.map_or(now, |passed| passed.max(now));
        let mut seen = HashSet::with_capacity(ids.len());
        let ids: Vec<AgreementId> = ids.iter().copied().filter(|id| seen.insert(*id)).collect();
        for some in ids.chunks(AT_ONCE) {
            let read = |id: &AgreementId| Read::of(state, *id, now);
            // After a start it is all of them.
            let read: Vec<Option<Read>> =
                if some.len() < FEW { some.iter().map(read).collect() } else { some.par_iter().map(read).collect() };
            for read in read.into_iter().flatten() {
                self.take_up(read, opened);
            }
        }
    }

    fn take_up(&mut self, read: Read, opened: &mut Vec<usize>) {
        let Read { line, steps } = read;
        let place = self.place_of(&line);
        if self.lines.get(place).map_or(line.open.is_some(), |before| before.open != line.open) {
            opened.push(place);
        }
        for (step, (at, to)) in steps.into_iter().enumerate() {
            let full = self.changes.len() >= CHANGES_MAX;
            let newest = self.changes.first_key_value().is_none_or(|(first, _)| *first < (at, place, step));
            if newest || !full {
                self.changes.insert((at, place, step), to);
            }
        }
        while self.changes.len() > CHANGES_MAX {
            self.changes.pop_first();
        }
        if let Some(due) = line.due {
            self.due.insert((due, place));
        }
        self.stages.entry(counted(&line)).or_default().insert(place);
        self.classes.entry(line.class).or_default().insert(place);
        if line.unconfirmed {
            self.imports.insert(place);
        }
        line.pairs.iter().for_each(|pair| self.flows.add(*pair));
        for code in &line.parties {
            let list = self.of.entry(*code).or_default();
            if let Err(at) = list.binary_search(&place) {
                list.insert(at, place);
            }
        }
        for next in &line.next {
            self.waiting.entry(next.organisation).or_default().insert(place);
            *self.asked.entry((next.organisation, next.role)).or_default() += 1;
        }
        if !line.stage.is_final() {
            line.parties.iter().for_each(|code| {
                self.live.entry(*code).or_default().insert(place);
            });
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
            // INVARIANT: whoever is first in the log has the lower number, and places are in that order.
            self.years.entry(line.reference.year).or_insert(place);
            return place;
        };
        if let Some(before) = self.lines.get(place) {
            if let Some(due) = before.due {
                self.due.remove(&(due, place));
            }
            take_out(&mut self.stages, counted(before), place);
            take_out(&mut self.classes, before.class, place);
            self.imports.remove(place);
            before.pairs.iter().for_each(|pair| self.flows.take(*pair));
            for next in &before.next {
                take_out(&mut self.waiting, next.organisation, place);
                if let Some(asked) = self.asked.get_mut(&(next.organisation, next.role)) {
                    *asked -= 1;
                    if *asked == 0 {
                        self.asked.remove(&(next.organisation, next.role));
                    }
                }
            }
            before.parties.iter().for_each(|code| take_out(&mut self.live, *code, place));
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
        self.stages.get(&Some(stage)).map_or(0, |places| places.len() as u64)
    }

    /// How many imports would be in force, had all their parties confirmed them.
    pub fn unconfirmed(&self) -> u64 {
        self.stages.get(&None).map_or(0, |places| places.len() as u64)
    }

    /// Who shares with whom, now.
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// The places of the agreements that name an organisation, rising.
    pub fn of(&self, organisation: OrganisationCode) -> &[usize] {
        self.of.get(&organisation).map_or(&[], Vec::as_slice)
    }

    /// The places of the agreements in which something waits for an organisation, rising.
    pub fn waiting_for(&self, organisation: OrganisationCode) -> impl Iterator<Item = usize> {
        self.waiting.get(&organisation).into_iter().flat_map(|places| places.from(0))
    }

    /// How many things wait for each role of each body.
    pub fn asked(&self) -> impl Iterator<Item = (OrganisationCode, Role, u64)> {
        self.asked.iter().map(|((organisation, role), count)| (*organisation, *role, *count))
    }

    /// The places of an organisation's agreements that are not over, rising.
    pub fn live(&self, organisation: OrganisationCode) -> impl Iterator<Item = usize> {
        self.live.get(&organisation).into_iter().flat_map(|places| places.from(0))
    }

    /// The newest changes of stage, the newest first.
    pub fn changes(&self) -> impl Iterator<Item = Change> {
        self.changes.iter().rev().filter_map(|((at, place, step), to)| {
            let id = self.lines.get(*place)?.id;
            Some(Change { at: *at, id, to: *to, step: *step })
        })
    }

    /// What fits a search. `titled` are the places whose open title has its words.
    pub fn search(&self, state: &State, search: &Search, titled: Bits) -> Found {
        let none = Bits::default();
        let said = (!search.words.is_empty()).then(|| self.said(state, &search.words, titled));
        let standing = search.state.map(|name| self.stages.get(&Some(name)).unwrap_or(&none));
        let class = search.class.map(|class| self.classes.get(&class).unwrap_or(&none));
        let imports = search.unconfirmed.then_some(&self.imports);
        self.fitting(search.party, &[said.as_ref(), standing, class, imports])
    }

    /// What has a party, stands at a stage and has a class, whether or not it is an import that is not confirmed.
    pub fn standing(
        &self,
        party: Option<OrganisationCode>,
        stage: Option<StageName>,
        class: Option<DataClass>,
    ) -> Found {
        let none = Bits::default();
        let unconfirmed = self.stages.get(&None).filter(|_| stage == Some(StageName::Active));
        let stage = stage.map(|stage| {
            let confirmed = self.stages.get(&Some(stage)).unwrap_or(&none);
            let mut all = confirmed.clone();
            for place in unconfirmed.iter().flat_map(|places| places.from(0)) {
                all.insert(place);
            }
            all
        });
        let class = class.map(|class| self.classes.get(&class).unwrap_or(&none));
        self.fitting(party, &[stage.as_ref(), class])
    }

    /// The places whose reference, id or party code contains `text`, in lower case.
    pub fn called(&self, text: &str) -> Bits {
        let mut found = references::containing(text, &self.years, self.lines.len());
        let named = |code: &OrganisationCode| code.as_str().to_lowercase().contains(text);
        for place in self.of.iter().filter(|(code, _)| named(code)).flat_map(|(_, places)| places) {
            found.insert(*place);
        }
        // Ids are random, so nothing but looking at each helps; most texts cannot be part of one.
        if text.bytes().all(|letter| letter.is_ascii_hexdigit() || letter == b'-') {
            for (place, _) in self.lines.iter().enumerate().filter(|(_, line)| line.id.to_string().contains(text)) {
                found.insert(place);
            }
        }
        found
    }

    /// What has a party and is in every set that is asked for.
    fn fitting(&self, party: Option<OrganisationCode>, asked: &[Option<&Bits>]) -> Found {
        let asked: Vec<&Bits> = asked.iter().copied().flatten().collect();
        if let Some(party) = party {
            let fits = |place: &usize| asked.iter().all(|places| places.contains(*place));
            return Found::Some(self.of(party).iter().copied().filter(fits).collect());
        }
        let Some((first, rest)) = asked.split_first() else { return Found::All(self.lines.len()) };
        let mut found = Bits::clone(first);
        for places in rest {
            found.keep(places);
        }
        Found::Some(found)
    }

    /// The places whose open title, reference or party is called so.
    fn said(&self, state: &State, words: &str, titled: Bits) -> Bits {
        let mut found = titled;
        let named = |code: &OrganisationCode| {
            code.as_str().to_lowercase().contains(words) || name_of(state, *code).to_lowercase().contains(words)
        };
        for place in self.of.iter().filter(|(code, _)| named(code)).flat_map(|(_, places)| places) {
            found.insert(*place);
        }
        for place in references::containing(words, &self.years, self.lines.len()).from(0) {
            found.insert(place);
        }
        found
    }
}

/// What fits a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Everything, so many.
    All(usize),
    /// These places.
    Some(Bits),
}

impl Found {
    /// How many.
    pub const fn len(&self) -> usize {
        match self {
            Self::All(len) => *len,
            Self::Some(places) => places.len(),
        }
    }

    /// Whether nothing fits.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// So many of the places, the newest first, behind as many that are skipped.
    pub fn newest(&self, skip: usize, take: usize) -> Vec<usize> {
        match self {
            Self::All(len) => (0..*len).rev().skip(skip).take(take).collect(),
            Self::Some(places) => places.highest(skip, take),
        }
    }

    /// So many of the places before one, the newest first.
    pub fn newest_before(&self, place: usize, take: usize) -> Vec<usize> {
        match self {
            Self::All(len) => (0..place.min(*len)).rev().take(take).collect(),
            Self::Some(places) => places.highest(places.from(place).count(), take),
        }
    }

    /// The places from one on, in the order of filing.
    pub fn from(&self, first: usize) -> Box<dyn Iterator<Item = usize> + '_> {
        match self {
            Self::All(len) => Box::new(first..*len),
            Self::Some(places) => Box::new(places.from(first)),
        }
    }
}

/// Takes a place out of the set under a key; no set is kept empty.
fn take_out<K: Eq + Hash>(sets: &mut HashMap<K, Bits>, key: K, place: usize) {
    if let Entry::Occupied(mut set) = sets.entry(key) {
        set.get_mut().remove(place);
        if set.get().is_empty() {
            set.remove();
        }
    }
}

/// Under what a line is counted.
fn counted(line: &Line) -> Option<StageName> {
    (!line.unconfirmed || line.stage != StageName::Active).then_some(line.stage)
}

fn open(agreement: &Agreement, state: &State) -> Option<Open> {
    let decided = agreement.publication()?;
    match decided.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => {}
        PublicRegister::Withhold => return None,
    }
    Some(Open { decided: decided.event, entry: state.events.get(&agreement.current().event)?.index })
}
