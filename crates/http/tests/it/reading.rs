//! What anybody may read.

use axum::http::StatusCode;
use serde_json::json;

use crate::running::{Running, log_key};
use crate::world::person;

#[tokio::test]
async fn tiles_and_bundles_follow_the_checkpoint_and_never_go_beyond_it() {
    let running = Running::with_camden().await;
    let (entry, hashes) = (running.get("/log/tile/entries/000.p/2").await, running.get("/log/tile/0/000.p/2").await);
    assert_eq!((entry.status, hashes.status), (StatusCode::OK, StatusCode::OK));
    let bundle = counterpart_tlog::tile::decode_bundle(&entry.body, 2).unwrap();
    let leaves: Vec<u8> = bundle.iter().flat_map(|bytes| counterpart_tlog::leaf_hash(bytes).to_bytes()).collect();
    assert_eq!(leaves, hashes.body);
    assert_eq!(hashes.header("cache-control"), "public, max-age=31536000, immutable");
    for path in [
        "tile/0/000",
        "tile/0/000.p/3",
        "tile/0/000.p/0",
        "tile/0/000.p/02",
        "tile/0/x000/000",
        "tile/00/000",
        "tile/64/000",
        "tile/0/%30%30%30.p/2",
        "tile/entries/000.p/3",
        "tile/0/../../checkpoint",
        "tile/",
        "data/00",
        "proof/2",
        "proof/0?size=9",
        "proof/00",
    ] {
        let answer = running.get(&format!("/log/{path}")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "H404"), "{path}");
    }
}

#[tokio::test]
async fn a_proof_is_given_for_published_sizes() {
    let running = Running::with_camden().await;
    for (path, size) in [("/log/proof/0", 2), ("/log/proof/0?size=1", 1), ("/log/proof/1?size=2", 2)] {
        let answer = running.get(path).await;
        let proof = counterpart_tlog::proof::TlogProof::parse(answer.text()).unwrap();
        assert!(proof.checkpoint_note.contains(&format!("\n{size}\n")), "{path}");
    }
}

#[tokio::test]
async fn the_key_the_reference_data_and_the_schemas_are_served() {
    let running = Running::with_camden().await;
    assert_eq!(running.get("/log/vkey").await.text(), format!("{}\n", log_key().vkey()));
    let file = &counterpart_core::codes::FILES[0];
    let data = running.get(&format!("/log/data/{}", file.sha256())).await;
    assert_eq!(data.text(), file.text);
    for (path, schema) in counterpart_core::schemas::all() {
        assert_eq!(running.get(&format!("/schemas/{path}")).await.json(), schema, "{path}");
    }
}

