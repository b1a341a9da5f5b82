//! What `templates/static` holds, compiled in: styles, scripts, fonts, icon. Served under the hash of their content, for ever.

mod lean;

use super::page_cache::{Coding, Effort};
use axum::{
    body::Body,
    extract::Path,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lean::lean;
use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

const IMMUTABLE: &str = "public, max-age=31536000, immutable";

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
    ("touch.png", read!("icons/touch.png")),
    ("icon-512.png", read!("icons/icon-512.png")),
    ("zone.js", read!("js/zone.js")),
    ("again.js", read!("js/again.js")),
    ("dom.js", read!("js/dom.js")),
    ("ask.js", read!("js/ask.js")),
    ("uuid.js", read!("js/uuid.js")),
    ("clock.js", read!("js/clock.js")),
    ("tallies.js", read!("js/tallies.js")),
    ("because.js", read!("js/because.js")),
    ("item.js", read!("js/item.js")),
    ("blocks.js", read!("js/blocks.js")),
    ("drawn.js", read!("js/drawn.js")),
    ("feed.js", read!("js/feed.js")),
    ("steady.js", read!("js/steady.js")),
    ("pages.js", read!("js/pages.js")),
    ("context.js", read!("js/context.js")),
    ("room.js", read!("js/room.js")),
    ("filters.js", read!("js/filters.js")),
    ("transports.js", read!("js/transports.js")),
    ("connection.js", read!("js/connection.js")),
    ("keys.js", read!("js/keys.js")),
    ("stage.js", read!("js/stage.js")),
    ("lanes.js", read!("js/lanes.js")),
    ("status.js", read!("js/status.js")),
    ("away.js", read!("js/away.js")),
    ("compose.js", read!("js/compose.js")),
    ("write.js", read!("js/write.js")),
    ("keeping.js", read!("js/keeping.js")),
    ("live.js", read!("js/live.js")),
    ("embed.js", read!("js/embed.js")),
    ("embed.css", read!("css/embed.css")),
    ("catch_up.js", read!("js/catch_up.js")),
    ("replay.js", read!("js/replay.js")),
    ("presses.js", read!("js/presses.js")),
    ("steward.js", read!("js/steward.js")),
    ("wall_said.js", read!("js/wall_said.js")),
    ("wall_queue.js", read!("js/wall_queue.js")),
    ("wall_fit.js", read!("js/wall_fit.js")),
    ("wall_head.js", read!("js/wall_head.js")),
    ("wall_screen.js", read!("js/wall_screen.js")),
    ("wall.js", read!("js/wall.js")),
    ("wall_desk.js", read!("js/wall_desk.js")),
    ("wall.css", read!("css/wall.css")),
    ("receipts.css", read!("css/receipts.css")),
    ("wall_desk.css", read!("css/wall_desk.css")),
    ("ops.js", read!("js/ops.js")),
    ("ops.css", read!("css/ops.css")),
    ("setup.css", read!("css/setup.css")),
    ("setup.js", read!("js/setup.js")),
    ("tray_card.js", read!("js/tray_card.js")),
    ("tray_finder.js", read!("js/tray_finder.js")),
    ("tray_moves.js", read!("js/tray_moves.js")),
    ("tray.js", read!("js/tray.js")),
    ("moderate_orders.js", read!("js/moderate_orders.js")),
    ("moderate.js", read!("js/moderate.js")),
    ("moderate.css", read!("css/moderate.css")),
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
    read!("css/replay.css"),
    read!("css/catch_up.css"),
    read!("css/home.css"),
    read!("css/finder.css"),
    read!("css/about.css"),
    read!("css/tray.css"),
    read!("css/steward.css"),
    read!("css/staff.css"),
];

