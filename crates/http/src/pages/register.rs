//! The public register: search, filters, pages; and its feeds with the same facts.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use counterpart_core::agreement::StageName;
use counterpart_core::header::DataClass;
use counterpart_core::ids::{AgreementId, OrganisationCode};
use counterpart_core::time::Timestamp;
use counterpart_projections::register::{Imported, Row, Search};
use counterpart_projections::{View, english};

use super::fault::Fault;
use super::frame::{Frame, Pages, Section, Tag, page};
use super::words::{Place, place};
use crate::problem::Problem;
use crate::query::Query;
use crate::visit::Visit;
use crate::{App, links};

/// Agreements on one page.
const PER_PAGE: usize = 20;

/// What a reader asks for instead of a state: imports that are not confirmed.
pub(crate) const UNCONFIRMED: &str = "UNCONFIRMED";

/// The longest search.
const WORDS_MAX: usize = 100;

/// What a reader asked for, as it was read from the address.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) search: Search,
    q: String,
    party: String,
    state: String,
    class: String,
    page: usize,
    /// The place before which a part of the feed begins.
    pub(crate) cursor: Option<usize>,
    pub(crate) limit: usize,
}

/// What may be asked besides the search.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// A page of the list.
    Page,
    /// A part of the feed, of at most so many rows.
    Feed(usize),
    /// All of it.
    Whole,
}

impl Asked {
    /// Empty parameters are those of a form that was not filled in.
    ///
    /// # Errors
    ///
    /// E01 for a parameter that is unknown or not of its kind.
    pub(crate) fn read(uri: &Uri, form: Form) -> Result<Self, Problem> {
        let known: &[&str] = match form {
            Form::Page => &["q", "party", "state", "class", "page"],
            Form::Feed(_) => &["q", "party", "state", "class", "cursor", "limit"],
            Form::Whole => &["q", "party", "state", "class"],
        };
        let query = Query::read(uri, known)?;
        let text = |name: &str| query.text(name).unwrap_or_default().trim().to_owned();
        let (q, party, state, class) = (text("q"), text("party"), text("state"), text("class"));
        if q.chars().count() > WORDS_MAX {
            return Err(Problem::new(
                "E01",
                format!("The search is longer than {WORDS_MAX} characters. Use fewer words."),
            ));
        }
        let wrong =
            |name: &str, what: &str| Problem::new("E01", format!("`{name}` is not {what}. Choose one from the list."));
        let unconfirmed = state == UNCONFIRMED;
        let search = Search {
            words: q.to_lowercase(),
            party: parsed(&party).map_err(|()| wrong("party", "the code of an organisation"))?,
            unconfirmed,
            state: parsed(if unconfirmed { "" } else { &state })
                .map_err(|()| wrong("state", "a state of agreements"))?,
            class: parsed(&class).map_err(|()| wrong("class", "a class of data"))?,
        };
        let page = query.value("page", "the number of a page")?.unwrap_or(1);
        let cursor = query.value("cursor", "what an earlier answer gave as `next`")?;
        let limit = if let Form::Feed(most) = form { query.limit(most, most)? } else { usize::MAX };
        Ok(Self { search, q, party, state, class, page, cursor, limit })
    }

    /// The address of the part of the feed that begins before a place.
    pub(crate) fn part(&self, cursor: usize, most: usize) -> String {
        let limit = if self.limit == most { String::new() } else { self.limit.to_string() };
        let link = self.link(links::REGISTER_JSON, 1);
        let mark = if link.contains('?') { '&' } else { '?' };
        let limit = if limit.is_empty() { limit } else { format!("&limit={limit}") };
        format!("{link}{mark}cursor={cursor}{limit}")
    }

    fn link(&self, path: &str, page: usize) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let parts = [
            ("q", self.q.clone()),
            ("party", self.party.clone()),
            ("state", self.state.clone()),
            ("class", self.class.clone()),
            ("page", page),
        ];
        links::with_query(path, &parts)
    }
}

fn parsed<T: std::str::FromStr>(text: &str) -> Result<Option<T>, ()> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| ()) }
}

/// The rows of the agreements at some places of the board, in their order.
pub(crate) async fn rows(app: &App, at_places: &[usize], at: Timestamp) -> Result<Vec<Row>, Problem> {
    let (ids, places): (Vec<AgreementId>, Vec<Option<Place>>) = {
        let view = app.reader.view();
        let lines = view.board().lines();
        let ids = at_places.iter().filter_map(|place| lines.get(*place)).map(|line| line.id);
        ids.map(|id| (id, view.state().agreement(id).and_then(|agreement| place(&view, &agreement, (app.clock)()))))
            .unzip()
    };
    let opened = app.opened(places).await?;
    let view = app.reader.view();
    let state = view.state();
    let row =
        |(id, opened): (&AgreementId, _)| state.agreement(*id).map(|agreement| Row::of(state, &agreement, at, &opened));
    Ok(ids.iter().zip(opened).filter_map(row).collect())
}

