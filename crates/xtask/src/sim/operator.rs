//! What operators do, rightly and wrongly: copies, older copies put back, a second server, a machine that is cut off.
//!
//! Where files are handled the weather is good, so that what must be found is found: the disk works and the honest
//! witnesses answer.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use counterpart_core::ledger::{Ledger, Opened};
use counterpart_core::wire::Submission;
use counterpart_store::embedded::{Embedded, Hook};
use counterpart_store::{Store, StoreError};

use super::disk::End;
use super::setting::log_signer;
use super::world::{Start, World};

/// The parts of a store that lie in folders of their own.
const RECORDS: [&str; 3] = ["records", "words", "keys"];

impl World {
    /// The operator does something.
    ///
    /// # Errors
    ///
    /// A promise was broken.
    pub(super) fn operator(&mut self) -> Result<()> {
        if self.server.as_ref().is_none_or(|server| server.stopped) {
            return Ok(());
        }
        match self.chance.below(6) {
            0 => {
                self.pulls_the_plug();
                Ok(())
            }
            1 => self.starts_a_second_server(),
            2 => self.copies_the_store(),
            3 => self.puts_everything_back(),
            4 => self.puts_the_records_back(),
            _ => self.mixes_two_copies(),
        }
    }

    fn pulls_the_plug(&mut self) {
        let end = if self.chance.below(2) == 0 { End::Killed } else { End::PowerCut };
        self.tally.add(if end == End::Killed { "kills" } else { "power cuts" });
        self.disk.strike(end);
    }

    fn starts_a_second_server(&mut self) -> Result<()> {
        self.tally.add("second servers");
        let hook: Arc<dyn Hook> = self.disk.clone();
        let second = Embedded::open(&self.folder, &self.options(Some(hook)));
        ensure!(
            matches!(second, Err(StoreError::InUse(_))),
            "VIOLATION two servers: a second one opened the store of the first"
        );
        Ok(())
    }

    /// Stops the server as one should. Everything is durable then.
    fn stops(&mut self) -> Result<bool> {
        self.disk.calm(true);
        self.net.calm(true)?;
        self.server = None;
        if self.disk.end().is_some() {
            return Ok(false);
        }
        self.disk.settle();
        Ok(true)
    }

    fn goes_on(&mut self) -> Result<()> {
        let started = self.start()?;
        ensure!(started == Start::Up, "VIOLATION unopenable: after the operator did nothing wrong: {started:?}");
        self.net.calm(false)?;
        self.disk.calm(false);
        Ok(())
    }

    fn copies_the_store(&mut self) -> Result<()> {
        if self.copies.len() >= 3 {
            return Ok(());
        }
        if !self.stops()? {
            return self.goes_on();
        }
        let copy = self.folder.with_file_name(format!("copy-{}", self.copies.len()));
        copied(&self.folder, &copy)?;
        self.copies.push((copy, self.truth.tree.size()));
        self.tally.add("copies");
        self.goes_on()
    }

    /// Everything is put back from an older copy: the store cannot know, the witnesses do.
    fn puts_everything_back(&mut self) -> Result<()> {
        let Some((copy, size)) = self.copies.last().cloned() else { return Ok(()) };
        if !self.seen_beyond(size) {
            return Ok(());
        }
        if !self.stops()? {
            return self.goes_on();
        }
        self.oaths()?;
        let aside = self.folder.with_file_name("aside");
        fs::rename(&self.folder, &aside)?;
        copied(&copy, &self.folder)?;
        self.tally.add("older copies put back whole");
        let started = self.start()?;
        ensure!(
            matches!(started, Start::Refused(_)),
            "VIOLATION rollback: a copy of {size} entries is signed from, though witnesses have seen {}",
            self.truth.tree.size()
        );
        self.server = None;
        fs::remove_dir_all(&self.folder)?;
        fs::rename(&aside, &self.folder)?;
        self.disk.settle();
        self.goes_on()
    }

    /// The records are older than the checkpoints beside them.
    fn puts_the_records_back(&mut self) -> Result<()> {
        let Some((copy, size)) = self.copies.last().cloned() else { return Ok(()) };
        if self.truth.tree.size() <= size {
            return Ok(());
        }
        if !self.stops()? {
            return self.goes_on();
        }
        let mixed = self.folder.with_file_name("mixed");
        copied(&self.folder, &mixed)?;
        replaced(&copy, &mixed)?;
        self.tally.add("older records put back");
        let opened = Embedded::open(&mixed, &self.options(None)).map(Arc::new);
        let refused = match opened {
            Err(StoreError::Rollback { .. } | StoreError::Damaged { .. }) => true,
            Err(error) => return Err(error).context("VIOLATION rollback: it is found, but not named"),
            Ok(store) => Ledger::open(store.clone(), store.locks(), log_signer()?, self.signer.name()).is_err(),
        };
        ensure!(refused, "VIOLATION rollback: records of {size} entries are signed from under newer checkpoints");
        fs::remove_dir_all(&mixed)?;
        self.goes_on()
    }

    /// Two copies of one store have each gone on by themselves; the records of one are put under the checkpoints of
    /// the other.
    fn mixes_two_copies(&mut self) -> Result<()> {
        if !self.stops()? {
            return self.goes_on();
        }
        let copies = ["one", "other"].map(|name| self.folder.with_file_name(name));
        for (number, copy) in copies.iter().enumerate() {
            copied(&self.folder, copy)?;
            let store = Arc::new(Embedded::open(copy, &self.options(None))?);
            let mut ledger = Ledger::open(store.clone(), store.locks(), log_signer()?, self.signer.name())?;
            let now = self.truth.last_at.context("a founded ledger")?;
            let events = self.setting.stranger(70 + number, now, &mut self.truth)?;
            let posted = events.first().context("a registration")?;
            let Submission { envelope, disclosures } = Submission::parse(&posted.body)?;
            let event = counterpart_core::event::parse(&envelope)?;
            let disclosures = disclosures.context("words")?;
            ledger.commit(&[Opened { envelope, event, disclosures, unchecked: false, door: Ok(()) }], now)?;
            let whole = self.truth.tree.size() + 1;
            ensure!(store.size() == whole, "an event of the mixture is not recorded");
        }
        let [one, other] = &copies;
        replaced(one, other)?;
        self.tally.add("two copies mixed");
        let refused = match Embedded::open(other, &self.options(None)).map(Arc::new) {
            Err(_) => true,
            Ok(store) => Ledger::open(store.clone(), store.locks(), log_signer()?, self.signer.name()).is_err(),
        };
        ensure!(refused, "VIOLATION fork: checkpoints are signed on over entries that they do not cover");
        for copy in &copies {
            fs::remove_dir_all(copy)?;
        }
        self.goes_on()
    }
}

/// Puts the records of one store into another, which has then no mark of a clean stop.
fn replaced(from: &Path, to: &Path) -> Result<()> {
    for name in RECORDS {
        fs::remove_dir_all(to.join(name))?;
        copied(&from.join(name), &to.join(name))?;
    }
    let mark = to.join("MARK");
    if mark.exists() {
        fs::remove_file(mark)?;
    }
    Ok(())
}

/// Copies a folder and everything in it.
///
/// # Errors
///
/// Those of the disk.
pub fn copied(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copied(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
