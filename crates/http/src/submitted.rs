//! A submission that came through the door, on its way to the sequencer.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use counterpart_core::door::{self, Earlier};
use counterpart_core::event::data::Data;
use counterpart_core::event::{Event, EventType};
use counterpart_core::ledger::Opened;
use counterpart_core::london;
use counterpart_core::refusal::Refusal;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

/// An opened submission, with the directory that the door read when it judged its words.
#[derive(Clone, Debug)]
pub(crate) struct Submitted(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opened: Opened,
    directory: u64,
}

impl Submitted {
    pub(crate) fn new(opened: Opened, directory: u64) -> Self {
        Self(Arc::new(Inner { opened, directory }))
    }

    /// The opened submission, to be judged anew.
    pub(crate) fn opened(&self) -> Opened {
        self.0.opened.clone()
    }

    /// Whether the door judged it by this directory, or by none: only requests are judged by one.
    pub(crate) fn is_judged_by(&self, directory: u64) -> bool {
        self.0.directory == directory || self.event.event_type() != EventType::RequestFiled
    }

    /// The same, judged by a newer directory.
    pub(crate) fn judged_again(&self, state: &State, directory: u64, now: Timestamp) -> Self {
        let mut opened = self.0.opened.clone();
        // Words whose very form was refused are not there to be judged again.
        if !matches!(opened.door, Err(Refusal::Disclosures { .. })) {
            opened.door = judged(door::View::of(state).as_ref(), &opened.event, &opened.disclosures, now);
        }
        Self::new(opened, directory)
    }
}

impl Deref for Submitted {
    type Target = Opened;

    fn deref(&self) -> &Opened {
        &self.0.opened
    }
}

impl Borrow<Opened> for Submitted {
    fn borrow(&self) -> &Opened {
        &self.0.opened
    }
}

/// E07, E08 and the rules that read words. Before a ledger is founded there are only commitments to open.
pub(crate) fn judged(
    view: Option<&door::View>,
    event: &Event,
    disclosures: &[counterpart_core::commitment::Disclosure],
    now: Timestamp,
) -> Result<(), Refusal> {
    match view {
        Some(view) => {
            door::check_submission(view, london::date_of(now), event, disclosures, &Earlier::default()).map(drop)
        }
        None => door::open(&event.id.to_string(), &event.data, disclosures).map(drop),
    }
}

/// What the door reads of the ledger, and how often it has changed.
#[derive(Debug, Default)]
pub(crate) struct Directory(RwLock<(u64, Option<door::View>)>);

impl Directory {
    pub(crate) fn of(state: &State) -> Self {
        Self(RwLock::new((0, door::View::of(state))))
    }

    /// The directory and its number.
    pub(crate) fn read(&self) -> (u64, Option<door::View>) {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a newer one; gives its number.
    pub(crate) fn renew(&self, state: &State) -> u64 {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *held = (held.0 + 1, door::View::of(state));
        held.0
    }
}

/// Whether an event changes what the door reads: organisations or reference data.
pub(crate) fn changes_directory(event: &Event) -> bool {
    matches!(
        event.data,
        Data::LedgerGenesis(_)
            | Data::OrganisationRegistered(_)
            | Data::OrganisationUpdated(_)
            | Data::OrganisationSuspended(_)
            | Data::OrganisationReinstated(_)
            | Data::OrganisationLeft(_)
    )
}
