//! `[http]`: whom every HTTP listener believes about addresses.

use chassis::client_addr::Ranges;

use super::kinds::Networks;
use super::settings::Settings;

/// Settings shared by all listeners.
#[derive(Debug, Clone)]
pub(crate) struct HttpConfig {
    /// `http.trusted_proxies`: peers whose `X-Forwarded-For` is believed. Default none.
    pub(crate) trusted_proxies: Ranges,
    /// `http.venue_cidrs`: the conference's own networks, where hundreds share one address. Default none.
    pub(crate) venue_cidrs: Ranges,
}

impl HttpConfig {
    pub(super) fn read(settings: &mut Settings) -> Self {
        Self {
            trusted_proxies: settings.take("http.trusted_proxies", Networks, ""),
            venue_cidrs: settings.take("http.venue_cidrs", Networks, ""),
        }
    }
}
