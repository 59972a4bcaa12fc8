//! A run of numbered, preallocated files of one kind, written at its end by one writer.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::disk::{Disk, DiskFile, Window, held, last_used};
use super::frame::{
    FILE_HEADER, FILE_HEADER_BYTES, FORMAT, FRAME_HEADER, FileHeader, Header, Kind, NOTED, Place, StoreId,
};
use crate::StoreError;

/// A file starts with this much room and doubles it as it fills, so that a small ledger is small.
const ROOM_MIN: u64 = 256 << 10;

/// It grows by no more than this at a time, so that growing never stops the ledger for long.
const ROOM_MAX: u64 = 8 << 20;

/// Where the first frame of a file begins.
pub(super) const FIRST: u32 = 128;

/// Zeros are written in pieces of this size.
const ZEROS: usize = 1 << 20;

/// Looks at one frame of a scan, and may find a problem of its own.
pub(super) type Each<'a> = dyn FnMut(Place, &Header, &[u8]) -> Option<String> + 'a;

/// Looks at one frame of a walk, and says whether to go on.
pub(super) type Walker<'a> = dyn FnMut(Place, &Header, &[u8]) -> Result<bool, StoreError> + 'a;

/// The files of one kind.
#[derive(Debug)]
pub(super) struct Run {
    disk: Disk,
    kind: Kind,
    id: StoreId,
    pub(super) seed: u32,
    /// A file that is longer than this is followed by a new one. A group is never divided.
    file_bytes: u64,
    files: RwLock<Vec<Arc<RunFile>>>,
    tail: Mutex<Tail>,
}

#[derive(Debug)]
pub(super) struct RunFile {
    pub(super) file: DiskFile,
    first: u64,
}

/// Where the last file ends.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// INVARIANT: from here on the file holds only zeros.
    end: u64,
    /// The length of the file; behind `end` it is room.
    length: u64,
}

/// Where a scan came to a stop before the end of the bytes, and why.
#[derive(Debug)]
pub(super) struct Bad {
    pub(super) place: Place,
    pub(super) problem: String,
}

impl Run {
    /// Makes the directory and the first file.
    pub(super) fn create(disk: &Disk, kind: Kind, id: StoreId, file_bytes: u64) -> Result<(), StoreError> {
        disk.make_directory(kind.directory())?;
        new_file(disk, kind, id, 0, 0, file_bytes.min(ROOM_MIN)).map(|_| ())
    }

    /// Opens every file and checks its header. The end is not known yet.
    pub(super) fn open(disk: &Disk, kind: Kind, id: StoreId, file_bytes: u64) -> Result<Self, StoreError> {
        let directory = kind.directory();
        if !disk.exists(directory) {
            return Err(damaged(&kind.file(0), 0, 0, "the whole directory is missing"));
        }
        let mut files = Vec::new();
        for name in disk.list(directory)? {
            let Some(number) = kind.number(&name) else { continue };
            let expected = files.len() as u64;
            if u64::from(number) != expected {
                let missing = kind.file(u32::try_from(expected).unwrap_or(u32::MAX));
                return Err(damaged(&missing, 0, 0, "the file is missing"));
            }
            files.push(Arc::new(open_file(disk, kind, id, number)?));
        }
        let Some(last) = files.last() else {
            return Err(damaged(&kind.file(0), 0, 0, "the file is missing"));
        };
        let tail = Tail { end: FILE_HEADER, length: last.file.length()? };
        Ok(Self {
            disk: disk.clone(),
            kind,
            id,
            seed: kind.seed(&id),
            file_bytes,
            files: RwLock::new(files),
            tail: Mutex::new(tail),
        })
    }

