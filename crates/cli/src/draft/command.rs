//! `draft new`, `draft check` and `draft diff`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Subcommand;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::terms::Party;
use counterpart_core::{derive, london};
use serde_json::{Map, Value, json};

use super::{Draft, around_ledger, around_nothing, judge};
use crate::ending::Ending;
use crate::key::Where;
use crate::ledger::Ledger;
use crate::terms::Read;
use crate::versions::{Drafts, Meant};
use crate::{Common, act, documents, shell};

/// An example about people: what every such draft holds, and one about children known to two boroughs.
const EXAMPLE: [&str; 2] = [
    include_str!("../../../../config/demo/papers/personal.json"),
    include_str!("../../../../config/demo/papers/safeguarding.json"),
];

/// Write, check and compare drafts
#[derive(Subcommand)]
pub enum DraftCommand {
    /// Print an example draft between two organisations, to be changed
    ///
    ///   counterpart draft new --provider HCK --recipient CMD > agreement.yaml
    #[command(verbatim_doc_comment)]
    New {
        /// Who gives data
        #[arg(long, value_name = "CODE")]
        provider: OrganisationCode,
        /// Who receives data, and asks
        #[arg(long, value_name = "CODE")]
        recipient: OrganisationCode,
    },
    /// Check a draft by the rule book, every message at once
    ///
    /// Without --url the parties are taken for ordinary London boroughs, and what depends on their particulars is not
    /// checked. Exit code 3 if there are errors.
    ///
    ///   counterpart draft check agreement.yaml
    ///   counterpart draft check agreement.yaml --url http://127.0.0.1:8080 --json
    #[command(verbatim_doc_comment)]
    Check {
        /// The draft, YAML or JSON
        draft: PathBuf,
        /// A ledger whose organisations and reference data count
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Print the terms that an agreement has now as a draft, to be changed for a counter-proposal or an amendment
    ///
    ///   counterpart draft of DSA-2026-000042 --as CMD.IGL --url http://127.0.0.1:8080 > next.yaml
    #[command(verbatim_doc_comment)]
    Of {
        /// Which agreement: its id or reference
        agreement: String,
        #[command(flatten)]
        meant: Meant,
        /// The words of the version: a kept receipt or the submission that brought it [default: what this home or the ledger holds]
        #[arg(long, value_name = "FILE")]
        terms: Option<PathBuf>,
        /// Read for the organisation of this key
        #[arg(long = "as", value_name = "KEY")]
        reader: Option<String>,
        #[command(flatten)]
        place: Where,
        /// The ledger
        #[arg(long, value_name = "URL", env = "COUNTERPART_URL")]
        url: String,
    },
    /// Name the paths in which the terms of two drafts differ
    Diff {
        /// The older draft
        old: PathBuf,
        /// The newer draft
        new: PathBuf,
    },
}

impl DraftCommand {
    /// Does it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::New { provider, recipient } => {
                let draft = example(*provider, *recipient)?;
                print(&draft, common)?;
                common.say("This is an example that passes the rules. Replace every word of it by your own.");
                Ok(Ending::Done)
            }
            Self::Check { draft, url } => check(&Draft::read(draft)?, url.as_deref(), common),
            Self::Of { agreement, meant, terms, reader, place, url } => {
                let folder = place.folder(common)?;
                let hand = reader.as_ref().map(|name| act::hand(&folder, name, common)).transpose()?;
                let ledger = Ledger::meet_as(url, None, &|| Ok(hand.iter().cloned().collect()), common)?;
                let drafts = Drafts::read(&ledger, agreement)?;
                let version = meant.version.map_or_else(|| drafts.answered(), |number| drafts.version(number))?;
                let read = Read::find(&ledger, drafts.stream, version, terms.as_deref(), hand.as_ref(), common)?;
                let parties: Vec<Party> = version.header()?.parties.iter().map(Party::from).collect();
                print(&json!({ "parties": parties, "terms": serde_json::to_value(read.whole())? }), common)?;
                common.say(&format!("These are the terms of version {}. Change what is to change.", version.number));
                Ok(Ending::Done)
            }
            Self::Diff { old, new } => {
                let terms = |path: &PathBuf| -> Result<counterpart_core::json::Value> {
                    let terms = Draft::read(path)?.terms;
                    documents::strict(&terms).map_err(|problem| anyhow::anyhow!("`{}`: {problem}", path.display()))
                };
                let paths = derive::changes(&terms(old)?, &terms(new)?)?;
                if common.json {
                    let paths: Vec<&str> = paths.iter().map(counterpart_core::header::Pointer::as_str).collect();
                    shell::line(&json!({ "changes": paths }).to_string());
                } else {
                    for path in &paths {
                        shell::line(path.as_str());
                    }
                }
                Ok(Ending::Done)
            }
        }
    }
}

