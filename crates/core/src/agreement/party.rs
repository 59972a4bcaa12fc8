//! A party within an agreement: its row, its state, and what each event finds there (domain.md 2.9).

use serde::{Deserialize, Serialize};

use crate::header::{Header, PartyRow};
use crate::ids::{EventId, OrganisationCode, codes};
use crate::refusal::Refusal;
use crate::time::{Date, Timestamp};

codes! {
    /// Where a party stands within an agreement.
    PartyState {
        /// i: named, and nothing signed.
        Invited = "INVITED",
        /// q: asks to join.
        Requested = "REQUESTED",
        /// s: signing.
        Signing = "SIGNING",
        /// x: bound.
        Executed = "EXECUTED",
        /// d: said no for good.
        Declined = "DECLINED",
        /// p: its own sharing stopped.
        Suspended = "SUSPENDED",
        /// l: gave notice.
        Leaving = "LEAVING",
        /// o: left.
        Left = "LEFT",
        /// n: did not adopt an amendment.
        NotAdopted = "NOT_ADOPTED",
        /// u: another body took its place.
        Succeeded = "SUCCEEDED",
        /// m: bound by an agreement made elsewhere, not confirmed here.
        Imported = "IMPORTED",
        /// k: says that the import is wrong.
        Disputed = "DISPUTED",
    }
}

impl PartyState {
    /// The letter of the table.
    pub const fn letter(self) -> char {
        match self {
            Self::Invited => 'i',
            Self::Requested => 'q',
            Self::Signing => 's',
            Self::Executed => 'x',
            Self::Declined => 'd',
            Self::Suspended => 'p',
            Self::Leaving => 'l',
            Self::Left => 'o',
            Self::NotAdopted => 'n',
            Self::Succeeded => 'u',
            Self::Imported => 'm',
            Self::Disputed => 'k',
        }
    }

    /// Whether the party is bound now: suspended or leaving, it still is.
    pub const fn is_bound(self) -> bool {
        matches!(self, Self::Executed | Self::Suspended | Self::Leaving)
    }

    /// Whether a party is at the table: it has not declined, left, been left behind or been succeeded.
    pub const fn is_seated(self) -> bool {
        match self {
            Self::Invited
            | Self::Requested
            | Self::Signing
            | Self::Executed
            | Self::Suspended
            | Self::Leaving
            | Self::Imported
            | Self::Disputed => true,
            Self::Declined | Self::Left | Self::NotAdopted | Self::Succeeded => false,
        }
    }

    /// The refusal of an event that the table does not let a party in this state do.
    pub fn refusal(self, organisation: OrganisationCode, action: &str) -> Refusal {
        let action = action.to_owned();
        match self {
            Self::Invited | Self::Signing | Self::Imported | Self::Disputed => {
                Refusal::PartyInvited { organisation, state: self.words().to_owned(), action }
            }
            Self::Requested => Refusal::AlreadyRequested { organisation },
            Self::Executed => Refusal::PartyExecuted { organisation, action },
            Self::Declined => Refusal::PartyDeclined { organisation, action },
            Self::Suspended => Refusal::PartySuspended { organisation, action },
            Self::Leaving => Refusal::PartyLeaving { organisation, action },
            Self::Left => Refusal::PartyLeft { organisation, action },
            Self::NotAdopted => Refusal::PartyNotAdopted { organisation, action },
            Self::Succeeded => Refusal::PartySucceeded { organisation, action },
        }
    }

    /// In words, for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Requested => "asking to join",
            Self::Signing => "signing",
            Self::Executed => "bound",
            Self::Declined => "declined",
            Self::Suspended => "suspended",
            Self::Leaving => "leaving",
            Self::Left => "gone",
            Self::NotAdopted => "not adopting",
            Self::Succeeded => "succeeded",
            Self::Imported => "imported and not confirmed",
            Self::Disputed => "disputing the import",
        }
    }
}

