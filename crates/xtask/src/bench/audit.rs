//! The audit: every byte, signature, authority and rule of a log again, from a static copy of it.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Figures, limits, median};
use crate::client;
use crate::load::EACH_MAX;
use crate::repository::Repository;
use crate::server::{Server, release};

/// Lines of a batch that fills it.
const BATCH: usize = 1_000;

/// Entries that are new when an audit goes on.
const NEW: usize = 1_000;

/// A log of a hundred thousand entries.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    of(repository, figures, 100_000, 3)
}

/// A log of a million entries.
pub fn million(repository: &Repository, figures: &mut Figures) -> Result<()> {
    of(repository, figures, 1_000_000, 1)
}

/// Fills a ledger, mirrors it, audits the mirror, and goes on behind that.
fn of(repository: &Repository, figures: &mut Figures, count: usize, times: usize) -> Result<()> {
    let binary = release(repository)?;
    let folder = tempfile::tempdir()?;
    let bodies = (count + NEW).div_ceil(EACH_MAX - 5);
    let server = Server::founded(&binary, folder.path())?;
    let maker = server.maker(1);
    client::batches(server.address(), &maker.organisations(bodies)?, BATCH, 1)?;
    let mut events = maker.appointments(bodies, EACH_MAX - 5)?;
    events.truncate(count + NEW - 3 * bodies - 1);
    let new = events.split_off(events.len() - NEW);
    client::batches(server.address(), &events, BATCH, 2)?;
    drop(events);
    let vkey = String::from_utf8(client::get(server.address(), "/log/vkey")?)?;
    let mirror = folder.path().join("mirror");
    let url = format!("http://{}", server.address());
    let follow =
        || told(Command::new(&binary).args(["mirror", &url]).arg(&mirror).args(["--quiet", "--vkey", vkey.trim()]));
    follow()?;
    let (mut rates, mut verifies) = (Vec::new(), Vec::new());
    for _ in 0..times {
        verifies.push(limits::two_core_verify()?);
        let report = audited(&binary, &mirror, vkey.trim(), None)?;
        rates.push(number(&report, "/examined")? / (number(&report, "/elapsed_ms")? / 1e3));
    }
    figures.rate(&format!("audit of {count} events"), median(rates), "two-core verification", median(verifies));
    // What is kept, and what it costs to go on from it.
    let state = folder.path().join("audit.state");
    let whole = audited(&binary, &mirror, vkey.trim(), Some(&state))?;
    client::batches(server.address(), &new, BATCH, 1)?;
    follow()?;
    server.stop()?;
    let on = audited(&binary, &mirror, vkey.trim(), Some(&state))?;
    let examined = number(&on, "/examined")?;
    ensure!((number(&on, "/went_on_from")? - number(&whole, "/size")?).abs() < 0.5, "the audit began anew: {on}");
    figures.plain("entries examined when it goes on", examined, "");
    figures.plain("and how long that takes, the state read and written", number(&on, "/elapsed_ms")?, "ms");
    let bytes = std::fs::metadata(&state).context("what the audit keeps")?.len();
    let bytes = f64::from(u32::try_from(bytes).unwrap_or(u32::MAX));
    figures.plain("bytes that it keeps for each entry", bytes / number(&on, "/size")?, "");
    Ok(())
}

/// What the audit reports.
fn audited(binary: &Path, mirror: &Path, vkey: &str, state: Option<&Path>) -> Result<Value> {
    let mut command = Command::new(binary);
    command.arg("audit").arg(mirror).args(["--json", "--quiet", "--vkey", vkey]);
    if let Some(state) = state {
        command.arg("--state").arg(state);
    }
    serde_json::from_slice(&told(&mut command)?).context("the report of the audit")
}

fn number(report: &Value, name: &str) -> Result<f64> {
    report.pointer(name).and_then(Value::as_f64).with_context(|| format!("`{name}` in {report}"))
}

fn told(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(done.status.success(), "{command:?} ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(done.stdout)
}
