//! The ledger over HTTP: events in, receipts out, and everything that anybody may read.
//!
//! # In scope
//!
//! Parsing and checking at the door on all cores; one sequencer that decides (through [`counterpart_core`]);
//! a view for readers that catches up behind; the routes of the contract; limits on size, time and connections.
//!
//! # Out of scope
//!
//! Deciding, and naming a database: stores come in as trait objects. There is no clock here; it comes in as a
//! function.

mod agreements;
mod around;
mod assets;
mod batch;
mod behind;
mod body;
mod closed;
mod door;
mod earlier;
mod erasing;
mod events;
mod export;
mod feed;
mod flood;
mod health;
mod links;
mod log;
mod named;
mod openapi;
mod opening;
mod organisations;
mod pages;
mod pending;
mod prepare;
mod problem;
mod query;
mod reader;
mod receipt;
mod repeat;
mod seen;
mod sequencer;
mod serve;
mod sessions;
mod settings;
mod submit;
mod submitted;
mod validate;
mod versions;
mod visit;
mod volumes;
mod waiting;
mod witnessing;

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use counterpart_core::keyring::Keyring;
use counterpart_core::ledger::{Ledger, LedgerError, LogKeys, Signatures};
use counterpart_core::storage::{LockStore, Store, StoreError, Waiting};
use counterpart_core::time::Timestamp;
use tokio::sync::watch;

pub use opening::{Care, Scrubbing, Statements};
pub use pages::Tried;
pub use receipt::AnswerKey;
pub use serve::serve;
pub use settings::{Flooding, PublicUrl, Settings};
pub use witnessing::Witnessing;

use behind::{Helper, Looked, Snapshotter};
use body::Allowance;
use erasing::{Done, Eraser};
use flood::Counters;
use health::Metrics;
use opening::Opened;
use pending::Shelf;
use reader::Reader;
use sequencer::{Owned, Sequencer};
use sessions::Sessions;
use submitted::Directory;
use volumes::Volumes;

