//! The gate: every check, one after another, with a name, a duration and a verdict.
//!
//! A failed step does not stop the others, so that one run tells everything that is wrong.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::repository::{Repository, succeed};
use crate::{
    campaign, clock, dependencies, files, floors, fuzz, interop, jumps, kill, linear, outsider, pages, replay, sim,
    spelling, vendor,
};

/// Random cases of each property in the gate, twice the usual number.
const RANDOM_CASES: u64 = 512;

/// One check of the gate.
struct Step {
    name: &'static str,
    /// What must have passed before it is worth trying.
    after: Option<&'static str>,
    run: fn(&Repository) -> Result<()>,
}

/// The gate, cheapest first, so that a slip shows at once.
const STEPS: [Step; 21] = [
    Step {
        name: "format",
        after: None,
        run: |repository| succeed(&mut repository.cargo(&["fmt", "--all", "--check"])),
    },
    Step { name: "floors", after: None, run: floors::step },
    Step { name: "files", after: None, run: files::step },
    Step { name: "spelling", after: None, run: spelling::step },
    Step { name: "vendored", after: None, run: vendor::step },
    Step { name: "dependencies", after: None, run: dependencies::step },
    Step { name: "lints", after: None, run: lints },
    Step {
        name: "tests",
        after: None,
        run: |repository| succeed(&mut repository.cargo(&["test", "--workspace", "--locked", "--no-fail-fast"])),
    },
    Step { name: "documents", after: None, run: documents },
    Step { name: "fuzz", after: Some("tests"), run: |repository| fuzz::longer_tests(repository, RANDOM_CASES) },
    Step { name: "binary", after: None, run: |repository| outsider::binary(repository).map(drop) },
    Step { name: "pages", after: Some("binary"), run: pages::step },
    Step { name: "outsider's own", after: None, run: outsider::own_tests },
    Step { name: "outsider", after: Some("binary"), run: |repository| outsider::run(repository, &[]) },
    Step { name: "interop", after: Some("binary"), run: interop::step },
    Step { name: "kill", after: Some("binary"), run: kill::short },
    Step { name: "campaigns", after: Some("tests"), run: campaign::step },
    Step { name: "replay", after: Some("tests"), run: replay::step },
    Step { name: "sim", after: Some("tests"), run: sim::step },
    Step { name: "linear", after: Some("tests"), run: linear::step },
    Step { name: "clock", after: Some("binary"), run: jumps::step },
];

fn lints(repository: &Repository) -> Result<()> {
    succeed(&mut repository.cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))
}

fn documents(repository: &Repository) -> Result<()> {
    // The docstrings of the binary are the help of its commands, written for a terminal.
    let mut cargo = repository.cargo(&["doc", "--workspace", "--exclude", "counterpart", "--no-deps", "--locked"]);
    succeed(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}

/// How a step ended.
enum Outcome {
    Passed(Duration),
    Failed(Duration, String),
    NotTried(&'static str),
}

/// Runs the steps named, or all of them, and says at the end what failed.
pub fn run(repository: &Repository, names: &[String]) -> Result<()> {
    if names.iter().any(|name| name == "--list") {
        for step in &STEPS {
            println!("{}", step.name);
        }
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != name.as_str())) {
        bail!("there is no step `{unknown}`; `cargo xtask ci --list` names them");
    }
    let (outcomes, total) = clock::timed(|| attempt(&STEPS, names, repository));
    report(&outcomes, total)
}

fn attempt(steps: &[Step], names: &[String], repository: &Repository) -> Vec<(&'static str, Outcome)> {
    let mut outcomes: Vec<(&'static str, Outcome)> = Vec::new();
    for step in steps {
        if !names.is_empty() && !names.iter().any(|name| name == step.name) {
            continue;
        }
        let fallen =
            outcomes.iter().find(|(name, outcome)| step.after == Some(*name) && !matches!(outcome, Outcome::Passed(_)));
        if let Some((name, _)) = fallen {
            outcomes.push((step.name, Outcome::NotTried(name)));
            continue;
        }
        println!("\n==> {}", step.name);
        let (result, took) = clock::timed(|| (step.run)(repository));
        let outcome = match result {
            Ok(()) => {
                println!("==> {} passed in {}", step.name, shown(took));
                Outcome::Passed(took)
            }
            Err(error) => {
                println!("==> {} FAILED in {}\n{error:#}", step.name, shown(took));
                Outcome::Failed(took, format!("{error:#}"))
            }
        };
        outcomes.push((step.name, outcome));
    }
    outcomes
}

fn report(outcomes: &[(&'static str, Outcome)], total: Duration) -> Result<()> {
    println!("\n==> all steps, in {}", shown(total));
    let mut passed = 0;
    for (name, outcome) in outcomes {
        match outcome {
            Outcome::Passed(took) => {
                passed += 1;
                println!("  passed     {name:<14}{:>9}", shown(*took));
            }
            Outcome::Failed(took, why) => {
                let first = why.lines().next().unwrap_or_default();
                println!("  FAILED     {name:<14}{:>9}  {first}", shown(*took));
            }
            Outcome::NotTried(other) => {
                println!("  not tried  {name:<14}           because {other} failed");
            }
        }
    }
    let failed = outcomes.len() - passed;
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("the gate is shut");
    }
    Ok(())
}

fn shown(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const fn step(name: &'static str, after: Option<&'static str>, run: fn(&Repository) -> Result<()>) -> Step {
        Step { name, after, run }
    }

    const THREE: [Step; 3] = [
        step("one", None, |_| bail!("one is broken")),
        step("two", Some("one"), |_| Ok(())),
        step("three", None, |_| Ok(())),
    ];

    #[test]
    fn a_failed_step_stops_only_what_rests_on_it() {
        let outcomes = attempt(&THREE, &[], &Repository::find().unwrap());
        let ends: Vec<&str> = outcomes
            .iter()
            .map(|(_, outcome)| match outcome {
                Outcome::Passed(_) => "passed",
                Outcome::Failed(..) => "failed",
                Outcome::NotTried(_) => "not tried",
            })
            .collect();
        assert_eq!(ends, ["failed", "not tried", "passed"]);
        assert!(report(&outcomes, Duration::ZERO).is_err());
    }

    #[test]
    fn only_the_steps_named_are_run() {
        let names = ["three".to_owned()];
        let outcomes = attempt(&THREE, &names, &Repository::find().unwrap());
        assert_eq!(outcomes.len(), 1);
        assert!(report(&outcomes, Duration::ZERO).is_ok());
    }

    #[test]
    fn a_step_that_is_not_there_is_named() {
        let error = run(&Repository::find().unwrap(), &["lint".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("`lint`"));
    }

    #[test]
    fn what_a_step_rests_on_comes_before_it() {
        for (index, step) in STEPS.iter().enumerate() {
            if let Some(after) = step.after {
                assert!(STEPS.iter().take(index).any(|other| other.name == after));
            }
        }
    }
}
