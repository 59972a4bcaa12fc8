//! The words of agreements that everybody may read: those that a publication decision opened, from the store.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use counterpart_core::agreement::Agreement;
use counterpart_core::commitment::Disclosure;
use counterpart_core::header::PublicRegister;
use counterpart_core::ids::{AgreementId, EventId};
use counterpart_projections::View;
use counterpart_projections::words::Opened;

use crate::App;
use crate::problem::Problem;

/// An agreement, and the decision that opened its words: a newer decision is another key.
type Key = (AgreementId, EventId);

/// A title as everybody may read it, or that there is none.
#[derive(Clone, Debug, Default)]
struct Title(Option<Arc<str>>);

/// Titles that were read already, so that a search does not read every agreement again.
#[derive(Debug, Default)]
pub(crate) struct Titles(RwLock<HashMap<Key, Title>>);

impl Titles {
    fn get(&self, key: Key) -> Option<Title> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }

    fn put(&self, key: Key, title: Title) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, title);
    }
}

/// Where the words of an agreement lie that everybody may read: the entry, and what of it is withheld.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    entry: u64,
    key: Key,
    withheld: Vec<counterpart_core::header::Pointer>,
}

/// The place of the public words of an agreement; none when nobody has opened them.
pub(crate) fn place(view: &View, agreement: &Agreement) -> Option<Place> {
    let decided = agreement.publication()?;
    match decided.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => {}
        PublicRegister::Withhold => return None,
    }
    let entry = view.index_of(agreement.current().event)?;
    Some(Place { entry, key: (agreement.id(), decided.event), withheld: decided.withheld.clone() })
}

impl App {
    /// The public words of some agreements, in their order.
    pub(crate) async fn opened(&self, places: Vec<Option<Place>>) -> Result<Vec<Opened>, Problem> {
        let store = Arc::clone(&self.store);
        self.reading(move || {
            places
                .into_iter()
                .map(|place| {
                    let Some(place) = place else { return Ok(Opened::default()) };
                    let words = store.words(place.entry)?;
                    let disclosures: Vec<Disclosure> =
                        words.iter().filter_map(|word| Disclosure::from_bytes(&word.bytes).ok()).collect();
                    Ok(Opened::of(&disclosures, &place.withheld))
                })
                .collect()
        })
        .await
    }

    /// The public titles of some agreements, in their order, from memory where they were read before.
    pub(crate) async fn titles(&self, places: Vec<Option<Place>>) -> Result<Vec<Option<Arc<str>>>, Problem> {
        let known: Vec<Option<Title>> = places
            .iter()
            .map(|place| place.as_ref().map_or(Some(Title::default()), |place| self.titles.get(place.key)))
            .collect();
        let unknown: Vec<Option<Place>> =
            places.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(place, _)| place.clone()).collect();
        let mut read = self.opened(unknown.clone()).await?.into_iter().zip(unknown).map(|(opened, place)| {
            let title = Title(opened.text("/title").map(Arc::from));
            if let Some(place) = place {
                self.titles.put(place.key, title.clone());
            }
            title
        });
        Ok(known.into_iter().map(|known| known.or_else(|| read.next()).unwrap_or_default().0).collect())
    }
}
