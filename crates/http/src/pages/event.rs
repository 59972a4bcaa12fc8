//! One entry of the log: what it says, who signed it, its bytes, its proof, and how to check them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::event::Event;
use counterpart_core::ids::Stream;
use counterpart_core::replay;
use counterpart_projections::View;
use counterpart_projections::english;
use counterpart_projections::reading::Reader;
use counterpart_projections::register::name_of;

use super::fault::Fault;
use super::frame::{Frame, Section, page};
use crate::erasing::Erased;
use crate::named::Named;
use crate::problem::Problem;
use crate::visit::Visit;
use crate::{App, links, receipt};

/// Words of one event that its page shows at most; the rest are in the data.
const WORDS_MAX: usize = 100;

struct Signed {
    organisation: String,
    href: String,
    role: String,
    person: String,
    key: String,
    delegated: bool,
}

/// Words of an event, as they lie beside the log.
struct Words {
    place: String,
    text: String,
}

impl Words {
    fn of(disclosure: &Disclosure) -> Self {
        let text = match disclosure.kind {
            Kind::Text => String::from_utf8_lossy(&disclosure.content).into_owned(),
            Kind::Json => serde_json::from_slice::<serde_json::Value>(&disclosure.content)
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_else(|_| String::from_utf8_lossy(&disclosure.content).into_owned()),
            Kind::Sha256 => format!("SHA-256 of a file: {}", hex::encode(&disclosure.content)),
        };
        Self { place: disclosure.pointer.clone(), text }
    }
}

#[derive(Template)]
#[template(path = "event.html")]
struct One {
    frame: Frame,
    shown_index: String,
    what: &'static str,
    means: &'static str,
    kind: String,
    about: String,
    about_href: Option<String>,
    recorded: String,
    signed: String,
    signers: Vec<Signed>,
    private: usize,
    erased: Vec<String>,
    said: Vec<Words>,
    unsaid: usize,
    base: String,
    json: String,
    data: String,
    entry: String,
    id: String,
    digest: String,
    leaf: String,
    proof: String,
    proof_href: String,
    hashes: usize,
    previous: Option<String>,
    next: Option<String>,
}

/// The page.
pub(crate) async fn one(State(app): State<Arc<App>>, visit: Visit, Named(index): Named) -> Result<Response, Fault> {
    show(&app, &visit, &index).await.map_err(visit.fault(&app))
}

async fn show(app: &Arc<App>, visit: &Visit, index: &str) -> Result<Response, Problem> {
    let none = || Problem::not_found("There is no such entry in the log. The newest is on the page of the log.");
    let size = app.reader.view().size();
    let index = crate::log::decimal(index).filter(|index| *index < size).ok_or_else(none)?;
    let entries = app.entries(index..index + 1).await?;
    let bytes = entries.into_iter().next().ok_or_else(none)?;
    let read =
        replay::read(&bytes).map_err(|stop| Problem::unavailable(format!("The entry cannot be read: {stop}.")))?;
    let event = &read.event;
    let said = app.said(index, event.clone(), visit.reader().copied()).await?;
    let payload: serde_json::Value = serde_json::from_slice(&read.entry.envelope.payload).unwrap_or_default();
    let data = payload.get("data").cloned().unwrap_or_default();
    let erased = app.erased(index).iter().map(Erased::told).collect();
    let view = app.reader.view();
    let checkpoint = view.checkpoint().cloned().ok_or_else(none)?;
    let hashes = view.tree().inclusion(index, view.size()).map_err(|_| none())?;
    let (about, about_href) = about(&view, event);
    let what = english::event(event.event_type());
    let template = One {
        frame: Frame::new(app, &view, visit, Section::Log, format!("{what}, entry {index}")),
        shown_index: english::number(index),
        what,
        means: english::event_means(event.event_type()),
        kind: event.event_type().to_string(),
        about,
        about_href,
        recorded: english::instant(read.entry.recorded_at),
        signed: english::instant(event.signed_at),
        signers: event
            .signers
            .iter()
            .map(|signer| Signed {
                organisation: name_of(view.state(), signer.organisation),
                href: links::organisation(signer.organisation),
                role: english::role(signer.role),
                person: signer.person.to_string(),
                key: signer.key.to_string(),
                delegated: signer.delegation.is_some(),
            })
            .collect(),
        said: said.iter().take(WORDS_MAX).map(Words::of).collect(),
        unsaid: said.len().saturating_sub(WORDS_MAX),
        base: visit.base.clone(),
        json: links::event_json(index),
        private: serde_json::to_string(&data).unwrap_or_default().matches("\"$commit\"").count(),
        erased,
        data: serde_json::to_string_pretty(&data).unwrap_or_default(),
        entry: String::from_utf8_lossy(&bytes).into_owned(),
        id: event.id.to_string(),
        digest: event.digest.to_string(),
        leaf: read.leaf.to_string(),
        proof: receipt::proof(index, &hashes, &checkpoint),
        proof_href: links::proof(index),
        hashes: hashes.len(),
        previous: index.checked_sub(1).map(links::event),
        next: (index + 1 < size).then(|| links::event(index + 1)),
    };
    drop(view);
    Ok(page(StatusCode::OK, &template))
}

impl App {
    /// The words of an event that a reader may read.
    async fn said(
        self: &Arc<Self>,
        index: u64,
        event: Event,
        reader: Option<Reader>,
    ) -> Result<Vec<Disclosure>, Problem> {
        let own = Arc::clone(self);
        self.reading(move || own.readable(index, &event, reader.as_ref())).await
    }
}

/// What an event is about, and its page.
fn about(view: &View, event: &Event) -> (String, Option<String>) {
    match event.stream {
        Stream::Sys => ("The ledger itself".to_owned(), Some(links::LOG.to_owned())),
        Stream::Organisation(code) => (name_of(view.state(), code), Some(links::organisation(code))),
        Stream::Key(key) => {
            let owner = view.state().keys.get(&key).map(|key| key.organisation);
            let name = owner.map_or_else(String::new, |code| format!(" of {}", name_of(view.state(), code)));
            (format!("A key{name}"), owner.map(links::organisation))
        }
        Stream::Agreement(id) => match view.state().agreement(id) {
            Some(agreement) => {
                (format!("Agreement {}", agreement.reference()), Some(links::agreement(agreement.reference())))
            }
            None => (event.stream.to_string(), None),
        },
        Stream::Template(_) | Stream::Programme(_) => (event.stream.to_string(), None),
    }
}
