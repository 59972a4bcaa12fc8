//! Jumps of the clock under the real program: years either way, frozen, stepping back.
//!
//! A small library in C that is loaded before the program gives it a time that we set. Whatever the clock says, the
//! order stays, receipts go on proving, no checkpoint covers less than one before, and no entry is labelled with a time
//! before that of the entry it follows.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::Entry;
use counterpart_store::faulty::Chance;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::tile::{decode_bundle, entry_tiles};
use counterpart_tlog::{Hash, Tree, leaf_hash};
use serde_json::{Value, json};

use crate::client;
use crate::clock::{self, Watch};
use crate::load::{Maker, code, officers};
use crate::outsider;
use crate::repository::{Repository, succeed};
use crate::server::Server;

/// Jumps of the short run, in the gate, and of the long one.
const JUMPS: [u64; 2] = [60, 1_000];

/// The library that is loaded before the program.
const SOURCE: &str = include_str!("jumps/clock.c");

/// Bodies that take turns.
const BODIES: usize = 12;

/// A day, in milliseconds.
const DAY: i64 = 86_400_000;

/// How far the clock may be behind the newest entry (the ledger's own limit), in milliseconds.
const BEHIND_MAX: i64 = 5_000;

/// So near the limit the outcome hangs on how fast this machine is.
const NEAR: i64 = 1_500;

/// Jumps of a year or more ahead: each can only be taken back by waiting, so there are few.
const YEARS_AHEAD_MAX: u64 = 12;

/// The short run.
///
/// # Errors
///
/// As [`run`].
pub fn step(repository: &Repository) -> Result<()> {
    all(repository, JUMPS[0])
}

/// `[--long | --jumps N]`.
///
/// # Errors
///
/// A promise was broken by a jump.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    match arguments {
        [] => all(repository, JUMPS[0]),
        [long] if long == "--long" => all(repository, JUMPS[1]),
        [name, count] if name == "--jumps" => all(repository, count.parse().context("--jumps takes a number")?),
        _ => bail!("cargo xtask clock [--long | --jumps N]"),
    }
}

/// The clock that the server sees.
struct Face {
    file: File,
    path: PathBuf,
    moved: i64,
    frozen: Option<i64>,
}

impl Face {
    fn new(folder: &Path) -> Result<Self> {
        let path = folder.join("face");
        let file = File::options().create(true).truncate(true).write(true).open(&path)?;
        let mut face = Self { file, path, moved: 0, frozen: None };
        face.set(0, None)?;
        Ok(face)
    }

    fn set(&mut self, moved: i64, frozen: Option<i64>) -> Result<()> {
        (self.moved, self.frozen) = (moved, frozen);
        let mut bytes = [0; 16];
        let (one, other) = bytes.split_at_mut(8);
        one.copy_from_slice(&moved.to_ne_bytes());
        other.copy_from_slice(&frozen.unwrap_or(0).to_ne_bytes());
        Ok(self.file.write_all_at(&bytes, 0)?)
    }

    /// Moves it so that it says this now.
    fn show(&mut self, millis: i64) -> Result<()> {
        self.set(millis - clock::now().millis(), None)
    }

    fn millis(&self) -> i64 {
        self.frozen.unwrap_or_else(|| clock::now().millis() + self.moved)
    }
}

/// What was seen so far.
struct Seen {
    /// Where acknowledged entries stand.
    receipts: BTreeMap<u64, Hash>,
    /// Every checkpoint.
    checkpoints: BTreeMap<u64, Hash>,
    /// The newest `recorded_at`.
    last: i64,
    tally: BTreeMap<&'static str, u64>,
}

