//! What `templates/static` holds, compiled in: styles, scripts, fonts, icon. Served under the hash of their content, for ever.

use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    io::Write,
    sync::{LazyLock, OnceLock},
};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Brotli's quality 0 to 11, its window (bits) and buffer (bytes): once per file and process, so it may take some milliseconds.
const BROTLI: (u32, u32, usize) = (9, 22, 4096);

macro_rules! read {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/static/", $path)) as &[u8]
    };
}

/// In this order: a file may name those before it.
const FILES: &[(&str, &[u8])] = &[
    ("icon.svg", read!("icons/icon.svg")),
    ("fonts/schibsted-latin.woff2", read!("fonts/schibsted-latin.woff2")),
    ("fonts/schibsted-latin-ext.woff2", read!("fonts/schibsted-latin-ext.woff2")),
    ("dom.js", read!("js/dom.js")),
    ("uuid.js", read!("js/uuid.js")),
    ("clock.js", read!("js/clock.js")),
    ("tallies.js", read!("js/tallies.js")),
    ("because.js", read!("js/because.js")),
    ("item.js", read!("js/item.js")),
    ("feed.js", read!("js/feed.js")),
    ("transports.js", read!("js/transports.js")),
    ("connection.js", read!("js/connection.js")),
    ("keys.js", read!("js/keys.js")),
    ("stage.js", read!("js/stage.js")),
    ("lanes.js", read!("js/lanes.js")),
    ("status.js", read!("js/status.js")),
    ("compose.js", read!("js/compose.js")),
    ("write.js", read!("js/write.js")),
    ("live.js", read!("js/live.js")),
    ("presses.js", read!("js/presses.js")),
    ("steward.js", read!("js/steward.js")),
    ("tray_card.js", read!("js/tray_card.js")),
    ("tray_finder.js", read!("js/tray_finder.js")),
    ("tray_moves.js", read!("js/tray_moves.js")),
    ("tray.js", read!("js/tray.js")),
];

/// One style sheet, from parts in this order.
const STYLES: &[&[u8]] = &[
    read!("css/tokens.css"),
    read!("css/base.css"),
    read!("css/bar.css"),
    read!("css/stage.css"),
    read!("css/live.css"),
    read!("css/lanes.css"),
    read!("css/feed.css"),
    read!("css/compose.css"),
    read!("css/programme.css"),
    read!("css/talk.css"),
    read!("css/home.css"),
    read!("css/about.css"),
    read!("css/tray.css"),
    read!("css/steward.css"),
];

/// One file, ready to be sent.
struct Asset {
    kind: &'static str,
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

struct Assets {
    /// Address by name.
    addresses: HashMap<&'static str, String>,
    /// File by the last part of its address.
    files: HashMap<String, Asset>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::build);

impl Assets {
    fn build() -> Self {
        let mut assets = Self { addresses: HashMap::new(), files: HashMap::new() };
        for (name, content) in FILES {
            assets.add(name, content);
        }
        assets.add("site.css", &STYLES.join(&b'\n'));
        assets
    }

    /// Names in the content that were added before become their addresses; then the content gets its own.
    fn add(&mut self, name: &'static str, content: &[u8]) {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let (kind, is_text) = match extension {
            "css" => ("text/css; charset=utf-8", true),
            "js" => ("text/javascript; charset=utf-8", true),
            "svg" => ("image/svg+xml", true),
            "woff2" => ("font/woff2", false),
            _ => ("application/octet-stream", false),
        };
        let content = if is_text { self.resolve(content) } else { content.to_vec() };
        let hash: String = Sha256::digest(&content)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let stem = stem.rsplit('/').next().unwrap_or(stem);
        let file = format!("{stem}-{hash}.{extension}");
        self.addresses.insert(name, format!("/static/{file}"));
        let asset = Asset { kind, plain: content.into(), brotli: OnceLock::new(), gzip: OnceLock::new() };
        self.files.insert(file, asset);
    }

    fn resolve(&self, content: &[u8]) -> Vec<u8> {
        let mut text = String::from_utf8_lossy(content).into_owned();
        for (name, address) in &self.addresses {
            text = text.replace(&format!("\"./{name}\""), &format!("\"{address}\""));
            text = text.replace(&format!("\"/static/{name}\""), &format!("\"{address}\""));
        }
        text.into_bytes()
    }
}

/// The address of a file by its name in [`FILES`], or of `site.css`.
pub(super) fn address(name: &str) -> &'static str {
    ASSETS.addresses.get(name).map_or("/static/missing", String::as_str)
}

