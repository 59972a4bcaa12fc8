//! Three real witnesses behind a network that loses, delays and repeats; one of them may be odd.
//!
//! Whatever befalls a message follows from the seed and from how many messages that witness had before, so that the
//! order in which threads of the program ask them changes nothing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, ensure};
use counterpart_store::faulty::Chance;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteSigner};
use counterpart_tlog::policy::Policy;
use counterpart_tlog::witness::AddCheckpoint;
use counterpart_tlog::{Hash, Tree};
use counterpart_witness::{Logs, Records, Refused, Reply, Transport, Witness};

use super::weather::{Odd, Tally, Weather};

/// How many witnesses there are; two make the quorum.
pub const WITNESSES: usize = 3;

/// The records of one witness: they outlive it.
#[derive(Default)]
struct Kept {
    notes: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The next write fails: before it is done, or after.
    fails: Mutex<Option<bool>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Records for Kept {
    fn load(&self, origin: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(held(&self.notes).get(origin).cloned())
    }

    fn replace(&self, origin: &str, note: &str) -> io::Result<()> {
        let fails = held(&self.fails).take();
        if fails == Some(false) {
            return Err(io::Error::other("the disk failed before"));
        }
        held(&self.notes).insert(origin.to_owned(), note.as_bytes().to_vec());
        if fails == Some(true) { Err(io::Error::other("the disk failed after")) } else { Ok(()) }
    }
}

/// A cosignature that an honest witness gave.
#[derive(Clone, Copy, Debug)]
pub struct Given {
    /// Which witness.
    pub witness: usize,
    /// What it cosigned.
    pub size: u64,
    /// The root over it.
    pub root: Hash,
    /// When, as it says.
    pub at: u64,
}

struct Host {
    witness: Option<Witness>,
    kept: Arc<Kept>,
    key: SigningKey,
    odd: Odd,
    chance: Chance,
    /// Seconds that its clock is apart.
    apart: i64,
    /// Requests that come again later.
    again: Vec<String>,
}

/// All of them, and the way to them.
pub struct Net {
    hosts: Vec<Mutex<Host>>,
    policy: Policy,
    logs: Logs,
    weather: Weather,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Seconds since 1970.
    now: u64,
    calm: bool,
    given: Vec<Given>,
    tally: Tally,
}

fn name(place: usize) -> String {
    format!("w{place}.witness.example")
}

impl Net {
    /// Three witnesses of a log.
    ///
    /// # Errors
    ///
    /// A fault of this program.
    pub fn new(log: &NoteSigner, seed: u64, weather: Weather) -> Result<Self> {
        let mut logs = Logs::new();
        logs.add(&log.vkey().to_string())?;
        let (mut hosts, mut lines) = (Vec::new(), format!("log {}\n", log.vkey()));
        for place in 0..WITNESSES {
            let key = SigningKey::from_bytes(Hash::of(format!("witness {place}").as_bytes()).as_bytes());
            let cosigner = Cosigner::new(&name(place), key.clone())?;
            writeln!(lines, "witness w{place} {} http://{}", cosigner.vkey(), name(place))?;
            let host = Host {
                witness: None,
                kept: Arc::default(),
                key,
                odd: if place == 2 { weather.odd } else { Odd::None },
                chance: Chance(seed ^ (0x0051_7E55 + place as u64)),
                apart: 0,
                again: Vec::new(),
            };
            hosts.push(Mutex::new(host));
        }
        lines.push_str("group all 2 w0 w1 w2\nquorum all\n");
        let net = Self { hosts, policy: Policy::parse(lines)?, logs, weather, state: Mutex::default() };
        (0..WITNESSES).try_for_each(|place| net.start(place))?;
        Ok(net)
    }

    /// Who must have seen a checkpoint.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the clock of everybody outside says, in seconds since 1970.
    pub fn now(&self, now: u64) {
        held(&self.state).now = now;
    }

    /// Whether nothing is lost or late, and every honest witness is up.
    ///
    /// # Errors
    ///
    /// A witness does not start.
    pub fn calm(&self, calm: bool) -> Result<()> {
        held(&self.state).calm = calm;
        if calm {
            for place in 0..WITNESSES {
                if let Some(mut host) = self.host(place) {
                    host.apart = host.apart.max(0);
                    *held(&host.kept.fails) = None;
                }
                self.start(place)?;
            }
        }
        Ok(())
    }

    /// What the honest ones cosigned since it was last asked, witness by witness: several may be asked at once.
    pub fn given(&self) -> Vec<Given> {
        let mut given = std::mem::take(&mut held(&self.state).given);
        given.sort_by_key(|given| given.witness);
        given
    }

    /// What happened on the way.
    pub fn tally(&self) -> Tally {
        held(&self.state).tally.clone()
    }

    fn host(&self, place: usize) -> Option<MutexGuard<'_, Host>> {
        self.hosts.get(place).map(held)
    }

