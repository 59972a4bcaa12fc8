//! Who signs: people, their keys, the posts that they hold.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::event::PublicKeyBytes;
use counterpart_core::ids::{EventId, OrganisationCode, PersonId};
use counterpart_core::wire::KeyId;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use serde_json::{Value, json};

use super::{Chronicle, DAY, Draft, ORIGIN, sealed};

/// One key of one person.
#[derive(Clone)]
pub struct Person {
    /// For whom the key acts.
    pub organisation: String,
    /// Whose it is.
    pub id: String,
    /// The key.
    pub key: SigningKey,
}

impl Person {
    /// The public key.
    pub fn public(&self) -> PublicKeyBytes {
        PublicKeyBytes(self.key.verifying_key().to_bytes())
    }

    /// Its id.
    pub fn key_id(&self) -> KeyId {
        self.public().key_id()
    }

    /// The public key as an event carries it.
    pub fn public_text(&self) -> String {
        STANDARD.encode(self.public().0)
    }

    /// The row of a registrar's key.
    pub fn row(&self) -> Value {
        json!({ "key": self.key_id().to_string(), "person": self.id, "public": self.public_text() })
    }

    /// The person who signs in a role.
    pub fn as_role(&self, role: &str) -> Hand {
        Hand { person: self.clone(), organisation: self.organisation.clone(), role: role.to_owned(), delegation: None }
    }
}

/// A person who signs, and in what capacity.
#[derive(Clone)]
pub struct Hand {
    /// Who, with which key.
    pub person: Person,
    /// For whom, as the event says.
    pub organisation: String,
    /// In which role.
    pub role: String,
    /// Under which delegation.
    pub delegation: Option<EventId>,
}

impl Hand {
    /// The signer as it stands in a payload.
    pub fn signer(&self) -> Value {
        let mut signer = json!({
            "key": self.person.key_id().to_string(), "organisation": self.organisation, "person": self.person.id,
            "role": self.role,
        });
        if let Some(delegation) = self.delegation {
            signer["delegation"] = json!(delegation.to_string());
        }
        signer
    }
}

/// Everybody who ever had a key.
#[derive(Clone, Default)]
pub struct Cast {
    /// One for each key, in the order in which they came.
    people: Vec<Person>,
    /// The places of a person's keys.
    of: HashMap<String, Vec<usize>>,
    /// The place of a key.
    by_key: HashMap<KeyId, usize>,
    /// How many persons and keys were made.
    made: u64,
}

impl Cast {
    /// The registrars of the genesis.
    pub fn new() -> Self {
        let mut cast = Self::default();
        for _ in 0..3 {
            let registrar = cast.somebody("REG");
            cast.add(registrar);
        }
        cast
    }

    /// Everybody, key by key, in the order in which they came.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Somebody's key is one of those that may sign from now on.
    pub fn add(&mut self, person: Person) {
        let place = self.people.len();
        self.of.entry(person.id.clone()).or_default().push(place);
        self.by_key.insert(person.key_id(), place);
        self.people.push(person);
    }

    /// Somebody new, with a key.
    pub fn somebody(&mut self, organisation: &str) -> Person {
        self.made += 1;
        let id = format!("PER-{:012}", self.made);
        Person { organisation: organisation.to_owned(), id, key: key(self.made) }
    }

    /// Another key of somebody.
    pub fn another_key(&mut self, person: &Person) -> Person {
        self.made += 1;
        Person { key: key(self.made), ..person.clone() }
    }

    /// The keys of a person.
    pub fn keys_of(&self, person: PersonId) -> impl Iterator<Item = &Person> {
        let places = self.of.get(&person.to_string()).map(Vec::as_slice).unwrap_or_default();
        places.iter().map(|place| &self.people[*place])
    }
}

