//! Where a log is read from: a server, a static tree, or one file.
//!
//! ```text
//! URL    the server's base: /log/checkpoint, /log/tile/…, /log/data/<sha256>, /log/vkey
//! DIR    the same below a directory: checkpoint, tile/…, data/…, vkey
//! FILE   the signed checkpoint, then the entries, each on a line of its own
//! ```

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use counterpart_core::wire::{Digest, MAX_ENTRY};
use counterpart_tlog::tile::{TILE_WIDTH, TilePath, decode_bundle, encode_bundle};

use crate::web::Web;

/// The largest checkpoint that is read: a note may have a million bytes.
const CHECKPOINT_MAX: u64 = counterpart_tlog::note::NOTE_LEN_MAX as u64 + 1;

/// A log that can be read from its beginning.
pub enum Source {
    /// A server.
    Web(Web),
    /// A static tree.
    Directory(PathBuf),
    /// One file, read once from front to back.
    File(Mutex<Lines>),
}

/// The rest of a file of entries.
pub struct Lines {
    checkpoint: Vec<u8>,
    waiting: VecDeque<Vec<u8>>,
    rest: BufReader<File>,
    next: u64,
}

impl Source {
    /// The log that a person means, read with the token of a session where it is a server that asks for one.
    ///
    /// # Errors
    ///
    /// There is nothing there that could be a log.
    pub fn open(meant: &str, token: Option<&str>) -> Result<Self> {
        if meant.starts_with("http://") || meant.starts_with("https://") {
            let web = Web::new(meant)?;
            return Ok(Self::Web(token.map_or_else(|| web.clone(), |token| web.with_token(token))));
        }
        let path = Path::new(meant);
        if path.is_dir() {
            // The folder that a server's prefix is copied to may be named with or without `log`.
            let inner = path.join("log");
            let root = if !path.join("checkpoint").exists() && inner.join("checkpoint").exists() {
                inner
            } else {
                path.to_owned()
            };
            return Ok(Self::Directory(root));
        }
        if !path.exists() {
            bail!("there is no `{meant}`; name a URL, a directory with a static log, or a file");
        }
        Ok(Self::File(Mutex::new(Lines::open(path)?)))
    }

    /// What is at a path below the log's prefix; `None` when nothing is.
    fn find(&self, path: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Web(web) => web.find(&format!("/log/{path}")),
            Self::Directory(root) => {
                let path = root.join(path);
                match std::fs::read(&path) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error).with_context(|| format!("`{}` cannot be read", path.display())),
                }
            }
            Self::File(_) => Ok(None),
        }
    }

    /// The signed checkpoint.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn checkpoint(&self) -> Result<Vec<u8>> {
        if let Self::File(lines) = self {
            return Ok(lock(lines).checkpoint.clone());
        }
        self.find("checkpoint")?.context("the log has no checkpoint; is this the base of a ledger?")
    }

    /// The verifier key that the source itself names.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn vkey(&self) -> Result<Option<String>> {
        let bytes = self.find("vkey")?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Whether hash tiles and reference data can be had at all.
    pub const fn has_tiles(&self) -> bool {
        !matches!(self, Self::File(_))
    }

    /// The bytes of an entry bundle of `width` entries, or of a longer one that begins with them; `None` when
    /// nothing is there. A file gives its bundles in order only.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn bundle(&self, n: u64, width: u16) -> Result<Option<Vec<u8>>> {
        if let Self::File(lines) = self {
            return lock(lines).bundle(n, width);
        }
        self.partial_or_full(TilePath::Entries { n, width })
    }

    /// The hashes of a tile, at least `width` of them; `None` when nothing is there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn tile(&self, level: u8, n: u64, width: u16) -> Result<Option<Vec<u8>>> {
        self.partial_or_full(TilePath::Hash { level, n, width })
    }

    /// A partial tile may be gone once the full one is there (tlog-tiles).
    fn partial_or_full(&self, path: TilePath) -> Result<Option<Vec<u8>>> {
        match self.find(&path.to_string())? {
            None if !path.is_full() => self.find(&path.full().to_string()),
            found => Ok(found),
        }
    }

    /// Whether the source says that the key of the log ever changed.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn has_handovers(&self) -> Result<bool> {
        Ok(self.find("keys/list")?.is_some())
    }

    /// The checkpoint of the first size of a key, which the one before it has signed as well; `None` when it is not
    /// there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn handover(&self, first_size: u64) -> Result<Option<Vec<u8>>> {
        self.find(&format!("keys/{first_size}"))
    }

    /// A file of reference data by its hash; `None` when it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn data(&self, sha256: &Digest) -> Result<Option<Vec<u8>>> {
        self.find(&format!("data/{sha256}"))
    }
}

/// The entries of a bundle of which the first `width` are wanted.
///
/// # Errors
///
/// It is not of its form, or too short.
pub fn entries(bundle: &[u8], width: u16) -> Result<Vec<&[u8]>> {
    if let Ok(entries) = decode_bundle(bundle, width) {
        return Ok(entries);
    }
    // A full bundle stands in for a partial one.
    let mut entries = decode_bundle(bundle, TILE_WIDTH)?;
    entries.truncate(width.into());
    Ok(entries)
}

fn lock(lines: &Mutex<Lines>) -> std::sync::MutexGuard<'_, Lines> {
    lines.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))?;
        let mut lines = Self { checkpoint: Vec::new(), waiting: VecDeque::new(), rest: BufReader::new(file), next: 0 };
        // The checkpoint goes up to the first line that begins like an entry.
        while let Some(line) = lines.line()? {
            if line.starts_with(b"{") {
                lines.waiting.push_back(line);
                break;
            }
            lines.checkpoint.extend_from_slice(&line);
            lines.checkpoint.push(b'\n');
            if lines.checkpoint.len() as u64 > CHECKPOINT_MAX {
                bail!("`{}` does not begin with a checkpoint", path.display());
            }
        }
        Ok(lines)
    }

    fn line(&mut self) -> Result<Option<Vec<u8>>> {
        if let Some(line) = self.waiting.pop_front() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        // One byte more than the longest entry and its newline, so that a longer one is seen to be too long.
        let limit = MAX_ENTRY as u64 + 2;
        (&mut self.rest).take(limit).read_until(b'\n', &mut line).context("the file cannot be read")?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        // What is longer than an entry may be is no entry: the log ends before it.
        Ok((line.len() <= MAX_ENTRY).then_some(line))
    }

    fn bundle(&mut self, n: u64, width: u16) -> Result<Option<Vec<u8>>> {
        let first = n * u64::from(TILE_WIDTH);
        if first < self.next {
            bail!("a file is read from front to back");
        }
        // What was verified before is passed over.
        while self.next < first {
            if self.line()?.is_none() {
                return Ok(None);
            }
            self.next += 1;
        }
        let mut entries = Vec::with_capacity(width.into());
        while entries.len() < usize::from(width) {
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            self.next += 1;
            entries.push(line);
        }
        Ok(Some(encode_bundle(&entries)?))
    }
}
