//! Strangers' bytes, thousands of them, into everything that reads.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::repository::{Repository, answers, succeed};

/// How long each target runs when nobody says.
const SECONDS: u64 = 60;

/// Random cases a test, where there is no fuzzer, for each second that it would have run.
///
/// A case of the parsers takes tens of microseconds in an unoptimised build.
const CASES_A_SECOND: u64 = 400;

/// Runs the fuzz targets, or says that it cannot and runs the random tests of the parsers longer.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let mut seconds = SECONDS;
    let mut chosen = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--seconds" {
            let given = words.next().context("--seconds needs a number")?;
            seconds = given.parse().with_context(|| format!("`{given}` is not a number of seconds"))?;
        } else {
            chosen.push(word.clone());
        }
    }
    let known = targets(repository)?;
    if let Some(unknown) = chosen.iter().find(|name| !known.contains(name)) {
        bail!("there is no fuzz target `{unknown}`; there are: {}", known.join(", "));
    }
    if chosen.is_empty() {
        chosen = known;
    }
    if fuzzer(repository) {
        for target in &chosen {
            println!("fuzzing {target} for {seconds} s");
            succeed(repository.command("rustup").args([
                "run",
                "nightly",
                "cargo",
                "fuzz",
                "run",
                target,
                "--",
                &format!("-max_total_time={seconds}"),
            ]))?;
        }
        return Ok(());
    }
    println!("cargo-fuzz or a nightly compiler is not installed: random tests instead");
    longer_tests(repository, seconds * CASES_A_SECOND)
}

/// The random tests of the crates that read strangers' bytes, with more cases.
pub fn longer_tests(repository: &Repository, cases: u64) -> Result<()> {
    let mut cargo = repository.cargo(&[
        "test",
        "--quiet",
        "--locked",
        "--package",
        "counterpart-tlog",
        "--package",
        "counterpart-core",
        "--all-targets",
    ]);
    succeed(cargo.env("PROPTEST_CASES", cases.to_string()))
}

fn fuzzer(repository: &Repository) -> bool {
    answers(repository.command("rustup").args(["run", "nightly", "cargo", "fuzz", "--version"]))
}

/// The names of the targets in `fuzz/fuzz_targets`.
fn targets(repository: &Repository) -> Result<Vec<String>> {
    let folder = repository.root.join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).context("cannot list fuzz/fuzz_targets")?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.context("cannot list fuzz/fuzz_targets")?.file_name();
        if let Some(name) = name.to_string_lossy().strip_suffix(".rs") {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}
