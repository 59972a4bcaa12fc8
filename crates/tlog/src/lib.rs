//! The bytes of a transparency log: its tree, its tiles, its notes and its proofs.
//!
//! *In scope*: the RFC 6962 Merkle tree with proofs made and verified; the C2SP formats
//! tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature (`cosignature/v1`),
//! tlog-witness, tlog-proof and tlog-policy; the one verdict on an Ed25519 signature that
//! the whole project uses. Everything here is a pure function of its arguments.
//!
//! *Out of scope*: what an entry means, where bytes are kept, who may append, what time it
//! is, and the network. A timestamp arrives as a number; a key arrives as a value.
//!
//! Parsers are strict: what they accept, they print again byte for byte.

pub mod checkpoint;
pub mod cosignature;
pub mod ed25519;
mod frontier;
mod hash;
mod merkle;
pub mod note;
pub mod planted;
pub mod policy;
pub mod proof;
mod text;
pub mod tile;
mod tree;
pub mod witness;

pub use frontier::Frontier;
pub use hash::{Hash, HashError, empty_root, leaf_hash, node_hash};
pub use merkle::{ProofError, verify_consistency, verify_inclusion};
pub use tree::{Tree, TreeError};
