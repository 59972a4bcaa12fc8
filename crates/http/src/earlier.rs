//! What earlier submissions hold, where the door compares with them: the terms that a later draft changes (E08), what
//! an organisation's own advisers said (G07), how many words an agreement has (G48), and agreements alike (V-124).
//!
//! These are words that only the server's store holds, so the log rules cannot ask them.

use std::borrow::Cow;
use std::sync::Arc;

use counterpart_core::agreement::{Agreement, Signature, Standing};
use counterpart_core::commitment::{Disclosure, MAX_CONTENT, MAX_CONTENT_DEPTH, MAX_CONTENTS};
use counterpart_core::door::{self, WordsByPointer};
use counterpart_core::draft;
use counterpart_core::event::Event;
use counterpart_core::event::data::{AdviceKind, Data, ErasureReason};
use counterpart_core::header::{Header, Pointer, SignatureKind};
use counterpart_core::ids::{AgreementId, EventId, OrganisationCode, Stream};
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::refusal::Refusal;
use counterpart_core::replay::read;
use counterpart_core::storage::StoreError;
use counterpart_core::wire::Digest;
use counterpart_core::words::{AdviceOutcome, AdviceWords};

use crate::App;
use crate::problem::Problem;
use crate::repeat::unread;
use crate::submitted::{Held, Submitted};

/// Where the words of an advice stand in its data.
const WORDS: &str = "/words";

/// Where the terms stand in the data of a draft.
const TERMS: &str = "/terms";

/// Agreements of one organisation that are compared with a new one at most: a warning is not worth more.
const COMPARED_MAX: usize = 10_000;

/// What an event is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own, and any may be asked beside any")]
pub(crate) struct Needs {
    /// The terms of the version that a later draft answers.
    terms: bool,
    /// What the advisers of this organisation said of this version.
    advice: Option<(Digest, OrganisationCode)>,
    /// How many words the agreement has.
    words: bool,
    /// Agreements alike.
    similar: bool,
    /// The words that are to go.
    erased: bool,
}

impl Needs {
    /// What the words of an event are compared with.
    pub(crate) fn of(submitted: &Submitted) -> Self {
        let event = &submitted.event;
        let erased = matches!(event.data, Data::DisclosureErased(_));
        if !matches!(event.stream, Stream::Agreement(_)) {
            return Self { erased, ..Self::default() };
        }
        let filed = matches!(event.data, Data::RequestFiled(_));
        Self {
            terms: event.data.header().is_some() && !filed,
            advice: named(event).map(|version| (version, event.principal().organisation)),
            words: !submitted.disclosures.is_empty(),
            // It is a warning, so it is told only with what stops the request anyhow.
            similar: filed && matches!(submitted.door, Err(Refusal::Messages(_))),
            erased,
        }
    }

    /// Whether what stands before it in the same batch may be what it is compared with: it waits for that then.
    pub(crate) fn waits_for(self, earlier: &Submitted) -> bool {
        let draft = self.terms && earlier.event.data.header().is_some();
        draft || self.advice.is_some_and(|(version, organisation)| advises_against(earlier, version, organisation))
    }
}

/// The version that an approval or an execution names.
fn named(event: &Event) -> Option<Digest> {
    if let Data::ApprovalGiven(data) = &event.data {
        Some(data.version_hash)
    } else if let Data::ExecutionSigned(data) = &event.data {
        Some(data.version_hash)
    } else {
        None
    }
}

/// Whether a submission is advice of an organisation against a version.
fn advises_against(submitted: &Submitted, version: Digest, organisation: OrganisationCode) -> bool {
    let Data::AdviceGiven(data) = &submitted.event.data else { return false };
    let own = data.version_hash == version && submitted.event.principal().organisation == organisation;
    own && counts(data.kind) && submitted.disclosures.iter().any(is_against)
}

/// Whose advice asks for an answer: that of the DPO, the Caldicott Guardian and the legal adviser (amendments.md).
const fn counts(kind: AdviceKind) -> bool {
    match kind {
        AdviceKind::Dpo | AdviceKind::Cg | AdviceKind::Lgl => true,
        AdviceKind::Sec => false,
    }
}

