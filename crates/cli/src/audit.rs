//! `audit`: a log is checked again, whole, by somebody who trusts nobody.

mod engine;
mod report;
mod source;
mod tree;
pub mod trust;
mod would_admit;

pub use report::DEMONSTRATION;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use counterpart_core::codes;
use counterpart_core::state::State;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use sha2::{Digest as _, Sha256};

use self::engine::{Findings, Scope};
use self::report::{CheckpointReport, ErasedReport, Problem, Report, Share, StopReport, WitnessReport};
use self::source::Source;
use self::trust::{Handover, Signed, Trust};
use crate::ending::{Ending, Fault};
use crate::{Common, shell};

/// How far an entry may lie after a cosignature that covers it: 5 minutes (wire.md 3).
const WITNESS_SLACK_MS: i64 = 5 * 60 * 1000;

/// Check a log again from its entries alone
///
/// Reads every entry: its bytes, its signatures, who had authority, every log rule, the tree, the checkpoint and the
/// reference data. Nothing of the server is believed. Exit code 4 if anything does not verify.
///
/// LOG is the URL of a ledger, a directory with a static copy (checkpoint, tile/…, data/…, vkey), or a file that
/// holds the checkpoint and behind it the entries, one a line.
///
/// Examples:
///   counterpart audit https://ledger.example --vkey ledger.example/london/log+1a2b3c4d+AbC…
///   counterpart audit ./mirror --policy witnesses.policy --json
///   counterpart audit ./mirror --would-admit refused.json
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Audit {
    /// A URL, a directory or a file
    #[arg(value_name = "LOG")]
    log: String,
    /// The log's verifier key, from elsewhere than the ledger itself
    #[arg(long, value_name = "KEY", conflicts_with = "policy")]
    vkey: Option<String>,
    /// A policy that names logs and witnesses (C2SP tlog-policy)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The ledger that it must be: origin and leaf hash of entry 0
    #[arg(long, value_name = "ORIGIN#HEX")]
    ledger: Option<String>,
    /// Say whether this submission would be admitted now: exit 0 yes, 3 no
    #[arg(long, value_name = "FILE")]
    would_admit: Option<PathBuf>,
    /// Decide only so many entries, and give the root after them
    #[arg(long, value_name = "N", conflicts_with = "would_admit")]
    at_size: Option<u64>,
    /// An older checkpoint that this log must contain
    #[arg(long, value_name = "CHECKPOINT")]
    from: Option<PathBuf>,
}

impl Audit {
    /// Audits, reports, and judges a submission if one is given.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let watch = shell::Stopwatch::start();
        let trust = Trust::new(self.vkey.as_deref(), self.policy.as_deref())?;
        let source = Source::open(&self.log)?;
        let note = source.checkpoint()?;
        let claimed = trust::claimed(&note)?;
        trust.check_early(&note, source.has_handovers()?)?;
        let older = self.from.as_deref().map(|path| trust::claimed(&shell::read(path)?)).transpose()?;
        if let Some(older) = &older
            && older.size > claimed.size
        {
            return Err(Fault::unverified(format!(
                "the log has {} entries, and the older checkpoint covers {}: it was shortened",
                claimed.size, older.size
            )));
        }
        let scope = Scope {
            size: claimed.size,
            decide: self.at_size.unwrap_or(claimed.size).min(claimed.size),
            older: older.as_ref().map(|older| older.size),
        };
        let mut progress = Progress::new(common, scope.decide);
        let findings = engine::run(&source, &scope, &mut |decided| progress.tell(decided));
        progress.end();
        let findings = findings?;
        let mut judged = Judged { problems: Vec::new() };
        let signed = judged.checkpoint(&trust, &source, &note, &claimed, &findings)?;
        judged.tree(&claimed, &findings, older.as_ref());
        judged.identity(self.ledger.as_deref(), &findings.replay.state);
        judged.source_key(&source, &note, signed.as_ref())?;
        let reference_data = judged.reference(&source, &findings.replay.state)?;
        let report = judged.report(&scope, &findings, signed, reference_data, watch.elapsed().as_millis());
        match (common.json, &self.would_admit) {
            (true, None) => shell::line(&serde_json::to_string(&report)?),
            // The verdict is the datum then, and the audit before it is talk.
            (true, Some(_)) => report.lines().iter().for_each(|line| common.say(line)),
            (false, _) => report.lines().iter().for_each(|line| shell::line(line)),
        }
        if !report.ok {
            return Ok(Ending::Unverified);
        }
        match &self.would_admit {
            Some(path) => Ok(would_admit::judge(findings.replay, &shell::read(path)?, shell::now(), common)),
            None => Ok(Ending::Done),
        }
    }
}

