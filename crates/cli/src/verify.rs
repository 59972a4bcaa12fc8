//! `verify`: one receipt, proof, evidence bundle or statement, without a network.

mod said;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use counterpart_core::commitment::{Disclosure, Promised};
use counterpart_core::statement::{self, Statement};
use counterpart_core::wire::{EVENT_TYPE, Entry, Envelope};
use counterpart_core::{event, json};
use counterpart_export::check::{self, Checked, Wrong};
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::policy::{Policy, Satisfied};
use counterpart_tlog::proof::TlogProof;
use counterpart_tlog::{Hash, leaf_hash};
use serde_json::Value;

use crate::audit::trust;
use crate::ending::{Ending, Fault};
use crate::pins::Pins;
use crate::receipt::Receipt;
use crate::{Common, shell};

/// Check a receipt, a .tlog-proof, an evidence bundle or a statement about a log, offline
///
/// Says what was checked and what was not. Without --vkey or --policy the key is the one that you pinned when you
/// first used the ledger. Exit code 4 if anything does not hold.
///
/// Examples:
///   counterpart verify receipt.json --vkey ledger.example/london/log+1a2b3c4d+AbC…
///   counterpart verify event.tlog-proof --entry entry.json --policy witnesses.policy
///   counterpart verify DSA-2026-000042-bundle.zip --policy witnesses.policy
///   counterpart verify repair-2026-11-30T16-00-00-000Z.note --vkey ledger.example/london/log+1a2b3c4d+AbC…
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Verify {
    /// A receipt (JSON), a .tlog-proof, a bundle (zip) or a statement (note); - for standard input
    file: PathBuf,
    /// The log's verifier key
    #[arg(long, value_name = "KEY", conflicts_with = "policy")]
    vkey: Option<String>,
    /// A policy that names logs and witnesses (C2SP tlog-policy)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The signed envelope or the submission, for a receipt that carries none
    #[arg(long, value_name = "FILE")]
    envelope: Option<PathBuf>,
    /// The bytes of the entry, for a proof
    #[arg(long, value_name = "FILE")]
    entry: Option<PathBuf>,
    /// The leaf hash, in hex or base64, for a proof
    #[arg(long, value_name = "HASH", conflicts_with = "entry")]
    leaf: Option<String>,
}

/// What was checked, and what could not be.
#[derive(Default)]
struct Told {
    checked: Vec<String>,
    open: Vec<String>,
}

