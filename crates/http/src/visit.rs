//! Whoever asks for something to read: everybody, or an officer by a bearer token or by the cookie that signing in on a
//! page sets (wire.md 6.1).
//!
//! The cookie counts for reading alone: whatever changes something is signed, and needs no session.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use counterpart_core::time::Timestamp;
use counterpart_projections::reading::Reader;

use crate::App;
use crate::pages::Fault;
use crate::problem::Problem;
use crate::sessions::Local;

/// The cookie where pages travel over TLS: a browser takes it from this host alone.
const SAFE_COOKIE: &str = "__Host-counterpart";

/// The cookie where they do not, as on a machine of one's own.
const PLAIN_COOKIE: &str = "counterpart";

/// Who reads.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Visitor {
    /// Nobody in particular.
    Everybody,
    /// Somebody whose session has ended, or who may read no more: the same as everybody.
    Ended,
    /// An officer of a body, until an instant.
    Officer(Reader, Timestamp),
}

impl Visitor {
    /// The officer, if it is one.
    pub(crate) const fn reader(&self) -> Option<&Reader> {
        match self {
            Self::Officer(reader, _) => Some(reader),
            Self::Everybody | Self::Ended => None,
        }
    }
}

/// A request for a page: who asks, and under which address.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) visitor: Visitor,
    /// The address of this server without a final slash, as whoever reads the page can type it.
    pub(crate) base: String,
}

impl Visit {
    /// The officer who reads, if one does.
    pub(crate) const fn reader(&self) -> Option<&Reader> {
        self.visitor.reader()
    }

    /// The page of a problem, for whoever asked.
    pub(crate) fn fault<'a>(&'a self, app: &'a App) -> impl Fn(Problem) -> Fault + 'a {
        move |problem| Fault::of(app, self, problem)
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Fault> {
        let caught_up = app.reader.caught_up().await;
        let visit = app.visit(&parts.headers, &parts.extensions);
        caught_up.map(|()| visit.clone()).map_err(|problem| Fault::of(app, &visit, problem))
    }
}

impl App {
    /// Who asks for a page. A session that is none is no fault of a page that everybody may read.
    pub(crate) fn visit(&self, headers: &HeaderMap, extensions: &Extensions) -> Visit {
        let local = extensions.get::<Local>().map(|Local(address)| *address);
        Visit { visitor: self.visitor_of(headers).unwrap_or(Visitor::Ended), base: self.base(local) }
    }

    /// Who reads with GET: the holder of the session in `Authorization` or else in the cookie.
    ///
    /// # Errors
    ///
    /// H401 for a bearer token that is none or has ended. A cookie comes along by itself, so one that has ended is no
    /// error.
    pub(crate) fn visitor_of(&self, headers: &HeaderMap) -> Result<Visitor, Problem> {
        if let Some((reader, until)) = self.bearer_of(headers)? {
            return Ok(Visitor::Officer(reader, until));
        }
        let Some(token) = self.cookie_of(headers) else { return Ok(Visitor::Everybody) };
        let now = (self.clock)();
        let reader = self.sessions.read(token, now).and_then(|said| {
            let reader = self.reader_with(said.key, now).ok()?;
            Some(Visitor::Officer(reader, said.until))
        });
        Ok(reader.unwrap_or(Visitor::Ended))
    }

    /// The token in the cookie of this server.
    pub(crate) fn cookie_of<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let name = self.cookie_name();
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, token)| token)
    }

    /// What a browser is told to keep: a token for so many seconds; none and 0 to forget it.
    pub(crate) fn cookie(&self, token: &str, seconds: i64) -> String {
        let secure = if self.is_behind_tls() { "; Secure" } else { "" };
        format!("{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}", self.cookie_name())
    }

    /// The name of the cookie.
    pub(crate) fn cookie_name(&self) -> &'static str {
        if self.is_behind_tls() { SAFE_COOKIE } else { PLAIN_COOKIE }
    }

    fn is_behind_tls(&self) -> bool {
        self.settings.public_url.as_ref().is_some_and(|url| url.as_str().starts_with("https://"))
    }

    /// The address of this server: the public one or, without one, the end of the connection. What a request says of
    /// its host is not printed: whoever sends a reader here could have said it.
    fn base(&self, local: Option<SocketAddr>) -> String {
        match (&self.settings.public_url, local) {
            (Some(url), _) => url.as_str().to_owned(),
            (None, Some(local)) => format!("http://{local}"),
            (None, None) => "https://this-server".to_owned(),
        }
    }

    /// A path as a feed prints it: whole where the public address is known.
    pub(crate) fn absolute(&self, path: &str) -> String {
        let base = self.settings.public_url.as_ref().map_or("", |url| url.as_str());
        format!("{base}{path}")
    }
}
