//! Codes, dates and instants in plain English, for pages and documents (GOV.UK style).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use counterpart_core::codes;
use counterpart_core::event::EventType;
use counterpart_core::event::data::{DeclineKind, ErasureReason, RevocationGround, SuspensionGround};
use counterpart_core::header::{
    AgreementType, AutomatedDecisions, Capacity, DataClass, DpiaStatus, EndAction, Formation, Frequency, Method,
    Period, PublicRegister, SignatureKind,
};
use counterpart_core::ids::{Code, Role};
use counterpart_core::london;
use counterpart_core::organisation::OrganisationType;
use counterpart_core::terms::{ExcludedUse, PurposeCode};
use counterpart_core::time::{Date, Timestamp};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const DAY_MS: i64 = 24 * 3_600_000;
const HOUR_MS: i64 = 3_600_000;

/// `20 November 2026`.
pub fn date(date: Date) -> String {
    let (year, month, day) = date.ymd();
    let place = usize::try_from(month - 1).unwrap_or_default();
    format!("{day} {} {year}", MONTHS.get(place).copied().unwrap_or_default())
}

/// `20 November 2026 at 9:05am`, in London.
pub fn instant(at: Timestamp) -> String {
    let day = london::date_of(at);
    // Both changes of the clock come at 01:00 UTC: before it the day's own start decides, after it the next day's.
    let is_summer = |date: Date| london::start_of(date).millis() != date.epoch_days() * DAY_MS;
    let changed = at.millis() >= day.epoch_days() * DAY_MS + HOUR_MS;
    let offset = if is_summer(if changed { day.add_days(1) } else { day }) { HOUR_MS } else { 0 };
    let minutes = (at.millis() + offset).rem_euclid(DAY_MS) / 60_000;
    let (hour, minute) = (minutes / 60, minutes % 60);
    let (twelve, half) = match hour {
        0 => (12, "am"),
        1..=11 => (hour, "am"),
        12 => (12, "pm"),
        _ => (hour - 12, "pm"),
    };
    format!("{} at {twelve}:{minute:02}{half}", self::date(day))
}

/// `2 years`, `6 months`; `without end` for a perpetual one.
pub fn period(period: &Period) -> String {
    let Some(body) = period.as_str().strip_prefix('P').filter(|_| period.as_str() != "PERPETUAL") else {
        return "without end".to_owned();
    };
    let (number, unit) = body.split_at(body.len().saturating_sub(1));
    let unit = match unit {
        "Y" => "year",
        "M" => "month",
        "W" => "week",
        _ => "day",
    };
    format!("{number} {unit}{}", if number == "1" { "" } else { "s" })
}

/// `1,234`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `one thing`, `2 things`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", self::number(number)) }
}

/// Why words were erased, as the end of a sentence.
pub const fn erasure(reason: ErasureReason) -> &'static str {
    match reason {
        ErasureReason::RetentionEnded => "nobody needs it any longer",
        ErasureReason::PersonalData => "it told of a person",
        ErasureReason::CourtOrder => "a court ordered it",
    }
}

