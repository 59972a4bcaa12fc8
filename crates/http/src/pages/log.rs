//! The log: how long it is, what its root is, who watches it, and how anybody checks it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use counterpart_core::replay;
use counterpart_projections::english;

use super::fault::Fault;
use super::frame::{Frame, Pages, Section, page};
use crate::query::Query;
use crate::visit::Visit;
use crate::{App, links};

/// Entries on one page.
const PER_PAGE: u64 = 25;

struct Entry {
    index: String,
    href: String,
    what: &'static str,
    who: String,
    when: String,
}

#[derive(Template)]
#[template(path = "log.html")]
struct Log {
    frame: Frame,
    size: String,
    root: String,
    when: String,
    origin: String,
    vkey: String,
    ledger: String,
    checkpoint: String,
    witnesses: usize,
    /// Where this server is reached.
    base: String,
    entries: Vec<Entry>,
    pages: Pages,
}

/// The page.
pub(crate) async fn log(State(app): State<Arc<App>>, visit: Visit, uri: Uri) -> Result<Response, Fault> {
    let query = Query::read(&uri, &["page"]).map_err(visit.fault(&app))?;
    let asked: Option<usize> = query.value("page", "the number of a page").map_err(visit.fault(&app))?;
    let size = app.reader.view().size();
    let count = usize::try_from(size.div_ceil(PER_PAGE).max(1)).unwrap_or(usize::MAX);
    let current = asked.unwrap_or(1).clamp(1, count);
    // The newest first.
    let end = size.saturating_sub((current as u64 - 1) * PER_PAGE);
    let first = end.saturating_sub(PER_PAGE);
    let read = app.entries(first..end).await.map_err(visit.fault(&app))?;
    let newest_first = read.iter().enumerate().rev();
    let entries = newest_first.filter_map(|(place, bytes)| entry(first + place as u64, bytes)).collect();
    let vkey = app.vkey();
    let view = app.reader.view();
    let checkpoint = view.checkpoint().map(ToString::to_string).unwrap_or_default();
    let template = Log {
        frame: Frame::new(&app, &view, &visit, Section::Log, "The log"),
        size: english::number(view.size()),
        root: view.root().to_string(),
        when: view.state().recorded_at.map(english::instant).unwrap_or_default(),
        origin: app.origin.clone(),
        vkey,
        ledger: view.state().founded.as_ref().map(|founded| founded.ledger.to_string()).unwrap_or_default(),
        // Lines of the log itself bear its name; while its key changes there are two of them.
        witnesses: checkpoint
            .lines()
            .filter_map(|line| line.strip_prefix("— ")?.split(' ').next())
            .filter(|name| *name != app.origin)
            .count(),
        checkpoint,
        base: visit.base.clone(),
        entries,
        pages: Pages::new(current, count, |number| {
            let number = if number > 1 { number.to_string() } else { String::new() };
            links::with_query(links::LOG, &[("page", number)])
        }),
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

fn entry(index: u64, bytes: &[u8]) -> Option<Entry> {
    let read = replay::read(bytes).ok()?;
    let principal = read.event.principal();
    Some(Entry {
        index: english::number(index),
        href: links::event(index),
        what: english::event(read.event.event_type()),
        who: format!("{}, {}", principal.organisation, principal.role.title()),
        when: english::instant(read.entry.recorded_at),
    })
}
