//! Random histories of a ledger: moves that are legal, and moves that nearly are.
//!
//! A history follows from its number alone. Every move is a real entry with real signatures, put before the real
//! rules; whoever looks on is told what was tried, what became of it and which agreements changed.
//! The same histories serve the property tests, the golden log and the replay of a long log.

mod cast;
mod moves;
mod papers;
mod spoil;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use counterpart_core::agreement::Agreement;
use counterpart_core::event::Event;
use counterpart_core::event::data::Data;
use counterpart_core::ids::{AgreementId, OrganisationCode, Stream};
use counterpart_core::json;
use counterpart_core::replay::{self, Read, Replay, Stop};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{EVENT_TYPE, Entry, Envelope, EnvelopeSignature, pae};
use counterpart_core::{london, state::State};
use counterpart_tlog::note::NoteSigner;
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

pub use cast::{Cast, Hand, Person};
pub use papers::Paper;

/// A day, in milliseconds.
pub const DAY: i64 = 86_400_000;

/// The host and prefix of the log.
pub const ORIGIN: &str = "histories.example/london/log";

/// 1 December 2026, 09:00 UTC.
const START: i64 = 1_796_115_600_000;

/// Bodies that are there from the beginning.
pub const BODIES: [&str; 4] = ["CMD", "HCK", "ISL", "LBH"];

/// A commitment to words that nobody reads here.
pub fn sealed() -> Value {
    json!({ "$commit": format!("hmac-sha256:{}", "ab".repeat(32)) })
}

/// An instant.
pub fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis).unwrap()
}

/// Numbers that look random and are the same in every run.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of a number.
    pub fn of(number: u64) -> Self {
        let mut dice = Self(number ^ 0x9E37_79B9_7F4A_7C15);
        dice.below(2);
        dice.below(2);
        dice
    }

    /// A number below another.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % (most.max(1) as u64)).unwrap()
    }

    /// Whether so many of a hundred.
    pub fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    /// One of some.
    pub fn of_these<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }

    /// One of some, or none of none.
    pub fn any<T: Clone>(&mut self, some: &[T]) -> Option<T> {
        if some.is_empty() { None } else { Some(self.of_these(some).clone()) }
    }
}

/// An event that is being made.
#[derive(Clone)]
pub struct Draft {
    /// Its stream.
    pub stream: String,
    /// Its type.
    pub kind: String,
    /// Its data.
    pub data: Value,
    /// Who signs, the principal first.
    pub hands: Vec<Hand>,
    /// What is not as it should be, if anything.
    pub twist: spoil::Twist,
}

/// What became of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is recorded, at this index.
    Recorded(u64),
    /// It was refused with this code.
    Refused(String),
}

/// One move, and what it did.
pub struct Step {
    /// What was put before the rules; none where the bytes are no event.
    pub event: Option<Event>,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub verdict: Verdict,
    /// The agreement of its stream before it, at its instant.
    pub before: Option<Arc<Agreement>>,
    /// Every agreement that it changed, as stored after it.
    pub changed: Vec<(AgreementId, Arc<Agreement>)>,
}

/// The bytes of a move, and what became of them.
#[derive(Clone)]
pub struct Offered {
    /// An entry, good or not.
    pub bytes: Vec<u8>,
    /// The type of its event and the stage of its agreement, where it is an event.
    pub about: String,
    /// What became of it.
    pub verdict: Verdict,
}

/// A ledger in the making.
#[derive(Clone)]
pub struct Chronicle {
    /// What the entries come to.
    pub replay: Replay,
    /// The entries, in order.
    pub entries: Vec<Vec<u8>>,
    /// The clock.
    pub now: i64,
    /// What is drawn next.
    pub dice: Dice,
    /// Everybody who ever had a key.
    pub cast: Cast,
    /// Whether signatures are checked at each move; a replay checks them in any case.
    pub checks_signatures: bool,
    /// Whether a ledger may be closed for good.
    pub may_close: bool,
    papers: BTreeMap<(AgreementId, u32), Paper>,
    /// The terms of the draft that is being made.
    paper: Option<Paper>,
    agreements: Vec<AgreementId>,
    /// A body that is new and fills its posts.
    filling: Option<OrganisationCode>,
    /// Everything that is put before the rules from now on, if it is kept; then moves come besides that hardly ever
    /// come by chance.
    pub offered: Option<Vec<Offered>>,
    /// What takes several moves.
    errand: Option<moves::Errand>,
    made: u64,
}

