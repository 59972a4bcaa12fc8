//! Which tests notice a mutant: those that come by are run until one fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::sites::Mutant;
use crate::clock;

/// A mutant that makes the tests this much slower than they are is caught: it runs in circles.
const SLOWER: u32 = 10;
/// Nobody waits less than this for a test.
const PATIENCE: Duration = Duration::from_secs(30);
/// A mutant that takes more memory than this, in KiB, is stopped.
const MEMORY_KIB: u32 = 6_000_000;

/// How a mutant fared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This test failed, or the program stopped or ran in circles.
    Caught(String),
    /// Every test passed.
    Missed,
    /// No test comes by.
    NotReached,
}

/// One program of tests.
struct Program {
    path: PathBuf,
    took: Duration,
    /// The tests that come by each mutant; an empty name stands for a thread that no test owns.
    reached: BTreeMap<u32, BTreeSet<String>>,
}

/// The tests of the rules, and which mutants each comes by.
pub struct Judge {
    programs: Vec<Program>,
}

impl Judge {
    /// Runs every test once without a mutant.
    pub fn new(programs: Vec<PathBuf>, folder: &Path) -> Result<Self> {
        let mut held = Vec::new();
        for path in programs {
            let notes = folder.join("reached");
            drop(fs::remove_file(&notes));
            let mut command = command(&path);
            command.env("COUNTERPART_REACHED", &notes).stdout(Stdio::null()).stderr(Stdio::null());
            let (status, took) = clock::timed(|| command.status());
            ensure!(status.context("cannot start the tests")?.success(), "{} fails as it is", path.display());
            let mut reached: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
            for line in fs::read_to_string(&notes).unwrap_or_default().lines() {
                let (number, test) = line.split_once('\t').context("a number and a test")?;
                reached.entry(number.parse()?).or_default().insert(test.to_owned());
            }
            held.push(Program { path, took, reached });
        }
        // The quickest first.
        held.sort_by_key(|program| program.took);
        Ok(Self { programs: held })
    }

    /// How many mutants some test comes by.
    pub fn reached(&self) -> usize {
        self.programs.iter().flat_map(|program| program.reached.keys()).collect::<BTreeSet<_>>().len()
    }

    /// Tries one mutant.
    pub fn judge(&self, mutant: &Mutant) -> Result<Verdict> {
        let none = BTreeSet::new();
        let mut met = false;
        for program in &self.programs {
            let tests = program.reached.get(&mutant.number).unwrap_or(&none);
            if tests.is_empty() {
                continue;
            }
            met = true;
            // What several tests share is built by whichever comes first, and only that one is noted.
            let owned = !tests.contains("");
            if owned && let Some(test) = program.run(mutant.number, tests)? {
                return Ok(Verdict::Caught(test));
            }
        }
        if !met {
            return Ok(Verdict::NotReached);
        }
        for program in self.programs.iter().filter(|program| program.reached.contains_key(&mutant.number)) {
            if let Some(test) = program.run(mutant.number, &none)? {
                return Ok(Verdict::Caught(test));
            }
        }
        Ok(Verdict::Missed)
    }
}

/// A program of tests on a short leash.
fn command(path: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"")]).arg(path);
    // Names of tests are names of threads, if there are several.
    command.env("RUST_TEST_THREADS", "2").env("RUST_BACKTRACE", "0").env("PROPTEST_FAILURE_PERSISTENCE", "off");
    command
}

impl Program {
    /// Runs these tests, or all if none is named, until one fails; gives its name.
    fn run(&self, number: u32, tests: &BTreeSet<String>) -> Result<Option<String>> {
        let mut command = command(&self.path);
        command.env("COUNTERPART_MUTANT", number.to_string());
        if !tests.is_empty() {
            command.arg("--exact").args(tests);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("cannot start a test")?;
        let lines = BufReader::new(child.stdout.take().context("its output is ours")?).lines();
        let (send, receive) = channel();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let watch = clock::Watch::start();
        let patience = PATIENCE.max(self.took * SLOWER);
        let caught = loop {
            match receive.recv_timeout(patience.saturating_sub(watch.read())) {
                Ok(line) => {
                    if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
                        break Some(name.to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => break Some("it runs in circles".to_owned()),
                Err(RecvTimeoutError::Disconnected) => break None,
            }
        };
        if caught.is_some() {
            drop(child.kill());
        }
        let status = child.wait().context("a test ends")?;
        drop(receive);
        drop(reader.join());
        Ok(caught.or_else(|| (!status.success()).then(|| "the program stopped".to_owned())))
    }
}
