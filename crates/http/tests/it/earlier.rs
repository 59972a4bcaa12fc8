//! Rules at the door that compare with what earlier submissions hold.

use std::ops::Range;
use std::sync::Arc;

use counterpart_core::commitment::{Disclosure, Kind};
use counterpart_core::storage::{NewEntry, Store, StoreError, Word};
use serde_json::{Value, json};

use crate::examples::{Example, children, strict};
use crate::running::words;
use crate::story::{LONG, Story, officer};

/// Other terms: they end a month earlier, and say why in other words.
fn other_terms() -> Example {
    children().with(&[
        ("/terms/term/end_date", json!("2028-10-31")),
        ("/terms/necessity", json!("Neither borough can find these children alone, and each has tried for a year.")),
    ])
}

const OTHER: [&str; 2] = ["/necessity", "/term/end_date"];

fn counter() -> Value {
    json!({ "words": words(json!({ "reasons": LONG, "summary": "It ends a month earlier." })) })
}

#[tokio::test]
async fn the_changes_of_a_counter_proposal_are_derived_from_the_words_it_answers() {
    let mut story = Story::filed().await;
    let hand = officer("HCK", "IGL");
    for wrong in [&["/term/end_date"][..], &["/necessity"], &["/necessity", "/purpose", "/term/end_date"], &[]] {
        let answer = story.proposes("CounterProposalMade", counter(), &other_terms(), Some(wrong), &hand).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "E08"), "{wrong:?} {}", answer.text());
        assert!(answer.json()["refusal"].is_object());
    }
    let answer = story.proposes("CounterProposalMade", counter(), &other_terms(), Some(&OTHER), &hand).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    // The next one answers the counter-proposal that waits, not the request.
    let back = story.proposes("CounterProposalMade", counter(), &children(), Some(&[]), &officer("CMD", "IGL")).await;
    assert_eq!(back.code(), "E08", "{}", back.text());
    let back =
        story.proposes("CounterProposalMade", counter(), &children(), Some(&OTHER), &officer("CMD", "IGL")).await;
    assert_eq!(back.status.as_u16(), 201, "{}", back.text());
    // A restart reads the words from the store.
    story.running = story.running.restarted().await;
    let again = story.proposes("CounterProposalMade", counter(), &children(), Some(&[]), &hand).await;
    assert_eq!(again.code(), "G05", "the same terms again: {}", again.text());
}

#[tokio::test]
async fn new_terms_in_an_answer_and_in_an_amendment_say_what_they_change() {
    let mut story = Story::filed().await;
    let asked = json!({ "asked": "CMD", "due": "2026-12-10", "path": "/necessity", "text": words("Who has tried?") });
    let question = story.does("ClarificationRequested", asked, &officer("HCK", "IGL")).await["id"].clone();
    let data = json!({ "question": question, "text": words("Both; see the new wording.") });
    let hand = officer("CMD", "IGL");
    let wrong = story.proposes("ClarificationProvided", data.clone(), &other_terms(), Some(&OTHER[..1]), &hand).await;
    assert_eq!(wrong.code(), "E08", "{}", wrong.text());
    let right = story.proposes("ClarificationProvided", data, &other_terms(), Some(&OTHER), &hand).await;
    assert_eq!(right.status.as_u16(), 201, "{}", right.text());
    story.is_submitted().await;
    for code in ["CMD", "HCK"] {
        story.signs(code).await;
    }
    let amendment = json!({ "class": "M3", "renewal": false, "words": words(json!({ "reasons": LONG, "summary": "As first filed." })) });
    let wrong = story.proposes("AmendmentProposed", amendment.clone(), &children(), Some(&["/purpose"]), &hand).await;
    assert_eq!(wrong.code(), "E08", "{}", wrong.text());
    let right = story.proposes("AmendmentProposed", amendment, &children(), Some(&OTHER), &hand).await;
    assert_eq!(right.status.as_u16(), 201, "{}", right.text());
}

#[tokio::test]
async fn drafts_in_one_batch_are_compared_with_those_before_them_in_it() {
    let mut story = Story::beginning().await;
    let data = json!({
        "contacts": words(children().contacts), "requesting_organisation": "CMD", "warnings_acknowledged": [],
    });
    let mut lines = story.proposal("RequestFiled", data, &children(), None, &officer("CMD", "REQ"));
    lines.push(b'\n');
    story.running.world.revisions.insert(story.stream.clone(), 1);
    lines.extend(story.proposal(
        "CounterProposalMade",
        counter(),
        &other_terms(),
        Some(&OTHER),
        &officer("HCK", "IGL"),
    ));
    lines.push(b'\n');
    let told = story.running.post("/api/v1/events/batch", "application/x-ndjson", lines).await.text();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told.iter().all(|line| line["index"].is_number()), "{told:?}");
}