    /// Reads every frame in order, and finds the end.
    ///
    /// `position` says where a frame stands, from its header; positions must follow each other. `each` may find a
    /// problem of its own. A bad frame ends the scan: it, and whatever lies behind it, is for the caller to judge.
    pub(super) fn scan(&self, position: fn(&Header) -> u64, each: &mut Each<'_>) -> Result<Option<Bad>, StoreError> {
        let files = self.files();
        let mut next = 0;
        for (number, file) in (0_u32..).zip(&files) {
            let place = Place { file: number, offset: FIRST };
            let (end, bad) = self.scan_file(file, place, &mut next, position, each)?;
            let following = files.get(number as usize + 1);
            let short = following.filter(|following| following.first != next);
            let bad = bad.or_else(|| short.map(|_| "the file ends too early".to_owned()));
            *held(&self.tail) = Tail { end: u64::from(end.offset), length: file.file.length()? };
            if let Some(problem) = bad {
                return Ok(Some(Bad { place: end, problem }));
            }
        }
        Ok(None)
    }

    fn scan_file(
        &self,
        file: &RunFile,
        mut place: Place,
        next: &mut u64,
        position: fn(&Header) -> u64,
        each: &mut Each<'_>,
    ) -> Result<(Place, Option<String>), StoreError> {
        let mut window = Window::new(&file.file, u64::MAX)?;
        loop {
            let offset = u64::from(place.offset);
            let Some(head) = window.get(offset, FRAME_HEADER)? else { break };
            if head.iter().all(|byte| *byte == 0) {
                break;
            }
            let header = Header::decode(head);
            let aside = header.magic == NOTED && self.kind == Kind::Record;
            if header.magic != self.kind.magic() && !aside {
                return Ok((place, Some("there is no frame where one should begin".into())));
            }
            let whole = FRAME_HEADER + header.length as usize;
            let Some(frame) = window.get(offset, whole)? else {
                return Ok((place, Some("a frame runs past the end of the file".into())));
            };
            let body = frame.get(FRAME_HEADER..).unwrap_or_default();
            if !header.fits(self.seed, body) && !counterpart_tlog::planted!("checksum_ignored") {
                return Ok((place, Some("the checksum is wrong".into())));
            }
            if !aside && position(&header) != *next {
                let found = position(&header);
                return Ok((place, Some(format!("number {found} stands where {next} should"))));
            }
            if let Some(problem) = each(place, &header, body) {
                return Ok((place, Some(problem)));
            }
            *next += u64::from(!aside);
            place = place.plus(whole);
        }
        let stray = last_used(&file.file, u64::from(place.offset))?;
        Ok((place, stray.map(|_| "bytes follow a gap".into())))
    }

