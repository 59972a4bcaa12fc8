//! The write path as the server drives it: whatever waits is opened at the door, decided as one group, made durable
//! and answered. The steps are those of the sequencer, taken one at a time.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use counterpart_core::door::{self, Earlier};
use counterpart_core::event;
use counterpart_core::ledger::{Ledger, LedgerError, Opened, Outcome};
use counterpart_core::london;
use counterpart_core::refusal::Refusal;
use counterpart_core::storage::StoreError;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Submission;
use counterpart_store::Store;
use counterpart_store::embedded::{Embedded, Locks};

use super::truth::{Receipt, Truth};

/// The largest group: small, so that several are made of what waits.
const GROUP: usize = 8;

/// A request that waits.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Who waits for the answer; nobody, for those who do not care.
    pub client: Option<usize>,
    /// The id of the event.
    pub id: String,
    /// The submission.
    pub body: Arc<[u8]>,
}

/// What a client is told.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is in the log.
    Recorded(Receipt),
    /// The rules said no: the code.
    Refused(String),
    /// Nothing was decided; why.
    Unavailable(&'static str),
}

/// A server that is up.
pub struct Server {
    /// Its files.
    pub store: Arc<Embedded>,
    /// Its ledger.
    pub ledger: Ledger<Embedded, Locks>,
    /// What waits.
    pub queue: Vec<Posted>,
    /// After a failure nothing is decided before the next start.
    pub stopped: bool,
}

impl Server {
    /// Takes a group of what waits and answers it at the server's time `now`.
    ///
    /// # Errors
    ///
    /// A promise was broken.
    pub fn serve(&mut self, now: Timestamp, truth: &mut Truth) -> Result<Vec<(Posted, Answer)>> {
        let count = self.queue.len().min(GROUP);
        let jobs: Vec<Posted> = self.queue.drain(..count).collect();
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let (mut answers, mut group, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            match self.open(&job.body, now) {
                Ok(opened) => {
                    group.push(opened);
                    waiting.push(job);
                }
                Err(code) => answers.push((job, Answer::Refused(code))),
            }
        }
        answers.extend(self.decide(&group, waiting, now, truth)?);
        Ok(answers)
    }

    /// The door.
    fn open(&self, body: &[u8], now: Timestamp) -> Result<Opened, String> {
        let Submission { envelope, disclosures } = Submission::parse(body).map_err(|e| e.code().to_owned())?;
        let event = event::parse(&envelope).map_err(|error| error.code().to_owned())?;
        let unchecked = match self.ledger.keyring().check(&event, &envelope) {
            Ok(checked) => !checked.unknown.is_empty(),
            Err(wrong @ Refusal::SignatureWrong { .. }) => return Err(wrong.code().to_owned()),
            Err(_) => true,
        };
        let disclosures = disclosures.map_err(|error| error.code().to_owned())?;
        let door = match door::View::of(self.ledger.state()) {
            Some(view) => {
                let today = london::date_of(now);
                door::check_submission(&view, today, &event, &disclosures, &Earlier::default()).map(drop)
            }
            None => door::open(&event.id.to_string(), &event.data, &disclosures).map(drop),
        };
        Ok(Opened { envelope, event, disclosures, unchecked, door })
    }

    fn decide(
        &mut self,
        group: &[Opened],
        waiting: Vec<Posted>,
        now: Timestamp,
        truth: &mut Truth,
    ) -> Result<Vec<(Posted, Answer)>> {
        if group.is_empty() {
            return Ok(Vec::new());
        }
        let all = |waiting: Vec<Posted>, why| waiting.into_iter().map(|job| (job, Answer::Unavailable(why))).collect();
        if self.stopped {
            return Ok(all(waiting, "stopped"));
        }
        let committed = match self.ledger.commit(group, now) {
            Ok(committed) => committed,
            Err(LedgerError::Clock { .. }) => return Ok(all(waiting, "clock")),
            Err(LedgerError::Store(StoreError::Full)) => {
                // Nothing was recorded, but the group was decided in memory.
                self.stopped = self.ledger.reopen().is_err();
                if !self.stopped {
                    self.told(truth)?;
                }
                return Ok(all(waiting, "full"));
            }
            Err(_) => {
                self.stopped = true;
                return Ok(all(waiting, "stopped"));
            }
        };
        let recorded = committed.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Recorded { .. }));
        if recorded {
            truth.recorded_at(committed.at)?;
        }
        self.told(truth)?;
        let mut answers = Vec::with_capacity(waiting.len());
        for (job, outcome) in waiting.into_iter().zip(committed.outcomes) {
            let answer = match outcome {
                Outcome::Recorded { index, .. } | Outcome::Repeated { index } => {
                    Answer::Recorded(self.receipt(index, &job.id)?)
                }
                Outcome::Refused(refusal) => Answer::Refused(refusal.code().to_owned()),
            };
            answers.push((job, answer));
        }
        Ok(answers)
    }

    /// A checkpoint covers everything that is held, and says nothing new of what was said before.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn told(&self, truth: &mut Truth) -> Result<()> {
        let Some(note) = self.ledger.checkpoint() else { return Ok(()) };
        truth.signed(self.ledger.tree(), &note, self.ledger.tree().size())?;
        ensure!(
            self.ledger.state().size == self.ledger.tree().size(),
            "VIOLATION state: it counts other entries than the tree"
        );
        Ok(())
    }

    /// The receipt of an entry, which must be the event that was sent.
    fn receipt(&self, index: u64, id: &str) -> Result<Receipt> {
        let tree = self.ledger.tree();
        let leaf = tree.leaf(index).with_context(|| format!("VIOLATION receipt: there is no entry {index}"))?;
        let bytes = self.store.entry(index).with_context(|| format!("VIOLATION lost: entry {index}"))?;
        let bytes = bytes.with_context(|| format!("VIOLATION lost: entry {index} is not in the store"))?;
        ensure!(
            counterpart_tlog::leaf_hash(&bytes) == leaf,
            "VIOLATION lost: entry {index} in the store is another than in the tree"
        );
        let read = counterpart_core::replay::read(&bytes).map_err(|stop| anyhow::anyhow!("VIOLATION entry: {stop}"))?;
        ensure!(read.event.id.to_string() == id, "VIOLATION receipt: entry {index} is another event than {id}");
        let note = self.ledger.checkpoint().context("VIOLATION receipt: there is no checkpoint")?;
        let proof = tree.inclusion(index, tree.size()).context("VIOLATION receipt: no proof")?;
        Ok(Receipt { index, leaf, note: note.to_vec(), proof })
    }
}
