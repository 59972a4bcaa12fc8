//! Sealing with salts that follow from the seed, so that the demonstration is the same each time.

use anyhow::Result;
use counterpart_core::commitment::Disclosure;
use counterpart_core::ids::EventId;
use serde_json::Value;

use super::chance::Chance;

pub use crate::seal::{document, text};

/// Replaces words by commitments to them. `pointer` is where `value` stands within the data.
pub fn seal(
    value: Value,
    event: EventId,
    pointer: &str,
    chance: &Chance,
    opened: &mut Vec<Disclosure>,
) -> Result<Value> {
    crate::seal::seal(value, event, pointer, &|at| chance.bytes(&format!("salt {event}{at}")), opened)
}
