//! A server in this process, over the store that judges, with a clock that is a number.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::commitment::{Kind, commit};
use counterpart_core::json;
use counterpart_core::ledger::Signatures;
use counterpart_core::storage::{LockStore, Store, Waiting};
use counterpart_http::{AnswerKey, App, Care, Parts, Settings, StartError};
use counterpart_store::memory::{Memory, MemoryLocks, MemoryWaiting};
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::NoteSigner;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{Draft, ORIGIN, World, at, commitment, person};

/// The log key of the tests.
pub fn log_key() -> NoteSigner {
    NoteSigner::new(ORIGIN, SigningKey::from_bytes(&[77; 32])).unwrap()
}

/// The answer key that the world's genesis names.
pub fn answer_key() -> SigningKey {
    person("REG", "REG", 200).key
}

/// The world's genesis, with the log key of the tests.
pub fn genesis(world: &mut World, visibility: &str) -> Draft {
    let mut draft = world.genesis();
    draft.payload["data"]["log_keys"] = json!([log_key().vkey().to_string()]);
    draft.payload["data"]["visibility"] = json!(visibility);
    draft
}

/// The host that clients of the tests dial.
pub const HOST: &str = "ledger.test.example";

/// Limits under which no test waits long for what does not come.
pub fn impatient() -> Settings {
    Settings {
        patience: std::time::Duration::from_millis(500),
        public_url: Some(format!("https://{HOST}").parse().unwrap()),
        ..Settings::default()
    }
}

/// A server and its stores.
pub struct Running {
    pub world: World,
    pub store: Arc<dyn Store>,
    pub locks: Arc<dyn LockStore>,
    pub waiting: Arc<dyn Waiting>,
    pub app: Arc<App>,
    pub clock: Arc<AtomicI64>,
}

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub fn start(
    store: &Arc<dyn Store>,
    locks: &Arc<dyn LockStore>,
    waiting: &Arc<dyn Waiting>,
    clock: &Arc<AtomicI64>,
    settings: Settings,
) -> Result<Arc<App>, StartError> {
    start_with(store, locks, waiting, clock, settings, Care::default())
}

pub fn start_with(
    store: &Arc<dyn Store>,
    locks: &Arc<dyn LockStore>,
    waiting: &Arc<dyn Waiting>,
    clock: &Arc<AtomicI64>,
    settings: Settings,
    care: Care,
) -> Result<Arc<App>, StartError> {
    let own = Arc::clone(clock);
    let parts = Parts {
        store: Arc::clone(store),
        locks: Arc::clone(locks),
        log_keys: log_key().into(),
        answer_key: AnswerKey::new(answer_key()),
        clock: Arc::new(move || at(own.load(Ordering::SeqCst))),
        signatures: Signatures::OfUncovered,
        settings,
        secret: [5; 32],
        waiting: Arc::clone(waiting),
    };
    App::start_with(parts, care)
}

impl Running {
    /// A server of an empty ledger.
    pub fn empty() -> Self {
        Self::over(Arc::new(Memory::new()), Arc::new(MemoryLocks::new()), impatient())
    }

    pub fn over(store: Arc<dyn Store>, locks: Arc<dyn LockStore>, settings: Settings) -> Self {
        Self::cared_for(store, locks, settings, Care::default())
    }

    pub fn cared_for(store: Arc<dyn Store>, locks: Arc<dyn LockStore>, settings: Settings, care: Care) -> Self {
        let waiting: Arc<dyn Waiting> = Arc::new(MemoryWaiting::new());
        let world = World::new();
        let clock = Arc::new(AtomicI64::new(world.now));
        let app = start_with(&store, &locks, &waiting, &clock, settings, care).unwrap();
        Self { world, store, locks, waiting, app, clock }
    }

    /// A server of a founded ledger.
    pub async fn founded() -> Self {
        Self::empty().found("OPEN").await
    }

    /// A server where Camden is registered: chief 10.
    pub async fn with_camden() -> Self {
        let mut running = Self::founded().await;
        let draft = running.world.registration("CMD", &person("CMD", "CEX", 10));
        running.recorded(&draft).await;
        running
    }

    pub async fn found(mut self, visibility: &str) -> Self {
        let draft = genesis(&mut self.world, visibility);
        self.recorded(&draft).await;
        self
    }

