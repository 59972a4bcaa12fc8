//! An operator that lies, with the log's own key in hand: each lie over a real served folder is caught by a tool of
//! ours, with a message that says what it means.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod hands;
mod histories;
mod lies;
mod operator;
mod rules;
mod witnesses;