fn all(repository: &Repository, jumps: u64) -> Result<()> {
    let binary = outsider::binary(repository)?;
    let folder = tempfile::tempdir()?;
    let shim = compiled(folder.path())?;
    let watch = Watch::start();
    let founded = Server::founded(&binary, folder.path())?;
    let maker = founded.maker(9);
    client::batches(founded.address(), &maker.organisations(BODIES)?, 500, 1)?;
    founded.stop()?;
    let mut face = Face::new(folder.path())?;
    let environment = [("LD_PRELOAD", shim), ("COUNTERPART_CLOCK", face.path.clone())];
    let start = || Server::started_in(&binary, &folder.path().join("data"), &environment);
    let mut server = start()?;
    let mut seen = Seen {
        receipts: BTreeMap::new(),
        checkpoints: BTreeMap::new(),
        last: clock::now().millis(),
        tally: BTreeMap::new(),
    };
    let mut chance = Chance(jumps);
    for jump in 0..jumps {
        seen.jump(&mut face, &mut chance)?;
        if jump % 50 == 49 {
            // A start under whatever the clock says finds the same ledger.
            server.stop()?;
            server = start().with_context(|| format!("jump {jump}: it does not start"))?;
            *seen.tally.entry("starts").or_default() += 1;
        }
        let told = seen.event(&server, &maker, &face, jump).with_context(|| format!("jump {jump}"))?;
        *seen.tally.entry(told).or_default() += 1;
        seen.checkpoint(&server).with_context(|| format!("jump {jump}"))?;
    }
    let entries = seen.whole(&server)?;
    server.stop()?;
    let seconds = watch.read().as_secs_f64();
    let receipts = seen.receipts.len();
    println!(
        "clock: {jumps} jumps in {seconds:.0} s, {receipts} events acknowledged, {} refused for the clock; {entries} \
         entries in order, 0 checkpoints that go back, 0 proofs that changed",
        seen.tally.get("refused for the clock").copied().unwrap_or(0)
    );
    println!(
        "{}",
        json!({
            "campaign": "clock", "jumps": jumps, "acknowledged": receipts, "entries": entries, "went_back": 0,
            "violations": 0, "tally": seen.tally, "seconds": seconds,
        })
    );
    Ok(())
}

fn compiled(folder: &Path) -> Result<PathBuf> {
    let (source, library) = (folder.join("clock.c"), folder.join("libclock.so"));
    std::fs::write(&source, SOURCE)?;
    let mut compiler = std::process::Command::new("cc");
    succeed(compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source))?;
    Ok(library)
}

impl Seen {
    fn jump(&mut self, face: &mut Face, chance: &mut Chance) -> Result<()> {
        let below = |chance: &mut Chance, limit: u64| i64::try_from(chance.below(limit)).unwrap_or(0);
        let ahead_of_years = self.tally.get("years ahead").copied().unwrap_or(0);
        let last = self.last;
        let kind = match chance.below(10) {
            0 if ahead_of_years < YEARS_AHEAD_MAX => {
                face.show(last + DAY * (365 + below(chance, 9 * 365)))?;
                "years ahead"
            }
            0 | 1 => {
                face.show(last + DAY * (1 + below(chance, 30)))?;
                "days ahead"
            }
            2 => {
                face.show(last - DAY * (365 + below(chance, 9 * 365)))?;
                "years back"
            }
            3 => {
                face.show(last - BEHIND_MAX - NEAR - below(chance, 3_600_000))?;
                "seconds to hours back"
            }
            4 => {
                face.show(last - below(chance, 3_000))?;
                "a moment back"
            }
            5 => {
                face.set(0, Some(last + below(chance, 2_000)))?;
                "frozen"
            }
            6 => {
                face.show(1 + below(chance, 1_000_000_000_000))?;
                "to the last century"
            }
            _ => {
                face.show(last + below(chance, 60_000))?;
                "set right"
            }
        };
        *self.tally.entry(kind).or_default() += 1;
        Ok(())
    }

