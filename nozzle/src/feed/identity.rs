//! Which entry is which, from one fetch to the next. In the order of trust: the entry's own id, unless two different entries
//! of one document share it; its link without what trackers add, unless shared likewise; its title and date; its words.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use url::Url;

use super::document::Entry;

/// Parameters that say where a reader came from, not what is read.
const TRACKERS: [&str; 14] = [
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "yclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_hsenc",
    "_hsmi",
    "wt_mc",
    "phpsessid",
    "jsessionid",
    "sessionid",
];

/// The ids of a document's entries, in their order; the same id twice is the same entry twice.
pub(super) fn chosen(entries: &[Entry]) -> Vec<String> {
    let links: Vec<Option<String>> =
        entries.iter().map(|e| e.link.as_deref().map(without_trackers)).collect();
    // What one id stands for: the first entry under it, and whether another one differs from that.
    let mut ids: HashMap<&str, (usize, bool)> = HashMap::new();
    let mut by_link: HashMap<&str, (usize, bool)> = HashMap::new();
    for (n, entry) in entries.iter().enumerate() {
        let differs = |first: usize| links[first] != links[n] || entries[first].title != entry.title;
        if let Some(id) = entry.id.as_deref() {
            let known = ids.entry(id).or_insert((n, false));
            known.1 |= differs(known.0);
        }
        if let Some(link) = links[n].as_deref() {
            let known = by_link.entry(link).or_insert((n, false));
            known.1 |= entries[known.0].title != entry.title;
        }
    }
    let one = |(n, entry): (usize, &Entry)| {
        let id = entry.id.as_deref().filter(|id| !ids[id].1).map(|id| format!("id\n{id}"));
        let link = || links[n].as_deref().filter(|link| !by_link[link].1).map(|link| format!("link\n{link}"));
        id.or_else(link).unwrap_or_else(|| otherwise(entry, links[n].as_deref()))
    };
    entries.iter().enumerate().map(one).collect()
}

/// An entry that shares id and link with others, or has neither.
fn otherwise(entry: &Entry, link: Option<&str>) -> String {
    let title = entry.title.as_deref().unwrap_or_default();
    let date = entry.published.or(entry.updated).map_or(0, |at| at.0);
    if !title.is_empty() || date != 0 {
        return format!("title\n{}\n{title}\n{date}", link.unwrap_or_default());
    }
    let words = entry
        .content
        .as_ref()
        .or(entry.summary.as_ref())
        .map(super::document::Text::plain)
        .unwrap_or_default();
    let media = entry.media.first().map_or("", |m| m.url.as_str());
    format!("words\n{}\n{words}\n{media}", link.unwrap_or_default())
}

/// The native part of a uid: what the feed's configured address and the chosen id come to. A feed that moves keeps its items.
pub(super) fn native(feed: &Url, id: &str) -> String {
    hash(&[feed.as_str(), id])
}

/// Another name of an entry, by what it leads to and how it is called, or its words where it has no title: an entry that
/// comes back under a new id is known by it.
pub(super) fn twin(feed: &Url, entry: &Entry) -> Option<String> {
    let link = without_trackers(entry.link.as_deref()?);
    let parts = match (entry.title.as_deref(), entry.content.as_ref().or(entry.summary.as_ref())) {
        (Some(title), _) => hash(&[feed.as_str(), &link, title]),
        (None, Some(words)) => hash(&[feed.as_str(), &link, "", &words.plain()]),
        (None, None) => return None,
    };
    Some(format!("feed:twin-{parts}"))
}

/// 128 bits, as text.
pub(super) fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// A link without the parameters that differ from reader to reader.
pub(super) fn without_trackers(link: &str) -> String {
    let Ok(mut url) = Url::parse(link) else { return link.to_owned() };
    let is_tracker = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("utm_") || TRACKERS.contains(&name.as_str())
    };
    if url.query_pairs().any(|(name, _)| is_tracker(&name)) {
        let query = url.query().unwrap_or_default();
        let name = |pair: &str| pair.split('=').next().is_some_and(is_tracker);
        let kept: Vec<&str> = query.split('&').filter(|pair| !name(pair)).collect();
        let kept = kept.join("&");
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    if let Some(at) = url.path().to_ascii_lowercase().find(";jsessionid=") {
        let path = url.path()[..at].to_owned();
        url.set_path(&path);
    }
    if url.fragment().is_some_and(|fragment| fragment.is_empty() || fragment.starts_with("utm_")) {
        url.set_fragment(None);
    }
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, link: &str, title: &str) -> Entry {
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Entry { id: some(id), link: some(link), title: some(title), ..Entry::default() }
    }

    #[test]
    fn an_id_counts_unless_two_entries_share_it() {
        let one = chosen(&[entry("1", "https://a.example/1", "a"), entry("2", "https://a.example/2", "b")]);
        assert_eq!(one, ["id\n1", "id\n2"]);
        let shared = chosen(&[
            entry("1", "https://a.example/1?utm_source=x", "a"),
            entry("1", "https://a.example/2", "b"),
        ]);
        assert_eq!(shared, ["link\nhttps://a.example/1", "link\nhttps://a.example/2"]);
        let nothing = chosen(&[entry("1", "https://a.example/", "a"), entry("1", "https://a.example/", "b")]);
        assert!(nothing[0].starts_with("title") && nothing[0] != nothing[1], "{nothing:?}");
        let twice = chosen(&[entry("1", "https://a.example/1", "a"), entry("1", "https://a.example/1", "a")]);
        assert_eq!(twice, ["id\n1", "id\n1"], "the same entry, twice");
        assert!(chosen(&[entry("", "", "")])[0].starts_with("words"));
    }

    #[test]
    fn what_trackers_add_to_a_link_is_left_out() {
        for (link, want) in [
            ("https://a.example/1?utm_source=feed&UTM_medium=rss&p=2#utm_x", "https://a.example/1?p=2"),
            ("https://a.example/1?fbclid=x", "https://a.example/1"),
            ("https://a.example/1;jsessionid=9?a=b", "https://a.example/1?a=b"),
            ("https://a.example/1?a=%20b+c&d", "https://a.example/1?a=%20b+c&d"),
            ("https://a.example/#one", "https://a.example/#one"),
            ("tag:no address", "tag:no address"),
        ] {
            assert_eq!(without_trackers(link), want);
        }
    }
}
