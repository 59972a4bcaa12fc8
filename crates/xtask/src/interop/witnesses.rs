//! Witnesses of others, asked by our own log: they cosign what grows and refuse what forks.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{NoteSigner, SignatureType, VerifierKey};
use counterpart_tlog::{Hash, Tree, empty_root};
use counterpart_witness::{Http, Shortfall, submit};

use super::{LITEWITNESS, Tools, logs};
use crate::outsider;
use crate::repository::{Repository, succeed};

/// A program that is ended with the check.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Asks both witnesses, and says which could not be asked.
pub fn check(repository: &Repository, tools: &Tools) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    omniwitness(repository, tools)?;
    our_own(repository, tools)?;
    if !tools.install(repository, LITEWITNESS) {
        missing.push("litewitness cannot be built from the module proxy here: it was NOT asked".to_owned());
    } else if let Some(absent) = ["ssh-agent", "ssh-add", "ssh-keygen", "python3"].iter().find(|name| !on_path(name)) {
        missing.push(format!("`{absent}` is not here, and litewitness needs it: it was NOT asked"));
    } else {
        litewitness(repository, tools)?;
    }
    Ok(missing)
}

/// Whether a program can be started by its name.
fn on_path(name: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

fn omniwitness(repository: &Repository, tools: &Tools) -> Result<()> {
    let mut command = repository.command(tools.program("omniwitness"));
    command.arg(logs::signer()?.vkey().to_string());
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let out = running.0.stdout.take().context("omniwitness says nothing")?;
    let mut lines = BufReader::new(out).lines();
    let mut line = |prefix: &str| -> Result<String> {
        let line = lines.next().context("omniwitness ended")??;
        Ok(line.strip_prefix(prefix).with_context(|| format!("omniwitness says `{line}`"))?.to_owned())
    };
    let vkey = VerifierKey::parse(&line("witness ")?)?;
    let url = line("listening on ")?;
    ask("omniwitness", &url, &vkey, tools.sizes())
}

/// Our own witness, by transparency-dev's client: one log step by step, then many at once.
///
/// Their own load test at the version that goes with the client does not start with any witness: it asks its library
/// for a consistency proof from size 0, which that library refuses to give. So the load is made with their client.
fn our_own(repository: &Repository, tools: &Tools) -> Result<()> {
    let binary = outsider::binary(repository)?;
    let folder = tools.cache.join("witness");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut list = format!("log {}\n", logs::signer()?.vkey());
    for (place, seed) in (0..LOADED).zip(LOADED_SEED..) {
        let name = format!("interop.counterpart.example/load/{place}");
        writeln!(list, "log {}", NoteSigner::new(&name, SigningKey::from_bytes(&[seed; 32]))?.vkey())?;
    }
    fs::write(folder.join("logs"), list)?;
    let mut command = repository.command(&binary);
    command.args(["witness", "serve", "--name", "ours.counterpart.example", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(folder.join("data")).arg("--logs").arg(folder.join("logs"));
    let mut running = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let out = running.0.stdout.take().context("our witness says nothing")?;
    let mut lines = BufReader::new(out).lines();
    let mut line = |prefix: &str| -> Result<String> {
        let line = lines.next().context("our witness ended")??;
        Ok(line.strip_prefix(prefix).with_context(|| format!("our witness says `{line}`"))?.to_owned())
    };
    let (vkey, url) = (line("witness ")?, line("listening on ")?);
    succeed(repository.command(tools.program("client")).arg(&url).arg(&vkey))
}

/// How many logs the load is made of, and the byte that the key of the first one is made of (`tests/interop/client`).
const LOADED: usize = 20;
const LOADED_SEED: u8 = 0x20;

fn litewitness(repository: &Repository, tools: &Tools) -> Result<()> {
    let folder = tools.cache.join("litewitness");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let at = |name: &str| folder.join(name);
    let quiet = |command: &mut Command| succeed(command.stdout(Stdio::null()).stderr(Stdio::null()));
    quiet(repository.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(at("key")))?;
    let mut agent = repository.command("ssh-agent");
    let _agent = Running(agent.arg("-D").arg("-a").arg(at("agent")).stdout(Stdio::null()).spawn()?);
    until("ssh-agent", || at("agent").exists())?;
    quiet(repository.command("ssh-add").arg(at("key")).env("SSH_AUTH_SOCK", at("agent")))?;
    let public = fs::read_to_string(at("key.pub"))?;
    let blob = public.split(' ').nth(1).context("the public key of the agent cannot be read")?;
    let blob = STANDARD.decode(blob)?;
    let fingerprint = format!("SHA256:{}", STANDARD.encode(Hash::of(&blob).to_bytes()).trim_end_matches('='));
    let (_, key) = blob.split_last_chunk::<32>().context("the public key of the agent is too short")?;
    let vkey = VerifierKey::new("litewitness.example", SignatureType::CosignatureV1, key)?;
    // Its own tool for this cannot be built everywhere, so the log is written into its database as that tool would.
    let log = logs::signer()?.vkey().to_string();
    let script = format!(
        "import sqlite3; db = sqlite3.connect({database:?}); \
         db.executescript('CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL); \
         CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin))'); \
         db.execute('INSERT INTO log VALUES (?, 0, ?)', ({origin:?}, {root:?})); \
         db.execute('INSERT INTO key VALUES (?, ?)', ({origin:?}, {log:?})); db.commit()",
        database = at("db").display().to_string(),
        origin = logs::ORIGIN,
        root = empty_root().to_string(),
    );
    succeed(repository.command("python3").args(["-c", &script]))?;
    let address = "127.0.0.1:17380";
    let mut command = repository.command(tools.program("litewitness"));
    command.args(["-name", "litewitness.example", "-key", &fingerprint, "-listen", address]);
    command.arg("-db").arg(at("db")).arg("-ssh-agent").arg(at("agent"));
    let _running = Running(command.stdout(Stdio::null()).stderr(fs::File::create(at("talk"))?).spawn()?);
    until("litewitness", || std::net::TcpStream::connect(address).is_ok())?;
    ask("litewitness", &format!("http://{address}"), &vkey, tools.sizes())
}

/// Waits for something that another program does soon; half a minute at most.
fn until(what: &str, happened: impl Fn() -> bool) -> Result<()> {
    for _ in 0..300 {
        if happened() {
            return Ok(());
        }
        let (_sender, never) = std::sync::mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(100));
    }
    bail!("{what} does not start")
}

/// Shows a witness a log that grows, and then one that forks.
fn ask(name: &str, url: &str, vkey: &VerifierKey, sizes: &[u64]) -> Result<()> {
    let http = Http::new(Duration::from_secs(10));
    let submit = |tree: &Tree, old: u64| {
        let signed = logs::signed(tree)?;
        Ok::<_, anyhow::Error>(submit(&http, url, vkey, &signed, old, &|old| tree.consistency(old, tree.size()).ok()))
    };
    let mut old = 0;
    for size in sizes.iter().copied() {
        let tree = logs::tree(size);
        let asked = submit(&tree, old)?.with_context(|| format!("{name} at {url} refuses size {size}"))?;
        ensure!(asked.timestamp > 1_700_000_000, "{name} gives the time {}", asked.timestamp);
        submit(&tree, size)?.with_context(|| format!("{name} refuses to cosign size {size} again"))?;
        submit(&tree, old)?.with_context(|| format!("{name} does not say where to prove from at size {size}"))?;
        old = size;
    }
    let mut forked = logs::tree(old - 1);
    forked.push(empty_root());
    let same_size = submit(&forked, old)?;
    ensure!(matches!(same_size, Err(Shortfall::OtherHistory { .. })), "{name} and another root: {same_size:?}");
    forked.push(empty_root());
    let fork = submit(&forked, old)?;
    ensure!(matches!(fork, Err(Shortfall::OtherHistory { .. })), "{name} and a fork: {fork:?}");
    let back = submit(&logs::tree(255), 255)?;
    ensure!(matches!(back, Err(Shortfall::Ahead { size }) if size == old), "{name} and a rollback: {back:?}");
    println!("{name}: cosigns at {} sizes, refuses a fork, another root and a rollback", sizes.len());
    Ok(())
}

/// The address that one of our own servers prints.
pub(super) fn address(running: &mut Running) -> Result<String> {
    let out = running.0.stdout.take().context("the server says nothing")?;
    for line in BufReader::new(out).lines() {
        let line = line?;
        if let Some(url) = line.strip_prefix("listening on ") {
            return Ok(url.to_owned());
        }
    }
    let mut talk = String::new();
    if let Some(mut stderr) = running.0.stderr.take() {
        stderr.read_to_string(&mut talk)?;
    }
    bail!("the server ended: {talk}")
}
