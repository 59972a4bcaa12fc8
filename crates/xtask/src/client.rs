//! A small HTTP/1.1 client that costs little, so that a load shares two cores with the server it measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clock::{Watch, rate};
use crate::load::Prepared;

/// What a load of single requests came to.
#[derive(Debug)]
pub struct Load {
    /// Acknowledged events each second.
    pub each_second: f64,
    /// How long each request took, in microseconds.
    pub micros: Vec<f64>,
}

/// An answer: its status and its body.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Sends a whole request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// The connection ends, or the answer is none.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            self.fill().await?;
        };
        let text = String::from_utf8_lossy(self.buffer.get(..head).unwrap_or_default()).to_ascii_lowercase();
        let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).context("an answer has a status")?;
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let body = if let Some(length) = header("content-length:") {
            let length: usize = length.parse()?;
            while self.buffer.len() < head + length {
                self.fill().await?;
            }
            self.buffer.get(head..head + length).unwrap_or_default().to_vec()
        } else if header("transfer-encoding:") == Some("chunked") {
            self.chunked(head).await?
        } else {
            Vec::new()
        };
        Ok(Answer { status, body })
    }

    async fn fill(&mut self) -> Result<()> {
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
        Ok(())
    }

    async fn chunked(&mut self, mut at: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                let rest = self.buffer.get(at..).unwrap_or_default();
                if let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
                    break end;
                }
                self.fill().await?;
            };
            let size = std::str::from_utf8(self.buffer.get(at..at + line).unwrap_or_default())?.to_owned();
            let size = usize::from_str_radix(size.trim(), 16)?;
            at += line + 2;
            while self.buffer.len() < at + size + 2 {
                self.fill().await?;
            }
            body.extend_from_slice(self.buffer.get(at..at + size).unwrap_or_default());
            at += size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

/// A request that posts bytes.
pub fn post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: bench.example\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

/// Sends one request and waits for its answer.
///
/// # Errors
///
/// Nobody listens there, or the connection ends before the answer does.
pub fn ask(address: &str, request: &[u8]) -> Result<Answer> {
    runtime()?.block_on(async { Connection::open(address).await?.ask(request).await })
}

/// Sends events as one batch; gives a receipt for each.
///
/// # Errors
///
/// The connection ends before the answer, or an event is refused.
pub fn receipts(address: &str, events: &[Prepared]) -> Result<Vec<Value>> {
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    let answer = ask(address, &post("/api/v1/events/batch", "application/x-ndjson", &bodies.join(&b"\n"[..])))?;
    let text = String::from_utf8(answer.body)?;
    ensure!(answer.status == 200, "a batch was answered {}: {text}", answer.status);
    let receipts: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if let Some(refused) = receipts.iter().find(|line| line.get("leaf_hash").is_none()) {
        bail!("a line of a batch was refused: {refused}");
    }
    ensure!(receipts.len() == events.len(), "{} events had {} answers", events.len(), receipts.len());
    Ok(receipts)
}

/// The body of a page that must be there.
///
/// # Errors
///
/// Another status than 200.
pub fn get(address: &str, path: &str) -> Result<Vec<u8>> {
    runtime()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        let answer = connection.ask(format!("GET {path} HTTP/1.1\r\nhost: bench.example\r\n\r\n").as_bytes()).await?;
        ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        Ok(answer.body)
    })
}

/// One request over a connection of its own, and whatever it is answered.
///
/// # Errors
///
/// It is not answered.
pub fn once(address: &str, request: &[u8]) -> Result<Answer> {
    runtime()?.block_on(async { Connection::open(address).await?.ask(request).await })
}

