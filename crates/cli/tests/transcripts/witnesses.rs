//! `witness serve`: a key at the first start, its line, and what it remembers.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::shop::{ORIGIN, Shop, mode};

/// A process that serves, ended when the test ends.
pub struct Running {
    child: Child,
    pub lines: Vec<String>,
}

impl Running {
    pub fn start(shop: &Shop, words: &[&str]) -> Self {
        let mut child = shop.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(2).map(Result::unwrap).collect();
        Self { child, lines }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Founds a ledger and gives the key of its log.
pub fn log_key(shop: &Shop, visibility: &str) -> String {
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN, "--visibility", visibility]).ends(0);
    let identity = std::fs::read(shop.path("ledger/ledger.json")).unwrap();
    let identity: serde_json::Value = serde_json::from_slice(&identity).unwrap();
    identity["log_key"].as_str().unwrap().to_owned()
}

#[test]
fn a_witness_makes_its_key_once_and_keeps_its_name() {
    let shop = Shop::new();
    let log = log_key(&shop, "OPEN");
    let words = ["witness", "serve", "--data", "w", "--log", &log, "--listen", "127.0.0.1:0"];
    shop.run(&words).ends(2).says("a new witness needs a name");
    let named = [&words[..], &["--name", "witness.example/w1"]].concat();
    let first = Running::start(&shop, &named);
    assert!(first.lines[0].starts_with("witness witness.example/w1+"), "{:?}", first.lines);
    assert!(first.lines[1].starts_with("listening on http://127.0.0.1:"), "{:?}", first.lines);
    assert_eq!(mode(&shop.path("w/witness.key")), 0o600);
    shop.run(&words).ends(1).says("another witness is using");
    let vkey = first.lines[0].clone();
    drop(first);
    let again = Running::start(&shop, &words);
    assert_eq!(again.lines[0], vkey);
    drop(again);
    let renamed = [&words[..], &["--name", "witness.example/w2"]].concat();
    shop.run(&renamed).ends(2).says("this witness is called `witness.example/w1`");
}

#[test]
fn a_witness_without_logs_or_with_a_wrong_key_is_asked_wrongly() {
    let shop = Shop::new();
    shop.run(&["witness", "serve", "--data", "w", "--name", "w"]).ends(2).says("name the logs to watch");
    let words = ["witness", "serve", "--data", "w", "--name", "w", "--log", "nonsense"];
    shop.run(&words).ends(2).says("`nonsense` is not the verifier key of a log");
    shop.write("list", "# logs\nlog nonsense\n");
    let words = ["witness", "serve", "--data", "w", "--name", "w", "--logs", "list"];
    shop.run(&words).ends(2).says("`list`: line 2 of the list of logs");
}
