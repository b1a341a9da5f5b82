//! A post's record to a draft: text, embeds, relations, self-labels. Lenient: a field of the wrong shape costs the field.
//! Pure.

use model::extract::{hashtags, without_sign};
use model::{Author, Card, Media, MediaKind, Micros, Network};
use serde_json::Value;

use super::frame::POSTS;
use super::tags::{Nearness, Tags};
use super::{facets, post_uri, profile_url};
use crate::source::{Draft, Revision, TAGS_MAX, Wish};

/// Most attachments that are read of a post; admit keeps fewer.
const MEDIA_MAX: usize = 16;

/// The label by which an account or a post asks not to be shown to those who are not logged in.
pub(super) const NOT_SHOWN: &str = "!no-unauthenticated";

/// Where an event stands: the post's name, and when the network saw it.
pub(super) struct Place<'a> {
    pub(super) did: &'a str,
    pub(super) rkey: &'a str,
    pub(super) time: Option<i64>,
    pub(super) is_update: bool,
}

/// What a record is to us.
pub(super) enum Read {
    Ours(Box<Draft>),
    NotOurs { near: Vec<String> },
}

/// Reads a record, unless none of its hashtags is ours.
pub(super) fn read(place: &Place<'_>, record: &Value, tags: &Tags) -> Read {
    let text = record["text"].as_str().unwrap_or_default();
    let worded = facets::words(text, &record["facets"]);
    let extra: Vec<&str> =
        record["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).take(TAGS_MAX).collect();
    let all = worded.tags.iter().map(String::as_str).chain(extra.iter().copied()).chain(hashtags(text));
    match tags.judge(all) {
        Nearness::Ours => {}
        Nearness::Near(near) => return Read::NotOurs { near },
        Nearness::Far => return Read::NotOurs { near: Vec::new() },
    }
    let mut unshown = worded.unshown;
    for tag in extra.iter().map(|tag| without_sign(tag)).filter(|tag| !tag.is_empty()) {
        if !unshown.iter().any(|known| known == tag) {
            unshown.push(tag.to_owned());
        }
    }
    unshown.truncate(TAGS_MAX);
    let time = place.time.map(Micros);
    let embed = Embed::read(place.did, &record["embed"]);
    let native = post_uri(place.did, place.rkey);
    let labels = labels(record);
    Read::Ours(Box::new(Draft {
        revision: match time {
            Some(at) if place.is_update => Revision::EditedAt(at),
            _ if place.is_update => Revision::Newer,
            _ => Revision::Original,
        },
        url: Some(format!("{}/post/{}", profile_url(place.did), place.rkey)),
        author_time: record["createdAt"].as_str().and_then(|text| Micros::parse_rfc3339(text.trim()).ok()),
        network_time: time,
        author: stranger(place.did),
        words: worded.words,
        lang: record["langs"].as_array().into_iter().flatten().find_map(Value::as_str).map(str::to_owned),
        cover: cover(&labels),
        reply_to: post_name(&record["reply"]["parent"]),
        quotes: embed.quotes,
        media: embed.media,
        card: embed.card,
        tags: unshown,
        wish: if labels.contains(&NOT_SHOWN) { Wish::NotShown } else { Wish::None },
        ..Draft::new(Network::Bluesky, &native)
    }))
}

/// An author of whom only the DID is known.
pub(super) fn stranger(did: &str) -> Author {
    Author {
        id: did.to_owned(),
        name: String::new(),
        handle: did.to_owned(),
        url: Some(profile_url(did)),
        avatar: None,
    }
}

/// The uid of a post that a strong reference names.
fn post_name(reference: &Value) -> Option<String> {
    let uri = reference["uri"].as_str()?;
    let (did, rest) = uri.strip_prefix("at://")?.split_once('/')?;
    let rkey = rest.strip_prefix(POSTS)?.strip_prefix('/')?;
    (super::is_did(did) && super::is_rkey(rkey)).then(|| format!("{}:{uri}", Network::Bluesky.name()))
}

/// What a post carries beside its words.
#[derive(Default)]
struct Embed {
    quotes: Option<String>,
    media: Vec<Media>,
    card: Option<Card>,
}

impl Embed {
    fn read(did: &str, embed: &Value) -> Self {
        match embed["$type"].as_str().unwrap_or_default() {
            "app.bsky.embed.images" | "app.bsky.embed.gallery" => {
                Self { media: pictures(did, embed), ..Self::default() }
            }
            "app.bsky.embed.video" => Self { media: video(did, embed), ..Self::default() },
            "app.bsky.embed.external" => Self { card: card(&embed["external"]), ..Self::default() },
            "app.bsky.embed.record" => Self { quotes: post_name(&embed["record"]), ..Self::default() },
            "app.bsky.embed.recordWithMedia" if embed["media"]["$type"] != embed["$type"] => {
                let quotes = post_name(&embed["record"]["record"]);
                Self { quotes, ..Self::read(did, &embed["media"]) }
            }
            _ => Self::default(),
        }
    }
}

/// Blobs have no address in the event: the network's picture server makes one of account and content.
fn blob(value: &Value) -> Option<&str> {
    // The second form is from the network's first months.
    let cid = value["ref"]["$link"].as_str().or_else(|| value["cid"].as_str())?;
    (!cid.is_empty() && cid.len() <= 200 && cid.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(cid)
}

fn pictures(did: &str, embed: &Value) -> Vec<Media> {
    let list = ["images", "media", "items"].iter().find_map(|key| embed[*key].as_array());
    let picture = |entry: &Value| {
        let cid = blob(&entry["image"])?;
        let url = format!("https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg");
        Some(attachment(MediaKind::Photo, url, entry))
    };
    list.into_iter().flatten().take(MEDIA_MAX).filter_map(picture).collect()
}

fn video(did: &str, embed: &Value) -> Vec<Media> {
    let thumbnail = |cid: &str| {
        let did = did.replace(':', "%3A");
        format!("https://video.bsky.app/watch/{did}/{cid}/thumbnail.jpg")
    };
    let kind = if embed["presentation"] == "gif" { MediaKind::Gif } else { MediaKind::Video };
    blob(&embed["video"]).map(|cid| attachment(kind, thumbnail(cid), embed)).into_iter().collect()
}

fn attachment(kind: MediaKind, url: String, entry: &Value) -> Media {
    let side = |key: &str| entry["aspectRatio"][key].as_u64().and_then(|n| u32::try_from(n).ok());
    let alt = entry["alt"].as_str().filter(|alt| !alt.trim().is_empty()).map(str::to_owned);
    Media { kind, url, width: side("width"), height: side("height"), alt, licence: None }
}

fn card(external: &Value) -> Option<Card> {
    let text = |key: &str| external[key].as_str().map(str::trim).filter(|text| !text.is_empty());
    let url = text("uri")?;
    Some(Card {
        url: url.to_owned(),
        title: text("title").unwrap_or(url).to_owned(),
        text: text("description").map(str::to_owned),
    })
}

/// The labels that a record puts on itself.
pub(super) fn labels(record: &Value) -> Vec<&str> {
    record["labels"]["values"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|label| label["val"].as_str())
        .collect()
}

/// Self-labels as a content warning; those that begin with `!` are for programs.
fn cover(labels: &[&str]) -> Option<String> {
    let mut words: Vec<&str> = Vec::new();
    for label in labels {
        let word = match *label {
            "porn" => "Adult content",
            "sexual" => "Sexually suggestive",
            "nudity" => "Nudity",
            "graphic-media" | "gore" => "Graphic media",
            "!warn" | "!hide" => "",
            other if other.starts_with('!') || other == "bot" => continue,
            other => other,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let shown: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| shown.join(", "))
}