    /// Stops a witness and starts it from what it kept.
    ///
    /// # Errors
    ///
    /// It does not start from its own records.
    pub fn start(&self, place: usize) -> Result<()> {
        let mut host = self.host(place).context("a witness")?;
        if host.odd == Odd::Forgetful {
            held(&host.kept.notes).clear();
        }
        let cosigner = Cosigner::new(&name(place), host.key.clone())?;
        host.witness = None;
        let records: Arc<dyn Records> = host.kept.clone();
        let opened = Witness::open(cosigner, self.logs.clone(), records);
        host.witness = Some(opened.context("VIOLATION: a witness does not start from what it kept")?);
        Ok(())
    }

    /// Something befalls a witness: it stops or starts, its disk fails, its clock steps, an old request comes again.
    ///
    /// # Errors
    ///
    /// As [`Net::start`].
    pub fn stir(&self, place: usize) -> Result<()> {
        let (stops, again) = {
            let mut host = self.host(place).context("a witness")?;
            let weather = self.weather;
            let mut rolls = [0; 4];
            rolls.fill_with(|| host.chance.below(1000));
            let [stops, disk, clock, which] = rolls;
            if disk < weather.witness_disk {
                *held(&host.kept.fails) = Some(which.is_multiple_of(2));
            }
            if clock < weather.witness_clock {
                let leaps = [-86_400 * 3650, -3_600, -59, -1, 0, 30];
                let step = leaps.get(usize::try_from(which % 6)?).copied().unwrap_or(0);
                host.apart = step;
                held(&self.state).tally.add("steps of a witness's clock");
            }
            if stops < weather.witness_stops / 2 {
                // It stays away until somebody starts it.
                host.witness = None;
                held(&self.state).tally.add("witnesses stopped");
            }
            (stops < weather.witness_stops, host.again.pop())
        };
        if stops {
            let away = self.host(place).context("a witness")?.witness.is_none();
            if !away || held(&self.state).now.is_multiple_of(2) {
                self.start(place)?;
            }
        }
        if let Some(body) = again {
            held(&self.state).tally.add("requests to witnesses that came again");
            let _ = self.deliver(place, &body);
        }
        Ok(())
    }

    /// Somebody with the key of the log shows a witness another history, from whatever size it has.
    pub fn show(&self, place: usize, forged: &Tree, note: &Note) {
        let key = self.policy.witnesses().get(place).map(|witness| (witness.key.clone(), witness.url.clone()));
        let Some((key, Some(url))) = key else { return };
        held(&self.state).tally.add("other histories shown to a witness");
        let way = Straight(self);
        let size = forged.size();
        let proof = |old: u64| Some(forged.consistency(old, size).unwrap_or_default());
        for old in [0, size] {
            let _ = counterpart_witness::submit(&way, &url, &key, note, old, &proof);
        }
    }

    fn deliver(&self, place: usize, body: &str) -> Result<Reply, String> {
        let Some(mut host) = self.host(place) else { return Err("no such witness".into()) };
        let now = held(&self.state).now.saturating_add_signed(host.apart);
        match host.odd {
            Odd::Silent => return Err("no answer".into()),
            Odd::Liar => return host.lie(body, now),
            Odd::None | Odd::Forgetful => {}
        }
        let Some(witness) = &host.witness else { return Err("connection refused".into()) };
        let answer = witness.add_checkpoint(body.as_bytes(), now);
        let reply = match answer {
            Ok(line) => {
                if host.odd == Odd::None {
                    self.note_given(place, body, &line.to_string());
                }
                Reply { status: 200, body: line.to_string().into_bytes(), retry_after: None }
            }
            Err(Refused::OtherSize { size, .. }) => {
                Reply { status: 409, body: format!("{size}\n").into_bytes(), retry_after: None }
            }
            Err(Refused::NotConsistent { .. }) => Reply { status: 422, ..Reply::default() },
            Err(Refused::Unable(_)) => Reply { status: 503, ..Reply::default() },
            Err(Refused::UnknownLog(_)) => Reply { status: 404, ..Reply::default() },
            Err(Refused::NotSigned(_) | Refused::OtherKey { .. }) => Reply { status: 403, ..Reply::default() },
            Err(Refused::Malformed(_) | Refused::OldBeyond { .. }) => Reply { status: 400, ..Reply::default() },
        };
        Ok(reply)
    }

    fn note_given(&self, place: usize, body: &str, line: &str) {
        let request = AddCheckpoint::parse(body).ok();
        let shown = request.and_then(|request| Checkpoint::parse(request.checkpoint).ok());
        let lines = counterpart_tlog::note::NoteSignature::parse_lines(line.as_bytes()).unwrap_or_default();
        let at = lines.first().and_then(|line| counterpart_tlog::cosignature::timestamp(line.bytes())).unwrap_or(0);
        if let Some((checkpoint, _)) = shown {
            let given = Given { witness: place, size: checkpoint.size, root: checkpoint.root, at };
            held(&self.state).given.push(given);
        }
    }

