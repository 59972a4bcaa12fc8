//! What validation says of a document: all of it at once, never only the first.

use serde::{Deserialize, Serialize};

use crate::ids::codes;

codes! {
    /// How grave a message is.
    Severity {
        /// It stops the event.
        Error = "error",
        /// It travels with the request, and approvers see it.
        Warning = "warning",
    }
}

/// One message of the validator (wire.md 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The code of the rule, for example `V-30`.
    pub code: String,
    /// Whether it stops the event.
    pub severity: Severity,
    /// A JSON Pointer within the submission.
    pub path: String,
    /// What is wrong, on which thing.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl Message {
    /// Whether the message stops the event.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
