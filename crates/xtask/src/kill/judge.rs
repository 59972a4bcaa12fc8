//! After a kill: the program is started again and held to everything that it had answered.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_store::Store as _;
use counterpart_store::embedded::care::restore;
use counterpart_store::embedded::{Embedded, Indexed, Options, Verify};
use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::proof::TlogProof;
use serde_json::Value;

use super::load::{Acknowledged, Seen};
use super::scenario::{INIT, Outcome, Scenario};
use super::world::World;
use crate::client;
use crate::load::Prepared;
use crate::repository::succeed;
use crate::server::{ORIGIN, Server};

/// What a case came to.
pub(super) struct Judged {
    /// Events that were answered for.
    pub(super) acknowledged: usize,
    /// Entries that are there though nobody was told of them.
    pub(super) surplus: usize,
}

/// Holds a ledger to what was answered.
pub(super) fn judge(world: &World, outcome: &Outcome) -> Result<Judged> {
    match outcome.scenario {
        Scenario::Init => return begun_again(world, outcome),
        Scenario::Found => founded_again(world, outcome)?,
        Scenario::Backup => copied_again(world, outcome)?,
        Scenario::Append | Scenario::Recovery(_) | Scenario::Rebuild | Scenario::Erase => {}
    }
    let data = outcome.data();
    let mut server = Server::resumed(&world.binary, &data).context("UNOPENABLE: the ledger does not open again")?;
    let mut seen = Seen::default();
    seen.read(server.address())?;
    let note = client::get(server.address(), "/log/checkpoint")?;
    Checkpoint::verify(&note, ORIGIN, &world.vkey).context("the checkpoint is not signed by the log")?;
    let erased = outcome.erasure.is_some();
    let acknowledged = outcome.receipts.len() + usize::from(erased);
    let answered = outcome.receipts.iter().map(|(_, receipt)| receipt);
    for receipt in answered.chain(&outcome.erasure) {
        holds(world, &seen, receipt)?;
    }
    // What was recorded before any receipt is counted too: the first events of the world.
    let first = outcome.receipts.iter().map(|(number, _)| *number).min().unwrap_or(outcome.sent);
    let at_least = 1 + first + acknowledged;
    let at_most = 1 + outcome.sent + usize::from(outcome.erasing);
    let size = usize::try_from(seen.size())?;
    ensure!(
        (at_least..=at_most).contains(&size),
        "{size} entries: neither lost nor strange would be {at_least} to {at_most}"
    );
    if erased {
        words_are_gone(world, &mut server, outcome)?;
    }
    said_again(world, server.address(), outcome, &mut seen)?;
    server.kill()?;
    Ok(Judged { acknowledged, surplus: size - at_least })
}

/// The entry and the proof are those of the receipt, and the checkpoint of the receipt is one of this log.
fn holds(world: &World, seen: &Seen, receipt: &Value) -> Result<()> {
    let one = Acknowledged::of(receipt)?;
    seen.holds(&one)?;
    let text = |name: &str| receipt.get(name).and_then(Value::as_str).with_context(|| format!("a receipt has {name}"));
    let leaf: [u8; 32] =
        STANDARD.decode(text("leaf_hash")?)?.try_into().map_err(|_| anyhow::anyhow!("a leaf hash has 32 bytes"))?;
    let proof = TlogProof::parse(text("proof")?)?;
    ensure!(proof.index == one.index, "the proof of a receipt is of another entry");
    proof.verify_signed(&Hash::from(leaf), ORIGIN, &world.vkey)?;
    Ok(())
}

/// Every event is sent again, acknowledged or not: each is recorded once, and what was answered is answered again.
fn said_again(world: &World, address: &str, outcome: &Outcome, seen: &mut Seen) -> Result<()> {
    let (last, others) = world.events.split_last().context("there are events")?;
    let mut events: Vec<Prepared> = others.to_vec();
    if outcome.scenario == Scenario::Erase {
        // In the stream of an organisation it is a barrier: what comes after it was signed too early.
        events.truncate(outcome.sent);
        events.push(last.clone());
    }
    if outcome.scenario == Scenario::Found {
        // They are for the ledger that was founded first; this one has another first entry.
        return Ok(());
    }
    let receipts = client::receipts(address, &events).context("an event that was sent again is refused")?;
    let erasure = outcome.erasure.iter().map(|receipt| (events.len() - 1, receipt));
    for (number, before) in outcome.receipts.iter().map(|(number, receipt)| (*number, receipt)).chain(erasure) {
        let now = receipts.get(number).context("a receipt for each event")?;
        for member in ["index", "leaf_hash", "recorded_at", "digest", "id", "revision"] {
            let (now, before) = (now.get(member), before.get(member));
            ensure!(now == before, "WRONG: `{member}` of a receipt was {before:?} and is {now:?} now");
        }
    }
    let places: BTreeSet<u64> =
        receipts.iter().filter_map(|receipt| receipt.get("index").and_then(Value::as_u64)).collect();
    ensure!(places.len() == events.len(), "WRONG: {} events stand at {} places", events.len(), places.len());
    seen.read(address)?;
    ensure!(seen.size() == 1 + events.len() as u64, "WRONG: {} events are {} entries", events.len(), seen.size());
    receipts.iter().try_for_each(|receipt| holds(world, seen, receipt))
}

