//! `/{event}/items`: a stretch of the stream for the page's script (`templates/static/js/pages.js`), which draws it as it draws what it
//! hears live. Below a place, above one, or the newest; and what answered posts say that the page does not have.

use super::{Asked, stretch::Stretch};
use crate::site::{
    Site,
    api::answer,
    failure::Failure,
    follow::EventLive,
    limiter::ITEMS_COST,
    live_fold::LiveFold,
    post_box::follows,
    view::{
        item::{Answered, answered},
        rail::Filter,
    },
};
use axum::{
    extract::{Extension, Path, Query, State},
    response::Response,
};
use chassis::http::Client;
use http::{HeaderMap, HeaderValue, header};
use model::{
    Entry, Epoch, Filing, Gone, GoneBy, ItemEntry, ItemId, Kind, Micros, Notice, Row, RowState, Seq,
    public::PublicEntry,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one stretch.
const ROWS: usize = 60;
/// Answered posts that are looked up at once.
const ANSWERED_MAX: usize = 60;
/// Characters of an answered post: two lines of it are shown.
const WORDS_MAX: usize = 280;
/// What answered posts say is asked for by many at the same moment. No longer than words that were removed may be read anywhere.
const ANSWERED_KEPT: HeaderValue = HeaderValue::from_static("public, max-age=3");

#[derive(Serialize)]
struct Told<'a> {
    epoch: Option<&'a Epoch>,
    seq: Seq,
    newer: Option<Seq>,
    older: Option<Seq>,
    /// Newest first.
    lines: Vec<Line<'a>>,
    answered: BTreeMap<ItemId, Words>,
    /// What each filter holds; with the newest only.
    counts: Option<BTreeMap<String, u64>>,
    /// What the organisers say now; with the newest only.
    notice: Option<Notice>,
    /// Posts behind `seen`; with the newest only, and where the fold reaches back so far.
    missed: Option<u64>,
}

#[derive(Serialize)]
struct Line<'a> {
    /// The moment under which it stands.
    under: Micros,
    entry: PublicEntry<'a>,
}

#[derive(Serialize)]
struct Words {
    name: String,
    words: String,
}

/// `GET /{event}/items?before=SEQ|after=SEQ|of=ID,ID&show=FILTER&seen=SEQ`. `seen` is how far the asking page has come: the answer is not
/// older than that, if it can be helped.
pub(in crate::site) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
) -> Response {
    match tell(&site, &slug, &asked, client, &headers).await {
        Ok(response) => response,
        Err(failure) => failure.json(),
    }
}

async fn tell(
    site: &Site,
    slug: &str,
    asked: &Asked,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(slug).await?;
    if let Some(of) = &asked.of {
        let ids = of.split(',').take(ANSWERED_MAX).filter_map(|id| id.parse().ok()).collect();
        let words = what_they_say(site, &event, ids).await;
        let mut response = answer(headers, &serde_json::json!({"answered": words}));
        response.headers_mut().insert(header::CACHE_CONTROL, ANSWERED_KEPT);
        return Ok(response);
    }
    if let Some(seen) = asked.seen {
        follows(&event, seen).await;
    }
    let filter = asked.filter();
    let stretch = match (asked.before, asked.after) {
        (Some(before), _) => site.below(&event, &filter, before, ROWS).await?,
        (None, Some(after)) => site.above(&event, &filter, after, ROWS).await?,
        (None, None) => Stretch::of_fold(&event.fold(), &filter, Seq::MAX, ROWS),
    };
    // For a filter that few pass, much is read.
    if stretch.is_archived && filter != Filter::All {
        site.limiter.admit(client, ITEMS_COST)?;
    }
    let there: BTreeSet<ItemId> = stretch.rows.iter().map(|stood| stood.row.id).collect();
    let wanted = stretch.rows.iter().filter_map(|stood| stood.row.item.as_ref()?.reply_to);
    let words = what_they_say(site, &event, wanted.filter(|id| !there.contains(id)).collect()).await;
    let is_newest = asked.before.is_none() && asked.after.is_none();
    let entries = entries(&stretch);
    let mut told = told(&stretch, &entries, words);
    if is_newest {
        let fold = event.fold();
        told.counts = Some(super::counts(&fold));
        told.notice = fold.notice(site.now()).cloned();
        told.missed = asked.seen.and_then(|seen| missed(&fold, seen));
    }
    Ok(answer(headers, &told))
}

fn told<'a>(
    stretch: &'a Stretch,
    entries: &'a [(Micros, Entry)],
    answered: BTreeMap<ItemId, Words>,
) -> Told<'a> {
    let position = stretch.position.as_ref();
    Told {
        epoch: position.map(|position| &position.epoch),
        seq: position.map_or(0, |position| position.seq),
        newer: stretch.newer,
        older: stretch.older,
        lines: entries
            .iter()
            .map(|(under, entry)| Line { under: *under, entry: PublicEntry(entry) })
            .collect(),
        answered,
        counts: None,
        notice: None,
        missed: None,
    }
}

/// How many posts were first shown behind a place; none where this fold begins later.
fn missed(fold: &LiveFold, seen: Seq) -> Option<u64> {
    let reaches = fold.floor() <= seen.saturating_add(1);
    let shown = fold.rows_after(seen).filter(|row| row.state == RowState::Shown);
    reaches.then(|| shown.count() as u64)
}

/// The stretch as entries, newest first; a gap above what has its place.
fn entries(stretch: &Stretch) -> Vec<(Micros, Entry)> {
    let rows = stretch.rows.iter().map(|stood| (stood.row.first, false, stood.under, entry(&stood.row)));
    let gaps = stretch.gaps.iter().map(|(place, gap)| {
        let entry = Entry { seq: *place, at: gap.from, kind: Kind::Gap { gap: gap.clone() } };
        (*place, true, gap.from, entry)
    });
    let mut all: Vec<(Seq, bool, Micros, Entry)> = rows.chain(gaps).collect();
    all.sort_by_key(|(place, is_gap, ..)| std::cmp::Reverse((*place, *is_gap)));
    all.into_iter().map(|(_, _, under, entry)| (under, entry)).collect()
}

/// A row as the entry that would bring it here as it is now.
fn entry(row: &Row) -> Entry {
    let (id, first) = (row.id, row.first);
    let kind = match (&row.item, row.state) {
        (Some(item), RowState::Shown) => {
            let filing = row.filing.clone().unwrap_or_else(|| Filing::unsorted("It was not filed."));
            Kind::Post(Box::new(ItemEntry { id, first, voids: Vec::new(), item: item.clone(), filing }))
        }
        (_, state) => {
            let gone = Gone { id, first, voids: Vec::new(), by: row.by.unwrap_or(GoneBy::Network) };
            if state == RowState::Hidden { Kind::Hide(gone) } else { Kind::Remove(gone) }
        }
    };
    Entry { seq: row.last, at: row.at, kind }
}

/// The words of posts that others answer, as far as anybody knows them: two lines stand above each answer.
async fn what_they_say(site: &Site, event: &EventLive, ids: BTreeSet<ItemId>) -> BTreeMap<ItemId, Words> {
    let mut words = BTreeMap::new();
    for id in ids.into_iter().take(ANSWERED_MAX) {
        match site.item(event, id).await {
            Ok(Some(Row { state: RowState::Shown, item: Some(item), .. })) => {
                let Answered { name, words: said, .. } = answered(&item);
                words.insert(id, Words { name, words: said.chars().take(WORDS_MAX).collect() });
            }
            Ok(_) => {}
            // An archive that is away says nothing of the others, either.
            Err(_) => break,
        }
    }
    words
}
