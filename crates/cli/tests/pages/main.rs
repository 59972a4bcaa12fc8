//! The demonstration as a visitor finds it: every page that a link leads to, and the same facts in every form.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod lint;
mod served;
mod walk;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use served::{Answer, Served};

const NOTICE: &str = "Demonstration: no body named here has signed anything";

/// How many pages of a kind are visited; there are thousands of entries, all alike.
fn most(path: &str) -> usize {
    match path.split('/').nth(1).unwrap_or_default() {
        "events" => 40,
        "log" => 3,
        "problems" => 10,
        _ => usize::MAX,
    }
}

/// Every page that links lead to from the home page, each once.
fn visited(served: &Served) -> BTreeMap<String, Answer> {
    let mut pages = BTreeMap::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut waiting = VecDeque::from(["/".to_owned()]);
    let mut seen = BTreeSet::new();
    while let Some(link) = waiting.pop_front() {
        let path = link.split(['?', '#']).next().unwrap_or_default().to_owned();
        let kind = path.split('/').nth(1).unwrap_or_default().to_owned();
        let count = counts.entry(kind).or_default();
        if !seen.insert(link.clone()) || *count >= most(&path) {
            continue;
        }
        *count += 1;
        let answer = served.get(&link);
        assert_eq!(answer.status, 200, "{link}");
        assert!(answer.demonstration, "{link} does not say that it is a demonstration");
        if answer.kind.starts_with("text/html") {
            waiting.extend(lint::links(&answer.text).into_iter().filter(|link| link.starts_with('/')));
            pages.insert(link, answer);
        }
    }
    pages
}

/// The text of a page as a reader sees it, spaces evened out.
fn read(html: &str) -> String {
    lint::text(html)
}