fn is_against(disclosure: &Disclosure) -> bool {
    let words = || serde_json::from_slice::<AdviceWords>(&disclosure.content).ok();
    disclosure.pointer == WORDS && words().is_some_and(|words| words.outcome == AdviceOutcome::AdviseAgainst)
}

impl App {
    /// Judges a submission once more where it is compared with what earlier ones hold.
    ///
    /// # Errors
    ///
    /// H503 when that cannot be read.
    pub(crate) async fn weighed(self: &Arc<Self>, submitted: Submitted) -> Result<Submitted, Problem> {
        let mut needs = Needs::of(&submitted);
        needs.words &= self.may_be_full(&submitted.event);
        if needs == Needs::default() || matches!(submitted.door, Err(Refusal::Disclosures { .. })) {
            return Ok(submitted);
        }
        // What was acknowledged is known.
        self.reader.caught_up().await?;
        let own = Arc::clone(self);
        self.blocking(move || own.weighed_now(&submitted, needs)).await?
    }

    /// Whether so many events may hold too many words: most agreements are not counted.
    fn may_be_full(&self, event: &Event) -> bool {
        let Stream::Agreement(id) = event.stream else { return false };
        let view = self.reader.view();
        let (Some(agreement), Some(reference)) = (view.state().agreement(id), &view.state().reference) else {
            return false;
        };
        let most = agreement.revision().saturating_add(1).saturating_mul(MAX_CONTENTS as u64);
        most > reference.limits.agreement.words_bytes
    }

    fn weighed_now(&self, submitted: &Submitted, needs: Needs) -> Result<Submitted, Problem> {
        let event = &submitted.event;
        let held = self.held(event, needs).map_err(|error| unread(&error))?;
        let (number, view) = self.directory.read();
        Ok(submitted.judged_with(view.as_ref(), number, held, (self.clock)()))
    }

    fn held(&self, event: &Event, needs: Needs) -> Result<Held, StoreError> {
        let erasure = if needs.erased { self.erasure_problem(event)? } else { None };
        let Stream::Agreement(id) = event.stream else { return Ok(Held { erasure, ..Held::default() }) };
        Ok(Held {
            erasure,
            terms: if needs.terms { self.answered_terms(id)? } else { None },
            advised_against: needs
                .advice
                .map_or(Ok(Vec::new()), |(version, by)| self.advised_against(id, version, by))?,
            words_bytes: if needs.words { self.words_of(id)? } else { 0 },
            similar: event
                .data
                .header()
                .filter(|_| needs.similar)
                .map(|header| self.similar(header))
                .unwrap_or_default(),
        })
    }

    /// The terms that a later draft of an agreement answers, words in place; none where nothing is answered, or
    /// they were erased.
    pub(crate) fn answered_terms(&self, id: AgreementId) -> Result<Option<Value>, StoreError> {
        let entry = {
            let view = self.reader.view();
            let answered = view.state().agreement_at(id, (self.clock)()).map(|agreement| agreement.answered().event);
            answered.and_then(|event| view.index_of(event))
        };
        let Some(entry) = entry else { return Ok(None) };
        // An import, or an emergency, may have brought no terms: every member of the first ones is a change.
        if self.recorded(entry)?.is_some_and(|event| event.data.terms().is_none()) {
            return Ok(Some(Value::Object(Vec::new())));
        }
        Ok(whole_terms(&self.disclosures(entry)?))
    }

    /// Who of an organisation advised against a version.
    fn advised_against(
        &self,
        id: AgreementId,
        version: Digest,
        by: OrganisationCode,
    ) -> Result<Vec<AdviceKind>, StoreError> {
        let entries: Vec<u64> = {
            let view = self.reader.view();
            let advice = view.state().agreement(id).map(|agreement| advice(&agreement, version, by));
            advice.unwrap_or_default().into_iter().filter_map(|event| view.index_of(event)).collect()
        };
        let mut against = Vec::new();
        for entry in entries {
            let Some(Data::AdviceGiven(data)) = self.recorded(entry)?.map(|event| event.data) else { continue };
            // Erased words say nothing.
            if counts(data.kind) && self.disclosures(entry)?.iter().any(is_against) {
                against.push(data.kind);
            }
        }
        Ok(against)
    }

