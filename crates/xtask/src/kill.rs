//! `kill -9` under load: whatever was acknowledged must be there afterwards.

use anyhow::{Result, bail};

use crate::repository::Repository;

/// Starts, loads, kills and checks a server, round after round.
pub fn run(_repository: &Repository, _arguments: &[String]) -> Result<()> {
    bail!("there are no kill rounds yet: they need `counterpart serve`")
}
