//! The zip itself: written the same way every time, and read with bounds.
//!
//! ```text
//! member     PK 03 04, what it is called and how long it is, then its content, deflated
//! directory  PK 01 02 for each member: name, sizes, checksum, where it begins
//! end        PK 05 06, how many members, where the directory begins
//! ```
//!
//! Libraries differ in what they make of a name that stands twice, or of a directory that tells other names than the
//! members do; evidence that two readers read differently is none. So the little that a bundle needs is read here, and
//! anything ambiguous is refused. Deflating is left to a library.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

/// Bytes of all members together at most, inflated: an agreement has at most 2,000 events of 64 kB and 64 MiB of words.
const CONTENT_MAX: usize = 256 << 20;

const MEMBER: u32 = 0x0403_4b50;
const DIRECTORY: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
const END_LEN: usize = 22;

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// Bit 0 of a member's flags.
const ENCRYPTED: u16 = 1;

/// The first day that a zip can name: 1 January 1980.
const FIRST_DAY: u16 = 0x21;

/// The version of the format that knows how to inflate.
const VERSION: u16 = 20;

/// Made on a system with modes, readable by everybody.
const MADE_BY: u16 = 0x0314;
const MODE: u32 = 0o100_644 << 16;

/// Why bytes are not a zip that a bundle may be, or a zip cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It breaks the format, or leaves room for two readings.
    #[error("the zip is damaged or ambiguous: {0}")]
    Form(&'static str),
    /// A member's content is not what the directory says.
    #[error("the member `{name}` is damaged: {problem}")]
    Damaged {
        /// Which.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It is larger than any bundle.
    #[error("the zip is larger than a bundle may be")]
    TooLarge,
    /// Nothing can be deflated.
    #[error("the zip cannot be written")]
    Deflate(#[source] std::io::Error),
}

/// Writes members in this order.
///
/// # Errors
///
/// A member, or all of them, is too large for a zip.
pub fn write<'a>(members: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, ArchiveError> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let mut count: u16 = 0;
    for (name, content) in members {
        let start = long(out.len())?;
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::best());
        deflated.write_all(content).map_err(ArchiveError::Deflate)?;
        let deflated = deflated.finish().map_err(ArchiveError::Deflate)?;
        let mut about = Vec::new();
        put(&mut about, &[VERSION, 0, DEFLATED, 0, FIRST_DAY]);
        put_long(&mut about, &[sum(content), long(deflated.len())?, long(content.len())?]);
        put(&mut about, &[u16::try_from(name.len()).map_err(|_| ArchiveError::TooLarge)?, 0]);
        put_long(&mut out, &[MEMBER]);
        out.extend_from_slice(&about);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&deflated);
        put_long(&mut directory, &[DIRECTORY]);
        put(&mut directory, &[MADE_BY]);
        directory.extend_from_slice(&about);
        put(&mut directory, &[0, 0, 0]);
        put_long(&mut directory, &[MODE, start]);
        directory.extend_from_slice(name.as_bytes());
        count = count.checked_add(1).ok_or(ArchiveError::TooLarge)?;
    }
    let (start, length) = (long(out.len())?, long(directory.len())?);
    out.append(&mut directory);
    put_long(&mut out, &[END]);
    put(&mut out, &[0, 0, count, count]);
    put_long(&mut out, &[length, start]);
    put(&mut out, &[0]);
    Ok(out)
}

/// Every member by its name, inflated, its checksum compared.
///
/// # Errors
///
/// [`ArchiveError`]: it is no zip, is damaged, or a name stands twice.
pub fn read(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let end = bytes.len().checked_sub(END_LEN).and_then(|start| bytes.get(start..));
    let mut end = Reading(end.ok_or(ArchiveError::Form("it is too short"))?);
    if end.long()? != END {
        return Err(ArchiveError::Form("it does not end where a zip ends"));
    }
    let (disk, of, here, count) = (end.short()?, end.short()?, end.short()?, end.short()?);
    if (disk, of) != (0, 0) || here != count {
        return Err(ArchiveError::Form("it is a part of several"));
    }
    let (length, start) = (place(end.long()?), place(end.long()?));
    if start.checked_add(length) != bytes.len().checked_sub(END_LEN) || end.short()? != 0 {
        return Err(ArchiveError::Form("its directory does not lie before its end"));
    }
    let held = bytes.get(..start).ok_or(ArchiveError::Form("its directory begins behind its end"))?;
    let mut directory = Reading(bytes.get(start..start + length).ok_or(ArchiveError::Form("it has no directory"))?);
    let mut members = BTreeMap::new();
    let mut room = CONTENT_MAX;
    for _ in 0..count {
        let (name, content) = member(&mut directory, held, room)?;
        room -= content.len();
        if members.insert(name, content).is_some() {
            return Err(ArchiveError::Form("a name stands twice"));
        }
    }
    if !directory.0.is_empty() {
        return Err(ArchiveError::Form("its directory has more members than it says"));
    }
    Ok(members)
}

