//! `/{event}/wall?room=`: what people say, on a projector. Drawn from the site's own fold and from nothing else, and readable without a
//! script, which then loads itself anew twice a minute.
//!
//! Which posts may be shown is said in [`said`], which of them fit in [`fit`], how large they are in [`sizes`]; the head is in [`head`], the
//! code to join in by in [`qr`]. The script (`templates/static/js/wall.js`) follows the log from there. What operators say of the walls is
//! part of the event's settings; what each wall tells of itself comes to [`seen`](seen()) and is kept in [`screens`].

mod fit;
mod head;
mod qr;
mod said;
pub(super) mod screens;
mod seen;
mod sizes;

pub(super) use screens::Screens;
pub(super) use seen::seen;
pub(super) use sizes::Size;

use super::{
    Site,
    failure::{Failure, page},
    limiter::Limiter,
    live_fold::LiveFold,
    shell::{Shell, absolute},
    view::{
        now::{RoomNow, now as rooms_now, on, talk_of},
        rail::Filter,
        stage::rooms,
        start::{RoomData, Start},
        time::Venue,
    },
};
use askama::Template;
use axum::{
    extract::{Path, Query, State},
    response::{IntoResponse, Response},
};
use head::{HeadView, head};
use http::{HeaderName, HeaderValue, header};
use model::{
    EventEntry, Fold, Micros, Room, Seq,
    event::{EventRef, WallSettings},
};
use qr::Qr;
use said::{Photo, Said, Sight, said};
use serde::{Deserialize, Serialize};

/// Photos beside the posts.
const PHOTOS_MAX: usize = 3;
/// A wall that cannot be drawn is asked for again after so many seconds.
const AGAIN_SECONDS: &str = "10";
/// Hashtags under "Join in".
const TAGS_MAX: usize = 2;

/// What the walls of this process have told, and how much they may.
#[derive(Debug)]
pub(super) struct Walls {
    pub(super) screens: Screens,
    pub(super) words: Limiter,
}

impl Default for Walls {
    fn default() -> Self {
        let (burst, back) = seen::WORDS;
        Self { screens: Screens::default(), words: Limiter::new(burst, back) }
    }
}

/// What a wall is asked with.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    /// Slug of its room; absent: the only one, or the whole event.
    #[serde(default)]
    room: String,
    /// Metres from the screen to the last row.
    distance: Option<String>,
    /// Width of the screen, in metres.
    width: Option<String>,
    /// `1`: dark on light, for bright rooms.
    paper: Option<String>,
}

#[derive(Template)]
#[template(path = "wall.html")]
struct WallPage {
    shell: Shell,
    heading: String,
    hhmm: String,
    post: String,
    is_paper: bool,
    is_blank: bool,
    head: HeadView,
    posts: Vec<PostView>,
    photos: Vec<Photo>,
    join: JoinView,
    data: Data,
}

/// A post as it is drawn.
struct PostView {
    said: Said,
    hhmm: String,
}

/// How to take part.
struct JoinView {
    address: String,
    /// The address as people type it, part by part.
    shown: Vec<String>,
    tags: Vec<String>,
    qr: Option<Qr>,
}

/// What the script starts from.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    start: Start,
    title: String,
    /// The event's hashtags.
    tags: Vec<String>,
    room: Option<String>,
    rooms: Vec<RoomData>,
    talks: Vec<TalkData>,
    stage: Vec<RoomNow>,
    /// The seq at which the walls were last told something, and what.
    wall_seq: Seq,
    wall: WallSettings,
    said: Vec<Said>,
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

/// See the module.
pub(super) async fn show(
    State(site): State<Site>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    // Nobody presses a button at a projector that came up before the site did.
    let again = (HeaderName::from_static("refresh"), HeaderValue::from_static(AGAIN_SECONDS));
    drawn(&site, &slug, &asked).await.unwrap_or_else(|failure| ([again], failure).into_response())
}

async fn drawn(site: &Site, slug: &str, asked: &Asked) -> Result<Response, Failure> {
    let event = site.event(slug).await?;
    let listed = event.listed();
    let drawn = {
        let fold = event.fold();
        fold.position().ok_or(Failure::Starting)?;
        draw(site, &fold, &listed, asked)?
    };
    // A wall that comes back after a power cut must not be shown from a cache.
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&drawn)?).into_response())
}

