//! A37 to A39: agreements made before the ledger, confirmed or disputed by their parties (wire.md 5.1).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::agreement::asked::{Put, Question};
use crate::agreement::filing::{Beginning, hash_of};
use crate::agreement::party::Asked;
use crate::agreement::signing::receives;
use crate::agreement::{
    Agreement, End, EndReason, Force, InForce, Origin, Party, PartyState, Reach, Stage, StageName, Step, Track, Version,
};
use crate::event::Event;
use crate::event::data::{AgreementImported, ImportConfirmed, ImportDisputed, ImportStatus};
use crate::header::{DataClass, HeaderMember};
use crate::ids::{DatasetId, EventId, OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::{Date, Timestamp};

/// Imports are admitted for so many months from an organisation's registration (G47).
const MONTHS: i64 = 24;

/// Where an agreement came from that was not made here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The event that brought it.
    pub event: EventId,
    /// Whether it is a record of sharing in an emergency.
    pub emergency: bool,
    /// Who brought it.
    pub by: OrganisationCode,
    /// When it was signed elsewhere, if that is known.
    pub signed_elsewhere_on: Option<Date>,
    /// What is not known of it; sorted. Where the header shows such a member, it shows a stand-in.
    pub gaps: Box<[HeaderMember]>,
}

/// IGL of the lead party, which is among the parties.
pub(super) fn hands_of_import(question: &Question<'_>, data: &AgreementImported) -> Result<(), Refusal> {
    let signer = question.event.principal();
    let no = |role: Role, organisation: OrganisationCode| Err(Refusal::RoleNotHeld { role, organisation });
    if let Some(spare) = question.event.signers.get(1) {
        return no(spare.role, spare.organisation);
    }
    if signer.organisation != data.header.lead_party {
        return no(Role::Igl, data.header.lead_party);
    }
    let stands_in = question.stand_in(signer.organisation, Role::Igl) == Some(signer.role);
    if signer.role == Role::Igl || stands_in { Ok(()) } else { no(Role::Igl, signer.organisation) }
}

/// G47: the time for imports.
pub(super) fn guards_of_import(question: &Question<'_>, data: &AgreementImported) -> Result<(), Refusal> {
    let registered = question.registered_on(data.header.lead_party);
    let until = registered.map(|day| day.add_months(MONTHS));
    match until {
        Some(until) if london::date_of(question.at) > until => Err(Refusal::ImportsOver { until }),
        Some(_) | None => Ok(()),
    }
}

/// SIG of a party; of sharing in an emergency SIG or SIRO.
pub(super) fn hands_of_confirmation(put: &Put<'_>) -> Result<(), Refusal> {
    let emergency = put.agreement.import.as_ref().is_some_and(|import| import.emergency);
    put.alone_in(if emergency { &[Role::Sig, Role::Siro] } else { &[Role::Sig] })
}

/// The party's row is imported, and the import is this one.
pub(super) fn guards_of_confirmation(put: &Put<'_>, data: &ImportConfirmed) -> Result<(), Refusal> {
    put.party()?.may(Asked::Confirm)?;
    put.agreement.is_import(data.import)
}

/// SIG, SIRO or IGL of a party.
pub(super) fn hands_of_dispute(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Sig, Role::Siro, Role::Igl])
}

/// The party's row is imported, and the import is this one.
pub(super) fn guards_of_dispute(put: &Put<'_>, data: &ImportDisputed) -> Result<(), Refusal> {
    put.party()?.may(Asked::Confirm)?;
    put.agreement.is_import(data.import)
}

impl Agreement {
    /// Where it came from, when it was not made here.
    pub fn import(&self) -> Option<&Import> {
        self.import.as_deref()
    }

    /// How many of the parties of an import have confirmed it, and how many there are.
    pub fn confirmed(&self) -> (usize, usize) {
        let waits = |party: &&Party| matches!(party.state, PartyState::Imported | PartyState::Disputed);
        (self.parties.len() - self.parties.iter().filter(waits).count(), self.parties.len())
    }

    /// Whether the version that matters now is the imported one, of which a member is not known.
    pub fn lacks(&self, member: HeaderMember) -> bool {
        self.stands_as_imported().is_some_and(|import| import.gaps.contains(&member))
    }

    /// The import, while its version is the one that matters.
    pub(super) fn stands_as_imported(&self) -> Option<&Import> {
        self.import().filter(|import| self.current().event == import.event)
    }

