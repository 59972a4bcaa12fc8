//! The bytes around everything that the embedded store keeps.
//!
//! ```text
//! file  = header frame* zeros                      preallocated; the zeros are room to grow
//! header, 128 bytes, little endian:
//!   0  "CPSTORE1"   8 kind   12 format   16 number of the file   20 zero   24 position of its first frame
//!   32 store id     48 zeros            124 crc32c of bytes 0 to 123
//! frame, 32 bytes and a body, little endian:
//!   0  magic   4 length of the body   8 index   16 extra   24 part   28 crc32c
//! ```
//!
//! A frame's checksum is seeded with the store's id and covers bytes 0 to 27 and the body, so that a frame of another
//! store or of another kind of file never passes.
//!
//! | kind       | magic  | index      | extra                        | part                |
//! |------------|--------|------------|------------------------------|---------------------|
//! | record     | `CPr1` | the entry  | place of its first key frame | how many words      |
//! | word       | `CPw1` | the entry  | 0                            | place in the entry  |
//! | key        | `CPk1` | the entry  | place of the word frame      | place in the entry  |
//! | erased     | `CPe1` | as before, with the secret bytes of a word or key overwritten by zeros    |||
//! | checkpoint | `CPc1` | the size   | count of earlier checkpoints | 0                   |
//! | noted      | `CPs1` | size of the newest checkpoint | count of checkpoints | 0        |
//!
//! A *noted* frame stands among the records, without a body, before a group that was appended after another checkpoint
//! had become durable: so the records know how far the checkpoints must reach, and one that is zeroed is missed.

/// Bytes before the first frame of a file.
pub(super) const FILE_HEADER: u64 = 128;

/// The same as a length in memory.
pub(super) const FILE_HEADER_BYTES: usize = 128;

/// Bytes of a frame before its body.
pub(super) const FRAME_HEADER: usize = 32;

/// The format that this program reads and writes.
pub(super) const FORMAT: u32 = 1;

const FILE_MAGIC: [u8; 8] = *b"CPSTORE1";

/// What names a store: random, made with it.
pub(super) type StoreId = [u8; 16];

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Record,
    Word,
    Key,
    Checkpoint,
}

impl Kind {
    pub(super) fn magic(self) -> [u8; 4] {
        match self {
            Self::Record => *b"CPr1",
            Self::Word => *b"CPw1",
            Self::Key => *b"CPk1",
            Self::Checkpoint => *b"CPc1",
        }
    }

    pub(super) fn directory(self) -> &'static str {
        match self {
            Self::Record => "records",
            Self::Word => "words",
            Self::Key => "keys",
            Self::Checkpoint => "lock",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Record => "rec",
            Self::Word => "wrd",
            Self::Key => "key",
            Self::Checkpoint => "chk",
        }
    }

    /// The name of a file within the store's directory.
    pub(super) fn file(self, number: u32) -> String {
        format!("{}/{number:06}.{}", self.directory(), self.extension())
    }

    /// The number of a file of this kind, from its name within its directory.
    pub(super) fn number(self, name: &str) -> Option<u32> {
        let stem = name.strip_suffix(self.extension())?.strip_suffix('.')?;
        (stem.len() == 6).then(|| stem.parse().ok()).flatten()
    }

    /// What the checksums of this kind of file start from.
    pub(super) fn seed(self, id: &StoreId) -> u32 {
        crc32c::crc32c_append(crc32c::crc32c(id), &self.magic())
    }
}

/// The magic of words and keys whose secret bytes are gone.
pub(super) const ERASED: [u8; 4] = *b"CPe1";

/// The magic of a frame among the records that says how far the checkpoints reach.
pub(super) const NOTED: [u8; 4] = *b"CPs1";

/// Where a frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: u32,
    pub(super) offset: u32,
}

impl Place {
    pub(super) fn pack(self) -> u64 {
        (u64::from(self.file) << 32) | u64::from(self.offset)
    }

    #[expect(clippy::many_single_char_names, reason = "eight bytes in a row")]
    pub(super) fn unpack(packed: u64) -> Self {
        let [a, b, c, d, e, f, g, h] = packed.to_be_bytes();
        Self { file: u32::from_be_bytes([a, b, c, d]), offset: u32::from_be_bytes([e, f, g, h]) }
    }

    /// The place so many bytes later in the same file. Reserving space keeps offsets within 32 bits.
    pub(super) fn plus(self, bytes: usize) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        Self { file: self.file, offset: self.offset.saturating_add(bytes) }
    }
}

/// The first bytes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) magic: [u8; 4],
    pub(super) length: u32,
    pub(super) index: u64,
    pub(super) extra: u64,
    pub(super) part: u32,
    pub(super) crc: u32,
}

impl Header {
    /// A header that fits `body`.
    pub(super) fn over(seed: u32, magic: [u8; 4], index: u64, extra: u64, part: u32, body: &[u8]) -> Self {
        // INVARIANT: reserving space has refused whatever does not fit 32 bits.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let mut header = Self { magic, length, index, extra, part, crc: 0 };
        header.crc = header.checksum(seed, body);
        header
    }

    fn checksum(&self, seed: u32, body: &[u8]) -> u32 {
        let bytes = self.encode();
        let covered = bytes.get(..28).unwrap_or_default();
        crc32c::crc32c_append(crc32c::crc32c_append(seed, covered), body)
    }

