//! Pictures and sounds of an entry: enclosures, Media RSS, podcast covers. Pictures that do not belong to the article (the
//! author's portrait) are left out.

use model::{Media, MediaKind};

use super::document::absolute;
use super::tree::{Element, Ns};

/// Most attachments of one entry that are read; admit keeps fewer.
const MEDIA_MAX: usize = 16;
/// Hosts of portraits, which blogs attach to every article.
const PORTRAITS: [&str; 2] = ["gravatar.com/avatar", "/blavatar/"];
const PICTURES: [&str; 6] = [".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif"];
const SOUNDS: [&str; 6] = [".mp3", ".m4a", ".ogg", ".opus", ".flac", ".wav"];
const VIDEOS: [&str; 4] = [".mp4", ".webm", ".mov", ".m4v"];

/// The attachments of an entry.
pub(super) fn of(e: &Element) -> Vec<Media> {
    let groups = || e.all(Ns::Media, "group");
    let mut found = Found { media: Vec::new(), still: still(e).or_else(|| groups().find_map(still)) };
    for scope in std::iter::once(e).chain(groups()) {
        for content in scope.all(Ns::Media, "content") {
            let alt = described(content).or_else(|| described(scope).filter(|_| scope.name == "group"));
            let still = still(content).or_else(|| still(scope));
            let kind = (content.attribute("type"), content.attribute("medium"));
            found.add(content, content.attribute("url"), kind, alt, still);
        }
    }
    for enclosure in e.all(Ns::Core, "enclosure") {
        found.add(enclosure, enclosure.attribute("url"), (enclosure.attribute("type"), None), None, None);
    }
    for link in e.all(Ns::Core, "link").filter(|link| link.attribute("rel") == Some("enclosure")) {
        let alt = link.attribute("title").map(str::to_owned);
        found.add(link, link.attribute("href"), (link.attribute("type"), None), alt, None);
    }
    if found.media.is_empty()
        && let Some(picture) = found.still.take()
    {
        found.media.push(plain(MediaKind::Photo, picture));
    }
    found.media
}

/// What a file is, by its media type, its medium, or its name.
pub(super) fn kind(url: &str, media_type: Option<&str>, medium: Option<&str>) -> Option<MediaKind> {
    let said = media_type.and_then(|t| t.split('/').next()).filter(|t| *t != "application").or(medium);
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|end| path.ends_with(end));
    match said.map(str::to_ascii_lowercase).as_deref() {
        Some("image") => Some(MediaKind::Photo),
        Some("audio") => Some(MediaKind::Audio),
        Some("video") => Some(MediaKind::Video),
        Some(_) => None,
        None if ends(&PICTURES) => Some(MediaKind::Photo),
        None if ends(&SOUNDS) => Some(MediaKind::Audio),
        None if ends(&VIDEOS) => Some(MediaKind::Video),
        None => None,
    }
}

pub(super) fn plain(kind: MediaKind, url: String) -> Media {
    Media { kind, url, width: None, height: None, alt: None, licence: None }
}

struct Found {
    media: Vec<Media>,
    /// The entry's own thumbnail or cover.
    still: Option<String>,
}

impl Found {
    fn add(
        &mut self,
        at: &Element,
        url: Option<&str>,
        (media_type, medium): (Option<&str>, Option<&str>),
        alt: Option<String>,
        still: Option<String>,
    ) {
        let Some(url) = url.and_then(|url| absolute(url, &at.base)) else { return };
        let is_portrait = PORTRAITS.iter().any(|host| url.contains(host));
        let Some(kind) = kind(&url, media_type, medium).filter(|_| !is_portrait) else { return };
        // A video is shown by its still picture; without one there is nothing to show, and the article links to it.
        let url = if kind == MediaKind::Video { still.or_else(|| self.still.clone()) } else { Some(url) };
        let Some(url) = url else { return };
        if self.media.len() < MEDIA_MAX && self.media.iter().all(|known| known.url != url) {
            let pixels = |name: &str| at.attribute(name).and_then(|n| n.parse().ok());
            let (width, height) = (pixels("width"), pixels("height"));
            self.media.push(Media { kind, url, width, height, alt, licence: None });
        }
    }
}

/// The words that describe a picture.
fn described(scope: &Element) -> Option<String> {
    let names = ["description", "title", "text"];
    names.iter().find_map(|name| scope.child(Ns::Media, name)?.words())
}

/// The thumbnail or cover of an entry, group or file.
fn still(scope: &Element) -> Option<String> {
    let thumbnail = scope.all(Ns::Media, "thumbnail").find_map(|t| absolute(t.attribute("url")?, &t.base));
    thumbnail
        .or_else(|| {
            scope
                .child(Ns::Itunes, "image")
                .and_then(|i| absolute(i.attribute("href").or(i.attribute("url"))?, &i.base))
        })
        .filter(|url| !PORTRAITS.iter().any(|host| url.contains(host)))
}
