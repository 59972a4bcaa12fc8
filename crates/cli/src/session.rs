//! Reading for an organisation: a key proves whom it belongs to, for half an hour (wire.md 6.1).

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use counterpart_core::json;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Envelope, EnvelopeSignature, KeyId, SESSION_TYPE, pae};
use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::{TILE_WIDTH, TilePath};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use crate::act::{self, printable};
use crate::ending::{Ending, Fault};
use crate::key::Where;
use crate::ledger::{Ledger, problem};
use crate::signing::Hand;
use crate::web::Web;
use crate::{Common, shell};

const PATH: &str = "/api/v1/sessions";

/// Get a token with which pages are read for your organisation
///
/// Your key signs on this machine that you want to read; the ledger answers with a token that is good for half an hour.
/// Paste it at the ledger's page `/sign-in`, or send it as `Authorization: Bearer TOKEN`. It can sign nothing.
///
/// Examples:
///   counterpart session --as HCK.SIRO --url https://ledger.example.org
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct SessionCommand {
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    url: String,
    /// The key that shows who you are: a file, ORG.ROLE, ORG.ROLE.n or digits of its id
    #[arg(long = "as", value_name = "KEY")]
    reader: String,
    #[command(flatten)]
    place: Where,
}

impl SessionCommand {
    /// Signs in and prints the token.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let hand = act::hand(&self.place.folder(common)?, &self.reader, common)?;
        // A ledger that is not the one of the pin is not signed in to.
        let ledger = Ledger::meet_as(&self.url, None, &|| Ok(vec![hand.clone()]), common)?;
        let session = open(ledger.web(), ledger.id(), &hand)?;
        if common.json {
            shell::line(&session.to_string());
            return Ok(Ending::Done);
        }
        let text = |name: &str| session.get(name).and_then(Value::as_str).unwrap_or_default();
        shell::line(&printable(text("token")));
        let (organisation, until) = (printable(text("organisation")), printable(text("expires_at")));
        let page = format!("{}/sign-in", ledger.web().base());
        common.say(&format!("It reads for {organisation} until {until}. Paste it at {page}"));
        Ok(Ending::Done)
    }
}

/// How a log that is closed to strangers is read: as a body that may read it.
#[derive(Args, Clone, Debug)]
pub struct Reading {
    /// Read a ledger that is closed to strangers for the organisation of this key: a file, ORG.ROLE, ORG.ROLE.n or
    /// digits of its id
    #[arg(long = "as", value_name = "KEY")]
    reader: Option<String>,
    #[command(flatten)]
    place: Where,
}

impl Reading {
    /// A token for the server at this URL; none when no key was named. It is good for half an hour.
    ///
    /// # Errors
    ///
    /// The key cannot be opened, what was named is no server, or it refuses the session.
    pub fn token(&self, url: &str, common: &Common) -> Result<Option<String>> {
        let Some(reader) = &self.reader else { return Ok(None) };
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Fault::usage("--as signs in at a server; files are read as they are"));
        }
        let hand = act::hand(&self.place.folder(common)?, reader, common)?;
        let web = Web::new(url)?;
        let session = open(&web, &ledger_of(&web)?, &hand)?;
        let token = session.get("token").and_then(Value::as_str).context("the server gave no token")?;
        Ok(Some(token.to_owned()))
    }
}

/// Signs in with a key; gives the same server, read for the key's organisation.
///
/// What is signed is built here: of what the server sent, only the challenge stands in it, and it names the host that
/// was dialled, so that it is worth nothing to anybody else.
///
/// # Errors
///
/// The server gives no challenge, or refuses the session.
pub fn begin(web: &Web, ledger: &str, hand: &Hand) -> Result<Web> {
    let session = open(web, ledger, hand)?;
    let token = session.get("token").and_then(Value::as_str).context("the server gave no token")?;
    Ok(web.with_token(token))
}

/// What the server answers to a key that signs in.
fn open(web: &Web, ledger: &str, hand: &Hand) -> Result<Value> {
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
    answer.json()
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
