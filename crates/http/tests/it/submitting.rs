//! Events in, receipts out.

use axum::http::StatusCode;
use counterpart_core::wire::{Envelope, REFUSAL_TYPE};
use counterpart_tlog::Hash;
use counterpart_tlog::proof::TlogProof;
use ed25519_dalek::Verifier as _;
use serde_json::{Value, json};

use crate::running::{Running, answer_key, genesis, log_key, submission};
use crate::world::{Draft, ORIGIN, person};

/// Checks a receipt as an auditor would: leaf hash, proof, checkpoint.
fn check(receipt: &Value) {
    let proof = TlogProof::parse(receipt["proof"].as_str().unwrap()).unwrap();
    let leaf = Hash::from_base64(receipt["leaf_hash"].as_str().unwrap()).unwrap();
    assert_eq!(json!(proof.index), receipt["index"]);
    assert_eq!(json!(proof.checkpoint_note), receipt["checkpoint"]);
    proof.verify_signed(&leaf, ORIGIN, &log_key().vkey()).unwrap();
}

/// Checks that a refusal is signed by the answer key, and gives what it says.
fn refusal(problem: &Value) -> Value {
    let text = problem["refusal"].to_string();
    let envelope = Envelope::parse_request(text.as_bytes(), REFUSAL_TYPE).unwrap();
    let sig = ed25519_dalek::Signature::from_bytes(&envelope.signatures[0].sig);
    answer_key().verifying_key().verify(&envelope.pae(), &sig).unwrap();
    serde_json::from_slice(&envelope.payload).unwrap()
}

fn camden(running: &mut Running) -> Draft {
    running.world.registration("CMD", &person("CMD", "CEX", 10))
}

#[tokio::test]
async fn a_receipt_proves_that_the_event_is_in_the_log() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    let receipt = running.recorded(&draft).await;
    check(&receipt);
    let members: Vec<&str> = receipt.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["checkpoint", "digest", "id", "index", "leaf_hash", "proof", "recorded_at", "revision", "standing", "stream"];
    assert_eq!(members, expected);
    assert_eq!((&receipt["index"], &receipt["revision"]), (&json!(1), &json!(1)));
    assert_eq!((&receipt["standing"], &receipt["stream"]), (&json!("RECORDED"), &json!("org:CMD")));
}

#[tokio::test]
async fn said_twice_recorded_once_and_the_first_receipt_answers() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    let first = running.recorded(&draft).await;
    let hackney = running.world.registration("HCK", &person("HCK", "CEX", 20));
    running.recorded(&hackney).await;
    let again = running.post_event(&draft).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first.clone()));
    let running = running.restarted().await;
    let later = running.post_event(&draft).await;
    assert_eq!((later.status, later.json()), (StatusCode::OK, first));
    assert_eq!(running.checkpoint_size().await, 3);
}

#[tokio::test]
async fn a_genesis_posted_again_gets_its_first_receipt_and_another_genesis_is_another_ledger() {
    let mut running = Running::empty();
    let genesis = genesis(&mut running.world, "OPEN");
    let first = running.recorded(&genesis).await;
    let mut running = running.restarted().await;
    let camden = camden(&mut running);
    running.recorded(&camden).await;
    let again = running.post_event(&genesis).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, first), "{}", again.text());
    let mut lines = submission(&genesis);
    lines.push(b'\n');
    let batch = running.post("/api/v1/events/batch", "application/x-ndjson", lines).await;
    assert_eq!(batch.json(), again.json());
    let mut other = genesis.clone();
    other.payload["id"] = json!("01890000-0000-7000-8000-0000000000ff");
    assert_eq!(running.post_event(&other).await.code(), "E06");
    let mut changed = genesis.clone();
    changed.payload["data"]["threshold"] = json!(3);
    assert_eq!(running.post_event(&changed).await.code(), "E06", "the ledger comes before the id");
    assert_eq!(running.checkpoint_size().await, 2);
}

#[tokio::test]
async fn an_id_used_for_another_event_is_a_conflict() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    running.recorded(&draft).await;
    let mut other = running.world.registration("HCK", &person("HCK", "CEX", 20));
    other.payload["id"] = draft.payload["id"].clone();
    let answer = running.post_event(&other).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (409, "C02"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("index 1"), "{}", answer.text());
}

