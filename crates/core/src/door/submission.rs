//! Words against commitments: every commitment of an event opened once, by content of its kind and schema (E07).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::commitment::{
    self, Commitment, Disclosure, DisclosureError, Kind, MAX_CONTENT_DEPTH, MAX_CONTENTS, MAX_DISCLOSURES,
};
use crate::event::Data;
use crate::json::{self, Limits, Value};
use crate::refusal::Refusal;
use crate::sealed::{Content, Sealed};
use crate::terms::{Contacts, Terms};
use crate::words::{
    AdviceWords, CounterWords, DeclineWords, DestructionWords, Holder, IncidentUpdateWords, IncidentWords, ReasonWords,
    RefusalWords, ResumptionWords, ReviewWords, SuspensionWords,
};

/// One commitment in the data of an event, and what may open it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// Where it stands in `data`.
    pub pointer: &'static str,
    /// The commitment.
    pub commitment: Commitment,
    /// The kind of content.
    pub kind: Kind,
    /// The schema of content of kind `json`.
    pub schema: Option<&'static str>,
}

fn seal<T: Content>(pointer: &'static str, sealed: &Sealed<T>) -> Seal {
    Seal { pointer, commitment: sealed.commitment, kind: T::KIND, schema: T::SCHEMA }
}

/// Every commitment in the data of an event, in the order of its members.
pub fn seals(data: &Data) -> Vec<Seal> {
    match data {
        Data::LedgerGenesis(_)
        | Data::CodeListPublished(_)
        | Data::PolicyPublished(_)
        | Data::RulesAdopted(_)
        | Data::RegistrarChanged(_)
        | Data::LogKeyChanged(_)
        | Data::WitnessPolicyPublished(_)
        | Data::LedgerClosed(_)
        | Data::OrganisationUpdated(_)
        | Data::OrganisationSuspended(_)
        | Data::OrganisationReinstated(_)
        | Data::OrganisationLeft(_)
        | Data::SuccessionConfirmed(_)
        | Data::RoleHolderRevoked(_)
        | Data::RoleDelegated(_)
        | Data::DelegationRevoked(_)
        | Data::KeyRegistered(_)
        | Data::KeyRotated(_)
        | Data::KeyRevoked(_)
        | Data::TermsSubmitted(_)
        | Data::PublicationDecided(_)
        | Data::LeadChanged(_)
        | Data::AccessEnded(_)
        | Data::RetentionHoldPlaced(_)
        | Data::RetentionHoldReleased(_)
        | Data::RevocationRescinded(_)
        | Data::TerminationConsented(_) => Vec::new(),
        Data::OrganisationRegistered(data) => vec![seal("/chief/holder", &data.chief.holder)],
        Data::RoleHolderAppointed(data) => vec![seal("/holder", &data.holder)],
        Data::RequestFiled(data) => vec![seal("/contacts", &data.contacts), seal("/terms", &data.terms)],
        Data::RequestTriaged(data) => data.note.iter().map(|note| seal("/note", note)).collect(),
        Data::AdviceGiven(data) => vec![seal("/words", &data.words)],
        Data::ApprovalGiven(data) => data.override_.iter().map(|words| seal("/override", words)).collect(),
        Data::ExecutionSigned(data) => {
            let words = data.override_.iter().map(|words| seal("/override", words));
            words.chain(data.sealed.iter().map(|file| seal("/sealed", file))).collect()
        }
        Data::ApprovalDeclined(data) => vec![seal("/words", &data.words)],
        Data::ApprovalWithdrawn(data) => vec![seal("/words", &data.words)],
        Data::RequestRefused(data) => vec![seal("/words", &data.words)],
        Data::RequestWithdrawn(data) => data.words.iter().map(|words| seal("/words", words)).collect(),
        Data::AgreementSuspended(data) => vec![seal("/words", &data.words)],
        Data::AgreementResumed(data) => vec![seal("/words", &data.words)],
        Data::RevocationNoticed(data) => vec![seal("/words", &data.words)],
        Data::NoteRecorded(data) => vec![seal("/text", &data.text)],
        Data::OrganisationSucceeded(data) => vec![seal("/instrument", &data.instrument)],
        Data::SuccessionObjected(data) => vec![seal("/words", &data.words)],
        Data::PartnershipMembershipChanged(data) => vec![seal("/source", &data.source)],
        Data::KeyCompromised(data) => vec![seal("/evidence", &data.evidence)],
        Data::ContestResolved(data) => vec![seal("/evidence", &data.evidence)],
        Data::ClarificationRequested(data) => vec![seal("/text", &data.text)],
        Data::ClarificationProvided(data) => {
            let terms = data.terms.iter().map(|terms| seal("/terms", terms));
            terms.chain([seal("/text", &data.text)]).collect()
        }
        Data::CounterProposalMade(data) => vec![seal("/terms", &data.terms), seal("/words", &data.words)],
        Data::AmendmentProposed(data) => vec![seal("/terms", &data.terms), seal("/words", &data.words)],
        Data::AmendmentAbandoned(data) => data.words.iter().map(|words| seal("/words", words)).collect(),
        Data::ReviewCompleted(data) => vec![seal("/words", &data.words)],
        Data::CounterProposalAccepted(data) => data.words.iter().map(|words| seal("/words", words)).collect(),
        Data::DisclosureLogged(data) => data.transfer.iter().map(|file| seal("/transfer", file)).collect(),
        Data::IncidentNoted(data) => vec![seal("/words", &data.words)],
        Data::IncidentUpdated(data) => vec![seal("/words", &data.words)],
        Data::DestructionCertified(data) => {
            let file = data.certificate.iter().map(|file| seal("/certificate", file));
            file.chain([seal("/words", &data.words)]).collect()
        }
        Data::DocumentAttached(data) => vec![seal("/file", &data.file)],
        Data::AgreementImported(data) => vec![seal("/source", &data.source)],
        Data::ImportConfirmed(data) => vec![seal("/document", &data.document)],
        Data::ImportDisputed(data) => vec![seal("/words", &data.words)],
        Data::PartyInvited(data) => vec![seal("/contacts", &data.contacts)],
        Data::AccessionRequested(data) => vec![seal("/words", &data.words)],
        Data::EmergencySharingRecorded(data) => {
            let terms = data.terms.iter().map(|terms| seal("/terms", terms));
            terms.chain([seal("/words", &data.words)]).collect()
        }
        Data::Corrected(data) => vec![seal("/words", &data.words)],
        Data::AccessGranted(data) => data.order.iter().map(|file| seal("/order", file)).collect(),
        Data::DisclosureErased(data) => vec![seal("/advice", &data.advice)],
        Data::CounterProposalRejected(data) => data.words.iter().map(|words| seal("/words", words)).collect(),
    }
}