/// A key that follows from a number.
fn key(number: u64) -> SigningKey {
    let mut seed = [0x42; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    SigningKey::from_bytes(&seed)
}

/// The posts of a body, as they are filled.
const POSTS: [&str; 15] =
    ["ADM", "ADM", "REQ", "IGL", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "OPN", "LEO", "DAT"];

/// Whether the chief appoints a role, and not an administrator.
pub fn is_chiefs(role: &str) -> bool {
    matches!(role, "SIRO" | "DPO" | "CG" | "SIG" | "LEO" | "ADM")
}

impl Chronicle {
    /// The event that founds the ledger.
    pub(super) fn genesis(&mut self) -> Draft {
        let rows: Vec<Value> = self.cast.people.iter().map(Person::row).collect();
        let answer = key(u64::MAX);
        let answer = Person { organisation: "REG".to_owned(), id: String::new(), key: answer };
        let (code_lists, policies) = counterpart_core::codes::manifest();
        let vkey = log_key(1);
        let data = json!({
            "answer_keys": [{ "key": answer.key_id().to_string(), "public": answer.public_text() }],
            "code_lists": code_lists, "policies": policies, "log_keys": [vkey], "origin": ORIGIN,
            "registrar": { "name": "London Councils", "organisation": "REG" },
            "registrar_keys": rows, "rules": 1, "threshold": 2, "visibility": "OPEN",
        });
        let hands = self.cast.people.iter().map(|registrar| registrar.as_role("REG")).collect();
        Draft::new("sys", "LedgerGenesis", data, hands)
    }

    /// As many registrars as the threshold asks.
    pub fn registrars(&self) -> Vec<Hand> {
        let Some(founded) = &self.state().founded else { return Vec::new() };
        let mut serving: Vec<usize> =
            founded.registrars.keys().filter_map(|key| self.cast.by_key.get(key)).copied().collect();
        serving.sort_unstable();
        let needed = usize::try_from(founded.threshold).unwrap();
        serving.into_iter().take(needed).map(|place| self.cast.people[place].as_role("REG")).collect()
    }

    /// Somebody who holds a role at a body now and can sign, drawn at random; now and then a delegate.
    pub fn holder(&mut self, organisation: OrganisationCode, role: &str) -> Option<Hand> {
        let now = self.instant();
        let state = &self.replay.state;
        let body = state.organisations.get(&organisation)?;
        let role_code = role.parse().ok()?;
        let signs = |known: &Person| {
            let key = state.keys.get(&known.key_id());
            key.is_some_and(|key| key.is_active() && !key.contested && key.organisation == organisation)
        };
        let key_of = |person: PersonId| self.cast.keys_of(person).find(|known| signs(known)).cloned();
        let mut able: Vec<(Person, Option<EventId>)> = Vec::new();
        for post in body.holders(role_code, now).filter(|post| !post.contested) {
            able.extend(key_of(post.person).map(|person| (person, None)));
            let delegation = body.delegation_of(post.event, now).filter(|delegation| !delegation.contested);
            able.extend(delegation.and_then(|d| Some((key_of(d.person)?, Some(d.event)))));
        }
        let (person, delegation) = self.dice.any(&able)?;
        Some(Hand { organisation: organisation.to_string(), role: role.to_owned(), person, delegation })
    }

    /// Holders of several roles at a body, in order; none where one is missing.
    pub fn holders(&mut self, organisation: OrganisationCode, roles: &[&str]) -> Option<Vec<Hand>> {
        roles.iter().map(|role| self.holder(organisation, role)).collect()
    }

    /// Registers a body and fills its posts. Everything must pass.
    pub(super) fn settle_body(&mut self, code: &str, kind: &str) {
        let registered = self.registration(code, kind);
        self.must(&registered);
        let organisation: OrganisationCode = code.parse().unwrap();
        for role in POSTS {
            let whom = self.cast.somebody(code);
            let appointment = self.appointment(organisation, &whom.id, role).unwrap();
            self.must(&appointment);
            let key = self.key_registration(&whom, true).unwrap();
            self.must(&key);
        }
    }

    /// A body enters the ledger with its chief.
    pub fn registration(&mut self, code: &str, kind: &str) -> Draft {
        let chief = self.cast.somebody(code);
        self.cast.add(chief.clone());
        let data = json!({
            "chief": { "holder": sealed(), "key": chief.key_id().to_string(), "person": chief.id, "public": chief.public_text() },
            "code": code, "extra_roles": [], "governance": "FULL", "name": "A public body of London", "type": kind,
            "flags": { "competent_authority": { "basis": "S30_1B" }, "public_authority": true },
        });
        let mut hands = self.registrars();
        hands.push(chief.as_role("CEX"));
        Draft::new(&format!("org:{code}"), "OrganisationRegistered", data, hands)
    }

    /// Whoever appoints a role gives it to a person.
    pub fn appointment(&mut self, organisation: OrganisationCode, person: &str, role: &str) -> Option<Draft> {
        let mut data = json!({
            "functions": [], "holder": sealed(), "notice_given_on": self.day(0), "person": person, "role": role,
            "valid_from": self.day(0),
        });
        if self.dice.percent(6) {
            data["valid_to"] = json!(self.day(90));
        }
        let by = if is_chiefs(role) { "CEX" } else { "ADM" };
        let mut hands = if role == "CEX" { self.registrars() } else { Vec::new() };
        let inside = if role == "CEX" { "SIRO" } else { by };
        hands.push(self.holder(organisation, inside)?);
        Some(Draft::new(&format!("org:{organisation}"), "RoleHolderAppointed", data, hands))
    }

    /// A key is registered for somebody; the person is one of the cast from then on.
    pub fn key_registration(&mut self, whose: &Person, with_chief: bool) -> Option<Draft> {
        let organisation: OrganisationCode = whose.organisation.parse().unwrap();
        let data = json!({
            "custody": "SOFTWARE", "key": whose.key_id().to_string(), "organisation": whose.organisation,
            "person": whose.id, "public": whose.public_text(),
        });
        let role = self.role_of(&whose.id).unwrap_or_else(|| "REQ".to_owned());
        let mut hands = vec![whose.as_role(&role)];
        hands.extend(self.holder(organisation, "ADM"));
        if with_chief || hands.len() == 1 {
            hands.push(self.holder(organisation, "CEX")?);
        }
        self.cast.add(whose.clone());
        Some(Draft::new(&format!("key:{}", whose.key_id()), "KeyRegistered", data, hands))
    }

    /// A role that a person holds now.
    pub fn role_of(&self, person: &str) -> Option<String> {
        let id: PersonId = person.parse().ok()?;
        let now = self.instant();
        let bodies = self.state().organisations.values();
        bodies.flat_map(|body| body.roles_of(id, now)).map(|role| role.to_string()).min()
    }

    /// A day long gone, for what must not be.
    pub fn long_ago(&self) -> String {
        let past = super::at(self.now - 700 * DAY);
        counterpart_core::london::date_of(past).to_string()
    }
}

/// A key that signs the log, by number.
pub fn log_signer(number: u64) -> NoteSigner {
    NoteSigner::new(ORIGIN, key(number ^ 0xFFFF_0000)).unwrap()
}

/// The same as a verifier key.
pub fn log_key(number: u64) -> String {
    log_signer(number).vkey().to_string()
}
