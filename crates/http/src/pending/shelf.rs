//! What waits: an index in memory, the sealed bytes in their folder.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::admit::carried;
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::{self, Event, PublicKeyBytes, Signer};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::storage::{StoreError, Waiting};
use counterpart_core::time::Timestamp;
use counterpart_core::wire::{Digest, EVENT_TYPE, Envelope, EnvelopeSignature, KeyId};
use serde::{Deserialize, Serialize};

use super::{Opening, nothing};
use crate::App;
use crate::problem::Problem;

/// What may wait at one server: the payloads of so many stay in memory, 48 kB each at most.
const ALL_MAX: usize = 1_000;

/// What one organisation may have opened at once: a merger of all its agreements, several times over.
const ORGANISATION_MAX: usize = 50;

/// Bytes of what one organisation may have opened at once: eight of the largest submissions.
const ORGANISATION_BYTES: u64 = 64 << 20;

/// One payload and who has signed it.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) event: Arc<Event>,
    payload: Arc<[u8]>,
    pub(super) opened_at: Timestamp,
    opened_by: OrganisationCode,
    bytes: u64,
    signatures: Vec<EnvelopeSignature>,
    /// It is recorded, and only that is remembered until its time is over.
    pub(super) done: bool,
}

/// What stands in the sealed file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    pub(super) disclosures: Vec<Disclosure>,
    done: bool,
    opened_at: Timestamp,
    opened_by: OrganisationCode,
    payload: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: KeyId,
    sig: String,
}

impl Item {
    pub(super) fn new(event: Event, payload: &[u8], at: Timestamp, by: OrganisationCode, bytes: u64) -> Self {
        let (event, payload) = (Arc::new(event), payload.into());
        Self { event, payload, opened_at: at, opened_by: by, bytes, signatures: Vec::new(), done: false }
    }

    pub(super) fn has(&self, key: KeyId) -> bool {
        self.signatures.iter().any(|signature| signature.keyid == key)
    }

    pub(super) fn missing(&self) -> usize {
        self.event.signers.iter().filter(|signer| !self.has(signer.key)).count()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now > self.event.valid_until
    }

    pub(super) fn envelope_of(&self, signatures: Vec<EnvelopeSignature>) -> Result<Envelope, Problem> {
        Envelope::new(EVENT_TYPE, self.payload.to_vec(), signatures)
            .map_err(|error| Problem::new(error.code(), crate::door::sentence(&error.to_string())))
    }

    fn from_kept(kept: &Kept, bytes: u64) -> Result<Self, String> {
        let wrong = |problem: Problem| problem.detail;
        let envelope = kept.envelope().map_err(wrong)?;
        let event = event::parse_partly_signed(&envelope).map_err(|error| error.to_string())?;
        let mut item = Self::new(event, &envelope.payload, kept.opened_at, kept.opened_by, bytes);
        (item.signatures, item.done) = (envelope.signatures, kept.done);
        Ok(item)
    }
}

impl Kept {
    pub(super) fn new(at: Timestamp, by: OrganisationCode, payload: &[u8], disclosures: Vec<Disclosure>) -> Self {
        let payload = STANDARD.encode(payload);
        Self { disclosures, done: false, opened_at: at, opened_by: by, payload, signatures: Vec::new() }
    }

    fn add_all(&mut self, signatures: &[EnvelopeSignature]) {
        let spelt = |one: &EnvelopeSignature| Signature { keyid: one.keyid, sig: STANDARD.encode(one.sig) };
        self.signatures.extend(signatures.iter().map(spelt));
    }

    /// The envelope with the signatures so far.
    pub(super) fn envelope(&self) -> Result<Envelope, Problem> {
        let unreadable = || Problem::unavailable("What waits cannot be read. Whoever runs the server is told.");
        let payload = STANDARD.decode(&self.payload).map_err(|_| unreadable())?;
        let signatures = self.signatures.iter().map(|signature| {
            let sig = STANDARD.decode(&signature.sig).ok()?.try_into().ok()?;
            Some(EnvelopeSignature { keyid: signature.keyid, sig })
        });
        let signatures = signatures.collect::<Option<Vec<_>>>().ok_or_else(unreadable)?;
        Envelope::new(EVENT_TYPE, payload, signatures).map_err(|_| unreadable())
    }

