//! The stream: the search is asked again and again over a window that overlaps the one before. Now and then the window is
//! wide: photos get their tags, their words and their deletions late. Told photos are looked at one by one in turn.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::rest::{Info, Order, Window};
use super::walk::{OVERLAP, Walk};
use super::{Flickr, name};
use crate::source::{Deleter, Outlet, Revision, SourceEnd, Upstream};

/// Every so many polls the window is wide, and another round of looking at told photos may begin.
const WIDE_EVERY: u64 = 20;
/// How far a wide window reaches back, in seconds.
const WIDE: i64 = 2 * 24 * 3600;
/// Photos that are looked at after one poll, at most.
const CHECKS_MAX: u64 = 10;
/// Calls an hour that we allow ourselves, for polls and looks; Flickr asks for at most 3,600 over all programs of a key.
const CALLS_AN_HOUR: u64 = 2400;

/// Polls until a call fails.
pub(super) async fn run(source: &Flickr, out: &Outlet) -> SourceEnd {
    if let Err(end) = first(source).await {
        return end;
    }
    out.send(Upstream::Opened).await;
    let mut ticks = interval(source.poll);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut polls: u64 = 0;
    loop {
        ticks.tick().await;
        polls += 1;
        if let Err(end) = once(source, polls.is_multiple_of(WIDE_EVERY), out).await {
            return end;
        }
    }
}

/// What is there already is the backfill's; where the newest stands, the polls begin.
async fn first(source: &Flickr) -> Result<(), SourceEnd> {
    let page = source.api.search(Window { from: None, to: None }, 1, Order::NewestFirst).await?;
    let kept = source.memory.newest(super::known::KEPT_MAX).await;
    let mut known = source.known();
    known.kept(kept);
    for photo in page.photos.iter().flatten() {
        known.remember(photo);
        source.place().saw(photo.uploaded);
    }
    known.begin_round();
    Ok(())
}

/// One poll.
async fn once(source: &Flickr, is_wide: bool, out: &Outlet) -> Result<(), SourceEnd> {
    let (newest, floor) = source.place().bounds();
    let from = newest.map(|at| {
        let near = at - OVERLAP;
        if is_wide { near.min((at - WIDE).max(floor.unwrap_or(near))) } else { near }
    });
    let mut walk = Walk::new(source, out, false);
    walk.run(Window { from, to: None }).await?;
    if let Some(from) = from.filter(|_| walk.undelivered == 0) {
        source.known().suspect(from, &walk.seen);
    }
    if walk.undelivered > 0 {
        out.send(Upstream::Limit { undelivered: u64::try_from(walk.undelivered).ok() }).await;
    }
    if is_wide {
        source.known().begin_round();
    }
    check_again(source, out).await?;
    out.send(Upstream::Alive).await;
    source.place().saw(walk.newest);
    let newest = source.place().newest;
    source.reached(newest, out).await;
    Ok(())
}

/// Looks at some of the told photos again.
async fn check_again(source: &Flickr, out: &Outlet) -> Result<(), SourceEnd> {
    for _ in 0..checks(source.poll) {
        let next = source.known().next_to_check();
        let Some(id) = next else { return Ok(()) };
        match source.api.info(&id).await {
            Ok(Info::Gone) => {
                source.known().forget(&id);
                out.send(Upstream::Delete { name: name(&id), by: Deleter::Author }).await;
            }
            Ok(Info::There(mut photo)) => {
                let told = source.known().found(&photo);
                if let Some(media) = told {
                    photo.draft.revision = photo.updated.map_or(Revision::Newer, Revision::EditedAt);
                    photo.draft.media = with_words(media, photo.draft.media);
                    out.send(Upstream::Post(Box::new(photo.draft))).await;
                }
            }
            Ok(Info::Unclear(kind)) => out.send(Upstream::Ignored { kind }).await,
            // Nothing is lost by looking later; what the search says of the network counts.
            Err(SourceEnd::Cut(why) | SourceEnd::Refused(why)) => {
                tracing::debug!(source.name = %source.name, look.error = %why, "told photos were not looked at");
                return Ok(());
            }
            Err(end) => return Err(end),
        }
        // A network that answers slowly is not a dead one.
        out.send(Upstream::Alive).await;
    }
    Ok(())
}

/// The picture as it was told, with the newer description and licence: a look by id knows no sizes.
fn with_words(told: Vec<model::Media>, newer: Vec<model::Media>) -> Vec<model::Media> {
    let Some((told, newer)) = told.into_iter().next().zip(newer.first()) else { return newer };
    vec![model::Media { alt: newer.alt.clone(), licence: newer.licence.clone(), ..told }]
}

/// How many looks one poll may be followed by.
fn checks(poll: Duration) -> u64 {
    let polls_an_hour = 3600 / poll.as_secs().max(1);
    (CALLS_AN_HOUR.saturating_sub(polls_an_hour) / polls_an_hour.max(1)).clamp(1, CHECKS_MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use chassis::Secret;
    use model::{Counts, Micros};
    use networks::raw::{Raw, json};

    use super::*;
    use crate::source::{Api, Kept, Memory, SourceSettings};
    use crate::wire::listen::settings;

    /// A log that holds three photos.
    struct Three;

    #[async_trait]
    impl Memory for Three {
        async fn newest(&self, _max: usize) -> Vec<Kept> {
            let kept = |id: i64| Kept {
                uid: format!("flickr:{id}"),
                aliases: Vec::new(),
                author: "flickr:7@N01".into(),
                when: Micros(id),
                rev: 0,
                counts: Counts::default(),
            };
            (1..=3).map(kept).collect()
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn every_answer_shows_that_a_slow_network_is_alive() {
        let raw = Raw::serve(|asked| match asked.query("photo_id") {
            Some(id) => json(200, format!(r#"{{"stat":"ok","photo":{{"id":"{id}"}}}}"#)),
            None => json(200, r#"{"stat":"ok","photos":{"total":0,"photo":[]}}"#),
        })
        .await
        .unwrap();
        let key = Some(Secret::new("canary0123456789".to_owned()));
        let poll = Some(Duration::from_millis(200));
        let settings = SourceSettings { key, poll, ..settings(&raw.url(), Api::V2, None) };
        let source = crate::flickr::open(&settings, Arc::new(Three)).unwrap();
        let (out, mut heard) = Outlet::new(1);
        let mut alive = 0;
        let until_five = async {
            while alive < 5 {
                alive += usize::from(matches!(heard.recv().await, Some(Upstream::Alive)));
            }
        };
        tokio::select! {
            end = source.stream(&out) => panic!("{end}"),
            () = until_five => {}
        }
        let searches = raw.asked().iter().filter(|asked| asked.query("photo_id").is_none()).count();
        assert!(
            searches <= 3,
            "one search to begin with, one poll whose page, looks and end were told: {searches}"
        );
    }

    #[test]
    fn polls_and_looks_stay_below_what_flickr_allows() {
        for seconds in [5, 10, 30, 60, 3600] {
            let polls = 3600 / seconds;
            let calls = polls * (1 + checks(Duration::from_secs(seconds)));
            assert!(calls <= CALLS_AN_HOUR, "{seconds} s: {calls}");
        }
        assert_eq!(checks(Duration::from_secs(30)), CHECKS_MAX);
    }
}