/// Whether a key signed a checkpoint of the log that it is of.
fn signs(note: &[u8], vkey: &str) -> bool {
    VerifierKey::parse(vkey).is_ok_and(|key| Checkpoint::verify(note, key.name(), &key).is_ok())
}

/// What was found wrong so far.
struct Judged {
    problems: Vec<Problem>,
}

impl Judged {
    fn wrong(&mut self, index: Option<u64>, problem: impl Into<String>) {
        self.problems.push(Problem { index, problem: problem.into() });
    }

    fn checkpoint(
        &mut self,
        trust: &Trust,
        source: &Source,
        note: &[u8],
        claimed: &Checkpoint,
        findings: &Findings,
    ) -> Result<Option<Signed>> {
        let state = &findings.replay.state;
        let handovers = self.handovers(source, claimed, findings)?;
        let signed = match trust.check(note, state, &handovers) {
            Ok(signed) => signed,
            Err(problem) => {
                self.wrong(None, problem);
                return Ok(None);
            }
        };
        // A key that handed over signs beside the one that follows it, and never alone.
        let founded = state.founded.as_ref().filter(|founded| !founded.log_key_changes.is_empty());
        if let Some(current) = founded.and_then(|founded| founded.log_key_at(claimed.size))
            && !signs(note, current)
        {
            self.wrong(None, format!("the checkpoint is not signed by {current}, the log's key at this size"));
        }
        // Below a cosigned size nothing can have been recorded later than the witness saw it.
        let last = findings.last_recorded.filter(|_| state.size == claimed.size);
        for witness in &signed.witnesses {
            let seen = i64::try_from(witness.timestamp.saturating_mul(1000)).unwrap_or(i64::MAX);
            if last.is_some_and(|last| last.millis() > seen.saturating_add(WITNESS_SLACK_MS)) {
                let index = claimed.size.checked_sub(1);
                self.wrong(
                    index,
                    format!("the entry says it was recorded more than 5 minutes after `{}` cosigned it", witness.name),
                );
            }
        }
        Ok(Some(signed))
    }