    fn to_bytes(&self) -> Vec<u8> {
        // INVARIANT: strings, numbers and lists always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Everything that waits at one server.
pub(crate) struct Shelf {
    store: Arc<dyn Waiting>,
    items: Mutex<HashMap<Digest, Item>>,
    /// One change at a time: memory and folder say the same.
    writing: tokio::sync::Mutex<()>,
}

impl Shelf {
    /// Reads what waited when the server stopped. What does not open any more is destroyed and told.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub(crate) fn load(store: Arc<dyn Waiting>) -> Result<Self, StoreError> {
        let mut items = HashMap::new();
        for name in store.names()? {
            let read = match store.read(&name) {
                Ok(Some(bytes)) => read(&bytes),
                Ok(None) => continue,
                Err(StoreError::Damaged { problem, .. }) => Err(problem),
                Err(error) => return Err(error),
            };
            match read {
                Ok(item) => drop(items.insert(item.event.digest, item)),
                Err(problem) => {
                    tracing::error!(%name, %problem, "what waited for signatures is damaged, and was removed");
                    store.remove(&name)?;
                }
            }
        }
        Ok(Self { store, items: Mutex::new(items), writing: tokio::sync::Mutex::default() })
    }

    fn items(&self) -> MutexGuard<'_, HashMap<Digest, Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One, whoever asks.
    pub(super) fn item(&self, digest: Digest) -> Option<Item> {
        self.items().get(&digest).cloned()
    }

    /// One, for its signers; without a key, for whoever will prove to be one.
    pub(super) fn read(&self, digest: &str, key: Option<KeyId>, now: Timestamp) -> Result<Item, Problem> {
        let item = digest.parse().ok().and_then(|digest| self.item(digest)).filter(|item| !item.is_over(now));
        let signs = |item: &Item| key.is_none_or(|key| item.event.signers.iter().any(|signer| signer.key == key));
        item.filter(signs).ok_or_else(nothing)
    }

    /// What waits for a key, or did.
    pub(super) fn of(&self, key: KeyId, now: Timestamp) -> Vec<Item> {
        let items = self.items();
        let own = items.values().filter(|item| item.event.signers.iter().any(|signer| signer.key == key));
        own.filter(|item| !item.is_over(now)).cloned().collect()
    }

    /// How many wait.
    pub(crate) fn count(&self) -> usize {
        self.items().values().filter(|item| !item.done).count()
    }

    /// The signer and the key that something that waits would bring in.
    pub(crate) fn brings(&self, key: KeyId) -> Option<(Signer, PublicKeyBytes)> {
        self.items().values().filter(|item| !item.done).find_map(|item| {
            let new = carried(&item.event).into_iter().find(|new| new.key == key)?;
            let signer = item.event.signers.iter().find(|signer| signer.key == key)?;
            Some((signer.clone(), new.public))
        })
    }

    /// Opens one; whether it is new. Signatures of one that waits already are added to it.
    pub(super) async fn open(&self, app: &Arc<App>, opening: Opening) -> Result<bool, Problem> {
        let Opening { mut item, signatures, mut kept, .. } = opening;
        let digest = item.event.digest;
        self.sweep(app).await;
        let writing = self.writing.lock().await;
        if self.item(digest).is_some() {
            drop(writing);
            self.add(app, digest, signatures).await?;
            return Ok(false);
        }
        self.make_room(app, &item).await?;
        kept.add_all(&signatures);
        item.signatures = signatures;
        self.put(app, digest, kept).await?;
        self.items().insert(digest, item);
        Ok(true)
    }

    /// Adds signatures that are not there yet.
    pub(super) async fn add(
        &self,
        app: &Arc<App>,
        digest: Digest,
        mut signatures: Vec<EnvelopeSignature>,
    ) -> Result<(), Problem> {
        let _writing = self.writing.lock().await;
        let item = self.item(digest).ok_or_else(nothing)?;
        signatures.retain(|signature| !item.has(signature.keyid));
        if signatures.is_empty() {
            return Ok(());
        }
        let mut kept = self.kept(app, digest).await?.ok_or_else(nothing)?;
        kept.add_all(&signatures);
        self.put(app, digest, kept).await?;
        if let Some(item) = self.items().get_mut(&digest) {
            item.signatures.extend(signatures);
        }
        Ok(())
    }

    /// What is kept of one, with its words.
    pub(super) async fn kept(&self, app: &Arc<App>, digest: Digest) -> Result<Option<Kept>, Problem> {
        let store = Arc::clone(&self.store);
        let bytes = app.blocking(move || store.read(&digest.to_string())).await?.map_err(|error| failed(&error))?;
        let unreadable = |_| Problem::unavailable("What waits cannot be read. Whoever runs the server is told.");
        bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(unreadable)).transpose()
    }

