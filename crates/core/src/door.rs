//! The door: everything that reads the words of a submission, and the rule book of domain.md 1.
//!
//! A *log rule* reads the header, organisations, reference data and the day, so anybody can decide it again;
//! a *door rule* reads words, and whoever holds them can repeat it (wire.md 1, rule 2).
//! In scope: opening commitments (E07), deriving the header (E08), every V rule, all messages at once.
//! Out of scope: who may act, and in which state; that is [`crate::admit`]. Nothing here waits for anybody:
//! it reads a [`View`], which any thread may hold.

mod basis;
mod datasets;
mod document;
mod gateways;
mod governance;
mod identifiers;
mod part3;
mod parties;
mod rule;
mod shape;
mod submission;
mod term;
mod text;
mod words;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use crate::codes::ReferenceSet;
use crate::commitment::Disclosure;
use crate::derive;
use crate::event::data::{AdviceKind, Visibility};
use crate::event::{Data, Event};
use crate::header::{Header, Pointer};
use crate::ids::{OrganisationCode, Stream};
use crate::json::{self, Value};
use crate::message::{Message, Severity};
use crate::refusal::Refusal;
use crate::roles::OrganisationFacts;
use crate::state::State;
use crate::terms::{Contacts, Party, Terms};
use crate::time::Date;

pub use document::{Document, Public, Side, Surroundings};
pub use rule::{Check, Finding, Rule};
pub use shape::{Shape, terms as terms_shape};
pub use submission::{Opened, Seal, open, seals};
pub use text::personal_detail;

/// Words by JSON Pointer within the terms.
pub type WordsByPointer = BTreeMap<String, String>;

/// The most messages of one answer.
pub const MESSAGES_MAX: usize = 500;

/// What the door reads of a ledger. Cheap to copy; it changes only when an organisation or reference data do.
#[derive(Clone, Debug)]
pub struct View {
    organisations: Arc<HashMap<OrganisationCode, OrganisationFacts>>,
    reference: Arc<ReferenceSet>,
    visibility: Visibility,
}

impl View {
    /// A view of these organisations and this reference data.
    pub fn new(
        organisations: HashMap<OrganisationCode, OrganisationFacts>,
        reference: Arc<ReferenceSet>,
        visibility: Visibility,
    ) -> Self {
        Self { organisations: Arc::new(organisations), reference, visibility }
    }

    /// The view of a state; nothing while the ledger is not founded.
    pub fn of(state: &State) -> Option<Self> {
        let founded = state.founded.as_ref()?;
        let reference = Arc::clone(state.reference.as_ref()?);
        let organisations = state.organisations.values().map(|body| (body.code, OrganisationFacts::from(body)));
        Some(Self::new(organisations.collect(), reference, founded.visibility))
    }

    /// Reference data in force.
    pub fn reference(&self) -> &ReferenceSet {
        &self.reference
    }

    /// Hands what the rules ask of the ledger to `work`, as of a day.
    pub fn surround<T>(&self, on: Date, work: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let organisations = |code: OrganisationCode| self.organisations.get(&code).cloned();
        work(&Surroundings {
            organisations: &organisations,
            reference: &self.reference,
            visibility: self.visibility,
            on,
            agreement_exists: None,
            similar: &[],
        })
    }
}

/// What earlier submissions to the same agreement hold, where the door compares with them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Earlier<'a> {
    /// Terms with the words in place: of the version in force or, before that, of the version answered.
    /// The header of a later version has `changes` against them.
    pub terms: Option<&'a Value>,
    /// Who of the signer's own organisation advised against the version (G07): DPO, Caldicott Guardian, legal
    /// adviser.
    pub advised_against: &'a [AdviceKind],
    /// Bytes of words that the agreement holds already (G48).
    pub words_bytes: u64,
    /// References of agreements that may cover the same (V-124); see [`resembles`].
    pub similar: &'a [String],
}

