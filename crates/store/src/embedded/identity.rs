//! Which store this is, and the formats of small files.

use super::disk::Disk;
use super::frame::{Kind, StoreId};
use super::open::Options;
use super::run::{Run, damaged};
use crate::StoreError;

/// The identity file. It is made last: a store without it was never whole.
pub(super) const IDENTITY: &str = "STORE";

/// Makes a store that has never been whole, and its identity last.
pub(super) fn create(disk: &Disk, options: &Options) -> Result<StoreId, StoreError> {
    let mut id = [0; 16];
    (options.entropy)(&mut id);
    let kinds = [Kind::Record, Kind::Word, Kind::Key, Kind::Checkpoint];
    for kind in kinds {
        // Files of an earlier, broken attempt hold no frames; anything more is somebody's records.
        let name = kind.file(0);
        if disk.exists(&name) && super::disk::last_used(&disk.open(&name)?, super::frame::FILE_HEADER)?.is_some() {
            return Err(damaged(IDENTITY, 0, 0, "the identity of the store is missing, but its records are there"));
        }
    }
    for kind in kinds {
        Run::create(disk, kind, id, options.file_bytes)?;
    }
    let digits = format!("{:032x}", u128::from_be_bytes(id));
    disk.write_small(IDENTITY, &identity_text(&digits))?;
    Ok(id)
}

pub(super) fn identity_text(digits: &str) -> String {
    let lines = format!("counterpart store\nformat 1\nid {digits}\n");
    let crc = crc32c::crc32c(lines.as_bytes());
    format!("{lines}crc {crc:08x}\n")
}

/// The store's id; nothing if there is no store here yet.
pub(super) fn identity(disk: &Disk) -> Result<Option<StoreId>, StoreError> {
    let Some(text) = disk.read_small(IDENTITY)? else { return Ok(None) };
    let wrong = || damaged(IDENTITY, 0, 0, "it is not the identity of a store that this program knows");
    if let Some(format) = newer_format(&text, "counterpart store") {
        return Err(other_format(IDENTITY, &format));
    }
    let digits = text.lines().nth(2).and_then(|line| line.strip_prefix("id ")).ok_or_else(wrong)?;
    if text != identity_text(digits) || digits.len() != 32 {
        return Err(wrong());
    }
    Ok(Some(u128::from_str_radix(digits, 16).map_err(|_| wrong())?.to_be_bytes()))
}

/// The format of a small file, if it is not the one that this program reads: `<title>`, `format <n>`, …, `crc <8 hex>`. A
/// format that is only a flipped bit is damage; one with its own checksum is another program's.
pub(crate) fn newer_format(text: &str, title: &str) -> Option<String> {
    let mut lines = text.lines();
    let named = lines.next() == Some(title);
    let format = lines.next().and_then(|line| line.strip_prefix("format ")).filter(|format| *format != "1")?;
    let (covered, crc) = text.rsplit_once("crc ")?;
    let sealed = crc.trim_end() == format!("{:08x}", crc32c::crc32c(covered.as_bytes()));
    (named && sealed && format.parse::<u32>().is_ok()).then(|| format.to_owned())
}

/// A small file of a format that this program does not read.
pub(crate) fn other_format(file: &str, format: &str) -> StoreError {
    let problem = format!("it has format {format} and this program reads 1; use the program that wrote it");
    StoreError::Unsuitable { file: file.to_owned(), problem }
}
