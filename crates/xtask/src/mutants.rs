//! Wrong rules, one at a time: does a test notice each of them?
//!
//! Building once for each wrong rule would take days. Here every wrong rule is woven into one copy of the
//! crate, asleep behind a number; the copy is built once, and the tests run again and again with another number.

mod judge;
mod sites;
mod weave;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::clock;
use crate::repository::Repository;
use judge::{Judge, Verdict};
use sites::Mutant;
use weave::{DIRECT, LATE, Woven};

/// What is asked for.
struct Wanted {
    sample: usize,
    seed: u64,
    minutes: Option<u64>,
    only: Option<String>,
    /// Results of an earlier run, of which those are tried that were not caught.
    again: Option<String>,
    /// Results of an earlier run: those that it caught are not tried, and counted.
    since: Option<String>,
}

impl Wanted {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut wanted = Self { sample: 100, seed: 1, minutes: None, only: None, again: None, since: None };
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
                "--again" => wanted.again = words.next().cloned(),
                "--since" => wanted.since = words.next().cloned(),
                other => bail!(
                    "`{other}` is not an option: --sample N, --all, --seed N, --minutes N, --only TEXT, --again FILE, --since FILE"
                ),
            }
        }
        Ok(wanted)
    }

    /// Those that are to be tried, in the disorder of the seed.
    fn chosen<'a>(&self, mutants: &'a [Mutant]) -> Result<Vec<&'a Mutant>> {
        let again = self.again.as_ref().map(|path| told_before(path, false)).transpose()?;
        let since = self.since.as_ref().map(|path| told_before(path, true)).transpose()?;
        let mut chosen: Vec<&Mutant> = mutants
            .iter()
            .filter(|mutant| self.only.as_ref().is_none_or(|text| mutant.key().contains(text.as_str())))
            .filter(|mutant| again.as_ref().is_none_or(|keys| keys.contains(&mutant.key())))
            .filter(|mutant| since.as_ref().is_none_or(|keys| !keys.contains(&mutant.key())))
            .collect();
        shuffle(&mut chosen, self.seed);
        chosen.truncate(self.sample);
        Ok(chosen)
    }
}

/// The keys of those that an earlier run caught, or of those that it did not catch.
fn told_before(path: &str, caught: bool) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let told: Value = serde_json::from_str(line).context("a result is a line of JSON")?;
        let key = told.get("mutant").and_then(Value::as_str).context("a result names its mutant")?.to_owned();
        // What was asked again stands once more, with its last word.
        if (told.get("verdict").and_then(Value::as_str) == Some("caught")) == caught {
            keys.insert(key);
        } else {
            keys.remove(&key);
        }
    }
    Ok(keys)
}

