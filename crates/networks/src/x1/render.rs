//! Tweets as v1.1 wrote them: `truncated` with `extended_tweet` on streams, `full_text` with `tweet_mode=extended`;
//! text HTML-escaped for `&`, `<`, `>`, and indices counting code points of that text.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::post::{MediaKind, Post};
use crate::store::Store;
use crate::text::{self, Part};

/// Longer texts were cut on streams.
const TEXT_CHARS_MAX: usize = 140;

/// The status object; `extended` as search with `tweet_mode=extended` gives it.
pub(crate) fn status(store: &Store, post: &Post, extended: bool) -> Value {
    let mut out = tweet(post, extended);
    edited(store, post, &mut out);
    if let Some(original) = &post.retweet_of {
        out["retweeted_status"] = tweet(original, extended);
        edited(store, original, &mut out["retweeted_status"]);
        quoted(store, original, extended, &mut out["retweeted_status"]);
    } else {
        quoted(store, post, extended, &mut out);
    }
    out
}

fn edited(store: &Store, post: &Post, out: &mut Value) {
    let history = store.history(&post.id);
    if history.len() > 1 {
        out["edit_history"] = json!({"edit_tweet_ids": history});
    }
}

fn quoted(store: &Store, post: &Post, extended: bool, out: &mut Value) {
    let Some(id) = &post.quote else { return };
    out["is_quote_status"] = json!(true);
    out["quoted_status_id"] = number(id);
    out["quoted_status_id_str"] = json!(id);
    if let Some(found) = store.find(id) {
        out["quoted_status"] = tweet(&found, extended);
    }
}

fn number(id: &str) -> Value {
    id.parse::<u64>().map_or(Value::Null, |n| json!(n))
}

/// `Tue Mar 21 20:50:14 +0000 2006`
fn time(micros: i64) -> String {
    let stamp = Timestamp::from_microsecond(micros).unwrap_or_default();
    stamp.strftime("%a %b %d %H:%M:%S +0000 %Y").to_string()
}

fn tweet(post: &Post, extended: bool) -> Value {
    let written = match &post.retweet_of {
        Some(original) => written(original, &format!("RT @{}: ", original.author.handle)),
        None => written(post, ""),
    };
    let mut out = json!({
        "created_at": time(post.edited_at.unwrap_or(post.created_at)), "id": number(&post.id), "id_str": post.id, "truncated": false,
        "source": "<a href=\"https://fake.example\" rel=\"nofollow\">Fake</a>",
        "in_reply_to_status_id": post.reply_to.as_deref().map(number), "in_reply_to_status_id_str": post.reply_to,
        "user": user(post), "geo": null, "coordinates": null, "place": null, "contributors": null,
        "is_quote_status": false, "quote_count": 0, "reply_count": post.counts.replies,
        "retweet_count": post.counts.boosts, "favorite_count": post.counts.likes, "favorited": false, "retweeted": false,
        "filter_level": "low", "lang": post.lang.as_deref().unwrap_or("und"),
        "possibly_sensitive": post.sensitive, "timestamp_ms": (post.created_at / 1000).to_string(),
    });
    let is_long = written.text.chars().count() > TEXT_CHARS_MAX;
    if extended {
        let chars = written.text.chars().count();
        out["full_text"] = json!(written.text);
        out["display_text_range"] = json!([0, written.shown_chars.min(chars)]);
        entities(&mut out, written);
    } else if is_long {
        out["text"] = json!(cut(&written.text));
        out["entities"] = Value::Object(within(&written.entities));
        if post.retweet_of.is_none() {
            out["truncated"] = json!(true);
            let mut whole =
                json!({"full_text": written.text, "display_text_range": [0, written.shown_chars]});
            entities(&mut whole, written);
            out["extended_tweet"] = whole;
        }
    } else {
        out["text"] = json!(written.text);
        entities(&mut out, written);
    }
    out
}

fn entities(out: &mut Value, written: Written) {
    if let Some(media) = written.entities.get("media").and_then(Value::as_array) {
        out["extended_entities"] = json!({"media": media});
    }
    let mut entities = written.entities;
    // `entities.media` only ever had the first one.
    if let Some(Value::Array(media)) = entities.get_mut("media") {
        media.truncate(1);
    }
    out["entities"] = Value::Object(entities);
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_CHARS_MAX - 1).chain(['…']).collect()
}

