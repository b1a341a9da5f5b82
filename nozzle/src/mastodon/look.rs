//! Looking again: a page of a timeline shows which of the statuses on it have changed, and which are no longer there. Used
//! by every poll, and after an outage for what the log already holds.

use std::cmp::Ordering;
use std::collections::HashSet;

use model::Micros;

use super::known::{Change, LOOK_BACK_ITEMS_MAX, order};
use super::rest::{Found, PAGE, Page};
use super::status::{self, Status};
use super::{Mastodon, is_newer};
use crate::source::{Deleter, Outlet, SourceEnd, Upstream};

/// Pages of one hashtag that one look back reads: as many as hold the items it looks for.
const LOOK_BACK_PAGES_MAX: usize = LOOK_BACK_ITEMS_MAX / PAGE;
/// Statuses that one look back asks for one by one.
const LOOK_BACK_SUSPECTS_MAX: usize = 40;
/// Statuses that one poll asks for one by one.
pub(super) const POLL_SUSPECTS_MAX: usize = 10;

/// So many may be gone from a server that shows nothing any more. More than that is rather a server that has lost its mind
/// than people who deleted all they said.
const UNPROVEN_MAX: usize = 3;

/// What pages of all hashtags have shown.
pub(super) struct Seen {
    /// Known before the first page was asked for.
    expected: Vec<String>,
    ids: HashSet<String>,
    /// Nothing can be said of what is older than this: some hashtag's pages did not reach further.
    oldest: Option<String>,
    newest: Option<String>,
}

impl Seen {
    /// To be called before the first page is asked for.
    pub(super) fn expecting(source: &Mastodon) -> Self {
        Self { expected: source.known().expected(), ids: HashSet::new(), oldest: None, newest: None }
    }

    /// Takes in a page; a page that is not full is the timeline's last.
    pub(super) fn page(&mut self, page: &Page) {
        self.ids.extend(page.statuses.iter().flatten().filter_map(|s| s.id.clone()));
        if let Some(newest) =
            page.newest().filter(|newest| self.newest.as_deref().is_none_or(|n| is_newer(newest, n)))
        {
            self.newest = Some(newest.to_owned());
        }
    }

    /// A hashtag's pages reach back to here.
    pub(super) fn reaches(&mut self, oldest: &str) {
        if self.oldest.as_deref().is_none_or(|known| is_newer(oldest, known)) {
            self.oldest = Some(oldest.to_owned());
        }
    }

    /// At most `max` statuses, newest first, that should have been seen and were not: gone, or without the hashtag.
    pub(super) fn missing(&self, max: usize) -> Vec<String> {
        let oldest = self.oldest.as_deref().unwrap_or("0");
        let is_after = |id: &&String| order(id, oldest) == Some(Ordering::Greater);
        let missing = self.expected.iter().rev().filter(|id| !self.ids.contains(*id)).filter(is_after);
        missing.take(max).cloned().collect()
    }
}

/// Asks the log once what it holds of this server.
pub(super) async fn recall(source: &Mastodon) {
    if !source.known().has_memory() {
        let kept = source.memory.newest(LOOK_BACK_ITEMS_MAX).await;
        source.known().recall(&kept, &status::alias(source.server.host(), ""));
    }
}