/// The next member that the directory names.
fn member(directory: &mut Reading<'_>, held: &[u8], room: usize) -> Result<(String, Vec<u8>), ArchiveError> {
    if directory.long()? != DIRECTORY {
        return Err(ArchiveError::Form("its directory is no directory"));
    }
    directory.take(4)?;
    let (flags, method) = (directory.short()?, directory.short()?);
    directory.take(4)?;
    let (sum_said, deflated, inflated) = (directory.long()?, place(directory.long()?), place(directory.long()?));
    let (name_len, extra_len, comment_len) = (directory.short()?, directory.short()?, directory.short()?);
    directory.take(8)?;
    let start = place(directory.long()?);
    let name = directory.take(usize::from(name_len))?;
    directory.take(usize::from(extra_len) + usize::from(comment_len))?;
    let shown = String::from_utf8(name.to_vec()).map_err(|_| ArchiveError::Form("a name is not UTF-8"))?;
    let damaged = |problem| ArchiveError::Damaged { name: shown.clone(), problem };
    // The member tells its own name and method; sizes may stand behind it, so the directory's count.
    let mut own = Reading(held.get(start..).ok_or_else(|| damaged("it begins behind the end"))?);
    if own.long()? != MEMBER {
        return Err(damaged("nothing begins where the directory says"));
    }
    own.take(2)?;
    if (own.short()?, own.short()?) != (flags, method) {
        return Err(damaged("it says of itself something else than the directory does"));
    }
    own.take(16)?;
    let (own_name_len, own_extra_len) = (own.short()?, own.short()?);
    if own.take(usize::from(own_name_len))? != name {
        return Err(damaged("the directory calls it otherwise"));
    }
    own.take(usize::from(own_extra_len))?;
    let raw = own.take(deflated)?;
    if inflated > room {
        return Err(ArchiveError::TooLarge);
    }
    let content = match method {
        _ if flags & ENCRYPTED != 0 => return Err(damaged("it is encrypted")),
        STORED => raw.to_vec(),
        DEFLATED => {
            let mut content = Vec::new();
            let mut inflating = DeflateDecoder::new(raw).take(inflated as u64 + 1);
            inflating.read_to_end(&mut content).map_err(|_| damaged("it cannot be inflated"))?;
            content
        }
        _ => return Err(damaged("it is neither stored nor deflated")),
    };
    if content.len() != inflated || sum(&content) != sum_said {
        return Err(damaged("its checksum or its length is of other bytes"));
    }
    Ok((shown, content))
}

/// Bytes that are read from their front.
struct Reading<'a>(&'a [u8]);

impl<'a> Reading<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(ArchiveError::Form("it is cut short"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn short(&mut self) -> Result<u16, ArchiveError> {
        let bytes = self.take(2)?.try_into().map_err(|_| ArchiveError::Form("it is cut short"))?;
        Ok(u16::from_le_bytes(bytes))
    }

    fn long(&mut self) -> Result<u32, ArchiveError> {
        let bytes = self.take(4)?.try_into().map_err(|_| ArchiveError::Form("it is cut short"))?;
        Ok(u32::from_le_bytes(bytes))
    }
}

fn put(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn put_long(out: &mut Vec<u8>, numbers: &[u32]) {
    out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn long(length: usize) -> Result<u32, ArchiveError> {
    u32::try_from(length).map_err(|_| ArchiveError::TooLarge)
}

/// A place or length within bytes that are in memory.
fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn sum(content: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(content);
    crc.sum()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_the_same_members_make_the_same_bytes() {
        let members = [("checkpoint", &b"a"[..]), ("data/1", &[7; 5000][..]), ("empty", b"")];
        let zip = write(members).unwrap();
        assert_eq!(zip, write(members).unwrap());
        assert!(zip.len() < 1000, "it is deflated");
        let read = read(&zip).unwrap();
        let read: Vec<(&str, &[u8])> = read.iter().map(|(name, content)| (name.as_str(), &content[..])).collect();
        assert_eq!(read, members);
    }

    #[test]
    fn a_name_that_stands_twice_or_differs_in_the_directory_is_refused() {
        let zip = write([("one", &b"a"[..]), ("two", &b"b"[..])]).unwrap();
        let places: Vec<usize> = (0..zip.len() - 2).filter(|at| zip.get(*at..at + 3) == Some(b"two")).collect();
        let [own, listed] = places[..] else { panic!("{places:?}") };
        let renamed = |places: &[usize]| {
            let mut zip = zip.clone();
            for at in places {
                zip.splice(at..&(at + 3), *b"one");
            }
            read(&zip).unwrap_err().to_string()
        };
        assert!(renamed(&[own, listed]).contains("a name stands twice"));
        assert!(renamed(&[own]).contains("the directory calls it otherwise"));
        assert!(renamed(&[listed]).contains("the directory calls it otherwise"));
    }

    #[test]
    fn what_is_cut_goes_on_or_is_changed_is_refused_without_a_panic() {
        let zip = write([("one", &b"a few words"[..]), ("two", &[9; 300][..])]).unwrap();
        for end in 0..zip.len() {
            assert!(read(zip.get(..end).unwrap()).is_err(), "{end}");
        }
        assert!(read(&[&zip[..], b"more"].concat()).is_err());
        assert!(read(&[b"more", &zip[..]].concat()).is_err());
        let whole = read(&zip).unwrap();
        for at in 0..zip.len() {
            let mut changed = zip.clone();
            changed.get_mut(at).map(|byte| *byte ^= 1).unwrap();
            // Days and modes are nobody's evidence; anything else is the same content or an error.
            if let Ok(members) = read(&changed) {
                assert_eq!(members, whole, "{at}");
            }
        }
    }
}
