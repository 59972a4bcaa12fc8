//! An agreement in force that changes: amendments, reviews, who joins it and who leads it.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Subcommand;
use counterpart_core::agreement::class_of;
use counterpart_core::codes::ReferenceSet;
use counterpart_core::event::data::{AmendmentClass, ReviewOutcome};
use counterpart_core::header::{Header, PartyRow};
use counterpart_core::ids::OrganisationCode;
use counterpart_core::roles::required_roles;
use counterpart_core::terms::Party;
use counterpart_core::time::Date;
use serde_json::{Value, json};

use super::agreements::say;
use super::drafting::Proposed;
use super::{Members, code};
use crate::act::{Acting, Statement};
use crate::draft::Draft;
use crate::ending::{Ending, Fault};
use crate::ledger::Ledger;
use crate::seal::document;
use crate::versions::Drafts;
use crate::{Common, documents};

#[derive(Subcommand)]
pub enum Amendments {
    /// Propose to change an agreement in force
    ///
    ///   counterpart draft of DSA-2026-000042 --as CMD.IGL > next.yaml
    ///   counterpart amend DSA-2026-000042 next.yaml --summary "…" --reasons "…" -k CMD.IGL
    #[command(verbatim_doc_comment)]
    Amend {
        /// Which agreement: its id or reference
        agreement: String,
        /// The terms as they would be, a draft
        draft: PathBuf,
        /// What changes, in short
        #[arg(long, value_name = "TEXT")]
        summary: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reasons: String,
        /// M0 to M3: which signatures it needs [default: what follows from the changes]
        #[arg(long)]
        class: Option<AmendmentClass>,
        /// It renews the agreement, after a review
        #[arg(long)]
        renewal: bool,
        /// The words of the version in force [default: what this home or the ledger holds]
        #[arg(long, value_name = "FILE")]
        terms: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Drop the amendment that is open
    ///
    ///   counterpart abandon-amendment DSA-2026-000042 -k CMD.IGL
    #[command(verbatim_doc_comment)]
    AbandonAmendment {
        /// Which agreement: its id or reference
        agreement: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Record that an agreement was reviewed
    ///
    ///   counterpart review DSA-2026-000042 --outcome CONTINUE --next 2027-04-01 --findings "…" -k CMD.IGL
    #[command(verbatim_doc_comment)]
    Review {
        /// Which agreement: its id or reference
        agreement: String,
        /// CONTINUE, AMEND, SUSPEND or END
        #[arg(long)]
        outcome: ReviewOutcome,
        /// When it is reviewed next
        #[arg(long, value_name = "DATE")]
        next: Date,
        /// What was found
        #[arg(long, value_name = "TEXT")]
        findings: String,
        /// What came of the sharing: a measure, `=`, and how much
        #[arg(long = "benefit", value_name = "METRIC=VALUE")]
        benefits: Vec<String>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Invite a body into an agreement (the lead party)
    ///
    /// ROW is a document with the members of the party's row in a header; who must sign for it is worked out here.
    ///
    ///   counterpart invite DSA-2026-000042 row.yaml --contacts contacts.yaml -k WSM.IGL
    #[command(verbatim_doc_comment)]
    Invite {
        /// Which agreement: its id or reference
        agreement: String,
        /// Its row: organisation, capacity, legal_role, regime, functions, article6, gateways, …
        row: PathBuf,
        /// How to reach it, by organisation, a YAML or JSON file
        #[arg(long, value_name = "FILE")]
        contacts: PathBuf,
        #[command(flatten)]
        acting: Acting,
    },
    /// Ask to join an agreement
    ///
    ///   counterpart join DSA-2026-000042 row.yaml --reason "…" -k BRY.IGL
    #[command(verbatim_doc_comment)]
    Join {
        /// Which agreement: its id or reference
        agreement: String,
        /// Your row: organisation, capacity, legal_role, regime, functions, article6, gateways, …
        row: PathBuf,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Let another party lead an agreement (its IGL, and the IGL of the present lead)
    ///
    ///   counterpart change-lead DSA-2026-000042 --lead HCK -k HCK.IGL --with WSM:IGL --gather
    #[command(verbatim_doc_comment)]
    ChangeLead {
        /// Which agreement: its id or reference
        agreement: String,
        /// Who leads from now on
        #[arg(long, value_name = "CODE")]
        lead: OrganisationCode,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Amendments {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::Amend { agreement, draft, summary, reasons, class, renewal, terms, acting } => {
                let draft = Draft::read(draft)?;
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let (words, first) = (terms.as_deref(), hands.first());
                let proposed = Proposed::later(&draft, &drafts, words, &ledger, first, common)?;
                let class = class.unwrap_or(computed(&drafts, &proposed.derived)?);
                common.say(&format!("It is an amendment of class {class}."));
                let Proposed { id, header, terms, opened, .. } = proposed;
                let data = Members::new()
                    .with("class", code(&class))
                    .with("header", header)
                    .with("renewal", *renewal)
                    .with("terms", terms)
                    .with("words", document(&json!({ "reasons": reasons, "summary": summary })));
                let event_type = "AmendmentProposed";
                let said = Statement { id, stream: drafts.stream, event_type, data: data.into(), opened };
                acting.perform(&ledger, &hands, said, common)
            }
            Self::AbandonAmendment { agreement, reason, acting } => {
                let words = reason.as_ref().map(|reason| document(&json!({ "reason": reason })));
                say(acting, agreement, "AmendmentAbandoned", Members::new().maybe("words", words), common)
            }
            Self::Review { agreement, outcome, next, findings, benefits, acting } => {
                let benefits = benefits.iter().map(|text| benefit(text)).collect::<Result<Vec<Value>>>()?;
                let words = Members::new()
                    .maybe("benefits", (!benefits.is_empty()).then_some(benefits))
                    .with("findings", findings.clone());
                let data = Members::new()
                    .with("next_review", code(next))
                    .with("outcome", code(outcome))
                    .with("words", document(&words.into()));
                say(acting, agreement, "ReviewCompleted", data, common)
            }
            Self::Invite { agreement, row, contacts, acting } => {
                let contacts = documents::read(contacts)?;
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let row = joining(&ledger, &drafts, documents::read(row)?)?;
                let data = Members::new().with("contacts", document(&contacts)).with("row", row);
                let said = Statement::new(drafts.stream, "PartyInvited", data.into());
                acting.perform(&ledger, &hands, said, common)
            }
            Self::Join { agreement, row, reason, acting } => {
                let hands = acting.hands(common)?;
                let ledger = acting.ledger(common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let row = joining(&ledger, &drafts, documents::read(row)?)?;
                let data = Members::new().with("row", row).with("words", document(&json!({ "reason": reason })));
                let said = Statement::new(drafts.stream, "AccessionRequested", data.into());
                acting.perform(&ledger, &hands, said, common)
            }
            Self::ChangeLead { agreement, lead, acting } => {
                say(acting, agreement, "LeadChanged", Members::new().with("lead", code(lead)), common)
            }
        }
    }
}

/// The class that follows from what changes against the version in force.
fn computed(drafts: &Drafts, new: &Header) -> Result<AmendmentClass> {
    let Some(old) = drafts.current()?.header.as_deref() else { return Ok(AmendmentClass::Material) };
    let said = |header: &Header| header.parties.iter().map(Party::from).collect::<Vec<Party>>();
    let changes = new.changes.as_deref().unwrap_or_default();
    Ok(if said(old) == said(new) { class_of(changes, old, new) } else { AmendmentClass::Material })
}

/// The row of a body that joins, with the roles that must sign for it by the policy.
fn joining(ledger: &Ledger, drafts: &Drafts, row: Value) -> Result<Value> {
    let mut row = row;
    let members = row.as_object_mut().context("a row is an object with `organisation` and `capacity`")?;
    members.insert("required_roles".to_owned(), json!([]));
    let mut row: PartyRow =
        serde_json::from_value(row).map_err(|error| anyhow!("this is no row of a party: {error}"))?;
    let facts = ledger.organisation(row.organisation)?;
    let facts =
        facts.ok_or_else(|| Fault::refused(format!("O01: {} is not registered at this ledger", row.organisation)))?;
    let genesis = ledger.genesis();
    let reference = ReferenceSet::resolve(&genesis.code_lists, &genesis.policies)?;
    row.required_roles = required_roles(&row, drafts.current()?.header()?, &facts, &reference);
    Ok(serde_json::to_value(row)?)
}

fn benefit(text: &str) -> Result<Value> {
    let parts = text.split_once('=').filter(|(metric, value)| !metric.is_empty() && !value.is_empty());
    let (metric, value) = parts.ok_or_else(|| Fault::usage(format!("`{text}` is not METRIC=VALUE")))?;
    Ok(json!({ "metric": metric, "value": value }))
}
