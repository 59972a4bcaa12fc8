//! Everything a stranger can send to every endpoint: a clear error, nothing recorded, never a panic, never a 500.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::running::{Answer, Running, sealed, submission};
use crate::world::person;

/// An error that says what it is: below 500 or 503, a problem that names its code.
fn judge(answer: &Answer, what: &str) {
    let status = answer.status.as_u16();
    assert!(status < 500 || status == 503, "{what}: {status} {}", answer.text());
    if status >= 400 {
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        let problem = answer.json();
        for member in ["type", "title", "status", "detail", "code"] {
            assert!(problem.get(member).is_some(), "{what} has no `{member}`");
        }
        assert_eq!(problem["status"], json!(status), "{what}");
        assert_eq!(problem["type"], json!(format!("/problems/{}", problem["code"].as_str().unwrap())), "{what}");
    }
}

fn bodies() -> Vec<Vec<u8>> {
    let event = "application/vnd.counterpart.event.v1+json";
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "{",
        "[]",
        "null",
        "true",
        "0",
        "\"\"",
        "{}",
        "\u{feff}{}",
        r#"{"a":1,"a":2}"#,
        r#"{"a":1.5}"#,
        r#"{"a":null}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"envelope":{},"disclosures":{}}"#,
        r#"{"envelope":null}"#,
        r#"{"disclosures":[]}"#,
        r#"{"envelope":{"payload":"","payloadType":"","signatures":[]}}"#,
        r#"{"terms":{},"words":{},"parties":[]}"#,
        r#"{"terms":[],"words":[],"parties":{}}"#,
        r#"{"terms":{"datasets":[{}]},"words":{"/":""},"parties":[{}]}"#,
        r#"{"terms":{"$commit":7},"words":{},"parties":[]}"#,
        r#"{"terms":{},"words":{},"parties":[],"stream":"agr:"}"#,
        r#"{"signers":[]}"#,
        r#"{"signers":[{"key":""}]}"#,
        r#"{"ledger":"x"}"#,
        "9007199254740993",
    ]
    .into_iter()
    .map(|text| text.as_bytes().to_vec())
    .collect();
    bodies.push(b"\xff\xfe".to_vec());
    bodies.push(vec![0; 64]);
    bodies.push(vec![b'['; 100_000]);
    bodies.push("{\"a\":".repeat(50_000).into_bytes());
    bodies.push(vec![b'9'; 5_000]);
    let zeros = format!("{:064}", 0);
    for (payload, keyid, sig) in [
        ("AA==", "", ""),
        ("AA", &*zeros, "AA=="),
        ("e30=", &*zeros, "AA=="),
        ("!!!!", &*zeros, ""),
        ("e30=", "ABC", ""),
        ("e30", &*zeros, &*"A".repeat(86)),
        ("e31=", &*zeros, &*format!("{}==", "A".repeat(86))),
    ] {
        let envelope = json!({
            "payload": payload, "payloadType": event, "signatures": [{ "keyid": keyid, "sig": sig }],
        });
        bodies.push(json!({ "envelope": envelope, "disclosures": [] }).to_string().into_bytes());
    }
    bodies
}

#[tokio::test]
async fn no_body_to_any_endpoint_is_more_than_a_clear_error() {
    let running = Running::founded().await;
    let types = ["application/json", "application/x-ndjson", "text/plain", "", "application/json; charset=utf-16"];
    for path in ["/api/v1/events", "/api/v1/events/batch", "/api/v1/validate", "/api/v1/prepare", "/api/v1/sessions"] {
        for (number, body) in bodies().into_iter().enumerate() {
            for media_type in types {
                let answer = running.post(path, media_type, body.clone()).await;
                judge(&answer, &format!("{path} {media_type} body {number}"));
                assert_ne!(answer.status.as_u16(), 201, "{path} {number}");
            }
        }
    }
    assert_eq!(running.checkpoint_size().await, 1);
}

