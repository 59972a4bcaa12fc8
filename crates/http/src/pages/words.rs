//! The words of agreements that everybody may read: those that a publication decision opened, from the store.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use counterpart_core::agreement::Agreement;
use counterpart_core::commitment::Disclosure;
use counterpart_core::header::PublicRegister;
use counterpart_core::ids::AgreementId;
use counterpart_core::time::Timestamp;
use counterpart_projections::View;
use counterpart_projections::bits::Bits;
use counterpart_projections::board::{Found, Open};
use counterpart_projections::lexicon::Lexicon;
use counterpart_projections::reading::{self, Reader};
use counterpart_projections::register::Search;
use counterpart_projections::words::Opened;
use tokio::sync::Mutex;

use crate::App;
use crate::problem::Problem;

/// Changes of what is open whose titles are read at once.
const AT_ONCE: usize = 512;

/// What a list shows of the words of an agreement that everybody may read, where there are some.
#[derive(Clone, Debug, Default)]
struct Title {
    text: Option<Arc<str>>,
    folded: Option<Arc<str>>,
    purpose: Option<Arc<str>>,
}

/// Titles that were read already.
#[derive(Debug, Default)]
pub(crate) struct Titles {
    known: RwLock<Known>,
    /// Whoever holds it reads what was opened; everybody else waits instead of reading the same.
    reading: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// By the place of the agreement on the board, each with what it was read from: a newer decision or version is
    /// another title.
    titles: Vec<Option<(Open, Title)>>,
    /// The words of the titles.
    lexicon: Lexicon,
    /// How many changes of what everybody may read are taken in.
    changes: usize,
    /// How often words were destroyed: what was read before is not kept after.
    destroyed: u64,
}

impl Titles {
    /// Words were destroyed: whatever was read is read again.
    pub(crate) fn forget(&self) {
        let mut known = self.write();
        *known = Known { destroyed: known.destroyed + 1, ..Known::default() };
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn put(&mut self, place: usize, title: Option<(Open, Title)>) {
        if self.titles.len() <= place {
            self.titles.resize(place + 1, None);
        }
        let Some(held) = self.titles.get_mut(place) else { return };
        let folded = |title: &Option<(Open, Title)>| title.as_ref().and_then(|(_, title)| title.folded.clone());
        let (before, now) = (folded(held), folded(&title));
        *held = title;
        if before != now {
            if let Some(title) = before {
                self.lexicon.take(place, &title);
            }
            if let Some(title) = now {
                self.lexicon.add(place, &title);
            }
        }
    }

    /// The title at a place, when it was read from what is open now.
    fn held(&self, place: usize, open: Open) -> Option<&Title> {
        self.titles.get(place)?.as_ref().filter(|(of, _)| *of == open).map(|(_, title)| title)
    }
}

/// Where the words of an agreement lie that everybody may read: the entry, and what of it is withheld.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    entry: u64,
    withheld: Vec<counterpart_core::header::Pointer>,
}

