//! `serve`: the server of one ledger.

mod witnesses;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use counterpart_core::ledger::{LogKeys, Signatures};
use counterpart_core::storage::{LockStore, Scrub, Snapshots, Store};
use counterpart_http::{AnswerKey, App, Care, Flooding, Parts, PublicUrl, Scrubbing, Settings, Statements, Tried};
use counterpart_store::embedded::{Embedded, SnapshotFile};
use counterpart_tlog::note::VerifierKey;
use counterpart_tlog::policy::Policy;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::ending::{Ending, Fault};
use crate::folder::Folder;
use crate::passphrase::Passphrase;
use crate::trust::read_policy;
use crate::{Common, care, demo, program, shell};

/// Where the demonstration lies when no folder is named.
const DEMONSTRATION: &str = "counterpart-demo";

/// Serve a ledger over HTTP
///
/// Opens the folder, compares its entries with the last signed checkpoint, and prints one line when it is ready:
/// `listening on http://ADDR`. After a clean stop it goes on from a snapshot of what the entries come to; without one
/// it decides every entry again. SIGINT or SIGTERM: it finishes what it has accepted and ends with 0.
/// Put it behind something that speaks TLS.
///
///   counterpart serve --demo                 the demonstration, on http://127.0.0.1:8080
///   counterpart serve --data DIR             a ledger that was founded with `counterpart init`
#[derive(Args)]
#[command(verbatim_doc_comment)]
pub struct Serve {
    /// The folder of the ledger [default with --demo: counterpart-demo]
    #[arg(long, value_name = "DIR", required_unless_present = "demo")]
    data: Option<PathBuf>,
    /// Serve the demonstration; an empty folder is filled with a story of 150 days first
    #[arg(long)]
    demo: bool,
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// How much a start reads: `quick` goes on from the last clean stop; `full` reads and verifies everything, every
    /// signature too
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_value = "quick", default_missing_value = "full")]
    verify: Reading,
    /// Read everything again while serving, so many bytes a second, and say what is damaged; 0: never
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20)]
    scrub: u64,
    /// Begin to read everything again after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 21_600)]
    scrub_every: u64,
    /// Write down what the entries come to whenever so many are new, so that a start need not decide them again; 0: never
    #[arg(long, value_name = "N", default_value_t = 16_384)]
    snapshot_every: u64,
    /// Requests that may wait to be decided; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = Settings::default().queue)]
    queue: usize,
    /// Connections at once; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = Settings::default().connections)]
    connections: usize,
    /// Requests a second that one address may make for long before it is answered 429; 0: as many as it likes
    #[arg(long, value_name = "N", default_value_t = Flooding::default().per_second)]
    requests_per_second: u32,
    /// The address under which clients reach this server, where something stands between: https://ledger.example.org
    #[arg(long, value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// The log's witnesses and their quorum (a tlog-policy file that names this log)
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// How much a start reads.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Reading {
    /// The ends of the files after a clean stop, every record after any other.
    Quick,
    /// Everything.
    Full,
}

impl Serve {
    /// Serves until it is told to stop.
    pub fn run(&self, common: &Common) -> Result<Ending> {
        talk(common.quiet);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.context("the threads that serve cannot be started")?;
        let _entered = runtime.enter();
        // A file that may not grow is then an error of the write, which is answered, and not the end of the process.
        let _oversize = signal(SignalKind::from_raw(SIGXFSZ)).context("SIGXFSZ cannot be caught")?;
        let folder = self.folder(common)?;
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        let log_keys = folder.log_keys(passphrase)?;
        let answer_key = AnswerKey::new(folder.answer_key(passphrase)?);
        let watch = shell::Stopwatch::start();
        let whole = self.verify == Reading::Full;
        let embedded = if whole { folder.open_store_whole() } else { folder.open_store() };
        let embedded = Arc::new(embedded?);
        let locks: Arc<dyn LockStore> = embedded.locks();
        let size = embedded.size();
        let settings = self.settings();
        // A policy that names one key of the log means the log: what its other keys sign is witnessed as well.
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let policy = policy.map(|policy| log_keys.vkeys().fold(policy, Policy::with_log_key));
        // Witnesses remember what was signed beyond the end, and nothing is signed that they could cosign.
        let ended = embedded.report().ended.is_some();
        let policy = policy.filter(|_| !ended);
        if let Some(policy) = &policy {
            witnesses::ask_first(policy, &*locks, common)?;
        }
        let care = self.care(&folder, &embedded, &log_keys)?;
        let parts = Parts {
            store: embedded,
            locks,
            log_keys,
            answer_key,
            clock: Arc::new(shell::now),
            signatures: if whole { Signatures::All } else { Signatures::OfUncovered },
            settings,
            secret: shell::entropy(),
            waiting: Arc::new(folder.open_waiting()?),
        };
        let app = App::start_with(parts, care)
            .with_context(|| format!("the ledger in `{}` cannot be served", folder.path().display()))?;
        if self.demo {
            let refused = demo::refused(folder.path())?.into_iter();
            app.tell_of(refused.map(|told| Tried {
                at: told.at,
                what: told.tried,
                code: told.code,
                answer: told.message,
            }));
        }
        if let Some(policy) = policy {
            app.ask_witnesses(witnesses::witnessing(policy, folder.path())?)?;
        }
        common.say(&format!("{size} entries opened in {} ms.", watch.elapsed().as_millis()));
        if ended {
            common.say(
                "The ledger has ended: what is whole is served, and nothing is recorded or cosigned (`ended.note`).",
            );
        }
        runtime.block_on(self.until_stopped(app))?;
        common.say("Stopped; everything that was accepted is recorded.");
        Ok(Ending::Done)
    }

