//! The demonstration: London on the ledger, from a seed and a start.
//!
//! *In scope*: signed events in order, with their words, and the keys that signed them.
//! *Out of scope*: storing and serving them. Nothing here reads a clock or draws a random number.
//!
//! Real bodies are named; nobody of them has signed anything. Every key has custody `DEMONSTRATION`.

mod after;
mod bodies;
mod cast;
mod chance;
mod command;
mod crowd;
mod deal;
mod folder;
mod founding;
mod papers;
mod script;
mod seal;
mod stage;
mod stories;
mod terms;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use counterpart_core::time::Timestamp;

pub use cast::Officer;
pub use chance::Chance;
pub use command::Demo;
pub use folder::{KEYS, history, refused};
pub use founding::LedgerKeys;
pub use stage::{Refused, Said};

use bodies::Bodies;
use stage::Stage;
use stories::{Play, scenes};

/// The origin of the demonstration's log.
pub const ORIGIN: &str = "demo.counterpart.example/london/log";

/// Days that the story of [`Pace::History`] runs.
pub const DAYS: i64 = 150;

/// Bodies that register on one day of the story.
const BODIES_A_DAY: i64 = 3;

/// The day on which bodies take the place of others: behind every registration, before every agreement.
const MERGER: i64 = 23;

const DAY: i64 = 24 * 3_600_000;

/// Whether the story has a past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It began 150 days before the instant given, and ends there.
    History,
    /// Everything happens at the instant given; stories that need time are left out.
    Now,
}

/// What was said, by whom, and what was refused.
pub struct Demonstration {
    /// The events, in order.
    pub said: Vec<Said>,
    /// Everybody who has a key.
    pub officers: Vec<Officer>,
    /// What was tried and refused.
    pub refused: Vec<Refused>,
}

