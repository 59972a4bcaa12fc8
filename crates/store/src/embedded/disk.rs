//! The file calls that the embedded store makes, all in one place, so that a test can make each of them fail.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::StoreError;

/// A call that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Makes a new file or directory.
    Create,
    /// Writes bytes into a file.
    Write,
    /// Makes a file's bytes durable.
    Sync,
    /// Makes the names in a directory durable.
    SyncDirectory,
    /// Gives a file another name.
    Rename,
    /// Takes a file's name away.
    Remove,
}

/// What a test wants of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Go on as if nothing were.
    None,
    /// Do nothing and report this.
    Before(io::ErrorKind),
    /// Do half of a write, or nothing of any other call, and report this.
    Half(io::ErrorKind),
    /// Do it whole and report this all the same.
    After(io::ErrorKind),
    /// Write with one bit wrong and report success.
    Flip,
}

/// Decides the fate of every call that changes the disk, and whether reading works.
pub trait Hook: Send + Sync {
    /// Asked before each call; `file` is relative to the store's directory.
    fn fault(&self, op: Op, file: &str) -> Fault;

    /// Asked before anything is read of a file: the error to report, if reading is to fail.
    fn reading(&self, _file: &str) -> Option<io::ErrorKind> {
        None
    }

    /// Told what a write is about to replace, so that a power cut can be played.
    fn replaces(&self, _path: &Path, _offset: u64, _old: &[u8]) {}

    /// Told that a file's bytes are durable.
    fn synced(&self, _path: &Path) {}

    /// Whether a sync is only played: then the hook alone decides what a power cut leaves.
    fn plays_syncs(&self) -> bool {
        false
    }

    /// Told that a name is about to be made, changed or taken away; `to` is the name that changes.
    fn names(&self, _op: Op, _from: &Path, _to: &Path) {}

    /// Told that the names in a directory are durable.
    fn synced_directory(&self, _path: &Path) {}
}

/// One directory and the calls below it.
#[derive(Clone)]
pub(super) struct Disk {
    root: PathBuf,
    hook: Option<Arc<dyn Hook>>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disk").field("root", &self.root).finish_non_exhaustive()
    }
}

