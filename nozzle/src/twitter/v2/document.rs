//! Documents of X API v2: a post with what it refers to, a page of them, problems, the end of a stream.

use std::collections::HashMap;

use model::{Author, Media, MediaKind, Micros, Network};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::source::{BoostOf, Draft, DraftCounts, Revision, SourceEnd, Upstream, Words, sample};
use crate::twitter::place;
use crate::twitter::runs::{Entity, What, link, runs};
use crate::wire::lenient;

/// What a line of the stream says.
pub(super) enum Said {
    /// Posts and boosts, each with the id that it came under.
    Posts(Vec<(Upstream, String)>),
    /// Something else to tell.
    Other(Upstream),
    /// The stream ends.
    End(SourceEnd),
}

/// A whole answer: `data` with everything beside it.
#[derive(Deserialize)]
pub(super) struct Document<'a> {
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient::object")]
    includes: Option<Includes>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) errors: Vec<Problem>,
    #[serde(default, deserialize_with = "lenient::list")]
    matching_rules: Vec<RuleName>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) meta: Option<Meta>,
    #[serde(default, deserialize_with = "lenient::text")]
    connection_issue: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Meta {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
struct RuleName {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
}

/// One of `errors`: of a part, of the whole, or the end of the stream.
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(default, deserialize_with = "lenient::text")]
    disconnect_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    detail: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) resource_type: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) resource_id: Option<String>,
}

#[derive(Default, Deserialize)]
struct Includes {
    #[serde(default, deserialize_with = "lenient::list")]
    users: Vec<User>,
    #[serde(default, deserialize_with = "lenient::list")]
    tweets: Vec<Tweet>,
    #[serde(default, deserialize_with = "lenient::list")]
    media: Vec<Attachment>,
}

#[derive(Deserialize)]
struct User {
    id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    profile_image_url: Option<String>,
}

#[derive(Deserialize)]
struct Attachment {
    media_key: String,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    preview_image_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    alt_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    width: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    height: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Tweet {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    author_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    edit_history_tweet_ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    entities: Option<Entities>,
    #[serde(default, deserialize_with = "lenient::object")]
    note_tweet: Option<Note>,
    #[serde(default, deserialize_with = "lenient::object")]
    attachments: Option<Keys>,
    #[serde(default, deserialize_with = "lenient::list")]
    referenced_tweets: Vec<Reference>,
    #[serde(default, deserialize_with = "lenient::flag")]
    possibly_sensitive: bool,
    #[serde(default, deserialize_with = "lenient::object")]
    public_metrics: Option<Metrics>,
}

#[derive(Deserialize)]
struct Note {
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    entities: Option<Entities>,
}

#[derive(Deserialize)]
struct Keys {
    #[serde(default, deserialize_with = "lenient::list")]
    media_keys: Vec<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
}

#[derive(Deserialize)]
struct Metrics {
    #[serde(default, deserialize_with = "lenient::number")]
    retweet_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    reply_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    like_count: Option<i64>,
}

#[derive(Deserialize)]
struct Entities {
    #[serde(default, deserialize_with = "lenient::list")]
    hashtags: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    mentions: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    urls: Vec<Spot>,
}

/// A hashtag, a mention or a link.
#[derive(Deserialize)]
struct Spot {
    start: i64,
    end: i64,
    #[serde(default, deserialize_with = "lenient::text")]
    tag: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    expanded_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    unwound_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    display_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    media_key: Option<String>,
}

/// Reads a line of the stream. `is_ours` tells whether one of our rules brought it.
pub(super) fn read(line: &[u8], is_ours: impl Fn(&[String]) -> bool) -> Said {
    let malformed = |reason| Said::Other(Upstream::Malformed { reason, sample: sample(line) });
    if std::str::from_utf8(line).is_err() {
        return malformed("utf8");
    }
    let Ok(document) = serde_json::from_slice::<Document<'_>>(line) else { return malformed("json") };
    if document.data.is_none() {
        return document.ending().map_or_else(|| malformed("no_data"), Said::End);
    }
    let matching: Vec<String> = document.matching_rules.iter().filter_map(|r| r.id.clone()).collect();
    if !is_ours(&matching) {
        return Said::Other(Upstream::Ignored { kind: "other_rule" });
    }
    Said::Posts(document.posts())
}

impl Document<'_> {
    /// How the stream ends, when this document says that it does.
    fn ending(&self) -> Option<SourceEnd> {
        if self.connection_issue.is_some() {
            let words = self.title.clone().unwrap_or_default();
            return Some(SourceEnd::Throttled(format!(
                "X still counts an older connection of ours ({words})"
            )));
        }
        let problem = self.errors.iter().find(|p| p.disconnect_type.is_some())?;
        let words = problem.detail.as_ref().or(problem.title.as_ref()).cloned().unwrap_or_default();
        Some(SourceEnd::Refused(sample(words.as_bytes())))
    }

