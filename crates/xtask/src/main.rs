//! Everything a developer or a build machine runs.
//!
//! `cargo xtask ci` is the gate: what it says decides whether a change may land.
//!
//! In scope: formatting, lints, tests, documents, dependencies, floors, spelling, fuzzing, the
//! outsider, kill rounds, benchmarks.
//! Out of scope: anything that a user of the ledger needs; that is the `counterpart` binary.

#![expect(clippy::print_stdout, reason = "this program talks to a terminal and does nothing else")]

mod bench;
mod campaign;
mod ci;
mod client;
mod clock;
mod dependencies;
mod files;
mod floors;
mod fuzz;
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    reason = "the histories of the tests of the rules: what is made here either follows or stops the program"
)]
#[path = "../../core/tests/history/history.rs"]
mod history;
mod interop;
mod jumps;
mod kill;
mod licence;
mod linear;
mod load;
mod metadata;
mod model;
mod mutants;
mod outsider;
mod pages;
mod planted;
mod replay;
mod repository;
mod server;
mod sim;
mod spelling;
mod strike;
mod teller;
mod vendor;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::repository::Repository;

const HELP: &str = "\
cargo xtask COMMAND

  ci [STEP…]        the gate: every step, or only those named; `ci --list` names them
  floors            which crate may know which (docs/adr/0008-floors.md)
  dependencies      licences, banned crates and sources (deny.toml)
  files             length, leftovers, dead links
  spelling          common misspellings
  vendor            fetch the vendored design system again and check it
  fuzz [--seconds N] [TARGET…]
                    cargo-fuzz where it is installed, else the random tests with more cases
  outsider          the ledger as a stranger sees it (tests/outside)
  pages             every page of the demonstration in a real browser, with axe-core
  interop [PART…]   our logs, witnesses and envelopes by programs that are not ours (needs Go and pip):
                    static, witnesses, grown, live, dsse; `short` asks at small sizes
  model [--long | --depth N]
                    every order of every move of an agreement, to a small depth (docs/model.md)
  mutants [--sample N | --all] [--seed N] [--minutes N] [--only TEXT] [--again FILE]
                    wrong rules, one at a time: does a test notice each? (docs/mutants.md)
  kill [--long | --cases N] [--round N] [--only SCENARIO,…] [--at SCENARIO:CALL:HOW] [--binary FILE]
                    kill -9 before, after and in the middle of every storage call of the real program (needs cc)
  kill load [--rounds N]
                    kill -9 under load, then look for what was acknowledged
  bench [NAME…]     each figure as a ratio to the limit measured in the same run: limits, ingest, audit, audit-million,
                    witness, decide, state, store, pages
  power-cut | power-cut-image | io-error | full-disk | damage | rollback [--long | --cases N] [--from N] [--case N]
                    the embedded store under faults; a failing case is told again by its number
                    (images need root, loop devices, mkfs.ext4 and mkfs.xfs, and are left out without)
  sled-alone [--long | --cases N]
                    sled alone, and ours beside it, under the same kills, cuts and damage
  replay [--long | --events N]
                    a log of random histories on one thread and on many: identical states, byte for byte
  campaigns         the short run of each of these
  sim [--long | --seeds N] [--from N] [--seed N]
                    server, witnesses, mirrors, clients and operator from one number, under every fault at once
  planted [NAME…]   bugs are planted, one at a time: does the simulation, or a history, find each? (docs/adr/0012)
  linear [--long | --histories N] [--from N]
                    concurrent clients against the real sequencer under faults: does one log explain every answer?
  clock [--long | --jumps N]
                    the real program under a clock that jumps by years, stands still and steps back";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = planted::before_the_compiler(&arguments) {
        return code;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let Some((command, rest)) = arguments.split_first() else {
        println!("{HELP}");
        return Ok(());
    };
    let repository = Repository::find()?;
    match command.as_str() {
        "ci" => ci::run(&repository, rest),
        "floors" => floors::step(&repository),
        "dependencies" => dependencies::step(&repository),
        "files" => files::step(&repository),
        "spelling" => spelling::step(&repository),
        "vendor" => vendor::run(&repository),
        "fuzz" => fuzz::run(&repository, rest),
        "outsider" => outsider::run(&repository, rest),
        "pages" => pages::step(&repository),
        "interop" => interop::run(&repository, rest),
        "model" => model::run(&repository, rest),
        "mutants" => mutants::run(&repository, rest),
        "kill" => kill::run(&repository, rest),
        "campaigns" => campaign::step(&repository),
        name if campaign::names().any(|known| known == name) => campaign::one(name, rest),
        "sled-alone" => campaign::sled_alone::run(&repository, rest),
        "teller" => teller::run(rest),
        "replay" => replay::run(rest),
        "sim" => sim::run(rest),
        "planted" => planted::run(&repository, rest),
        "linear" => linear::run(rest),
        "clock" => jumps::run(&repository, rest),
        "bench" => bench::run(&repository, rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}
