//! Organisations, roles, keys, the registry and the ledger itself by their verbs, against a server that runs.

use serde_json::Value;

use crate::served::Served;

/// What each transcript of this file records; `coverage.rs` holds the lists against the event types.
pub const RECORDED: [&[&str]; 3] = [OFFICES, SUCCESSIONS, LEDGER];

const OFFICES: &[&str] = &[
    "LedgerGenesis",
    "OrganisationRegistered",
    "OrganisationUpdated",
    "OrganisationSuspended",
    "OrganisationReinstated",
    "OrganisationLeft",
    "RoleHolderAppointed",
    "RoleHolderRevoked",
    "RoleDelegated",
    "DelegationRevoked",
    "KeyRegistered",
    "KeyRotated",
    "KeyRevoked",
    "KeyCompromised",
    "ContestResolved",
];

const SUCCESSIONS: &[&str] =
    &["OrganisationSucceeded", "SuccessionObjected", "SuccessionConfirmed", "PartnershipMembershipChanged"];

const LEDGER: &[&str] = &["RegistrarChanged", "WitnessPolicyPublished", "LedgerClosed"];

const REGISTRARS: [&str; 4] = ["-k", "REG.REG.1", "-k", "REG.REG.2"];

fn act(ledger: &Served, words: &[&str]) -> Value {
    ledger.act(&[words, &["--json"]].concat()).ends(0).json()
}

/// The appointment of whoever holds a role.
fn appointment(ledger: &Served, organisation: &str, role: &str) -> String {
    let events = ledger.events(&format!("stream=org:{organisation}&type=RoleHolderAppointed"));
    let held = |row: &&Value| payload(row)["data"]["role"] == role;
    events.iter().rev().find(held).unwrap()["id"].as_str().unwrap().to_owned()
}

