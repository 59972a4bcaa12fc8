//! Every agreement that was ever filed: by the key of its stream, by its reference, and in the order of filing.
//!
//! An agreement is open while events come to it, and packed at rest: a state holds many, and few of them move. Which
//! are open says nothing of the ledger, and no answer depends on it.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::num::NonZero;
use std::sync::Arc;

use rayon::prelude::*;

use crate::agreement::{Agreement, Front, Reference};
use crate::ids::AgreementId;
use crate::packed::Lists;

/// How many agreements are open at most.
const OPEN_MAX: usize = 1_024;

/// Bytes that one takes at rest, mostly.
const PACKED_USUAL: usize = 1_024;

/// One agreement. A copy of the state shares it until either takes in an event of it.
#[derive(Clone, Debug)]
enum Held {
    Open(Arc<Agreement>),
    AtRest(Arc<[u8]>),
}

/// Agreements, each at a place that it keeps.
// INVARIANT: a place fits into 32 bits, for each agreement has an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filed {
    // INVARIANT: what is at rest was packed by this program with `lists`, or read as an agreement when it was taken up.
    all: Vec<Held>,
    /// The places of those that are open, in the order in which they were opened.
    open: VecDeque<u32>,
    /// How many are open at most, if it is not [`OPEN_MAX`].
    open_max: Option<NonZero<usize>>,
    lists: Lists,
    places: HashMap<AgreementId, u32>,
    /// The places of those of a year, by their number from 1.
    by_year: HashMap<u16, Vec<u32>>,
}

