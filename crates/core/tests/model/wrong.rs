//! Wrong rules, put before the real ones: a model that finds nothing wrong with these finds nothing.

use crate::explore::Rules;

/// These refusals are not given.
pub fn without(codes: &'static [&'static str]) -> Rules {
    Rules { without: codes, ..Rules::default() }
}

/// These events are never let pass.
pub fn never(events: &'static [&'static str]) -> Rules {
    Rules { never: events, ..Rules::default() }
}

/// These events are recorded and change nothing.
pub fn forgotten(events: &'static [&'static str]) -> Rules {
    Rules { forgotten: events, ..Rules::default() }
}

/// Time brings everything about so many days too early.
pub fn early(days: i64) -> Rules {
    Rules { early: days, ..Rules::default() }
}
