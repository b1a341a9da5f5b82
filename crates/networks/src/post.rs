//! A post as no network writes it: the neutral form that every renderer starts from.

use serde::{Deserialize, Serialize};

/// One post. `id` is the network's own id: digits, growing with time (see [`crate::snowflake_at`]).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Post {
    /// The network's id.
    pub id: String,
    /// Microseconds UTC.
    pub created_at: i64,
    /// Who wrote it.
    pub author: Author,
    /// The words as a person reads them: `#tags`, `@mentions` and link texts stand where they were written.
    pub text: String,
    /// What a hostile or careless server sends as the words' HTML, as it is, instead of what `text` would make (Mastodon
    /// only: the others send plain text).
    pub html: Option<String>,
    /// Title of an article or a photo, where the network has such.
    pub title: Option<String>,
    /// Licence of a photo, as its network names it.
    pub licence: Option<String>,
    /// Hashtags without `#`; found in the text when empty.
    pub tags: Vec<String>,
    /// Handles without `@`; found in the text when empty.
    pub mentions: Vec<String>,
    /// Links in the order of the text; found in the text when empty.
    pub links: Vec<Link>,
    /// Attachments, at most 4 on every network.
    pub media: Vec<Media>,
    /// BCP 47 tag.
    pub lang: Option<String>,
    /// Id of the post that this one answers.
    pub reply_to: Option<String>,
    /// Id of the post that this one quotes.
    pub quote: Option<String>,
    /// The original, when this is a boost or retweet; then the post's own text does not count.
    pub retweet_of: Option<Box<Post>>,
    /// Content warning.
    pub warning: Option<String>,
    /// Media are to be covered.
    pub sensitive: bool,
    /// Who may see it.
    pub visibility: Visibility,
    /// What the network counted.
    pub counts: Counts,
    /// Set on an edit: when it was made, microseconds UTC.
    pub edited_at: Option<i64>,
}

/// The account that wrote a post.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Author {
    /// The network's id of the account.
    pub id: String,
    /// Display name.
    pub name: String,
    /// Without `@`: `user`, or `user@host` on Mastodon.
    pub handle: String,
    /// Portrait.
    pub avatar: Option<String>,
    /// The account asks not to be indexed (Mastodon: `noindex`).
    pub no_index: bool,
    /// The account asks not to be shown to those who are not logged in (Bluesky: `!no-unauthenticated`).
    pub no_unauthenticated: bool,
}

/// A link in a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Link {
    /// What stands in the text: the address itself, or a short one.
    pub shown: String,
    /// Where it leads.
    pub expanded: String,
}

/// An attachment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// Photo, video or silent loop.
    pub kind: MediaKind,
    /// Address of the picture.
    pub url: String,
    /// The short link that stands for it in the text, where a network put one there.
    pub shown: Option<String>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The author's description.
    pub alt: Option<String>,
}

/// Kind of an attachment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    /// Still picture.
    #[default]
    Photo,
    /// With sound.
    Video,
    /// Silent loop.
    Gif,
}

/// Who may see a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Everybody, and listed.
    #[default]
    Public,
    /// Everybody, not listed in timelines.
    Unlisted,
    /// Followers.
    Private,
}

/// Boosts, likes, replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Boosts or retweets.
    pub boosts: u32,
    /// Likes or favourites.
    pub likes: u32,
    /// Replies.
    pub replies: u32,
}

impl Post {
    /// A plain post; the author's id is made from the handle. The parts of the text are found when it is said.
    pub fn new(id: &str, created_at: i64, handle: &str, text: &str) -> Self {
        let author = Author {
            id: crate::ids::digits(handle),
            name: handle.to_owned(),
            handle: handle.to_owned(),
            ..Author::default()
        };
        Self { id: id.to_owned(), created_at, author, text: text.to_owned(), ..Self::default() }
    }

    /// The post that counts: the original of a boost, else itself.
    pub fn original(&self) -> &Self {
        self.retweet_of.as_deref().map_or(self, Self::original)
    }
}
