//! How much of a server's rate limit is left, as its last answer said. Calls are spread out while there is little, and
//! not made at all once there is none; what a refused call says of it the pump obeys anyway.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chassis::backoff::RETRY_AFTER_MAX;
use model::Micros;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, sleep};

use crate::source::SourceEnd;
use crate::wire::answer;

/// Longest wait before one call. Twenty hashtags at this pace are still asked for within a stream's silence.
pub(super) const PACE_MAX: Duration = Duration::from_secs(2);
/// This share of the limit may be used as fast as one likes; the last fifth is spread over the time that is left.
const FREE_PERCENT: u64 = 80;

/// See the module. Another program may share the limit (it counts by account and by address), so only the server's word
/// counts.
#[derive(Default)]
pub(super) struct Budget(Mutex<Option<Left>>);

#[derive(Clone, Copy)]
struct Left {
    limit: u64,
    calls: u64,
    resets: Instant,
}

impl Budget {
    /// Takes in what an answer says.
    pub(super) fn note(&self, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let reset = headers.get("x-ratelimit-reset").and_then(|value| value.to_str().ok());
        let reset = reset.and_then(|text| Micros::parse_rfc3339(text.trim()).ok());
        if let (Some(limit), Some(calls), Some(reset)) =
            (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), reset)
        {
            let micros = u64::try_from(reset.since(answer::now())).unwrap_or(0);
            let resets = Instant::now() + Duration::from_micros(micros).min(RETRY_AFTER_MAX);
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Left { limit, calls, resets });
        }
    }

    /// Waits until a call may be made.
    pub(super) async fn wait(&self) -> Result<(), SourceEnd> {
        let left = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = left else { return Ok(()) };
        match pace(left.limit, left.calls, left.resets.saturating_duration_since(Instant::now())) {
            Some(wait) => {
                sleep(wait).await;
                Ok(())
            }
            None => Err(SourceEnd::WaitFor(left.resets.saturating_duration_since(Instant::now()))),
        }
    }
}

/// The wait before the next call; `None` when there must be none before the reset.
fn pace(limit: u64, calls: u64, until_reset: Duration) -> Option<Duration> {
    if until_reset.is_zero() || calls.saturating_mul(100) > limit.saturating_mul(100 - FREE_PERCENT) {
        return Some(Duration::ZERO);
    }
    let calls = u32::try_from(calls).unwrap_or(u32::MAX);
    (calls > 0).then(|| (until_reset / calls).min(PACE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_fifth_of_a_limit_is_spread_out_and_nothing_is_asked_beyond_it() {
        let minute = Duration::from_secs(60);
        assert_eq!(pace(300, 299, minute), Some(Duration::ZERO));
        assert_eq!(pace(300, 61, minute), Some(Duration::ZERO));
        assert_eq!(pace(300, 60, minute), Some(Duration::from_secs(1)));
        assert_eq!(pace(300, 3, minute), Some(PACE_MAX));
        assert_eq!(pace(300, 0, minute), None);
        assert_eq!(pace(300, 0, Duration::ZERO), Some(Duration::ZERO), "a new window has begun");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_without_a_readable_limit_changes_nothing() {
        let budget = Budget::default();
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "0".parse().unwrap());
        headers.insert("x-ratelimit-limit", "300".parse().unwrap());
        headers.insert("x-ratelimit-reset", "1795189320".parse().unwrap());
        budget.note(&headers);
        assert_eq!(budget.wait().await, Ok(()), "unix seconds are another network's");
        let reset = answer::now().plus(20 * Micros::SECOND).timestamp().to_string();
        headers.insert("x-ratelimit-reset", reset.parse().unwrap());
        budget.note(&headers);
        let Err(SourceEnd::WaitFor(wait)) = budget.wait().await else { panic!("it must not be asked") };
        assert!((18..=20).contains(&wait.as_secs()), "{wait:?}");
        tokio::time::sleep(wait).await;
        assert_eq!(budget.wait().await, Ok(()));
    }
}
