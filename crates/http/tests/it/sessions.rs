//! Sessions, and who reads what: by role, material and visibility.

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::wire::{EVENT_TYPE, Envelope, EnvelopeSignature, REFUSAL_TYPE, SESSION_TYPE, pae};
use ed25519_dalek::Signer as _;
use serde_json::{Value, json};

use crate::examples::children;
use crate::running::{Answer, HOST, Running, words};
use crate::story::{LONG, Story, officer, town};
use crate::world::{Person, person, registrars};

impl Running {
    pub async fn challenge(&self) -> Value {
        let answer = self.post("/api/v1/sessions", "application/json", "{}").await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        answer.json()
    }

    /// What a client signs to begin a session.
    pub async fn session_payload(&self, who: &Person) -> Value {
        let mut payload = self.challenge().await;
        payload["host"] = json!(HOST);
        payload["key"] = json!(who.key_id().to_string());
        payload["ledger"] = json!(self.world.ledger);
        payload["organisation"] = json!(who.organisation);
        payload
    }

    pub async fn begins_session(&self, payload: &Value, who: &Person, signed_as: &'static str) -> Answer {
        let bytes = counterpart_core::json::to_jcs(payload).unwrap();
        let sig = who.key.sign(&pae(signed_as, &bytes)).to_bytes();
        let envelope =
            Envelope::new(SESSION_TYPE, bytes, vec![EnvelopeSignature { keyid: who.key_id(), sig }]).unwrap();
        let envelope: Value = serde_json::from_slice(&envelope.canonical()).unwrap();
        self.post("/api/v1/sessions", "application/json", json!({ "envelope": envelope }).to_string()).await
    }

