//! A18 to A20: an agreement in force is amended, renewed, reviewed.

use crate::agreement::asked::Put;
use crate::agreement::joining::names_others;
use crate::agreement::party::Asked;
use crate::agreement::track::{Amendment, Track};
use crate::agreement::{Agreement, Party, PartyState, Review, Signature, Stage, Standing, Version};
use crate::event::Event;
use crate::event::data::{AmendmentClass, AmendmentProposed, ReviewCompleted, ReviewOutcome};
use crate::header::{
    AgreementType, AmendmentQuorum, DataClass, Frequency, Header, HeaderMember, NonAdopterRule, Pointer, RequiredRole,
    SignatureKind,
};
use crate::ids::{OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// A renewal rests on a review that is at most so many days old (G30).
const REVIEW_DAYS: i64 = 90;

/// IGL of a party.
pub(super) fn hands_of_proposal(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])
}

/// The party is executed; no emergency (G32); the class fits (G29); a renewal rests on a review (G30).
pub(super) fn guards_of_proposal(put: &Put<'_>, data: &AmendmentProposed) -> Result<(), Refusal> {
    put.party()?.may(Asked::Amend)?;
    let agreement = put.agreement;
    if agreement.header().agreement_type == AgreementType::Emg {
        return Err(Refusal::NoEmergencyExtension);
    }
    if agreement.stands_as_imported().is_some() && data.class != AmendmentClass::Material {
        // The words of an import are not here, so nobody can say that only this or that changes.
        return Err(Refusal::ImportGap { members: "terms".to_owned() });
    }
    let changes = data.header.changes.as_deref().unwrap_or_default();
    let others = names_others(agreement, &data.header);
    if changes.is_empty() && !others {
        return Err(Refusal::IdenticalCounter);
    }
    let class = if others { AmendmentClass::Material } else { class_of(changes, agreement.header(), &data.header) };
    if !may_declare(data.class, class) {
        let fields = changes.iter().map(Pointer::as_str).collect::<Vec<_>>().join(", ");
        return Err(Refusal::ClassTooLow { class: class.to_string(), fields });
    }
    if data.renewal || data.class == AmendmentClass::Renewal {
        let since = london::date_of(put.at).add_days(-REVIEW_DAYS);
        let reviewed = agreement.review().filter(|review| review.outcome == ReviewOutcome::Continue);
        if reviewed.is_none_or(|review| london::date_of(review.at) < since) {
            let last = agreement.review().map_or_else(|| "never".to_owned(), |r| london::date_of(r.at).to_string());
            return Err(Refusal::ReviewFirst { last });
        }
    }
    Ok(())
}

/// The proposer's IGL, or the lead party's SIG.
pub(super) fn hands_of_abandoning(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let Some(amendment) = put.agreement.amendment() else {
        return Ok(());
    };
    let signer = put.signer();
    let proposer = signer.organisation == amendment.by && put.acts_as(signer, Role::Igl);
    let lead = signer.organisation == put.agreement.lead() && put.acts_as(signer, Role::Sig);
    if proposer || lead { Ok(()) } else { Err(Refusal::RoleNotHeld { role: Role::Igl, organisation: amendment.by }) }
}

/// IGL of a party, for the whole or for its own part.
pub(super) fn hands_of_review(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])
}

/// G33: the next review comes soon enough for the class of the data.
pub(super) fn guards_of_review(put: &Put<'_>, data: &ReviewCompleted) -> Result<(), Refusal> {
    put.party()?.may(Asked::Review)?;
    put.agreement.knows(&[HeaderMember::AgreementType, HeaderMember::Datasets])?;
    let Some(reference) = &put.state.reference else {
        return Ok(());
    };
    let header = put.agreement.header();
    let Some(months) = reference.spans.review_months(header.agreement_type, header.class()) else {
        return Ok(());
    };
    let latest = london::date_of(put.at).add_months(i64::from(months));
    if data.next_review > latest { Err(Refusal::ReviewTooFar { latest }) } else { Ok(()) }
}

/// The class of an amendment, from the paths that change and the two headers (domain.md 2.3). What is not
/// plainly of a lower class is material.
pub fn class_of(changes: &[Pointer], old: &Header, new: &Header) -> AmendmentClass {
    let mut found: Option<AmendmentClass> = None;
    for path in changes {
        let class = class_of_path(path.as_str(), old, new);
        found = match found {
            Some(held) if held == class || class == AmendmentClass::Particulars => Some(held),
            None | Some(AmendmentClass::Particulars) => Some(class),
            Some(_) => Some(AmendmentClass::Material),
        };
    }
    found.unwrap_or(AmendmentClass::Material)
}

