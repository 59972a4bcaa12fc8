//! Which agreements have a reference that contains a piece of text. Numbers follow each other within a year, so what
//! fits is reckoned from the text; no reference is looked at.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::bits::Bits;

/// Digits that every number is filled up to with zeros.
const DIGITS_MIN: usize = 6;

/// The places whose reference contains `text`, in lower case. `years` names the place of the first agreement of each
/// year, of `end` in all.
pub(crate) fn containing(text: &str, years: &BTreeMap<u16, usize>, end: usize) -> Bits {
    let mut found = Bits::default();
    if !text.bytes().all(|letter| b"dsa-0123456789".contains(&letter)) {
        return found;
    }
    let ends = years.values().skip(1).copied().chain([end]);
    for ((year, first), end) in years.iter().zip(ends) {
        let before = format!("dsa-{year:04}-");
        let count = end.saturating_sub(*first);
        if before.contains(text) {
            found.insert_all(*first..end);
            continue;
        }
        let mut add = |numbers: Range<usize>| {
            // Numbers count from 1.
            found.insert_all(first + numbers.start.max(1) - 1..first + numbers.end.min(count + 1).max(1) - 1);
        };
        for split in 0..text.len() {
            let (head, tail) = text.split_at(split);
            if before.ends_with(head) && is_number(tail) {
                for numbers in widths(count).filter_map(|width| beginning(tail, width)) {
                    add(numbers);
                }
            }
        }
        if is_number(text) {
            for width in widths(count) {
                within(text, width, count, &mut add);
            }
        }
    }
    found
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|letter| letter.is_ascii_digit())
}

/// How many digits the numbers up to `count` are written with.
fn widths(count: usize) -> std::ops::RangeInclusive<usize> {
    DIGITS_MIN..=count.to_string().len().max(DIGITS_MIN)
}

const fn power(exponent: usize) -> usize {
    let (mut power, mut done) = (1, 0);
    while done < exponent {
        power *= 10;
        done += 1;
    }
    power
}

/// The least number that is written with so many digits.
const fn least(width: usize) -> usize {
    if width == DIGITS_MIN { 0 } else { power(width - 1) }
}

/// The numbers of a width that begin with these digits.
fn beginning(digits: &str, width: usize) -> Option<Range<usize>> {
    let free = width.checked_sub(digits.len())?;
    let start = digits.parse::<usize>().ok()? * power(free);
    (start >= least(width)).then(|| start..start + power(free))
}

/// The numbers of a width, up to `count`, that hold these digits behind their first.
fn within(digits: &str, width: usize, count: usize, add: &mut impl FnMut(Range<usize>)) {
    let Some(most) = width.checked_sub(digits.len()) else { return };
    let Ok(value) = digits.parse::<usize>() else { return };
    for before in 1..=most {
        let free = most - before;
        let unit = power(width - before);
        for high in least(width) / unit..power(before) {
            let start = high * unit + value * power(free);
            if start > count {
                break;
            }
            add(start..start + power(free));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{beginning, containing, within};
    use crate::bits::Bits;

    #[test]
    fn what_is_reckoned_is_what_looking_at_every_reference_would_find() {
        let years = BTreeMap::from([(2025, 0), (2026, 37), (2027, 2_000)]);
        let end = 2_010;
        let all: Vec<String> = [(2025, 37), (2026, 2_000 - 37), (2027, 10)]
            .into_iter()
            .flat_map(|(year, count)| (1..=count).map(move |number| format!("dsa-{year}-{number:06}")))
            .collect();
        assert_eq!(all.len(), end);
        for text in [
            "d",
            "dsa",
            "dsa-",
            "a-2",
            "-",
            "2",
            "0",
            "7",
            "17",
            "20",
            "26",
            "202",
            "2026",
            "2026-",
            "026-0",
            "26-00",
            "-0000",
            "000017",
            "dsa-2026-000017",
            "dsa-2026-00001",
            "dsa-2025-000037",
            "dsa-2027-00001",
            "5-0000",
            "001",
            "0019",
            "1963",
            "963",
            "96",
            "7-000010",
            "dsa-2026-0000017",
            "99",
            "999999",
            "1-1",
            "--",
            "dsa-2028",
            "20260",
            "00",
            "000",
            "0000000",
            "x",
            "12345678901234567890123",
        ] {
            let looked: Bits =
                all.iter().enumerate().filter(|(_, reference)| reference.contains(text)).map(|(at, _)| at).collect();
            assert_eq!(containing(text, &years, end), looked, "{text}");
        }
    }

    #[test]
    fn numbers_of_seven_digits_are_not_filled_up() {
        assert_eq!(beginning("10", 7), Some(1_000_000..1_100_000));
        assert_eq!(beginning("01", 7), None);
        let mut found = Vec::new();
        within("000000", 7, 1_500_000, &mut |range| found.push(range));
        assert_eq!(found.len(), 1);
        assert_eq!(found.first(), Some(&(1_000_000..1_000_001)));
    }
}