/// What an event of this type is, as the title of a timeline.
pub const fn event(kind: EventType) -> &'static str {
    match kind {
        EventType::LedgerGenesis => "Ledger founded",
        EventType::CodeListPublished => "Code list published",
        EventType::PolicyPublished => "Policy published",
        EventType::RulesAdopted => "Rules adopted",
        EventType::RegistrarChanged => "Registrars changed",
        EventType::LogKeyChanged => "Key of the log changed",
        EventType::WitnessPolicyPublished => "Witness policy published",
        EventType::LedgerClosed => "Ledger closed",
        EventType::OrganisationRegistered => "Organisation registered",
        EventType::OrganisationUpdated => "Organisation's record changed",
        EventType::OrganisationSuspended => "Organisation suspended",
        EventType::OrganisationReinstated => "Organisation reinstated",
        EventType::OrganisationLeft => "Organisation left",
        EventType::RoleHolderAppointed => "Role filled",
        EventType::RoleHolderRevoked => "Role ended",
        EventType::RoleDelegated => "Role delegated",
        EventType::DelegationRevoked => "Delegation ended",
        EventType::KeyRegistered => "Key registered",
        EventType::KeyRotated => "Key replaced",
        EventType::KeyRevoked => "Key ended",
        EventType::OrganisationSucceeded => "Organisation succeeded",
        EventType::SuccessionObjected => "Succession objected to",
        EventType::SuccessionConfirmed => "Succession confirmed",
        EventType::PartnershipMembershipChanged => "Partnership joined or left",
        EventType::KeyCompromised => "Key reported compromised",
        EventType::ContestResolved => "Contested signatures resolved",
        EventType::RequestFiled => "Request filed",
        EventType::RequestTriaged => "Request assessed",
        EventType::TermsSubmitted => "Terms put forward for signing",
        EventType::AdviceGiven => "Advice given",
        EventType::ApprovalGiven => "Approval given",
        EventType::ExecutionSigned => "Agreement signed",
        EventType::ApprovalDeclined => "Version declined",
        EventType::ApprovalWithdrawn => "Signature taken back",
        EventType::RequestRefused => "Request refused",
        EventType::RequestWithdrawn => "Request withdrawn",
        EventType::AgreementSuspended => "Sharing suspended",
        EventType::AgreementResumed => "Sharing resumed",
        EventType::RevocationNoticed => "Notice given",
        EventType::PublicationDecided => "Publication decided",
        EventType::NoteRecorded => "Note recorded",
        EventType::ClarificationRequested => "Question asked",
        EventType::ClarificationProvided => "Question answered",
        EventType::CounterProposalMade => "Other terms proposed",
        EventType::CounterProposalAccepted => "Other terms accepted",
        EventType::CounterProposalRejected => "Other terms turned down",
        EventType::RevocationRescinded => "Notice taken back",
        EventType::TerminationConsented => "End agreed to",
        EventType::AmendmentProposed => "Amendment proposed",
        EventType::AmendmentAbandoned => "Amendment dropped",
        EventType::ReviewCompleted => "Review completed",
        EventType::PartyInvited => "Party invited",
        EventType::AccessionRequested => "Accession requested",
        EventType::EmergencySharingRecorded => "Emergency sharing recorded",
        EventType::LeadChanged => "Lead changed",
        EventType::Corrected => "Correction added",
        EventType::AccessGranted => "Access for auditors given",
        EventType::AccessEnded => "Access for auditors ended",
        EventType::DisclosureErased => "Words erased",
        EventType::DisclosureLogged => "Data sent",
        EventType::IncidentNoted => "Incident noted",
        EventType::IncidentUpdated => "Incident updated",
        EventType::DestructionCertified => "Destruction certified",
        EventType::RetentionHoldPlaced => "Hold placed",
        EventType::RetentionHoldReleased => "Hold released",
        EventType::DocumentAttached => "Document attached",
        EventType::AgreementImported => "Agreement imported",
        EventType::ImportConfirmed => "Import confirmed",
        EventType::ImportDisputed => "Import disputed",
    }
}

