//! `sign`: a signature under an event that a file holds, after every member of it was shown.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use counterpart_core::commitment::Disclosure;
use counterpart_core::door;
use counterpart_core::event::data::EventType;
use counterpart_core::wire::{Digest, EnvelopeSignature};
use serde_json::Value;

use crate::act::{self, Acting, Partial, Statement};
use crate::ending::{Ending, Fault};
use crate::{Common, pending, review, shell};

/// Sign an event from a file
///
/// FILE is one of three things:
///   a draft {"stream", "type", "data"}, whose words stand as {"$text": …} or {"$json": …}: the rest is filled in
///   a payload with all its members
///   a partly signed event, as --out writes it, which the next signer completes
///
/// The bytes are parsed and shown before they are signed, wherever they came from. What is fully signed is sent.
///
/// Without a file, --pending DIGEST signs what waits at the ledger; with one, --pending leaves it there.
///
/// Examples:
///   counterpart sign --pending 5f0c… --key WNL.CEX --url http://127.0.0.1:8080
///   counterpart sign partly-signed.json --key CMD.SIG --url http://127.0.0.1:8080
///   counterpart sign draft.json --key CMD.IGL --out signed.json --url http://127.0.0.1:8080
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Sign {
    /// A draft, a payload or a partly signed event; - for standard input
    #[arg(required_unless_present = "pending")]
    file: Option<PathBuf>,
    /// Sign what waits at the ledger for this key, by its digest; with a file: leave it there for the other signers
    #[arg(long, value_name = "DIGEST", num_args = 0..=1, default_missing_value = "")]
    pending: Option<String>,
    #[command(flatten)]
    acting: Acting,
}

impl Sign {
    /// What waits, or a file: `--pending` takes either.
    fn meant(&self) -> (Option<Digest>, Option<PathBuf>) {
        let named = self.pending.clone().filter(|named| !named.is_empty());
        match named.as_deref().and_then(|text| text.parse().ok()) {
            Some(digest) => (Some(digest), None),
            None => (None, self.file.clone().or_else(|| named.map(PathBuf::from))),
        }
    }

    /// Signs it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let (digest, file) = self.meant();
        if let Some(digest) = digest {
            return pending::sign(digest, &self.acting, common);
        }
        let acting = Acting { gather: self.acting.gather || self.pending.is_some(), ..self.acting.clone() };
        let file = file.ok_or_else(|| Fault::usage("name a file, or what waits with --pending DIGEST"))?;
        let ledger = acting.ledger(common)?;
        let hands = acting.hands(common)?;
        let value: Value = serde_json::from_slice(&shell::read(&file)?)
            .with_context(|| format!("`{}` is not JSON", file.display()))?;
        if value.get("envelope").is_none() && value.get("id").is_none() {
            return acting.perform(&ledger, &hands, draft(&value)?, common);
        }
        let mut partial = partial(&value)?;
        let event = act::checked(&partial.payload, ledger.id())?;
        if partial.disclosures.is_empty() {
            let seals = door::seals(&event.data).len();
            if seals > 0 {
                common.say(&format!(
                    "The words behind {seals} commitment(s) are not in this file: you sign without having seen them."
                ));
            }
        } else {
            pending::open_words(&event, &partial.disclosures)?;
        }
        act::tell(&event, &partial.disclosures, common);
        review::look_if_held(&ledger, &event, &partial.disclosures, hands.first(), common)?;
        act::check_hands(&event, &hands)?;
        acting.consent(&hands)?;
        for signature in act::sign(&partial.payload, &hands) {
            if !partial.has(signature.keyid) {
                partial.signatures.push(signature);
            }
        }
        acting.finish(&ledger, &event, partial, common)
    }
}

fn draft(value: &Value) -> Result<Statement> {
    let text = |name: &str| {
        value
            .get(name)
            .and_then(Value::as_str)
            .ok_or_else(|| Fault::usage(format!("a draft has `stream`, `type` and `data`; `{name}` is missing")))
    };
    if let Some(name) = value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .find(|name| !["stream", "type", "data"].contains(&name.as_str()))
    {
        return Err(Fault::usage(format!("a draft has `stream`, `type` and `data`, and `{name}` is none of them")));
    }
    let event_type: EventType = text("type")?.parse().map_err(|error| anyhow!("E04: {error}"))?;
    let stream = text("stream")?.parse().map_err(|error| anyhow!("{error}"))?;
    let data = value.get("data").cloned().context("a draft has `data`")?;
    Ok(Statement::new(stream, event_type.as_str(), data))
}

/// A payload or a partly signed event.
///
/// # Errors
///
/// It is neither.
pub fn partial(value: &Value) -> Result<Partial> {
    let Some(envelope) = value.get("envelope") else {
        // A payload that a person may have laid out over lines; signed is its one spelling.
        let strict: counterpart_core::json::Value =
            serde_json::from_value(value.clone()).context("the payload is not strict JSON")?;
        return Ok(Partial {
            payload: counterpart_core::json::jcs(&strict),
            signatures: Vec::new(),
            disclosures: Vec::new(),
        });
    };
    let wrong = || anyhow!("the envelope is not {{\"payload\",\"payloadType\",\"signatures\"}}");
    let decode =
        |value: Option<&Value>| STANDARD.decode(value.and_then(Value::as_str).ok_or_else(wrong)?).map_err(|_| wrong());
    if envelope.get("payloadType").and_then(Value::as_str) != Some(counterpart_core::wire::EVENT_TYPE) {
        return Err(Fault::refused("the file does not hold an event: another `payloadType` is never signed as one"));
    }
    let signatures = envelope.get("signatures").and_then(Value::as_array).ok_or_else(wrong)?;
    let signatures = signatures.iter().map(|signature| {
        let keyid =
            signature.get("keyid").and_then(Value::as_str).and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
        let sig = decode(signature.get("sig"))?.try_into().map_err(|_| wrong())?;
        Ok(EnvelopeSignature { keyid, sig })
    });
    let disclosures: Vec<Disclosure> = match value.get("disclosures") {
        Some(words) => serde_json::from_value(words.clone()).context("the disclosures are not of their form")?,
        None => Vec::new(),
    };
    Ok(Partial {
        payload: decode(envelope.get("payload"))?,
        signatures: signatures.collect::<Result<_>>()?,
        disclosures,
    })
}
