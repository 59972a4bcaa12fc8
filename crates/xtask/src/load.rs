//! A ledger's worth of signed events, made without a server: what benchmarks and kill rounds send.
//!
//! Many organisations, so that the limits of a day (G48) are kept: each has a chief executive and an
//! administrator, and the administrator appoints requesting officers, one signature and one disclosure each.
//! Keys follow from their names, so that a run can be told again; they protect nothing.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::commitment::{Kind, commit};
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::json;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Envelope, EnvelopeSignature, pae};
use counterpart_tlog::Hash;
use counterpart_tlog::ed25519::{PublicKey, SigningKey};
use ed25519_dalek::Signer as _;
use rayon::prelude::*;
use serde_json::{Value, json};

/// How many events one organisation may make a day (POLICY-LIMITS is 200; its own registration counts too).
pub const EACH_MAX: usize = 190;

/// The number of the first appointment; those of organisations are below.
const FIRST_APPOINTMENT: u64 = 1_000_000;

/// One who signs.
#[derive(Clone)]
pub struct Officer {
    pub organisation: String,
    pub role: &'static str,
    pub person: String,
    key: SigningKey,
}

impl Officer {
    /// An officer whose key follows from these.
    pub fn new(organisation: &str, role: &'static str, number: u64) -> Self {
        let seed = Hash::of(format!("{organisation}.{role}.{number}").as_bytes());
        Self {
            organisation: organisation.to_owned(),
            role,
            person: format!("PER-{number:012}"),
            key: SigningKey::from_bytes(seed.as_bytes()),
        }
    }

    /// The key that everybody may see.
    pub fn public(&self) -> PublicKeyBytes {
        PublicKeyBytes(*PublicKey::from(&self.key).as_bytes())
    }

    /// Its name.
    pub fn key_id(&self) -> String {
        self.public().key_id().to_string()
    }

    /// The same in base64.
    pub fn public_text(&self) -> String {
        STANDARD.encode(self.public().0)
    }
}

/// A submission as it travels.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// `{"envelope":…,"disclosures":…}` on one line.
    pub body: Vec<u8>,
}

/// Makes events for one ledger at one time.
pub struct Maker {
    /// `<origin>#<hex>`, or the origin alone before the ledger is founded.
    pub ledger: String,
    /// When everything is signed.
    pub now: Timestamp,
    /// Sets one run apart from another in the same ledger.
    pub run: u16,
    /// The number of its first organisation.
    pub first: usize,
}

impl Maker {
    /// The genesis, from what `init --print-genesis` printed.
    ///
    /// # Errors
    ///
    /// It printed something else than an object `data`.
    pub fn genesis(&self, printed: &Value) -> Result<Prepared> {
        let mut data = printed.get("data").cloned().context("`init --print-genesis` printed no `data`")?;
        let registrars = registrars();
        let keys: Vec<Value> = registrars
            .iter()
            .map(|r| json!({ "key": r.key_id(), "person": r.person, "public": r.public_text() }))
            .collect();
        let members = data.as_object_mut().context("`data` of the genesis is no object")?;
        members.insert("registrar".to_owned(), json!({ "name": "London Councils", "organisation": "REG" }));
        members.insert("registrar_keys".to_owned(), keys.into());
        members.insert("threshold".to_owned(), 2.into());
        members.insert("visibility".to_owned(), "OPEN".into());
        let signers: Vec<&Officer> = registrars.iter().collect();
        self.submission(0, "sys", "LedgerGenesis", &data, 0, &signers, &[])
    }

    /// Registers `count` organisations, each with a chief and an administrator: four events an organisation.
    /// The events of one organisation stand in order, and in rounds, so that a batch may hold a whole round.
    ///
    /// # Errors
    ///
    /// An event does not fit its format, which would be a fault of this program.
    pub fn organisations(&self, count: usize) -> Result<Vec<Prepared>> {
        let rounds: Vec<[Prepared; 3]> = (self.first..self.first + count)
            .into_par_iter()
            .map(|place| self.organisation(place))
            .collect::<Result<_>>()?;
        let mut events = Vec::with_capacity(rounds.len() * 3);
        let mut rest = Vec::new();
        for [one, two, three] in rounds {
            events.push(one);
            rest.push([two, three]);
        }
        let (appointed, keyed): (Vec<_>, Vec<_>) = rest.into_iter().map(|[two, three]| (two, three)).unzip();
        events.extend(appointed);
        events.extend(keyed);
        Ok(events)
    }

