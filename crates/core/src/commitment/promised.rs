//! What an event promises: its commitments, and those within the documents that open them.

use std::collections::BTreeMap;

use super::disclosure::{Disclosure, DisclosureError, open};
use super::{Commitment, Kind, MAX_CONTENT, MAX_CONTENT_DEPTH, commitments};
use crate::json::{self, Value};

/// The commitments of one event by their places, as far as they are known.
#[derive(Clone, Debug)]
pub struct Promised {
    event_id: String,
    held: BTreeMap<String, Commitment>,
}

impl Promised {
    /// What stands in the member `data` of an event.
    ///
    /// # Errors
    ///
    /// `E07`: an object has a member `$commit` but is not a commitment.
    pub fn of(event_id: &str, data: &Value) -> Result<Self, DisclosureError> {
        let mut promised = Self { event_id: event_id.to_owned(), held: BTreeMap::new() };
        promised.extend(data, "")?;
        Ok(promised)
    }

    /// Opens a commitment by its words. What a document among them commits to is promised from then on.
    ///
    /// # Errors
    ///
    /// `E05` when the words are too large; `E07` when nothing is promised at their place, other words were, or what
    /// stands within them is no commitment.
    pub fn open(&mut self, disclosure: &Disclosure) -> Result<(), DisclosureError> {
        let surplus = || DisclosureError::Surplus(disclosure.pointer.clone());
        let commitment = self.held.get(&disclosure.pointer).ok_or_else(surplus)?;
        open(disclosure, &self.event_id, commitment)?;
        if disclosure.kind == Kind::Json {
            let limits = json::Limits { max_depth: MAX_CONTENT_DEPTH, max_bytes: MAX_CONTENT };
            let document = json::parse(&disclosure.content, limits)
                .map_err(|error| DisclosureError::Form(format!("`{}` cannot be read: {error}", disclosure.pointer)))?;
            self.extend(&document, &disclosure.pointer)?;
        }
        Ok(())
    }

    /// Opens commitments by words in any order: a document comes before what stands within it.
    ///
    /// # Errors
    ///
    /// As [`Promised::open`].
    pub fn open_any(&mut self, disclosures: &[Disclosure]) -> Result<(), DisclosureError> {
        let mut ordered: Vec<&Disclosure> = disclosures.iter().collect();
        ordered.sort_by_key(|disclosure| disclosure.pointer.len());
        ordered.into_iter().try_for_each(|disclosure| self.open(disclosure))
    }

    /// How many commitments are known.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    fn extend(&mut self, value: &Value, prefix: &str) -> Result<(), DisclosureError> {
        let found = commitments(value, prefix).map_err(|place| {
            DisclosureError::Form(format!("`{place}` has a member `$commit` but is not a commitment"))
        })?;
        self.held.extend(found);
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::commit;
    use super::*;

    const EVENT: &str = "01890000-0000-7000-8000-000000000001";

    fn words(pointer: &str, kind: Kind, content: &str) -> Disclosure {
        let salt = [u8::try_from(pointer.len()).unwrap(); 32];
        Disclosure { pointer: pointer.to_owned(), kind, salt, content: content.as_bytes().to_vec() }
    }

    fn promise(words: &Disclosure) -> String {
        let commitment = commit(&words.salt, EVENT, &words.pointer, words.kind, &words.content);
        serde_json::to_string(&commitment).unwrap()
    }

    fn value(text: &str) -> Value {
        json::parse(text.as_bytes(), json::Limits { max_depth: 9, max_bytes: 9_999 }).unwrap()
    }

    #[test]
    fn a_document_promises_what_stands_within_it_in_any_order() {
        let inner = words("/terms/purpose", Kind::Text, "to find homes");
        let outer = words("/terms", Kind::Json, &format!("{{\"purpose\":{}}}", promise(&inner)));
        let data = value(&format!("{{\"terms\":{}}}", promise(&outer)));
        let mut promised = Promised::of(EVENT, &data).unwrap();
        assert_eq!(promised.count(), 1);
        assert_eq!(promised.open(&inner), Err(DisclosureError::Surplus("/terms/purpose".to_owned())));
        promised.open_any(&[inner.clone(), outer.clone()]).unwrap();
        assert_eq!(promised.count(), 2);
        let other = Disclosure { content: b"to find others".to_vec(), ..inner };
        let told = promised.open_any(&[other, outer]);
        assert_eq!(told, Err(DisclosureError::Mismatch("/terms/purpose".to_owned())));
    }

    #[test]
    fn text_that_looks_like_a_document_promises_nothing() {
        let inner = words("/note/x", Kind::Text, "x");
        let outer = words("/note", Kind::Text, &format!("{{\"x\":{}}}", promise(&inner)));
        let data = value(&format!("{{\"note\":{}}}", promise(&outer)));
        let mut promised = Promised::of(EVENT, &data).unwrap();
        assert_eq!(promised.open_any(&[inner, outer]), Err(DisclosureError::Surplus("/note/x".to_owned())));
    }

    #[test]
    fn what_only_looks_like_a_commitment_is_named() {
        let data = value("{\"note\":{\"$commit\":\"hmac-sha256:00\"}}");
        let told = Promised::of(EVENT, &data).unwrap_err();
        assert!(told.to_string().contains("`/note` has a member `$commit`"), "{told}");
        let outer = words("/terms", Kind::Json, "{\"purpose\":{\"$commit\":1}}");
        let data = value(&format!("{{\"terms\":{}}}", promise(&outer)));
        let told = Promised::of(EVENT, &data).unwrap().open(&outer).unwrap_err();
        assert!(told.to_string().contains("`/terms/purpose` has a member `$commit`"), "{told}");
    }
}