/// The place of the public words of an agreement at an instant; none when nobody has opened them, or they are erased.
pub(crate) fn place(view: &View, agreement: &Agreement, now: Timestamp) -> Option<Place> {
    let decided = agreement.publication()?;
    match decided.decision {
        PublicRegister::Publish | PublicRegister::PublishRedacted => {}
        PublicRegister::Withhold => return None,
    }
    let entry = view.index_of(agreement.current().event)?;
    let mut withheld = decided.withheld.clone();
    for pointer in view.state().erased_at(entry, now).iter().flat_map(|erasure| &erasure.pointers) {
        let Some(within) = pointer.as_str().strip_prefix("/terms") else { continue };
        // Without their skeleton the terms say nothing.
        withheld.push(within.parse().ok()?);
    }
    Some(Place { entry, withheld })
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
    async fn learn_titles(&self, places: &[usize]) -> Result<(), Problem> {
        while !self.learn_these(places).await? {}
        Ok(())
    }

    /// The same once; false when words were destroyed while it read.
    async fn learn_these(&self, places: &[usize]) -> Result<bool, Problem> {
        let destroyed;
        let (unknown, words): (Vec<(usize, Open)>, Vec<Option<Place>>) = {
            let view = self.reader.view();
            let titles = self.titles.read();
            destroyed = titles.destroyed;
            let lines = view.board().lines();
            places
                .iter()
                .filter_map(|at| {
                    let line = lines.get(*at)?;
                    let open = line.open.filter(|open| titles.held(*at, *open).is_none())?;
                    let agreement = view.state().agreement(line.id)?;
                    Some(((*at, open), place(&view, &agreement, (self.clock)())))
                })
                .unzip()
        };
        if unknown.is_empty() {
            return Ok(true);
        }
        let read = self.opened(words).await?;
        let view = self.reader.view();
        let mut titles = self.titles.write();
        if titles.destroyed != destroyed {
            return Ok(false);
        }
        for ((at, open), opened) in unknown.into_iter().zip(read) {
            // What was opened or closed while it was read is another title, which somebody else reads.
            if view.board().lines().get(at).and_then(|line| line.open) == Some(open) {
                let text: Option<Arc<str>> = opened.text("/title").map(Arc::from);
                let folded = text.as_ref().map(|text| text.to_lowercase().into());
                let purpose = opened.text("/purpose").map(Arc::from);
                titles.put(at, Some((open, Title { text, folded, purpose })));
            }
        }
        Ok(true)
    }

    /// Reads every title that was opened since this was last called, and forgets those that were closed.
    pub(crate) async fn learn_opened(&self) -> Result<(), Problem> {
        loop {
            let _alone = self.titles.reading.lock().await;
            let (from, destroyed, changed): (usize, u64, Vec<usize>) = {
                let view = self.reader.view();
                let titles = self.titles.read();
                let from = titles.changes;
                let changed = view.opened().get(from..).unwrap_or_default().iter().copied().take(AT_ONCE).collect();
                (from, titles.destroyed, changed)
            };
            if changed.is_empty() {
                return Ok(());
            }
            self.learn_titles(&changed).await?;
            let view = self.reader.view();
            let mut titles = self.titles.write();
            if titles.destroyed != destroyed {
                // Everything is read anew from the first change on.
                continue;
            }
            for at in &changed {
                if view.board().lines().get(*at).is_none_or(|line| line.open.is_none()) {
                    titles.put(*at, None);
                }
            }
            titles.changes = from + changed.len();
        }
    }

    /// Titles and purposes at these places of the board, as far as everybody may read them, in their order.
    pub(crate) async fn brief(&self, places: &[usize]) -> Result<Vec<Opened>, Problem> {
        self.learn_titles(places).await?;
        let now = (self.clock)();
        let view = self.reader.view();
        let titles = self.titles.read();
        let brief = |at: &usize| {
            let line = view.board().lines().get(*at)?;
            let Title { text, purpose, .. } = titles.held(*at, line.open?)?;
            // What is to be erased is not shown from its instant on, however long the disk takes.
            let Place { withheld, .. } = place(&view, view.state().agreement(line.id)?.as_ref(), now)?;
            let texts = [("/title", text), ("/purpose", purpose)];
            Some(Opened::brief(texts.into_iter().filter_map(|(at, text)| Some((at, text.as_deref()?))), withheld))
        };
        Ok(places.iter().map(|at| brief(at).unwrap_or_default()).collect())
    }

    /// The open titles at these places of the board, in their order.
    pub(crate) async fn titles(&self, places: &[usize]) -> Result<Vec<Option<Arc<str>>>, Problem> {
        let brief = self.brief(places).await?;
        Ok(brief.iter().map(|opened| opened.text("/title").map(Arc::from)).collect())
    }

    /// The words of the present version of an agreement, as a reader may read them; whether they are more than everybody
    /// may. `public` is the place of what everybody may read, `entry` the place of the version.
    pub(crate) async fn opened_to(
        self: &Arc<Self>,
        public: Option<Place>,
        entry: Option<u64>,
        reader: Option<&Reader>,
    ) -> Result<(Opened, bool), Problem> {
        if let (Some(entry), Some(reader)) = (entry, reader.copied()) {
            let own = Arc::clone(self);
            let more = self
                .reading(move || {
                    let Some(event) = own.recorded(entry)? else { return Ok(None) };
                    let open = reading::open(own.reader.view().state(), &event, Some(&reader), (own.clock)());
                    let more = match open {
                        reading::Open::Whole => true,
                        reading::Open::Part { granted, .. } => !granted.is_empty(),
                        reading::Open::Nothing => false,
                    };
                    if !more {
                        return Ok(None);
                    }
                    Ok(Some(Opened::of(&own.readable(entry, &event, Some(&reader))?, &[])))
                })
                .await?;
            if let Some(more) = more.filter(|more| !more.is_empty()) {
                return Ok((more, true));
            }
        }
        Ok((self.opened(vec![public]).await?.pop().unwrap_or_default(), false))
    }

    /// The titles of some agreements that a reader may read, in their order.
    pub(crate) async fn titles_to(
        self: &Arc<Self>,
        ids: &[AgreementId],
        reader: Option<&Reader>,
    ) -> Result<Vec<Option<String>>, Problem> {
        let found: Vec<(Option<usize>, Option<u64>)> = {
            let view = self.reader.view();
            let entry = |id: AgreementId| {
                view.state().agreement(id).and_then(|agreement| view.index_of(agreement.current().event))
            };
            ids.iter().map(|id| (view.board().place(*id), entry(*id))).collect()
        };
        let places: Vec<usize> = found.iter().filter_map(|(place, _)| *place).collect();
        let mut open = self.titles(&places).await?.into_iter();
        let mut titles = Vec::with_capacity(ids.len());
        for (place, entry) in found {
            let title = place.and_then(|_| open.next().flatten());
            titles.push(match title {
                Some(title) => Some(title.to_string()),
                None if reader.is_none() => None,
                None => self.opened_to(None, entry, reader).await?.0.text("/title").map(str::to_owned),
            });
        }
        Ok(titles)
    }

    /// The agreements that fit a search.
    ///
    /// # Errors
    ///
    /// H503 while the titles of very many agreements are read after a start.
    pub(crate) async fn fitting(&self, search: &Search, now: Timestamp) -> Result<Found, Problem> {
        if search.words.is_empty() {
            let view = self.reader.view_at(now);
            return Ok(view.board().search(view.state(), search, Bits::default()));
        }
        drop(self.reader.view_at(now));
        let read = tokio::time::timeout(self.settings.patience, self.learn_opened()).await;
        read.map_err(|_| {
            Problem::unavailable(
                "The titles of agreements are still being read after a start. Search again in a minute.",
            )
        })??;
        let view = self.reader.view_at(now);
        let titles = self.titles.read();
        let board = view.board();
        let title = |at: usize| titles.held(at, board.lines().get(at)?.open?)?.folded.as_deref();
        let found = titles.lexicon.find(&search.words, &title);
        Ok(board.search(view.state(), search, found))
    }
}
