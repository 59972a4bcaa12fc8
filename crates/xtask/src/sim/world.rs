//! One world: a server, witnesses, a mirror, clients and an operator, all from one number, one step after another.

mod ends;
mod starts;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail, ensure};
use counterpart_core::time::Timestamp;
use counterpart_store::faulty::Chance;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::{Note, NoteSigner};
use counterpart_tlog::{Hash, Tree, leaf_hash};

use super::clients::Client;
use super::disk::SimDisk;
use super::mirrors::Mirrors;
use super::server::{Answer, Posted, Server};
use super::setting::{Setting, log_signer};
use super::truth::Truth;
use super::weather::{Odd, Tally, Weather};
use super::witnesses::{Net, Oath, WITNESSES};

/// What one world came to.
pub struct Told {
    /// Everything that happened, hashed.
    pub trace: Hash,
    /// Events that somebody was told of.
    pub acknowledged: usize,
    /// Simulated milliseconds.
    pub millis: i64,
    /// What befell it.
    pub tally: Tally,
}

/// How a start of the server ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// It is up.
    Up,
    /// Something failed; it may be tried again.
    Failed,
    /// It says that something is wrong with what it finds; the words are for people.
    Refused(String),
}

enum Parcel {
    Request(Posted),
    Answer(usize, String, Answer),
}

/// Everything there is.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) weather: Weather,
    /// What the clock outside says, in milliseconds.
    pub(super) now: i64,
    /// How far the server's clock is from it.
    skew: i64,
    pub(super) folder: PathBuf,
    pub(super) disk: Arc<SimDisk>,
    pub(super) server: Option<Server>,
    pub(super) net: Net,
    pub(super) truth: Truth,
    oath: Oath,
    clients: Vec<Client>,
    post: BTreeMap<(i64, u64), Parcel>,
    parcels: u64,
    pub(super) mirrors: Mirrors,
    pub(super) setting: Arc<Setting>,
    pub(super) signer: NoteSigner,
    seed: u64,
    entropy: Arc<Mutex<Chance>>,
    file_bytes: u64,
    strangers: usize,
    pub(super) copies: Vec<(PathBuf, u64)>,
    trace: String,
    hash: Hash,
    pub(super) tally: Tally,
}

impl World {
    /// Lives through the world of a seed in a folder of its own.
    ///
    /// # Errors
    ///
    /// A promise was broken.
    pub(super) fn live(seed: u64, place: &Path, setting: &Arc<Setting>) -> Result<Told> {
        let mut world = Self::new(seed, place, setting)?;
        world.found()?;
        let steps = 80 + world.chance.below(100);
        for _ in 0..steps {
            world.step()?;
        }
        world.calm()?;
        world.ends()?;
        let mut tally = world.tally.clone();
        tally.take_in(&world.disk.tally());
        tally.take_in(&world.net.tally());
        let trace = Hash::of(format!("{} {}", world.hash.to_hex(), world.trace).as_bytes());
        let millis = world.now - setting.start.millis();
        Ok(Told { trace, acknowledged: world.truth.acknowledged(), millis, tally })
    }

