//! How the witnesses stand: for readiness, metrics and people.

use std::fmt::{self, Write as _};

use crate::asking::Shortfall;

/// How old the newest quorum may be, in seconds: ten minutes.
const QUORUM_AGE_MAX: u64 = 600;

/// How far the clock may be from the times of the witnesses, in seconds: five minutes.
const CLOCK_APART_MAX: u64 = 300;

/// A witness contradicts the log: somebody has rolled it back or shown two histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Alarm {
    /// It has cosigned more entries than the log has signed.
    Rollback {
        /// Its name in the policy.
        witness: String,
        /// The size that it has cosigned.
        witnessed: u64,
        /// The size that the log has signed.
        signed: u64,
    },
    /// It has cosigned another history.
    Fork {
        /// Its name in the policy.
        witness: String,
    },
}

impl Alarm {
    /// The alarm that a shortfall is, for a log that has signed `signed` entries.
    pub fn of(witness: &str, shortfall: &Shortfall, signed: u64) -> Option<Self> {
        let witness = witness.to_owned();
        match *shortfall {
            Shortfall::Ahead { size } if size > signed => Some(Self::Rollback { witness, witnessed: size, signed }),
            Shortfall::OtherHistory { .. } => Some(Self::Fork { witness }),
            Shortfall::Ahead { .. }
            | Shortfall::Unknown { .. }
            | Shortfall::WrongCosignature
            | Shortfall::UnknownType
            | Shortfall::Confused(_)
            | Shortfall::Later { .. } => None,
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rollback { witness, witnessed, signed } => write!(
                f,
                "E-ROLLBACK: witness `{witness}` has cosigned {witnessed} entries and this log has signed {signed}; \
                 this copy is older than what was published, so nothing is signed: restore the newest copy"
            ),
            Self::Fork { witness } => write!(
                f,
                "E-FORK: witness `{witness}` has cosigned another history of this log; nothing may be signed until it \
                 is known which copy was published"
            ),
        }
    }
}

/// How one witness stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessStanding {
    /// Its name in the policy.
    pub name: String,
    /// The last size that it cosigned.
    pub size: u64,
    /// The time in its last cosignature, in seconds since 1970; 0 before the first.
    pub cosigned_at: u64,
    /// What went wrong since; nothing when it answered last.
    pub fault: Option<String>,
    /// How far its last time was from the clock of this machine, in seconds.
    apart: u64,
    /// It is not asked before this, in seconds since 1970.
    pub(super) not_before: u64,
    pause: u64,
}

impl WitnessStanding {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), size: 0, cosigned_at: 0, fault: None, apart: 0, not_before: 0, pause: 0 }
    }

    pub(super) fn succeeded(&mut self, size: u64, timestamp: u64, now: u64) {
        *self = Self { size, cosigned_at: timestamp, apart: now.abs_diff(timestamp), ..Self::new(&self.name) };
    }

    pub(super) fn failed(&mut self, shortfall: &Shortfall, now: u64, (first, most): (u64, u64)) {
        let asked_for = match shortfall {
            Shortfall::Later { after, .. } => after.unwrap_or(0),
            Shortfall::Ahead { .. }
            | Shortfall::OtherHistory { .. }
            | Shortfall::Unknown { .. }
            | Shortfall::WrongCosignature
            | Shortfall::UnknownType
            | Shortfall::Confused(_) => 0,
        };
        self.pause = (self.pause * 2).clamp(first, most);
        self.not_before = now.saturating_add(self.pause.max(asked_for.min(most)));
        let fault = shortfall.to_string();
        if self.fault.as_ref() != Some(&fault) {
            tracing::warn!(witness = self.name, "{fault}");
        }
        self.fault = Some(fault);
    }
}

/// How the witnesses and the quorum stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether the policy asks for any witness.
    pub asks_for_witnesses: bool,
    /// The earliest time among the cosignatures of the newest quorum, in seconds since 1970.
    pub quorum_at: Option<u64>,
    /// How many entries the newest quorum covers.
    pub witnessed_size: u64,
    /// How many entries the log has signed.
    pub signed_size: u64,
    /// Each witness, in the order of the policy.
    pub witnesses: Vec<WitnessStanding>,
    /// What a witness says that contradicts this log, and for which nothing more is signed.
    pub alarm: Option<Alarm>,
}

