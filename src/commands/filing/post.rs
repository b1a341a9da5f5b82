//! A line of a posts file becomes an item, by the same way as a draft from a network: [`nozzle::admit`]. Lenient about what is
//! missing, null or of another type; what a line holds besides is passed over.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use model::{Author, Item, ItemId, Media, MediaKind, Micros, Network};
use nozzle::admit::{self, Admitted, Arrival};
use nozzle::source::{Draft, Words};
use serde_json::{Map, Value};

use super::moment::moment;

/// Most names of posts that are kept for those who answer; later posts are filed without what they answer.
const NAMES_MAX: usize = 10_000_000;
/// What stands for words where a post has none, so that it is filed (by what it answers, and by its time) and not lost.
const NO_WORDS: &str = "\u{2026}";

/// A post that was read.
#[derive(Debug)]
pub(crate) struct Post {
    /// Its id as the file has it.
    pub(crate) id: String,
    /// The item.
    pub(crate) item: Item,
    /// What was assumed, for the person who made the file.
    pub(crate) remark: Option<String>,
}

/// Reads posts, and knows those that it read.
#[derive(Debug)]
pub(crate) struct Posts {
    zone: TimeZone,
    /// Ids and addresses of posts.
    known: HashMap<String, ItemId>,
    /// When the last post was said by its own account, and where it was put in the order.
    last: Option<(Micros, Micros)>,
}

impl Posts {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { zone, known: HashMap::new(), last: None }
    }

    /// The post on a line, or why there is none.
    pub(crate) fn read(&mut self, number: usize, line: &[u8]) -> Result<Post, String> {
        let value: Value =
            serde_json::from_slice(line).map_err(|why| format!("no JSON from column {} on", why.column()))?;
        let Value::Object(fields) = value else { return Err("no JSON object".to_owned()) };
        let fields = &fields;
        let (when, remark) = self.when(fields)?;
        let own_id = text(fields, "id");
        let remark = remark.or_else(|| own_id.is_none().then(|| format!("no id; it goes by line-{number}")));
        let id = own_id.unwrap_or_else(|| format!("line-{number}"));
        let is_again = self.known.contains_key(&id);
        let remark = remark.or_else(|| {
            is_again
                .then(|| format!("the id {id} came before; this is taken as a newer version of that post"))
        });
        let mut item = self.admit(fields, &id, when, number)?;
        item.when = self.place(when);
        let names = ["id", "url", "uri", "uid"].iter().filter_map(|key| text(fields, key));
        for name in names.chain([id.clone(), item.uid.0.clone()]) {
            if self.known.len() < NAMES_MAX {
                self.known.insert(name, item.id());
            }
        }
        Ok(Post { id, item, remark })
    }

    fn when(&self, fields: &Map<String, Value>) -> Result<(Micros, Option<String>), String> {
        let said = fields.get("posted_at").unwrap_or(&Value::Null);
        if let Some(when) = moment(said, &self.zone) {
            let is_back = self.last.is_some_and(|(last, _)| when < last);
            let remark =
                "it is older than the line before, which it is filed without; sort the posts by time";
            return Ok((when, is_back.then(|| remark.to_owned())));
        }
        let bad = if said.is_null() { "no posted_at" } else { "posted_at is no time that can be read" };
        match self.last {
            Some((last, _)) => {
                Ok((last, Some(format!("{bad}; it is taken to be said with the line before"))))
            }
            None => Err(format!("{bad} (2026-06-01T10:07:12+02:00, or seconds since 1970)")),
        }
    }

    /// Lines of one second keep the order of the file, since what was said before is what stands before.
    fn place(&mut self, when: Micros) -> Micros {
        let placed = match self.last {
            Some((last, _)) if when < last => return when,
            Some((_, placed)) => when.max(placed.plus(1)),
            None => when,
        };
        self.last = Some((when, placed));
        placed
    }

    fn admit(
        &self,
        fields: &Map<String, Value>,
        id: &str,
        when: Micros,
        number: usize,
    ) -> Result<Item, String> {
        let source = text(fields, "source").unwrap_or_else(|| "file".to_owned());
        let mut draft = Draft::new(network(&source), id);
        if !admit::is_name(&draft.uid.0) {
            draft = Draft::new(draft.network, &format!("line-{number}"));
        }
        draft.network_time = Some(when);
        draft.url = text(fields, "url");
        draft.author = author(fields.get("author").unwrap_or(&Value::Null), number);
        draft.title = text(fields, "title");
        draft.words = Words::Text(words(fields));
        let tags = texts(fields.get("tags"), "name").into_iter();
        draft.tags = tags.map(|tag| tag.trim_start_matches('#').to_owned()).collect();
        draft.lang = text(fields, "lang");
        draft.media = media(fields.get("media").unwrap_or(&Value::Null));
        let arrival =
            Arrival { source: &source, received: when, is_late: false, consent: Default::default() };
        let Admitted { mut item, .. } = admit::admit(draft, arrival).map_err(|why| why.to_string())?;
        item.reply_to = self.earlier(fields, &["reply_to", "in_reply_to", "in_reply_to_id"]);
        item.quotes = self.earlier(fields, &["quotes", "quote_of"]);
        Ok(item)
    }

    fn earlier(&self, fields: &Map<String, Value>, keys: &[&str]) -> Option<ItemId> {
        let name = keys.iter().find_map(|key| match fields.get(*key)? {
            Value::Object(inner) => text(inner, "id").or_else(|| text(inner, "url")),
            _ => text(fields, key),
        })?;
        self.known.get(&name).or_else(|| self.known.get(name.trim_end_matches('/'))).copied()
    }
}

