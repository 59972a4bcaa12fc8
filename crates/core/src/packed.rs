//! Values packed into bytes, to be held in memory and in snapshots by the very program that packed them.
//!
//! In scope: a form that takes little room and reads fast. Numbers are as long as they need to be, instants and days
//! stand as differences from the one before, ids and codes of bodies that came a moment ago as their places, and
//! lists of versions that many headers name as places in [`Lists`].
//! Out of scope: reading what another version of the program packed, and telling chance damage from what was packed;
//! whoever keeps the bytes has a checksum.

mod values;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::ids::{Code, EventId, OrganisationCode};

pub(crate) use values::{pack_list, pack_versions, unpack_versions};

/// How many ids, and how many codes of bodies, are remembered.
const SEEN: usize = 32;

/// What can be packed.
pub(crate) trait Packed: Sized {
    /// Adds its bytes.
    fn pack(&self, to: &mut Packing<'_>);

    /// Takes it from the front of the bytes; none if they are not those of one.
    fn unpack(from: &mut Unpacking<'_>) -> Option<Self>;
}

/// Versions of code lists or of policies, each held once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    all: Vec<Arc<BTreeMap<Code, u32>>>,
    places: HashMap<Arc<BTreeMap<Code, u32>>, u32>,
}

impl Lists {
    /// The place of a list, which is taken in if it is not there.
    fn place(&mut self, list: &Arc<BTreeMap<Code, u32>>) -> u32 {
        // Most headers name one of the newest.
        let newest = self.all.iter().enumerate().rev().take(4).find(|(_, held)| Arc::ptr_eq(held, list));
        if let Some(place) = newest.and_then(|(place, _)| u32::try_from(place).ok()) {
            return place;
        }
        if let Some(place) = self.places.get(list) {
            return *place;
        }
        let place = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.places.insert(Arc::clone(list), place);
        self.all.push(Arc::clone(list));
        place
    }

    fn get(&self, place: u32) -> Option<Arc<BTreeMap<Code, u32>>> {
        self.all.get(usize::try_from(place).ok()?).map(Arc::clone)
    }

    /// Each, in the order of their places.
    pub(crate) fn all(&self) -> &[Arc<BTreeMap<Code, u32>>] {
        &self.all
    }

    /// Those that [`Lists::all`] gave.
    pub(crate) fn of(all: Vec<Arc<BTreeMap<Code, u32>>>) -> Self {
        let places = all.iter().map(Arc::clone).zip(0..).collect();
        Self { all, places }
    }
}

/// The newest values of a kind: one that comes again is told by its place.
struct Seen<T> {
    newest: [Option<T>; SEEN],
    next: usize,
    /// How many places are taken: the first ones.
    taken: usize,
}

impl<T: Copy + PartialEq> Seen<T> {
    const fn new() -> Self {
        Self { newest: [None; SEEN], next: 0, taken: 0 }
    }

    /// The place of a value, from 1; otherwise it is taken in.
    fn place(&mut self, value: T) -> Option<u8> {
        let found = self.newest.iter().take(self.taken).position(|seen| *seen == Some(value));
        if found.is_none() {
            self.take_in(value);
        }
        found.and_then(|place| u8::try_from(place + 1).ok())
    }

    fn take_in(&mut self, value: T) {
        if let Some(oldest) = self.newest.get_mut(self.next) {
            *oldest = Some(value);
        }
        self.next = (self.next + 1) % SEEN;
        self.taken = (self.taken + 1).min(SEEN);
    }

    fn get(&self, place: u8) -> Option<T> {
        self.newest.get(usize::from(place).checked_sub(1)?).copied().flatten()
    }
}

/// Bytes to which values are added.
pub(crate) struct Packing<'s> {
    bytes: &'s mut Vec<u8>,
    lists: &'s mut Lists,
    /// Milliseconds of the instant before.
    instant: i64,
    /// The day before.
    day: i64,
    events: Seen<EventId>,
    bodies: Seen<OrganisationCode>,
}

impl<'s> Packing<'s> {
    /// Adds to these bytes.
    pub(crate) const fn new(bytes: &'s mut Vec<u8>, lists: &'s mut Lists) -> Self {
        Self { bytes, lists, instant: 0, day: 0, events: Seen::new(), bodies: Seen::new() }
    }

    /// One byte.
    pub(crate) fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes as they are; how many there are is known to whoever reads.
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A number, seven bits a byte, the low ones first.
    pub(crate) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.bytes.push(number.to_le_bytes()[0]);
    }

    /// A number that may be negative: its sign is its lowest bit.
    pub(crate) fn signed(&mut self, number: i64) {
        self.number((number.cast_unsigned() << 1) ^ (number >> 63).cast_unsigned());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.raw(text.as_bytes());
    }
}

/// Bytes from which values are taken.
pub(crate) struct Unpacking<'b> {
    rest: &'b [u8],
    lists: &'b Lists,
    instant: i64,
    day: i64,
    events: Seen<EventId>,
    bodies: Seen<OrganisationCode>,
}

impl<'b> Unpacking<'b> {
    /// Takes from these bytes.
    pub(crate) const fn new(bytes: &'b [u8], lists: &'b Lists) -> Self {
        Self { rest: bytes, lists, instant: 0, day: 0, events: Seen::new(), bodies: Seen::new() }
    }

    /// Whether nothing is left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// One byte.
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    /// So many bytes as they are.
    pub(crate) fn raw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*bytes)
    }

    /// A number.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    /// A number that may be negative.
    pub(crate) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    fn text(&mut self) -> Option<&'b str> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        std::str::from_utf8(text).ok()
    }

    /// How many items follow: each has a byte at least, so there are no more than bytes are left.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }
}

/// Structs as their members, in this order.
macro_rules! packed_structs {
    ($($name:ident { $($member:ident)* })*) => {
        $(
            impl $crate::packed::Packed for $name {
                fn pack(&self, to: &mut $crate::packed::Packing<'_>) {
                    let Self { $($member),* } = self;
                    $($crate::packed::Packed::pack($member, to);)*
                }

                fn unpack(from: &mut $crate::packed::Unpacking<'_>) -> Option<Self> {
                    $(let $member = $crate::packed::Packed::unpack(from)?;)*
                    Some(Self { $($member),* })
                }
            }
        )*
    };
}
pub(crate) use packed_structs;

/// Enums as the number of the variant and its members.
macro_rules! packed_enums {
    ($($name:ident { $($number:literal $variant:ident { $($member:tt $as:ident)* })* })*) => {
        $(
            impl $crate::packed::Packed for $name {
                fn pack(&self, to: &mut $crate::packed::Packing<'_>) {
                    match self {
                        $(Self::$variant { $($member: $as),* } => {
                            to.byte($number);
                            $($crate::packed::Packed::pack($as, to);)*
                        })*
                    }
                }

                fn unpack(from: &mut $crate::packed::Unpacking<'_>) -> Option<Self> {
                    match from.byte()? {
                        $($number => Some(Self::$variant { $($member: $crate::packed::Packed::unpack(from)?),* }),)*
                        _ => None,
                    }
                }
            }
        )*
    };
}
pub(crate) use packed_enums;
