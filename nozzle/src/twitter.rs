//! X, once Twitter: the v2 filtered stream with recent search, and the v1.1 `statuses/filter` stream with its search,
//! which replays and archives still speak. Both name the same post alike: `x:` and the first id of its edit history.

mod access;
mod place;
mod quota;
mod recheck;
mod runs;
mod shown;
mod v1;
mod v2;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Backoff;

use crate::source::{Api, Backfilled, Memory, Outlet, Rhythm, Since, Source, SourceEnd, SourceSettings};
use access::Access;

/// X writes something every 20 s; one may be late.
const SILENCE_MAX_V2: Duration = Duration::from_secs(45);
/// v1.1 wrote something every 30 s.
const SILENCE_MAX_V1: Duration = Duration::from_secs(60);

/// Opens a source of kind `twitter`.
///
/// # Errors
/// When no HTTP client can be made.
pub(crate) fn open(settings: &SourceSettings, memory: Arc<dyn Memory>) -> Result<Box<dyn Source>, String> {
    Ok(Box::new(Twitter { access: Access::new(settings, memory)?, api: settings.api }))
}

struct Twitter {
    access: Access,
    api: Api,
}

#[async_trait]
impl Source for Twitter {
    fn rhythm(&self) -> Rhythm {
        let second = Duration::from_secs(1);
        Rhythm {
            cut: Backoff::linear(Duration::from_millis(250), 16 * second).at_least(),
            refused: Backoff::exponential(5 * second, 320 * second).at_least(),
            throttled: Backoff::exponential(60 * second, 900 * second).at_least(),
            silence_max: match self.api {
                Api::V2 => SILENCE_MAX_V2,
                Api::V1 => SILENCE_MAX_V1,
            },
        }
    }

    /// The rules belong to the account, and so does the one connection.
    fn may_stream_twice(&self) -> bool {
        false
    }

    async fn stream(&self, out: &Outlet) -> SourceEnd {
        if let Err(end) = self.access.must_have_token() {
            return end;
        }
        self.access.remember().await;
        if let Some(end) = self.access.pause() {
            recheck::a_round(&self.access, self.api, out).await;
            return end;
        }
        let stream = async {
            match self.api {
                Api::V2 => v2::stream(&self.access, out).await,
                Api::V1 => v1::stream(&self.access, out).await,
            }
        };
        tokio::select! {
            ended = stream => ended.unwrap_or_else(|end| end),
            end = self.access.until_used_up() => end,
        }
    }

    async fn backfill(&self, since: &Since, out: &Outlet) -> Backfilled {
        self.access.go_on_from(since.cursor.as_ref());
        match self.api {
            Api::V2 => v2::backfill(&self.access, since, out).await,
            Api::V1 => v1::backfill(&self.access, since, out).await,
        }
    }
}

#[cfg(test)]
mod keeping;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;
