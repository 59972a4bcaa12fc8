//! What went wrong, as RFC 9457 has it: the codes, their titles and their statuses.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use counterpart_core::message::Message;
use counterpart_core::refusal::Refusal;
use serde::Serialize;
use serde_json::value::RawValue;

/// The media type of every error.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Seconds after which it makes sense to ask again.
const RETRY_AFTER_SECONDS: &str = "1";

/// Every code that does not come from the rules, with what its page says.
pub const OWN: &[(&str, &str)] = &[
    ("E01", "The request is not the JSON that was asked for. Look at the detail, correct it and send it again."),
    ("E02", "The envelope is not a DSSE envelope in the strict profile. Make it again and sign again."),
    ("E03", "The payload is not canonical JSON, or not of its schema. Correct it and sign again."),
    ("E04", "This ledger does not know events of that type or version. Look at the published schemas."),
    ("E05", "Something is too large. The detail names the limit; send less, or send it in parts."),
    ("E09", "The signers do not fit the signatures, or a signature does not verify. Sign again."),
    ("H401", "You must be signed in to read this. The entries of this ledger are for registered organisations."),
    (
        "H403",
        "The form did not come from a page of this server, so nothing was done. Open the page here and send it again.",
    ),
    ("H404", "There is nothing at this address. Check the path or the reference."),
    ("H405", "This address does not answer that method. The `Allow` header names those that it does."),
    ("H415", "The content type is not the one asked for. Send `application/json`, or what the detail names."),
    ("H429", "Too many requests came from your address. Wait as long as `Retry-After` says."),
    ("H503", "The server cannot do this now. Wait as long as `Retry-After` says and try again; repeating is safe."),
    ("H507", "The disk of the server is full, so nothing can be recorded. Tell whoever runs it; repeating is safe."),
];

/// One answer that is not the one hoped for.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The code: from the catalogue of refusals, or one of [`OWN`].
    pub code: Cow<'static, str>,
    /// What is wrong with this request, on which thing, and what to do next.
    pub detail: String,
    /// All that validation said.
    pub messages: Vec<Message>,
    /// The signed refusal, canonical JSON.
    pub refusal: Option<Arc<str>>,
}

#[derive(Serialize)]
struct Shape<'a> {
    #[serde(rename = "type")]
    page: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    #[serde(skip_serializing_if = "<[Message]>::is_empty")]
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'a RawValue>,
}

impl Problem {
    /// A problem with a code of [`OWN`] or of the catalogue.
    pub fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { code: code.into(), detail: detail.into(), messages: Vec::new(), refusal: None }
    }

    /// Nothing stands at that address.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new("H404", what)
    }

    /// The server cannot, for now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new("H503", detail)
    }

    /// The rules said no.
    pub fn refused(refusal: &Refusal) -> Self {
        let messages = if let Refusal::Messages(messages) = refusal { messages.clone() } else { Vec::new() };
        Self { messages, ..Self::new(refusal.code().to_owned(), refusal.to_string()) }
    }

    /// The status that goes with the code.
    pub fn status(&self) -> StatusCode {
        status_of(&self.code)
    }

    /// The problem as one line of JSON.
    pub fn to_json(&self) -> Vec<u8> {
        let refusal = self.refusal.as_deref().and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        let status = self.status();
        let shape = Shape {
            page: format!("/problems/{}", self.code),
            title: title_of(status),
            status: status.as_u16(),
            detail: &self.detail,
            code: &self.code,
            messages: &self.messages,
            refusal,
        };
        // INVARIANT: strings, numbers and lists always serialise.
        serde_json::to_vec(&shape).unwrap_or_default()
    }
}

/// The status of a code (wire.md 6).
pub fn status_of(code: &str) -> StatusCode {
    match code {
        "E05" => StatusCode::PAYLOAD_TOO_LARGE,
        "T01" | "H404" => StatusCode::NOT_FOUND,
        "H401" => StatusCode::UNAUTHORIZED,
        "H403" => StatusCode::FORBIDDEN,
        "H405" => StatusCode::METHOD_NOT_ALLOWED,
        "H415" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "H429" => StatusCode::TOO_MANY_REQUESTS,
        "H507" => StatusCode::INSUFFICIENT_STORAGE,
        _ => match code.bytes().next() {
            Some(b'E') => StatusCode::BAD_REQUEST,
            Some(b'K' | b'R' | b'O' | b'D') => StatusCode::FORBIDDEN,
            Some(b'C') => StatusCode::CONFLICT,
            Some(b'T' | b'V' | b'G') => StatusCode::UNPROCESSABLE_ENTITY,
            // What is left is H503; an unknown family would be our fault, not the client's, and is one for a test.
            Some(_) | None => StatusCode::SERVICE_UNAVAILABLE,
        },
    }
}

/// What a status means to the reader.
fn title_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request is malformed",
        401 => "You are not signed in",
        403 => "You may not do this",
        404 => "There is no such thing",
        405 => "That method does not go with this address",
        409 => "Something else was recorded first",
        413 => "The request is too large",
        415 => "The content type is not the one asked for",
        422 => "The rules do not allow this",
        429 => "Too many requests",
        507 => "The store is full",
        _ => "The server cannot do this now",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = Response::new(Body::from(self.to_json()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_the_status_of_the_contract() {
        let expected = [
            ("E01", 400),
            ("E05", 413),
            ("K04", 403),
            ("R01", 403),
            ("O05", 403),
            ("D05", 403),
            ("T01", 404),
            ("T08", 422),
            ("C01", 409),
            ("C02", 409),
            ("V-30", 422),
            ("G08", 422),
            ("H401", 401),
            ("H403", 403),
            ("H404", 404),
            ("H405", 405),
            ("H415", 415),
            ("H429", 429),
            ("H503", 503),
            ("H507", 507),
        ];
        for (code, status) in expected {
            assert_eq!(status_of(code).as_u16(), status, "{code}");
        }
    }

    #[test]
    fn only_the_codes_that_say_wait_say_that_the_server_cannot() {
        for (code, _) in Refusal::CATALOGUE.iter().chain(OWN) {
            assert_eq!(status_of(code).as_u16() == 503, *code == "H503", "{code}");
        }
    }

    #[test]
    fn a_problem_names_its_page_and_its_code() {
        let shown: serde_json::Value = serde_json::from_slice(&Problem::not_found("no such tile").to_json()).unwrap();
        assert_eq!(shown["type"], "/problems/H404");
        assert_eq!((&shown["code"], &shown["status"]), (&"H404".into(), &404.into()));
        assert!(shown.get("messages").is_none() && shown.get("refusal").is_none());
    }
}
