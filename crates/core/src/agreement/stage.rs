//! The stages of an agreement, and what each carries (domain.md 2.1).

use serde::{Deserialize, Serialize};

use crate::agreement::track::Track;
use crate::ids::{EventId, codes};
use crate::time::{Date, Timestamp};

codes! {
    /// The name of a stage, as answers print it.
    StageName {
        /// N: no such agreement.
        None = "NONE",
        /// F: a request is filed; its terms are open.
        Filed = "FILED",
        /// C: a question is open.
        Clarifying = "CLARIFYING",
        /// G: a counter-proposal waits for an answer.
        Negotiating = "NEGOTIATING",
        /// A: one version is frozen, and signatures are collected.
        Approving = "APPROVING",
        /// P: formed, and its first day still ahead.
        Approved = "APPROVED",
        /// V: in force.
        Active = "ACTIVE",
        /// S: in force, and sharing stopped.
        Suspended = "SUSPENDED",
        /// E: ended; destruction, return or holds outstanding.
        Ending = "ENDING",
        /// X: every duty is certified. Final.
        Closed = "CLOSED",
        /// R: refused with reasons. Final.
        Refused = "REFUSED",
        /// W: withdrawn. Final.
        Withdrawn = "WITHDRAWN",
        /// L: the time for it went by. Final.
        Lapsed = "LAPSED",
    }
}

impl StageName {
    /// The letter of the transition table.
    pub const fn letter(self) -> char {
        match self {
            Self::None => 'N',
            Self::Filed => 'F',
            Self::Clarifying => 'C',
            Self::Negotiating => 'G',
            Self::Approving => 'A',
            Self::Approved => 'P',
            Self::Active => 'V',
            Self::Suspended => 'S',
            Self::Ending => 'E',
            Self::Closed => 'X',
            Self::Refused => 'R',
            Self::Withdrawn => 'W',
            Self::Lapsed => 'L',
        }
    }

    /// The column of the transition table, from 0.
    pub const fn column(self) -> usize {
        self as usize
    }

    /// Whether nothing leads out of it (I6).
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Closed | Self::Refused | Self::Withdrawn | Self::Lapsed)
    }

    /// In words, for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::None => "not filed",
            Self::Filed => "filed",
            Self::Clarifying => "waiting for answers",
            Self::Negotiating => "being negotiated",
            Self::Approving => "being signed",
            Self::Approved => "approved",
            Self::Active => "in force",
            Self::Suspended => "suspended",
            Self::Ending => "ending",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Lapsed => "lapsed",
        }
    }
}

/// A version that is frozen for signing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signing {
    /// Which.
    pub version: u32,
    /// The last day for signing.
    pub approve_by: Date,
}

/// An agreement in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Force {
    /// The version in force.
    pub version: u32,
    /// Since when the agreement is in force.
    pub since: Timestamp,
    /// The amendment that is open, if any.
    pub amendment: Track,
}

/// How an agreement came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: EndReason,
}

codes! {
    /// Why an agreement ended.
    EndReason {
        /// A party of two left.
        Notice = "NOTICE",
        /// Too few parties, or no pair that shares, were left.
        Continuation = "CONTINUATION",
        /// Its last day went by.
        Term = "TERM",
        /// All parties agreed.
        Consent = "CONSENT",
        /// A succession made its parties one body.
        Merged = "MERGED",
        /// It had ended before it was recorded here.
        Imported = "IMPORTED",
        /// The emergency was over.
        EmergencyOver = "EMERGENCY_OVER",
    }
}

impl EndReason {
    /// In words, for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Notice => "a party gave notice and left",
            Self::Continuation => "too few parties were left",
            Self::Term => "its last day went by",
            Self::Consent => "all parties agreed to end it",
            Self::Merged => "its parties became one body",
            Self::Imported => "it had ended before it was recorded here",
            Self::EmergencyOver => "the emergency was over",
        }
    }
}

/// Where an agreement stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// A request is filed; its terms are open.
    Filed,
    /// A question is open.
    Clarifying {
        /// The counter-proposal that waits behind it, by its version.
        counter: Option<u32>,
    },
    /// A counter-proposal waits for an answer.
    Negotiating {
        /// By its version.
        counter: u32,
    },
    /// One version is frozen, and signatures are collected.
    Approving(Signing),
    /// Formed, and its first day still ahead.
    Approved {
        /// What was signed.
        signing: Signing,
        /// When the last needed signature came.
        formed_at: Timestamp,
    },
    /// In force.
    Active(Force),
    /// In force, and sharing stopped.
    Suspended(Force),
    /// Ended; destruction, return or holds outstanding.
    Ending(End),
    /// Every duty is certified.
    Closed {
        /// How it ended.
        end: End,
        /// When the last duty was certified.
        at: Timestamp,
    },
    /// Refused with reasons.
    Refused {
        /// When.
        at: Timestamp,
        /// By which event.
        by: EventId,
    },
    /// Withdrawn.
    Withdrawn {
        /// When.
        at: Timestamp,
    },
    /// The time for it went by.
    Lapsed {
        /// When.
        at: Timestamp,
    },
}

impl Stage {
    /// Its name.
    pub const fn name(&self) -> StageName {
        match self {
            Self::Filed => StageName::Filed,
            Self::Clarifying { .. } => StageName::Clarifying,
            Self::Negotiating { .. } => StageName::Negotiating,
            Self::Approving(_) => StageName::Approving,
            Self::Approved { .. } => StageName::Approved,
            Self::Active(_) => StageName::Active,
            Self::Suspended(_) => StageName::Suspended,
            Self::Ending(_) => StageName::Ending,
            Self::Closed { .. } => StageName::Closed,
            Self::Refused { .. } => StageName::Refused,
            Self::Withdrawn { .. } => StageName::Withdrawn,
            Self::Lapsed { .. } => StageName::Lapsed,
        }
    }

    /// The version that is frozen for signing before the agreement is in force.
    pub const fn signing(&self) -> Option<Signing> {
        match self {
            Self::Approving(signing) | Self::Approved { signing, .. } => Some(*signing),
            Self::Filed
            | Self::Clarifying { .. }
            | Self::Negotiating { .. }
            | Self::Active(_)
            | Self::Suspended(_)
            | Self::Ending(_)
            | Self::Closed { .. }
            | Self::Refused { .. }
            | Self::Withdrawn { .. }
            | Self::Lapsed { .. } => None,
        }
    }

    /// What is in force, suspended or not.
    pub const fn force(&self) -> Option<&Force> {
        match self {
            Self::Active(force) | Self::Suspended(force) => Some(force),
            Self::Filed
            | Self::Clarifying { .. }
            | Self::Negotiating { .. }
            | Self::Approving(_)
            | Self::Approved { .. }
            | Self::Ending(_)
            | Self::Closed { .. }
            | Self::Refused { .. }
            | Self::Withdrawn { .. }
            | Self::Lapsed { .. } => None,
        }
    }

    /// How it ended, once it has been in force and is no more.
    pub const fn end(&self) -> Option<End> {
        match self {
            Self::Ending(end) | Self::Closed { end, .. } => Some(*end),
            Self::Filed
            | Self::Clarifying { .. }
            | Self::Negotiating { .. }
            | Self::Approving(_)
            | Self::Approved { .. }
            | Self::Active(_)
            | Self::Suspended(_)
            | Self::Refused { .. }
            | Self::Withdrawn { .. }
            | Self::Lapsed { .. } => None,
        }
    }
}
