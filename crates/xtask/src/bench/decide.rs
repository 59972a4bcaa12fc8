//! What one core does with an event beside checking its signature: reading, judging words, deciding, taking in.
//!
//! Everything runs in one thread of this process, so that nothing but the work itself is measured.

use anyhow::{Context, Result, ensure};
use counterpart_core::door::{self, Earlier};
use counterpart_core::event;
use counterpart_core::london;
use counterpart_core::replay::{self, Replay};
use counterpart_core::wire::{Entry, Submission};
use counterpart_tlog::Tree;
use counterpart_tlog::ed25519::SigningKey;
use serde_json::json;

use super::{Figures, limits, median};
use crate::clock::{self, Watch, rate, timed};
use crate::load::{EACH_MAX, Maker, Prepared};
use crate::repository::Repository;

/// Appointments that are decided, beside the organisations that they are made at.
const EVENTS: usize = 200_000;

/// Events of the measurements that look at one step alone.
const SAMPLE: usize = 20_000;

/// Decides a log in memory.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let bodies = EVENTS.div_ceil(EACH_MAX - 10);
    let mut maker = Maker { ledger: "bench.example/log".to_owned(), now: clock::now(), run: 1, first: 0 };
    let genesis = founding(&maker)?;
    let mut replay = Replay::new();
    take(&mut replay, &genesis, maker.now)?;
    maker.ledger = replay.state.founded.as_ref().context("the ledger is founded")?.ledger.to_string();
    for prepared in maker.organisations(bodies)? {
        take(&mut replay, &prepared, maker.now)?;
    }
    let events = maker.appointments(bodies, EACH_MAX - 10)?;
    let check = 1e6 / limits::one_core_verify()?;
    each_step(&replay, &events, &maker, check, figures)?;
    whole(replay, &events, &maker, check, figures)
}

/// The genesis of a ledger that no server holds.
pub fn founding(maker: &Maker) -> Result<Prepared> {
    let answer = counterpart_core::event::PublicKeyBytes(SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes());
    let (code_lists, policies) = counterpart_core::codes::manifest();
    maker.genesis(&json!({ "data": {
        "answer_keys": [{ "key": answer.key_id(), "public": answer }],
        "code_lists": code_lists, "policies": policies,
        "log_keys": ["bench.example/log+eafa1af3+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"],
        "origin": "bench.example/log", "rules": 1,
    } }))
}

fn entry(prepared: &Prepared, now: counterpart_core::time::Timestamp) -> Result<Vec<u8>> {
    Ok(Entry { envelope: Submission::parse(&prepared.body)?.envelope, recorded_at: now }.encode())
}

fn take(replay: &mut Replay, prepared: &Prepared, now: counterpart_core::time::Timestamp) -> Result<()> {
    replay.next_bytes(&entry(prepared, now)?).context("the load is admitted")
}

/// Each step of the way of an event by itself, as a part of a signature check.
fn each_step(replay: &Replay, events: &[Prepared], maker: &Maker, check: f64, figures: &mut Figures) -> Result<()> {
    let events = events.get(..SAMPLE).context("a sample")?;
    let limit = "a signature check";
    let each = |took: std::time::Duration| 1e6 / rate(SAMPLE, took);
    let (submissions, took) =
        timed(|| events.iter().map(|event| Submission::parse(&event.body)).collect::<Result<Vec<_>, _>>());
    let submissions = submissions?;
    figures.time("reading a submission", each(took), limit, check);
    let (parsed, took) =
        timed(|| submissions.iter().map(|one| event::parse(&one.envelope)).collect::<Result<Vec<_>, _>>());
    let parsed = parsed?;
    figures.time("reading its event", each(took), limit, check);
    let view = door::View::of(&replay.state).context("the ledger is founded")?;
    let today = london::date_of(maker.now);
    let (judged, took) = timed(|| {
        parsed.iter().zip(&submissions).all(|(event, submission)| {
            let words = submission.disclosures.as_deref().unwrap_or_default();
            door::check_submission(&view, today, event, words, &Earlier::default()).is_ok()
        })
    });
    ensure!(judged, "the door refuses an event of the load");
    figures.time("opening its commitments, judging words", each(took), limit, check);
    let entries = events.iter().map(|event| entry(event, maker.now)).collect::<Result<Vec<_>>>()?;
    let (reads, took) = timed(|| entries.iter().all(|bytes| replay::read(bytes).is_ok()));
    ensure!(reads, "an entry of the load cannot be read");
    figures.time("reading an entry of the log", each(took), limit, check);
    Ok(())
}

/// Decides everything, and says whether it becomes dearer as the log grows.
fn whole(mut replay: Replay, events: &[Prepared], maker: &Maker, check: f64, figures: &mut Figures) -> Result<()> {
    let reads: Vec<replay::Read> = events
        .iter()
        .map(|event| replay::read(&entry(event, maker.now)?).map_err(|stop| anyhow::anyhow!("{stop}")))
        .collect::<Result<_>>()?;
    let mut tree = Tree::new();
    let mut slices = Vec::new();
    let whole = Watch::start();
    for slice in reads.chunks(SAMPLE / 4) {
        let watch = Watch::start();
        for read in slice {
            replay.next(read, true)?;
            tree.push(read.leaf);
        }
        slices.push(1e6 / rate(slice.len(), watch.read()));
    }
    let took = whole.read();
    let half = slices.len() / 4;
    let (first, last) = (slices.iter().take(half).copied(), slices.iter().rev().take(half).copied());
    let (first, last) = (median(first.collect()), median(last.collect()));
    figures.time("deciding, taking in, extending the tree", first, "a signature check", check);
    figures.time("the same in the last quarter", last, "that of the first quarter", first);
    figures.rate("replay without signatures, one core", rate(reads.len(), took), "one-core verification", 1e6 / check);
    Ok(())
}
