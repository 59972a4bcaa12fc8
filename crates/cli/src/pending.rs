//! `pending`: events that wait at the ledger for the signatures of several people.
//!
//! What is signed is read, shown and compared here: the ledger only keeps it. Its digest is computed again, its words
//! are opened against their commitments, and headers and hashes are derived anew.

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::Event;
use counterpart_core::wire::{Digest, EVENT_TYPE, Envelope, EnvelopeSignature, digest};
use serde_json::{Value, json};

use crate::act::{self, Acting, Partial, printable};
use crate::ending::{Ending, Fault};
use crate::key::Where;
use crate::ledger::{Ledger, problem};
use crate::sign::partial;
use crate::web::Web;
use crate::{Common, review, shell};

const PATH: &str = "/api/v1/pending";

/// Who asks, and where.
#[derive(Args, Clone, Debug)]
pub struct Asking {
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    url: String,
    /// The key that is to sign: a file, ORG.ROLE, ORG.ROLE.n or digits of its id
    #[arg(long, short = 'k', value_name = "KEY")]
    key: String,
    #[command(flatten)]
    place: Where,
}

/// Show, sign and withdraw what waits for several signatures
#[derive(Subcommand)]
pub enum Pending {
    /// List what waits for a key
    ///
    ///   counterpart pending list -k WNL.CEX --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    List {
        #[command(flatten)]
        asking: Asking,
    },
    /// Show one: what would be signed, and who has signed it
    ///
    ///   counterpart pending show 5f0c… -k WNL.CEX --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Show {
        /// Its digest
        digest: Digest,
        #[command(flatten)]
        asking: Asking,
    },
    /// Sign one; the last signature records it
    ///
    ///   counterpart pending sign 5f0c… -k WNL.CEX --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Sign {
        /// Its digest
        digest: Digest,
        #[command(flatten)]
        acting: Acting,
    },
    /// Withdraw one for all its signers: it is emptied
    ///
    ///   counterpart pending withdraw 5f0c… -k NWL.CEX --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Withdraw {
        /// Its digest
        digest: Digest,
        #[command(flatten)]
        asking: Asking,
    },
}

impl Pending {
    /// Runs the verb.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::List { asking } => {
                let (_, web) = asking.meet(common)?;
                let rows = read(&web, PATH)?.get("pending").and_then(Value::as_array).cloned().unwrap_or_default();
                if common.json {
                    shell::line(&Value::Array(rows).to_string());
                    return Ok(Ending::Done);
                }
                for row in &rows {
                    shell::line(&summary(row));
                }
                if rows.is_empty() {
                    common.say(&format!("Nothing waits for `{}`.", asking.key));
                }
                Ok(Ending::Done)
            }
            Self::Show { digest, asking } => {
                let (ledger, web) = asking.meet(common)?;
                let value = read(&web, &format!("{PATH}/{digest}"))?;
                if value.get("envelope").is_some() {
                    let (event, partial) = checked(&value, *digest, &ledger)?;
                    act::tell(&event, &partial.disclosures, common);
                }
                if common.json {
                    shell::line(&value.to_string());
                } else {
                    tell_standing(&value);
                }
                Ok(Ending::Done)
            }
            Self::Sign { digest, acting } => sign(*digest, acting, common),
            Self::Withdraw { digest, asking } => {
                let (_, web) = asking.meet(common)?;
                let answer = web.post(&format!("{PATH}/{digest}/withdraw"), "application/json", b"{}")?;
                if !answer.is_success() {
                    return Err(problem(&answer));
                }
                if common.json {
                    shell::line(&answer.json()?.to_string());
                } else {
                    shell::line(&format!("withdrawn    {digest}"));
                }
                common.say("It is emptied; nothing of it was recorded.");
                Ok(Ending::Done)
            }
        }
    }
}

impl Asking {
    fn meet(&self, common: &Common) -> Result<(Ledger, Web)> {
        let hand = act::hand(&self.place.folder(common)?, &self.key, common)?;
        let ledger = Ledger::meet_as(&self.url, None, &|| Ok(vec![hand.clone()]), common)?;
        let web = ledger.read_as(&hand)?;
        Ok((ledger, web))
    }
}

/// Leaves a partly signed event at the ledger.
///
/// # Errors
///
/// The ledger refuses it (exit 3).
pub fn open(ledger: &Ledger, partial: &Partial, common: &Common) -> Result<Ending> {
    let answer = ledger.web().post(PATH, "application/json", &partial.to_bytes())?;
    if !answer.is_success() {
        return Err(problem(&answer));
    }
    let value = answer.json()?;
    let own = digest(EVENT_TYPE, &partial.payload);
    if value.get("digest").and_then(Value::as_str) != Some(&*own.to_string()) {
        return Err(Fault::unverified(format!("the ledger gathers signatures for another event than {own}")));
    }
    if common.json {
        shell::line(&value.to_string());
    } else {
        tell_standing(&value);
    }
    common
        .say(&format!("It waits at the ledger. Each of the others signs it with `counterpart sign --pending {own}`."));
    Ok(Ending::Done)
}

