//! What an audit has verified, kept by whoever audits, so that the next audit costs only what is new.
//!
//! ```text
//! counterpart audited  format u32                                       24 bytes
//! program 32 bytes, which wrote it                                      32 bytes
//! each part: its length u64, its bytes
//!   the first says what was verified, the others are those of the state, as `counterpart_core::snapshot` has them
//! SHA-256 over all that stands before it                                32 bytes
//! ```
//!
//! It is believed as the audit itself is believed: keep it where only you write. It is read by the very program that
//! wrote it and by no other, because another version may decide otherwise; then everything is verified again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counterpart_core::keyring::Keyring;
use counterpart_core::replay::Replay;
use counterpart_core::snapshot::{read, written};
use counterpart_core::state::State;
use counterpart_tlog::{Frontier, Hash};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::engine::{SoFar, Verified};
use super::tree::Edge;
use crate::program;

const MAGIC: &[u8; 20] = b"counterpart audited ";

/// The format of the file. The first one was JSON, and had no number.
const FORMAT: u32 = 2;

/// Bytes before the parts.
const HEAD: usize = 56;

/// Bytes of the hash at the end.
const SUM: usize = 32;

/// What was verified, but for the state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    checkpoint: String,
    /// The right edge of the tree: its size, its peaks, and the tiles that are not full.
    size: u64,
    peaks: Vec<String>,
    open: Vec<Vec<String>>,
    whole: bool,
    with_words: u64,
    handovers: Vec<(u64, String)>,
}

/// What was kept.
pub struct Kept {
    /// What was verified.
    pub verified: Verified,
    /// The signed note under which it was read.
    pub checkpoint: String,
    /// Whether all that the note covers was verified, and its root agreed.
    pub whole: bool,
}

/// The file in which it is kept.
pub struct Keeping {
    path: PathBuf,
    program: [u8; 32],
}

impl Keeping {
    /// At this path.
    ///
    /// # Errors
    ///
    /// This program cannot read itself.
    pub fn at(path: &Path) -> Result<Self> {
        let program = program::hash().context("this program cannot read its own file")?;
        Ok(Self { path: path.to_owned(), program })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is kept there; `None` when there is nothing, or another version of the program has written it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or was changed.
    pub fn load(&self) -> Result<Option<Kept>> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("`{}` cannot be read", self.path.display())),
        };
        let path = self.path.display();
        let changed = || format!("`{path}` is not what an audit has written; move it away to begin anew");
        if bytes.starts_with(b"{") {
            bail!(
                "`{path}` was kept by an older version of this program, which wrote text; it only saves time: move it \
                 away, or begin again without --state"
            );
        }
        let (all, sum) = bytes.split_at_checked(bytes.len().saturating_sub(SUM)).with_context(changed)?;
        let (head, parts) = all.split_at_checked(HEAD).with_context(changed)?;
        if !head.starts_with(MAGIC) || Sha256::digest(all).as_slice() != sum {
            bail!(changed());
        }
        if head.get(20..24) != Some(&FORMAT.to_le_bytes()) || head.get(24..) != Some(&self.program) {
            return Ok(None);
        }
        let mut parts = Parts(parts);
        let told: Told = parts.next().and_then(|told| read(told).ok()).with_context(changed)?;
        let parts: Vec<&[u8]> = parts.collect();
        let state = State::together(parts.len(), &|number| parts.get(number).map(|part| part.to_vec()));
        let state = state.ok().with_context(changed)?;
        let hashes =
            |texts: &[String]| -> Option<Vec<Hash>> { texts.iter().map(|text| Hash::from_base64(text).ok()).collect() };
        let frontier = hashes(&told.peaks).and_then(|peaks| Frontier::from_parts(told.size, peaks));
        let frontier = frontier.filter(|frontier| frontier.size() == state.size).with_context(changed)?;
        let handovers = told.handovers.into_iter().map(|(size, root)| Ok((size, Hash::from_base64(&root)?)));
        let handovers = handovers.collect::<Result<Vec<_>>>().with_context(changed)?;
        let open: Option<Vec<Vec<Hash>>> = told.open.iter().map(|tile| hashes(tile)).collect();
        let edge = Edge { frontier: frontier.clone(), open: open.with_context(changed)? };
        let replay = Replay { keyring: Keyring::of(&state), frontier, state };
        let verified = Verified { replay, edge, with_words: told.with_words, handovers };
        Ok(Some(Kept { verified, checkpoint: told.checkpoint, whole: told.whole }))
    }

    /// Keeps what was verified, in place of what was kept before; whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, so_far: &SoFar<'_>, checkpoint: &str, whole: bool) -> Result<()> {
        let SoFar { replay, edge, with_words, handovers } = *so_far;
        let told = Told {
            checkpoint: checkpoint.to_owned(),
            size: replay.frontier.size(),
            peaks: replay.frontier.peaks().iter().map(ToString::to_string).collect(),
            open: edge.open.iter().map(|tile| tile.iter().map(ToString::to_string).collect()).collect(),
            whole,
            with_words,
            handovers: handovers.iter().map(|(size, root)| (*size, root.to_string())).collect(),
        };
        let new = self.path.with_extension("new");
        let kept = || -> Result<()> {
            let mut out = BufWriter::with_capacity(1 << 20, Both(File::create(&new)?, Sha256::new()));
            out.write_all(MAGIC)?;
            out.write_all(&FORMAT.to_le_bytes())?;
            out.write_all(&self.program)?;
            for part in std::iter::once(written(&told)).chain(replay.state.apart().parts()) {
                out.write_all(&(part.len() as u64).to_le_bytes())?;
                out.write_all(&part)?;
            }
            let Both(mut file, hash) = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.write_all(&hash.finalize())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)?;
            Ok(())
        };
        kept().with_context(|| format!("`{}` cannot be written", self.path.display()))
    }
}

/// Parts, one behind the other.
struct Parts<'b>(&'b [u8]);

impl<'b> Iterator for Parts<'b> {
    type Item = &'b [u8];

    fn next(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.0.split_first_chunk()?;
        let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(part)
    }
}

/// A file, and the hash of what was written to it.
struct Both(File, Sha256);

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.0.write(bytes)?;
        self.1.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
