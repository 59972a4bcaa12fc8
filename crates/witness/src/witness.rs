//! The witness itself: trust, compare, keep, cosign, in one step for each log.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use counterpart_tlog::checkpoint::{Checkpoint, CheckpointError};
use counterpart_tlog::cosignature::{self, Cosigner};
use counterpart_tlog::note::{Note, NoteSignature, VerifierKey};

use crate::decide::{self, Refused, Seen};
use crate::logs::Logs;
use crate::records::Records;

/// How far the clock may go back before a witness stops to cosign, in seconds: what a time server corrects.
const CLOCK_BACK_MAX: u64 = 60;

/// A complete witness of several logs.
pub struct Witness {
    cosigner: Cosigner,
    logs: Logs,
    records: Arc<dyn Records>,
    // INVARIANT: a slot is locked from the comparison until the new checkpoint is durable.
    slots: BTreeMap<String, Mutex<Slot>>,
}

/// What is known of one log.
#[derive(Debug, Default)]
struct Slot {
    seen: Option<Seen>,
    // INVARIANT: once set, this log is answered no more until a restart has read what is really kept.
    in_doubt: bool,
}

/// A witness cannot start.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// A record could not be read.
    #[error("the record of `{origin}` cannot be read")]
    Unreadable {
        /// Whose record.
        origin: String,
        /// The system's own words.
        #[source]
        source: io::Error,
    },
    /// A record is not what this witness kept.
    #[error(
        "the record of `{origin}` is damaged or was signed with another witness key ({fault}); restore it from a \
         copy, or retire this key: a witness that forgets can be shown a second history"
    )]
    Damaged {
        /// Whose record.
        origin: String,
        /// What is wrong.
        fault: CheckpointError,
    },
}

impl Witness {
    /// A witness that goes on from its records. Every record is checked against the witness's own key.
    ///
    /// # Errors
    ///
    /// A record cannot be read, or is not one that this witness signed.
    pub fn open(cosigner: Cosigner, logs: Logs, records: Arc<dyn Records>) -> Result<Self, WitnessError> {
        let mut slots = BTreeMap::new();
        for log in logs.iter() {
            let origin = log.origin().to_owned();
            let kept =
                records.load(&origin).map_err(|source| WitnessError::Unreadable { origin: origin.clone(), source })?;
            let seen = kept
                .map(|note| recall(&note, &origin, cosigner.vkey()))
                .transpose()
                .map_err(|fault| WitnessError::Damaged { origin: origin.clone(), fault })?;
            slots.insert(origin, Mutex::new(Slot { seen, in_doubt: false }));
        }
        Ok(Self { cosigner, logs, records, slots })
    }

    /// The key that others verify its cosignatures with.
    pub fn vkey(&self) -> &VerifierKey {
        self.cosigner.vkey()
    }

    /// The logs that it watches.
    pub const fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Answers `POST add-checkpoint`, received at `now` (seconds since 1970): the cosignature, which is durable.
    ///
    /// # Errors
    ///
    /// [`Refused`]; then nothing has changed.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Result<NoteSignature, Refused> {
        let trusted = decide::trust(&self.logs, body)?;
        let origin = trusted.log.origin();
        let slot = self.slots.get(origin).ok_or_else(|| Refused::UnknownLog(origin.to_owned()))?;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.in_doubt {
            return Err(Refused::Unable("an earlier write failed; restart it, and it will read what it kept".into()));
        }
        decide::consistent(&trusted, slot.seen.as_ref())?;
        let last = slot.seen.as_ref().map_or(0, |seen| seen.cosigned_at);
        if now.saturating_add(CLOCK_BACK_MAX) < last && !counterpart_tlog::planted!("witness_time_goes_back") {
            return Err(Refused::Unable("its clock has gone back".into()));
        }
        let cosigned_at = if counterpart_tlog::planted!("witness_time_goes_back") { now } else { now.max(last) };
        // Asked again within a second, the answer is the same and costs no write.
        if let Some(seen) =
            slot.seen.as_ref().filter(|seen| seen.cosigned_at == cosigned_at && seen.note.text() == trusted.text)
            && let Some(own) = own_line(&seen.note, self.vkey())
        {
            return Ok(own.clone());
        }
        let unable = |error: &dyn std::fmt::Display| Refused::Unable(error.to_string());
        let cosignature = self.cosigner.cosign(&trusted.text, cosigned_at).map_err(|error| unable(&error))?;
        let mut note = Note::new(trusted.text, trusted.signatures).map_err(|error| unable(&error))?;
        note.add(cosignature.clone()).map_err(|error| unable(&error))?;
        if !counterpart_tlog::planted!("witness_keeps_nothing")
            && let Err(error) = self.records.replace(origin, &note.to_string())
        {
            // From here it is not known which checkpoint is kept, and so nothing more is said about this log.
            slot.in_doubt = true;
            tracing::error!(log = origin, %error, "the record of a log could not be kept");
            return Err(Refused::Unable("its disk failed".into()));
        }
        let Checkpoint { size, root, .. } = trusted.checkpoint;
        slot.seen = Some(Seen { size, root, cosigned_at, note });
        Ok(cosignature)
    }

    /// The last checkpoint of this origin that it cosigned.
    pub fn seen(&self, origin: &str) -> Option<Seen> {
        self.slots.get(origin)?.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }

    /// The last cosigned checkpoint of the log whose monitoring path this is (`/<hexadecimal SHA-256>/checkpoint`).
    pub fn monitored(&self, path: &str) -> Option<Seen> {
        let log = self.logs.iter().find(|log| counterpart_tlog::witness::monitoring_path(log.origin()) == path)?;
        self.seen(log.origin())
    }
}

/// Reads back a record: it must bear the witness's own cosignature.
fn recall(bytes: &[u8], origin: &str, own: &VerifierKey) -> Result<Seen, CheckpointError> {
    let (checkpoint, note) = Checkpoint::verify(bytes, origin, own)?;
    let cosigned_at = own_line(&note, own).and_then(|line| cosignature::timestamp(line.bytes())).unwrap_or(0);
    Ok(Seen { size: checkpoint.size, root: checkpoint.root, cosigned_at, note })
}

fn own_line<'n>(note: &'n Note, own: &VerifierKey) -> Option<&'n NoteSignature> {
    note.signatures().iter().find(|line| line.name() == own.name() && line.key_id() == own.key_id())
}
