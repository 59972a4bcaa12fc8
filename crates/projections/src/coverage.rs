//! How far one agreement has come with each of its parties (domain.md 5, PL02).

use counterpart_core::agreement::{Agreement, PartyState, Standing};
use counterpart_core::header::RequiredRole;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;
use serde::Serialize;

use crate::register::name_of;

/// How far a party has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reach {
    /// It is bound.
    Bound,
    /// Some of its signatures are there.
    Signing,
    /// It has signed nothing yet.
    Waiting,
    /// It said no, or left.
    Out,
}

/// One party of an agreement.
#[derive(Clone, Debug, Serialize)]
pub struct Covered {
    /// Who.
    pub organisation: OrganisationCode,
    /// Its official name.
    pub name: String,
    /// Where it stands.
    pub state: PartyState,
    /// How far it has come.
    pub reach: Reach,
    /// What it owes altogether.
    pub owes: Vec<RequiredRole>,
    /// What is there and counts.
    pub signed: Vec<RequiredRole>,
    /// What is missing, in the order in which it may be given.
    pub missing: Vec<RequiredRole>,
    /// Of what is missing, the posts that nobody holds.
    pub vacant: Vec<counterpart_core::ids::Role>,
}

/// Every party of an agreement at an instant.
pub fn parties(state: &State, agreement: &Agreement, at: Timestamp) -> Vec<Covered> {
    let now = agreement.at(at);
    let version = now.current().number;
    now.parties()
        .iter()
        .map(|party| {
            let code = party.organisation;
            let owes = party.row(now.header()).map(|row| row.required_roles.clone()).unwrap_or_default();
            let counts = |owed: &RequiredRole| {
                now.signatures().iter().any(|signature| {
                    signature.organisation == code
                        && signature.version == version
                        && signature.standing == Standing::Counts
                        && (signature.kind, signature.role) == (owed.kind, owed.role)
                })
            };
            let signed: Vec<RequiredRole> = owes.iter().copied().filter(counts).collect();
            let missing = now.missing_signatures(code);
            let vacant = missing
                .iter()
                .map(|owed| owed.role)
                .filter(|role| state.organisations.get(&code).is_some_and(|body| !body.has_serving(*role, at)))
                .collect();
            let reach = match party.state {
                PartyState::Executed | PartyState::Suspended | PartyState::Leaving | PartyState::Succeeded => {
                    Reach::Bound
                }
                PartyState::Declined | PartyState::Left | PartyState::NotAdopted | PartyState::Disputed => Reach::Out,
                PartyState::Invited | PartyState::Requested | PartyState::Signing | PartyState::Imported => {
                    if signed.is_empty() { Reach::Waiting } else { Reach::Signing }
                }
            };
            Covered {
                organisation: code,
                name: name_of(state, code),
                state: party.state,
                reach,
                owes,
                signed,
                missing,
                vacant,
            }
        })
        .collect()
}
