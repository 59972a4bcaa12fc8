//! What waits for signatures, in a folder of its own beside the store: sealed bytes, and their keys apart.
//!
//! ```text
//! FORMAT              counterpart pending / format 1 / crc <crc32c of the lines before, 8 hex digits>; absent: format 1
//! sealed/<name>.<n>   XChaCha20-Poly1305 over the bytes, bound to the file's own name
//! keys/<name>.<n>     32 bytes: the key, used for this one file
//! ```
//!
//! `n` rises with each replacement. The highest that opens is what is kept; a lower one is what a crash left.
//! Copies of the store do not reach here, so nothing of it outlives its removal in a backup.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::embedded::{Entropy, newer_format, other_format};
use crate::{StoreError, Waiting};

/// The file that says of which format the folder is, and how it begins.
const FORMAT: &str = "FORMAT";
const TITLE: &str = "counterpart pending";

/// Bytes of a key.
const SECRET: usize = 32;

/// A folder of what waits. One process at a time: whoever opens it holds the lock of the store beside it.
pub struct Folder {
    sealed: PathBuf,
    keys: PathBuf,
    entropy: Entropy,
}

impl Folder {
    /// Opens the folder, or makes it.
    ///
    /// # Errors
    ///
    /// It cannot be made, or is of a format that this program does not know.
    pub fn open(root: &Path, entropy: Entropy) -> Result<Self, StoreError> {
        let format = root.join(FORMAT);
        let found = match fs::read(&format) {
            Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("reading", &format, error)),
        };
        if let Some(newer) = found.as_deref().and_then(|text| newer_format(text, TITLE)) {
            return Err(other_format("pending/FORMAT", &newer));
        }
        let (sealed, keys) = (root.join("sealed"), root.join("keys"));
        for folder in [&sealed, &keys] {
            let mut builder = fs::DirBuilder::new();
            builder.recursive(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::DirBuilderExt as _;
                builder.mode(0o700);
            }
            builder.create(folder).map_err(|error| failed("making", folder, error))?;
        }
        sync(root)?;
        if found.is_none() {
            write(root, FORMAT, format_1().as_bytes())?;
        }
        Ok(Self { sealed, keys, entropy })
    }

    /// The numbers under a name, the highest last: of keys, and of sealed bytes whose key is gone.
    fn numbers(&self, name: &str) -> Result<BTreeSet<u64>, StoreError> {
        let mut found = BTreeSet::new();
        for folder in [&self.keys, &self.sealed] {
            for file in list(folder)? {
                if let Some((of, number)) = parts(&file)
                    && of == name
                {
                    found.insert(number);
                }
            }
        }
        Ok(found)
    }

    fn opened(&self, name: &str, number: u64) -> Option<Vec<u8>> {
        let file = format!("{name}.{number}");
        let secret = Zeroizing::new(fs::read(self.keys.join(&file)).ok()?);
        let secret: Zeroizing<[u8; SECRET]> = Zeroizing::new(secret.as_slice().try_into().ok()?);
        let sealed = fs::read(self.sealed.join(&file)).ok()?;
        cipher(&secret).decrypt(&nonce(), Payload { msg: &sealed, aad: file.as_bytes() }).ok()
    }

    /// Overwrites the key, durably, and removes both files.
    fn destroy(&self, name: &str, number: u64) -> Result<(), StoreError> {
        let file = format!("{name}.{number}");
        let key = self.keys.join(&file);
        match OpenOptions::new().write(true).open(&key) {
            Ok(mut open) => {
                let erased = open.write_all(&[0; SECRET]).and_then(|()| open.sync_all());
                erased.map_err(|error| failed("erasing", &key, error))?;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("erasing", &key, error)),
        }
        for (folder, path) in [(&self.keys, key), (&self.sealed, self.sealed.join(&file))] {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("removing", &path, error)),
                Ok(()) | Err(_) => sync(folder)?,
            }
        }
        Ok(())
    }
}

impl Waiting for Folder {
    fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names = BTreeSet::new();
        for folder in [&self.keys, &self.sealed] {
            names.extend(list(folder)?.iter().filter_map(|file| Some(parts(file)?.0.to_owned())));
        }
        Ok(names.into_iter().collect())
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let numbers = self.numbers(name)?;
        if numbers.is_empty() {
            return Ok(None);
        }
        let found = numbers.iter().rev().find_map(|number| self.opened(name, *number));
        found.map(Some).ok_or_else(|| StoreError::Damaged {
            file: format!("pending/sealed/{name}"),
            offset: 0,
            index: 0,
            problem: "it does not open with its key".to_owned(),
        })
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let before = self.numbers(name)?;
        let number = before.last().map_or(0, |last| last.saturating_add(1));
        let file = format!("{name}.{number}");
        let mut secret = Zeroizing::new([0; SECRET]);
        (self.entropy)(&mut *secret);
        let payload = Payload { msg: bytes, aad: file.as_bytes() };
        let sealed = cipher(&secret)
            .encrypt(&nonce(), payload)
            .map_err(|_| StoreError::Unsuitable { file: file.clone(), problem: "it could not be sealed".to_owned() })?;
        // Without its key the sealed file is nothing, so the key comes second; a crash between leaves the older pair.
        write(&self.sealed, &file, &sealed)?;
        write(&self.keys, &file, &*secret)?;
        for older in before {
            self.destroy(name, older)?;
        }
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.numbers(name)?.into_iter().try_for_each(|number| self.destroy(name, number))
    }
}

fn format_1() -> String {
    let lines = format!("{TITLE}\nformat 1\n");
    let crc = crc32c::crc32c(lines.as_bytes());
    format!("{lines}crc {crc:08x}\n")
}

/// A file name as a name and a number; other files are nobody's.
fn parts(file: &str) -> Option<(&str, u64)> {
    let (name, number) = file.split_once('.')?;
    let hex = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Some((name, number.parse().ok().filter(|_| hex)?))
}

fn list(folder: &Path) -> Result<Vec<String>, StoreError> {
    let read = fs::read_dir(folder).map_err(|error| failed("listing", folder, error))?;
    read.map(|entry| Ok(entry.map_err(|error| failed("listing", folder, error))?.file_name().to_string_lossy().into()))
        .collect()
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let written = options.open(&path).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    if let Err(error) = written {
        // Half a file opens with no key, but it takes room.
        let _ = fs::remove_file(&path);
        return Err(failed("writing", &path, error));
    }
    sync(folder)
}

fn sync(folder: &Path) -> Result<(), StoreError> {
    File::open(folder).and_then(|open| open.sync_all()).map_err(|error| failed("syncing", folder, error))
}

fn failed(doing: &str, path: &Path, source: io::Error) -> StoreError {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    if matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge) {
        return StoreError::Full;
    }
    StoreError::Io { context: format!("{doing} `{}`", path.display()), source }
}

/// Each key seals one file, so the nonce need not change.
fn nonce() -> XNonce {
    XNonce::from([0; 24])
}

fn cipher(key: &[u8; SECRET]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::<XChaCha20Poly1305>::from(*key))
}
