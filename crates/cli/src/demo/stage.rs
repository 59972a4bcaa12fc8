//! Where the demonstration is played: a log in memory that decides as the server will, and a clock that is a number.

use anyhow::{Context, Result, bail};
use counterpart_core::admit;
use counterpart_core::commitment::{Commitment, Disclosure};
use counterpart_core::door;
use counterpart_core::event;
use counterpart_core::event::Event;
use counterpart_core::ids::{EventId, PersonId, Stream};
use counterpart_core::json;
use counterpart_core::london;
use counterpart_core::refusal::Refusal;
use counterpart_core::replay::{Read, Replay};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Entry, Envelope, EnvelopeSignature, pae};
use counterpart_tlog::leaf_hash;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use super::cast::{Cast, Hand};
use super::chance::Chance;
use super::seal::seal;

/// How long an event that one person signs may wait: an hour less than the contract allows.
const VALID_ALONE: i64 = 23 * 3_600_000;

/// One event of the demonstration, and when it is recorded.
#[derive(Clone)]
pub struct Said {
    /// The instant.
    pub at: Timestamp,
    /// The signed event.
    pub envelope: Envelope,
    /// The same, read.
    pub event: Event,
    /// Its words.
    pub disclosures: Vec<Disclosure>,
}

/// Something that the rules refused, as they should.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Refused {
    /// When it was tried.
    pub at: Timestamp,
    /// What was tried, in plain words.
    pub tried: String,
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
}

/// The log so far, the clock, and what was said.
pub struct Stage {
    /// Who may sign.
    pub cast: Cast,
    /// Where ids and salts come from.
    pub chance: Chance,
    /// What the entries so far come to.
    pub replay: Replay,
    /// The clock.
    pub now: Timestamp,
    /// The ledger's identity; the origin alone before entry 0.
    ledger: String,
    count: u64,
    /// Everything that was recorded, in order.
    pub said: Vec<Said>,
    /// Everything that was refused.
    pub refused: Vec<Refused>,
}

/// An event that is signed but not yet tried.
pub struct Draft {
    envelope: Envelope,
    event: Event,
    disclosures: Vec<Disclosure>,
}

impl Draft {
    /// The commitment at a pointer of the data.
    pub fn commitment(&self, pointer: &str) -> Result<Commitment> {
        let found = self.disclosures.iter().find(|disclosure| disclosure.pointer == pointer);
        let disclosure = found.with_context(|| format!("the draft has no words at {pointer}"))?;
        Ok(disclosure.commitment(&self.event.id.to_string()))
    }
}

impl Stage {
    /// An empty log at an instant.
    pub fn new(chance: Chance, now: Timestamp, origin: &str) -> Self {
        Self {
            cast: Cast::default(),
            chance,
            replay: Replay::new(),
            now,
            ledger: origin.to_owned(),
            count: 0,
            said: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// The id that the next event will have.
    pub fn next_id(&self) -> EventId {
        self.chance.uuid(self.now, &format!("event {}", self.count + 1)).into()
    }

    /// Drafts and signs an event for the newest revision of its stream. The first hand is the principal.
    pub fn draft(&mut self, stream: Stream, kind: &str, data: Value, hands: &[Hand]) -> Result<Draft> {
        let id = self.next_id();
        self.count += 1;
        let mut disclosures = Vec::new();
        let data = seal(data, id, "", &self.chance, &mut disclosures)?;
        let person: Option<PersonId> =
            data.get("person").and_then(Value::as_str).map(str::parse).transpose().context("a person id")?;
        let (revision, _) = self.replay.state.revision(stream, person);
        let signers = hands.iter().map(signer).collect::<Vec<_>>();
        let payload = json!({
            "data": data,
            "expected_revision": revision,
            "id": id,
            "ledger": self.ledger,
            "signed_at": self.now,
            "signers": signers,
            "stream": stream,
            "type": kind,
            "v": 1,
            "valid_until": self.now.add_millis(VALID_ALONE),
        });
        let payload = json::to_jcs(&payload)?;
        let message = pae(EVENT_TYPE, &payload);
        let signatures = hands
            .iter()
            .map(|hand| EnvelopeSignature {
                keyid: hand.officer.key_id(),
                sig: hand.officer.key.sign(&message).to_bytes(),
            })
            .collect();
        let envelope = Envelope::new(EVENT_TYPE, payload, signatures)?;
        let event =
            event::parse(&envelope).with_context(|| format!("a {kind} of the demonstration is not well made"))?;
        Ok(Draft { envelope, event, disclosures })
    }

    /// Records an event that was drafted.
    pub fn record(&mut self, draft: Draft) -> Result<EventId> {
        let read = self.read(&draft);
        self.replay.next(&read, true).with_context(|| {
            format!("the demonstration's {} in {} is refused", draft.event.event_type(), draft.event.stream)
        })?;
        if let Some(founded) = &self.replay.state.founded {
            founded.ledger.as_ref().clone_into(&mut self.ledger);
        }
        let Draft { envelope, event, disclosures } = draft;
        let id = event.id;
        self.said.push(Said { at: self.now, envelope, event, disclosures });
        Ok(id)
    }

    /// Drafts, signs and records an event.
    pub fn say(&mut self, stream: Stream, kind: &str, data: Value, hands: &[Hand]) -> Result<EventId> {
        let draft = self.draft(stream, kind, data, hands)?;
        self.record(draft)
    }

    /// Tries an event that the rules must refuse with this code, and keeps the refusal.
    pub fn attempt(&mut self, tried: &str, code: &str, draft: &Draft) -> Result<()> {
        let Err(refusal) = self.decided(draft) else {
            bail!("the rules let pass what the demonstration shows as refused: {tried}");
        };
        if refusal.code() != code {
            bail!("{tried}: refused with {} ({}) instead of {code}", refusal.code(), told(&refusal));
        }
        self.refused.push(Refused {
            at: self.now,
            tried: tried.to_owned(),
            code: code.to_owned(),
            message: told(&refusal),
        });
        Ok(())
    }

    /// What the log rules and then the door say of a draft, as a server would.
    fn decided(&self, draft: &Draft) -> Result<(), Refusal> {
        admit::admit(&self.replay.state, &self.read(draft).event, self.now)?;
        let Some(view) = door::View::of(&self.replay.state) else { return Ok(()) };
        let today = london::date_of(self.now);
        let earlier = door::Earlier::default();
        door::check_submission(&view, today, &draft.event, &draft.disclosures, &earlier).map(drop)
    }

    fn read(&self, draft: &Draft) -> Read {
        let entry = Entry { envelope: draft.envelope.clone(), recorded_at: self.now };
        let leaf = leaf_hash(&entry.encode());
        Read { entry, event: draft.event.clone(), leaf }
    }
}

/// A refusal as its receiver reads it: of several messages the first that is an error.
fn told(refusal: &Refusal) -> String {
    if let Refusal::Messages(messages) = refusal
        && let Some(error) = messages.iter().find(|message| message.is_error())
    {
        return error.message.clone();
    }
    refusal.to_string()
}

fn signer(hand: &Hand) -> Value {
    let mut signer = json!({
        "key": hand.officer.key_id().to_string(),
        "organisation": hand.officer.organisation,
        "person": hand.officer.person,
        "role": hand.role,
    });
    if let (Some(delegation), Some(members)) = (hand.delegation, signer.as_object_mut()) {
        members.insert("delegation".to_owned(), json!(delegation));
    }
    signer
}
