//! Speaking HTTP to a ledger: bounded in size and time, and never following to another host.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::Agent;

use crate::ending::Fault;

/// The largest answer that is read: a full bundle of the largest entries is 16 MiB and a little.
const ANSWER_MAX: u64 = 64 << 20;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it is one of 200 to 299.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body as JSON.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body)
            .with_context(|| format!("the server answered {} with something that is not JSON", self.status))
    }
}

/// A ledger's server, by its base URL.
#[derive(Clone, Debug)]
pub struct Web {
    base: String,
    agent: Agent,
    token: Option<String>,
}

impl Web {
    /// The server at this base: `http://HOST[:PORT]` or `https://…`, with or without a path.
    ///
    /// # Errors
    ///
    /// It is no such URL.
    pub fn new(url: &str) -> Result<Self> {
        let base = url.trim_end_matches('/');
        let host = base.strip_prefix("http://").or_else(|| base.strip_prefix("https://"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
            return Err(Fault::usage(format!("`{url}` is not the URL of a ledger; write http://HOST or https://HOST")));
        }
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(Duration::from_secs(10)))
            .timeout_global(Some(Duration::from_mins(2)))
            .user_agent(concat!("counterpart/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        Ok(Self { base: base.to_owned(), agent, token: None })
    }

    /// The base URL, without a final slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host that is dialled, with the port where the URL names one.
    pub fn host(&self) -> &str {
        self.base.split("://").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }

    /// The same server, read with the token of a session.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(format!("Bearer {token}")), ..self.clone() }
    }

    /// GETs a path that begins with a slash.
    ///
    /// # Errors
    ///
    /// There is no answer, or one that is too large.
    pub fn get(&self, path: &str) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = self.agent.get(&url);
        if let Some(token) = &self.token {
            request = request.header("authorization", token);
        }
        let answer = request.call();
        read(answer, &url)
    }

    /// POSTs JSON.
    ///
    /// # Errors
    ///
    /// As for [`Web::get`].
    pub fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = self.agent.post(&url).header("content-type", media_type);
        if let Some(token) = &self.token {
            request = request.header("authorization", token);
        }
        let answer = request.send(body);
        read(answer, &url)
    }

    /// GETs a path; `None` when nothing is there.
    ///
    /// # Errors
    ///
    /// Any other answer than success or 404.
    pub fn find(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let answer = self.get(path)?;
        match answer.status {
            200..300 => Ok(Some(answer.body)),
            404 => Ok(None),
            401 if self.token.is_none() => {
                bail!("`{}{path}` is closed to strangers; read it for your organisation with --as KEY", self.base)
            }
            status => bail!("`{}{path}` answered {status}{}", self.base, detail(&answer)),
        }
    }

    /// GETs JSON; a problem becomes an error with its code.
    ///
    /// # Errors
    ///
    /// The server answered with a problem, or not with JSON.
    pub fn json(&self, path: &str) -> Result<Value> {
        let answer = self.get(path)?;
        if answer.is_success() {
            return answer.json();
        }
        bail!("`{}{path}` answered {}{}", self.base, answer.status, detail(&answer))
    }
}

/// What a problem says, behind a colon; nothing when it says nothing.
pub fn detail(answer: &Answer) -> String {
    let problem = answer.json().unwrap_or_default();
    let text = |name: &str| problem.get(name).and_then(Value::as_str);
    let said = text("detail").or_else(|| text("title"));
    match (text("code"), said) {
        (Some(code), Some(said)) => format!(": {code}: {said}"),
        (None, Some(said)) => format!(": {said}"),
        (Some(code), None) => format!(": {code}"),
        (None, None) => String::new(),
    }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, url: &str) -> Result<Answer> {
    let answer = answer.with_context(|| format!("`{url}` does not answer"))?;
    let status = answer.status().as_u16();
    let body = answer.into_body().into_with_config().limit(ANSWER_MAX).read_to_vec();
    let body = body.with_context(|| format!("the answer of `{url}` cannot be read"))?;
    Ok(Answer { status, body })
}
