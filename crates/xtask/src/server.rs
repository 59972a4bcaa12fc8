//! The real program, started as an operator would: founded, served, stopped or killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use counterpart_tlog::leaf_hash;
use serde_json::Value;

use crate::client;
use crate::clock;
use crate::load::Maker;
use crate::repository::{Repository, succeed};

/// The origin of ledgers that are made to be measured or hurt.
pub const ORIGIN: &str = "bench.counterpart.example/london/log";

/// Builds `counterpart` as it is shipped, and says where it lies.
pub fn release(repository: &Repository) -> Result<PathBuf> {
    succeed(&mut repository.cargo(&["build", "--locked", "--release", "--package", "counterpart"]))?;
    let binary = repository.target().join("release").join(format!("counterpart{}", std::env::consts::EXE_SUFFIX));
    ensure!(binary.is_file(), "cargo built no {}", binary.display());
    Ok(binary)
}

/// Makes the keys of a ledger in a folder, and gives what its founders are to complete.
///
/// # Errors
///
/// The program does not print it.
pub fn printed(binary: &Path, data: &Path) -> Result<Value> {
    let words = ["--origin", ORIGIN, "--print-genesis"];
    let printed = output(Command::new(binary).arg("init").arg("--data").arg(data).args(words))?;
    serde_json::from_slice(&printed).context("what `init` printed")
}

/// A server of one ledger.
pub struct Server {
    binary: PathBuf,
    data: PathBuf,
    process: Child,
    address: String,
    ledger: String,
}

impl Server {
    /// Founds a ledger in a folder with the keys of [`crate::load`], and serves it.
    ///
    /// # Errors
    ///
    /// The program does not found or serve it.
    pub fn founded(binary: &Path, folder: &Path) -> Result<Self> {
        let data = folder.join("data");
        let maker = Maker { ledger: ORIGIN.to_owned(), now: clock::now(), run: 0, first: 0 };
        let genesis = maker.genesis(&printed(binary, &data)?)?;
        let file = folder.join("genesis.json");
        std::fs::write(&file, genesis.body)?;
        output(Command::new(binary).arg("init").arg("--data").arg(&data).arg("--genesis").arg(&file))?;
        Self::started(binary, &data)
    }

    /// Serves a ledger that was founded.
    ///
    /// # Errors
    ///
    /// The program does not say that it listens.
    pub fn started(binary: &Path, data: &Path) -> Result<Self> {
        Self::started_with(binary, data, &[])
    }

    /// The same with more words for `serve`.
    ///
    /// # Errors
    ///
    /// As [`Server::started`].
    pub fn started_with(binary: &Path, data: &Path, words: &[&str]) -> Result<Self> {
        Self::listening(Command::new(binary).arg("serve").arg("--data").arg(data).args(words), binary, data)
    }

    /// The same in an environment with these additions.
    ///
    /// # Errors
    ///
    /// As [`Server::started`].
    pub fn started_in(binary: &Path, data: &Path, environment: &[(&str, PathBuf)]) -> Result<Self> {
        let mut serve = Command::new(binary);
        serve.arg("serve").arg("--data").arg(data).envs(environment.iter().map(|(name, value)| (name, value)));
        Self::listening(&mut serve, binary, data)
    }

    fn listening(serve: &mut Command, binary: &Path, data: &Path) -> Result<Self> {
        let mut process = serve
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("`counterpart serve` does not start")?;
        let Some(address) = address(&mut process)? else {
            let _ = process.kill();
            let status = process.wait()?;
            bail!("`counterpart serve` ended with {status} before it listened");
        };
        let ledger = ledger(&address)?;
        Ok(Self { binary: binary.to_path_buf(), data: data.to_path_buf(), process, address, ledger })
    }

    /// Serves a ledger again that was hurt; what it says when it does not start is part of the error.
    ///
    /// # Errors
    ///
    /// The program does not say that it listens.
    pub fn resumed(binary: &Path, data: &Path) -> Result<Self> {
        let mut process = Command::new(binary)
            .args(["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0", "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("`counterpart serve` does not start")?;
        let Some(address) = address(&mut process)? else {
            let _ = process.kill();
            let done = process.wait_with_output()?;
            bail!("`counterpart serve` ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
        };
        Ok(Self { binary: binary.to_path_buf(), data: data.to_path_buf(), process, address, ledger: ORIGIN.to_owned() })
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A maker of events for this ledger, signed now.
    pub fn maker(&self, run: u16) -> Maker {
        Maker { ledger: self.ledger.clone(), now: clock::now(), run, first: 0 }
    }

    /// Kills the server where it stands and waits until it is gone.
    ///
    /// # Errors
    ///
    /// The system does not let us.
    pub fn kill(&mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Starts it again on the same folder.
    ///
    /// # Errors
    ///
    /// As [`Server::started`].
    pub fn restarted(&self) -> Result<Self> {
        Self::started(&self.binary, &self.data)
    }

    /// Asks it to stop, as an operator would, and waits.
    ///
    /// # Errors
    ///
    /// It does not end with 0.
    pub fn stop(mut self) -> Result<()> {
        succeed(Command::new("kill").arg("-TERM").arg(self.process.id().to_string()))?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status} when it was asked to stop");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where a server listens, once it says so; nothing if it ends before.
///
/// # Errors
///
/// Its standard output is not ours.
pub fn address(process: &mut Child) -> Result<Option<String>> {
    let mut line = String::new();
    let stdout = process.stdout.take().context("the standard output of the server")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok(line.trim().strip_prefix("listening on http://").map(str::to_owned))
}

/// The name of the ledger, from its first entry.
fn ledger(address: &str) -> Result<String> {
    let full = client::get(address, "/log/tile/entries/000");
    let bundle = full.or_else(|_| {
        let note = String::from_utf8(client::get(address, "/log/checkpoint")?)?;
        let size: u64 = note.lines().nth(1).context("a checkpoint has a size")?.parse()?;
        client::get(address, &format!("/log/tile/entries/000.p/{size}"))
    })?;
    let (length, rest) = bundle.split_first_chunk::<2>().context("a bundle begins with a length")?;
    let entry = rest.get(..usize::from(u16::from_be_bytes(*length))).context("the bundle is short")?;
    Ok(format!("{ORIGIN}#{}", leaf_hash(entry).to_hex()))
}

fn output(command: &mut Command) -> Result<Vec<u8>> {
    let shown = format!("{command:?}");
    let done = command.output().with_context(|| format!("cannot start {shown}"))?;
    ensure!(done.status.success(), "{shown} ended with {}: {}", done.status, String::from_utf8_lossy(&done.stderr));
    Ok(done.stdout)
}
