//! Starts of a real server whose ledger has a million entries: a hundred thousand agreements of two boroughs each, in
//! force, on ten events, made over most of a year.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterpart_core::replay;
use counterpart_core::time::Timestamp;
use counterpart_store::embedded::{Embedded, Options};
use counterpart_store::{NewEntry, Store};

use super::{Figures, median, town::Town};
use crate::client;
use crate::clock::{self, Watch, timed};
use crate::load::Maker;
use crate::repository::Repository;
use crate::server::{self, ORIGIN, Server, release};

/// Entries of the ledger, at least.
const ENTRIES: u64 = 1_000_000;

/// Boroughs, each with all its officers.
const BOROUGHS: usize = 34;

/// Agreements of one pair of boroughs on one day.
const DAILY: usize = 20;

/// Entries that are written at once.
const GROUP: usize = 4_096;

/// Names a folder in which the ledger is kept for the next run: making one takes minutes.
const KEPT: &str = "COUNTERPART_BENCH_START";

/// Makes the ledger, or takes the one that was kept, and starts it in each way.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    let binary = release(repository)?;
    let passing = tempfile::tempdir()?;
    let folder = std::env::var_os(KEPT).map_or_else(|| passing.path().to_owned(), PathBuf::from);
    let data = folder.join("data");
    if !data.join("store/STORE").is_file() {
        fs::create_dir_all(&folder)?;
        let (made, took) = timed(|| make(&binary, &data));
        figures.plain("entries", count(made?), "");
        figures.plain("they are made in", took.as_secs_f64(), "s");
    }
    // What came with the ledger is replayed and signed for; from here on it was stopped cleanly.
    started(&binary, &data, &[], "replayed from the records", figures)?.stop()?;
    let mut took = Vec::new();
    for _ in 0..3 {
        let (server, seconds) = timed(|| Server::started(&binary, &data));
        took.push(seconds.as_secs_f64());
        server?.stop()?;
    }
    figures.plain("start after a clean stop, of three the middle one", median(took), "s");
    let mut server = started(&binary, &data, &[], "after a clean stop", figures)?;
    server.kill()?;
    started(&binary, &data, &[], "after an unclean stop", figures)?.stop()?;
    started(&binary, &data, &["--verify", "full"], "with everything verified", figures)?.stop()
}

/// Starts a server, and says when it listened, when it was ready, and what it holds then.
fn started(binary: &Path, data: &Path, words: &[&str], how: &str, figures: &mut Figures) -> Result<Server> {
    let watch = Watch::start();
    let server = Server::started_with(binary, data, words)?;
    figures.plain(&format!("{how}: listening"), watch.read().as_secs_f64(), "s");
    until(server.address(), "/readyz")?;
    figures.plain(&format!("{how}: ready"), watch.read().as_secs_f64(), "s");
    until(server.address(), "/api/v1/agreements?limit=1")?;
    figures.plain(&format!("{how}: agreements are answered"), watch.read().as_secs_f64(), "s");
    until(server.address(), "/events/500000")?;
    figures.plain(&format!("{how}: an entry from the middle is shown"), watch.read().as_secs_f64(), "s");
    figures.plain(&format!("{how}: memory"), resident(server.process())?, "MB");
    Ok(server)
}

/// Asks until it is answered.
fn until(address: &str, path: &str) -> Result<()> {
    for _ in 0..60_000 {
        if client::get(address, path).is_ok() {
            return Ok(());
        }
        client::wait(Duration::from_millis(5))?;
    }
    anyhow::bail!("{path} is not answered five minutes after the start")
}

/// Writes the entries into a store, as the write path would have; gives how many.
fn make(binary: &Path, data: &Path) -> Result<u64> {
    let days = ENTRIES.div_ceil((BOROUGHS / 2 * DAILY * 10) as u64) + 2;
    let begun = clock::now().add_days(-i64::try_from(days)?);
    let maker = Maker { ledger: ORIGIN.to_owned(), now: begun, run: 3, first: 0 };
    let genesis = maker.genesis(&server::printed(binary, data)?)?;
    let mut town = Town::kept(BOROUGHS, maker, &genesis)?;
    let store = Embedded::open(&data.join("store"), &options())?;
    let mut waiting = Vec::new();
    while store.size() < ENTRIES {
        town.maker.now = tomorrow(town.maker.now);
        for _ in 0..BOROUGHS / 2 {
            for _ in 0..DAILY {
                town.agreement(2, 0, |town, event| town.take(&event))?;
            }
            town.turn();
        }
        waiting.extend(town.entries());
        for group in waiting.chunks(GROUP) {
            let entries: Vec<NewEntry> = group
                .iter()
                .map(|entry| {
                    let bytes = entry.encode();
                    NewEntry { keys: keys(&bytes), bytes: bytes.into(), words: Vec::new() }
                })
                .collect();
            store.append(store.size(), &entries)?;
        }
        waiting.clear();
    }
    ensure!(town.replay.state.size == store.size(), "every entry was written");
    Ok(store.size())
}

fn tomorrow(now: Timestamp) -> Timestamp {
    now.add_days(1)
}

fn options() -> Options {
    Options::new(Arc::new(|bytes: &mut [u8]| bytes.fill(7)), Arc::new(keys))
}

/// Under which keys the program finds an entry.
fn keys(entry: &[u8]) -> Vec<Vec<u8>> {
    let read =
        replay::read(entry).map(|read| [read.event.stream.to_string().into_bytes(), read.event.id.as_bytes().to_vec()]);
    read.map(Vec::from).unwrap_or_default()
}

/// What a process holds in memory, in MB.
fn resident(process: u32) -> Result<f64> {
    let status =
        fs::read_to_string(format!("/proc/{process}/status")).context("memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a line VmRSS")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("VmRSS in kB")?;
    Ok(kib / 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn count(entries: u64) -> f64 {
    entries as f64
}
