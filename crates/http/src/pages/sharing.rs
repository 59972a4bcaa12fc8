//! Who shares with whom: a table of givers and receivers, its cells coloured by how many agreements.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::ids::OrganisationCode;
use counterpart_projections::english;
use counterpart_projections::register::{name_of, short_name};

use super::frame::{Frame, Section, page};
use crate::visit::Visit;
use crate::{App, links};

struct Cell {
    class: &'static str,
    text: String,
    spoken: String,
}

struct Line {
    name: String,
    href: String,
    cells: Vec<Cell>,
    total: u32,
}

#[derive(Template)]
#[template(path = "sharing.html")]
struct Sharing {
    frame: Frame,
    pairs: String,
    columns: Vec<(String, String)>,
    lines: Vec<Line>,
}

/// The page.
pub(crate) async fn sharing(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let at = (app.clock)();
    let view = app.reader.view_at(at);
    let state = view.state();
    let flows = view.board().flows();
    let mut bodies: Vec<(OrganisationCode, String)> =
        flows.bodies().into_iter().map(|code| (code, name_of(state, code))).collect();
    bodies.sort_by(|(_, one), (_, other)| short_name(one).cmp(short_name(other)));
    let line = |(from, name): &(OrganisationCode, String)| {
        let cells: Vec<Cell> = bodies.iter().map(|(to, _)| cell(*from, *to, flows.count(*from, *to))).collect();
        let total = bodies.iter().map(|(to, _)| flows.count(*from, *to)).sum();
        Line { name: short_name(name).to_owned(), href: links::organisation(*from), cells, total }
    };
    let template = Sharing {
        frame: Frame::new(&app, &view, &visit, Section::Sharing, "Who shares with whom"),
        pairs: english::count(flows.pairs() as u64, "pair of bodies", "pairs of bodies"),
        columns: bodies.iter().map(|(code, name)| (code.to_string(), short_name(name).to_owned())).collect(),
        lines: bodies.iter().map(line).collect(),
    };
    drop(view);
    page(StatusCode::OK, &template)
}

fn cell(from: OrganisationCode, to: OrganisationCode, count: u32) -> Cell {
    let (class, text, spoken) = match count {
        _ if from == to => ("app-level-self", String::new(), "the same body".to_owned()),
        0 => ("", String::new(), "none".to_owned()),
        1 => ("app-level-1", "1".to_owned(), String::new()),
        2 => ("app-level-2", "2".to_owned(), String::new()),
        many => ("app-level-3", many.to_string(), String::new()),
    };
    Cell { class, text, spoken }
}
