//! The short way to a page that is kept: by its very address, before the request has gone through routes and layers. It finds only what the
//! long way has put there, and whoever is shown something of their own takes the long way.

use super::rules::is_somebody;
use crate::site::Site;
use axum::{body::Body, response::Response};
use chassis::http::Front;
use http::{HeaderMap, Method, Uri, header};

/// Gives out what is kept.
pub(crate) fn front(site: &Site) -> Front {
    let site = site.clone();
    Front::new(move |method, uri, headers| site.ready(method, uri, headers))
}

impl Site {
    fn ready(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
        if !matches!(*method, Method::GET | Method::HEAD) || is_by_time(headers) {
            return None;
        }
        let event = self.events.known(slug(uri.path())?)?;
        let key = uri.query().map_or_else(|| Some(uri.path()), |_| Some(uri.path_and_query()?.as_str()))?;
        let kept = event.shelf.find(key, event.shelf.stamp(), self.minute())?;
        if kept.is_personal() && is_somebody(headers) {
            return None;
        }
        self.pages.hits.increment(1);
        Some(kept.answer(method, headers))
    }
}

/// Of a time that is told in whole seconds, only whoever made the page knows whether it can be trusted.
pub(super) fn is_by_time(asked: &HeaderMap) -> bool {
    asked.contains_key(header::IF_MODIFIED_SINCE) && !asked.contains_key(header::IF_NONE_MATCH)
}

/// The event that an address is about: `/fest/...` and `/api/v1/events/fest/...`.
fn slug(path: &str) -> Option<&str> {
    let mut parts = path.split('/').skip(1);
    let first = parts.next()?;
    if first == "api" { parts.nth(2) } else { Some(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_is_found_in_every_address_of_a_page() {
        assert_eq!(slug("/fest"), Some("fest"));
        assert_eq!(slug("/fest/talks/t1"), Some("fest"));
        assert_eq!(slug("/api/v1/events/fest/talks"), Some("fest"));
        assert_eq!((slug("/"), slug("/api/v1/events"), slug("")), (Some(""), None, None));
    }
}
