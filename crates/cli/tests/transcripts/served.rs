//! A ledger that is served by the real binary, and two bodies that act on it by the command line alone.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use counterpart_core::time::Date;
use serde_json::Value;

use crate::shop::{Done, ORIGIN, Shop};

pub struct Served {
    pub shop: Shop,
    pub url: String,
    server: Child,
    /// What `serve` was given besides.
    words: Vec<String>,
}

impl Served {
    /// A founded ledger, served on a port of its own.
    pub fn new() -> Self {
        let shop = Shop::new();
        shop.run(&["init", "--data", "ledger", "--origin", ORIGIN]).ends(0);
        Self::of(shop, &[])
    }

    /// The ledger that was founded in this shop, served with these words besides.
    pub fn of(shop: Shop, words: &[&str]) -> Self {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let (server, url) = serve(&shop, &words);
        shop.write(
            "holder.yaml",
            "name: A. Person\npost: An office\nemail: office@body.example\nauthority: The constitution\n",
        );
        shop.write(
            "flags.json",
            "{\"public_authority\":true,\"foi_subject\":true,\"caldicott_required\":true,\"cca_category\":1}",
        );
        Self { shop, url, server, words }
    }

    /// Stops the server as a power cut would.
    pub fn stop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.server.id()
    }

    /// Waits until the server has ended by itself; how, and what it had said.
    pub fn ended(&mut self) -> (std::process::ExitStatus, String) {
        let status = self.server.wait().unwrap();
        (status, std::fs::read_to_string(self.shop.path("talk")).unwrap())
    }

    /// Stops it so, and starts it again, on another port.
    pub fn cut(&mut self) {
        self.stop();
        (self.server, self.url) = serve(&self.shop, &self.words);
    }

    /// Stops the server as an operator does, lets something happen to its folder, and starts it again.
    pub fn restart(&mut self, meanwhile: impl FnOnce(&Shop)) {
        let id = self.server.id().to_string();
        std::process::Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(self.server.wait().unwrap().success());
        meanwhile(&self.shop);
        (self.server, self.url) = serve(&self.shop, &self.words);
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

    /// A page, as a browser with a cookie gets it.
    pub fn html(&self, path: &str, cookie: Option<&str>) -> String {
        let request = ureq::get(format!("{}{path}", self.url)).header("accept", "text/html");
        let request = if let Some(cookie) = cookie { request.header("cookie", cookie) } else { request };
        request.call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// The cookie that a browser keeps when a token is pasted at the page for signing in.
    pub fn cookie(&self, token: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().max_redirects(0).build().into();
        let request = agent.post(format!("{}/sign-in", self.url)).header("origin", &self.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.send(format!("token={token}")).unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    fn person(&self, key: &str) -> String {
        let shown = self.shop.run(&["key", "show", key, "--json"]).ends(0).json();
        shown["person"].as_str().unwrap().to_owned()
    }

    fn new_key(&self, organisation: &str, role: &str) -> String {
        self.shop.run(&["key", "new", "--org", organisation, "--role", role, "--no-passphrase"]).ends(0);
        format!("{organisation}.{role}")
    }

    /// Registers a borough with its chief and its administrator.
    pub fn register(&self, organisation: &str) {
        self.register_as(organisation, "LONDON_BOROUGH");
    }

    /// Registers a body of a type with its chief and its administrator.
    pub fn register_as(&self, organisation: &str, kind: &str) {
        let chief = self.new_key(organisation, "CEX");
        let what = ["register", "--code", organisation, "--name", "A London body", "--type", kind];
        let who = ["--flags", "flags.json", "--chief", &chief, "--holder", "holder.yaml"];
        self.act(&[&what[..], &who[..], &["-k", "REG.REG.1", "-k", "REG.REG.2"]].concat())
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

    /// Today in London, so many days on.
    pub fn day(&self, days: i64) -> String {
        let draft = ["draft", "new", "--provider", "HCK", "--recipient", "CMD", "-q", "--json"];
        let draft = self.shop.run(&draft).ends(0).json();
        let first: Date = draft["terms"]["term"]["effective_date"].as_str().unwrap().parse().unwrap();
        // An example begins in 30 days.
        first.add_days(days - 30).to_string()
    }

    /// Files the example, changed; gives the id of the agreement.
    pub fn file_changed(&self, provider: &str, recipient: &str, change: impl FnOnce(&mut Value)) -> String {
        let draft = ["draft", "new", "--provider", provider, "--recipient", recipient, "-q", "--json"];
        let mut draft = self.shop.run(&draft).ends(0).json();
        change(&mut draft);
        self.shop.write("changed.json", draft.to_string());
        let by = format!("{recipient}.IGL");
        let receipt = self.act(&["file", "changed.json", "-k", &by, "--json"]).ends(0).json();
        receipt["stream"].as_str().unwrap().strip_prefix("agr:").unwrap().to_owned()
    }

    /// Advice, approval and execution by both sides.
    pub fn signed_by(&self, bodies: &[&str], id: &str, more: &[&str]) {
        for body in bodies {
            let key = |role: &str| format!("{body}.{role}");
            let advise = ["advise", id, "--outcome", "SUPPORT", "--reasons", "The powers are enough for it.", "-k"];
            self.act(&[&advise[..], &[&key("DPO")], more].concat()).ends(0);
            self.act(&[&["approve", id, "-k", &key("IAO")], more].concat()).ends(0);
            self.act(&[&["execute", id, "-k", &key("SIG")], more].concat()).ends(0);
        }
    }

    /// An agreement between two bodies with all their officers, in force today.
    pub fn in_force(&self, provider: &str, recipient: &str) -> String {
        let today = self.day(0);
        let id =
            self.file_changed(provider, recipient, |draft| draft["terms"]["term"]["effective_date"] = today.into());
        let by = format!("{provider}.IGL");
        self.act(&["triage", &id, "--outcome", "ACCEPTED", "-k", &by]).ends(0);
        self.act(&["submit", &id, "--approve-by", &self.day(20), "-k", &by]).ends(0);
        self.signed_by(&[provider, recipient], &id, &[]);
        assert_eq!(self.show(&id)["state"], "ACTIVE");
        id
    }

    /// Entries that a query asks for.
    pub fn events(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/events?limit=1000&{query}"));
        answer["events"].as_array().unwrap().clone()
    }

    /// The key that the log signs with.
    pub fn vkey(&self) -> String {
        self.get_text("/log/vkey").trim().to_owned()
    }

    /// A path as JSON.
    pub fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.get_text(path)).unwrap()
    }

    /// What the server answers at a path.
    pub fn get_text(&self, path: &str) -> String {
        ureq::get(format!("{}{path}", self.url)).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// Everything agrees, from the log alone.
    pub fn audited(&self) {
        let told = self.shop.run(&["audit", &self.url]).ends(0).out;
        assert!(told.contains("Everything agrees."), "{told}");
    }

    /// Events of all these types were recorded, and everything agrees from the log alone.
    pub fn recorded(&self, types: &[&str]) {
        let recorded = self.types();
        let missing: Vec<_> = types.iter().filter(|name| !recorded.contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?} in {recorded:?}");
        self.audited();
    }

    fn types(&self) -> std::collections::BTreeSet<String> {
        let mut types = std::collections::BTreeSet::new();
        let mut after = String::new();
        loop {
            let rows = self.events(&after);
            let Some(last) = rows.last() else { return types };
            after = format!("after={}", last["index"]);
            types.extend(rows.iter().map(|row| row["type"].as_str().unwrap().to_owned()));
        }
    }

    /// What the ledger says of something.
    pub fn show(&self, what: &str) -> Value {
        self.ask(&["show", what, "--json"]).ends(0).json()
    }

    /// How many entries the checkpoint covers.
    pub fn size(&self) -> u64 {
        let report: Value = self.shop.run(&["audit", &self.url, "--json"]).ends(0).json();
        report["size"].as_u64().unwrap()
    }
}

/// The server of the ledger in a shop, on a port of its own.
fn serve(shop: &Shop, words: &[String]) -> (Child, String) {
    let mut command =
        shop.command(&["serve", "--data", "ledger", "--listen", "127.0.0.1:0", "--requests-per-second", "0"]);
    let talk = std::fs::File::create(shop.path("talk")).unwrap();
    let mut server = command.args(words).stdout(Stdio::piped()).stderr(talk).spawn().unwrap();
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