    fn new(seed: u64, place: &Path, setting: &Arc<Setting>) -> Result<Self> {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9).wrapping_add(0x51D));
        let weather = Weather::of(&mut chance);
        let folder = place.join("data");
        let disk = Arc::new(SimDisk::new(&folder, Chance(chance.draw()), weather));
        let signer = log_signer()?;
        let net = Net::new(&signer, chance.draw(), weather)?;
        let quota = 3 + chance.below(12);
        let clients = (0..setting.bodies).map(|place| Client::new(place, quota)).collect();
        let mirrors = Mirrors::new(place, net.policy(), signer.vkey().clone())?;
        let entropy = Arc::new(Mutex::new(Chance(chance.draw())));
        Ok(Self {
            weather,
            now: setting.start.millis(),
            skew: 0,
            folder,
            disk,
            server: None,
            net,
            truth: Truth::new(signer.vkey().clone()),
            oath: Oath::default(),
            clients,
            post: BTreeMap::new(),
            parcels: 0,
            mirrors,
            setting: Arc::clone(setting),
            signer,
            seed,
            entropy,
            file_bytes: 8_192 << chance.below(4),
            strangers: 0,
            copies: Vec::new(),
            trace: String::new(),
            hash: Hash::of(b""),
            tally: Tally::default(),
            chance,
        })
    }

    /// Writes down what happens, so that two runs can be compared.
    pub(super) fn say(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.trace, "{} {what}", self.now);
        if self.trace.len() > 1 << 16 {
            self.hash = Hash::of(format!("{} {}", self.hash.to_hex(), self.trace).as_bytes());
            self.trace.clear();
        }
        if std::env::var_os("SIM_TELLS").is_some() {
            println!("{} {what}", self.now);
        }
    }

    /// What the server's clock says.
    pub(super) fn server_time(&self) -> Timestamp {
        Timestamp::from_millis_saturating(self.now + self.skew)
    }

    fn found(&mut self) -> Result<()> {
        let started = self.start()?;
        ensure!(started == Start::Up, "a new ledger does not start: {started:?}");
        for posted in self.setting.founding(&mut self.truth)? {
            let now = self.server_time();
            let server = self.server.as_mut().context("a server")?;
            server.queue.push(posted);
            let answers = server.serve(now, &mut self.truth)?;
            for (posted, answer) in answers {
                let Answer::Recorded(receipt) = answer else { bail!("the founding is not recorded: {answer:?}") };
                self.truth.acknowledge(&posted.id, &receipt)?;
            }
        }
        self.disk.calm(false);
        Ok(())
    }

    fn send(&mut self, parcel: &Parcel) {
        let roll = self.chance.below(1000);
        let copies = if roll < self.weather.twice { 2 } else { 1 };
        for _ in 0..copies {
            if self.chance.below(1000) < self.weather.lost {
                self.tally.add("messages lost");
                continue;
            }
            let late = self.chance.below(1000) < self.weather.late;
            let delay = if late { self.chance.below(30_000) } else { self.chance.below(40) };
            if late {
                self.tally.add("messages late");
            }
            self.parcels += 1;
            let due = self.now + i64::try_from(delay).unwrap_or(0);
            let parcel = match &parcel {
                Parcel::Request(posted) => Parcel::Request(posted.clone()),
                Parcel::Answer(client, id, answer) => Parcel::Answer(*client, id.clone(), answer.clone()),
            };
            self.post.insert((due, self.parcels), parcel);
        }
        if copies > 1 {
            self.tally.add("messages twice");
        }
    }

    fn deliver(&mut self) -> Result<()> {
        let later = self.post.split_off(&(self.now + 1, 0));
        for (_, parcel) in std::mem::replace(&mut self.post, later) {
            match parcel {
                Parcel::Request(posted) => {
                    if let Some(server) = &mut self.server {
                        server.queue.push(posted);
                    }
                }
                Parcel::Answer(client, id, answer) => {
                    if let Answer::Recorded(receipt) = &answer {
                        self.truth.acknowledge(&id, receipt)?;
                    }
                    if let Some(client) = self.clients.get_mut(client) {
                        client.hears(&id, &answer);
                    }
                }
            }
        }
        Ok(())
    }

    fn step(&mut self) -> Result<()> {
        self.now += 1 + i64::try_from(self.chance.below(2_000))?;
        self.net.now(u64::try_from(self.now / 1000)?);
        self.jump();
        self.deliver()?;
        match self.chance.below(100) {
            0..40 => self.client_acts()?,
            40..68 => self.serve()?,
            68..78 => self.gather()?,
            78..84 => self.mirror()?,
            84..92 => {
                let place = usize::try_from(self.chance.below(WITNESSES as u64))?;
                self.net.stir(place)?;
            }
            92..97 if self.chance.below(1000) < self.weather.operator => self.operator()?,
            97..99 if self.chance.below(1000) < self.weather.forger => self.forge()?,
            99 => self.stranger()?,
            _ => {}
        }
        self.after_disk();
        let restarts = self.server.as_ref().is_none_or(|server| server.stopped);
        if restarts && self.chance.below(3) == 0 {
            self.restart()?;
        }
        self.oaths()
    }

    /// The server's clock jumps, by moments to years, or is set right.
    fn jump(&mut self) {
        const STEPS: [i64; 8] =
            [-3_000, 3_000, -60_000, 3_600_000, -86_400_000, 400 * 86_400_000, -4_000_000_000_000, 0];
        if self.chance.below(1000) >= self.weather.jump {
            return;
        }
        let step = STEPS.get(usize::try_from(self.chance.below(8)).unwrap_or(7)).copied().unwrap_or(0);
        self.skew = if step == 0 { 0 } else { self.skew + step };
        // No sensible time is before 1970 or so late that it has more than four digits of a year.
        self.skew = self.skew.clamp(-self.now / 2, 20 * 365 * 86_400_000);
        self.tally.add("jumps of the server's clock");
        let skew = self.skew;
        self.say(format_args!("the server's clock is {skew} ms apart"));
    }

    fn client_acts(&mut self) -> Result<()> {
        let place = usize::try_from(self.chance.below(self.clients.len() as u64))?;
        let (now, server) = (self.now, self.server_time());
        let client = self.clients.get_mut(place).context("a client")?;
        let posted = client.acts(place, now, server, &self.setting.ledger, &mut self.truth)?;
        if let Some(posted) = posted {
            self.send(&Parcel::Request(posted));
        }
        Ok(())
    }

    fn serve(&mut self) -> Result<()> {
        let now = self.server_time();
        let Some(server) = &mut self.server else { return Ok(()) };
        let answers = server.serve(now, &mut self.truth)?;
        let size = server.ledger.tree().size();
        // What was decided before the process ended may still have been sent.
        for (posted, answer) in answers {
            let told = match &answer {
                Answer::Recorded(receipt) => format!("recorded at {}", receipt.index),
                Answer::Refused(code) => format!("refused {code}"),
                Answer::Unavailable(why) => format!("not now: {why}"),
            };
            self.say(format_args!("{} {told}, {size}", posted.id));
            if let Answer::Recorded(receipt) = &answer {
                self.truth.acknowledge(&posted.id, receipt)?;
            }
            if let Some(client) = posted.client {
                self.send(&Parcel::Answer(client, posted.id, answer));
            }
        }
        Ok(())
    }

    /// Asks the witnesses for the newest checkpoint, and publishes it when the quorum is reached.
    fn gather(&mut self) -> Result<()> {
        let Some(server) = &self.server else { return Ok(()) };
        let Some(note) = server.ledger.checkpoint() else { return Ok(()) };
        let (checkpoint, signed) = Checkpoint::parse(&note)?;
        let (tree, store) = (server.ledger.tree().clone(), Arc::clone(&server.store));
        let (mut whole, mut cosigned): (Note, usize) = (signed.clone(), 0);
        for witness in self.net.policy().witnesses() {
            let Some(url) = &witness.url else { continue };
            let proof = |old: u64| tree.consistency(old, checkpoint.size).ok();
            let asked = counterpart_witness::submit(&self.net, url, &witness.key, &signed, checkpoint.size, &proof);
            if let Ok(asked) = asked {
                // A cosignature that was taken must verify, or whoever reads the checkpoint turns it away.
                let alone = Note::new(signed.text(), vec![asked.line.clone()])?;
                ensure!(
                    alone.verify(std::slice::from_ref(&witness.key)).is_ok(),
                    "VIOLATION cosignature: a false one of {} was taken",
                    witness.name
                );
                whole.add(asked.line)?;
                cosigned += 1;
            }
        }
        let whole = whole.to_string();
        if self.net.policy().verify(&whole).is_ok() {
            ensure!(cosigned >= 2, "VIOLATION quorum: {cosigned} of three witnesses are taken for two");
            self.say(format_args!("witnessed {}", checkpoint.size));
            self.mirrors.publish(&tree, &whole, &*store)?;
        }
        Ok(())
    }

    fn mirror(&mut self) -> Result<()> {
        let meddle = self.chance.below(1000) < self.weather.meddler;
        let how = self.chance.draw();
        let seconds = u64::try_from(self.now / 1000)?;
        let fork = self.forged(0)?;
        let told = self.mirrors.pass(seconds, meddle.then_some(how), &fork, &self.truth.tree)?;
        self.say(format_args!("mirror {told}"));
        Ok(())
    }

    /// Another history with the key of the log: it parts from the true one behind `from` entries.
    pub(super) fn forged(&mut self, from: u64) -> Result<(Tree, Note)> {
        let mut tree = self.truth.tree.clone();
        tree.truncate(from);
        let size = self.truth.tree.size() + self.chance.below(3);
        for index in from..size.max(from + 1) {
            tree.push(leaf_hash(format!("another entry {index}").as_bytes()));
        }
        let checkpoint = Checkpoint::new(self.signer.name(), tree.size(), tree.root());
        let note = checkpoint.sign(&[&self.signer])?;
        Ok((tree, note))
    }

    /// Shows the witnesses a history that parts from the true one before what all of them have seen.
    fn forge(&mut self) -> Result<()> {
        let seen = self.oath.least_seen(&self.honest());
        if seen < 2 {
            return Ok(());
        }
        let from = self.chance.below(seen);
        let (tree, note) = self.forged(from)?;
        // A forgetful one would take it and show it, and the server would rightly start no more.
        let places = (0..WITNESSES).filter(|place| *place < 2 || self.weather.odd != Odd::Forgetful);
        places.for_each(|place| self.net.show(place, &tree, &note));
        Ok(())
    }

    fn honest(&self) -> Vec<usize> {
        (0..WITNESSES).filter(|place| *place < 2 || self.weather.odd == Odd::None).collect()
    }

    /// Whether every honest witness has seen more than so many entries.
    pub(super) fn seen_beyond(&self, size: u64) -> bool {
        self.oath.least_seen(&[0, 1]) > size
    }

    /// A body is registered, and in the same moment somebody forges an event of its chief, whose key nobody knew before.
    fn stranger(&mut self) -> Result<()> {
        if self.server.is_none() || self.strangers >= 2 {
            return Ok(());
        }
        let place = 50 + self.strangers;
        self.strangers += 1;
        let events = self.setting.stranger(place, self.server_time(), &mut self.truth)?;
        self.tally.add("forged events");
        if let Some(server) = &mut self.server {
            server.queue.extend(events);
        }
        self.serve()
    }

    pub(super) fn oaths(&mut self) -> Result<()> {
        for given in self.net.given() {
            self.oath.check(&given, &self.truth.tree)?;
            self.say(format_args!("w{} cosigned {} at {}", given.witness, given.size, given.at));
        }
        Ok(())
    }
}
