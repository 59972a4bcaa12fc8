//! Entries are lost and nobody has them: the ledger says so and ends, what is whole is served, another one goes on.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::served::Served;
use crate::shop::{ORIGIN, Shop};

const END: [&str; 5] = ["end-epoch", "--data", "ledger", "--reason", "the disk failed, and there is no copy"];
const SERVE: [&str; 5] = ["serve", "--data", "ledger", "--listen", "127.0.0.1:0"];

/// Zeroes what lies between two hundredths of the used bytes of a file.
fn lose(path: &Path, from: usize, to: usize) {
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[used * from / 100..used * to / 100].fill(0);
    fs::write(path, bytes).unwrap();
}

/// What stands behind some words, to the end of the line.
fn look_up<'t>(text: &'t str, words: &str) -> &'t str {
    text.split_once(words).unwrap().1.lines().next().unwrap()
}

fn doctor(shop: &Shop, code: i32) -> Value {
    shop.run(&["doctor", "--data", "ledger", "--json"]).ends(code).json()
}

/// The folder in which the old store is kept.
fn aside(shop: &Shop) -> PathBuf {
    let mut found = fs::read_dir(shop.path("ledger")).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("store.ended-")).unwrap()
}

#[test]
fn a_ledger_that_has_lost_entries_says_so_and_serves_what_is_whole() {
    let mut ledger = Served::new();
    ledger.staff("CMD");
    ledger.shop.run(&["mirror", &ledger.url, "mirrored"]).ends(0);
    let (vkey, signed) = (ledger.vkey(), ledger.size());
    let first = ledger.get("/api/v1/events/0")["entry"].clone();
    ledger.stop();
    let shop = &ledger.shop;
    // Nothing is lost: it does not end.
    shop.run(&[&END[..], &["--yes"]].concat()).ends(1).says("nothing has ended; use `counterpart repair`");

    let record = shop.path("ledger/store/records/000000.rec");
    lose(&record, 60, 70);
    let hurt = fs::read(&record).unwrap();
    shop.run(&SERVE).ends(1).says("E-DAMAGE records/000000.rec");
    let plan = shop.run(&END).ends(2).says("nothing was done; say --yes");
    assert!(plan.out.contains("lost         entries "), "{}", plan.out);
    assert_eq!(fs::read(&record).unwrap(), hurt, "nothing was done");
    assert!(!shop.path("ledger/ended.note").exists());

    let told = shop.run(&[&END[..], &["--yes", "--json"]].concat()).ends(0).json();
    let whole = told["whole"].as_u64().unwrap();
    assert_eq!(told["signed"], signed);
    assert!(0 < whole && whole < signed, "{told}");
    let lost = told["lost"][0][0].as_u64().unwrap();
    assert!(whole <= lost && lost < signed, "{told}");
    assert_eq!(fs::read(aside(shop).join("records/000000.rec")).unwrap(), hurt, "every byte is kept");
    shop.run(&[&END[..], &["--yes"]].concat()).ends(1).says("has ended already");

    // An outsider who has the key verifies it; another key, other words and a mixture do not pass.
    let note = fs::read_to_string(shop.path("ledger/ended.note")).unwrap();
    let verify = |file: &str| shop.run(&["verify", file, "--vkey", &vkey]);
    let checked = verify("ledger/ended.note").ends(0).out;
    assert!(checked.contains(&format!("the log signed {signed} entries last")), "{checked}");
    assert!(checked.contains("it says why") && checked.contains("the disk failed, and there is no copy"), "{checked}");
    shop.run(&["verify", "ledger/ended.note"]).ends(0);
    let (name, pins) = (look_up(&checked, "the ledger is "), shop.path("home/pins.json"));
    let pinned = fs::read_to_string(&pins).unwrap();
    let (origin, hash) = name.split_once('#').unwrap();
    let another = format!("{origin}#{}", hash.chars().rev().collect::<String>());
    fs::write(&pins, pinned.replace(name, &another)).unwrap();
    let refused = shop.run(&["verify", "ledger/ended.note"]).ends(4).out;
    assert!(refused.contains(&format!("you pinned {another}")), "{refused}");
    fs::write(&pins, pinned).unwrap();
    for (what, changed) in [
        ("words", note.replace("the disk failed", "the disk smiled")),
        ("lost", note.replace(&format!("[[{lost},"), &format!("[[{},", lost + 1))),
        ("kind", note.replace("/end-of-epoch\n", "/repair\n")),
    ] {
        assert_ne!(changed, note, "{what}");
        shop.write("changed.note", changed);
        verify("changed.note").ends(4);
    }
    let other = Served::new();
    shop.run(&["verify", "ledger/ended.note", "--vkey", &other.vkey()]).ends(4);

    // What is whole is served and verifies; nothing is recorded.
    let look = doctor(shop, 0);
    assert_eq!((look["entries"].as_u64(), look["signed"].as_u64()), (Some(whole), Some(whole)));
    assert_eq!(look["ended"], note);
    assert!(look["next_start"].as_str().unwrap().contains("the ledger has ended"), "{look}");
    ledger.cut();
    assert_eq!(ledger.get("/api/v1/events/0")["entry"], first);
    assert_eq!(ledger.get_text("/log/statements/end-of-epoch"), note);
    ledger.audited();
    assert_eq!(ledger.size(), whole);
    ledger.shop.run(&["key", "new", "--org", "CMD", "--role", "REQ", "--no-passphrase"]).ends(0);
    let who = ledger.shop.run(&["key", "show", "CMD.REQ", "--json"]).ends(0).json();
    let person = who["person"].as_str().unwrap();
    let appoint = ["appoint", "CMD", "--person", person, "--role", "REQ", "--holder", "holder.yaml", "-k", "CMD.ADM"];
    ledger.act(&appoint).ends(3).says("This ledger has ended");
    let ready = ureq::get(format!("{}/readyz", ledger.url)).config().http_status_as_error(false).build().call();
    assert_eq!(ready.unwrap().status().as_u16(), 503);
    assert_eq!(ledger.size(), whole);

    // Without the statement the store is not signed from, by any way.
    ledger.stop();
    let shop = &ledger.shop;
    let statement = shop.path("ledger/store/lock/ENDED");
    fs::rename(&statement, shop.path("ENDED")).unwrap();
    let _ = fs::remove_file(shop.path("ledger/store/MARK"));
    shop.run(&SERVE).ends(1).says(&format!("a checkpoint over {signed} entries was signed"));
    shop.run(&["repair", "--data", "ledger", "--sign-again"]).ends(1).says("E-ROLLBACK");
    fs::write(&statement, note.replace("the disk failed", "the disk smiled")).unwrap();
    shop.run(&SERVE).ends(4).says("the statement does not hold");
    fs::rename(shop.path("ENDED"), &statement).unwrap();

    // A copy of it has ended, too.
    shop.run(&["backup", "--data", "ledger", "--to", "copy", "--keys-to", "keys"]).ends(0);
    let seen = shop.path("mirrored/checkpoint");
    let back =
        ["restore", "--from", "copy", "--keys-from", "keys", "--data", "back", "--nobody-has-seen", "it has ended"];
    shop.run(&back).ends(0);
    assert_eq!(fs::read_to_string(shop.path("back/store/lock/ENDED")).unwrap(), note);
    assert!(seen.exists());

    // Whoever finds the lost entries after all mends the store that was put aside.
    fs::remove_dir_all(shop.path("ledger/store")).unwrap();
    fs::rename(aside(shop), shop.path("ledger/store")).unwrap();
    shop.run(&["repair", "--data", "ledger", "--from", "mirrored"]).ends(0);
    ledger.cut();
    assert_eq!(ledger.size(), signed);
}

