//! D1 and A34: signatures whose key may have been in other hands (domain.md 2.12, amendments.md).
//!
//! A contested signature counts towards nothing. What it was needed for stops: an agreement that was approved
//! goes back to signing, and one in force is suspended, for the party alone where the others can go on. Duties,
//! notices, holds and incidents run on.

use crate::agreement::asked::Put;
use crate::agreement::{Agreement, Derived, Ground, Origin, Party, PartyState, Reach, Signature, Stage, Standing};
use crate::event::data::{Data, SuspensionGround};
use crate::header::{Formation, RequiredRole, SignatureKind};
use crate::ids::{EventId, OrganisationCode, Role};
use crate::time::Timestamp;

impl Put<'_> {
    /// Whether the first signer replaces a signature of the version in force that is contested or disowned.
    pub(super) fn signs_again(&self, kind: SignatureKind) -> bool {
        let signer = self.signer();
        self.agreement
            .doubted(signer.organisation)
            .any(|signature| signature.kind == kind && signature.role == signer.role)
    }

    /// Whether the event is a signature of the version in force in the place of one in doubt. An amendment that is
    /// open does not stop it: nothing else could lift what a disowned signature suspends (domain.md 2.12, 5).
    pub(super) fn replaces(&self) -> bool {
        let (hash, kind) = if let Data::ApprovalGiven(data) = &self.event.data {
            (&data.version_hash, SignatureKind::Approval)
        } else if let Data::ExecutionSigned(data) = &self.event.data {
            (&data.version_hash, SignatureKind::Execution)
        } else {
            return false;
        };
        let in_force = self.agreement.stage.force().is_some();
        in_force && self.agreement.current().hash == *hash && self.signs_again(kind)
    }
}

impl Agreement {
    /// Its events that are contested and not resolved, in order.
    pub fn contested(&self) -> &[EventId] {
        &self.elsewhere.contested
    }

    /// Its events that their party disowned, in order.
    pub fn disowned(&self) -> &[EventId] {
        &self.elsewhere.disowned
    }

    /// Whether a signature among these counted while the agreement was in force, so that people's data may have
    /// moved on its strength, and no incident with keys is noted yet (G44).
    pub(crate) fn needs_incident(&self, targets: &[EventId]) -> bool {
        let counted = self.signatures.iter().any(|signature| targets.contains(&signature.event));
        let noted = self.incidents().iter().any(|incident| incident.key);
        counted && self.first_in_force_at().is_some() && !noted
    }

    /// What is contested or disowned is another set.
    pub(super) fn contest(&mut self, by: EventId, contested: &[EventId], disowned: &[EventId], at: Timestamp) {
        self.elsewhere.contested = contested.into();
        self.elsewhere.disowned = disowned.into();
        for signature in self.signatures.iter_mut().filter(|signature| signature.standing.may_count()) {
            signature.standing = if disowned.contains(&signature.event) {
                Standing::Disowned
            } else if contested.contains(&signature.event) {
                Standing::Contested
            } else {
                Standing::Counts
            };
        }
        self.weigh_contest(by, at);
    }

    /// The first version whose signatures carry the one that matters now: itself, or, where particulars changed since,
    /// the one that was signed.
    pub(super) fn carried_from(&self) -> u32 {
        let current = self.current().number;
        self.in_force.iter().find(|held| held.version == current).map_or(current, |held| held.rests_on)
    }

    /// Whether signatures on a version carry the one that matters now.
    pub(super) fn carries(&self, version: u32) -> bool {
        version == self.current().number
            || (version >= self.carried_from() && self.in_force.iter().any(|held| held.version == version))
    }

    /// Signatures of a party that carried the version that matters now, and are contested or disowned.
    fn in_doubt(&self, organisation: OrganisationCode) -> impl Iterator<Item = &Signature> {
        self.signatures.iter().filter(move |signature| {
            signature.organisation == organisation
                && matches!(signature.standing, Standing::Contested | Standing::Disowned)
                && self.carries(signature.version)
        })
    }

