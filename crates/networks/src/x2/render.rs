//! Posts as X API v2 writes them: by default only `id`, `text` and `edit_history_tweet_ids`; everything else by
//! `*.fields` and `expansions`. Text is HTML-escaped for `&`, `<`, `>`, and indices count code points of that text.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::http::Query;
use crate::post::{MediaKind, Post};
use crate::store::Store;
use crate::text::{self, Part};

/// Longer texts come cut, with the whole in `note_tweet`.
const TEXT_CHARS_MAX: usize = 280;

/// What the caller asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    tweet: Vec<String>,
    user: Vec<String>,
    media: Vec<String>,
    expansions: Vec<String>,
}

impl Fields {
    pub(crate) fn of(query: &Query) -> Self {
        let list =
            |name| query.get(name).map(|v| v.split(',').map(str::to_owned).collect()).unwrap_or_default();
        Self {
            tweet: list("tweet.fields"),
            user: list("user.fields"),
            media: list("media.fields"),
            expansions: list("expansions"),
        }
    }

    fn expands(&self, what: &str) -> bool {
        self.expansions.iter().any(|e| e == what)
    }
}

fn only(value: Value, always: &[&str], asked: &[String]) -> Value {
    let Value::Object(map) = value else { return value };
    let kept = map
        .into_iter()
        .filter(|(k, v)| !v.is_null() && (always.contains(&k.as_str()) || asked.iter().any(|a| a == k)));
    Value::Object(kept.collect())
}

/// One post with what it refers to.
pub(crate) struct Document {
    pub(crate) data: Vec<Value>,
    pub(crate) includes: Map<String, Value>,
    pub(crate) errors: Vec<Value>,
}

/// Renders posts with their shared includes.
pub(crate) fn document(store: &Store, posts: &[Arc<Post>], fields: &Fields) -> Document {
    let mut includes = Includes::default();
    let mut errors = Vec::new();
    let mut data = Vec::new();
    for post in posts {
        data.push(tweet(store, post, fields));
        includes.of_post(post, fields);
        let referenced = post.quote.iter().chain(&post.reply_to);
        if fields.expands("referenced_tweets.id") {
            if let Some(original) = &post.retweet_of {
                includes.tweet(store, original, fields);
            }
            for id in referenced {
                match store.find(id) {
                    Some(found) => includes.tweet(store, &found, fields),
                    None => errors.push(not_found("referenced_tweets.id", id)),
                }
            }
        }
    }
    Document { data, includes: includes.map(), errors }
}

/// The error for an id that leads nowhere.
pub(crate) fn not_found(parameter: &str, id: &str) -> Value {
    json!({
        "value": id, "detail": format!("Could not find tweet with {parameter}: [{id}]."), "title": "Not Found Error",
        "resource_type": "tweet", "parameter": parameter, "resource_id": id,
        "type": "https://api.x.com/2/problems/resource-not-found",
    })
}

#[derive(Default)]
struct Includes {
    users: BTreeMap<String, Value>,
    media: BTreeMap<String, Value>,
    tweets: BTreeMap<String, Value>,
}

impl Includes {
    fn of_post(&mut self, post: &Post, fields: &Fields) {
        if fields.expands("author_id") {
            self.user(post, fields);
        }
        if fields.expands("attachments.media_keys") && post.retweet_of.is_none() {
            for (n, media) in post.media.iter().enumerate() {
                let key = media_key(post, n);
                let kind = match media.kind {
                    MediaKind::Photo => "photo",
                    MediaKind::Video => "video",
                    MediaKind::Gif => "animated_gif",
                };
                let is_photo = media.kind == MediaKind::Photo;
                let value = json!({"media_key": key, "type": kind, "url": is_photo.then_some(&media.url),
                    "preview_image_url": (!is_photo).then_some(&media.url), "alt_text": media.alt,
                    "width": (media.width > 0).then_some(media.width), "height": (media.height > 0).then_some(media.height)});
                self.media.insert(key, only(value, &["media_key", "type"], &fields.media));
            }
        }
    }

    fn user(&mut self, post: &Post, fields: &Fields) {
        let author = &post.author;
        let value = json!({"id": author.id, "name": author.name, "username": author.handle,
            "profile_image_url": author.avatar, "protected": false, "verified": false});
        self.users.insert(author.id.clone(), only(value, &["id", "name", "username"], &fields.user));
    }

    fn tweet(&mut self, store: &Store, post: &Post, fields: &Fields) {
        self.tweets.insert(post.id.clone(), tweet(store, post, fields));
        if fields.expands("referenced_tweets.id.author_id") {
            self.user(post, fields);
        }
        self.of_post(post, fields);
    }

    fn map(self) -> Map<String, Value> {
        let lists = [("users", self.users), ("media", self.media), ("tweets", self.tweets)];
        let full = lists.into_iter().filter(|(_, list)| !list.is_empty());
        full.map(|(name, list)| (name.to_owned(), list.into_values().collect())).collect()
    }
}

fn media_key(post: &Post, n: usize) -> String {
    format!("3_{}{n}", post.id)
}

