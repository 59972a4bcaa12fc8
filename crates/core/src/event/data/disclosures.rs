//! What becomes of words, and who besides the parties may read them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ErasureReason;
use crate::header::Pointer;
use crate::ids::{EventId, OrganisationCode};
use crate::sealed::{File, Sealed, Text};
use crate::time::Date;

/// `DisclosureErased`: words of an event are destroyed on a day; its entry stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DisclosureErased {
    /// What was advised, or the order of the court.
    pub advice: Sealed<Text>,
    /// The first day on which they are gone.
    pub erases_on: Date,
    /// Which words, as pointers within the data of the event: each stands for itself and for everything below it.
    pub pointers: Vec<Pointer>,
    /// Why.
    pub reason: ErasureReason,
    /// The event whose words they are, of this stream.
    pub target: EventId,
}

/// `AccessGranted`: the auditors of a body may read words of an agreement for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessGranted {
    /// The order by which registrars open words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Sealed<File>>,
    /// Which words, as pointers within the data of events: each stands for itself and for everything below it.
    pub pointers: Vec<Pointer>,
    /// The body whose auditors read.
    pub reader: OrganisationCode,
    /// The last day.
    pub until: Date,
}

/// `AccessEnded`: a grant of access ends before its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessEnded {
    /// The event that granted it.
    pub grant: EventId,
}
