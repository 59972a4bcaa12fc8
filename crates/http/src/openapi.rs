//! `/openapi.json`: what is served, in OpenAPI 3.1. A test holds it to the routes.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::submit::answer;

/// One operation: path, method, summary, parameters, media type asked for, media type of a good answer.
struct Operation {
    path: &'static str,
    method: &'static str,
    summary: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    asks: Option<&'static str>,
    gives: &'static str,
}

const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";
const TEXT: &str = "text/plain";
const BYTES: &str = "application/octet-stream";

const fn read(
    path: &'static str,
    summary: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    gives: &'static str,
) -> Operation {
    Operation { path, method: "get", summary, parameters, asks: None, gives }
}

const fn send(path: &'static str, summary: &'static str, asks: &'static str, gives: &'static str) -> Operation {
    Operation { path, method: "post", summary, parameters: &[], asks: Some(asks), gives }
}

const MOMENT: &[(&str, &str)] = &[
    ("at", "An instant, or a date, which is its 00:00 in London; may lie in the future."),
    ("as_of", "A number of entries: the state after them."),
];

const REGISTER: &[(&str, &str)] = &[
    ("q", "Words of a published title, part of a reference, or the name or code of a party."),
    ("party", "The code of an organisation."),
    ("state", "For example `ACTIVE`."),
    ("class", "The highest class of the data."),
];

const REGISTER_PAGES: &[(&str, &str)] = &[
    ("q", "Words of a published title, part of a reference, or the name or code of a party."),
    ("party", "The code of an organisation."),
    ("state", "For example `ACTIVE`."),
    ("class", "The highest class of the data."),
    ("cursor", "What an earlier answer gave as `next`."),
    ("limit", "1 to 1000; 1000 if left out."),
];