/// What an event of this type does, in one sentence.
pub const fn event_means(kind: EventType) -> &'static str {
    match kind {
        EventType::LedgerGenesis => "It names the registrars, the keys of the log and the reference data in force.",
        EventType::CodeListPublished => "A list of codes has another version, from a day on.",
        EventType::PolicyPublished => "A policy of the rules has another version, from a day on.",
        EventType::RulesAdopted => "From the next entry on another version of the rules decides.",
        EventType::RegistrarChanged => "Other people register bodies and lists.",
        EventType::LogKeyChanged => {
            "Another key signs checkpoints. The first one of the new key also carries the old key's signature."
        }
        EventType::WitnessPolicyPublished => "Which witnesses are asked, and how many must answer.",
        EventType::LedgerClosed => "Nothing more is recorded here.",
        EventType::OrganisationRegistered => "A body enters the ledger, with the key of its head of paid service.",
        EventType::OrganisationUpdated => "Particulars of a body change.",
        EventType::OrganisationSuspended => "Two registrars stop a body from acting for a while.",
        EventType::OrganisationReinstated => "Two registrars end a suspension early.",
        EventType::OrganisationLeft => "A body leaves the ledger.",
        EventType::RoleHolderAppointed => "A person, known here by a random id, comes to hold a role at a body.",
        EventType::RoleHolderRevoked => "A person no longer holds a role. No event says why.",
        EventType::RoleDelegated => "Another person may act in a role for a while.",
        EventType::DelegationRevoked => "A delegation ends early.",
        EventType::KeyRegistered => "A person gets a key to sign with.",
        EventType::KeyRotated => "A key takes the place of an older one.",
        EventType::KeyRevoked => "A key signs nothing more.",
        EventType::OrganisationSucceeded => "Bodies take the place of others by statute, and their agreements with it.",
        EventType::SuccessionObjected => "A body without a chief says that it is not succeeded. That stops it.",
        EventType::SuccessionConfirmed => "A successor stands by an agreement that came to it from another body.",
        EventType::PartnershipMembershipChanged => "A body joins a partnership, or leaves it.",
        EventType::KeyCompromised => {
            "A key may be in other hands. What it signed since counts only when its body stands by it."
        }
        EventType::ContestResolved => "A body stands by signatures that were in doubt, or disowns them.",
        EventType::RequestFiled => "One body asks to share data, with full terms.",
        EventType::RequestTriaged => "A body takes the request up, or sends it back with questions.",
        EventType::TermsSubmitted => "One version is frozen, so that everybody signs the same words.",
        EventType::AdviceGiven => "An adviser has advised. What they said is not in the log.",
        EventType::ApprovalGiven => "A role that must agree has agreed.",
        EventType::ExecutionSigned => "A party binds itself. It is always its last signature.",
        EventType::ApprovalDeclined => "A party says no to a version, for changes or for good.",
        EventType::ApprovalWithdrawn => "A signature no longer counts, before the agreement is in force.",
        EventType::RequestRefused => "A provider refuses, with reasons that the parties can read.",
        EventType::RequestWithdrawn => "The body that asked no longer asks.",
        EventType::AgreementSuspended => "Data must not move until the ground is closed.",
        EventType::AgreementResumed => "A ground of suspension is closed.",
        EventType::RevocationNoticed => "A party leaves on the day named.",
        EventType::PublicationDecided => "The lead party says whether everybody may read the words.",
        EventType::NoteRecorded => "Somebody noted something. It changes nothing.",
        EventType::ClarificationRequested => "A party asks another something about the terms.",
        EventType::ClarificationProvided => "A question is answered, perhaps with changed terms.",
        EventType::CounterProposalMade => "A party answers with other terms, whole.",
        EventType::CounterProposalAccepted => "The other terms take the place of the earlier ones.",
        EventType::CounterProposalRejected => "The earlier terms stand.",
        EventType::RevocationRescinded => "A party that had given notice stays.",
        EventType::TerminationConsented => "A party agrees that sharing ends on the day named; it ends when all do.",
        EventType::AmendmentProposed => "A party proposes other terms for an agreement in force.",
        EventType::AmendmentAbandoned => "The amendment is dropped; the terms in force stay.",
        EventType::ReviewCompleted => "The agreement was looked at again, and the next review has a day.",
        EventType::PartyInvited => "The lead party invites another body.",
        EventType::AccessionRequested => "A body asks to join an agreement that is open to others.",
        EventType::EmergencySharingRecorded => {
            "A body records, after the event, what it shared in an emergency. It permits nothing by itself."
        }
        EventType::LeadChanged => "Another party keeps the agreement up to date from now on.",
        EventType::Corrected => "Words beside an earlier event say what it should have said. No decision changes.",
        EventType::AccessGranted => "Auditors of a body may read the words that it names, until its day and no longer.",
        EventType::AccessEnded => "Auditors read no longer what they were given to read.",
        EventType::DisclosureErased => {
            "The words that it names are destroyed on its day. The entry that sealed them stays as it is, and its proof holds."
        }
        EventType::DisclosureLogged => {
            "A provider records that data went to recipients, who now owe their destruction."
        }
        EventType::IncidentNoted => "Something went wrong. What it was stands in words that the parties can read.",
        EventType::IncidentUpdated => "It says how an incident goes on.",
        EventType::DestructionCertified => "A recipient no longer holds data, or says which law makes it keep them.",
        EventType::RetentionHoldPlaced => "Data must not be destroyed for now.",
        EventType::RetentionHoldReleased => "Data may be destroyed again.",
        EventType::DocumentAttached => {
            "A document is part of the evidence. Its hash is committed to, not the document."
        }
        EventType::AgreementImported => {
            "A party records an agreement that was made before the ledger. Each party has to confirm it."
        }
        EventType::ImportConfirmed => "A party confirms that it is bound by the agreement that was imported.",
        EventType::ImportDisputed => "A party says that the import is wrong.",
    }
}