#[test]
fn another_ledger_goes_on_and_both_say_so() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    let vkey = ledger.vkey();
    ledger.stop();
    let shop = &ledger.shop;
    lose(&shop.path("ledger/store/records/000000.rec"), 80, 100);
    shop.run(&[&END[..], &["--yes"]].concat()).ends(0);
    let after = ["--after", "ledger/ended.note", "--after-key", &vkey];
    let next = "next.example/london/log";
    shop.run(&[&["init", "--data", "same", "--origin", ORIGIN][..], &after].concat())
        .ends(2)
        .says("choose another origin");
    let wrong = ["--after", "ledger/ended.note", "--after-key", "nonsense"];
    shop.run(&[&["init", "--data", "next", "--origin", next][..], &wrong].concat()).ends(2);
    let founded =
        shop.run(&[&["init", "--data", "next", "--origin", next, "--json"][..], &after].concat()).ends(0).json();
    let (name, new_key) = (founded["ledger"].as_str().unwrap(), founded["log_key"].as_str().unwrap());
    let said = shop.run(&["verify", "next/continues.note", "--vkey", new_key]).ends(0).out;
    assert!(said.contains(&format!("{name} goes on from {ORIGIN}")), "{said}");
    assert_eq!(
        fs::read(shop.path("next/predecessor.note")).unwrap(),
        fs::read(shop.path("ledger/ended.note")).unwrap()
    );

    // The old key names it.
    let naming = ["end-epoch", "--data", "ledger", "--successor", name, "--yes"];
    shop.run(&naming).ends(0);
    shop.run(&naming).ends(0);
    let another = format!("{next}#{}", "0".repeat(64));
    shop.run(&["end-epoch", "--data", "ledger", "--successor", &another, "--yes"]).ends(1).says("names another ledger");
    let said = shop.run(&["verify", "ledger/ended.note", "--vkey", &vkey]).ends(0).out;
    assert!(said.contains(&format!("it says that {name} goes on")), "{said}");
    ledger.cut();
    assert!(ledger.get_text("/log/statements/end-of-epoch").contains(name));
    ledger.stop();
    fs::rename(ledger.shop.path("ledger"), ledger.shop.path("old")).unwrap();
    fs::rename(ledger.shop.path("next"), ledger.shop.path("ledger")).unwrap();
    ledger.cut();
    for (kind, file) in [("continues", "ledger/continues.note"), ("predecessor", "ledger/predecessor.note")] {
        let served = ledger.get_text(&format!("/log/statements/{kind}"));
        assert_eq!(served, fs::read_to_string(ledger.shop.path(file)).unwrap(), "{kind}");
    }
    let none = ureq::get(format!("{}/log/statements/end-of-epoch", ledger.url)).config().http_status_as_error(false);
    assert_eq!(none.build().call().unwrap().status().as_u16(), 404);
}

