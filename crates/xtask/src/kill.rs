//! `kill -9` of the real program: before, after and in the middle of every storage call, and under load.
//!
//! The sweep plays scenarios with few events. It first learns how many calls a scenario makes, and then plays it again
//! for each of them, with the strike of `shim/strike.c` before it, after it, half-way and after its first byte. After
//! every kill the program is started again and held to all that it had answered.

mod judge;
mod load;
mod scenario;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

use crate::clock::timed;
use crate::outsider;
use crate::repository::Repository;
use crate::server;
use crate::strike::{self, Blow, How};
use scenario::{Scenario, Stage};
use world::World;

/// Kills of the long run.
const LONG: usize = 5_000;

/// Kills in the gate.
const SHORT: usize = 24;

const USAGE: &str = "cargo xtask kill [--long | --cases N] [--round N] [--only SCENARIO,…] [--at SCENARIO:CALL:HOW] \
                     [--binary FILE]\n\
                     cargo xtask kill load [--rounds N]";

/// What was asked for.
#[derive(Default)]
struct Wanted {
    cases: Option<usize>,
    /// The round to begin with.
    round: usize,
    /// Only these scenarios; all where there are none.
    only: Vec<String>,
    /// One case alone.
    at: Option<(String, u64, How)>,
    binary: Option<PathBuf>,
}

/// A place to strike.
#[derive(Clone, Copy)]
struct Case {
    scenario: Scenario,
    call: u64,
    how: How,
    stage: Stage,
}

/// Runs the sweep, or the rounds under load.
///
/// # Errors
///
/// Something acknowledged is missing or different, or the ledger does not open; the message says how to see it again.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    if let Some((first, rest)) = arguments.split_first()
        && first == "load"
    {
        return load::run(repository, rest);
    }
    let wanted = Wanted::read(arguments)?;
    let binary = match &wanted.binary {
        Some(binary) => binary.clone(),
        None => server::release(repository)?,
    };
    sweep(repository, &binary, &wanted)
}

/// Some kills of each kind with the program that the tests were built with, and a few under load: for the gate.
///
/// # Errors
///
/// As [`run`].
pub fn short(repository: &Repository) -> Result<()> {
    let binary = outsider::binary(repository)?;
    sweep(repository, &binary, &Wanted { cases: Some(SHORT), ..Wanted::default() })?;
    load::short(&binary)
}

impl Wanted {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wanted = Self::default();
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut next = || words.next().with_context(|| format!("something follows {word}\n{USAGE}"));
            match word.as_str() {
                "--long" => wanted.cases = Some(LONG),
                "--cases" => wanted.cases = Some(next()?.parse().context("--cases takes a number")?),
                "--round" => wanted.round = next()?.parse().context("--round takes a number")?,
                "--only" => wanted.only = next()?.split(',').map(str::to_owned).collect(),
                "--binary" => wanted.binary = Some(PathBuf::from(next()?)),
                "--at" => {
                    let parts: Vec<&str> = next()?.split(':').collect();
                    let [scenario, call, how] = parts.as_slice() else { bail!("{USAGE}") };
                    let how = How::ALL.into_iter().find(|known| known.word() == *how);
                    let how = how.context("the last part of --at is before, after, half or byte")?;
                    let call = call.parse().context("the second part of --at is the number of a call")?;
                    wanted.at = Some(((*scenario).to_owned(), call, how));
                }
                _ => bail!("{USAGE}"),
            }
        }
        Ok(wanted)
    }
}

/// Figures of a sweep.
#[derive(Default)]
struct Figures {
    kills: usize,
    /// For each scenario and stage.
    places: Map<String, Value>,
    hows: Map<String, Value>,
    acknowledged: usize,
    unacknowledged_but_recorded: usize,
    not_reached: usize,
}

fn sweep(repository: &Repository, binary: &Path, wanted: &Wanted) -> Result<()> {
    let library = strike::library(repository)?;
    let cases = wanted.cases.unwrap_or(SHORT);
    let mut figures = Figures::default();
    let (done, took) = timed(|| -> Result<()> {
        for round in wanted.round.. {
            let folder = tempfile::tempdir()?;
            let before = figures.kills;
            if let Err(error) = sweep_round(binary, &library, folder.path(), round, wanted, cases, &mut figures) {
                return Err(error.context(format!("what is left lies in {}", folder.keep().display())));
            }
            if figures.kills >= cases || wanted.at.is_some() {
                break;
            }
            ensure!(figures.kills > before, "nothing was struck in round {round}");
        }
        Ok(())
    });
    done?;
    figures.print(took.as_secs_f64());
    Ok(())
}

