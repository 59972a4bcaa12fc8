//! Golden logs: entries whose bytes are fixed for ever come to the same root and the same state, by every program.
//!
//! `GOLDEN=rules-1 cargo test -p counterpart-core --test histories golden` makes a log that is not there yet, from
//! the histories; a log that is there is never written again.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use counterpart_core::replay::{self, Replay};
use serde_json::{Value, json};

use crate::corpus::histories;

/// One for each version of the rules.
const LOGS: [&str; 1] = ["rules-1"];

/// Entries of a golden log: the beginning of a history, long enough for most types of event.
const ENTRIES: usize = 340;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn types<'a>(entries: impl Iterator<Item = &'a [u8]>) -> BTreeSet<String> {
    entries.map(|bytes| replay::read(bytes).unwrap().event.event_type().to_string()).collect()
}

fn make(name: &str) {
    let folder = folder(name);
    if folder.exists() {
        return;
    }
    let beginnings = histories().iter().map(|told| &told.ledger.entries[..told.ledger.entries.len().min(ENTRIES)]);
    let entries = beginnings.max_by_key(|entries| types(entries.iter().map(Vec::as_slice)).len()).unwrap();
    let mut replay = Replay::new();
    let mut lines = Vec::new();
    for bytes in entries {
        replay.next_bytes(bytes).unwrap();
        lines.extend_from_slice(bytes);
        lines.push(b'\n');
    }
    let expected = json!({
        "entries": entries.len(), "root": replay.frontier.root().to_hex(), "state": replay.state.digest().to_string(),
        "types": types(entries.iter().map(Vec::as_slice)),
    });
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("entries.ndjson"), lines).unwrap();
    fs::write(folder.join("expected.json"), format!("{expected:#}\n")).unwrap();
}

#[test]
fn golden_logs_of_every_version_of_the_rules_come_to_the_same_root_and_state() {
    if let Some(name) = std::env::var_os("GOLDEN") {
        make(name.to_str().unwrap());
    }
    for name in LOGS {
        let entries = fs::read_to_string(folder(name).join("entries.ndjson")).unwrap();
        let expected: Value =
            serde_json::from_str(&fs::read_to_string(folder(name).join("expected.json")).unwrap()).unwrap();
        let mut replay = Replay::new();
        for line in entries.lines() {
            replay.next_bytes(line.as_bytes()).unwrap();
        }
        assert_eq!(replay.state.size, expected["entries"].as_u64().unwrap());
        assert_eq!(replay.frontier.root().to_hex(), expected["root"].as_str().unwrap());
        assert_eq!(replay.state.digest().to_string(), expected["state"].as_str().unwrap());
        assert_eq!(json!(types(entries.lines().map(str::as_bytes))), expected["types"]);
    }
}
