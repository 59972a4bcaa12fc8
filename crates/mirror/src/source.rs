//! A published log, wherever it is read from.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use counterpart_tlog::note::NOTE_LEN_MAX;
use counterpart_tlog::tile::{self, BundleError, ENTRY_LEN_MAX, TILE_WIDTH, TilePath};
use counterpart_tlog::{Hash, Tree};

/// The longest bundle: 256 entries of the largest size, each with two bytes of length.
const BUNDLE_LEN_MAX: usize = TILE_WIDTH as usize * (ENTRY_LEN_MAX + 2);

/// The longest verifier key that is read.
const VKEY_LEN_MAX: usize = 4096;

/// The longest file of reference data that is read: 64 MiB.
const DATA_LEN_MAX: usize = 64 << 20;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a log is read from: a server, or a folder with the same files.
#[derive(Debug, Clone)]
pub enum Source {
    /// Below a URL, which has no slash at its end.
    Server {
        /// Keeps connections open.
        agent: ureq::Agent,
        /// Where `checkpoint` and `tile/…` are.
        prefix: String,
        /// What is sent as `Authorization`, to a log that is closed to strangers.
        authorization: Option<String>,
    },
    /// In a folder.
    Folder(PathBuf),
}

/// A published log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No answer, or one that is no answer to the question.
    #[error("{place} cannot be read: {reason}")]
    Unreachable {
        /// The file or URL.
        place: String,
        /// Why.
        reason: String,
    },
    /// It is not there.
    #[error("{0} is not there")]
    Missing(String),
    /// It is longer than it can be.
    #[error("{place} has more than {limit} bytes")]
    TooLong {
        /// The file or URL.
        place: String,
        /// How many bytes it can have.
        limit: usize,
    },
    /// A hash tile has another length than its path says.
    #[error("{place} has {have} bytes, not the {expected} that its path promises")]
    TileLength {
        /// The file or URL.
        place: String,
        /// Bytes found.
        have: usize,
        /// Bytes promised.
        expected: usize,
    },
    /// A bundle is malformed.
    #[error("{place}: {fault}")]
    Bundle {
        /// The file or URL.
        place: String,
        /// What is wrong.
        fault: BundleError,
    },
    /// A file of reference data is not the one that its name promises.
    #[error("{0} does not have the content that its name promises")]
    OtherData(String),
    /// A text is not UTF-8.
    #[error("{0} is not text")]
    NotText(String),
    /// The log is closed to strangers, or to this one.
    #[error("{0} is closed to whoever asks; a body that may read it signs in with --as KEY")]
    Closed(String),
}

impl Source {
    /// The log at a URL (its own prefix, or that of the server whose log is at `/log`) or in a folder.
    ///
    /// # Errors
    ///
    /// No checkpoint is found there.
    pub fn open(place: &str) -> Result<Self, SourceError> {
        if !place.starts_with("http://") && !place.starts_with("https://") {
            let folder = Self::Folder(PathBuf::from(place));
            return match folder.file("checkpoint", NOTE_LEN_MAX)? {
                Some(_) => Ok(folder),
                None => Err(SourceError::Missing(folder.place("checkpoint"))),
            };
        }
        let base = place.trim_end_matches('/');
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .user_agent(concat!("counterpart/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent: ureq::Agent = config.into();
        for prefix in [format!("{base}/log"), base.to_owned()] {
            let source = Self::Server { agent: agent.clone(), prefix, authorization: None };
            if source.file("checkpoint", NOTE_LEN_MAX)?.is_some() {
                return Ok(source);
            }
        }
        Err(SourceError::Missing(format!("{base}/log/checkpoint")))
    }

    /// The same, read with the token of a session; a folder asks for none.
    #[must_use]
    pub fn with_token(mut self, token: Option<&str>) -> Self {
        if let Self::Server { authorization, .. } = &mut self {
            *authorization = token.map(|token| format!("Bearer {token}"));
        }
        self
    }

    /// Where a file of the log is, for messages.
    pub fn place(&self, path: &str) -> String {
        match self {
            Self::Server { prefix, .. } => format!("{prefix}/{path}"),
            Self::Folder(folder) => folder.join(path).display().to_string(),
        }
    }

    /// The checkpoint, a signed note. Nothing of it is verified.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn checkpoint(&self) -> Result<String, SourceError> {
        self.text("checkpoint", NOTE_LEN_MAX)
    }

    /// What the log says of changes of its key: a line for each, its first size and the new key; none when it never
    /// changed. Nothing of it is verified.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn key_changes(&self) -> Result<Option<Vec<u8>>, SourceError> {
        self.file("keys/list", NOTE_LEN_MAX)
    }

