//! What a feed says of itself: title, site, language, authors, and how often it wishes to be asked.

use url::Url;

use super::document::{Head, absolute};
use super::entry::{address, first_date, persons, title};
use super::hints::Hints;
use super::tree::{Element, Ns};

/// Longest `ttl` that is read, in minutes; beyond, it is bounded anyway.
const TTL_MINUTES_MAX: u64 = 525_600;

/// Reads the root of a document: what is in the root itself counts as in its channel (RSS, RDF) or feed (Atom).
pub(super) fn read(root: &Element) -> Head {
    let channel = root.child(Ns::Core, "channel").unwrap_or(root);
    let is_page = |l: &&Element| matches!(l.attribute("rel"), None | Some("alternate"));
    let link = channel.all(Ns::Core, "link").filter(is_page).find_map(address);
    let said = |ns, name| channel.child(ns, name).and_then(Element::words);
    let moved = said(Ns::Itunes, "new-feed-url").and_then(|url| absolute(&url, &channel.base));
    Head {
        title: title(channel),
        link: link.or_else(|| channel.attribute("href").and_then(|href| absolute(href, &channel.base))),
        lang: said(Ns::Core, "language")
            .or_else(|| said(Ns::Dc, "language"))
            .or_else(|| channel.lang.as_deref().map(str::to_owned)),
        authors: persons(channel),
        picture: picture(channel),
        updated: first_date(
            channel,
            &[
                (Ns::Core, "updated"),
                (Ns::Core, "modified"),
                (Ns::Core, "lastbuilddate"),
                (Ns::Core, "pubdate"),
                (Ns::Dc, "date"),
            ],
        ),
        moved: moved
            .and_then(|url| Url::parse(&url).ok())
            .filter(|url| matches!(url.scheme(), "http" | "https")),
        hints: hints(channel),
    }
}

/// A small square picture of the site, to stand for its author.
fn picture(channel: &Element) -> Option<String> {
    let words = |name| channel.child(Ns::Core, name).and_then(|e| absolute(&e.words()?, &e.base));
    let image = || {
        channel.child(Ns::Core, "image")?.child(Ns::Core, "url").and_then(|e| absolute(&e.words()?, &e.base))
    };
    let cover = || channel.child(Ns::Itunes, "image").and_then(|e| absolute(e.attribute("href")?, &e.base));
    words("icon").or_else(image).or_else(|| words("logo")).or_else(cover)
}

fn hints(channel: &Element) -> Hints {
    let mut hints = Hints::default();
    let number = |e: &Element| e.words()?.parse::<u64>().ok();
    let ttl = channel.child(Ns::Core, "ttl").and_then(number).unwrap_or(0).min(TTL_MINUTES_MAX) * 60;
    hints.every_seconds = ttl.max(syndication(channel).unwrap_or(0));
    for hour in channel.child(Ns::Core, "skiphours").into_iter().flat_map(|e| e.all(Ns::Core, "hour")) {
        if let Some(hour) = number(hour).and_then(|hour| u32::try_from(hour).ok()) {
            hints.skip_hour(hour);
        }
    }
    for day in channel.child(Ns::Core, "skipdays").into_iter().flat_map(|e| e.all(Ns::Core, "day")) {
        hints.skip_day(&day.words().unwrap_or_default());
    }
    hints
}

/// `sy:updatePeriod` over `sy:updateFrequency`, in seconds.
fn syndication(channel: &Element) -> Option<u64> {
    let period = match channel.child(Ns::Syndication, "updateperiod")?.words()?.to_ascii_lowercase().as_str()
    {
        "hourly" => 3600,
        "daily" => 86_400,
        "weekly" => 7 * 86_400,
        "monthly" => 30 * 86_400,
        "yearly" => 365 * 86_400,
        _ => return None,
    };
    let frequency = channel.child(Ns::Syndication, "updatefrequency").and_then(Element::words);
    let frequency = frequency.and_then(|n| n.parse::<u64>().ok()).unwrap_or(1);
    Some(period / frequency.max(1))
}
