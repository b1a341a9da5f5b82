//! Trying a source before its event relies on it: the network's own source connects as it would, and what it says first is
//! shown instead of stored. Nothing is written, and nothing of a source that runs is disturbed.

mod words;

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use model::event::{Consent, EventFile, SourceFile};
use model::{Item, Micros};
use tokio::time::{Instant, sleep_until, timeout};

use crate::admit::{Arrival, Rejection, admit};
use crate::hook;
use crate::intake::{PROBED_POSTS_MAX, PROBED_TEXT_CHARS_MAX, Probed, ProbedPost};
use crate::source::{Backfilled, Draft, Forgetful, Outlet, Since, Source, SourceEnd, Upstream};
use crate::sources::{self, Env};
use crate::wire::answer;

/// Longest try, whatever the network does.
pub(crate) const PROBE_MAX: Duration = Duration::from_secs(10);
/// Tries at once; each holds a connection or two.
pub(crate) const PROBES_MAX: usize = 4;
/// How much longer is looked once enough is there: what comes next is newer.
const ENOUGH_FOR: Duration = Duration::from_millis(500);
/// Most posts that are kept until the newest of them are chosen.
const KEPT_MAX: usize = 200;
/// Messages that may wait between the source and the try.
const OUTLET_MESSAGES_MAX: usize = 64;
/// Posts that a try at X may be charged for: the fewest that its search gives.
const PAID_POSTS_MAX: u64 = 10;

const DAY: i64 = 24 * Micros::HOUR;

/// How far back is looked, step by step, until there are enough posts. A busy hashtag has enough in its last hour, and all of
/// a rare one's month is a single page.
fn spans(kind: &str) -> &'static [i64] {
    match kind {
        // Every post of the network goes by: what lies back longer takes too long.
        "bluesky" => &[15 * Micros::MINUTE],
        // One page, whatever is asked for.
        "feed" => &[20 * 365 * DAY],
        // Each step would be charged for.
        "twitter" => &[6 * DAY],
        _ => &[Micros::HOUR, DAY, 30 * DAY],
    }
}

/// Tries one source of an event.
pub(crate) async fn probe(event: &EventFile, file: &SourceFile, env: Env<'_>) -> Probed {
    if file.kind == hook::KIND {
        return words::of_hook(event, file, env);
    }
    let mut file = file.clone();
    if file.kind == "twitter" {
        file.posts_a_day_max = Some(PAID_POSTS_MAX);
    }
    let source = match sources::open(&file, event, env, Arc::new(Forgetful)) {
        Ok(source) => source,
        Err(why) => return words::misset(why),
    };
    let mut found = Found { name: file.name.clone(), consent: file.consent, ..Found::default() };
    let end = timeout(PROBE_MAX, found.look(source.as_ref(), spans(&file.kind))).await;
    words::of(found, end.unwrap_or(Some(End::TooSlow)), event, &file, env)
}

/// Why a try ended before everything was looked through.
#[derive(Debug)]
enum End {
    /// The network's own word.
    Said(SourceEnd),
    /// [`PROBE_MAX`] is over.
    TooSlow,
}

/// What a try has found so far.
#[derive(Debug, Default)]
struct Found {
    name: String,
    consent: Consent,
    is_open: bool,
    /// By uid, so that what comes by two ways counts once.
    posts: BTreeMap<String, Item>,
    /// Posts that their authors ask not to be shown.
    wishes: u64,
    /// What could not be read.
    malformed: u64,
}

type Backfill<'a> = Pin<Box<dyn Future<Output = Backfilled> + Send + 'a>>;

impl Found {
    /// Looks until there is enough, or nothing more to be looked through.
    async fn look(&mut self, source: &dyn Source, spans: &[i64]) -> Option<End> {
        let (out, mut live) = Outlet::new(OUTLET_MESSAGES_MAX);
        let (late_out, mut late) = Outlet::new(OUTLET_MESSAGES_MAX);
        source.resume(None);
        self.is_open = !source.may_stream_twice();
        let mut stream = if self.is_open { Box::pin(pending()) } else { source.stream(&out) };
        let mut spans = spans.iter();
        let mut backfill: Option<Backfill<'_>> = None;
        let mut enough_at = None;
        loop {
            if self.is_open && backfill.is_none() {
                // All of a step has been told, and it is enough, or there is no further step.
                let next = spans.next().filter(|_| self.posts.len() < PROBED_POSTS_MAX)?;
                let since = Since { cursor: None, not_before: answer::now().plus(-next) };
                backfill = Some(Box::pin({
                    let out = &late_out;
                    async move { source.backfill(&since, out).await }
                }));
            }
            if self.posts.len() >= PROBED_POSTS_MAX {
                enough_at.get_or_insert(Instant::now() + ENOUGH_FOR);
            }
            tokio::select! {
                Some(message) = live.recv() => self.hear(message),
                Some(message) = late.recv() => self.hear(message),
                done = ended(&mut backfill), if backfill.is_some() => {
                    backfill = None;
                    while let Ok(message) = late.try_recv() {
                        self.hear(message);
                    }
                    if let Backfilled::Broken(end) = done {
                        self.is_open &= source.may_stream_twice();
                        return Some(End::Said(end));
                    }
                }
                end = &mut stream => {
                    while let Ok(message) = live.try_recv() {
                        self.hear(message);
                    }
                    return Some(End::Said(end));
                }
                () = until(enough_at), if enough_at.is_some() => return None,
            }
        }
    }

    fn hear(&mut self, message: Upstream) {
        match message {
            Upstream::Opened => self.is_open = true,
            Upstream::Post(draft) => self.post(*draft),
            Upstream::Malformed { .. } | Upstream::Oversize { .. } => self.malformed += 1,
            _ => {}
        }
    }

    fn post(&mut self, draft: Draft) {
        let arrival =
            Arrival { source: &self.name, received: answer::now(), is_late: true, consent: self.consent };
        match admit(draft, arrival) {
            Ok(admitted) if self.posts.len() < KEPT_MAX => {
                self.posts.insert(admitted.item.uid.0.clone(), admitted.item);
            }
            Err(Rejection::NotShown | Rejection::NotIndexed) => self.wishes += 1,
            Ok(_) | Err(_) => {}
        }
    }

    /// The newest of what was found.
    fn newest(&self) -> Vec<ProbedPost> {
        let mut items: Vec<&Item> = self.posts.values().collect();
        items.sort_by_key(|item| std::cmp::Reverse(item.when));
        items.into_iter().take(PROBED_POSTS_MAX).map(shown).collect()
    }
}

fn shown(item: &Item) -> ProbedPost {
    let words = item.body.text();
    let whole = match &item.title {
        Some(title) if words.trim().is_empty() => title.clone(),
        Some(title) => format!("{title}\n\n{words}"),
        None => words,
    };
    let mut text: String = whole.chars().take(PROBED_TEXT_CHARS_MAX).collect();
    if text.len() < whole.len() {
        text.push('…');
    }
    let author = &item.author;
    ProbedPost { name: author.name.clone(), handle: author.handle.clone(), when: item.when, text }
}

async fn ended(backfill: &mut Option<Backfill<'_>>) -> Backfilled {
    match backfill {
        Some(backfill) => backfill.await,
        None => pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests;
