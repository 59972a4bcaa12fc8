//! The embedded store against the bare file: appends, a lone append, growth, disk, starts.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, ensure};
use counterpart_store::embedded::{Embedded, Options, Verify};
use counterpart_store::{LockStore, NewEntry, Scrub, Store, Stretch, Swap, Word};

use super::{Figures, limits, median, percentile};
use crate::clock::{Watch, rate, timed};
use crate::repository::Repository;

/// Bytes of an entry: an ordinary event.
const ENTRY: usize = 1_024;

/// Entries of the growing store, and in how many steps its rate is looked at.
const GROWN: u64 = 1_000_000;

/// Entries in one group while it grows.
const GROUP: usize = 512;

/// Measurements of which the median counts.
const TIMES: usize = 5;

/// Measures the store alone: no signature is checked and no rule decided.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    groups(folder.path(), figures)?;
    lone(folder.path(), figures)?;
    grown(folder.path(), figures)
}

/// What the benchmark opens stores with.
fn options() -> Options {
    let entropy = Arc::new(|bytes: &mut [u8]| bytes.fill(7));
    Options::new(entropy, Arc::new(|bytes: &[u8]| keys(bytes)))
}

/// Two keys, as events have: their stream and their id. A thousand agreements are busy at once, for 20 events each.
fn keys(bytes: &[u8]) -> Vec<Vec<u8>> {
    let number = bytes.first_chunk::<8>().map_or(0, |eight| u64::from_le_bytes(*eight));
    let agreement = number / 20_000 * 1_000 + number % 1_000;
    vec![format!("agr:01890000-0000-7000-8000-{agreement:012x}").into_bytes(), number.to_be_bytes().repeat(2)]
}

fn entry(number: u64, words: usize) -> NewEntry {
    let mut bytes = vec![b'e'; ENTRY];
    for (place, byte) in bytes.iter_mut().zip(number.to_le_bytes()) {
        *place = byte;
    }
    let word = |part| Word { name: format!("/words/{part}"), bytes: vec![b'w'; 600] };
    NewEntry { keys: keys(&bytes), bytes: bytes.into(), words: (0..words).map(word).collect() }
}

fn group(from: u64, count: usize, words: usize) -> Vec<NewEntry> {
    (from..).take(count).map(|number| entry(number, words)).collect()
}

/// Appends of groups, each acknowledged, beside the bare file.
fn groups(folder: &Path, figures: &mut Figures) -> Result<()> {
    for size in [1, 64, 512] {
        let store = Embedded::open(&folder.join(format!("groups-{size}")), &options())?;
        let rounds = (20_000 / size).clamp(40, 400);
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            bare.push(limits::bare_file(folder, size)?);
            let made: Vec<Vec<NewEntry>> =
                (0..rounds).map(|round| group(store.size() + (round * size) as u64, size, 0)).collect();
            let (done, took) = timed(|| made.iter().try_for_each(|group| store.append(store.size(), group)));
            done?;
            ours.push(rate(rounds * size, took));
        }
        let name = format!("append and acknowledge, groups of {size}");
        figures.rate(&name, median(ours), "the bare file", median(bare));
    }
    Ok(())
}

/// One entry at a time under a checkpoint each, with and without words, in turns with bare syncs.
fn lone(folder: &Path, figures: &mut Figures) -> Result<()> {
    let store = Embedded::open(&folder.join("lone"), &options())?;
    let locks = store.locks();
    let mut seen: Option<Vec<u8>> = None;
    for (words, about) in [(0, "no words"), (3, "three words")] {
        let (mut bare, mut appends, mut both) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..400 {
            if round % 50 == 0 {
                bare.push(limits::sync_micros(folder)?);
            }
            let one = group(store.size(), 1, words);
            let watch = Watch::start();
            store.append(store.size(), &one)?;
            appends.push(watch.read().as_secs_f64() * 1e6);
            store.read_back(store.size() - 1..store.size(), &mut |_, _| {})?;
            let note = format!("bench.counterpart.example/log\n{}\n{}\n", store.size(), "r".repeat(200)).into_bytes();
            ensure!(locks.swap(seen.as_deref(), store.size(), &note)? == Swap::Done, "nobody else signs here");
            both.push(watch.read().as_secs_f64() * 1e6);
            seen = Some(note);
        }
        let bare = median(bare);
        figures.time(&format!("a lone append, {about}, p50"), percentile(&mut appends, 50), "a bare fdatasync", bare);
        let name = format!("with read-back and checkpoint, {about}, p50");
        figures.time(&name, percentile(&mut both, 50), "a bare fdatasync", bare);
    }
    Ok(())
}

