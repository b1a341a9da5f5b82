//! What Redis still holds of an event whose ledger is put back: perhaps more than the backup does.

use anyhow::{Result, bail};
use live::LINES_MAX;
use live::follow::Head;
use live::redis::RedisStore;
use model::EventId;

/// The whole tail, from its base.
pub(super) struct Tail {
    pub(super) head: Head,
    pub(super) lines: Vec<live::Line>,
}

/// Reads the tail; none where there is none. With `may_be_away`, one that cannot be read counts as none.
///
/// # Errors
/// When Redis does not answer: what only it holds would be lost.
pub(super) async fn hear(redis: &RedisStore, eid: EventId, may_be_away: bool) -> Result<Option<Tail>> {
    match read(redis, eid).await {
        Ok(tail) => Ok(tail),
        Err(error) if may_be_away => {
            eprintln!("the tail cannot be read and is left out: {error:#}");
            Ok(None)
        }
        Err(error) => Err(error.context(
            "the tail in Redis cannot be read, and it may hold more than the backup; bring Redis back, or say --without-tail",
        )),
    }
}

async fn read(redis: &RedisStore, eid: EventId) -> Result<Option<Tail>> {
    let tail = redis.tail(eid);
    if let Some(owner) = tail.look().await?.owner {
        bail!("a nozzle runs on this event ({owner}): stop it first, then wait 10 s");
    }
    let Some(first) = tail.read(0, LINES_MAX).await? else { return Ok(None) };
    let mut lines = first.lines;
    while let Some(last) = lines.last().map(|line| line.seq).filter(|seq| *seq < first.head.top) {
        match tail.read(last, LINES_MAX).await? {
            Some(page) if page.after == last && !page.lines.is_empty() => lines.extend(page.lines),
            _ => {
                return Err(anyhow::anyhow!(
                    "the tail ends at {} and could be read up to {last} only",
                    first.head.top
                ));
            }
        }
    }
    Ok(Some(Tail { head: first.head, lines }))
}