impl Standing {
    /// Why the quorum is not fresh at `now`; nothing when it is, or when nobody asks for one.
    pub fn stale(&self, now: u64) -> Option<String> {
        if !self.asks_for_witnesses {
            return None;
        }
        if let Some(alarm) = &self.alarm {
            return Some(alarm.to_string());
        }
        let Some(at) = self.quorum_at else {
            return Some("the quorum of witnesses has not been reached yet".to_owned());
        };
        let age = now.saturating_sub(at);
        (age > QUORUM_AGE_MAX).then(|| {
            let silent: Vec<_> = self.witnesses.iter().filter(|witness| witness.fault.is_some()).collect();
            let mut why = format!("the newest quorum of witnesses is {age} seconds old (at most {QUORUM_AGE_MAX})");
            for witness in silent {
                let fault = witness.fault.as_deref().unwrap_or_default();
                // Writing to a string does not fail.
                let _ = write!(why, "; `{}`: {fault}", witness.name);
            }
            why
        })
    }

    /// How fresh the newest quorum is, in words; nothing when nobody asks for one, or none was reached yet.
    pub fn freshness(&self, now: u64) -> Option<String> {
        let at = self.quorum_at.filter(|_| self.asks_for_witnesses)?;
        let age = now.saturating_sub(at);
        Some(format!(
            "the quorum is {age} seconds old and covers {} of {} entries",
            self.witnessed_size, self.signed_size
        ))
    }

    /// Why the clock of this machine is not to be believed: every witness that answers says another time. One witness
    /// with a wrong clock stops nobody.
    pub fn clock_fault(&self) -> Option<String> {
        let mut answering = self.witnesses.iter().filter(|witness| witness.cosigned_at > 0 && witness.fault.is_none());
        let apart = answering.clone().map(|witness| witness.apart).min()?;
        answering.all(|witness| witness.apart > CLOCK_APART_MAX).then(|| {
            format!(
                "the clock is {apart} seconds from that of every witness that answers (at most {CLOCK_APART_MAX}); \
                 set it before anything is recorded"
            )
        })
    }

    /// The figures for a monitoring system, in the Prometheus text format.
    pub fn metrics(&self, now: u64) -> String {
        let mut out = String::new();
        let mut family = |name: &str, help: &str, samples: &[(String, u64)]| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
            for (labels, value) in samples {
                let _ = writeln!(out, "{name}{labels} {value}");
            }
        };
        let one = |value: u64| vec![(String::new(), value)];
        family(
            "counterpart_quorum_age_seconds",
            "Age of the newest checkpoint that the quorum of witnesses has cosigned.",
            &self.quorum_at.map_or_else(Vec::new, |at| one(now.saturating_sub(at))),
        );
        family(
            "counterpart_witnessed_size",
            "Entries below the newest witnessed checkpoint.",
            &one(self.witnessed_size),
        );
        family(
            "counterpart_witness_alarm",
            "1 when a witness contradicts this log.",
            &one(u64::from(self.alarm.is_some())),
        );
        let each = |value: fn(&WitnessStanding) -> u64| -> Vec<(String, u64)> {
            let label = |name: &str| name.replace('\\', r"\\").replace('"', "\\\"");
            self.witnesses
                .iter()
                .map(|witness| (format!("{{witness=\"{}\"}}", label(&witness.name)), value(witness)))
                .collect()
        };
        family("counterpart_witness_size", "Last size that a witness cosigned.", &each(|witness| witness.size));
        family(
            "counterpart_witness_cosigned_at_seconds",
            "Time in the last cosignature of a witness.",
            &each(|witness| witness.cosigned_at),
        );
        family(
            "counterpart_witness_answers",
            "1 when the last answer of a witness was a cosignature.",
            &each(|witness| u64::from(witness.fault.is_none() && witness.cosigned_at > 0)),
        );
        out
    }
}
