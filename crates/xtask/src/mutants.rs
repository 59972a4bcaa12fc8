//! Wrong rules, one at a time: does a test notice each of them?
//!
//! Building once for each wrong rule would take days. Here every wrong rule is woven into one copy of the
//! crate, asleep behind a number; the copy is built once, and the tests run again and again with another number.

mod judge;
mod sites;
mod weave;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::clock;
use crate::repository::Repository;
use judge::{Judge, Verdict};
use sites::Mutant;
use weave::Woven;

/// What is asked for.
struct Wanted {
    sample: usize,
    seed: u64,
    minutes: Option<u64>,
    only: Option<String>,
}

impl Wanted {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wanted = Self { sample: 100, seed: 1, minutes: None, only: None };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut number = || -> Result<u64> {
                let given = words.next().with_context(|| format!("{word} needs a number"))?;
                given.parse().with_context(|| format!("`{given}` is not a number"))
            };
            match word.as_str() {
                "--all" => wanted.sample = usize::MAX,
                "--sample" => wanted.sample = usize::try_from(number()?)?,
                "--seed" => wanted.seed = number()?,
                "--minutes" => wanted.minutes = Some(number()?),
                "--only" => wanted.only = words.next().cloned(),
                other => bail!("`{other}` is not an option: --sample N, --all, --seed N, --minutes N, --only TEXT"),
            }
        }
        Ok(wanted)
    }
}

/// Weaves, builds, and tries a sample that follows from a seed; says who was not caught.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let wanted = Wanted::read(arguments)?;
    println!("weaving every wrong rule into one copy");
    let woven = Woven::new(repository)?;
    println!("{} viable, {} do not compile; building the tests", woven.mutants.len(), woven.unviable.len());
    let folder = woven.root.parent().context("the copy lies in a folder")?.to_owned();
    let judge = Judge::new(woven.build()?, &folder)?;
    println!("a test comes by {} of them", judge.reached());
    let mut chosen: Vec<&Mutant> = woven
        .mutants
        .iter()
        .filter(|mutant| wanted.only.as_ref().is_none_or(|text| mutant.key().contains(text.as_str())))
        .collect();
    shuffle(&mut chosen, wanted.seed);
    chosen.truncate(wanted.sample);
    let path = folder.join("results.jsonl");
    let mut results = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let watch = clock::Watch::start();
    let (mut tried, mut survivors) = (BTreeMap::<&str, (usize, usize)>::new(), Vec::new());
    for (count, mutant) in chosen.iter().enumerate() {
        if wanted.minutes.is_some_and(|minutes| watch.read() > Duration::from_secs(60 * minutes)) {
            println!("the time is over after {count} of {}", chosen.len());
            break;
        }
        let verdict = judge.judge(mutant)?;
        writeln!(results, "{}", told(mutant, &verdict))?;
        let counts = tried.entry(&mutant.file).or_default();
        counts.0 += 1;
        if !matches!(verdict, Verdict::Caught(_)) {
            counts.1 += 1;
            println!("  not caught: {} ({verdict:?})", mutant.key());
            survivors.push(*mutant);
        }
    }
    let sum = tried.values().map(|(all, _)| all).sum::<usize>();
    println!("\nfile, tried, not caught");
    for (file, (all, missed)) in &tried {
        println!("  {file:<48}{all:>6}{missed:>6}");
    }
    println!(
        "{} of {sum} caught (seed {}); every verdict is in {}",
        sum - survivors.len(),
        wanted.seed,
        path.display()
    );
    Ok(())
}

fn told(mutant: &Mutant, verdict: &Verdict) -> Value {
    let (word, by) = match verdict {
        Verdict::Caught(test) => ("caught", Some(test)),
        Verdict::Missed => ("missed", None),
        Verdict::NotReached => ("not reached", None),
    };
    json!({ "by": by, "mutant": mutant.key(), "number": mutant.number, "verdict": word })
}

/// The same disorder for the same seed.
fn shuffle(mutants: &mut [&Mutant], seed: u64) {
    let mut dice = seed;
    for place in (1..mutants.len()).rev() {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let other = usize::try_from(dice >> 33).unwrap_or(0) % (place + 1);
        mutants.swap(place, other);
    }
}
