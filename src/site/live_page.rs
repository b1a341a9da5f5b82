//! `/{event}`: what is being said now. Drawn from the site's own fold and from nothing else, with the position of that same fold.
//! `?view=lanes` sets the rooms side by side: [`lanes`].

mod lanes;

use super::view::body::Piece;
use super::{
    Site,
    failure::{Failure, page},
    live_fold::LiveFold,
    post_box::{self, ComposeBox, Place, write_box},
    shell::Shell,
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
use http::{HeaderMap, HeaderValue, StatusCode, header};
use lanes::{LANES_MAX, LaneView, lanes};
use model::{Micros, Room, RowState, Seq, event::EventRef};
use serde::{Deserialize, Serialize};

/// Items that one page is drawn with.
const ITEMS_SHOWN: usize = 100;
/// Items that the script keeps in the page.
const ITEMS_KEPT: usize = 400;
/// The name of the rooms side by side in `?view=`.
const LANES: &str = "lanes";

#[derive(Deserialize)]
pub(super) struct Asked {
    show: Option<String>,
    before: Option<Seq>,
    /// `lanes`, or absent.
    view: Option<String>,
    /// What became of a post that was written here, see [`super::post_box`].
    wrote: Option<String>,
}

#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    is_live: bool,
    notice: Option<String>,
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
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let event = site.event(&slug).await?;
    let listed = event.listed();
    let filter = asked.show.as_deref().map_or(Filter::All, Filter::parse);
    let (template, etag) = {
        let fold = event.fold();
        let position = fold.position().ok_or(Failure::Starting)?;
        let minute = site.now().0.div_euclid(Micros::MINUTE);
        let wrote = asked.wrote.as_deref().filter(|wrote| *wrote == post_box::HELD);
        let view = if asked.view.as_deref() == Some(LANES) { LANES } else { "" };
        let etag = format!(
            "W/\"{position}-{minute}-{}-{}{view}{}\"",
            filter_tag(&filter),
            asked.before.unwrap_or(0),
            wrote.unwrap_or_default()
        );
        if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == etag.as_bytes()) {
            return Ok(with_etag(StatusCode::NOT_MODIFIED.into_response(), &etag));
        }
        (draw(&site, &fold, &listed, &filter, &asked), etag)
    };
    Ok(with_etag(page(&template)?.into_response(), &etag))
}

/// A filter's name may hold letters of any script; a header may not.
fn filter_tag(filter: &Filter) -> String {
    filter.name().bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn with_etag(mut response: Response, etag: &str) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn draw(site: &Site, fold: &LiveFold, listed: &EventRef, filter: &Filter, asked: &Asked) -> Live {
    let before = asked.before;
    let slug = listed.slug.clone();
    let settings = fold.fold().event.as_ref();
    let venue = Venue::of(settings);
    let rooms = rooms(fold.fold());
    let now = site.now();
    let title = settings.map_or(&listed.title, |event| &event.title);
    let has_lanes = before.is_none() && (2..=LANES_MAX).contains(&rooms.len());
    let is_lanes = has_lanes && asked.view.as_deref() == Some(LANES);
    let sight = Sight { fold, slug: &slug, rooms: &rooms, venue: &venue, now };
    let lanes = if is_lanes { lanes(&sight, filter) } else { Vec::new() };
    let (lines, older) = match is_lanes {
        true => (Vec::new(), None),
        false => sight.lines(filter, before.unwrap_or(Seq::MAX), ITEMS_SHOWN),
    };
    let older = older.map(|seq| format!("/{slug}?before={seq}{}", query(filter)));
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
        is_live: before.is_none(),
        notice: fold.notice(now).map(|notice| notice.text.clone()),
        can_write: compose.is_some(),
        compose: compose.filter(|_| before.is_none() && !is_lanes),
        stage: stage(fold.fold(), fold.timeline(), &rooms, &slug, &venue, now),
        places: places(fold, &rooms, filter),
        kinds: kinds(fold, filter),
        blocks: blocks(lines, &venue, true),
        nothing: nothing(fold, filter),
        older,
        links: links(shown()),
        thumbs: photos(shown(), &slug),
        data: data(site, &sight, filter, lanes.len()),
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
    /// At most `most` lines below `before`, newest first, and where older ones go on.
    fn lines(&self, filter: &Filter, before: Seq, most: usize) -> (Vec<Line>, Option<Seq>) {
        let Self { fold, slug, rooms, venue, .. } = self;
        let find = |id| fold.row(id).and_then(|row| row.item.as_ref()).map(answered);
        let title = |talk: &model::TalkId| fold.fold().talks.get(talk).map(|talk| talk.title.clone());
        let setting = Setting { slug, rooms, venue, shows_place: true, find: &find, title: &title };
        let mut rows = fold.rows(before).filter(|row| filter.holds(row)).peekable();
        let mut lines: Vec<(Seq, Line)> = Vec::new();
        for row in rows.by_ref().take(most) {
            let at = fold.moment(row);
            let line = match view(row, at, &setting) {
                Some(item) => Line::Item(Box::new(item)),
                None => {
                    let sentence = gone_sentence(row.state, row.by, Some(&venue.hhmm(row.at)));
                    Line::Gone(GoneView { id: row.id, first: row.first, at: at.0, sentence })
                }
            };
            lines.push((row.first, line));
        }
        let lowest = lines.last().map_or(0, |(seq, _)| *seq);
        let more = rows.peek().is_some().then_some(lowest);
        let floor = if more.is_some() { lowest } else { 0 };
        for (seq, gap) in fold.gaps().filter(|(seq, _)| *seq >= floor && *seq < before) {
            lines.push((seq, Line::Mark(mark(gap, seq, venue))));
        }
        lines.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        (lines.into_iter().map(|(_, line)| line).collect(), more)
    }
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
    url::form_urlencoded::Serializer::new("&".to_owned()).append_pair("show", &filter.name()).finish()
}

/// `lanes` is how many stand side by side; none is one stream.
fn data(site: &Site, sight: &Sight<'_>, filter: &Filter, lanes: usize) -> Data {
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
        items_max: ITEMS_KEPT / lanes.max(1),
        view: if lanes == 0 { "stream" } else { LANES },
        filter: FilterData { kind, value, query: query(filter) },
        rooms: RoomData::all(rooms),
        talks: fold.fold().talks.values().map(talk).collect(),
        stage: now(fold.fold(), fold.timeline(), rooms, at),
    }
}
