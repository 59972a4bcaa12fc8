//! Files on one disk: records, sealed words with their keys apart, and signed checkpoints.
//!
//! The directory holds `STORE` (the identity), `LOCK`, and `records/`, `words/`, `keys/`, `lock/`. An append is durable
//! in records and words before it answers; the checkpoint over it follows as a step of its own. The index of secondary
//! keys is made from the entries at every start and held in memory.

mod disk;
mod frame;
mod locks;
mod run;
mod store;
mod words;

pub use disk::{Fault, Hook, Op};
pub use locks::Locks;
pub use run::SetAside;
pub use store::{Embedded, KeysOf, Options, Report};
pub use words::Entropy;
