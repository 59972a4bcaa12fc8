//! A log of random histories, replayed on one thread and on many.
//!
//! The histories are those of the tests of the rules (`crates/core/tests/history`), with every signature real.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use counterpart_core::ledger::{Ledger, LogKeys, Signatures};
use counterpart_core::replay::Replay;
use counterpart_core::state::State;
use counterpart_core::storage::NewEntry;
use counterpart_store::Store;
use counterpart_store::memory::{Memory, MemoryLocks};

use crate::clock::{rate, timed};
use crate::history::{Chronicle, ORIGIN};
use crate::repository::Repository;

/// Events of the short run, in the gate, and of the long one.
const EVENTS: [usize; 2] = [5_000, 100_000];

/// The short run.
///
/// # Errors
///
/// Two replays came to different states.
pub fn step(_repository: &Repository) -> Result<()> {
    compare(EVENTS[0])
}

/// Makes a log and replays it: `[--long | --events N]`.
///
/// # Errors
///
/// Two replays came to different states, or an argument is none.
pub fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => compare(EVENTS[0]),
        [long] if long == "--long" => compare(EVENTS[1]),
        [name, count] if name == "--events" => compare(count.parse().context("--events takes a number")?),
        _ => bail!("cargo xtask replay [--long | --events N]"),
    }
}

/// The account of a state, as bytes.
fn account(state: &State) -> Vec<u8> {
    let mut all = Vec::new();
    state.tell(&mut |line| {
        all.extend_from_slice(line);
        all.push(b'\n');
    });
    all
}

fn compare(events: usize) -> Result<()> {
    let (ledger, made) = timed(|| {
        let mut ledger = Chronicle::founded(u64::try_from(events).unwrap_or_default());
        ledger.checks_signatures = false;
        while ledger.entries.len() < events {
            ledger.step();
        }
        ledger
    });
    println!("replay: {} entries made in {:.1} s", ledger.entries.len(), made.as_secs_f64());
    let (one_by_one, took) = timed(|| -> Result<Replay> {
        let mut replay = Replay::new();
        for bytes in &ledger.entries {
            replay.next_bytes(bytes)?;
        }
        Ok(replay)
    });
    let one_by_one = one_by_one?;
    let expected = account(&one_by_one.state);
    println!("  one by one: {:.0} entries/s", rate(events, took));
    ensure!(account(ledger.state()) == expected, "the state of the writer is another than that of a replay");
    for threads in [1, 2, 8] {
        let store = kept(&ledger.entries)?;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let (opened, took) = timed(|| {
            pool.install(|| {
                let locks = Arc::new(MemoryLocks::new());
                let first = LogKeys::from(Chronicle::log_signer());
                let keys = ledger.later_log_signers().into_iter().fold(first, LogKeys::with);
                Ledger::open_with(store, locks, keys, ORIGIN, Signatures::All, &mut |_| {})
            })
        });
        let opened = opened?;
        ensure!(account(opened.state()) == expected, "on {threads} threads the state is another");
        ensure!(opened.tree().root() == one_by_one.frontier.root(), "on {threads} threads the root is another");
        println!("  on {threads} threads: {:.0} entries/s, the same {} bytes", rate(events, took), expected.len());
    }
    println!("  state {}, root {}", one_by_one.state.digest(), one_by_one.frontier.root().to_hex());
    Ok(())
}

/// The entries in a store.
fn kept(entries: &[Vec<u8>]) -> Result<Arc<Memory>> {
    let store = Memory::new();
    let group: Vec<NewEntry> = entries
        .iter()
        .map(|bytes| NewEntry { bytes: bytes.as_slice().into(), words: Vec::new(), keys: Vec::new() })
        .collect();
    store.append(0, &group)?;
    Ok(Arc::new(store))
}