/// Words whose end was acknowledged are in no file before anything is served.
fn words_are_gone(world: &World, server: &mut Server, outcome: &Outcome) -> Result<()> {
    server.kill()?;
    let store = Embedded::open(&outcome.data().join("store"), &options())?;
    ensure!(store.words(world.target)?.is_empty(), "WRONG: words are there whose end was acknowledged");
    drop(store);
    *server = Server::resumed(&world.binary, &outcome.data()).context("UNOPENABLE: it does not open a second time")?;
    Ok(())
}

/// Whatever was cut short, the same command makes the ledger, or says that it is there; what had its name keeps it.
fn begun_again(world: &World, outcome: &Outcome) -> Result<Judged> {
    let data = outcome.data();
    let kept = |name: &str| std::fs::read(data.join(name)).ok();
    let before = ["log.key", "answer.key", "ledger.json"].map(kept);
    let mut command = Command::new(&world.binary);
    command.arg("--quiet").args(INIT).arg("--data").arg(&data);
    let done = command.arg("--keys").arg(outcome.place.join("registrars")).output()?;
    let said = String::from_utf8_lossy(&done.stderr);
    ensure!(
        done.status.success() || said.contains("holds the ledger"),
        "UNOPENABLE: a ledger cannot be begun again after a kill: {said}"
    );
    for (name, before) in ["log.key", "answer.key", "ledger.json"].into_iter().zip(before) {
        ensure!(before.is_none() || before == kept(name), "WRONG: `{name}` was replaced by a second attempt");
        ensure!(!data.join(format!("{name}.begun")).exists(), "`{name}.begun` is left");
    }
    let mut server = Server::resumed(&world.binary, &data).context("UNOPENABLE: the ledger does not open again")?;
    let identity: Value = serde_json::from_slice(&std::fs::read(data.join("ledger.json"))?)?;
    let vkey = identity.get("log_key").and_then(Value::as_str).context("`ledger.json` has a log key")?;
    let note = client::get(server.address(), "/log/checkpoint")?;
    let (checkpoint, _) = Checkpoint::verify(&note, ORIGIN, &counterpart_tlog::note::VerifierKey::parse(vkey)?)
        .context("the checkpoint is not signed by the log")?;
    ensure!(checkpoint.size == 1, "{} entries where one was founded", checkpoint.size);
    server.kill()?;
    Ok(Judged { acknowledged: 0, surplus: 0 })
}

/// Founding again is no second ledger: it goes on, or says that it is done.
fn founded_again(world: &World, outcome: &Outcome) -> Result<()> {
    let mut command = Command::new(&world.binary);
    command.arg("--quiet").arg("init").arg("--data").arg(outcome.data()).arg("--genesis").arg(world.genesis());
    succeed(command.stdout(Stdio::null())).context("UNOPENABLE: the ledger is not founded after a kill")
}

/// What an interrupted copy leaves can be put back as far as the older copy went; and copying again makes it whole.
fn copied_again(world: &World, outcome: &Outcome) -> Result<()> {
    let (copy, keys) = (outcome.place.join("copy"), outcome.place.join("copy-keys"));
    let early = u64::try_from(outcome.receipts.iter().map(|(number, _)| number + 1).min().unwrap_or(1))?;
    let size = put_back(&copy, &keys, &outcome.place.join("back")).context("the older copy was spoilt")?;
    ensure!(size >= early, "LOST: the older copy had {early} entries, and {size} are left");
    let mut command = Command::new(&world.binary);
    command.arg("--quiet").arg("backup").arg("--data").arg(outcome.data()).arg("--to").arg(&copy);
    command.arg("--keys-to").arg(&keys);
    succeed(command.stdout(Stdio::null())).context("a copy cannot be made again after a kill")?;
    let size = put_back(&copy, &keys, &outcome.place.join("whole")).context("the copy is not whole")?;
    ensure!(size == 1 + outcome.sent as u64, "LOST: the copy has {size} of {} entries", 1 + outcome.sent);
    Ok(())
}

/// How many entries of a copy can be put back.
fn put_back(copy: &Path, keys: &Path, to: &Path) -> Result<u64> {
    restore(copy, Some(keys), to, &options())?;
    let store = Embedded::open(to, &Options { verify: Verify::Full, ..options() })?;
    Ok(store.report().signed)
}

/// A store of a ledger, looked at beside its server. The index stands in memory; nothing is found by it here.
fn options() -> Options {
    let entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(0x5A));
    let base = Options::new(entropy, Arc::new(|_: &[u8]| Vec::new()));
    Options { indexed: Indexed::InMemory, ballast_bytes: 0, ..base }
}
