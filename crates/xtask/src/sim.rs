//! Deterministic simulation: the real write path, store, witnesses and mirrors, with clients and an operator, in one
//! thread, all from one number.
//!
//! There is no real clock and no real network; the disk is a folder whose calls fail by the seed. Each seed draws its own
//! mixture of faults. What was promised is looked at after every step, and when the weather is good again everybody
//! must get what was promised.

mod clients;
mod disk;
mod mirrors;
mod operator;
mod server;
mod setting;
mod truth;
mod weather;
mod witnesses;
mod world;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;

use crate::clock::Watch;
use crate::repository::Repository;
use setting::Setting;
use weather::Tally;
use world::{Told, World};

/// Seeds of the short run, in the gate, and of the long one.
const SEEDS: [u64; 2] = [60, 10_000];

/// One seed of so many is lived through twice.
const TWICE: u64 = 100;

/// The short run.
///
/// # Errors
///
/// As [`run`].
pub fn step(_repository: &Repository) -> Result<()> {
    all(0, SEEDS[0], 10)
}

/// `[--long | --seeds N] [--from N] [--seed N]`.
///
/// # Errors
///
/// A promise was broken; the line that replays the seed is part of the message.
pub fn run(arguments: &[String]) -> Result<()> {
    let (mut from, mut seeds, mut twice) = (0, SEEDS[0], TWICE);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number follows")?.parse().with_context(|| format!("{word} takes a number"))
        };
        match word.as_str() {
            "--long" => seeds = SEEDS[1],
            "--seeds" => seeds = number()?,
            "--from" => from = number()?,
            "--seed" => (from, seeds, twice) = (number()?, 1, 1),
            _ => bail!("cargo xtask sim [--long | --seeds N] [--from N] [--seed N]"),
        }
    }
    all(from, seeds, twice)
}

fn all(from: u64, seeds: u64, twice: u64) -> Result<()> {
    // One thread: what a seed does must not hang on how threads take turns.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| on_one_thread(from, seeds, twice))
}

fn on_one_thread(from: u64, seeds: u64, twice: u64) -> Result<()> {
    let setting = setting::shared()?;
    let watch = Watch::start();
    let (mut tally, mut acknowledged, mut millis, mut again) = (Tally::default(), 0, 0, 0_u64);
    for seed in from..from + seeds {
        let replay = || format!("sim: replay it with `cargo xtask sim --seed {seed}`");
        let told = live(seed, &setting).with_context(replay)?;
        if seed.is_multiple_of(twice) {
            let other = live(seed, &setting).with_context(replay)?;
            ensure!(told.trace == other.trace, "seed {seed} went otherwise the second time\n{}", replay());
            again += 1;
        }
        tally.take_in(&told.tally);
        acknowledged += told.acknowledged;
        millis += told.millis;
    }
    let seconds = watch.read().as_secs_f64();
    let hours = f64::from(u32::try_from(millis / 1000)?) / 3600.0;
    println!(
        "sim: {seeds} seeds in {seconds:.0} s, {hours:.0} simulated hours, {acknowledged} events acknowledged, 0 lost, \
         0 violations; {again} lived through twice with equal traces"
    );
    println!(
        "{}",
        json!({
            "campaign": "sim", "from": from, "seeds": seeds, "seconds": seconds, "simulated_hours": hours,
            "acknowledged": acknowledged, "lost": 0, "violations": 0, "twice_with_equal_traces": again,
            "faults": tally.0,
        })
    );
    Ok(())
}

/// The first of so many seeds in which something is found, and what; a program that stops is something as well.
///
/// # Errors
///
/// A fault of this program.
#[cfg(planted = "all")]
pub fn first_found(most: u64) -> Result<Option<(u64, String)>> {
    let setting = setting::shared()?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    pool.install(|| {
        for seed in 0..most {
            let lived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| live(seed, &setting)));
            match lived {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Ok(Some((seed, first_words(&error)))),
                Err(_) => return Ok(Some((seed, "the program stops".to_owned()))),
            }
        }
        Ok(None)
    })
}

/// The promise that was broken, if it is named.
#[cfg(planted = "all")]
fn first_words(error: &anyhow::Error) -> String {
    error
        .chain()
        .map(ToString::to_string)
        .find(|words| words.starts_with("VIOLATION"))
        .unwrap_or_else(|| error.to_string())
}

/// Lives through one seed in a folder of its own, in memory where the machine has such a place.
fn live(seed: u64, setting: &Arc<Setting>) -> Result<Told> {
    let folder = tempfile::Builder::new().prefix("sim-").tempdir_in(in_memory())?;
    World::live(seed, folder.path(), setting)
}

fn in_memory() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() }
}
