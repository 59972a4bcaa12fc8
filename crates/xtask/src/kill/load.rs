//! `kill -9` under load: whatever was acknowledged must be there afterwards, at its place, under one root.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::{TILE_WIDTH, decode_bundle, new_entry_tiles};
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};

use crate::client;
use crate::load::Prepared;
use crate::repository::Repository;
use crate::server::{self, Server};

/// Rounds without `--rounds`.
const ROUNDS: usize = 200;

/// Rounds in the gate.
const SHORT_ROUNDS: usize = 8;

/// Organisations that take turns.
const BODIES: usize = 40;

/// Connections that send at once.
const CLIENTS: usize = 16;

/// Events sent in one batch while a ledger is filled.
const BATCH: usize = 500;

/// What the server said of one event, and must stand by.
pub(super) struct Acknowledged {
    pub(super) index: u64,
    leaf: Hash,
    checkpoint: Checkpoint,
}

/// The log as it was last read: every entry hashed again by us.
#[derive(Default)]
pub(super) struct Seen {
    tree: Tree,
}

/// Starts, loads, kills and checks a server, round after round.
///
/// # Errors
///
/// A round in which something acknowledged is missing or different, or the ledger does not open.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let rounds = match arguments {
        [] => ROUNDS,
        [flag, count] if flag == "--rounds" => count.parse().context("--rounds takes a number")?,
        _ => bail!("cargo xtask kill load [--rounds N]"),
    };
    rounds_of(&server::release(repository)?, rounds)
}

/// A few rounds with the program that the tests were built with: for the gate.
///
/// # Errors
///
/// As [`run`].
pub fn short(binary: &Path) -> Result<()> {
    rounds_of(binary, SHORT_ROUNDS)
}

fn rounds_of(binary: &Path, rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::founded(binary, folder.path())?;
    let mut seen = Seen::default();
    let mut events = Vec::new();
    let mut acknowledged_in_all = 0;
    let mut unacknowledged_but_there = 0;
    for round in 0..rounds {
        if events.is_empty() {
            events = refill(&server, round)?;
            seen.read(server.address())?;
        }
        let load: Vec<Prepared> = events.split_off(events.len().saturating_sub(1_500));
        let before = seen.tree.size();
        let acknowledged = loaded_and_killed(&mut server, load, delay(round))?;
        server = server.restarted().with_context(|| format!("round {round}: the ledger does not open again"))?;
        seen.read(server.address()).with_context(|| format!("round {round}"))?;
        for one in &acknowledged {
            seen.holds(one).with_context(|| format!("round {round}"))?;
        }
        acknowledged_in_all += acknowledged.len();
        let grown = usize::try_from(seen.tree.size() - before)?;
        unacknowledged_but_there += grown.saturating_sub(acknowledged.len());
    }
    server.stop()?;
    println!(
        "{rounds} kills, {acknowledged_in_all} events acknowledged, 0 lost; {} entries in the log",
        seen.tree.size()
    );
    println!(
        "{}",
        json!({
            "campaign": "kill load", "kills": rounds, "acknowledged": acknowledged_in_all, "lost": 0, "unopenable": 0,
            "unacknowledged_but_recorded": unacknowledged_but_there, "entries": seen.tree.size(),
        })
    );
    Ok(())
}

/// Fresh organisations, which are registered at once, and events for them.
fn refill(server: &Server, round: usize) -> Result<Vec<Prepared>> {
    let mut maker = server.maker(u16::try_from(round % 4_096)?.wrapping_add(1));
    maker.first = round * BODIES;
    client::batches(server.address(), &maker.organisations(BODIES)?, BATCH, 1)?;
    let mut events = maker.appointments(BODIES, crate::load::EACH_MAX - 10)?;
    events.reverse();
    Ok(events)
}

/// How long a round runs: spread over everything from the first request to a good deal of load, and told again
/// by the number of the round.
fn delay(round: usize) -> Duration {
    let spread = Hash::of(format!("kill {round}").as_bytes());
    let [first, second, ..] = *spread.as_bytes();
    Duration::from_micros(u64::from(u16::from_be_bytes([first, second])) * 4)
}

fn loaded_and_killed(server: &mut Server, load: Vec<Prepared>, delay: Duration) -> Result<Vec<Acknowledged>> {
    let address = server.address().to_owned();
    let loader = std::thread::spawn(move || client::until_cut(&address, &load, CLIENTS));
    client::wait(delay)?;
    server.kill()?;
    let answers = loader.join().map_err(|_| anyhow::anyhow!("the load generator stopped"))??;
    answers.iter().map(|body| Acknowledged::read(body)).collect()
}

impl Acknowledged {
    fn read(body: &[u8]) -> Result<Self> {
        Self::of(&serde_json::from_slice(body)?)
    }

    /// What a receipt says.
    pub(super) fn of(receipt: &Value) -> Result<Self> {
        let text =
            |name: &str| receipt.get(name).and_then(Value::as_str).with_context(|| format!("a receipt has `{name}`"));
        let leaf: [u8; 32] =
            STANDARD.decode(text("leaf_hash")?)?.try_into().map_err(|_| anyhow::anyhow!("a leaf hash has 32 bytes"))?;
        let (checkpoint, _) = Checkpoint::parse(text("checkpoint")?.as_bytes())?;
        let index = receipt.get("index").and_then(Value::as_u64).context("a receipt has `index`")?;
        Ok(Self { index, leaf: Hash::from(leaf), checkpoint })
    }
}

impl Seen {
    /// Reads what the log has beyond what was read before, and compares the roots.
    pub(super) fn read(&mut self, address: &str) -> Result<()> {
        let (checkpoint, _) = Checkpoint::parse(&client::get(address, "/log/checkpoint")?)?;
        ensure!(checkpoint.size >= self.tree.size(), "the log fell from {} to {}", self.tree.size(), checkpoint.size);
        for tile in new_entry_tiles(self.tree.size(), checkpoint.size) {
            let bytes = client::get(address, &format!("/log/{tile}"))?;
            let entries = decode_bundle(&bytes, tile.width())?;
            // A bundle begins at a multiple of its width, and the first may hold entries that were read before.
            let known = usize::try_from(self.tree.size() % u64::from(TILE_WIDTH))?;
            for entry in entries.iter().skip(known) {
                self.tree.push(leaf_hash(entry));
            }
        }
        ensure!(
            self.tree.root_at(checkpoint.size) == Some(checkpoint.root),
            "the checkpoint is not over these entries"
        );
        Ok(())
    }

    /// How many entries were read.
    pub(super) fn size(&self) -> u64 {
        self.tree.size()
    }

    /// Whether an acknowledged event is where its receipt says, under the root that it names.
    pub(super) fn holds(&self, one: &Acknowledged) -> Result<()> {
        ensure!(self.tree.leaf(one.index) == Some(one.leaf), "LOST: the acknowledged entry {} is not there", one.index);
        let root = self.tree.root_at(one.checkpoint.size);
        ensure!(
            root == Some(one.checkpoint.root),
            "FORK: an acknowledged checkpoint over {} is none of this log",
            one.checkpoint.size
        );
        Ok(())
    }
}
