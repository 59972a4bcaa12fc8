//! A snapshot: what some number of entries come to, written down so that a start need not decide them again.
//!
//! It is made from the log and can be made from it again, so anything unexpected in it is no error but no snapshot. It
//! is read by the very program that wrote it and by no other, because another version may decide otherwise or lay out
//! otherwise what it decided.
//!
//! ```text
//! counterpart snapshot\n  format u32                                     24 bytes
//! program 32 bytes, which wrote it · size u64 · root 32 bytes            72 bytes
//! each part, one behind the other
//! for each part: its length u64 · its checksum u32
//! how many parts u32 · checksum u32 over the head, and over everything between the parts and here
//! ```

use std::path::Path;
use std::sync::Arc;

use super::disk::{Disk, DiskFile, failed};
use crate::{Kept, Parts, Snapshots, StoreError};

/// The name of the file.
const SNAPSHOT: &str = "SNAPSHOT";

/// Its name until it is whole.
const PASSING: &str = "SNAPSHOT.new";

const MAGIC: &[u8; 20] = b"counterpart snapshot";

/// The format of the file, raised too where its parts are of another kind: in 1 they were `MessagePack` throughout. What
/// they say in particular follows from the program.
const FORMAT: u32 = 2;

const HEAD: usize = 96;

/// A row of the table of parts.
const ROW: usize = 12;

/// How many parts, and the checksum.
const TAIL: usize = 8;

/// Gives the hash of the program that runs, if it can be told. It is asked only when there is something to compare.
pub type Program = Arc<dyn Fn() -> Option<[u8; 32]> + Send + Sync>;

/// The snapshot of a store, in a file of its directory.
pub struct SnapshotFile {
    disk: Disk,
    program: Program,
}

/// A snapshot that is there and whole in its head and table. Its parts are checked as they are read.
#[derive(Debug)]
struct Open {
    file: DiskFile,
    size: u64,
    root: [u8; 32],
    /// Where each part begins, its length and its checksum.
    parts: Vec<(u64, usize, u32)>,
}

/// Why there is no snapshot to be used, in plain words.
type Unfit = String;

impl SnapshotFile {
    /// The snapshot in the directory of a store, for the program that runs.
    pub fn at(directory: &Path, program: Program) -> Self {
        Self { disk: Disk::new(directory, None), program }
    }

    fn open(&self) -> Result<Option<Open>, Unfit> {
        if !self.disk.exists(SNAPSHOT) {
            return Ok(None);
        }
        let file = self.disk.open(SNAPSHOT).map_err(|error| error.to_string())?;
        let length = file.length().map_err(|error| error.to_string())?;
        let read = |from: u64, count: usize| {
            let mut bytes = vec![0; count];
            file.read(&mut bytes, from).map(|()| bytes).map_err(|error| error.to_string())
        };
        if length < (HEAD + TAIL) as u64 {
            return Err("it is too short".to_owned());
        }
        let head = read(0, HEAD)?;
        let tail = read(length - TAIL as u64, TAIL)?;
        let count = u64::from(number(&tail, 0));
        let rows = count.saturating_mul(ROW as u64);
        let table = (length - (HEAD + TAIL) as u64).checked_sub(rows).map(|parts| parts + HEAD as u64);
        let (Some(table), Ok(rows)) = (table, usize::try_from(rows)) else {
            return Err("its table does not fit".to_owned());
        };
        let rows = read(table, rows)?;
        let parts = tail.get(..4).unwrap_or_default();
        if number(&tail, 4) != checksum(&[&head, &rows, parts]) {
            return Err("its checksum is wrong".to_owned());
        }
        // From here on nothing is by chance: whatever is not as expected was written so.
        if head.get(..20) != Some(MAGIC) {
            return Err("it is no snapshot".to_owned());
        }
        let format = number(&head, 20);
        if format != FORMAT {
            return Err(format!("it has format {format} and this program reads {FORMAT}"));
        }
        let program = (self.program)().ok_or("this program cannot read its own file")?;
        if head.get(24..56) != Some(&program) {
            return Err("another version of the program wrote it".to_owned());
        }
        let mut parts = Vec::new();
        let mut from = HEAD as u64;
        for row in rows.chunks_exact(ROW) {
            let bytes = long(row, 0);
            let kept = usize::try_from(bytes).map_err(|_| "a part is too long".to_owned())?;
            parts.push((from, kept, number(row, 8)));
            from = from.saturating_add(bytes);
        }
        if from != table {
            return Err("its parts do not fill it".to_owned());
        }
        let root = head.get(64..HEAD).and_then(|root| root.try_into().ok()).unwrap_or_default();
        Ok(Some(Open { file, size: long(&head, 56), root, parts }))
    }
}

impl Snapshots for SnapshotFile {
    fn newest(&self) -> Option<Box<dyn Kept>> {
        match self.open() {
            Ok(found) => found.map(|open| Box::new(open) as Box<dyn Kept>),
            Err(problem) => {
                tracing::warn!(
                    problem,
                    "W-SNAPSHOT the snapshot is not used: everything is decided again from the records"
                );
                None
            }
        }
    }

