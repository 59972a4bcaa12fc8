//! A small ledger in memory: real keys, real signatures, real entries, a clock that is a number.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::json;
use counterpart_core::replay::{Replay, Stopped};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Entry, Envelope, EnvelopeSignature, KeyId, pae};
use counterpart_tlog::ed25519::SigningKey;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

/// One who signs.
#[derive(Clone)]
pub struct Person {
    pub organisation: &'static str,
    pub role: &'static str,
    pub id: String,
    pub key: SigningKey,
}

impl Person {
    pub fn public(&self) -> PublicKeyBytes {
        PublicKeyBytes(self.key.verifying_key().to_bytes())
    }

    pub fn key_id(&self) -> KeyId {
        self.public().key_id()
    }

    pub fn public_text(&self) -> String {
        STANDARD.encode(self.public().0)
    }

    /// The same person with another key.
    pub fn with_key(&self, seed: u8) -> Self {
        Self { key: SigningKey::from_bytes(&[seed; 32]), ..self.clone() }
    }
}

/// A person whose id and key follow from a number.
pub fn person(organisation: &'static str, role: &'static str, number: u8) -> Person {
    Person { organisation, role, id: format!("PER-{number:012}"), key: SigningKey::from_bytes(&[number; 32]) }
}

/// An event that is being made.
#[derive(Clone)]
pub struct Draft {
    pub payload: Value,
    pub signers: Vec<Person>,
}

impl Draft {
    /// Changes a member of the payload before it is signed.
    pub fn with(mut self, member: &str, value: Value) -> Self {
        self.payload[member] = value;
        self
    }

    pub fn envelope(&self) -> Envelope {
        let payload = json::to_jcs(&self.payload).unwrap();
        let message = pae(EVENT_TYPE, &payload);
        let signatures = self
            .signers
            .iter()
            .map(|signer| EnvelopeSignature { keyid: signer.key_id(), sig: signer.key.sign(&message).to_bytes() })
            .collect();
        Envelope::new(EVENT_TYPE, payload, signatures).unwrap()
    }
}

/// The ledger and its clock.
#[derive(Clone)]
pub struct World {
    pub replay: Replay,
    pub now: i64,
    pub ledger: String,
    pub count: u64,
    pub revisions: HashMap<String, u64>,
    /// The entries, in order.
    pub entries: Vec<Vec<u8>>,
}

pub const ORIGIN: &str = "test.example/london/log";

/// 1 December 2026, 09:00 UTC.
const START: i64 = 1_796_115_600_000;

pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

pub fn commitment() -> Value {
    json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })
}

pub fn registrars() -> [Person; 3] {
    [person("REG", "REG", 1), person("REG", "REG", 2), person("REG", "REG", 3)]
}

impl World {
    pub fn new() -> Self {
        Self {
            replay: Replay::new(),
            now: START,
            ledger: ORIGIN.to_owned(),
            count: 0,
            revisions: HashMap::new(),
            entries: Vec::new(),
        }
    }

    /// A world with a founded ledger.
    pub fn founded() -> Self {
        let mut world = Self::new();
        let genesis = world.genesis();
        world.record(&genesis).unwrap();
        world
    }

    /// A world where Camden is registered: chief 10, administrators 11 and 12.
    pub fn with_camden() -> Self {
        let mut world = Self::founded();
        let chief = person("CMD", "CEX", 10);
        let registered = world.registration("CMD", &chief);
        world.record(&registered).unwrap();
        let first = person("CMD", "ADM", 11);
        world.appoint(&chief, &first).unwrap();
        world.give_key(&first, &[chief.clone()]).unwrap();
        let second = person("CMD", "ADM", 12);
        world.appoint(&chief, &second).unwrap();
        world.give_key(&second, &[first, chief]).unwrap();
        world
    }

