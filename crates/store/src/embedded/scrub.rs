//! Reading everything, slowly, and saying what is damaged.

use super::disk::WINDOW;
use super::frame::{FRAME_HEADER, Kind, Place};
use super::run::FIRST;
use super::store::{Embedded, Inner};
use crate::{Scrub, Scrubbed, StoreError, Stretch};

impl Scrub for Embedded {
    fn scrub(&self, from: Stretch, bytes: u64) -> Result<Scrubbed, StoreError> {
        let inner = self.inner();
        inner.poison.check()?;
        match from {
            Stretch::Entries(index) => inner.scrub_entries(index, bytes),
            Stretch::Checkpoints(packed) => inner.scrub_checkpoints(packed, bytes),
        }
    }
}

/// What was read of one entry and its words.
#[derive(Default)]
struct Looked {
    bytes: u64,
    words: u64,
}

impl Inner {
    fn scrub_entries(&self, from: u64, bytes: u64) -> Result<Scrubbed, StoreError> {
        let mut scrubbed = Scrubbed { next: Some(Stretch::Checkpoints(0)), ..Scrubbed::default() };
        for index in from..self.index.size() {
            if scrubbed.bytes >= bytes {
                scrubbed.next = Some(Stretch::Entries(index));
                break;
            }
            // Words that are being erased are neither there nor gone for a moment: twice wrong is wrong.
            match self.check(index).or_else(|_| self.check(index)) {
                Ok(looked) => {
                    scrubbed.entries += 1;
                    scrubbed.words += looked.words;
                    scrubbed.bytes += looked.bytes;
                }
                Err(damage @ StoreError::Damaged { .. }) => {
                    scrubbed.bytes += FRAME_HEADER as u64;
                    scrubbed.damage.push(damage);
                }
                Err(other) => return Err(other),
            }
        }
        Ok(scrubbed)
    }

    /// A damaged checkpoint hides those behind it in its file; the next file is looked at all the same.
    fn scrub_checkpoints(&self, packed: u64, bytes: u64) -> Result<Scrubbed, StoreError> {
        let run = self.locks.run();
        let from = if packed == 0 { Place { file: 0, offset: FIRST } } else { Place::unpack(packed) };
        let mut scrubbed = Scrubbed::default();
        let walked = run.walk(from, WINDOW, &mut |place, _, note| {
            if scrubbed.bytes >= bytes {
                scrubbed.next = Some(Stretch::Checkpoints(place.pack()));
                return Ok(false);
            }
            scrubbed.checkpoints += 1;
            scrubbed.bytes += (FRAME_HEADER + note.len()) as u64;
            Ok(true)
        });
        match walked {
            Ok(()) => {}
            Err(StoreError::Damaged { file, offset, problem, .. }) => {
                let number = file.rsplit('/').next().and_then(|name| Kind::Checkpoint.number(name)).unwrap_or(u32::MAX);
                if number < run.end().0 {
                    scrubbed.next = Some(Stretch::Checkpoints(Place { file: number + 1, offset: FIRST }.pack()));
                }
                // What a damaged frame says of itself says nothing.
                let index = self.locks.current().size;
                scrubbed.damage.push(StoreError::Damaged { file, offset, index, problem });
            }
            Err(other) => return Err(other),
        }
        Ok(scrubbed)
    }

    /// Every word of every entry.
    pub(super) fn check_words(&self) -> Result<(), StoreError> {
        self.read(0..self.index.size(), &mut |header, entry| {
            self.check_words_of(header.index, header.extra, header.part, entry).map(|_| ())
        })
    }

    /// One entry and its words.
    fn check(&self, index: u64) -> Result<Looked, StoreError> {
        let mut looked = Looked::default();
        self.read(index..index + 1, &mut |header, entry| {
            looked = self.check_words_of(index, header.extra, header.part, entry)?;
            looked.bytes += (FRAME_HEADER + entry.len()) as u64;
            Ok(())
        })?;
        Ok(looked)
    }

    fn check_words_of(&self, index: u64, first: u64, count: u32, entry: &[u8]) -> Result<Looked, StoreError> {
        let words = self.words.read(index, first, count)?;
        if let Some(fit) = &self.words_fit {
            fit(entry, &words).map_err(|problem| super::run::damaged("words", 0, index, &problem))?;
        }
        let bytes = words.iter().map(|word| word.bytes.len() as u64).sum();
        Ok(Looked { words: words.len() as u64, bytes })
    }
}
