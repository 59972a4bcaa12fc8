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
use std::ops::Range;

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
    read_within(bytes, CONTENT_MAX)
}

/// The same, of at most so many bytes inflated.
fn read_within(bytes: &[u8], mut room: usize) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
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
    let mut places: Vec<Range<usize>> = Vec::new();
    for _ in 0..count {
        let (name, content, place) = member(&mut directory, held, room)?;
        room -= content.len();
        places.push(place);
        if members.insert(name, content).is_some() {
            return Err(ArchiveError::Form("a name stands twice"));
        }
    }
    if !directory.0.is_empty() {
        return Err(ArchiveError::Form("its directory has more members than it says"));
    }
    places.sort_unstable_by_key(|place| place.start);
    if places.windows(2).any(|two| matches!(two, [one, other] if other.start < one.end)) {
        return Err(ArchiveError::Form("two members share bytes"));
    }
    Ok(members)
}

/// A member: its name, its content, and where both lie in the zip.
type Member = (String, Vec<u8>, Range<usize>);

/// The next member that the directory names.
fn member(directory: &mut Reading<'_>, held: &[u8], room: usize) -> Result<Member, ArchiveError> {
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
    let place = start..held.len() - own.0.len();
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
    Ok((shown, content, place))
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
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
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

    /// The offsets of the directory and of the end.
    fn parts(zip: &[u8]) -> (usize, usize) {
        let end = zip.len() - END_LEN;
        let start = u32::from_le_bytes(zip.get(end + 16..end + 20).unwrap().try_into().unwrap());
        (usize::try_from(start).unwrap(), end)
    }

    fn put_at(zip: &mut [u8], at: usize, bytes: &[u8]) {
        zip.get_mut(at..at + bytes.len()).unwrap().copy_from_slice(bytes);
    }

    #[test]
    fn a_bomb_is_given_up_at_the_size_that_it_says_and_never_beyond_what_a_bundle_may_be() {
        // Much of nothing in very little, and a directory that says so, or that it is less, or more.
        let zeros = vec![0_u8; 4 << 20];
        let zip = write([("bomb", &zeros[..])]).unwrap();
        assert!(zip.len() < 20_000);
        assert_eq!(read(&zip).unwrap().get("bomb").map(Vec::len), Some(zeros.len()));
        let (start, _) = parts(&zip);
        let says = |size: u32| {
            let mut zip = zip.clone();
            put_at(&mut zip, start + 24, &size.to_le_bytes());
            read(&zip).unwrap_err().to_string()
        };
        assert!(says(10).contains("its length is of other bytes"));
        assert!(says(u32::MAX).contains("larger than a bundle may be"));
        assert!(says(u32::try_from(CONTENT_MAX).unwrap() + 1).contains("larger than a bundle may be"));
        // Many members, each allowed by itself.
        let members: Vec<String> = (0..5).map(|number| format!("data/{number}")).collect();
        let zip = write(members.iter().map(|name| (name.as_str(), &zeros[..]))).unwrap();
        assert!(read_within(&zip, 20 << 20).is_ok());
        assert!(read_within(&zip, (20 << 20) - 1).unwrap_err().to_string().contains("larger than a bundle may be"));
    }

    #[test]
    fn members_that_share_their_bytes_are_refused() {
        // Two names in the directory, one content: a bomb that needs no compression, and a name with two readings.
        let zip = write([("one", &b"a few words"[..]), ("two", &b"a few words"[..])]).unwrap();
        let (start, end) = parts(&zip);
        let record = (end - start) / 2;
        let mut shared = zip.clone();
        let first = zip.get(start..start + record).unwrap().to_vec();
        put_at(&mut shared, start + record, &first);
        assert!(read(&shared).unwrap_err().to_string().contains("a name stands twice"));
        // The second member begins where the first one does: its own name is another.
        let mut overlapping = zip.clone();
        put_at(&mut overlapping, start + record + 42, &0_u32.to_le_bytes());
        assert!(read(&overlapping).unwrap_err().to_string().contains("the directory calls it otherwise"));
        // A whole member within the stored content of another one.
        let inner = write([("two", &b"a"[..])]).unwrap();
        let inner = inner.get(..parts(&inner).0).unwrap();
        let nested = nested(inner);
        assert!(read(&nested).unwrap_err().to_string().contains("two members share bytes"));
        // And one that begins within the other one's content.
        put_at(&mut overlapping, start + record + 42, &5_u32.to_le_bytes());
        assert!(read(&overlapping).unwrap_err().to_string().contains("nothing begins where the directory says"));
    }

    /// A zip whose first member stores a second one, which the directory names too.
    fn nested(inner: &[u8]) -> Vec<u8> {
        let length = u32::try_from(inner.len()).unwrap();
        let mut about = Vec::new();
        put(&mut about, &[VERSION, 0, STORED, 0, FIRST_DAY]);
        put_long(&mut about, &[sum(inner), length, length]);
        put(&mut about, &[3, 0]);
        let mut zip = Vec::new();
        put_long(&mut zip, &[MEMBER]);
        zip.extend([&about[..], b"one", inner].concat());
        let start = zip.len();
        let row = |about: &[u8], name: &[u8], at: u32| {
            let mut row = Vec::new();
            put_long(&mut row, &[DIRECTORY]);
            put(&mut row, &[MADE_BY]);
            row.extend_from_slice(about);
            put(&mut row, &[0, 0, 0]);
            put_long(&mut row, &[MODE, at]);
            row.extend_from_slice(name);
            row
        };
        let own = inner.get(4..30).unwrap();
        zip.extend([row(&about, b"one", 0), row(own, b"two", 33)].concat());
        let directory = zip.len() - start;
        put_long(&mut zip, &[END]);
        put(&mut zip, &[0, 0, 2, 2]);
        put_long(&mut zip, &[u32::try_from(directory).unwrap(), u32::try_from(start).unwrap()]);
        put(&mut zip, &[0]);
        zip
    }

    #[test]
    fn counts_and_lengths_that_promise_the_world_cost_nothing() {
        let zip = write([("one", &b"a"[..])]).unwrap();
        let (start, end) = parts(&zip);
        let changed = |at: usize, bytes: &[u8]| {
            let mut zip = zip.clone();
            put_at(&mut zip, at, bytes);
            read(&zip).unwrap_err().to_string()
        };
        let most = u16::MAX.to_le_bytes();
        assert!(changed(end + 8, &[most, most].concat()).contains("it is cut short"));
        for at in [start + 28, start + 30, start + 32] {
            assert!(changed(at, &most).contains("cut short"));
        }
        for at in [start + 20, start + 42] {
            assert!(read_fails(&zip, at));
        }
    }

    fn read_fails(zip: &[u8], at: usize) -> bool {
        let mut zip = zip.to_vec();
        put_at(&mut zip, at, &u32::MAX.to_le_bytes());
        read(&zip).is_err()
    }

    #[test]
    fn whatever_bytes_come_they_are_read_or_refused_and_never_more_than_a_bundle() {
        // A generator of its own: the same cases every time.
        let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut next = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed >> 11).unwrap() % below
        };
        let texts: [&[u8]; 4] = [b"", b"a", b"a few words, a few words, a few words", &[7; 900]];
        let mut read_well = 0;
        for case in 0..20_000 {
            let names: Vec<String> = (0..next(4)).map(|number| format!("m{number}")).collect();
            let mut zip = write(names.iter().map(|name| (name.as_str(), texts[next(4)]))).unwrap();
            for _ in 0..next(4) {
                let at = next(zip.len());
                match next(4) {
                    0 => put_at(&mut zip, at, &[u8::try_from(next(256)).unwrap()]),
                    1 => zip.truncate(at.max(1)),
                    2 => {
                        let piece = zip.get(at..(at + next(60)).min(zip.len())).unwrap().to_vec();
                        let to = next(zip.len());
                        zip.splice(to..to, piece);
                    }
                    _ => {
                        let signatures = [MEMBER, DIRECTORY, END, u32::MAX, 0];
                        let bytes = signatures[next(5)].to_le_bytes();
                        let at = at.min(zip.len().saturating_sub(4));
                        if zip.len() >= 4 {
                            put_at(&mut zip, at, &bytes);
                        }
                    }
                }
            }
            if let Ok(members) = read(&zip) {
                read_well += 1;
                let total: usize = members.values().map(Vec::len).sum();
                assert!(total <= 4 * 900, "case {case}");
            }
        }
        assert!(
            (4_000..19_000).contains(&read_well),
            "{read_well} of 20000 are zips still: the cases are of both kinds"
        );
    }
}
