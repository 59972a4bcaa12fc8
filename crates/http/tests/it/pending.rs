//! Signatures of one payload, gathered from several machines over days.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::wire::{EVENT_TYPE, pae};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use crate::running::{Answer, Running, sealed};
use crate::world::{Draft, Person, at, person, registrars};

const PATH: &str = "/api/v1/pending";
const DAY: i64 = 86_400_000;

/// A payload whose signers sign one by one.
struct Joint {
    draft: Draft,
    words: Vec<Value>,
}

impl Joint {
    /// Valid for two weeks.
    fn of(running: &Running, draft: &Draft) -> Self {
        let until = at(running.clock.load(Ordering::SeqCst) + 14 * DAY);
        let (draft, words) = sealed(&draft.clone().with("valid_until", json!(until.to_string())));
        Self { draft, words }
    }

    fn digest(&self) -> String {
        self.draft.envelope().digest().to_string()
    }

    fn path(&self) -> String {
        format!("{PATH}/{}", self.digest())
    }

    fn signature(&self, who: &Person) -> Value {
        let payload = counterpart_core::json::to_jcs(&self.draft.payload).unwrap();
        let sig = who.key.sign(&pae(EVENT_TYPE, &payload)).to_bytes();
        json!({ "keyid": who.key_id().to_string(), "sig": STANDARD.encode(sig) })
    }

    /// As `POST /api/v1/pending` takes it, signed by these.
    fn signed_by(&self, who: &[&Person]) -> Value {
        let mut envelope: Value = serde_json::from_slice(&self.draft.envelope().canonical()).unwrap();
        envelope["signatures"] = who.iter().map(|who| self.signature(who)).collect();
        json!({ "disclosures": self.words, "envelope": envelope })
    }
}

impl Running {
    async fn opens(&self, joint: &Joint, who: &[&Person]) -> Answer {
        self.post(PATH, "application/json", joint.signed_by(who).to_string()).await
    }

    async fn signs(&self, joint: &Joint, who: &Person) -> Answer {
        let path = format!("{}/signatures", joint.path());
        self.post(&path, "application/json", joint.signature(who).to_string()).await
    }