impl Verify {
    /// Checks, and says what was checked.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let bytes = shell::read(&self.file)?;
        let mut told = Told::default();
        let verdict = if check::is_bundle(&bytes) {
            self.bundle(&bytes, common, &mut told)
        } else if statement::is_statement(&bytes) {
            self.statement(&bytes, common, &mut told)
        } else if bytes.starts_with(b"c2sp.org/tlog-proof") {
            self.proof(&bytes, common, &mut told)
        } else {
            self.receipt(&bytes, common, &mut told)
        };
        let problem = match verdict {
            Ok(()) => None,
            Err(error) if crate::ending::of(&error) == Ending::Unverified => Some(format!("{error:#}")),
            Err(error) => return Err(error),
        };
        if common.json {
            let answer = serde_json::json!({
                "checked": told.checked, "not_checked": told.open, "ok": problem.is_none(), "problem": problem,
            });
            shell::line(&answer.to_string());
        } else {
            told.checked.iter().for_each(|line| shell::line(&format!("checked      {line}")));
            told.open.iter().for_each(|line| shell::line(&format!("not checked  {line}")));
            if let Some(problem) = &problem {
                shell::line(&format!("WRONG        {problem}"));
            }
        }
        Ok(if problem.is_none() { Ending::Done } else { Ending::Unverified })
    }

    /// The policy to check under, for a checkpoint of this origin.
    fn trusted(&self, note: &str, common: &Common, told: &mut Told) -> Result<Policy> {
        if let Some(path) = &self.policy {
            let policy = Policy::parse(shell::read(path)?);
            return policy.map_err(|error| Fault::usage(format!("`{}` is not a policy: {error}", path.display())));
        }
        if let Some(vkey) = &self.vkey {
            return Ok(Policy::of_log(trust::key(vkey)?));
        }
        let claimed = trust::claimed(note.as_bytes())?;
        let origin = claimed.origin;
        let pins = Pins::read(common)?;
        let pin = pins.of_origin(&origin).ok_or_else(|| {
            Fault::usage(format!(
                "no key of `{origin}` is known here; give --vkey KEY or --policy FILE, or nothing is proved"
            ))
        })?;
        told.open.push(format!(
            "the key is the one pinned on first use of {}: compare it with one from elsewhere",
            pin.ledger
        ));
        Ok(Policy::of_log(trust::key(pin.key_at(claimed.size))?))
    }

    fn statement(&self, bytes: &[u8], common: &Common, told: &mut Told) -> Result<()> {
        let (claimed, _) = Statement::parse(bytes).map_err(|error| Fault::unverified(error.to_string()))?;
        let (keys, pinned) = self.keys(&claimed, common, told)?;
        let ledger = said::check(bytes, &keys, told)?;
        match pinned.filter(|pinned| *pinned != ledger) {
            None => Ok(()),
            Some(pinned) => Err(Fault::unverified(format!(
                "the statement does not hold: it is the word of {ledger}, and you pinned {pinned}"
            ))),
        }
    }

    /// The keys of the log that a statement is about, as for a checkpoint, those that handed over included; and the ledger, if
    /// one of that origin is pinned here and its keys are taken from there.
    fn keys(
        &self,
        statement: &Statement,
        common: &Common,
        told: &mut Told,
    ) -> Result<(Vec<VerifierKey>, Option<String>)> {
        if let Some(path) = &self.policy {
            let policy = Policy::parse(shell::read(path)?);
            let policy =
                policy.map_err(|error| Fault::usage(format!("`{}` is not a policy: {error}", path.display())))?;
            return Ok((policy.logs().iter().map(|log| log.key.clone()).collect(), None));
        }
        if let Some(vkey) = &self.vkey {
            return Ok((vec![trust::key(vkey)?], None));
        }
        let pins = Pins::read(common)?;
        let pin = pins.of_origin(&statement.origin).ok_or_else(|| {
            Fault::usage(format!(
                "no key of `{}` is known here; give --vkey KEY or --policy FILE, or nothing is proved",
                statement.origin
            ))
        })?;
        told.open.push(format!(
            "the key is the one pinned on first use of {}: compare it with one from elsewhere",
            pin.ledger
        ));
        let earlier = pin.earlier.iter().map(|earlier| earlier.vkey.as_str());
        let keys = std::iter::once(pin.vkey.as_str()).chain(earlier).map(trust::key).collect::<Result<_>>()?;
        Ok((keys, Some(pin.ledger.clone())))
    }

    fn bundle(&self, bytes: &[u8], common: &Common, told: &mut Told) -> Result<()> {
        let wrong = |wrong: Wrong| Fault::unverified(wrong.0);
        let opened = check::open(bytes).map_err(wrong)?;
        let policy = self.trusted(opened.checkpoint().map_err(wrong)?, common, told)?;
        let mut checked = Checked::default();
        let verdict = opened.check(&policy, &mut checked);
        told.checked.append(&mut checked.checked);
        told.open.append(&mut checked.open);
        verdict.map(drop).map_err(wrong)
    }

    fn proof(&self, bytes: &[u8], common: &Common, told: &mut Told) -> Result<()> {
        let proof =
            TlogProof::parse(bytes).map_err(|error| Fault::unverified(format!("the proof is malformed: {error}")))?;
        let policy = self.trusted(&proof.checkpoint_note, common, told)?;
        let entry = match &self.entry {
            Some(path) => Some(entry_bytes(shell::read(path)?)),
            None => proof.extra.clone().filter(|_| self.leaf.is_none()),
        };
        let leaf = match (&entry, &self.leaf) {
            (Some(entry), _) => leaf_hash(entry),
            (None, Some(text)) => Hash::from_hex(text)
                .or_else(|_| Hash::from_base64(text))
                .map_err(|_| Fault::usage(format!("`{text}` is not a leaf hash in hex or base64")))?,
            (None, None) => {
                return Err(Fault::usage(
                    "the proof carries no entry: give its bytes with --entry FILE, or its hash with --leaf",
                ));
            }
        };
        let satisfied = proof
            .verify(&leaf, &policy)
            .map_err(|error| Fault::unverified(format!("the proof does not hold: {error}")))?;
        log_told(&satisfied, &policy, told);
        told.checked.push(format!("the leaf {} is entry {} of them", leaf.to_hex(), proof.index));
        match entry.map(|entry| Entry::parse(&entry)) {
            None => told.open.push("the entry itself was not looked at".to_owned()),
            Some(Err(error)) => told.open.push(format!("what the entry says: it is no event ({error})")),
            Some(Ok(entry)) => event_told(&entry.envelope, entry.recorded_at.to_string().as_str(), told)?,
        }
        Ok(())
    }

    fn receipt(&self, bytes: &[u8], common: &Common, told: &mut Told) -> Result<()> {
        let receipt: Receipt = serde_json::from_slice(bytes)
            .map_err(|error| Fault::unverified(format!("the file is neither a receipt nor a .tlog-proof: {error}")))?;
        if let Some(words) = &receipt.demonstration {
            told.checked.push(words.clone());
        }
        let policy = self.trusted(&receipt.checkpoint, common, told)?;
        let mut value = receipt.envelope.clone();
        let mut words = receipt.disclosures.clone();
        if let Some(path) = &self.envelope {
            let given: Value = serde_json::from_slice(&shell::read(path)?)
                .with_context(|| format!("`{}` is not JSON", path.display()))?;
            words = given.get("disclosures").cloned().or(words);
            value = Some(given.get("envelope").cloned().unwrap_or(given));
        }
        let envelope = value.map(|value| Envelope::parse_request(value.to_string().as_bytes(), EVENT_TYPE)).transpose();
        let envelope = envelope.map_err(|error| Fault::unverified(format!("{}: {error}", error.code())))?;
        let satisfied = receipt.check(envelope.as_ref(), &policy).map_err(Fault::unverified)?;
        log_told(&satisfied, &policy, told);
        told.checked.push(format!("entry {} of them is {}", receipt.index, receipt.id));
        match &envelope {
            None => {
                told.open.push("the event itself: the receipt carries no envelope; give it with --envelope".to_owned());
            }
            Some(envelope) => {
                event_told(envelope, &receipt.recorded_at.to_string(), told)?;
                if let Some(words) = words {
                    words_told(envelope, &words, told)?;
                }
            }
        }
        Ok(())
    }
}

