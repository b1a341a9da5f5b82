//! What search engines are told: `/robots.txt`, `/sitemap.xml`, and `X-Robots-Tag` on what they shall not keep. An event is theirs only when
//! its organiser says `published = true`; until then whoever has its address reads it, and nothing leads a search engine there.

use super::{
    Site,
    failure::Failure,
    follow::EventLive,
    shell::{absolute, in_path},
    view::stage::rooms,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header};
use std::fmt::Write as _;

const ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
/// Addresses in the sitemap: what its format allows in one file (<https://www.sitemaps.org/protocol.html>).
const ADDRESSES_MAX: usize = 50_000;
/// What is kept by nobody, published or not: the organisers' pages, programs' answers, others' pictures that pass through us.
const NEVER: [&str; 6] = ["admin", "api", "live", "login", "media", "metrics"];
/// Pages of each event that have no end: nobody needs to walk through them.
const ENDLESS: [&str; 3] = ["catch-up", "export", "search"];
/// Pages of each event that say once more what others say. One person's single post is not for a search by their name either.
const TWICE: [&str; 3] = ["embed", "posts", "wall"];
/// How long a crawler may go by what it was told, in seconds.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=600");

/// `GET /robots.txt`. Unpublished events are not named: who may not fetch a page cannot see its `noindex`, and a list of them would tell
/// of them.
pub(super) async fn robots(State(site): State<Site>) -> impl IntoResponse {
    let mut text = "User-agent: *\n".to_owned();
    for part in NEVER {
        let _ = writeln!(text, "Disallow: /{part}");
    }
    for part in ENDLESS {
        let _ = writeln!(text, "Disallow: /*/{part}");
    }
    let _ = writeln!(text, "Sitemap: {}", absolute(&site.settings, "/sitemap.xml"));
    ([(header::CACHE_CONTROL, KEPT)], text)
}

/// `GET /sitemap.xml`: the pages of published events.
pub(super) async fn sitemap(State(site): State<Site>) -> Result<impl IntoResponse, Failure> {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut paths = vec!["/".to_owned()];
    for event in site.events.all().await.iter().filter(|event| event.is_published()) {
        paths.extend(pages(event));
    }
    for path in paths.into_iter().take(ADDRESSES_MAX) {
        let _ = writeln!(xml, "<url><loc>{}</loc></url>", absolute(&site.settings, &path));
    }
    xml.push_str("</urlset>\n");
    let kind = HeaderValue::from_static("application/xml; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, KEPT)], xml))
}

/// An event's lasting pages.
fn pages(event: &EventLive) -> Vec<String> {
    let slug = event.listed().slug;
    let live = event.fold();
    let fold = live.fold();
    let mut paths = vec![format!("/{slug}")];
    paths.extend(["programme", "photos", "links", "about"].map(|part| format!("/{slug}/{part}")));
    paths.extend(rooms(fold).iter().map(|room| format!("/{slug}/rooms/{}", in_path(&room.slug))));
    paths.extend(
        fold.talks.values().filter(|talk| !talk.dropped).map(|talk| format!("/{slug}/talks/{}", talk.id)),
    );
    paths
}

/// The middleware that tells of every answer whether it may be kept. A page says the same in its head; feeds, files and pictures can
/// only say it here.
pub(super) async fn tag(State(site): State<Site>, request: Request, next: Next) -> Response {
    let is_kept = may_be_kept(&site, request.uri().path());
    let mut response = next.run(request).await;
    if !is_kept {
        response.headers_mut().entry(ROBOTS_TAG).or_insert(HeaderValue::from_static("noindex"));
    }
    response
}

fn may_be_kept(site: &Site, path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if NEVER.contains(&first) {
        return false;
    }
    // `export.ndjson` and `export.csv` are the export.
    let part = second.split('.').next().unwrap_or_default();
    let is_lasting = !ENDLESS.contains(&part) && !TWICE.contains(&part);
    site.events.known(first).is_none_or(|event| is_lasting && event.is_published())
}
