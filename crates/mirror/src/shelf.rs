//! A folder of plain files that any web server can serve as a log (C2SP tlog-tiles).
//!
//! ```text
//! checkpoint                          written last; everything that it covers is there before
//! vkey                                one line
//! tile/<level>/<n>[.p/<width>]        hashes
//! tile/entries/<n>[.p/<width>]        entries
//! data/<SHA-256>                      reference data
//! keys/list, keys/<size>              how the key of the log changed, where it did
//! fork-<seconds since 1970>/          evidence that the log has shown two histories
//! ```
//!
//! Each file is written beside, synced and renamed, so whoever reads or is interrupted sees whole files only.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use counterpart_tlog::Tree;
use counterpart_tlog::tile::{self, BundleError, TilePath};
use fs2::FileExt as _;

/// A folder in which one process keeps a log.
#[derive(Debug)]
pub struct Shelf {
    root: PathBuf,
    /// Folders with new names that are not durable yet.
    unsynced: BTreeSet<PathBuf>,
    _lock: File,
}

/// A folder cannot keep a log.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Another process keeps a log there.
    #[error("another process is writing to {0}; let it end first")]
    InUse(PathBuf),
    /// The disk says no.
    #[error("{path} cannot be written")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        #[source]
        source: io::Error,
    },
    /// An entry does not fit a bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

impl Shelf {
    /// Opens a folder, or makes it.
    ///
    /// # Errors
    ///
    /// Another process writes to it, or the disk says no.
    pub fn open(root: &Path) -> Result<Self, ShelfError> {
        fs::create_dir_all(root).map_err(|source| ShelfError::Io { path: root.to_owned(), source })?;
        let path = root.join("mirror.lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| ShelfError::Io { path: path.clone(), source })?;
        lock.try_lock_exclusive().map_err(|error| {
            if error.kind() == fs2::lock_contended_error().kind() {
                ShelfError::InUse(root.to_owned())
            } else {
                ShelfError::Io { path, source: error }
            }
        })?;
        Ok(Self { root: root.to_owned(), unsynced: BTreeSet::new(), _lock: lock })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a file whole. The same content again costs no write.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn write(&mut self, path: &str, bytes: &[u8]) -> Result<(), ShelfError> {
        let file = self.root.join(path);
        let failed = |source| ShelfError::Io { path: file.clone(), source };
        if fs::read(&file).is_ok_and(|have| have == bytes) {
            return Ok(());
        }
        let folder = file.parent().unwrap_or(&self.root).to_owned();
        if !folder.exists() {
            fs::create_dir_all(&folder).map_err(failed)?;
            // Every name on the way down may be new.
            let above = folder.ancestors().take_while(|above| above.starts_with(&self.root));
            self.unsynced.extend(above.map(Path::to_owned));
        }
        let new = file.with_extension("new");
        let mut writing = File::create(&new).map_err(failed)?;
        writing.write_all(bytes).and_then(|()| writing.sync_all()).map_err(failed)?;
        fs::rename(&new, &file).map_err(failed)?;
        self.unsynced.insert(folder);
        Ok(())
    }

    /// Writes a bundle.
    ///
    /// # Errors
    ///
    /// An entry is too long, or the disk says no.
    pub fn write_bundle<E: AsRef<[u8]>>(&mut self, path: TilePath, entries: &[E]) -> Result<(), ShelfError> {
        let bundle = tile::encode_bundle(entries)?;
        self.write(&path.to_string(), &bundle)
    }

    /// Writes the hash tiles that a log of `tree` gets when it grows from `old` entries.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn write_hash_tiles(&mut self, tree: &Tree, old: u64) -> Result<(), ShelfError> {
        let size = tree.size();
        for path in tile::new_hash_tiles(old, size) {
            let TilePath::Hash { level, n, width } = path else { continue };
            if let Some(bytes) = tree.tile(level, n, width, size) {
                self.write(&path.to_string(), &bytes)?;
            }
        }
        Ok(())
    }

    /// Publishes a checkpoint. Everything that it covers has been written before.
    ///
    /// # Errors
    ///
    /// The disk says no; then the older one stands.
    pub fn publish(&mut self, note: &str) -> Result<(), ShelfError> {
        self.sync()?;
        self.write("checkpoint", note.as_bytes())?;
        self.sync()
    }

    /// Removes the partial tiles of `old..new` whose full tile is there. Those of a tile that is not full stay, however
    /// many sizes were published: readers of an older checkpoint ask for just their width, and fall back to the full
    /// tile alone (tlog-tiles).
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn drop_partial_tiles(&mut self, old: u64, new: u64) -> Result<(), ShelfError> {
        for path in tile::new_hash_tiles(old, new).chain(tile::new_entry_tiles(old, new)) {
            let partial = self.root.join(format!("{path}.p"));
            if path.is_full() && partial.is_dir() {
                fs::remove_dir_all(&partial).map_err(|source| ShelfError::Io { path: partial, source })?;
            }
        }
        Ok(())
    }

    /// Writes a whole log that is at hand: its entries from `old` on, its tiles, then its checkpoint. `tree` is that of
    /// the checkpoint; `entries` gives each bundle.
    ///
    /// # Errors
    ///
    /// An entry is too long, the disk says no, or `entries` says no.
    pub fn publish_log<X: From<ShelfError>>(
        &mut self,
        tree: &Tree,
        old: u64,
        note: &str,
        mut entries: impl FnMut(u64, u16) -> Result<Vec<Vec<u8>>, X>,
    ) -> Result<(), X> {
        for path in tile::new_entry_tiles(old, tree.size()) {
            let TilePath::Entries { n, width } = path else { continue };
            self.write_bundle(path, &entries(n, width)?)?;
        }
        self.write_hash_tiles(tree, old)?;
        self.publish(note)?;
        // From the beginning: a publication that was interrupted may have left some.
        self.drop_partial_tiles(0, tree.size())?;
        Ok(())
    }

    /// Makes new names durable.
    pub(crate) fn sync(&mut self) -> Result<(), ShelfError> {
        for folder in std::mem::take(&mut self.unsynced) {
            let synced = File::open(&folder).and_then(|folder| folder.sync_all());
            synced.map_err(|source| ShelfError::Io { path: folder, source })?;
        }
        Ok(())
    }
}
