//! Published logs (C2SP tlog-tiles): read, verified, kept in a folder that any web server can serve, and served.
//!
//! *In scope*: reading a log from a server or a folder ([`Source`]); following it and keeping only what was verified
//! ([`Mirror`]); writing the folder of a log that is at hand ([`Shelf`]); proving that a log shows two histories
//! ([`Fork`]); following a log that changes its key ([`follow`]); serving such a folder ([`router`]).
//!
//! *Out of scope*: what an entry means. A mirror knows no agreement: which files of reference data an entry rests on
//! is told by the caller. Nothing here reads a clock; the time arrives as a value.

mod follow;
mod fork;
mod mirror;
mod serve;
mod shelf;
mod source;

pub use follow::{FollowError, KeyChange, KeyChanges, follow};
pub use fork::Fork;
pub use mirror::{Mirror, MirrorError, Pass, Readers, References};
pub use serve::router;
pub use shelf::{Shelf, ShelfError};
pub use source::{Source, SourceError};
