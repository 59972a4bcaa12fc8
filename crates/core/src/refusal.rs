//! Every rule that says no: one enum, code and message.
//!
//! A message says what is wrong, on which thing, and what to do next (domain.md 2.13). Whether a code
//! is a log rule or a door rule stands in the catalogue of `docs/formats.md`.

use crate::ids::{AgreementId, DatasetId, EventId, OrganisationCode, PersonId, Role};
use crate::time::{Date, Timestamp};
use crate::wire::KeyId;

macro_rules! refusals {
    ($($(#[$attribute:meta])* $name:ident $({ $($field:ident: $type:ty),* $(,)? })? = $code:literal, $message:literal;)+) => {
        /// The rules said no. Nothing was recorded.
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        pub enum Refusal {
            $(
                $(#[$attribute])*
                #[doc = concat!("`", $code, "`: ", $message)]
                #[error($message)]
                $name $({ $(#[doc = "Filled into the message."] $field: $type),* })?,
            )+
            /// Door rules said no, perhaps several at once.
            #[error("{}", first_message(.0))]
            Messages(Vec<crate::message::Message>),
        }

        impl Refusal {
            /// Every code with its message, for the catalogue and the problem pages.
            pub const CATALOGUE: &[(&str, &str)] = &[$(($code, $message),)+];

            /// The code of the catalogue.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$name $({ $($field: _),* })? => $code,)+
                    Self::Messages(messages) => messages.iter().find(|m| m.is_error()).map_or("E08", |m| m.code.as_str()),
                }
            }
        }
    };
}

fn first_message(messages: &[crate::message::Message]) -> String {
    messages.iter().find(|m| m.is_error()).map_or_else(String::new, |m| m.message.clone())
}

refusals! {
    TooLarge { problem: String } = "E05", "The submission is too large: {problem}. Shorten the words, or split the agreement.";
    OtherLedger { named: String, ours: String } = "E06", "This event is for the ledger `{named}`, but this is `{ours}`. Sign it again for this ledger.";
    Disclosures { problem: String } = "E07", "The disclosures do not open the commitments: {problem}. Seal them again and sign again.";
    OtherHeader { problem: String } = "E08", "The header is not the one that follows from the terms: {problem}. Derive it again and sign again.";
    LedgerClosed { on: Date, successor: String } = "E06", "This ledger was closed on {on}, and nothing more is recorded in it; {successor} goes on in its place. Sign the event again for that ledger.";
    SignatureWrong { key: KeyId } = "E09", "The signature of key {key} does not verify. Nothing was recorded; sign again.";
    ReferenceNotHeld { problem: String } = "E10", "The reference data that the event names cannot be used: {problem}. Ask the registrar for the lists that are in force.";
    LaterProgram { what: String } = "E04", "This program does not decide {what} yet.";

    KeyUnknown { key: KeyId } = "K01", "This key is not registered: {key}. Ask your ledger administrator to register it.";
    KeyKnown { key: KeyId } = "K02", "This key is already registered: {key}. Make a new one.";
    KeyReplaced { on: Date } = "K03", "This key was replaced on {on}; use your current key.";
    KeyRevoked { on: Date } = "K04", "This key was revoked on {on}. Ask your ledger administrator for a new one.";
    KeyCompromised = "K05", "This key was reported compromised. Ask your ledger administrator for a new one.";
    KeyContested { key: KeyId } = "K05", "The registration of key {key} is contested. It signs again once your SIRO or chief executive has affirmed it.";
    KeyUnsuitable { problem: String } = "K06", "The new key did not prove possession: {problem}. Make another key with the usual tools.";
    SuspectOutside = "K08", "The suspect point cannot be before the key was registered or in the future. Choose the index of an event in between, or leave it out.";
    SuspectTooFar { days: i64 } = "K08", "A report reaches back at most {days} days. Further back only your chief executive and two registrars together can report it.";
    SuspectBuiltOn { index: u64 } = "K08", "Your organisation has built on event {index} of this key with another key. Choose a later point, or report it with your chief executive and two registrars together.";
    ClockAhead { minutes: i64 } = "K09", "Your device clock is wrong by {minutes} minutes. Set it and sign again.";
    KeyOfAnother { key: KeyId, organisation: OrganisationCode } = "K10", "Key {key} is not the key of this person at {organisation}. Sign with the key of the organisation that you act for.";
    NoLongerValid { until: Timestamp } = "K11", "This event could be recorded until {until}. Sign it again.";

    OrganisationUnknown { organisation: OrganisationCode } = "O01", "{organisation} is not registered. Ask the registrar to add it.";
    OrganisationKnown { organisation: OrganisationCode } = "O02", "{organisation} is already registered. Choose another code, or update its record.";
    OrganisationGone { organisation: OrganisationCode, on: Date } = "O03", "{organisation} left on {on}. It must be registered again before it can act.";
    OrganisationSucceeded { organisation: OrganisationCode, successor: OrganisationCode, on: Date } = "O04", "{organisation} was succeeded by {successor} on {on}; act as {successor}.";
    OrganisationSuspended { organisation: OrganisationCode } = "O05", "{organisation} is suspended; only protective actions are possible.";
    OrganisationNotSuspended { organisation: OrganisationCode } = "O06", "{organisation} is not suspended, so there is nothing to end.";
    StillProviding { organisation: OrganisationCode, agreements: String } = "O07", "{organisation} still provides data in {agreements}; give notice first.";
    DefaultMissing { organisation: OrganisationCode } = "O08", "{organisation} is none of the successors. Say which successor takes what the mapping does not name.";
    MappingMissing { agreement: String } = "O08", "Say which successor takes agreement {agreement}. Name each agreement of the body once, and one of the successors.";
    SuccessionObjected { organisation: OrganisationCode, on: Date } = "O10", "The succession of {organisation} was objected to on {on}. A new one needs the signature of its chief executive.";
    NotAParty { organisation: OrganisationCode, lead: String } = "O09", "{organisation} is a joint committee or programme and cannot be a party; name the authority that acts for it ({lead}).";

    RoleNotHeld { role: Role, organisation: OrganisationCode } = "R01", "You do not hold the role {role} at {organisation}. Ask somebody who does, or ask your ledger administrator.";
    RoleContested { role: Role } = "R01", "Your appointment as {role} is contested. It counts again once your SIRO or chief executive has affirmed it.";
    RoleEnded { role: Role, on: Date } = "R02", "Your appointment as {role} ended on {on}. Ask your ledger administrator for a new one.";
    NoDelegation { role: Role, problem: String } = "R03", "Your delegation for {role} {problem}. Ask the holder of the role.";
    RolesIncompatible { person: PersonId, held: Role, asked: Role } = "R04", "{person} cannot hold {held} and {asked}. Appoint another person.";
    RoleHeld { person: PersonId, role: Role } = "R05", "{person} already holds {role}. End that appointment first.";
    NoAppointment = "R06", "Nobody holds that appointment now. Look at the roles of the organisation.";
    AlreadyDelegated { role: Role, until: Date } = "R07", "{role} is already delegated until {until}. End that delegation first.";
    NoSuchDelegation = "R08", "There is no such delegation. Look at the roles of the organisation.";
    DelegateIncompatible { role: Role } = "R09", "The delegate's other role ({role}) is incompatible. Choose another person.";
    DelegationTooLong { latest: Date } = "G38", "A delegation may run until {latest} at the latest. Choose an earlier day.";
    SuspensionTooLong { latest: Date } = "G38", "An organisation can be suspended until {latest} at the latest. Choose an earlier day.";
    BackdatedRoleEnd = "R10", "Role ends take effect when recorded. If past signatures are in doubt, report the key as compromised.";
    PostVacant { organisation: OrganisationCode, role: Role } = "R11", "{organisation} has no serving {role}; appoint one before signing.";

    FilerDecides { action: String, others: String } = "D01", "You filed this request, so you cannot also {action} it. Ask {others}.";
    TwoRoles { first: Role, second: Role } = "D02", "You already signed this version as {first}. A different person must sign as {second}.";
    AdviserDecides { adviser: Role } = "D03", "You advised on this version as {adviser}, so you cannot approve it.";
    TwoParties { organisation: OrganisationCode } = "D04", "You already acted for {organisation} in this agreement.";
    RegistrarDecides { organisation: OrganisationCode } = "D05", "The registrar's staff cannot sign for {organisation}.";
    SelfDealing { action: String } = "D06", "You cannot {action} for yourself.";

    AgreementUnknown { id: AgreementId } = "T01", "There is no agreement {id}. Check the reference, or file a request first.";
    AlreadyFiled { id: String, on: Date, organisation: OrganisationCode } = "T02", "Agreement {id} already exists (filed {on} by {organisation}). Propose an amendment, or copy it into a new request.";
    NotOpenForApproval { version: u32 } = "T03", "Version {version} is not open for approval yet. The lead organisation must submit the terms first.";
    NotInForce { id: String, state: String, action: String } = "T04", "Agreement {id} is {state}, so you cannot {action} yet.";
    AlreadyAgreed { id: String, state: String } = "T05", "Agreement {id} is already {state}. To change it, propose an amendment.";
    Ended { id: String, on: Date, reason: String } = "T06", "Agreement {id} ended on {on} ({reason}). Only destruction, hold, incident, succession and publication records can be added.";
    FinalOutcome { id: String, outcome: String, on: Date } = "T07", "Request {id} was {outcome} on {on} and cannot be reopened. File a new request; its terms can be copied.";
    IsSuspended { id: String, on: Date, ground: String } = "T08", "Agreement {id} has been suspended since {on} ({ground}). No data may move until it is resumed.";
    LockedForApproval { version: u32 } = "T09", "Version {version} is locked while people sign it. To change it, a party must return it for changes.";
    QuestionsOpen { count: usize, list: String } = "T10", "{count} question(s) are still open: {list}. They must be answered first.";
    NoSuchQuestion { question: EventId } = "T11", "There is no open question {question} for your organisation.";
    CounterWaiting { organisation: OrganisationCode } = "T12", "A counter-proposal from {organisation} is waiting. Accept or reject it first.";
    NoCounter = "T13", "There is no counter-proposal to answer.";
    NoAmendmentOpen = "T14", "No amendment is open at that stage. Propose one first.";
    AmendmentOpen { version: u32 } = "T15", "Amendment version {version} is already open. Finish or abandon it first.";
    UseRevocation = "T16", "The agreement is in force and cannot be withdrawn. Give notice of revocation or suspend it.";
    UseApprovalWithdrawal = "T17", "The agreement is approved but not in force. Withdraw your approval.";
    Closed { id: String, on: Date } = "T18", "Agreement {id} was closed on {on}. Only incidents, publication decisions, documents and notes can be added.";
    NotSuspended = "T19", "There is no open suspension with that reference.";
    NothingToDestroyYet { organisation: OrganisationCode, reason: String } = "T20", "{organisation} has no destruction duty now: {reason}.";
    UseDecline = "T21", "The terms are locked for signing. To refuse now, decline the version as final.";

    StaleRevision { revision: u64, sent: u64 } = "C01", "Someone recorded something first (stream is at {revision}, you sent {sent}). Reload and try again.";
    IdUsed { index: u64 } = "C02", "This id was already used for another event (index {index}). Make a new id and sign again.";

    AlreadyTriaged { organisation: OrganisationCode } = "G02", "{organisation} has already triaged this.";
    TooManyQuestions { open: usize } = "G03", "Too many questions are open ({open}); close some before you ask more.";
    AskedOfAnother { organisation: OrganisationCode } = "G04", "That question was put to {organisation}, not to you.";
    NobodyToAsk { organisation: OrganisationCode } = "G04", "{organisation} is not another party of this agreement. Ask one of the other parties.";
    IdenticalCounter = "G05", "The counter-proposal is identical to the current terms. Change something, or accept them.";
    CounterReplaced = "G06", "The counter-proposal has been replaced; look at the newest.";
    StaleTerms { version: u32, seen: String, current: String } = "G08", "You are signing version {version} ({seen}) but the terms are now {current}. Read the changes and sign again.";
    NotTriaged { organisation: OrganisationCode } = "G09", "{organisation} has not yet accepted the request for assessment.";
    PartyInvited { organisation: OrganisationCode, state: String, action: String } = "G10", "{organisation} is {state} in this agreement and cannot {action}.";
    PartyExecuted { organisation: OrganisationCode, action: String } = "G11", "{organisation} has executed this agreement and cannot {action}.";
    PartyDeclined { organisation: OrganisationCode, action: String } = "G12", "{organisation} has declined this agreement and cannot {action}.";
    PartySuspended { organisation: OrganisationCode, action: String } = "G13", "{organisation} is suspended in this agreement and cannot {action}.";
    PartyLeaving { organisation: OrganisationCode, action: String } = "G14", "{organisation} is leaving this agreement and cannot {action}.";
    PartyLeft { organisation: OrganisationCode, action: String } = "G15", "{organisation} has left this agreement and cannot {action}.";
    PartyNotAdopted { organisation: OrganisationCode, action: String } = "G16", "{organisation} did not adopt the amendment and cannot {action}.";
    PartySucceeded { organisation: OrganisationCode, action: String } = "G17", "{organisation} was succeeded in this agreement and cannot {action}.";
    RolesMissing { organisation: OrganisationCode, roles: String } = "G18", "{organisation} still needs: {roles}.";
    AdviceMissing { role: Role } = "G19", "The {role}'s advice must be recorded before this approval.";
    ApprovalWindowOver { on: Date } = "G20", "Signing closed on {on}. Submit the terms again.";
    WindowTooLong { days: i64, latest: Date } = "G38", "Signing may stay open for at most {days} days; the latest date is {latest}.";
    AlreadyRequested { organisation: OrganisationCode } = "G22", "{organisation} has already asked to join.";
    ClassTooLow { class: String, fields: String } = "G29", "This change is {class}: it touches {fields}. It needs the signatures for {class}.";
    ReviewFirst { last: String } = "G30", "Renewal needs a review in the last 90 days. The last was {last}.";
    NoEmergencyExtension = "G32", "An emergency agreement cannot be extended. File an ordinary request now; it can copy these terms.";
    ReviewTooFar { latest: Date } = "G33", "The next review must be on or before {latest}.";
    NoticeStands = "G24", "That notice cannot be taken back now. It must be your own, not yet in effect, and between two the other organisation signs too.";
    DatesDiffer { day: Date } = "G38", "All consents must name the same end date, which is {day}.";
    CannotWithdrawSignature = "G25", "That signature is not one you can withdraw.";
    NoSuccession = "G35", "There is no open succession with that reference.";
    SuccessionOpen = "G35", "This suspension ends by itself once the successor confirms the agreement.";
    SuccessionTooSoon { earliest: Date } = "G38", "The succession takes effect on {earliest} at the earliest. Choose a later day.";
    NotContested = "G34", "There is no open contested signature with that reference. Name events of this stream that are contested and not resolved, all of one organisation.";
    ContestOpen = "G34", "This suspension ends by itself once every contested signature is affirmed or signed again.";
    IncidentFirst = "G44", "Record the incident before disowning signatures; people's data may have moved on their strength.";
    CannotSuspend { organisation: OrganisationCode } = "G26", "You can suspend your own organisation or the whole agreement, not {organisation}.";
    CannotSuspendWhole = "G26", "The whole agreement can be suspended by the lead organisation, by two organisations on the same ground, or on the ground REGULATOR. Suspend your own organisation, or ask another one to join you.";
    CannotSuspendDatasets { organisation: OrganisationCode } = "G26", "{organisation} can suspend the datasets that it provides or receives. Name them.";
    LimitReached { count: u64, kind: String } = "G48", "Your organisation has reached today's limit of {count} {kind}. Go on tomorrow.";
    WordsFull { bytes: u64 } = "G48", "This agreement has reached its limit of {bytes} bytes of words. File a new request; its terms can be copied.";
    AgreementFull { count: u64 } = "G48", "This agreement has reached its limit of {count} events. File a new request; its terms can be copied.";
    NoticeTooShort { days: u16, earliest: Date } = "G37", "Notice is {days} days; the earliest date is {earliest}. Immediate effect is only for breach, unlawfulness or an order.";
    NothingToDestroy { organisation: OrganisationCode, reason: String } = "T20", "{organisation} has no destruction duty now: {reason}. Look at what is owed, and by whom.";
    IncidentCritical { incident: EventId } = "G27", "Incident {incident} is still critical. Contain it before resuming.";
    NoSuchIncident = "G28", "There is no open incident with that reference. Look at the incidents of this agreement.";
    NoSuchHold = "G31", "There is no open hold with that reference. Look at the holds of this agreement.";
    MayNotReceive { recipient: OrganisationCode, dataset: DatasetId, on: Date, reason: String } = "G39", "{recipient} may not receive {dataset} on {on}: {reason}.";
    AlreadySent { dataset: DatasetId, on: Date } = "G40", "This is a one-off agreement and {dataset} was already sent on {on}.";
    UnderHold { on: Date, dataset: String } = "G42", "A legal hold placed on {on} stops destruction of {dataset}.";
    WordsUnderHold { on: Date } = "G42", "A legal hold placed on {on} keeps the words of this agreement as well. They can be erased once every hold is released.";
    WordsKept { reason: String } = "G46", "These words cannot be erased yet: {reason}. Personal data in single words can be erased at any time.";
    ErasureTooSoon { earliest: Date } = "G38", "Words go on {earliest} at the earliest, so that the other parties know before. Choose a later day.";
    AccessTooShort { earliest: Date } = "G38", "Access can be given until {earliest} or a later day. Choose one.";
    NoSuchGrant = "G28", "There is no open grant of access with that reference. Look at the timeline of the agreement.";
    NoSuchEvent = "G28", "There is no event with that reference in this stream. Name the event whose words are to go.";
    NoSuchWords { pointer: String } = "G28", "That event holds no words at `{pointer}`. Look at its page for what it holds.";
    RecheckMissing = "G43", "Give the law and a date to look again.";
    ImportGap { members: String } = "G45", "This agreement was imported without {members}; propose an amendment with full terms, or file it anew.";
    ImportUnconfirmed { organisation: OrganisationCode } = "G45", "{organisation} has not confirmed this import, so nothing may be shared with it or by it here. Ask its authorised signatory to confirm it.";
    FixedParties { organisation: OrganisationCode } = "G21", "The parties of this agreement are fixed. Adding {organisation} is a material amendment.";
    NotEligible { organisation: OrganisationCode, kind: String } = "G36", "{organisation} ({kind}) is not among the kinds of organisation this agreement is open to.";
    TooLongAgo { earliest: Timestamp } = "G38", "Sharing in an emergency is recorded within 72 hours, so it began on or after {earliest}, and not in the future.";
    NoSuchTarget = "G28", "There is no event with that reference in this agreement. Look at its timeline.";
    NoSuchImport = "G28", "This agreement was not brought here by that event. Name the event that imported it, or that recorded the emergency.";
    ImportsOver { until: Date } = "G47", "Agreements made before the ledger could be imported until {until}. File it as a request; its terms can be copied.";
    DocumentsFull { count: u16 } = "G48", "This agreement has reached its limit of {count} documents. Attach it to another record.";
    HeaderIncomplete { problem: String } = "E08", "The header does not hold together: {problem}. Derive it again and sign again.";
}
