//! What only a real socket shows: limits on connections, on heads, and on how slowly a client may speak.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use counterpart_http::{Flooding, Settings};
use counterpart_store::memory::{Memory, MemoryLocks};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::running::{Running, impatient};

/// A whole request for the shortest answer.
const ALIVE: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// A server on a port of its own.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn with(settings: Settings) -> Self {
        let running = Running::over(Arc::new(Memory::new()), Arc::new(MemoryLocks::new()), settings);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(counterpart_http::serve(listener, Arc::clone(&running.app), async {
            let _ = stopped.await;
        }));
        Self { address, stop, server }
    }

    /// Sends bytes and reads whatever comes back until the server closes.
    async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let _ = stream.write_all(request.as_bytes()).await;
        rest(&mut stream).await
    }

    async fn is_alive(&self) {
        let answer = self.raw(ALIVE).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    async fn stopped(self) {
        self.stop.send(()).unwrap();
        self.server.await.unwrap().unwrap();
    }
}

/// Whatever comes until the other end closes.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn an_address_that_floods_is_told_to_wait() {
    let flooding = Flooding { per_second: 1, burst: 2, loopback: true };
    let served = Served::with(Settings { flooding, ..impatient() }).await;
    served.is_alive().await;
    served.raw(ALIVE).await;
    let third = served.raw(ALIVE).await;
    assert!(third.starts_with("HTTP/1.1 429"), "{third}");
    assert!(third.contains("retry-after: 1"), "{third}");
    served.stopped().await;
}

#[tokio::test]
async fn a_connection_too_many_is_turned_away_and_a_head_too_long_is_cut() {
    let served = Served::with(Settings { connections: 1, ..impatient() }).await;
    let held = TcpStream::connect(served.address).await.unwrap();
    let answer = served.raw("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("\"code\":\"H503\""), "{answer}");
    drop(held);
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(100_000));
    let mut answer = String::new();
    while !answer.starts_with("HTTP/1.1 4") {
        answer = served.raw(&long).await;
    }
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    served.stopped().await;
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_cut_and_others_are_served_meanwhile() {
    let usual = Settings::default();
    assert_eq!((usual.slowest_head, usual.slowest_body), (Duration::from_secs(10), Duration::from_secs(30)));
    let served = Served::with(Settings { slowest_head: Duration::from_millis(300), ..impatient() }).await;
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(b"POST /api/v1/events HTTP/1.1\r\nhost: x\r\nx: ").await.unwrap();
    served.is_alive().await;
    let (mut reading, mut writing) = slow.into_split();
    // A letter now and then does not buy more time: the limit is on the whole head.
    let drip = tokio::spawn(async move {
        while writing.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let mut said = Vec::new();
    let _ = reading.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said);
    assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    drip.await.unwrap();
    // A connection on which nothing is said at all.
    let mut silent = TcpStream::connect(served.address).await.unwrap();
    rest(&mut silent).await;
    served.is_alive().await;
    served.stopped().await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_cut_and_others_are_served_meanwhile() {
    let served = Served::with(Settings { slowest_body: Duration::from_millis(300), ..impatient() }).await;
    for (path, media_type) in [
        ("/api/v1/events", "application/json"),
        ("/api/v1/events/batch", "application/x-ndjson"),
        ("/api/v1/validate", "application/json"),
        ("/api/v1/prepare", "application/json"),
    ] {
        let mut slow = TcpStream::connect(served.address).await.unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: {media_type}\r\nconnection: close\r\n\
             content-length: 1000\r\n\r\n{{\"envelope\":"
        );
        slow.write_all(head.as_bytes()).await.unwrap();
        served.is_alive().await;
        let answer = rest(&mut slow).await;
        assert!(answer.contains("\"code\":\"H503\""), "{path}: {answer}");
        assert!(answer.contains("cut off after 0.3 seconds"), "{path}: {answer}");
    }
    served.is_alive().await;
    served.stopped().await;
}

#[tokio::test]
async fn half_a_body_from_a_client_that_goes_away_is_forgotten() {
    let served = Served::with(impatient()).await;
    for _ in 0..8 {
        let mut gone = TcpStream::connect(served.address).await.unwrap();
        let head =
            "POST /api/v1/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
        gone.write_all(head.as_bytes()).await.unwrap();
        drop(gone);
    }
    served.is_alive().await;
    // A stop waits for nobody who has gone.
    served.stopped().await;
}
