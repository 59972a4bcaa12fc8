//! An agreement in force or under way: suspended, resumed, left, noted.

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::event::data::{NoteVisibility, RevocationGround, SuspensionGround, SuspensionScope};
use counterpart_core::header::{Pointer, PublicRegister};
use counterpart_core::ids::{Code, DatasetId, EventId, OrganisationCode};
use counterpart_core::time::Date;
use serde_json::{Value, json};

use super::{Members, code, codes};
use crate::Common;
use crate::act::{Acting, Statement};
use crate::ending::Ending;
use crate::seal::{document, text};

#[derive(Subcommand)]
pub enum Agreements {
    /// Suspend sharing: it stops when this is recorded
    ///
    ///   counterpart suspend DSA-2026-000042 --ground INCIDENT --scope WHOLE --text "…" -k CMD.SIRO
    #[command(verbatim_doc_comment)]
    Suspend {
        /// Which agreement: its id or reference
        agreement: String,
        /// On which ground
        #[arg(long)]
        ground: SuspensionGround,
        /// How far
        #[arg(long, default_value = "WHOLE")]
        scope: SuspensionScope,
        /// Which party, for scope PARTY
        #[arg(long, value_name = "CODE")]
        organisation: Option<OrganisationCode>,
        /// A dataset, for scope DATASETS
        #[arg(long = "dataset", value_name = "DS-n")]
        datasets: Vec<DatasetId>,
        /// Why
        #[arg(long)]
        text: String,
        /// What must be so before it resumes
        #[arg(long = "lift-condition", value_name = "TEXT")]
        lift_conditions: Vec<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Close a ground of suspension
    Resume {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that opened the ground
        #[arg(long, value_name = "EVENT")]
        ground: EventId,
        /// What shows that sharing may resume
        #[arg(long, required = true, value_name = "TEXT")]
        evidence: Vec<String>,
        /// Explanation
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Give notice that your organisation leaves an agreement
    Revoke {
        /// Which agreement: its id or reference
        agreement: String,
        /// On which ground
        #[arg(long)]
        ground: RevocationGround,
        /// The day from which it is over
        #[arg(long, value_name = "DATE")]
        on: Date,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Take a notice back before it takes effect (between two, with the SIG of the other)
    ///
    ///   counterpart rescind DSA-2026-000042 --target 0198… -k CMD.SIG --with HCK:SIG --gather
    #[command(verbatim_doc_comment)]
    Rescind {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that gave notice
        #[arg(long, value_name = "EVENT")]
        target: EventId,
        #[command(flatten)]
        acting: Acting,
    },
    /// Agree to end an agreement on a day, the same for every party
    ///
    ///   counterpart consent-to-end DSA-2026-000042 --on 2026-09-30 -k CMD.SIG
    #[command(verbatim_doc_comment)]
    ConsentToEnd {
        /// Which agreement: its id or reference
        agreement: String,
        /// The day from which it is over
        #[arg(long, value_name = "DATE")]
        on: Date,
        #[command(flatten)]
        acting: Acting,
    },
    /// Decide what everybody may read of an agreement (the lead party)
    DecidePublication {
        /// Which agreement: its id or reference
        agreement: String,
        /// PUBLISH, PUBLISH_REDACTED or WITHHOLD
        #[arg(long)]
        decision: PublicRegister,
        /// The exemption relied on to withhold
        #[arg(long, value_name = "CODE")]
        exemption: Option<Code>,
        /// When the decision is looked at again
        #[arg(long, value_name = "DATE")]
        look_again: Option<Date>,
        /// What is withheld though the rest is published: a JSON Pointer within the terms
        #[arg(long, value_name = "POINTER")]
        withhold: Vec<Pointer>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Record a note
    Note {
        /// Which agreement: its id or reference
        agreement: String,
        /// What it says
        #[arg(long)]
        text: String,
        /// Who may read it
        #[arg(long, default_value = "PARTIES")]
        visibility: NoteVisibility,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Agreements {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        let (acting, agreement, event_type, data) = match self {
            Self::Suspend { agreement, ground, scope, organisation, datasets, text, lift_conditions, acting } => {
                let mut words = json!({ "text": text });
                add_list(&mut words, "lift_conditions", lift_conditions);
                let data = Members::new()
                    .with("code", code(ground))
                    .with("datasets", codes(datasets))
                    .maybe("organisation", organisation.as_ref().map(code))
                    .with("scope", code(scope))
                    .with("words", document(&words));
                (acting, agreement, "AgreementSuspended", data)
            }
            Self::Resume { agreement, ground, evidence, text, acting } => {
                let words = Members::new().with("evidence", codes(evidence)).maybe("text", text.clone());
                let data = Members::new().with("ground", code(ground)).with("words", document(&words.into()));
                (acting, agreement, "AgreementResumed", data)
            }
            Self::Revoke { agreement, ground, on, reason, acting } => {
                let data = Members::new()
                    .with("ground", code(ground))
                    .with("takes_effect_on", code(on))
                    .with("words", document(&json!({ "reason": reason })));
                (acting, agreement, "RevocationNoticed", data)
            }
            Self::Rescind { agreement, target, acting } => {
                (acting, agreement, "RevocationRescinded", Members::new().with("target", code(target)))
            }
            Self::ConsentToEnd { agreement, on, acting } => {
                (acting, agreement, "TerminationConsented", Members::new().with("takes_effect_on", code(on)))
            }
            Self::DecidePublication { agreement, decision, exemption, look_again, withhold, acting } => {
                let withheld: Vec<&str> = withhold.iter().map(Pointer::as_str).collect();
                let data = Members::new()
                    .with("decision", code(decision))
                    .maybe("exemption", exemption.as_ref().map(code))
                    .maybe("look_again", look_again.as_ref().map(code))
                    .with("withheld", withheld);
                (acting, agreement, "PublicationDecided", data)
            }
            Self::Note { agreement, text: words, visibility, acting } => {
                let data = Members::new().with("text", text(words)).with("visibility", code(visibility));
                (acting, agreement, "NoteRecorded", data)
            }
        };
        say(acting, agreement, event_type, data, common)
    }
}

/// Adds a list that may be left out when it is empty.
pub(super) fn add_list(words: &mut Value, name: &str, values: &[String]) {
    if let Some(members) = words.as_object_mut().filter(|_| !values.is_empty()) {
        members.insert(name.to_owned(), values.into());
    }
}

/// Opens the keys, meets the ledger, finds the agreement, and performs.
pub(super) fn say(
    acting: &Acting,
    agreement: &str,
    event_type: &'static str,
    data: Members,
    common: &Common,
) -> Result<Ending> {
    let hands = acting.hands(common)?;
    let ledger = acting.ledger(common)?;
    let stream = ledger.agreement(agreement)?;
    acting.perform(&ledger, &hands, Statement::new(stream, event_type, data.into()), common)
}
