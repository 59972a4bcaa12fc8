//! `send`: signed events from a file, one or many.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use counterpart_core::commitment::Disclosure;
use counterpart_core::wire::{Envelope, Submission, WireError};
use serde_json::Value;

use crate::ending::{Ending, Fault};
use crate::ledger::Ledger;
use crate::{Common, act, shell, signing};

/// Lines of one batch.
const BATCH: usize = 1_000;

/// Send signed events
///
/// FILE holds one submission, or one on each line (NDJSON). Each receipt is checked under the pinned key. A refused
/// line does not stop the next; exit code 3 if any was refused.
///
/// Examples:
///   counterpart send event.json --url http://127.0.0.1:8080
///   counterpart demo --out demo && counterpart send demo/events.ndjson --url http://127.0.0.1:8080
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Send {
    /// A submission or NDJSON; - for standard input
    file: PathBuf,
    /// The ledger
    #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
    url: String,
}

impl Send {
    /// Sends them.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let bytes = shell::read(&self.file)?;
        let first = match Submission::parse(&bytes) {
            Ok(submission) => return self.one(&submission, common),
            Err(error) => error,
        };
        let lines: Vec<&[u8]> =
            bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).collect();
        // A file of one line, or of one document over many, is one submission that is wrong.
        if lines.len() < 2
            || Submission::parse(lines.first().copied().unwrap_or_default()).is_err_and(|e| is_not_json(&e))
        {
            return Err(Fault::refused(format!("{}: {first}", first.code())));
        }
        self.many(&lines, common)
    }

    fn one(&self, submission: &Submission, common: &Common) -> Result<Ending> {
        let ledger = Ledger::meet(&self.url, common)?;
        let words = words(submission)?;
        let (value, _) = ledger.send(&signing::submission(&submission.envelope, &words), &submission.envelope)?;
        act::receipt_told(&value, &submission.envelope, &words, common)?;
        Ok(Ending::Done)
    }

    fn many(&self, lines: &[&[u8]], common: &Common) -> Result<Ending> {
        let ledger = Ledger::meet(&self.url, common)?;
        let (mut recorded, mut refused) = (0_u64, 0_u64);
        for batch in lines.chunks(BATCH) {
            let body = batch.join(&b'\n');
            let answer = ledger.web().post("/api/v1/events/batch", "application/x-ndjson", &body)?;
            if !answer.is_success() {
                return Err(crate::ledger::problem(&answer));
            }
            let answers = answer.body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            let mut told = 0;
            for (line, answer) in batch.iter().zip(answers) {
                told += 1;
                let value: Value = serde_json::from_slice(answer)
                    .map_err(|error| Fault::unverified(format!("an answer is not JSON: {error}")))?;
                if value.get("digest").is_some() && value.get("proof").is_some() {
                    let envelope = envelope_of(line)?;
                    ledger.check(&value, &envelope)?;
                    recorded += 1;
                } else {
                    refused += 1;
                    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
                    common.say(&format!("line {}: {}: {}", recorded + refused, text("code"), text("detail")));
                }
                if common.json {
                    shell::line(&value.to_string());
                }
            }
            if told != batch.len() {
                return Err(Fault::unverified(format!("{} events were sent and {told} were answered", batch.len())));
            }
        }
        if !common.json {
            shell::line(&format!("recorded {recorded}, refused {refused}; every receipt holds under the pinned key"));
        }
        Ok(if refused == 0 { Ending::Done } else { Ending::Refused })
    }
}

fn is_not_json(error: &WireError) -> bool {
    matches!(error, WireError::Json(_))
}

fn envelope_of(line: &[u8]) -> Result<Envelope> {
    let submission = Submission::parse(line);
    // It was recorded, so whoever answered has read something else.
    Ok(submission
        .map_err(|error| Fault::unverified(format!("a line that does not parse was answered with a receipt: {error}")))?
        .envelope)
}

fn words(submission: &Submission) -> Result<Vec<Disclosure>> {
    let words = submission.disclosures.clone();
    words.map_err(|error| Fault::refused(format!("{}: {error}", error.code())))
}