/// A field as text: numbers become text, the empty text nothing.
fn text(fields: &Map<String, Value>, key: &str) -> Option<String> {
    match fields.get(key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Texts of a list, or the one text that stands in its place; of objects the field that holds it.
fn texts(value: Option<&Value>, field: &str) -> Vec<String> {
    let one = |value: &Value| match value {
        Value::Object(inner) => text(inner, field),
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    };
    match value {
        Some(Value::Array(all)) => all.iter().filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The words, and behind them the links that only the field tells: they are as much a sign as written ones.
fn words(fields: &Map<String, Value>) -> String {
    let mut words = text(fields, "text").unwrap_or_default();
    let said = words.to_lowercase();
    let links = texts(fields.get("links"), "url").into_iter();
    for link in links.filter(|link| link.contains("://") && !said.contains(&bare(link))) {
        words.push(' ');
        words.push_str(&link);
    }
    if words.trim().is_empty() { NO_WORDS.to_owned() } else { words }
}

/// An address without its protocol and last slash, as texts often show it.
fn bare(link: &str) -> String {
    link.split_once("://").map_or(link, |(_, rest)| rest).trim_end_matches('/').to_lowercase()
}

/// Who wrote it: an object, or the handle alone. Whoever has no name is nobody else either.
fn author(value: &Value, number: usize) -> Author {
    let (handle, name, id, url) = match value {
        Value::Object(fields) => {
            let handle = ["handle", "acct", "username"].iter().find_map(|key| text(fields, key));
            let name = ["name", "display_name"].iter().find_map(|key| text(fields, key));
            (handle, name, text(fields, "id"), text(fields, "url"))
        }
        Value::String(handle) => (Some(handle.trim().to_owned()).filter(|h| !h.is_empty()), None, None, None),
        _ => (None, None, None, None),
    };
    let known = id.or_else(|| handle.as_ref().map(|h| h.trim_start_matches('@').to_lowercase()));
    Author {
        id: known.or_else(|| name.clone()).unwrap_or_else(|| format!("line-{number}")),
        name: name.unwrap_or_default(),
        handle: handle.map_or_else(String::new, |h| format!("@{}", h.trim_start_matches('@'))),
        url,
        avatar: None,
    }
}

fn media(value: &Value) -> Vec<Media> {
    let photo = |url: String, alt: Option<String>| Media {
        kind: MediaKind::Photo,
        url,
        width: None,
        height: None,
        alt,
        licence: None,
    };
    let one = |value: &Value| match value {
        Value::String(url) => Some(photo(url.clone(), None)),
        Value::Object(fields) => Some(photo(text(fields, "url")?, text(fields, "alt"))),
        _ => None,
    };
    value.as_array().into_iter().flatten().filter_map(one).collect()
}

/// The network that a source's name speaks of; whatever else there is came by a hook, as far as the product knows.
fn network(source: &str) -> Network {
    let source = source.to_lowercase();
    let is = |word: &str| source.contains(word);
    match () {
        () if source == "x" || is("twitter") => Network::X,
        () if is("bluesky") || is("bsky") => Network::Bluesky,
        () if is("flickr") => Network::Flickr,
        () if is("feed") || is("rss") || is("blog") => Network::Feed,
        () if is("onsite") => Network::Onsite,
        () if is("hook") || source == "file" => Network::Hook,
        () => Network::Mastodon,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Run;

    fn posts() -> Posts {
        Posts::new(TimeZone::get("Europe/Berlin").unwrap())
    }

    fn read(posts: &mut Posts, line: &str) -> Post {
        posts.read(1, line.as_bytes()).unwrap()
    }

    #[test]
    fn a_full_line_is_read_as_a_network_would_bring_it() {
        let line = r#"{"id":"a","posted_at":"2026-06-01T10:00:00+02:00","source":"mastodon","author":{"handle":"@Ada@pub.example",
            "name":"Ada"},"text":"so @karo #RustFest https://x.example/1","reply_to":null,"links":["https://x.example/1/","https://y.example/2"],
            "tags":["rustfest","Hall1"],"lang":"en","extra":{"a":1}}"#;
        let post = read(&mut posts(), line);
        let item = &post.item;
        assert_eq!((post.id.as_str(), item.network, post.remark), ("a", Network::Mastodon, None));
        assert_eq!(
            (item.author.id.as_str(), item.author.handle.as_str()),
            ("ada@pub.example", "@Ada@pub.example")
        );
        assert_eq!(item.when.timestamp().to_string(), "2026-06-01T08:00:00Z");
        assert_eq!(
            (item.body.tags().collect::<Vec<_>>(), &item.tags[..]),
            (vec!["RustFest"], &["Hall1".to_owned()][..])
        );
        assert_eq!(item.body.links().collect::<Vec<_>>(), ["https://x.example/1", "https://y.example/2"]);
        assert!(
            item.body.0.iter().any(|run| matches!(run, Run::Mention { mention, .. } if mention == "@karo"))
        );
    }

    #[test]
    fn what_is_missing_or_null_or_odd_is_borne() {
        let mut posts = posts();
        let bare = read(
            &mut posts,
            r#"{"id":7,"posted_at":1780300800,"author":"karo","text":null,"tags":null,"links":"x"}"#,
        );
        assert_eq!((bare.id.as_str(), bare.item.author.handle.as_str()), ("7", "@karo"));
        assert_eq!(bare.item.body.text(), NO_WORDS);
        let without = read(&mut posts, r#"{"text":"hm","reply_to":7}"#);
        assert_eq!(without.item.reply_to, Some(bare.item.id()));
        assert!(without.remark.unwrap().contains("no posted_at"));
        assert!(without.item.when > bare.item.when);
    }

    #[test]
    fn lines_of_one_second_keep_their_order_and_an_older_one_is_remarked() {
        let mut posts = posts();
        let line = |id: &str, second: u32| {
            format!(r#"{{"id":"{id}","posted_at":"2026-06-01T10:00:{second:02}Z","text":"x"}}"#)
        };
        let whens: Vec<Micros> =
            ["a", "b", "c"].iter().map(|id| read(&mut posts, &line(id, 9)).item.when).collect();
        assert!(whens.windows(2).all(|pair| pair[1].since(pair[0]) == 1), "{whens:?}");
        let older = read(&mut posts, &line("d", 3));
        assert!(older.item.when < whens[0] && older.remark.unwrap().contains("sort the posts"));
        assert_eq!(read(&mut posts, &line("e", 9)).item.when, whens[2].plus(1));
    }

    #[test]
    fn replies_find_their_parent_by_id_by_address_and_by_uid() {
        let mut posts = posts();
        let parent = read(
            &mut posts,
            r#"{"id":"p","url":"https://pub.example/@ada/1","posted_at":1780300800,"source":"mastodon","text":"x"}"#,
        );
        for name in ["p", "https://pub.example/@ada/1", "mastodon:p"] {
            let reply = format!(
                r#"{{"id":"{name}-r","posted_at":1780300801,"text":"y","reply_to":"{name}","quotes":"{name}"}}"#
            );
            let item = read(&mut posts, &reply).item;
            assert_eq!(
                (item.reply_to, item.quotes),
                (Some(parent.item.id()), Some(parent.item.id())),
                "{name}"
            );
        }
        let stranger =
            read(&mut posts, r#"{"id":"z","posted_at":1780300802,"text":"y","reply_to":"elsewhere"}"#);
        assert_eq!(stranger.item.reply_to, None);
    }

    #[test]
    fn a_line_that_is_no_post_says_why() {
        let why = |line: &str| posts().read(1, line.as_bytes()).unwrap_err();
        assert!(why("{").contains("no JSON"), "{}", why("{"));
        assert!(why("[1]").contains("no JSON object"));
        assert!(why(r#"{"id":"a","posted_at":"soon"}"#).contains("posted_at"));
    }
}
