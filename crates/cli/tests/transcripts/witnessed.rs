//! A ledger with witnesses, each a process of its own: what they cosigned stays cosigned, and bundles carry it.

use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use serde_json::Value;
use std::fmt::Write as _;

use crate::bundles::{members as members_of, python};
use crate::served::Served;
use crate::shop::Shop;
use crate::witnesses::{Running, log_key};

/// A ledger whose policy asks for both of two witnesses.
struct Witnessed {
    ledger: Served,
    log: String,
    keys: Vec<String>,
    _witnesses: Vec<Running>,
}

impl Witnessed {
    fn new(visibility: &str) -> Self {
        let shop = Shop::new();
        let log = log_key(&shop, visibility);
        let start = |name: &str| {
            let full = format!("witness.example/{name}");
            let words = ["witness", "serve", "--data", name, "--name", &full, "--log", &log, "--listen", "127.0.0.1:0"];
            Running::start(&shop, &words)
        };
        let witnesses: Vec<Running> = ["one", "two"].map(start).into();
        let said = |running: &Running, place: usize, prefix: &str| {
            running.lines[place].strip_prefix(prefix).unwrap().to_owned()
        };
        let keys: Vec<String> = witnesses.iter().map(|running| said(running, 0, "witness ")).collect();
        let mut policy = format!("log {log}\n");
        for ((name, key), running) in ["one", "two"].iter().zip(&keys).zip(&witnesses) {
            writeln!(policy, "witness {name} {key} {}", said(running, 1, "listening on ")).unwrap();
        }
        shop.write("policy", policy + "group both all one two\nquorum both\n");
        let ledger = Served::of(shop, &["--policy", "policy"]);
        Self { ledger, log, keys, _witnesses: witnesses }
    }

    /// Waits until both have cosigned so many entries.
    fn reaches(&self, size: u64) {
        let line = format!("\ncounterpart_witnessed_size {size}\n");
        while !self.ledger.get_text("/metrics").contains(&line) {
            std::thread::yield_now();
        }
    }

    /// How our own program ends on a file under this policy, and how the other verifier does.
    fn verdicts(&self, file: &str, policy: &str) -> (i32, Option<i32>) {
        let path = self.ledger.shop.path(file);
        let ours = self.ledger.shop.run(&["verify", file, "--policy", policy]).code;
        (ours, python(&path, &["--policy", self.ledger.shop.path(policy).to_str().unwrap()]))
    }

    /// Asserts that both verifiers end so.
    #[track_caller]
    fn both(&self, file: &str, policy: &str, code: i32) {
        let (ours, theirs) = self.verdicts(file, policy);
        assert_eq!(ours, code, "{file} under {policy}");
        assert!(theirs.is_none_or(|theirs| theirs == code), "{file} under {policy}: verify.py ends with {theirs:?}");
    }

    /// Policies that ask for more than there is: a third witness, and one of the two under another key.
    fn strangers(&self) {
        let stranger = Cosigner::new("witness.example/two", SigningKey::from_bytes(&[3; 32])).unwrap();
        let (one, two) = (&self.keys[0], &self.keys[1]);
        let log = &self.log;
        let other = stranger.vkey();
        let write = |name: &str, text: String| drop(self.ledger.shop.write(name, text));
        write("other", format!("log {log}\nwitness one {one}\nwitness two {other}\ngroup g all one two\nquorum g\n"));
        let third = Cosigner::new("witness.example/three", SigningKey::from_bytes(&[4; 32])).unwrap();
        let third = third.vkey();
        write(
            "more",
            format!(
                "log {log}\nwitness one {one}\nwitness two {two}\nwitness three {third}\n\
                 group g all one two three\nquorum g\n"
            ),
        );
        write("any", format!("log {log}\nwitness one {one}\nwitness three {third}\ngroup g any one three\nquorum g\n"));
    }
}

fn receipt(text: &str) -> (u64, u64, String) {
    let receipt: Value = serde_json::from_str(text).unwrap();
    let size = receipt["checkpoint"].as_str().unwrap().lines().nth(1).unwrap().parse().unwrap();
    (receipt["index"].as_u64().unwrap(), size, receipt["leaf_hash"].as_str().unwrap().to_owned())
}

#[test]
fn a_witness_that_never_answers_delays_no_acknowledgement_and_is_told_of() {
    let shop = Shop::new();
    let log = log_key(&shop, "OPEN");
    // It takes connections and never reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let silent_witness = Cosigner::new("witness.example/silent", SigningKey::from_bytes(&[5; 32])).unwrap();
    let key = silent_witness.vkey();
    shop.write("policy", format!("log {log}\nwitness silent {key} http://{address}\nquorum silent\n"));
    let ledger = Served::of(shop, &["--policy", "policy"]);
    // Nobody would be answered before the witness is, if anybody waited for it: each of these needs the one before.
    ledger.register("CMD");
    for index in 1..4 {
        assert_eq!(ledger.get(&format!("/api/v1/events/{index}"))["standing"], "RECORDED");
    }
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut ready = agent.get(format!("{}/readyz", ledger.url)).call().unwrap();
    let told = ready.body_mut().read_to_string().unwrap();
    assert_eq!(ready.status().as_u16(), 503, "{told}");
    assert!(told.contains("the quorum of witnesses has not been reached yet"), "{told}");
    let metrics = ledger.get_text("/metrics");
    assert!(metrics.contains("\ncounterpart_witnessed_size 0\n"), "{metrics}");
    assert!(!metrics.contains("\ncounterpart_quorum_age_seconds "), "nothing is fresh that never was: {metrics}");
    assert!(metrics.contains("witness=\"silent\""), "{metrics}");
}

