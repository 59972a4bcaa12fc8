//! The model of agreements, checked exhaustively: every order of every move to a small depth.

use anyhow::{Context, Result, bail, ensure};

use crate::repository::{Repository, succeed};

/// Runs the model and shows what it explored: `[--long | --depth N] [--only TEXT] [--release]`.
///
/// `--long` goes deeper than the gate does, `--depth` at most so deep, and both from every beginning, or from those
/// whose names have the text in them.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    // With the whole workspace, so that what the gate built serves.
    let mut cargo = vec!["test", "--locked", "--workspace", "--test", "model"];
    let (mut depth, mut only) = (None, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--long" => depth = Some("all"),
            "--depth" => depth = Some(words.next().context("--depth needs a number")?.as_str()),
            "--only" => only = Some(words.next().context("--only needs a text")?),
            "--release" => cargo.push("--release"),
            other => bail!("`{other}` is not an option: [--long | --depth N] [--only TEXT] [--release]"),
        }
    }
    cargo.extend(["--", "--nocapture"]);
    let mut cargo = repository.cargo(&cargo);
    if let Some(depth) = depth {
        ensure!(depth == "all" || depth.parse::<usize>().is_ok(), "`{depth}` is not a number");
        cargo.arg("no_order_of_moves").env("COUNTERPART_MODEL_DEPTH", depth);
    }
    if let Some(only) = only {
        ensure!(depth.is_some(), "--only goes with --long or --depth");
        cargo.env("COUNTERPART_MODEL_ONLY", only);
    }
    succeed(&mut cargo)
}
