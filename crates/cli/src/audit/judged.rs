//! What an audit found, judged: each thing that does not verify, with its place and what it means.

use std::path::Path;

use anyhow::Result;
use counterpart_core::codes;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::note::VerifierKey;
use sha2::{Digest as _, Sha256};

use super::Older;
use super::engine::{Findings, Scope};
use super::kept::Keeping;
use super::report::{CheckpointReport, ErasedReport, ForkReport, Problem, Report, Share, StopReport, WitnessReport};
use super::source::Source;
use super::trust::{Handover, Signed, Trust};
use crate::histories::keep_both;
use crate::shell;

/// How far an entry may lie after a cosignature that covers it: 5 minutes (wire.md 3).
const WITNESS_SLACK_MS: i64 = 5 * 60 * 1000;

/// What was found wrong so far.
#[derive(Default)]
pub struct Judged {
    problems: Vec<Problem>,
    fork: Option<ForkReport>,
}

impl Judged {
    fn wrong(&mut self, index: Option<u64>, problem: impl Into<String>) {
        self.problems.push(Problem { index, problem: problem.into() });
    }

    pub fn checkpoint(
        &mut self,
        trust: &Trust,
        handovers: &[Handover<'_>],
        note: &[u8],
        claimed: &Checkpoint,
        findings: &Findings,
    ) -> Option<Signed> {
        let state = &findings.replay.state;
        let signed = match trust.check(note, state, handovers) {
            Ok(signed) => signed,
            Err(problem) => {
                self.wrong(None, problem);
                return None;
            }
        };
        // A key that handed over signs beside the one that follows it, and never alone.
        let founded = state.founded.as_ref().filter(|founded| !founded.log_key_changes.is_empty());
        if let Some(current) = founded.and_then(|founded| founded.log_key_at(claimed.size))
            && !signs(note, current)
        {
            self.wrong(None, format!("the checkpoint is not signed by {current}, the log's key at this size"));
        }
        let times = signed.witnesses.iter().map(|witness| (witness.name.as_str(), witness.timestamp));
        self.times(times, claimed.size, findings);
        Some(signed)
    }

    /// The checkpoints under which one key of the log handed over to the next, as far as the source has them.
    ///
    /// # Errors
    ///
    /// The source cannot be read.
    pub fn handovers<'f>(
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

    /// Below a cosigned size nothing was recorded later than the witness saw it, and nothing above it earlier. Times
    /// never go back, so the last entry below and the first one above speak for all.
    fn times<'w>(&mut self, seen: impl Iterator<Item = (&'w str, u64)>, size: u64, findings: &Findings) {
        let recorded = |index: Option<u64>| -> Option<(u64, Timestamp)> {
            let index = index?;
            Some((index, *findings.replay.state.instants.get(usize::try_from(index).ok()?)?))
        };
        let (below, above) = (recorded(size.checked_sub(1)), recorded(Some(size)));
        for (name, at) in seen {
            let at = i64::try_from(at.saturating_mul(1000)).unwrap_or(i64::MAX);
            if let Some((index, _)) = below.filter(|(_, time)| time.millis() > at.saturating_add(WITNESS_SLACK_MS)) {
                let problem = format!("the entry says it was recorded more than 5 minutes after `{name}` cosigned it");
                self.wrong(Some(index), problem);
            }
            if let Some((index, _)) = above.filter(|(_, time)| time.millis() < at.saturating_sub(WITNESS_SLACK_MS)) {
                let problem = format!(
                    "the entry says it was recorded more than 5 minutes before `{name}` cosigned the log without it"
                );
                self.wrong(Some(index), problem);
            }
        }
    }

    pub fn tree(&mut self, claimed: &Checkpoint, findings: &Findings) {
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
    }

    /// The older checkpoint that the auditor brought: signed by the same log, and part of what is shown now.
    pub fn older(
        &mut self,
        older: Option<&Older>,
        (trust, handovers): (&Trust, &[Handover<'_>]),
        shown: &str,
        findings: &Findings,
    ) -> Result<()> {
        let Some(Older { path, note, claimed }) = older else { return Ok(()) };
        let witnesses = match trust.check_older(note, &findings.replay.state, handovers) {
            Ok(witnesses) => witnesses,
            Err(why) => {
                self.wrong(
                    None,
                    format!("the older checkpoint is not one of this log, and says nothing about it: {why}"),
                );
                return Ok(());
            }
        };
        let times = witnesses.iter().map(|witness| (witness.name.as_str(), witness.timestamp));
        self.times(times, claimed.size, findings);
        if findings.older_root != Some(claimed.root) {
            let known = String::from_utf8_lossy(note);
            let folder = self.contradiction(path, &known, shown)?;
            self.wrong(
                None,
                format!(
                    "FORK: the log does not contain the older checkpoint over {} entries: its history was changed. \
                     Both signed checkpoints are kept in {folder}",
                    claimed.size
                ),
            );
        }
        Ok(())
    }

    /// What an earlier audit has verified must be the beginning of what is shown now.
    pub fn known(
        &mut self,
        known: Option<&str>,
        keeping: Option<&Keeping>,
        (log, token, shown): (&str, Option<&str>, &str),
        claimed: &Checkpoint,
        findings: &Findings,
    ) -> Result<()> {
        let (Some(known), Some(keeping)) = (known, keeping) else {
            if findings.went_on_from > 0 && findings.root != claimed.root {
                let problem = "what an audit that was stopped had read does not fit; move the file of --state away and \
                               audit from the beginning";
                self.wrong(None, problem);
            }
            return Ok(());
        };
        if findings.root == claimed.root || findings.missing.is_some() {
            return Ok(());
        }
        let size = findings.went_on_from;
        // The tiles of the source say which history it tells, if they lead to the root that was signed.
        let theirs = counterpart_mirror::Source::open(log)
            .map(|source| source.with_token(token))
            .and_then(|source| source.tree(claimed.size))
            .ok();
        let theirs = theirs.filter(|tree| tree.root() == claimed.root);
        let before = super::trust::claimed(known.as_bytes())?.root;
        let another = theirs.map_or(claimed.size == size, |tree| tree.root_at(size) != Some(before));
        if another {
            let folder = self.contradiction(keeping.path(), known, shown)?;
            self.wrong(
                None,
                format!(
                    "FORK: the log has shown two histories. It signed {size} entries before and now {} that do not \
                     continue them. Both signed checkpoints are kept in {folder}",
                    claimed.size
                ),
            );
        } else {
            self.wrong(None, format!("what is served does not continue the {size} entries that were verified before"));
        }
        Ok(())
    }

    fn contradiction(&mut self, file: &Path, known: &str, shown: &str) -> Result<String> {
        let folder = keep_both(file, known, shown, shell::now())?;
        self.fork = Some(ForkReport { known: known.to_owned(), shown: shown.to_owned() });
        Ok(folder.display().to_string())
    }

    pub fn identity(&mut self, wanted: Option<&str>, state: &State) {
        let Some(wanted) = wanted else { return };
        let found = state.founded.as_ref().map(|founded| &*founded.ledger);
        if found != Some(wanted) {
            self.wrong(Some(0), format!("this is not the ledger `{wanted}`"));
        }
    }

    /// The key that the source itself names is of no weight; that it is another is worth saying.
    pub fn source_key(&mut self, source: &Source, note: &[u8], signed: Option<&Signed>) -> Result<()> {
        if let (Some(named), Some(signed)) = (source.vkey()?, signed)
            && named != signed.log_key
            && !signs(note, &named)
        {
            self.wrong(None, format!("`vkey` names {named}, and the checkpoint is signed by {}", signed.log_key));
        }
        Ok(())
    }

    pub fn reference(&mut self, source: &Source, state: &State) -> Result<Share> {
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

    pub fn report(
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
            fork: self.fork,
            problems: self.problems,
            went_on_from: findings.went_on_from,
            examined: findings.examined,
            elapsed_ms: u64::try_from(elapsed).unwrap_or(u64::MAX),
        }
    }
}

/// Whether a key signed a checkpoint of the log that it is of.
fn signs(note: &[u8], vkey: &str) -> bool {
    VerifierKey::parse(vkey).is_ok_and(|key| Checkpoint::verify(note, key.name(), &key).is_ok())
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
