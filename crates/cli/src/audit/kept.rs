//! What an audit has verified, kept by whoever audits, so that the next audit costs only what is new.
//!
//! ```text
//! {"checkpoint":"<note>","handovers":[[<size>,"<root>"],…],"open":[["<hash>",…],…],"program":"<SHA-256>","replay":{…},"whole":true,"with_words":n}
//! <hexadecimal SHA-256 of the line above>
//! ```
//!
//! It is believed as the audit itself is believed: keep it where only you write. It is read by the very program that
//! wrote it and by no other, because another version may decide otherwise; then everything is verified again.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use counterpart_core::replay::Replay;
use counterpart_tlog::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::engine::{SoFar, Verified};
use super::tree::Edge;
use crate::program;

/// What stands in the file.
#[derive(Serialize)]
struct Down<'k> {
    checkpoint: &'k str,
    open: Vec<Vec<String>>,
    program: &'k str,
    replay: &'k Replay,
    whole: bool,
    with_words: u64,
    handovers: Vec<(u64, String)>,
}

/// The same, read back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Up {
    checkpoint: String,
    open: Vec<Vec<String>>,
    #[expect(dead_code, reason = "compared before the rest is read")]
    program: String,
    replay: Replay,
    whole: bool,
    with_words: u64,
    handovers: Vec<(u64, String)>,
}

/// Only by whom it was written.
#[derive(Deserialize)]
struct By {
    program: String,
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
    program: String,
}

impl Keeping {
    /// At this path.
    ///
    /// # Errors
    ///
    /// This program cannot read itself.
    pub fn at(path: &Path) -> Result<Self> {
        let program = hex::encode(program::hash().context("this program cannot read its own file")?);
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
        let changed =
            || format!("`{}` is not what an audit has written; move it away to begin anew", self.path.display());
        let (line, sum) = bytes.split_at_checked(bytes.len().saturating_sub(66)).with_context(changed)?;
        let promised = [b"\n", hex::encode(Sha256::digest(line)).as_bytes(), b"\n"].concat();
        if sum != promised {
            bail!(changed());
        }
        let by: By = serde_json::from_slice(line).with_context(changed)?;
        if by.program != self.program {
            return Ok(None);
        }
        let Up { checkpoint, open, replay, whole, with_words, handovers, .. } =
            serde_json::from_slice(line).with_context(changed)?;
        let handovers = handovers.into_iter().map(|(size, root)| Ok((size, Hash::from_base64(&root)?)));
        let handovers = handovers.collect::<Result<Vec<_>>>().with_context(changed)?;
        let open: Result<Vec<Vec<Hash>>, _> =
            open.iter().map(|tile| tile.iter().map(|hash| Hash::from_base64(hash)).collect()).collect();
        let edge = Edge { frontier: replay.frontier.clone(), open: open.with_context(changed)? };
        Ok(Some(Kept { verified: Verified { replay, edge, with_words, handovers }, checkpoint, whole }))
    }

    /// Keeps what was verified, in place of what was kept before; whole or not at all.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, so_far: &SoFar<'_>, checkpoint: &str, whole: bool) -> Result<()> {
        let SoFar { replay, edge, with_words, handovers } = *so_far;
        let open = edge.open.iter().map(|tile| tile.iter().map(ToString::to_string).collect()).collect();
        let handovers = handovers.iter().map(|(size, root)| (*size, root.to_string())).collect();
        let down = Down { checkpoint, open, program: &self.program, replay, whole, with_words, handovers };
        let new = self.path.with_extension("new");
        let written = || -> Result<()> {
            let mut out = BufWriter::with_capacity(1 << 20, Both(File::create(&new)?, Sha256::new()));
            serde_json::to_writer(&mut out, &down)?;
            let Both(mut file, hash) = out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.write_all(format!("\n{}\n", hex::encode(hash.finalize())).as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, &self.path)?;
            Ok(())
        };
        written().with_context(|| format!("`{}` cannot be written", self.path.display()))
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
