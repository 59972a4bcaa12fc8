//! The copy of the rules in which every mutant sleeps: woven once, built once, switched by a number.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::sites::{Mutant, Piece, Sites};
use crate::repository::Repository;

/// The rules: what their files' names begin with.
const RULES: [&str; 11] = [
    "admit",
    "agreement",
    "contest",
    "door",
    "header",
    "london",
    "offices",
    "organisation",
    "policy",
    "roles",
    "state",
];
const SOURCE: &str = "crates/core/src/";
/// Programs of tests that decide entries, and how the names of their tests begin: asked of everything.
pub const DIRECT: [(&str, &str); 4] = [("agreements", ""), ("door", ""), ("offices", ""), ("histories", "golden::")];
/// Tests that take long and look at everything, or at little: built and asked for what nobody else noticed.
pub const LATE: [(&str, &str); 3] = [(UNIT, ""), ("model", ""), ("histories", "")];
/// The tests beside the code, as one more program of the copy: asked for as `--lib` they would come with those of
/// every crate.
const UNIT: &str = "unit";
/// Optimised as much as pays: the rules and their tests, and nothing else is built again.
const PROFILE: [&str; 4] = [
    "--config=profile.dev.package.counterpart-core.opt-level=1",
    "--config=profile.dev.package.counterpart-core.debug=false",
    "--config=profile.dev.package.counterpart-tlog.opt-level=2",
    "--config=profile.dev.package.counterpart-tlog.debug=false",
];
/// How often what does not compile is taken out again.
const ROUNDS_MAX: usize = 40;

/// A program of tests.
pub struct Built {
    pub name: String,
    pub path: PathBuf,
    /// How the names of the tests that are asked begin.
    pub begins: String,
}

/// The copy and what sleeps in it.
pub struct Woven {
    pub root: PathBuf,
    target: PathBuf,
    pub mutants: Vec<Mutant>,
    /// Lies that do not compile, by key.
    pub unviable: BTreeSet<String>,
    constant: BTreeSet<String>,
    pieces: BTreeMap<String, Vec<Piece>>,
}

impl Woven {
    /// Copies the rules and weaves every mutant that compiles into them.
    pub fn new(repository: &Repository) -> Result<Self> {
        let target = repository.target().join("mutants");
        let mut woven = Self {
            root: target.join("copy"),
            target: repository.target(),
            mutants: Vec::new(),
            unviable: BTreeSet::new(),
            constant: BTreeSet::new(),
            pieces: BTreeMap::new(),
        };
        woven.copy(repository)?;
        for round in 1..=ROUNDS_MAX {
            woven.weave(repository)?;
            let errors = woven.errors()?;
            if errors.is_empty() {
                return Ok(woven);
            }
            let before = woven.unviable.len() + woven.constant.len();
            for error in &errors {
                woven.take_out(error)?;
            }
            let gone = woven.unviable.len() + woven.constant.len() - before;
            println!("  round {round}: {} errors, {gone} lies taken out", errors.len());
            ensure!(gone > 0, "the copy does not compile, and no mutant is to blame:\n{}", rendered(&errors));
        }
        bail!("the copy still does not compile after {ROUNDS_MAX} rounds")
    }

    /// The checkout as it is, and the switches beside the rules.
    fn copy(&self, repository: &Repository) -> Result<()> {
        for file in repository.files()? {
            let woven = file == "crates/core/Cargo.toml" || file == format!("{SOURCE}lib.rs") || is_rule(&file);
            if !woven {
                let bytes = fs::read(repository.root.join(&file)).with_context(|| format!("cannot read {file}"))?;
                self.put(&file, &bytes)?;
            }
        }
        let manifest = "crates/core/Cargo.toml";
        let text = repository.text(manifest)?.context("a manifest is text")?;
        self.put(manifest, format!("{text}\n[[test]]\nname = \"{UNIT}\"\npath = \"src/lib.rs\"\n").as_bytes())?;
        self.put("crates/core/src/mutants.rs", include_bytes!("../../data/mutants.rs"))
    }

