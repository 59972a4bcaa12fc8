//! A server of the demonstration, for one test.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

/// The server. It is stopped with the process of the tests.
pub struct Served {
    base: String,
    agent: ureq::Agent,
}

/// What came back.
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub text: String,
    pub demonstration: bool,
    pub link: String,
}

/// One server for all tests of this file: it takes seconds to begin, and nobody writes to it.
struct Running {
    /// A shell that stops the server when the other end of its input is gone, as it is when the tests have ended.
    #[expect(dead_code, reason = "its end of the pipe is what keeps the server running")]
    shell: Child,
    base: String,
    folder: tempfile::TempDir,
}

/// Runs a program in the background until its input ends.
const UNTIL_INPUT_ENDS: &str = r#""$@" & server=$!; read -r _; kill "$server""#;

static RUNNING: LazyLock<Running> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh")
        .args(["-c", UNTIL_INPUT_ENDS, "sh", env!("CARGO_BIN_EXE_counterpart")])
        .args(["--quiet", "serve", "--demo", "--listen", "127.0.0.1:0", "--requests-per-second", "0", "--data"])
        .arg(folder.path().join("demo"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    Running { shell, base, folder }
});

impl Served {
    pub fn demonstration() -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        Self { base: RUNNING.base.clone(), agent }
    }

    /// Where it listens.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its folder.
    pub fn data() -> PathBuf {
        RUNNING.folder.path().join("demo")
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask(path, "*/*")
    }

    /// As a browser asks.
    pub fn get_html(&self, path: &str) -> Answer {
        self.ask(path, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    }

    fn ask(&self, path: &str, accept: &str) -> Answer {
        let mut answer = self.agent.get(format!("{}{path}", self.base)).header("accept", accept).call().unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let (kind, demonstration) = (header("content-type").unwrap_or_default(), header("counterpart-demonstration"));
        let header_link = header("link").unwrap_or_default();
        Answer {
            status: answer.status().as_u16(),
            kind,
            demonstration: demonstration.is_some(),
            link: header_link,
            // Evidence is no text.
            text: String::from_utf8_lossy(&answer.body_mut().read_to_vec().unwrap()).into_owned(),
        }
    }
}
