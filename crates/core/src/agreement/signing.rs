//! A08 to A11: a version is frozen; advice, approvals and executions are collected; the agreement is formed.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::{Agreement, Origin, Party, PartyState, Signature, Signing, Stage, Standing, Track, Version};
use crate::event::Event;
use crate::event::data::{AdviceGiven, AdviceKind, ApprovalGiven, ExecutionSigned, TermsSubmitted};
use crate::header::{
    AgreementType, Capacity, DatasetRow, Formation, Header, HeaderMember, NonAdopterRule, OnePartyRef, PartyRefs,
    PartyRow, RequiredRole, SignatureKind,
};
use crate::ids::{DatasetId, OrganisationCode, Role};
use crate::london;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::wire::Digest;

/// Roles that approve, whatever the policy asks (A10).
const APPROVERS: [Role; 6] = [Role::Iao, Role::Siro, Role::Cg, Role::Leo, Role::Sec, Role::Opn];

/// IGL of the lead party.
pub(super) fn hands_of_submission(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])?;
    let lead = put.agreement.lead();
    if put.organisation() == lead { Ok(()) } else { Err(Refusal::RoleNotHeld { role: Role::Igl, organisation: lead }) }
}

/// G08, G09, G20 and G38: this draft, triaged by those who must, and not open for too long.
pub(super) fn guards_of_submission(put: &Put<'_>, data: &TermsSubmitted) -> Result<(), Refusal> {
    let agreement = put.agreement;
    let amendment = agreement.amendment().and_then(|amendment| agreement.version(amendment.version));
    let draft = amendment.unwrap_or_else(|| agreement.current());
    if data.version != draft.number || data.version_hash != draft.hash {
        return Err(stale(data.version, &data.version_hash, draft));
    }
    if let Track::Proposed { counter, .. } = agreement.track() {
        if counter.is_some() {
            return Err(Refusal::CounterWaiting { organisation: draft.by });
        }
    } else {
        agreement.check_triage()?;
    }
    let today = london::date_of(put.at);
    if data.approve_by < today {
        return Err(Refusal::ApprovalWindowOver { on: data.approve_by });
    }
    let days = i64::from(agreement.windows.approve_by_days);
    let latest = today.add_days(days);
    if data.approve_by > latest {
        return Err(Refusal::WindowTooLong { days, latest });
    }
    Ok(())
}

/// DPO, LGL, CG or SEC of a party, each for its own kind of advice.
pub(super) fn hands_of_advice(put: &Put<'_>, data: &AdviceGiven) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let role = role_of_advice(data.kind);
    if put.signer().role == role { Ok(()) } else { Err(put.not_held(role)) }
}

const fn role_of_advice(kind: AdviceKind) -> Role {
    match kind {
        AdviceKind::Dpo => Role::Dpo,
        AdviceKind::Lgl => Role::Lgl,
        AdviceKind::Cg => Role::Cg,
        AdviceKind::Sec => Role::Sec,
    }
}

/// G08 and the party's state. In force, advice names the version in force.
pub(super) fn guards_of_advice(put: &Put<'_>, data: &AdviceGiven) -> Result<(), Refusal> {
    let party = put.party()?;
    put.agreement.signable(party, &data.version_hash, SignatureKind::Advice)?;
    let in_force = put.agreement.stage.force().is_some();
    if in_force && matches!(party.state, PartyState::Executed | PartyState::Suspended) {
        return Ok(());
    }
    party.may(Asked::Approve)
}

/// A role that approves, or one that the policy asks this party for.
pub(super) fn hands_of_approval(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let signer = put.signer();
    let asked = put.requires(SignatureKind::Approval, signer.role);
    if asked || put.acts_in(signer, &APPROVERS) { Ok(()) } else { Err(put.not_held(Role::Iao)) }
}

