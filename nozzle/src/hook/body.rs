//! What is said: the body that we ask senders for, in the shape that Standard Webhooks recommends. The format is written
//! down at the head of `hook.rs`. Pure.

use model::{Author, Media, MediaKind, Micros, Network, Uid};
use serde::Deserialize;
use serde_json::Value;

use super::KIND;
use crate::source::{Deleter, Draft, Revision, Upstream, Words};
use crate::wire::lenient;

/// Most items of one delivery.
pub(super) const ITEMS_MAX: usize = 50;

/// A body that cannot be a delivery; the sentence says what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shape(pub(super) String);

#[derive(Deserialize)]
struct Envelope {
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    timestamp: Option<String>,
    #[serde(default)]
    data: Value,
}

/// One item as it is sent. A field of the wrong type costs the field, never the item.
#[derive(Default, Deserialize)]
struct ItemIn {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    html: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    time: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    edited: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    author: Option<AuthorIn>,
    #[serde(default, deserialize_with = "lenient::list")]
    media: Vec<MediaIn>,
    #[serde(default, deserialize_with = "lenient::text")]
    warning: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    reply_to: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    tags: Vec<String>,
}

#[derive(Default, Deserialize)]
struct AuthorIn {
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    handle: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar: Option<String>,
}

#[derive(Deserialize)]
struct MediaIn {
    url: String,
    #[serde(default, deserialize_with = "lenient::text")]
    alt: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    width: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    height: Option<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    licence: Option<String>,
}

/// Reads a body of ours. `delivery` is the sender's id of the delivery.
///
/// # Errors
/// [`Shape`]; such a body is worth no second try.
pub(super) fn read(source: &str, delivery: &str, body: &[u8]) -> Result<Vec<Upstream>, Shape> {
    let Envelope { kind, timestamp, data } = parse(body)?;
    let Some(kind) = kind else {
        return Err(Shape(
            r#""type" is missing; write "post.created", "post.updated" or "post.deleted""#.into(),
        ));
    };
    let change = match kind.as_str() {
        "post.created" => Change::Created,
        "post.updated" => Change::Updated,
        "post.deleted" => Change::Deleted,
        "ping" | "test" | "webhook.ping" | "webhook.test" => {
            return Ok(vec![Upstream::Ignored { kind: "ping" }]);
        }
        _ => return Ok(vec![Upstream::Ignored { kind: "unknown_type" }]),
    };
    let items = items(data)?;
    let is_alone = items.len() == 1;
    let said = Said { source, at: timestamp.as_deref().and_then(time), change };
    let named = |(n, item): (usize, ItemIn)| {
        let own = item.id.clone().filter(|id| !id.is_empty());
        // A delete by the delivery's own id could only name the delivery that brings the delete.
        let id = own.or_else(|| match (change, is_alone) {
            (Change::Deleted, _) => None,
            (_, true) => Some(delivery.to_owned()),
            (_, false) => Some(format!("{delivery}/{n}")),
        });
        said.message(id, item)
    };
    Ok(items.into_iter().enumerate().map(named).collect())
}

/// Reads a JSON object; the sentence about what cannot be read tells the place and repeats nothing.
pub(super) fn parse<'b, T: Deserialize<'b>>(body: &'b [u8]) -> Result<T, Shape> {
    let read = serde_json::from_slice(body).map_err(|e| {
        let what = if e.is_data() { "not the object that we ask for" } else { "not JSON" };
        Shape(format!("the body is {what} (line {}, column {})", e.line(), e.column()))
    })?;
    // A list of the fields' values would be read as well.
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    if is_object { Ok(read) } else { Err(Shape("the body is not the object that we ask for".to_owned())) }
}

