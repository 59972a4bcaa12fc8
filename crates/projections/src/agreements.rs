//! Agreements as readers see them: a row in a list, and the whole of one with why it stands where it stands.
//!
//! Everything here stands in clear in the log: no word of a disclosure is shown.

use counterpart_core::agreement::{
    Agreement, Cause, Derived, EndReason, Origin, PartyState, Reach, StageName, Standing, Track,
};
use counterpart_core::event::EventType;
use counterpart_core::event::data::{AmendmentClass, SuspensionGround};
use counterpart_core::header::{AgreementType, Capacity, DataClass, Header, HeaderMember, RequiredRole, SignatureKind};
use counterpart_core::ids::{AgreementId, DatasetId, EventId, OrganisationCode, PersonId, Role};
use counterpart_core::time::{Date, Timestamp};
use counterpart_core::wire::Digest;
use serde::Serialize;

use crate::View;
use crate::waiting::{self, Waiting};
use crate::why;

/// What a list is asked for; every member that is there must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The stage at the instant asked for.
    pub state: Option<StageName>,
    /// A party, whatever its state.
    pub party: Option<OrganisationCode>,
    /// The highest class of its data.
    pub class: Option<DataClass>,
    /// A function that the data serve at some party.
    pub purpose: Option<String>,
    /// Part of its reference, id or of the code of a party, whatever the case.
    pub q: Option<String>,
}

impl Wanted {
    /// Whether an agreement, at its instant, is asked for.
    pub fn fits(&self, agreement: &Agreement) -> bool {
        let header = agreement.header();
        let serves = |purpose: &str| {
            header.parties.iter().any(|row| row.functions.iter().any(|function| function.as_str() == purpose))
        };
        let says = |q: &str| {
            let has = |text: &str| text.to_lowercase().contains(&q.to_lowercase());
            has(&agreement.reference().to_string())
                || has(&agreement.id().to_string())
                || agreement.parties().iter().any(|party| has(party.organisation.as_str()))
        };
        self.state.is_none_or(|state| agreement.name() == state)
            && self.party.is_none_or(|party| agreement.party(party).is_some())
            && self.class.is_none_or(|class| header.class() == class)
            && self.purpose.as_deref().is_none_or(serves)
            && self.q.as_deref().is_none_or(says)
    }
}

/// An agreement in a list.
#[derive(Clone, Debug, Serialize)]
pub struct AgreementRow {
    /// The key of its stream.
    pub id: AgreementId,
    /// Its human reference.
    pub reference: String,
    /// Its stage.
    pub state: StageName,
    /// How the organisations relate.
    #[serde(rename = "type")]
    pub agreement_type: AgreementType,
    /// The highest class of its data.
    pub class: DataClass,
    /// Who keeps it up to date.
    pub lead: OrganisationCode,
    /// Who takes part, and where each stands.
    pub parties: Vec<PartyInRow>,
    /// The version that matters now.
    pub version: u32,
    /// What its signers name.
    pub version_hash: Digest,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// The first day in force.
    pub effective_date: Date,
    /// The last day in force; absent when it rolls on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// How many events its stream has.
    pub revision: u64,
}

/// A party in a list.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PartyInRow {
    /// Who.
    pub organisation: OrganisationCode,
    /// Where it stands.
    pub state: PartyState,
}

