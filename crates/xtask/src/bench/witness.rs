//! How long after its acknowledgement an event is witnessed, with two witnesses on the same machine.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterpart_tlog::proof::TlogProof;
use serde_json::Value;

use super::{Figures, limits, percentile};
use crate::client;
use crate::clock::Watch;
use crate::repository::Repository;
use crate::server::{Server, release};

/// Events that are sent, each when the one before is witnessed.
const EVENTS: usize = 300;

/// How often it is asked whether an event is witnessed: far more often than witnesses answer.
const LOOK: Duration = Duration::from_micros(500);

/// A witness in a process of its own.
struct Witness {
    process: Child,
    vkey: String,
    url: String,
}

impl Witness {
    fn start(binary: &Path, folder: &Path, name: &str, log: &str) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["witness", "serve", "--name", &format!("{name}.bench.example"), "--log", log, "--data"]);
        command.arg(folder.join(name)).args(["--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("a witness")?;
        let mut lines = BufReader::new(process.stdout.take().context("a witness says nothing")?).lines();
        let mut said = |prefix: &str| -> Result<String> {
            let line = lines.next().context("a witness ended")??;
            Ok(line.strip_prefix(prefix).with_context(|| format!("a witness says `{line}`"))?.to_owned())
        };
        Ok(Self { vkey: said("witness ")?, url: said("listening on ")?, process })
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends events one by one and waits until the proof of each carries both cosignatures.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    let binary = release(repository)?;
    let folder = tempfile::tempdir()?;
    let server = Server::founded(&binary, folder.path())?;
    let log = String::from_utf8(client::get(server.address(), "/log/vkey")?)?;
    server.stop()?;
    let log = log.trim();
    let both =
        [Witness::start(&binary, folder.path(), "one", log)?, Witness::start(&binary, folder.path(), "two", log)?];
    let mut policy = format!("log {log}\n");
    for (name, witness) in ["one", "two"].iter().zip(&both) {
        writeln!(policy, "witness {name} {} {}", witness.vkey, witness.url)?;
    }
    let file = folder.path().join("policy");
    std::fs::write(&file, policy + "group both all one two\nquorum both\n")?;
    let file = file.display().to_string();
    let server = Server::started_with(&binary, &folder.path().join("data"), &["--policy", &file])?;
    let maker = server.maker(1);
    let bodies = EVENTS.div_ceil(150);
    client::batches(server.address(), &maker.organisations(bodies)?, 100, 1)?;
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let url = format!("http://{}", server.address());
    let sync = limits::sync_micros(folder.path())?;
    let (mut witnessed, mut acknowledged) = (Vec::new(), Vec::new());
    for event in maker.appointments(bodies, 150)?.into_iter().take(EVENTS) {
        let sent = Watch::start();
        let mut answer =
            agent.post(format!("{url}/api/v1/events")).content_type("application/json").send(event.body)?;
        let receipt: Value = serde_json::from_slice(&answer.body_mut().read_to_vec()?)?;
        acknowledged.push(sent.read().as_secs_f64() * 1e6);
        let waiting = Watch::start();
        let index = receipt.get("index").and_then(Value::as_u64).with_context(|| format!("no receipt: {receipt}"))?;
        loop {
            let mut answer = agent.get(format!("{url}/log/proof/{index}")).call()?;
            let text = answer.body_mut().read_to_string()?;
            let signatures =
                TlogProof::parse(&text).map_or(0, |proof| proof.checkpoint_note.matches('\u{2014}').count());
            if signatures == 3 {
                break;
            }
            ensure!(waiting.read() < Duration::from_secs(30), "entry {index} is not witnessed within 30 seconds");
            client::wait(LOOK)?;
        }
        witnessed.push(waiting.read().as_secs_f64() * 1e6);
    }
    let told = "from acknowledgement to a witnessed proof";
    figures.time("from request to acknowledgement, p50", percentile(&mut acknowledged, 50), "a bare fdatasync", sync);
    figures.time(&format!("{told}, p50"), percentile(&mut witnessed, 50), "a bare fdatasync", sync);
    figures.plain(&format!("{told}, p99"), percentile(&mut witnessed, 99) / 1e3, "ms");
    server.stop()
}