#[tokio::test]
async fn a_refusal_names_the_rule_and_is_signed_with_the_log_it_was_judged_by() {
    let mut running = Running::founded().await;
    let stale = camden(&mut running).with("expected_revision", json!(7));
    let answer = running.post_event(&stale).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let problem = answer.json();
    assert_eq!((&problem["code"], &problem["type"]), (&json!("C01"), &json!("/problems/C01")));
    let said = refusal(&problem);
    assert_eq!((&said["code"], &said["size"]), (&json!("C01"), &json!(1)));
    assert_eq!(said["ledger"], json!(running.world.ledger));
    let root = running.get("/log/checkpoint").await.text().lines().nth(2).unwrap().to_owned();
    assert_eq!(said["root"], json!(root));
    let (sealed, _) = crate::running::sealed(&stale);
    assert_eq!(said["digest"], json!(sealed.envelope().digest()));
    assert_eq!(running.checkpoint_size().await, 1);
}

#[tokio::test]
async fn a_false_signature_is_a_signed_e09_and_another_ledger_comes_before_it() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    let mut body: Value = serde_json::from_slice(&submission(&draft)).unwrap();
    body["envelope"]["signatures"][0]["sig"] = body["envelope"]["signatures"][1]["sig"].clone();
    let answer = running.post("/api/v1/events", "application/json", body.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "E09"));
    assert_eq!(refusal(&answer.json())["size"], json!(1));
    let draft = camden(&mut running).with("ledger", json!("other.example/log#00"));
    let mut body: Value = serde_json::from_slice(&submission(&draft)).unwrap();
    body["envelope"]["signatures"][0]["sig"] = body["envelope"]["signatures"][1]["sig"].clone();
    let answer = running.post("/api/v1/events", "application/json", body.to_string()).await;
    assert_eq!(answer.code(), "E06", "{}", answer.text());
}

#[tokio::test]
async fn words_that_do_not_open_their_commitment_are_refused() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    let mut body: Value = serde_json::from_slice(&submission(&draft)).unwrap();
    body["disclosures"] = json!([]);
    let answer = running.post("/api/v1/events", "application/json", body.to_string()).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "E07"));
    refusal(&answer.json());
    assert_eq!(running.checkpoint_size().await, 1);
}

#[tokio::test]
async fn a_batch_is_decided_in_order_and_a_refused_line_does_not_stop_the_next() {
    let mut running = Running::founded().await;
    let chief = person("CMD", "CEX", 10);
    let registration = camden(&mut running);
    let stale = camden(&mut running).with("expected_revision", json!(7));
    running.world.revisions.insert("org:CMD".to_owned(), 1);
    // The chief's key comes in with the first line and signs the fourth.
    let appointment = running.world.appointment(&[chief], &person("CMD", "ADM", 11));
    let mut lines = Vec::new();
    for line in [submission(&registration), submission(&stale), b"{".to_vec(), submission(&appointment)] {
        lines.extend_from_slice(&line);
        lines.extend_from_slice(b"\n\n");
    }
    let answer = running.post("/api/v1/events/batch", "application/x-ndjson", lines).await;
    assert_eq!(answer.status, StatusCode::OK);
    let told: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.len(), 4, "{}", answer.text());
    check(&told[0]);
    check(&told[3]);
    assert_eq!((&told[1]["code"], &told[2]["code"]), (&json!("K02"), &json!("E01")));
    assert_eq!(refusal(&told[1])["size"], json!(2), "it was judged behind the first line");
    assert_eq!((&told[0]["index"], &told[3]["index"]), (&json!(1), &json!(2)));
}

#[tokio::test]
async fn a_clock_that_went_back_records_nothing_and_passes() {
    let mut running = Running::founded().await;
    let draft = camden(&mut running);
    running.clock.fetch_sub(60_000, std::sync::atomic::Ordering::SeqCst);
    let answer = running.post_event(&draft).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (503, "H503"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("clock"), "{}", answer.text());
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(running.get("/readyz").await.status.as_u16(), 503);
    running.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    running.recorded(&draft).await;
    assert_eq!(running.get("/readyz").await.status.as_u16(), 200);
}
