//! A v1.1 tweet as a draft, from a stream (compatible or extended mode), from search, or from an archive.

use std::collections::BTreeSet;

use jiff::Timestamp;
use model::{Author, Media, MediaKind, Micros, Network};
use serde::Deserialize;

use crate::source::{BoostOf, Deleter, Draft, DraftCounts, Revision, Upstream, Words};
use crate::twitter::place;
use crate::twitter::runs::{Entity, What, is_everywhere, link, runs, unescape};
use crate::twitter::shown::{Asked, Present};
use crate::wire::lenient;

#[derive(Deserialize)]
struct Status {
    #[serde(default, deserialize_with = "lenient::text")]
    id_str: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    full_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    display_text_range: Vec<i64>,
    #[serde(default, deserialize_with = "lenient::object")]
    extended_tweet: Option<Box<Status>>,
    #[serde(default, deserialize_with = "lenient::object")]
    user: Option<User>,
    #[serde(default, deserialize_with = "lenient::object")]
    entities: Option<Entities>,
    #[serde(default, deserialize_with = "lenient::object")]
    extended_entities: Option<Entities>,
    #[serde(default, deserialize_with = "lenient::object")]
    retweeted_status: Option<Box<Status>>,
    #[serde(default, deserialize_with = "lenient::text")]
    quoted_status_id_str: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    quoted_status_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    quoted_status_permalink: Option<Permalink>,
    #[serde(default, deserialize_with = "lenient::text")]
    in_reply_to_status_id_str: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    in_reply_to_status_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    edit_history: Option<EditHistory>,
    #[serde(default, deserialize_with = "lenient::text")]
    lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    possibly_sensitive: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    withheld_copyright: bool,
    #[serde(default, deserialize_with = "lenient::texts")]
    withheld_in_countries: Vec<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    retweet_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    favorite_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    reply_count: Option<i64>,
}

/// All ids of a post, oldest first, or the first one alone.
#[derive(Deserialize)]
struct EditHistory {
    #[serde(default, deserialize_with = "lenient::list")]
    edit_tweet_ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    initial_tweet_id: Option<String>,
}

/// The link to the quoted post, which newer answers leave out of the entities.
#[derive(Deserialize)]
struct Permalink {
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default, deserialize_with = "lenient::text")]
    id_str: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    screen_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    profile_image_url_https: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    protected: bool,
}

#[derive(Deserialize)]
struct Entities {
    #[serde(default, deserialize_with = "lenient::list")]
    hashtags: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    user_mentions: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    urls: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    media: Vec<Attachment>,
}

#[derive(Deserialize)]
struct Spot {
    #[serde(default, deserialize_with = "lenient::list")]
    indices: Vec<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    screen_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    expanded_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    display_url: Option<String>,
}

#[derive(Deserialize)]
struct Attachment {
    #[serde(default, deserialize_with = "lenient::list")]
    indices: Vec<i64>,
    #[serde(default, deserialize_with = "lenient::text")]
    url: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    media_url_https: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    media_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    ext_alt_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    sizes: Option<Sizes>,
}

#[derive(Deserialize)]
struct Sizes {
    #[serde(default, deserialize_with = "lenient::object")]
    large: Option<Size>,
}

#[derive(Deserialize)]
struct Size {
    #[serde(default, deserialize_with = "lenient::number")]
    w: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    h: Option<i64>,
}

/// Reads a tweet or retweet, with the id that it came under; `None` when it is neither.
pub(super) fn read(raw: &[u8]) -> Option<(Upstream, String)> {
    let status: Status = serde_json::from_slice(raw).ok()?;
    let id = status.id()?.to_owned();
    if status.text.is_none() && status.full_text.is_none() {
        return None;
    }
    let kept_back = status.retweeted_status.as_deref().unwrap_or(&status).kept_back();
    let message = match &status.retweeted_status {
        _ if kept_back.is_some() => kept_back?,
        Some(original) => {
            // The outer text is cut: the words are the original's.
            let of = original.id().map(|id| BoostOf::Post(Box::new(original.draft(id))));
            Upstream::Boost { uid: format!("x:{id}"), of: of? }
        }
        None => Upstream::Post(Box::new(status.draft(&id))),
    };
    Some((message, id))
}

