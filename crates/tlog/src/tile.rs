//! Tiles: the log cut into files that never change (C2SP tlog-tiles).
//!
//! ```text
//! tile/<level>/<n>[.p/<width>]      width × 32 bytes: hashes of one level, 256 to a tile
//! tile/entries/<n>[.p/<width>]      width × (u16 length, big endian ‖ entry)
//! ```
//!
//! `<n>` is written in groups of three digits, all but the last with an `x` before them:
//! 1234067 is `x001/x234/067`. Each path has one spelling; every other one is refused.

use std::fmt;

use crate::text;

mod bundle;

pub use bundle::{BundleError, ENTRY_LEN_MAX, decode_bundle, encode_bundle};

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree that one level of tiles spans: 2^8 = 256.
pub const TILE_HEIGHT: u32 = 8;

/// The highest tile level a path may name.
const LEVEL_MAX: u8 = 63;

/// The highest tile number: above it an index would not fit 64 bits.
const N_MAX: u64 = u64::MAX >> TILE_HEIGHT;

/// The place of a tile, as its path names it.
///
/// A width of 256 is a full tile; 1 to 255 a partial one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TilePath {
    /// Hashes of one level of the tree.
    Hash {
        /// Tile level, 0 to 63: its hashes cover 256^`level` entries each.
        level: u8,
        /// Number of the tile in its level, from 0.
        n: u64,
        /// How many hashes it holds, 1 to 256.
        width: u16,
    },
    /// Entries, also called a bundle.
    Entries {
        /// Number of the bundle, from 0.
        n: u64,
        /// How many entries it holds, 1 to 256.
        width: u16,
    },
}

/// A text is not the path of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the path of a tile; one looks like `tile/0/x001/234` or `tile/entries/000.p/5`")]
pub struct TilePathError;

impl TilePath {
    /// Reads a path without leading slash, such as `tile/0/x001/000.p/3`.
    ///
    /// # Errors
    ///
    /// The path is not spelt exactly as this type prints it.
    pub fn parse(path: &str) -> Result<Self, TilePathError> {
        Self::read(path).ok_or(TilePathError)
    }

    /// How many hashes or entries the tile holds.
    pub const fn width(&self) -> u16 {
        match self {
            Self::Hash { width, .. } | Self::Entries { width, .. } => *width,
        }
    }

    /// Whether the tile is full: it never changes again and replaces its partial ones.
    pub const fn is_full(&self) -> bool {
        self.width() == TILE_WIDTH
    }

    /// The full tile that this one is, or will become.
    #[must_use]
    pub const fn full(self) -> Self {
        let width = TILE_WIDTH;
        match self {
            Self::Hash { level, n, .. } => Self::Hash { level, n, width },
            Self::Entries { n, .. } => Self::Entries { n, width },
        }
    }

    /// How many entries a log must have for this tile to be served; `None` if no log can
    /// have so many.
    pub fn size_needed(&self) -> Option<u64> {
        let (level, n, width) = match *self {
            Self::Hash { level, n, width } => (u32::from(level), n, width),
            Self::Entries { n, width } => (0, n, width),
        };
        let nodes = n.checked_mul(u64::from(TILE_WIDTH))?.checked_add(u64::from(width))?;
        256_u64.checked_pow(level)?.checked_mul(nodes)
    }

    fn read(path: &str) -> Option<Self> {
        let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let (n, width) = match place.split_once(".p/") {
            None => (place, TILE_WIDTH),
            Some((n, width)) => {
                let width = u16::try_from(text::decimal(width)?).ok()?;
                (n, (1..TILE_WIDTH).contains(&width).then_some(width)?)
            }
        };
        let n = read_number(n)?;
        if kind == "entries" {
            return Some(Self::Entries { n, width });
        }
        let level = u8::try_from(text::decimal(kind)?).ok()?;
        (level <= LEVEL_MAX).then_some(Self::Hash { level, n, width })
    }
}

/// Reads `x001/x234/067` as 1234067.
fn read_number(groups: &str) -> Option<u64> {
    let mut n = 0_u64;
    let mut rest = Some(groups);
    while let Some(groups) = rest {
        let (group, after) = groups.split_once('/').map_or((groups, None), |(group, after)| (group, Some(after)));
        let digits = if after.is_some() { group.strip_prefix('x')? } else { group };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        // A leading group of zeros would be a second spelling.
        if n == 0 && after.is_some() && digits == "000" {
            return None;
        }
        n = n.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        rest = after;
    }
    (n <= N_MAX).then_some(n)
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (n, width) = match *self {
            Self::Hash { level, n, width } => {
                write!(f, "tile/{level}/")?;
                (n, width)
            }
            Self::Entries { n, width } => {
                f.write_str("tile/entries/")?;
                (n, width)
            }
        };
        let mut unit = 1_u64;
        while n / unit >= 1000 {
            unit *= 1000;
        }
        while unit > 1 {
            write!(f, "x{:03}/", n / unit % 1000)?;
            unit /= 1000;
        }
        write!(f, "{:03}", n % 1000)?;
        if width == TILE_WIDTH { Ok(()) } else { write!(f, ".p/{width}") }
    }
}

