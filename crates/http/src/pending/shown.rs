//! How what waits is told to its signers.

use counterpart_core::admit;
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::{EventType, Signer};
use counterpart_core::ids::{EventId, Stream};
use counterpart_core::refusal::Refusal;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Digest;
use serde::Serialize;
use serde_json::value::RawValue;

use super::shelf::Item;
use crate::App;

/// What waits for somebody.
#[derive(Serialize)]
pub(super) struct List {
    pub(super) pending: Vec<Shown>,
}

/// How one stands, without its words.
#[derive(Serialize)]
pub(super) struct Shown {
    digest: Digest,
    id: EventId,
    #[serde(rename = "type")]
    event_type: EventType,
    stream: Stream,
    /// `WAITING`, `COMPLETE` (signed by all and refused when it was sent) or `RECORDED`.
    state: &'static str,
    opened_at: Timestamp,
    valid_until: Timestamp,
    signers: Vec<Hand>,
    /// How many signatures are missing.
    missing: usize,
    /// Where it stands in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    /// What the log rules would say if all had signed now.
    #[serde(skip_serializing_if = "Option::is_none")]
    obstacle: Option<Obstacle>,
}

/// A signer, and whether it signed.
#[derive(Serialize)]
struct Hand {
    #[serde(flatten)]
    signer: Signer,
    signed: bool,
}

#[derive(Serialize)]
struct Obstacle {
    code: String,
    detail: String,
}

/// The whole of one, spelt so that it can be kept as a partly signed event.
#[derive(Serialize)]
pub(super) struct Whole {
    #[serde(flatten)]
    pub(super) shown: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) envelope: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) disclosures: Option<Vec<Disclosure>>,
}

impl App {
    pub(super) fn shown(&self, item: &Item) -> Shown {
        let event = &item.event;
        let index = self.recorded_as(event);
        let missing = item.missing();
        let state = match (index, missing) {
            (Some(_), _) => "RECORDED",
            (None, 0) => "COMPLETE",
            (None, _) => "WAITING",
        };
        let said = |refusal: Refusal| Obstacle { code: refusal.code().to_owned(), detail: refusal.to_string() };
        let refused = || admit::admit(self.reader.view().state(), event, (self.clock)()).err().map(said);
        let hand = |signer: &Signer| Hand { signer: signer.clone(), signed: item.has(signer.key) };
        Shown {
            digest: event.digest,
            id: event.id,
            event_type: event.event_type(),
            stream: event.stream,
            state,
            opened_at: item.opened_at,
            valid_until: event.valid_until,
            signers: event.signers.iter().map(hand).collect(),
            missing,
            index,
            obstacle: if index.is_none() { refused() } else { None },
        }
    }
}