/// One file, ready to be sent.
struct Asset {
    kind: &'static str,
    is_text: bool,
    plain: Bytes,
    brotli: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

struct Assets {
    /// Address by name.
    addresses: HashMap<&'static str, String>,
    /// What each script needs before it begins.
    imports: HashMap<&'static str, Vec<&'static str>>,
    /// File by the last part of its address.
    files: HashMap<String, Asset>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::build);

impl Assets {
    fn build() -> Self {
        let mut assets = Self { addresses: HashMap::new(), imports: HashMap::new(), files: HashMap::new() };
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
            "png" => ("image/png", false),
            "woff2" => ("font/woff2", false),
            _ => ("application/octet-stream", false),
        };
        let content = if is_text { self.resolve(content) } else { content.to_vec() };
        if extension == "js" {
            self.imports.insert(name, self.imported(&content));
        }
        let hash: String = Sha256::digest(&content)[..6].iter().map(|byte| format!("{byte:02x}")).collect();
        let stem = stem.rsplit('/').next().unwrap_or(stem);
        let file = format!("{stem}-{hash}.{extension}");
        self.addresses.insert(name, format!("/static/{file}"));
        let asset =
            Asset { kind, is_text, plain: content.into(), brotli: OnceLock::new(), gzip: OnceLock::new() };
        self.files.insert(file, asset);
    }

    fn resolve(&self, content: &[u8]) -> Vec<u8> {
        let mut text = lean(&String::from_utf8_lossy(content));
        for (name, address) in &self.addresses {
            text = text.replace(&format!("\"./{name}\""), &format!("\"{address}\""));
            text = text.replace(&format!("\"/static/{name}\""), &format!("\"{address}\""));
        }
        text.into_bytes()
    }

    /// The scripts that a script needs before it begins.
    fn imported(&self, script: &[u8]) -> Vec<&'static str> {
        let text = String::from_utf8_lossy(script);
        let at_once = |address: &str| {
            [format!("from \"{address}\""), format!("import \"{address}\"")]
                .iter()
                .any(|said| text.contains(said))
        };
        let mut names: Vec<_> =
            self.addresses.iter().filter(|(_, address)| at_once(address)).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names
    }
}

/// The address of a file by its name in [`FILES`], or of `site.css`.
pub(super) fn address(name: &str) -> &'static str {
    ASSETS.addresses.get(name).map_or("/static/missing", String::as_str)
}

/// The scripts that the live page loads, so that none waits for another to be found.
pub(super) fn modules() -> Vec<&'static str> {
    let mut names = vec!["live.js"];
    let mut at = 0;
    while let Some(name) = names.get(at) {
        let needed = ASSETS.imports.get(name).into_iter().flatten();
        let new: Vec<&str> = needed.filter(|needed| !names.contains(needed)).copied().collect();
        names.extend(new);
        at += 1;
    }
    names.into_iter().map(address).collect()
}

/// `GET /static/{file}`.
pub(super) async fn serve(Path(file): Path<String>, headers: HeaderMap) -> Response {
    if let Some(hue) = file.strip_prefix("accent-").and_then(|rest| rest.strip_suffix(".css")) {
        return accent(hue);
    }
    let Some(asset) = ASSETS.files.get(&file) else { return StatusCode::NOT_FOUND.into_response() };
    // Fonts and pictures are packed by their makers.
    let taken = if asset.is_text { Coding::taken(&headers) } else { Coding::Plain };
    let content = match taken {
        Coding::Brotli => asset.brotli.get_or_init(|| taken.pack(&asset.plain, Effort::Thorough)),
        Coding::Gzip => asset.gzip.get_or_init(|| taken.pack(&asset.plain, Effort::Thorough)),
        Coding::Plain => &asset.plain,
    };
    let mut response = Response::new(Body::from(content.clone()));
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(IMMUTABLE));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = taken.header() {
        out.insert(header::CONTENT_ENCODING, coding);
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
        assert!(modules().contains(&address("item.js")), "also what is needed by what is needed");
        assert!(!modules().contains(&address("tray.js")));
    }

    #[test]
    fn no_text_of_a_script_goes_over_several_lines() {
        for (name, content) in FILES.iter().filter(|(name, _)| name.ends_with(".js")) {
            for line in String::from_utf8_lossy(content).lines() {
                assert!(line.matches('`').count().is_multiple_of(2), "{name}: {line}");
            }
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
