#![expect(clippy::expect_used, reason = "tests")]

use proptest::prelude::*;

use super::{date_of, end_of, start_of, year_of};
use crate::time::{DAY_MS, Date, HOUR_MS, Timestamp};

fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn date(text: &str) -> Date {
    text.parse().expect("a date")
}

/// The last Sunday of a month, by going through its days.
fn last_sunday(year: i64, month: i64) -> Date {
    let days = (1..=31).filter_map(|day| Date::from_ymd(year, month, day));
    days.filter(|day| day.weekday() == 0).max().expect("a month has Sundays")
}

#[test]
fn known_days_begin_and_end_where_they_did() {
    for (day, begins, ends) in [
        ("2026-01-15", "2026-01-15T00:00:00.000Z", "2026-01-16T00:00:00.000Z"),
        ("2026-03-28", "2026-03-28T00:00:00.000Z", "2026-03-29T00:00:00.000Z"),
        ("2026-03-29", "2026-03-29T00:00:00.000Z", "2026-03-29T23:00:00.000Z"),
        ("2026-03-30", "2026-03-29T23:00:00.000Z", "2026-03-30T23:00:00.000Z"),
        ("2026-10-24", "2026-10-23T23:00:00.000Z", "2026-10-24T23:00:00.000Z"),
        ("2026-10-25", "2026-10-24T23:00:00.000Z", "2026-10-26T00:00:00.000Z"),
        ("2026-10-26", "2026-10-26T00:00:00.000Z", "2026-10-27T00:00:00.000Z"),
        ("2024-03-31", "2024-03-31T00:00:00.000Z", "2024-03-31T23:00:00.000Z"),
        ("2021-10-31", "2021-10-30T23:00:00.000Z", "2021-11-01T00:00:00.000Z"),
    ] {
        assert_eq!((start_of(date(day)), end_of(date(day))), (instant(begins), instant(ends)), "{day}");
    }
    assert_eq!(end_of(Date::MAX), Timestamp::MAX);
    assert_eq!(year_of(instant("2026-12-31T23:59:59.999Z")), 2026);
}

#[test]
fn summer_time_is_from_one_last_sunday_to_the_other_in_every_year() {
    for year in 1970..=9_999 {
        let (forward, back) = (last_sunday(year, 3), last_sunday(year, 10));
        for (change, hours) in [(forward, [0, 1]), (back, [1, 0])] {
            let [before, after] = hours.map(|hours| hours * HOUR_MS);
            assert_eq!(start_of(change).millis(), change.epoch_days() * DAY_MS - before, "{change}");
            assert_eq!(end_of(change).millis(), (change.epoch_days() + 1) * DAY_MS - after, "{change}");
            // What an hour ahead makes of the last hour of the day before and of the day itself.
            let evening = |day: Date, ahead: i64| day.epoch_days() * DAY_MS + DAY_MS - 1 - ahead;
            for (day, ahead) in [(change.add_days(-1), before), (change, after)] {
                let last = Timestamp::from_millis_saturating(evening(day, ahead));
                assert_eq!((date_of(last), date_of(last.add_millis(1))), (day, day.add_days(1)), "{change}");
            }
        }
    }
}

proptest! {
    #[test]
    fn each_instant_lies_within_its_day(millis in 0..=Timestamp::MAX.millis()) {
        let at = Timestamp::from_millis_saturating(millis);
        let day = date_of(at);
        prop_assert!(start_of(day) <= at && (at < end_of(day) || day == Date::MAX), "{} on {}", at, day);
        prop_assert_eq!(date_of(start_of(day)), day);
    }
}
