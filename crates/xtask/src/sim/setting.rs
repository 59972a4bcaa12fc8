//! What every world begins with: the founding, a few bodies, and how strangers forge.

use std::sync::Arc;

use anyhow::{Context, Result};
use counterpart_core::event;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Submission;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::leaf_hash;
use counterpart_tlog::note::NoteSigner;
use serde_json::{Value, json};

use super::clients::post;
use super::server::Posted;
use super::truth::Truth;
use crate::load::{Maker, Prepared};

/// The host and prefix of the simulated log.
pub const ORIGIN: &str = "sim.example/log";

/// 1 December 2026, 09:00 UTC.
const START: i64 = 1_796_115_600_000;

/// The beginning of every world, signed once.
pub struct Setting {
    /// When it begins.
    pub start: Timestamp,
    /// The name of the ledger.
    pub ledger: String,
    /// How many bodies there are.
    pub bodies: usize,
    events: Vec<Prepared>,
}

/// The key of the log.
///
/// # Errors
///
/// A fault of this program.
pub fn log_signer() -> Result<NoteSigner> {
    Ok(NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[0x51; 32]))?)
}

impl Setting {
    /// Signs the founding and the registration of so many bodies.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn new(bodies: usize) -> Result<Self> {
        let start = Timestamp::from_millis(START).context("an instant")?;
        let mut maker = Maker { ledger: ORIGIN.to_owned(), now: start, run: 7, first: 0 };
        let answer = SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
        let answer = counterpart_core::event::PublicKeyBytes(answer);
        let (code_lists, policies) = counterpart_core::codes::manifest();
        let genesis = maker.genesis(&json!({ "data": {
            "answer_keys": [{ "key": answer.key_id(), "public": answer }],
            "code_lists": code_lists, "policies": policies,
            "log_keys": [log_signer()?.vkey().to_string()], "origin": ORIGIN, "rules": 1,
        } }))?;
        let envelope = Submission::parse(&genesis.body)?.envelope;
        let entry = counterpart_core::wire::Entry { envelope, recorded_at: start }.encode();
        maker.ledger = format!("{ORIGIN}#{}", leaf_hash(&entry).to_hex());
        let mut events = vec![genesis];
        events.extend(maker.organisations(bodies)?);
        Ok(Self { start, ledger: maker.ledger, bodies, events })
    }

    /// The events of the founding, to be recorded in this order.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn founding(&self, truth: &mut Truth) -> Result<Vec<Posted>> {
        self.events.iter().map(|prepared| post(None, prepared, false, truth)).collect()
    }

    /// A body that is registered, and an appointment whose signature is not by its chief.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn stranger(&self, place: usize, now: Timestamp, truth: &mut Truth) -> Result<[Posted; 2]> {
        let maker = Maker { ledger: self.ledger.clone(), now, run: 7, first: 0 };
        let [registered, appointed, _] = maker.organisation(place)?;
        Ok([post(None, &registered, false, truth)?, post(None, &forged(&appointed)?, true, truth)?])
    }
}

/// The same submission with one bit of its signature wrong.
fn forged(prepared: &Prepared) -> Result<Prepared> {
    let Submission { mut envelope, disclosures } = Submission::parse(&prepared.body)?;
    event::parse(&envelope)?;
    let signature = envelope.signatures.first_mut().context("a signature")?;
    if let Some(byte) = signature.sig.first_mut() {
        *byte ^= 1;
    }
    let disclosures = disclosures.context("words that can be read")?;
    let disclosures: Vec<Value> = disclosures
        .iter()
        .map(|disclosure| serde_json::from_slice(&disclosure.to_bytes()).context("a disclosure as it is kept"))
        .collect::<Result<_>>()?;
    let mut body = b"{\"disclosures\":".to_vec();
    serde_json::to_writer(&mut body, &disclosures)?;
    body.extend_from_slice(b",\"envelope\":");
    body.extend_from_slice(&envelope.canonical());
    body.push(b'}');
    Ok(Prepared { body })
}

/// One setting for all worlds of a run.
///
/// # Errors
///
/// As [`Setting::new`].
pub fn shared() -> Result<Arc<Setting>> {
    Ok(Arc::new(Setting::new(3)?))
}
