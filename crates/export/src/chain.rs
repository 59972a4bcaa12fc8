//! Keys, posts and commitments as the entries of a bundle bring them in, back to the first entry of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use counterpart_core::admit::{carried, suitable};
use counterpart_core::commitment::{Disclosure, Promised};
use counterpart_core::event::data::Data;
use counterpart_core::event::{self, Event, Signer};
use counterpart_core::ids::{EventId, OrganisationCode, PersonId, Role, Stream};
use counterpart_core::json;
use counterpart_core::london;
use counterpart_core::replay::Read;
use counterpart_core::time::{Date, Timestamp};
use counterpart_core::wire::{Digest, Envelope, KeyId};
use counterpart_tlog::ed25519::PublicKey;

/// A person at an organisation.
type Member = (OrganisationCode, PersonId);

/// That somebody holds a role, and on which days.
#[derive(Clone, Copy, Debug)]
struct Post {
    holder: Member,
    role: Role,
    from: Option<Date>,
    to: Option<Date>,
}

/// That a post is lent, and to whom.
#[derive(Clone, Copy, Debug)]
struct Lent {
    appointment: EventId,
    person: PersonId,
    until: Date,
}

/// What the entries so far come to.
#[derive(Debug, Default)]
pub struct Chain {
    ledger: Option<String>,
    last: Option<Timestamp>,
    keys: HashMap<KeyId, (PublicKey, Member)>,
    posts: BTreeMap<EventId, Post>,
    lent: BTreeMap<EventId, Lent>,
    promised: BTreeMap<EventId, Promised>,
    /// The hashes of reference data.
    pub pinned: BTreeSet<Digest>,
    /// How many signatures were checked.
    pub signatures: usize,
    /// The keys with which the genesis says that checkpoints are signed, and those to which they handed over.
    pub log_keys: Vec<String>,
}

impl Chain {
    /// Takes in the next entry: its ledger, who signed it, and what it brings or ends.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in plain words.
    pub fn add(&mut self, index: u64, origin: &str, read: &Read) -> Result<(), String> {
        let (event, recorded_at) = (&read.event, read.entry.recorded_at);
        if self.last.is_some_and(|last| recorded_at < last) {
            return Err(format!("entry {index} was recorded before the entry in front of it"));
        }
        self.last = Some(recorded_at);
        match (&self.ledger, &event.data) {
            (None, Data::LedgerGenesis(genesis)) if index == 0 && genesis.origin.as_str() == origin => {
                self.ledger = Some(format!("{origin}#{}", read.leaf.to_hex()));
                self.log_keys = genesis.log_keys.iter().map(|key| key.as_str().to_owned()).collect();
                let rows = genesis.code_lists.iter().chain(&genesis.policies);
                self.pinned.extend(rows.map(|row| row.sha256));
            }
            (None, _) => return Err(format!("the bundle does not begin with the genesis of {origin}")),
            (Some(ledger), _) if *ledger != *event.ledger => {
                return Err(format!("entry {index} is of the ledger `{}`", event.ledger));
            }
            (Some(_), _) => {}
        }
        self.bring_keys(index, event)?;
        self.check_signers(index, event, &read.entry.envelope, recorded_at)?;
        if let Data::LogKeyChanged(data) = &event.data
            && self.log_keys.iter().any(|key| key == data.old.as_str())
        {
            self.log_keys.push(data.new.as_str().to_owned());
        }
        self.bring_posts(event);
        self.end(event);
        let data = data_of(&read.entry.envelope).map_err(|problem| format!("entry {index}: {problem}"))?;
        let promised = Promised::of(&event.id.to_string(), &data).map_err(|error| format!("entry {index}: {error}"))?;
        self.promised.insert(event.id, promised);
        Ok(())
    }

    fn bring_keys(&mut self, index: u64, event: &Event) -> Result<(), String> {
        for new in carried(event) {
            suitable(event, &new).map_err(|refusal| format!("entry {index}: {refusal}"))?;
            let owner = if let Data::LedgerGenesis(data) = &event.data {
                let named = data.registrar_keys.iter().find(|registrar| registrar.key == new.key);
                named.map(|registrar| (OrganisationCode::REGISTRAR, registrar.person))
            } else if let Data::OrganisationRegistered(data) = &event.data {
                Some((data.code, data.chief.person))
            } else if let Data::RegistrarChanged(data) = &event.data {
                let added = data.add.iter().find(|added| added.key == new.key);
                added.map(|added| (OrganisationCode::REGISTRAR, added.person))
            } else if let Data::KeyRegistered(data) = &event.data {
                Some((data.organisation, data.person))
            } else if let Data::KeyRotated(data) = &event.data {
                self.keys.get(&data.replaces).map(|(_, owner)| *owner)
            } else {
                None
            };
            let owner =
                owner.ok_or_else(|| format!("entry {index}: the bundle does not say whose key {} is", new.key))?;
            let key = PublicKey::register(&new.public.0).map_err(|error| format!("entry {index}: {error}"))?;
            if self.keys.insert(new.key, (key, owner)).is_some() {
                return Err(format!("entry {index}: the key {} came in before", new.key));
            }
        }
        Ok(())
    }

