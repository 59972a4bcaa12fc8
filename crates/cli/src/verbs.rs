//! The verbs: one for each event that a person signs.

mod agreements;
mod keys;
mod offices;
mod registry;
mod requests;
mod signing;

use anyhow::{Context, Result};
use counterpart_core::commitment::Commitment;
use counterpart_core::derive::version_hash;
use counterpart_core::event::Data;
use counterpart_core::header::Header;
use counterpart_core::ids::Stream;
use counterpart_core::json;
use counterpart_core::wire::Digest;
use serde_json::{Map, Value};

pub use agreements::Agreements;
pub use keys::KeyVerbs;
pub use offices::Offices;
pub use registry::Registry;
pub use requests::Requests;
pub use signing::Signing;

use crate::ledger::Ledger;

/// Members of the data of an event; absent ones are left out, for there is no `null`.
#[derive(Default)]
pub struct Members(Map<String, Value>);

impl Members {
    /// No members yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// With one more, if there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl From<Members> for Value {
    fn from(members: Members) -> Self {
        Self::Object(members.0)
    }
}

/// Anything that prints as its code.
pub fn code(value: &impl std::fmt::Display) -> Value {
    Value::String(value.to_string())
}

/// A list of things that print as their codes.
pub fn codes<T: std::fmt::Display>(values: &[T]) -> Value {
    values.iter().map(code).collect()
}

/// One version of an agreement, recomputed from the events of its stream.
pub struct Version {
    /// Its number.
    pub number: u32,
    /// Its header.
    pub header: Header,
    /// The commitment to its terms.
    pub terms: Commitment,
    /// What signers name.
    pub hash: Digest,
    /// The event that proposed it.
    pub proposed_by: counterpart_core::ids::EventId,
}

/// The newest version of an agreement, its hash computed here.
///
/// # Errors
///
/// The ledger shows no request in this stream.
pub fn newest_version(ledger: &Ledger, stream: Stream) -> Result<Version> {
    let events = ledger.events(stream)?;
    let mut versions = events.iter().filter_map(|recorded| {
        if let Data::RequestFiled(data) = &recorded.event.data { Some((recorded.event.id, data)) } else { None }
    });
    let (proposed_by, filed) =
        versions.next_back().with_context(|| format!("the ledger shows no request in `{stream}`"))?;
    let number = 1;
    let header = json::to_jcs(&*filed.header)?;
    let hash = version_hash(&header, stream, filed.terms.commitment, number);
    Ok(Version { number, header: (*filed.header).clone(), terms: filed.terms.commitment, hash, proposed_by })
}
