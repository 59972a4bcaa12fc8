//! Who may read which words (wire.md 1, rule 4, and 5).
//!
//! Everybody reads what a publication decision opened, the parties the words of their agreement, and advice only the
//! body whose adviser gave it; an auditor what a grant names, until its day. It rests on what the log says of keys, bodies and roles at the moment of reading, so
//! that whoever lost a role reads no more.

use counterpart_core::admit;
use counterpart_core::agreement::{Agreement, Grant};
use counterpart_core::event::Event;
use counterpart_core::event::data::{Data, NoteVisibility};
use counterpart_core::header::{Pointer, PublicRegister};
use counterpart_core::ids::{OrganisationCode, PersonId, Role, Stream};
use counterpart_core::offices::{Organisation, OrganisationStage};
use counterpart_core::refusal::Refusal;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use counterpart_core::wire::KeyId;

/// Somebody who proved to hold a key of a registered body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The key.
    pub key: KeyId,
    /// Whose it is.
    pub person: PersonId,
    /// For whom they read.
    pub organisation: OrganisationCode,
}

/// Why the holder of a key reads nothing but what everybody may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReader {
    /// The key signs no more, or its organisation is no longer there.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The person holds no role there.
    #[error("The holder of this key has no role at {0} now, so there is nothing to read for it.")]
    NoRole(OrganisationCode),
}

/// Who reads with a key at an instant.
///
/// # Errors
///
/// [`NoReader`]: K01 to K05 for the key, O01, O03, O04 for the organisation, or no role.
pub fn reader(state: &State, key: KeyId, at: Timestamp) -> Result<Reader, NoReader> {
    admit::check_stage(state, key)?;
    let held = state.keys.get(&key).ok_or(Refusal::KeyUnknown { key })?;
    let code = held.organisation;
    if code != OrganisationCode::REGISTRAR {
        let organisation = state.organisations.get(&code).ok_or(Refusal::OrganisationUnknown { organisation: code })?;
        match organisation.stage_at(at) {
            OrganisationStage::Active | OrganisationStage::Suspended { .. } => {}
            OrganisationStage::Left { on } => {
                return Err(Refusal::OrganisationGone { organisation: code, on }.into());
            }
            OrganisationStage::Succeeded { by, on } => {
                return Err(Refusal::OrganisationSucceeded { organisation: code, successor: by, on }.into());
            }
        }
        if !acts(organisation, held.person, at) {
            return Err(NoReader::NoRole(code));
        }
    }
    Ok(Reader { key, person: held.person, organisation: code })
}

/// Whether a person holds a role, or acts in one.
fn acts(organisation: &Organisation, person: PersonId, at: Timestamp) -> bool {
    let delegated = organisation.delegations.iter().any(|delegation| {
        delegation.person == person
            && delegation.is_live(at)
            && organisation.appointment_by(delegation.appointment).is_some_and(|appointment| appointment.is_live(at))
    });
    delegated || organisation.roles_of(person, at).next().is_some()
}

/// How much of the words of one event somebody may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// Nothing: it looks as if there were no words.
    Nothing,
    /// A part of it.
    Part {
        /// The terms as published, without what lies at or below these pointers within them.
        published: Option<Vec<Pointer>>,
        /// What auditors were given to read, as pointers within the data: each with everything below it.
        granted: Vec<Pointer>,
    },
    /// Everything.
    Whole,
}

/// How much of the words of an event a reader may read at an instant; without a reader, everybody.
pub fn open(state: &State, event: &Event, reader: Option<&Reader>, at: Timestamp) -> Open {
    let whole = |may: bool| if may { Open::Whole } else { Open::Nothing };
    let own = reader.is_some_and(|reader| reader.organisation == event.principal().organisation);
    let Stream::Agreement(id) = event.stream else {
        // Who holds a role is for the body itself.
        let theirs = |reader: &Reader| event.stream == Stream::Organisation(reader.organisation);
        return whole(reader.is_some_and(theirs));
    };
    let Some(agreement) = state.agreement(id) else { return Open::Nothing };
    let party = reader.is_some_and(|reader| is_party(&agreement, reader.organisation));
    let rows = event.data.party_rows();
    let named = || reader.is_some_and(|reader| rows.iter().any(|row| row.organisation == reader.organisation));
    let all = if let Data::AdviceGiven(_) = event.data {
        own
    } else if let Data::NoteRecorded(note) = &event.data {
        match note.visibility {
            NoteVisibility::OwnOrg => own,
            NoteVisibility::Parties => own || party,
            NoteVisibility::Public => true,
        }
    } else {
        own || party || named()
    };
    if all {
        return Open::Whole;
    }
    let granted = reader.map(|reader| granted(state, &agreement, event, reader, at)).unwrap_or_default();
    match published(&agreement, event) {
        None if granted.is_empty() => Open::Nothing,
        published => Open::Part { published, granted },
    }
}

/// What of an event an auditor was given to read, as pointers within its data.
fn granted(state: &State, agreement: &Agreement, event: &Event, reader: &Reader, at: Timestamp) -> Vec<Pointer> {
    let audits = || {
        let body = state.organisations.get(&reader.organisation);
        body.is_some_and(|body| body.appointment(reader.person, Role::Aud, at).is_some_and(|held| held.serves(at)))
    };
    let mut live = agreement.grants().iter().filter(|grant| grant.reader == reader.organisation && grant.is_live(at));
    let Some(first) = live.next().filter(|_| audits()) else { return Vec::new() };
    let by = event.principal().organisation;
    let opened = |grant: &Grant| {
        let opens = |pointer: &&Pointer| grant.opens(by, pointer.as_str());
        grant.pointers.iter().filter(opens).cloned().collect::<Vec<Pointer>>()
    };
    std::iter::once(first).chain(live).flat_map(opened).collect()
}

/// Whether a body is at the table: whoever declined or left reads what named it, and no more.
fn is_party(agreement: &Agreement, organisation: OrganisationCode) -> bool {
    agreement.party(organisation).is_some_and(|party| party.state.is_seated())
}

/// What the publication decision opens: the terms of the version that matters now.
fn published(agreement: &Agreement, event: &Event) -> Option<Vec<Pointer>> {
    let publication = agreement.publication().filter(|_| agreement.current().event == event.id)?;
    match publication.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => Some(publication.withheld.clone()),
        PublicRegister::Withhold => None,
    }
}

impl Open {
    /// Whether a disclosure of an event may be read, by its pointer within the data.
    pub fn shows(&self, pointer: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Whole => true,
            Self::Part { published, granted } => {
                let given = granted.iter().any(|own| covers(own, pointer));
                given || published.as_deref().is_some_and(|withheld| is_published(withheld, pointer))
            }
        }
    }
}

fn covers(own: &Pointer, pointer: &str) -> bool {
    pointer.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_published(withheld: &[Pointer], pointer: &str) -> bool {
    // The skeleton opens its commitment as a whole or not at all.
    if pointer == "/terms" {
        return withheld.is_empty();
    }
    let within = pointer.strip_prefix("/terms").filter(|within| within.starts_with('/'));
    within.is_some_and(|within| !withheld.iter().any(|own| covers(own, within)))
}