    /// The folder to serve. The demonstration makes its own where there is none yet.
    fn folder(&self, common: &Common) -> Result<Folder> {
        let root = self.data.clone().unwrap_or_else(|| PathBuf::from(DEMONSTRATION));
        let folder = Folder::at(&root);
        if !self.demo {
            return Ok(folder);
        }
        common.say("Demonstration: no body named here has signed anything.");
        if shell::is_empty(&root)? {
            let told = demo::history(&root, demo::Chance(shell::entropy()), shell::now(), 0)?;
            let (events, keys) = (told.said.len(), root.join(demo::KEYS));
            common
                .say(&format!("{events} events were made, as if over 150 days; the keys lie in `{}`.", keys.display()));
        }
        let origin = folder.identity()?.origin;
        if origin != demo::ORIGIN {
            return Err(Fault::usage(format!(
                "`{}` is the ledger `{origin}`; serve it without --demo",
                root.display()
            )));
        }
        Ok(folder)
    }

    /// What is done for the store beside serving it.
    fn care(&self, folder: &Folder, store: &Arc<Embedded>, keys: &LogKeys) -> Result<Care> {
        let snapshots =
            || -> Arc<dyn Snapshots> { Arc::new(SnapshotFile::at(&folder.store(), Arc::new(program::hash))) };
        Ok(Care {
            snapshots: (self.snapshot_every > 0).then(snapshots),
            snapshot_every: self.snapshot_every,
            // After a clean stop nothing was read: a snapshot fits what was signed, and so do the records.
            compare: store.report().checked > 0,
            scrub: (self.scrub > 0).then(|| Scrubbing {
                store: Arc::clone(store) as Arc<dyn Scrub>,
                bytes_per_second: self.scrub,
                every: Duration::from_secs(self.scrub_every),
            }),
            statements: statements(folder, store, keys)?,
        })
    }

    fn settings(&self) -> Settings {
        let flooding = Flooding {
            per_second: self.requests_per_second,
            burst: self.requests_per_second.saturating_mul(10),
            ..Flooding::default()
        };
        Settings {
            queue: self.queue,
            connections: self.connections,
            flooding,
            public_url: self.public_url.clone(),
            ..Settings::default()
        }
    }

    async fn until_stopped(&self, app: Arc<App>) -> Result<()> {
        let listener = TcpListener::bind(&self.listen).await;
        let listener = listener.with_context(|| {
            format!("`{}` cannot be listened on; choose another address with --listen", self.listen)
        })?;
        let address = listener.local_addr().context("the listener has no address")?;
        let mut terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be caught")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be caught")?;
        shell::line(&format!("listening on http://{address}"));
        let shutdown = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        counterpart_http::serve(listener, app, shutdown).await.context("the server stopped")
    }
}

/// What is said of the log under its answer key; a statement that does not hold is an error.
fn statements(folder: &Folder, store: &Embedded, keys: &LogKeys) -> Result<Statements> {
    let vkeys: Vec<VerifierKey> = keys.vkeys().collect();
    let ended = store
        .report()
        .ended
        .as_ref()
        .map(|note| -> Result<_> { Ok((Arc::from(note.as_str()), care::ended(note, &vkeys)?.successor)) });
    let (continues, predecessor) = folder.continues(&vkeys)?.unzip();
    Ok(Statements {
        ended: ended.transpose()?,
        continues: continues.map(Arc::from),
        predecessor: predecessor.map(Arc::from),
    })
}

/// The number of SIGXFSZ on Linux and the BSDs.
const SIGXFSZ: i32 = 25;

/// Sends what the server logs to standard error: errors and warnings, or what `COUNTERPART_LOG` asks for.
fn talk(quiet: bool) {
    let default = if quiet { "error" } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("COUNTERPART_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // A second subscriber, in a test, changes nothing.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
