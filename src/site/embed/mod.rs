//! Frames for other people's pages: `/{event}/embed`, `/{event}/talks/{talk}/embed`, `/{event}/posts/{id}/embed`. Small pages that read without a
//! script, set and read no cookie, open every link in a tab of its own, and may be framed by anybody; nothing else of the policy is loosened.
//! `?theme=light` or `dark` for a page that does not follow its reader's system. How a page takes one in is told by `/{event}/feeds` and
//! found by [`super::oembed`].

mod how;
mod live;
mod post;
mod talk;

pub(super) use how::show as how;
pub(super) use live::show as live;
pub(super) use post::show as post;
pub(super) use talk::show as talk;

use super::{
    Site, assets,
    failure::{Failure, page},
    feeds::answer::{SHARED, answer},
    headers,
    shell::{HUE, absolute},
};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use model::EventEntry;
use serde::Deserialize;

/// A frame's answer is asked for by people's browsers, and search engines have the page itself.
const NOT_INDEXED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));

/// What every frame may be told.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// `light`, `dark`, or absent: as the reader's system is.
    theme: Option<String>,
    /// Which posts of the live page, as the live page itself is asked.
    show: Option<String>,
}

/// What is around a frame's own part.
struct Frame {
    title: String,
    accent: Option<u16>,
    theme: &'static str,
    /// The page that the frame is a part of, whole.
    home: String,
    /// The event's page, whole, and its name.
    event: (String, String),
}

impl Frame {
    fn new(site: &Site, slug: &str, settings: Option<&EventEntry>, asked: &Asked, path: &str) -> Self {
        let name = settings.map_or(slug, |event| &event.title).to_owned();
        let theme = match asked.theme.as_deref() {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        Self {
            title: name.clone(),
            accent: settings.and_then(|event| event.accent_hue).filter(|hue| *hue <= 360 && *hue != HUE),
            theme,
            home: absolute(&site.settings, path),
            event: (absolute(&site.settings, &format!("/{slug}")), name),
        }
    }

    /// The address of a compiled-in file.
    fn asset(&self, name: &str) -> &'static str {
        assets::address(name)
    }
}

/// The frame of what is not there: one grey line, and the way to the event.
#[derive(Template)]
#[template(path = "embed/nothing.html")]
struct Nothing {
    frame: Frame,
    sentence: String,
}

/// A frame as it is answered.
fn framed(site: &Site, asked: &HeaderMap, template: &impl Template) -> Result<Response, Failure> {
    let html = page(template)?.0;
    Ok(open(site, answer(asked, "text/html; charset=utf-8", html.into_bytes(), None)))
}

fn nothing(site: &Site, status: StatusCode, frame: Frame, sentence: String) -> Result<Response, Failure> {
    let html = page(&Nothing { frame, sentence })?;
    Ok(open(site, (status, [(header::CACHE_CONTROL, SHARED)], html).into_response()))
}

/// Lets anybody frame an answer.
fn open(site: &Site, mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, headers::framed(&site.settings));
    response.headers_mut().extend([NOT_INDEXED]);
    response
}

/// A failure as a frame shows it; what a browser refuses to show in a frame would be a broken picture there.
fn failed(site: &Site, failure: Failure, frame: Frame) -> Response {
    let sentence = match &failure {
        Failure::NotFound => Some("There is no such page, or not any more.".to_owned()),
        Failure::Gone { sentence, .. } => Some(sentence.clone()),
        _ => None,
    };
    let status = if failure == Failure::NotFound { StatusCode::NOT_FOUND } else { StatusCode::GONE };
    match sentence.map(|sentence| nothing(site, status, frame, sentence)) {
        Some(Ok(response)) => response,
        Some(Err(failure)) => open(site, failure.into_response()),
        None => open(site, failure.into_response()),
    }
}
