//! Words, each sealed with a key of its own, and the keys apart from them.
//!
//! Erasing overwrites the key and then the sealed bytes, in place. A key frame holds the SHA-256 of the word's name, so
//! that a word is found and erased even when its own frame is damaged.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Key, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::beside::Beside;
use super::disk::{Disk, last_used};
use super::frame::{ERASED, FILE_HEADER, FRAME_HEADER, Header, Kind, Place, StoreId, put, take};
use super::mark::End;
use super::run::{Run, damaged, zero};
use crate::{NewEntry, StoreError, Word};

/// Body of a key frame: the key, the SHA-256 of the name, and zeros that make whole frames divide a sector.
const KEY_BODY: usize = 96;

/// Bytes of a key.
const SECRET: usize = 32;

/// A whole key frame.
pub(super) const KEY_FRAME: usize = FRAME_HEADER + KEY_BODY;

/// The last byte of a word frame, never zero, so that the end of the used bytes is the end of the last frame.
const END: u8 = 0xA5;

/// Fills a buffer with bytes nobody can guess.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

pub(super) struct Words {
    sealed: Arc<Run>,
    keys: Arc<Run>,
    entropy: Entropy,
    /// Those who sync the two beside the records; nobody while a test watches every call in its order.
    beside: Option<[Beside; 2]>,
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

/// A group's words and keys as they will stand in the files.
pub(super) struct Sealed {
    words: Vec<u8>,
    keys: Zeroizing<Vec<u8>>,
    words_at: Place,
    keys_at: Place,
    /// For each entry, the packed place of its first key frame and how many words it has.
    pub(super) slots: Vec<(u64, u32)>,
}

impl Words {
    /// Opens the files. Where they end is not known yet: see [`Words::find_end`] and [`Words::ends_at`].
    pub(super) fn open(disk: &Disk, id: StoreId, file_bytes: u64, entropy: Entropy) -> Result<Self, StoreError> {
        let sealed = Arc::new(Run::open(disk, Kind::Word, id, file_bytes)?);
        let keys = Arc::new(Run::open(disk, Kind::Key, id, file_bytes)?);
        let beside = if disk.is_watched() { None } else { Some([Beside::start(&sealed)?, Beside::start(&keys)?]) };
        Ok(Self { sealed, keys, entropy, beside })
    }

    /// New words go behind the last byte that is used.
    pub(super) fn find_end(&self) -> Result<(), StoreError> {
        if let Some((_, last)) = self.sealed.last() {
            self.sealed.end_at(last_used(&last.file, FILE_HEADER)?.unwrap_or(FILE_HEADER));
        }
        Ok(())
    }

    /// Whether words and keys end where a mark says.
    pub(super) fn ends_at(&self, words: End, keys: End) -> Result<bool, StoreError> {
        Ok(self.sealed.ends_at(words.0, words.1)? && self.keys.ends_at(keys.0, keys.1)?)
    }

    /// The ends of the words and of the keys.
    pub(super) fn ends(&self) -> (End, End) {
        (self.sealed.end(), self.keys.end())
    }

    /// Bytes of the words and of the keys, room included.
    pub(super) fn bytes(&self) -> Result<(u64, u64), StoreError> {
        Ok((self.sealed.bytes()?, self.keys.bytes()?))
    }

    /// Destroys the keys behind the last record: their words belong to no entry, and nobody was told of them.
    pub(super) fn forget_behind(&self, last: Option<(u64, u32)>) -> Result<(), StoreError> {
        let Some((number, file)) = self.keys.last() else { return Ok(()) };
        let end = last.map(|(first, count)| Place::unpack(first).plus(KEY_FRAME * count as usize));
        if let Some(end) = end {
            self.keys.file(end.file)?;
        }
        let from = end.filter(|end| end.file == number).map_or(FILE_HEADER, |end| u64::from(end.offset));
        if let Some(to) = last_used(&file.file, from)? {
            zero(&file.file, from, to)?;
        }
        self.keys.end_at(from);
        Ok(())
    }