const OPERATIONS: &[Operation] = &[
    send(
        "/api/v1/events",
        "Record one signed event; 201 with its receipt, 200 with the first one for a repeat.",
        JSON,
        JSON,
    ),
    read(
        "/api/v1/events",
        "Entries, in order, with index, digest, leaf hash, standing and proof.",
        &[
            ("after", "The index of the last entry that you know."),
            ("limit", "1 to 1000; 100 if left out."),
            ("stream", "For example `org:CMD`."),
            ("type", "For example `RequestFiled`."),
            ("organisation", "A code: what it signed, and what stands in its stream."),
        ],
        JSON,
    ),
    send(
        "/api/v1/events/batch",
        "Record many, one submission a line, decided in order; a line for each.",
        NDJSON,
        NDJSON,
    ),
    read(
        "/api/v1/events/stream",
        "The live feed, without gap or repeat; `Last-Event-ID` is the index of the last entry that you know.",
        &[("after", "As `Last-Event-ID`, for clients that cannot set it.")],
        "text/event-stream",
    ),
    read("/api/v1/events/{name}", "One entry, by its index or its id.", &[], JSON),
    send("/api/v1/validate", "Everything the rules say of terms, all at once. Records nothing.", JSON, JSON),
    send("/api/v1/prepare", "The canonical payload of an event. Records nothing.", JSON, JSON),
    read(
        "/api/v1/agreements",
        "Agreements, in the order of filing.",
        &[
            ("state", "For example `ACTIVE`."),
            ("party", "The code of an organisation."),
            ("class", "The highest class of the data."),
            ("purpose", "A function that the data serve."),
            ("q", "Part of a reference, an id or the code of a party."),
            ("at", "An instant or a date."),
            ("as_of", "A number of entries."),
            ("cursor", "What an earlier answer gave as `next`."),
            ("limit", "1 to 200; 50 if left out."),
        ],
        JSON,
    ),
    read(
        "/api/v1/agreements/{id}",
        "One agreement, by id or reference, and why it stands where it stands.",
        MOMENT,
        JSON,
    ),
    read("/api/v1/agreements/{id}/history", "Its events and its changes of state.", MOMENT, JSON),
    read(
        "/api/v1/agreements/{id}/versions/{n}",
        "One draft of the terms: header, hash, and the words that the reader may read.",
        &[],
        JSON,
    ),
    read(
        "/api/v1/agreements/{id}/export",
        "The evidence of one agreement in one file, with the words that the reader may read; checked without the ledger.",
        &[("format", "`bundle`: a zip, as `docs/verify/README.md` says.")],
        "application/zip",
    ),
    read("/api/v1/organisations", "Every organisation, as it stands now.", &[], JSON),
    read("/api/v1/organisations/{code}", "One organisation, with its keys.", &[], JSON),
    read("/api/v1/organisations/{code}/roles", "Who acts for it, and which posts are vacant.", &[], JSON),
    read(
        "/api/v1/organisations/{code}/inbox",
        "What waits for one organisation: which role must do what, why, since when, by when; what is due first, first.",
        &[
            ("role", "Only what waits for this role, for example `DPO`."),
            ("person", "Only what waits for the roles in which this person may act."),
            ("at", "An instant, or a date, which is its 00:00 in London; may lie in the future."),
            ("as_of", "A number of entries: the state after them."),
            ("cursor", "What an earlier answer gave as `next`."),
            ("limit", "1 to 200; 50 if left out."),
        ],
        JSON,
    ),
    read(
        "/api/v1/organisations/{code}/duties",
        "What one organisation has to see to: reviews, destruction, notices, holds, advice, contests, incidents.",
        &[
            ("days", "How far ahead reviews, ends and decisions are told; 90 if left out."),
            ("at", "An instant, or a date, which is its 00:00 in London; may lie in the future."),
            ("as_of", "A number of entries: the state after them."),
            ("cursor", "What an earlier answer gave as `next`."),
            ("limit", "1 to 200; 50 if left out."),
        ],
        JSON,
    ),
    read("/api/v1/waiting", "How many steps wait for each role of each organisation, now.", &[], JSON),
    read(
        "/api/v1/register",
        "The public register: eighteen fields of each agreement, the newest first; `next` and `Link` lead on.",
        REGISTER_PAGES,
        JSON,
    ),
    read("/register.csv", "The same as a spreadsheet, all rows of it.", REGISTER, "text/csv"),
    read("/register.atom", "Changes of state, the newest first.", &[], "application/atom+xml"),
    send(
        "/api/v1/pending",
        "Gather the signatures of one payload: a submission that some of its signers have signed. 201, or 200 when it \
         waits already; what is complete is recorded and answered as an event is.",
        JSON,
        JSON,
    ),
    read("/api/v1/pending", "What waits for the signature of the session's key.", &[], JSON),
    read(
        "/api/v1/pending/{digest}",
        "One of them whole, for its signers: envelope so far, words, who has signed.",
        &[],
        JSON,
    ),
    send(
        "/api/v1/pending/{digest}/signatures",
        "One more signature, `{\"keyid\",\"sig\"}`; the last one records the event and is answered with its receipt.",
        JSON,
        JSON,
    ),
    send("/api/v1/pending/{digest}/withdraw", "A signer withdraws it for all: it is emptied.", JSON, JSON),
    send(
        "/api/v1/sessions",
        "A challenge for `{}`; for `{\"envelope\"}`, signed by a key of a registered organisation, a bearer token.",
        JSON,
        JSON,
    ),
    read("/log/checkpoint", "The newest signed checkpoint (C2SP tlog-checkpoint).", &[], TEXT),
    read("/log/tile/{path}", "A tile of hashes, or a bundle below `entries/` (C2SP tlog-tiles).", &[], BYTES),
    read("/log/data/{sha256}", "A file of reference data, by its SHA-256.", &[], JSON),
    read("/log/vkey", "The key that the log signs with.", &[], TEXT),
    read(
        "/log/keys/{name}",
        "How the key changed: `list`, or the checkpoint that two keys signed, by its size.",
        &[],
        TEXT,
    ),
    read(
        "/log/statements/{name}",
        "What is said of the log under its answer key: `end-of-epoch`, `continues`, `predecessor`; a signed note.",
        &[],
        TEXT,
    ),
    read(
        "/log/proof/{index}",
        "The proof of one entry (C2SP tlog-proof).",
        &[("size", "The size of a published checkpoint; the newest if left out.")],
        TEXT,
    ),
    read("/schemas/{path}", "A published JSON Schema.", &[], "application/schema+json"),
    read("/problems/{code}", "What a code means.", &[], "text/html"),
    read("/healthz", "The process lives.", &[], TEXT),
    read("/readyz", "Events can be recorded.", &[], TEXT),
    read("/metrics", "Figures for Prometheus.", &[], TEXT),
    read("/openapi.json", "This document.", &[], JSON),
];

static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

/// The document.
pub(crate) async fn openapi() -> Response {
    answer(StatusCode::OK, JSON, DOCUMENT.as_str())
}

fn document() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in OPERATIONS {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(operation.method.to_owned(), described(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Counterpart",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A ledger of data-sharing agreements: signed events in, receipts out, a log that anybody can check",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "paths": paths,
        "components": { "schemas": schemas() },
    })
}

