//! Reading for an organisation: a key proves whom it belongs to, for half an hour (wire.md 6.1).

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::json;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Envelope, EnvelopeSignature, KeyId, SESSION_TYPE, pae};
use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::{TILE_WIDTH, TilePath};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use crate::ending::Fault;
use crate::ledger::problem;
use crate::signing::Hand;
use crate::web::Web;

const PATH: &str = "/api/v1/sessions";

/// Signs in with a key; gives the same server, read for the key's organisation.
///
/// What is signed is built here: of what the server sent, only the challenge stands in it, and it names the host that
/// was dialled, so that it is worth nothing to anybody else.
///
/// # Errors
///
/// The server gives no challenge, or refuses the session.
pub fn begin(web: &Web, ledger: &str, hand: &Hand) -> Result<Web> {
    let answer = web.post(PATH, "application/json", b"{}")?;
    if !answer.is_success() {
        return Err(problem(&answer));
    }
    let given = answer.json()?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).unwrap_or_default();
    let (challenge, expires_at) = (text("challenge"), text("expires_at"));
    let good = STANDARD.decode(challenge).is_ok_and(|bytes| bytes.len() == 32);
    if !good || expires_at.parse::<Timestamp>().is_err() {
        bail!("what the server gave is no challenge, so nothing was signed");
    }
    let payload = json::to_jcs(&json!({
        "challenge": challenge, "expires_at": expires_at, "host": web.host(), "key": hand.signer.key.to_string(),
        "ledger": ledger, "organisation": hand.signer.organisation.to_string(),
    }))
    .context("a session cannot be written in canonical JSON")?;
    let keyid = KeyId::of(&hand.key.verifying_key().to_bytes());
    let sig = hand.key.sign(&pae(SESSION_TYPE, &payload)).to_bytes();
    let envelope = Envelope::new(SESSION_TYPE, payload, vec![EnvelopeSignature { keyid, sig }])?;
    let mut body = b"{\"envelope\":".to_vec();
    body.extend(envelope.canonical());
    body.push(b'}');
    let answer = web.post(PATH, "application/json", &body)?;
    if !answer.is_success() {
        return Err(problem(&answer));
    }
    let session = answer.json()?;
    let token = session.get("token").and_then(Value::as_str).context("the server gave no token")?;
    Ok(web.with_token(token))
}

/// The name of a ledger whose entries are closed: its origin and first leaf stand in the open.
///
/// # Errors
///
/// The log shows neither.
pub fn ledger_of(web: &Web) -> Result<String> {
    let note = web.find("/log/checkpoint")?.context("the ledger shows no checkpoint")?;
    let (checkpoint, _) = Checkpoint::parse(&note).context("the checkpoint of the ledger cannot be read")?;
    let width = u16::try_from(checkpoint.size.min(u64::from(TILE_WIDTH))).unwrap_or_default();
    let tile = web.find(&format!("/log/{}", TilePath::Hash { level: 0, n: 0, width }))?;
    let first = tile.as_deref().and_then(|tile| tile.get(..32)?.try_into().ok()).map(Hash::from_bytes);
    let first = first.ok_or_else(|| Fault::unverified("the log of this ledger shows no first leaf"))?;
    Ok(format!("{}#{}", checkpoint.origin, first.to_hex()))
}
