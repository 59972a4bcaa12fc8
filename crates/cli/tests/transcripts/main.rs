//! Whole transcripts of the command line: the real binary, its output and its exit code.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod bundles;
mod closed;
mod copies;
mod coverage;
mod ended;
mod fenced;
mod founding;
mod keys;
mod life;
mod log_key;
mod negotiated;
mod offices;
mod operator;
mod pending;
mod served;
mod shop;
mod story;
mod witnessed;
mod witnesses;