    /// The posts as they came, whatever cannot be read told as such.
    pub(super) fn posts(&self) -> Vec<(Upstream, String)> {
        let none = Includes::default();
        let joins = Joins::of(self.includes.as_ref().unwrap_or(&none));
        let told = |raw: &RawValue| {
            let malformed = |reason| {
                (Upstream::Malformed { reason, sample: sample(raw.get().as_bytes()) }, String::new())
            };
            let Ok(tweet) = serde_json::from_str::<Tweet>(raw.get()) else { return malformed("json") };
            let Some(id) = tweet.id.clone().filter(|id| !id.is_empty()) else { return malformed("no_id") };
            (joins.upstream(&tweet, &id), id)
        };
        self.elements().into_iter().map(told).collect()
    }

    /// The posts of a look-up.
    pub(super) fn tweets(&self) -> Vec<Tweet> {
        self.elements().into_iter().filter_map(|raw| serde_json::from_str(raw.get()).ok()).collect()
    }

    /// `data` is one object on the stream and a list in a search.
    fn elements(&self) -> Vec<&RawValue> {
        match self.data {
            Some(raw) if raw.get().starts_with('[') => serde_json::from_str(raw.get()).unwrap_or_default(),
            Some(raw) => vec![raw],
            None => Vec::new(),
        }
    }
}

impl Tweet {
    pub(super) fn counts(&self) -> DraftCounts {
        self.public_metrics.as_ref().map_or_else(DraftCounts::default, |m| DraftCounts {
            boosts: m.retweet_count,
            likes: m.like_count,
            replies: m.reply_count,
        })
    }

    /// The id that names the post through all its edits.
    pub(super) fn first_id(&self) -> Option<&str> {
        self.edit_history_tweet_ids.first().or(self.id.as_ref()).map(String::as_str)
    }

    fn refers(&self, kind: &str) -> Option<&str> {
        self.referenced_tweets.iter().find(|r| r.kind == kind)?.id.as_deref()
    }
}

/// What a document includes, by id. Shared by all its posts; a missing one is normal.
struct Joins<'a> {
    users: HashMap<&'a str, &'a User>,
    tweets: HashMap<&'a str, &'a Tweet>,
    media: HashMap<&'a str, &'a Attachment>,
}

impl<'a> Joins<'a> {
    fn of(includes: &'a Includes) -> Self {
        Self {
            users: includes.users.iter().map(|u| (u.id.as_str(), u)).collect(),
            tweets: includes.tweets.iter().filter_map(|t| Some((t.id.as_deref()?, t))).collect(),
            media: includes.media.iter().map(|m| (m.media_key.as_str(), m)).collect(),
        }
    }

    fn upstream(&self, tweet: &Tweet, id: &str) -> Upstream {
        let Some(original) = tweet.refers("retweeted") else {
            return Upstream::Post(Box::new(self.draft(tweet, id)));
        };
        let of = match self.tweets.get(original) {
            Some(found) => BoostOf::Post(Box::new(self.draft(found, original))),
            None => BoostOf::Name(format!("x:{original}")),
        };
        Upstream::Boost { uid: format!("x:{id}"), of }
    }

