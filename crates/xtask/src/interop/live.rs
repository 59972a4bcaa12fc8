//! The real server, a mirror of it and a publication, by Tessera's checker; its envelopes by securesystemslib.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use super::witnesses::{Running, address};
use super::{SECURESYSTEMSLIB, Tools};
use crate::outsider;
use crate::repository::{Repository, answers, succeed};

/// How many evidence bundles are asked about.
const BUNDLES: usize = 8;

/// A running server with the demonstration's events, its mirror and its publication.
pub fn check(repository: &Repository, tools: &Tools) -> Result<()> {
    let binary = outsider::binary(repository)?;
    let (folder, events) = demonstration(repository, tools, &binary)?;
    let ledger = folder.join("demo/ledger");
    let mut command = repository.command(&binary);
    command.args(["serve", "--quiet", "--listen", "127.0.0.1:0", "--data"]).arg(&ledger);
    let mut serving = Running(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?);
    let url = address(&mut serving)?;
    // The folder of the demonstration has recorded its genesis already.
    let batch = events.lines().skip(1).map(|line| [line, "\n"].concat()).collect::<String>();
    let posted = ureq::post(format!("{url}/api/v1/events/batch")).content_type("application/x-ndjson").send(batch);
    posted
        .context("the events of the demonstration cannot be posted")?
        .body_mut()
        .with_config()
        .limit(1 << 30)
        .read_to_vec()?;
    let mirror = folder.join("mirror");
    succeed(repository.command(&binary).arg("mirror").arg(&url).arg(&mirror))?;
    let vkey = mirror.join("vkey");
    tools.fsck(repository, &format!("{url}/log"), &vkey, "the server")?;
    tools.fsck(repository, &format!("file://{}", mirror.display()), &vkey, "a mirror of it")?;
    bundles(repository, tools, &binary, &folder, &url)?;
    drop(serving);
    let public = folder.join("public");
    succeed(repository.command(&binary).arg("publish").arg(&public).arg("--data").arg(&ledger))?;
    tools.fsck(repository, &format!("file://{}", public.display()), &vkey, "its publication")
}

/// Evidence bundles of the first agreements, by the Go libraries.
fn bundles(repository: &Repository, tools: &Tools, binary: &Path, folder: &Path, url: &str) -> Result<()> {
    let listed = ureq::get(format!("{url}/api/v1/agreements?limit={BUNDLES}")).call();
    let listed = listed.context("the agreements cannot be listed")?.body_mut().read_to_string()?;
    let listed: serde_json::Value = serde_json::from_str(&listed).context("the list of agreements")?;
    let rows = listed.get("agreements").unwrap_or(&listed).as_array().context("the list of agreements is none")?;
    let ids: Vec<&str> = rows.iter().filter_map(|row| row.get("id")?.as_str()).collect();
    anyhow::ensure!(!ids.is_empty(), "the demonstration has no agreements");
    let mut asked = repository.command(tools.program("bundle"));
    asked.arg(folder.join("mirror/vkey"));
    for id in ids {
        let zip = folder.join(format!("{id}.zip"));
        let mut export = repository.command(binary);
        export.env("COUNTERPART_HOME", folder.join("home"));
        export.args(["export", id, "--format", "bundle", "--quiet", "--url", url, "--out"]).arg(&zip);
        succeed(export.stdout(Stdio::null()))?;
        asked.arg(zip);
    }
    succeed(&mut asked)
}

/// The signed events of the demonstration, by a DSSE library that is not ours. Says what is missing.
pub fn envelopes(repository: &Repository, tools: &Tools) -> Result<Option<String>> {
    let python = tools.cache.join("python");
    let interpreter = python.join("bin/python3");
    if !interpreter.exists() && !answers(repository.command("python3").args(["-m", "venv"]).arg(&python)) {
        return Ok(Some("`python3` with `venv` is not here: securesystemslib was NOT asked".to_owned()));
    }
    if !answers(repository.command(&interpreter).args(["-m", "pip", "install", "-q", SECURESYSTEMSLIB])) {
        return Ok(Some(format!("`{SECURESYSTEMSLIB}` cannot be installed with pip: it was NOT asked")));
    }
    let binary = outsider::binary(repository)?;
    let (folder, _) = demonstration(repository, tools, &binary)?;
    let mut command = repository.command(&interpreter);
    succeed(command.arg("tests/interop/dsse.py").arg(folder.join("demo/events.ndjson")))?;
    Ok(None)
}

/// The demonstration, written anew: its folder and its events.
fn demonstration(repository: &Repository, tools: &Tools, binary: &Path) -> Result<(PathBuf, String)> {
    let folder = tools.cache.join("live");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    succeed(repository.command(binary).args(["demo", "--quiet", "--out"]).arg(folder.join("demo")))?;
    let events = fs::read_to_string(folder.join("demo/events.ndjson"))?;
    Ok((folder, events))
}
