//! Copies of a store: made while it serves, brought up to date later, read again afterwards, and put back.
//!
//! While a copy is brought up to date, the file `UNFINISHED` in it says where each of its runs ended before, a line
//! for each kind: `<folder> <last file> <offset>`. Whoever puts back a copy that was never finished gets the older one.

use std::fmt::Write as _;
use std::path::Path;

use super::super::disk::{Disk, DiskFile, Window, failed};
use super::super::frame::{FILE_HEADER, Kind, StoreId};
use super::super::identity::{identity, identity_text};
use super::super::open::{ENDED, Options, Verify};
use super::super::run::zero;
use super::super::store::Embedded;
use super::super::survey::survey;
use super::{Look, StoreError, look, no_store};

/// Stands in a copy while it is brought up to date.
const UNFINISHED: &str = "UNFINISHED";

/// Files are compared and copied in pieces of this size.
const PIECE: usize = 1 << 20;

/// A copy that was made or brought up to date.
#[derive(Debug)]
pub struct Backup {
    /// Bytes that were written; what was there already is not written again.
    pub written_bytes: u64,
    /// Bytes that were compared.
    pub compared_bytes: u64,
    /// What was found when the copy was read again. Without the keys its words cannot be opened.
    pub look: Look,
}

/// Copies a store that may be serving, in this process or in another. The copy holds at least every entry that was
/// signed for when this began.
///
/// `keys` is where the keys of words go: a folder of its own, kept apart, or nowhere, so that the words of the copy can
/// never be read.
///
/// # Errors
///
/// The files cannot be read or written, or the folder holds another store.
pub fn backup(from: &Path, to: &Path, keys: Option<&Path>, options: &Options) -> Result<Backup, StoreError> {
    let source = Disk::new(from, None);
    let id = identity(&source)?.ok_or_else(|| no_store(from))?;
    let target = Disk::new(to, None);
    target.make_root()?;
    if let Some(other) = identity(&target)?.filter(|other| *other != id) {
        let problem = format!("it is a copy of another store ({:032x})", u128::from_be_bytes(other));
        return Err(StoreError::Unsuitable { file: to.display().to_string(), problem });
    }
    begin(&target, keys, &id)?;
    let mut copied = Copied::default();
    // Where the records end is found first: every checkpoint that they speak of is durable by then. Of the checkpoints
    // those are copied that they reach; and the words of whatever was recorded stood in their files before it.
    let (records, size) = records_end(&source, &id)?;
    copied.kind(&source, &target, Kind::Checkpoint, locks_end(&source, &id, size)?)?;
    copied.kind(&source, &target, Kind::Record, records)?;
    let key_disk = keys.map(|keys| Disk::new(keys, None));
    if let Some(disk) = &key_disk {
        disk.make_root()?;
    }
    copied.words(&source, &target, key_disk.as_ref(), &id)?;
    if let Some(statement) = source.read_small(ENDED)? {
        target.write_small(ENDED, &statement)?;
    }
    write_identity(&target, id)?;
    if let Some(disk) = &key_disk {
        write_identity(disk, id)?;
    }
    if target.exists(UNFINISHED) {
        target.remove(UNFINISHED)?;
    }
    let look = look_at_copy(to, keys, options)?;
    Ok(Backup { written_bytes: copied.written, compared_bytes: copied.compared, look })
}

/// Says in a copy that was whole where it ended, until it is whole again.
fn begin(target: &Disk, keys: Option<&Path>, id: &StoreId) -> Result<(), StoreError> {
    if identity(target)?.is_none() || target.exists(UNFINISHED) {
        return Ok(());
    }
    let mut text = String::new();
    let mut add = |disk: &Disk, kind: Kind| -> Result<(), StoreError> {
        if disk.exists(kind.directory()) {
            let (file, offset) = end(disk, kind, id)?;
            let _ = writeln!(text, "{} {file} {offset}", kind.directory());
        }
        Ok(())
    };
    for kind in [Kind::Checkpoint, Kind::Record, Kind::Word] {
        add(target, kind)?;
    }
    if let Some(keys) = keys {
        add(&Disk::new(keys, None), Kind::Key)?;
    }
    target.write_small(UNFINISHED, &text)
}

