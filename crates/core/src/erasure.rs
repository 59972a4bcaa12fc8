//! Words that are destroyed by order of the log (wire.md 5).
//!
//! In scope: who orders it, when it is too early, from which instant which words are gone, and asking a store to
//! destroy them.
//! Out of scope: the clock; whoever keeps a store asks on its own, and whenever it opens one.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::agreement::access::below;
use crate::agreement::{Agreement, Stage, acts_as};
use crate::event::Event;
use crate::event::data::{DisclosureErased, ErasureReason};
use crate::header::{DataClass, Period, Pointer};
use crate::ids::{EventId, OrganisationCode, Role, Stream};
use crate::london;
use crate::refusal::Refusal;
use crate::state::State;
use crate::storage::{Store, StoreError};
use crate::time::{Date, Timestamp};

/// Where the skeleton of the terms stands in the data of a draft.
const SKELETON: &str = "/terms";

/// So many days the others know of it before words go.
const NOTICE_DAYS: i64 = 14;

/// That words are destroyed, named by the event that orders it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The event.
    pub event: EventId,
    /// Its index in the log.
    pub index: u64,
    /// Whose words they are.
    pub target: EventId,
    /// The index of that event.
    pub target_index: u64,
    /// Which words, as pointers within its data: each stands for itself and for everything below it.
    pub pointers: Box<[Pointer]>,
    /// Why.
    pub reason: ErasureReason,
    /// From when on they are gone, unless a hold stops it.
    pub at: Timestamp,
    /// A hold came after that instant, and stops nothing any more.
    pub(crate) over: bool,
}

impl Erasure {
    /// Whether it destroys a word, by its pointer within the data.
    pub fn covers(&self, pointer: &str) -> bool {
        self.pointers.iter().any(|own| below(own.as_str(), pointer))
    }
}