fn class_of_path(path: &str, old: &Header, new: &Header) -> AmendmentClass {
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("privacy_notice"), _, _) => AmendmentClass::Particulars,
        (Some("term"), Some("end_date" | "review_date" | "review_interval_months"), _) => AmendmentClass::Renewal,
        (Some("datasets"), Some(_), Some("method" | "standard" | "quality")) => AmendmentClass::Operational,
        (Some("datasets"), Some(place), Some("frequency")) if slower(place, old, new) => AmendmentClass::Operational,
        _ => AmendmentClass::Material,
    }
}

/// Whether a dataset plainly moves no more often than before.
fn slower(place: &str, old: &Header, new: &Header) -> bool {
    let frequency = |header: &Header| {
        let place: usize = place.parse().ok()?;
        let row = header.datasets.iter().find(|row| row.ids.iter().any(|id| id.position() == place))?;
        Some(row.frequency)
    };
    let (Some(before), Some(after)) = (frequency(old), frequency(new)) else {
        return false;
    };
    before == after
        || matches!((often(before), often(after)), (Some(before), Some(after)) if after <= before)
        || after == Frequency::Once
}

/// How often a frequency moves data, to compare two; none for what has no rhythm.
const fn often(frequency: Frequency) -> Option<u8> {
    match frequency {
        Frequency::AdHoc => None,
        Frequency::Once => Some(0),
        Frequency::Annual => Some(1),
        Frequency::Quarterly => Some(2),
        Frequency::Monthly => Some(3),
        Frequency::Weekly => Some(4),
        Frequency::Daily => Some(5),
        Frequency::Hourly => Some(6),
        Frequency::Live => Some(7),
    }
}

/// A class may be raised to material, and particulars to anything; nothing is lowered.
fn may_declare(declared: AmendmentClass, computed: AmendmentClass) -> bool {
    declared == computed || declared == AmendmentClass::Material || computed == AmendmentClass::Particulars
}

impl Agreement {
    /// The amendment that is open.
    pub fn amendment(&self) -> Option<Amendment> {
        self.stage.force().and_then(|force| force.amendment.amendment())
    }

    /// Where the one amendment that may be open stands.
    pub fn track(&self) -> Track {
        self.stage.force().map(|force| force.amendment).unwrap_or_default()
    }

    pub(super) fn set_track(&mut self, track: Track) {
        if let Stage::Active(force) | Stage::Suspended(force) = &mut self.stage {
            force.amendment = track;
        }
        if track == Track::None {
            // Whom the amendment would have brought in never was a party.
            self.parties.retain(|party| !party.joins);
        }
    }

    /// Other terms are proposed; particulars take effect at once.
    pub(super) fn amended(&mut self, event: &Event, data: &AmendmentProposed, at: Timestamp) {
        let version = self.add_version(event, &data.header, data.terms.commitment);
        self.moved_at = at;
        if data.class == AmendmentClass::Particulars {
            // Nobody else signs particulars: what carried the version before carries this one.
            self.comes_into_force(version, self.carried_from(), at);
            return;
        }
        let amendment = Amendment { version, by: event.principal().organisation, class: data.class };
        self.set_track(Track::Proposed { amendment, counter: None });
        self.follow_amendment();
    }

    /// A version of the terms comes into force beside or after another (I16).
    fn comes_into_force(&mut self, version: u32, rests_on: u32, at: Timestamp) {
        if let Stage::Active(force) | Stage::Suspended(force) = &mut self.stage {
            force.version = version;
            force.amendment = Track::None;
        }
        self.in_force.push(super::InForce { version, since: at, rests_on });
    }

