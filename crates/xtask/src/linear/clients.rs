//! Concurrent clients against the real routes and the real sequencer in this process, over a store that fails now and
//! then; whoever finds that recording has stopped starts the server again.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::ledger::Signatures;
use counterpart_core::time::Timestamp;
use counterpart_http::{AnswerKey, App, Parts, Settings};
use counterpart_store::faulty::{Chance, Failure, Faulty, Plan};
use counterpart_store::memory::{Memory, MemoryLocks, MemoryWaiting};
use counterpart_store::{LockStore, NewEntry, Store, StoreError, Swap, Waiting, Word};
use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::TILE_WIDTH;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::ServiceExt as _;

use super::history::{History, Operation, Told};
use super::material::{Material, answer_key, log_signer};

/// How many clients act at once.
const CLIENTS: usize = 8;

/// A store that outlives the server.
struct Kept(Arc<Memory>);

impl Store for Kept {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        self.0.append(expected, group)
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.0.read_back(range, each)
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.entry(index)
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.0.find(key, from, limit)
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        self.0.words(index)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        self.0.erase(index, names)
    }
}

/// The checkpoints likewise.
struct KeptLocks(Arc<MemoryLocks>);

impl LockStore for KeptLocks {
    fn load(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load()
    }

    fn swap(&self, seen: Option<&[u8]>, size: u64, new: &[u8]) -> Result<Swap, StoreError> {
        self.0.swap(seen, size, new)
    }

    fn at_size(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.at_size(size)
    }
}

/// What all clients share.
struct Stand {
    entries: Arc<Memory>,
    locks: Arc<MemoryLocks>,
    waiting: Arc<MemoryWaiting>,
    material: Arc<Material>,
    running: tokio::sync::RwLock<(u64, Router, Arc<App>)>,
    chance: Mutex<Chance>,
    clock: AtomicU64,
    done: Mutex<Vec<Operation>>,
}

/// A history, and how often the server was started again in it.
pub struct Made {
    /// What was done.
    pub history: History,
    /// Starts after a failure of the store.
    pub restarts: u64,
}

