//! A program that plays a story on the real disk and says each answer as it gives it: what is struck and cut.
//!
//! `cargo xtask teller tell KEEPER CASE FOLDER` plays; `cargo xtask teller judge KEEPER CASE FOLDER ENTRIES ERASING
//! ERASED` opens what is left and prints one word. The keeper is `ours`, the embedded store, or `sled`, alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use counterpart_store::embedded::Indexed;

use crate::campaign::sled_alone;
use crate::campaign::story::{Answered, Story, judge};
use crate::client;
use crate::strike::{Blow, Strike};

/// Who keeps the entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The embedded store, with its index in memory.
    Ours,
    /// The embedded store, with its index in sled.
    OursOnDisk,
    /// Sled, with `flush` before each answer.
    Sled,
}

impl Keeper {
    fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursOnDisk => "ours-on-disk",
            Self::Sled => "sled",
        }
    }

    fn of(word: &str) -> Result<Self> {
        let all = [Self::Ours, Self::OursOnDisk, Self::Sled];
        all.into_iter().find(|keeper| keeper.word() == word).with_context(|| format!("there is no keeper `{word}`"))
    }

    fn story(self, case: u64) -> Story {
        Story::of(case, if self == Self::OursOnDisk { Indexed::OnDisk } else { Indexed::InMemory })
    }
}

/// What became of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// Everything that was answered for is there.
    Whole,
    /// It opens, and something that was answered for is missing or another.
    Lost,
    /// It does not open, and says why.
    Refused,
    /// Opening it ends in a panic, or never.
    Panicked,
}

impl Left {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Lost => "lost",
            Self::Refused => "refused",
            Self::Panicked => "panicked",
        }
    }
}

/// The command behind all this.
///
/// # Errors
///
/// A call failed, or the words make no sense.
pub fn run(arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["tell", keeper, case, folder] => {
            let keeper = Keeper::of(keeper)?;
            let tale = keeper.story(case.parse()?);
            let mut told = |answered: Answered| {
                let Answered { entries, erased, erasing } = answered;
                let mut out = std::io::stdout().lock();
                // Nobody listens any more when a case is over.
                let _ = writeln!(out, "{entries} {} {}", u8::from(erasing), u8::from(erased));
                let _ = out.flush();
            };
            match keeper {
                Keeper::Ours | Keeper::OursOnDisk => tale.tell(Path::new(folder), &mut told)?,
                Keeper::Sled => sled_alone::tell(&tale, Path::new(folder), &mut told)?,
            }
            Ok(())
        }
        ["judge", keeper, case, folder, answered @ ..] => {
            let keeper = Keeper::of(keeper)?;
            let answered = read(&answered.join(" ")).context("what was answered for")?;
            let tale = keeper.story(case.parse()?);
            let left = match keeper {
                Keeper::Sled => sled_alone::judge(Path::new(folder), answered),
                Keeper::Ours | Keeper::OursOnDisk => match judge(&tale, Path::new(folder), answered, None) {
                    Ok(()) => Left::Whole,
                    Err(error) => {
                        eprintln!("{error:#}");
                        if format!("{error:#}").starts_with("it does not open") { Left::Refused } else { Left::Lost }
                    }
                },
            };
            println!("{}", left.word());
            Ok(())
        }
        _ => bail!("cargo xtask teller tell|judge KEEPER CASE FOLDER …"),
    }
}

fn read(line: &str) -> Option<Answered> {
    let mut words = line.split(' ');
    let entries = words.next()?.parse().ok()?;
    let (erasing, erased) = (words.next()? == "1", words.next()? == "1");
    Some(Answered { entries, erased, erasing })
}

fn command(verb: &str, keeper: Keeper, case: u64, folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("where this program lies")?);
    command.args(["teller", verb, keeper.word()]).arg(case.to_string()).arg(folder);
    Ok(command)
}

/// Plays a story to its end, or until it is struck; then `meanwhile` is called, before the program ends for good.
///
/// # Errors
///
/// It fails though nothing struck it.
pub fn told(
    keeper: Keeper,
    case: u64,
    folder: &Path,
    strike: Option<(&Strike, Option<Blow>)>,
    meanwhile: &mut dyn FnMut() -> Result<()>,
) -> Result<Answered> {
    let mut command = command("tell", keeper, case, folder)?;
    if let Some((strike, blow)) = strike {
        strike.arm(&mut command, folder, blow)?;
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let stdout = child.stdout.take().context("the standard output of the teller")?;
    let listener = std::thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).last());
    let ended = until_still(&mut child, strike.map(|(strike, _)| strike));
    let done = meanwhile();
    let _ = child.kill();
    let status = child.wait()?;
    let last = listener.join().map_err(|_| anyhow::anyhow!("nobody listened"))?;
    done?;
    let struck = match strike {
        Some((strike, _)) => strike.told()?.struck.is_some(),
        None => false,
    };
    ensure!(struck || (ended? && status.success()), "a story that nothing struck ended with {status}");
    Ok(last.as_deref().and_then(read).unwrap_or_default())
}

/// Waits until a program has ended (true) or was stopped by its strike (false): others may stop it for a while, too.
fn until_still(child: &mut Child, strike: Option<&Strike>) -> Result<bool> {
    loop {
        if child.try_wait()?.is_some() {
            return Ok(true);
        }
        let struck = strike.map(Strike::told).transpose()?.is_some_and(|told| told.struck.is_some());
        if !struck {
            client::wait(Duration::from_millis(2))?;
            continue;
        }
        let about = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        if about.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T')) {
            return Ok(false);
        }
        client::wait(Duration::from_millis(2))?;
    }
}

/// Opens what is left in a program of its own, because sled may panic or never come back.
///
/// # Errors
///
/// That program cannot be started.
pub fn left(keeper: Keeper, case: u64, folder: &Path, answered: Answered) -> Result<(Left, String)> {
    let mut command = command("judge", keeper, case, folder)?;
    command.args([answered.entries.to_string(), u8::from(answered.erasing).to_string()]);
    let child = command.arg(u8::from(answered.erased).to_string()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = child.spawn()?;
    let id = child.id().to_string();
    let (sender, receiver) = mpsc::channel();
    let waiter = std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(PATIENCE) else {
        // It hangs. Nothing else is known of it.
        let _ = Command::new("kill").args(["-KILL", &id]).status();
        let _ = waiter.join();
        return Ok((Left::Panicked, "it never came back".to_owned()));
    };
    let output = output?;
    let word = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let all = [Left::Whole, Left::Lost, Left::Refused, Left::Panicked];
    Ok((all.into_iter().find(|left| left.word() == word).unwrap_or(Left::Panicked), why))
}

/// So long a store may take to open, also where other work leaves it little of the processor.
const PATIENCE: Duration = Duration::from_mins(10);