    /// The checkpoints under which one key of the log handed over to the next, as far as the source has them.
    fn handovers<'f>(
        &mut self,
        source: &Source,
        claimed: &Checkpoint,
        findings: &'f Findings,
    ) -> Result<Vec<Handover<'f>>> {
        let changes = findings.replay.state.founded.iter().flat_map(|founded| &founded.log_key_changes);
        let mut handovers = Vec::new();
        for change in changes.filter(|change| change.first_size <= claimed.size) {
            let root = findings.handovers.iter().find(|(size, _)| *size == change.first_size).map(|(_, root)| *root);
            let (Some(root), Some(note)) = (root, source.handover(change.first_size)?) else { continue };
            let handover = Handover { change, root, note };
            match handover.check() {
                Ok(()) => handovers.push(handover),
                Err(problem) => {
                    let size = change.first_size;
                    self.wrong(None, format!("the checkpoint over {size} entries hands no key over: {problem}"));
                }
            }
        }
        Ok(handovers)
    }

    fn tree(&mut self, claimed: &Checkpoint, findings: &Findings, older: Option<&Checkpoint>) {
        if let Some(missing) = &findings.missing {
            self.wrong(
                Some(missing.index),
                format!("{}; the checkpoint promises {} entries", missing.problem, claimed.size),
            );
        } else if findings.root != claimed.root {
            self.wrong(
                None,
                format!("the entries give the root {}, and the checkpoint says {}", findings.root, claimed.root),
            );
        }
        if let Some(difference) = &findings.difference {
            self.wrong(Some(difference.index), difference.problem.clone());
        }
        if let Some(older) = older
            && findings.older_root != Some(older.root)
        {
            self.wrong(
                None,
                format!(
                    "the log does not contain the older checkpoint over {} entries: its history was changed",
                    older.size
                ),
            );
        }
    }

    fn identity(&mut self, wanted: Option<&str>, state: &State) {
        let Some(wanted) = wanted else { return };
        let found = state.founded.as_ref().map(|founded| &*founded.ledger);
        if found != Some(wanted) {
            self.wrong(Some(0), format!("this is not the ledger `{wanted}`"));
        }
    }

    /// The key that the source itself names is of no weight; that it is another is worth saying.
    fn source_key(&mut self, source: &Source, note: &[u8], signed: Option<&Signed>) -> Result<()> {
        if let (Some(named), Some(signed)) = (source.vkey()?, signed)
            && named != signed.log_key
            && !signs(note, &named)
        {
            self.wrong(None, format!("`vkey` names {named}, and the checkpoint is signed by {}", signed.log_key));
        }
        Ok(())
    }

    fn reference(&mut self, source: &Source, state: &State) -> Result<Share> {
        let rows = state.founded.iter().flat_map(|founded| founded.code_lists.iter().chain(&founded.policies));
        let mut share = Share { done: 0, of: 0 };
        for row in rows {
            share.of += 1;
            let served = source.data(&row.sha256)?;
            let held = || codes::by_sha256(&row.sha256).map(|file| file.text.as_bytes().to_vec());
            // A file of entries carries no data; what this program holds has the hash by its making.
            let file = if source.has_tiles() { served } else { held() };
            match file {
                Some(bytes) if Sha256::digest(&bytes).as_slice() == row.sha256.as_bytes() => share.done += 1,
                Some(_) => {
                    self.wrong(None, format!("the reference data {} have another hash than entry 0 pins", row.id));
                }
                None => self.wrong(None, format!("the reference data {} ({}) are not there", row.id, row.sha256)),
            }
        }
        Ok(share)
    }

    fn report(
        self,
        scope: &Scope,
        findings: &Findings,
        signed: Option<Signed>,
        reference_data: Share,
        elapsed: u128,
    ) -> Report {
        let state = &findings.replay.state;
        let stopped = findings.stopped.as_ref().map(|stopped| StopReport {
            code: stopped.stop.code().to_owned(),
            index: stopped.index,
            reason: stopped.stop.to_string(),
        });
        let wrong = self.problems.iter().filter_map(|problem| problem.index);
        let first_bad_index = wrong.chain(stopped.as_ref().map(|stop| stop.index)).min();
        let partial = scope.decide < scope.size;
        Report {
            ok: self.problems.is_empty() && stopped.is_none() && state.size == scope.decide,
            ledger: state.founded.as_ref().map(|founded| founded.ledger.to_string()),
            demonstration: state
                .founded
                .as_ref()
                .is_some_and(|founded| founded.origin.starts_with("demo.counterpart.example/")),
            size: scope.size,
            root: findings.root.to_string(),
            decided_root: partial.then(|| findings.decided_root.to_string()),
            checkpoint: CheckpointReport {
                holds: signed.is_some(),
                key_from: signed.as_ref().map_or("ledger", |signed| signed.source),
                log_key: signed.as_ref().map(|signed| signed.log_key.clone()),
                witnesses: signed
                    .into_iter()
                    .flat_map(|signed| signed.witnesses)
                    .map(|witness| WitnessReport { name: witness.name, timestamp: witness.timestamp })
                    .collect(),
            },
            decisions: Share { done: state.size, of: scope.decide },
            door_checks: Share { done: 0, of: findings.with_words },
            erased: erased(state),
            reference_data,
            stopped,
            first_bad_index,
            problems: self.problems,
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        }
    }
}

/// Words whose day has come. That they are gone from a store cannot be seen from the log; that they were to go can.
fn erased(state: &State) -> Vec<ErasedReport> {
    let now = state.recorded_at.map_or_else(shell::now, |newest| newest.max(shell::now()));
    let due = state.due_erasures(now).into_iter();
    due.map(|erasure| ErasedReport {
        by: erasure.event.to_string(),
        index: erasure.target_index,
        pointers: erasure.pointers.iter().map(|pointer| pointer.as_str().to_owned()).collect(),
        reason: erasure.reason.to_string(),
        since: erasure.at.to_string(),
    })
    .collect()
}

/// A line that is written over while the audit runs, on a terminal alone.
struct Progress {
    shown: bool,
    of: u64,
    watch: shell::Stopwatch,
}

impl Progress {
    fn new(common: &Common, of: u64) -> Self {
        Self { shown: !common.quiet && shell::talks_to_terminal(), of, watch: shell::Stopwatch::start() }
    }

    fn tell(&mut self, decided: u64) {
        if self.shown {
            let millis = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = decided.saturating_mul(1000) / millis;
            shell::say_part(&format!("\r{decided} of {} entries decided, {rate} a second ", self.of));
        }
    }

    fn end(&self) {
        if self.shown {
            shell::say_part("\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests;
