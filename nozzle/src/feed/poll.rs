//! What the looks at a feed tell: the first of a connection is handed to the backfill, the others tell what is new, changed
//! or gone.

use std::collections::HashSet;

use chassis::backoff::random_between;
use model::Micros;
use tokio::time::sleep;

use super::known::{Change, Known};
use super::look::{Look, News};
use super::{Feed, article::Article};
use crate::source::{Backfilled, Deleter, Draft, Outlet, Revision, Since, SourceEnd, Upstream};
use crate::wire::answer;

/// Entries without any date that a first look takes: nobody knows how old they are.
const UNDATED_MAX: usize = 30;

/// Looks, opens, and goes on looking.
pub(super) async fn run(feed: &Feed, out: &Outlet) -> SourceEnd {
    let mut place = feed.place();
    let first = match feed.look(&place, out).await {
        Ok(look) => look,
        Err(end) => return end,
    };
    place = first.place.clone();
    let mut max_age = first.max_age;
    feed.hand_over(first);
    out.send(Upstream::Opened).await;
    loop {
        let wait = place.hints.wait(feed.poll, max_age, answer::now());
        sleep(random_between(wait, wait + wait / 10)).await;
        let look = match feed.look(&place, out).await {
            Ok(look) => look,
            Err(end) => return end,
        };
        max_age = look.max_age;
        let mut next = look.place;
        if let Some(news) = look.news {
            tell(feed, news, place.newest, out).await;
            next.marks = feed.known().marks();
        }
        if next != place {
            out.send(Upstream::Cursor(next.cursor())).await;
        }
        place = next;
        out.send(Upstream::Alive).await;
    }
}

/// Tells what a look during a connection brought; `newest` is the newest entry's date at the look before it.
async fn tell(feed: &Feed, news: News, newest: Micros, out: &Outlet) {
    if is_beyond(&feed.known(), &news, newest) {
        out.send(Upstream::Limit { undelivered: None }).await;
    }
    let present = present(&news);
    for article in news.articles.into_iter().rev() {
        if let Some(kind) = unwanted(feed, &article, feed.not_before()) {
            out.send(Upstream::Ignored { kind }).await;
            continue;
        }
        let (uid, change) = looked_at(feed, &article, &present);
        match change {
            Change::New(revision) | Change::Edited(revision) => out.send(said(article, &uid, revision)).await,
            Change::Nothing => {}
        }
    }
    gone(feed, news.deleted, news.beyond, out).await;
}

/// Tells what the first look of this connection brought: everything that is wanted, because nobody knows which of it an
/// earlier connection has brought into the ledger.
pub(super) async fn backfill(feed: &Feed, since: &Since, out: &Outlet) -> Backfilled {
    feed.wants(since.not_before);
    let kept = feed.memory.newest(super::known::KNOWN_MAX).await;
    feed.known().recall(&kept);
    // Handed over before the stream opened; taken by the first backfill of this connection.
    let Some(Look { mut place, news: Some(news), .. }) = feed.take_over() else {
        return Backfilled::Complete;
    };
    let is_beyond = since.cursor.is_some() && is_beyond(&feed.known(), &news, feed.place().newest);
    let present = present(&news);
    let mut undated = 0;
    for mut article in news.articles.into_iter().rev() {
        if article.draft.author_time.is_none() && since.cursor.is_none() {
            undated += 1;
            // It is not newer than the feed itself.
            article.draft.network_time = news.updated;
            article.draft.author_time = news.updated;
        }
        let is_too_many = undated > UNDATED_MAX && article.draft.author_time.is_none();
        if let Some(kind) = unwanted(feed, &article, since.not_before).or(is_too_many.then_some("undated")) {
            out.send(Upstream::Ignored { kind }).await;
            continue;
        }
        let (uid, change) = looked_at(feed, &article, &present);
        let revision = match change {
            Change::New(revision) | Change::Edited(revision) => revision,
            Change::Nothing => Revision::Original,
        };
        out.send(said(article, &uid, revision)).await;
    }
    gone(feed, news.deleted, news.beyond, out).await;
    place.marks = feed.known().marks();
    out.send(Upstream::Cursor(place.cursor())).await;
    if is_beyond {
        return Backfilled::Impossible("More was published than the feed holds.".to_owned());
    }
    Backfilled::Complete
}

fn looked_at(feed: &Feed, article: &Article, present: &HashSet<String>) -> (String, Change) {
    let mut known = feed.known();
    let uid = known.uid(article, present);
    let change = known.look(&uid, article, answer::now());
    (uid, change)
}

fn present(news: &News) -> HashSet<String> {
    news.articles.iter().map(|article| article.draft.uid.0.clone()).collect()
}

/// Why an article is not ours to show.
fn unwanted(feed: &Feed, article: &Article, not_before: Micros) -> Option<&'static str> {
    if article.draft.author_time.is_some_and(|at| at < not_before) {
        return Some("before_event");
    }
    (!feed.tags.is_empty() && !article.is_about(&feed.tags)).then_some("other_topic")
}

/// Whether something may have come and gone between two looks: a feed shows its newest entries only, and none of those shown
/// now was there before, all being newer than the newest then (`newest`, 0 where nothing had a date).
fn is_beyond(known: &Known, news: &News, newest: Micros) -> bool {
    let are_all_new = !news.articles.is_empty() && !news.articles.iter().any(|article| known.has(article));
    let oldest = news.articles.iter().map(|article| article.draft.author_time).min().flatten();
    are_all_new && newest.0 > 0 && oldest.is_some_and(|oldest| oldest > newest)
}

fn said(article: Article, uid: &str, revision: Revision) -> Upstream {
    let draft = Draft { uid: model::Uid(uid.to_owned()), revision, ..article.draft };
    Upstream::Post(Box::new(draft))
}

async fn gone(feed: &Feed, deleted: Vec<String>, beyond: usize, out: &Outlet) {
    for name in deleted {
        feed.known().forget(&name);
        out.send(Upstream::Delete { name, by: Deleter::Author }).await;
    }
    for _ in 0..beyond {
        out.send(Upstream::Ignored { kind: "beyond_window" }).await;
    }
}