/// A looked-up tweet, as far as a second look cares.
pub(super) fn present(raw: &[u8], asked: Asked) -> Option<Present> {
    let status: Status = serde_json::from_slice(raw).ok()?;
    Some(Present {
        first: asked.first,
        newest: asked.newest,
        author: status.user.as_ref().map(|user| user.author().id),
        is_withheld: status.is_withheld(),
        counts: status.counts(),
    })
}

impl Status {
    /// What is not for everybody: withheld by law, or of an account that is protected.
    fn kept_back(&self) -> Option<Upstream> {
        if self.is_withheld() {
            let name = format!("x:{}", self.first_id().or(self.id())?);
            return Some(Upstream::Delete { name, by: Deleter::Law });
        }
        let is_protected = self.user.as_ref().is_some_and(|user| user.protected);
        is_protected.then_some(Upstream::Ignored { kind: "protected" })
    }

    fn is_withheld(&self) -> bool {
        self.withheld_copyright || is_everywhere(self.withheld_in_countries.iter())
    }

    fn counts(&self) -> DraftCounts {
        DraftCounts { boosts: self.retweet_count, likes: self.favorite_count, replies: self.reply_count }
    }

    fn id(&self) -> Option<&str> {
        let id = either(&self.id_str, &self.id)?;
        id.bytes().all(|b| b.is_ascii_digit()).then_some(id)
    }

    fn quoted(&self) -> Option<&str> {
        either(&self.quoted_status_id_str, &self.quoted_status_id)
    }

    /// The id that names the post through all its edits.
    fn first_id(&self) -> Option<&str> {
        let history = self.edit_history.as_ref()?;
        let first = history.initial_tweet_id.as_ref().or(history.edit_tweet_ids.first())?;
        (!first.is_empty()).then_some(first)
    }

    fn draft(&self, id: &str) -> Draft {
        let first = self.first_id().unwrap_or(id);
        let mut draft = Draft::new(Network::X, first);
        let said = self.created_at.as_deref().and_then(time);
        draft.network_time = if first == id { place::posted(id, said) } else { place::time(first).or(said) };
        draft.revision = match place::posted(id, said) {
            _ if first == id => Revision::Original,
            Some(at) => Revision::EditedAt(at),
            None => Revision::Newer,
        };
        let history = self.edit_history.iter().flat_map(|h| &h.edit_tweet_ids).map(String::as_str);
        let others = history.chain([id]).filter(|other| *other != first);
        draft.aliases = others.collect::<BTreeSet<_>>().into_iter().map(|id| format!("x:{id}")).collect();
        draft.author = self.user.as_ref().map(User::author).unwrap_or_default();
        let name = draft.author.handle.strip_prefix('@').unwrap_or("i").to_owned();
        draft.url = Some(format!("https://x.com/{name}/status/{id}"));
        draft.lang = self.lang.clone().filter(|l| !matches!(l.as_str(), "und" | "zxx"));
        let answered = either(&self.in_reply_to_status_id_str, &self.in_reply_to_status_id);
        draft.reply_to = answered.map(|id| format!("x:{id}"));
        draft.quotes = self.quoted().map(|id| format!("x:{id}"));
        draft.media = self.media().iter().filter_map(Attachment::media).collect();
        draft.cover = self.possibly_sensitive.then(String::new);
        draft.counts = self.counts();
        draft.words = self.words(!draft.media.is_empty());
        draft
    }

    /// Where the whole text is: inside, when the stream cut it.
    fn whole(&self) -> &Self {
        self.extended_tweet.as_deref().filter(|e| e.full_text.is_some()).unwrap_or(self)
    }