/// G08, the party's state, G18 and G19.
pub(super) fn guards_of_approval(put: &Put<'_>, data: &ApprovalGiven) -> Result<(), Refusal> {
    let party = put.party()?;
    let version = put.version_to_sign(party, &data.version_hash, SignatureKind::Approval)?;
    party.may(put.asks(Asked::Approve))?;
    let role = put.signer().role;
    let missing = put.owed(party, version);
    let owed = || Refusal::RolesMissing { organisation: party.organisation, roles: words(&missing) };
    let mine = RequiredRole { kind: SignatureKind::Approval, role };
    if !put.agreement.required_of(party, version).any(|required| required == mine) {
        return Err(owed());
    }
    if !data.datasets.is_empty() {
        let own = own_datasets(&version.header, party);
        if data.datasets.iter().any(|dataset| !own.contains(dataset)) {
            return Err(owed());
        }
    }
    // An emergency does not wait for advice.
    match missing.iter().find(|required| required.kind == SignatureKind::Advice) {
        Some(advice) => Err(Refusal::AdviceMissing { role: advice.role }),
        None => Ok(()),
    }
}

/// Who executes for this party; R11 when a required post is vacant.
pub(super) fn hands_of_execution(put: &Put<'_>) -> Result<(), Refusal> {
    let party = put.party()?;
    put.alone()?;
    let header = put.agreement.header();
    let required = party.row(header).map(|row| row.required_roles.as_slice()).unwrap_or_default();
    let mut executing = required.iter().filter(|r| r.kind == SignatureKind::Execution).map(|r| r.role).peekable();
    let usual = if header.agreement_type == AgreementType::Emg { Role::Siro } else { Role::Sig };
    let wanted = executing.peek().copied().unwrap_or(usual);
    let signer = put.signer();
    if signer.role != wanted && !executing.any(|role| role == signer.role) {
        return Err(put.not_held(wanted));
    }
    let body = put.body(party.organisation);
    let vacant = required.iter().find(|r| body.is_some_and(|body| !body.has_serving(r.role, put.at)));
    match vacant {
        Some(post) => Err(Refusal::PostVacant { organisation: party.organisation, role: post.role }),
        None => Ok(()),
    }
}

/// G08, the party's state, G20, G18, and for a small body that two persons signed.
pub(super) fn guards_of_execution(put: &Put<'_>, data: &ExecutionSigned) -> Result<(), Refusal> {
    let party = put.party()?;
    let version = put.version_to_sign(party, &data.version_hash, SignatureKind::Execution)?;
    party.may(put.asks(Asked::Execute))?;
    if let Stage::Approving(signing) = &put.agreement.stage
        && put.at >= london::end_of(signing.approve_by)
    {
        return Err(Refusal::ApprovalWindowOver { on: signing.approve_by });
    }
    let mine = RequiredRole { kind: SignatureKind::Execution, role: put.signer().role };
    let needed = put.agreement.required_of(party, version).any(|required| required == mine);
    let mut missing = put.owed(party, version);
    missing.retain(|required| required.kind != SignatureKind::Execution);
    if missing.is_empty() && needed {
        Ok(())
    } else {
        Err(Refusal::RolesMissing { organisation: party.organisation, roles: words(&missing) })
    }
}

/// G08.
fn stale(version: u32, seen: &Digest, current: &Version) -> Refusal {
    let short = |hash: &Digest| hash.to_string().chars().take(8).collect::<String>();
    Refusal::StaleTerms { version, seen: short(seen), current: short(&current.hash) }
}

/// Required signatures in words, for messages.
fn words(missing: &[RequiredRole]) -> String {
    let one = |required: &RequiredRole| match required.kind {
        SignatureKind::Advice => format!("advice of {}", required.role),
        SignatureKind::Approval => format!("approval by {}", required.role),
        SignatureKind::Execution => format!("execution by {}", required.role),
    };
    if missing.is_empty() {
        return "no signature of this kind".to_owned();
    }
    missing.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The rows of a party in a header: several where it took the places of others, or the one with which it joined.
/// One that joined has no number.
fn rows_of<'a>(header: &'a Header, party: &'a Party) -> impl Iterator<Item = (usize, &'a PartyRow)> {
    let mine = (1..).zip(&header.parties).filter(|(_, row)| row.organisation == party.organisation);
    let joined = header.party(party.organisation).is_none().then(|| party.row(header)).flatten();
    mine.chain(joined.map(|row| (usize::MAX, row)))
}