/// Where a kind ended before a copy that is not finished was begun; nothing in one that is finished.
fn ended(copy: &Disk, kind: Kind) -> Result<Option<(u32, u64)>, StoreError> {
    let Some(text) = copy.read_small(UNFINISHED)? else { return Ok(None) };
    let line = text.lines().find_map(|line| line.strip_prefix(kind.directory())?.strip_prefix(' ')?.split_once(' '));
    Ok(line.and_then(|(file, offset)| Some((file.parse().ok()?, offset.parse().ok()?))))
}

/// The number of the last file of a kind.
fn last(disk: &Disk, kind: Kind) -> Result<u32, StoreError> {
    Ok(disk.list(kind.directory())?.iter().filter_map(|name| kind.number(name)).max().unwrap_or(0))
}

/// The last file of a kind, and where its whole frames end.
fn end(disk: &Disk, kind: Kind, id: &StoreId) -> Result<(u32, u64), StoreError> {
    let last = last(disk, kind)?;
    let survey = survey(&super::header(disk, kind, id, last)?, kind, kind.seed(id))?;
    Ok((last, survey.end))
}

/// Where the records end, and how many entries that is.
fn records_end(disk: &Disk, id: &StoreId) -> Result<((u32, u64), u64), StoreError> {
    let (kind, mut number) = (Kind::Record, last(disk, Kind::Record)?);
    let survey_of = |number| survey(&super::header(disk, kind, id, number)?, kind, kind.seed(id));
    let newest = survey_of(number)?;
    let end = (number, newest.end);
    let mut frames = newest.frames;
    loop {
        let index =
            frames.iter().rev().find(|(_, header)| header.magic == kind.magic()).map(|(_, header)| header.index);
        match (index, number) {
            (Some(index), _) => return Ok((end, index + 1)),
            (None, 0) => return Ok((end, 0)),
            (None, _) => {
                number -= 1;
                frames = survey_of(number)?.frames;
            }
        }
    }
}

/// Where the checkpoints over at most so many entries end.
fn locks_end(disk: &Disk, id: &StoreId, size: u64) -> Result<(u32, u64), StoreError> {
    let kind = Kind::Checkpoint;
    for number in (0..=last(disk, kind)?).rev() {
        let survey = survey(&super::header(disk, kind, id, number)?, kind, kind.seed(id))?;
        if let Some((range, _)) = survey.frames.iter().rev().find(|(_, header)| header.index <= size) {
            return Ok((number, range.end));
        }
    }
    Ok((0, FILE_HEADER))
}

fn write_identity(disk: &Disk, id: StoreId) -> Result<(), StoreError> {
    let text = identity_text(&format!("{:032x}", u128::from_be_bytes(id)));
    if disk.read_small("STORE")?.as_deref() == Some(text.as_str()) {
        return Ok(());
    }
    disk.write_small("STORE", &text)
}

/// Looks at a copy; words that have no keys beside them are no damage of it.
fn look_at_copy(copy: &Path, keys: Option<&Path>, options: &Options) -> Result<Look, StoreError> {
    let mut look = look(copy, options)?;
    look.damage.retain(|damage| !matches!(damage, StoreError::Damaged { file, .. } if file.starts_with("keys/")));
    if let Some(keys) = keys {
        let disk = Disk::new(keys, None);
        let id = identity(&disk)?.ok_or_else(|| no_store(keys))?;
        super::files(&disk, Kind::Key, &id, &mut look.damage)?;
    }
    Ok(look)
}

#[derive(Default)]
struct Copied {
    written: u64,
    compared: u64,
}

impl Copied {
    /// Every file of a kind up to an end.
    fn kind(&mut self, from: &Disk, to: &Disk, kind: Kind, end: (u32, u64)) -> Result<(), StoreError> {
        to.make_directory(kind.directory())?;
        for number in 0..=end.0 {
            let name = kind.file(number);
            let source = from.open(&name)?;
            let until = if number == end.0 { end.1 } else { source.length()? };
            self.file(&source, to, &name, until)?;
        }
        to.sync_directory(kind.directory())?;
        to.sync_directory("")
    }

