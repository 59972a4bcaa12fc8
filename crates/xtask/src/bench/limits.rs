//! What the machine can do at the very best, measured beside whatever is compared with it.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result};
use counterpart_core::wire::{EVENT_TYPE, pae};
use counterpart_tlog::ed25519::{PublicKey, SigningKey};
use ed25519_dalek::Signer as _;

use super::{Figures, median};
use crate::clock::{Watch, rate, timed};
use crate::repository::Repository;

/// Signatures that one thread checks in one measurement.
const CHECKS: usize = 12_000;

/// Syncs in one measurement.
const SYNCS: usize = 200;

/// Bytes of a record in a measurement of the disk: an ordinary event.
const RECORD: usize = 1_024;

/// How many signatures of ordinary events two threads check each second, strictly and one by one.
pub fn two_core_verify() -> Result<f64> {
    verify(2)
}

/// How many one thread checks.
pub fn one_core_verify() -> Result<f64> {
    verify(1)
}

fn verify(threads: usize) -> Result<f64> {
    let key = SigningKey::from_bytes(&[7; 32]);
    let public = PublicKey::register(PublicKey::from(&key).as_bytes())?;
    let messages: Vec<(Vec<u8>, [u8; 64])> = (0..64_u32)
        .map(|n| {
            let message = pae(EVENT_TYPE, &[n.to_be_bytes().as_slice(), &[b'x'; 700]].concat());
            let signature = key.sign(&message).to_bytes();
            (message, signature)
        })
        .collect();
    let check = || messages.iter().cycle().take(CHECKS).all(|(message, signature)| public.verify(message, signature));
    let mut rates = Vec::new();
    for _ in 0..3 {
        let (good, took) = timed(|| {
            std::thread::scope(|scope| {
                let others: Vec<_> = (1..threads).map(|_| scope.spawn(check)).collect();
                check() && others.into_iter().all(|other| other.join().unwrap_or(false))
            })
        });
        anyhow::ensure!(good, "a signature of the benchmark does not verify");
        rates.push(rate(threads * CHECKS, took));
    }
    Ok(median(rates))
}

/// The median time, in microseconds, of writing one record into a preallocated file and syncing it.
pub fn sync_micros(folder: &Path) -> Result<f64> {
    let mut file = preallocated(folder, SYNCS * RECORD)?;
    let mut times = Vec::with_capacity(SYNCS);
    for _ in 0..SYNCS {
        let watch = Watch::start();
        file.write_all(&[b'r'; RECORD])?;
        file.sync_data()?;
        times.push(watch.read().as_secs_f64() * 1e6);
    }
    Ok(median(times))
}

/// Records each second that groups of this size reach in a bare preallocated file, each group synced.
pub fn bare_file(folder: &Path, group: usize) -> Result<f64> {
    let rounds = (20_000 / group).clamp(40, 400);
    let mut file = preallocated(folder, rounds * group * RECORD)?;
    let bytes = vec![b'r'; group * RECORD];
    let (written, took) = timed(|| -> Result<()> {
        for _ in 0..rounds {
            file.write_all(&bytes)?;
            file.sync_data()?;
        }
        Ok(())
    });
    written?;
    Ok(rate(rounds * group, took))
}

fn preallocated(folder: &Path, bytes: usize) -> Result<File> {
    let path = folder.join("limit");
    let mut file =
        OpenOptions::new().create(true).truncate(true).write(true).open(&path).context("the limit's file")?;
    file.write_all(&vec![0; bytes])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Prints the limits alone.
pub fn run(_repository: &Repository, figures: &mut Figures) -> Result<()> {
    let folder = tempfile::tempdir()?;
    figures.plain("strict verification, two cores", two_core_verify()?, "a second");
    figures.plain("one record written and synced", sync_micros(folder.path())?, "us, median");
    for group in [1, 64, 512] {
        let name = format!("bare file, groups of {group}");
        figures.plain(&name, bare_file(folder.path(), group)?, "records a second");
    }
    Ok(())
}
