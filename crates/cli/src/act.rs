//! One event from a person: made here, shown, signed, sent, and its receipt checked.

mod elsewhere;
mod shown;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::{self, Event, Signer};
use counterpart_core::ids::{EventId, Role, Stream};
use counterpart_core::wire::{EVENT_TYPE, Envelope, EnvelopeSignature, KeyId};
use serde_json::{Value, json};

pub use shown::{printable, tell};

use crate::ending::{Ending, Fault};
use crate::key::{self, Where};
use crate::ledger::Ledger;
use crate::signing::{self, Hand, Payload};
use crate::{Common, pending, seal, shell};

/// What every verb that signs understands.
#[derive(Args, Clone, Debug)]
pub struct Acting {
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    pub url: String,
    /// A key that signs: a file, ORG.ROLE, ORG.ROLE.n or digits of its id; @ROLE behind it signs in another role
    #[arg(long = "key", short = 'k', value_name = "KEY[@ROLE]")]
    pub signers: Vec<String>,
    #[command(flatten)]
    pub place: Where,
    /// One who signs elsewhere: ORG:ROLE, with :PERSON and :KEYID where several could be meant; needs --gather or --out
    #[arg(long, value_name = "SIGNER")]
    pub with: Vec<String>,
    /// The delegation under which the first key signs
    #[arg(long, value_name = "EVENT")]
    pub under: Option<EventId>,
    /// Do not ask before signing
    #[arg(long, short)]
    pub yes: bool,
    /// Write the signed event to a file and do not send it
    #[arg(long, value_name = "FILE", conflicts_with = "gather")]
    pub out: Option<PathBuf>,
    /// Leave it at the ledger for the other signers; the last signature records it
    #[arg(long)]
    pub gather: bool,
}

/// What a verb says, before it is an event.
pub struct Statement {
    /// The name that the event will have: commitments are bound to it.
    pub id: EventId,
    /// Where it belongs.
    pub stream: Stream,
    /// What it is.
    pub event_type: &'static str,
    /// Its data; words stand in it as `$text`, `$json` and `$sha256`.
    pub data: Value,
    /// Words that were sealed already.
    pub opened: Vec<Disclosure>,
}

impl Statement {
    /// A statement whose words are still in its data.
    pub fn new(stream: Stream, event_type: &'static str, data: Value) -> Self {
        Self { id: shell::event_id(), stream, event_type, data, opened: Vec::new() }
    }
}

impl Acting {
    /// Meets the ledger.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::meet`].
    pub fn ledger(&self, common: &Common) -> Result<Ledger> {
        // A closed ledger is read for the organisation that signs.
        Ledger::meet_as(&self.url, None, &|| self.hands(common), common)
    }

    /// The keys that were named, in their order.
    ///
    /// # Errors
    ///
    /// One cannot be opened, or nobody knows whose it is.
    pub fn hands(&self, common: &Common) -> Result<Vec<Hand>> {
        let folder = self.place.folder(common)?;
        let mut hands = self.signers.iter().map(|meant| hand(&folder, meant, common)).collect::<Result<Vec<_>>>()?;
        if let Some(first) = hands.first_mut() {
            first.signer.delegation = self.under;
        }
        Ok(hands)
    }

    /// Makes the event, shows it, asks, signs, sends, prints the receipt.
    ///
    /// # Errors
    ///
    /// It is refused (exit 3), its receipt does not hold (exit 4), nobody confirmed it, or a key cannot be opened.
    pub fn perform(&self, ledger: &Ledger, hands: &[Hand], said: Statement, common: &Common) -> Result<Ending> {
        if hands.is_empty() {
            return Err(Fault::usage("name the key that signs with --key"));
        }
        if !self.with.is_empty() && self.out.is_none() && !self.gather {
            return Err(Fault::usage("who signs elsewhere needs --gather, or --out FILE to be passed on"));
        }
        let mut signers: Vec<Signer> = hands.iter().map(|hand| hand.signer.clone()).collect();
        for named in &self.with {
            signers.push(elsewhere::signer(ledger, named)?);
        }
        let Statement { id, stream, event_type, data, mut opened } = said;
        let data = seal::seal(data, id, "", &|_| shell::entropy(), &mut opened)?;
        let now = shell::now();
        let valid_until = signing::valid_until(now, signers.len());
        let mut payload = Payload {
            data,
            expected_revision: 0,
            id,
            ledger: ledger.id().to_owned(),
            signed_at: now,
            signers,
            stream,
            event_type: event_type.to_owned(),
            v: 1,
            valid_until,
        };
        payload.expected_revision = ledger.revision(&payload)?;
        let bytes = payload.to_bytes()?;
        let event = checked(&bytes, ledger.id())?;
        tell(&event, &opened, common);
        self.consent(hands)?;
        let submission = Partial { payload: bytes.clone(), signatures: sign(&bytes, hands), disclosures: opened };
        self.finish(ledger, &event, submission, common)
    }