impl Chronicle {
    /// A ledger with its registrars and four boroughs, all posts filled.
    pub fn founded(number: u64) -> Self {
        static TOWN: OnceLock<Chronicle> = OnceLock::new();
        let town = TOWN.get_or_init(|| {
            let mut chronicle = Self {
                replay: Replay::new(),
                entries: Vec::new(),
                now: START,
                dice: Dice::of(0),
                cast: Cast::new(),
                checks_signatures: true,
                may_close: false,
                papers: BTreeMap::new(),
                paper: None,
                agreements: Vec::new(),
                filling: None,
                errand: None,
                offered: None,
                made: 0,
            };
            let genesis = chronicle.genesis();
            chronicle.must(&genesis);
            for code in BODIES {
                chronicle.settle_body(code, "LONDON_BOROUGH");
            }
            chronicle
        });
        Self { dice: Dice::of(number), ..town.clone() }
    }

    /// Whoever signs the log from its beginning.
    pub fn log_signer() -> NoteSigner {
        cast::log_signer(1)
    }

    /// The keys that the log has come to since, in their order.
    pub fn later_log_signers(&self) -> Vec<NoteSigner> {
        let changes = self.state().founded.iter().flat_map(|founded| &founded.log_key_changes);
        (2..).zip(changes).map(|(number, _)| cast::log_signer(number)).collect()
    }

    /// The state after the entries so far.
    pub fn state(&self) -> &State {
        &self.replay.state
    }

    /// The instant.
    pub fn instant(&self) -> Timestamp {
        at(self.now)
    }

    /// So many days from today, as a date.
    pub fn day(&self, days: i64) -> String {
        london::date_of(self.instant()).add_days(days).to_string()
    }

    /// A fresh UUID.
    pub fn uuid(&mut self) -> String {
        self.made += 1;
        format!("01890000-0000-7000-8000-{:012x}", self.made)
    }

    /// The agreement of an id now.
    pub fn agreement(&self, id: AgreementId) -> Agreement {
        self.state().agreement(id).unwrap().at(self.instant()).into_owned()
    }

    /// The revision that a signer would see.
    fn revision(&self, stream: &str) -> u64 {
        stream.parse::<Stream>().map_or(0, |stream| self.state().revision(stream, None).0)
    }

    /// The payload of a draft.
    fn payload(&mut self, draft: &Draft) -> Value {
        let signers: Vec<Value> = draft.hands.iter().map(Hand::signer).collect();
        let ledger = self.state().founded.as_ref().map_or_else(|| ORIGIN.to_owned(), |f| f.ledger.to_string());
        let mut payload = json!({
            "data": draft.data, "expected_revision": self.revision(&draft.stream), "id": self.uuid(), "ledger": ledger,
            "signed_at": self.instant().to_string(), "signers": signers, "stream": draft.stream, "type": draft.kind,
            "v": 1, "valid_until": at(self.now + 3_600_000).to_string(),
        });
        draft.twist.apply(self, &mut payload);
        payload
    }

