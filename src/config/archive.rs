//! `[archive]`: where what was said is kept by talk.

use super::kinds::{Kind, Switch};
use super::secret::SecretUrl;
use super::settings::Settings;

/// Settings of the archive.
#[derive(Debug, Clone)]
pub(crate) struct ArchiveConfig {
    /// `archive.url`: `embedded` (default: `archive.sqlite` in the data directory), or `postgres://user@host/database`.
    pub(crate) url: ArchiveUrl,
    /// `archive.statement_cache`: false behind a pgbouncer that pools by transaction. Default true.
    pub(crate) statement_cache: bool,
}

/// Which archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ArchiveUrl {
    /// SQLite in the data directory.
    Embedded,
    Postgres(SecretUrl),
}

impl ArchiveConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            url: settings.take("archive.url", ArchiveUrlKind, "embedded"),
            statement_cache: settings.take("archive.statement_cache", Switch, "true"),
        }
    }
}

struct ArchiveUrlKind;

impl Kind for ArchiveUrlKind {
    type Value = ArchiveUrl;
    const IS_SECRET: bool = true;

    fn allowed(&self) -> String {
        "\"embedded\", or one PostgreSQL database as \"postgres://user@host/database\"".to_owned()
    }

    fn read(&self, text: &str) -> Option<ArchiveUrl> {
        match text {
            "embedded" => Some(ArchiveUrl::Embedded),
            _ => SecretUrl::parse(text, &["postgres", "postgresql"]).map(ArchiveUrl::Postgres),
        }
    }

    fn show(&self, text: &str) -> String {
        match self.read(text) {
            Some(ArchiveUrl::Postgres(url)) => url.to_string(),
            _ => text.to_owned(),
        }
    }
}
