//! `[live]`: where the live log's tail is kept for readers in other processes.

use super::file::Shape;
use super::kinds::Kind;
use super::secret::SecretUrl;
use super::settings::Settings;

/// Settings of the live store.
#[derive(Debug, Clone)]
pub(crate) struct LiveConfig {
    /// `live.url`: `embedded` (default), or a Redis 7 server as `redis://[user:password@]host[:port][/db]`, `rediss://` with TLS.
    pub(crate) url: LiveUrl,
}

/// Which live store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LiveUrl {
    /// Readers read the ledger itself: all roles in one process.
    Embedded,
    Redis(SecretUrl),
}

impl LiveConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self { url: settings.take("live.url", LiveUrlKind, "embedded") }
    }
}

struct LiveUrlKind;

impl Kind for LiveUrlKind {
    type Value = LiveUrl;
    const SHAPE: Shape = Shape::Text;
    const IS_SECRET: bool = true;

    fn allowed(&self) -> String {
        "\"embedded\", or one Redis server as \"redis://127.0.0.1:6379\" (\"rediss://\" for TLS)".to_owned()
    }

    fn read(&self, text: &str) -> Option<LiveUrl> {
        match text {
            "embedded" => Some(LiveUrl::Embedded),
            _ => SecretUrl::parse(text, &["redis", "rediss"]).map(LiveUrl::Redis),
        }
    }

    fn show(&self, text: &str) -> String {
        match self.read(text) {
            Some(LiveUrl::Redis(url)) => url.to_string(),
            _ => text.to_owned(),
        }
    }
}
