//! Signing as somebody else than the operator: officers of the demonstration, and the ledger's answer key.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::json::{Limits, jcs, parse};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Entry, Envelope, KeyId, REFUSAL_TYPE, Submission, pae};
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::leaf_hash;
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

use crate::operator::{HONEST, recorded_at, tree};

/// An officer: what an event says of its signer, and the key.
pub struct Hand {
    pub signer: Value,
    pub key: SigningKey,
}

/// The ledger's name.
pub fn ledger() -> String {
    format!("{}#{}", HONEST.origin, leaf_hash(&HONEST.entries[0]).to_hex())
}

fn key(path: &str) -> SigningKey {
    let pem = fs::read_to_string(HONEST.folder.path().join("demo").join(path)).unwrap();
    SigningKey::from_pkcs8_pem(&pem).unwrap()
}

/// Every officer of the demonstration whose key came into the log.
pub fn officers() -> Vec<Hand> {
    let people = fs::read(HONEST.folder.path().join("demo/keys/people.json")).unwrap();
    let people: Vec<Value> = serde_json::from_slice(&people).unwrap();
    let hand = |person: &Value| Hand {
        signer: json!({
            "key": person["key"], "organisation": person["organisation"], "person": person["person"],
            "role": person["role"],
        }),
        key: key(&format!("keys/{}", person["file"].as_str().unwrap())),
    };
    people.iter().map(hand).collect()
}

/// The officer in a role at a body.
pub fn officer(organisation: &Value, role: &str) -> Hand {
    let fits = |hand: &Hand| hand.signer["organisation"] == *organisation && hand.signer["role"] == role;
    officers().into_iter().find(fits).unwrap()
}

/// The payload of an entry.
pub fn payload(entry: &[u8]) -> Value {
    serde_json::from_slice(&Entry::parse(entry).unwrap().envelope.payload).unwrap()
}

fn canonical(value: &Value) -> Vec<u8> {
    jcs(&parse(value.to_string().as_bytes(), Limits { max_depth: 32, max_bytes: 1 << 20 }).unwrap())
}

fn envelope(payload: &Value, kind: &str, keys: &[&SigningKey]) -> Value {
    let payload = canonical(payload);
    let message = pae(kind, &payload);
    let signature = |key: &&SigningKey| {
        let keyid = KeyId::of(&key.verifying_key().to_bytes());
        json!({ "keyid": keyid, "sig": STANDARD.encode(key.sign(&message).to_bytes()) })
    };
    let signatures: Vec<Value> = keys.iter().map(signature).collect();
    json!({ "payload": STANDARD.encode(&payload), "payloadType": kind, "signatures": signatures })
}

/// An entry that holds this payload, signed by these keys.
pub fn entry(payload: &Value, keys: &[&SigningKey], at: &str) -> Vec<u8> {
    let envelope = envelope(payload, EVENT_TYPE, keys).to_string();
    let envelope = Envelope::parse_request(envelope.as_bytes(), EVENT_TYPE).unwrap();
    Entry { envelope, recorded_at: at.parse().unwrap() }.encode()
}

/// The entry that a submission becomes.
pub fn recorded(submission: &str, at: &str) -> Vec<u8> {
    let envelope = Submission::parse(submission.as_bytes()).unwrap().envelope;
    Entry { envelope, recorded_at: at.parse().unwrap() }.encode()
}

/// An event of an officer: made now, the next of its stream after `entries`.
pub fn event(entries: &[Vec<u8>], kind: &str, stream: &str, data: &Value, hand: &Hand) -> Vec<u8> {
    let revision = entries.iter().filter(|entry| payload(entry)["stream"] == stream).count();
    let at = recorded_at(entries.last().unwrap());
    let now: Timestamp = at.parse().unwrap();
    let until = now.add_hours(1);
    let millis = u64::try_from(now.millis()).unwrap();
    let random = tree(entries).root().to_bytes();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, random.first_chunk().unwrap()).into_uuid().to_string();
    let payload = json!({
        "data": data, "expected_revision": revision, "id": id, "ledger": ledger(), "signed_at": now,
        "signers": [hand.signer], "stream": stream, "type": kind, "v": 1, "valid_until": until,
    });
    entry(&payload, &[&hand.key], &at)
}

/// What a ledger answers when it refuses a submission over the honest history with this code.
pub fn refusal(submission: &str, code: &str, with: Option<&SigningKey>) -> Value {
    let envelope_of = Submission::parse(submission.as_bytes()).unwrap().envelope;
    let tree = tree(&HONEST.entries);
    let said = json!({
        "at": recorded_at(HONEST.entries.last().unwrap()), "code": code, "digest": envelope_of.digest(),
        "ledger": ledger(), "root": tree.root().to_string(), "size": tree.size(),
    });
    let own = key("ledger/answer.key");
    json!({ "code": code, "refusal": envelope(&said, REFUSAL_TYPE, &[with.unwrap_or(&own)]) })
}