/// One world, struck at as many of its places as are still wanted.
fn sweep_round(
    binary: &Path,
    library: &Path,
    folder: &Path,
    round: usize,
    wanted: &Wanted,
    cases: usize,
    figures: &mut Figures,
) -> Result<()> {
    let world = World::made(binary, library, folder, round).with_context(|| format!("round {round} is prepared"))?;
    for case in chosen(&places(&world, &wanted.only)?, wanted, cases - figures.kills)? {
        one(&world, case, figures).with_context(|| {
            let (scenario, call, how) = (case.scenario.word(), case.call, case.how.word());
            format!("replay it with `cargo xtask kill --round {round} --at {scenario}:{call}:{how}`")
        })?;
    }
    Ok(())
}

/// Every place at which this world can be struck.
fn places(world: &World, only: &[String]) -> Result<Vec<Case>> {
    let mut all = Vec::new();
    let unknown = only.iter().find(|word| Scenario::ALL.iter().all(|scenario| scenario.word() != *word));
    ensure!(unknown.is_none(), "there is no scenario `{}`", unknown.map_or("", String::as_str));
    for scenario in Scenario::ALL {
        if !only.is_empty() && !only.iter().any(|word| word == scenario.word()) {
            continue;
        }
        let learnt = scenario.learn(world)?;
        for (call, divisible) in (1_u64..).zip(&learnt.divisible) {
            let Some(stage) = learnt.stage(call) else { continue };
            let hows: &[How] = if *divisible { &How::ALL } else { &[How::Before, How::After] };
            all.extend(hows.iter().map(|how| Case { scenario, call, how: *how, stage }));
        }
    }
    Ok(all)
}

/// One place, or so many of all, evenly.
fn chosen(all: &[Case], wanted: &Wanted, left: usize) -> Result<Vec<Case>> {
    if let Some((word, call, how)) = &wanted.at {
        let scenario = Scenario::ALL.into_iter().find(|scenario| scenario.word() == word);
        let scenario = scenario.with_context(|| format!("there is no scenario `{word}`"))?;
        return Ok(vec![Case { scenario, call: *call, how: *how, stage: Stage::Start }]);
    }
    let count = all.len();
    let taken = left.min(count);
    Ok((0..taken).filter_map(|number| all.get(number * count / taken.max(1)).copied()).collect())
}

fn one(world: &World, case: Case, figures: &mut Figures) -> Result<()> {
    let blow = Blow { call: case.call, how: case.how, stops: false };
    let outcome = case.scenario.play(world, Some(blow))?;
    let judged = judge::judge(world, &outcome).with_context(|| {
        let struck = outcome.told.struck.as_deref().unwrap_or("nothing");
        format!("killed {} `{struck}`, call {} of {}", case.how.word(), case.call, case.scenario.word())
    })?;
    outcome.clear()?;
    if outcome.told.struck.is_none() {
        // Threads take turns as they like: this time it made fewer calls.
        figures.not_reached += 1;
        return Ok(());
    }
    figures.kills += 1;
    count(&mut figures.places, &format!("{} {}", case.scenario.word(), case.stage.word()));
    count(&mut figures.hows, case.how.word());
    figures.acknowledged += judged.acknowledged;
    figures.unacknowledged_but_recorded += judged.surplus;
    Ok(())
}

fn count(tally: &mut Map<String, Value>, name: &str) {
    let before = tally.get(name).and_then(Value::as_u64).unwrap_or(0);
    tally.insert(name.to_owned(), (before + 1).into());
}

impl Figures {
    fn print(self, seconds: f64) {
        let told: Vec<String> = self.places.iter().map(|(name, count)| format!("{count} {name}")).collect();
        println!(
            "kill: {} kills in {seconds:.1} s, {} events acknowledged in them, 0 lost, 0 that do not open: {}",
            self.kills,
            self.acknowledged,
            told.join(", ")
        );
        println!(
            "{}",
            json!({
                "campaign": "kill", "kills": self.kills, "lost": 0, "unopenable": 0,
                "acknowledged": self.acknowledged, "not_reached": self.not_reached, "places": self.places,
                "how": self.hows, "unacknowledged_but_recorded": self.unacknowledged_but_recorded, "seconds": seconds,
            })
        );
    }
}
