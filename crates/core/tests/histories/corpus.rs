//! The histories that every property is asked of: the same ones, made once.

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::{Arc, OnceLock};

use counterpart_core::agreement::{Agreement, Signature};
use counterpart_core::event::Event;
use counterpart_core::ids::AgreementId;
use counterpart_core::replay::{self, Read};
use counterpart_core::time::Timestamp;
use rayon::prelude::*;

use crate::history::{Chronicle, Step};

/// How many histories.
const HISTORIES: u64 = 40;

/// How many moves each has.
pub const MOVES: usize = 560;

/// One history, with everything that was tried in it.
pub struct Told {
    /// The ledger at its end.
    pub ledger: Chronicle,
    /// How many entries there were before the first move.
    pub founded: usize,
    /// Every move.
    pub steps: Vec<Step>,
    /// Every entry, read.
    reads: Vec<Read>,
}

/// All histories.
pub fn histories() -> &'static [Told] {
    static ALL: OnceLock<Vec<Told>> = OnceLock::new();
    ALL.get_or_init(|| {
        Chronicle::founded(0);
        (1..=HISTORIES).into_par_iter().map(tell).collect()
    })
}

fn tell(number: u64) -> Told {
    let mut ledger = Chronicle::founded(number);
    // Which agreements are at rest decides nothing: in two thirds of the histories few are ever open.
    if let Some(most) = NonZero::new([0, 1, 3][usize::try_from(number % 3).unwrap()]) {
        ledger.replay.state.hold_open(most);
    }
    let founded = ledger.entries.len();
    let mut steps = Vec::with_capacity(MOVES);
    for place in 0..MOVES {
        ledger.may_close = place + 15 > MOVES;
        steps.push(ledger.step());
    }
    let reads = ledger.entries.iter().map(|bytes| replay::read(bytes).unwrap()).collect();
    Told { ledger, founded, steps, reads }
}

/// What one move did to one agreement: before and after it, both at its instant.
pub struct Turn<'a> {
    /// Of which history.
    pub told: &'a Told,
    /// The move.
    pub step: &'a Step,
    /// The agreement before it, unless it began with it.
    pub before: Option<&'a Agreement>,
    /// The agreement after it.
    pub after: &'a Agreement,
}

impl Turn<'_> {
    /// The event of the move.
    pub fn event(&self) -> &Event {
        self.step.event.as_ref().unwrap()
    }

    /// Where the agreement stood before.
    pub fn from(&self) -> char {
        self.before.map_or('N', |before| before.name().letter())
    }

    /// Where it stands after.
    pub fn to(&self) -> char {
        self.after.name().letter()
    }

    /// The signature that the move added, if it added one.
    pub fn signature(&self) -> Option<&Signature> {
        self.after.signatures().iter().find(|signature| signature.event == self.event().id)
    }

    /// For a failing property: which history and which move.
    pub fn place(&self) -> String {
        let event = self.event();
        format!("{} {} {} by {}", event.event_type(), event.stream, self.step.at, event.principal().organisation)
    }
}

/// Shows every move that was recorded, for each agreement that it may have changed; says how many there were.
pub fn each_turn(mut look: impl FnMut(&Turn<'_>)) -> usize {
    let mut count = 0;
    for told in histories() {
        let mut latest: HashMap<AgreementId, Arc<Agreement>> = HashMap::new();
        for step in &told.steps {
            for (id, stored) in &step.changed {
                {
                    let before = latest.get(id).map(|agreement| agreement.at(step.at));
                    let after = stored.at(step.at);
                    look(&Turn { told, step, before: before.as_deref(), after: &after });
                }
                count += 1;
                latest.insert(*id, stored.clone());
            }
        }
    }
    count
}

/// An agreement as time alone goes on: at each instant at which something falls due, at most a few dozen.
pub fn time_goes_on(agreement: &Agreement) -> Vec<(Timestamp, Agreement)> {
    let mut then = agreement.clone();
    let mut all = Vec::new();
    while let Some(due) = then.due_at() {
        if all.len() == 40 {
            break;
        }
        then = then.at(due).into_owned();
        all.push((due, then.clone()));
    }
    all
}

/// Every agreement of every history at its end, with its history.
pub fn each_agreement(mut look: impl FnMut(&Told, &Agreement)) -> usize {
    let mut count = 0;
    for told in histories() {
        let mut all: Vec<_> = told.ledger.state().agreements().collect();
        all.sort_by_key(|agreement| agreement.reference());
        for agreement in all {
            look(told, &agreement.at(told.ledger.instant()));
            count += 1;
        }
    }
    count
}

/// Every entry of a history, read.
pub fn entries(told: &Told) -> impl Iterator<Item = (u64, &Read)> {
    (0..).zip(&told.reads)
}
