//! An instant to the millisecond.

use std::str::FromStr;

use super::{DAY_MS, Date, HOUR_MS, TimeError, digits, push_padded, text_form};

/// An instant, UTC, to the millisecond, years 1970 to 9999, written `2026-03-01T09:00:00.000Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Milliseconds since 1970-01-01T00:00:00.000Z.
    millis: i64,
}

text_form!(
    Timestamp,
    "a time like 2026-03-01T09:00:00.000Z",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"
);

impl Timestamp {
    /// The first millisecond of 1970.
    pub const MIN: Timestamp = Timestamp { millis: 0 };
    /// The last millisecond of 9999.
    pub const MAX: Timestamp = Timestamp { millis: 253_402_300_799_999 };

    /// The instant so many milliseconds after the start of 1970, if it lies before the year 10000.
    pub fn from_millis(millis: i64) -> Option<Timestamp> {
        let instant = Timestamp { millis };
        (Timestamp::MIN..=Timestamp::MAX).contains(&instant).then_some(instant)
    }

    pub(crate) const fn number(self) -> i64 {
        self.millis
    }

    pub(crate) fn from_number(number: i64) -> Option<Timestamp> {
        Timestamp::from_millis(number)
    }

    /// The same, stopping at [`Timestamp::MIN`] and [`Timestamp::MAX`].
    pub fn from_millis_saturating(millis: i64) -> Timestamp {
        Timestamp { millis: millis.clamp(Timestamp::MIN.millis, Timestamp::MAX.millis) }
    }

    /// Milliseconds since the start of 1970.
    pub fn millis(self) -> i64 {
        self.millis
    }

    /// So many milliseconds later; stops at the ends of the range.
    #[must_use]
    pub fn add_millis(self, millis: i64) -> Timestamp {
        Timestamp::from_millis_saturating(self.millis.saturating_add(millis))
    }

    /// So many milliseconds earlier; stops at the ends of the range.
    #[must_use]
    pub fn sub_millis(self, millis: i64) -> Timestamp {
        Timestamp::from_millis_saturating(self.millis.saturating_sub(millis))
    }

    /// So many hours of 3,600 seconds later; stops at the ends of the range.
    #[must_use]
    pub fn add_hours(self, hours: i64) -> Timestamp {
        self.add_millis(hours.saturating_mul(HOUR_MS))
    }

    /// So many days of 24 hours later; stops at the ends of the range. For days of the calendar use [`Date`].
    #[must_use]
    pub fn add_days(self, days: i64) -> Timestamp {
        self.add_millis(days.saturating_mul(DAY_MS))
    }

    /// Milliseconds from this instant until `later`: negative if it lies before.
    pub fn millis_until(self, later: Timestamp) -> i64 {
        later.millis - self.millis
    }

    /// Writes the instant behind `out`.
    pub fn write_into(self, out: &mut String) {
        let of_day = self.millis % DAY_MS;
        // INVARIANT: the range of instants lies within that of dates.
        Date::from_epoch_days(self.millis / DAY_MS).unwrap_or(Date::MAX).write_into(out);
        let parts = [('T', of_day / HOUR_MS, 2), (':', of_day / 60_000 % 60, 2), (':', of_day / 1_000 % 60, 2)];
        for (before, number, width) in parts.into_iter().chain([('.', of_day % 1_000, 3)]) {
            out.push(before);
            push_padded(out, number, width);
        }
        out.push('Z');
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Timestamp, TimeError> {
        parse(text).ok_or(TimeError::Timestamp)
    }
}

fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_at_checked(10)?;
    let &[b'T', h1, h2, b':', m1, m2, b':', s1, s2, b'.', f1, f2, f3, b'Z'] = time.as_bytes() else {
        return None;
    };
    let date: Date = date.parse().ok()?;
    let (hours, minutes, seconds) = (digits(&[h1, h2])?, digits(&[m1, m2])?, digits(&[s1, s2])?);
    // A leap second has no place in milliseconds since 1970, so it is not a time here.
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    let of_day = ((hours * 60 + minutes) * 60 + seconds) * 1_000 + digits(&[f1, f2, f3])?;
    Timestamp::from_millis(date.epoch_days() * DAY_MS + of_day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::Timestamp;

    #[test]
    fn instants_have_the_numbers_that_python_gives_them() {
        // datetime.fromisoformat(…).timestamp() * 1000, computed once with Python 3.
        let known = [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999),
            ("2026-03-01T09:00:00.000Z", 1_772_355_600_000),
            ("2026-03-29T00:59:59.999Z", 1_774_745_999_999),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
        ];
        for (text, millis) in known {
            let instant: Timestamp = text.parse().unwrap();
            assert_eq!(instant.millis(), millis, "{text}");
            assert_eq!(instant.to_string(), text);
            assert_eq!(serde_json::to_string(&instant).unwrap(), format!("\"{text}\""));
            assert_eq!(serde_json::from_str::<Timestamp>(&format!("\"{text}\"")).unwrap(), instant);
        }
    }

    #[test]
    fn any_other_spelling_is_refused() {
        let wrong = [
            "",
            "2026-03-01T09:00:00Z",
            "2026-03-01T09:00:00.00Z",
            "2026-03-01T09:00:00.0000Z",
            "2026-03-01t09:00:00.000Z",
            "2026-03-01T09:00:00.000z",
            "2026-03-01 09:00:00.000Z",
            "2026-03-01T09:00:00.000+00:00",
            "2026-03-01T24:00:00.000Z",
            "2026-03-01T09:60:00.000Z",
            "2026-12-31T23:59:60.000Z",
            "2026-02-29T00:00:00.000Z",
            "1969-12-31T23:59:59.999Z",
            "2026-03-01T09:00:00,000Z",
            "2026-03-01T-9:00:00.000Z",
            "2026-03-01T09:00:00.000Z ",
            "2026-03-0é09:00:00.000Z",
        ];
        for text in wrong {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn sums_stop_at_the_ends() {
        assert_eq!(Timestamp::MAX.add_days(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::MIN.sub_millis(1), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.add_hours(-1), Timestamp::MIN);
        assert_eq!(Timestamp::MIN.add_days(1).millis(), 86_400_000);
        assert_eq!(Timestamp::MIN.add_hours(1).millis_until(Timestamp::MIN), -3_600_000);
    }

    proptest! {
        #[test]
        fn every_instant_reads_as_it_was_written(millis in 0..=Timestamp::MAX.millis()) {
            let instant = Timestamp::from_millis(millis).unwrap();
            prop_assert_eq!(instant.to_string().parse::<Timestamp>(), Ok(instant));
        }
    }
}
