//! Two registrars and the chief executives of several bodies sign one event, each on a machine of their own.

use serde_json::{Value, json};

use crate::served::Served;
use crate::shop::Done;

/// Somebody's own machine: a home with one key in it.
struct Machine {
    home: String,
    key: String,
}

impl Machine {
    /// Takes one key to a machine of its own.
    fn of(ledger: &Served, key: &str) -> Self {
        let shop = &ledger.shop;
        let shown = shop.run(&["key", "show", key, "--json"]).ends(0).json();
        let from = std::path::PathBuf::from(shown["file"].as_str().unwrap());
        let name = from.file_name().unwrap().to_str().unwrap().to_owned();
        let home = format!("machine-{name}");
        let keys = shop.path(&home).join("keys");
        std::fs::create_dir_all(&keys).unwrap();
        std::fs::copy(&from, keys.join(&name)).unwrap();
        let row = json!([{
            "file": name, "key": shown["key"], "organisation": shown["organisation"], "person": shown["person"], "role": shown["role"],
        }]);
        std::fs::write(keys.join("people.json"), row.to_string()).unwrap();
        Self { home, key: key.to_owned() }
    }

    /// Runs a verb on this machine.
    fn runs(&self, ledger: &Served, words: &[&str]) -> Done {
        let home = ledger.shop.path(&self.home);
        let more = ["-k", &self.key, "--url", &ledger.url, "--home", home.to_str().unwrap()];
        ledger.shop.run(&[words, &more].concat())
    }

    fn signs(&self, ledger: &Served, digest: &str) -> Done {
        self.runs(ledger, &["sign", "--pending", digest, "--yes"])
    }
}

fn digest_of(opened: &Value) -> String {
    opened["digest"].as_str().unwrap().to_owned()
}

#[test]
fn a_merger_is_signed_by_two_registrars_and_three_chief_executives_on_five_machines() {
    let mut ledger = Served::new();
    for body in ["NCL", "NWL", "WNL"] {
        ledger.register_as(body, "NHS_ICB");
    }
    let registrars = ["REG.REG.1", "REG.REG.2", "REG.REG.3"].map(|key| Machine::of(&ledger, key));
    let chiefs = ["WNL.CEX", "NCL.CEX", "NWL.CEX"].map(|key| Machine::of(&ledger, key));
    let [one, two, three] = &registrars;
    let merge = ["succeed", "--kind", "MERGE", "--from", "NCL", "--from", "NWL", "--to", "WNL", "--effective"];
    let today = ledger.day(0);
    let merge = [&merge[..], &[&today, "--instrument", "The Integrated Care Boards Order", "--yes"]].concat();
    let second = ledger.shop.run(&["key", "show", "REG.REG.2", "--json"]).ends(0).json()["person"].clone();
    let second = format!("REG:REG:{}", second.as_str().unwrap());
    let with = ["--with", "WNL:CEX", "--with", "NCL:CEX", "--with", "NWL:CEX"];
    one.runs(&ledger, &[&merge[..], &with[..]].concat()).ends(2).says("needs --gather, or --out FILE");
    let ambiguous = [&merge[..], &["--with", "REG:REG", "--gather"]].concat();
    one.runs(&ledger, &ambiguous).ends(2).says("`REG:REG` may mean REG:REG:PER-");
    let size = ledger.size();
    let all = [&merge[..], &["--with", &second], &with[..], &["--gather", "--json"]].concat();
    let opened = one.runs(&ledger, &all).ends(0).says("It waits at the ledger").json();
    assert_eq!((&opened["missing"], &opened["state"]), (&json!(4), &json!("WAITING")));
    let digest = digest_of(&opened);
    // The other registrar is none of its signers: to her nothing waits.
    three.runs(&ledger, &["pending", "list"]).ends(0).says("Nothing waits for `REG.REG.3`");
    three.runs(&ledger, &["pending", "show", &digest]).ends(1).says("H404");
    three.signs(&ledger, &digest).ends(1).says("H404");
    two.signs(&ledger, &digest)
        .ends(0)
        .says("bodies take the place of others")
        .says("The Integrated Care Boards Order");
    ledger.cut();
    let listed = chiefs[0].runs(&ledger, &["pending", "list"]).ends(0).out;
    assert!(listed.starts_with(&digest) && listed.contains("OrganisationSucceeded") && listed.contains("3 missing"));
    let shown = chiefs[0].runs(&ledger, &["pending", "show", &digest]).ends(0).says("You are about to sign");
    assert!(shown.out.contains("missing      NWL CEX") && shown.out.contains("signed       REG REG"), "{}", shown.out);
    chiefs[0].runs(&ledger, &["pending", "sign", &digest, "--yes"]).ends(0);
    chiefs[1].signs(&ledger, &digest).ends(0);
    chiefs[1].signs(&ledger, &digest).ends(0);
    assert_eq!(ledger.size(), size, "nothing of it is in the log");
    let receipt = chiefs[2].signs(&ledger, &digest).ends(0).says("The receipt holds under the pinned key");
    assert!(receipt.out.contains("index") && receipt.out.contains("org:NCL"), "{}", receipt.out);
    assert_eq!(ledger.size(), size + 1);
    assert_eq!(
        (ledger.show("NCL")["state"].clone(), ledger.show("NWL")["successor"].clone()),
        (json!("SUCCEEDED"), json!("WNL"))
    );
    one.signs(&ledger, &digest).ends(1).says("it was recorded as entry");
    one.runs(&ledger, &["pending", "withdraw", &digest]).ends(1).says("nothing left to withdraw");
    split(&ledger, one, two);
    ledger.audited();
}

