//! Durable ingest: signed events over HTTP, each acknowledged with a receipt, load generator on the same cores.

use anyhow::Result;

use super::{Figures, limits, percentile};
use crate::client::{self, Load};
use crate::load::EACH_MAX;
use crate::repository::Repository;
use crate::server::Server;

/// Events sent by so many clients, so that each measurement takes a second or more.
const CLIENTS: [(usize, usize); 4] = [(1, 3_000), (8, 16_000), (64, 40_000), (512, 40_000)];

/// Events in batches of [`BATCH`].
const BATCHED: usize = 60_000;

/// Lines of one batch.
const BATCH: usize = 1_000;

/// Batches under way at once: with one alone a core waits for the other.
const BATCHES: usize = 4;

/// Founds a ledger, fills it with organisations, and drives each kind of load.
pub fn run(repository: &Repository, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let total: usize = CLIENTS.iter().map(|(_, events)| events).sum::<usize>() + BATCHED;
    let bodies = total.div_ceil(EACH_MAX - 10);
    let server = Server::founded(&crate::server::release(repository)?, folder.path())?;
    let maker = server.maker(1);
    client::batches(server.address(), &maker.organisations(bodies)?, BATCH, 1)?;
    let mut events = maker.appointments(bodies, EACH_MAX - 10)?;
    println!("  {bodies} organisations registered, {total} events signed");
    for (clients, count) in CLIENTS {
        let load: Vec<_> = events.drain(..count).collect();
        // The limits are measured right beside what is compared with them: machines change speed.
        let verify = limits::two_core_verify()?;
        let sync = limits::sync_micros(folder.path())?;
        let Load { each_second, mut micros } = client::singles(server.address(), load, clients)?;
        figures.rate(
            &format!("{clients} client(s), one event a request"),
            each_second,
            "two-core verification",
            verify,
        );
        figures.time(&format!("{clients} client(s), p50"), percentile(&mut micros, 50), "a bare fdatasync", sync);
        figures.plain(&format!("{clients} client(s), p99"), percentile(&mut micros, 99) / 1e3, "ms");
    }
    let load: Vec<_> = events.drain(..BATCHED).collect();
    let verify = limits::two_core_verify()?;
    let each_second = client::batches(server.address(), &load, BATCH, BATCHES)?;
    figures.rate("batches of 1,000", each_second, "two-core verification", verify);
    server.stop()
}
