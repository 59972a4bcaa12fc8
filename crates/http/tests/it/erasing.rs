//! Words that the log orders to be erased: gone for readers at once, and from every file of the store.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use counterpart_core::replay;
use counterpart_core::storage::Store;
use counterpart_store::embedded::care::{backup, repair, restore};
use counterpart_store::embedded::{Embedded, Options};
use serde_json::{Value, json};

use crate::running::{Answer, Running, impatient, submission_with, words};
use crate::story::{Story, officer, town_in};
use crate::world::{Person, commitment, person, registrars};

const DAY: i64 = 86_400_000;

/// A sentence that stands nowhere else.
const SECRET: &str = "The neighbour of the third house has been told of the visit in confidence.";

fn options() -> Options {
    let keys_of = |entry: &[u8]| {
        let read = replay::read(entry).unwrap();
        vec![read.event.stream.to_string().into_bytes(), read.event.id.as_bytes().to_vec()]
    };
    let entropy = |bytes: &mut [u8]| {
        // Enough for a test: no two keys are alike, and none has a run of zeros.
        static COUNT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        for chunk in bytes.chunks_mut(32) {
            let number = COUNT.fetch_add(1, Ordering::SeqCst);
            let hash = counterpart_tlog::Hash::of(&number.to_le_bytes());
            chunk.copy_from_slice(&hash.as_bytes()[..chunk.len()]);
        }
    };
    Options { ballast_bytes: 4096, file_bytes: 1 << 20, ..Options::new(Arc::new(entropy), Arc::new(keys_of)) }
}

fn erasure(target: &str, pointers: &[&str], reason: &str, on: &str) -> Value {
    let advice = words("They name a person, and nothing rests on it.");
    json!({ "advice": advice, "erases_on": on, "pointers": pointers, "reason": reason, "target": target })
}

impl Story {
    /// Posts an event that several sign.
    async fn joint(&mut self, event_type: &str, data: Value, who: &[Person]) -> Answer {
        let stream = self.stream.clone();
        let draft = self.running.world.draft(&stream, event_type, data, who);
        self.sent(submission_with(&draft, &[])).await
    }

    async fn erases(&mut self, data: Value) -> Answer {
        self.joint("DisclosureErased", data, &[officer("CMD", "IGL"), officer("CMD", "SIRO")]).await
    }

    /// Camden notes what should not have been noted; gives the id and the index.
    async fn noted(&mut self) -> (String, u64) {
        let note = json!({ "text": words(SECRET), "visibility": "PARTIES" });
        let receipt = self.does("NoteRecorded", note, &officer("CMD", "IGL")).await;
        (receipt["id"].as_str().unwrap().to_owned(), receipt["index"].as_u64().unwrap())
    }
}

