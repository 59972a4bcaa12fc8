//! Style, behaviour and icon of the pages: a few files in the program, each under the hash of its bytes.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use crate::named::Named;
use crate::problem::Problem;

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const ASSETS: [Asset; 5] = [
    Asset {
        name: "govuk-frontend.min.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/vendor/govuk/govuk-frontend.min.css"),
    },
    Asset {
        name: "govuk-frontend.min.js",
        kind: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../assets/vendor/govuk/govuk-frontend.min.js"),
    },
    Asset {
        name: "counterpart.css",
        kind: "text/css; charset=utf-8",
        bytes: include_bytes!("../assets/counterpart.css"),
    },
    Asset { name: "start.js", kind: "text/javascript; charset=utf-8", bytes: include_bytes!("../assets/start.js") },
    Asset { name: "favicon.svg", kind: "image/svg+xml", bytes: include_bytes!("../assets/favicon.svg") },
];

/// One hash over all of them: a script names its neighbour without knowing any hash.
static HASH: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for asset in &ASSETS {
        hash.update(asset.name);
        hash.update(asset.bytes);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
});

/// The address of an asset.
pub(crate) fn link(name: &str) -> String {
    format!("/assets/{}/{name}", *HASH)
}

/// One asset. It never changes under its address.
pub(crate) async fn asset(Named(path): Named) -> Response {
    let name = path.split_once('/').filter(|(hash, _)| *hash == *HASH).map(|(_, name)| name);
    let Some(asset) = ASSETS.iter().find(|asset| Some(asset.name) == name) else {
        return Problem::not_found("There is no such file. Load the page again; it names the newest.").into_response();
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::OK, headers, asset.bytes).into_response()
}
