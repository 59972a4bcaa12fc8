//! The words of an agreement as far as they are opened to the reader, by their pointer within the terms.
//!
//! In scope: putting the disclosures of a filing together. Out of scope: who may read them, and where they lie.

use std::collections::BTreeMap;

use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::header::Pointer;
use counterpart_core::ids::OrganisationCode;
use counterpart_core::terms::{Contacts, Terms};

/// Words that a reader may see.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// The skeleton of the terms.
    pub terms: Option<Terms>,
    /// How to reach the parties.
    pub contacts: Contacts,
    text: BTreeMap<String, String>,
    withheld: Vec<Pointer>,
}

impl Opened {
    /// What these disclosures of an event say, without what is withheld.
    pub fn of(disclosures: &[Disclosure], withheld: &[Pointer]) -> Self {
        let mut opened = Self { withheld: withheld.to_vec(), ..Self::default() };
        for Disclosure { pointer, kind, content, .. } in disclosures {
            match (pointer.as_str(), kind) {
                ("/terms", Kind::Json) => opened.terms = serde_json::from_slice(content).ok(),
                ("/contacts", Kind::Json) => opened.contacts = serde_json::from_slice(content).unwrap_or_default(),
                (place, Kind::Text) => {
                    if let (Some(within), Ok(text)) = (place.strip_prefix("/terms"), std::str::from_utf8(content)) {
                        opened.text.insert(within.to_owned(), text.to_owned());
                    }
                }
                (_, Kind::Json | Kind::Sha256) => {}
            }
        }
        opened
    }

    /// Some texts alone, by their pointers within the terms, without what is withheld: what a list shows.
    pub fn brief<'t>(texts: impl Iterator<Item = (&'t str, &'t str)>, withheld: Vec<Pointer>) -> Self {
        let text = texts.map(|(place, text)| (place.to_owned(), text.to_owned())).collect();
        Self { text, withheld, ..Self::default() }
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.terms.is_none() && self.text.is_empty()
    }

    /// Whether a place within the terms is withheld.
    pub fn withholds(&self, pointer: &str) -> bool {
        let covers = |own: &Pointer| {
            pointer.strip_prefix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.withheld.iter().any(covers)
    }

    /// The text at a pointer within the terms, for example `/title`.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.text.get(pointer).filter(|_| !self.withholds(pointer)).map(String::as_str)
    }

    /// The shared mailbox of a party's information governance team.
    pub fn mailbox(&self, organisation: OrganisationCode) -> Option<&str> {
        self.contacts.0.get(&organisation)?.ig.as_deref()
    }
}
