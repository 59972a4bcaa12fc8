//! `GET /api/v1/agreements/{id}/versions/{n}`: one draft of the terms, with the words that the reader may read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use counterpart_core::agreement::Version;
use counterpart_core::commitment::{Commitment, Disclosure};
use counterpart_core::event::Event;
use counterpart_core::header::Header;
use counterpart_core::ids::{EventId, OrganisationCode, Stream};
use counterpart_core::storage::StoreError;
use counterpart_core::wire::Digest;
use counterpart_projections::reading::{self, Open, Reader};
use serde::Serialize;

use crate::App;
use crate::erasing::Erased;
use crate::problem::Problem;
use crate::repeat::unread;

/// One draft of the terms.
#[derive(Serialize)]
struct Draft {
    /// The human reference of the agreement.
    reference: String,
    stream: Stream,
    version: u32,
    version_hash: Digest,
    /// The event that carried it.
    event: EventId,
    /// Where that event stands in the log.
    index: u64,
    /// Who made it.
    by: OrganisationCode,
    header: Arc<Header>,
    /// The commitment to the terms: with header, stream and number it gives the hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<Commitment>,
    /// What the reader may read of the words; refused and absent look the same.
    disclosures: Vec<Disclosure>,
    /// What of the words is erased by order of the log; the commitments stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    erased: Vec<Erased>,
}

/// One version, by its number.
pub(crate) async fn one(
    State(app): State<Arc<App>>,
    path: Result<Path<(String, String)>, axum::extract::rejection::PathRejection>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    let Path((name, number)) = path.map_err(|_| Problem::not_found("There is nothing at this address."))?;
    app.asked(&headers, &uri, &[]).await?;
    let visitor = app.visitor_of(&headers)?;
    let own = Arc::clone(&app);
    app.blocking(move || own.draft(&name, &number, visitor.reader())).await?
}

impl App {
    fn draft(&self, name: &str, number: &str, reader: Option<&Reader>) -> Result<Response, Problem> {
        let (seen, agreement) = self.found(name, self.now())?;
        let number = crate::log::decimal(number).and_then(|number| u32::try_from(number).ok());
        let version: &Version = number.and_then(|number| agreement.version(number)).ok_or_else(|| {
            let count = agreement.versions().len();
            Problem::not_found(format!("{} has {count} version(s), and none of that number.", agreement.reference()))
        })?;
        let lost =
            || Problem::unavailable("The entry of this version cannot be read. Whoever runs the server is told.");
        let index = self.reader.view().index_of(version.event).ok_or_else(lost)?;
        let event = self.recorded(index).map_err(|error| unread(&error))?.ok_or_else(lost)?;
        let disclosures = self.readable(index, &event, reader).map_err(|error| unread(&error))?;
        Ok(seen.json(&Draft {
            reference: agreement.reference().to_string(),
            stream: event.stream,
            version: version.number,
            version_hash: version.hash,
            event: version.event,
            index,
            by: version.by,
            header: Arc::clone(&version.header),
            terms: event.data.terms(),
            disclosures,
            erased: self.erased(index),
        }))
    }

    /// What a reader may read of the words of an entry. Words that are not for the reader are not even looked for.
    pub(crate) fn readable(
        &self,
        index: u64,
        event: &Event,
        reader: Option<&Reader>,
    ) -> Result<Vec<Disclosure>, StoreError> {
        let open = reading::open(self.reader.view().state(), event, reader, (self.clock)());
        if open == Open::Nothing {
            return Ok(Vec::new());
        }
        let mut words = self.disclosures(index)?;
        words.retain(|disclosure| open.shows(&disclosure.pointer));
        Ok(words)
    }
}
