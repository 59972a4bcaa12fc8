//! A real ledger that grows through its API to each size of interest: the server, a mirror of it and its publication,
//! each asked of Tessera's checker at every size.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::Tools;
use crate::client;
use crate::load::EACH_MAX;
use crate::outsider;
use crate::repository::{Repository, succeed};
use crate::server::Server;

/// Lines of a batch.
const BATCH: usize = 1_000;

/// Appointments that one body makes: what it registers counts for its day as well.
const EACH: usize = EACH_MAX - 5;

/// Grows the ledger, and asks at each size.
pub fn check(repository: &Repository, tools: &Tools) -> Result<()> {
    let binary = outsider::binary(repository)?;
    let folder = tools.cache.join("grown");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut server = Server::founded(&binary, &folder)?;
    let maker = server.maker(1);
    let largest = usize::try_from(tools.sizes().last().copied().unwrap_or(1))?;
    let bodies = largest.div_ceil(EACH);
    let mut events = maker.organisations(bodies)?;
    events.extend(maker.appointments(bodies, EACH)?);
    let mut events = events.into_iter();
    let (vkey, mirror, public) = (folder.join("vkey"), folder.join("mirror"), folder.join("public"));
    fs::write(&vkey, client::get(server.address(), "/log/vkey")?)?;
    let pinned = fs::read_to_string(&vkey)?;
    // The founder has recorded the genesis.
    let mut have = 1;
    for size in tools.sizes() {
        let more: Vec<_> = events.by_ref().take(usize::try_from(size - have)?).collect();
        have = *size;
        if !more.is_empty() {
            client::batches(server.address(), &more, BATCH, 1)?;
        }
        let url = format!("http://{}", server.address());
        tools.fsck(repository, &format!("{url}/log"), &vkey, &format!("the server at size {size}"))?;
        let mut follow = repository.command(&binary);
        succeed(follow.args(["mirror", &url, "--quiet", "--vkey", pinned.trim()]).arg(&mirror))?;
        server.stop()?;
        let mut publish = repository.command(&binary);
        succeed(publish.args(["publish", "--quiet", "--data"]).arg(folder.join("data")).arg(&public))?;
        for (copy, what) in [(&mirror, "a mirror"), (&public, "its publication")] {
            let note = fs::read_to_string(copy.join("checkpoint"))?;
            let covers = note.lines().nth(1).context("a checkpoint says how many entries it covers")?;
            ensure!(covers == size.to_string(), "{what} has {covers} entries, not {size}");
            tools.fsck(repository, &format!("file://{}", copy.display()), &vkey, &format!("{what} at size {size}"))?;
        }
        server = Server::started(&binary, &folder.join("data"))?;
    }
    server.stop()
}
