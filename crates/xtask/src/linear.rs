//! Histories of concurrent clients under faults: one log in one order explains every answer.

mod clients;
mod history;
mod material;

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::clock::Watch;
use crate::repository::Repository;
use clients::{Made, make};
use history::WRONGS;
use material::Material;

/// Histories of the short run, in the gate, and of the long one.
const HISTORIES: [u64; 2] = [4, 1_000];

/// Operations of one history.
const OPERATIONS: usize = 1_000;

/// The short run.
///
/// # Errors
///
/// As [`run`].
pub fn step(_repository: &Repository) -> Result<()> {
    all(0, HISTORIES[0])
}

/// `[--long | --histories N] [--from N]`.
///
/// # Errors
///
/// A history that no order explains, or a wrong one that is accepted.
pub fn run(arguments: &[String]) -> Result<()> {
    let (mut from, mut histories) = (0, HISTORIES[0]);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number follows")?.parse().with_context(|| format!("{word} takes a number"))
        };
        match word.as_str() {
            "--long" => histories = HISTORIES[1],
            "--histories" => histories = number()?,
            "--from" => from = number()?,
            _ => bail!("cargo xtask linear [--long | --histories N] [--from N]"),
        }
    }
    all(from, histories)
}

fn all(from: u64, histories: u64) -> Result<()> {
    let material = Material::new(OPERATIONS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    let watch = Watch::start();
    let (mut operations, mut restarts, mut rejected) = (0, 0, vec![0_u64; WRONGS.len()]);
    for seed in from..from + histories {
        let Made { history, restarts: again } = one(&runtime, seed, &material)?;
        operations += history.operations.len();
        restarts += again;
        for (how, (what, count)) in WRONGS.iter().zip(&mut rejected).enumerate() {
            let Some(wrong) = history.wrong(how) else { continue };
            ensure!(wrong.check().is_err(), "history {seed} with {what} is accepted");
            *count += 1;
        }
    }
    for (what, count) in WRONGS.iter().zip(&rejected) {
        ensure!(*count > 0, "no history had a place for {what}");
    }
    let seconds = watch.read().as_secs_f64();
    println!(
        "linear: {histories} histories of {OPERATIONS} operations ({operations} answered) in {seconds:.0} s, {restarts} \
         starts after failures, all linearizable; {} kinds of wrong history rejected, {} in all",
        WRONGS.len(),
        rejected.iter().sum::<u64>()
    );
    println!(
        "{}",
        json!({
            "campaign": "linear", "from": from, "histories": histories, "operations": operations, "restarts": restarts,
            "violations": 0, "wrong_kinds": WRONGS.len(), "wrong_rejected": rejected.iter().sum::<u64>(),
            "wrong_accepted": 0, "seconds": seconds,
        })
    );
    Ok(())
}

/// Makes one history and checks it. Threads take turns as they like, so a number tells which clients and failures it
/// had, not the very order.
fn one(runtime: &tokio::runtime::Runtime, seed: u64, material: &Arc<Material>) -> Result<Made> {
    let replay = || format!("linear: try it again with `cargo xtask linear --from {seed} --histories 1`");
    let made = runtime.block_on(make(seed, OPERATIONS, material)).with_context(replay)?;
    made.history.check().with_context(replay)?;
    Ok(made)
}

/// The first history, of so many, in which something is found.
///
/// # Errors
///
/// A fault of this program.
#[cfg(planted = "all")]
pub fn first_found(most: u64) -> Result<Option<(u64, String)>> {
    let material = Material::new(OPERATIONS)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?;
    for seed in 0..most {
        if let Err(error) = one(&runtime, seed, &material) {
            return Ok(Some((seed, error.root_cause().to_string())));
        }
    }
    Ok(None)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_accepted_and_each_wrong_one_rejected() {
        let material = Material::new(200).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // Which answers are lost is a matter of threads: a history whose last answer was lost has no last answer to falsify.
        let mut rejected = [false; WRONGS.len()];
        for seed in 1..20 {
            let made = runtime.block_on(make(seed, 200, &material)).unwrap();
            made.history.check().unwrap();
            for ((how, what), rejected) in WRONGS.iter().enumerate().zip(&mut rejected) {
                if let Some(wrong) = made.history.wrong(how) {
                    assert!(wrong.check().is_err(), "{what}");
                    *rejected = true;
                }
            }
            if rejected.iter().all(|rejected| *rejected) {
                return;
            }
        }
        panic!("never made: {rejected:?}");
    }
}
