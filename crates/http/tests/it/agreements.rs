//! Agreements over HTTP, as far as no agreement is needed: lists, moments and what is not there.

use axum::http::StatusCode;
use serde_json::json;

use crate::running::Running;

#[tokio::test]
async fn a_ledger_without_agreements_lists_none_at_any_moment() {
    let running = Running::with_camden().await;
    for query in
        ["", "?state=ACTIVE", "?party=CMD", "?q=dsa", "?as_of=1", "?at=2026-01-01", "?at=2031-05-01T00:00:00.000Z"]
    {
        let answer = running.get(&format!("/api/v1/agreements{query}")).await;
        assert_eq!((answer.status, answer.json()["agreements"].clone()), (StatusCode::OK, json!([])), "{query}");
        assert_eq!(answer.header("counterpart-size"), "2");
    }
    assert_eq!(running.get("/api/v1/agreements?as_of=3").await.code(), "H404");
    for query in
        ["state=V", "at=yesterday", "as_of=-1", "limit=0", "limit=201", "surprise=1", "state=ACTIVE&state=CLOSED"]
    {
        assert_eq!(running.get(&format!("/api/v1/agreements?{query}")).await.code(), "E01", "{query}");
    }
    for name in ["DSA-2026-000001", "01890000-0000-7000-8000-000000000001", "x"] {
        for path in ["", "/history"] {
            let answer = running.get(&format!("/api/v1/agreements/{name}{path}")).await;
            assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "T01"), "{name}");
        }
    }
}

#[tokio::test]
async fn validation_tells_everything_at_once_and_records_nothing() {
    let running = Running::with_camden().await;
    let asked = json!({ "terms": {}, "words": {}, "parties": [] });
    let answer = running.post("/api/v1/validate", "application/json", asked.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let messages = answer.json()["messages"].as_array().unwrap().clone();
    assert!(messages.len() > 1, "{messages:?}");
    for message in messages {
        for member in ["code", "severity", "path", "message", "help"] {
            assert!(message[member].is_string(), "{message}");
        }
    }
    assert!(answer.json().get("header").is_none());
    assert_eq!(running.checkpoint_size().await, 2);
}

#[tokio::test]
async fn the_description_of_the_interface_names_every_route_and_nothing_else() {
    let running = Running::founded().await;
    let described = running.get("/openapi.json").await.json();
    assert_eq!(described["openapi"], json!("3.1.0"));
    for (path, methods) in described["paths"].as_object().unwrap() {
        // `{path}` stands for several segments, the others for one.
        let asked = path.replace("{path}", "x/y").replace(['{', '}'], "");
        for method in ["get", "post"] {
            let described = methods.get(method).is_some();
            let request = axum::http::Request::builder().method(method.to_uppercase().as_str()).uri(&asked);
            let answer = running.app_answer(request.body(axum::body::Body::empty()).unwrap()).await;
            assert_eq!(answer.as_u16() != 405, described, "{method} {path}");
        }
    }
    for route in counterpart_http::paths() {
        let path = route.replace("{*", "{");
        assert!(described["paths"].get(&path).is_some(), "{route} is served and not described");
    }
}
