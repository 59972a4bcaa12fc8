//! A small server: listen, say where, serve until told to stop.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::shell;

/// The number of SIGXFSZ on Linux and the BSDs.
const SIGXFSZ: i32 = 25;

/// Threads that serve and wait for signals.
pub struct Listening {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    closing: Arc<watch::Sender<bool>>,
    serving: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
}

impl Listening {
    /// Starts the threads and catches the signals.
    ///
    /// # Errors
    ///
    /// The system gives none.
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.context("the threads that serve cannot be started")?;
        let entered = runtime.enter();
        // A file that may not grow is then an error of the write, and not the end of the process.
        let _oversize = signal(SignalKind::from_raw(SIGXFSZ)).context("SIGXFSZ cannot be caught")?;
        let terminate = signal(SignalKind::terminate()).context("SIGTERM cannot be caught")?;
        let interrupt = signal(SignalKind::interrupt()).context("SIGINT cannot be caught")?;
        drop(entered);
        Ok(Self { runtime, terminate, interrupt, closing: Arc::new(watch::Sender::new(false)), serving: None })
    }

    /// Serves behind what the caller does next, and prints `listening on http://ADDR`.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub fn serve(&mut self, address: &str, router: Router) -> Result<()> {
        let listener = self.runtime.block_on(TcpListener::bind(address));
        let listener =
            listener.with_context(|| format!("`{address}` cannot be listened on; choose another address"))?;
        let bound = listener.local_addr().context("the listener has no address")?;
        let mut closing = self.closing.subscribe();
        let stop = async move {
            // An error means that nobody can ask to go on any more.
            let _ = closing.wait_for(|closing| *closing).await;
        };
        let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
        self.serving = Some(self.runtime.spawn(async move { serving.await }));
        shell::line(&format!("listening on http://{bound}"));
        Ok(())
    }

    /// Waits; says whether it was told to stop before the time was over.
    pub fn wait(&mut self, time: Option<Duration>) -> bool {
        let (terminate, interrupt) = (&mut self.terminate, &mut self.interrupt);
        self.runtime.block_on(async {
            let over = async {
                match time {
                    Some(time) => tokio::time::sleep(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = terminate.recv() => true,
                _ = interrupt.recv() => true,
                () = over => false,
            }
        })
    }

    /// Finishes what was begun.
    ///
    /// # Errors
    ///
    /// The server had stopped.
    pub fn finish(self) -> Result<()> {
        self.closing.send_replace(true);
        if let Some(serving) = self.serving {
            self.runtime.block_on(serving).context("the server broke off")?.context("the server stopped")?;
        }
        Ok(())
    }
}
