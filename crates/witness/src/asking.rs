//! The log's side: how it asks one witness for a cosignature.
//!
//! Witnesses in use differ from the specification in places; what they answer is read here, and nowhere else:
//!
//! | answer | what it means here |
//! |---|---|
//! | 200 with lines | a cosignature, if it verifies |
//! | 409 with a size not beyond the checkpoint | prove from there, at once |
//! | 409 with a larger size | the witness has seen more than this checkpoint: [`Shortfall::Ahead`] |
//! | 409 without a size; 422 | another history: [`Shortfall::OtherHistory`] |
//! | 404; 403 | the witness does not know the log, or its key (one witness says 403 for both) |
//! | 429, 5xx, no answer | later |

use std::time::Duration;

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature;
use counterpart_tlog::note::{Check, Note, NoteSignature, Verifier as _, VerifierKey};
use counterpart_tlog::witness::{AddCheckpoint, parse_size};

/// How often a witness may name another size before it is given up for now: a log that grows while it asks needs two.
const TRIES_MAX: u32 = 4;

/// The longest answer that is read: several cosignatures of the largest type.
const ANSWER_LEN_MAX: u64 = 64 << 10;

/// What a witness answered, as HTTP brings it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
}

/// Brings a request to a witness.
pub trait Transport: Send + Sync {
    /// Posts `body` to `url`.
    ///
    /// # Errors
    ///
    /// There was no answer; in words for the log of the server.
    fn post(&self, url: &str, body: &str) -> Result<Reply, String>;

    /// Asks for what is at `url`.
    ///
    /// # Errors
    ///
    /// There was no answer; in words for the log of the server.
    fn get(&self, url: &str) -> Result<Reply, String>;
}

/// A cosignature that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The line to stand under the checkpoint.
    pub line: NoteSignature,
    /// When the witness saw it, in seconds since 1970.
    pub timestamp: u64,
}

/// A witness gave no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Shortfall {
    /// It has cosigned a larger size. If this log has never been so large, somebody has rolled it back.
    #[error("it has cosigned size {size}, which is more than the checkpoint it was shown")]
    Ahead {
        /// The size it has.
        size: u64,
    },
    /// It has cosigned another history.
    #[error("it says that the checkpoint does not continue what it has cosigned (status {status})")]
    OtherHistory {
        /// What it answered.
        status: u16,
    },
    /// It does not know this log or its key.
    #[error("it does not watch this log or does not know its key (status {status}); send it the log's verifier key")]
    Unknown {
        /// What it answered.
        status: u16,
    },
    /// Its cosignature does not verify with the key that the policy names.
    #[error("its cosignature does not verify with the key that the policy names")]
    WrongCosignature,
    /// Its cosignature is of a type that this version cannot check.
    #[error("its cosignature is of a type that this version cannot check")]
    UnknownType,
    /// It answers something that makes no sense.
    #[error("it answers what the specification does not allow: {0}")]
    Confused(String),
    /// It asks to be left alone for a while, or gives no answer.
    #[error("it cannot be asked now: {reason}")]
    Later {
        /// Why.
        reason: String,
        /// After how many seconds it wants to be asked again, if it says so.
        after: Option<u64>,
    },
}

