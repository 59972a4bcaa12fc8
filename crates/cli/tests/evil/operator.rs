//! The operator: real events of the demonstration, recorded by the real server, and the log's own key.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use counterpart_mirror::{Shelf, ShelfError, Source};
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature::Cosigner;
use counterpart_tlog::ed25519::SigningKey;
use counterpart_tlog::note::{Note, NoteSigner};
use counterpart_tlog::{Tree, leaf_hash};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use tempfile::TempDir;

/// How many entries the honest history has.
pub const SIZE: usize = 300;

/// The honest history, made once for all tests.
pub static HONEST: LazyLock<Honest> = LazyLock::new(Honest::make);

pub struct Honest {
    pub folder: TempDir,
    pub entries: Vec<Vec<u8>>,
    pub origin: String,
    pub key: SigningKey,
    pub vkey: String,
    /// The submission of each entry, and those that would come next.
    pub submissions: Vec<String>,
}

/// How a command ended.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub talk: String,
}

impl Done {
    /// Asserts how it ended and what it said.
    #[track_caller]
    pub fn ends(self, code: i32, text: &str) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.talk);
        assert!(
            self.talk.contains(text) || self.out.contains(text),
            "`{text}` is not in:\n{}\n{}",
            self.out,
            self.talk
        );
        self
    }
}

pub fn command<S: AsRef<OsStr>>(home: &Path, words: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_counterpart"));
    command.args(words).env_clear().env("COUNTERPART_HOME", home).current_dir(home);
    command
}

pub fn run<S: AsRef<OsStr>>(home: &Path, words: &[S]) -> Done {
    let done = command(home, words).output().unwrap();
    Done {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        talk: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A process that serves, ended when the test ends.
pub struct Serving {
    child: Child,
    pub lines: Vec<String>,
}

impl Serving {
    /// Starts it and waits for so many lines.
    pub fn start(home: &Path, words: &[&str], lines: usize) -> Self {
        let mut child = command(home, words).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(lines).map(Result::unwrap).collect();
        Self { child, lines }
    }

    pub fn url(&self) -> String {
        self.lines.iter().find_map(|line| line.strip_prefix("listening on ")).unwrap().to_owned()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Honest {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        run(home, &["demo", "--out", "demo"]).ends(0, "");
        let serving = Serving::start(home, &["serve", "--data", "demo/ledger", "--listen", "127.0.0.1:0"], 1);
        let events = fs::read_to_string(home.join("demo/events.ndjson")).unwrap();
        let lines: Vec<&str> = events.lines().collect();
        // The first line is the genesis, which the folder has recorded already.
        let mut batch = lines[1..SIZE].join("\n");
        batch.push('\n');
        post_batch(&serving.url(), batch);
        let public = home.join("public");
        run(home, &["mirror", &serving.url(), "public"]).ends(0, "300 entries");
        let source = Source::Folder(public.clone());
        let mut entries = source.bundle(0, 256).unwrap();
        entries.extend(source.bundle(1, 44).unwrap());
        let pem = fs::read_to_string(home.join("demo/ledger/log.key")).unwrap();
        let key = SigningKey::from_pkcs8_pem(&pem).unwrap();
        let vkey = fs::read_to_string(public.join("vkey")).unwrap().trim().to_owned();
        let origin = vkey.split('+').next().unwrap().to_owned();
        let submissions = lines.into_iter().map(str::to_owned).collect();
        Self { folder, entries, origin, key, vkey, submissions }
    }

    pub fn published(&self) -> PathBuf {
        self.folder.path().join("public")
    }

    pub fn signer(&self) -> NoteSigner {
        NoteSigner::new(&self.origin, self.key.clone()).unwrap()
    }

    /// The signed checkpoint over these entries.
    pub fn sign(&self, entries: &[Vec<u8>]) -> Note {
        let tree = tree(entries);
        Checkpoint::new(&self.origin, tree.size(), tree.root()).sign(&[&self.signer()]).unwrap()
    }

    /// A folder with these entries, their own tree and a checkpoint under the log's own key.
    pub fn publish(&self, entries: &[Vec<u8>]) -> TempDir {
        self.publish_as(entries, &self.sign(entries).to_string())
    }

    pub fn publish_as(&self, entries: &[Vec<u8>], note: &str) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut keeping = Shelf::open(folder.path()).unwrap();
        for file in fs::read_dir(self.published().join("data")).unwrap() {
            let file = file.unwrap();
            let name = format!("data/{}", file.file_name().to_str().unwrap());
            keeping.write(&name, &fs::read(file.path()).unwrap()).unwrap();
        }
        keeping.write("vkey", format!("{}\n", self.vkey).as_bytes()).unwrap();
        let bundle = |n: u64, width: u16| {
            let first = usize::try_from(n * 256).unwrap();
            Ok::<_, ShelfError>(entries[first..first + usize::from(width)].to_vec())
        };
        keeping.publish_log(&tree(entries), 0, note, bundle).unwrap();
        folder
    }
}

pub fn tree(entries: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    for entry in entries {
        tree.push(leaf_hash(entry));
    }
    tree
}

/// Posts submissions, one a line, and waits until each is answered.
pub fn post_batch(url: &str, batch: String) {
    let url = format!("{url}/api/v1/events/batch");
    let mut answer = ureq::post(url).content_type("application/x-ndjson").send(batch).unwrap();
    // Lines are decided as they are answered.
    let answers = answer.body_mut().read_to_string().unwrap();
    let refused = answers.lines().find(|line| line.contains("\"status\":4"));
    assert_eq!(refused, None);
}

/// The same event, recorded at another time: what an operator can do without anybody's key but the log's.
pub fn recorded_again(entry: &[u8], at: &str) -> Vec<u8> {
    let text = String::from_utf8(entry.to_vec()).unwrap();
    let (before, _) = text.rsplit_once(",\"recorded_at\":\"").unwrap();
    format!("{before},\"recorded_at\":\"{at}\"}}").into_bytes()
}

pub fn recorded_at(entry: &[u8]) -> String {
    let text = String::from_utf8(entry.to_vec()).unwrap();
    let (_, at) = text.rsplit_once(",\"recorded_at\":\"").unwrap();
    at.trim_end_matches("\"}").to_owned()
}

/// The honest entries up to `part`, and from there on the same events with times of their own.
pub fn parted(part: usize, size: usize) -> Vec<Vec<u8>> {
    let mut entries = HONEST.entries[..size].to_vec();
    let last = recorded_at(HONEST.entries.last().unwrap());
    let later = format!("{}999Z", &last[..last.len() - 4]);
    for entry in &mut entries[part..] {
        *entry = recorded_again(entry, &later);
    }
    entries
}

pub fn cosigner(seed: u8) -> Cosigner {
    Cosigner::new(&format!("witness.example/w{seed}"), SigningKey::from_bytes(&[seed; 32])).unwrap()
}
