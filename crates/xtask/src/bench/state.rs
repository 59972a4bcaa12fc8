//! What agreements cost: memory as their number grows, and deciding as one of them grows.
//!
//! Memory is what the process holds (`VmRSS`) before and after, divided: what the allocator rounds up and what
//! vectors hold in reserve counts too.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterpart_core::event::Event;
use counterpart_core::event::data::Data;
use counterpart_core::ids::{EventId, Stream};

use super::{Figures, decide, limits, median, town::Town};
use crate::clock::{self, Watch};
use crate::load::Maker;
use crate::repository::Repository;

/// Agreements whose memory is measured.
const AGREEMENTS: usize = 100_000;

/// Agreements of two whose deciding is timed, before and after there are so many others.
const TIMED: usize = 15;

/// Notes that bring the agreement of 34 parties to 200 events: three before signing, three each, one transfer.
const NOTES: usize = 200 - 3 - 3 * 34 - 1;

/// Measures both.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let maker = Maker { ledger: "bench.example/log".to_owned(), now: clock::now(), run: 2, first: 0 };
    let genesis = decide::founding(&maker)?;
    let mut town = Town::new(34, maker, &genesis)?;
    let check = 1e6 / limits::one_core_verify()?;
    let few = decided(&mut town, 2, 0, TIMED)?;
    figures.time("an event of an agreement of two", few, "a signature check", check);
    let large = decided(&mut town, 34, NOTES, 1)?;
    figures.time("one of 34 parties and 200 events", large, "that of an agreement of two", few);
    let mut life = Vec::new();
    town.agreement(2, 0, |town, event| {
        town.take(&event)?;
        life.push(event);
        Ok(())
    })?;
    let agreements = town.replay.state.agreements().len();
    let before = resident()?;
    for number in 0..AGREEMENTS {
        for (place, event) in life.iter().enumerate() {
            let event = again(event, number, place)?;
            town.replay.state.evolve(&event, town.maker.now, "");
        }
    }
    let after = resident()?;
    ensure!(town.replay.state.agreements().len() == agreements + AGREEMENTS, "an agreement for each number");
    #[expect(clippy::cast_precision_loss, reason = "bytes of a process are far below 2^52")]
    let each = (after - before) as f64 / AGREEMENTS as f64;
    figures.plain(&format!("memory of an agreement of {} events", life.len()), each, "bytes");
    // The next day, for an organisation records 200 events a day at most.
    town.maker.now = town.maker.now.add_days(1);
    let many = decided(&mut town, 2, 0, TIMED)?;
    figures.time("an event of two at 100,000 agreements", many, "a signature check", check);
    figures.time("the same", many, "that in an empty ledger", few);
    Ok(())
}

/// Decides agreements event by event; gives the microseconds of an event, the median of three parts.
fn decided(town: &mut Town, parties: usize, notes: usize, agreements: usize) -> Result<f64> {
    let mut each = Vec::new();
    for _ in 0..agreements {
        let (mut took, mut events) = (Duration::ZERO, 0_u32);
        town.agreement(parties, notes, |town, event| {
            let watch = Watch::start();
            town.take(&event)?;
            took += watch.read();
            events += 1;
            Ok(())
        })?;
        each.push(took.as_secs_f64() * 1e6 / f64::from(events));
    }
    Ok(median(each))
}

/// The same event in another agreement.
fn again(event: &Event, number: usize, place: usize) -> Result<Event> {
    let id = |kind: u8, number: usize| format!("01890000-0000-7000-a0{kind:02x}-{number:012x}");
    let mut other = event.clone();
    other.id = id(1, number * 64 + place).parse::<EventId>()?;
    other.stream = Stream::Agreement(id(2, number).parse()?);
    if let Data::RequestFiled(filed) = &mut other.data {
        // A reader of an entry has lists of its own, and so has this.
        let header = &mut filed.header;
        header.code_lists = Arc::new(header.code_lists.as_ref().clone());
        header.policies = Arc::new(header.policies.as_ref().clone());
    }
    Ok(other)
}

/// What this process holds in memory now, in bytes.
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a line VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().context("VmRSS in kB")?;
    Ok(kib * 1024)
}
