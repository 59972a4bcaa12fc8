//! What agreements cost: memory as their number grows, and deciding as one of them grows.
//!
//! Memory is what the process holds (`VmRSS`) before and after, divided: what the allocator rounds up, what lists and
//! tables hold in reserve, and what is known of each event count too.

use std::fs;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use counterpart_core::admit;
use counterpart_core::event::Event;
use counterpart_core::event::data::Data;
use counterpart_core::header::Header;
use counterpart_core::ids::{Code, EventId, OrganisationCode, Role, Stream};
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

use super::{Figures, decide, limits, median, town::Town};
use crate::clock::{self, Watch, timed};
use crate::load::Maker;
use crate::repository::Repository;

/// Agreements of two whose memory is measured, and of 34.
const AGREEMENTS: usize = 100_000;
const LARGE: usize = 500;

/// Boroughs in the town.
const BODIES: usize = 34;

/// Agreements of two whose deciding is timed, before and after there are so many others.
const TIMED: usize = 15;

/// Notes that bring the agreement of 34 parties to 200 events: three before signing, three each, one transfer.
pub const NOTES: usize = 200 - 3 - 3 * BODIES - 1;

/// How much of what agreements say of their parties is alike.
#[derive(Clone, Copy)]
enum Alike {
    /// As much as where each body shares for one of twenty functions under one of ten powers.
    Usual,
    /// No two rows are.
    Never,
}

/// Measures both.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let maker = Maker { ledger: "bench.example/log".to_owned(), now: clock::now(), run: 2, first: 0 };
    let genesis = decide::founding(&maker)?;
    let mut town = Town::new(BODIES, maker, &genesis)?;
    let check = 1e6 / limits::one_core_verify()?;
    let few = decided(&mut town, 2, 0, TIMED)?;
    few.told(figures, "an event of an agreement of two", check);
    let large = decided(&mut town, BODIES, NOTES, 1)?;
    let limit = "that of an agreement of two";
    figures.fine("one of 34 parties and 200 events: deciding", large.deciding, limit, few.deciding);
    figures.fine("one of 34 parties and 200 events: taking in", large.taking, limit, few.taking);
    let life = lived(&mut town, 2, 0)?;
    let name = format!("memory of an agreement of two, {} events", life.len());
    figures.plain(&name, memory(&mut town, &life, AGREEMENTS, 1, Alike::Usual)?, "bytes");
    let name = format!("{name}, no rows alike");
    figures.plain(&name, memory(&mut town, &life, AGREEMENTS, 2, Alike::Never)?, "bytes");
    let (_, took) = timed(|| town.replay.state.agreements().map(|agreement| agreement.revision()).sum::<u64>());
    let each = took.as_secs_f64() * 1e6 / f64::from(u32::try_from(town.replay.state.agreements().len())?);
    figures.time("opening one that is at rest", each, "a signature check", check);
    let noted = lived(&mut town, 2, 10)?;
    let noted = memory(&mut town, &noted, AGREEMENTS / 10, 3, Alike::Usual)?
        - memory(&mut town, &life, AGREEMENTS / 10, 4, Alike::Usual)?;
    figures.plain("of it for each event that was recorded", noted / 10.0, "bytes");
    let many = decided(&mut town, 2, 0, TIMED)?;
    many.told(figures, "an event of two at 200,000 agreements", check);
    let mut life = lived(&mut town, BODIES, 0)?;
    fourth_signatures(&mut life)?;
    let name = format!("memory of one of 34 parties, {} events", life.len());
    figures.plain(&name, memory(&mut town, &life, LARGE, 5, Alike::Usual)?, "bytes");
    Ok(())
}

/// The events of one agreement, which is in force and under which data were sent.
pub fn lived(town: &mut Town, parties: usize, notes: usize) -> Result<Vec<Event>> {
    another_day(town);
    lived_today(town, parties, notes)
}

/// The same on the day of the events before.
pub fn lived_today(town: &mut Town, parties: usize, notes: usize) -> Result<Vec<Event>> {
    let mut life = Vec::new();
    town.asks = true;
    town.agreement(parties, notes, |town, event| {
        town.take(&event)?;
        life.push(event);
        Ok(())
    })?;
    town.asks = false;
    Ok(life)
}

/// What is taken in with limits counts by days (G48), and what only evolves counts too: each part has its own.
pub fn another_day(town: &mut Town) {
    town.maker.now = town.maker.now.add_days(1);
}

/// The risk owner of each party approves as well.
fn fourth_signatures(life: &mut Vec<Event>) -> Result<()> {
    let mut place = 0;
    while let Some(event) = life.get(place).cloned() {
        place += 1;
        if let (Data::ApprovalGiven(_), mut also) = (&event.data, event.clone()) {
            also.signers.iter_mut().for_each(|signer| signer.role = Role::Siro);
            also.id = format!("01890000-0000-7000-a0ff-{place:012x}").parse()?;
            life.insert(place, also);
            place += 1;
        }
    }
    Ok(())
}