fn within(entities: &Map<String, Value>) -> Map<String, Value> {
    let fits = |e: &&Value| e["indices"][1].as_u64().is_some_and(|end| end < TEXT_CHARS_MAX as u64);
    let lists = entities.iter().map(|(name, list)| {
        (name.clone(), list.as_array().into_iter().flatten().filter(fits).cloned().collect::<Value>())
    });
    lists.filter(|(name, list)| name != "media" || list.as_array().is_some_and(|l| !l.is_empty())).collect()
}

fn user(post: &Post) -> Value {
    let author = &post.author;
    json!({
        "id": number(&author.id), "id_str": author.id, "name": author.name, "screen_name": author.handle,
        "location": null, "url": null, "description": null, "protected": false, "verified": false,
        "followers_count": 3, "friends_count": 5, "statuses_count": 8, "created_at": "Tue Mar 21 20:50:14 +0000 2006",
        "profile_image_url": author.avatar, "profile_image_url_https": author.avatar,
    })
}

/// A text as it was stored, with its entities.
struct Written {
    text: String,
    chars: usize,
    /// Where the trailing media links begin: what `display_text_range` ends with.
    shown_chars: usize,
    entities: Map<String, Value>,
}

fn written(post: &Post, prefix: &str) -> Written {
    let lists = ["hashtags", "symbols", "user_mentions", "urls"].map(|n| (n.to_owned(), json!([])));
    let mut out =
        Written { text: String::new(), chars: 0, shown_chars: 0, entities: lists.into_iter().collect() };
    if !prefix.is_empty() {
        out.words("RT ");
        let author = &post.author;
        out.entity("user_mentions", &format!("@{}", author.handle), mention(&author.handle, &author.id));
        out.words(": ");
    }
    let mut shown = vec![false; post.media.len()];
    for part in text::parts(post) {
        let is_media = matches!(part, Part::Media(_));
        match part {
            Part::Words(words) => out.words(&text::escape(words)),
            Part::Tag(tag) => out.entity("hashtags", &format!("#{tag}"), json!({"text": tag})),
            Part::Mention(name) => {
                out.entity("user_mentions", &format!("@{name}"), mention(name, &crate::ids::digits(name)));
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
        if !is_media {
            out.shown_chars = out.chars;
        }
    }
    let missing = shown.iter().position(|s| !s);
    if let Some(first) = missing {
        out.words(" ");
        // All pictures of a tweet share one link.
        for n in first..post.media.len() {
            out.media(post, n);
        }
    }
    out
}

fn mention(name: &str, id: &str) -> Value {
    json!({"screen_name": name, "name": name, "id": number(id), "id_str": id})
}

impl Written {
    fn words(&mut self, words: &str) {
        self.text.push_str(words);
        self.chars += words.chars().count();
    }

    fn entity(&mut self, list: &str, shown: &str, mut extra: Value) {
        let start = self.chars;
        self.words(shown);
        extra["indices"] = json!([start, self.chars]);
        self.push(list, extra);
    }

    fn push(&mut self, list: &str, entity: Value) {
        if let Some(list) = self.entities.entry(list).or_insert_with(|| json!([])).as_array_mut() {
            list.push(entity);
        }
    }

    fn media(&mut self, post: &Post, n: usize) {
        let media = &post.media[n];
        let before = self.entities.get("media").and_then(Value::as_array).and_then(|m| m.first());
        let shared =
            before.filter(|_| media.shown.is_none()).map(|m| (m["url"].clone(), m["indices"].clone()));
        let (kind, page) = match media.kind {
            MediaKind::Photo => ("photo", "photo"),
            MediaKind::Video => ("video", "video"),
            MediaKind::Gif => ("animated_gif", "photo"),
        };
        let (url, indices) = shared.unwrap_or_else(|| {
            let short = media.shown.clone().unwrap_or_else(|| crate::ids::t_co(&media.url));
            let start = self.chars;
            self.words(&short);
            (json!(short), json!([start, self.chars]))
        });
        let id = format!("{}{n}", post.author.id);
        let large = json!({"w": media.width, "h": media.height, "resize": "fit"});
        self.push("media", json!({
            "id": number(&id), "id_str": id, "indices": indices, "url": url, "media_url": media.url,
            "media_url_https": media.url.replacen("http://", "https://", usize::from(media.url.contains("twimg.com"))),
            "display_url": "pic.twitter.com/x", "type": kind, "ext_alt_text": media.alt,
            "expanded_url": format!("https://twitter.com/{}/status/{}/{page}/1", post.author.handle, post.id),
            "sizes": (media.width > 0).then(|| json!({"large": large})),
        }));
    }
}
