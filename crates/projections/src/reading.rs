//! Who may read which words (wire.md 1, rule 4, and 5).
//!
//! Everybody reads what a publication decision opened, the parties the words of their agreement, and advice only the
//! body whose adviser gave it. It rests on what the log says of keys, bodies and roles at the moment of reading, so
//! that whoever lost a role reads no more.

use counterpart_core::admit;
use counterpart_core::agreement::{Agreement, PartyState};
use counterpart_core::event::Event;
use counterpart_core::event::data::{Data, NoteVisibility};
use counterpart_core::header::{Pointer, PublicRegister};
use counterpart_core::ids::{OrganisationCode, PersonId, Stream};
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
    /// The terms as published, without what lies at or below these pointers within them.
    Published(Vec<Pointer>),
    /// Everything.
    Whole,
}

/// How much of the words of an event a reader may read; without a reader, everybody.
pub fn open(state: &State, event: &Event, reader: Option<&Reader>) -> Open {
    let whole = |may: bool| if may { Open::Whole } else { Open::Nothing };
    let own = reader.is_some_and(|reader| reader.organisation == event.principal().organisation);
    let Stream::Agreement(id) = event.stream else {
        // Who holds a role is for the body itself.
        let theirs = |reader: &Reader| event.stream == Stream::Organisation(reader.organisation);
        return whole(reader.is_some_and(theirs));
    };
    let Some(agreement) = state.agreement(id) else { return Open::Nothing };
    let party = reader.is_some_and(|reader| is_party(agreement, reader.organisation));
    if let Data::AdviceGiven(_) = event.data {
        return whole(own);
    }
    if let Data::NoteRecorded(note) = &event.data {
        return match note.visibility {
            NoteVisibility::OwnOrg => whole(own),
            NoteVisibility::Parties => whole(own || party),
            NoteVisibility::Public => Open::Whole,
        };
    }
    let rows = event.data.party_rows();
    let named = reader.is_some_and(|reader| rows.iter().any(|row| row.organisation == reader.organisation));
    if own || party || named { Open::Whole } else { published(agreement, event) }
}

/// Whether a body is at the table: whoever declined or left reads what named it, and no more.
fn is_party(agreement: &Agreement, organisation: OrganisationCode) -> bool {
    agreement.party(organisation).is_some_and(|party| match party.state {
        PartyState::Invited
        | PartyState::Requested
        | PartyState::Signing
        | PartyState::Executed
        | PartyState::Suspended
        | PartyState::Leaving
        | PartyState::Imported
        | PartyState::Disputed => true,
        PartyState::Declined | PartyState::Left | PartyState::NotAdopted | PartyState::Succeeded => false,
    })
}

/// What the publication decision opens: the terms of the version that matters now.
fn published(agreement: &Agreement, event: &Event) -> Open {
    let Some(publication) = agreement.publication().filter(|_| agreement.current().event == event.id) else {
        return Open::Nothing;
    };
    match publication.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => Open::Published(publication.withheld.clone()),
        PublicRegister::Withhold => Open::Nothing,
    }
}

impl Open {
    /// Whether a disclosure of an event may be read, by its pointer within the data.
    pub fn shows(&self, pointer: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Whole => true,
            // The skeleton opens its commitment as a whole or not at all.
            Self::Published(withheld) if pointer == "/terms" => withheld.is_empty(),
            Self::Published(withheld) => pointer.strip_prefix("/terms/").is_some_and(|within| {
                let within = format!("/{within}");
                let covers = |own: &Pointer| {
                    within.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                !withheld.iter().any(covers)
            }),
        }
    }
}
