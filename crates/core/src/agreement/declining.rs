//! A12 to A15: a version is declined, a signature taken back, a request refused or withdrawn.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::{Agreement, Amendment, Origin, PartyState, Signature, Stage, Standing, Track};
use crate::event::Event;
use crate::event::data::{ApprovalDeclined, ApprovalWithdrawn, DeclineKind};
use crate::header::{Formation, NonAdopterRule, SignatureKind};
use crate::ids::{EventId, OrganisationCode, Role};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Any required role of the party, or SIG.
pub(super) fn hands_of_decline(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let role = put.signer().role;
    let row = put.agreement.row(put.organisation());
    let required = row.is_some_and(|row| row.required_roles.iter().any(|required| required.role == role));
    if required || put.acts_as(put.signer(), Role::Sig) { Ok(()) } else { Err(put.not_held(Role::Sig)) }
}

/// G08 and the party's state.
pub(super) fn guards_of_decline(put: &Put<'_>, data: &ApprovalDeclined) -> Result<(), Refusal> {
    let party = put.party()?;
    put.agreement.signable(party, &data.version_hash, SignatureKind::Approval)?;
    let own = party.joins || put.agreement.is_acceding(party);
    match data.kind {
        DeclineKind::Final | DeclineKind::Return if put.agreement.amendment().is_some() && !own => {
            party.may(Asked::DeclineAmendment)
        }
        DeclineKind::Final if own => party.may(Asked::Refuse),
        DeclineKind::Return if own => party.may(Asked::Approve),
        DeclineKind::Final => party.may(Asked::DeclineFinal),
        DeclineKind::Return => party.may(Asked::DeclineReturn),
    }
}

/// The role that signed, whoever holds it now, or SIG of the same party.
pub(super) fn hands_of_withdrawal(put: &Put<'_>, data: &ApprovalWithdrawn) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let signer = put.signer();
    let Some(target) = put.agreement.signatures.iter().find(|signature| signature.event == data.target) else {
        // Whose signature it was cannot be told; G25 answers in its turn.
        return Ok(());
    };
    let own = target.organisation == signer.organisation;
    if own && (signer.role == target.role || put.acts_as(signer, Role::Sig)) {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role: target.role, organisation: target.organisation })
    }
}

/// The party's state, and G25: a signature that counts.
pub(super) fn guards_of_withdrawal(put: &Put<'_>, data: &ApprovalWithdrawn) -> Result<(), Refusal> {
    put.party()?.may(put.asks(Asked::Withdraw))?;
    let amendment = put.agreement.amendment().map(|amendment| amendment.version);
    match put.agreement.signature_that_counts(data.target) {
        Some(target) if amendment.is_none_or(|version| target.version == version) => Ok(()),
        Some(_) | None => Err(Refusal::CannotWithdrawSignature),
    }
}

/// SIRO or SIG of a provider.
pub(super) fn hands_of_refusal(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Siro, Role::Sig])?;
    let provides = put.agreement.row(put.organisation()).is_some_and(|row| row.capacity.provides());
    if provides { Ok(()) } else { Err(put.not_held(Role::Siro)) }
}

/// IGL or SIG of the requesting organisation, or the person who filed it.
pub(super) fn hands_of_request_withdrawal(put: &Put<'_>) -> Result<(), Refusal> {
    put.party()?;
    put.alone()?;
    let signer = put.signer();
    let requester = signer.organisation == put.agreement.requesting
        && (put.acts_as(signer, Role::Igl) || put.acts_as(signer, Role::Sig));
    if requester || signer.person == put.agreement.filer {
        Ok(())
    } else {
        Err(Refusal::RoleNotHeld { role: Role::Igl, organisation: put.agreement.requesting })
    }
}

/// In P: bilateral only, by SIG of the requesting organisation (amendments.md).
pub(super) fn may_withdraw_approved(put: &Put<'_>) -> bool {
    let signer = put.signer();
    put.agreement.is_bilateral() && signer.organisation == put.agreement.requesting && put.acts_as(signer, Role::Sig)
}

impl Agreement {
    fn signature_that_counts(&self, event: EventId) -> Option<&Signature> {
        self.signatures.iter().find(|signature| signature.event == event && signature.standing == Standing::Counts)
    }

