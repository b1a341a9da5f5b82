//! What a source knows of one post before admit has looked at it. Nothing here is checked or cleaned: texts may hold
//! anything, addresses may not be addresses, counts may be negative.

use model::{Author, Card, Media, Micros, Network, Run, Uid};

/// A post as its network told it.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// `network:native id`, the same from whichever server or endpoint it came.
    pub uid: Uid,
    /// Other names under which this source will speak of the post in deletes, replies, quotes and counts, when these
    /// do not use the uid: e.g. `mastodon@fosstodon.org:114` for a server's own number, `x:12` for each id of an edit
    /// history. At most [`ALIASES_MAX`].
    pub aliases: Vec<String>,
    /// Which network it was said on.
    pub network: Network,
    /// Which revision this is.
    pub revision: Revision,
    /// The post's page at the network.
    pub url: Option<String>,
    /// When the author (or the author's program) says it was written.
    pub author_time: Option<Micros>,
    /// When the network says it received it; for networks that stamp posts themselves, this alone.
    pub network_time: Option<Micros>,
    /// Who wrote it. Texts and addresses as they came.
    pub author: Author,
    /// Title of an article or photo.
    pub title: Option<String>,
    /// The words.
    pub words: Words,
    /// BCP 47 tag; `None` when unknown.
    pub lang: Option<String>,
    /// Content warning; `Some("")` for "sensitive" without words.
    pub cover: Option<String>,
    /// Uid or alias of the post that this one answers.
    pub reply_to: Option<String>,
    /// Uid or alias of the post that this one quotes.
    pub quotes: Option<String>,
    /// Attachments, all of them.
    pub media: Vec<Media>,
    /// Preview of a linked page.
    pub card: Option<Card>,
    /// What the network counted.
    pub counts: DraftCounts,
    /// Hashtags, without `#`, that the words do not show (a post's extra tags, a photo's tags). At most [`TAGS_MAX`].
    pub tags: Vec<String>,
    /// What the author asks of those who show it elsewhere.
    pub wish: Wish,
}

/// What an author, or the author's account, asks of others. What is done about it the source's setting `consent` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wish {
    /// Nothing.
    #[default]
    None,
    /// Not to be indexed (`noindex`, `indexable: false`, `#nobot` in the profile).
    NotIndexed,
    /// Not to be shown to those who are not logged in there (`!no-unauthenticated`).
    NotShown,
}

/// Most hashtags outside the words that one draft may carry; admit drops what is beyond.
pub const TAGS_MAX: usize = 32;

/// Most aliases that one draft may carry; admit drops what is beyond.
pub const ALIASES_MAX: usize = 8;

impl Draft {
    /// A draft of which only the identity is known; sources fill in the rest.
    pub fn new(network: Network, native: &str) -> Self {
        Self {
            uid: Uid::new(network.name(), native),
            aliases: Vec::new(),
            network,
            revision: Revision::Original,
            url: None,
            author_time: None,
            network_time: None,
            author: Author::default(),
            title: None,
            words: Words::Text(String::new()),
            lang: None,
            cover: None,
            reply_to: None,
            quotes: None,
            media: Vec::new(),
            card: None,
            counts: DraftCounts::default(),
            tags: Vec::new(),
            wish: Wish::None,
        }
    }
}

/// Which revision of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revision {
    /// Never edited, as far as the network says: rev 0.
    Original,
    /// Edited at this time: that is its rev.
    EditedAt(Micros),
    /// Newer than what we have, without a time: previous rev + 1.
    Newer,
}

/// The words of a draft, in the form in which the network gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// HTML from a stranger (Mastodon, feeds).
    Html(String),
    /// Plain text; admit finds hashtags, mentions and links in it.
    Text(String),
    /// Text already cut at the network's own entities (X); its plain parts are taken as they are.
    Runs(Vec<Run>),
}

/// Counts as the network says them: unknown is `None`; -1 has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DraftCounts {
    /// Boosts, retweets, reposts.
    pub boosts: Option<i64>,
    /// Likes, favourites, stars.
    pub likes: Option<i64>,
    /// Replies.
    pub replies: Option<i64>,
}

/// The original of a boost.
#[derive(Clone, Debug, PartialEq)]
pub enum BoostOf {
    /// The network delivered it with the boost.
    Post(Box<Draft>),
    /// Only its uid or alias is known.
    Name(String),
}
