//! What happens when the disk is nearly full: the store only reads, until there is space again.
//!
//! A ballast file is given up when a start finds no room to work in, and made again before anything is recorded.

use std::sync::atomic::{AtomicBool, Ordering};

use super::disk::Disk;
use super::run::zero;
use crate::StoreError;

/// The name of the ballast.
const BALLAST: &str = "BALLAST";

/// The ballast and whether it had to go.
#[derive(Debug)]
pub(super) struct Space {
    bytes: u64,
    low: AtomicBool,
}

impl Space {
    /// Ballast of so many bytes; none for 0.
    pub(super) fn new(bytes: u64) -> Self {
        Self { bytes, low: AtomicBool::new(false) }
    }

    pub(super) fn is_low(&self) -> bool {
        self.low.load(Ordering::SeqCst)
    }

    /// Gives up the ballast; says whether there was any.
    pub(super) fn give_up(disk: &Disk) -> bool {
        disk.exists(BALLAST) && disk.remove(BALLAST).is_ok()
    }

    /// Makes the ballast unless it is there. Without room for it the store only reads.
    pub(super) fn provide(&self, disk: &Disk) -> Result<(), StoreError> {
        if self.bytes == 0 || disk.exists(BALLAST) {
            return Ok(());
        }
        let made = make(disk, self.bytes);
        self.low.store(matches!(made, Err(StoreError::Full)), Ordering::SeqCst);
        match made {
            Err(StoreError::Full) | Ok(()) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Refuses while space is low, and looks whether it still is.
    pub(super) fn check(&self, disk: &Disk) -> Result<(), StoreError> {
        if self.is_low() {
            self.provide(disk)?;
        }
        if self.is_low() { Err(StoreError::Full) } else { Ok(()) }
    }
}

fn make(disk: &Disk, bytes: u64) -> Result<(), StoreError> {
    let passing = format!("{BALLAST}.new");
    let filled = disk.create(&passing).and_then(|file| zero(&file, 0, bytes));
    if let Err(problem) = filled {
        let _ = disk.remove(&passing);
        return Err(problem);
    }
    disk.rename(&passing, BALLAST)
}
