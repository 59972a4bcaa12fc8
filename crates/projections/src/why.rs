//! Why an agreement stands where it stands, told with the names that readers know (I42): the same words on pages, in
//! answers and at the command line.

use counterpart_core::agreement::{Agreement, Cause, Names};
use counterpart_core::event::data::SuspensionGround;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::state::State;
use counterpart_core::time::Timestamp;

use crate::english;
use crate::register::name_of;

/// The events and dates behind the state at an instant, the oldest first.
pub fn told(state: &State, agreement: &Agreement, at: Timestamp) -> Vec<Cause> {
    let body = |code: OrganisationCode| name_of(state, code);
    let ground = |ground: SuspensionGround| english::suspension(ground).to_owned();
    agreement.why_in(at, Names { body: &body, day: &english::date, ground: &ground })
}