/// Reads what waits, shows it, signs it, and adds the signatures; the last one is answered with a receipt.
///
/// # Errors
///
/// Nothing waits under this digest for the first key, what waits is something else (exit 4), the rules refuse it
/// (exit 3), or nobody confirmed it.
pub fn sign(meant: Digest, acting: &Acting, common: &Common) -> Result<Ending> {
    let hands = acting.hands(common)?;
    let first = hands.first().ok_or_else(|| Fault::usage("name the key that signs with --key"))?;
    let ledger = Ledger::meet_as(&acting.url, None, &|| Ok(vec![first.clone()]), common)?;
    let web = ledger.read_as(first)?;
    let value = read(&web, &format!("{PATH}/{meant}"))?;
    if value.get("envelope").is_none() {
        let index = value.get("index").map(Value::to_string).unwrap_or_default();
        bail!("it was recorded as entry {index}; there is nothing left to sign");
    }
    let (event, waiting) = checked(&value, meant, &ledger)?;
    act::tell(&event, &waiting.disclosures, common);
    review::look(&ledger, &event, &waiting.disclosures, first, common)?;
    if let Some(obstacle) = value.get("obstacle") {
        let text = |name: &str| obstacle.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
        common.say(&format!("If all had signed now, the rules would say no: {}: {}", text("code"), text("detail")));
    }
    act::check_hands(&event, &hands)?;
    acting.consent(&hands)?;
    let mut last = None;
    for signature in act::sign(&waiting.payload, &hands) {
        last = Some(add(&web, meant, &signature)?);
    }
    let value = last.context("a key signs")?;
    if value.get("proof").is_none() {
        if common.json {
            shell::line(&value.to_string());
        } else {
            tell_standing(&value);
        }
        return Ok(Ending::Done);
    }
    let mut signatures = waiting.signatures.clone();
    signatures.extend(act::sign(&waiting.payload, &hands).into_iter().filter(|own| !waiting.has(own.keyid)));
    let mut envelope = Envelope::new(EVENT_TYPE, waiting.payload.clone(), signatures)?;
    if envelope.signatures.len() != event.signers.len() || ledger.check(&value, &envelope).is_err() {
        // Others signed meanwhile: the envelope that was recorded is read, and it must be of these bytes.
        envelope = recorded(&ledger, &event, &waiting)?;
    }
    ledger.check(&value, &envelope)?;
    act::receipt_told(&value, &envelope, &waiting.disclosures, common)?;
    Ok(Ending::Done)
}

fn add(web: &Web, meant: Digest, signature: &EnvelopeSignature) -> Result<Value> {
    let body = json!({ "keyid": signature.keyid.to_string(), "sig": STANDARD.encode(signature.sig) });
    let path = format!("{PATH}/{meant}/signatures");
    let answer = web.post(&path, "application/json", body.to_string().as_bytes())?;
    if answer.is_success() { answer.json() } else { Err(problem(&answer)) }
}

fn recorded(ledger: &Ledger, event: &Event, waiting: &Partial) -> Result<Envelope> {
    let row = ledger.web().json(&format!("/api/v1/events/{}", event.id))?;
    let entry = row.get("entry").and_then(|entry| entry.get("envelope")).context("the ledger shows no such entry")?;
    let entry: counterpart_core::json::Value = serde_json::from_value(entry.clone())?;
    let envelope = Envelope::from_value(&entry, EVENT_TYPE)?;
    if envelope.payload != waiting.payload {
        return Err(Fault::unverified(format!("`{}` recorded other bytes than those that were signed", ledger.id())));
    }
    Ok(envelope)
}

fn read(web: &Web, path: &str) -> Result<Value> {
    let answer = web.get(path)?;
    if answer.is_success() { answer.json() } else { Err(problem(&answer)) }
}

/// What waits, as any verifier reads it: its digest is the one that was asked for, it is for this ledger, and its words
/// open its commitments.
fn checked(value: &Value, meant: Digest, ledger: &Ledger) -> Result<(Event, Partial)> {
    let waiting = partial(value)?;
    let own = digest(EVENT_TYPE, &waiting.payload);
    if own != meant {
        return Err(Fault::unverified(format!("the ledger gave {own} when it was asked for {meant}; sign nothing")));
    }
    let event = act::checked(&waiting.payload, ledger.id())?;
    open_words(&event, &waiting.disclosures)?;
    Ok((event, waiting))
}

/// Opens the words of an event against its commitments.
///
/// # Errors
///
/// They are other words (exit 4).
pub fn open_words(event: &Event, words: &[Disclosure]) -> Result<()> {
    counterpart_core::door::open(&event.id.to_string(), &event.data, words)
        .map(drop)
        .map_err(|refusal| Fault::unverified(format!("{}: {refusal}", refusal.code())))
}

fn summary(row: &Value) -> String {
    let text = |name: &str| row.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
    let missing = row.get("missing").and_then(Value::as_u64).unwrap_or_default();
    format!(
        "{}  {}  {}  {}  {missing} missing  until {}",
        text("digest"),
        text("state"),
        text("type"),
        text("stream"),
        text("valid_until")
    )
}

fn tell_standing(value: &Value) {
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
    for name in ["digest", "type", "stream", "state", "valid_until"] {
        shell::line(&format!("{name:<12} {}", text(value, name)));
    }
    for signer in value.get("signers").and_then(Value::as_array).into_iter().flatten() {
        let signed = signer.get("signed").and_then(Value::as_bool).unwrap_or_default();
        shell::line(&format!(
            "{:<12} {} {} {}",
            if signed { "signed" } else { "missing" },
            text(signer, "organisation"),
            text(signer, "role"),
            text(signer, "person")
        ));
    }
    if let Some(obstacle) = value.get("obstacle") {
        shell::line(&format!("{:<12} {}: {}", "obstacle", text(obstacle, "code"), text(obstacle, "detail")));
    }
}
