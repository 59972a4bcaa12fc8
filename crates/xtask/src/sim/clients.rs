//! Bodies that send events: one at a time, again when no answer comes, the next one when it does.

use std::sync::Arc;

use anyhow::{Context, Result};
use counterpart_core::commitment::Disclosure;
use counterpart_core::event;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Submission;
use counterpart_store::Word;

use super::server::{Answer, Posted};
use super::truth::{Sent, Truth};
use crate::load::{self, Maker, Officer, Prepared};

/// How long a client waits for an answer, in milliseconds.
const PATIENCE: i64 = 5_000;

/// One body with an administrator who appoints officers.
pub struct Client {
    /// Its place among the organisations.
    pub place: usize,
    /// How many events it means to make.
    pub quota: u64,
    /// How many it was told about.
    pub told: u64,
    made: u64,
    pending: Option<Pending>,
    administrator: Officer,
}

struct Pending {
    posted: Posted,
    sent_at: i64,
}

impl Client {
    /// A client of the organisation at a place.
    pub fn new(place: usize, quota: u64) -> Self {
        let (_, administrator) = load::officers(&load::code(place), place);
        Self { place, quota, told: 0, made: 0, pending: None, administrator }
    }

    /// Whether it has nothing left to do.
    pub const fn is_done(&self) -> bool {
        self.pending.is_none() && self.told >= self.quota
    }

    /// What it sends now, if anything. `server` is the time by which it signs.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn acts(
        &mut self,
        client: usize,
        now: i64,
        server: Timestamp,
        ledger: &str,
        truth: &mut Truth,
    ) -> Result<Option<Posted>> {
        if let Some(pending) = &mut self.pending {
            let waited = now - pending.sent_at >= PATIENCE;
            pending.sent_at = if waited { now } else { pending.sent_at };
            return Ok(waited.then(|| pending.posted.clone()));
        }
        if self.told >= self.quota {
            return Ok(None);
        }
        self.made += 1;
        let number = 1_000_000 + self.place as u64 * 10_000 + self.made;
        let maker = Maker { ledger: ledger.to_owned(), now: server, run: 7, first: 0 };
        let prepared = maker.appointment(number, &self.administrator, &format!("PER-{number:012}"), "REQ")?;
        let posted = post(Some(client), &prepared, false, truth)?;
        self.pending = Some(Pending { posted: posted.clone(), sent_at: now });
        Ok(Some(posted))
    }

    /// It is told something; answers to what it no longer waits for are left alone.
    pub fn hears(&mut self, id: &str, answer: &Answer) {
        let Some(pending) = self.pending.as_mut().filter(|pending| pending.posted.id == id) else { return };
        match answer {
            Answer::Recorded(_) => {
                self.pending = None;
                self.told += 1;
            }
            // Another event with another time may pass.
            Answer::Refused(_) => self.pending = None,
            Answer::Unavailable(_) => pending.sent_at -= PATIENCE / 2,
        }
    }
}

/// Writes down what is sent.
///
/// # Errors
///
/// A fault of this program.
pub fn post(client: Option<usize>, prepared: &Prepared, forged: bool, truth: &mut Truth) -> Result<Posted> {
    let Submission { envelope, disclosures } = Submission::parse(&prepared.body)?;
    let event = event::parse(&envelope)?;
    let id = event.id.to_string();
    let word = |disclosure: &Disclosure| Word { name: disclosure.pointer.clone(), bytes: disclosure.to_bytes() };
    let words = disclosures.context("words that can be read")?.iter().map(word).collect();
    truth.sent.insert(id.clone(), Sent { envelope: envelope.canonical(), words, forged });
    Ok(Posted { client, id, body: Arc::from(prepared.body.as_slice()) })
}