    pub fn genesis(&mut self) -> Draft {
        let registrars = registrars();
        let keys: Vec<Value> = registrars
            .iter()
            .map(|r| json!({ "key": r.key_id().to_string(), "person": r.id, "public": r.public_text() }))
            .collect();
        let answer = person("REG", "REG", 200);
        let (code_lists, policies) = counterpart_core::codes::manifest();
        let data = json!({
            "answer_keys": [{ "key": answer.key_id().to_string(), "public": answer.public_text() }],
            "code_lists": code_lists, "policies": policies,
            "log_keys": ["test.example/london/log+f6551f90+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"],
            "origin": ORIGIN,
            "registrar": { "name": "London Councils", "organisation": "REG" },
            "registrar_keys": keys, "rules": 1, "threshold": 2, "visibility": "OPEN",
        });
        self.draft("sys", "LedgerGenesis", data, &registrars)
    }

    pub fn registration(&mut self, code: &str, chief: &Person) -> Draft {
        let [one, two, _] = registrars();
        let data = json!({
            "chief": { "holder": commitment(), "key": chief.key_id().to_string(), "person": chief.id, "public": chief.public_text() },
            "code": code, "extra_roles": [], "flags": { "competent_authority": { "basis": "S30_1B" }, "public_authority": true }, "governance": "FULL",
            "name": "A London borough", "type": "LONDON_BOROUGH",
        });
        self.draft(&format!("org:{code}"), "OrganisationRegistered", data, &[one, two, chief.clone()])
    }

    pub fn appointment(&mut self, by: &[Person], whom: &Person) -> Draft {
        let data = json!({
            "functions": [], "holder": commitment(), "notice_given_on": "2026-12-01", "person": whom.id, "role": whom.role,
            "valid_from": "2026-12-01",
        });
        self.draft(&format!("org:{}", whom.organisation), "RoleHolderAppointed", data, by)
    }

    pub fn appoint(&mut self, by: &Person, whom: &Person) -> Result<String, Stopped> {
        let draft = self.appointment(std::slice::from_ref(by), whom);
        self.record(&draft)
    }

    pub fn key_registration(&mut self, whose: &Person, with: &[Person]) -> Draft {
        let data = json!({
            "custody": "SOFTWARE", "key": whose.key_id().to_string(), "organisation": whose.organisation,
            "person": whose.id, "public": whose.public_text(),
        });
        let mut signers = vec![whose.clone()];
        signers.extend_from_slice(with);
        self.draft(&format!("key:{}", whose.key_id()), "KeyRegistered", data, &signers)
    }

    pub fn give_key(&mut self, whose: &Person, with: &[Person]) -> Result<String, Stopped> {
        let draft = self.key_registration(whose, with);
        self.record(&draft)
    }

    pub fn draft(&mut self, stream: &str, event_type: &str, data: Value, signers: &[Person]) -> Draft {
        self.count += 1;
        let signed: Vec<Value> = signers
            .iter()
            .map(|s| json!({ "key": s.key_id().to_string(), "organisation": s.organisation, "person": s.id, "role": s.role }))
            .collect();
        let payload = json!({
            "data": data,
            "expected_revision": self.revisions.get(stream).copied().unwrap_or(0),
            "id": format!("01890000-0000-7000-8000-{:012x}", self.count),
            "ledger": self.ledger,
            "signed_at": at(self.now).to_string(),
            "signers": signed,
            "stream": stream,
            "type": event_type,
            "v": 1,
            "valid_until": at(self.now + 3_600_000).to_string(),
        });
        Draft { payload, signers: signers.to_vec() }
    }

    /// Records an event now; gives its id, or where and why the log stops.
    pub fn record(&mut self, draft: &Draft) -> Result<String, Stopped> {
        let entry = Entry { envelope: draft.envelope(), recorded_at: at(self.now) };
        let bytes = entry.encode();
        self.replay.next_bytes(&bytes)?;
        self.entries.push(bytes);
        if let Some(founded) = &self.replay.state.founded {
            self.ledger = founded.ledger.to_string();
        }
        let stream = draft.payload["stream"].as_str().unwrap().to_owned();
        *self.revisions.entry(stream).or_insert(0) += 1;
        self.now += 1_000;
        Ok(draft.payload["id"].as_str().unwrap().to_owned())
    }

    /// The code with which an event is refused; panics if it is not.
    pub fn refusal(&mut self, draft: &Draft) -> String {
        let size = self.replay.state.size;
        let stopped = self.record(draft).expect_err("the rules say no");
        assert_eq!(self.replay.state.size, size, "a refused event leaves no trace");
        stopped.stop.code().to_owned()
    }
}
