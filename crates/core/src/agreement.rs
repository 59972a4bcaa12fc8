//! The life cycle of an agreement.
//!
//! Its rules are not built yet: the schemas of its first events stand, and every such event is refused
//! with E04, so that no log holds one that a later version would judge otherwise.

use crate::event::Event;
use crate::refusal::Refusal;

/// The refusal of any event of an agreement.
pub fn not_yet(event: &Event) -> Refusal {
    Refusal::LaterProgram { what: format!("events of type {}", event.event_type()) }
}
