//! Our logs, notes, proofs, envelopes and witnesses, checked by programs that are not ours.
//!
//! Everything is fetched by its ordinary name at a pinned version and built below the target folder. What is missing
//! on the machine is said aloud, and what it would have shown is named.

mod grown;
mod live;
mod logs;
mod witnesses;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::repository::{Repository, answers, succeed};

/// The sizes at which tiles begin, fill and overflow, one level after another.
const SIZES: [u64; 8] = [1, 255, 256, 257, 65_535, 65_536, 65_537, 70_000];

/// Those of them that the gate asks about: the others take minutes.
const SHORT: usize = 4;

/// Tessera's checker of published logs.
const FSCK: &str = "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4";

/// A witness from the authors of the Go checksum database's witness.
const LITEWITNESS: &str = "filippo.io/torchwood/cmd/litewitness@v0.6.1";

/// The reference implementation of DSSE.
const SECURESYSTEMSLIB: &str = "securesystemslib[crypto]==1.6.0";

/// What is needed to run programs of others.
struct Tools {
    /// Where they are built, and where they work.
    cache: PathBuf,
    /// How many of [`SIZES`] are asked about.
    sizes: usize,
}

/// Checks everything, or only the parts named: `static`, `witnesses`, `grown`, `live`, `dsse`; with `short` at small sizes.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    let (short, parts): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|named| *named == "short");
    let missing = asked(repository, if short.is_empty() { SIZES.len() } else { SHORT }, &parts)?;
    if missing.is_empty() {
        println!("Every program agrees.");
        return Ok(());
    }
    for part in &missing {
        println!("MISSING: {part}");
    }
    bail!("{} of the programs of others could not be asked; install what is missing and run this again", missing.len())
}

/// The part of the gate: whatever can be had is asked at small sizes, and what cannot is said. Only a program that
/// ran and does not agree shuts the gate.
pub fn step(repository: &Repository) -> Result<()> {
    for part in asked(repository, SHORT, &[])? {
        println!("SKIPPED: {part}");
    }
    Ok(())
}

/// Asks what can be asked; says what could not.
fn asked(repository: &Repository, sizes: usize, parts: &[&String]) -> Result<Vec<String>> {
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| *named == part);
    let cache = repository.target().join("interop");
    fs::create_dir_all(cache.join("bin")).context("the cache for programs of others cannot be made")?;
    let tools = Tools { cache, sizes };
    let mut missing = Vec::new();
    if !answers(repository.command("go").arg("version")) {
        missing.push(
            "`go` is not here: fsck, sumdb/note, merkle, formats, omniwitness, its client and \
             litewitness were NOT asked"
                .to_owned(),
        );
    } else if let Some(absent) = tools.build(repository)? {
        missing.push(absent);
    } else {
        if wanted("static") {
            published(repository, &tools)?;
        }
        if wanted("witnesses") {
            missing.extend(witnesses::check(repository, &tools)?);
        }
        if wanted("grown") {
            grown::check(repository, &tools)?;
        }
        if wanted("live") {
            live::check(repository, &tools)?;
        }
    }
    if wanted("dsse") {
        missing.extend(live::envelopes(repository, &tools)?);
    }
    Ok(missing)
}

/// Generated logs of every interesting size, by fsck and by the Go libraries.
fn published(repository: &Repository, tools: &Tools) -> Result<()> {
    for size in tools.sizes() {
        let folder = tools.cache.join("logs").join(size.to_string());
        logs::generate(&folder, *size)?;
        tools.fsck(
            repository,
            &format!("file://{}", folder.display()),
            &folder.join("vkey"),
            &format!("size {size}"),
        )?;
        succeed(repository.command(tools.program("checks")).arg(&folder))?;
    }
    Ok(())
}

impl Tools {
    fn program(&self, name: &str) -> PathBuf {
        self.cache.join("bin").join(name)
    }

    fn sizes(&self) -> &'static [u64] {
        SIZES.get(..self.sizes).unwrap_or(&SIZES)
    }

    /// Fetches and builds what is written in Go; says what cannot be fetched. What is fetched must build.
    fn build(&self, repository: &Repository) -> Result<Option<String>> {
        let bin = self.cache.join("bin");
        println!("building programs of others into {}", bin.display());
        let ours = repository.root.join("tests/interop");
        let fetched = answers(repository.command("go").arg("-C").arg(&ours).args(["mod", "download"]));
        if !fetched || !self.install(repository, FSCK) {
            let absent = "the modules of fsck, omniwitness, sumdb/note, merkle and formats cannot be fetched: they were \
                          NOT asked";
            return Ok(Some(absent.to_owned()));
        }
        let packages = ["./bundle", "./checks", "./client", "./omniwitness"];
        succeed(repository.command("go").args(["build", "-C"]).arg(ours).arg("-o").arg(&bin).args(packages))?;
        Ok(None)
    }

    /// Fetches and builds a program, if its sources are to be had here.
    fn install(&self, repository: &Repository, program: &str) -> bool {
        answers(repository.command("go").args(["install", program]).env("GOBIN", self.cache.join("bin")))
    }

    /// Asks fsck whether a published log is whole.
    fn fsck(&self, repository: &Repository, url: &str, vkey: &Path, what: &str) -> Result<()> {
        let mut command = repository.command(self.program("fsck"));
        command.args(["-ui=false", "-N=2", "-storage_url", &format!("{}/", url.trim_end_matches('/'))]);
        command.arg("-public_key").arg(vkey);
        let output = command.output().context("fsck cannot be started")?;
        let talk = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("fsck does not agree with {what} at {url}:\n{talk}");
        }
        println!("fsck: {what} is whole ({url})");
        Ok(())
    }
}