    /// The checkpoint over `size` entries under which one key of the log handed over to the next; none when it is not
    /// there. Nothing of it is verified.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn handover(&self, size: u64) -> Result<Option<Vec<u8>>, SourceError> {
        self.file(&format!("keys/{size}"), NOTE_LEN_MAX)
    }

    /// The verifier key that the log says it has: one line.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn vkey(&self) -> Result<String, SourceError> {
        self.text("vkey", VKEY_LEN_MAX).map(|vkey| vkey.trim_end().to_owned())
    }

    /// The first `width` hashes of a hash tile. Where the partial tile is gone, the full one is asked for.
    ///
    /// # Errors
    ///
    /// Neither can be read, or it has another length.
    pub fn hash_tile(&self, level: u8, n: u64, width: u16) -> Result<Vec<Hash>, SourceError> {
        let path = TilePath::Hash { level, n, width };
        let (found, bytes) = self.tile(path, usize::from(TILE_WIDTH) * Hash::LEN)?;
        let expected = usize::from(found.width()) * Hash::LEN;
        if bytes.len() != expected {
            return Err(SourceError::TileLength { place: self.place(&found.to_string()), have: bytes.len(), expected });
        }
        let (hashes, _) = bytes.as_chunks::<{ Hash::LEN }>();
        Ok(hashes.iter().take(usize::from(width)).copied().map(Hash::from_bytes).collect())
    }

    /// The first `width` entries of a bundle. Where the partial one is gone, the full one is asked for.
    ///
    /// # Errors
    ///
    /// Neither can be read, or it is malformed.
    pub fn bundle(&self, n: u64, width: u16) -> Result<Vec<Vec<u8>>, SourceError> {
        let (found, bytes) = self.tile(TilePath::Entries { n, width }, BUNDLE_LEN_MAX)?;
        let entries = tile::decode_bundle(&bytes, found.width())
            .map_err(|fault| SourceError::Bundle { place: self.place(&found.to_string()), fault })?;
        Ok(entries.into_iter().take(usize::from(width)).map(<[u8]>::to_vec).collect())
    }

    /// A file of reference data, by its SHA-256.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is another file.
    pub fn data(&self, name: &Hash) -> Result<Vec<u8>, SourceError> {
        let path = format!("data/{}", name.to_hex());
        let bytes = self.file(&path, DATA_LEN_MAX)?.ok_or_else(|| SourceError::Missing(self.place(&path)))?;
        if Hash::of(&bytes) == *name { Ok(bytes) } else { Err(SourceError::OtherData(self.place(&path))) }
    }

    /// The tree of the first `size` leaves, as the hash tiles have them. It says nothing until its root is compared.
    ///
    /// # Errors
    ///
    /// A tile cannot be read.
    pub fn tree(&self, size: u64) -> Result<Tree, SourceError> {
        let mut tree = Tree::new();
        for path in tile::entry_tiles(size) {
            let TilePath::Entries { n, width } = path else { continue };
            self.hash_tile(0, n, width)?.into_iter().for_each(|leaf| tree.push(leaf));
        }
        Ok(tree)
    }

    /// A tile, or the full one that has taken its place; with the path under which it was found.
    fn tile(&self, path: TilePath, limit: usize) -> Result<(TilePath, Vec<u8>), SourceError> {
        let mut tried = [path, path.full()].into_iter().take(if path.is_full() { 1 } else { 2 });
        let found =
            tried.find_map(|path| self.file(&path.to_string(), limit).map(|bytes| Some((path, bytes?))).transpose());
        found.unwrap_or_else(|| Err(SourceError::Missing(self.place(&path.to_string()))))
    }

    fn text(&self, path: &str, limit: usize) -> Result<String, SourceError> {
        let bytes = self.file(path, limit)?.ok_or_else(|| SourceError::Missing(self.place(path)))?;
        String::from_utf8(bytes).map_err(|_| SourceError::NotText(self.place(path)))
    }

    /// A file of at most `limit` bytes, if it is there.
    fn file(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let unreachable = |reason: String| SourceError::Unreachable { place: self.place(path), reason };
        let bytes = match self {
            Self::Folder(folder) => {
                read_file(&folder.join(path), limit).map_err(|error| unreachable(error.to_string()))?
            }
            Self::Server { agent, prefix, authorization } => {
                let mut request = agent.get(format!("{prefix}/{path}"));
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                let answer = request.call();
                let mut answer = answer.map_err(|error| unreachable(error.to_string()))?;
                match answer.status().as_u16() {
                    200 => {
                        let reading = answer.body_mut().with_config().limit(limit as u64 + 1).read_to_vec();
                        match reading {
                            Ok(bytes) => Some(bytes),
                            Err(ureq::Error::BodyExceedsLimit(_)) => {
                                return Err(SourceError::TooLong { place: self.place(path), limit });
                            }
                            Err(error) => return Err(unreachable(error.to_string())),
                        }
                    }
                    404 | 410 => None,
                    401 => return Err(SourceError::Closed(self.place(path))),
                    status => return Err(unreachable(format!("status {status}"))),
                }
            }
        };
        match bytes {
            Some(bytes) if bytes.len() > limit => Err(SourceError::TooLong { place: self.place(path), limit }),
            other => Ok(other),
        }
    }
}

fn read_file(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}
