//! Agreements at rest: packed, put down in a snapshot and taken up again, they are what they were.

use std::num::NonZero;

use counterpart_core::agreement::Agreement;
use counterpart_core::keyring::Keyring;
use counterpart_core::replay::Replay;
use counterpart_core::snapshot;
use counterpart_core::state::State;
use proptest::prelude::*;

use crate::corpus::{Told, entries, histories};

/// The parts of a state, as a snapshot keeps them.
fn parts(state: &State) -> Vec<Vec<u8>> {
    let apart = state.apart();
    let parts: Vec<Vec<u8>> = apart.parts().collect();
    assert_eq!(parts.len(), apart.count());
    assert!(parts.iter().all(|part| !part.is_empty()));
    parts
}

fn together(parts: &[Vec<u8>]) -> Result<State, String> {
    State::together(parts.len(), &|number| parts.get(number).cloned())
}

fn all(state: &State) -> Vec<Agreement> {
    state.agreements().map(std::borrow::Cow::into_owned).collect()
}

/// Everything but agreements and rows, whose order of members is the same in both.
fn rest(state: &State) -> serde_json::Value {
    serde_json::to_value(state).unwrap()
}

/// The first entries of a history, with so many agreements open.
fn replayed(told: &Told, size: usize, open: Option<usize>) -> Replay {
    let mut replay = Replay::new();
    if let Some(most) = open.and_then(NonZero::new) {
        replay.state.hold_open(most);
    }
    for (_, read) in entries(told).take(size) {
        replay.next(read, true).unwrap();
    }
    replay
}

#[test]
fn how_many_are_open_changes_nothing() {
    let (mut agreements, mut entries) = (0, 0);
    for told in histories().iter().step_by(4) {
        let size = told.ledger.entries.len();
        let (open, one, few) =
            (replayed(told, size, None), replayed(told, size, Some(1)), replayed(told, size, Some(3)));
        assert_eq!(all(&one.state), all(&open.state));
        assert_eq!(rest(&one.state), rest(&open.state));
        let account = open.state.digest();
        assert_eq!([one.state.digest(), few.state.digest()], [account; 2]);
        for agreement in open.state.agreements() {
            assert_eq!(one.state.agreement(agreement.id()), Some(agreement.clone()));
            assert_eq!(one.state.agreement_by_reference(agreement.reference()), Some(agreement));
        }
        agreements += open.state.agreements().len();
        entries += size;
    }
    assert!(agreements > 50 && entries > 1_000, "{agreements} {entries}");
}

#[test]
fn a_state_that_was_put_down_is_the_same_and_goes_on_to_the_same_end() {
    for (number, told) in histories().iter().enumerate().step_by(5) {
        let size = told.ledger.entries.len();
        let whole = replayed(told, size, None);
        for half in [0, size / 3, size - 1, size] {
            let before = replayed(told, half, Some(1 + number % 4));
            let state = together(&parts(&before.state)).unwrap();
            assert_eq!(all(&state), all(&before.state));
            assert_eq!(rest(&state), rest(&before.state));
            assert_eq!(state.digest(), before.state.digest());
            let mut on = Replay { keyring: Keyring::of(&state), frontier: before.frontier, state };
            for (_, read) in entries(told).skip(half) {
                on.next(read, half != size / 3).unwrap();
            }
            assert_eq!(on.frontier.root(), whole.frontier.root());
            assert_eq!(on.state.digest(), whole.state.digest(), "{number} from {half}");
            assert_eq!(rest(&on.state), rest(&whole.state));
        }
    }
}

#[test]
fn other_parts_are_no_state() {
    let told = &histories()[0];
    let whole = parts(&told.ledger.replay.state);
    for number in 0..whole.len() {
        let mut fewer = whole.clone();
        fewer.remove(number);
        assert!(together(&fewer).is_err(), "without {number}");
        let mut shorter = whole.clone();
        shorter[number].pop();
        assert!(together(&shorter).is_err(), "{number} a byte shorter");
        let mut longer = whole.clone();
        longer[number].push(0);
        // What follows on `MessagePack` that ended is not looked at: a checksum covers the part.
        assert!(number < 2 || together(&longer).is_err(), "{number} a byte longer");
    }
    let mut twice = whole.clone();
    let agreements = twice.last_mut().unwrap();
    agreements.extend(agreements.clone());
    assert!(together(&twice).is_err(), "two agreements of one stream");
    assert!(snapshot::read::<u64>(&snapshot::written("text")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// A checksum finds chance damage before; whatever passes it is read without a panic.
    #[test]
    fn changed_bytes_are_no_panic(history in 0_usize..8, place in any::<prop::sample::Index>(), change in 1_u8..=255) {
        let mut parts = parts(&histories()[history * 5].ledger.replay.state);
        let part = parts.last_mut().unwrap();
        let place = place.index(part.len());
        part[place] ^= change;
        if let Ok(state) = together(&parts) {
            for agreement in state.agreements() {
                let _ = (agreement.current(), agreement.who_must_act_next(), agreement.id());
            }
        }
    }
}
