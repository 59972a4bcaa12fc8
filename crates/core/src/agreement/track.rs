//! The amendment track of an agreement in force (domain.md 2.10): where an amendment stands, and which events
//! it lets pass.

use serde::{Deserialize, Serialize};

use crate::agreement::table::{Cell, Code};
use crate::event::EventType;
use crate::event::data::AmendmentClass;
use crate::ids::OrganisationCode;
use crate::time::{Date, Timestamp};

/// The amendment that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amendment {
    /// The draft that it would bring into force.
    pub version: u32,
    /// Who proposed it.
    pub by: OrganisationCode,
    /// Its class, which says who signs.
    pub class: AmendmentClass,
}

/// Where the one amendment that may be open stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Track {
    /// T0: none is open.
    #[default]
    None,
    /// T1: proposed; its terms are open.
    Proposed {
        /// What is proposed.
        amendment: Amendment,
        /// The counter-proposal that waits, by its version.
        counter: Option<u32>,
    },
    /// T2: frozen; signatures are collected.
    Approving {
        /// What is signed.
        amendment: Amendment,
        /// The last day for signing.
        approve_by: Date,
    },
    /// T3: agreed, and its first day still ahead.
    Pending {
        /// What was agreed.
        amendment: Amendment,
        /// The last day that was set for signing.
        approve_by: Date,
        /// When the last needed signature came.
        agreed_at: Timestamp,
    },
}

impl Track {
    /// What is open.
    pub const fn amendment(self) -> Option<Amendment> {
        match self {
            Self::None => None,
            Self::Proposed { amendment, .. } | Self::Approving { amendment, .. } | Self::Pending { amendment, .. } => {
                Some(amendment)
            }
        }
    }

    /// What is open, to be changed.
    pub(super) const fn amendment_mut(&mut self) -> Option<&mut Amendment> {
        match self {
            Self::None => None,
            Self::Proposed { amendment, .. } | Self::Approving { amendment, .. } | Self::Pending { amendment, .. } => {
                Some(amendment)
            }
        }
    }

    /// The version that the amendment would bring into force, while it is open.
    pub const fn version(self) -> Option<u32> {
        match self.amendment() {
            None => None,
            Some(amendment) => Some(amendment.version),
        }
    }

    /// Its name, for accounts.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Proposed { .. } => "PROPOSED",
            Self::Approving { .. } => "APPROVING",
            Self::Pending { .. } => "PENDING",
        }
    }

    const fn column(self) -> usize {
        match self {
            Self::None => 0,
            Self::Proposed { .. } => 1,
            Self::Approving { .. } => 2,
            Self::Pending { .. } => 3,
        }
    }
}

const GO: Cell = Cell::Go;
const T03: Cell = Cell::No(Code::T03);
const T09: Cell = Cell::No(Code::T09);
const T13: Cell = Cell::No(Code::T13);
const T15: Cell = Cell::No(Code::T15);
const IF_T13: Cell = Cell::If(Code::T13);

/// Columns T1 T2 T3; with no amendment open the table of agreements says what it says.
const TABLE: &[(EventType, [Cell; 3])] = &[
    (EventType::ClarificationRequested, [GO, GO, T09]),
    (EventType::CounterProposalMade, [GO, T09, T09]),
    (EventType::CounterProposalAccepted, [IF_T13, T13, T13]),
    (EventType::CounterProposalRejected, [IF_T13, T13, T13]),
    (EventType::TermsSubmitted, [GO, T09, T09]),
    (EventType::ApprovalGiven, [T03, GO, GO]),
    (EventType::ExecutionSigned, [T03, GO, GO]),
    (EventType::ApprovalDeclined, [T03, GO, GO]),
    (EventType::ApprovalWithdrawn, [T03, GO, GO]),
    (EventType::AmendmentProposed, [T15, T15, T15]),
    (EventType::AmendmentAbandoned, [GO, GO, GO]),
];

/// The cell of an event while an amendment is open; none for events that an amendment does not concern.
pub(super) fn cell(event: EventType, track: Track) -> Option<Cell> {
    let (_, row) = TABLE.iter().find(|(row, _)| *row == event)?;
    row.get(track.column().checked_sub(1)?).copied()
}