/// Whether a dataset's row in a header names a party as its provider: by number, or with all that may.
pub(super) fn provides(header: &Header, row: &DatasetRow, party: &Party) -> bool {
    rows_of(header, party).any(|(number, own)| match row.provider {
        OnePartyRef::Number(named) => usize::from(named) == number,
        OnePartyRef::All(_) => own.capacity.provides(),
    })
}

/// Whether a dataset's row in a header names a party as a recipient: by number, or with all that may.
pub(super) fn receives(header: &Header, row: &DatasetRow, party: &Party) -> bool {
    rows_of(header, party).any(|(number, own)| match &row.recipients {
        PartyRefs::Numbers(named) => named.iter().any(|named| usize::from(*named) == number),
        PartyRefs::All(_) => own.capacity.receives(),
    })
}

/// The datasets that a party provides or receives.
pub(super) fn own_datasets(header: &Header, party: &Party) -> Vec<DatasetId> {
    let own = header.datasets.iter().filter(|row| {
        // An open-data licence names no recipients, for everybody may receive.
        provides(header, row, party) || receives(header, row, party)
    });
    own.flat_map(|row| row.ids.iter().copied()).collect()
}

impl Put<'_> {
    /// The version that an approval or execution may name now: that in force for a signature in the place of one
    /// in doubt, else as [`Agreement::signable`] says.
    fn version_to_sign(&self, party: &Party, hash: &Digest, kind: SignatureKind) -> Result<&Version, Refusal> {
        if self.replaces() { Ok(self.agreement.current()) } else { self.agreement.signable(party, hash, kind) }
    }

    /// What the party still owes on the version that it signs: of one in force, what it lost to a doubt.
    fn owed(&self, party: &Party, version: &Version) -> Vec<RequiredRole> {
        if self.replaces() { self.agreement.owed_again(party) } else { self.agreement.missing(party, version.number) }
    }

    /// What is asked of the party's state: to sign at all, or to sign an amendment.
    pub(super) fn asks(&self, usual: Asked) -> Asked {
        let comes_in = self.party().is_ok_and(|party| party.joins || self.agreement.is_acceding(party));
        if comes_in {
            usual
        } else if self.replaces() {
            Asked::SignAgain
        } else if self.agreement.amendment().is_some() {
            Asked::Adopt
        } else if self.agreement.stage.force().is_some() {
            Asked::SignAgain
        } else {
            usual
        }
    }

    /// Whether the policy asks the first signer's party for this signature.
    fn requires(&self, kind: SignatureKind, role: Role) -> bool {
        let row = self.agreement.row(self.organisation());
        row.is_some_and(|row| row.required_roles.contains(&RequiredRole { kind, role }))
    }
}

impl Agreement {
    /// The version that a signature may name now.
    ///
    /// # Errors
    ///
    /// G08 for any other.
    pub(super) fn named(&self, hash: &Digest) -> Result<&Version, Refusal> {
        let current = self.current();
        if current.hash == *hash {
            return Ok(current);
        }
        let seen = self.versions.iter().find(|version| version.hash == *hash);
        Err(stale(seen.map_or(current.number, |version| version.number), hash, current))
    }

    /// The version that a signature of a kind may name: an open amendment's, or as [`Self::named`] says.
    ///
    /// # Errors
    ///
    /// G08 for any other.
    pub(super) fn signable(&self, party: &Party, hash: &Digest, kind: SignatureKind) -> Result<&Version, Refusal> {
        if self.is_acceding(party) {
            return self.named(hash);
        }
        let advises = kind == SignatureKind::Advice;
        let late = kind == SignatureKind::Execution && self.header().non_adopter_rule == NonAdopterRule::Leave;
        let open = match self.track() {
            Track::None => return self.named(hash),
            Track::Proposed { amendment, .. } => advises.then_some(amendment),
            Track::Approving { amendment, .. } => Some(amendment),
            Track::Pending { amendment, .. } => late.then_some(amendment),
        };
        if let Some(version) = open.and_then(|amendment| self.version(amendment.version))
            && version.hash == *hash
        {
            return Ok(version);
        }
        let current = self.current();
        if advises && current.hash == *hash {
            return Ok(current);
        }
        let wanted = self.track().version().and_then(|version| self.version(version)).unwrap_or(current);
        let seen = self.versions.iter().find(|version| version.hash == *hash);
        Err(stale(seen.map_or(wanted.number, |version| version.number), hash, wanted))
    }

