//! What a post's page tells its author: the codes that take it, or all of theirs, down. The event's secret is asked of the nozzle once; while
//! that is away, pages leave the codes out.

use crate::site::{Site, follow::EventLive};
use model::{EventId, Item, Network};
use nozzle::Codes;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a page waits for the nozzle, and how soon the next one asks again.
const WAIT: Duration = Duration::from_millis(500);
const AGAIN: Duration = Duration::from_secs(5);

/// The codes of the events, as far as they are known.
#[derive(Debug, Default)]
pub(in crate::site) struct Kept(Mutex<HashMap<EventId, (Instant, Option<Codes>)>>);

/// What an author may post to have something removed.
#[derive(Clone, Debug)]
pub(in crate::site) struct TakeDown {
    /// Where to post it.
    pub(in crate::site) network: &'static str,
    /// Removes this post.
    pub(in crate::site) one: String,
    /// Removes all posts of the author, and keeps out what comes.
    pub(in crate::site) all: String,
    /// A hashtag that brings it here.
    pub(in crate::site) tag: Option<String>,
}

impl TakeDown {
    /// For the page of this post; none where its author has no account that could say so, or the codes are not to be had just now.
    pub(in crate::site) async fn of(site: &Site, event: &EventLive, item: &Item) -> Option<Self> {
        // Whoever wrote on the page takes it back there; a blog and a partner have no account that posts.
        if !matches!(item.network, Network::Mastodon | Network::X | Network::Bluesky | Network::Flickr) {
            return None;
        }
        let author = live::ledger::author_name(item)?;
        let codes = codes(site, event.eid).await?;
        let tag = event.fold().fold().event.as_ref().and_then(|event| event.hashtags.first().cloned());
        Some(Self {
            network: item.network.label(),
            one: codes.remove(&author, item.id()),
            all: codes.forget(&author),
            tag: tag.map(|tag| format!("#{}", tag.trim_start_matches('#'))),
        })
    }
}

async fn codes(site: &Site, event: EventId) -> Option<Codes> {
    let known = {
        let kept = site.codes.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&event).filter(|(asked, codes)| codes.is_some() || asked.elapsed() < AGAIN).cloned()
    };
    if let Some((_, codes)) = known {
        return codes;
    }
    let asked = tokio::time::timeout(WAIT, site.intake.codes(event)).await;
    let codes = asked.ok().and_then(Result::ok);
    let mut kept = site.codes.0.lock().unwrap_or_else(PoisonError::into_inner);
    kept.insert(event, (Instant::now(), codes.clone()));
    codes
}
