//! The life of agreements, decided from entries with real signatures: given, when, then.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

#[path = "../offices/world.rs"]
mod world;

mod amending;
mod bodies;
mod classes;
mod contest;
mod declining;
mod derived;
mod doubts;
mod drafts;
mod emergency;
mod filing;
mod forming;
mod hands;
mod importing;
mod joining;
mod leaving;
mod light;
mod limits;
mod negotiating;
mod properties;
mod reading;
mod resting;
mod separation;
mod sharing;
mod signing;
mod succession;
mod suspension;
mod table;
mod tables;
mod telling;
mod town;
mod waiting;
mod words;
