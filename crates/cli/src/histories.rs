//! Two signed checkpoints that contradict each other, kept side by side as evidence.

use std::path::{Path, PathBuf};

use anyhow::Result;
use counterpart_core::time::Timestamp;

use crate::shell;

/// Keeps two contradicting checkpoints in a folder beside `file`; gives the folder.
///
/// # Errors
///
/// They cannot be written.
pub fn keep_both(file: &Path, known: &str, shown: &str, now: Timestamp) -> Result<PathBuf> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".fork-{}", now.millis() / 1000));
    let folder = file.with_file_name(name);
    shell::make_directory(&folder)?;
    shell::replace(&folder.join("known.checkpoint"), known.as_bytes(), false)?;
    shell::replace(&folder.join("shown.checkpoint"), shown.as_bytes(), false)?;
    Ok(folder)
}
