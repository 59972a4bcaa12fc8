//! An agreement of two boroughs over HTTP, from filing to its end: real words, real signatures.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::commitment::{Disclosure, Kind, commit};
use counterpart_core::derive;
use counterpart_core::draft::split;
use counterpart_core::header::Header;
use counterpart_core::json::{self as strict_json, jcs, to_jcs};
use counterpart_core::terms::{Party, Terms};
use counterpart_tlog::Hash;
use serde_json::{Value, json};

use crate::examples::{Example, body, children, reference, strict};
use crate::running::{Answer, Running, submission_with, words};
use crate::world::{Draft, Person, person};

/// The offices of each borough, in the order in which they are filled.
const OFFICES: [&str; 11] = ["CEX", "ADM", "REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC"];

/// The boroughs of the story: Camden asks, Hackney gives, Islington looks on.
pub const BOROUGHS: [&str; 3] = ["CMD", "HCK", "ISL"];

/// Reasons that are long enough for every rule.
pub const LONG: &str = "The purpose is another than the data were collected for, and more is asked than is needed.";

/// The officer of a borough who holds a role.
pub fn officer(organisation: &str, role: &str) -> Person {
    let borough = BOROUGHS.iter().position(|code| *code == organisation).unwrap();
    let office = OFFICES.iter().position(|held| *held == role).unwrap();
    person(BOROUGHS[borough], OFFICES[office], u8::try_from(10 + 30 * borough + office).unwrap())
}

/// A server where the boroughs are registered with all their officers.
pub async fn town(visibility: &str) -> Running {
    town_in(Running::empty(), visibility).await
}

/// The same on a server of an empty ledger.
pub async fn town_in(running: Running, visibility: &str) -> Running {
    let mut running = running.found(visibility).await;
    for code in BOROUGHS {
        let chief = officer(code, "CEX");
        let mut draft = running.world.registration(code, &chief);
        draft.payload["data"]["flags"] = json!(body(code.parse().unwrap()).unwrap().flags);
        running.recorded(&draft).await;
        let first = officer(code, "ADM");
        for role in &OFFICES[1..] {
            let whom = officer(code, role);
            let by = if matches!(*role, "SIRO" | "DPO" | "CG" | "SIG" | "ADM") { &chief } else { &first };
            let draft = running.world.appointment(std::slice::from_ref(by), &whom);
            running.recorded(&draft).await;
            let with = if *role == "ADM" { vec![chief.clone()] } else { vec![first.clone(), chief.clone()] };
            let draft = running.world.key_registration(&whom, &with);
            running.recorded(&draft).await;
        }
    }
    running
}

/// One agreement on a server.
pub struct Story {
    pub running: Running,
    pub stream: String,
    /// The hash of the newest draft.
    pub hash: String,
    pub header: Header,
    drafts: u32,
}

impl Story {
    /// Nothing is filed yet.
    pub async fn beginning() -> Self {
        Self::on(town("OPEN").await)
    }

    pub fn on(running: Running) -> Self {
        let stream = format!("agr:01890000-0000-7000-8000-{:012x}", 0xa000_0000_0000 + running.world.count);
        let header = header_of(&children(), &skeleton(&children(), "").0, None);
        Self { running, stream, hash: String::new(), header, drafts: 0 }
    }

