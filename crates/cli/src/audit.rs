//! `audit`: a log is checked again, whole, by somebody who trusts nobody.

mod belt;
mod engine;
mod explain;
mod judged;
mod kept;
mod progress;
mod refused;
mod report;
mod source;
mod tree;
pub mod trust;
mod would_admit;

pub use report::DEMONSTRATION;

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use counterpart_tlog::checkpoint::Checkpoint;

use self::engine::{Scope, SoFar, Verified};
use self::judged::Judged;
use self::kept::{Keeping, Kept};
use self::progress::Progress;
use self::refused::Refused;
use self::source::Source;
use self::trust::Trust;
use crate::ending::{Ending, Fault};
use crate::histories::keep_both;
use crate::session::Reading;
use crate::{Common, shell};

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
///   counterpart audit https://ledger.example --state audit.state          goes on from where it stood
///   counterpart audit https://ledger.example --as CMD.AUD                 a ledger that is closed to strangers
///   counterpart audit ./mirror --explain 4711
///   counterpart audit ./mirror --would-admit mine.json --refusal answer.json
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
    /// The ledger's signed refusal of that submission: decide where the ledger says that it decided; exit 4 if its
    /// code is not the one that the rules give
    #[arg(long, value_name = "FILE", requires = "would_admit")]
    refusal: Option<PathBuf>,
    /// Show why the event at this index was admissible then, or was not
    #[arg(long, value_name = "INDEX", conflicts_with_all = ["would_admit", "at_size"])]
    explain: Option<u64>,
    /// Decide only so many entries, and give the root after them
    #[arg(long, value_name = "N", conflicts_with = "would_admit")]
    at_size: Option<u64>,
    /// An older checkpoint that this log must contain; or how many entries were verified before, with --state
    #[arg(long, value_name = "CHECKPOINT|N")]
    from: Option<PathBuf>,
    /// Where what was verified is kept: the next audit costs only what is new, and one that was stopped goes on
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    reading: Reading,
}

/// A checkpoint that an auditor brings.
struct Older {
    path: PathBuf,
    note: Vec<u8>,
    claimed: Checkpoint,
}