impl Filed {
    /// The agreement of a stream.
    pub(crate) fn get(&self, id: &AgreementId) -> Option<Cow<'_, Agreement>> {
        self.at(*self.places.get(id)?)
    }

    /// Opens the agreement of a stream, if it is at rest: several things are about to be asked of it.
    pub(crate) fn wake(&mut self, id: &AgreementId) {
        if let Some(place) = self.places.get(id) {
            self.wake_at(*place);
        }
    }

    fn wake_at(&mut self, place: u32) {
        let Some(Held::AtRest(bytes)) = self.held(place) else { return };
        let agreement = Arc::new(self.unpacked(bytes));
        self.put(place, Held::Open(agreement));
        self.open.push_back(place);
        self.lay_down();
    }

    /// Packs those that were opened first, until as few are open as may be.
    fn lay_down(&mut self) {
        let most = self.open_max.map_or(OPEN_MAX, NonZero::get);
        if self.open.len() <= most {
            return;
        }
        let mut bytes = Vec::with_capacity(PACKED_USUAL);
        while self.open.len() > most {
            let Some(place) = self.open.pop_front() else { return };
            let at = usize::try_from(place).unwrap_or_default();
            if let Some(Held::Open(agreement)) = self.all.get(at) {
                agreement.pack_into(&mut bytes, &mut self.lists);
                self.put(place, Held::AtRest(Arc::from(&*bytes)));
            }
        }
    }

    /// The agreement of a stream, to be changed.
    pub(crate) fn get_mut(&mut self, id: &AgreementId) -> Option<&mut Agreement> {
        self.at_mut(*self.places.get(id)?)
    }

    /// The agreement at a place, to be changed.
    pub(crate) fn at_mut(&mut self, place: u32) -> Option<&mut Agreement> {
        self.wake_at(place);
        match self.all.get_mut(usize::try_from(place).ok()?)? {
            Held::Open(agreement) => Some(Arc::make_mut(agreement)),
            Held::AtRest(_) => None,
        }
    }

    /// Sets how many are open at most.
    pub(crate) fn hold_open(&mut self, most: NonZero<usize>) {
        self.open_max = Some(most);
        self.lay_down();
    }

    /// How many streams there are.
    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is such a stream.
    pub(crate) fn contains_key(&self, id: &AgreementId) -> bool {
        self.places.contains_key(id)
    }

    /// The agreement at a place.
    pub(crate) fn at(&self, place: u32) -> Option<Cow<'_, Agreement>> {
        self.held(place).map(|held| self.opened(held))
    }

    fn held(&self, place: u32) -> Option<&Held> {
        self.all.get(usize::try_from(place).ok()?)
    }

    fn put(&mut self, place: u32, held: Held) {
        if let Some(slot) = usize::try_from(place).ok().and_then(|at| self.all.get_mut(at)) {
            *slot = held;
        }
    }

    fn opened<'s>(&'s self, held: &'s Held) -> Cow<'s, Agreement> {
        match held {
            Held::Open(agreement) => Cow::Borrowed(agreement),
            Held::AtRest(bytes) => Cow::Owned(self.unpacked(bytes)),
        }
    }

    fn unpacked(&self, bytes: &[u8]) -> Agreement {
        let agreement = Agreement::unpacked(bytes, &self.lists);
        assert!(agreement.is_some(), "what is at rest reads as an agreement");
        agreement.unwrap_or_else(|| unreachable!("asserted above"))
    }

    /// What is asked of the agreement of a stream most often.
    pub(crate) fn front(&self, id: &AgreementId) -> Option<Front> {
        self.front_at(*self.places.get(id)?)
    }

    fn front_at(&self, place: u32) -> Option<Front> {
        match self.held(place)? {
            Held::Open(agreement) => Some(agreement.front()),
            Held::AtRest(bytes) => Front::of(bytes),
        }
    }

    /// The key of the stream at a place.
    pub(crate) fn id_of(&self, place: u32) -> Option<AgreementId> {
        self.front_at(place).map(|front| front.id)
    }

    /// The place of a stream.
    pub(crate) fn place_of(&self, id: AgreementId) -> Option<u32> {
        self.places.get(&id).copied()
    }

    /// The streams and their places, in no order.
    pub(crate) fn places(&self) -> impl Iterator<Item = (AgreementId, u32)> {
        self.places.iter().map(|(id, place)| (*id, *place))
    }

    /// Where the next one will stand.
    pub(crate) fn next_place(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    /// The agreement of a human reference.
    pub(crate) fn by_reference(&self, reference: Reference) -> Option<Cow<'_, Agreement>> {
        let number = usize::try_from(reference.number).ok()?.checked_sub(1)?;
        self.at(*self.by_year.get(&reference.year)?.get(number)?)
    }

    /// Each, in the order of filing.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = Cow<'_, Agreement>> {
        self.all.iter().map(|held| self.opened(held))
    }

    /// Takes in the newest; gives its place.
    pub(crate) fn push(&mut self, agreement: Agreement) -> u32 {
        let place = self.next_place();
        self.know(&agreement.front(), place);
        self.all.push(Held::Open(Arc::new(agreement)));
        self.open.push_back(place);
        self.lay_down();
        place
    }

    fn know(&mut self, front: &Front, place: u32) {
        self.places.insert(front.id, place);
        // References of a year are given in the order of filing.
        self.by_year.entry(front.reference.year).or_default().push(place);
    }

    /// All of them at rest, in the order of filing, and the lists that they name by their places.
    pub(crate) fn at_rest(&self) -> (Vec<Arc<[u8]>>, Lists) {
        let mut lists = self.lists.clone();
        let mut bytes = Vec::new();
        let rest = |held: &Held| match held {
            Held::Open(agreement) => {
                agreement.pack_into(&mut bytes, &mut lists);
                Arc::from(&*bytes)
            }
            Held::AtRest(bytes) => Arc::clone(bytes),
        };
        let all = self.all.iter().map(rest).collect();
        (all, lists)
    }

    /// The same, taken up again; none if they are not agreements, or two are of one stream.
    pub(crate) fn taken_up(all: Vec<Arc<[u8]>>, lists: Lists) -> Option<Self> {
        // Each is read once now, so that nothing is found out later, in the middle of deciding.
        if !all.par_iter().all(|bytes| Agreement::unpacked(bytes, &lists).is_some()) {
            return None;
        }
        let mut filed = Self { lists, ..Self::default() };
        filed.places.reserve(all.len());
        for (place, bytes) in (0..).zip(&all) {
            filed.know(&Front::of(bytes)?, place);
        }
        filed.all = all.into_iter().map(Held::AtRest).collect();
        (filed.places.len() == filed.all.len()).then_some(filed)
    }
}