    /// The entry of a draft, or the code for one that is no entry.
    fn entry(&mut self, draft: &Draft) -> Result<Vec<u8>, &'static str> {
        let payload = json::to_jcs(&self.payload(draft)).unwrap();
        let message = pae(EVENT_TYPE, &payload);
        let sign = |hand: &Hand| {
            let mut sig = hand.person.key.sign(&message).to_bytes();
            if draft.twist == spoil::Twist::Signature {
                sig[7] ^= 1;
            }
            EnvelopeSignature { keyid: hand.person.key_id(), sig }
        };
        let mut signatures: Vec<EnvelopeSignature> = Vec::new();
        for signature in draft.hands.iter().map(sign) {
            if signatures.iter().all(|other| other.keyid != signature.keyid) {
                signatures.push(signature);
            }
        }
        if draft.twist == spoil::Twist::Unsigned {
            signatures.truncate(1);
        }
        let early = if draft.twist == spoil::Twist::Earlier { 2 * DAY } else { 0 };
        let envelope = Envelope::new(EVENT_TYPE, payload, signatures).map_err(|error| error.code())?;
        Ok(Entry { envelope, recorded_at: at(self.now - early) }.encode())
    }

    /// Puts a draft before the rules.
    pub fn put(&mut self, draft: &Draft) -> Step {
        let instant = self.instant();
        let unread = |code: &str| Step {
            event: None,
            at: instant,
            verdict: Verdict::Refused(code.to_owned()),
            before: None,
            changed: Vec::new(),
        };
        let bytes = match self.entry(draft) {
            Ok(bytes) => bytes,
            Err(code) => return unread(code),
        };
        let read = match replay::read(&bytes) {
            Ok(read) => read,
            Err(problem) => {
                let step = unread(problem.code());
                self.keep(bytes, &step);
                return step;
            }
        };
        let before = self.of_stream(&read.event).map(|agreement| Arc::new(agreement.at(instant).into_owned()));
        let outcome = self.replay.next(&read, !self.checks_signatures);
        let (verdict, changed) = match outcome {
            Ok(()) => {
                let index = self.entries.len() as u64;
                self.entries.push(bytes.clone());
                self.follow(&read);
                (Verdict::Recorded(index), self.changed_by(&read.event))
            }
            Err(stopped) => (Verdict::Refused(code_of(&stopped.stop)), Vec::new()),
        };
        let step = Step { event: Some(read.event), at: instant, verdict, before, changed };
        self.keep(bytes, &step);
        step
    }

    fn keep(&mut self, bytes: Vec<u8>, step: &Step) {
        if let Some(offered) = &mut self.offered {
            let kind = step.event.as_ref().map_or("nothing", |event| event.event_type().as_str());
            let stage = step.before.as_ref().map_or('-', |agreement| agreement.name().letter());
            offered.push(Offered { bytes, about: format!("{kind} {stage}"), verdict: step.verdict.clone() });
        }
    }

    fn of_stream(&self, event: &Event) -> Option<Cow<'_, Agreement>> {
        if let Stream::Agreement(id) = event.stream { self.state().agreement(id) } else { None }
    }

    /// Keeps what later moves build on.
    fn follow(&mut self, read: &Read) {
        if let Data::OrganisationRegistered(data) = &read.event.data {
            self.filling = Some(data.code);
        }
        if let Stream::Agreement(id) = read.event.stream {
            let agreement = self.state().agreement(id).unwrap();
            let newest = agreement.versions().last().unwrap().number;
            if agreement.revision() == 1 {
                self.agreements.push(id);
            }
            if let Some(paper) = self.paper.take() {
                self.papers.entry((id, newest)).or_insert(paper);
            }
        }
    }

    /// The agreements that an event may have changed.
    fn changed_by(&self, event: &Event) -> Vec<(AgreementId, Arc<Agreement>)> {
        let of = |agreement: Cow<'_, Agreement>| (agreement.id(), Arc::new(agreement.into_owned()));
        match event.stream {
            Stream::Agreement(id) => self.state().agreement(id).into_iter().map(of).collect(),
            Stream::Organisation(_) | Stream::Key(_) => {
                let reaches = matches!(
                    event.event_type().as_str(),
                    "OrganisationLeft"
                        | "OrganisationSucceeded"
                        | "SuccessionObjected"
                        | "KeyCompromised"
                        | "ContestResolved"
                );
                let mut all: Vec<_> = self.state().agreements().filter(|_| reaches).map(of).collect();
                all.sort_by_key(|(id, _)| *id);
                all
            }
            Stream::Sys | Stream::Template(_) | Stream::Programme(_) => Vec::new(),
        }
    }

    /// Records what must pass.
    ///
    /// # Panics
    ///
    /// When the rules refuse it.
    fn must(&mut self, draft: &Draft) {
        let step = self.put(draft);
        assert!(matches!(step.verdict, Verdict::Recorded(_)), "{} {}: {:?}", draft.kind, draft.data, step.verdict);
        self.now += 1_000;
    }

    /// One move, legal or nearly so, and whatever time goes by after it.
    pub fn step(&mut self) -> Step {
        let step = loop {
            self.paper = None;
            if let Some(draft) = self.next_move() {
                let draft = self.perhaps_spoilt(draft);
                break self.put(&draft);
            }
        };
        self.now += match self.dice.below(100) {
            _ if self.errand.is_some_and(moves::Errand::hurries) => 1_000,
            0..76 => 1_000,
            76..90 => 1_000 * (1 + i64::try_from(self.dice.below(3_600)).unwrap()),
            90..98 => DAY / 24 * i64::try_from(1 + self.dice.below(24)).unwrap(),
            _ => self.pause(),
        };
        step
    }

    /// Days that go by, or the time until something falls due in an agreement.
    fn pause(&mut self) -> i64 {
        let due = self.dice.any(&self.agreements).and_then(|id| self.agreement(id).due_at());
        match due {
            Some(due) if self.dice.percent(60) && due.millis() > self.now && due.millis() < self.now + 400 * DAY => {
                due.millis() - self.now - i64::from(self.dice.percent(30))
            }
            Some(_) | None => DAY * i64::try_from(1 + self.dice.below(45)).unwrap(),
        }
    }

    /// The bodies that act now.
    pub fn bodies(&self) -> Vec<OrganisationCode> {
        let now = self.instant();
        let mut all: Vec<OrganisationCode> = self
            .state()
            .organisations
            .values()
            .filter(|body| !body.is_gone(now) && body.kind.as_str() != "PARTNERSHIP")
            .map(|body| body.code)
            .collect();
        all.sort();
        all
    }
}

fn code_of(stop: &Stop) -> String {
    stop.code().to_owned()
}