    /// Whether a whole frame, or another file, lies behind a bad one.
    ///
    /// Frames written one at a time are torn only at the very end, so anything whole behind means damage.
    pub(super) fn goes_on_behind(&self, place: Place) -> Result<bool, StoreError> {
        if self.last().is_some_and(|(number, _)| number > place.file) {
            return Ok(true);
        }
        let file = self.file(place.file)?;
        let mut window = Window::new(&file.file, u64::MAX)?;
        let Some(used) = last_used(&file.file, place.offset.into())? else { return Ok(false) };
        for offset in u64::from(place.offset) + 1..used {
            let Some(head) = window.get(offset, FRAME_HEADER)? else { break };
            if !head.starts_with(&self.kind.magic()) {
                continue;
            }
            let header = Header::decode(head);
            let frame = window.get(offset, FRAME_HEADER + header.length as usize)?;
            let body = frame.and_then(|frame| frame.get(FRAME_HEADER..));
            if body.is_some_and(|body| header.fits(self.seed, body)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads frames from `from` on, which must be the beginning of one, checks each, and gives it to `each` until that
    /// says `false` or the end is reached. Frames that only note something are left out.
    pub(super) fn walk(&self, from: Place, step: u64, each: &mut Walker<'_>) -> Result<(), StoreError> {
        let (last, end) = self.end();
        let mut place = from;
        while place.file <= last {
            let file = self.file(place.file)?;
            let until = if place.file == last { end } else { u64::MAX };
            let mut window = Window::with_step(&file.file, until, step)?;
            loop {
                let offset = u64::from(place.offset);
                let wrong = |index, problem| damaged(&file.file.name, offset, index, problem);
                let Some(head) = window.get(offset, FRAME_HEADER)?.filter(|head| head.iter().any(|byte| *byte != 0))
                else {
                    break;
                };
                let header = Header::decode(head);
                let whole = FRAME_HEADER + header.length as usize;
                let frame = window.get(offset, whole)?;
                let frame = frame.ok_or_else(|| wrong(header.index, "the frame runs past the end of the file"))?;
                let body = frame.get(FRAME_HEADER..).unwrap_or_default();
                if !header.fits(self.seed, body) {
                    return Err(wrong(header.index, "the checksum is wrong"));
                }
                if header.magic != NOTED && !each(place, &header, body)? {
                    return Ok(());
                }
                place = place.plus(whole);
            }
            place = Place { file: place.file + 1, offset: FIRST };
        }
        Ok(())
    }

    /// The beginning of the file that holds a position.
    pub(super) fn file_of(&self, position: u64) -> Place {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        let behind = files.partition_point(|file| file.first <= position);
        Place { file: u32::try_from(behind.saturating_sub(1)).unwrap_or(0), offset: FIRST }
    }

    /// Where a position begins, if it is the first of a file: that is known without an index.
    pub(super) fn begins(&self, position: u64) -> Option<Place> {
        let place = self.file_of(position);
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.get(place.file as usize).filter(|file| file.first == position).map(|_| place)
    }

    /// The last file's number, and where its frames end.
    pub(super) fn end(&self) -> (u32, u64) {
        let tail = held(&self.tail);
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        (u32::try_from(files.len().saturating_sub(1)).unwrap_or(u32::MAX), tail.end)
    }

    /// Whether nothing stands behind `offset` of the last file, which must be number `last`. Only then it is the end.
    pub(super) fn ends_at(&self, last: u32, offset: u64) -> Result<bool, StoreError> {
        let Some((number, file)) = self.last() else { return Ok(false) };
        if number != last || file.file.length()? < offset || last_used(&file.file, offset)?.is_some() {
            return Ok(false);
        }
        self.end_at(offset);
        Ok(true)
    }

    /// Bytes of all files, room included.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        self.files().iter().map(|file| file.file.length()).sum()
    }

    /// Sets where the next frame goes, for runs that are not scanned. Everything behind must be zeros.
    pub(super) fn end_at(&self, offset: u64) {
        held(&self.tail).end = offset;
    }

    /// The last file and its number.
    pub(super) fn last(&self) -> Option<(u32, Arc<RunFile>)> {
        let files = self.files();
        let file = files.last()?.clone();
        Some((u32::try_from(files.len() - 1).ok()?, file))
    }

    pub(super) fn file(&self, number: u32) -> Result<Arc<RunFile>, StoreError> {
        let found = self.files.read().unwrap_or_else(PoisonError::into_inner).get(number as usize).cloned();
        found.ok_or_else(|| damaged(&self.kind.file(number), 0, 0, "the file is missing"))
    }

    fn files(&self) -> Vec<Arc<RunFile>> {
        self.files.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Finds room for so many bytes at the end, making it if need be. `first` is the position that they begin with.
    ///
    /// Nothing is recorded by this, so a failure for want of space does no harm.
    pub(super) fn reserve(&self, bytes: u64, first: u64) -> Result<Place, StoreError> {
        if bytes > u64::from(u32::MAX / 2) {
            let problem = format!("a group of {bytes} bytes is too large for one file; send smaller groups");
            return Err(StoreError::Unsuitable { file: self.kind.directory().into(), problem });
        }
        let mut tail = held(&self.tail);
        let mut files = self.files();
        if tail.end > FILE_HEADER && tail.end + bytes > self.file_bytes {
            let number = u32::try_from(files.len()).unwrap_or(u32::MAX);
            let room = self.file_bytes.min(ROOM_MIN);
            let file = Arc::new(new_file(&self.disk, self.kind, self.id, number, first, room)?);
            files.push(file.clone());
            self.files.write().unwrap_or_else(PoisonError::into_inner).push(file);
            *tail = Tail { end: FILE_HEADER, length: room };
        }
        let behind = tail.end + bytes;
        if let Some(last) = files.last()
            && behind > tail.length
        {
            let ample = (tail.length + tail.length.clamp(ROOM_MIN, ROOM_MAX)).min(self.file_bytes).max(behind);
            let grown = grow(&last.file, tail.length, ample);
            // A nearly full disk may still have room for just this.
            tail.length = match grown {
                Err(StoreError::Full) => grow(&last.file, tail.length, behind)?,
                other => other?,
            };
        }
        let file = u32::try_from(files.len() - 1).unwrap_or(u32::MAX);
        Ok(Place { file, offset: u32::try_from(tail.end).unwrap_or(u32::MAX) })
    }

    /// Writes frames where room was reserved for them, and makes them durable.
    pub(super) fn write(&self, place: Place, bytes: &[u8]) -> Result<(), StoreError> {
        self.put(place, bytes)?;
        self.sync(place)
    }

    /// Writes frames where room was reserved for them. They are not durable yet.
    pub(super) fn put(&self, place: Place, bytes: &[u8]) -> Result<(), StoreError> {
        let file = self.file(place.file)?;
        let context = |source| super::disk::failed(format!("writing {}", file.file.name), source);
        file.file.write(bytes, u64::from(place.offset)).map_err(context)
    }

    /// Makes durable what a process that was killed may have left to the system: the end of the last file, and the names.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        if let Some((_, last)) = self.last() {
            last.file.sync().map_err(|source| super::disk::failed(format!("syncing {}", last.file.name), source))?;
        }
        self.disk.sync_directory(self.kind.directory())
    }

    /// Makes the file that holds `place` durable.
    pub(super) fn sync(&self, place: Place) -> Result<(), StoreError> {
        let file = self.file(place.file)?;
        file.file.sync().map_err(|source| super::disk::failed(format!("syncing {}", file.file.name), source))
    }

    /// Moves the end behind what was written. From here on the room is taken.
    pub(super) fn advance(&self, place: Place, bytes: u64) {
        held(&self.tail).end = u64::from(place.offset) + bytes;
    }

    /// Reads one frame and checks it; `index` only names it in errors.
    pub(super) fn frame(&self, place: Place, index: u64) -> Result<(Header, Vec<u8>), StoreError> {
        let file = self.file(place.file)?;
        let wrong = |problem: &str| damaged(&file.file.name, u64::from(place.offset), index, problem);
        let mut window = Window::new(&file.file, u64::from(place.offset) + SMALL)?;
        let offset = u64::from(place.offset);
        let head = window.get(offset, FRAME_HEADER)?.ok_or_else(|| wrong("the file is too short"))?;
        let header = Header::decode(head);
        let whole = FRAME_HEADER + header.length as usize;
        if window.get(offset, whole)?.is_none() {
            window = Window::new(&file.file, offset + whole as u64)?;
        }
        let frame = window.get(offset, whole)?.ok_or_else(|| wrong("the frame runs past the end of the file"))?;
        let body = frame.get(FRAME_HEADER..).unwrap_or_default();
        if !header.fits(self.seed, body) {
            return Err(wrong("the checksum is wrong"));
        }
        Ok((header, body.to_vec()))
    }

    /// Takes everything from `from` on out of the run and keeps its bytes in files named `torn-<n>.bin`.
    ///
    /// Gives for each such file its name, and the file and offset that the bytes were taken from.
    pub(super) fn set_aside(&self, from: Place) -> Result<Vec<SetAside>, StoreError> {
        let mut aside = Vec::new();
        let files = self.files();
        for (number, _) in (0_u32..).zip(&files).skip(from.file as usize + 1) {
            let name = self.kind.file(number);
            let kept_as = self.free_name()?;
            self.disk.rename(&name, &kept_as)?;
            aside.push(SetAside { file: name, offset: 0, kept_as });
        }
        let keep = from.file as usize + 1;
        self.files.write().unwrap_or_else(PoisonError::into_inner).truncate(keep);
        let file = self.file(from.file)?;
        let offset = u64::from(from.offset);
        if let Some(end) = last_used(&file.file, offset)? {
            let kept_as = self.free_name()?;
            self.copy(&file.file, offset..end, &kept_as)?;
            zero(&file.file, offset, end)?;
            aside.push(SetAside { file: file.file.name.clone(), offset, kept_as });
        }
        *held(&self.tail) = Tail { end: offset, length: file.file.length()? };
        Ok(aside)
    }

    fn copy(&self, file: &DiskFile, range: std::ops::Range<u64>, to: &str) -> Result<(), StoreError> {
        let copy = self.disk.create(to)?;
        let context = |source| super::disk::failed(format!("writing {to}"), source);
        let mut window = Window::new(file, range.end)?;
        let mut offset = range.start;
        while offset < range.end {
            let step = usize::try_from(range.end - offset).unwrap_or(ZEROS).min(ZEROS);
            let bytes = window.get(offset, step)?.unwrap_or_default();
            copy.write(bytes, offset - range.start).map_err(context)?;
            offset += step as u64;
        }
        copy.sync().map_err(context)?;
        self.disk.sync_directory(self.kind.directory())
    }

    fn free_name(&self) -> Result<String, StoreError> {
        let taken = self.disk.list(self.kind.directory())?;
        let mut names = (1_u32..).map(|number| format!("torn-{number}.bin"));
        let name = names.find(|name| !taken.contains(name)).unwrap_or_default();
        Ok(format!("{}/{name}", self.kind.directory()))
    }
}

/// Most frames fit into one read of this size.
const SMALL: u64 = 4096;

/// Bytes that were not signed for and did not read as frames: out of the run, but kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// The file they were found in.
    pub file: String,
    /// Where in it.
    pub offset: u64,
    /// The file they are now in.
    pub kept_as: String,
}