/// The whole of an agreement, as far as it stands in clear.
#[derive(Clone, Debug, Serialize)]
pub struct AgreementPage<'a> {
    /// The key of its stream.
    pub id: AgreementId,
    /// Its human reference.
    pub reference: String,
    /// Its stage.
    pub state: StageName,
    /// At which instant.
    pub at: Timestamp,
    /// After how many entries of the log.
    pub as_of: u64,
    /// How the organisations relate.
    #[serde(rename = "type")]
    pub agreement_type: AgreementType,
    /// The highest class of its data.
    pub class: DataClass,
    /// Who keeps it up to date.
    pub lead: OrganisationCode,
    /// When it was filed.
    pub filed_at: Timestamp,
    /// By whom.
    pub filed_by: OrganisationCode,
    /// Who asks.
    pub requesting_organisation: OrganisationCode,
    /// Who takes part.
    pub parties: Vec<PartyRow>,
    /// The version that matters now.
    pub version: u32,
    /// What its signers name.
    pub version_hash: Digest,
    /// The signatures that are still owed.
    pub missing_roles: Vec<MissingRole>,
    /// Who must act next.
    pub next: Vec<Waiting>,
    /// The last day for signing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approve_by: Option<Date>,
    /// Since when it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force_since: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// When time alone next changes something, as things stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Open questions.
    pub questions: Vec<QuestionRow>,
    /// Open grounds of suspension.
    pub suspensions: Vec<SuspensionRow>,
    /// Duties to destroy or return that are not discharged.
    pub duties: Vec<DutyRow>,
    /// Where it came from, when it was not made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportRow<'a>>,
    /// Every signature, whether or not it counts.
    pub signatures: Vec<SignatureRow<'a>>,
    /// Every draft so far.
    pub versions: Vec<VersionRow>,
    /// The version that a new draft is compared with.
    pub answered: u32,
    /// The counter-proposal that waits for an answer, by its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counter: Option<u32>,
    /// The amendment that is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amendment: Option<AmendmentRow>,
    /// What stands in clear of the version that matters now.
    pub header: &'a Header,
    /// How many events its stream has.
    pub revision: u64,
    /// The revision just after its last barrier event.
    pub barrier: u64,
    /// The events and dates that brought about the state, oldest first.
    pub why: Vec<Cause>,
}

/// A party of an agreement.
#[derive(Clone, Debug, Serialize)]
pub struct PartyRow {
    /// Who.
    pub organisation: OrganisationCode,
    /// Where it stands.
    pub state: PartyState,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The event by which it accepted the request for assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<EventId>,
    /// The event of its notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<EventId>,
    /// The day on which its notice takes effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaves_on: Option<Date>,
    /// The signatures that it still owes.
    pub missing_roles: Vec<RequiredRole>,
}

/// A signature that is still owed.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MissingRole {
    /// By whom.
    pub organisation: OrganisationCode,
    /// Which.
    #[serde(flatten)]
    pub required: RequiredRole,
}

/// An open question.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct QuestionRow {
    /// The event that opened it.
    pub event: EventId,
    /// Who asks.
    pub by: OrganisationCode,
    /// Who is asked.
    pub to: OrganisationCode,
    /// When it was opened.
    pub at: Timestamp,
    /// The day by which an answer is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// An open ground of suspension.
#[derive(Clone, Debug, Serialize)]
pub struct SuspensionRow {
    /// The event that opened it.
    pub event: EventId,
    /// When.
    pub at: Timestamp,
    /// Which.
    pub code: SuspensionGround,
    /// Whose officer opened it.
    pub by: OrganisationCode,
    /// `WHOLE`, `PARTY` or `DATASETS`.
    pub scope: &'static str,
    /// The party, if one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationCode>,
    /// The datasets, if some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub datasets: Vec<DatasetId>,
    /// When it closes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lapses_at: Option<Timestamp>,
}

/// A duty to destroy or return.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DutyRow {
    /// Whose.
    pub organisation: OrganisationCode,
    /// Which data; left out where an import does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetId>,
    /// The last day for it; left out while sharing goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Date>,
}

/// Where an agreement came from that was not made here.
#[derive(Clone, Debug, Serialize)]
pub struct ImportRow<'a> {
    /// The event that brought it.
    pub event: EventId,
    /// Who brought it.
    pub by: OrganisationCode,
    /// When it was signed elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_elsewhere_on: Option<Date>,
    /// How many parties have confirmed it.
    pub confirmed: usize,
    /// Of how many.
    pub of: usize,
    /// Members of the header that are not known: what stands there is a stand-in.
    pub gaps: &'a [HeaderMember],
}

