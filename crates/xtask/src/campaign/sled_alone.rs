//! Sled alone under the same faults: entries as its values, `flush` before each answer. For the comparison in
//! `docs/reliability.md`, and nothing else.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use counterpart_store::faulty::Chance;
use serde_json::{Map, Value, json};

use super::damage::{snapshot, strike};
use super::images::{self, Kind};
use super::story::{Answered, Story, entry};
use crate::client;
use crate::clock::timed;
use crate::repository::Repository;
use crate::strike::{self, Blow, How, Strike};
use crate::teller::{self, Keeper, Left};

/// Kills of the short run and of the long one; a quarter as many cuts, and as many damages.
const CASES: [u64; 2] = [8, 480];

/// Plays a story with sled as the only keeper.
///
/// # Errors
///
/// Those of sled.
pub fn tell(tale: &Story, folder: &Path, told: &mut dyn FnMut(Answered)) -> Result<()> {
    let mut answered = Answered::default();
    for groups in &tale.starts {
        let db = opened(folder)?;
        for count in groups {
            let from = db.len() as u64;
            let mut batch = sled::Batch::default();
            for index in from..from + count {
                batch.insert(index.to_be_bytes().as_slice(), &*entry(index).bytes);
            }
            db.apply_batch(batch)?;
            db.flush()?;
            answered.entries = from + count;
            told(answered);
        }
    }
    Ok(())
}

/// Opens it; sled holds its lock for a while after it was closed.
fn opened(folder: &Path) -> Result<sled::Db> {
    let mut tries = 0;
    loop {
        match sled::open(folder) {
            Err(error) if error.to_string().contains("acquire lock") && tries < 100 => tries += 1,
            other => return Ok(other?),
        }
        client::wait(Duration::from_millis(20))?;
    }
}

/// Opens what is left of it and looks for everything that was answered for.
pub fn judge(folder: &Path, answered: Answered) -> Left {
    let opened = std::panic::catch_unwind(|| -> Result<bool> {
        let db = opened(folder).context("it does not open")?;
        for index in 0..answered.entries {
            let have = db.get(index.to_be_bytes())?;
            if have.as_deref() != Some(&*entry(index).bytes) {
                return Ok(false);
            }
        }
        Ok(true)
    });
    match opened {
        Ok(Ok(true)) => Left::Whole,
        Ok(Ok(false)) => Left::Lost,
        Ok(Err(error)) => {
            eprintln!("{error:#}");
            Left::Refused
        }
        Err(_) => Left::Panicked,
    }
}

/// Both keepers under kills, cuts and damage. What becomes of sled is told, what becomes of ours is judged.
///
/// # Errors
///
/// Ours loses something or does not open.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let kills = match arguments {
        [] => CASES[0],
        [long] if long == "--long" => CASES[1],
        [flag, count] if flag == "--cases" => count.parse().context("--cases takes a number")?,
        _ => bail!("cargo xtask sled-alone [--long | --cases N]"),
    };
    let library = strike::library(repository)?;
    for keeper in [Keeper::Sled, Keeper::OursOnDisk] {
        let folder = tempfile::tempdir()?;
        let strike = Strike::new(&library, &folder.path().join("page"))?;
        let (figures, took) = timed(|| -> Result<Map<String, Value>> {
            let mut figures = Map::new();
            let mut add = |name: &str, count: u64, one: &dyn Fn(u64, &Path) -> Result<Left>| -> Result<()> {
                let mut tally: Map<String, Value> = Map::new();
                for case in 0..count {
                    let place = folder.path().join("case");
                    fs::create_dir(&place)?;
                    let left = one(case, &place).with_context(|| format!("{name}, case {case}"))?;
                    super::count(&mut tally, left.word());
                    fs::remove_dir_all(&place)?;
                }
                figures.insert(name.to_owned(), tally.into());
                Ok(())
            };
            add("kill", kills, &|case, place| kill(keeper, &strike, case, place))?;
            if images::possible() {
                let kind = |case: u64| if case.is_multiple_of(2) { Kind::Ext4 } else { Kind::Xfs };
                add("power-cut", kills / 4, &|case, place| {
                    Ok(images::cut(keeper, kind(case), &strike, case, place)?.left)
                })?;
            }
            if keeper == Keeper::Sled {
                add("damage", kills, &hurt)?;
            }
            Ok(figures)
        });
        let figures = figures?;
        let name = if keeper == Keeper::Sled { "sled alone" } else { "ours" };
        println!("{name}: {}", Value::from(figures.clone()));
        println!(
            "{}",
            json!({ "campaign": "sled-alone", "keeper": name, "figures": figures, "seconds": took.as_secs_f64() })
        );
    }
    Ok(())
}

/// One kill at a call that the case chooses.
fn kill(keeper: Keeper, strike: &Strike, case: u64, place: &Path) -> Result<Left> {
    let mut chance = Chance(case ^ 0x0B11);
    let counted = place.join("counted");
    teller::told(keeper, case, &counted, Some((strike, None)), &mut || Ok(()))?;
    let calls = strike.told()?.made;
    ensure!(calls > 0, "the library sees no call");
    let how = How::ALL.get(usize::try_from(chance.below(4))?).copied().unwrap_or(How::Before);
    let blow = Blow { call: 1 + chance.below(calls), how, stops: false };
    let store = place.join("store");
    let answered = teller::told(keeper, case, &store, Some((strike, Some(blow))), &mut || Ok(()))?;
    let (left, why) = teller::left(keeper, case, &store, answered)?;
    ensure!(keeper == Keeper::Sled || left == Left::Whole, "{}: {why}", left.word());
    Ok(left)
}

/// One piece of damage to a store that was closed as it should be.
fn hurt(case: u64, place: &Path) -> Result<Left> {
    let mut chance = Chance(case ^ 0xDA3A);
    let store = place.join("store");
    teller::told(Keeper::Sled, case, &store, None, &mut || Ok(()))?;
    let earlier = snapshot(&store)?;
    let answered = teller::told(Keeper::Sled, case, &store, None, &mut || Ok(()))?;
    strike(&snapshot(&store)?, &earlier, &mut chance)?;
    Ok(teller::left(Keeper::Sled, case, &store, answered)?.0)
}
