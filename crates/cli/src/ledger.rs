//! A ledger that events are sent to: met, pinned, and not believed.

use anyhow::{Context, Result, anyhow, bail};
use counterpart_core::event::data::Data;
use counterpart_core::event::{Event, data::LedgerGenesis};
use counterpart_core::ids::{AgreementId, OrganisationCode, Stream};
use counterpart_core::replay;
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::wire::Envelope;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::leaf_hash;
use counterpart_tlog::policy::Policy;
use counterpart_tlog::proof::TlogProof;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::audit::{self, trust};
use crate::ending::{Ending, Fault};
use crate::pins::{Earlier, Pin, Pins};
use crate::receipt::Receipt;
use crate::signing::{Hand, Payload};
use crate::web::{Answer, Web, detail};
use crate::{Common, demo, session};

/// Entries asked for at once.
const PAGE: usize = 500;

/// The ledger behind a URL, whose identity was compared with the pin.
pub struct Ledger {
    web: Web,
    pin: Pin,
    genesis: LedgerGenesis,
}

/// One recorded event of a stream.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Its place in the log.
    pub index: u64,
    /// What it says.
    pub event: Event,
}

/// A session of the first of these keys that the ledger knows: one that is only being registered signs beside others.
fn any_session(web: &Web, ledger: &str, hands: &[Hand]) -> Result<Web> {
    let mut first = None;
    for hand in hands {
        match session::begin(web, ledger, hand) {
            Ok(read) => return Ok(read),
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| Fault::usage("name a key to read with")))
}

impl Ledger {
    /// Meets the ledger at this URL: reads entry 0, and pins it or compares it with the pin.
    ///
    /// # Errors
    ///
    /// It does not answer, shows another ledger than before (exit 4), or its key is not the one of entry 0.
    pub fn meet(url: &str, common: &Common) -> Result<Self> {
        Self::meet_as(url, None, &|| Ok(Vec::new()), common)
    }

    /// Meets the ledger, signed in as `reader`; without one, as whoever `asked` gives when the ledger is closed.
    ///
    /// # Errors
    ///
    /// As for [`Ledger::meet`], or the session is refused.
    pub fn meet_as(
        url: &str,
        reader: Option<Hand>,
        asked: &dyn Fn() -> Result<Vec<Hand>>,
        common: &Common,
    ) -> Result<Self> {
        let mut web = Web::new(url)?;
        let readers = match reader {
            None if web.get("/api/v1/events/0")?.status == 401 => asked()?,
            reader => reader.into_iter().collect(),
        };
        let mut named = None;
        if !readers.is_empty() {
            let ledger = session::ledger_of(&web)?;
            web = any_session(&web, &ledger, &readers)?;
            named = Some(ledger);
        }
        let (bytes, event) = entry(&web, "0")?;
        let Data::LedgerGenesis(genesis) = event.data else {
            return Err(Fault::unverified("entry 0 of this ledger is not its genesis"));
        };
        let ledger = format!("{}#{}", genesis.origin.as_str(), leaf_hash(&bytes).to_hex());
        if named.is_some_and(|named| named != ledger) {
            return Err(Fault::unverified("the entry 0 that the ledger shows is not the first leaf of its log"));
        }
        let vkey = web.find("/log/vkey")?.context("the ledger names no log key")?;
        let vkey = String::from_utf8_lossy(&vkey).trim().to_owned();
        let mut pins = Pins::read(common)?;
        let known = pins.known(web.base(), &ledger).filter(|pin| pin.ledger == ledger).cloned();
        let earlier = match known {
            Some(pin) if pin.vkey == vkey => pin.earlier,
            Some(pin) => follow(&web, genesis.origin.as_str(), pin.vkey, pin.earlier, &vkey)?,
            None if genesis.log_keys.iter().any(|named| named.as_str() == vkey) => Vec::new(),
            None => {
                let first = genesis.log_keys.first().map(|key| key.as_str().to_owned()).unwrap_or_default();
                follow(&web, genesis.origin.as_str(), first, Vec::new(), &vkey)?
            }
        };
        if genesis.origin.as_str() == demo::ORIGIN {
            common.say(&format!("{}.", audit::DEMONSTRATION));
        }
        let pin = Pin { ledger, url: web.base().to_owned(), vkey, earlier };
        pins.meet(&pin, common)?;
        Ok(Self { web, pin, genesis })
    }

    /// Origin and leaf hash of entry 0.
    pub fn id(&self) -> &str {
        &self.pin.ledger
    }

    /// What entry 0 pins.
    pub const fn genesis(&self) -> &LedgerGenesis {
        &self.genesis
    }

    /// The server.
    pub const fn web(&self) -> &Web {
        &self.web
    }

