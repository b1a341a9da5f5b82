//! `/admin/{event}/file`: the tray of posts that the rules could not file, for one steward with a phone or a keyboard. Each post with
//! what was on when it was said, what the rules suggest and why; one key or one tap files it.
//!
//! The page works without a script: every button is one of one form ([`form`]). The script (`templates/static/js/tray.js`) sends the
//! same to the API ([`api`]) and follows the log, so that new posts come and what others have filed goes. What waits is worked out in
//! [`pile`]; how a move reaches the nozzle and how it is taken back, in [`order`].

mod api;
mod asked;
mod draw;
mod form;
mod order;
mod pile;

pub(super) use api::{file, unsorted};
pub(super) use form::press;

use super::view::body::Piece;
use super::{
    Site,
    door::Who,
    failure::{self, Failure},
    follow::EventLive,
    live_fold::LiveFold,
    shell::Shell,
    view::{
        count,
        item::ItemView,
        start::{RoomData, Start},
    },
};
use askama::Template;
use asked::Asked;
use axum::{
    extract::{Extension, Path, Query, State},
    response::{Html, IntoResponse},
};
use draw::Drawing;
use http::header;
use model::{Micros, Room};
use order::to_words;
use pile::{Sheet, shown, waiting};
use serde::{Deserialize, Serialize};

#[derive(Template)]
#[template(path = "tray.html")]
struct Tray {
    shell: Shell,
    slug: String,
    place: String,
    hhmm: String,
    /// `3 posts wait, 2 with a suggestion.`
    sum: String,
    nothing: Option<Nothing>,
    notice: Notice,
    asked: Asked,
    back: String,
    form_token: String,
    one: Option<One>,
    groups: Vec<GroupView>,
    cards: Vec<Card>,
    /// How many more wait than are drawn.
    more: String,
    rooms: Vec<Room>,
    days: Vec<Day>,
    data: Data,
}

/// One post to be filed.
struct Card {
    item: ItemView,
    sheet: Sheet,
}

/// The page of one post: where it is now.
struct One {
    filed: String,
    post: String,
}

/// The words of an empty tray.
struct Nothing {
    head: &'static str,
    text: String,
}

struct GroupView {
    title: String,
    talk: String,
    all: usize,
    all_ids: String,
    sure: usize,
    sure_ids: String,
}

/// The talks of a day, to choose from.
struct Day {
    name: String,
    talks: Vec<TalkOption>,
}

struct TalkOption {
    id: String,
    label: String,
}

/// What was just done, or why it was not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::site) struct Notice {
    /// Posts that were moved.
    moved: Option<usize>,
    /// Others that the rules filed anew after them.
    followed: usize,
    /// Where to, as a [`order::Target`]; empty for several.
    to: String,
    /// Set when a move was taken back.
    undone: Option<String>,
    /// What takes it back, see [`order::written`].
    undo: String,
    #[serde(skip)]
    words: String,
    #[serde(skip)]
    is_wrong: bool,
}

impl Notice {
    fn wrong(words: String) -> Self {
        Self { words, is_wrong: true, ..Self::default() }
    }

    /// Says it in words, with the names of the event.
    fn in_words(mut self, fold: &LiveFold) -> Self {
        let Some(moved) = self.moved else { return self };
        let posts = count(moved as u64, "post", "posts");
        self.words = match (moved, &self.undone) {
            (0, _) => "Nothing had to be moved.".to_owned(),
            (_, Some(_)) => format!("Taken back: {posts} as before."),
            _ => format!("{posts} filed{}.", to_words(&self.to, fold)),
        };
        if self.followed > 0 {
            let others = count(self.followed as u64, "other follows", "others follow");
            self.words.push_str(&format!(" By the rules, {others}."));
        }
        self
    }
}

/// What the script starts from.
#[derive(Serialize)]
struct Data {
    #[serde(flatten)]
    start: Start,
    query: String,
    only: bool,
    rooms: Vec<RoomData>,
    talks: Vec<TalkData>,
}

#[derive(Serialize)]
struct TalkData {
    id: String,
    title: String,
    who: String,
    note: String,
    start: Micros,
    dropped: bool,
}

pub(super) async fn show(
    State(site): State<Site>,
    Extension(who): Extension<Who>,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Query(notice): Query<Notice>,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let one = asked.one().map_err(|_| Failure::NotFound)?;
    if let Some(id) = one {
        let row = site.item(&event, id).await?.filter(|row| shown(row).is_some()).ok_or(Failure::NotFound)?;
        let fold = event.fold();
        let position = fold.position().ok_or(Failure::Starting)?;
        let drawn = Drawing::new(&site, &event, &fold, position, &asked, &who).one(&row, notice);
        return Ok(([(header::CACHE_CONTROL, "no-store")], failure::page(&drawn)?));
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], page(&site, &who, &event, &asked, notice)?))
}

/// The page as it stands.
fn page(
    site: &Site,
    who: &Who,
    event: &EventLive,
    asked: &Asked,
    notice: Notice,
) -> Result<Html<String>, Failure> {
    let drawn = {
        let fold = event.fold();
        let position = fold.position().ok_or(Failure::Starting)?;
        Drawing::new(site, event, &fold, position, asked, who).all(notice)
    };
    failure::page(&drawn)
}

/// What waits, in a line. Takes the fold and not the event: who calls this may hold the fold already, and to ask for it twice at once
/// blocks for ever when the log is to be written in between.
pub(super) fn summary(fold: &LiveFold) -> String {
    match waiting(fold).count() {
        0 => "Nothing to sort.".to_owned(),
        n => format!(
            "{} for somebody to say which talk they are about.",
            count(n as u64, "post waits", "posts wait")
        ),
    }
}
