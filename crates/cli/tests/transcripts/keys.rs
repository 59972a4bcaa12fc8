use crate::shop::{Shop, mode, openssl, set_mode};

#[test]
fn a_key_is_made_listed_shown_and_its_file_is_its_owners_alone() {
    let shop = Shop::new();
    let made = shop.run(&["key", "new", "--org", "CMD", "--role", "IGL", "--no-passphrase", "--json"]).ends(0).json();
    let file = shop.path("home/keys/CMD.IGL.1.pem");
    assert_eq!(made["file"], file.to_str().unwrap());
    assert_eq!(mode(&file), 0o600);
    let listed = shop.run(&["key", "list", "--json"]).ends(0).json();
    assert_eq!(listed[0]["key"], made["key"]);
    assert_eq!(listed[0]["file"], "CMD.IGL.1.pem");
    let shown = shop.run(&["key", "show", "CMD.IGL", "--json"]).ends(0).json();
    assert_eq!(shown, made);
    let again = shop.run(&["key", "new", "--org", "CMD", "--role", "IGL", "--no-passphrase"]).ends(0);
    assert!(again.out.contains("CMD.IGL.2.pem"), "{}", again.out);
    shop.run(&["key", "show", "CMD.IGL"]).ends(2).says("CMD.IGL.1.pem, CMD.IGL.2.pem");
}

#[test]
fn a_key_file_that_others_can_read_is_refused() {
    let shop = Shop::new();
    shop.run(&["key", "new", "--org", "CMD", "--role", "SIG", "--no-passphrase"]).ends(0);
    set_mode(&shop.path("home/keys/CMD.SIG.1.pem"), 0o640);
    shop.run(&["key", "show", "CMD.SIG"]).ends(1).says("can be read or written by others (mode 0640); run `chmod 600");
}

#[test]
fn nobody_gets_an_open_key_without_asking_for_it() {
    let shop = Shop::new();
    shop.run(&["key", "new", "--org", "CMD", "--role", "SIG"]).ends(2).says("--passphrase-file");
    assert!(!shop.path("home/keys/CMD.SIG.1.pem").exists());
}

#[test]
fn openssl_opens_a_sealed_key_and_an_open_one() {
    let shop = Shop::new();
    let secret = shop.write("secret", "correct horse battery staple\n");
    let secret = secret.to_str().unwrap();
    let made =
        shop.run(&["key", "new", "--org", "CMD", "--role", "SIG", "--passphrase-file", secret, "--json"]).ends(0);
    let file = shop.path("home/keys/CMD.SIG.1.pem");
    let file = file.to_str().unwrap();
    let public = shop.run(&["key", "export", "CMD.SIG", "--public", "--passphrase-file", secret]).ends(0).out;
    let pass = format!("file:{secret}");
    if let Some(seen) = openssl(&["pkey", "-in", file, "-passin", &pass, "-pubout"]) {
        assert_eq!(String::from_utf8(seen).unwrap(), public);
    }
    let copy = shop.path("copy.pem");
    let copy = copy.to_str().unwrap();
    shop.run(&["key", "export", "CMD.SIG", "--private", copy, "--no-passphrase", "--passphrase-file", secret]).ends(0);
    if let Some(seen) = openssl(&["pkey", "-in", copy, "-pubout"]) {
        assert_eq!(String::from_utf8(seen).unwrap(), public);
    }
    assert_eq!(shop.run(&["key", "show", copy, "--json"]).ends(0).json()["key"], made.json()["key"]);
    let wrong = shop.write("wrong", "incorrect horse");
    shop.run(&["key", "show", "CMD.SIG", "--passphrase-file", wrong.to_str().unwrap()])
        .ends(1)
        .says("cannot be opened with this passphrase");
}

#[test]
fn a_key_that_openssl_made_is_read() {
    let shop = Shop::new();
    let file = shop.path("theirs.pem");
    if openssl(&["genpkey", "-algorithm", "ed25519", "-out", file.to_str().unwrap()]).is_some() {
        set_mode(&file, 0o600);
        let shown = shop.run(&["key", "show", "theirs.pem", "--json"]).ends(0).json();
        assert_eq!(shown["key"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn a_file_that_is_no_key_is_said_to_be_none() {
    let shop = Shop::new();
    shop.write("hello", "hello");
    shop.run(&["key", "show", "hello"]).ends(1).says("`hello` is not a private key in PEM");
    shop.run(&["key", "show", "GLA.SIG"]).ends(1).says("no key `GLA.SIG`");
}
