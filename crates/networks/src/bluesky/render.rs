//! Posts as Jetstream events: the same keys in the same order as the network's own, and `&`, `<`, `>` escaped as its
//! writer escapes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::happen::What;
use crate::ids;
use crate::post::{Author, MediaKind, Post};
use crate::store::Store;
use crate::text::{Part, parts};

/// An account's DID: its id, when that is one already.
pub(crate) fn did(author: &Author) -> String {
    let name = if author.id.is_empty() { &author.handle } else { &author.id };
    if name.starts_with("did:") { name.clone() } else { did_of(name) }
}

fn did_of(name: &str) -> String {
    format!("did:plc:{}", letters(name, 24))
}

/// Letters of the kind that identifiers here are made of.
fn letters(word: &str, count: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let mut hash = ids::hash(word);
    let letter = |n: usize| {
        if n.is_multiple_of(12) {
            hash = ids::hash(&format!("{hash}{word}"));
        }
        char::from(LETTERS[(hash >> (5 * (n % 12)) & 31) as usize])
    };
    (0..count).map(letter).collect()
}

/// A handle is a host name.
pub(super) fn handle(author: &Author) -> String {
    let name = author.handle.replace(['@', '_'], "-");
    if name.contains('.') { name } else { format!("{name}.bsky.social") }
}

/// The network's own name of a post.
pub(crate) fn uri(post: &Post) -> String {
    format!("at://{}/app.bsky.feed.post/{}", did(&post.author), post.id)
}

/// When something happened, if it says so itself.
pub(super) fn time(what: &What) -> Option<i64> {
    match what {
        What::Post(post) => match &post.html {
            Some(line) => serde_json::from_str::<Value>(line).ok()?["time_us"].as_i64(),
            None => Some(post.created_at),
        },
        What::Edit { post, .. } => post.edited_at,
        What::Delete(_) => None,
    }
}

fn event(author: &Author, place: usize, stamp: i64, kind: &str, inner: &str) -> String {
    let line = format!(
        "{{\"did\":\"{}\",\"time_us\":{stamp},\"kind\":\"{kind}\",\"{kind}\":{inner},\"cursor\":{}}}",
        did(author),
        place + 1
    );
    line.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

/// A post, or a newer version of one.
pub(super) fn post(store: &Store, post: &Post, place: usize, stamp: i64, operation: &str) -> String {
    let record = record(store, post);
    let (rev, cid) = (letters(&stamp.to_string(), 13), letters(&post.text, 52));
    let commit = format!(
        "{{\"rev\":\"{rev}\",\"operation\":\"{operation}\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"{}\",\"record\":{record},\"cid\":\"bafyrei{cid}\"}}",
        post.id
    );
    event(&post.author, place, stamp, "commit", &commit)
}

pub(super) fn delete(post: &Post, place: usize, stamp: i64) -> String {
    let rev = letters(&stamp.to_string(), 13);
    let commit = format!(
        "{{\"rev\":\"{rev}\",\"operation\":\"delete\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"{}\"}}",
        post.id
    );
    event(&post.author, place, stamp, "commit", &commit)
}

fn record(store: &Store, post: &Post) -> Value {
    let created = Timestamp::from_microsecond(post.created_at).unwrap_or_default();
    let mut record = json!({"$type": "app.bsky.feed.post", "createdAt": format!("{created:.3}")});
    let (text, facets, shown) = words(post);
    record["text"] = text.into();
    if !facets.is_empty() {
        record["facets"] = facets.into();
    }
    if let Some(lang) = &post.lang {
        record["langs"] = json!([lang]);
    }
    let extra: Vec<&String> = post.tags.iter().filter(|tag| !shown.contains(tag)).collect();
    if !extra.is_empty() {
        record["tags"] = json!(extra);
    }
    if let Some(label) = post.warning.clone().or_else(|| post.sensitive.then(|| "graphic-media".to_owned())) {
        record["labels"] = json!({"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": label}]});
    }
    let reference = |id: &String| store.find(id).map(|post| json!({"cid": cid(&post.id), "uri": uri(&post)}));
    if let Some(parent) = post.reply_to.as_ref().and_then(reference) {
        record["reply"] = json!({"parent": parent, "root": parent});
    }
    let quoted = post.quote.as_ref().and_then(reference);
    if let Some(embed) = embed(post, quoted) {
        record["embed"] = embed;
    }
    record
}

/// The text with its facets, and the hashtags that it shows.
fn words(post: &Post) -> (String, Vec<Value>, Vec<String>) {
    let (mut text, mut facets, mut shown) = (String::new(), Vec::new(), Vec::new());
    for part in parts(post) {
        let from = text.len();
        let (kind, key, value) = match part {
            Part::Words(words) => {
                text.push_str(words);
                continue;
            }
            Part::Media(_) => continue,
            Part::Tag(tag) => {
                text.push('#');
                text.push_str(tag);
                shown.push(tag.to_owned());
                ("tag", "tag", tag.to_owned())
            }
            Part::Mention(name) => {
                text.push('@');
                text.push_str(name);
                ("mention", "did", did_of(&ids::digits(name)))
            }
            Part::Link(link) => {
                text.push_str(&crate::text::display(&link.expanded));
                ("link", "uri", link.expanded.clone())
            }
        };
        let feature = json!({"$type": format!("app.bsky.richtext.facet#{kind}"), key: value});
        facets.push(json!({"features": [feature], "index": {"byteEnd": text.len(), "byteStart": from}}));
    }
    (text, facets, shown)
}

