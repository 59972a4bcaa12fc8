//! The tree of a log, grown leaf by leaf and compared with the tiles that the log serves.

use anyhow::Result;
use counterpart_tlog::tile::TILE_WIDTH;
use counterpart_tlog::{Frontier, Hash};

use super::source::Source;

/// The first place where the tiles and the entries of a log disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The entry whose leaf is another, or the first one below the hash that is.
    pub index: u64,
    /// What is wrong, in plain words.
    pub problem: String,
}

/// The right edge of a tree: its frontier, and the hashes of the tiles that are not full, from level 0 up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    pub frontier: Frontier,
    pub open: Vec<Vec<Hash>>,
}

/// A tree that grows and remembers its right edge alone.
pub struct GrowingTree<'a> {
    source: &'a Source,
    frontier: Frontier,
    // INVARIANT: `open[level]` holds the hashes of the tile of that level which is not full yet.
    open: Vec<Vec<Hash>>,
    difference: Option<Difference>,
    compared: bool,
}

impl<'a> GrowingTree<'a> {
    /// A tree without leaves, compared with the tiles of `source` if it has any.
    pub fn new(source: &'a Source) -> Self {
        Self { source, frontier: Frontier::new(), open: Vec::new(), difference: None, compared: source.has_tiles() }
    }

    /// A tree that goes on from its right edge: what [`GrowingTree::edge`] gave.
    pub fn from_edge(source: &'a Source, edge: Edge) -> Self {
        Self { frontier: edge.frontier, open: edge.open, ..Self::new(source) }
    }

    /// What it takes to go on from here.
    pub fn edge(&self) -> Edge {
        Edge { frontier: self.frontier.clone(), open: self.open.clone() }
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Where tiles and entries disagree first.
    pub const fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Appends a leaf.
    ///
    /// # Errors
    ///
    /// A tile cannot be read.
    pub fn push(&mut self, leaf: Hash) -> Result<()> {
        self.frontier.push(leaf);
        let mut hash = leaf;
        for level in 0.. {
            if self.open.len() == level {
                self.open.push(Vec::with_capacity(TILE_WIDTH.into()));
            }
            let Some(tile) = self.open.get_mut(level) else { break };
            tile.push(hash);
            if tile.len() < usize::from(TILE_WIDTH) {
                break;
            }
            let full = std::mem::take(tile);
            self.compare(level, &full)?;
            // A node pairs hashes as a root does, whatever level they are of.
            let mut above = Frontier::new();
            above.extend(full);
            hash = above.root();
        }
        Ok(())
    }

    /// Compares what is left: the partial tiles of the right edge.
    ///
    /// # Errors
    ///
    /// A tile cannot be read.
    pub fn finish(&mut self) -> Result<()> {
        for (level, tile) in std::mem::take(&mut self.open).into_iter().enumerate() {
            if !tile.is_empty() {
                self.compare(level, &tile)?;
            }
        }
        Ok(())
    }

    /// Compares a tile with the one that is served. The place follows from how many leaves there are.
    fn compare(&mut self, level: usize, hashes: &[Hash]) -> Result<()> {
        let (Ok(level), Ok(width)) = (u8::try_from(level), u16::try_from(hashes.len())) else {
            return Ok(());
        };
        if !self.compared || self.difference.is_some() {
            return Ok(());
        }
        let below = 256_u64.pow(u32::from(level));
        let n = (self.size() / below - u64::from(width)) / u64::from(TILE_WIDTH);
        let first = n * u64::from(TILE_WIDTH) * below;
        let Some(served) = self.source.tile(level, n, width)? else {
            let problem = format!("tile {n} of level {level} is not there");
            self.difference = Some(Difference { index: first, problem });
            return Ok(());
        };
        let mut places = served.chunks_exact(Hash::LEN);
        for (at, hash) in (0_u64..).zip(hashes) {
            if places.next() != Some(hash.as_bytes()) {
                let index = first + at * below;
                let problem = if level == 0 {
                    format!("entry {index} does not have the leaf hash that its tile gives")
                } else {
                    format!("tile {n} of level {level} does not follow from the tiles below it")
                };
                self.difference = Some(Difference { index, problem });
                break;
            }
        }
        Ok(())
    }
}
