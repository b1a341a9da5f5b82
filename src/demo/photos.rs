//! The conference's pictures (our own drawings, WebP) and the loopback server that hands them out, as the networks'
//! picture hosts would. Browsers never come here: the page shows pictures through its own `/media`.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chassis::{Shutdown, http};
use tokio::net::TcpListener;

/// Pixels of every picture.
pub(crate) const WIDTH: u32 = 960;
/// Pixels of every picture.
pub(crate) const HEIGHT: u32 = 640;
/// File name extension of every picture.
pub(crate) const EXTENSION: &str = "webp";

macro_rules! photo {
    ($name:literal) => {
        ($name, include_bytes!(concat!("content/photos/", $name, ".webp")))
    };
}

const PHOTOS: &[(&str, &[u8])] = &[
    photo!("archive"),
    photo!("badge"),
    photo!("beans"),
    photo!("bell"),
    photo!("cake"),
    photo!("capacity"),
    photo!("chairs"),
    photo!("chidi"),
    photo!("coffee"),
    photo!("commits"),
    photo!("complain"),
    photo!("evening"),
    photo!("fog"),
    photo!("footnote"),
    photo!("garden"),
    photo!("glyph"),
    photo!("graph-down"),
    photo!("hall"),
    photo!("harbour"),
    photo!("hexdump"),
    photo!("hunt"),
    photo!("ines"),
    photo!("jobs"),
    photo!("key"),
    photo!("loom"),
    photo!("lunch"),
    photo!("maps"),
    photo!("museum"),
    photo!("odile"),
    photo!("plum"),
    photo!("printer"),
    photo!("rafael"),
    photo!("slide-second"),
    photo!("slide-undo"),
    photo!("soup"),
    photo!("tram"),
    photo!("twobugs"),
    photo!("verb"),
    photo!("winter"),
    photo!("wren"),
];

/// Whether there is a picture of this name.
#[cfg(test)]
pub(crate) fn is_drawn(name: &str) -> bool {
    PHOTOS.iter().any(|(drawn, _)| *drawn == name)
}

/// Serves the pictures, and what is handed out beside them, on `listener` until `shutdown`.
pub(crate) async fn serve(listener: TcpListener, beside: Router, shutdown: Shutdown) {
    let router = Router::new().route("/{file}", get(photo)).merge(beside);
    http::serve(listener, router, http::Limits::default(), shutdown).await;
}

async fn photo(Path(file): Path<String>) -> Response {
    let name = file.strip_suffix(EXTENSION).and_then(|n| n.strip_suffix('.'));
    match PHOTOS.iter().find(|(n, _)| Some(*n) == name) {
        Some((_, bytes)) => ([(header::CONTENT_TYPE, "image/webp")], *bytes).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::lines::{self, Kind};

    #[test]
    fn every_photo_that_is_posted_exists_and_every_one_that_exists_is_posted() {
        let posted: Vec<&str> = lines::blocks()
            .iter()
            .flat_map(|b| &b.lines)
            .filter_map(|l| match l.kind {
                Kind::Photo { name, .. } => Some(name),
                _ => None,
            })
            .collect();
        let drawn: Vec<&str> = PHOTOS.iter().map(|(name, _)| *name).collect();
        assert!(posted.iter().all(|name| drawn.contains(name)));
        assert!(drawn.iter().all(|name| posted.contains(name)));
        assert!(PHOTOS.iter().all(|(_, bytes)| bytes.starts_with(b"RIFF") && bytes.len() <= 40 * 1024));
    }
}