impl std::str::FromStr for TilePath {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Self, TilePathError> {
        Self::parse(path)
    }
}

/// The hash tiles of a log of `size` entries, level by level, the partial one of each level
/// last.
pub fn hash_tiles(size: u64) -> impl Iterator<Item = TilePath> {
    new_hash_tiles(0, size)
}

/// The hash tiles that a log gets or widens when it grows from `old` to `new` entries.
pub fn new_hash_tiles(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
    (0..u64::BITS / TILE_HEIGHT).zip(0_u8..).flat_map(move |(shift, level)| {
        let shift = shift * TILE_HEIGHT;
        places(old >> shift, new >> shift).map(move |(n, width)| TilePath::Hash { level, n, width })
    })
}

/// The bundles of a log of `size` entries, in order.
pub fn entry_tiles(size: u64) -> impl Iterator<Item = TilePath> {
    new_entry_tiles(0, size)
}

/// The bundles that a log gets or widens when it grows from `old` to `new` entries.
pub fn new_entry_tiles(old: u64, new: u64) -> impl Iterator<Item = TilePath> {
    places(old, new).map(|(n, width)| TilePath::Entries { n, width })
}

/// Number and width of the tiles that hold the nodes `old..new` of a level of `new` nodes.
fn places(old: u64, new: u64) -> impl Iterator<Item = (u64, u16)> {
    let width = u64::from(TILE_WIDTH);
    let first = if old < new { old / width } else { new.div_ceil(width) };
    (first..new.div_ceil(width)).map(move |n| {
        let held = (new - n * width).min(width);
        (n, u16::try_from(held).unwrap_or(TILE_WIDTH))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn path_that_is_not_canonical_is_refused() {
        for wrong in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/7",
            "tile/0/07",
            "tile/0/0000",
            "tile/0/x000/067",
            "tile/0/x001/x000",
            "tile/0/x001",
            "tile/0/001/067",
            "tile/0/x001//067",
            "tile/0/x001/067/",
            "/tile/0/000",
            "tile//0/000",
            "tile/00/000",
            "tile/64/000",
            "tile/+1/000",
            "tile/-1/000",
            "tile/8/000 ",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/07",
            "tile/0/000.p/256",
            "tile/0/000.p/1.p/1",
            "tile/0/000.p/1/",
            "tile/0/00\u{0661}",
            "tile/0/../checkpoint",
            "tile/entries/x000/000",
            "tile/Entries/000",
            "tile/entries/0/000",
            "tile/0/x999/x999/x999/x999/x999/x999/999",
            "tile/0/x072/x057/x594/x037/x927/936",
        ] {
            assert_eq!(TilePath::parse(wrong), Err(TilePathError), "{wrong:?}");
        }
    }

    #[test]
    fn largest_number_and_level_have_a_path() {
        let path = "tile/63/x072/x057/x594/x037/x927/935.p/255";
        let tile = TilePath::parse(path).unwrap();
        assert_eq!(tile.to_string(), path);
        assert_eq!(tile.size_needed(), None);
    }

    #[test]
    fn tile_knows_how_many_entries_it_needs() {
        let needed = |path| TilePath::parse(path).unwrap().size_needed();
        assert_eq!(needed("tile/0/000.p/1"), Some(1));
        assert_eq!(needed("tile/entries/001"), Some(512));
        assert_eq!(needed("tile/1/001.p/17"), Some(256 * (256 + 17)));
        assert_eq!(needed("tile/2/000.p/1"), Some(65_536));
    }

    #[test]
    fn growing_renews_only_the_right_edge() {
        let paths = |old, new| {
            new_hash_tiles(old, new).chain(new_entry_tiles(old, new)).map(|tile| tile.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(paths(5, 5), [""; 0]);
        assert_eq!(paths(5, 7), ["tile/0/000.p/7", "tile/entries/000.p/7"]);
        assert_eq!(
            paths(250, 258),
            ["tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/2",]
        );
        assert_eq!(paths(256, 257), ["tile/0/001.p/1", "tile/entries/001.p/1"]);
    }

    #[test]
    fn partial_tile_names_the_full_one_it_becomes() {
        let partial = TilePath::parse("tile/entries/273.p/112").unwrap();
        assert!(!partial.is_full());
        assert_eq!(partial.width(), 112);
        assert_eq!(partial.full().to_string(), "tile/entries/273");
        assert!(partial.full().is_full());
    }
}
