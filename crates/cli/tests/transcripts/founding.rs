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
