//! What a clean stop leaves behind: how far everything was verified, so that the next start need not read it again.
//!
//! The file is there only between a clean stop and the next start. Without it, or when anything differs, a start reads
//! every record.

use std::fmt::Write as _;

use super::frame::StoreId;
use super::recent::Chain;

/// Its name.
pub(super) const MARK: &str = "MARK";

/// The end of a run of files: the number of the last one, and the offset behind its last frame.
pub(super) type End = (u32, u64);

/// The figures of a clean stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) entries: Chain,
    pub(super) signed: Chain,
    /// Where the last entry and the last checkpoint lie, packed.
    pub(super) last_entry: u64,
    pub(super) last_checkpoint: u64,
    pub(super) records: End,
    pub(super) locks: End,
    pub(super) words: End,
    pub(super) keys: End,
    /// How many entries the newest checkpoint covers that the records speak of.
    pub(super) noted: u64,
    /// The first key frame and the count of the last entry that has words.
    pub(super) last_words: Option<(u64, u32)>,
}

impl Mark {
    pub(super) fn encode(&self, id: &StoreId) -> String {
        let mut lines = format!("counterpart mark\nformat 1\nid {:032x}\n", u128::from_be_bytes(*id));
        let (first, count) = self.last_words.unwrap_or_default();
        let rows: [(&str, &[u64]); 8] = [
            ("entries", &[self.entries.count, self.entries.crc.into(), self.last_entry]),
            ("signed", &[self.signed.count, self.signed.crc.into(), self.last_checkpoint]),
            ("records", &[self.records.0.into(), self.records.1]),
            ("locks", &[self.locks.0.into(), self.locks.1]),
            ("words", &[self.words.0.into(), self.words.1]),
            ("keys", &[self.keys.0.into(), self.keys.1]),
            ("noted", &[self.noted]),
            ("last-words", &[first, count.into()]),
        ];
        for (name, figures) in rows {
            lines.push_str(name);
            for figure in figures {
                let _ = write!(lines, " {figure}");
            }
            lines.push('\n');
        }
        let crc = crc32c::crc32c(lines.as_bytes());
        format!("{lines}crc {crc:08x}\n")
    }

    /// Reads a mark of this store; anything unexpected is no mark.
    pub(super) fn decode(text: &str, id: &StoreId) -> Option<Self> {
        let mut lines = text.lines().skip(3);
        let mut row = |name: &str| -> Option<Vec<u64>> {
            let line = lines.next()?.strip_prefix(name)?.strip_prefix(' ')?;
            line.split(' ').map(|figure| figure.parse().ok()).collect()
        };
        let [count, crc, last_entry] = row("entries")?.try_into().ok()?;
        let entries = Chain { count, crc: u32::try_from(crc).ok()? };
        let [count, crc, last_checkpoint] = row("signed")?.try_into().ok()?;
        let signed = Chain { count, crc: u32::try_from(crc).ok()? };
        let mut end = |name: &str| -> Option<End> {
            let [file, offset] = row(name)?.try_into().ok()?;
            Some((u32::try_from(file).ok()?, offset))
        };
        let (records, locks, words, keys) = (end("records")?, end("locks")?, end("words")?, end("keys")?);
        let [noted] = row("noted")?.try_into().ok()?;
        let [first, count] = row("last-words")?.try_into().ok()?;
        let last_words = (count > 0).then_some((first, u32::try_from(count).ok()?));
        let mark =
            Self { entries, signed, last_entry, last_checkpoint, records, locks, words, keys, noted, last_words };
        (mark.encode(id) == text).then_some(mark)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_as_written_and_no_other_byte_passes() {
        let mark = Mark {
            entries: Chain { count: 9, crc: 7 },
            signed: Chain { count: 4, crc: u32::MAX },
            last_entry: u64::MAX,
            last_checkpoint: 128,
            records: (1, 2),
            locks: (0, 128),
            words: (3, 4),
            keys: (5, 6),
            noted: 3,
            last_words: Some((8, 2)),
        };
        let text = mark.encode(&[5; 16]);
        assert_eq!(Mark::decode(&text, &[5; 16]), Some(mark));
        assert_eq!(Mark::decode(&text, &[6; 16]), None, "of another store");
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            *bytes.get_mut(place).unwrap() ^= 1;
            assert_eq!(Mark::decode(&String::from_utf8_lossy(&bytes), &[5; 16]), None, "byte {place}");
        }
        assert_eq!(Mark::decode("", &[5; 16]), None);
    }
}