    /// What a party gave for the version that matters now, lost to a doubt, and has not given again. A class of
    /// amendment may have asked for less than the row does; what was not asked for then is not asked for now.
    pub(super) fn owed_again(&self, party: &Party) -> Vec<RequiredRole> {
        let given = |owed: &RequiredRole| {
            self.in_doubt(party.organisation).any(|lost| lost.kind == owed.kind && lost.role == owed.role)
        };
        self.carrying(party).filter(given).collect()
    }

    /// Approvals and executions of a party for the version that matters now which are contested or disowned and
    /// were not given again.
    fn doubted(&self, organisation: OrganisationCode) -> impl Iterator<Item = &Signature> {
        let owed = self.party(organisation).map(|party| self.owed_again(party)).unwrap_or_default();
        self.in_doubt(organisation).filter(move |signature| {
            signature.kind != SignatureKind::Advice
                && owed.iter().any(|owed| owed.kind == signature.kind && owed.role == signature.role)
        })
    }

    /// A signature was given: perhaps in the place of one that is contested or disowned.
    pub(super) fn weigh_signature(&mut self, by: EventId, at: Timestamp) {
        if !self.elsewhere.contested.is_empty() || !self.elsewhere.disowned.is_empty() {
            self.weigh_contest(by, at);
        }
    }

    /// D1, and its end: whoever lost a signature that is needed is no longer bound by it, until it is affirmed
    /// or given again.
    pub(super) fn weigh_contest(&mut self, by: EventId, at: Timestamp) {
        let doubtful = |party: &&Party| self.doubted(party.organisation).next().is_some();
        let affected: Vec<OrganisationCode> =
            self.parties.iter().filter(doubtful).map(|party| party.organisation).collect();
        match &self.stage {
            Stage::Approving(_) | Stage::Approved { .. } => self.weigh_signing(&affected, at),
            Stage::Active(_) | Stage::Suspended(_) => self.weigh_force(&affected, by, at),
            Stage::Filed
            | Stage::Clarifying { .. }
            | Stage::Negotiating { .. }
            | Stage::Ending(_)
            | Stage::Closed { .. }
            | Stage::Refused { .. }
            | Stage::Withdrawn { .. }
            | Stage::Lapsed { .. } => {}
        }
    }

    fn weigh_signing(&mut self, affected: &[OrganisationCode], at: Timestamp) {
        let version = self.current().number;
        let whole: Vec<OrganisationCode> = self
            .parties
            .iter()
            .filter(|party| party.state == PartyState::Signing && self.has_executed(party, version))
            .map(|party| party.organisation)
            .collect();
        for party in &mut self.parties {
            if affected.contains(&party.organisation) && party.state == PartyState::Executed {
                party.state = PartyState::Signing;
            } else if whole.contains(&party.organisation) {
                party.state = PartyState::Executed;
            }
        }
        let origin = |organisation| Origin::Derived { change: Derived::ContestedQuorumLost, organisation };
        if let Stage::Approved { signing, .. } = self.stage
            && !self.is_formed()
        {
            self.go(Stage::Approving(signing), at, origin(affected.first().copied()));
        } else if let Stage::Approving(signing) = self.stage
            && !whole.is_empty()
            && self.is_formed()
        {
            // What was affirmed counts again: nothing else could ever form the agreement.
            self.go(Stage::Approved { signing, formed_at: at }, at, origin(None));
        }
    }

    /// Whether a party has given everything that is asked of it, its execution among it.
    fn has_executed(&self, party: &Party, version: u32) -> bool {
        let executed =
            self.counting(party.organisation, version).any(|signature| signature.kind == SignatureKind::Execution);
        executed && self.missing(party, version).is_empty()
    }