    /// Whether a decline ends or returns the version, so that others must look again (wire.md 2.4).
    pub(super) fn decline_bars(&self, data: &ApprovalDeclined, by: OrganisationCode) -> bool {
        if self.party(by).is_some_and(|party| self.is_acceding(party)) {
            return false;
        }
        match data.kind {
            DeclineKind::Return => true,
            DeclineKind::Final if self.amendment().is_some() => self.header().non_adopter_rule == NonAdopterRule::Block,
            DeclineKind::Final => self.header().formation != Formation::Accession,
        }
    }

    /// A provider refuses the request.
    pub(super) fn refuse(&mut self, event: &Event, at: Timestamp) {
        self.go(Stage::Refused { at, by: event.id }, at, Origin::of(event));
    }

    /// The requesting organisation withdraws it.
    pub(super) fn withdraw(&mut self, event: &Event, at: Timestamp) {
        self.go(Stage::Withdrawn { at }, at, Origin::of(event));
    }

    /// A version is returned for changes, or a party says no for good.
    pub(super) fn declined(&mut self, event: &Event, data: &ApprovalDeclined, at: Timestamp) {
        let organisation = event.principal().organisation;
        if self.party(organisation).is_some_and(|party| self.is_acceding(party)) {
            self.accession_declined(organisation, data.kind);
            return;
        }
        if let Some(amendment) = self.amendment() {
            self.amendment_declined(amendment, data.kind);
            return;
        }
        let version = self.current().number;
        match data.kind {
            DeclineKind::Return => {
                // Signatures on a version that is returned are void, even if it is submitted again.
                for signature in self.signatures.iter_mut().filter(|s| s.version == version) {
                    if signature.standing.may_count() {
                        signature.standing = Standing::Void;
                    }
                }
                for party in &mut self.parties {
                    if matches!(party.state, PartyState::Signing | PartyState::Executed) {
                        party.state = PartyState::Invited;
                    }
                }
                self.go(Stage::Filed, at, Origin::of(event));
            }
            DeclineKind::Final => {
                if let Some(party) = self.party_mut(organisation) {
                    party.state = PartyState::Declined;
                }
                if self.header().formation != Formation::Accession {
                    self.go(Stage::Refused { at, by: event.id }, at, Origin::of(event));
                }
            }
        }
    }

    /// A body that was joining does not, or not yet: the others go on.
    fn accession_declined(&mut self, organisation: OrganisationCode, kind: DeclineKind) {
        let version = self.current().number;
        let mine = |signature: &&mut Signature| signature.organisation == organisation && signature.version == version;
        for signature in self.signatures.iter_mut().filter(mine) {
            if signature.standing == Standing::Counts {
                signature.standing = Standing::Void;
            }
        }
        if let Some(party) = self.party_mut(organisation) {
            party.state = match kind {
                DeclineKind::Return => PartyState::Invited,
                DeclineKind::Final => PartyState::Declined,
            };
        }
    }

    /// An amendment is returned to its terms, or one party will not have it: then it is dropped, unless those
    /// who do not adopt it leave.
    fn amendment_declined(&mut self, amendment: Amendment, kind: DeclineKind) {
        match kind {
            DeclineKind::Return => {
                self.void_amendment_of(None);
                self.set_track(Track::Proposed { amendment, counter: None });
            }
            DeclineKind::Final => {
                if self.header().non_adopter_rule == NonAdopterRule::Block {
                    self.set_track(Track::None);
                }
            }
        }
    }

    /// A party takes a signature back. What rested on it must be given anew.
    pub(super) fn withdrawn(&mut self, event: &Event, data: &ApprovalWithdrawn, at: Timestamp) {
        let Some(target) = self.signatures.iter_mut().find(|signature| signature.event == data.target) else {
            return;
        };
        target.standing = Standing::Withdrawn;
        let (organisation, version) = (target.organisation, target.version);
        for signature in &mut self.signatures {
            let rests = signature.organisation == organisation
                && signature.version == version
                && signature.kind == SignatureKind::Execution
                && signature.standing.may_count();
            if rests {
                signature.standing = Standing::Void;
            }
        }
        if self.stage.force().is_none()
            && let Some(party) = self.party_mut(organisation)
            && party.state == PartyState::Executed
        {
            party.state = PartyState::Signing;
        }
        if let Stage::Approved { signing, .. } = self.stage
            && !self.is_formed()
        {
            self.go(Stage::Approving(signing), at, Origin::of(event));
        }
    }
}