    /// The three events that bring in an organisation: it is registered, its administrator appointed, and the key of
    /// the administrator.
    ///
    /// # Errors
    ///
    /// As [`Maker::organisations`].
    pub fn organisation(&self, place: usize) -> Result<[Prepared; 3]> {
        let code = code(place);
        let [one, two, _] = registrars();
        let (chief, administrator) = officers(&code, place);
        let stream = format!("org:{code}");
        let first = place as u64 * 4;
        let (commitment, disclosure) = self.holder(first + 1, "/chief/holder")?;
        let data = json!({
            "chief": {
                "holder": commitment, "key": chief.key_id(), "person": chief.person, "public": chief.public_text(),
            },
            "code": code, "extra_roles": [], "flags": { "public_authority": true }, "governance": "FULL",
            "name": format!("Body {place}"), "type": "OTHER_PUBLIC",
        });
        let registered = self.submission(
            first + 1,
            &stream,
            "OrganisationRegistered",
            &data,
            0,
            &[&one, &two, &chief],
            &[disclosure],
        )?;
        let appointed = self.appointment(first + 2, &chief, &administrator.person, "ADM")?;
        let data = json!({
            "custody": "SOFTWARE", "key": administrator.key_id(), "organisation": code,
            "person": administrator.person, "public": administrator.public_text(),
        });
        let stream = format!("key:{}", administrator.key_id());
        let keyed = self.submission(first + 3, &stream, "KeyRegistered", &data, 0, &[&administrator, &chief], &[])?;
        Ok([registered, appointed, keyed])
    }

    /// `each` appointments in each of `count` organisations that [`Maker::organisations`] registered, so that
    /// neighbours are of different organisations.
    ///
    /// # Errors
    ///
    /// As [`Maker::organisations`].
    pub fn appointments(&self, count: usize, each: usize) -> Result<Vec<Prepared>> {
        let administrators: Vec<Officer> =
            (self.first..self.first + count).map(|place| officers(&code(place), place).1).collect();
        (0..count * each)
            .into_par_iter()
            .map(|number| {
                let administrator = administrators.get(number % count).context("an administrator for each")?;
                let number = number as u64 + FIRST_APPOINTMENT;
                self.appointment(number, administrator, &format!("PER-{number:012}"), "REQ")
            })
            .collect()
    }

    /// Somebody is appointed by the chief or the administrator of an organisation.
    ///
    /// # Errors
    ///
    /// As [`Maker::organisations`].
    pub fn appointment(&self, number: u64, by: &Officer, person: &str, role: &str) -> Result<Prepared> {
        let (commitment, disclosure) = self.holder(number, "/holder")?;
        let today = counterpart_core::london::date_of(self.now).to_string();
        let data = json!({
            "functions": [], "holder": commitment, "notice_given_on": today, "person": person, "role": role,
            "valid_from": today,
        });
        let stream = format!("org:{}", by.organisation);
        self.submission(number, &stream, "RoleHolderAppointed", &data, 1, &[by], &[disclosure])
    }

    /// The words of the first appointment of its first organisation are to be destroyed today.
    ///
    /// # Errors
    ///
    /// As [`Maker::organisations`].
    pub fn erasure(&self, number: u64) -> Result<Prepared> {
        let body = code(self.first);
        let (chief, administrator) = officers(&body, self.first);
        let advice = "The officer asked for it, and nothing rests on the name.";
        let salt = *Hash::of(format!("advice {} {number}", self.run).as_bytes()).as_bytes();
        let sealed = commit(&salt, &self.id(number), "/advice", Kind::Text, advice.as_bytes());
        let data = json!({
            "advice": { "$commit": sealed.to_string() },
            "erases_on": counterpart_core::london::date_of(self.now).to_string(),
            "pointers": ["/holder"], "reason": "PERSONAL_DATA", "target": self.id(FIRST_APPOINTMENT),
        });
        let disclosure = json!({
            "content": STANDARD.encode(advice), "kind": "text", "pointer": "/advice", "salt": STANDARD.encode(salt),
        });
        let signers = [&administrator, &chief];
        self.submission(number, &format!("org:{body}"), "DisclosureErased", &data, 1, &signers, &[disclosure])
    }

    fn holder(&self, number: u64, pointer: &str) -> Result<(Value, Value)> {
        let content = json!({
            "authority": "Scheme of delegation, part 3", "email": format!("officer.{number}@body.example"),
            "name": format!("Officer {number}"), "post": "Data officer",
        });
        let content = json::to_jcs(&content).map_err(anyhow::Error::msg)?;
        let salt = *Hash::of(format!("salt {} {number} {pointer}", self.run).as_bytes()).as_bytes();
        let sealed = commit(&salt, &self.id(number), pointer, Kind::Json, &content);
        let commitment = json!({ "$commit": sealed.to_string() });
        let disclosure = json!({
            "content": STANDARD.encode(content), "kind": "json", "pointer": pointer, "salt": STANDARD.encode(salt),
        });
        Ok((commitment, disclosure))
    }

