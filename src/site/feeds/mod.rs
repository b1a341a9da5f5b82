//! Feeds: `/{event}/feed.{atom,rss,json}`, and the same for a talk, a room and a search. What a feed says is in [`entry`], in which words each
//! format says it in [`atom`], [`rss`] and [`json`], which posts it shows in [`window`], how long others may keep it in [`answer`].
//!
//! A feed is the newest [`WINDOW`] posts as they were said; older ones are on the pages that `next` leads to. An edit keeps its entry's name
//! and moves its `updated`. What is hidden or removed is gone with the next answer, and an event's Atom feed names it once more, without words.

pub(in crate::site) mod answer;
pub(in crate::site) mod atom;
pub(in crate::site) mod entry;
pub(in crate::site) mod id;
mod json;
mod rss;
pub(in crate::site) mod window;
pub(in crate::site) mod xml;

use super::{
    Site, assets, failure::Failure, follow::EventLive, limiter::ITEMS_COST,
    search_page::asked::Asked as Search, shell::absolute, talk_page::parse_page,
};
use answer::{Changed, SHARED, answer};
use archive::{Page, Query, Scope};
use axum::{
    extract::{Extension, FromRequestParts, Path, Query as UrlQuery, RawQuery, State},
    response::{IntoResponse, Response},
};
use chassis::http::Client;
use entry::{Feed, Maker, plain};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use model::{ItemId, Micros, RowState, TalkId};
use serde::Deserialize;
use std::{collections::HashSet, convert::Infallible};
use window::{gone, window};

/// Entries of one page of a feed.
const WINDOW: usize = 100;
/// What an answer says while the event is not published: readers may have it, search engines may not.
pub(in crate::site) const UNPUBLISHED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));

/// In which form a feed is asked for: the end of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Atom,
    Rss,
    Json,
}

impl Format {
    fn end(self) -> &'static str {
        match self {
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::Json => "json",
        }
    }

    fn write(self, feed: &Feed) -> (&'static str, Vec<u8>) {
        match self {
            Self::Atom => (atom::KIND, atom::write(feed)),
            Self::Rss => (rss::KIND, rss::write(feed)),
            Self::Json => (json::KIND, json::write(feed)),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let all = [Self::Rss, Self::Json];
        let asked = all.into_iter().find(|format| parts.uri.path().ends_with(format.end()));
        Ok(asked.unwrap_or(Self::Atom))
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    /// `WHEN.ID` of the last entry of the page before.
    after: Option<String>,
}

impl Asked {
    fn page(&self) -> Result<Option<Page>, Failure> {
        let bad = Failure::Bad("That place in the feed does not exist.");
        self.after.as_deref().map(|text| parse_page(text).ok_or(bad)).transpose()
    }
}

/// Who asks, in which form, from where on.
pub(super) struct Request {
    format: Format,
    headers: HeaderMap,
    after: Option<Page>,
}

/// What a feed is about.
struct About {
    /// See [`id::feed`].
    what: String,
    title: String,
    subtitle: String,
    /// The page that shows the same; its feeds are below it.
    path: String,
    /// What else the address says, `q=words`, as it stands in addresses.
    asked: String,
    query: Query,
}

impl<S: Send + Sync> FromRequestParts<S> for Request {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let Ok(format) = Format::from_request_parts(parts, state).await;
        let asked = UrlQuery::<Asked>::from_request_parts(parts, state).await;
        let after = asked.map_err(|_| Failure::Bad("That address cannot be read."))?.page()?;
        Ok(Self { format, headers: parts.headers.clone(), after })
    }
}

/// Everything that is said about the event.
pub(super) async fn event(
    State(site): State<Site>,
    Path(slug): Path<String>,
    client: Option<Extension<Client>>,
    request: Request,
) -> Result<Response, Failure> {
    site.limiter.admit(client, ITEMS_COST)?;
    let event = site.event(&slug).await?;
    let title = title(&event);
    let about = About {
        what: "event".to_owned(),
        subtitle: format!("What people say about {title}, as it happens."),
        title,
        path: format!("/{slug}"),
        asked: String::new(),
        query: Query::new(Scope::Event),
    };
    feed(&site, &event, about, &request).await
}

