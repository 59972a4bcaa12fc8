//! The witnesses of this log: asked behind every acknowledgement, never before one.
//!
//! What they said decides which checkpoint is published, what standing an entry has, whether the server is ready, and
//! whether it may go on recording.

use std::sync::{Arc, Weak};

use counterpart_tlog::policy::Policy;
use counterpart_witness::{Gathering, Keep, Recall, Surroundings, Transport, Witnessed};

use crate::reader::Reader;
use crate::{App, StartError};

/// Whom to ask, and how.
pub struct Witnessing {
    /// The log, its witnesses and their quorum.
    pub policy: Policy,
    /// Brings requests to witnesses.
    pub transport: Arc<dyn Transport>,
    /// Keeps each checkpoint whose quorum is reached.
    pub keep: Keep,
    /// What was kept last, before a restart.
    pub kept: Option<String>,
    /// Finds what was kept of any size.
    pub recall: Recall,
    /// Keeps a checkpoint which proves that this copy of the log is not the one that was published.
    pub evidence: Keep,
}

impl App {
    /// Begins to ask the witnesses of a policy about every checkpoint. Once, before the first request.
    ///
    /// # Errors
    ///
    /// The policy does not name the key of this log, or there is no thread.
    pub fn ask_witnesses(&self, witnessing: Witnessing) -> Result<(), StartError> {
        let Witnessing { policy, transport, keep, kept, recall, evidence } = witnessing;
        if !policy.logs().iter().any(|log| self.vkeys.contains(&log.key.to_string())) {
            let vkey = self.vkey();
            return Err(StartError::Key(format!("the policy of witnesses does not name this log; add `log {vkey}`")));
        }
        let clock = Arc::clone(&self.clock);
        let surroundings = Surroundings {
            transport,
            prover: prover(Arc::downgrade(&self.reader)),
            clock: Arc::new(move || u64::try_from(clock().millis() / 1000).unwrap_or_default()),
            keep,
            recall,
            evidence,
        };
        let gathering = Gathering::start(policy, surroundings, kept.as_deref()).map_err(StartError::Thread)?;
        self.reader.ask(gathering);
        Ok(())
    }

    /// The time in seconds since 1970.
    pub(crate) fn seconds(&self) -> u64 {
        u64::try_from((self.clock)().millis() / 1000).unwrap_or_default()
    }

    /// The newest checkpoint whose quorum covers the entry at `index`, if there is one yet.
    pub(crate) fn witnessed(&self, index: u64) -> Option<Witnessed> {
        self.reader.witnesses()?.witnessed().filter(|witnessed| index < witnessed.size)
    }
}

/// Proves from the readers' view, which is what was published.
fn prover(reader: Weak<Reader>) -> counterpart_witness::Prover {
    Arc::new(move |old, new| reader.upgrade()?.view().tree().consistency(old, new).ok())
}
