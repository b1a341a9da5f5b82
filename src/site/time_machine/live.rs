//! The live page as it was: what was on stage and the newest posts of then. From the site's own fold where that reaches back so far, else
//! from the archive.

use super::{Past, ThenView, asked, mark_edited};
use crate::site::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    live_fold::LiveFold,
    shell::Shell,
    view::{
        body::Piece,
        feed::{Block, Line, blocks},
        item::{Answered, Setting, answered, view},
        rail::Filter,
        stage::{StageView, rooms, stage},
        time::Venue,
    },
};
use archive::{Arrivals, Order, Then};
use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header;
use model::{ItemId, Micros, Retain, Row, RowState, Seq};
use std::collections::HashMap;

/// Items on the page.
const ITEMS_SHOWN: usize = 100;
/// Rows that are read for them: a filter may leave few.
const ROWS_READ_MAX: usize = 1_000;

#[derive(Template)]
#[template(path = "then.html")]
struct LiveThen {
    shell: Shell,
    slug: String,
    then: ThenView,
    stage: StageView,
    blocks: Vec<Block>,
    hhmm: String,
    place: String,
}

/// `/{event}?at=`: see the module. None where the page of now was asked for.
pub(in crate::site) async fn live(
    site: &Site,
    event: &EventLive,
    text: Option<&str>,
    filter: &Filter,
) -> Result<Option<Response>, Failure> {
    let venue = Venue::of(event.fold().fold().event.as_ref());
    let Some(at) = asked(text, &venue, site.now())? else { return Ok(None) };
    let near = near(&event.fold(), at, filter);
    let (rows, past) = match near {
        Some(rows) => (rows, None),
        None => {
            let past = Past::at(site, event, at).await?;
            (far(site, event, &past.then, filter).await?, Some(past))
        }
    };
    let rows: Vec<Row> = rows.into_iter().filter(|row| filter.holds(row)).take(ITEMS_SHOWN).collect();
    let template = {
        let fold = event.fold();
        let listed = event.listed();
        let settings = fold.fold().event.as_ref();
        let then = past.as_ref().map_or_else(|| fold.fold(), |past| &past.fold);
        let timeline = past.as_ref().map_or_else(|| fold.timeline(), |past| &past.timeline);
        let path = format!("/{}", listed.slug);
        LiveThen {
            shell: Shell::of(
                &listed,
                settings,
                &format!("As it was: {}", listed.title),
                "in live",
                ("feed", "Skip to the conversation"),
            ),
            then: match &past {
                Some(past) => past.view(&path, site.now(), &venue),
                None => ThenView::new(&path, at, site.now(), &venue),
            },
            stage: stage(then, timeline, &rooms(then), &listed.slug, &venue, at),
            blocks: feed(&fold, &rows, &listed.slug, &rooms(fold.fold()), &venue, at),
            hhmm: venue.hhmm(at),
            place: venue.place.clone(),
            slug: listed.slug,
        }
    };
    Ok(Some(([(header::CACHE_CONTROL, "no-cache")], page(&template)?).into_response()))
}

/// The shown rows of then, newest first, where the fold still holds a whole page of them. Its stage and programme are those of now, so this
/// is for moments behind the last press and the last version only. What is to be shown live only is not shown as it was, as the archive does not have it.
fn near(fold: &LiveFold, at: Micros, filter: &Filter) -> Option<Vec<Row>> {
    let pressed = fold.programme_at() > at;
    let rows: Vec<Row> = fold
        .rows(Seq::MAX)
        .filter(|row| row.state == RowState::Shown && fold.moment(row) <= at && filter.holds(row))
        .filter(|row| row.item.as_ref().is_some_and(|item| item.retain == Retain::Archive))
        .cloned()
        .collect();
    (!pressed && rows.len() >= ITEMS_SHOWN).then_some(rows)
}

/// The same from the archive.
async fn far(site: &Site, event: &EventLive, then: &Then, filter: &Filter) -> Result<Vec<Row>, Failure> {
    let mut out: Vec<Row> = Vec::new();
    let mut before = then.before;
    let mut read = 0;
    while out.len() < ITEMS_SHOWN && read < ROWS_READ_MAX {
        let asked = Arrivals { after: 0, before, order: Order::NewestFirst, limit: ITEMS_SHOWN as u32 };
        let rows = site.ask_archive(event, site.archive.arrivals(event.eid, &asked)).await?;
        let Some(last) = rows.last() else { break };
        before = last.first;
        read += rows.len();
        out.extend(masked(event, rows).into_iter().filter(|row| then.holds(row) && filter.holds(row)));
    }
    Ok(out)
}

fn feed(
    fold: &LiveFold,
    rows: &[Row],
    slug: &str,
    rooms: &[model::Room],
    venue: &Venue,
    at: Micros,
) -> Vec<Block> {
    let said: HashMap<ItemId, Answered> =
        rows.iter().filter_map(|row| Some((row.id, answered(row.item.as_ref()?)))).collect();
    let find = |id| said.get(&id).cloned();
    let title = |talk: &model::TalkId| fold.fold().talks.get(talk).map(|talk| talk.title.clone());
    let setting = Setting { slug, rooms, venue, shows_place: true, find: &find, title: &title };
    let lines = rows
        .iter()
        .filter_map(|row| {
            let when = row.item.as_ref()?.when;
            let arrived = if row.first == row.last { row.at } else { when };
            let mut item = view(row, arrived, &setting)?;
            mark_edited(&mut item, row, at);
            Some(item)
        })
        .map(|item| Line::Item(Box::new(item)));
    blocks(lines.collect(), venue, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::tests::entries::{NOON, item, post, post_of};
    use model::{Body, Entry};

    #[test]
    fn what_is_to_be_shown_live_only_is_not_shown_as_it_was() {
        let mut entries: Vec<Entry> =
            (1..=ITEMS_SHOWN as u64).map(|n| post(n, &n.to_string(), "words")).collect();
        let top = entries.len() as Seq + 1;
        let mut live_only = item("live", Body::plain("words of the moment"));
        live_only.retain = Retain::Live;
        entries.push(post_of(top, live_only));
        let mut fold = LiveFold::default();
        let line = ::live::follow::Line::default();
        fold.take(&::live::follow::Head { epoch: "0.a1".parse().unwrap(), base: 0, top, line }, 0, &entries);
        let rows = near(&fold, NOON.plus(Micros::HOUR), &Filter::All).expect("the fold reaches back so far");
        assert_eq!((rows.len(), fold.rows(Seq::MAX).count()), (ITEMS_SHOWN, ITEMS_SHOWN + 1));
    }
}
