//! The shapes of X API v2's JSON, as far as they are read. Fields of another type are absent.

use serde::Deserialize;

use crate::wire::lenient;

#[derive(Default, Deserialize)]
pub(super) struct Includes {
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) users: Vec<User>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) tweets: Vec<Tweet>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) media: Vec<Attachment>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) polls: Vec<Poll>,
}

#[derive(Deserialize)]
pub(super) struct Poll {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) options: Vec<Choice>,
}

#[derive(Deserialize)]
pub(super) struct Choice {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) position: Option<i64>,
    pub(super) label: String,
}

#[derive(Deserialize)]
pub(super) struct User {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) profile_image_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) protected: bool,
}

#[derive(Deserialize)]
pub(super) struct Attachment {
    pub(super) media_key: String,
    #[serde(default, rename = "type", deserialize_with = "lenient::text")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) preview_image_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) alt_text: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) width: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) height: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Tweet {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) author_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) lang: Option<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) edit_history_tweet_ids: Vec<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) entities: Option<Entities>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) note_tweet: Option<Note>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) attachments: Option<Keys>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) referenced_tweets: Vec<Reference>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) possibly_sensitive: bool,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) public_metrics: Option<Metrics>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) withheld: Option<Withheld>,
}

/// Taken away by law, here or everywhere.
#[derive(Deserialize)]
pub(super) struct Withheld {
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) copyright: bool,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) country_codes: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Note {
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) text: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) entities: Option<Entities>,
}

#[derive(Deserialize)]
pub(super) struct Keys {
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) media_keys: Vec<String>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) poll_ids: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) id: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Metrics {
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) retweet_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) reply_count: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) like_count: Option<i64>,
}

#[derive(Deserialize)]
pub(super) struct Entities {
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) hashtags: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) mentions: Vec<Spot>,
    #[serde(default, deserialize_with = "lenient::list")]
    pub(super) urls: Vec<Spot>,
}

/// A hashtag, a mention or a link.
#[derive(Deserialize)]
pub(super) struct Spot {
    pub(super) start: i64,
    pub(super) end: i64,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) tag: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) username: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) expanded_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) unwound_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) display_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    pub(super) media_key: Option<String>,
}
