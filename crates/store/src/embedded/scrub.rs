//! Reading everything, slowly, and saying what is damaged.

use super::store::{Embedded, Inner};
use crate::StoreError;

/// What a look through a stretch of the store found.
#[derive(Debug, Default)]
pub struct Scrubbed {
    /// Entries that were read and are whole.
    pub entries: u64,
    /// Words that were read, opened with their keys and, where that can be told, open their commitments.
    pub words: u64,
    /// What is damaged, each with file, place and entry.
    pub damage: Vec<StoreError>,
}

impl Embedded {
    /// Reads so many entries from `from` on, and their words. Call it again behind them, as slowly as suits.
    ///
    /// # Errors
    ///
    /// Only what keeps it from reading at all; damage is part of the answer.
    pub fn scrub(&self, from: u64, entries: u64) -> Result<Scrubbed, StoreError> {
        let inner = self.inner();
        inner.poison.check()?;
        let mut scrubbed = Scrubbed::default();
        for index in from..from.saturating_add(entries).min(inner.index.size()) {
            match inner.check(index) {
                Ok(words) => {
                    scrubbed.entries += 1;
                    scrubbed.words += words;
                }
                Err(damage @ StoreError::Damaged { .. }) => scrubbed.damage.push(damage),
                Err(other) => return Err(other),
            }
        }
        Ok(scrubbed)
    }
}

impl Inner {
    /// Every word of every entry.
    pub(super) fn check_words(&self) -> Result<(), StoreError> {
        self.read(0..self.index.size(), &mut |header, entry| {
            self.check_words_of(header.index, header.extra, header.part, entry).map(|_| ())
        })
    }

    /// One entry and its words; gives how many words there are.
    fn check(&self, index: u64) -> Result<u64, StoreError> {
        let mut words = 0;
        self.read(index..index + 1, &mut |header, entry| {
            words = self.check_words_of(index, header.extra, header.part, entry)?;
            Ok(())
        })?;
        Ok(words)
    }

    fn check_words_of(&self, index: u64, first: u64, count: u32, entry: &[u8]) -> Result<u64, StoreError> {
        let words = self.words.read(index, first, count)?;
        if let Some(fit) = &self.words_fit {
            for word in &words {
                if let Err(problem) = fit(entry, word) {
                    let problem = format!("the words `{}` do not open their commitment: {problem}", word.name);
                    return Err(super::run::damaged("words", 0, index, &problem));
                }
            }
        }
        Ok(words.len() as u64)
    }
}
