//! Every checkpoint whose quorum was reached, by its size: what was witnessed once stays witnessed.
//!
//! One file that only grows. Each record is a line that announces a note, then the note:
//!
//! ```text
//! cosigned <size> <bytes of the note> <hexadecimal SHA-256 of the note>
//! <the note>
//! ```
//!
//! Where the file was cut or damaged, reading goes on at the next line that announces a note: nothing is ever taken
//! out of it. The first quorum of a size is kept with every cosignature that came for it; cosignatures of the same size
//! that came much later are kept at most once an hour, because a quiet log is cosigned for ever.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use counterpart_tlog::Hash;
use counterpart_tlog::checkpoint::Checkpoint;
use counterpart_tlog::cosignature;
use counterpart_tlog::note::{NOTE_LEN_MAX, Note};

/// What a record begins with.
const WORD: &str = "cosigned";

/// How much later a cosignature of the same size must be to be kept too, in seconds: an hour.
const APART: u64 = 3600;

/// The longest line that announces a note.
const LINE_MAX: u64 = 128;

/// The cosigned checkpoints of one log.
#[derive(Debug)]
pub struct History {
    path: PathBuf,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    file: File,
    end: u64,
    sizes: BTreeMap<u64, Places>,
}

/// Where the notes of one size stand.
#[derive(Debug, Clone, Copy)]
struct Places {
    first: Place,
    /// The time in the newest note of this size.
    newest_at: u64,
    /// How many signatures the first note has.
    signatures: usize,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    length: usize,
    hash: Hash,
}

/// The history cannot be kept or read.
#[derive(Debug, thiserror::Error)]
#[error("the cosigned checkpoints in {path} cannot be used")]
pub struct HistoryError {
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl History {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let failed = |source| HistoryError { path: path.to_owned(), source };
        let file = OpenOptions::new().create(true).append(true).read(true).open(path).map_err(failed)?;
        let kept = Kept::read(file).map_err(failed)?;
        Ok(Self { path: path.to_owned(), kept: Mutex::new(kept) })
    }

    /// Keeps a note whose quorum was reached, unless it says little that is new. Durable after [`History::sync`].
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn add(&self, note: &str) -> Result<(), HistoryError> {
        let failed = |source| HistoryError { path: self.path.clone(), source };
        let Some(new) = About::of(note) else { return Ok(()) };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.sizes.get(&new.size).copied();
        let late = match known {
            None => true,
            Some(known) => new.at >= known.newest_at.saturating_add(APART),
        };
        // A cosignature that came after its quorum: the first note again, with one line more.
        let fuller = known.is_some_and(|known| {
            new.signatures > known.signatures
                && kept.note(known.first).is_ok_and(|first| first.is_some_and(|first| holds_all_of(note, &first)))
        });
        if !late && !fuller {
            return Ok(());
        }
        let hash = Hash::of(note.as_bytes());
        let line = format!("{WORD} {} {} {}\n", new.size, note.len(), hash.to_hex());
        let record = [line.as_str(), note, "\n"].concat();
        let place = Place { start: kept.end + line.len() as u64, length: note.len(), hash };
        kept.file.write_all(record.as_bytes()).map_err(failed)?;
        kept.end += record.len() as u64;
        kept.take_in(&new, place);
        Ok(())
    }

    /// Makes what was added durable.
    ///
    /// # Errors
    ///
    /// The disk says no.
    pub fn sync(&self) -> Result<(), HistoryError> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.file.sync_data().map_err(|source| HistoryError { path: self.path.clone(), source })
    }

    /// The checkpoint of exactly this size as its first quorum cosigned it, with every cosignature that came for it.
    /// Nothing where no quorum was reached for that size, or where the file is damaged.
    pub fn of_size(&self, size: u64) -> Option<String> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.sizes.get(&size)?.first;
        kept.note(place).ok().flatten()
    }

    /// How many sizes were witnessed.
    pub fn len(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).sizes.len()
    }

    /// Whether nothing was witnessed yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Kept {
    /// Reads the announcing lines, and of the notes what tells a fuller one from a later one.
    fn read(file: File) -> io::Result<Self> {
        let end = file.metadata()?.len();
        let mut kept = Self { file: file.try_clone()?, end, sizes: BTreeMap::new() };
        let mut reader = BufReader::with_capacity(1 << 16, file);
        let mut at = reader.seek(SeekFrom::Start(0))?;
        let mut line = Vec::new();
        while at < end {
            line.clear();
            let read = io::Read::take(&mut reader, LINE_MAX).read_until(b'\n', &mut line)?;
            at += read as u64;
            let Some((length, hash)) = announced(&line).filter(|(length, _)| at + *length as u64 <= end) else {
                continue;
            };
            let place = Place { start: at, length, hash };
            // A note that was cut: what follows is read line by line, and its own lines announce nothing.
            if let Some(about) = kept.note(place)?.as_deref().and_then(About::of) {
                kept.take_in(&about, place);
                at = reader.seek(SeekFrom::Start(at + length as u64))?;
            }
        }
        // A record that was cut does not swallow the line that announces the next one.
        if end > 0 && !kept.ends_with_newline()? {
            kept.file.write_all(b"\n")?;
            kept.end += 1;
        }
        Ok(kept)
    }

    fn ends_with_newline(&self) -> io::Result<bool> {
        let mut last = [0];
        self.file.read_exact_at(&mut last, self.end.saturating_sub(1))?;
        Ok(last == *b"\n")
    }

    fn take_in(&mut self, about: &About, place: Place) {
        let fresh = Places { first: place, newest_at: about.at, signatures: about.signatures };
        let places = self.sizes.entry(about.size).or_insert(fresh);
        if about.at < places.newest_at.saturating_add(APART) && about.signatures > places.signatures {
            (places.first, places.signatures) = (place, about.signatures);
        }
        places.newest_at = places.newest_at.max(about.at);
    }

    /// The note at a place, if its bytes are still what was announced.
    fn note(&self, place: Place) -> io::Result<Option<String>> {
        let mut bytes = vec![0; place.length];
        self.file.read_exact_at(&mut bytes, place.start)?;
        Ok(String::from_utf8(bytes).ok().filter(|note| Hash::of(note.as_bytes()) == place.hash))
    }
}