fn print(draft: &Value, common: &Common) -> Result<()> {
    if common.json {
        shell::line(&format!("{draft:#}"));
    } else {
        shell::data(serde_yaml_ng::to_string(draft)?.as_bytes());
    }
    Ok(())
}

fn check(draft: &Draft, url: Option<&str>, common: &Common) -> Result<Ending> {
    let around = match url {
        Some(url) => around_ledger(&Ledger::meet(url, common)?, draft)?,
        None => around_nothing(draft)?,
    };
    let judged = judge(draft, &draft.seal(shell::event_id())?, &around, None)?;
    if common.json {
        shell::line(&json!({ "header": judged.header, "messages": judged.messages }).to_string());
    } else {
        for message in &judged.messages {
            shell::line(&format!(
                "{:<7} {} {}\n        {} {}",
                message.severity, message.code, message.path, message.message, message.help
            ));
        }
        let errors = judged.messages.iter().filter(|message| message.is_error()).count();
        shell::line(&format!("{errors} error(s), {} warning(s)", judged.messages.len() - errors));
    }
    if url.is_none() {
        common.say("Checked without a ledger: the parties were taken for ordinary London boroughs.");
    }
    Ok(if judged.is_valid() { Ending::Done } else { Ending::Refused })
}

fn example(provider: OrganisationCode, recipient: OrganisationCode) -> Result<Value> {
    let today = london::date_of(shell::now());
    let (start, end) = (today.add_days(30), today.add_days(30 + 700));
    let mut terms = Map::new();
    for text in EXAMPLE {
        let text = text
            .replace("@FROM@", provider.as_str())
            .replace("@TO@", recipient.as_str())
            .replace("@START@", &start.to_string())
            .replace("@END@", &end.to_string())
            .replace("@REVIEW@", &start.add_days(300).to_string())
            .replace("@DPIA@", &today.add_days(-60).to_string());
        let members: Map<String, Value> = serde_json::from_str(&text).context("the example is JSON")?;
        terms.extend(members);
    }
    terms.retain(|_, member| !member.as_object().is_some_and(Map::is_empty) && *member != json!([]));
    let party = |code: OrganisationCode, capacity: &str| json!({ "capacity": capacity, "functions": ["CHILD_SC"], "legal_role": "CONTROLLER", "organisation": code, "regime": "UKGDPR" });
    let contacts = |code: OrganisationCode| {
        let mailbox = |name: &str| format!("{name}@{}.example", code.as_str().to_lowercase());
        json!({
            "breach": mailbox("breach"), "complaints": mailbox("complaints"), "dpo": mailbox("dpo"),
            "ico_registration": "Z1234567", "ig": mailbox("ig"), "rights": mailbox("rights"),
        })
    };
    Ok(json!({
        "contacts": { provider.as_str(): contacts(provider), recipient.as_str(): contacts(recipient) },
        "parties": [party(provider, "PROVIDER"), party(recipient, "RECIPIENT")],
        "requesting_organisation": recipient,
        "terms": plain(Value::Object(terms)),
    }))
}

/// In a paper of the demonstration a string that begins with `~` is free text.
fn plain(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.strip_prefix('~').map_or_else(|| text.clone(), str::to_owned)),
        Value::Array(elements) => elements.into_iter().map(plain).collect(),
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, plain(member))).collect(),
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}
