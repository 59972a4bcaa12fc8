//! The parallel path against the plain one: whatever is done to a log, both stop at the same entry for the same reason.

use super::*;

/// The order of the group, little-endian: S and S plus this are the same scalar, and only one of them is canonical.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Points of small order, as R of a signature.
const SMALL: [u8; 3] = [0, 1, 0x80];

/// A generator of its own: the same cases every time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }
}

/// One entry after another, each signature in its place: how far it goes, and why no further.
fn plainly(entries: &[Vec<u8>]) -> (u64, Option<String>) {
    let mut replay = Replay::new();
    for entry in entries {
        if let Err(stopped) = replay.next_bytes(entry) {
            return (stopped.index, Some(stopped.stop.to_string()));
        }
    }
    (replay.state.size, None)
}

fn in_parallel(entries: &[Vec<u8>]) -> (u64, Option<String>) {
    let published = Published::new(entries);
    let findings = whole_of(&published);
    match findings.stopped {
        Some(stopped) => (stopped.index, Some(stopped.stop.to_string())),
        None => (findings.replay.state.size, None),
    }
}

fn whole_of(published: &Published) -> Findings {
    let source = Source::open(published.folder.path().to_str().unwrap(), None).unwrap();
    let size = published.tree.size();
    found(&source, &Scope { size, decide: size, older: None })
}

/// The entry with another signature in one of its places.
fn resigned(entry: &[u8], place: usize, change: impl FnOnce(&mut [u8; 64])) -> Vec<u8> {
    let mut entry = Entry::parse(entry).unwrap();
    let signatures = &mut entry.envelope.signatures;
    let place = place % signatures.len();
    change(&mut signatures[place].sig);
    entry.encode()
}

/// S plus the order of the group.
fn plus_l(sig: &mut [u8; 64]) {
    let mut carry = 0_u16;
    for (byte, l) in sig[32..].iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
}

#[test]
fn both_paths_stop_at_the_same_entry_for_the_same_reason_whatever_is_done_to_a_log() {
    let honest = Log::with_camden(36).entries;
    let mut chance = Chance(0x2545_f491_4f6c_dd1d);
    let (mut stopped, mut passed) = (0, 0);
    for case in 0..200 {
        let mut entries = honest.clone();
        for _ in 0..=chance.below(2) {
            let at = chance.below(entries.len());
            let other = chance.below(entries.len());
            let place = chance.below(4);
            match chance.below(9) {
                0 => {
                    let (byte, bit) = (chance.below(64), chance.below(8));
                    entries[at] = resigned(&entries[at], place, |sig| sig[byte] ^= 1 << bit);
                }
                1 => entries[at] = resigned(&entries[at], place, plus_l),
                2 => {
                    let small = SMALL[chance.below(3)];
                    entries[at] = resigned(&entries[at], place, |sig| {
                        sig[..32].fill(0);
                        sig[0] = small & 0x7f;
                        sig[31] = small & 0x80;
                    });
                }
                3 => {
                    let taken = Entry::parse(&entries[other]).unwrap().envelope.signatures[0].sig;
                    entries[at] = resigned(&entries[at], place, |sig| *sig = taken);
                }
                4 => entries.swap(at, other),
                5 => drop(entries.remove(at)),
                6 => {
                    let again = entries[other].clone();
                    entries.insert(at, again);
                }
                7 => {
                    let byte = chance.below(entries[at].len());
                    entries[at][byte] ^= 1;
                }
                _ => {}
            }
        }
        let plain = plainly(&entries);
        assert_eq!(in_parallel(&entries), plain, "case {case}");
        if plain.1.is_some() { stopped += 1 } else { passed += 1 }
    }
    assert!(stopped > 100 && passed > 5, "{stopped} stopped and {passed} passed: the cases are of both kinds");
}
