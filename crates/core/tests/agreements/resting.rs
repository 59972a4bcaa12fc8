//! How agreements and events are held says nothing of them: at rest or open, in parts and together again, each is
//! found and goes on.

use std::num::NonZero;

use counterpart_core::admit::{self, Known};
use counterpart_core::ids::{AgreementId, EventId};
use counterpart_core::replay::{self, Replay};
use counterpart_core::state::State;
use serde_json::json;

use crate::town::*;
use crate::world::{World, at};

/// Four agreements, and events to each in turn.
struct Busy {
    cases: Vec<Case>,
}

impl Busy {
    fn new(open: Option<usize>) -> Self {
        let mut world = town();
        if let Some(most) = open.and_then(NonZero::new) {
            world.replay.state.hold_open(most);
        }
        let mut cases = Vec::new();
        for shape in [Shape::pair(), Shape::three(), Shape::open(), Shape::pair()] {
            let mut case = Case::none_in(world, shape).file();
            world = std::mem::replace(&mut case.world, World::new());
            cases.push(case);
        }
        let mut busy = Self { cases };
        busy.cases[0].world = world;
        // The one whose turn it is has the world.
        busy.turn(0, |case| {
            case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
        });
        for number in [1, 2, 3, 0, 2, 1] {
            busy.turn(number, |case| {
                case.does("NoteRecorded", note(), &[officer("CMD", "LGL")]);
            });
        }
        busy.turn(3, |case| {
            case.counters(2, "HCK");
        });
        busy
    }

    fn turn(&mut self, number: usize, act: impl FnOnce(&mut Case)) {
        let holder = self.cases.iter().position(|case| case.world.count > 0).unwrap();
        let world = std::mem::replace(&mut self.cases[holder].world, World::new());
        self.cases[number].world = world;
        act(&mut self.cases[number]);
    }

    fn replay(&self) -> &Replay {
        &self.cases.iter().find(|case| case.world.count > 0).unwrap().world.replay
    }

    fn entries(&self) -> &[Vec<u8>] {
        &self.cases.iter().find(|case| case.world.count > 0).unwrap().world.entries
    }

    fn ids(&self) -> Vec<AgreementId> {
        self.cases.iter().map(|case| case.stream.strip_prefix("agr:").unwrap().parse().unwrap()).collect()
    }
}

/// How many agreements of a state are open. Nothing else of it says so.
fn open(state: &State) -> usize {
    format!("{state:?}").matches("Open(").count()
}

fn nobody() -> EventId {
    "01890000-0000-7000-8000-ffffffffffff".parse().unwrap()
}

/// Everything that is asked of a state about its agreements and events.
fn is_whole(state: &State, busy: &Busy) {
    let ids = busy.ids();
    assert_eq!(state.agreements().map(|agreement| agreement.id()).collect::<Vec<_>>(), ids, "in the order of filing");
    for (number, id) in (1..).zip(&ids) {
        let agreement = state.agreement(*id).unwrap();
        assert!(state.has_agreement(*id));
        assert_eq!(agreement.id(), *id);
        assert_eq!(agreement.reference().number, number);
        assert_eq!(state.agreement_by_reference(agreement.reference()).unwrap().id(), *id);
        let later = at(busy.cases[0].world.now.max(0) + 200 * DAY);
        assert_eq!(state.agreement_at(*id, later).unwrap().into_owned(), agreement.at(later).into_owned());
        assert_eq!(state.revision(format!("agr:{id}").parse().unwrap(), None).0, agreement.revision());
    }
    let stranger: AgreementId = "01890000-0000-7000-8000-ffffffffffff".parse().unwrap();
    assert!(!state.has_agreement(stranger) && state.agreement(stranger).is_none());
    assert_eq!(state.revision(format!("agr:{stranger}").parse().unwrap(), None), (0, 0));
    for (code, named) in [("CMD", vec![0, 1, 2, 3]), ("HCK", vec![0, 1, 3]), ("ISL", vec![1])] {
        let code = code.parse().unwrap();
        let named: Vec<AgreementId> = named.into_iter().map(|number: usize| ids[number]).collect();
        assert_eq!(state.ids_of(code).collect::<Vec<_>>(), named);
        assert_eq!(state.agreements_of(code).map(|agreement| agreement.id()).collect::<Vec<_>>(), named);
        assert_eq!(state.count_of(code), named.len());
    }
    assert_eq!(state.count_of("NWM".parse().unwrap()), 0);
    // Each event by its id, and nothing else.
    let events: Vec<_> = busy.entries().iter().map(|bytes| replay::read(bytes).unwrap().event).collect();
    assert_eq!(state.events.len(), events.len());
    assert!(!state.events.is_empty());
    for (index, event) in (0..).zip(&events) {
        assert_eq!(admit::known(state, event), Ok(Known::Same(index)));
        let found = state.events.get(&event.id).unwrap();
        assert_eq!((found.index, found.is(&event.digest)), (index, true));
        let own = matches!(event.stream, counterpart_core::ids::Stream::Agreement(_));
        assert_eq!(state.events.home(&event.id), (!own).then_some(event.stream));
        let mut other = event.clone();
        other.digest = counterpart_core::wire::Digest([7; 32]);
        assert!(!found.is(&other.digest));
        let told = admit::known(state, &other).unwrap_err();
        // The genesis names no ledger but the origin.
        assert_eq!(told.code(), if index == 0 { "E06" } else { "C02" });
        let elsewhere =
            counterpart_core::event::Event { id: nobody(), ledger: "other.example/log".into(), ..event.clone() };
        assert_eq!(admit::known(state, &elsewhere).unwrap_err().code(), "E06");
    }
    assert!(!state.events.contains_key(&nobody()) && state.events.get(&nobody()).is_none());
    assert!(state.events.contains_key(&events[3].id));
    let fresh = counterpart_core::event::Event { id: nobody(), ..events[1].clone() };
    assert_eq!(admit::known(state, &fresh), Ok(Known::New));
}

