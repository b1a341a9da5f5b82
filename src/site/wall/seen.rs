//! `POST /{event}/wall/seen`: a wall says what it shows and which word of the operators it has painted. It hears in turn what the walls
//! are to obey now: a second way for the panic button, should its live connection be dead without knowing it.

use super::screens::{Shows, Word};
use crate::site::{Site, failure::Failure, post_box::is_ours};
use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Extension, Path, State},
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use http::{HeaderMap, header};
use model::{ItemId, Position, Seq, event::WallSettings};
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// Largest body, in bytes.
const BODY_BYTES_MAX: usize = 1024;
/// Length of a screen's name, in characters, and of a room's, in bytes.
const NAME_CHARS: std::ops::RangeInclusive<usize> = 8..=40;
const ROOM_BYTES_MAX: usize = 200;
/// What one address may say at once, and each second: a hall full of walls that all load at once, and then some.
pub(in crate::site) const WORDS: (f64, f64) = (200.0, 20.0);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    screen: String,
    room: Option<String>,
    seq: Seq,
    shows: Shows,
    #[serde(default)]
    posts: Vec<ItemId>,
    /// How far it has obeyed the log; a page of an older version does not say.
    #[serde(default)]
    epoch: String,
    #[serde(default)]
    top: Seq,
}

impl Seen {
    fn word(self, ours: Option<&Position>) -> Option<Word> {
        let Self { screen, room, seq, shows, posts, epoch, top } = self;
        // What it knows of another log says nothing of ours.
        let top = ours.filter(|ours| ours.epoch.as_str() == epoch).map_or(0, |ours| top.min(ours.seq));
        let is_name = NAME_CHARS.contains(&screen.len())
            && screen.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let is_room = room.as_ref().is_none_or(|room| room.len() <= ROOM_BYTES_MAX);
        let fits = is_name && is_room && posts.len() <= super::fit::POSTS_MAX;
        fits.then_some(Word { screen, room, seq, shows, posts, top })
    }
}

/// What the walls are to obey, and how far the log has come: a wall that is not so far does not know yet what was taken back.
#[derive(Serialize)]
struct Control {
    seq: Seq,
    wall: WallSettings,
    epoch: Option<String>,
    top: Seq,
}

/// See the module.
pub(in crate::site) async fn seen(
    State(site): State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match hear(&site, &slug, client, &headers, body).await {
        Ok(control) => ([(header::CACHE_CONTROL, "no-store")], Json(control)).into_response(),
        Err(failure) => failure.json(),
    }
}

async fn hear(
    site: &Site,
    slug: &str,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Control, Failure> {
    if !is_ours(headers, &site.settings.public_url) {
        return Err(Failure::Forged);
    }
    let from = client.as_ref().map(|Extension(client)| client.key);
    site.walls.words.admit(client, 1.0)?;
    let event = site.event(slug).await?;
    let body =
        to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| Failure::Bad("This is more than a wall says."))?;
    let (ours, took_back) = {
        let fold = event.fold();
        (fold.position().cloned(), fold.took_back())
    };
    let seen = serde_json::from_slice::<Seen>(&body).ok().and_then(|seen| seen.word(ours.as_ref()));
    let word = seen.ok_or(Failure::Bad("A wall says screen, room, seq, shows and posts."))?;
    let is_known = word.room.as_deref().is_none_or(|room| super::has_room(event.fold().fold(), room));
    if !is_known {
        return Err(Failure::NotFound);
    }
    if !site.walls.screens.hear(event.eid, word, from, (site.now(), Instant::now()), took_back) {
        return Err(Failure::TooMany { wait: super::screens::SILENCE_MAX });
    }
    let fold = event.fold();
    let wall = fold.fold().event.as_ref().map(|event| event.wall.clone()).unwrap_or_default();
    let position = fold.position();
    Ok(Control {
        seq: fold.wall_said().0,
        wall,
        epoch: position.map(|position| position.epoch.to_string()),
        top: position.map_or(0, |position| position.seq),
    })
}
