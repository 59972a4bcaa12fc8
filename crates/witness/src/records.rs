//! What a witness must never forget: one small file a log, replaced whole.
//!
//! ```text
//! <folder>/lock
//! <folder>/<hexadecimal SHA-256 of the origin>    the last cosigned checkpoint, a signed note
//! ```
//!
//! The file is also what the monitoring path serves. A witness that loses this folder could be shown a second history
//! and cosign it: then its key is retired, and a new witness begins with a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use counterpart_tlog::Hash;
use fs2::FileExt as _;

/// Keeps the last cosigned checkpoint of each log. Two promises:
///
/// 1. `replace` is all or nothing, and durable once it returns `Ok`.
/// 2. After an error of `replace` either checkpoint may be kept; the caller stops until it has loaded again.
pub trait Records: Send + Sync {
    /// The checkpoint last kept for the log of this origin, a signed note.
    ///
    /// # Errors
    ///
    /// It could not be read.
    fn load(&self, origin: &str) -> io::Result<Option<Vec<u8>>>;

    /// Keeps `note` in place of whatever was kept for this origin.
    ///
    /// # Errors
    ///
    /// It is not known which of the two is kept.
    fn replace(&self, origin: &str, note: &str) -> io::Result<()>;
}

/// Records in a folder that one process holds.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    // INVARIANT: held for as long as the folder is open, so that no second witness with the same key decides from an
    // older copy of the same files.
    _lock: File,
}

/// A folder cannot be used for records.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Another process holds it.
    #[error("another witness is using {0}; two at once could cosign two histories")]
    InUse(PathBuf),
    /// Something else.
    #[error("the records of the witness in {path} cannot be used")]
    Io {
        /// The folder.
        path: PathBuf,
        /// The system's own words.
        #[source]
        source: io::Error,
    },
}

impl Folder {
    /// Opens a folder of records, or makes it.
    ///
    /// # Errors
    ///
    /// Another process holds it, or the disk says no.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        let failed = |source| RecordsError::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(path.join("lock")).map_err(failed)?;
        lock.try_lock_exclusive().map_err(|error| {
            if error.kind() == fs2::lock_contended_error().kind() {
                RecordsError::InUse(path.to_owned())
            } else {
                failed(error)
            }
        })?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    fn file(&self, origin: &str) -> PathBuf {
        self.path.join(Hash::of(origin.as_bytes()).to_hex())
    }
}

impl Records for Folder {
    fn load(&self, origin: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.file(origin)) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, origin: &str, note: &str) -> io::Result<()> {
        let file = self.file(origin);
        let new = file.with_extension("new");
        let mut writing = File::create(&new)?;
        writing.write_all(note.as_bytes())?;
        writing.sync_all()?;
        fs::rename(&new, &file)?;
        // Without this a power cut may bring the old name back, and with it the old checkpoint.
        File::open(&self.path)?.sync_all()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        for note in ["one", "two"] {
            let records = Folder::open(folder.path()).unwrap();
            records.replace("log.example", note).unwrap();
            assert_eq!(records.load("log.example").unwrap().unwrap(), note.as_bytes());
            assert_eq!(records.load("other.example").unwrap(), None);
        }
    }

    #[test]
    fn a_half_written_file_is_never_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let records = Folder::open(folder.path()).unwrap();
        records.replace("log.example", "whole").unwrap();
        fs::write(records.file("log.example").with_extension("new"), "ha").unwrap();
        assert_eq!(records.load("log.example").unwrap().unwrap(), b"whole");
    }

    #[test]
    fn a_second_witness_on_one_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let _first = Folder::open(folder.path()).unwrap();
        assert!(matches!(Folder::open(folder.path()), Err(RecordsError::InUse(_))));
    }
}