fn open_file(disk: &Disk, kind: Kind, id: StoreId, number: u32) -> Result<RunFile, StoreError> {
    let file = disk.open(&kind.file(number))?;
    let mut bytes = [0; FILE_HEADER_BYTES];
    if file.length()? < FILE_HEADER {
        return Err(damaged(&file.name, 0, 0, "the file is too short"));
    }
    file.read(&mut bytes, 0)?;
    let header = FileHeader::decode(&bytes).map_err(|problem| damaged(&file.name, 0, 0, problem))?;
    let unsuitable = |problem: String| StoreError::Unsuitable { file: file.name.clone(), problem };
    if header.format != FORMAT {
        let problem =
            format!("it has format {} and this program reads {FORMAT}; use the program that wrote it", header.format);
        return Err(unsuitable(problem));
    }
    if header.id != id {
        return Err(unsuitable("it belongs to another store; restore the right file".into()));
    }
    if header.kind != kind.magic() || header.number != number {
        return Err(damaged(&file.name, 0, 0, "it is another file of this store under a wrong name"));
    }
    Ok(RunFile { first: header.first, file })
}

/// Makes a file under a passing name first, so that a file under its own name is always whole.
fn new_file(disk: &Disk, kind: Kind, id: StoreId, number: u32, first: u64, room: u64) -> Result<RunFile, StoreError> {
    let name = kind.file(number);
    let passing = format!("{name}.new");
    let file = disk.create(&passing)?;
    let header = FileHeader { kind: kind.magic(), format: FORMAT, number, first, id };
    let context = |source| super::disk::failed(format!("writing {passing}"), source);
    file.write(&header.encode(), 0).map_err(context)?;
    grow(&file, FILE_HEADER, room.max(FILE_HEADER))?;
    disk.rename(&passing, &name)?;
    open_file(disk, kind, id, number)
}

/// Fills a file with zeros up to `to` and makes them durable, so that later writes change no metadata.
fn grow(file: &DiskFile, from: u64, to: u64) -> Result<u64, StoreError> {
    zero(file, from, to)?;
    Ok(to)
}

/// Overwrites with zeros, durably.
pub(super) fn zero(file: &DiskFile, from: u64, to: u64) -> Result<(), StoreError> {
    let zeros = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(ZEROS).min(ZEROS)];
    let context = |source: io::Error| super::disk::failed(format!("making room in {}", file.name), source);
    let mut offset = from;
    while offset < to {
        let step = usize::try_from(to - offset).unwrap_or(ZEROS).min(ZEROS);
        file.write(zeros.get(..step).unwrap_or_default(), offset).map_err(context)?;
        offset += step as u64;
    }
    file.sync().map_err(context)
}

pub(super) fn damaged(file: &str, offset: u64, index: u64, problem: &str) -> StoreError {
    StoreError::Damaged { file: file.to_owned(), offset, index, problem: problem.to_owned() }
}
