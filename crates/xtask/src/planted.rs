//! Planted bugs: one build that has all of them, of which one at a time is switched on; is each found, and how soon?
//!
//! The build is made by cargo with this program between it and the compiler, which adds `--cfg planted="all"` to our own
//! crates alone. `counterpart` itself refuses to be built so.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::repository::{Repository, succeed};

/// In the environment of a compiler that this program stands before: which bugs are planted.
const PLANT: &str = "COUNTERPART_PLANT";

/// The compiler's place, when cargo runs this program in front of it: passes everything on, and plants.
///
/// `None` when nobody wants that.
pub fn before_the_compiler(arguments: &[String]) -> Option<ExitCode> {
    let name = std::env::var(PLANT).ok()?;
    let (compiler, rest) = arguments.split_first()?;
    let status =
        std::process::Command::new(compiler).args(rest).arg("--cfg").arg(format!("planted=\"{name}\"")).status();
    Some(if status.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds with every bug and tries those that are named, or all: `[NAME…]`.
///
/// # Errors
///
/// One is not found, or the build does not succeed.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    #[cfg(planted = "all")]
    {
        let _ = repository;
        within::all(arguments)
    }
    #[cfg(not(planted = "all"))]
    {
        build_and_run(repository, arguments)
    }
}

#[cfg_attr(planted = "all", expect(dead_code, reason = "the build with planted bugs does not build itself again"))]
fn build_and_run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let folder = repository.target().join("planted");
    std::fs::create_dir_all(&folder)?;
    // Copies: cargo puts what it builds where this program lies.
    let before = folder.join("compiler");
    std::fs::copy(std::env::current_exe()?, &before).context("copying this program")?;
    let mut build = repository.cargo(&["build", "--locked", "--package", "xtask"]);
    succeed(build.env("RUSTC_WORKSPACE_WRAPPER", &before).env(PLANT, "all"))?;
    let program = folder.join("xtask");
    std::fs::copy(repository.target().join("debug").join("xtask"), &program)?;
    // What lies under the usual name is an ordinary build again.
    succeed(&mut repository.cargo(&["build", "--locked", "--package", "xtask"]))?;
    ensure!(program.is_file(), "the build with planted bugs is not there");
    succeed(repository.command(&program).arg("planted").args(arguments))
}

#[cfg(planted = "all")]
mod within {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use anyhow::{Result, bail, ensure};
    use counterpart_tlog::planted::{NAMES, switch};
    use serde_json::{Map, Value};

    use crate::{linear, sim};

    /// So many seeds may pass before a bug counts as not found.
    const SEEDS: u64 = 1_000;

    /// Those of the sequencer, which is tried by histories of concurrent clients.
    const IN_SEQUENCER: [&str; 2] = ["answers_mixed_up", "readers_do_not_wait"];

    pub fn all(arguments: &[String]) -> Result<()> {
        let names: Vec<&'static str> = match arguments {
            [] => NAMES.to_vec(),
            _ => NAMES.iter().copied().filter(|name| arguments.iter().any(|asked| asked == name)).collect(),
        };
        ensure!(!names.is_empty(), "there is no such planted bug; these are: {}", NAMES.join(", "));
        // What stops the program is told by the simulation; the words of a panic would only stand between.
        std::panic::set_hook(Box::new(|_| {}));
        let mut needed = Map::new();
        let mut missed = Vec::new();
        for name in names {
            switch(name);
            let found = catch_unwind(AssertUnwindSafe(|| {
                if IN_SEQUENCER.contains(&name) { linear::first_found(SEEDS / 10) } else { sim::first_found(SEEDS) }
            }));
            switch("");
            match found {
                Ok(Ok(Some((seed, how)))) => {
                    println!("  {name:<28} found at seed {seed}: {how}");
                    needed.insert(name.to_owned(), (seed + 1).into());
                }
                Ok(Ok(None)) => missed.push(name),
                Ok(Err(error)) => bail!("{name}: {error:#}"),
                Err(_) => {
                    println!("  {name:<28} found: it stops the program");
                    needed.insert(name.to_owned(), 1.into());
                }
            }
        }
        ensure!(sim::first_found(20)?.is_none(), "something is found though nothing is switched on");
        let mut seeds: Vec<u64> = needed.values().filter_map(Value::as_u64).collect();
        seeds.sort_unstable();
        let median = seeds.get(seeds.len() / 2).copied().unwrap_or(0);
        println!(
            "planted: {} of {} bugs found, median of seeds needed {median}, most {}",
            needed.len(),
            needed.len() + missed.len(),
            seeds.last().copied().unwrap_or(0)
        );
        let mut line = Map::new();
        line.insert("campaign".to_owned(), "planted".into());
        line.insert("planted".to_owned(), (needed.len() + missed.len()).into());
        line.insert("found".to_owned(), needed.len().into());
        line.insert("median_seeds".to_owned(), median.into());
        line.insert("missed".to_owned(), missed.clone().into());
        line.insert("seeds_needed".to_owned(), needed.into());
        println!("{}", Value::from(line));
        ensure!(missed.is_empty(), "not found: {}", missed.join(", "));
        Ok(())
    }
}