/// Reads the newest pages of every hashtag again: edits and deletions of statuses that were told before an outage, and
/// statuses that federated so late that they lie behind the cursor.
pub(super) async fn back(source: &Mastodon, not_before: Micros, out: &Outlet) -> Result<(), SourceEnd> {
    let Some(horizon) = source.known().horizon().map(str::to_owned) else { return Ok(()) };
    let mut seen = Seen::expecting(source);
    for tag in &source.tags {
        let mut below: Option<String> = None;
        for _ in 0..LOOK_BACK_PAGES_MAX {
            let mut page = source.server.timeline(tag, below.as_deref().map(|id| ("max_id", id))).await?;
            let oldest = page.oldest().map(str::to_owned).filter(|id| below.as_ref() != Some(id));
            below = oldest.clone();
            seen.page(&page);
            page.statuses.retain(|s| !s.as_ref().is_ok_and(|s| s.is_before(not_before)));
            for status in page.statuses.into_iter().rev() {
                tell(source, status, out).await;
            }
            let Some(oldest) = oldest else { break };
            if order(&oldest, &horizon).is_none_or(|order| order.is_le()) {
                break;
            }
        }
        if let Some(oldest) = below {
            seen.reaches(&oldest);
        }
    }
    let missing = seen.missing(LOOK_BACK_SUSPECTS_MAX);
    vanished(source, missing, &seen, out).await
}

/// Tells what is new about one status.
pub(super) async fn tell(source: &Mastodon, status: Result<Status, Upstream>, out: &Outlet) {
    let status = match status {
        Ok(status) => status,
        Err(malformed) => return out.send(malformed).await,
    };
    let host = source.server.host();
    let Some(id) = status.id.clone() else { return out.send(status.upstream(host)).await };
    let version = status.version();
    let change = source.known().change(&id, &version);
    let message = match change {
        Change::Nothing => return,
        Change::New => status.upstream(host),
        _ if !status.is_public() => gone(source, &id),
        Change::Edited => status.upstream(host),
        Change::Completed => status.changed().upstream(host),
        Change::Counts => Upstream::Counts { name: status::alias(host, &id), counts: status.counts() },
    };
    let is_known = matches!(message, Upstream::Post(_) | Upstream::Counts { .. } | Upstream::Boost { .. });
    out.send(message).await;
    // Only now: what is dropped on its way out must be told again.
    if is_known {
        source.known().note(&id, version);
    }
}

/// The words that a status is no longer for us. Nobody says on whose word: its author, or a moderator of this server or of
/// the author's. Either way it is not shown on.
pub(super) fn gone(source: &Mastodon, id: &str) -> Upstream {
    source.known().forget(id);
    Upstream::Delete { name: status::alias(source.server.host(), id), by: Deleter::Author }
}

/// Asks for statuses that are no longer where they were; those that are gone are deleted, those that have lost their
/// hashtag are told as they are now. A server that knows nothing of a status that it has just shown knows of none.
pub(super) async fn vanished(
    source: &Mastodon,
    ids: Vec<String>,
    seen: &Seen,
    out: &Outlet,
) -> Result<(), SourceEnd> {
    let mut lost = Vec::new();
    for id in ids {
        match source.server.find(&id).await? {
            Found::Here(status) => {
                tell(source, Ok(*status), out).await;
                source.known().forget(&id);
            }
            Found::Gone => lost.push(id),
            Found::Untold => source.known().forget(&id),
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    let is_proven = match &seen.newest {
        Some(shown) => matches!(source.server.find(shown).await?, Found::Here(_)),
        None => lost.len() <= UNPROVEN_MAX,
    };
    if !is_proven {
        lost.iter().for_each(|id| source.known().forget(id));
        out.send(Upstream::Ignored { kind: "gone_unproven" }).await;
        return Ok(());
    }
    for id in lost {
        let message = gone(source, &id);
        out.send(message).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_newer_than_the_oldest_seen_can_be_missing() {
        let expected = ["9", "10", "12", "11", "13"].map(str::to_owned).to_vec();
        let ids = HashSet::from(["10", "12", "13"].map(str::to_owned));
        let seen = |oldest: &str| Seen {
            expected: expected.clone(),
            ids: ids.clone(),
            oldest: Some(oldest.into()),
            newest: None,
        };
        assert_eq!(seen("10").missing(9), ["11"]);
        assert!(seen("Al30Y6dIQNzsEKhR5s").missing(9).is_empty(), "no order, no suspicion");
        assert_eq!(seen("1").missing(1), ["11"]);
    }
}
