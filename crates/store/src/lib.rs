//! Keeps the bytes of the ledger: records, words, signed checkpoints and an index of them.
//!
//! # In scope
//!
//! The promises of [`Store`] and [`LockStore`], kept by [`memory`], a double for tests that judges its caller, and
//! by [`embedded`], files on one disk. [`faulty`] fails on purpose around either.
//! [`contract`] is the one suite that every store passes.
//!
//! # Out of scope
//!
//! What the bytes mean. Nothing here knows an event, a signature or a tree head; checkpoints are opaque too.
//! There is no clock here, and entropy is handed in.

pub mod contract;
pub mod embedded;
pub mod faulty;
pub mod memory;
mod waiting;

pub use counterpart_core::storage::{
    Kept, LockStore, NewEntry, Parts, Scrub, Scrubbed, Snapshots, Store, StoreError, Stretch, Swap, Waiting, Word,
};
pub use waiting::Folder;