fn cid(word: &str) -> String {
    format!("bafyrei{}", letters(word, 52))
}

fn blob(url: &str, mime: &str) -> Value {
    json!({"$type": "blob", "mimeType": mime, "ref": {"$link": format!("bafkrei{}", letters(url, 52))}, "size": 4711})
}

fn embed(post: &Post, quoted: Option<Value>) -> Option<Value> {
    let media = media(post);
    let record = quoted.map(|uri| json!({"$type": "app.bsky.embed.record", "record": uri}));
    match (media, record) {
        (Some(media), Some(record)) => {
            Some(json!({"$type": "app.bsky.embed.recordWithMedia", "media": media, "record": record}))
        }
        (media, record) => media.or(record),
    }
}

fn media(post: &Post) -> Option<Value> {
    let ratio = |media: &crate::post::Media| json!({"height": media.height, "width": media.width});
    if let Some(video) = post.media.iter().find(|media| media.kind != MediaKind::Photo) {
        let video = json!({
            "$type": "app.bsky.embed.video", "alt": video.alt, "aspectRatio": ratio(video),
            "video": blob(&video.url, "video/mp4"),
        });
        return Some(video);
    }
    let image = |media: &crate::post::Media| json!({"alt": media.alt.as_deref().unwrap_or_default(), "aspectRatio": ratio(media), "image": blob(&media.url, "image/jpeg")});
    let images: Vec<Value> = post.media.iter().map(image).collect();
    (!images.is_empty()).then(|| json!({"$type": "app.bsky.embed.images", "images": images}))
}

/// What strangers do: each with its collection, or none when it comes whatever is asked for.
pub(super) fn noise(stamp: i64, dice: u64) -> Vec<(Option<&'static str>, String)> {
    let stranger = Author { id: format!("stranger {}", dice % 1000), ..Author::default() };
    let who = did(&stranger);
    let rkey = letters(&dice.to_string(), 13);
    let commit = |operation: &str, collection: &str, rest: &str| {
        let inner = format!(
            "{{\"rev\":\"{rkey}\",\"operation\":\"{operation}\",\"collection\":\"{collection}\",\"rkey\":\"{rkey}\"{rest}}}"
        );
        event(&stranger, 0, stamp, "commit", &inner)
    };
    let subject = format!("{{\"cid\":\"{}\",\"uri\":\"at://{who}/app.bsky.feed.post/{rkey}\"}}", cid(&rkey));
    let like = format!(
        ",\"record\":{{\"$type\":\"app.bsky.feed.like\",\"createdAt\":\"2026-06-01T00:00:00.000Z\",\"subject\":{subject}}}"
    );
    let other = ",\"record\":{\"$type\":\"app.bsky.feed.post\",\"createdAt\":\"2026-06-01T00:00:00.000Z\",\"langs\":[\"en\"],\"text\":\"#coffee & cake 日本\"}";
    let now = "\"seq\":7,\"time\":\"2026-06-01T00:00:00.000Z\"";
    vec![
        (Some("app.bsky.feed.like"), commit("create", "app.bsky.feed.like", &like)),
        (Some("app.bsky.feed.post"), commit("create", "app.bsky.feed.post", other)),
        (Some("app.bsky.feed.post"), commit("delete", "app.bsky.feed.post", "")),
        (None, event(&stranger, 0, stamp, "identity", &format!("{{\"did\":\"{who}\",{now}}}"))),
        (
            None,
            event(&stranger, 0, stamp, "account", &format!("{{\"active\":true,\"did\":\"{who}\",{now}}}")),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facets_count_bytes() {
        let said = Post::new("1", 0, "ada", "Grüße @bo #日本語 https://a.example/x.");
        let (text, facets, shown) = words(&crate::text::complete(said));
        let slice = |n: usize| {
            let index = &facets[n]["index"];
            let at = |key: &str| index[key].as_u64().unwrap_or_default() as usize;
            text[at("byteStart")..at("byteEnd")].to_owned()
        };
        assert_eq!((slice(0), slice(1), slice(2)), ("@bo".into(), "#日本語".into(), "a.example/x".into()));
        assert_eq!(shown, ["日本語"]);
    }

    #[test]
    fn a_dids_letters_are_as_many_as_they_should_be() {
        let ada = Author { id: "7".into(), ..Author::default() };
        assert_eq!(did(&ada).len(), "did:plc:".len() + 24);
        assert_ne!(did(&ada), did(&Author { id: "8".into(), ..Author::default() }));
        assert_eq!(did(&Author { id: "did:web:a.example".into(), ..ada }), "did:web:a.example");
    }
}