    /// G09: ALL and UNILATERAL, every provider accepted; ACCESSION, the lead, every anchor and enough others.
    pub(super) fn check_triage(&self) -> Result<(), Refusal> {
        let header = self.header();
        let accepted =
            |organisation: OrganisationCode| self.party(organisation).is_some_and(|party| party.accepted.is_some());
        let waits = |organisation: OrganisationCode| Err(Refusal::NotTriaged { organisation });
        match header.formation {
            Formation::All | Formation::Unilateral => {
                let provider = |party: &&Party| header.datasets.iter().any(|row| provides(header, row, party));
                match self.parties.iter().filter(provider).find(|party| party.accepted.is_none()) {
                    Some(party) => waits(party.organisation),
                    None => Ok(()),
                }
            }
            Formation::Accession => {
                let first = std::iter::once(self.lead()).chain(header.anchor_parties.iter().copied());
                if let Some(organisation) = first.into_iter().find(|code| !accepted(*code)) {
                    return waits(organisation);
                }
                let least = usize::from(header.min_parties.unwrap_or(2));
                if self.parties.iter().filter(|party| party.accepted.is_some()).count() >= least {
                    return Ok(());
                }
                let rows = self.parties.iter().filter(|party| party.state != PartyState::Succeeded);
                let missing = rows.into_iter().find(|party| party.accepted.is_none());
                waits(missing.map_or_else(|| self.lead(), |party| party.organisation))
            }
        }
    }

    /// Whether an open question stops this party's execution.
    pub(super) fn questions_block(&self, organisation: OrganisationCode) -> bool {
        let joint = self.header().formation != Formation::Accession;
        self.open_questions().any(|question| joint || question.by == organisation || question.to == organisation)
    }

