//! Files on one disk: records, sealed words with their keys apart, and signed checkpoints.
//!
//! The directory holds `STORE` (the identity), `LOCK`, `records/`, `words/`, `keys/`, `lock/` (with `EPOCH`, who may write),
//! and what may be deleted:
//! `sled/` (the index), `SNAPSHOT` (what the entries come to), `MARK` (left by a clean stop) and `BALLAST` (given up when
//! the disk is full). An append is durable
//! in records and words before it answers; the checkpoint over it follows as a step of its own, and the index behind.

mod beside;
pub mod care;
mod disk;
mod frame;
mod identity;
mod index;
mod locks;
mod mark;
mod open;
mod owner;
mod rebuild;
mod recent;
mod run;
mod scrub;
mod shelf;
mod snapshots;
mod space;
mod store;
mod survey;
mod words;

pub(crate) use identity::{newer_format, other_format};

pub use disk::{Fault, Hook, Op};
pub use locks::Locks;
pub use open::{Indexed, KeysOf, Options, Report, Verify, WordsFit};
pub use rebuild::Rebuilt;
pub use run::SetAside;
pub use snapshots::SnapshotFile;
pub use store::{Embedded, Sizes};
pub use words::Entropy;
