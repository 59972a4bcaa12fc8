//! Who may write: one owner of a store at a time, and of two that both think so the newer one.
//!
//! An owner holds the system's locks of `LOCK` and of `STORE`, so that a second one on the same machine is refused, also
//! in a container of its own and also when `LOCK` was deleted. Locks do not reach everywhere: not over every network file
//! system, and not to a file that was put in the place of another. So an owner also raises the *epoch* of the lock store,
//! and whoever is not the newest one neither records nor signs from then on.
//!
//! ```text
//! lock/EPOCH   counterpart epoch
//!              format 1
//!              id <store id, 32 hex digits>
//!              epoch <a number that rises with each owner>
//!              owner <16 random bytes, hex>
//!              crc <crc32c of the lines before, 8 hex digits>
//! ```
//!
//! The epoch is looked at before anything is recorded, signed or erased. Between that look and the write that follows it
//! a process may be stopped for long, so its records may still reach the disk, over those of the newer owner: these read
//! as damaged then. But it looks again before it signs, so two owners never sign one size differently.

use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::disk::{Disk, Poison, failed};
use super::frame::{Kind, StoreId};
use super::identity::{IDENTITY, newer_format, other_format};
use super::open::ENDED;
use super::run::damaged;
use crate::StoreError;

/// Where the newest owner stands.
pub(super) const EPOCH: &str = "lock/EPOCH";

/// The lock file of a store.
const LOCK: &str = "LOCK";

/// The locks that the system keeps for an owner, until this is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    _files: Vec<File>,
}

/// Takes both locks; the second only where a store was made already.
///
/// # Errors
///
/// [`StoreError::InUse`] when somebody else holds one.
pub(super) fn hold(disk: &Disk) -> Result<Held, StoreError> {
    let lock = File::options().create(true).truncate(false).write(true).open(disk.path(LOCK));
    let mut files = vec![lock.map_err(|source| failed("opening LOCK".into(), source))?];
    files.extend(lockable(disk, IDENTITY));
    let free = files.iter().all(|file| file.try_lock().is_ok()) || counterpart_tlog::planted!("second_server_let_in");
    if free { Ok(Held { _files: files }) } else { Err(StoreError::InUse(disk.path("").display().to_string())) }
}

/// Whether somebody holds a store, as far as the system's locks tell.
pub(super) fn is_held(disk: &Disk) -> bool {
    [LOCK, IDENTITY].iter().any(|name| {
        let file = lockable(disk, name).or_else(|_| File::open(disk.path(name)));
        file.is_ok_and(|file| file.try_lock().is_err())
    })
}

/// A file as some file systems ask for it before they lock it: open for writing.
fn lockable(disk: &Disk, name: &str) -> std::io::Result<File> {
    File::options().read(true).write(true).open(disk.path(name))
}

/// The number of the newest owner; nothing if there was none, or its file says nothing.
///
/// # Errors
///
/// The file cannot be read, or is of another format.
pub(super) fn newest(disk: &Disk, id: &StoreId) -> Result<Option<u64>, StoreError> {
    Ok(disk.read_small(EPOCH)?.map(|text| number(&text, id)).transpose()?.flatten())
}

/// An owner, until a newer one comes.
#[derive(Debug)]
pub(super) struct Owner {
    disk: Disk,
    id: StoreId,
    number: u64,
    /// INVARIANT: what this owner writes; nobody else writes the same, because of its random bytes.
    text: String,
    /// The ledger has ended: nothing is recorded or signed.
    ended: bool,
    /// It was written. A full disk may have no room for it at a start that only reads.
    raised: AtomicBool,
    poison: Arc<Poison>,
}

impl Owner {
    /// Raises the epoch. From here on the owner before can neither record nor sign.
    ///
    /// A file that is damaged or was deleted is begun anew: its random bytes still tell owners apart. On a disk without any
    /// room it is raised later, before anything is recorded.
    ///
    /// # Errors
    ///
    /// It cannot be written, or is of a format that this program does not know.
    pub(super) fn take(
        disk: &Disk,
        id: StoreId,
        entropy: &dyn Fn(&mut [u8]),
        poison: Arc<Poison>,
    ) -> Result<Self, StoreError> {
        if !disk.exists(Kind::Checkpoint.directory()) {
            return Err(damaged(&Kind::Checkpoint.file(0), 0, 0, "the whole directory is missing"));
        }
        let number = newest(disk, &id)?.unwrap_or(0).saturating_add(1);
        let mut own = [0; 16];
        entropy(&mut own);
        let text = text(&id, number, u128::from_be_bytes(own));
        let ended = disk.exists(ENDED);
        let owner = Self { disk: disk.clone(), id, number, text, ended, raised: AtomicBool::new(false), poison };
        match owner.raise() {
            Err(StoreError::Full) => {}
            other => other?,
        }
        Ok(owner)
    }

