//! A ledger that is closed to strangers: a body that may read it audits it, keeps a copy and watches it, signed in.

use crate::served::Served;
use crate::shop::{ORIGIN, Shop};

fn closed() -> Served {
    let shop = Shop::new();
    shop.run(&["init", "--data", "ledger", "--origin", ORIGIN, "--visibility", "CLOSED"]).ends(0);
    let ledger = Served::of(shop, &[]);
    ledger.register("CMD");
    ledger
}

#[test]
fn a_closed_ledger_is_audited_mirrored_and_watched_by_a_body_that_signs_in() {
    let ledger = closed();
    let (shop, url, vkey) = (&ledger.shop, &ledger.url, ledger.vkey());
    let watch = ["monitor", url, "--organisation", "CMD", "--vkey", &vkey, "--state", "camden.state"];
    let commands: [&[&str]; 3] = [&["audit", url, "--vkey", &vkey], &["mirror", url, "copy", "--vkey", &vkey], &watch];
    for (command, ends) in commands.into_iter().zip([0, 0, 5]) {
        shop.run(command).ends(1).says("closed to").says("--as KEY");
        shop.run(&[command, &["--as", "CMD.ADM"]].concat()).ends(ends);
    }
    let told = shop.run(&["audit", "copy", "--vkey", &vkey]).ends(0).out;
    assert!(told.contains("Everything agrees."), "{told}");
    // What goes on from there signs in anew.
    ledger.appoint("CMD", "IGL", "CMD.ADM", &["CMD.ADM"]);
    shop.run(&["mirror", url, "copy", "--as", "CMD.ADM"]).ends(0);
    let (mirrored, served) = (std::fs::read_to_string(shop.path("copy/checkpoint")).unwrap(), "/log/checkpoint");
    assert_eq!(mirrored, ledger.get_text(served));
    shop.run(&["audit", url, "--as", "CMD.ADM", "--state", "kept"]).ends(0);
    shop.run(&["audit", url, "--as", "CMD.ADM", "--state", "kept"]).ends(0).says("Going on from");
}

#[test]
fn a_key_that_the_ledger_does_not_know_reads_nothing_of_a_closed_one() {
    let ledger = closed();
    let (shop, url) = (&ledger.shop, &ledger.url);
    shop.run(&["key", "new", "--org", "HCK", "--role", "AUD", "--no-passphrase"]).ends(0);
    for command in [&["audit", url][..], &["mirror", url, "copy"]] {
        let done = shop.run(&[command, &["--as", "HCK.AUD"]].concat());
        assert!(done.code != 0, "{done:?}");
        assert!(!shop.path("copy/checkpoint").exists());
    }
    shop.run(&["mirror", url, "copy"]).ends(1);
    shop.run(&["audit", "copy", "--as", "CMD.ADM"]).ends(2).says("--as signs in at a server");
}