/// Waits until the store itself has no words of an entry.
async fn destroyed(store: &dyn Store, index: u64) {
    for _ in 0..400 {
        if store.words(index).unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the words of entry {index} are still there");
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// The stretches of a file that were overwritten with zeros in another state of it.
fn lost(before: &[u8], after: &[u8]) -> Vec<Vec<u8>> {
    let mut runs: Vec<Vec<u8>> = Vec::new();
    let mut open = false;
    for (old, new) in before.iter().zip(after) {
        if old == new || *new != 0 {
            open = false;
            continue;
        }
        if !open {
            runs.push(Vec::new());
        }
        open = true;
        runs.last_mut().unwrap().push(*old);
    }
    runs.retain(|run| run.len() >= 12);
    runs
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    let begins = |at: &usize| bytes[*at..].starts_with(part);
    let first = part[0];
    (0..bytes.len()).filter(|at| bytes[*at] == first).any(|at| begins(&at))
}

/// Puts what a file held earlier over what it holds now; what was written behind that stays.
fn overlay(earlier: &[u8], file: &Path) {
    let used = earlier.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let mut now = std::fs::read(file).unwrap();
    now[..used].copy_from_slice(&earlier[..used]);
    std::fs::write(file, now).unwrap();
}

#[tokio::test]
async fn erased_words_are_in_no_file_and_no_older_copy_brings_them_back() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let store = Arc::new(Embedded::open(&at("live"), &options()).unwrap());
    let locks = store.locks();
    let care = crate::snapshots::kept_at(&at("live"), 1);
    let running = town_in(Running::cared_for(store.clone(), locks, impatient(), care), "OPEN").await;
    let mut tale = Story::on(running);
    let filed = tale.file(&crate::examples::children()).await;
    assert_eq!(filed.status.as_u16(), 201, "{}", filed.text());
    let (note, index) = tale.noted().await;
    backup(&at("live"), &at("old"), Some(&at("old-keys")), &options()).unwrap();
    let before = files(&at("live"));
    assert!(!before.values().any(|bytes| holds(bytes, SECRET.as_bytes())), "at rest every word is sealed");
    let answer = tale.erases(erasure(&note, &["/text"], "PERSONAL_DATA", "2026-12-01")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    destroyed(&*store, index).await;
    backup(&at("live"), &at("new"), Some(&at("new-keys")), &options()).unwrap();
    tale.running.app.stop().await;
    drop(tale);
    drop(store);

    // What the files of words and keys had, and have no more, is the key and what it sealed.
    let after = files(&at("live"));
    assert!(after.contains_key(&at("live/SNAPSHOT")) && after.keys().any(|path| path.ends_with("sled/db")));
    let of_kind = |kind: &str| {
        let changed = before.iter().filter(|(path, _)| path.parent().unwrap().ends_with(kind));
        changed.flat_map(|(path, bytes)| lost(bytes, &after[path])).collect::<Vec<_>>()
    };
    let (keys, sealed) = (of_kind("keys"), of_kind("words"));
    let bytes = |runs: &[Vec<u8>]| runs.iter().map(Vec::len).sum::<usize>();
    assert!(bytes(&keys) >= 24, "the key is overwritten: {keys:?}");
    assert!(bytes(&sealed) > SECRET.len() / 2, "what it sealed is overwritten");
    for (path, held) in &after {
        assert!(!holds(held, SECRET.as_bytes()), "{}", path.display());
        for run in keys.iter().chain(&sealed) {
            assert!(!holds(held, &run[..12]), "{} still holds what was destroyed", path.display());
        }
    }

    // The words and keys of an older copy under the log of today: whoever restores that serves none of it.
    for (path, held) in before.iter().filter(|(path, _)| path.parent().unwrap().ends_with("words")) {
        overlay(held, &at("new").join(path.strip_prefix(at("live")).unwrap()));
    }
    for (path, held) in before.iter().filter(|(path, _)| path.parent().unwrap().ends_with("keys")) {
        overlay(held, &at("new-keys").join(path.strip_prefix(at("live")).unwrap()));
    }
    restore(&at("new"), Some(&at("new-keys")), &at("back"), &options()).unwrap();
    let store = Arc::new(Embedded::open(&at("back"), &options()).unwrap());
    assert_eq!(store.words(index).unwrap().len(), 1, "the older copy does hold them");
    let locks = store.locks();
    let running = Running::over(store.clone(), locks, impatient());
    assert!(store.words(index).unwrap().is_empty(), "nothing is served before it is destroyed");
    let answer = running.get(&format!("/api/v1/events/{index}")).await.json();
    assert_eq!(answer["erased"][0]["pointers"], json!(["/text"]));
    running.app.stop().await;
    drop(running);
    drop(store);

    // Mending from the older copy takes its key in the place of one that is hurt; the next start destroys it again.
    let (path, held) = before.iter().find(|(path, _)| path.parent().unwrap().ends_with("keys")).unwrap();
    let hurt = held.iter().zip(&after[path]).position(|(old, new)| old != new).unwrap() + 40;
    let key_file = at("back").join(path.strip_prefix(at("live")).unwrap());
    let mut bytes = std::fs::read(&key_file).unwrap();
    bytes[hurt] ^= 1;
    std::fs::write(&key_file, bytes).unwrap();
    repair(&at("back"), &at("old"), Some(&at("old-keys")), &options()).unwrap();
    let is_back = || keys.iter().any(|run| holds(&std::fs::read(&key_file).unwrap(), &run[..12]));
    assert!(is_back(), "the older copy does hold the key");
    let store = Arc::new(Embedded::open(&at("back"), &options()).unwrap());
    assert!(store.words(index).unwrap().is_empty(), "there is nothing left that it could open");
    let locks = store.locks();
    let running = Running::over(store.clone(), locks, impatient());
    assert!(!is_back());
    running.app.stop().await;
}

#[tokio::test]
async fn from_its_day_on_nobody_reads_it_and_everybody_is_told() {
    let mut story = Story::filed().await;
    let (note, index) = story.noted().await;
    let path = format!("/api/v1/events/{note}");
    let token = story.running.signed_in(&officer("HCK", "IGL")).await;
    let data = erasure(&note, &["/text"], "PERSONAL_DATA", "2026-12-04");
    let receipt = story.erases(data).await;
    assert_eq!(receipt.status.as_u16(), 201, "{}", receipt.text());
    let seen = async |running: &Running, token: Option<&str>| {
        let answer = running.get_as(token, &path).await.json();
        (answer["disclosures"].as_array().map_or(0, Vec::len), answer["erased"].clone())
    };
    assert_eq!(seen(&story.running, Some(&token)).await, (1, Value::Null), "until its day it is there");
    // 4 December, 00:00 in London, less a millisecond.
    let eve = 1_796_342_400_000 - 1;
    story.running.clock.store(eve, Ordering::SeqCst);
    let token = story.running.signed_in(&officer("HCK", "IGL")).await;
    assert_eq!(seen(&story.running, Some(&token)).await.0, 1);
    story.running.clock.store(eve + 1, Ordering::SeqCst);
    for reader in [None, Some(token.as_str())] {
        let (words, erased) = seen(&story.running, reader).await;
        assert_eq!(words, 0);
        assert_eq!(erased[0]["by"], receipt.json()["id"]);
        assert_eq!(
            (&erased[0]["reason"], &erased[0]["since"]),
            (&json!("PERSONAL_DATA"), &json!("2026-12-04T00:00:00.000Z"))
        );
    }
    destroyed(&*story.running.store, index).await;
    let page = story.running.get(&format!("/events/{index}")).await.text();
    assert!(page.contains("Erased") && page.contains("/text"), "{page}");
}

#[tokio::test]
async fn what_came_due_while_nobody_served_is_gone_before_anything_is_served() {
    let mut story = Story::filed().await;
    let (note, index) = story.noted().await;
    let answer = story.erases(erasure(&note, &["/text"], "PERSONAL_DATA", "2026-12-04")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    story.running.app.stop().await;
    assert_eq!(story.running.store.words(index).unwrap().len(), 1);
    story.running.clock.fetch_add(5 * DAY, Ordering::SeqCst);
    let running = story.running.restarted().await;
    assert!(running.store.words(index).unwrap().is_empty());
}

#[tokio::test]
async fn an_erasure_names_words_that_the_event_holds() {
    let mut story = Story::filed().await;
    let (note, _) = story.noted().await;
    let filed = story.running.get(&story.path("/history")).await.json()["events"][0]["id"].as_str().unwrap().to_owned();
    for (target, pointer, code) in [
        (&note, "/words", "G28"),
        (&filed, "/terms/purposes", "G28"),
        (&filed, "/terms/datasets", "G46"),
        (&filed, "/terms", "G46"),
    ] {
        let answer = story.erases(erasure(target, &[pointer], "PERSONAL_DATA", "2026-12-01")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (422, code), "{pointer} {}", answer.text());
    }
    let answer = story.erases(erasure(&filed, &["/terms/purpose"], "PERSONAL_DATA", "2026-12-01")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let version = story.running.get(&story.path("/versions/1")).await.json();
    assert_eq!(version["erased"][0]["pointers"], json!(["/terms/purpose"]));
    let again = story.erases(erasure(&filed, &["/terms/purpose"], "PERSONAL_DATA", "2026-12-01")).await;
    assert_eq!(again.code(), "G28", "there are no such words any more");
}

#[tokio::test]
async fn erased_words_are_published_no_more() {
    let mut story = Story::in_force().await;
    let decision = json!({ "decision": "PUBLISH", "withheld": [] });
    story.does("PublicationDecided", decision, &officer("HCK", "IGL")).await;
    let reference = story.read().await["reference"].as_str().unwrap().to_owned();
    let page = format!("/agreements/{reference}");
    let title = crate::examples::children().terms["title"].as_str().unwrap().to_owned();
    for path in ["/register", &page] {
        assert!(story.running.get(path).await.text().contains(&title), "{path}");
    }
    let filed = story.running.get(&story.path("/history")).await.json()["events"][0].clone();
    let (id, index) = (filed["id"].as_str().unwrap().to_owned(), filed["index"].as_u64().unwrap());
    let answer = story.erases(erasure(&id, &["/terms/title"], "PERSONAL_DATA", "2026-12-01")).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    for _ in 0..400 {
        if !story.running.store.words(index).unwrap().iter().any(|word| word.name == "/terms/title") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    for path in ["/register", &page, "/api/v1/register"] {
        let shown = story.running.get(path).await.text();
        assert!(!shown.contains(&title), "{path}");
    }
    assert!(story.running.get(&page).await.text().contains("/terms/title"), "the page tells what was erased");
}

#[tokio::test]
async fn an_auditor_reads_what_a_grant_names_until_its_day_and_no_more() {
    let mut story = Story::submitted().await;
    let auditor = person("ISL", "AUD", 150);
    let by = officer("ISL", "ADM");
    let draft = story.running.world.appointment(std::slice::from_ref(&by), &auditor);
    story.running.recorded(&draft).await;
    let draft = story.running.world.key_registration(&auditor, std::slice::from_ref(&by));
    story.running.recorded(&draft).await;
    let advice = story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("HCK", "DPO")).await;
    let theirs = story.does("AdviceGiven", story.advice("DPO", "SUPPORT"), &officer("CMD", "DPO")).await;
    let (note, _) = story.noted().await;
    let version = story.path("/versions/1");
    let event = |receipt: &Value| format!("/api/v1/events/{}", receipt["id"].as_str().unwrap());
    let paths = [version.clone(), event(&advice), event(&theirs), format!("/api/v1/events/{note}")];
    let shown = async |running: &Running, who: &Person| {
        let token = running.signed_in(who).await;
        let mut all = Vec::new();
        for path in &paths {
            let request = Request::get(path).header("authorization", format!("Bearer {token}"));
            let answer = running.ask(request.body(Body::empty()).unwrap()).await.json();
            let disclosures = answer["disclosures"].as_array().cloned().unwrap_or_default();
            all.push(disclosures.iter().map(|word| word["pointer"].as_str().unwrap().to_owned()).collect::<Vec<_>>());
        }
        all
    };
    let nothing = vec![Vec::<String>::new(); 4];
    assert_eq!(shown(&story.running, &auditor).await, nothing, "an auditor reads nothing without a grant");
    // Hackney opens its own words: its advice, and nobody else's.
    let grant = |pointers: &[&str]| json!({ "pointers": pointers, "reader": "ISL", "until": "2026-12-03" });
    let given = story.does("AccessGranted", grant(&["/words", "/text"]), &officer("HCK", "SIG")).await;
    let own = vec![vec![], vec!["/words".to_owned()], vec![], vec![]];
    assert_eq!(shown(&story.running, &auditor).await, own);
    assert_eq!(
        shown(&story.running, &officer("ISL", "IGL")).await,
        nothing,
        "the grant is for the auditors of the body"
    );
    // The terms are everybody's.
    let alone = story.tries("AccessGranted", grant(&["/terms/purpose"]), &officer("HCK", "SIG")).await;
    assert_eq!((alone.status.as_u16(), alone.code().as_str()), (403, "R01"));
    let both = [officer("HCK", "SIG"), officer("CMD", "IGL")];
    let answer = story.joint("AccessGranted", grant(&["/terms/purpose"]), &both).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let seen = shown(&story.running, &auditor).await;
    assert_eq!(seen, [vec!["/terms/purpose".to_owned()], vec!["/words".to_owned()], vec![], vec![]]);
    // A regulator reads what registrars open by an order: terms and the words of whichever party, no party asked.
    let [one, two, _] = registrars();
    let ordered = |pointers: &[&str]| {
        let mut data = grant(pointers);
        data["order"] = commitment();
        data
    };
    let court = [one.clone(), two];
    let without = story.joint("AccessGranted", grant(&["/words"]), &court).await;
    assert_eq!((without.status.as_u16(), without.code().as_str()), (403, "D05"), "registrars need an order");
    for (who, code) in [(&court[..1], "R01"), (&[officer("HCK", "SIG"), one][..], "R01")] {
        let refused = story.joint("AccessGranted", ordered(&["/words"]), who).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (403, code), "{}", refused.text());
    }
    assert_eq!(shown(&story.running, &auditor).await[2], Vec::<String>::new(), "Camden's advice is Camden's");
    let answer = story.joint("AccessGranted", ordered(&["/words", "/terms/title"]), &court).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text());
    let by_order = answer.json();
    let seen = shown(&story.running, &auditor).await;
    let words = vec!["/words".to_owned()];
    assert_eq!(seen, [vec!["/terms/purpose".to_owned(), "/terms/title".to_owned()], words.clone(), words, vec![]]);
    assert_eq!(shown(&story.running, &officer("ISL", "IGL")).await, nothing);
    let end = json!({ "grant": by_order["id"] });
    let alone = story.joint("AccessEnded", end.clone(), &[officer("CMD", "SIG")]).await;
    assert_eq!((alone.status.as_u16(), alone.code().as_str()), (403, "R01"), "no party ends what a court opened");
    assert_eq!(story.joint("AccessEnded", end, &court).await.status.as_u16(), 201);
    let seen = shown(&story.running, &auditor).await;
    assert_eq!(seen, [vec!["/terms/purpose".to_owned()], vec!["/words".to_owned()], vec![], vec![]]);
    let ended = json!({ "grant": given["id"] });
    story.does("AccessEnded", ended, &officer("HCK", "IGL")).await;
    let seen = shown(&story.running, &auditor).await;
    assert_eq!(seen, [vec!["/terms/purpose".to_owned()], vec![], vec![], vec![]]);
    // 4 December, 00:00 in London: the last day is over.
    story.running.clock.store(1_796_342_400_000 - 1, Ordering::SeqCst);
    assert_eq!(shown(&story.running, &auditor).await[0].len(), 1);
    story.running.clock.store(1_796_342_400_000, Ordering::SeqCst);
    assert_eq!(shown(&story.running, &auditor).await, nothing);
}
