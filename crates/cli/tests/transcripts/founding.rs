use std::fs;

use serde_json::Value;

use crate::shop::{ORIGIN, Shop, mode, set_mode};

#[test]
fn one_command_founds_a_ledger_to_try_things_out() {
    let shop = Shop::new();
    let founded = shop.run(&["init", "--data", "ledger", "--origin", ORIGIN, "--json"]).ends(0).json();
    let id = founded["ledger"].as_str().unwrap();
    assert!(id.starts_with(&format!("{ORIGIN}#")) && id.len() == ORIGIN.len() + 65, "{id}");
    assert_eq!(founded["size"], 1);
    for key in ["log.key", "answer.key"] {
        assert_eq!(mode(&shop.path("ledger").join(key)), 0o600, "{key}");
    }
    let keys = shop.run(&["key", "list", "--json"]).ends(0).json();
    assert_eq!(keys.as_array().unwrap().len(), 3);
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN]).ends(1).says("holds the ledger");
    shop.run(&["init", "--data", "ledger", "--origin", "another.example"]).ends(1).says("choose another folder");
}

#[test]
fn a_genesis_signed_elsewhere_founds_the_ledger_whose_keys_it_names() {
    let shop = Shop::new();
    let printed = shop.run(&["init", "--data", "one", "--origin", ORIGIN, "--print-genesis"]).ends(0).json();
    let mut members: Vec<&str> = printed["data"].as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["answer_keys", "code_lists", "log_keys", "origin", "policies", "rules"]);
    let again = shop.run(&["init", "--data", "one", "--origin", ORIGIN, "--print-genesis"]).ends(0).json();
    assert_eq!(again, printed, "the keys are made once");
    let reference: Value = shop.run(&["reference", "--json"]).ends(0).json();
    assert_eq!(reference["policies"], printed["data"]["policies"]);
    // A founder signs with their own tools; `tests/outside` does so. Here what must not found it is shown.
    for (name, text, code, says) in [
        ("hello.json", "hello", 3, "E01"),
        ("empty.json", "{}", 3, "E01"),
        ("envelope.json", "{\"envelope\":{}}", 3, "E02"),
    ] {
        let file = shop.write(name, text);
        shop.run(&["init", "--data", "one", "--genesis", file.to_str().unwrap()]).ends(code).says(says);
    }
    shop.run(&["init", "--data", "two", "--genesis", "hello.json"]).ends(1).says("--print-genesis");
}

/// The program is killed after every one of its calls by `cargo xtask kill --only init`; these are the stages by name.
#[test]
fn founding_that_was_cut_short_begins_again_in_the_same_folder() {
    let shop = Shop::new();
    let init = ["init", "--data", "ledger", "--origin", ORIGIN];
    shop.run(&[&init[..], &["--print-genesis"]].concat()).ends(0);
    let (made, file) = (shop.path("ledger"), |name: &str| shop.path("ledger").join(name));
    let whole = ["log.key", "answer.key", "ledger.json"].map(|name| (name, fs::read(file(name)).unwrap()));
    let lay = |names: &[(&str, &[u8])]| {
        fs::remove_dir_all(&made).unwrap();
        fs::create_dir(&made).unwrap();
        for (name, bytes) in names {
            shop.write(&format!("ledger/{name}"), bytes);
        }
    };
    let [(_, log), (_, answer), (_, identity)] = &whole;
    let half = &identity[..identity.len() / 2];
    // Nothing has its own name yet: it is begun anew.
    for begun in [
        &[("log.key.begun", &log[..20])][..],
        &[("log.key.begun", log), ("answer.key.begun", &[])],
        &[("log.key.begun", log), ("answer.key.begun", answer), ("ledger.json.begun", half)],
    ] {
        lay(begun);
        shop.run(&init).ends(0);
        assert_ne!(fs::read(file("log.key")).unwrap(), *log, "other keys");
    }
    // Everything was made: it is ended with the same keys.
    for begun in [
        &[("log.key.begun", &log[..]), ("answer.key.begun", answer), ("ledger.json.begun", identity)][..],
        &[("log.key", log), ("answer.key.begun", answer), ("ledger.json.begun", identity)],
        &[("log.key", log), ("answer.key", answer), ("ledger.json.begun", identity)],
    ] {
        lay(begun);
        shop.run(&["init", "--data", "ledger", "--origin", "another.example"]).ends(1).says("choose another folder");
        shop.run(&init).ends(0);
        for (name, bytes) in &whole {
            assert_eq!(fs::read(file(name)).unwrap(), *bytes, "{name}");
            assert!(!file(&format!("{name}.begun")).exists(), "{name}");
        }
    }
    // Somebody has lost a file: nothing is made in its place.
    for strange in [&[("log.key", &log[..])][..], &[("answer.key", answer)], &[("store/STORE", b"somebody's")]] {
        fs::remove_dir_all(&made).unwrap();
        fs::create_dir_all(made.join("store")).unwrap();
        if strange[0].0 != "store/STORE" {
            fs::remove_dir(made.join("store")).unwrap();
        }
        for (name, bytes) in strange {
            shop.write(&format!("ledger/{name}"), bytes);
        }
        shop.run(&init).ends(1).says("put back the `ledger.json` that belongs to it");
        assert_eq!(fs::read(file(strange[0].0)).unwrap(), strange[0].1);
        assert!(!file("ledger.json").exists());
    }
}

