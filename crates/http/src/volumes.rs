//! How many bytes of words each agreement holds (G48): counted as they are recorded, and once from the store for what
//! was there before this process.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use counterpart_core::ids::{AgreementId, Stream};
use counterpart_core::storage::StoreError;

use crate::submitted::Submitted;

/// The words of one agreement.
#[derive(Clone, Copy, Debug, Default)]
struct Volume {
    /// Bytes recorded by this process.
    since: u64,
    /// Bytes that were there when it started, once they are counted.
    before: Option<u64>,
}

/// The words of every agreement that was asked for or grew.
#[derive(Debug)]
pub(crate) struct Volumes {
    /// Entries that were there when this process started.
    start: u64,
    counted: Mutex<HashMap<AgreementId, Volume>>,
}

impl Volumes {
    /// Counts from an entry on.
    pub(crate) fn from(start: u64) -> Self {
        Self { start, counted: Mutex::default() }
    }

    /// Takes in what was recorded. Words of other streams are not limited.
    pub(crate) fn add(&self, submitted: &Submitted) {
        let Stream::Agreement(id) = submitted.event.stream else { return };
        let bytes: u64 = submitted.disclosures.iter().map(|disclosure| disclosure.content.len() as u64).sum();
        if bytes > 0 {
            self.with(id, |volume| volume.since += bytes);
        }
    }

    /// Bytes that an agreement holds, whose stream is `entries`; `count` reads those of one entry.
    pub(crate) fn of(
        &self,
        id: AgreementId,
        entries: &[u64],
        count: impl Fn(u64) -> Result<u64, StoreError>,
    ) -> Result<u64, StoreError> {
        let known = self.with(id, |volume| *volume);
        if let Some(before) = known.before {
            return Ok(before + known.since);
        }
        // What is older does not change, so nobody else waits while it is counted.
        let older = entries.iter().take_while(|entry| **entry < self.start);
        let before = older.map(|entry| count(*entry)).sum::<Result<u64, _>>()?;
        Ok(self.with(id, |volume| {
            volume.before = Some(before);
            before + volume.since
        }))
    }

    fn with<T>(&self, id: AgreementId, work: impl FnOnce(&mut Volume) -> T) -> T {
        work(self.counted.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }
}
