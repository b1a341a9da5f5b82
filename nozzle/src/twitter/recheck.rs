//! The second look at what was shown, in turn and within the network's rate: deletions, closed accounts, missed edits, new
//! counts. Runs beside the stream, and in small rounds while the source is paused.

use std::time::Duration;

use chassis::backoff::RETRY_AFTER_MAX;
use reqwest::header::HeaderMap;
use tokio::time::sleep;

use super::shown::{Asked, Found};
use super::{Access, v1, v2};
use crate::source::{Api, Outlet, SourceEnd, Upstream};
use crate::wire::answer::{Refusal, now};

/// Posts a look-up, the most that both generations of the API take.
pub(super) const LOOKUP_MAX: usize = 100;
/// Look-ups of one round while the source is paused.
const ROUND_MAX: usize = 10;
/// How long to leave it when the key may not look posts up: somebody must act first.
const FORBIDDEN_WAIT: Duration = Duration::from_secs(15 * 60);
/// How long to leave it when told to slow down and not for how long.
const THROTTLED_WAIT: Duration = Duration::from_secs(60);
const SECOND: u64 = 1_000_000;

/// Looks again for ever; ends only when X takes our access away.
pub(super) async fn for_ever(access: &Access, api: Api, out: &Outlet) -> SourceEnd {
    let mut wait = access.recheck;
    let mut is_refused = false;
    loop {
        sleep(wait).await;
        let looked = look(access, api, out).await;
        if is_refused && looked.is_ok() {
            is_refused = false;
            out.send(Upstream::Warning { why: None }).await;
        }
        wait = access.recheck.max(match looked {
            Ok(told) => told.unwrap_or_default().min(RETRY_AFTER_MAX),
            Err(Refusal { status: 401, end, .. }) => return end,
            Err(Refusal { status: 403, end, .. }) => {
                is_refused = true;
                let why = format!("X does not let this key look posts up, so deletions are not seen: {end}");
                out.send(Upstream::Warning { why: Some(why) }).await;
                FORBIDDEN_WAIT
            }
            Err(Refusal { end, .. }) => {
                tracing::debug!(source.name = %access.name, source.end = %end, "shown posts were not looked up");
                wait_after(&end)
            }
        });
    }
}

/// How long a refused look-up keeps us away at least.
pub(super) fn wait_after(end: &SourceEnd) -> Duration {
    match end {
        SourceEnd::WaitFor(wait) => (*wait).min(RETRY_AFTER_MAX),
        SourceEnd::Throttled(_) => THROTTLED_WAIT,
        _ => Duration::ZERO,
    }
}

/// A few looks, at posts that cost nothing.
pub(super) async fn a_round(access: &Access, api: Api, out: &Outlet) {
    let rounds = access.shown().len().div_ceil(LOOKUP_MAX).min(ROUND_MAX);
    for _ in 0..rounds {
        match look(access, api, out).await {
            Ok(None) => {}
            // The rest is looked at in the next round.
            Ok(Some(_)) | Err(_) => return,
        }
    }
}

/// One look. Tells how long to stay away when the calls of this window are used up.
async fn look(access: &Access, api: Api, out: &Outlet) -> Result<Option<Duration>, Refusal> {
    let asked = {
        let (shown, quota) = (access.shown(), access.quota());
        shown.next(LOOKUP_MAX, |id| quota.may_look(id))
    };
    if asked.is_empty() {
        return Ok(None);
    }
    let (found, headers) = match api {
        Api::V2 => v2::lookup(access, &asked).await?,
        Api::V1 => v1::lookup(access, &asked).await?,
    };
    take(access, &asked, found, out).await;
    Ok(used_up(&headers))
}

async fn take(access: &Access, asked: &[Asked], found: Found, out: &Outlet) {
    let used = access.quota().take_looked(found.present.iter().map(|one| one.newest), now());
    access.used(used, out).await;
    let edited = access.shown().edited(&found);
    edited.into_iter().for_each(|id| access.want(id, None));
    let messages = access.shown().judge(asked, found);
    for message in messages {
        out.send(message).await;
    }
}

/// Until when, if the answer says that no call is left.
fn used_up(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let reset = number("x-rate-limit-reset").filter(|_| number("x-rate-limit-remaining") == Some(0))?;
    let now = u64::try_from(now().0).unwrap_or(0);
    Some(Duration::from_micros(reset.saturating_mul(SECOND).saturating_sub(now)))
}
