//! Words that auditors may read for a while, and words that are destroyed.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;
use counterpart_core::event::data::ErasureReason;
use counterpart_core::header::Pointer;
use counterpart_core::ids::{EventId, OrganisationCode};
use counterpart_core::time::Date;

use super::registry::subject;
use super::sharing::file_hash;
use super::{Members, agreements, code, offices};
use crate::act::Acting;
use crate::ending::Ending;
use crate::seal::text;
use crate::{Common, shell};

/// The other parties are told so many days before words go, unless they tell of a person (wire.md 5).
const TOLD_DAYS: i64 = 14;

#[derive(Subcommand)]
#[expect(clippy::enum_variant_names, reason = "each is the name of its command")]
pub enum Access {
    /// Let the auditors of a body read words for a while (SIG or IGL for its own words, of every party for the terms)
    ///
    ///   counterpart grant-access DSA-2026-000042 --reader AUD --pointer /words --until 2026-09-30 -k CMD.SIG
    #[command(verbatim_doc_comment)]
    GrantAccess {
        /// Which agreement: its id or reference
        agreement: String,
        /// The body whose auditors read
        #[arg(long, value_name = "CODE")]
        reader: OrganisationCode,
        /// Which words, a JSON Pointer within the data of events; it stands for everything below it too
        #[arg(long = "pointer", required = true, value_name = "POINTER")]
        pointers: Vec<Pointer>,
        /// The last day
        #[arg(long, value_name = "DATE")]
        until: Date,
        /// The order by which registrars open words; only its SHA-256 is committed to
        #[arg(long, value_name = "FILE")]
        order: Option<PathBuf>,
        #[command(flatten)]
        acting: Acting,
    },
    /// End a grant of access before its day (the hands that granted it)
    ///
    ///   counterpart end-access DSA-2026-000042 --grant 0198… -k CMD.SIG
    #[command(verbatim_doc_comment)]
    EndAccess {
        /// Which agreement: its id or reference
        agreement: String,
        /// The event that granted it
        #[arg(long, value_name = "EVENT")]
        grant: EventId,
        #[command(flatten)]
        acting: Acting,
    },
    /// Destroy words of an event (IGL and SIRO of the body whose event it was, or registrars with a court's order)
    ///
    /// The commitments stay, and nothing in the log changes.
    ///
    ///   counterpart erase DSA-2026-000042 --target 0198… --pointer /text --reason PERSONAL_DATA \
    ///     --advice "…" -k CMD.IGL -k CMD.SIRO
    #[command(verbatim_doc_comment)]
    Erase {
        /// Whose stream: an agreement by its id or reference, or `org:CODE`, or `key:KEYID`
        stream: String,
        /// The event
        #[arg(long, value_name = "EVENT")]
        target: EventId,
        /// Which words, a JSON Pointer within its data; it stands for everything below it too
        #[arg(long = "pointer", required = true, value_name = "POINTER")]
        pointers: Vec<Pointer>,
        /// RETENTION_ENDED, PERSONAL_DATA or COURT_ORDER
        #[arg(long)]
        reason: ErasureReason,
        /// What was advised, or the order of the court
        #[arg(long, value_name = "TEXT")]
        advice: String,
        /// The first day on which they are gone [default: the first that may be: today for PERSONAL_DATA, else in 14 days]
        #[arg(long, value_name = "DATE")]
        on: Option<Date>,
        #[command(flatten)]
        acting: Acting,
    },
}

impl Access {
    /// Says it and sends it.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        match self {
            Self::GrantAccess { agreement, reader, pointers, until, order, acting } => {
                let data = Members::new()
                    .maybe("order", order.as_deref().map(file_hash).transpose()?)
                    .with("pointers", listed(pointers))
                    .with("reader", code(reader))
                    .with("until", code(until));
                agreements::say(acting, agreement, "AccessGranted", data, common)
            }
            Self::EndAccess { agreement, grant, acting } => {
                agreements::say(acting, agreement, "AccessEnded", Members::new().with("grant", code(grant)), common)
            }
            Self::Erase { stream, target, pointers, reason, advice, on, acting } => {
                let today = counterpart_core::london::date_of(shell::now());
                let told = if *reason == ErasureReason::PersonalData { 0 } else { TOLD_DAYS };
                let earliest = today.add_days(told);
                let data = Members::new()
                    .with("advice", text(advice))
                    .with("erases_on", code(&on.unwrap_or(earliest)))
                    .with("pointers", listed(pointers))
                    .with("reason", code(reason))
                    .with("target", code(target));
                offices::say(acting, subject(stream, acting, common)?, "DisclosureErased", data, common)
            }
        }
    }
}

fn listed(pointers: &[Pointer]) -> Vec<&str> {
    pointers.iter().map(Pointer::as_str).collect()
}