/// What matters of a note here.
struct About {
    size: u64,
    /// The earliest time of its cosignatures, in seconds since 1970.
    at: u64,
    signatures: usize,
}

impl About {
    fn of(note: &str) -> Option<Self> {
        let (checkpoint, note) = Checkpoint::parse(note).ok()?;
        let lines = note.signatures().iter().filter(|line| line.name() != checkpoint.origin);
        let at = lines.filter_map(|line| cosignature::timestamp(line.bytes())).min()?;
        Some(Self { size: checkpoint.size, at, signatures: note.signatures().len() })
    }
}

/// Whether `fuller` is the same text with all the signatures of `note`.
fn holds_all_of(fuller: &str, note: &str) -> bool {
    let (Ok(fuller), Ok(note)) = (Note::parse(fuller), Note::parse(note)) else { return false };
    fuller.text() == note.text() && note.signatures().iter().all(|line| fuller.signatures().contains(line))
}

/// How long the note behind this line is, and its hash; nothing if the line announces none.
fn announced(line: &[u8]) -> Option<(usize, Hash)> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let mut words = line.split(' ');
    let (word, size, length, hash) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let fits = word == WORD && size.parse::<u64>().is_ok() && words.next().is_none();
    let length: usize = length.parse().ok().filter(|length| *length <= NOTE_LEN_MAX)?;
    Some((length, Hash::from_hex(hash).ok()?)).filter(|_| fits)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::fs;

    use counterpart_tlog::cosignature::Cosigner;
    use counterpart_tlog::ed25519::SigningKey;
    use counterpart_tlog::note::NoteSigner;
    use counterpart_tlog::{empty_root, leaf_hash};

    use super::*;

    fn note(size: u64, cosigned: &[(u8, u64)]) -> String {
        let signer = NoteSigner::new("log.example", SigningKey::from_bytes(&[1; 32])).unwrap();
        let root = if size == 0 { empty_root() } else { leaf_hash(&size.to_be_bytes()) };
        let mut note = Checkpoint::new("log.example", size, root).sign(&[&signer]).unwrap();
        for (seed, at) in cosigned {
            let witness = Cosigner::new(&format!("w{seed}.example"), SigningKey::from_bytes(&[*seed; 32])).unwrap();
            note.add(witness.cosign(note.text(), *at).unwrap()).unwrap();
        }
        note.to_string()
    }

    #[test]
    fn the_first_quorum_of_each_size_is_found_after_a_restart_with_what_came_late() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cosigned");
        let history = History::open(&path).unwrap();
        let first = note(4, &[(2, 100)]);
        let fuller = note(4, &[(2, 100), (3, 101)]);
        for kept in [&first, &fuller, &note(9, &[(2, 200)]), &note(9, &[(2, 380)])] {
            history.add(kept).unwrap();
        }
        history.sync().unwrap();
        for history in [history, History::open(&path).unwrap()] {
            assert_eq!(history.of_size(4), Some(fuller.clone()));
            assert_eq!(history.of_size(9), Some(note(9, &[(2, 200)])), "the first, not the one of three minutes later");
            assert_eq!((history.of_size(5), history.len()), (None, 2));
        }
    }

    #[test]
    fn a_quiet_log_costs_a_line_an_hour_and_the_first_note_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cosigned");
        let history = History::open(&path).unwrap();
        for round in 0..200 {
            history.add(&note(4, &[(2, 1_000 + 180 * round)])).unwrap();
        }
        let records = fs::read_to_string(&path).unwrap().lines().filter(|line| line.starts_with("cosigned ")).count();
        assert_eq!(records, 1 + 199 * 180 / 3600);
        assert_eq!(History::open(&path).unwrap().of_size(4), Some(note(4, &[(2, 1_000)])));
    }

    #[test]
    fn wherever_the_file_was_cut_or_changed_everything_else_is_still_found_and_it_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cosigned");
        let history = History::open(&path).unwrap();
        let notes: Vec<String> = (1..4).map(|size| note(size, &[(2, 100 + size)])).collect();
        for note in &notes {
            history.add(note).unwrap();
        }
        let whole = fs::read(&path).unwrap();
        let next = note(7, &[(2, 900)]);
        let check = |bytes: &[u8], what: &str| {
            fs::write(&path, bytes).unwrap();
            let history = History::open(&path).unwrap();
            let found = notes.iter().zip(1..).filter(|(note, size)| {
                let kept = history.of_size(*size);
                // INVARIANT: a note that is found is the one that was kept.
                assert!(kept.is_none() || kept.as_ref() == Some(*note), "{what}");
                kept.is_some()
            });
            let found = found.count();
            history.add(&next).unwrap();
            assert_eq!(History::open(&path).unwrap().of_size(7), Some(next.clone()), "{what}");
            found
        };
        for cut in 0..whole.len() {
            let found = check(whole.get(..cut).unwrap(), &format!("cut at {cut}"));
            assert!(found >= (3 * cut / whole.len()).saturating_sub(1), "cut at {cut}: {found}");
        }
        for place in 0..whole.len() {
            let mut changed = whole.clone();
            if let Some(byte) = changed.get_mut(place) {
                *byte ^= 1;
            }
            assert!(check(&changed, &format!("changed at {place}")) >= 2, "changed at {place}");
        }
    }
}
