//! Evidence bundles: made by the server, checked by the program and by the verifier that was written apart from it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use counterpart_export::archive;
use serde_json::Value;

use crate::shop::Shop;

/// The demonstration, served by the real binary.
struct Demonstration {
    shop: Shop,
    url: String,
    vkey: String,
    server: Child,
}

impl Demonstration {
    fn new() -> Self {
        let shop = Shop::new();
        let mut command = shop.command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--requests-per-second", "0"]);
        let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let url = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
        let url = format!("http://{}", url.unwrap().split_whitespace().next().unwrap().trim_end_matches('/'));
        shop.run(&["list", "--url", &url]).ends(0);
        let pins: Value = serde_json::from_slice(&std::fs::read(shop.path("home/pins.json")).unwrap()).unwrap();
        let vkey = pins[0]["vkey"].as_str().unwrap().to_owned();
        Self { shop, url, vkey, server }
    }

    fn bundle(&self, agreement: &str) -> Vec<u8> {
        let name = format!("{agreement}-bundle.zip");
        self.shop.run(&["export", agreement, "--format", "bundle", "--url", &self.url]).ends(0);
        std::fs::read(self.shop.path(&name)).unwrap()
    }

    /// How our own program ends on these bytes, and how the other verifier does where there is a Python.
    fn verdicts(&self, zip: &[u8], vkey: &str) -> (i32, Option<i32>) {
        let file = self.shop.write("changed.zip", zip);
        let ours = self.shop.run(&["verify", "changed.zip", "--vkey", vkey]).code;
        (ours, python(&file, &["--vkey", vkey]))
    }
}

impl Drop for Demonstration {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The exit code of the verifier of `docs/verify`; `None`, said loudly, where there is nothing to run it with.
pub fn python(file: &Path, trust: &[&str]) -> Option<i32> {
    let verifier = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/verify/verify.py"));
    let chosen = std::env::var("COUNTERPART_PYTHON").ok();
    let pythons = chosen.into_iter().chain(["python3", "/usr/bin/python3"].map(str::to_owned));
    for python in pythons {
        let mut asked = Command::new(&python);
        asked.args(["-c", "import cryptography, sys; sys.exit(sys.version_info < (3, 11))"]);
        if asked.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
            let done = Command::new(&python).arg(&verifier).arg(file).args(trust).output().unwrap();
            return done.status.code();
        }
    }
    eprintln!("WARNING: no Python 3.11 with `cryptography` here; docs/verify/verify.py was NOT asked");
    None
}

pub fn members(zip: &[u8]) -> BTreeMap<String, Vec<u8>> {
    archive::read(zip).unwrap()
}

fn zipped(members: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    archive::write(members.iter().map(|(name, content)| (name.as_str(), content.as_slice()))).unwrap()
}

fn without_line(text: &[u8], place: usize) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.filter(|(at, _)| *at != place).flat_map(|(_, line)| line.to_vec()).collect()
}

#[test]
fn i39_a_bundle_of_the_demonstration_holds_and_every_change_of_it_is_seen_by_both_verifiers() {
    let demonstration = Demonstration::new();
    let shop = &demonstration.shop;
    let listed = shop.run(&["list", "--json", "--url", &demonstration.url]).ends(0).json();
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    for row in listed.as_array().unwrap() {
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        states.insert(text("state"), text("reference"));
    }
    // An agreement in each state in which there is one.
    assert!(states.len() > 3, "{states:?}");
    let good = |(ours, theirs): (i32, Option<i32>)| ours == 0 && theirs.is_none_or(|theirs| theirs == 0);
    let mut richest = Vec::new();
    for (state, reference) in &states {
        let zip = demonstration.bundle(reference);
        assert!(good(demonstration.verdicts(&zip, &demonstration.vkey)), "{state} {reference}");
        if members(&zip)["disclosures.jsonl"].len() > 2000 && zip.len() > richest.len() {
            richest = zip;
        }
    }
    let whole = members(&richest);
    let told = shop.write("whole.zip", &richest);
    let told = shop.run(&["verify", told.to_str().unwrap(), "--vkey", &demonstration.vkey]).ends(0).out;
    assert!(told.contains("back to the genesis") && told.contains("not witnessed"), "{told}");
    for page in ["account.md", "README.md"] {
        let text = String::from_utf8(whole[page].clone()).unwrap();
        assert!(text.starts_with("**Demonstration: no body named here has signed anything**"), "{page}: {text}");
        assert!(text.contains("**Not witnessed: "), "{page}");
    }
    let caught = |what: &str, zip: &[u8], vkey: &str| {
        let (ours, theirs) = demonstration.verdicts(zip, vkey);
        assert_eq!(ours, 4, "{what}");
        assert!(theirs.is_none_or(|theirs| theirs == 4), "{what}: the other verifier ends with {theirs:?}");
    };
    // A key of the same name that is somebody else's.
    let other = "demo.counterpart.example/london/log+";
    assert!(demonstration.vkey.starts_with(other));
    caught("another key", &richest, &stranger(&demonstration.vkey));
    // One bit in what is proved, zipped again so that every checksum fits.
    for name in ["checkpoint", "entries.jsonl", "proofs.jsonl", "disclosures.jsonl"] {
        for part in 1..4 {
            let mut changed = whole.clone();
            let content = changed.get_mut(name).unwrap();
            let place = content.len() * part / 4;
            content[place] ^= 1;
            caught(&format!("{name} at {place}"), &zipped(&changed), &demonstration.vkey);
        }
    }
    let data: Vec<&String> = whole.keys().filter(|name| name.starts_with("data/")).collect();
    assert!(!data.is_empty());
    let mut changed = whole.clone();
    changed.get_mut(data[0]).unwrap()[0] ^= 1;
    caught(data[0], &zipped(&changed), &demonstration.vkey);
    // One bit within each member of the zip itself: its checksum does not fit.
    for (name, place) in contents(&richest) {
        let mut changed = richest.clone();
        changed[place] ^= 1;
        caught(&format!("the zip within {name}"), &changed, &demonstration.vkey);
    }
    left_out(&whole, &|what, zip| caught(what, zip, &demonstration.vkey));
}

