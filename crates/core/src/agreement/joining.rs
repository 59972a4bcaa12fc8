//! A21, A22 and A41: who belongs to an agreement beside those whom its header names, and who leads it.
//!
//! In formation ACCESSION bodies join one by one: a joiner's row stands in the event that invites it or asks for
//! it, and it signs the version in force.

use crate::agreement::asked::Put;
use crate::agreement::party::Asked;
use crate::agreement::table::Code;
use crate::agreement::{Agreement, Party, PartyState, StageName};
use crate::event::data::{Data, LeadChanged};
use crate::header::{Formation, Header, PartyRow};
use crate::ids::{OrganisationCode, Role};
use crate::refusal::Refusal;

/// IGL of the lead party.
pub(super) fn hands_of_invitation(put: &Put<'_>) -> Result<(), Refusal> {
    put.alone_in(&[Role::Igl])?;
    let lead = put.agreement.lead();
    if put.organisation() == lead { Ok(()) } else { Err(Refusal::RoleNotHeld { role: Role::Igl, organisation: lead }) }
}

/// IGL of the body that asks to join.
pub(super) fn hands_of_accession(put: &Put<'_>, row: &PartyRow) -> Result<(), Refusal> {
    put.alone()?;
    if put.organisation() != row.organisation {
        return Err(Refusal::RoleNotHeld { role: Role::Igl, organisation: row.organisation });
    }
    if put.acts_as(put.signer(), Role::Igl) { Ok(()) } else { Err(put.not_held(Role::Igl)) }
}

/// What the table says of a formation whose parties are fixed: T09 or G21, and nothing for ACCESSION.
pub(super) fn fixed(agreement: &Agreement, data: &Data) -> Option<Code> {
    let signing = agreement.name() == StageName::Approving && matches!(data, Data::PartyInvited(_));
    let fixed = agreement.header().formation != Formation::Accession;
    (fixed && signing).then_some(Code::T09)
}

/// G21, the state of the party that is named (G10 to G17, G22), and G36.
pub(super) fn guards_of_row(put: &Put<'_>, row: &PartyRow, asked: Asked) -> Result<(), Refusal> {
    let agreement = put.agreement;
    let organisation = row.organisation;
    let open = matches!(agreement.name(), StageName::Filed | StageName::Clarifying | StageName::Negotiating);
    let accession = agreement.header().formation == Formation::Accession;
    if !accession && !open {
        return Err(Refusal::FixedParties { organisation });
    }
    if let Some(party) = agreement.party(organisation) {
        party.may(asked)?;
    }
    let Some(body) = put.body(organisation) else {
        return Err(Refusal::OrganisationUnknown { organisation });
    };
    if accession && !agreement.header().eligible_joiners.contains(&body.kind) {
        return Err(Refusal::NotEligible { organisation, kind: body.kind.to_string() });
    }
    Ok(())
}

/// The new lead's IGL with the old lead's; when the old lead is not bound, with SIG of two other parties.
pub(super) fn hands_of_lead(put: &Put<'_>, data: &LeadChanged) -> Result<(), Refusal> {
    let agreement = put.agreement;
    let no = |role: Role, organisation: OrganisationCode| Err(Refusal::RoleNotHeld { role, organisation });
    let signers = &put.event.signers;
    let old = agreement.lead();
    let new = |signer: &&crate::event::Signer| signer.organisation == data.lead && put.acts_as(signer, Role::Igl);
    let others: Vec<_> = signers.iter().filter(|signer| !new(signer)).collect();
    if signers.len() - others.len() != 1 {
        return no(Role::Igl, data.lead);
    }
    if let Some(stranger) = others.iter().find(|signer| agreement.party(signer.organisation).is_none()) {
        return no(stranger.role, stranger.organisation);
    }
    match others.as_slice() {
        [one] if one.organisation == old && put.acts_as(one, Role::Igl) => Ok(()),
        [one, two] => {
            let bound = agreement.party(old).is_some_and(|party| party.state == PartyState::Executed);
            // Where only one other party is left, the new lead's own signatory is the second: else a suspension that
            // the old lead left behind could be lifted by nobody (A17).
            let left = agreement.parties.iter().filter(|party| party.state.is_seated());
            let others = left.filter(|party| party.organisation != old && party.organisation != data.lead).count();
            let third = |signer: &crate::event::Signer| {
                let may = signer.organisation != old && (signer.organisation != data.lead || others < 2);
                may && put.acts_as(signer, Role::Sig)
            };
            if !bound && third(one) && third(two) && one.organisation != two.organisation {
                Ok(())
            } else {
                no(Role::Igl, old)
            }
        }
        _ => no(Role::Igl, old),
    }
}

