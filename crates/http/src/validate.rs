//! `POST /api/v1/validate`: everything the rules say of terms, all at once. Records nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::door::{self, Proposal, Surroundings, WordsByPointer};
use counterpart_core::header::Header;
use counterpart_core::ids::Stream;
use counterpart_core::json::{self, Limits, Value};
use counterpart_core::london;
use counterpart_core::message::Message;
use counterpart_core::wire::MAX_SUBMISSION;
use counterpart_projections::reading::{self, Open, Reader};
use serde::Serialize;

use crate::App;
use crate::body;
use crate::door::sentence;
use crate::problem::Problem;
use crate::repeat::unread;
use crate::submit::answer;

/// The deepest nesting: that of a disclosure, inside one object.
const MAX_DEPTH: usize = 33;

const MEMBERS: [&str; 4] = ["parties", "stream", "terms", "words"];

#[derive(Serialize)]
struct Validated {
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header>,
}

/// `terms`, `words`, `parties` and perhaps `stream` in; messages and the header out.
pub(crate) async fn validate(State(app): State<Arc<App>>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    body::of_type(&parts.headers, "application/json")?;
    let held = body::whole(&parts.headers, body, MAX_SUBMISSION, &app.bodies).await?;
    app.reader.caught_up().await?;
    let reader = app.reader_of(&parts.headers)?;
    let own = Arc::clone(&app);
    let validated = app.blocking(move || own.validated(&held.bytes, reader.as_ref())).await??;
    Ok(answer(StatusCode::OK, "application/json", serde_json::to_vec(&validated).unwrap_or_default()))
}

impl App {
    fn validated(&self, bytes: &[u8], reader: Option<&Reader>) -> Result<Validated, Problem> {
        let limits = Limits { max_depth: MAX_DEPTH, max_bytes: MAX_SUBMISSION };
        let malformed = |detail: &str| Problem::new("E01", sentence(detail));
        let asked = json::parse(bytes, limits).map_err(|error| malformed(&error.to_string()))?;
        let members = asked.as_object().ok_or_else(|| malformed("the request must be an object"))?;
        if let Some((name, _)) = members.iter().find(|(name, _)| !MEMBERS.contains(&name.as_str())) {
            return Err(malformed(&format!("the request has a member `{}` that is not known", body::shortened(name))));
        }
        let member =
            |name: &str| asked.member(name).ok_or_else(|| malformed(&format!("the request has no member `{name}`")));
        let (terms, parties) = (member("terms")?, member("parties")?);
        let words = words(asked.member("words")).ok_or_else(|| malformed("`words` must be an object of texts"))?;
        let earlier = asked.member("stream").map(|stream| self.earlier_terms(stream, reader)).transpose()?;
        let (_, view) = self.directory.read();
        let view = view.ok_or_else(|| Problem::unavailable("The ledger is not founded yet."))?;
        let proposal = Proposal { terms, words: &words, parties, contacts: None, requesting_organisation: None };
        let on = london::date_of((self.clock)());
        let judged = |similar: &[String]| {
            let exists = |id| self.reader.view().state().has_agreement(id);
            view.surround(on, |around| {
                let around = Surroundings { agreement_exists: Some(&exists), similar, ..*around };
                door::validate(&proposal, &around, earlier.as_ref())
            })
        };
        let mut validation = judged(&[]);
        let similar = validation.header.as_ref().map(|header| self.similar(header)).unwrap_or_default();
        if !similar.is_empty() {
            validation = judged(&similar);
        }
        Ok(Validated { messages: validation.messages, header: validation.header })
    }

    /// The terms that a next draft of an agreement is compared with. That would let anybody guess its words, so it
    /// is for its parties; for everybody else there is no such agreement.
    fn earlier_terms(&self, stream: &Value, reader: Option<&Reader>) -> Result<Value, Problem> {
        let stream: Option<Stream> = stream.as_str().and_then(|text| text.parse().ok());
        let Some(Stream::Agreement(id)) = stream else {
            return Err(Problem::new(
                "E01",
                "`stream` is not the stream of an agreement; one looks like `agr:<uuid>`.",
            ));
        };
        let Some(reader) = reader else {
            let detail = "Comparing with the words of an agreement is for its parties. Sign in, or leave `stream` out.";
            return Err(Problem::new("H401", detail));
        };
        let unknown = || {
            let detail = "You are party to no such agreement. Check `stream`, or leave it out for a new request.";
            Problem::new("T01", detail)
        };
        let event = {
            let view = self.reader.view();
            let agreement = view.state().agreement_at(id, (self.clock)()).ok_or_else(unknown)?;
            let answered = agreement.answered().event;
            view.index_of(answered).ok_or_else(unknown)?
        };
        let event = self.recorded(event).map_err(|error| unread(&error))?.ok_or_else(unknown)?;
        if reading::open(self.reader.view().state(), &event, Some(reader), (self.clock)()) != Open::Whole {
            return Err(unknown());
        }
        self.answered_terms(id).map_err(|error| unread(&error))?.ok_or_else(unknown)
    }
}

fn words(value: Option<&Value>) -> Option<WordsByPointer> {
    let Some(value) = value else { return Some(WordsByPointer::new()) };
    value.as_object()?.iter().map(|(name, text)| Some((name.clone(), text.as_str()?.to_owned()))).collect()
}