fn items(mut data: Value) -> Result<Vec<ItemIn>, Shape> {
    let several = match data.get_mut("items") {
        Some(Value::Array(items)) => std::mem::take(items),
        Some(_) => return Err(Shape(r#""items" is no list"#.to_owned())),
        None => vec![data],
    };
    if several.is_empty() || several.len() > ITEMS_MAX {
        return Err(Shape(format!("a delivery brings 1 to {ITEMS_MAX} items, not {}", several.len())));
    }
    let read = |(n, item): (usize, Value)| {
        let shape = || Shape(format!(r#"item {} of "data" is no object"#, n + 1));
        if item.is_object() { serde_json::from_value(item).map_err(|_| shape()) } else { Err(shape()) }
    };
    several.into_iter().enumerate().map(read).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Created,
    Updated,
    Deleted,
}

/// What holds for all items of a delivery.
struct Said<'a> {
    source: &'a str,
    at: Option<Micros>,
    change: Change,
}

impl Said<'_> {
    fn message(&self, id: Option<String>, item: ItemIn) -> Upstream {
        match id {
            Some(id) if self.change == Change::Deleted => {
                Upstream::Delete { name: uid(self.source, &id).0, by: Deleter::Author }
            }
            Some(id) => Upstream::Post(Box::new(self.draft(&id, item))),
            None => Upstream::Malformed { reason: "no_id", sample: "a delete without an id".to_owned() },
        }
    }

    fn draft(&self, id: &str, item: ItemIn) -> Draft {
        let edited = item.edited.as_deref().and_then(time);
        let revision = match (self.change, edited) {
            (_, Some(at)) => Revision::EditedAt(at),
            (Change::Updated, None) => self.at.map_or(Revision::Newer, Revision::EditedAt),
            (_, None) => Revision::Original,
        };
        // An update's own time tells when it was changed, not when it was said.
        let when = item.time.as_deref().and_then(time);
        let when = when.or(self.at.filter(|_| self.change == Change::Created));
        Draft {
            uid: uid(self.source, id),
            revision,
            url: item.url,
            network_time: when,
            author: self.author(item.author.unwrap_or_default()),
            title: item.title,
            words: item.html.map_or_else(|| Words::Text(item.text.unwrap_or_default()), Words::Html),
            lang: item.lang,
            cover: item.warning,
            reply_to: item.reply_to.map(|to| answered(self.source, &to)),
            media: item.media.into_iter().map(media).collect(),
            tags: item.tags,
            ..Draft::new(Network::Hook, id)
        }
    }

    fn author(&self, said: AuthorIn) -> Author {
        // Two senders may know different people by one handle.
        let known_by =
            [&said.handle, &said.url, &said.name].into_iter().flatten().find(|text| !text.is_empty());
        let known_by = known_by.map_or("", String::as_str);
        Author {
            id: format!("{}/{known_by}", self.source),
            name: said.name.or_else(|| said.handle.clone()).unwrap_or_else(|| self.source.to_owned()),
            handle: said.handle.unwrap_or_default(),
            url: said.url,
            avatar: said.avatar,
        }
    }
}

/// The uid of a source's item.
pub(super) fn uid(source: &str, id: &str) -> Uid {
    Uid::new(Network::Hook.name(), &format!("{source}/{id}"))
}

/// What an item answers: a whole uid, or an item of the same source.
fn answered(source: &str, to: &str) -> String {
    let networks =
        [Network::Mastodon, Network::X, Network::Bluesky, Network::Flickr, Network::Feed, Network::Onsite];
    let is_uid = |name: &str| to.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    let is_whole = networks.into_iter().any(|network| is_uid(network.name())) || is_uid(KIND);
    if is_whole { to.to_owned() } else { uid(source, to).0 }
}

fn media(said: MediaIn) -> Media {
    let kind = match said.kind.as_deref() {
        Some("video") => MediaKind::Video,
        Some("gif" | "gifv") => MediaKind::Gif,
        Some("audio") => MediaKind::Audio,
        _ => MediaKind::Photo,
    };
    let pixels = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
    let (width, height) = (pixels(said.width), pixels(said.height));
    Media { kind, url: said.url, width, height, alt: said.alt, licence: said.licence }
}

/// A time as RFC 3339 writes it.
pub(super) fn time(text: &str) -> Option<Micros> {
    Micros::parse_rfc3339(text.trim()).ok()
}
