//! The demonstration as a visitor finds it: every page that a link leads to, and the same facts in every form.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod commands;
mod lint;
mod served;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use served::{Answer, Served};

const NOTICE: &str = "Demonstration: no body named here has signed anything";

/// How many pages of a kind are visited; there are thousands of entries, all alike.
fn most(kind: &str) -> usize {
    match kind {
        "events" => 40,
        "problems" => 10,
        // Evidence is made anew for each; some are enough here.
        "log" | "export" => 3,
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
        let export = path.ends_with("/export");
        let kind = if export { "export" } else { path.split('/').nth(1).unwrap_or_default() }.to_owned();
        let count = counts.entry(kind.clone()).or_default();
        if !seen.insert(link.clone()) || *count >= most(&kind) {
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

/// `2026-11-24` as pages write it.
fn day_in_words(day: &str) -> String {
    counterpart_projections::english::date(day.parse().unwrap())
}

/// An instant's day as pages tell it: on London's calendar.
fn london_day(instant: &str) -> String {
    counterpart_projections::english::date(counterpart_core::london::date_of(instant.parse().unwrap()))
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
    for kind in [
        "",
        "register",
        "agreements",
        "organisations",
        "sharing",
        "waiting",
        "sign-in",
        "events",
        "log",
        "problems",
        "privacy",
    ] {
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
        let import = &row["import"];
        let unconfirmed = import.is_object() && import["confirmed"].as_u64() < import["parties"].as_u64();
        if unconfirmed {
            let told = format!("confirmed by {} of {}", import["confirmed"], import["parties"]);
            assert!(page.contains("invented for the demonstration: there is no such agreement"), "{reference}");
            assert!(page.contains(&told) && line.contains(&told), "{reference}: {told}");
            assert!(!page.contains("In force. Data may move") && !line.contains("\"ACTIVE\""), "{reference}: {page}");
        } else {
            assert!(line.contains(&format!("\"{}\"", row["state"].as_str().unwrap())), "{reference}: state");
        }
        for member in ["controllers", "processors", "areas"] {
            for party in row[member].as_array().unwrap() {
                let name = party["name"].as_str().unwrap();
                assert!(page.contains(name) && line.contains(name), "{reference}: {member}, {name}");
            }
        }
        for day in ["start", "end", "review"].into_iter().filter_map(|fact| row[fact].as_str()) {
            assert!(page.contains(&day_in_words(day)) && line.contains(day), "{reference}: {day}");
        }
        for member in ["method", "retention", "licence"] {
            for fact in row[member].as_array().unwrap() {
                let fact = fact.as_str().unwrap();
                let there = page.to_lowercase().contains(&fact.to_lowercase());
                assert!(there && line.contains(fact), "{reference}: {member}, {fact}");
            }
        }
        for power in row["legal_power"].as_array().unwrap() {
            let code = power["code"].as_str().unwrap();
            let words = counterpart_projections::english::power(&code.parse().unwrap());
            assert!(page.contains(&words) && line.contains(code), "{reference}: {code}");
        }
        let state: counterpart_core::agreement::StageName = row["state"].as_str().unwrap().parse().unwrap();
        assert!(unconfirmed || page.to_lowercase().contains(state.words()), "{reference}: state in words");
        let answer: serde_json::Value =
            serde_json::from_str(&served.get(&format!("/api/v1/agreements/{reference}")).text).unwrap();
        for fact in ["state", "reference", "id"] {
            assert_eq!(answer[fact], row[fact], "{reference}: {fact}");
        }
        let hash = answer["version_hash"].as_str().unwrap();
        assert!(page.contains(hash), "{reference}: the hash of the version");
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
fn every_answer_in_json_says_that_it_is_a_demonstration() {
    let served = Served::demonstration();
    let register: serde_json::Value = serde_json::from_str(&served.get("/api/v1/register?state=REFUSED").text).unwrap();
    let reference = register["agreements"][0]["reference"].as_str().unwrap().to_owned();
    for path in [
        "/api/v1/register".to_owned(),
        "/api/v1/agreements?limit=1".to_owned(),
        format!("/api/v1/agreements/{reference}"),
        format!("/api/v1/agreements/{reference}/history"),
        "/api/v1/events?limit=1".to_owned(),
        "/api/v1/events/0".to_owned(),
        "/api/v1/organisations".to_owned(),
        "/api/v1/organisations/CMD".to_owned(),
        "/api/v1/organisations/CMD/roles".to_owned(),
        "/api/v1/organisations/CMD/inbox".to_owned(),
        "/api/v1/organisations/CMD/duties".to_owned(),
        "/api/v1/waiting".to_owned(),
    ] {
        let answer = served.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let value: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(value["notice"], NOTICE, "{path}");
    }
    // What is signed or hashed cannot carry a notice of its own, so its header does.
    for path in ["/log/checkpoint", "/log/vkey", "/log/proof/3", "/openapi.json", "/metrics", "/nowhere"] {
        assert!(served.get(path).demonstration, "{path}");
    }
}

#[test]
fn every_command_that_reads_or_signs_says_that_it_is_a_demonstration() {
    let served = Served::demonstration();
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["list", "--state", "REFUSED"][..],
        &["inbox", "WFT"],
        &["duties", "WFT"],
        &["mirror", served.base(), "copy"],
        &["audit", served.base()],
    ] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_counterpart"))
            .args(words)
            .current_dir(folder.path())
            .env("COUNTERPART_URL", served.base())
            .env("COUNTERPART_HOME", folder.path().join("home"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let said = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&said).contains(NOTICE), "{words:?}");
    }
}

#[test]
fn the_home_page_tells_what_the_rules_answered_when_the_story_was_written() {
    let served = Served::demonstration();
    let home = read(&served.get("/").text);
    let refused = std::fs::read_to_string(Served::data().join("refused.json")).unwrap();
    let refused: serde_json::Value = serde_json::from_str(&refused).unwrap();
    let refused = refused.as_array().unwrap();
    assert!(refused.len() >= 5, "S5 and S8 have their refusals");
    for tried in refused {
        let (code, message) = (tried["code"].as_str().unwrap(), tried["message"].as_str().unwrap());
        assert!(home.contains(message) && home.contains(code), "{code} is not on the home page");
        let explained = read(&served.get_html(&format!("/problems/{code}")).text);
        assert!(explained.contains(code), "{code} is not explained");
    }
}

#[test]
fn what_others_published_is_no_agreement_of_this_ledger_and_says_why() {
    let served = Served::demonstration();
    let page = served.get_html("/published-elsewhere");
    let text = read(&page.text);
    assert!(text.contains("None of them is an entry of the log"));
    let reasons = text.matches("Not in this ledger under that name: ").count()
        + text.matches("Its parties are not known here").count();
    assert_eq!(reasons, 9, "no row names bodies of this ledger alone, so none is brought in (A37)");
    assert!(text.contains("Not in this ledger under that name: Brighton & Hove City Council; HM Revenue & Customs"));
    assert_eq!(page.text.matches("rel=\"external noopener\"").count(), 9);
    assert_eq!(text.matches("Licence: ").count(), 9);
    assert!(
        lint::links(&served.get("/register").text).contains(&"/published-elsewhere".to_owned()),
        "beside the register"
    );
}

#[test]
fn a_large_ledger_is_made_beside_the_stories() {
    let folder = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_counterpart"))
            .args(words)
            .current_dir(folder.path())
            .env("COUNTERPART_HOME", folder.path().join("home"))
            .output()
            .unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (code, made, talk) = run(&["demo", "--out", "large", "--more", "130", "--json"]);
    assert_eq!(code, 0, "{talk}");
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(run(&["publish", "public", "--data", "large"]).0, 0);
    let (code, audited, talk) = run(&["audit", "public", "--json"]);
    assert_eq!(code, 0, "{talk}");
    let audited: serde_json::Value = serde_json::from_str(&audited).unwrap();
    assert_eq!(audited.pointer("/decisions/done"), Some(&made["events"]), "{audited}");
    let (code, _, talk) = run(&["demo", "--out", "large", "--more", "130"]);
    assert!(code == 1 && talk.contains("`large` is not empty"), "{code}: {talk}");
    let (code, _, talk) = run(&["demo", "--out", "larger", "--more", "4000000000"]);
    assert!(code == 1 && talk.contains("more requests"), "{code}: {talk}");
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
fn a_body_that_was_succeeded_acts_no_more_and_nothing_waits_for_it() {
    let served = Served::demonstration();
    let list = read(&served.get("/organisations").text);
    assert!(list.contains("63 organisations may sign in this ledger"), "two of 65 merged into a third");
    for code in ["NCL", "NWL"] {
        let body: serde_json::Value =
            serde_json::from_str(&served.get(&format!("/api/v1/organisations/{code}")).text).unwrap();
        assert_eq!((&body["state"], &body["successor"]), (&"SUCCEEDED".into(), &"WNL".into()));
        assert_eq!(body["vacancies"], serde_json::json!([]));
        let page = read(&served.get(&format!("/organisations/{code}")).text);
        assert!(page.contains("Succeeded by WNL on "), "{page}");
    }
    assert_eq!(list.matches("Succeeded by WNL on ").count(), 2);
}

#[test]
fn what_waits_is_told_alike_on_pages_in_answers_and_at_the_command_line() {
    let served = Served::demonstration();
    let json = |path: &str| -> serde_json::Value { serde_json::from_str(&served.get(path).text).unwrap() };
    let totals = json("/api/v1/waiting");
    let overview = read(&served.get("/waiting").text);
    assert!(totals["total"].as_u64().unwrap() > 5, "much waits in the story");
    let mut late_or_due = 0;
    for total in totals["waiting"].as_array().unwrap() {
        let (code, role) = (total["organisation"].as_str().unwrap(), total["role"].as_str().unwrap());
        assert!(overview.contains(total["name"].as_str().unwrap()), "{code}");
        let list = json(&format!("/api/v1/organisations/{code}/inbox?role={role}&limit=200"));
        assert_eq!(list["total"], total["count"], "{code} {role}");
        let page = read(&served.get(&format!("/organisations/{code}/inbox?role={role}")).text);
        for item in list["items"].as_array().unwrap() {
            let (what, reference) = (item["what"].as_str().unwrap(), item["agreement"]["reference"].as_str().unwrap());
            assert!(page.to_lowercase().contains(what) && page.contains(reference), "{code} {reference}: {what}");
            assert!(page.contains(item["because"].as_str().unwrap()), "{code} {reference}");
            assert!(page.contains(&london_day(item["since"].as_str().unwrap())), "{code} {reference}: {item}");
            late_or_due += usize::from(item.get("due_at").is_some());
            if let Some(title) = item["agreement"]["title"].as_str() {
                assert!(page.contains(title), "{code} {reference}: {title}");
            }
            let agreement = read(&served.get(&format!("/agreements/{reference}")).text);
            assert!(agreement.contains(&format!("{what}. Waiting since")), "{reference}: {what}");
        }
    }
    assert!(late_or_due > 0, "some of it has a day");
    let mut seen = BTreeSet::new();
    for body in json("/api/v1/organisations")["organisations"].as_array().unwrap() {
        let code = body["code"].as_str().unwrap();
        let list = json(&format!("/api/v1/organisations/{code}/duties?limit=50"));
        let page = read(&served.get(&format!("/organisations/{code}/duties")).text);
        for duty in list["items"].as_array().unwrap() {
            assert!(page.contains(duty["what"].as_str().unwrap()), "{code}: {duty}");
            if let Some(day) = duty["due"].as_str() {
                assert!(page.contains(&day_in_words(day)), "{code}: {duty}");
            }
            seen.insert(duty["kind"].as_str().unwrap().to_owned());
        }
    }
    for kind in ["REVIEW", "DESTROY"] {
        assert!(seen.contains(kind), "the story has no {kind}: {seen:?}");
    }
}

#[test]
fn the_register_goes_on_where_it_ended_and_its_parts_are_the_whole() {
    let served = Served::demonstration();
    let json = |path: &str| -> serde_json::Value { serde_json::from_str(&served.get(path).text).unwrap() };
    let whole = json("/api/v1/register");
    assert!(whole.get("next").is_none());
    let mut rows = Vec::new();
    let mut path = "/api/v1/register?limit=7".to_owned();
    for _ in 0..100 {
        let part = json(&path);
        assert_eq!(part["total"], whole["total"]);
        rows.extend(part["agreements"].as_array().unwrap().iter().cloned());
        let Some(next) = part["next"].as_u64() else { break };
        let link = served.get(&path).link;
        assert_eq!(link, format!("</api/v1/register?cursor={next}&limit=7>; rel=\"next\""));
        path = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    assert_eq!(&rows, whole["agreements"].as_array().unwrap());
    let filtered = json("/api/v1/register?state=ACTIVE&limit=1");
    let link = served.get("/api/v1/register?state=ACTIVE&limit=1").link;
    assert!(link.contains("state=ACTIVE&cursor="), "{link}: {filtered}");
    for wrong in ["limit=0", "limit=1001", "cursor=x", "page=2"] {
        assert_eq!(served.get(&format!("/api/v1/register?{wrong}")).status, 400, "{wrong}");
    }
    assert_eq!(served.get("/register.csv?cursor=3").status, 400, "the spreadsheet is whole");
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
