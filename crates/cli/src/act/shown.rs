//! What a person sees before they sign: every member of the event and the words behind its commitments.

use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::event::Event;
use counterpart_core::event::data::EventType;

use crate::Common;

/// Shows an event in plain words, whatever `--quiet` says: nobody signs what they did not see.
pub fn tell(event: &Event, words: &[Disclosure], common: &Common) {
    let mut lines = vec![
        format!("You are about to sign: {}", meaning(event.event_type())),
        format!("  event     {} {}", event.event_type(), event.id),
        format!("  ledger    {}", event.ledger),
        format!("  stream    {} at revision {}", event.stream, event.expected_revision),
        format!("  signed    {}, valid until {}", event.signed_at, event.valid_until),
    ];
    for signer in &event.signers {
        let delegated = signer.delegation.map(|id| format!(" under delegation {id}")).unwrap_or_default();
        lines.push(format!(
            "  signer    {} as {} ({}) of {}, key {}{delegated}",
            signer.person,
            signer.role,
            signer.role.title(),
            signer.organisation,
            signer.key
        ));
    }
    lines.push("In clear, for everybody who may read the log:".to_owned());
    if let Ok(data) = event.data.to_value() {
        lines.extend(format!("{data:#}").lines().map(|line| format!("  {line}")));
    }
    if !words.is_empty() {
        lines.push("In words, beside the log:".to_owned());
    }
    for word in words {
        let text = match word.kind {
            Kind::Text | Kind::Json => String::from_utf8_lossy(&word.content).into_owned(),
            Kind::Sha256 => format!("a file with SHA-256 {}", hex::encode(&word.content)),
        };
        lines.push(format!("  {}: {}", word.pointer, printable(&text)));
    }
    crate::shell::say(&lines.join("\n"));
    let _ = common;
}

/// Words of strangers must not move the cursor or hide a line.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c })
        .collect::<String>()
        .replace('\n', "\n    ")
}

/// What an event does, for somebody who never read the specification.
const fn meaning(event_type: EventType) -> &'static str {
    match event_type {
        EventType::LedgerGenesis => "the founding of a ledger",
        EventType::CodeListPublished => "a code list gets another version",
        EventType::PolicyPublished => "a policy gets another version",
        EventType::RulesAdopted => "another version of the rules decides from the next entry on",
        EventType::RegistrarChanged => "other people register",
        EventType::LogKeyChanged => "another key signs the log's checkpoints",
        EventType::WitnessPolicyPublished => "which witnesses are asked is published",
        EventType::LedgerClosed => "this ledger is closed, and nothing more is recorded in it",
        EventType::OrganisationRegistered => "an organisation enters the ledger, with its head of paid service",
        EventType::OrganisationUpdated => "particulars of an organisation change",
        EventType::OrganisationSuspended => "an organisation is suspended for a while",
        EventType::OrganisationReinstated => "the suspension of an organisation ends",
        EventType::OrganisationLeft => "an organisation leaves the ledger",
        EventType::RoleHolderAppointed => "a person comes to hold a role",
        EventType::RoleHolderRevoked => "a person no longer holds a role",
        EventType::RoleDelegated => "another person may act in a role for a while",
        EventType::DelegationRevoked => "a delegation ends early",
        EventType::KeyRegistered => "a person gets a key",
        EventType::KeyRotated => "a key takes the place of an older one",
        EventType::KeyRevoked => "a key signs no more",
        EventType::OrganisationSucceeded => "bodies take the place of others, and their agreements with it",
        EventType::SuccessionObjected => "your organisation objects to being succeeded",
        EventType::SuccessionConfirmed => "your organisation stands by an agreement that came to it from another",
        EventType::PartnershipMembershipChanged => "an organisation joins or leaves a partnership",
        EventType::KeyCompromised => "a key may be in other hands; what it signed since is contested",
        EventType::ContestResolved => "your organisation stands by contested signatures, or disowns them",
        EventType::RequestFiled => "a request for a data-sharing agreement is filed",
        EventType::RequestTriaged => "a request is accepted for assessment, or sent back",
        EventType::TermsSubmitted => "the terms are frozen, and signing begins",
        EventType::AdviceGiven => "advice on a version is given",
        EventType::ApprovalGiven => "a version is approved",
        EventType::ExecutionSigned => "your organisation binds itself to a version",
        EventType::ApprovalDeclined => "a version is declined",
        EventType::ApprovalWithdrawn => "a signature is taken back",
        EventType::RequestRefused => "a request is refused",
        EventType::RequestWithdrawn => "a request is withdrawn",
        EventType::AgreementSuspended => "sharing stops until it is resumed",
        EventType::AgreementResumed => "a ground of suspension is closed",
        EventType::RevocationNoticed => "your organisation leaves an agreement",
        EventType::PublicationDecided => "what everybody may read of an agreement is decided",
        EventType::ClarificationRequested => "your organisation asks another party a question",
        EventType::ClarificationProvided => "your organisation answers a question, perhaps with new terms",
        EventType::CounterProposalMade => "your organisation proposes other terms",
        EventType::CounterProposalAccepted => "your organisation accepts the other terms",
        EventType::CounterProposalRejected => "your organisation rejects the other terms; the earlier ones stay",
        EventType::AmendmentProposed => "your organisation proposes to change an agreement in force",
        EventType::AmendmentAbandoned => "your organisation drops the amendment",
        EventType::ReviewCompleted => "your organisation records that the agreement was reviewed",
        EventType::RevocationRescinded => "your organisation takes its notice back and stays",
        EventType::TerminationConsented => "your organisation agrees to end the agreement on this day",
        EventType::DisclosureLogged => "your organisation records that it sent data",
        EventType::IncidentNoted => "your organisation tells the parties of an incident",
        EventType::IncidentUpdated => "your organisation says how an incident goes on",
        EventType::DestructionCertified => "your organisation certifies what became of the data that it received",
        EventType::RetentionHoldPlaced => "data must not be destroyed until your organisation lets go of the hold",
        EventType::RetentionHoldReleased => "your organisation lets go of a hold, so that data may be destroyed",
        EventType::DocumentAttached => "a document becomes part of the evidence",
        EventType::AgreementImported => "an agreement that was made elsewhere is recorded; nobody has confirmed it yet",
        EventType::ImportConfirmed => "your organisation confirms that it is bound by an agreement made elsewhere",
        EventType::ImportDisputed => "your organisation says that an import is wrong",
        EventType::PartyInvited => "your organisation invites another body into the agreement",
        EventType::AccessionRequested => "your organisation asks to join the agreement",
        EventType::EmergencySharingRecorded => "your organisation records that it shared data in an emergency",
        EventType::LeadChanged => "another organisation keeps the agreement up to date from now on",
        EventType::Corrected => "words beside an earlier event say what it should have said; no decision changes",
        EventType::AccessGranted => "auditors of a body may read the words that it names, until its day",
        EventType::AccessEnded => "auditors read no longer what they were given to read",
        EventType::DisclosureErased => "the words that it names are destroyed on its day, for good",
        EventType::NoteRecorded => "a note is recorded",
    }
}