    /// Writes a file of the copy, unless it says so already: what does not change is not built again.
    fn put(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let path = self.root.join(file);
        if fs::read(&path).is_ok_and(|held| held == bytes) {
            return Ok(());
        }
        let folder = path.parent().context("a file lies in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    }

    fn weave(&mut self, repository: &Repository) -> Result<()> {
        self.mutants.clear();
        self.pieces.clear();
        let library = format!("{SOURCE}lib.rs");
        let text = repository.text(&library)?.context("the crate is text")?;
        // What a lie leaves unused is no fault of the copy.
        let silent = ["allow", "(unused, missing_docs)"].concat();
        self.put(&library, format!("#![{silent}]\n{text}\npub mod mutants;\n").as_bytes())?;
        for file in repository.files()? {
            if !is_rule(&file) {
                continue;
            }
            let text = repository.text(&file)?.context("a source is text")?;
            let next = u32::try_from(self.mutants.len()).context("few mutants")? + 1;
            let sites = Sites::of(&file, &text, next, &self.unviable, &self.constant)
                .with_context(|| format!("cannot read {file}"))?;
            let (woven, pieces, mutants) = sites.woven();
            self.put(&file, woven.as_bytes())?;
            self.mutants.extend(mutants);
            self.pieces.insert(file, pieces);
        }
        Ok(())
    }

    /// Cargo in the copy, with nothing from the network; the whole workspace is named, so that what is built anyway
    /// serves.
    fn cargo(&self, arguments: &[&str], tests: &[(&str, &str)]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).args(arguments);
        command.args(["--offline", "--message-format=json"]).args(PROFILE).arg("--workspace");
        command.args(tests.iter().flat_map(|(name, _)| ["--test", name]));
        command
    }

    fn errors(&self) -> Result<Vec<Value>> {
        let mut errors: Vec<Value> = messages(&mut self.cargo(&["check"], &DIRECT))?
            .into_iter()
            .filter_map(|mut message| Some(message.get_mut("message")?.take()))
            .filter(|message| message.get("level").and_then(Value::as_str) == Some("error"))
            .collect();
        // "Aborting due to previous errors" has no place.
        errors.retain(|error| error.get("spans").and_then(Value::as_array).is_some_and(|spans| !spans.is_empty()));
        Ok(errors)
    }

    /// Takes out what an error is about: the smallest lie around its place, or a `const` that must stay.
    fn take_out(&mut self, error: &Value) -> Result<()> {
        let text = error.get("message").and_then(Value::as_str).unwrap_or_default();
        if text.contains("non-const")
            && let Some(name) = text.split('`').nth(1).and_then(|path| path.rsplit("::").next())
        {
            let name = name.split(['<', '(']).next().unwrap_or(name);
            if self.constant.insert(name.to_owned()) {
                return Ok(());
            }
        }
        let spans = error.get("spans").and_then(Value::as_array).context("an error has places")?;
        for span in spans.iter().filter(|span| span.get("is_primary").and_then(Value::as_bool) == Some(true)) {
            let file = span.get("file_name").and_then(Value::as_str).unwrap_or_default();
            let number = |name: &str| span.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
            let (Some(start), Some(end)) = (number("byte_start"), number("byte_end")) else { continue };
            let (start, end) = (self.as_written(file, start), self.as_written(file, end));
            let around = |mutant: &&Mutant| {
                mutant.file == file && mutant.place.start <= start && mutant.place.end >= end.max(start)
            };
            let smallest = self.mutants.iter().filter(around).map(|mutant| mutant.place.len()).min();
            let guilty = self.mutants.iter().filter(around).filter(|mutant| Some(mutant.place.len()) == smallest);
            self.unviable.extend(guilty.map(Mutant::key));
        }
        Ok(())
    }

    /// A place of the woven text in the text as written.
    fn as_written(&self, file: &str, woven: usize) -> usize {
        // `ahead` is how much longer the woven text is up to here.
        let (mut ahead, mut left_out) = (0, 0);
        for piece in self.pieces.get(file).map(Vec::as_slice).unwrap_or_default() {
            let begins = piece.at + ahead - left_out;
            if woven < begins {
                break;
            }
            if woven < begins + piece.text.len() {
                return piece.at;
            }
            ahead += piece.text.len();
            left_out += piece.replaces;
        }
        woven + left_out - ahead
    }

    /// Builds programs of tests; gives each by name, with how the names of its tests begin.
    pub fn build(&self, tests: &[(&str, &str)]) -> Result<Vec<Built>> {
        let built = messages(&mut self.cargo(&["test", "--no-run"], tests))?;
        let text = |message: &Value, place: &str| message.pointer(place).and_then(Value::as_str).map(str::to_owned);
        let programs: Vec<Built> = built
            .iter()
            .filter(|message| message.pointer("/profile/test") == Some(&Value::Bool(true)))
            .filter_map(|message| Some((text(message, "/target/name")?, text(message, "/executable")?.into())))
            .filter_map(|(name, path): (String, PathBuf)| {
                let begins = tests.iter().find(|(test, _)| *test == name)?.1.to_owned();
                Some(Built { name, path, begins })
            })
            .collect();
        ensure!(programs.len() == tests.len(), "{} programs of {} are built", programs.len(), tests.len());
        Ok(programs)
    }
}

/// Whether a file holds rules, and no tests.
fn is_rule(file: &str) -> bool {
    let Some(name) = file.strip_prefix(SOURCE) else { return false };
    let part = name.split_once('/').map_or_else(|| name.trim_end_matches(".rs"), |(folder, _)| folder);
    RULES.contains(&part) && !name.ends_with("tests.rs")
}

fn rendered(errors: &[Value]) -> String {
    let one = |error: &Value| error.get("rendered").and_then(Value::as_str).unwrap_or_default().to_owned();
    errors.iter().take(5).map(one).collect()
}

/// What cargo says as JSON, line by line.
fn messages(command: &mut Command) -> Result<Vec<Value>> {
    let output = command.output().context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let found: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    ensure!(!found.is_empty(), "cargo said nothing of use:\n{}", String::from_utf8_lossy(&output.stderr));
    Ok(found)
}
