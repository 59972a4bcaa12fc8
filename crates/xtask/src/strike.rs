//! Strikes a program at its n-th call that changes a file below one folder: `shim/strike.c`, loaded before it.
//!
//! The workspace forbids unsafe code, and a library that stands before the system's own cannot do without: so it is a
//! small file of C, compiled by `cc` into the target folder.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::repository::{Repository, succeed};

/// Bytes of the page that the library and we share.
const PAGE: usize = 65_536;

/// Where the kinds of the calls stand in it.
const KINDS: usize = 256;

/// How a call is struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is not made.
    Before,
    /// It is made.
    After,
    /// Half of it is made.
    Half,
    /// One byte of it is made.
    Byte,
}

impl How {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Before, Self::After, Self::Half, Self::Byte];

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Half => "half",
            Self::Byte => "byte",
        }
    }

    fn number(self) -> u32 {
        match self {
            Self::Before => 1,
            Self::After => 2,
            Self::Half => 3,
            Self::Byte => 4,
        }
    }
}

/// Where the strike comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blow {
    /// The call, counted from 1.
    pub call: u64,
    /// How much of it is made.
    pub how: How,
    /// The program is stopped there and not killed.
    pub stops: bool,
}

/// What the library said of a run.
#[derive(Clone, Debug)]
pub struct Told {
    /// Calls that were made, the one that was struck among them.
    pub made: u64,
    /// The call that was struck and its file, once it was.
    pub struck: Option<String>,
    /// For each call whether it has a middle.
    pub divisible: Vec<bool>,
}

/// Compiles the library; gives its path.
///
/// # Errors
///
/// There is no C compiler, or it refuses.
pub fn library(repository: &Repository) -> Result<PathBuf> {
    let folder = repository.target().join("strike");
    std::fs::create_dir_all(&folder)?;
    let source = repository.root.join("crates/xtask/shim/strike.c");
    // Under a passing name first: another run, or another thread of this one, may be using the library.
    let passing = tempfile::Builder::new().prefix("strike-").suffix(".so").tempfile_in(&folder)?.into_temp_path();
    let mut cc = Command::new("cc");
    cc.args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&passing).arg(source);
    succeed(&mut cc).context("a C compiler is needed: install the Debian packages gcc and libc6-dev")?;
    let library = folder.join("strike.so");
    passing.persist(&library)?;
    Ok(library)
}

/// A library and its page, for one program at a time.
#[derive(Debug)]
pub struct Strike {
    library: PathBuf,
    page: PathBuf,
}

