//! `/{event}`: what is being said now. Drawn from the site's own fold and from nothing else, with the position of that same fold.
//! `?view=lanes` sets the rooms side by side: [`lanes`]. `?before=`, `?after=` and `?around=` open at another place of the stream, which the
//! archive may have to tell: [`stretch`]; the script goes on from there in both directions: [`items`].

mod items;
mod lanes;
mod stretch;

pub(super) use items::show as items;

use super::view::body::Piece;
use super::{
    Site,
    failure::{Failure, page},
    follow::EventLive,
    life::{Banner, banner},
    live_fold::LiveFold,
    post_box::{ComposeBox, Place, write_box},
    shell::Shell,
    time_machine,
    view::{
        feed::{Block, Line, blocks, mark},
        item::{GoneView, Setting, answered, gone_sentence, view},
        now::{RoomNow, now},
        number,
        rail::{Filter, FilterView, LinkView, ThumbView, links, photos},
        stage::{StageView, rooms, stage},
        start::{RoomData, Start},
        time::Venue,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use http::header;
use lanes::{LANES_MAX, LaneView, lanes};
use model::{ItemId, Micros, Room, RowState, Seq, event::EventRef};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use stretch::{Stood, Stretch};

/// Items that one page is drawn with.
const ITEMS_SHOWN: usize = 100;
/// Items above the one at which a page opens.
const ITEMS_ABOVE: usize = 30;
/// Items that the script keeps in the page, however long it is open: what is far out of sight is dropped, and fetched again.
const ITEMS_KEPT: usize = 300;
/// The same of one lane at least: less than what is fetched ahead in both directions would be dropped and fetched in turns.
const LANE_ITEMS_KEPT_MIN: usize = 140;
/// The name of the rooms side by side in `?view=`.
const LANES: &str = "lanes";

#[derive(Default, Deserialize)]
pub(super) struct Asked {
    show: Option<String>,
    before: Option<Seq>,
    after: Option<Seq>,
    /// The post at which the page opens.
    around: Option<String>,
    /// `lanes`, or absent.
    view: Option<String>,
    /// What became of a post that was written here, see [`super::post_box`].
    wrote: Option<String>,
    /// The moment as of which the page is shown, see [`super::time_machine`].
    at: Option<String>,
    /// Answered posts that the page does not have, see [`items`].
    of: Option<String>,
    /// How far the asking page has come, see [`items`].
    seen: Option<Seq>,
}

impl Asked {
    fn filter(&self) -> Filter {
        self.show.as_deref().map_or(Filter::All, Filter::parse)
    }

    /// Whether the page opens somewhere else than now.
    fn is_elsewhere(&self) -> bool {
        self.before.is_some() || self.after.is_some() || self.around.is_some()
    }
}

#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    /// Where newer items are; none on a page that is live.
    newer: Option<String>,
    /// The page of now, under the same filter.
    now: String,
    notice: Option<String>,
    banner: Option<Banner>,
    compose: Option<ComposeBox>,
    stage: StageView,
    places: Vec<FilterView>,
    kinds: Vec<FilterView>,
    /// The rooms side by side; empty on a page of one stream.
    lanes: Vec<LaneView>,
    /// Whether there are rooms that could stand side by side.
    has_lanes: bool,
    can_write: bool,
    blocks: Vec<Block>,
    nothing: (&'static str, String),
    older: Option<String>,
    links: Vec<LinkView>,
    thumbs: Vec<ThumbView>,
    data: Data,
}

/// What the script starts from; its words are escaped where they are printed.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    start: Start,
    items_max: usize,
    view: &'static str,
    filter: FilterData,
    /// Where what is newer or older than this print begins; none up to now, and from the beginning.
    newer: Option<Seq>,
    older: Option<Seq>,
    rooms: Vec<RoomData>,
    talks: Vec<TalkData>,
    stage: Vec<RoomNow>,
}

#[derive(Serialize)]
struct FilterData {
    kind: &'static str,
    value: Option<String>,
    query: String,
}

#[derive(Serialize)]
struct TalkData {
    id: String,
    title: String,
    speakers: Vec<String>,
    room: String,
    start: Micros,
    end: Micros,
    dropped: bool,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let listed = event.listed();
    let filter = asked.filter();
    if let Some(answer) = time_machine::live(&site, &event, asked.at.as_deref(), &filter).await? {
        return Ok(answer);
    }
    if asked.is_elsewhere() {
        let stretch = elsewhere(&site, &event, &filter, &asked).await?;
        let template = draw(&site, &event.fold(), &listed, &filter, &asked, Some(stretch));
        return Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?).into_response());
    }
    let template = {
        let fold = event.fold();
        fold.position().ok_or(Failure::Starting)?;
        draw(&site, &fold, &listed, &filter, &asked, None)
    };
    Ok(([(header::CACHE_CONTROL, "no-cache")], page(&template)?).into_response())
}