    /// All pictures: `entities` only ever has the first.
    fn media(&self) -> &[Attachment] {
        let whole = self.whole();
        let lists = [&whole.extended_entities, &self.extended_entities, &whole.entities, &self.entities];
        lists.into_iter().flatten().map(|e| e.media.as_slice()).find(|m| !m.is_empty()).unwrap_or_default()
    }

    fn words(&self, has_media: bool) -> Words {
        let whole = self.whole();
        let text = whole.full_text.as_deref().or(whole.text.as_deref()).unwrap_or_default();
        // Older than entities: what is in the words is found in them.
        let Some(entities) = &whole.entities else { return Words::Text(unescape(text)) };
        let spots = entities.hashtags.iter().chain(&entities.user_mentions).chain(&entities.urls);
        let mut found: Vec<Entity> = spots.map(|spot| spot.entity(self.quoted())).collect();
        if has_media {
            found.extend(self.media().iter().map(|m| entity(&m.indices, &m.url, What::Nothing)));
        }
        if let Some(link) = &self.quoted_status_permalink {
            found.push(entity(&[], &link.url, What::Nothing));
        }
        // Only its end is respected: what stands before its start are the people that a reply answers.
        let end = whole.display_text_range.get(1).copied().filter(|_| whole.full_text.is_some());
        Words::Runs(runs(text, found, end))
    }
}

/// The first of two fields for the same thing that says something.
fn either<'a>(text: &'a Option<String>, number: &'a Option<String>) -> Option<&'a str> {
    [text, number].into_iter().flatten().map(String::as_str).find(|id| !id.is_empty())
}

fn entity(indices: &[i64], url: &Option<String>, what: What) -> Entity {
    let at = |n: usize| indices.get(n).copied().unwrap_or(-1);
    Entity { start: at(0), end: at(1), url: url.clone(), what }
}

/// `Tue Mar 21 20:50:14 +0000 2006`, or as the first search wrote it, `Tue, 21 Mar 2006 20:50:14 +0000`.
fn time(text: &str) -> Option<Micros> {
    let forms = ["%a %b %d %H:%M:%S %z %Y", "%a, %d %b %Y %H:%M:%S %z"];
    forms.into_iter().find_map(|form| Timestamp::strptime(form, text).ok()).map(Micros::from)
}

impl User {
    fn author(&self) -> Author {
        let name = self.screen_name.as_deref().unwrap_or_default();
        Author {
            id: either(&self.id_str, &self.id).unwrap_or_default().to_owned(),
            name: self.name.clone().filter(|n| !n.is_empty()).unwrap_or_else(|| name.to_owned()),
            handle: if name.is_empty() { String::new() } else { format!("@{name}") },
            url: (!name.is_empty()).then(|| format!("https://x.com/{name}")),
            avatar: self.profile_image_url_https.clone(),
        }
    }
}

impl Spot {
    fn entity(&self, quoted: Option<&str>) -> Entity {
        let what = match (&self.text, &self.screen_name) {
            (Some(tag), _) => What::Tag(tag.clone()),
            (None, Some(name)) => What::Mention(name.clone()),
            (None, None) => {
                link(self.expanded_url.as_deref(), self.url.as_deref(), self.display_url.as_deref(), quoted)
            }
        };
        entity(&self.indices, &self.url, what)
    }
}

impl Attachment {
    fn media(&self) -> Option<Media> {
        let kind = match self.kind.as_deref() {
            Some("video") => MediaKind::Video,
            Some("animated_gif") => MediaKind::Gif,
            _ => MediaKind::Photo,
        };
        let size = self.sizes.as_ref().and_then(|s| s.large.as_ref());
        let pixels = |n: Option<i64>| n.and_then(|n| u32::try_from(n).ok());
        Some(Media {
            kind,
            url: self.media_url_https.clone().or(self.media_url.clone())?,
            width: size.and_then(|s| pixels(s.w)),
            height: size.and_then(|s| pixels(s.h)),
            alt: self.ext_alt_text.clone(),
            licence: None,
        })
    }
}