    /// Bytes of words that an agreement holds.
    fn words_of(&self, id: AgreementId) -> Result<u64, StoreError> {
        let entries: Vec<u64> = self.reader.view().stream(Stream::Agreement(id)).to_vec();
        self.volumes.of(id, &entries, |entry| {
            Ok(self.disclosures(entry)?.iter().map(|disclosure| disclosure.content.len() as u64).sum())
        })
    }

    /// References of agreements that have not ended and resemble a new one (V-124).
    pub(crate) fn similar(&self, header: &Header) -> Vec<String> {
        let view = self.reader.view();
        let now = (self.clock)();
        let of = |party: OrganisationCode| view.state().count_of(party);
        let fewest = header.parties.iter().map(|row| row.organisation).min_by_key(|code| of(*code));
        let Some(fewest) = fewest else { return Vec::new() };
        let alike = |agreement: &Cow<'_, Agreement>| {
            door::resembles(agreement.header(), header) && !agreement.at(now).name().is_final()
        };
        let compared = view.state().agreements_of(fewest).take(COMPARED_MAX);
        compared.filter(alike).map(|agreement| agreement.reference().to_string()).collect()
    }

    /// The words of an entry that are still there.
    pub(crate) fn disclosures(&self, entry: u64) -> Result<Vec<Disclosure>, StoreError> {
        let mut words = self.store.words(entry)?;
        let view = self.reader.view();
        // The store follows within a second; nobody reads what is gone meanwhile.
        let gone = view.state().erased_at(entry, (self.clock)());
        words.retain(|word| !gone.iter().any(|erasure| erasure.covers(&word.name)));
        Ok(words.iter().filter_map(|word| Disclosure::from_bytes(&word.bytes).ok()).collect())
    }

    /// Says no to an erasure that names words which the event does not hold (G28), and, of personal data, to one that
    /// names more than single words (G46): only whoever keeps the words can tell.
    pub(crate) fn erasure_problem(&self, event: &Event) -> Result<Option<Refusal>, StoreError> {
        let Data::DisclosureErased(data) = &event.data else { return Ok(None) };
        // An event that is not there is for the rules, as is one that stands before this one in the same batch.
        let Some(target) = self.reader.view().index_of(data.target) else { return Ok(None) };
        let held = self.disclosures(target)?;
        let single = data.reason == ErasureReason::PersonalData;
        for pointer in data.pointers.iter().map(Pointer::as_str) {
            let mut below = held.iter().filter(|word| {
                word.pointer.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            match below.next() {
                None => return Ok(Some(Refusal::NoSuchWords { pointer: pointer.to_owned() })),
                Some(first) if single && first.pointer != pointer => {
                    let reason = format!("`{pointer}` stands for more than one text, so name each that has to go");
                    return Ok(Some(Refusal::WordsKept { reason }));
                }
                Some(_) => {}
            }
        }
        Ok(None)
    }

    /// The event of an entry.
    pub(crate) fn recorded(&self, entry: u64) -> Result<Option<Event>, StoreError> {
        Ok(self.store.entry(entry)?.and_then(|bytes| read(&bytes).ok()).map(|read| read.event))
    }
}

/// The advice of an organisation that counts on a version.
fn advice(agreement: &Agreement, version: Digest, by: OrganisationCode) -> Vec<EventId> {
    let number = agreement.versions().iter().find(|own| own.hash == version).map(|own| own.number);
    let counts = |signature: &&Signature| {
        signature.kind == SignatureKind::Advice
            && signature.organisation == by
            && Some(signature.version) == number
            && signature.standing == Standing::Counts
    };
    agreement.signatures().iter().filter(counts).map(|signature| signature.event).collect()
}

/// The terms that disclosures hold, with the words in place.
fn whole_terms(disclosures: &[Disclosure]) -> Option<Value> {
    let limits = Limits { max_depth: MAX_CONTENT_DEPTH, max_bytes: MAX_CONTENT };
    let skeleton = disclosures.iter().find(|disclosure| disclosure.pointer == TERMS)?;
    let skeleton = json::parse(&skeleton.content, limits).ok()?;
    let words: WordsByPointer = disclosures
        .iter()
        .filter_map(|disclosure| {
            let within = disclosure.pointer.strip_prefix(TERMS).filter(|within| !within.is_empty())?;
            Some((within.to_owned(), String::from_utf8(disclosure.content.clone()).ok()?))
        })
        .collect();
    Some(draft::join(&skeleton, &words))
}