#[tokio::test]
async fn whoever_was_advised_against_says_why_in_each_approval_and_in_the_execution() {
    let mut story = Story::submitted().await;
    story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("CMD", "DPO")).await;
    story.does("AdviceGiven", story.advice("DPO", "ADVISE_AGAINST"), &officer("HCK", "DPO")).await;
    // Hackney's adviser binds Hackney alone.
    story.does("ApprovalGiven", story.approval(), &officer("CMD", "IAO")).await;
    let with = |data: Value, why: &str| {
        let mut data = data;
        data["override"] = words(why);
        data
    };
    for (event_type, data, role) in
        [("ApprovalGiven", story.approval(), "IAO"), ("ExecutionSigned", story.execution(), "SIG")]
    {
        let silent = story.tries(event_type, data.clone(), &officer("HCK", role)).await;
        assert_eq!((silent.status.as_u16(), silent.code().as_str()), (422, "G07"), "{}", silent.text());
        assert!(silent.json()["messages"][0]["message"].as_str().unwrap().starts_with("Your DPO advised against."));
        let short = story.tries(event_type, with(data.clone(), "We know better."), &officer("HCK", role)).await;
        assert_eq!(short.code(), "V-123", "{}", short.text());
        story.does(event_type, with(data, LONG), &officer("HCK", role)).await;
    }
}

#[tokio::test]
async fn advice_against_in_the_same_batch_counts() {
    let mut story = Story::submitted().await;
    let advice = story.draft("AdviceGiven", story.advice("DPO", "ADVISE_AGAINST"), &officer("HCK", "DPO"));
    let approval = story.draft("ApprovalGiven", story.approval(), &officer("HCK", "IAO"));
    let mut lines = crate::running::submission(&advice);
    lines.push(b'\n');
    lines.extend(crate::running::submission(&approval));
    let told = story.running.post("/api/v1/events/batch", "application/x-ndjson", lines).await.text();
    let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(told[0]["index"].is_number(), "{told:?}");
    assert_eq!(told[1]["code"], json!("G07"), "{told:?}");
}

#[tokio::test]
async fn a_likely_duplicate_is_told_with_whatever_else_is_wrong() {
    let mut story = Story::filed().await;
    let reference = story.read().await["reference"].as_str().unwrap().to_owned();
    story.stream = "agr:01890000-0000-7000-8000-00000000b002".to_owned();
    let answer = story.file(&children().with(&[("/terms/title", json!("Children"))])).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, "V-02"), "{}", answer.text());
    let messages = answer.json()["messages"].as_array().unwrap().clone();
    let similar = messages.iter().find(|message| message["code"] == "V-124").unwrap_or_else(|| panic!("{messages:?}"));
    assert_eq!(similar["severity"], json!("warning"));
    assert!(similar["message"].as_str().unwrap().starts_with(&reference), "{similar}");
    let asked = |terms: &Value| {
        let id = "01890000-0000-7000-8000-00000000b003";
        let split = counterpart_core::draft::split(&strict(terms), id, &mut crate::examples::salts()).unwrap();
        json!({
            "terms": serde_json::to_value(&split.skeleton).unwrap(), "words": split.words,
            "parties": children().parties,
        })
    };
    let answer = story.running.post("/api/v1/validate", "application/json", asked(&children().terms).to_string()).await;
    let codes = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap().iter();
        messages.map(|message| message["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(codes(&answer.json()).contains(&"V-124".to_owned()), "{}", answer.text());
    let mut others = children().terms;
    others["datasets"][0]["flags"] = json!(["VULNERABLE"]);
    let answer = story.running.post("/api/v1/validate", "application/json", asked(&others).to_string()).await;
    assert!(!codes(&answer.json()).contains(&"V-124".to_owned()), "{}", answer.text());
}

/// A store whose every entry with words has eight MiB more of them.
struct Swollen(Arc<dyn Store>);

impl Store for Swollen {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn append(&self, expected: u64, group: &[NewEntry]) -> Result<(), StoreError> {
        self.0.append(expected, group)
    }

    fn read_back(&self, range: Range<u64>, each: &mut dyn FnMut(u64, &[u8])) -> Result<(), StoreError> {
        self.0.read_back(range, each)
    }

    fn entry(&self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.entry(index)
    }

    fn find(&self, key: &[u8], from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.0.find(key, from, limit)
    }

    fn words(&self, index: u64) -> Result<Vec<Word>, StoreError> {
        let mut words = self.0.words(index)?;
        for number in 0..if words.is_empty() { 0 } else { 8 } {
            let (pointer, content) = (format!("/more/{number}"), vec![b'a'; 1 << 20]);
            let more = Disclosure { pointer: pointer.clone(), kind: Kind::Text, salt: [0; 32], content };
            words.push(Word { name: pointer, bytes: more.to_bytes() });
        }
        Ok(words)
    }

    fn erase(&self, index: u64, names: &[String]) -> Result<(), StoreError> {
        self.0.erase(index, names)
    }
}

#[tokio::test]
async fn an_agreement_holds_only_so_many_words_those_from_before_a_restart_included() {
    let mut story = Story::filed().await;
    let note = || json!({ "text": words("A short note."), "visibility": "PARTIES" });
    for _ in 0..8 {
        story.does("NoteRecorded", note(), &officer("CMD", "IGL")).await;
    }
    story.running.store = Arc::new(Swollen(Arc::clone(&story.running.store)));
    story.running = story.running.restarted().await;
    let full = story.tries("NoteRecorded", note(), &officer("HCK", "IGL")).await;
    assert_eq!((full.status.as_u16(), full.code().as_str()), (422, "G48"), "{}", full.text());
    // What has no words is not held up by them.
    let accepted = json!({ "missing": [], "outcome": "ACCEPTED" });
    story.does("RequestTriaged", accepted, &officer("HCK", "IGL")).await;
}