#[test]
fn what_was_witnessed_once_is_proved_by_its_witnesses_for_ever_and_bundles_carry_them() {
    let mut witnessed = Witnessed::new("OPEN");
    let ledger = &witnessed.ledger;
    ledger.staff("CMD");
    ledger.staff("HCK");
    let id = ledger.file("HCK", "CMD");
    let note = ["note", &id, "--text", "We have read the request and answer next week.", "-k", "HCK.IGL", "--json"];
    let noted = ledger.act(&note).ends(0).out;
    let (index, size, leaf) = receipt(&noted);
    witnessed.reaches(size);
    // The key was in other hands, and the body says that the note is not its own.
    let report = ["key", "compromised", "HCK.IGL", "--evidence", "A laptop was stolen.", "-k", "HCK.CEX"];
    ledger.act(&[&report[..], &["--suspect-from", &index.to_string()]].concat()).ends(0);
    let target = ledger.ask(&["history", &id, "--json"]).ends(0).json();
    let target = target["events"].as_array().unwrap().iter().find(|row| row["index"] == index).unwrap()["id"].clone();
    let resolve = ["resolve-contest", &id, "--outcome", "DISOWNED", "--evidence", "Nobody here wrote it."];
    let hands = ["--target", target.as_str().unwrap(), "-k", "HCK.SIRO", "-k", "HCK.CEX", "--json"];
    let resolved = ledger.act(&[&resolve[..], &hands].concat()).ends(0).out;
    let (_, last, _) = receipt(&resolved);
    witnessed.reaches(last);
    // The note's own checkpoint, grown over long ago, still has both cosignatures, also after a power cut.
    witnessed.strangers();
    let path = format!("/log/proof/{index}?size={size}");
    let proof = witnessed.ledger.get_text(&path);
    witnessed.ledger.cut();
    assert_eq!(witnessed.ledger.get_text(&path), proof, "after a restart");
    let shop = &witnessed.ledger.shop;
    shop.write("note.tlog-proof", &proof);
    let told = shop.run(&["verify", "note.tlog-proof", "--policy", "policy", "--leaf", &leaf]).ends(0).out;
    assert!(
        told.contains(&format!("signed {size} entries")) && told.contains("witnesses cosigned: one, two"),
        "{told}"
    );
    shop.run(&["verify", "note.tlog-proof", "--policy", "more", "--leaf", &leaf]).ends(4);
    // The bundle.
    witnessed.ledger.ask(&["export", &id, "--format", "bundle", "--out", "bundle.zip"]).ends(0);
    witnessed.both("bundle.zip", "policy", 0);
    witnessed.both("bundle.zip", "any", 0);
    witnessed.both("bundle.zip", "more", 4);
    witnessed.both("bundle.zip", "other", 4);
    let told = shop.run(&["verify", "bundle.zip", "--policy", "policy"]).ends(0).out;
    assert!(told.contains("witnesses cosigned, enough for the policy: one, two"), "{told}");
    let members = members_of(&std::fs::read(shop.path("bundle.zip")).unwrap());
    let page = |name: &str| String::from_utf8(members[name].clone()).unwrap();
    assert!(page("account.md").contains("; **disowned by A London body on "), "{}", page("account.md"));
    assert!(page("account.md").contains("a quorum of independent witnesses has signed the same"));
    for name in ["account.md", "README.md"] {
        assert!(!page(name).contains("Not witnessed"), "{name}");
    }
    assert!(page("policy").contains(" 2 one two\nquorum "), "{}", page("policy"));
}

#[test]
fn a_bundle_of_a_closed_ledger_is_given_to_a_party_and_checked_by_whoever_it_hands_it_to() {
    let witnessed = Witnessed::new("CLOSED");
    let ledger = &witnessed.ledger;
    ledger.staff("CMD");
    ledger.staff("HCK");
    let draft = ["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q"];
    let draft = ledger.shop.run(&draft).ends(0).out;
    ledger.shop.write("agreement.yaml", draft);
    let filed = ledger.act(&["file", "agreement.yaml", "-k", "CMD.IGL", "--json"]).ends(0).json();
    let id = filed["stream"].as_str().unwrap().strip_prefix("agr:").unwrap().to_owned();
    let (_, size, _) = receipt(&filed.to_string());
    witnessed.reaches(size);
    let export = ["export", &id, "--format", "bundle", "--out", "bundle.zip"];
    let refused = ledger.ask(&export);
    assert_ne!(refused.code, 0, "a stranger is given nothing");
    assert!(!ledger.shop.path("bundle.zip").exists());
    ledger.ask(&[&export[..], &["--as", "HCK.SIRO"]].concat()).ends(0);
    witnessed.strangers();
    witnessed.both("bundle.zip", "policy", 0);
    witnessed.both("bundle.zip", "more", 4);
    let members = members_of(&std::fs::read(ledger.shop.path("bundle.zip")).unwrap());
    assert!(!members["disclosures.jsonl"].is_empty(), "a party reads its own agreement");
    // A party that is not one of this agreement may see the entries and not the words.
    ledger.staff("ISL");
    let other = ["export", &id, "--format", "bundle", "--out", "other.zip", "--as", "ISL.SIRO"];
    ledger.ask(&other).ends(0);
    let members = members_of(&std::fs::read(ledger.shop.path("other.zip")).unwrap());
    assert!(members["disclosures.jsonl"].is_empty(), "no words for somebody else");
}
