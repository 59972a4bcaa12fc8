//! Boroughs with all their officers, and events of agreements between them, for benchmarks.
//!
//! Signatures are real; what is measured with these events begins behind them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use counterpart_core::commitment::Commitment;
use counterpart_core::derive;
use counterpart_core::event::{self, Event};
use counterpart_core::header::Header;
use counterpart_core::ids::{EventId, OrganisationCode};
use counterpart_core::json::to_jcs;
use counterpart_core::london;
use counterpart_core::replay::Replay;
use counterpart_core::roles::OrganisationFacts;
use counterpart_core::terms::{Party, Terms};
use counterpart_core::wire::{Digest, Entry, Envelope, Submission};
use counterpart_tlog::leaf_hash;
use serde_json::{Value, json};

use crate::load::{Maker, Officer, Prepared, registrars};

/// Offices of a borough, beside its chief and its administrator.
const OFFICES: [&str; 5] = ["REQ", "IGL", "DPO", "IAO", "SIG"];

/// A ledger with boroughs in it.
pub struct Town {
    pub replay: Replay,
    pub maker: Maker,
    codes: Vec<String>,
    officers: HashMap<(String, &'static str), Officer>,
    made: u64,
    signed: Option<Envelope>,
    kept: Option<Vec<Entry>>,
    /// The newest event of an agreement.
    newest: Option<EventId>,
    /// Whether a question is asked and answered about each request.
    pub asks: bool,
}

/// The bytes of a commitment to words that nobody reads here.
fn words() -> Value {
    json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })
}

impl Town {
    /// Registers so many boroughs, with an officer in each post.
    pub fn new(count: usize, maker: Maker, genesis: &Prepared) -> Result<Self> {
        Self::founded(count, maker, genesis, false)
    }

    /// The same; every entry from the genesis on is kept for [`Town::entries`].
    pub fn kept(count: usize, maker: Maker, genesis: &Prepared) -> Result<Self> {
        Self::founded(count, maker, genesis, true)
    }

    fn founded(count: usize, mut maker: Maker, genesis: &Prepared, keep: bool) -> Result<Self> {
        let mut replay = Replay::new();
        let envelope = Submission::parse(&genesis.body)?.envelope;
        let founded = event::parse(&envelope)?;
        let entry = Entry { envelope, recorded_at: maker.now };
        replay.state.evolve(&founded, maker.now, &leaf_hash(&entry.encode()).to_hex());
        maker.ledger = replay.state.founded.as_ref().context("the ledger is founded")?.ledger.to_string();
        let codes = (0..count).map(|place| format!("T{place:02}")).collect();
        let kept = keep.then(|| vec![entry]);
        let mut town = Self {
            replay,
            maker,
            codes,
            officers: HashMap::new(),
            made: 0,
            signed: None,
            kept,
            newest: None,
            asks: false,
        };
        for place in 0..count {
            town.register(place)?;
        }
        Ok(town)
    }