    /// Forgets the words of one that is recorded: they lie in the store now.
    pub(super) async fn settle(&self, app: &Arc<App>, digest: Digest) {
        let _writing = self.writing.lock().await;
        let Some(item) = self.item(digest).filter(|item| !item.done) else { return };
        let mut kept = Kept::new(item.opened_at, item.opened_by, &item.payload, Vec::new());
        kept.done = true;
        kept.add_all(&item.signatures);
        // What cannot be forgotten now is forgotten at the next start or when its time is over.
        if self.put(app, digest, kept).await.is_ok()
            && let Some(item) = self.items().get_mut(&digest)
        {
            (item.done, item.bytes) = (true, 0);
        }
    }

    /// Destroys one.
    pub(super) async fn remove(&self, app: &Arc<App>, digest: Digest) -> Result<(), Problem> {
        let _writing = self.writing.lock().await;
        self.destroy(app, digest).await
    }

    /// Destroys what is over.
    pub(crate) async fn sweep(&self, app: &Arc<App>) {
        let now = (app.clock)();
        let over: Vec<Digest> =
            self.items().values().filter(|item| item.is_over(now)).map(|item| item.event.digest).collect();
        for digest in over {
            // What could not be destroyed is tried again; nobody reads it meanwhile.
            let _ = self.remove(app, digest).await;
        }
    }

    /// Forgets the words of what was recorded just before the server stopped.
    pub(crate) async fn catch_up(&self, app: &Arc<App>) {
        let recorded: Vec<Digest> = {
            let items = self.items();
            let recorded = items.values().filter(|item| !item.done && app.recorded_as(&item.event).is_some());
            recorded.map(|item| item.event.digest).collect()
        };
        for digest in recorded {
            self.settle(app, digest).await;
        }
        self.sweep(app).await;
    }

    async fn make_room(&self, app: &Arc<App>, item: &Item) -> Result<(), Problem> {
        let (own, bytes, all, oldest) = {
            let items = self.items();
            let own = items.values().filter(|other| !other.done && other.opened_by == item.opened_by);
            let (own, bytes) = own.fold((0, item.bytes), |(count, bytes), other| (count + 1, bytes + other.bytes));
            let done = items.values().filter(|other| other.done);
            let oldest = done.min_by_key(|other| other.opened_at).map(|other| other.event.digest);
            (own, bytes, items.len(), oldest)
        };
        if own >= ORGANISATION_MAX || bytes > ORGANISATION_BYTES {
            let detail = format!(
                "{} has {own} events waiting for signatures, which is as much as it may. Finish or withdraw one first.",
                item.opened_by
            );
            return Err(Problem::new("H429", detail));
        }
        match oldest {
            _ if all < ALL_MAX => Ok(()),
            Some(oldest) => self.destroy(app, oldest).await,
            None => Err(Problem::unavailable("As many events wait for signatures here as can. Pass a file instead.")),
        }
    }

    async fn put(&self, app: &Arc<App>, digest: Digest, kept: Kept) -> Result<(), Problem> {
        let store = Arc::clone(&self.store);
        let put = app.blocking(move || store.put(&digest.to_string(), &kept.to_bytes())).await?;
        put.map_err(|error| failed(&error))
    }

    async fn destroy(&self, app: &Arc<App>, digest: Digest) -> Result<(), Problem> {
        let store = Arc::clone(&self.store);
        let removed = app.blocking(move || store.remove(&digest.to_string())).await?;
        removed.map_err(|error| failed(&error))?;
        self.items().remove(&digest);
        Ok(())
    }
}

fn read(bytes: &[u8]) -> Result<Item, String> {
    let kept: Kept = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let size = if kept.done { 0 } else { bytes.len() as u64 };
    Item::from_kept(&kept, size)
}

fn failed(error: &StoreError) -> Problem {
    if let StoreError::Full = error {
        return Problem::new(
            "H507",
            "The disk of the server is full, so nothing more can wait here. Pass a file instead.",
        );
    }
    tracing::error!(%error, "what waits for signatures cannot be kept or read");
    Problem::unavailable("What waits for signatures cannot be kept or read now. Whoever runs the server is told.")
}
