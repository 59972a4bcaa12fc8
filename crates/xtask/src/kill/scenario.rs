//! What a program is doing when it is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::world::{Base, World};
use crate::client;
use crate::repository::succeed;
use crate::server::{self, ORIGIN};
use crate::strike::{Blow, Told};

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scenario {
    /// The keys and a ledger to try things out are made by one command.
    Init,
    /// A ledger is founded with a genesis that was signed elsewhere.
    Found,
    /// A start after a clean stop, events, a clean stop.
    Append,
    /// The same where a server was killed before; by number.
    Recovery(usize),
    /// The same where the index was deleted after a kill.
    Rebuild,
    /// A copy is brought up to date.
    Backup,
    /// Words are destroyed.
    Erase,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Until it listens, or the whole of a program that does not serve.
    Start,
    /// Records, words, keys, checkpoint.
    Append,
    /// After the last answer: words are destroyed.
    Behind,
    /// Until it has ended.
    Stop,
}

/// What an undisturbed run taught.
#[derive(Clone, Debug)]
pub(super) struct Learnt {
    /// For each call whether it has a middle.
    pub(super) divisible: Vec<bool>,
    /// Stages, each with the last of its calls.
    pub(super) stages: Vec<(Stage, u64)>,
}

/// How a run ended.
pub(super) struct Outcome {
    pub(super) scenario: Scenario,
    /// The folder of the case.
    pub(super) place: PathBuf,
    /// What was answered before and in this run, by the number of the event.
    pub(super) receipts: Vec<(usize, Value)>,
    /// How many events were sent, in order.
    pub(super) sent: usize,
    /// The event that destroys words was sent.
    pub(super) erasing: bool,
    /// What it was answered with.
    pub(super) erasure: Option<Value>,
    pub(super) told: Told,
    stages: Vec<(Stage, u64)>,
}

impl Stage {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Append => "append",
            Self::Behind => "behind",
            Self::Stop => "stop",
        }
    }
}

impl Learnt {
    pub(super) fn stage(&self, call: u64) -> Option<Stage> {
        self.stages.iter().find(|(_, until)| call <= *until).map(|(stage, _)| *stage)
    }
}

impl Outcome {
    /// The ledger's folder.
    pub(super) fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Takes the folder away.
    pub(super) fn clear(&self) -> Result<()> {
        Ok(fs::remove_dir_all(&self.place)?)
    }
}

impl Scenario {
    /// All of them.
    pub(super) const ALL: [Self; 9] = [
        Self::Init,
        Self::Found,
        Self::Append,
        Self::Recovery(0),
        Self::Recovery(1),
        Self::Recovery(2),
        Self::Rebuild,
        Self::Backup,
        Self::Erase,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Found => "found",
            Self::Append => "append",
            Self::Recovery(0) => "recovery-of-append",
            Self::Recovery(1) => "recovery-of-checkpoint",
            Self::Recovery(_) => "recovery-of-stop",
            Self::Rebuild => "rebuild",
            Self::Backup => "backup",
            Self::Erase => "erase",
        }
    }

    /// Plays it undisturbed.
    pub(super) fn learn(self, world: &World) -> Result<Learnt> {
        let outcome = self.play(world, None)?;
        let told = &outcome.told;
        ensure!(told.made > 0, "the program makes no call that the library sees: is it linked statically?");
        outcome.clear()?;
        Ok(Learnt { divisible: outcome.told.divisible.clone(), stages: outcome.stages })
    }

    /// Plays it, struck or not.
    pub(super) fn play(self, world: &World, blow: Option<Blow>) -> Result<Outcome> {
        let crashed = |number| world.crashed(number).cloned();
        let base = match self {
            Self::Recovery(number) => crashed(number)?,
            Self::Rebuild => crashed(0)?,
            Self::Init | Self::Found | Self::Append | Self::Backup | Self::Erase => world.calm.clone(),
        };
        let place = world.case(&base.data)?;
        let mut run =
            Run { world, scenario: self, place, base, erasing: false, erasure: None, stages: Vec::new(), blow };
        match self {
            Self::Init => run.begins()?,
            Self::Found => run.founds()?,
            Self::Backup => run.copies()?,
            Self::Rebuild => {
                fs::remove_dir_all(run.place.join("data/store/sled"))?;
                run.serves()?;
            }
            Self::Append | Self::Recovery(_) | Self::Erase => run.serves()?,
        }
        let Run { scenario, place, base, erasing, erasure, stages, .. } = run;
        let told = world.strike.told()?;
        Ok(Outcome { scenario, place, receipts: base.receipts, sent: base.sent, erasing, erasure, told, stages })
    }
}

/// What makes keys and a ledger at once.
pub(super) const INIT: [&str; 3] = ["init", "--origin", ORIGIN];