impl Audit {
    /// Audits, reports, and judges a submission or explains an entry if asked to.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let watch = shell::Stopwatch::start();
        let trust = Trust::new(self.vkey.as_deref(), self.policy.as_deref())?;
        let refused = self.refusal.as_deref().map(|path| Refused::read(&shell::read(path)?)).transpose()?;
        let (older, from) = self.from()?;
        let keeping = self.state.as_deref().map(Keeping::at).transpose()?;
        let token = self.reading.token(&self.log, common)?;
        let source = Source::open(&self.log, token.as_deref())?;
        let note = source.checkpoint()?;
        let claimed = trust::claimed(&note)?;
        trust.check_early(&note, source.has_handovers()?)?;
        if let Some(older) = &older
            && older.claimed.size > claimed.size
        {
            return Err(Fault::unverified(format!(
                "the log has {} entries, and the older checkpoint covers {}: it was shortened",
                claimed.size, older.claimed.size
            )));
        }
        let asked = self.at_size.or(self.explain).or(refused.as_ref().map(|refused| refused.size));
        let scope = Scope {
            size: claimed.size,
            decide: asked.unwrap_or(claimed.size).min(claimed.size),
            older: older.as_ref().map(|older| older.claimed.size),
        };
        if let Some(index) = self.explain.filter(|index| *index >= claimed.size) {
            return Err(Fault::usage(format!("there is no entry {index}; the log has {}", claimed.size)));
        }
        let kept = Self::kept(keeping.as_ref(), from, &note, &claimed, &scope, common)?;
        let (known, verified) = match kept {
            Some(Kept { verified, checkpoint, whole }) => (whole.then_some(checkpoint), verified),
            None => (None, Verified::default()),
        };
        let text = String::from_utf8_lossy(&note);
        let mut progress = Progress::new(common, scope.decide, keeping.as_ref(), &text);
        let findings = engine::run(&source, &scope, verified, &mut progress);
        progress.end();
        let findings = findings?;
        let mut judged = Judged::default();
        let handovers = judged.handovers(&source, &claimed, &findings)?;
        let signed = judged.checkpoint(&trust, &handovers, &note, &claimed, &findings);
        judged.tree(&claimed, &findings);
        judged.older(older.as_ref(), (&trust, &handovers), &text, &findings)?;
        judged.known(known.as_deref(), keeping.as_ref(), (&self.log, token.as_deref(), &text), &claimed, &findings)?;
        judged.identity(self.ledger.as_deref(), &findings.replay.state);
        judged.source_key(&source, &note, signed.as_ref())?;
        let reference_data = judged.reference(&source, &findings.replay.state)?;
        let report = judged.report(&scope, &findings, signed, reference_data, watch.elapsed().as_millis());
        if let Some(keeping) = keeping.filter(|_| report.ok && scope.decide == scope.size) {
            let so_far = SoFar {
                replay: &findings.replay,
                edge: &findings.edge,
                with_words: findings.with_words,
                handovers: &findings.handovers,
            };
            keeping.save(&so_far, &text, true)?;
        }
        let asks = self.would_admit.is_some() || self.explain.is_some();
        match (common.json, asks) {
            (true, false) => shell::line(&serde_json::to_string(&report)?),
            // The answer is the datum then, and the audit before it is talk.
            (true, true) => report.lines().iter().for_each(|line| common.say(line)),
            (false, _) => report.lines().iter().for_each(|line| shell::line(line)),
        }
        if let Some(index) = self.explain
            && findings.replay.state.size == index
        {
            let told = explain::explain(findings.replay, findings.next);
            told.tell(common);
            return Ok(if report.ok && told.is_admitted() { Ending::Done } else { Ending::Unverified });
        }
        if !report.ok {
            return Ok(Ending::Unverified);
        }
        match (&self.would_admit, refused) {
            (Some(path), Some(refused)) => {
                refused.compare(findings.replay, &findings.decided_root, &shell::read(path)?, common)
            }
            (Some(path), None) => Ok(would_admit::judge(findings.replay, &shell::read(path)?, shell::now(), common)),
            (None, _) => Ok(Ending::Done),
        }
    }

    /// The older checkpoint, or how many entries were verified before.
    fn from(&self) -> Result<(Option<Older>, Option<u64>)> {
        let Some(path) = &self.from else { return Ok((None, None)) };
        if let Some(size) = path.to_str().and_then(|text| text.parse().ok()).filter(|_| !path.exists()) {
            if self.state.is_none() {
                return Err(Fault::usage("--from N goes on from what --state FILE keeps; say where that is"));
            }
            return Ok((None, Some(size)));
        }
        let note = shell::read(path)?;
        let claimed = trust::claimed(&note)?;
        Ok((Some(Older { path: path.clone(), note, claimed }), None))
    }

    /// What was verified before, if it is of use here.
    fn kept(
        keeping: Option<&Keeping>,
        from: Option<u64>,
        note: &[u8],
        claimed: &Checkpoint,
        scope: &Scope,
        common: &Common,
    ) -> Result<Option<Kept>> {
        let Some(keeping) = keeping else { return Ok(None) };
        let kept = keeping.load()?;
        let size = kept.as_ref().map_or(0, |kept| kept.verified.replay.state.size);
        if let Some(from) = from.filter(|from| *from != size) {
            let path = keeping.path().display();
            return Err(Fault::usage(format!(
                "`{path}` keeps {size} verified entries of this program, not {from}; leave --from out to go on from there"
            )));
        }
        let Some(kept) = kept else {
            if keeping.path().exists() {
                common.say("What was kept is by another version of this program, so everything is verified again.");
            }
            return Ok(None);
        };
        let before = trust::claimed(kept.checkpoint.as_bytes())?;
        if before.origin != claimed.origin {
            return Err(Fault::unverified(format!(
                "the log is `{}` and what was kept is of `{}`; give another --state for another log",
                claimed.origin, before.origin
            )));
        }
        if claimed.size < size && kept.whole {
            let text = String::from_utf8_lossy(note);
            let folder = keep_both(keeping.path(), &kept.checkpoint, &text, shell::now())?;
            return Err(Fault::unverified(format!(
                "ROLLBACK: the log shows {} entries and has shown {size} before; it was rolled back, or an old \
                 checkpoint is replayed. Both signed checkpoints are kept in {}",
                claimed.size,
                folder.display()
            )));
        }
        if scope.decide < size || scope.older.is_some_and(|older| older < size) {
            common.say("What was kept reaches further than what is asked for, so everything is verified again.");
            return Ok(None);
        }
        common.say(&format!("Going on from {size} entries that were verified before."));
        Ok(Some(kept))
    }
}

#[cfg(test)]
mod tests;
