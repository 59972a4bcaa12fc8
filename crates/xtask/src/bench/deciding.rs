//! What an event of an agreement costs before it is recorded and when it is: deciding it, and taking it in.
//!
//! The events are made beforehand and stand in memory, as behind the reader of an audit. Deciding is all of
//! `admit::admit`, taking in all of `State::evolve`; opening is `State::wake`, which lays down another agreement.

use std::num::NonZero;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterpart_core::admit;
use counterpart_core::event::Event;
use counterpart_core::state::State;
use counterpart_core::time::{DAY_MS, Timestamp};

use super::{Figures, decide, limits, median, state, town::Town};
use crate::clock::{self, Watch};
use crate::load::Maker;
use crate::repository::Repository;

/// Agreements of two that are decided from filing to data sent.
const LIVES: usize = 300;

/// Agreements of all boroughs that are.
const LARGE: usize = 10;

/// How often each of them is, from the same state; the median counts.
const ROUNDS: usize = 5;

/// Boroughs in the town.
const BODIES: usize = 34;

/// Other agreements that there are meanwhile.
const OTHERS: [usize; 3] = [0, 100_000, 200_000];

/// The numbers of agreements that live before anything is timed.
const SPARE: Range<usize> = 900_000..900_010;

/// In which order events come.
#[derive(Clone, Copy)]
enum Order {
    /// Each agreement from its first event to its last.
    Row,
    /// The first of each agreement, then the second of each.
    Turn,
    /// The same, each agreement at rest when its event comes.
    Rest,
}

/// What an event costs, microseconds.
struct Costs {
    opening: f64,
    deciding: f64,
    taking: f64,
}

/// Measures agreements of two, and one of all boroughs and 200 events, beside none, 100,000 and 200,000 others.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let maker = Maker { ledger: "bench.example/log".to_owned(), now: clock::now(), run: 3, first: 0 };
    let genesis = decide::founding(&maker)?;
    let mut town = Town::new(BODIES, maker, &genesis)?;
    let check = 1e6 / limits::one_core_verify()?;
    figures.plain("a signature check", check, "us");
    let mut state = town.replay.state.clone();
    let other = state::lived(&mut town, 2, 0)?;
    let mut lives = Vec::new();
    state::another_day(&mut town);
    for _ in 0..LIVES {
        lives.push(state::lived_today(&mut town, 2, 0)?);
        town.turn();
    }
    let now = town.maker.now;
    state::another_day(&mut town);
    let mut large = Vec::new();
    for _ in 0..LARGE {
        large.push(state::lived_today(&mut town, BODIES, state::NOTES)?);
        town.turn();
    }
    let later = town.maker.now;
    let mut before = 0;
    for others in OTHERS {
        state::others(&mut state, &other, before..others, now.sub_millis(DAY_MS))?;
        before = others;
        for (order, name) in
            [(Order::Row, "in a row"), (Order::Turn, "in turn"), (Order::Rest, "in turn, each at rest")]
        {
            let costs = rounds(&state, &other, &lives, order, now)?;
            let limit = "a signature check";
            figures.fine(&format!("{others} others, {name}: deciding"), costs.deciding, limit, check);
            figures.fine(&format!("{others} others, {name}: taking in"), costs.taking, limit, check);
            if matches!(order, Order::Rest) {
                figures.fine(&format!("{others} others, {name}: opening"), costs.opening, limit, check);
            }
            if matches!(order, Order::Row) {
                let (two, many) = (costs, rounds(&state, &other, &large, order, later)?);
                let (name, limit) =
                    (format!("{others} others, one of {BODIES} parties"), "that of an agreement of two");
                figures.fine(&format!("{name}: deciding"), many.deciding, limit, two.deciding);
                figures.fine(&format!("{name}: taking in"), many.taking, limit, two.taking);
            }
        }
    }
    Ok(())
}

/// Decides all lives several times, each from the same state.
fn rounds(state: &State, other: &[Event], lives: &[Vec<Event>], order: Order, now: Timestamp) -> Result<Costs> {
    let costs = (0..ROUNDS).map(|_| round(state, other, lives, order, now)).collect::<Result<Vec<_>>>()?;
    let middle = |of: fn(&Costs) -> f64| median(costs.iter().map(of).collect());
    Ok(Costs { opening: middle(|c| c.opening), deciding: middle(|c| c.deciding), taking: middle(|c| c.taking) })
}

/// Decides all lives once.
fn round(before: &State, other: &[Event], lives: &[Vec<Event>], order: Order, now: Timestamp) -> Result<Costs> {
    let mut state = before.clone();
    // A copy has no room: it grows now, once for many events, and not while it is timed.
    state::others(&mut state, other, SPARE, now.sub_millis(DAY_MS))?;
    let there = state.agreements().len();
    if matches!(order, Order::Rest) {
        state.hold_open(NonZero::<usize>::MIN);
    }
    let longest = lives.iter().map(Vec::len).max().unwrap_or_default();
    let events: Vec<&Event> = match order {
        Order::Row => lives.iter().flatten().collect(),
        Order::Turn | Order::Rest => {
            (0..longest).flat_map(|place| lives.iter().filter_map(move |life| life.get(place))).collect()
        }
    };
    let (mut opening, mut deciding, mut taking) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for event in &events {
        let watch = Watch::start();
        state.wake(event.stream);
        opening += watch.read();
        let watch = Watch::start();
        let admitted = admit::admit(&state, event, now);
        deciding += watch.read();
        admitted.with_context(|| format!("{}", event.event_type()))?;
        let watch = Watch::start();
        state.evolve(event, now, "");
        taking += watch.read();
    }
    ensure!(state.agreements().len() == there + lives.len(), "an agreement for each life");
    let each = |took: Duration| 1e6 / clock::rate(events.len(), took);
    Ok(Costs { opening: each(opening), deciding: each(deciding), taking: each(taking) })
}