/// Planning passes from one corporation to four boroughs: two registrars and five chief executives. One of them does
/// not want it, and the next time all do.
fn split(ledger: &Served, one: &Machine, two: &Machine) {
    ledger.register_as("LLD", "MDC");
    let boroughs = ["HCK", "NWM", "TWH", "WFT"];
    let mut chiefs = vec![Machine::of(ledger, "LLD.CEX")];
    for body in boroughs {
        ledger.register(body);
        chiefs.push(Machine::of(ledger, &format!("{body}.CEX")));
    }
    let second = ledger.shop.run(&["key", "show", "REG.REG.2", "--json"]).ends(0).json()["person"].clone();
    let (today, second) = (ledger.day(0), format!("REG:REG:{}", second.as_str().unwrap()));
    let mut words =
        vec!["succeed", "--kind", "TRANSFER", "--from", "LLD", "--function", "PLANNING", "--default", "LLD"];
    words.extend(boroughs.iter().flat_map(|body| ["--to", body]));
    words.extend(["--effective", &today, "--instrument", "The planning functions order", "--with", &second]);
    words.extend(["--with", "LLD:CEX", "--with", "HCK:CEX", "--with", "NWM:CEX", "--with", "TWH:CEX"]);
    words.extend(["--with", "WFT:CEX", "--gather", "--yes", "--json"]);
    let digest = digest_of(&one.runs(ledger, &words).ends(0).json());
    chiefs[3].runs(ledger, &["pending", "withdraw", &digest]).ends(0).says("nothing of it was recorded");
    two.signs(ledger, &digest).ends(1).says("H404");
    let opened = one.runs(ledger, &words).ends(0).json();
    let digest = digest_of(&opened);
    assert_eq!(opened["missing"], 6);
    two.signs(ledger, &digest).ends(0);
    let mut last = None;
    for chief in &chiefs {
        last = Some(chief.signs(ledger, &digest).ends(0));
    }
    last.unwrap().says("The receipt holds under the pinned key");
}

#[test]
fn a_chief_whom_the_ledger_does_not_know_yet_signs_their_own_registration() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    let [one, two] = ["REG.REG.1", "REG.REG.2"].map(|key| Machine::of(&ledger, key));
    shop.run(&["key", "new", "--org", "CMD", "--role", "CEX", "--no-passphrase"]).ends(0);
    let chief = Machine::of(&ledger, "CMD.CEX");
    let shown = shop.run(&["key", "show", "CMD.CEX", "--json"]).ends(0).json();
    let named = format!("{}:{}", shown["person"].as_str().unwrap(), shown["public"].as_str().unwrap());
    let second = shop.run(&["key", "show", "REG.REG.2", "--json"]).ends(0).json()["person"].clone();
    let second = format!("REG:REG:{}", second.as_str().unwrap());
    let register =
        ["register", "--code", "CMD", "--name", "Camden", "--type", "LONDON_BOROUGH", "--flags", "flags.json"];
    let rest = ["--holder", "holder.yaml", "--with", &second, "--chief", &named, "--gather", "--yes", "--json"];
    let opened = one.runs(&ledger, &[&register[..], &rest[..]].concat()).ends(0).json();
    let digest = digest_of(&opened);
    chief.signs(&ledger, &digest).ends(0).says("A. Person");
    two.signs(&ledger, &digest).ends(0).says("The receipt holds under the pinned key");
    assert_eq!(ledger.show("CMD")["state"], "ACTIVE");
}

#[test]
fn a_file_may_be_left_at_the_ledger_and_what_has_gone_stale_is_told_before_it_is_signed() {
    let ledger = Served::new();
    ledger.register("CMD");
    let [one, two] = ["REG.REG.1", "REG.REG.2"].map(|key| Machine::of(&ledger, key));
    let second = ledger.shop.run(&["key", "show", "REG.REG.2", "--json"]).ends(0).json()["person"].clone();
    let second = format!("REG:REG:{}", second.as_str().unwrap());
    let suspend = ["suspend-organisation", "CMD", "--reason", "SECURITY", "--until", &ledger.day(9), "--yes"];
    let out = [&suspend[..], &["--with", &second, "--out", "half.json"]].concat();
    one.runs(&ledger, &out).ends(0);
    let opened = one.runs(&ledger, &["sign", "half.json", "--pending", "--yes", "--json"]).ends(0).json();
    let digest = digest_of(&opened);
    // What the ledger gives is compared with what was asked for.
    let other = "0".repeat(64);
    two.signs(&ledger, &other).ends(1).says("H404");
    let update = ["update-organisation", "CMD", "--name", "Camden", "-k", "CMD.ADM", "-k", "CMD.CEX"];
    ledger.act(&update).ends(0);
    let size = ledger.size();
    two.signs(&ledger, &digest).ends(3).says("If all had signed now, the rules would say no: C01").says("C01");
    let shown = two.runs(&ledger, &["pending", "show", &digest, "--json"]).ends(0).json();
    assert_eq!(shown["state"], "COMPLETE");
    assert_eq!(ledger.size(), size);
    two.runs(&ledger, &["pending", "withdraw", &digest, "--json"]).ends(0);
    one.runs(&ledger, &["pending", "list", "--json"]).ends(0);
    one.runs(&ledger, &["sign", "--yes"]).ends(2);
}