/// What is filed to a talk. One that left the programme before anybody said a word about it is gone: a reader may forget its feed.
pub(super) async fn talk(
    State(site): State<Site>,
    Path((slug, talk)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    request: Request,
) -> Result<Response, Failure> {
    site.limiter.admit(client, ITEMS_COST)?;
    let event = site.event(&slug).await?;
    let talk = TalkId(talk);
    let (name, is_dropped) = {
        let fold = event.fold();
        let known = fold.fold().talks.get(&talk).ok_or(Failure::NotFound)?;
        (known.title.clone(), known.dropped)
    };
    let about = About {
        what: format!("talk/{talk}"),
        title: format!("{name}: {}", title(&event)),
        subtitle: format!("What people say about “{name}”."),
        path: format!("/{slug}/talks/{talk}"),
        asked: String::new(),
        query: Query::new(Scope::Talk(talk)),
    };
    if is_dropped && window(&site, &event, &about.query).await?.rows.is_empty() {
        let words = "This talk is no longer in the programme, and nothing was said about it.\n";
        return Ok((StatusCode::GONE, [(header::CACHE_CONTROL, SHARED)], words).into_response());
    }
    feed(&site, &event, about, &request).await
}

/// What is filed to a room.
pub(super) async fn room(
    State(site): State<Site>,
    Path((slug, room)): Path<(String, String)>,
    client: Option<Extension<Client>>,
    request: Request,
) -> Result<Response, Failure> {
    site.limiter.admit(client, ITEMS_COST)?;
    let event = site.event(&slug).await?;
    let rooms = super::view::stage::rooms(event.fold().fold());
    let known = rooms.into_iter().find(|known| known.slug == room).ok_or(Failure::NotFound)?;
    let about = About {
        what: format!("room/{room}"),
        title: format!("{}: {}", known.name, title(&event)),
        subtitle: format!("What people say about the talks in {}.", known.name),
        path: format!("/{slug}/rooms/{room}"),
        asked: String::new(),
        query: Query::new(Scope::Room(room)),
    };
    feed(&site, &event, about, &request).await
}

/// What a search finds.
pub(super) async fn search(
    State(site): State<Site>,
    Path(slug): Path<String>,
    RawQuery(raw): RawQuery,
    client: Option<Extension<Client>>,
    request: Request,
) -> Result<Response, Failure> {
    site.limiter.admit(client, ITEMS_COST)?;
    let event = site.event(&slug).await?;
    let search = Search::read(raw.as_deref());
    if search.is_empty() {
        return Err(Failure::Bad("Say behind ?q= what the feed is to search for."));
    }
    let asked = search.address();
    let words = if search.q.is_empty() { asked.clone() } else { search.q.clone() };
    let about = About {
        what: format!("search/{asked}"),
        title: format!("“{words}”: {}", title(&event)),
        subtitle: format!("Posts that a search for “{words}” finds."),
        path: format!("/{slug}/search"),
        query: search.query(&event)?,
        asked,
    };
    feed(&site, &event, about, &request).await
}

fn title(event: &EventLive) -> String {
    let listed = event.listed().title;
    event.fold().fold().event.as_ref().map_or(listed, |event| event.title.clone())
}

async fn feed(site: &Site, event: &EventLive, about: About, request: &Request) -> Result<Response, Failure> {
    let query = Query { after: request.after, ..about.query.clone() };
    let shown = window(site, event, &query).await?;
    let (maker, is_published, changed, removed) = {
        let fold = event.fold();
        let settings = fold.fold().event.as_ref();
        let maker = Maker::new(event.eid, event.listed().slug, absolute(&site.settings, ""), fold.fold());
        let oldest = shown.rows.last().and_then(|row| row.item.as_ref()).map(|item| item.when);
        let removed = gone(&fold, oldest.filter(|_| shown.next.is_some()));
        (maker, settings.is_some_and(|event| event.published), fold.said_at(), removed)
    };
    let here: HashSet<ItemId> = shown.rows.iter().map(|row| row.id).collect();
    let is_shown = |id: ItemId| {
        let is_in_log = || event.fold().row(id).is_some_and(|row| row.state == RowState::Shown);
        here.contains(&id) || is_in_log()
    };
    let mut entries = Vec::with_capacity(shown.rows.len());
    for row in &shown.rows {
        entries.extend(maker.entry(row, &is_shown)?);
    }
    // A removal changes a feed as an edit does, although no entry is left to say so.
    let newest = entries.iter().map(|entry| entry.updated).chain(removed.iter().map(|(_, at)| *at)).max();
    let is_whole_event = about.query.scope == Scope::Event && request.after.is_none();
    let home = absolute(&site.settings, &about.path);
    let home = if about.asked.is_empty() { home } else { format!("{home}?{}", about.asked) };
    let feed = Feed {
        id: id::feed(event.eid, &about.what),
        title: plain(&about.title),
        subtitle: plain(&about.subtitle),
        own: address(site, &about, request.format, request.after),
        next: shown.next.map(|next| address(site, &about, request.format, Some(next))),
        icon: absolute(&site.settings, assets::address("icon.svg")),
        updated: newest.unwrap_or(changed),
        gone: removed
            .into_iter()
            .filter(|_| is_whole_event)
            .map(|(item, at)| (id::post(event.eid, item), at))
            .collect(),
        home,
        entries,
    };
    let (kind, body) = request.format.write(&feed);
    // That some moment is settled stays so; that one is not yet only says too little.
    let changed = Changed::new(changed, Micros(site.clock.glance()));
    let mut response = answer(&request.headers, kind, body, changed);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if !is_published {
        response.headers_mut().extend([UNPUBLISHED]);
    }
    Ok(response)
}

/// The whole address of a page of a feed.
fn address(site: &Site, about: &About, format: Format, after: Option<Page>) -> String {
    let place = after.map(|page| format!("after={}.{}", page.when.0, page.id));
    let asked: Vec<String> =
        [about.asked.clone()].into_iter().filter(|asked| !asked.is_empty()).chain(place).collect();
    let query = if asked.is_empty() { String::new() } else { format!("?{}", asked.join("&")) };
    absolute(&site.settings, &format!("{}/feed.{}{query}", about.path, format.end()))
}
