//! Which status another one quotes, in each server's way of saying so.

use serde::Deserialize;

use super::{Status, alias};
use crate::wire::lenient;

/// Mastodon wraps the quoted status with a state (or only names it); Akkoma gives the status itself.
#[derive(Deserialize)]
pub(super) struct Quote {
    #[serde(default, deserialize_with = "lenient::text")]
    state: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    quoted_status: Option<Box<Status>>,
    #[serde(default, deserialize_with = "lenient::text")]
    quoted_status_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    uri: Option<String>,
}

/// Pleroma keeps its own additions apart.
#[derive(Deserialize)]
pub(super) struct Pleroma {
    #[serde(default, deserialize_with = "lenient::object")]
    quote: Option<Quote>,
    #[serde(default, deserialize_with = "lenient::text")]
    quote_id: Option<String>,
}

impl Quote {
    /// The quoted status, as far as its author lets it be quoted: a quote that is pending, rejected or revoked names
    /// nothing.
    pub(super) fn name(self, host: &str) -> Option<String> {
        if !matches!(self.state.as_deref(), None | Some("accepted")) {
            return None;
        }
        let status = self.quoted_status.and_then(|s| s.name().map(|name| format!("mastodon:{name}")));
        status
            .or(self.quoted_status_id.map(|id| alias(host, &id)))
            .or(self.uri.map(|uri| format!("mastodon:{uri}")))
    }
}

impl Pleroma {
    pub(super) fn name(self, host: &str) -> Option<String> {
        self.quote.and_then(|quote| quote.name(host)).or(self.quote_id.map(|id| alias(host, &id)))
    }
}
