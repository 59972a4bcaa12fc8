//! What an audit says: to a person, and as JSON.

use serde::Serialize;

/// A thing that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The entry at which it shows, if it shows at one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// What is wrong, in plain words.
    pub problem: String,
}

/// The checkpoint and who stands behind it.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointReport {
    /// Whether its signatures hold.
    pub holds: bool,
    /// Where the key came from: `pinned`, `policy` or `ledger`.
    pub key_from: &'static str,
    /// The verifier key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_key: Option<String>,
    /// Witnesses that cosigned and that the policy knows.
    pub witnesses: Vec<WitnessReport>,
}

/// One cosignature that holds.
#[derive(Clone, Debug, Serialize)]
pub struct WitnessReport {
    /// Its name within the policy.
    pub name: String,
    /// When, in seconds since 1970.
    pub timestamp: u64,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many were done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
}

/// Words that the log ordered to be erased, and whose day has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErasedReport {
    /// The event that ordered it.
    pub by: String,
    /// The entry whose words they were. Its commitments were checked with everything else.
    pub index: u64,
    /// Which words.
    pub pointers: Vec<String>,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: String,
}

/// Where deciding stopped.
#[derive(Clone, Debug, Serialize)]
pub struct StopReport {
    /// The code of the catalogue.
    pub code: String,
    /// The first entry that was refused.
    pub index: u64,
    /// Why, in plain words.
    pub reason: String,
}

/// Two signed checkpoints that contradict each other: proof of a fork by themselves.
#[derive(Clone, Debug, Serialize)]
pub struct ForkReport {
    /// The note that was known before.
    pub known: String,
    /// The note that is shown now.
    pub shown: String,
}

/// Everything an audit found, judged.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Whether all of it agrees.
    pub ok: bool,
    /// The ledger: origin and leaf hash of entry 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<String>,
    /// Whether this is a demonstration, whose bodies have signed nothing.
    pub demonstration: bool,
    /// How many entries the checkpoint covers.
    pub size: u64,
    /// The root over them, as the entries give it.
    pub root: String,
    /// The root after the entries that were decided, when those are not all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_root: Option<String>,
    /// The checkpoint.
    pub checkpoint: CheckpointReport,
    /// Decisions re-decided.
    pub decisions: Share,
    /// Door checks repeated; words that are not held account for the rest.
    pub door_checks: Share,
    /// Words that are erased by order of the log; the commitments to them are intact.
    pub erased: Vec<ErasedReport>,
    /// Files of reference data whose hash was checked.
    pub reference_data: Share,
    /// Where deciding stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StopReport>,
    /// The first entry at which anything is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_bad_index: Option<u64>,
    /// The proof of a fork, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fork: Option<ForkReport>,
    /// Everything that does not verify.
    pub problems: Vec<Problem>,
    /// How many entries an earlier audit had verified.
    pub went_on_from: u64,
    /// How many entries were read and verified now.
    pub examined: u64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// Erasures that the summary for a person names; `--json` has them all.
const ERASED_SHOWN: usize = 20;

/// What every answer of a demonstration says first.
pub const DEMONSTRATION: &str = "Demonstration: no body named here has signed anything";

impl Report {
    /// The summary for a person.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.demonstration {
            lines.push(DEMONSTRATION.to_owned());
        }
        if let Some(ledger) = &self.ledger {
            lines.push(format!("ledger      {ledger}"));
        }
        lines.push(format!("checkpoint  {} entries, root {}", self.size, self.root));
        if let Some(root) = &self.decided_root {
            lines.push(format!("            root after {} entries {root}", self.decisions.of));
        }
        let checkpoint = &self.checkpoint;
        lines.push(match (&checkpoint.log_key, checkpoint.key_from) {
            (Some(key), "ledger") => format!(
                "signature   holds, by {key}. This key was taken from the ledger itself: compare it with one that you got elsewhere, and give it with --vkey"
            ),
            (Some(key), from) => format!("signature   holds, by the {from} key {key}"),
            (None, _) => "signature   DOES NOT HOLD".to_owned(),
        });
        if !checkpoint.witnesses.is_empty() {
            let names: Vec<&str> = checkpoint.witnesses.iter().map(|witness| witness.name.as_str()).collect();
            lines.push(format!("witnesses   {}", names.join(", ")));
        }
        let Share { done, of } = self.decisions;
        lines.push(match self.went_on_from {
            0 => format!("decisions   re-decided {done} of {of}"),
            before => format!("decisions   re-decided {done} of {of}, {before} of them in an earlier audit"),
        });
        let door = self.door_checks;
        lines.push(format!(
            "door checks repeated {} of {}, words not held {}",
            door.done,
            door.of,
            door.of.saturating_sub(door.done)
        ));
        lines.push(format!(
            "reference   {} of {} files have the hash that pins them",
            self.reference_data.done, self.reference_data.of
        ));
        for erased in self.erased.iter().take(ERASED_SHOWN) {
            let ErasedReport { index, pointers, reason, .. } = erased;
            lines.push(format!("erased      entry {index} {} ({reason}): commitment intact", pointers.join(" ")));
        }
        if self.erased.len() > ERASED_SHOWN {
            lines.push(format!("erased      and {} more, commitments intact", self.erased.len() - ERASED_SHOWN));
        }
        if let Some(stop) = &self.stopped {
            lines.push(format!("stopped at index {}: {} ({})", stop.index, stop.code, stop.reason));
        }
        for problem in &self.problems {
            lines.push(match problem.index {
                Some(index) => format!("WRONG at index {index}: {}", problem.problem),
                None => format!("WRONG: {}", problem.problem),
            });
        }
        lines.push(if self.ok { "Everything agrees." } else { "This log does not verify." }.to_owned());
        lines
    }
}