/// The stretch at which a page opens that was not asked for now.
async fn elsewhere(
    site: &Site,
    event: &EventLive,
    filter: &Filter,
    asked: &Asked,
) -> Result<Stretch, Failure> {
    if let Some(id) = &asked.around {
        let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
        let first = site.item(event, id).await?.map(|row| row.first).filter(|first| *first > 0);
        let first = first.ok_or(Failure::NotFound)?;
        let mut above = site.above(event, filter, first, ITEMS_ABOVE).await?;
        let below = site.below(event, filter, first + 1, ITEMS_SHOWN - ITEMS_ABOVE).await?;
        above.rows.extend(below.rows);
        above.gaps.extend(below.gaps);
        return Ok(Stretch { older: below.older, ..above });
    }
    if let Some(before) = asked.before {
        let stretch = site.below(event, filter, before, ITEMS_SHOWN).await?;
        let top = stretch.position.as_ref().map_or(0, |position| position.seq);
        return Ok(Stretch { newer: (before <= top).then(|| before.saturating_sub(1)), ..stretch });
    }
    let after = asked.after.unwrap_or(0);
    let stretch = site.above(event, filter, after, ITEMS_SHOWN).await?;
    Ok(Stretch { older: (after > 0).then_some(after + 1), ..stretch })
}

fn draw(
    site: &Site,
    fold: &LiveFold,
    listed: &EventRef,
    filter: &Filter,
    asked: &Asked,
    elsewhere: Option<Stretch>,
) -> Live {
    let slug = listed.slug.clone();
    let settings = fold.fold().event.as_ref();
    let venue = Venue::of(settings);
    let rooms = rooms(fold.fold());
    let now = site.now();
    let title = settings.map_or(&listed.title, |event| &event.title);
    let has_lanes = elsewhere.is_none() && (2..=LANES_MAX).contains(&rooms.len());
    let is_lanes = has_lanes && asked.view.as_deref() == Some(LANES);
    let sight = Sight { fold, slug: &slug, rooms: &rooms, venue: &venue, now };
    let lanes = if is_lanes { lanes(&sight, filter) } else { Vec::new() };
    let stretch = match elsewhere {
        _ if is_lanes => Stretch::default(),
        Some(stretch) => stretch,
        None => Stretch::of_fold(fold, filter, Seq::MAX, ITEMS_SHOWN),
    };
    let query = query(filter);
    let way = |name: &str, seq: Option<Seq>| seq.map(|seq| format!("/{slug}?{name}={seq}{query}"));
    let (older, newer) = (way("before", stretch.older), way("after", stretch.newer));
    let banner = banner(site, fold.fold().event.as_ref());
    let compose = write_box(fold.fold(), &slug, &Place::Live, asked.wrote.as_deref());
    let shown = || fold.rows(Seq::MAX).filter(|row| row.state == RowState::Shown);
    Live {
        shell: Shell::of(
            listed,
            settings,
            &format!("Live: {title}"),
            "live",
            ("feed", "Skip to the conversation"),
        )
        .shared(
            &site.settings,
            &format!("/{slug}"),
            &format!("What people say about {title}, as it happens."),
        )
        .fed(&format!("/{slug}")),
        place: venue.place.clone(),
        hhmm: venue.hhmm(now),
        now: format!("/{slug}{}", query.replacen('&', "?", 1)),
        banner,
        notice: fold.notice(now).map(|notice| notice.text.clone()),
        can_write: compose.is_some(),
        compose: compose.filter(|_| !is_lanes),
        stage: stage(fold.fold(), fold.timeline(), &rooms, &slug, &venue, now),
        places: places(fold, &rooms, filter),
        kinds: kinds(fold, filter),
        blocks: blocks(sight.lines(&stretch), &venue, true),
        nothing: nothing(fold, filter),
        older,
        newer,
        links: links(shown()),
        thumbs: photos(shown(), &slug),
        data: data(site, &sight, filter, &stretch, lanes.len()),
        lanes,
        has_lanes,
        slug: slug.clone(),
    }
}

/// What the page is drawn from.
struct Sight<'a> {
    fold: &'a LiveFold,
    slug: &'a str,
    rooms: &'a [Room],
    venue: &'a Venue,
    now: Micros,
}

