//! The end of a world: good weather, and everything looked at once more.

use anyhow::{Context as _, Result, bail, ensure};
use counterpart_core::time::Timestamp;

use super::super::clients::Client;
use super::super::disk::End;
use super::super::weather::Weather;
use super::{Start, World};

/// Rounds of good weather within which everybody must be content.
const CALM_ROUNDS: usize = 80;

impl World {
    /// The weather is good: everybody gets what was promised, and soon.
    pub(super) fn calm(&mut self) -> Result<()> {
        self.disk.calm(true);
        self.net.calm(true)?;
        let (twice, lost, late) = (0, 0, 0);
        self.weather = Weather { twice, lost, late, jump: 0, ..self.weather };
        self.disk.strike(End::Killed);
        self.server = None;
        self.restart()?;
        ensure!(self.server.is_some(), "VIOLATION unopenable: in good weather it does not start");
        let until = self.truth.last_at.map_or(self.now, Timestamp::millis);
        self.skew = (until - self.now).max(0);
        for _ in 0..CALM_ROUNDS {
            self.now += 3_000;
            self.net.now(u64::try_from(self.now / 1000)?);
            self.deliver()?;
            for _ in 0..self.clients.len() * 2 {
                self.client_acts()?;
            }
            self.now += 100;
            self.deliver()?;
            for _ in 0..4 {
                self.serve()?;
            }
            if self.clients.iter().all(Client::is_done) {
                return Ok(());
            }
        }
        let left: Vec<u64> = self.clients.iter().map(|client| client.quota - client.told).collect();
        bail!("VIOLATION stuck: in good weather these many events are still to come: {left:?}")
    }

    /// Everything is looked at once more.
    pub(super) fn ends(&mut self) -> Result<()> {
        self.now += 10_000;
        self.net.now(u64::try_from(self.now / 1000)?.max(self.newest_cosignature()));
        self.gather()?;
        self.oaths()?;
        let seconds = u64::try_from(self.now / 1000)?;
        let fork = self.forged(0)?;
        self.mirrors.pass(seconds, None, &fork, &self.truth.tree)?;
        let server = self.server.as_ref().context("a server")?;
        let size = server.ledger.tree().size();
        ensure!(
            self.mirrors.sizes() == [size; 2],
            "VIOLATION mirror: in good weather {:?} entries of {size} are kept",
            self.mirrors.sizes()
        );
        self.truth.whole(&*server.store, server.ledger.state())?;
        self.truth.holds(&*server.store)?;
        // A clean stop and a start find the same.
        let root = server.ledger.tree().root();
        let started = self.start()?;
        ensure!(started == Start::Up, "VIOLATION unopenable: after a clean stop: {started:?}");
        let server = self.server.as_ref().context("a server")?;
        ensure!(server.ledger.tree().root() == root, "VIOLATION lost: after a clean stop it is another log");
        self.say(format_args!("it ends with {size} entries, root {}", root.to_hex()));
        Ok(())
    }

    /// Witnesses whose clocks went ahead wait until time has come.
    fn newest_cosignature(&self) -> u64 {
        u64::try_from(self.now / 1000).unwrap_or(0) + 100
    }
}
