//! Who speaks, with the pages of the handles that the programme knows.

use crate::site::view::body::web;
use model::Talk;

/// A speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpeakerView {
    pub(super) name: String,
    /// Handle and page.
    pub(super) handles: Vec<(String, Option<String>)>,
}

pub(super) fn people(talk: &Talk) -> Vec<SpeakerView> {
    let speaker = |speaker: &model::Speaker| SpeakerView {
        name: speaker.name.clone(),
        handles: speaker.handles.iter().map(|handle| (handle.clone(), page(handle))).collect(),
    };
    talk.speakers.iter().map(speaker).collect()
}

/// The page of a handle: `@ada@pixels.example` at its server, `@ada.example` at Bluesky, `@ada` at X, an address as it is. None for what is
/// none of these.
fn page(handle: &str) -> Option<String> {
    if let Some(url) = web(handle) {
        return Some(url.into());
    }
    let bare = handle.trim().trim_start_matches('@');
    let is_host = |host: &str| {
        host.contains('.') && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
    };
    let is_user = |user: &str| {
        !user.is_empty() && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    let address = match bare.split_once('@') {
        Some((user, host)) if is_user(user) && is_host(host) => format!("https://{host}/@{user}"),
        Some(_) => return None,
        None if is_host(bare) => format!("https://bsky.app/profile/{bare}"),
        None if is_user(bare) => format!("https://x.com/{bare}"),
        None => return None,
    };
    web(&address).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_leads_to_its_page_and_nothing_else_leads_anywhere() {
        let cases = [
            ("@ada@pixels.example", Some("https://pixels.example/@ada")),
            ("ada.sky.example", Some("https://bsky.app/profile/ada.sky.example")),
            ("@ada", Some("https://x.com/ada")),
            ("https://ada.example/", Some("https://ada.example/")),
            ("javascript:alert(1)", None),
            ("@a@b@c", None),
            ("@ada@evil.example/x", None),
            ("two words", None),
            ("", None),
        ];
        for (handle, want) in cases {
            assert_eq!(page(handle).as_deref(), want, "{handle}");
        }
    }
}
