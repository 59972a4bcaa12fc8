//! The checkout: where it lies, what it holds, and how to run something in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Folders that hold what was built, found or fetched, never what was written.
const NOT_OURS: [&str; 7] = ["target", ".git", "corpus", "artifacts", "node_modules", "__pycache__", ".venv"];

/// The root of the checkout that this program was built from.
#[derive(Debug)]
pub struct Repository {
    /// The folder that holds the workspace's `Cargo.toml`.
    pub root: PathBuf,
}

impl Repository {
    /// Finds the checkout two folders above this crate.
    pub fn find() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).context("this crate lies in crates/xtask of its workspace")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |folder| self.root.join(folder))
    }

    /// A program to be run at the root of the checkout.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs us, at the root of the checkout.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = self.command(cargo);
        command.args(arguments);
        command
    }

    /// Every file that somebody wrote, as a path from the root with `/`, in order.
    pub fn files(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        self.collect("", &mut found)?;
        found.sort();
        Ok(found)
    }

    fn collect(&self, folder: &str, found: &mut Vec<String>) -> Result<()> {
        let path = self.root.join(folder);
        let entries = fs::read_dir(&path).with_context(|| format!("cannot list {}", path.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", path.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if NOT_OURS.contains(&name.as_str()) {
                continue;
            }
            let inner = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type().with_context(|| format!("cannot look at {inner}"))?;
            if kind.is_dir() {
                self.collect(&inner, found)?;
            } else if kind.is_file() {
                found.push(inner);
            }
        }
        Ok(())
    }

    /// The text of a file of the checkout; nothing if it is not text.
    pub fn text(&self, file: &str) -> Result<Option<String>> {
        let bytes = fs::read(self.root.join(file)).with_context(|| format!("cannot read {file}"))?;
        Ok(String::from_utf8(bytes).ok())
    }
}

/// Says whether a file has this ending.
pub fn is_a(file: &str, ending: &str) -> bool {
    Path::new(file).extension() == Some(OsStr::new(ending))
}

/// Runs a command to its end and fails when it fails.
pub fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Says whether a command can be started and ends well, without showing what it prints.
pub fn answers(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Turns what a check found into its verdict.
pub fn verdict(found: &[String]) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    bail!("{} found:\n  {}", found.len(), found.join("\n  "))
}