/// The words of one submission, each where its commitment stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Texts, by pointer: those of the data, and those of the terms behind `/terms`.
    pub texts: BTreeMap<String, String>,
    /// JSON documents, by pointer, with their schema.
    pub documents: BTreeMap<&'static str, (&'static str, Value)>,
}

impl Opened {
    /// The document at a pointer.
    pub fn document(&self, pointer: &str) -> Option<&Value> {
        self.documents.get(pointer).map(|(_, value)| value)
    }
}

/// Opens every commitment of an event.
///
/// # Errors
///
/// E07, or E05 for size: the first thing that does not open, has no words, or opens nothing.
pub fn open(event_id: &str, data: &Data, disclosures: &[Disclosure]) -> Result<Opened, Refusal> {
    let seals = seals(data);
    if seals.is_empty() && disclosures.is_empty() {
        return Ok(Opened::default());
    }
    check_limits(disclosures)?;
    let mut commitments: Vec<(String, Commitment)> =
        seals.iter().map(|seal| (seal.pointer.to_owned(), seal.commitment)).collect();
    let mut opened = Opened::default();
    for seal in &seals {
        let Some(disclosure) = disclosures.iter().find(|disclosure| disclosure.pointer == seal.pointer) else {
            continue;
        };
        if disclosure.kind != seal.kind {
            return Err(refused(format!(
                "`{}` must be of kind {}, and is {}",
                seal.pointer, seal.kind, disclosure.kind
            )));
        }
        let (Kind::Json, Some(schema)) = (seal.kind, seal.schema) else {
            continue;
        };
        commitment::open(disclosure, event_id, &seal.commitment).map_err(|error| refusal(&error))?;
        let limits = Limits { max_depth: MAX_CONTENT_DEPTH, max_bytes: commitment::MAX_CONTENT };
        let value = json::parse(&disclosure.content, limits)
            .map_err(|error| refused(format!("`{}` cannot be read: {error}", seal.pointer)))?;
        if schema == Terms::SCHEMA.unwrap_or_default() {
            let within = commitment::commitments(&value, seal.pointer)
                .map_err(|at| refused(format!("`{at}` has a member `$commit` but is not a commitment")))?;
            commitments.extend(within);
        } else {
            check_schema(schema, &value)
                .map_err(|problem| refused(format!("`{}` is not of the schema {schema}: {problem}", seal.pointer)))?;
        }
        opened.documents.insert(seal.pointer, (schema, value));
    }
    commitment::open_all(disclosures, event_id, &commitments).map_err(|error| refusal(&error))?;
    for disclosure in disclosures {
        let seal = seals.iter().find(|seal| seal.pointer == disclosure.pointer);
        // Within the terms every commitment is to text.
        let kind = seal.map_or(Kind::Text, |seal| seal.kind);
        if disclosure.kind != kind {
            return Err(refused(format!(
                "`{}` must be of kind {kind}, and is {}",
                disclosure.pointer, disclosure.kind
            )));
        }
        if kind == Kind::Text {
            let text = String::from_utf8_lossy(&disclosure.content).into_owned();
            opened.texts.insert(disclosure.pointer.clone(), text);
        }
    }
    Ok(opened)
}

