//! The model of agreements, checked exhaustively: every order of every move to a small depth.

use anyhow::{Result, bail};

use crate::repository::{Repository, succeed};

/// Runs the model and shows what it explored; `--long` goes deeper than the gate does.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let long = match arguments {
        [] => false,
        [word] if word == "--long" => true,
        _ => bail!("`cargo xtask model` knows one option: --long"),
    };
    // With the whole workspace, so that what the gate built serves.
    let mut cargo = repository.cargo(&["test", "--locked", "--workspace", "--test", "model", "--", "--nocapture"]);
    if long {
        cargo.arg("no_order_of_moves").env("COUNTERPART_MODEL_LONG", "1");
    }
    succeed(&mut cargo)
}