/// Weaves, builds, and tries a sample that follows from a seed; says who was not caught.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let wanted = Wanted::read(arguments)?;
    let watch = clock::Watch::start();
    println!("weaving every wrong rule into one copy");
    let woven = Woven::new(repository)?;
    println!("{} viable, {} do not compile; building the tests", woven.mutants.len(), woven.unviable.len());
    let folder = woven.root.parent().context("the copy lies in a folder")?.to_owned();
    let mut judge = Judge::new(&folder.join(format!("programs-{}", wanted.seed)))?;
    judge.ask(woven.build(&DIRECT)?)?;
    println!("a test comes by {} of them; {} s so far", judge.reached(), watch.read().as_secs());
    let chosen = wanted.chosen(&woven.mutants)?;
    let path = folder.join(format!("results-{}.jsonl", wanted.seed));
    if wanted.since.is_some() {
        println!("{} of them were caught before, {} are tried", woven.mutants.len() - chosen.len(), chosen.len());
    }
    let mut results = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let watch = clock::Watch::start();
    let over = || wanted.minutes.is_some_and(|minutes| watch.read() > Duration::from_secs(60 * minutes));
    let mut verdicts: Vec<(&Mutant, Verdict)> = Vec::new();
    for mutant in &chosen {
        if over() {
            println!("the time is over after {} of {}", verdicts.len(), chosen.len());
            break;
        }
        let verdict = judge.judge(mutant, 0)?;
        writeln!(results, "{}", told(mutant, &verdict))?;
        if !matches!(verdict, Verdict::Caught(_)) {
            println!("  not caught: {} ({verdict:?})", mutant.key());
        }
        verdicts.push((*mutant, verdict));
    }
    println!("{}", summary(&verdicts));
    // What was found so far stands, whatever becomes of these.
    if !over()
        && let Err(error) = woven.build(&LATE).and_then(|built| judge.ask(built))
    {
        println!("some late tests are not asked: {error:#}");
    }
    let missed = |verdict: &Verdict| !matches!(verdict, Verdict::Caught(_));
    // First those that come by, for all; then whole programs.
    for by_all in [false, true] {
        for (mutant, verdict) in verdicts.iter_mut().filter(|(_, verdict)| missed(verdict)) {
            if over() {
                println!("the time is over before all that were missed were asked again");
                break;
            }
            *verdict = if by_all { judge.judge_by_all(mutant)? } else { judge.judge(mutant, DIRECT.len())? };
            writeln!(results, "{}", told(mutant, verdict))?;
            println!("  asked again: {} ({verdict:?})", mutant.key());
        }
    }
    let mut tried = BTreeMap::<&str, (usize, usize)>::new();
    for (mutant, verdict) in &verdicts {
        let counts = tried.entry(&mutant.file).or_default();
        counts.0 += 1;
        counts.1 += usize::from(!matches!(verdict, Verdict::Caught(_)));
    }
    println!("\nfile, tried, not caught");
    for (file, (all, missed)) in &tried {
        println!("  {file:<48}{all:>6}{missed:>6}");
    }
    println!("{} (seed {}); every verdict is in {}", summary(&verdicts), wanted.seed, path.display());
    Ok(())
}

/// How many were caught, and between which shares the share of all lies is.
fn summary(verdicts: &[(&Mutant, Verdict)]) -> String {
    let of = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|(_, verdict)| wanted(verdict)).count();
    let caught = of(|verdict| matches!(verdict, Verdict::Caught(_)));
    let (low, high) = interval(caught, verdicts.len());
    format!(
        "{caught} of {} caught, {} missed, {} not reached: {:.1} %, 95 % interval {low:.1} to {high:.1}",
        verdicts.len(),
        of(|verdict| *verdict == Verdict::Missed),
        of(|verdict| *verdict == Verdict::NotReached),
        100.0 * share(caught, verdicts.len()),
    )
}

#[expect(clippy::cast_precision_loss, reason = "lies are counted in thousands")]
fn share(some: usize, all: usize) -> f64 {
    some as f64 / all.max(1) as f64
}

/// The interval of 95 % of a share, in percent, after Wilson.
#[expect(clippy::cast_precision_loss, reason = "lies are counted in thousands")]
fn interval(some: usize, all: usize) -> (f64, f64) {
    const Z: f64 = 1.96;
    let (count, share) = (all.max(1) as f64, share(some, all));
    let middle = share + Z * Z / (2.0 * count);
    let around = Z * (share * (1.0 - share) / count + Z * Z / (4.0 * count * count)).sqrt();
    let whole = 1.0 + Z * Z / count;
    (100.0 * (middle - around) / whole, 100.0 * (middle + around) / whole)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_between_its_bounds() {
        let rounded = |some, all| {
            let (low, high) = interval(some, all);
            format!("{low:.1} {high:.1}")
        };
        assert_eq!(rounded(90, 100), "82.6 94.5");
        assert_eq!(rounded(450, 500), "87.1 92.3");
        assert_eq!(rounded(10, 10), "72.2 100.0");
    }

    #[test]
    fn the_last_word_of_a_result_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.jsonl");
        let line = |key: &str, verdict: &str| format!("{}\n", json!({ "mutant": key, "verdict": verdict }));
        let text = line("a", "missed") + &line("b", "not reached") + &line("c", "caught") + &line("a", "caught");
        fs::write(&path, text).unwrap();
        let keys = |caught| told_before(path.to_str().unwrap(), caught).unwrap().into_iter().collect::<Vec<_>>();
        assert_eq!((keys(false), keys(true)), (vec!["b".to_owned()], vec!["a".to_owned(), "c".to_owned()]));
    }
}
