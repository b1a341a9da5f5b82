//! From a setting to an archive.

use std::path::PathBuf;
use std::sync::Arc;

use crate::{Archive, Error, postgres, sqlite};

/// Where the archive is.
#[derive(Clone)]
pub struct Settings {
    /// `archive.url`: `embedded`, or `postgres://user@host/database`. May hold a password.
    pub url: String,
    /// Where `archive.sqlite` lives when embedded. Must exist.
    pub data_dir: PathBuf,
    /// `archive.statement_cache`: false behind a transaction-pooling proxy.
    pub statement_cache: bool,
}

/// Makes an archive that connects when it is first used, so that a site starts while its database is down.
/// Somebody has to call [`Archive::prepare`] before it holds anything.
///
/// # Errors
/// [`Error::Address`] when `url` is none that we know.
pub fn open(settings: &Settings) -> Result<Arc<dyn Archive>, Error> {
    let url = settings.url.as_str();
    if url == "embedded" {
        return Ok(Arc::new(sqlite::store(&settings.data_dir)));
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(postgres::store(url, settings.statement_cache)?));
    }
    Err(Error::unknown_address(url))
}

impl std::fmt::Debug for Settings {
    /// Without the address, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("data_dir", &self.data_dir)
            .field("statement_cache", &self.statement_cache)
            .finish_non_exhaustive()
    }
}
