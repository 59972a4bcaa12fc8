//! Lists within an agreement, which are many and short: a state holds every agreement that was ever filed.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list that nearly always holds nothing: one word while it does.
#[expect(clippy::box_collection, reason = "a word for what is nearly always nothing, not three")]
#[derive(Clone, Debug)]
pub struct Rare<T>(Option<Box<Vec<T>>>);

impl<T> Rare<T> {
    pub(super) fn push(&mut self, item: T) {
        // The first is mostly the last.
        self.0.get_or_insert_with(|| Box::new(Vec::with_capacity(1))).push(item);
    }

    pub(super) fn insert(&mut self, place: usize, item: T) {
        self.0.get_or_insert_default().insert(place, item);
    }

    /// Takes out the item at a place, which there is.
    pub(super) fn remove(&mut self, place: usize) -> T {
        let list = self.0.get_or_insert_default();
        let removed = list.remove(place);
        self.let_go();
        removed
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        if let Some(list) = &mut self.0 {
            list.retain(keep);
        }
        self.let_go();
    }

    pub(super) fn clear(&mut self) {
        self.0 = None;
    }

    fn let_go(&mut self) {
        if self.is_empty() {
            self.0 = None;
        }
    }
}

impl<T> Default for Rare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for Rare<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map(Vec::as_slice).unwrap_or_default()
    }
}

impl<T> DerefMut for Rare<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.0.as_deref_mut().map(Vec::as_mut_slice).unwrap_or_default()
    }
}

impl<T> From<Vec<T>> for Rare<T> {
    fn from(items: Vec<T>) -> Self {
        Self((!items.is_empty()).then(|| Box::new(items)))
    }
}

impl<T: Clone> From<&[T]> for Rare<T> {
    fn from(items: &[T]) -> Self {
        Self((!items.is_empty()).then(|| Box::new(items.to_vec())))
    }
}

/// A list that grows by a quarter of itself, and not to twice: what it holds in reserve is small.
#[derive(Clone, Debug)]
pub(crate) struct Tight<T>(Vec<T>);

impl<T> Tight<T> {
    pub(super) fn push(&mut self, item: T) {
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(self.0.len() / 4 + 1);
        }
        self.0.push(item);
    }
}

impl<T> Default for Tight<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Tight<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.0
    }
}

impl<T> DerefMut for Tight<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for Tight<T> {
    fn from(items: Vec<T>) -> Self {
        Self(items)
    }
}

impl<T> FromIterator<T> for Tight<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut list: Vec<T> = items.into_iter().collect();
        list.shrink_to_fit();
        Self(list)
    }
}

/// Both are read, compared and kept as what they hold, in its order.
macro_rules! as_lists {
    ($($name:ident)*) => {
        $(
            impl<T: PartialEq> PartialEq for $name<T> {
                fn eq(&self, other: &Self) -> bool {
                    self[..] == other[..]
                }
            }

            impl<T: Eq> Eq for $name<T> {}

            impl<'a, T> IntoIterator for &'a $name<T> {
                type Item = &'a T;
                type IntoIter = std::slice::Iter<'a, T>;

                fn into_iter(self) -> Self::IntoIter {
                    self.iter()
                }
            }

            impl<'a, T> IntoIterator for &'a mut $name<T> {
                type Item = &'a mut T;
                type IntoIter = std::slice::IterMut<'a, T>;

                fn into_iter(self) -> Self::IntoIter {
                    self.iter_mut()
                }
            }

            impl<T: Serialize> Serialize for $name<T> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self[..].serialize(serializer)
                }
            }
        )*
    };
}
as_lists!(Rare Tight);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rare<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Vec::deserialize(deserializer)?;
        list.shrink_to_fit();
        Ok(Self((!list.is_empty()).then(|| Box::new(list))))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Tight<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut list = Vec::deserialize(deserializer)?;
        list.shrink_to_fit();
        Ok(Self(list))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_nothing_takes_one_word() {
        assert_eq!(size_of::<Rare<[u64; 9]>>(), size_of::<usize>());
        let mut list: Rare<u8> = Rare::default();
        assert!(list.is_empty() && list.iter_mut().next().is_none());
        list.push(1);
        list.insert(0, 0);
        assert_eq!(list[..], [0, 1]);
        assert_eq!((list.remove(0), list.len()), (0, 1));
        let mut other = list.clone();
        list.retain(|_| false);
        assert_eq!((list.len(), list.0.is_none()), (0, true));
        assert_eq!((other.remove(0), other.0.is_none()), (1, true), "the last one that is taken out leaves nothing");
        list.push(2);
        list.clear();
        assert_eq!((list.len(), list.0.is_none()), (0, true));
    }

    #[test]
    fn what_is_held_in_reserve_is_a_quarter_at_most() {
        let mut list = Tight::default();
        for number in 0..1_000_u32 {
            list.push(number);
            assert!(list.capacity() <= list.len() + list.len() / 4 + 1);
        }
        assert!(list.iter().copied().eq(0..1_000));
        // Nor in a list that is made at once, from more room than it needs.
        let list: Tight<u32> = (0..1_000).filter(|number| number % 7 == 0).collect();
        assert!(list.len() == 143 && list.capacity() < 160, "{}", list.capacity());
    }

    #[test]
    fn both_are_kept_as_what_they_hold() {
        let (rare, tight) = (Rare::from(&[1_u8, 2][..]), Tight::from(vec![3_u8]));
        let text = serde_json::to_string(&(&rare, &tight, Rare::<u8>::default())).unwrap();
        assert_eq!(text, "[[1,2],[3],[]]");
        let read: (Rare<u8>, Tight<u8>, Rare<u8>) = serde_json::from_str(&text).unwrap();
        assert_eq!(read, (rare, tight, Rare::default()));
        assert!(read.2.0.is_none());
    }
}
