//! The transition table of agreements (domain.md 2.7): which stage lets which event pass.
//!
//! A cell refuses, lets the event pass to its guards, or lets it pass if a condition of its family
//! holds. Where it leads is said where the event is applied. A test holds every cell against the
//! specification's own table.

use std::sync::LazyLock;

use crate::agreement::stage::StageName;
use crate::event::EventType;

/// What a stage says to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// No, with this code.
    No(Code),
    /// The guards decide.
    Go,
    /// The guards decide if the condition of the family holds; otherwise no.
    If(Code),
}

macro_rules! codes_of_table {
    ($($name:ident)+ / $($only_if:ident)+) => {
        /// A code of the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($name,)+ $($only_if,)+ }
        $(const $name: Cell = Cell::No(Code::$name);)+
    };
}

codes_of_table! { T01 T02 T03 T04 T05 T06 T07 T08 T09 T10 T11 T12 T13 T14 T16 T17 T18 T20 T21 / T15 T19 }

const GO: Cell = Cell::Go;
const IF_T05: Cell = Cell::If(Code::T05);
const IF_T08: Cell = Cell::If(Code::T08);
const IF_T11: Cell = Cell::If(Code::T11);
const IF_T13: Cell = Cell::If(Code::T13);
const IF_T14: Cell = Cell::If(Code::T14);
const IF_T16: Cell = Cell::If(Code::T16);
const IF_T17: Cell = Cell::If(Code::T17);
const IF_T19: Cell = Cell::If(Code::T19);
const IF_T20: Cell = Cell::If(Code::T20);

/// One row for each event; columns N F C G A P V S E X R W L.
#[rustfmt::skip]
const TABLE: &[(EventType, [Cell; 13])] = &[
    (EventType::RequestFiled,       [GO,  T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02]),
    (EventType::RequestTriaged,     [T01, GO,  T10, T12, T09, T05, T05, T05, T06, T18, T07, T07, T07]),
    (EventType::ClarificationRequested,  [T01, GO,  GO,  GO,  GO,  T05, IF_T14, IF_T14, T06, T18, T07, T07, T07]),
    (EventType::ClarificationProvided,   [T01, T11, IF_T11, T11, IF_T11, T11, IF_T11, IF_T11, T06, T18, T07, T07, T07]),
    (EventType::CounterProposalMade,     [T01, GO,  T10, GO,  T09, T17, IF_T14, IF_T14, T06, T18, T07, T07, T07]),
    (EventType::CounterProposalAccepted, [T01, T13, T10, GO,  T13, T13, IF_T13, IF_T13, T06, T18, T07, T07, T07]),
    (EventType::CounterProposalRejected, [T01, T13, T10, GO,  T13, T13, IF_T13, IF_T13, T06, T18, T07, T07, T07]),
    (EventType::TermsSubmitted,     [T01, GO,  T10, T12, T09, T05, IF_T14, IF_T14, T06, T18, T07, T07, T07]),
    (EventType::AdviceGiven,        [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::ApprovalGiven,      [T01, T03, T03, T03, GO,  IF_T05, IF_T05, IF_T08, T06, T18, T07, T07, T07]),
    (EventType::ExecutionSigned,    [T01, T03, T03, T03, GO,  IF_T05, IF_T05, IF_T08, T06, T18, T07, T07, T07]),
    (EventType::ApprovalDeclined,   [T01, T03, T03, T03, GO,  IF_T17, IF_T05, IF_T08, T06, T18, T07, T07, T07]),
    (EventType::ApprovalWithdrawn,  [T01, T03, T03, T03, GO,  GO,  IF_T16, IF_T16, T06, T18, T07, T07, T07]),
    (EventType::RequestRefused,     [T01, GO,  GO,  GO,  T21, T17, T16, T16, T06, T18, T07, T07, T07]),
    (EventType::RequestWithdrawn,   [T01, GO,  GO,  GO,  GO,  IF_T17, T16, T16, T06, T18, T07, T07, T07]),
    (EventType::AgreementSuspended, [T01, T04, T04, T04, T04, T17, GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::AgreementResumed,   [T01, T04, T04, T04, T04, T04, IF_T19, IF_T19, T06, T18, T07, T07, T07]),
    (EventType::AmendmentProposed,  [T01, T04, T04, T04, T09, T17, GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::AmendmentAbandoned, [T01, T14, T14, T14, T14, T14, IF_T14, IF_T14, T06, T18, T07, T07, T07]),
    (EventType::ReviewCompleted,    [T01, T04, T04, T04, T04, T04, GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::PartyInvited,       [T01, GO,  GO,  GO,  GO,  GO,  GO,  T08, T06, T18, T07, T07, T07]),
    (EventType::AccessionRequested, [T01, T03, T03, T03, GO,  GO,  GO,  T08, T06, T18, T07, T07, T07]),
    (EventType::RevocationNoticed,  [T01, T04, T04, T04, T04, T17, GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::RevocationRescinded,  [T01, T04, T04, T04, T04, T04, GO, GO, T06, T18, T07, T07, T07]),
    (EventType::TerminationConsented, [T01, T04, T04, T04, T04, T17, GO, GO, T06, T18, T07, T07, T07]),
    (EventType::DisclosureLogged,   [T01, T04, T04, T04, T04, T04, GO,  T08, T06, T18, T07, T07, T07]),
    (EventType::IncidentNoted,      [T01, T04, T04, T04, T04, GO,  GO,  GO,  GO,  GO,  T07, T07, T07]),
    (EventType::IncidentUpdated,    [T01, T04, T04, T04, T04, GO,  GO,  GO,  GO,  GO,  T07, T07, T07]),
    (EventType::DestructionCertified,  [T01, T04, T04, T04, T04, T20, IF_T20, IF_T20, IF_T20, T18, T07, T07, T07]),
    (EventType::RetentionHoldPlaced,   [T01, T04, T04, T04, T04, T04, GO, GO, GO, T18, T07, T07, T07]),
    (EventType::RetentionHoldReleased, [T01, T04, T04, T04, T04, T04, GO, GO, GO, T18, T07, T07, T07]),
    (EventType::SuccessionConfirmed,   [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  T18, T07, T07, T07]),
    (EventType::ContestResolved,    [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::PublicationDecided, [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::DocumentAttached,   [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  T07, T07, T07]),
    (EventType::NoteRecorded,       [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::AgreementImported,  [GO,  T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02]),
    (EventType::ImportConfirmed,    [T01, T04, T04, T04, T04, T04, GO,  GO,  GO,  GO,  T07, T07, T07]),
    (EventType::ImportDisputed,     [T01, T04, T04, T04, T04, T04, GO,  GO,  GO,  GO,  T07, T07, T07]),
    (EventType::EmergencySharingRecorded, [GO, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02, T02]),
    (EventType::LeadChanged,        [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  T06, T18, T07, T07, T07]),
    (EventType::Corrected,          [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::AccessGranted,      [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::AccessEnded,        [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
    (EventType::DisclosureErased,   [T01, GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO,  GO]),
];

/// The cell of an event and a stage; none for events of other streams.
pub(crate) fn cell(event: EventType, stage: StageName) -> Option<Cell> {
    let row = ROWS.get(event as usize).copied().flatten()?;
    row.get(stage.column()).copied()
}

/// The row of each type of event, in the order of the types.
static ROWS: LazyLock<Vec<Option<&'static [Cell; 13]>>> = LazyLock::new(|| {
    let row = |event: &EventType| TABLE.iter().find(|(named, _)| named == event).map(|(_, row)| row);
    EventType::ALL.iter().map(row).collect()
});
