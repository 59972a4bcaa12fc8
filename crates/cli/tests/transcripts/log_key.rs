//! The key of a log changes under one origin: made, named by two registrars, followed by whoever pinned the old one.

use serde_json::Value;

use crate::served::Served;
use crate::shop::Shop;

/// How many lines of the log itself stand under the newest checkpoint, read through a mirror of its own.
fn own_lines(shop: &Shop, url: &str, vkey: &str, into: &str) -> usize {
    shop.run(&["mirror", url, into, "--vkey", vkey]).ends(0);
    let note = std::fs::read_to_string(shop.path(into).join("checkpoint")).unwrap();
    note.lines().filter(|line| line.starts_with(&format!("— {}", crate::shop::ORIGIN))).count()
}

#[test]
fn a_log_changes_its_key_and_whoever_pinned_the_old_one_follows() {
    let mut ledger = Served::new();
    let identity = std::fs::read(ledger.shop.path("ledger/ledger.json")).unwrap();
    let identity: Value = serde_json::from_slice(&identity).unwrap();
    let old = identity["log_key"].as_str().unwrap().to_owned();
    ledger.register("CMD");
    let new = ledger.shop.run(&["log-key", "--data", "ledger"]).ends(0).out.trim().to_owned();
    let size = ledger.size();
    let (at, change) = ((size + 2).to_string(), "change-log-key");
    let change = [change, "--old", &old, "--new", &new, "--first-size", &at, "-k", "REG.REG.1", "-k", "REG.REG.2"];
    ledger.act(&change).ends(3).says("K06").says("is not on this server");
    assert_eq!(ledger.size(), size, "a log whose next key nobody has would end");
    ledger.restart(|_| {});
    let early = ledger.act(&[&change[..], &["--json"]].concat()).ends(0).out;
    ledger.shop.write("early.json", early);
    assert_eq!(own_lines(&ledger.shop, &ledger.url, &old, "before"), 1, "until then the old key signs alone");
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    assert_eq!(own_lines(&ledger.shop, &ledger.url, &old, "both"), 2);
    for vkey in [&old, &new] {
        let told = ledger.shop.run(&["audit", &ledger.url, "--vkey", vkey]).ends(0).out;
        assert!(told.contains("Everything agrees."), "{told}");
    }

    // The old key is taken away: from now on only whoever follows the log is sure of it.
    ledger.restart(|shop| std::fs::rename(shop.path("ledger/log.key"), shop.path("log.key.old")).unwrap());
    let rename = ["update-organisation", "CMD", "--name", "Camden", "-k", "CMD.ADM", "-k", "CMD.CEX", "--json"];
    let late = ledger.act(&rename).ends(0);
    let late = late.out;
    ledger.shop.write("late.json", late);
    assert_eq!(own_lines(&ledger.shop, &ledger.url, &new, "after"), 1);
    for vkey in [&old, &new] {
        let told = ledger.shop.run(&["audit", &ledger.url, "--vkey", vkey]).ends(0).out;
        assert!(told.contains("Everything agrees."), "{told}");
    }
    let told = ledger.shop.run(&["audit", "after", "--vkey", &old]).ends(0).out;
    assert!(told.contains("Everything agrees."), "a mirror carries what leads from the old key to the new: {told}");
    let other = ledger.shop.run(&["log-key", "--data", "ledger"]).ends(0).out;
    ledger.shop.run(&["audit", &ledger.url, "--vkey", other.trim()]).ends(4);
    let verify = |file: &str, with: &[&str]| ledger.shop.run(&[&["verify", file], with].concat()).code;
    assert_eq!((verify("early.json", &["--vkey", &old]), verify("late.json", &["--vkey", &old])), (0, 4));
    assert_eq!((verify("early.json", &["--vkey", &new]), verify("late.json", &["--vkey", &new])), (4, 0));
    assert_eq!((verify("early.json", &[]), verify("late.json", &[])), (0, 0), "the pin knows both, each for its sizes");

    // A policy that names the old key alone is followed too: by the audit, a mirror that stood before the change and one
    // that begins, the monitor, and readers of a publication.
    ledger.shop.write("old.policy", format!("log {old}\nquorum none\n"));
    let by_policy = ["--policy", "old.policy"];
    let everywhere = |words: &[&str], ends: i32| ledger.shop.run(&[words, &by_policy].concat()).ends(ends);
    everywhere(&["audit", &ledger.url], 0);
    everywhere(&["mirror", &ledger.url, "before"], 0);
    everywhere(&["mirror", &ledger.url, "before"], 0).says("Nothing new");
    everywhere(&["mirror", &ledger.url, "anew"], 0);
    everywhere(&["monitor", &ledger.url, "--organisation", "CMD", "--state", "watch"], 5);
    everywhere(&["monitor", &ledger.url, "--organisation", "CMD", "--state", "watch"], 0);
    everywhere(&["audit", "anew"], 0);
    ledger.shop.run(&["backup", "--data", "ledger", "--to", "held"]).ends(0);
    ledger.restart(|shop| {
        shop.run(&["publish", "public", "--data", "ledger"]).ends(0);
    });
    for vkey in [&old, &new] {
        ledger.shop.run(&["audit", "public", "--vkey", vkey]).ends(0);
    }
    let everywhere = |words: &[&str], ends: i32| ledger.shop.run(&[words, &by_policy].concat()).ends(ends);
    everywhere(&["audit", "public"], 0);
    everywhere(&["mirror", "public", "from-public"], 0);
    let of = |folder: &str, name: &str| std::fs::read_to_string(ledger.shop.path(folder).join(name)).unwrap();
    for name in ["keys/list".to_owned(), format!("keys/{at}"), "vkey".to_owned()] {
        let served = ledger.get_text(&format!("/log/{name}"));
        assert_eq!(
            [of("public", &name), of("anew", &name), of("before", &name)],
            [&*served, &served, &served],
            "{name}"
        );
    }
    // Without the entry that hands over, the new key is a stranger's.
    let list = of("public", "keys/list");
    let (first, index) = list.trim_end().rsplit_once(' ').unwrap();
    let index: u64 = index.parse().unwrap();
    std::fs::write(ledger.shop.path("public/keys/list"), format!("{first} {}\n", index - 1)).unwrap();
    everywhere(&["mirror", "public", "astray"], 4).says("does not prove it").says("changes no key");
    assert!(!ledger.shop.path("astray/checkpoint").exists());

    // Copies are judged by every key that the log has had.
    ledger.shop.run(&["backup", "--data", "ledger", "--to", "copy"]).ends(0);
    let seen = ledger.shop.path("after/checkpoint");
    let back = ["restore", "--from", "copy", "--data", "back", "--seen", seen.to_str().unwrap()];
    ledger.shop.run(&back).ends(0);
    ledger.restart(|shop| {
        shop.run(&["repair", "--data", "ledger", "--from", "copy"]).ends(0);
    });
    ledger.shop.run(&["audit", &ledger.url, "--vkey", &old]).ends(0);

    // So is a mirror: its checkpoint is signed by the new key alone, which the entries name.
    let identity = std::fs::read(ledger.shop.path("ledger/ledger.json")).unwrap();
    std::fs::create_dir(ledger.shop.path("again")).unwrap();
    ledger.shop.write("again/ledger.json", identity);
    let given = ["restore", "--from", "after", "--data", "again", "--seen", seen.to_str().unwrap()];
    let told = ledger.shop.run(&given).ends(0).out;
    assert!(told.contains("they fit the signed root"), "{told}");
}
