//! Golden logs: entries whose bytes are fixed for ever come to the same root and the same state, by every program.
//!
//! `GOLDEN=rules-1 cargo test -p counterpart-core --test histories golden` makes a log that is not there yet, from
//! the histories; a log that is there is never written again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use counterpart_core::replay::{self, Replay};
use serde_json::{Value, json};

use crate::corpus::{MOVES, histories};
use crate::history::{Chronicle, Offered, Verdict};

/// One for each version of the rules.
const LOGS: [&str; 1] = ["rules-1"];

/// Entries of a golden log: the beginning of a history, long enough for most types of event.
const ENTRIES: usize = 340;

/// How many histories lend their offers.
const LENDERS: usize = 5;

/// A refusal that was met so often already is left out: same event, same stage, same code.
const ALIKE_MAX: usize = 1;

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

/// What a line says of an offer: its code, or a dash where it is recorded.
fn told(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Recorded(_) => "-",
        Verdict::Refused(code) => code,
    }
}

/// The offers of a history, and the digest of its state at the end.
fn offers(number: u64) -> (Vec<Offered>, String) {
    let mut ledger = Chronicle::founded(number);
    ledger.offered = Some(Vec::new());
    for place in 0..MOVES {
        ledger.may_close = place + 15 > MOVES;
        ledger.step();
    }
    (ledger.offered.take().unwrap(), ledger.state().digest().to_string())
}

/// Writes the offers of those histories that differ most: what every history begins with, then each from there on.
fn make_offers(path: &Path) {
    let founded = Chronicle::founded(0);
    let mut lines: Vec<String> =
        founded.entries.iter().map(|bytes| format!("- {}", String::from_utf8(bytes.clone()).unwrap())).collect();
    lines.push(format!("= {}", founded.state().digest()));
    let mut left: Vec<(Vec<Offered>, String)> = (1..=40).map(offers).collect();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let kind = |offer: &Offered| (offer.about.clone(), told(&offer.verdict).to_owned());
    for _ in 0..LENDERS {
        let fresh = |(offers, _): &(Vec<Offered>, String)| {
            offers.iter().map(kind).filter(|kind| !seen.contains_key(kind)).collect::<BTreeSet<_>>().len()
        };
        let place = (0..left.len()).max_by_key(|place| fresh(&left[*place])).unwrap();
        let (offers, digest) = left.swap_remove(place);
        for offer in &offers {
            let count = seen.entry(kind(offer)).or_default();
            *count += 1;
            if told(&offer.verdict) == "-" || *count <= ALIKE_MAX {
                lines.push(format!("{} {}", told(&offer.verdict), String::from_utf8_lossy(&offer.bytes)));
            }
        }
        lines.push(format!("= {digest}"));
    }
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

#[test]
fn golden_offers_are_recorded_or_refused_as_they_always_were() {
    for name in LOGS {
        let path = folder(name).join("offers.txt");
        if std::env::var_os("GOLDEN").is_some_and(|asked| asked == name) && !path.exists() {
            make_offers(&path);
        }
        let (mut founded, mut replay) = (None, Replay::new());
        let mut codes: BTreeSet<String> = BTreeSet::new();
        for (place, line) in fs::read_to_string(path).unwrap().lines().enumerate() {
            let (said, rest) = line.split_once(' ').unwrap();
            if said == "=" {
                assert_eq!(replay.state.digest().to_string(), rest, "the state at line {}", place + 1);
                // Every history goes on from the same beginning.
                replay = founded.get_or_insert(replay).clone();
                continue;
            }
            let code = match replay.next_bytes(rest.as_bytes()) {
                Ok(()) => "-".to_owned(),
                Err(stopped) => stopped.stop.code().to_owned(),
            };
            assert_eq!(code, said, "line {}", place + 1);
            codes.insert(code);
        }
        assert!(codes.len() > 60, "{codes:?}");
    }
}
