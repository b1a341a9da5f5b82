//! Rate limits as the networks state them: so many calls in a window, named in three headers.

use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// How a network writes the end of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetForm {
    /// ISO 8601 (Mastodon).
    Iso,
    /// Unix seconds (X).
    Unix,
}

/// One counter with its window.
pub(crate) struct RateLimit {
    calls_max: u32,
    window_seconds: i64,
    form: ResetForm,
    state: Mutex<(Timestamp, u32)>,
}

impl RateLimit {
    pub(crate) fn new(calls_max: u32, window_seconds: i64, form: ResetForm) -> Self {
        Self { calls_max, window_seconds, form, state: Mutex::new((Timestamp::UNIX_EPOCH, 0)) }
    }

    /// Counts a call; the headers that tell so, and whether it is still within the limit.
    pub(crate) fn count(&self) -> (bool, HeaderMap) {
        let now = Timestamp::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= state.0 {
            *state = (now + SignedDuration::from_secs(self.window_seconds), 0);
        }
        state.1 = state.1.saturating_add(1);
        let left = self.calls_max.saturating_sub(state.1);
        (state.1 <= self.calls_max, headers(self.calls_max, left, state.0, self.form))
    }
}

/// The three headers.
pub(crate) fn headers(limit: u32, left: u32, reset: Timestamp, form: ResetForm) -> HeaderMap {
    let reset = match form {
        ResetForm::Iso => format!("{reset:.6}"),
        ResetForm::Unix => (reset.as_second() + 1).to_string(),
    };
    let mut out = HeaderMap::new();
    for (name, value) in [
        ("x-rate-limit-limit", limit.to_string()),
        ("x-rate-limit-remaining", left.to_string()),
        ("x-rate-limit-reset", reset),
    ] {
        let name =
            if form == ResetForm::Iso { name.replace("rate-limit", "ratelimit") } else { name.to_owned() };
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value))
        {
            out.insert(name, value);
        }
    }
    out
}
