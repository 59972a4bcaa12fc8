//! I1 to I4 and I38: the log itself, replay, refusals that leave no trace, repeats.

use std::collections::HashMap;

use counterpart_core::admit::{self, Known};
use counterpart_core::agreement::Agreement;
use counterpart_core::ids::Stream;
use counterpart_core::replay::Replay;
use counterpart_core::wire::Digest;
use counterpart_tlog::{Tree, leaf_hash};

use crate::corpus::{entries, histories};
use crate::history::{Chronicle, Dice, Verdict};

#[test]
fn i01_entries_are_numbered_revisions_have_no_gap_and_time_never_goes_back() {
    for told in histories() {
        let mut revisions: HashMap<Stream, u64> = HashMap::new();
        let mut tree = Tree::new();
        let mut last = None;
        for (index, read) in entries(told) {
            *revisions.entry(read.event.stream).or_default() += 1;
            assert!(last.is_none_or(|last| last <= read.entry.recorded_at));
            last = Some(read.entry.recorded_at);
            let known = told.ledger.state().events.get(&read.event.id).unwrap();
            assert!(known.index == index && known.is(&read.event.digest));
            tree.push(read.leaf);
        }
        let state = told.ledger.state();
        assert_eq!(state.size, told.ledger.entries.len() as u64);
        assert_eq!(tree.root(), told.ledger.replay.frontier.root());
        for (stream, count) in revisions {
            assert_eq!(state.revision(stream, None).0, count, "{stream}");
        }
        // Those that were refused took no number.
        let recorded = told.steps.iter().filter_map(|step| match step.verdict {
            Verdict::Recorded(index) => Some(index),
            Verdict::Refused(_) => None,
        });
        assert!(recorded.eq(told.founded as u64..state.size));
    }
}

#[test]
fn i02_a_changed_byte_of_an_event_is_noticed_at_its_index() {
    let told = &histories()[0];
    let mut dice = Dice::of(2);
    let mut replay = Replay::new();
    for (index, bytes) in told.ledger.entries.iter().enumerate() {
        for _ in 0..3 {
            // The envelope stands first in an entry; its end is where `recorded_at` begins.
            let end = bytes.len() - br#","recorded_at":"2026-12-01T09:00:00.000Z"}"#.len();
            let mut other = bytes.clone();
            let place = dice.below(end);
            other[place] ^= 1 + u8::try_from(dice.below(15)).unwrap();
            let stopped = replay.next_bytes(&other).expect_err("the event was changed");
            assert_eq!(stopped.index, index as u64);
            assert_ne!(leaf_hash(&other), leaf_hash(bytes));
        }
        replay.next_bytes(bytes).unwrap();
    }
}

#[test]
fn i03_replay_comes_to_the_same_state_and_no_state_depends_on_what_comes_later() {
    let (mut replays, mut rebuilt) = (0, 0);
    for told in histories().iter().step_by(4) {
        let all: Vec<_> = entries(told).collect();
        let part = all.len() * 2 / 3;
        let mut replay = Replay::new();
        let mut early: Option<Digest> = None;
        for (index, read) in &all {
            if *index == part as u64 {
                early = Some(replay.state.digest());
            }
            replay.next(read, true).unwrap();
        }
        assert_eq!(replay.state.digest(), told.ledger.state().digest());
        let mut prefix = Replay::new();
        all[..part].iter().for_each(|(_, read)| prefix.next(read, true).unwrap());
        assert_eq!(Some(prefix.state.digest()), early);
        replays += 1;
        // An agreement as of any size, from its own entries and what others did to it, is what it was then.
        for step in told.steps.iter().step_by(9) {
            let Verdict::Recorded(index) = step.verdict else { continue };
            for (id, then) in &step.changed {
                let own = all.iter().filter(|(_, read)| read.event.stream == Stream::Agreement(*id));
                let own = own.map(|(index, read)| (*index, &read.event, read.entry.recorded_at));
                let now = told.ledger.state().agreement(*id).unwrap();
                let windows = told.ledger.state().windows();
                let again = Agreement::replayed(own, now.outside(), index + 1, now.reference(), windows).unwrap();
                assert_eq!(&again, &**then, "{id} at {index}");
                rebuilt += 1;
            }
        }
    }
    assert!(replays > 5 && rebuilt > 200, "{replays} {rebuilt}");
}

#[test]
fn i04_a_refused_event_leaves_no_trace() {
    let mut refused = 0;
    for number in [3, 11, 12] {
        let mut ledger = Chronicle::founded(number);
        let look = |ledger: &Chronicle| (ledger.state().digest(), ledger.replay.frontier.root(), ledger.entries.len());
        let mut before = look(&ledger);
        for _ in 0..150 {
            let step = ledger.step();
            match step.verdict {
                Verdict::Recorded(_) => before = look(&ledger),
                Verdict::Refused(_) => {
                    assert_eq!(look(&ledger), before);
                    refused += 1;
                }
            }
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn i38_an_id_stands_for_one_event() {
    let mut conflicts = 0;
    for told in histories() {
        let state = told.ledger.state();
        if state.founded.as_ref().is_some_and(|founded| founded.later.closed.is_some()) {
            continue;
        }
        for (index, read) in entries(told).skip(1) {
            assert_eq!(admit::known(state, &read.event), Ok(Known::Same(index)));
            // The same id for something else.
            let mut other = read.event.clone();
            other.digest = Digest([7; 32]);
            assert_eq!(admit::known(state, &other).unwrap_err().code(), "C02");
        }
        conflicts += told.steps.iter().filter(|step| step.verdict == Verdict::Refused("C02".to_owned())).count();
    }
    assert!(conflicts > 5, "{conflicts}");
}
