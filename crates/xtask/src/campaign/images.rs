//! Power cuts on real file systems: an image is copied while the program that writes to it is stopped.
//!
//! The copy holds what the file system had sent to its disk by then, and nothing of what was only in memory. It is
//! mounted, which plays the journal back as after a power cut, and the store in it is held to what it had answered.
//!
//! INVARIANT: a copy is of one instant. The program stays stopped whoever continues it, and a copy during which anything
//! was written to the image's device is made again: its first part would be older than its last, and a journal that
//! names what the first part does not hold is no disk that ever was.
//! Needs root, loop devices, `mkfs.ext4` and `mkfs.xfs` (Debian packages e2fsprogs and xfsprogs).

use std::fs::{self, File};
use std::os::linux::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use counterpart_store::faulty::Chance;

use super::Verdict;
use crate::client;
use crate::repository::{Repository, answers, succeed};
use crate::strike::{self, Blow, How, Strike};
use crate::teller::{self, Keeper, Left};

/// A file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As Debian makes it.
    Ext4,
    /// As Debian makes it.
    Xfs,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
        }
    }

    /// Bytes of an image. The file is mostly holes; xfs is not made smaller than this.
    fn bytes(self) -> u64 {
        match self {
            Self::Ext4 => 64 << 20,
            Self::Xfs => 300 << 20,
        }
    }

    fn made(self, image: &Path) -> Result<()> {
        File::create(image)?.set_len(self.bytes())?;
        let mut make = Command::new(format!("mkfs.{}", self.word()));
        succeed(make.arg("-q").arg(image).stdout(Stdio::null()))
    }
}

/// What a cut came to.
pub struct Cut {
    /// What became of the store.
    pub left: Left,
    /// Why, if it is not whole.
    pub why: String,
    /// The store was there before, durably.
    pub was_there: bool,
}

/// Whether this machine lets us mount images; looked at once.
pub fn possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(|| {
        let tried = || -> Result<()> {
            let folder = tempfile::tempdir()?;
            for kind in [Kind::Ext4, Kind::Xfs] {
                ensure!(answers(Command::new(format!("mkfs.{}", kind.word())).arg("-V")), "no mkfs.{}", kind.word());
                let image = folder.path().join(kind.word());
                kind.made(&image)?;
                Mounted::at(&image, &folder.path().join("on"))?.end()?;
            }
            Ok(())
        };
        tried().is_ok()
    })
}

/// One cut of our store: a new one or one that was there, its index in memory or on disk.
pub fn power_cut(case: u64, folder: &Path) -> Verdict {
    if !possible() {
        return Ok("not tried: it needs root, loop devices, mkfs.ext4 and mkfs.xfs");
    }
    let library = library()?;
    let strike = Strike::new(&library, &folder.join("page"))?;
    let keeper = if case % 8 < 2 { Keeper::OursOnDisk } else { Keeper::Ours };
    let kind = if case.is_multiple_of(2) { Kind::Ext4 } else { Kind::Xfs };
    let cut = cut(keeper, kind, &strike, case, folder)?;
    ensure!(cut.left == Left::Whole, "{} on {}: {}", cut.left.word(), kind.word(), cut.why);
    Ok(match (kind, cut.was_there) {
        (Kind::Ext4, false) => "ext4, a new store",
        (Kind::Ext4, true) => "ext4, a store that was there",
        (Kind::Xfs, false) => "xfs, a new store",
        (Kind::Xfs, true) => "xfs, a store that was there",
    })
}

/// The library, compiled once.
fn library() -> Result<PathBuf> {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    if let Some(library) = LIBRARY.get() {
        return Ok(library.clone());
    }
    let made = strike::library(&Repository::find()?)?;
    Ok(LIBRARY.get_or_init(|| made).clone())
}

