//! The events of histories, signed once: each history is a new ledger with the same founding.

use std::sync::Arc;

use anyhow::{Context, Result};
use counterpart_core::event::{self, PublicKeyBytes};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Entry, Submission};
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::leaf_hash;
use counterpart_tlog::note::NoteSigner;
use serde_json::json;

use super::clients::Numbers;
use crate::load::Maker;

const ORIGIN: &str = "linear.example/log";

/// 1 December 2026, 09:00 UTC.
const NOW: i64 = 1_796_115_600_000;

/// Bodies that take turns, so that the limit of a day is kept.
const BODIES: usize = 8;

/// Everything that is sent.
pub struct Material {
    /// When everything happens.
    pub now: Timestamp,
    /// What founds the ledger.
    pub founding: Vec<Vec<u8>>,
    /// The events of the clients.
    pub events: Vec<Vec<u8>>,
    /// Their ids.
    pub ids: Vec<String>,
    /// Their numbers.
    pub numbers: Numbers,
}

/// The key of the log.
///
/// # Errors
///
/// A fault of this program.
pub fn log_signer() -> Result<NoteSigner> {
    Ok(NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[0x52; 32]))?)
}

/// The key that signs refusals.
pub fn answer_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

impl Material {
    /// Signs events enough for so many operations.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn new(operations: usize) -> Result<Arc<Self>> {
        let now = Timestamp::from_millis(NOW).context("an instant")?;
        let mut maker = Maker { ledger: ORIGIN.to_owned(), now, run: 3, first: 0 };
        let answer = PublicKeyBytes(answer_key().verifying_key().to_bytes());
        let (code_lists, policies) = counterpart_core::codes::manifest();
        let genesis = maker.genesis(&json!({ "data": {
            "answer_keys": [{ "key": answer.key_id(), "public": answer }],
            "code_lists": code_lists, "policies": policies,
            "log_keys": [log_signer()?.vkey().to_string()], "origin": ORIGIN, "rules": 1,
        } }))?;
        let envelope = Submission::parse(&genesis.body)?.envelope;
        maker.ledger = format!("{ORIGIN}#{}", leaf_hash(&Entry { envelope, recorded_at: now }.encode()).to_hex());
        let mut founding = vec![genesis.body];
        founding.extend(maker.organisations(BODIES)?.into_iter().map(|prepared| prepared.body));
        let events: Vec<Vec<u8>> =
            maker.appointments(BODIES, operations.div_ceil(BODIES))?.into_iter().map(|event| event.body).collect();
        let ids: Vec<String> = events
            .iter()
            .map(|body| Ok(event::parse(&Submission::parse(body)?.envelope)?.id.to_string()))
            .collect::<Result<_>>()?;
        let numbers = ids.iter().cloned().zip(0..).collect();
        Ok(Arc::new(Self { now, founding, events, ids, numbers }))
    }
}