/// Where the time comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What a server is made of.
pub struct Parts {
    /// Keeps entries and words.
    pub store: Arc<dyn Store>,
    /// Keeps signed checkpoints.
    pub locks: Arc<dyn LockStore>,
    /// Sign checkpoints, under the origin of the log: the key in force, and the one that is to follow it.
    pub log_keys: LogKeys,
    /// Signs refusals.
    pub answer_key: AnswerKey,
    /// The time.
    pub clock: Clock,
    /// Which signatures are checked again at the start.
    pub signatures: Signatures,
    /// Limits.
    pub settings: Settings,
    /// Random bytes, fresh for each start: they seal challenges and sessions.
    pub secret: [u8; 32],
    /// Keeps what waits for signatures.
    pub waiting: Arc<dyn Waiting>,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The ledger cannot be opened.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Words that are gone by order of the log cannot be destroyed.
    #[error("words that the log orders to be erased cannot be destroyed, so none are served")]
    Erasing(#[source] StoreError),
    /// A key is not one that the genesis names.
    #[error("{0}")]
    Key(String),
    /// What waits for signatures cannot be read.
    #[error("what waits for signatures cannot be read")]
    Waiting(#[source] StoreError),
    /// The machine gives no thread.
    #[error("a thread cannot be started")]
    Thread(#[source] std::io::Error),
}

/// A running ledger behind its routes.
pub struct App {
    store: Arc<dyn Store>,
    locks: Arc<dyn LockStore>,
    origin: String,
    ledger: OnceLock<Arc<str>>,
    /// The log's keys that are here, as vkeys; the first is the one that the ledger was founded with, if it is here.
    vkeys: Vec<String>,
    answer_key: AnswerKey,
    clock: Clock,
    settings: Settings,
    keyring: Arc<RwLock<Keyring>>,
    directory: Arc<Directory>,
    volumes: Arc<Volumes>,
    reader: Arc<Reader>,
    sequencer: Sequencer,
    sessions: Sessions,
    pending: Shelf,
    bodies: Allowance,
    flood: Counters,
    metrics: Metrics,
    closing: watch::Sender<bool>,
    readers: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
    titles: Arc<pages::Titles>,
    eraser: Eraser,
    tried: OnceLock<Vec<Tried>>,
    snapshots: Option<Arc<Snapshotter>>,
    looked: Option<Arc<Looked>>,
    statements: Statements,
    helpers: Vec<Helper>,
}

impl App {
    /// Opens the ledger, replays it, and starts deciding.
    ///
    /// # Errors
    ///
    /// [`StartError`]: nothing was signed then.
    pub fn start(parts: Parts) -> Result<Arc<Self>, StartError> {
        Self::start_with(parts, Care::default())
    }

    /// The same, from a snapshot where there is one, and with care for the store while it serves.
    ///
    /// # Errors
    ///
    /// [`StartError`]: nothing was signed then.
    pub fn start_with(parts: Parts, care: Care) -> Result<Arc<Self>, StartError> {
        let Parts { store, locks, log_keys, answer_key, clock, signatures, settings, secret, waiting } = parts;
        let origin = log_keys.origin().to_owned();
        let vkeys: Vec<String> = log_keys.vkeys().map(|vkey| vkey.to_string()).collect();
        let Opened { ledger, mut view, covered } = opening::open(&store, &locks, log_keys, signatures, &care)?;
        check_keys(&ledger, &answer_key)?;
        // INVARIANT: no word is served before what the log erased is gone, whatever copy this store was restored from.
        let carried_out = Done::all(&*store, ledger.state(), clock()).map_err(StartError::Erasing)?;
        if let Some(note) = ledger.checkpoint() {
            view.publish(String::from_utf8_lossy(&note).into());
        }
        let pending = Shelf::load(waiting).map_err(StartError::Waiting)?;
        let directory = Arc::new(Directory::of(ledger.state()));
        let keyring = Arc::new(RwLock::new(ledger.keyring().clone()));
        let volumes = Arc::new(Volumes::from(view.size()));
        let (reader, groups, readers) =
            Reader::start(view, Arc::clone(&volumes), settings.patience).map_err(StartError::Thread)?;
        let titles = Arc::new(pages::Titles::default());
        let desk = erasing::Desk {
            store: Arc::clone(&store),
            reader: Arc::clone(&reader),
            clock: Arc::clone(&clock),
            titles: Arc::clone(&titles),
        };
        let eraser = Eraser::start(desk, carried_out).map_err(StartError::Thread)?;
        let owned = Owned {
            ledger,
            keyring: Arc::clone(&keyring),
            directory: Arc::clone(&directory),
            reader: Arc::clone(&reader),
            groups,
            clock: Arc::clone(&clock),
        };
        let sequencer =
            Sequencer::start(owned, settings.queue, care.statements.ending()).map_err(StartError::Thread)?;
        let snapshots = care.snapshots.map(|kept| Arc::new(Snapshotter::new(kept, care.snapshot_every, covered)));
        let looked = care.scrub.as_ref().map(|_| Arc::new(Looked::default()));
        let mut helpers = Vec::new();
        if let Some(snapshots) = snapshots.clone() {
            let reader = Arc::clone(&reader);
            let follow = move |ended: &_| snapshots.follow(&reader, ended);
            helpers.push(Helper::start("snapshots", follow).map_err(StartError::Thread)?);
        }
        if let (Some(looked), Some(how)) = (looked.clone(), care.scrub) {
            helpers.push(Helper::start("scrub", move |ended| looked.follow(&how, ended)).map_err(StartError::Thread)?);
        }
        Ok(Arc::new(Self {
            store,
            locks,
            origin,
            ledger: OnceLock::new(),
            vkeys,
            answer_key,
            clock,
            bodies: Allowance::new(settings.body_memory, settings.slowest_body),
            flood: Counters::new(settings.flooding),
            settings,
            keyring,
            directory,
            volumes,
            reader,
            sequencer,
            sessions: Sessions::new(secret),
            pending,
            metrics: Metrics::default(),
            closing: watch::Sender::new(false),
            readers: std::sync::Mutex::new(Some(readers)),
            titles,
            eraser,
            tried: OnceLock::new(),
            snapshots,
            looked,
            statements: care.statements,
            helpers,
        }))
    }

    /// Every route, for a server or for a test in the same process.
    pub fn router(self: &Arc<Self>) -> Router {
        let routes = routes().into_iter();
        routes
            .fold(Router::new(), |router, (path, methods)| router.route(path, methods))
            .merge(pages::routes())
            .fallback(pages::nothing_here)
            .method_not_allowed_fallback(pages::other_method)
            .layer(axum::middleware::from_fn_with_state(Arc::clone(self), closed::gate))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(self), around::around))
            .with_state(Arc::clone(self))
    }

    /// Finishes what was accepted and records nothing more. Feeds end.
    pub async fn stop(&self) {
        self.closing.send_replace(true);
        for helper in &self.helpers {
            helper.stop().await;
        }
        self.eraser.stop().await;
        self.sequencer.stop().await;
        // The sequencer held the only end to which groups are handed, so the readers' thread ends too.
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(readers) = readers {
            let _ = tokio::task::spawn_blocking(move || readers.join()).await;
        }
        if let Some(snapshots) = self.snapshots.clone() {
            let reader = Arc::clone(&self.reader);
            let _ = tokio::task::spawn_blocking(move || snapshots.finish(&reader)).await;
        }
    }

    /// Ends the server if another one has taken the store over.
    pub(crate) async fn look_for_a_newer_owner(&self) {
        let locks = Arc::clone(&self.locks);
        let loaded = tokio::task::spawn_blocking(move || locks.load()).await;
        if let Ok(Err(why @ StoreError::Fenced { .. })) = loaded {
            self.sequencer.condition().fence(&why);
        }
    }

    /// The key that signs the newest checkpoint, as a vkey.
    pub(crate) fn vkey(&self) -> String {
        let view = self.reader.view();
        let founded = view.state().founded.as_ref();
        let current = founded.and_then(|founded| founded.log_key_at(view.size())).map(str::to_owned);
        current.or_else(|| self.vkeys.first().cloned()).unwrap_or_default()
    }

    /// Whether this is the demonstration, whose every answer says so.
    pub(crate) fn is_demonstration(&self) -> bool {
        self.origin == pages::DEMONSTRATION
    }

    /// The name of the ledger, once it is founded.
    fn ledger_name(&self) -> Option<Arc<str>> {
        if let Some(name) = self.ledger.get() {
            return Some(Arc::clone(name));
        }
        // Once it has a name it keeps it, and nobody waits for the view to read it.
        let name: Arc<str> = self.reader.view().state().founded.as_ref().map(|founded| Arc::from(&*founded.ledger))?;
        Some(Arc::clone(self.ledger.get_or_init(|| name)))
    }
}

/// Every path and what answers there.
fn routes() -> [(&'static str, MethodRouter<Arc<App>>); 38] {
    [
        ("/api/v1/events", get(events::list).post(submit::event)),
        ("/api/v1/events/batch", post(batch::batch)),
        ("/api/v1/events/stream", get(feed::feed)),
        ("/api/v1/events/{name}", get(events::one)),
        ("/api/v1/prepare", post(prepare::prepare)),
        ("/api/v1/validate", post(validate::validate)),
        ("/api/v1/agreements", get(agreements::list)),
        ("/api/v1/agreements/{id}", get(agreements::one)),
        ("/api/v1/agreements/{id}/history", get(agreements::history)),
        ("/api/v1/agreements/{id}/versions/{n}", get(versions::one)),
        ("/api/v1/agreements/{id}/export", get(export::one)),
        ("/api/v1/organisations", get(organisations::list)),
        ("/api/v1/organisations/{code}", get(organisations::one)),
        ("/api/v1/organisations/{code}/roles", get(organisations::roles)),
        ("/api/v1/organisations/{code}/inbox", get(waiting::inbox)),
        ("/api/v1/organisations/{code}/duties", get(waiting::duties)),
        ("/api/v1/waiting", get(waiting::totals)),
        ("/api/v1/register", get(pages::feeds::json)),
        ("/register.csv", get(pages::feeds::csv)),
        ("/register.atom", get(pages::feeds::atom)),
        ("/api/v1/pending", get(pending::list).post(pending::open)),
        ("/api/v1/pending/{digest}", get(pending::one)),
        ("/api/v1/pending/{digest}/signatures", post(pending::sign)),
        ("/api/v1/pending/{digest}/withdraw", post(pending::withdraw)),
        ("/api/v1/sessions", post(sessions::sessions)),
        ("/log/checkpoint", get(log::checkpoint)),
        ("/log/tile/{*path}", get(log::tile)),
        ("/log/data/{sha256}", get(log::data)),
        ("/log/vkey", get(log::vkey)),
        ("/log/keys/{name}", get(log::keys)),
        ("/log/statements/{name}", get(log::statement)),
        ("/log/proof/{index}", get(log::proof)),
        ("/schemas/{*path}", get(pages::schema)),
        ("/problems/{code}", get(pages::problem)),
        ("/openapi.json", get(openapi::openapi)),
        ("/healthz", get(health::alive)),
        ("/readyz", get(health::ready)),
        ("/metrics", get(health::metrics)),
    ]
}

/// Every path that is served; `{*path}` stands for several segments.
pub fn paths() -> impl Iterator<Item = &'static str> {
    routes().into_iter().map(|(path, _)| path)
}

/// A server with keys that the genesis does not name would sign what nobody can check.
fn check_keys(ledger: &Ledger<dyn Store, dyn LockStore>, answer_key: &AnswerKey) -> Result<(), StartError> {
    let Some(founded) = &ledger.state().founded else { return Ok(()) };
    let vkey = ledger.log_key().map_err(StartError::Key)?;
    if !founded.log_keys.iter().any(|named| **named == *vkey) {
        return Err(StartError::Key(format!("the log key `{vkey}` is not one that this ledger was founded with")));
    }
    if !founded.answer_keys.iter().any(|named| named.key_id() == answer_key.id()) {
        let id = answer_key.id();
        return Err(StartError::Key(format!("the answer key {id} is not one that this ledger was founded with")));
    }
    Ok(())
}
