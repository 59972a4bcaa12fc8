//! Agreements that were made elsewhere, and sharing that an emergency forced.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Subcommand;
use counterpart_core::event::data::ImportStatus;
use counterpart_core::header::{EmergencyGround, HeaderMember, PartialHeader};
use counterpart_core::ids::{AgreementId, EventId, Stream};
use counterpart_core::time::{Date, Timestamp};
use serde_json::{Value, json};

use super::drafting::Proposed;
use super::sharing::file_hash;
use super::{Members, agreements, code, codes};
use crate::act::{Acting, Statement};
use crate::draft::Draft;
use crate::ending::{Ending, Fault};
use crate::seal::{document, text};
use crate::{Common, documents, shell};

#[derive(Subcommand)]
pub enum Imports {
    /// Record an agreement that was made elsewhere (IGL of the lead party); nobody has confirmed it yet
    ///
    /// HEADER is a document with what is known of it: the members of /schemas/header-v1.json. What is missing of those
    /// that a header always has is named as a gap here.
    ///
    ///   counterpart import known.yaml --status ACTIVE --source "…" --signed-on 2019-05-01 -k HCK.IGL
    #[command(verbatim_doc_comment)]
    Import {
        /// What is known of it in clear
        header: PathBuf,
        /// ACTIVE or ENDED
        #[arg(long)]
        status: ImportStatus,
        /// Where it was found
        #[arg(long, value_name = "TEXT")]
        source: String,
        /// When it was signed
        #[arg(long, value_name = "DATE")]
        signed_on: Option<Date>,
        /// The id of the agreement [default: a new one]
        #[arg(long, value_name = "UUID")]
        agreement: Option<AgreementId>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Confirm an import, or a record of sharing in an emergency, with the document that your organisation holds
    ///
    ///   counterpart confirm-import DSA-2026-000042 --import 0198… --document signed.pdf -k CMD.SIG
    #[command(verbatim_doc_comment)]
    ConfirmImport {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that imported or recorded it
        #[arg(long, value_name = "EVENT")]
        import: EventId,
        /// The document; only its SHA-256 is committed to
        #[arg(long, value_name = "FILE")]
        document: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Say that an import is wrong
    ///
    ///   counterpart dispute-import DSA-2026-000042 --import 0198… --reason "…" -k CMD.SIRO
    #[command(verbatim_doc_comment)]
    DisputeImport {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that imported or recorded it
        #[arg(long, value_name = "EVENT")]
        import: EventId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Record sharing that an emergency forced, at most 72 hours after it began (SIRO, CG or DPO of either side)
    ///
    ///   counterpart record-emergency emergency.yaml --began-at 2026-12-14T02:10:00.000Z --ground LIFE \
    ///     --reason "…" -k TWH.SIRO
    #[command(verbatim_doc_comment)]
    RecordEmergency {
        /// What was shared, a draft of type EMG
        draft: PathBuf,
        /// When sharing began, an instant
        #[arg(long, value_name = "TIME")]
        began_at: Timestamp,
        /// On which ground
        #[arg(long)]
        ground: EmergencyGround,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// The id of the agreement [default: a new one]
        #[arg(long, value_name = "UUID")]
        agreement: Option<AgreementId>,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Imports {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Import { header, status, source, signed_on, agreement, acting } => {
                let (header, gaps) = known(header)?;
                let named = if gaps.is_empty() { "nothing".to_owned() } else { list(&gaps) };
                common.say(&format!("Of what a header always has is missing: {named}."));
                let data = Members::new()
                    .with("gaps", codes(&gaps))
                    .with("header", header)
                    .maybe("signed_elsewhere_on", signed_on.as_ref().map(code))
                    .with("source", text(source))
                    .with("status", code(status));
                let stream = Stream::Agreement(agreement.unwrap_or_else(shell::agreement_id));
                super::offices::say(acting, stream, "AgreementImported", data, common)
            }
            Self::ConfirmImport { agreement, import, document, acting } => {
                let data = Members::new().with("document", file_hash(document)?).with("import", code(import));
                agreements::say(acting, agreement, "ImportConfirmed", data, common)
            }
            Self::DisputeImport { agreement, import, reason, acting } => {
                let words = document(&json!({ "reason": reason }));
                let data = Members::new().with("import", code(import)).with("words", words);
                agreements::say(acting, agreement, "ImportDisputed", data, common)
            }
            Self::RecordEmergency { draft, began_at, ground, reason, agreement, acting } => {
                let draft = Draft::read(draft)?;
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let Proposed { id, header, terms, opened, .. } = Proposed::new(&draft, &ledger, None, common)?;
                let data = Members::new()
                    .with("began_at", code(began_at))
                    .with("ground", code(ground))
                    .with("header", header)
                    .with("terms", terms)
                    .with("words", document(&json!({ "reason": reason })));
                let stream = Stream::Agreement(agreement.unwrap_or_else(shell::agreement_id));
                let event_type = "EmergencySharingRecorded";
                let said = Statement { id, stream, event_type, data: data.into(), opened };
                acting.perform(&ledger, &hands, said, common)
            }
        }
    }
}

/// What is known of an import, and what is missing of it. A party row without `required_roles` asks for none.
fn known(path: &Path) -> Result<(Value, Vec<HeaderMember>)> {
    let mut value = documents::read(path)?;
    let rows = value.get_mut("parties").and_then(Value::as_array_mut);
    let rows = rows.with_context(|| format!("`{}` names no parties", path.display()))?;
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        row.entry("required_roles").or_insert_with(|| json!([]));
    }
    let header: PartialHeader = serde_json::from_value(value)
        .map_err(|error| Fault::usage(anyhow!("`{}` is no header: {error}", path.display()).to_string()))?;
    let mut gaps: Vec<HeaderMember> =
        HeaderMember::ALL.iter().copied().filter(|member| member.is_required() && !header.has(*member)).collect();
    gaps.sort_unstable();
    Ok((serde_json::to_value(header)?, gaps))
}

fn list(gaps: &[HeaderMember]) -> String {
    let names: Vec<String> = gaps.iter().map(HeaderMember::to_string).collect();
    names.join(", ")
}