    /// Camden's requesting officer has filed what everybody knows of the children.
    pub async fn filed() -> Self {
        let mut story = Self::beginning().await;
        let answer = story.file(&children()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        story
    }

    /// Frozen for signing.
    pub async fn submitted() -> Self {
        let mut story = Self::filed().await;
        story.is_submitted().await;
        story
    }

    pub async fn is_submitted(&mut self) {
        let accepted = json!({ "missing": [], "outcome": "ACCEPTED" });
        self.does("RequestTriaged", accepted, &officer("HCK", "IGL")).await;
        let data = json!({ "approve_by": "2026-12-31", "version": self.drafts, "version_hash": self.hash });
        self.does("TermsSubmitted", data, &officer("HCK", "IGL")).await;
    }

    /// In force.
    pub async fn in_force() -> Self {
        let mut story = Self::submitted().await;
        for code in ["CMD", "HCK"] {
            story.signs(code).await;
        }
        assert_eq!(story.state().await, "ACTIVE");
        story
    }

    /// Every signature that a party owes, in their order.
    pub async fn signs(&mut self, code: &str) {
        let row = self.header.parties.iter().find(|row| row.organisation.as_str() == code).unwrap();
        for required in row.required_roles.clone() {
            let role = required.role.as_str();
            let who = officer(code, role);
            match required.kind.as_str() {
                "ADVICE" => self.does("AdviceGiven", self.advice(role, "SUPPORT"), &who).await,
                "APPROVAL" => self.does("ApprovalGiven", self.approval(), &who).await,
                _ => self.does("ExecutionSigned", self.execution(), &who).await,
            };
        }
    }

    pub fn advice(&self, role: &str, outcome: &str) -> Value {
        let said = json!({ "outcome": outcome, "reasons": LONG });
        json!({ "kind": role, "version_hash": self.hash, "words": words(said) })
    }

    pub fn approval(&self) -> Value {
        json!({ "datasets": [], "version_hash": self.hash })
    }

    pub fn execution(&self) -> Value {
        json!({ "form": "SIMPLE_CONTRACT", "version_hash": self.hash })
    }

    /// Posts a request.
    pub async fn file(&mut self, example: &Example) -> Answer {
        let data = json!({
            "contacts": words(example.contacts.clone()), "requesting_organisation": "CMD", "warnings_acknowledged": [],
        });
        self.proposes("RequestFiled", data, example, None, &officer("CMD", "REQ")).await
    }

    /// Posts an event that carries a draft of the terms.
    pub async fn proposes(
        &mut self,
        event_type: &str,
        data: Value,
        example: &Example,
        changes: Option<&[&str]>,
        who: &Person,
    ) -> Answer {
        let body = self.proposal(event_type, data, example, changes, who);
        self.sent(body).await
    }

    /// The submission of an event that carries a draft of the terms.
    pub fn proposal(
        &mut self,
        event_type: &str,
        data: Value,
        example: &Example,
        changes: Option<&[&str]>,
        who: &Person,
    ) -> Vec<u8> {
        let mut draft = self.draft(event_type, data, who);
        let id = draft.payload["id"].as_str().unwrap().to_owned();
        let (terms, disclosures) = skeleton(example, &id);
        let content = jcs(&terms);
        let salt = salt(&id, "/terms");
        let commitment = commit(&salt, &id, "/terms", Kind::Json, &content);
        let changes: Option<Vec<&str>> = changes.map(<[&str]>::to_vec);
        self.header = header_of(example, &terms, changes);
        self.drafts += 1;
        let stream = self.stream.parse().unwrap();
        let jcs = to_jcs(&self.header).unwrap();
        self.hash = derive::version_hash(&jcs, stream, commitment, self.drafts).to_string();
        draft.payload["data"]["header"] = json!(self.header);
        draft.payload["data"]["terms"] = json!({ "$commit": commitment.to_string() });
        let mut shown: Vec<Value> = disclosures.iter().map(spelt).collect();
        shown.push(spelt(&Disclosure { pointer: "/terms".to_owned(), kind: Kind::Json, salt, content }));
        submission_with(&draft, &shown)
    }

    pub fn draft(&mut self, event_type: &str, data: Value, who: &Person) -> Draft {
        let stream = self.stream.clone();
        self.running.world.draft(&stream, event_type, data, std::slice::from_ref(who))
    }

    /// Posts a submission; what is recorded counts in the stream.
    pub async fn sent(&mut self, body: Vec<u8>) -> Answer {
        let answer = self.running.post("/api/v1/events", "application/json", body).await;
        if answer.status == StatusCode::CREATED {
            *self.running.world.revisions.entry(self.stream.clone()).or_insert(0) += 1;
        } else {
            // The number of a draft that was refused is free.
            self.drafts -= u32::from(answer.code() == "E08" && self.drafts > 0);
        }
        answer
    }

    /// Posts an event.
    pub async fn tries(&mut self, event_type: &str, data: Value, who: &Person) -> Answer {
        let draft = self.draft(event_type, data, who);
        self.sent(submission_with(&draft, &[])).await
    }

    /// Posts an event that must be recorded; gives its receipt.
    pub async fn does(&mut self, event_type: &str, data: Value, who: &Person) -> Value {
        let answer = self.tries(event_type, data, who).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{event_type}: {}", answer.text());
        answer.json()
    }

    /// The agreement as everybody reads it.
    pub async fn read(&self) -> Value {
        self.running.get(&self.path("")).await.json()
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/agreements/{}{rest}", self.stream.trim_start_matches("agr:"))
    }

    pub async fn state(&self) -> String {
        self.read().await["state"].as_str().unwrap().to_owned()
    }
}

fn salt(id: &str, place: &str) -> [u8; 32] {
    *Hash::of(format!("{id} {place}").as_bytes()).as_bytes()
}

/// The skeleton of an example and the words in it.
fn skeleton(example: &Example, id: &str) -> (strict_json::Value, Vec<Disclosure>) {
    let mut salts = (0..).map(|number: u32| salt(id, &number.to_string()));
    let split = split(&strict(&example.terms), id, &mut salts).unwrap();
    (split.skeleton, split.disclosures)
}

fn header_of(example: &Example, skeleton: &strict_json::Value, changes: Option<Vec<&str>>) -> Header {
    let terms: Terms = strict_json::from_value(skeleton).unwrap();
    let parties: Vec<Party> = serde_json::from_value(example.parties.clone()).unwrap();
    let changes = changes.map(|paths| paths.into_iter().map(|path| path.parse().unwrap()).collect());
    derive::header(&terms, &parties, &body, reference(), changes).unwrap()
}

pub fn spelt(disclosure: &Disclosure) -> Value {
    json!({
        "content": STANDARD.encode(&disclosure.content), "kind": disclosure.kind.as_str(),
        "pointer": disclosure.pointer, "salt": STANDARD.encode(disclosure.salt),
    })
}

#[tokio::test]
async fn an_agreement_about_personal_data_lives_from_filing_to_its_end() {
    let mut story = Story::filed().await;
    assert_eq!(story.state().await, "FILED");
    let asked =
        json!({ "asked": "CMD", "due": "2026-12-10", "path": "/purpose", "text": words("Which children are meant?") });
    let question = story.does("ClarificationRequested", asked, &officer("HCK", "IGL")).await["id"].clone();
    let answer = json!({ "question": question, "text": words("Those that both services know already.") });
    story.does("ClarificationProvided", answer, &officer("CMD", "IGL")).await;
    story.is_submitted().await;
    assert_eq!(story.state().await, "APPROVING");
    let early = story.tries("ExecutionSigned", story.execution(), &officer("CMD", "SIG")).await;
    assert_eq!((early.status.as_u16(), early.code().as_str()), (422, "G18"), "{}", early.text());
    let wrong = story.tries("ApprovalGiven", story.approval(), &officer("CMD", "REQ")).await;
    assert_eq!(wrong.status.as_u16(), 403, "{}", wrong.text());
    for code in ["CMD", "HCK"] {
        story.signs(code).await;
    }
    let read = story.read().await;
    assert_eq!((&read["state"], &read["version_hash"]), (&json!("ACTIVE"), &json!(story.hash)), "{read}");
    let leaving = |reason: &str| json!({ "ground": "NO_LONGER_NEEDED", "takes_effect_on": "2026-12-31", "words": words(json!({ "reason": reason })) });
    let short = story.tries("RevocationNoticed", leaving("No."), &officer("HCK", "SIG")).await;
    assert_eq!((short.status.as_u16(), short.code().as_str()), (422, "V-123"), "{}", short.text());
    story.does("RevocationNoticed", leaving("The two services were merged last week."), &officer("HCK", "SIG")).await;
    let after = story.running.get(&story.path("?at=2027-01-02")).await.json();
    assert_eq!(after["state"], json!("CLOSED"), "nothing was disclosed, so nothing is left to destroy: {after}");
    let history = story.running.get(&story.path("/history")).await.json();
    let types: Vec<&str> =
        history["events"].as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(types.first(), Some(&"RequestFiled"));
    assert_eq!(types.last(), Some(&"RevocationNoticed"));
    // The page says of an agreement that is over what was, not what is.
    let page = format!("/agreements/{}", read["reference"].as_str().unwrap());
    let before = story.running.get(&page).await.text();
    assert!(before.contains("2 of 2 parties that sign are bound"), "{before}");
    let day = "2027-01-02T12:00:00.000Z".parse::<counterpart_core::time::Timestamp>().unwrap();
    story.running.clock.store(day.millis(), std::sync::atomic::Ordering::SeqCst);
    let over = story.running.get(&page).await.text();
    assert!(over.contains("Was bound until 31 December 2026"), "{over}");
    assert!(over.contains("It ended on 31 December 2026, and nobody is bound to share any more"), "{over}");
    assert!(!over.contains("are bound") && !over.contains(">Bound<"), "{over}");
}
