//! SPDX licence expressions, as far as crates use them: names, `WITH`, `AND`, `OR`, brackets.

use std::collections::BTreeSet;

/// Says whether `expression` can be satisfied with the allowed licences.
///
/// `AND` binds tighter than `OR`, as SPDX 2.3 annex D has it; the `/` of old manifests means `OR`.
pub fn allows(allowed: &BTreeSet<String>, expression: &str) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut reader = Reader { allowed, words: spaced.split_whitespace().peekable() };
    reader.either() == Some(true) && reader.words.next().is_none()
}

struct Reader<'a, Words: Iterator<Item = &'a str>> {
    allowed: &'a BTreeSet<String>,
    words: std::iter::Peekable<Words>,
}

impl<'a, Words: Iterator<Item = &'a str>> Reader<'a, Words> {
    fn either(&mut self) -> Option<bool> {
        let mut verdict = self.both()?;
        while self.words.next_if_eq(&"OR").is_some() {
            verdict |= self.both()?;
        }
        Some(verdict)
    }

    fn both(&mut self) -> Option<bool> {
        let mut verdict = self.one()?;
        while self.words.next_if_eq(&"AND").is_some() {
            verdict &= self.one()?;
        }
        Some(verdict)
    }

    fn one(&mut self) -> Option<bool> {
        let word = self.words.next()?;
        if word == "(" {
            let verdict = self.either()?;
            self.words.next_if_eq(&")")?;
            return Some(verdict);
        }
        if matches!(word, ")" | "AND" | "OR" | "WITH") {
            return None;
        }
        let name = match self.words.next_if_eq(&"WITH") {
            Some(_) => format!("{word} WITH {}", self.words.next()?),
            None => word.to_owned(),
        };
        Some(self.allowed.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> BTreeSet<String> {
        ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into()
    }

    #[test]
    fn one_of_several_licences_is_enough() {
        assert!(allows(&allowed(), "MIT"));
        assert!(allows(&allowed(), "Apache-2.0 OR MIT"));
        assert!(allows(&allowed(), "MIT/Apache-2.0"));
        assert!(!allows(&allowed(), "Apache-2.0"));
    }

    #[test]
    fn licences_joined_by_and_must_all_be_allowed() {
        assert!(allows(&allowed(), "MIT AND ISC"));
        assert!(!allows(&allowed(), "MIT AND GPL-3.0-only"));
        assert!(allows(&allowed(), "GPL-3.0-only OR MIT AND ISC"));
        assert!(!allows(&allowed(), "(GPL-3.0-only OR MIT) AND BSL-1.0"));
    }

    #[test]
    fn an_exception_belongs_to_its_licence() {
        assert!(allows(&allowed(), "Apache-2.0 WITH LLVM-exception"));
        assert!(!allows(&allowed(), "MIT WITH LLVM-exception"));
    }

    #[test]
    fn what_is_not_an_expression_allows_nothing() {
        for wrong in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "OR MIT", "MIT WITH"] {
            assert!(!allows(&allowed(), wrong), "{wrong:?}");
        }
    }
}