/// Terms on their way, as any JSON: what [`validate`] judges.
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// The skeleton.
    pub terms: &'a Value,
    /// Words by pointer within the terms.
    pub words: &'a WordsByPointer,
    /// The parties.
    pub parties: &'a Value,
    /// The contacts; without them the rules about contacts are not asked.
    pub contacts: Option<&'a Value>,
    /// Who files; without it nobody asks whether it is a party.
    pub requesting_organisation: Option<OrganisationCode>,
}

/// What is said of a proposal: a header without errors, or a list of messages that is not empty (I36).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// Every message at once, errors first within a place.
    pub messages: Vec<Message>,
    /// What would stand in clear, when the documents are of their schema.
    pub header: Option<Header>,
}

impl Validation {
    /// Whether nothing stops the proposal.
    pub fn is_valid(&self) -> bool {
        !self.messages.iter().any(Message::is_error)
    }
}

/// Every rule, by family.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let families = [
        parties::RULES,
        basis::RULES,
        gateways::RULES,
        part3::RULES,
        datasets::RULES,
        governance::RULES,
        term::RULES,
        text::RULES,
        words::RULES,
    ];
    families.into_iter().flatten()
}

/// Checks the words of a submission: E07, E08, then every V rule at once. Returns the warnings.
///
/// `on` is the day in London; log rules are asked again, by the sequencer, on the day of recording.
///
/// # Errors
///
/// E05 or E07 for the first disclosure that does not fit, E08 for another header, else
/// [`Refusal::Messages`] with all messages of the rules.
pub fn check_submission(
    view: &View,
    on: Date,
    event: &Event,
    disclosures: &[Disclosure],
    earlier: &Earlier<'_>,
) -> Result<Vec<Message>, Refusal> {
    let opened = submission::open(&event.id.to_string(), &event.data, disclosures)?;
    let bytes: u64 = disclosures.iter().map(|disclosure| disclosure.content.len() as u64).sum();
    let most = view.reference.limits.agreement.words_bytes;
    if matches!(event.stream, Stream::Agreement(_)) && earlier.words_bytes.saturating_add(bytes) > most {
        return Err(Refusal::WordsFull { bytes: most });
    }
    let mut messages = words::rules(&event.data, &opened, earlier);
    let requesting = if let Data::RequestFiled(data) = &event.data { Some(data.requesting_organisation) } else { None };
    if let (Some(proposed), Some(terms)) = (event.data.header(), opened.document("/terms")) {
        let words = opened.texts.iter();
        let words =
            words.filter_map(|(at, text)| Some((at.strip_prefix("/terms")?.to_owned(), text.clone()))).collect();
        let rows: Vec<Party> = proposed.parties.iter().map(Party::from).collect();
        let parties =
            json::to_value(&rows).map_err(|error| Refusal::HeaderIncomplete { problem: error.to_string() })?;
        let proposal = Proposal {
            terms,
            words: &words,
            parties: &parties,
            contacts: opened.document("/contacts"),
            requesting_organisation: requesting,
        };
        let validation = view.surround(on, |around| {
            validate(&proposal, &Surroundings { similar: earlier.similar, ..*around }, earlier.terms)
        });
        if let Some(header) = &validation.header
            && header != proposed
        {
            return Err(Refusal::OtherHeader { problem: difference(header, proposed) });
        }
        messages.extend(validation.messages);
    }
    refuse_errors(order(messages))
}

/// Refuses when a message is an error; otherwise the warnings come back.
///
/// # Errors
///
/// [`Refusal::Messages`] with all of them.
pub fn refuse_errors(messages: Vec<Message>) -> Result<Vec<Message>, Refusal> {
    if messages.iter().any(Message::is_error) { Err(Refusal::Messages(messages)) } else { Ok(messages) }
}

/// What the log rules say of a header: what `admit` asks, and any audit repeats.
///
/// `requesting` is the organisation that files the header, if this is when it is filed.
pub fn log_rules(header: &Header, requesting: Option<OrganisationCode>, around: &Surroundings<'_>) -> Vec<Message> {
    let public = Public::new(header, around, requesting);
    let mut messages = Vec::new();
    for (rule, find) in LOG_RULES.iter() {
        tell(rule, find(&public), &mut messages);
    }
    order(messages)
}