/// Asks the witness at `url` to cosign `signed`, a checkpoint with its log's signatures.
///
/// `old` is the size that the witness is believed to have; `proof` gives the consistency proof from such a size to that
/// of the checkpoint. A witness that has another size is asked again at once, with a proof from there.
///
/// # Errors
///
/// [`Shortfall`].
pub fn submit(
    transport: &dyn Transport,
    url: &str,
    witness: &VerifierKey,
    signed: &Note,
    old: u64,
    proof: &dyn Fn(u64) -> Option<Vec<Hash>>,
) -> Result<Asked, Shortfall> {
    let confused = |what: &str| Shortfall::Confused(what.to_owned());
    let checkpoint = Checkpoint::parse_text(signed.text()).map_err(|error| confused(&error.to_string()))?;
    let note = own_lines(signed, &checkpoint.origin).ok_or_else(|| confused("the log has not signed"))?;
    let url = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let mut old = old.min(checkpoint.size);
    for _ in 0..TRIES_MAX {
        let Some(hashes) = proof(old) else {
            return Err(confused("it names a size from which there is no proof"));
        };
        let request = AddCheckpoint { old, proof: hashes, checkpoint: note.clone() };
        let reply =
            transport.post(&url, &request.to_string()).map_err(|reason| Shortfall::Later { reason, after: None })?;
        match reply.status {
            200 => return cosignature_in(&reply.body, witness, signed.text()),
            409 => match std::str::from_utf8(&reply.body).ok().and_then(lenient_size) {
                Some(size) if size > checkpoint.size => return Err(Shortfall::Ahead { size }),
                Some(size) if size != old => old = size,
                Some(_) => return Err(confused("it asks for a proof from the size that was proved from")),
                None => return Err(Shortfall::OtherHistory { status: 409 }),
            },
            422 => return Err(Shortfall::OtherHistory { status: 422 }),
            status @ (403 | 404) => return Err(Shortfall::Unknown { status }),
            status @ (429 | 500..) => {
                let reason = format!("status {status}");
                return Err(Shortfall::Later { reason, after: reply.retry_after });
            }
            status => return Err(Shortfall::Confused(format!("status {status}"))),
        }
    }
    Err(confused("it names a different size each time it is asked"))
}

/// The note with the lines of the log alone: some witnesses read no more than 16 KiB.
fn own_lines(signed: &Note, origin: &str) -> Option<String> {
    let lines = signed.signatures().iter().filter(|line| line.name() == origin).cloned().collect();
    Note::new(signed.text(), lines).ok().map(|note| note.to_string())
}

/// The size in a 409, with or without its newline.
fn lenient_size(body: &str) -> Option<u64> {
    parse_size(body).or_else(|| parse_size(&format!("{}\n", body.trim_ascii())))
}

fn cosignature_in(body: &[u8], witness: &VerifierKey, text: &str) -> Result<Asked, Shortfall> {
    let lines = NoteSignature::parse_lines(body).map_err(|error| Shortfall::Confused(error.to_string()))?;
    let line = lines
        .into_iter()
        .find(|line| line.name() == witness.name() && line.key_id() == witness.key_id())
        .ok_or(Shortfall::WrongCosignature)?;
    match witness.check(text, line.bytes()) {
        Check::Holds => {
            let timestamp = cosignature::timestamp(line.bytes()).ok_or(Shortfall::WrongCosignature)?;
            Ok(Asked { line, timestamp })
        }
        Check::Fails if counterpart_tlog::planted!("cosignature_unchecked") => Ok(Asked { line, timestamp: 1 }),
        Check::Fails => Err(Shortfall::WrongCosignature),
        Check::UnknownType => Err(Shortfall::UnknownType),
    }
}

/// Asks over HTTP, with one pool of connections.
#[derive(Debug)]
pub struct Http {
    agent: ureq::Agent,
}

impl Http {
    /// A transport that waits at most `patience` for an answer.
    pub fn new(patience: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(patience))
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("counterpart/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into() }
    }
}

impl Transport for Http {
    fn post(&self, url: &str, body: &str) -> Result<Reply, String> {
        reply(self.agent.post(url).content_type("text/plain; charset=utf-8").send(body))
    }

    fn get(&self, url: &str) -> Result<Reply, String> {
        reply(self.agent.get(url).call())
    }
}

fn reply(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Reply, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let status = answer.status().as_u16();
    let body = answer.body_mut().with_config().limit(ANSWER_LEN_MAX).read_to_vec();
    Ok(Reply { status, body: body.map_err(|error| error.to_string())?, retry_after })
}