fn check_limits(disclosures: &[Disclosure]) -> Result<(), Refusal> {
    if disclosures.len() > MAX_DISCLOSURES {
        let problem = format!("there are {} disclosures, and may be at most {MAX_DISCLOSURES}", disclosures.len());
        return Err(Refusal::TooLarge { problem });
    }
    let bytes: usize = disclosures.iter().map(|disclosure| disclosure.content.len()).sum();
    if bytes > MAX_CONTENTS {
        let problem = format!("all words together are {bytes} bytes, and may be at most {MAX_CONTENTS}");
        return Err(Refusal::TooLarge { problem });
    }
    Ok(())
}

/// Terms are looked at by the rules, which say more; every other document must be of its schema here.
fn check_schema(schema: &str, value: &Value) -> Result<(), String> {
    fn fits<T: DeserializeOwned + Content>(schema: &str, value: &Value) -> Option<Result<(), String>> {
        (T::SCHEMA == Some(schema)).then(|| json::from_value::<T>(value).map(drop).map_err(|error| error.to_string()))
    }
    let known = [
        fits::<Contacts>,
        fits::<Holder>,
        fits::<AdviceWords>,
        fits::<CounterWords>,
        fits::<ReviewWords>,
        fits::<DeclineWords>,
        fits::<RefusalWords>,
        fits::<ReasonWords>,
        fits::<SuspensionWords>,
        fits::<ResumptionWords>,
        fits::<IncidentWords>,
        fits::<IncidentUpdateWords>,
        fits::<DestructionWords>,
    ];
    // Serde would read a struct from a list as well: two spellings of one meaning.
    if value.as_object().is_none() {
        return Err(format!("it must be an object, and is {}", value.kind()));
    }
    let unknown = || Err("this program does not know it".to_owned());
    known.iter().find_map(|check| check(schema, value)).unwrap_or_else(unknown)
}

fn refused(problem: String) -> Refusal {
    Refusal::Disclosures { problem }
}

fn refusal(error: &DisclosureError) -> Refusal {
    match error {
        DisclosureError::TooLarge { .. } => Refusal::TooLarge { problem: error.to_string() },
        DisclosureError::Form(_)
        | DisclosureError::Content { .. }
        | DisclosureError::Mismatch(_)
        | DisclosureError::Missing(_)
        | DisclosureError::Surplus(_)
        | DisclosureError::Twice(_)
        | DisclosureError::SaltReused(..) => refused(error.to_string()),
    }
}
