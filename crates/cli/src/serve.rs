//! `serve`: the server of one ledger.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use counterpart_core::ledger::Signatures;
use counterpart_core::storage::{LockStore, Store};
use counterpart_http::{AnswerKey, App, Flooding, Parts, Settings};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::ending::Ending;
use crate::folder::Folder;
use crate::passphrase::Passphrase;
use crate::{Common, shell};

/// Serve a ledger over HTTP
///
/// Opens the folder, replays every entry, compares the result with the last signed checkpoint, and prints one line
/// when it is ready: `listening on http://ADDR`. SIGINT or SIGTERM: it finishes what it has accepted and ends with 0.
/// Put it behind something that speaks TLS.
#[derive(Args)]
pub struct Serve {
    /// The folder of the ledger
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Check every signature again at the start, not only those that no checkpoint covers
    #[arg(long)]
    verify: bool,
    /// Requests that may wait to be decided; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = Settings::default().queue)]
    queue: usize,
    /// Connections at once; one more is answered 503
    #[arg(long, value_name = "N", default_value_t = Settings::default().connections)]
    connections: usize,
    /// Requests a second that one address may make for long before it is answered 429; 0: as many as it likes
    #[arg(long, value_name = "N", default_value_t = Flooding::default().per_second)]
    requests_per_second: u32,
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
        let folder = Folder::at(&self.data);
        let passphrase = Passphrase::new(common.passphrase_file.as_deref());
        let log_key = folder.log_signer(passphrase)?;
        let answer_key = AnswerKey::new(folder.answer_key(passphrase)?);
        let watch = shell::Stopwatch::start();
        let embedded = Arc::new(folder.open_store()?);
        let locks: Arc<dyn LockStore> = embedded.locks();
        let size = embedded.size();
        let settings = self.settings();
        let app = App::start(Parts {
            store: embedded,
            locks,
            log_key,
            answer_key,
            clock: Arc::new(shell::now),
            signatures: if self.verify { Signatures::All } else { Signatures::OfUncovered },
            settings,
        })
        .with_context(|| format!("the ledger in `{}` cannot be served", folder.path().display()))?;
        common.say(&format!("{size} entries replayed in {} ms.", watch.elapsed().as_millis()));
        runtime.block_on(self.until_stopped(app))?;
        common.say("Stopped; everything that was accepted is recorded.");
        Ok(Ending::Done)
    }

    fn settings(&self) -> Settings {
        let flooding = Flooding {
            per_second: self.requests_per_second,
            burst: self.requests_per_second.saturating_mul(10),
            ..Flooding::default()
        };
        Settings { queue: self.queue, connections: self.connections, flooding, ..Settings::default() }
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
