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

/// Events of the log.
const EVENTS: usize = 100_000;

/// Lines of a batch that fills it.
const BATCH: usize = 1_000;

/// Fills a ledger, mirrors it, and audits the mirror.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    let binary = release(repository)?;
    let folder = tempfile::tempdir()?;
    let bodies = EVENTS.div_ceil(EACH_MAX);
    let server = Server::founded(&binary, folder.path())?;
    let maker = server.maker(1);
    client::batches(server.address(), &maker.organisations(bodies)?, BATCH, 1)?;
    let mut events = maker.appointments(bodies, EACH_MAX - 5)?;
    events.truncate(EVENTS - 3 * bodies - 1);
    client::batches(server.address(), &events, BATCH, 2)?;
    drop(events);
    let vkey = String::from_utf8(client::get(server.address(), "/log/vkey")?)?;
    let mirror = folder.path().join("mirror");
    let url = format!("http://{}", server.address());
    told(Command::new(&binary).args(["mirror", &url]).arg(&mirror).args(["--quiet", "--vkey", vkey.trim()]))?;
    server.stop()?;
    let (mut rates, mut verifies) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        verifies.push(limits::two_core_verify()?);
        rates.push(audited(&binary, &mirror, vkey.trim())?);
    }
    figures.rate(&format!("audit of {EVENTS} events"), median(rates), "two-core verification", median(verifies));
    Ok(())
}

/// Events each second, as the audit itself reports them.
fn audited(binary: &Path, mirror: &Path, vkey: &str) -> Result<f64> {
    let report = told(Command::new(binary).arg("audit").arg(mirror).args(["--json", "--quiet", "--vkey", vkey]))?;
    let report: Value = serde_json::from_slice(&report).context("the report of the audit")?;
    let number =
        |name: &str| report.pointer(name).and_then(Value::as_f64).with_context(|| format!("`{name}` in {report}"));
    Ok(number("/decisions/done")? / (number("/elapsed_ms")? / 1e3))
}

fn told(command: &mut Command) -> Result<Vec<u8>> {
    let done = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(done.status.success(), "{command:?} ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(done.stdout)
}
