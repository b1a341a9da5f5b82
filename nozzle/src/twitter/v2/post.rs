//! A post of X API v2 with what its document includes, joined by id, as a draft. Includes are shared by all posts of a
//! document and unordered; a missing one is normal.

use std::collections::HashMap;

use model::{Author, Media, MediaKind, Micros, Network};

use super::shapes::{Attachment, Includes, Poll, Spot, Tweet, User};
use crate::source::{BoostOf, Deleter, Draft, DraftCounts, Revision, Upstream, Words};
use crate::twitter::place;
use crate::twitter::runs::{Entity, What, is_everywhere, link, runs};
use crate::twitter::shown::Present;

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

    /// The post as a look-up found it.
    pub(super) fn present(&self) -> Option<Present> {
        let newest = self.edit_history_tweet_ids.last().or(self.id.as_ref())?;
        Some(Present {
            first: self.first_id()?.parse().ok()?,
            newest: newest.parse().ok()?,
            author: self.author_id.clone(),
            counts: self.counts(),
            is_withheld: self.is_withheld(),
        })
    }

    /// Taken away by law from everybody. What one country's law takes away is shown to the others, as X does.
    fn is_withheld(&self) -> bool {
        self.withheld.as_ref().is_some_and(|w| w.copyright || is_everywhere(w.country_codes.iter()))
    }

    fn refers(&self, kind: &str) -> Option<&str> {
        self.referenced_tweets.iter().find(|r| r.kind == kind)?.id.as_deref()
    }
}

/// What a document includes, by id.
pub(super) struct Joins<'a> {
    users: HashMap<&'a str, &'a User>,
    tweets: HashMap<&'a str, &'a Tweet>,
    media: HashMap<&'a str, &'a Attachment>,
    polls: HashMap<&'a str, &'a Poll>,
}

impl<'a> Joins<'a> {
    pub(super) fn of(includes: &'a Includes) -> Self {
        Self {
            users: includes.users.iter().map(|u| (u.id.as_str(), u)).collect(),
            tweets: includes.tweets.iter().filter_map(|t| Some((t.id.as_deref()?, t))).collect(),
            media: includes.media.iter().map(|m| (m.media_key.as_str(), m)).collect(),
            polls: includes.polls.iter().map(|p| (p.id.as_str(), p)).collect(),
        }
    }

    pub(super) fn upstream(&self, tweet: &Tweet, id: &str) -> Upstream {
        let Some(original) = tweet.refers("retweeted") else {
            return self
                .kept_back(tweet, id)
                .unwrap_or_else(|| Upstream::Post(Box::new(self.draft(tweet, id))));
        };
        let found = self.tweets.get(original).copied();
        if let Some(kept_back) = found.and_then(|found| self.kept_back(found, original)) {
            return kept_back;
        }
        let of = match found {
            Some(found) => BoostOf::Post(Box::new(self.draft(found, original))),
            None => BoostOf::Name(format!("x:{original}")),
        };
        Upstream::Boost { uid: format!("x:{id}"), of }
    }

    /// What is not for everybody: withheld by law, or of an account that is protected.
    fn kept_back(&self, tweet: &Tweet, id: &str) -> Option<Upstream> {
        if tweet.is_withheld() {
            let name = format!("x:{}", tweet.first_id().unwrap_or(id));
            return Some(Upstream::Delete { name, by: Deleter::Law });
        }
        let author = self.users.get(tweet.author_id.as_deref()?)?;
        author.protected.then_some(Upstream::Ignored { kind: "protected" })
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
        draft.cover = tweet.possibly_sensitive.then(String::new);
        draft.counts = tweet.counts();
        let mut words = words(tweet, quoted, !draft.media.is_empty());
        let polls = tweet.attachments.iter().flat_map(|a| &a.poll_ids);
        words.extend(polls.filter_map(|id| self.polls.get(id.as_str())).map(|poll| poll.words()));
        draft.words = Words::Runs(words);
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

impl Poll {
    /// What there is to choose from, a line each.
    fn words(&self) -> model::Run {
        let mut options: Vec<_> = self.options.iter().collect();
        options.sort_by_key(|option| option.position);
        model::Run::text(options.iter().map(|option| format!("\n○ {}", option.label)).collect::<String>())
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
            (None, None) if has_media && self.is_of_a_picture() => What::Nothing,
            (None, None) => {
                let to = self.unwound_url.as_deref().or(self.expanded_url.as_deref());
                link(to, self.url.as_deref(), self.display_url.as_deref(), quoted)
            }
        };
        Some(Entity { start: self.start, end: self.end, url: self.url.clone(), what })
    }

    /// The link that X puts at the end for what is attached. Answers of before 2022 do not name the attachment.
    fn is_of_a_picture(&self) -> bool {
        let shown = self.display_url.as_deref().unwrap_or_default();
        self.media_key.is_some()
            || ["pic.twitter.com/", "pic.x.com/"].iter().any(|host| shown.starts_with(host))
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
