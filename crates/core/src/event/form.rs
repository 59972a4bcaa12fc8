//! What the form of an event asks beyond its JSON: that its stream fits its type, and what a genesis must hold.

use crate::event::data::{Data, LedgerGenesis};
use crate::ids::{OrganisationCode, Stream};

/// At least so many registrars.
const REGISTRARS_MIN: usize = 3;

/// Says what is wrong with the stream or the shape of an event, if anything (E03).
pub fn problem(stream: Stream, data: &Data) -> Option<String> {
    let fits = match data {
        Data::LedgerGenesis(genesis) => {
            if let Some(problem) = genesis_problem(genesis) {
                return Some(problem);
            }
            stream == Stream::Sys
        }
        Data::OrganisationRegistered(data) => stream == Stream::Organisation(data.code),
        Data::OrganisationUpdated(_)
        | Data::OrganisationSuspended(_)
        | Data::OrganisationReinstated(_)
        | Data::OrganisationLeft(_)
        | Data::RoleHolderAppointed(_)
        | Data::RoleHolderRevoked(_)
        | Data::RoleDelegated(_)
        | Data::DelegationRevoked(_) => matches!(stream, Stream::Organisation(_)),
        Data::KeyRegistered(data) => stream == Stream::Key(data.key),
        Data::KeyRotated(data) => stream == Stream::Key(data.key),
        Data::KeyRevoked(data) => stream == Stream::Key(data.key),
        Data::RequestFiled(_)
        | Data::RequestTriaged(_)
        | Data::TermsSubmitted(_)
        | Data::AdviceGiven(_)
        | Data::ApprovalGiven(_)
        | Data::ExecutionSigned(_)
        | Data::ApprovalDeclined(_)
        | Data::ApprovalWithdrawn(_)
        | Data::RequestRefused(_)
        | Data::RequestWithdrawn(_)
        | Data::AgreementSuspended(_)
        | Data::AgreementResumed(_)
        | Data::RevocationNoticed(_)
        | Data::PublicationDecided(_)
        | Data::NoteRecorded(_) => matches!(stream, Stream::Agreement(_)),
    };
    (!fits).then(|| format!("an event of type {} does not belong to stream `{stream}`", data.event_type()))
}

fn genesis_problem(genesis: &LedgerGenesis) -> Option<String> {
    let registrars = &genesis.registrar_keys;
    let threshold = usize::try_from(genesis.threshold).unwrap_or(usize::MAX);
    let distinct = |at: usize| {
        let Some(this) = registrars.get(at) else {
            return true;
        };
        registrars.iter().take(at).all(|other| other.person != this.person && other.key != this.key)
    };
    if genesis.registrar.organisation != OrganisationCode::REGISTRAR {
        Some("the registrar's organisation is always `REG`".to_owned())
    } else if registrars.len() < REGISTRARS_MIN {
        Some("a ledger has at least three registrars".to_owned())
    } else if !(0..registrars.len()).all(distinct) {
        Some("the registrars are different persons with different keys".to_owned())
    } else if threshold < 2 || threshold > registrars.len() {
        Some("the threshold is at least 2 and at most the number of registrars".to_owned())
    } else if genesis.log_keys.is_empty() || genesis.answer_keys.is_empty() {
        Some("a ledger has at least one log key and one answer key".to_owned())
    } else if genesis.rules != 1 {
        Some("this program begins a ledger with rules version 1".to_owned())
    } else {
        None
    }
}
