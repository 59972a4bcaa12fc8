//! The words of agreements that everybody may read: those that a publication decision opened, from the store.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use counterpart_core::agreement::Agreement;
use counterpart_core::commitment::Disclosure;
use counterpart_core::header::PublicRegister;
use counterpart_core::time::Timestamp;
use counterpart_projections::View;
use counterpart_projections::board::Open;
use counterpart_projections::register::Search;
use counterpart_projections::words::Opened;

use crate::App;
use crate::problem::Problem;

/// A title as everybody may read it, or that there is none.
#[derive(Clone, Debug, Default)]
struct Title {
    text: Option<Arc<str>>,
    folded: Option<Arc<str>>,
}

/// Titles that were read already, by the place of the agreement on the board, each with what it was read from: a newer
/// decision or version is another title.
#[derive(Debug, Default)]
pub(crate) struct Titles(RwLock<Vec<Option<(Open, Title)>>>);

impl Titles {
    fn read(&self) -> RwLockReadGuard<'_, Vec<Option<(Open, Title)>>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, place: usize, open: Open, title: Title) {
        let mut titles = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if titles.len() <= place {
            titles.resize(place + 1, None);
        }
        if let Some(held) = titles.get_mut(place) {
            *held = Some((open, title));
        }
    }
}

/// The title at a place, when it was read from what is open now.
fn held(titles: &[Option<(Open, Title)>], place: usize, open: Open) -> Option<&Title> {
    titles.get(place)?.as_ref().filter(|(of, _)| *of == open).map(|(_, title)| title)
}

/// Where the words of an agreement lie that everybody may read: the entry, and what of it is withheld.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    entry: u64,
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
    Some(Place { entry, withheld: decided.withheld.clone() })
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

    /// Reads the open titles of agreements at these places of the board that are not in memory yet.
    async fn learn_titles(&self, places: impl Iterator<Item = usize>) -> Result<(), Problem> {
        let (unknown, words): (Vec<(usize, Open)>, Vec<Option<Place>>) = {
            let view = self.reader.view();
            let titles = self.titles.read();
            let lines = view.board().lines();
            places
                .filter_map(|at| {
                    let line = lines.get(at)?;
                    let open = line.open.filter(|open| held(&titles, at, *open).is_none())?;
                    let agreement = view.state().agreement(line.id)?;
                    Some(((at, open), place(&view, agreement)))
                })
                .unzip()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        let read = self.opened(words).await?;
        for ((at, open), opened) in unknown.into_iter().zip(read) {
            let text: Option<Arc<str>> = opened.text("/title").map(Arc::from);
            let folded = text.as_ref().map(|text| text.to_lowercase().into());
            self.titles.put(at, open, Title { text, folded });
        }
        Ok(())
    }

    /// The open titles at these places of the board, in their order.
    pub(crate) async fn titles(&self, places: &[usize]) -> Result<Vec<Option<Arc<str>>>, Problem> {
        self.learn_titles(places.iter().copied()).await?;
        let view = self.reader.view();
        let titles = self.titles.read();
        let lines = view.board().lines();
        let title = |at: &usize| held(&titles, *at, lines.get(*at)?.open?)?.text.clone();
        Ok(places.iter().map(title).collect())
    }

    /// The agreements that fit a search, the newest first.
    pub(crate) async fn fitting(&self, search: &Search, now: Timestamp) -> Result<Vec<usize>, Problem> {
        if search.reads_titles() {
            let all = self.reader.view_at(now).board().lines().len();
            self.learn_titles(0..all).await?;
        }
        let view = self.reader.view_at(now);
        let titles = self.titles.read();
        let board = view.board();
        let title = |at: usize| held(&titles, at, board.lines().get(at)?.open?)?.folded.as_deref();
        Ok(board.search(view.state(), search, &title))
    }
}
