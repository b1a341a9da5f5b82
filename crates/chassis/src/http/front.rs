//! Answers that are ready before a request is taken apart: whoever keeps whole answers gives them out here, at the price of one look-up
//! instead of a way through routes and layers.

use std::{fmt, sync::Arc};

use ::http::{HeaderMap, Method, Response, Uri};
use axum::body::Body;

/// Looks whether the answer is ready.
type Look = dyn Fn(&Method, &Uri, &HeaderMap) -> Option<Response<Body>> + Send + Sync;

/// See the module. It is asked for requests that have passed the checks of [`super::Refusal`] and have no body; it must not wait.
#[derive(Clone)]
pub struct Front(Arc<Look>);

impl Front {
    /// Asks `look`.
    pub fn new(
        look: impl Fn(&Method, &Uri, &HeaderMap) -> Option<Response<Body>> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(look))
    }

    pub(super) fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<Response<Body>> {
        (self.0)(method, uri, headers)
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Front")
    }
}
