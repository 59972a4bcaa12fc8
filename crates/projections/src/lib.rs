//! What readers see: the state, the tree and where each entry is found, caught up after every acknowledgement.
//!
//! # In scope
//!
//! A [`View`] takes in recorded events in order and answers lists, one by one or by stream, type and organisation.
//! A view that caught up and a view that was made from the log anew are equal.
//!
//! # Out of scope
//!
//! Deciding, keeping bytes, and the network. There is no clock here: instants arrive as values.

pub mod agreements;
pub mod bits;
pub mod board;
pub mod coverage;
pub mod duties;
pub mod english;
pub mod flows;
pub mod lexicon;
pub mod organisations;
mod places;
pub mod reading;
mod references;
pub mod register;
mod snapshot;
mod view;
pub mod waiting;
pub mod why;
pub mod words;

pub use places::Filter;
pub use snapshot::Frozen;
pub use view::View;
