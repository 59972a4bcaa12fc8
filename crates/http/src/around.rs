//! What stands around every handler: counting, slowing floods, and a net under panics.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::pages::NOTICE;
use crate::problem::Problem;

/// By which every answer of the demonstration says what it is.
const DEMONSTRATION: HeaderName = HeaderName::from_static("counterpart-demonstration");

/// How the content type of a page begins.
const HTML: &[u8] = b"text/html";

/// Who is at the other end of the connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    app.metrics.requests.add(1);
    let private = app.cookie_of(request.headers()).is_some() || request.headers().contains_key(AUTHORIZATION);
    let peer = request.extensions().get::<Peer>().copied();
    if let Some(Peer(address)) = peer
        && !app.flood.admits(address.ip(), (app.clock)())
    {
        app.metrics.slowed.add(1);
        let problem = Problem::new("H429", "Too many requests came from your address. Wait a second and try again.");
        return problem.into_response();
    }
    let mut handling = pin!(next.run(request));
    let handled = std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context)))
            .map_or_else(|_| std::task::Poll::Ready(None), |poll| poll.map(Some))
    });
    if let Some(mut response) = handled.await {
        if private && response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(HTML)) {
            // What one officer reads is kept for nobody else, and not on the way.
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        }
        if app.is_demonstration() {
            response.headers_mut().insert(DEMONSTRATION, HeaderValue::from_static(NOTICE));
        }
        return response;
    }
    app.metrics.panics.add(1);
    tracing::error!("a handler panicked; the request was answered 503");
    Problem::unavailable("The server failed on this request. It is logged; try again.").into_response()
}
