//! The amendment track of an agreement in force (domain.md 2.10).

/// Where the one amendment that may be open stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Track {
    /// T0: none is open.
    #[default]
    None,
}

impl Track {
    /// The version that the amendment would bring into force, while it is open.
    pub const fn version(self) -> Option<u32> {
        match self {
            Self::None => None,
        }
    }
}