impl Strike {
    /// With a page at this path, which is made.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn new(library: &Path, page: &Path) -> Result<Self> {
        File::create(page)?.set_len(PAGE as u64)?;
        Ok(Self { library: library.to_owned(), page: page.to_owned() })
    }

    /// Has a command count its calls below a folder, and be struck at one of them.
    ///
    /// # Errors
    ///
    /// The page cannot be written.
    pub fn arm(&self, command: &mut Command, folder: &Path, blow: Option<Blow>) -> Result<()> {
        let mut page = vec![0; PAGE];
        if let Some(blow) = blow {
            let mut put = |at: usize, bytes: &[u8]| {
                page.get_mut(at..at + bytes.len()).unwrap_or_default().copy_from_slice(bytes);
            };
            put(8, &blow.call.to_ne_bytes());
            put(16, &blow.how.number().to_ne_bytes());
            put(20, &u32::from(blow.stops).to_ne_bytes());
        }
        File::options().write(true).open(&self.page)?.write_all_at(&page, 0)?;
        command.env("LD_PRELOAD", &self.library).env("STRIKE_PAGE", &self.page).env("STRIKE_BELOW", folder);
        Ok(())
    }

    /// What it has come to so far.
    ///
    /// # Errors
    ///
    /// The page cannot be read.
    pub fn told(&self) -> Result<Told> {
        let page = std::fs::read(&self.page)?;
        let eight = page.first_chunk::<8>().context("the page is short")?;
        let made = u64::from_ne_bytes(*eight);
        let struck = page.get(24).is_some_and(|flag| *flag != 0);
        let text: Vec<u8> =
            page.get(32..KINDS).unwrap_or_default().iter().copied().take_while(|byte| *byte != 0).collect();
        let kinds = page.get(KINDS..).unwrap_or_default();
        // Writes, truncations, allocations and copies have a middle.
        let divisible = kinds.iter().take(usize::try_from(made)?).map(|kind| matches!(kind, 1 | 7..=9)).collect();
        Ok(Told { made, struck: struck.then(|| String::from_utf8_lossy(&text).into_owned()), divisible })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;

    use super::*;

    /// Runs `dd`, which opens a file and writes three pieces of 100 bytes; gives its signal, the file and what was told.
    fn struck(blow: Option<Blow>) -> (Option<i32>, Option<Vec<u8>>, Told) {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("place");
        fs::create_dir(&place).unwrap();
        let strike = Strike::new(&library(&Repository::find().unwrap()).unwrap(), &folder.path().join("page")).unwrap();
        let file = place.join("file");
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/zero", "bs=100", "count=3"]).arg(format!("of={}", file.display())).stderr(Stdio::null());
        strike.arm(&mut dd, &place, blow).unwrap();
        let status = dd.status().unwrap();
        (status.signal(), fs::read(&file).ok(), strike.told().unwrap())
    }

    #[test]
    fn a_program_is_killed_before_after_and_in_the_middle_of_the_call_that_is_named() {
        let (signal, file, told) = struck(None);
        assert_eq!((signal, file.unwrap().len(), told.struck), (None, 300, None));
        assert!(told.made >= 4, "an open and three writes: {}", told.made);
        let first = told.divisible.iter().position(|divisible| *divisible).unwrap() as u64 + 1;
        for (how, left) in [(How::Before, 100), (How::After, 200), (How::Half, 150), (How::Byte, 101)] {
            let (signal, file, told) = struck(Some(Blow { call: first + 1, how, stops: false }));
            assert_eq!((signal, file.unwrap().len(), told.made), (Some(9), left, first + 1), "{how:?}");
            assert_eq!(told.struck.as_deref(), Some("write /file"));
        }
        let (signal, file, told) = struck(Some(Blow { call: 1, how: How::Half, stops: false }));
        assert_eq!((signal, file), (Some(9), None), "what has no middle is not made");
        assert_eq!(told.struck.as_deref(), Some("open /file"));
    }

    #[test]
    fn a_program_that_was_stopped_stays_stopped_whoever_continues_it() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("place");
        fs::create_dir(&place).unwrap();
        let strike = Strike::new(&library(&Repository::find().unwrap()).unwrap(), &folder.path().join("page")).unwrap();
        let file = place.join("file");
        let mut dd = Command::new("dd");
        dd.args(["if=/dev/zero", "bs=100", "count=3"]).arg(format!("of={}", file.display())).stderr(Stdio::null());
        strike.arm(&mut dd, &place, Some(Blow { call: 3, how: How::After, stops: true })).unwrap();
        let mut child = dd.spawn().unwrap();
        let stopped = || {
            let about = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
            about.rsplit_once(')').unwrap().1.trim_start().starts_with('T')
        };
        let until_stopped = || {
            while !stopped() {
                crate::client::wait(std::time::Duration::from_millis(1)).unwrap();
            }
        };
        until_stopped();
        let (length, made) = (fs::metadata(&file).unwrap().len(), strike.told().unwrap().made);
        for _ in 0..20 {
            crate::repository::succeed(Command::new("kill").arg("-CONT").arg(child.id().to_string())).unwrap();
            until_stopped();
        }
        assert_eq!((fs::metadata(&file).unwrap().len(), strike.told().unwrap().made), (length, made));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn other_folders_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let strike = Strike::new(&library(&Repository::find().unwrap()).unwrap(), &folder.path().join("page")).unwrap();
        let mut command = Command::new("mkdir");
        command.arg(folder.path().join("below-not"));
        let blow = Blow { call: 1, how: How::Before, stops: false };
        strike.arm(&mut command, &folder.path().join("below"), Some(blow)).unwrap();
        assert!(command.status().unwrap().success());
        assert_eq!(strike.told().unwrap().made, 0);
    }
}