    /// Asks whether to sign what was shown.
    ///
    /// # Errors
    ///
    /// Nobody said yes.
    pub fn consent(&self, hands: &[Hand]) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if !shell::can_ask() {
            return Err(Fault::usage("there is no terminal to ask on; look at what is signed, and give --yes"));
        }
        let who: Vec<String> =
            hands.iter().map(|hand| format!("{} of {}", hand.signer.role, hand.signer.organisation)).collect();
        if shell::confirm(&format!("Sign this as {}?", who.join(" and ")))? {
            Ok(())
        } else {
            bail!("nothing was signed")
        }
    }

    /// Sends what is fully signed, or writes what is not.
    ///
    /// # Errors
    ///
    /// As for [`Acting::perform`].
    pub fn finish(&self, ledger: &Ledger, event: &Event, partial: Partial, common: &Common) -> Result<Ending> {
        let missing = event.signers.iter().filter(|signer| !partial.has(signer.key)).count();
        if let Some(path) = &self.out {
            shell::write_new(path, &partial.to_bytes(), true)?;
            common.say(&if missing == 0 {
                format!("Written to `{0}`, fully signed. Send it with `counterpart send {0}`.", path.display())
            } else {
                format!(
                    "Written to `{0}`; {missing} signature(s) are missing. The next one completes it with `counterpart sign {0}`.",
                    path.display()
                )
            });
            return Ok(Ending::Done);
        }
        if missing > 0 && self.gather {
            return pending::open(ledger, &partial, common);
        }
        if missing > 0 {
            return Err(Fault::usage(format!(
                "{missing} signature(s) are missing; give more keys with --key, leave it at the ledger with --gather, or write it with --out FILE for the next signer"
            )));
        }
        let envelope = Envelope::new(EVENT_TYPE, partial.payload, partial.signatures)?;
        let submission = signing::submission(&envelope, &partial.disclosures);
        let (value, _) = ledger.send(&submission, &envelope)?;
        receipt_told(&value, &envelope, &partial.disclosures, common)?;
        Ok(Ending::Done)
    }
}

/// A payload with some of its signatures: a submission that is not finished.
pub struct Partial {
    /// The bytes that are signed.
    pub payload: Vec<u8>,
    /// Who signed so far.
    pub signatures: Vec<EnvelopeSignature>,
    /// The words.
    pub disclosures: Vec<Disclosure>,
}

impl Partial {
    /// Whether this key signed.
    pub fn has(&self, key: KeyId) -> bool {
        self.signatures.iter().any(|signature| signature.keyid == key)
    }

    /// The file that the next signer completes: spelt like a submission.
    pub fn to_bytes(&self) -> Vec<u8> {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let signatures: Vec<Value> = self
            .signatures
            .iter()
            .map(|signature| json!({ "keyid": signature.keyid.to_string(), "sig": encode(&signature.sig) }))
            .collect();
        let envelope = json!({ "payload": encode(&self.payload), "payloadType": EVENT_TYPE, "signatures": signatures });
        let mut bytes = json!({ "disclosures": self.disclosures, "envelope": envelope }).to_string().into_bytes();
        bytes.push(b'\n');
        bytes
    }
}