#[tokio::test]
async fn no_path_or_query_is_more_than_a_clear_error() {
    let running = Running::with_camden().await;
    let paths = [
        "/api/v1/events?after={}",
        "/api/v1/events?limit={}",
        "/api/v1/events?stream={}",
        "/api/v1/events?type={}",
        "/api/v1/events?organisation={}",
        "/api/v1/events/{}",
        "/api/v1/agreements/{}",
        "/api/v1/agreements?state={}",
        "/api/v1/agreements?at={}",
        "/api/v1/agreements?as_of={}",
        "/api/v1/agreements?q={}",
        "/api/v1/agreements?cursor={}",
        "/api/v1/agreements?party={}",
        "/api/v1/agreements?class={}",
        "/api/v1/agreements/{}/history",
        "/api/v1/agreements/{}/versions/1",
        "/api/v1/agreements/x/versions/{}",
        "/api/v1/organisations/{}",
        "/api/v1/organisations/{}/roles",
        "/api/v1/events?{}",
        "/log/tile/{}",
        "/log/tile/0/{}",
        "/log/tile/entries/{}",
        "/log/data/{}",
        "/log/proof/{}",
        "/log/proof/0?size={}",
        "/schemas/{}",
        "/problems/{}",
        "/{}",
    ];
    let long = "x".repeat(3_000);
    let words = [
        "",
        "0",
        "-1",
        "1e9",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999",
        "NaN",
        "%00",
        "%ff%fe",
        "..%2f..%2fetc%2fpasswd",
        "../../../etc/passwd",
        "%2e%2e/%2e%2e",
        &long,
        "%E2%80%AE",
        "'%20OR%201=1--",
        "2026-02-30",
        "2026-13-01T00:00:00Z",
        "9999-12-31",
        "9999-12-31T23:59:59.999Z",
        "0000-00-00",
        "agr:",
        "org:%0a",
        "DSA-2026-000000",
        "DSA-2026-999999",
        "000.p/0",
        "x000/000",
        "000.p/256",
        "%F0%9F%92%A9",
        "a=1&a=2",
        "%zz",
    ];
    for path in paths {
        for word in words {
            let asked = path.replace("{}", word);
            for method in [Method::GET, Method::HEAD, Method::DELETE, Method::PATCH, Method::OPTIONS] {
                let request = Request::builder().method(&method).uri(&asked).body(Body::empty());
                let Ok(request) = request else { continue };
                let answer = running.ask(request).await;
                if method == Method::HEAD {
                    assert!(answer.status.as_u16() < 500, "{method} {asked}");
                } else {
                    judge(&answer, &format!("{method} {asked}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn another_method_or_content_type_is_named_with_what_to_do() {
    let running = Running::founded().await;
    let put = Request::put("/api/v1/events").body(Body::from("{}")).unwrap();
    let answer = running.ask(put).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "H405"));
    assert!(answer.header("allow").contains("POST"), "{:?}", answer.headers);
    for media_type in ["text/plain", "", "application/jsonx", "application/x-www-form-urlencoded"] {
        let answer = running.post("/api/v1/events", media_type, "{}").await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "H415"), "{media_type}");
    }
    let answer = running.post("/api/v1/events/batch", "application/json", "{}").await;
    assert_eq!(answer.code(), "H415");
    assert!(answer.json()["detail"].as_str().unwrap().contains("application/x-ndjson"));
}

#[tokio::test]
async fn what_is_too_large_is_said_to_be() {
    let running = Running::founded().await;
    let answer = running.post("/api/v1/events", "application/json", vec![b' '; (8 << 20) + 1]).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "E05"));
    let mut said = Request::post("/api/v1/events").header("content-type", "application/json");
    said = said.header("content-length", (9_u64 << 20).to_string());
    let answer = running.ask(said.body(Body::from("{")).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (413, "E05"), "it is refused before it is sent");
    let mut lines = vec![b'x'; (8 << 20) + 1];
    lines.extend_from_slice(b"\n{\n");
    let answer = running.post("/api/v1/events/batch", "application/x-ndjson", lines).await;
    let codes: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["code"].clone()).collect();
    assert_eq!(codes, [json!("E05"), json!("E01")]);
}

#[tokio::test]
async fn changed_events_are_refused_with_the_code_of_what_was_changed() {
    let mut running = Running::founded().await;
    let mut cases: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut with = |code, change: &dyn Fn(&mut Value)| {
        let mut draft = running.world.registration("CMD", &person("CMD", "CEX", 10));
        change(&mut draft.payload);
        let (draft, disclosures) = sealed(&draft);
        let envelope: Value = serde_json::from_slice(&draft.envelope().canonical()).unwrap();
        cases.push((code, json!({ "envelope": envelope, "disclosures": disclosures }).to_string().into_bytes()));
    };
    with("E03", &|payload| payload["surprise"] = json!(1));
    with("E03", &|payload| payload["data"]["surprise"] = json!(1));
    with("E03", &|payload| payload["expected_revision"] = json!(-1));
    with("E03", &|payload| payload["id"] = json!("not a uuid"));
    with("E03", &|payload| payload["stream"] = json!("org:"));
    with("E03", &|payload| payload["valid_until"] = json!("2026-12-01T00:00:00Z"));
    with("E03", &|payload| payload["valid_until"] = json!("2030-01-01T00:00:00.000Z"));
    with("E04", &|payload| payload["type"] = json!("SomethingElse"));
    with("E04", &|payload| payload["v"] = json!(2));
    with("E06", &|payload| payload["ledger"] = json!("other.example/log#00"));
    with("E09", &|payload| payload["signers"][0]["key"] = json!("00".repeat(32)));
    with("K06", &|payload| {
        // The identity element: every signature by it would hold.
        payload["data"]["chief"]["public"] = json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    });
    with("C01", &|payload| payload["expected_revision"] = json!(1));
    with("C01", &|payload| payload["expected_revision"] = json!(9_007_199_254_740_991_i64));
    for (code, body) in cases {
        let answer = running.post("/api/v1/events", "application/json", body).await;
        assert_eq!(answer.code(), code, "{}", answer.text());
        judge(&answer, code);
        let signed = !matches!(code, "E01" | "E02" | "E03" | "E04" | "E05");
        assert_eq!(answer.json().get("refusal").is_some(), signed, "{code}");
    }
    assert_eq!(running.checkpoint_size().await, 1);
}

#[tokio::test]
async fn a_body_that_breaks_off_records_nothing() {
    let mut running = Running::founded().await;
    let draft = running.world.registration("CMD", &person("CMD", "CEX", 10));
    let whole = submission(&draft);
    let half = whole[..whole.len() / 2].to_vec();
    let body = || {
        let pieces = [Ok(half.clone()), Err(std::io::Error::other("gone"))];
        Body::from_stream(tokio_stream::iter(pieces))
    };
    let answer = running.post("/api/v1/events", "application/json", body()).await;
    assert_eq!(answer.code(), "E01", "{}", answer.text());
    let answer = running.post("/api/v1/events/batch", "application/x-ndjson", body()).await;
    assert_eq!(answer.json()["code"], json!("E01"), "{}", answer.text());
    assert_eq!(running.checkpoint_size().await, 1);
}
