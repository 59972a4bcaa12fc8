//! Many at once: nobody's event is lost, recorded twice or told in two places.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use counterpart_core::storage::{LockStore, NewEntry, Store, StoreError, Swap, Word};
use counterpart_http::Settings;
use counterpart_store::embedded::{Embedded, Options};
use counterpart_store::memory::{Memory, MemoryLocks};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::running::{Running, impatient, submission};
use crate::world::person;

/// How many clients.
const CLIENTS: u8 = 64;

/// The code of the n-th organisation.
fn code(number: u8) -> &'static str {
    let letter = |place: u8| char::from(b'A' + place);
    Box::leak(format!("X{}{}", letter(number / 26), letter(number % 26)).into_boxed_str())
}

/// Registrations of bodies, each with a chief of its own.
fn registrations(running: &mut Running, count: u8) -> Vec<Vec<u8>> {
    let one = |number| {
        let code = code(number);
        submission(&running.world.registration(code, &person(code, "CEX", 100 + number)))
    };
    (0..count).map(one).collect()
}

async fn all_at_once(running: &Running, bodies: &[Vec<u8>]) -> Vec<(StatusCode, Value)> {
    let mut clients = Vec::new();
    for body in bodies {
        let router = running.app.router();
        let request = Request::post("/api/v1/events").header("content-type", "application/json");
        let request = request.body(Body::from(body.clone())).unwrap();
        clients.push(tokio::spawn(async move {
            let response = router.oneshot(request).await.unwrap();
            let status = response.status();
            let body = response.into_body().collect().await.unwrap().to_bytes();
            (status, serde_json::from_slice(&body).unwrap())
        }));
    }
    let mut answers = Vec::new();
    for client in clients {
        answers.push(client.await.unwrap());
    }
    answers
}

