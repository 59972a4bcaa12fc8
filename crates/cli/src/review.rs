//! What a joint signer looks at besides the event itself: terms that it brings, or the version that it names.

use anyhow::{Context, Result};
use counterpart_core::commitment::Disclosure;
use counterpart_core::event::Event;
use counterpart_core::event::data::Data;
use counterpart_core::ids::Stream;
use counterpart_core::wire::Digest;

use crate::Common;
use crate::ending::Fault;
use crate::ledger::Ledger;
use crate::signing::Hand;
use crate::terms::Read;
use crate::versions::{Drafts, Version};

/// Derives anew what the event claims: the header from the terms that it brings, and the version hash that it names.
///
/// # Errors
///
/// They differ (exit 4), or the terms of a version that would be signed are nowhere to be read.
pub fn look(ledger: &Ledger, event: &Event, words: &[Disclosure], hand: &Hand, common: &Common) -> Result<()> {
    if let (Some(header), Some(terms)) = (event.data.header(), event.data.terms()) {
        let number = 0;
        let hash = Digest([0; 32]);
        let proposed =
            Version { number, header: Some(Box::new(header.clone())), terms: Some(terms), hash, proposed_by: event.id };
        let read = Read::open(words, &proposed)?;
        read.check(ledger, &proposed)?;
        common.say("The header follows from the terms.");
    }
    let Some(named) = named(&event.data) else { return Ok(()) };
    let Stream::Agreement(_) = event.stream else { return Ok(()) };
    let drafts = Drafts::of(ledger, event.stream)?;
    let version = drafts.versions.iter().find(|version| version.hash == named);
    let version = version.with_context(|| format!("no version of this agreement has the hash {named}"));
    let version = version.map_err(|error| Fault::unverified(error.to_string()))?;
    Read::told(ledger, event.stream, version, None, Some(hand), common)
}

/// The same for an event from a file, which may have come without its words.
///
/// # Errors
///
/// As for [`look`].
pub fn look_if_held(
    ledger: &Ledger,
    event: &Event,
    words: &[Disclosure],
    hand: Option<&Hand>,
    common: &Common,
) -> Result<()> {
    match hand {
        Some(hand) if !words.is_empty() || event.data.terms().is_none() => look(ledger, event, words, hand, common),
        Some(_) | None => Ok(()),
    }
}

/// The version that an event names.
fn named(data: &Data) -> Option<Digest> {
    if let Data::AdviceGiven(data) = data {
        Some(data.version_hash)
    } else if let Data::ApprovalGiven(data) = data {
        Some(data.version_hash)
    } else if let Data::ExecutionSigned(data) = data {
        Some(data.version_hash)
    } else if let Data::TermsSubmitted(data) = data {
        Some(data.version_hash)
    } else if let Data::CounterProposalAccepted(data) = data {
        Some(data.version_hash)
    } else {
        None
    }
}
