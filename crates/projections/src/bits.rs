//! Sets of places on the board, one bit each: what fits several filters is found 64 places at a time.

use std::ops::Range;

const WIDTH: usize = u64::BITS as usize;

/// A set of places.
///
/// INVARIANT: the last word is not zero, so that equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// How many places it holds.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether it holds a place.
    pub fn contains(&self, place: usize) -> bool {
        self.words.get(place / WIDTH).is_some_and(|word| word & bit(place) != 0)
    }

    /// Adds a place; it may be there already.
    pub fn insert(&mut self, place: usize) {
        let at = place / WIDTH;
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at) {
            self.len += usize::from(*word & bit(place) == 0);
            *word |= bit(place);
        }
    }

    /// Adds places that follow each other.
    pub fn insert_all(&mut self, places: Range<usize>) {
        for place in places {
            self.insert(place);
        }
    }

    /// Takes a place out; it need not be there.
    pub fn remove(&mut self, place: usize) {
        let Some(word) = self.words.get_mut(place / WIDTH) else { return };
        self.len -= usize::from(*word & bit(place) != 0);
        *word &= !bit(place);
        self.trim();
    }

    /// Keeps what the other set holds as well.
    pub fn keep(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (own, other) in self.words.iter_mut().zip(&other.words) {
            *own &= other;
        }
        self.trim();
        self.len = count(&self.words);
    }

    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }

    /// The places, rising, from one on.
    pub fn from(&self, first: usize) -> impl Iterator<Item = usize> {
        let start = (first / WIDTH).min(self.words.len());
        let words = self.words.get(start..).unwrap_or_default().iter().enumerate();
        words
            .flat_map(move |(at, word)| rising(*word).map(move |low| (start + at) * WIDTH + low))
            .filter(move |place| *place >= first)
    }

    /// So many of the places, the highest first, behind as many that are skipped.
    pub fn highest(&self, skip: usize, take: usize) -> Vec<usize> {
        let mut left = skip;
        let mut found = Vec::with_capacity(take.min(self.len));
        for (at, word) in self.words.iter().enumerate().rev() {
            let here = word.count_ones() as usize;
            if left >= here {
                left -= here;
                continue;
            }
            let mut places: Vec<usize> = rising(*word).map(|low| at * WIDTH + low).collect();
            places.reverse();
            found.extend(places.into_iter().skip(left).take(take - found.len()));
            left = 0;
            if found.len() == take {
                break;
            }
        }
        found
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        let mut bits = Self::default();
        for place in places {
            bits.insert(place);
        }
        bits
    }
}

const fn bit(place: usize) -> u64 {
    1 << (place % WIDTH)
}

fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

/// The bits of a word that are set, rising.
fn rising(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let low = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(low)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Bits;

    proptest! {
        #[test]
        fn they_are_sets(
            steps in prop::collection::vec((any::<bool>(), 0_usize..300), 0..200),
            others in prop::collection::btree_set(0_usize..300, 0..100),
            (first, skip, take) in (0_usize..320, 0_usize..80, 0_usize..80),
        ) {
            let (mut bits, mut set) = (Bits::default(), BTreeSet::new());
            for (add, place) in steps {
                if add {
                    bits.insert(place);
                    set.insert(place);
                } else {
                    bits.remove(place);
                    set.remove(&place);
                }
            }
            prop_assert_eq!(&bits, &set.iter().copied().collect());
            prop_assert_eq!((bits.len(), bits.is_empty()), (set.len(), set.is_empty()));
            prop_assert!((0..320).all(|place| bits.contains(place) == set.contains(&place)));
            prop_assert!(bits.from(first).eq(set.range(first..).copied()));
            let highest: Vec<usize> = set.iter().rev().skip(skip).take(take).copied().collect();
            prop_assert_eq!(bits.highest(skip, take), highest);
            bits.keep(&others.iter().copied().collect());
            prop_assert_eq!(&bits, &set.intersection(&others).copied().collect());
            prop_assert_eq!(bits.len(), set.intersection(&others).count());
        }
    }
}
