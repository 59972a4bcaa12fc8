//! What bodies and registrars say of the record itself: contested signatures, successions, the rules of the ledger.

use anyhow::{Context, Result};
use clap::Subcommand;
use counterpart_core::event::data::ContestOutcome;
use counterpart_core::ids::{EventId, Stream};

use super::offices::say;
use super::{Members, code, codes};
use crate::Common;
use crate::act::Acting;
use crate::ending::Ending;
use crate::seal::text;

#[derive(Subcommand)]
pub enum Registry {
    /// Stand by contested signatures (SIRO or CEX), or disown them (SIRO and CEX together)
    ///
    ///   counterpart resolve-contest DSA-2026-000042 --outcome AFFIRMED --target 0198… --evidence "…" -k CMD.SIRO
    #[command(verbatim_doc_comment)]
    ResolveContest {
        /// Whose stream: an agreement by its id or reference, or `org:CODE`, or `key:KEYID`
        stream: String,
        /// AFFIRMED or DISOWNED
        #[arg(long)]
        outcome: ContestOutcome,
        /// A contested event of that stream
        #[arg(long = "target", required = true, value_name = "EVENT")]
        targets: Vec<EventId>,
        /// What shows it
        #[arg(long, value_name = "TEXT")]
        evidence: String,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Registry {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::ResolveContest { stream, outcome, targets, evidence, acting } => {
                let data = Members::new()
                    .with("evidence", text(evidence))
                    .with("outcome", code(outcome))
                    .with("targets", codes(targets));
                say(acting, subject(stream, acting, common)?, "ContestResolved", data, common)
            }
        }
    }
}

/// A stream by its name, or an agreement by its reference.
fn subject(named: &str, acting: &Acting, common: &Common) -> Result<Stream> {
    match named.parse() {
        Ok(stream) => Ok(stream),
        Err(_) => {
            acting.ledger(common)?.agreement(named).with_context(|| format!("`{named}` is no stream and no agreement"))
        }
    }
}