    /// A `UUIDv7` that follows from the run and a number.
    fn id(&self, number: u64) -> String {
        let millis = self.now.millis().unsigned_abs();
        format!("{:08x}-{:04x}-7{:03x}-8{:03x}-{number:012x}", millis >> 16, millis & 0xffff, self.run & 0xfff, 0)
    }

    /// An event as it is submitted.
    ///
    /// # Errors
    ///
    /// As [`Maker::organisations`].
    #[expect(clippy::too_many_arguments, reason = "one for each member of a payload that differs")]
    pub fn submission(
        &self,
        number: u64,
        stream: &str,
        event_type: &str,
        data: &Value,
        expected_revision: u64,
        signers: &[&Officer],
        disclosures: &[Value],
    ) -> Result<Prepared> {
        let id = self.id(number);
        let signed: Vec<Value> = signers
            .iter()
            .map(|s| json!({ "key": s.key_id(), "organisation": s.organisation, "person": s.person, "role": s.role }))
            .collect();
        let payload = json!({
            "data": data, "expected_revision": expected_revision, "id": id, "ledger": self.ledger,
            "signed_at": self.now.to_string(), "signers": signed, "stream": stream, "type": event_type, "v": 1,
            "valid_until": self.now.add_hours(23).to_string(),
        });
        let payload = json::to_jcs(&payload).map_err(anyhow::Error::msg)?;
        let message = pae(EVENT_TYPE, &payload);
        let signatures = signers
            .iter()
            .map(|s| EnvelopeSignature { keyid: s.public().key_id(), sig: s.key.sign(&message).to_bytes() })
            .collect();
        let envelope = Envelope::new(EVENT_TYPE, payload, signatures)?;
        let mut body = b"{\"disclosures\":".to_vec();
        serde_json::to_writer(&mut body, disclosures)?;
        body.extend_from_slice(b",\"envelope\":");
        body.extend_from_slice(&envelope.canonical());
        body.push(b'}');
        Ok(Prepared { body })
    }
}

/// The three registrars.
pub fn registrars() -> [Officer; 3] {
    [1, 2, 3].map(|number| Officer::new("REG", "REG", number))
}

/// The chief and the administrator of an organisation.
pub fn officers(code: &str, place: usize) -> (Officer, Officer) {
    let number = 1_000 + place as u64 * 2;
    (Officer::new(code, "CEX", number), Officer::new(code, "ADM", number + 1))
}

/// The code of an organisation.
pub fn code(place: usize) -> String {
    format!("B{place:05}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use counterpart_core::event;
    use counterpart_core::replay::Replay;
    use counterpart_core::wire::{Entry, Submission};

    use super::*;

    #[test]
    fn every_event_of_the_load_is_admitted_in_its_order() {
        let now = Timestamp::from_millis(1_796_115_600_000).unwrap();
        let mut maker = Maker { ledger: "bench.example/log".to_owned(), now, run: 1, first: 0 };
        let answer = Officer::new("REG", "REG", 9);
        let (code_lists, policies) = counterpart_core::codes::manifest();
        let printed = json!({ "data": {
            "answer_keys": [{ "key": answer.key_id(), "public": answer.public_text() }],
            "code_lists": code_lists, "policies": policies,
            "log_keys": ["bench.example/log+eafa1af3+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"],
            "origin": "bench.example/log", "rules": 1,
        } });
        let mut replay = Replay::new();
        let mut record = |prepared: &Prepared| {
            let submission = Submission::parse(&prepared.body).unwrap();
            let words = submission.disclosures.unwrap();
            let found = event::parse(&submission.envelope).unwrap();
            let value =
                json::parse(&submission.envelope.payload, json::Limits { max_depth: 16, max_bytes: 48_000 }).unwrap();
            let sealed = counterpart_core::commitment::commitments(value.member("data").unwrap(), "").unwrap();
            counterpart_core::commitment::open_all(&words, &found.id.to_string(), &sealed).unwrap();
            replay.next_bytes(&Entry { envelope: submission.envelope, recorded_at: now }.encode()).unwrap();
            replay.state.founded.as_ref().unwrap().ledger.to_string()
        };
        maker.ledger = record(&maker.genesis(&printed).unwrap());
        for prepared in maker.organisations(3).unwrap().iter().chain(&maker.appointments(3, 5).unwrap()) {
            record(prepared);
        }
        record(&maker.erasure(2_000_000).unwrap());
        assert_eq!(replay.state.size, 1 + 9 + 15 + 1);
    }
}