#[test]
fn every_page_holds_together_and_says_that_it_is_a_demonstration() {
    let served = Served::demonstration();
    let pages = visited(&served);
    let kinds: BTreeSet<&str> = pages.keys().filter_map(|path| path.split(['/', '?']).nth(1)).collect();
    for kind in ["", "register", "agreements", "organisations", "sharing", "events", "log", "problems", "privacy"] {
        assert!(kinds.contains(kind), "no link leads to /{kind}");
    }
    let mut found = Vec::new();
    for (path, page) in &pages {
        found.extend(lint::faults(&page.text).into_iter().map(|fault| format!("{path}: {fault}")));
        if !read(&page.text).contains(NOTICE) {
            found.push(format!("{path}: does not say that it is a demonstration"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn pages_and_feeds_carry_the_same_facts() {
    let served = Served::demonstration();
    let register: serde_json::Value = serde_json::from_str(&served.get("/api/v1/register").text).unwrap();
    assert_eq!(register["notice"], NOTICE);
    let csv = served.get("/register.csv").text;
    assert!(csv.starts_with(&format!("\"{NOTICE}\"\r\n")));
    let rows = register["agreements"].as_array().unwrap();
    assert_eq!(csv.matches("\r\n").count(), rows.len() + 2, "a notice, the columns, and a line for each agreement");
    let mut published = 0;
    for row in rows {
        let reference = row["reference"].as_str().unwrap();
        let page = read(&served.get(&format!("/agreements/{reference}")).text);
        let line = csv.lines().find(|line| line.starts_with(&format!("\"{reference}\""))).unwrap();
        for fact in ["name", "purpose", "benefits", "contact"] {
            if let Some(text) = row[fact].as_str() {
                assert!(page.contains(text) && line.contains(text), "{reference}: {fact}");
            }
        }
        published += usize::from(row["purpose"].is_string());
        assert!(line.contains(&format!("\"{}\"", row["state"].as_str().unwrap())), "{reference}: state");
        assert!(line.contains(row["start"].as_str().unwrap()), "{reference}: first day");
        for party in row["controllers"].as_array().unwrap() {
            let name = party["name"].as_str().unwrap();
            assert!(page.contains(name) && line.contains(name), "{reference}: {name}");
        }
        for data in row["data"].as_array().unwrap() {
            if let Some(name) = data["name"].as_str() {
                assert!(page.contains(name) && line.contains(name), "{reference}: {name}");
            }
        }
    }
    assert!(published > 20, "most agreements of the demonstration are published");
    let atom = served.get("/register.atom").text;
    assert!(atom.contains(NOTICE) && atom.matches("<entry>").count() == 100);
}

#[test]
fn words_that_nobody_opened_are_nowhere() {
    let served = Served::demonstration();
    let register: serde_json::Value = serde_json::from_str(&served.get("/api/v1/register").text).unwrap();
    let mut closed = 0;
    for row in register["agreements"].as_array().unwrap() {
        let reference = row["reference"].as_str().unwrap();
        let page = read(&served.get(&format!("/agreements/{reference}")).text);
        match row["publication"].as_str().unwrap() {
            "NOT_DECIDED" | "WITHHELD" => {
                closed += 1;
                assert!(row.get("name").is_none() && row.get("purpose").is_none(), "{reference}");
                assert!(!page.contains("Purpose") && !page.contains("Whom to ask"), "{reference}");
            }
            "PUBLISHED_IN_PART" => {
                let withheld = row["data"].as_array().unwrap().iter().all(|data| data.get("fields").is_none());
                assert!(withheld, "{reference} names fields that are withheld");
            }
            "PUBLISHED" => {}
            other => panic!("{other} is no openness"),
        }
    }
    assert!(closed > 3, "some agreements are not open");
}

#[test]
fn a_search_finds_by_title_reference_party_and_state() {
    let served = Served::demonstration();
    let count = |query: &str| {
        let answer: serde_json::Value =
            serde_json::from_str(&served.get(&format!("/api/v1/register{query}")).text).unwrap();
        answer["total"].as_u64().unwrap()
    };
    let all = count("");
    assert!(all > 40);
    assert_eq!(count("?q=electric%20vehicle"), 1);
    assert_eq!(count("?q=DSA-"), all);
    assert!((1..all).contains(&count("?party=CMD")));
    assert!((1..all).contains(&count("?state=ACTIVE&class=SC")));
    assert_eq!(count("?q=nothing%20is%20called%20this"), 0);
    let empty = read(&served.get("/register?q=nothing%20is%20called%20this").text);
    assert!(empty.contains("No agreement fits this search"));
}

#[test]
fn what_is_not_there_is_a_page_for_a_browser_and_a_problem_for_a_program() {
    let served = Served::demonstration();
    for (path, status) in [
        ("/nothing", 404),
        ("/agreements/DSA-2026-999999", 404),
        ("/agreements/%3Cscript%3E", 404),
        ("/organisations/NOBODY", 404),
        ("/events/99999999", 404),
        ("/problems/Z99", 404),
        ("/register?page=x", 400),
        ("/register?state=NOWHERE", 400),
        ("/register?unknown=1", 400),
        ("/log?page=-1", 400),
    ] {
        let page = served.get_html(path);
        assert_eq!((page.status, page.kind.as_str()), (status, "text/html; charset=utf-8"), "{path}");
        assert_eq!(lint::faults(&page.text), Vec::<String>::new(), "{path}");
        assert!(!page.text.contains("<script>"), "{path}");
    }
    let problem = served.get("/nothing");
    assert_eq!(problem.kind, "application/problem+json");
    assert_eq!(served.get("/api/v1/register?state=NOWHERE").status, 400);
}

#[test]
fn assets_never_change_under_their_address_and_pages_load_nothing_else() {
    let served = Served::demonstration();
    let home = served.get("/").text;
    let assets = lint::assets(&home);
    assert_eq!(assets.len(), 4, "{assets:?}");
    for asset in assets {
        assert!(asset.starts_with("/assets/"), "{asset} comes from elsewhere");
        let answer = served.get(&asset);
        assert_eq!(answer.status, 200, "{asset}");
        assert!(!answer.text.contains("GDS Transport"), "{asset}");
    }
    assert_eq!(served.get("/assets/0000000000000000/start.js").status, 404);
}
