//! What waits for whom, and what a body has to see to: the answers, as an agreement goes on.

use serde_json::{Value, json};

use crate::running::words;
use crate::story::{LONG, Story, officer};

impl Story {
    async fn inbox(&self, code: &str, query: &str) -> Vec<Value> {
        let answer = self.running.get(&format!("/api/v1/organisations/{code}/inbox{query}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    async fn duties(&self, code: &str, query: &str) -> Vec<Value> {
        let answer = self.running.get(&format!("/api/v1/organisations/{code}/duties{query}")).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// `ROLE TASK` of everything that waits for a body.
    async fn waits(&self, code: &str, query: &str) -> Vec<String> {
        let items = self.inbox(code, query).await;
        items
            .iter()
            .map(|item| format!("{} {}", item["role"].as_str().unwrap(), item["task"].as_str().unwrap()))
            .collect()
    }

    async fn kinds(&self, code: &str, query: &str) -> Vec<String> {
        let items = self.duties(code, query).await;
        items.iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// When an event was recorded.
    async fn recorded_at(&self, receipt: &Value) -> String {
        let event = self.running.get(&format!("/api/v1/events/{}", receipt["index"])).await.json();
        event["recorded_at"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_inbox_says_what_waits_for_whom_since_when_and_by_when() {
    let mut story = Story::filed().await;
    assert_eq!(story.waits("HCK", "").await, ["IGL TRIAGE"]);
    assert!(story.waits("CMD", "").await.is_empty() && story.waits("ISL", "").await.is_empty());
    let item = story.inbox("HCK", "").await[0].clone();
    assert_eq!(item["agreement"]["state"], json!("FILED"));
    assert_eq!(item["since"], story.read().await["filed_at"]);
    assert_eq!((&item["waiting_days"], &item["vacant"]), (&json!(0), &json!(false)));
    assert!(item["because"].as_str().unwrap().contains("asks for this sharing"), "{item}");
    assert!(item["due_at"].as_str().unwrap() > item["since"].as_str().unwrap(), "a quiet request lapses: {item}");
    assert!(item["agreement"].get("title").is_none(), "nobody has opened the words");

    let asked = json!({ "asked": "CMD", "due": "2026-12-10", "path": "/purpose", "text": words("Which children?") });
    let question = story.does("ClarificationRequested", asked, &officer("HCK", "IGL")).await;
    let item = story.inbox("CMD", "").await[0].clone();
    assert_eq!((&item["task"], &item["due_at"]), (&json!("ANSWER"), &json!("2026-12-11T00:00:00.000Z")));
    assert_eq!(item["since"], json!(story.recorded_at(&question).await));
    let answer = json!({ "question": question["id"], "text": words("Those that both services know.") });
    story.does("ClarificationProvided", answer, &officer("CMD", "IGL")).await;

    story.is_submitted().await;
    let frozen =
        story.running.get(&story.path("/history")).await.json()["steps"].as_array().unwrap().last().unwrap().clone();
    for code in ["CMD", "HCK"] {
        assert_eq!(story.waits(code, "").await, ["DPO ADVISE"], "{code}");
        let item = story.inbox(code, "").await[0].clone();
        assert_eq!((&item["since"], &item["due_at"]), (&frozen["at"], &json!("2027-01-01T00:00:00.000Z")), "{code}");
    }
    let advice = story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("HCK", "DPO")).await;
    let approvals = story.inbox("HCK", "").await;
    assert!(approvals.iter().all(|item| item["task"] == json!("APPROVE")), "{approvals:?}");
    let since = story.recorded_at(&advice).await;
    assert!(approvals.iter().all(|item| item["since"] == json!(since)), "it is their turn since the advice");
    // The same stands on the agreement, and as of an earlier size the inbox is what it was.
    let next = story.read().await["next"].as_array().unwrap().clone();
    let mine: Vec<&Value> = next.iter().filter(|next| next["organisation"] == json!("HCK")).collect();
    assert_eq!(mine.len(), approvals.len());
    for (next, item) in mine.iter().zip(&approvals) {
        assert_eq!((&next["since"], &next["due_at"], &next["what"]), (&item["since"], &item["due_at"], &item["what"]));
    }
    let before = format!("?as_of={}", advice["index"]);
    assert_eq!(story.waits("HCK", &before).await, ["DPO ADVISE"]);
}

#[tokio::test]
async fn an_inbox_is_for_a_role_or_for_the_roles_of_a_person() {
    let story = Story::submitted().await;
    assert_eq!(story.waits("HCK", "?role=DPO").await, ["DPO ADVISE"]);
    assert!(story.waits("HCK", "?role=IAO").await.is_empty());
    let adviser = officer("HCK", "DPO").id;
    assert_eq!(story.waits("HCK", &format!("?person={adviser}")).await, ["DPO ADVISE"]);
    let other = officer("HCK", "IAO").id;
    assert!(story.waits("HCK", &format!("?person={other}")).await.is_empty());
    for (path, status) in [
        ("/api/v1/organisations/HCK/inbox?role=NOBODY", 400),
        ("/api/v1/organisations/HCK/inbox?limit=0", 400),
        ("/api/v1/organisations/HCK/inbox?cursor=x", 400),
        ("/api/v1/organisations/HCK/inbox?surprise=1", 400),
        ("/api/v1/organisations/ZZZ/inbox", 404),
        ("/api/v1/organisations/%3C/duties", 404),
        ("/api/v1/organisations/HCK/duties?days=70000", 400),
        ("/api/v1/organisations/HCK/inbox?as_of=99999", 404),
    ] {
        assert_eq!(story.running.get(path).await.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_ended() {
    let story = Story::in_force().await;
    let far = "?days=4000";
    let all = story.duties("HCK", far).await;
    assert!(all.len() > 1, "{all:?}");
    let first = story.running.get(&format!("/api/v1/organisations/HCK/duties{far}&limit=1")).await.json();
    assert_eq!((&first["total"], &first["next"]), (&json!(all.len()), &json!(1)));
    let rest = story.duties("HCK", &format!("{far}&cursor=1")).await;
    assert_eq!(rest, all[1..]);
    assert_eq!(story.duties("HCK", &format!("{far}&cursor=99")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn totals_by_organisation_and_role_are_the_sums_of_the_inboxes() {
    let mut story = Story::submitted().await;
    let check = async |story: &Story| {
        let totals = story.running.get("/api/v1/waiting").await.json();
        let mut sum = 0;
        for code in ["CMD", "HCK", "ISL"] {
            let inbox = story.inbox(code, "").await;
            sum += inbox.len();
            for total in
                totals["waiting"].as_array().unwrap().iter().filter(|total| total["organisation"] == json!(code))
            {
                let role = total["role"].as_str().unwrap();
                let own = inbox.iter().filter(|item| item["role"] == json!(role)).count();
                assert_eq!(total["count"], json!(own), "{code} {role}");
            }
        }
        assert_eq!(totals["total"], json!(sum));
        sum
    };
    assert_eq!(check(&story).await, 2);
    for code in ["CMD", "HCK"] {
        story.signs(code).await;
        check(&story).await;
    }
    assert_eq!(check(&story).await, 0, "in force, nothing waits");
}

#[tokio::test]
async fn duties_are_told_to_whom_they_belong() {
    let mut story = Story::in_force().await;
    let lead = story.read().await["lead"].as_str().unwrap().to_owned();
    let other = if lead == "HCK" { "CMD" } else { "HCK" };
    let far = "?days=4000";
    assert!(story.kinds(&lead, far).await.contains(&"REVIEW".to_owned()));
    assert!(!story.kinds(other, far).await.contains(&"REVIEW".to_owned()), "the lead reviews");
    let review = story.duties(&lead, far).await.iter().find(|duty| duty["kind"] == json!("REVIEW")).unwrap().clone();
    assert_eq!(review["due"], json!(story.header.review_date), "{review}");
    let later = format!("?at={}", story.header.review_date.unwrap().add_days(3));
    let late = story.duties(&lead, &later).await.iter().find(|duty| duty["kind"] == json!("REVIEW")).unwrap().clone();
    assert_eq!(late["overdue"], json!(true), "{late}");

    let sent = json!({ "band": "UNDER_1000", "datasets": ["DS-1"], "from": "2026-12-01", "method": "SFTP", "to": "2026-12-31" });
    let answer = story.tries("DisclosureLogged", sent, &officer("HCK", "IAO")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let destroy = |duties: &[Value]| duties.iter().find(|duty| duty["kind"] == json!("DESTROY")).cloned();
    let owed = destroy(&story.duties("CMD", "").await).expect("whoever received data owes their destruction");
    assert_eq!((&owed["dataset"], owed.get("due")), (&json!("DS-1"), None), "no day is set while sharing goes on");
    assert!(destroy(&story.duties("HCK", "").await).is_none(), "the giver owes none");

    let hold = story
        .does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "LITIGATION" }), &officer("HCK", "LGL"))
        .await;
    assert!(story.kinds("HCK", "").await.contains(&"HOLD".to_owned()));
    let duty = destroy(&story.duties("CMD", "").await).unwrap();
    assert_eq!(duty["event"], hold["id"], "the recipient sees that data are held: {duty}");
    story.does("RetentionHoldReleased", json!({ "hold": hold["id"] }), &officer("HCK", "LGL")).await;

    let leaving = json!({ "ground": "NO_LONGER_NEEDED", "takes_effect_on": "2026-12-31", "words": words(json!({ "reason": LONG })) });
    story.does("RevocationNoticed", leaving, &officer("HCK", "SIG")).await;
    for code in ["CMD", "HCK"] {
        let notice = story.duties(code, "").await.iter().find(|duty| duty["kind"] == json!("NOTICE")).cloned();
        assert_eq!(notice.expect("both see a notice")["due"], json!("2026-12-31"), "{code}");
    }
    // Once it has ended the duty has its day, and it waits for the recipient.
    let ended = "?at=2027-01-02";
    assert!(destroy(&story.duties("CMD", ended).await).unwrap()["due"].is_string());
    assert_eq!(story.waits("CMD", ended).await, ["IAO CERTIFY"]);
    let item = story.inbox("CMD", ended).await[0].clone();
    assert_eq!(item["since"], json!("2026-12-31T00:00:00.000Z"), "{item}");
}

#[tokio::test]
async fn pages_and_answers_of_what_waits_say_the_same() {
    let mut story = Story::submitted().await;
    story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("HCK", "DPO")).await;
    for code in ["CMD", "HCK", "ISL"] {
        let page = story.running.get(&format!("/organisations/{code}/inbox")).await.text();
        let items = story.inbox(code, "").await;
        assert_eq!(page.matches("<tr").count(), if items.is_empty() { 0 } else { items.len() + 1 }, "{code}: {page}");
        for item in &items {
            let what = item["what"].as_str().unwrap();
            assert!(page.contains(&format!("{}{}", what[..1].to_uppercase(), &what[1..])), "{code}: {what}");
            assert!(page.contains(item["because"].as_str().unwrap()), "{code}: {page}");
            assert!(page.contains(item["agreement"]["reference"].as_str().unwrap()), "{code}");
            assert!(page.contains("31 December 2026"), "the last day for signing: {page}");
        }
        let page = story.running.get(&format!("/organisations/{code}/duties")).await.text();
        for duty in story.duties(code, "").await {
            assert!(page.contains(duty["what"].as_str().unwrap()), "{code}: {duty}");
        }
    }
    let agreement =
        story.running.get(&format!("/agreements/{}", story.read().await["reference"].as_str().unwrap())).await.text();
    let read = story.read().await;
    for cause in read["why"].as_array().unwrap() {
        assert!(agreement.contains(cause["text"].as_str().unwrap()), "{cause}");
    }
    let overview = story.running.get("/waiting").await.text();
    let totals = story.running.get("/api/v1/waiting").await.json();
    assert!(overview.contains(&format!("{} steps wait", totals["total"])), "{overview}");
    for total in totals["waiting"].as_array().unwrap() {
        assert!(overview.contains(total["name"].as_str().unwrap()), "{total}");
    }
    let empty = story.running.get("/organisations/ISL/inbox").await.text();
    assert!(empty.contains("Nothing waits for") && !empty.contains("0 steps"), "{empty}");
    let empty = story.running.get("/organisations/ISL/duties").await.text();
    assert!(empty.contains("has nothing to see to now") && !empty.contains("0 duties"), "{empty}");
}
