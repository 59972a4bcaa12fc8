//! One view of the log: what is published, and what it comes to.

use std::sync::Arc;

use counterpart_core::event::{Event, EventType};
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode, Stream};
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_tlog::{Hash, Tree};

use crate::board::Board;
use crate::places::{Filter, Places};

/// What readers see of a ledger.
///
/// INVARIANT: between calls of [`View::publish`] nothing of what was recorded since is answered: state, tree and
/// lists of a published view are those of its checkpoint.
#[derive(Clone, Debug, Default)]
pub struct View {
    pub(crate) state: State,
    pub(crate) tree: Tree,
    pub(crate) places: Places,
    /// The agreements, in the order in which they were filed or imported.
    pub(crate) filed: Vec<AgreementId>,
    checkpoint: Option<Arc<str>>,
    board: Board,
    /// Agreements that events changed since the board was last made good.
    pub(crate) changed: Vec<AgreementId>,
    /// The place on the board of each change of what everybody may read, in the order of the changes.
    opened: Vec<usize>,
}

impl View {
    /// The view of an empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next entry.
    pub fn record(&mut self, event: &Event, recorded_at: Timestamp, leaf: Hash) {
        self.places.add(self.state.size, event);
        if let Stream::Agreement(id) = event.stream {
            if !self.state.has_agreement(id) {
                self.filed.push(id);
            }
            self.changed.push(id);
        } else if let (EventType::OrganisationLeft, Stream::Organisation(code)) = (event.event_type(), event.stream) {
            self.changed.extend(self.state.ids_of(code));
        }
        if reaches_agreements(event.event_type()) {
            self.changed.extend(self.filed.iter().copied());
        }
        // Only the genesis is asked for the name of its leaf.
        let name = if self.state.size == 0 { leaf.to_hex() } else { String::new() };
        self.state.evolve(event, recorded_at, &name);
        self.tree.push(leaf);
    }

    /// Publishes everything taken in so far under the checkpoint that covers it.
    pub fn publish(&mut self, checkpoint: Arc<str>) {
        self.checkpoint = Some(checkpoint);
        let changed = std::mem::take(&mut self.changed);
        if let Some(now) = self.state.recorded_at {
            self.board.changed(&self.state, &changed, now, &mut self.opened);
        }
    }

    /// Where agreements are found, as of the newest event or of the last call of [`View::pass`].
    pub const fn board(&self) -> &Board {
        &self.board
    }

    /// Lets time pass for the board, up to an instant.
    pub fn pass(&mut self, now: Timestamp) {
        self.board.pass(&self.state, now, &mut self.opened);
    }

    /// The place on the board of each change of the words that everybody may read, in order; a place may come again.
    pub fn opened(&self) -> &[usize] {
        &self.opened
    }

    /// How many entries it knows.
    pub fn size(&self) -> u64 {
        self.state.size
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// What they come to.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The tree over them, for tiles and proofs.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The signed checkpoint, once there is one.
    pub const fn checkpoint(&self) -> Option<&Arc<str>> {
        self.checkpoint.as_ref()
    }

    /// How many entries were recorded by an instant.
    pub fn size_at(&self, instant: Timestamp) -> u64 {
        self.state.instants.partition_point(|recorded_at| *recorded_at <= instant) as u64
    }

    /// When an entry was recorded.
    pub fn recorded_at(&self, index: u64) -> Option<Timestamp> {
        self.state.instants.get(usize::try_from(index).ok()?).copied()
    }

    /// The agreements, in the order of filing.
    pub fn filed(&self) -> &[AgreementId] {
        &self.filed
    }

    /// Where the event of an id stands.
    pub fn index_of(&self, id: EventId) -> Option<u64> {
        self.state.events.get(&id).map(|recorded| recorded.index)
    }

    /// The entries of a stream, in order.
    pub fn stream(&self, stream: Stream) -> &[u64] {
        self.places.stream(stream)
    }

    /// When the newest event of a type was recorded in a stream, among the first `size` entries.
    pub fn last_of(&self, stream: Stream, event_type: EventType, size: u64) -> Option<Timestamp> {
        self.places.last_of(stream, event_type, size).and_then(|index| self.recorded_at(index))
    }

    /// When a body was last invited to an agreement or asked to join it, among the first `size` entries.
    pub fn named_at(&self, id: AgreementId, organisation: OrganisationCode, size: u64) -> Option<Timestamp> {
        self.places.named(id, organisation, size).and_then(|index| self.recorded_at(index))
    }

    /// At most `limit` entries from `first` on that fit a filter, in order.
    pub fn find(&self, filter: &Filter, first: u64, limit: usize) -> Vec<u64> {
        self.places.find(filter, first, self.size(), limit)
    }
}

/// Whether an event of whatever stream may change agreements that it does not name. Such events are rare, so all are
/// looked at again.
const fn reaches_agreements(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::OrganisationSucceeded
            | EventType::SuccessionObjected
            | EventType::KeyCompromised
            | EventType::ContestResolved
    )
}