    /// Seals the words of a group, for places that are reserved and not yet written.
    pub(super) fn seal(&self, first: u64, group: &[NewEntry]) -> Result<Sealed, StoreError> {
        let words = group.iter().flat_map(|entry| &entry.words);
        let (count, bytes) = words.fold((0, 0), |(count, bytes), word| (count + 1, bytes + frame_bytes(word)));
        let words_at = self.sealed.reserve(bytes as u64, first)?;
        let keys_at = self.keys.reserve((count * KEY_FRAME) as u64, first)?;
        let mut sealed = Sealed {
            words: Vec::with_capacity(bytes),
            keys: Zeroizing::new(Vec::with_capacity(count * KEY_FRAME)),
            words_at,
            keys_at,
            slots: Vec::with_capacity(group.len()),
        };
        // Asked for once a group: the system charges by the call.
        let mut secrets = Zeroizing::new(vec![0; count * SECRET]);
        (self.entropy)(&mut secrets);
        let mut secrets = secrets.chunks_exact(SECRET);
        for (index, entry) in (first..).zip(group) {
            let at = keys_at.plus(sealed.keys.len()).pack();
            for (part, word) in (0_u32..).zip(&entry.words) {
                let secret = secrets.next().ok_or_else(unsealable)?;
                self.seal_one(&mut sealed, index, part, word, secret)?;
            }
            sealed.slots.push((at, u32::try_from(entry.words.len()).unwrap_or(u32::MAX)));
        }
        Ok(sealed)
    }

    fn seal_one(
        &self,
        sealed: &mut Sealed,
        index: u64,
        part: u32,
        word: &Word,
        secret: &[u8],
    ) -> Result<(), StoreError> {
        let mut key = Zeroizing::new([0; KEY_BODY]);
        put(&mut *key, 0, secret);
        put(&mut *key, SECRET, &Sha256::digest(word.name.as_bytes()));
        let place = sealed.words_at.plus(sealed.words.len());
        let secret = Zeroizing::new(take::<32>(&*key, 0));
        let payload = Payload { msg: &word.bytes, aad: word.name.as_bytes() };
        let shut = cipher(&secret).encrypt(&nonce(index, part), payload).map_err(|_| unsealable())?;
        let mut body = u32::try_from(word.name.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
        body.extend_from_slice(word.name.as_bytes());
        body.extend_from_slice(&shut);
        body.push(END);
        let head = Header::over(self.sealed.seed, Kind::Word.magic(), index, 0, part, &body);
        sealed.words.extend_from_slice(&head.encode());
        sealed.words.extend_from_slice(&body);
        let head = Header::over(self.keys.seed, Kind::Key.magic(), index, place.pack(), part, &*key);
        sealed.keys.extend_from_slice(&head.encode());
        sealed.keys.extend_from_slice(&*key);
        Ok(())
    }

    /// Makes a group's records, sealed words and keys durable, side by side.
    pub(super) fn write_with(&self, sealed: &Sealed, records: &Run, at: Place, bytes: &[u8]) -> Result<(), StoreError> {
        if sealed.words.is_empty() {
            return if counterpart_tlog::planted!("ack_before_sync") {
                records.put(at, bytes)
            } else {
                records.write(at, bytes)
            };
        }
        self.sealed.put(sealed.words_at, &sealed.words)?;
        self.keys.put(sealed.keys_at, &sealed.keys)?;
        records.put(at, bytes)?;
        let Some([words, keys]) = &self.beside else {
            if !counterpart_tlog::planted!("words_not_synced") {
                self.sealed.sync(sealed.words_at)?;
                self.keys.sync(sealed.keys_at)?;
            }
            return if counterpart_tlog::planted!("ack_before_sync") { Ok(()) } else { records.sync(at) };
        };
        words.begin(sealed.words_at);
        keys.begin(sealed.keys_at);
        let synced = records.sync(at);
        // Both are waited for whatever became of the others: their next sync must not be taken for this one.
        let (words, keys) = (words.end(), keys.end());
        synced.and(words).and(keys)
    }

    /// Makes durable what a process that was killed may have left to the system.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        self.sealed.settle()?;
        self.keys.settle()
    }