    fn weigh_force(&mut self, affected: &[OrganisationCode], by: EventId, at: Timestamp) {
        let bound = |code: &&OrganisationCode| self.party(**code).is_some_and(|party| party.state.is_bound());
        let affected: Vec<OrganisationCode> = affected.iter().filter(bound).copied().collect();
        let whole = self.is_bilateral() || self.standing_parties() == 1 || !self.stands_without(&affected);
        let reach_of = |code: OrganisationCode| if whole { Reach::Whole } else { Reach::Party(code) };
        let lost = Some(Derived::ContestedQuorumLost);
        let stays = |ground: &Ground| {
            ground.derived != lost || (affected.contains(&ground.by) && ground.reach == reach_of(ground.by))
        };
        let over: Vec<(EventId, OrganisationCode)> =
            self.grounds.iter().filter(|ground| !stays(ground)).map(|ground| (ground.event, ground.by)).collect();
        let fresh: Vec<OrganisationCode> = affected
            .iter()
            .filter(|code| {
                !self.grounds.iter().any(|g| g.derived == lost && g.by == **code && g.reach == reach_of(**code))
            })
            .copied()
            .collect();
        for code in fresh {
            let reach = reach_of(code);
            let origin = Origin::Derived { change: Derived::ContestedQuorumLost, organisation: Some(code) };
            self.open_derived(
                Ground {
                    event: by,
                    at,
                    code: SuspensionGround::KeyCompromise,
                    by: code,
                    reach,
                    lapses_at: None,
                    derived: lost,
                },
                at,
                origin,
            );
        }
        for (event, code) in over {
            let origin = Origin::Derived { change: Derived::ContestedQuorumLost, organisation: Some(code) };
            self.close_derived(event, Derived::ContestedQuorumLost, code, at, origin);
        }
    }

    /// Whether the agreement could go on without these parties: what it asks for its continuation, and where
    /// bodies join one by one for its formation too.
    pub(super) fn stands_without(&self, parties: &[OrganisationCode]) -> bool {
        let mut without = self.clone();
        for party in without.parties.iter_mut().filter(|party| parties.contains(&party.organisation)) {
            party.state = PartyState::Left;
        }
        let joined = self.header().formation == Formation::Accession;
        without.goes_on() && (!joined || without.is_formed())
    }

    /// A ground opens that no event brought about by itself.
    pub(super) fn open_derived(&mut self, ground: Ground, at: Timestamp, origin: Origin) {
        match &ground.reach {
            Reach::Party(organisation) => {
                if let Some(party) = self.party_mut(*organisation)
                    && matches!(party.state, PartyState::Executed | PartyState::Leaving)
                {
                    party.state = PartyState::Suspended;
                }
            }
            Reach::Whole => {
                if let Stage::Active(force) = &self.stage {
                    let force = force.clone();
                    self.go(Stage::Suspended(force), at, origin);
                }
            }
            Reach::Datasets(_) => {}
        }
        self.grounds.push(ground);
    }

    /// A derived ground closes, because its cause has ended.
    pub(super) fn close_derived(
        &mut self,
        event: EventId,
        derived: Derived,
        organisation: OrganisationCode,
        at: Timestamp,
        origin: Origin,
    ) {
        let meant = |g: &Ground| g.event == event && g.derived == Some(derived) && g.by == organisation;
        // Grounds of other causes may bear the same event's id: put the one that is meant first.
        if let Some(place) = self.grounds.iter().position(meant) {
            let ground = self.grounds.remove(place);
            self.grounds.insert(0, ground);
            self.close_ground(event, at, origin);
        }
    }

    /// Whose roles resolve what is contested here, for whoever must act next.
    pub(super) fn next_of_contest(&self) -> Vec<super::Next> {
        let mut codes: Vec<OrganisationCode> = self
            .signatures
            .iter()
            .filter(|signature| signature.standing == Standing::Contested)
            .map(|signature| signature.organisation)
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let next = |organisation| super::Next { organisation, role: Role::Siro, task: super::Task::ResolveContest };
        codes.into_iter().map(next).collect()
    }
}