    /// Sends an event that is signed by the server's clock.
    fn event(&mut self, server: &Server, maker: &Maker, face: &Face, jump: u64) -> Result<&'static str> {
        let place = usize::try_from(jump)? % BODIES;
        let (_, administrator) = officers(&code(place), place);
        let behind = self.last - face.millis();
        let now = Timestamp::from_millis(face.millis()).context("a time")?;
        let maker = Maker { ledger: maker.ledger.clone(), now, run: 9, first: 0 };
        let number = 5_000_000 + jump;
        let prepared = maker.appointment(number, &administrator, &format!("PER-{number:012}"), "REQ")?;
        let answer =
            client::once(server.address(), &client::post("/api/v1/events", "application/json", &prepared.body))?;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        match answer.status {
            201 => {
                ensure!(
                    behind <= BEHIND_MAX + NEAR,
                    "an event is recorded by a clock that is {behind} ms behind: {body}"
                );
                self.receipt(&answer.body)?;
                Ok("recorded")
            }
            503 => {
                ensure!(
                    behind >= BEHIND_MAX - NEAR,
                    "nothing is recorded though the clock is {behind} ms behind: {body}"
                );
                ensure!(body.contains("clock"), "the clock is not named: {body}");
                Ok("refused for the clock")
            }
            status => bail!("an event is answered {status}: {body}"),
        }
    }

    fn receipt(&mut self, body: &[u8]) -> Result<()> {
        let receipt: Value = serde_json::from_slice(body)?;
        let text =
            |name: &str| receipt.get(name).and_then(Value::as_str).with_context(|| format!("a receipt has `{name}`"));
        let leaf: [u8; 32] =
            STANDARD.decode(text("leaf_hash")?)?.try_into().map_err(|_| anyhow::anyhow!("a leaf hash has 32 bytes"))?;
        let index = receipt.get("index").and_then(Value::as_u64).context("a receipt has `index`")?;
        let at: Timestamp = text("recorded_at")?.parse().map_err(|_| anyhow::anyhow!("a time"))?;
        ensure!(at.millis() >= self.last, "entry {index} is labelled {at}, before the one that it follows");
        self.last = at.millis();
        let before = self.receipts.insert(index, Hash::from(leaf));
        ensure!(before.is_none(), "{index} was promised twice");
        self.note(text("checkpoint")?.as_bytes())
    }

    fn note(&mut self, note: &[u8]) -> Result<()> {
        let (checkpoint, _) = Checkpoint::parse(note)?;
        let newest = self.checkpoints.last_key_value().map_or(0, |(size, _)| *size);
        ensure!(checkpoint.size >= newest, "a checkpoint went back from {newest} to {}", checkpoint.size);
        let other = self.checkpoints.insert(checkpoint.size, checkpoint.root).filter(|root| *root != checkpoint.root);
        ensure!(other.is_none(), "two checkpoints of {} entries have other roots", checkpoint.size);
        Ok(())
    }

    fn checkpoint(&mut self, server: &Server) -> Result<()> {
        self.note(&client::get(server.address(), "/log/checkpoint")?)
    }

    /// Reads the whole log and holds it to everything that was told of it.
    fn whole(&self, server: &Server) -> Result<u64> {
        let (size, root) = self.checkpoints.last_key_value().context("a checkpoint")?;
        let (mut tree, mut last) = (Tree::new(), None);
        for tile in entry_tiles(*size) {
            let bundle = client::get(server.address(), &format!("/log/{tile}"))?;
            for bytes in decode_bundle(&bundle, tile.width())? {
                let at = Entry::parse(bytes)?.recorded_at;
                ensure!(last.is_none_or(|last| at >= last), "time goes back at entry {}", tree.size());
                last = Some(at);
                tree.push(leaf_hash(bytes));
            }
        }
        ensure!(tree.root() == *root, "the log is not the one of its checkpoint");
        for (size, root) in &self.checkpoints {
            ensure!(tree.root_at(*size) == Some(*root), "the checkpoint over {size} is not of this log");
        }
        for (index, leaf) in &self.receipts {
            ensure!(tree.leaf(*index) == Some(*leaf), "the acknowledged entry {index} is not there");
        }
        Ok(*size)
    }
}
