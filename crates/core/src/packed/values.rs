//! Numbers, texts, lists, and the names of the field.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Packed, Packing, Unpacking};
use crate::header::{Country, Period, Pointer};
use crate::ids::{Code, EventId, OrganisationCode};
use crate::time::{Date, Timestamp};
use crate::wire::Digest;

impl Packed for bool {
    fn pack(&self, to: &mut Packing<'_>) {
        to.byte(u8::from(*self));
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Packed for u8 {
    fn pack(&self, to: &mut Packing<'_>) {
        to.byte(*self);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        from.byte()
    }
}

macro_rules! numbers {
    ($($number:ident)*) => {
        $(
            impl Packed for $number {
                fn pack(&self, to: &mut Packing<'_>) {
                    to.number(u64::from(*self));
                }

                fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
                    Self::try_from(from.number()?).ok()
                }
            }
        )*
    };
}
numbers!(u16 u32 u64);

impl<T: Packed> Packed for Option<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        to.byte(u8::from(self.is_some()));
        if let Some(value) = self {
            value.pack(to);
        }
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        match from.byte()? {
            0 => Some(None),
            1 => T::unpack(from).map(Some),
            _ => None,
        }
    }
}

impl<A: Packed, B: Packed> Packed for (A, B) {
    fn pack(&self, to: &mut Packing<'_>) {
        self.0.pack(to);
        self.1.pack(to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Some((A::unpack(from)?, B::unpack(from)?))
    }
}

impl<T: Packed> Packed for Box<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        T::pack(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

impl<T: Packed> Packed for Arc<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        T::pack(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        T::unpack(from).map(Self::new)
    }
}

/// Adds the items of a list, with their number.
pub(crate) fn pack_list<T: Packed>(list: &[T], to: &mut Packing<'_>) {
    to.number(list.len() as u64);
    for item in list {
        item.pack(to);
    }
}

impl<T: Packed> Packed for Vec<T> {
    fn pack(&self, to: &mut Packing<'_>) {
        pack_list(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let count = from.count()?;
        let mut list = Self::with_capacity(count);
        for _ in 0..count {
            list.push(T::unpack(from)?);
        }
        Some(list)
    }
}

impl<T: Packed> Packed for Box<[T]> {
    fn pack(&self, to: &mut Packing<'_>) {
        pack_list(self, to);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Vec::unpack(from).map(Vec::into_boxed_slice)
    }
}

/// As their texts.
macro_rules! texts {
    ($($name:ident)*) => {
        $(
            impl Packed for $name {
                fn pack(&self, to: &mut Packing<'_>) {
                    to.text(self.as_str());
                }

                fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
                    from.text()?.parse().ok()
                }
            }
        )*
    };
}
texts!(Code Period Country Pointer);

impl Packed for Digest {
    fn pack(&self, to: &mut Packing<'_>) {
        to.raw(&self.0);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        from.raw().map(Self)
    }
}

impl Packed for EventId {
    fn pack(&self, to: &mut Packing<'_>) {
        let place = to.events.place(*self);
        to.byte(place.unwrap_or(0));
        if place.is_none() {
            to.raw(self.as_bytes());
        }
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let place = from.byte()?;
        if place > 0 {
            return from.events.get(place);
        }
        let id = Self::unpacked(from.raw()?)?;
        from.events.take_in(id);
        Some(id)
    }
}

impl Packed for OrganisationCode {
    fn pack(&self, to: &mut Packing<'_>) {
        let place = to.bodies.place(*self);
        to.byte(place.unwrap_or(0));
        if place.is_none() {
            to.text(self.as_str());
        }
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let place = from.byte()?;
        if place > 0 {
            return from.bodies.get(place);
        }
        let code = from.text()?.parse().ok()?;
        from.bodies.take_in(code);
        Some(code)
    }
}

impl Packed for Timestamp {
    fn pack(&self, to: &mut Packing<'_>) {
        let millis = self.number();
        // Both lie between 1970 and 9999, so the difference fits.
        to.signed(millis - to.instant);
        to.instant = millis;
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let millis = from.instant.checked_add(from.signed()?)?;
        from.instant = millis;
        Self::from_millis(millis)
    }
}

impl Packed for Date {
    fn pack(&self, to: &mut Packing<'_>) {
        let day = self.number();
        to.signed(day - to.day);
        to.day = day;
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let day = from.day.checked_add(from.signed()?)?;
        from.day = day;
        Self::from_number(day)
    }
}

/// Adds the place of a list of versions.
pub(crate) fn pack_versions(list: &Arc<BTreeMap<Code, u32>>, to: &mut Packing<'_>) {
    let place = to.lists.place(list);
    place.pack(to);
}

/// The list of versions at the place that stands next.
pub(crate) fn unpack_versions(from: &mut Unpacking<'_>) -> Option<Arc<BTreeMap<Code, u32>>> {
    let place = u32::unpack(from)?;
    from.lists.get(place)
}
