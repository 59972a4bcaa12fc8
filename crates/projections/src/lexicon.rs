//! Words of titles, and the places whose title has each: a search looks at words, which are few, and not at titles.

use std::collections::HashMap;

use crate::bits::Bits;

/// The words of titles in lower case, each with the places of the titles that have it, rising.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lexicon(HashMap<Box<str>, Vec<usize>>);

impl Lexicon {
    /// Takes a title in.
    pub fn add(&mut self, place: usize, title: &str) {
        for word in title.split_whitespace() {
            if !self.0.contains_key(word) {
                self.0.insert(word.into(), Vec::new());
            }
            if let Some(places) = self.0.get_mut(word)
                && let Err(at) = places.binary_search(&place)
            {
                places.insert(at, place);
            }
        }
    }

    /// Takes a title out.
    pub fn take(&mut self, place: usize, title: &str) {
        for word in title.split_whitespace() {
            let Some(places) = self.0.get_mut(word) else { continue };
            if let Ok(at) = places.binary_search(&place) {
                places.remove(at);
            }
            if places.is_empty() {
                self.0.remove(word);
            }
        }
    }

    /// The places whose title contains a piece of text. `title` gives the title that was taken in at a place; places
    /// for which it gives none are left out.
    pub fn find<'t>(&self, text: &str, title: &dyn Fn(usize) -> Option<&'t str>) -> Bits {
        let parts: Vec<&str> = text.split_whitespace().collect();
        // Of several words the first may be the end of one, the last the beginning of one; those between are whole.
        let found = match parts.as_slice() {
            [] => return Bits::default(),
            [one] => self.places(|word| word.contains(one)),
            [first, whole @ .., last] => {
                let mut found = self.places(|word| word.ends_with(first));
                found.keep(&self.places(|word| word.starts_with(last)));
                for word in whole {
                    found.keep(&self.0.get(*word).into_iter().flatten().copied().collect());
                }
                found
            }
        };
        let as_it_stands = parts.first().is_some_and(|one| *one == text);
        found.from(0).filter(|place| title(*place).is_some_and(|title| as_it_stands || title.contains(text))).collect()
    }

    fn places(&self, fits: impl Fn(&str) -> bool) -> Bits {
        let fitting = self.0.iter().filter(|(word, _)| fits(word));
        fitting.flat_map(|(_, places)| places).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Lexicon;
    use crate::bits::Bits;

    proptest! {
        #[test]
        fn what_is_found_is_what_reading_every_title_would_find(
            titles in prop::collection::vec("[ab ]{0,8}", 0..12),
            gone in prop::collection::vec(any::<bool>(), 12),
            text in "[ab ]{1,4}",
        ) {
            let is_gone = |place: usize| gone.get(place).copied().unwrap_or_default();
            let mut lexicon = Lexicon::default();
            for (place, title) in titles.iter().enumerate() {
                lexicon.add(place, title);
            }
            for (place, title) in titles.iter().enumerate().filter(|(place, _)| is_gone(*place)) {
                lexicon.take(place, title);
            }
            let title = |place: usize| titles.get(place).map(String::as_str).filter(|_| !is_gone(place));
            let read: Bits = (0..titles.len())
                .filter(|place| !text.trim().is_empty() && title(*place).is_some_and(|title| title.contains(&text)))
                .collect();
            prop_assert_eq!(lexicon.find(&text, &title), read);
        }
    }
}