/// Entries that others rest on, left out with their proofs; a proof alone; words that were given to another place.
fn left_out(whole: &BTreeMap<String, Vec<u8>>, caught: &dyn Fn(&str, &[u8])) {
    let kinds: Vec<String> = String::from_utf8(whole["entries.jsonl"].clone()).unwrap().lines().map(kind).collect();
    for kind in ["LedgerGenesis", "OrganisationRegistered", "RoleHolderAppointed", "KeyRegistered"] {
        let place = kinds.iter().position(|other| other == kind).unwrap();
        let mut changed = whole.clone();
        for name in ["entries.jsonl", "proofs.jsonl"] {
            changed.insert(name.to_owned(), without_line(&whole[name], place));
        }
        caught(&format!("{kind} left out"), &zipped(&changed));
    }
    let mut changed = whole.clone();
    changed.insert("proofs.jsonl".to_owned(), without_line(&whole["proofs.jsonl"], 1));
    caught("a proof left out", &zipped(&changed));
    let mut changed = whole.clone();
    changed.remove("checkpoint");
    caught("no checkpoint", &zipped(&changed));
    let words = String::from_utf8(whole["disclosures.jsonl"].clone()).unwrap();
    let mut lines: Vec<Value> = words.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let content = lines[1]["content"].clone();
    let last = lines.len() - 1;
    assert_ne!(lines[last]["content"], content);
    lines[last]["content"] = content;
    let words = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n") + "\n";
    let mut changed = whole.clone();
    changed.insert("disclosures.jsonl".to_owned(), words.into_bytes());
    caught("other words", &zipped(&changed));
}

/// The type of the event of an entry.
fn kind(entry: &str) -> String {
    use base64::Engine as _;
    let entry: Value = serde_json::from_str(entry).unwrap();
    let payload = entry["envelope"]["payload"].as_str().unwrap();
    let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
    let event: Value = serde_json::from_slice(&payload).unwrap();
    event["type"].as_str().unwrap().to_owned()
}

/// A place in the middle of what each member of a zip holds.
fn contents(zip: &[u8]) -> Vec<(String, usize)> {
    let long = |at: usize| u32::from_le_bytes(zip[at..at + 4].try_into().unwrap()) as usize;
    let mut places = Vec::new();
    let mut at = 0;
    while zip[at..].starts_with(b"PK\x03\x04") {
        let (deflated, name) = (long(at + 18), usize::from(zip[at + 26]));
        let content = at + 30 + name;
        places.push((String::from_utf8(zip[at + 30..content].to_vec()).unwrap(), content + deflated / 2));
        at = content + deflated;
    }
    places
}

/// Another key under the same name.
fn stranger(vkey: &str) -> String {
    use counterpart_tlog::note::{SignatureType, VerifierKey};
    let name = vkey.split('+').next().unwrap();
    let public = ed25519_dalek::SigningKey::from_bytes(&[9; 32]).verifying_key().to_bytes();
    VerifierKey::new(name, SignatureType::Ed25519, &public).unwrap().to_string()
}
