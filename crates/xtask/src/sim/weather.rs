//! What can go wrong in one world, and how often: drawn anew for each seed, so that each tries another mixture.

use std::collections::BTreeMap;

use counterpart_store::faulty::Chance;

/// How often each fault strikes: of 10,000 calls for those of the disk, of 1,000 occasions for the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// The process is killed at a call of the disk.
    pub kill: u64,
    /// The power goes at a call of the disk.
    pub power: u64,
    /// A call of the disk fails.
    pub error: u64,
    /// There is no space.
    pub full: u64,
    /// A record is written with a bit wrong.
    pub flip: u64,
    /// A message is lost.
    pub lost: u64,
    /// A message comes twice.
    pub twice: u64,
    /// A message is late.
    pub late: u64,
    /// The clock of the server jumps.
    pub jump: u64,
    /// The clock of a witness steps back.
    pub witness_clock: u64,
    /// A witness stops and starts again.
    pub witness_stops: u64,
    /// The disk of a witness fails.
    pub witness_disk: u64,
    /// The operator does something wrong.
    pub operator: u64,
    /// Somebody with the key of the log shows another history.
    pub forger: u64,
    /// Somebody between mirror and server changes what is published.
    pub meddler: u64,
    /// What one of the witnesses is.
    pub odd: Odd,
}

/// The one witness that is not as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Odd {
    /// None: all are honest.
    #[default]
    None,
    /// It lies: false sizes, false cosignatures, nonsense.
    Liar,
    /// It forgets everything when it stops.
    Forgetful,
    /// It never answers.
    Silent,
}

impl Weather {
    /// The weather of a seed: each fault is off in half of the worlds, and seldom to frequent in the others.
    pub fn of(chance: &mut Chance) -> Self {
        let mut rate = |most: u64| if chance.below(2) == 0 { 0 } else { 1 + chance.below(most) };
        let mut weather = Self {
            kill: rate(120),
            power: rate(120),
            error: rate(120),
            full: rate(150),
            flip: rate(200),
            lost: rate(300),
            twice: rate(300),
            late: rate(400),
            jump: rate(200),
            witness_clock: rate(200),
            witness_stops: rate(200),
            witness_disk: rate(200),
            operator: rate(500),
            forger: rate(500),
            meddler: rate(500),
            odd: Odd::None,
        };
        weather.odd = match chance.below(6) {
            0 => Odd::Liar,
            1 => Odd::Forgetful,
            2 => Odd::Silent,
            _ => Odd::None,
        };
        weather
    }
}

/// How often what was done, by name.
#[derive(Clone, Debug, Default)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    /// One more.
    pub fn add(&mut self, name: &'static str) {
        self.more(name, 1);
    }

    /// So many more.
    pub fn more(&mut self, name: &'static str, count: u64) {
        *self.0.entry(name).or_default() += count;
    }

    /// Takes another in.
    pub fn take_in(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            self.more(name, *count);
        }
    }
}
