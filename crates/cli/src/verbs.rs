//! The verbs: one for each event that a person signs.

mod access;
mod agreements;
mod amendments;
mod drafting;
mod imports;
mod incoming;
mod keys;
mod negotiation;
mod offices;
mod registry;
mod requests;
mod sharing;
mod signing;

use serde_json::{Map, Value};

pub use access::Access;
pub use agreements::Agreements;
pub use amendments::Amendments;
pub use imports::Imports;
pub use keys::KeyVerbs;
pub use negotiation::Negotiation;
pub use offices::Offices;
pub use registry::Registry;
pub use requests::Requests;
pub use sharing::Sharing;
pub use signing::Signing;

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