fn parts(state: &State) -> Vec<Vec<u8>> {
    let apart = state.apart();
    let parts: Vec<Vec<u8>> = apart.parts().collect();
    assert_eq!(parts.len(), apart.count());
    parts
}

fn together(parts: &[Vec<u8>]) -> Result<State, String> {
    State::together(parts.len(), &|number| parts.get(number).cloned())
}

#[test]
fn how_many_are_open_changes_nothing_of_any() {
    let usual = Busy::new(None);
    let account = usual.replay().state.digest();
    is_whole(&usual.replay().state, &usual);
    assert_eq!(open(&usual.replay().state), 4);
    for most in [1, 2, 3] {
        let busy = Busy::new(Some(most));
        let state = &busy.replay().state;
        is_whole(state, &busy);
        assert_eq!(state.digest(), account);
        assert_eq!(open(state), most, "no more are open than may be, and no fewer");
        let all = |state: &State| state.agreements().map(std::borrow::Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(all(state), all(&usual.replay().state));
    }
    // One that is at rest is opened before it is decided upon, in place of what was opened first.
    let mut state = usual.replay().state.clone();
    state.hold_open(NonZero::new(2).unwrap());
    assert_eq!(open(&state), 2);
    for id in usual.ids() {
        state.wake(format!("agr:{id}").parse().unwrap());
        assert_eq!(open(&state), 2);
        let held = state.agreement(id).unwrap();
        assert!(matches!(held, std::borrow::Cow::Borrowed(_)), "it is open");
    }
    assert_eq!(state.digest(), account);
}

#[test]
fn a_state_in_parts_is_together_again_what_it_was_and_goes_on() {
    let mut busy = Busy::new(Some(2));
    let kept = parts(&busy.replay().state);
    let state = together(&kept).unwrap();
    is_whole(&state, &busy);
    assert_eq!(state.digest(), busy.replay().state.digest());
    // The rest of the state holds tables in no order.
    assert!(parts(&state)[0] == kept[0] && parts(&state)[2..] == kept[2..]);
    assert_eq!(open(&state), 0);
    // Both take in what comes now.
    let size = busy.entries().len();
    let mut again = Replay { state, ..busy.replay().clone() };
    busy.turn(1, |case| {
        case.does("NoteRecorded", note(), &[officer("HCK", "LGL")]);
    });
    busy.turn(2, |case| {
        case.does("RequestWithdrawn", json!({}), &[officer("CMD", "REQ")]);
    });
    for bytes in &busy.entries()[size..] {
        again.next_bytes(bytes).unwrap();
    }
    is_whole(&again.state, &busy);
    assert_eq!(again.state.digest(), busy.replay().state.digest());
    // Damaged parts are none: a missing one, one too many, one cut off, two agreements of one stream.
    let other = |change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = kept.clone();
        change(&mut parts);
        together(&parts).map(|_| ())
    };
    assert!(other(&|parts| parts.truncate(kept.len() - 1)).is_err());
    assert!(other(&|parts| parts.push(Vec::new())).is_err());
    for number in 0..kept.len() {
        assert!(other(&|parts| parts[number].truncate(kept[number].len() - 1)).is_err(), "{number}");
    }
    let last = kept.len() - 1;
    let twice = other(&|parts| {
        let once = parts[last].clone();
        parts[last].extend(once);
    });
    assert!(twice.is_err());
    assert!(other(&|_| {}).is_ok());
}
