//! Attachments and previews of Mastodon's API.

use model::{Card, Media, MediaKind};
use serde::Deserialize;

use crate::wire::lenient;

#[derive(Deserialize)]
pub(super) struct Attachment {
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    preview_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    remote_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default, deserialize_with = "lenient::object")]
    original: Option<Size>,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default, deserialize_with = "lenient::number")]
    width: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    height: Option<i64>,
}

/// What becomes of an attachment.
pub(super) enum Attached {
    /// It can be shown.
    Media(Media),
    /// There is nothing to show, but somewhere to go: the server kept no copy, or does not know the kind.
    Link(String),
}

impl Attachment {
    /// `page` is the status's own page, where sound is played.
    pub(super) fn attached(self, page: Option<&str>) -> Option<Attached> {
        let elsewhere = self.remote_url.clone().or_else(|| self.url.clone());
        let (kind, url) = match self.kind.as_deref() {
            // The address is null while the server still works on it; a still picture is a preview.
            Some("image") => (MediaKind::Photo, self.url.or(self.remote_url).or(self.preview_url)),
            Some("video") => (MediaKind::Video, self.preview_url),
            Some("gifv") => (MediaKind::Gif, self.preview_url),
            Some("audio") => (MediaKind::Audio, page.map(str::to_owned)),
            _ => return elsewhere.map(Attached::Link),
        };
        let Some(url) = url else { return elsewhere.map(Attached::Link) };
        let size = self.meta.and_then(|m| m.original);
        let pixels = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
        Some(Attached::Media(Media {
            kind,
            url,
            width: size.as_ref().and_then(|s| pixels(s.width)),
            height: size.as_ref().and_then(|s| pixels(s.height)),
            alt: self.description,
            licence: None,
        }))
    }

    /// Whether the server has finished with it; it says so later by another look, not by an edit.
    pub(super) fn is_ready(&self) -> bool {
        self.url.is_some()
    }
}

#[derive(Deserialize)]
pub(super) struct Preview {
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    description: Option<String>,
}

impl Preview {
    pub(super) fn card(self) -> Option<Card> {
        let title = self.title.filter(|t| !t.trim().is_empty())?;
        Some(Card { url: self.url?, title, text: self.description.filter(|d| !d.trim().is_empty()) })
    }
}
