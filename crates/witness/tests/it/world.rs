//! A log that can do anything, also what it may not, and a witness over a folder or a faulty disk.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Request, Response};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteSigner};
use counterpart_tlog::witness::AddCheckpoint;
use counterpart_tlog::{Hash, Tree, leaf_hash};
use counterpart_witness::{Logs, Records, Witness, router};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// When every test begins.
pub const START: u64 = 1_767_225_600;

/// A log with one key and one history.
pub struct Log {
    pub signer: NoteSigner,
    pub tree: Tree,
}

impl Log {
    /// A log of this origin; `history` tells apart what different logs of one key hold.
    pub fn new(origin: &str, seed: u8, history: &str, size: u64) -> Self {
        let mut log =
            Self { signer: NoteSigner::new(origin, SigningKey::from_bytes(&[seed; 32])).unwrap(), tree: Tree::new() };
        log.grow(history, size);
        log
    }

    pub fn grow(&mut self, history: &str, size: u64) {
        for index in self.tree.size()..size {
            self.tree.push(leaf_hash(format!("{history} {index}").as_bytes()));
        }
    }

    pub fn signed(&self, size: u64) -> Note {
        self.signed_as(size, self.tree.root_at(size).unwrap())
    }

    pub fn signed_as(&self, size: u64, root: Hash) -> Note {
        Checkpoint::new(self.signer.name(), size, root).sign(&[&self.signer]).unwrap()
    }

    /// The honest request from `old` to `new`.
    pub fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        AddCheckpoint { old, proof: self.tree.consistency(old, new).unwrap(), checkpoint: self.signed(new).to_string() }
    }

    pub fn vkey(&self) -> String {
        self.signer.vkey().to_string()
    }
}

/// Records in memory that fail when told to, before or after they have kept.
#[derive(Default)]
pub struct Faulty {
    pub kept: Mutex<HashMap<String, Vec<u8>>>,
    pub fail_before: AtomicBool,
    pub fail_after: AtomicBool,
    pub writes: AtomicU64,
}

impl Records for Faulty {
    fn load(&self, origin: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.kept.lock().unwrap().get(origin).cloned())
    }

    fn replace(&self, origin: &str, note: &str) -> io::Result<()> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        if self.fail_before.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk failed before"));
        }
        self.kept.lock().unwrap().insert(origin.to_owned(), note.as_bytes().to_vec());
        if self.fail_after.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk failed after"));
        }
        Ok(())
    }
}

pub fn cosigner() -> Cosigner {
    Cosigner::new("witness.example/w1", SigningKey::from_bytes(&[0x77; 32])).unwrap()
}

pub fn watching(logs: &[&Log], records: Arc<dyn Records>) -> Arc<Witness> {
    let mut list = Logs::new();
    for log in logs {
        list.add(&log.vkey()).unwrap();
    }
    Arc::new(Witness::open(cosigner(), list, records).unwrap())
}

/// What came back over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

pub fn post(witness: &Arc<Witness>, now: u64, body: &[u8]) -> Answer {
    let request = Request::post("/add-checkpoint").body(Body::from(body.to_vec())).unwrap();
    send(witness, now, request)
}

pub fn get(witness: &Arc<Witness>, path: &str) -> Answer {
    send(witness, START, Request::get(path).body(Body::empty()).unwrap())
}

fn send(witness: &Arc<Witness>, now: u64, request: Request<Body>) -> Answer {
    let service = router(Arc::clone(witness), Arc::new(move || now));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let response: Response<Body> = service.oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let content_type =
            response.headers().get("content-type").map_or("", |value| value.to_str().unwrap()).to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Answer { status, content_type, body: String::from_utf8(body.to_vec()).unwrap() }
    })
}