fn tweet(store: &Store, post: &Post, fields: &Fields) -> Value {
    let (text, entities) = match &post.retweet_of {
        Some(original) => retweet_text(original),
        None => text_and_entities(post),
    };
    let is_long = text.chars().count() > TEXT_CHARS_MAX;
    let note = is_long.then(|| json!({"text": text, "entities": entities}));
    let (text, entities) = if is_long { cut(&text, &entities) } else { (text, entities) };
    let mut referenced = Vec::new();
    let mut refer = |kind: &str, id: Option<&String>| {
        referenced.extend(id.map(|id| json!({"type": kind, "id": id})));
    };
    refer("retweeted", post.retweet_of.as_ref().map(|o| &o.id));
    refer("quoted", post.quote.as_ref());
    refer("replied_to", post.reply_to.as_ref());
    let keys: Vec<String> = (0..post.media.len()).map(|n| media_key(post, n)).collect();
    let value = json!({
        "id": post.id, "text": text, "edit_history_tweet_ids": store.history(&post.id),
        "created_at": format!("{:.3}", Timestamp::from_microsecond(post.edited_at.unwrap_or(post.created_at)).unwrap_or_default()),
        "author_id": post.author.id, "lang": post.lang.as_deref().unwrap_or("und"),
        "conversation_id": post.reply_to.as_ref().unwrap_or(&post.id),
        "entities": (!entities.is_empty()).then_some(Value::Object(entities)),
        "attachments": (!keys.is_empty() && post.retweet_of.is_none()).then(|| json!({"media_keys": keys})),
        "referenced_tweets": (!referenced.is_empty()).then_some(referenced),
        "note_tweet": note, "possibly_sensitive": post.sensitive, "source": "fake",
        "public_metrics": {"retweet_count": post.counts.boosts, "reply_count": post.counts.replies,
            "like_count": post.counts.likes, "quote_count": 0},
    });
    only(value, &["id", "text", "edit_history_tweet_ids"], &fields.tweet)
}

type Entities = Map<String, Value>;

/// `RT @name: ` and the beginning of the original; its own entities are the ones that fit.
fn retweet_text(original: &Post) -> (String, Entities) {
    let prefix = format!("RT @{}: ", original.author.handle);
    let (text, entities) = text_and_entities(original);
    let shift = prefix.chars().count();
    let whole: String = prefix.chars().chain(text.chars()).collect();
    let mut shifted = Entities::new();
    let mention =
        json!({"start": 3, "end": shift - 2, "username": original.author.handle, "id": original.author.id});
    for (name, list) in entities {
        let moved = list.as_array().into_iter().flatten().map(|e| moved(e, shift)).collect();
        shifted.insert(name, Value::Array(moved));
    }
    let mentions = shifted.entry("mentions").or_insert_with(|| json!([]));
    if let Some(list) = mentions.as_array_mut() {
        list.insert(0, mention);
    }
    if whole.chars().count() <= 140 { (whole, shifted) } else { cut_at(&whole, &shifted, 139) }
}

fn moved(entity: &Value, by: usize) -> Value {
    let mut out = entity.clone();
    for end in ["start", "end"] {
        out[end] = json!(entity[end].as_u64().unwrap_or(0) + by as u64);
    }
    out
}

fn cut(text: &str, entities: &Entities) -> (String, Entities) {
    cut_at(text, entities, TEXT_CHARS_MAX - 1)
}

/// The first `chars` with an ellipsis, and the entities that lie within.
fn cut_at(text: &str, entities: &Entities, chars: usize) -> (String, Entities) {
    let short: String = text.chars().take(chars).chain(['…']).collect();
    let fits = |e: &&Value| e["end"].as_u64().is_some_and(|end| end <= chars as u64);
    let kept = entities.iter().map(|(name, list)| {
        (name.clone(), list.as_array().into_iter().flatten().filter(fits).cloned().collect::<Value>())
    });
    (short, kept.filter(|(_, list)| list.as_array().is_some_and(|l| !l.is_empty())).collect())
}

/// The text as X stores it, with short links, media links at the end where the text has none, and its entities.
fn text_and_entities(post: &Post) -> (String, Entities) {
    let mut out = Builder::default();
    let mut shown = vec![false; post.media.len()];
    for part in text::parts(post) {
        match part {
            Part::Words(words) => out.words(&text::escape(words)),
            Part::Tag(tag) => out.entity("hashtags", &format!("#{tag}"), json!({"tag": tag})),
            Part::Mention(name) => {
                let extra = json!({"username": name, "id": crate::ids::digits(name)});
                out.entity("mentions", &format!("@{name}"), extra);
            }
            Part::Link(link) => {
                let short = text::short(link);
                let extra = json!({"url": short, "expanded_url": link.expanded, "display_url": text::display(&link.expanded)});
                out.entity("urls", &short, extra);
            }
            Part::Media(n) => {
                shown[n] = true;
                out.media(post, n);
            }
        }
    }
    for n in (0..post.media.len()).filter(|n| !shown[*n]) {
        out.words(" ");
        out.media(post, n);
    }
    (out.text, out.entities)
}

#[derive(Default)]
struct Builder {
    text: String,
    chars: usize,
    entities: Entities,
}

impl Builder {
    fn words(&mut self, words: &str) {
        self.text.push_str(words);
        self.chars += words.chars().count();
    }

    fn entity(&mut self, list: &str, shown: &str, mut extra: Value) {
        extra["start"] = json!(self.chars);
        self.words(shown);
        extra["end"] = json!(self.chars);
        if let Some(list) = self.entities.entry(list).or_insert_with(|| json!([])).as_array_mut() {
            list.push(extra);
        }
    }

    fn media(&mut self, post: &Post, n: usize) {
        let media = &post.media[n];
        let short = media.shown.clone().unwrap_or_else(|| crate::ids::t_co(&media.url));
        let page = format!("https://twitter.com/{}/status/{}/photo/{}", post.author.handle, post.id, n + 1);
        let extra = json!({"url": short, "expanded_url": page, "display_url": format!("pic.twitter.com/{}", &short[short.len().saturating_sub(10)..]),
            "media_key": media_key(post, n)});
        self.entity("urls", &short, extra);
    }
}
