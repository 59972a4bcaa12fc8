//! Campaigns: the embedded store under faults, with figures.
//!
//! A case is a number: it decides everything that happens in it, so that a failing case is told again by its line.
//! Each campaign prints one line for people and one line of JSON.

mod damage;
mod faults;
mod images;
mod rollback;
pub mod sled_alone;
pub mod story;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use crate::clock::timed;
use crate::repository::Repository;

/// What one case came to: a name for the tally, or the reason why a promise was broken.
pub type Verdict = Result<&'static str>;

/// A campaign by name.
struct Campaign {
    name: &'static str,
    about: &'static str,
    /// Cases of the short run, in the gate, and of the long one.
    cases: [u64; 2],
    run: fn(u64, &std::path::Path) -> Verdict,
}

const CAMPAIGNS: [Campaign; 6] = [
    Campaign {
        name: "power-cut",
        about: "the power goes at any call; a random choice of unsynced sectors and names is left",
        cases: [60, 1_000],
        run: faults::power_cut,
    },
    Campaign {
        name: "power-cut-image",
        about: "an image of ext4 or xfs is copied while the program that writes to it is stopped at any call",
        cases: [4, 1_000],
        run: images::power_cut,
    },
    Campaign {
        name: "io-error",
        about: "any call fails, before, half-way or after, or a read, once or from then on",
        cases: [60, 1_000],
        run: faults::io_error,
    },
    Campaign {
        name: "full-disk",
        about: "no space, at any call, for a while",
        cases: [40, 1_000],
        run: faults::full_disk,
    },
    Campaign {
        name: "damage",
        about: "any file is flipped, zeroed, swapped, stale, truncated or deleted, and mended from a copy",
        cases: [12, 10_000],
        run: damage::damage,
    },
    Campaign {
        name: "rollback",
        about: "older copies are put back, with and without the checkpoints",
        cases: [24, 500],
        run: rollback::rollback,
    },
];

/// Runs one campaign, or one case of it.
///
/// # Errors
///
/// A promise was broken; the line that replays the case is part of the message.
pub fn one(name: &str, arguments: &[String]) -> Result<()> {
    let Some(campaign) = CAMPAIGNS.iter().find(|campaign| campaign.name == name) else {
        bail!("there is no campaign `{name}`");
    };
    let (mut from, mut cases) = (0, campaign.cases[0]);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64> {
            words.next().context("a number follows")?.parse().with_context(|| format!("{word} takes a number"))
        };
        match word.as_str() {
            "--long" => cases = campaign.cases[1],
            "--cases" => cases = number()?,
            "--case" => (from, cases) = (number()?, 1),
            "--from" => from = number()?,
            _ => bail!("cargo xtask {name} [--long | --cases N] [--from N] [--case N]"),
        }
    }
    campaign.all(from, cases)
}

/// The short run of every campaign.
///
/// # Errors
///
/// As [`one`].
pub fn step(_repository: &Repository) -> Result<()> {
    CAMPAIGNS.iter().try_for_each(|campaign| campaign.all(0, campaign.cases[0]))
}

/// What the campaigns are, for the help.
pub fn names() -> impl Iterator<Item = &'static str> {
    CAMPAIGNS.iter().map(|campaign| campaign.name)
}

impl Campaign {
    fn all(&self, from: u64, cases: u64) -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut tally: Map<String, Value> = Map::new();
        let (done, took) = timed(|| -> Result<()> {
            for case in from..from + cases {
                let place = folder.path().join("case");
                std::fs::create_dir(&place)?;
                let came_to = (self.run)(case, &place).with_context(|| {
                    format!("{}: replay it with `cargo xtask {} --case {case}`", self.name, self.name)
                })?;
                count(&mut tally, came_to);
                std::fs::remove_dir_all(&place)?;
            }
            Ok(())
        });
        done?;
        let told: Vec<String> = tally.iter().map(|(name, count)| format!("{count} {name}")).collect();
        println!("{}: {cases} cases in {:.1} s: {}; 0 lost, 0 silent", self.name, took.as_secs_f64(), told.join(", "));
        let mut line = Map::new();
        line.insert("campaign".to_owned(), self.name.into());
        line.insert("about".to_owned(), self.about.into());
        line.insert("from".to_owned(), from.into());
        line.insert("cases".to_owned(), cases.into());
        line.insert("lost".to_owned(), 0.into());
        line.insert("silent".to_owned(), 0.into());
        line.insert("tally".to_owned(), tally.into());
        line.insert("seconds".to_owned(), took.as_secs_f64().into());
        println!("{}", Value::from(line));
        Ok(())
    }
}

/// One more of this name.
fn count(tally: &mut Map<String, Value>, name: &str) {
    let before = tally.get(name).and_then(Value::as_u64).unwrap_or(0);
    tally.insert(name.to_owned(), (before + 1).into());
}