impl Sight<'_> {
    /// The rows and gaps of a stretch, newest first.
    fn lines(&self, stretch: &Stretch) -> Vec<Line> {
        let Self { fold, slug, rooms, venue, .. } = self;
        let beside = |id| {
            stretch.rows.iter().find(|stood| stood.row.id == id).and_then(|stood| stood.row.item.as_ref())
        };
        let find = |id| fold.row(id).and_then(|row| row.item.as_ref()).or_else(|| beside(id)).map(answered);
        let title = |talk: &model::TalkId| fold.fold().talks.get(talk).map(|talk| talk.title.clone());
        let setting = Setting { slug, rooms, venue, shows_place: true, find: &find, title: &title };
        let line = |Stood { row, under }: &Stood| match view(row, *under, &setting) {
            Some(item) => Line::Item(Box::new(item)),
            None => {
                let sentence = gone_sentence(row.state, row.by, Some(&venue.hhmm(row.at)));
                Line::Gone(GoneView { id: row.id, first: row.first, at: under.0, sentence })
            }
        };
        let rows = stretch.rows.iter().map(|stood| (stood.row.first, false, line(stood)));
        let marks = stretch.gaps.iter().map(|(seq, gap)| (*seq, true, Line::Mark(mark(gap, *seq, venue))));
        let mut lines: Vec<(Seq, bool, Line)> = rows.chain(marks).collect();
        lines.sort_by_key(|(seq, is_mark, _)| std::cmp::Reverse((*seq, *is_mark)));
        lines.into_iter().map(|(.., line)| line).collect()
    }
}

/// How many of the items at hand each filter holds.
fn counts(fold: &LiveFold) -> BTreeMap<String, u64> {
    let rooms = rooms(fold.fold());
    let all = places(fold, &rooms, &Filter::All).into_iter().chain(kinds(fold, &Filter::All));
    all.map(|view| (view.key, view.count)).collect()
}

fn filter_view(fold: &LiveFold, filter: Filter, name: &str, current: &Filter) -> FilterView {
    let count =
        fold.rows(Seq::MAX).filter(|row| row.state == RowState::Shown && filter.holds(row)).count() as u64;
    FilterView {
        key: filter.name(),
        name: name.to_owned(),
        count,
        shown: number(count),
        is_current: filter == *current,
    }
}

fn places(fold: &LiveFold, rooms: &[Room], current: &Filter) -> Vec<FilterView> {
    let mut all = vec![filter_view(fold, Filter::All, "Everything", current)];
    if !rooms.is_empty() {
        all.extend(
            rooms.iter().map(|room| filter_view(fold, Filter::Room(room.slug.clone()), &room.name, current)),
        );
        all.push(filter_view(fold, Filter::Hallway, "Hallway", current));
    }
    all
}

fn kinds(fold: &LiveFold, current: &Filter) -> Vec<FilterView> {
    let all = [(Filter::Photos, "Photos"), (Filter::Links, "Links"), (Filter::Questions, "Questions")];
    all.into_iter().map(|(filter, name)| filter_view(fold, filter, name, current)).collect()
}

fn nothing(fold: &LiveFold, filter: &Filter) -> (&'static str, String) {
    let head = if *filter == Filter::All { "Nothing yet." } else { "Nothing here yet." };
    let tags: Vec<String> =
        fold.fold().event.iter().flat_map(|e| &e.hashtags).map(|tag| format!("#{tag}")).collect();
    let text = match &tags[..] {
        [] => "The first post appears here by itself, usually within two seconds.".to_owned(),
        [one] => format!("The first post tagged {one} appears here by itself, usually within two seconds."),
        [first @ .., last] => {
            format!(
                "The first post tagged {} or {last} appears here by itself, usually within two seconds.",
                first.join(", ")
            )
        }
    };
    (head, text)
}

fn query(filter: &Filter) -> String {
    if *filter == Filter::All {
        return String::new();
    }
    let name: String = url::form_urlencoded::byte_serialize(filter.name().as_bytes()).collect();
    format!("&show={name}")
}

/// `lanes` is how many stand side by side; none is one stream.
fn data(site: &Site, sight: &Sight<'_>, filter: &Filter, stretch: &Stretch, lanes: usize) -> Data {
    let Sight { fold, slug, rooms, venue, now: at } = *sight;
    // The lanes together hold everything; which of them is in sight on a phone is no filter.
    let filter = if lanes == 0 { filter } else { &Filter::All };
    let live_url = site.settings.live_url.as_ref();
    let (kind, value) = match filter {
        Filter::All => ("all", None),
        Filter::Room(slug) => ("room", Some(slug.clone())),
        Filter::Hallway => ("hallway", None),
        Filter::Photos => ("photos", None),
        Filter::Links => ("links", None),
        Filter::Questions => ("questions", None),
    };
    let talk = |talk: &model::Talk| TalkData {
        id: talk.id.to_string(),
        title: talk.title.clone(),
        speakers: talk.speakers.iter().map(|s| s.name.clone()).collect(),
        room: talk.room.clone(),
        start: talk.start,
        end: talk.end,
        dropped: talk.dropped,
    };
    Data {
        start: Start::new(slug, fold.position(), venue, site.clock.pace(), live_url),
        items_max: (ITEMS_KEPT / lanes.max(1)).max(LANE_ITEMS_KEPT_MIN),
        view: if lanes == 0 { "stream" } else { LANES },
        filter: FilterData { kind, value, query: query(filter) },
        newer: stretch.newer,
        older: stretch.older,
        rooms: RoomData::all(rooms),
        talks: fold.fold().talks.values().map(talk).collect(),
        stage: now(fold.fold(), fold.timeline(), rooms, at),
    }
}