    fn check_signers(&mut self, index: u64, event: &Event, envelope: &Envelope, at: Timestamp) -> Result<(), String> {
        let message = envelope.pae();
        for signer in &event.signers {
            let unknown = || format!("entry {index}: the bundle holds no key {} that still signs", signer.key);
            let (key, owner) = self.keys.get(&signer.key).ok_or_else(unknown)?;
            if *owner != (signer.organisation, signer.person) {
                return Err(format!("entry {index}: the key {} is somebody else's", signer.key));
            }
            // INVARIANT: `event::parse` has seen that signers and signatures are the same keys.
            let signature = envelope.signatures.iter().find(|signature| signature.keyid == signer.key);
            if !signature.is_some_and(|signature| key.verify(&message, &signature.sig)) {
                return Err(format!("entry {index}: the signature of key {} does not verify", signer.key));
            }
            self.check_post(index, event, signer, at)?;
            self.signatures += 1;
        }
        Ok(())
    }

    /// A registrar, a chief whom the event carries, or somebody whom an earlier entry put into this post.
    fn check_post(&self, index: u64, event: &Event, signer: &Signer, at: Timestamp) -> Result<(), String> {
        let is_chief = if let Data::OrganisationRegistered(data) = &event.data {
            signer.key == data.chief.key && signer.role == Role::Cex
        } else {
            false
        };
        if signer.organisation == OrganisationCode::REGISTRAR || is_chief {
            return Ok(());
        }
        let holds = match signer.delegation {
            Some(delegation) => self.lent.get(&delegation).is_some_and(|lent| {
                let post = self.posts.get(&lent.appointment);
                lent.person == signer.person
                    && at < london::end_of(lent.until)
                    && post.is_some_and(|post| post.holder.0 == signer.organisation && post.role == signer.role)
            }),
            None => self.posts.values().any(|post| {
                (post.holder, post.role) == ((signer.organisation, signer.person), signer.role)
                    && post.from.is_none_or(|day| london::start_of(day) <= at)
                    && post.to.is_none_or(|day| at < london::end_of(day))
            }),
        };
        if holds {
            return Ok(());
        }
        let Signer { person, role, organisation, .. } = signer;
        Err(format!("entry {index}: the bundle does not show that {person} was {role} of {organisation} then"))
    }

    fn bring_posts(&mut self, event: &Event) {
        let Stream::Organisation(organisation) = event.stream else { return };
        if let Data::OrganisationRegistered(data) = &event.data {
            let post = Post { holder: (organisation, data.chief.person), role: Role::Cex, from: None, to: None };
            self.posts.insert(event.id, post);
        } else if let Data::RoleHolderAppointed(data) = &event.data {
            let holder = (organisation, data.person);
            let post = Post { holder, role: data.role, from: Some(data.valid_from), to: data.valid_to };
            self.posts.insert(event.id, post);
        } else if let Data::RoleDelegated(data) = &event.data {
            let lent = Lent { appointment: data.appointment, person: data.person, until: data.until };
            self.lent.insert(event.id, lent);
        }
    }

    fn end(&mut self, event: &Event) {
        if let Data::RoleHolderRevoked(data) = &event.data {
            self.posts.remove(&data.appointment);
        } else if let Data::DelegationRevoked(data) = &event.data {
            self.lent.remove(&data.delegation);
        } else if let Data::KeyRevoked(data) = &event.data {
            self.keys.remove(&data.key);
        } else if let Data::KeyCompromised(data) = &event.data {
            self.keys.remove(&data.key);
        } else if let Data::KeyRotated(data) = &event.data {
            self.keys.remove(&data.replaces);
        }
    }

    /// Opens a commitment by the words of one disclosure. Gives the place.
    ///
    /// # Errors
    ///
    /// Nothing is committed there, or other words are.
    pub fn open(&mut self, event: EventId, disclosure: &Disclosure) -> Result<(EventId, String), String> {
        let none = || format!("no entry of the bundle is {event}");
        let wrong = |error| format!("the words of {event} are others than were committed: {error}");
        self.promised.get_mut(&event).ok_or_else(none)?.open(disclosure).map_err(wrong)?;
        Ok((event, disclosure.pointer.clone()))
    }

    /// How many commitments are known.
    pub fn commitments(&self) -> usize {
        self.promised.values().map(Promised::count).sum()
    }
}

/// What the event in an envelope says, as it stands there.
pub fn data_of(envelope: &Envelope) -> Result<json::Value, String> {
    let limits = json::Limits { max_depth: event::MAX_DEPTH, max_bytes: envelope.payload.len() };
    let payload = json::parse(&envelope.payload, limits).map_err(|error| error.to_string())?;
    payload.member("data").cloned().ok_or_else(|| "the event has no data".to_owned())
}
