//! A witness against logs that lie, clients that err and disks that fail.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod it {
    pub mod asking;
    pub mod attacks;
    pub mod gathering;
    pub mod statuses;
    pub mod world;
}