    /// Words and keys change only when words are erased. They are copied until nothing changed meanwhile.
    fn words(&mut self, from: &Disk, to: &Disk, keys: Option<&Disk>, id: &StoreId) -> Result<(), StoreError> {
        let words_end = end(from, Kind::Word, id)?;
        let keys_end = end(from, Kind::Key, id)?;
        loop {
            let before = self.written;
            // Keys first: what is erased in between then has no key and still its words, as in the store itself.
            if let Some(keys) = keys {
                self.kind(from, keys, Kind::Key, keys_end)?;
            }
            self.kind(from, to, Kind::Word, words_end)?;
            if self.written == before {
                return Ok(());
            }
        }
    }

    fn file(&mut self, source: &DiskFile, to: &Disk, name: &str, until: u64) -> Result<(), StoreError> {
        let target = if to.exists(name) { to.open(name)? } else { to.create(name)? };
        let have = target.length()?;
        let context = |source| failed(format!("writing {name} of the copy"), source);
        let mut read = Window::new(source, until)?;
        let mut there = vec![0; PIECE];
        let mut offset = 0;
        while offset < until {
            let step = usize::try_from(until - offset).unwrap_or(PIECE).min(PIECE);
            let bytes = read.get(offset, step)?.unwrap_or_default();
            let piece = there.get_mut(..bytes.len()).unwrap_or_default();
            let same = offset + bytes.len() as u64 <= have && target.read(piece, offset).is_ok() && piece == bytes;
            self.compared += bytes.len() as u64;
            if !same {
                target.write(bytes, offset).map_err(context)?;
                self.written += bytes.len() as u64;
            }
            offset += step as u64;
        }
        if have > until {
            zero(&target, until, have)?;
        }
        target.sync().map_err(context)
    }
}

/// A store that was put back.
#[derive(Debug)]
pub struct Restored {
    /// Entries that are there now.
    pub entries: u64,
    /// How many of them were signed for.
    pub signed: u64,
    /// Words whose keys were not in the copy: they can never be read again.
    pub words_without_keys: bool,
}

/// Puts a copy into an empty folder and reads all of it.
///
/// `options.at_least` is what witnesses, other copies or receipts have seen signed for: a copy that holds less is
/// refused, so that nobody signs a second history.
///
/// # Errors
///
/// The folder is not empty, the copy is damaged, or it is too old.
pub fn restore(from: &Path, keys: Option<&Path>, to: &Path, options: &Options) -> Result<Restored, StoreError> {
    let source = Disk::new(from, None);
    let id = identity(&source)?.ok_or_else(|| no_store(from))?;
    let target = Disk::new(to, None);
    if target.exists("STORE") || target.exists(Kind::Record.directory()) {
        let problem = "there is a store here already; restore into an empty folder, or use repair".to_owned();
        return Err(StoreError::Unsuitable { file: to.display().to_string(), problem });
    }
    target.make_root()?;
    let mut copied = Copied::default();
    for kind in [Kind::Checkpoint, Kind::Record, Kind::Word] {
        copied.kind(&source, &target, kind, ended(&source, kind)?.map_or_else(|| whole(&source, kind), Ok)?)?;
    }
    let mut full = Options { verify: Verify::Full, ..options.clone() };
    let keys_at = keys.map_or_else(|| source.clone(), |keys| Disk::new(keys, None));
    let has_keys = keys_at.exists(Kind::Key.directory());
    if has_keys {
        let end = ended(&source, Kind::Key)?.map_or_else(|| whole(&keys_at, Kind::Key), Ok)?;
        copied.kind(&keys_at, &target, Kind::Key, end)?;
    } else {
        super::super::run::Run::create(&target, Kind::Key, id, options.file_bytes)?;
        full.verify = Verify::Quick;
    }
    if let Some(statement) = source.read_small(ENDED)? {
        target.write_small(ENDED, &statement)?;
    }
    write_identity(&target, id)?;
    let store = Embedded::open(to, &full)?;
    let report = store.report();
    Ok(Restored {
        entries: crate::Store::size(&store),
        signed: report.signed,
        words_without_keys: !has_keys && store.sizes()?.words_bytes > FILE_HEADER,
    })
}

/// The end of a kind of file in a copy: the last file, whole.
fn whole(disk: &Disk, kind: Kind) -> Result<(u32, u64), StoreError> {
    let last = last(disk, kind)?;
    Ok((last, disk.open(&kind.file(last))?.length()?))
}
