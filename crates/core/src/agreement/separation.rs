//! D01 to D04: who may not sign beside what they did before (domain.md 3.3, amendments.md).

use crate::agreement::asked::Put;
use crate::agreement::{Signature, Standing};
use crate::event::data::Data;
use crate::header::SignatureKind;
use crate::ids::{OrganisationCode, Role};
use crate::organisation::Governance;
use crate::refusal::Refusal;

/// All D checks of an event of an agreement, but for D05, which comes with the roles.
pub(super) fn check(put: &Put<'_>) -> Result<(), Refusal> {
    let (action, kind) = if let Data::RequestTriaged(_) = &put.event.data {
        ("triage", None)
    } else if let Data::AdviceGiven(_) = &put.event.data {
        ("advise on", Some(SignatureKind::Advice))
    } else if let Data::ApprovalGiven(_) = &put.event.data {
        ("approve", Some(SignatureKind::Approval))
    } else if let Data::ExecutionSigned(_) = &put.event.data {
        ("execute", Some(SignatureKind::Execution))
    } else {
        return Ok(());
    };
    let signer = put.signer();
    let me = put.state.human(signer.person);
    if put.state.human(put.agreement.filer) == me {
        let others = format!("another {} of {}", signer.role, signer.organisation);
        return Err(Refusal::FilerDecides { action: action.to_owned(), others });
    }
    let Some(kind) = kind else {
        return Ok(());
    };
    let mine: Vec<&Signature> =
        put.agreement.signatures.iter().filter(|signature| put.state.human(signature.person) == me).collect();
    let version = named_version(put);
    let here =
        |signature: &&&Signature| signature.organisation == signer.organisation && Some(signature.version) == version;
    if kind != SignatureKind::Advice {
        two_roles(put, &mine, here, kind)?;
    }
    adviser_decides(&mine, here, kind, signer.role)?;
    two_parties(&mine, signer.organisation, kind)
}

fn named_version(put: &Put<'_>) -> Option<u32> {
    let hash = if let Data::AdviceGiven(data) = &put.event.data {
        data.version_hash
    } else if let Data::ApprovalGiven(data) = &put.event.data {
        data.version_hash
    } else if let Data::ExecutionSigned(data) = &put.event.data {
        data.version_hash
    } else {
        return None;
    };
    put.agreement.versions.iter().find(|version| version.hash == hash).map(|version| version.number)
}

/// D02: one person, one deciding role for a party and version, except SIRO with SIG. In a small body one
/// person may fill several, but whoever executes is not the only one who approved.
fn two_roles(
    put: &Put<'_>,
    mine: &[&Signature],
    here: impl Fn(&&&Signature) -> bool,
    kind: SignatureKind,
) -> Result<(), Refusal> {
    let signer = put.signer();
    let light = put.body(signer.organisation).is_some_and(|body| body.governance == Governance::Light);
    if light {
        return if kind == SignatureKind::Execution { small_body(put) } else { Ok(()) };
    }
    let may_both = |first: Role, second: Role| {
        first == second || matches!((first, second), (Role::Siro, Role::Sig) | (Role::Sig, Role::Siro))
    };
    let other = mine
        .iter()
        .filter(here)
        .find(|signature| signature.kind != SignatureKind::Advice && !may_both(signature.role, signer.role));
    match other {
        Some(signature) => Err(Refusal::TwoRoles { first: signature.role, second: signer.role }),
        None => Ok(()),
    }
}

fn small_body(put: &Put<'_>) -> Result<(), Refusal> {
    let signer = put.signer();
    let me = put.state.human(signer.person);
    let version = named_version(put);
    let others = put.agreement.signatures.iter().filter(|signature| {
        signature.organisation == signer.organisation
            && Some(signature.version) == version
            && signature.standing == Standing::Counts
            && signature.kind == SignatureKind::Approval
    });
    let mut approved = others.peekable();
    let Some(first) = approved.peek().map(|signature| signature.role) else {
        return Ok(());
    };
    if approved.any(|signature| put.state.human(signature.person) != me) {
        Ok(())
    } else {
        Err(Refusal::TwoRoles { first, second: signer.role })
    }
}

/// D03: whoever advised on a version does not decide it, nor the other way round.
fn adviser_decides(
    mine: &[&Signature],
    here: impl Fn(&&&Signature) -> bool,
    kind: SignatureKind,
    role: Role,
) -> Result<(), Refusal> {
    let advises = kind == SignatureKind::Advice;
    match mine.iter().filter(here).find(|signature| (signature.kind == SignatureKind::Advice) != advises) {
        Some(signature) => Err(Refusal::AdviserDecides { adviser: if advises { role } else { signature.role } }),
        None => Ok(()),
    }
}

/// D04: nobody acts for two parties; an adviser whom both share may advise both.
fn two_parties(mine: &[&Signature], own: OrganisationCode, kind: SignatureKind) -> Result<(), Refusal> {
    let advises = kind == SignatureKind::Advice;
    let other = mine.iter().find(|signature| {
        let both_advise = advises && signature.kind == SignatureKind::Advice;
        signature.organisation != own && !both_advise
    });
    match other {
        Some(signature) => Err(Refusal::TwoParties { organisation: signature.organisation }),
        None => Ok(()),
    }
}
