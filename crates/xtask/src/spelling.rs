//! Common misspellings, found by a list: cheap, and right about the words it knows.
//!
//! `typos` is run as well where it is installed; both read `_typos.toml`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::repository::{Repository, answers, is_a, succeed, verdict};

/// `wrong right` on each line.
const LIST: &str = include_str!("../data/misspellings.txt");

/// Endings of the files that people read.
const READ: [&str; 7] = ["md", "rs", "py", "toml", "sh", "yaml", "json"];

#[derive(Debug, Deserialize)]
struct Typos {
    files: Files,
    default: Words,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Files {
    extend_exclude: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Words {
    extend_words: BTreeMap<String, String>,
}

/// The step of the gate.
pub fn step(repository: &Repository) -> Result<()> {
    let settings = repository.text("_typos.toml")?.context("_typos.toml is not text")?;
    let settings: Typos = toml::from_str(&settings).context("_typos.toml is not what we expect")?;
    let accepted: BTreeSet<&str> = settings.default.extend_words.keys().map(String::as_str).collect();
    let list = list();
    let mut found = Vec::new();
    for file in repository.files()? {
        let left_out = settings.files.extend_exclude.iter().any(|part| file.contains(part.as_str()));
        if left_out || !READ.iter().any(|ending| is_a(&file, ending)) {
            continue;
        }
        if let Some(text) = repository.text(&file)? {
            found.extend(misspelt(&list, &accepted, &file, &text));
        }
    }
    verdict(&found)?;
    if answers(repository.command("typos").arg("--version")) {
        succeed(&mut repository.command("typos"))?;
    }
    Ok(())
}

fn list() -> BTreeMap<&'static str, &'static str> {
    LIST.lines().filter_map(|line| line.split_once(' ')).collect()
}

fn misspelt(list: &BTreeMap<&str, &str>, accepted: &BTreeSet<&str>, file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in words(line) {
            if accepted.contains(word.as_str()) {
                continue;
            }
            if let Some(right) = list.get(word.as_str()) {
                found.push(format!("{file}:{}: `{word}`, write `{right}`", index + 1));
            }
        }
    }
    found
}

/// The words of a line in lower case; `TwoWords` and `two_words` are two each.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in line.chars() {
        let new = !letter.is_alphabetic() || (letter.is_uppercase() && before.is_lowercase());
        if new {
            words.push(String::new());
        }
        if letter.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn this_checkout_is_spelt_well() {
        step(&Repository::find().unwrap()).unwrap();
    }

    #[test]
    fn names_are_read_word_by_word() {
        assert_eq!(words("fn take_receiptFor(X509)"), ["fn", "take", "receipt", "for", "x"]);
    }

    #[test]
    fn a_misspelt_name_is_found() {
        let list = BTreeMap::from([("abouut", "about")]);
        let found = misspelt(&list, &BTreeSet::new(), "a.rs", "let x = 1;\nfn on_abouut() {}");
        assert_eq!(found, ["a.rs:2: `abouut`, write `about`"]);
    }

    #[test]
    fn an_accepted_word_is_not_found() {
        let list = BTreeMap::from([("abouut", "about")]);
        let accepted = BTreeSet::from(["abouut"]);
        assert_eq!(misspelt(&list, &accepted, "a.rs", "abouut"), Vec::<String>::new());
    }

    #[test]
    fn no_line_of_the_list_corrects_a_word_to_itself() {
        let list = list();
        assert!(list.len() > 100);
        for (wrong, right) in &list {
            assert_ne!(wrong, right);
            assert!(!list.contains_key(right), "{right} is corrected itself");
        }
    }
}