/// Bytes of an agreement, when so many more have lived this life.
fn memory(town: &mut Town, life: &[Event], agreements: usize, run: u8, alike: Alike) -> Result<f64> {
    let there = town.replay.state.agreements().len();
    let before = resident()?;
    for number in 0..agreements {
        for (place, event) in life.iter().enumerate() {
            let event = again(event, run, number, place, life.len(), alike)?;
            town.replay.state.evolve(&event, town.maker.now, "");
        }
    }
    let after = resident()?;
    ensure!(town.replay.state.agreements().len() == there + agreements, "an agreement for each number");
    let newest = town.replay.state.agreements().last().context("the newest")?;
    ensure!(newest.first_in_force_at().is_some(), "each came into force, and is {}", newest.name());
    #[expect(clippy::cast_precision_loss, reason = "bytes of a process are far below 2^52")]
    let each = (after.saturating_sub(before)) as f64 / agreements as f64;
    Ok(each)
}

/// Lets other agreements live the same life, each by its number.
pub fn others(state: &mut State, life: &[Event], numbers: Range<usize>, at: Timestamp) -> Result<()> {
    for number in numbers {
        for (place, event) in life.iter().enumerate() {
            state.evolve(&again(event, 1, number, place, life.len(), Alike::Usual)?, at, "");
        }
    }
    Ok(())
}

/// What an event costs that was made, signed and read just before, microseconds.
struct Costs {
    deciding: f64,
    taking: f64,
}

impl Costs {
    fn told(&self, figures: &mut Figures, name: &str, check: f64) {
        figures.fine(&format!("{name}: deciding"), self.deciding, "a signature check", check);
        figures.fine(&format!("{name}: taking in"), self.taking, "a signature check", check);
    }
}

/// Decides agreements event by event; gives the costs of an event, the median of the agreements.
fn decided(town: &mut Town, parties: usize, notes: usize, agreements: usize) -> Result<Costs> {
    another_day(town);
    let (mut all_deciding, mut all_taking) = (Vec::new(), Vec::new());
    for _ in 0..agreements {
        let (mut deciding, mut taking, mut events) = (Duration::ZERO, Duration::ZERO, 0_usize);
        town.agreement(parties, notes, |town, event| {
            let now = town.maker.now;
            let watch = Watch::start();
            let admitted = admit::admit(&town.replay.state, &event, now);
            deciding += watch.read();
            admitted.with_context(|| format!("{}", event.event_type()))?;
            let watch = Watch::start();
            town.replay.state.evolve(&event, now, "");
            taking += watch.read();
            events += 1;
            Ok(())
        })?;
        all_deciding.push(1e6 / clock::rate(events, deciding));
        all_taking.push(1e6 / clock::rate(events, taking));
    }
    Ok(Costs { deciding: median(all_deciding), taking: median(all_taking) })
}

/// The same event in another agreement; between two other boroughs where it is one of two.
fn again(event: &Event, run: u8, number: usize, place: usize, length: usize, alike: Alike) -> Result<Event> {
    let id = |kind: u8, number: usize| format!("01890000-0000-7000-a{run:x}{kind:02x}-{number:012x}");
    let mut other = event.clone();
    other.id = id(1, number * length + place).parse::<EventId>()?;
    other.stream = Stream::Agreement(id(2, number).parse()?);
    let code = |place: usize| format!("T{:02}", place % BODIES).parse::<OrganisationCode>();
    let first = code(0)?;
    let pair = (code(number)?, code(number + 1 + number / BODIES % (BODIES - 1))?);
    let of_two = length < 3 * BODIES;
    let turn = |organisation: &mut OrganisationCode| {
        if of_two {
            *organisation = if *organisation == first { pair.0 } else { pair.1 };
        }
    };
    other.signers.iter_mut().for_each(|signer| turn(&mut signer.organisation));
    if let Data::ClarificationProvided(answer) = &mut other.data {
        answer.question = id(1, number * length + 1).parse()?;
    } else if let Data::ClarificationRequested(question) = &mut other.data {
        turn(&mut question.asked);
    } else if let Data::RequestFiled(filed) = &mut other.data {
        turn(&mut filed.requesting_organisation);
        turn(&mut filed.header.lead_party);
        filed.header.parties.iter_mut().for_each(|row| turn(&mut row.organisation));
        vary(&mut filed.header, number, alike)?;
    }
    Ok(other)
}

/// What a reader of an entry makes of its header: lists and rows of its own.
fn vary(header: &mut Header, number: usize, alike: Alike) -> Result<()> {
    header.code_lists = Arc::new(header.code_lists.as_ref().clone());
    header.policies = Arc::new(header.policies.as_ref().clone());
    for row in &mut header.parties {
        let function = match alike {
            Alike::Usual => format!("HOUSING-{}", number / 7 % 20),
            Alike::Never => format!("HOUSING-{number}"),
        };
        row.functions = vec![function.parse::<Code>()?];
        for gateway in &mut row.gateways {
            gateway.code = format!("CA89-{}", number / 11 % 10).parse()?;
        }
    }
    Ok(())
}

/// What this process holds in memory now, in bytes.
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("memory is read from /proc, on Linux")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a line VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().context("VmRSS in kB")?;
    Ok(kib * 1024)
}