    /// Signatures of a party on a version that count.
    pub(super) fn counting(&self, organisation: OrganisationCode, version: u32) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter(move |signature| {
            signature.organisation == organisation
                && signature.version == version
                && signature.standing == Standing::Counts
        })
    }

    /// What a party still owes on a version, in the order of signing.
    pub(super) fn missing(&self, party: &Party, version: u32) -> Vec<RequiredRole> {
        let found = self.version(version);
        found.map(|found| self.owed(party, found, move |on| on == version).collect()).unwrap_or_default()
    }

    /// What the version that matters now asks of a party and no signature that carries it gives.
    pub(super) fn carrying<'a>(&'a self, party: &'a Party) -> impl Iterator<Item = RequiredRole> + 'a {
        self.owed(party, self.current(), |on| self.carries(on))
    }

    /// What a version asks of a party and is not given on these versions, in the order of signing.
    fn owed<'a>(
        &'a self,
        party: &'a Party,
        version: &'a Version,
        on: impl Fn(u32) -> bool + 'a,
    ) -> impl Iterator<Item = RequiredRole> + 'a {
        let optional_advice = version.header.agreement_type == AgreementType::Emg;
        self.required_of(party, version).filter(move |required| {
            let waived = optional_advice && required.kind == SignatureKind::Advice;
            !waived && !self.is_given(party.organisation, version, *required, &on)
        })
    }

    /// Whether a required signature is there, on these versions. Asset owners may share the datasets out among them.
    fn is_given(
        &self,
        organisation: OrganisationCode,
        version: &Version,
        required: RequiredRole,
        on: &impl Fn(u32) -> bool,
    ) -> bool {
        let given = || {
            self.signatures.iter().filter(|signature| {
                signature.organisation == organisation
                    && signature.kind == required.kind
                    && signature.role == required.role
                    && signature.standing == Standing::Counts
                    && on(signature.version)
            })
        };
        if given().next().is_none() {
            return false;
        }
        if given().any(|signature| signature.datasets.is_empty()) {
            return true;
        }
        let Some(party) = self.party(organisation) else {
            return false;
        };
        let own = own_datasets(&version.header, party);
        own.iter().all(|dataset| given().any(|signature| signature.datasets.contains(dataset)))
    }

    /// A version is frozen.
    pub(super) fn submitted(&mut self, event: &Event, data: &TermsSubmitted, at: Timestamp) {
        if let Track::Proposed { amendment, .. } = self.track() {
            self.set_track(Track::Approving { amendment, approve_by: data.approve_by });
            for party in self.parties.iter_mut().filter(|party| party.joins && party.state == PartyState::Invited) {
                party.state = PartyState::Signing;
            }
            return;
        }
        for party in &mut self.parties {
            if party.state == PartyState::Invited {
                party.state = PartyState::Signing;
            }
        }
        let signing = Signing { version: data.version, approve_by: data.approve_by };
        self.go(Stage::Approving(signing), at, Origin::of(event));
    }

    /// Advice, an approval or an execution is recorded.
    pub(super) fn signed(
        &mut self,
        event: &Event,
        kind: SignatureKind,
        hash: &Digest,
        datasets: &[DatasetId],
        at: Timestamp,
    ) {
        let signer = event.principal();
        let version =
            self.versions.iter().find(|version| version.hash == *hash).map_or(self.draft, |version| version.number);
        self.signatures.push(Signature {
            event: event.id,
            at,
            person: signer.person,
            organisation: signer.organisation,
            version,
            role: signer.role,
            kind,
            datasets: datasets.into(),
            standing: Standing::Counts,
        });
        if let Some(party) = self.party_mut(signer.organisation)
            && party.state == PartyState::Invited
        {
            party.state = PartyState::Signing;
        }
        if kind == SignatureKind::Execution {
            self.executed(event, at);
        }
        self.weigh_signature(event.id, at);
    }

    /// A party has executed: it is bound, and the agreement may be formed.
    fn executed(&mut self, event: &Event, at: Timestamp) {
        if let Some(party) = self.party_mut(event.principal().organisation)
            && party.state == PartyState::Signing
            && !party.joins
        {
            party.state = PartyState::Executed;
        }
        let Stage::Approving(signing) = self.stage else {
            return;
        };
        if !self.is_formed() {
            return;
        }
        // Whoever need not sign is bound with the others.
        let header = self.current().header.clone();
        for party in &mut self.parties {
            let silent = party.row(&header).is_some_and(|row| row.required_roles.is_empty());
            if silent && party.state == PartyState::Signing {
                party.state = PartyState::Executed;
            }
        }
        self.go(Stage::Approved { signing, formed_at: at }, at, Origin::of(event));
    }

    /// Whether enough have executed (domain.md 2.3).
    pub(super) fn is_formed(&self) -> bool {
        let header = self.header();
        let bound =
            |organisation: OrganisationCode| self.party(organisation).is_some_and(|party| party.state.is_bound());
        match header.formation {
            Formation::All | Formation::Unilateral => self.parties.iter().all(|party| {
                party.state == PartyState::Succeeded
                    || party.state.is_bound()
                    || party.row(header).is_some_and(|row| row.required_roles.is_empty())
            }),
            Formation::Accession => {
                let count = self.parties.iter().filter(|party| party.state.is_bound()).count();
                count >= usize::from(header.min_parties.unwrap_or(2))
                    && header.anchor_parties.iter().all(|anchor| bound(*anchor))
                    && self.has_pair()
            }
        }
    }

    /// Whether a provider and another recipient of one dataset are both bound. Open data need no recipient.
    pub(super) fn has_pair(&self) -> bool {
        let header = self.header();
        let bound = || self.parties.iter().filter(|party| party.state.is_bound());
        if self.lacks(HeaderMember::Datasets) {
            // Of an import that does not say what is shared, the capacities tell.
            let capable =
                |party: &Party, able: fn(Capacity) -> bool| party.row(header).is_some_and(|row| able(row.capacity));
            return bound().any(|giver| {
                capable(giver, Capacity::provides)
                    && bound()
                        .any(|taker| taker.organisation != giver.organisation && capable(taker, Capacity::receives))
            });
        }
        header.datasets.iter().any(|row| {
            bound().any(|giver| {
                provides(header, row, giver)
                    && (header.formation == Formation::Unilateral
                        || header.agreement_type == AgreementType::Open
                        || bound()
                            .any(|taker| taker.organisation != giver.organisation && receives(header, row, taker)))
            })
        })
    }
}