/// How the organisations relate.
pub const fn agreement_type(kind: AgreementType) -> &'static str {
    match kind {
        AgreementType::C2c => "Between independent controllers",
        AgreementType::Jc => "Between joint controllers",
        AgreementType::C2p => "Controller to processor",
        AgreementType::P2sp => "Processor to sub-processor",
        AgreementType::LeLe => "Law enforcement on both sides",
        AgreementType::LeGp => "From law enforcement to another body",
        AgreementType::GpLe => "From another body to law enforcement",
        AgreementType::Open => "Open data licence",
        AgreementType::Npr => "Restricted data about no person",
        AgreementType::Emg => "Emergency",
    }
}

/// The class of data.
pub const fn class(class: DataClass) -> &'static str {
    match class {
        DataClass::NonPersonalOpen => "Open data about no person",
        DataClass::NonPersonalRestricted => "Restricted data about no person",
        DataClass::Anonymous => "Anonymous data",
        DataClass::Pseudonymised => "Pseudonymised data",
        DataClass::Personal => "Personal data",
        DataClass::CriminalOffence => "Criminal offence data",
        DataClass::SpecialCategory => "Special category data",
        DataClass::LawEnforcement => "Law-enforcement data",
    }
}

/// What a party does with the data.
pub const fn capacity(capacity: Capacity) -> &'static str {
    match capacity {
        Capacity::Provider => "gives data",
        Capacity::Recipient => "receives data",
        Capacity::Both => "gives and receives data",
        Capacity::Platform => "hosts the data",
    }
}

/// When it is formed.
pub const fn formation(formation: Formation) -> &'static str {
    match formation {
        Formation::All => "All parties must sign before it starts",
        Formation::Accession => "Bodies join one by one",
        Formation::Unilateral => "The publisher alone signs",
    }
}

/// What a signature means.
pub const fn signature(kind: SignatureKind) -> &'static str {
    match kind {
        SignatureKind::Advice => "Advice",
        SignatureKind::Approval => "Approval",
        SignatureKind::Execution => "Signature that binds",
    }
}

/// How often.
pub const fn frequency(frequency: Frequency) -> &'static str {
    match frequency {
        Frequency::Once => "once",
        Frequency::AdHoc => "case by case",
        Frequency::Hourly => "every hour",
        Frequency::Daily => "every day",
        Frequency::Weekly => "every week",
        Frequency::Monthly => "every month",
        Frequency::Quarterly => "every quarter",
        Frequency::Annual => "every year",
        Frequency::Live => "as it happens",
    }
}

/// How data move.
pub const fn method(method: Method) -> &'static str {
    match method {
        Method::Sftp => "secure file transfer",
        Method::ApiMtls => "an interface between systems",
        Method::SecureEmail => "secure email",
        Method::Portal => "a portal",
        Method::DataForLondonSecure => "the secure part of the Data for London Library",
        Method::Tre => "a trusted research environment",
        Method::InPerson => "in person",
        Method::PublicDownload => "public download",
        Method::Other => "another way",
    }
}

/// What becomes of the data.
pub const fn end_action(action: EndAction) -> &'static str {
    match action {
        EndAction::Destroy => "then destroyed",
        EndAction::Return => "then returned",
        EndAction::Anonymise => "then made anonymous",
        EndAction::Retain => "then kept under the recipient's own schedule",
    }
}

/// Whether an impact assessment was made.
pub const fn dpia(status: DpiaStatus) -> &'static str {
    match status {
        DpiaStatus::Done => "Yes",
        DpiaStatus::NotRequired => "Not required, after a screening",
        DpiaStatus::DoneAndConsulted => "Yes, and the regulator was consulted",
    }
}

