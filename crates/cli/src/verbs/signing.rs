//! Signing a version: advice, approval, execution, or a no. The terms are read and the header is derived again first.

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use counterpart_core::event::data::{AdviceKind, DeclineKind};
use counterpart_core::header::ExecutionForm;
use counterpart_core::ids::{DatasetId, Stream};
use counterpart_core::words::{AdviceOutcome, RefusalReason};
use serde_json::json;

use super::agreements::add_list;
use super::sharing::file_hash;
use super::{Members, code, codes};
use crate::Common;
use crate::act::{Acting, Statement};
use crate::ending::{Ending, Fault};
use crate::ledger::Ledger;
use crate::seal::{document, text};
use crate::signing::Hand;
use crate::terms::Read;
use crate::versions::{Act, Drafts, Meant, Version};

/// Where the terms are that the signer reads.
#[derive(Args, Clone, Debug)]
pub struct Reading {
    /// The words of the version: a kept receipt or the submission that filed it [default: what this home or the ledger holds]
    #[arg(long, value_name = "FILE", conflicts_with = "unread")]
    terms: Option<PathBuf>,
    /// Sign without the terms having been read and the header derived again
    #[arg(long)]
    unread: bool,
    #[command(flatten)]
    meant: Meant,
}

#[derive(Subcommand)]
pub enum Signing {
    /// Advise on a version: DPO, LGL, CG or SEC, the role of the key
    ///
    ///   counterpart advise DSA-2026-000042 --outcome SUPPORT --reasons "…" -k CMD.DPO
    #[command(verbatim_doc_comment)]
    Advise {
        /// Which agreement: its id or reference
        agreement: String,
        /// SUPPORT, SUPPORT_WITH_CONDITIONS or ADVISE_AGAINST
        #[arg(long)]
        outcome: AdviceOutcome,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reasons: String,
        /// A condition of the support
        #[arg(long = "condition", value_name = "TEXT")]
        conditions: Vec<String>,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        acting: Acting,
    },
    /// Approve a version in a required role
    Approve {
        /// Which agreement: its id or reference
        agreement: String,
        /// A dataset that an asset owner releases or receives; none: all
        #[arg(long = "dataset", value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        /// Why, against the organisation's own advice
        #[arg(long = "override", value_name = "TEXT")]
        override_: Option<String>,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        acting: Acting,
    },
    /// Execute a version: your organisation binds itself
    Execute {
        /// Which agreement: its id or reference
        agreement: String,
        /// What is executed [default: the form that the header names]
        #[arg(long)]
        form: Option<ExecutionForm>,
        /// The sealed document, for a deed
        #[arg(long, value_name = "FILE")]
        sealed: Option<PathBuf>,
        /// Why, against the organisation's own advice, where no approval of yours says so
        #[arg(long = "override", value_name = "TEXT")]
        override_: Option<String>,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        acting: Acting,
    },
    /// Decline a version: for changes, or for good
    #[command(group = ArgGroup::new("kind").required(true))]
    Decline {
        /// Which agreement: its id or reference
        agreement: String,
        /// Return it for changes
        #[arg(long = "return", group = "kind")]
        return_: bool,
        /// Decline it for good
        #[arg(long = "final", group = "kind")]
        final_: bool,
        /// A reason of the list of refusals
        #[arg(long = "reason", required = true, value_name = "CODE")]
        reasons: Vec<RefusalReason>,
        /// Explanation, 50 characters or more
        #[arg(long)]
        text: String,
        #[command(flatten)]
        meant: Meant,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Signing {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Advise { agreement, outcome, reasons, conditions, reading, acting } => {
                let hands = acting.hands(common)?;
                let role = hands.first().map(|hand| hand.signer.role);
                let kind = role.and_then(|role| role.as_str().parse::<AdviceKind>().ok());
                let kind = kind.ok_or_else(|| {
                    Fault::usage("advice is signed by a DPO, LGL, CG or SEC; name such a key with --key")
                })?;
                let ledger = acting.ledger(common)?;
                let (stream, version) = reading.read(Act::Advise, &ledger, agreement, &hands, common)?;
                let mut words = json!({ "outcome": outcome, "reasons": reasons });
                add_list(&mut words, "conditions", conditions);
                let data = Members::new()
                    .with("kind", code(&kind))
                    .with("version_hash", code(&version.hash))
                    .with("words", document(&words));
                acting.perform(&ledger, &hands, Statement::new(stream, "AdviceGiven", data.into()), common)
            }
            Self::Approve { agreement, datasets, override_, reading, acting } => {
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let (stream, version) = reading.read(Act::Sign, &ledger, agreement, &hands, common)?;
                let data = Members::new()
                    .with("datasets", codes(datasets))
                    .maybe("override", override_.as_deref().map(text))
                    .with("version_hash", code(&version.hash));
                acting.perform(&ledger, &hands, Statement::new(stream, "ApprovalGiven", data.into()), common)
            }
            Self::Execute { agreement, form, sealed, override_, reading, acting } => {
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let (stream, version) = reading.read(Act::Sign, &ledger, agreement, &hands, common)?;
                let file = sealed.as_deref().map(file_hash).transpose()?;
                let data = Members::new()
                    .with("form", code(&form.map_or_else(|| version.header().map(|header| header.execution_form), Ok)?))
                    .maybe("override", override_.as_deref().map(text))
                    .maybe("sealed", file)
                    .with("version_hash", code(&version.hash));
                acting.perform(&ledger, &hands, Statement::new(stream, "ExecutionSigned", data.into()), common)
            }
            Self::Decline { agreement, return_, final_: _, reasons, text, meant, acting } => {
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let organisation = hands.first().map(|hand| hand.signer.organisation);
                let version = drafts.meant(Act::Sign, organisation, *meant)?;
                let kind = if *return_ { DeclineKind::Return } else { DeclineKind::Final };
                let words = json!({ "reasons": codes(reasons), "text": text });
                let data = Members::new()
                    .with("kind", code(&kind))
                    .with("version_hash", code(&version.hash))
                    .with("words", document(&words));
                acting.perform(&ledger, &hands, Statement::new(drafts.stream, "ApprovalDeclined", data.into()), common)
            }
        }
    }
}

impl Reading {
    /// The version that is meant, its terms shown and its header derived again from them.
    fn read(
        &self,
        act: Act,
        ledger: &Ledger,
        agreement: &str,
        hands: &[Hand],
        common: &Common,
    ) -> Result<(Stream, Version)> {
        let drafts = Drafts::read(ledger, agreement)?;
        let organisation = hands.first().map(|hand| hand.signer.organisation);
        let version = drafts.meant(act, organisation, self.meant)?.clone();
        let stream = drafts.stream;
        if self.unread {
            common.say(
                "The terms were not read, and the header was not derived again: you sign a hash that the ledger shows.",
            );
            return Ok((stream, version));
        }
        Read::told(ledger, stream, &version, self.terms.as_deref(), hands.first(), common)?;
        Ok((stream, version))
    }
}
