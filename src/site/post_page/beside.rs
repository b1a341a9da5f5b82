//! What was said just before a post and just after it, in the same talk: whoever followed a link to one post can read on from there.

use crate::site::{
    Site,
    archive_reads::{from_the_log, masked},
    failure::Failure,
    follow::EventLive,
    view::{item::display_name, time::Venue},
};
use archive::{Order, Page, Query, Scope};
use model::{FilingState, ItemId, Micros, Row, RowState, TalkId};

/// Rows that are looked at on each side: the next one may be masked.
const LOOKED_AT: u32 = 8;
/// Characters of a neighbour's words.
const WORDS_CHARS: usize = 90;

/// A neighbour as the page shows it.
pub(super) struct Neighbour {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) words: String,
    pub(super) time: String,
}

/// The post before and the one after, where there are any.
pub(super) async fn beside(
    site: &Site,
    event: &EventLive,
    row: &Row,
) -> (Option<Neighbour>, Option<Neighbour>) {
    let Some((talk, page)) = place(row) else { return (None, None) };
    // The archive is some seconds behind the log, and may be away: the nearest of both.
    let (mut before, mut after) = kept(site, event, &talk, page).await.unwrap_or_default();
    let (newer_before, newer_after) = known(event, &talk, page);
    before.extend(newer_before);
    after.extend(newer_after);
    let shown = |rows: Vec<Row>| {
        masked(event, rows).into_iter().filter(|row| place(row).is_some_and(|(of, _)| of == talk))
    };
    let view = |row: Option<Row>| row.and_then(|row| neighbour(event, &row));
    (view(shown(before).max_by_key(key)), view(shown(after).min_by_key(key)))
}

/// The order in which things were said.
fn key(row: &Row) -> Option<(Micros, ItemId)> {
    row.item.as_ref().map(|item| (item.when, row.id))
}

/// The talk that a shown post is filed to, and its place in the order in which things were said.
fn place(row: &Row) -> Option<(TalkId, Page)> {
    let filing = row.filing.as_ref().filter(|filing| filing.state == FilingState::Filed)?;
    let item = row.item.as_ref().filter(|_| row.state == RowState::Shown)?;
    Some((filing.talk.clone()?, Page { when: item.when, id: row.id }))
}

async fn kept(
    site: &Site,
    event: &EventLive,
    talk: &TalkId,
    page: Page,
) -> Result<(Vec<Row>, Vec<Row>), Failure> {
    site.archive_position(event).await?;
    let query =
        |order| Query { order, after: Some(page), limit: LOOKED_AT, ..Query::new(Scope::Talk(talk.clone())) };
    let (newest, oldest) = (query(Order::NewestFirst), query(Order::OldestFirst));
    let reads = async {
        let before = site.archive.items(event.eid, &newest).await?;
        Ok((before, site.archive.items(event.eid, &oldest).await?))
    };
    site.ask_archive(event, reads).await
}

/// What the log holds of the talk's posts, parted at the place.
fn known(event: &EventLive, talk: &TalkId, page: Page) -> (Vec<Row>, Vec<Row>) {
    let rows = from_the_log(event, |_, filing| filing.talk.as_ref() == Some(talk));
    let here = Some((page.when, page.id));
    rows.into_iter().filter(|row| key(row) != here).partition(|row| key(row) < here)
}

fn neighbour(event: &EventLive, row: &Row) -> Option<Neighbour> {
    let item = row.item.as_ref()?;
    let fold = event.fold();
    let words = match (&item.cover, &item.title) {
        (Some(_), _) => "Covered by a content warning.".to_owned(),
        (None, Some(title)) if !title.is_empty() => title.clone(),
        _ => item.body.text(),
    };
    Some(Neighbour {
        href: format!("/{}/posts/{}", event.listed().slug, row.id),
        name: display_name(&item.author).to_owned(),
        words: cut(&words, WORDS_CHARS),
        time: Venue::of(fold.fold().event.as_ref()).hhmm(item.when),
    })
}

/// The words on one line, cut at a space.
pub(super) fn cut(words: &str, chars_max: usize) -> String {
    let line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((end, _)) = line.char_indices().nth(chars_max) else { return line };
    let whole = line[..end].rsplit_once(' ').map_or(&line[..end], |(whole, _)| whole);
    format!("{whole}\u{2026}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_between_words() {
        assert_eq!(cut("one  two\nthree", 20), "one two three");
        assert_eq!(cut("one two three", 9), "one two\u{2026}");
        assert_eq!(cut(&"\u{e9}".repeat(30), 5), format!("{}\u{2026}", "\u{e9}".repeat(5)));
    }
}
