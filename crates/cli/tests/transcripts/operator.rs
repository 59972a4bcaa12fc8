//! What the page for operators promises, with the real program: copies, a lost machine, damage, and its repair.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::served::Served;
use crate::shop::Shop;

const BACKUP: [&str; 7] = ["backup", "--data", "ledger", "--to", "copy", "--keys-to", "keys"];

/// Flips a bit of a file, so many hundredths into what of it is used.
fn hurt(path: &Path, hundredths: usize) {
    let mut bytes = fs::read(path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let at = 128 + (used - 128) * hundredths / 100;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// What an auditor finds: how many entries, and the root over them.
fn audited(ledger: &Served) -> (u64, String) {
    let report = ledger.shop.run(&["audit", &ledger.url, "--json"]).ends(0).json();
    (report["size"].as_u64().unwrap(), report["root"].as_str().unwrap().to_owned())
}

fn doctor(shop: &Shop, code: i32) -> Value {
    shop.run(&["doctor", "--data", "ledger", "--json"]).ends(code).json()
}

/// Waits until a text of the server holds something.
#[expect(clippy::disallowed_methods, reason = "another process is asked until it says so")]
fn until(ledger: &Served, path: &str, what: &str) -> String {
    for _ in 0..600 {
        let text = ledger.get_text(path);
        if text.contains(what) {
            return text;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{path} never said `{what}`: {}", ledger.get_text(path));
}

#[test]
fn a_machine_is_lost_and_an_audit_proves_that_nothing_is_missing() {
    let mut ledger = Served::new();
    ledger.staff("CMD");
    let first = ledger.shop.run(&[&BACKUP[..], &["--json"]].concat()).ends(0).json();
    ledger.staff("HCK");
    let id = ledger.in_force("HCK", "CMD");
    // The next copy, while the ledger is served, takes what is new.
    let second = ledger.shop.run(&[&BACKUP[..], &["--json"]].concat()).ends(0).json();
    let written = |made: &Value| made["written_bytes"].as_u64().unwrap();
    assert_eq!(second["damage"], serde_json::json!([]));
    let third = ledger.shop.run(&[&BACKUP[..], &["--json"]].concat()).ends(0).json();
    assert!(written(&third) < written(&first), "{first} {second} {third}");
    let before = audited(&ledger);
    let look = doctor(&ledger.shop, 0);
    let (words, seen) = (look["words"].clone(), ledger.get_text("/log/checkpoint"));
    ledger.shop.write("seen.txt", seen);

    ledger.stop();
    let shop = &ledger.shop;
    fs::rename(shop.path("ledger"), shop.path("lost")).unwrap();
    let restore = ["restore", "--from", "copy", "--keys-from", "keys", "--data", "ledger", "--seen", "seen.txt"];
    let done = shop.run(&restore).ends(0);
    assert!(done.out.contains("they fit the signed root"), "{}", done.out);
    // Kept apart from the copies, as the page says.
    for key in ["log.key", "answer.key"] {
        fs::copy(shop.path("lost").join(key), shop.path("ledger").join(key)).unwrap();
    }
    let look = doctor(shop, 0);
    assert_eq!((look["entries"].as_u64(), &look["words"]), (Some(before.0), &words));
    ledger.cut();
    assert_eq!(audited(&ledger), before);
    assert_eq!(ledger.show(&id)["state"], "ACTIVE");
    ledger.appoint("CMD", "REQ", "CMD.ADM", &["CMD.ADM"]);
    assert_eq!(audited(&ledger).0, before.0 + 2, "it goes on");
}

#[test]
fn a_copy_that_is_older_than_what_others_saw_is_refused() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    ledger.shop.run(&BACKUP).ends(0);
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    let seen = ledger.get_text("/log/checkpoint");
    ledger.shop.write("seen.txt", seen);
    ledger.stop();
    let restore = ["restore", "--from", "copy", "--keys-from", "keys", "--data", "back", "--seen", "seen.txt"];
    ledger.shop.run(&restore).ends(1).says("restore the newer copy");
}

#[test]
fn damage_beside_a_running_server_is_found_told_and_mended() {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", crate::shop::ORIGIN]).ends(0);
    let mut ledger = Served::of(shop, &["--scrub", "100000000", "--scrub-every", "1"]);
    ledger.staff("CMD");
    ledger.shop.run(&BACKUP).ends(0);
    assert_eq!(until(&ledger, "/readyz", "ready"), "ready\n");
    let metrics = until(&ledger, "/metrics", "counterpart_scrub_rounds_total 1");
    assert!(metrics.contains("\ncounterpart_damaged 0\n"), "{metrics}");
    for count in ["entries", "words", "checkpoints", "bytes"] {
        assert!(!metrics.contains(&format!("\ncounterpart_scrub_{count}_total 0\n")), "{metrics}");
    }
    for (file, name) in [("words/000000.wrd", "words"), ("lock/000000.chk", "checkpoints")] {
        hurt(&ledger.shop.path("ledger/store").join(file), 50);
        let told = until(&ledger, "/readyz", file);
        assert!(told.starts_with("ready\n") && told.contains("is damaged at byte"), "{name}: {told}");
        assert!(told.contains("(entry ") && told.contains("repair it from a backup or a mirror"), "{name}: {told}");
    }
    until(&ledger, "/metrics", "\ncounterpart_damaged 2\n");
    // What is whole is served.
    assert_eq!(ledger.get_text("/healthz"), "alive\n");
    ledger.restart(|shop| {
        let look = doctor(shop, 4);
        assert!(look["next_start"].as_str().unwrap().contains("counterpart repair"), "{look}");
        let told = shop.run(&["doctor", "--data", "ledger"]).ends(4).out;
        assert!(told.contains("E-DAMAGE words/000000.wrd") && told.contains("E-DAMAGE lock/000000.chk"), "{told}");
        let repair = ["repair", "--data", "ledger", "--from", "copy", "--keys-from", "keys"];
        let done = shop.run(&repair).ends(0).says("What was done stands in");
        assert!(done.out.contains("replaced words/000000.wrd"), "{}", done.out);
        doctor(shop, 0);
    });
    until(&ledger, "/metrics", "counterpart_scrub_rounds_total 1");
    assert_eq!(ledger.get_text("/readyz"), "ready\n");
    ledger.audited();
}

/// A mirror that is served; ends with this.
struct Mirror(std::process::Child, String);

impl Mirror {
    fn of(shop: &Shop, from: &str) -> Self {
        let words = ["mirror", from, "served", "--follow", "--every", "60", "--serve", "127.0.0.1:0"];
        let mut child = shop.command(&words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.find_map(|line| line.unwrap().strip_prefix("listening on ").map(str::to_owned)).unwrap();
        Self(child, url)
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn damaged_records_are_mended_from_a_mirror() {
    let mut ledger = Served::new();
    ledger.staff("CMD");
    ledger.shop.run(&["mirror", &ledger.url, "mirrored"]).ends(0);
    let before = audited(&ledger);
    ledger.restart(|_| {});
    ledger.stop();
    let shop = &ledger.shop;
    let record = shop.path("ledger/store/records/000000.rec");
    let whole = fs::read(&record).unwrap();
    let mend = |from: &str| shop.run(&["repair", "--data", "ledger", "--from", from]);
    let refused = |mark: &str| {
        let told = shop.run(&["serve", "--data", "ledger", "--listen", "127.0.0.1:0"]).ends(1).talk;
        assert!(told.contains("E-DAMAGE records/000000.rec is damaged at byte") && told.contains(mark), "{told}");
    };

    // In the first entry, in the middle, at the end; then what is cut off, and the whole file.
    let mirror = Mirror::of(shop, "mirrored");
    for (from, hundredths) in [("mirrored", 1), ("mirrored", 50), (mirror.1.as_str(), 99)] {
        hurt(&record, hundredths);
        refused("repair it from a backup or a mirror");
        let look = doctor(shop, 4);
        assert!(look["damage"][0].as_str().unwrap().starts_with("E-DAMAGE records/000000.rec"), "{look}");
        let done = mend(from).ends(0);
        assert!(done.out.contains("entries are whole and fit the signed root"), "{}", done.out);
        doctor(shop, 0);
    }
    let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    fs::write(&record, &whole[..used / 2]).unwrap();
    mend("mirrored").ends(0);
    doctor(shop, 0);
    fs::remove_file(&record).unwrap();
    mend(&mirror.1).ends(0);
    doctor(shop, 0);
    let reports = fs::read_dir(shop.path("ledger")).unwrap().filter_map(|found| {
        let name = found.unwrap().file_name().into_string().unwrap();
        (name.starts_with("repair-") && Path::new(&name).extension().is_some_and(|end| end == "json")).then_some(name)
    });
    let reports: Vec<Value> = reports
        .map(|name| serde_json::from_slice(&fs::read(shop.path("ledger").join(name)).unwrap()).unwrap())
        .collect();
    assert!(reports.len() >= 5 && reports.iter().all(|report| report["root"] == before.1), "{reports:?}");
    ledger.cut();
    assert_eq!(audited(&ledger), before);
    assert_eq!(doctor(&ledger.shop, 0)["damage"], serde_json::json!([]));
}

/// The newest report of a repair, as it was signed.
fn report(shop: &Shop) -> std::path::PathBuf {
    let found = fs::read_dir(shop.path("ledger")).unwrap().map(|entry| entry.unwrap().path());
    found.filter(|path| path.extension().is_some_and(|end| end == "note")).max().unwrap()
}

#[test]
fn the_report_of_a_repair_is_signed_and_anybody_can_verify_it() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    let (vkey, size) = (ledger.vkey(), ledger.size());
    ledger.shop.run(&BACKUP).ends(0);
    ledger.stop();
    let shop = &ledger.shop;
    hurt(&shop.path("ledger/store/records/000000.rec"), 50);
    let repair = ["repair", "--data", "ledger", "--from", "copy", "--keys-from", "keys"];
    shop.run(&repair).ends(0).says("Signed by the answer key, for others");
    let note = report(shop);
    let verify = |file: &Path, key: &str| shop.run(&["verify", file.to_str().unwrap(), "--vkey", key]);
    let told = verify(&note, &vkey).ends(0).out;
    assert!(told.contains("an answer key that entry 0 names made this statement (repair)"), "{told}");
    assert!(told.contains("it says: replaced records/000000.rec"), "{told}");
    assert!(told.contains(&format!("it says that {size} entries came to the root")), "{told}");
    // By the pinned key too; by no other, and no other words.
    shop.run(&["verify", note.to_str().unwrap()]).ends(0);
    verify(&note, &Served::new().vkey()).ends(4);
    let text = fs::read_to_string(&note).unwrap();
    let changed = shop.write("changed.note", text.replace("records/000000.rec", "records/000001.rec"));
    verify(&changed, &vkey).ends(4);
    // It is never taken for a checkpoint of the log.
    let seen = ["restore", "--from", "copy", "--keys-from", "keys", "--data", "back", "--seen"];
    shop.run(&[&seen[..], &[note.to_str().unwrap()]].concat()).ends(4).says("no checkpoint of this ledger");
    // Without a key it is written all the same, and says so.
    fs::rename(shop.path("ledger/answer.key"), shop.path("answer.key")).unwrap();
    shop.run(&repair).ends(0).says("The report is not signed");
    assert_eq!(report(shop), note);
}

#[test]
fn a_mirror_gives_back_the_newest_checkpoint_where_it_may_stand_for_what_is_lost() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    ledger.shop.run(&["mirror", &ledger.url, "older"]).ends(0);
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    ledger.shop.run(&["mirror", &ledger.url, "mirrored"]).ends(0);
    let (before, note) = (audited(&ledger), ledger.get_text("/log/checkpoint"));
    ledger.restart(|_| {});
    ledger.restart(|shop| {
        let (store, mend) =
            (shop.path("ledger/store"), |from: &str| shop.run(&["repair", "--data", "ledger", "--from", from]));
        let lock = store.join("lock");
        let whole = fs::read(lock.join("000000.chk")).unwrap();
        let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let stranger = shop.path("stranger");
        fs::create_dir(&stranger).unwrap();
        let copied = std::process::Command::new("cp").arg("-r").arg(shop.path("mirrored/.")).arg(&stranger).status();
        assert!(copied.unwrap().success());
        let signature = |note: &str| {
            let (text, line) = note.rsplit_once(' ').unwrap();
            let turned: String = line
                .chars()
                .map(|c| {
                    if c == 'A' {
                        'B'
                    } else if c == 'B' {
                        'A'
                    } else {
                        c
                    }
                })
                .collect();
            format!("{text} {turned}")
        };
        fs::write(stranger.join("checkpoint"), signature(&note)).unwrap();
        // The folder is gone, the newest one is, the header is; each time all else is whole.
        for hurt in 0..3 {
            match hurt {
                0 => fs::remove_dir_all(&lock).unwrap(),
                1 => {
                    let mut bytes = fs::read(lock.join("000000.chk")).unwrap();
                    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
                    bytes[used - 40..].fill(0);
                    fs::write(lock.join("000000.chk"), bytes).unwrap();
                }
                _ => fs::write(lock.join("000000.chk"), [0xFF; 300]).unwrap(),
            }
            let _ = fs::remove_file(store.join("MARK"));
            doctor(shop, 4);
            // An older one is not: more was signed than it covers. Nor one that this ledger has not signed.
            let refused = mend("older");
            assert!(refused.code != 0, "{refused:?}");
            assert!(mend("stranger").code != 0);
            assert!(
                shop.run(&["serve", "--data", "ledger", "--listen", "127.0.0.1:0"])
                    .ends(1)
                    .talk
                    .contains("E-DAMAGE lock")
            );
            let done = mend("mirrored").ends(0);
            assert!(done.out.contains("checkpoints that were whole and the newest one"), "{}", done.out);
            assert_eq!(doctor(shop, 0)["signed"], before.0);
        }
        assert!(used > 300);
    });
    assert_eq!(audited(&ledger), before);
    ledger.appoint("CMD", "REQ", "CMD.ADM", &["CMD.ADM"]);
    ledger.audited();
    // Words are in copies alone, and that is said by name.
    ledger.stop();
    let shop = &ledger.shop;
    hurt(&shop.path("ledger/store/words/000000.wrd"), 50);
    let told = shop.run(&["repair", "--data", "ledger", "--from", "mirrored"]).ends(1);
    assert!(told.talk.contains("STILL DAMAGED: E-DAMAGE words/000000.wrd"), "{}", told.talk);
}

#[test]
fn a_mirror_that_was_changed_or_shows_another_history_mends_nothing() {
    let mut ledger = Served::new();
    ledger.register("CMD");
    ledger.shop.run(&["mirror", &ledger.url, "mirrored"]).ends(0);
    let size = ledger.size();
    ledger.stop();
    let other = Served::new();
    other.register("CMD");
    let elsewhere = other.shop.path("elsewhere");
    other.shop.run(&["mirror", &other.url, elsewhere.to_str().unwrap()]).ends(0);
    let shop = &ledger.shop;
    let record = shop.path("ledger/store/records/000000.rec");
    hurt(&record, 60);
    let hurt_bytes = fs::read(&record).unwrap();
    let mend = |from: &str| shop.run(&["repair", "--data", "ledger", "--from", from]);
    mend(elsewhere.to_str().unwrap()).ends(4).says("another history");
    let bundle = shop.path(&format!("mirrored/tile/entries/000.p/{size}"));
    let mut bytes = fs::read(&bundle).unwrap();
    let middle = bytes.len() * 3 / 10;
    bytes.iter_mut().skip(middle).step_by(97).for_each(|byte| *byte ^= 1);
    fs::write(&bundle, bytes).unwrap();
    let code = mend("mirrored").code;
    assert!(code == 4 || code == 1, "{code}");
    assert_eq!(fs::read(&record).unwrap(), hurt_bytes, "nothing was written");
}

#[test]
fn whatever_is_derived_may_be_deleted_at_any_time() {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", crate::shop::ORIGIN]).ends(0);
    let mut ledger = Served::of(shop, &["--snapshot-every", "1"]);
    ledger.staff("CMD");
    ledger.staff("HCK");
    let id = ledger.in_force("HCK", "CMD");
    let before = audited(&ledger);
    // As of now, which is another instant each time.
    let shown = |ledger: &Served| {
        let mut shown = ledger.show(&id);
        shown.as_object_mut().unwrap().remove("at");
        shown
    };
    let before_shown = shown(&ledger);
    let snapshot = |ledger: &Served| {
        let metrics = ledger.get_text("/metrics");
        metrics.lines().find_map(|line| line.strip_prefix("counterpart_snapshot_size ")?.parse::<u64>().ok()).unwrap()
    };
    for gone in [&[][..], &["SNAPSHOT"], &["MARK"], &["sled"], &["SNAPSHOT", "MARK", "sled", "BALLAST"]] {
        ledger.restart(|shop| {
            for name in gone {
                let path = shop.path("ledger/store").join(name);
                assert!(path.exists(), "{name}");
                if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            }
        });
        if !gone.contains(&"SNAPSHOT") {
            assert_eq!(snapshot(&ledger), before.0, "it goes on from the snapshot without {gone:?}");
        }
        assert_eq!(audited(&ledger), before, "{gone:?}");
        assert_eq!(shown(&ledger), before_shown, "{gone:?}");
    }
    // An upgrade, or a stop that was none: the snapshot is older, and everything behind it is decided.
    ledger.appoint("CMD", "REQ", "CMD.ADM", &["CMD.ADM"]);
    ledger.cut();
    assert_eq!(audited(&ledger).0, before.0 + 2);
}
