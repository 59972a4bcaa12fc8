//! The register for programs: JSON, CSV and Atom, with the facts of its pages.

use std::fmt::Display;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, LINK};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use counterpart_core::time::Timestamp;
use counterpart_projections::board::Change;
use counterpart_projections::english;
use counterpart_projections::register::{Named, Row, unnamed};
use serde::Serialize;
use tokio_stream::StreamExt as _;

use super::frame::NOTICE;
use super::register::{Asked, Form, rows};
use crate::problem::Problem;
use crate::seen::Seen;
use crate::{App, links};

/// The most rows of one answer in JSON; a `next` link leads on.
const ROWS_MAX: usize = 1_000;

/// Rows of the spreadsheet that are in memory at once.
const CHUNK: usize = 200;

/// Changes in the Atom feed.
const CHANGES: usize = 100;

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    size: u64,
    root: String,
    /// How many there are altogether.
    total: usize,
    agreements: &'a [Row],
    /// What to ask for as `cursor` to go on, when there is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

/// `GET /api/v1/register`: the newest first, in parts that stay what they are when more is filed.
pub(crate) async fn json(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, Form::Feed(ROWS_MAX))?;
    app.ready_for(&headers).await?;
    let at = (app.clock)();
    let fitting = app.fitting(&asked.search, at).await?;
    let mut places = fitting.newest_before(asked.cursor.unwrap_or(usize::MAX), asked.limit.saturating_add(1));
    let more = places.len() > asked.limit;
    places.truncate(asked.limit);
    let next = places.last().copied().filter(|_| more);
    let agreements = rows(&app, &places, at).await?;
    let view = app.reader.view();
    let seen = Seen::of(&view);
    let answer = Answer {
        notice: app.is_demonstration().then_some(NOTICE),
        size: view.size(),
        root: view.root().to_string(),
        total: fitting.len(),
        agreements: &agreements,
        next,
    };
    // INVARIANT: strings, numbers and lists always serialise.
    let mut response = seen.answer("application/json", serde_json::to_vec(&answer).unwrap_or_default());
    let link = next.map(|cursor| format!("<{}>; rel=\"next\"", app.absolute(&asked.part(cursor, ROWS_MAX))));
    if let Some(link) = link.and_then(|link| HeaderValue::from_str(&link).ok()) {
        response.headers_mut().insert(LINK, link);
    }
    Ok(response)
}

/// The columns of the CSV: the reference and state, then the eighteen fields.
const COLUMNS: [&str; 22] = [
    "reference",
    "state",
    "publication",
    "import",
    "name",
    "purpose",
    "benefits",
    "legal power",
    "data",
    "controllers",
    "processors",
    "method",
    "retention",
    "start",
    "end",
    "review",
    "contact",
    "areas",
    "licence",
    "dpia",
    "excluded uses",
    "automated decisions",
];

