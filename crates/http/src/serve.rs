//! The socket: accepting connections within limits, and a clean stop.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use crate::App;
use crate::around::Peer;
use crate::problem::{PROBLEM_JSON, Problem};
use crate::sessions::Local;

/// Bytes of a request's head: its line and headers. Hyper answers 431 beyond.
const HEAD_MAX: usize = 32 * 1024;

/// Headers of a request.
const HEADERS_MAX: usize = 64;

/// How long a clean stop waits for requests under way: 30 seconds, as long as the slowest body
/// unless somebody has set another limit.
const STOP_PATIENCE: Duration = Duration::from_secs(30);

/// How often what waits is looked through for what is over.
const SWEEP_PAUSE: Duration = Duration::from_secs(10);

/// The pause after the system refused a connection, mostly for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, then finishes what was accepted.
///
/// # Errors
///
/// The listener has no address, or another server has taken the store over: then nothing more was recorded here.
pub async fn serve(listener: TcpListener, app: Arc<App>, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    listener.local_addr()?;
    let router = app.router();
    let reads = Arc::clone(&app);
    // The first search does not wait for the titles of all agreements.
    tokio::spawn(async move {
        if let Err(problem) = reads.learn_opened().await {
            tracing::warn!(?problem, "titles could not be read; a search reads them when it comes");
        }
    });
    let room = Arc::new(Semaphore::new(app.settings.connections.max(1)));
    let graceful = GracefulShutdown::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let sweeping = tokio::spawn(sweep(Arc::clone(&app)));
    let condition = app.sequencer.condition();
    let mut fenced = std::pin::pin!(condition.fenced());
    let ended = loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => break Ok(()),
            why = &mut fenced => break Err(io::Error::other(why)),
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let local = stream.local_addr().ok();
        // Small answers leave at once.
        let _ = stream.set_nodelay(true);
        let Ok(permit) = Arc::clone(&room).try_acquire_owned() else {
            app.metrics.connections_refused.add(1);
            tokio::spawn(turn_away(stream));
            continue;
        };
        app.metrics.connections.add(1);
        let router = router.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(address));
            if let Some(local) = local {
                request.extensions_mut().insert(Local(local));
            }
            router.clone().oneshot(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(app.settings.slowest_head)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that breaks is the client's business.
            let _ = connection.await;
            drop(permit);
        });
    };
    drop(listener);
    sweeping.abort();
    app.closing.send_replace(true);
    if timeout(STOP_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off after 30 seconds");
    }
    app.stop().await;
    ended
}

/// Empties what waited for signatures too long, also when nobody asks for it, and notices when another server has taken
/// the store over, also when nobody writes.
async fn sweep(app: Arc<App>) {
    app.pending.catch_up(&app).await;
    loop {
        sleep(SWEEP_PAUSE).await;
        app.pending.sweep(&app).await;
        app.look_for_a_newer_owner().await;
    }
}

/// Says 503 to a connection too many, without reading what it wants.
async fn turn_away(mut stream: TcpStream) {
    let body = Problem::unavailable("The server has as many connections as it can hold. Try again.").to_json();
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: {PROBLEM_JSON}\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let answer = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&body).await?;
        stream.shutdown().await
    };
    let _ = timeout(Duration::from_secs(1), answer).await;
}