    fn keep(&self, size: u64, root: [u8; 32], parts: &mut Parts<'_>) -> Result<(), StoreError> {
        let Some(program) = (self.program)() else {
            let problem = "this program cannot read its own file, so nobody could tell who wrote it".to_owned();
            return Err(StoreError::Unsuitable { file: SNAPSHOT.into(), problem });
        };
        let file = self.disk.create(PASSING)?;
        let context = |source| failed(format!("writing {SNAPSHOT}"), source);
        let mut head = Vec::with_capacity(HEAD);
        head.extend_from_slice(MAGIC);
        head.extend_from_slice(&FORMAT.to_le_bytes());
        head.extend_from_slice(&program);
        head.extend_from_slice(&size.to_le_bytes());
        head.extend_from_slice(&root);
        let written = (|| {
            file.write(&head, 0).map_err(context)?;
            let mut end = HEAD as u64;
            let (mut table, mut count) = (Vec::new(), 0_u32);
            for part in parts {
                file.write(&part, end).map_err(context)?;
                table.extend_from_slice(&(part.len() as u64).to_le_bytes());
                table.extend_from_slice(&crc32c::crc32c(&part).to_le_bytes());
                end += part.len() as u64;
                count += 1;
            }
            let count = count.to_le_bytes();
            let sum = checksum(&[&head, &table, &count]);
            table.extend_from_slice(&count);
            table.extend_from_slice(&sum.to_le_bytes());
            file.write(&table, end).map_err(context)?;
            file.sync().map_err(context)?;
            self.disk.rename(PASSING, SNAPSHOT)
        })();
        if written.is_err() {
            let _ = self.disk.remove(PASSING);
        }
        written
    }
}

impl Kept for Open {
    fn size(&self) -> u64 {
        self.size
    }

    fn root(&self) -> [u8; 32] {
        self.root
    }

    fn parts(&self) -> usize {
        self.parts.len()
    }

    fn part(&self, number: usize) -> Option<Vec<u8>> {
        let (from, length, sum) = self.parts.get(number).copied()?;
        let mut bytes = vec![0; length];
        self.file.read(&mut bytes, from).ok()?;
        (crc32c::crc32c(&bytes) == sum).then_some(bytes)
    }
}

fn checksum(pieces: &[&[u8]]) -> u32 {
    pieces.iter().fold(0, |sum, piece| crc32c::crc32c_append(sum, piece))
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    const PARTS: [&[u8]; 4] = [b"one", b"", b"three, which is longer", &[0; 300]];

    fn of(directory: &Path, program: u8) -> SnapshotFile {
        SnapshotFile::at(directory, Arc::new(move || Some([program; 32])))
    }

    fn kept(directory: &Path) -> SnapshotFile {
        let file = of(directory, 7);
        file.keep(9, [1; 32], &mut PARTS.iter().map(|part| part.to_vec())).unwrap();
        file
    }

    /// Everything in it, if all of it reads.
    fn whole(file: &SnapshotFile) -> Option<(u64, [u8; 32], Vec<Vec<u8>>)> {
        let kept = file.newest()?;
        let parts = (0..kept.parts()).map(|number| kept.part(number)).collect::<Option<Vec<_>>>()?;
        Some((kept.size(), kept.root(), parts))
    }

    #[test]
    fn a_snapshot_reads_as_written_and_the_next_takes_its_place() {
        let directory = tempfile::tempdir().unwrap();
        let file = kept(directory.path());
        assert_eq!(whole(&file), Some((9, [1; 32], PARTS.map(<[u8]>::to_vec).to_vec())));
        assert!(file.newest().unwrap().part(4).is_none());
        file.keep(10, [2; 32], &mut std::iter::once(b"other".to_vec())).unwrap();
        assert_eq!(whole(&file), Some((10, [2; 32], vec![b"other".to_vec()])));
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_other_byte_passes_and_no_shorter_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = kept(directory.path());
        let path = directory.path().join(SNAPSHOT);
        let bytes = std::fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 4;
            std::fs::write(&path, &changed).unwrap();
            assert_eq!(whole(&file), None, "byte {place}");
            std::fs::write(&path, &bytes[..place]).unwrap();
            assert_eq!(whole(&file), None, "{place} bytes");
        }
        std::fs::write(&path, [&bytes[..], b"\0"].concat()).unwrap();
        assert_eq!(whole(&file), None, "a byte more");
        std::fs::write(&path, &bytes).unwrap();
        assert!(whole(&file).is_some());
    }

    #[test]
    fn only_the_program_that_wrote_it_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        kept(directory.path());
        let other = of(directory.path(), 8);
        assert_eq!(other.open().unwrap_err(), "another version of the program wrote it");
        let unknown = SnapshotFile::at(directory.path(), Arc::new(|| None));
        assert!(unknown.open().is_err() && unknown.keep(1, [0; 32], &mut std::iter::empty()).is_err());
    }

    #[test]
    fn a_newer_format_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = kept(directory.path());
        let path = directory.path().join(SNAPSHOT);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[20] = 3;
        let end = bytes.len();
        let rows = end - TAIL - 4 * ROW;
        let sum = checksum(&[&bytes[..HEAD], &bytes[rows..end - TAIL], &bytes[end - TAIL..end - 4]]);
        bytes[end - 4..].copy_from_slice(&sum.to_le_bytes());
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(file.open().unwrap_err(), "it has format 3 and this program reads 2");
    }

    #[test]
    fn what_breaks_off_leaves_the_snapshot_before_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = kept(directory.path());
        std::fs::create_dir(directory.path().join(PASSING)).unwrap();
        assert!(file.keep(10, [2; 32], &mut std::iter::empty()).is_err());
        assert_eq!(whole(&file).unwrap().0, 9);
    }
}
