//! Whole transcripts of the command line: the real binary, its output and its exit code.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod bundles;
mod copies;
mod founding;
mod keys;
mod log_key;
mod served;
mod shop;
mod story;
mod witnesses;
