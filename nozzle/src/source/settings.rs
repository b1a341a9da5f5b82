//! The settings of one source, after event.toml and the environment have been read. Secrets do not print.

use std::time::Duration;

use chassis::Secret;
use url::Url;

/// One source of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// Name within the event; names cursors, tallies and gaps.
    pub name: String,
    /// Base address of the network's API (`url`); `None` means the network's usual one, where there is such.
    pub url: Option<Url>,
    /// Base address of the streaming API where it differs (`streaming_url`, mastodon).
    pub streaming_url: Option<Url>,
    /// Hashtags to follow, without `#`; the event's when the source has none of its own. Never empty.
    pub tags: Vec<String>,
    /// The token, read from the environment variable that `token_env` names.
    pub token: Option<Secret<String>>,
    /// Name of that variable, for messages ("set FOSSTODON_TOKEN").
    pub token_env: Option<String>,
    /// Base address for look-ups, where it differs from `url` (`api_url`, bluesky); `None` means the network's usual one.
    pub api_url: Option<Url>,
    /// The API key, read from the environment variable that `key_env` names (flickr).
    pub key: Option<Secret<String>>,
    /// Name of that variable, for messages.
    pub key_env: Option<String>,
    /// The shared secret, or two of them while they are changed, read from the environment variable that `secret_env`
    /// names (hook).
    pub secret: Option<Secret<String>>,
    /// Name of that variable, for messages.
    pub secret_env: Option<String>,
    /// Which API generation to speak (`api`, twitter).
    pub api: Api,
    /// How often to ask, for sources that poll; `None` means the source's own default.
    pub poll: Option<Duration>,
    /// Most posts a day that may be delivered to us, for networks that charge for each (`posts_a_day_max`, twitter).
    pub posts_a_day_max: Option<u64>,
    /// Posts wait for a moderator (`moderation = "hold"`).
    pub is_held: bool,
}

/// Generation of X's API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Api {
    /// v2 filtered stream and recent search.
    #[default]
    V2,
    /// v1.1 `statuses/filter` and search.
    V1,
}
