//! What bodies and registrars say of the record itself: contested signatures, successions, the rules of the ledger.

use anyhow::{Context, Result};
use clap::Subcommand;
use counterpart_core::event::data::{
    ClosingReason, ContestOutcome, LedgerName, MembershipChange, SuccessionKind, SuccessionOutcome, VerifierKeyText,
};
use counterpart_core::ids::{AgreementId, Code, EventId, OrganisationCode, Role, Stream};
use counterpart_core::time::Date;
use counterpart_core::wire::{Digest, KeyId};
use serde_json::{Value, json};

use super::incoming::{Incoming, incoming};
use super::offices::say;
use super::{Members, code, codes};
use crate::Common;
use crate::act::Acting;
use crate::ending::{Ending, Fault};
use crate::seal::{document, text};

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
    /// Record that bodies take the place of others (two registrars, and the chief executives of all)
    ///
    ///   counterpart succeed --kind MERGE --from NCL --from NWL --to WNL --effective 2026-04-01 --instrument "…" \
    ///     -k REG.REG.1 -k REG.REG.2 -k WNL.CEX -k NCL.CEX -k NWL.CEX
    #[command(verbatim_doc_comment)]
    Succeed {
        /// MERGE, REPLACE, SPLIT, TRANSFER or RENAME
        #[arg(long)]
        kind: SuccessionKind,
        /// A body whose place is taken
        #[arg(long = "from", required = true, value_name = "CODE")]
        from: Vec<OrganisationCode>,
        /// A body that takes it
        #[arg(long = "to", required = true, value_name = "CODE")]
        to: Vec<OrganisationCode>,
        /// The first day
        #[arg(long)]
        effective: Date,
        /// The instrument that says so
        #[arg(long, value_name = "TEXT")]
        instrument: String,
        /// Who takes what is not named [default: the first `--to`]
        #[arg(long, value_name = "CODE")]
        default: Option<OrganisationCode>,
        /// Who takes one agreement: its stream key, `=`, and the code of a successor
        #[arg(long = "map", value_name = "UUID=CODE")]
        mapping: Vec<String>,
        /// A function that passes, for TRANSFER
        #[arg(long = "function", value_name = "CODE")]
        functions: Vec<Code>,
        #[command(flatten)]
        acting: Acting,
    },
    /// Object to a succession of a body that has no chief executive (its SIRO or SIG)
    ObjectToSuccession {
        /// The body
        organisation: OrganisationCode,
        /// The succession
        #[arg(long, value_name = "EVENT")]
        target: EventId,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Stand by an agreement that came to your organisation from another (SIRO)
    ConfirmSuccession {
        /// Which agreement: its id or reference
        agreement: String,
        /// Whose place was taken
        #[arg(long, value_name = "CODE")]
        predecessor: OrganisationCode,
        /// NO_CHANGES or NEEDS_AMENDMENT
        #[arg(long)]
        outcome: SuccessionOutcome,
        #[command(flatten)]
        acting: Acting,
    },
    /// Record that a body joins or leaves a partnership (two registrars, or the partnership)
    Partnership {
        /// The body
        organisation: OrganisationCode,
        /// The partnership
        #[arg(long, value_name = "CODE")]
        partnership: OrganisationCode,
        /// JOINED or LEFT
        #[arg(long)]
        change: MembershipChange,
        /// Since when
        #[arg(long)]
        on: Date,
        /// Where that is said
        #[arg(long, value_name = "TEXT")]
        source: String,
        #[command(flatten)]
        acting: Acting,
    },
    /// Publish another version of a code list or policy that this program holds (two registrars)
    PublishReference {
        /// The list or policy, for example CL-GATE
        id: Code,
        /// Its version
        #[arg(long)]
        version: u32,
        /// The SHA-256 of the file, as `counterpart reference` prints it
        #[arg(long, value_name = "HEX")]
        sha256: Digest,
        /// The first day on which it is in force
        #[arg(long, value_name = "DATE")]
        from: Date,
        #[command(flatten)]
        acting: Acting,
    },
    /// Let another version of the rules decide from the next entry on (two registrars)
    AdoptRules {
        /// Their version
        rules: u32,
        #[command(flatten)]
        acting: Acting,
    },
    /// Change who registers (the threshold in force, and each new registrar)
    ///
    ///   counterpart change-registrars --add PER-7QF2M9K0XW3T:bWFr… --remove 9a41… --threshold 2 \
    ///     -k REG.REG.1 --with REG:REG:PER-…:… --gather
    #[command(verbatim_doc_comment)]
    ChangeRegistrars {
        /// A new registrar: a key of this folder, which signs, or PERSON:PUBLIC of one who signs elsewhere
        #[arg(long = "add", value_name = "KEY")]
        add: Vec<String>,
        /// The id of a key that registers no more
        #[arg(long = "remove", value_name = "KEYID")]
        remove: Vec<KeyId>,
        /// How many registrars must sign from now on
        #[arg(long)]
        threshold: u32,
        #[command(flatten)]
        acting: Acting,
    },
    /// Name the key that signs the log's checkpoints from a size on (two registrars)
    ChangeLogKey {
        /// The old key, as a vkey
        #[arg(long, value_name = "VKEY")]
        old: VerifierKeyText,
        /// The new key, as a vkey under the same origin
        #[arg(long, value_name = "VKEY")]
        new: VerifierKeyText,
        /// The size of the first checkpoint that the new key signs, together with the old one
        #[arg(long, value_name = "SIZE")]
        first_size: u64,
        #[command(flatten)]
        acting: Acting,
    },
    /// Publish which witnesses are asked (two registrars)
    PublishWitnessPolicy {
        /// The SHA-256 of the policy file
        sha256: Digest,
        #[command(flatten)]
        acting: Acting,
    },
    /// Close the ledger: nothing more is recorded in it (two registrars)
    CloseLedger {
        /// SUCCEEDED, DAMAGED or ENDED
        #[arg(long)]
        reason: ClosingReason,
        /// The ledger that goes on: its origin, `#` and 64 hexadecimal digits
        #[arg(long, value_name = "ORIGIN#HEX")]
        successor: Option<LedgerName>,
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
            Self::Succeed { kind, from, to, effective, instrument, default, mapping, functions, acting } => {
                let first = to.first().context("name a body that takes the place")?;
                let mapping = mapping.iter().map(|text| mapped(text)).collect::<Result<Vec<Value>>>()?;
                let data = Members::new()
                    .with("default", code(default.as_ref().unwrap_or(first)))
                    .with("effective", code(effective))
                    .maybe("functions", (!functions.is_empty()).then(|| codes(functions)))
                    .with("instrument", text(instrument))
                    .with("kind", code(kind))
                    .with("mapping", mapping)
                    .with("predecessors", codes(from))
                    .with("successors", codes(to));
                let stream = from.first().context("name a body whose place is taken")?;
                say(acting, Stream::Organisation(*stream), "OrganisationSucceeded", data, common)
            }
            Self::ObjectToSuccession { organisation, target, reason, acting } => {
                let words = document(&json!({ "reason": reason }));
                let data = Members::new().with("target", code(target)).with("words", words);
                say(acting, Stream::Organisation(*organisation), "SuccessionObjected", data, common)
            }
            Self::ConfirmSuccession { agreement, predecessor, outcome, acting } => {
                let data = Members::new().with("outcome", code(outcome)).with("predecessor", code(predecessor));
                say(acting, subject(agreement, acting, common)?, "SuccessionConfirmed", data, common)
            }
            Self::Partnership { organisation, partnership, change, on, source, acting } => {
                let data = Members::new()
                    .with("change", code(change))
                    .with("on", code(on))
                    .with("partnership", code(partnership))
                    .with("source", text(source));
                say(acting, Stream::Organisation(*organisation), "PartnershipMembershipChanged", data, common)
            }
            Self::PublishReference { id, version, sha256, from, acting } => {
                let policy = id.as_str().starts_with("POLICY-");
                let data = Members::new()
                    .with("id", code(id))
                    .with("in_force_from", code(from))
                    .with("sha256", code(sha256))
                    .with("version", *version);
                let event_type = if policy { "PolicyPublished" } else { "CodeListPublished" };
                say(acting, Stream::Sys, event_type, data, common)
            }
            Self::AdoptRules { rules, acting } => {
                say(acting, Stream::Sys, "RulesAdopted", Members::new().with("rules", *rules), common)
            }
            Self::ChangeRegistrars { add, remove, threshold, acting } => {
                let mut acting = acting.clone();
                let rows = add
                    .iter()
                    .map(|named| incoming(named, OrganisationCode::REGISTRAR, Role::Reg, &mut acting, common));
                let rows = rows.collect::<Result<Vec<Incoming>>>()?;
                let rows: Vec<Value> = rows.iter().map(|row| Value::from(row.members())).collect();
                let data = Members::new().with("add", rows).with("remove", codes(remove)).with("threshold", *threshold);
                say(&acting, Stream::Sys, "RegistrarChanged", data, common)
            }
            Self::ChangeLogKey { old, new, first_size, acting } => {
                let data =
                    Members::new().with("first_size", *first_size).with("new", new.as_str()).with("old", old.as_str());
                say(acting, Stream::Sys, "LogKeyChanged", data, common)
            }
            Self::PublishWitnessPolicy { sha256, acting } => {
                let data = Members::new().with("sha256", code(sha256));
                say(acting, Stream::Sys, "WitnessPolicyPublished", data, common)
            }
            Self::CloseLedger { reason, successor, acting } => {
                let successor = successor.as_ref().map(LedgerName::as_str);
                let data = Members::new().with("reason", code(reason)).maybe("successor", successor);
                say(acting, Stream::Sys, "LedgerClosed", data, common)
            }
        }
    }
}

/// `UUID=CODE` as a row of a mapping.
fn mapped(text: &str) -> Result<Value> {
    let row = text.split_once('=').and_then(|(agreement, successor)| {
        let agreement: AgreementId = agreement.parse().ok()?;
        let successor: OrganisationCode = successor.parse().ok()?;
        Some(json!({ "agreement": agreement, "successor": successor }))
    });
    row.ok_or_else(|| Fault::usage(format!("`{text}` is not the stream key of an agreement, `=` and a code")))
}

/// A stream by its name, or an agreement by its reference.
pub(super) fn subject(named: &str, acting: &Acting, common: &Common) -> Result<Stream> {
    match named.parse() {
        Ok(stream) => Ok(stream),
        Err(_) => {
            acting.ledger(common)?.agreement(named).with_context(|| format!("`{named}` is no stream and no agreement"))
        }
    }
}