    /// Posts an event that must be recorded; gives its receipt.
    pub async fn recorded(&mut self, draft: &Draft) -> Value {
        let answer = self.post_event(draft).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let receipt = answer.json();
        if receipt["index"] == 0 {
            let leaf = counterpart_tlog::Hash::from_base64(receipt["leaf_hash"].as_str().unwrap()).unwrap();
            self.world.ledger = format!("{ORIGIN}#{}", leaf.to_hex());
        }
        let stream = draft.payload["stream"].as_str().unwrap().to_owned();
        *self.world.revisions.entry(stream).or_insert(0) += 1;
        receipt
    }

    pub async fn post_event(&self, draft: &Draft) -> Answer {
        self.post("/api/v1/events", "application/json", submission(draft)).await
    }

    pub async fn post(&self, path: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        let request = Request::post(path).header("content-type", media_type).body(body.into()).unwrap();
        self.ask(request).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// The status alone, for answers that do not end.
    pub async fn app_answer(&self, request: Request<Body>) -> StatusCode {
        self.app.router().oneshot(request).await.unwrap().status()
    }

    /// Stops the server and starts another over the same stores.
    pub async fn restarted(self) -> Self {
        self.restarted_with(Care::default()).await
    }

    /// The same, with care for the store.
    pub async fn restarted_with(self, care: Care) -> Self {
        self.app.stop().await;
        let app = start_with(&self.store, &self.locks, &self.waiting, &self.clock, impatient(), care).unwrap();
        Self { app, ..self }
    }

    pub async fn checkpoint_size(&self) -> u64 {
        self.get("/log/checkpoint").await.text().lines().nth(1).unwrap().parse().unwrap()
    }
}

/// A draft with its placeholders replaced by commitments to words, and the words.
pub fn sealed(draft: &Draft) -> (Draft, Vec<Value>) {
    let id = draft.payload["id"].as_str().unwrap().to_owned();
    let mut payload = draft.payload.clone();
    let mut disclosures = Vec::new();
    seal(&mut payload["data"], "", &id, &mut disclosures);
    (Draft { payload, signers: draft.signers.clone() }, disclosures)
}

fn seal(value: &mut Value, place: &str, id: &str, disclosures: &mut Vec<Value>) {
    let placeholder = *value == commitment();
    if placeholder || value.get(WORDS).is_some() {
        let (kind, content) = match (value.get(WORDS), place.rsplit('/').next()) {
            (Some(Value::String(text)), _) => (Kind::Text, text.clone().into_bytes()),
            (Some(words), _) => (Kind::Json, json::to_jcs(words).unwrap()),
            (None, Some("holder")) => {
                let holder = json!({
                    "authority": "Scheme of delegation", "email": "post@body.example", "name": "A name", "post": "Officer",
                });
                (Kind::Json, json::to_jcs(&holder).unwrap())
            }
            // A file is sealed by its hash.
            (None, Some("order")) => (Kind::Sha256, [7; 32].to_vec()),
            (None, _) => (Kind::Text, b"Some words.".to_vec()),
        };
        let salt = *counterpart_tlog::Hash::of(format!("{id} {place}").as_bytes()).as_bytes();
        *value = json!({ "$commit": commit(&salt, id, place, kind, &content).to_string() });
        disclosures.push(json!({
            "content": STANDARD.encode(content), "kind": kind.as_str(), "pointer": place, "salt": STANDARD.encode(salt),
        }));
    } else if let Some(members) = value.as_object_mut() {
        for (name, member) in members {
            seal(member, &format!("{place}/{name}"), id, disclosures);
        }
    } else if let Some(elements) = value.as_array_mut() {
        for (position, element) in elements.iter_mut().enumerate() {
            seal(element, &format!("{place}/{position}"), id, disclosures);
        }
    }
}

/// In the data of a draft, what stands for a commitment to words of its own.
pub const WORDS: &str = "$words";

/// Words that are committed to when the draft is sealed: a text, or JSON.
pub fn words(words: impl Into<Value>) -> Value {
    json!({ WORDS: words.into() })
}

/// The submission of a draft, with the words that its commitments ask for.
pub fn submission(draft: &Draft) -> Vec<u8> {
    submission_with(draft, &[])
}

/// The same, with disclosures of commitments that the draft holds already.
pub fn submission_with(draft: &Draft, more: &[Value]) -> Vec<u8> {
    let (draft, mut disclosures) = sealed(draft);
    disclosures.extend_from_slice(more);
    let envelope: Value = serde_json::from_slice(&draft.envelope().canonical()).unwrap();
    json!({ "envelope": envelope, "disclosures": disclosures }).to_string().into_bytes()
}