    pub(super) fn advance(&self, sealed: &Sealed) {
        self.sealed.advance(sealed.words_at, sealed.words.len() as u64);
        self.keys.advance(sealed.keys_at, sealed.keys.len() as u64);
    }

    /// The words of an entry that are still kept.
    pub(super) fn read(&self, index: u64, first: u64, count: u32) -> Result<Vec<Word>, StoreError> {
        let mut kept = Vec::new();
        for part in 0..count {
            kept.extend(self.read_one(index, first, part)?);
        }
        Ok(kept)
    }

    /// One word of an entry, unless it was erased.
    pub(super) fn read_one(&self, index: u64, first: u64, part: u32) -> Result<Option<Word>, StoreError> {
        let wrong = |kind: Kind, at: Place| {
            damaged(&kind.file(at.file), at.offset.into(), index, "it belongs to another entry or word")
        };
        let at = key_place(first, part);
        let (head, key) = self.keys.frame(at, index)?;
        if head.index != index || head.part != part {
            return Err(wrong(Kind::Key, at));
        }
        if head.magic == ERASED {
            return Ok(None);
        }
        let key = Zeroizing::new(key);
        let place = Place::unpack(head.extra);
        let (head, body) = self.sealed.frame(place, index)?;
        if head.index != index || head.part != part || ![Kind::Word.magic(), ERASED].contains(&head.magic) {
            return Err(wrong(Kind::Word, place));
        }
        // An older copy of the keys brings back what opens nothing any more.
        if head.magic == ERASED {
            return Ok(None);
        }
        let word = unseal(index, part, &key, &body);
        let problem = "it does not open with its key";
        word.map(Some).ok_or_else(|| damaged(&Kind::Word.file(place.file), place.offset.into(), index, problem))
    }

    /// Destroys keys, durably, and then what they sealed.
    pub(super) fn erase(&self, index: u64, first: u64, count: u32, names: &[String]) -> Result<(), StoreError> {
        let slots = self.slots(index, first, count, names)?;
        let mut written = Vec::new();
        for Slot { key_at, part, extra, tag, key_gone, .. } in &slots {
            if !key_gone {
                let mut body = [0; KEY_BODY];
                put(&mut body, 32, tag);
                let head = Header::over(self.keys.seed, ERASED, index, *extra, *part, &body);
                self.keys.put(*key_at, &whole(&head, &body))?;
                written.push(*key_at);
            }
        }
        sync_each(&self.keys, &mut written)?;
        for Slot { part, extra, word_gone, .. } in &slots {
            let place = Place::unpack(*extra);
            // A word frame that cannot be read any more was half erased before, or is damaged: its key is gone.
            if !word_gone && let Some(mut body) = self.word_frame(place, index, *part).map(|(_, body)| body) {
                let name = u32::from_le_bytes(take(&body, 0)) as usize;
                let last = body.len().saturating_sub(1);
                body.get_mut(4 + name..last).unwrap_or_default().fill(0);
                let head = Header::over(self.sealed.seed, ERASED, index, 0, *part, &body);
                self.sealed.put(place, &whole(&head, &body))?;
                written.push(place);
            }
        }
        sync_each(&self.sealed, &mut written)
    }

