//! What the outside was told, and what must therefore be true from then on.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use counterpart_core::replay::Replay;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Entry;
use counterpart_store::{Store, Word};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::{Hash, Tree, leaf_hash, verify_inclusion};

/// An event that somebody sent.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The canonical envelope.
    pub envelope: Vec<u8>,
    /// Its words.
    pub words: Vec<Word>,
    /// A signature of it is false.
    pub forged: bool,
}

/// What a receipt says.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The place of the entry.
    pub index: u64,
    /// The hash of its leaf.
    pub leaf: Hash,
    /// The signed checkpoint.
    pub note: Vec<u8>,
    /// The inclusion proof under it.
    pub proof: Vec<Hash>,
}

/// Everything that was signed for or acknowledged.
pub struct Truth {
    origin: String,
    vkey: VerifierKey,
    /// Every entry that a durable checkpoint ever covered.
    pub tree: Tree,
    /// The newest `recorded_at`.
    pub last_at: Option<Timestamp>,
    /// What was sent, by the id of the event.
    pub sent: BTreeMap<String, Sent>,
    /// Which event a receipt named, by index.
    acknowledged: BTreeMap<u64, String>,
}

impl Truth {
    /// Nothing was said yet.
    pub fn new(vkey: VerifierKey) -> Self {
        let origin = vkey.name().to_owned();
        Self { origin, vkey, tree: Tree::new(), last_at: None, sent: BTreeMap::new(), acknowledged: BTreeMap::new() }
    }

    /// How many events were acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    /// A checkpoint over `size` entries of this tree was signed: it continues every earlier one.
    ///
    /// # Errors
    ///
    /// It does not, or there are fewer entries than before.
    pub fn signed(&mut self, tree: &Tree, note: &[u8], size: u64) -> Result<()> {
        let (checkpoint, _) = Checkpoint::verify(note, &self.origin, &self.vkey)
            .context("VIOLATION checkpoint: it is not signed by the log")?;
        ensure!(checkpoint.size == size, "VIOLATION checkpoint: it covers {} entries of {size}", checkpoint.size);
        ensure!(
            tree.root_at(size) == Some(checkpoint.root),
            "VIOLATION checkpoint: the one of {size} is not over the entries that are there"
        );
        let known = self.tree.size();
        ensure!(size >= known, "VIOLATION checkpoint: from {known} entries it went back to {size}");
        ensure!(
            tree.root_at(known) == Some(self.tree.root()),
            "VIOLATION fork: what was signed at {known} has changed"
        );
        for index in known..size {
            self.tree.push(tree.leaf(index).context("a leaf of the tree")?);
        }
        Ok(())
    }

    /// Entries were recorded at this time.
    ///
    /// # Errors
    ///
    /// Time went back.
    pub fn recorded_at(&mut self, at: Timestamp) -> Result<()> {
        let last = self.last_at.unwrap_or(at);
        ensure!(at >= last, "VIOLATION time: entries of {last} are followed by one of {at}");
        self.last_at = Some(at);
        Ok(())
    }

    /// A receipt reached somebody: it proves what it says, and fits every other.
    ///
    /// # Errors
    ///
    /// It does not.
    pub fn acknowledge(&mut self, id: &str, receipt: &Receipt) -> Result<()> {
        let Receipt { index, leaf, note, proof } = receipt;
        let sent = self.sent.get(id).with_context(|| format!("VIOLATION receipt: nobody sent {id}"))?;
        ensure!(!sent.forged, "VIOLATION forged: an event with a false signature is recorded at {index}");
        let (checkpoint, _) = Checkpoint::verify(note, &self.origin, &self.vkey).context("VIOLATION receipt")?;
        verify_inclusion(leaf, *index, checkpoint.size, proof, &checkpoint.root)
            .context("VIOLATION receipt: its proof does not verify")?;
        ensure!(
            self.tree.leaf(*index) == Some(*leaf) && self.tree.root_at(checkpoint.size) == Some(checkpoint.root),
            "VIOLATION receipt: it names an entry that is not in the log at {index}"
        );
        let other = self.acknowledged.insert(*index, id.to_owned()).filter(|other| other != id);
        ensure!(other.is_none(), "VIOLATION receipt: {index} was promised to two events");
        Ok(())
    }

    /// Whether everything that was acknowledged is in a store, word for word.
    ///
    /// # Errors
    ///
    /// Something is lost or different.
    pub fn holds(&self, store: &dyn Store) -> Result<()> {
        ensure!(store.size() >= self.tree.size(), "VIOLATION lost: {} of {} entries", store.size(), self.tree.size());
        for (index, id) in &self.acknowledged {
            let bytes = store.entry(*index).with_context(|| format!("VIOLATION lost: entry {index}"))?;
            let bytes = bytes.with_context(|| format!("VIOLATION lost: entry {index} is not there"))?;
            ensure!(Some(leaf_hash(&bytes)) == self.tree.leaf(*index), "VIOLATION lost: entry {index} is another");
            self.words_hold(store, *index, id)?;
        }
        Ok(())
    }

    fn words_hold(&self, store: &dyn Store, index: u64, id: &str) -> Result<()> {
        let sent = self.sent.get(id).with_context(|| format!("VIOLATION entry: nobody sent {id}"))?;
        let words = store.words(index).with_context(|| format!("VIOLATION words: those of entry {index}"))?;
        ensure!(words == sent.words, "VIOLATION words: those of entry {index} are not the ones that came with it");
        Ok(())
    }

    /// Reads the whole log from nothing: every entry is what somebody sent, once, in order; the rules admit all of it;
    /// the state is that of the ledger.
    ///
    /// # Errors
    ///
    /// Something is wrong.
    pub fn whole(&self, store: &dyn Store, state: &State) -> Result<()> {
        let mut replay = Replay::new();
        let mut ids = BTreeMap::new();
        for index in 0..store.size() {
            let bytes = store.entry(index)?.with_context(|| format!("VIOLATION gap: no entry {index}"))?;
            let entry = Entry::parse(&bytes).with_context(|| format!("VIOLATION entry {index}"))?;
            replay.next_bytes(&bytes).with_context(|| format!("VIOLATION replay of entry {index}"))?;
            let event = counterpart_core::event::parse(&entry.envelope)?;
            let id = event.id.to_string();
            let sent = self.sent.get(&id).with_context(|| format!("VIOLATION entry {index}: nobody sent it"))?;
            ensure!(entry.envelope.canonical() == sent.envelope, "VIOLATION entry {index}: it is not what was sent");
            if let Some(first) = ids.insert(id.clone(), index) {
                anyhow::bail!("VIOLATION twice: {id} is recorded at {first} and at {index}");
            }
            self.words_hold(store, index, &id)?;
            let promised = self.acknowledged.get(&index).filter(|promised| **promised != id);
            ensure!(promised.is_none(), "VIOLATION lost: {index} was promised to another event");
        }
        ensure!(
            replay.frontier.root() == self.tree.root(),
            "VIOLATION fork: a replay from nothing comes to another root than what was signed"
        );
        ensure!(
            replay.state.digest() == state.digest(),
            "VIOLATION state: a replay from nothing comes to another state than the ledger has"
        );
        Ok(())
    }
}
