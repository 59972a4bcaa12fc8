//! A ledger that is served by the real binary, and two bodies that act on it by the command line alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::shop::{Done, ORIGIN, Shop};

pub struct Served {
    pub shop: Shop,
    pub url: String,
    server: Child,
}

impl Served {
    /// A founded ledger, served on a port of its own.
    pub fn new() -> Self {
        let shop = Shop::new();
        shop.run(&["init", "--data", "ledger", "--origin", ORIGIN]).ends(0);
        let (server, url) = serve(&shop);
        shop.write(
            "holder.yaml",
            "name: A. Person\npost: An office\nemail: office@body.example\nauthority: The constitution\n",
        );
        shop.write(
            "flags.json",
            "{\"public_authority\":true,\"foi_subject\":true,\"caldicott_required\":true,\"cca_category\":1}",
        );
        Self { shop, url, server }
    }

    /// Stops the server as an operator does, lets something happen to its folder, and starts it again.
    pub fn restart(&mut self, meanwhile: impl FnOnce(&Shop)) {
        let id = self.server.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(self.server.wait().unwrap().success());
        meanwhile(&self.shop);
        (self.server, self.url) = serve(&self.shop);
    }

    /// Runs a verb against the ledger, without asking.
    pub fn act(&self, words: &[&str]) -> Done {
        let mut all = words.to_vec();
        all.extend(["--yes", "--url", &self.url]);
        self.shop.run(&all)
    }

    /// Asks the ledger.
    pub fn ask(&self, words: &[&str]) -> Done {
        let mut all = words.to_vec();
        all.extend(["--url", &self.url]);
        self.shop.run(&all)
    }

    fn person(&self, key: &str) -> String {
        let shown = self.shop.run(&["key", "show", key, "--json"]).ends(0).json();
        shown["person"].as_str().unwrap().to_owned()
    }

    fn new_key(&self, organisation: &str, role: &str) -> String {
        self.shop.run(&["key", "new", "--org", organisation, "--role", role, "--no-passphrase"]).ends(0);
        format!("{organisation}.{role}")
    }

    /// Registers a body with its chief and its administrator.
    pub fn register(&self, organisation: &str) {
        let chief = self.new_key(organisation, "CEX");
        self.act(&[
            "register",
            "--code",
            organisation,
            "--name",
            "A London borough",
            "--type",
            "LONDON_BOROUGH",
            "--flags",
            "flags.json",
            "--chief",
            &chief,
            "--holder",
            "holder.yaml",
            "-k",
            "REG.REG.1",
            "-k",
            "REG.REG.2",
        ])
        .ends(0)
        .says("The receipt holds under the pinned key");
        self.appoint(organisation, "ADM", &chief, &[&chief]);
    }

    /// Appoints a new person to a role and registers their key.
    pub fn appoint(&self, organisation: &str, role: &str, by: &str, with: &[&str]) {
        let key = self.new_key(organisation, role);
        let person = self.person(&key);
        self.act(&["appoint", organisation, "--person", &person, "--role", role, "--holder", "holder.yaml", "-k", by])
            .ends(0);
        let mut words = vec!["key", "register", &key];
        words.extend(with.iter().flat_map(|signer| ["-k", signer]));
        self.act(&words).ends(0);
    }

    /// Every role that an agreement about people asks for.
    pub fn staff(&self, organisation: &str) {
        self.register(organisation);
        let (chief, administrator) = (format!("{organisation}.CEX"), format!("{organisation}.ADM"));
        for role in ["DPO", "SIRO", "SIG", "CG"] {
            self.appoint(organisation, role, &chief, &[&administrator, &chief]);
        }
        for role in ["IGL", "IAO", "SEC", "LGL"] {
            self.appoint(organisation, role, &administrator, &[&administrator]);
        }
    }

    /// Files the example between two bodies; gives its id.
    pub fn file(&self, provider: &str, recipient: &str) -> String {
        let draft =
            self.shop.run(&["draft", "new", "--provider", provider, "--recipient", recipient, "-q"]).ends(0).out;
        self.shop.write("agreement.yaml", draft);
        self.ask(&["draft", "check", "agreement.yaml"]).ends(0);
        let by = format!("{recipient}.IGL");
        let receipt = self.act(&["file", "agreement.yaml", "-k", &by, "--json"]).ends(0).json();
        receipt["stream"].as_str().unwrap().strip_prefix("agr:").unwrap().to_owned()
    }

    /// How many entries the checkpoint covers.
    pub fn size(&self) -> u64 {
        let report: Value = self.shop.run(&["audit", &self.url, "--json"]).ends(0).json();
        report["size"].as_u64().unwrap()
    }
}

/// The server of the ledger in a shop, on a port of its own.
fn serve(shop: &Shop) -> (Child, String) {
    let mut command =
        shop.command(&["serve", "--data", "ledger", "--listen", "127.0.0.1:0", "--requests-per-second", "0"]);
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    (server, url)
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
