//! Invariants over random histories of whole ledgers, and what these histories reach (domain.md 2.14).

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    dead_code,
    reason = "tests"
)]

#[path = "../history/history.rs"]
mod history;

mod at_rest;
mod authority;
mod corpus;
mod coverage;
mod golden;
mod log;
mod sharing;
mod signing;
mod states;
