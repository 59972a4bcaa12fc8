//! A day of the calendar, without a time.

use std::str::FromStr;

use super::{TimeError, digits, push_padded, text_form};

/// A day of the Gregorian calendar, years 1 to 9999, written `2026-03-01`.
///
/// When it begins and ends is London time, rules 1: see [`crate::london`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// Days since 1970-01-01.
    days: i32,
}

/// Days in 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_SHIFT: i64 = 719_468;

text_form!(Date, "a date like 2026-03-01", "^[0-9]{4}-[0-9]{2}-[0-9]{2}$");

impl Date {
    /// 1 January of the year 1.
    pub const MIN: Date = Date { days: -719_162 };
    /// 31 December 9999.
    pub const MAX: Date = Date { days: 2_932_896 };

    /// The day of this year (1 to 9999), month (1 to 12) and day of the month, if there is one.
    pub fn from_ymd(year: i64, month: i64, day: i64) -> Option<Date> {
        if !(1..=9_999).contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if !(1..=days_in_month(year, month)).contains(&day) {
            return None;
        }
        Date::from_epoch_days(days_from_civil(year, month, day))
    }

    /// The day so many days after 1 January 1970, if it lies within [`Date::MIN`] and [`Date::MAX`].
    pub fn from_epoch_days(days: i64) -> Option<Date> {
        let date = Date { days: i32::try_from(days).ok()? };
        (Date::MIN..=Date::MAX).contains(&date).then_some(date)
    }

    pub(crate) fn number(self) -> i64 {
        self.epoch_days()
    }

    pub(crate) fn from_number(number: i64) -> Option<Date> {
        Date::from_epoch_days(number)
    }

    /// Days since 1 January 1970.
    pub fn epoch_days(self) -> i64 {
        i64::from(self.days)
    }

    /// Year, month and day of the month.
    pub fn ymd(self) -> (i64, i64, i64) {
        civil_from_days(self.epoch_days())
    }

    /// The year.
    pub fn year(self) -> i64 {
        self.ymd().0
    }

    /// The day of the week: 0 is Sunday, 6 is Saturday.
    pub fn weekday(self) -> i64 {
        // 1 January 1970 was a Thursday.
        (self.epoch_days() + 4).rem_euclid(7)
    }

    /// So many days later; stops at the ends of the calendar.
    #[must_use]
    pub fn add_days(self, days: i64) -> Date {
        let sum = self.epoch_days().saturating_add(days);
        Date::from_epoch_days(sum).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
    }

    /// So many months later, on the same day of the month or the last that this month has.
    #[must_use]
    pub fn add_months(self, months: i64) -> Date {
        let (year, month, day) = self.ymd();
        let count = (year * 12 + month - 1).saturating_add(months);
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        let end = if months < 0 { Date::MIN } else { Date::MAX };
        if !(1..=9_999).contains(&year) {
            return end;
        }
        Date::from_ymd(year, month, day.min(days_in_month(year, month))).unwrap_or(end)
    }

    /// Days from this date until `later`: negative if it lies before.
    pub fn days_until(self, later: Date) -> i64 {
        later.epoch_days() - self.epoch_days()
    }

    /// Writes the date behind `out`.
    pub fn write_into(self, out: &mut String) {
        let (year, month, day) = self.ymd();
        push_padded(out, year, 4);
        out.push('-');
        push_padded(out, month, 2);
        out.push('-');
        push_padded(out, day, 2);
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Date, TimeError> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return Err(TimeError::Date);
        };
        let date = || Date::from_ymd(digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?);
        date().ok_or(TimeError::Date)
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - EPOCH_SHIFT
}

/// The way back from [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + EPOCH_SHIFT;
    let era = shifted.div_euclid(ERA_DAYS);
    let day_of_era = shifted.rem_euclid(ERA_DAYS);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Date;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        // An oracle that only counts: it knows the lengths of months and nothing of eras.
        let (mut year, mut month, mut day) = (1, 1, 1);
        let mut weekday = Date::MIN.weekday();
        for days in Date::MIN.epoch_days()..=Date::MAX.epoch_days() {
            let date = Date::from_epoch_days(days).unwrap();
            assert_eq!(date.ymd(), (year, month, day));
            assert_eq!(Date::from_ymd(year, month, day), Some(date));
            assert_eq!(date.weekday(), weekday);
            weekday = (weekday + 1) % 7;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            day += 1;
            if Some(&(day - 1)) == length.get(usize::try_from(month - 1).unwrap()) {
                day = 1;
                month += 1;
            }
            if month == 13 {
                month = 1;
                year += 1;
            }
        }
        assert_eq!((year, month, day), (10_000, 1, 1));
    }

    #[test]
    fn dates_are_written_as_they_are_read() {
        for text in ["0001-01-01", "1970-01-01", "2000-02-29", "2026-03-01", "9999-12-31"] {
            assert_eq!(date(text).to_string(), text);
        }
        assert_eq!(date("1970-01-01").epoch_days(), 0);
        assert_eq!(date("2026-03-29").weekday(), 0, "a Sunday");
    }

    #[test]
    fn dates_that_do_not_exist_are_refused() {
        let wrong = [
            "",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "0000-01-01",
            "2026-1-01",
            "26-01-01",
            "2026-01-01 ",
            " 2026-01-01",
            "2026/01/01",
            "+026-01-01",
            "2026-01-0é",
            "2026-01-01T00:00:00Z",
            "10000-01-01",
        ];
        for text in wrong {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(date("2026-01-31").add_months(1), date("2026-02-28"));
        assert_eq!(date("2024-01-31").add_months(1), date("2024-02-29"));
        assert_eq!(date("2026-12-15").add_months(1), date("2027-01-15"));
        assert_eq!(date("2026-01-15").add_months(-1), date("2025-12-15"));
        assert_eq!(date("2024-02-29").add_months(12), date("2025-02-28"));
        assert_eq!(Date::MAX.add_months(1), Date::MAX);
        assert_eq!(Date::MIN.add_months(i64::MIN), Date::MIN);
        assert_eq!(Date::MAX.add_days(i64::MAX), Date::MAX);
        assert_eq!(date("2026-03-01").add_days(-1), date("2026-02-28"));
        assert_eq!(date("2026-03-01").days_until(date("2026-02-28")), -1);
    }
}
