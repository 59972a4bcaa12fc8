//! O: are these organisations in a position to act.

use crate::admit::succession;
use crate::event::Event;
use crate::event::data::Data;
use crate::ids::{OrganisationCode, Stream};
use crate::offices::OrganisationStage;
use crate::organisation::OrganisationType;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Timestamp;

/// All O checks of an event.
pub(super) fn check(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    for signer in &event.signers {
        let founding = matches!(&event.data, Data::OrganisationRegistered(data) if data.code == signer.organisation);
        if signer.organisation != OrganisationCode::REGISTRAR && !founding {
            check_actor(state, event, signer.organisation, at)?;
        }
    }
    check_subject(state, event, at)
}

/// A suspended organisation may still protect: suspend an agreement or leave one, tell of incidents, certify
/// destruction, hold data.
const fn is_protective(data: &Data) -> bool {
    outlives(data)
        || matches!(
            data,
            Data::OrganisationUpdated(_)
                | Data::OrganisationSucceeded(_)
                | Data::SuccessionObjected(_)
                | Data::RoleHolderRevoked(_)
                | Data::DelegationRevoked(_)
                | Data::KeyRevoked(_)
                | Data::KeyCompromised(_)
                | Data::ContestResolved(_)
                | Data::AgreementSuspended(_)
                | Data::RevocationNoticed(_)
                | Data::RetentionHoldPlaced(_)
                | Data::RetentionHoldReleased(_)
                | Data::AccessEnded(_)
        )
}

/// What an organisation that left still owes: destruction, of words too, and word of incidents.
pub(super) const fn outlives(data: &Data) -> bool {
    matches!(
        data,
        Data::DestructionCertified(_) | Data::IncidentNoted(_) | Data::IncidentUpdated(_) | Data::DisclosureErased(_)
    )
}

fn check_actor(state: &State, event: &Event, code: OrganisationCode, at: Timestamp) -> Result<(), Refusal> {
    match stage(state, code, at)? {
        OrganisationStage::Active => Ok(()),
        OrganisationStage::Suspended { .. }
            if is_protective(&event.data) || matches!(event.data, Data::OrganisationLeft(_)) =>
        {
            Ok(())
        }
        OrganisationStage::Suspended { .. } => Err(Refusal::OrganisationSuspended { organisation: code }),
        OrganisationStage::Left { .. } if outlives(&event.data) => Ok(()),
        OrganisationStage::Left { on } => Err(Refusal::OrganisationGone { organisation: code, on }),
        OrganisationStage::Succeeded { by, on } => {
            Err(Refusal::OrganisationSucceeded { organisation: code, successor: by, on })
        }
    }
}

/// A party of a new request is registered and active.
pub(super) fn check_standing(state: &State, code: OrganisationCode, at: Timestamp) -> Result<(), Refusal> {
    match stage(state, code, at)? {
        OrganisationStage::Active => Ok(()),
        OrganisationStage::Suspended { .. } => Err(Refusal::OrganisationSuspended { organisation: code }),
        OrganisationStage::Left { on } => Err(Refusal::OrganisationGone { organisation: code, on }),
        OrganisationStage::Succeeded { by, on } => {
            Err(Refusal::OrganisationSucceeded { organisation: code, successor: by, on })
        }
    }
}

pub(super) fn stage(state: &State, code: OrganisationCode, at: Timestamp) -> Result<OrganisationStage, Refusal> {
    let unknown = || Refusal::OrganisationUnknown { organisation: code };
    state.organisations.get(&code).map(|organisation| organisation.stage_at(at)).ok_or_else(unknown)
}

/// The organisation in whose stream the event stands, by table 2.11; the parties of a new agreement.
fn check_subject(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    if let Data::OrganisationRegistered(data) = &event.data {
        return check_new(state, data.code, at);
    }
    let rows = event.data.party_rows();
    if !rows.is_empty() {
        for row in rows {
            let organisation = row.organisation;
            let partnership =
                state.organisations.get(&organisation).is_some_and(|o| o.kind == OrganisationType::Partnership);
            if partnership || organisation == OrganisationCode::REGISTRAR {
                return Err(Refusal::NotAParty { organisation, lead: "a member authority".to_owned() });
            }
            check_standing(state, organisation, at)?;
        }
        return Ok(());
    }
    if let Data::OrganisationSucceeded(data) = &event.data {
        return succession::check(state, event, data, at);
    }
    if let Data::AccessGranted(data) = &event.data {
        check_standing(state, data.reader, at)?;
    }
    if matches!(event.data, Data::DisclosureErased(_) | Data::ContestResolved(_)) {
        // Words and signatures outlive the body that made them; whoever stands in its place answers for them.
        return Ok(());
    }
    if let Data::SuccessionConfirmed(data) = &event.data {
        succession::check_confirmation(state, event, data)?;
    }
    if let Data::SuccessionObjected(data) = &event.data {
        succession::check_objection(state, data)?;
    }
    if let Data::PartnershipMembershipChanged(data) = &event.data {
        succession::check_partnership(state, data)?;
    }
    if let Data::OrganisationLeft(_) = &event.data
        && let Stream::Organisation(code) = event.stream
    {
        state.check_leaving(code, at)?;
    }
    let Stream::Organisation(code) = event.stream else {
        return Ok(());
    };
    let standing = stage(state, code, at)?;
    match standing {
        OrganisationStage::Left { on } => {
            return Err(Refusal::OrganisationGone { organisation: code, on });
        }
        OrganisationStage::Succeeded { by, on } => {
            return Err(Refusal::OrganisationSucceeded { organisation: code, successor: by, on });
        }
        OrganisationStage::Active | OrganisationStage::Suspended { .. } => {}
    }
    if matches!(event.data, Data::OrganisationLeft(_))
        && let Some(gone) = state.organisations.get(&code).and_then(|body| body.gone)
    {
        return Err(gone.refusal(code));
    }
    let suspended = matches!(standing, OrganisationStage::Suspended { .. });
    if matches!(event.data, Data::OrganisationSuspended(_)) && suspended {
        return Err(Refusal::OrganisationSuspended { organisation: code });
    }
    if matches!(event.data, Data::OrganisationReinstated(_)) && !suspended {
        return Err(Refusal::OrganisationNotSuspended { organisation: code });
    }
    Ok(())
}

fn check_new(state: &State, code: OrganisationCode, at: Timestamp) -> Result<(), Refusal> {
    if code == OrganisationCode::REGISTRAR {
        return Err(Refusal::OrganisationKnown { organisation: code });
    }
    match state.organisations.get(&code).map(|organisation| organisation.stage_at(at)) {
        None | Some(OrganisationStage::Left { .. }) => Ok(()),
        Some(OrganisationStage::Active | OrganisationStage::Suspended { .. }) => {
            Err(Refusal::OrganisationKnown { organisation: code })
        }
        Some(OrganisationStage::Succeeded { by, on }) => {
            Err(Refusal::OrganisationSucceeded { organisation: code, successor: by, on })
        }
    }
}
