//! Rules that read words: door rules. Screening finds what plainly is a personal detail, and no more.

use super::{Check, Finding, Rule, WordsByPointer};
use crate::message::Severity;

/// The rules of this family.
pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "V-02",
        severity: Severity::Error,
        message: "Give the agreement a title of 10 to 120 characters that a resident would understand.",
        help: "Change the title.",
        check: Check::Door(title),
    },
    Rule {
        code: "V-90",
        severity: Severity::Error,
        message: "This text looks like it contains {}. Remove personal details: they do not belong in an agreement.",
        help: "Take the detail out, or describe it without the value.",
        check: Check::Door(screened),
    },
];

fn title(words: &WordsByPointer) -> Vec<Finding> {
    let fits = |text: &String| (10..=120).contains(&text.chars().count());
    if words.get("/title").is_some_and(fits) {
        return Vec::new();
    }
    vec![Finding { path: "/terms/title".to_owned(), fill: Vec::new() }]
}

fn screened(words: &WordsByPointer) -> Vec<Finding> {
    words
        .iter()
        .filter_map(|(pointer, text)| {
            personal_detail(text).map(|kind| Finding { path: format!("/terms{pointer}"), fill: vec![kind.to_owned()] })
        })
        .collect()
}

/// Names the kind of personal detail that a text looks like it contains, if any (V-90).
pub fn personal_detail(text: &str) -> Option<&'static str> {
    if text.split_whitespace().any(is_email) {
        return Some("an e-mail address");
    }
    if has_insurance_number(text) {
        return Some("a National Insurance number");
    }
    let grouped = |c: char| c.is_ascii_digit() || " -+()".contains(c);
    text.split(|c| !grouped(c)).find_map(|run| {
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        if is_nhs_number(&digits) {
            Some("an NHS number")
        } else if is_phone(&digits, run.contains("+44")) {
            Some("a phone number")
        } else {
            None
        }
    })
}

fn is_email(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    word.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
    })
}

/// Ten digits whose last is the check digit, modulus 11 (NHS Data Dictionary).
fn is_nhs_number(digits: &str) -> bool {
    let values: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let Some((check, body)) = values.split_last() else {
        return false;
    };
    let sum: u32 = body.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
    let expected = (11 - sum % 11) % 11;
    values.len() == 10 && sum > 0 && expected == *check
}

fn is_phone(digits: &str, international: bool) -> bool {
    let national = digits.starts_with('0') && !digits.starts_with("00") && digits.len() == 11;
    national || (international && digits.starts_with("44") && (12..=13).contains(&digits.len()))
}

/// Two letters, six digits, a letter A to D, with or without spaces.
fn has_insurance_number(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len()).any(|start| {
        let before = start.checked_sub(1).and_then(|at| characters.get(at));
        if before.is_some_and(|c| c.is_alphanumeric()) {
            return false;
        }
        let mut rest = characters.iter().skip(start).peekable();
        for place in 0..9 {
            while place > 1 && rest.next_if(|c| **c == ' ').is_some() {}
            let fits = rest.next().is_some_and(|c| match place {
                0 | 1 => c.is_ascii_alphabetic(),
                8 => matches!(c.to_ascii_uppercase(), 'A'..='D'),
                _ => c.is_ascii_digit(),
            });
            if !fits {
                return false;
            }
        }
        !rest.next().is_some_and(|c| c.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::{personal_detail, title};
    use crate::door::WordsByPointer;

    #[test]
    fn plain_personal_details_are_found() {
        for (text, kind) in [
            ("Ask jo.bloggs@example.org first", "an e-mail address"),
            ("number 943 476 5919 was shared", "an NHS number"),
            ("NINO QQ 12 34 56 C is a sample", "a National Insurance number"),
            ("call 020 7946 0958 today", "a phone number"),
            ("call +44 7700 900123 today", "a phone number"),
        ] {
            assert_eq!(personal_detail(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn ordinary_words_of_an_agreement_pass() {
        for text in [
            "From 2026-05-01 to 2028-04-30, each month",
            "Housing Act 1996 section 213B, and 943 476 5918 records",
            "Reference AB123456 in the asset register @ Camden",
            "",
        ] {
            assert_eq!(personal_detail(text), None, "{text}");
        }
    }

    #[test]
    fn a_title_has_ten_to_a_hundred_and_twenty_characters() {
        let words = |text: &str| WordsByPointer::from([("/title".to_owned(), text.to_owned())]);
        assert!(title(&words("Homelessness referrals")).is_empty());
        assert_eq!(title(&words("Too short")).len(), 1);
        assert_eq!(title(&words(&"x".repeat(121))).len(), 1);
        assert_eq!(title(&WordsByPointer::new()).len(), 1);
    }
}
