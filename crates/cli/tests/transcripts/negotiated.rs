//! Later versions by the command line: whoever signs signs the hash of the version that is meant.

use serde_json::json;

use crate::served::Served;

#[test]
fn a_counter_proposal_is_accepted_and_its_version_is_signed_then_amended() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    let (today, soon) = (ledger.day(0), ledger.day(20));
    let id = ledger.file_changed("HCK", "CMD", |draft| draft["terms"]["term"]["effective_date"] = json!(today));
    ledger.act(&["triage", &id, "--outcome", "ACCEPTED", "-k", "HCK.IGL"]).ends(0);
    // A question and its answer change no version.
    let ask = ["ask", &id, "--to", "CMD", "--about", "/purpose", "--due", &soon, "--text", "Which teams will read it?"];
    let asked = ledger.act(&[&ask[..], &["-k", "HCK.IGL", "--json"]].concat()).ends(0).json()["id"].clone();
    let clarify = ["clarify", &id, "--question", asked.as_str().unwrap(), "--text", "The two duty teams alone."];
    ledger.act(&[&clarify[..], &["-k", "CMD.IGL"]].concat()).ends(0);
    // Hackney proposes other terms.
    let mut other = ledger.ask(&["draft", "of", &id, "--as", "HCK.IGL", "--json"]).ends(0).json();
    other["terms"]["datasets"][0]["frequency"] = json!("WEEKLY");
    ledger.shop.write("other.json", other.to_string());
    let words = ["--summary", "Weekly is enough.", "--reasons", "The figures change once a week.", "-k", "HCK.IGL"];
    ledger
        .act(&[&["counter", &id, "other.json"], &words[..]].concat())
        .ends(0)
        .says("Against version 1 it changes: /datasets/0/frequency.");
    let advise = ["advise", &id, "--outcome", "SUPPORT", "--reasons", "Enough for it.", "-k", "CMD.DPO"];
    ledger.act(&advise).ends(2).says("version 1 (under discussion) or 2 (the counter-proposal); say which");
    ledger.act(&["reject-counter", &id, "--version", "3", "-k", "CMD.IGL"]).ends(2).says("none of number 3");
    ledger.act(&["accept-counter", &id, "-k", "CMD.IGL"]).ends(0).says("This answers version 2.");
    ledger.act(&["accept-counter", &id, "-k", "CMD.IGL"]).ends(2).says("no counter-proposal waits");
    ledger.act(&["submit", &id, "--approve-by", &soon, "-k", "HCK.IGL"]).ends(0);
    let advise = ["advise", &id, "--outcome", "SUPPORT", "--reasons", "Enough for it.", "-k", "HCK.DPO"];
    ledger.act(&advise).ends(0);
    let approved = ledger.act(&["approve", &id, "-k", "HCK.IAO", "--json"]).ends(0);
    let page = ledger.show(&id);
    assert_eq!(page["version"], 2);
    approved.says(&format!("Version 2, with the hash {}.", page["version_hash"].as_str().unwrap()));
    ledger.signed_by(&["CMD"], &id, &[]);
    ledger.act(&["execute", &id, "-k", "HCK.SIG"]).ends(0);
    let page = ledger.show(&id);
    assert_eq!((&page["state"], &page["version"]), (&json!("ACTIVE"), &json!(2)));
    assert!(page["signatures"].as_array().unwrap().iter().all(|row| row["version"] == 2), "{page}");
    amended(&ledger, &id, &soon);
    let audited = ledger.shop.run(&["audit", &ledger.url]).ends(0).out;
    assert!(audited.contains("Everything agrees."), "{audited}");
}

/// Version 3 is proposed by Camden, countered by Hackney, and signed as version 4.
fn amended(ledger: &Served, id: &str, soon: &str) {
    let mut next = ledger.ask(&["draft", "of", id, "--as", "CMD.IGL", "--json"]).ends(0).json();
    next["terms"]["datasets"][0]["quality"]["gaps"] = json!("Children placed by other authorities come a week later");
    ledger.shop.write("next.json", next.to_string());
    let words = ["--summary", "The gap is smaller.", "--reasons", "Placements are told weekly now.", "-k", "CMD.IGL"];
    let told = ledger.act(&[&["amend", id, "next.json"], &words[..]].concat()).ends(0);
    told.says("It is an amendment of class M1.").says("Against version 2 it changes: /datasets/0/quality/gaps.");
    let page = ledger.show(id);
    assert_eq!(page["amendment"]["version"], 3, "{page}");
    next["terms"]["notice_days"] = json!(60);
    ledger.shop.write("countered.json", next.to_string());
    let words = ["--summary", "With longer notice.", "--reasons", "Two months to move away.", "-k", "HCK.IGL"];
    ledger.act(&[&["counter", id, "countered.json"], &words[..]].concat()).ends(0);
    ledger.act(&["accept-counter", id, "-k", "CMD.IGL"]).ends(0).says("This answers version 4.");
    ledger.act(&["submit", id, "--approve-by", soon, "-k", "HCK.IGL"]).ends(0);
    // Advice may be meant for what is in force, or for what is being signed.
    let advise = ["advise", id, "--outcome", "SUPPORT", "--reasons", "Enough for it.", "-k", "CMD.DPO"];
    ledger.act(&advise).ends(2).says("version 2 (in force) or 4 (the amendment)");
    for body in ["CMD", "HCK"] {
        let key = |role: &str| format!("{body}.{role}");
        let advise = ["advise", id, "--outcome", "SUPPORT", "--reasons", "Enough for it.", "--version", "4", "-k"];
        ledger.act(&[&advise[..], &[&key("DPO")]].concat()).ends(0);
        ledger.act(&["approve", id, "-k", &key("IAO")]).ends(0).says("Version 4, with the hash");
        ledger.act(&["execute", id, "-k", &key("SIG")]).ends(0);
    }
    let page = ledger.show(id);
    assert_eq!((&page["state"], &page["version"]), (&json!("ACTIVE"), &json!(4)), "{page}");
    assert!(page.get("amendment").is_none(), "{page}");
}