/// Asks a store to destroy what an erasure orders. Words that a store never had, or whose keys it has not, are no
/// failure: a copy without keys holds nothing that could be read.
///
/// # Errors
///
/// The store could not.
pub fn carry_out<S: Store + ?Sized>(store: &S, erasure: &Erasure) -> Result<(), StoreError> {
    for pointer in &erasure.pointers {
        match store.erase(erasure.target_index, &[pointer.as_str().to_owned()]) {
            Ok(()) | Err(StoreError::NoWord { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Every erasure that the log orders, by the stream whose words go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasures {
    of: HashMap<Stream, Vec<Erasure>>,
    /// The stream of each event whose words go, by its index.
    streams: HashMap<u64, Stream>,
}

impl Erasures {
    /// Holds of an agreement begin or end: they stop what has not gone yet.
    pub(crate) fn held(&mut self, stream: Stream, is_held: bool, at: Timestamp) {
        for erasure in self.of.get_mut(&stream).into_iter().flatten() {
            if is_held {
                erasure.over |= erasure.at <= at;
            } else if !erasure.over {
                erasure.at = erasure.at.max(at);
            }
        }
    }

    /// Those of a stream, in order.
    pub fn of(&self, stream: Stream) -> &[Erasure] {
        self.of.get(&stream).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every one with the stream whose words go, in no order of streams.
    pub fn all(&self) -> impl Iterator<Item = (Stream, &Erasure)> {
        self.of.iter().flat_map(|(stream, erasures)| erasures.iter().map(|erasure| (*stream, erasure)))
    }
}

impl State {
    pub(crate) fn erase(&mut self, event: &Event, data: &DisclosureErased, index: u64, at: Timestamp) {
        let Some(target) = self.events.get(&data.target) else {
            return;
        };
        let erasure = Erasure {
            event: event.id,
            index,
            target: data.target,
            target_index: target.index,
            pointers: data.pointers.as_slice().into(),
            reason: data.reason,
            at: london::start_of(data.erases_on).max(at),
            over: false,
        };
        self.erasures.streams.insert(erasure.target_index, event.stream);
        self.erasures.of.entry(event.stream).or_default().push(erasure);
    }

    /// Whether the words that an erasure is about are gone at an instant: its day has come and no hold stops it.
    pub fn is_gone(&self, stream: Stream, erasure: &Erasure, at: Timestamp) -> bool {
        let held = || holds(self, stream).is_some();
        erasure.over || (erasure.at <= at && !held())
    }

    /// Which words of an event are gone at an instant, as pointers within its data.
    pub fn erased(&self, stream: Stream, target: EventId, at: Timestamp) -> Vec<&Erasure> {
        let of_it = self.erasures.of(stream).iter().filter(|erasure| erasure.target == target);
        of_it.filter(|erasure| self.is_gone(stream, erasure, at)).collect()
    }

    /// The same by the index of the event.
    pub fn erased_at(&self, target_index: u64, at: Timestamp) -> Vec<&Erasure> {
        let Some(stream) = self.erasures.streams.get(&target_index).copied() else {
            return Vec::new();
        };
        let of_it = self.erasures.of(stream).iter().filter(|erasure| erasure.target_index == target_index);
        of_it.filter(|erasure| self.is_gone(stream, erasure, at)).collect()
    }

    /// Every erasure whose day has come by an instant, in the order of the log.
    pub fn due_erasures(&self, at: Timestamp) -> Vec<&Erasure> {
        let due = self.erasures.all().filter(|(stream, erasure)| self.is_gone(*stream, erasure, at));
        let mut due: Vec<&Erasure> = due.map(|(_, erasure)| erasure).collect();
        due.sort_unstable_by_key(|erasure| erasure.index);
        due
    }

    /// Whose event this is, if it is one of the stream: the body itself in its own stream and in that of its keys.
    fn author(&self, stream: Stream, target: EventId, at: Timestamp) -> Option<OrganisationCode> {
        let own = match stream {
            Stream::Agreement(id) => self.author_in(id, target)?.0,
            Stream::Organisation(code) => (self.events.home(&target)? == stream).then_some(code)?,
            Stream::Key(key) => {
                let held = self.keys.get(&key)?;
                (self.events.home(&target)? == stream).then_some(held.organisation)?
            }
            Stream::Sys | Stream::Template(_) | Stream::Programme(_) => return None,
        };
        Some(self.successor_of(own, at))
    }
}

/// When the first hold was placed that is open on an agreement.
fn holds(state: &State, stream: Stream) -> Option<Timestamp> {
    let Stream::Agreement(id) = stream else { return None };
    state.agreement(id)?.holds().first().map(|hold| hold.at)
}

/// IGL and SIRO of the body whose event it was; CEX and ADM of one that has neither; the threshold of registrars for
/// an order of a court, and for their own words.
pub(crate) fn check_hands(state: &State, event: &Event, data: &DisclosureErased, at: Timestamp) -> Result<(), Refusal> {
    if data.reason == ErasureReason::CourtOrder {
        return crate::admit::registrars_alone(state, event);
    }
    let Some(organisation) = state.author(event.stream, data.target, at) else {
        // Whose event it was cannot be told; G28 answers in its turn.
        return Ok(());
    };
    if organisation == OrganisationCode::REGISTRAR {
        return crate::admit::registrars_alone(state, event);
    }
    let roles = governing(state, organisation, at);
    let signs = |role: Role| {
        event.signers.iter().position(|signer| signer.organisation == organisation && acts_as(state, signer, role))
    };
    let mut signed = Vec::with_capacity(roles.len());
    for role in roles {
        signed.push(signs(role).ok_or(Refusal::RoleNotHeld { role, organisation })?);
    }
    match event.signers.iter().zip(0..).find(|(_, place)| !signed.contains(place)) {
        Some((spare, _)) => Err(Refusal::RoleNotHeld { role: spare.role, organisation: spare.organisation }),
        None => Ok(()),
    }
}

/// The two roles that let words of a body go. One that has left acts by those who held their role until then.
fn governing(state: &State, organisation: OrganisationCode, at: Timestamp) -> [Role; 2] {
    let body = state.organisations.get(&organisation);
    let held = |role: Role| body.is_some_and(|body| body.holders(role, at).next().is_some());
    if held(Role::Igl) || held(Role::Siro) { [Role::Igl, Role::Siro] } else { [Role::Cex, Role::Adm] }
}

/// G28, G38, G42, G46: an event of this stream, a day that the others know of, no open hold, and not too early.
pub(crate) fn check_guards(
    state: &State,
    event: &Event,
    data: &DisclosureErased,
    at: Timestamp,
) -> Result<(), Refusal> {
    if state.author(event.stream, data.target, at).is_none() {
        return Err(Refusal::NoSuchEvent);
    }
    let days = if data.reason == ErasureReason::PersonalData { 0 } else { NOTICE_DAYS };
    let earliest = london::date_of(at).add_days(days);
    if data.erases_on < earliest {
        return Err(Refusal::ErasureTooSoon { earliest });
    }
    if let Some(placed) = holds(state, event.stream) {
        return Err(Refusal::WordsUnderHold { on: london::date_of(placed) });
    }
    match kept(state, event.stream, data, at) {
        Some(reason) => Err(Refusal::WordsKept { reason }),
        None => Ok(()),
    }
}

/// Why words are still needed, if they are.
fn kept(state: &State, stream: Stream, data: &DisclosureErased, at: Timestamp) -> Option<String> {
    let skeleton = data.pointers.iter().any(|pointer| pointer.as_str() == SKELETON);
    if data.reason == ErasureReason::PersonalData && !skeleton {
        return None;
    }
    match stream {
        Stream::Agreement(id) => state.agreement_at(id, at)?.words_kept(london::date_of(at)),
        Stream::Organisation(code) => {
            let appointment = state.organisations.get(&code)?.appointment_by(data.target)?;
            let serves = data.reason == ErasureReason::RetentionEnded && appointment.ended_on(at).is_none();
            serves.then(|| format!("the appointment as {} has not ended", appointment.role))
        }
        Stream::Sys | Stream::Key(_) | Stream::Template(_) | Stream::Programme(_) => None,
    }
}

impl Agreement {
    /// Why the words of the agreement are kept on a day, if they are: it is not final, or data that were shared under
    /// it may still be kept by its own terms, counted from its end.
    fn words_kept(&self, today: Date) -> Option<String> {
        let reference = self.reference();
        match self.stage() {
            Stage::Refused { .. } | Stage::Withdrawn { .. } | Stage::Lapsed { .. } => None,
            Stage::Closed { end, .. } => {
                let mut last: Option<Date> = None;
                let rows = self.header().datasets.iter().filter(|row| row.class >= DataClass::Anonymous);
                for period in rows.filter_map(|row| row.retention.as_ref()).map(|retention| &retention.period) {
                    let Some(days) = Period::days(period) else {
                        return Some(format!("data of {reference} are kept without end"));
                    };
                    last = last.max(Some(london::date_of(end.at).add_days(i64::from(days))));
                }
                last.filter(|last| today < *last).map(|last| format!("the retention of {reference} runs until {last}"))
            }
            Stage::Filed
            | Stage::Clarifying { .. }
            | Stage::Negotiating { .. }
            | Stage::Approving(_)
            | Stage::Approved { .. }
            | Stage::Active(_)
            | Stage::Suspended(_)
            | Stage::Ending(_) => {
                Some(format!("agreement {reference} is {}, and has not come to its end", self.name().words()))
            }
        }
    }
}