    fn register(&mut self, place: usize) -> Result<()> {
        let code = self.codes.get(place).context("a code")?.clone();
        let stream = format!("org:{code}");
        let mut number = 10_000 + place as u64 * 10;
        let mut officer = |role: &'static str| {
            number += 1;
            Officer::new(&code, role, number)
        };
        let chief = officer("CEX");
        let administrator = officer("ADM");
        let [one, two, _] = registrars();
        let data = json!({
            "chief": { "holder": words(), "key": chief.key_id(), "person": chief.person, "public": chief.public_text() },
            "code": code, "extra_roles": [], "flags": { "public_authority": true }, "governance": "FULL",
            "name": format!("Borough {place}"), "type": "LONDON_BOROUGH",
        });
        self.records(&stream, "OrganisationRegistered", &data, &[&one, &two, &chief])?;
        self.appoint(&administrator, &[&chief], &[&chief])?;
        for role in OFFICES {
            let whom = officer(role);
            let by = if matches!(role, "DPO" | "SIG") { &chief } else { &administrator };
            self.appoint(&whom, &[by], &[&administrator, &chief])?;
            self.officers.insert((code.clone(), role), whom);
        }
        Ok(())
    }

    fn appoint(&mut self, whom: &Officer, by: &[&Officer], with: &[&Officer]) -> Result<()> {
        let today = london::date_of(self.maker.now).to_string();
        let data = json!({
            "functions": [], "holder": words(), "notice_given_on": today, "person": whom.person, "role": whom.role,
            "valid_from": today,
        });
        self.records(&format!("org:{}", whom.organisation), "RoleHolderAppointed", &data, by)?;
        let data = json!({
            "custody": "SOFTWARE", "key": whom.key_id(), "organisation": whom.organisation, "person": whom.person,
            "public": whom.public_text(),
        });
        let mut signers = vec![whom];
        signers.extend_from_slice(with);
        self.records(&format!("key:{}", whom.key_id()), "KeyRegistered", &data, &signers)
    }

    /// An event that is signed now, as the rules read it.
    pub fn event(&mut self, stream: &str, event_type: &str, data: &Value, signers: &[&Officer]) -> Result<Event> {
        self.made += 1;
        let (mut event, mut envelope) = self.signed_at(stream, event_type, data, 0, signers)?;
        let revision = counterpart_core::admit::revision(&self.replay.state, &event).0;
        if self.kept.is_some() && revision > 0 {
            (event, envelope) = self.signed_at(stream, event_type, data, revision, signers)?;
        }
        event.expected_revision = revision;
        self.signed = Some(envelope);
        Ok(event)
    }

    fn signed_at(
        &self,
        stream: &str,
        event_type: &str,
        data: &Value,
        revision: u64,
        signers: &[&Officer],
    ) -> Result<(Event, Envelope)> {
        let prepared = self.maker.submission(self.made, stream, event_type, data, revision, signers, &[])?;
        let envelope = Submission::parse(&prepared.body)?.envelope;
        Ok((event::parse(&envelope)?, envelope))
    }

    fn records(&mut self, stream: &str, event_type: &str, data: &Value, signers: &[&Officer]) -> Result<()> {
        let event = self.event(stream, event_type, data, signers)?;
        self.take(&event)
    }

    /// Decides an event and takes it in.
    pub fn take(&mut self, event: &Event) -> Result<()> {
        let now = self.maker.now;
        counterpart_core::admit::admit(&self.replay.state, event, now)
            .with_context(|| format!("{}", event.event_type()))?;
        self.replay.state.evolve(event, now, "");
        if let (Some(kept), Some(envelope)) = (&mut self.kept, self.signed.take()) {
            kept.push(Entry { envelope, recorded_at: now });
        }
        Ok(())
    }

    /// The entries that were kept since the last call.
    pub fn entries(&mut self) -> Vec<Entry> {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Two other boroughs make the next agreement.
    pub fn turn(&mut self) {
        let by = 2.min(self.codes.len());
        self.codes.rotate_left(by);
    }

    fn officer(&self, place: usize, role: &'static str) -> Result<Officer> {
        let code = self.codes.get(place).context("a borough")?.clone();
        self.officers.get(&(code, role)).cloned().context("an officer in each post")
    }

    /// The life of an agreement of the first so many boroughs, until it is in force and data were sent: the first
    /// gives, all others receive. Each event is made when the one before was taken in by `each`.
    pub fn agreement(
        &mut self,
        parties: usize,
        notes: usize,
        mut each: impl FnMut(&mut Self, Event) -> Result<()>,
    ) -> Result<()> {
        self.made += 1;
        let stream = format!("agr:01890000-0000-7000-9000-{:012x}", self.made);
        let header = self.header(parties)?;
        let mark: Commitment = serde_json::from_value(words())?;
        let bytes = to_jcs(&header).map_err(anyhow::Error::msg)?;
        let hash: Digest = derive::version_hash(&bytes, stream.parse()?, mark, 1);
        let mut say = |town: &mut Self, place, role, event_type: &str, data: Value| {
            let officer = town.officer(place, role)?;
            let event = town.event(&stream, event_type, &data, &[&officer])?;
            town.newest = Some(event.id);
            each(town, event)
        };
        let code = self.codes.get(1).context("two boroughs")?.clone();
        let data = json!({
            "contacts": words(), "header": header, "requesting_organisation": code, "terms": words(),
            "warnings_acknowledged": [],
        });
        say(self, 1, "REQ", "RequestFiled", data)?;
        if self.asks {
            let due = london::date_of(self.maker.now).add_days(10).to_string();
            let asked = json!({ "asked": code, "due": due, "path": "/purpose", "text": words() });
            say(self, 0, "IGL", "ClarificationRequested", asked)?;
            let question = self.newest.context("a question was asked")?;
            say(self, 1, "IGL", "ClarificationProvided", json!({ "question": question, "text": words() }))?;
        }
        say(self, 0, "IGL", "RequestTriaged", json!({ "missing": [], "outcome": "ACCEPTED" }))?;
        let latest = london::date_of(self.maker.now).add_days(60).to_string();
        let data = json!({ "approve_by": latest, "version": 1, "version_hash": hash });
        say(self, 1, "IGL", "TermsSubmitted", data)?;
        for place in 0..parties {
            let advice = json!({ "kind": "DPO", "version_hash": hash, "words": words() });
            say(self, place, "DPO", "AdviceGiven", advice)?;
            say(self, place, "IAO", "ApprovalGiven", json!({ "datasets": [], "version_hash": hash }))?;
            let executed = json!({ "form": "SIMPLE_CONTRACT", "version_hash": hash });
            say(self, place, "SIG", "ExecutionSigned", executed)?;
        }
        let today = london::date_of(self.maker.now).to_string();
        let sent = json!({ "band": "UNDER_1000", "datasets": ["DS-1"], "from": today, "method": "SFTP", "to": today });
        say(self, 0, "IAO", "DisclosureLogged", sent)?;
        for place in (0..parties).cycle().take(notes) {
            let note = json!({ "text": words(), "visibility": "PARTIES" });
            say(self, place, "IGL", "NoteRecorded", note)?;
        }
        Ok(())
    }

    fn header(&self, count: usize) -> Result<Header> {
        let codes = self.codes.get(..count).context("so many boroughs")?;
        let (giver, receivers) = codes.split_first().context("a borough that gives")?;
        let today = london::date_of(self.maker.now);
        let day = |days| today.add_days(days).to_string();
        let bases: serde_json::Map<String, Value> = codes.iter().map(|code| (code.clone(), json!(["E"]))).collect();
        let gateways: Vec<Value> = codes
            .iter()
            .map(|code| json!({ "code": "CA89-47", "holder": code, "use": ["DISCLOSE", "RECEIVE"] }))
            .collect();
        let terms = json!({
            "agreement_type": "C2C", "datasets": [dataset(giver, receivers)], "execution_form": "SIMPLE_CONTRACT",
            "formation": "ALL", "lead_party": receivers.first(), "purpose": words(), "purpose_codes": ["HOMELESSNESS"],
            "gateways": gateways, "lawful_basis": bases, "publication": { "register": "PUBLISH" },
            "dpia": { "date": day(-30), "owner": giver, "reference": words(), "residual": "LOW", "status": "DONE" },
            "security_class": "OFFICIAL", "sharing_mode": "REGULAR", "title": words(), "notice_days": 30,
            "continuation": { "min_parties": 2 },
            "term": { "effective_date": day(0), "end_date": day(500), "review_date": day(300) },
        });
        let rows: Vec<Value> = codes
            .iter()
            .map(|code| {
                let capacity = if code == giver { "PROVIDER" } else { "RECIPIENT" };
                json!({
                    "organisation": code, "capacity": capacity, "legal_role": "CONTROLLER", "regime": "UKGDPR",
                    "functions": ["HOUSING"],
                })
            })
            .collect();
        let terms: Terms = serde_json::from_value(terms)?;
        let rows: Vec<Party> = serde_json::from_value(rows.into())?;
        let state = &self.replay.state;
        let facts = |code: OrganisationCode| {
            state.organisations.get(&code).map(|held| OrganisationFacts {
                code,
                kind: held.kind,
                flags: held.flags.clone(),
                governance: held.governance,
                extra_roles: held.extra_roles.clone(),
            })
        };
        let reference = state.reference.as_ref().context("the ledger is founded")?;
        derive::header(&terms, &rows, &facts, reference, None).map_err(|error| anyhow::anyhow!("{error:?}"))
    }
}

fn dataset(giver: &str, receivers: &[String]) -> Value {
    json!({
        "asset_ref": words(), "data_class": "PD", "frequency": "DAILY", "method": "SFTP", "name": words(),
        "fields": [{ "identifier": "DIRECT", "justification": words(), "name": words() }],
        "onward": { "kind": "NONE" }, "provider": giver, "recipients": receivers, "standard": words(),
        "quality": { "correction": words(), "gaps": words(), "source": words() },
        "retention": { "basis": words(), "end_action": "DESTROY", "period": "P2Y", "start": "FROM_RECEIPT" },
    })
}