impl Disk {
    pub(super) fn new(root: &Path, hook: Option<Arc<dyn Hook>>) -> Self {
        Self { root: root.to_owned(), hook }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.root.clone() } else { self.root.join(name) }
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The names within a directory, sorted.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let context = || format!("reading the directory {name}");
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(name)).map_err(|source| failed(context(), source))? {
            let entry = entry.map_err(|source| failed(context(), source))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    /// Makes the store's own directory unless it is there, durably: its name stands in the directory above.
    pub(super) fn make_root(&self) -> Result<(), StoreError> {
        let missing: Vec<PathBuf> =
            self.root.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
        self.make_directory("")?;
        for path in missing {
            let above = path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            self.sync_directory_at(above).map_err(|source| failed(format!("syncing {}", above.display()), source))?;
        }
        Ok(())
    }

    /// Makes a directory, only for its owner, unless it is there.
    pub(super) fn make_directory(&self, name: &str) -> Result<(), StoreError> {
        use std::os::unix::fs::DirBuilderExt;
        let path = self.path(name);
        if path.is_dir() {
            return Ok(());
        }
        let make = || {
            self.tell(Op::Create, &path, &path);
            fs::DirBuilder::new().mode(0o700).recursive(true).create(&path)
        };
        self.call(Op::Create, name, make).map_err(|source| failed(format!("making the directory {name}"), source))
    }

    /// Makes a file, only for its owner, replacing one that is there.
    pub(super) fn create(&self, name: &str) -> Result<DiskFile, StoreError> {
        let path = self.path(name);
        let make = || {
            self.tell(Op::Create, &path, &path);
            OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)
        };
        let file = self.call(Op::Create, name, make).map_err(|source| failed(format!("making {name}"), source))?;
        Ok(DiskFile { file, name: name.to_owned(), disk: self.clone() })
    }

    pub(super) fn open(&self, name: &str) -> Result<DiskFile, StoreError> {
        let open = OpenOptions::new().read(true).write(true).open(self.path(name));
        let file = open.map_err(|source| failed(format!("opening {name}"), source))?;
        Ok(DiskFile { file, name: name.to_owned(), disk: self.clone() })
    }

    /// The whole of a small file, if it is there.
    pub(super) fn read_small(&self, name: &str) -> Result<Option<String>, StoreError> {
        let read = self.readable(name).and_then(|()| fs::read(self.path(name)));
        match read {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(format!("reading {name}"), source)),
        }
    }

    /// Writes a small file whole or not at all, durably.
    pub(super) fn write_small(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let passing = format!("{name}.new");
        let file = self.create(&passing)?;
        let context = |source| failed(format!("writing {name}"), source);
        file.write(text.as_bytes(), 0).map_err(context)?;
        file.sync().map_err(context)?;
        self.rename(&passing, name)
    }

    /// Writes a small file over one of the same length, in its place, durably: for a disk without room for a second one.
    pub(super) fn overwrite(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let file = self.open(name)?;
        let context = |source| failed(format!("writing {name}"), source);
        file.write(text.as_bytes(), 0).map_err(context)?;
        file.sync().map_err(context)
    }

    /// Takes a name out of its directory, durably.
    pub(super) fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        let remove = || {
            self.tell(Op::Remove, &path, &path);
            fs::remove_file(&path)
        };
        self.call(Op::Remove, name, remove).map_err(|source| failed(format!("removing {name}"), source))?;
        let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.sync_directory(directory)
    }

    /// Takes a directory away with everything in it, durably.
    pub(super) fn remove_directory(&self, name: &str) -> Result<(), StoreError> {
        let remove = || fs::remove_dir_all(self.path(name));
        self.call(Op::Remove, name, remove).map_err(|source| failed(format!("removing {name}"), source))?;
        let directory = name.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.sync_directory(directory)
    }

    /// Renames durably. Both names are in one directory.
    pub(super) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let rename = || {
            self.tell(Op::Rename, &self.path(from), &self.path(to));
            fs::rename(self.path(from), self.path(to))
        };
        self.call(Op::Rename, from, rename).map_err(|source| failed(format!("renaming {from} to {to}"), source))?;
        if counterpart_tlog::planted!("names_not_synced") {
            return Ok(());
        }
        let directory = to.rsplit_once('/').map_or("", |(directory, _)| directory);
        self.sync_directory(directory)
    }

    pub(super) fn sync_directory(&self, name: &str) -> Result<(), StoreError> {
        self.sync_directory_at(&self.path(name))
            .map_err(|source| failed(format!("syncing the directory `{name}`"), source))
    }

    fn sync_directory_at(&self, path: &Path) -> io::Result<()> {
        let name = path.strip_prefix(&self.root).map_or("..".into(), Path::to_string_lossy);
        self.call(Op::SyncDirectory, &name, || {
            let directory = File::open(path)?;
            match &self.hook {
                Some(hook) if hook.plays_syncs() => hook.synced_directory(path),
                _ => directory.sync_all()?,
            }
            Ok(())
        })
    }

    /// Whether calls are watched: then they are made one after another, so that a seed tells the same story again.
    pub(super) fn is_watched(&self) -> bool {
        self.hook.is_some()
    }

    fn tell(&self, op: Op, from: &Path, to: &Path) {
        if let Some(hook) = &self.hook {
            hook.names(op, from, to);
        }
    }

    fn readable(&self, name: &str) -> io::Result<()> {
        match self.hook.as_ref().and_then(|hook| hook.reading(name)) {
            Some(kind) => Err(kind.into()),
            None => Ok(()),
        }
    }

    fn fault(&self, op: Op, name: &str) -> Fault {
        self.hook.as_ref().map_or(Fault::None, |hook| hook.fault(op, name))
    }

    fn call<T>(&self, op: Op, name: &str, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        match self.fault(op, name) {
            Fault::None | Fault::Flip => call(),
            Fault::Before(kind) | Fault::Half(kind) => Err(kind.into()),
            Fault::After(kind) => call().and(Err(kind.into())),
        }
    }
}

/// An open file of the store.
#[derive(Debug)]
pub(super) struct DiskFile {
    file: File,
    pub(super) name: String,
    disk: Disk,
}

impl DiskFile {
    pub(super) fn length(&self) -> Result<u64, StoreError> {
        let about = self.file.metadata().map_err(|source| failed(format!("measuring {}", self.name), source))?;
        Ok(about.len())
    }

    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> Result<(), StoreError> {
        let read = self.disk.readable(&self.name).and_then(|()| self.file.read_exact_at(buffer, offset));
        read.map_err(|source| failed(format!("reading {}", self.name), source))
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.disk.fault(Op::Write, &self.name) {
            Fault::None => self.write_told(bytes, offset),
            Fault::Before(kind) => Err(kind.into()),
            Fault::Half(kind) => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                self.write_told(half, offset).and(Err(kind.into()))
            }
            Fault::After(kind) => self.write_told(bytes, offset).and(Err(kind.into())),
            Fault::Flip => {
                let mut bytes = bytes.to_vec();
                let middle = bytes.len() / 2;
                if let Some(byte) = bytes.get_mut(middle) {
                    *byte ^= 4;
                }
                self.write_told(&bytes, offset)
            }
        }
    }

    fn write_told(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Some(hook) = &self.disk.hook {
            let mut old = vec![0; bytes.len()];
            let mut read = 0;
            while let Some(rest) = old.get_mut(read..).filter(|rest| !rest.is_empty()) {
                match self.file.read_at(rest, offset + read as u64)? {
                    0 => break,
                    count => read += count,
                }
            }
            hook.replaces(&self.disk.path(&self.name), offset, &old);
        }
        self.file.write_all_at(bytes, offset)
    }

    /// Makes the bytes durable. The length too, if it changed.
    pub(super) fn sync(&self) -> io::Result<()> {
        let played = self.disk.hook.as_ref().is_some_and(|hook| hook.plays_syncs());
        let sync = || if played { Ok(()) } else { self.file.sync_data() };
        let synced = self.disk.call(Op::Sync, &self.name, sync);
        if !counterpart_tlog::planted!("sync_error_ignored") {
            synced?;
        }
        if let Some(hook) = &self.disk.hook {
            hook.synced(&self.disk.path(&self.name));
        }
        Ok(())
    }
}

