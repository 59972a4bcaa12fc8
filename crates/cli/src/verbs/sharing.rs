//! What happens with data under an agreement: sent, lost, destroyed, held, documented, corrected.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::event::data::{DestructionOutcome, DocumentKind, HoldReason, IncidentStatus, RecordBand};
use counterpart_core::header::{Method, Pointer};
use counterpart_core::ids::{Code, DatasetId, EventId, OrganisationCode};
use counterpart_core::time::{Date, Timestamp};
use counterpart_core::words::{IncidentKind, IncidentSeverity, RegulatorTold};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::agreements::say;
use super::{Members, code, codes};
use crate::act::Acting;
use crate::ending::Ending;
use crate::seal::document;
use crate::{Common, shell};

#[derive(Subcommand)]
pub enum Sharing {
    /// Record that data were sent
    ///
    ///   counterpart log-disclosure DSA-2026-000042 --dataset DS-1 --from 2026-04-01 --to 2026-04-30 \
    ///     --band UNDER_1000 --method SFTP -k HCK.IAO
    #[command(verbatim_doc_comment)]
    LogDisclosure {
        /// Which agreement: its id or reference
        agreement: String,
        /// A dataset
        #[arg(long = "dataset", required = true, value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        /// A recipient; none: every recipient of the datasets
        #[arg(long = "recipient", value_name = "CODE")]
        recipients: Vec<OrganisationCode>,
        /// The first day of the period that the data cover
        #[arg(long, value_name = "DATE")]
        from: Date,
        /// The last day of the period
        #[arg(long, value_name = "DATE")]
        to: Date,
        /// About how many records
        #[arg(long)]
        band: RecordBand,
        /// How they moved
        #[arg(long)]
        method: Method,
        /// The record of the transfer; only its SHA-256 is committed to
        #[arg(long, value_name = "FILE")]
        transfer: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Tell the parties of an incident
    ///
    ///   counterpart note-incident DSA-2026-000042 --kind CONFIDENTIALITY --severity HIGH --people UNDER_100 \
    ///     --regulator PENDING --text "…" -k CMD.DPO
    #[command(verbatim_doc_comment)]
    NoteIncident {
        /// Which agreement: its id or reference
        agreement: String,
        /// Of what kind
        #[arg(long)]
        kind: IncidentKind,
        /// How grave
        #[arg(long)]
        severity: IncidentSeverity,
        /// About how many people
        #[arg(long)]
        people: RecordBand,
        /// Whether the regulator was told: YES, NO or PENDING
        #[arg(long)]
        regulator: RegulatorTold,
        /// When it was found, an instant [default: now]
        #[arg(long, value_name = "TIME")]
        discovered_at: Option<Timestamp>,
        /// When the 72 hours of Article 33 began, an instant
        #[arg(long, value_name = "TIME")]
        clock_started_at: Option<Timestamp>,
        /// A dataset that it is about
        #[arg(long = "dataset", value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        /// The regulator's reference
        #[arg(long)]
        reference: Option<String>,
        /// What happened
        #[arg(long)]
        text: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Say how an incident goes on
    ///
    ///   counterpart update-incident DSA-2026-000042 --incident 0198… --status CLOSED --text "…" -k CMD.DPO
    #[command(verbatim_doc_comment)]
    UpdateIncident {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that noted it
        #[arg(long, value_name = "EVENT")]
        incident: EventId,
        /// OPEN, CONTAINED, CRITICAL_OPEN or CLOSED
        #[arg(long)]
        status: IncidentStatus,
        /// Whether the people concerned were told
        #[arg(long, value_name = "BOOL")]
        people_told: Option<bool>,
        /// The regulator's reference
        #[arg(long)]
        reference: Option<String>,
        /// What was done
        #[arg(long)]
        text: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Certify what became of data that your organisation received (IAO and SEC, or IAO with a supplier's certificate)
    ///
    ///   counterpart certify-destruction DSA-2026-000042 --outcome DESTROYED --copies "…" --standard NCSC \
    ///     -k CMD.IAO -k CMD.SEC
    #[command(verbatim_doc_comment)]
    CertifyDestruction {
        /// Which agreement: its id or reference
        agreement: String,
        /// DESTROYED, RETURNED, ANONYMISED or RETAINED_UNDER_LAW
        #[arg(long)]
        outcome: DestructionOutcome,
        /// A dataset; none: all for which your organisation has a duty
        #[arg(long = "dataset", value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        /// The day [default: today in London]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        /// When data kept under a law are looked at again
        #[arg(long, value_name = "DATE")]
        recheck: Option<Date>,
        /// What became of copies and backups
        #[arg(long, value_name = "TEXT")]
        copies: String,
        /// The standard of destruction, a code
        #[arg(long, value_name = "CODE")]
        standard: Option<Code>,
        /// The law under which they are kept
        #[arg(long, value_name = "TEXT")]
        law: Option<String>,
        /// A supplier's certificate, in the place of the security lead's signature
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Hold data: they must not be destroyed until your organisation lets go
    ///
    ///   counterpart place-hold DSA-2026-000042 --reason INQUIRY -k HCK.LGL
    #[command(verbatim_doc_comment)]
    PlaceHold {
        /// Which agreement: its id or reference
        agreement: String,
        /// LITIGATION, INQUIRY, REGULATOR or POLICE
        #[arg(long)]
        reason: HoldReason,
        /// A dataset; none: all
        #[arg(long = "dataset", value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Let go of a hold
    ///
    ///   counterpart release-hold DSA-2026-000042 --hold 0198… -k HCK.LGL
    #[command(verbatim_doc_comment)]
    ReleaseHold {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that placed it
        #[arg(long, value_name = "EVENT")]
        hold: EventId,
        #[command(flatten)]
        acting: Acting,
    },
    /// Make a document part of the evidence; only its SHA-256 is committed to, and the file stays here
    ///
    ///   counterpart attach DSA-2026-000042 dpia.pdf --kind DPIA -k HCK.DPO
    #[command(verbatim_doc_comment)]
    Attach {
        /// Which agreement: its id or reference
        agreement: String,
        /// The document
        file: PathBuf,
        /// What it is: DPIA, LIA, APD, SEALED, LEGAL_OPINION, DATA_DICTIONARY, …
        #[arg(long)]
        kind: DocumentKind,
        #[command(flatten)]
        acting: Acting,
    },
    /// Say what an earlier event should have said; no decision changes
    ///
    ///   counterpart correct DSA-2026-000042 --target 0198… --pointer /words --reason "…" -k CMD.SIRO
    #[command(verbatim_doc_comment)]
    Correct {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event
        #[arg(long, value_name = "EVENT")]
        target: EventId,
        /// Which of its words: a JSON Pointer within its data
        #[arg(long, value_name = "POINTER")]
        pointer: Pointer,
        /// What it should have said
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Sharing {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let (acting, agreement, event_type, data) = match self {
            Self::LogDisclosure { agreement, datasets, recipients, from, to, band, method, transfer, acting } => {
                let data = Members::new()
                    .with("band", code(band))
                    .with("datasets", codes(datasets))
                    .with("from", code(from))
                    .with("method", code(method))
                    .maybe("recipients", (!recipients.is_empty()).then(|| codes(recipients)))
                    .with("to", code(to))
                    .maybe("transfer", transfer.as_deref().map(file_hash).transpose()?);
                (acting, agreement, "DisclosureLogged", data)
            }
            Self::NoteIncident {
                agreement,
                kind,
                severity,
                people,
                regulator,
                discovered_at,
                clock_started_at,
                datasets,
                reference,
                text,
                acting,
            } => {
                let words = Members::new()
                    .maybe("clock_started_at", clock_started_at.as_ref().map(code))
                    .maybe("datasets", (!datasets.is_empty()).then(|| codes(datasets)))
                    .with("discovered_at", code(&discovered_at.unwrap_or_else(shell::now)))
                    .with("kind", code(kind))
                    .with("people", code(people))
                    .maybe("reference", reference.clone())
                    .with("regulator", code(regulator))
                    .with("severity", code(severity))
                    .with("text", text.clone());
                let about_a_key = *kind == IncidentKind::Key;
                let data = Members::new().with("key", about_a_key).with("words", document(&words.into()));
                (acting, agreement, "IncidentNoted", data)
            }
            Self::UpdateIncident { agreement, incident, status, people_told, reference, text, acting } => {
                let words = Members::new()
                    .maybe("people_told", *people_told)
                    .maybe("reference", reference.clone())
                    .with("text", text.clone());
                let data = Members::new()
                    .with("incident", code(incident))
                    .with("status", code(status))
                    .with("words", document(&words.into()));
                (acting, agreement, "IncidentUpdated", data)
            }
            Self::CertifyDestruction {
                agreement,
                outcome,
                datasets,
                on,
                recheck,
                copies,
                standard,
                law,
                certificate,
                acting,
            } => {
                let words = Members::new()
                    .with("copies", copies.clone())
                    .maybe("law", law.clone())
                    .maybe("standard", standard.as_ref().map(code));
                let today = counterpart_core::london::date_of(shell::now());
                let data = Members::new()
                    .maybe("certificate", certificate.as_deref().map(file_hash).transpose()?)
                    .with("datasets", codes(datasets))
                    .with("on", code(&on.unwrap_or(today)))
                    .with("outcome", code(outcome))
                    .maybe("recheck", recheck.as_ref().map(code))
                    .with("words", document(&words.into()));
                (acting, agreement, "DestructionCertified", data)
            }
            Self::PlaceHold { agreement, reason, datasets, acting } => {
                let data = Members::new().with("datasets", codes(datasets)).with("reason", code(reason));
                (acting, agreement, "RetentionHoldPlaced", data)
            }
            Self::ReleaseHold { agreement, hold, acting } => {
                (acting, agreement, "RetentionHoldReleased", Members::new().with("hold", code(hold)))
            }
            Self::Attach { agreement, file, kind, acting } => {
                let data = Members::new().with("file", file_hash(file)?).with("kind", code(kind));
                (acting, agreement, "DocumentAttached", data)
            }
            Self::Correct { agreement, target, pointer, reason, acting } => {
                let data = Members::new()
                    .with("pointer", pointer.as_str())
                    .with("target", code(target))
                    .with("words", document(&json!({ "reason": reason })));
                (acting, agreement, "Corrected", data)
            }
        };
        say(acting, agreement, event_type, data, common)
    }
}

/// A file by its hash.
pub(super) fn file_hash(path: &Path) -> Result<Value> {
    let hash = hex::encode(Sha256::digest(shell::read(path)?));
    Ok(json!({ "$sha256": hash }))
}
