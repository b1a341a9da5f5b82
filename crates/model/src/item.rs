//! An item: one post, photo or article, as the log carries it.

use crate::filing::WrittenAt;
use crate::{Body, ItemId, Micros, Uid};
use serde::{Deserialize, Serialize};

/// Where a conversation lives. The first part of a [`Uid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Mastodon and servers that speak its API.
    Mastodon,
    /// X, once Twitter; v1.1 and v2 alike.
    X,
    /// Bluesky.
    Bluesky,
    /// Flickr.
    Flickr,
    /// RSS, Atom and JSON feeds.
    Feed,
    /// Written on the event's own page.
    Onsite,
    /// Pushed to us by a signed webhook.
    Hook,
}

impl Network {
    /// The name in uids and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mastodon => "mastodon",
            Self::X => "x",
            Self::Bluesky => "bluesky",
            Self::Flickr => "flickr",
            Self::Feed => "feed",
            Self::Onsite => "onsite",
            Self::Hook => "hook",
        }
    }

    /// The name that people read.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Mastodon => "Mastodon",
            Self::X => "X",
            Self::Bluesky => "Bluesky",
            Self::Flickr => "Flickr",
            Self::Feed => "Blog",
            Self::Onsite => "On site",
            Self::Hook => "Partner",
        }
    }
}

/// Who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The network's stable id of the account (names and handles change).
    pub id: String,
    /// Display name; may be empty.
    pub name: String,
    /// `@user@host`, `@user`, or a host.
    pub handle: String,
    /// Profile page.
    pub url: Option<String>,
    /// Portrait.
    pub avatar: Option<String>,
}

/// What kind of attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// A still picture.
    Photo,
    /// A video; `url` is its still picture.
    Video,
    /// A silent loop; `url` is its still picture.
    Gif,
    /// A sound; `url` is its page.
    Audio,
}

/// One attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What it is.
    pub kind: MediaKind,
    /// Address of the picture at its origin.
    pub url: String,
    /// Pixels; null when the network does not say.
    pub width: Option<u32>,
    /// Pixels; null when the network does not say.
    pub height: Option<u32>,
    /// The author's description.
    pub alt: Option<String>,
    /// Licence, where one is given.
    pub licence: Option<String>,
}

/// A preview of a linked page, as the network made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The page.
    pub url: String,
    /// Its title.
    pub title: String,
    /// One sentence.
    pub text: Option<String>,
}

/// What the network counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Boosts, retweets, reposts.
    pub boosts: u32,
    /// Likes, favourites, stars.
    pub likes: u32,
    /// Replies.
    pub replies: u32,
}

/// What an item was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// Ends in a question mark, or was marked as one.
    Question,
}

/// How long the author lets us keep it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retain {
    /// Shown live and archived.
    #[default]
    Archive,
    /// Shown live, never archived.
    Live,
}

/// One post, photo or article. Absent and null are the same; unknown fields are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Identity; private, see [`crate::public`].
    pub uid: Uid,
    /// Where it was said.
    pub network: Network,
    /// Name of the source that brought it first.
    pub source: String,
    /// Only grows: the network's edit time in microseconds, else the previous one plus 1.
    pub rev: u64,
    /// Its page at the network.
    pub url: Option<String>,
    /// When it was said: the author's time if within 5 minutes of the network's or our own receipt, else the network's.
    pub when: Micros,
    /// Who said it.
    pub author: Author,
    /// Title of an article or photo.
    #[serde(default)]
    pub title: Option<String>,
    /// The words.
    pub body: Body,
    /// BCP 47 language tag, as the network or the author says.
    #[serde(default)]
    pub lang: Option<String>,
    /// Content warning; the words and media stay covered until asked for. An empty text means "sensitive media".
    #[serde(default)]
    pub cover: Option<String>,
    /// The item this one answers.
    #[serde(default)]
    pub reply_to: Option<ItemId>,
    /// The item this one quotes.
    #[serde(default)]
    pub quotes: Option<ItemId>,
    /// Attachments, 4 at most.
    #[serde(default)]
    pub media: Vec<Media>,
    /// Preview of a linked page.
    #[serde(default)]
    pub card: Option<Card>,
    /// What the network counted.
    #[serde(default)]
    pub counts: Counts,
    /// What it was found to be.
    #[serde(default)]
    pub marks: Vec<Mark>,
    /// Came by backfill: the live page folds such items into one line.
    #[serde(default)]
    pub late: bool,
    /// How long it may be kept.
    #[serde(default)]
    pub retain: Retain,
    /// Hashtags, without `#`, that its network told and its words do not show (a photo's, an article's): signs for filing.
    /// Private, see [`crate::public`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Where its writer stood, for what was written on the event's own page. Part of the item, so that whoever has the item
    /// can file it again, after the loss of a ledger too. Private, see [`crate::public`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<WrittenAt>,
}

impl Item {
    /// The public id.
    #[must_use]
    pub fn id(&self) -> ItemId {
        self.uid.id()
    }

    /// True when something is to be looked at: a photo, or the still of a video.
    #[must_use]
    pub fn has_photo(&self) -> bool {
        self.media.iter().any(|m| m.kind != MediaKind::Audio)
    }
}
