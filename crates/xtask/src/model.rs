//! The model of agreements, checked exhaustively: every order of every move to a small depth.

use anyhow::{Result, bail};

use crate::repository::{Repository, succeed};

/// Runs the model and shows what it explored; `--long` goes deeper than the gate does, `--depth` at most so deep, and
/// both from every beginning.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let depth = match arguments {
        [] => None,
        [word] if word == "--long" => Some("all"),
        [word, depth] if word == "--depth" && depth.parse::<usize>().is_ok() => Some(depth.as_str()),
        _ => bail!("`cargo xtask model` knows --long and --depth N"),
    };
    // With the whole workspace, so that what the gate built serves.
    let mut cargo = repository.cargo(&["test", "--locked", "--workspace", "--test", "model", "--", "--nocapture"]);
    if let Some(depth) = depth {
        cargo.arg("no_order_of_moves").env("COUNTERPART_MODEL_DEPTH", depth);
    }
    succeed(&mut cargo)
}
