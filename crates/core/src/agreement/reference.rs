//! The human reference of an agreement: derived, never chosen (wire.md 2.2).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::NotAnId;

/// `DSA-2026-000042`: the n-th first event of an agreement in the London year of its `recorded_at`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The year on London's calendar.
    pub year: u16,
    /// Counted from 1 within the year.
    pub number: u32,
}

impl fmt::Display for Reference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DSA-{:04}-{:06}", self.year, self.number)
    }
}

impl FromStr for Reference {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong =
            || NotAnId { text: text.chars().take(60).collect(), expected: "a reference such as DSA-2026-000042" };
        let (year, number) = text.strip_prefix("DSA-").and_then(|rest| rest.split_once('-')).ok_or_else(wrong)?;
        let reference = Self { year: year.parse().map_err(|_| wrong())?, number: number.parse().map_err(|_| wrong())? };
        if reference.number > 0 && reference.to_string() == text { Ok(reference) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn references_read_back_as_written_and_no_other_spelling_is_one() {
        for text in ["DSA-2026-000042", "DSA-2026-1000000", "DSA-1970-000001"] {
            assert_eq!(text.parse::<Reference>().map(|r| r.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["DSA-2026-42", "DSA-2026-000000", "dsa-2026-000042", "DSA-2026", "DSA-26-000042", "DSA-+026-000042"]
        {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }
}