/// `GET /register.csv`: all of it, some rows at a time, as fast as the reader takes them.
pub(crate) async fn csv(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Result<Response, Problem> {
    let asked = Asked::read(&uri, Form::Whole)?;
    app.ready_for(&headers).await?;
    let at = (app.clock)();
    let places = app.fitting(&asked.search, at).await?;
    let seen = Seen::of(&app.reader.view());
    let mut head = String::new();
    if app.is_demonstration() {
        line(&mut head, &[NOTICE.to_owned()]);
    }
    line(&mut head, &COLUMNS.map(str::to_owned));
    let places = places.newest(0, usize::MAX);
    let chunks: Vec<Vec<usize>> = places.chunks(CHUNK).map(<[usize]>::to_vec).collect();
    let rest = tokio_stream::iter(chunks).then(move |places| {
        let app = Arc::clone(&app);
        // Whoever reads sees the answer break off when the store fails behind its beginning.
        async move { lines(&app, &places, at).await.map_err(|problem| std::io::Error::other(problem.detail)) }
    });
    let mut response = seen.answer("text/csv; charset=utf-8", Vec::new());
    *response.body_mut() = Body::from_stream(tokio_stream::once(Ok(head)).chain(rest));
    let name = HeaderValue::from_static("attachment; filename=\"register.csv\"");
    response.headers_mut().insert(CONTENT_DISPOSITION, name);
    Ok(response)
}

async fn lines(app: &App, places: &[usize], at: Timestamp) -> Result<String, Problem> {
    let mut text = String::new();
    for row in &rows(app, places, at).await? {
        line(&mut text, &cells(row));
    }
    Ok(text)
}

fn cells(row: &Row) -> [String; 22] {
    let names = |named: &[Named]| joined(named.iter().map(|named| &named.name));
    let day = |date: Option<counterpart_core::time::Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let data = row.data.iter().map(|data| {
        let name = data.name.clone().unwrap_or_else(|| data.id.to_string());
        format!("{name} ({})", english::class(data.class))
    });
    [
        row.reference.clone(),
        if super::register::unconfirmed(row.import.as_ref()) {
            super::register::UNCONFIRMED.to_owned()
        } else {
            row.state.to_string()
        },
        format!("{:?}", row.publication),
        row.import.as_ref().map(super::register::told).unwrap_or_default(),
        row.name.clone().unwrap_or_default(),
        row.purpose.clone().unwrap_or_default(),
        row.benefits.clone().unwrap_or_default(),
        joined(row.legal_power.iter().map(|power| format!("{} {}", power.organisation, power.code))),
        joined(data),
        names(&row.controllers),
        names(&row.processors),
        joined(row.method.iter()),
        joined(row.retention.iter()),
        day(row.start),
        day(row.end),
        day(row.review),
        row.contact.clone().unwrap_or_default(),
        names(&row.areas),
        joined(row.licence.iter()),
        row.dpia.map(|dpia| dpia.to_string()).unwrap_or_default(),
        joined(row.excluded_uses.iter()),
        row.automated_decisions.to_string(),
    ]
}

fn joined(items: impl Iterator<Item = impl Display>) -> String {
    items.map(|item| item.to_string()).collect::<Vec<_>>().join("; ")
}

/// One line of CSV (RFC 4180). A cell that a spreadsheet would take for a formula gets an apostrophe before it.
fn line(text: &mut String, cells: &[String]) {
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        text.push('"');
        if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

/// `GET /register.atom`: the newest changes of state, each an entry.
pub(crate) async fn atom(State(app): State<Arc<App>>) -> Result<Response, Problem> {
    app.reader.caught_up().await?;
    let now = (app.clock)();
    let (changes, places): (Vec<Change>, Vec<usize>) = {
        let view = app.reader.view_at(now);
        let board = view.board();
        board.changes().take(CHANGES).filter_map(|change| Some((change, board.place(change.id)?))).unzip()
    };
    let titles = app.titles(&places).await?;
    let named: Vec<(String, String, &str)> = {
        let view = app.reader.view();
        let state = view.state();
        let named = changes.iter().zip(titles).filter_map(|(change, title)| {
            let agreement = state.agreement(change.id)?;
            let title = title.map_or_else(|| unnamed(state, &agreement), |title| title.to_string());
            // The first step of an import is that somebody brought it in.
            let imported = agreement.import().is_some() && change.step == 0;
            let what = if imported { "imported" } else { change.to.words() };
            Some((agreement.reference().to_string(), title, what))
        });
        named.collect()
    };
    let updated = changes.first().map_or(now, |change| change.at);
    let origin = &app.origin;
    let mut feed =
        String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    let mut push = |text: String| {
        feed.push_str(&text);
        feed.push('\n');
    };
    push(format!("<id>urn:counterpart:{}:register</id>", escaped(origin)));
    push(format!("<title>{}</title>", escaped(&titled(&app, "Register of agreements: changes"))));
    if app.is_demonstration() {
        push(format!("<subtitle>{NOTICE}</subtitle>"));
    }
    push(format!("<updated>{updated}</updated>"));
    push(format!("<link rel=\"self\" href=\"{}\"/>", escaped(&app.absolute(links::REGISTER_ATOM))));
    push(format!("<link rel=\"alternate\" href=\"{}\"/>", escaped(&app.absolute(links::REGISTER))));
    push(format!("<author><name>{}</name></author>", escaped(origin)));
    for (change, (reference, title, what)) in changes.iter().zip(&named) {
        push("<entry>".to_owned());
        push(format!("<id>urn:uuid:{}#{}</id>", change.id, change.step));
        push(format!("<title>{}: {}</title>", escaped(title), what));
        push(format!("<updated>{}</updated>", change.at));
        push(format!("<link href=\"{}\"/>", escaped(&app.absolute(&links::agreement(reference)))));
        push(format!("<summary>{} was {} from {}.</summary>", reference, what, english::instant(change.at)));
        push("</entry>".to_owned());
    }
    push("</feed>".to_owned());
    let kind = HeaderValue::from_static("application/atom+xml; charset=utf-8");
    Ok((StatusCode::OK, [(CONTENT_TYPE, kind)], feed).into_response())
}

fn titled(app: &App, title: &str) -> String {
    if app.is_demonstration() { format!("{title} (demonstration)") } else { title.to_owned() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn no_cell_is_a_formula_and_quotes_are_doubled() {
        let mut text = String::new();
        let cells = ["=1+1", "+44", "-1", "@x", "\tx", "plain", "a \"b\", c"].map(str::to_owned);
        line(&mut text, &cells);
        assert_eq!(text, "\"'=1+1\",\"'+44\",\"'-1\",\"'@x\",\"'\tx\",\"plain\",\"a \"\"b\"\", c\"\r\n");
    }
}
