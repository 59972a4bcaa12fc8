//! Schemas, the page of each problem, and what is answered where there is nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use counterpart_core::refusal::Refusal;
use counterpart_core::schemas;

use crate::named::Named;
use crate::problem::{OWN, Problem, status_of};
use crate::submit::answer;

/// The schemas by path, written once.
static SCHEMAS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let paths = schemas::all().into_iter().map(|(path, _)| path);
    paths.filter_map(|path| schemas::get(&path).map(|text| (path, text))).collect()
});

/// A published schema.
pub(crate) async fn schema(Named(path): Named) -> Result<Response, Problem> {
    let text = SCHEMAS.get(&path).ok_or_else(|| Problem::not_found("There is no such schema."))?;
    Ok(answer(StatusCode::OK, "application/schema+json", text.as_str()))
}

/// The page that explains a code.
pub(crate) async fn problem(Named(code): Named) -> Result<Response, Problem> {
    let meanings: Vec<&str> =
        OWN.iter().chain(Refusal::CATALOGUE).filter(|(own, _)| *own == code).map(|(_, text)| *text).collect();
    if meanings.is_empty() {
        return Err(Problem::not_found("There is no such code."));
    }
    let status = status_of(&code);
    let family = family(&code);
    let list = meanings.iter().fold(String::new(), |list, text| list + "<li>" + &escaped(text) + "</li>\n");
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{code} – Counterpart</title>\n</head>\n<body>\n<main>\n<h1>{code}</h1>\n<p>{family}</p>\n\
         <p>An answer with this code says:</p>\n<ul>\n{list}</ul>\n\
         <p>Words in braces are filled in with what the answer is about. The HTTP status is {}. \
         Nothing was recorded.</p>\n</main>\n</body>\n</html>\n",
        status.as_u16(),
    );
    Ok(answer(StatusCode::OK, "text/html; charset=utf-8", page))
}

fn family(code: &str) -> &'static str {
    match code.bytes().next() {
        Some(b'E') => "The request or the event is not well-formed, or not for this ledger.",
        Some(b'K') => "A key may not speak now.",
        Some(b'O') => "An organisation may not act now.",
        Some(b'R') => "A person does not hold the role that this asks for.",
        Some(b'D') => "One person would act in two capacities that must stay apart.",
        Some(b'T') => "The agreement is not in a state in which this can be done.",
        Some(b'C') => "Something else was recorded first.",
        Some(b'G') => "A condition of this step is not met.",
        Some(b'V') => "The document breaks a rule of the validator.",
        _ => "The server does not answer this request as it stands.",
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Nothing stands at that address.
pub(crate) async fn nothing_here() -> Problem {
    Problem::not_found("There is nothing at this address. `/openapi.json` lists what there is.")
}

/// The address does not answer that method.
pub(crate) async fn other_method(request: Request) -> Problem {
    let method = crate::body::shortened(request.method().as_str());
    Problem::new("H405", format!("This address does not answer {method}. The `Allow` header names what it does."))
}
