//! The starts of a world's server, and what it asks before it signs.

use std::sync::{Arc, PoisonError};

use anyhow::{Result, bail, ensure};
use counterpart_core::ledger::Ledger;
use counterpart_core::storage::{LockStore as _, StoreError};
use counterpart_store::Store as _;
use counterpart_store::embedded::{Embedded, Hook, Indexed, Options};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::{Tree, leaf_hash};
use counterpart_witness::ask_before_signing;

use super::super::server::Server;
use super::super::setting::log_signer;
use super::{Start, World};

impl World {
    /// The options of a start: the same in every run of a seed.
    pub(in super::super) fn options(&self, hook: Option<Arc<dyn Hook>>) -> Options {
        let entropy = Arc::clone(&self.entropy);
        let fill = Arc::new(move |bytes: &mut [u8]| {
            let mut chance = entropy.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.fill_with(|| u8::try_from(chance.below(256)).unwrap_or(0));
        });
        Options {
            file_bytes: self.file_bytes,
            ballast_bytes: 4096,
            indexed: Indexed::InMemory,
            label: format!("seed-{}", self.seed),
            hook,
            ..Options::new(fill, Arc::new(keys_of))
        }
    }

    /// Starts the server on what is in its folder.
    ///
    /// # Errors
    ///
    /// A promise was broken.
    pub(in super::super) fn start(&mut self) -> Result<Start> {
        self.server = None;
        self.disk.next_process()?;
        let hook: Arc<dyn Hook> = self.disk.clone();
        let options = self.options(Some(hook));
        let store = match Embedded::open(&self.folder, &options) {
            Ok(store) => Arc::new(store),
            Err(error) => return Ok(self.failed_start(&error)),
        };
        let signed = store.report().signed;
        let known = self.truth.tree.size();
        if signed < known || store.size() < known {
            // Somebody may have put an older copy there; the witnesses are asked before it signs.
            self.say(format_args!("the store has {} entries, {signed} signed, of {known}", store.size()));
        }
        if let Some(alarm) = self.ask(&store)? {
            return Ok(Start::Refused(alarm));
        }
        ensure!(
            signed >= known && store.size() >= known,
            "VIOLATION lost: a start finds {} entries and a checkpoint over {signed}; {known} were signed for",
            store.size()
        );
        let locks = store.locks();
        match Ledger::open(Arc::clone(&store), locks, log_signer()?, self.signer.name()) {
            Ok(ledger) => {
                let server = Server { store, ledger, queue: Vec::new(), stopped: false };
                ensure!(
                    checkpoint_size(&server)? == server.store.size(),
                    "VIOLATION checkpoint: after a start it does not cover all entries"
                );
                server.told(&mut self.truth)?;
                if let Some(last) = server.ledger.state().recorded_at {
                    self.truth.recorded_at(last)?;
                }
                self.truth.holds(&*server.store)?;
                self.say(format_args!("the server starts with {} entries", server.store.size()));
                self.server = Some(server);
                Ok(Start::Up)
            }
            Err(counterpart_core::ledger::LedgerError::Store(error)) => Ok(self.failed_start(&error)),
            Err(error) => Ok(Start::Refused(error.to_string())),
        }
    }

    fn failed_start(&self, error: &StoreError) -> Start {
        let passing = matches!(error, StoreError::Full | StoreError::Io { .. } | StoreError::Poisoned(_));
        if self.disk.end().is_some() || passing { Start::Failed } else { Start::Refused(error.to_string()) }
    }

    /// Shows the last signed checkpoint to the witnesses; an alarm means that nothing may be signed.
    fn ask(&mut self, store: &Embedded) -> Result<Option<String>> {
        let Some(note) = store.locks().load().ok().flatten() else { return Ok(None) };
        let (checkpoint, note) = Checkpoint::parse(&note)?;
        let mut tree = Tree::new();
        let mut readable = true;
        for index in 0..checkpoint.size.min(store.size()) {
            match store.entry(index) {
                Ok(Some(entry)) => tree.push(leaf_hash(&entry)),
                Ok(None) | Err(_) => readable = false,
            }
        }
        if !readable || tree.root_at(checkpoint.size) != Some(checkpoint.root) {
            // The ledger says so itself when it is opened.
            return Ok(None);
        }
        let proof = |old: u64| tree.consistency(old, checkpoint.size).ok();
        let check = ask_before_signing(&self.net, self.net.policy(), &note, &proof);
        if check.alarm.is_none() && checkpoint.size >= self.truth.tree.size() {
            let note = note.to_string();
            self.truth.signed(&tree, note.as_bytes(), checkpoint.size)?;
        }
        Ok(check.alarm.map(|alarm| alarm.to_string()))
    }

    /// The process is gone if the disk says so.
    pub(super) fn after_disk(&mut self) {
        if let Some(end) = self.disk.end()
            && self.server.take().is_some()
        {
            self.say(format_args!("the server ends: {end:?}"));
        }
    }

    /// Starts again what went down by itself: whatever befell it, it must start from its own files.
    pub(super) fn restart(&mut self) -> Result<()> {
        self.tally.add("starts");
        match self.start()? {
            Start::Up => {}
            Start::Failed => {
                self.say(format_args!("a start fails"));
                self.after_disk();
            }
            Start::Refused(why) => bail!("VIOLATION unopenable: {why}"),
        }
        self.after_disk();
        Ok(())
    }
}

fn checkpoint_size(server: &Server) -> Result<u64> {
    let Some(note) = server.ledger.checkpoint() else { return Ok(0) };
    Ok(Checkpoint::parse(&note)?.0.size)
}

/// The keys under which an entry is found: its stream and its id, as the ledger gives them.
fn keys_of(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Ok(read) = counterpart_core::replay::read(bytes) else { return Vec::new() };
    vec![read.event.stream.to_string().into_bytes(), read.event.id.as_bytes().to_vec()]
}
