//! Searches of the register follow what is open to everybody, and programs list what fits.

use serde_json::{Value, json};

use crate::story::{Story, officer};

/// How many agreements the register has for some words, by its JSON and by its page.
async fn found(story: &Story, words: &str) -> u64 {
    let words = words.replace(' ', "%20");
    let answer = story.running.get(&format!("/api/v1/register?q={words}")).await.json();
    let total = answer["total"].as_u64().unwrap();
    let page = story.running.get(&format!("/register?q={words}")).await.text();
    assert_eq!(page.contains("No agreement fits this search"), total == 0, "{words}");
    total
}

#[tokio::test]
async fn a_title_is_found_while_it_is_open_and_no_longer() {
    let mut story = Story::in_force().await;
    let decision = |decision: &str, withheld: &[&str]| json!({ "decision": decision, "withheld": withheld });
    let words = ["known to two", "hildre", "n know", "CHILDREN KNOWN TO TWO BOROUGHS"];
    for words in words {
        assert_eq!(found(&story, words).await, 0, "nobody has opened it: {words}");
    }
    story.does("PublicationDecided", decision("PUBLISH", &[]), &officer("HCK", "IGL")).await;
    for words in words {
        assert_eq!(found(&story, words).await, 1, "{words}");
    }
    assert_eq!(found(&story, "two known").await, 0, "words are found as they follow each other");
    let mut hidden = decision("PUBLISH_REDACTED", &["/title"]);
    hidden["exemption"] = json!("FOIA-S31");
    story.does("PublicationDecided", hidden, &officer("HCK", "IGL")).await;
    assert_eq!(found(&story, "known to two").await, 0, "the title is withheld");
    story.does("PublicationDecided", decision("PUBLISH", &[]), &officer("HCK", "IGL")).await;
    assert_eq!(found(&story, "known to two").await, 1);
    let mut closed = decision("WITHHOLD", &[]);
    closed["exemption"] = json!("FOIA-S40");
    closed["look_again"] = json!("2027-06-01");
    story.does("PublicationDecided", closed, &officer("HCK", "SIRO")).await;
    for words in words {
        assert_eq!(found(&story, words).await, 0, "{words}");
    }
    assert_eq!(found(&story, "hck").await, 1, "who takes part stands in the log");
}

#[tokio::test]
async fn a_list_for_programs_has_what_fits_now_and_the_same_as_of_the_newest_entry() {
    let story = Story::in_force().await;
    let running = &story.running;
    let size = running.get("/log/checkpoint").await.text().lines().nth(1).unwrap().to_owned();
    let own = story.read().await;
    let (reference, id) = (own["reference"].as_str().unwrap(), own["id"].as_str().unwrap());
    for (query, there) in [
        ("state=ACTIVE".to_owned(), true),
        ("state=FILED".to_owned(), false),
        ("party=CMD&state=ACTIVE".to_owned(), true),
        ("party=ISL".to_owned(), false),
        (format!("q={reference}"), true),
        (format!("q={}", &reference[9..]), true),
        (format!("q={}", &id[..8]), true),
        ("q=cmd".to_owned(), true),
        ("q=nothing".to_owned(), false),
        ("cursor=1".to_owned(), false),
        ("cursor=18446744073709551615".to_owned(), false),
    ] {
        for path in [format!("/api/v1/agreements?{query}"), format!("/api/v1/agreements?{query}&as_of={size}")] {
            let list = running.get(&path).await.json();
            let rows: Vec<&Value> =
                list["agreements"].as_array().unwrap().iter().map(|row| &row["reference"]).collect();
            assert_eq!(rows, if there { vec![&own["reference"]] } else { Vec::new() }, "{path}");
        }
    }
}
