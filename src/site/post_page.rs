//! `/{event}/posts/{id}`: one post, what it answers, the answers to it, where it was filed and why, and the way on: into the stream, and to
//! what was said just before and after it ([`beside`]). 410 when it was taken away.

mod beside;

use super::{
    Site,
    archive_reads::masked,
    failure::{Failure, page},
    follow::EventLive,
    moderate::{REASONS, TakeDown},
    post_box::{ComposeBox, Place, is_own, write_box},
    shell::Shell,
    view::{
        because::sure,
        body::Piece,
        count,
        course::room_name,
        item::{ItemView, Setting, gone_sentence, view},
        stage::rooms,
        time::{Venue, iso},
    },
};
use archive::{Query, Scope, people::Role};
use askama::Template;
use axum::{
    extract::{Path, Query as UrlQuery, State},
    response::IntoResponse,
};
use beside::{Neighbour, beside, cut};
use http::{HeaderMap, header};
use model::{By, EventEntry, FilingState, ItemId, Micros, Room, Row, RowState, Talk};
use nozzle::intake::ReportReason;
use serde::Deserialize;

/// Posts above and below that are shown.
const ANSWERED_MAX: usize = 5;
const ANSWERS_MAX: u32 = 100;
/// Characters of a post that a link to it shows elsewhere.
const DESCRIPTION_CHARS: usize = 200;
/// A revision from here on is the moment of an edit, in microseconds (September 2001); below it is counted.
const REVISION_IS_MOMENT: u64 = 1_000_000_000_000_000;

#[derive(Template)]
#[template(path = "post.html")]
struct Post {
    shell: Shell,
    before: Vec<ItemView>,
    item: ItemView,
    /// When it was said: for programs, and the day and minute at the venue.
    when: (String, String),
    /// When it was edited; none where it was not, empty where its network does not say.
    edited: Option<(String, String)>,
    /// Where it stands on the live page.
    stream: String,
    earlier: Option<Neighbour>,
    later: Option<Neighbour>,
    /// Where it is filed: words, the talk's title and address, and the words behind it.
    filed: (String, Option<(String, String)>, String),
    reasons: Vec<String>,
    answers: String,
    after: Vec<ItemView>,
    /// Where the browser that it was written in may take it back.
    take_back: Option<String>,
    /// Where a reader reports it; none for whoever wrote it.
    report: Option<String>,
    reasons_to_report: [ReportReason; 5],
    /// A reader has just reported it.
    is_reported: bool,
    /// How its author has it taken down from the account that wrote it.
    take_down: Option<TakeDown>,
    /// Where a steward files it elsewhere.
    file_elsewhere: Option<String>,
    compose: Option<ComposeBox>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// What became of an answer that was written here, see [`super::post_box`].
    wrote: Option<String>,
    /// Set when the reader has just reported the post.
    reported: Option<String>,
}

