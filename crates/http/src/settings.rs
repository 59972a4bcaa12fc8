//! Limits that whoever runs a server may set.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// Limits of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Requests that may wait for the sequencer; one more is answered 503.
    pub queue: usize,
    /// Connections at once; one more is answered 503 and closed.
    pub connections: usize,
    /// Bytes of request bodies that may be held at once.
    pub body_memory: usize,
    /// How long a client may take over the head of a request before the connection is cut.
    pub slowest_head: Duration,
    /// How long a whole body may take, and how long the next piece of a batch.
    pub slowest_body: Duration,
    /// How long a reader waits for the log to reach a size before it is answered 503.
    pub patience: Duration,
    /// When an address is asked to slow down.
    pub flooding: Flooding,
    /// The address under which clients reach this server; without one, the end of each connection.
    pub public_url: Option<PublicUrl>,
}

/// The address under which clients reach a server, without a final slash: `https://ledger.example.org`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(Arc<str>);

impl PublicUrl {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host, with the port where it names one: what a client signs that it dialled.
    pub fn authority(&self) -> &str {
        self.0.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }
}

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>?#@\\".contains(&byte));
        if host.is_empty() || !plain {
            return Err("write http://HOST[:PORT] or https://HOST[:PORT], perhaps with a path");
        }
        Ok(Self(text.trim_end_matches('/').into()))
    }
}

/// When an address is asked to slow down (429).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flooding {
    /// Requests a second that one address may make for long; 0: as many as it likes.
    pub per_second: u32,
    /// Requests that it may make at once.
    pub burst: u32,
    /// Whether addresses of this machine are counted: behind a proxy all requests come from one.
    pub loopback: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            queue: 4096,
            connections: 4096,
            // Thirty-two submissions of the largest size, or some hundred thousand ordinary ones.
            body_memory: 256 << 20,
            slowest_head: Duration::from_secs(10),
            slowest_body: Duration::from_secs(30),
            patience: Duration::from_secs(5),
            flooding: Flooding::default(),
            public_url: None,
        }
    }
}

impl Default for Flooding {
    fn default() -> Self {
        // A council's whole office may come from one address; a batch is one request.
        Self { per_second: 500, burst: 5_000, loopback: false }
    }
}