    /// The words of an entry that are meant by names.
    fn slots(&self, index: u64, first: u64, count: u32, names: &[String]) -> Result<Vec<Slot>, StoreError> {
        let tags: Vec<[u8; 32]> = names.iter().map(|name| Sha256::digest(name.as_bytes()).into()).collect();
        let mut known = vec![false; names.len()];
        let mut slots = Vec::new();
        for part in 0..count {
            let key_at = key_place(first, part);
            let mut frame = Zeroizing::new([0; KEY_FRAME]);
            // Not checked: a damaged key frame must still be destroyed when its word is to go.
            self.keys.file(key_at.file)?.file.read(&mut *frame, key_at.offset.into())?;
            let (head, tag) = (Header::decode(&*frame), take::<32>(&*frame, FRAME_HEADER + 32));
            let word = self.word_frame(Place::unpack(head.extra), index, part);
            let name = word.as_ref().and_then(|(_, body)| name_of(body));
            let mut meant = false;
            for ((known, asked), asked_tag) in known.iter_mut().zip(names).zip(&tags) {
                let fits = tag == *asked_tag || name.is_some_and(|name| goes_on(asked, name));
                *known |= fits;
                meant |= fits;
            }
            if meant {
                let body = frame.get(FRAME_HEADER..).unwrap_or_default();
                let key_gone = head.magic == ERASED && head.fits(self.keys.seed, body);
                let word_gone = word.is_some_and(|(head, _)| head.magic == ERASED);
                slots.push(Slot { key_at, part, extra: head.extra, tag, key_gone, word_gone });
            }
        }
        match known.iter().zip(names).find(|(known, _)| !**known) {
            Some((_, name)) => Err(StoreError::NoWord { index, name: name.clone() }),
            None => Ok(slots),
        }
    }

    /// The frame of a word, kept or erased, if it is whole and in its place.
    fn word_frame(&self, place: Place, index: u64, part: u32) -> Option<(Header, Vec<u8>)> {
        let found = self.sealed.frame(place, index).ok();
        found.filter(|(head, _)| head.index == index && head.part == part)
    }
}

/// Where a word that is to go has its key, and how far it is gone.
struct Slot {
    key_at: Place,
    part: u32,
    extra: u64,
    tag: [u8; 32],
    key_gone: bool,
    word_gone: bool,
}

/// Makes what was put at these places durable, each file once.
fn sync_each(run: &Run, places: &mut Vec<Place>) -> Result<(), StoreError> {
    places.sort_unstable_by_key(|place| place.file);
    places.dedup_by_key(|place| place.file);
    places.drain(..).try_for_each(|place| run.sync(place))
}

/// The name of a word, which stands in clear in its frame and stays there.
fn name_of(body: &[u8]) -> Option<&str> {
    let end = 4 + u32::from_le_bytes(take(body, 0)) as usize;
    std::str::from_utf8(body.get(4..end)?).ok()
}

/// Whether a name is another one or goes on from it.
fn goes_on(asked: &str, name: &str) -> bool {
    name.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn whole(header: &Header, body: &[u8]) -> Vec<u8> {
    [header.encode().as_slice(), body].concat()
}

fn frame_bytes(word: &Word) -> usize {
    // The length and bytes of the name, the sealed bytes with their tag of 16, and the end mark.
    FRAME_HEADER + 4 + word.name.len() + word.bytes.len() + 16 + 1
}

fn key_place(first: u64, part: u32) -> Place {
    Place::unpack(first).plus(KEY_FRAME * part as usize)
}

/// Each key seals one word, so the nonce need not be random; it binds the word to its place.
fn nonce(index: u64, part: u32) -> XNonce {
    let mut bytes = [0; 24];
    put(&mut bytes, 0, &index.to_le_bytes());
    put(&mut bytes, 8, &part.to_le_bytes());
    XNonce::from(bytes)
}

fn unsealable() -> StoreError {
    StoreError::Unsuitable { file: "words".into(), problem: "a word could not be sealed".into() }
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::<XChaCha20Poly1305>::from(*key))
}

fn unseal(index: u64, part: u32, key: &[u8], body: &[u8]) -> Option<Word> {
    let name_end = 4 + u32::from_le_bytes(take(body, 0)) as usize;
    let name = body.get(4..name_end)?;
    let shut = body.get(name_end..body.len().checked_sub(1)?)?;
    let secret = Zeroizing::new(take::<32>(key, 0));
    let bytes = cipher(&secret).decrypt(&nonce(index, part), Payload { msg: shut, aad: name }).ok()?;
    Some(Word { name: String::from_utf8(name.to_vec()).ok()?, bytes })
}
