//! Reading what was recorded: entries from the store, checkpoints by size, and the first receipt of an event.

use std::ops::Range;
use std::sync::Arc;

use counterpart_core::replay::read;
use counterpart_core::storage::StoreError;

use crate::App;
use crate::problem::Problem;
use crate::receipt::Receipt;
use crate::sequencer::Placed;

impl App {
    /// Entries from where they are kept.
    ///
    /// # Errors
    ///
    /// H503 when the store cannot read.
    pub(crate) async fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, Problem> {
        let store = Arc::clone(&self.store);
        self.reading(move || {
            let mut entries = Vec::new();
            store.read_back(range, &mut |_, bytes| entries.push(bytes.to_vec()))?;
            Ok(entries)
        })
        .await
    }

    /// The first checkpoint of this size, if one was published, with its cosignatures where its quorum was reached.
    ///
    /// # Errors
    ///
    /// H503 when the store cannot read.
    pub(crate) async fn checkpoint_of(&self, size: u64) -> Result<Option<Arc<str>>, Problem> {
        let (locks, reader) = (Arc::clone(&self.locks), Arc::clone(&self.reader));
        self.reading(move || {
            let Some(own) = locks.at_size(size)? else { return Ok(None) };
            let own = String::from_utf8_lossy(&own);
            let cosigned = reader.witnesses().and_then(|witnesses| witnesses.cosigned(size));
            // What the witnesses saw is what the log signed, or it is not shown under the log's name.
            let text = |note: &str| note.rsplit_once("\n\n").map(|(text, _)| text.to_owned());
            let cosigned = cosigned.filter(|cosigned| text(cosigned) == text(&own));
            Ok(Some(cosigned.unwrap_or_else(|| own.into_owned()).into()))
        })
        .await
    }

    /// The receipt that was given when the event at `index` was recorded.
    ///
    /// # Errors
    ///
    /// H503 when the store cannot read.
    pub(crate) async fn first_receipt(&self, index: u64) -> Result<Vec<u8>, Problem> {
        self.reader.at_least(index + 1).await?;
        let newest = self.reader.view().size();
        let (store, locks) = (Arc::clone(&self.store), Arc::clone(&self.locks));
        let (entry, note) = self
            .reading(move || {
                let entry = store.entry(index)?.ok_or(StoreError::NoEntry { index, size: newest })?;
                // Groups are small, so the checkpoint that first covered the entry is near.
                for size in index + 1..=newest {
                    if let Some(note) = locks.at_size(size)? {
                        return Ok((entry, (size, note)));
                    }
                }
                Err(StoreError::NoEntry { index, size: newest })
            })
            .await?;
        let unreadable = || Problem::unavailable("The entry cannot be read back. Whoever runs the server is told.");
        let read = read(&entry).map_err(|_| unreadable())?;
        let (size, note) = note;
        let (hashes, revision) = {
            let view = self.reader.view();
            let hashes = view.tree().inclusion(index, size).map_err(|_| unreadable())?;
            let place = view.stream(read.event.stream).partition_point(|other| *other <= index);
            (hashes, place as u64)
        };
        let placed = Placed {
            index,
            recorded_at: read.entry.recorded_at,
            leaf: read.leaf,
            revision,
            hashes,
            checkpoint: String::from_utf8_lossy(&note).into(),
        };
        Ok(Receipt::new(&read.event, &placed).to_json())
    }

    /// Reads on a thread that may wait for the disk.
    pub(crate) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|_| Problem::unavailable(UNREAD))?.map_err(|error| unread(&error))
    }
}

const UNREAD: &str = "The store cannot read this now. Whoever runs the server is told.";

/// What a reader is told when the store cannot read; the cause goes to whoever runs the server.
pub(crate) fn unread(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store cannot read");
    Problem::unavailable(UNREAD)
}