/// The command is cut short between its steps: the same command ends it.
#[test]
fn an_end_that_was_cut_short_is_ended() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    ledger.stop();
    let shop = &ledger.shop;
    lose(&shop.path("ledger/store/records/000000.rec"), 80, 100);
    // A new store that is not whole is made anew; one that is, and whose place is free, takes it.
    fs::create_dir(shop.path("ledger/store.kept")).unwrap();
    fs::write(shop.path("ledger/store.kept/STORE"), "half").unwrap();
    shop.run(&[&END[..], &["--yes"]].concat()).ends(0);
    fs::rename(shop.path("ledger/store"), shop.path("ledger/store.kept")).unwrap();
    fs::remove_file(shop.path("ledger/ended.note")).unwrap();
    shop.run(&[&END[..], &["--yes"]].concat()).ends(1).says("has ended already");
    assert!(shop.path("ledger/store/lock/ENDED").exists());
    doctor(shop, 0);
}

/// Entry 0 names the key that speaks for the ledger: without it nobody can say that it has ended, until it is given back.
#[test]
fn a_ledger_whose_first_entry_is_lost_cannot_speak_before_that_is_given_back() {
    let mut ledger = Served::new();
    ledger.staff("CMD");
    let vkey = ledger.vkey();
    ledger.stop();
    let shop = &ledger.shop;
    shop.run(&["backup", "--data", "ledger", "--to", "copy", "--keys-to", "keys"]).ends(0);
    let record = shop.path("ledger/store/records/000000.rec");
    lose(&record, 0, 10);
    lose(&record, 80, 90);
    let before = fs::read(&record).unwrap();
    shop.run(&[&END[..], &["--yes"]].concat()).ends(1).says("nothing shows which key may speak for this ledger");
    assert_eq!(fs::read(&record).unwrap(), before);
    assert!(!shop.path("ledger/ended.note").exists());
    shop.run(&["repair", "--data", "ledger", "--from", "copy"]).ends(0);
    lose(&record, 80, 90);
    shop.run(&[&END[..], &["--yes"]].concat()).ends(0);
    shop.run(&["verify", "ledger/ended.note", "--vkey", &vkey]).ends(0);
}