/// The new lead is a party that stays (G21, or the code of its state).
pub(super) fn guards_of_lead(put: &Put<'_>, data: &LeadChanged) -> Result<(), Refusal> {
    match put.agreement.party(data.lead) {
        Some(party) => party.may(Asked::Lead),
        None => Err(Refusal::FixedParties { organisation: data.lead }),
    }
}

impl Agreement {
    /// Who keeps it up to date: the lead party of the version that matters now, or who took its place since.
    pub fn lead(&self) -> OrganisationCode {
        let current = self.current();
        match self.led_by {
            // A later version names its lead itself.
            Some((newest, lead)) if current.number <= newest => lead,
            Some(_) | None => current.header.lead_party,
        }
    }

    /// Whether a party joins an agreement that others have formed already.
    pub(super) fn is_acceding(&self, party: &Party) -> bool {
        let formed = matches!(self.name(), StageName::Approved | StageName::Active | StageName::Suspended);
        formed
            && self.header().formation == Formation::Accession
            && matches!(party.state, PartyState::Invited | PartyState::Signing | PartyState::Requested)
            && !party.joins
    }

    /// A body is invited, or asks to join.
    pub(super) fn joins(&mut self, row: &PartyRow, state: PartyState) {
        let organisation = row.organisation;
        if self.party(organisation).is_none() {
            self.parties.push(Party::invited(organisation));
        }
        if let Some(party) = self.party_mut(organisation) {
            // Whoever comes back begins anew: what it signed before is void.
            let again = !matches!(party.state, PartyState::Invited | PartyState::Requested);
            party.state = state;
            party.notice = None;
            party.left_at = None;
            party.row = Some(row.clone());
            if again {
                self.void_all_of(organisation);
            }
        }
    }

    fn void_all_of(&mut self, organisation: OrganisationCode) {
        for signature in self.signatures.iter_mut().filter(|signature| signature.organisation == organisation) {
            if signature.standing == super::Standing::Counts {
                signature.standing = super::Standing::Void;
            }
        }
    }

    /// Another party leads.
    pub(super) fn lead_changed(&mut self, data: &LeadChanged) {
        let newest = self.versions.last().map_or(1, |version| version.number);
        self.led_by = Some((newest, data.lead));
    }

    /// The parties whom an amendment would bring in are those of its draft.
    pub(super) fn follow_amendment(&mut self) {
        let header = self.amendment().and_then(|open| self.version(open.version)).map(|version| version.header.clone());
        let named = |code: OrganisationCode| header.as_ref().is_some_and(|header| header.party(code).is_some());
        self.parties.retain(|party| !party.joins || named(party.organisation));
        let Some(header) = header else {
            return;
        };
        for row in &header.parties {
            // Whoever is or was a party stays as it is; joining again is an accession.
            if self.party(row.organisation).is_none() {
                let mut party = Party::invited(row.organisation);
                party.joins = true;
                self.parties.push(party);
            }
        }
    }
}

/// Whether a header names a party that the agreement does not have, or another row for one: then the change is
/// material, though no path of the terms says so.
pub(super) fn names_others(agreement: &Agreement, header: &Header) -> bool {
    // Bases, conditions and gateways of a row stand in the terms, so that their paths tell; these do not.
    let same = |now: &PartyRow, row: &PartyRow| {
        (now.capacity, now.legal_role, now.regime) == (row.capacity, row.legal_role, row.regime)
            && now.functions == row.functions
    };
    header.parties.iter().any(|row| agreement.row(row.organisation).is_none_or(|now| !same(now, row)))
}
