//! A request: filed, taken up, submitted for signing, refused, withdrawn.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::event::data::TriageOutcome;
use counterpart_core::header::Pointer;
use counterpart_core::ids::{AgreementId, EventId, Stream};
use counterpart_core::time::Date;
use counterpart_core::words::RefusalReason;
use serde_json::json;

use super::agreements::say;
use super::drafting::Proposed;
use super::{Members, code, codes};
use crate::act::{Acting, Statement};
use crate::draft::Draft;
use crate::ending::{Ending, Fault};
use crate::seal::{document, text};
use crate::versions::{Act, Drafts, Meant};
use crate::{Common, shell};

#[derive(Subcommand)]
pub enum Requests {
    /// File a request for an agreement, from a draft
    ///
    ///   counterpart draft new --provider HCK --recipient CMD > agreement.yaml
    ///   counterpart draft check agreement.yaml --url http://127.0.0.1:8080
    ///   counterpart file agreement.yaml -k CMD.IGL --url http://127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    File {
        /// The draft, YAML or JSON
        draft: PathBuf,
        /// The id of the agreement [default: a new one]
        #[arg(long, value_name = "UUID")]
        agreement: Option<AgreementId>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Accept a request for assessment, or send it back
    Triage {
        /// Which agreement: its id or reference
        agreement: String,
        /// ACCEPTED or RETURNED
        #[arg(long)]
        outcome: TriageOutcome,
        /// What is missing: a JSON Pointer within the terms
        #[arg(long, value_name = "POINTER")]
        missing: Vec<Pointer>,
        /// Words on it
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Freeze the terms, and begin signing
    Submit {
        /// Which agreement: its id or reference
        agreement: String,
        /// The last day for signing, at most 90 days on
        #[arg(long, value_name = "DATE")]
        approve_by: Date,
        #[command(flatten)]
        meant: Meant,
        #[command(flatten)]
        acting: Acting,
    },
    /// Refuse a request, with reasons
    Refuse {
        /// Which agreement: its id or reference
        agreement: String,
        /// A reason of the list of refusals
        #[arg(long = "reason", required = true, value_name = "CODE")]
        reasons: Vec<RefusalReason>,
        /// Explanation, 50 characters or more
        #[arg(long)]
        text: String,
        /// What might be done instead
        #[arg(long, value_name = "TEXT")]
        alternatives: Option<String>,
        /// How to ask for a review
        #[arg(long, value_name = "TEXT")]
        review_route: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Withdraw a request, or with --target one signature
    Withdraw {
        /// Which agreement: its id or reference
        agreement: String,
        /// The approval or execution that is taken back
        #[arg(long, value_name = "EVENT")]
        target: Option<EventId>,
        /// Why; needed for a signature
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Requests {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::File { draft, agreement, acting } => file(&Draft::read(draft)?, *agreement, acting, common),
            Self::Triage { agreement, outcome, missing, note, acting } => {
                let missing: Vec<&str> = missing.iter().map(Pointer::as_str).collect();
                let data = Members::new()
                    .with("missing", missing)
                    .maybe("note", note.as_deref().map(text))
                    .with("outcome", code(outcome));
                say(acting, agreement, "RequestTriaged", data, common)
            }
            Self::Submit { agreement, approve_by, meant, acting } => {
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let version = drafts.meant(Act::Submit, None, *meant)?;
                let data = Members::new()
                    .with("approve_by", code(approve_by))
                    .with("version", version.number)
                    .with("version_hash", code(&version.hash));
                acting.perform(&ledger, &hands, Statement::new(drafts.stream, "TermsSubmitted", data.into()), common)
            }
            Self::Refuse { agreement, reasons, text, alternatives, review_route, acting } => {
                let words = Members::new()
                    .maybe("alternatives", alternatives.clone())
                    .with("reasons", codes(reasons))
                    .maybe("review_route", review_route.clone())
                    .with("text", text.clone());
                let data = Members::new().with("words", document(&words.into()));
                say(acting, agreement, "RequestRefused", data, common)
            }
            Self::Withdraw { agreement, target: Some(target), reason, acting } => {
                let Some(reason) = reason else {
                    return Err(Fault::usage("say why the signature is taken back, with --reason"));
                };
                let data =
                    Members::new().with("target", code(target)).with("words", document(&json!({ "reason": reason })));
                say(acting, agreement, "ApprovalWithdrawn", data, common)
            }
            Self::Withdraw { agreement, target: None, reason, acting } => {
                let words = reason.as_ref().map(|reason| document(&json!({ "reason": reason })));
                say(acting, agreement, "RequestWithdrawn", Members::new().maybe("words", words), common)
            }
        }
    }
}

fn file(draft: &Draft, agreement: Option<AgreementId>, acting: &Acting, common: &Common) -> Result<Ending> {
    let (Some(requesting), Some(contacts)) = (draft.requesting_organisation, &draft.contacts) else {
        return Err(Fault::usage("a draft that is filed says `requesting_organisation` and `contacts`"));
    };
    let hands = acting.hands(common)?;
    let ledger = acting.ledger(common)?;
    let proposed = Proposed::new(draft, &ledger, None, common)?;
    let data = Members::new()
        .with("contacts", document(contacts))
        .with("header", proposed.header)
        .maybe("needed_by", draft.needed_by.as_ref().map(code))
        .with("requesting_organisation", code(&requesting))
        .with("terms", proposed.terms)
        .with("warnings_acknowledged", proposed.warnings);
    let stream = Stream::Agreement(agreement.unwrap_or_else(shell::agreement_id));
    let said =
        Statement { id: proposed.id, stream, event_type: "RequestFiled", data: data.into(), opened: proposed.opened };
    acting.perform(&ledger, &hands, said, common)
}