#[test]
fn a_folder_of_a_newer_format_is_refused_and_says_which_program_is_needed() {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN]).ends(0);
    let serve = ["serve", "--data", "ledger", "--listen", "127.0.0.1:0"];
    let sealed = |title: &str, more: &str| {
        let lines = format!("{title}\nformat 2\n{more}");
        format!("{lines}crc {:08x}\n", crc32c::crc32c(lines.as_bytes()))
    };
    let identity = fs::read_to_string(shop.path("ledger/ledger.json")).unwrap();
    let id = "0".repeat(32);
    for (file, newer) in [
        ("ledger.json", identity.replacen('{', "{\"format\": 2, \"more\": true,", 1)),
        ("store/STORE", sealed("counterpart store", &format!("id {id}\n"))),
        ("store/lock/EPOCH", sealed("counterpart epoch", &format!("id {id}\n"))),
        ("pending/FORMAT", sealed("counterpart pending", "")),
        ("store/lock/ENDED", "counterpart/statement/v2/end-of-epoch\na\n{}\n\n\u{2014} a YWJjZGVm\n".to_owned()),
    ] {
        let path = shop.path("ledger").join(file);
        let before = fs::read(&path).ok();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &newer).unwrap();
        let told = shop.run(&serve);
        assert!(matches!(told.code, 1 | 4), "{file}: {told:?}");
        let named = told.talk.contains("it has format 2 and this program reads 1; use the program that wrote it")
            || told.talk.contains("is a statement that this program does not know; use a newer one");
        assert!(named, "{file}: {told:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), newer, "{file} is left as it was");
        match before {
            Some(before) => fs::write(&path, before).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
    }
    let mut served = crate::served::Served::of(shop, &[]);
    served.audited();
    served.stop();
}

#[test]
fn asking_wrongly_is_exit_two() {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger"]).ends(2).says("--origin");
    shop.run(&["init", "--data", "ledger", "--origin", "Not An Origin"]).ends(2);
    shop.run(&["no-such-command"]).ends(2);
    shop.run::<&str>(&[]).ends(2);
}

#[test]
fn a_log_key_that_others_can_read_founds_nothing() {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN, "--print-genesis"]).ends(0);
    set_mode(&shop.path("ledger/log.key"), 0o644);
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN])
        .ends(1)
        .says("log.key` can be read or written by others");
}

#[test]
fn every_shell_gets_its_completions() {
    let shop = Shop::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(shop.run(&["completions", shell]).ends(0).out.contains("counterpart"), "{shell}");
    }
    shop.run(&["completions", "cmd"]).ends(2);
}
