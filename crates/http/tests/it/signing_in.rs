//! Signing in on a page: the form, the cookie, where it counts and where it does not, and who sees what on pages.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::examples::children;
use crate::running::{Answer, HOST, Running, words};
use crate::story::{LONG, Story, officer, town};
use crate::world::{person, registrars};

/// The cookie of a server that is reached over TLS.
const COOKIE: &str = "__Host-counterpart";

/// A form as a browser sends it from a page of the server.
fn form(path: &str, body: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", body.len())
        .header("accept", "text/html")
}

impl Running {
    async fn pastes(&self, token: &str) -> Answer {
        let body = format!("token={token}");
        let request = form("/sign-in", &body).header("sec-fetch-site", "same-origin");
        self.ask(request.body(Body::from(body)).unwrap()).await
    }

    /// What a browser shows that holds a cookie.
    async fn browses(&self, cookie: Option<&str>, path: &str) -> Answer {
        let mut request = Request::get(path).header("accept", "text/html");
        if let Some(cookie) = cookie {
            request = request.header("cookie", format!("other=1; {cookie}"));
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    /// The cookie that a browser keeps after signing in.
    async fn cookie_of(&self, token: &str) -> String {
        let answer = self.pastes(token).await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_token_becomes_a_cookie_that_only_this_server_and_no_script_can_read() {
    let running = Running::with_camden().await;
    let chief = person("CMD", "CEX", 10);
    let token = running.signed_in(&chief).await;
    let form = running.browses(None, "/sign-in").await.text();
    assert!(form.contains("counterpart session --as HCK.SIRO --url https://ledger.test.example"), "{form}");
    let answer = running.pastes(&format!("%0A+{}%0D%0A{}", &token[..40], &token[40..])).await;
    assert_eq!(answer.status.as_u16(), 303, "a line that broke is put together again: {}", answer.text());
    assert_eq!(answer.header("location"), "/organisations/CMD/inbox");
    let cookie = answer.header("set-cookie").to_owned();
    assert!(cookie.starts_with(&format!("{COOKIE}={token}; Path=/; Max-Age=")), "{cookie}");
    for guard in ["HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(guard), "{cookie}");
    }
    let age: i64 = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!((1..=30 * 60).contains(&age), "{cookie}");
    let kept = cookie.split(';').next().unwrap();
    let home = running.browses(Some(kept), "/").await;
    assert!(home.text().contains("You read as <strong>"), "{}", home.text());
    assert_eq!(home.header("cache-control"), "private, no-store");
    let public = running.browses(None, "/").await;
    assert!(public.text().contains("You read what everybody may."));
    assert_eq!((public.header("cache-control"), public.header("vary")), ("no-cache", "Cookie"));
}

#[tokio::test]
async fn what_is_no_token_is_told_on_the_form_and_sets_nothing() {
    let running = Running::with_camden().await;
    let token = running.signed_in(&person("CMD", "CEX", 10)).await;
    for (pasted, said) in [
        ("", "Enter the token"),
        ("x", "This token has ended, or is none of this server"),
        (&token[1..], "This token has ended, or is none of this server"),
        ("%3Cscript%3E", "This token has ended, or is none of this server"),
    ] {
        let answer = running.pastes(pasted).await;
        assert_eq!(answer.status.as_u16(), 401, "{pasted}");
        let text = answer.text();
        assert!(text.contains("<title>Error: Sign in") && text.contains("govuk-error-summary"), "{pasted}: {text}");
        assert_eq!(text.matches(said).count(), 2, "the summary and the field say the same: {pasted}");
        assert!(!text.contains("<script>") && answer.header("set-cookie").is_empty(), "{pasted}");
    }
    let send = async |kind: &str, body: Vec<u8>| {
        let request = Request::post("/sign-in").header("content-type", kind).header("sec-fetch-site", "same-origin");
        running.ask(request.body(Body::from(body)).unwrap()).await.status.as_u16()
    };
    let urlencoded = "application/x-www-form-urlencoded";
    assert_eq!(send("application/json", b"{}".to_vec()).await, 415);
    assert_eq!(send(urlencoded, vec![b'a'; 9000]).await, 413);
    for body in [&b"token=a&token=b"[..], b"other=1", b"token=%FF", b"\xff\xfe", b"token=a b\"<"] {
        let status = send(urlencoded, body.to_vec()).await;
        assert!(matches!(status, 400 | 401), "{body:?} {status}");
    }
}

#[tokio::test]
async fn another_site_signs_nobody_in_or_out() {
    let running = Running::with_camden().await;
    let token = running.signed_in(&person("CMD", "CEX", 10)).await;
    let body = format!("token={token}");
    let own = format!("https://{HOST}");
    let cookie = running.cookie_of(&token).await;
    for (headers, status) in [
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("sec-fetch-site", "none")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("origin", "http://ledger.test.example")], 403),
        (vec![("origin", "null")], 403),
        (vec![], 403),
        (vec![("origin", own.as_str())], 303),
        (vec![("sec-fetch-site", "same-origin")], 303),
    ] {
        for path in ["/sign-in", "/sign-out"] {
            if path == "/sign-out" && status == 303 {
                continue;
            }
            let mut request = form(path, &body).header("cookie", &cookie);
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let answer = running.ask(request.body(Body::from(body.clone())).unwrap()).await;
            assert_eq!(answer.status.as_u16(), status, "{path} {headers:?}");
            assert_eq!(answer.header("set-cookie").is_empty(), status == 403, "{path} {headers:?}");
        }
    }
    assert!(running.browses(Some(&cookie), "/").await.text().contains("You read as"), "nobody was signed out");
}

#[tokio::test]
async fn signing_out_ends_the_session_for_whoever_holds_its_token() {
    let running = Running::with_camden().await;
    let token = running.signed_in(&person("CMD", "CEX", 10)).await;
    let cookie = running.cookie_of(&token).await;
    let request = form("/sign-out", "").header("sec-fetch-site", "same-origin").header("cookie", &cookie);
    let answer = running.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/sign-in"));
    assert!(answer.header("set-cookie").starts_with(&format!("{COOKIE}=; Path=/; Max-Age=0")));
    let after = running.browses(Some(&cookie), "/").await;
    assert_eq!(after.status.as_u16(), 200);
    assert!(after.text().contains("Your session has ended"), "a page that all may read is read all the same");
    assert_eq!(running.get_as(Some(&token), "/api/v1/events/0").await.code(), "H401");
    // Another session of the same key goes on.
    let other = running.signed_in(&person("CMD", "CEX", 10)).await;
    assert_eq!(running.get_as(Some(&other), "/api/v1/events/0").await.status.as_u16(), 200);
    // The cookie ends with its token.
    let cookie = running.cookie_of(&other).await;
    running.clock.fetch_add(31 * 60_000, std::sync::atomic::Ordering::SeqCst);
    assert!(running.browses(Some(&cookie), "/").await.text().contains("Your session has ended"));
}

#[tokio::test]
async fn a_cookie_reads_and_does_nothing_else() {
    let story = Story::filed().await;
    let running = &story.running;
    let cookie = running.cookie_of(&running.signed_in(&officer("HCK", "IGL")).await).await;
    let read = running.browses(Some(&cookie), &story.path("/versions/1")).await;
    assert!(!read.json()["disclosures"].as_array().unwrap().is_empty(), "GET of the API takes it as well");
    let asked = json!({ "parties": [], "stream": story.stream, "terms": {}, "words": {} }).to_string();
    let request =
        Request::post("/api/v1/validate").header("content-type", "application/json").header("cookie", &cookie);
    let answer = running.ask(request.body(Body::from(asked)).unwrap()).await;
    assert_eq!(answer.code(), "H401", "POST asks for the bearer token, which no other site can send along");
}

#[tokio::test]
async fn who_sees_what_of_the_words_on_pages() {
    let mut story = Story::submitted().await;
    let advice = story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("HCK", "DPO")).await;
    let mut notes = Vec::new();
    for (visibility, text) in
        [("OWN_ORG", "Kept at home."), ("PARTIES", "For the table."), ("PUBLIC", "For the street.")]
    {
        let note = json!({ "text": words(text), "visibility": visibility });
        notes.push(story.does("NoteRecorded", note, &officer("CMD", "IGL")).await);
    }
    let page = |receipt: &Value| format!("/events/{}", receipt["index"]);
    let running = &story.running;
    let appointment = running.get("/api/v1/events?type=RoleHolderAppointed&organisation=HCK&limit=1").await.json();
    let reference = story.read().await["reference"].as_str().unwrap().to_owned();
    let filed = running.get(&format!("/api/v1/events?stream={}&limit=1", story.stream)).await.json();
    let purpose = "To find children at risk who are known to both boroughs";
    let title = "Children known to two boroughs";
    let sees = [
        ("the purpose on the agreement's page", format!("/agreements/{reference}"), purpose, "CMD HCK"),
        ("the title on the agreement's page", format!("/agreements/{reference}"), title, "CMD HCK"),
        ("the title in the inbox of Hackney", "/organisations/HCK/inbox".to_owned(), title, "CMD HCK"),
        ("the title on the page of Hackney", "/organisations/HCK".to_owned(), title, "CMD HCK"),
        ("the terms on the entry's page", page(&filed["events"][0]), purpose, "CMD HCK"),
        ("advice of Hackney", page(&advice), LONG, "HCK"),
        ("a note for Camden", page(&notes[0]), "Kept at home.", "CMD"),
        ("a note for the parties", page(&notes[1]), "For the table.", "CMD HCK"),
        ("a note for all", page(&notes[2]), "For the street.", "CMD HCK ISL REG all"),
        ("who holds a role at Hackney", page(&appointment["events"][0]), "post@body.example", "HCK"),
        ("the register", "/register".to_owned(), title, ""),
    ];
    let mut readers = vec![("all", None)];
    for who in [officer("CMD", "REQ"), officer("HCK", "SEC"), officer("ISL", "CEX"), registrars()[0].clone()] {
        readers.push((who.organisation, Some(running.cookie_of(&running.signed_in(&who).await).await)));
    }
    for (what, path, needle, who) in &sees {
        for (reader, cookie) in &readers {
            let answer = running.browses(cookie.as_deref(), path).await;
            assert_eq!(answer.status.as_u16(), 200, "{reader}: {what}");
            let shown = answer.text().contains(needle);
            assert_eq!(shown, who.split(' ').any(|one| one == *reader), "{reader}: {what}");
        }
    }
    // Refused and absent look the same: but for who reads, Islington's page is that of everybody.
    let strip = |text: String| {
        let (before, rest) = text.split_once("<div class=\"app-reads\">").unwrap();
        format!("{before}{}", rest.split_once("</header>").unwrap().1)
    };
    for (_, path, ..) in &sees {
        let (one, other) = (running.browses(readers[3].1.as_deref(), path).await, running.browses(None, path).await);
        assert_eq!(strip(one.text()), strip(other.text()), "{path}");
    }
}

#[tokio::test]
async fn pages_of_a_closed_ledger_are_for_whoever_signed_in() {
    let mut story = Story::on(town("CLOSED").await);
    assert_eq!(story.file(&children()).await.status.as_u16(), 201);
    let running = &story.running;
    let pages = [
        "/",
        "/register",
        "/organisations",
        "/organisations/HCK",
        "/organisations/HCK/inbox",
        "/organisations/HCK/duties",
        "/waiting",
        "/sharing",
        "/log",
        "/events/0",
        "/agreements/DSA-2026-000001",
    ];
    let refused = running.browses(None, "/nowhere").await;
    assert_eq!(refused.status.as_u16(), 401);
    assert!(refused.text().contains("href=\"/sign-in\""), "{}", refused.text());
    let form = running.browses(None, "/sign-in").await;
    assert_eq!(form.status.as_u16(), 200, "the way in is open");
    let cookie = running.cookie_of(&running.signed_in(&officer("ISL", "CEX")).await).await;
    for path in pages {
        assert_eq!(running.browses(None, path).await.body, refused.body, "{path}: refused and absent look the same");
        let answer = running.browses(Some(&cookie), path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert!(answer.text().contains("You read as <strong>"), "{path}");
    }
    let agreement = running.browses(Some(&cookie), "/agreements/DSA-2026-000001").await.text();
    assert!(agreement.contains("Request filed") && !agreement.contains("Children known"), "entries, and no words");
    running.clock.fetch_add(31 * 60_000, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(running.browses(Some(&cookie), "/register").await.status.as_u16(), 401, "the session has ended");
}

#[tokio::test]
async fn without_tls_the_cookie_is_not_called_secure_and_the_form_must_come_from_the_same_address() {
    let (store, locks) = (counterpart_store::memory::Memory::new(), counterpart_store::memory::MemoryLocks::new());
    let settings = counterpart_http::Settings {
        public_url: Some("http://ledger.test.example".parse().unwrap()),
        ..crate::running::impatient()
    };
    let mut running =
        Running::over(std::sync::Arc::new(store), std::sync::Arc::new(locks), settings).found("OPEN").await;
    let chief = person("CMD", "CEX", 10);
    let draft = running.world.registration("CMD", &chief);
    running.recorded(&draft).await;
    let token = running.signed_in(&chief).await;
    let body = format!("token={token}");
    let request = form("/sign-in", &body).header("origin", "http://ledger.test.example");
    let answer = running.ask(request.body(Body::from(body.clone())).unwrap()).await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with(&format!("counterpart={token};")) && !cookie.contains("Secure"), "{cookie}");
    // A cookie of that name is not taken where pages travel over TLS.
    let other = Running::with_camden().await;
    let plain = format!("counterpart={}", other.signed_in(&chief).await);
    assert!(other.browses(Some(&plain), "/").await.text().contains("You read what everybody may."));
}