fn log_told(satisfied: &Satisfied, policy: &Policy, told: &mut Told) {
    let checkpoint = &satisfied.checkpoint;
    told.checked
        .push(format!("the log {} signed {} entries, by {}", checkpoint.origin, checkpoint.size, satisfied.log_key));
    if policy.asks_for_witnesses() {
        let names: Vec<&str> = satisfied.witnesses.iter().map(|witness| witness.name.as_str()).collect();
        told.checked.push(format!("witnesses cosigned: {}", names.join(", ")));
    } else {
        told.open
            .push("witnesses: no policy asks for any, so another history may have been shown to others".to_owned());
    }
}

fn event_told(envelope: &Envelope, recorded_at: &str, told: &mut Told) -> Result<()> {
    let event = event::parse(envelope).map_err(|error| Fault::unverified(format!("{}: {error}", error.code())))?;
    told.checked.push(format!(
        "it is {} {} of stream {}, recorded at {recorded_at}",
        event.event_type(),
        event.id,
        event.stream
    ));
    let signers: Vec<String> = event
        .signers
        .iter()
        .map(|signer| {
            format!("{} as {} of {} with key {}", signer.person, signer.role, signer.organisation, signer.key)
        })
        .collect();
    told.open.push(format!(
        "that the signers' keys are theirs ({}): only the whole log says so, see `counterpart audit`",
        signers.join("; ")
    ));
    Ok(())
}

fn words_told(envelope: &Envelope, words: &Value, told: &mut Told) -> Result<()> {
    let wrong = |problem: String| Fault::unverified(format!("the words do not open their commitments: {problem}"));
    let event = event::parse(envelope).map_err(|error| wrong(error.to_string()))?;
    let disclosures: Vec<Disclosure> =
        serde_json::from_value(words.clone()).map_err(|error| wrong(error.to_string()))?;
    let payload =
        json::parse(&envelope.payload, json::Limits { max_depth: event::MAX_DEPTH, max_bytes: envelope.payload.len() });
    let payload = payload.map_err(|error| wrong(error.to_string()))?;
    let data = payload.member("data").cloned().unwrap_or(json::Value::Object(Vec::new()));
    let mut promised = Promised::of(&event.id.to_string(), &data).map_err(|error| wrong(error.to_string()))?;
    promised.open_any(&disclosures).map_err(|error| wrong(error.to_string()))?;
    told.checked.push(format!(
        "{} of {} commitments are opened by the words that the file carries",
        disclosures.len(),
        promised.count()
    ));
    Ok(())
}

/// An entry may have been saved with a final newline, which is not part of it.
fn entry_bytes(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    bytes
}
