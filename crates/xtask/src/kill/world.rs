//! What a round of the sweep begins with: a founded ledger, an older copy of it, folders in which a server was killed
//! before, and the events that are sent.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use counterpart_tlog::note::VerifierKey;
use serde_json::Value;

use super::scenario::{Outcome, Scenario, Stage};
use crate::client;
use crate::load::Prepared;
use crate::repository::succeed;
use crate::server::Server;
use crate::strike::{Blow, How, Strike};

/// Appointments that a scenario may send.
const POOL: usize = 24;

/// A folder to begin from, and what was answered for in it.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) data: PathBuf,
    /// Receipts by the number of their event.
    pub(super) receipts: Vec<(usize, Value)>,
    /// So many events were sent, in order; all of them may be recorded.
    pub(super) sent: usize,
}

/// A round's world.
pub(super) struct World {
    pub(super) binary: PathBuf,
    pub(super) strike: Strike,
    pub(super) vkey: VerifierKey,
    /// Where the cases lie.
    folder: PathBuf,
    /// How the events of this round are grouped.
    pub(super) groups: Vec<usize>,
    /// Everything that may be sent, in order; the last destroys words of the first appointment.
    pub(super) events: Vec<Prepared>,
    /// The entry whose words go.
    pub(super) target: u64,
    /// Stopped as it should be.
    pub(super) calm: Base,
    /// Killed before.
    crashed: Vec<Base>,
    cases: Cell<u64>,
}

impl World {
    /// Founds a ledger of one organisation and prepares what a round needs.
    pub(super) fn made(binary: &Path, library: &Path, folder: &Path, round: usize) -> Result<Self> {
        let data = folder.join("data");
        let server = Server::founded(binary, folder)?;
        let maker = server.maker(u16::try_from(round % 4_000)? + 1);
        let mut events = maker.organisations(1)?;
        let first = events.len();
        events.extend(maker.appointments(1, POOL)?);
        events.push(maker.erasure(2_000_000)?);
        let (early, prior) = (first, first + 1 + round % 5);
        client::batches(server.address(), events.get(..early).unwrap_or_default(), 16, 1)?;
        server.stop()?;
        let mut backup = Command::new(binary);
        backup.arg("--quiet").arg("backup").arg("--data").arg(&data);
        backup.arg("--to").arg(folder.join("copy")).arg("--keys-to").arg(folder.join("copy-keys"));
        succeed(backup.stdout(std::process::Stdio::null()))?;
        let server = Server::started(binary, &data)?;
        let sent = events.get(early..prior).unwrap_or_default();
        let mut receipts = Vec::new();
        for (number, event) in (early..).zip(sent) {
            let answer =
                client::ask(server.address(), &client::post("/api/v1/events", "application/json", &event.body))?;
            receipts.push((number, serde_json::from_slice(&answer.body).context("a receipt")?));
        }
        server.stop()?;
        let identity: Value = serde_json::from_slice(&fs::read(data.join("ledger.json"))?)?;
        let vkey = identity.get("log_key").and_then(Value::as_str).context("`ledger.json` has a log key")?;
        let shapes: [&[usize]; 5] = [&[1, 1, 1], &[2, 1], &[5], &[1, 7], &[1, 2, 4]];
        let mut world = Self {
            binary: binary.to_owned(),
            strike: Strike::new(library, &folder.join("page"))?,
            vkey: VerifierKey::parse(vkey)?,
            folder: folder.to_owned(),
            groups: shapes.get(round % shapes.len()).copied().unwrap_or(&[1]).to_vec(),
            events,
            target: 1 + first as u64,
            calm: Base { data, receipts, sent: prior },
            crashed: Vec::new(),
            cases: Cell::new(0),
        };
        world.crash()?;
        Ok(world)
    }

    /// Leaves folders in which a server was killed in the middle of its first and of its last write of an append, and
    /// in the middle of the last one of its stop.
    fn crash(&mut self) -> Result<()> {
        let learnt = Scenario::Append.learn(self)?;
        let writes = |stage: Stage| -> Vec<u64> {
            let calls = (1_u64..).zip(&learnt.divisible);
            calls
                .filter(|(call, divisible)| **divisible && learnt.stage(*call) == Some(stage))
                .map(|(call, _)| call)
                .collect()
        };
        let (append, stop) = (writes(Stage::Append), writes(Stage::Stop));
        let calls = [append.first().copied(), append.last().copied(), stop.last().copied()];
        for call in calls.into_iter().flatten() {
            let outcome = Scenario::Append.play(self, Some(Blow { call, how: How::Half, stops: false }))?;
            self.crashed.push(outcome.base());
        }
        Ok(())
    }

    /// The n-th folder in which a server was killed before.
    pub(super) fn crashed(&self, number: usize) -> Result<&Base> {
        self.crashed.get(number).context("a server was killed before")
    }

    /// A new folder for a case, with a copy of a ledger as `data`.
    pub(super) fn case(&self, data: &Path) -> Result<PathBuf> {
        self.cases.set(self.cases.get() + 1);
        let place = self.folder.join(format!("case-{}", self.cases.get()));
        fs::create_dir(&place)?;
        copied(data, &place.join("data"))?;
        Ok(place)
    }

    /// A copy of something of the world within a case.
    pub(super) fn lay(&self, name: &str, place: &Path) -> Result<()> {
        copied(&self.folder.join(name), &place.join(name))
    }

    /// The signed genesis that the ledger was founded with.
    pub(super) fn genesis(&self) -> PathBuf {
        self.folder.join("genesis.json")
    }
}

impl Outcome {
    /// What it leaves, as something to begin from.
    fn base(self) -> Base {
        Base { data: self.data(), receipts: self.receipts, sent: self.sent }
    }
}

/// Copies a folder. The ballast is never written to, so its copy may be the same file.
fn copied(from: &Path, to: &Path) -> Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copied(&entry.path(), &to.join(entry.file_name()))?;
        }
    } else if from.file_name().is_some_and(|name| name == "BALLAST") {
        fs::hard_link(from, to)?;
    } else {
        fs::copy(from, to)?;
    }
    Ok(())
}