/// Whether decisions are automated.
pub const fn automated(decisions: AutomatedDecisions) -> &'static str {
    match decisions {
        AutomatedDecisions::None => "None",
        AutomatedDecisions::Support => "They support people who decide",
        AutomatedDecisions::Solely => "Decisions are made by machine alone",
    }
}

/// What the public may see.
pub const fn publication(register: PublicRegister) -> &'static str {
    match register {
        PublicRegister::Publish => "Published",
        PublicRegister::PublishRedacted => "Published in part",
        PublicRegister::Withhold => "Withheld",
    }
}

/// A purpose.
pub const fn purpose(purpose: PurposeCode) -> &'static str {
    match purpose {
        PurposeCode::SafeguardChild => "safeguarding children",
        PurposeCode::SafeguardAdult => "safeguarding adults",
        PurposeCode::CrimePrevention => "preventing crime",
        PurposeCode::CrimeEnforcement => "enforcing criminal law",
        PurposeCode::SeriousViolence => "reducing serious violence",
        PurposeCode::CounterTerrorism => "countering terrorism",
        PurposeCode::Homelessness => "homelessness",
        PurposeCode::HousingStandards => "housing standards",
        PurposeCode::DebtRecovery => "recovering debt",
        PurposeCode::Fraud => "fraud",
        PurposeCode::BenefitUptake => "uptake of benefits",
        PurposeCode::PublicHealth => "public health",
        PurposeCode::CareIntegration => "joining up care",
        PurposeCode::Planning => "planning",
        PurposeCode::Transport => "transport",
        PurposeCode::Environment => "the environment",
        PurposeCode::Emergency => "emergencies",
        PurposeCode::Statistics => "statistics",
        PurposeCode::Research => "research",
        PurposeCode::ServiceDesign => "designing services",
        PurposeCode::Transparency => "transparency",
        PurposeCode::Other => "another purpose",
    }
}

/// A use that is not allowed.
pub const fn excluded(used: ExcludedUse) -> &'static str {
    match used {
        ExcludedUse::ImmigrationEnforcement => "immigration enforcement",
        ExcludedUse::Marketing => "marketing",
        ExcludedUse::EmployeeMonitoring => "watching employees",
        ExcludedUse::SoleAutomatedDecision => "decisions by machine alone",
        ExcludedUse::ModelTraining => "training models beyond the purpose",
        ExcludedUse::CommercialReuse => "commercial re-use",
    }
}

/// A type of body.
pub const fn organisation_type(kind: OrganisationType) -> &'static str {
    match kind {
        OrganisationType::LondonBorough => "London borough",
        OrganisationType::CityCorp => "City corporation",
        OrganisationType::Gla => "Greater London Authority",
        OrganisationType::FunctionalBody => "Functional body of the GLA",
        OrganisationType::PoliceForce => "Police force",
        OrganisationType::PoliceBody => "Local policing body",
        OrganisationType::FireBody => "Fire authority",
        OrganisationType::Mdc => "Mayoral development corporation",
        OrganisationType::NhsIcb => "NHS integrated care board",
        OrganisationType::NhsTrust => "NHS trust",
        OrganisationType::NhsOther => "NHS body",
        OrganisationType::University => "University",
        OrganisationType::Partnership => "Partnership",
        OrganisationType::CentralGov => "Central government",
        OrganisationType::Regulator => "Regulator",
        OrganisationType::Charity => "Charity",
        OrganisationType::HousingProvider => "Housing provider",
        OrganisationType::Supplier => "Supplier",
        OrganisationType::OtherPublic => "Public body",
    }
}

/// A role with a capital, as a heading.
pub fn role(role: Role) -> String {
    let title = role.title();
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A legal power: `Children Act 1989, section 27`; its code where the list does not name an act.
pub fn power(code: &Code) -> String {
    POWERS.get(code.as_str()).cloned().unwrap_or_else(|| code.to_string())
}

/// What a legal gateway answers to sharing that it does not allow, by the code of that answer.
pub fn gateway_guard(code: &str) -> Option<&'static str> {
    GUARDS.get(code).map(String::as_str)
}

