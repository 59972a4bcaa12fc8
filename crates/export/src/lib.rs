//! What a ledger hands out of one agreement: the evidence bundle, and its check without the ledger.
//!
//! # In scope
//!
//! Which entries an agreement rests on ([`closure`]), the zip that holds them ([`bundle`]), what happened in plain words
//! ([`account`]), and the check of such a zip by a key that somebody trusts ([`check`]). What is in a bundle is said
//! by `docs/verify/README.md`, whose verifier was written apart from this crate.
//!
//! # Out of scope
//!
//! Finding entries, deciding who may read words, the network. There is no clock here: instants arrive as values.

pub mod account;
pub mod archive;
pub mod bundle;
mod chain;
pub mod check;
pub mod closure;

pub use archive::ArchiveError;
pub use bundle::Bundle;
pub use check::{Checked, Wrong};