/// Makes a history of so many operations.
///
/// # Errors
///
/// The server does not start, or answers what is no answer.
pub async fn make(seed: u64, operations: usize, material: &Arc<Material>) -> Result<Made> {
    let (entries, locks) = (Arc::new(Memory::new()), Arc::new(MemoryLocks::new()));
    let waiting = Arc::new(MemoryWaiting::new());
    // The founding is no part of the history, and nothing fails in it.
    let app = start(&entries, &locks, &waiting, material, None)?;
    let router = app.router();
    for body in &material.founding {
        let (status, answer) = ask(&router, post(body)?).await?;
        anyhow::ensure!(status == 201, "the founding is answered {status}: {}", String::from_utf8_lossy(&answer));
    }
    app.stop().await;
    let founded = entries.size();
    let mut chance = Chance(seed);
    let app = start(&entries, &locks, &waiting, material, Some(plan(&mut chance)))?;
    let running = tokio::sync::RwLock::new((0, app.router(), app));
    let stand = Arc::new(Stand {
        entries,
        locks,
        waiting,
        material: Arc::clone(material),
        running,
        chance: Mutex::new(chance),
        clock: AtomicU64::new(1),
        done: Mutex::default(),
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|place| {
            let client = Client::new(place, Arc::clone(&stand), Chance(seed ^ (0xC11E << 8) ^ place as u64));
            tokio::spawn(client.acts(operations / CLIENTS))
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let (restarts, _, app) = &*stand.running.read().await;
    app.stop().await;
    let done = std::mem::take(&mut *stand.done.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Made { history: History { operations: done, log: log(&stand, founded)? }, restarts: *restarts })
}

/// The whole log, from the store itself.
fn log(stand: &Stand, founded: u64) -> Result<Vec<(Option<usize>, Hash)>> {
    let mut log = Vec::new();
    for index in 0..stand.entries.size() {
        let bytes = stand.entries.entry(index)?.context("an entry")?;
        let read = counterpart_core::replay::read(&bytes).map_err(|stop| anyhow::anyhow!("entry {index}: {stop}"))?;
        let event = stand.material.numbers.get(&read.event.id.to_string()).copied();
        anyhow::ensure!(event.is_some() || index < founded, "entry {index} is an event that nobody made");
        log.push((event, read.leaf));
    }
    Ok(log)
}

/// One of the next calls that write fails: nothing done, half done, or done and reported lost.
fn plan(chance: &mut Chance) -> Arc<Plan> {
    let failure = match chance.below(3) {
        0 => Failure::Before,
        1 => Failure::Half,
        _ => Failure::After,
    };
    Plan::new(1 + chance.below(150), failure)
}

fn start(
    entries: &Arc<Memory>,
    locks: &Arc<MemoryLocks>,
    waiting: &Arc<MemoryWaiting>,
    material: &Arc<Material>,
    plan: Option<Arc<Plan>>,
) -> Result<Arc<App>> {
    let plan = plan.unwrap_or_else(|| Plan::new(u64::MAX, Failure::Before));
    let (now, waiting): (Timestamp, Arc<dyn Waiting>) = (material.now, waiting.clone());
    let app = App::start(Parts {
        store: Arc::new(Faulty::new(Kept(Arc::clone(entries)), Arc::clone(&plan))),
        locks: Arc::new(Faulty::new(KeptLocks(Arc::clone(locks)), plan)),
        log_keys: log_signer()?.into(),
        answer_key: AnswerKey::new(answer_key()),
        clock: Arc::new(move || now),
        signatures: Signatures::OfUncovered,
        settings: Settings::default(),
        secret: [5; 32],
        waiting,
    });
    app.context("the server does not start")
}

fn post(body: &[u8]) -> Result<Request<Body>> {
    let request = Request::post("/api/v1/events").header("content-type", "application/json");
    Ok(request.body(Body::from(body.to_vec()))?)
}

async fn ask(router: &Router, request: Request<Body>) -> Result<(u16, Vec<u8>)> {
    let response = router.clone().oneshot(request).await?;
    let status = response.status().as_u16();
    Ok((status, response.into_body().collect().await?.to_bytes().to_vec()))
}

impl Stand {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn note(&self, from: u64, told: Told) {
        let operation = Operation { from, to: self.tick(), told };
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }

    /// Starts the server again, unless somebody has done so meanwhile. A start may itself meet the next failure.
    async fn restart(&self, generation: u64) -> Result<()> {
        let mut running = self.running.write().await;
        if running.0 != generation {
            return Ok(());
        }
        running.2.stop().await;
        let plan = plan(&mut self.chance.lock().unwrap_or_else(PoisonError::into_inner));
        let (entries, locks, waiting) = (&self.entries, &self.locks, &self.waiting);
        let app = match start(entries, locks, waiting, &self.material, Some(plan)) {
            Ok(app) => app,
            Err(_) => start(entries, locks, waiting, &self.material, None)?,
        };
        *running = (generation + 1, app.router(), app);
        Ok(())
    }
}

struct Client {
    stand: Arc<Stand>,
    chance: Chance,
    next: usize,
    place: usize,
    in_doubt: Vec<usize>,
    told: Vec<usize>,
    size: u64,
}

impl Client {
    const fn new(place: usize, stand: Arc<Stand>, chance: Chance) -> Self {
        Self { stand, chance, next: 0, place, in_doubt: Vec::new(), told: Vec::new(), size: 0 }
    }

    async fn acts(mut self, operations: usize) -> Result<()> {
        for _ in 0..operations {
            match self.chance.below(100) {
                0..45 => {
                    let again = if self.chance.below(2) == 0 { self.in_doubt.pop() } else { None };
                    let event = again.unwrap_or_else(|| {
                        self.next += 1;
                        (self.next - 1) * CLIENTS + self.place
                    });
                    self.sends(event).await?;
                }
                45..50 => {
                    if let Some(event) = pick(&mut self.chance, &self.told) {
                        self.sends(event).await?;
                    }
                }
                50..72 => self.reads_checkpoint().await?,
                72..88 => self.reads_prefix().await?,
                _ => self.looks_for().await?,
            }
        }
        Ok(())
    }

    /// Asks, and gives the answer; nothing when nothing was decided, and then the server is started again.
    async fn asks(&self, request: Request<Body>) -> Result<Option<(u16, Vec<u8>)>> {
        let (generation, router) = {
            let running = self.stand.running.read().await;
            (running.0, running.1.clone())
        };
        let (status, body) = ask(&router, request).await?;
        if status < 500 {
            return Ok(Some((status, body)));
        }
        self.stand.restart(generation).await?;
        Ok(None)
    }

    async fn sends(&mut self, event: usize) -> Result<()> {
        let Some(body) = self.stand.material.events.get(event) else { return Ok(()) };
        let from = self.stand.tick();
        match self.asks(post(body)?).await? {
            Some((200 | 201, body)) => {
                let told = receipt(event, &body)?;
                if let Told::Recorded { size, .. } = told {
                    self.size = self.size.max(size);
                }
                self.stand.note(from, told);
                self.told.push(event);
            }
            Some((status, body)) => {
                anyhow::bail!("event {event} is answered {status}: {}", String::from_utf8_lossy(&body));
            }
            None => {
                self.stand.note(from, Told::InDoubt { event });
                self.in_doubt.push(event);
            }
        }
        Ok(())
    }

    async fn reads_checkpoint(&mut self) -> Result<()> {
        let from = self.stand.tick();
        let Some((200, note)) = self.asks(Request::get("/log/checkpoint").body(Body::empty())?).await? else {
            return Ok(());
        };
        let (checkpoint, _) = Checkpoint::parse(&note)?;
        self.size = self.size.max(checkpoint.size);
        self.stand.note(from, Told::Checkpoint { size: checkpoint.size, root: checkpoint.root });
        Ok(())
    }

    async fn reads_prefix(&mut self) -> Result<()> {
        let width = self.size.min(u64::from(TILE_WIDTH));
        let path = match width {
            0 => return Ok(()),
            width if width == u64::from(TILE_WIDTH) => "/log/tile/0/000".to_owned(),
            width => format!("/log/tile/0/000.p/{width}"),
        };
        let from = self.stand.tick();
        let Some((status, bytes)) = self.asks(Request::get(path).body(Body::empty())?).await? else { return Ok(()) };
        anyhow::ensure!(
            status == 200,
            "the first {width} hashes are answered {status} after {} were told of",
            self.size
        );
        let (hashes, _) = bytes.as_chunks::<{ Hash::LEN }>();
        let leaves: Vec<Hash> = hashes.iter().copied().map(Hash::from_bytes).collect();
        anyhow::ensure!(leaves.len() as u64 == width, "{} hashes are given of {width}", leaves.len());
        self.stand.note(from, Told::Prefix(leaves));
        Ok(())
    }

    async fn looks_for(&mut self) -> Result<()> {
        let reach = (self.next + 1) * CLIENTS;
        let event = usize::try_from(self.chance.below(reach as u64))?;
        let Some(id) = self.stand.material.ids.get(event) else { return Ok(()) };
        let request = Request::get(format!("/api/v1/events/{id}")).body(Body::empty())?;
        let from = self.stand.tick();
        match self.asks(request).await? {
            Some((200, body)) => {
                let row: Value = serde_json::from_slice(&body)?;
                let index = row.get("index").and_then(Value::as_u64).context("an event has an index")?;
                self.stand.note(from, Told::Found { event, index });
            }
            Some((404, _)) => self.stand.note(from, Told::Absent { event }),
            Some((status, _)) => anyhow::bail!("looking for an event is answered {status}"),
            None => {}
        }
        Ok(())
    }
}

fn pick(chance: &mut Chance, some: &[usize]) -> Option<usize> {
    let place = usize::try_from(chance.below(some.len() as u64)).ok()?;
    some.get(place).copied()
}

fn receipt(event: usize, body: &[u8]) -> Result<Told> {
    let receipt: Value = serde_json::from_slice(body)?;
    let text =
        |name: &str| receipt.get(name).and_then(Value::as_str).with_context(|| format!("a receipt has `{name}`"));
    let leaf: [u8; 32] =
        STANDARD.decode(text("leaf_hash")?)?.try_into().map_err(|_| anyhow::anyhow!("a leaf hash has 32 bytes"))?;
    let index = receipt.get("index").and_then(Value::as_u64).context("a receipt has `index`")?;
    let (checkpoint, _) = Checkpoint::parse(text("checkpoint")?.as_bytes())?;
    let (size, root) = (checkpoint.size, checkpoint.root);
    Ok(Told::Recorded { event, index, leaf: Hash::from(leaf), size, root })
}

/// Which number an event has, by its id.
pub type Numbers = HashMap<String, usize>;