/// A million entries: does an append cost more, how much disk, how long do starts take?
fn grown(folder: &Path, figures: &mut Figures) -> Result<()> {
    let place = folder.join("grown");
    let store = Embedded::open(&place, &options())?;
    let before = resident_bytes();
    let (mut first, mut last) = (0.0, 0.0);
    let mut marks = vec![GROWN, GROWN / 2, 100_000, 10_000, 1_000];
    while let Some(mark) = marks.pop() {
        // The rate just before the mark, as a ratio to the bare file at that moment.
        let near = mark.saturating_sub(20_480);
        while store.size() < near {
            store.append(store.size(), &group(store.size(), GROUP, 0))?;
        }
        let bare = limits::bare_file(folder, GROUP)?;
        let mut took = std::time::Duration::ZERO;
        let from = store.size();
        while store.size() < mark {
            let made = group(store.size(), GROUP, 0);
            let (done, time) = timed(|| store.append(store.size(), &made));
            done?;
            took += time;
        }
        let each_second = rate(usize::try_from(store.size() - from)?, took);
        figures.rate(&format!("append at {mark} entries"), each_second, "the bare file", bare);
        if first == 0.0 {
            first = each_second / bare;
        }
        last = each_second / bare;
    }
    figures.plain("ratio at the end to ratio at the beginning", last / first, "");
    let size = store.size();
    let note = b"a checkpoint".to_vec();
    ensure!(store.locks().swap(None, size, &note)? == Swap::Done, "nobody else signs here");
    figures.plain("memory gained while growing", (resident_bytes() - before) / 1e6, "MB");
    let (done, took) = timed(|| drop(store));
    figures.plain("clean stop", took.as_secs_f64(), "s");
    let () = done;
    #[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark are far below 2^52")]
    let written = (size * ENTRY as u64) as f64;
    figures.plain("record, bytes a byte", bytes_below(&place.join("records"))? / written, "");
    figures.plain("index, bytes a byte", bytes_below(&place.join("sled"))? / written, "");
    let mut start = |name: &str, options: &Options| -> Result<Embedded> {
        let (opened, took) = timed(|| Embedded::open(&place, options));
        figures.plain(name, took.as_secs_f64(), "s");
        Ok(opened?)
    };
    drop(start("start after a clean stop", &options())?);
    std::fs::remove_file(place.join("MARK"))?;
    drop(start("start after an unclean stop", &options())?);
    drop(start("start with everything verified", &Options { verify: Verify::Full, ..options() })?);
    std::fs::remove_dir_all(place.join("sled"))?;
    let store = start("start without an index", &options())?;
    let (made, took) = timed(|| store.rebuilt());
    ensure!(made.is_some(), "an index that was taken away is made again");
    figures.plain("the index made again behind it", took.as_secs_f64(), "s");
    let (read, took) = timed(|| store.read_back(0..size, &mut |_, _| {}));
    read?;
    figures.plain("reading every entry", took.as_secs_f64(), "s");
    let (scrubbed, took) = timed(|| store.scrub(Stretch::Entries(0), u64::MAX));
    let scrubbed = scrubbed?;
    ensure!((scrubbed.entries, scrubbed.damage.len()) == (size, 0), "everything was read and is well");
    figures.plain("a scrub of every entry, as fast as possible", took.as_secs_f64(), "s");
    let (found, took) = timed(|| {
        (0..1_000).try_for_each(|number| {
            let wanted = number * (size / 1_000);
            let key = keys(&entry(wanted, 0).bytes).pop().unwrap_or_default();
            ensure!(store.find(&key, 0, 2)? == [wanted], "an entry is found by its id");
            Ok(())
        })
    });
    found?;
    figures.plain("finding an entry by its id", took.as_secs_f64() * 1e3, "us");
    Ok(())
}

/// Memory that the system holds for us, in bytes.
fn resident_bytes() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<f64>().ok()).unwrap_or(0.0) * 4096.0
}

/// Bytes of all files below a folder.
fn bytes_below(folder: &Path) -> Result<f64> {
    let mut total = 0.0;
    for found in std::fs::read_dir(folder)? {
        let found = found?;
        let about = found.metadata()?;
        #[expect(clippy::cast_precision_loss, reason = "sizes of a benchmark are far below 2^52")]
        let bytes = about.len() as f64;
        total += if about.is_dir() { bytes_below(&found.path())? } else { bytes };
    }
    Ok(total)
}