/// A signature.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SignatureRow<'a> {
    /// The event.
    pub event: EventId,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who signed.
    pub person: PersonId,
    /// For whom.
    pub organisation: OrganisationCode,
    /// In which role.
    pub role: Role,
    /// What it means.
    pub kind: SignatureKind,
    /// On which version.
    pub version: u32,
    /// For which datasets; left out: all.
    #[serde(skip_serializing_if = "<[DatasetId]>::is_empty")]
    pub datasets: &'a [DatasetId],
    /// Whether it counts.
    pub standing: Standing,
}

/// A draft of the terms.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct VersionRow {
    /// Its number.
    pub version: u32,
    /// What signers name.
    pub version_hash: Digest,
    /// The event that carried it.
    pub event: EventId,
    /// Who made it.
    pub by: OrganisationCode,
}

/// The amendment that is open.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct AmendmentRow {
    /// The draft that it would bring into force.
    pub version: u32,
    /// Who proposed it.
    pub by: OrganisationCode,
    /// Which signatures it needs.
    pub class: AmendmentClass,
    /// `PROPOSED`, `SIGNING` or `AGREED`.
    pub state: &'static str,
}

/// One change of stage.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StepRow {
    /// When.
    pub at: Timestamp,
    /// From which stage.
    pub from: StageName,
    /// To which.
    pub to: StageName,
    /// The event that brought it about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// Its type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// The change that time brought about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Derived>,
    /// Whose officer signed, or whom the change is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<OrganisationCode>,
}

/// The row of an agreement that was taken to its instant.
pub fn row(agreement: &Agreement) -> AgreementRow {
    let header = agreement.header();
    let current = agreement.current();
    AgreementRow {
        id: agreement.id(),
        reference: agreement.reference().to_string(),
        state: agreement.name(),
        agreement_type: header.agreement_type,
        class: header.class(),
        lead: header.lead_party,
        parties: agreement
            .parties()
            .iter()
            .map(|party| PartyInRow { organisation: party.organisation, state: party.state })
            .collect(),
        version: current.number,
        version_hash: current.hash,
        filed_at: agreement.filed_at(),
        effective_date: header.effective_date,
        end_date: header.end_date,
        revision: agreement.revision(),
    }
}