/// Whether each key is among the signers of an event, for the person and body that the event says.
///
/// # Errors
///
/// It is none (exit 2), or another's (K10, exit 3).
pub fn check_hands(event: &Event, hands: &[Hand]) -> Result<()> {
    for hand in hands {
        let named = event.signers.iter().find(|signer| signer.key == hand.signer.key);
        let named = named
            .ok_or_else(|| Fault::usage(format!("key {} is not among the signers of this event", hand.signer.key)))?;
        if named.organisation != hand.signer.organisation || named.person != hand.signer.person {
            return Err(Fault::refused(format!(
                "K10: the event says that key {} is of {} at {}, and it is of {} at {}",
                named.key, named.person, named.organisation, hand.signer.person, hand.signer.organisation
            )));
        }
    }
    Ok(())
}

/// One signature of each hand.
pub fn sign(payload: &[u8], hands: &[Hand]) -> Vec<EnvelopeSignature> {
    hands.iter().map(|hand| signing::signature(payload, &hand.key)).collect()
}

/// Reads the payload back as any verifier will, whatever signatures it will have, and compares the ledger.
///
/// # Errors
///
/// It is not an event of this program's schemas, or it is for another ledger.
pub fn checked(payload: &[u8], ledger: &str) -> Result<Event> {
    let value: Value = serde_json::from_slice(payload).context("the payload is not JSON")?;
    let keys = value.get("signers").and_then(Value::as_array).into_iter().flatten();
    let keys = keys.filter_map(|signer| signer.get("key")?.as_str()?.parse::<KeyId>().ok());
    let stand_ins: Vec<EnvelopeSignature> = keys.map(|keyid| EnvelopeSignature { keyid, sig: [0; 64] }).collect();
    let envelope = Envelope::new(EVENT_TYPE, payload.to_vec(), stand_ins)
        .map_err(|error| Fault::refused(format!("{}: {error}", error.code())))?;
    let event = event::parse(&envelope).map_err(|error| Fault::refused(format!("{}: {error}", error.code())))?;
    if *event.ledger != *ledger {
        return Err(Fault::refused(format!(
            "E06: the event is for the ledger `{}`, and this is `{ledger}`",
            event.ledger
        )));
    }
    Ok(event)
}

/// The key that a name means, and whose it is.
///
/// # Errors
///
/// It cannot be opened, or nobody knows whose it is.
pub fn hand(folder: &std::path::Path, meant: &str, common: &Common) -> Result<Hand> {
    let (name, role) = match meant.rsplit_once('@') {
        Some((name, role)) => (name, Some(role.parse::<Role>().map_err(|error| Fault::usage(error.to_string()))?)),
        None => (meant, None),
    };
    let (key, holder) = key::load(folder, name, common)?;
    let holder = holder.with_context(|| {
        format!(
            "it is not known whose key `{name}` is; put a people.json beside it (organisation, role, person, key, file)"
        )
    })?;
    let signer = Signer {
        delegation: None,
        key: holder.key,
        organisation: holder.organisation,
        person: holder.person,
        role: role.unwrap_or(holder.role),
    };
    Ok(Hand { key, signer })
}

/// Prints a receipt, and keeps it in the home with the event and its words.
///
/// # Errors
///
/// It cannot be kept.
pub fn receipt_told(receipt: &Value, envelope: &Envelope, words: &[Disclosure], common: &Common) -> Result<()> {
    let text = |name: &str| match receipt.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut kept = receipt.clone();
    if let Some(members) = kept.as_object_mut() {
        members.insert("envelope".into(), serde_json::from_slice(&envelope.canonical())?);
        members.insert("disclosures".into(), serde_json::to_value(words)?);
    }
    let folder = shell::home(common.home.as_deref())?.join("receipts");
    shell::make_directory(&folder)?;
    let path = folder.join(format!("{}.json", text("id")));
    shell::replace(&path, kept.to_string().as_bytes(), true)?;
    if common.json {
        shell::line(&receipt.to_string());
    } else {
        for name in ["index", "id", "stream", "recorded_at", "standing"] {
            shell::line(&format!("{name:<12} {}", text(name)));
        }
    }
    common.say(&format!("The receipt holds under the pinned key. It is kept with the event in `{}`.", path.display()));
    Ok(())
}
