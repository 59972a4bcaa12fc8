//! How far a monitor has looked, and what it needs to go on: one small JSON file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use counterpart_tlog::{Frontier, Hash};
use serde::{Deserialize, Serialize};

use crate::shell;

/// What a monitor remembers of a log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Which log.
    pub origin: String,
    /// The key that signed the checkpoint.
    pub vkey: String,
    /// How many entries were looked at.
    pub size: u64,
    /// The right edge of their tree, in base64.
    peaks: Vec<String>,
    /// The signed checkpoint over them.
    pub checkpoint: String,
    /// The earliest time of a cosignature on it, in seconds since 1970.
    pub cosigned_at: Option<u64>,
    /// Every key that entries have brought in: id to public key, in base64.
    pub keys: BTreeMap<String, String>,
}

impl Memory {
    /// The memory of a monitor that has looked at nothing of this log.
    pub fn new(origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            vkey: String::new(),
            size: 0,
            peaks: Vec::new(),
            checkpoint: String::new(),
            cosigned_at: None,
            keys: BTreeMap::new(),
        }
    }

    /// What was written down at this path, if anything.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn load(path: &Path) -> Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let memory = serde_json::from_slice(&shell::read(path)?).with_context(|| {
            format!("`{}` is not what a monitor writes; move it away to look at everything again", path.display())
        })?;
        Ok(Some(memory))
    }

    /// Writes it down.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_vec_pretty(self).context("the memory of the monitor cannot be written")?;
        text.push(b'\n');
        shell::replace(path, &text, false)
    }

    /// The tree so far.
    ///
    /// # Errors
    ///
    /// The file was changed.
    pub fn frontier(&self) -> Result<Frontier> {
        let peaks = self.peaks.iter().map(|peak| Hash::from_base64(peak)).collect::<Result<_, _>>()?;
        Frontier::from_parts(self.size, peaks).context("the memory of the monitor contradicts itself; move it away")
    }

    /// Remembers a larger tree.
    pub fn remember(&mut self, frontier: &Frontier) {
        self.size = frontier.size();
        self.peaks = frontier.peaks().iter().map(ToString::to_string).collect();
    }
}
