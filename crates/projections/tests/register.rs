//! I34: rows of the public register hold no person, no contact and nothing that is withheld.

#![expect(clippy::unwrap_used, reason = "tests")]

use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::event::data::Data;
use counterpart_core::ids::Stream;
use counterpart_core::replay::{self, Replay};
use counterpart_projections::register::Row;
use counterpart_projections::words::Opened;
use proptest::prelude::*;

/// A history of a whole ledger, the golden log of rules 1.
const ENTRIES: &str = include_str!("../../core/tests/golden/rules-1/entries.ndjson");

/// Places of text within terms that a row may show.
const PLACES: [&str; 6] =
    ["/title", "/purpose", "/benefits", "/datasets/0/name", "/datasets/0/fields/0/name", "/datasets/0/quality/gaps"];

fn marked(place: &str) -> String {
    format!("words of {}", place.replace('/', " "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn i34_the_register_shows_no_person_no_contact_and_nothing_withheld(withheld in prop::collection::vec(any::<bool>(), PLACES.len())) {
        let mut replay = Replay::new();
        let mut persons = Vec::new();
        let mut filed = Vec::new();
        for line in ENTRIES.lines() {
            let read = replay::read(line.as_bytes()).unwrap();
            replay.next(&read, true).unwrap();
            persons.extend(read.event.signers.iter().map(|signer| signer.person.to_string()));
            if let (Stream::Agreement(id), Data::RequestFiled(_)) = (read.event.stream, &read.event.data) {
                filed.push(id);
            }
        }
        let hidden: Vec<&str> = PLACES.into_iter().zip(&withheld).filter(|(_, hide)| **hide).map(|(place, _)| place).collect();
        let mut words: Vec<Disclosure> = PLACES
            .iter()
            .map(|place| Disclosure {
                pointer: format!("/terms{place}"), kind: Kind::Text, salt: [1; 32], content: marked(place).into_bytes(),
            })
            .collect();
        let contacts = serde_json::json!({ "CMD": { "dpo": "dpo at camden", "breach": "breach desk of camden" } });
        words.push(Disclosure {
            pointer: "/contacts".to_owned(), kind: Kind::Json, salt: [1; 32], content: contacts.to_string().into_bytes(),
        });
        let pointers: Vec<_> = hidden.iter().map(|place| place.parse().unwrap()).collect();
        let opened = Opened::of(&words, &pointers);
        prop_assert!(filed.len() > 3);
        for id in filed {
            let agreement = replay.state.agreement(id).unwrap();
            let at = replay.state.recorded_at.unwrap();
            let row = Row::of(&replay.state, &agreement, at, &opened);
            let text = serde_json::to_string(&row).unwrap();
            prop_assert!(persons.iter().all(|person| !text.contains(person)) && !text.contains("PER-"), "{text}");
            prop_assert!(!text.contains("dpo at camden") && !text.contains("breach desk"), "{text}");
            prop_assert!(hidden.iter().all(|place| !text.contains(&marked(place))), "{text}");
            // What is not withheld and belongs to a row is shown.
            prop_assert_eq!(row.name.is_some(), !hidden.contains(&"/title"));
        }
    }
}