    fn draft(&self, tweet: &Tweet, id: &str) -> Draft {
        let history = &tweet.edit_history_tweet_ids;
        let first = tweet.first_id().unwrap_or(id);
        let mut draft = Draft::new(Network::X, first);
        draft.aliases =
            history.iter().map(|id| format!("x:{id}")).filter(|name| *name != draft.uid.0).collect();
        let said = tweet.created_at.as_deref().and_then(|t| Micros::parse_rfc3339(t).ok());
        draft.network_time = if first == id { place::posted(id, said) } else { place::time(first).or(said) };
        draft.revision = match place::posted(id, said) {
            _ if first == id => Revision::Original,
            Some(at) => Revision::EditedAt(at),
            None => Revision::Newer,
        };
        draft.author = self.author(tweet.author_id.as_deref());
        let name = draft.author.handle.strip_prefix('@').unwrap_or("i").to_owned();
        draft.url = Some(format!("https://x.com/{name}/status/{id}"));
        draft.lang =
            tweet.lang.clone().filter(|l| !matches!(l.as_str(), "und" | "zxx") && !l.starts_with('q'));
        draft.reply_to = tweet.refers("replied_to").map(|id| format!("x:{id}"));
        let quoted = tweet.refers("quoted");
        draft.quotes = quoted.map(|id| format!("x:{id}"));
        let keys = tweet.attachments.iter().flat_map(|a| &a.media_keys);
        draft.media = keys.filter_map(|key| self.media.get(key.as_str())?.media()).collect();
        draft.cover = (tweet.possibly_sensitive && !draft.media.is_empty()).then(String::new);
        draft.counts = tweet.counts();
        draft.words = Words::Runs(words(tweet, quoted, !draft.media.is_empty()));
        draft
    }

    fn author(&self, id: Option<&str>) -> Author {
        let id = id.unwrap_or_default();
        let Some(user) = self.users.get(id) else { return Author { id: id.to_owned(), ..Author::default() } };
        let username = user.username.clone().filter(|u| !u.is_empty());
        Author {
            id: id.to_owned(),
            name: user.name.clone().or(username.clone()).unwrap_or_default(),
            handle: username.as_ref().map(|u| format!("@{u}")).unwrap_or_default(),
            url: username.map(|u| format!("https://x.com/{u}")),
            avatar: user.profile_image_url.clone(),
        }
    }
}

/// The whole text: of a long post it is in the note, with entities of its own.
fn words(tweet: &Tweet, quoted: Option<&str>, has_media: bool) -> Vec<model::Run> {
    let note = tweet.note_tweet.as_ref().and_then(|n| Some((n.text.as_deref()?, n.entities.as_ref())));
    let (text, entities) =
        note.unwrap_or((tweet.text.as_deref().unwrap_or_default(), tweet.entities.as_ref()));
    let mut found = Vec::new();
    if let Some(entities) = entities {
        let spots = entities.hashtags.iter().chain(&entities.mentions).chain(&entities.urls);
        found.extend(spots.filter_map(|spot| spot.entity(quoted, has_media)));
    }
    runs(text, found, None)
}

impl Spot {
    fn entity(&self, quoted: Option<&str>, has_media: bool) -> Option<Entity> {
        let what = match (&self.tag, &self.username) {
            (Some(tag), _) => What::Tag(tag.clone()),
            (None, Some(name)) => What::Mention(name.clone()),
            (None, None) if self.media_key.is_some() && has_media => What::Nothing,
            (None, None) => {
                let to = self.unwound_url.as_deref().or(self.expanded_url.as_deref());
                link(to, self.url.as_deref(), self.display_url.as_deref(), quoted)
            }
        };
        Some(Entity { start: self.start, end: self.end, what })
    }
}

impl Attachment {
    fn media(&self) -> Option<Media> {
        let (kind, url) = match self.kind.as_deref() {
            Some("photo") => (MediaKind::Photo, self.url.as_ref().or(self.preview_image_url.as_ref())),
            Some("video") => (MediaKind::Video, self.preview_image_url.as_ref()),
            Some("animated_gif") => (MediaKind::Gif, self.preview_image_url.as_ref()),
            _ => return None,
        };
        let pixels = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
        Some(Media {
            kind,
            url: url?.clone(),
            width: pixels(self.width),
            height: pixels(self.height),
            alt: self.alt_text.clone(),
            licence: None,
        })
    }
}
