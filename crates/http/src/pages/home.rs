//! The home page: what this is, how it stands, and where to look.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::agreement::StageName;
use counterpart_core::london;
use counterpart_core::time::Timestamp;
use counterpart_projections::english;

use super::frame::{Frame, Section, Tag, page};
use super::picture::{Fill, map};
use crate::visit::Visit;
use crate::{App, links};

/// Something that was tried while the story of the demonstration was written, and refused.
#[derive(Clone, Debug)]
pub struct Tried {
    /// When, by the clock of the story.
    pub at: Timestamp,
    /// Who tried what, in plain words.
    pub what: String,
    /// The code of the rule.
    pub code: String,
    /// What the rule said.
    pub answer: String,
}

impl App {
    /// Gives the home page of the demonstration what was tried and refused. Once, before the first request.
    pub fn tell_of(&self, tried: impl Iterator<Item = Tried>) {
        // A second telling would be a mistake of the caller; the first one stays.
        let _ = self.tried.set(tried.collect());
    }
}

struct Refused {
    day: String,
    what: String,
    code: String,
    answer: String,
}

impl From<&Tried> for Refused {
    fn from(tried: &Tried) -> Self {
        let Tried { at, what, code, answer } = tried.clone();
        Self { day: english::date(london::date_of(at)), what: super::frame::capital(&what), code, answer }
    }
}

struct Stage {
    tag: Tag,
    count: String,
    href: String,
}

struct Newest {
    size: String,
    root: String,
    when: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    frame: Frame,
    in_force: String,
    under_way: String,
    organisations: String,
    entries: String,
    newest: Option<Newest>,
    stages: Vec<Stage>,
    map: String,
    key: Vec<(String, &'static str)>,
    refused: Vec<Refused>,
    sharing: usize,
    waits: String,
    began: Option<String>,
}

/// The page.
pub(crate) async fn home(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let at = (app.clock)();
    let view = app.reader.view_at(at);
    let (state, board) = (view.state(), view.board());
    let of = |names: &[StageName]| names.iter().map(|name| board.count(*name)).sum::<u64>();
    let flows = board.flows();
    let squares = super::picture::SQUARES.iter().map(|square| (square.code, flows.partners(square.code)));
    let sharing = squares.clone().filter(|(_, partners)| *partners > 0).count();
    let spoken: Vec<String> = squares
        .filter(|(_, partners)| *partners > 0)
        .map(|(code, partners)| {
            let name = counterpart_projections::register::name_of(state, code);
            format!("{}: {partners}", counterpart_projections::register::short_name(&name))
        })
        .collect();
    let drawing = map(
        "home-map",
        "Local authorities that share data now",
        &format!(
            "How many other bodies each shares with, under an agreement in force. {}. All others: none.",
            spoken.join(", ")
        ),
        |code| match flows.partners(code) {
            0 => (Fill::None, "–".to_owned()),
            few @ 1..=4 => (Fill::Part, few.to_string()),
            many => (Fill::Whole, many.to_string()),
        },
    );
    let template = Home {
        frame: Frame::new(&app, &view, &visit, Section::Home, "Data-sharing agreements in London"),
        in_force: english::number(of(&[StageName::Active])),
        under_way: english::number(of(&[
            StageName::Filed,
            StageName::Clarifying,
            StageName::Negotiating,
            StageName::Approving,
            StageName::Approved,
        ])),
        organisations: english::number(state.organisations.len() as u64),
        entries: english::number(view.size()),
        newest: state.recorded_at.map(|at| Newest {
            size: english::number(view.size()),
            root: view.root().to_string(),
            when: english::instant(at),
        }),
        // In the order of a life, from the request to its end.
        stages: StageName::ALL
            .iter()
            .map(|name| (name, board.count(*name)))
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| Stage {
                tag: Tag::of(*name),
                count: english::number(count),
                href: links::with_query(links::REGISTER, &[("state", name.to_string())]),
            })
            .chain((board.unconfirmed() > 0).then(|| Stage {
                tag: Tag::of_line(StageName::Active, true),
                count: english::number(board.unconfirmed()),
                href: links::with_query(links::REGISTER, &[("state", super::register::UNCONFIRMED.to_owned())]),
            }))
            .collect(),
        map: drawing,
        key: vec![
            (Fill::Whole.sample(), "with 5 or more"),
            (Fill::Part.sample(), "with 1 to 4"),
            (Fill::None.sample(), "with none now"),
        ],
        refused: app.tried.get().into_iter().flatten().map(Refused::from).collect(),
        sharing,
        waits: english::count(
            board.asked().map(|(.., count)| count).sum(),
            "step has to be taken",
            "steps have to be taken",
        ),
        began: view
            .filed()
            .first()
            .and_then(|id| state.agreement(*id))
            .map(|agreement| agreement.filed_at())
            .map(|at| english::date(counterpart_core::london::date_of(at))),
    };
    drop(view);
    page(StatusCode::OK, &template)
}