    /// What a version asks of a party: an amendment asks as its class says (domain.md 2.3).
    pub(super) fn required_of<'a>(
        &self,
        party: &'a Party,
        version: &'a Version,
    ) -> impl Iterator<Item = RequiredRole> + use<'a> {
        let class = self.amendment().filter(|amendment| amendment.version == version.number).map(|a| a.class);
        let asked = move |required: &RequiredRole| match class {
            None | Some(AmendmentClass::Material) => true,
            Some(AmendmentClass::Particulars) => false,
            Some(AmendmentClass::Operational) => wants(*required, &[Role::Iao, Role::Igl]),
            Some(AmendmentClass::Renewal) => wants(*required, &[Role::Siro, Role::Cex]) && risk(*required, version),
        };
        let row = party.row(&version.header);
        row.into_iter().flat_map(|row| &row.required_roles).copied().filter(asked)
    }

    /// Whether a party has given every signature that the amendment asks of it.
    pub(super) fn has_adopted(&self, party: &Party, version: u32) -> bool {
        self.missing(party, version).is_empty()
    }

    /// Whether enough parties have adopted the amendment.
    fn is_agreed(&self, amendment: Amendment) -> bool {
        let header = self.header();
        let signing: Vec<&Party> = self.parties.iter().filter(|party| adopts(party)).collect();
        let adopted = signing.iter().filter(|party| self.has_adopted(party, amendment.version)).count();
        let newcomers = || self.parties.iter().filter(|party| party.joins && party.state != PartyState::Declined);
        let two_thirds =
            header.non_adopter_rule == NonAdopterRule::Leave && header.amendment_quorum == AmendmentQuorum::TwoThirds;
        if two_thirds {
            adopted * 3 >= signing.len() * 2
        } else {
            adopted == signing.len() && newcomers().all(|party| self.has_adopted(party, amendment.version))
        }
    }

    /// Moves the amendment between T2 and T3 as its signatures are enough or not.
    pub(super) fn weigh_amendment(&mut self, at: Timestamp) {
        match self.track() {
            Track::Approving { amendment, approve_by } if self.is_agreed(amendment) => {
                self.set_track(Track::Pending { amendment, approve_by, agreed_at: at });
            }
            Track::Pending { amendment, approve_by, .. } if !self.is_agreed(amendment) => {
                self.set_track(Track::Approving { amendment, approve_by });
            }
            Track::None | Track::Proposed { .. } | Track::Approving { .. } | Track::Pending { .. } => {}
        }
    }

    /// When the amendment takes effect: its first day, or when the last signature came (D6).
    pub(super) fn amendment_due(&self) -> Option<Timestamp> {
        let Track::Pending { amendment, agreed_at, .. } = self.track() else {
            return None;
        };
        let header = &self.version(amendment.version)?.header;
        Some(london::start_of(header.effective_date).max(agreed_at))
    }

    /// D6: the version switches; with rule LEAVE those who did not adopt it stop sharing.
    pub(super) fn amendment_takes_effect(&mut self, at: Timestamp) {
        let Some(amendment) = self.amendment() else {
            return;
        };
        if self.header().non_adopter_rule == NonAdopterRule::Leave {
            let left: Vec<OrganisationCode> = self
                .parties
                .iter()
                .filter(|party| adopts(party) && !self.has_adopted(party, amendment.version))
                .map(|party| party.organisation)
                .collect();
            for party in self.parties.iter_mut().filter(|party| left.contains(&party.organisation)) {
                party.state = PartyState::NotAdopted;
            }
        }
        // Whoever comes in with the amendment is bound by it, or stays out.
        let bound: Vec<OrganisationCode> = self
            .parties
            .iter()
            .filter(|party| party.joins && self.has_adopted(party, amendment.version))
            .map(|party| party.organisation)
            .collect();
        for party in self.parties.iter_mut().filter(|party| bound.contains(&party.organisation)) {
            party.joins = false;
            party.state = PartyState::Executed;
        }
        self.comes_into_force(amendment.version, amendment.version, at);
        self.parties.retain(|party| !party.joins);
        if let Some(event) = self.version(amendment.version).map(|version| version.event) {
            // Whoever adopted it has given anew what was in doubt.
            self.weigh_signature(event, at);
        }
    }

    /// Signatures of a party on an open amendment are void: it leaves, or the version was returned.
    pub(super) fn void_amendment_of(&mut self, organisation: Option<OrganisationCode>) {
        let Some(amendment) = self.amendment() else {
            return;
        };
        let concerned = |signature: &&mut Signature| {
            signature.version == amendment.version
                && signature.standing.may_count()
                && organisation.is_none_or(|code| code == signature.organisation)
        };
        for signature in self.signatures.iter_mut().filter(concerned) {
            signature.standing = Standing::Void;
        }
    }

    /// A review is done.
    pub(super) fn reviewed(&mut self, event: &Event, data: &ReviewCompleted, at: Timestamp) {
        let review = Review { event: event.id, outcome: data.outcome, next: data.next_review, at };
        self.review = Some(Box::new(review));
    }
}

/// Who signs an amendment: parties that are bound and stay.
pub(super) const fn adopts(party: &Party) -> bool {
    matches!(party.state, PartyState::Executed | PartyState::Suspended)
}

/// Advice of the DPO, the execution, and approvals by these roles.
fn wants(required: RequiredRole, approvers: &[Role]) -> bool {
    match required.kind {
        SignatureKind::Advice => required.role == Role::Dpo,
        SignatureKind::Approval => approvers.contains(&required.role),
        SignatureKind::Execution => true,
    }
}

/// A renewal asks the risk owner only for the classes that carry most risk.
fn risk(required: RequiredRole, version: &Version) -> bool {
    required.kind != SignatureKind::Approval || version.header.class() >= DataClass::CriminalOffence
}
