//! Serving a folder that keeps a log, under `/` and under `/log/`.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use counterpart_tlog::Hash;
use counterpart_tlog::tile::{self, TilePath};

use crate::source::Source;

/// What never changes may be kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What changes is asked for again after a few seconds.
const FOR_NOW: &str = "public, max-age=5";

/// The routes that serve the log in this folder. Nothing else of the folder can be reached.
pub fn router(folder: &FilePath) -> Router {
    let folder = Arc::new(folder.to_owned());
    Router::new().route("/log/{*path}", get(file)).route("/{*path}", get(file)).with_state(folder)
}

async fn file(State(folder): State<Arc<PathBuf>>, Path(path): Path<String>) -> Response {
    // Files are small; the disk answers on a thread that may wait.
    let found = tokio::task::spawn_blocking(move || find(&folder, &path)).await;
    match found {
        Ok(Some((kind, cache, bytes))) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], bytes).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "this log has no such file\n").into_response(),
        Err(_stopped) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

type Found = (&'static str, &'static str, Vec<u8>);

fn find(folder: &FilePath, path: &str) -> Option<Found> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const BYTES: &str = "application/octet-stream";
    let read = |path: &str| std::fs::read(folder.join(path)).ok();
    if path == "checkpoint" || path == "vkey" {
        return Some((TEXT, FOR_NOW, read(path)?));
    }
    if let Some(name) = path.strip_prefix("data/") {
        let name = Hash::from_hex(name).ok()?;
        return Some((BYTES, FOR_EVER, read(&format!("data/{}", name.to_hex()))?));
    }
    if path == "keys/list" {
        return Some((TEXT, FOR_NOW, read(path)?));
    }
    if let Some(size) = path.strip_prefix("keys/") {
        let size: u64 = size.parse().ok().filter(|parsed: &u64| parsed.to_string() == size)?;
        return Some((TEXT, FOR_EVER, read(&format!("keys/{size}"))?));
    }
    // Only the one spelling of a tile's path gets through, so no path leads out of the folder.
    let tile = TilePath::parse(path).ok()?;
    let bytes = read(&tile.to_string()).or_else(|| from_wider(folder, tile))?;
    Some((BYTES, FOR_EVER, bytes))
}

/// A partial tile is the beginning of any wider one.
fn from_wider(folder: &FilePath, tile: TilePath) -> Option<Vec<u8>> {
    if tile.is_full() {
        return None;
    }
    let source = Source::Folder(folder.to_owned());
    let wider = std::fs::read_dir(folder.join(format!("{}.p", tile.full()))).into_iter().flatten().flatten();
    let wider = wider.filter_map(|entry| entry.file_name().to_str()?.parse::<u16>().ok());
    let widest = wider.max().unwrap_or(tile::TILE_WIDTH);
    let width = tile.width();
    if widest < width {
        return None;
    }
    match tile {
        TilePath::Hash { level, n, .. } => {
            let hashes = source.hash_tile(level, n, widest).ok()?;
            Some(hashes.iter().take(usize::from(width)).flat_map(|hash| hash.to_bytes()).collect())
        }
        TilePath::Entries { n, .. } => {
            let entries = source.bundle(n, widest).ok()?;
            tile::encode_bundle(entries.get(..usize::from(width))?).ok()
        }
    }
}