/// The page of an agreement that was taken to `at`, after `as_of` entries of the log. The view knows names, and when
/// what was recorded.
pub fn page<'a>(view: &View, agreement: &'a Agreement, at: Timestamp, as_of: u64) -> AgreementPage<'a> {
    let header = agreement.header();
    let current = agreement.current();
    let missing = |organisation| agreement.missing_signatures(organisation);
    let (ended_at, end_reason) = agreement.stage().end().map_or((None, None), |end| (Some(end.at), Some(end.reason)));
    AgreementPage {
        id: agreement.id(),
        reference: agreement.reference().to_string(),
        state: agreement.name(),
        at,
        as_of,
        agreement_type: header.agreement_type,
        class: header.class(),
        lead: header.lead_party,
        filed_at: agreement.filed_at(),
        filed_by: agreement.filed_by(),
        requesting_organisation: agreement.requesting_organisation(),
        parties: agreement
            .parties()
            .iter()
            .map(|party| PartyRow {
                organisation: party.organisation,
                state: party.state,
                capacity: party.row(header).map(|row| row.capacity),
                accepted: party.accepted,
                notice: party.notice.as_ref().map(|notice| notice.event),
                leaves_on: party.notice.as_ref().map(|notice| notice.day),
                missing_roles: missing(party.organisation),
            })
            .collect(),
        version: current.number,
        version_hash: current.hash,
        missing_roles: agreement
            .parties()
            .iter()
            .flat_map(|party| {
                let organisation = party.organisation;
                missing(organisation).into_iter().map(move |required| MissingRole { organisation, required })
            })
            .collect(),
        next: waiting::of(view, agreement, at, as_of),
        approve_by: agreement.stage().signing().map(|signing| signing.approve_by),
        in_force_since: agreement.stage().force().map(|force| force.since),
        ended_at,
        end_reason,
        due_at: agreement.due_at(),
        questions: agreement
            .open_questions()
            .map(|question| QuestionRow {
                event: question.event,
                by: question.by,
                to: question.to,
                at: question.at,
                due: question.due,
            })
            .collect(),
        suspensions: suspensions(agreement),
        duties: agreement
            .duties()
            .iter()
            .map(|duty| DutyRow { organisation: duty.organisation, dataset: duty.dataset, due: agreement.due_on(duty) })
            .collect(),
        import: agreement.import().map(|import| {
            let (confirmed, of) = agreement.confirmed();
            ImportRow {
                event: import.event,
                by: import.by,
                signed_elsewhere_on: import.signed_elsewhere_on,
                confirmed,
                of,
                gaps: &import.gaps,
            }
        }),
        signatures: signatures(agreement),
        versions: agreement
            .versions()
            .iter()
            .map(|version| VersionRow {
                version: version.number,
                version_hash: version.hash,
                event: version.event,
                by: version.by,
            })
            .collect(),
        answered: agreement.answered().number,
        counter: agreement.counter(),
        amendment: agreement.stage().force().and_then(|force| amendment(force.amendment)),
        header: agreement.current().signed_header(),
        revision: agreement.revision(),
        barrier: agreement.barrier(),
        why: why::told(view.state(), agreement, at),
    }
}

fn amendment(track: Track) -> Option<AmendmentRow> {
    let state = match track {
        Track::None => return None,
        Track::Proposed { .. } => "PROPOSED",
        Track::Approving { .. } => "SIGNING",
        Track::Pending { .. } => "AGREED",
    };
    let open = track.amendment()?;
    Some(AmendmentRow { version: open.version, by: open.by, class: open.class, state })
}

fn signatures(agreement: &Agreement) -> Vec<SignatureRow<'_>> {
    let mut rows: Vec<_> = agreement
        .signatures()
        .iter()
        .map(|signature| SignatureRow {
            event: signature.event,
            at: signature.at,
            person: signature.person,
            organisation: signature.organisation,
            role: signature.role,
            kind: signature.kind,
            version: signature.version,
            datasets: &signature.datasets,
            standing: signature.standing,
        })
        .collect();
    rows.sort_by_key(|row| row.at);
    rows
}

fn suspensions(agreement: &Agreement) -> Vec<SuspensionRow> {
    agreement
        .grounds()
        .iter()
        .map(|ground| {
            let (scope, organisation, datasets) = match &ground.reach {
                Reach::Whole => ("WHOLE", None, Vec::new()),
                Reach::Party(organisation) => ("PARTY", Some(*organisation), Vec::new()),
                Reach::Datasets(datasets) => ("DATASETS", None, datasets.to_vec()),
            };
            SuspensionRow {
                event: ground.event,
                at: ground.at,
                code: ground.code,
                by: ground.by,
                scope,
                organisation,
                datasets,
                lapses_at: ground.lapses_at,
            }
        })
        .collect()
}

/// Every change of stage up to the agreement's instant, oldest first.
pub fn steps(agreement: &Agreement) -> Vec<StepRow> {
    let row = |step: &counterpart_core::agreement::Step| {
        let (event, event_type, change, organisation) = match step.origin {
            Origin::Event { id, event_type, organisation, .. } => {
                (Some(id), Some(event_type), None, Some(organisation))
            }
            Origin::Derived { change, organisation } => (None, None, Some(change), organisation),
        };
        StepRow { at: step.at, from: step.from, to: step.to, event, event_type, change, organisation }
    };
    agreement.history().iter().map(row).collect()
}