/// A log rule, with what it asks.
type LogRule = (&'static Rule, fn(&Public) -> Vec<Finding>);

/// The log rules by themselves: they are asked of every header, in between much else, and lie close together.
static LOG_RULES: LazyLock<Vec<LogRule>> = LazyLock::new(|| {
    let logged = rules().filter_map(|rule| match rule.check {
        Check::Log(find) => Some((rule, find)),
        Check::Door(_) | Check::Words => None,
    });
    logged.collect()
});

/// Judges a proposal, which may be any JSON at all.
///
/// `earlier` are the terms, words in place, that `changes` are derived from: from version 2 on.
pub fn validate(proposal: &Proposal<'_>, around: &Surroundings<'_>, earlier: Option<&Value>) -> Validation {
    let mended = Mended::of(proposal, around.on);
    let mut messages = mended.messages;
    let whole = messages.is_empty();
    let documents = read(&mended.terms, &mended.parties, mended.contacts.as_ref());
    let (terms, parties, contacts) = match documents {
        Ok(documents) => documents,
        Err(problem) => {
            messages.push(plain_error("E07", "", problem));
            return Validation { messages: order(messages), header: None };
        }
    };
    messages.extend(text::placed(proposal.terms, proposal.words));
    let changes = match earlier.map(|earlier| changes(earlier, proposal)).transpose() {
        Ok(changes) => changes,
        Err(problem) => {
            messages.push(plain_error("E07", "/terms", problem));
            return Validation { messages: order(messages), header: None };
        }
    };
    let derived = derive::header(&terms, &parties, around.organisations, around.reference, changes);
    let header = match derived {
        Ok(header) => header,
        Err(problems) => {
            messages.extend(problems);
            return Validation { messages: order(messages), header: None };
        }
    };
    let identified = identifiers::find(&terms, proposal.words, around.reference);
    let (effective, classes) = identifiers::effective(&header, &terms, &identified);
    let document = Document {
        public: Public::new(&effective, around, proposal.requesting_organisation),
        terms: &terms,
        words: proposal.words,
        contacts: contacts.as_ref(),
        classes,
        identified,
    };
    let mut found = told(|check| match check {
        Check::Log(find) => find(&document.public),
        Check::Door(find) => find(&document),
        Check::Words => Vec::new(),
    });
    for message in &mut found {
        if let Some(path) = gateways::in_terms(&message.path, &effective, &terms) {
            message.path = path;
        }
    }
    // A stand-in is not what the filer wrote: its place is told already.
    let told_already: Vec<String> = messages.iter().map(|message| message.path.clone()).collect();
    let covers = |told: &String, path: &str| {
        path.strip_prefix(told.as_str()).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    };
    let covered = |path: &str| told_already.iter().any(|told| covers(told, path));
    messages.extend(found.into_iter().filter(|message| whole || !covered(&message.path)));
    Validation { messages: order(messages), header: whole.then_some(header) }
}

/// Documents that fit their schemas, with what did not.
struct Mended {
    terms: Value,
    parties: Value,
    contacts: Option<Value>,
    messages: Vec<Message>,
}

impl Mended {
    fn of(proposal: &Proposal<'_>, on: Date) -> Self {
        let first = proposal.parties.as_array().and_then(|rows| rows.first()?.member("organisation")?.as_str());
        let organisation = first.and_then(|code| code.parse().ok()).unwrap_or(OrganisationCode::REGISTRAR);
        let stand_ins = shape::StandIns { organisation, day: on };
        let mut misfits = Vec::new();
        let mut mend = |shape, prefix, value| {
            let mut mender = shape::Mender::new(shape, prefix, stand_ins);
            let fitting = mender.mend(value);
            misfits.append(&mut mender.misfits);
            fitting
        };
        Self {
            terms: mend(shape::terms(), "/terms", proposal.terms),
            parties: mend(shape::parties(), "/parties", proposal.parties),
            contacts: proposal.contacts.map(|contacts| mend(shape::contacts(), "/contacts", contacts)),
            messages: misfits.iter().map(shape::Misfit::message).collect(),
        }
    }
}

type Documents = (Terms, Vec<Party>, Option<Contacts>);

fn read(terms: &Value, parties: &Value, contacts: Option<&Value>) -> Result<Documents, String> {
    let wrong = |error: json::JsonError| format!("The documents cannot be read: {error}.");
    Ok((
        json::from_value(terms).map_err(wrong)?,
        json::from_value(parties).map_err(wrong)?,
        contacts.map(json::from_value).transpose().map_err(wrong)?,
    ))
}

fn changes(earlier: &Value, proposal: &Proposal<'_>) -> Result<Vec<Pointer>, String> {
    let new = crate::draft::join(proposal.terms, proposal.words);
    derive::changes(earlier, &new).map_err(|error| format!("The changes cannot be named: {error}."))
}

fn told(find: impl Fn(Check) -> Vec<Finding>) -> Vec<Message> {
    let mut messages = Vec::new();
    for rule in rules() {
        tell(rule, find(rule.check), &mut messages);
    }
    messages
}

/// Adds what a rule says of its findings. Nearly every rule finds nothing.
fn tell(rule: &Rule, found: Vec<Finding>, messages: &mut Vec<Message>) {
    if !found.is_empty() {
        messages.extend(found.into_iter().map(|finding| rule.tell(finding)));
    }
}

fn plain_error(code: &str, path: &str, message: String) -> Message {
    Message {
        code: code.to_owned(),
        severity: Severity::Error,
        path: path.to_owned(),
        message,
        help: "Correct the document and check it again.".to_owned(),
    }
}

/// In the order of the catalogue, then by place; the same message at the same place once; never more than
/// can be read. The first error gives a refusal its code.
fn order(mut messages: Vec<Message>) -> Vec<Message> {
    messages.sort_by(|a, b| {
        (rank(&a.code), &a.path, &a.code, &a.message).cmp(&(rank(&b.code), &b.path, &b.code, &b.message))
    });
    messages.dedup();
    if messages.len() > MESSAGES_MAX {
        // Errors stay, so that what is refused stays refused.
        messages.sort_by_key(|message| !message.is_error());
        messages.truncate(MESSAGES_MAX);
        messages.sort_by_key(|message| rank(&message.code));
    }
    messages
}

/// E before V by number, then the guards of gateways.
fn rank(code: &str) -> (u8, u16) {
    let number = |text: &str| text.parse().unwrap_or(u16::MAX);
    match code.strip_prefix("V-") {
        Some(digits) => (1, number(digits)),
        None if code.starts_with('E') => (0, number(code.get(1..).unwrap_or_default())),
        None => (2, 0),
    }
}

/// Whether two agreements have the same organisations and share the same kinds of data (V-124).
///
/// The purpose is words, so a person judges whether it is the same.
pub fn resembles(one: &Header, other: &Header) -> bool {
    let parties = |header: &Header| -> std::collections::BTreeSet<OrganisationCode> {
        header.parties.iter().map(|row| row.organisation).collect()
    };
    let data = |header: &Header| -> std::collections::BTreeSet<String> {
        header.datasets.iter().map(|row| format!("{} {:?} {:?}", row.class, row.provider, row.flags)).collect()
    };
    one.agreement_type == other.agreement_type && parties(one) == parties(other) && data(one) == data(other)
}

/// The first members in which two headers differ.
fn difference(derived: &Header, given: &Header) -> String {
    let paths = match (json::to_value(derived), json::to_value(given)) {
        (Ok(derived), Ok(given)) => derive::changes(&given, &derived).unwrap_or_default(),
        _ => Vec::new(),
    };
    let named: Vec<String> = paths.iter().take(3).map(|path| format!("`{}`", path.as_str())).collect();
    match (named.is_empty(), paths.len() - named.len()) {
        (true, _) => "it differs as a whole".to_owned(),
        (false, 0) => format!("{} differ", named.join(", ")),
        (false, more) => format!("{} and {more} more members differ", named.join(", ")),
    }
}
