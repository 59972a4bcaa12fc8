//! Two servers over one store, with real processes: one is refused or, where no lock reaches, the older one ends.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::served::Served;
use crate::shop::Shop;

const SERVE: [&str; 5] = ["serve", "--data", "ledger", "--listen", "127.0.0.1:0"];

fn signal(process: u32, name: &str) {
    assert!(Command::new("kill").args([name, &process.to_string()]).status().unwrap().success());
}

/// Another server over the same folder, and its address.
fn another(shop: &Shop) -> (Child, String) {
    let mut child = shop.command(&SERVE).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.find_map(|line| line.unwrap().strip_prefix("listening on ").map(str::to_owned)).unwrap();
    (child, url)
}

/// No lock of the system reaches from a server that runs to the next one, as on some network file systems.
fn unlock(shop: &Shop) {
    let store = shop.path("ledger/store");
    fs::remove_file(store.join("LOCK")).unwrap();
    fs::copy(store.join("STORE"), store.join("copy")).unwrap();
    fs::rename(store.join("copy"), store.join("STORE")).unwrap();
}

fn events(url: &str) -> Value {
    let text = ureq::get(format!("{url}/api/v1/events")).call().unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_second_server_is_refused_also_without_the_lock_file_and_while_the_first_is_stopped() {
    let ledger = Served::new();
    ledger.register("CMD");
    ledger.shop.run(&SERVE).ends(1).says("E-IN-USE another server is using");
    fs::remove_file(ledger.shop.path("ledger/store/LOCK")).unwrap();
    ledger.shop.run(&SERVE).ends(1).says("E-IN-USE another server is using");
    signal(ledger.process(), "-STOP");
    ledger.shop.run(&SERVE).ends(1).says("E-IN-USE another server is using");
    signal(ledger.process(), "-CONT");
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    ledger.audited();
}

#[test]
fn a_server_that_was_stopped_while_another_took_over_records_nothing_and_ends() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    let before = events(&ledger.url);
    signal(ledger.process(), "-STOP");
    unlock(&ledger.shop);
    let (mut second, url) = another(&ledger.shop);
    assert_eq!(events(&url), before, "the second one has all that was acknowledged");
    let first = std::mem::replace(&mut ledger.url, url.clone());
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    let after = events(&url);
    let (entries, seen) = (|of: &Value| of["events"].as_array().unwrap().len(), ledger.get_text("/log/checkpoint"));
    assert_eq!(entries(&after), entries(&before) + 2);

    // It goes on with what it knew. Its next write is refused, and it ends by itself.
    signal(ledger.process(), "-CONT");
    let key = ["key", "new", "--org", "CMD", "--role", "SIRO", "--no-passphrase"];
    ledger.shop.run(&key).ends(0);
    let who = ledger.shop.run(&["key", "show", "CMD.SIRO", "--json"]).ends(0).json();
    let person = who["person"].as_str().unwrap();
    let appoint = ["appoint", "CMD", "--person", person, "--role", "SIRO", "--holder", "holder.yaml"];
    let how = ["-k", "CMD.CEX", "--yes", "--url", &first];
    ledger.shop.run(&[&appoint[..], &how[..]].concat()).ends(1);
    let (status, said) = ledger.ended();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("E-FENCED another server has taken the store over (its epoch is"), "{said}");

    // Nothing was signed twice: the second one's history stands, and everything in it verifies.
    assert_eq!(events(&url), after);
    assert_eq!(ledger.get_text("/log/checkpoint"), seen);
    ledger.audited();
    signal(second.id(), "-TERM");
    assert!(second.wait().unwrap().success());
    let look = ledger.shop.run(&["doctor", "--data", "ledger", "--json"]).ends(0).json();
    assert_eq!(
        (look["entries"].as_u64(), look["signed"].as_u64()),
        (Some(entries(&after) as u64), look["entries"].as_u64())
    );
    assert_eq!(look["epoch"], 3, "founded, served, taken over");
}

/// Nobody writes to it: it notices all the same.
#[test]
fn an_idle_server_ends_too() {
    let mut ledger = Served::new();
    unlock(&ledger.shop);
    let (mut second, url) = another(&ledger.shop);
    let (status, said) = ledger.ended();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("E-FENCED"), "{said}");
    assert_eq!(events(&url)["events"].as_array().unwrap().len(), 1);
    second.kill().unwrap();
    second.wait().unwrap();
}