fn draw(site: &Site, fold: &LiveFold, listed: &EventRef, asked: &Asked) -> Result<WallPage, Failure> {
    let (settings, slug) = (fold.fold().event.as_ref(), &listed.slug);
    let (venue, now) = (Venue::of(settings), site.now());
    let rooms = rooms(fold.fold());
    let room = room_of(&rooms, &asked.room)?;
    let wall = settings.map(|event| event.wall.clone()).unwrap_or_default();
    let name = room.map(|room| room.slug.as_str());
    let is_talk_on = name
        .and_then(|room| on(fold.timeline(), room, now))
        .is_some_and(|span| talk_of(fold.fold(), span).is_some());
    let sight = Sight { room: name, is_talk_on, wall: &wall, now };
    let all = said(fold, slug, now);
    let size = Size::for_distance(number(asked.distance.as_deref()), number(asked.width.as_deref()));
    let shell = Shell::of(listed, settings, "", "", ("posts", ""));
    let heading = shell.heading().to_owned();
    let head = head(fold, &rooms, room, &heading, &venue, now);
    let shown = || all.iter().filter(|said| sight.shows(said));
    let post = |said: &Said| PostView { said: said.clone(), hhmm: venue.hhmm(said.when) };
    let posts = fit::fitting(shown(), size.post_u, head.height_u()).into_iter().map(post).collect();
    let photos = shown().flat_map(|said| said.photos.iter().cloned()).take(PHOTOS_MAX).collect();
    let title =
        room.map_or_else(|| format!("Wall: {heading}"), |room| format!("Wall: {}, {heading}", room.name));
    Ok(WallPage {
        hhmm: venue.hhmm(now),
        post: size.name(),
        is_paper: asked.paper.as_deref() == Some("1"),
        is_blank: wall.is_blank(name),
        head,
        posts,
        photos,
        join: join(site, settings, slug, room),
        shell: Shell { title, ..shell },
        data: Data {
            start: Start::new(
                slug,
                fold.position(),
                &venue,
                site.clock.pace(),
                site.settings.live_url.as_ref(),
            ),
            title: heading.clone(),
            tags: settings.map(|event| event.hashtags.clone()).unwrap_or_default(),
            room: name.map(str::to_owned),
            stage: rooms_now(fold.fold(), fold.timeline(), &rooms, now),
            rooms: RoomData::all(&rooms),
            talks: talks(fold.fold()),
            wall_seq: fold.wall_said().0,
            wall,
            said: all,
        },
        heading,
    })
}

/// The room of a wall. A name that is no room's is a mistake that whoever sets up the wall must see.
fn room_of<'a>(rooms: &'a [Room], asked: &str) -> Result<Option<&'a Room>, Failure> {
    match (asked, rooms) {
        ("", [only]) => Ok(Some(only)),
        ("", _) => Ok(None),
        (slug, rooms) => rooms.iter().find(|room| room.slug == slug).map(Some).ok_or(Failure::NotFound),
    }
}

/// Whether the settings or the schedule of an event know a room.
pub(super) fn has_room(fold: &Fold, slug: &str) -> bool {
    rooms(fold).iter().any(|room| room.slug == slug)
}

/// `15`, `2.5`, `2,5`.
fn number(text: Option<&str>) -> Option<f64> {
    text?.trim().replace(',', ".").parse().ok()
}

fn talks(fold: &Fold) -> Vec<TalkData> {
    let talk = |talk: &model::Talk| TalkData {
        id: talk.id.to_string(),
        title: talk.title.clone(),
        speakers: talk.speakers.iter().map(|speaker| speaker.name.clone()).collect(),
        room: talk.room.clone(),
        start: talk.start,
        end: talk.end,
        dropped: talk.dropped,
    };
    fold.talks.values().map(talk).collect()
}

/// The live page, opened at the wall's room where it has one.
fn join(site: &Site, settings: Option<&EventEntry>, slug: &str, room: Option<&Room>) -> JoinView {
    let event = absolute(&site.settings, &format!("/{slug}"));
    let query = |room: &Room| {
        let name = Filter::Room(room.slug.clone()).name();
        url::form_urlencoded::Serializer::new(String::new()).append_pair("show", &name).finish()
    };
    let address = room.map_or_else(|| event.clone(), |room| format!("{event}?{}", query(room)));
    let shown = event.split_once("://").map_or(event.as_str(), |(_, rest)| rest);
    let shown = shown.split_inclusive('/').map(str::to_owned).collect();
    let tags = settings.iter().flat_map(|event| &event.hashtags).take(TAGS_MAX).cloned().collect();
    JoinView { qr: Qr::of(&address), address, shown, tags }
}
