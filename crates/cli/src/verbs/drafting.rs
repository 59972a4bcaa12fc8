//! Terms on their way into an event: sealed, judged by the rule book, the header derived from them.

use std::path::Path;

use anyhow::Result;
use counterpart_core::commitment::Disclosure;
use counterpart_core::header::{Header, Pointer};
use counterpart_core::ids::EventId;
use counterpart_core::json;
use serde_json::Value;

use crate::draft::{self, Draft};
use crate::ending::Fault;
use crate::ledger::Ledger;
use crate::signing::Hand;
use crate::terms::Read;
use crate::versions::Drafts;
use crate::{Common, shell};

/// A draft that passed the rule book.
pub struct Proposed {
    /// The name that the event will have: the commitments are bound to it.
    pub id: EventId,
    /// What stands in clear.
    pub header: Value,
    /// The same, read.
    pub derived: Header,
    /// The commitment to the terms.
    pub terms: Value,
    /// What opens it.
    pub opened: Vec<Disclosure>,
    /// Codes of the warnings that were shown.
    pub warnings: Vec<String>,
}

impl Proposed {
    /// Seals and judges a draft. `earlier` are the terms, words in place, that a later draft is compared with.
    ///
    /// # Errors
    ///
    /// The rule book says no (exit 3), and nothing was signed.
    pub fn new(draft: &Draft, ledger: &Ledger, earlier: Option<&json::Value>, common: &Common) -> Result<Self> {
        let id = shell::event_id();
        let sealed = draft.seal(id)?;
        let judged = draft::judge(draft, &sealed, &draft::around_ledger(ledger, draft)?, earlier)?;
        draft::tell(&judged.messages, common);
        let mut warnings: Vec<String> =
            judged.messages.iter().filter(|m| !m.is_error()).map(|m| m.code.clone()).collect();
        warnings.sort();
        warnings.dedup();
        let wrong = judged.messages.iter().any(counterpart_core::message::Message::is_error);
        let Some(derived) = judged.header.filter(|_| !wrong) else {
            return Err(Fault::refused("the draft has errors; nothing was signed"));
        };
        Ok(Self {
            id,
            header: serde_json::to_value(&derived)?,
            derived,
            terms: serde_json::to_value(sealed.commitment)?,
            opened: sealed.disclosures,
            warnings,
        })
    }

    /// A later draft of an agreement: its header says what changes against the version that it is compared with.
    ///
    /// # Errors
    ///
    /// As for [`Proposed::new`], or the words of that version are not here.
    pub fn later(
        draft: &Draft,
        drafts: &Drafts,
        words: Option<&Path>,
        ledger: &Ledger,
        hand: Option<&Hand>,
        common: &Common,
    ) -> Result<Self> {
        let answered = drafts.answered()?;
        // An import, or an emergency, may have no terms: then every member of the first ones is a change.
        let earlier = if answered.terms.is_some() {
            let read = Read::find(ledger, drafts.stream, answered, words, hand, common)?;
            if !read.is_whole() {
                return Err(Fault::refused(format!(
                    "not all words of version {} are here, so nobody can say what changes; give them with --terms FILE",
                    answered.number
                )));
            }
            read.whole()
        } else {
            json::Value::Object(Vec::new())
        };
        let proposed = Self::new(draft, ledger, Some(&earlier), common)?;
        let changes: Vec<&str> = proposed.derived.changes.iter().flatten().map(Pointer::as_str).collect();
        let what = if changes.is_empty() { "nothing".to_owned() } else { changes.join(", ") };
        shell::say(&format!("Against version {} it changes: {what}.", answered.number));
        Ok(proposed)
    }
}
