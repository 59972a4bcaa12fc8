//! Which tests notice a mutant: those that come by are run, the cheapest first, until one fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::sites::Mutant;
use super::weave::Built;

/// A mutant that makes the tests this much slower than they are is caught: it runs in circles.
const SLOWER: u64 = 10;
/// No test is stopped before it has used so many seconds of a processor; a busy machine is nobody's fault.
const SECONDS_MIN: u64 = 10;
/// A mutant that takes more memory than this, in KiB, is stopped.
const MEMORY_KIB: u32 = 6_000_000;
/// Tests are run in groups: so many microseconds of the cheapest, then of those that follow; then the rest.
const GROUPS: [u64; 2] = [150_000, 2_000_000];
/// How many cases a property test tries, where it would try 256.
const PROPTEST_CASES: &str = "64";
/// Signals: too much of the processor, and the one that follows.
const CIRCLES: [i32; 2] = [24, 9];

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

/// A test, by the place of its program and its name; a thread that no test owns has an empty name.
type Test = (usize, String);

/// The tests of the rules, and which mutants each comes by.
pub struct Judge {
    folder: PathBuf,
    /// Each with what all its tests take, in microseconds of a processor.
    programs: Vec<(Built, u64)>,
    /// What each test takes, likewise.
    took: BTreeMap<Test, u64>,
    reached: BTreeMap<u32, BTreeSet<Test>>,
}

impl Judge {
    /// A judge who keeps programs in a folder, where no later build changes them.
    pub fn new(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let folder = folder.to_owned();
        Ok(Self { folder, programs: Vec::new(), took: BTreeMap::new(), reached: BTreeMap::new() })
    }

    /// Runs every test of more programs once without a mutant; these are asked from now on.
    pub fn ask(&mut self, built: Vec<Built>) -> Result<()> {
        for Built { name, path, begins } in built {
            let place = self.programs.len();
            let kept = self.folder.join(&name);
            drop(fs::remove_file(&kept));
            fs::copy(&path, &kept).with_context(|| format!("cannot keep {}", path.display()))?;
            let notes = self.folder.join(format!("{name}.reached"));
            drop(fs::remove_file(&notes));
            let mut command = command(&kept, None);
            command.arg(&begins).env("COUNTERPART_REACHED", &notes).stdout(Stdio::null()).stderr(Stdio::null());
            ensure!(command.status().context("cannot start the tests")?.success(), "{name} fails as it is");
            let mut whole = 0;
            for line in fs::read_to_string(&notes).unwrap_or_default().lines() {
                let mut parts = line.split('\t');
                let mut part = || parts.next().context("a number and a test, or what it took");
                let (first, test) = (part()?, (place, part()?.to_owned()));
                if first == "took" {
                    let took: u64 = part()?.parse()?;
                    whole += took;
                    *self.took.entry(test).or_default() += took;
                } else {
                    self.reached.entry(first.parse()?).or_default().insert(test);
                }
            }
            println!("  {name}: {:.1} s of a processor", seconds(whole));
            self.programs.push((Built { name, path: kept, begins }, whole));
        }
        Ok(())
    }

    /// How many mutants some test comes by.
    pub fn reached(&self) -> usize {
        self.reached.len()
    }

    /// Tries a mutant with the tests that come by, of the programs from the n-th on.
    pub fn judge(&self, mutant: &Mutant, from: usize) -> Result<Verdict> {
        let Some(reached) = self.reached.get(&mutant.number) else { return Ok(Verdict::NotReached) };
        let took = |test: &Test| self.took.get(test).copied().unwrap_or(0);
        let mut tests: Vec<&Test> = reached.iter().filter(|test| test.0 >= from && !test.1.is_empty()).collect();
        tests.sort_by_key(|test| took(test));
        let mut tests = tests.into_iter().peekable();
        for most in GROUPS.into_iter().chain([u64::MAX]) {
            let mut group: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
            let mut sum = 0;
            while let Some(test) = tests.next_if(|test| sum == 0 || sum + took(test) <= most) {
                sum += took(test);
                group.entry(test.0).or_default().push(&test.1);
            }
            for (program, names) in group {
                if let Some(test) = self.run(program, mutant.number, &names, sum)? {
                    return Ok(Verdict::Caught(test));
                }
            }
        }
        Ok(Verdict::Missed)
    }

    /// Tries a mutant with every test of every program that comes by: what several tests share is made by whichever
    /// comes first, and only that one is noted.
    pub fn judge_by_all(&self, mutant: &Mutant) -> Result<Verdict> {
        let Some(reached) = self.reached.get(&mutant.number) else { return Ok(Verdict::NotReached) };
        let mut programs: Vec<(u64, usize)> =
            reached.iter().filter_map(|test| Some((self.programs.get(test.0)?.1, test.0))).collect();
        programs.sort_unstable();
        programs.dedup();
        for (whole, program) in programs {
            if let Some(test) = self.run(program, mutant.number, &[], whole)? {
                return Ok(Verdict::Caught(test));
            }
        }
        Ok(Verdict::Missed)
    }

    /// Runs these tests of a program, or all if none is named, until one fails; gives its name.
    fn run(&self, program: usize, number: u32, tests: &[&str], micros: u64) -> Result<Option<String>> {
        let (Built { name, path, begins }, _) = self.programs.get(program).context("a program")?;
        let mut command = command(path, Some(SECONDS_MIN + micros * SLOWER / 1_000_000));
        command.env("COUNTERPART_MUTANT", number.to_string());
        if tests.is_empty() {
            command.arg(begins);
        } else {
            command.arg("--exact").args(tests);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("cannot start a test")?;
        let lines = BufReader::new(child.stdout.take().context("its output is ours")?).lines();
        let failed = lines.map_while(Result::ok).find_map(|line| {
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")).map(str::to_owned)
        });
        if failed.is_some() {
            drop(child.kill());
        }
        let status = child.wait().context("a test ends")?;
        Ok(match failed {
            Some(test) => Some(format!("{name} {test}")),
            None if status.success() => None,
            None if status.signal().is_some_and(|signal| CIRCLES.contains(&signal)) => {
                Some(format!("{name}: it runs in circles"))
            }
            None => Some(format!("{name}: the program stopped")),
        })
    }
}

/// A program of tests on a short leash, with so many seconds of a processor.
fn command(path: &Path, seconds: Option<u64>) -> Command {
    let time = seconds.map_or_else(String::new, |seconds| format!("ulimit -t {seconds}; "));
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{time}ulimit -v {MEMORY_KIB}; exec \"$0\" \"$@\"")]).arg(path);
    // What a failing property leaves behind lies beside the program, and not in the checkout.
    if let Some(folder) = path.parent() {
        command.current_dir(folder);
    }
    // Names of tests are names of threads, if there are several.
    command.env("RUST_TEST_THREADS", "2").env("RUST_BACKTRACE", "0");
    command.env("PROPTEST_CASES", PROPTEST_CASES);
    command
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of tests are far below 2^52")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1_000_000.0
}