    /// Signs in; gives the token.
    pub async fn signed_in(&self, who: &Person) -> String {
        let payload = self.session_payload(who).await;
        let answer = self.begins_session(&payload, who, SESSION_TYPE).await;
        assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub async fn get_as(&self, token: Option<&str>, path: &str) -> Answer {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }
}

#[tokio::test]
async fn a_session_is_begun_by_whoever_holds_a_key_of_a_body_and_by_nobody_else() {
    let mut running = Running::with_camden().await;
    let chief = person("CMD", "CEX", 10);
    let good = running.session_payload(&chief).await;
    let stranger = person("CMD", "CEX", 99);
    let change = |member: &str, value: Value| {
        let mut payload = good.clone();
        payload[member] = value;
        payload
    };
    for (payload, who, signed_as, status, code) in [
        (change("host", json!("evil.example")), &chief, SESSION_TYPE, 401, "H401"),
        (change("host", json!("")), &chief, SESSION_TYPE, 401, "H401"),
        (change("challenge", json!(STANDARD.encode([7; 32]))), &chief, SESSION_TYPE, 401, "H401"),
        (change("challenge", json!("AAAA")), &chief, SESSION_TYPE, 401, "H401"),
        (change("expires_at", json!("2030-01-01T00:00:00.000Z")), &chief, SESSION_TYPE, 401, "H401"),
        (change("ledger", json!("other.example/log#00")), &chief, SESSION_TYPE, 400, "E06"),
        (change("organisation", json!("HCK")), &chief, SESSION_TYPE, 403, "K10"),
        (change("organisation", json!("x y")), &chief, SESSION_TYPE, 400, "E03"),
        (change("organisation", json!(7)), &chief, SESSION_TYPE, 400, "E03"),
        (change("surprise", json!("x")), &chief, SESSION_TYPE, 400, "E03"),
        (change("key", json!("x")), &chief, SESSION_TYPE, 400, "E03"),
        (change("key", json!(stranger.key_id().to_string())), &chief, SESSION_TYPE, 400, "E09"),
        (change("key", json!(stranger.key_id().to_string())), &stranger, SESSION_TYPE, 403, "K01"),
        // Bytes that were signed as something else are no session.
        (good.clone(), &chief, EVENT_TYPE, 400, "E09"),
        (good.clone(), &chief, REFUSAL_TYPE, 400, "E09"),
        (good.clone(), &chief, SESSION_TYPE, 201, ""),
        (good.clone(), &chief, SESSION_TYPE, 401, "H401"),
    ] {
        let answer = running.begins_session(&payload, who, signed_as).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (status, code), "{payload} {}", answer.text());
    }
    let late = running.session_payload(&chief).await;
    running.clock.fetch_add(5 * 60_000 + 1, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(running.begins_session(&late, &chief, SESSION_TYPE).await.code(), "H401", "the challenge has expired");
    for body in ["", "[]", "null", r#"{"envelope":{}}"#, r#"{"envelope":null}"#, r#"{"x":1}"#, r#"{"envelope":[]}"#] {
        let answer = running.post("/api/v1/sessions", "application/json", body).await;
        assert_eq!(answer.status.as_u16(), 400, "{body} {}", answer.text());
    }
    // A session is no event either.
    let payload = running.session_payload(&chief).await;
    let bytes = counterpart_core::json::to_jcs(&payload).unwrap();
    let sig = chief.key.sign(&pae(SESSION_TYPE, &bytes)).to_bytes();
    let envelope = Envelope::new(SESSION_TYPE, bytes, vec![EnvelopeSignature { keyid: chief.key_id(), sig }]).unwrap();
    let envelope: Value = serde_json::from_slice(&envelope.canonical()).unwrap();
    let body = json!({ "disclosures": [], "envelope": envelope }).to_string();
    assert_eq!(running.post("/api/v1/events", "application/json", body).await.code(), "E02");
    // Whoever loses the key or the role reads no more, whatever the token says.
    let first = person("CMD", "ADM", 11);
    let draft = running.world.appointment(std::slice::from_ref(&chief), &first);
    let appointment = running.recorded(&draft).await["id"].clone();
    let draft = running.world.key_registration(&first, std::slice::from_ref(&chief));
    running.recorded(&draft).await;
    let token = running.signed_in(&first).await;
    assert_eq!(running.get_as(Some(&token), "/api/v1/events/0").await.status.as_u16(), 200);
    let data = json!({ "appointment": appointment });
    let draft = running.world.draft("org:CMD", "RoleHolderRevoked", data, std::slice::from_ref(&chief));
    running.recorded(&draft).await;
    assert_eq!(running.get_as(Some(&token), "/api/v1/events/0").await.code(), "H401");
    let payload = running.session_payload(&first).await;
    assert_eq!(running.begins_session(&payload, &first, SESSION_TYPE).await.code(), "R01");
    let token = running.signed_in(&chief).await;
    for wrong in ["", "x", &token[1..], &format!("{token}A"), &token.to_lowercase()] {
        assert_eq!(running.get_as(Some(wrong), "/api/v1/events/0").await.code(), "H401", "{wrong}");
    }
    running.clock.fetch_add(31 * 60_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(running.get_as(Some(&token), "/api/v1/events/0").await.code(), "H401", "the session has ended");
}

/// What of the words of something a reader is shown: their pointers.
async fn shown(running: &Running, token: Option<&str>, path: &str) -> Vec<String> {
    let answer = running.get_as(token, path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path} {}", answer.text());
    let disclosures = answer.json()["disclosures"].as_array().cloned().unwrap_or_default();
    disclosures.iter().map(|disclosure| disclosure["pointer"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_sees_what_of_the_words() {
    let mut story = Story::submitted().await;
    let advice = story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("HCK", "DPO")).await;
    let mut notes = Vec::new();
    for visibility in ["OWN_ORG", "PARTIES", "PUBLIC"] {
        let note = json!({ "text": words("A note."), "visibility": visibility });
        notes.push(story.does("NoteRecorded", note, &officer("CMD", "IGL")).await);
    }
    let event = |receipt: &Value| format!("/api/v1/events/{}", receipt["id"].as_str().unwrap());
    let running = &story.running;
    let appointment = running.get("/api/v1/events?type=RoleHolderAppointed&organisation=HCK&limit=1").await.json();
    let appointment = event(&appointment["events"][0]);
    let sees = [
        ("the terms", story.path("/versions/1"), "CMD HCK"),
        ("advice of Hackney", event(&advice), "HCK"),
        ("a note for Camden", event(&notes[0]), "CMD"),
        ("a note for the parties", event(&notes[1]), "CMD HCK"),
        ("a note for all", event(&notes[2]), "CMD HCK ISL REG all"),
        ("who holds a role at Hackney", appointment, "HCK"),
    ];
    let mut readers = vec![("all", None)];
    for who in [officer("CMD", "REQ"), officer("HCK", "SEC"), officer("ISL", "CEX"), registrars()[0].clone()] {
        readers.push((who.organisation, Some(running.signed_in(&who).await)));
    }
    for (what, path, who) in &sees {
        for (reader, token) in &readers {
            let pointers = shown(running, token.as_deref(), path).await;
            assert_eq!(!pointers.is_empty(), who.split(' ').any(|one| one == *reader), "{reader}: {what} {pointers:?}");
        }
    }
    // Refused and absent look the same: Islington's answer is that of a server without the words.
    let (_, isl) = &readers[3];
    let before = running.get_as(isl.as_deref(), &sees[0].1).await;
    assert_eq!(before.json()["disclosures"], json!([]));
    assert_eq!(before.body, running.get(&sees[0].1).await.body);
    let index = running.get(&event(&notes[0])).await.json()["index"].as_u64().unwrap();
    let refused = running.get(&event(&notes[0])).await;
    running.store.erase(index, &["/text".to_owned()]).unwrap();
    assert_eq!(running.get(&event(&notes[0])).await.body, refused.body);
    assert!(shown(running, readers[1].1.as_deref(), &event(&notes[0])).await.is_empty());
}

#[tokio::test]
async fn a_publication_opens_the_terms_but_not_what_it_withholds() {
    let mut story = Story::in_force().await;
    let path = story.path("/versions/1");
    assert!(shown(&story.running, None, &path).await.is_empty());
    let decision = |decision: &str, withheld: &[&str]| json!({ "decision": decision, "withheld": withheld });
    story.does("PublicationDecided", decision("PUBLISH", &[]), &officer("HCK", "IGL")).await;
    let open = shown(&story.running, None, &path).await;
    assert!(open.contains(&"/terms".to_owned()) && open.contains(&"/terms/purpose".to_owned()), "{open:?}");
    assert!(!open.contains(&"/contacts".to_owned()), "mailboxes are for the parties");
    let mut redacted = decision("PUBLISH_REDACTED", &["/datasets/0/fields", "/necessity"]);
    redacted["exemption"] = json!("FOIA-S31");
    story.does("PublicationDecided", redacted, &officer("HCK", "IGL")).await;
    let open = shown(&story.running, None, &path).await;
    assert!(open.contains(&"/terms/purpose".to_owned()), "{open:?}");
    for hidden in ["/terms", "/terms/necessity", "/terms/datasets/0/fields/0/name"] {
        assert!(!open.contains(&hidden.to_owned()), "{hidden}");
    }
}

#[tokio::test]
async fn a_version_answers_with_its_header_and_other_numbers_with_what_is_wrong() {
    let story = Story::filed().await;
    let version = story.running.get(&story.path("/versions/1")).await.json();
    assert_eq!(version["version_hash"], json!(story.hash));
    assert_eq!(version["header"], json!(story.header));
    for number in ["0", "2", "01", "-1", "x", "4294967297", "99999999999999999999"] {
        let answer = story.running.get(&story.path(&format!("/versions/{number}"))).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (404, "H404"), "{number}");
    }
    let none = story.running.get("/api/v1/agreements/DSA-2026-000009/versions/1").await;
    assert_eq!(none.code(), "T01");
}

#[tokio::test]
async fn changes_are_derived_for_the_parties_and_for_others_there_is_no_such_agreement() {
    let story = Story::filed().await;
    let running = &story.running;
    let other = children().with(&[("/terms/necessity", json!(LONG.repeat(2)))]);
    let id = "01890000-0000-7000-8000-00000000b003";
    let strict = crate::examples::strict(&other.terms);
    let split = counterpart_core::draft::split(&strict, id, &mut crate::examples::salts()).unwrap();
    let asked = |stream: &str| {
        json!({
            "parties": other.parties, "stream": stream, "terms": serde_json::to_value(&split.skeleton).unwrap(),
            "words": split.words,
        })
        .to_string()
    };
    let ask = async |token: Option<&str>, stream: &str| {
        let mut request = Request::post("/api/v1/validate").header("content-type", "application/json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        running.ask(request.body(Body::from(asked(stream))).unwrap()).await
    };
    let (hackney, islington) =
        (running.signed_in(&officer("HCK", "IGL")).await, running.signed_in(&officer("ISL", "IGL")).await);
    let answer = ask(Some(&hackney), &story.stream).await;
    assert_eq!(answer.json()["header"]["changes"], json!(["/necessity"]), "{}", answer.text());
    let absent = "agr:01890000-0000-7000-8000-0000000000aa";
    let (refused, missing) = (ask(Some(&islington), &story.stream).await, ask(Some(&islington), absent).await);
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (404, "T01"));
    assert_eq!(refused.body, missing.body, "refused and absent look the same");
    let (one, other) = (ask(None, &story.stream).await, ask(None, absent).await);
    assert_eq!((one.code().as_str(), one.body.clone()), ("H401", other.body));
}

#[tokio::test]
async fn a_closed_ledger_shows_entries_to_registered_bodies_alone() {
    let mut story = Story::on(town("CLOSED").await);
    let answer = story.file(&children()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let running = &story.running;
    let token = running.signed_in(&officer("ISL", "CEX")).await;
    let registrar = running.signed_in(&registrars()[0]).await;
    let id = story.path("");
    let closed = [
        "/api/v1/events",
        "/api/v1/events/0",
        "/api/v1/agreements",
        &id,
        &story.path("/history"),
        &story.path("/versions/1"),
        "/api/v1/organisations",
        "/api/v1/organisations/CMD",
        "/api/v1/organisations/CMD/roles",
        "/api/v1/register",
        "/register.csv",
        "/register.atom",
        "/register",
        "/",
        "/organisations",
        "/sharing",
        "/log",
        "/events/0",
        "/log/tile/entries/000.p/2",
        "/agreements/DSA-2026-000001",
    ];
    let refused = running.get("/api/v1/events/123456").await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (401, "H401"));
    for path in closed {
        let answer = running.get(path).await;
        assert_eq!(answer.body, refused.body, "{path}: refused and absent look the same");
        for token in [&token, &registrar] {
            assert_eq!(running.get_as(Some(token), path).await.status.as_u16(), 200, "{path}");
        }
    }
    for path in ["/log/checkpoint", "/log/vkey", "/log/tile/0/000.p/2", "/log/proof/1", "/healthz", "/openapi.json"] {
        assert_eq!(running.get(path).await.status.as_u16(), 200, "{path}");
    }
    for path in ["/api/v1/validate", "/api/v1/prepare"] {
        assert_eq!(running.post(path, "application/json", "{}").await.code(), "H401", "{path}");
    }
    // In a closed ledger a body that is no party still reads no words.
    assert!(shown(running, Some(&token), &story.path("/versions/1")).await.is_empty());
    assert_eq!(running.post_event(&running.world.clone().genesis()).await.status.as_u16(), 400, "sending needs none");
    let routes: Vec<_> = counterpart_http::paths().collect();
    for route in routes {
        // Whatever is added is closed until somebody says why not.
        let path = route.replace("{*path}", "x").replace(['{', '}'], "");
        let answer = running.get(&path).await;
        let open = [
            "/log/checkpoint",
            "/log/vkey",
            "/log/keys/name",
            "/log/tile/x",
            "/log/data/sha256",
            "/log/statements/name",
            "/log/proof/index",
            "/schemas/x",
            "/problems/code",
            "/openapi.json",
            "/healthz",
            "/readyz",
            "/metrics",
        ];
        assert_eq!(answer.body != refused.body, open.contains(&path.as_str()), "{path} {}", answer.text());
    }
}
