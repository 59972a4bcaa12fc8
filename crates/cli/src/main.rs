//! One binary, `counterpart`: the command line of the ledger, and its server.
//!
//! *In scope*: arguments, files, keys, sockets, the clock; what a person reads and is asked.
//! *Out of scope*: what an event means and what the rules say; that is `counterpart-core`.
//!
//! Data go to standard output, talk to standard error. Exit codes: 0 done, 1 could not, 2 usage, 3 refused by the
//! rules, 4 verification failed.

#![expect(clippy::doc_markdown, reason = "the docstrings of arguments are help, read on a terminal")]

mod act;
mod audit;
mod care;
mod completions;
mod demo;
mod documents;
mod draft;
mod ending;
mod export;
mod folder;
mod histories;
mod init;
mod key;
mod key_file;
mod ledger;
mod listening;
mod log_key;
mod mirror;
mod monitor;
mod passphrase;
mod pending;
mod people;
mod pins;
mod program;
mod receipt;
mod reference;
mod review;
mod seal;
mod send;
mod serve;
mod session;
mod shell;
mod show;
mod sign;
mod signing;
mod terms;
mod trust;
mod verbs;
mod verify;
mod versions;
mod web;
mod witness;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::ending::Ending;

/// Events are parsed on one thread, recorded on a second and read on a third: glibc's allocator makes them wait there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ABOUT: &str = "\
Keeps, signs and checks data-sharing agreements in an append-only public ledger.

A role holder signs each event on their own machine; the ledger checks it, makes it durable and answers with a \
receipt that proves it. Anybody can check the whole history again from the log alone.";

const EXIT_CODES: &str = "\
Data go to standard output, talk to standard error; --json gives data as JSON.

Exit codes:
  0  done
  1  could not (a file, the network, a lock)
  2  asked wrongly (see --help)
  3  refused by the rules of the ledger
  4  something does not verify
  5  monitor: there are events to read

First steps:
  counterpart init --data ledger --origin ledger.example/london/log   found a ledger to try things out
  counterpart serve --data ledger                                     serve it
  counterpart audit http://127.0.0.1:8080                             check it from the log alone";

#[derive(Parser)]
#[command(
    name = "counterpart",
    version,
    about = "Keeps, signs and checks data-sharing agreements in a public ledger",
    long_about = ABOUT,
    after_long_help = EXIT_CODES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
struct CommandLine {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Give data as JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but data and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Where your keys and pins are kept [default: $XDG_CONFIG_HOME/counterpart]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// A file with the passphrase of the key, of mode 0600
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl Common {
    /// Talks, unless asked to be quiet.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            shell::say(text);
        }
    }
}

#[derive(Subcommand)]
enum Command {
    Init(init::Init),
    Serve(serve::Serve),
    Reference(reference::Reference),
    #[command(subcommand)]
    Key(key::Key),
    LogKey(log_key::LogKey),
    Send(send::Send),
    Sign(sign::Sign),
    #[command(subcommand)]
    Pending(pending::Pending),
    #[command(subcommand)]
    Draft(draft::DraftCommand),
    #[command(flatten)]
    Offices(verbs::Offices),
    #[command(flatten)]
    Registry(verbs::Registry),
    #[command(flatten)]
    Requests(verbs::Requests),
    #[command(flatten)]
    Negotiation(verbs::Negotiation),
    #[command(flatten)]
    Signing(verbs::Signing),
    #[command(flatten)]
    Agreements(verbs::Agreements),
    #[command(flatten)]
    Amendments(verbs::Amendments),
    #[command(flatten)]
    Sharing(verbs::Sharing),
    #[command(flatten)]
    Imports(verbs::Imports),
    #[command(flatten)]
    Access(verbs::Access),
    #[command(flatten)]
    Reading(show::Reading),
    Session(session::SessionCommand),
    Export(export::Export),
    Demo(demo::Demo),
    Audit(audit::Audit),
    Verify(verify::Verify),
    Mirror(mirror::MirrorCommand),
    Monitor(monitor::Monitor),
    Publish(mirror::Publish),
    #[command(subcommand)]
    Witness(witness::Witness),
    Doctor(care::Doctor),
    Backup(care::Backup),
    Restore(care::Restore),
    Repair(care::Repair),
    EndEpoch(care::EndEpoch),
    Completions(completions::Completions),
}

impl Command {
    fn run(&self, common: &Common) -> anyhow::Result<Ending> {
        match self {
            Self::Init(command) => command.run(common),
            Self::Serve(command) => command.run(common),
            Self::Reference(command) => command.run(common),
            Self::Key(command) => command.run(common),
            Self::LogKey(command) => command.run(common),
            Self::Send(command) => command.run(common),
            Self::Sign(command) => command.run(common),
            Self::Pending(command) => command.run(common),
            Self::Draft(command) => command.run(common),
            Self::Offices(command) => command.run(common),
            Self::Registry(command) => command.run(common),
            Self::Requests(command) => command.run(common),
            Self::Negotiation(command) => command.run(common),
            Self::Signing(command) => command.run(common),
            Self::Agreements(command) => command.run(common),
            Self::Amendments(command) => command.run(common),
            Self::Sharing(command) => command.run(common),
            Self::Imports(command) => command.run(common),
            Self::Access(command) => command.run(common),
            Self::Reading(command) => command.run(common),
            Self::Session(command) => command.run(common),
            Self::Export(command) => command.run(common),
            Self::Demo(command) => command.run(common),
            Self::Audit(command) => command.run(common),
            Self::Verify(command) => command.run(common),
            Self::Mirror(command) => command.run(common),
            Self::Monitor(command) => command.run(common),
            Self::Publish(command) => command.run(common),
            Self::Witness(command) => command.run(common),
            Self::Doctor(command) => command.run(common),
            Self::Backup(command) => command.run(common),
            Self::Restore(command) => command.run(common),
            Self::Repair(command) => command.run(common),
            Self::EndEpoch(command) => command.run(common),
            Self::Completions(command) => Ok(command.run(&mut <CommandLine as clap::CommandFactory>::command())),
        }
    }
}

// A ledger is never kept by a program that has bugs on purpose.
const _: () = assert!(!counterpart_tlog::planted::ANY, "the program is not built with planted bugs");

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match line.command.run(&line.common) {
        Ok(ending) => ending.into(),
        Err(error) => {
            shell::say(&format!("counterpart: {error:#}"));
            ending::of(&error).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::CommandLine;

    #[test]
    fn the_command_line_holds_together() {
        CommandLine::command().debug_assert();
    }
}