/// What an event asks of the state of its party. One row of the table each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Advice or an approval.
    Approve,
    /// An execution.
    Execute,
    /// A refusal of the version for good.
    DeclineFinal,
    /// A return of the version for changes.
    DeclineReturn,
    /// An amendment declined or returned: a party that is suspended may adopt it, and no more.
    DeclineAmendment,
    /// A signature taken back.
    Withdraw,
    /// A suspension.
    Suspend,
    /// A review recorded.
    Review,
    /// The end of a suspension of the party itself.
    Resume,
    /// Notice of revocation.
    Leave,
    /// A notice taken back.
    Rescind,
    /// Consent to the end.
    Consent,
    /// An amendment proposed.
    Amend,
    /// Anything that signs an amendment.
    Adopt,
    /// Data sent.
    Share,
    /// Destruction certified, once the agreement has ended.
    Certify,
    /// A hold placed.
    Hold,
    /// An incident noted.
    Warn,
    /// An import confirmed or disputed.
    Confirm,
    /// A signature in the place of one that is contested or disowned.
    SignAgain,
    /// To be invited.
    Invited,
    /// To ask for accession.
    Join,
    /// To lead.
    Lead,
    /// To say no before being bound.
    Refuse,
}

impl Asked {
    /// The letters of the states in which the table lets the event pass.
    const fn allowed(self) -> &'static str {
        match self {
            Self::Approve | Self::Execute => "is",
            Self::DeclineFinal => "iqsx",
            Self::DeclineReturn => "isx",
            Self::Withdraw => "sx",
            Self::Suspend | Self::Review => "xpl",
            Self::Resume => "p",
            Self::Leave | Self::Consent | Self::Adopt | Self::SignAgain => "xp",
            Self::Amend | Self::DeclineAmendment => "x",
            Self::Rescind => "l",
            Self::Share => "xl",
            Self::Certify => "xplonm",
            Self::Hold => "xplonmk",
            Self::Warn => "isxdplonmk",
            Self::Confirm => "m",
            Self::Invited => "qdon",
            Self::Join => "don",
            Self::Lead => "isxpm",
            Self::Refuse => "isq",
        }
    }

    /// What the officer wanted to do, for messages.
    const fn action(self) -> &'static str {
        match self {
            Self::Approve | Self::Execute | Self::SignAgain => "sign it",
            Self::DeclineFinal | Self::DeclineReturn | Self::DeclineAmendment | Self::Refuse => "decline it",
            Self::Withdraw => "take back a signature",
            Self::Suspend => "suspend it",
            Self::Review => "review it",
            Self::Resume => "resume its part",
            Self::Leave => "give notice",
            Self::Rescind => "take back a notice",
            Self::Consent => "agree to end it",
            Self::Amend => "amend it",
            Self::Adopt => "sign the amendment",
            Self::Share => "send data under it",
            Self::Certify => "certify destruction",
            Self::Hold => "hold data",
            Self::Warn => "note an incident",
            Self::Confirm => "confirm or dispute the import",
            Self::Invited => "be invited",
            Self::Join => "ask to join",
            Self::Lead => "lead it",
        }
    }
}

/// That a party leaves on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The event.
    pub event: EventId,
    /// The day on which it takes effect.
    pub day: Date,
    /// The instant: its 00:00, or when the notice was recorded if that was later.
    pub at: Timestamp,
}

/// A party within an agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub organisation: OrganisationCode,
    /// Where it stands.
    pub state: PartyState,
    /// The event by which it accepted the request for assessment.
    pub accepted: Option<EventId>,
    /// Whether its row came with an import.
    pub imported: bool,
    /// Whether an open amendment would bring it in; it is no party before that takes effect.
    pub joins: bool,
    /// When it left.
    pub left_at: Option<Timestamp>,
    /// Its notice, while one runs.
    pub notice: Option<Box<Notice>>,
    /// Its row, when it stands in an event of its own and not in the header.
    pub row: Option<PartyRow>,
}

impl Party {
    /// A party that was named and has signed nothing.
    pub const fn invited(organisation: OrganisationCode) -> Self {
        Self {
            organisation,
            state: PartyState::Invited,
            accepted: None,
            imported: false,
            joins: false,
            left_at: None,
            notice: None,
            row: None,
        }
    }

    /// Whether the table lets the party do this.
    ///
    /// # Errors
    ///
    /// The code of its state, G10 to G17 or G22.
    pub fn may(&self, asked: Asked) -> Result<(), Refusal> {
        if asked.allowed().contains(self.state.letter()) {
            Ok(())
        } else {
            Err(self.state.refusal(self.organisation, asked.action()))
        }
    }

    /// Its row: that of the header, or the one with which it joined since.
    pub fn row<'a>(&'a self, header: &'a Header) -> Option<&'a PartyRow> {
        header.party(self.organisation).map(|(_, row)| row).or(self.row.as_ref())
    }
}