fn payload(row: &Value) -> Value {
    use base64::Engine as _;
    let text = row["entry"]["envelope"]["payload"].as_str().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
fn a_body_and_its_officers_come_act_for_each_other_and_go() {
    let ledger = Served::new();
    ledger.staff("CMD");
    act(&ledger, &["update-organisation", "CMD", "--name", "Camden", "-k", "CMD.ADM", "-k", "CMD.CEX"]);
    let until = ledger.day(9);
    let suspend = ["suspend-organisation", "CMD", "--reason", "SECURITY", "--until", &until];
    act(&ledger, &[&suspend[..], &REGISTRARS].concat());
    act(&ledger, &[&["reinstate", "CMD"], &REGISTRARS[..]].concat());
    // The asset owner is away, and the governance lead acts.
    let asset = appointment(&ledger, "CMD", "IAO");
    let security = ledger.shop.run(&["key", "show", "CMD.SEC", "--json"]).ends(0).json();
    let delegate = ["delegate", "CMD", "--appointment", &asset, "--until", &ledger.day(20), "--person"];
    let delegation = act(&ledger, &[&delegate[..], &[security["person"].as_str().unwrap(), "-k", "CMD.IAO"]].concat());
    let delegation = delegation["id"].as_str().unwrap();
    act(&ledger, &["end-delegation", "CMD", "--delegation", delegation, "-k", "CMD.IAO"]);
    act(&ledger, &["end-role", "CMD", "--appointment", &asset, "-k", "CMD.ADM"]);
    ledger.act(&["key", "rotate", "CMD.SEC.1", "--no-passphrase"]).ends(0);
    act(&ledger, &["key", "revoke", "CMD.SEC.2", "--reason", "ENDED", "-k", "CMD.ADM"]);
    // What the administrator signed may be in doubt; the chief stands by it.
    let noted =
        act(&ledger, &["update-organisation", "CMD", "--name", "Camden again", "-k", "CMD.ADM", "-k", "CMD.CEX"]);
    let from = noted["index"].to_string();
    let report = [
        "key",
        "compromised",
        "CMD.ADM",
        "--suspect-from",
        &from,
        "--evidence",
        "The laptop was gone.",
        "-k",
        "CMD.CEX",
    ];
    act(&ledger, &report);
    let target = noted["id"].as_str().unwrap();
    let resolve =
        ["resolve-contest", "org:CMD", "--outcome", "AFFIRMED", "--target", target, "--evidence", "We asked."];
    act(&ledger, &[&resolve[..], &["-k", "CMD.SIRO"]].concat());
    act(&ledger, &["leave", "CMD", "--on", &ledger.day(0), "-k", "CMD.CEX"]);
    ledger.recorded(OFFICES);
}

#[test]
fn bodies_succeed_others_object_and_belong_to_partnerships() {
    let ledger = Served::new();
    ledger.staff("CMD");
    ledger.staff("HCK");
    let id = ledger.in_force("HCK", "CMD");
    ledger.staff("HKN");
    let succeed = ["succeed", "--kind", "REPLACE", "--from", "HCK", "--to", "HKN", "--effective", &ledger.day(0)];
    let signers = ["--instrument", "An order.", "-k", "REG.REG.1", "-k", "REG.REG.2", "-k", "HKN.CEX", "-k", "HCK.CEX"];
    act(&ledger, &[&succeed[..], &signers[..]].concat());
    let advise = ["advise", &id, "--outcome", "SUPPORT", "--reasons", "The same teams.", "-k", "HKN.DPO"];
    ledger.act(&advise).ends(0);
    let confirm = ["confirm-succession", &id, "--predecessor", "HCK", "--outcome", "NO_CHANGES", "-k", "HKN.SIRO"];
    act(&ledger, &confirm);
    // A body whose chief has gone is to be succeeded, and objects.
    ledger.register("ISL");
    ledger.appoint("ISL", "SIRO", "ISL.CEX", &["ISL.ADM", "ISL.CEX"]);
    let chief = ledger.events("stream=org:ISL&type=OrganisationRegistered")[0]["id"].as_str().unwrap().to_owned();
    let end = ["end-role", "ISL", "--appointment", &chief, "-k", "REG.REG.1", "-k", "REG.REG.2", "-k", "ISL.SIRO"];
    act(&ledger, &end);
    let succeed = ["succeed", "--kind", "REPLACE", "--from", "ISL", "--to", "HKN", "--effective", &ledger.day(30)];
    let signers = ["--instrument", "Another order.", "-k", "REG.REG.1", "-k", "REG.REG.2", "-k", "HKN.CEX"];
    let succession = act(&ledger, &[&succeed[..], &signers[..]].concat());
    let target = succession["id"].as_str().unwrap();
    act(
        &ledger,
        &["object-to-succession", "ISL", "--target", target, "--reason", "Nobody asked us.", "-k", "ISL.SIRO"],
    );
    ledger.register_as("SLP", "PARTNERSHIP");
    let join = ["partnership", "CMD", "--partnership", "SLP", "--change", "JOINED", "--on", &ledger.day(0)];
    act(&ledger, &[&join[..], &["--source", "Minutes of the board", "-k", "SLP.CEX"]].concat());
    ledger.recorded(SUCCESSIONS);
}

#[test]
fn registrars_change_and_close_the_ledger() {
    let ledger = Served::new();
    let shop = &ledger.shop;
    shop.run(&["key", "new", "--org", "REG", "--role", "REG", "--no-passphrase"]).ends(0);
    let old = shop.run(&["key", "show", "REG.REG.3", "--json"]).ends(0).json();
    let change =
        ["change-registrars", "--add", "REG.REG.4", "--remove", old["key"].as_str().unwrap(), "--threshold", "2"];
    ledger.act(&[&change[..], &["-k", "REG.REG.1", "-k", "REG.REG.3"]].concat()).ends(0).says("other people register");
    let witnesses = ["publish-witness-policy", &"ab".repeat(32), "-k", "REG.REG.1", "-k", "REG.REG.4"];
    act(&ledger, &witnesses);
    ledger.act(&["publish-witness-policy", &"ab".repeat(32), "-k", "REG.REG.1", "-k", "REG.REG.3"]).ends(3);
    // This program holds one version of each list and of the rules, so these verbs meet a refusal that says so.
    let list = shop.run(&["reference", "--json"]).ends(0).json()["code_lists"][0].clone();
    let row = |name: &str| list[name].as_str().unwrap_or_default().to_owned();
    let (name, hash) = (row("id"), row("sha256"));
    let publish = ["publish-reference", &name, "--version", "2", "--sha256", &hash, "--from", &ledger.day(1)];
    ledger.act(&[&publish[..], &REGISTRARS].concat()).ends(3).says("E10");
    let publish = ["publish-reference", "POLICY-ROLES", "--version", "2", "--sha256", &hash, "--from", &ledger.day(1)];
    ledger.act(&[&publish[..], &REGISTRARS].concat()).ends(3).says("E10");
    ledger.act(&[&["adopt-rules", "2"], &REGISTRARS[..]].concat()).ends(3).says("E04");
    let (vkey, hex) = (ledger.vkey(), "0".repeat(64));
    let change = ["change-log-key", "--old", &vkey, "--new", &vkey, "--first-size", "99"];
    ledger.act(&[&change[..], &REGISTRARS].concat()).ends(3).says("K06");
    let successor = format!("next.example/london/log#{hex}");
    let close = ["close-ledger", "--reason", "SUCCEEDED", "--successor", &successor];
    ledger.act(&[&close[..], &REGISTRARS].concat()).ends(0).says("nothing more is recorded");
    ledger.act(&witnesses).ends(3).says("E06");
    ledger.recorded(LEDGER);
}