/// Plays the demonstration up to `now`, and `more` plain requests beside the stories. The same arguments give the same
/// bytes.
///
/// # Errors
///
/// When the rules refuse one of its events, or let pass one that they should refuse.
pub fn play(chance: Chance, now: Timestamp, pace: Pace, more: u32, keys: &LedgerKeys) -> Result<Demonstration> {
    let start = match pace {
        Pace::History => now.add_millis(-DAYS * DAY),
        Pace::Now => now,
    };
    let on_day = |day: i64| match pace {
        Pace::History => start.add_millis(day * DAY),
        Pace::Now => now,
    };
    let mut stage = Stage::new(chance, start, ORIGIN);
    founding::found(&mut stage, ORIGIN, keys)?;
    let bodies = Bodies::read()?;
    for (place, body) in (0..).zip(&bodies.bodies) {
        stage.now = on_day(1 + place / BODIES_A_DAY);
        founding::register(&mut stage, &bodies, body).with_context(|| format!("{} registers", body.code))?;
    }
    if pace == Pace::History {
        stage.now = on_day(MERGER);
        founding::succeed(&mut stage, &bodies)?;
    }
    let mut play = Play { stage, deals: BTreeMap::new() };
    let mut scenes = scenes();
    crowd::crowd(&mut scenes, more)?;
    for scene in scenes {
        if pace == Pace::Now && scene.needs_time {
            continue;
        }
        play.stage.now = on_day(scene.day);
        (scene.play)(&mut play)?;
    }
    let Stage { said, cast, refused, .. } = play.stage;
    Ok(Demonstration { said, officers: cast.all().cloned().collect(), refused })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use counterpart_core::agreement::StageName;
    use counterpart_core::replay::Replay;
    use counterpart_core::wire::Entry;

    use super::*;

    fn keys(chance: &Chance) -> LedgerKeys {
        let log = counterpart_tlog::note::NoteSigner::new(ORIGIN, chance.key("log")).unwrap();
        let answer = counterpart_core::event::PublicKeyBytes(chance.key("answer").verifying_key().to_bytes());
        LedgerKeys { log: log.vkey().to_string(), answer }
    }

    #[test]
    fn the_same_seed_and_instant_give_the_same_bytes_and_the_rules_let_all_of_it_pass() {
        let chance = Chance([7; 32]);
        let now = "2026-11-24T12:00:00.000Z".parse().unwrap();
        let once = play(chance, now, Pace::History, 0, &keys(&chance)).map_err(|error| format!("{error:#}")).unwrap();
        let again = play(chance, now, Pace::History, 0, &keys(&chance)).unwrap();
        assert!(once.said.iter().map(|said| said.event.digest).eq(again.said.iter().map(|said| said.event.digest)));
        let codes: Vec<&str> = once.refused.iter().map(|refused| refused.code.as_str()).collect();
        assert_eq!(codes, ["G-SVD", "G-HRA", "R01", "T07", "D01", "D06"], "what the home page tells of");
    }

    #[test]
    fn every_stage_of_life_is_there_and_every_signature_verifies() {
        let chance = Chance([7; 32]);
        let now = "2026-11-24T12:00:00.000Z".parse().unwrap();
        let told = play(chance, now, Pace::History, 0, &keys(&chance)).unwrap();
        let mut replay = Replay::new();
        for said in &told.said {
            replay.next_bytes(&Entry { envelope: said.envelope.clone(), recorded_at: said.at }.encode()).unwrap();
        }
        let there: BTreeSet<StageName> = replay.state.agreements().map(|agreement| agreement.at(now).name()).collect();
        let reached = [
            StageName::Filed,
            StageName::Clarifying,
            StageName::Negotiating,
            StageName::Approving,
            StageName::Approved,
            StageName::Active,
            StageName::Suspended,
            StageName::Ending,
            StageName::Closed,
            StageName::Refused,
            StageName::Withdrawn,
            StageName::Lapsed,
        ];
        for stage in reached {
            assert!(there.contains(&stage), "{stage}");
        }
    }

    #[test]
    fn a_board_that_caught_up_is_one_made_anew_and_says_what_counting_all_would_say() {
        use counterpart_core::event::Event;
        use counterpart_projections::View;
        use counterpart_projections::bits::Bits;
        use counterpart_projections::flows::Flows;
        use counterpart_projections::register::Search;

        let chance = Chance([9; 32]);
        let now = "2026-11-24T12:00:00.000Z".parse().unwrap();
        let told = play(chance, now, Pace::History, 0, &keys(&chance)).unwrap();
        let leaf = |said: &Said| {
            counterpart_tlog::leaf_hash(&Entry { envelope: said.envelope.clone(), recorded_at: said.at }.encode())
        };
        let events: Vec<(&Event, Timestamp, _)> =
            told.said.iter().map(|said| (&said.event, said.at, leaf(said))).collect();
        let (mut follower, mut anew) = (View::new(), View::new());
        for (place, (event, at, leaf)) in events.iter().enumerate() {
            follower.record(event, *at, *leaf);
            anew.record(event, *at, *leaf);
            // Time passes between events as readers come, and groups have any size.
            if place % 7 == 0 {
                follower.pass(*at);
                follower.publish("".into());
            }
        }
        for view in [&mut follower, &mut anew] {
            view.publish("".into());
            view.pass(now);
        }
        assert!(follower.board() == anew.board());

        let (state, board) = (anew.state(), anew.board());
        assert_eq!(board.flows(), &Flows::at(state, now));
        let search = |words: &str, party: &str, stage| Search {
            words: if words == "imports" { String::new() } else { words.to_owned() },
            party: party.parse().ok(),
            state: stage,
            unconfirmed: words == "imports",
            class: None,
        };
        for stage in StageName::ALL {
            let asked = search("", "", Some(*stage));
            let counted = state.agreements().filter(|agreement| asked.fits(state, agreement, now, None)).count();
            assert_eq!(board.count(*stage), counted as u64, "{stage}");
        }
        for asked in [
            search("", "", None),
            search("", "CMD", None),
            search("", "HCK", Some(StageName::Active)),
            search("", "", Some(StageName::Lapsed)),
            search("tower ham", "", None),
            search("dsa-2026-00001", "", None),
            search("dsa-2026-000017", "", None),
            search("imports", "", None),
            search("nothing is called this", "", None),
        ] {
            let found: Vec<_> = board
                .search(state, &asked, Bits::default())
                .newest(0, usize::MAX)
                .into_iter()
                .map(|place| board.lines().get(place).unwrap().id)
                .collect();
            let filed = anew.filed().iter().rev().copied();
            let counted: Vec<_> =
                filed.filter(|id| asked.fits(state, &state.agreement(*id).unwrap(), now, None)).collect();
            assert_eq!(found, counted, "{asked:?}");
        }
    }

    #[test]
    fn what_needs_no_time_is_told_in_an_instant() {
        let chance = Chance([8; 32]);
        let now = "2027-06-01T08:00:00.000Z".parse().unwrap();
        let told = play(chance, now, Pace::Now, 0, &keys(&chance)).map_err(|error| format!("{error:#}")).unwrap();
        assert!(told.said.iter().all(|said| said.at == now));
        assert!(told.officers.len() > 500);
    }
}
