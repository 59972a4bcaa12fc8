//! London time, rules 1: which instant a date begins, and which date an instant falls on.
//!
//! UTC, plus one hour from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of
//! October, in every year. This is part of the rule book and not of a library: a later change of law is
//! a new version of the rules, and old decisions stay as they were. It is applied to all years alike,
//! those before 1996 included.

use crate::time::{DAY_MS, Date, HOUR_MS, Timestamp};

/// The instant at which a date begins in London: its 00:00. What starts on this date starts here.
pub fn start_of(date: Date) -> Timestamp {
    // Both changes come after midnight, so the day of the March change still begins in winter time and
    // the day of the October change in summer time. Midnight exists once on every day.
    let (forward, back) = changes(date.year());
    let ahead = if forward < date && date <= back { HOUR_MS } else { 0 };
    Timestamp::from_millis_saturating(date.epoch_days() * DAY_MS - ahead)
}

/// The instant at which a date ends in London: the 00:00 of the day after. What ends on this date ends here.
///
/// The last date of the calendar ends at [`Timestamp::MAX`].
pub fn end_of(date: Date) -> Timestamp {
    if date == Date::MAX { Timestamp::MAX } else { start_of(date.add_days(1)) }
}

/// The date on London's calendar at an instant.
pub fn date_of(instant: Timestamp) -> Date {
    let utc = day_of(instant.millis());
    let (forward, back) = changes(utc.year());
    let change = |date: Date| date.epoch_days() * DAY_MS + HOUR_MS;
    // Neither change is near a new year, so the year of UTC is the year of the changes.
    if (change(forward)..change(back)).contains(&instant.millis()) { day_of(instant.millis() + HOUR_MS) } else { utc }
}

/// The year on London's calendar at an instant, by which references are numbered.
pub fn year_of(instant: Timestamp) -> i64 {
    date_of(instant).year()
}

fn day_of(millis: i64) -> Date {
    // INVARIANT: an instant lies before the year 10000, and summer time does not reach the end of a year.
    Date::from_epoch_days(millis.div_euclid(DAY_MS)).unwrap_or(Date::MAX)
}

/// The last Sundays of March and of October.
fn changes(year: i64) -> (Date, Date) {
    // INVARIANT: the year comes from a date.
    let march = Date::from_ymd(year, 3, 31).unwrap_or(Date::MAX);
    // Both months have 31 days, and as many days lie between their ends in every year.
    let october = march.add_days(TO_OCTOBER);
    (march.add_days(-march.weekday()), october.add_days(-october.weekday()))
}

/// Days from the last of March to the last of October.
const TO_OCTOBER: i64 = 214;

#[cfg(test)]
mod tests;