    fn raise(&self) -> Result<(), StoreError> {
        match self.disk.write_small(EPOCH, &self.text) {
            // A disk without room for another file may have some for the same bytes in the place of the old ones.
            Err(StoreError::Full) if self.disk.exists(EPOCH) => self.disk.overwrite(EPOCH, &self.text)?,
            other => other?,
        }
        self.raised.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Its number.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// Whether anything may be recorded or signed: by the newest owner, and before the ledger has ended.
    ///
    /// # Errors
    ///
    /// [`StoreError::Ended`], and as [`Owner::alone`].
    pub(super) fn check(&self) -> Result<(), StoreError> {
        if self.ended { Err(StoreError::Ended) } else { self.alone() }
    }

    /// Whether this is still the newest owner, before something is written; if not, nothing is any more.
    ///
    /// # Errors
    ///
    /// [`StoreError::Fenced`]; [`StoreError::Full`] while there was no room to raise the epoch; or the file cannot be
    /// read: then nobody knows.
    pub(super) fn alone(&self) -> Result<(), StoreError> {
        if !self.raised.load(Ordering::SeqCst) {
            self.raise()?;
        }
        self.look()
    }

    /// The same, where nothing is going to be written.
    ///
    /// # Errors
    ///
    /// As [`Owner::alone`], but for want of room.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        if !self.raised.load(Ordering::SeqCst) {
            return Ok(());
        }
        if counterpart_tlog::planted!("second_server_let_in") {
            return Ok(());
        }
        let found = self.disk.read_small(EPOCH).map_err(|problem| self.poison.set(&problem))?;
        if found.as_deref() == Some(self.text.as_str()) {
            return Ok(());
        }
        let newest = found.and_then(|text| number(&text, &self.id).ok().flatten());
        Err(self.poison.fence(self.number, newest))
    }
}

fn text(id: &StoreId, number: u64, own: u128) -> String {
    let id = u128::from_be_bytes(*id);
    // Numbers of one length, so that the file can be overwritten where it lies.
    let lines = format!("counterpart epoch\nformat 1\nid {id:032x}\nepoch {number:020}\nowner {own:032x}\n");
    let crc = crc32c::crc32c(lines.as_bytes());
    format!("{lines}crc {crc:08x}\n")
}

/// The number in a file of this store, if it is whole.
fn number(found: &str, id: &StoreId) -> Result<Option<u64>, StoreError> {
    if let Some(format) = newer_format(found, "counterpart epoch") {
        return Err(other_format(EPOCH, &format));
    }
    let mut lines = found.lines().skip(3);
    let mut value = |name: &str| lines.next().and_then(|line| line.strip_prefix(name)).map(str::to_owned);
    let (epoch, own) = (value("epoch "), value("owner "));
    let epoch = epoch.and_then(|digits| digits.parse().ok());
    let own = own.and_then(|digits| u128::from_str_radix(&digits, 16).ok());
    Ok(epoch.zip(own).filter(|(epoch, own)| text(id, *epoch, *own) == found).map(|(epoch, _)| epoch))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_reads_as_written_and_no_other_byte_passes() {
        let whole = text(&[5; 16], 7, 9);
        assert_eq!(number(&whole, &[5; 16]).unwrap(), Some(7));
        assert_eq!(number(&whole, &[6; 16]).unwrap(), None, "of another store");
        for place in 0..whole.len() {
            let mut bytes = whole.clone().into_bytes();
            *bytes.get_mut(place).unwrap() ^= 1;
            assert_eq!(number(&String::from_utf8_lossy(&bytes), &[5; 16]).unwrap(), None, "byte {place}");
        }
        assert_eq!(number("", &[5; 16]).unwrap(), None);
    }
}