    /// The server, read for the organisation of a key.
    ///
    /// # Errors
    ///
    /// The session is refused.
    pub fn read_as(&self, hand: &Hand) -> Result<Web> {
        session::begin(&self.web, self.id(), hand)
    }

    /// The policy that receipts are checked under: the pinned key.
    ///
    /// # Errors
    ///
    /// The pin is damaged.
    pub fn policy(&self) -> Result<Policy> {
        Ok(Policy::of_log(trust::key(&self.pin.vkey)?))
    }

    /// The revision of the payload's stream now. Nothing else of the answer is used: the bytes that are signed are
    /// made here.
    ///
    /// # Errors
    ///
    /// The ledger refuses even to prepare it.
    pub fn revision(&self, payload: &Payload) -> Result<u64> {
        let mut value = serde_json::to_value(payload)?;
        if let Some(members) = value.as_object_mut() {
            members.remove("ledger");
            members.remove("v");
        }
        let answer = self.web.post("/api/v1/prepare", "application/json", value.to_string().as_bytes())?;
        if !answer.is_success() {
            return Err(problem(&answer));
        }
        answer.json()?.get("revision").and_then(Value::as_u64).context("the ledger did not say a revision")
    }

    /// Sends a submission and checks the receipt.
    ///
    /// # Errors
    ///
    /// The rules refuse it (exit 3), or the receipt does not hold (exit 4).
    pub fn send(&self, submission: &[u8], envelope: &Envelope) -> Result<(Value, Receipt)> {
        let answer = self.web.post("/api/v1/events", "application/json", submission)?;
        if !answer.is_success() {
            return Err(problem(&answer));
        }
        let value = answer.json()?;
        let receipt = self.check(&value, envelope)?;
        Ok((value, receipt))
    }

    /// Checks a receipt for the event that was sent.
    ///
    /// # Errors
    ///
    /// It does not hold (exit 4).
    pub fn check(&self, value: &Value, envelope: &Envelope) -> Result<Receipt> {
        let receipt: Receipt = serde_json::from_value(value.clone())
            .map_err(|error| Fault::unverified(format!("what the ledger answered is no receipt: {error}")))?;
        receipt.check(Some(envelope), &self.policy()?).map_err(|error| {
            Fault::unverified(format!("the receipt does not hold: {error}. Keep it: it is evidence against the ledger"))
        })?;
        Ok(receipt)
    }

    /// Every event of a stream, parsed here.
    ///
    /// # Errors
    ///
    /// The ledger does not answer, or shows entries that are none.
    pub fn events(&self, stream: Stream) -> Result<Vec<Recorded>> {
        let mut events: Vec<Recorded> = Vec::new();
        loop {
            let after = events.last().map(|last| format!("&after={}", last.index)).unwrap_or_default();
            let page = self.web.json(&format!("/api/v1/events?stream={stream}&limit={PAGE}{after}"))?;
            let rows =
                page.get("events").and_then(Value::as_array).context("the ledger did not give a list of events")?;
            for row in rows {
                let index = row.get("index").and_then(Value::as_u64).context("an event has no index")?;
                let read = row.get("entry").map(|entry| replay::read(entry.to_string().as_bytes()));
                let read = read.context("an event has no entry")?;
                let read = read.map_err(|stop| anyhow!("entry {index} is none: {stop}"))?;
                if read.event.stream == stream {
                    events.push(Recorded { index, event: read.event });
                }
            }
            if page.get("next").is_none_or(Value::is_null) || rows.is_empty() {
                return Ok(events);
            }
        }
    }

    /// What the rules ask of an organisation; `None` when it is not registered.
    ///
    /// # Errors
    ///
    /// The ledger does not answer.
    pub fn organisation(&self, code: OrganisationCode) -> Result<Option<OrganisationFacts>> {
        let Some(bytes) = self.web.find(&format!("/api/v1/organisations/{code}"))? else {
            return Ok(None);
        };
        let value: Value = serde_json::from_slice(&bytes).context("the ledger did not answer with JSON")?;
        let member = |name: &str| value.get(name).cloned().unwrap_or(Value::Null);
        let wrong =
            |error| anyhow!("the ledger describes {code} in a way that this program does not understand: {error}");
        Ok(Some(OrganisationFacts {
            code,
            kind: serde_json::from_value(member("type")).map_err(wrong)?,
            flags: serde_json::from_value(member("flags")).map_err(wrong)?,
            governance: serde_json::from_value(member("governance")).map_err(wrong)?,
            extra_roles: serde_json::from_value(member("extra_roles")).map_err(wrong)?,
        }))
    }