#[tokio::test]
async fn every_code_has_a_page() {
    let running = Running::founded().await;
    for (code, _) in counterpart_core::refusal::Refusal::CATALOGUE {
        let page = running.get(&format!("/problems/{code}")).await;
        assert_eq!(page.status, StatusCode::OK, "{code}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    }
    assert_eq!(running.get("/problems/Z99").await.code(), "H404");
}

#[tokio::test]
async fn entries_are_found_by_stream_type_and_organisation() {
    let running = Running::with_camden().await;
    for (query, expected) in [
        ("", vec![0, 1]),
        ("?stream=org:CMD", vec![1]),
        ("?type=LedgerGenesis", vec![0]),
        ("?organisation=CMD", vec![1]),
        ("?organisation=REG", vec![0, 1]),
        ("?after=0", vec![1]),
        ("?after=0&type=LedgerGenesis", vec![]),
        ("?limit=1", vec![0]),
        ("?after=18446744073709551615", vec![]),
    ] {
        let answer = running.get(&format!("/api/v1/events{query}")).await.json();
        let indexes: Vec<_> = answer["events"].as_array().unwrap().iter().map(|row| row["index"].clone()).collect();
        assert_eq!(json!(indexes), json!(expected), "{query}");
    }
    let list = running.get("/api/v1/events?limit=1").await.json();
    assert_eq!(list["next"], json!(0));
    let row = running.get("/api/v1/events/1").await.json();
    assert_eq!(running.get(&format!("/api/v1/events/{}", row["id"].as_str().unwrap())).await.json(), row);
    assert_eq!(row["revision"], json!(1));
}

#[tokio::test]
async fn answers_say_what_they_were_built_from_and_wait_for_what_is_asked() {
    let running = Running::with_camden().await;
    let answer = running.get("/api/v1/organisations/CMD").await;
    let checkpoint = running.get("/log/checkpoint").await.text();
    assert_eq!(answer.header("counterpart-size"), "2");
    assert_eq!(answer.header("counterpart-root"), checkpoint.lines().nth(2).unwrap());
    let ask = |size: &str| {
        let request = axum::http::Request::get("/api/v1/organisations").header("counterpart-min-size", size);
        running.ask(request.body(axum::body::Body::empty()).unwrap())
    };
    assert_eq!(ask("2").await.status, StatusCode::OK);
    assert_eq!(ask("two").await.code(), "E01");
    assert_eq!(ask("3").await.code(), "H503");
}

#[tokio::test]
async fn an_organisation_shows_who_acts_for_it_and_which_posts_are_vacant() {
    let mut running = Running::with_camden().await;
    let appointment = running.world.appointment(&[person("CMD", "CEX", 10)], &person("CMD", "ADM", 11));
    running.recorded(&appointment).await;
    let body = running.get("/api/v1/organisations/CMD").await.json();
    assert_eq!((&body["code"], &body["state"], &body["revision"]), (&json!("CMD"), &json!("ACTIVE"), &json!(2)));
    let roles = running.get("/api/v1/organisations/CMD/roles").await.json();
    let held: Vec<_> = roles["roles"].as_array().unwrap().iter().map(|row| row["role"].clone()).collect();
    assert_eq!(held, [json!("CEX"), json!("ADM")]);
    assert_eq!(roles["vacancies"], json!(["SIRO", "DPO", "SIG", "IGL", "IAO"]));
    assert_eq!(running.get("/api/v1/organisations/ZZZ").await.code(), "H404");
}

#[tokio::test]
async fn what_is_prepared_is_what_a_client_would_sign() {
    let mut running = Running::with_camden().await;
    let draft = running.world.appointment(&[person("CMD", "CEX", 10)], &person("CMD", "ADM", 11));
    let (sealed, _) = crate::running::sealed(&draft);
    let mut asked = sealed.payload.clone();
    let members = asked.as_object_mut().unwrap();
    members.remove("ledger");
    members.remove("v");
    let answer = running.post("/api/v1/prepare", "application/json", asked.to_string()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let envelope = sealed.envelope();
    let told = answer.json();
    assert_eq!(told["digest"], json!(envelope.digest()));
    assert_eq!((&told["revision"], &told["barrier"]), (&json!(1), &json!(1)));
    asked["v"] = json!(1);
    assert_eq!(running.post("/api/v1/prepare", "application/json", asked.to_string()).await.code(), "E01");
}

#[tokio::test]
async fn a_closed_ledger_publishes_its_log_and_keeps_its_entries() {
    let running = Running::empty().found("CLOSED").await;
    for path in ["/log/checkpoint", "/log/tile/0/000.p/1", "/log/proof/0", "/log/vkey", "/healthz"] {
        assert_eq!(running.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in [
        "/log/tile/entries/000.p/1",
        "/api/v1/events",
        "/api/v1/events/0",
        "/api/v1/events/stream",
        "/api/v1/organisations",
        "/api/v1/organisations/CMD",
        "/api/v1/organisations/CMD/roles",
    ] {
        let answer = running.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (401, "H401"), "{path}");
    }
}

#[tokio::test]
async fn what_readers_see_is_what_a_fresh_replay_gives() {
    let mut running = Running::with_camden().await;
    let (chief, first, second) = (person("CMD", "CEX", 10), person("CMD", "ADM", 11), person("CMD", "ADM", 12));
    let steps = [
        running.world.appointment(&[chief.clone()], &first),
        running.world.key_registration(&first, &[chief.clone()]),
        running.world.registration("HCK", &person("HCK", "CEX", 20)),
    ];
    for step in &steps {
        running.recorded(step).await;
    }
    running.clock.fetch_add(5_000, std::sync::atomic::Ordering::SeqCst);
    let later = running.world.appointment(&[chief], &second);
    running.recorded(&later).await;
    let paths = [
        "/log/checkpoint",
        "/log/tile/0/000.p/6",
        "/log/tile/entries/000.p/6",
        "/log/proof/3",
        "/log/proof/1?size=4",
        "/api/v1/events",
        "/api/v1/events?stream=org:CMD",
        "/api/v1/events?organisation=HCK",
        "/api/v1/events?type=RoleHolderAppointed",
        "/api/v1/organisations",
        "/api/v1/organisations/CMD",
        "/api/v1/organisations/CMD/roles",
        "/api/v1/agreements",
    ];
    let mut before = Vec::new();
    for path in paths {
        let answer = running.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        before.push(answer);
    }
    let running = running.restarted().await;
    for (path, before) in paths.into_iter().zip(before) {
        let after = running.get(path).await;
        assert_eq!(after.text(), before.text(), "{path}");
        assert_eq!(after.header("counterpart-root"), before.header("counterpart-root"), "{path}");
    }
}