struct Run<'a> {
    world: &'a World,
    scenario: Scenario,
    place: PathBuf,
    base: Base,
    erasing: bool,
    erasure: Option<Value>,
    stages: Vec<(Stage, u64)>,
    blow: Option<Blow>,
}

impl Run<'_> {
    fn command(&self, words: &[&str], folder: &Path) -> Result<Command> {
        let mut command = Command::new(&self.world.binary);
        command.arg("--quiet").args(words).stderr(Stdio::null());
        self.world.strike.arm(&mut command, folder, self.blow)?;
        Ok(command)
    }

    fn reached(&mut self, stage: Stage) -> Result<bool> {
        let told = self.world.strike.told()?;
        self.stages.push((stage, told.made));
        Ok(told.struck.is_some())
    }

    /// Runs a program to its end. It ends well unless it is struck.
    fn run_through(&mut self, mut command: Command) -> Result<()> {
        let status = command.stdout(Stdio::null()).status()?;
        let struck = self.reached(Stage::Start)?;
        ensure!(status.success() || struck, "it ended with {status}, and nothing had struck it");
        Ok(())
    }

    /// Makes everything that a ledger to try things out needs, in a folder that is not there.
    fn begins(&mut self) -> Result<()> {
        let data = self.place.join("data");
        fs::remove_dir_all(&data)?;
        self.base = Base { data: data.clone(), receipts: Vec::new(), sent: 0 };
        let mut command = self.command(&INIT, &self.place.clone())?;
        command.arg("--data").arg(&data).arg("--keys").arg(self.place.join("registrars"));
        self.run_through(command)
    }

    /// Founds a ledger in a folder that has nothing but its keys.
    fn founds(&mut self) -> Result<()> {
        let data = self.place.join("data");
        for name in ["store", "pending"] {
            fs::remove_dir_all(data.join(name))?;
        }
        self.base = Base { data: data.clone(), receipts: Vec::new(), sent: 0 };
        let mut command = self.command(&["init"], &data)?;
        command.arg("--data").arg(&data).arg("--genesis").arg(self.world.genesis());
        self.run_through(command)
    }

    /// Brings an older copy up to date.
    fn copies(&mut self) -> Result<()> {
        self.world.lay("copy", &self.place)?;
        self.world.lay("copy-keys", &self.place)?;
        let mut command = self.command(&["backup"], &self.place)?;
        command.arg("--data").arg(self.place.join("data")).arg("--to").arg(self.place.join("copy"));
        command.arg("--keys-to").arg(self.place.join("copy-keys"));
        self.run_through(command)
    }

    /// Serves, sends events, and stops.
    fn serves(&mut self) -> Result<()> {
        let data = self.place.join("data");
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--requests-per-second", "0"], &data)?;
        let mut process = command.arg("--data").arg(&data).stdout(Stdio::piped()).spawn()?;
        let served = self.served(&mut process);
        // Whatever happened, nothing of it goes on.
        let _ = process.kill();
        process.wait()?;
        served
    }

    fn served(&mut self, process: &mut Child) -> Result<()> {
        let address = server::address(process)?;
        if self.reached(Stage::Start)? {
            return Ok(());
        }
        let address = address.context("it ended before it listened, and nothing had struck it")?;
        for group in &self.world.groups {
            let from = self.base.sent;
            self.base.sent += group;
            let Some(receipts) = self.sent(&address, from..from + group)? else { break };
            self.base.receipts.extend((from..).zip(receipts));
        }
        if self.reached(Stage::Append)? {
            return Ok(());
        }
        if self.scenario == Scenario::Erase {
            let all = self.world.events.len();
            self.erasing = true;
            if let Some(receipts) = self.sent(&address, all - 1..all)? {
                self.erasure = receipts.into_iter().next();
                self.calm()?;
            }
            if self.reached(Stage::Behind)? {
                return Ok(());
            }
        }
        succeed(Command::new("kill").arg("-TERM").arg(process.id().to_string()))?;
        let status = process.wait()?;
        let struck = self.reached(Stage::Stop)?;
        ensure!(status.success() || struck, "it ended with {status} when it was asked to stop");
        Ok(())
    }

    /// Sends some events as one batch. Gives their receipts, or nothing if the server was killed.
    fn sent(&self, address: &str, range: std::ops::Range<usize>) -> Result<Option<Vec<Value>>> {
        match client::receipts(address, self.world.events.get(range).context("there are enough events")?) {
            Ok(receipts) => Ok(Some(receipts)),
            Err(_) if self.world.strike.told()?.struck.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until the server makes no more calls.
    fn calm(&self) -> Result<()> {
        let (mut before, mut quiet) = (u64::MAX, 0);
        while quiet < 4 {
            let told = self.world.strike.told()?;
            if told.struck.is_some() {
                return Ok(());
            }
            quiet = if told.made == before { quiet + 1 } else { 0 };
            before = told.made;
            client::wait(Duration::from_millis(15))?;
        }
        Ok(())
    }
}
