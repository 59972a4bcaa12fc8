//! Questions and answers, counter-proposals and replies.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::header::Pointer;
use counterpart_core::ids::{EventId, OrganisationCode};
use counterpart_core::time::Date;
use serde_json::json;

use super::agreements::say;
use super::drafting::Proposed;
use super::{Members, code};
use crate::Common;
use crate::act::{Acting, Statement};
use crate::draft::Draft;
use crate::ending::Ending;
use crate::seal::{document, text};
use crate::versions::{Act, Drafts, Meant};

#[derive(Subcommand)]
pub enum Negotiation {
    /// Ask another party a question
    ///
    ///   counterpart ask DSA-2026-000042 --to HCK --about /purpose --due 2026-05-01 --text "…" -k CMD.IGL
    #[command(verbatim_doc_comment)]
    Ask {
        /// Which agreement: its id or reference
        agreement: String,
        /// Who is asked
        #[arg(long, value_name = "CODE")]
        to: OrganisationCode,
        /// What it is about: a JSON Pointer within the terms
        #[arg(long, value_name = "POINTER")]
        about: Pointer,
        /// By when an answer is hoped for
        #[arg(long, value_name = "DATE")]
        due: Date,
        /// The question
        #[arg(long)]
        text: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Answer a question, perhaps with new terms
    ///
    ///   counterpart clarify DSA-2026-000042 --question 0198… --text "…" -k HCK.IGL
    #[command(verbatim_doc_comment)]
    Clarify {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that asked, or that sent the request back
        #[arg(long, value_name = "EVENT")]
        question: EventId,
        /// The answer
        #[arg(long)]
        text: String,
        /// New terms, header and terms whole: a draft
        #[arg(long, value_name = "FILE")]
        draft: Option<PathBuf>,
        /// The words of the version that the draft answers [default: what this home or the ledger holds]
        #[arg(long, value_name = "FILE")]
        terms: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Propose other terms
    ///
    ///   counterpart draft of DSA-2026-000042 --as HCK.IGL > other.yaml
    ///   counterpart counter DSA-2026-000042 other.yaml --summary "…" --reasons "…" -k HCK.IGL
    #[command(verbatim_doc_comment)]
    Counter {
        /// Which agreement: its id or reference
        agreement: String,
        /// The other terms, a draft
        draft: PathBuf,
        /// What changes, in short
        #[arg(long, value_name = "TEXT")]
        summary: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reasons: String,
        /// The words of the version that it answers [default: what this home or the ledger holds]
        #[arg(long, value_name = "FILE")]
        terms: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Accept the counter-proposal that waits: its terms replace the earlier ones
    ///
    ///   counterpart accept-counter DSA-2026-000042 -k CMD.IGL
    #[command(verbatim_doc_comment)]
    AcceptCounter {
        /// Which agreement: its id or reference
        agreement: String,
        /// Words on it
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        meant: Meant,
        #[command(flatten)]
        acting: Acting,
    },
    /// Reject the counter-proposal that waits: the earlier terms stay
    ///
    ///   counterpart reject-counter DSA-2026-000042 --reason "…" -k CMD.IGL
    #[command(verbatim_doc_comment)]
    RejectCounter {
        /// Which agreement: its id or reference
        agreement: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        meant: Meant,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Negotiation {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Ask { agreement, to, about, due, text: question, acting } => {
                let data = Members::new()
                    .with("asked", code(to))
                    .with("due", code(due))
                    .with("path", about.as_str())
                    .with("text", text(question));
                say(acting, agreement, "ClarificationRequested", data, common)
            }
            Self::Clarify { agreement, question, text: answer, draft: None, terms: _, acting } => {
                let data = Members::new().with("question", code(question)).with("text", text(answer));
                say(acting, agreement, "ClarificationProvided", data, common)
            }
            Self::Clarify { agreement, question, text: answer, draft: Some(draft), terms, acting } => {
                let data = Members::new().with("question", code(question)).with("text", text(answer));
                let terms = terms.as_ref();
                propose(acting, agreement, draft, terms, "ClarificationProvided", data, common)
            }
            Self::Counter { agreement, draft, summary, reasons, terms, acting } => {
                let words = document(&json!({ "reasons": reasons, "summary": summary }));
                let data = Members::new().with("words", words);
                propose(acting, agreement, draft, terms.as_ref(), "CounterProposalMade", data, common)
            }
            Self::AcceptCounter { agreement, reason, meant, acting } => {
                reply(acting, agreement, reason.as_deref(), *meant, "CounterProposalAccepted", common)
            }
            Self::RejectCounter { agreement, reason, meant, acting } => {
                reply(acting, agreement, reason.as_deref(), *meant, "CounterProposalRejected", common)
            }
        }
    }
}

fn propose(
    acting: &Acting,
    agreement: &str,
    draft: &std::path::Path,
    words: Option<&PathBuf>,
    event_type: &'static str,
    data: Members,
    common: &Common,
) -> Result<Ending> {
    let draft = Draft::read(draft)?;
    let hands = acting.hands(common)?;
    let ledger = acting.ledger(common)?;
    let drafts = Drafts::read(&ledger, agreement)?;
    let words = words.map(PathBuf::as_path);
    let Proposed { id, header, terms, opened, .. } =
        Proposed::later(&draft, &drafts, words, &ledger, hands.first(), common)?;
    let data = data.with("header", header).with("terms", terms);
    let said = Statement { id, stream: drafts.stream, event_type, data: data.into(), opened };
    acting.perform(&ledger, &hands, said, common)
}

fn reply(
    acting: &Acting,
    agreement: &str,
    reason: Option<&str>,
    meant: Meant,
    event_type: &'static str,
    common: &Common,
) -> Result<Ending> {
    let hands = acting.hands(common)?;
    let ledger = acting.ledger(common)?;
    let drafts = Drafts::read(&ledger, agreement)?;
    let version = drafts.meant(Act::Answer, None, meant)?;
    common.say(&format!("This answers version {}.", version.number));
    let data = Members::new()
        .with("version_hash", code(&version.hash))
        .maybe("words", reason.map(|reason| document(&json!({ "reason": reason }))));
    acting.perform(&ledger, &hands, Statement::new(drafts.stream, event_type, data.into()), common)
}
