//! `publish` and `mirror`: the log as plain files, and what happens when it contradicts itself.

use std::fs;
use std::path::Path;

use crate::served::Served;
use crate::shop::{ORIGIN, Shop};

/// A founded ledger, published.
fn published() -> Shop {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN]).ends(0);
    shop.run(&["publish", "public", "--data", "ledger"]).ends(0).says("1 entry published in `public`.");
    shop
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_mirror_of_a_publication_is_the_publication() {
    let shop = published();
    let vkey = fs::read_to_string(shop.path("public/vkey")).unwrap();
    shop.run(&["mirror", "public", "copy", "--vkey", vkey.trim()]).ends(0).says("1 entry, 1 of them new.");
    assert_eq!(files(&shop.path("copy")), files(&shop.path("public")));
    assert!(files(&shop.path("copy")).iter().filter(|(name, _)| name.starts_with("data/")).count() > 5);
    shop.run(&["mirror", "public", "copy"]).ends(0).says("Nothing new: 1 entry.");
    shop.run(&["publish", "public", "--data", "ledger"]).ends(0);
}

#[test]
fn a_key_that_was_taken_from_the_ledger_itself_is_said_aloud_once() {
    let shop = published();
    shop.run(&["mirror", "public", "copy"]).ends(0).says("The key was taken from the ledger itself");
    let again = shop.run(&["mirror", "public", "copy"]).ends(0);
    assert!(!again.talk.contains("The key was taken"), "{}", again.talk);
}

#[test]
fn a_second_ledger_of_the_same_name_is_not_mirrored() {
    let (shop, other) = (published(), published());
    let from = other.path("public");
    let words = ["mirror", from.to_str().unwrap(), "copy"];
    shop.run(&["mirror", "public", "copy"]).ends(0);
    shop.run(&words).ends(4).says("no log of the policy has signed this checkpoint of `transcript.example/london/log`");
    // Nor is it published over the first.
    let data = other.path("ledger");
    shop.run(&["publish", "public", "--data", data.to_str().unwrap()])
        .ends(4)
        .says("keeps another history of 1 entries");
}

#[test]
fn what_is_no_log_or_no_key_is_said_so() {
    let shop = Shop::new();
    fs::create_dir(shop.path("empty")).unwrap();
    shop.run(&["mirror", "empty", "copy"]).ends(1).says("checkpoint is not there");
    shop.run(&["mirror", "http://127.0.0.1:9", "copy"])
        .ends(1)
        .says("http://127.0.0.1:9/log/checkpoint cannot be read");
    let shop = published();
    shop.run(&["mirror", "public", "copy", "--vkey", "nonsense"]).ends(2).says("`nonsense` is no verifier key");
    shop.run(&["publish", "public", "--data", "nowhere"]).ends(1).says("holds no ledger");
}

#[test]
fn a_mirror_gives_back_what_the_origin_lost_and_the_ledger_goes_on() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    let shop = &ledger.shop;
    shop.run(&["mirror", &ledger.url, "copy"]).ends(0);
    let checkpoint = fs::read_to_string(shop.path("copy/checkpoint")).unwrap();
    let size = ledger.size();
    assert_eq!(checkpoint.lines().nth(1).unwrap(), size.to_string());
    // The disk of the origin is lost, but for what was kept apart: its keys and its identity.
    ledger.stop();
    let shop = &ledger.shop;
    fs::remove_dir_all(shop.path("ledger/store")).unwrap();
    shop.write("seen", &checkpoint);
    // A mirror that was changed gives nothing back.
    let bundle = shop.path(&format!("copy/tile/entries/000.p/{size}"));
    let whole = fs::read(&bundle).unwrap();
    let mut changed = whole.clone();
    let last = changed.len() - 3;
    changed[last] ^= 1;
    fs::write(&bundle, changed).unwrap();
    let restore = ["restore", "--from", "copy", "--data", "ledger", "--seen", "seen"];
    shop.run(&restore).ends(4).says("do not come to the root that was signed");
    fs::remove_dir_all(shop.path("ledger/store")).unwrap();
    fs::write(&bundle, whole).unwrap();
    let done = shop.run(&restore).ends(0).says("which no mirror has");
    assert!(done.out.contains(&format!("restored {size} entries from the mirror")), "{}", done.out);
    shop.run(&restore).ends(1).says("entries already");
    ledger.cut();
    assert_eq!(ledger.size(), size);
    // It goes on in the same history: the mirror follows.
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    let shop = &ledger.shop;
    shop.run(&["mirror", &ledger.url, "copy"]).ends(0).says("2 of them new");
    shop.run(&["audit", "copy", "--from", "seen"]).ends(0);
}