/// The guards of CL-GATE, by their own codes.
static GUARDS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let guards = gateways().into_iter().filter_map(|row| {
        let text = |name: &str| Some(row.get("guard")?.get(name)?.as_str()?.to_owned());
        Some((text("code")?, text("message")?))
    });
    guards.collect()
});

/// The rows of the newest CL-GATE.
fn gateways() -> Vec<serde_json::Value> {
    let file = codes::FILES.iter().rfind(|file| file.id == "CL-GATE");
    let list: serde_json::Value = file.and_then(|file| serde_json::from_str(file.text).ok()).unwrap_or_default();
    list.get("rows").and_then(serde_json::Value::as_array).cloned().unwrap_or_default()
}

/// The acts and sections of CL-GATE, by code.
static POWERS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    gateways()
        .iter()
        .filter_map(|row| {
            let text = |name: &str| row.get(name).and_then(serde_json::Value::as_str);
            let section = text("section").filter(|section| section.starts_with(|first: char| first.is_ascii_digit()));
            let named = section.map_or_else(
                || text("act").map(str::to_owned),
                |section| text("act").map(|act| format!("{act}, section {section}")),
            );
            Some((text("code")?.to_owned(), named?))
        })
        .collect()
});

/// Why sharing is suspended.
pub const fn suspension(ground: SuspensionGround) -> &'static str {
    match ground {
        SuspensionGround::Incident => "an incident",
        SuspensionGround::LegalChange => "a change of law",
        SuspensionGround::DpiaOutOfDate => "an impact assessment that is out of date",
        SuspensionGround::Regulator => "the regulator",
        SuspensionGround::Security => "security",
        SuspensionGround::Rights => "people's rights",
        SuspensionGround::KeyCompromise => "a compromised key",
        SuspensionGround::Other => "another ground",
    }
}

/// Why a party leaves.
pub const fn revocation(ground: RevocationGround) -> &'static str {
    match ground {
        RevocationGround::NoLongerNeeded => "the data are no longer needed",
        RevocationGround::Policy => "policy",
        RevocationGround::LegalChange => "a change of law",
        RevocationGround::BreachByOther => "a breach by another party",
        RevocationGround::Unlawful => "sharing would be unlawful",
        RevocationGround::RegulatorOrder => "an order of the regulator",
        RevocationGround::CourtOrder => "an order of a court",
    }
}

/// How a version is declined.
pub const fn decline(kind: DeclineKind) -> &'static str {
    match kind {
        DeclineKind::Return => "returned for changes",
        DeclineKind::Final => "declined for good",
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn instants_are_told_in_london() {
        let told = |text: &str| instant(text.parse().unwrap());
        assert_eq!(told("2026-11-20T09:05:00.000Z"), "20 November 2026 at 9:05am");
        assert_eq!(told("2026-07-01T23:30:00.000Z"), "2 July 2026 at 12:30am");
        assert_eq!(told("2026-03-29T00:59:00.000Z"), "29 March 2026 at 12:59am");
        assert_eq!(told("2026-03-29T01:00:00.000Z"), "29 March 2026 at 2:00am");
        assert_eq!(told("2026-10-25T00:59:00.000Z"), "25 October 2026 at 1:59am");
        assert_eq!(told("2026-10-25T01:00:00.000Z"), "25 October 2026 at 1:00am");
        assert_eq!(told("2026-12-01T12:00:00.000Z"), "1 December 2026 at 12:00pm");
    }

    #[test]
    fn a_power_is_named_by_its_act() {
        assert_eq!(power(&"CA89-27".parse().unwrap()), "Children Act 1989, section 27");
        assert_eq!(power(&"NEW-1".parse().unwrap()), "NEW-1");
    }

    #[test]
    fn periods_and_numbers_read_as_people_say_them() {
        let told = |text: &str| period(&text.parse().unwrap());
        assert_eq!([told("P1Y"), told("P18M"), told("PERPETUAL")], ["1 year", "18 months", "without end"]);
        assert_eq!([number(7), number(1234), number(1_000_000)], ["7", "1,234", "1,000,000"]);
    }
}