/// One agreement in the list.
struct Item {
    title: String,
    href: String,
    reference: String,
    state: Tag,
    parties: String,
    purpose: Option<String>,
    line: String,
}

impl Item {
    fn of(row: &Row) -> Self {
        let names: Vec<&str> = row.controllers.iter().chain(&row.processors).map(|named| named.name.as_str()).collect();
        let parties = match names.as_slice() {
            [first @ .., _, _] if first.len() > 2 => {
                format!("{} organisations, led by {}", names.len(), names.first().unwrap_or(&""))
            }
            all => all.join(", "),
        };
        let class = row.data.iter().map(|data| data.class).max().map_or("Kind of data not known", english::class);
        let end = row.end.map_or_else(String::new, |end| format!(" to {}", english::date(end)));
        Self {
            title: row.title(),
            href: links::agreement(&row.reference),
            reference: row.reference.clone(),
            state: Tag::of_line(row.state, unconfirmed(row.import.as_ref())),
            parties,
            purpose: row.purpose.clone().or_else(|| row.import.as_ref().map(told)),
            line: format!(
                "{class}{}{end}",
                row.start.map_or_else(String::new, |start| format!(". {}", english::date(start)))
            ),
        }
    }
}

/// One choice of a list.
struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register {
    frame: Frame,
    q: String,
    parties: Vec<Choice>,
    states: Vec<Choice>,
    classes: Vec<Choice>,
    filtered: bool,
    count: String,
    items: Vec<Item>,
    pages: Pages,
    csv: String,
    json: String,
}

/// The page.
pub(crate) async fn register(State(app): State<Arc<App>>, visit: Visit, uri: Uri) -> Result<Response, Fault> {
    let asked = Asked::read(&uri, Form::Page).map_err(visit.fault(&app))?;
    let at = (app.clock)();
    let all = app.fitting(&asked.search, at).await.map_err(visit.fault(&app))?;
    let count = all.len().div_ceil(PER_PAGE).max(1);
    let current = asked.page.clamp(1, count);
    let shown = all.newest((current - 1) * PER_PAGE, PER_PAGE);
    let brief = app.brief(&shown).await.map_err(visit.fault(&app))?;
    let view = app.reader.view();
    let items = shown.iter().zip(&brief).filter_map(|(place, opened)| {
        let agreement = view.state().agreement(view.board().lines().get(*place)?.id)?;
        Some(Item::of(&Row::of(view.state(), &agreement, at, opened)))
    });
    let title = if asked.q.is_empty() {
        "Register of agreements".to_owned()
    } else {
        format!("{} – register of agreements", asked.q)
    };
    let template = Register {
        frame: Frame::new(&app, &view, &visit, Section::Register, title),
        parties: parties(&view, asked.search.party),
        states: states(asked.search.state, asked.search.unconfirmed),
        classes: classes(asked.search.class),
        filtered: !(asked.q.is_empty() && asked.party.is_empty() && asked.state.is_empty() && asked.class.is_empty()),
        count: english::count(all.len() as u64, "agreement", "agreements"),
        items: items.collect(),
        pages: Pages::new(current, count, |number| asked.link(links::REGISTER, number)),
        csv: asked.link(links::REGISTER_CSV, 1),
        json: asked.link(links::REGISTER_JSON, 1),
        q: asked.q,
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

fn parties(view: &View, chosen: Option<OrganisationCode>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = view
        .state()
        .organisations
        .values()
        .map(|body| Choice { value: body.code.to_string(), name: body.name.clone(), chosen: chosen == Some(body.code) })
        .collect();
    choices.sort_by(|one, other| (&one.name, &one.value).cmp(&(&other.name, &other.value)));
    choices
}

/// Whether an agreement was imported and is not confirmed by all.
pub(crate) fn unconfirmed(import: Option<&Imported>) -> bool {
    import.is_some_and(|import| import.confirmed < import.parties)
}

/// Where an agreement came from, as pages say it.
pub(crate) fn told(import: &Imported) -> String {
    format!("Imported by {}; confirmed by {} of {}.", import.by.name, import.confirmed, import.parties)
}

fn states(chosen: Option<StageName>, unconfirmed: bool) -> Vec<Choice> {
    let choice = |stage: &StageName| Choice {
        value: stage.to_string(),
        name: super::frame::capital(stage.words()),
        chosen: chosen == Some(*stage),
    };
    let imports =
        Choice { value: UNCONFIRMED.to_owned(), name: "Imported, not confirmed".to_owned(), chosen: unconfirmed };
    StageName::ALL.iter().filter(|stage| **stage != StageName::None).map(choice).chain([imports]).collect()
}

fn classes(chosen: Option<DataClass>) -> Vec<Choice> {
    let choice = |class: &DataClass| Choice {
        value: class.to_string(),
        name: english::class(*class).to_owned(),
        chosen: chosen == Some(*class),
    };
    DataClass::ALL.iter().map(choice).collect()
}