/// A stretch of a file in memory, for reading many frames with few calls.
pub(super) struct Window<'a> {
    file: &'a DiskFile,
    end: u64,
    base: u64,
    step: u64,
    buffer: Vec<u8>,
}

/// How much a window reads at once.
pub(super) const WINDOW: u64 = 1 << 20;

impl<'a> Window<'a> {
    /// Reads nothing at or behind `end`, nor behind the end of the file.
    pub(super) fn new(file: &'a DiskFile, end: u64) -> Result<Self, StoreError> {
        Self::with_step(file, end, WINDOW)
    }

    /// The same, reading so many bytes at once.
    pub(super) fn with_step(file: &'a DiskFile, end: u64, step: u64) -> Result<Self, StoreError> {
        let end = end.min(file.length()?);
        Ok(Self { file, end, base: 0, step, buffer: Vec::new() })
    }

    /// The bytes from `offset` on, or `None` when they do not all lie before the end.
    pub(super) fn get(&mut self, offset: u64, length: usize) -> Result<Option<&[u8]>, StoreError> {
        let Some(behind) = offset.checked_add(length as u64).filter(|behind| *behind <= self.end) else {
            return Ok(None);
        };
        if offset < self.base || behind > self.base + self.buffer.len() as u64 {
            let want = (self.end - offset).min(self.step.max(length as u64));
            self.buffer.resize(usize::try_from(want).unwrap_or(length), 0);
            self.base = offset;
            self.file.read(&mut self.buffer, offset)?;
        }
        let from = usize::try_from(offset - self.base).unwrap_or(usize::MAX);
        Ok(self.buffer.get(from..from.saturating_add(length)))
    }
}

/// The end of the bytes of a file, from `from` on, that are not zero: `None` when all are.
pub(super) fn last_used(file: &DiskFile, from: u64) -> Result<Option<u64>, StoreError> {
    let mut window = Window::new(file, u64::MAX)?;
    let mut offset = from;
    let mut last = None;
    while offset < window.end {
        let step = usize::try_from((window.end - offset).min(WINDOW)).unwrap_or(1);
        let bytes = window.get(offset, step)?.unwrap_or_default();
        if let Some(place) = bytes.iter().rposition(|byte| *byte != 0) {
            last = Some(offset + place as u64 + 1);
        }
        offset += step as u64;
    }
    Ok(last)
}

/// An error of the system, in its context.
pub(super) fn failed(context: String, source: io::Error) -> StoreError {
    if is_full(&source) { StoreError::Full } else { StoreError::Io { context, source } }
}

/// Whether the system says that there is no more room, on the disk or within a limit.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge)
}

/// The first failure after which nobody knows what the disk holds. INVARIANT: once set it stays.
#[derive(Debug, Default)]
pub(super) struct Poison(Mutex<Option<First>>);

/// What came first.
#[derive(Debug)]
enum First {
    /// A failure, in plain words.
    Failed(String),
    /// A newer owner.
    Fenced { own: u64, newest: Option<u64> },
}

impl First {
    fn error(&self) -> StoreError {
        match self {
            Self::Failed(problem) => StoreError::Poisoned(problem.clone()),
            Self::Fenced { own, newest } => StoreError::Fenced { own: *own, newest: *newest },
        }
    }
}

impl Poison {
    pub(super) fn check(&self) -> Result<(), StoreError> {
        match &*held(&self.0) {
            None => Ok(()),
            Some(_) if counterpart_tlog::planted!("poison_forgotten") => Ok(()),
            Some(first) => Err(first.error()),
        }
    }

    /// Sets it, and gives the error that the caller sees from here on.
    pub(super) fn set(&self, problem: &dyn fmt::Display) -> StoreError {
        held(&self.0).get_or_insert_with(|| First::Failed(problem.to_string())).error()
    }

    /// Sets it because another owner has come, and gives the error that the caller sees from here on.
    pub(super) fn fence(&self, own: u64, newest: Option<u64>) -> StoreError {
        held(&self.0).get_or_insert(First::Fenced { own, newest }).error()
    }
}

/// Locks, also after a panic elsewhere: what this crate guards is whole between statements.
pub(super) fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