/// Cuts the power at a call that the case chooses.
pub fn cut(keeper: Keeper, kind: Kind, strike: &Strike, case: u64, folder: &Path) -> Result<Cut> {
    let mut chance = Chance(case ^ 0x1_3A6E);
    let (image, copy, on) = (folder.join("image"), folder.join("copy"), folder.join("on"));
    kind.made(&image)?;
    let store = on.join("store");
    let was_there = chance.below(2) == 0;
    let counted = folder.join("counted");
    if was_there {
        teller::told(keeper, case, &counted, None, &mut || Ok(()))?;
        let mounted = Mounted::at(&image, &on)?;
        teller::told(keeper, case, &store, None, &mut || Ok(()))?;
        // Taking it down makes all of it durable.
        mounted.end()?;
    }
    teller::told(keeper, case, &counted, Some((strike, None)), &mut || Ok(()))?;
    let calls = strike.told()?.made;
    ensure!(calls > 0, "the library sees no call");
    let how = How::ALL.get(usize::try_from(chance.below(4))?).copied().unwrap_or(How::Before);
    let blow = Blow { call: 1 + chance.below(calls), how, stops: true };
    let mounted = Mounted::at(&image, &on)?;
    let mut copies =
        || mounted.at_rest(&mut || succeed(Command::new("cp").arg("--sparse=auto").arg(&image).arg(&copy)));
    let mut answered = teller::told(keeper, case, &store, Some((strike, Some(blow))), &mut copies)?;
    mounted.end()?;
    if was_there {
        // The first telling was answered for too.
        let before: u64 =
            super::story::Story::of(case, counterpart_store::embedded::Indexed::InMemory).starts.iter().flatten().sum();
        answered.entries = answered.entries.max(before);
        answered.erasing = before > super::story::ERASED || answered.erasing;
        answered.erased = before > super::story::ERASED || answered.erased;
    }
    let mounted = Mounted::at(&copy, &on)?;
    let (left, why) = teller::left(keeper, case, &store, answered)?;
    mounted.end()?;
    Ok(Cut { left, why, was_there })
}

/// A copy that was not of one instant is made again at most so often.
const COPIES: usize = 50;

/// What a block device has been asked to write, by its figures in `/sys` (Linux, `Documentation/block/stat.rst`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    /// Requests that were completed.
    requests: u64,
    /// Sectors of 512 bytes in them.
    sectors: u64,
    /// Requests that are not completed, reads among them.
    under_way: u64,
}

impl Written {
    fn by(figures: &str) -> Result<Self> {
        let figures: Vec<u64> = figures.split_whitespace().map_while(|figure| figure.parse().ok()).collect();
        let at = |place: usize| figures.get(place).copied().context("the figures of a block device");
        Ok(Self { requests: at(4)?, sectors: at(6)?, under_way: at(8)? })
    }
}

/// An image that is mounted until this is dropped.
struct Mounted(Option<PathBuf>);

impl Mounted {
    fn at(image: &Path, on: &Path) -> Result<Self> {
        fs::create_dir_all(on)?;
        // A copy of an xfs image has the same identity as its original.
        let plain = Command::new("mount").args(["-o", "loop"]).arg(image).arg(on).stderr(Stdio::null()).status();
        plain.context("mount")?.success().then_some(()).context("an image cannot be mounted")?;
        Ok(Self(Some(on.to_owned())))
    }

    /// Copies what lies on the device as it is at one instant: again, if anything was written to it meanwhile. Nothing of
    /// ours writes, but the file system's own threads may.
    fn at_rest(&self, copy: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let on = self.0.as_ref().context("it is mounted")?;
        let device = fs::metadata(on)?.st_dev();
        let figures = format!("/sys/dev/block/{}:{}/stat", (device >> 8) & 0xFFF, device & 0xFF);
        for _ in 0..COPIES {
            let before = Written::by(&fs::read_to_string(&figures)?)?;
            if before.under_way == 0 {
                copy()?;
                if Written::by(&fs::read_to_string(&figures)?)? == before {
                    return Ok(());
                }
            }
            client::wait(Duration::from_millis(20))?;
        }
        bail!("the device of an image was written to during each of {COPIES} copies")
    }

    fn end(mut self) -> Result<()> {
        let on = self.0.take().context("it is mounted")?;
        succeed(Command::new("umount").arg(on))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if let Some(on) = &self.0 {
            let _ = Command::new("umount").arg(on).stderr(Stdio::null()).status();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_copy_during_which_the_image_is_written_to_is_made_again() {
        if !possible() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let (image, on) = (folder.path().join("image"), folder.path().join("on"));
        Kind::Ext4.made(&image).unwrap();
        let mounted = Mounted::at(&image, &on).unwrap();
        let mut copies = 0;
        let mut copy = || {
            copies += 1;
            if copies < 3 {
                let file = File::create(on.join("late"))?;
                file.set_len(copies)?;
                file.sync_all()?;
            }
            Ok(())
        };
        mounted.at_rest(&mut copy).unwrap();
        assert_eq!(copies, 3, "the first two were written into");
        mounted.end().unwrap();
    }
}