    fn place_of(url: &str) -> Option<usize> {
        (0..WITNESSES).find(|place| url.starts_with(&format!("http://{}/", name(*place))))
    }

    fn show_seen(&self, url: &str) -> Result<Reply, String> {
        let place = Self::place_of(url).ok_or("no such host")?;
        let host = self.host(place).ok_or("no such host")?;
        let path = url.trim_start_matches(&format!("http://{}", name(place)));
        match (&host.witness, host.odd) {
            (None, _) | (_, Odd::Silent) => Err("connection refused".into()),
            (Some(_), Odd::Liar) => Ok(Reply { status: 200, body: b"nothing of worth\n".to_vec(), retry_after: None }),
            (Some(witness), Odd::None | Odd::Forgetful) => Ok(match witness.monitored(path) {
                Some(seen) => Reply { status: 200, body: seen.note.to_string().into_bytes(), retry_after: None },
                None => Reply { status: 404, ..Reply::default() },
            }),
        }
    }
}

impl Host {
    /// What a liar answers: a size that is not, a cosignature that is none, a cosignature over something else.
    fn lie(&mut self, body: &str, now: u64) -> Result<Reply, String> {
        let size = AddCheckpoint::parse(body).ok().and_then(|request| Checkpoint::parse(request.checkpoint).ok());
        let checkpoint = size.map(|(checkpoint, _)| checkpoint).ok_or("no checkpoint")?;
        let reply = |status, body: String| Ok(Reply { status, body: body.into_bytes(), retry_after: None });
        match self.chance.below(6) {
            0 => reply(409, format!("{}\n", checkpoint.size + 1 + self.chance.below(1000))),
            1 => reply(409, format!("{}\n", self.chance.below(checkpoint.size + 1))),
            2 => reply(422, String::new()),
            3 => reply(500, String::new()),
            4 => reply(200, "nonsense\n".into()),
            _ => {
                let other = Checkpoint::new(checkpoint.origin, checkpoint.size + 1, checkpoint.root);
                let cosigner = Cosigner::new(&name(2), self.key.clone()).map_err(|error| error.to_string())?;
                let unsigned = format!("{}\n{}\n{}\n", other.origin, other.size, other.root);
                let line = cosigner.cosign(&unsigned, now.max(1)).map_err(|error| error.to_string())?;
                reply(200, line.to_string())
            }
        }
    }
}

impl Transport for Net {
    fn post(&self, url: &str, body: &str) -> Result<Reply, String> {
        let place = Self::place_of(url).ok_or("no such host")?;
        let calm = held(&self.state).calm;
        let (lost, answer_lost) = {
            let mut host = self.host(place).ok_or("no such host")?;
            let mut rolls = [0; 3];
            rolls.fill_with(|| host.chance.below(1000));
            let [lost, answer, twice] = rolls;
            if twice < self.weather.twice && !calm {
                host.again.push(body.to_owned());
            }
            (lost < self.weather.lost && !calm, answer < self.weather.lost && !calm)
        };
        if lost {
            held(&self.state).tally.add("messages lost");
            return Err("no answer".into());
        }
        let reply = self.deliver(place, body);
        if answer_lost {
            held(&self.state).tally.add("messages lost");
            return Err("the answer was cut off".into());
        }
        reply
    }

    fn get(&self, url: &str) -> Result<Reply, String> {
        self.show_seen(url)
    }
}

/// A way to the witnesses on which nothing is lost.
struct Straight<'n>(&'n Net);

impl Transport for Straight<'_> {
    fn post(&self, url: &str, body: &str) -> Result<Reply, String> {
        let place = Net::place_of(url).ok_or("no such host")?;
        self.0.deliver(place, body)
    }

    fn get(&self, url: &str) -> Result<Reply, String> {
        self.0.show_seen(url)
    }
}

/// What the cosignatures of honest witnesses must satisfy, whatever happens.
#[derive(Default)]
pub struct Oath {
    last: BTreeMap<usize, (u64, u64)>,
}

impl Oath {
    /// Looks at one: it is over the history that there is, it goes on from the one before, and its time too.
    ///
    /// # Errors
    ///
    /// A witness broke its word.
    pub fn check(&mut self, given: &Given, truth: &Tree) -> Result<()> {
        let Given { witness, size, root, at } = *given;
        ensure!(
            truth.root_at(size) == Some(root),
            "VIOLATION witness: w{witness} has cosigned another history of {size} entries"
        );
        let (last, then) = self.last.get(&witness).copied().unwrap_or_default();
        ensure!(size >= last, "VIOLATION witness: w{witness} has cosigned {size} entries after {last}");
        ensure!(at >= then, "VIOLATION witness: the time of w{witness} went from {then} back to {at}");
        self.last.insert(witness, (size, at));
        Ok(())
    }

    /// The largest size that an honest witness cosigned.
    pub fn least_seen(&self, honest: &[usize]) -> u64 {
        honest.iter().map(|place| self.last.get(place).map_or(0, |(size, _)| *size)).min().unwrap_or(0)
    }
}