    /// The stream of an agreement that a person names by its id or its reference (`DSA-2026-000042`).
    ///
    /// # Errors
    ///
    /// There is none of this reference.
    pub fn agreement(&self, named: &str) -> Result<Stream> {
        if let Ok(id) = named.trim_start_matches("agr:").parse::<AgreementId>() {
            return Ok(Stream::Agreement(id));
        }
        let plain = named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !plain {
            return Err(Fault::usage(format!("`{named}` is no id and no reference of an agreement")));
        }
        let value = self.web.json(&format!("/api/v1/agreements/{named}"))?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let found = text("stream").or_else(|| text("id")).or_else(|| text("agreement"));
        let id = found.and_then(|text| text.trim_start_matches("agr:").parse().ok());
        Ok(Stream::Agreement(id.with_context(|| format!("the ledger did not say which agreement `{named}` is"))?))
    }
}

/// Follows a log from a key that is trusted to the one that it shows now: each change is an entry under a checkpoint of
/// its first size, which both keys have signed. Gives the keys on the way.
///
/// # Errors
///
/// No such changes lead to the key that is shown (exit 4).
fn follow(web: &Web, origin: &str, from: String, mut earlier: Vec<Earlier>, shown: &str) -> Result<Vec<Earlier>> {
    let astray = |why: String| {
        Fault::unverified(format!(
            "the ledger says its log key is {shown}, and {why}. Do not sign anything; ask the registrar"
        ))
    };
    let page = web.json(&format!("/api/v1/events?type=LogKeyChanged&limit={PAGE}"))?;
    let rows = page.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut current = from;
    for row in rows {
        if current == shown {
            break;
        }
        let bytes = row.get("entry").map(Value::to_string).unwrap_or_default();
        let read =
            replay::read(bytes.as_bytes()).map_err(|stop| astray(format!("an entry on the way is none: {stop}")))?;
        let Data::LogKeyChanged(change) = &read.event.data else { continue };
        if change.old.as_str() != current {
            continue;
        }
        let index = row.get("index").and_then(Value::as_u64).unwrap_or_default();
        let proof = web.find(&format!("/log/proof/{index}?size={}", change.first_size))?;
        let proof =
            proof.ok_or_else(|| astray(format!("no checkpoint over {} entries is there", change.first_size)))?;
        let proof = TlogProof::parse(&proof).map_err(|error| astray(format!("a proof is malformed: {error}")))?;
        let unproved = |error: String| astray(format!("its change from {current} is not proved: {error}"));
        let old = proof.verify(&read.leaf, &Policy::of_log(trust::key(&current)?));
        let old = old.map_err(|error| unproved(error.to_string()))?;
        let new = Checkpoint::verify(&proof.checkpoint_note, origin, &trust::key(change.new.as_str())?);
        new.map_err(|error| unproved(error.to_string()))?;
        if proof.index != index || old.checkpoint.size != change.first_size {
            return Err(unproved("the proof is of another place or size".to_owned()));
        }
        let vkey = std::mem::replace(&mut current, change.new.as_str().to_owned());
        earlier.push(Earlier { vkey, last_size: change.first_size });
    }
    if current == shown {
        Ok(earlier)
    } else {
        Err(astray("nothing leads to it from the one that is trusted".to_owned()))
    }
}

/// One entry of a server, its bytes as they stand.
fn entry(web: &Web, name: &str) -> Result<(Vec<u8>, Event)> {
    #[derive(serde::Deserialize)]
    struct Row {
        entry: Box<RawValue>,
    }
    let answer = web.get(&format!("/api/v1/events/{name}"))?;
    if !answer.is_success() {
        bail!("`{}` shows no entry {name}{}", web.base(), detail(&answer));
    }
    let row: Row = serde_json::from_slice(&answer.body).context("this is not the base of a ledger")?;
    let bytes = row.entry.get().as_bytes().to_vec();
    let read =
        replay::read(&bytes).map_err(|stop| Fault::unverified(format!("entry {name} does not parse: {stop}")))?;
    Ok((bytes, read.event))
}

/// A problem as an error: what the rules refuse is exit 3, what the server could not is exit 1.
pub fn problem(answer: &Answer) -> anyhow::Error {
    let value = answer.json().unwrap_or_default();
    let code = value.get("code").and_then(Value::as_str).unwrap_or_default();
    let mut said = detail(answer).trim_start_matches(": ").to_owned();
    for message in value.get("messages").and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| message.get(name).and_then(Value::as_str).unwrap_or_default();
        let told =
            format!("\n  {} {} {}: {} {}", text("severity"), text("code"), text("path"), text("message"), text("help"));
        said.push_str(&told);
    }
    let refused = (400..500).contains(&answer.status) && answer.status != 429 && !code.starts_with('H');
    let ending = if refused { Ending::Refused } else { Ending::CouldNot };
    let said = if said.is_empty() { format!("the server answered {}", answer.status) } else { said };
    Fault::new(ending, said).into()
}
