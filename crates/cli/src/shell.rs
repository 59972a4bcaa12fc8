//! The one door to the outside: clock, entropy, files, terminal.
//!
//! INVARIANT: nothing else in the workspace reads a clock, draws random numbers or asks a person.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use counterpart_core::ids::{AgreementId, EventId, PersonId};
use counterpart_core::time::Timestamp;
use zeroize::Zeroizing;

use crate::ending::{Ending, Fault};

/// The largest file that a person may name on the command line and that is read whole: 64 MiB.
const FILE_MAX: u64 = 64 << 20;

/// The clock, to the millisecond.
pub fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis_saturating(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A stopwatch for progress; it says how long something took, never when it was.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts.
    pub fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
        let started = std::time::Instant::now();
        Self(started)
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "this is the place where the clock is read")]
        let elapsed = self.0.elapsed();
        elapsed
    }
}

/// Fills a buffer with random bytes from the operating system.
///
/// # Panics
///
/// When the operating system has none: nothing secret can be made then.
pub fn fill(buffer: &mut [u8]) {
    #[expect(clippy::disallowed_methods, reason = "this is the place where entropy is drawn")]
    let drawn = getrandom::fill(buffer);
    assert!(drawn.is_ok(), "the operating system gives random bytes");
}

/// Random bytes.
pub fn entropy<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

fn uuid() -> uuid::Uuid {
    let millis = u64::try_from(now().millis()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &entropy()).into_uuid()
}

/// A fresh name for an event.
pub fn event_id() -> EventId {
    EventId::from(uuid())
}

/// A fresh name for an agreement.
pub fn agreement_id() -> AgreementId {
    AgreementId::from(uuid())
}

/// A fresh name for a person.
pub fn person_id() -> PersonId {
    PersonId::from_random(u64::from_be_bytes(entropy()))
}

/// Reads a file that a person named, or standard input for `-`.
///
/// # Errors
///
/// It cannot be read or is larger than 64 MiB.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(FILE_MAX + 1).read_to_end(&mut bytes).context("standard input cannot be read")?;
    } else {
        let file = File::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))?;
        if file.metadata().is_ok_and(|about| about.is_dir()) {
            bail!("`{}` is a directory; name a file", path.display());
        }
        file.take(FILE_MAX + 1)
            .read_to_end(&mut bytes)
            .with_context(|| format!("`{}` cannot be read", path.display()))?;
    }
    if bytes.len() as u64 > FILE_MAX {
        bail!("`{}` is larger than 64 MiB; name a smaller file", path.display());
    }
    Ok(bytes)
}

/// Reads a file of text.
///
/// # Errors
///
/// As for [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| anyhow::anyhow!("`{}` is not UTF-8 text", path.display()))
}

/// Reads a file that holds a secret: only its owner may be able to read or write it.
///
/// # Errors
///
/// It cannot be read, or its mode is wider than 0600.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path).with_context(|| format!("`{}` cannot be opened", path.display()))?;
    refuse_wide(path, &file)?;
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_MAX).read_to_end(&mut bytes).with_context(|| format!("`{}` cannot be read", path.display()))?;
    Ok(bytes)
}

#[cfg(unix)]
fn refuse_wide(path: &Path, file: &File) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        file.metadata().with_context(|| format!("`{}` cannot be looked at", path.display()))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(Fault::new(
            Ending::CouldNot,
            format!(
                "`{path}` can be read or written by others (mode {:04o}); run `chmod 600 {path}` and consider whether it is still secret",
                mode & 0o7777,
                path = path.display(),
            ),
        )
        .into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_wide(_: &Path, _: &File) -> Result<()> {
    Ok(())
}

/// Writes a new file, durably. It must not exist yet; `secret` makes it readable by its owner alone.
///
/// # Errors
///
/// It exists, or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            anyhow::anyhow!("`{}` exists already and is not overwritten; name another file", path.display())
        } else {
            anyhow::Error::new(error).context(format!("`{}` cannot be made", path.display()))
        }
    })?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.with_context(|| format!("`{}` cannot be written", path.display()))?;
    sync_directory(path);
    Ok(())
}

/// Whether a directory is not there or holds nothing.
///
/// # Errors
///
/// It cannot be read.
pub fn is_empty(path: &Path) -> Result<bool> {
    if !path.exists() {
        return Ok(true);
    }
    let mut entries = path.read_dir().with_context(|| format!("`{}` cannot be read", path.display()))?;
    Ok(entries.next().is_none())
}