async fn sixty_four_clients(mut running: Running) {
    let bodies = registrations(&mut running, CLIENTS);
    let answers = all_at_once(&running, &bodies).await;
    assert!(answers.iter().all(|(status, _)| *status == StatusCode::CREATED), "{answers:?}");
    let indexes: BTreeSet<u64> = answers.iter().map(|(_, receipt)| receipt["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, (1..=u64::from(CLIENTS)).collect());
    let again = all_at_once(&running, &bodies).await;
    for ((status, first), (_, second)) in again.iter().zip(&answers) {
        assert_eq!((*status, first), (StatusCode::OK, second), "the first receipt answers a repeat");
    }
    let running = running.restarted().await;
    assert_eq!(running.checkpoint_size().await, 1 + u64::from(CLIENTS));
    let after = all_at_once(&running, &bodies).await;
    assert!(after.iter().zip(&answers).all(|((_, first), (_, second))| first == second));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_over_the_store_that_judges() {
    sixty_four_clients(Running::founded().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_over_files() {
    let folder = tempfile::tempdir().unwrap();
    let keys_of = |bytes: &[u8]| {
        let read = counterpart_core::replay::read(bytes).unwrap();
        vec![read.event.stream.to_string().into_bytes(), read.event.id.as_bytes().to_vec()]
    };
    let entropy =
        |bytes: &mut [u8]| bytes.iter_mut().zip((1..=u8::MAX).cycle()).for_each(|(byte, place)| *byte = place);
    let store = Arc::new(Embedded::open(folder.path(), &Options::new(Arc::new(entropy), Arc::new(keys_of))).unwrap());
    let locks: Arc<dyn LockStore> = store.locks();
    sixty_four_clients(Running::over(store, locks, impatient()).found("OPEN").await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_has_no_gap_and_no_repeat_while_others_write() {
    let mut running = Running::founded().await;
    let bodies = registrations(&mut running, CLIENTS);
    let feed = |last: &str| {
        let request = Request::get("/api/v1/events/stream").header("last-event-id", last).body(Body::empty()).unwrap();
        running.app.router().oneshot(request)
    };
    let mut early = feed("0").await.unwrap();
    assert_eq!(early.headers()["content-type"], "text/event-stream");
    all_at_once(&running, &bodies[..32]).await;
    let mut late = feed("7").await.unwrap();
    all_at_once(&running, &bodies[32..]).await;
    let all = u64::from(CLIENTS);
    assert_eq!(told(early.body_mut(), 1, all).await, (1..=all).collect::<Vec<_>>());
    assert_eq!(told(late.body_mut(), 8, all).await, (8..=all).collect::<Vec<_>>());
    for wrong in ["x", "-1", "65", "18446744073709551615"] {
        assert_eq!(feed(wrong).await.unwrap().status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    running.app.stop().await;
    assert!(early.body_mut().frame().await.is_none(), "a feed ends when the server stops");
}

/// Reads a feed until entry `last` and gives the ids in the order in which they came.
async fn told(body: &mut Body, first: u64, last: u64) -> Vec<u64> {
    let mut text = String::new();
    let end = format!("id: {last}\n");
    while !text.contains(&end) {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    let mut ids = Vec::new();
    for event in text.split("\n\n").filter(|event| event.starts_with("id: ")) {
        let mut lines = event.lines();
        let id: u64 = lines.next().unwrap().strip_prefix("id: ").unwrap().parse().unwrap();
        let data = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let row: Value = serde_json::from_str(data).unwrap();
        assert_eq!(row["index"], json!(id));
        assert!(id >= first);
        ids.push(id);
    }
    ids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_goes_away_changes_nothing() {
    let mut running = Running::founded().await;
    let bodies = registrations(&mut running, 16);
    for body in &bodies {
        let request = Request::post("/api/v1/events").header("content-type", "application/json");
        let request = request.body(Body::from(body.clone())).unwrap();
        // One poll hands the event over, or not even that; then the client is gone.
        let mut asking = Box::pin(running.app.router().oneshot(request));
        let _ = tokio::time::timeout(Duration::ZERO, &mut asking).await;
        drop(asking);
    }
    let answers = all_at_once(&running, &bodies).await;
    assert!(answers.iter().all(|(status, _)| status.is_success()), "{answers:?}");
    assert_eq!(running.checkpoint_size().await, 17, "each is recorded once, whoever waited for it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_stop_finishes_what_was_accepted() {
    let mut running = Running::founded().await;
    let bodies = registrations(&mut running, 32);
    let waiting = all_at_once(&running, &bodies);
    let (answers, ()) = tokio::join!(waiting, running.app.stop());
    let recorded = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count() as u64;
    let refused = answers.iter().filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).count() as u64;
    assert_eq!(recorded + refused, 32, "{answers:?}");
    assert_eq!(running.store.size(), 1 + recorded, "nothing was recorded that was not acknowledged");
    let answer = running.post("/api/v1/events", "application/json", bodies[0].clone()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// A store whose next appends wait at a gate, or fail.
struct Gated {
    inner: Memory,
    open: std::sync::Mutex<bool>,
    opened: std::sync::Condvar,
    full: std::sync::atomic::AtomicBool,
    broken: std::sync::atomic::AtomicBool,
}

impl Gated {
    fn new() -> Self {
        Self {
            inner: Memory::new(),
            open: std::sync::Mutex::new(true),
            opened: std::sync::Condvar::new(),
            full: false.into(),
            broken: false.into(),
        }
    }

    fn set(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.opened.notify_all();
    }
}

impl Store for Gated {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        drop(self.opened.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
        if self.full.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        if self.broken.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Poisoned("a sync failed".into()));
        }
        self.inner.append(expected, group)
    }

    fn read_back(&self, range: std::ops::Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.inner.read_back(range, each)
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.entry(index)
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.inner.find(key, from, limit)
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        self.inner.words(index)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        self.inner.erase(index, names)
    }
}

/// Checkpoints in memory, to show that any lock store will do.
#[derive(Default)]
struct Locks(MemoryLocks);

impl LockStore for Locks {
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

async fn over_a_gate(settings: Settings) -> (Running, Arc<Gated>) {
    let store = Arc::new(Gated::new());
    let running = Running::over(Arc::clone(&store) as Arc<dyn Store>, Arc::new(Locks::default()), settings);
    (running.found("OPEN").await, store)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_queue_says_so_at_once_and_loses_nothing() {
    let (mut running, store) = over_a_gate(Settings { queue: 4, ..impatient() }).await;
    let bodies = registrations(&mut running, 32);
    store.set(false);
    let opening = async {
        // At most one group is under way and four requests wait; the others are told before the gate opens.
        while store.inner.size() == 1 {
            tokio::task::yield_now().await;
            if running.get("/metrics").await.text().contains("counterpart_queue_waiting 4\n") {
                store.set(true);
            }
        }
    };
    let (answers, ()) = tokio::join!(all_at_once(&running, &bodies), opening);
    let busy: Vec<_> = answers.iter().filter(|(status, _)| *status == StatusCode::SERVICE_UNAVAILABLE).collect();
    let recorded = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count() as u64;
    assert!(!busy.is_empty());
    assert!(busy.iter().all(|(_, problem)| problem["code"] == "H503"), "{busy:?}");
    assert_eq!(running.checkpoint_size().await, 1 + recorded);
    assert_eq!(recorded + busy.len() as u64, 32);
}

#[tokio::test]
async fn a_full_disk_is_507_and_recording_goes_on_when_there_is_room() {
    let (mut running, store) = over_a_gate(impatient()).await;
    let draft = running.world.registration("CMD", &person("CMD", "CEX", 10));
    store.full.store(true, std::sync::atomic::Ordering::SeqCst);
    for _ in 0..2 {
        let answer = running.post_event(&draft).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (507, "H507"));
    }
    assert_eq!(running.get("/api/v1/organisations").await.json()["organisations"], json!([]));
    assert_eq!(running.get("/readyz").await.code(), "H507");
    store.full.store(false, std::sync::atomic::Ordering::SeqCst);
    running.clock.fetch_add(10_000, std::sync::atomic::Ordering::SeqCst);
    let receipt = running.recorded(&draft).await;
    assert_eq!(receipt["index"], json!(1));
    assert_eq!(running.get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn after_a_failure_nothing_is_recorded_and_reading_goes_on() {
    let (mut running, store) = over_a_gate(impatient()).await;
    let draft = running.world.registration("CMD", &person("CMD", "CEX", 10));
    store.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    for _ in 0..2 {
        let answer = running.post_event(&draft).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "H503"));
    }
    store.broken.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(running.post_event(&draft).await.code(), "H503", "only a restart verifies what is there");
    assert_eq!(running.get("/readyz").await.code(), "H503");
    assert_eq!(running.checkpoint_size().await, 1);
    assert_eq!(running.get("/api/v1/events/0").await.status, StatusCode::OK);
    let mut running = running.restarted().await;
    running.recorded(&draft).await;
}