/// Asks for paths one after another over one kept connection, each once; gives how long each took, in microseconds.
///
/// # Errors
///
/// One of them is not there.
pub fn asked(address: &str, paths: &[String]) -> Result<Vec<f64>> {
    runtime()?.block_on(async {
        let mut connection = Connection::open(address).await?;
        let mut micros = Vec::with_capacity(paths.len());
        for path in paths {
            let request = format!("GET {path} HTTP/1.1\r\nhost: bench.example\r\n\r\n");
            let watch = Watch::start();
            let answer = connection.ask(request.as_bytes()).await?;
            micros.push(watch.read().as_secs_f64() * 1e6);
            ensure!(answer.status == 200, "GET {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        Ok(micros)
    })
}

/// Sends events one a request, over so many kept connections, each waiting for its answer.
///
/// # Errors
///
/// One event is not acknowledged.
pub fn singles(address: &str, load: Vec<Prepared>, clients: usize) -> Result<Load> {
    let requests: Vec<Vec<u8>> =
        load.iter().map(|event| post("/api/v1/events", "application/json", &event.body)).collect();
    drop(load);
    let count = requests.len();
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    runtime()?.block_on(async {
        let mut connections = Vec::with_capacity(clients);
        for _ in 0..clients {
            connections.push(Connection::open(address).await?);
        }
        let watch = Watch::start();
        let mut tasks = Vec::with_capacity(clients);
        for mut connection in connections {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            tasks.push(tokio::spawn(async move {
                let mut micros = Vec::new();
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let watch = Watch::start();
                    let answer = connection.ask(request).await?;
                    micros.push(watch.read().as_secs_f64() * 1e6);
                    if answer.status != 201 {
                        bail!("an event was answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
                    }
                }
                Ok(micros)
            }));
        }
        let mut micros = Vec::with_capacity(count);
        for task in tasks {
            micros.extend(task.await??);
        }
        Ok(Load { each_second: rate(count, watch.read()), micros })
    })
}

/// Sends events one a request until the connections break; gives the body of every acknowledgement.
///
/// # Errors
///
/// An event was answered, but not with an acknowledgement.
pub fn until_cut(address: &str, load: &[Prepared], clients: usize) -> Result<Vec<Vec<u8>>> {
    let requests: Vec<Vec<u8>> =
        load.iter().map(|event| post("/api/v1/events", "application/json", &event.body)).collect();
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    runtime()?.block_on(async {
        let mut tasks = Vec::with_capacity(clients);
        for _ in 0..clients {
            let (address, requests, next) = (address.to_owned(), Arc::clone(&requests), Arc::clone(&next));
            tasks.push(tokio::spawn(async move {
                let mut receipts = Vec::new();
                let Ok(mut connection) = Connection::open(&address).await else {
                    return Ok(receipts);
                };
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match connection.ask(request).await {
                        Ok(answer) if answer.status == 201 => receipts.push(answer.body),
                        Ok(answer) => {
                            bail!("an event was answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body))
                        }
                        Err(_) => break,
                    }
                }
                Ok(receipts)
            }));
        }
        let mut receipts = Vec::new();
        for task in tasks {
            receipts.extend(task.await??);
        }
        Ok(receipts)
    })
}

/// Waits.
///
/// # Errors
///
/// The runtime does not start.
pub fn wait(time: std::time::Duration) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?
        .block_on(async { tokio::time::sleep(time).await });
    Ok(())
}

/// Sends events in batches of so many lines over so many connections, each one batch after another; gives acknowledged
/// events each second.
///
/// # Errors
///
/// A batch is not answered, or a line of it is refused.
pub fn batches(address: &str, load: &[Prepared], lines: usize, connections: usize) -> Result<f64> {
    let requests: Vec<Vec<u8>> = load
        .chunks(lines)
        .map(|chunk| {
            let bodies: Vec<&[u8]> = chunk.iter().map(|event| event.body.as_slice()).collect();
            post("/api/v1/events/batch", "application/x-ndjson", &bodies.join(&b"\n"[..]))
        })
        .collect();
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    runtime()?.block_on(async {
        let watch = Watch::start();
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let (mut connection, requests, next) =
                (Connection::open(address).await?, Arc::clone(&requests), Arc::clone(&next));
            tasks.push(tokio::spawn(async move {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = connection.ask(request).await?;
                    let text = String::from_utf8_lossy(&answer.body);
                    ensure!(answer.status == 200, "a batch was answered {}: {text}", answer.status);
                    if let Some(refused) = text.lines().find(|line| !line.contains("\"leaf_hash\"")) {
                        bail!("a line of a batch was refused: {refused}");
                    }
                }
                Ok(())
            }));
        }
        for task in tasks {
            task.await??;
        }
        Ok(rate(load.len(), watch.read()))
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_io().build()?)
}