/// The names of the files in a directory, sorted.
///
/// # Errors
///
/// It cannot be read.
pub fn names(path: &Path) -> Result<Vec<String>> {
    let entries = path.read_dir().with_context(|| format!("`{}` cannot be read", path.display()))?;
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// Writes a new file for its owner alone, without waiting for the disk: for what can be made again.
///
/// # Errors
///
/// It exists, or cannot be written.
pub fn write_quickly(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| file.write_all(bytes));
    written.with_context(|| format!("`{}` cannot be written", path.display()))
}

/// Replaces a file in one step, durably: a reader sees the old one or the new one.
///
/// # Errors
///
/// It cannot be written.
pub fn replace(path: &Path, bytes: &[u8], secret: bool) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", hex::encode(entropy::<4>())));
    let beside = path.with_file_name(name);
    write_new(&beside, bytes, secret)?;
    std::fs::rename(&beside, path).with_context(|| format!("`{}` cannot be replaced", path.display()))?;
    sync_directory(path);
    Ok(())
}

/// Gives a file another name in the same directory, durably.
///
/// # Errors
///
/// It is not there, or the directory cannot be written.
pub fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).with_context(|| format!("`{}` cannot be renamed", from.display()))?;
    sync_directory(to);
    Ok(())
}

/// Removes a file, if it is there.
///
/// # Errors
///
/// It cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(anyhow::Error::new(error).context(format!("`{}` cannot be removed", path.display())))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Removes a directory with everything in it, if it is there.
///
/// # Errors
///
/// It cannot be removed.
pub fn remove_directory(path: &Path) -> Result<()> {
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(anyhow::Error::new(error).context(format!("`{}` cannot be removed", path.display())))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Makes a directory, with those above it; nobody else can look into the new one.
///
/// # Errors
///
/// It cannot be made.
pub fn make_directory(path: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path).with_context(|| format!("the directory `{}` cannot be made", path.display()))
}

/// A new name is durable only when its directory is; a system that cannot do that tells nobody anything new.
fn sync_directory(path: &Path) {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _ = File::open(parent).and_then(|directory| directory.sync_all());
}

/// Where this person's keys and pins are kept: `--home`, else `$COUNTERPART_HOME`, else
/// `$XDG_CONFIG_HOME/counterpart`, else `~/.config/counterpart`.
///
/// # Errors
///
/// None of them is known.
pub fn home(given: Option<&Path>) -> Result<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    given
        .map(Path::to_owned)
        .or_else(|| from("COUNTERPART_HOME"))
        .or_else(|| from("XDG_CONFIG_HOME").map(|path| path.join("counterpart")))
        .or_else(|| from("HOME").map(|path| path.join(".config/counterpart")))
        .context("no home directory is known; say where keys and pins are kept with --home DIR")
}

/// A file that the service manager hands to an unattended server (`LoadCredential=passphrase:…`).
pub fn credential(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
    path.exists().then_some(path)
}

/// Whether a person can be asked: standard input and standard error are a terminal.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether talk goes to a terminal, so that a progress line may be written over.
pub fn talks_to_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Asks a yes-or-no question; no without a terminal, and no unless the answer is yes.
///
/// # Errors
///
/// The terminal cannot be read.
pub fn confirm(question: &str) -> Result<bool> {
    if !can_ask() {
        return Ok(false);
    }
    say_part(&format!("{question} [y/N] "));
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).context("the terminal cannot be read")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Asks for a passphrase without showing it.
///
/// # Errors
///
/// There is no terminal, or it cannot be read.
pub fn ask_passphrase(question: &str) -> Result<Zeroizing<String>> {
    if !can_ask() {
        bail!("a passphrase is needed ({question}) and there is no terminal to ask on; give --passphrase-file FILE");
    }
    rpassword::prompt_password(format!("{question}: ")).map(Zeroizing::new).context("the terminal cannot be read")
}

/// Writes data to standard output, as it is. A reader that has gone away is no failure.
pub fn data(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// Writes a line of data to standard output.
pub fn line(text: &str) {
    data(format!("{text}\n").as_bytes());
}

/// Talks: a line to standard error.
pub fn say(text: &str) {
    say_part(&format!("{text}\n"));
}

/// Talks without ending the line.
pub fn say_part(text: &str) {
    let mut talk = io::stderr().lock();
    let _ = talk.write_all(text.as_bytes()).and_then(|()| talk.flush());
}
