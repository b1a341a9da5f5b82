//! An address that may hold a password. It prints masked; the real one comes out by one named door.

use std::fmt;

use url::Url;

/// A store's address whose password never prints.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretUrl(Url);

impl SecretUrl {
    /// An address with a host and one of `schemes`.
    pub(super) fn parse(text: &str, schemes: &[&str]) -> Option<Self> {
        let url: Url = text.parse().ok()?;
        (schemes.contains(&url.scheme()) && url.has_host()).then_some(Self(url))
    }

    /// The whole address, for the client library alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = self.0.clone();
        if shown.password().is_some() && shown.set_password(Some("****")).is_err() {
            return f.write_str("****");
        }
        // PostgreSQL also takes `?password=`: parameters are not shown at all.
        shown.set_query(None);
        f.write_str(shown.as_str())
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