    pub(super) fn fits(&self, seed: u32, body: &[u8]) -> bool {
        self.length as usize == body.len() && self.crc == self.checksum(seed, body)
    }

    pub(super) fn encode(&self) -> [u8; FRAME_HEADER] {
        let mut bytes = [0; FRAME_HEADER];
        put(&mut bytes, 0, &self.magic);
        put(&mut bytes, 4, &self.length.to_le_bytes());
        put(&mut bytes, 8, &self.index.to_le_bytes());
        put(&mut bytes, 16, &self.extra.to_le_bytes());
        put(&mut bytes, 24, &self.part.to_le_bytes());
        put(&mut bytes, 28, &self.crc.to_le_bytes());
        bytes
    }

    /// Reads the header at the start of `bytes`; a shorter slice reads as zeros, which no checksum fits.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        Self {
            magic: take(bytes, 0),
            length: u32::from_le_bytes(take(bytes, 4)),
            index: u64::from_le_bytes(take(bytes, 8)),
            extra: u64::from_le_bytes(take(bytes, 16)),
            part: u32::from_le_bytes(take(bytes, 24)),
            crc: u32::from_le_bytes(take(bytes, 28)),
        }
    }
}

/// The first bytes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileHeader {
    pub(super) kind: [u8; 4],
    pub(super) format: u32,
    pub(super) number: u32,
    pub(super) first: u64,
    pub(super) id: StoreId,
}

impl FileHeader {
    pub(super) fn encode(&self) -> [u8; FILE_HEADER_BYTES] {
        let mut bytes = [0; FILE_HEADER_BYTES];
        put(&mut bytes, 0, &FILE_MAGIC);
        put(&mut bytes, 8, &self.kind);
        put(&mut bytes, 12, &self.format.to_le_bytes());
        put(&mut bytes, 16, &self.number.to_le_bytes());
        put(&mut bytes, 24, &self.first.to_le_bytes());
        put(&mut bytes, 32, &self.id);
        let crc = crc32c::crc32c(bytes.get(..124).unwrap_or_default());
        put(&mut bytes, 124, &crc.to_le_bytes());
        bytes
    }

    /// Reads a header, or says what is wrong with it.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let header = Self {
            kind: take(bytes, 8),
            format: u32::from_le_bytes(take(bytes, 12)),
            number: u32::from_le_bytes(take(bytes, 16)),
            first: u64::from_le_bytes(take(bytes, 24)),
            id: take(bytes, 32),
        };
        if take(bytes, 0) != FILE_MAGIC {
            return Err("it does not begin like a file of the store");
        }
        if crc32c::crc32c(bytes.get(..124).unwrap_or_default()) != u32::from_le_bytes(take(bytes, 124)) {
            return Err("the checksum of the file's header is wrong");
        }
        Ok(header)
    }
}

pub(super) fn put(bytes: &mut [u8], from: usize, what: &[u8]) {
    if let Some(room) = bytes.get_mut(from..from + what.len()) {
        room.copy_from_slice(what);
    }
}

pub(super) fn take<const N: usize>(bytes: &[u8], from: usize) -> [u8; N] {
    bytes.get(from..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_reads_as_written_and_fits_only_its_body_and_seed() {
        let header = Header::over(7, Kind::Record.magic(), 42, 1 << 40, 3, b"body");
        assert_eq!(Header::decode(&header.encode()), header);
        assert!(header.fits(7, b"body"));
        assert!(!header.fits(8, b"body"), "another store's frame does not pass");
        assert!(!header.fits(7, b"bodY"));
        assert!(!Header::decode(&[0; 32]).fits(7, b""), "zeros are no frame");
    }

    #[test]
    fn every_flipped_bit_of_a_file_header_is_seen() {
        let header = FileHeader { kind: *b"CPr1", format: 1, number: 3, first: 99, id: [5; 16] };
        let bytes = header.encode();
        assert_eq!(FileHeader::decode(&bytes), Ok(header));
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes;
            if let Some(byte) = flipped.get_mut(bit / 8) {
                *byte ^= 1 << (bit % 8);
            }
            assert!(FileHeader::decode(&flipped).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn golden_bytes_of_a_record_frame() {
        let seed = Kind::Record.seed(&[1; 16]);
        let header = Header::over(seed, Kind::Record.magic(), 2, 0x0000_0001_0000_0080, 1, b"entry");
        let mut want = b"CPr1\x05\0\0\0\x02\0\0\0\0\0\0\0\x80\0\0\0\x01\0\0\0\x01\0\0\0".to_vec();
        want.extend_from_slice(&header.crc.to_le_bytes());
        assert_eq!(header.encode().as_slice(), want.as_slice());
        assert_eq!(Place::unpack(header.extra), Place { file: 1, offset: 128 });
    }

    #[test]
    fn only_six_digits_and_the_right_extension_name_a_file() {
        assert_eq!(Kind::Record.number("000012.rec"), Some(12));
        for name in ["12.rec", "000012.key", "torn-1.bin", "000012.rec.new", "x00012.rec"] {
            assert_eq!(Kind::Record.number(name), None, "{name}");
        }
    }
}
