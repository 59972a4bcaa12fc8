//! Every agreement that was ever filed: by the key of its stream, by its reference, and in the order of filing.

use std::collections::HashMap;
use std::sync::Arc;

use crate::agreement::{Agreement, Reference};
use crate::ids::AgreementId;

/// Agreements, each at a place that it keeps.
// INVARIANT: a place fits into 32 bits, for each agreement has an event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filed {
    /// A copy shares each until either takes in an event of it.
    all: Vec<Arc<Agreement>>,
    places: HashMap<AgreementId, u32>,
    /// The places of those of a year, by their number from 1.
    by_year: HashMap<u16, Vec<u32>>,
}

impl Filed {
    /// The agreement of a stream.
    pub(crate) fn get(&self, id: &AgreementId) -> Option<&Agreement> {
        self.at(*self.places.get(id)?)
    }

    /// The same, to be changed.
    pub(crate) fn get_mut(&mut self, id: &AgreementId) -> Option<&mut Agreement> {
        let place = usize::try_from(*self.places.get(id)?).ok()?;
        self.all.get_mut(place).map(Arc::make_mut)
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
    pub(crate) fn at(&self, place: u32) -> Option<&Agreement> {
        self.all.get(usize::try_from(place).ok()?).map(AsRef::as_ref)
    }

    /// The key of the stream at a place.
    pub(crate) fn id_of(&self, place: u32) -> Option<AgreementId> {
        self.at(place).map(Agreement::id)
    }

    /// The place of a stream.
    pub(crate) fn place_of(&self, id: AgreementId) -> Option<u32> {
        self.places.get(&id).copied()
    }

    /// Where the next one will stand.
    pub(crate) fn next_place(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    /// The agreement of a human reference.
    pub(crate) fn by_reference(&self, reference: Reference) -> Option<&Agreement> {
        let number = usize::try_from(reference.number).ok()?.checked_sub(1)?;
        self.at(*self.by_year.get(&reference.year)?.get(number)?)
    }

    /// Each, in the order of filing.
    pub(crate) fn values(&self) -> impl ExactSizeIterator<Item = &Agreement> {
        self.all.iter().map(AsRef::as_ref)
    }

    /// Takes in the newest; gives its place.
    pub(crate) fn push(&mut self, agreement: Arc<Agreement>) -> u32 {
        let place = self.next_place();
        self.places.insert(agreement.id(), place);
        // References of a year are given in the order of filing.
        self.by_year.entry(agreement.reference().year).or_default().push(place);
        self.all.push(agreement);
        place
    }
}
