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

/// Names a folder that holds a mirror, to be audited in place of one that is made: making one takes minutes.
const KEPT: &str = "COUNTERPART_BENCH_AUDIT";

/// A log of a hundred thousand entries.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    of(repository, figures, 100_000, 5)
}

/// A log of a million entries.
pub fn million(repository: &Repository, figures: &mut Figures) -> Result<()> {
    of(repository, figures, 1_000_000, 1)
}

/// Fills a ledger, mirrors it, audits the mirror, and goes on behind that.
fn of(repository: &Repository, figures: &mut Figures, count: usize, times: usize) -> Result<()> {
    let binary = release(repository)?;
    if let Some(mirror) = std::env::var_os(KEPT) {
        return kept(&binary, Path::new(&mirror), times, figures);
    }
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
    rate(&binary, &mirror, vkey.trim(), times, figures)?;
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

/// Audits a mirror that is there already.
fn kept(binary: &Path, mirror: &Path, times: usize, figures: &mut Figures) -> Result<()> {
    let vkey = std::fs::read_to_string(mirror.join("vkey")).context("the vkey of the mirror")?;
    rate(binary, mirror, vkey.trim(), times, figures)
}

/// How many entries an audit takes each second, beside what two cores verify right before and after it.
fn rate(binary: &Path, mirror: &Path, vkey: &str, times: usize, figures: &mut Figures) -> Result<()> {
    let (mut rates, mut ratios) = (Vec::new(), Vec::new());
    let mut limit = limits::two_core_verify()?;
    let mut examined = 0.0;
    for _ in 0..times {
        let report = audited(binary, mirror, vkey, None)?;
        examined = number(&report, "/examined")?;
        let rate = examined / (number(&report, "/elapsed_ms")? / 1e3);
        let after = limits::two_core_verify()?;
        rates.push(rate);
        ratios.push(rate / f64::midpoint(limit, after));
        limit = after;
    }
    // The machine moves between runs, so the ratio is that of one audit and the limit around it.
    let (rate, ratio) = (median(rates), median(ratios));
    figures.rate(&format!("audit of {examined:.0} entries"), rate, "two-core verification", rate / ratio);
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