/// The scripts that the live page loads, so that none waits for another to be found.
pub(super) fn modules() -> Vec<&'static str> {
    // The box of other pages is a script of its own, and so are the lanes, the tray and the stewards' page.
    let is_other = |name: &str| {
        matches!(name, "write.js" | "lanes.js" | "presses.js" | "steward.js") || name.starts_with("tray")
    };
    let is_loaded = |name: &str| name.ends_with(".js") && !is_other(name);
    FILES.iter().filter(|(name, _)| is_loaded(name)).map(|(name, _)| address(name)).collect()
}

/// `GET /static/{file}`.
pub(super) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    if let Some(hue) = file.strip_prefix("accent-").and_then(|rest| rest.strip_suffix(".css")) {
        return accent(hue);
    }
    let Some(asset) = ASSETS.files.get(&file) else { return StatusCode::NOT_FOUND.into_response() };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let takes = |coding: &str| {
        accepted.split(',').any(|a| a.split(';').next().is_some_and(|name| name.trim() == coding))
    };
    let is_packed = asset.kind == "font/woff2";
    let (coding, content) = if is_packed {
        (None, &asset.plain)
    } else if takes("br") {
        (Some("br"), asset.brotli.get_or_init(|| brotli_of(&asset.plain)))
    } else if takes("gzip") {
        (Some("gzip"), asset.gzip.get_or_init(|| gzip_of(&asset.plain)))
    } else {
        (None, &asset.plain)
    };
    let mut response = Response::new(Body::from(content.clone()));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

/// The two numbers of one accent. Lightness is ours, so text keeps its contrast; yellows to blues carry less chroma.
fn accent(hue: &str) -> Response {
    let Some(hue) = hue.parse::<u16>().ok().filter(|hue| *hue <= 360) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let chroma = if (85..=245).contains(&hue) { ".13" } else { ".185" };
    let css = format!("[data-accent=\"{hue}\"] {{ --accent-h: {hue}; --accent-c: {chroma}; }}\n");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, IMMUTABLE)], css)
        .into_response()
}

// A writer into memory does not fail; if one ever did, the plain file would be what is missing here, not the page.
fn brotli_of(plain: &[u8]) -> Bytes {
    let mut out = Vec::new();
    {
        let mut writer = brotli::CompressorWriter::new(&mut out, BROTLI.2, BROTLI.0, BROTLI.1);
        writer.write_all(plain).expect("writing into memory");
    }
    out.into()
}

fn gzip_of(plain: &[u8]) -> Bytes {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    writer.write_all(plain).and_then(|()| writer.finish()).expect("writing into memory").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    async fn get(address: &str, accept: &'static str) -> (HeaderMap, Bytes) {
        let file = address.strip_prefix("/static/").expect("a static address").to_owned();
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        let response = serve(Path(file), headers).await;
        assert_eq!(response.status(), StatusCode::OK, "{address}");
        let headers = response.headers().clone();
        (headers, response.into_body().collect().await.expect("in memory").to_bytes())
    }

    #[tokio::test]
    async fn scripts_and_styles_name_each_other_by_the_hash_of_their_content() {
        for (name, _) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            let (_, script) = get(address(name), "").await;
            let script = String::from_utf8(script.to_vec()).unwrap();
            assert!(!script.contains("\"./"), "{name}: every import is resolved");
            assert!(*name != "live.js" || script.contains(address("feed.js")));
        }
        let (_, style) = get(address("site.css"), "").await;
        let style = String::from_utf8(style.to_vec()).unwrap();
        assert!(style.contains(address("fonts/schibsted-latin.woff2")));
        for module in modules() {
            get(module, "").await;
        }
    }

    #[tokio::test]
    async fn files_are_packed_as_the_browser_takes_them_and_kept_for_ever() {
        let (plain_headers, plain) = get(address("site.css"), "identity").await;
        assert!(plain_headers.get(header::CONTENT_ENCODING).is_none());
        for coding in ["br", "gzip"] {
            let (headers, packed) = get(address("site.css"), coding).await;
            assert_eq!(headers[header::CONTENT_ENCODING], coding);
            assert_eq!(headers[header::CACHE_CONTROL], IMMUTABLE);
            assert!(packed.len() * 2 < plain.len(), "{coding}: {} of {}", packed.len(), plain.len());
        }
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &get(address("site.css"), "br").await.1[..], &mut unpacked).unwrap();
        assert_eq!(unpacked, plain);
    }

    #[tokio::test]
    async fn an_accent_is_a_hue_and_nothing_else() {
        let (_, css) = get("/static/accent-210.css", "").await;
        assert!(css.starts_with(b"[data-accent=\"210\"] { --accent-h: 210; --accent-c: .13; }"));
        for bad in ["accent-361.css", "accent-x}.css", "accent--1.css", "nothing.js"] {
            assert_eq!(
                serve(Path(bad.to_owned()), HeaderMap::new()).await.status(),
                StatusCode::NOT_FOUND,
                "{bad}"
            );
        }
    }
}
