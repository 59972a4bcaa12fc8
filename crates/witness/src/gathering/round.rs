//! One checkpoint on its way to a quorum.

use std::sync::Arc;

use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::{Note, NoteSignature};

/// A checkpoint that the log has signed.
pub(super) struct Signed {
    pub(super) checkpoint: Checkpoint,
    pub(super) note: Note,
}

/// Where one witness stands in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Free,
    Asked,
    Failed,
    Cosigned(NoteSignature),
}

/// A round.
pub(super) struct Round {
    pub(super) number: u64,
    pub(super) signed: Arc<Signed>,
    /// When it began, in seconds since 1970.
    pub(super) began: u64,
    /// Whether the cosignatures make the quorum.
    pub(super) reached: bool,
    parts: Vec<Part>,
}

impl Round {
    pub(super) fn new(number: u64, signed: Arc<Signed>, began: u64, witnesses: usize) -> Self {
        Self { number, signed, began, reached: false, parts: vec![Part::Free; witnesses] }
    }

    pub(super) fn has_answered(&self, place: usize) -> bool {
        matches!(self.parts.get(place), None | Some(Part::Cosigned(_)))
    }

    pub(super) fn asked(&mut self, place: usize) {
        self.set(place, Part::Asked);
    }

    pub(super) fn failed(&mut self, place: usize) {
        if !self.has_answered(place) {
            self.set(place, Part::Failed);
        }
    }

    pub(super) fn add(&mut self, place: usize, line: NoteSignature) {
        self.set(place, Part::Cosigned(line));
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &NoteSignature> {
        self.parts.iter().filter_map(|part| match part {
            Part::Cosigned(line) => Some(line),
            Part::Free | Part::Asked | Part::Failed => None,
        })
    }

    /// Whether nobody is left who might answer soon: each witness has cosigned, failed or rests after a failure.
    pub(super) fn is_exhausted(&self, resting: impl Fn(usize) -> bool) -> bool {
        self.parts.iter().enumerate().all(|(place, part)| match part {
            Part::Cosigned(_) | Part::Failed => true,
            Part::Free => resting(place),
            Part::Asked => false,
        })
    }

    fn set(&mut self, place: usize, part: Part) {
        if let Some(slot) = self.parts.get_mut(place) {
            *slot = part;
        }
    }
}