fn described(operation: &Operation) -> Value {
    let within = operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let mut parameters: Vec<Value> = within
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(operation.parameters.iter().map(|(name, description)| {
        json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } })
    }));
    if operation.path.starts_with("/api/v1/") && operation.method == "get" {
        parameters.push(json!({
            "name": "Counterpart-Min-Size", "in": "header", "schema": { "type": "integer", "minimum": 0 },
            "description": "Wait until the answer is built from at least this many entries, or answer 503.",
        }));
    }
    let problem = json!({
        "description": "A problem (RFC 9457); `code` names the rule.",
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    });
    let schema = match (operation.path, operation.method) {
        ("/api/v1/events" | "/api/v1/events/batch", "post") => json!({ "$ref": "#/components/schemas/Receipt" }),
        ("/api/v1/prepare", _) => json!({ "$ref": "#/components/schemas/Prepared" }),
        (_, _) => json!({}),
    };
    let good = json!({ "description": "Done.", "content": { operation.gives: { "schema": schema } } });
    let mut responses = json!({ "200": good, "default": problem });
    if (operation.path, operation.method) == ("/api/v1/events", "post")
        && let Value::Object(responses) = &mut responses
    {
        responses.insert("201".to_owned(), good);
    }
    let mut described = json!({ "summary": operation.summary, "parameters": parameters, "responses": responses });
    if let (Some(media_type), Value::Object(members)) = (operation.asks, &mut described) {
        let schema = match operation.path {
            "/api/v1/events" | "/api/v1/events/batch" | "/api/v1/pending" => {
                json!({ "$ref": "#/components/schemas/Submission" })
            }
            _ => json!({ "type": "object" }),
        };
        let body = json!({ "required": true, "content": { media_type: { "schema": schema } } });
        members.insert("requestBody".to_owned(), body);
    }
    described
}

fn schemas() -> Value {
    let text = || json!({ "type": "string" });
    let base64 = || json!({ "type": "string", "contentEncoding": "base64" });
    let hex = || json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let signature = json!({
        "type": "object", "required": ["keyid", "sig"], "additionalProperties": false,
        "properties": { "keyid": hex(), "sig": base64() },
    });
    let envelope = json!({
        "type": "object", "required": ["payload", "payloadType", "signatures"], "additionalProperties": false,
        "properties": {
            "payload": base64(), "payloadType": text(),
            "signatures": { "type": "array", "minItems": 1, "maxItems": 16, "items": signature },
        },
    });
    let disclosure = json!({
        "type": "object", "required": ["pointer", "kind", "salt", "content"], "additionalProperties": false,
        "properties": {
            "pointer": text(), "kind": { "enum": ["text", "json", "sha256"] }, "salt": base64(), "content": base64(),
        },
    });
    let envelope_here = || json!({ "$ref": "#/components/schemas/Envelope" });
    let message = json!({
        "type": "object", "required": ["code", "severity", "path", "message", "help"],
        "properties": {
            "code": text(), "severity": { "enum": ["error", "warning"] }, "path": text(), "message": text(), "help": text(),
        },
    });
    json!({
        "Envelope": envelope,
        "Submission": {
            "type": "object", "required": ["envelope"], "additionalProperties": false,
            "properties": { "envelope": envelope_here(), "disclosures": { "type": "array", "items": disclosure } },
        },
        "Receipt": {
            "type": "object",
            "required": [
                "checkpoint", "digest", "id", "index", "leaf_hash", "proof", "recorded_at", "revision", "standing", "stream",
            ],
            "properties": {
                "checkpoint": text(), "digest": hex(), "id": { "type": "string", "format": "uuid" }, "index": whole(),
                "leaf_hash": base64(), "proof": text(), "recorded_at": { "type": "string", "format": "date-time" },
                "revision": whole(), "standing": { "enum": ["RECORDED", "WITNESSED"] }, "stream": text(),
            },
        },
        "Prepared": {
            "type": "object", "required": ["payload", "digest", "revision", "barrier"],
            "properties": { "payload": base64(), "digest": hex(), "revision": whole(), "barrier": whole() },
        },
        "Problem": {
            "type": "object", "required": ["type", "title", "status", "detail", "code"],
            "properties": {
                "type": text(), "title": text(), "status": { "type": "integer" }, "detail": text(), "code": text(),
                "messages": { "type": "array", "items": message },
                "refusal": envelope_here(),
            },
        },
    })
}