    /// G45: a rule needs these members.
    pub(super) fn knows(&self, members: &[HeaderMember]) -> Result<(), Refusal> {
        let gaps: Vec<&str> = members.iter().filter(|member| self.lacks(**member)).map(|m| m.as_str()).collect();
        if gaps.is_empty() { Ok(()) } else { Err(Refusal::ImportGap { members: gaps.join(", ") }) }
    }

    /// G28: the event that is named brought this agreement.
    fn is_import(&self, event: EventId) -> Result<(), Refusal> {
        match self.import() {
            Some(import) if import.event == event => Ok(()),
            Some(_) | None => Err(Refusal::NoSuchImport),
        }
    }

    /// Whether a party's row is still not confirmed: then only the term ends the agreement.
    pub(super) fn is_unconfirmed(&self) -> bool {
        self.parties.iter().any(|party| party.state == PartyState::Imported)
    }

    /// An agreement begins that was made elsewhere.
    pub(super) fn imported(begins: Beginning, event: &Event, data: &AgreementImported) -> Self {
        let at = begins.at;
        let on = london::date_of(at);
        let header = Arc::new(data.header.filled(data.signed_elsewhere_on.unwrap_or(on)));
        let by = event.principal().organisation;
        let version = Version {
            as_signed: None,
            number: 1,
            hash: hash_of(event, &*data.header, None, 1),
            header: header.clone(),
            event: event.id,
            by,
        };
        let mut agreement = Self::begins(begins, event, version, data.header.lead_party);
        agreement.import = Some(Box::new(Import {
            event: event.id,
            by,
            emergency: false,
            signed_elsewhere_on: data.signed_elsewhere_on,
            gaps: data.gaps.as_slice().into(),
        }));
        for party in &mut agreement.parties {
            party.state = PartyState::Imported;
            party.imported = true;
        }
        agreement.owe_all();
        let stage = match data.status {
            ImportStatus::Active => Stage::Active(Force { version: 1, since: at, amendment: Track::None }),
            ImportStatus::Ended => Stage::Ending(End { at, reason: EndReason::Imported }),
        };
        if data.status == ImportStatus::Active {
            agreement.in_force.push(InForce { version: 1, since: at, rests_on: 1 });
        }
        agreement.history =
            vec![Step { at, from: StageName::None, to: stage.name(), origin: Origin::of(event) }].into();
        agreement.stage = stage;
        agreement
    }

    /// Every recipient owes what becomes of every dataset, for nobody knows here what was sent before.
    pub(super) fn owe_all(&mut self) {
        let header = self.current().header.clone();
        let mut owed: Vec<(OrganisationCode, Option<DatasetId>)> = Vec::new();
        for party in &self.parties {
            let organisation = party.organisation;
            if self.lacks(HeaderMember::Datasets) {
                if party.row(&header).is_some_and(|row| row.capacity.receives()) {
                    owed.push((organisation, None));
                }
                continue;
            }
            let sets = header.datasets.iter().filter(|set| set.class != DataClass::NonPersonalOpen);
            let mine = sets.filter(|set| receives(&header, set, party));
            owed.extend(mine.flat_map(|set| set.ids.iter().map(|id| (organisation, Some(*id)))));
        }
        for (organisation, dataset) in owed {
            self.owe(organisation, dataset);
        }
    }

    /// A party confirms: its row is bound, and stopped where a ground stops it.
    pub(super) fn import_confirmed(&mut self, event: &Event, at: Timestamp) {
        let organisation = event.principal().organisation;
        let stopped = self.is_party_stopped(organisation);
        if let Some(party) = self.party_mut(organisation) {
            party.state = if stopped { PartyState::Suspended } else { PartyState::Executed };
        }
        self.collapse(at);
    }

    /// A party disputes: it counts as no party for duties and continuation. Between two, nothing is left.
    pub(super) fn import_disputed(&mut self, event: &Event, at: Timestamp) {
        let organisation = event.principal().organisation;
        // Whoever brought it, or the body that stands in its place now.
        let importer = self.versions.first().map(|version| version.by);
        if let Some(party) = self.party_mut(organisation) {
            party.state = PartyState::Disputed;
        }
        self.duties.retain(|duty| duty.organisation != organisation);
        self.grounds.retain(|ground| ground.reach != Reach::Party(organisation));
        let only_other = self.standing_parties() == 2 && importer != Some(organisation);
        if only_other && self.stage.force().is_some() {
            self.go(Stage::Withdrawn { at }, at, Origin::of(event));
        }
        self.collapse(at);
    }
}
