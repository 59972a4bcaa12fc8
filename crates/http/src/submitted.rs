//! A submission that came through the door, on its way to the sequencer.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use counterpart_core::commitment::Disclosure;
use counterpart_core::door::{self, Earlier};
use counterpart_core::event::Event;
use counterpart_core::event::data::{AdviceKind, Data};
use counterpart_core::json::Value;
use counterpart_core::ledger::Opened;
use counterpart_core::london;
use counterpart_core::refusal::Refusal;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

/// An opened submission, with what the door read when it judged its words.
#[derive(Clone, Debug)]
pub(crate) struct Submitted(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    opened: Opened,
    directory: u64,
    held: Held,
}

/// What earlier submissions hold, as far as this one is compared with them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    pub(crate) terms: Option<Value>,
    pub(crate) advised_against: Vec<AdviceKind>,
    pub(crate) words_bytes: u64,
    pub(crate) similar: Vec<String>,
    /// Why words cannot be erased that it names.
    pub(crate) erasure: Option<Refusal>,
}

impl Held {
    fn earlier(&self) -> Earlier<'_> {
        Earlier {
            terms: self.terms.as_ref(),
            advised_against: &self.advised_against,
            words_bytes: self.words_bytes,
            similar: &self.similar,
        }
    }
}

impl Submitted {
    pub(crate) fn new(opened: Opened, directory: u64) -> Self {
        Self(Arc::new(Inner { opened, directory, held: Held::default() }))
    }

    /// Whether the door judged it by this directory, or by none: only drafts of terms are judged by one.
    pub(crate) fn is_judged_by(&self, directory: u64) -> bool {
        self.0.directory == directory || self.event.data.header().is_none()
    }

    /// The same, judged by a newer directory.
    pub(crate) fn judged_again(&self, state: &State, directory: u64, now: Timestamp) -> Self {
        self.judged_with(door::View::of(state).as_ref(), directory, self.0.held.clone(), now)
    }

    /// The same, judged besides by what earlier submissions hold.
    pub(crate) fn judged_with(&self, view: Option<&door::View>, directory: u64, held: Held, now: Timestamp) -> Self {
        let mut opened = self.0.opened.clone();
        // Words whose very form was refused are not there to be judged again.
        if !matches!(opened.door, Err(Refusal::Disclosures { .. })) {
            opened.door = judged(view, &opened.event, &opened.disclosures, &held.earlier(), now);
            if let (Ok(()), Some(refusal)) = (&opened.door, &held.erasure) {
                opened.door = Err(refusal.clone());
            }
        }
        Self(Arc::new(Inner { opened, directory, held }))
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
    disclosures: &[Disclosure],
    earlier: &Earlier<'_>,
    now: Timestamp,
) -> Result<(), Refusal> {
    match view {
        Some(view) => door::check_submission(view, london::date_of(now), event, disclosures, earlier).map(drop),
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
            | Data::CodeListPublished(_)
            | Data::PolicyPublished(_)
            | Data::OrganisationUpdated(_)
            | Data::OrganisationSuspended(_)
            | Data::OrganisationReinstated(_)
            | Data::OrganisationLeft(_)
            | Data::OrganisationSucceeded(_)
            | Data::SuccessionObjected(_)
    )
}
