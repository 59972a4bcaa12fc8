//! A01 and A02: a request is filed, and named parties take it up or send it back.

use std::sync::Arc;

use crate::agreement::asked::{Put, Question};
use crate::agreement::{self, Agreement, Origin, Party, Rare, Reference, Stage, StageName, Step, Tight, Version};
use crate::commitment::Commitment;
use crate::derive;
use crate::event::Event;
use crate::event::data::{RequestFiled, RequestTriaged, TriageOutcome};
use crate::ids::{AgreementId, OrganisationCode, Role};
use crate::json;
use crate::policy::Windows;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::wire::Digest;

/// REQ or IGL of a named party, which is the one that asks.
pub(super) fn hands_of_request(question: &Question<'_>, data: &RequestFiled) -> Result<(), Refusal> {
    let signer = question.event.principal();
    let no = |role: Role, organisation: OrganisationCode| Err(Refusal::RoleNotHeld { role, organisation });
    if let Some(spare) = question.event.signers.get(1) {
        return no(spare.role, spare.organisation);
    }
    if !matches!(signer.role, Role::Req | Role::Igl) || data.header.party(signer.organisation).is_none() {
        return no(Role::Req, signer.organisation);
    }
    if signer.organisation != data.requesting_organisation {
        return no(Role::Req, data.requesting_organisation);
    }
    Ok(())
}

/// IGL of a named party.
pub(super) fn hands_of_triage(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])
}

/// G02: a party accepts once.
pub(super) fn guards_of_triage(put: &Put<'_>) -> Result<(), Refusal> {
    let party = put.party()?;
    if party.accepted.is_some() {
        return Err(Refusal::AlreadyTriaged { organisation: party.organisation });
    }
    Ok(())
}

/// The hash of a draft, as signers will name it.
pub(super) fn hash_of<H: serde::Serialize>(
    event: &Event,
    header: &H,
    terms: Option<Commitment>,
    number: u32,
) -> Digest {
    // A header that was parsed has a canonical form; were it not so, nobody could name the version.
    let jcs = json::to_jcs(header).unwrap_or_default();
    derive::version_hash(&jcs, event.stream, terms, number)
}

/// What the state around it gives to an agreement that begins.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    /// The key of its stream.
    pub(super) id: AgreementId,
    /// When its first event was recorded.
    pub(super) at: Timestamp,
    /// The number that it got.
    pub(super) reference: Reference,
    /// The windows of the policy in force then.
    pub(super) windows: Windows,
}

impl Agreement {
    /// An agreement begins: the terms are filed.
    pub(super) fn filed(begins: Beginning, event: &Event, data: &RequestFiled) -> Self {
        let version = Version {
            number: 1,
            hash: hash_of(event, &*data.header, Some(data.terms.commitment), 1),
            header: Arc::new((*data.header).clone()),
            as_signed: None,
            event: event.id,
            by: event.principal().organisation,
        };
        Self::begins(begins, event, version, data.requesting_organisation)
    }

    /// An agreement begins with its first version, filed.
    pub(super) fn begins(begins: Beginning, event: &Event, version: Version, requesting: OrganisationCode) -> Self {
        let Beginning { id, at, reference, windows } = begins;
        let signer = event.principal();
        Self {
            id,
            reference,
            filed_at: at,
            filer: signer.person,
            filed_by: signer.organisation,
            requesting,
            revision: 1,
            barrier: 1,
            stage: Stage::Filed,
            draft: 1,
            parties: version.header.parties.iter().map(|row| Party::invited(row.organisation)).collect(),
            versions: vec![version].into(),
            signatures: Tight::default(),
            questions: Rare::default(),
            grounds: Rare::default(),
            duties: Tight::default(),
            holds: Rare::default(),
            incidents: Rare::default(),
            sent: Tight::default(),
            led_by: None,
            documents: 0,
            grants: Rare::default(),
            consents: Rare::default(),
            in_force: Tight::default(),
            review: None,
            history: vec![Step { at, from: StageName::None, to: StageName::Filed, origin: Origin::of(event) }].into(),
            elsewhere: super::Elsewhere::default(),
            publication: None,
            import: None,
            windows,
            moved_at: at,
            changed_at: at,
            due_at: None,
        }
    }

    /// A party accepts the request, or sends it back with a question.
    pub(super) fn triaged(&mut self, event: &Event, data: &RequestTriaged, at: Timestamp) {
        let organisation = event.principal().organisation;
        match data.outcome {
            TriageOutcome::Accepted => {
                if let Some(party) = self.party_mut(organisation) {
                    party.accepted = Some(event.id);
                }
            }
            TriageOutcome::Returned => {
                let to = self.requesting;
                self.ask(event.id, organisation, to, None, at);
                self.go(Stage::Clarifying { counter: None }, at, Origin::of(event));
            }
        }
    }

    /// Opens a question.
    pub(super) fn ask(
        &mut self,
        event: crate::ids::EventId,
        by: OrganisationCode,
        to: OrganisationCode,
        due: Option<crate::time::Date>,
        at: Timestamp,
    ) {
        self.questions.push(agreement::Question { event, by, to, at, due, answered: false });
        self.moved_at = at;
    }
}
