//! A folder to work in, and the program run in it.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub const ORIGIN: &str = "transcript.example/london/log";

/// A folder of its own, with a home in it.
pub struct Shop {
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub talk: String,
}

impl Done {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Asserts how it ended.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.talk);
        self
    }

    /// Asserts what it said.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.talk.contains(text), "`{text}` is not in: {}", self.talk);
        self
    }
}

impl Shop {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these words, ready to run.
    pub fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_counterpart"));
        command.args(words).current_dir(self.folder.path());
        command.env_clear().env("COUNTERPART_HOME", self.path("home")).env("PATH", std::env::var_os("PATH").unwrap());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> Done {
        self.run_with(words, "")
    }

    /// Runs it with this standard input.
    pub fn run_with<S: AsRef<OsStr>>(&self, words: &[S], input: &str) -> Done {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done = child.wait_with_output().unwrap();
        Done {
            code: done.status.code().unwrap_or(-1),
            out: String::from_utf8(done.stdout).unwrap(),
            talk: String::from_utf8(done.stderr).unwrap(),
        }
    }

    /// Writes a file that only its owner reads.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        set_mode(&path, 0o600);
        path
    }
}

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Runs OpenSSL; `None`, said loudly, when this machine has none.
pub fn openssl<S: AsRef<OsStr>>(words: &[S]) -> Option<Vec<u8>> {
    match Command::new("openssl").args(words).output() {
        Ok(done) => {
            assert!(done.status.success(), "openssl: {}", String::from_utf8_lossy(&done.stderr));
            Some(done.stdout)
        }
        Err(error) => {
            eprintln!("WARNING: this machine has no openssl ({error}); what it would have shown was NOT checked");
            None
        }
    }
}
