//! The picture of a photo: the best address among those that Flickr lists, or one built from the photo's parts.

use model::{Media, MediaKind};
use serde_json::Value;

use super::photo::{number, text};

/// Sizes by their letter, the best for a page first: 1024, 800, 640, 500, 400, 320, 240, 150, 100 pixels; the original
/// may be of any size and comes last.
const SIZES: [&str; 10] = ["l", "c", "z", "m", "w", "n", "s", "q", "t", "o"];

/// The picture, if there is any address for it.
pub(super) fn of(raw: &Value, id: &str) -> Option<Media> {
    let listed = SIZES.iter().find_map(|size| {
        let url = text(&raw[format!("url_{size}")]).filter(|url| !url.trim().is_empty())?;
        Some((secure(url), pixels(&raw[format!("width_{size}")]), pixels(&raw[format!("height_{size}")])))
    });
    let (url, width, height) = listed.or_else(|| Some((built(raw, id)?, None, None)))?;
    let is_video = text(&raw["media"]).is_some_and(|kind| kind == "video");
    let kind = if is_video { MediaKind::Video } else { MediaKind::Photo };
    Some(Media { kind, url, width, height, alt: None, licence: None })
}

/// 500 pixels: the one size that every photo has under its first secret.
fn built(raw: &Value, id: &str) -> Option<String> {
    let part = |name: &str| text(&raw[name]).filter(|part| is_part(part));
    let (server, secret) = (part("server")?, part("secret")?);
    is_part(id).then(|| format!("https://live.staticflickr.com/{server}/{id}_{secret}.jpg"))
}

fn is_part(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Old answers hold http addresses of hosts that have long answered https.
fn secure(url: String) -> String {
    match url.strip_prefix("http://") {
        Some(rest) if rest.split('/').next().is_some_and(|host| host.ends_with(".staticflickr.com")) => {
            format!("https://{rest}")
        }
        _ => url,
    }
}

fn pixels(value: &Value) -> Option<u32> {
    number(value).and_then(|n| u32::try_from(n).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_best_size_that_is_listed_is_taken() {
        let url = |raw: Value| of(&raw, "9").map(|m| m.url);
        assert_eq!(url(json!({"url_t": "t", "url_z": "z", "url_o": "o"})).as_deref(), Some("z"));
        assert_eq!(url(json!({"url_l": "", "url_o": "o"})).as_deref(), Some("o"));
        let old = url(json!({"url_m": "http://farm1.staticflickr.com/a.jpg"}));
        assert_eq!(old.as_deref(), Some("https://farm1.staticflickr.com/a.jpg"));
        let built = url(json!({"server": 65535, "secret": "ab"}));
        assert_eq!(built.as_deref(), Some("https://live.staticflickr.com/65535/9_ab.jpg"));
        assert_eq!(url(json!({"server": "../x", "secret": "ab"})), None);
        assert_eq!(of(&json!({"url_l": "l", "media": "video"}), "9").unwrap().kind, MediaKind::Video);
    }
}
