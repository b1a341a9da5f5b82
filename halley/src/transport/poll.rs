//! Long poll: one batch at once, or held until there is one.

use std::time::Duration;

use axum::{body::Body, response::Response};
use http::StatusCode;
use model::{Epoch, Position, Seq};
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::{self, Refused},
    frame::{Frame, page},
    metrics::Counted,
    reader::{Reader, Step},
    signal::Signal,
};

/// Of the hold, what is left to answer a client that was ahead of us all the time.
const AHEAD_SHARE: (u32, u32) = (9, 10);

/// How long a poll's reader may hold a client that is ahead: the hold must not end before it.
pub(crate) fn ahead_hold(hold: Duration) -> Duration {
    hold * AHEAD_SHARE.0 / AHEAD_SHARE.1
}

/// What was learned before the entries.
#[derive(Default)]
struct Opening {
    hello: Option<(Epoch, Seq, bool)>,
    window: Option<String>,
}

/// The answer to one poll.
pub(crate) async fn response(mut reader: Reader, want: Option<Position>, hold: Duration) -> Response {
    let counted = Counted::open("poll");
    let until = Instant::now() + hold;
    let mut opening = Opening::default();
    loop {
        // Whoever has to start afresh learns it at once, not with the next entry.
        let until = if opening.is_news(want.as_ref()) { Instant::now() } else { until };
        let Ok(step) = timeout_at(until, reader.next()).await else {
            return opening.without_entries(want.as_ref());
        };
        match step {
            Step::Entries(frames) => {
                counted.delivered(frames.len());
                return opening.answer(want.as_ref(), &frames);
            }
            Step::Signal(Signal::Hello { epoch, after, resumed, .. }) => {
                opening.hello = Some((epoch, after, resumed));
            }
            Step::Signal(signal @ Signal::Window { .. }) => opening.window = Some(signal.json()),
            Step::Signal(Signal::Beat { .. }) => {}
            Step::Signal(Signal::Bye { retry_ms }) => return Refused::Draining { retry_ms }.response(),
            Step::End(_) => return Refused::NotReady.response(),
        }
    }
}

impl Opening {
    /// Whether the client has to know this even without entries: it had no position, or ours is another.
    fn is_news(&self, want: Option<&Position>) -> bool {
        self.hello.as_ref().is_some_and(|(_, _, resumed)| !resumed || want.is_none())
    }

    fn answer(&self, want: Option<&Position>, frames: &[Frame]) -> Response {
        let Some((epoch, after, resumed)) = &self.hello else { return Refused::NotReady.response() };
        let is_plain = *resumed && self.window.is_none();
        let mut extra = String::new();
        if want.is_some() && !resumed {
            extra.push_str(r#","resumed":false"#);
        }
        if let Some(window) = &self.window {
            // `{"window":{...}}` without its outer braces.
            extra.push(',');
            extra.push_str(&window[1..window.len() - 1]);
        }
        let mut response = answer::json_response(page(epoch, *after, frames, &extra), answer::NO_STORE);
        if is_plain && !frames.is_empty() {
            // What follows a position never changes its place: whoever keeps this answer keeps a true prefix.
            answer::for_cdn(&mut response);
        }
        response
    }

    fn without_entries(&self, want: Option<&Position>) -> Response {
        match self.hello {
            Some(_) if self.is_news(want) => self.answer(want, &[]),
            Some(_) => nothing_new(),
            None => Refused::NotReady.response(),
        }
    }
}

fn nothing_new() -> Response {
    let mut response = answer::json_response(Body::empty(), answer::NO_STORE);
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().remove(http::header::CONTENT_TYPE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rig::{Rig, epoch};

    const HOLD: Duration = Duration::from_secs(25);

    #[tokio::test(start_paused = true)]
    async fn a_poll_without_news_is_held_for_25_s_and_then_says_204() {
        let rig = Rig::with_entries(0, 3);
        let began = Instant::now();
        let want = Some(Position { epoch: epoch(), seq: 3 });
        let response = response(rig.reader(Some(3), ahead_hold(HOLD)), want, HOLD).await;
        assert_eq!((response.status(), began.elapsed()), (StatusCode::NO_CONTENT, HOLD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_is_answered_within_its_hold_whatever_happens() {
        for want in [99, 3, 0] {
            let rig = Rig::with_entries(0, 3);
            let began = Instant::now();
            let position = Some(Position { epoch: epoch(), seq: want });
            let answer = response(rig.reader(Some(want), ahead_hold(HOLD)), position, HOLD).await;
            assert!(answer.status().is_success() && began.elapsed() <= HOLD, "{want}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_from_before_the_tail_is_told_where_the_archive_is() {
        let rig = Rig::with_entries(70, 3);
        let position = Some(Position { epoch: epoch(), seq: 5 });
        let answer = response(rig.reader(Some(5), ahead_hold(HOLD)), position, HOLD).await;
        let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.expect("a body");
        let page: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(
            (&page["after"], &page["next"], &page["resumed"]),
            (&70.into(), &73.into(), &false.into())
        );
        assert_eq!(page["window"]["archive"], "/api/v1/events/rustfest/items?after=5");
    }
}
