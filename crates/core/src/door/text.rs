//! Rules that read words: door rules. Screening finds what plainly is a personal detail, and no more.

use super::rule::rules;
use super::{Document, Finding, WordsByPointer};
use crate::event::data::Visibility;
use crate::json::Value;
use crate::message::Message;

/// What is said of a text with a personal detail (V-90).
pub(super) const DETAILS: &str =
    "This text looks like it contains {}. Remove personal details: they do not belong in an agreement.";

rules! {
    door error "V-02" title "Give the agreement a title of 10 to 120 characters that a resident would understand." "Change the title.";
    door error "V-90" screened "This text looks like it contains {}. Remove personal details: they do not belong in an agreement." "Take the detail out, or describe it without the value.";
    door warning "V-122" becomes_public "This ledger is open. Everybody will be able to read these members of the record: {}." "Words stay beside the log; check that nothing here should stay unknown.";
    door warning "V-124" similar "{} already covers these organisations, data and purpose. Join it, amend it, or give a reason for a second agreement." "Look at that agreement first.";
}

fn title(document: &Document) -> Vec<Finding> {
    let fits = (10..=120).contains(&document.length("/title"));
    super::rule::when(!fits, "/terms/title")
}

fn screened(document: &Document) -> Vec<Finding> {
    let words = document.words.iter();
    words
        .filter_map(|(pointer, text)| {
            personal_detail(text).map(|kind| Finding::at(format!("/terms{pointer}")).with(kind))
        })
        .collect()
}

fn becomes_public(document: &Document) -> Vec<Finding> {
    if document.public.around.visibility != Visibility::Open {
        return Vec::new();
    }
    let members = crate::json::to_value(document.public.header).ok();
    let names = members.iter().flat_map(|header| header.as_object().unwrap_or_default());
    let names: Vec<String> = names.map(|(name, _)| format!("`{name}`")).collect();
    vec![Finding::at("/terms").with(names.join(", "))]
}

fn similar(document: &Document) -> Vec<Finding> {
    document.public.around.similar.iter().map(|reference| Finding::at("/terms").with(reference)).collect()
}

/// Commitments without words, words without a commitment, and words that no commitment could open.
pub(super) fn placed(skeleton: &Value, words: &WordsByPointer) -> Vec<Message> {
    let wrong = |path: &str, message: String| super::plain_error("E07", &format!("/terms{path}"), message);
    let commitments = match crate::commitment::commitments(skeleton, "") {
        Ok(commitments) => commitments,
        Err(at) => return vec![wrong(&at, "A commitment has the one member `$commit`.".to_owned())],
    };
    let places: std::collections::BTreeSet<&str> = commitments.iter().map(|(place, _)| place.as_str()).collect();
    let missing = places.iter().filter(|place| !words.contains_key(**place));
    let mut messages: Vec<Message> =
        missing.map(|place| wrong(place, "This commitment came without its words.".to_owned())).collect();
    for (place, text) in words {
        if !places.contains(place.as_str()) {
            messages.push(wrong(place, "There are words here, but no commitment.".to_owned()));
        }
        let kind = crate::commitment::Kind::Text;
        if let Err(problem) = crate::commitment::check_content(kind, text.as_bytes()) {
            messages.push(wrong(place, format!("This text cannot be filed: {problem}.")));
        }
    }
    messages
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
    // It begins and ends with a letter or digit now, so that a name stands before and a domain behind.
    word.split_once('@').is_some_and(|(_, host)| host.split_once('.').is_some_and(|(label, _)| !label.is_empty()))
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
    use super::personal_detail;

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
}