    async fn withdraws(&self, token: Option<&str>, path: &str, body: &str) -> Answer {
        let mut request = Request::post(format!("{path}/withdraw")).header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.ask(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A suspension of Camden, which two registrars sign.
    fn suspension(&mut self) -> Joint {
        let [one, two, _] = registrars();
        let data = json!({ "reason": "SECURITY", "until": "2026-12-20" });
        let draft = self.world.draft("org:CMD", "OrganisationSuspended", data, &[one, two]);
        Joint::of(self, &draft)
    }

    fn later(&self, millis: i64) {
        self.clock.fetch_add(millis, Ordering::SeqCst);
    }
}

#[tokio::test]
async fn two_registrars_and_a_chief_whom_nobody_knows_yet_sign_one_registration_over_days() {
    let mut running = Running::with_camden().await;
    let [one, two, three] = registrars();
    let chief = person("HCK", "CEX", 40);
    let draft = running.world.registration("HCK", &chief);
    let joint = Joint::of(&running, &draft);
    let size = running.checkpoint_size().await;
    let opened = running.opens(&joint, &[&one]).await;
    assert_eq!(opened.status.as_u16(), 201, "{}", opened.text());
    let shown = opened.json();
    assert_eq!((&shown["state"], &shown["missing"]), (&json!("WAITING"), &json!(2)));
    assert!(shown.get("disclosures").is_none() && shown.get("envelope").is_none() && shown.get("obstacle").is_none());
    assert_eq!(running.opens(&joint, &[&one]).await.status.as_u16(), 200, "said twice, kept once");
    // Only its signers read it; for everybody else it is not there.
    assert_eq!(running.get(&joint.path()).await.code(), "H401");
    let stranger = running.signed_in(&three).await;
    let (refused, absent) = (
        running.get_as(Some(&stranger), &joint.path()).await,
        running.get_as(Some(&stranger), &format!("{PATH}/{}", "0".repeat(64))).await,
    );
    assert_eq!((refused.status.as_u16(), &refused.body), (404, &absent.body));
    let listed = running.get_as(Some(&stranger), PATH).await.json();
    assert_eq!(listed, json!({ "pending": [] }));
    // The chief's key comes in with it, so it may read this and nothing else.
    let newcomer = running.signed_in(&chief).await;
    let whole = running.get_as(Some(&newcomer), &joint.path()).await.json();
    assert_eq!(whole["disclosures"].as_array().unwrap().len(), 1, "{whole}");
    assert_eq!(whole["envelope"]["signatures"].as_array().unwrap().len(), 1);
    assert_eq!(running.get_as(Some(&newcomer), "/api/v1/events/0").await.code(), "H401");
    // The server is started again, twelve days on.
    running.later(12 * DAY);
    let running = running.restarted().await;
    let two_reads = running.signed_in(&two).await;
    let listed = running.get_as(Some(&two_reads), PATH).await.json();
    assert_eq!(listed["pending"][0]["digest"], joint.digest());
    let signed = running.signs(&joint, &two).await;
    assert_eq!((signed.status.as_u16(), signed.json()["missing"].clone()), (200, json!(1)), "{}", signed.text());
    assert_eq!(running.signs(&joint, &two).await.json()["missing"], 1, "a second time changes nothing");
    assert_eq!(running.checkpoint_size().await, size, "nothing of it is in the log");
    let name = joint.digest();
    let held = running.waiting.read(&name).unwrap().unwrap();
    let content = joint.words[0]["content"].as_str().unwrap().as_bytes();
    assert!(held.windows(content.len()).any(|window| window == content));
    let last = running.signs(&joint, &chief).await;
    assert_eq!(last.status.as_u16(), 201, "{}", last.text());
    assert_eq!((last.json()["digest"].clone(), running.checkpoint_size().await), (json!(name), size + 1));
    // Its words lie in the store now, and are forgotten here.
    let held = running.waiting.read(&name).unwrap().unwrap();
    assert!(!held.windows(content.len()).any(|window| window == content));
    let told = running.get_as(Some(&two_reads), &joint.path()).await.json();
    assert_eq!((&told["state"], told.get("envelope")), (&json!("RECORDED"), None), "{told}");
    // Whoever did not hear of it asks again, and is told the same.
    for again in [running.signs(&joint, &chief).await, running.opens(&joint, &[&one]).await] {
        assert_eq!((again.status.as_u16(), again.body), (200, last.body.clone()));
    }
    let token = running.signed_in(&chief).await;
    assert_eq!(running.get_as(Some(&token), "/api/v1/events/0").await.status.as_u16(), 200, "the key is registered");
    assert_eq!(running.withdraws(Some(&token), &joint.path(), "{}").await.code(), "H404");
    running.later(2 * DAY + 1);
    assert_eq!(running.get_as(Some(&stranger), PATH).await.code(), "H401", "a session does not outlast two days");
    let token = running.signed_in(&two).await;
    assert_eq!(running.get_as(Some(&token), &joint.path()).await.code(), "H404");
    assert!(running.waiting.names().unwrap().is_empty(), "its time is over");
}

#[tokio::test]
async fn what_is_over_or_withdrawn_is_emptied() {
    let mut running = Running::with_camden().await;
    let [one, two, three] = registrars();
    let joint = running.suspension();
    assert_eq!(running.opens(&joint, &[&one]).await.status.as_u16(), 201);
    let stranger = running.signed_in(&three).await;
    assert_eq!(running.withdraws(None, &joint.path(), "{}").await.code(), "H401");
    assert_eq!(running.withdraws(Some(&stranger), &joint.path(), "{}").await.code(), "H404");
    let signer = running.signed_in(&two).await;
    for body in ["[]", "null", "{\"x\":1}", "x"] {
        assert_eq!(running.withdraws(Some(&signer), &joint.path(), body).await.code(), "E01", "{body}");
    }
    let withdrawn = running.withdraws(Some(&signer), &joint.path(), "{}").await;
    assert_eq!(withdrawn.json(), json!({ "digest": joint.digest(), "state": "WITHDRAWN" }));
    assert!(running.waiting.names().unwrap().is_empty());
    assert_eq!(running.signs(&joint, &two).await.code(), "H404");
    // It may be opened again, and is over with its time, also while the server does not run.
    assert_eq!(running.opens(&joint, &[&one]).await.status.as_u16(), 201);
    running.later(14 * DAY + 1);
    assert_eq!(running.opens(&joint, &[&one]).await.code(), "K11");
    let running = running.restarted().await;
    assert_eq!(running.signs(&joint, &two).await.code(), "H404");
    assert!(running.waiting.names().unwrap().is_empty());
}

#[tokio::test]
async fn what_the_log_no_longer_lets_pass_is_told_and_refused_at_the_end() {
    let mut running = Running::with_camden().await;
    let [one, two, three] = registrars();
    let joint = running.suspension();
    assert_eq!(running.opens(&joint, &[&one]).await.status.as_u16(), 201);
    // Meanwhile the stream goes on.
    let data = json!({ "reason": "CONDUCT", "until": "2026-12-20" });
    let both = [one.clone(), three.clone()];
    let draft = running.world.draft("org:CMD", "OrganisationSuspended", data, &both);
    running.recorded(&draft).await;
    let draft = running.world.draft("org:CMD", "OrganisationReinstated", json!({}), &both);
    running.recorded(&draft).await;
    let token = running.signed_in(&two).await;
    assert_eq!(running.get_as(Some(&token), &joint.path()).await.json()["obstacle"]["code"], "C01");
    let size = running.checkpoint_size().await;
    for _ in 0..2 {
        let last = running.signs(&joint, &two).await;
        assert_eq!((last.status.as_u16(), last.code().as_str()), (409, "C01"));
        assert!(last.json()["refusal"]["payload"].is_string(), "the refusal is signed: {}", last.text());
    }
    let shown = running.get_as(Some(&token), &joint.path()).await.json();
    assert_eq!((&shown["state"], &shown["missing"]), (&json!("COMPLETE"), &json!(0)));
    assert_eq!(running.checkpoint_size().await, size);
    assert_eq!(running.withdraws(Some(&token), &joint.path(), "").await.status.as_u16(), 200);
}

#[tokio::test]
async fn what_no_signer_who_acts_here_has_signed_is_not_kept() {
    let mut running = Running::with_camden().await;
    let [one, two, three] = registrars();
    let nobody = person("REG", "REG", 77);
    let chief = person("HCK", "CEX", 40);
    let registration = running.world.registration("HCK", &chief);
    let registration = Joint::of(&running, &registration);
    let good = running.suspension();
    let changed = |member: &str, value: Value| {
        let mut draft = good.draft.clone();
        draft.payload[member] = value;
        Joint { draft, words: Vec::new() }
    };
    let far = at(running.clock.load(Ordering::SeqCst) + 400 * DAY).to_string();
    let later = at(running.clock.load(Ordering::SeqCst) + 401 * DAY).to_string();
    let mut ahead = changed("signed_at", json!(far));
    ahead.draft.payload["valid_until"] = json!(later);
    let past = changed("valid_until", good.draft.payload["signed_at"].clone());
    let mut no_words = registration.signed_by(&[&one]);
    no_words["disclosures"] = json!([]);
    let mut other_words = registration.signed_by(&[&one]);
    other_words["disclosures"][0]["content"] = json!(STANDARD.encode("{}"));
    let mut forged = good.signed_by(&[&one]);
    forged["envelope"]["signatures"][0]["sig"] = json!(STANDARD.encode([7; 64]));
    let mut stranger = good.draft.clone();
    stranger.payload["signers"][1]["key"] = json!(nobody.key_id().to_string());
    stranger.payload["signers"][1]["person"] = json!(nobody.id);
    let stranger = Joint { draft: stranger, words: Vec::new() };
    running.later(1);
    for (body, code) in [
        (String::new(), "E01"),
        ("[]".to_owned(), "E01"),
        ("{}".to_owned(), "E01"),
        (json!({ "envelope": {} }).to_string(), "E02"),
        (good.signed_by(&[]).to_string(), "E02"),
        (good.signed_by(&[&three]).to_string(), "E09"),
        (good.signed_by(&[&one, &three]).to_string(), "E09"),
        (forged.to_string(), "E09"),
        (stranger.signed_by(&[&nobody]).to_string(), "K01"),
        (registration.signed_by(&[&chief]).to_string(), "K01"),
        (changed("ledger", json!("other.example/log#00")).signed_by(&[&one]).to_string(), "E06"),
        (changed("type", json!("Nothing")).signed_by(&[&one]).to_string(), "E04"),
        (changed("surprise", json!(1)).signed_by(&[&one]).to_string(), "E03"),
        (ahead.signed_by(&[&one]).to_string(), "K09"),
        (past.signed_by(&[&one]).to_string(), "K11"),
        (no_words.to_string(), "E07"),
        (other_words.to_string(), "E07"),
    ] {
        let answer = running.post(PATH, "application/json", body.clone()).await;
        assert_eq!(answer.code(), code, "{body} {}", answer.text());
        assert!(answer.status.is_client_error());
    }
    assert_eq!(running.post(PATH, "text/plain", "{}").await.code(), "H415");
    assert!(running.waiting.names().unwrap().is_empty());
    // And no signature comes to one that is not asked for.
    assert_eq!(running.opens(&good, &[&one]).await.status.as_u16(), 201);
    let path = format!("{}/signatures", good.path());
    let mut wrong = good.signature(&two);
    wrong["sig"] = json!(STANDARD.encode([7; 64]));
    let mut more = good.signature(&two);
    more["x"] = json!(1);
    for (body, code) in [
        (String::new(), "E01"),
        ("[]".to_owned(), "E01"),
        ("{\"keyid\":\"00\",\"sig\":\"\"}".to_owned(), "E01"),
        (format!("{{\"keyid\":\"{}\"}}", two.key_id()), "E01"),
        (more.to_string(), "E01"),
        (wrong.to_string(), "E09"),
        (good.signature(&three).to_string(), "E09"),
        (registration.signature(&two).to_string(), "E09"),
        (" ".repeat(2_000), "E05"),
    ] {
        let answer = running.post(&path, "application/json", body.clone()).await;
        assert_eq!(answer.code(), code, "{body} {}", answer.text());
    }
    for name in ["x", "%00", &"0".repeat(64), &good.digest().to_uppercase()] {
        let path = format!("{PATH}/{name}/signatures");
        let answer = running.post(&path, "application/json", good.signature(&two).to_string()).await;
        assert_eq!(answer.code(), "H404", "{name}");
    }
    assert_eq!(running.waiting.names().unwrap(), [good.digest()]);
}

#[tokio::test]
async fn one_organisation_cannot_fill_it_for_others() {
    let mut running = Running::with_camden().await;
    let [one, _, _] = registrars();
    let mut opened = 0;
    let full = loop {
        let joint = running.suspension();
        let answer = running.opens(&joint, &[&one]).await;
        if answer.status.as_u16() != 201 {
            break answer;
        }
        opened += 1;
    };
    assert_eq!((opened, full.code().as_str()), (50, "H429"), "{}", full.text());
    assert!(!full.header("retry-after").is_empty());
    let chief = person("CMD", "CEX", 10);
    let first = person("CMD", "ADM", 11);
    let draft = running.world.key_registration(&first, std::slice::from_ref(&chief));
    let other = Joint::of(&running, &draft);
    assert_eq!(running.opens(&other, &[&chief]).await.status.as_u16(), 201, "Camden has room of its own");
    // Whoever withdraws one makes room.
    let token = running.signed_in(&one).await;
    let listed = running.get_as(Some(&token), PATH).await.json();
    let digest = listed["pending"][0]["digest"].as_str().unwrap().to_owned();
    assert_eq!(running.withdraws(Some(&token), &format!("{PATH}/{digest}"), "{}").await.status.as_u16(), 200);
    let joint = running.suspension();
    assert_eq!(running.opens(&joint, &[&one]).await.status.as_u16(), 201);
}

#[tokio::test]
async fn a_key_that_ended_signs_nothing_that_waits() {
    let mut running = Running::with_camden().await;
    let (chief, first) = (person("CMD", "CEX", 10), person("CMD", "ADM", 11));
    let draft = running.world.appointment(std::slice::from_ref(&chief), &first);
    running.recorded(&draft).await;
    let draft = running.world.key_registration(&first, std::slice::from_ref(&chief));
    running.recorded(&draft).await;
    let data = json!({ "name": "Camden" });
    let both = [first.clone(), chief.clone()];
    let draft = running.world.draft("org:CMD", "OrganisationUpdated", data, &both);
    let joint = Joint::of(&running, &draft);
    assert_eq!(running.opens(&joint, &[&chief]).await.status.as_u16(), 201);
    let stream = format!("key:{}", first.key_id());
    let data = json!({ "key": first.key_id().to_string(), "reason": "LOST" });
    let draft = running.world.draft(&stream, "KeyRevoked", data, std::slice::from_ref(&chief));
    running.recorded(&draft).await;
    let answer = running.signs(&joint, &first).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "K04"), "{}", answer.text());
    let token = running.signed_in(&chief).await;
    let shown = running.get_as(Some(&token), &joint.path()).await.json();
    assert_eq!((&shown["missing"], &shown["obstacle"]["code"]), (&json!(1), &json!("K04")));
}
