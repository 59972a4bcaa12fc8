//! The whole application in one process: what a client sends, what it is told, and what is recorded.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::cloned_ref_to_slice_refs,
    clippy::needless_pass_by_value,
    dead_code,
    reason = "tests"
)]

#[path = "../../../core/tests/offices/world.rs"]
mod world;

#[path = "../../../core/tests/door/examples.rs"]
mod examples;

mod agreements;
mod bad_input;
mod crowd;
mod earlier;
mod erasing;
mod pending;
mod reading;
mod running;
mod searching;
mod sessions;
mod signing_in;
mod snapshots;
mod sockets;
mod story;
mod submitting;
mod waiting;