pub(super) async fn show(
    State(site): State<Site>,
    Path((slug, id)): Path<(String, String)>,
    UrlQuery(asked): UrlQuery<Asked>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Failure> {
    let event = site.event(&slug).await?;
    let id: ItemId = id.parse().map_err(|_| Failure::NotFound)?;
    let row = site.item(&event, id).await?.ok_or(Failure::NotFound)?;
    if row.state != RowState::Shown {
        return Err(Failure::Gone { sentence: why_gone(&event, &row), slug });
    }
    let before = above(&site, &event, &row).await;
    let after = below(&site, &event, id).await;
    let mut template = draw(&event, &row, &before, &after).ok_or(Failure::NotFound)?;
    (template.earlier, template.later) = beside(&site, &event, &row).await;
    template.shell = shared(&site, template.shell, &row, &template.item, &slug);
    let place = Place::Below(id, &template.item.name);
    template.compose = write_box(event.fold().fold(), &slug, &place, asked.wrote.as_deref());
    let is_own = is_own(&site, event.eid, &row, &headers);
    template.take_back = is_own.then(|| format!("/{slug}/posts/{id}/delete"));
    template.report = (!is_own).then(|| format!("/{slug}/posts/{id}/report"));
    template.is_reported = asked.reported.is_some();
    if let Some(item) = &row.item {
        template.take_down = TakeDown::of(&site, &event, item).await;
    }
    let is_steward = site.is_inside(&headers, event.eid, Role::Steward).await;
    template.file_elsewhere = is_steward.then(|| format!("/admin/{slug}/file?only={id}"));
    // The writer's own page is for nobody else, and neither is a steward's.
    let cache = if is_own || is_steward { "private, no-cache" } else { "no-cache" };
    Ok(([(header::CACHE_CONTROL, cache), (header::VARY, "Cookie")], page(&template)?))
}

impl Site {
    /// The newest that is known of an item, gone ones included: from the fold, else from the archive through the mask.
    pub(super) async fn item(&self, event: &EventLive, id: ItemId) -> Result<Option<Row>, Failure> {
        let known = {
            let fold = event.fold();
            fold.row(id).or_else(|| fold.overlay().row(id)).cloned()
        };
        if known.is_some() {
            return Ok(known);
        }
        self.archive_position(event).await?;
        let row = self.ask_archive(event, self.archive.item(event.eid, id)).await?;
        // It may have been taken away while we asked.
        let changed = event.fold().overlay().row(id).cloned();
        Ok(changed.or(row))
    }
}

/// What a link to the post shows elsewhere: its words and its picture, but nothing that its author covered.
fn shared(site: &Site, shell: Shell, row: &Row, item: &ItemView, slug: &str) -> Shell {
    let words = match (&item.cover, &item.title, &row.item) {
        (Some(cover), ..) => format!("{}. {}", cover.title, cover.text),
        (None, Some(title), _) => title.clone(),
        (None, None, Some(known)) => known.body.text(),
        _ => String::new(),
    };
    let path = format!("/{slug}/posts/{}", row.id);
    let shell = shell.shared(&site.settings, &path, &cut(&words, DESCRIPTION_CHARS));
    // Searches by name are not to find single posts of people here.
    let shell = Shell { is_unlisted: true, ..shell };
    match item.photos.first().filter(|_| item.cover.is_none()) {
        Some(photo) => shell.pictured(&site.settings, &photo.src),
        None => shell,
    }
}

fn why_gone(event: &EventLive, row: &Row) -> String {
    let fold = event.fold();
    let venue = fold.fold().event.as_ref().map(|e| Venue::new(&e.timezone, None));
    let time = venue.map(|venue| venue.hhmm(row.at));
    gone_sentence(row.state, row.by, time.as_deref())
}

/// What the post answers, the oldest first. Without the archive: as far as the fold reaches.
async fn above(site: &Site, event: &EventLive, row: &Row) -> Vec<Row> {
    let mut chain = Vec::new();
    let mut next = row.item.as_ref().and_then(|item| item.reply_to);
    while let Some(id) = next
        && chain.len() < ANSWERED_MAX
        && chain.iter().all(|row: &Row| row.id != id)
    {
        let Ok(Some(row)) = site.item(event, id).await else { break };
        if row.state != RowState::Shown {
            break;
        }
        next = row.item.as_ref().and_then(|item| item.reply_to);
        chain.push(row);
    }
    chain.reverse();
    chain
}

/// The answers to it, as they were said: the archive's and those that only the fold has yet.
async fn below(site: &Site, event: &EventLive, id: ItemId) -> Vec<Row> {
    let query = Query { limit: ANSWERS_MAX, ..Query::new(Scope::Replies(id)) };
    let kept = match site.archive_position(event).await {
        Ok(_) => site.ask_archive(event, site.archive.items(event.eid, &query)).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut rows = masked(event, kept);
    let fold = event.fold();
    let is_answer = |row: &Row| row.item.as_ref().is_some_and(|item| item.reply_to == Some(id));
    // What is hidden is told by nobody, and counted by nobody.
    let answers = |row: &&Row| row.state == RowState::Shown && is_answer(row);
    for row in fold.rows(model::Seq::MAX).filter(answers) {
        if rows.iter().all(|known| known.id != row.id) {
            rows.push(row.clone());
        }
    }
    rows.sort_by_key(|row| (row.item.as_ref().map(|item| item.when), row.id));
    rows
}

fn draw(event: &EventLive, row: &Row, before: &[Row], after: &[Row]) -> Option<Post> {
    let listed = event.listed();
    let (settings, rooms, talk) = {
        let fold = event.fold();
        let talk = row
            .filing
            .as_ref()
            .and_then(|f| f.talk.as_ref())
            .and_then(|id| fold.fold().talks.get(id))
            .cloned();
        (fold.fold().event.clone(), rooms(fold.fold()), talk)
    };
    let venue = Venue::of(settings.as_ref());
    let titles = event.titles();
    let setting = Setting {
        slug: &listed.slug,
        rooms: &rooms,
        venue: &venue,
        shows_place: true,
        find: &|_| None,
        title: &|talk| titles.get(talk).cloned(),
    };
    let show = |row: &Row| view(row, row.item.as_ref()?.when, &setting);
    let item = ItemView { because: None, ..show(row)? };
    let (when, rev) = row.item.as_ref().map(|item| (item.when, item.rev))?;
    let told = |at: Micros| (iso(at), format!("{} {}, {}", venue.weekday(at), venue.day(at), venue.hhmm(at)));
    let title =
        format!("{}: {}", item.name, settings.as_ref().map_or(&listed.title, |e: &EventEntry| &e.title));
    Some(Post {
        shell: Shell::of(&listed, settings.as_ref(), &title, "", ("post", "Skip to the post")),
        before: before.iter().filter_map(show).collect(),
        item,
        when: told(when),
        edited: (rev > 0).then(|| edited_at(rev).map(told).unwrap_or_default()),
        stream: format!("/{}?around={}#i-{}", listed.slug, row.id, row.id),
        earlier: None,
        later: None,
        filed: filed(row, talk.as_ref(), &rooms, &listed.slug),
        reasons: row.filing.as_ref().map_or_else(Vec::new, |f| f.reasons.clone()),
        answers: count(after.len() as u64, "answer", "answers"),
        after: after.iter().filter_map(show).collect(),
        take_back: None,
        report: None,
        reasons_to_report: REASONS,
        is_reported: false,
        take_down: None,
        file_elsewhere: None,
        compose: None,
    })
}

/// The moment of an edit, where its network tells it.
fn edited_at(rev: u64) -> Option<Micros> {
    i64::try_from(rev).ok().filter(|_| rev >= REVISION_IS_MOMENT).map(Micros)
}

/// "Filed to ", the talk, ", Main hall, automatically, 97 % sure."
fn filed(
    row: &Row,
    talk: Option<&Talk>,
    rooms: &[Room],
    slug: &str,
) -> (String, Option<(String, String)>, String) {
    let Some(filing) = &row.filing else { return ("Not filed.".to_owned(), None, String::new()) };
    let link = talk.map(|talk| (talk.title.clone(), format!("/{slug}/talks/{}", talk.id)));
    let room = filing.room.as_deref().map(|slug| room_name(rooms, slug));
    let score = sure(filing.score);
    let who = match filing.by {
        By::Person => "by hand, and there it stays".to_owned(),
        By::Rule => format!("automatically, {score}"),
    };
    match (filing.state, &link, room) {
        (FilingState::Filed, Some(_), Some(room)) => {
            ("Filed to ".to_owned(), link, format!(", {room}, {who}."))
        }
        (FilingState::Filed, Some(_), None) => ("Filed to ".to_owned(), link, format!(", {who}.")),
        (FilingState::Filed, None, Some(room)) => (format!("Filed to {room}, {who}."), None, String::new()),
        (FilingState::Suggested, Some(_), _) => {
            let rest = format!("? Only a guess, {score}: it counts for no talk until somebody files it.");
            ("Perhaps about ".to_owned(), link, rest)
        }
        (FilingState::Event, ..) => (format!("About the event as a whole, {who}."), None, String::new()),
        _ if filing.by == By::Person => (
            "Taken out of its talk by hand, and there it stays: about no talk.".to_owned(),
            None,
            String::new(),
        ),
        _ => ("Not filed: nobody knows which talk it is about.".to_owned(), None, String::new()),
    }
}
