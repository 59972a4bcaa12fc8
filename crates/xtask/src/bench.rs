//! Speed, as ratios to limits measured in the same run.

use anyhow::{Result, bail};

use crate::repository::Repository;

/// Measures what is named, or everything.
pub fn run(_repository: &Repository, _arguments: &[String]) -> Result<()> {
    bail!("there are no benchmarks yet: they need `counterpart serve`")
}
